"""What a sample is, whatever reads it: signals or images, all finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awd.errors import DataError, ShapeError


def require_samples(x: np.ndarray) -> np.ndarray:
    """``x`` as an array if it holds signals or images, see :meth:`Largest.features`."""
    x = np.asarray(x)
    if x.ndim not in (2, 3, 4) or not x.size:
        raise ShapeError(
            f"x is {x.shape}; expected signals (n, [channel,] time) or images "
            "(n, channel, y, x), not empty"
        )
    return x


def axes(x: np.ndarray) -> int:
    """Axes of a sample: 2 of images (n, channel, y, x), else 1."""
    return 2 if x.ndim == 4 else 1


def possible_levels(x: np.ndarray, levels: Sequence[int]) -> list[int]:
    """Of the levels those to which samples can be halved; at least the most they can."""
    most = int(min(x.shape[-axes(x) :])).bit_length() - 1
    return [level for level in levels if level <= most] or [most]


def as_rows(x: np.ndarray) -> np.ndarray:
    """Every channel a row: signals (rows, time) or images (rows, y, x)."""
    return x.reshape(-1, *x.shape[min(2, x.ndim - 1) :])


def require_finite(values: np.ndarray) -> np.ndarray:
    """The values, (n, ...), if every sample of them is finite."""
    bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if bad.any():
        raise DataError(
            f"{bad.sum()} of {len(bad)} samples are not finite, first sample "
            f"{int(bad.argmax())}; drop or repair them"
        )
    return values
