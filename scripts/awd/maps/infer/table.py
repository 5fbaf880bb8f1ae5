"""The table of all statistics, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awd.league.names import name_of
from awd.maps.infer.predict import HEADS, POSTERIORS
from awd.maps.names import NAMES
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd

CAPTION = (
    "RMSE of Ω_m on test maps, times 100, for every statistic and head; [95 %]: over "
    "cosmologies. Nearest: the training cosmology with the nearest mean features, "
    "pooled covariance. Posterior: mean over the training cosmologies; both know that "
    "the truth is one of them. Ridge: quadratic. Emulator: posterior mean over the "
    "whole box, from means interpolated between cosmologies. Calibrated: the same, its "
    "covariance widened by the select maps, of other initial conditions. Unseen: "
    "emulators that never saw the cosmology they predict. Coverage: how often the "
    "truth lies in the 68 / 95 % interval of the calibrated posterior."
)


def score_table(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores as text, a row a statistic, the best emulator first."""
    import pandas as pd

    by_head = {head: part.set_index("method") for head, part in scores.groupby("head")}
    order = by_head["emulator"]["rmse"].sort_values(kind="stable").index
    percent = 100 * scores[["low", "high"]]
    decimals = tables.digits(percent["low"], percent["high"])

    def text(value: float) -> str:
        return tables.number(100 * value, decimals)

    columns = {
        "statistic": [NAMES.get(name, name) for name in order],
        "features": [str(by_head["nearest"]["features"][name]) for name in order],
    }
    for head in HEADS:
        rows = by_head[head].loc[order]
        columns[head] = [text(value) for value in rows["rmse"]]
        if head in POSTERIORS:
            columns[f"{head} [95 %]"] = [
                f"{value} [{text(low)}, {text(high)}]"
                for value, low, high in zip(
                    columns.pop(head), rows["low"], rows["high"], strict=True
                )
            ]
    rows = by_head["calibrated"].loc[order]
    columns["coverage"] = [
        f"{a:.2f} / {b:.2f}"
        for a, b in zip(rows["coverage_68"], rows["coverage_95"], strict=True)
    ]
    return pd.DataFrame(columns)


HEADS_CAPTION = (
    "RMSE of Ω_m times 100 of every filter that a source chose from a family, by head. "
    "The network answers for itself."
)


def head_table(heads: pd.DataFrame) -> pd.DataFrame:
    """``heads.csv`` as text."""
    return heads.assign(
        method=[name_of(name) for name in heads["method"]],
        **{head: [tables.number(100 * v, 2) for v in heads[head]] for head in HEADS},
    )
