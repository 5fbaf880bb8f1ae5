"""What a student's head is fitted to: labels, a network's outputs, or a mixture.

A network's outputs are labels without their noise, as far as it has learned; they stand
in for labels that are few or missing, and help where there are many (Hinton, Vinyals,
Dean, arXiv 1503.02531).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from awd import heads
from awd.errors import DataError
from awd.features import Student
from awd.samples import axes


class HeldOut(NamedTuple):
    """Networks that did not see a fold.

    ``fold`` (n,) int is the fold of every known sample, -1 where it is in none;
    ``outputs`` (folds, n) is what the network without each fold answers on all.
    """

    fold: np.ndarray
    outputs: np.ndarray


class Target(NamedTuple):
    """What the head of a student is fitted to.

    ``share`` times the network's ``output`` (n,), plus the rest of the label; where
    there are several shares the student chooses (:func:`share_for`).
    """

    output: np.ndarray
    shares: Sequence[float]
    held_out: HeldOut | None = None


class Labelled(Protocol):
    """Samples ``x``, signals or images with channels, and labels ``y`` (n,)."""

    @property
    def x(self) -> np.ndarray: ...

    @property
    def y(self) -> np.ndarray: ...


LABELS = Target(np.empty(0), (0.0,))


def mixed(output: np.ndarray, y: np.ndarray, share: float) -> np.ndarray:
    """``share`` of the outputs and the rest of the labels, (n,)."""
    if share in (0, 1):
        return output if share else y
    return share * output + (1 - share) * y


def fit(
    recipe: Student,
    known: Labelled,
    target: Target,
    h: np.ndarray,
    levels: int,
    mode: str = "zero",
) -> tuple[Student, float]:
    """A student of a filter and its share of the network's outputs.

    Parameters
    ----------
    recipe : Student
        Features and head.
    known : Labelled
        Samples with labels; where the share is 1 these are not read.
    target : Target
    h, levels, mode
        Of the transform.
    """
    share = target.shares[0]
    if len(target.shares) > 1:
        share = share_for(recipe, known, target, h, levels, mode)
    y = mixed(target.output, known.y, share)
    student = Student(recipe.features, recipe.head)
    return student.fit(known.x, y, h, levels, mode, axes(known.x)), share


def share_for(
    recipe: Student,
    known: Labelled,
    target: Target,
    h: np.ndarray,
    levels: int,
    mode: str = "zero",
) -> float:
    """The share with which labels of unseen groups are predicted best.

    For every fold, heads are fitted to mixtures of the labels and of what the network
    that did not see the fold answers, on all samples but the fold's. The network that
    is distilled has seen every fold: its answers there would flatter it. Of equals the
    smallest share.

    Raises
    ------
    DataError
        There are no such networks.
    """
    if target.held_out is None:
        raise DataError(
            f"shares {list(target.shares)} leave a choice, which networks make that "
            "did not see a fold; give held_out, or a single share"
        )
    fold, outputs = target.held_out
    dims = axes(known.x)
    read = recipe.features.fitted(known.x, h, levels, dims)
    features = read.features(known.x, h, levels, mode, dims)
    shares = np.sort(target.shares)
    floor, bends = heads.FLOOR * np.std(known.x), recipe.bends(known.x, h, levels, mode)
    errors = np.zeros(len(shares))
    for k, output in enumerate(outputs):
        inside = fold == k
        y = np.stack([mixed(output, known.y, share) for share in shares], 1)[~inside]
        head = heads.head(recipe.head, floor, bends).fit(features[~inside], y)
        found = head.predict(features[inside]).clip(y.min(0), y.max(0))
        errors += ((found - known.y[inside, None]) ** 2).sum(0)
    return float(shares[errors.argmin()])
