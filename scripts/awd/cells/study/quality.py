"""Is a tracked cell fit for use? Numbers, and warnings in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.cells import measures, tracks

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FEW = 5.0  # spots a frame
FAINT = 3.0  # median amplitude over its standard error, about, of what is lost
CROWDED = (
    0.5  # spots per um^2: their mean distance to the nearest is then 9 px of 80 nm
)
DRIFT = 3.0  # px over the movie, the longest link
FADED = 0.5  # of the brightness that is left at the end
BLURRED = 2.5  # px, width of a spot out of focus
WHOLE = 0.2  # share of tracks that are seen from start to end


def quality(cell: xr.Dataset, truth: xr.Dataset | None = None) -> dict[str, Any]:
    """One row of the quality page.

    Parameters
    ----------
    cell : Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`.
    truth : Dataset, optional
        Of a simulated movie.

    Returns
    -------
    dict
        ``cell``, ``tracks``, ``complete``, ``spots`` (a frame), ``z`` (median amplitude
        of the master over its standard error), ``drift_px`` (over the movie),
        ``left`` (share of the master's brightness at the end of the movie),
        ``sigma_master_px``, ``sigma_slave_px``, ``median_lifetime_s``, the shares of
        the categories ``class1`` to ``class4``; with a truth the measures of
        :mod:`awd.cells.measures`; and ``warnings``. What is unknown is NaN.
    """
    found: dict[str, Any] = {"cell": cell.attrs["cell"], "tracks": cell.sizes["track"]}
    if "rejected" in cell.attrs:
        return found | {"warnings": f"left out: {cell.attrs['rejected']}"}
    points = measures.points(cell)
    complete = cell["complete"].values == 1
    frames = points["frame"].max() - points["frame"].min() + 1
    interval = cell.attrs["frame_interval_s"]
    found |= {
        "complete": int(complete.sum()),
        "spots": len(points) / frames,
        "z": np.nan,
        "drift_px": drift(points) * frames,
        "left": left(points, frames),
        **{f"sigma_{c}_px": np.nan for c in ("master", "slave")},
        "median_lifetime_s": np.nan,
    }
    for name in ("sigma_master_px", "sigma_slave_px"):
        found[name] = float(cell.attrs.get(name, np.nan))
    if complete.any():
        found["median_lifetime_s"] = interval * np.median(
            tracks.lifetimes(cell)[complete]
        )
    if "master_se" in points:
        found["z"] = float((points["master"] / points["master_se"]).median())
    for k in range(1, 5):
        known = "category" in cell
        share = (cell["category"].values == k).mean() if known else np.nan
        found[f"class{k}"] = float(share)
    if truth is not None:
        found |= _against(truth, cell)
    area = np.nan
    if "height_px" in cell.attrs:
        pixels = cell.attrs["height_px"] * cell.attrs["width_px"]
        area = pixels * (cell.attrs["pixel_nm"] / 1000) ** 2
    return found | {"warnings": "; ".join(_warnings(found, area))}


def drift(points: pd.DataFrame) -> float:
    """Speed with which all tracks move together, px a frame: a median of steps."""
    step = points.groupby("track")[["x", "y", "frame"]].diff().dropna()
    step = step[step["frame"] == 1]
    return float(np.hypot(*step[["x", "y"]].median())) if len(step) else np.nan


def left(points: pd.DataFrame, frames: int) -> float:
    """Share of the master's median amplitude that is left after so many frames.

    From the slope of the logarithm of each frame's median, which a change in the number
    of pits does not move.
    """
    level = points.groupby("frame")["master"].median()
    level = level[level > 0]
    if len(level) < 3:
        return np.nan
    slope = np.polyfit(level.index, np.log(level), 1)[0]
    return float(np.exp(slope * frames))


def _against(truth: xr.Dataset, cell: xr.Dataset) -> dict[str, float]:
    agreement = measures.tracking(measures.points(truth), measures.points(cell))
    readout = measures.readout(truth, cell)
    return vars(agreement) | vars(readout)


def _warnings(found: Mapping[str, Any], area: float) -> Iterator[str]:
    """What a person should know before using the cell; NaN says nothing."""
    if found["spots"] < FEW:
        yield f"only {found['spots']:.1f} spots a frame"
    if found["z"] < FAINT:
        yield "spots are hardly brighter than the noise"
    if found["spots"] / area > CROWDED:
        yield f"crowded: {found['spots'] / area:.2f} spots per µm², many merge"
    if found["drift_px"] > DRIFT:
        yield f"the stage drifted by {found['drift_px']:.1f} px: register the movie"
    if found["left"] < FADED:
        yield f"bleached to {found['left']:.0%} of the brightness"
    if found["sigma_master_px"] > BLURRED:
        yield f"spots are {found['sigma_master_px']:.1f} px wide: out of focus?"
    if found["complete"] < WHOLE * found["tracks"]:
        yield "few tracks are seen from start to end: the movie is short"


# What the page calls a column, how it is written; a column that is empty is left out.
PAGE = {
    "cell": ("cell", "{}"),
    "warnings": ("warnings", "{}"),
    "tracks": ("tracks", "{:.0f}"),
    "complete": ("whole", "{:.0f}"),
    "spots": ("spots a frame", "{:.0f}"),
    "z": ("amplitude / s.e.", "{:.1f}"),
    "drift_px": ("drift (px)", "{:.1f}"),
    "left": ("left of brightness", "{:.0%}"),
    "sigma_master_px": ("width, master (px)", "{:.2f}"),
    "sigma_slave_px": ("width, slave (px)", "{:.2f}"),
    "median_lifetime_s": ("median lifetime (s)", "{:.0f}"),
    "class1": ("class 1", "{:.0%}"),
    "class2": ("class 2", "{:.0%}"),
    "class3": ("class 3", "{:.0%}"),
    "class4": ("class 4", "{:.0%}"),
    "alpha": ("alpha", "{:.2f}"),
    "beta": ("beta", "{:.2f}"),
    "jsc": ("JSC", "{:.2f}"),
    "jsc_theta": ("JSC of tracks", "{:.2f}"),
    "rmse": ("RMSE (px)", "{:.2f}"),
    "recall_productive": ("recall, productive", "{:.2f}"),
    "recall_abortive": ("recall, abortive", "{:.2f}"),
    "burst_correlation": ("correlation of bursts", "{:.2f}"),
    "false_bursts": ("false bursts", "{:.1%}"),
}
CAPTION = (
    "Every cell as it was tracked. Drift is what all tracks move together over the "
    "movie; what is left of the brightness is from the medians of the frames; classes "
    "are those of cmeAnalysis: 1 whole, 2 whole but doubtful, 3 cut, 4 there all the "
    "time. Alpha to false bursts compare with the truth of a simulation."
)


def page(table: pd.DataFrame) -> pd.DataFrame:
    """The table of :func:`quality` as text, a row a cell."""
    shown = {}
    for name, (title, form) in PAGE.items():
        if name in table and not table[name].isna().all():
            shown[title] = [
                "–"
                if isinstance(value, float) and np.isnan(value)
                else form.format(value)
                for value in table[name]
            ]
    return type(table)(shown)
