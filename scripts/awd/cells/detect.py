"""Spots in the frames of a movie: where they are, how bright, and how sure.

A spot is ``A g + c``, ``g`` a Gaussian of the microscope's width that is 1 at its
centre. Its least-squares amplitude at every pixel, with the noise about it, comes from
one pass of separable filters; where that is significant and the Laplacian of Gaussian
has a maximum, a spot may be. Neighbouring candidates are then fitted together, and the
weakest leave until all are significant. Source of the test ``aguet`` and of the window:
Aguet et al. 2013 (Dev Cell 26:279) and their cmeAnalysis; the rest is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from awd.arguments import checked
from awd.cells.compiled import convolution, fit
from awd.cells.readout import (
    IMAGE,
    SIGNIFICANT,
    WIDTH,
    background_level,
    half_window,
    p_values,
    read,
)
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

Z = 4.0  # of a spot, amplitude over its standard error; about 5 false ones in 512^2 px
TESTS = ("z", "aguet")
FAINT = 3.0  # median amplitude over noise below which frames are pooled
FLOOR = 1.1  # px, the least width that is believed, as in cmeAnalysis
WIDTHS = (0.5, 4.0)  # px, between which widths are looked for
BRIGHT = 6.0  # z of a spot that tells its width
ENOUGH, PLENTY = 10, 500  # spots whose median is believed, and with no doubt
BLOCK = 32  # px, side of the blocks in which the noise is thought to be alike


class Filtered(NamedTuple):
    """The spot at every pixel, arrays of shape (H, W), float32."""

    amplitude: np.ndarray  # counts
    background: np.ndarray  # counts
    residual: np.ndarray  # s.d. of what the spot leaves in its window, counts
    significance: np.ndarray  # amplitude over its standard error
    log: np.ndarray  # minus the Laplacian of the image times a Gaussian, counts


@checked(image=IMAGE, sigma=WIDTH)
def filters(image: np.ndarray, sigma: float) -> Filtered:
    """Least-squares spot, and Laplacian of Gaussian, at every pixel.

    Parameters
    ----------
    image : array of shape (H, W)
        Counts; any real dtype.
    sigma : float
        Width of a spot, px.
    """
    level = background_level(image)
    padded = convolution.with_margin(image, half_window(sigma), level)
    amplitude, background, variance, log = _filtered(padded, sigma)
    residual = np.sqrt(variance)
    significance = amplitude / (residual * relative_error(sigma))
    return Filtered(amplitude, background + level, residual, significance, log)


@checked(image=IMAGE, sigma=WIDTH, z=(0.1, 1e4), test=TESTS)
def spots(image: np.ndarray, sigma: float, z: float = Z, test: str = "z") -> np.ndarray:
    """Spots of one frame, from the top of the image to its bottom.

    Parameters
    ----------
    image : array of shape (H, W)
        Counts.
    sigma : float
        Width of a spot, px.
    z : float
        A spot's amplitude over its standard error must be larger.
    test : {"z", "aguet"}
        The published test asks instead that the amplitude is significantly above
        1.96 times the noise, which is in effect a cut near ``z = 4.7``.

    Returns
    -------
    array of float64 of shape (spots, 10)
        Columns :data:`awd.cells.compiled.fit.COLUMNS`: position and its standard errors
        in px, amplitude, background and theirs in counts, ``noise`` (s.d. of the
        residuals, counts) and ``pixels`` (of the fit).
    """
    level, w = background_level(image), half_window(sigma)
    padded = convolution.with_margin(image, w, level)
    filtered = _filtered(padded, sigma)
    usual = convolution.usual_variance(filtered[convolution.VARIANCE], BLOCK)
    lowest = z * relative_error(sigma)
    found = convolution.maxima(filtered, usual, BLOCK, lowest, int(np.ceil(sigma)))
    x, y = convolution.vertices(filtered[convolution.LOG], found)
    amplitude = filtered[convolution.AMPLITUDE][found[:, 0], found[:, 1]].astype(float)
    table = fit.fit_frame(padded, x, y, amplitude, sigma, w, z, True)
    table = table[np.isfinite(table[:, fit.X])]
    table[:, fit.C] += level
    if test == "aguet":
        table = table[p_values(table, sigma) < SIGNIFICANT]
    return table


@checked(frames=IMAGE, sigma=WIDTH, z=(0.1, 1e4), test=TESTS)
def detect(
    frames: Sequence[np.ndarray],
    sigma: float,
    z: float = Z,
    test: str = "z",
    pool: bool = False,
) -> pd.DataFrame:
    """Spots of all frames.

    Parameters
    ----------
    frames : sequence of arrays of shape (H, W)
        Counts.
    sigma, z, test
        See :func:`spots`.
    pool : bool
        Find and place spots in the mean of each frame and its two neighbours, and read
        their amplitudes in the frame itself: pits move less than their error in that
        time. Right for faint movies (:func:`faint`); tracks may begin and end a frame
        early, which :func:`awd.cells.link.track` mends.

    Returns
    -------
    DataFrame
        ``frame`` and the columns of :func:`spots`, frame after frame.
    """
    import pandas as pd

    tables = []
    for image, pooled in _with_neighbours(frames, pool):
        if pooled is None:
            tables.append(spots(image, sigma, z, test))
        else:
            table = spots(pooled, sigma, z, test)
            now = read(image, table[:, fit.X], table[:, fit.Y], sigma)
            of_pool = [fit.X, fit.Y, fit.X_SE, fit.Y_SE]
            now[:, of_pool] = table[:, of_pool]
            tables.append(now)
    counts = [len(table) for table in tables]
    values = np.concatenate(tables) if tables else np.empty((0, 10))
    table = pd.DataFrame(values, columns=list(fit.COLUMNS))
    table.insert(0, "frame", np.repeat(np.arange(len(counts)), counts))
    return table


@checked(frames=IMAGE, sigma=WIDTH, z=(0.1, 1e4), sample=(1, 1e6))
def faint(
    frames: Sequence[np.ndarray], sigma: float, z: float = Z, sample: int = 10
) -> bool:
    """Whether the spots of ``sample`` frames have a median below :data:`FAINT`.

    The median is that of the amplitudes over the noise of the pixels about them.
    """
    chosen = np.unique(np.linspace(0, len(frames) - 1, sample).astype(int))
    table = np.concatenate([spots(frames[t], sigma, z) for t in chosen])
    bright = table[:, fit.A] / table[:, fit.NOISE]
    return not len(table) or bool(np.median(bright) < FAINT)


@checked(frames=IMAGE, start=WIDTH, sample=(1, 1e6))
def estimate_sigma(
    frames: Sequence[np.ndarray], start: float = 1.5, sample: int = 40
) -> float:
    """Width of a spot, px: the median over bright, isolated spots, at least 1.1.

    Each spot is fitted by itself, width and all; twice, the second time with spots
    found by the first width. The floor is that of cmeAnalysis.

    Parameters
    ----------
    frames : sequence of arrays of shape (H, W)
        Counts.
    start : float
        Width with which spots are looked for first, px.
    sample : int
        Frames that are looked at, at most.

    Raises
    ------
    DataError
        When there are fewer than :data:`ENOUGH` such spots.
    """
    chosen = np.unique(np.linspace(0, len(frames) - 1, sample).astype(int))
    shuffled = np.random.default_rng(0).permutation(chosen)
    sigma = start
    for _ in range(2):
        found = np.empty(0)
        for t in shuffled:
            found = np.append(found, widths(frames[t], sigma))
            if len(found) > PLENTY:
                break
        if len(found) < ENOUGH:
            raise DataError(
                f"{len(found)} bright and isolated spots in {len(chosen)} frames are "
                f"too few to estimate the width of a spot (at least {ENOUGH}); give "
                "sigma, in px: 0.21 wavelength / NA / pixel size, or that of beads"
            )
        sigma = float(np.median(found))
    return max(sigma, FLOOR)


@checked(image=IMAGE, sigma=WIDTH)
def widths(image: np.ndarray, sigma: float) -> np.ndarray:
    """Widths of the bright spots of a frame that are far from others and the border."""
    from scipy.spatial import cKDTree

    table = spots(image, sigma)
    if len(table) < 2:
        return np.empty(0)
    place = table[:, [fit.X, fit.Y]]
    apart = cKDTree(place).query(place, 2)[0][:, 1]
    w = half_window(sigma)
    z = table[:, fit.A] / table[:, fit.A_SE]
    inside = (place >= w).all(1) & (place < np.array(image.shape[::-1]) - w).all(1)
    x, y = place[(z > BRIGHT) & (apart > 2 * w) & inside].T
    padded = convolution.with_margin(image, w, background_level(image))
    found = fit.widths(padded, x, y, w, WIDTHS[0], WIDTHS[1])
    return found[np.isfinite(found)]


def _with_neighbours(
    frames: Iterable[np.ndarray], pool: bool
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Every frame, with the mean of it and its neighbours if wanted; each read once."""
    if not pool:
        yield from ((frame, None) for frame in frames)
        return
    window: list[np.ndarray] = []
    for frame in frames:
        window = [*window[-2:], frame]
        if len(window) > 1:
            yield window[-2], np.asarray(np.mean(window, 0, np.float32))
    yield window[-1], np.asarray(np.mean(window[-2:], 0, np.float32))


def _filtered(padded: np.ndarray, sigma: float) -> np.ndarray:
    w = half_window(sigma)
    gauss = np.exp(-0.5 * (np.arange(w + 1) / sigma) ** 2).astype(np.float32)
    out = np.empty((4, padded.shape[0] - 2 * w, padded.shape[1] - 2 * w), np.float32)
    convolution.filter_rows(padded, gauss, out)
    return out


@lru_cache
def relative_error(sigma: float) -> float:
    """Standard error of an amplitude over the residual s.d. of its window."""
    w = half_window(sigma)
    g, n = np.exp(-0.5 * (np.arange(-w, w + 1) / sigma) ** 2), (2 * w + 1) ** 2
    spread = (g @ g) ** 2 - g.sum() ** 4 / n
    return float(np.sqrt((n - 1) / (n - 3) / spread))
