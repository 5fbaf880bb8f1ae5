"""A network and its student against the truth: panels of an overview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from awd.league import bootstrap
from awd.report import tables
from awd.report.style import COLOURS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

ROLES = ("teacher", "distilled")


def table(students: Sequence[xr.Dataset]) -> pd.DataFrame:
    """True and predicted target of the first teacher and the first distilled method.

    Parameters
    ----------
    students : sequence of Dataset
        Predictions of every split and seed.

    Returns
    -------
    DataFrame
        ``panel`` (the role), ``method``, ``test_set`` (which of ``students``), ``x``
        (true), ``y`` (predicted).
    """
    parts = []
    for role in ROLES:
        for index, predictions in enumerate(students):
            method = predictions["method"].values[predictions["role"].values == role][0]
            predicted = predictions["prediction"].sel({"method": method}).values
            points = {"x": predictions["target"].values, "y": predicted}
            known = {"panel": role, "method": method, "test_set": index}
            parts.append(pd.DataFrame(known | points))
    return pd.concat(parts, ignore_index=True)


def draw(ax: Axes, panel: pd.DataFrame, role: str) -> None:
    """Predicted against true, with R2; ``panel`` is a part of :func:`table`.

    R2 is the mean over the test sets, as in the table of scores.
    """
    size = float(np.clip(1500 / len(panel), 1.5, 8))  # of few points larger ones
    ax.scatter(panel["x"], panel["y"], size, color=COLOURS[role], alpha=0.4, lw=0)
    both = panel[["x", "y"]].to_numpy()
    low, high = both.min(), both.max()
    ax.axline((low, low), slope=1, color="0.3", lw=0.6, ls="--")
    sets = [own for _, own in panel.groupby("test_set")]
    each = [bootstrap.r2(own["x"].to_numpy(), own["y"].to_numpy()) for own in sets]
    r2 = float(np.mean(each))
    said = f"R² = {tables.typeset(r2, 3)}"
    ax.text(0.05, 0.95, said, transform=ax.transAxes, va="top")
    room = 0.03 * (high - low)
    limits = (low - room, high + room)
    ax.set(xlim=limits, ylim=limits)
    ax.locator_params(nbins=4)
