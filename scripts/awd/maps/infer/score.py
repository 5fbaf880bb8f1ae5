"""Scores of the statistics: RMSE of every head with intervals, and paired gaps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.league import bootstrap
from awd.maps.infer import heads
from awd.maps.infer.predict import HEADS, POSTERIORS, stack

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def score(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """RMSE of the first parameter, a row a statistic and head.

    Returns
    -------
    DataFrame
        ``method``, ``head``, ``features``, ``rmse`` with intervals (95 %) over maps
        (``map_low``, ``map_high``) and over cosmologies (``low``, ``high``), and
        ``coverage_68``, ``coverage_95``: how often the truth lies in that interval of
        the posterior.
    """
    import pandas as pd

    y, predictions, cosmology = stack(inferred)
    over = {
        "": bootstrap.score(y, predictions, cosmology, draws=draws, seed=seed),
        "map_": bootstrap.score(
            y, predictions, np.arange(len(y)), draws=draws, seed=seed
        ),
    }
    rows = []
    for k, (name, head) in enumerate(
        itertools.product((one.attrs["statistic"] for one in inferred), HEADS)
    ):
        one = inferred[k // len(HEADS)]
        row = {"method": name, "head": head, "features": int(one.attrs["features"])}
        row["rmse"] = over[""]["rmse"][k]
        for prefix, table in over.items():
            for bound in ("low", "high"):
                row[prefix + bound] = table[f"rmse_{bound}"][k]
        row |= {"coverage_68": np.nan, "coverage_95": np.nan}
        if head in POSTERIORS:
            ranks = one["rank"].sel(posterior=head).isel(name=0).values
            row["coverage_68"], row["coverage_95"] = heads.coverage(ranks)
        rows.append(row)
    return pd.DataFrame(rows)


def differences(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """Paired differences of RMSE between all statistics, head by head.

    Returns
    -------
    DataFrame
        ``head``, ``method``, ``reference``, ``rmse_difference`` (method minus
        reference, so that negative is better), ``low``, ``high`` over cosmologies and
        ``map_low``, ``map_high`` over maps.
    """
    import pandas as pd

    y, predictions, cosmology = stack(inferred)
    names = [one.attrs["statistic"] for one in inferred]
    keys = [(head, a, b) for head in HEADS for a, b in itertools.combinations(names, 2)]
    pairs = [(f"{a} {head}", f"{b} {head}") for head, a, b in keys]
    how = {"measure": "rmse", "draws": draws, "seed": seed}
    table = pd.DataFrame(keys, columns=["head", "method", "reference"])
    for prefix, units in (("", cosmology), ("map_", np.arange(len(y)))):
        found = bootstrap.differences(y, predictions, units, pairs, **how)
        if not prefix:
            table["rmse_difference"] = found["difference"]
        table[prefix + "low"], table[prefix + "high"] = found["low"], found["high"]
    return table
