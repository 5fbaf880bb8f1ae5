"""How well every method predicts: the league, and fidelity against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from awd.league.names import OURS, label_of, name_of
from awd.report import tables
from awd.report.figures.labels import place
from awd.report.style import COLOURS, DOUBLE, NO_LAYOUT, styled

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
SAME = 0.05  # of their numbers, by which methods stand above each other
FEW = 3  # controls of about the same numbers that are named each
INK = {role: "0.45" if role == "control" else "black" for role in HEADS}


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
    heights = _heights(whole["role"])
    figure = Figure(figsize=(0.8 * DOUBLE, 0.45 + 0.155 * (heights.max() + 1)))
    ax = figure.subplots()
    left = _window(whole)
    _band(ax, whole)
    _ticks(ax, table, dict(zip(whole["method"], heights, strict=True)))
    _forest(ax, whole, heights, left)
    _names(ax, whole, heights)
    ax.set(xlabel="R² on held-out groups", ylim=(heights.max() + 0.8, -0.3))
    return figure


def scores_table(scores: pd.DataFrame) -> pd.DataFrame:
    """What :func:`league` draws, in its order; then its ticks, a row a test set."""
    import pandas as pd

    whole = tables.over_splits(scores, "method")
    rank = whole["role"].map(list(HEADS).index)
    whole = whole.assign(rank=rank, minus=-whole["r2"]).sort_values(["rank", "minus"])
    order = whole["method"].tolist()
    rest = scores.drop(index=whole.index)
    rest = rest.iloc[np.argsort(rest["method"].map(order.index), kind="stable")]
    return pd.concat([whole[scores.columns], rest], ignore_index=True)


def _heights(roles: pd.Series) -> np.ndarray:
    """A line a method, and a little more than one for the head of each role."""
    first = ~roles.duplicated()
    return np.arange(len(roles)) + 1.3 * first.cumsum().to_numpy()


def _window(table: pd.DataFrame) -> float:
    """Left end of the axis: three times the upper half of the methods is enough."""
    top = table["r2_high"].max()
    reach = 3 * (top - table["r2_low"].median())
    inside = table.loc[table["r2_low"] > top - reach, "r2_low"]
    return float(inside.min())


def _forest(ax: Axes, table: pd.DataFrame, heights: np.ndarray, left: float) -> None:
    """Points and intervals in the colours of the roles; outliers as numbers."""
    right = table["r2_high"].max()
    room = 0.04 * (right - left)
    ax.set_xlim(left - room, right + room)
    ax.locator_params(axis="x", nbins=6)
    for row, y in zip(table.itertuples(), heights, strict=True):
        colour = COLOURS[row.role]
        if row.r2 < left - room:
            text = f"◂ {tables.typeset(row.r2, 2)}"
            ax.text(left - 0.8 * room, y, text, color=colour, va="center")
            continue
        # Not errorbar: a bootstrap interval need not hold its point.
        ax.hlines(y, row.r2_low, row.r2_high, color=colour, lw=1.2)
        if row.r2_low < left - room:
            ax.plot(left - room, y, "<", color=colour, ms=3, clip_on=False)
        ax.plot(row.r2, y, "o", color=colour)


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


def _names(ax: Axes, table: pd.DataFrame, heights: np.ndarray) -> None:
    """Methods beside their rows, with the number of candidates; heads of the roles."""
    scored = table["scored"] if "scored" in table else [0] * len(table)
    pairs = zip(table["method"], scored, strict=True)
    ax.set_yticks(heights, [label_of(method, count) for method, count in pairs])
    for text, role in zip(ax.get_yticklabels(), table["role"], strict=True):
        text.set_color(INK[role])
    for role, rows in table.groupby("role").groups.items():
        ax.text(
            -0.01,
            heights[rows[0]] - 1,
            HEADS[role],
            color=COLOURS[role],
            fontweight="bold",
            transform=ax.get_yaxis_transform(),
            va="center",
            ha="right",
        )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


@styled
def fidelity(scores: pd.DataFrame) -> Figure:
    """Fidelity to the teacher against test R2, a point a wavelet, named beside it.

    Parameters
    ----------
    scores : DataFrame
        As for :func:`league`, with ``fidelity``. The line is the first teacher's R2.

    Raises
    ------
    DataError
        As :func:`league`; a method has two rows.
    """
    table = fidelity_table(scores)
    teachers, points = (
        table[(table["role"] == "teacher") == is_one] for is_one in (1, 0)
    )
    crowd = _crowd(points)
    figure = Figure(figsize=(DOUBLE, 0.55 * DOUBLE), layout=NO_LAYOUT)
    if crowd.all():
        ax = figure.add_axes((0.075, 0.11, 0.915, 0.87))
        _scatter(ax, points, points, teachers)
    else:
        ax = figure.add_axes((0.075, 0.11, 0.4, 0.87))
        _scatter(ax, points, points[~crowd], teachers)
        near = figure.add_axes((0.5, 0.11, 0.435, 0.87))
        _scatter(near, points[crowd], points[crowd], teachers)
        # Its numbers on the right, where the lines of the enlarged box do not run.
        near.yaxis.tick_right()
        near.spines["left"].set_visible(False)
        near.spines["right"].set_visible(True)
        ax.indicate_inset_zoom(near, edgecolor="0.5", lw=0.5)
    ax.set_ylabel("R² on held-out groups")
    figure.text(
        *(0.53, 0.015, "fidelity to the teacher (R² on held-out groups)"), ha="center"
    )
    return figure


def _crowd(points: pd.DataFrame) -> np.ndarray:
    """Which points, (n,), are enlarged: the bulk if the rest squeezes it, else all."""
    values = points[["fidelity", "r2"]].to_numpy()
    low, high = np.quantile(values, [0.25, 0.75], axis=0)
    inside = (np.abs(values - (low + high) / 2) <= 2 * (high - low)).all(1)
    squeezed = np.ptp(values[inside], axis=0) < 0.4 * np.ptp(values, axis=0)
    return inside if squeezed.all() else np.ones(len(points), bool)


def _scatter(
    ax: Axes, points: pd.DataFrame, named: pd.DataFrame, teachers: pd.DataFrame
) -> None:
    """Fidelity against R2 of some points, some of them named; the teacher's line."""
    for role, own in points.groupby("role"):
        ax.plot(own["fidelity"], own["r2"], "o", ls="none", color=COLOURS[role])
    ax.margins(x=0.15, y=0.12)
    ax.locator_params(axis="x", nbins=6)
    avoid = [_teacher_line(ax, row.method, row.r2) for row in teachers[:1].itertuples()]
    rest = points.loc[points.index.difference(named.index), ["fidelity", "r2"]]
    names = [name_of(method) for method in named["method"]]
    at = named[["fidelity", "r2"]].to_numpy()
    place(ax, at, names, named["role"].map(INK), avoid, rest.to_numpy())


def _teacher_line(ax: Axes, method: str, r2: float) -> np.ndarray:
    """A line at the teacher's R2, its name on the left; what names must keep out of.

    Far from all others it is a number at the edge.
    """
    colour, name = COLOURS["teacher"], f" {name_of(method)}"
    ax.autoscale_view()
    low, high = ax.get_ylim()
    if abs(r2 - (low + high) / 2) < high - low:
        ax.axhline(r2, color=colour, lw=0.8, ls="--", zorder=0)
        ax.autoscale_view()
    else:  # it would squeeze all others
        sign = "▾" if r2 < low else "▴"
        name = f" {sign}{name}, {tables.typeset(r2, 2)}"
        r2 = low + (0.01 if r2 < low else 0.95) * (high - low)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.text(left, r2, name, color=colour, va="bottom")
    line = 0.012 * (high - low)
    return np.array([[left, r2 - line], [right, r2 + line]])


def fidelity_table(scores: pd.DataFrame) -> pd.DataFrame:
    """What :func:`fidelity` draws: ``method``, ``role``, both numbers."""
    table = _of_our_head(tables.over_splits(scores, "method"))
    known = table["fidelity"].notna() & (table["role"] != "baseline")
    columns = ["method", "role", "fidelity", "r2"]
    return table.loc[known | (table["role"] == "teacher"), columns].reset_index(
        drop=True
    )


@styled
def parameters(scores: pd.DataFrame) -> Figure:
    """R2 with its interval against how many numbers a method learned, each named.

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
    left, top = _window(table), table["r2_high"].max()
    # Intervals that reach far below all points are cut, or they would squeeze these.
    lowest = table.loc[table["r2"] > left, "r2"].min()
    left = max(left, lowest - 0.5 * (top - lowest))
    edge = left - 0.06 * (top - left)
    below = table["r2"] < edge
    ax.set(xscale="log", ylim=(edge, top + 0.04 * (top - left)))
    ax.set_xlim(0.6 * table["parameters"].min(), 3 * table["parameters"].max())
    ax.set(xlabel="numbers learned from data", ylabel="R² on held-out groups")
    stack = _crowded(table)
    bars = _bars(table[~below], stack)
    for role, own in bars.groupby("role"):
        # Not errorbar: a bootstrap interval need not hold its point.
        ends, colour = (own["r2_low"], own["r2_high"]), COLOURS[role]
        ax.vlines(own["x"], *ends, color=colour, lw=0.8, alpha=0.4)
    for role, own in table[~below].groupby("role"):
        ax.plot(own["parameters"], own["r2"], "o", color=COLOURS[role])
    for row in table[below].itertuples():
        ax.plot(row.parameters, edge, "v", color=COLOURS[row.role], clip_on=False)
    _legend(figure, table["role"])
    at = table[["parameters", "r2"]].assign(r2=table["r2"].clip(edge)).to_numpy(float)
    table = table.assign(name=_short_names(table, stack, edge))
    named = table["name"].notna().to_numpy()
    corners = bars[["x", "r2_low", "x", "r2_high"]].to_numpy().reshape(-1, 2, 2)
    corners *= np.array([[0.99, 1], [1.01, 1]])
    names, ink = table["name"][named].tolist(), table["role"].map(INK)[named]
    place(ax, at[named], names, ink, [*corners], at[~named])
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
    """Names, with the score of what is below the edge; of many controls one for all."""
    sizes = stack.map(stack.value_counts())
    best = table.index.isin(table.groupby(stack)["r2"].idxmax())
    names: list[str | None] = []
    for row, size, is_best in zip(table.itertuples(), sizes, best, strict=True):
        below = f", {tables.typeset(row.r2, 2)}"
        name = name_of(row.method) + (below if row.r2 < edge else "")
        many = row.role == "control" and size > FEW
        names.append((f"({size} controls)" if is_best else None) if many else name)
    return names


def _bars(table: pd.DataFrame, stack: pd.Series) -> pd.DataFrame:
    """The best of each stack, whose interval is drawn, at ``x``."""
    bars = table.loc[table.groupby(stack)["r2"].idxmax()]
    # Wavelets of three roles learn equally many: their intervals stand side by side.
    place = bars["role"].map({"distilled": -1, "wavelet": 1}).fillna(0)
    return bars.assign(x=bars["parameters"] * 1.035**place)


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
        for role, head in HEADS.items()
        if role in set(roles)
    ]
    figure.legend(handles=handles, loc="upper center", ncols=len(handles))
