"""Global search over a family of filters: scan its parameters, descend, follow a path.

The landscape of an L1 objective is rough (it has kinks where it is best), so descent
from one named wavelet ends in local minima. A low-discrepancy scan on a few samples is
cheap, finds the basins, and needs no wavelet to begin with.

An objective is a :class:`Term`: anything that values filters. :class:`Blend` weighs
several. A term without a slope is descended without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeGuard

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from awd.errors import DataError
from awd.filters.families import Family

APART = 0.2  # starts differ by more than this in some tap
DISTINCT = 1e-3  # filters that differ by less in every tap are one optimum


@dataclass(frozen=True)
class Effort:
    """How hard to search; a smooth landscape needs less.

    Attributes
    ----------
    few, few_values : int
        Samples that a scan looks at: at most so many, and no more than have so many
        values together, if these are 8.
    density : int
        Scan points grow with this to the power of the free parameters, 16 for none.
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

    few: int = 64
    few_values: int = 2048
    density: int = 8
    most: int = 2**14
    on_few: int = 48
    on_all: int = 4
    tolerance: float = 1e-7
    again: bool = True

    def rows(self, shape: Sequence[int], rng: np.random.Generator) -> np.ndarray:
        """Indices of the samples that a scan looks at, of data of a shape."""
        n, *sample = shape
        fit = max(8, self.few_values // int(np.prod(sample)))
        return np.sort(rng.permutation(n)[: min(self.few, fit)])


THOROUGH = Effort()


class Term(Protocol):
    """What the search needs of an objective."""

    def values(self, filters: np.ndarray) -> np.ndarray:
        """Value of many filters: (n, *taps) -> (n,)."""

    def subset(self, rows: np.ndarray) -> Term:
        """The same objective on some of the samples."""


class SmoothTerm(Term, Protocol):
    """An objective with a slope."""

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        """Value of a filter, and its derivative along the taps, (*taps)."""


def is_smooth(term: Term) -> TypeGuard[SmoothTerm]:
    """Whether the term knows its slope; a blend does if all that count in it do."""
    if isinstance(term, Blend):
        return all(is_smooth(term.terms[name]) for name, _ in term.used())
    return hasattr(term, "value_and_gradient")


@dataclass(frozen=True)
class Blend:
    """A weighted sum of terms, itself a term; terms of weight 0 are not evaluated."""

    terms: Mapping[str, Term]
    weights: Mapping[str, float]

    def values(self, filters: np.ndarray) -> np.ndarray:
        return np.sum([w * self.terms[k].values(filters) for k, w in self.used()], 0)

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        values, gradients = [], []
        for name, weight in self.used():
            term = self.terms[name]
            assert is_smooth(term), name
            value, gradient = term.value_and_gradient(h)
            values.append(weight * value)
            gradients.append(weight * gradient)
        return sum(values), np.sum(gradients, axis=0)

    def subset(self, rows: np.ndarray) -> Blend:
        part = {k: self.terms[k].subset(rows) for k, _ in self.used()}
        return Blend(part, self.weights)

    def used(self) -> list[tuple[str, float]]:
        """Names and weights of the terms that count."""
        return [(k, w) for k, w in self.weights.items() if w > 0]


@dataclass(frozen=True)
class Optimum:
    """A local minimum: its value and its parameters, (free,), in a family."""

    value: float
    parameters: np.ndarray
    family: Family

    @property
    def filter(self) -> np.ndarray:
        return self.family.filters(self.parameters)


@dataclass(frozen=True)
class Scan:
    """Points of a family with the value of every term on few samples.

    Attributes
    ----------
    family : Family
    rows : ndarray of int
        The few samples.
    points : ndarray of shape (points, free)
    values : dict of str to ndarray of shape (points,)
    """

    family: Family
    rows: np.ndarray
    points: np.ndarray
    values: dict[str, np.ndarray]

    def best(self, weights: Mapping[str, float], count: int) -> np.ndarray:
        """Up to ``count`` good points, apart from each other.

        The very best points crowd in the widest basins; the deepest may be narrow.
        """
        total = sum(weights[k] * v for k, v in self.values.items())
        points = self.points[np.argsort(total, kind="stable")[: 100 * count]]
        filters = self.family.filters(points)
        chosen: list[int] = []
        remaining = np.ones(len(points), bool)
        while remaining.any() and len(chosen) < count:
            chosen.append(int(remaining.argmax()))
            remaining &= _apart(filters, filters[chosen[-1]]) > APART
        return points[chosen]


def scan(
    blends: Iterable[Blend],
    rows: np.ndarray,
    family: Family,
    rng: np.random.Generator,
    effort: Effort = THOROUGH,
) -> Scan:
    """Value scrambled Sobol points over all filters of a family.

    Parameters
    ----------
    blends : iterable of Blend
        Every term that counts in one of them is valued, once.
    rows : array of int
        Samples to look at; tens are enough to find the basins.
    family : Family
    rng : numpy Generator
        Scrambles the points.
    effort : Effort
        How many points.
    """
    free = len(family.bounds)
    if free:
        points = min(effort.most, 16 * effort.density ** (free - family.equations))
        sobol = qmc.Sobol(free, rng=rng).random_base2(points.bit_length() - 1)
    else:
        sobol = np.zeros((1, 0))
    grid = family.points(sobol)
    terms = {k: blend.terms[k] for blend in blends for k, _ in blend.used()}
    filters = family.filters(grid)
    values = {k: term.subset(rows).values(filters) for k, term in terms.items()}
    for name, found in values.items():
        if not np.isfinite(found).any():
            raise DataError(
                f"the objective {name} is not finite for any filter; check it, and "
                "the samples"
            )
        found[np.isnan(found)] = np.inf  # none of these is best
    return Scan(family, rows, grid, values)


def descend(
    objective: Term, family: Family, start: np.ndarray, effort: Effort = THOROUGH
) -> Optimum:
    """Nearest local minimum from the parameters ``start``, (free,).

    L-BFGS-B along the slope; SLSQP where parameters obey equations; Nelder-Mead where
    the objective has no slope.
    """
    if not len(start):
        return Optimum(_value(objective, family.filters(start)), start, family)
    function, settings = _method(objective, family, start, effort.tolerance)
    for _ in range(2 if effort.again else 1):
        start = minimize(function, start, **settings).x
    end = family.settled(start)
    return Optimum(_value(objective, family.filters(end)), end, family)


def _value(objective: Term, h: np.ndarray) -> float:
    return float(objective.values(h[None])[0])


def _method(
    objective: Term, family: Family, start: np.ndarray, tolerance: float
) -> tuple[Callable, dict[str, Any]]:
    """The function that scipy minimises, and the settings of ``minimize``."""
    settings: dict[str, Any] = {"bounds": None if family.periodic else family.bounds}
    if not is_smooth(objective):
        steps = np.diag(0.05 * np.ptp(family.bounds, axis=1))
        simplex = np.vstack([start, start + steps])
        options = {"fatol": tolerance, "xatol": 1e-3, "initial_simplex": simplex}
        settings |= {"method": "Nelder-Mead", "options": options}
        return lambda parameters: _value(
            objective, family.filters(parameters)
        ), settings
    smooth: SmoothTerm = objective

    def value_and_slope(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = smooth.value_and_gradient(family.filters(parameters))
        return value, np.tensordot(family.jacobian(parameters), gradient, gradient.ndim)

    settings |= {"method": "L-BFGS-B", "jac": True, "options": {"ftol": tolerance}}
    if family.equations:
        equations = {"fun": family.missed, "jac": family.missed_jacobian}
        settings |= {"method": "SLSQP", "constraints": {"type": "eq", **equations}}
    return value_and_slope, settings


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
    warm : sequence of array of shape (free,)
        Further starting points.
    effort : Effort
        How many descents.
    """
    family, part = scanned.family, objective.subset(scanned.rows)
    starts = scanned.best(objective.weights, effort.on_few)
    less = replace(effort, tolerance=10 * effort.tolerance, again=False)
    rough = distinct(descend(part, family, start, less) for start in starts)
    best = [optimum.parameters for optimum in rough[: effort.on_all]]
    known = family.filters(np.reshape(warm, (len(warm), len(family.bounds))))
    # A single descent is enough in a basin.
    new = [p for p in best if not (_apart(known, family.filters(p)) < 0.05).any()]
    return distinct(descend(objective, family, p, effort) for p in [*warm, *new])


def _apart(filters: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Largest difference of a tap: (n, *taps), (*taps) -> (n,)."""
    return np.abs(filters - h).reshape(len(filters), h.size).max(1, initial=0)


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
        starts = [path[-1].parameters] if path else warm
        few = -(-effort.on_few // 12)
        less = replace(effort, on_few=few, on_all=1, again=False)
        found = minima(blend, scanned, starts, effort if last or not path else less)
        path.append(found[0])
    for i in range(len(blends) - 2, -1, -1):
        (value,) = blends[i].values(path[i + 1].filter[None])
        if value < path[i].value:
            start = path[i + 1].parameters
            path[i] = descend(blends[i], scanned.family, start, effort)
    return path, found


def distinct(optima: Iterable[Optimum]) -> list[Optimum]:
    """The optima, best first, without repetitions; a flipped filter is no repetition.

    Filters are compared, not parameters: several angles can give the same filter.
    """
    found: list[Optimum] = []
    for optimum in sorted(optima, key=lambda o: o.value):
        h = optimum.filter
        if all(np.abs(better.filter - h).max() > DISTINCT for better in found):
            found.append(optimum)
    return found
