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

from awd import wavelet
from awd.features import Student
from awd.filters import kernels
from awd.league import baselines, bootstrap
from awd.league.splits import Part
from awd.search import candidates
from awd.search.candidates import Candidate

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
)


@dataclass(frozen=True)
class Entry:
    """One method's predictions of the test samples, and what the table says of it.

    ``predict`` is the fitted model, from its ``inputs`` (n, ...) to (n,): traces, or
    features made by hand. ``fidelity`` is the test R2 against the teacher's output of
    the same student fitted to that output; ``compression`` the share of coefficients
    that are large and matter. Parameters count the numbers learned from data, in the
    filter and in the head; ``scored`` how many filters the one shown was chosen from.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    inputs: np.ndarray
    role: str
    fidelity: float = np.nan
    compression: float = np.nan
    filter_parameters: int = 0
    head_parameters: int = 0
    scored: int = 0


@dataclass(frozen=True)
class Teaching:
    """What a teacher says: outputs (n,) for train and test, input gradients of test."""

    train: np.ndarray
    test: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Bank:
    """A filter in the league: how it is used, its role, what was learned for it."""

    chosen: Candidate
    role: str
    parameters: int = 0
    scored: int = 0


def named_banks(names: Sequence[str], levels: int) -> dict[str, Bank]:
    """Fixed wavelets of PyWavelets, which have learned nothing."""
    return {
        name: Bank(Candidate(wavelet.from_pywt(name), levels), "wavelet")
        for name in names
    }


def banks_of(wavelets: xr.Dataset) -> dict[str, Bank]:
    """The methods of a ``wavelets`` file."""
    scored = wavelets["scored"].values.tolist()
    learned = wavelets["parameters"].values.tolist()
    roles = wavelets["role"].values.tolist()
    found = candidates.from_dataset(wavelets)
    return {
        name: Bank(found[name], role, count, tried)
        for name, role, count, tried in zip(found, roles, learned, scored, strict=True)
    }


def enter_wavelets(
    train: Part,
    test: Part,
    banks: Mapping[str, Bank],
    teaching: Teaching,
    student: Student,
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
    student, mode : Student, str
        Features and head, and the mode of the transform.
    """
    entries = {}
    for name, bank in banks.items():
        h, levels = bank.chosen.filter, bank.chosen.levels
        read = student.features.mirrored if bank.chosen.mirrored else student.features
        recipe = replace(student, features=read)
        fitted = replace(recipe).fit(train.x, train.y, h, levels, mode)
        copy = replace(recipe).fit(train.x, teaching.train, h, levels, mode)
        bands = (
            kernels.analysis(values, h, levels, mode)
            for values in (test.x, teaching.gradient)
        )
        entries[name] = Entry(
            fitted.predict,
            test.x,
            bank.role,
            bootstrap.r2(teaching.test, copy.predict(test.x)),
            bootstrap.compression(*bands),
            bank.parameters,
            fitted.head_parameters,
            bank.scored,
        )
    return entries


def enter_baselines(train: Part, test: Part, seed: int) -> dict[str, Entry]:
    """The models that see no wavelet; those of hand features where there are any."""
    entries = {}
    for name in baselines.MODELS:
        known, asked = (baselines.inputs(name, part) for part in (train, test))
        if known is None or asked is None:
            continue
        model = baselines.fit(name, known, train.y, seed)
        size = baselines.parameters(model)
        entries[name] = Entry(model.predict, asked, "baseline", head_parameters=size)
    return entries


def enter_teachers(
    test: Part,
    teaching: Teaching,
    predict: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    parameters: Mapping[str, int],
) -> dict[str, Entry]:
    """The teachers themselves, all their weights in their heads.

    ``predict`` and ``parameters`` (the number of weights) are by kind of teacher.
    """
    return {
        kind: Entry(
            answer,
            test.x,
            "teacher",
            bootstrap.r2(teaching.test, answer(test.x)),
            head_parameters=parameters[kind],
        )
        for kind, answer in predict.items()
    }


def time_inference(entries: Mapping[str, Entry], **names: str) -> pd.DataFrame:
    """Seconds that one prediction, and a thousand at once, take each method.

    Returns
    -------
    DataFrame
        ``names`` as columns, ``method``, ``seconds_batch1``, ``seconds_batch1000``.
    """
    import pandas as pd

    rows = []
    for name, entry in entries.items():
        x, predict = entry.inputs, entry.predict
        thousand = np.resize(x, (1000, *x.shape[1:]))
        seconds = (
            bootstrap.inference_seconds(predict, x[:1], 21),
            bootstrap.inference_seconds(predict, thousand),
        )
        rows.append((*names.values(), name, *seconds))
    columns = [*names, "method", "seconds_batch1", "seconds_batch1000"]
    return pd.DataFrame(rows, columns=columns)


def to_dataset(entries: Mapping[str, Entry], test: Part, **names: str) -> xr.Dataset:
    """Entries as a ``predictions`` file; ``names``: its study, split and seed."""
    import xarray as xr

    predicted = np.stack([one.predict(one.inputs) for one in entries.values()])
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
