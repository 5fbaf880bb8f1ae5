"""Compiled hot loops: wavelet coefficients, their norms, and filter gradients.

Coefficients are those of :mod:`awd.filters.coefficients`, whose functions stand here
too; here are the sums over them and their derivatives, by the loops of
:mod:`awd.compiled`. Data of float32 or float64; sums over samples are taken in float64,
block by block in the order of the samples, so that results do not depend on the number
of threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.compiled import extremes, images, signals, undecimated
from awd.errors import ShapeError
from awd.filters.coefficients import (
    COMPILED,
    MODES,
    analysis,
    band_counts,
    checked,
    pack,
    pick,
    require_sound,
    synthesis,
    unpack,
)
from awd.filters.lattice import filter_from_angles
from awd.samples import real
from awd.scalars import number, whole
from awd.wavelet import highpass

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = [
    "COMPILED",
    "MODES",
    "analysis",
    "band_counts",
    "compile",
    "l1",
    "l1_gradient",
    "pack",
    "pack_gradient",
    "pick",
    "soft_gradient",
    "synthesis",
    "unpack",
]

DENSE_TIME, DENSE_ROWS = 48, 2048  # up to so long, from so many: matrix products
BLOCK = 512  # rows of one product


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
        pair, curves = (h.astype(dtype),) * 2, (np.zeros((1, 4, 5)),) * 3
        rows, table = np.ones((2, 4), dtype), np.empty((2, 4))
        extremes.predict_rows(rows, *pair, 1, 1, 1, *curves, 1, np.zeros((1, 2)))
        halved = (h[None].astype(dtype),) * 2
        undecimated.summary_rows(rows[:, None], *halved, 1, np.arange(2), table)
        extremes.add_curves(curves[0], table, np.zeros((1, 2)))
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
    DataError
        ``x`` or a filter is not finite.
    """
    x, filters, partners, levels = checked(x, filters, levels, several=True)
    loop = signals.l1_rows if x.ndim == 2 else images.l1_images
    values = np.empty((_blocks(x), len(filters)))
    _share(loop, threads, [x], [filters, partners, levels], [values])
    require_sound(values, samples=x)
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
    ShapeError, DataError
        As :func:`l1`.
    """
    x, h, g, levels = checked(x, h, levels)
    if x.ndim == 2 and x.shape[1] <= DENSE_TIME and len(x) >= DENSE_ROWS:
        value, gradient = _dense_l1_gradient(x, h, levels, threads)
        require_sound(value, samples=x)
        return value, gradient
    loop = signals.l1_gradient_rows if x.ndim == 2 else images.l1_gradient_images
    blocks = _blocks(x)
    values, (by_low, by_high) = np.empty(blocks), np.zeros((2, blocks, len(h)))
    _share(loop, threads, [x], [h, g, levels], [values, by_low, by_high])
    require_sound(values, samples=x)
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
    ShapeError, DataError
        As :func:`l1`, or ``x`` are signals.
    """
    x, h, g, levels = checked(x, h, levels)
    if x.ndim != 3:
        raise ShapeError(f"images have shape {x.shape}; expected (rows, y, x)")
    values, (by_low, by_high) = np.empty(len(x)), np.zeros((2, len(x), len(h)))
    weight = x.dtype.type(number(weight, "weight", 0))
    arguments = [h, g, levels, weight]
    results = [values, by_low, by_high]
    _share(images.soft_gradient_images, threads, [x], arguments, results)
    require_sound(values, samples=x)
    return float(values.sum()), _along_taps(by_low, by_high)


@functools.cache
def _blas() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # looks through all loaded libraries, once


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
    ShapeError, DataError
        As :func:`l1`, or the weights do not fit the coefficients.
    """
    rows, h, g, levels = checked(x, h, levels)
    expected = (len(rows), int(band_counts(rows.shape[1:], len(h), levels).sum()))
    weights = np.ascontiguousarray(real(weights, "weights"), rows.dtype)
    if weights.shape != expected:
        raise ShapeError(
            f"weights have shape {weights.shape}; expected {expected}, a weight of "
            f"every coefficient of x at levels 1 to {levels}"
        )
    loop = signals.pack_gradient_rows if rows.ndim == 2 else images.pack_gradient_images
    by_low, by_high = np.zeros((2, _blocks(rows), len(h)))
    _share(loop, threads, [rows, weights], [h, g, levels], [by_low, by_high])
    require_sound(by_low + by_high, samples=rows, weights=weights)
    return _along_taps(by_low, by_high)


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
    threads = whole(threads, "threads")
    if threads == 1:
        loop(data[0], *arguments, *data[1:], *results)
        return
    blocks, size = len(results[0]), signals.LANES if data[0].ndim == 2 else 1
    ends = np.linspace(0, blocks, min(threads, blocks) + 1).astype(int)

    def call(part: tuple[int, int]) -> None:
        begin, end = part
        rows = [array[begin * size : end * size] for array in data]
        sums = [array[begin:end] for array in results]
        loop(rows[0], *arguments, *rows[1:], *sums)

    _mapped(call, list(pairwise(ends)), threads)


def _mapped(function: Callable, items: Sequence, threads: int) -> list:
    if whole(threads, "threads") == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))


def _along_taps(by_low: np.ndarray, by_high: np.ndarray) -> np.ndarray:
    """Derivative along the taps from those along both filters, (blocks, taps) each.

    ``highpass`` is its own transpose up to sign: g = P h, so this is P^T by_high.
    """
    return by_low.sum(0) - highpass(by_high.sum(0))
