"""How a teacher was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd.figures.parts import legend_once
from awd.style import COLOURS, SINGLE, styled

if TYPE_CHECKING:
    import pandas as pd


@styled
def learning_curve(*histories: pd.DataFrame) -> Figure:
    """Training and selection loss by epoch, the best epoch of each training marked.

    Parameters
    ----------
    *histories : DataFrame
        ``history.csv``, one for each training: ``epoch`` (0 is before the first step),
        ``train_loss``, ``select_loss`` (squared error over the target's variance).
    """
    figure = Figure(figsize=(SINGLE, 0.62 * SINGLE))
    ax = figure.subplots()
    thin = {"lw": 0.6, "alpha": 0.8} if len(histories) > 1 else {"lw": 1}
    train = {"color": "#56B4E9", "label": "training"} | thin
    select = {"color": COLOURS["teacher"], "label": "selection"} | thin
    dot = {"color": COLOURS["distilled"], "label": "best epoch", "ls": "none"}
    for one in histories:
        best = one.loc[one["select_loss"].idxmin()]
        ax.plot(one["epoch"], one["train_loss"], **train)
        ax.plot(one["epoch"], one["select_loss"], **select)
        ax.plot(best["epoch"], best["select_loss"], "o", zorder=4, **dot)
    ax.set(xlabel="epoch", ylabel="squared error / variance of target")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_once(ax)
    return figure


def learning_table(*histories: pd.DataFrame) -> pd.DataFrame:
    """What :func:`learning_curve` draws: the histories, numbered in ``training``."""
    import pandas as pd

    parts = [one.assign(training=index) for index, one in enumerate(histories)]
    return pd.concat(parts, ignore_index=True)
