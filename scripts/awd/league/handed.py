"""What a handed-over network is worth: scores by the number of the user's own labels.

A test set is one half of a user's samples, of one split, seed and draw of labels; what
is fitted without labels predicts the same in every draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from awd.errors import DataError
from awd.league import bootstrap
from awd.league.names import OURS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

STUDENT = f"{OURS}@outputs"  # filter and head fitted to what the network answers
CONTROL = "untrained@outputs"  # its head on a filter that no network knows

Model = tuple[str, int]  # a method and its number of labels


class Stacked(NamedTuple):
    """All test sets of a target and shift, one after the other.

    ``y`` and ``predictions`` by model (n,), the resampled ``units`` and the
    ``test_set`` of every sample; the ``roles`` of the models.
    """

    y: np.ndarray
    predictions: dict[Model, np.ndarray]
    units: np.ndarray
    test_set: np.ndarray
    roles: dict[Model, str]


def score(
    files: Sequence[xr.Dataset], draws: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, differences from the student without labels, and its worth in labels.

    Parameters
    ----------
    files : sequence of Dataset
        :data:`awd.record.contracts.HANDED`, of all splits, seeds, targets and shifts.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    scores : DataFrame
        A row a ``target``, ``shift``, ``method`` and number of ``labels`` that all
        files of a target and shift have: ``role``, R2 and RMSE, means over all test
        sets, with 95 % intervals.
    differences : DataFrame
        R2 of :data:`STUDENT` minus that of every other, paired, and in how many of the
        ``test_sets`` it is above.
    worth : DataFrame
        A row a target and shift, see :func:`worth`.
    """
    import pandas as pd

    cases: dict[tuple[str, str], list[xr.Dataset]] = {}
    for file in files:
        case = file.attrs["target_name"], file.attrs["shift"]
        cases.setdefault(case, []).append(file)
    tables: tuple[list, list, list] = ([], [], [])
    for (target, shift), of_case in cases.items():
        sets = stacked(of_case)
        scored = _scored(sets, draws, seed)
        between = _differences(sets, draws, seed)
        rows = scored, between, worth(scored, between)
        for table, part in zip(tables, rows, strict=True):
            part.insert(0, "target", target)
            part.insert(1, "shift", shift)
            table.append(part)
    scores, differences, worths = (pd.concat(parts) for parts in tables)
    return scores, differences, worths


def stacked(files: Sequence[xr.Dataset]) -> Stacked:
    """The test sets of files of one target and shift.

    Raises
    ------
    DataError
        When files have no student without labels in common.
    """
    models = [_models(file) for file in files]
    shared = [m for m in models[0] if all(m in other for other in models)]
    if (STUDENT, 0) not in shared:
        raise DataError(
            f"not every file has the student without labels, {STUDENT}; hand the "
            "networks over again"
        )
    y: list[np.ndarray] = []
    units: list[np.ndarray] = []
    predictions: dict[Model, list[np.ndarray]] = {model: [] for model in shared}
    for file, entries in zip(files, models, strict=True):
        repeats = 1 + int(file["draw"].max())
        values, half = file["prediction"].values, file["half"].values
        for inside in (half == 0, half == 1):
            group, block = (file[key].values[inside] for key in ("group", "block"))
            unit = bootstrap.resampling_unit(group, block)[1]
            for draw in range(repeats):
                y.append(file["target"].values[inside].astype(float))
                units.append(unit)
                for model in shared:
                    rows = entries[model]
                    predictions[model].append(values[rows[draw % len(rows)]][inside])
    test_set = np.repeat(np.arange(len(y)), [len(part) for part in y])
    joined = {model: np.concatenate(parts) for model, parts in predictions.items()}
    roles = dict(zip(files[0]["method"].values, files[0]["role"].values, strict=True))
    return Stacked(
        np.concatenate(y),
        joined,
        np.concatenate(units),
        test_set,
        {model: str(roles[model[0]]) for model in shared},
    )


def worth(scores: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """The most labels that the student without any beats, one row.

    Parameters
    ----------
    scores, differences : DataFrame
        As from :func:`score`, of one target and shift.

    Returns
    -------
    DataFrame
        ``labels``: the largest number up to which every model of so many labels or
        fewer is beaten, with the 95 % interval above 0; 0 if already one of the fewest
        is not. ``most`` and ``fewest``: numbers that were tried. ``rival``, the best
        model of up to ``labels`` labels, or if they are 0 of the fewest, and its
        ``rival_labels``. ``r2`` and ``network_r2`` of the student and the network.
        R2 of the student minus that of the rival and that of :data:`CONTROL`, each with
        ``_low`` and ``_high``.
    """
    import pandas as pd

    labelled = differences[differences["labels"] > 0]
    numbers = sorted(labelled["labels"].unique())
    beaten = labelled.groupby("labels")["low"].min() > 0
    lost = [n for n in numbers if not beaten[n]]
    reached = [n for n in numbers if not lost or n < lost[0]]
    within = labelled[labelled["labels"] <= max([*reached, numbers[0]])]
    rival = within.loc[within["r2_difference"].idxmin()]
    alone = differences[differences["labels"] == 0].set_index("reference")
    r2 = scores[scores["labels"] == 0].set_index("method")["r2"]
    teacher = scores.loc[scores["role"] == "teacher", "method"].iloc[0]
    row = {
        "labels": max([0, *reached]),
        "fewest": numbers[0],
        "most": numbers[-1],
        "r2": r2[STUDENT],
        "network_r2": r2[teacher],
        "rival": rival["reference"],
        "rival_labels": rival["labels"],
    }
    for name, against in (("rival", rival), ("control", alone.loc[CONTROL])):
        row[f"{name}_difference"] = against["r2_difference"]
        row |= {f"{name}_{end}": against[end] for end in ("low", "high")}
    return pd.DataFrame([row])


def _models(file: xr.Dataset) -> dict[Model, np.ndarray]:
    """Entries of every model of a file, by draw."""
    found: dict[Model, list[int]] = {}
    columns = (file[name].values.tolist() for name in ("method", "labels"))
    models = list(zip(*columns, strict=True))
    for entry in np.argsort(file["draw"].values, kind="stable").tolist():
        found.setdefault(models[entry], []).append(entry)
    return {model: np.array(entries) for model, entries in found.items()}


def _scored(sets: Stacked, draws: int, seed: int) -> pd.DataFrame:
    table = bootstrap.score(
        sets.y, _by_name(sets), sets.units, sets.test_set, draws=draws, seed=seed
    )
    methods, labels = zip(*sets.predictions, strict=True)
    table["method"] = methods
    table.insert(1, "labels", labels)
    table.insert(2, "role", list(sets.roles.values()))
    return table.assign(test_sets=sets.test_set[-1] + 1)


def _differences(sets: Stacked, draws: int, seed: int) -> pd.DataFrame:
    others = [model for model in sets.predictions if model != (STUDENT, 0)]
    table = bootstrap.differences(
        sets.y,
        _by_name(sets),
        sets.units,
        [(_name((STUDENT, 0)), _name(model)) for model in others],
        sets.test_set,
        draws=draws,
        seed=seed,
    )
    methods, labels = zip(*others, strict=True)
    table = table.assign(a=STUDENT, b=methods)
    table.insert(2, "labels", labels)
    names = {"a": "method", "b": "reference", "difference": "r2_difference"}
    return table.rename(columns=names | {"splits": "test_sets"})


def _by_name(sets: Stacked) -> dict[str, np.ndarray]:
    return {_name(model): values for model, values in sets.predictions.items()}


def _name(model: Model) -> str:
    return f"{model[0]} {model[1]}"
