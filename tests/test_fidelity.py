"""Fidelity against scikit-learn and finite differences."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from awd import wavelet
from awd.errors import DataError, ShapeError
from awd.features import Largest
from awd.search.fidelity import fidelity

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 40)).cumsum(1)
Y = X.max(1) + RNG.normal(size=200)
GROUPS = np.arange(200) // 10
DB5 = wavelet.from_pywt("db5")


def looped(x, y, features, h, levels):
    design, predicted = features.features(x, h, levels), np.empty(len(y))
    for fit, held in GroupKFold(5).split(x, groups=GROUPS[: len(x)]):
        model = LinearRegression().fit(design[fit], y[fit])
        predicted[held] = model.predict(design[held])
    return r2_score(y, predicted)


@pytest.mark.parametrize("features", [Largest(6), Largest(2, 2, True, 3)])
def test_it_is_the_r2_of_a_loop_over_grouped_folds(features):
    term = fidelity(X, Y, features, 3, GROUPS)
    for name in ("db5", "haar"):
        h = wavelet.from_pywt(name)
        expected = looped(X, Y, features, h, 3)
        # The ridge that keeps rounding out changes the fourth digit here.
        assert 1 - term.values(h[None])[0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("x", [X, X.reshape(100, 2, 40), X[:, :33]])
@pytest.mark.parametrize("features", [Largest(6), Largest(3, 3, start=3)])
def test_the_slope_equals_finite_differences(x, features):
    term = fidelity(x, Y[: len(x)], features, 3, GROUPS[: len(x)])
    value, gradient = term.value_and_gradient(DB5)
    assert value == pytest.approx(term.values(DB5[None])[0], rel=1e-12)
    step = 1e-8 * np.eye(len(DB5))
    slope = (term.values(DB5 + step) - term.values(DB5 - step)) / 2e-8
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-5)


def test_a_target_that_is_linear_in_the_features_is_reproduced():
    y = Largest(6).features(X, DB5, 4) @ RNG.normal(size=30) - 7
    term = fidelity(X, y, Largest(6), 4, GROUPS)
    own, shifted = term.values(np.stack([DB5, np.roll(DB5, 2)]))
    assert own < 1e-3
    assert shifted > own


def test_taps_of_rounding_size_do_not_send_the_head_astray():
    """Border coefficients of size 1e-6 are no features, on groups not seen either."""
    h = np.concatenate([wavelet.from_pywt("db2"), np.zeros(6)])
    dust = h + 1e-7 * RNG.normal(size=10)
    term = fidelity(X, Y, Largest(6), 4, GROUPS)
    clean, dusty = term.values(np.stack([h, dust]))
    assert dusty == pytest.approx(clean, abs=1e-3)


def test_noise_has_no_fidelity():
    term = fidelity(X, RNG.normal(size=200), Largest(6), 4, GROUPS)
    assert term.values(DB5[None])[0] > 0.95


def test_a_subset_is_the_same_on_fewer_samples():
    rows = np.arange(0, 200, 3)
    term = fidelity(X, Y, Largest(6), 3, GROUPS)
    part = term.subset(rows)
    assert part.x.shape == (len(rows), 40)
    value, gradient = part.value_and_gradient(DB5)
    assert 0 < value < 1.5
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"groups": np.zeros(200)}, DataError, "got 1 groups"),
        ({"y": np.ones(200)}, DataError, "an output with s.d. 0"),
        ({"y": np.where(X[:, 0] > 2, np.nan, 1)}, DataError, "^y is not finite"),
        ({"x": np.where(X > 9, np.nan, X)}, DataError, "^x is not finite"),
        ({"y": Y[:9]}, ShapeError, r"output is \(9,\)"),
    ],
)
def test_what_cannot_be_measured_is_refused(change, error, message):
    arguments = {"x": X, "y": Y, "groups": GROUPS} | change
    with pytest.raises(error, match=message):
        fidelity(**arguments, features=Largest(6), levels=4)
