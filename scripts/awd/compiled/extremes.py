"""The loops that find the extremes of every band, and predict from them.

Bands of :data:`WIDE` signals stand side by side, so that values sink through the lanes
together: sorting one signal by itself waits for its comparisons.

numba's cache follows each file by itself: ``make`` compiles anew when one has changed.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import LANES, forward, jit, load, workspace

WIDE = 8 * LANES  # signals whose extremes are found together
FEW = 4  # up to so many, one by one


@jit
def pick_rows(x, h, g, levels, largest, smallest, values, index):
    """Extremes of every band of every row, and their columns; as extremes_rows."""
    work = workspace(x, len(h) // 2, levels)
    wide, top = room(work, values.shape[1], x)
    for start in range(0, len(x), WIDE):
        rows = min(WIDE, len(x) - start)
        pick_block(x, start, h, g, work, largest, smallest, wide, top)
        width = -(-rows // LANES) * LANES
        for b in range(rows):
            for k in range(values.shape[1]):
                values[start + b, k] = top[0, k * width + b]
                index[start + b, k] = np.int64(top[1, k * width + b])


@jit
def predict_rows(
    x, h, g, levels, largest, smallest, by_value, by_index, by_start, start_frames, out
):
    """Add to ``out`` what the curves give of what is picked, its columns, the start.

    ``out`` (targets, rows); curves (targets, features, 1 + 2 k), each the first slope,
    then pairs of a knot and the change of slope at it. Returns 0, or NaN where a signal
    is not finite.
    """
    work = workspace(x, len(h) // 2, levels)
    wide, top = room(work, by_value.shape[1], x)
    broken = 0.0
    for start in range(0, len(x), WIDE):
        rows = min(WIDE, len(x) - start)
        broken += pick_block(x, start, h, g, work, largest, smallest, wide, top)
        width = -(-rows // LANES) * LANES
        level = start_level(x, start, rows, start_frames)
        for target in range(len(out)):
            block = out[target, start : start + rows]
            for k in range(by_value.shape[1]):
                add_curve(by_value[target, k], top[0, k * width :], block)
            for k in range(by_index.shape[1]):
                add_curve(by_index[target, k], top[1, k * width :], block)
            if start_frames:
                add_curve(by_start[target, 0], level, block)
    return broken


@jit
def start_level(x, start, rows, frames):
    """Means of the first frames of some signals; zeros where there are no frames."""
    level = np.zeros(rows)
    for b in range(rows):
        for t in range(frames):
            level[b] += x[start + b, t] / frames
    return level


@jit
def add_curves(curves, table, out):
    """Add a curve of every column of a table (n, columns) to ``out`` (targets, n)."""
    for target in range(len(out)):
        for k in range(table.shape[1]):
            add_curve(curves[target, k], table[:, k], out[target])


@jit
def add_curve(curve, values, out):
    """Add a piecewise linear function of each value."""
    for b in range(len(out)):
        out[b] += curve[0] * values[b]
    for k in range(1, len(curve), 2):
        knot, slope = curve[k], curve[k + 1]
        for b in range(len(out)):
            out[b] += slope * max(values[b] - knot, 0.0)


@jit
def room(work, picked, x):
    """Buffers for the bands of several blocks side by side, and for what is picked."""
    sizes, width = work[0], min(WIDE, -(-len(x) // LANES) * LANES)
    wide = np.empty((sizes[1:].sum() + sizes[-1]) * width, x.dtype)
    return wide, np.empty((2, (picked + 1) * width), x.dtype)


@jit
def pick_block(x, start, h, g, work, largest, smallest, wide, top):
    """Values and columns of the extremes of several blocks: (2, picked + 1, lanes).

    Columns are numbers of the data's kind, so that lanes move together. Returns 0, or
    NaN where a signal is not finite.
    """
    sizes, _, even, odd, _, _ = work
    half, levels = len(h) // 2, len(sizes) - 1
    width = -(-min(WIDE, len(x) - start) // LANES) * LANES
    broken = 0.0
    for lane in range(0, width, LANES):
        load(x, start + lane, half, even, odd)
        broken += 0 * forward(h, g, work)
        widen(work, width, lane, wide)
    rows = len(x) - start
    at, column = 0, 0
    for j in range(levels, -1, -1):
        size = sizes[min(j + 1, levels)]
        band = wide[column * width : (column + size) * width]
        for sense, wanted in ((1, largest), (-1, smallest)):
            count = min(size, wanted)
            best = top[0, at * width : (at + count + 1) * width]
            where = top[1, at * width : (at + count + 1) * width]
            if rows > FEW:
                sink(band, width, sense, column, best, where)
            for b in range(rows if rows <= FEW else 0):
                insert(band[b:], width, sense, column, count, best[b:], where[b:])
            at += count
        column += size
    return broken


@jit
def widen(work, width, lane, wide):
    """The bands of a block, coarse ones first, into its lanes of ``wide``."""
    sizes, offsets, _, _, low, high = work
    levels, at = len(sizes) - 1, lane
    for j in range(levels, -1, -1):
        band = low if j == levels else high[offsets[j] :]
        for t in range(sizes[min(j + 1, levels)]):
            for b in range(LANES):
                wide[at + b] = band[t * LANES + b]
            at += width


@jit
def sink(band, width, sense, column, best, where):
    """The best values of every lane, falling: each value sinks to its place.

    ``best`` and ``where`` have one row more than values are wanted: what is sinking.
    Among equals the first in time stays before.
    """
    last = len(best) - width
    best[:last] = -np.inf
    value, place = best[last:], where[last:]
    for t in range(len(band) // width):
        scaled(band[t * width : (t + 1) * width], sense, value)
        place[:] = column + t
        for at in range(0, last, width):
            end = at + width
            exchange(best[at:end], where[at:end], value, place)
    scaled(best[:last], sense, best[:last])


@jit
def insert(band, width, sense, column, count, best, where):
    """The same for one lane: insertion into a short sorted list."""
    found = 0
    for t in range(0, len(band), width):
        value = sense * band[t]
        if found == count and (count == 0 or value <= best[(found - 1) * width]):
            continue
        found = min(found + 1, count)
        slot = (found - 1) * width
        while slot > 0 and value > best[slot - width]:
            best[slot], where[slot] = best[slot - width], where[slot - width]
            slot -= width
        best[slot], where[slot] = value, column + t // width
    for slot in range(0, count * width, width):
        best[slot] *= sense


@jit
def exchange(best, where, value, place):
    """Keep the better of two values in every lane, and pass the worse one on."""
    for b in range(len(value)):
        v, u, p, q = value[b], best[b], place[b], where[b]
        better = (v > u) | ((v == u) & (p < q))
        best[b] = v if better else u
        where[b] = p if better else q
        value[b] = u if better else v
        place[b] = q if better else p


@jit
def scaled(band, factor, out):
    """A multiple of a band."""
    factor = band.dtype.type(factor)
    for t in range(len(band)):
        out[t] = factor * band[t]


@jit
def extremes_rows(packed, sizes, largest, smallest, values, index):
    """Largest and smallest of every band of packed rows, and their columns."""
    for row in range(len(packed)):
        begin, at = 0, 0
        for size in sizes:
            band = packed[row, begin : begin + size]
            for sense, wanted in ((1, largest), (-1, smallest)):
                count = min(size, wanted)
                insert(band, 1, sense, begin, count, values[row, at:], index[row, at:])
                at += count
            begin += size
