"""Heads of few numbers, on made-up features whose cosmology is known."""

import numpy as np
import pytest

from awd.maps.infer import compressed
from awd.maps.infer.compressed import Compressed, Polynomial
from awd.maps.infer.heads import Emulator
from awd.maps.sky.cosmology import grid
from awd.maps.study import baselines

BOX = [(0.18, 0.42), (0.6, 1.0)]
GRID = grid(24, *BOX, seed=1).to_numpy()


def universe(seed, features=32, maps=40):
    """Features (n, features) that grow as powers of the parameters, with noise."""
    mixing = np.random.default_rng(0).normal(size=(2, features))
    parameters = np.repeat(GRID, maps, 0)
    noise = np.random.default_rng(seed).normal(size=(len(parameters), features))
    return 3 * np.log(parameters) @ mixing + 0.3 * noise, parameters


def rmse(head, features, truth):
    return np.sqrt(((head.predict(features) - truth)[:, 0] ** 2).mean())


def test_as_many_sums_as_parameters_hold_what_all_features_tell():
    train, test = universe(0), universe(1)
    whole = Emulator(2, BOX).fit(*train)
    few = compressed.emulator(2, BOX).fit(*train)
    assert few.weights_.shape == (32, 2)
    assert rmse(few, *test) < 1.05 * rmse(whole, *test)
    # Each sum grows with its own parameter.
    other = few.head.means(np.transpose(BOX))
    assert (other[1] > other[0]).all()


def test_units_of_features_do_not_matter_nor_those_without_spread():
    (x, y), unit = universe(0), np.geomspace(1e-3, 1e3, 32)
    expected = Compressed(Polynomial()).fit(x, y).predict(x)
    dead = np.ones((len(x), 1))
    found = Compressed(Polynomial()).fit(np.hstack([x * unit, dead]), y)
    np.testing.assert_allclose(
        found.predict(np.hstack([x * unit, dead])), expected, rtol=1e-4
    )


def test_a_polynomial_follows_curves_and_stays_in_the_range_it_was_fitted_to():
    (x, y), (other, truth) = universe(0), universe(1)
    head = Compressed(Polynomial()).fit(x, y)
    assert rmse(head, other, truth) < 0.02
    far = head.predict(10 * other)
    assert (far >= y.min(0)).all()
    assert (far <= y.max(0)).all()


@pytest.mark.parametrize("features", [8, 32])
def test_every_fitted_number_is_counted(features):
    x, y = universe(0, features)
    emulator = Emulator(3, BOX, folds=0, covariance="pooled").fit(x, y)
    covariance = features * (features + 1) // 2
    tempered = 1
    expected = emulator.coefficients_.size + covariance + tempered
    assert baselines.emulated(features, 24, 2) == expected
    few = compressed.emulator(3, BOX).fit(x, y)
    inside = few.head.coefficients_.size + 3 + tempered
    assert baselines.compressed(features, 24, 2) == few.weights_.size + inside
    copy = Compressed(Polynomial()).fit(x, y)
    linear = copy.head.model_[-1]
    inside = (
        linear.coef_[:, 1:].size + linear.intercept_.size + np.size(copy.head.range_)
    )
    assert baselines.copied(features, 2) == copy.weights_.size + inside


def test_the_student_of_maps_has_fewer_than_a_hundred_numbers():
    """Four quantiles of two bands at four levels; the filter has one more."""
    assert baselines.compressed(32, 24, 2) == 88
    assert baselines.copied(32, 2) == 88
