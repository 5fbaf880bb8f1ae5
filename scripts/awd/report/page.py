"""The report: one HTML file that needs nothing beside it, and says what a run shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awd import io
from awd.errors import DataError
from awd.league.names import OURS, name_of
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = Path(__file__).with_suffix(".html.j2")

PAGE_WIDTH = 840  # CSS pixels for a figure of two columns, 1440 pixels wide

COMPARED = (
    "study",
    "target",
    "method",
    "reference",
    "r2_difference",
    "low",
    "high",
    "above",
    "test_sets",
)

NONE = "none"

REST = "All targets"  # where a figure stands that is of no single target
MAPS = "All maps"


@dataclass(frozen=True)
class Plate:
    """A figure on the page: its PNG, what is seen, and the rule that drew it.

    A rule has the name of its script, and the plotted data stand beside the PNG as CSV.
    The section is the target that it shows.
    """

    png: str | Path
    title: str
    caption: str
    rule: str
    section: str = REST


@dataclass(frozen=True)
class Table:
    """A table of text (:mod:`awd.report.tables`) and what its columns mean."""

    cells: pd.DataFrame
    title: str
    caption: str
    section: str = REST


@dataclass(frozen=True)
class Section:
    """What the page shows of one target."""

    title: str
    tables: list[Table] = field(default_factory=list)
    plates: list[Plate] = field(default_factory=list)


def render(
    title: str,
    verdict: Mapping[str, Sequence[str]],
    score_tables: Sequence[Table],
    plates: Sequence[Plate],
    manifest: Mapping[str, Any],
) -> str:
    """The page as HTML text: what the run says, then a section a target.

    Parameters
    ----------
    title : str
        Name of the run.
    verdict : mapping of str to sequence of str
        What the run says of each target, from :func:`verdicts`.
    score_tables, plates : sequences of Table and Plate
        In the order of the page within their section; targets come in the order of the
        verdict.
    manifest : mapping
        ``commit``, ``config``, ``versions`` (name -> version), ``outputs`` (file ->
        SHA-256), ``device`` and ``origins`` (see :mod:`awd.record.manifest`); what is
        missing is left out.

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
    environment.filters["short"] = _short
    environment.filters["embedded"] = _embedded
    environment.filters["width"] = _width
    environment.filters["csv"] = lambda png: Path(png).with_suffix(".csv").as_posix()
    environment.tests["text"] = tables.is_text
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        title=title,
        verdict=verdict,
        sections=_sections(verdict, score_tables, plates),
        commit=manifest.get("commit"),
        device=manifest.get("device"),
        origins=manifest.get("origins", []),
        versions=manifest.get("versions", {}),
        outputs=manifest.get("outputs", {}),
        config=yaml.safe_dump(
            dict(manifest.get("config", {})), sort_keys=False, allow_unicode=True
        ),
    )


def scored(
    scores: Sequence[io.PathLike],
    differences: Sequence[io.PathLike],
    timings: Sequence[io.PathLike],
) -> tuple[dict[str, list[str]], list[Table]]:
    """Verdict and score tables of a run, from its files; nothing of no files."""
    verdict: dict[str, list[str]] = {}
    shown: list[Table] = []
    for paths in zip(scores, differences, timings, strict=True):
        scored, between, times = map(io.read_table, paths)
        roles = dict(zip(scored["method"], scored["role"], strict=True))
        verdict |= verdicts(between, roles)
        for target, part in scored.groupby("target", sort=False):
            cells = tables.score_table(part, times)
            shown.append(Table(cells, "Score table", tables.CAPTION, target))
    return verdict, shown


def plates(pngs: Sequence[io.PathLike], captions: Mapping[str, str]) -> list[Plate]:
    """Figures by what their paths say: ``figures/<study>-<target>/<name>.png``."""
    out = []
    for png in map(Path, pngs):
        study, _, target = png.parent.name.partition("-")
        section = target or (MAPS if study == "maps" else REST)
        title = png.stem.replace("_", " ").capitalize()
        caption = captions[png.stem]
        out.append(Plate(png, title, caption, f"plot_{png.stem}", section))
    return out


def _sections(
    targets: Iterable[str], score_tables: Sequence[Table], plates: Sequence[Plate]
) -> list[Section]:
    """Tables and figures by target; a target of which nothing is shown is left out."""
    placed: list[Table | Plate] = [*score_tables, *plates]
    names = dict.fromkeys([*targets, *(item.section for item in placed)])
    order = sorted(names, key=lambda name: name in (REST, MAPS))
    found = {name: Section(name) for name in order}
    for item in placed:
        if isinstance(item, Table):
            found[item.section].tables.append(item)
        else:
            found[item.section].plates.append(item)
    return [section for section in found.values() if section.tables or section.plates]


def _anchor(title: str) -> str:
    """Name of a place on the page: ``Scores, cells`` -> ``scores-cells``."""
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _short(commit: str) -> str:
    """A commit's first 12 digits, and whatever follows all 40."""
    return re.sub(r"(?<=[0-9a-f]{12})[0-9a-f]{28}", "", commit)


def _width(png: str | Path) -> int:
    """Width on the page: the PNG's (bytes 16 to 20), so that letters print alike."""
    return round(int.from_bytes(Path(png).read_bytes()[16:20]) * PAGE_WIDTH / 1440)


def _embedded(png: str | Path) -> str:
    """A picture as a ``data:`` address."""
    data = io.existing(png, "draw the figures before the report").read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()


def verdicts(
    differences: pd.DataFrame, roles: Mapping[str, str]
) -> dict[str, list[str]]:
    """What paired differences allow to say of each target, in a few sentences.

    Better or worse is said only where the 95 % interval excludes 0. There is a claim
    only where every control is beaten. Most is said of our method
    (:data:`awd.league.names.OURS`, else the first), a line of every other distilled
    one.

    Parameters
    ----------
    differences : DataFrame
        ``differences.csv``: ``study``, ``target``, ``method``, ``reference``,
        ``r2_difference`` (method minus reference), ``low``, ``high``, ``above`` (in how
        many test sets the method is better) and ``test_sets``; where there is a column
        ``split``, the rows "all" count.
    roles : mapping of str to str
        Role of every method, as in ``scores.csv``.

    Returns
    -------
    dict of str to list of str
        By target, with the study in brackets where there are several.

    Raises
    ------
    DataError
        A column is missing, or a value or a role is.
    """
    missing = [column for column in COMPARED if column not in differences]
    if missing:
        raise DataError(f"differences have no column {', '.join(missing)}")
    rows = tables.over_splits(differences)
    if rows[list(COMPARED)].isna().any(axis=None):
        raise DataError("differences hold an empty value; score the methods again")
    unknown = {*rows["method"], *rows["reference"]} - set(roles)
    if unknown:
        raise DataError(f"no role is known of {', '.join(sorted(unknown))}")
    rows = rows.assign(role=rows["reference"].map(roles))
    several = rows["study"].nunique() > 1
    return {
        f"{target} ({study})" if several else str(target): _on_target(part)
        for (study, target), part in rows.groupby(["study", "target"], sort=False)
    }


def _on_target(rows: pd.DataFrame) -> list[str]:
    """All that is said of one target, ours first."""
    methods = list(dict.fromkeys(rows["method"]))
    ours = OURS if OURS in methods else methods[0]
    own = rows[rows["method"] == ours]
    name, role = name_of(ours), own["role"]
    sentences = _on_controls(name, own[role == "control"])
    teachers = own[role == "teacher"]
    against = "against its teacher" if len(teachers) == 1 else "against the teachers"
    sentences += _on_rivals(f"{name} {against}", teachers, full=True)
    models = own[role.isin(["wavelet", "baseline"])]
    against = "against fixed wavelets and models without one"
    sentences += _on_rivals(f"{name} {against}", models, full=False)
    for row in own[role == "distilled"].itertuples():
        theirs = rows[rows["method"] == row.reference]
        sentences.append(_on_other(name, row, theirs[theirs["role"] == "control"]))
    return sentences


def _on_controls(name: str, rows: pd.DataFrame) -> list[str]:
    """Whether there is a claim: only if no control did as well."""
    if rows.empty:
        return [f"No claim: no control was run, {name} may owe nothing to its teacher."]
    beaten, count = rows["low"] > 0, len(rows)
    if beaten.all():
        closest = _listed(rows.sort_values("low").head(1))
        every = f"each of its {count} controls" if count > 1 else "its control"
        return [f"{name} predicts better than {every}.", f"The closest: {closest}."]
    level = beaten.size - beaten.sum()
    return [
        f"No claim: {level} of {count} controls did as well as {name} or better.",
        f"As well or better: {_listed(rows[~beaten])}. Beaten: {_named(rows[beaten])}.",
    ]


def _on_rivals(head: str, rows: pd.DataFrame, full: bool) -> list[str]:
    """Rivals that are beaten, level and ahead; of the beaten only names, or in full."""
    if rows.empty:
        return []
    beaten, ahead = rows["low"] > 0, rows["high"] < 0
    by_place = {
        "better than": (_listed if full else _named)(rows[beaten]),
        "level within error with": _listed(rows[~beaten & ~ahead]),
        "worse than": _listed(rows[ahead]),
    }
    parts = [f"{place} {names}" for place, names in by_place.items() if names != NONE]
    return [f"{head}: {', and '.join(parts)}."]


def _on_other(ours: str, row: Any, controls: pd.DataFrame) -> str:
    """One line on another distilled method: beside ours, and beside its controls."""
    place = "level within error with"
    if row.low > 0 or row.high < 0:
        place = "worse than" if row.low > 0 else "better than"
    gap, low, high = (_signed(-v, 3) for v in (row.r2_difference, row.high, row.low))
    sentence = f"{name_of(row.reference)} is {place} {ours} ({gap} [{low}, {high}])"
    if len(controls):
        beaten = int((controls["low"] > 0).sum())
        sentence += f" and better than {beaten} of {len(controls)} controls"
    return sentence + "."


def _named(rows: pd.DataFrame) -> str:
    return "; ".join(map(name_of, rows["reference"])) or NONE


def _listed(rows: pd.DataFrame) -> str:
    """References with the difference in R2 and its interval, largest first."""
    rows = rows.sort_values("r2_difference", ascending=False, key=abs)
    decimals = min(3, tables.digits(rows["low"], rows["high"]))
    listed = [
        f"{name_of(str(row.reference))} ({_signed(row.r2_difference, decimals)} "
        f"[{_signed(row.low, decimals)}, {_signed(row.high, decimals)}] "
        f"in {row.above} of {row.test_sets})"
        for row in rows.itertuples()
    ]
    return "; ".join(listed) or NONE


def _signed(value: float, decimals: int) -> str:
    """A number with its sign, and a real minus."""
    return f"{value:+.{decimals}f}".replace("-", "−")
