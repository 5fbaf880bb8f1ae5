"""Compiled hot loops: wavelet coefficients, their extremes, and filter gradients.

Signals travel in blocks of :data:`LANES`: time along the slow axis, signals along the
fast one, even and odd samples apart. Every tap then multiplies one long contiguous run,
so short signals go at the speed of long ones. Sums are taken in the dtype of the data
over at most :data:`CHUNK` values and in float64 beyond. One thread, float32 or float64.

The functions with an underscore take flat buffers of blocks. Padding stands in the
buffers, so modes differ only in :func:`loops.pad`.
"""

from __future__ import annotations

import numpy as np

from awd import loops
from awd.errors import ConfigError, ShapeError
from awd.wavelet import highpass, require_levels

MODES = {"zero": loops.ZERO, "periodization": loops.PERIODIZATION}


def compile() -> None:
    """Compile every kernel for float32 and float64, into numba's cache on disk."""
    h = np.full(2, np.sqrt(0.5))
    for dtype in (np.float32, np.float64):
        x = np.ones((2, 4), dtype)
        l1(x, h[None], 1)
        l1_gradient(x, h, 1)
        packed, sizes = pack(x, h, 1)
        pack_gradient(x, h, 1, packed)
        extremes(packed, sizes, 1, 1)


def l1(x: np.ndarray, filters: np.ndarray, levels: int) -> np.ndarray:
    """Sum of absolute wavelet coefficients for many filters, mode zero.

    Parameters
    ----------
    x : array of shape (rows, time), float32 or float64
    filters : array of shape (n, taps), taps even
        Low-pass filters; need not be orthonormal.
    levels : int

    Returns
    -------
    ndarray of shape (n,), float64
        ``sum(|c|)`` over all rows and bands of ``wavedec(x, h, levels)``.

    Raises
    ------
    ShapeError
        ``x`` is not a float matrix or too short, or a filter has an odd length.
    """
    x, filters, partners = _checked(x, filters, levels)
    return loops.l1_rows(x, filters, partners, levels)


def l1_gradient(x: np.ndarray, h: np.ndarray, levels: int) -> tuple[float, np.ndarray]:
    """Sum of absolute wavelet coefficients and its gradient in the filter, mode zero.

    The high-pass filter follows the low-pass one, ``g[k] = (-1)^k h[-1-k]``. At a
    coefficient of 0 the derivative of its absolute value counts as 0.

    Parameters
    ----------
    x : array of shape (rows, time), float32 or float64
    h : array of shape (taps,), taps even
    levels : int

    Returns
    -------
    value : float
    gradient : ndarray of shape (taps,), float64

    Raises
    ------
    ShapeError
        As :func:`l1`.
    """
    x, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    value, by_low, by_high = loops.l1_gradient_rows(x, h, g, levels)
    return value, _along_taps(by_low, by_high)


def analysis(
    x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
) -> list[np.ndarray]:
    """Wavelet coefficients of many signals; :func:`awd.transform.analysis` for numpy.

    Parameters
    ----------
    x : array of shape (..., time), float32 or float64
    h : array of shape (taps,), taps even
    levels : int
    mode : {"zero", "periodization"}

    Returns
    -------
    list of ndarray of shape (..., band), dtype of ``x``
        ``[approx, detail_levels, ..., detail_1]``.

    Raises
    ------
    ShapeError
        ``x`` is not floating point or too short, or the filter has an odd length.
    ConfigError
        The mode is unknown.
    """
    x = np.asarray(x)
    packed, sizes = pack(x.reshape(-1, x.shape[-1]), h, levels, mode)
    bands = np.split(packed, np.cumsum(sizes)[:-1], axis=1)
    return [band.reshape(*x.shape[:-1], -1) for band in bands]


def pack(
    x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
) -> tuple[np.ndarray, np.ndarray]:
    """The bands of :func:`analysis` side by side, and their lengths.

    Parameters
    ----------
    x : array of shape (rows, time), float32 or float64
    h, levels, mode
        As for :func:`analysis`.

    Returns
    -------
    packed : ndarray of shape (rows, coefficients), dtype of ``x``
        ``[approx, detail_levels, ..., detail_1]`` of every row.
    sizes : ndarray of int of shape (levels + 1,)
        Coefficients of each band, in the same order.

    Raises
    ------
    ShapeError, ConfigError
        As :func:`analysis`.
    """
    if mode not in MODES:
        raise ConfigError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    rows, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    if mode == "periodization" and len(h) % 4 == 0:
        # Centre the taps on an even sample, where the blocks begin.
        h, g = np.pad(h, 1), np.pad(g, 1)
    sizes = loops.band_sizes(rows.shape[1], len(h) // 2, levels, MODES[mode])
    packed = np.empty((len(rows), sizes[1:].sum() + sizes[-1]), rows.dtype)
    loops.analysis_rows(rows, h, g, levels, MODES[mode], packed)
    return packed, np.array([sizes[-1], *sizes[:0:-1]])


def pack_gradient(
    x: np.ndarray, h: np.ndarray, levels: int, weights: np.ndarray
) -> np.ndarray:
    """Gradient of ``sum(weights * packed)`` in the filter, mode zero.

    Parameters
    ----------
    x, h, levels
        As for :func:`pack`.
    weights : array of shape (rows, coefficients)
        Of each coefficient in the order of :func:`pack`, taken to the dtype of ``x``.

    Returns
    -------
    ndarray of shape (taps,), float64

    Raises
    ------
    ShapeError
        As :func:`l1`, or the weights do not fit the coefficients.
    """
    rows, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    sizes = loops.band_sizes(rows.shape[1], len(h) // 2, levels, loops.ZERO)
    expected = (len(rows), sizes[1:].sum() + sizes[-1])
    weights = np.ascontiguousarray(weights, rows.dtype)
    if weights.shape != expected:
        raise ShapeError(
            f"weights have shape {weights.shape}; expected {expected}, one of every "
            "coefficient"
        )
    return _along_taps(*loops.pack_gradient_rows(rows, h, g, levels, weights))


def extremes(
    packed: np.ndarray, sizes: np.ndarray, largest: int, smallest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Largest and smallest signed coefficients of every band, and where they stand.

    Parameters
    ----------
    packed, sizes
        From :func:`pack`.
    largest, smallest : int
        How many; a band of fewer coefficients gives all it has.

    Returns
    -------
    values : ndarray of shape (rows, picked), dtype of ``packed``
        Band after band; in each first the largest, falling, then the smallest, rising.
        Among equals, such as padding, the first in time is taken.
    index : ndarray of int of shape (rows, picked)
        Columns of ``packed``.
    """
    picked = (np.minimum(sizes, largest) + np.minimum(sizes, smallest)).sum()
    values = np.empty((len(packed), picked), packed.dtype)
    index = np.empty((len(packed), picked), np.int64)
    loops.extremes_rows(packed, np.asarray(sizes), largest, smallest, values, index)
    return values, index


def _along_taps(by_low: np.ndarray, by_high: np.ndarray) -> np.ndarray:
    """Derivative along the taps from those along both filters of the pair.

    ``highpass`` is its own transpose up to sign: g = P h, so this is P^T by_high.
    """
    return by_low - highpass(by_high)


def _checked(
    x: np.ndarray, filters: np.ndarray, levels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signals, filters and their high-pass partners, contiguous and of one dtype."""
    x = np.ascontiguousarray(x)
    if x.ndim != 2 or x.dtype not in (np.float32, np.float64):
        raise ShapeError(
            f"signals have shape {x.shape} and dtype {x.dtype}; expected "
            "(rows, time), float32 or float64"
        )
    require_levels(x.shape[1], levels)
    filters = np.ascontiguousarray(filters, x.dtype)
    if filters.ndim != 2 or filters.shape[1] % 2 or filters.shape[1] == 0:
        raise ShapeError(
            f"filters have shape {filters.shape[1:]}; expected one axis of even length"
        )
    return x, filters, highpass(filters)
