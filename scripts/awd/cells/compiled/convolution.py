"""The loops over pixels under :mod:`awd.cells.detect`, compiled by numba and cached.

A spot is ``A g(x) g(y) + c`` with ``g`` a Gaussian that is 1 at its centre. Both the
filters and the fits live on this factorisation: sums over a window are products of sums
along its rows and columns. Images travel with a margin of half a window on every side.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit

FRESH = 64  # rows after which running sums are taken anew, against rounding
# Rows of the filtered image.
AMPLITUDE, BACKGROUND, VARIANCE, LOG = range(4)


@jit
def with_margin(image, margin, level):
    """The image in float32 less ``level``, its edges repeated on all sides."""
    height, width = image.shape
    out = np.empty((height + 2 * margin, width + 2 * margin), np.float32)
    for y in range(len(out)):
        source = image[min(max(y - margin, 0), height - 1)]
        row = out[y]
        for x in range(width):
            row[margin + x] = np.float32(source[x]) - level
        row[:margin] = row[margin]
        row[margin + width :] = row[margin + width - 1]
    return out


@jit
def filter_rows(image, gauss, out):
    """Least-squares spot at every pixel, in one pass over the rows.

    ``gauss`` (2, w + 1) is the Gaussian at 0, 1, ..., w along x and y, so the window is
    a square of 2 w + 1, and ``out`` is (4, height, width).
    """
    w = gauss.shape[1] - 1
    side = 2 * w + 1
    n = side * side
    # Sums of the spot, and of its square, over its window.
    total, energy = 1.0, 1.0
    for axis in range(2):
        g = gauss[axis]
        total *= 2 * g[1:].sum() + g[0]
        energy *= 2 * (g[1:] ** 2).sum() + g[0] ** 2
    spread = energy - total * total / n
    columns = np.empty((3, image.shape[1]), np.float32)
    sums = np.empty((2, out.shape[2]), np.float32)
    for y in range(out.shape[1]):
        rows, smooth = image[y : y + side], out[LOG, y]
        if y % FRESH == 0:
            plain_columns(rows, columns)
        else:
            move_down(columns, image[y - 1], rows[side - 1])
        down_columns(rows, gauss[1], columns[0])
        along_row(columns[0], gauss[0], smooth)
        box(columns[1], side, sums[0])
        box(columns[2], side, sums[1])
        # Row by row: a slice of all three would not be contiguous, and far slower.
        found = out[AMPLITUDE, y], out[BACKGROUND, y], out[VARIANCE, y]
        estimate(smooth, sums[0], sums[1], n, total, spread, found)
    sharpen(out[LOG])


@jit
def down_columns(rows, gauss, smooth):
    """Sums over the rows, weighted by the Gaussian."""
    w = len(gauss) - 1
    scale(smooth, gauss[0], rows[w])
    for k in range(1, w, 2):
        near, far = (rows[w - k], rows[w + k]), (rows[w - k - 1], rows[w + k + 1])
        add_pairs(smooth, gauss[k], near[0], near[1], gauss[k + 1], far[0], far[1])
    if w % 2:
        add_pair(smooth, gauss[w], rows[0], rows[2 * w])


@jit
def along_row(columns, gauss, smooth):
    """Sums over a row, weighted by the Gaussian."""
    w = len(gauss) - 1
    scale(smooth, gauss[0], columns[w:])
    for k in range(1, w, 2):
        left, right = columns[w - k :], columns[w + k :]
        further = columns[w - k - 1 :], columns[w + k + 1 :]
        add_pairs(smooth, gauss[k], left, right, gauss[k + 1], further[0], further[1])
    if w % 2:
        add_pair(smooth, gauss[w], columns, columns[2 * w :])


@jit
def scale(out, weight, values):
    """Values times a weight."""
    for x in range(len(out)):
        out[x] = weight * values[x]


@jit
def sharpen(image):
    """Minus the Laplacian of an image, in place; its edges are repeated."""
    height, width = image.shape
    above, here = image[0].copy(), np.empty(width + 2, np.float32)
    for y in range(height):
        row, below = image[y], image[min(y + 1, height - 1)]
        here[1:-1] = row
        here[0], here[-1] = row[0], row[-1]
        laplacian(above, here, below, row)
        above[:] = here[1:-1]


@jit
def laplacian(above, here, below, out):
    """A row of :func:`sharpen`; ``here`` has a pixel more on both sides."""
    left, right = here[:-2], here[2:]
    four = np.float32(4)
    for x in range(len(out)):
        out[x] = four * here[x + 1] - left[x] - right[x] - above[x] - below[x]


@jit
def plain_columns(rows, columns):
    """Sums over the rows of values and of their squares."""
    columns[1:] = 0
    for k in range(len(rows)):
        move_down(columns, np.zeros_like(rows[k]), rows[k])


@jit
def move_down(columns, leaving, coming):
    """The same sums one row further."""
    plain, squares = columns[1], columns[2]
    for x in range(len(plain)):
        plain[x] += coming[x] - leaving[x]
    for x in range(len(squares)):
        squares[x] += coming[x] * coming[x] - leaving[x] * leaving[x]


@jit
def box(values, side, total):
    """Sums of ``side`` neighbours."""
    total[:] = 0
    fours = side // 4 * 4
    for k in range(0, fours, 4):
        add_four(total, values[k:])
    for k in range(fours, side):
        add(total, values[k:])


@jit
def add(total, values):
    """Values, onto a row."""
    for x in range(len(total)):
        total[x] += values[x]


@jit
def add_four(total, values):
    """Sums of four neighbours, onto a row."""
    for x in range(len(total)):
        total[x] += (values[x] + values[x + 1]) + (values[x + 2] + values[x + 3])


@jit
def add_pairs(total, weight, a, b, other, c, d):
    """Two weighted sums of two rows, onto a row: one pass less than one by one."""
    for x in range(len(total)):
        total[x] += weight * (a[x] + b[x]) + other * (c[x] + d[x])


@jit
def add_pair(total, weight, a, b):
    """Few arrays a loop, so that it fills the vector registers."""
    for x in range(len(total)):
        total[x] += weight * (a[x] + b[x])


@jit
def estimate(spot, whole, energy, n, total, spread, found):
    """Amplitude, background and variance of the residuals of a row, from its sums."""
    amplitude, background, variance = found
    # An integer or a float64 would take every pixel to float64, at half the speed.
    share, each, mean = np.float32(1 / spread), np.float32(total / n), np.float32(1 / n)
    spread, tiny, rest = np.float32(spread), np.float32(1e-6), np.float32(1 / (n - 1))
    for x in range(len(spot)):
        amplitude[x] = (spot[x] - whole[x] * each) * share
        background[x] = whole[x] * mean - amplitude[x] * each
    for x in range(len(spot)):
        fitted = whole[x] * whole[x] * mean + amplitude[x] * amplitude[x] * spread
        variance[x] = rest * max(energy[x] - fitted, tiny * energy[x] + tiny)


@jit
def usual_variance(variance, block):
    """Lower quartile of the variance in blocks, of every sixth pixel."""
    height, width = variance.shape
    rows, columns = -(-height // block), -(-width // block)
    usual = np.empty((rows, columns), np.float32)
    own = np.empty((block // 6 + 1) ** 2, np.float32)
    for row in range(rows):
        for column in range(columns):
            count = 0
            for y in range(row * block, min((row + 1) * block, height), 6):
                for x in range(column * block, min((column + 1) * block, width), 6):
                    own[count] = variance[y, x]
                    count += 1
            usual[row, column] = np.partition(own[:count], count // 4)[count // 4]
    return usual


@jit
def null_spread(filtered, usual, block, quiet, margin):
    """Half of all amplitudes are less than this, in units of the residual s.d.

    Of every third pixel of every third row whose variance is at most ``quiet`` times
    the usual one of its block, so that no spot is near, and ``margin`` px inside; and
    how many there are.
    """
    height, width = filtered.shape[1:]
    own = np.empty((height // 3 + 1) * (width // 3 + 1), np.float32)
    count = 0
    for y in range(margin, height - margin, 3):
        amplitude, variance = filtered[AMPLITUDE, y], filtered[VARIANCE, y]
        row = usual[y // block]
        for x in range(margin, width - margin, 3):
            if 0 < variance[x] <= quiet * row[x // block]:
                own[count] = abs(amplitude[x]) / np.sqrt(variance[x])
                count += 1
    if count == 0:
        return 0.0, 0
    return float(np.partition(own[:count], count // 2)[count // 2]), count


@jit
def maxima(filtered, usual, block, threshold, reach):
    """Maxima of the LoG within ``reach`` px: y, x.

    The amplitude must be above the threshold, in units of the residual s.d. of the
    pixel or, if that is less, of the usual one of its block: a neighbour inflates the
    residuals.
    """
    height, width = filtered.shape[1:]
    log, squared = filtered[LOG], np.float32(threshold * threshold)
    above, here = np.empty(width, np.bool_), np.empty(width, np.float32)
    found = np.empty((height * width // 4 + 1, 2), np.int64)
    count = 0
    for y in range(height):
        if y % block == 0:
            for x in range(width):
                here[x] = usual[y // block, x // block]
        compare(filtered[AMPLITUDE, y], filtered[VARIANCE, y], here, squared, above)
        keep_peaks(log[y], above)
        for x in range(width):
            if above[x] and is_maximum(log, y, x, reach):
                found[count] = y, x
                count += 1
    return found[:count].copy()


@jit
def compare(amplitude, variance, usual, squared, above):
    """Where the amplitude is above the threshold, with the lesser of two variances."""
    for x in range(len(amplitude)):
        # The square with its sign, so that a hole is not a spot.
        high = amplitude[x] * abs(amplitude[x])
        above[x] = high > squared * min(usual[x], variance[x])


@jit
def keep_peaks(log, above):
    """Of a row, only what is no less than both of its neighbours."""
    left, here, right, inner = log[:-2], log[1:-1], log[2:], above[1:-1]
    for x in range(len(inner)):
        inner[x] &= (here[x] >= left[x]) & (here[x] >= right[x])


@jit
def is_maximum(log, y, x, reach):
    """Larger than all pixels within reach; of equals the first counts."""
    here = log[y, x]
    for v in range(max(y - reach, 0), min(y + reach + 1, log.shape[0])):
        for u in range(max(x - reach, 0), min(x + reach + 1, log.shape[1])):
            before = v < y or (v == y and u < x)
            if log[v, u] > here or (before and log[v, u] == here):
                return False
    return True


@jit
def vertices(log, found):
    """Vertices of the parabolas through each maximum and its neighbours: x, y."""
    place = np.empty((2, len(found)))
    for i in range(len(found)):
        y, x = found[i]
        place[0, i], place[1, i] = x, y
        if 0 < x < log.shape[1] - 1:
            place[0, i] += vertex(log[y, x - 1], log[y, x], log[y, x + 1])
        if 0 < y < log.shape[0] - 1:
            place[1, i] += vertex(log[y - 1, x], log[y, x], log[y + 1, x])
    return place


@jit
def vertex(before, here, after):
    """Where the parabola through three values turns, from the middle one, px."""
    bend = 2 * here - before - after
    return 0.5 * (after - before) / bend if bend > 0 else 0.0
