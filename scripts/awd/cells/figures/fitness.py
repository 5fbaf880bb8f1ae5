"""The quality page in pictures: every check of a cell, beside what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import course, measures, tracks
from awd.report.style import COLOURS, DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

LIMIT: dict[str, Any] = {"color": "#333333", "ls": ":", "lw": 1.0}
LINE: dict[str, Any] = {"lw": 0.8, "alpha": 0.8}
MOST = 12  # cells with a colour of their own in the legend
# Attributes of a cell as bars: title, label, limit.
BARS = {
    "excess": ("noise", "over white noise", 1.2),
    "hot_pixels": ("hot or dead pixels", "pixels", 10.0),
}


@styled
def quality(cells: Sequence[xr.Dataset]) -> Figure:
    """Displacement, light, steps, false spots, shift, bleed-through, noise, pixels.

    Parameters
    ----------
    cells : sequence of Dataset
        Keep :data:`awd.cells.tracks.TRACKS`.
    """
    figure = Figure(figsize=(DOUBLE, 0.52 * DOUBLE))
    axes = figure.subplots(2, 4).ravel()
    table = quality_table(cells)
    colours = _colours([cell.attrs["cell"] for cell in cells])
    _displacement(axes[0], table, colours)
    _light(axes[1], table, colours)
    first, second, *_ = [*tracks.channels(cells[0]).values(), "second channel"]
    axes[1].set_title(f"brightness, {first}")
    _steps(axes[2], table, colours, cells)
    _negative(axes[3], cells, colours)
    _shift(axes[4], cells, colours)
    axes[4].set_title(f"{second} − {first} (+ applied)")
    _bleed(axes[5], table, colours)
    axes[5].set(title=f"{second} by {first}", xlabel=f"{first} (counts)")
    _bars(axes[6], cells, colours, "excess")
    _bars(axes[7], cells, colours, "hot_pixels")
    if len(cells) <= MOST:
        for name, colour in colours.items():
            axes[0].plot([], [], color=colour, label=name)
        columns = len(cells) if len(cells) <= 8 else 6
        figure.legend(loc="outside lower center", ncols=columns)
    return figure


def quality_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Long table: ``cell``, ``panel``, ``x``, ``y`` of every line that is drawn."""
    parts = []
    for cell in cells:
        points = measures.points(cell)
        table = course.by_frame(points)
        path = np.hypot(*(table[a].fillna(0).cumsum() for a in "xy"))
        level = points.groupby("frame")["master"].median()
        start = level.head(max(len(level) // 10, 5)).median()
        moved = course.steps(points)
        length = np.hypot(moved["x"], moved["y"])
        bins = np.linspace(0, max(cell.attrs.get("radius_px", 3.0), 0.1), 31)
        counts = np.histogram(length, bins)[0] / max(len(length), 1)
        lines = {
            "displacement": (table.index, path),
            "light": (level.index, level / start),
            "steps": (bins[:-1], counts),
            "bleed": course.bleed_bins(points),
        }
        for panel, (x, y) in lines.items():
            part = {"cell": cell.attrs["cell"], "panel": panel}
            parts.append(pd.DataFrame(part | {"x": np.asarray(x), "y": np.asarray(y)}))
    return pd.concat(parts, ignore_index=True)


def _colours(names: Sequence[str]) -> dict[str, str]:
    cycle = [*COLOURS.values(), "#56B4E9", "#E69F00", "#000000"]
    return {name: cycle[k % len(cycle)] for k, name in enumerate(names)}


def _lines(ax: Axes, table: pd.DataFrame, panel: str, colours: dict[str, str]) -> None:
    own = table[table["panel"] == panel]
    for name, part in own.groupby("cell", sort=False):
        ax.plot(part["x"], part["y"], color=colours[str(name)], **LINE)


def _displacement(ax: Axes, table: pd.DataFrame, colours: dict[str, str]) -> None:
    _lines(ax, table, "displacement", colours)
    ax.axhline(3, **LIMIT)
    ax.set(title="displacement", xlabel="frame", ylabel="px, all tracks")


def _light(ax: Axes, table: pd.DataFrame, colours: dict[str, str]) -> None:
    _lines(ax, table, "light", colours)
    ax.axhline(0.5, **LIMIT)
    ax.set(xlabel="frame", ylabel="over start")
    ax.set_ylim(bottom=0)


def _steps(
    ax: Axes, table: pd.DataFrame, colours: dict[str, str], cells: Sequence[xr.Dataset]
) -> None:
    own = table[table["panel"] == "steps"]
    for name, part in own.groupby("cell", sort=False):
        ax.step(part["x"], part["y"], where="post", color=colours[str(name)], **LINE)
    for radius in {cell.attrs.get("radius_px", np.nan) for cell in cells}:
        ax.axvline(course.NEAR * radius, **LIMIT)
    ax.set(
        title="steps, and 0.8 radius",
        xlabel="length (px)",
        ylabel="share of steps",
        yscale="log",
    )


def _negative(ax: Axes, cells: Sequence[xr.Dataset], colours: dict[str, str]) -> None:
    for k, cell in enumerate(cells):
        frames = np.ptp(cell["frame"].values) + 1
        found = cell.sizes["obs"] / frames
        false = cell.attrs.get("negative_master", np.nan)
        ax.plot([k, k], [max(false, 0.1), found], color=colours[cell.attrs["cell"]])
        ax.plot(k, found, "o", color=colours[cell.attrs["cell"]])
        ax.plot(k, max(false, 0.1), "_", color=colours[cell.attrs["cell"]], ms=9)
    ax.set(title="spots (o), false (–)", ylabel="number a frame", yscale="log")
    ax.set(xticks=[], xlim=(-0.7, len(cells) - 0.3))


def _shift(ax: Axes, cells: Sequence[xr.Dataset], colours: dict[str, str]) -> None:
    for cell in cells:
        x, y, error = (
            cell.attrs.get(f"shift_{k}_px", np.nan) for k in ("x", "y", "se")
        )
        colour = colours[cell.attrs["cell"]]
        ax.errorbar(x, y, error, error, "o", color=colour, ms=3)
        applied = (cell.attrs.get(f"applied_{k}_px", np.nan) for k in "xy")
        ax.plot(*applied, "+", color=colour)
    angle = np.linspace(0, 2 * np.pi, 60)
    ax.plot(0.5 * np.cos(angle), 0.5 * np.sin(angle), **LIMIT)
    ax.set(xlabel="x (px)", ylabel="y (px)")
    ax.set_aspect("equal", "datalim")
    ax.invert_yaxis()


def _bleed(ax: Axes, table: pd.DataFrame, colours: dict[str, str]) -> None:
    _lines(ax, table, "bleed", colours)
    own = table[(table["panel"] == "bleed") & table["x"].notna()]
    if len(own):
        span = np.array([own["x"].min(), own["x"].max()])
        ax.plot(span, own["y"].min() + 0.05 * (span - span[0]), **LIMIT)
    ax.set_ylabel("its median (counts)")


def _bars(
    ax: Axes, cells: Sequence[xr.Dataset], colours: dict[str, str], name: str
) -> None:
    title, label, limit = BARS[name]
    for k, cell in enumerate(cells):
        values = [cell.attrs.get(f"{name}_{c}", np.nan) for c in ("master", "slave")]
        height, colour = np.nanmax([*values, 0.0]), colours[cell.attrs["cell"]]
        ax.bar(k, height, color=colour)
        ax.plot(k, height, "o", color=colour, ms=3, clip_on=False)  # also where it is 0
    ax.axhline(limit, **LIMIT)
    ax.set(title=title, ylabel=label, xticks=[], xlim=(-0.7, len(cells) - 0.3))
