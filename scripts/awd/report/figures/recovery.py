"""How near distillation comes to a wavelet that is known to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from awd.recovery import cases as study
from awd.report.style import COLOURS, DOUBLE, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

METHODS = {"lattice": COLOURS["distilled"], "soft": COLOURS["control"]}
NAMES = {"lattice": "lattice angles", "soft": "soft losses (the paper's)"}
LABELS = {
    "noise": "noise / response (s.d.)",
    "correlation": "correlation of inputs",
    "window": "coefficients read",
    "samples": "signals",
    "teacher": "network",
}
# Of each method what the curves show: ours needs no start, theirs has its best.
DRAWN = {"lattice": "none", "soft": study.SOFT_START}


def recovery_table(found: pd.DataFrame) -> pd.DataFrame:
    """What :func:`recovery` draws: every filter that was found, without its taps."""
    return found.drop(columns="taps")


@styled
def recovery(found: pd.DataFrame) -> Figure:
    """Distance from the truth by way, and as the simulation gets harder.

    Parameters
    ----------
    found : DataFrame
        ``recovery.csv``, see :func:`awd.recovery.study.recover`.
    """
    found = found.assign(harder=found["harder"].fillna(""))
    axes_names = [axis for axis in study.AXES if axis in set(found["harder"])]
    figure = Figure(figsize=(DOUBLE, 0.62 * DOUBLE))
    grid = figure.add_gridspec(2, 4, width_ratios=[1.5, 1, 1, 1])
    _ways(figure.add_subplot(grid[:, 0]), found[found["harder"] == ""])
    places = [(row, column) for row in range(2) for column in range(1, 4)]
    first = None
    for name, (row, column) in zip(axes_names, places, strict=False):
        ax = figure.add_subplot(grid[row, column], sharey=first)
        first = first or ax
        _curve(ax, found, name)
        ax.set_ylabel("distance of taps (L2)" if column == 1 else "")
        ax.tick_params(labelleft=column == 1)
    if first is not None:
        handles, labels = first.get_legend_handles_labels()
        ax = figure.add_subplot(grid[1, 3])
        ax.axis("off")
        ax.legend(handles, labels, loc="center left", borderaxespad=0)
    return figure


def _ways(ax: Axes, plain: pd.DataFrame) -> None:
    """A row for each objective, method and start; a point for every simulation."""
    ways = list(plain.groupby(["objective", "method", "init"], sort=False))
    for place, ((_, method, _), part) in enumerate(ways):
        colour = METHODS[method]
        for filled, shift in ((True, -0.15), (False, 0.15)):
            some = part[(part["truth"] == "db5") == filled]["distance"]
            face = colour if filled else "none"
            height = np.full(len(some), place + shift)
            ax.plot(some, height, "o", ms=3.5, color=colour, mfc=face, mew=0.8)
    ax.axvspan(1e-9, study.FOUND, color="0.92", lw=0, zorder=0)
    ax.set_xscale("log")
    ax.set_xlim(plain["distance"].min() / 2, 2)
    names = [f"{o}, {m},\n{_start(i)}" for (o, m, i), _ in ways]
    ax.set_yticks(range(len(ways)), names)
    ax.invert_yaxis()
    ax.set(xlabel="distance of taps (L2)")


def _curve(ax: Axes, found: pd.DataFrame, axis: str) -> None:
    """Distance against what makes the simulation harder, db5 only."""
    part = found[(found["truth"] == "db5") & (found["objective"] == "attribution")]
    part = part[part["harder"].isin(["", axis])]
    steps = sorted(part[axis].unique())
    if axis == "teacher":
        steps = steps[::-1]
    for method, init in DRAWN.items():
        own = part[(part["method"] == method) & (part["init"] == init)]
        values = [own[own[axis] == step]["distance"].to_numpy() for step in steps]
        for place, each in enumerate(values):
            ax.plot(np.full(len(each), place), each, ".", ms=3, color=METHODS[method])
        medians = [np.median(each) if len(each) else np.nan for each in values]
        line = "none" if axis == "teacher" else "-"
        ax.plot(
            medians,
            ls=line,
            marker="_" if axis == "teacher" else "o",
            ms=8 if axis == "teacher" else 4,
            lw=1.2,
            color=METHODS[method],
            label=f"{NAMES[method]}\n{_start(init)}",
        )
    ax.axhspan(1e-9, study.FOUND, color="0.92", lw=0, zorder=0)
    ax.set_yscale("log")
    ax.set_ylim(found["distance"].min() / 2, 2)
    shown = [2 * step + 1 for step in steps] if axis == "window" else steps
    ax.set_xticks(range(len(steps)), [_short(step) for step in shown])
    ax.set_xlim(-0.5, len(steps) - 0.5)
    ax.set(xlabel=LABELS[axis])


def _start(init: str) -> str:
    return "no start" if init == "none" else f"from {init}"


def _short(value: str | float) -> str:
    if isinstance(value, str):
        return value.upper()
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
