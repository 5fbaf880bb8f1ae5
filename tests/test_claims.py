"""A run claims only what intervals allow, and against whoever could have won."""

import re

import pandas as pd
import pytest

from awd.errors import DataError
from awd.league.names import HEADS, METHODS
from awd.report import claims, glossary, outcome

ROLES = {
    "output": "distilled",
    "output@labels": "distilled",
    "output@outputs": "distilled",
    "attribution": "distilled",
    "lstm": "teacher",
    "untrained": "control",
    "untrained@labels": "control",
    "untrained@own": "control",
    "sparsity": "control",
    "sparsity@labels": "control",
    "random_labels": "control",
    "db5": "wavelet",
    "db5@labels": "wavelet",
    "db5@outputs": "wavelet",
    "ridge": "baseline",
    "boosting": "baseline",
}
SCORES = pd.DataFrame({"method": list(ROLES), "role": list(ROLES.values())})


def compared(rows, **columns):
    """Differences of a method: reference -> (difference, low, high)."""
    table = pd.DataFrame(
        [(name, *values) for name, values in rows.items()],
        columns=["reference", "r2_difference", "low", "high"],
    )
    names = {"study": "cells", "target": "mean0", "split": "all", "method": "output"}
    counts = {"above": 7, "test_sets": 8}
    return table.assign(**names | counts | columns)


def found(rows, **columns):
    """Claims by question."""
    (verdict,) = claims.verdicts(compared(rows, **columns), SCORES).values()
    return {claim.question: claim for claim in verdict.claims}


WITHOUT, FILTER, NETWORK = claims.WITHOUT, claims.FILTER, claims.NETWORK
GOOD, LEVEL, BAD = (0.04, 0.01, 0.07), (0.01, -0.02, 0.04), (-0.1, -0.2, -0.05)


@pytest.mark.parametrize(("low", "learned"), [(-0.02, False), (0.3, True)])
def test_a_network_that_learned_nothing_is_said_to_have_and_not_compared(low, learned):
    scores = SCORES.assign(study="cells", target="mean0", r2=0.5, r2_low=0.4)
    scores.loc[scores["method"] == "lstm", ["r2", "r2_low"]] = 0.01, low
    rows = compared({"lstm": LEVEL, "ridge": GOOD})
    (verdict,) = claims.verdicts(rows, scores).values()
    claim = {c.question: c for c in verdict.claims}[NETWORK]
    assert ("level with" in claim.sentence) == learned
    assert ("LSTM teacher learned nothing" in claim.sentence) != learned
    assert bool(claim.level) == learned


def test_a_claim_is_made_where_every_rival_of_its_question_is_beaten():
    claim = found({"ridge": GOOD, "db5@labels": (0.1, 0.08, 0.12), "db5": GOOD})[
        WITHOUT
    ]
    assert claim.sentence == (
        "AWD (output) predicts better than each of 2 models that need no network; the "
        "strongest of them is ridge on the raw trace (+0.040 [+0.010, "
        "+0.070])."
    )
    assert claim.beaten == [
        "ridge on the raw trace: +0.040 [+0.010, +0.070], ahead in 7 of 8 test sets",
        "db5, head on labels: +0.100 [+0.080, +0.120], ahead in 7 of 8 test sets",
    ]
    assert [*claim.level, *claim.better] == []
    assert claim.answer == "yes, it beats all 2"
    assert claim.evidence.endswith("raw trace (+0.040 [+0.010, +0.070])")


@pytest.mark.parametrize("bounds", [LEVEL, BAD, (0.1, 0.0, 0.2)])
def test_a_rival_that_is_level_or_better_takes_the_claim(bounds):
    rows = {"db5@labels": GOOD, "boosting": bounds, "db5": GOOD, "sparsity": bounds}
    both = found(rows)
    place = "is behind 1" if bounds == BAD else "is level with 1"
    assert both[WITHOUT].sentence.startswith(
        f"It is not shown that a network is needed: of 2 models that need none, "
        f"AWD (output) {place} and beats 1 of 2. The strongest is "
    )
    assert f"it {place} and beats 1 of 2" in both[FILTER].sentence
    assert both[FILTER].sentence.startswith("It is not shown that the filter matters")
    for claim in (both[WITHOUT], both[FILTER]):
        assert len(claim.beaten) == 1
        assert (len(claim.better), len(claim.level)) == (bounds == BAD, bounds != BAD)
        lead = "no" if bounds == BAD else "not shown"
        assert claim.answer == f"{lead}: it {place} and beats 1 of 2"


def test_every_answer_of_the_first_screen_has_a_number_with_its_interval():
    rows = {"ridge": GOOD, "boosting": BAD, "lstm": LEVEL, "db5": LEVEL}
    found_, number = found(rows), r"[+−]0\.\d+ \[[+−]0\.\d+, [+−]0\.\d+\]\)?$"
    for question in (WITHOUT, NETWORK, FILTER):
        assert re.search(number, found_[question].evidence), question


def test_a_single_test_set_is_not_counted():
    (claim,) = [
        claim
        for question, claim in found({"ridge": GOOD}, test_sets=1).items()
        if question == WITHOUT
    ]
    assert claim.beaten == ["ridge on the raw trace: +0.040 [+0.010, +0.070]"]


def test_all_that_is_compared_by_name_can_be_looked_up():
    rows = dict.fromkeys(["untrained", "untrained@own", "db5@labels", "ridge"], GOOD)
    (verdict,) = claims.verdicts(compared(rows), SCORES).values()
    names = dict(glossary.explained(verdict.methods))
    assert list(names)[: len(glossary.TERMS)] == [*glossary.TERMS]
    assert list(names)[len(glossary.TERMS) :] == [
        "AWD (output)",
        "AWD, untrained teacher",
        "db5",
        "..., head on labels",
        "..., head on its own outputs",
    ]
    assert "random weights" in names["AWD, untrained teacher"]
    assert {*glossary.MEANINGS} <= {*METHODS}
    assert {*glossary.FITTED} == {*HEADS}


def test_heads_on_labels_are_rivals_and_filters_under_our_head_are_controls():
    rows = dict.fromkeys(["db5", "db5@labels", "untrained", "untrained@labels"], GOOD)
    rows |= dict.fromkeys(["untrained@own", "sparsity", "sparsity@labels"], GOOD)
    counts = {question: len(claim.beaten) for question, claim in found(rows).items()}
    # Networks of random weights are networks, and a filter that fidelity to the network
    # chose did not do without one.
    assert counts == {WITHOUT: 1, FILTER: 3}


def test_the_mean_of_the_targets_is_no_rival():
    rows = compared({"ridge": GOOD, "mean": GOOD})
    scores = pd.concat([SCORES, SCORES[-1:].assign(method="mean")])
    (verdict,) = claims.verdicts(rows, scores).values()
    (asked,) = [c for c in verdict.claims if c.question == WITHOUT]
    assert asked.beaten == [
        "ridge on the raw trace: +0.040 [+0.010, +0.070], ahead in 7 of 8 test sets"
    ]


def test_a_bound_that_decides_is_not_printed_as_nothing():
    claim = found({"ridge": (0.0122, 0.0003, 0.0235), "boosting": (0.011, -1e-4, 0.02)})
    (beaten,), (level,) = claim[WITHOUT].beaten, claim[WITHOUT].level
    assert "+0.0122 [+0.0003, +0.0235]" in beaten
    assert "[−0.0001, " in level


def test_a_rival_of_the_same_predictions_is_said_to_be_and_is_not_the_strongest():
    rows = {"random_labels": (0.0, 0.0, 0.0), "db5": LEVEL}
    claim = found(rows)[FILTER]
    assert "best random filter, by labels: exactly the same predictions" in " ".join(
        claim.level
    )
    assert "The strongest is db5" in claim.sentence
    alone = found({"random_labels": (0.0, 0.0, 0.0)})[FILTER]
    assert "exactly the same predictions" in alone.evidence


def test_where_all_heads_are_on_labels_a_control_answers_both_questions():
    rows = {"db5": GOOD, "untrained": GOOD, "sparsity": GOOD, "ridge": GOOD}
    counts = {question: len(claim.beaten) for question, claim in found(rows).items()}
    assert counts == {WITHOUT: 2, FILTER: 3}


def test_without_a_control_nothing_is_said_of_the_filter():
    assert found({"ridge": GOOD})[FILTER].sentence.startswith("Not asked: no control")


@pytest.mark.parametrize(
    ("bounds", "place"), [(GOOD, "better than"), (LEVEL, "level with"), (BAD, "behind")]
)
def test_the_network_is_beaten_level_or_ahead(bounds, place):
    sentence = found({"lstm": bounds})[NETWORK].sentence
    assert sentence.startswith(f"AWD (output) is {place} LSTM teacher (")


def test_the_student_without_labels_has_a_claim_against_its_network_and_its_like():
    table = pd.concat(
        [
            compared({"lstm": LEVEL, "output@outputs": GOOD}),
            compared(
                {"lstm": BAD, "db5@outputs": GOOD, "ridge": GOOD},
                method="output@outputs",
            ),
        ]
    )
    (verdict,) = claims.verdicts(table, SCORES).values()
    (claim,) = [c for c in verdict.claims if c.question == claims.UNLABELLED]
    assert len(claim.beaten) == len(claim.better) == 1
    assert claim.sentence == (
        "With a head fitted to no label AWD (output) is behind LSTM teacher (−0.100 "
        "[−0.200, −0.050]); of 1 other filters with a head fitted so it beats 1."
    )


def test_the_summary_has_a_line_a_question_with_every_target():
    table = pd.concat(
        [compared({"ridge": GOOD, "lstm": LEVEL}), compared({"ridge": BAD}, target="b")]
    )
    said = {
        question: [(target, claim.answer) for target, claim in answers]
        for question, answers in claims.summary(claims.verdicts(table, SCORES))
    }
    assert said[WITHOUT] == [
        ("mean0", "yes, it beats 1"),
        ("b", "no: it is behind 1"),
    ]
    assert said[NETWORK] == [("mean0", "level with LSTM teacher")]


def test_a_run_says_how_much_it_tried(scores, differences):
    (verdict,) = claims.verdicts(differences, scores).values()
    assert verdict.tried.startswith(
        f"{scores['method'].nunique()} methods were compared"
    )


def test_only_the_rows_over_all_splits_count():
    good, bad = {"db5": GOOD}, {"db5": BAD}
    table = pd.concat([compared(bad, split="0"), compared(good)])
    expected = claims.verdicts(compared(good), SCORES)
    assert claims.verdicts(table, SCORES) == expected


def test_every_target_and_study_gets_its_claims():
    table = pd.concat([compared({"db5": GOOD}), compared({"db5": GOOD}, target="half")])
    assert list(claims.verdicts(table, SCORES)) == ["mean0", "half"]
    table = pd.concat([table, compared({"db5": GOOD}, study="other")])
    assert "mean0 (other)" in claims.verdicts(table, SCORES)


def test_differences_without_a_column_a_value_or_a_role_are_refused():
    table = compared({"db5": GOOD})
    with pytest.raises(DataError, match="no column low"):
        claims.verdicts(table.drop(columns="low"), SCORES)
    with pytest.raises(DataError, match="empty value"):
        claims.verdicts(table.assign(high=float("nan")), SCORES)
    with pytest.raises(DataError, match="no role is known of db5"):
        claims.verdicts(table, SCORES[:1])


@pytest.mark.parametrize(
    ("bounds", "network", "rest"),
    [
        (GOOD, "Better than its network", "better than each of"),
        (LEVEL, "As good as its network, as far as", "not shown to be better than"),
        (BAD, "Not as good as its network", "not as good as some"),
    ],
)
def test_what_was_found_is_said_plainly(bounds, network, rest):
    rows = {"lstm": bounds, "ridge": bounds, "db5": bounds}
    (verdict,) = claims.verdicts(compared(rows), SCORES).values()
    said = outcome.sentence(verdict, "398", "59,590")
    assert said.startswith(network)
    assert "with 398 fitted numbers in place of 59,590" in said
    assert f"It is {rest}" in said
    assert f"Its filter is {rest}" in said


def test_what_was_found_of_rivals_of_all_kinds_is_counted_the_worst_first():
    rows = {"ridge": GOOD, "boosting": LEVEL, "db5@labels": BAD}
    (verdict,) = claims.verdicts(compared(rows), SCORES).values()
    said = outcome.sentence(verdict)
    assert "(behind 1 of 3, level with 1, better than 1)." in said
    assert "Whether its filter matters was not asked." in said


def test_of_a_network_that_learned_nothing_nothing_is_said_to_be_distilled():
    scores = SCORES.assign(study="cells", target="mean0", r2=0.5, r2_low=-0.1)
    (verdict,) = claims.verdicts(compared({"lstm": GOOD}), scores).values()
    assert outcome.sentence(verdict).startswith("Its network learned nothing")
