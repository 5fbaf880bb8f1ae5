"""Predicted against observed, and the methods that are worth a panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from awd.league import bootstrap
from awd.league.names import name_of
from awd.report import tables
from awd.report.figures.parts import described, legend_once, with_unit
from awd.report.style import COLOURS, DOUBLE, styled

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

TWO = ("#56B4E9", "#D55E00")  # of two classes, the lower first


@styled
def predictions(*test_sets: xr.Dataset) -> Figure:
    """Predicted against observed for the teacher, the student and their rivals.

    Parameters
    ----------
    *test_sets : Dataset
        ``predictions.nc``, one for each split: ``prediction(method, sample)``,
        ``role(method)``, ``target(sample)`` with ``units`` and ``long_name``.

    Notes
    -----
    Shades count samples on a log scale; of two classes histograms do. R2 is the mean
    over the test sets, as in the score table. :func:`showcase` says which methods are
    drawn.
    """
    drawn = showcase(*test_sets)
    table = predictions_table(*test_sets)
    if table["observed"].nunique() == 2:
        return _of_classes(table, drawn, test_sets)
    low, high = (table[["observed", "predicted"]].agg(f).agg(f) for f in ("min", "max"))
    room = 0.03 * (high - low)
    limits = (low - room, high + room)
    figure = Figure(figsize=(DOUBLE, DOUBLE / len(drawn) + 0.25))
    axes = figure.subplots(1, len(drawn), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (method, role) in zip(axes, drawn.items(), strict=True):
        shown = table[table["method"] == method]
        _density(ax, shown["observed"], shown["predicted"], limits)
        _title(ax, test_sets, method, role)
    _share_density(figure, axes)
    axes[0].set_ylabel(with_unit("predicted", test_sets[0]["target"].attrs["units"]))
    figure.supxlabel(f"observed {described(test_sets[0]['target'])}", fontsize=7)
    return figure


def _title(ax: Axes, test_sets: Sequence[xr.Dataset], method: str, role: str) -> None:
    score = tables.typeset(_mean_r2(test_sets, method), 3)
    ax.text(0.05, 0.95, f"R² = {score}", transform=ax.transAxes, va="top")
    ax.set_title(name_of(method), color=COLOURS[role])


def _of_classes(
    table: pd.DataFrame, drawn: dict[str, str], test_sets: Sequence[xr.Dataset]
) -> Figure:
    """Of two classes: what is predicted for each, where hexagons would be two lines."""
    figure = Figure(figsize=(DOUBLE, DOUBLE / len(drawn) + 0.25))
    axes = figure.subplots(1, len(drawn), sharex=True, sharey=True, squeeze=False)[0]
    bins = np.histogram_bin_edges(table["predicted"], 20)
    is_class = str(test_sets[0]["target"].attrs["long_name"])
    for ax, (method, role) in zip(axes, drawn.items(), strict=True):
        shown = table[table["method"] == method]
        classes = zip(_by_class(shown, is_class), TWO, (True, False), strict=True)
        for (name, own), colour, filled in classes:
            counts = np.histogram(own["predicted"], bins)[0]
            # One filled, one a line: two fills would mix to a third colour.
            how = {"fill": filled, "color": colour, "lw": 1.2}
            ax.stairs(counts, bins, label=f"observed: {name}", **how)
        _title(ax, test_sets, method, role)
        ax.set_yscale("symlog", linthresh=1)
        ax.yaxis.set_major_formatter("{x:g}")
        ax.set_ylim(0, 10 * len(table) / len(drawn))  # room for R2
        ax.locator_params(axis="x", nbins=4)
    axes[0].set_ylabel("samples (log scale above 1)")
    figure.supxlabel(f"predicted {described(test_sets[0]['target'])}")
    legend_once(axes[0], figure, loc="outside upper center", ncols=2)
    return figure


def _by_class(table: pd.DataFrame, name: str) -> list[tuple[str, pd.DataFrame]]:
    """Samples of the two observed values, by what these are called."""
    values = [*table.groupby("observed")]
    if [value for value, _ in values] == [0, 1]:
        return [(f"not {name}", values[0][1]), (name, values[1][1])]
    return [(f"{value:g}", own) for value, own in values]


def showcase(*test_sets: xr.Dataset) -> dict[str, str]:
    """Methods worth a panel, with their roles.

    The first teacher, the first distilled wavelet, db5 (or the first wavelet) and the
    baseline with the best mean R2 over the test sets.
    """
    methods, roles = (test_sets[0][name].values for name in ("method", "role"))
    drawn = {}
    for role in ("teacher", "distilled", "wavelet", "baseline"):
        members = methods[roles == role].tolist()
        if role == "baseline":
            members.sort(key=lambda method: -_mean_r2(test_sets, method))
        if members:
            drawn["db5" if "db5" in members else members[0]] = role
    return drawn


def predictions_table(*test_sets: xr.Dataset) -> pd.DataFrame:
    """What :func:`predictions` draws, a row a method and sample."""
    import pandas as pd

    frames = [
        pd.DataFrame(
            {"group": test_set["group"].values, "observed": test_set["target"].values}
        ).assign(predicted=_predicted(test_set, method), method=method, test_set=index)
        for method in showcase(*test_sets)
        for index, test_set in enumerate(test_sets)
    ]
    return pd.concat(frames, ignore_index=True)


def _predicted(test_set: xr.Dataset, method: str) -> np.ndarray:
    # By mapping: the keyword `method` of xarray's sel means another thing.
    return test_set["prediction"].sel({"method": method}).values


def _mean_r2(test_sets: Sequence[xr.Dataset], method: str) -> float:
    pairs = [
        (test_set["target"].values, _predicted(test_set, method))
        for test_set in test_sets
    ]
    return float(np.mean([bootstrap.r2(*pair) for pair in pairs]))


def _density(ax: Axes, x: pd.Series, y: pd.Series, limits: tuple[float, float]) -> None:
    """Counts in hexagons around the line on which a prediction is exact."""
    shades = mpl.colormaps["cividis_r"](np.linspace(0.12, 1, 256))
    colours = mpl.colors.ListedColormap(shades)
    extent = (*limits, *limits)
    ax.hexbin(x, y, gridsize=36, extent=extent, mincnt=1, cmap=colours, linewidths=0.1)
    ax.axline((limits[0], limits[0]), slope=1, color="0.3", lw=0.6, ls="--")
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.locator_params(nbins=4)


def _share_density(figure: Figure, axes: Sequence[Axes]) -> None:
    """One log scale of shades, and one bar, for all panels."""
    counts = [ax.collections[0] for ax in axes]
    most = max(2, *(int(np.asarray(drawn.get_array()).max()) for drawn in counts))
    norm = mpl.colors.LogNorm(1, most)
    for drawn in counts:
        drawn.set_norm(norm)
    bar = figure.colorbar(counts[-1], ax=list(axes), shrink=0.8, aspect=25, pad=0.01)
    bar.formatter = mpl.ticker.StrMethodFormatter("{x:g}")
    bar.set_label("samples")
    bar.outline.set_visible(False)
