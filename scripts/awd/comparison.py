"""The league: every method on the same test samples, with what it cost to say so.

Here, and only here, a student is fitted to labels and shown test samples. Every wavelet
gets the same features and the same head, so that a row differs from the next by its
filter alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from awd import baselines, evaluation, kernels
from awd.errors import DataError
from awd.features import Student
from awd.splits import Part

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


# What the rows are called that stand for the mean over splits and teachers.
EVERY = {"split": "all", "teacher": "all"}
COLUMNS = ("role", "fidelity", "compression", "filter_parameters", "head_parameters")


@dataclass(frozen=True)
class Entry:
    """One method's predictions of the test samples, and what the table says of it.

    ``predict`` is the fitted model, from samples (n, ...) to (n,).
    ``fidelity`` is the test R2 against the teacher's output of the same student fitted
    to that output; ``compression`` the share of coefficients that are large and matter.
    Parameters count the numbers learned from data, in the filter and in the head.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    prediction: np.ndarray
    role: str
    fidelity: float = np.nan
    compression: float = np.nan
    filter_parameters: int = 0
    head_parameters: int = 0


@dataclass(frozen=True)
class Teaching:
    """What a teacher says: outputs (n,) for train and test, input gradients of test."""

    train: np.ndarray
    test: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Bank:
    """A filter in the league: taps, role, and how many of its numbers were learned."""

    filter: np.ndarray
    role: str
    parameters: int = 0

    @classmethod
    def distilled(cls, found: xr.Dataset) -> Bank:
        """From a ``wavelet`` file; without a teacher it is a control."""
        role = "control" if found.attrs["objective"] == "sparsity" else "distilled"
        # One angle is fixed by the sum of the taps.
        return cls(found["filter"].values, role, found.sizes["angle"] - 1)


def enter_wavelets(
    train: Part,
    test: Part,
    banks: Mapping[str, Bank],
    teaching: Teaching,
    student: Student,
    levels: int,
    mode: str = "zero",
) -> dict[str, Entry]:
    """The same student on every filter.

    Parameters
    ----------
    train, test : Part
        Samples the heads are fitted to, and those predicted.
    banks : mapping of str to Bank
        Filters by method name.
    teaching : Teaching
        Of the teacher to which fidelity and compression refer.
    student, levels, mode : Student, int, str
        Features and head, and the transform under them.
    """
    entries = {}
    for name, bank in banks.items():
        transform = (bank.filter, levels, mode)
        fitted = replace(student).fit(train.x, train.y, *transform)
        copy = replace(student).fit(train.x, teaching.train, *transform)
        bands = (
            kernels.analysis(values, *transform)
            for values in (test.x, teaching.gradient)
        )
        entries[name] = Entry(
            fitted.predict,
            fitted.predict(test.x),
            bank.role,
            evaluation.r2(teaching.test, copy.predict(test.x)),
            evaluation.compression(*bands),
            bank.parameters,
            fitted.head_parameters,
        )
    return entries


def enter_baselines(train: Part, test: Part, seed: int) -> dict[str, Entry]:
    """The models that see no wavelet; those of hand features where there are any.

    The league times methods on traces: a model of hand features is timed on as many
    rows of them, which leaves out how long the features take.
    """
    entries = {}
    for name in baselines.MODELS:
        known, asked = (baselines.inputs(name, part) for part in (train, test))
        if known is None or asked is None:
            continue
        model = baselines.fit(name, known, train.y, seed)
        entries[name] = Entry(
            baselines.on_rows(model, asked),
            model.predict(asked),
            "baseline",
            head_parameters=baselines.parameters(model),
        )
    return entries


def enter_teacher(
    predict: Callable[[np.ndarray], np.ndarray], teaching: Teaching, parameters: int
) -> Entry:
    """The teacher itself: faithful to itself, all its weights in its head."""
    return Entry(predict, teaching.test, "teacher", 1.0, head_parameters=parameters)


def time_inference(
    entries: Mapping[str, Entry], x: np.ndarray, **names: str
) -> pd.DataFrame:
    """Seconds that one prediction, and a thousand at once, take each method.

    Returns
    -------
    DataFrame
        ``names`` as columns, ``method``, ``seconds_batch1``, ``seconds_batch1000``.
    """
    import pandas as pd

    thousand = np.resize(x, (1000, *x.shape[1:]))
    rows = [
        {
            **names,
            "method": name,
            "seconds_batch1": evaluation.inference_seconds(entry.predict, x[:1], 21),
            "seconds_batch1000": evaluation.inference_seconds(entry.predict, thousand),
        }
        for name, entry in entries.items()
    ]
    return pd.DataFrame(rows)


def to_dataset(entries: Mapping[str, Entry], test: Part, **names: str) -> xr.Dataset:
    """Entries as a ``predictions`` file; ``names``: its study, split and teacher."""
    import xarray as xr

    predicted = np.stack([entry.prediction for entry in entries.values()])
    ds = xr.Dataset(
        {
            "prediction": (("method", "sample"), predicted, test.described),
            "target": ("sample", test.y, test.described),
            "group": ("sample", test.groups),
            "block": ("sample", test.blocks),
            "row": ("sample", test.rows),
        },
        coords={"method": list(entries)},
        attrs={"target_name": test.target, **names},
    )
    for name in COLUMNS:
        ds[name] = "method", [getattr(entry, name) for entry in entries.values()]
    return ds


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

    by_set = {_of(one): one for one in plain}
    joined = []
    for one in students:
        other = by_set.get(_of(one))
        if other is None or not np.array_equal(one["row"], other["row"]):
            raise DataError(
                f"no baselines for the samples of {' '.join(_of(one))}; score students "
                "and baselines of the same splits"
            )
        joined.append(xr.concat([one, other], "method", data_vars="minimal"))
    return joined


def score(
    test_sets: Sequence[xr.Dataset], draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, paired differences and values per group.

    Parameters
    ----------
    test_sets : sequence of Dataset
        Joined predictions, one per study, target, split and teacher.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    scores : DataFrame
        A row per test set and method, and one ("all") for the mean over the splits and
        teachers of a study and target.
    differences : DataFrame
        R2 of the first distilled method minus that of every other, over all splits and
        teachers.
    groups : DataFrame
        R2 and RMSE in every test group.
    """
    import pandas as pd

    leagues: dict[tuple[str, ...], list[xr.Dataset]] = {}
    for one in test_sets:
        leagues.setdefault(_of(one)[:2], []).append(one)
    tables: tuple[list, list, list] = ([], [], [])
    for sets in leagues.values():
        for chosen, name in [*(([one], {}) for one in sets), (sets, EVERY)]:
            tables[0].append(_named(_scores(chosen, draws, seed), chosen[0], name))
        tables[1].append(_named(_differences(sets, draws, seed), sets[0], EVERY))
        for one in sets:
            y, predictions, *_ = _stack([one])
            groups = evaluation.by_group(y, predictions, one["group"].values)
            tables[2].append(_named(groups, one, {}))
    scores, differences, groups = (pd.concat(parts) for parts in tables)
    return scores, differences, groups


def _of(one: xr.Dataset) -> tuple[str, str, str]:
    return tuple(str(one.attrs[key]) for key in ("study", "target_name", "split"))


def _named(
    table: pd.DataFrame, one: xr.Dataset, name: Mapping[str, str]
) -> pd.DataFrame:
    """The table with study, target, split and teacher in front."""
    study, target, split = _of(one)
    where = {"study": study, "target": target, "split": split}
    where |= {"teacher": one.attrs["teacher"]} | dict(name)
    table = table.drop(columns=list(where), errors="ignore")
    for place, (column, value) in enumerate(where.items()):
        table.insert(place, column, value)
    return table


def _scores(sets: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    y, predictions, units, of_sample = _stack(sets)
    table = evaluation.score(y, predictions, units, of_sample, draws=draws, seed=seed)
    table.insert(1, "role", sets[0]["role"].values)
    table.insert(2, "n_test", len(y))
    for column in COLUMNS[1:]:
        table[column] = np.mean([one[column].values for one in sets], 0)
    return table


def _differences(sets: Sequence[xr.Dataset], draws: int, seed: int) -> pd.DataFrame:
    y, predictions, units, of_sample = _stack(sets)
    roles = sets[0]["role"].values.tolist()
    ours = list(predictions)[roles.index("distilled")]
    pairs = [(ours, name) for name in predictions if name != ours]
    table = evaluation.differences(
        y, predictions, units, pairs, of_sample, draws=draws, seed=seed
    )
    names = {"a": "method", "b": "reference", "difference": "r2_difference"}
    return table.rename(columns=names).rename(columns={"splits": "test_sets"})


def _stack(
    sets: Sequence[xr.Dataset],
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Targets, predictions by method, resampled unit and test set of every sample."""
    y = np.concatenate([one["target"].values for one in sets]).astype(float)
    predictions = {
        name: np.concatenate(
            [one["prediction"].sel({"method": name}).values for one in sets]
        )
        for name in sets[0]["method"].values.tolist()
    }
    units = [
        evaluation.resampling_unit(one["group"].values, one["block"].values)[1]
        for one in sets
    ]
    of_sample = np.repeat(np.arange(len(sets)), [len(unit) for unit in units])
    return y, predictions, np.concatenate(units), of_sample
