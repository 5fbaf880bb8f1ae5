"""A fitted student as one compiled loop: transform, pick, add up the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from awd.compiled import extremes
from awd.compiled import undecimated as loops
from awd.errors import ShapeError
from awd.filters import coefficients, undecimated
from awd.filters.statistics import numbered
from awd.samples import require_finite
from awd.wavelet import highpass, require_levels

if TYPE_CHECKING:
    from awd.curves import Curves
    from awd.filters.largest import Largest


@dataclass(frozen=True)
class Compiled:
    """Predictions of an additive student of signals of one length, mode zero.

    Attributes
    ----------
    banks : dict of dtype to (low-pass, high-pass)
    heads : list of tuple
        For each channel the levels, how many largest and smallest are picked, and the
        knots and slopes of their values, of their columns and of the start level,
        (targets, features, 1 + 2 k) each.
    start : int
        First samples whose mean is the start level.
    summaries : list of ndarray
        For each channel the curves of the bands' statistics; none where none are read.
    statistics : ndarray of int
        Which these are, :data:`awd.filters.statistics.STATISTICS`.
    undecimated : dict of dtype to tuple
        Low- and high-pass of the transform that these come from, and its levels.
    intercept : ndarray of shape (targets, 1)
    low, high : ndarray of shape (targets, 1)
        Range of the predictions.
    """

    banks: dict[np.dtype, tuple[np.ndarray, np.ndarray]]
    heads: list[tuple]
    start: int
    summaries: list[np.ndarray]
    statistics: np.ndarray
    undecimated: dict[np.dtype, tuple[np.ndarray, np.ndarray, int]]
    intercept: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(
        cls,
        recipe: Largest,
        h: np.ndarray,
        levels: int,
        curves: Sequence[Curves],
        ranges: Sequence[tuple[float, float]],
        shape: tuple[int, ...],
    ) -> Self:
        """What a recipe reads through a filter, for signals of a shape.

        Parameters
        ----------
        recipe : Largest
        h, levels
            Of the transform.
        curves : sequence of Curves
            Of every target.
        ranges : sequence of (low, high)
            To which the predictions of every target are clipped.
        shape : tuple of int
            (n, time) or (n, channel, time).

        Raises
        ------
        ShapeError
            The curves are those of signals of another shape.
        """
        time, channels = shape[-1], shape[1] if len(shape) == 3 else 1
        require_levels(time, levels)
        sizes = coefficients.band_counts((time,), len(h), levels)
        most = recipe.m, recipe.smallest
        counts = sum(np.minimum(sizes, number) for number in most)
        begins = np.repeat(np.cumsum(sizes) - sizes, counts)
        parts = [len(begins), len(begins) * recipe.positions, bool(recipe.start)]
        parts.append(len(recipe.statistics) * len(sizes))
        known = curves[0].knots.shape[1]
        if known != channels * sum(parts):
            raise ShapeError(
                f"signals have shape {shape}; the student was fitted to others, with "
                f"{known} features in place of {channels * sum(parts)}"
            )
        ends = np.cumsum(parts)[:-1]
        intercept = np.array([[target.intercept] for target in curves], float)
        heads, summaries = [], []
        for knots, slopes in _channels(curves, channels):
            by_kind = np.split(knots, ends, axis=-1)
            gains = np.split(slopes, ends, axis=-1)
            # The loop knows columns among all bands, a feature is the index in its own.
            by_kind[1] = by_kind[1] + begins[: parts[1]]
            intercept -= gains[1][:, 0] @ begins[: parts[1], None]
            *packed, summary = map(_packed, by_kind, gains)
            heads.append((levels, *most, *packed))
            summaries.append(summary)
        kinds = [np.dtype(name) for name in ("f4", "f8")]
        low, high = np.array(ranges, float).T[..., None]
        return cls(
            {kind: (h.astype(kind), highpass(h).astype(kind)) for kind in kinds},
            heads,
            min(recipe.start, time),
            summaries if recipe.statistics else [],
            numbered(recipe.statistics),
            {kind: (*undecimated.halved(h, kind), levels) for kind in kinds},
            intercept,
            low,
            high,
        )

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Predictions (n, targets) of signals (n, time) or (n, channel, time).

        Raises
        ------
        ShapeError
            The signals are no floating point numbers.
        DataError
            A signal is not finite.
        """
        if x.dtype not in self.banks:
            raise ShapeError(f"signals have dtype {x.dtype}; expected float32 or 64")
        out = np.empty((len(self.intercept), len(x)))
        out[:] = self.intercept
        channels = (x,) if x.ndim == 2 else np.moveaxis(x, 1, 0)
        broken = 0.0
        for rows, head in zip(channels, self.heads, strict=True):
            if not rows.flags.c_contiguous:
                rows = np.ascontiguousarray(rows)
            bank = self.banks[x.dtype]
            broken += extremes.predict_rows(rows, *bank, *head, self.start, out)
        if broken:  # NaN
            require_finite(x)
        for rows, curves in zip(channels, self.summaries, strict=False):
            table = np.empty((len(x), curves.shape[1]))
            signals = np.ascontiguousarray(rows)[:, None]
            halved = self.undecimated[x.dtype]
            loops.summary_rows(signals, *halved, self.statistics, table)
            extremes.add_curves(curves, table, out)
        return np.clip(out, self.low, self.high, out=out).T


def _channels(
    curves: Sequence[Curves], channels: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Knots and slopes of every channel, (targets, ..., features of a channel)."""
    knots = np.stack([target.knots for target in curves])
    slopes = np.stack([target.slopes for target in curves])
    each = [np.split(part, channels, axis=-1) for part in (knots, slopes)]
    return list(zip(*each, strict=True))


def _packed(knots: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """A curve a row: its first slope, then every knot with the change of slope there.

    (targets, features, 1 + 2 k), as the loop reads them.
    """
    targets, count, features = knots.shape
    bends = np.stack([knots, slopes[:, 1:]], 2).reshape(targets, 2 * count, features)
    packed = np.concatenate([slopes[:, :1], bends], 1)
    return np.ascontiguousarray(packed.transpose(0, 2, 1))
