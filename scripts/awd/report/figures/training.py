"""How a teacher was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd.league.names import name_of
from awd.report.figures.parts import legend_once
from awd.report.style import COLOURS, DOUBLE, SINGLE, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@styled
def learning(histories: Mapping[str, Sequence[pd.DataFrame]]) -> Figure:
    """Training and selection loss by epoch, the best epoch of each training marked.

    Parameters
    ----------
    histories : mapping of str to sequence of DataFrame
        ``history.csv`` of every training, by kind of teacher, a panel each: ``epoch``
        (0 is before the first step), ``train_loss``, ``select_loss`` (squared error
        over the target's variance).
    """
    width = min(DOUBLE, SINGLE * (0.4 + 0.6 * len(histories)))
    figure = Figure(figsize=(width, 0.62 * SINGLE))
    axes = figure.subplots(1, len(histories), sharey=True, squeeze=False)[0]
    for ax, (kind, trainings) in zip(axes, histories.items(), strict=True):
        _curves(ax, trainings)
        ax.set(xlabel="epoch")
        ax.set_title(name_of(kind))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes[0].set_ylabel("squared error / variance of target")
    axes[0].set_ylim(bottom=0)
    legend_once(axes[-1])
    return figure


def _curves(ax: Axes, trainings: Sequence[pd.DataFrame]) -> None:
    thin: dict[str, Any] = (
        {"lw": 0.6, "alpha": 0.8} if len(trainings) > 1 else {"lw": 1}
    )
    train = {"color": "0.65", "label": "training"} | thin
    select = {"color": COLOURS["teacher"], "label": "selection"} | thin
    dot: dict[str, Any] = {"color": COLOURS["distilled"], "label": "best epoch"}
    for history in trainings:
        best = history.loc[history["select_loss"].idxmin()]
        ax.plot(history["epoch"], history["train_loss"], **train)
        ax.plot(history["epoch"], history["select_loss"], **select)
        ax.plot(best["epoch"], best["select_loss"], "o", zorder=4, ls="none", **dot)


def learning_table(histories: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """What :func:`learning` draws: the histories, by ``teacher`` numbered."""
    import pandas as pd

    parts = [
        history.assign(teacher=kind, training=index)
        for kind, trainings in histories.items()
        for index, history in enumerate(trainings)
    ]
    return pd.concat(parts, ignore_index=True)
