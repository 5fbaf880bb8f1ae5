"""What was tracked, over its images: both channels, lifetimes, a zoom, a kymograph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import measures, tracks
from awd.cells.registration import moved
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from awd.cells.movie import Movie

MIDDLE = 128  # px of an image that are shown
SMOOTH = 31  # px, side of the mean that is taken for the background
ZOOM = 16  # px on every side of the middle of the zoom
STRIP = 2  # px on both sides of a kymograph's line
RING: dict[str, Any] = {"facecolors": "none", "edgecolors": "#E69F00", "lw": 0.7}
# Red and blue of the master, green of the slave: told apart by all who see two colours.
TINTS = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])

Extent = tuple[float, float, float, float]


@styled
def tracking(movie: Movie, cell: xr.Dataset) -> Figure:
    """Spots of a frame, tracks by lifetime, a zoom of each channel, and a kymograph.

    Parameters
    ----------
    movie : Movie
    cell : Dataset
        Its tracks (:func:`awd.cells.tracker.track`).
    """
    names = list(tracks.channels(cell).values())
    shown = min(len(movie.channels), len(TINTS))
    frame, line = movie.frames // 2, kymograph_line(cell)
    images = [movie.channels[c][frame] for c in range(shown)]
    points = tracking_table(movie, cell)
    now = points[points["frame"] == frame]
    figure = Figure(figsize=(DOUBLE, 0.72 * DOUBLE))
    grid = figure.add_gridspec(2, 3, height_ratios=[1, 0.9])
    spots, over = (figure.add_subplot(grid[0, k]) for k in range(2))
    show_colours(spots, images)
    spots.scatter(now["x"], now["y"], 30, **RING)
    both = " and ".join(names[:shown])
    spots.set_title(f"{both}, {frame * cell.attrs['frame_interval_s']:g} s")
    _by_lifetime(figure, over, images[0], points)
    _middle(spots, images[0].shape)
    scale_bar(spots, cell.attrs["pixel_nm"])
    x, y = _lively(points, now, images[0].shape)
    _mark(over, (*spots.get_xlim(), *spots.get_ylim()), line)
    for ax in (spots, over):
        _frame(ax, (x - ZOOM, x + ZOOM, y - ZOOM, y + ZOOM), ls=":")
    scale_bar(over, cell.attrs["pixel_nm"], _bar_nm(over, cell.attrs["pixel_nm"]))
    zooms = [grid[0, 2], grid[1, 2]]
    for k, image in enumerate(images):
        ax = figure.add_subplot(zooms[k])
        show(ax, image)
        places = _read_at(cell, now, k)
        ax.scatter(places[0], places[1], 120, **RING)
        ax.set(xlim=(x - ZOOM, x + ZOOM), ylim=(y + ZOOM, y - ZOOM), title=names[k])
        scale_bar(ax, cell.attrs["pixel_nm"], 1000)
    wide = grid[1, :2] if shown > 1 else grid[1, :]
    _kymograph(figure.add_subplot(wide), movie, cell, points, line, shown)
    return figure


def _mark(ax: Axes, shown: Extent, line: int) -> None:
    """What the other panels show of an image: a part of it, and a row through time."""
    low, high = ax.get_ylim()
    if abs(shown[3] - shown[2]) < abs(high - low) - 1:
        _frame(ax, shown)
    ax.axhline(line, color="w", lw=0.7, ls="--")


def _frame(ax: Axes, box: Extent, ls: str = "-") -> None:
    """A box from left to right and from low to high, px."""
    left, right, low, high = box
    xs, ys = [left, right, right, left, left], [low, low, high, high, low]
    ax.plot(xs, ys, color="w", lw=0.7, ls=ls, scalex=False, scaley=False)


def _bar_nm(ax: Axes, pixel_nm: float) -> float:
    """A round length of about a quarter of the axes."""
    width = abs(np.diff(ax.get_xlim())[0]) * pixel_nm
    return next((nm for nm in (20_000, 10_000, 5000) if nm < 0.3 * width), 2000)


def _read_at(cell: xr.Dataset, now: pd.DataFrame, channel: int) -> np.ndarray:
    """x and y where spots of the master were read in a channel, px."""
    place = now[["y", "x"]].to_numpy()
    matrix = cell.attrs.get(("", "applied_matrix", "applied_matrix_third")[channel])
    if matrix is not None:
        place = moved(np.reshape(matrix, (2, 3)), place)
    return place.T[::-1]


def _by_lifetime(
    figure: Figure, ax: Axes, image: np.ndarray, points: pd.DataFrame
) -> None:
    """Tracks over a dimmed image, their colours on a logarithmic scale of lifetimes."""
    import matplotlib
    from matplotlib.colors import LogNorm

    show(ax, image, dim=2.5)
    shortest, longest = points["lifetime_s"].agg(["min", "max"])
    norm = LogNorm(shortest, max(longest, 1.01 * shortest))
    scale = matplotlib.cm.ScalarMappable(norm, "viridis")
    for _, track in points.groupby("track"):
        ax.plot(
            track["x"], track["y"], color=scale.to_rgba(track["lifetime_s"].iloc[0])
        )
    bar = figure.colorbar(scale, ax=ax, location="bottom", shrink=0.9, pad=0.02)
    bar.set_label("lifetime (s)")
    in_seconds(bar.ax)
    ax.set_title(f"all {points['track'].nunique()} tracks")


def in_seconds(ax: Axes) -> None:
    """Lifetimes along a logarithmic axis, labelled however short it is."""
    from matplotlib.ticker import LogLocator

    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")


def _lively(
    points: pd.DataFrame, now: pd.DataFrame, shape: tuple[int, int]
) -> tuple[float, float]:
    """Where to look closely: the spot of a frame with the brightest second channel."""
    height, width = shape
    own = now if len(now) else points
    inside = own["x"].between(ZOOM, width - ZOOM) & own["y"].between(
        ZOOM, height - ZOOM
    )
    own = own[inside] if inside.any() else own
    at = own.loc[own["brightness"].idxmax()]
    return float(at["x"]), float(at["y"])


def _kymograph(
    ax: Axes,
    movie: Movie,
    cell: xr.Dataset,
    points: pd.DataFrame,
    line: int,
    shown: int,
) -> None:
    """One row of the image through time, with the tracks in it, in µm and s."""
    um, s = cell.attrs["pixel_nm"] / 1000, cell.attrs["frame_interval_s"]
    rows = slice(max(line - STRIP, 0), line + STRIP + 1)
    # Time to the right, as long movies are longer than images are wide.
    strips = [
        np.stack([image[rows].mean(0) for image in movie.channels[c]], 1)
        for c in range(shown)
    ]
    height, frames = strips[0].shape
    extent = (-0.5 * s, (frames - 0.5) * s, (height - 0.5) * um, -0.5 * um)
    show_colours(ax, strips, extent)
    ax.set_aspect("auto")
    near = points[(points["y"] - line).abs() <= STRIP]
    for _, track in near.groupby("track"):
        ax.plot(track["frame"] * s, track["x"] * um, color="w", lw=0.5)
    ax.set_axis_on()
    ax.set(xlabel="time (s)", ylabel="x (µm)")
    ax.set_title(f"kymograph at y = {line * um:.1f} µm")


def kymograph_line(cell: xr.Dataset) -> int:
    """The row of the image, px, along which most is seen."""
    rows = np.rint(cell["y"].values).astype(int)
    return int(np.bincount(rows).argmax())


def tracking_table(movie: Movie, cell: xr.Dataset) -> pd.DataFrame:
    """What :func:`tracking` draws over its images.

    ``brightness`` is the slave's, or without one the master's.
    """
    points = measures.points(cell)
    lifetime = tracks.lifetimes(cell) * cell.attrs["frame_interval_s"]
    channel = "slave" if "slave" in points else "master"
    shown = points[["track", "frame", "x", "y"]].assign(
        category=category_of(cell)[points["track"]],
        lifetime_s=lifetime[points["track"]],
        brightness=points[channel],
    )
    return shown.reset_index(drop=True)


def category_of(cell: xr.Dataset) -> np.ndarray:
    """Class of every track; where a file says none, whole or cut."""
    if "category" in cell:
        return cell["category"].values
    return np.where(cell["complete"].values == 1, 1, 3)


def show(ax: Axes, image: np.ndarray, dim: float = 1.0) -> None:
    """An image in grey, its darkest hundredth black and its brightest spots white."""
    low, high = np.percentile(image, [1, 99.7])
    high = low + dim * (high - low)
    ax.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    ax.set_axis_off()


def show_colours(
    ax: Axes, images: list[np.ndarray], extent: Extent | None = None
) -> None:
    """One image in grey, or two in magenta and green, white where both are bright.

    Of two a smooth background is taken off, or its colour would be all that is seen.
    """
    from scipy.ndimage import uniform_filter

    scaled = []
    for image in images:
        if len(images) > 1:
            image = image - uniform_filter(image.astype(np.float32), SMOOTH)
        low, high = np.percentile(image, [60, 99.7])
        scaled.append(np.clip((image - low) / max(high - low, 1e-9), 0, 1))
    tints = TINTS if len(images) > 1 else np.ones((1, 3))
    pairs = zip(scaled, tints, strict=False)
    mixed = sum(image[..., None] * tint for image, tint in pairs)
    ax.imshow(np.clip(mixed, 0, 1), interpolation="nearest", extent=extent)
    ax.set_axis_off()


def _middle(ax: Axes, shape: tuple[int, int]) -> None:
    """Show the middle of an image, at most :data:`MIDDLE` px wide and high."""
    height, width = shape
    x, y = max(width - MIDDLE, 0) / 2, max(height - MIDDLE, 0) / 2
    ax.set(xlim=(x - 0.5, width - x - 0.5), ylim=(height - y - 0.5, y - 0.5))


def scale_bar(ax: Axes, pixel_nm: float, nm: float = 2000) -> None:
    """A bar of so many nm in the lower right corner, on a dark ground of its own."""
    length, (left, right), (bottom, top) = nm / pixel_nm, ax.get_xlim(), ax.get_ylim()
    x, y = right - 0.06 * (right - left) - length, bottom + 0.06 * (top - bottom)
    ax.plot([x, x + length], [y, y], color="w", lw=2.5, solid_capstyle="butt")
    # Ends with the bar: around its middle a short bar's label would leave the image.
    ax.text(
        x + length,
        y + 0.03 * (top - bottom),
        f"{nm / 1000:g} µm",
        color="w",
        ha="right",
        va="bottom",
        bbox={"facecolor": "k", "alpha": 0.5, "lw": 0, "pad": 1},
    )
