"""The league: every method on the same test samples, with what it cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd.league import bootstrap
from awd.league.splits import Part

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

COLUMNS = (
    "role",
    "fidelity",
    "compression",
    "filter_parameters",
    "head_parameters",
    "scored",
    "share",
)


@dataclass(frozen=True)
class Entry:
    """One method's predictions of the test samples, and what the table says of it.

    Attributes
    ----------
    prediction : ndarray of shape (n,)
        Of the test samples, in the target's unit.
    role : str
        One of :data:`awd.record.contracts.ROLES`.
    fidelity : float
        Test R2 against the teacher's output of the same student fitted to that output.
    compression : float
        Share of coefficients that are large and whose attribution is.
    filter_parameters, head_parameters : int
        Numbers learned from data, in the filter and in the head.
    scored : int
        How many filters the one shown was chosen from.
    share : float
        Of a network's outputs in what the head was fitted to, the rest are labels; NaN
        where there is no such head.
    predict, inputs : callable, ndarray of shape (m, ...), optional
        The fitted model and what it reads, to be timed.
    """

    prediction: np.ndarray
    role: str
    fidelity: float = np.nan
    compression: float = np.nan
    filter_parameters: int = 0
    head_parameters: int = 0
    scored: int = 0
    share: float = np.nan
    predict: Callable[[np.ndarray], np.ndarray] | None = None
    inputs: np.ndarray | None = None


def to_dataset(entries: Mapping[str, Entry], test: Part, **names: str) -> xr.Dataset:
    """Entries as a ``predictions`` file; ``names``: its study, split and seed."""
    import xarray as xr

    predictions = np.stack([entry.prediction for entry in entries.values()])
    ds = xr.Dataset(
        {
            "prediction": (("method", "sample"), predictions, test.described),
            "target": ("sample", test.y, test.described),
            "group": ("sample", test.groups),
            "block": ("sample", test.blocks),
            "row": ("sample", test.rows),
        },
        coords={"method": list(entries)},
        attrs={"target_name": test.target, **names},
    )
    for column in COLUMNS:
        values = [getattr(entry, column) for entry in entries.values()]
        ds[column] = "method", values
    return ds


def time_inference(
    entries: Mapping[str, Entry], repeats: tuple[int, int] = (21, 7), **names: str
) -> pd.DataFrame:
    """Seconds that one prediction, and a thousand at once, take each method.

    Parameters
    ----------
    entries : mapping of str to Entry
        Those without a model are left out.
    repeats : (int, int)
        Of which the median is taken: of one prediction, and of a thousand.
    **names
        Study, target, split and seed.

    Returns
    -------
    DataFrame
        ``names`` as columns, ``method``, ``seconds_batch1``, ``seconds_batch1000``.
    """
    import pandas as pd

    rows = []
    for name, entry in entries.items():
        x, predict = entry.inputs, entry.predict
        if x is None or predict is None:
            continue
        thousand = np.resize(x, (1000, *x.shape[1:]))
        seconds = (
            bootstrap.inference_seconds(predict, x[:1], repeats[0]),
            bootstrap.inference_seconds(predict, thousand, repeats[1]),
        )
        rows.append((*names.values(), name, *seconds))
    columns = [*names, "method", "seconds_batch1", "seconds_batch1000"]
    return pd.DataFrame(rows, columns=columns)
