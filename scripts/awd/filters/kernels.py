"""Compiled hot loops: wavelet coefficients, their extremes, and filter gradients.

The public face of :mod:`awd.compiled.signals` (signals), :mod:`awd.compiled.images`
(images) and :mod:`awd.compiled.extremes` (extremes). Data of float32 or float64; sums
over samples are taken in float64, block by block in the order of the samples, so that
results do not depend on the number of threads.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pywt
from threadpoolctl import ThreadpoolController

from awd.compiled import extremes, images, signals
from awd.errors import ConfigError, ShapeError
from awd.filters.lattice import filter_from_angles
from awd.wavelet import highpass, require_levels

MODES = {
    "zero": signals.ZERO,
    "periodization": signals.PERIODIZATION,
    "symmetric": None,
    "reflect": None,
    "periodic": None,
}
DENSE_TIME, DENSE_ROWS = 48, 2048  # up to so long, from so many: matrix products
BLOCK = 512  # rows of one product
COMPILED = {1: ("zero", "periodization"), 2: ("zero",)}  # modes, by axes of a sample


def compile() -> None:
    """Compile every kernel for float32 and float64, into numba's cache on disk."""
    h = np.full(2, np.sqrt(0.5))
    for dtype in (np.float32, np.float64):
        for shape in ((2, 4), (2, 4, 4)):
            x = np.ones(shape, dtype)
            l1(x, h[None], 1)
            l1_gradient(x, h, 1)
            pack_gradient(x, h, 1, pack(x, h, 1)[0])
            pick(x, h, 1, 1, 1)
        soft_gradient(x, h, 1, 1.0)
        pair, weights = (h.astype(dtype),) * 2, (np.zeros(4),) * 3
        rows = np.ones((2, 4), dtype)
        extremes.predict_rows(rows, *pair, 1, 1, 1, *weights, np.zeros(2))
    filter_from_angles(np.zeros(2))


def l1(x: np.ndarray, filters: np.ndarray, levels: int, threads: int = 1) -> np.ndarray:
    """Sum of absolute wavelet coefficients for many filters, mode zero.

    Parameters
    ----------
    x : array of shape (rows, time) or (rows, y, x), float32 or float64
        Signals or images.
    filters : array of shape (n, taps), taps even
        Low-pass filters; need not be orthonormal.
    levels : int
    threads : int
        At most; the result does not depend on them.

    Returns
    -------
    ndarray of shape (n,), float64
        ``sum(|c|)`` over all rows and bands of ``wavedec(x, h, levels)``.

    Raises
    ------
    ShapeError
        ``x`` is no float array of signals or images, or too short, or a filter has an
        odd length.
    """
    x, filters, partners = _checked(x, filters, levels)
    loop = signals.l1_rows if x.ndim == 2 else images.l1_images
    values = np.empty((_blocks(x), len(filters)))
    _share(loop, threads, [x], [filters, partners, levels], [values])
    return values.sum(0)


def l1_gradient(
    x: np.ndarray, h: np.ndarray, levels: int, threads: int = 1
) -> tuple[float, np.ndarray]:
    """Sum of absolute wavelet coefficients and its gradient in the filter, mode zero.

    The high-pass filter follows the low-pass one, ``g[k] = (-1)^k h[-1-k]``. At a
    coefficient of 0 the derivative of its absolute value counts as 0.

    Parameters
    ----------
    x : array of shape (rows, time) or (rows, y, x), float32 or float64
    h : array of shape (taps,), taps even
    levels, threads : int
        As for :func:`l1`.

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
    if x.ndim == 2 and x.shape[1] <= DENSE_TIME and len(x) >= DENSE_ROWS:
        return _dense_l1_gradient(x, h, levels, threads)
    loop = signals.l1_gradient_rows if x.ndim == 2 else images.l1_gradient_images
    blocks = _blocks(x)
    values, (by_low, by_high) = np.empty(blocks), np.zeros((2, blocks, len(h)))
    _share(loop, threads, [x], [h, g, levels], [values, by_low, by_high])
    return float(values.sum()), _along_taps(by_low, by_high)


def _dense_l1_gradient(
    x: np.ndarray, h: np.ndarray, levels: int, threads: int
) -> tuple[float, np.ndarray]:
    """:func:`l1_gradient` of many short signals, by matrix products.

    With ``W`` the transform as a matrix the norm is ``<S, W>`` for ``S = sign(W x) x'``
    summed over signals. ``S`` does not change with ``h`` but at kinks, so that the
    derivative is that of the coefficients of unit signals with weights ``S``.
    """
    units = np.eye(x.shape[1], dtype=x.dtype)
    matrix, _ = pack(units, h, levels)

    def signs(begin: int) -> np.ndarray:
        rows = x[begin : begin + BLOCK]
        coefficients = rows @ matrix
        signals.sign(coefficients.ravel())
        return rows.T @ coefficients

    begins = range(0, len(x), BLOCK)
    # Small products lose far more to threads of BLAS than they gain.
    with _blas().limit(limits=1, user_api="blas"):
        total = sum(_mapped(signs, begins, threads), np.zeros(matrix.shape))
    gradient = pack_gradient(units.astype(float), h, levels, total)
    return float((total * matrix).sum()), gradient


def soft_gradient(
    x: np.ndarray, h: np.ndarray, levels: int, weight: float, threads: int = 1
) -> tuple[float, np.ndarray]:
    """Misfit of the transposed transform and an L1 norm, with the filter gradient.

    The value is ``sum |x - A'A x|^2 + weight sum |A x|`` of the transform ``A`` in mode
    zero and its transpose ``A'``, the inverse if the filter is orthonormal.

    Parameters
    ----------
    x : array of shape (rows, y, x), float32 or float64
        Images.
    h, levels, threads
        As for :func:`l1_gradient`.
    weight : float
        Of the absolute coefficients.

    Returns
    -------
    value : float
    gradient : ndarray of shape (taps,), float64

    Raises
    ------
    ShapeError
        As :func:`l1`, or ``x`` are signals.
    """
    x, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    if x.ndim != 3:
        raise ShapeError(f"images have shape {x.shape}; expected (rows, y, x)")
    values, (by_low, by_high) = np.empty(len(x)), np.zeros((2, len(x), len(h)))
    arguments = [h, g, levels, x.dtype.type(weight)]
    results = [values, by_low, by_high]
    _share(images.soft_gradient_images, threads, [x], arguments, results)
    return float(values.sum()), _along_taps(by_low, by_high)


@functools.cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # looks through all loaded libraries, once


def analysis(
    x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero", dims: int = 1
) -> list:
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
    ConfigError
        The mode is unknown.
    """
    x = np.asarray(x)
    batch, shape = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    rows, (h,), (g,) = _checked(x.reshape(-1, *shape), np.asarray(h)[None], levels)
    if mode not in COMPILED[dims]:
        function = pywt.wavedec if dims == 1 else pywt.wavedec2
        bank = _pywt(h, g, mode)
        where = {"axis": -1} if dims == 1 else {"axes": (-2, -1)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # filters longer than signals
            return function(x, bank, mode, levels, **where)
    packed, _ = pack(rows, h, levels, mode)
    return unpack(packed.reshape(*batch, -1), shape, len(h), levels, mode)


def unpack(
    packed: np.ndarray, shape: Sequence[int], taps: int, levels: int, mode: str = "zero"
) -> list:
    """The bands of :func:`pack` as :func:`analysis` gives them; views.

    Parameters
    ----------
    packed : array of shape (..., coefficients)
    shape : sequence of one or two int
        Of the signal or image.
    taps, levels, mode
        Of the transform.
    """
    shapes = _band_shapes(shape, taps, levels, mode)
    ends = np.cumsum([np.prod(one) for one in shapes])[:-1]
    flat = np.split(packed, ends, axis=-1)
    bands = [
        band.reshape(*packed.shape[:-1], *one)
        for band, one in zip(flat, shapes, strict=True)
    ]
    if len(shape) == 1:
        return bands
    return [bands[0], *(tuple(bands[k : k + 3]) for k in range(1, len(bands), 3))]


def synthesis(
    coeffs: list, h: np.ndarray, shape: int | Sequence[int], mode: str = "zero"
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
    ShapeError, ConfigError
        The filter has an odd length; the mode is unknown.
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    h = np.asarray(h, np.float64)
    bank = _pywt(h, highpass(h), mode)
    function = pywt.waverec if len(shape) == 1 else pywt.waverec2
    whole = function(coeffs, bank, mode)
    return whole[(..., *(slice(n) for n in shape))]


def _pywt(h: np.ndarray, g: np.ndarray, mode: str) -> pywt.Wavelet:
    if mode not in MODES:
        raise ConfigError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
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
    ShapeError, ConfigError
        As :func:`analysis`.
    """
    rows, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    sizes = band_counts(rows.shape[1:], len(h), levels, mode)
    if mode == "periodization" and len(h) % 4 == 0:
        # Centre the taps on an even sample, where the blocks begin.
        h, g = np.pad(h, 1), np.pad(g, 1)
    packed = np.empty((len(rows), sizes.sum()), rows.dtype)
    if rows.ndim == 2:
        signals.analysis_rows(rows, h, g, levels, MODES[mode], packed)
    else:
        images.pack_images(rows, h, g, levels, packed)
    return packed, sizes


def band_counts(
    shape: Sequence[int], taps: int, levels: int, mode: str = "zero"
) -> np.ndarray:
    """Coefficients of each band of a signal or image, in the order of :func:`pack`."""
    if mode not in COMPILED[len(shape)]:
        known = ", ".join(COMPILED[len(shape)])
        raise ConfigError(f"mode is {mode!r}; expected one of {known}")
    return np.prod(_band_shapes(shape, taps, levels, mode), axis=1)


def _band_shapes(
    shape: Sequence[int], taps: int, levels: int, mode: str
) -> list[tuple[int, ...]]:
    """Shape of each band of a signal or image, in the order of :func:`pack`."""
    sizes = [signals.band_sizes(n, taps // 2, levels, MODES[mode]) for n in shape]
    details = list(zip(*sizes, strict=True))[:0:-1]  # coarse ones first
    kinds = 2 ** len(shape) - 1
    return [details[0], *(one for one in details for _ in range(kinds))]


def pack_gradient(
    x: np.ndarray, h: np.ndarray, levels: int, weights: np.ndarray, threads: int = 1
) -> np.ndarray:
    """Gradient of ``sum(weights * packed)`` in the filter, mode zero.

    Parameters
    ----------
    x, h, levels
        As for :func:`pack`.
    weights : array of shape (rows, coefficients)
        Of each coefficient in the order of :func:`pack`, taken to the dtype of ``x``.
    threads : int
        As for :func:`l1`.

    Returns
    -------
    ndarray of shape (taps,), float64

    Raises
    ------
    ShapeError
        As :func:`l1`, or the weights do not fit the coefficients.
    """
    rows, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    expected = (len(rows), int(band_counts(rows.shape[1:], len(h), levels).sum()))
    weights = np.ascontiguousarray(weights, rows.dtype)
    if weights.shape != expected:
        raise ShapeError(
            f"weights have shape {weights.shape}; expected {expected}, one of every "
            "coefficient"
        )
    loop = signals.pack_gradient_rows if rows.ndim == 2 else images.pack_gradient_images
    by_low, by_high = np.zeros((2, _blocks(rows), len(h)))
    _share(loop, threads, [rows, weights], [h, g, levels], [by_low, by_high])
    return _along_taps(by_low, by_high)


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
    ShapeError, ConfigError
        As :func:`pack`.
    """
    rows, (h,), (g,) = _checked(x, np.asarray(h)[None], levels)
    sizes = band_counts(rows.shape[1:], len(h), levels, mode)
    picked = int((np.minimum(sizes, largest) + np.minimum(sizes, smallest)).sum())
    values = np.empty((len(rows), picked), rows.dtype)
    index = np.empty((len(rows), picked), np.int64)
    if rows.ndim == 2 and mode == "zero":
        extremes.pick_rows(rows, h, g, levels, largest, smallest, values, index)
    else:
        packed, _ = pack(rows, h, levels, mode)
        extremes.extremes_rows(packed, sizes, largest, smallest, values, index)
    return values, index, sizes


def _blocks(x: np.ndarray) -> int:
    """Blocks of signals that go through a loop together, or images."""
    return -(-len(x) // signals.LANES) if x.ndim == 2 else len(x)


def _share(
    loop: Callable,
    threads: int,
    data: list[np.ndarray],
    arguments: list[Any],
    results: list[np.ndarray],
) -> None:
    """Call a loop on runs of blocks; loops hold no lock, so threads share the work.

    ``data`` are cut along rows, ``results`` along blocks.
    """
    if threads == 1:
        loop(data[0], *arguments, *data[1:], *results)
        return
    blocks, size = len(results[0]), signals.LANES if data[0].ndim == 2 else 1
    ends = np.linspace(0, blocks, min(threads, blocks) + 1).astype(int)

    def call(part: tuple[int, int]) -> None:
        begin, end = part
        rows = [one[begin * size : end * size] for one in data]
        loop(rows[0], *arguments, *rows[1:], *(one[begin:end] for one in results))

    _mapped(call, list(pairwise(ends)), threads)


def _mapped(function: Callable, items: Sequence, threads: int) -> list:
    if threads == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def _along_taps(by_low: np.ndarray, by_high: np.ndarray) -> np.ndarray:
    """Derivative along the taps from those along both filters, (blocks, taps) each.

    ``highpass`` is its own transpose up to sign: g = P h, so this is P^T by_high.
    """
    return by_low.sum(0) - highpass(by_high.sum(0))


def _checked(
    x: np.ndarray, filters: np.ndarray, levels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, filters and their high-pass partners, contiguous and of one dtype."""
    x = np.ascontiguousarray(x)
    if x.ndim not in (2, 3) or x.dtype not in (np.float32, np.float64):
        raise ShapeError(
            f"samples have shape {x.shape} and dtype {x.dtype}; expected (rows, time) "
            "or (rows, y, x), float32 or float64"
        )
    require_levels(min(x.shape[1:]), levels)
    filters = np.ascontiguousarray(filters, x.dtype)
    if filters.ndim != 2 or filters.shape[1] % 2 or filters.shape[1] == 0:
        raise ShapeError(
            f"filters have shape {filters.shape[1:]}; expected one axis of even length"
        )
    return x, filters, highpass(filters)
