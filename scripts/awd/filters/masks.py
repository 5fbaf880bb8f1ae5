"""Which coefficients of masked samples count, by level: where a filter saw enough.

What was not seen is filled in some smooth way before; a coefficient counts where at
least :data:`ENOUGH` of what its filter weighs, through all levels before, was seen. So
small holes matter at fine scales, and large ones at all.
"""

from __future__ import annotations

import numpy as np

from awd.compiled import undecimated as loops
from awd.errors import ShapeError
from awd.samples import real
from awd.wavelet import highpass

ENOUGH = 0.8  # share of the filter's sizes
PARTS = ("difference", "lh", "hl", "hh")


def counting(
    mask: np.ndarray | None, x: np.ndarray, h: np.ndarray, levels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which coefficients of masked samples count.

    Parameters
    ----------
    mask : array of bool of shape (n, time) or (n, y, x), optional
        Where samples were seen.
    x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
    h, levels
        As of :func:`analysis`.

    Returns
    -------
    seen : array of bool of shape (masks, levels, parts, y, x)
        Of every mask that differs from the others; a time series is an image of one
        row. Parts are those of :data:`PARTS`, of a smoother one for all. Empty without
        masks.
    which : array of int of shape (rows,)
        Which of them is that of a row.

    Raises
    ------
    ShapeError
        The mask does not fit the samples.
    """
    x = np.asarray(x)
    if mask is None:
        return np.empty((0, levels, 1, 1, 1), bool), np.empty(0, np.int64)
    mask = np.asarray(mask, bool)
    size = mask.shape[1:]
    channels = x.size // mask.size if mask.size else 0
    if mask.shape[:1] != x.shape[:1] or size != x.shape[x.ndim - len(size) :]:
        raise ShapeError(
            f"the mask has shape {mask.shape}, the samples {x.shape}; expected (n, "
            "time) or (n, y, x), as they have"
        )
    packed = np.packbits(mask.reshape(len(mask), -1), axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    own = mask[first].reshape(len(first), -1, size[-1])
    h = real(h, "filter").astype(float)
    orthonormal = h.ndim == 1 and len(h) % 2 == 0
    low = np.abs(np.atleast_2d(h))
    high = np.abs(highpass(h))[None] if orthonormal else np.empty((len(low), 0))
    parts = len(PARTS) if orthonormal else 1
    seen = np.zeros((len(first), levels, parts, *own.shape[1:]), bool)
    kernels = [(k / max(k.sum(), 1e-30)).astype(np.float32) for k in (low, high)]
    loops.seen_rows(own.astype(np.float32), *kernels, ENOUGH, seen)
    return seen, np.repeat(which.ravel(), channels).astype(np.int64)


def part_of(band: str, seen: np.ndarray) -> int:
    """Which part of :func:`counting` is that of a band."""
    return min(PARTS.index(band), seen.shape[2] - 1)
