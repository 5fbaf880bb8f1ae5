"""What was chosen, in numbers: taps, what the choice gained, and how symmetric it is.

The symmetry of a distilled wavelet has been read as physics. It is a property of a
family or of data only where resampled skies, and controls, agree on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.report import tables
from awd.search import candidates

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

LEVEL = 0.95  # of intervals
CAPTION = (
    "Filters by what they had to reproduce. Score: fidelity (R²) on the select maps of "
    "the ridge that chooses; of attribution and sparsity the share of the norm that is "
    "saved, against db5. Gain: the share by which what is left unexplained falls below "
    "that of the family's middle candidate. Symmetry: overlap of the filter with its "
    "mirror image, 1 when they are alike, [95 %] over resampled cosmologies, and its "
    "range over the teachers' seeds; 1 by construction in the families symmetric, "
    "gaussian and isotropic. db2 and db5 have 0.92, Haar has 1: read a symmetry as "
    "physics only where the controls lack it."
)


def symmetry(h: np.ndarray) -> float:
    """Overlap of a filter with its mirror image, at the best place of the mirror.

    Parameters
    ----------
    h : array of shape (taps,)

    Returns
    -------
    float
        1 for a filter that is its own mirror image, up to its sign; near 0 for one
        that leans all to one side.
    """
    h = np.asarray(h, float)
    return float(np.abs(np.convolve(h, h)).max() / (h @ h))


def table(seeds: Sequence[xr.Dataset], banks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Every method's filter, a row a seed and method.

    Parameters
    ----------
    seeds : sequence of Dataset
        ``wavelets.nc`` of every seed.
    banks : sequence of DataFrame
        Their ``bank.csv``.

    Returns
    -------
    DataFrame
        ``seed``, ``method``, ``family``, ``candidates``, ``score``, ``gain``,
        ``symmetry``, ``low``, ``high`` (NaN without resamples) and ``taps``.
    """
    import pandas as pd

    rows = []
    for seed, (ds, scores) in enumerate(zip(seeds, banks, strict=True)):
        middle = scores.groupby("family").median(numeric_only=True)
        for name, one in candidates.from_dataset(ds).items():
            place = ds["method"].values.tolist().index(name)
            family = str(ds["family"].values[place])
            gain = one.score  # of a norm, over that of db5
            source = name.removesuffix(f"_{family}")
            if source in middle:
                left = 1 - middle.loc[family, source]
                gain = 1 - (1 - one.score) / left
            elif source == "random_labels":
                gain = 1 + one.score / middle.loc[family, "rmse"]
            drawn = [symmetry(h) for h in candidates.draws_of(ds, name)]
            outer = (1 - LEVEL) / 2, (1 + LEVEL) / 2
            low, high = np.quantile(drawn, outer) if drawn else (np.nan, np.nan)
            rows.append(
                {
                    "seed": seed,
                    "method": name,
                    "family": family,
                    "candidates": int(ds["scored"].values[place]),
                    "score": one.score,
                    "gain": gain,
                    "symmetry": symmetry(one.filter),
                    "low": low,
                    "high": high,
                    "taps": " ".join(f"{tap:.4f}" for tap in one.filter),
                }
            )
    return pd.DataFrame(rows)


def page(filters: pd.DataFrame) -> pd.DataFrame:
    """:func:`table` as text, a row a method: the first seed, and how far others go."""
    import pandas as pd

    rows = []
    for method, seeds in filters.groupby("method", sort=False):
        first, values = seeds.iloc[0], seeds["symmetry"]
        symmetric = tables.number(first["symmetry"], 2)
        if not np.isnan(first["low"]):
            symmetric += f" [{first['low']:.2f}, {first['high']:.2f}]"
        over = f"{values.min():.2f} to {values.max():.2f}"
        rows.append(
            {
                "method": tables.name_of(str(method)),
                "family": first["family"],
                "candidates": str(first["candidates"]),
                "score": tables.number(first["score"], 4),
                "gain": f"{100 * first['gain']:.1f} %",
                "symmetry [95 %]": symmetric,
                "over seeds": over if len(seeds) > 1 else tables.MISSING,
                "taps": first["taps"],
            }
        )
    return pd.DataFrame(rows)
