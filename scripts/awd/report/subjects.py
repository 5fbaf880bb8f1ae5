"""What a run predicts, from which data, and how well: the head of the report."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awd import io
from awd.report import claims, tables

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Subject:
    """What a study predicts, and how well: a row of the first table.

    Attributes
    ----------
    title, meaning, data, tested : str
        The target; what it is in words; where the data are from, simulated here or
        read; how much was held out.
    student, network : str
        R2 with its interval.
    sizes : tuple of (str, str)
        How many numbers student and network learned; empty where it is not known.
    head : str
        What the student's head was fitted to.
    measure : str
        Of a class, what its R2 is.
    """

    title: str
    meaning: str
    data: str
    tested: str
    student: str
    network: str
    sizes: tuple[str, str] = ("", "")
    head: str = ""
    measure: str = ""


def facts(
    manifest: Mapping[str, Any],
    meanings: Mapping[str, Mapping[str, Any]],
    made: Sequence[tuple[str, str]] = (),
) -> list[tuple[str, str]]:
    """Which data, when and with what code: the head of the page.

    Parameters
    ----------
    manifest : mapping
        With ``device`` and ``commit``.
    meanings : mapping
        By study ``data``, where they are from.
    made : sequence of (str, str)
        What sciences add of their data.
    """
    networks = manifest["device"].get("networks", {})
    trained = " and ".join(
        f"{count} trained on {name}" for name, count in networks.items()
    )
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    data = "; ".join(f"{study}: {of['data']}" for study, of in meanings.items())
    return [
        *([("data", data)] if data else []),
        *made,
        ("networks", f"{trained}, of all splits, controls included" * bool(trained)),
        ("date", date),
        ("commit", str(manifest["commit"])),
    ]


def subjects(given: Any, meanings: Mapping[str, Mapping[str, Any]]) -> list[Subject]:
    """What was predicted, from how much, and how well, a row a study and target.

    Parameters
    ----------
    given : object
        Paths: ``scores`` and ``groups`` of the run, lists of one or none.
    meanings : mapping
        By study ``targets``, what each is in words, what its ``samples`` and ``groups``
        are, ``data``, where they are from, and ``note``, what else to know of them.
    """
    out = []
    for score_path, group_path in zip(given.scores, given.groups, strict=True):
        table, tested = io.read_table(score_path), io.read_table(group_path)
        several = table["study"].nunique() > 1
        for (study, target), part in table.groupby(["study", "target"], sort=False):
            called = meanings[study]
            names = tested.loc[tested["study"] == study, "group"].nunique()
            title = claims.title(study, target, several)
            out.append(_subject(title, called["targets"][target], part, called, names))
    return out


def _subject(
    title: str, meaning: str, part: pd.DataFrame, called: Mapping[str, Any], groups: int
) -> Subject:
    student, network = _first(part, "distilled"), _first(part, "teacher")
    return Subject(
        title,
        meaning,
        called["data"],
        _tested(part, called, groups),
        _r2(student),
        _r2(network),
        (_learned(student), _learned(network)),
        _head(part, student),
        _measure(student),
    )


def _tested(part: pd.DataFrame, called: Mapping[str, Any], groups: int) -> str:
    """How many samples of how many groups were held out, in how many splits."""
    each = part[part["split"] != "all"]
    count = each.drop_duplicates("split")["n_test"].sum()
    splits = each["split"].nunique()
    of = f" of {groups} {called['groups']}" if groups < count else ""
    turns = f", in {splits} splits" * (splits > 1)
    return (
        f"{count:,} held-out {called['samples']}{of}{turns}. {called['note']}".strip()
    )


def _first(part: pd.DataFrame, role: str) -> Mapping[str, Any]:
    """The first method of a role, over all splits; nothing where there is none."""
    rows = tables.over_splits(part)
    rows = rows[rows["role"] == role]
    return {} if rows.empty else dict(rows.iloc[0])


def _r2(row: Mapping[str, Any]) -> str:
    if not row:
        return tables.MISSING
    return tables.with_interval(row["r2"], row["r2_low"], row["r2_high"])


def _learned(row: Mapping[str, Any]) -> str:
    learned = row["filter_parameters"] + row["head_parameters"] if row else 0
    return f"{learned:,.0f}" if learned > 0 else ""  # NaN: a brought network's


def _head(part: pd.DataFrame, student: Mapping[str, Any]) -> str:
    """What the student's head was fitted to: labels, what the network answers, both."""
    if not student:
        return ""
    of = part[(part["method"] == student["method"]) & (part["split"] != "all")]
    share = of["share"].mean() if "share" in of else 0.0
    if not share > 0:  # also NaN: no such share
        return "head fitted to labels"
    if share == 1:
        return "head fitted to what the network answers, to no label"
    return (
        f"head fitted to labels ({1 - share:.0%}) and to what the network answers "
        f"({share:.0%})"
    )


def _measure(row: Mapping[str, Any]) -> str:
    """Of a class, R2 has another name, and there is a measure that people know."""
    auc = row.get("auc", float("nan"))
    return f"Brier skill score; AUC {auc:.3f}" if auc == auc else ""
