"""How well every method predicts: the league, and against what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from awd.league.names import OURS, label_of, name_of
from awd.report import tables
from awd.report.figures import forest
from awd.report.figures.labels import place
from awd.report.style import COLOURS, DOUBLE, NO_LAYOUT, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SAME = 0.05  # of their numbers, by which methods stand above each other
# Of so many of a role with about the same numbers one name stands for all.
MANY = {"distilled": 3, "wavelet": 3, "control": 2}


@styled
def scores(rows: pd.DataFrame) -> Figure:
    """R2 of every method with its 95 % interval, by role, the best of a role on top.

    Parameters
    ----------
    rows : DataFrame
        ``scores.csv`` of one study and target: ``split``, ``method``, ``role``, ``r2``,
        ``r2_low``, ``r2_high`` and where there is one ``scored``. Rows of split "all"
        are drawn as points, the others (a split and seed each) as small ticks.

    Raises
    ------
    DataError
        A method has two rows: the scores are of more than one study or target.

    Notes
    -----
    The band is the interval of our method (else the best distilled one), for the eye to
    carry down the page. What is far below all others stands at the edge as a number.
    """
    table = scores_table(rows)
    whole = tables.over_splits(table, "method").reset_index(drop=True)
    heights = forest.heights(whole["role"])
    figure = Figure(figsize=(0.8 * DOUBLE, 0.45 + forest.LINE * (heights.max() + 1)))
    ax = figure.subplots()
    _band(ax, whole)
    _ticks(ax, table, dict(zip(whole["method"], heights, strict=True)))
    forest.points(ax, whole, "r2", heights)
    ax.locator_params(axis="x", nbins=6)
    scored = whole["scored"] if "scored" in whole else [0] * len(whole)
    labels = [label_of(*pair) for pair in zip(whole["method"], scored, strict=True)]
    forest.names(ax, whole["role"], labels, heights)
    ax.set_xlabel("R² on held-out groups")
    return figure


def scores_table(scores: pd.DataFrame) -> pd.DataFrame:
    """What :func:`league` draws, in its order; then its ticks, a row a test set."""
    import pandas as pd

    whole = tables.over_splits(scores, "method")
    order = forest.ordered(whole, "r2")["method"].tolist()
    rest = scores.drop(index=whole.index)
    parts = [
        part.iloc[np.argsort(part["method"].map(order.index), kind="stable")]
        for part in (whole, rest)
    ]
    return pd.concat([part[scores.columns] for part in parts], ignore_index=True)


def _ticks(ax: Axes, table: pd.DataFrame, heights: dict[str, float]) -> None:
    """Every test set as a small tick under its method's interval."""
    if "split" not in table or "all" not in set(table["split"]):
        return
    each = table[table["split"] != "all"]
    y = each["method"].map(heights)
    colours = each["role"].map(COLOURS).tolist()
    ax.vlines(each["r2"], y + 0.12, y + 0.34, colors=colours, lw=0.5, alpha=0.6)


def _band(ax: Axes, table: pd.DataFrame) -> None:
    """Our method's interval behind all others."""
    ours = table[table["role"] == "distilled"]
    if OURS in set(ours["method"]):
        ours = ours[ours["method"] == OURS]
    for row in ours.head(1).itertuples():
        ax.axvspan(row.r2_low, row.r2_high, color=COLOURS["distilled"], alpha=0.1, lw=0)
        ax.axvline(row.r2, color=COLOURS["distilled"], lw=0.6, ls=":", zorder=0.5)


@styled
def parameters(scores: pd.DataFrame) -> Figure:
    """R2 against how many numbers a method learned, with the intervals of a few.

    Parameters
    ----------
    scores : DataFrame
        As for :func:`scores`, with ``filter_parameters`` and ``head_parameters``. What
        is far below all others stands at the lower edge, with its number.

    Raises
    ------
    DataError
        As :func:`scores`; a method has two rows.
    """
    table = parameters_table(scores)
    figure = Figure(figsize=(DOUBLE, 0.62 * DOUBLE), layout=NO_LAYOUT)
    ax = figure.add_axes((0.075, 0.1, 0.915, 0.83))
    r2 = table["r2"]
    left = forest.left_end(r2, r2, r2, reach=6)
    bars = _bars(table[r2 >= left])
    top = np.nanmax([bars["r2_high"].max(), r2.max(), left + 0.01])
    # An interval that reaches far below all points is cut, or it would squeeze these.
    left = min(left, max(bars["r2_low"].min(), left - 0.5 * (top - left)))
    room = 0.12 if (r2 < left).any() else 0.06  # for what is below, with its name
    edge = left - room * (top - left)
    below = r2 < edge
    ax.set(xscale="log", ylim=(edge, top + 0.04 * (top - left)))
    ax.set_xlim(0.6 * table["parameters"].min(), 3 * table["parameters"].max())
    ax.set(xlabel="numbers learned from data", ylabel="R² on held-out groups")
    stack = _crowded(table)
    # Not errorbar: a bootstrap interval need not hold its point.
    shades = bars["role"].map(COLOURS).tolist()
    ax.vlines(bars["parameters"], bars["r2_low"], bars["r2_high"], colors=shades, lw=1)
    for role, own in table[~below].groupby("role"):
        ax.plot(own["parameters"], own["r2"], "o", color=COLOURS[role])
    for row in table[below].itertuples():
        ax.plot(row.parameters, edge, "v", color=COLOURS[row.role], clip_on=False)
    _legend(figure, table["role"])
    at = table[["parameters", "r2"]].assign(r2=table["r2"].clip(edge)).to_numpy(float)
    table = table.assign(name=_short_names(table, stack, edge))
    named = table["name"].notna().to_numpy()
    corners = bars[["parameters", "r2_low", "parameters", "r2_high"]].to_numpy()
    names = table["name"][named].tolist()
    ink = table["role"].map(forest.INK)[named]
    place(ax, at[named], names, ink, [*corners.reshape(-1, 2, 2)], at[~named])
    return figure


def _crowded(table: pd.DataFrame) -> pd.Series:
    """Methods of a role that stand above each other: a number a row, theirs equal."""
    ordered = table.sort_values(["role", "parameters"])
    apart = ordered["parameters"].pct_change().gt(SAME)
    apart |= ordered["role"] != ordered["role"].shift()
    return apart.cumsum().reindex(table.index)


def _short_names(
    table: pd.DataFrame, stack: pd.Series, edge: float
) -> list[str | None]:
    """Names, with the score of what is below the edge; of many one, and their number.

    Of many controls no one is meant: their number stands for all.
    """
    sizes = stack.map(stack.value_counts())
    first = table.index.isin(_first(table, stack))
    names: list[str | None] = []
    for row, size, is_first in zip(table.itertuples(), sizes, first, strict=True):
        name: str | None = name_of(row.method)
        if row.r2 < edge:
            name = f"{name}, {tables.typeset(row.r2, 2)}"
        if size >= MANY.get(row.role, np.inf):
            rest = f"({size} controls)" if row.role == "control" else None
            name = (rest or f"{name}\nand {size - 1} more") if is_first else None
        names.append(name)
    return names


def _first(table: pd.DataFrame, stack: pd.Series) -> pd.Series:
    """Index of the method that stands for each stack: ours, or the best."""
    ours = table["r2"].where(table["method"] != OURS, np.inf)
    return ours.groupby(stack).idxmax()


def _bars(table: pd.DataFrame) -> pd.DataFrame:
    """Whose intervals are drawn: ours, the best network, the best without a wavelet."""
    kept = table[table["role"].isin(["teacher", "distilled", "baseline"])]
    return kept.loc[_first(kept, kept["role"])]


def parameters_table(scores: pd.DataFrame) -> pd.DataFrame:
    """What :func:`parameters` draws: ``method``, ``role``, ``parameters``, R2."""
    table = _of_our_head(tables.over_splits(scores, "method")).reset_index(drop=True)
    learned = table["filter_parameters"] + table["head_parameters"]
    columns = ["method", "role", "parameters", "r2", "r2_low", "r2_high"]
    return table.assign(parameters=learned)[columns]


def _of_our_head(table: pd.DataFrame) -> pd.DataFrame:
    """Without students of other heads: their filters are there, points would crowd."""
    return table[~table["method"].str.contains("@")]


def _legend(figure: Figure, roles: pd.Series) -> None:
    """The roles that are there, by colour, above the axes."""
    handles = [
        Line2D([], [], ls="none", marker="o", color=COLOURS[role], label=head)
        for role, head in forest.HEADS.items()
        if role in set(roles)
    ]
    figure.legend(handles=handles, loc="upper center", ncols=len(handles))
