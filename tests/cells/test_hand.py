import numpy as np
import pytest
import scipy.stats

from awd.cells.study import hand

# A hump with a notch: 12 frames, so that thirds are 4 frames and halves 6.
TRACE = np.array([1.0, 2, 3, 5, 8, 12, 9, 13, 10, 6, 4, 1])
EXPECTED = {
    "lifetime": 12,
    "maximum": 13,
    "mean": 74 / 12,
    "start": 2,
    "end": 11 / 3,
    "peak_time": 7 / 11,
    "rise": 4,
    "fall": 4,
    "high": 5,
    "peaks": 1,
    "slope_start": 1.3,
    "slope_end": -2.9,
    "half": 43 / 6 - 31 / 6,
    "roughness": 3,
}


@pytest.mark.parametrize(("name", "value"), EXPECTED.items())
def test_features_are_what_their_names_say(name, value):
    assert hand.FEATURES[name](TRACE) == pytest.approx(value)


@pytest.mark.parametrize("seed", range(3))
def test_moments_are_scipys_and_slopes_are_polyfits(seed):
    trace = np.random.default_rng(seed).gamma(2.0, size=31)
    assert hand.sd(trace) == pytest.approx(trace.std())
    assert hand.skewness(trace) == pytest.approx(scipy.stats.skew(trace))
    assert hand.kurtosis(trace) == pytest.approx(
        scipy.stats.kurtosis(trace, fisher=False)
    )
    slope, _ = np.polyfit(np.arange(10), trace[-10:], 1)
    assert hand.slope_end(trace) == pytest.approx(slope)


def test_there_are_seventeen_and_each_says_its_unit():
    assert len(hand.FEATURES) == 17
    units = ("counts", "rames", "no unit", "How many", "0 in the first frame")
    for function in hand.FEATURES.values():
        assert any(unit in function.__doc__ for unit in units), function.__name__


@pytest.mark.parametrize("frames", [2, 3, 4, 9, 10, 500])
def test_short_and_constant_traces_have_finite_features(frames):
    rng = np.random.default_rng(0)
    for trace in (rng.normal(size=frames), np.zeros(frames), np.full(frames, 0.1)):
        values = hand.features(trace.astype("f4"))
        assert values.shape == (17,)
        assert np.isfinite(values).all()


def test_most_features_scale_with_the_intensity_and_the_rest_do_not_change():
    trace = np.random.default_rng(0).gamma(5.0, size=40)
    one, double = (hand.features(k * trace) for k in (1, 2))
    without = {"lifetime", "peak_time", "high", "skewness", "kurtosis", "peaks"}
    factor = np.array([1 if name in without else 2 for name in hand.FEATURES])
    np.testing.assert_allclose(double, factor * one)
