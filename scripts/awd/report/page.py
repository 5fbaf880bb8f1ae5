"""The report: one HTML file that needs nothing beside it, and says what a run shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awd import io
from awd.league.names import OURS, name_of
from awd.report import claims, glossary, outcome, tables, worth
from awd.report.subjects import Subject

if TYPE_CHECKING:
    import pandas as pd

TEMPLATE = Path(__file__).with_suffix(".html.j2")

PAGE_WIDTH = 840  # CSS pixels for a figure of two columns, 1440 pixels wide

LONG, BEST = 12, 2  # rows of a table that is shown whole; else of every role
FIRST = ("Pipeline", "Steps", "Scores")  # the picture of the first screen

REST = "The data"  # where a figure stands that is of no single target
MAPS = "Maps, and statistics without a network"


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
    """A table of text (:mod:`awd.report.tables`) and what its columns mean.

    ``roles``, a role a row, let readers show one kind of method alone; of a table of
    more than :data:`LONG` rows the best of every role are shown at first, and ours.
    """

    cells: pd.DataFrame
    title: str
    caption: str
    section: str = REST
    roles: Sequence[str] = ()

    @property
    def folded(self) -> list[bool]:
        """Which rows are folded away at first: rows stand best first in their role."""
        count = len(self.cells)
        if count <= LONG:
            return [False] * count
        if not self.roles:
            return [row >= LONG for row in range(count)]
        rank = [self.roles[:row].count(role) for row, role in enumerate(self.roles)]
        return [
            place >= BEST and not ours
            for place, ours in zip(rank, self.ours, strict=True)
        ]

    @property
    def ours(self) -> list[bool]:
        """Which rows are of the method that the project stands for."""
        if "method" not in self.cells:
            return [False] * len(self.cells)
        return [name == name_of(OURS) for name in self.cells["method"]]


@dataclass(frozen=True)
class Section:
    """What the page shows of one target."""

    title: str
    tables: list[Table] = field(default_factory=list)
    plates: list[Plate] = field(default_factory=list)


def render(
    heading: str,
    verdict: Mapping[str, claims.Verdict],
    score_tables: Sequence[Table],
    plates: Sequence[Plate],
    manifest: Mapping[str, Any],
    facts: Sequence[tuple[str, str]] = (),
    explorer: str = "",
    subjects: Sequence[Subject] = (),
) -> str:
    """The page as HTML text: what the run says, then a section a target.

    Parameters
    ----------
    heading : str
        What the page is, with the name of the run.
    verdict : mapping of str to Verdict
        What the run says of each target, from :func:`awd.report.claims.verdicts`.
    score_tables, plates : sequences of Table and Plate
        In the order of the page within their section; targets come in the order of the
        verdict.
    manifest : mapping
        ``commit``, ``config``, ``versions`` (name -> version), ``outputs`` (file ->
        SHA-256), ``device`` and ``origins`` (see :mod:`awd.record.manifest`); what is
        missing is left out.
    facts : sequence of (str, str)
        What was run: a label and a text each, for the head of the page.
    explorer : str
        Address of the run's explorer, if it has one.
    subjects : sequence of Subject
        What was predicted, and how well.

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
    environment.filters["called"] = name_of
    environment.filters["short"] = _short
    environment.filters["embedded"] = _embedded
    environment.filters["width"] = _width
    environment.filters["csv"] = lambda png: Path(png).with_suffix(".csv").as_posix()
    environment.tests["text"] = tables.is_text
    first = [plate for name in FIRST for plate in plates if plate.title == name][:1]
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        heading=heading,
        facts=facts,
        explorer=explorer,
        subjects=subjects,
        results=_results(verdict, subjects),
        summary=claims.summary(verdict),
        first=first,
        verdict=verdict,
        glossary=glossary.explained(
            [method for found in verdict.values() for method in found.methods]
        ),
        sections=_sections(
            verdict, score_tables, [p for p in plates if p not in first]
        ),
        commit=manifest.get("commit"),
        device=manifest.get("device"),
        origins=manifest.get("origins", []),
        versions=manifest.get("versions", {}),
        outputs=manifest.get("outputs", {}),
        config=yaml.safe_dump(
            dict(manifest["config"]), sort_keys=False, allow_unicode=True
        )
        if "config" in manifest
        else "",
    )


def turned(cells: pd.DataFrame) -> pd.DataFrame:
    """A table with a column a row where that is narrower: it fits a page and print."""
    rows, columns = cells.shape
    if rows >= columns or rows > LONG:
        return cells
    first, *rest = cells.columns
    told = cells.set_index(first)[rest].T
    told.columns.name = None
    return told.rename_axis("measure").reset_index()


def scored(
    scores: Sequence[io.PathLike],
    differences: Sequence[io.PathLike],
    timings: Sequence[io.PathLike],
    worths: Sequence[io.PathLike] = (),
) -> tuple[dict[str, claims.Verdict], list[Table]]:
    """Verdict and score tables of a run, from its files; nothing of no files.

    ``worths`` are those of networks that were handed over, of the cells.
    """
    verdict: dict[str, claims.Verdict] = {}
    shown: list[Table] = []
    for paths in zip(scores, differences, timings, strict=True):
        scored, between, times = map(io.read_table, paths)
        verdict |= claims.verdicts(between, scored)
        several = scored["study"].nunique() > 1
        for (study, target), part in scored.groupby(["study", "target"], sort=False):
            cells = tables.score_table(part, times)
            section = claims.title(study, target, several)
            of = dict(zip(map(name_of, part["method"]), part["role"], strict=True))
            roles = [str(of[name]) for name in cells["method"]]
            shown.append(Table(cells, "Score table", tables.CAPTION, section, roles))
    for table in map(io.read_table, worths):
        for target, part in table.groupby("target", sort=False):
            key = target if target in verdict else f"{target} (cells)"
            whole = verdict[key]
            handed = worth.claims_of(part)
            verdict[key] = replace(whole, claims=[*whole.claims, *handed])
    return verdict, shown


def _results(
    verdict: Mapping[str, claims.Verdict], subjects: Sequence[Subject]
) -> dict[str, str]:
    """What was found of every target, in plain sentences."""
    sizes = {subject.title: subject.sizes for subject in subjects}
    found = {
        title: outcome.sentence(verdict[title], *sizes.get(title, ("", "")))
        for title in verdict
    }
    return {title: said for title, said in found.items() if said}


def plates(
    pngs: Sequence[io.PathLike], captions: Mapping[str, str], several: bool
) -> list[Plate]:
    """Figures by what their paths say: ``figures/<study>-<target>/<name>.png``.

    ``several``: whether the run has several studies, so that targets name theirs.
    """
    out = []
    for png in map(Path, pngs):
        study, _, target = png.parent.name.partition("-")
        rest = MAPS if study == "maps" else REST
        section = claims.title(study, target, several) if target else rest
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
    data = io.unbroken(png, "draw the figures before the report").read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()
