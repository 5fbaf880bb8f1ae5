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
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.cells import background
from awd.cells.compiled import fit
from awd.cells.frame import (
    TESTS,
    Filtered,
    Z,
    excess_of,
    filters,
    found_in,
    null,
    relative_error,
    spots,
)
from awd.cells.readout import (
    IMAGE,
    WIDTH,
    Width,
    axes,
    bordered,
    half_window,
    read,
)
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TESTS",
    "Filtered",
    "Z",
    "detect",
    "estimate_sigma",
    "estimate_widths",
    "excess_noise",
    "faint",
    "filters",
    "isolated",
    "relative_error",
    "spots",
    "widths",
]

FAINT = 3.0  # median amplitude over noise below which frames are pooled
FLOOR = 1.1  # px, the least width that is believed, as in cmeAnalysis
WIDTHS = (0.5, 4.0)  # px, between which widths are looked for
BRIGHT = 6.0  # z of a spot that tells its width
ENOUGH, PLENTY = 10, 500  # spots whose median is believed, and with no doubt
OVAL = 0.06  # log of the widths' ratio, from which a spot is not round


@checked(frames=IMAGE, sigma=WIDTH, sample=(1, 1e6))
def excess_noise(frames: Sequence[np.ndarray], sigma: Width, sample: int = 8) -> float:
    """Standard error of an amplitude over that in white noise; 1 if noise is white.

    Noise that was interpolated or smoothed is alike in neighbouring pixels: residuals
    are small, and errors of amplitudes are not. Measured in differences of frames that
    follow each other, which show little but noise.

    Parameters
    ----------
    frames : sequence of arrays of shape (H, W)
        Counts.
    sigma : float or pair of float
        Width of a spot, px.
    sample : int
        Pairs of frames that are looked at, at most; one in ten frames.
    """
    known = frames.excess if isinstance(frames, background.Cleaned) else {}
    if axes(sigma) not in known:
        known[axes(sigma)] = _measured_excess(frames, sigma, sample)
    return known[axes(sigma)]


def _measured_excess(frames: Sequence[np.ndarray], sigma: Width, sample: int) -> float:
    if len(frames) < 2:
        half, pixels = null(bordered(frames[0], sigma)[0], sigma)
        return excess_of(half, pixels, sigma)
    count = min(sample, max(1, len(frames) // 10))
    nulls = []
    for t in np.linspace(0, len(frames) - 2, count).round().astype(int):
        now, then = (bordered(frames[t + k], sigma)[0] for k in (0, 1))
        nulls.append(null(then - now, sigma))
    spread, pixels = np.array(nulls).T
    pixels_in_all = int(pixels.sum())
    mean = float(spread @ pixels) / max(pixels_in_all, 1)
    return excess_of(mean, pixels_in_all, sigma)


@checked(frames=IMAGE, sigma=WIDTH, z=(0.1, 1e4), test=TESTS)
def detect(
    frames: Sequence[np.ndarray],
    sigma: Width,
    z: float = Z,
    test: str = "z",
    pool: bool = False,
) -> pd.DataFrame:
    """Spots of all frames, without what stands still and is none.

    The background that stays and the pixels that are defect are taken off first
    (:func:`awd.cells.background.without_still`).

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

    tables, frames = [], background.without_still(frames, sigma)
    excess = excess_noise(frames, sigma) if len(frames) else 1.0
    for image, pooled in _with_neighbours(frames, pool):
        if pooled is None:
            tables.append(found_in(image, sigma, z, test, excess))
        else:
            table = found_in(pooled, sigma, z, test, excess)
            place = table[:, fit.X], table[:, fit.Y]
            now = read(image, *place, sigma, excess=excess)
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
    frames: Sequence[np.ndarray], sigma: Width, z: float = Z, sample: int = 10
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
    return _estimate(frames, start, sample)[0]


@checked(frames=IMAGE, start=WIDTH, sample=(1, 1e6))
def estimate_widths(
    frames: Sequence[np.ndarray], start: float = 1.5, sample: int = 40
) -> tuple[float, float]:
    """Widths of a spot along x and y, px: alike unless spots clearly are oval.

    Arguments and errors as in :func:`estimate_sigma`.
    """
    sigma, ratios = _estimate(frames, start, sample)
    log = np.log(ratios)
    middle = float(np.median(log)) if len(log) else 0.0
    error = 1.25 * 1.4826 * np.median(np.abs(log - middle)) / max(len(log), 1) ** 0.5
    if len(log) < ENOUGH or 2 * abs(middle) < max(OVAL, 6 * error):
        return sigma, sigma
    return sigma * np.exp(middle), sigma * np.exp(-middle)


def _estimate(
    frames: Sequence[np.ndarray], start: float, sample: int
) -> tuple[float, np.ndarray]:
    """The width of a round spot, and of every spot how much wider it is along x."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, sample).astype(int))
    shuffled = np.random.default_rng(0).permutation(chosen)
    sigma, ratios = start, np.empty(0)
    for turn in range(2):
        found = np.empty(0)
        for t in shuffled:
            image = frames[t]
            place = isolated(image, sigma)
            found = np.append(found, _widths_at(image, place, sigma))
            if turn:
                ratios = np.append(ratios, _ovals_at(image, place, sigma))
            if len(found) > PLENTY:
                break
        if len(found) < ENOUGH:
            raise DataError(
                f"{len(found)} bright and isolated spots in {len(chosen)} frames are "
                f"too few to estimate the width of a spot (at least {ENOUGH}); give "
                "sigma, in px: 0.21 wavelength / NA / pixel size, or that of beads"
            )
        sigma = float(np.median(found))
    return max(sigma, FLOOR), ratios


def isolated(image: np.ndarray, sigma: Width) -> tuple[np.ndarray, np.ndarray]:
    """x and y (px) of the bright spots that are far from others and the border."""
    from scipy.spatial import cKDTree

    table = spots(image, sigma)
    if len(table) < 2:
        return np.empty(0), np.empty(0)
    place = table[:, [fit.X, fit.Y]]
    apart = cKDTree(place).query(place, 2)[0][:, 1]
    w = half_window(sigma)
    z = table[:, fit.A] / table[:, fit.A_SE]
    inside = (place >= w).all(1) & (place < np.array(image.shape[::-1]) - w).all(1)
    x, y = place[(z > BRIGHT) & (apart > 2 * w) & inside].T
    return x, y


@checked(image=IMAGE, sigma=WIDTH)
def widths(
    image: np.ndarray,
    sigma: Width,
    place: tuple[np.ndarray, np.ndarray] | None = None,
) -> np.ndarray:
    """Widths, px, of spots at ``place`` (by default the isolated ones), as if round."""
    return _widths_at(image, place or isolated(image, sigma), sigma)


def _widths_at(
    image: np.ndarray, place: tuple[np.ndarray, np.ndarray], sigma: Width
) -> np.ndarray:
    (padded, _), w = bordered(image, sigma), half_window(sigma)
    found = fit.widths(padded, *place, w, *WIDTHS, (1.0, 1.0), False)
    return found[np.isfinite(found)]


def _ovals_at(
    image: np.ndarray, place: tuple[np.ndarray, np.ndarray], sigma: Width
) -> np.ndarray:
    """By how much spots are wider along x than ``sigma``, and narrower along y."""
    (padded, _), w = bordered(image, sigma), half_window(sigma)
    found = fit.widths(padded, *place, w, 0.6, 1.6, axes(sigma), True)
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
