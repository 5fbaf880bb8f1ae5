"""Where filters stand: which shift, sign and flip bring one wavelet onto another.

An even delay, the sign and, for an L1 norm, a flip are no properties of a wavelet, so
that filters are compared after them.
"""

from __future__ import annotations

import numpy as np

from awd.arguments import checked
from awd.errors import DataError, ShapeError
from awd.samples import real, require_finite


@checked(h="taps", to="taps")
def aligned(h: np.ndarray, to: np.ndarray, flips: bool = True) -> np.ndarray:
    """A filter moved by an even delay, and flipped, to where a given one stands.

    Neither changes an L1 norm of coefficients; a flip changes what a student reads.

    Parameters
    ----------
    h, to : array of shape (taps,)
        A filter moves as far as the zeros at its ends allow.
    flips : bool
        Whether to flip where that is nearer.

    Returns
    -------
    ndarray of shape (taps,)

    Raises
    ------
    ShapeError, KindError, DataError
        They are no filters, or of several lengths; or all taps are 0.
    """
    if not h.any():
        raise DataError("h: all taps are 0; expected a filter")
    used = np.flatnonzero(h)
    shifts = range(-(used[0] // 2 * 2), len(h) - used[-1], 2)
    moved = [np.roll(h, shift) for shift in shifts]
    if flips:
        moved += [taps[::-1] for taps in moved]
    return min(moved, key=lambda taps: float(((taps - to) ** 2).sum()))


def onto(h: np.ndarray, target: np.ndarray) -> tuple[int, int]:
    """Even shift and sign (1 or -1) with which a filter matches a target best.

    A filter that is delayed by two samples or negated is the same wavelet; a delay by
    a single sample makes a different one.
    """
    match = np.correlate(target, h, "full")
    shifts = np.arange(len(match)) - (len(h) - 1)
    match = np.where(shifts % 2 == 0, match, 0)
    best = int(np.abs(match).argmax())
    return int(shifts[best]), -1 if match[best] < 0 else 1


def distance(h: np.ndarray, to: np.ndarray, flips: bool = True) -> float:
    """L2 distance of taps, least over even shifts, sign and flip: :func:`onto`.

    Parameters
    ----------
    h, to : array of shape (taps,)
        Of any lengths; nothing is lost in a shift.
    flips : bool
        Whether a filter and its flip are the same.
    """
    h, to = (require_finite(real(taps, "filter")) for taps in (h, to))
    if not all(taps.ndim == 1 and len(taps) and len(taps) % 2 == 0 for taps in (h, to)):
        raise ShapeError(
            f"filters have shapes {h.shape}, {to.shape}; expected even numbers of taps"
        )
    return min(_distance(twin, to) for twin in ([h, h[::-1]] if flips else [h]))


def _distance(h: np.ndarray, to: np.ndarray) -> float:
    shift, sign = onto(h, to)
    start, stop = min(shift, 0), max(shift + len(h), len(to))
    difference = np.zeros(stop - start)
    difference[shift - start :][: len(h)] = sign * h
    difference[-start:][: len(to)] -= to
    return float(np.sqrt((difference**2).sum()))
