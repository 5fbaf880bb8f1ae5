"""Students and baselines of one split, target and seed, on samples never fitted to.

Here, and only here, a student is fitted to labels and shown test samples. Every wavelet
gets the same features and the same head, so that a row differs from the next by its
filter alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import io, wavelet
from awd.features import Largest, Student
from awd.filters import kernels
from awd.league import bootstrap, choose, splits
from awd.league.choose import Method
from awd.league.predict import Entry
from awd.league.splits import Part
from awd.record import contracts
from awd.search.candidates import Candidate
from awd.study import baselines
from awd.teacher import ask, weights

if TYPE_CHECKING:
    import pandas as pd

REPEATS = baselines.REPEATS


class Teaching(NamedTuple):
    """A network's answers: outputs (n,) on train and test, input gradients on test."""

    train: np.ndarray
    test: np.ndarray
    gradient: np.ndarray


def students(
    given: Any, target: str, settings: Mapping[str, Any], device: str
) -> tuple[Part, dict[str, Entry], pd.DataFrame]:
    """The networks, and the same student on every wavelet.

    Parameters
    ----------
    given : object
        Paths: ``samples``, ``outputs``, ``networks`` and ``wavelets``.
    target : str
    settings : mapping
        ``features`` (of :class:`awd.features.Largest`) and ``head`` of the student,
        ``kinds`` (the networks that enter; the first is distilled), ``wavelets`` and
        ``levels`` (fixed wavelets by name).
    device : str
        Where networks are asked.

    Returns
    -------
    Part
        The test samples.
    dict of str to Entry
        By method.
    DataFrame
        ``method``, and its RMSE in a column of the head's name.
    """
    import pandas as pd

    data = io.read(given.samples, contracts.DATASET)
    train, test = (splits.part(data, side, target) for side in ("train", "test"))
    answers = io.read(given.outputs, contracts.OUTPUTS)["output"].isel(name=0)
    teachers = {
        kind: partial(ask.output, model, device=device)
        for kind, model in weights.load(given.networks, settings["kinds"]).items()
    }
    first = next(iter(teachers))
    output = answers.sel(network=first).values
    gradient = ask.saliency(teachers[first].args[0], test.x, device=device)
    teaching = Teaching(output[train.rows], output[test.rows], gradient)
    methods = choose.from_dataset(io.read(given.wavelets, contracts.WAVELETS))
    methods |= fixed(settings["wavelets"], settings["levels"])
    student = Student(Largest(**settings["features"]), settings["head"])
    entries = {
        kind: of_teacher(
            teacher, test, teaching, answers.sel(network=kind).values[test.rows]
        )
        for kind, teacher in teachers.items()
    }
    entries |= {
        name: of_wavelet(method, train, test, teaching, student)
        for name, method in methods.items()
    }
    errors = [bootstrap.rmse(test.y, entry.prediction) for entry in entries.values()]
    heads = pd.DataFrame({"method": list(entries), settings["head"]: errors})
    return test, entries, heads


def fixed(names: Sequence[str], levels: int) -> dict[str, Method]:
    """Wavelets of PyWavelets, which have learned nothing and were not chosen."""
    return {
        name: Method(
            Candidate(wavelet.from_pywt(name), levels), (), "wavelet", "fidelity", 0
        )
        for name in names
    }


def of_wavelet(
    method: Method,
    train: Part,
    test: Part,
    teaching: Teaching,
    student: Student,
    mode: str = "zero",
) -> Entry:
    """The student on one filter.

    Parameters
    ----------
    method : Method
        The filter, and how it was chosen.
    train, test : Part
        Samples the heads are fitted to, and those predicted.
    teaching : Teaching
        Of the teacher to which fidelity and compression refer.
    student, mode : Student, str
        Features and head, and the mode of the transform.
    """
    h, levels = method.chosen.filter, method.chosen.levels
    read = student.features.mirrored if method.chosen.mirrored else student.features
    recipe = replace(student, features=read)
    fitted = replace(recipe).fit(train.x, train.y, h, levels, mode)
    copy = replace(recipe).fit(train.x, teaching.train, h, levels, mode)
    coefficients, attributions = (
        kernels.analysis(values, h, levels, mode)
        for values in (test.x, teaching.gradient)
    )
    return Entry(
        fitted.predict(test.x),
        method.role,
        bootstrap.r2(teaching.test, copy.predict(test.x)),
        bootstrap.compression(coefficients, attributions),
        method.parameters,
        fitted.head_parameters,
        len(method.pool),
        fitted.predict,
        test.x,
    )


def of_teacher(
    teacher: partial[np.ndarray], test: Part, teaching: Teaching, output: np.ndarray
) -> Entry:
    """A network itself, all its weights in its head; ``output`` (n,) on test."""
    size = sum(weight.numel() for weight in teacher.args[0].parameters())
    fidelity = bootstrap.r2(teaching.test, output)
    return Entry(
        output,
        "teacher",
        fidelity,
        head_parameters=size,
        predict=teacher,
        inputs=test.x,
    )
