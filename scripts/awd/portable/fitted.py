"""What a model takes from fitted students and their training samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.curves import Curves
from awd.errors import ConfigError, ShapeError
from awd.features import Largest
from awd.portable.names import Reading

if TYPE_CHECKING:
    from awd.features import Student


def usual(curves: Curves, read: np.ndarray, shape: tuple[int, ...]) -> Curves:
    """Curves with their means over the features of the training samples."""
    if curves.knots.shape[1] != read.shape[1]:
        raise ShapeError(
            f"x is {shape}, of which {read.shape[1]} features are read; the student "
            f"was fitted to others, with {curves.knots.shape[1]}"
        )
    return curves._replace(usual=curves(read).mean(0))


def carried(curves: Sequence[Curves], read: np.ndarray, reading: Reading) -> np.ndarray:
    """S.d. of what the features of each part add together, (targets, parts)."""
    member = np.zeros((reading.count, len(reading.parts)))
    for column, (part, _) in enumerate(reading.features):
        member[column, part] = 1
    return np.stack([(each(read) @ member).std(0) for each in curves])


def require_alike(students: Sequence[Student]) -> Student:
    """The first of the students, if a single model can hold them all."""
    for student in students:
        if not hasattr(student, "head_"):
            raise ConfigError("the student is not fitted; call its fit first")
        if not isinstance(student.features, Largest):
            raise ConfigError(
                f"a model holds features of Largest; the student reads "
                f"{type(student.features).__name__}"
            )
    if not students:
        raise ConfigError("there is no student; give at least one")
    first = students[0]
    for other in students[1:]:
        alike = (
            np.array_equal(first.filter_, other.filter_)
            and (first.levels_, first.mode_) == (other.levels_, other.mode_)
            and first.features == other.features
            and np.array_equal(first.curves.knots, other.curves.knots)
        )
        if not alike:
            raise ConfigError(
                "students of one model share filter, levels, features and training "
                "samples; save them as several models"
            )
    return first
