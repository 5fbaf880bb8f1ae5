"""What the student of a study is fitted to, from its files: without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io, wavelet
from awd.features import Student, recipe
from awd.league import choose, splits
from awd.league.splits import Part
from awd.record import contracts
from awd.targets import LABELS, HeldOut, Target, fit

if TYPE_CHECKING:
    import xarray as xr

HONEST_FOLDS = 5  # by which a network that saw nothing chooses its share


def taught(
    given: Any,
    target: str,
    settings: Mapping[str, Any],
    method: str,
    exact: bool = False,
) -> tuple[Student, Part]:
    """The student of one method as it enters the league, and what it was fitted to.

    Parameters
    ----------
    given : object
        Paths: ``samples``, ``outputs`` and ``wavelets``.
    target, settings
        As for :func:`awd.study.predict.students`.
    method : str
        Of the wavelets.
    exact : bool
        Whether the filter is moved onto the nearest wavelet, which a filter of the
        paper's soft losses only nearly is.
    """
    data, (known,) = splits.read(given.samples, target, splits.KNOWN)
    with io.opened(given.outputs, contracts.OUTPUTS) as answered:
        answers = outputs(answered)
    answer = next(iter(answers.values()))[known.rows]
    held_out = unseen(data["split"].values, known, answers, settings["honest"])
    found = choose.from_dataset(io.read(given.wavelets, contracts.WAVELETS))[method]
    student = Student(recipe(**settings["features"]), settings["head"])
    if found.chosen.mirrored:
        student = replace(student, features=student.features.mirrored)
    fitted, _ = fit(
        student,
        known,
        asked(settings, answer, held_out),
        wavelet.project(found.chosen.filter) if exact else found.chosen.filter,
        found.chosen.levels,
        "zero",
    )
    return fitted, known


def outputs(answered: xr.Dataset) -> dict[str, np.ndarray]:
    """What every network answers on all samples, (n,).

    ``answered`` is an open file of :data:`awd.record.contracts.OUTPUTS`.
    """
    answers = answered["output"][..., 0].values
    return dict(zip(answered["network"].values.tolist(), answers, strict=True))


def gradient(answered: xr.Dataset, network: str, rows: np.ndarray) -> np.ndarray | None:
    """Input gradients of a network in some samples, (n, ...); None if it has none.

    ``answered`` as for :func:`outputs`; of its gradients only these are read.
    """
    names = answered["differentiated"].values.tolist()
    if network not in names:
        return None
    place = np.searchsorted(answered["row"].values, rows)
    return splits.rows_of(answered["gradient"][names.index(network)], place)


def unseen(
    split: np.ndarray, known: Part, answers: Mapping[str, np.ndarray], honest: bool
) -> HeldOut | None:
    """What the networks of folds answer, and which samples they did not see.

    ``honest``: the first network saw none of the samples, so that what it answers holds
    in every fold.
    """
    if honest:
        output = next(iter(answers.values()))[known.rows]
        count = min(HONEST_FOLDS, len(np.unique(known.groups)))
        return HeldOut(splits.folds(known.groups, count), np.stack([output] * count))
    blind = [
        answer for name, answer in answers.items() if name.startswith(contracts.FOLD)
    ]
    if not blind:
        return None
    trained = split[known.rows] == "train"
    fold = np.full(len(known.y), -1)
    fold[trained] = splits.folds(known.groups[trained], len(blind))
    return HeldOut(fold, np.stack(blind)[:, known.rows])


def asked(
    settings: Mapping[str, Any], output: np.ndarray, held_out: HeldOut | None
) -> Target:
    """What the configuration fits heads to."""
    targets = {
        "labels": LABELS,
        "outputs": Target(output, (1.0,)),
        "mixed": Target(output, settings["shares"], held_out),
    }
    return targets[settings["fit_to"]]
