"""How a movie went, from its tracks: drift, jumps, light, steps, bleed-through.

Points are tables with ``track``, ``frame``, ``x``, ``y`` (px), ``master``, ``slave``
(counts), sorted by track and frame (:func:`awd.cells.measures.points`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.cells import registration

if TYPE_CHECKING:
    import pandas as pd

MEDIAN = (
    1.25 * 1.4826
)  # s.e. of a median times the root of n, over the median deviation
FEWEST = 8  # tracks that tell of a step
LONG = 5  # frames, of a track that tells of the drift
SURE = 6.0  # standard errors of a jump
BROKEN = 0.5  # share of the tracks that end in one frame
FARTHEST = 20.0  # px, the longest jump that is looked for
NEAR = 0.8  # of the radius


def drift(points: pd.DataFrame) -> tuple[float, float]:
    """Speed with which all tracks move together, and its s.e., px a frame.

    Per axis the median of the tracks' own speeds, weighted by their lengths. A track
    that diffuses or goes its own way is one voice among many, so its own motion ends in
    the error.
    """
    ends = points.groupby("track").agg(
        first=("frame", "first"),
        last=("frame", "last"),
        **{f"{a}{k}": (a, k) for a in "xy" for k in ("first", "last")},
    )
    life = ends["last"] - ends["first"]
    ends, life = ends[life >= LONG - 1], life[life >= LONG - 1]
    if len(ends) < FEWEST:
        return np.nan, np.nan
    weight = life.to_numpy(float)
    effective = weight.sum() ** 2 / (weight**2).sum()
    speed, error = [], []
    for axis in "xy":
        own = ((ends[f"{axis}last"] - ends[f"{axis}first"]) / life).to_numpy()
        speed.append(_median(own, weight))
        deviation = _median(np.abs(own - speed[-1]), weight)
        error.append(MEDIAN * deviation / np.sqrt(effective))
    return float(np.linalg.norm(speed)), float(np.linalg.norm(error))


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    share = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])


def steps(points: pd.DataFrame) -> pd.DataFrame:
    """Every step of a track to the next: ``frame`` reached, ``x``, ``y``, ``gain``.

    ``gain`` is the logarithm of the ratio of the master's amplitudes. Filled gaps take
    no part.
    """
    if "seen" in points:
        points = points[points["seen"] == 1]
    moved = points.groupby("track")[["x", "y", "frame"]].diff()
    with np.errstate(invalid="ignore", divide="ignore"):
        light = np.log(points["master"].where(points["master"] > 0))
    moved["gain"] = light.groupby(points["track"]).diff()
    next_frame = moved["frame"] == 1
    return moved[next_frame].assign(frame=points.loc[next_frame, "frame"])


def by_frame(points: pd.DataFrame) -> pd.DataFrame:
    """What all tracks do at once, by frame reached: medians of steps and their errors.

    Returns
    -------
    DataFrame
        Indexed by frame: ``x``, ``y`` (px), ``gain`` (log), each with its standard
        error (``x_se`` ...), ``tracks`` that tell, and ``survival``, the share of the
        tracks alive before that go on.
    """
    import pandas as pd

    groups = steps(points).groupby("frame")[["x", "y", "gain"]]
    middle, count = groups.median(), groups.size()
    error = groups.agg(lambda own: (own - own.median()).abs().median())
    table = middle.join(error.mul(MEDIAN).div(np.sqrt(count), axis=0), rsuffix="_se")
    table = table.reindex(
        np.arange(points["frame"].min() + 1, points["frame"].max() + 1)
    )
    span = points.groupby("track")["frame"].agg(["first", "last"])
    first, last = np.sort(span["first"]), np.sort(span["last"])
    frame = table.index.to_numpy()
    before = np.searchsorted(first, frame - 1, "right") - np.searchsorted(
        last, frame - 1
    )
    ended = np.searchsorted(last, frame) - np.searchsorted(last, frame - 1)
    survival = np.where(before >= FEWEST, 1 - ended / np.maximum(before, 1), np.nan)
    return table.assign(
        tracks=pd.Series(count).reindex(frame).fillna(0).to_numpy(), survival=survival
    )


def breaks(points: pd.DataFrame) -> dict[str, float]:
    """The largest jump of the stage and of the light, NaN where tracks do not tell.

    ``jump_px`` and the frame it led to; ``broken``, the largest share of tracks that
    end at once; ``flash``, the relative change of light from one frame to the next,
    with its sign in ``flash_signed``, and its frame. Jumps that may be chance are 0.
    """
    table = by_frame(points)
    unknown = dict.fromkeys(("jump_px", "jump_frame", "broken"), np.nan)
    found = unknown | dict.fromkeys(("flash", "flash_signed", "flash_frame"), np.nan)
    reliable = table[table["tracks"] >= FEWEST]
    if not len(reliable):
        return found
    found |= _jump(table, reliable, points)
    gain = reliable["gain"] - reliable["gain"].median()
    sure = gain.abs() > SURE * reliable["gain_se"]
    found |= {"flash": 0.0, "flash_signed": 0.0}
    if sure.any():
        at = gain.abs().where(sure).idxmax()
        change = float(np.expm1(gain[at]))
        found |= {"flash": abs(change), "flash_signed": change, "flash_frame": int(at)}
    return found


def _jump(
    table: pd.DataFrame, reliable: pd.DataFrame, points: pd.DataFrame
) -> dict[str, float]:
    """Where the stage jumped: tracks step together, or all break off."""
    survival = table["survival"].dropna()
    found = {"jump_px": 0.0, "jump_frame": np.nan, "broken": 0.0}
    usual = survival.median() if len(survival) else np.nan
    if len(survival) and usual > 0:
        found["broken"] = max(float(1 - survival.min() / usual), 0.0)
        if found["broken"] > BROKEN:
            at = int(survival.idxmin())
            before, after = (
                points.loc[points["frame"] == t, ["x", "y"]].to_numpy()
                for t in (at - 1, at)
            )
            pairs = registration.differences(before, after, FARTHEST + 2)
            jump = registration.peak(pairs, FARTHEST)
            length = jump.length if jump.pairs else 0.0
            return found | {"jump_px": length, "jump_frame": at}
    away = np.hypot(*(reliable[a] - reliable[a].median() for a in "xy"))
    sure = away > SURE * np.hypot(reliable["x_se"], reliable["y_se"])
    if sure.any():
        at = away.where(sure).idxmax()
        found |= {"jump_px": float(away[at]), "jump_frame": int(at)}
    return found


def left(points: pd.DataFrame, frames: int, found: Mapping[str, Any]) -> float:
    """Share of the master's median amplitude that is left after so many frames.

    From the slope of the logarithm of each frame's median, which a change in the number
    of pits does not move; a sudden change of light (:func:`breaks`) is taken out.
    """
    level = points.groupby("frame")["master"].median()
    level = level[level > 0]
    if len(level) < 3:
        return np.nan
    log = np.log(level.to_numpy())
    if found["flash"] > 0.2:
        log = log - (level.index >= found["flash_frame"]) * np.log1p(
            found["flash_signed"]
        )
    return float(np.exp(np.polyfit(level.index, log, 1)[0] * frames))


def near_radius(points: pd.DataFrame, radius: float) -> float:
    """Share of the steps that are longer than 0.8 of the longest link."""
    moved = steps(points)
    if not len(moved) or not np.isfinite(radius):
        return np.nan
    return float((np.hypot(moved["x"], moved["y"]) > NEAR * radius).mean())


def cut(points: pd.DataFrame) -> float:
    """Share of the tracks, but those that are there all the time, that an end cuts."""
    span = points.groupby("track")["frame"].agg(["first", "last"])
    start = span["first"] == points["frame"].min()
    end = span["last"] == points["frame"].max()
    some = ~(start & end)
    if some.sum() < FEWEST:
        return np.nan
    return float((start | end)[some].mean())


def bleed(points: pd.DataFrame) -> tuple[float, float]:
    """Slope of the slave's usual amplitude over the master's, and its s.e.

    Of medians of the slave in bins of the master: bursts are seldom and do not move a
    median, while bleed-through is there all the time. NaN for tracks without standard
    errors: their intensities may hold the background.
    """
    x, y = bleed_bins(points)
    if not len(x):
        return np.nan, np.nan
    spread = x - x.mean()
    slope = float(spread @ y / (spread @ spread))
    rest = y - y.mean() - slope * spread
    return slope, float(np.sqrt(rest @ rest / (len(x) - 2) / (spread @ spread)))


def bleed_bins(points: pd.DataFrame, bins: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Medians of master and slave, counts, in bins of the master; empty if unknown."""
    if "slave_se" not in points or len(points) < 20 * bins:
        return np.empty(0), np.empty(0)
    order = np.argsort(points["master"].to_numpy())
    parts = np.array_split(order, bins)
    master, slave = (
        np.array([np.median(points[name].to_numpy()[part]) for part in parts])
        for name in ("master", "slave")
    )
    return master, slave
