"""Global search over wavelets: scan the free angles, descend, follow a path.

The landscape of an L1 objective is rough (it has kinks where it is best), so descent
from one named wavelet ends in local minima. A low-discrepancy scan on a few samples is
cheap, finds the basins, and needs no wavelet to begin with.

An objective is a :class:`Term`: anything that values filters. :class:`Blend` weighs
several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from awd import wavelet

APART = 0.2  # starts differ by more than this in some tap
DISTINCT = 1e-3  # filters that differ by less in every tap are one optimum


@dataclass(frozen=True)
class Effort:
    """How hard to search; a smooth landscape needs less.

    Attributes
    ----------
    density : int
        Scan points grow with this to the power of the free angles, 16 for none.
    most : int
        Scan points at most.
    on_few, on_all : int
        How many scan points descend on the few samples, and how many of the minima
        found there descend on all samples.
    tolerance : float
        A descent stops when a step improves the value by less than this share of it;
        on few samples ten times as much.
    again : bool
        Whether a second descent begins where the first one ended: a kink can end a
        line search early.
    """

    density: int = 8
    most: int = 2**14
    on_few: int = 48
    on_all: int = 4
    tolerance: float = 1e-7
    again: bool = True


THOROUGH = Effort()


class Term(Protocol):
    """What the search asks of an objective."""

    def values(self, filters: np.ndarray) -> np.ndarray:
        """Value of many filters: (n, taps) -> (n,)."""

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        """Value of one filter and its derivative along the taps, (taps,)."""

    def subset(self, rows: np.ndarray) -> Term:
        """The same objective on some of the samples."""


@dataclass(frozen=True)
class Blend:
    """A weighted sum of terms, itself a term; terms of weight 0 are not evaluated."""

    terms: Mapping[str, Term]
    weights: Mapping[str, float]

    def values(self, filters: np.ndarray) -> np.ndarray:
        return np.sum([w * self.terms[k].values(filters) for k, w in self.used()], 0)

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        parts = [(w, *self.terms[k].value_and_gradient(h)) for k, w in self.used()]
        gradient = np.sum([w * g for w, _, g in parts], axis=0)
        return sum(w * v for w, v, _ in parts), gradient

    def subset(self, rows: np.ndarray) -> Blend:
        part = {k: self.terms[k].subset(rows) for k, _ in self.used()}
        return Blend(part, self.weights)

    def used(self) -> list[tuple[str, float]]:
        """Names and weights of the terms that count."""
        return [(k, w) for k, w in self.weights.items() if w > 0]


@dataclass(frozen=True)
class Optimum:
    """A local minimum: its value and its free angles, (M - 1,), in [-pi/2, pi/2)."""

    value: float
    free: np.ndarray

    @property
    def angles(self) -> np.ndarray:
        return wavelet.complete_angles(self.free)

    @property
    def filter(self) -> np.ndarray:
        return wavelet.filter_from_angles(self.angles)


@dataclass(frozen=True)
class Scan:
    """Points in the space of free angles with the value of every term on few samples.

    Attributes
    ----------
    rows : ndarray of int
        The few samples.
    free : ndarray of shape (points, M - 1)
    values : dict of str to ndarray of shape (points,)
    """

    rows: np.ndarray
    free: np.ndarray
    values: dict[str, np.ndarray]

    def best(self, weights: Mapping[str, float], count: int) -> np.ndarray:
        """Up to ``count`` good points, apart from each other.

        The very best points crowd in the widest basins; the deepest may be narrow.
        """
        total = sum(weights[k] * v for k, v in self.values.items())
        free = self.free[np.argsort(total, kind="stable")[: 100 * count]]
        filters = wavelet.filter_from_angles(wavelet.complete_angles(free))
        kept: list[int] = []
        left = np.ones(len(free), bool)
        while left.any() and len(kept) < count:
            kept.append(int(left.argmax()))
            left &= np.abs(filters - filters[kept[-1]]).max(axis=1) > APART
        return free[kept]


def scan(
    blends: Iterable[Blend],
    rows: np.ndarray,
    length: int,
    rng: np.random.Generator,
    effort: Effort = THOROUGH,
) -> Scan:
    """Value scrambled Sobol points over all wavelets of ``length`` taps.

    Parameters
    ----------
    blends : iterable of Blend
        Every term that counts in one of them is valued, once.
    rows : array of int
        Samples to look at; tens are enough to find the basins.
    length : int
        Taps.
    rng : numpy Generator
        Scrambles the points.
    effort : Effort
        How many points.
    """
    free = length // 2 - 1
    if free:
        points = min(effort.most, 16 * effort.density**free)
        sobol = qmc.Sobol(free, rng=rng).random_base2(points.bit_length() - 1)
        grid = np.pi * (sobol - 0.5)
    else:
        grid = np.zeros((1, 0))
    filters = wavelet.filter_from_angles(wavelet.complete_angles(grid))
    terms = {k: blend.terms[k] for blend in blends for k, _ in blend.used()}
    values = {k: term.subset(rows).values(filters) for k, term in terms.items()}
    return Scan(rows, grid, values)


def descend(objective: Term, free: np.ndarray, effort: Effort = THOROUGH) -> Optimum:
    """Nearest local minimum from ``free``: L-BFGS-B over the free angles."""

    def value_and_slope(free: np.ndarray) -> tuple[float, np.ndarray]:
        h = wavelet.filter_from_angles(wavelet.complete_angles(free))
        value, gradient = objective.value_and_gradient(h)
        return value, wavelet.free_jacobian(free) @ gradient

    if not len(free):
        return Optimum(value_and_slope(free)[0], free)
    options = {"ftol": effort.tolerance}
    how = {"jac": True, "method": "L-BFGS-B", "options": options}
    for _ in range(2 if effort.again else 1):
        end = minimize(value_and_slope, free, **how)
        free = end.x
    return _settled(objective, Optimum(float(end.fun), wrapped(free)))


def _settled(objective: Term, found: Optimum) -> Optimum:
    """The optimum without negligible taps at its ends."""
    h = wavelet.without_dust(found.filter)
    if np.array_equal(h, found.filter):
        return found
    return Optimum(objective.value_and_gradient(h)[0], wavelet.angles(h)[1:])


def wrapped(free: np.ndarray) -> np.ndarray:
    """Angles in [-pi/2, pi/2); adding pi to a pair changes no filter."""
    return (free + np.pi / 2) % np.pi - np.pi / 2


def minima(
    objective: Blend,
    scanned: Scan,
    warm: Sequence[np.ndarray] = (),
    effort: Effort = THOROUGH,
) -> list[Optimum]:
    """Distinct local minima, best first.

    Parameters
    ----------
    objective : Blend
        Of the terms that were scanned.
    scanned : Scan
    warm : sequence of array of shape (M - 1,)
        Further starting points.
    effort : Effort
        How many descents.
    """
    part = objective.subset(scanned.rows)
    starts = scanned.best(objective.weights, effort.on_few)
    less = replace(effort, tolerance=10 * effort.tolerance, again=False)
    rough = distinct(descend(part, free, less) for free in starts)
    best = [one.free for one in rough[: effort.on_all]]
    new = [free for free in best if not any(_near(free, w) for w in warm)]
    return distinct(descend(objective, free, effort) for free in [*warm, *new])


def _near(free: np.ndarray, other: np.ndarray) -> bool:
    """Whether two starts lie in one basin, so that one descent is enough."""
    pair = wavelet.complete_angles(np.stack([free, other]))
    return bool(np.abs(np.diff(wavelet.filter_from_angles(pair), axis=0)).max() < 0.05)


def follow(
    blends: Sequence[Blend],
    scanned: Scan,
    warm: Sequence[np.ndarray] = (),
    effort: Effort = THOROUGH,
) -> tuple[list[Optimum], list[Optimum]]:
    """Best minimum of every blend of a path, and all minima of the last one.

    The first step may start from ``warm`` points too. Every further step takes the best
    of the scan, which costs nothing more (a blend of scanned values), and the step
    before; a sweep back lets good minima spread the other way.
    """
    path: list[Optimum] = []
    for blend in blends:
        last = blend is blends[-1]
        starts = [path[-1].free] if path else warm
        less = replace(effort, on_few=effort.on_few // 3, on_all=1)
        found = minima(blend, scanned, starts, effort if last or not path else less)
        path.append(found[0])
    for i in range(len(blends) - 2, -1, -1):
        value, _ = blends[i].value_and_gradient(path[i + 1].filter)
        if value < path[i].value:
            path[i] = descend(blends[i], path[i + 1].free, effort)
    return path, found


def distinct(optima: Iterable[Optimum]) -> list[Optimum]:
    """The optima, best first, without repetitions; flipped filters count as others.

    Filters are compared, not angles: several angles can give the same filter.
    """
    kept: list[Optimum] = []
    for optimum in sorted(optima, key=lambda o: o.value):
        h = optimum.filter
        if all(np.abs(h - other.filter).max() > DISTINCT for other in kept):
            kept.append(optimum)
    return kept
