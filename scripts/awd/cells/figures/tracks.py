"""What tracked cells look like: spots, tracks, lifetimes, cohorts, traces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import measures, tracks
from awd.cells.readout import SIGNIFICANT
from awd.report.style import DOUBLE, SINGLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from awd.cells.movie import Movie

CLASSES = {
    1: ("whole", "#0072B2"),
    2: ("whole, doubtful", "#E69F00"),
    3: ("cut", "#009E73"),
    4: ("all the time", "#CC79A7"),
}
CHANNELS = {"master": ("clathrin", "#0072B2"), "slave": ("auxilin", "#D55E00")}
COHORTS = (10, 20, 40, 60, 80, 120)  # bounds of lifetimes, s
MIDDLE = 128  # px of an image that are shown
STRIP = 2  # px on both sides of a kymograph's line
EXAMPLE = ["example", "cell", "track", "time_s", "master", "slave", "slave_p", "part"]
SHOWN, LONG = 6, 20  # example traces, and their frames at least


@styled
def tracking(movie: Movie, cell: xr.Dataset) -> Figure:
    """Spots of a frame, tracks over the maximum of the movie, and a kymograph.

    Parameters
    ----------
    movie : Movie
    cell : Dataset
        Its tracks (:func:`awd.cells.tracker.track`).
    """
    frame, line = movie.frames // 2, kymograph_line(cell)
    image = movie.channels[0][frame]
    highest, kymograph = image, np.empty((movie.frames, movie.shape[1]), np.float32)
    for t, frame_image in enumerate(movie.channels[0]):
        highest = np.maximum(highest, frame_image)
        kymograph[t] = frame_image[max(line - STRIP, 0) : line + STRIP + 1].mean(0)
    points = tracking_table(movie, cell)
    figure = Figure(figsize=(DOUBLE, DOUBLE / 3 + 0.35))
    spots, over, through = figure.subplots(1, 3)
    now = points[points["frame"] == frame]
    show(spots, image)
    ring = {"facecolors": "none", "edgecolors": "#E69F00", "lw": 0.7}
    spots.scatter(now["x"], now["y"], 40, **ring)
    spots.set_title(f"frame {frame}, {len(now)} spots; its middle")
    show(over, highest)
    for ax in (spots, over):
        _middle(ax, image.shape)
    scale_bar(spots, cell.attrs["pixel_nm"])
    for k, (name, colour) in CLASSES.items():
        own = points[points["category"] == k]
        for _, track in own.groupby("track"):
            over.plot(track["x"], track["y"], color=colour, lw=0.6)
        if len(own):
            over.plot([], [], color=colour, label=name)
    over.set_title("tracks over the maximum, the same")
    over.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, 0))
    show(through, kymograph)
    through.set_aspect("auto")
    near = points[(points["y"] - line).abs() <= STRIP]
    for _, track in near.groupby("track"):
        through.plot(track["x"], track["frame"], color="#E69F00", lw=0.5)
    seconds = cell.attrs["frame_interval_s"]
    through.set_axis_on()
    through.set(xlabel="x (px)", ylabel=f"frame (each {seconds:g} s)")
    through.set_title(f"kymograph at y = {line} px")
    return figure


def kymograph_line(cell: xr.Dataset) -> int:
    """The row of the image, px, along which most is seen."""
    rows = np.rint(cell["y"].values).astype(int)
    return int(np.bincount(rows).argmax())


def tracking_table(movie: Movie, cell: xr.Dataset) -> pd.DataFrame:
    """What :func:`tracking` draws over its images."""
    points = measures.points(cell)[["track", "frame", "x", "y"]]
    category = category_of(cell)[points["track"]]
    return points.assign(category=category).reset_index(drop=True)


def category_of(cell: xr.Dataset) -> np.ndarray:
    """Class of every track; where a file says none, whole or cut."""
    if "category" in cell:
        return cell["category"].values
    return np.where(cell["complete"].values == 1, 1, 3)


@styled
def lifetimes(cells: Sequence[xr.Dataset]) -> Figure:
    """Distribution of the lifetimes of all tracks, by class."""
    table = lifetimes_table(cells)
    figure = Figure(figsize=(SINGLE, 0.7 * SINGLE))
    ax = figure.subplots()
    # Lifetimes are whole frames: edges between them, or bins would hold uneven numbers.
    interval = cells[0].attrs["frame_interval_s"]
    shortest, longest = table["lifetime_s"].agg(["min", "max"]) / interval
    edges = np.geomspace(max(shortest, 1), longest + 1, 25)
    bins = interval * (np.unique(np.rint(edges)) - 0.5)
    for k, (name, colour) in CLASSES.items():
        own = table.loc[table["category"] == k, "lifetime_s"]
        if len(own):
            label = f"{name}: {len(own)}, median {own.median():.0f} s"
            counts = np.histogram(own, bins)[0] / np.diff(bins)
            ax.stairs(counts, bins, color=colour, lw=1.2, label=label)
    ax.set(xscale="log", yscale="log", xlabel="lifetime (s)")
    ax.set_ylabel("tracks per second of lifetime")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def lifetimes_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Lifetime and class of every track of every cell."""
    parts = []
    for cell in cells:
        category = category_of(cell)
        seconds = cell.attrs["frame_interval_s"] * tracks.lifetimes(cell)
        name = cell.attrs["cell"]
        parts.append(
            pd.DataFrame({"cell": name, "category": category, "lifetime_s": seconds})
        )
    return pd.concat(parts, ignore_index=True)


@styled
def cohorts(cells: Sequence[xr.Dataset]) -> Figure:
    """Mean intensity of whole tracks of like lifetimes, both channels, with bands."""
    table = cohorts_table(cells)
    figure = Figure(figsize=(DOUBLE, 0.42 * DOUBLE))
    axes = figure.subplots(1, 2, sharex=True)
    for ax, (channel, (name, _)) in zip(axes, CHANNELS.items(), strict=True):
        groups = list(table.groupby("cohort", sort=False))
        for k, (cohort, own) in enumerate(groups):
            colour = _shade(CHANNELS[channel][1], k, len(groups))
            label = f"{cohort} s, n = {own['tracks'].iloc[0]}"
            mean, error = own[channel], 1.96 * own[f"{channel}_sem"]
            ax.plot(own["time_s"], mean, color=colour, label=label)
            band = {"color": colour, "alpha": 0.25, "lw": 0}
            ax.fill_between(own["time_s"], mean - error, mean + error, **band)
        ax.set(xlabel="time from the start (s)", ylabel=f"{name} (counts)")
        if groups:
            ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def cohorts_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Means and standard errors of every cohort, a row a time.

    Tracks of category 1 (of complete ones where there is none), stretched to the mean
    lifetime of their cohort, with five frames before and after where all have these.
    """
    pad = min(_padding(cell) for cell in cells)
    interval = cells[0].attrs["frame_interval_s"]
    traces: dict[str, list[np.ndarray]] = {}
    labels = [f"{a}–{b}" for a, b in itertools.pairwise(COHORTS)]
    for both in (both for cell in cells for both in _whole(cell, pad)):
        seconds = interval * (both.shape[1] - 2 * pad)
        k = np.searchsorted(COHORTS, seconds, side="right")
        if 0 < k < len(COHORTS):
            traces.setdefault(labels[k - 1], []).append(both)
    parts = []
    for label in [cohort for cohort in labels if len(traces.get(cohort, ())) > 2]:
        own = traces[label]
        n = int(np.rint(np.mean([both.shape[1] - 2 * pad for both in own])))
        stretched = np.stack([_stretched(both, n, pad) for both in own])
        part = {"cohort": label, "tracks": len(own)}
        part["time_s"] = interval * np.arange(-pad, n + pad)
        for row, channel in enumerate(CHANNELS):
            values = stretched[:, row]
            part[channel] = values.mean(0)
            part[f"{channel}_sem"] = values.std(0, ddof=1) / np.sqrt(len(values))
        parts.append(pd.DataFrame(part))
    columns = [
        "cohort",
        "tracks",
        "time_s",
        "master",
        "master_sem",
        "slave",
        "slave_sem",
    ]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    )


@styled
def traces(cells: Sequence[xr.Dataset]) -> Figure:
    """Example traces of both channels; dots are frames in which the slave is seen."""
    table = traces_table(cells)
    figure = Figure(figsize=(DOUBLE, 0.55 * DOUBLE))
    axes = figure.subplots(2, SHOWN // 2, squeeze=False).ravel()
    groups = list(table.groupby("example"))
    for ax, (_, own) in zip(axes, groups, strict=False):
        for channel, (name, colour) in CHANNELS.items():
            inside = own["part"] == "track"
            ax.plot(own["time_s"], own[channel], color=colour, lw=0.6, ls=":")
            ax.plot(own["time_s"].where(inside), own[channel], color=colour, label=name)
        seen = own[own["slave_p"] < SIGNIFICANT]
        mark = {"color": CHANNELS["slave"][1], "label": "significant"}
        ax.plot(seen["time_s"], seen["slave"], "o", ms=3, **mark)
        ax.set_title(f"{own['cell'].iloc[0]}, track {own['track'].iloc[0]}")
    for ax in axes[len(groups) :]:
        ax.set_axis_off()
    figure.supxlabel("time from the start (s)", fontsize=7)
    figure.supylabel("amplitude (counts)", fontsize=7)
    handles, names = axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, names, loc="outside upper center", ncols=3)
    return figure


def traces_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """The examples: tracks spread over the brightness of the slave, a row a frame."""
    shown: list[pd.DataFrame] = []
    for cell in cells:
        points = measures.points(cell)
        size = cell["row_size"].values
        fit = (cell["complete"].values == 1) & (size >= LONG)
        top = points.groupby("track")["slave"].max()
        shown += [(top[k], len(shown), cell, k) for k in np.flatnonzero(fit)]
    if not shown:
        return pd.DataFrame(columns=EXAMPLE)
    shown.sort(key=lambda example: example[:2])
    picked = np.linspace(0, len(shown) - 1, SHOWN + 2).astype(int)[1:-1]
    parts = [_example(n, *shown[at][2:]) for n, at in enumerate(np.unique(picked))]
    return pd.concat(parts, ignore_index=True)


def _example(number: int, cell: xr.Dataset, k: int) -> pd.DataFrame:
    points, pad = measures.points(cell), _padding(cell)
    own = points[points["track"] == k]
    both = _with_buffers(cell, k, pad)
    n = both.shape[1]
    p = np.full(n, np.nan)
    if "slave_p" in own and len(own) == n - 2 * pad:
        p[pad : n - pad] = own["slave_p"]
    part = np.full(n, "buffer", object)
    part[pad : n - pad] = "track"
    seconds = cell.attrs["frame_interval_s"] * np.arange(-pad, n - pad)
    values = (number, cell.attrs["cell"], k, seconds, *both, p, part)
    return pd.DataFrame(dict(zip(EXAMPLE, values, strict=True)))


def _padding(cell: xr.Dataset) -> int:
    """Frames that were read before and after each track."""
    return cell.sizes.get("buffer", 0)


def _with_buffers(cell: xr.Dataset, k: int, pad: int) -> np.ndarray:
    """Both channels of a track, with its buffers if ``pad``, (2, frames)."""
    edges = tracks.starts(cell)
    own, rows = slice(edges[k], edges[k + 1]), []
    frame = cell["frame"].values[own]
    for channel in CHANNELS:
        values = tracks.fill_gaps(frame, cell[channel].values[own])
        if pad:
            before, after = cell[f"buffer_{channel}"].values[k]
            values = np.concatenate([before, values, after])
        rows.append(values)
    return np.stack(rows)


def _whole(cell: xr.Dataset, pad: int) -> list[np.ndarray]:
    """Both channels of every whole track whose buffers, if asked for, were read."""
    found = [
        _with_buffers(cell, int(k), pad) for k in np.flatnonzero(category_of(cell) == 1)
    ]
    return [both for both in found if np.isfinite(both).all()]


def _stretched(both: np.ndarray, n: int, pad: int) -> np.ndarray:
    """A track of ``n`` frames instead of its own; the buffers stay as they are."""
    inner = both[:, pad : both.shape[1] - pad]
    at = np.linspace(0, inner.shape[1] - 1, n)
    middle = [np.interp(at, np.arange(inner.shape[1]), row) for row in inner]
    return np.hstack([both[:, :pad], np.stack(middle), both[:, both.shape[1] - pad :]])


def _shade(colour: str, k: int, count: int) -> tuple[float, ...]:
    """The k-th of ``count`` shades, from light to the colour itself."""
    from matplotlib.colors import to_rgb

    share = (k + 1) / count
    return tuple(1 - share * (1 - value) for value in to_rgb(colour))


def show(ax: Axes, image: np.ndarray) -> None:
    """An image in grey, its darkest hundredth black and its brightest spots white."""
    low, high = np.percentile(image, [1, 99.7])
    ax.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    ax.set_axis_off()


def _middle(ax: Axes, shape: tuple[int, int]) -> None:
    """Show the middle of an image, at most :data:`MIDDLE` px wide and high."""
    height, width = shape
    x, y = max(width - MIDDLE, 0) / 2, max(height - MIDDLE, 0) / 2
    ax.set(xlim=(x - 0.5, width - x - 0.5), ylim=(height - y - 0.5, y - 0.5))


def scale_bar(ax: Axes, pixel_nm: float, nm: float = 2000) -> None:
    """A white bar of so many nm in the lower right corner of an image."""
    length, (left, right), (bottom, top) = nm / pixel_nm, ax.get_xlim(), ax.get_ylim()
    x, y = right - 0.05 * (right - left) - length, bottom + 0.05 * (top - bottom)
    ax.plot([x, x + length], [y, y], color="w", lw=2)
    above = y + 0.01 * (top - bottom)
    text = f"{nm / 1000:g} µm"
    ax.text(x + length / 2, above, text, color="w", ha="center", va="bottom")
