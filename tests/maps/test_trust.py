"""Posteriors that hold the truth as often as they say, and say when they cannot."""

import numpy as np
import pytest

from awd.maps.infer import cosmologies, likelihood, size, trust
from awd.maps.infer.emulator import Emulator

BOX = [(0.18, 0.42), (0.6, 1.0)]
CORRELATED = np.linalg.cholesky(0.9 ** np.abs(np.subtract.outer(*[np.arange(96)] * 2)))


def drawn(count, rng):
    return np.column_stack([rng.uniform(*side, count) for side in BOX])


def measured(parameters, slopes, noise, rng):
    features = np.log(parameters) @ slopes
    return features + rng.standard_normal(features.shape) @ noise.T


@pytest.mark.parametrize(
    ("maps", "noise"),
    [((6, 20), np.eye(96)), ((24, 10), CORRELATED), ((24, 96), np.eye(96))],
    ids=["6 x 20", "24 x 10, correlated", "24 x 96"],
)
def test_intervals_hold_the_truth_as_often_as_they_say(maps, noise):
    """96 ideal Gaussian features: also where maps are hardly more than those."""
    rng = np.random.default_rng(0)
    parameters = drawn(maps[0], rng)
    slopes = 3 * rng.standard_normal((2, 96))
    train = np.repeat(parameters, maps[1], 0)
    head = Emulator(1, BOX).fit(measured(train, slopes, noise, rng), train)
    truth = drawn(3000, rng)
    ranks = head.ranks(measured(truth, slopes, noise, rng), truth)
    assert likelihood.coverage(ranks[:, 0]) == pytest.approx([0.68, 0.95], abs=0.03)


@pytest.mark.parametrize("side", [5, 8])
def test_the_box_of_a_grid_holds_its_outermost_cosmologies(side):
    """As maps of files are tested: at the very cosmologies that train."""
    rng = np.random.default_rng(0)
    axes = [np.geomspace(*ends, side) for ends in BOX]
    grid = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    slopes = 2 * rng.standard_normal((2, 8))  # posteriors as wide as the spacing
    train, truth = np.repeat(grid, 60, 0), np.repeat(grid, 100, 0)
    head = Emulator(1).fit(measured(train, slopes, np.eye(8), rng), train)
    ranks = head.ranks(measured(truth, slopes, np.eye(8), rng), truth)
    assert likelihood.coverage(ranks[:, 0]) == pytest.approx([0.68, 0.95], abs=0.05)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 4, 2], (2**-0.5, 2**2.5)),  # positive: in logarithms
        ([0, 0.1, 0.2], (0, 0.25)),  # masses of neutrinos: not below 0
        ([-1.2, -1, -0.8], (-1.3, -0.7)),
        ([3, 3], (3, 3)),
    ],
)
def test_the_box_goes_half_a_spacing_beyond_the_cosmologies(values, expected):
    ((low, high),) = cosmologies.box(np.array(values, float)[:, None])
    assert (low, high) == pytest.approx(expected)


def test_the_exponent_is_that_of_the_known_limits():
    """Many maps: Gaussian. As many features as parameters: m = simulations + p + 1."""
    many = likelihood.Likelihood(np.eye(20), 1e9, 2)
    chi2 = np.array([[1.0, 9.0, 25.0]])
    np.testing.assert_allclose(many.log(chi2), -chi2 / 2, rtol=1e-6)
    assert likelihood.Likelihood(np.eye(2), 50, 2).power == pytest.approx(51 + 3)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    slopes = 3 * rng.standard_normal((2, 30))
    train = np.repeat(drawn(24, rng), 40, 0)
    noise = np.eye(30)
    head = Emulator(2, BOX).fit(measured(train, slopes, noise, rng), train)
    return head, slopes, noise


def test_what_fits_no_cosmology_has_no_p_value_to_speak_of(fitted):
    head, slopes, noise = fitted
    rng = np.random.default_rng(1)
    right = measured(drawn(500, rng), slopes, noise, rng)
    fits = head.goodness(right)
    assert (fits.p_value < trust.LEAST).mean() < 0.01
    assert fits.p_value.mean() == pytest.approx(0.5, abs=0.06)
    for wrong in (3 * rng.standard_normal((20, 30)), 3 * right[:20]):
        found = head.goodness(wrong)
        assert (found.p_value < trust.LEAST).all()
        assert "no cosmology" in trust.doubts(found.p_value[0], False)


def test_a_map_from_beyond_the_training_range_is_said_to_be(fitted):
    head, slopes, noise = fitted
    rng = np.random.default_rng(2)
    beyond = measured(np.tile([0.7, 0.8], (20, 1)), slopes, noise, rng)
    assert head.goodness(beyond).edge.all()
    assert "outside the training range" in trust.doubts(0.5, True)
    inside = measured(np.tile([0.3, 0.8], (20, 1)), slopes, noise, rng)
    assert not head.goodness(inside).edge.any()
    assert trust.doubts(0.5, False) == ""


def test_narrow_posteriors_are_resolved(fitted):
    """Narrower than the nodes of the box: still right, not as wide as the nodes."""
    _, slopes, noise = fitted
    rng = np.random.default_rng(3)
    train = np.repeat(drawn(24, rng), 40, 0)
    head = Emulator(1, BOX).fit(measured(train, slopes, noise / 20, rng), train)
    truth = drawn(500, rng)
    features = measured(truth, slopes, noise / 20, rng)
    held = likelihood.coverage(head.ranks(features, truth)[:, 0])
    assert held == pytest.approx([0.68, 0.95], abs=0.05)
    assert np.abs(head.predict(features) - truth).mean() < 2e-3


@pytest.mark.parametrize("shift", [0, -1])
def test_a_parameter_may_be_zero_or_negative(shift):
    rng = np.random.default_rng(4)
    box = [(shift + 0.0, shift + 0.6), (0.6, 1.0)]
    masses = np.repeat(
        np.column_stack([shift + np.linspace(0, 0.6, 12), drawn(12, rng)[:, 1]]), 30, 0
    )
    slopes = 3 * rng.standard_normal((2, 8))

    def features(parameters):
        return parameters @ slopes + 0.1 * rng.standard_normal((len(parameters), 8))

    head = Emulator(1, box).fit(features(masses), masses)
    missed = head.predict(features(masses)) - masses
    assert np.sqrt((missed**2).mean(0)).max() < 0.03


def test_every_map_may_have_its_own_cosmology(fitted):
    _, slopes, noise = fitted
    rng = np.random.default_rng(5)
    train, truth = drawn(400, rng), drawn(600, rng)
    head = Emulator(1, BOX).fit(measured(train, slopes, noise, rng), train)
    ranks = head.ranks(measured(truth, slopes, noise, rng), truth)
    assert likelihood.coverage(ranks) == pytest.approx([0.68, 0.95], abs=0.05)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((4, 400, 2, {}, "auto"), "4 cosmologies for 2 parameters"),
        ((14, 14, 2, {}, "auto"), "14 training maps of 14 cosmologies"),
        ((6, 120, 2, {"db5_peaks": 96}, "pooled"), "the 96 features of db5_peaks"),
        ((6, 120, 2, {"db5_peaks": 96}, "auto"), ""),
        ((24, 2304, 2, {"db5_peaks": 96}, "pooled"), ""),
    ],
)
def test_the_size_of_the_problem_is_known_before_it_is_begun(given, message):
    problem = size.problem(*given)
    assert message in problem
    assert bool(problem) == bool(message)


@pytest.mark.parametrize(
    ("cosmologies", "names", "degree"),
    [(24, 2, 3), (20, 2, 3), (10, 2, 2), (5, 2, 1), (3, 2, 0), (24, 3, 2), (10, 3, 1)],
)
def test_the_polynomial_has_fewer_terms_than_cosmologies(cosmologies, names, degree):
    assert size.degree_for(cosmologies, names) == degree
    assert not degree or size.terms(degree, names) < cosmologies
