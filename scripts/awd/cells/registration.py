"""How far two channels, or two frames, stand apart: from the spots of both.

Spots that are the same make differences that agree, all other pairs make differences of
every kind; so the differences of all near pairs have a peak where the shift is. What is
measured is later applied to places, never to images, which stay as they were recorded.
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


def channel_shift(
    points: pd.DataFrame, slave: Sequence[np.ndarray], sigma: Width, sample: int = 20
) -> Shift:
    """How far the slave's spots stand from the master's, in the same frames.

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
    Shift
        A master at ``(y, x)`` has its slave at ``(y + shift.y, x + shift.x)``.
    """
    bright = points[points["amplitude"] > BRIGHT * points["amplitude_se"]]
    frame, found = bright["frame"].to_numpy(), []
    place = bright[["x", "y"]].to_numpy()
    for t in np.unique(np.linspace(0, len(slave) - 1, sample).astype(int)):
        other = detect.spots(slave[t], sigma, BRIGHT)[:, [fit.X, fit.Y]]
        found.append(differences(place[frame == t], other))
    return peak(np.concatenate(found))


def differences(
    first: np.ndarray, second: np.ndarray, reach: float = REACH + 2 * PEAK
) -> np.ndarray:
    """Second less first of all pairs within reach along both axes, (pairs, 2), x y."""
    from scipy.spatial import cKDTree

    if not len(first) or not len(second):
        return np.empty((0, 2))
    near = cKDTree(first).query_ball_tree(cKDTree(second), reach, p=np.inf)
    a = np.repeat(np.arange(len(first)), [len(own) for own in near])
    b = np.array([k for own in near for k in own], int)
    return second[b] - first[a]


def peak(pairs: np.ndarray, reach: float = REACH) -> Shift:
    """Where differences agree, more than they would by chance.

    The peak is that of all differences under a Gaussian; its place is then refined by
    expectation and maximisation of a Gaussian on an even ground, so that pairs of
    chance pull it nowhere.

    Parameters
    ----------
    pairs : array of shape (pairs, 2)
        Differences along x and y, px, of all pairs within ``reach`` and two px.
    reach : float
        Largest shift along an axis, px.
    """
    if not len(pairs):
        return UNKNOWN
    middle = _highest(pairs, reach)
    ground = len(pairs) / (2 * reach + 4 * PEAK) ** 2
    spread, share = PEAK**2 / 4, 0.5
    near = pairs[(np.abs(pairs - middle) < 3 * PEAK).all(1)]
    area = (6 * PEAK) ** 2
    for _ in range(50):
        away = ((near - middle) ** 2).sum(1)
        same = share * np.exp(-away / (2 * spread)) / (2 * np.pi * spread)
        same /= same + (1 - share) / area
        weight = max(same.sum(), 1e-9)
        share = min(weight / len(near), 0.999)
        middle = same @ near / weight
        spread = np.clip(same @ ((near - middle) ** 2).sum(1) / (2 * weight), 1e-4, 1)
    radius = 2.5 * np.sqrt(spread)
    inside = (((pairs - middle) ** 2).sum(1) < radius**2).sum()
    chance = ground * np.pi * radius**2
    more = inside - chance
    # The highest of many places is high by chance, too.
    if more < max(AGREEING, CERTAIN * np.sqrt(chance)) or np.abs(middle).max() > reach:
        return UNKNOWN
    error = np.sqrt(spread * inside) / more
    return Shift(float(middle[1]), float(middle[0]), float(error), float(more))


def _highest(pairs: np.ndarray, reach: float) -> np.ndarray:
    """The place, x y to a quarter of a px, about which most differences lie."""
    from scipy.ndimage import gaussian_filter

    edges = np.arange(-reach - 2 * PEAK, reach + 2 * PEAK + 0.125, 0.25)
    counts, *_ = np.histogram2d(pairs[:, 0], pairs[:, 1], [edges, edges])
    smooth = gaussian_filter(counts, PEAK / 2 / 0.25, mode="constant")
    x, y = np.unravel_index(smooth.argmax(), smooth.shape)
    return np.array([edges[x] + 0.125, edges[y] + 0.125])
