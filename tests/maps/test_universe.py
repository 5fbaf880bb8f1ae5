"""The simulated universe as a whole: is it real, and what is read of it?"""

import numpy as np
import pytest

from awd.config.maps import Method
from awd.league import bootstrap
from awd.league.names import METHODS, name_of
from awd.maps.figures.sky import ASKED
from awd.maps.infer import predict as inferring
from awd.maps.infer import score
from awd.maps.infer.score import score_table
from awd.maps.measure import statistics
from awd.maps.sky import realism, universe
from awd.maps.sky.cosmology import Cosmology


@pytest.fixture(scope="module")
def sky():
    """Maps of Omega_m 0.3 from four initial conditions, as the default makes them."""
    return np.concatenate([universe.simulate(0.3, 0.8, 24, k) for k in range(4)])


def test_power_is_that_of_halofit_where_the_mesh_resolves_it(sky):
    table = realism.of(sky, 1.640625)
    power = table[(table["quantity"] == "c_ell") & table["at"].between(250, 750)]
    theory = Cosmology(0.3, 0.8).convergence_power(power["at"], 1.0)
    ratio = power["value"] / theory
    assert len(ratio) == 3
    assert ratio.between(*ASKED["c_ell"]).all(), ratio


def test_skewness_and_peaks_are_those_of_large_simulations(sky):
    table = realism.of(sky, 1.640625).set_index(["quantity", "at"])["value"]
    assert ASKED["s3"][0] < table["s3", 2.0] < ASKED["s3"][1]
    assert ASKED["peaks"][0] < table["peaks", 0.0] < ASKED["peaks"][1]


def test_skewness_falls_with_the_matter_density():
    low, high = (
        realism.skewness(universe.simulate(omega, 0.8, 24, 7, particles=64), 1.2)
        for omega in (0.2, 0.4)
    )
    assert low > 1.3 * high


def test_every_method_of_the_settings_is_there():
    assert set(statistics.METHODS) == set(Method.__args__)
    assert all(name in METHODS or name in ("db2", "db5") for name in statistics.METHODS)


@pytest.mark.parametrize("name", statistics.METHODS)
def test_features_are_the_same_in_pieces_and_follow_the_maps(small, name, monkeypatch):
    statistic = statistics.METHODS[name](small.attrs["pixel_arcmin"])
    whole = statistics.measure(statistics.fitted(statistic, small), small)
    assert whole.dtype == np.float32
    assert len(whole) == small.sizes["sample"]
    monkeypatch.setattr(statistics, "PIECE", 7)
    np.testing.assert_array_equal(
        statistics.measure(statistics.fitted(statistic, small), small), whole
    )
    assert np.isfinite(whole).all()


@pytest.fixture(scope="module")
def inferred(small):
    out = []
    for name in ("height", "spectrum"):
        features = statistics.measure(
            statistics.fitted(statistics.METHODS[name](6.5625), small), small
        )
        one = inferring.predict(features, small, [(0.18, 0.42), (0.6, 1.0)])
        out.append(one.assign_attrs(statistic=name, features=features.shape[1]))
    return out


def test_every_head_predicts_the_test_maps_and_no_others(small, inferred):
    for one in inferred:
        assert one["head"].values.tolist() == list(inferring.HEADS)
        tested = np.flatnonzero(small["split"].values == "test")
        np.testing.assert_array_equal(one["row"], tested)
        assert np.isfinite(one["prediction"]).all()


def test_labels_of_test_maps_change_no_prediction(small, inferred):
    wrong = small.copy(deep=True)
    test = wrong["split"].values == "test"
    wrong["target"].values[test] = 0.33
    features = statistics.measure(
        statistics.fitted(statistics.METHODS["height"](6.5625), small), small
    )
    box = [(0.18, 0.42), (0.6, 1.0)]
    again = inferring.predict(features, wrong, box)
    np.testing.assert_array_equal(again["prediction"], inferred[0]["prediction"])


def test_unseen_predictions_use_no_map_of_their_cosmology(small, inferred):
    """Change the training maps of one cosmology: its own predictions stay."""
    features = statistics.measure(
        statistics.fitted(statistics.METHODS["height"](6.5625), small), small
    )
    other = features.copy()
    own = small["cosmology"].values == "c2"
    other[own & (small["split"].values == "train")] += 1
    again = inferring.predict(other, small, [(0.18, 0.42), (0.6, 1.0)])
    before, after = (
        one["prediction"].sel(head="unseen").values for one in (inferred[0], again)
    )
    tested = inferred[0]["cosmology"].values == "c2"
    np.testing.assert_array_equal(before[tested], after[tested])
    assert not np.array_equal(before[~tested], after[~tested])


def test_scores_are_rmse_with_two_intervals(inferred):
    table = score.score(inferred, 200, 0)
    assert len(table) == 2 * len(inferring.HEADS)
    row = table[(table["method"] == "spectrum") & (table["head"] == "ridge")].iloc[0]
    one = inferred[1]
    truth, found = (v.isel(name=0).values for v in (one["target"], one["prediction"]))
    expected = bootstrap.rmse(truth, found[inferring.HEADS.index("ridge")])
    assert row["rmse"] == pytest.approx(expected)
    assert row["low"] < row["rmse"] < row["high"]
    assert row["map_low"] < row["rmse"] < row["map_high"]
    # Maps of a cosmology are not independent.
    wide = (table["high"] - table["low"]) / (table["map_high"] - table["map_low"])
    assert wide.median() > 1
    assert table["coverage_68"].notna().sum() == 4


def test_differences_are_paired_and_head_by_head(inferred):
    scores = score.score(inferred, 200, 0).set_index(["method", "head"])["rmse"]
    table = score.differences(inferred, 200, 0)
    assert len(table) == len(inferring.HEADS)
    for row in table.itertuples():
        gap = scores["height", row.head] - scores["spectrum", row.head]
        assert row.rmse_difference == pytest.approx(gap)
        assert row.low <= row.rmse_difference <= row.high


def test_the_table_puts_the_best_emulator_first(inferred):
    scores = score.score(inferred, 200, 0)
    table = score_table(scores)
    best = scores[scores["head"] == "emulator"].sort_values("rmse")["method"].iloc[0]
    assert table["statistic"].iloc[0] == name_of(best)
    assert table["features"].tolist() != []


def test_realism_compares_with_theory_and_another_map(small, tmp_path):
    from astropy.io import fits

    table = realism.measure(small, 1.0)
    powers = table[table["quantity"] == "c_ell"]
    assert powers["theory"].notna().all()
    assert table["cosmology"].nunique() == 6
    fits.PrimaryHDU(small["x"].values[0]).writeto(tmp_path / "one.fits")
    other = realism.compare(str(tmp_path / "one.fits"), 6.5625, 6.5625)
    assert set(other["quantity"]) == {"c_ell", "s3", "peaks"}
