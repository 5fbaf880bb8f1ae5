"""What the explorer shows of a study on the common rules, from files of one split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from awd import features, io, wavelet
from awd.filters import kernels
from awd.filters.families import Lattice
from awd.league import choose, splits
from awd.league.choose import Method
from awd.league.names import name_of
from awd.record import contracts
from awd.report.explorer import images, path, pictures, signals
from awd.report.explorer.page import Part
from awd.report.explorer.path import Path
from awd.report.explorer.pictures import called
from awd.report.explorer.signals import Signals
from awd.report.figures.parts import shown_unit, with_unit
from awd.report.figures.student import channels, examples
from awd.report.tables import typeset
from awd.samples import as_rows, axes
from awd.search import candidates
from awd.search.candidates import Candidate
from awd.study import students

MOST = 800  # test samples that are shown
SAMPLES = 1000  # known samples by which a path is scored
ANGLES = 33  # of the family with one angle
LABELS = {0.0: "no", 1.0: "yes"}  # of targets that are 1 in their class
SCORED = (
    "R² here is cross-validated on {} training and select samples ({} folds by group), "
    "of the small student of the search, which reads single coefficients alone; in the "
    "report it is of the final student, which reads more, on the test groups."
)
NAMED = {"Haar": "haar", "db2": "db2"}


def parts(
    title: str,
    given: Any,
    target: str,
    settings: Mapping[str, Any],
    method: str,
    time: str = "samples",
) -> list[Part]:
    """The tabs of a study of one's own; arguments as for :func:`signals_of`.

    ``time`` is the unit of a signal's time.
    """
    with io.opened(given.samples) as data:
        dims = axes(data["x"][:1].values)
    if dims == 1:
        shown = signals_of(given, target, settings, method)
        seen = signals.part(title, replace(shown, times=[time]))
    else:
        seen = images.part(title, pictures.images_of(given, target, settings, method))
    along = path.part(f"{title}: the method", paths(given, target, settings, method))
    return [seen, along]


def signals_of(
    given: Any,
    target: str,
    settings: Mapping[str, Any],
    method: str,
    windows: Sequence[str] = (),
    among: Sequence[str] = (),
) -> Signals:
    """The test samples of a split, as the student of a method reads them.

    Parameters
    ----------
    given : object
        Paths: ``samples``, ``outputs``, ``wavelets`` and ``students`` of one split.
    target, settings, method
        As for :func:`awd.study.students.taught`.
    windows : sequence of str
        Names of the channels, where the study has names.
    among : sequence of str
        Groups whose samples are shown, all groups by default: at most :data:`MOST`,
        evenly spread over the target.
    """
    student, known = students.taught(given, target, settings, method)
    with io.opened(given.samples, contracts.DATASET) as data:
        test, described = splits.part(data, "test", target), data["x"].attrs
    shown = _shown(test, among)
    part = test.only(shown)
    with io.opened(given.outputs, contracts.OUTPUTS) as answered:
        network, answer = next(iter(students.outputs(answered).items()))
        gradient = students.gradient(answered, network, part.rows)
    said = {
        name_of(method): student.predict(part.x),
        name_of(network): answer[part.rows],
    }
    said |= _others(io.read(given.students, contracts.PREDICTIONS), part.rows, said)
    n = len(part.y)
    return Signals(
        student,
        known.x,
        np.asarray(part.x).reshape(n, -1, np.shape(part.x)[-1]),
        called(part),
        part.y,
        said,
        None if gradient is None else gradient.reshape(n, -1, gradient.shape[-1]),
        list(windows) or channels(part.x),
        with_unit(described["long_name"], described["units"]),
        with_unit(target, part.described["units"]),
        unit=shown_unit(described["units"]),
        labels=LABELS if {*np.unique(part.y)} <= {*LABELS} else {},
    )


def rows_of(given: Any, target: str, among: Sequence[str] = ()) -> np.ndarray:
    """Which rows of the data set :func:`signals_of` shows."""
    _, (test,) = splits.read(given.samples, target, "test")
    return test.rows[_shown(test, among)]


def _shown(test: splits.Part, among: Sequence[str]) -> np.ndarray:
    """Mask of the test samples that are shown."""
    own = np.isin(test.groups, among) if among else np.full(len(test.y), True)
    order = np.flatnonzero(own)[np.argsort(test.y[own], kind="stable")]
    places = np.linspace(0, len(order) - 1, min(MOST, len(order))).astype(int)
    return np.isin(np.arange(len(test.y)), order[places])


def _others(
    predictions: Any, rows: np.ndarray, known: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """What a fixed wavelet says of the same samples, where the league has one."""
    roles = predictions["role"].values
    place = np.searchsorted(predictions["row"].values, rows)
    out = {}
    for k in np.flatnonzero(roles == "wavelet")[:1]:
        name = name_of(str(predictions["method"].values[k]))
        if name not in known:
            out[name] = predictions["prediction"].values[k][place]
    return out


def methods_of(wavelets: Any) -> set[str]:
    """Methods that tabs name: what was distilled, and wavelets as they are."""
    found = choose.from_dataset(io.read(wavelets, contracts.WAVELETS))
    return {k for k, each in found.items() if each.role in {"distilled", "wavelet"}}


def paths(
    given: Any, target: str, settings: Mapping[str, Any], method: str, folds: int = 5
) -> list[Path]:
    """Filters along one number: the family of one angle, then what was searched.

    Arguments as for :func:`signals_of`; filters are scored on the training and select
    groups, by the cross-validation that chooses.
    """
    _, (known,) = splits.read(given.samples, target, splits.KNOWN)
    if len(known.y) > SAMPLES:
        keep = np.linspace(0, len(known.y) - 1, SAMPLES).astype(int)
        known = known.only(np.isin(np.arange(len(known.y)), keep))
    with io.opened(given.outputs, contracts.OUTPUTS) as answered:
        network, answers = next(iter(students.outputs(answered).items()))
        gradient = students.gradient(answered, network, known.rows)
    answer = answers[known.rows]
    recipe = features.searched(features.recipe(**settings["features"]))
    found = choose.from_dataset(io.read(given.wavelets, contracts.WAVELETS))
    out = []
    for title, label, names, pool, at in _pools(found, method):
        fidelity, score = (
            np.array(candidates.scores(pool, known.x, y, recipe, known.groups, folds))
            for y in (answer, known.y)
        )
        shown, share, rows = _attributed(
            pool, known.x if gradient is None else gradient, answer
        )
        out.append(
            Path(
                title,
                label,
                names,
                [candidate.filter for candidate in pool],
                fidelity,
                score,
                share,
                shown,
                rows,
                int(np.nanargmax(fidelity)),
                "the network says" if gradient is not None else "is in a signal",
                at=at,
                scored=SCORED.format(len(known.y), folds),
            )
        )
    return out


def _pools(
    found: Mapping[str, Method], method: str
) -> Iterator[tuple[str, str, list[str], list[Candidate], np.ndarray | None]]:
    """Title, what its number is, names, candidates and places of every path's steps."""
    ours = found[method].chosen
    named = {label: wavelet.from_pywt(name) for label, name in NAMED.items()}
    at = {label: float(Lattice(4).parameters(h)[0]) for label, h in named.items()}
    angles = np.linspace(-np.pi / 2, np.pi / 2, ANGLES, endpoint=False)
    angles = np.unique(np.round([*angles, *at.values()], 9))
    called = {round(angle, 9): f" ({label})" for label, angle in at.items()}
    yield (
        "every wavelet of 4 taps",
        "lattice angle (rad)",
        [f"{typeset(angle, 2)}{called.get(angle, '')}" for angle in angles],
        [replace(ours, filter=h) for h in Lattice(4).filters(angles[:, None])],
        angles,
    )
    for name, other in found.items():
        steps = _steps(name, other.pool)
        if len(steps) > 1 and other.role == "distilled":
            title = f"filters tried for {name_of(name)}"
            weights = name.startswith(("attribution", "soft"))
            label = "attribution over sparsity" if weights else "taps, levels"
            yield title, label, [*steps], [*steps.values()], None


def _steps(name: str, pool: Sequence[Candidate]) -> dict[str, Candidate]:
    """The best candidate at every step of what was searched, in its order."""
    by: dict[tuple, Candidate] = {}
    for candidate in pool:
        key: tuple[float, ...]
        if name.startswith(("attribution", "soft")):
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.divide(candidate.attribution, candidate.sparsity)
            key = (float(ratio),)
        else:
            key = len(candidate.filter), candidate.levels
        if np.isfinite(key[0]) or key[0] == np.inf:
            best = by.get(key)
            if best is None or candidate.score > best.score:
                by[key] = candidate
    return {
        ", ".join("∞" if value == np.inf else f"{value:g}" for value in key): by[key]
        for key in sorted(by)
    }


def _attributed(
    pool: Sequence[Candidate], through: np.ndarray, answer: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """What is seen of one example through every filter, and how few hold most of it.

    Parameters
    ----------
    pool : sequence of Candidate
    through : array of shape (n, ...)
        Gradients of the network, which transform as signals do, or the signals.
    answer : array of shape (n,)
        By which the example is picked.
    """
    dims = axes(through)
    k = examples(answer)[-1]
    example = as_rows(through[k : k + 1].astype(np.float64))
    example = example[np.square(example.reshape(len(example), -1)).sum(1).argmax()]
    some = as_rows(through[:: -(-len(through) // 200)].astype(np.float64))
    most = max(candidate.levels for candidate in pool)
    images, shares = [], []
    for candidate in pool:
        h, levels = candidate.filter, candidate.levels
        images.append(
            _picture(
                kernels.analysis(example[None], h, levels, dims=dims), example, most
            )
        )
        shares.append(concentration(kernels.pack(some, h, levels)[0]))
    names = [f"level {level}" for level in range(1, most + 1)][::-1]
    rows = ["mean", *names] if dims == 1 else []
    return stacked(images), np.array(shares), rows


def stacked(images: Sequence[np.ndarray]) -> np.ndarray:
    """Images of nearly one size as an array, the smaller ones with an empty rim."""
    rows, columns = np.max([image.shape for image in images], axis=0)
    return np.stack(
        [
            np.pad(image, ((0, rows - len(image)), (0, columns - image.shape[1])))
            for image in images
        ]
    )


def _picture(bands: Sequence[Any], example: np.ndarray, most: int) -> np.ndarray:
    """Bands as rows of one length, the approximation first; of images their mosaic."""
    if example.ndim == 1:
        time = len(example)
        rows = [band[0][(np.arange(time) * band.shape[-1]) // time] for band in bands]
        blank = [np.zeros(time)] * (most + 1 - len(rows))
        return np.stack([rows[0], *blank, *rows[1:]])
    import pywt

    return pywt.coeffs_to_array(
        [bands[0][0], *(tuple(b[0] for b in level) for level in bands[1:])]
    )[0]


def concentration(coefficients: np.ndarray) -> float:
    """Mean share of the coefficients (n, k) of a sample that hold 90 % of their sum."""
    size = np.sort(np.abs(coefficients), axis=1)[:, ::-1]
    within = np.cumsum(size, 1) < 0.9 * size.sum(1, keepdims=True)
    return float((within.sum(1) + 1).mean() / size.shape[1])
