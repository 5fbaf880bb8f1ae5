"""Filters that may be chosen, and the one rule by which all of them are.

Our own optima, random filters and named wavelets are pools of the same kind: scored by
the same cross-validation, chosen by the same rule. A control is fair only if it may
choose from as many.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from awd import wavelet
from awd.filters import named


@dataclass(frozen=True)
class Candidate:
    """A filter, and what speaks for it.

    Attributes
    ----------
    filter : ndarray of shape (taps,)
    levels : int
        Of the transform that goes with it.
    flipped, mirrored : bool
        Whether time is reversed in the filter, and whether the student reads the
        smallest coefficients for the largest. Neither changes an L1 norm, both change
        what a student reads.
    sparsity, attribution : float
        Weights of the objective whose minimum it is; NaN where it is none.
    value : float
        The objective there.
    score : float
        Cross-validated R2 of the student that reads it, see :func:`scores`.
    parameter : float
        The first parameter of the family at this filter, where a family is scanned.
    """

    filter: np.ndarray
    levels: int
    flipped: bool = False
    mirrored: bool = False
    sparsity: float = np.nan
    attribution: float = np.nan
    value: float = np.nan
    score: float = np.nan
    parameter: float = np.nan


def with_twins(pool: Iterable[Candidate], features: Any) -> list[Candidate]:
    """Every candidate followed by its :func:`symmetries`."""
    return [twin for c in pool for twin in symmetries(c, features)]


def symmetries(candidate: Candidate, features: Any) -> list[Candidate]:
    """The candidate and its twins that the same objective cannot tell from it."""
    reversed_taps = candidate.filter[::-1].copy()
    flips = [candidate, replace(candidate, filter=reversed_taps, flipped=True)]
    twins = flips[:1] if np.allclose(candidate.filter, reversed_taps) else flips
    if getattr(features, "mirrored", features) == features:
        return twins
    return [*twins, *(replace(twin, mirrored=True) for twin in twins)]


def scores(
    pool: Iterable[Candidate],
    x: np.ndarray,
    y: np.ndarray,
    features: Any,
    groups: np.ndarray | None = None,
    folds: int = 5,
) -> list[float]:
    """Cross-validated R2 of every candidate against ``y`` on training samples.

    Parameters and errors as :func:`awd.search.fidelity.fidelity`: ``y`` is the
    teacher's output, or the labels for a control that is chosen by them.
    """
    from awd.search.fidelity import fidelity

    whole = fidelity(x, y, features, 1, groups, folds)

    def score(candidate: Candidate) -> float:
        read = features.mirrored if candidate.mirrored else features
        term = replace(whole, features=read, levels=candidate.levels)
        return 1 - float(term.values(candidate.filter[None])[0])

    return [score(candidate) for candidate in pool]


def best(pool: Sequence[Candidate]) -> Candidate:
    """The candidate with the highest score; the first of equals."""
    return max(pool, key=lambda candidate: candidate.score)


def random_pool(
    count: int,
    lengths: Sequence[int],
    levels: Sequence[int],
    rng: np.random.Generator,
) -> list[Candidate]:
    """Orthonormal filters with uniform angles, all shapes equally often.

    Parameters
    ----------
    count : int
        Filters.
    lengths, levels : sequence of int
        Taps and levels to choose from; pairs of them take turns.
    rng : numpy Generator
    """
    shapes = itertools.cycle(itertools.product(lengths, levels))
    pool = []
    for length, depth in itertools.islice(shapes, count):
        free = rng.uniform(-np.pi / 2, np.pi / 2, length // 2 - 1)
        h = wavelet.filter_from_angles(wavelet.complete_angles(free))
        pool.append(Candidate(h, depth))
    return pool


def named_pool(count: int, levels: Sequence[int]) -> list[Candidate]:
    """Named orthonormal wavelets at every depth, the shortest first.

    Fewer than ``count`` where there are no more of them, see
    :func:`awd.filters.named.names`.
    """
    filters = [wavelet.from_pywt(name) for name in named.names()]
    shapes = itertools.product(sorted(filters, key=len), levels)
    return [Candidate(h, depth) for h, depth in itertools.islice(shapes, count)]
