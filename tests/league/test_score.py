"""Scores of test sets against plain numpy: means, spread, pairs, refusals."""

import numpy as np
import pytest
import xarray as xr

from awd.errors import DataError
from awd.league import bootstrap, score
from awd.league.predict import COLUMNS

METHODS = {"ours": "distilled", "db5": "wavelet"}
SETS = [(split, seed) for split in "01" for seed in "ab"]


def made(split, seed, methods=METHODS, noise=(0.3, 0.6)):
    """120 samples of 8 groups; every method is the truth and its own noise."""
    rng = np.random.default_rng([ord(split), ord(seed)])
    y = np.random.default_rng(ord(split)).normal(size=120)
    predictions = [y + s * rng.normal(size=120) for s, _ in zip(noise, methods)]  # noqa: B905
    ds = xr.Dataset(
        {
            "prediction": (("method", "sample"), np.stack(predictions)),
            "target": ("sample", y),
            "group": ("sample", np.repeat([f"g{split}{k}" for k in range(8)], 15)),
            "block": ("sample", np.repeat([f"b{k}" for k in range(12)], 10)),
            "row": ("sample", np.arange(120)),
        },
        coords={"method": list(methods)},
        attrs={"study": "cells", "target_name": "half", "split": split, "seed": seed},
    )
    for column in COLUMNS[1:]:
        ds[column] = "method", np.ones(len(methods))
    return ds.assign(role=("method", list(methods.values())))


@pytest.fixture(scope="module")
def tables():
    sets = [made(*names) for names in SETS]
    return score.score(sets, draws=300, seed=0)


def test_the_row_of_all_is_the_mean_over_test_sets(tables):
    scores = tables[0]
    each, whole = (scores[(scores["split"] == "all") == all_] for all_ in (False, True))
    assert len(each) == 8
    expected = each.groupby("method")["r2"].mean()
    np.testing.assert_allclose(whole.set_index("method")["r2"], expected[[*METHODS]])
    assert whole["n_test"].tolist() == [480, 480]


def test_spread_is_of_means_over_the_other(tables):
    scores = tables[0]
    ours = scores[(scores["method"] == "ours") & (scores["split"] != "all")]
    whole = scores[(scores["method"] == "ours") & (scores["split"] == "all")]
    for name in ("split", "seed"):
        expected = ours.groupby(name)["r2"].mean().std()
        assert whole[f"r2_sd_{name}s"].item() == pytest.approx(expected)


def test_distilled_methods_are_paired_with_all_others(tables):
    (pair,) = tables[1].to_dict("records")
    assert (pair["method"], pair["reference"]) == ("ours", "db5")
    assert (pair["above"], pair["test_sets"]) == (4, 4)
    assert 0 < pair["low"] < pair["r2_difference"] < pair["high"]


def test_groups_are_scored_one_by_one(tables):
    groups = tables[2]
    ds = made("0", "a")
    inside = ds["group"].values == "g03"
    row = groups[(groups["group"] == "g03") & (groups["method"] == "db5")].iloc[0]
    expected = bootstrap.r2(
        ds["target"].values[inside], ds["prediction"].values[1, inside]
    )
    assert row["r2"] == pytest.approx(expected)


def test_baselines_of_a_split_join_all_of_its_seeds():
    plain = [made(split, "a", {"mean": "baseline"}) for split in "01"]
    joined = score.join([made(*names) for names in SETS], plain)
    assert [ds["method"].values.tolist() for ds in joined] == [[*METHODS, "mean"]] * 4
    assert [ds.attrs["seed"] for ds in joined] == [seed for _, seed in SETS]


def test_absent_baselines_and_other_samples_are_refused():
    plain = made("0", "a", {"mean": "baseline"})
    with pytest.raises(DataError, match="no baselines for the samples of cells half 1"):
        score.join([made("1", "a")], [plain])
    with pytest.raises(DataError, match="cells half 0"):
        score.join([made("0", "a")], [plain.assign(row=plain["row"] + 1)])


def test_of_a_class_the_area_under_the_curve_is_told():
    one = made("0", "a")
    y = np.arange(120) % 2.0
    told = np.stack([2 * y + 0.1, -y])
    one = one.assign(target=("sample", y), prediction=(("method", "sample"), told))
    assert score.score([one], 20, 0)[0]["auc"].tolist()[:2] == [1, 0]
    assert np.isnan(score.score([made("0", "a")], 20, 0)[0]["auc"]).all()
