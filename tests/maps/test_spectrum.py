"""The angular power spectrum of maps whose spectrum is known."""

import numpy as np
import pytest

from awd.errors import DataError, ShapeError
from awd.maps.measure.spectrum import Spectrum, multipoles, power_spectrum

PIXEL = 1.64


@pytest.mark.parametrize("side", [64, 63])
def test_white_noise_has_the_power_of_a_pixels_area(side):
    maps = np.random.default_rng(0).normal(0, 0.3, (200, side, side))
    edges = np.geomspace(600, 5000, 6)
    power = power_spectrum(maps, PIXEL, edges).mean(0)
    area = np.radians(PIXEL / 60) ** 2
    np.testing.assert_allclose(power, 0.09 * area, rtol=0.03)


def test_all_modes_together_hold_the_variance():
    maps = np.random.default_rng(1).normal(size=(3, 64, 64))
    maps -= maps.mean((1, 2), keepdims=True)
    power = power_spectrum(maps, PIXEL, [1, 1e5])[:, 0]
    sky = np.radians(64 * PIXEL / 60) ** 2
    np.testing.assert_allclose(power * (64**2 - 1) / sky, maps.var((1, 2)), rtol=1e-5)


def test_a_wave_stands_in_its_own_bin():
    x = np.arange(64)
    wave = np.cos(2 * np.pi * 5 * x / 64)[None, None] * np.ones((1, 64, 1))
    ell = 5 * multipoles(64, PIXEL)[0, 1]
    edges = [0.5 * ell, 0.9 * ell, 1.1 * ell, 2 * ell]
    power = power_spectrum(wave, PIXEL, edges)[0]
    assert power[1] > 1e6 * max(power[0], power[2])


def test_features_are_logarithms_also_of_small_maps():
    for side, bins in ((128, 12), (32, 11)):
        maps = np.random.default_rng(2).normal(size=(4, side, side)).astype(np.float32)
        features = Spectrum(PIXEL).features(maps)
        assert features.shape == (4, bins)
        assert features.dtype == np.float32
        louder = Spectrum(PIXEL).features(3 * maps)
        np.testing.assert_allclose(louder - features, 2 * np.log(3), rtol=1e-4)


def test_bins_without_modes_and_maps_that_are_not_square_are_refused():
    with pytest.raises(DataError, match="no mode of maps of 32 pixels"):
        power_spectrum(np.zeros((1, 32, 32)), PIXEL, [420, 430])
    with pytest.raises(ShapeError, match="square"):
        power_spectrum(np.zeros((1, 32, 30)), PIXEL, [100, 1000])
