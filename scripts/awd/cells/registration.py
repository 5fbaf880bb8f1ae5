"""How two channels, or two frames, stand to each other: from the spots of both.

Spots that are the same make differences that agree, all other pairs make differences of
every kind; so the differences of all near pairs have a peak where the shift is. Where
one channel is also turned or magnified, the peak moves with the place: an affine map.
What is measured is later applied to places, never to images, which stay as they were
recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from awd.cells import detect
from awd.cells.compiled import fit
from awd.cells.readout import Width

if TYPE_CHECKING:
    import pandas as pd


REACH = 8.0  # px, the largest shift along an axis that is looked for
PEAK = 1.0  # px, how far pairs of the same spot are from each other, at most about
AGREEING = 12  # pairs more than by chance, and how many of their standard errors
CERTAIN = 5.0
BRIGHT = 6.0  # z of spots that are compared
TURNED = 30  # pairs, more than by chance, from which an affine map is fitted
SURE = 0.1  # px, error of such a map at a corner, at most


class Shift(NamedTuple):
    """Of the second beside the first, px; NaN where spots do not tell."""

    y: float
    x: float
    error: float  # standard error along an axis
    pairs: float  # that agree, more than by chance

    @property
    def length(self) -> float:
        return float(np.hypot(self.y, self.x))


UNKNOWN = Shift(np.nan, np.nan, np.nan, 0.0)


class Affine(NamedTuple):
    """Of the second beside the first: ``(y, x)`` there is ``matrix @ (y, x, 1)``."""

    matrix: np.ndarray  # (2, 3)
    covariance: np.ndarray  # (3, 3), of either row

    def is_sure(self, shape: tuple[int, int]) -> bool:
        """Whether its error at every corner of an image (H, W) is small."""
        return bool(self.error(corners(shape)).max() <= SURE)

    def error(self, places: np.ndarray) -> np.ndarray:
        """Standard error along an axis at places (n, 2), y x, px."""
        full = np.column_stack([places, np.ones(len(places))])
        return np.sqrt(np.einsum("ni,ij,nj->n", full, self.covariance, full))


class Alignment(NamedTuple):
    """Of two channels: the shift alone, and the affine map if spots tell it."""

    shift: Shift
    affine: Affine | None


def shifted(y: float, x: float) -> np.ndarray:
    """The matrix, (2, 3), of a shift alone."""
    return np.array([[1.0, 0.0, y], [0.0, 1.0, x]])


def moved(matrix: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places (n, 2), y x, px, of the master as they stand in the slave."""
    return places @ matrix[:, :2].T + matrix[:, 2]


def corners(shape: tuple[int, int]) -> np.ndarray:
    """Corners (4, 2), y x, px, of an image of that height and width."""
    bottom, right = shape[0] - 1.0, shape[1] - 1.0
    return np.array([[0, 0], [0, right], [bottom, 0], [bottom, right]], float)


def channel_shift(
    points: pd.DataFrame, slave: Sequence[np.ndarray], sigma: Width, sample: int = 20
) -> Shift:
    """How far the slave's spots stand from the master's, in the same frames.

    Arguments as in :func:`align`.

    Returns
    -------
    Shift
        A master at ``(y, x)`` has its slave at ``(y + shift.y, x + shift.x)``.
    """
    return align(points, slave, sigma, sample).shift


def align(
    points: pd.DataFrame, slave: Sequence[np.ndarray], sigma: Width, sample: int = 20
) -> Alignment:
    """How the slave's spots stand to the master's, in the same frames.

    Parameters
    ----------
    points : DataFrame
        Spots of the master: ``frame``, ``x``, ``y`` (px), ``amplitude``,
        ``amplitude_se``; from detection or of tracks.
    slave : sequence of arrays of shape (H, W)
        Counts.
    sigma : float or pair of float
        Width of a spot in the slave, px.
    sample : int
        Frames that are looked at, at most.

    Returns
    -------
    Alignment
    """
    bright = points[points["amplitude"] > BRIGHT * points["amplitude_se"]]
    frame, found = bright["frame"].to_numpy(), []
    place = bright[["x", "y"]].to_numpy()
    for t in np.unique(np.linspace(0, len(slave) - 1, sample).astype(int)):
        other = detect.spots(slave[t], sigma, BRIGHT)[:, [fit.X, fit.Y]]
        found.append(pairs(place[frame == t], other))
    places, apart = map(np.concatenate, zip(*found, strict=True))
    shift = peak(apart)
    return Alignment(shift, affine(places, apart, shift))


def differences(
    first: np.ndarray, second: np.ndarray, reach: float = REACH + 2 * PEAK
) -> np.ndarray:
    """Second less first of all pairs within reach along both axes, (pairs, 2), x y."""
    return pairs(first, second, reach)[1]


def pairs(
    first: np.ndarray, second: np.ndarray, reach: float = REACH + 2 * PEAK
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the first, and second less first, of all pairs within reach.

    Each of shape (pairs, 2), x y.
    """
    from scipy.spatial import cKDTree

    if not len(first) or not len(second):
        return np.empty((0, 2)), np.empty((0, 2))
    near = cKDTree(first).query_ball_tree(cKDTree(second), reach, p=np.inf)
    a = np.repeat(np.arange(len(first)), [len(own) for own in near])
    b = np.array([k for own in near for k in own], int)
    return first[a], second[b] - first[a]


def peak(apart: np.ndarray, reach: float = REACH) -> Shift:
    """Where differences agree, more than they would by chance.

    Parameters
    ----------
    apart : array of shape (pairs, 2)
        Differences along x and y, px, of all pairs within ``reach`` and two px.
    reach : float
        Largest shift along an axis, px.

    Returns
    -------
    Shift
        A spot at ``(y, x)`` has its partner at ``(y + shift.y, x + shift.x)``.
    """
    if not len(apart):
        return UNKNOWN
    middle = _highest(apart, reach)
    fitted = _agreeing(apart, np.ones((len(apart), 1)), middle[None])
    (middle,), spread = fitted.coefficients, fitted.spread
    radius = 2.5 * np.sqrt(spread)
    inside = (((apart - middle) ** 2).sum(1) < radius**2).sum()
    chance = len(apart) / (2 * reach + 4 * PEAK) ** 2 * np.pi * radius**2
    more = inside - chance
    # The highest of many places is high by chance, too.
    if more < max(AGREEING, CERTAIN * np.sqrt(chance)) or np.abs(middle).max() > reach:
        return UNKNOWN
    error = np.sqrt(spread * inside) / more
    return Shift(float(middle[1]), float(middle[0]), float(error), float(more))


def affine(places: np.ndarray, apart: np.ndarray, start: Shift) -> Affine | None:
    """How differences change with the place: rotation, scale, shear and shift.

    Parameters
    ----------
    places, apart : arrays of shape (pairs, 2)
        From :func:`pairs`, of all frames.
    start : Shift
        Of the same pairs.

    Returns
    -------
    Affine
        None where fewer than :data:`TURNED` pairs agree.
    """
    if not start.pairs:
        return None
    middle, size = places.mean(0), max(np.ptp(places, axis=0).max(), 1.0)
    # Of places about their middle, so that slopes and shift do not lean on each other.
    design = np.column_stack([(places - middle) / size, np.ones(len(places))])
    first = np.array([[0.0, 0.0], [0.0, 0.0], [start.x, start.y]])
    fitted = _agreeing(apart, design, first)
    if fitted.weight < TURNED:
        return None
    (xx, xy), (yx, yy), by = fitted.coefficients
    slopes = np.array([[yy, xy], [yx, xx]]) / size
    matrix = np.column_stack([np.eye(2) + slopes, by[::-1] - slopes @ middle[::-1]])
    # From (y, x, 1) to the columns of the design.
    to = np.array([[0, 1, -middle[0]], [1, 0, -middle[1]], [0, 0, size]]) / size
    return Affine(matrix, to.T @ fitted.covariance @ to)


class _Fit(NamedTuple):
    coefficients: np.ndarray  # (columns of the design, 2), x y
    covariance: np.ndarray  # of the coefficients, along either axis
    spread: float  # variance along an axis of pairs of one spot, px^2
    weight: float  # pairs of one spot


def _agreeing(apart: np.ndarray, design: np.ndarray, coefficients: np.ndarray) -> _Fit:
    """Differences as ``design @ coefficients`` where pairs are of one spot.

    By expectation and maximisation of a Gaussian about these on an even ground, so that
    pairs of chance pull them nowhere.
    """
    spread, share, area = PEAK**2 / 4, 0.5, (6 * PEAK) ** 2
    for _ in range(50):
        away = apart - design @ coefficients
        near = (np.abs(away) < 3 * PEAK).all(1)
        own, distance = design[near], (away[near] ** 2).sum(1)
        same = share * np.exp(-distance / (2 * spread)) / (2 * np.pi * spread)
        same /= same + (1 - share) / area
        weight = max(same.sum(), 1e-9)
        share = min(weight / len(own), 0.999)
        inverse = np.linalg.pinv(own.T @ (same[:, None] * own))
        coefficients = inverse @ (own.T @ (same[:, None] * apart[near]))
        left = ((apart[near] - own @ coefficients) ** 2).sum(1)
        spread = np.clip(same @ left / (2 * weight), 1e-4, 1)
    return _Fit(coefficients, spread * inverse, float(spread), float(weight))


def _highest(apart: np.ndarray, reach: float) -> np.ndarray:
    """The place, x y to a quarter of a px, about which most differences lie."""
    from scipy.ndimage import gaussian_filter

    edges = np.arange(-reach - 2 * PEAK, reach + 2 * PEAK + 0.125, 0.25)
    counts, *_ = np.histogram2d(apart[:, 0], apart[:, 1], [edges, edges])
    smooth = gaussian_filter(counts, PEAK / 2 / 0.25, mode="constant")
    x, y = np.unravel_index(smooth.argmax(), smooth.shape)
    return np.array([edges[x] + 0.125, edges[y] + 0.125])
