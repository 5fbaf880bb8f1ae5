"""Is a tracked cell fit for use? Numbers, and warnings in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.cells import alignment, course, measures, tracks

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """A measure, what it should be, and what to do where it is not.

    ``warning`` may name all columns of the row. ``when`` says whether a value beyond
    the limit is to be believed.
    """

    key: str
    limit: float
    over: bool  # whether more than the limit is bad, or less
    warning: str
    when: Callable[[Row], bool] = lambda row: True

    def fails(self, row: Row) -> bool:
        value = row.get(self.key, np.nan)
        beyond = value > self.limit if self.over else value < self.limit
        return bool(beyond and self.when(row))


CHECKS = (
    Check("spots", 5.0, False, "only {spots:.1f} spots a frame"),
    Check("z", 3.0, False, "spots are hardly brighter than the noise"),
    # Their mean distance to the nearest is then 9 px of 80 nm.
    Check(
        *("density", 0.5, True),
        "crowded: {density:.2f} spots per µm², many merge",
    ),
    Check(
        *("negative_share", 0.15, True),
        "the negative of the image shows {negative:.0f} spots a frame, where there are "
        "none: as many of the {spots:.0f} found may be texture, a rim or noise; raise "
        "tracker.z, or crop the cell",
        lambda row: row["negative"] > 3 * row["negative_chance"],
    ),
    Check(
        *("still", 0.1, True),
        "a pattern that stands still (rim of the cell, texture) was taken off "
        "{still:.0%} of the image: look whether pits at its places are missed",
    ),
    Check(
        *("hot_pixels", 10, True),
        "{hot_pixels:.0f} pixels are hot or dead: they were left out; take a dark "
        "image and correct the camera",
    ),
    Check(
        *("excess", 1.2, True),
        "noise is alike in neighbouring pixels (errors are {excess:.1f} times those of "
        "raw pixels): the movie was interpolated or smoothed; track the raw movie",
    ),
    Check(
        *("clipped", 0.0, True),
        "{clipped:.0f} pixels a frame are clipped by the camera: their spots are too "
        "dim; expose shorter",
    ),
    Check(
        *("left_out_px", 0.5, True),
        "the slave stands {left_out_px:.1f} px beside the master (y {shift_y_px:+.2f}, "
        "x {shift_x_px:+.2f}): set cells.source.shift: auto",
        lambda row: row["left_out_px"] > 4 * row["shift_se_px"],
    ),
    Check(
        *("warp_left_px", 0.3, True),
        "the slave is turned or magnified beside the master: a shift alone leaves "
        "{warp_left_px:.1f} px in a corner of the image; set cells.source.shift: "
        "affine",
        lambda row: row["warp_left_px"] > 4 * row["warp_se_px"],
    ),
    Check(
        *("bleed", 0.05, True),
        "the slave follows the master at {bleed:.0%} of its amplitude all the time: "
        "bleed-through, or a protein that is always there; image the master alone and "
        "subtract its share",
        lambda row: row["bleed"] > 4 * row["bleed_se"],
    ),
    Check(
        *("oval", 1.12, True),
        "spots are oval, {oval:.2f} times as wide along one axis as along the other: "
        "they are fitted so; look for astigmatism or a tilted sample",
    ),
    Check(
        *("drift_px", 3.0, True),
        "the stage drifted by {drift_px:.1f} px: register the movie by whole pixels",
        lambda row: row["drift_px"] > 4 * row["drift_se_px"],
    ),
    Check(
        *("jump_px", 1.0, True),
        "the stage jumped by {jump_px:.1f} px before frame {jump_frame:.0f}: cut the "
        "movie there",
    ),
    Check(
        *("broken", 0.5, True),
        "{broken:.0%} of the tracks break off before frame {jump_frame:.0f}: the stage "
        "jumped or the focus was lost; cut the movie there",
        lambda row: not row["jump_px"] > 1.0,
    ),
    Check(
        *("flash", 0.2, True),
        "the light changed by {flash_signed:+.0%} before frame {flash_frame:.0f}: cut "
        "the movie there, or divide by the lamp",
    ),
    Check("left", 0.5, False, "bleached to {left:.0%} of the brightness"),
    Check(
        *("near_radius", 0.03, True),
        "{near_radius:.0%} of the steps come near the longest link: spots move farther "
        "than the radius; raise tracker.radius, or record faster",
    ),
    Check(
        *("sigma_master_px", 2.5, True),
        "spots are {sigma_master_px:.1f} px wide: out of focus?",
    ),
    Check(
        *("cut", 0.8, True),
        "few tracks are seen from start to end: the movie is short",
    ),
)


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
        of the master over its standard error), what :data:`CHECKS` look at, widths,
        ``median_lifetime_s``, the shares of the categories ``class1`` to ``class4``;
        with a truth the measures of :mod:`awd.cells.measures`; and ``warnings``. What
        is unknown is NaN.
    """
    found: dict[str, Any] = {"cell": cell.attrs["cell"], "tracks": cell.sizes["track"]}
    if "rejected" in cell.attrs:
        return found | {"warnings": f"left out: {cell.attrs['rejected']}"}
    points = measures.points(cell)
    complete = cell["complete"].values == 1
    frames = points["frame"].max() - points["frame"].min() + 1
    speed, error = course.drift(points)
    found |= {
        "complete": int(complete.sum()),
        "spots": len(points) / frames,
        "z": np.nan,
        "drift_px": speed * frames,
        "drift_se_px": error * frames,
        **course.breaks(points),
        "near_radius": course.near_radius(points, cell.attrs.get("radius_px", np.nan)),
        "cut": course.cut(points),
        "median_lifetime_s": np.nan,
    }
    found["left"] = course.left(points, frames, found)
    found["bleed"], found["bleed_se"] = course.bleed(points)
    if complete.any():
        lives = tracks.lifetimes(cell)[complete]
        found["median_lifetime_s"] = cell.attrs["frame_interval_s"] * np.median(lives)
    if "master_se" in points:
        found["z"] = float((points["master"] / points["master_se"]).median())
    for k in range(1, 5):
        known = "category" in cell
        share = (cell["category"].values == k).mean() if known else np.nan
        found[f"class{k}"] = float(share)
    found |= _of_images(cell.attrs, found["spots"])
    if truth is not None:
        found |= _against(truth, cell)
    return found | {"warnings": "; ".join(warnings(found))}


def _of_images(known: Mapping[str, Any], spots: float) -> dict[str, Any]:
    """What the tracker measured of the images, both channels in one where worse."""

    def worst(name: str) -> float:
        values = [known.get(f"{name}_{c}", np.nan) for c in ("master", "slave")]
        return float(np.nanmax(values)) if not np.isnan(values).all() else np.nan

    pixels = known.get("height_px", np.nan) * known.get("width_px", np.nan)
    area = pixels * (known["pixel_nm"] / 1000) ** 2
    shift = {k: float(known.get(f"shift_{k}_px", np.nan)) for k in ("y", "x", "se")}
    is_affine = known.get("aligned") == alignment.AFFINE
    away = [shift[k] - known.get(f"applied_{k}_px", 0.0) for k in ("y", "x")]
    oval = known.get("oval_master", np.nan)
    negative = float(known.get("negative_master", np.nan))
    return {
        **{
            f"sigma_{c}_px": float(known.get(f"sigma_{c}_px", np.nan))
            for c in ("master", "slave")
        },
        "density": spots / area,
        "negative": negative,
        "negative_share": negative / spots,
        "negative_chance": 5e-5 * pixels,  # of noise, at a z of 4
        "still": float(known.get("still_master", np.nan)),
        **{name: worst(name) for name in ("hot_pixels", "excess", "clipped")},
        **{f"shift_{k}_px": value for k, value in shift.items()},
        "aligned": known.get("aligned", np.nan),
        "left_out_px": 0.0 if is_affine else float(np.hypot(*away)),
        "corner_px": float(known.get("corner_px", np.nan)),
        "warp_left_px": 0.0 if is_affine else float(known.get("warp_px", np.nan)),
        "warp_se_px": float(known.get("warp_se_px", np.nan)),
        "oval": float(max(oval, 1 / oval)),
    }


def _against(truth: xr.Dataset, cell: xr.Dataset) -> dict[str, float]:
    agreement = measures.tracking(measures.points(truth), measures.points(cell))
    readout = measures.readout(truth, cell)
    return vars(agreement) | vars(readout)


def warnings(row: Row) -> list[str]:
    """What a person should know before using the cell; NaN says nothing."""
    return [check.warning.format(**row) for check in CHECKS if check.fails(row)]


# What the page calls a column, how it is written; a column that is empty is left out.
PAGE = {
    "cell": ("cell", "{}"),
    "warnings": ("warnings", "{}"),
    "tracks": ("tracks", "{:.0f}"),
    "complete": ("whole", "{:.0f}"),
    "spots": ("spots a frame", "{:.0f}"),
    "z": ("amplitude / s.e.", "{:.1f}"),
    "density": ("spots per µm²", "{:.2f}"),
    "negative": ("spots in the negative", "{:.1f}"),
    "negative_share": ("negative / spots", "{:.0%}"),
    "still": ("pattern taken off", "{:.0%}"),
    "hot_pixels": ("hot pixels", "{:.0f}"),
    "excess": ("noise / white noise", "{:.2f}"),
    "clipped": ("clipped pixels", "{:.1f}"),
    "left_out_px": ("shift left (px)", "{:.2f}"),
    "shift_y_px": ("shift measured, y (px)", "{:+.2f}"),
    "shift_x_px": ("shift measured, x (px)", "{:+.2f}"),
    "aligned": ("slave read through", "{}"),
    "corner_px": ("shift in a corner (px)", "{:.2f}"),
    "warp_left_px": ("turn, zoom left in it (px)", "{:.2f}"),
    "bleed": ("slave / master, always", "{:.1%}"),
    "oval": ("width / width", "{:.2f}"),
    "drift_px": ("drift (px)", "{:.1f}"),
    "drift_se_px": ("s.e. of the drift (px)", "{:.1f}"),
    "jump_px": ("largest jump (px)", "{:.1f}"),
    "broken": ("tracks broken at once", "{:.0%}"),
    "flash": ("change of light at once", "{:.0%}"),
    "left": ("left of brightness", "{:.0%}"),
    "near_radius": ("steps near the radius", "{:.1%}"),
    "cut": ("cut at an end", "{:.0%}"),
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
    "Every cell as it was tracked; “should be” says what a number should be, and "
    "warnings what to do where it is not. Spots in the negative of the image are "
    "none: about as many of those found are false. A pattern that stands still is no "
    "spot and was taken off. Noise above white noise tells of an interpolated "
    "movie. Drift is what all tracks move together over the movie; what is left of the "
    "brightness is from the medians of the frames; classes are those of cmeAnalysis: 1 "
    "whole, 2 whole but doubtful, 3 cut, 4 there all the time. Alpha to false bursts "
    "compare with the truth of a simulation."
)
LIMITS = "should be"


def page(table: pd.DataFrame) -> pd.DataFrame:
    """The table of :func:`quality` as text: what should be, then a row a cell."""
    limits = {c.key: ("≤ " if c.over else "≥ ", c.limit) for c in CHECKS}
    shown = {}
    for name, (title, form) in PAGE.items():
        if name not in table or table[name].isna().all():
            continue
        sign, limit = limits.get(name, ("", None))
        first = "" if limit is None else sign + form.format(limit)
        shown[title] = [LIMITS if name == "cell" else first] + [
            "–" if isinstance(value, float) and np.isnan(value) else form.format(value)
            for value in table[name]
        ]
    return type(table)(shown)


def facts(paths: Sequence[io.PathLike]) -> list[tuple[str, str]]:
    """How much was tracked, for the head of the report."""
    out = []
    for table in map(io.read_table, paths):
        found, complete = int(table["tracks"].sum()), int(table["complete"].sum())
        whole = f"{complete:,} of them whole, from start to end"
        counts = f"{found:,} in {len(table)} cells, {whole}"
        out.append(("tracks", counts))
    return out
