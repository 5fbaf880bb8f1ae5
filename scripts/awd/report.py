"""The report: one HTML file that needs nothing beside it, and says what a run shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awd import io, tables
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = Path(__file__).with_suffix(".html.j2")

PAGE_WIDTH = 840  # CSS pixels for a figure of two columns, 1440 pixels wide

COMPARED = ("study", "target", "method", "reference", "r2_difference", "low", "high")


@dataclass(frozen=True)
class Plate:
    """A figure on the page: its PNG, what is seen, and the rule that drew it.

    A rule has the name of its script, and the plotted data stand beside the PNG as CSV.
    """

    png: str | Path
    title: str
    caption: str
    rule: str


@dataclass(frozen=True)
class Table:
    """A table of text (:func:`awd.tables.score_table`) and what its columns mean."""

    cells: pd.DataFrame
    title: str
    caption: str


def render(
    title: str,
    verdict: Sequence[str],
    score_tables: Sequence[Table],
    plates: Sequence[Plate],
    manifest: Mapping[str, Any],
) -> str:
    """The page as HTML text.

    Parameters
    ----------
    title : str
        Name of the run.
    verdict : sequence of str
        What the run says, from :func:`verdicts`.
    score_tables, plates : sequences of Table and Plate
        In the order of the page.
    manifest : mapping
        ``commit``, ``config``, ``versions`` (name -> version) and ``outputs``
        (file -> SHA-256); what is missing is left out.

    Raises
    ------
    MissingInput
        A PNG is not there.
    """
    import jinja2
    import yaml

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["anchor"] = _anchor
    environment.filters["embedded"] = _embedded
    environment.filters["width"] = _width
    environment.filters["csv"] = lambda png: Path(png).with_suffix(".csv").as_posix()
    environment.tests["text"] = tables.is_text
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        title=title,
        verdict=verdict,
        tables=score_tables,
        plates=plates,
        commit=manifest.get("commit"),
        versions=manifest.get("versions", {}),
        outputs=manifest.get("outputs", {}),
        config=yaml.safe_dump(
            dict(manifest.get("config", {})), sort_keys=False, allow_unicode=True
        ),
    )


def _anchor(title: str) -> str:
    """Name of a place on the page: ``Scores, cells`` -> ``scores-cells``."""
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _width(png: str | Path) -> int:
    """Width on the page: the PNG's (bytes 16 to 20), so that letters print alike."""
    return round(int.from_bytes(Path(png).read_bytes()[16:20]) * PAGE_WIDTH / 1440)


def _embedded(png: str | Path) -> str:
    """A picture as a ``data:`` address."""
    data = io.existing(png, "draw the figures before the report").read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()


def verdicts(differences: pd.DataFrame, controls: Collection[str] = ()) -> list[str]:
    """What paired differences allow to say: a few sentences per target and method.

    Better or worse is said only where the 95 % interval excludes 0. A method that does
    not beat each of its controls is not said to owe its score to what it is named for.

    Parameters
    ----------
    differences : DataFrame
        ``differences.csv``: ``study``, ``target``, ``method``, ``reference``,
        ``r2_difference`` (method minus reference), ``low``, ``high``; where there is a
        column ``split``, the rows "all" count.
    controls : collection of str
        References that share everything with the method but what it claims: the
        untrained teacher, no teacher, random filters.

    Raises
    ------
    DataError
        A column is missing, or a value is.
    """
    missing = [column for column in COMPARED if column not in differences]
    if missing:
        raise DataError(f"differences have no column {', '.join(missing)}")
    rows = tables.over_splits(differences)
    if rows[list(COMPARED)].isna().any(axis=None):
        raise DataError("differences hold an empty value; score the methods again")
    said = []
    for (_, target, method), part in rows.groupby(list(COMPARED[:3]), sort=False):
        said += _verdict(str(target), tables.name_of(str(method)), part, controls)
    return said


def _verdict(
    target: str, name: str, rows: pd.DataFrame, controls: Collection[str]
) -> list[str]:
    """Sentences on one method and target, the most sobering first."""
    beaten = rows["low"] > 0
    sobering = rows["reference"].isin(controls) & ~beaten
    ahead = (rows["high"] < 0) & ~sobering
    level = ~(beaten | sobering | ahead)
    said = []
    if sobering.any():
        said.append(
            f"no credit to the teacher for the score of {name}; controls did as well "
            f"or better: {_listed(rows[sobering])}"
        )
    rivals = _listed(rows[beaten]) or "nothing that it was compared with"
    said.append(f"{name} predicts better than {rivals}")
    if level.any():
        said.append(f"as good as {name} within error: {_listed(rows[level])}")
    if ahead.any():
        said.append(f"better than {name}: {_listed(rows[ahead])}")
    return [f"{target}: {sentence}." for sentence in said]


def _listed(rows: pd.DataFrame) -> str:
    """References with the difference in R2 and its interval, largest first."""
    rows = rows.sort_values("r2_difference", ascending=False, key=abs)
    decimals = min(3, tables.digits(rows["low"], rows["high"]))

    def signed(value: float) -> str:
        return f"{value:+.{decimals}f}".replace("-", "−")

    return "; ".join(
        f"{tables.name_of(row.reference)} ({signed(row.r2_difference)} "
        f"[{signed(row.low)}, {signed(row.high)}])"
        for row in rows.itertuples()
    )
