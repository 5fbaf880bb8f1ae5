"""Students and baselines of one split, target and seed, on samples never fitted to.

Here, and only here, a student is fitted to labels and shown test samples. Every wavelet
gets the same features and the same head, fitted to the same mixture of labels and of
the network's outputs, so that a row differs from the next by its filter alone. Beside
it stands the same wavelet with its head on labels: what one has without a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import io, wavelet
from awd.features import Student, recipe
from awd.filters import kernels
from awd.league import bootstrap, choose, splits
from awd.league.choose import Method
from awd.league.predict import Entry
from awd.league.splits import Part
from awd.record import contracts
from awd.samples import as_rows, axes, possible_levels
from awd.search.candidates import Candidate
from awd.study import baselines
from awd.study.students import asked, gradient, outputs, unseen
from awd.targets import LABELS, HeldOut, Target, fit
from awd.teacher import shelf

if TYPE_CHECKING:
    import pandas as pd

    from awd.teacher.brought import Network

REPEATS = baselines.REPEATS


class Teaching(NamedTuple):
    """A network's answers, outputs (n,) on the known and on the test samples.

    ``gradient`` is its input gradient on test, if it has any, ``held_out`` what
    networks answered that did not see a fold.
    """

    known: np.ndarray
    test: np.ndarray
    gradient: np.ndarray | None
    held_out: HeldOut | None = None


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
        ``features`` (of :func:`awd.features.recipe`), ``head``, ``fit_to``,
        ``shares`` and ``honest`` (:func:`awd.study.students.unseen`) of the student,
        ``kinds`` (the networks that enter; the first is
        distilled), ``wavelets`` and ``levels`` (fixed wavelets by name).
    device : str
        Where networks are asked.

    Returns
    -------
    Part
        The test samples.
    dict of str to Entry
        By method; after an "@" what the head was fitted to, where that is not
        ``fit_to`` (:data:`awd.league.names.HEADS`).
    DataFrame
        ``method``, and its RMSE in a column of the head's name.
    """
    import pandas as pd

    data, (known, test) = splits.read(given.samples, target, splits.KNOWN, "test")
    models = shelf.networks(given.networks, settings["kinds"])
    first = next(iter(models))
    with io.opened(given.outputs, contracts.OUTPUTS) as answered:
        answers = outputs(answered)
        slopes = gradient(answered, first, test.rows)
    teaching = Teaching(
        answers[first][known.rows],
        answers[first][test.rows],
        slopes,
        unseen(data["split"].values, known, answers, settings["honest"]),
    )
    methods = choose.from_dataset(io.read(given.wavelets, contracts.WAVELETS))
    (depth,) = possible_levels(test.x, [settings["levels"]])
    methods |= fixed(settings["wavelets"], depth)
    student = Student(recipe(**settings["features"]), settings["head"])
    entries = {
        kind: of_teacher(model, test, teaching, answers[kind][test.rows], device)
        for kind, model in models.items()
    }
    own = {name: answers[name][known.rows] for name in contracts.CONTROLS}
    ours = next(iter(methods))
    labelled = not data.attrs.get("unlabelled")
    for name, method in methods.items():
        targets = _targets(settings, teaching, name == ours, own.get(name), labelled)
        found = of_wavelet(method, known, test, teaching, student, targets)
        entries |= {f"{name}{at}": entry for at, entry in found.items()}
    errors = [bootstrap.rmse(test.y, entry.prediction) for entry in entries.values()]
    rmse = pd.DataFrame({"method": list(entries), settings["head"]: errors})
    return test, entries, rmse


def _targets(
    settings: Mapping[str, Any],
    teaching: Teaching,
    whole: bool,
    own: np.ndarray | None,
    labelled: bool,
) -> dict[str, Target]:
    """What the heads of a wavelet are fitted to, by what follows its name.

    First what the configuration asks for; then labels, what one has without a network;
    ``whole``: outputs alone, without a label; ``own``: those of a control's network.
    Samples that are not ``labelled`` have the network's outputs for targets.
    """
    wanted = asked(settings, teaching.known, teaching.held_out)
    targets = {"": wanted, "@labels": LABELS} if labelled else {"": LABELS}
    if whole and labelled:
        targets["@outputs"] = Target(teaching.known, (1.0,))
    if own is not None:
        targets["@own"] = Target(own, (1.0,))
    targets.pop(f"@{settings['fit_to']}", None)
    return targets


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
    known: Part,
    test: Part,
    teaching: Teaching,
    student: Student,
    targets: Mapping[str, Target],
    mode: str = "zero",
) -> dict[str, Entry]:
    """The student on one filter, an entry for each that its head is fitted to.

    Parameters
    ----------
    method : Method
        The filter, and how it was chosen.
    known, test : Part
        Samples the heads are fitted to, and those predicted.
    teaching : Teaching
        Of the teacher to which fidelity and compression refer.
    student, mode : Student, str
        Features and head, and the mode of the transform.
    targets : mapping of str to Target
        By what names the entry.
    """
    h, levels = method.chosen.filter, method.chosen.levels
    read = student.features.mirrored if method.chosen.mirrored else student.features
    chosen = replace(student, features=read)
    copy = replace(chosen).fit(known.x, teaching.known, h, levels, mode, axes(known.x))
    same = {
        "role": method.role,
        "fidelity": bootstrap.r2(teaching.test, copy.predict(test.x)),
        "compression": _compression(test.x, teaching.gradient, h, levels, mode),
        "filter_parameters": method.parameters,
        "scored": len(method.pool),
        "inputs": test.x,
    }
    entries = {}
    for name, target in targets.items():
        fitted, share = fit(chosen, known, target, h, levels, mode)
        entries[name] = Entry(
            fitted.predict(test.x),
            head_parameters=fitted.head_parameters,
            share=share,
            predict=fitted.predict,
            **same,
        )
    return entries


def _compression(
    x: np.ndarray, gradient: np.ndarray | None, h: np.ndarray, levels: int, mode: str
) -> float:
    """Share of coefficients that are large and matter; NaN without gradients.

    And of smoothers, which have no orthonormal coefficients.
    """
    if gradient is None or len(h) % 2:
        return np.nan
    coefficients, attributions = (
        kernels.pack(as_rows(values), h, levels, mode)[0] for values in (x, gradient)
    )
    return bootstrap.compression([coefficients], [attributions])


def of_teacher(
    model: Network | None,
    test: Part,
    teaching: Teaching,
    output: np.ndarray,
    device: str,
) -> Entry:
    """A network itself, all its weights in its head; ``output`` (n,) on test.

    One that answers elsewhere is not timed, and counts no weights.
    """
    return Entry(
        output,
        "teacher",
        bootstrap.r2(teaching.test, output),
        head_parameters=(model.parameters or 0) if model else 0,
        predict=partial(model.output, device=device) if model else None,
        inputs=test.x,
    )
