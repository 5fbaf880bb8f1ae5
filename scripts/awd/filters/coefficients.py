"""Wavelet coefficients of numpy arrays: transforms, packed bands and their extremes.

Compiled (:mod:`awd.compiled`) where that is faster than pywt, by pywt elsewhere.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.compiled import extremes, images, signals
from awd.errors import DataError, ShapeError
from awd.samples import behaved, real, require_finite
from awd.scalars import SQUARED, chosen, whole, wholes
from awd.wavelet import highpass, require_levels

if TYPE_CHECKING:
    import pywt

MODES = {
    "zero": signals.ZERO,
    "periodization": signals.PERIODIZATION,
    "symmetric": None,
    "reflect": None,
    "periodic": None,
}
COMPILED = {1: ("zero", "periodization"), 2: ("zero",)}  # modes, by axes of a sample


def analysis(
    x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero", dims: int = 1
) -> list[Any]:
    """Wavelet coefficients; :func:`awd.transform.analysis` for numpy.

    Compiled where that is faster than pywt (:data:`COMPILED`), by pywt elsewhere.

    Parameters
    ----------
    x : array of shape (..., time) or (..., y, x), float32 or float64
    h : array of shape (taps,), taps even
    levels : int
    mode : str
        A key of :data:`MODES`.
    dims : {1, 2}
        Axes to transform, the last ones.

    Returns
    -------
    list
        As ``pywt.wavedec`` and ``pywt.wavedec2``, of the dtype of ``x``.

    Raises
    ------
    ShapeError
        ``x`` is not floating point or too short, or the filter has an odd length.
    DataError
        ``x`` or the filter is not finite.
    ConfigError
        The mode is unknown.
    """
    x, dims = real(x, "x"), whole(dims, "dims", 1, 2)
    chosen(mode, "mode", MODES)
    batch, shape = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    if x.ndim < dims or not x.size:
        raise ShapeError(
            f"x is {x.shape}; expected (..., {'y, x' if dims > 1 else 'time'})"
        )
    rows, h, g, levels = checked(x.reshape(-1, *shape), h, levels)
    if mode not in COMPILED[dims]:
        import pywt

        function = pywt.wavedec if dims == 1 else pywt.wavedec2
        bank = _pywt(h, g, mode)
        where = {"axis": -1} if dims == 1 else {"axes": (-2, -1)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # filters longer than signals
            bands = function(x, bank, mode, levels, **where)
        require_sound(bands[0], samples=rows)
        return bands
    packed, _ = pack(rows, h, levels, mode)
    return unpack(packed.reshape(*batch, -1), shape, len(h), levels, mode)


def unpack(
    packed: np.ndarray, shape: Sequence[int], taps: int, levels: int, mode: str = "zero"
) -> list[Any]:
    """The bands of :func:`pack` as :func:`analysis` gives them; views.

    Parameters
    ----------
    packed : array of shape (..., coefficients)
    shape : sequence of one or two int
        Of the signal or image.
    taps, levels, mode
        Of the transform.

    Raises
    ------
    ShapeError, ConfigError
        These are not the coefficients of such a transform.
    """
    packed, count = real(packed, "packed"), band_counts(shape, taps, levels, mode).sum()
    if packed.shape[-1:] != (count,):
        raise ShapeError(
            f"packed is {packed.shape}; expected (..., {count}) for shape {shape}, "
            f"{taps} taps and {levels} levels"
        )
    shape, taps, levels = wholes(shape, "shape"), int(taps), int(levels)
    shapes = _band_shapes(shape, taps, levels, mode)
    ends = np.cumsum([np.prod(size) for size in shapes])[:-1]
    flat = np.split(packed, ends, axis=-1)
    bands = [
        band.reshape(*packed.shape[:-1], *size)
        for band, size in zip(flat, shapes, strict=True)
    ]
    if len(shape) == 1:
        return bands
    return [bands[0], *(tuple(bands[k : k + 3]) for k in range(1, len(bands), 3))]


def synthesis(
    coeffs: list[Any], h: np.ndarray, shape: int | Sequence[int], mode: str = "zero"
) -> np.ndarray:
    """Inverse of :func:`analysis` for an orthonormal filter, by pywt.

    Parameters
    ----------
    coeffs : list
        What :func:`analysis` returns.
    h : array of shape (taps,), taps even
    shape : int or sequence of one or two int
        Trailing shape of the signal or image, odd lengths too.
    mode : str
        The mode of the analysis.

    Returns
    -------
    ndarray of shape (..., *shape)

    Raises
    ------
    ShapeError, DataError, ConfigError
        The filter has an odd length; a band is not finite; the mode is unknown.
    """
    import pywt

    shape = tuple(wholes(shape, "shape"))
    if len(shape) > 2:
        raise ShapeError(f"shape is {shape}; expected (time,) or (y, x)")
    _require_bands(coeffs, 2 ** len(shape) - 1)
    h = _filter(h, float)
    bank = _pywt(h, highpass(h), mode)
    function = pywt.waverec if len(shape) == 1 else pywt.waverec2
    try:
        full = function(coeffs, bank, mode)
    except (ValueError, RuntimeError) as error:
        raise ShapeError(f"bands of one another do not belong: {error}") from error
    found = full.shape[-len(shape) :]
    if found != tuple(n + n % 2 for n in shape):
        raise ShapeError(
            f"the coefficients are those of {found} samples, odd ones rounded up; "
            f"expected those of shape {shape}"
        )
    require_sound(full, **{f"band {k}": band for k, band in enumerate(coeffs)})
    return full[(..., *(slice(n) for n in shape))]


def _pywt(h: np.ndarray, g: np.ndarray, mode: str) -> pywt.Wavelet:
    import pywt

    chosen(mode, "mode", MODES)
    return pywt.Wavelet("awd", filter_bank=(h[::-1], g[::-1], h, g))


def pack(
    x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
) -> tuple[np.ndarray, np.ndarray]:
    """The bands of :func:`analysis` side by side, and their lengths; compiled.

    Parameters
    ----------
    x : array of shape (rows, time) or (rows, y, x), float32 or float64
    h, levels
        As for :func:`analysis`.
    mode : {"zero", "periodization"}
        Images know "zero" only.

    Returns
    -------
    packed : ndarray of shape (rows, coefficients), dtype of ``x``
        ``[approx, detail_levels, ..., detail_1]`` of every row; of images the
        horizontal, the vertical and the diagonal detail of every level.
    sizes : ndarray of int of shape (bands,)
        Coefficients of each band, in the same order.

    Raises
    ------
    ShapeError, DataError, ConfigError
        As :func:`analysis`.
    """
    rows, h, g, levels = checked(x, h, levels)
    sizes = band_counts(rows.shape[1:], len(h), levels, mode)
    if mode == "periodization" and len(h) % 4 == 0:
        # Centre the taps on an even sample, where the blocks begin.
        h, g = np.pad(h, 1), np.pad(g, 1)
    packed = np.empty((len(rows), sizes.sum()), rows.dtype)
    if rows.ndim == 2:
        signals.analysis_rows(rows, h, g, levels, MODES[mode], packed)
    else:
        images.pack_images(rows, h, g, levels, packed)
    require_sound(packed[:, : sizes[0]], samples=rows)
    return packed, sizes


def band_counts(
    shape: Sequence[int], taps: int, levels: int, mode: str = "zero"
) -> np.ndarray:
    """Coefficients of each band of a signal or image, in the order of :func:`pack`."""
    shape, taps = wholes(shape, "shape"), whole(taps, "taps", 2)
    if len(shape) not in COMPILED:
        raise ShapeError(f"shape is {shape}; expected (time,) or (y, x)")
    chosen(mode, "mode", COMPILED[len(shape)])
    levels = require_levels(min(shape), levels)
    return np.prod(_band_shapes(shape, taps, levels, mode), axis=1)


def _band_shapes(
    shape: Sequence[int], taps: int, levels: int, mode: str
) -> list[tuple[int, ...]]:
    """Shape of each band of a signal or image, in the order of :func:`pack`."""
    sizes = [signals.band_sizes(n, taps // 2, levels, MODES[mode]) for n in shape]
    details = list(zip(*sizes, strict=True))[:0:-1]  # coarse ones first
    kinds = 2 ** len(shape) - 1
    return [details[0], *(size for size in details for _ in range(kinds))]


def pick(
    x: np.ndarray,
    h: np.ndarray,
    levels: int,
    largest: int,
    smallest: int,
    mode: str = "zero",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Largest and smallest signed coefficients of every band, and where they stand.

    Parameters
    ----------
    x, h, levels, mode
        As for :func:`pack`.
    largest, smallest : int
        How many; a band of fewer coefficients gives all it has.

    Returns
    -------
    values : ndarray of shape (rows, picked), dtype of ``x``
        Band after band; in each first the largest, falling, then the smallest, rising.
        Among equals, such as padding, the first in time is taken.
    index : ndarray of int of shape (rows, picked)
        Columns of :func:`pack`.
    sizes : ndarray of int of shape (bands,)
        Coefficients of each band.

    Raises
    ------
    ShapeError, DataError, ConfigError
        As :func:`pack`.
    """
    rows, h, g, levels = checked(x, h, levels)
    require_sound(rows, samples=rows)
    sizes = band_counts(rows.shape[1:], len(h), levels, mode)
    largest, smallest = whole(largest, "largest", 0), whole(smallest, "smallest", 0)
    picked = int((np.minimum(sizes, largest) + np.minimum(sizes, smallest)).sum())
    values = np.empty((len(rows), picked), rows.dtype)
    index = np.empty((len(rows), picked), np.int64)
    if rows.ndim == 2 and mode == "zero":
        extremes.pick_rows(rows, h, g, levels, largest, smallest, values, index)
    else:
        packed, _ = pack(rows, h, levels, mode)
        extremes.extremes_rows(packed, sizes, largest, smallest, values, index)
    return values, index, sizes


def checked(
    x: np.ndarray, h: np.ndarray, levels: int, several: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Samples, filter or filters and their partners, and levels, as loops take them.

    Arrays are :func:`awd.samples.behaved` and of one dtype.
    """
    x = behaved(real(x, "samples"))
    if x.ndim not in (2, 3) or not x.size:
        raise ShapeError(
            f"samples have shape {x.shape}; expected (rows, time) or (rows, y, x), not "
            "empty"
        )
    levels = require_levels(min(x.shape[1:]), levels)
    h = _filter(h, x.dtype, 1 + several)
    return x, h, highpass(h), levels


def require_sound(result: np.ndarray | float, **given: Any) -> None:
    """Refuse arrays that are not finite, once their sum shows it.

    NaN and infinity go from samples into every sum over them, the approximation too, so
    that a short result tells of all that it was made of. The sum of finite numbers may
    overflow, too: then nothing is wrong.

    Raises
    ------
    DataError
        Naming the first array that is not finite.
    """
    if math.isfinite(np.add.reduce(result, axis=None)):
        return
    for name, values in given.items():
        for part in values if isinstance(values, tuple) else (values,):
            require_finite(part, name)


def _filter(h: Any, dtype: Any, axes: int = 1) -> np.ndarray:
    """A filter (taps,), or several (n, taps)."""
    taps = real(h, "filter")
    found = behaved(taps, dtype)
    if found.ndim != axes or found.shape[-1] % 2 or not found.size:
        raise ShapeError(
            f"filter has shape {found.shape[axes - 1 :]}; expected one axis of even "
            "length"
        )
    if not (np.abs(taps.astype(float)) <= SQUARED).all():
        raise DataError(f"a filter is not finite: {found}; check how it was made")
    return found


def _require_bands(coeffs: Any, details: int) -> None:
    """Bands as :func:`analysis` gives them, before pywt asks what they are."""
    several = isinstance(coeffs, list | tuple) and len(coeffs) > 1
    kinds = (list, tuple) if details > 1 else np.ndarray
    fit = several and isinstance(coeffs[0], np.ndarray)
    if not fit or not all(isinstance(band, kinds) for band in coeffs[1:]):
        raise ShapeError(
            "coefficients are no list of bands; expected what analysis returned, "
            "[approx, detail_levels, ..., detail_1]"
        )
    for band in coeffs:
        for part in band if isinstance(band, list | tuple) else [band]:
            real(part, "coefficients")
