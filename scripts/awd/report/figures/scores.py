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
    for row, y in zip(table.itertuples(), heights, strict=True):
        colour = COLOURS[row.role]
        if row.r2 < left - room:
            text = f"◂ {tables.number(row.r2, 2)}".replace("-", "−")
            ax.text(left - 0.8 * room, y, text, color=colour, va="center")
            continue
        # Not errorbar: a bootstrap interval need not hold its point.
        ax.hlines(y, row.r2_low, row.r2_high, color=colour, lw=1.2)
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
    figure = Figure(figsize=(DOUBLE, 0.55 * DOUBLE), layout=NO_LAYOUT)
    ax = figure.add_axes((0.075, 0.11, 0.915, 0.87))
    for role, own in points.groupby("role"):
        ax.plot(own["fidelity"], own["r2"], "o", ls="none", color=COLOURS[role])
    ax.margins(x=0.15, y=0.12)
    ax.set(xlabel="fidelity to the teacher (R² on held-out groups)")
    ax.set_ylabel("R² on held-out groups")
    avoid = [_teacher_line(ax, row.method, row.r2) for row in teachers[:1].itertuples()]
    names = [name_of(method) for method in points["method"]]
    at = points[["fidelity", "r2"]].to_numpy()
    place(ax, at, names, points["role"].map(INK), avoid)
    return figure


def _teacher_line(ax: Axes, method: str, r2: float) -> np.ndarray:
    """A line at the teacher's R2, its name on the left; what names must keep out of."""
    colour = COLOURS["teacher"]
    ax.axhline(r2, color=colour, lw=0.8, ls="--", zorder=0)
    ax.autoscale_view()
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    ax.set(xlim=(left, right), ylim=(low, high))
    name = f" {name_of(method)}"
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
    edge = left - 0.06 * (top - left)
    below = table["r2"] < edge
    ax.set(xscale="log", ylim=(edge, top + 0.04 * (top - left)))
    ax.set_xlim(0.6 * table["parameters"].min(), 3 * table["parameters"].max())
    ax.set(xlabel="numbers learned from data", ylabel="R² on held-out groups")
    for role, own in table[~below].groupby("role"):
        x, colour = own["parameters"], COLOURS[role]
        # Not errorbar: a bootstrap interval need not hold its point.
        ax.vlines(x, own["r2_low"], own["r2_high"], color=colour, lw=0.8, alpha=0.4)
        ax.plot(x, own["r2"], "o", color=colour)
    for row in table[below].itertuples():
        ax.plot(row.parameters, edge, "v", color=COLOURS[row.role], clip_on=False)
    _legend(figure, table["role"])
    at = table[["parameters", "r2"]].assign(r2=table["r2"].clip(edge)).to_numpy(float)
    names = [
        name_of(row.method) + (f", {tables.number(row.r2, 2)}" if row.r2 < edge else "")
        for row in table.itertuples()
    ]
    bars = table[~below].assign(left=0.99 * table["parameters"])
    bars["right"] = 1.01 * table["parameters"]
    corners = bars[["left", "r2_low", "right", "r2_high"]].to_numpy().reshape(-1, 2, 2)
    place(ax, at, names, table["role"].map(INK), [*corners])
    return figure


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
