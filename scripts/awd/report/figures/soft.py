"""The paper's soft losses: where filters drift as attribution gains weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd import wavelet
from awd.report.figures.parts import (
    distance,
    mean_and_each,
    scored_by,
    steps_axis,
)
from awd.report.figures.search import candidates
from awd.report.style import COLOURS, DOUBLE, styled
from awd.wavelet import onto

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

PUBLISHED = 1e-3  # a weight of sparsity in the middle of the published grid

SUPPORT = 0.02  # a tap beyond the first and last one above this does not show

ROUNDING = 1e-8  # a condition missed by less is met

MEASURES = {
    "distance": "L2 distance from {start}",
    "violation": "largest violated condition",
    "support": f"taps above {SUPPORT:g}",
    "score": "{scored_by}",
}


@styled
def soft_path(
    *wavelets: xr.Dataset, method: str = "soft", start: str = "db5"
) -> Figure:
    """Filters along the weight of attribution at one weight of sparsity, and measures.

    Parameters
    ----------
    *wavelets : Dataset
        ``wavelets.nc`` of one target, one for each split and seed, with candidates of
        ``method``.
    method, start : str
        Whose candidates; the pywt name of the wavelet they started from.

    Notes
    -----
    The weight of sparsity is the one nearest to 1e-3 (by ratio). Thin lines are files,
    thick ones their mean.
    """
    table = soft_path_table(*wavelets, method=method, start=start)
    weights = np.sort(table["attribution"].unique())
    steps = np.arange(len(weights))
    figure = Figure(figsize=(DOUBLE, 0.5 * DOUBLE))
    grid = figure.add_gridspec(2, 3, width_ratios=(1.25, 1, 1))
    _drift(figure.add_subplot(grid[:, 0]), table, start)
    places = [(0, 1), (0, 2), (1, 1), (1, 2)]
    for place, (name, label) in zip(places, MEASURES.items(), strict=True):
        ax = figure.add_subplot(grid[place])
        values = table.pivot(index="file", columns="attribution", values=name)
        mean_and_each(ax, steps, values.to_numpy(), COLOURS["distilled"])
        steps_axis(ax, [f"{weight:.2g}" for weight in weights])
        by = scored_by(wavelets[0], method)
        ax.set_ylabel(label.format(start=start, scored_by=by))
        if place[0]:
            ax.set_xlabel("weight of attribution")
    _, _, violation, support, _ = figure.axes
    # A start that is exact to rounding would squeeze all that matters.
    violation.set_yscale("log")
    violation.set_ylim(bottom=max(ROUNDING, 0.5 * table["violation"].min()))
    support.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _drift(ax: Axes, table: pd.DataFrame, start: str) -> None:
    """The mean filter of every weight, dark to light, over the one at the start."""
    steps = table.groupby("attribution")
    shades = mpl.colormaps["cividis"](np.linspace(0, 0.9, steps.ngroups))
    first = wavelet.from_pywt(start)
    for shade, (weight, part) in zip(shades, steps, strict=True):
        mean = part.filter(regex=r"^h\d").mean().to_numpy()
        ends = weight in (table["attribution"].min(), table["attribution"].max())
        label = f"attribution {weight:g}" if ends else None
        ax.plot(mean, color=shade, lw=1, marker="o", ms=2, label=label)
    ax.plot(first, color=COLOURS["wavelet"], lw=1.2, ls="--", label=start, zorder=3)
    ax.axhline(0, color="0.8", lw=0.5, zorder=0)
    sparsity = table["sparsity"].iloc[0]
    ax.set(
        xlabel="tap", ylabel="filter tap h", title=f"weight of sparsity {sparsity:.2g}"
    )
    ax.legend()


def soft_path_table(
    *wavelets: xr.Dataset, method: str = "soft", start: str = "db5"
) -> pd.DataFrame:
    """What :func:`soft_path` draws: a row a file and weight of attribution.

    ``distance`` from the start, ``violation`` (the largest residual of
    :func:`awd.wavelet.conditions`) and its ``condition``, ``support``, ``score``, and
    the taps laid onto the start in ``h0`` ...
    """
    import pandas as pd

    table = candidates(wavelets, method)
    weights = table.loc[table["sparsity"] > 0, "sparsity"].unique()
    if len(weights):
        nearest = weights[np.abs(np.log(weights / PUBLISHED)).argmin()]
        table = table[np.isclose(table["sparsity"], nearest)]
    # Flips and mirror images of one filter: the best of them stands for it.
    rows = table.loc[table.groupby(["file", "attribution"])["score"].idxmax()]
    first = wavelet.from_pywt(start)
    measured = [_measured(h, first) for h in rows["filter"]]
    rows = rows.drop(columns="filter").reset_index(drop=True)
    return rows.join(pd.DataFrame(measured))


def _measured(h: np.ndarray, first: np.ndarray) -> dict[str, object]:
    """How far one filter has gone from its start and from being a wavelet."""
    residuals = wavelet.conditions(h)
    worst = max(residuals, key=residuals.__getitem__)
    shift, sign = onto(h, first)
    laid = np.zeros(len(first))
    taps = np.arange(len(h)) + shift
    inside = (taps >= 0) & (taps < len(first))
    laid[taps[inside]] = sign * h[inside]
    return {
        "distance": distance(h, first),
        "violation": residuals[worst],
        "condition": worst,
        "support": wavelet.effective_length(h, SUPPORT),
        **{f"h{tap}": value for tap, value in enumerate(laid)},
    }
