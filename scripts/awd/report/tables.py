"""The score table: rounded as its intervals allow, as CSV, LaTeX and Markdown.

Order (that of the roles) and digits are decided here once, for tables, figures and the
report; names in :mod:`awd.league.names`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from awd import io
from awd.errors import DataError
from awd.league.names import name_of
from awd.record.contracts import ROLES

if TYPE_CHECKING:
    import pandas as pd

NEEDED = {
    "scores": ("study", "target", "method", "role", "r2", "r2_low", "r2_high", "rmse"),
    "timings": ("study", "target", "method", "seconds_batch1", "seconds_batch1000"),
}

MISSING = "–"

CAPTION = (
    "R² on held-out groups with its 95 % bootstrap interval, and RMSE; means over all "
    "splits and seeds. AUC: of a class, how often one in it is told from one that is "
    "not; R² is then the Brier skill score. s.d.: of R² over splits / over seeds. "
    "Fidelity: R² against the output of the teacher. Candidates: filters that the one "
    "shown was chosen from. "
    "Parameters: numbers learned in the filter + in the head. Compression: share of "
    "coefficients that are large and matter, smaller is sparser. Time: milliseconds "
    "for one sample and for a thousand. Every wavelet has the same features and the "
    "same head; controls are what a distilled wavelet has to beat before its teacher "
    "gets the credit."
)


def over_splits(table: pd.DataFrame, *key: str) -> pd.DataFrame:
    """The rows that stand for all splits (``split == "all"``), or all if none do.

    Raises
    ------
    DataError
        Two of the rows agree in every column of ``key``.
    """
    if "split" in table and "all" in set(table["split"]):
        table = table[table["split"] == "all"]
    if key and table.duplicated(list(key)).any():
        twice = table.loc[table.duplicated(list(key)), list(key)].iloc[0]
        raise DataError(
            f"{', '.join(twice)} has several rows; give one study at a time, one split "
            "or the rows of split 'all'"
        )
    return table


def score_table(
    scores: pd.DataFrame, timings: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The table of a study as text, ready to read.

    Parameters
    ----------
    scores : DataFrame
        ``scores.csv``: ``study``, ``target``, ``split``, ``method``, ``role``, ``r2``,
        ``rmse`` with ``_low`` and ``_high``, and where there are any ``r2_sd_splits``,
        ``r2_sd_seeds``, ``auc``, ``fidelity``, ``scored``, ``filter_parameters``,
        ``head_parameters``, ``compression``.
    timings : DataFrame, optional
        ``timings.csv``: ``seconds_batch1`` and ``seconds_batch1000`` by method, the
        median over splits is shown.

    Returns
    -------
    DataFrame of str
        Sorted by target, role and R2. The column ``target`` is there only if there are
        several. What is not known is "–"; a column with nothing known is left out.

    Raises
    ------
    DataError
        A column or every row is missing, a method has two rows, a role is unknown.
    """
    import pandas as pd

    _require(scores, "scores")
    table = over_splits(scores, "target", "method").reset_index(drop=True)
    unknown = set(table["role"]) - set(ROLES)
    if unknown:
        raise DataError(f"unknown roles {sorted(unknown)}; expected {', '.join(ROLES)}")
    order = table.assign(rank=table["role"].map(ROLES.index), minus=-table["r2"])
    table = table.loc[order.sort_values(["target", "rank", "minus"]).index]
    parts = [_cells(part) for _, part in table.groupby("target", sort=True)]
    cells = pd.concat(parts)
    if timings is not None:
        # A column each: a spreadsheet would take "12 / 34" for a date.
        for count in (1, 1000):
            cells[f"time of {count} (ms)"] = _times(table, timings, count)
    cells = cells.loc[:, (cells != MISSING).any()]
    if table["target"].nunique() > 1:
        cells.insert(0, "target", table["target"])
    return cells.reset_index(drop=True)


def _cells(table: pd.DataFrame) -> pd.DataFrame:
    """Text of one target's rows, which share their digits."""
    import pandas as pd

    r2_digits = min(3, digits(table["r2_low"], table["r2_high"]))
    rmse_digits = 3
    if {"rmse_low", "rmse_high"} <= set(table):
        rmse_digits = digits(table["rmse_low"], table["rmse_high"])

    def column(name: str, decimals: int) -> list[str]:
        if name not in table:
            return [MISSING] * len(table)
        return [number(value, decimals) for value in table[name]]

    def pair(sign: str, *names: str, decimals: int) -> list[str]:
        both = zip(*(column(name, decimals) for name in names), strict=True)
        return [
            MISSING if set(two) == {MISSING} else f" {sign} ".join(two) for two in both
        ]

    bounds = zip(column("r2_low", r2_digits), column("r2_high", r2_digits), strict=True)
    intervals = [f"[{low}, {high}]" for low, high in bounds]
    r2 = column("r2", r2_digits)
    spread = pair("/", "r2_sd_splits", "r2_sd_seeds", decimals=r2_digits)
    parameters = pair("+", "filter_parameters", "head_parameters", decimals=0)
    chosen_from = [MISSING if n == "0" else n for n in column("scored", 0)]
    return pd.DataFrame(
        {
            "method": [name_of(method) for method in table["method"]],
            "R² [95 %]": [f"{a} {b}" for a, b in zip(r2, intervals, strict=True)],
            "s.d.": spread,
            "RMSE": column("rmse", rmse_digits),
            "AUC": column("auc", 3),
            "fidelity": column("fidelity", r2_digits),
            "candidates": chosen_from,
            "parameters": parameters,
            "compression": column("compression", 3),
        },
        index=table.index,
    )


def _times(table: pd.DataFrame, timings: pd.DataFrame, count: int) -> list[str]:
    """Milliseconds for so many samples, to two significant digits."""
    _require(timings, "timings")
    key, column = ["study", "target", "method"], f"seconds_batch{count}"
    typical = timings.groupby(key)[column].median().mul(1000)
    wanted = typical.reindex(table[key].apply(tuple, axis=1))
    return [significant(value) for value in wanted]


def digits(low: pd.Series, high: pd.Series) -> int:
    """Decimals that a column of intervals allows: two digits of the usual half width.

    A half width of 0.013 allows three decimals, 0.13 two, 1.3 one.
    """
    return _digits((high - low).median() / 2)


def _digits(half: float) -> int:
    if not half > 0:  # also NaN: no interval is known
        return 3
    return max(0, 1 - math.floor(math.log10(half)))


def difference(value: float, low: float, high: float) -> str:
    """A difference in R2 with its interval and its signs, as read on the page.

    A bound that is not 0 is not printed as 0: its sign decides what is said.

    Examples
    --------
    >>> difference(-0.0117, -0.0227, -0.0013)
    '−0.012 [−0.023, −0.001]'
    >>> difference(0.0122, 0.0003, 0.0235)
    '+0.0122 [+0.0003, +0.0235]'
    """
    decimals = min(3, _digits((high - low) / 2))
    while decimals < 6 and any(end and not round(end, decimals) for end in (low, high)):
        decimals += 1
    middle, *ends = (_signed(end, decimals) for end in (value, low, high))
    return f"{middle} [{', '.join(ends)}]"


def _signed(value: float, decimals: int) -> str:
    """With its sign, which 0 has none of."""
    text = f"{value:+.{decimals}f}".replace("-", "−")
    return text if round(value, decimals) else text[1:]


def with_interval(value: float, low: float, high: float) -> str:
    """A number with its interval, with no more digits than that allows, as typeset."""
    decimals = min(3, _digits((high - low) / 2))
    middle, *ends = (typeset(end, decimals) for end in (value, low, high))
    return f"{middle} [{', '.join(ends)}]"


def listed(parts: Sequence[str]) -> str:
    """Parts of a sentence: ``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def number(value: float, decimals: int) -> str:
    """A number with fixed decimals, without a minus sign on zero; NaN is "–"."""
    if math.isnan(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def typeset(value: float, decimals: int) -> str:
    """The same for figures, with a minus in place of a hyphen."""
    return number(value, decimals).replace("-", "−")


def significant(value: float) -> str:
    """Two significant digits without an exponent: 0.0123 -> 0.012, 123 -> 123."""
    if not value > 0:
        return MISSING if math.isnan(value) else "0"
    return number(value, max(0, 1 - math.floor(math.log10(value))))


def _require(table: pd.DataFrame, name: str) -> None:
    missing = [column for column in NEEDED[name] if column not in table]
    if missing or table.empty:
        raise DataError(
            f"{name} needs rows and the columns {', '.join(NEEDED[name])}; "
            f"got {len(table)} rows without {', '.join(missing) or 'a gap'}"
        )


def write(table: pd.DataFrame, stem: str | Path) -> None:
    """Write a table of text as ``stem.csv``, ``stem.tex`` and ``stem.md``."""
    io.write_table(table, f"{stem}.csv", for_people=True)
    io.write_text(to_latex(table), f"{stem}.tex")
    io.write_text(to_markdown(table), f"{stem}.md")


def read(path: str | Path) -> pd.DataFrame:
    """Read the CSV of :func:`write` back as the text it is."""
    return io.read_table(path, text=True)


def to_markdown(table: pd.DataFrame) -> str:
    """Aligned Markdown that also reads well in a terminal: text left, numbers right."""
    rows = [list(table.columns), *table.to_numpy().tolist()]
    rows = [[str(cell).replace("|", r"\|") for cell in row] for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    left = [is_text(table[column]) for column in table]
    rule = [
        "-" * width if to_left else "-" * (width - 1) + ":"
        for width, to_left in zip(widths, left, strict=True)
    ]
    lines = [
        "| "
        + " | ".join(
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(row, widths, left, strict=True)
        )
        + " |"
        for row in [rows[0], rule, *rows[1:]]
    ]
    return "\n".join(lines) + "\n"


def is_text(column: pd.Series) -> bool:
    """Whether no cell of a column begins as a number does."""
    return not any(cell[:1].isdigit() or cell[:1] == "-" for cell in column)


LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "²": r"\textsuperscript{2}",
    "–": "--",
}


def to_latex(table: pd.DataFrame) -> str:
    r"""A ``tabular`` with booktabs rules; put ``\usepackage{booktabs}`` on top."""
    alignment = "".join("l" if is_text(table[column]) else "r" for column in table)
    head = _latex_row(table.columns)
    body = [_latex_row(row) for row in table.to_numpy().tolist()]
    lines = [
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(cells: Iterable[str]) -> str:
    return " & ".join(map(escape_latex, cells)) + r" \\"


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it is, with a real minus before numbers."""
    escaped = "".join(LATEX.get(character, character) for character in str(text))
    return re.sub(r"(?<![\w-])-(?=\d)", r"$-$", escaped)
