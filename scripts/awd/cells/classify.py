"""Which tracks are whole clathrin pits: the categories 1 to 4 of cmeAnalysis.

1 seen from its start to its end, with good gaps or none; 2 the same, but doubtful; 3
cut by the start or the end of the movie; 4 there all the time. Categories 5 to 8 are
for tracks that merge or split, which ours do not. Source: Aguet et al. 2013 (Dev Cell
26:279) and their code; every constant is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awd.arguments import checked
from awd.cells.readout import SIGNIFICANT
from awd.errors import ShapeError

BUFFER = 5  # frames that are read before and after a track
COHORTS = (10, 20, 40, 60, 80, 100, 125, 150)  # bounds of lifetimes, s
LOWEST = 2.5  # percentile of the maxima of a cohort's pits that a doubtful one reaches
LONG = 4  # frames; shorter tracks stay doubtful
QUIET = 2  # insignificant frames in a row that each buffer must have
STEPS, FAST = 4, 95  # steps that may be above that percentile of the median steps


@dataclass(frozen=True)
class Ragged:
    """Tracks one after the other: what is read in every frame of theirs, (obs,)."""

    edges: np.ndarray  # first observation of every track and one past the last
    frame: np.ndarray
    x: np.ndarray  # px
    y: np.ndarray
    seen: np.ndarray  # False where a gap was filled
    master: np.ndarray  # amplitude, counts
    background: np.ndarray  # of the master, counts


@checked(
    buffer_top="track* 2 5",
    buffer_p="track* 2 5",
    frames=(1, 1e7),
    interval_s=(1e-6, 1e6),
    may_be_nan="buffer_top buffer_p",
)
def classify(
    tracks: Ragged,
    buffer_top: np.ndarray,
    buffer_p: np.ndarray,
    frames: int,
    interval_s: float,
) -> np.ndarray:
    """Category of every track.

    Parameters
    ----------
    tracks : Ragged
        Every frame of every track.
    buffer_top : array of shape (track, 2, 5)
        Master amplitude plus background before the start and after the end, counts;
        NaN outside of the movie.
    buffer_p : array of shape (track, 2, 5)
        p-values of these amplitudes.
    frames : int
        Length of the movie.
    interval_s : float
        Time between frames, s.

    Returns
    -------
    array of int of shape (track,)

    Raises
    ------
    ShapeError
        Buffers are of other tracks.
    """
    for name, given in (("buffer_top", buffer_top), ("buffer_p", buffer_p)):
        if len(given) != len(tracks.edges) - 1:
            raise ShapeError(
                f"classify: {name} is of {len(given)} tracks, expected "
                f"{len(tracks.edges) - 1}, as tracks are; read the buffers of these"
            )
    first, last = tracks.edges[:-1], tracks.edges[1:] - 1
    start, end = tracks.frame[first], tracks.frame[last]
    lifetime = end - start + 1
    highest = np.maximum.reduceat(tracks.master, first)
    top = np.maximum.reduceat(tracks.master + tracks.background, first)
    category = np.where(_good_gaps(tracks), 1, 2)
    category[(start < BUFFER) | (end >= frames - BUFFER)] = 3
    category[(start == 0) & (end == frames - 1)] = 4

    bright = _as_bright(highest, lifetime * interval_s, category == 1)
    category[(category == 2) & (lifetime > LONG) & bright] = 1

    share = np.add.reduceat(~tracks.seen, first) / lifetime
    with np.errstate(invalid="ignore"):  # NaN outside of the movie compares as False
        loud = (buffer_top > top[:, None, None]).any((1, 2))
    doubtful = (
        ~_quiet(buffer_p)
        | loud
        | (share >= 0.5)
        | fast(tracks.edges, tracks.x, tracks.y)
    )
    category[(category == 1) & doubtful] = 2
    return category


def _good_gaps(tracks: Ragged) -> np.ndarray:
    """No gap of more than a frame beside a stretch of one frame."""
    good = np.empty(len(tracks.edges) - 1, bool)
    for k, (a, b) in enumerate(zip(tracks.edges, tracks.edges[1:], strict=False)):
        cuts = np.flatnonzero(np.diff(tracks.seen[a:b])) + 1
        runs = np.diff(np.concatenate([[0], cuts, [b - a]]))
        # A track begins and ends with what was seen, so that odd runs are gaps.
        gap = runs[1::2] > 1
        beside = (runs[:-1:2] > 1) & (runs[2::2] > 1)
        good[k] = not (gap & ~beside).any()
    return good


def _as_bright(
    highest: np.ndarray, lifetime_s: np.ndarray, sure: np.ndarray
) -> np.ndarray:
    """Whether a maximum is usual among the sure tracks of the lifetime cohort."""
    cohort = np.searchsorted(COHORTS, lifetime_s, side="right")
    bright = np.zeros(len(highest), bool)
    for k in np.unique(cohort[sure]):
        own = cohort == k
        bright[own] = highest[own] >= np.percentile(highest[own & sure], LOWEST)
    return bright


def _quiet(buffer_p: np.ndarray) -> np.ndarray:
    """Whether both buffers have two insignificant frames in a row."""
    quiet = buffer_p >= SIGNIFICANT
    twice = quiet[..., 1:] & quiet[..., :-1]
    return np.all(np.any(twice, axis=2), axis=1)


def fast(edges: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether more than four steps are longer than median steps usually are.

    ``edges`` are the first observations of the tracks and one past the last, ``x`` and
    ``y`` positions of all observations, px. Returns bool, (track,).
    """
    count = len(edges) - 1
    step = np.hypot(np.diff(x), np.diff(y))
    owner = np.repeat(np.arange(count), np.diff(edges))
    within = owner[1:] == owner[:-1]
    step, owner = step[within], owner[:-1][within]
    if not len(step):
        return np.zeros(count, bool)
    order = np.lexsort((step, owner))
    step, owner = step[order], owner[order]
    ends = np.searchsorted(owner, np.arange(count + 1))
    moved = np.diff(ends) > 0
    middle = (ends[:-1] + ends[1:] - 1) // 2
    longest = np.percentile(step[middle[moved]], FAST)
    return np.bincount(owner[step > longest], minlength=count) > STEPS
