"""Compiled hot loops: wavelet coefficients, their L1 norm and its filter gradient.

Signals travel in blocks of :data:`LANES`: time along the slow axis, signals along the
fast one, even and odd samples apart. Every tap then multiplies one long contiguous run,
so short signals go at the speed of long ones. Sums are taken in the dtype of the data
over at most :data:`CHUNK` values and in float64 beyond. One thread, float32 or float64.

The functions with an underscore take flat buffers of blocks. Padding stands in the
buffers, so modes differ only in :func:`_pad`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from awd.errors import ConfigError, ShapeError
from awd.wavelet import highpass, require_levels

LANES = 16
CHUNK = 512
ZERO, PERIODIZATION = 0, 1
MODES = {"zero": ZERO, "periodization": PERIODIZATION}

# Sums may be reordered to use vector registers; NaN and infinity stay what they are.
_jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})


def compile() -> None:
    """Compile every kernel for float32 and float64, into numba's cache on disk."""
    h = np.full(2, np.sqrt(0.5))
    for dtype in (np.float32, np.float64):
        x = np.ones((2, 4), dtype)
        l1(x, h[None], 1)
        l1_gradient(x, h, 1)
        analysis(x, h, 1)


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
    return _l1_rows(x, filters, partners, levels)


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
    value, by_low, by_high = _l1_gradient_rows(x, h, g, levels)
    # highpass is its own transpose up to sign: g = P h, so the gradient is P^T by_high.
    return value, by_low - highpass(by_high)


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
    if mode not in MODES:
        raise ConfigError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    x = np.asarray(x)
    signals = x.reshape(-1, x.shape[-1])
    rows, (h,), (g,) = _checked(signals, np.asarray(h)[None], levels)
    if mode == "periodization" and len(h) % 4 == 0:
        # Centre the taps on an even sample, where the blocks begin.
        h, g = np.pad(h, 1), np.pad(g, 1)
    sizes = _sizes(x.shape[-1], len(h) // 2, levels, MODES[mode])
    packed = np.empty((len(rows), sizes[1:].sum() + sizes[-1]), x.dtype)
    _analysis_rows(rows, h, g, levels, MODES[mode], packed)
    ends = np.cumsum([sizes[-1], *sizes[:0:-1]])
    return [
        band.reshape(*x.shape[:-1], -1) for band in np.split(packed, ends[:-1], axis=1)
    ]


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


@_jit
def _sizes(n, half, levels, mode):
    """Length of the approximation at level 0, 1, ..., ``levels``."""
    sizes = np.empty(levels + 1, np.int64)
    sizes[0] = n
    for j in range(levels):
        sizes[j + 1] = (sizes[j] + 1) // 2 + (half - 1 if mode == ZERO else 0)
    return sizes


@_jit
def _offsets(sizes, half):
    """Where each level's polyphase buffer begins in a common one, and the total."""
    offsets = np.zeros(len(sizes), np.int64)
    for j in range(len(sizes) - 1):
        offsets[j + 1] = offsets[j] + ((sizes[j] + 1) // 2 + 2 * half - 2) * LANES
    return offsets


@_jit
def _workspace(x, half, levels):
    """Sizes of the bands, and buffers for one block: even, odd, low, high."""
    sizes = _sizes(x.shape[1], half, levels, ZERO)
    offsets = _offsets(sizes, half)
    even = np.zeros(offsets[levels], x.dtype)  # the padding stays zero
    odd = np.zeros(offsets[levels], x.dtype)
    low = np.empty(sizes.max() * LANES, x.dtype)  # bands of short signals grow
    high = np.empty(offsets[levels], x.dtype)
    return sizes, offsets, even, odd, low, high


@_jit
def _l1_rows(x, filters, partners, levels):
    half = filters.shape[1] // 2
    work = _workspace(x, half, levels)
    values = np.zeros(len(filters))
    for start in range(0, len(x), LANES):
        _load(x, start, half, work[2], work[3])
        for f in range(len(filters)):
            values[f] += _forward(filters[f], partners[f], work)
    return values


@_jit
def _l1_gradient_rows(x, h, g, levels):
    half = len(h) // 2
    work = _workspace(x, half, levels)
    spare_even, spare_odd = np.empty_like(work[4]), np.empty_like(work[4])
    by_low, by_high = np.zeros(2 * half), np.zeros(2 * half)
    value = 0.0
    for start in range(0, len(x), LANES):
        _load(x, start, half, work[2], work[3])
        value += _forward(h, g, work)
        _backward(h, g, work, spare_even, spare_odd, by_low, by_high)
    return value, by_low, by_high


@_jit
def _forward(h, g, work):
    """Sum of absolute coefficients of one block; leaves its bands in the buffers."""
    sizes, offsets, even, odd, low, high = work
    levels, half, value = len(sizes) - 1, len(h) // 2, 0.0
    for j in range(levels):
        size = sizes[j + 1] * LANES
        a, d = low[:size], high[offsets[j] : offsets[j] + size]
        _correlate(even[offsets[j] :], odd[offsets[j] :], h, g, a, d)
        value += _absolute_sum(d)
        if j + 1 < levels:
            e, o = even[offsets[j + 1] :], odd[offsets[j + 1] :]
            _split(a, sizes[j + 1], half, e, o)
    return value + _absolute_sum(low[: sizes[levels] * LANES])


@_jit
def _backward(h, g, work, spare_even, spare_odd, by_low, by_high):
    """Add the derivatives along the taps of both filters; overwrites the bands."""
    sizes, offsets, even, odd, low, high = work
    levels = len(sizes) - 1
    _sign(low[: sizes[levels] * LANES])
    for j in range(levels - 1, -1, -1):
        size = sizes[j + 1] * LANES
        a, d = low[:size], high[offsets[j] : offsets[j] + size]
        _sign(d)
        _dots(even[offsets[j] :], odd[offsets[j] :], a, d, by_low, by_high)
        if j > 0:
            pairs = (sizes[j] + 1) // 2 * LANES
            _adjoint(a, d, h, g, spare_even[:pairs], spare_odd[:pairs])
            _interleave(spare_even, spare_odd, sizes[j], low)


@_jit
def _analysis_rows(x, h, g, levels, mode, packed):
    """Coefficients of all rows into ``packed``, coarse bands first."""
    half = len(h) // 2
    sizes = _sizes(x.shape[1], half, levels, mode)
    buffer = ((sizes.max() + 1) // 2 + 2 * half - 2) * LANES
    even, odd = np.zeros(buffer, x.dtype), np.zeros(buffer, x.dtype)
    low = np.empty(sizes.max() * LANES, x.dtype)  # bands of short signals grow
    high = np.empty(sizes.max() * LANES, x.dtype)
    first = 0 if mode == ZERO else (half - 1) // 2 * LANES
    for start in range(0, len(x), LANES):
        column = packed.shape[1]
        _load(x, start, half, even, odd)
        for j in range(levels):
            _pad(sizes[j], half, mode, even, odd)
            a, d = low[: sizes[j + 1] * LANES], high[: sizes[j + 1] * LANES]
            _correlate(even[first:], odd[first:], h, g, a, d)
            column -= sizes[j + 1]
            _store(d, start, column, packed)
            if j + 1 < levels:
                _split(a, sizes[j + 1], half, even, odd)
        _store(a, start, 0, packed)


@_jit
def _load(x, start, half, even, odd):
    """Rows from ``start`` on into the polyphase buffers; missing rows are zero."""
    n = x.shape[1]
    count = min(LANES, len(x) - start)
    base = (half - 1) * LANES
    if count < LANES:
        even[base : base + (n + 1) // 2 * LANES] = 0
        odd[base : base + (n + 1) // 2 * LANES] = 0
    for b in range(count):
        row = x[start + b]
        for q in range(n // 2):
            even[base + q * LANES + b] = row[2 * q]
            odd[base + q * LANES + b] = row[2 * q + 1]
        if n % 2:
            even[base + n // 2 * LANES + b] = row[n - 1]
            odd[base + n // 2 * LANES + b] = 0


@_jit
def _split(band, n, half, even, odd):
    """A band of ``n`` samples into the polyphase buffers of the next level."""
    for k in range(n):
        phase, at = odd if k % 2 else even, (half - 1 + k // 2) * LANES
        phase[at : at + LANES] = band[k * LANES : (k + 1) * LANES]
    if n % 2:
        odd[at : at + LANES] = 0


@_jit
def _interleave(even, odd, n, band):
    for k in range(n):
        phase, at = odd if k % 2 else even, k // 2 * LANES
        band[k * LANES : (k + 1) * LANES] = phase[at : at + LANES]


@_jit
def _correlate(even, odd, h, g, low, high):
    """One level: ``low[t] = sum_r h[2r] even[t + r] + h[2r + 1] odd[t + r]``."""
    for begin in range(0, len(low), CHUNK):
        a, d = low[begin : begin + CHUNK], high[begin : begin + CHUNK]
        a[:] = 0
        d[:] = 0
        for r in range(len(h) // 2):
            at = begin + r * LANES
            e, o = even[at : at + len(a)], odd[at : at + len(a)]
            _add_products(e, o, h[2 * r], h[2 * r + 1], a)
            _add_products(e, o, g[2 * r], g[2 * r + 1], d)


@_jit
def _adjoint(low, high, h, g, even, odd):
    """Transpose of :func:`_correlate`, only where the signal is not padding."""
    half = len(h) // 2
    for begin in range(0, len(even), CHUNK):
        e, o = even[begin : begin + CHUNK], odd[begin : begin + CHUNK]
        e[:] = 0
        o[:] = 0
        for r in range(half):
            at = begin + (half - 1 - r) * LANES
            a, d = low[at : at + len(e)], high[at : at + len(e)]
            _add_products(a, d, h[2 * r], g[2 * r], e)
            _add_products(a, d, h[2 * r + 1], g[2 * r + 1], o)


@_jit
def _add_products(u, v, by_u, by_v, out):
    for t in range(len(out)):
        out[t] += by_u * u[t] + by_v * v[t]


@_jit
def _dots(even, odd, low, high, by_low, by_high):
    """Add the products of both bands' adjoints with the signal at every tap."""
    for begin in range(0, len(low), CHUNK):
        a, d = low[begin : begin + CHUNK], high[begin : begin + CHUNK]
        for r in range(len(by_low) // 2):
            at = begin + r * LANES
            e, o = even[at : at + len(a)], odd[at : at + len(a)]
            by_low[2 * r] += _dot(e, a)
            by_low[2 * r + 1] += _dot(o, a)
            by_high[2 * r] += _dot(e, d)
            by_high[2 * r + 1] += _dot(o, d)


@_jit
def _dot(u, v):
    total = u.dtype.type(0)
    for t in range(len(u)):
        total += u[t] * v[t]
    return total


@_jit
def _absolute_sum(band):
    total = 0.0
    for begin in range(0, len(band), CHUNK):
        part = band.dtype.type(0)
        for v in band[begin : begin + CHUNK]:
            part += abs(v)
        total += part
    return total


@_jit
def _sign(band):
    for t in range(len(band)):
        band[t] = np.sign(band[t])


@_jit
def _pad(n, half, mode, even, odd):
    """Fill the ends of the polyphase buffers beyond ``n`` samples as the mode says."""
    pairs, base = (n + 1) // 2, half - 1
    if mode == PERIODIZATION and n % 2:  # an odd signal repeats its last sample
        at = (base + pairs - 1) * LANES
        odd[at : at + LANES] = even[at : at + LANES]
    for r in range(half - 1):
        for q in (-1 - r, pairs + r):
            at, source = (base + q) * LANES, (base + q % pairs) * LANES
            if mode == ZERO:
                even[at : at + LANES] = 0
                odd[at : at + LANES] = 0
            else:
                even[at : at + LANES] = even[source : source + LANES]
                odd[at : at + LANES] = odd[source : source + LANES]


@_jit
def _store(band, start, column, packed):
    """A band of a block into the rows from ``start`` on, from ``column`` on."""
    for b in range(min(LANES, len(packed) - start)):
        for k in range(len(band) // LANES):
            packed[start + b, column + k] = band[k * LANES + b]
