"""Cells for the explorer: their movies as small images, and the tracks on them."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.cells import measures, tracks
from awd.cells.figures.tracking import category_of
from awd.cells.figures.tracks import CLASSES
from awd.report.explorer import page
from awd.report.tables import typeset

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.cells.movie import Movie

CHANNELS = ("master", "slave")
MIDDLE = 160  # px of the field that are shown
FRAMES = 300  # the first of a movie
QUALITY = 50  # of JPEG, of 100
BAR_UM = 2  # length of the scale bar, µm
UNKNOWN = "#bdbdbd"  # of tracks that got no prediction
THICK, THIN = 2.5, 0.8  # lines of tracks with a prediction, and without
HIGH = 0.9  # quantile of the predictions, whose track is shown at first


@dataclass(frozen=True)
class Filmed:
    """A cell, its movie, and which of its tracks have a prediction.

    Attributes
    ----------
    name : str
    movie : Movie
    cell : Dataset
        Its tracks.
    track : array of int of shape (n,)
        Which track of this cell every sample that is shown is; -1 in other cells.
    step : int
        Every how many-th frame is shown: of several cells fewer frames, or the page
        would grow with them.
    """

    name: str
    movie: Movie
    cell: xr.Dataset
    track: np.ndarray
    step: int = 1

    @property
    def shown(self) -> range:
        """The frames that are shown."""
        return range(0, min(self.movie.frames, FRAMES), self.step)

    @property
    def window(self) -> tuple[int, int, int]:
        """Column, row and side of the part of the field that is shown, px."""
        height, width = self.movie.shape
        side = min(MIDDLE, height, width)
        return (width - side) // 2, (height - side) // 2, side

    @cached_property
    def sample(self) -> np.ndarray:
        """Which sample every track is, (tracks,); -1 of those without a prediction."""
        sample = np.full(self.cell.sizes["track"], -1)
        own = np.flatnonzero(self.track >= 0)
        sample[self.track[own]] = own
        return sample

    @cached_property
    def points(self) -> pd.DataFrame:
        """Places of all tracks, a row a frame."""
        return measures.points(self.cell)

    @cached_property
    def inside(self) -> np.ndarray:
        """Mask of the tracks (tracks,) that are seen in the window."""
        left, bottom, side = self.window
        by_track = self.points.groupby("track")
        middle = by_track[["x", "y"]].mean()
        inside = middle["x"].between(left, left + side - 1)
        inside &= middle["y"].between(bottom, bottom + side - 1)
        inside &= by_track["frame"].min() <= self.shown[-1]
        every = range(self.cell.sizes["track"])
        return inside.reindex(every, fill_value=False).to_numpy()


def images(filmed: Filmed, channel: int) -> list[str]:
    """Every frame of the window as JPEG, in base64; all of one scale of grey."""
    from PIL import Image

    left, bottom, side = filmed.window
    frames = filmed.movie.channels[channel]
    rows, columns = slice(bottom, bottom + side), slice(left, left + side)
    window = np.stack([frames[t][rows, columns] for t in filmed.shown])
    low, high = np.percentile(window[:: max(1, len(window) // 20)], [1, 99.8])
    out = []
    for image in page.quantised(window, low, high):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=QUALITY)
        out.append(base64.b64encode(file.getvalue()).decode())
    return out


@dataclass(frozen=True)
class Predicted:
    """What is predicted of the samples that are shown, (n,), by whom, in words.

    ``digits`` are the decimals of a value.
    """

    values: np.ndarray
    who: str
    digits: int


# Values of the darkest and of the lightest colour, by what tracks are coloured by.
Ends = Mapping[str, tuple[float, float]]


def ends_of(films: Sequence[Filmed], predicted: Predicted) -> Ends:
    """Of all cells the same: percentiles 2 and 98 of lifetimes (s) and predictions."""
    lives = [_seconds(film)[film.inside | (film.sample >= 0)] for film in films]
    values = {"lifetime": np.concatenate(lives), "prediction": predicted.values}
    percentiles = {by: np.percentile(found, [2, 98]) for by, found in values.items()}
    return {by: (float(low), float(high)) for by, (low, high) in percentiles.items()}


def _seconds(filmed: Filmed) -> np.ndarray:
    """Lifetimes of all tracks of a cell."""
    return tracks.lifetimes(filmed.cell) * filmed.cell.attrs["frame_interval_s"]


def tracks_of(
    filmed: Filmed, predicted: Predicted, ends: Ends
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Tracks, a row each, and their frames one after the other.

    Parameters
    ----------
    filmed : Filmed
    predicted : Predicted
    ends : mapping
        Of :func:`ends_of`.

    Returns
    -------
    tracks : dict
        Columns; tracks in the window, and all that have a prediction.
    points : dict of str to array
        ``frame``, ``x``, ``y`` (px) and the channels.
    """
    points, sample = filmed.points, filmed.sample
    which = np.flatnonzero(filmed.inside | (sample >= 0))
    own = points[points["track"].isin(which)]
    parts = [part for _, part in own.groupby("track")]
    sizes = np.array([len(part) for part in parts])
    sample = sample[which]
    life = _seconds(filmed)[which]
    category = category_of(filmed.cell)[which]
    value = np.where(sample >= 0, predicted.values[np.maximum(sample, 0)], np.nan)
    named = [CLASSES[k][0] if k in CLASSES else "several pits" for k in category]
    reason = _reasons(filmed, which, life)
    columns = {
        "track": which,
        "sample": sample,
        "first": np.cumsum([0, *sizes])[:-1],
        "size": sizes,
        "begin": [int(part["frame"].iloc[0]) for part in parts],
        "end": [int(part["frame"].iloc[-1]) for part in parts],
        "reason": reason,
        "told": [
            f"track {t}: {name}, {seconds:.0f} s; "
            + (why or f"{predicted.who} predicts {typeset(v, predicted.digits)}")
            for t, name, seconds, why, v in zip(
                which, named, life, reason, value, strict=True
            )
        ],
        "class": [CLASSES[k][1] if k in CLASSES else UNKNOWN for k in category],
        "lifetime": shaded(np.log(life), *np.log(ends["lifetime"])),
        "prediction": shaded(value, *ends["prediction"]),
        "width": np.where(sample >= 0, THICK, THIN),
    }
    each = {name: own[name].to_numpy(np.float32) for name in ("x", "y", *CHANNELS)}
    return columns, {"frame": own["frame"].to_numpy(np.int32), **each}


def _reasons(filmed: Filmed, which: np.ndarray, life: np.ndarray) -> list[str]:
    """Why tracks have no prediction; nothing of those that have one."""
    asked = filmed.sample[which] >= 0
    complete = filmed.cell["complete"].values[which] == 1
    shortest = life[asked].min() if asked.any() else 0
    return [
        ""
        if known
        else "no prediction: not seen from its start to its end"
        if not whole
        else "no prediction: too short to be read"
        if seconds < shortest
        else "no prediction: not among the held-out tracks that are shown"
        for known, whole, seconds in zip(asked, complete, life, strict=True)
    ]


def opening(
    filmed: Filmed, columns: dict[str, Any], predicted: np.ndarray
) -> tuple[int, int]:
    """The sample that a cell opens on, of high prediction, and the frame.

    A track that is seen in the window is taken, in the frame of its life in which most
    others with a prediction are there; -1 where no track has a prediction.
    """
    sample, begin, end = (
        np.array(columns[name]) for name in ("sample", "begin", "end")
    )
    known = sample >= 0
    if not known.any():
        return -1, 0
    seen = known & filmed.inside[columns["track"]]
    shown = np.array(filmed.shown)
    there = (begin[:, None] <= shown) & (shown <= end[:, None])
    rows = np.flatnonzero(seen & there.any(1))
    if not len(rows):
        rows = np.flatnonzero(known)
    order = rows[np.argsort(predicted[sample[rows]], kind="stable")]
    row = order[int(HIGH * (len(order) - 1))]
    others = np.where(there[row], there[seen].sum(0), -1)
    return int(sample[row]), int(shown[others.argmax()])


def shaded(values: np.ndarray, low: float, high: float) -> list[str]:
    """Colours from dark (``low``) to light by value; grey where there is none."""
    import matplotlib as mpl

    shades = mpl.colormaps["plasma"]
    unit = np.clip((values - low) / ((high - low) or 1), 0, 1)
    return [
        mpl.colors.to_hex(shades(0.92 * u)) if np.isfinite(u) else UNKNOWN for u in unit
    ]


def keys(films: Sequence[Filmed], predicted: Predicted, ends: Ends) -> dict[str, str]:
    """What colours mean by what tracks are coloured by, as HTML."""
    found = {k for film in films for k in category_of(film.cell).tolist()}
    dark, light = shaded(np.array([0.0, 1.0]), 0, 1)
    short, long = (f"{seconds:.0f} s" for seconds in ends["lifetime"])
    low, high = (typeset(end, predicted.digits) for end in ends["prediction"])
    entries = {
        "class": [row for k, row in CLASSES.items() if k in found],
        "lifetime": [(f"{short} or less", dark), (f"{long} or more", light)],
        "prediction": [
            (f"{low} or less by {predicted.who}", dark),
            (f"{high} or more", light),
            ("no prediction", UNKNOWN),
        ],
    }
    thick = (
        "Thick rings have a prediction: click one. Thin ones have none. White: the "
        "chosen one. Only tracks that are there in this frame are drawn; lines are "
        "their whole way."
    )
    return {by: f"{page.key(rows)}<br>{thick}" for by, rows in entries.items()}
