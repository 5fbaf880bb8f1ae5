"""What is said of a network that is handed over."""

import pandas as pd

from awd.report import claims
from awd.report.worth import OTHER_TASK, claims_of

ROW = {
    "target": "burst",
    "shift": "none",
    "labels": 300,
    "fewest": 10,
    "most": 300,
    "r2": 0.8311,
    "network_r2": 0.8432,
    "rival": "hand_ridge",
    "rival_labels": 300,
    "rival_difference": 0.0431,
    "rival_low": 0.0319,
    "rival_high": 0.0561,
    "control_difference": 0.0294,
    "control_low": 0.0211,
    "control_high": 0.0412,
}


def sentences(*rows):
    return [claim.sentence for claim in claims_of(pd.DataFrame(rows))]


def test_a_network_that_beats_all_labels_and_its_control():
    assert sentences(ROW) == [
        "At the network's own microscope, without one of your labels the student (R² "
        "0.831; network 0.843) predicts better than every model fitted to up to 300 of "
        "them, the most that were tried; against the best of these, ridge on hand "
        "features with 300 labels: +0.043 [+0.032, +0.056]. It is ahead of the same "
        "head on the filter of an untrained network: +0.029 [+0.021, +0.041]. "
        + OTHER_TASK
    ]


def test_what_is_not_so_is_said():
    row = ROW | {"labels": 0, "rival_labels": 10, "shift": "noise"}
    row |= {"rival_difference": -0.02, "rival_low": -0.04, "rival_high": 0.01}
    row |= {"control_low": -0.01, "control_difference": 0.002}
    first, second = sentences(ROW, row | {"target": "other"})
    assert first.startswith("burst: At the network's own microscope, without")
    assert second.startswith("other: With three times the noise, without labels the")
    assert "does not beat every model fitted to 10 labels of your own" in second
    assert "ridge on hand features with 10 labels: −0.020 [−0.040, +0.010]." in second
    assert "not ahead of the same head on the filter of an untrained network" in second
    assert "the worth is in" not in second
    (level,) = sentences(ROW | {"control_low": -0.01})
    assert "the worth is in what the network answers, not in the filter." in level
    assert "most that were tried" not in sentences(ROW | {"most": 1000})[0]


def test_the_first_lines_say_what_the_network_is_worth():
    cases = claims_of(pd.DataFrame([ROW, ROW | {"shift": "noise", "labels": 0}]))
    ((question, answers),) = claims.summary({"burst": claims.Verdict(cases)})
    assert question == claims.WORTH
    ((target, claim),) = answers  # of the network's own microscope
    assert (target, claim.answer) == ("burst", "more than 300 labels")
    assert "R² is 0.831" in claim.evidence
    assert claim.evidence.endswith("ridge on hand features: +0.043 [+0.032, +0.056]")
    assert cases[1].answer == "no more than 10 labels"
