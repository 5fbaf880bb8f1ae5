"""How many labels a network is worth: files of predictions, scored and compared."""

import numpy as np
import pytest
import xarray as xr

from awd.errors import DataError
from awd.league import bootstrap, handed
from awd.record import contracts

STUDENT, CONTROL = handed.STUDENT, handed.CONTROL
NOISE = {"lstm": 0.3, STUDENT: 0.4, CONTROL: 0.6}  # s.d. of errors without labels
ROLES = {"lstm": "teacher", STUDENT: "distilled", CONTROL: "control"}


def make_file(split=0, labels=(10, 30, 100), shift="none", draws=2, scale=8.0):
    """Two cells of four tiles; a ridge whose errors fall with its labels."""
    rng = np.random.default_rng([split, len(shift)])
    group = np.repeat([f"cell{2 * split}", f"cell{2 * split + 1}"], 200)
    block = np.char.add(group, np.tile(list("abcd"), 100))
    y = rng.normal(size=400)
    rows = [(name, ROLES[name], 0, 0, sd) for name, sd in NOISE.items()]
    rows += [
        ("ridge", "baseline", n, draw, scale / np.sqrt(n))
        for draw in range(draws)
        for n in labels
    ]
    method, role, number, draw, sd = zip(*rows, strict=True)
    errors = np.array(sd)[:, None] * rng.normal(size=(len(rows), 400))
    described = {"units": "s.d.", "long_name": "burst"}
    return xr.Dataset(
        {
            "prediction": (("entry", "sample"), y + errors, described),
            "method": ("entry", list(method)),
            "role": ("entry", list(role)),
            "labels": ("entry", list(number)),
            "draw": ("entry", list(draw)),
            "target": ("sample", y, described),
            "group": ("sample", group),
            "block": ("sample", block),
            "row": ("sample", np.arange(400)),
            "half": ("sample", np.repeat([0, 1], 200)),
        },
        attrs={
            **{"study": "cells", "target_name": "burst", "seed": "0"},
            **{"split": str(split), "shift": shift},
        },
    )


def test_the_files_keep_the_contract():
    contracts.HANDED.check(make_file(), "f.nc")


def test_scores_are_means_over_splits_halves_and_draws():
    files = [make_file(split) for split in range(3)]
    scores, differences, _ = handed.score(files, draws=200, seed=0)
    expected = [
        bootstrap.r2(
            file["target"].values[half], file["prediction"].values[entry][half]
        )
        for file in files
        for half in (slice(0, 200), slice(200, 400))
        for entry in np.flatnonzero(file["labels"].values == 30)
    ]
    ridge = scores[(scores["method"] == "ridge") & (scores["labels"] == 30)]
    assert ridge["r2"].item() == pytest.approx(np.mean(expected))
    assert (scores["test_sets"] == 3 * 2 * 2).all()
    assert (differences["test_sets"] == 12).all()
    r2 = scores.set_index(["method", "labels"])["r2"]
    for row in differences.itertuples():
        gap = r2[STUDENT, 0] - r2[row.reference, row.labels]
        assert row.r2_difference == pytest.approx(gap)


def test_a_network_is_worth_the_labels_up_to_which_all_is_beaten():
    tables = handed.score([make_file(k) for k in range(4)], draws=300, seed=0)
    row = tables[2].iloc[0]  # the ridge errs by 2.5, 1.5 and 0.8 s.d., we by 0.4
    assert (row["labels"], row["most"], row["fewest"]) == (100, 100, 10)
    assert (row["rival"], row["rival_labels"]) == ("ridge", 100)
    assert 0 < row["rival_low"] <= row["rival_difference"] <= row["rival_high"]
    assert row["control_low"] > 0
    assert row["network_r2"] > row["r2"]


@pytest.mark.parametrize(("scale", "labels"), [(0.5, 0), (3.0, 30)])
def test_a_network_is_worth_less_where_labels_do_as_well(scale, labels):
    files = [make_file(k, scale=scale) for k in range(4)]
    worth = handed.score(files, draws=300, seed=0)[2].iloc[0]
    assert worth["labels"] == labels
    assert worth["rival_labels"] == max(labels, 10)


def test_targets_and_shifts_are_cases_of_their_own_with_numbers_all_files_have():
    files = [make_file(0), make_file(1, labels=(10, 30)), make_file(0, shift="noise")]
    scores, _, worth = handed.score(files, draws=100, seed=0)
    assert worth["shift"].tolist() == ["none", "noise"]
    numbers = scores.groupby("shift")["labels"].max()
    assert numbers.to_dict() == {"none": 30, "noise": 100}


def test_files_without_a_student_are_refused():
    file = make_file()
    lacking = file.isel(entry=file["method"].values != STUDENT)
    with pytest.raises(DataError, match="without labels, output@outputs; hand the"):
        handed.score([file, lacking], draws=100, seed=0)
