"""A map as it comes, to a map as it is written: checks, block means, noise, masks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import DataError, ShapeError
from awd.maps import readers
from awd.maps.measure import masks
from awd.maps.readers.layout import UNSEEN
from awd.maps.sky import lensing

HALF = 0.5  # of a pixel, that has to be seen


def finished(
    kappa: np.ndarray,
    size: int,
    noise: np.ndarray | None = None,
    sigma_pixels: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """A map of the wanted size, with noise, smoothed, and filled where it was hidden.

    Parameters
    ----------
    kappa : array of shape ([bins,] y, x), float32
        NaN where nothing was seen.
    size : int
        Side after block means of what was seen; less than half seen is hidden.
    noise : array of shape ([bins,] size, size), optional
        Added to it; of pixels of which a part was seen so much larger.
    sigma_pixels : float
        S.d. of the Gaussian that smooths what was seen.

    Returns
    -------
    x : ndarray of shape ([bins,] size, size), float32
    seen : ndarray of bool of shape (size, size)
        In all bins.
    """
    if np.isfinite(kappa).all():
        x = block_mean(kappa, size)
        x = x if noise is None else x + noise
        return _smoothed(x, sigma_pixels), np.ones((size, size), bool)
    finite, share, seen = seen_of(kappa, size)
    whole = np.where(seen, share, 1).astype(np.float32)
    x = block_mean(np.where(finite, kappa, np.float32(0)), size) / whole
    if noise is not None:
        x = x + noise / np.sqrt(whole)
    if sigma_pixels:
        x = _smoothed(np.where(seen, x, 0), sigma_pixels)
        x = x / np.maximum(_smoothed(seen.astype(np.float32), sigma_pixels), 1e-6)
    return masks.filled(x[None], seen[None])[0], seen


def seen_of(kappa: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where a map ([bins,] y, x) was seen in all bins, before and after block means.

    The pixels that were, the share of each larger one, and whether it is enough.
    """
    finite = np.isfinite(kappa).reshape(-1, *kappa.shape[-2:]).all(0)
    share = block_mean(finite.astype(np.float32), size)
    return finite, share, share >= HALF


def require_tiles(seen: np.ndarray, tile: int, offsets: np.ndarray, where: str) -> None:
    """Raise where hardly anything was seen of a tile of a map; ``seen`` is (y, x)."""
    for y, x in offsets:
        require_seen(seen[y : y + tile, x : x + tile], f"{where}, tile at ({y}, {x})")


def _smoothed(x: np.ndarray, sigma_pixels: float) -> np.ndarray:
    if not sigma_pixels:
        return x
    flat = x.reshape(-1, *x.shape[-2:])
    return lensing.smoothed(flat, sigma_pixels).reshape(x.shape)


@checked(kappa="... y x", size=(1, 1e6))
def block_mean(kappa: np.ndarray, size: int) -> np.ndarray:
    """A square map (..., y, x) of ``size`` pixels a side, exact means of whole blocks.

    Raises
    ------
    ShapeError
        The map is not square, or its side no multiple of ``size``.
    """
    side = kappa.shape[-1]
    if kappa.shape[-2] != side:
        raise ShapeError(f"kappa has shape {kappa.shape}; expected a square map")
    if side == size:
        return kappa
    if size > side or side % size:
        raise ShapeError(
            f"maps of {side} pixels cannot be averaged to {size}; expected a divisor "
            f"of {side} (maps.size)"
        )
    per = side // size
    blocks = kappa.reshape(*kappa.shape[:-2], size, per, size, per)
    return blocks.mean((-3, -1), dtype=np.float32)


def checked_maps(
    sources: Iterable[str],
    maps: Iterable[np.ndarray],
    shape: tuple[int, ...],
    nan: bool,
    hidden: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """The maps, none of which is broken or there twice.

    Parameters
    ----------
    sources : iterable of str
        What messages call each.
    maps : iterable of arrays of shape ``shape``
    shape : tuple of int
        ([bins,] y, x)
    nan : bool
        Whether pixels may be NaN, or UNSEEN: where nothing was seen.
    hidden : array of bool of shape (y, x), optional
        Where nothing was seen of any map.

    Yields
    ------
    ndarray of shape ``shape``, float32
        NaN where nothing was seen.

    Raises
    ------
    ShapeError, DataError
        A map is of another shape, not finite, no convergence, or there twice.
    """
    known: dict[bytes, str] = {}
    for source, kappa in zip(sources, maps, strict=True):
        if kappa.shape != shape or shape[-2] != shape[-1]:
            raise ShapeError(f"{source}: {other_shape(kappa.shape, shape)}")
        yield sound(source, kappa, nan, known, hidden)


def other_shape(got: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """What is wrong with a map of another shape than the first."""
    expected = *shape[:-2], shape[-1], shape[-1]
    return (
        f"has {' x '.join(map(str, got))} pixels; expected "
        f"{' x '.join(map(str, expected))}, square and as the first map"
    )


def sound(
    source: str,
    kappa: np.ndarray,
    nan: bool,
    known: dict[bytes, str],
    hidden: np.ndarray | None = None,
) -> np.ndarray:
    """A map that is convergence, and not there before; added to those ``known``.

    Parameters, result and errors are those of :func:`checked_maps`.
    """
    if nan:
        kappa = without_unseen(kappa)
    if hidden is not None:
        kappa = np.where(hidden, np.float32(np.nan), kappa)
    unseen = np.isnan(kappa) if nan else np.zeros(kappa.shape, bool)
    unseen = unseen if hidden is None else unseen | hidden
    bad = ~np.isfinite(kappa) & ~unseen
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        hint = "" if np.isinf(kappa[at]) else "; maps.nan: mask takes it as hidden"
        raise DataError(
            f"{source}: pixel {list(at)} is {kappa[at]} ({bad.sum()} of {bad.size} "
            f"are not finite){hint}"
        )
    _require_convergence(kappa[~unseen], source)
    digest = hashlib.blake2b(kappa.tobytes(), digest_size=16).digest()
    if digest in known:
        raise DataError(f"{source} and {known[digest]} are the same map; keep one")
    known[digest] = source
    return kappa


def _require_convergence(seen: np.ndarray, source: str) -> None:
    """Raise where the pixels that were seen are none of convergence."""
    if not seen.size or seen.std() > 1 or seen.std() == 0:
        raise DataError(
            f"{source}: pixels have s.d. {seen.std() if seen.size else 0:.3g}; of "
            "convergence it is 0.005 to 0.1, and at most 1 in noise: is it in another "
            "unit, or empty?"
        )
    if seen.min() >= 0:
        raise DataError(
            f"{source}: no pixel is below 0 (they are {seen.min():.3g} to "
            f"{seen.max():.3g}); convergence falls below 0 between the masses: is "
            "it a weight, a count, or a density? (maps.source.extension)"
        )


def without_unseen(kappa: np.ndarray) -> np.ndarray:
    """A map that is NaN where it was UNSEEN; infinite pixels stay what they are."""
    unseen = (np.abs(kappa) > UNSEEN) & np.isfinite(kappa)
    return np.where(unseen, np.float32(np.nan), kappa)


def require_seen(seen: np.ndarray, where: str) -> None:
    """Raise where hardly anything of a map was seen."""
    if seen.mean() < masks.LEAST:
        raise DataError(
            f"{where}: {100 * seen.mean():.0f} % of its pixels were seen; statistics "
            f"need {100 * masks.LEAST:.0f} %: leave the map out, or cut other tiles"
        )


def read_mask(path: io.PathLike, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """A survey's mask from a file, as of maps: where the sky was seen, (y, x) of bool.

    ``shape`` is that of the maps, (y, x), where it is known.

    Raises
    ------
    MissingInput, DataError
        The file is not there or damaged, has another shape than the maps, or hides
        nearly all.
    """
    values = np.squeeze(readers.Reading().raw(path)[0])
    if shape is None and values.ndim != 2:
        raise DataError(f"{path}: the mask has shape {values.shape}; expected (y, x)")
    if shape is not None and values.shape != tuple(shape):
        raise DataError(
            f"{path}: the mask has shape {values.shape}, the maps have {tuple(shape)}; "
            "expected a pixel for a pixel (maps.mask)"
        )
    seen = np.isfinite(values) & (values > 0)
    if seen.mean() < masks.LEAST:
        raise DataError(
            f"{path}: the mask is above 0 in {100 * seen.mean():.0f} % of its pixels; "
            "expected 1 where the sky was seen, 0 elsewhere: is it the other way round?"
        )
    return seen
