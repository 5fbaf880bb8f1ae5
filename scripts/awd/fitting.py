"""From samples and what a network answers to a small model, and how good it is.

What the estimators share: a wavelet is distilled, a head fitted to labels, outputs or
both, and all of it is done anew without each fold, whose samples then tell how good the
whole is. The search takes the best of many filters, so its own score flatters it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from awd import gaps, heads, samples, targets
from awd.distil import Distilled, distil
from awd.errors import DataError, ShapeError, warn
from awd.features import Student, searched
from awd.log import progress
from awd.targets import HeldOut, Target

RESAMPLES = 1000  # of the groups, for the interval of the fidelity


@dataclass(frozen=True)
class Taught:
    """Samples, and what is known of them.

    Attributes
    ----------
    x : ndarray of shape (n, [channel,] time) or (n, channel, y, x)
    outputs : ndarray of shape (n, targets) or None
        What the network answers.
    labels : ndarray of shape (n, targets) or None
    gradient : ndarray of the shape of x or None
    groups : ndarray of shape (n,) or None
    held_out : HeldOut or None
        With ``outputs`` of shape (folds, n, targets).
    mask : ndarray of int8 of the shape of x, or None
        What was seen of them (:func:`awd.gaps.marked`); None where all was.
    """

    x: np.ndarray
    outputs: np.ndarray | None = None
    labels: np.ndarray | None = None
    gradient: np.ndarray | None = None
    groups: np.ndarray | None = None
    held_out: HeldOut | None = None
    mask: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("outputs", "labels", "gradient", "groups"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.x):
                raise ShapeError(
                    f"{name} has shape {np.shape(values)} for {len(self.x)} samples; "
                    f"expected ({len(self.x)}, ...)"
                )

    @property
    def answers(self) -> np.ndarray | None:
        """What is distilled: outputs, or labels where there is no network."""
        return self.labels if self.outputs is None else self.outputs

    @property
    def units(self) -> np.ndarray:
        """The group of every sample, its own without groups."""
        return np.arange(len(self.x)) if self.groups is None else self.groups

    @functools.cached_property
    def centre(self) -> np.ndarray:
        """The mean of every channel, (1, [channel,] 1, ...)."""
        return channel_means(self.x, self.mask)

    @functools.cached_property
    def centred(self) -> np.ndarray:
        """The samples about it."""
        return centred(self.x, self.centre, self.mask)

    def subset(self, rows: np.ndarray) -> Taught:
        """The same of some samples."""
        held_out = self.held_out
        if held_out is not None:
            held_out = HeldOut(held_out.fold[rows], held_out.outputs[:, rows])
        names = "outputs", "labels", "gradient", "groups", "mask"
        parts = {name: getattr(self, name) for name in names}
        taken = {k: None if v is None else v[rows] for k, v in parts.items()}
        return Taught(self.x[rows], held_out=held_out, **taken)


class Known(NamedTuple):
    """Samples and one target's labels, see :class:`awd.targets.Labelled`."""

    x: np.ndarray
    y: np.ndarray


class Additive(NamedTuple):
    """A fitted model: a wavelet, and a student of it for every target.

    ``centre`` is the mean of every channel in training, which students do not see;
    ``shares`` of the network's outputs in what each head was fitted to.
    """

    result: Distilled
    students: list[Student]
    shares: np.ndarray
    centre: np.ndarray

    def __call__(self, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Predictions (n, targets)."""
        x = centred(x, self.centre, mask)
        return np.stack([student.predict(x) for student in self.students], 1)


@dataclass(frozen=True)
class Recipe:
    """How a model is made; the fields are those of :func:`awd.distil.distil`.

    ``shares`` of the outputs in what heads are fitted to, several to choose from.
    """

    features: Any
    head: str
    levels: int | Sequence[int]
    length: int | str | Sequence[int]
    objective: str | Callable[..., Any]
    dims: int
    ratio: float | str | Sequence[float] = np.inf
    moments: int = 1
    shares: Sequence[float] = (1.0,)
    random_state: int = 0

    def __post_init__(self) -> None:
        heads.require(self.head)

    def distilled(self, data: Taught) -> Distilled:
        """The wavelet, of samples about the means of their channels.

        Raises
        ------
        AwdError
            As :func:`awd.distil.distil`.
        """
        answers = data.answers
        if answers is not None:
            answers = answers[:, np.ptp(answers, axis=0) > 0]
            if not answers.size:
                raise DataError(
                    "what is to be reproduced is the same for every sample; a wavelet "
                    "needs outputs or labels that vary"
                )
        return distil(
            data.centred,
            data.gradient,
            answers,
            objective=self.objective,
            student=searched(self.features),
            groups=data.groups,
            ratio=self.ratio,
            levels=self.levels,
            length=self.length,
            moments=self.moments,
            dims=self.dims,
            random_state=self.random_state,
        )

    def fitted(self, data: Taught) -> Additive:
        """Wavelet and heads; of data with outputs, labels, or both."""
        answers = data.answers
        assert answers is not None
        result, labels = self.distilled(data), data.labels
        read = self.features.mirrored if result.chosen.mirrored else self.features
        labels = answers if labels is None else labels
        bank = result.filter, result.levels
        found = [
            targets.fit(
                Student(read, self.head),
                Known(data.centred, labels[:, k]),
                target,
                *bank,
            )
            for k, target in enumerate(self._targets(data, answers.shape[1]))
        ]
        students, shares = zip(*found, strict=True)
        return Additive(result, list(students), np.array(shares), data.centre)

    def _targets(self, data: Taught, count: int) -> list[Target]:
        if data.outputs is None:
            return [targets.LABELS] * count
        blind = data.held_out
        return [
            Target(
                outputs,
                self.shares,
                None if blind is None else HeldOut(blind.fold, blind.outputs[..., k]),
            )
            for k, outputs in enumerate(data.outputs.T)
        ]


class Fidelity(NamedTuple):
    """R2 on samples that nothing was fitted to, with its 95 % interval."""

    value: float
    low: float
    high: float


UNKNOWN = Fidelity(np.nan, np.nan, np.nan)


def fidelity(data: Taught, recipe: Recipe, folds: int) -> tuple[Fidelity, Fidelity]:
    """How well a recipe reproduces what it is shown, on samples it is not shown.

    Everything, the search for the wavelet too, is done anew without each fold.

    Parameters
    ----------
    data : Taught
    recipe : Recipe
    folds : int
        Of whole groups; fewer where there are fewer groups.

    Returns
    -------
    Fidelity, Fidelity
        Against the outputs (without a network: the labels), and against the labels
        (without any: the outputs); the mean of all targets. Intervals are over groups
        that are drawn anew. NaN with fewer than 3 groups.

    Warns
    -----
    UserWarning
        There are so few groups, or the interval of the first reaches 0.
    """
    units, answers = data.units, data.answers
    assert answers is not None
    count = len(np.unique(units))
    if count < 3:
        warn(
            f"there are {count} groups; fidelity needs 3 or more to be measured on "
            "samples that nothing was fitted to, and is NaN"
        )
        return UNKNOWN, UNKNOWN
    predicted = _held_out(data, recipe, min(folds, count))
    found = score = _interval(answers, predicted, units, recipe.random_state)
    if data.labels is not None and data.outputs is not None:
        score = _interval(data.labels, predicted, units, recipe.random_state)
    if not found.low > 0:
        warn(
            f"fidelity_ is {found.value:.2f} on samples held out, 95 % interval "
            f"{found.low:.2f} to {found.high:.2f}: {len(units)} samples do not show "
            "that this model knows more than the mean; give more samples, or fewer "
            "levels or features"
        )
    return found, score


def folds_of(units: np.ndarray, count: int, seed: int) -> np.ndarray:
    """As :func:`awd.samples.folds`; which of equal groups go together is drawn.

    Samples often come in an order that repeats, and a fold of every third may be all of
    one class.
    """
    names, index = np.unique(units, return_inverse=True)
    drawn = np.random.default_rng(seed).permutation(len(names))[index]
    return samples.folds(drawn, count)


def _held_out(data: Taught, recipe: Recipe, folds: int) -> np.ndarray:
    """Predictions (n, targets) of models that were made without each fold."""
    answers = data.answers
    assert answers is not None
    predicted = np.empty_like(answers, dtype=float)
    fold = folds_of(data.units, folds, recipe.random_state)
    for k in progress(range(folds), "held out"):
        rows, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if np.ptp(answers[rows], axis=0).any():
            seen = None if data.mask is None else data.mask[held]
            predicted[held] = recipe.fitted(data.subset(rows))(data.x[held], seen)
        else:
            predicted[held] = answers[rows[0]]
    return predicted


def _interval(
    answers: np.ndarray, predicted: np.ndarray, units: np.ndarray, seed: int
) -> Fidelity:
    """R2 over all groups, and over groups that are drawn with repetition."""
    names, index = np.unique(units, return_inverse=True)
    counted = np.bincount(index).astype(float)
    sums = np.zeros((3, len(names), answers.shape[1]))
    shifted = answers - answers.mean(0)
    for total, part in zip(
        sums, ((answers - predicted) ** 2, shifted, shifted**2), strict=True
    ):
        np.add.at(total, index, part)
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), RESAMPLES
    )
    weights = np.concatenate([np.ones((1, len(names))), draws])
    missed, first, second = weights @ sums
    spread = second - first**2 / (weights @ counted)[:, None]
    varies = np.ptp(answers, axis=0) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = (1 - missed / spread)[:, varies].mean(1)
    found = r2[1:][np.isfinite(r2[1:])]
    low, high = np.quantile(found, (0.025, 0.975)) if len(found) else (np.nan,) * 2
    return Fidelity(float(r2[0]), float(min(low, r2[0])), float(max(high, r2[0])))


def channel_means(x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Mean of every channel where it was seen, (1, [channel,] 1, ...).

    It is to be taken from samples.
    """
    over = (0, *range(1 if x.ndim == 2 else 2, x.ndim))
    seen = True if mask is None else mask == gaps.SEEN
    return x.mean(over, keepdims=True, dtype=np.float64, where=seen)


def centred(
    x: np.ndarray, centre: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """Samples about a centre, in their own precision.

    Beyond its ends a signal goes on with 0: an offset would be a step there, larger
    than all that the wavelet is to find.
    """
    x = (x - centre).astype(x.dtype, copy=False)
    if mask is not None:
        x[mask == gaps.BEYOND] = 0
    return x
