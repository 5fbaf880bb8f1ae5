import time

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import r2_score, root_mean_squared_error

from awd.errors import DataError, ShapeError
from awd.league import bootstrap

RNG = np.random.default_rng(0)
N = 300
UNITS = np.array([f"tile{i:02d}" for i in RNG.integers(0, 12, size=N)])
Y = RNG.normal(size=N) + 100
PREDICTIONS = {
    "good": Y + RNG.normal(size=N) * 0.5,
    "fair": Y + RNG.normal(size=N) * 0.8,
    "mean": np.full(N, Y.mean()),
}


def test_r2_and_rmse_equal_scikit_learn():
    p = PREDICTIONS["good"]
    assert bootstrap.r2(Y, p) == pytest.approx(r2_score(Y, p), abs=1e-12)
    assert bootstrap.rmse(Y, p) == pytest.approx(root_mean_squared_error(Y, p))
    assert np.isnan(bootstrap.r2(np.full(3, 0.1), np.zeros(3)))


def test_score_gives_the_plain_figures_between_their_bounds():
    table = bootstrap.score(Y, PREDICTIONS, UNITS, draws=500)
    assert list(table.method) == ["good", "fair", "mean"]
    for row, prediction in zip(table.itertuples(), PREDICTIONS.values(), strict=True):
        assert row.r2 == pytest.approx(bootstrap.r2(Y, prediction), abs=1e-10)
        assert row.rmse == pytest.approx(bootstrap.rmse(Y, prediction))
        assert row.r2_low <= row.r2 + 1e-12
        assert row.r2_high >= row.r2 - 0.02  # the mean's R2 is at most 0 in any draw
        assert row.rmse_low < row.rmse < row.rmse_high


def test_intervals_equal_a_plain_loop_over_the_same_draws():
    draws = 200
    names, counts = bootstrap.resample(UNITS, draws, np.random.default_rng(4))
    scores = {"r2": [], "rmse": [], "difference": []}
    for count in counts:
        rows = np.concatenate(
            [np.flatnonzero(u == UNITS) for u in np.repeat(names, count)]
        )
        good, fair = (PREDICTIONS[name][rows] for name in ("good", "fair"))
        scores["r2"].append(r2_score(Y[rows], good))
        scores["rmse"].append(root_mean_squared_error(Y[rows], good))
        scores["difference"].append(scores["r2"][-1] - r2_score(Y[rows], fair))
    options = {"draws": draws, "seed": 4}
    table = bootstrap.score(Y, PREDICTIONS, UNITS, **options).iloc[0]
    pair = bootstrap.differences(
        Y, PREDICTIONS, UNITS, [("good", "fair")], **options
    ).iloc[0]
    found = {
        "r2": (table.r2_low, table.r2_high),
        "rmse": (table.rmse_low, table.rmse_high),
        "difference": (pair.low, pair.high),
    }
    for name, drawn in scores.items():
        np.testing.assert_allclose(found[name], np.percentile(drawn, [2.5, 97.5]))


def test_interval_agrees_with_scipys_bootstrap_when_units_are_samples():
    p = PREDICTIONS["good"]
    expected = scipy.stats.bootstrap(
        (Y, p),
        bootstrap.r2,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    found = bootstrap.score(Y, {"p": p}, np.arange(N)).iloc[0]
    np.testing.assert_allclose([found.r2_low, found.r2_high], expected, atol=0.006)


def test_resample_draws_one_unit_less_than_there_are():
    names, counts = bootstrap.resample(UNITS, 1000, np.random.default_rng(0))
    np.testing.assert_array_equal(names, np.unique(UNITS))
    assert (counts.sum(1) == len(names) - 1).all()
    # Multinomial of n - 1 draws.
    share = 1 / len(names)
    np.testing.assert_allclose(counts.mean(0), 1 - share, atol=0.15)
    np.testing.assert_allclose(counts.var(), (1 - share) ** 2, atol=0.03)


def test_the_spread_of_a_mean_over_few_units_is_unbiased():
    """Four units: n of n draws would be a seventh too narrow."""
    rng, units = np.random.default_rng(1), np.arange(4)
    ratios = []
    for _ in range(300):
        values = rng.normal(size=4)
        counts = bootstrap.resample(units, 400, rng)[1]
        ratios.append((counts @ values / 3).var())
    assert np.mean(ratios) == pytest.approx(1 / 4, rel=0.1)


def test_correlated_samples_widen_the_interval():
    shift = dict(zip(np.unique(UNITS), RNG.normal(size=12), strict=True))
    p = {"p": Y + np.array([shift[u] for u in UNITS])}
    by_unit, by_sample = (
        bootstrap.score(Y, p, units, draws=2000).iloc[0]
        for units in (UNITS, np.arange(N))
    )
    assert np.ptp(by_unit[["r2_low", "r2_high"]]) > 2 * np.ptp(
        by_sample[["r2_low", "r2_high"]]
    )


def test_several_splits_are_scored_apart_and_averaged():
    splits = np.where(UNITS < "tile06", 0, 1)
    table = bootstrap.score(Y, PREDICTIONS, UNITS, splits, draws=200)
    expected = [
        np.mean([r2_score(Y[splits == s], p[splits == s]) for s in (0, 1)])
        for p in PREDICTIONS.values()
    ]
    np.testing.assert_allclose(table.r2, expected, atol=1e-10)
    pairs = [("good", "fair"), ("mean", "good")]
    table = bootstrap.differences(Y, PREDICTIONS, UNITS, pairs, splits, draws=200)
    np.testing.assert_allclose(
        table.difference, [expected[0] - expected[1], expected[2] - expected[0]]
    )
    assert list(table.above) == [2, 0]
    assert list(table.splits) == [2, 2]
    assert (table.low < table.difference).all()
    assert (table.difference < table.high).all()


def test_the_same_test_set_twice_does_not_count_as_more_evidence():
    """Two teacher seeds on one rotation: the interval stays, it does not shrink."""
    once = bootstrap.score(Y, PREDICTIONS, UNITS, draws=500)
    splits = np.repeat(["seed0", "seed1"], N)
    twice = bootstrap.score(
        np.tile(Y, 2),
        {name: np.tile(p, 2) for name, p in PREDICTIONS.items()},
        np.tile(UNITS, 2),
        splits,
        draws=500,
    )
    for column in once.columns[1:]:
        np.testing.assert_allclose(once[column], twice[column])


def test_result_follows_the_seed():
    first, again, other = (
        bootstrap.score(Y, PREDICTIONS, UNITS, draws=100, seed=s) for s in (0, 0, 1)
    )
    assert first.equals(again)
    assert not first.equals(other)


def test_far_from_zero_no_digits_are_lost():
    near = bootstrap.score(Y - 100, {"p": PREDICTIONS["good"] - 100}, UNITS, draws=50)
    far = bootstrap.score(Y + 1e6, {"p": PREDICTIONS["good"] + 1e6}, UNITS, draws=50)
    np.testing.assert_allclose(
        near.iloc[0, 1:].tolist(), far.iloc[0, 1:].tolist(), 1e-6
    )


def test_groups_are_resampled_only_where_there_are_enough():
    blocks = np.arange(16)
    name, units = bootstrap.resampling_unit(np.arange(16) % 8, blocks)
    assert (name, len(np.unique(units))) == ("group", 8)
    name, units = bootstrap.resampling_unit(np.arange(16) % 7, blocks)
    assert name == "block"
    np.testing.assert_array_equal(units, blocks)


def test_by_group_gives_every_groups_own_figures():
    table = bootstrap.by_group(Y, PREDICTIONS, UNITS)
    assert len(table) == 3 * 12
    row = table[(table.method == "fair") & (table.group == "tile03")].iloc[0]
    inside = UNITS == "tile03"
    assert row.samples == inside.sum()
    assert row.r2 == pytest.approx(r2_score(Y[inside], PREDICTIONS["fair"][inside]))


def test_compression_pools_over_bands_and_needs_both_to_be_large():
    coefficients = [np.array([[1.0, 1e-4], [2e-3, -5.0]]), np.array([[1.0], [0.0]])]
    attributions = [np.array([[-1.0, 1.0], [1e-3, -2e-3]]), np.array([[0.0], [1.0]])]
    assert bootstrap.compression(coefficients, attributions) == 2 / 6
    assert bootstrap.compression(coefficients, attributions, 0.1) == 1 / 6
    with pytest.raises(ShapeError, match=r"the same filter, levels and mode"):
        bootstrap.compression(coefficients, attributions[:1])


def test_inference_time_is_the_median_call():
    pauses = iter([0.0, 0.01, 0.03, 0.02])
    seconds = bootstrap.inference_seconds(lambda x: time.sleep(next(pauses)), Y, 3)
    assert 0.02 <= seconds < 0.03


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"units": UNITS[:-1]}, ShapeError, r"units has shape \(299,\)"),
        ({"predictions": {"p": Y[:, None]}}, ShapeError, r"p is \(300, 1\)"),
        (
            {"predictions": {"p": Y * np.nan}},
            DataError,
            "predictions..p...0. is nan.*300 of 300",
        ),
        ({"predictions": {}}, DataError, "no predictions"),
        (
            {"y": np.where(Y > 101, np.inf, Y)},
            DataError,
            "y.2. is inf; expected finite",
        ),
        ({"y": np.full(N, 0.1)}, DataError, "test set 0 has a constant target"),
        (
            {"units": np.full(N, "a")},
            DataError,
            "at least 2 units.*got 1: a; use blocks",
        ),
    ],
)
def test_unusable_tables_are_refused(change, error, message):
    arguments = {"y": Y, "predictions": PREDICTIONS, "units": UNITS} | change
    with pytest.raises(error, match=message):
        bootstrap.score(**arguments, draws=10)


def test_pairs_without_predictions_are_refused():
    with pytest.raises(
        DataError, match=r"good - best; there is \['good', 'fair', 'mean"
    ):
        bootstrap.differences(Y, PREDICTIONS, UNITS, [("good", "best")], draws=10)


@pytest.mark.slow
def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Population R2 .5, samples correlated in 30 units: 95 % intervals cover 88-98 %.

    Percentile intervals of few units are known to be a little too narrow.
    """
    rng = np.random.default_rng(5)
    units = np.repeat(np.arange(30), 20)
    covered = []
    for _ in range(300):
        shared, own = rng.normal(size=(2, 30)), rng.normal(size=(2, 600))
        signal, noise = shared[:, units] * np.sqrt(0.3) + own * np.sqrt(0.7)
        row = bootstrap.score(signal + noise, {"p": signal}, units, draws=500).iloc[0]
        covered.append(row.r2_low <= 0.5 <= row.r2_high)
    assert 0.88 < np.mean(covered) < 0.98


@pytest.mark.slow
def test_ten_thousand_draws_of_25_methods_take_about_a_second():
    y = RNG.normal(size=1200)
    predictions = {f"m{i}": y + RNG.normal(size=1200) for i in range(25)}
    start = time.process_time()
    bootstrap.score(y, predictions, np.arange(1200))
    assert time.process_time() - start < 4
