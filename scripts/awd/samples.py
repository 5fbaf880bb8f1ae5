"""What a sample is, whatever reads it: signals or images, real and finite numbers."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import scalars
from awd.errors import DataError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BLOCK = 2 << 20  # bytes that are read together of what need not fit into memory


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
    require_unmasked(values, name)
    try:
        if hasattr(values, "detach"):  # a tensor, on any device
            values = values.detach().cpu()
            values = values.float() if values.itemsize < 4 else values
        data = np.asarray(values)
    except Exception as error:  # whatever an object makes of being asked for an array
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


def require_unmasked(values: Any, name: str) -> None:
    """Refuse a masked array with masked values, which numpy would take for numbers."""
    parts = values if isinstance(values, list | tuple) else [values]
    arrays = parts and isinstance(parts[0], np.ndarray)
    if arrays and any(np.ma.is_masked(part) for part in parts):
        raise DataError(
            f"{name} has masked values; fill them, or leave these samples out"
        )


def answers(values: Any, name: str, n: int) -> np.ndarray:
    """What was answered, or is to be, for n samples, as (n, targets) float64.

    Raises
    ------
    ShapeError
        It is neither (n,) nor (n, targets).
    DataError
        It is not finite everywhere.
    """
    found = real(values, name)
    if found.ndim not in (1, 2) or len(found) != n or not found.size:
        raise ShapeError(
            f"{name}: {found.shape} for {n} samples; expected ({n},) or ({n}, targets)"
        )
    if not np.isfinite(found).all():
        raise DataError(f"{name}: not finite everywhere; drop these samples")
    return found.reshape(n, -1).astype(float)


def groups_of(groups: Any, n: int) -> np.ndarray | None:
    """The group of every sample, (n,): numbers, dates or text; None without groups.

    Raises
    ------
    ShapeError
        There is not one a sample.
    DataError
        One is missing (None, NaN), or they are not of one kind.
    """
    if groups is None:
        return None
    require_unmasked(groups, "groups")
    if hasattr(groups, "detach"):
        groups = groups.detach().cpu()
    try:
        found = np.asarray(groups)
    except Exception as error:
        raise ShapeError(f"groups are no array ({error}); expected ({n},)") from error
    if found.shape != (n,):
        raise ShapeError(f"groups is {found.shape}; expected one a sample, ({n},)")
    if found.dtype.kind == "O":
        kinds = [str, bytes, numbers.Real]
        alike = any(all(isinstance(g, kind) for g in found) for kind in kinds)
        found = np.array(found.tolist()) if alike else found
    if found.dtype.kind not in "iufbUSM" or (found != found).any():
        raise DataError(
            "groups hold what names no group (None, NaN, or several kinds of values); "
            "give every sample a text or a number"
        )
    return found.astype(found.dtype.newbyteorder("="))


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
    if dims is not None:
        dims = scalars.whole(dims, "dims", 1, 2)
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


def behaved(values: np.ndarray, dtype: Any = None) -> np.ndarray:
    """Contiguous, aligned and writable, of a dtype; a copy only of what is not.

    For any other array a compiled loop would be compiled anew, which takes seconds.
    """
    return np.require(values, dtype, ["C", "A", "W"])


def axes(x: np.ndarray) -> int:
    """Axes of a sample: 2 of images (n, channel, y, x), else 1."""
    return 2 if x.ndim == 4 else 1


def most_levels(x: np.ndarray) -> int:
    """How many times samples can be halved."""
    return int(min(x.shape[-axes(x) :])).bit_length() - 1


def possible_levels(x: np.ndarray, levels: Sequence[int]) -> list[int]:
    """Of the levels those to which samples can be halved; the most of them if none."""
    most = most_levels(x)
    return [level for level in levels if level <= most] or [most]


def as_rows(x: np.ndarray) -> np.ndarray:
    """Every channel a row: signals (rows, time) or images (rows, y, x)."""
    return x.reshape(-1, *x.shape[min(2, x.ndim - 1) :])


def folds(groups: np.ndarray, count: int) -> np.ndarray:
    """Fold of every sample, (n,) int: whole groups, folds of about equal size."""
    from sklearn.model_selection import GroupKFold

    fold = np.empty(len(groups), int)
    for index, (_, held) in enumerate(GroupKFold(count).split(groups, groups=groups)):
        fold[held] = index
    return fold


def blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of so many rows, ``size`` bytes in all, of about :data:`BLOCK` each."""
    rows = max(1, BLOCK * count // max(size, 1))
    for first in range(0, count, rows):
        yield slice(first, min(first + rows, count))


def require_finite(values: np.ndarray, name: str = "x", first: int = 0) -> np.ndarray:
    """The values, (n, ...), if those of every sample are finite.

    ``first`` is the number of the first of these samples, where they are a block.
    """
    values = real(values, name)
    bad = ~np.isfinite(np.atleast_1d(values))
    bad = bad.any(tuple(range(1, bad.ndim)))
    if bad.any():
        raise DataError(
            f"{name} is not finite (NaN, infinity) in {bad.sum()} of {len(bad)} "
            f"samples{counted_from(first)}, first in sample "
            f"{first + int(bad.argmax())}; drop or repair them"
        )
    return values


def counted_from(first: int) -> str:
    """What an error says of a block that does not begin with the first sample."""
    return f" from {first} on" if first else ""
