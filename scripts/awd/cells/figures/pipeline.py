"""The whole way in one figure: a movie, a trace, a network, a wavelet, a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import measures, tracks
from awd.cells.figures import tracking
from awd.league.names import name_of
from awd.report.figures import agreement
from awd.report.figures.wavelets import wavelet_table
from awd.report.style import COLOURS, DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from awd.cells.movie import Movie

# As in the movies, magenta and green: blue and orange are network and student here.
CHANNELS = {"master": "#CC79A7", "slave": "#009E73"}
AROUND = 20  # px on every side of the example's pit
LIVES = (30, 60)  # frames of an example that is neither too short nor too long to see


@styled
def pipeline(
    movie: Movie, cell: xr.Dataset, taps: np.ndarray, students: Sequence[xr.Dataset]
) -> Figure:
    """From a pit of the movie to what the student says of all pits that were held out.

    Parameters
    ----------
    movie : Movie
    cell : Dataset
        Its tracks.
    taps : array of shape (taps,)
        The distilled filter.
    students : sequence of Dataset
        Predictions of every split and seed; the first teacher and the first distilled
        wavelet are shown.
    """
    k = example(cell)
    table = pipeline_table(cell, taps, students)
    figure = Figure(figsize=(DOUBLE, 0.25 * DOUBLE))
    axes = figure.subplots(1, 5)
    for ax in axes:
        ax.set_box_aspect(1)
    _pit(axes[0], movie, cell, k)
    own = table[table["panel"] == "trace"]
    for channel, name in list(tracks.channels(cell).items())[:2]:
        axes[1].plot(own["x"], own[channel], color=CHANNELS[channel], label=name)
    axes[1].set(xlabel="time (s)", ylabel="counts", title="trace")
    axes[1].legend(loc="lower center", bbox_to_anchor=(0.5, 1.12), ncols=2)
    curve = table[table["panel"] == "wavelet"]
    axes[3].plot(curve["x"], curve["y"], color=COLOURS["distilled"])
    axes[3].axhline(0, color="0.6", lw=0.5, zorder=0)
    axes[3].set(xlabel="time (samples)", title=f"wavelet, {len(taps)} taps")
    axes[3].set(ylabel="ψ(t)")
    for ax, role in ((axes[2], "teacher"), (axes[4], "distilled")):
        _agreement(ax, table[table["panel"] == role], role)
    network = f"network: {axes[2].get_title()}"
    axes[2].set_title(network if len(network) < 20 else "network")
    axes[4].set_title("student")
    for ax in axes[:-1]:
        arrow = {"arrowstyle": "-|>", "lw": 0.8, "color": "0.3"}
        where = {"xycoords": "axes fraction", "textcoords": "axes fraction"}
        ax.annotate("", (1.2, 1.08), (1.0, 1.08), arrowprops=arrow, **where)
    return figure


def example(cell: xr.Dataset) -> int:
    """The whole track with the brightest slave, of those of a middling life."""
    size = cell["row_size"].values
    fit = (tracking.category_of(cell) == 1) & (size >= LIVES[0]) & (size <= LIVES[1])
    points = measures.points(cell)
    top = points.groupby("track")["slave"].max().to_numpy()
    return int(np.where(fit if fit.any() else True, top, -np.inf).argmax())


def pipeline_table(
    cell: xr.Dataset, taps: np.ndarray, students: Sequence[xr.Dataset]
) -> pd.DataFrame:
    """What :func:`pipeline` draws beside its image."""
    points = measures.points(cell)
    own = points[points["track"] == example(cell)]
    seconds = cell.attrs["frame_interval_s"] * (own["frame"] - own["frame"].iloc[0])
    parts = [
        pd.DataFrame({"panel": "trace", "x": seconds, **own[["master", "slave"]]}),
        _curve(taps),
        agreement.table(students),
    ]
    return pd.concat(parts, ignore_index=True)


def _curve(taps: np.ndarray) -> pd.DataFrame:
    curve = wavelet_table([taps])
    curve = curve[(curve["function"] == "wavelet") & (curve["filter"] == "0")]
    return pd.DataFrame({"panel": "wavelet", "x": curve["t"], "y": curve["value"]})


def _pit(ax: Axes, movie: Movie, cell: xr.Dataset, k: int) -> None:
    points = measures.points(cell)
    own = points[points["track"] == k]
    at = own.iloc[int(own["master"].argmax())]
    frame = int(at["frame"])
    tracking.show(ax, movie.channels[0][frame])
    now = points[points["frame"] == frame]
    ax.scatter(now["x"], now["y"], 60, facecolors="none", edgecolors="#E69F00", lw=0.7)
    # Of a pit near the border what is around it inside the image.
    sides = movie.channels[0][frame].shape
    y, x = (
        np.clip(at[axis], min(AROUND, side / 2), max(side - AROUND, side / 2)) - 0.5
        for axis, side in zip("yx", sides, strict=True)
    )
    ax.set(xlim=(x - AROUND, x + AROUND), ylim=(y + AROUND, y - AROUND))
    ax.set_title(f"movie, {movie.frames} frames")
    tracking.scale_bar(ax, cell.attrs["pixel_nm"], 1000)


def _agreement(ax: Axes, panel: pd.DataFrame, role: str) -> None:
    agreement.draw(ax, panel, role)
    ax.set(xlabel="observed (s.d.)", ylabel="predicted (s.d.)")
    ax.set_title(name_of(panel["method"].iloc[0]).removesuffix(" teacher"))
