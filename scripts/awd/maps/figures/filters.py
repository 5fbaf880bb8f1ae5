"""What the bank says of filters, the filters as images, and what matters in a map."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pywt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd import wavelet
from awd.filters import undecimated
from awd.league.names import FAMILIES, name_of
from awd.maps.measure import peaks
from awd.maps.study import bank
from awd.report.style import COLOURS, DOUBLE, styled
from awd.report.tables import typeset

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

SOURCES = {
    "output": (COLOURS["teacher"], "-", "the ResNet"),
    "shuffled": (COLOURS["wavelet"], "--", "the ResNet, shuffled within cosmologies"),
    "labels": (COLOURS["distilled"], ":", "labels"),
}
UNTRAINED = (("0.35", "-."), ("0.7", "-"))  # by their numbers, one after the other
AXES = {
    "symmetric": "outer tap a",
    "gaussian": "width (pixels)",
    "lattice4": "angle (rad)",
}
DETAILS = ("lh", "hl", "hh")
SAME = 1e-6  # by which taps of one filter differ
WIDEST = 18  # characters of a name beside an image, then it is broken
IMAGES = ("output", "labels", "untrained", "attribution", "sparsity")


@styled
def families(table: pd.DataFrame) -> Figure:
    """Fidelity along every family of one parameter, below the best of each source.

    Above, a row a source, what each would choose.

    Parameters
    ----------
    table : DataFrame
        :func:`awd.maps.study.describe.by_candidate` of every seed, with ``file``.
    """
    shown = [name for name in AXES if name in set(table["family"])]
    shown = shown or [table["family"].iloc[0]]
    sources = _sources(table)
    figure = Figure(figsize=(DOUBLE, 2.5 + 0.11 * len(sources)))
    shares = (0.11 * len(sources) + 0.1, 2)
    axes = figure.subplots(
        2, len(shown), sharex="col", squeeze=False, height_ratios=shares
    )
    for (top, below), family in zip(axes.T, shown, strict=True):
        own = table[table["family"] == family]
        for _, scores in own.groupby("file"):
            _scanned(top, below, scores.sort_values("parameter"), sources)
        top.set_title(f"{FAMILIES.get(family, family)}: what is chosen")
        top.set(ylim=(len(sources) - 0.4, -0.6), yticks=[])
        top.tick_params("x", length=0, labelbottom=False)
        top.spines[["left", "bottom"]].set_visible(False)
        below.set_xlabel(AXES.get(family, "first parameter"))
        below.locator_params(axis="x", nbins=5)
    lowest = min(ax.get_ylim()[0] for ax in axes[1])
    for ax in axes[1]:
        ax.set_ylim(lowest, -0.03 * lowest)
    for ax in axes[1, 1:]:
        ax.tick_params(labelleft=False)
    axes[1, 0].set_ylabel("fidelity below its best (R²)")
    handles, labels = axes[1, 0].get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(once.values(), once.keys(), ncols=3, loc="outside upper center")
    return figure


def _sources(table: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """Colour, line and name of every source there is; untrained networks by number."""
    known = {name: style for name, style in SOURCES.items() if name in table}
    untrained = [name for name in table if name.startswith("untrained")]
    for k, name in enumerate(untrained):
        of = f" {k + 1}" if len(untrained) > 1 else ""
        known[name] = (*UNTRAINED[k % len(UNTRAINED)], f"untrained network{of}")
    return known


def _scanned(
    top: Axes,
    below: Axes,
    scores: pd.DataFrame,
    sources: dict[str, tuple[str, str, str]],
) -> None:
    """One seed of a family: its curves below, the best of each on a row above."""
    for row, (name, (colour, line, label)) in enumerate(sources.items()):
        if scores[name].notna().any():
            away = scores[name] - scores[name].max()
            below.plot(scores["parameter"], away, line, color=colour, label=label)
            best = scores["parameter"][away.idxmax()]
            top.plot(best, row, "o", color=colour, ms=3.5, alpha=0.8, clip_on=False)


@styled
def patches(wavelets: xr.Dataset) -> Figure:
    """Chosen filters: the kernels of their bands, centred, and at peaks 3 x 3.

    Methods that chose the same filter share a row.

    Parameters
    ----------
    wavelets : Dataset
        ``wavelets.nc`` with ``family``.
    """
    rows = _alike(wavelets)
    images = [band_kernels(*chosen) for chosen, _ in rows]
    columns = max(map(len, images))
    figure = Figure(figsize=((columns + 0.7) * DOUBLE / 5, 0.35 + 1.25 * len(rows)))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, own, (_, names) in zip(grid, images, rows, strict=True):
        for ax in line:
            ax.set_axis_off()
        for ax, (band, kernel) in zip(line, own.items(), strict=False):
            size = np.abs(kernel).max()
            shown = ax.imshow(kernel / size, cmap="RdBu_r", vmin=-1, vmax=1)
            ax.set_title(band.upper() if band in DETAILS else band)
        line[0].text(
            -0.15,
            0.5,
            "\n= ".join(textwrap.fill(name_of(name), WIDEST) for name in names),
            transform=line[0].transAxes,
            rotation=90,
            ha="right",
            va="center",
            multialignment="center",
        )
    label = "weight / largest weight"
    bar = figure.colorbar(shown, ax=grid, label=label, shrink=1 / len(rows), pad=0.02)
    bar.set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
    bar.outline.set_visible(False)
    return figure


def _alike(
    wavelets: xr.Dataset,
) -> list[tuple[tuple[str, np.ndarray], list[str]]]:
    """Family and taps of the shown filters, each with the methods that chose it."""
    rows: list[tuple[tuple[str, np.ndarray], list[str]]] = []
    for name in IMAGES:
        if name not in wavelets["method"].values:
            continue
        family, h = filter_of(wavelets, name)
        for (known, taps), names in rows:
            alike = known == family and np.shape(taps) == np.shape(h)
            if alike and np.allclose(taps, h, atol=SAME):
                names.append(name)
                break
        else:
            rows.append(((family, h), [name]))
    return rows


def patches_table(wavelets: xr.Dataset) -> pd.DataFrame:
    """Taps of every method: name, family, candidates, fidelity, taps."""
    rows = []
    for k, name in enumerate(wavelets["method"].values.tolist()):
        family, h = filter_of(wavelets, name)
        rows.append(
            {
                "method": name,
                "family": family,
                "candidates": int(wavelets["scored"].values[k]),
                "score": float(wavelets["score"].values[k]),
                "taps": " ".join(f"{tap:.4f}" for tap in h),
            }
        )
    return pd.DataFrame(rows)


def band_kernels(family: str, h: np.ndarray) -> dict[str, np.ndarray]:
    """What each band does at the first level, as an image; of lattices also patches."""
    h = bank.shaped(family, h)
    side = 2 * max(np.shape(h)) + 1
    point = np.zeros((1, side, side))
    point[0, side // 2, side // 2] = 1
    bands = undecimated.analysis(point, h, 1)
    out = {}
    for band in bank.SHELVES[family].bands:
        for part in undecimated.PARTS.get(band, (band,)):
            kernel = bands[part][0, 0, ::-1, ::-1]
            used = np.argwhere(np.abs(kernel) > 1e-6)
            low, high = used.min(), used.max() + 1
            out[part.replace("_", " ")] = kernel[low:high, low:high]
    if family.startswith("lattice") and len(h) >= 4:
        out["HH at peaks"] = peaks.sign_fixed(peaks.wavelet_patches(h))[-1]
    return out


def filter_of(wavelets: xr.Dataset, name: str) -> tuple[str, np.ndarray]:
    """Family and taps of a method of ``wavelets.nc``."""
    k = wavelets["method"].values.tolist().index(name)
    length = int(wavelets["length"].values[k])
    return str(wavelets["family"].values[k]), wavelets["filter"].values[k][:length]


def mask_panels(
    maps: xr.Dataset, outputs: xr.Dataset, wavelets: xr.Dataset
) -> dict[str, np.ndarray]:
    """A map, its gradient, and what the attributed wavelet finds important of it."""
    k = len(outputs["row"]) // 2
    row = int(outputs["row"].values[k])
    kappa = maps["x"][row].values
    gradient = outputs["gradient"].values[0, k]
    panels = {"convergence": kappa, "gradient of the network": gradient}
    if "attribution" in wavelets["method"].values:
        _, h = filter_of(wavelets, "attribution")
        bank_ = wavelet.to_pywt(h)
        image, attributed = (
            pywt.coeffs_to_array(pywt.wavedec2(image_.astype(float), bank_, "zero", 4))
            for image_ in (kappa, gradient)
        )
        least = np.quantile(np.abs(attributed[0]), 0.9)
        important = np.where(np.abs(attributed[0]) >= least, image[0], 0)
        parts = pywt.array_to_coeffs(important, image[1], output_format="wavedec2")
        back = pywt.waverec2(parts, bank_, "zero")[: len(kappa), : len(kappa)]
        panels["its most important coefficients"] = back
    return panels


@styled
def masks(panels: dict[str, np.ndarray], pixel_arcmin: float) -> Figure:
    """The panels of :func:`mask_panels` side by side."""
    figure = Figure(figsize=(DOUBLE, DOUBLE / 3 + 0.8))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (name, image) in zip(axes, panels.items(), strict=True):
        degrees = len(image) * pixel_arcmin / 60
        how = {"origin": "lower", "extent": (0, degrees, 0, degrees)}
        if name == "convergence":
            low, high = np.quantile(image, [0.01, 0.998])
            shown = ax.imshow(image, cmap="magma", vmin=low, vmax=high, **how)
        else:
            size = np.quantile(np.abs(image), 0.995)
            shown = ax.imshow(image, cmap="RdBu_r", vmin=-size, vmax=size, **how)
        ax.set(title=name, xlabel="x (deg)")
        unit = (
            "change of output / of convergence" if "gradient" in name else "convergence"
        )
        bar = figure.colorbar(shown, ax=ax, location="bottom", label=unit, aspect=30)
        bar.locator = MaxNLocator(5)
    axes[0].set_ylabel("y (deg)")
    axes[0].locator_params(axis="y", nbins=4)
    return figure


def masks_table(panels: dict[str, np.ndarray]) -> pd.DataFrame:
    """Every pixel of every panel."""
    first = next(iter(panels.values()))
    y, x = np.indices(first.shape)
    columns = {"y": y.ravel(), "x": x.ravel()}
    columns |= {name: image.ravel() for name, image in panels.items()}
    return pd.DataFrame(columns)


FRAMES = 5  # of the path that a still shows
PATH = {"parameter": "parameter", "fidelity": "output"}


def path_of(
    bank_: xr.Dataset, table: pd.DataFrame, draws: np.ndarray | None = None
) -> pd.DataFrame:
    """The way from the family's last filter, of the starlet, to the chosen one.

    Parameters
    ----------
    bank_ : Dataset
        :data:`awd.maps.study.bank.BANK` of a family with one parameter.
    table : DataFrame
        :func:`awd.maps.study.describe.by_candidate` of one seed.
    draws : array of shape (draws, taps), optional
        The filters that are chosen when groups are resampled.

    Returns
    -------
    DataFrame
        ``parameter``, ``fidelity`` and the taps, a row a candidate on the way;
        ``chosen`` in how many of the ``draws`` it is the one.
    """
    own = table[table["family"] == bank_.attrs["family"]].sort_values("candidate")
    order = np.argsort(-own["parameter"].to_numpy(), kind="stable")
    chosen = int(own["output"].to_numpy()[order].argmax())
    order = order[: max(chosen, 1) + 1]
    taps = bank_["filter"].values[order]
    columns = {f"tap{k}": taps[:, k] for k in range(taps.shape[1])}
    rows = own.iloc[order]
    known = {name: rows[of].to_numpy() for name, of in PATH.items()}
    path = pd.DataFrame(known | columns)
    if draws is None or not len(draws):
        return path
    near = np.abs(taps[:, None] - draws[:, : taps.shape[1]]).max(2) < SAME
    return path.assign(chosen=near.sum(1), draws=len(draws))


@styled
def adapting(path: pd.DataFrame, family: str) -> Figure:
    """Filters on the way to the chosen one, with what each difference band does.

    Parameters
    ----------
    path : DataFrame
        :func:`path_of`.
    family : str
    """
    shown = path.iloc[np.linspace(0, len(path) - 1, min(FRAMES, len(path))).astype(int)]
    figure = Figure(figsize=(DOUBLE, 3.4))
    grid = figure.subplots(2, len(shown), squeeze=False)
    for (top, below), (_, row) in zip(grid.T, shown.iterrows(), strict=True):
        draw_filter(top, below, row, family, path)
    grid[0, 0].set_ylabel("tap")
    for ax in grid[0, 1:]:
        ax.tick_params(labelleft=False)
    grid[1, 0].set_ylabel("difference band")
    bar = figure.colorbar(grid[1, -1].images[0], ax=grid[1], aspect=10, pad=0.01)
    bar.set_label("weight / largest")
    bar.outline.set_visible(False)
    return figure


def draw_filter(
    top: Axes, below: Axes, row: pd.Series, family: str, path: pd.DataFrame
) -> None:
    """One filter: its taps above, its difference band as an image below."""
    taps = row.filter(like="tap").to_numpy(float)
    at = np.arange(len(taps)) - len(taps) // 2
    top.vlines(at, 0, taps, color=COLOURS["distilled"], lw=2)
    top.plot(at, taps, "o", color=COLOURS["distilled"], ms=3)
    top.axhline(0, color="0.6", lw=0.6)
    top.set_xticks(at)
    top.set_xlabel("offset (pixels)")
    every = path.filter(like="tap").to_numpy(float)
    margin = 0.08 * np.ptp(every)
    top.set_ylim(every.min() - margin, every.max() + margin)
    parameter, fidelity = typeset(row["parameter"], 3), typeset(row["fidelity"], 3)
    title = f"a = {parameter}\nfidelity {fidelity}"
    if "draws" in row:
        title += f"\nin {row['chosen']:.0f} of {row['draws']:.0f} draws"
    top.set_title(title)
    kernel = band_kernels(family, taps)["difference"]
    # Pixels of one size in all: a kernel without its outer taps is smaller.
    kernel = np.pad(kernel, max(len(taps) - len(kernel), 0) // 2)
    size = np.abs(kernel).max()
    below.imshow(kernel / size, cmap="RdBu_r", vmin=-1, vmax=1)
    below.set(xticks=[], yticks=[])
    below.spines[:].set_visible(False)


@styled
def animate(path: pd.DataFrame, family: str, target: str) -> None:
    """The same way as an animated GIF, a frame a filter."""
    from matplotlib.animation import FuncAnimation, PillowWriter

    from awd import io

    figure = Figure(figsize=(3.2, 3.6))
    top, below = figure.subplots(2, 1)

    def draw(k: int) -> None:
        top.clear()
        below.clear()
        draw_filter(top, below, path.iloc[k], family, path)

    frames = [*range(len(path)), *[len(path) - 1] * 6]  # it rests on the last
    moving = FuncAnimation(figure, draw, frames=frames)
    with io.replacing(target, sealed=True) as temporary:
        moving.save(temporary, PillowWriter(fps=6), dpi=100)
