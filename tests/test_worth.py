"""What is said of a network that is handed over."""

import pandas as pd

from awd.report import claims
from awd.report.worth import in_few_words, sentences

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


def test_a_network_that_beats_all_labels_and_its_control():
    assert sentences(pd.DataFrame([ROW])) == [
        "At the network's own microscope, without one of your labels the student (R² "
        "0.831; network 0.843) predicts better than every model fitted to up to 300 of "
        "them, the most that were tried; the best of these, ridge on hand features "
        "with 300 labels, is behind by 0.043 [0.032, 0.056]. It is ahead of its "
        "untrained control by 0.029 [0.021, 0.041]."
    ]


def test_what_is_not_so_is_said():
    row = ROW | {"labels": 0, "rival_labels": 10, "shift": "noise"}
    row |= {"rival_difference": -0.02, "rival_low": -0.04, "rival_high": 0.01}
    row |= {"control_low": -0.01, "control_difference": 0.002}
    first, second = sentences(pd.DataFrame([ROW, row | {"target": "other"}]))
    assert first.startswith("burst: At the network's own microscope, without")
    assert second.startswith("other: With three times the noise, without labels the")
    assert "does not beat every model fitted to 10 labels of your own" in second
    assert "ridge on hand features with 10 labels: -0.020 [-0.040, 0.010]." in second
    assert second.endswith("ahead of its untrained control (0.002 [-0.010, 0.041]).")
    level = sentences(pd.DataFrame([ROW | {"control_low": -0.01}]))[0]
    assert level.endswith(
        "the worth is in what the network answers, not in the filter."
    )
    assert (
        "most that were tried" not in sentences(pd.DataFrame([ROW | {"most": 1000}]))[0]
    )


def test_the_first_lines_say_what_the_network_is_worth():
    cases = pd.DataFrame([ROW, ROW | {"shift": "noise", "labels": 0}])
    found = claims.of_worth(sentences(cases), in_few_words(cases))
    verdict = {"burst": claims.Verdict(found)}
    ((question, answers),) = claims.summary(verdict)
    assert question.startswith("What is the network worth")
    assert answers == [("burst", "more than 300 labels")]
    assert in_few_words(cases[1:]) == "no more than 10 labels"
