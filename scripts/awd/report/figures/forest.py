"""Points with their intervals, a line a method: heights, heads, names, what is far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.report import tables
from awd.report.style import COLOURS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

HEADS = {
    "teacher": "teachers",
    "distilled": "distilled wavelets",
    "control": "controls",
    "wavelet": "fixed wavelets",
    "baseline": "no wavelet",
}
INK = {role: "0.45" if role == "control" else "black" for role in HEADS}
LINE = 0.155  # inches that a method takes


def ordered(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Rows by role, the best of a role on top."""
    rank = table["role"].map(list(HEADS).index)
    places = np.lexsort((-table[by].fillna(-np.inf), rank))
    return table.iloc[places].reset_index(drop=True)


def heights(roles: pd.Series) -> np.ndarray:
    """A line a method, and a little more than one for the head of each role."""
    first = ~roles.duplicated()
    return np.arange(len(roles)) + 1.3 * first.cumsum().to_numpy()


def left_end(
    value: pd.Series, low: pd.Series, high: pd.Series, reach: float = 3
) -> float:
    """Left end of the axis: so many times the upper half of the methods is enough."""
    # An interval that is not known reaches no further than its point.
    low, high = low.fillna(value), high.fillna(value)
    top = high.max()
    inside = low[low > top - reach * (top - low.median())]
    return float(inside.min() if len(inside) else low.min())


def points(
    ax: Axes,
    rows: pd.DataFrame,
    column: str,
    y: np.ndarray,
    include: Sequence[float] = (),
    floor: float = -np.inf,
) -> None:
    """Values and intervals in the colours of the roles; outliers as numbers.

    Parameters
    ----------
    ax : Axes
    rows : DataFrame
        ``role``, ``column`` and its ends in ``column_low`` and ``column_high``.
    column : str
    y : array of shape (rows,)
        Of :func:`heights`.
    include : sequence of float
        Values that the axis must reach.
    floor : float
        What is below is a number at the edge in any case.
    """
    ends = rows[f"{column}_low"], rows[f"{column}_high"]
    left = max(min([left_end(rows[column], *ends), *include]), floor)
    right = np.nanmax([ends[1].max(), rows[column].max(), *include, left])
    room = 0.04 * (right - left) or 0.01
    ax.set_xlim(left - room, right + room)
    for value, low, high, role, at in zip(
        rows[column], *ends, rows["role"], y, strict=True
    ):
        colour = COLOURS[role]
        if value < left - room:
            text = f"◂ {tables.typeset(value, 2 if value > -10 else 0)}"
            ax.text(left - 0.8 * room, at, text, color=colour, va="center")
            continue
        # Not errorbar: a bootstrap interval need not hold its point.
        ax.hlines(at, low, high, color=colour, lw=1.2)
        if low < left - room:
            ax.plot(left - room, at, "<", color=colour, ms=3, clip_on=False)
        ax.plot(value, at, "o", color=colour)


def names(ax: Axes, roles: pd.Series, labels: Sequence[str], y: np.ndarray) -> None:
    """Methods beside their lines, heads of the roles above them."""
    ax.set_yticks(y, labels)
    for text, role in zip(ax.get_yticklabels(), roles, strict=True):
        text.set_color(INK[role])
    first = ~roles.duplicated()
    for role, height in zip(roles[first], y[first], strict=True):
        ax.text(
            -0.01,
            height - 1,
            HEADS[role],
            color=COLOURS[role],
            fontweight="bold",
            transform=ax.get_yaxis_transform(),
            va="center",
            ha="right",
        )
    bare(ax, y)


def bare(ax: Axes, y: np.ndarray) -> None:
    """The limits of the lines, and no axis beside them."""
    ax.set_ylim(y.max() + 0.8, -0.3)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
