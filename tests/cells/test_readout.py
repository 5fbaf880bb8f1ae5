"""Amplitudes at known places, and their significance."""

import numpy as np
import pytest
from scipy import stats

from awd.cells import microscope, readout
from awd.cells.compiled import fit
from awd.errors import ConfigError

SIGMA = 1.3


def scene(x, y, amplitude, noise=0.0, seed=0):
    values = (np.asarray(v, float) for v in (x, y, amplitude))
    image = microscope.render(np.full((60, 70), 500.0), *values, SIGMA)
    return image + np.random.default_rng(seed).normal(0, noise, image.shape)


def test_amplitudes_of_neighbours_do_not_leak():
    x, y = np.array([30.0, 32.0, 38.5, 50.2]), np.array([22.0, 23.0, 21.0, 40.7])
    true = np.array([0.0, 900.0, 0.0, 300.0])
    image = scene(x, y, true, noise=5)
    shuffled = np.array([2, 0, 3, 1])
    table = readout.read(image, x[shuffled], y[shuffled], SIGMA)
    assert np.abs(table[:, fit.A] - true[shuffled]).max() < 25
    assert table[:, fit.C] == pytest.approx(500, abs=3)
    single = readout.alone(image, x, y, SIGMA)
    assert single[0, fit.A] > 100  # read alone, the neighbour's light is seen
    assert single[3, fit.A] == pytest.approx(300, abs=25)


def test_two_spots_at_one_place_do_no_harm():
    image = scene([30.0], [22.0], [400.0], noise=5)
    table = readout.read(image, np.array([30.0, 30.0]), np.array([22.0, 22.0]), SIGMA)
    assert np.isfinite(table[:, fit.A]).all()
    assert table[:, fit.A] == pytest.approx(400, abs=30)
    assert np.isfinite(table[:, fit.A_SE]).all()


def test_at_the_border_only_the_image_counts():
    x, y = np.array([0.0, 69.0]), np.array([0.0, 59.0])
    image = scene(x, y, [400.0, 400.0], noise=2)
    for function in (readout.read, readout.alone):
        table = function(image, x, y, SIGMA)
        assert table[:, fit.A] == pytest.approx(400, abs=20)


def test_the_better_place_is_taken_where_it_is_near():
    image = scene([30.9, 52.0], [22.6, 30.0], [400.0, 400.0], noise=10)
    x, y = np.array([30.0, 46.0]), np.array([22.0, 30.0])
    fixed, best = (readout.read(image, x, y, SIGMA, mode) for mode in ("fixed", "best"))
    assert fixed[0, fit.A] < 330
    assert best[0, fit.A] == pytest.approx(400, abs=30)
    assert best[0, :2] == pytest.approx([30.9, 22.6], abs=0.1)
    # 6 px away is another spot, whatever its amplitude.
    assert best[1, fit.A] < 100
    assert (best[:, fit.A] >= fixed[:, fit.A]).all()


def test_p_values_are_those_of_the_published_test():
    table = np.zeros((3, 10))
    table[:, fit.A] = 10.0, 50.0, 60.0
    table[:, fit.A_SE], table[:, fit.NOISE] = 5.0, 25.0
    n = 13**2
    k = stats.norm.ppf(0.975)
    se = k * 25 / np.sqrt(2 * (n - 1))
    df = (n - 1) * (5.0**2 + se**2) ** 2 / (5.0**4 + se**4)
    t = (table[:, fit.A] - k * 25) / np.sqrt((5.0**2 + se**2) / n)
    expected = stats.t.cdf(-t, df)
    assert readout.p_values(table, 1.4) == pytest.approx(expected, rel=1e-6)
    assert list(expected < 0.05) == [False, True, True]


def test_an_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match="expected one of fixed, best"):
        readout.read(np.zeros((40, 40)), np.ones(1), np.ones(1), SIGMA, "all")
