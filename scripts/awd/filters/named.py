"""Wavelets that have a name, and which of them a filter is nearest to."""

from __future__ import annotations

import numpy as np

from awd.filters.alignment import distance

FAMILIES = ("haar", "db", "sym", "coif")
LONGEST = 20  # taps; longer ones do not fit into short signals


def names() -> list[str]:
    """Orthonormal wavelets of at most :data:`LONGEST` taps, each under one name."""
    import pywt

    found = [name for family in FAMILIES for name in pywt.wavelist(family)]
    by_taps: dict[tuple[float, ...], str] = {}
    for name in found:
        taps = tuple(np.round(pywt.Wavelet(name).rec_lo, 6))
        if len(taps) <= LONGEST:
            by_taps.setdefault(taps, name)
    return list(by_taps.values())


def nearest(h: np.ndarray) -> tuple[str, float]:
    """The named wavelet nearest to a filter (taps,), and how far it is.

    The distance is :func:`awd.filters.alignment.distance`: 0 for the same wavelet,
    delayed, negated or reversed; 1.41 at most.

    Examples
    --------
    >>> nearest(np.array([0.0, 0.0, 0.5**0.5, 0.5**0.5]))
    ('haar', 0.0)
    """
    import pywt

    taps = {name: np.array(pywt.Wavelet(name).rec_lo) for name in names()}
    distances = {name: distance(h, other) for name, other in taps.items()}
    name = min(distances, key=distances.__getitem__)
    return name, distances[name]
