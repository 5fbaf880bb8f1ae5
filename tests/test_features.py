import time

import numpy as np
import pytest
import pywt
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from awd import features, heads
from awd.errors import ConfigError, DataError, ShapeError
from awd.features import Largest, Student
from awd.filters import statistics, undecimated

pytestmark = pytest.mark.filterwarnings("ignore:Level value")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 40)).cumsum(1)
DB5, DB2 = (np.array(pywt.Wavelet(name).rec_lo) for name in ("db5", "db2"))


def bands(x, wavelet="db5", mode="zero", levels=4):
    return pywt.wavedec(x, wavelet, mode, levels)


@pytest.mark.parametrize("mode", ["zero", "periodization"])
@pytest.mark.parametrize("length", [40, 41])
def test_the_papers_features_are_the_six_largest_of_each_pywt_band(length, mode):
    x = RNG.normal(size=(20, length))
    found = Largest().features(x, DB5, 4, mode)
    expected = [
        [sorted(band, reverse=True)[:6] for band in bands(row, "db5", mode)]
        for row in x
    ]
    expected = [np.concatenate(row) for row in expected]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_thirty_features_for_forty_frames():
    assert Largest(6).features(X, DB5, 4).shape == (200, 30)


def test_a_short_band_gives_all_it_has():
    found = Largest(6, smallest=1).features(X, np.array(DB2), 5)
    expected = [
        np.hstack([np.sort(band)[:, ::-1][:, :6], np.sort(band)[:, :1]])
        for band in bands(X, "db2", levels=5)
    ]
    assert expected[0].shape[1] == 5  # the coarsest band has four coefficients
    np.testing.assert_allclose(found, np.hstack(expected), atol=1e-10)


def test_smallest_positions_and_start_are_added():
    plain = Largest(2, smallest=2).features(X, DB5, 4)
    placed = Largest(2, smallest=2, positions=True).features(X, DB5, 4)
    np.testing.assert_array_equal(placed[:, :20], plain)
    where = placed[:, 20:].astype(int)
    for number, band in enumerate(bands(X)):
        columns = slice(4 * number, 4 * number + 4)
        read = np.take_along_axis(band, where[:, columns], 1)
        np.testing.assert_allclose(read, plain[:, columns], atol=1e-10)
    started = Largest(2, 2, positions=True, start=3).features(X, DB5, 4)
    np.testing.assert_array_equal(started[:, :-1], placed)
    np.testing.assert_allclose(started[:, -1], X[:, :3].mean(1))


def by_hand(band):
    """Every statistic of undecimated coefficients (n, time), in plain numpy."""
    t = np.arange(band.shape[1])
    above, below, size = band.clip(0), (-band).clip(0), np.abs(band)
    centre = size @ t / size.sum(1)
    late = (t - centre[:, None]) ** 2
    thirds = [band[:, 3 * t // len(t) == k].sum(1) / len(t) for k in range(3)]
    return {
        "spread": band.std(1),
        "centre": centre,
        "width": np.sqrt((size * late).sum(1) / size.sum(1)),
        "above": above.mean(1),
        "rise": above @ t / np.maximum(above.sum(1), 1e-300),
        "fall": below @ t / np.maximum(below.sum(1), 1e-300),
        **dict(zip(("first", "middle", "last"), thirds, strict=True)),
    }


def test_statistics_are_those_of_undecimated_bands():
    names = tuple(statistics.STATISTICS)
    x = X - X.mean()
    found = Largest(1, statistics=names).features(x, DB2, 3)[:, 4:]
    every = undecimated.analysis(x, DB2, 3)
    bands = [every["approx"][:, -1], *(every["hh"][:, j] for j in (2, 1, 0))]
    mixed = [((band > 0).any(1) & (band < 0).any(1)) for band in bands]
    told = [by_hand(band) for band in bands]
    for column, name in enumerate(names):
        for b, (own, both) in enumerate(zip(told, mixed, strict=True)):
            read = found[both, 4 * column + b]
            np.testing.assert_allclose(read, own[name][both], atol=1e-9)
    reverse = Largest(1, statistics=names[::-1]).features(x, DB2, 3)[:, 4:]
    np.testing.assert_array_equal(
        reverse.reshape(200, 9, 4)[:, ::-1].ravel(), found.ravel()
    )


def test_statistics_of_nothing_are_finite_and_images_have_none():
    names = tuple(statistics.STATISTICS)
    found = Largest(1, statistics=names).features(np.zeros((2, 40)), DB2, 3)[:, 4:]
    times = [name in ("centre", "rise", "fall") for name in names]
    expected = np.repeat(np.where(times, 19.5, 0), 4)
    np.testing.assert_array_equal(found, np.tile(expected, (2, 1)))
    with pytest.raises(ConfigError, match="no first frames and no time"):
        Largest(1, statistics=names).features(X.reshape(1, 1, 200, 40), DB2, 3)


@pytest.mark.parametrize("names", [("spred",), ("spread", "spread")])
def test_unknown_statistics_are_refused(names):
    with pytest.raises(ConfigError, match="expected each once, of spread, centre"):
        Largest(1, statistics=names)


def test_a_few_columns_are_found_among_many():
    """Three features tell the target; forty do not."""
    features = np.random.default_rng(3).normal(size=(800, 40))
    y = features[:, 3] - 2 * features[:, 20] + np.maximum(features[:, 30], 0)
    other = y + features[:, 8]
    both = np.stack([y, other], 1)
    hinges = heads.Hinges().fit_transform(features)
    model = heads.FewRidge(9).fit(hinges, both)
    assert [np.count_nonzero(row) for row in model.coef_] == [9, 9]
    kept = [{int(column) % 40 for column in np.flatnonzero(c)} for c in model.coef_]
    assert {3, 20, 30} <= kept[0]
    assert {3, 8, 20, 30} <= kept[1]
    alone = heads.FewRidge(9).fit(hinges, y)
    np.testing.assert_allclose(alone.coef_, model.coef_[0])
    every = heads.FewRidge(300).fit(features, y)
    expected = RidgeCV(heads.ALPHAS).fit(features, y)
    np.testing.assert_allclose(every.coef_, expected.coef_, atol=1e-9)
    np.testing.assert_allclose(every.predict(features), expected.predict(features))


def test_a_head_of_few_counts_the_numbers_that_it_keeps(monkeypatch):
    monkeypatch.setattr(heads, "MOST", 9)
    student = Student(Largest(3, 3), "few").fit(X, X.max(1), DB5, 3)
    assert student.head_parameters == 10
    assert np.count_nonzero(student.curves.slopes) == 9


def test_places_stay_lines_where_all_else_bends():
    y = X.max(1)
    recipe = Largest(2, 1, positions=True, start=3, statistics=("spread", "centre"))
    student = Student(recipe, "hinges").fit(X, y, DB5, 3)
    slopes = student.curves.slopes
    bends = student.bends(X, DB5, 3)
    assert bends.sum() == 12 + 1 + 8
    assert (slopes[1:, ~bends] == 0).all()
    assert (slopes[1:, bends] != 0).any(0).all()
    assert student.head_parameters == 3 * bends.sum() + 12 + 1


def test_every_channel_gives_the_features_of_its_own_signal():
    two = np.stack([X, -X], 1)
    found = Largest(4, start=3).features(two, DB5, 3, dims=1)
    each = [Largest(4, start=3).features(x, DB5, 3) for x in (X, -X)]
    np.testing.assert_array_equal(found, np.hstack(each))


def test_a_mirrored_student_reads_the_smallest_for_the_largest():
    up, down = Largest(6).mirrored, Largest(6)
    assert up == Largest(0, smallest=6)
    assert Largest(3, 3, positions=True).mirrored == Largest(3, 3, positions=True)
    np.testing.assert_array_equal(up.features(X, DB5, 4), -down.features(-X, DB5, 4))


@pytest.mark.parametrize("wrong", [{"m": 0}, {"m": -1}, {"m": 3, "start": -1}])
def test_features_that_pick_nothing_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"picks no coefficient|is -1"):
        Largest(**wrong)


@pytest.mark.parametrize("x", [X[0], X[:0], X[:, None, None, None]])
def test_wrong_shapes_are_refused(x):
    with pytest.raises(ShapeError, match=r"signals \(n, \[channel,\] time\) or images"):
        Largest().features(x, DB5, 4)


def test_three_axes_are_signals_or_images_as_said():
    x = RNG.normal(size=(60, 8, 32)).cumsum(-1)
    with pytest.raises(ShapeError, match=r"60 signals of 8 .* 60 images of 8 x 32"):
        Largest().features(x, DB2, 2)
    with pytest.raises(ShapeError, match="say which"):
        Student().fit(x, x[:, 0, 0], DB2, 2)
    signals = Largest().features(x, DB2, 2, dims=1)
    images = Largest().features(x, DB2, 2, dims=2)
    assert (signals.shape, images.shape) == ((60, 8 * 18), (60, 42))
    np.testing.assert_array_equal(images, Largest().features(x[:, None], DB2, 2))
    student = Student().fit(x, x[:, 0, 0], DB2, 2, dims=2)
    np.testing.assert_array_equal(student.predict(x), student.predict(x[:, None]))


def test_a_student_takes_lists_scores_itself_and_refuses_what_is_no_target():
    student = Student(Largest(3), "ridge").fit(X.tolist(), X[:, 7].tolist(), DB2, 3)
    np.testing.assert_array_equal(student.predict(X.tolist()), student.predict(X))
    missed = X[:, 7] - student.predict(X)
    expected = 1 - (missed**2).mean() / X[:, 7].var()
    assert student.score(X, X[:, 7]) == pytest.approx(expected)
    with pytest.raises(ConfigError, match="not fitted"):
        Student().predict(X)
    for y in (X[:, :2], X[:9, 0], ["a"] * 200):
        with pytest.raises(ShapeError, match="^y is"):
            Student().fit(X, y, DB2, 3)


def test_ols_student_is_least_squares_on_the_features():
    y = X.max(1) + RNG.normal(size=200)
    student = Student().fit(X[:150], y[:150], DB5, 4)
    design = np.column_stack([np.ones(200), Largest().features(X, DB5, 4)])
    weights = np.linalg.lstsq(design[:150], y[:150], rcond=None)[0]
    expected = np.clip(design[150:] @ weights, y[:150].min(), y[:150].max())
    np.testing.assert_allclose(student.predict(X[150:]), expected)
    assert student.head_parameters == 31


def test_ridge_student_is_ridge_on_standardised_features():
    y = X.max(1) + RNG.normal(size=200)
    student = Student(Largest(3, 3), "ridge").fit(X[:150], y[:150], DB2, 3)
    design = Largest(3, 3).features(X, DB2, 3)
    scaler = StandardScaler().fit(design[:150])
    model = RidgeCV(heads.ALPHAS).fit(scaler.transform(design[:150]), y[:150])
    expected = model.predict(scaler.transform(design[150:]))
    expected = np.clip(expected, y[:150].min(), y[:150].max())
    np.testing.assert_allclose(student.predict(X[150:]), expected)
    assert student.head_parameters == 25


def test_a_feature_of_rounding_size_cannot_lead_ridge_astray():
    """Nearly constant in training, a thousand of its s.d. away in one other sample."""
    h = np.concatenate([DB2, [3e-4, -3e-4]])
    y = X.max(1) + RNG.normal(size=200)
    quiet = X * np.where(np.arange(40) < 39, 1, 1e-3)
    student = Student(Largest(3, 3), "ridge").fit(quiet[:150], y[:150], h, 4)
    loud = quiet[150:].copy()
    loud[:, -1] = X[150:, -1]
    assert np.abs(student.predict(loud) - student.predict(quiet[150:])).max() < 5


def test_student_recovers_a_target_that_is_linear_in_its_features():
    y = Largest().features(X, DB5, 4) @ RNG.normal(size=30) - 7
    np.testing.assert_allclose(Student().fit(X, y, DB5, 4).predict(X), y)


def test_hinges_recover_curves_that_bend_at_the_tertiles():
    values = Largest(2).features(X, DB2, 3)
    knots = np.quantile(values, heads.KNOTS, axis=0)
    y = values @ RNG.normal(size=8)
    y += np.maximum(values - knots[0], 0) @ RNG.normal(size=8)
    y += np.maximum(values - knots[1], 0) @ RNG.normal(size=8)
    bent = Student(Largest(2), "hinges").fit(X, y, DB2, 3)
    straight = Student(Largest(2), "ridge").fit(X, y, DB2, 3)
    error = [np.std(student.predict(X) - y) for student in (bent, straight)]
    assert error[0] < 1e-2 * y.std() < error[1]
    assert bent.head_parameters == 3 * 8 + 1
    np.testing.assert_allclose(bent.curves.knots, knots)


@pytest.mark.parametrize("head", ["ols", "ridge", "hinges"])
@pytest.mark.parametrize("mode", ["zero", "periodization"])
def test_no_prediction_leaves_the_range_of_what_was_fitted(head, mode):
    y = X.max(1)
    student = Student(Largest(3, 3), head).fit(X, y, DB5, 3, mode)
    wild = student.predict(1e4 * X)
    assert wild.min() == y.min()
    assert wild.max() == y.max()


def test_unknown_heads_are_refused():
    with pytest.raises(
        ConfigError, match=r"head is 'lasso'; expected one of ols, ridge, hinges"
    ):
        Student(head="lasso").fit(X, X[:, 0], DB5, 4)


@pytest.mark.slow
def test_picking_from_a_hundred_thousand_signals_takes_a_fraction_of_a_second():
    x = RNG.normal(size=(100_000, 40))
    Largest().features(x[:10], DB5, 4)  # compiled
    start = time.process_time()
    Largest().features(x, DB5, 4)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("head", ["ols", "ridge", "hinges", "few"])
@pytest.mark.parametrize("positions", [False, True])
def test_contributions_sum_to_the_prediction(head, positions, monkeypatch):
    monkeypatch.setattr(heads, "MOST", 20)
    y = RNG.normal(size=200)
    recipe = Largest(3, 3, positions, start=3, statistics=("spread",) * positions)
    student = Student(recipe, head).fit(X, y, DB2, 4)
    student.range_ = -np.inf, np.inf
    for background in (None, X):
        table = features.contributions(student, X[:7], background)
        total = table.groupby("sample")["contribution"].sum()
        np.testing.assert_allclose(total, student.predict(X[:7]), rtol=0, atol=1e-9)


def test_contributions_of_the_training_samples_are_about_their_means():
    student = Student(Largest(3), "ols").fit(X, X[:, 7], DB2, 3)
    table = features.contributions(student, X)
    part = table[table["kind"] == "largest"]
    assert abs(part.groupby("sample")["contribution"].sum().mean()) < 1e-9
    intercept = table.loc[table["kind"] == "intercept", "contribution"]
    np.testing.assert_allclose(intercept, X[:, 7].mean())


def test_contributions_name_the_coefficients_they_were_picked_from():
    student = Student(Largest(2, 1, positions=True)).fit(X, X[:, 7], DB2, 3)
    table = features.contributions(student, X[:4])
    coefficients = bands(X[:4], "db2", levels=3)
    picked = table[table["kind"].isin(["largest", "smallest"])]
    assert len(picked) == 4 * 4 * 3
    for row in picked.itertuples():
        found = coefficients[row.band][row.sample, row.index]
        assert row.value == pytest.approx(found, abs=1e-9)
    places = table[table["kind"] == "position"]
    np.testing.assert_array_equal(places["value"], places["index"])


def test_contributions_of_channels_sum_too():
    x = X.reshape(100, 2, 40)
    student = Student(Largest(3, 1, True, 3), "ridge")
    student.fit(x, x[:, 0, 3], DB5, 3, dims=1)
    total = features.contributions(student, x).groupby("sample")["contribution"].sum()
    np.testing.assert_allclose(total, student.predict(x), atol=1e-9)


@pytest.mark.parametrize("head", ["ols", "ridge", "hinges", "few"])
@pytest.mark.parametrize(
    "recipe",
    [
        Largest(6),
        Largest(3, 3, statistics=("spread", "centre")),
        Largest(2, 1, positions=True, start=3),
        Largest(2, 1, positions=True, start=3, statistics=("spread", "centre")),
    ],
)
@pytest.mark.parametrize("shape", [(200, 40), (50, 2, 40), (3, 40)])
def test_compiled_predictions_are_those_of_the_head(shape, recipe, head, monkeypatch):
    monkeypatch.setattr(heads, "MOST", 20)
    x = RNG.normal(size=(200, *shape[1:])).cumsum(-1)
    y = x.reshape(200, -1).max(1)
    student = Student(recipe, head).fit(x, y, DB5, 4, dims=1)
    new = RNG.normal(size=shape).cumsum(-1)
    features = recipe.features(new, DB5, 4, dims=1)
    free = student.head_.predict(features)
    curves = student.curves
    added = curves(features).sum(1) + curves.intercept
    np.testing.assert_allclose(added, free, atol=1e-8)
    expected = np.clip(free, y.min(), y.max())
    np.testing.assert_allclose(student.predict(new), expected, atol=1e-8)
    rounded = np.abs(student.predict(new.astype("f4")) - expected)
    assert np.sort(rounded)[-2] < 1e-2  # of two that are level the other may be picked
    with pytest.raises(ShapeError, match="fitted to others"):
        student.predict(np.ones((5, 3, 40)))
    new[1, ..., 7] = np.nan
    with pytest.raises(DataError, match="first in sample 1"):
        student.predict(new)
