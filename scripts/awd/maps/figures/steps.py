"""The method in one row, on real examples of a run: from a map to a matter density."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd.filters import undecimated
from awd.league.names import name_of
from awd.maps.figures.filters import band_kernels, filter_of
from awd.maps.measure.statistics import LEVELS
from awd.maps.names import label
from awd.maps.study import bank
from awd.report.figures import agreement
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

OURS = "output"
FEW = 16  # training maps of a cosmology whose histograms are averaged
SHOWN = 0.998  # of the pixels of a map within its colours


@styled
def steps(
    maps: xr.Dataset, wavelets: xr.Dataset, students: Sequence[xr.Dataset]
) -> Figure:
    """A map, the network, the filter that says the same, its coefficients, the student.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    wavelets : Dataset
        ``wavelets.nc`` of the first seed.
    students : sequence of Dataset
        Predictions of every seed.
    """
    family, taps = filter_of(wavelets, OURS)
    h = bank.shaped(family, taps)
    table = steps_table(maps, wavelets, students)
    kappa = maps["x"][example(maps, students[0])].values
    name = str(maps["name"].values[0])
    side = f"{len(kappa) * maps.attrs['pixel_arcmin'] / 60:.2g} deg"
    figure = Figure(figsize=(DOUBLE, 0.235 * DOUBLE))
    axes = figure.subplots(1, 6)
    for ax in axes:
        ax.set_box_aspect(1)
    low, high = np.quantile(kappa, [0.01, SHOWN])
    shades = {"cmap": "magma", "vmin": low, "vmax": high}
    _image(axes[0], kappa, f"map, {side}", "convergence", shades)
    _agreement(axes[1], table[table["panel"] == "teacher"], "teacher", name)
    axes[1].set_title("network")
    kernel = band_kernels(family, taps)
    image = kernel["difference" if "difference" in kernel else "hh"]
    image = image / np.abs(image).max()
    title = f"filter, {len(image)} pixels"
    _image(axes[2], image, title, f"weight ({name_of(family)})", _about_zero(1))
    band = coefficients(kappa, h)[0]
    shades = _about_zero(np.quantile(np.abs(band), 0.995))
    _image(axes[3], band, "its coefficients", "convergence", shades)
    _histograms(axes[4], table[table["panel"] == "histogram"], name)
    _agreement(axes[5], table[table["panel"] == "distilled"], "distilled", name)
    axes[5].set_title("student")
    for ax in axes:
        ax.set_anchor("N")  # images have bars under them, plots do not
    return figure


def _about_zero(size: float) -> dict[str, Any]:
    """White at 0, red above and blue below."""
    return {"cmap": "RdBu_r", "vmin": -size, "vmax": size}


def _image(
    ax: Axes, image: np.ndarray, title: str, label: str, shades: dict[str, Any]
) -> None:
    """An image over the bar of its colours."""
    shown = ax.imshow(image, origin="lower", **shades)
    ax.set(xticks=[], yticks=[], title=title)
    bar = ax.figure.colorbar(shown, ax=ax, location="bottom", aspect=12, pad=0.05)
    bar.set_label(label)
    bar.outline.set_visible(False)
    bar.locator = MaxNLocator(2, symmetric=shades["vmin"] == -shades["vmax"])


def example(maps: xr.Dataset, students: xr.Dataset) -> int:
    """A test map of middling target, the one of them that varies most."""
    rows = students["row"].values
    away = np.abs(students["target"].values - np.median(students["target"].values))
    near = rows[np.argsort(away, kind="stable")[:FEW]]
    return int(near[np.argmax([float(maps["x"][row].std()) for row in near])])


def coefficients(x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The difference band, of a wavelet HH, of a map: (levels, y, x)."""
    bands = undecimated.analysis(x[None].astype(np.float32), h, LEVELS)
    return bands["difference" if "difference" in bands else "hh"][0]


def steps_table(
    maps: xr.Dataset, wavelets: xr.Dataset, students: Sequence[xr.Dataset]
) -> pd.DataFrame:
    """What :func:`steps` draws beside its images: ``panel``, ``method``, ``x``, ``y``.

    Panels teacher and distilled: true and predicted target; histogram: first-level
    coefficients in s.d. and how often they occur, ``method`` the mean target.
    """
    h = bank.shaped(*filter_of(wavelets, OURS))
    parts = [_histogram_table(maps, h), agreement.table(students)]
    return pd.concat(parts, ignore_index=True)


def _histogram_table(maps: xr.Dataset, h: np.ndarray) -> pd.DataFrame:
    """Histograms of the cosmologies with the lowest and the highest target."""
    train = np.flatnonzero(maps["split"].values == "train")
    target = maps["target"].values[:, 0]
    found = {}
    for end in (target[train].min(), target[train].max()):
        rows = train[target[train] == end][:FEW]
        found[end] = np.stack([coefficients(maps["x"][r].values, h)[0] for r in rows])
    scale = np.std(np.concatenate(list(found.values())))
    edges = np.linspace(-5, 8, 53)
    middles = (edges[1:] + edges[:-1]) / 2
    parts = []
    for end, values in found.items():
        share = np.histogram(values / scale, edges, density=True)[0]
        drawn = {"method": f"{end:.2f}", "x": middles, "y": share}
        parts.append(pd.DataFrame({"panel": "histogram", **drawn}))
    return pd.concat(parts)


def _histograms(ax: Axes, table: pd.DataFrame, name: str) -> None:
    colours = ("#440154", "#7AD151")  # the ends of viridis that print
    for colour, (end, own) in zip(colours, table.groupby("method"), strict=True):
        seen = own[own["y"] > 0]
        ax.plot(seen["x"], seen["y"], color=colour, label=f"{label(name)} = {end}")
    ax.set(yscale="log", xlabel="coefficient (s.d.)", ylabel="density")
    ax.set_ylim(top=1e4)  # room for the legend
    ax.set_title("histograms")
    ax.legend(loc="upper right", handlelength=0.8)


def _agreement(ax: Axes, panel: pd.DataFrame, role: str, name: str) -> None:
    agreement.draw(ax, panel, role)
    ax.locator_params(nbins=3)
    ax.set(xlabel=f"true {label(name)}", ylabel=f"predicted {label(name)}")
