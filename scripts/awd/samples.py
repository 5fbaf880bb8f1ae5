"""What a sample is, whatever reads it: signals or images, real and finite numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.errors import ConfigError, DataError, ShapeError

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


def dims_of(shape: Sequence[int], dims: int | None, name: str = "x") -> int:
    """Axes of a sample, 1 of signals and 2 of images, of an array of a shape.

    Parameters
    ----------
    shape : sequence of int
        (n, time), (n, channel, time), (n, y, x) or (n, channel, y, x).
    dims : {1, 2}, optional
        Needed where the array has three axes, which may be either.
    name : str
        Of the argument, for the error.

    Raises
    ------
    ShapeError
        Three axes and no ``dims``; other numbers of axes; or it is empty.
    ConfigError
        ``dims`` is something else.
    """
    if dims not in (None, 1, 2):
        raise ConfigError(f"dims is {dims!r}; a sample has 1 axis or 2, y and x")
    known = {2: (1,), 3: (1, 2), 4: (2,)}.get(len(shape), ())
    if not known or 0 in shape or dims not in (None, *known):
        raise ShapeError(
            f"{name} is {tuple(shape)}; expected signals (n, [channel,] time) or "
            "images (n, [channel,] y, x), not empty"
            + (f", of which dims={dims} says which" if dims else "")
        )
    if dims is None and len(known) > 1:
        n, first, last = shape
        raise ShapeError(
            f"{name} is {tuple(shape)}: with dims=1 {n} signals of {first} channels "
            f"and {last} times, with dims=2 {n} images of {first} x {last}; say which"
        )
    return dims or known[0]


def require_samples(x: ArrayLike, dims: int | None = None) -> np.ndarray:
    """Signals (n, [channel,] time) or images (n, channel, y, x), of real numbers.

    Parameters and errors as :func:`real` and :func:`dims_of`; images that have no axis
    of channels get one.
    """
    x = real(x, "x")
    images = dims_of(x.shape, dims) == 2
    return x[:, None] if images and x.ndim == 3 else x


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
