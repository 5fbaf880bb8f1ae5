"""A fitted student as one compiled loop: transform, pick, weigh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from awd.compiled import extremes
from awd.errors import ShapeError
from awd.filters import kernels
from awd.samples import require_finite
from awd.wavelet import highpass, require_levels


@dataclass(frozen=True)
class Compiled:
    """Predictions of a linear student of signals of one length, mode zero.

    Attributes
    ----------
    banks : dict of dtype to (low-pass, high-pass)
    weights : list of tuple
        For each channel the levels, how many largest and smallest are picked, and the
        weights of their values, of their columns and of the first samples.
    intercept : float
    """

    banks: dict[np.dtype, tuple[np.ndarray, np.ndarray]]
    weights: list[tuple]
    intercept: float

    @classmethod
    def of(cls, student: Any, shape: tuple[int, ...]) -> Self:
        """A fitted :class:`awd.features.Student`, for signals of a shape.

        The shape is (n, time) or (n, channel, time).

        Raises
        ------
        ShapeError
            The student was fitted to other shapes.
        """
        recipe, levels, time = student.features, student.levels_, shape[-1]
        channels = shape[1] if len(shape) == 3 else 1
        require_levels(time, levels)
        low, high = student.filter_, highpass(student.filter_)
        sizes = kernels.band_counts((time,), len(low), levels)
        most = recipe.m, recipe.smallest
        counts = sum(np.minimum(sizes, number) for number in most)
        begins = np.repeat(np.cumsum(sizes) - sizes, counts)
        picked = len(begins)
        weights, intercept = student.weights
        parts = [picked, picked * recipe.positions, bool(recipe.start)]
        if weights.size != channels * sum(parts):
            raise ShapeError(
                f"signals have shape {shape}; the student was fitted to others, with "
                f"{weights.size} features in place of {channels * sum(parts)}"
            )
        rows = weights.reshape(channels, -1)
        value, index, start = np.split(rows, np.cumsum(parts)[:-1], axis=1)
        by_index = index if recipe.positions else np.zeros_like(value)
        by_start = np.repeat(start / max(recipe.start, 1), recipe.start, axis=1)
        return cls(
            {np.dtype(k): (low.astype(k), high.astype(k)) for k in ("f4", "f8")},
            [
                (levels, *most, *map(np.ascontiguousarray, channel))
                for channel in zip(value, by_index, by_start, strict=True)
            ],
            intercept - float((by_index * begins).sum()),
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Predictions (n,) of signals (n, time) or (n, channel, time).

        Raises
        ------
        ShapeError
            The signals are no floating point numbers.
        DataError
            A signal is not finite.
        """
        if x.dtype not in self.banks:
            raise ShapeError(f"signals have dtype {x.dtype}; expected float32 or 64")
        out = np.empty(len(x))
        out.fill(self.intercept)
        channels = (x,) if x.ndim == 2 else np.moveaxis(x, 1, 0)
        broken = 0.0
        for rows, weights in zip(channels, self.weights, strict=True):
            if not rows.flags.c_contiguous:
                rows = np.ascontiguousarray(rows)
            broken += extremes.predict_rows(rows, *self.banks[x.dtype], *weights, out)
        if broken:  # NaN
            require_finite(x)
        return out
