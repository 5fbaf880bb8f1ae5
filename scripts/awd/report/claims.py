"""What a run claims: a few questions, each with the rivals that could win.

Better or worse is said only where the 95 % interval of the paired difference excludes
0, and a claim is made only where every rival of its question is beaten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awd.errors import DataError
from awd.league.names import OURS, name_of
from awd.report import tables

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

# Controls whose filter no trained network had a say in.
BLIND = ("untrained", "shuffled", "labels", "random_labels", "named_labels")


WORTH = "What is the network worth?"


@dataclass(frozen=True)
class Claim:
    """The answer to one question.

    Attributes
    ----------
    question, sentence : str
    beaten : sequence of str
        Whom ours leads with the whole interval.
    as_good : sequence of str
        Who is as good or better: ours does not lead it.
    ahead : sequence of str
        Whom ours leads, but not with the whole interval.
    answer : str
        The sentence in a few words, for the first lines of the page.
    """

    question: str
    sentence: str
    beaten: Sequence[str]
    as_good: Sequence[str]
    ahead: Sequence[str] = ()
    answer: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a run says of a target: a claim a question, and how much was tried."""

    claims: Sequence[Claim]
    tried: str = ""


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
        )
        for (study, target), part in rows.groupby(both, sort=False)
    }


def title(study: str, target: str, several: bool) -> str:
    """What a target is called on the page, where there may be several studies."""
    return f"{target} ({study})" if several else str(target)


def of_worth(sentences: Sequence[str], answer: str) -> list[Claim]:
    """What a network is worth that is handed over (:mod:`awd.report.worth`)."""
    answers = [answer, *[""] * (len(sentences) - 1)]
    return [
        Claim(WORTH, sentence, [], [], answer=short)
        for sentence, short in zip(sentences, answers, strict=True)
    ]


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
    claims = [
        _without_network(name, parts.get("without", own[:0])),
        _of_filter(name, parts.get("filter", own[:0])),
        _of_teachers(
            name, "As good as its network?", parts.get("teacher", own[:0]), unlearned
        ),
        _of_teachers(
            f"{name} without a label",
            "As good as its network, without a label?",
            unlabelled[fair],
            unlearned,
        ),
        _of_others(name, parts.get("others", own[:0])),
    ]
    return [claim for claim in claims if claim]


def _questions(reference: str, role: str, heads: bool) -> list[str]:
    """Which questions a rival belongs to.

    ``heads``: our head was fitted to a network's outputs too, so that only rows
    "@labels" did without a network.
    """
    if role in ("teacher", "distilled"):
        return ["teacher" if role == "teacher" else "others"]
    if role == "baseline":
        return ["without"]
    method, at, head = reference.partition("@")
    blind = role == "wavelet" or method in BLIND
    by_labels = head == "labels" if heads else not at
    return ["filter"] * (not at) + ["without"] * (
        blind and (by_labels or head == "own")
    )


def _without_network(name: str, rows: pd.DataFrame) -> Claim | None:
    if rows.empty:
        return None
    beaten = rows["low"] > 0
    if beaten.all():
        sentence = (
            f"{name} predicts better than each of {len(rows)} models that need no "
            f"trained network; the closest is {_listed(rows, 1)[0]}."
        )
    else:
        sentence = (
            f"No claim: {(~beaten).sum()} of {len(rows)} models that need no trained "
            f"network are not surely behind {name}{_led(rows)}."
        )
    return _claim("Better than what needs no network?", sentence, rows)


def _of_filter(name: str, rows: pd.DataFrame) -> Claim | None:
    question = "Is it the filter?"
    if rows.empty:
        sentence = (
            f"No claim: no control was run, the filter of {name} may owe nothing to "
            "its network."
        )
        return Claim(question, sentence, [], [], answer="not asked, no control was run")
    beaten = rows["low"] > 0
    if beaten.all():
        sentence = (
            f"The filter matters: on each of {len(rows)} others the same student "
            f"predicts worse; the closest is {_listed(rows, 1)[0]}."
        )
    else:
        sentence = (
            f"No claim for the filter itself: on {(~beaten).sum()} of {len(rows)} "
            f"others the same student is not surely behind{_led(rows)}."
        )
    return _claim(question, sentence, rows)


def _of_teachers(
    name: str, question: str, rows: pd.DataFrame, unlearned: Sequence[str]
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
        return Claim(question, said, [], [])
    by_place = {
        "better than": rows[rows["low"] > 0],
        "level with": rows[(rows["low"] <= 0) & (rows["high"] >= 0)],
        "behind": rows[rows["high"] < 0],
    }
    places = [
        f"{place} {'; '.join(_listed(part))}"
        for place, part in by_place.items()
        if len(part)
    ]
    sentence = f"{name} is {', and '.join(places)}."
    named = [
        f"{place} {', '.join(name_of(str(r)) for r in part['reference'])}"
        for place, part in by_place.items()
        if len(part)
    ]
    sentence = f"{sentence} {said}" if failed else sentence
    return _claim(question, sentence, rows, " and ".join(named))


def _of_others(name: str, rows: pd.DataFrame) -> Claim | None:
    if rows.empty:
        return None
    ahead = rows[rows["high"] < 0]
    better = f"; better are {'; '.join(_listed(ahead))}" if len(ahead) else ""
    sentence = (
        f"Of {len(rows)} other ways to distil {name} is better than "
        f"{(rows['low'] > 0).sum()}{better}."
    )
    return _claim("Better than other ways to distil?", sentence, rows)


def _claim(question: str, sentence: str, rows: pd.DataFrame, answer: str = "") -> Claim:
    """With the rivals by what is said of them; the answer is yes if all are beaten."""
    beaten, leads = rows["low"] > 0, rows["r2_difference"] > 0
    count = f"{beaten.sum()} of {len(rows)}"
    every = f"yes: all {len(rows)} beaten"
    answer = answer or (every if beaten.all() else f"no: {count} beaten")
    return Claim(
        question,
        sentence,
        _listed(rows[beaten]),
        _listed(rows[~leads & ~beaten]),
        _listed(rows[leads & ~beaten]),
        answer,
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


def _led(rows: pd.DataFrame) -> str:
    """How many of those that are not surely behind are at least led."""
    open_ = rows["low"] <= 0
    led = int((open_ & (rows["r2_difference"] > 0)).sum())
    return f" ({led} of them it leads, within the interval)" if led else ""


ASKED = {
    "Better than what needs no network?": "Is the student better than every model that "
    "needs no network?",
    "As good as its network?": "How does it stand to its network?",
    "Is it the filter?": "Does the filter owe this to the network?",
    WORTH: "What is the network worth to somebody who has no labels?",
}


def summary(verdict: Mapping[str, Verdict]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The claims of a run on one screen: a question, and its answer for every target.

    Returns
    -------
    list of (str, list of (str, str))
        Question, then target and answer; questions that nobody answers are left out.
    """
    out = []
    for question, asked in ASKED.items():
        answers = [
            (target, claim.answer)
            for target, found in verdict.items()
            for claim in found.claims
            if claim.question == question and claim.answer
        ]
        if answers:
            out.append((asked, answers))
    return out


def _listed(rows: pd.DataFrame, most: int | None = None) -> list[str]:
    """References with the difference in R2 and its interval, the closest first."""
    decimals = min(3, tables.digits(rows["low"], rows["high"])) if len(rows) else 3
    return [
        f"{name_of(str(row.reference))} ({signed(row.r2_difference, decimals)} "
        f"[{signed(row.low, decimals)}, {signed(row.high, decimals)}] "
        f"in {row.above} of {row.test_sets})"
        for row in rows.sort_values("low")[:most].itertuples()
    ]


def signed(value: float, decimals: int) -> str:
    """A number with its sign, and a real minus."""
    return f"{value:+.{decimals}f}".replace("-", "−")
