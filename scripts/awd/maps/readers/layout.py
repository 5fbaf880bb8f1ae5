"""What the axes of an array of maps are: y, x, bins of sources, parts of shear."""

from __future__ import annotations

from typing import Literal

import numpy as np

from awd.errors import DataError

Quantity = Literal["convergence", "shear"]
UNSEEN = 1e20  # HEALPix has -1.6e30 where nothing was seen


def fields(
    array: np.ndarray, where: str, quantity: Quantity = "convergence", bins: int = 1
) -> np.ndarray:
    """An array of one map as convergence.

    Parameters
    ----------
    array : array of shape (y, x), or with axes of bins and components before or behind
        Axes of length 1 are passed over; complex numbers are shear.
    where : str
        For messages.
    quantity : {"convergence", "shear"}
        Shear has an axis of its two components and becomes convergence.
    bins : int
        Of sources, along an axis of their own where there are several.

    Returns
    -------
    ndarray of shape (y, x), or (bins, y, x) of several bins, float32

    Raises
    ------
    DataError
        An axis is not accounted for.
    """
    array, quantity = parts_first(array, where, quantity, bins)
    if quantity == "shear":
        array = _convergence(array)
    return np.ascontiguousarray(array, np.float32)


def parts_first(
    array: np.ndarray,
    where: str,
    quantity: Quantity = "convergence",
    bins: int = 1,
    sky: bool = False,
) -> tuple[np.ndarray, Quantity]:
    """An array of one map, with its bins and then its components before its pixels.

    Parameters
    ----------
    array, where, quantity, bins
        As for :func:`fields`.
    sky : bool
        Whether the pixels are those of a HEALPix map, along one axis.

    Returns
    -------
    array : ndarray of shape ([bins,] [2,] y, x), or ([bins,] [2,] pixels) of a sky
    quantity : {"convergence", "shear"}
        Of complex numbers shear.

    Raises
    ------
    DataError
        An axis is not accounted for.
    """
    if array.dtype.kind not in "fiuc":
        raise DataError(f"{where}: has dtype {array.dtype}; expected numbers")
    if array.dtype.kind == "c":
        array, quantity = np.stack([array.real, array.imag]), "shear"
    shape, inner = array.shape, 1 if sky else 2
    extra = (bins,) * (bins > 1) + (2,) * (quantity == "shear")
    array = _squeezed(array, inner + len(extra))
    if sky:
        array = np.moveaxis(array, int(np.argmax(array.shape)), -1)
    else:
        array = _images_last(array)
    leading = list(array.shape[:-inner])
    if sorted(leading) != sorted(extra):
        pixels = "pixels" if sky else "y, x"
        raise DataError(f"{where}: {_advice(shape, leading, quantity, bins, pixels)}")
    if len(leading) == 2 and (leading[0], leading[1]) == (2, bins) and bins != 2:
        array = array.swapaxes(0, 1)
    return array, quantity


def _convergence(shear: np.ndarray) -> np.ndarray:
    """Of shear (..., 2, y, x); NaN where that has no value, and is taken as 0."""
    from awd.maps.sky.lensing import kaiser_squires

    seen = (np.abs(shear) < UNSEEN).all(-3)
    first, second = np.moveaxis(np.where(seen[..., None, :, :], shear, 0), -3, 0)
    kappa = kaiser_squires(first, second)[0]
    return kappa if seen.all() else np.where(seen, kappa, np.nan)


def _squeezed(array: np.ndarray, dims: int) -> np.ndarray:
    """Without as many axes of length 1 as there are too many."""
    for axis in reversed(range(array.ndim)):
        if array.ndim > dims and array.shape[axis] == 1:
            array = array.squeeze(axis)
    return array


def _images_last(array: np.ndarray) -> np.ndarray:
    """With the two long axes last, which are next to each other and of like length."""
    if array.ndim < 3:
        return array
    starts = range(array.ndim - 1)
    square = [k for k in starts if array.shape[k] == array.shape[k + 1]]
    best = max(square, key=lambda k: (array.shape[k], k), default=array.ndim - 2)
    return np.moveaxis(array, (best, best + 1), (-2, -1))


def _advice(
    shape: tuple[int, ...], leading: list[int], quantity: str, bins: int, pixels: str
) -> str:
    wanted = f"({pixels})"
    if quantity == "shear":
        wanted = f"(2, {pixels}) or ({pixels}, 2), the components of shear"
    if bins > 1:
        wanted = f"{bins} bins (maps.source.bins) of {wanted}"
    text = f"has shape {shape}; expected a map of {wanted}"
    if len(leading) != 1:
        return text
    n = leading[0]
    hints = [f"{n} bins of sources: maps.source.bins: {n}"]
    if n == 2:
        hints.insert(0, "shear: maps.source.quantity: shear")
    hints.append("several maps: kind: archive")
    return f"{text}. It may hold {'; or '.join(hints)}"
