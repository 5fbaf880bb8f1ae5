"""What a network is worth that is handed over without its data.

A lab trained it; the user has samples of other groups, without labels or with a few. To
the network the user's samples are all the same, so half of them can be its pool, on
which students are fitted to what it answers, while the other half tests, and then the
other way round. Beside the students stand models that do without the network: fitted
to labels of the user's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from awd import distil, heads
from awd.errors import DataError
from awd.features import Student, searched
from awd.features import recipe as reads
from awd.league import baselines, splits
from awd.league.splits import Part
from awd.samples import axes
from awd.search import candidates
from awd.search.candidates import Candidate
from awd.study import predict
from awd.teacher import ask, weights

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

# Models without a wavelet that can be fitted to ten labels.
PLAIN = ("ridge", "boosting", "hand_ridge", "hand_hinges", "hand_boosting")
LEAF = 2, 20  # samples of a leaf of the boosting: a tenth of the labels, within these


class Entry(NamedTuple):
    """A model: its method, its role in the league, its number of labels, their draw."""

    method: str
    role: str
    labels: int = 0
    draw: int = 0


@dataclass(frozen=True)
class Recipe:
    """How students are made, as in the rest of the study.

    Attributes
    ----------
    student : Student
        Features and head.
    fixed : mapping of str to Candidate
        Wavelets that have learned nothing, by name.
    lengths, levels, moments, folds
        As of :class:`awd.study.distil.Distiller`.
    candidates : int
        Random filters, and at most as many named ones, that labels choose from.
    seed : int
    """

    student: Student
    fixed: Mapping[str, Candidate]
    lengths: Sequence[int]
    levels: Sequence[int]
    moments: int
    folds: int
    candidates: int
    seed: int

    def distilled(self, pool: Part, output: np.ndarray) -> Candidate:
        """The wavelet of a network by what it answers (n,) on the pool."""
        return distil.distil(
            pool.x,
            output=output,
            student=searched(self.student.features),
            groups=_units(pool),
            folds=self.folds,
            dims=axes(pool.x),
            levels=self.levels,
            length=self.lengths,
            moments=self.moments,
            random_state=self.seed,
        ).chosen

    def candidates_for_labels(self) -> list[Candidate]:
        """Random and named filters."""
        rng = np.random.default_rng(self.seed)
        drawn = candidates.random_pool(self.candidates, self.lengths, self.levels, rng)
        return [*drawn, *candidates.named_pool(self.candidates, self.levels)]


@dataclass(frozen=True)
class User:
    """One way round: a pool to fit to, a test set, and what the networks answer there.

    ``network`` and ``untrained`` (n,) are outputs on the pool, ``answers`` (m,) those
    of the network on test.
    """

    pool: Part
    test: Part
    network: np.ndarray
    untrained: np.ndarray
    answers: np.ndarray


def predictions(
    given: Any, target: str, settings: Mapping[str, Any], seed: int, device: str
) -> xr.Dataset:
    """Every model's predictions of the user's samples, each as one of the test half.

    Parameters
    ----------
    given : object
        Paths: ``samples`` with a split, as the user's microscope shows them, and
        ``networks``.
    target : str
    settings : mapping
        ``kind`` of the network that is handed over; ``labels`` and ``draws``;
        ``features`` and ``head`` of the student; ``wavelet`` and its ``depth``, that
        has learned nothing; ``lengths``, ``levels``, ``moments``, ``folds`` and
        ``candidates`` of the :class:`Recipe`.
    seed : int
        Of searches, draws and boosting.
    device : str
        Where networks are asked.

    Returns
    -------
    Dataset
        :data:`awd.record.contracts.HANDED`, but for its names.

    Raises
    ------
    DataError
        When the user's samples cannot be cut in two, or a half has fewer samples than
        labels are asked for.
    """
    settings = dict(settings)
    kind, numbers, draws = (settings.pop(key) for key in ("kind", "labels", "draws"))
    student = Student(reads(**settings.pop("features")), settings.pop("head"))
    fixed = predict.fixed([settings.pop("wavelet")], settings.pop("depth"))
    without = {name: method.chosen for name, method in fixed.items()}
    recipe = Recipe(student, without, seed=seed, **settings)
    _, (samples,) = splits.read(given.samples, target, "test")
    models = weights.load(given.networks, [kind, "untrained"])
    blank, half = models["untrained"], halves(samples)
    labels = _affordable(numbers, half)
    found: dict[Entry, np.ndarray] = {}
    with threadpool_limits(1):
        for tested in (0, 1):
            user = _user(samples, half == tested, models[kind], blank, device)
            for entry, prediction in models_of(user, recipe, kind, labels, draws):
                whole = found.setdefault(entry, np.empty(len(half)))
                whole[half == tested] = prediction
    return to_dataset(found, samples, half)


def halves(samples: Part) -> np.ndarray:
    """Half of every sample, (n,) of 0 and 1: whole groups, or blocks of a single one.

    Raises
    ------
    DataError
        There is a single group of a single block.
    """
    units = _units(samples)
    if len(np.unique(units)) < 2:
        raise DataError(
            f"the user's samples are all of block {units[0]}; a pool and a test set "
            "need two: raise cells.tiles or cells.splits.test"
        )
    return splits.folds(units, 2)


def models_of(
    user: User, recipe: Recipe, kind: str, labels: Sequence[int], draws: int
) -> Iterator[tuple[Entry, np.ndarray]]:
    """All models of one way round, and their predictions (m,) of its test set.

    Parameters
    ----------
    user, recipe : User, Recipe
    kind : str
        What the network is called.
    labels : sequence of int
        Of the pool; fewer are a part of the more.
    draws : int
    """
    chosen = {
        ("output", "distilled"): recipe.distilled(user.pool, user.network),
        ("untrained", "control"): recipe.distilled(user.pool, user.untrained),
    }
    chosen |= {(name, "wavelet"): fixed for name, fixed in recipe.fixed.items()}
    yield Entry(kind, "teacher"), user.answers
    yield from _without_labels(user, recipe, chosen)
    rng = np.random.default_rng(recipe.seed)
    searched = _Searched(recipe, user.pool)
    long = baselines.inputs(_Kernels.NAME, user.pool) is not None
    kernels = _Kernels(user, recipe.seed) if long else None
    for draw in range(draws):
        order = rng.permutation(len(user.pool.y))
        for n in labels:
            rows = np.sort(order[:n])
            best = {**chosen, ("best_labels", "control"): searched.best(rows)}
            fitted = _with_labels(user.pool.only(rows), user.test, recipe, best)
            for (method, role), prediction in fitted:
                yield Entry(method, role, n, draw), prediction
            if kernels:
                yield Entry(_Kernels.NAME, "baseline", n, draw), kernels.fitted(rows)


def to_dataset(
    found: Mapping[Entry, np.ndarray], samples: Part, half: np.ndarray
) -> xr.Dataset:
    """Predictions by entry as a ``handed`` file, but for its names."""
    import xarray as xr

    columns = zip(Entry._fields, zip(*found, strict=True), strict=True)
    return xr.Dataset(
        {
            "prediction": (
                ("entry", "sample"),
                np.stack([*found.values()]),
                samples.described,
            ),
            "target": ("sample", samples.y, samples.described),
            "group": ("sample", samples.groups),
            "block": ("sample", samples.blocks),
            "row": ("sample", samples.rows),
            "half": ("sample", half),
            **{name: ("entry", list(values)) for name, values in columns},
        }
    )


def _units(part: Part) -> np.ndarray:
    """What is held out together: groups, or blocks of a single group."""
    return part.groups if len(np.unique(part.groups)) > 1 else part.blocks


def _affordable(numbers: Sequence[int], half: np.ndarray) -> list[int]:
    """Numbers of labels, rising, that both halves have."""
    least = int(np.bincount(half).min())
    labels = sorted({n for n in numbers if n <= least})
    if not labels:
        raise DataError(
            f"a half of the user's samples has {least}, fewer than any number of "
            f"labels asked for, {', '.join(map(str, numbers))}; ask for fewer "
            "(cells.handed.labels)"
        )
    return labels


def _user(
    samples: Part,
    tested: np.ndarray,
    network: nn.Module,
    untrained: nn.Module,
    device: str,
) -> User:
    """The user's samples in units of the pool's s.d.: no constant of the lab's."""
    scale = samples.x[~tested].std(dtype=np.float64)
    samples = replace(samples, x=(samples.x / scale).astype(np.float32))
    pool, test = samples.only(~tested), samples.only(tested)
    return User(
        pool,
        test,
        ask.output(network, pool.x, device=device),
        ask.output(untrained, pool.x, device=device),
        ask.output(network, test.x, device=device),
    )


def _without_labels(
    user: User, recipe: Recipe, chosen: Mapping[tuple[str, str], Candidate]
) -> Iterator[tuple[Entry, np.ndarray]]:
    """What is fitted to answers alone; the untrained network also to its own."""
    fitted_to = [(*key, "outputs", user.network) for key in chosen]
    fitted_to.append(("untrained", "control", "own", user.untrained))
    for method, role, head, output in fitted_to:
        found = _of_wavelet(recipe, chosen[method, role], user.pool, output, user.test)
        yield Entry(f"{method}@{head}", role), found
    for name in ("hand_ridge", "hand_boosting"):
        if user.pool.hand is not None:
            found = _plain(name, user.pool, user.network, user.test, recipe.seed)
            yield Entry(f"{name}@outputs", "baseline"), found


def _with_labels(
    known: Part,
    test: Part,
    recipe: Recipe,
    chosen: Mapping[tuple[str, str], Candidate],
) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """What is fitted to the labels of some samples."""
    for (method, role), candidate in chosen.items():
        found = _of_wavelet(recipe, candidate, known, known.y, test)
        yield (method if method == "best_labels" else f"{method}@labels", role), found
    for name in PLAIN:
        if baselines.inputs(name, known) is not None:
            found = _plain(name, known, known.y, test, recipe.seed)
            yield (name, "baseline"), found


def _of_wavelet(
    recipe: Recipe, candidate: Candidate, known: Part, y: np.ndarray, test: Part
) -> np.ndarray:
    """A student of a filter, its head fitted to y; it clips to their range."""
    read = recipe.student.features
    read = read.mirrored if candidate.mirrored else read
    student = replace(recipe.student, features=read)
    bank = candidate.filter, candidate.levels
    student.fit(known.x, y, *bank, dims=axes(known.x))
    return student.predict(test.x)


def _plain(name: str, known: Part, y: np.ndarray, test: Part, seed: int) -> np.ndarray:
    """A model without a wavelet, clipped to the range of y as students are."""
    from sklearn.pipeline import make_pipeline

    head, reads, features, _ = baselines.MODELS[name]
    leaf = int(np.clip(len(y) / 10, *LEAF))
    model = make_pipeline(features(seed), baselines.regressor(head, leaf))
    fitted = model.fit(getattr(known, reads), y)
    return np.clip(fitted.predict(getattr(test, reads)), y.min(), y.max())


class _Kernels:
    """Random kernels of all of the user's samples, and a ridge on the labelled ones.

    The kernels' thresholds come from the whole pool, which needs no label.
    """

    NAME = "multirocket"

    def __init__(self, user: User, seed: int) -> None:
        self.y, transformer = user.pool.y, baselines.MODELS[self.NAME].features(seed)
        self.known = transformer.fit_transform(user.pool.x)
        self.asked = transformer.transform(user.test.x)

    def fitted(self, rows: np.ndarray) -> np.ndarray:
        """Predictions (m,) of the test set, clipped to the range of the labels."""
        y = self.y[rows]
        head = baselines.regressor("ridge").fit(self.known[rows], y)
        return np.clip(head.predict(self.asked), y.min(), y.max())


class _Searched:
    """Filters to choose from by labels, with their features of the pool, made once."""

    def __init__(self, recipe: Recipe, pool: Part) -> None:
        self.y, self.floor = pool.y, heads.FLOOR * np.std(pool.x)
        self.candidates = recipe.candidates_for_labels()
        self.features = [
            _read(recipe.student.features, c, pool.x) for c in self.candidates
        ]

    def best(self, rows: np.ndarray) -> Candidate:
        """The filter on which a ridge has the least leave-one-out error."""
        y = self.y[rows]
        errors = [
            least_error(features[rows], y, self.floor) for features in self.features
        ]
        return self.candidates[int(np.argmin(errors))]


def _read(reads: Any, candidate: Candidate, x: np.ndarray) -> np.ndarray:
    """What a student reads of samples by a filter, (n, features)."""
    bank, dims = (candidate.filter, candidate.levels), axes(x)
    return reads.fitted(x, *bank, dims).features(x, *bank, dims=dims)


def least_error(features: np.ndarray, y: np.ndarray, floor: float) -> float:
    """Least mean squared leave-one-out error of a ridge on standardised features.

    Parameters
    ----------
    features : array of shape (n, features)
    y : array of shape (n,)
    floor : float
        Smallest s.d. by which a feature is divided.
    """
    z = (features - features.mean(0)) / np.maximum(features.std(0), floor)
    return float(heads.ridge(z, y - y.mean()).error)
