"""Spots of one frame: filters, test and fit under :mod:`awd.cells.detect`."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from awd.arguments import checked
from awd.cells.compiled import convolution, fit
from awd.cells.readout import (
    IMAGE,
    SIGNIFICANT,
    WIDTH,
    Width,
    axes,
    bordered,
    half_window,
    p_values,
)

Z = 4.0  # of a spot, amplitude over its standard error; about 5 false ones in 512^2 px
TESTS = ("z", "aguet")
BLOCK = 32  # px, side of the blocks in which the noise is thought to be alike
QUIET = 1.15  # variance over the usual one, up to which a window shows no spot
# What noise that is as white as it can be shows more or less of, and how many of its
# standard errors that is taken for chance.
WHITE, CHANCE = 0.15, 2.0


class Filtered(NamedTuple):
    """The spot at every pixel, arrays of shape (H, W), float32."""

    amplitude: np.ndarray  # counts
    background: np.ndarray  # counts
    residual: np.ndarray  # s.d. of what the spot leaves in its window, counts
    significance: np.ndarray  # amplitude over its standard error
    log: np.ndarray  # minus the Laplacian of the image times a Gaussian, counts


@checked(image=IMAGE, sigma=WIDTH)
def filters(image: np.ndarray, sigma: Width) -> Filtered:
    """Least-squares spot, and Laplacian of Gaussian, at every pixel.

    Parameters
    ----------
    image : array of shape (H, W)
        Counts; any real dtype.
    sigma : float or pair of float
        Width of a spot, or widths along x and y, px.
    """
    padded, level = bordered(image, sigma)
    amplitude, background, variance, log = _filtered(padded, sigma)
    residual = np.sqrt(variance)
    significance = amplitude / (residual * relative_error(sigma))
    return Filtered(amplitude, background + level, residual, significance, log)


@checked(image=IMAGE, sigma=WIDTH, z=(0.1, 1e4), test=TESTS, excess=(1, 1e4))
def spots(
    image: np.ndarray,
    sigma: Width,
    z: float = Z,
    test: str = "z",
    excess: float | None = None,
) -> np.ndarray:
    """Spots of one frame, from the top of the image to its bottom.

    Parameters
    ----------
    image : array of shape (H, W)
        Counts.
    sigma : float or pair of float
        Width of a spot, or widths along x and y, px.
    z : float
        A spot's amplitude over its standard error must be larger.
    test : {"z", "aguet"}
        The published test asks instead that the amplitude is significantly above
        1.96 times the noise, which is in effect a cut near ``z = 4.7``.
    excess : float, optional
        Standard error of an amplitude over that in white noise; None measures it in
        this frame, where a crowd may pass for noise (:func:`excess_noise`).

    Returns
    -------
    array of float64 of shape (spots, 10)
        Columns :data:`awd.cells.compiled.fit.COLUMNS`: position and its standard errors
        in px, amplitude, background and theirs in counts, ``noise`` (s.d. of the
        residuals, counts; of white noise with the same errors) and ``pixels`` (of the
        fit).
    """
    return found_in(image, sigma, z, test, excess)


def found_in(
    image: np.ndarray, sigma: Width, z: float, test: str, excess: float | None
) -> np.ndarray:
    """As :func:`spots`, of a frame of a movie: its channel has looked at it."""
    (padded, level), w, along = bordered(image, sigma), half_window(sigma), axes(sigma)
    filtered = _filtered(padded, sigma)
    usual = convolution.usual_variance(filtered[convolution.VARIANCE], BLOCK)
    if excess is None:
        half, quiet = convolution.null_spread(filtered, usual, BLOCK, QUIET, w)
        excess = excess_of(half, quiet, along)
    lowest = z * excess * relative_error(along)
    reach = int(np.ceil(max(along)))
    found = convolution.maxima(filtered, usual, BLOCK, lowest, reach)
    x, y = convolution.vertices(filtered[convolution.LOG], found)
    amplitude = filtered[convolution.AMPLITUDE][found[:, 0], found[:, 1]].astype(float)
    table = fit.fit_frame(padded, x, y, amplitude, along, w, z, True, excess)
    table = table[np.isfinite(table[:, fit.X])]
    table[:, fit.C] += level
    if test == "aguet":
        table = table[p_values(table, sigma) < SIGNIFICANT]
    return table


def null(padded: np.ndarray, sigma: Width) -> tuple[float, int]:
    filtered = _filtered(padded, sigma)
    usual = convolution.usual_variance(filtered[convolution.VARIANCE], BLOCK)
    return convolution.null_spread(filtered, usual, BLOCK, QUIET, half_window(sigma))


def excess_of(half: float, pixels: int, sigma: Width) -> float:
    """The excess, from :func:`awd.cells.compiled.convolution.null_spread`.

    Where windows are quiet, amplitudes are noise, and half of it lies within 0.6745 of
    its s.d.; what may be chance counts as 1.
    """
    # Every ninth pixel was looked at; amplitudes are alike within a spot's area, and a
    # median is worth 37 % of a root mean square.
    across, down = axes(sigma)
    alone = 9 * pixels / (4 * np.pi * across * down)
    chance = CHANCE / np.sqrt(2 * 0.37 * max(alone, 1))
    excess = half / (0.6745 * relative_error((across, down)))
    return float(excess) if excess > 1 + max(WHITE, chance) else 1.0


def _filtered(padded: np.ndarray, sigma: Width) -> np.ndarray:
    w, along = half_window(sigma), np.array(axes(sigma))[:, None]
    gauss = np.exp(-0.5 * (np.arange(w + 1) / along) ** 2).astype(np.float32)
    out = np.empty((4, padded.shape[0] - 2 * w, padded.shape[1] - 2 * w), np.float32)
    convolution.filter_rows(padded, gauss, out)
    return out


@lru_cache
def relative_error(sigma: Width) -> float:
    """Standard error of an amplitude over the residual s.d. of its window, white."""
    w = half_window(sigma)
    u, n, total, energy = np.arange(-w, w + 1), (2 * w + 1) ** 2, 1.0, 1.0
    for width in axes(sigma):
        g = np.exp(-0.5 * (u / width) ** 2)
        total, energy = total * g.sum(), energy * (g @ g)
    return float(np.sqrt((n - 1) / (n - 3) / (energy - total**2 / n)))
