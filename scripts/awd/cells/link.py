"""From spots to tracks: assignment frame after frame, gaps, and which tracks are real.

Tables of tracks are tables of spots with a column ``track``, sorted by track and frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.cells.compiled import linking
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

RADIUS = 3.0  # px, the longest link
GAP = 2  # frames that may be missing, as published
MIN_FRAMES = 2
MIN_Z = 7.0  # of a whole track: spots of chance at z 4 seldom meet three times
# Twice the log-likelihood that a link may lose against the most precise one of no
# length: one right link in 3 million costs more.
ALONE = 30.0
NEEDED = {"frame", "x", "y", "x_se", "y_se", "amplitude", "amplitude_se"}


@checked(spots=NEEDED, radius=(0.01, 1e4), gap=(0, 1000))
def link(spots: pd.DataFrame, radius: float = RADIUS, gap: int = GAP) -> pd.DataFrame:
    """Tracks of spots, by two passes of sparse assignment.

    In every frame each track that ended at most ``gap`` frames before the last competes
    for the spots, so that a gap is bridged only where no nearer track wants the spot.
    The first pass takes the assignment of least summed squared distance. Its tracks
    tell how far spots move (:func:`motion`), and the second takes the most likely
    assignment for Gaussian motion and the standard errors of the positions.

    Parameters
    ----------
    spots : DataFrame
        ``frame``, ``x``, ``y``, ``x_se``, ``y_se`` (px), and what else there is.
    radius : float
        Longest link, px.
    gap : int
        Most frames in a row that a spot may be missing.

    Returns
    -------
    DataFrame
        The spots with their ``track`` (0, 1, ... by first frame), sorted by both.
    """
    table = spots.sort_values(["frame", "y"], kind="stable", ignore_index=True)
    if not len(table):
        return table.assign(track=np.empty(0, int))
    frame, x, y, x_se, y_se = (
        np.ascontiguousarray(table[name], float)
        for name in ("frame", "x", "y", "x_se", "y_se")
    )
    edges = np.searchsorted(frame, np.arange(int(frame[-1]) + 2))
    alike = np.full(len(x), 0.5)
    track = linking.link_frames(edges, x, y, alike, 0.0, gap, radius, radius**2 + 1e-9)
    variance = (x_se**2 + y_se**2) / 2
    table["track"] = track
    moved = motion(table.sort_values(["track", "frame"], kind="stable"))
    track = linking.link_frames(edges, x, y, variance, moved, gap, radius, ALONE)
    table["track"] = track
    return table.sort_values(["track", "frame"], kind="stable", ignore_index=True)


@checked(
    spots=NEEDED, radius=(0.01, 1e4), gap=(0, 1000), min_frames=(1, 1e6), min_z=(0, 1e6)
)
def track(
    spots: pd.DataFrame,
    pooled: bool = False,
    radius: float = RADIUS,
    gap: int = GAP,
    min_frames: int = MIN_FRAMES,
    min_z: float = MIN_Z,
) -> pd.DataFrame:
    """Tracks that are significant, every frame of them: all of this module.

    Parameters
    ----------
    spots : DataFrame
        From :func:`awd.cells.detect.detect`.
    pooled : bool
        Whether the spots were placed in means of three frames: their tracks may begin
        and end a frame early, so ends with less than half the track's amplitude leave,
        and positions are smoothed further (:func:`smooth`).
    radius, gap
        See :func:`link`.
    min_frames, min_z
        See :func:`significant`.
    """
    found = significant(link(spots, radius, gap), min_frames, min_z)
    if not pooled:
        return fill_gaps(found)
    moved = motion(found, pooled)
    return smooth(fill_gaps(trim(found)), moved)


def motion(tracks: pd.DataFrame, pooled: bool = False) -> float:
    """Variance of a step from frame to frame along an axis, px^2, at least 1e-4.

    From the median squared distance of spots of a track, less their standard errors: a
    median, because merged neighbours and wrong links move far. Means of three frames
    are compared over three, so that they share none.
    """
    lag = 3 if pooled else 1
    # Variance of the difference of two means of a random walk over adjoining frames.
    steps = lag - (lag**2 - 1) / (3 * lag)
    frame, track = tracks["frame"].to_numpy(), tracks["track"].to_numpy()
    same = (track[lag:] == track[:-lag]) & (frame[lag:] - frame[:-lag] == lag)
    first = np.flatnonzero(same)
    if not len(first):
        return 1e-4
    x, y = tracks["x"].to_numpy(), tracks["y"].to_numpy()
    squared = (x[first + lag] - x[first]) ** 2 + (y[first + lag] - y[first]) ** 2
    error = (tracks["x_se"] ** 2 + tracks["y_se"] ** 2).to_numpy() / 2
    # A squared distance over its variance is chi-squared with two degrees of freedom.
    width = squared / (2 * np.log(2)) - error[first + lag] - error[first]
    return max(float(np.median(width)) / steps, 1e-4)


def trim(tracks: pd.DataFrame) -> pd.DataFrame:
    """Tracks without a first or last spot below half their median amplitude."""
    half = tracks.groupby("track")["amplitude"].transform("median") / 2
    track = tracks["track"]
    end = ~track.duplicated() | ~track.duplicated(keep="last")
    return tracks[~(end & (tracks["amplitude"] < half))].reset_index(drop=True)


def smooth(tracks: pd.DataFrame, motion: float) -> pd.DataFrame:
    """Tracks of pooled spots with positions, and their errors, smoothed in time.

    The most likely positions of a random walk with the given variance of a step, px^2;
    a spot counts with the error it would have in a single frame.
    """
    counts = np.unique(tracks["track"], return_counts=True)[1]
    edges = np.concatenate([[0], np.cumsum(counts)])
    smoothed: dict[str, np.ndarray] = {}
    for axis in ("x", "y"):
        place = tracks[axis].to_numpy(copy=True)
        variance = 3 * tracks[f"{axis}_se"].to_numpy() ** 2
        linking.smooth_rows(edges, place, variance, motion)
        smoothed |= {axis: place, f"{axis}_se": np.sqrt(variance)}
    return tracks.assign(**smoothed)


def significant(
    tracks: pd.DataFrame, min_frames: int = MIN_FRAMES, min_z: float = MIN_Z
) -> pd.DataFrame:
    """Tracks that are long enough and whose amplitudes together are significant.

    The z of a track is the sum of ``amplitude / amplitude_se`` over its spots by the
    root of their number (Stouffer).
    """
    z = (tracks["amplitude"] / tracks["amplitude_se"]).groupby(tracks["track"])
    count = z.transform("size")
    real = (count >= min_frames) & (z.transform("sum") >= min_z * np.sqrt(count))
    return tracks[real].reset_index(drop=True)


def fill_gaps(tracks: pd.DataFrame) -> pd.DataFrame:
    """Tracks with every frame from their first to their last.

    Returns
    -------
    DataFrame
        The table with rows for the missing frames, their ``x`` and ``y`` interpolated,
        all else NaN; the new column ``seen`` tells them apart.
    """
    import pandas as pd

    track, frame = tracks["track"].to_numpy(), tracks["frame"].to_numpy()
    step = np.append(np.diff(frame), 1)
    step[np.flatnonzero(np.diff(track))] = 1
    if len(step) and step.min() < 1:
        raise DataError("tracks must be sorted by track and frame, each frame once")
    row = np.repeat(np.arange(len(tracks)), step)
    into = np.arange(len(row)) - np.repeat(np.cumsum(step) - step, step)
    share, after = into / step[row], np.minimum(row + 1, len(tracks) - 1)
    filled = tracks.iloc[row].reset_index(drop=True)
    missing = into > 0
    for axis in ("x", "y"):
        place = tracks[axis].to_numpy()
        between = (1 - share) * place[row] + share * place[after]
        filled[axis] = np.where(missing, between, place[row])
    other = filled.columns.difference(["track", "frame", "x", "y"])
    filled.loc[missing, other] = np.nan
    filled["frame"] += into
    return filled.assign(seen=pd.Series(~missing))
