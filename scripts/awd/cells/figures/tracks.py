"""What figures of tracks share: names and colours, whole tracks with their buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.cells import tracks
from awd.cells.figures.tracking import category_of

if TYPE_CHECKING:
    import xarray as xr

CLASSES = {
    1: ("whole", "#0072B2"),
    2: ("whole, doubtful", "#E69F00"),
    3: ("cut", "#009E73"),
    4: ("all the time", "#CC79A7"),
}
COLOURS = {"master": "#0072B2", "slave": "#D55E00", "third": "#009E73"}
WHOLE = (1, 2)  # classes of tracks that are seen from start to end
COHORTS = (10, 20, 40, 60, 80, 120)  # bounds of lifetimes, s


def padding(cell: xr.Dataset) -> int:
    """Frames that were read before and after each track."""
    return cell.sizes.get("buffer", 0)


def with_buffers(
    cell: xr.Dataset, k: int, pad: int, channels: Sequence[str]
) -> np.ndarray:
    """Channels of a track, with its buffers if ``pad``, (channels, frames)."""
    edges = tracks.starts(cell)
    own, rows = slice(edges[k], edges[k + 1]), []
    frame = cell["frame"].values[own]
    for channel in channels:
        values = tracks.fill_gaps(frame, cell[channel].values[own])
        if pad:
            before, after = cell[f"buffer_{channel}"].values[k]
            values = np.concatenate([before, values, after])
        rows.append(values)
    return np.stack(rows)


def whole_tracks(
    cell: xr.Dataset, pad: int, channels: Sequence[str]
) -> list[tuple[int, np.ndarray]]:
    """Class and channels of every whole track whose buffers, if any, were read."""
    category = category_of(cell)
    found = [
        (int(category[k]), with_buffers(cell, int(k), pad, channels))
        for k in np.flatnonzero(np.isin(category, WHOLE))
    ]
    return [(k, values) for k, values in found if np.isfinite(values).all()]
