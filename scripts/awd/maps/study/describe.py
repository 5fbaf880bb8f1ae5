"""What was chosen, in numbers: taps, what the choice gained, and how symmetric it is.

The symmetry of a distilled wavelet has been read as physics. It is a property of a
family or of data only where resampled skies, and controls, agree on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.league import choose
from awd.league.choose import Method
from awd.league.names import name_of
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

LEVEL = 0.95  # of intervals
BY_ERROR = ("random_labels", "soft")  # whose scores are RMSE, below zero
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


def table(seeds: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Every method's filter, a row a seed and method.

    Parameters
    ----------
    seeds : sequence of Dataset
        ``wavelets.nc`` of every seed.

    Returns
    -------
    DataFrame
        ``seed``, ``method``, ``family``, ``candidates``, ``score``, ``gain``,
        ``symmetry``, ``low``, ``high`` (NaN without resamples) and ``taps``.
    """
    import pandas as pd

    rows = []
    outer = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    for seed, ds in enumerate(seeds):
        for name, method in choose.from_dataset(ds).items():
            symmetries = [symmetry(h) for h in method.draws]
            low, high = (
                np.quantile(symmetries, outer) if symmetries else (np.nan, np.nan)
            )
            rows.append(
                {
                    "seed": seed,
                    "method": name,
                    "family": method.family,
                    "candidates": len(method.pool),
                    "score": method.chosen.score,
                    "gain": _gain(name, method),
                    "symmetry": symmetry(method.chosen.filter),
                    "low": low,
                    "high": high,
                    "taps": " ".join(f"{tap:.4f}" for tap in method.chosen.filter),
                }
            )
    return pd.DataFrame(rows)


def _gain(name: str, method: Method) -> float:
    """The share by which the choice lowers what is left unexplained, or the error."""
    score = method.chosen.score
    if len(method.pool) == 1:  # of a norm, over that of db5
        return score
    middle = float(np.median([candidate.score for candidate in method.pool]))
    if name.startswith(BY_ERROR):
        return 1 - score / middle
    return 1 - (1 - score) / (1 - middle)


def by_candidate(wavelets: xr.Dataset) -> pd.DataFrame:
    """What every source makes of every candidate of the families that are scanned.

    Parameters
    ----------
    wavelets : Dataset
        :data:`awd.record.contracts.WAVELETS` of one seed.

    Returns
    -------
    DataFrame
        ``family``, ``candidate``, the family's first ``parameter``, by source the
        fidelity (R2), and ``rmse``, that by labels on the select maps.
    """
    import pandas as pd

    families: dict[str, dict[str, Any]] = {}
    for name, method in choose.from_dataset(wavelets).items():
        parameters = [candidate.parameter for candidate in method.pool]
        if np.isnan(parameters).any():
            continue
        columns = {
            "family": method.family,
            "candidate": np.arange(len(method.pool)),
            "parameter": parameters,
        }
        table = families.setdefault(method.family, columns)
        scores = np.array([candidate.score for candidate in method.pool])
        if name.startswith(BY_ERROR):
            table["rmse"] = -scores
        else:
            table[name.removesuffix(f"_{method.family}")] = scores
    return pd.concat(map(pd.DataFrame, families.values()), ignore_index=True)


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
                "method": name_of(str(method)),
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
