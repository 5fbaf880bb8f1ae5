"""What was published of clathrin pits and auxilin, to set beside a run.

Source: Ha et al. 2021 (arXiv 2107.09145) and the loaders of the study, set A7D2: eight
cells, 1 to 6 train, 7 and 8 test. The tracks themselves are not public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.cells import tracks
from awd.cells.study import outcomes
from awd.cells.study.dataset import SHORTEST
from awd.league.names import name_of
from awd.report import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import xarray as xr

# Method: R2 on cells 7 and 8 (sig_mean), and compression where there is one.
SCORES: dict[str, tuple[float, float | None]] = {
    "lstm": (0.237, None),
    "soft": (0.262, 0.574),
    "sparsity": (0.231, 0.651),
    "db5": (0.197, 0.704),
    "hand_boosting": (0.268, None),
    "hand_ridge": (0.256, None),
}
COUNTS: dict[str, int] = {
    "cells": 8,
    "tracks, whole, longer than 2 frames": 10_091,
    "of these with two significant frames in a row": 2_225,
    "training tracks": 7_594,
    "of these positive": 2_066,
    "of these hotspots": 349,
    "tracks that train (hard, longer than 15 frames)": 2_936,
    "tracks that test": 1_005,
}
CAPTION = (
    "Published values are of other data (set A7D2 of Ha et al. 2021, whose tracks are "
    "not public): to be set beside this run's, not to be reached by it, unless these "
    "are the same tracks. There, AWD is the paper's own soft losses."
)


def scores(found: pd.DataFrame) -> pd.DataFrame:
    """Published R2 and compression beside a run's, as text, for one target.

    Parameters
    ----------
    found : DataFrame
        ``scores.csv`` of one study and target.
    """
    import pandas as pd

    whole = tables.over_splits(found, "method").set_index("method")
    rows = []
    for method, (r2, compression) in SCORES.items():
        here = whole.loc[method] if method in whole.index else {}
        rows.append(
            {
                "method": name_of(method),
                "R², published": tables.number(r2, 3),
                "R², here": tables.number(here.get("r2", np.nan), 3),
                "compression, published": tables.number(compression or np.nan, 3),
                "compression, here": tables.number(here.get("compression", np.nan), 3),
            }
        )
    return pd.DataFrame(rows)


def counts(cells: Sequence[xr.Dataset], data: xr.Dataset) -> pd.DataFrame:
    """The numbers of :data:`COUNTS`, published and of a run, as text.

    Parameters
    ----------
    cells : sequence of Dataset
        Tracks of all cells, with p-values of the slave.
    data : Dataset
        The data set of one split; what selects counts as training.
    """
    import pandas as pd

    tests = data["split"].values == "test"
    tested = set(data["cell"].values[tests])
    whole = consecutive = trained = positive = hot = 0
    for cell in cells:
        long = tracks.lifetimes(cell) > SHORTEST
        which = np.flatnonzero((cell["complete"].values == 1) & long)
        labels = outcomes.of_tracks(cell, which)
        whole += len(which)
        consecutive += int(labels["consec_sig"].sum())
        if cell.attrs["cell"] not in tested:
            trained += len(which)
            positive += int(labels["consec_thresh"].sum())
            hot += int(labels["hotspot"].sum())
    values = [len(cells), whole, consecutive, trained, positive, hot]
    values += [int((~tests).sum()), int(tests.sum())]
    return pd.DataFrame(
        {"count": list(COUNTS), "published": COUNTS.values(), "here": values}, dtype=str
    )


def pages(paths: Sequence[io.PathLike]) -> list[tuple[str, pd.DataFrame]]:
    """The written tables of :func:`scores` and :func:`counts`, with their titles."""
    titles = ("Published scores", "Published counts")
    tables_ = [io.read_table(path, text=True) for path in paths]
    return list(zip(titles, tables_, strict=False))
