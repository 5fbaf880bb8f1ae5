"""Light through planes, noise and shear, against plain numpy."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.ndimage import map_coordinates

from awd.errors import DataError, ShapeError
from awd.maps.compiled import lensing as loops
from awd.maps.sky import lensing, nbody
from awd.maps.sky.cosmology import HUBBLE_DISTANCE, Cosmology

HERE = Cosmology(0.3, 0.8)


@pytest.mark.parametrize("span", [2.3, 17.0, 40.0])
def test_a_pixel_is_the_mean_of_the_bilinear_plane_over_its_area(span):
    plane = np.random.default_rng(0).normal(size=(24, 24)).astype(np.float32)
    first, shares = lensing.footprint(span * np.linspace(0, 1, 9))
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    seen = np.empty((8, 8), np.float32)
    blended = np.empty(24 + shares.shape[1], np.float32)
    rows, columns = (first + 5) % 24, (first + 20) % 24
    loops.seen_through(plane, rows, columns, shares, blended, seen)
    fine = (np.arange(8 * 80) + 0.5) / (8 * 80) * span
    at = np.meshgrid(fine + 5, fine + 20, indexing="ij")
    values = map_coordinates(plane.astype(float), at, order=1, mode="grid-wrap")
    expected = values.reshape(8, 80, 8, 80).mean((1, 3))
    np.testing.assert_allclose(seen, expected, atol=2e-3)


def test_planes_weigh_as_the_lensing_kernel_over_their_slabs():
    planes = nbody.Planes(np.zeros((19, 3, 4, 4), np.float32), 128.0, 1.0)
    source = HERE.distance(0.5)

    def kernel(x):
        return x * (1 - x / source) / HERE.scale_factor(x)

    expected = 1.5 * 0.3 / HUBBLE_DISTANCE**2 * quad(kernel, 1e-3, source)[0]
    found = lensing.lensing_weights(planes, HERE)
    assert found.sum() == pytest.approx(expected, rel=1e-3)
    assert found.argmax() in (9, 10, 11)
    assert (found > 0).all()


def test_maps_follow_from_their_seed_and_have_no_mean():
    planes = nbody.evolve(HERE, 0, particles=16, pixels=64)
    first, second = (lensing.born(planes, HERE, 3, pixels=32, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
    assert np.abs(first.mean((1, 2))).max() < 3 * first.std()


def test_shape_noise_falls_with_galaxies_and_area():
    expected = 0.4 / np.sqrt(2 * 30 * 2.0**2)
    assert lensing.shape_noise(30, 2.0) == pytest.approx(expected)
    with pytest.raises(DataError, match="expected 1e-"):
        lensing.shape_noise(0, 2.0)


def shear_of(kappa):
    """Flat-sky shear of a convergence map."""
    ky, kx = np.meshgrid(*[np.fft.fftfreq(n) for n in kappa.shape], indexing="ij")
    square = kx**2 + ky**2
    square[0, 0] = 1
    turn = (kx**2 - ky**2 + 2j * kx * ky) / square
    shear = np.fft.ifft2(turn * np.fft.fft2(kappa))
    return shear.real, shear.imag


def test_kaiser_squires_undoes_shear():
    kappa = np.random.default_rng(0).normal(size=(31, 33))
    kappa -= kappa.mean()
    # Of even sides the Nyquist frequency has no sign, and no shear.
    e, b = lensing.kaiser_squires(*shear_of(kappa))
    np.testing.assert_allclose(e, kappa, atol=1e-10)
    np.testing.assert_allclose(b, 0, atol=1e-10)
    with pytest.raises(ShapeError, match="shear_2 has shape"):
        lensing.kaiser_squires(kappa, kappa[1:])


def test_a_lens_pulls_shapes_around_it():
    """Around a mass shapes are stretched along circles: g1 < 0 to its right."""
    y, x = np.mgrid[-32:32, -32:32]
    kappa = np.exp(-(x**2 + y**2) / 18)
    g1, _ = shear_of(kappa - kappa.mean())
    assert g1[32, 42] < 0 < g1[42, 32]
