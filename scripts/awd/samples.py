"""What a sample is, whatever reads it: signals or images, real and finite numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.errors import DataError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def real(values: ArrayLike | Any, name: str) -> np.ndarray:
    """Anything that holds real numbers as an array of native float32 or float64.

    Parameters
    ----------
    values : array-like, DataFrame or tensor
        float32 and float64 stay what they are, half precision becomes float32,
        integers, booleans and longer floats become float64. What is that already is
        not copied.
    name : str
        Of the argument, for the error.

    Raises
    ------
    ShapeError
        Ragged lists, objects, text, complex numbers, or a single value that is none.
    DataError
        A masked array with masked values.

    Examples
    --------
    >>> real([[1, 2], [3, 4]], "x").dtype
    dtype('float64')
    """
    if hasattr(values, "detach"):  # a tensor, on any device
        values = values.detach().cpu()
        values = values.float() if values.itemsize < 4 else values
    if np.ma.is_masked(values):
        raise DataError(
            f"{name} has masked values; fill them, or leave these samples out"
        )
    try:
        data = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ShapeError(
            f"{name} is no array ({error}); expected numbers of one shape: are lists "
            "of different lengths among them?"
        ) from error
    if data.dtype.kind not in "fiub":
        raise ShapeError(
            f"{name} is a {type(values).__name__} of dtype {data.dtype}; expected real "
            "numbers (a sparse matrix: .toarray(); a table: only columns of numbers)"
        )
    small = data.dtype.kind == "f" and data.dtype.itemsize <= 4
    return np.asarray(data, np.float32 if small else np.float64)


def require_samples(x: ArrayLike) -> np.ndarray:
    """``x`` as an array if it holds signals or images, see :meth:`Largest.features`."""
    x = real(x, "x")
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
    """Of the levels those to which samples can be halved; the most of them if none."""
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
