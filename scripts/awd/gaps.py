"""What was not seen of samples: gaps and ends are never read, and gaps are filled.

Signals may have ends, ``length`` (n,), and all samples gaps, ``mask`` (n, time) or
(n, y, x), 0 where nothing was seen, the same for all channels. What stands there, NaN
say, is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from awd.arguments import checked
from awd.errors import DataError, ShapeError
from awd.samples import counted_from, require_finite

SEEN, FILLED, BEYOND = 1, 0, -1  # what a mask says of a value, once gaps are filled
AROUND = (1.0, 2.0, 4.0, 8.0)  # s.d. of the means that fill, pixels, narrow ones first
ENOUGH = 0.05  # weight of seen pixels, above which such a mean is taken


def marked(found: Mapping[str, Any], dims: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples with their gaps filled and 0 beyond their ends, and what was seen.

    Parameters
    ----------
    found, dims
        As for :func:`mended`, with a length or a mask.

    Returns
    -------
    x : ndarray as that of ``found``
    mask : ndarray of int8 of its shape
        SEEN, FILLED or BEYOND.
    """
    x, seen, length = mended(found, dims)
    mask = np.full(x.shape, SEEN, np.int8)
    if seen is not None:
        mask[~spread(seen, x)] = FILLED
    if length is not None:
        ends = length.reshape(-1, *(1,) * (x.ndim - 1))
        mask[np.broadcast_to(np.arange(x.shape[-1]) >= ends, x.shape)] = BEYOND
    return np.where(mask == BEYOND, x.dtype.type(0), x), mask


def mended(
    found: Mapping[str, Any], dims: int, first: int = 0
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Samples with their gaps filled, where they were seen, and how long they are.

    Parameters
    ----------
    found : mapping
        ``x`` (n, [channel,] time) or (n, [channel,] y, x), and where samples have gaps
        or ends ``mask`` and ``length``.
    dims : {1, 2}
    first : int
        Number of the first sample, where these are a block of more: for errors.

    Returns
    -------
    x : ndarray as that of ``found``
        Beyond its end a sample holds anything finite.
    seen : ndarray of bool of shape (n, time) or (n, y, x), or None
    length : ndarray of int of shape (n,), or None

    Raises
    ------
    ShapeError, DataError
        A mask or the lengths do not fit the samples, a sample shows nothing, or is not
        finite where it was seen.
    """
    x, length = found["x"], lengths(found, dims)
    require_fitting(found, dims)
    seen = _seen(found)
    if length is not None:
        inside = np.arange(x.shape[-1]) < length[:, None]
        seen = inside if seen is None else seen & inside
    if seen is None:
        return require_finite(x, first=first), None, None
    blind = ~seen.any(tuple(range(1, seen.ndim)))
    if blind.any():
        raise DataError(
            f"mask hides all of {blind.sum()} of {len(x)} samples"
            f"{counted_from(first)}, first of sample {first + int(blind.argmax())}; "
            "leave them out"
        )
    x = require_finite(np.where(spread(seen, x), x, x.dtype.type(0)), first=first)
    if "mask" in found:
        images = x if dims == 2 else x[..., None, :]
        x = filled(images, seen if dims == 2 else seen[:, None]).reshape(x.shape)
    return x, seen, length


def lengths(found: Mapping[str, Any], dims: int) -> np.ndarray | None:
    """Where every sample ends, (n,) int; None where nothing says so.

    Raises
    ------
    ShapeError, DataError
        There is not one a sample, or it is none; images have none.
    """
    if "length" not in found:
        return None
    if dims == 2:
        raise DataError(
            "images have no length; say with a mask (n, y, x) which pixels were seen"
        )
    given, shape = np.asarray(found["length"]), found["x"].shape
    if given.shape != shape[:1]:
        raise ShapeError(
            f"length is {given.shape}; expected one a sample, ({shape[0]},)"
        )
    most = shape[-1]
    wrong = given
    if given.dtype.kind in "fiu":
        wrong = given[~((given % 1 == 0) & (given >= 1) & (given <= most))]
    if wrong.size:
        raise DataError(
            f"length holds {wrong[0]}; expected whole numbers from 1 to {most}, the "
            "length of x"
        )
    return given.astype(int)


def require_fitting(found: Mapping[str, Any], dims: int) -> None:
    """Refuse a mask of another shape than that of the samples."""
    if "mask" not in found:
        return
    shape = found["x"].shape
    expected = (shape[0], *shape[-dims:])
    if np.shape(found["mask"]) != expected:
        raise ShapeError(
            f"mask is {np.shape(found['mask'])}; expected {expected}, the same for all "
            "channels"
        )


def _seen(found: Mapping[str, np.ndarray]) -> np.ndarray | None:
    if "mask" not in found:
        return None
    given = np.asarray(found["mask"])
    if given.dtype.kind not in "fiub" or not ((given == 0) | (given == 1)).all():
        raise DataError(
            f"mask holds more than 0 and 1 (dtype {given.dtype}); expected 1 where a "
            "value was seen, 0 where not"
        )
    return given.astype(bool)


def spread(seen: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Of all channels what is seen of each."""
    return np.broadcast_to(seen if seen.ndim == x.ndim else seen[:, None], x.shape)


@checked(maps="n ...", mask="n y x")
def filled(maps: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Maps whose hidden pixels hold Gaussian means of the seen ones around them.

    Parameters
    ----------
    maps : array of shape (n, y, x) or (n, bins, y, x)
        What hidden pixels hold is not looked at.
    mask : array of bool of shape (n, y, x)
        Where they were seen.

    Returns
    -------
    ndarray as ``maps``, float32

    Raises
    ------
    ShapeError
        The mask does not fit the maps.
    """
    if maps.shape[-2:] != mask.shape[1:]:
        raise ShapeError(f"maps have shape {maps.shape}, their mask {mask.shape}")
    out = np.array(maps, np.float32)
    last, shares = None, []
    for image, seen in zip(out, mask, strict=True):
        if seen.all():
            continue
        if last is None or not np.array_equal(seen, last):
            last, shares = seen, _shares(seen)
        for field in image.reshape(-1, *seen.shape):
            field[~seen] = 0
            field[~seen] = _around(field, seen, shares)
    return out


def _smooth(field: np.ndarray, sigma: float) -> np.ndarray:
    # Whoever has no gaps needs no scipy: a model at home.
    from scipy import ndimage

    return ndimage.gaussian_filter(field, sigma, truncate=3.0)


def _shares(seen: np.ndarray) -> list[np.ndarray]:
    """The share seen of what every mean takes, as far as it takes to have enough."""
    shares: list[np.ndarray] = []
    for sigma in AROUND:
        shares.append(_smooth(seen.astype(np.float32), sigma))
        if (shares[-1][~seen] > ENOUGH).all():
            break
    return shares


def _around(
    field: np.ndarray, seen: np.ndarray, shares: list[np.ndarray]
) -> np.ndarray:
    """For every hidden pixel the mean of what was seen, of as near as is enough."""
    values = np.full((~seen).sum(), field[seen].mean() if seen.any() else 0.0)
    for sigma, share in reversed([*zip(AROUND, shares, strict=False)]):
        own = share[~seen]
        near = _smooth(field, sigma)[~seen]
        values = np.where(own > ENOUGH, near / np.maximum(own, ENOUGH), values)
    return values
