"""How our method stands to its rivals, in words with numbers.

A rival is a row of paired differences: ``reference``, ``r2_difference`` (ours minus the
rival), ``low`` and ``high`` (95 %), ``above`` of ``test_sets``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awd.league.names import name_of
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd

SAME = "exactly the same predictions, as of the same filter"


def counted(rows: pd.DataFrame) -> str:
    """How many of the rivals are ahead, level, and beaten: the worst first."""
    beaten, better = int((rows["low"] > 0).sum()), int((rows["high"] < 0).sum())
    counts = {
        "is behind": better,
        "is level with": len(rows) - beaten - better,
        "beats": beaten,
    }
    parts = [
        f"{said} {'all ' * (count == len(rows) > 1)}{count}"
        for said, count in counts.items()
        if count
    ]
    whole = f" of {len(rows)}" if len(parts) > 1 else ""
    return tables.listed(parts) + whole


def place(row: Any) -> str:
    """How ours stands to one rival."""
    if row["low"] > 0:
        return "better than"
    return "behind" if row["high"] < 0 else "level with"


def places(rows: pd.DataFrame) -> str:
    """How ours stands to each of a few, with the numbers."""
    return tables.listed(
        [
            f"{place(row)} {name_of(str(row['reference']))} ({difference(row)})"
            for _, row in rows.iterrows()
        ]
    )


def strongest(rows: pd.DataFrame) -> str:
    """The rival that ours leads least, with the difference and its interval.

    One that predicts exactly the same is no rival where others are.
    """
    others = rows[~_same(rows)]
    rows = rows if others.empty else others
    row = rows.loc[rows["r2_difference"].idxmin()]
    return f"{name_of(str(row['reference']))} ({difference(row)})"


def listed(rows: pd.DataFrame) -> list[str]:
    """References with the difference in R2 and its interval, the strongest first."""
    return [
        f"{name_of(str(row['reference']))}: {difference(row)}{_above(row)}"
        for _, row in rows.sort_values("r2_difference").iterrows()
    ]


def difference(row: Any) -> str:
    """The difference in R2 with its 95 % interval."""
    if _same(row):
        return SAME
    return tables.difference(row["r2_difference"], row["low"], row["high"])


def _same(row: Any) -> Any:
    """Whether a difference is nothing in every draw of the bootstrap."""
    return (row["r2_difference"] == 0) & (row["low"] == 0) & (row["high"] == 0)


def _above(row: Any) -> str:
    """In how many test sets ours is ahead, where there are several."""
    if row["test_sets"] == 1 or _same(row):
        return ""
    return f", ahead in {row['above']} of {row['test_sets']} test sets"
