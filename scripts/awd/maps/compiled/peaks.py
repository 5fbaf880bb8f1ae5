"""The loops under :mod:`awd.maps.measure.peaks`: maxima, responses there, counts.

Each pass takes many pixels at a time: the maxima of a row are marked, then their places
listed; every tap gathers its neighbour of all peaks and adds it to all filters; and
responses are counted edge by edge, instead of each being sorted into its bin.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit
from awd.compiled.undecimated import number_below

CHUNK = 1024  # peaks whose responses fit the first cache
GROUP = 8  # marks that are tested together


@jit
def histograms(maps, kernels, crossed, edges, counts):
    """Add to counts (maps, filters, bins) the responses between edges, at all peaks.

    ``edges`` are (filters, bins + 1); after the kernels follows Roberts cross, if
    ``crossed``. Every bin holds its lower edge, the last bin also its upper.
    """
    places, marks = working(maps)
    found = np.empty((len(counts[0]), CHUNK), maps.dtype)
    column = np.empty(CHUNK, maps.dtype)
    for n in range(len(maps)):
        flat = maps[n].reshape(-1)
        number = peaks(maps[n], margin(kernels), marks, places)
        for start in range(0, number, CHUNK):
            chunk = places[start : min(start + CHUNK, number)]
            respond(flat, maps.shape[2], kernels, crossed, chunk, column, found)
            for f in range(len(found)):
                count(found[f, : len(chunk)], edges[f], counts[n, f])


@jit
def responses(maps, kernels, crossed, into):
    """Write responses at peaks into (filters, room), as far as it goes; how many."""
    places, marks = working(maps)
    found = np.empty((len(into), CHUNK), maps.dtype)
    column = np.empty(CHUNK, maps.dtype)
    total = 0
    for n in range(len(maps)):
        flat = maps[n].reshape(-1)
        number = peaks(maps[n], margin(kernels), marks, places)
        for start in range(0, number, CHUNK):
            chunk = places[start : min(start + CHUNK, number)]
            respond(flat, maps.shape[2], kernels, crossed, chunk, column, found)
            fits = min(len(chunk), into.shape[1] - total)
            for f in range(len(found)):
                into[f, total : total + fits] = found[f, :fits]
            total += fits
    return total


@jit
def working(maps):
    """Room for the places of all peaks, of which no two touch, and for their marks."""
    rows, columns = maps.shape[1:]
    return (
        np.empty(rows * columns // 4 + GROUP, np.int64),
        np.zeros(-(-columns // GROUP) * GROUP, np.uint8),
    )


@jit
def margin(kernels):
    """Pixels at every border where a peak is not counted."""
    return max(1, kernels.shape[1] // 2, kernels.shape[2] // 2)


@jit
def peaks(image, border, marks, places):
    """List pixels above all eight neighbours, in reading order; returns how many."""
    rows, columns = image.shape
    groups = marks.view(np.uint64)
    number = 0
    for y in range(border, rows - border):
        mark(image[y - 1], image[y], image[y + 1], marks)
        marks[:border] = 0
        marks[columns - border :] = 0
        for g in range(len(groups)):
            if groups[g]:  # a quarter of them
                for k in range(GROUP):
                    places[number] = y * columns + g * GROUP + k
                    number += marks[g * GROUP + k]
    return number


@jit
def mark(before, row, after, marks):
    """1 where a row exceeds its eight neighbours."""
    for x in range(1, len(row) - 1):
        value = row[x]
        marks[x] = (
            (value > row[x - 1])
            & (value > row[x + 1])
            & (value > before[x - 1])
            & (value > before[x])
            & (value > before[x + 1])
            & (value > after[x - 1])
            & (value > after[x])
            & (value > after[x + 1])
        )


@jit
def respond(flat, columns, kernels, crossed, places, column, found):
    """Correlations with the kernels around every place, then Roberts cross."""
    number = len(places)
    for f in range(len(kernels)):
        found[f, :number] = 0
    for i in range(kernels.shape[1]):
        for j in range(kernels.shape[2]):
            shift = (i - kernels.shape[1] // 2) * columns + j - kernels.shape[2] // 2
            gather(flat, places, shift, column)
            for f in range(len(kernels)):
                add_times(column[:number], kernels[f, i, j], found[f])
    if crossed:
        roberts(flat, columns, places, found[len(kernels)])


@jit
def gather(flat, places, shift, column):
    """The neighbour of every place."""
    for p in range(len(places)):
        column[p] = flat[places[p] + shift]


@jit
def add_times(column, factor, out):
    """Add a multiple of a column."""
    for p in range(len(column)):
        out[p] += factor * column[p]


@jit
def roberts(flat, columns, places, out):
    """Sum of the gradients' lengths in the four cells of 2 x 2 pixels around a peak."""
    for p in range(len(places)):
        here, above, below = places[p], places[p] - columns, places[p] + columns
        a, b, c = flat[above - 1], flat[above], flat[above + 1]
        d, e, f = flat[here - 1], flat[here], flat[here + 1]
        g, h, i = flat[below - 1], flat[below], flat[below + 1]
        out[p] = (
            np.sqrt((a - e) ** 2 + (b - d) ** 2)
            + np.sqrt((b - f) ** 2 + (c - e) ** 2)
            + np.sqrt((d - h) ** 2 + (e - g) ** 2)
            + np.sqrt((e - i) ** 2 + (f - h) ** 2)
        )


@jit
def count(values, edges, counts):
    """Add how many values lie between the edges."""
    bins = len(edges) - 1
    below = number_below(values, edges[0])
    for k in range(1, bins):
        cumulative = number_below(values, edges[k])
        counts[k - 1] += cumulative - below
        below = cumulative
    counts[bins - 1] += number_up_to(values, edges[bins]) - below


@jit
def number_up_to(values, edge):
    """How many values are not larger."""
    total = np.int64(0)
    for p in range(len(values)):
        total += np.int32(1) if values[p] <= edge else np.int32(0)
    return total
