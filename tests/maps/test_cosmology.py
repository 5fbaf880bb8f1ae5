"""Cosmology by pyccl, against camb and plain integrals."""

import numpy as np
import pytest
from scipy.integrate import quad

from awd.errors import DataError
from awd.maps.sky import cosmology
from awd.maps.sky.cosmology import Cosmology

HERE = Cosmology(0.3, 0.8)


def test_linear_power_is_that_of_camb():
    camb = pytest.importorskip("camb")
    pars = camb.set_params(
        H0=70, ombh2=0.046 * 0.49, omch2=0.254 * 0.49, ns=0.97, As=2e-9, mnu=0
    )
    pars.set_matter_power(redshifts=[0], kmax=20)
    results = camb.get_results(pars)
    k, _, power = results.get_matter_power_spectrum(minkh=0.02, maxkh=2, npoints=60)
    power = power[0] * (0.8 / results.get_sigma8_0()) ** 2
    # Eisenstein & Hu are good to a few per cent.
    np.testing.assert_allclose(HERE.linear_power(k), power, rtol=0.05)


def test_distances_are_the_integral_of_the_expansion():
    for z in (0.2, 1.0, 2.0):
        expected = quad(lambda z: 1 / np.sqrt(0.3 * (1 + z) ** 3 + 0.7), 0, z)[0]
        found = HERE.distance(1 / (1 + z)) / cosmology.HUBBLE_DISTANCE
        assert found == pytest.approx(expected, rel=1e-3)
        assert HERE.scale_factor(HERE.distance(1 / (1 + z))) == pytest.approx(
            1 / (1 + z)
        )


def test_momenta_grow_as_the_derivative_of_the_growth():
    a, step = np.array([0.2, 0.5, 0.9]), 1e-3
    slope = (HERE.growth(a + step) - HERE.growth(a - step)) / (2 * step)
    expected = a**3 * np.sqrt(0.3 / a**3 + 0.7) * slope
    np.testing.assert_allclose(HERE.momentum(a), expected, rtol=2e-3)


def test_convergence_power_is_the_limber_integral():
    ell, source = 500, HERE.distance(0.5)
    distances = np.linspace(20, source - 1, 400)
    a = HERE.scale_factor(distances)
    kernel = 1.5 * 0.3 / cosmology.HUBBLE_DISTANCE**2 * (1 - distances / source) / a
    k = (ell + 0.5) / distances
    power = [
        HERE.ccl.nonlin_matter_power(wave * 0.7, scale_factor) * 0.343
        for wave, scale_factor in zip(k, a, strict=True)
    ]
    expected = np.trapezoid(kernel**2 * power, distances)
    assert HERE.convergence_power([ell], 1.0)[0] == pytest.approx(expected, rel=0.02)


def test_a_grid_fills_its_box_evenly_and_follows_from_its_seed():
    table = cosmology.grid(24, (0.2, 0.4), (0.7, 0.9), seed=3)
    assert table.equals(cosmology.grid(24, (0.2, 0.4), (0.7, 0.9), seed=3))
    # A universe of the pipeline is drawn alone, by its number.
    assert table[:5].equals(cosmology.grid(5, (0.2, 0.4), (0.7, 0.9), seed=3))
    assert table["omega_m"].between(0.2, 0.4).all()
    assert table["sigma_8"].between(0.7, 0.9).all()
    counts = np.histogram2d(*table.to_numpy().T, 2, [(0.2, 0.4), (0.7, 0.9)])[0]
    assert counts.min() >= 4


def test_a_universe_that_cannot_be_simulated_is_refused():
    with pytest.raises(DataError, match=r"omega_m is 0.02; expected 0.1 to 0.9"):
        Cosmology(0.02, 0.8)
