"""Scores of the league: by test set and over all, with intervals, pairs and spread.

A test set is one split with one seed: the samples of a split stand in as many test sets
as there are seeds, with predictions of other teachers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.errors import DataError
from awd.league import bootstrap
from awd.league.predict import COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# What the rows are called that stand for the mean over splits and seeds.
EVERY = {"split": "all", "seed": "all"}


def join(
    students: Sequence[xr.Dataset], plain: Sequence[xr.Dataset]
) -> list[xr.Dataset]:
    """Students with the baselines of the same study, target and split added.

    Raises
    ------
    DataError
        When a test set's baselines are missing or predict other samples.
    """
    import xarray as xr

    by_set = {_of(ds): ds for ds in plain}
    joined = []
    for ds in students:
        other = by_set.get(_of(ds))
        if other is None or not np.array_equal(ds["row"], other["row"]):
            raise DataError(
                f"no baselines for the samples of {' '.join(_of(ds))}; score students "
                "and baselines of the same splits"
            )
        joined.append(xr.concat([ds, other], "method", data_vars="minimal"))
    return joined


def score(
    test_sets: Sequence[xr.Dataset], draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, paired differences and values per group.

    Parameters
    ----------
    test_sets : sequence of Dataset
        Joined predictions, one per study, target, split and seed.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    scores : DataFrame
        A row per test set and method, and one ("all") for the mean over the splits and
        seeds of a study and target, with the s.d. of R2 over splits and over seeds.
    differences : DataFrame
        R2 of every distilled method minus that of every other, over all splits and
        seeds, in how many test sets it is above, and the s.d. over both.
    groups : DataFrame
        R2 and RMSE in every test group.
    """
    import pandas as pd

    leagues: dict[tuple[str, ...], list[xr.Dataset]] = {}
    for test_set in test_sets:
        leagues.setdefault(_of(test_set)[:2], []).append(test_set)
    tables: tuple[list, list, list] = ([], [], [])
    for sets in leagues.values():
        each = pd.concat(_named(_scores([o], draws, seed), o, {}) for o in sets)
        r2 = each.pivot(index=["split", "seed"], columns="method", values="r2")
        every = _named(_scores(sets, draws, seed), sets[0], EVERY)
        pairs = _named(_differences(sets, draws, seed), sets[0], EVERY)
        a, b = (r2[pairs[side]].to_numpy() for side in ("method", "reference"))
        between = pd.DataFrame(a - b, index=r2.index)
        tables[0].extend([each, every.assign(**_spread(r2[every["method"]], "r2_"))])
        tables[1].append(pairs.assign(**_spread(between)))
        tables[2].extend(_named(_groups(test_set), test_set, {}) for test_set in sets)
    scores, differences, groups = (pd.concat(parts) for parts in tables)
    return scores, differences, groups


def _spread(values: pd.DataFrame, prefix: str = "") -> dict[str, np.ndarray]:
    """S.d. over splits of the mean over seeds, and the other way; a column each."""
    return {
        f"{prefix}sd_{name}s": values.groupby(level=name).mean().std().to_numpy()
        for name in ("split", "seed")
    }


def _of(test_set: xr.Dataset) -> tuple[str, str, str]:
    study, target, split = (
        str(test_set.attrs[k]) for k in ("study", "target_name", "split")
    )
    return study, target, split


def _named(
    table: pd.DataFrame, test_set: xr.Dataset, name: Mapping[str, str]
) -> pd.DataFrame:
    """The table with study, target, split and seed in front."""
    study, target, split = _of(test_set)
    where = {"study": study, "target": target, "split": split}
    where |= {"seed": str(test_set.attrs["seed"])} | dict(name)
    for place, (column, value) in enumerate(where.items()):
        table.insert(place, column, value)
    return table


def _scores(sets: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    y, predictions, units, of_sample = stack(sets)
    table = bootstrap.score(y, predictions, units, of_sample, draws=draws, seed=seed)
    table.insert(1, "role", sets[0]["role"].values)
    table.insert(2, "n_test", len(y))
    for column in COLUMNS[1:]:
        table[column] = np.mean([test_set[column].values for test_set in sets], 0)
    table["auc"] = np.mean([_auc(test_set) for test_set in sets], 0)
    return table


def _auc(test_set: xr.Dataset) -> np.ndarray:
    """Area under the ROC curve of every method, (methods,); NaN but of a class."""
    from sklearn.metrics import roc_auc_score

    y, predictions = test_set["target"].values, test_set["prediction"].values
    if set(np.unique(y)) != {0, 1}:
        return np.full(len(predictions), np.nan)
    return np.array([roc_auc_score(y, prediction) for prediction in predictions])


def _differences(sets: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    y, predictions, units, of_sample = stack(sets)
    roles = dict(zip(predictions, sets[0]["role"].values, strict=True))
    ours = [name for name in predictions if roles[name] == "distilled"]
    pairs = [
        (distilled, name)
        for distilled in ours
        for name in predictions
        if name != distilled
    ]
    table = bootstrap.differences(
        y, predictions, units, pairs, of_sample, draws=draws, seed=seed
    )
    names = {"a": "method", "b": "reference", "difference": "r2_difference"}
    return table.rename(columns=names | {"splits": "test_sets"})


def _groups(test_set: xr.Dataset) -> pd.DataFrame:
    y, predictions, *_ = stack([test_set])
    return bootstrap.by_group(y, predictions, test_set["group"].values)


def stack(
    sets: Sequence[xr.Dataset],
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Targets, predictions by method, resampled unit and test set of every sample."""
    y = np.concatenate([test_set["target"].values for test_set in sets]).astype(float)
    predictions = {
        name: np.concatenate(
            [test_set["prediction"].sel({"method": name}).values for test_set in sets]
        )
        for name in sets[0]["method"].values.tolist()
    }
    units = [
        bootstrap.resampling_unit(test_set["group"].values, test_set["block"].values)[1]
        for test_set in sets
    ]
    of_sample = np.repeat(np.arange(len(sets)), [len(unit) for unit in units])
    return y, predictions, np.concatenate(units), of_sample
