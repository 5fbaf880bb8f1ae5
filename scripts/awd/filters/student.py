"""A fitted student as one compiled loop: transform, pick, add up the curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from awd.compiled import extremes
from awd.compiled import undecimated as loops
from awd.errors import ShapeError
from awd.filters import kernels, undecimated
from awd.samples import require_finite
from awd.wavelet import highpass, require_levels


@dataclass(frozen=True)
class Compiled:
    """Predictions of an additive student of signals of one length, mode zero.

    Attributes
    ----------
    banks : dict of dtype to (low-pass, high-pass)
    heads : list of tuple
        For each channel the levels, how many largest and smallest are picked, and the
        knots and slopes of their values, of their columns and of the start level.
    start : int
        First samples whose mean is the start level.
    energies : list of ndarray
        For each channel the curves of the bands' energies; none where none are read.
    undecimated : dict of dtype to tuple
        Low- and high-pass of the transform that these come from, and its levels.
    intercept : float
    low, high : float
        Range of the predictions.
    """

    banks: dict[np.dtype, tuple[np.ndarray, np.ndarray]]
    heads: list[tuple]
    start: int
    energies: list[np.ndarray]
    undecimated: dict[np.dtype, tuple[np.ndarray, np.ndarray, int]]
    intercept: float
    low: float
    high: float

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
        curves = student.curves
        parts = [len(begins), len(begins) * recipe.positions, bool(recipe.start)]
        parts.append(2 * len(sizes) * recipe.energy)
        if curves.knots.shape[1] != channels * sum(parts):
            raise ShapeError(
                f"signals have shape {shape}; the student was fitted to others, with "
                f"{curves.knots.shape[1]} features in place of {channels * sum(parts)}"
            )
        ends = np.cumsum(parts)[:-1]
        heads, energies, intercept = [], [], curves.intercept
        for channel in zip(
            np.split(curves.knots, channels, axis=1),
            np.split(curves.slopes, channels, axis=1),
            strict=True,
        ):
            knots, slopes = (np.split(values, ends, axis=1) for values in channel)
            # The loop knows columns among all bands, a feature is the index in its own.
            knots[1] = knots[1] + begins[: parts[1]]
            intercept -= float(slopes[1][0] @ begins[: parts[1]])
            *packed, energy = map(_packed, knots, slopes)
            heads.append((levels, *most, *packed))
            energies.append(energy)
        kinds = [np.dtype(name) for name in ("f4", "f8")]
        return cls(
            {kind: (low.astype(kind), high.astype(kind)) for kind in kinds},
            heads,
            recipe.start,
            energies if recipe.energy else [],
            {kind: (*undecimated.halved(low, kind), levels) for kind in kinds},
            intercept,
            *student.range_,
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
        for rows, head in zip(channels, self.heads, strict=True):
            if not rows.flags.c_contiguous:
                rows = np.ascontiguousarray(rows)
            bank = self.banks[x.dtype]
            broken += extremes.predict_rows(rows, *bank, *head, self.start, out)
        if broken:  # NaN
            require_finite(x)
        for rows, curves in zip(channels, self.energies, strict=False):
            table = np.empty((len(x), len(curves)))
            halved = self.undecimated[x.dtype]
            loops.energy_rows(np.ascontiguousarray(rows)[:, None], *halved, table)
            extremes.add_curves(curves, table, out)
        return np.clip(out, self.low, self.high, out=out)


def _packed(knots: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """A curve a row: its first slope, then every knot with the change of slope there.

    (features, 1 + 2 k), as the loop reads them.
    """
    count, features = knots.shape
    bends = np.stack([knots, slopes[1:]], 1).reshape(2 * count, features)
    return np.ascontiguousarray(np.concatenate([slopes[:1], bends]).T)
