"""Convergence of simulated matter and of shear; noise and smoothing of a survey."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft

from awd import extras
from awd.arguments import checked
from awd.errors import ShapeError
from awd.maps.compiled import lensing as loops
from awd.maps.sky.cosmology import HUBBLE_DISTANCE, Cosmology
from awd.maps.sky.nbody import Planes

ELLIPTICITY = 0.4  # s.d. of the shape of a galaxy, both components together


@checked(maps=(1, 1e6), pixels=(2, 1e5), degrees=(1e-3, 90))
def born(
    planes: Planes,
    cosmology: Cosmology,
    maps: int,
    pixels: int = 128,
    degrees: float = 3.5,
    seed: int | Sequence[int] = 0,
    z_sources: Sequence[float] | None = None,
) -> np.ndarray:
    """Convergence maps through randomly turned and shifted planes.

    Every map takes every plane along a random axis, with random shifts, flips and a
    transposition, so that one simulation gives many maps. A pixel is the exact mean of
    the bilinear density over its area.

    Parameters
    ----------
    planes : Planes
    cosmology : Cosmology
        In which the planes were made.
    maps : int
    pixels : int
        Along a side of a map.
    degrees : float
        Side of a map.
    seed : int or sequence of int
    z_sources : sequence of float, optional
        Redshifts of several bins of sources, which are behind the same planes.

    Returns
    -------
    ndarray of shape (maps, pixels, pixels), float32
        Convergence, dimensionless; (maps, bins, pixels, pixels) of several bins.
    """
    rng = np.random.default_rng(seed)
    count, _, side, _ = planes.overdensity.shape
    middles = (np.arange(count) + 0.5) * planes.width
    spans = middles * np.radians(degrees) / planes.width * side
    footprints = [footprint(span * np.linspace(0, 1, pixels + 1)) for span in spans]
    redshifts = [planes.z_source] if z_sources is None else z_sources
    weights = [lensing_weights(planes, cosmology, z) for z in redshifts]
    by_plane = np.transpose(weights).astype(np.float32)
    convergence = np.zeros((maps, len(redshifts), pixels, pixels), np.float32)
    overdensity = np.empty((pixels, pixels), np.float32)
    for kappa in convergence:
        for plane, of_bins, (first, shares) in zip(
            planes.overdensity, by_plane, footprints, strict=True
        ):
            axis, transposed, flip_y, flip_x = rng.integers((3, 2, 2, 2))
            shifts = rng.integers(side, size=2)
            rows, columns = ((first + shift) % side for shift in shifts)
            blended = np.empty(side + shares.shape[1], np.float32)
            loops.seen_through(plane[axis], rows, columns, shares, blended, overdensity)
            for own, weight in zip(kappa, of_bins, strict=True):
                if weight:  # planes behind a source bend none of its light
                    view = own.T if transposed else own
                    view[:: 1 - 2 * flip_y, :: 1 - 2 * flip_x] += weight * overdensity
    return convergence[:, 0] if z_sources is None else convergence


def lensing_weights(
    planes: Planes, cosmology: Cosmology, z_source: float | None = None
) -> np.ndarray:
    """Convergence per overdensity of every plane: its slab under the lensing kernel.

    Of sources at a redshift, by default that which the planes reach.
    """
    redshift = planes.z_source if z_source is None else z_source
    source = cosmology.distance(1 / (1 + redshift))
    edges = np.minimum(np.arange(len(planes.overdensity) + 1) * planes.width, source)
    distance = edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(32) + 0.5) / 32
    a = cosmology.scale_factor(distance.ravel()).reshape(distance.shape)
    kernel = distance * (1 - distance / source) / a
    scale = 1.5 * cosmology.omega_m / HUBBLE_DISTANCE**2
    return scale * kernel.mean(1) * np.diff(edges)


@checked(edges="edges")
def footprint(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of values at 0, 1, 2, ... in the mean over every pixel between ``edges``.

    Returns
    -------
    first : array of int of shape (pixels,)
        The first value that enters a pixel.
    shares : array of float32 of shape (pixels, values)
        Weights of that value and of those that follow, interpolated linearly; every
        row sums to 1.
    """
    width = np.diff(edges)[:, None]
    first = np.floor(edges[:-1]).astype(np.int64)
    values = first[:, None] + np.arange(int(np.ceil(width.max())) + 2)
    upper, lower = edges[1:, None] - values, edges[:-1, None] - values
    return first, ((_tent(upper) - _tent(lower)) / width).astype(np.float32)


def _tent(x: np.ndarray) -> np.ndarray:
    """Integral up to ``x`` of a triangle from -1 over 1 at 0 to 1."""
    x = np.clip(x, -1, 1)
    return 0.5 + x - 0.5 * x * np.abs(x)


@checked(galaxies=(1e-9, 1e9), pixel_arcmin=(1e-6, 1e6), ellipticity=(0, 10))
def shape_noise(
    galaxies: float, pixel_arcmin: float, ellipticity: float = ELLIPTICITY
) -> float:
    """S.d. of the convergence of a pixel from the random shapes of galaxies.

    Parameters
    ----------
    galaxies : float
        Per square arcminute.
    pixel_arcmin : float
    ellipticity : float
        S.d. of the shape of a galaxy, both components together.

    Raises
    ------
    DataError
        A parameter is not positive.
    """
    return float(ellipticity / np.sqrt(2 * galaxies) / pixel_arcmin)


@checked(maps="n y x", sigma_pixels=(0, 1000))
def smoothed(maps: np.ndarray, sigma_pixels: float) -> np.ndarray:
    """Maps (n, y, x) smoothed by a Gaussian of this s.d., reflected at borders."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(maps, (0, sigma_pixels, sigma_pixels), mode="reflect")


@checked(shear_1="... y x", shear_2="... y x")
def kaiser_squires(
    shear_1: np.ndarray, shear_2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Convergence from shear on the flat sky (Kaiser & Squires 1993), periodic.

    At the Nyquist frequency of an even side the sign of a wave number, and with it the
    second component, is not known: there E follows from the first component alone, and
    does not leak into B.

    Parameters
    ----------
    shear_1, shear_2 : arrays of shape (..., y, x)
        Components; x grows with the columns, y with the rows.

    Returns
    -------
    e, b : ndarrays of the same shape
        Convergence, of mean 0, and the B mode, which no lens makes: noise alone.

    Raises
    ------
    ShapeError
        The components have different shapes, or are no images.
    """
    shear_1, shear_2 = np.asarray(shear_1), np.asarray(shear_2)
    if shear_1.shape != shear_2.shape or shear_1.ndim < 2:
        raise ShapeError(
            f"shear_1 has shape {shear_1.shape}, shear_2 {shear_2.shape}; expected "
            "twice (..., y, x)"
        )
    ky = np.fft.fftfreq(shear_1.shape[-2])[:, None]
    kx = np.fft.fftfreq(shear_1.shape[-1])
    square = kx**2 + ky**2
    square[0, 0] = 1
    product = np.where((kx == -0.5) | (ky == -0.5), 0, kx * ky)
    rotation = ((kx**2 - ky**2) - 2j * product) / square
    modes = rotation * scipy.fft.fft2(shear_1 + 1j * shear_2)
    modes[..., 0, 0] = 0
    kappa = scipy.fft.ifft2(modes)
    dtype = np.result_type(shear_1, shear_2, np.float32)
    return kappa.real.astype(dtype), kappa.imag.astype(dtype)


@checked(shear_1="pixels", shear_2="pixels")
def kaiser_squires_sphere(
    shear_1: np.ndarray, shear_2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Convergence from shear on the whole sphere (Kaiser & Squires 1993).

    By harmonics of spin 2 up to 3 nside - 1 (Wallis et al. 2022): kappa_lm = sqrt(l (l
    + 1) / ((l + 2) (l - 1))) E_lm. Mean and dipole make no shear, and are 0.

    Parameters
    ----------
    shear_1, shear_2 : arrays of shape (12 nside^2,)
        Components in RING order and along HEALPix's axes: x grows to the south, y to
        the east. Around a mass at the north pole the first is negative.

    Returns
    -------
    e, b : ndarrays of the same shape
        Convergence, and the B mode, which no lens makes: noise, and what a mask mixes.

    Raises
    ------
    ShapeError
        They are no two maps of 12 nside^2 pixels.
    """
    with extras.needed("harmonics on the sphere"):
        import healpy
    if not healpy.isnpixok(len(shear_1)):
        raise ShapeError(
            f"shear_1 has {len(shear_1)} pixels; expected 12 nside^2, the whole sky"
        )
    nside = healpy.npix2nside(len(shear_1))
    most = 3 * nside - 1
    ell = np.arange(2, most + 1)
    per_shear = np.sqrt(ell * (ell + 1) / ((ell + 2) * (ell - 1)))
    weights = np.concatenate([[0, 0], per_shear])
    modes = healpy.map2alm_spin([shear_1, shear_2], 2, most)
    e, b = (
        healpy.alm2map(healpy.almxfl(own, weights), nside, lmax=most) for own in modes
    )
    return e, b
