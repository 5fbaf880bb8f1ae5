"""Heads on made-up features whose cosmology is known."""

import numpy as np
import pytest

from awd.errors import ConfigError, DataError, ShapeError
from awd.maps.infer import heads
from awd.maps.infer.heads import Emulator, NearestCosmology, PosteriorMean
from awd.maps.sky.cosmology import grid

BOX = [(0.18, 0.42), (0.6, 1.0)]
GRID = grid(24, *BOX, seed=1).to_numpy()
MIXING = np.random.default_rng(0).normal(size=(2, 8))


def universe(maps, seed, noise=0.3, shift=0.0):
    """Features (n, 8) that grow as powers of the parameters, with correlated noise."""
    rng = np.random.default_rng(seed)
    parameters = np.repeat(GRID, maps, 0)
    means = 3 * np.log(parameters) @ MIXING
    spread = rng.normal(size=(len(parameters), 8)) @ np.tril(np.ones((8, 8))) / 3
    common = np.repeat(rng.normal(size=(24, 8)), maps, 0)  # of an initial condition
    return means + noise * (spread + shift * common), parameters


def rmse(found, truth):
    return np.sqrt(((found - truth)[:, 0] ** 2).mean())


@pytest.mark.parametrize("covariance", ["pooled", "shrunk", "per"])
def test_the_nearest_cosmology_is_the_true_one_where_noise_is_small(covariance):
    head = NearestCosmology(covariance).fit(*universe(40, 0, noise=0.01))
    features, truth = universe(10, 1, noise=0.01)
    np.testing.assert_array_equal(head.predict(features), truth)


def test_distances_are_those_of_the_inverse_covariance():
    features, parameters = universe(40, 0)
    head = NearestCosmology(hartlap=False).fit(features, parameters)
    spread = features - np.repeat(
        head.means_[np.argsort(np.argsort(GRID[:, 0]))], 40, 0
    )
    covariance = spread.T @ spread / (len(features) - 24)
    away = features[:5, None] - head.means_
    expected = np.einsum("nki,ij,nkj->nk", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(head.chi2(features[:5]), expected, rtol=1e-6)
    corrected = NearestCosmology().fit(features, parameters).chi2(features[:5])
    free = 40 * 24 - 24
    np.testing.assert_allclose(corrected / expected, (free - 8 - 1) / free, rtol=1e-6)


def test_means_beat_the_nearest_which_is_always_of_the_grid():
    train, test = universe(40, 0, 1.0), universe(40, 1, 1.0)
    nearest = NearestCosmology().fit(*train)
    mean = PosteriorMean().fit(*train)
    assert rmse(mean.predict(test[0]), test[1]) < rmse(
        nearest.predict(test[0]), test[1]
    )
    np.testing.assert_allclose(
        mean.predict(test[0]), nearest.predict(test[0], "posterior_mean")
    )
    assert set(map(tuple, nearest.predict(test[0]))) <= set(map(tuple, GRID))


def test_pooling_beats_covariances_of_few_maps():
    train, test = universe(12, 0, 1.0), universe(60, 1, 1.0)
    pooled, own = (
        rmse(NearestCosmology(c).fit(*train).predict(test[0]), test[1])
        for c in ("pooled", "per")
    )
    assert pooled < own


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_an_emulator_predicts_between_its_cosmologies(degree):
    features, parameters = universe(60, 0)
    left_out = np.isin(parameters[:, 0], GRID[[3, 11], 0])
    head = Emulator(degree, BOX).fit(features[~left_out], parameters[~left_out])
    found = head.predict(features[left_out])
    assert rmse(found, parameters[left_out]) < 0.03


def test_a_right_posterior_covers_the_truth_as_often_as_its_level():
    head = Emulator(1, BOX).fit(*universe(60, 0))
    features, truth = universe(60, 1)
    inner = np.all((truth > [0.22, 0.68]) & (truth < [0.38, 0.92]), axis=1)
    ranks = head.ranks(features[inner], truth[inner])
    assert heads.coverage(ranks[:, 0]) == pytest.approx([0.68, 0.95], abs=0.05)


def test_maps_that_deviate_together_are_covered_only_once_calibrated():
    train = universe(60, 0)  # no initial condition of its own
    (select, known), (features, truth) = (universe(20, s, shift=0.7) for s in (1, 2))
    group = np.repeat(np.arange(24), 20)
    plain = Emulator(1, BOX).fit(*train)
    wide = Emulator(1, BOX).fit(*train).calibrate(select, known, group)
    covered = [heads.coverage(h.ranks(features, truth)[:, 0])[0] for h in (plain, wide)]
    assert covered[0] < 0.62 < covered[1] < 0.8
    assert rmse(wide.predict(features), truth) < rmse(plain.predict(features), truth)


def test_a_posterior_is_a_probability_over_the_box():
    head = Emulator(2, BOX, nodes=400).fit(*universe(60, 0))
    posterior = head.posterior(universe(1, 1)[0])
    assert posterior.shape == (24, 400)
    np.testing.assert_allclose(posterior.sum(1), 1)
    low, high = np.transpose(BOX)
    assert (head.grid_ > low).all()
    assert (head.grid_ < high).all()


def test_quadratic_ridge_follows_curves():
    train, test = universe(40, 0, 0.1), universe(10, 1, 0.1)
    found = heads.quadratic_ridge(8).fit(*train).predict(test[0])
    assert rmse(found, test[1]) < 0.02


def test_features_without_spread_do_not_count():
    features, parameters = universe(40, 0)
    dead = np.hstack([features, np.ones((len(features), 2))])
    expected, found = (
        NearestCosmology(hartlap=False).fit(f, parameters).chi2(f[:9])
        for f in (features, dead)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


FEW = universe(3, 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: NearestCosmology("own"), ConfigError, "pooled, shrunk, per"),
        (
            lambda: NearestCosmology("per").fit(*FEW),
            DataError,
            "3 maps of a cosmology for 8 features: too few",
        ),
        (
            lambda: NearestCosmology().fit(FEW[0][:3], FEW[1][:3]),
            DataError,
            "all maps are of one cosmology",
        ),
        (lambda: NearestCosmology().fit(FEW[0], FEW[1][:5]), ShapeError, "72 for n"),
        (
            lambda: Emulator(3).fit(FEW[0][:30], FEW[1][:30]),
            DataError,
            "10 cosmologies for a polynomial of 10 terms",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
