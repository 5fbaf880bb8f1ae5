"""A student's head, whole: one small curve for every number that it reads."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd import features
from awd.filters.statistics import STATISTICS
from awd.report.figures.student import loudest, scale_name
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RANGE = (1, 99)  # percentiles of the training values that a curve is drawn between
POINTS = 41
NARROW = 7  # characters of a column's title in a line
VALUE, PLACE = "#0072B2", "#D55E00"
WIDE = 0.8  # of a curve, in columns
STRONG = 0.25  # of the largest swing, from which a curve is drawn strongly


@styled
def curves(
    student: features.Student,
    x: np.ndarray,
    windows: Sequence[str] = ("whole",),
    prediction: str = "prediction",
) -> Figure:
    """What every coefficient adds to a prediction, as a curve of its value and place.

    A row a band of a window, a column a coefficient: the largest, then the smallest;
    then, where they are read, statistics of the whole band. What the head does not
    read is left out, and so is a band of which it reads nothing.
    Every curve runs over the middle 98 % of its training values and is drawn about its
    mean, on one scale for all; those that move predictions most are drawn strongly.

    Parameters
    ----------
    student : Student
        Fitted, its features those of :class:`awd.features.Largest`.
    x : array of shape (n, time) or (n, window, time)
        The training samples.
    windows : sequence of str
        Names of the windows; of many those are drawn that move predictions most.
    prediction : str
        What is predicted, with its unit.
    """
    table = curves_table(student, x)
    bands = [*range(student.levels_ + 1), *([-1] if student.features.start else [])]
    titles = _titles(student.features)
    shown = loudest(student, x, len(windows))
    swing = table.groupby(["channel", "band", "column"])["added"].transform(np.ptp)
    read, most = swing > 0, swing.max()
    drawn = table[read].groupby(["channel", "band"])
    rows = [(channel, band) for channel in shown for band in bands]
    rows = [row for row in rows if row in drawn.groups] or rows[:1]
    figure = Figure(figsize=(DOUBLE, 0.55 + 0.42 * len(rows)))
    # One axes a row: axes are what drawing takes its time for.
    axes = figure.subplots(len(rows), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for ax, (channel, band) in zip(axes, rows, strict=True):
        name = f"{windows[channel]}: " * (len(windows) > 1)
        ax.set_ylabel(
            f"{name}{scale_name(band, student)}", rotation=0, ha="right", va="center"
        )
        ax.tick_params("x", length=0, labelbottom=False)
        ax.spines["bottom"].set_visible(False)
        if (channel, band) in drawn.groups:
            for column, points in drawn.get_group((channel, band)).groupby("column"):
                _curve(ax, float(column), points, STRONG * most)
    names = [textwrap.fill(title, NARROW, break_long_words=False) for title in titles]
    axes[0].set_xticks(np.arange(len(titles)) + WIDE / 2, names)
    axes[0].tick_params("x", labeltop=True, labelsize="small")
    _percentiles(axes[-1], len(titles))
    axes[0].set_xlim(WIDE - 1, len(titles))
    for label, colour in (("of its value", VALUE), ("of its place in the band", PLACE)):
        axes[0].plot([], [], color=colour, label=label)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    axes[0].annotate(
        *("band (samples)", (0, 1)),
        **{"xycoords": "axes fraction", "textcoords": "offset points"},
        **{"xytext": (-18, 4), "ha": "right", "va": "bottom", "fontsize": "small"},
    )
    figure.supylabel(f"added to the {prediction}")
    return figure


def _percentiles(ax: Axes, columns: int) -> None:
    """What every curve spans, under the lowest row."""
    label = "–".join(f"{end}" for end in RANGE)
    under: dict[str, Any] = {
        "transform": ax.get_xaxis_transform(),
        "ha": "center",
        "va": "top",
    }
    for column in range(columns):
        ax.text(column + WIDE / 2, -0.05, label, fontsize="x-small", **under)
    ax.set_xlabel("from low to high, percentiles of the training values", labelpad=10)


def curves_table(student: features.Student, x: np.ndarray) -> pd.DataFrame:
    """What :func:`curves` draws: points of every curve.

    ``channel``, ``band`` (-1 is no band), ``column`` (as drawn),
    ``kind`` ("value" or "place"), ``at`` (0 to 1 along the curve), ``value`` (of the
    feature) and ``added``.
    """
    picked = student.features.pick(x, student.filter_, student.levels_, student.mode_)
    values, head = picked.features, student.curves
    low, high = np.percentile(values, RANGE, axis=0)
    grid = np.linspace(low, high, POINTS)
    usual = head(values).mean(0)
    added = head(grid) - usual
    names = _names(student.features, picked.sizes)
    names = pd.concat(
        [names.assign(channel=c) for c in range(values.shape[1] // len(names))],
        ignore_index=True,
    )
    table = names.loc[names.index.repeat(POINTS)].reset_index(drop=True)
    every = np.tile(np.linspace(0, 1, POINTS), len(names))
    return table.assign(at=every, value=grid.T.ravel(), added=added.T.ravel())


def _names(recipe: features.Largest, sizes: np.ndarray) -> pd.DataFrame:
    """Band, column and kind of the features of one window, in their order."""
    picks = pd.DataFrame(
        [
            (band, first + rank)
            for band, size in enumerate(sizes)
            for first, most in ((0, recipe.m), (recipe.m, recipe.smallest))
            for rank in range(min(size, most))
        ],
        columns=["band", "column"],
    )
    parts = [picks.assign(kind="value")]
    if recipe.positions:
        parts.append(picks.assign(kind="place"))
    if recipe.start:
        parts.append(pd.DataFrame({"band": [-1], "column": [0], "kind": ["value"]}))
    for column in range(len(recipe.statistics)):
        place = {"band": np.arange(len(sizes)), "column": recipe.m + recipe.smallest}
        parts.append(pd.DataFrame(place).assign(kind="value"))
        parts[-1]["column"] += column
    return pd.concat(parts, ignore_index=True)


def _titles(recipe: features.Largest) -> list[str]:
    """Of the columns."""
    picks = (("largest", recipe.m), ("smallest", recipe.smallest))
    titles = [f"{kind} {k + 1}" for kind, most in picks for k in range(most)]
    return titles + [STATISTICS[name] for name in recipe.statistics]


def _curve(ax: Axes, left: float, points: pd.DataFrame, strong: float) -> None:
    """Of one coefficient, from ``left`` on; faint if it swings less than ``strong``."""
    ax.hlines(0, left, left + WIDE, color="0.85", lw=0.5, zorder=0)
    for kind, colour in (("place", PLACE), ("value", VALUE)):
        own = points[points["kind"] == kind]
        swing = np.ptp(own["added"])
        if swing > 0:
            width, alpha = (1.3, 1.0) if swing >= strong else (0.8, 0.45)
            x = left + WIDE * own["at"]
            ax.plot(x, own["added"], color=colour, lw=width, alpha=alpha)
