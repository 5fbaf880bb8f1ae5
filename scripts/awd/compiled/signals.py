"""The loops under :mod:`awd.filters.kernels`, compiled by numba and cached on disk.

Signals travel in blocks of :data:`LANES`: time along the slow axis, signals along the
fast one, even and odd samples apart. Every tap then multiplies one long contiguous run,
so short signals go at the speed of long ones. Sums are taken in the dtype of the data
over at most :data:`CHUNK` values and in float64 beyond.

Functions named ``..._rows`` walk over the blocks of a matrix; the others take the flat
buffers of one block. Padding stands in the buffers, so modes differ only in
:func:`pad`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 16
CHUNK = 512
TILE = 32  # times that are loaded together, so that lanes stay in the cache
ZERO, PERIODIZATION = 0, 1

# Sums may be reordered to use vector registers; NaN and infinity stay what they are.
jit = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})


@jit
def cascade(cosine, sine, taps):
    """Low-pass filters of rotations, :func:`awd.filters.lattice.filter_from_angles`."""
    half = cosine.shape[1]
    for n in range(len(taps)):
        h = taps[n]
        h[0], h[1] = cosine[n, 0], sine[n, 0]
        h[2:] = 0
        for k in range(1, half):
            c, s = cosine[n, k], sine[n, k]
            for r in range(k, 0, -1):  # the odd part is delayed before each rotation
                even, odd = h[2 * r], h[2 * r - 1]
                h[2 * r], h[2 * r + 1] = c * even - s * odd, s * even + c * odd
            h[0], h[1] = c * h[0], s * h[0]


@jit
def band_sizes(n, half, levels, mode):
    """Length of the approximation at level 0, 1, ..., ``levels``."""
    sizes = np.empty(levels + 1, np.int64)
    sizes[0] = n
    for j in range(levels):
        sizes[j + 1] = (sizes[j] + 1) // 2 + (half - 1 if mode == ZERO else 0)
    return sizes


@jit
def buffer_offsets(sizes, half):
    """Where each level's polyphase buffer begins in a common one, and the total."""
    offsets = np.zeros(len(sizes), np.int64)
    for j in range(len(sizes) - 1):
        offsets[j + 1] = offsets[j] + ((sizes[j] + 1) // 2 + 2 * half - 2) * LANES
    return offsets


@jit
def workspace(x, half, levels):
    """Sizes of the bands, and buffers for one block: even, odd, low, high."""
    sizes = band_sizes(x.shape[1], half, levels, ZERO)
    offsets = buffer_offsets(sizes, half)
    even = np.zeros(offsets[levels], x.dtype)  # the padding stays zero
    odd = np.zeros(offsets[levels], x.dtype)
    low = np.empty(sizes.max() * LANES, x.dtype)  # bands of short signals grow
    high = np.empty(offsets[levels], x.dtype)
    return sizes, offsets, even, odd, low, high


@jit
def l1_rows(x, filters, partners, levels, values):
    """Sum of absolute coefficients of every block, for every filter: (blocks, n)."""
    half = filters.shape[1] // 2
    work = workspace(x, half, levels)
    for block in range(len(values)):
        load(x, block * LANES, half, work[2], work[3])
        for f in range(len(filters)):
            values[block, f] = forward(filters[f], partners[f], work)


@jit
def l1_gradient_rows(x, h, g, levels, values, by_low, by_high):
    """The same for one filter, and its derivatives along the taps of both filters."""
    half = len(h) // 2
    work = workspace(x, half, levels)
    spare_even, spare_odd = np.empty_like(work[4]), np.empty_like(work[4])
    for block in range(len(values)):
        load(x, block * LANES, half, work[2], work[3])
        values[block] = forward(h, g, work)
        take_signs(work)
        backward(h, g, work, spare_even, spare_odd, by_low[block], by_high[block])


@jit
def pack_gradient_rows(x, h, g, levels, weights, by_low, by_high):
    """Derivatives of the weighted sum of all coefficients along both filters."""
    half = len(h) // 2
    work = workspace(x, half, levels)
    spare_even, spare_odd = np.empty_like(work[4]), np.empty_like(work[4])
    for block in range(len(by_low)):
        load(x, block * LANES, half, work[2], work[3])
        forward(h, g, work)
        take_weights(weights, block * LANES, work)
        backward(h, g, work, spare_even, spare_odd, by_low[block], by_high[block])


@jit
def forward(h, g, work):
    """Sum of absolute coefficients of one block; leaves its bands in the buffers."""
    sizes, offsets, even, odd, low, high = work
    levels, half, value = len(sizes) - 1, len(h) // 2, 0.0
    for j in range(levels):
        size = sizes[j + 1] * LANES
        a, d = low[:size], high[offsets[j] : offsets[j] + size]
        correlate(even[offsets[j] :], odd[offsets[j] :], h, g, a, d, LANES)
        value += absolute_sum(d)
        if j + 1 < levels:
            e, o = even[offsets[j + 1] :], odd[offsets[j + 1] :]
            split(a, sizes[j + 1], half, e, o)
    return value + absolute_sum(low[: sizes[levels] * LANES])


@jit
def backward(h, g, work, spare_even, spare_odd, by_low, by_high):
    """Add the derivatives along the taps of both filters.

    The bands hold the derivatives along the coefficients, and are overwritten.
    """
    sizes, offsets, even, odd, low, high = work
    levels = len(sizes) - 1
    for j in range(levels - 1, -1, -1):
        size = sizes[j + 1] * LANES
        a, d = low[:size], high[offsets[j] : offsets[j] + size]
        dots(even[offsets[j] :], odd[offsets[j] :], a, d, by_low, by_high, LANES)
        if j > 0:
            pairs = (sizes[j] + 1) // 2 * LANES
            adjoint(a, d, h, g, spare_even[:pairs], spare_odd[:pairs], LANES)
            interleave(spare_even, spare_odd, sizes[j], low)


@jit
def take_signs(work):
    """Derivatives of the absolute values in place of the bands."""
    sizes, offsets, _, _, low, high = work
    levels = len(sizes) - 1
    sign(low[: sizes[levels] * LANES])
    for j in range(levels):
        sign(high[offsets[j] : offsets[j] + sizes[j + 1] * LANES])


@jit
def take_weights(weights, start, work):
    """The weights of a block's coefficients in place of the bands."""
    sizes, offsets, _, _, low, high = work
    levels = len(sizes) - 1
    fetch(weights, start, 0, low[: sizes[levels] * LANES])
    column = sizes[levels]
    for j in range(levels - 1, -1, -1):
        band = high[offsets[j] : offsets[j] + sizes[j + 1] * LANES]
        fetch(weights, start, column, band)
        column += sizes[j + 1]


@jit
def analysis_rows(x, h, g, levels, mode, packed):
    """Coefficients of all rows into ``packed``, coarse bands first."""
    half = len(h) // 2
    sizes = band_sizes(x.shape[1], half, levels, mode)
    buffer = ((sizes.max() + 1) // 2 + 2 * half - 2) * LANES
    even, odd = np.zeros(buffer, x.dtype), np.zeros(buffer, x.dtype)
    low = np.empty(sizes.max() * LANES, x.dtype)  # bands of short signals grow
    high = np.empty(sizes.max() * LANES, x.dtype)
    first = 0 if mode == ZERO else (half - 1) // 2 * LANES
    for start in range(0, len(x), LANES):
        column = packed.shape[1]
        load(x, start, half, even, odd)
        for j in range(levels):
            pad(sizes[j], half, mode, even, odd)
            a, d = low[: sizes[j + 1] * LANES], high[: sizes[j + 1] * LANES]
            correlate(even[first:], odd[first:], h, g, a, d, LANES)
            column -= sizes[j + 1]
            store(d, start, column, packed)
            if j + 1 < levels:
                split(a, sizes[j + 1], half, even, odd)
        store(a, start, 0, packed)


@jit
def load(x, start, half, even, odd):
    """Rows from ``start`` on into the polyphase buffers; missing rows are zero."""
    n = x.shape[1]
    count = min(LANES, len(x) - start)
    base = (half - 1) * LANES
    if count < LANES:
        even[base : base + (n + 1) // 2 * LANES] = 0
        odd[base : base + (n + 1) // 2 * LANES] = 0
    for begin in range(0, n // 2, TILE):
        for b in range(count):
            row = x[start + b]
            for q in range(begin, min(begin + TILE, n // 2)):
                even[base + q * LANES + b] = row[2 * q]
                odd[base + q * LANES + b] = row[2 * q + 1]
    if n % 2:
        for b in range(count):
            even[base + n // 2 * LANES + b] = x[start + b, n - 1]
            odd[base + n // 2 * LANES + b] = 0


@jit
def split(band, n, half, even, odd):
    """A band of ``n`` samples into the polyphase buffers of the next level."""
    base = (half - 1) * LANES
    for k in range(n // 2):
        for b in range(LANES):
            even[base + k * LANES + b] = band[2 * k * LANES + b]
            odd[base + k * LANES + b] = band[(2 * k + 1) * LANES + b]
    if n % 2:
        at = base + n // 2 * LANES
        even[at : at + LANES] = band[(n - 1) * LANES : n * LANES]
        odd[at : at + LANES] = 0


@jit
def interleave(even, odd, n, band):
    """The polyphase buffers back into a band of ``n`` samples."""
    for k in range(n // 2):
        for b in range(LANES):
            band[2 * k * LANES + b] = even[k * LANES + b]
            band[(2 * k + 1) * LANES + b] = odd[k * LANES + b]
    if n % 2:
        at = n // 2 * LANES
        band[(n - 1) * LANES : n * LANES] = even[at : at + LANES]


@jit
def correlate(even, odd, h, g, low, high, step):
    """One level: ``low[t] = sum_r h[2r] even[t + r] + h[2r + 1] odd[t + r]``.

    Times are ``step`` values apart: the signals of a block, or the columns of an image.
    """
    half = len(h) // 2
    for begin in range(0, len(low), CHUNK):
        a, d = low[begin : begin + CHUNK], high[begin : begin + CHUNK]
        e, o = even[begin:], odd[begin:]
        r = half % 2
        if r:
            set_two(e, o, h, g, a, d)
        else:
            a[:] = 0
            d[:] = 0
        for r in range(half % 2, half, 2):
            e, o = even[begin + r * step :], odd[begin + r * step :]
            f, p = even[begin + (r + 1) * step :], odd[begin + (r + 1) * step :]
            add_four(e, o, f, p, h[2 * r :], g[2 * r :], a, d)


@jit
def set_two(u, v, h, g, low, high):
    """Two taps of both filters."""
    for t in range(len(low)):
        low[t] = h[0] * u[t] + h[1] * v[t]
        high[t] = g[0] * u[t] + g[1] * v[t]


@jit
def add_four(u, v, w, x, h, g, low, high):
    """Add four taps of both filters: each value is fetched once for both."""
    h0, h1, h2, h3 = h[0], h[1], h[2], h[3]
    g0, g1, g2, g3 = g[0], g[1], g[2], g[3]
    for t in range(len(low)):
        a, b, c, d = u[t], v[t], w[t], x[t]
        low[t] += h0 * a + h1 * b + h2 * c + h3 * d
        high[t] += g0 * a + g1 * b + g2 * c + g3 * d


@jit
def adjoint(low, high, h, g, even, odd, step):
    """Transpose of :func:`correlate`, only where the signal is not padding."""
    half = len(h) // 2
    pairs = np.empty((2, 4), h.dtype)
    for begin in range(0, len(even), CHUNK):
        e, o = even[begin : begin + CHUNK], odd[begin : begin + CHUNK]
        e[:] = 0
        o[:] = 0
        for r in range(0, half, 2):
            at = begin + (half - 1 - r) * step
            if r + 1 < half:
                before = at - step
                for k in range(2):
                    pairs[k, 0], pairs[k, 1] = h[2 * r + k], g[2 * r + k]
                    pairs[k, 2], pairs[k, 3] = h[2 * r + 2 + k], g[2 * r + 2 + k]
                a, d, b, c = low[at:], high[at:], low[before:], high[before:]
                add_four(a, d, b, c, pairs[0], pairs[1], e, o)
            else:
                a, d = low[at:], high[at:]
                add_two(a, d, h[2 * r :], g[2 * r :], e, o)


@jit
def add_two(u, v, h, g, even, odd):
    """Add both bands times their taps of a pair: even ones to even, odd ones to odd."""
    for t in range(len(even)):
        even[t] += h[0] * u[t] + g[0] * v[t]
        odd[t] += h[1] * u[t] + g[1] * v[t]


@jit
def dots(even, odd, low, high, by_low, by_high, step):
    """Add the products of both bands' adjoints with the signal at every tap."""
    for begin in range(0, len(low), CHUNK):
        a, d = low[begin : begin + CHUNK], high[begin : begin + CHUNK]
        for r in range(len(by_low) // 2):
            e, o = even[begin + r * step :], odd[begin + r * step :]
            ea, oa, ed, od = four_dots(e, o, a, d)
            by_low[2 * r] += ea
            by_low[2 * r + 1] += oa
            by_high[2 * r] += ed
            by_high[2 * r + 1] += od


@jit
def four_dots(u, v, a, d):
    """Sums of the products of two with two, in the dtype of the data."""
    zero = u.dtype.type(0)
    ua, va, ud, vd = zero, zero, zero, zero
    for t in range(len(a)):
        ua += u[t] * a[t]
        va += v[t] * a[t]
        ud += u[t] * d[t]
        vd += v[t] * d[t]
    return ua, va, ud, vd


@jit
def absolute_sum(band):
    """Sum of absolute values, in float64 beyond a chunk."""
    total = 0.0
    for begin in range(0, len(band), CHUNK):
        total += absolute_of(band[begin : begin + CHUNK])
    return total


@jit
def absolute_of(values):
    """Sum of absolute values, in the dtype of the data."""
    total = values.dtype.type(0)
    for t in range(len(values)):
        total += abs(values[t])
    return total


@jit
def sign(band):
    """Replace every value by its sign; 0 stays 0."""
    for t in range(len(band)):
        band[t] = np.sign(band[t])


@jit
def pad(n, half, mode, even, odd):
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


@jit
def store(band, start, column, packed):
    """A band of a block into the rows from ``start`` on, from ``column`` on."""
    for b in range(min(LANES, len(packed) - start)):
        for k in range(len(band) // LANES):
            packed[start + b, column + k] = band[k * LANES + b]


@jit
def fetch(packed, start, column, band):
    """Columns of the rows from ``start`` on into a band; missing rows are zero."""
    count = min(LANES, len(packed) - start)
    if count < LANES:
        band[:] = 0
    for b in range(count):
        for k in range(len(band) // LANES):
            band[k * LANES + b] = packed[start + b, column + k]
