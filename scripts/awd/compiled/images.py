"""The same loops for images, one image at a time: mode zero, float32 or float64.

An image stands in four polyphase parts, by the parity of row and column. Along x times
are one value apart, along y a whole row, so that both directions are the loops of
:mod:`awd.compiled.signals` over long contiguous runs. A row has room for the padding
behind its last column; what a run leaves there belongs to no coefficient and is set to
zero.

numba's cache follows each file by itself: ``make`` compiles anew when one has changed.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import (
    ZERO,
    absolute_sum,
    adjoint,
    band_sizes,
    correlate,
    dots,
    jit,
    sign,
)


@jit
def workspace_2d(shape, half, levels, dtype):
    """Sizes of the bands, and buffers for one image.

    ``rows`` and ``columns`` hold the size at level 0, 1, ...; ``pitch`` the length of a
    row in the buffers of each level. Of every level the image's four parts, both bands
    along x in two parts of rows, and three details; of a single level the
    approximation and the derivatives along what leads to it.
    """
    rows = band_sizes(shape[0], half, levels, ZERO)
    columns = band_sizes(shape[1], half, levels, ZERO)
    pitch = (columns[:levels] + 1) // 2 + 2 * half - 2
    starts = np.zeros((3, levels + 1), np.int64)  # of image, bands along x, details
    for j in range(levels):
        pairs = (rows[j] + 1) // 2
        starts[0, j + 1] = starts[0, j] + pairs * pitch[j] + half
        starts[1, j + 1] = starts[1, j] + (pairs + 2 * half - 2) * pitch[j]
        starts[2, j + 1] = starts[2, j] + rows[j + 1] * pitch[j]
    image = np.zeros((4, starts[0, levels]), dtype)  # the padding stays zero
    along_x = np.zeros((4, starts[1, levels]), dtype)
    details = np.empty((3, starts[2, levels]), dtype)
    low = np.empty((rows[1:] * pitch).max(), dtype)
    return rows, columns, pitch, starts, image, along_x, details, low


@jit
def l1_images(x, filters, partners, levels, values):
    """Sum of absolute coefficients of every image, for every filter: (images, n)."""
    half = filters.shape[1] // 2
    work = workspace_2d(x.shape[1:], half, levels, x.dtype)
    for n in range(len(x)):
        load_image(x[n], half, work)
        for f in range(len(filters)):
            values[n, f] = forward_2d(filters[f], partners[f], work)


@jit
def l1_gradient_images(x, h, g, levels, values, by_low, by_high):
    """The same for one filter, and its derivatives along the taps of both filters."""
    half = len(h) // 2
    work = workspace_2d(x.shape[1:], half, levels, x.dtype)
    spare = spare_2d(work, half)
    for n in range(len(x)):
        load_image(x[n], half, work)
        values[n] = forward_2d(h, g, work)
        signs_2d(work)
        backward_2d(h, g, work, spare, by_low[n], by_high[n])


@jit
def pack_images(x, h, g, levels, packed):
    """Coefficients of all images into ``packed``, coarse bands first."""
    half = len(h) // 2
    work = workspace_2d(x.shape[1:], half, levels, x.dtype)
    for n in range(len(x)):
        load_image(x[n], half, work)
        forward_2d(h, g, work)
        copy_bands(work, packed[n], True)


@jit
def pack_gradient_images(x, h, g, levels, weights, by_low, by_high):
    """Derivatives of the weighted sum of all coefficients along both filters."""
    half = len(h) // 2
    work = workspace_2d(x.shape[1:], half, levels, x.dtype)
    spare = spare_2d(work, half)
    for n in range(len(x)):
        load_image(x[n], half, work)
        forward_2d(h, g, work)
        copy_bands(work, weights[n], False)
        backward_2d(h, g, work, spare, by_low[n], by_high[n])


@jit
def soft_gradient_images(x, h, g, levels, weight, values, by_low, by_high):
    """Of every image ``|x - A'A x|^2 + weight |A x|_1``, and its derivatives.

    With ``e = A'A x - x`` they are those of ``<2 A x, A e> + <2 A e, A x>`` along the
    first ``A e`` and the last ``A x``, everything before a comma being constant.
    """
    half = len(h) // 2
    work = workspace_2d(x.shape[1:], half, levels, x.dtype)
    error_work = workspace_2d(x.shape[1:], half, levels, x.dtype)
    spare = spare_2d(work, half)
    error = np.empty(x.shape[1:], x.dtype)
    for n in range(len(x)):
        load_image(x[n], half, work)
        norm = forward_2d(h, g, work)
        transpose_2d(h, g, work, error_work, spare, error)
        values[n] = weight * norm + take_error(x[n], error)
        load_image(error, half, error_work)
        forward_2d(h, g, error_work)
        exchange_2d(weight, work, error_work)
        backward_2d(h, g, work, spare, by_low[n], by_high[n])
        backward_2d(h, g, error_work, spare, by_low[n], by_high[n])


@jit
def load_image(x, half, work):
    """An image into its four parts."""
    rows, columns, pitch, _, image, _, _, _ = work
    for y in range(rows[0]):
        at = y // 2 * pitch[0] + half - 1
        scatter(x[y], columns[0], image[y % 2 * 2, at:], image[y % 2 * 2 + 1, at:])


@jit
def scatter(row, n, even, odd):
    """Even and odd columns of a row apart; the last odd one may be missing."""
    for q in range(n // 2):
        even[q], odd[q] = row[2 * q], row[2 * q + 1]
    if n % 2:
        even[n // 2], odd[n // 2] = row[n - 1], 0


@jit
def gather(even, odd, n, row):
    """Undo :func:`scatter`."""
    for q in range(n // 2):
        row[2 * q], row[2 * q + 1] = even[q], odd[q]
    if n % 2:
        row[n - 1] = even[n // 2]


@jit
def forward_2d(h, g, work):
    """Sum of absolute coefficients of one image; leaves its bands in the buffers."""
    rows, columns, pitch, starts, image, along_x, details, low = work
    levels, half, value = len(rows) - 1, len(h) // 2, 0.0
    for j in range(levels):
        step, size = pitch[j], rows[j + 1] * pitch[j]
        at, base, end = starts[0, j], starts[1, j], starts[2, j] + size
        begin, run = base + (half - 1) * step, (rows[j] + 1) // 2 * step
        for p in range(2):
            a = along_x[p, begin : begin + run]
            d = along_x[2 + p, begin : begin + run]
            correlate(image[2 * p, at:], image[2 * p + 1, at:], h, g, a, d, 1)
            clear_ends(a, step, columns[j + 1])
            clear_ends(d, step, columns[j + 1])
        # As pywt names them: high along y alone is horizontal, along x alone vertical.
        a, horizontal = low[:size], details[0, starts[2, j] : end]
        vertical = details[1, starts[2, j] : end]
        diagonal = details[2, starts[2, j] : end]
        even, odd = along_x[0, base:], along_x[1, base:]
        correlate(even, odd, h, g, a, horizontal, step)
        even, odd = along_x[2, base:], along_x[3, base:]
        correlate(even, odd, h, g, vertical, diagonal, step)
        value += absolute_sum(horizontal) + absolute_sum(vertical)
        value += absolute_sum(diagonal)
        if j + 1 < levels:
            split_2d(low, j + 1, half, work)
    return value + absolute_sum(low[:size])


@jit
def clear_ends(band, step, columns):
    """Set what stands behind the last column of every row to zero."""
    for at in range(0, len(band), step):
        band[at + columns : at + step] = 0


@jit
def split_2d(band, j, half, work):
    """The approximation of the level before into the four parts of level ``j``."""
    rows, columns, pitch, starts, image, _, _, _ = work
    for y in range(rows[j]):
        at = starts[0, j] + y // 2 * pitch[j] + half - 1
        even, odd = image[y % 2 * 2, at:], image[y % 2 * 2 + 1, at:]
        scatter(band[y * pitch[j - 1] :], columns[j], even, odd)


@jit
def signs_2d(work):
    """Derivatives of the absolute values in place of the bands."""
    rows, _, pitch, _, _, _, details, low = work
    for k in range(3):
        sign(details[k])
    sign(low[: rows[-1] * pitch[-1]])


@jit
def spare_2d(work, half):
    """Room for derivatives along both bands in x, in two parts, and their adjoint."""
    rows, _, pitch, _, _, _, details, _ = work
    runs = (rows[:-1] + 1) // 2 * pitch  # bands of short signals grow
    return np.zeros((6, runs.max() + half), details.dtype)


@jit
def backward_2d(h, g, work, spare, by_low, by_high):
    """Add the derivatives along the taps of both filters.

    The bands hold the derivatives along the coefficients, and are overwritten.
    """
    rows, _, pitch, starts, image, along_x, details, low = work
    levels = len(rows) - 1
    for j in range(levels - 1, -1, -1):
        step, size = pitch[j], rows[j + 1] * pitch[j]
        at, base, end = starts[0, j], starts[1, j], starts[2, j] + size
        run = (rows[j] + 1) // 2 * step
        for k in range(2):  # low and high along x
            a = details[1, starts[2, j] : end] if k else low[:size]
            d = details[2 * k, starts[2, j] : end]
            even, odd = along_x[2 * k, base:], along_x[2 * k + 1, base:]
            dots(even, odd, a, d, by_low, by_high, step)
            e, o = spare[2 * k, :run], spare[2 * k + 1, :run]
            adjoint(a, d, h, g, e, o, step)
        for p in range(2):  # even and odd rows
            a, d = spare[p], spare[2 + p]
            even, odd = image[2 * p, at:], image[2 * p + 1, at:]
            dots(even, odd, a[:run], d[:run], by_low, by_high, 1)
            if j > 0:
                e, o = spare[4, :run], spare[5, :run]
                adjoint(a, d, h, g, e, o, 1)
                join_2d(e, o, j, p, work, low, pitch[j - 1])


@jit
def join_2d(even, odd, j, p, work, band, step):
    """Undo :func:`split_2d` for the rows of parity ``p``, with nothing behind them."""
    rows, columns, pitch, _, _, _, _, _ = work
    for y in range(p, rows[j], 2):
        at = y // 2 * pitch[j]
        row = band[y * step : (y + 1) * step]
        gather(even[at:], odd[at:], columns[j], row)
        row[columns[j] :] = 0


@jit
def transpose_2d(h, g, work, error_work, spare, image):
    """Transpose of the transform at the bands of ``work``; overwrites ``low``."""
    rows, columns, pitch, starts, _, _, details, coarse = work
    _, _, _, _, _, _, _, low = error_work
    levels, size = len(rows) - 1, rows[-1] * pitch[-1]
    low[:size] = coarse[:size]
    for j in range(levels - 1, -1, -1):
        size, run = rows[j + 1] * pitch[j], (rows[j] + 1) // 2 * pitch[j]
        band = details[:, starts[2, j] : starts[2, j] + size]
        for k in range(2):  # low and high along x
            a, d = band[1] if k else low[:size], band[2 * k]
            adjoint(a, d, h, g, spare[2 * k, :run], spare[2 * k + 1, :run], pitch[j])
        for p in range(2):  # even and odd rows
            e, o = spare[4, :run], spare[5, :run]
            adjoint(spare[p], spare[2 + p], h, g, e, o, 1)
            if j > 0:
                join_2d(e, o, j, p, work, low, pitch[j - 1])
            else:
                join_2d(e, o, j, p, work, image.ravel(), columns[0])


@jit
def take_error(x, restored):
    """Subtract the image from what is restored; the sum of squares."""
    total = 0.0
    for y in range(len(x)):
        of_row = x.dtype.type(0)
        for k in range(x.shape[1]):
            restored[y, k] -= x[y, k]
            of_row += restored[y, k] ** 2
        total += of_row
    return total


@jit
def exchange_2d(weight, work, error_work):
    """Image and error exchange their bands, doubled.

    Those that come into ``work`` have the slope of the image's L1 norm added.
    """
    rows, _, pitch, _, _, _, details, low = work
    _, _, _, _, _, _, errors, coarse = error_work
    for k in range(3):
        exchange(weight, details[k], errors[k])
    size = rows[-1] * pitch[-1]
    exchange(weight, low[:size], coarse[:size])


@jit
def exchange(weight, band, error):
    """Exchange two bands, doubled; the first one gets its own weighted signs too."""
    for t in range(len(band)):
        value = band[t]
        band[t] = 2 * error[t] + weight * np.sign(value)
        error[t] = 2 * value


@jit
def copy_bands(work, packed, outward):
    """The bands side by side into ``packed``, or from there into the buffers."""
    rows, columns, pitch, starts, _, _, details, low = work
    levels = len(rows) - 1
    at = copy_band(low, pitch[-1], rows[-1], columns[-1], packed, 0, outward)
    for j in range(levels - 1, -1, -1):
        for k in range(3):
            band = details[k, starts[2, j] :]
            at = copy_band(
                band, pitch[j], rows[j + 1], columns[j + 1], packed, at, outward
            )


@jit
def copy_band(band, step, rows, columns, packed, at, outward):
    """One band, without the ends of its rows; where the next one begins."""
    for y in range(rows):
        row = band[y * step : (y + 1) * step]
        if outward:
            packed[at : at + columns] = row[:columns]
        else:
            row[:columns] = packed[at : at + columns]
            row[columns:] = 0
        at += columns
    return at
