"""The loop under :mod:`awd.maps.measure.minkowski`: cells of four pixels, looked up."""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit


@jit
def count(maps, whole, thresholds, crossed, corners):
    """Add, by map and threshold, what the cells of 2 x 2 pixels tell of its border.

    ``crossed``: sides of cells of which one end lies above and the other does not.
    ``corners``: cells with one pixel above, less those with three. Cells that are not
    ``whole``, of each map or the same for all, do not count.
    """
    for n in range(len(maps)):
        image, kept = maps[n], whole[n % len(whole)]
        for y in range(len(image) - 1):
            for k in range(len(thresholds)):
                sides, turns = along(image[y], image[y + 1], kept[y], thresholds[k])
                crossed[n, k] += sides
                corners[n, k] += turns


@jit
def along(upper, lower, kept, threshold):
    """Sides and corners of the cells between two rows."""
    sides, turns = np.int32(0), np.int32(0)
    for x in range(len(kept)):
        a = np.int32(upper[x] >= threshold)
        b = np.int32(upper[x + 1] >= threshold)
        c = np.int32(lower[x] >= threshold)
        d = np.int32(lower[x + 1] >= threshold)
        total, counts = a + b + c + d, np.int32(kept[x])
        sides += counts * ((a ^ b) + (c ^ d) + (a ^ c) + (b ^ d))
        turns += counts * (np.int32(total == 1) - np.int32(total == 3))
    return sides, turns
