"""Scores of the statistics: RMSE of every head with intervals, gaps, and tables."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.league import bootstrap
from awd.league.names import name_of
from awd.maps.infer.heads import coverage
from awd.maps.infer.predict import HEADS, POSTERIORS, stack
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CAPTION = (
    "RMSE of Ω_m on test maps, times 100, for every statistic and head; [95 %]: over "
    "cosmologies. Filters (starlet, Haar, db2, db5): quantiles of their coefficients. "
    "Nearest: the training cosmology with the nearest mean features, pooled covariance."
    " Posterior: mean over the training cosmologies; both know that the truth is one of"
    " them. Ridge: quadratic. Emulator: posterior mean over the whole box, from means "
    "interpolated between cosmologies. Calibrated: the same, its covariance widened by "
    "the select maps, of other initial conditions. Compressed: an emulator of as many "
    "weighted sums of the features as there are parameters. Unseen: emulators that "
    "never saw the cosmology they predict. Coverage: how often the truth lies in the "
    "68 / 95 % interval of the calibrated posterior."
)
HEADS_CAPTION = (
    "RMSE of Ω_m times 100 of every filter that a source chose from a family, by head. "
    "In the table of scores quantiles have the head compressed, histograms and patches "
    "the emulator. Networks, and heads on their outputs, answer for themselves."
)


def score(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """RMSE of the first parameter, a row a statistic and head.

    Parameters
    ----------
    inferred : sequence of Dataset
        :data:`awd.maps.infer.predict.INFERRED` of every statistic.
    draws, seed : int
        Of the bootstrap.

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
    scores = {
        prefix: bootstrap.score(y, predictions, units, draws=draws, seed=seed)
        for prefix, units in (("", cosmology), ("map_", np.arange(len(y))))
    }
    rows = []
    for k, (dataset, head) in enumerate(itertools.product(inferred, HEADS)):
        row = {
            "method": dataset.attrs["statistic"],
            "head": head,
            "features": int(dataset.attrs["features"]),
            "rmse": scores[""]["rmse"][k],
        }
        for prefix, table in scores.items():
            for bound in ("low", "high"):
                row[prefix + bound] = table[f"rmse_{bound}"][k]
        row |= {"coverage_68": np.nan, "coverage_95": np.nan}
        if head in POSTERIORS:
            ranks = dataset["rank"].sel(posterior=head).isel(name=0).values
            row["coverage_68"], row["coverage_95"] = coverage(ranks)
        rows.append(row)
    return pd.DataFrame(rows)


def differences(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """Paired differences of RMSE between all statistics, head by head.

    Parameters are those of :func:`score`.

    Returns
    -------
    DataFrame
        ``head``, ``method``, ``reference``, ``rmse_difference`` (method minus
        reference, so that negative is better), ``low``, ``high`` over cosmologies and
        ``map_low``, ``map_high`` over maps.
    """
    import pandas as pd

    y, predictions, cosmology = stack(inferred)
    names = [dataset.attrs["statistic"] for dataset in inferred]
    keys = [(head, a, b) for head in HEADS for a, b in itertools.combinations(names, 2)]
    pairs = [(f"{a} {head}", f"{b} {head}") for head, a, b in keys]
    table = pd.DataFrame(keys, columns=["head", "method", "reference"])
    for prefix, units in (("", cosmology), ("map_", np.arange(len(y)))):
        gaps = bootstrap.differences(
            y, predictions, units, pairs, measure="rmse", draws=draws, seed=seed
        )
        if not prefix:
            table["rmse_difference"] = gaps["difference"]
        table[prefix + "low"], table[prefix + "high"] = gaps["low"], gaps["high"]
    return table


def score_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of :func:`score` as text, a row a statistic, the best emulator first."""
    import pandas as pd

    by_head = {head: part.set_index("method") for head, part in scores.groupby("head")}
    order = by_head["emulator"]["rmse"].sort_values(kind="stable").index
    percent = 100 * scores[["low", "high"]]
    decimals = tables.digits(percent["low"], percent["high"])

    def text(rmse: float) -> str:
        return tables.number(100 * rmse, decimals)

    columns = {
        "statistic": [name_of(name) for name in order],
        "features": [str(by_head["nearest"]["features"][name]) for name in order],
    }
    for head in HEADS:
        rows = by_head[head].loc[order]
        if head in POSTERIORS:
            columns[f"{head} [95 %]"] = [
                f"{text(rmse)} [{text(low)}, {text(high)}]"
                for rmse, low, high in zip(
                    rows["rmse"], rows["low"], rows["high"], strict=True
                )
            ]
        else:
            columns[head] = [text(rmse) for rmse in rows["rmse"]]
    rows = by_head["calibrated"].loc[order]
    columns["coverage"] = [
        f"{share_68:.2f} / {share_95:.2f}"
        for share_68, share_95 in zip(
            rows["coverage_68"], rows["coverage_95"], strict=True
        )
    ]
    return pd.DataFrame(columns)


def head_table(heads: pd.DataFrame) -> pd.DataFrame:
    """Scores of chosen filters, a column a head, as text.

    ``heads`` has ``method`` and the RMSE of every head.
    """
    texts = {head: [tables.number(100 * v, 2) for v in heads[head]] for head in HEADS}
    return heads.assign(method=[name_of(name) for name in heads["method"]], **texts)
