"""The loops under :mod:`awd.maps.sky.lensing`: means of planes over pixels."""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit


@jit
def seen_through(plane, rows, columns, shares, blended, out):
    """The mean of a periodic plane over every pixel of a map.

    Pixel ``i, j`` sees ``plane[rows[i]:, columns[j]:]``, weighed by the outer product
    of ``shares[i]`` and ``shares[j]``.
    """
    n, taps = len(plane), shares.shape[1]
    for i in range(len(out)):
        blended[:] = 0
        for k in range(taps):
            if shares[i, k] != 0:
                add_times(plane[(rows[i] + k) % n], shares[i, k], blended)
        for k in range(n, n + taps):
            blended[k] = blended[k - n]  # the plane is periodic
        for j in range(len(columns)):
            total = np.float32(0)
            for k in range(taps):
                total += shares[j, k] * blended[columns[j] + k]
            out[i, j] = total


@jit
def add_times(row, factor, out):
    """Add a multiple of a row."""
    for k in range(len(row)):
        out[k] += factor * row[k]
