"""A model to take home: one wavelet and its head in a file of a few kB.

It predicts with numpy and numba alone, says what every feature adds and when an input
lies outside of what it was fitted to, and carries what is known of how good it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from awd import io
from awd.curves import Curves
from awd.errors import AwdError, ConfigError
from awd.features import Largest
from awd.filters.student import Compiled
from awd.portable import checks, fitted, layout
from awd.portable import record as files
from awd.portable.names import Reading
from awd.portable.parts import ROLES, Sample, Score, Story, Target

if TYPE_CHECKING:
    from awd.features import Student

__all__ = ["ROLES", "Explanation", "Model", "Sample", "Score", "Story", "Target"]

Scale = Literal["logits", "probabilities"]
SLACK = 1e-6  # of a feature's range: float32 is not outside of what float64 has seen


class Explanation(NamedTuple):
    """What every feature adds to every prediction, against its usual share.

    Attributes
    ----------
    names : tuple of str
        Of the features.
    values : ndarray of shape (n, features)
        In the unit of the samples; of positions in coefficients of their band.
    added : ndarray of shape (n, features) or (n, targets, features)
        In the unit of the target, less what the feature gives usually: its mean over
        the training samples.
    usual : float or ndarray of shape (targets,)
        The usual prediction. ``added.sum(-1) + usual`` is the prediction before it is
        clipped.
    """

    names: tuple[str, ...]
    values: np.ndarray
    added: np.ndarray
    usual: Any


@dataclass(frozen=True, eq=False)
class Model:
    """A distilled model, complete: see :func:`of_student` and :func:`load`.

    Parameters
    ----------
    filter : ndarray of shape (taps,)
        Low-pass synthesis filter of an orthonormal wavelet.
    levels, mode
        Of the transform, :func:`awd.filters.kernels.analysis`.
    features : Largest
        What is read from the coefficients.
    sample : Sample
    curves : tuple of Curves
        Of every target, with the same knots, and each with its ``usual``.
    ranges : ndarray of shape (targets, 2)
        Least and largest value of what the head was fitted to: predictions stay within.
    seen : ndarray of shape (2, features)
        Least and largest value of every feature in training.
    carried : ndarray of shape (targets, parts)
        How much each band of each channel carries: s.d. over the training samples of
        what its features add together, in the unit of the target; see :attr:`reading`.
    targets : tuple of Target
    classes : tuple, optional
        Labels of a classifier: two with one target, else one a target.
    scale : {"logits", "probabilities"}, optional
        What the targets of a classifier are.
    scores : tuple of Score
    story : Story
    provenance : mapping
        Anything that JSON can hold.

    Raises
    ------
    AwdError
        The parts do not fit each other, a number is not finite, or the filter is no
        wavelet.
    """

    filter: np.ndarray
    levels: int
    mode: str
    features: Largest
    sample: Sample
    curves: tuple[Curves, ...]
    ranges: np.ndarray
    seen: np.ndarray
    carried: np.ndarray
    targets: tuple[Target, ...] = (Target(),)
    classes: tuple[Any, ...] | None = None
    scale: Scale | None = None
    scores: tuple[Score, ...] = ()
    story: Story = field(default_factory=Story)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.require(self)

    @functools.cached_property
    def reading(self) -> Reading:
        """What is read of a sample: names of features and of where they come from."""
        bank = len(self.filter), self.levels, self.mode
        return Reading(self.features, self.sample, *bank)

    @functools.cached_property
    def _outputs(self) -> Callable[[np.ndarray], np.ndarray]:
        """From samples to (n, targets); a compiled loop where there is one."""
        if self.mode == "zero" and self.sample.dims == 1:
            bank = self.features, self.filter, self.levels
            shape = 1, *self.sample.shape
            return Compiled.of(*bank, self.curves, self.ranges.tolist(), shape)
        return self._summed

    def _summed(self, x: np.ndarray) -> np.ndarray:
        features = self._features(x)
        sums = [part(features).sum(1) + part.intercept for part in self.curves]
        return np.clip(np.stack(sums, 1), *self.ranges.T)

    def _features(self, x: np.ndarray) -> np.ndarray:
        bank = self.filter, self.levels, self.mode
        return self.features.features(x, *bank, self.sample.dims)

    def samples(
        self,
        x: np.ndarray,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Samples of any length or with gaps as this model reads them.

        Parameters
        ----------
        x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
            What stands beyond its ends or in its gaps is not looked at.
        lengths : array of int of shape (n,), optional
            Where signals end.
        mask : array of shape (n, time) or (n, y, x), optional
            1 where a value was seen, 0 in gaps, which are filled.

        Returns
        -------
        ndarray
            For :meth:`predict` and the others, in the shape of :attr:`sample`.

        Raises
        ------
        ShapeError, DataError
            Lengths or mask do not fit the samples, or a sample shows nothing.
        """
        from awd import windows

        given = {"x": x, "length": lengths, "mask": mask}
        found = {key: value for key, value in given.items() if value is not None}
        return windows.at_home(found, self.sample)

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """What the head gives, within the range it was fitted to.

        Parameters
        ----------
        x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
            As :attr:`sample` says, in its unit.

        Returns
        -------
        ndarray of shape (n,), or (n, targets) of several
            In the unit of the target; of a classifier logits or probabilities.

        Raises
        ------
        ShapeError, DataError
            The samples have another shape, are no numbers, or are not finite.
        """
        found = self._outputs(self.sample.taken(x))
        return found[:, 0] if len(self.targets) == 1 else found

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions; of a classifier the labels of the likeliest classes, (n,).

        Arguments, results and errors as :meth:`outputs`.
        """
        if self.classes is None:
            return self.outputs(x)
        return np.asarray(self.classes)[self.predict_proba(x).argmax(1)]

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probabilities of the :attr:`classes`, (n, classes).

        Logits go through softmax, a single one through the logistic function;
        probabilities are scaled to sum to 1.

        Raises
        ------
        ConfigError
            This is no classifier.
        ShapeError, DataError
            As :meth:`outputs`.
        """
        if self.classes is None:
            raise ConfigError("this model has no classes; use predict")
        found = self.outputs(x).reshape(len(x), -1)
        if self.scale == "logits":
            found = np.append(0 * found, found, 1) if found.shape[1] == 1 else found
            weights = np.exp(found - found.max(1, keepdims=True))
        else:
            found = found.clip(0, 1)
            weights = np.append(1 - found, found, 1) if found.shape[1] == 1 else found
            weights = np.maximum(weights, np.finfo(float).tiny)
        return weights / weights.sum(1, keepdims=True)

    def explain(self, x: np.ndarray) -> Explanation:
        """What every feature adds to every prediction; ``x`` as for :meth:`outputs`."""
        features = self._features(self.sample.taken(x))
        added = np.stack([part(features) - part.usual for part in self.curves], 1)
        usual = np.array(
            [part.intercept + np.asarray(part.usual).sum() for part in self.curves]
        )
        if len(self.targets) == 1:
            return Explanation(
                self.reading.names, features, added[:, 0], float(usual[0])
            )
        return Explanation(self.reading.names, features, added, usual)

    def outside(self, x: np.ndarray) -> np.ndarray:
        """Whether a sample lies outside of what was seen in training, (n,) bool.

        It does where any feature that counts is smaller or larger than in every
        training sample; :meth:`explain` tells which. A prediction stays in its range
        all the same, but nothing is known of how good it is.
        """
        read = np.any([part.slopes.any(0) for part in self.curves], axis=0)
        features = self._features(self.sample.taken(x))[:, read]
        low, high = self.seen[:, read]
        slack = SLACK * (high - low)
        return ~((features >= low - slack) & (features <= high + slack)).all(1)

    @property
    def numbers(self) -> dict[str, int]:
        """How many numbers it has: taps of the ``filter``, fitted ones of the ``head``.

        ``knots`` are where its curves bend, quantiles of the training samples.
        """
        slopes = np.stack([part.slopes for part in self.curves])
        bent = (slopes[:, 1:] != 0).any((0, 1))
        fitted = int(np.count_nonzero(slopes)) + len(slopes)
        knots = len(self.curves[0].knots) * int(bent.sum())
        return {"filter": len(self.filter), "head": fitted, "knots": knots}

    def record(self) -> dict[str, Any]:
        """All of it as its file holds it."""
        return layout.record(self)

    @property
    def checksum(self) -> str:
        """SHA-256 of all it holds; models of one checksum are the same."""
        return files.checksum(self.record())

    def save(self, path: io.PathLike) -> None:
        """Write ``model.json`` and read it back.

        Raises
        ------
        ConfigError
            The description holds what JSON cannot.
        """
        files.write(self.record(), path)
        load(path)

    def to_onnx(
        self, path: io.PathLike, precision: Literal["float64", "float32"] = "float64"
    ) -> None:
        """Write an ONNX graph that gives the same predictions, checked by onnx.

        Its input is ``x`` (n, ...) in the shape of :attr:`sample`, its outputs are
        ``outputs`` and, of a classifier, ``probabilities``.

        Parameters
        ----------
        path : path
        precision : {"float64", "float32"}
            Of all numbers. In float32 coefficients that are equal but for rounding may
            change places, which moves features that are positions.

        Raises
        ------
        MissingInput
            The package onnx is not installed.
        ConfigError
            There is no such precision.
        """
        from awd.portable import graph

        graph.write(self, path, precision)

    def card(self, form: Literal["markdown", "html"] = "markdown") -> str:
        """One page about the model, for people.

        Raises
        ------
        ConfigError
            There is no such form.
        """
        from awd.portable import card

        return card.text(self, form)


def of_student(
    student: Student | Sequence[Student],
    x: np.ndarray,
    *,
    sample: Sample | None = None,
    targets: Sequence[Target] | None = None,
    classes: Sequence[Any] | None = None,
    scale: Scale | None = None,
    scores: Sequence[Score] = (),
    story: Story | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Model:
    """The model of a fitted student, or of one for every target.

    Parameters
    ----------
    student : awd.features.Student or sequence of them
        Fitted, with features of :class:`awd.features.Largest`; several share filter,
        features and training samples.
    x : array of shape (n, ...)
        The training samples: their features are what the model has seen.
    sample, targets, classes, scale, scores, story, provenance
        See :class:`Model`; without ``sample`` nothing is known but the shape of ``x``.

    Raises
    ------
    ConfigError
        The student reads other features, or several students differ in more than their
        targets.
    AwdError
        As :class:`Model`; ``x`` has another shape than what the student was fitted to.
    """
    students = list(student) if isinstance(student, Sequence) else [student]
    first = fitted.require_alike(students)
    sample = sample or Sample.of(np.asarray(x), first.dims_)
    x = sample.taken(x)
    bank = first.filter_, first.levels_, first.mode_
    read = first.features.features(x, *bank, sample.dims)
    sizes = len(first.filter_), int(first.levels_), first.mode_
    reading = Reading(first.features, sample, *sizes)
    curves = tuple(fitted.usual(each.curves, read, x.shape) for each in students)
    return Model(
        first.filter_.copy(),
        int(first.levels_),
        first.mode_,
        first.features,
        sample,
        curves,
        np.array([each.range_ for each in students]),
        np.stack([read.min(0), read.max(0)]),
        fitted.carried(curves, read, reading),
        tuple(targets or (Target() for _ in students)),
        None if classes is None else tuple(np.asarray(classes).tolist()),
        scale,
        tuple(scores),
        story or Story(),
        provenance or {},
    )


def load(path: io.PathLike) -> Model:
    """Read a model, verified before it is used.

    Parameters
    ----------
    path : path
        A file of :meth:`Model.save`.

    Raises
    ------
    MissingInput
        There is no such file.
    DataError
        It is no model, damaged, of another version, or its parts do not fit; the
        message says which, and what to do.
    """
    part = files.Part(files.read(path), str(path))
    try:
        return Model(**layout.arguments(part))
    except AwdError as error:
        message = str(error)
        if message.startswith(str(path)):
            raise
        raise files.named(error, path) from error
