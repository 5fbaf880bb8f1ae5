"""Scores of the statistics: RMSE of every head with intervals, gaps, and tables."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.league import bootstrap
from awd.league.names import name_of
from awd.maps.infer import trust
from awd.maps.infer.likelihood import LEVELS, coverage
from awd.maps.infer.predict import HEADS, POSTERIORS, stack
from awd.maps.names import long_name
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

CAPTION = (
    "RMSE on test maps, times 100, by statistic and head; [95 %]: over "
    "cosmologies. Filters (starlet, Haar, db2, db5): quantiles of their coefficients. "
    "Nearest: the training cosmology with the nearest mean features, pooled covariance."
    " Posterior: mean over the training cosmologies; both know that the truth is one of"
    " them. Ridge: quadratic. Emulator: posterior mean over the whole box, from means "
    "interpolated between cosmologies. Calibrated: the same, its covariance widened by "
    "the select maps, of other initial conditions. Compressed: an emulator of as many "
    "weighted sums of the features as there are parameters. Unseen: emulators that "
    "never saw the cosmology they predict. Coverage: how often the truth lies in the "
    "68 / 95 % interval of the calibrated posterior. Fit: share of test maps that the "
    "best cosmology fits (p > .001)."
)
COVERAGE_CAPTION = (
    "How often the true value lies in the central 68 and 95 % interval of the "
    "calibrated posterior, of test maps, whose initial conditions nothing was fitted "
    "to; [95 %]: over initial conditions, whose maps deviate together."
)
HEADS_CAPTION = (
    "RMSE of the target, times 100, of every filter that a source chose from a family. "
    "In the table of scores quantiles have the head compressed, histograms and patches "
    "the emulator. Networks, and heads on their outputs, answer for themselves."
)


def score(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """RMSE of every parameter, a row a parameter, statistic and head.

    Parameters
    ----------
    inferred : sequence of Dataset
        :data:`awd.maps.infer.predict.INFERRED` of every statistic.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        ``parameter``, ``method``, ``head``, ``features``, ``rmse`` with intervals
        (95 %) over maps (``map_low``, ``map_high``) and over cosmologies (``low``,
        ``high``), and ``coverage_68``, ``coverage_95``: how often the truth lies in
        that interval of the posterior; ``fit``: share of maps that the best cosmology
        fits.
    """
    import pandas as pd

    names = parameters(inferred)
    rows = [row for name in names for row in _scored(inferred, name, draws, seed)]
    return pd.DataFrame(rows)


def parameters(inferred: Sequence[xr.Dataset]) -> list[str]:
    """What is inferred together: the first is the one that was asked for first."""
    return [str(name) for name in inferred[0]["name"].values]


def _scored(
    inferred: Sequence[xr.Dataset], parameter: str, draws: int, seed: int
) -> list[dict[str, Any]]:
    """Rows of :func:`score` of one parameter."""
    y, predictions, cosmology = stack(inferred, parameter)
    scores = {
        prefix: bootstrap.score(y, predictions, units, draws=draws, seed=seed)
        for prefix, units in (("", cosmology), ("map_", np.arange(len(y))))
    }
    rows = []
    for k, (dataset, head) in enumerate(itertools.product(inferred, HEADS)):
        row: dict[str, Any] = {
            "parameter": parameter,
            "method": dataset.attrs["statistic"],
            "head": head,
            "features": int(dataset.attrs["features"]),
            "rmse": scores[""]["rmse"][k],
        }
        for prefix, table in scores.items():
            for bound in ("low", "high"):
                row[prefix + bound] = table[f"rmse_{bound}"][k]
        row |= {"coverage_68": np.nan, "coverage_95": np.nan, "fit": np.nan}
        if head in POSTERIORS:
            ranks = dataset["rank"].sel(posterior=head, name=parameter).values
            row["coverage_68"], row["coverage_95"] = coverage(ranks)
        if head == "calibrated":
            row["fit"] = float((dataset["p_value"] >= trust.LEAST).mean())
        rows.append(row)
    return rows


def coverages(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """How often the truth lies in intervals of the posterior, of every parameter.

    Parameters are those of :func:`score`.

    Returns
    -------
    DataFrame
        ``method``, ``head``, ``parameter``, ``nominal``, ``found``, with its interval
        (95 %) over groups, whose maps deviate together: ``low``, ``high``, NaN of one
        group.
    """
    import pandas as pd

    rows = []
    for dataset in inferred:
        groups, own = np.unique(dataset["group"].values, return_inverse=True)
        size = np.bincount(own)
        picks = np.random.default_rng(seed).integers(
            len(groups), size=(draws, len(groups))
        )
        for head, name, level in itertools.product(
            dataset["posterior"].values, dataset["name"].values, LEVELS
        ):
            ranks = dataset["rank"].sel(posterior=head, name=name).values
            held = np.bincount(own, np.abs(ranks - 0.5) < level / 2)
            drawn = held[picks].sum(1) / size[picks].sum(1)
            low, high = np.quantile(drawn, [0.025, 0.975])
            if len(groups) < 2:
                low = high = np.nan
            rows.append(
                {
                    "method": dataset.attrs["statistic"],
                    "head": str(head),
                    "parameter": str(name),
                    "nominal": level,
                    "found": held.sum() / len(ranks),
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def coverage_table(coverages: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the calibrated posterior as text, a row a statistic.

    ``coverages`` are those of :func:`coverages`.
    """
    own = coverages[coverages["head"] == "calibrated"]
    text = own.assign(
        text=[
            f"{found:.2f}" + (f" [{low:.2f}, {high:.2f}]" if np.isfinite(low) else "")
            for found, low, high in zip(
                own["found"], own["low"], own["high"], strict=True
            )
        ],
        column=[
            f"{long_name(name)}, {100 * level:.0f} %"
            for name, level in zip(own["parameter"], own["nominal"], strict=True)
        ],
    )
    table = text.pivot(index="method", columns="column", values="text")
    table = table.loc[own["method"].unique(), text["column"].unique()].reset_index()
    table["method"] = [name_of(name) for name in table["method"]]
    return table.rename(columns={"method": "statistic"}).rename_axis(columns=None)


def differences(inferred: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    """Paired differences of RMSE between all statistics, by parameter and head.

    Parameters are those of :func:`score`.

    Returns
    -------
    DataFrame
        ``parameter``, ``head``, ``method``, ``reference``, ``rmse_difference`` (method
        minus reference, so that negative is better), ``low``, ``high`` over cosmologies
        and ``map_low``, ``map_high`` over maps.
    """
    import pandas as pd

    names = parameters(inferred)
    parts = [_compared(inferred, name, draws, seed) for name in names]
    return pd.concat(parts, ignore_index=True)


def _compared(
    inferred: Sequence[xr.Dataset], parameter: str, draws: int, seed: int
) -> pd.DataFrame:
    """Rows of :func:`differences` of one parameter."""
    import pandas as pd

    y, predictions, cosmology = stack(inferred, parameter)
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
    table.insert(0, "parameter", parameter)
    return table


def score_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of :func:`score` as text, a row a parameter and statistic.

    Of every parameter the statistic with the best emulator comes first; where there is
    one parameter alone it has no column.
    """
    import pandas as pd

    parts = {
        long_name(str(name)): _of_one(part)
        for name, part in scores.groupby("parameter", sort=False)
    }
    if len(parts) == 1:
        return next(iter(parts.values()))
    for name, part in parts.items():
        part.insert(0, "parameter", name)
    return pd.concat(parts.values(), ignore_index=True)


def _of_one(scores: pd.DataFrame) -> pd.DataFrame:
    """:func:`score_table` of one parameter."""
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
    columns["fit"] = [f"{share:.3f}" for share in rows["fit"]]
    return pd.DataFrame(columns)


def head_table(heads: pd.DataFrame) -> pd.DataFrame:
    """Scores of chosen filters, a column a head, as text.

    ``heads`` has ``method`` and the RMSE of every head.
    """
    texts = {head: [tables.number(100 * v, 2) for v in heads[head]] for head in HEADS}
    return heads.assign(method=[name_of(name) for name in heads["method"]], **texts)
