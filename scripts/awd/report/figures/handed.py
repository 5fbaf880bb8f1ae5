"""What a network is worth: against models of more and more labels of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from awd.league.handed import CONTROL, STUDENT
from awd.league.names import name_of
from awd.report.style import COLOURS, DOUBLE, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHIFTS = {
    "none": "the network's own microscope",
    "noise": "three times the noise",
    "interval": "half the frames",
    "resampled": "half the frames, resampled",
}
MARKERS = "osD^vP*Xph<>"  # told apart without colour
SIGNS = {"teacher": "8", "distilled": "*", "control": "X"}  # of what has no label
APART = 1.02  # factor by which lines stand side by side
ASIDE = 0.1  # the same of points, for every panel beyond 1
LOWEST = -0.5  # of an interval that is shown whole
RAW = ("ridge", "boosting")  # of the models without a wavelet those without features


def labels_worth_table(scores: pd.DataFrame) -> pd.DataFrame:
    """What :func:`labels_worth` draws: all that has labels, and three without."""
    without = scores["method"].isin([STUDENT, CONTROL]) | (scores["role"] == "teacher")
    columns = ["shift", "method", "role", "labels", "r2", "r2_low", "r2_high"]
    return scores.loc[(scores["labels"] > 0) | without, columns].reset_index(drop=True)


@styled
def labels_worth(scores: pd.DataFrame) -> Figure:
    """R2 by the number of own labels: lines that use them, points that need none.

    Parameters
    ----------
    scores : DataFrame
        ``handed/scores.csv`` of one target: ``shift``, ``method``, ``role``,
        ``labels``, ``r2``, ``r2_low``, ``r2_high``. Every shift has a panel.

    Notes
    -----
    A model far below the others at its fewest labels leaves the panel at the bottom.
    """
    table = labels_worth_table(scores)
    shifts = list(dict.fromkeys(table["shift"]))
    figure = Figure(figsize=(DOUBLE, 0.62 * DOUBLE))
    axes = figure.subplots(1, len(shifts), sharey=True, squeeze=False)[0]
    for ax, shift in zip(axes, shifts, strict=True):
        part = table[table["shift"] == shift]
        labelled, without = part[part["labels"] > 0], part[part["labels"] == 0]
        numbers = np.unique(labelled["labels"])
        none = numbers[0] / (1.7 + 0.3 * len(shifts)) if len(numbers) else 1.0
        _points(ax, without, none, 1 + ASIDE * len(shifts))
        _lines(ax, labelled)
        ax.set_xscale("log")
        ax.set_xticks([none, *numbers], ["none", *(f"{n:,}" for n in numbers)])
        ax.minorticks_off()
        ax.set(title=SHIFTS[shift], xlabel="labels of one's own")
    axes[0].set(ylabel="R² on held-out groups", ylim=_window(table))
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure


def _window(table: pd.DataFrame) -> tuple[float, float]:
    """From 0, or the worst of what has no label or the most, to the best."""
    kept = table["labels"].isin([0, table["labels"].max()])
    without = table.loc[table["labels"] == 0, "r2_low"].min()
    low = min(0.0, table.loc[kept, "r2"].min(), max(without, LOWEST))
    high = float(table["r2_high"].max())
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _points(ax: Axes, rows: pd.DataFrame, x: float, aside: float) -> None:
    """What needs no label, with intervals, a factor ``aside`` from each other."""
    for place, row in enumerate(rows.itertuples()):
        colour, name = COLOURS[row.role], name_of(row.method)
        at = x * aside ** (place - (len(rows) - 1) / 2)
        ax.vlines(at, row.r2_low, row.r2_high, color=colour, lw=1.2)
        sign, label = SIGNS.get(row.role, "d"), f"no label: {name}"
        ax.plot(at, row.r2, sign, ms=5.5, ls="none", color=colour, label=label)
        if row.role != "control":  # for the eye to carry to the lines
            ax.axhline(row.r2, color=colour, lw=0.6, ls=":", zorder=0)


def _lines(ax: Axes, rows: pd.DataFrame) -> None:
    """A line a model, in the colour of its role and with a marker of its own."""
    seen: dict[str, int] = {}
    lines = list(rows.groupby("method", sort=False))
    for index, (method, line) in enumerate(lines):
        role = line["role"].iloc[0]
        place = seen[role] = seen.get(role, -1) + 1
        raw = method in RAW
        ax.plot(
            line["labels"] * APART ** (index - (len(lines) - 1) / 2),
            line["r2"],
            marker=MARKERS[place % len(MARKERS)],
            mfc="white" if raw else COLOURS[role],
            ls="--" if raw else "-",
            lw=0.9,
            ms=3.5,
            color=COLOURS[role],
            label=name_of(str(method)),
        )
