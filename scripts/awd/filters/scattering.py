"""The scattering transform: moduli of wavelets of moduli of wavelets, averaged.

Mallat (2012); in two dimensions Bruna & Mallat (2013), as Cheng et al. (2020) read maps
of convergence with it. Nothing is learned. Of kymatio, its usual package, the newest
release (2022) asks scipy for what it no longer has.
"""

from __future__ import annotations

import itertools

import numpy as np
import scipy.fft
from scipy import ndimage

from awd.arguments import checked
from awd.errors import ShapeError
from awd.filters.masks import ENOUGH

WINDOWS = 4  # places of a series, at the least, at which coefficients are read
BATCH = 2**20  # pixels that are transformed together
# Morlet's: centre in radians per sample, and s.d. of the envelope in samples, both of
# the finest scale; its waves have unit gain.
CENTRE, WIDTH = 0.75 * np.pi, 0.8


def scales_of(time: int) -> int:
    """Octaves of a series: the most that leave :data:`WINDOWS` places to read.

    Raises
    ------
    ShapeError
        The series is too short for one.
    """
    if time < 2 * WINDOWS:
        raise ShapeError(
            f"series of {time} samples; expected at least {2 * WINDOWS} for the "
            "scattering transform; bring longer ones"
        )
    return (time // WINDOWS).bit_length() - 1


@checked(x="... n time")
def of_series(x: np.ndarray) -> np.ndarray:
    """Scattering coefficients of series, at places a window of 2**J samples apart.

    Parameters
    ----------
    x : array of shape (n, time) or (n, channel, time)
        Of 8 samples or more; mirrored at their ends.

    Returns
    -------
    ndarray of shape (n, channel * paths * places), float64
        In the unit of ``x``. Paths are the mean, the J octaves, and the pairs of an
        octave and a slower one; J is :func:`scales_of`.

    Raises
    ------
    ShapeError
        The series are too short.
    """
    x = np.asarray(x, float)
    time = x.shape[-1]
    scales = scales_of(time)
    window = 2**scales
    padding = [(0, 0)] * (x.ndim - 1) + [(window, window)]
    spectrum = scipy.fft.fft(np.pad(x, padding, "reflect"))
    omega = 2 * np.pi * scipy.fft.fftfreq(spectrum.shape[-1])
    waves = [_morlet(omega, 0.0, scale) for scale in range(scales)]

    def slower(last: int, path: np.ndarray) -> list[tuple[int, np.ndarray]]:
        return [
            (scale, scipy.fft.fft(np.abs(scipy.fft.ifft(path * waves[scale]))))
            for scale in range(last + 1, scales)
        ]

    first = slower(-1, spectrum)
    second = [further for known in first for further in slower(*known)]
    paths = [spectrum, *(path for _, path in first + second)]
    smooth = np.exp(-0.5 * (WIDTH * window / 2 * omega) ** 2)
    places = window + window // 2 + window * np.arange(time // window)
    read = [scipy.fft.ifft(path * smooth).real[..., places] for path in paths]
    return np.stack(read, -2).reshape(len(x), -1)


@checked(x="n y x", scales=(1, 12), angles=(1, 64), mask="n y x")
def of_images(
    x: np.ndarray, scales: int, angles: int, mask: np.ndarray | None = None
) -> np.ndarray:
    """Scattering coefficients of images, averaged over the image and its orientations.

    Parameters
    ----------
    x : array of shape (n, side, side)
        Taken as periodic.
    scales, angles : int
        Octaves, and orientations over half a turn; ``2**scales`` pixels have to fit.
    mask : array of bool of shape (n, side, side), optional
        Where images were seen, the means being over that; elsewhere they hold
        something smooth.

    Returns
    -------
    ndarray of shape (n, scales + scales * (scales - 1) / 2 * (angles // 2 + 1))
        Float32, in the unit of ``x``. First the octaves; then every pair of an octave
        and a slower one, at each angle between their waves.

    Raises
    ------
    ShapeError
        Images are not square, or too small.
    """
    x = np.asarray(x, np.float32)
    if x.ndim != 3 or x.shape[1] != x.shape[2] or x.shape[1] < 2**scales:
        raise ShapeError(
            f"images have shape {x.shape}; expected square ones, (n, side, side), of "
            f"at least {2**scales} pixels for {scales} scales"
        )
    step = max(1, BATCH // x.shape[1] ** 2)
    pieces = [slice(start, start + step) for start in range(0, len(x), step)]
    coefficients = [
        _of_piece(x[piece], scales, angles, None if mask is None else mask[piece])
        for piece in pieces
    ]
    return np.concatenate(coefficients)


def _of_piece(
    x: np.ndarray, scales: int, angles: int, mask: np.ndarray | None
) -> np.ndarray:
    """Of images that fit in the memory."""

    seen = _seen(mask, scales)

    def averaged(modulus: np.ndarray, scale: int) -> np.ndarray:
        if not seen:
            return modulus.mean((1, 2))
        # The pixels of a coarser grid stand at every so-manieth of the images.
        at = np.arange(modulus.shape[1]) * side // modulus.shape[1]
        own = seen[scale][:, at[:, None], at]
        none = ~own.any((1, 2), keepdims=True)
        return modulus.mean((1, 2), where=own | none)

    turns = range(angles)
    spectrum = scipy.fft.fft2(x)
    side = x.shape[1]
    first, second = [], []
    for scale in range(scales):
        moduli = [_modulus(spectrum, side, scale, turn / angles) for turn in turns]
        first.append(np.mean([averaged(modulus, scale) for modulus in moduli], 0))
        spectra = [scipy.fft.fft2(modulus) for modulus in moduli]
        for slower in range(scale + 1, scales):
            between: list[list[np.ndarray]] = [[] for _ in range(angles // 2 + 1)]
            for turn in turns:
                for own, before in enumerate(spectra):
                    modulus = _modulus(before, side, slower, turn / angles)
                    apart = (turn - own) % angles
                    between[min(apart, angles - apart)].append(
                        averaged(modulus, slower)
                    )
            second += [np.mean(means, 0) for means in between]
    return np.stack(first + second, 1)


def _seen(mask: np.ndarray | None, scales: int) -> list[np.ndarray]:
    """Where the waves of every scale saw enough, as of coefficients; empty: all."""
    if mask is None:
        return []
    found = []
    for scale in range(scales):
        sigma = WIDTH * 2**scale
        share = ndimage.gaussian_filter(
            mask.astype(np.float32), (0, sigma, sigma), mode="wrap"
        )
        most = share.max((1, 2), keepdims=True)
        found.append(share >= np.minimum(ENOUGH, 0.9 * most))
    return found


def _modulus(spectrum: np.ndarray, side: int, scale: int, turn: float) -> np.ndarray:
    """Of images (n, ., .) filtered by a wave, on the coarsest grid that carries it.

    ``spectrum`` is of images of ``side`` pixels, whatever the grid it came from;
    ``turn`` the wave's direction in half turns.
    """
    given = spectrum.shape[1]
    grid = min(given, -(-side // 2 ** max(scale - 1, 0)))
    mode = scipy.fft.fftfreq(grid, 1 / grid).astype(int)
    omega = 2 * np.pi / side * mode
    y, x = omega[:, None], omega
    cosine, sine = np.cos(np.pi * turn), np.sin(np.pi * turn)
    wave = _morlet(cosine * x + sine * y, cosine * y - sine * x, scale)
    wave *= (grid / given) ** 2
    wave = wave.astype(np.float32)
    kept = np.empty((len(spectrum), grid, grid), spectrum.dtype)
    ends = slice(None, (grid + 1) // 2), slice(-(grid // 2), None)  # of modes
    for at in itertools.product(ends, ends):
        np.multiply(spectrum[:, *at], wave[at], out=kept[:, *at])
    return np.abs(scipy.fft.ifft2(kept, overwrite_x=True))


def _morlet(along: np.ndarray, across: np.ndarray | float, scale: int) -> np.ndarray:
    """Morlet's wavelet at frequencies along and across its wave, without a mean."""
    width, centre = WIDTH * 2**scale, CENTRE / 2**scale
    gain = np.exp(-0.5 * width**2 * ((along - centre) ** 2 + across**2))
    level = np.exp(-0.5 * width**2 * (along**2 + across**2))
    return gain - np.exp(-0.5 * (width * centre) ** 2) * level
