"""Example tracks, frame by frame, with what was read before and after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import measures, tracks
from awd.cells.figures.tracks import COLOURS, padding, with_buffers
from awd.cells.readout import SIGNIFICANT
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr

SHOWN, LONG = 6, 20  # example traces, and their frames at least


@styled
def traces(cells: Sequence[xr.Dataset]) -> Figure:
    """Example traces of all channels; dots are frames in which the slave is seen."""
    table, names = traces_table(cells), tracks.channels(cells[0])
    figure = Figure(figsize=(DOUBLE, 0.55 * DOUBLE))
    axes = figure.subplots(2, SHOWN // 2, squeeze=False, sharey=True).ravel()
    groups = list(table.groupby("example"))
    for ax, (_, own) in zip(axes, groups, strict=False):
        for channel, name in names.items():
            colour, inside = COLOURS[channel], own["part"] == "track"
            ax.plot(own["time_s"], own[channel], color=colour, lw=0.6, ls=":")
            ax.plot(own["time_s"].where(inside), own[channel], color=colour, label=name)
        seen = own[own["slave_p"] < SIGNIFICANT]
        if len(seen):
            label = f"{names['slave']} significant (p < {SIGNIFICANT:g})"
            mark = {"color": COLOURS["slave"], "label": label}
            ax.plot(seen["time_s"], seen["slave"], "o", ms=3, **mark)
        where = own["condition"].iloc[0] or own["cell"].iloc[0]
        ax.set_title(f"{where}, track {own['track'].iloc[0]}")
    for ax in axes[len(groups) :]:
        ax.set_axis_off()
    figure.supxlabel("time from the start (s)", fontsize=7)
    units = cells[0]["master"].attrs["units"]
    figure.supylabel(f"amplitude ({units})", fontsize=7)
    handles = {
        n: h
        for ax in axes
        for h, n in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside upper center", ncols=4
        )
    return figure


def traces_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """The examples: tracks spread over the brightness of the slave, a row a frame."""
    channels = list(tracks.channels(cells[0]))
    by = "slave" if "slave" in channels else "master"
    shown: list[tuple[float, int, xr.Dataset, int]] = []
    for cell in cells:
        points = measures.points(cell)
        size = cell["row_size"].values
        fit = (cell["complete"].values == 1) & (size >= LONG)
        top = points.groupby("track")[by].max()
        shown += [(top[k], len(shown), cell, int(k)) for k in np.flatnonzero(fit)]
    if not shown:
        columns = ["example", "cell", "condition", "track", "time_s", *channels]
        return pd.DataFrame(columns=[*columns, "slave_p", "part"])
    shown.sort(key=lambda example: example[:2])
    picked = np.linspace(0, len(shown) - 1, SHOWN + 2).astype(int)[1:-1]
    examples = [shown[at] for at in np.unique(picked)]
    parts = [
        _example(n, cell, k, channels) for n, (_, _, cell, k) in enumerate(examples)
    ]
    return pd.concat(parts, ignore_index=True)


def _example(
    number: int, cell: xr.Dataset, k: int, channels: Sequence[str]
) -> pd.DataFrame:
    points, pad = measures.points(cell), padding(cell)
    own = points[points["track"] == k]
    values = with_buffers(cell, k, pad, channels)
    n = values.shape[1]
    p = np.full(n, np.nan)
    if "slave_p" in own and len(own) == n - 2 * pad:
        p[pad : n - pad] = own["slave_p"]
    part = np.full(n, "buffer", object)
    part[pad : n - pad] = "track"
    found = {
        "example": number,
        "cell": cell.attrs["cell"],
        "condition": cell.attrs.get("condition", ""),
        "track": k,
        "time_s": cell.attrs["frame_interval_s"] * np.arange(-pad, n - pad),
        **dict(zip(channels, values, strict=True)),
        "slave_p": p,
        "part": part,
    }
    return pd.DataFrame(found)
