"""What a run claims: a few questions, each with the rivals that could win.

A rival is beaten where the 95 % interval of the paired difference lies above 0, better
where it lies below, and level where it includes 0 (:mod:`awd.report.standing`). A
question is answered with yes only where every rival of it is beaten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from awd.errors import DataError
from awd.league.names import OURS, name_of
from awd.report import standing, tables

if TYPE_CHECKING:
    import pandas as pd

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

# Controls whose filter no network had a say in, not even one of random weights or one
# that was trained on shuffled targets.
BLIND = ("labels", "random_labels", "named_labels")
TRIVIAL = "mean"  # no model, and no rival: R2 is measured from it


WITHOUT = "Does the student predict better than models that need no network?"
NETWORK = "How does it compare with the network that it was distilled from?"
FILTER = "Does the filter owe this to the network?"
WORTH = "What is the network worth to somebody who has no labels?"
UNLABELLED = "And if its head is fitted without a label?"
OTHERS = "Does it predict better than other ways to distil?"
FIRST = (WITHOUT, NETWORK, FILTER, WORTH)  # asked on the first screen


@dataclass(frozen=True)
class Claim:
    """The answer to one question.

    Attributes
    ----------
    question, sentence : str
    beaten : sequence of str
        Whom ours leads with the whole interval.
    level : sequence of str
        Of whom the interval includes 0.
    better : sequence of str
        Who leads ours with the whole interval.
    answer, evidence : str
        The sentence in a few words, for the first lines of the page, and the one number
        with its interval that it rests on.
    place : str
        Of a claim about one rival, how ours stands to it: "better than", "level with"
        or "behind".
    """

    question: str
    sentence: str
    beaten: Sequence[str] = ()
    level: Sequence[str] = ()
    better: Sequence[str] = ()
    answer: str = ""
    evidence: str = ""
    place: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a run says of a target.

    Attributes
    ----------
    claims : sequence of Claim
        One a question.
    tried : str
        How much was tried.
    methods : sequence of str
        All that were compared.
    """

    claims: Sequence[Claim]
    tried: str = ""
    methods: Sequence[str] = ()


def verdicts(differences: pd.DataFrame, scores: pd.DataFrame) -> dict[str, Verdict]:
    """What paired differences allow to say of each target.

    Our method is :data:`awd.league.names.OURS`, else the first distilled one.

    Parameters
    ----------
    differences : DataFrame
        ``differences.csv``: ``study``, ``target``, ``method``, ``reference``,
        ``r2_difference`` (method minus reference), ``low``, ``high``, ``above`` (in how
        many test sets the method is better) and ``test_sets``; where there is a column
        ``split``, the rows "all" count.
    scores : DataFrame
        ``scores.csv``: ``method``, ``role``, and ``scored`` where it is known.

    Returns
    -------
    dict of str to Verdict
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
    roles = dict(zip(scores["method"], scores["role"], strict=True))
    unknown = {*rows["method"], *rows["reference"]} - set(roles)
    if unknown:
        raise DataError(f"no role is known of {', '.join(sorted(unknown))}")
    several = rows["study"].nunique() > 1
    both = ["study", "target"]
    of = dict(list(scores.groupby(both))) if set(both) <= {*scores} else {}
    return {
        title(study, target, several): Verdict(
            _claims(part, roles, _unlearned(of.get((study, target)))),
            _tried(part, of.get((study, target), scores)),
            list(dict.fromkeys([*part["method"], *part["reference"]])),
        )
        for (study, target), part in rows.groupby(both, sort=False)
    }


def title(study: str, target: str, several: bool) -> str:
    """What a target is called on the page, where there may be several studies."""
    return f"{target} ({study})" if several else str(target)


def _unlearned(scores: pd.DataFrame | None) -> list[str]:
    """Networks whose R2 of all test sets is not surely above 0."""
    if scores is None or not {"r2", "r2_low"} <= {*scores}:
        return []
    own = tables.over_splits(scores) if "split" in scores else scores
    nothing = (own["role"] == "teacher") & ~(own["r2_low"] > 0)
    return list(own[nothing]["method"].unique())


def _claims(
    rows: pd.DataFrame, roles: Mapping[str, str], unlearned: Sequence[str] = ()
) -> list[Claim]:
    """All claims of one target, of our method and of its head without labels."""
    methods = list(dict.fromkeys(rows["method"]))
    ours = OURS if OURS in methods else methods[0]
    own = rows[rows["method"] == ours]
    heads = any(reference.endswith("@labels") for reference in own["reference"])
    by_question: dict[str, list[int]] = {}
    for index, reference in own["reference"].items():
        for question in _questions(reference, roles[reference], heads):
            by_question.setdefault(question, []).append(index)
    name = name_of(ours)
    parts = {question: own.loc[index] for question, index in by_question.items()}
    unlabelled = rows[rows["method"] == f"{ours}@outputs"]
    # That a network learned nothing is said once, by the claim before.
    fair = [
        reference.endswith("@outputs")
        or (roles[reference] == "teacher" and reference not in unlearned)
        for reference in unlabelled["reference"]
    ]
    none = own[:0]
    claims = [
        _without_network(name, parts.get(WITHOUT, none)),
        _of_teachers(name, parts.get(NETWORK, none), unlearned),
        _of_filter(name, parts.get(FILTER, none)),
        _unlabelled(name, unlabelled[fair], roles),
        _of_others(name, parts.get(OTHERS, none)),
    ]
    return [claim for claim in claims if claim]


def _questions(reference: str, role: str, heads: bool) -> list[str]:
    """Which questions a rival belongs to.

    ``heads``: our head was fitted to a network's outputs too, so that only rows
    "@labels" did without a network.
    """
    if role in ("teacher", "distilled"):
        return [NETWORK if role == "teacher" else OTHERS]
    if role == "baseline":
        return [WITHOUT] * (reference != TRIVIAL)
    method, at, head = reference.partition("@")
    blind = role == "wavelet" or method in BLIND
    by_labels = head == "labels" if heads else not at
    return [FILTER] * (not at) + [WITHOUT] * (blind and by_labels)


def _without_network(name: str, rows: pd.DataFrame) -> Claim | None:
    if rows.empty:
        return None
    if (rows["low"] > 0).all():
        sentence = (
            f"{name} predicts better than each of {len(rows)} models that need no "
            f"network; the strongest of them is {standing.strongest(rows)}."
        )
    else:
        sentence = (
            f"It is not shown that a network is needed: of {len(rows)} models that "
            f"need none, {name} {standing.counted(rows)}. The strongest is "
            f"{standing.strongest(rows)}."
        )
    return _claim(WITHOUT, sentence, rows)


def _of_filter(name: str, rows: pd.DataFrame) -> Claim | None:
    if rows.empty:
        sentence = (
            f"Not asked: no control was run, the filter of {name} may owe nothing to "
            "its network."
        )
        return Claim(FILTER, sentence, answer="not asked: no control was run")
    if (rows["low"] > 0).all():
        sentence = (
            f"The filter matters: on each of {len(rows)} others the same student "
            f"predicts worse; the strongest is {standing.strongest(rows)}."
        )
    else:
        sentence = (
            f"It is not shown that the filter matters: against the same student on "
            f"{len(rows)} other filters it {standing.counted(rows)}. The strongest is "
            f"{standing.strongest(rows)}."
        )
    return _claim(FILTER, sentence, rows)


def _of_teachers(
    name: str, rows: pd.DataFrame, unlearned: Sequence[str]
) -> Claim | None:
    """Against the networks; level is what distilling asks for.

    Nothing is compared with a network that learned nothing.
    """
    if rows.empty:
        return None
    nothing = rows["reference"].isin(unlearned)
    failed = ", ".join(name_of(one) for one in rows[nothing]["reference"])
    said = f"{failed} learned nothing (R² not above 0): nothing is compared with it."
    rows = rows[~nothing]
    if rows.empty:
        return Claim(NETWORK, said, answer=f"not asked: {failed} learned nothing")
    sentence = f"{name} is {standing.places(rows)}."
    sentence = f"{sentence} {said}" if failed else sentence
    first = rows.iloc[0]  # the one that is distilled
    answer = f"{standing.place(first)} {name_of(str(first['reference']))}"
    claim = _claim(NETWORK, sentence, rows, answer, standing.difference(first))
    return replace(claim, place=standing.place(first))


def _unlabelled(
    name: str, rows: pd.DataFrame, roles: Mapping[str, str]
) -> Claim | None:
    """Of a head that is fitted to what the network answers, and to no label."""
    if rows.empty:
        return None
    taught = rows["reference"].map(roles) == "teacher"
    networks, others = rows[taught], rows[~taught]
    said = []
    if len(networks):
        said.append(f"is {standing.places(networks)}")
    if len(others):
        so = f"of {len(others)} other filters with a head fitted so"
        said.append(f"{so} it {standing.counted(others)}")
    sentence = f"With a head fitted to no label {name} {'; '.join(said)}."
    return _claim(UNLABELLED, sentence, rows)


def _of_others(name: str, rows: pd.DataFrame) -> Claim | None:
    if rows.empty:
        return None
    sentence = f"Of {len(rows)} other ways to distil {name} {standing.counted(rows)}."
    return _claim(OTHERS, sentence, rows)


def _claim(
    question: str,
    sentence: str,
    rows: pd.DataFrame,
    answer: str = "",
    evidence: str = "",
) -> Claim:
    """With the rivals by what is said of them; the answer is yes if all are beaten."""
    beaten, better = rows["low"] > 0, rows["high"] < 0
    few = f"{'no' if better.any() else 'not shown'}: it {standing.counted(rows)}"
    return Claim(
        question,
        sentence,
        standing.listed(rows[beaten]),
        standing.listed(rows[~beaten & ~better]),
        standing.listed(rows[better]),
        answer or (f"yes, it {standing.counted(rows)}" if beaten.all() else few),
        evidence or f"strongest rival: {standing.strongest(rows)}",
    )


def _tried(rows: pd.DataFrame, scores: pd.DataFrame) -> str:
    """How many methods were compared and how many filters were scored for them."""
    names = {*rows["method"], *rows["reference"]}
    own = scores[scores["method"].isin(names)].drop_duplicates("method")
    text = f"{len(names)} methods were compared"
    if "scored" not in own:
        return f"{text}."
    filters = own[~own["method"].str.contains("@")]["scored"].sum()
    return f"{text}; their filters were chosen from {filters:.0f}, on training groups."


def summary(
    verdict: Mapping[str, Verdict],
) -> list[tuple[str, list[tuple[str, Claim]]]]:
    """The claims of a run on one screen: a question, and its answer for every target.

    Returns
    -------
    list of (str, list of (str, Claim))
        Question, then target and claim; questions that nobody answers are left out.
    """
    out = []
    for question in FIRST:
        answers: dict[str, Claim] = {}
        for target, found in verdict.items():
            for claim in found.claims:
                if claim.question == question and claim.answer:
                    answers.setdefault(target, claim)  # of several cases the first
        if answers:
            out.append((question, [*answers.items()]))
    return out
