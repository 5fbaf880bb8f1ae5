"""Where a posterior is evaluated, and what follows from its values there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from awd.maps.infer.likelihood import Likelihood, probabilities

TEMPERS = (0.02, 200.0)  # between which


@dataclass(frozen=True)
class Nodes:
    """Squared distances of maps to cosmologies that are spread evenly where each is.

    Attributes
    ----------
    axes : list of ndarray of shape (n, side)
        Values of every parameter, evenly spaced for every map.
    chi2 : ndarray of shape (n, side ** p)
    least : ndarray of shape (n,)
        The least of them.
    best : ndarray of shape (n, p)
        Parameters there.
    """

    axes: list[np.ndarray]
    chi2: np.ndarray

    @cached_property
    def least(self) -> np.ndarray:
        return self.chi2.min(1)

    @cached_property
    def best(self) -> np.ndarray:
        sides = [axis.shape[1] for axis in self.axes]
        places = np.unravel_index(self.chi2.argmin(1), sides)
        maps = np.arange(len(self.chi2))
        return np.stack(
            [axis[maps, at] for axis, at in zip(self.axes, places, strict=True)], 1
        )

    def marginals(self, likelihood: Likelihood, temper: float) -> list[np.ndarray]:
        """Posterior probabilities of the values of every parameter, (n, side)."""
        posterior = probabilities(likelihood.log(self.chi2 / temper))
        sides = [axis.shape[1] for axis in self.axes]
        cube = posterior.reshape(len(posterior), *sides)
        every = range(1, 1 + len(sides))
        return [cube.sum(tuple(i for i in every if i != k)) for k in every]

    def mean(self, marginals: Sequence[np.ndarray]) -> np.ndarray:
        """Posterior mean, (n, p), of :meth:`marginals`."""
        pairs = zip(marginals, self.axes, strict=True)
        return np.stack([(marginal * axis).sum(1) for marginal, axis in pairs], 1)

    def ranks(
        self, marginals: Sequence[np.ndarray], parameters: np.ndarray
    ) -> np.ndarray:
        """Posterior probability of values below the true parameters, both (n, p)."""
        ranks = np.empty(parameters.shape)
        for k, (marginal, axis) in enumerate(zip(marginals, self.axes, strict=True)):
            # How much of every value's share of the axis lies below the true one.
            step = axis[:, 1:2] - axis[:, :1]
            below = np.clip((parameters[:, k, None] - axis) / step + 0.5, 0, 1)
            ranks[:, k] = (marginal * below).sum(1)
        return ranks


@dataclass(frozen=True)
class HeldOut:
    """What emulators say of maps that they were fitted without.

    Attributes
    ----------
    likelihood : Likelihood
        Of one of them; the others differ in a few maps.
    nodes : Nodes
    truth : ndarray of shape (n,)
        Squared distance to the true cosmology.
    parameters : ndarray of shape (n, p)
        The true ones.
    volume : ndarray of shape (n,)
        Of the nodes, over that of the box.
    """

    likelihood: Likelihood
    nodes: Nodes
    truth: np.ndarray
    parameters: np.ndarray
    volume: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[HeldOut]) -> HeldOut:
        """All maps of all parts."""
        axes = zip(*(part.nodes.axes for part in parts), strict=True)
        nodes = Nodes(
            [np.concatenate(axis) for axis in axes],
            np.concatenate([part.nodes.chi2 for part in parts]),
        )
        rest = ("truth", "parameters", "volume")
        return cls(
            parts[0].likelihood,
            nodes,
            *(np.concatenate([getattr(part, name) for part in parts]) for name in rest),
        )

    @cached_property
    def temper(self) -> float:
        """What squared distances are divided by so that intervals are right.

        So that the truth has the highest posterior density: of the scores that no wrong
        width can better, the one with the least noise where maps are few.
        """
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda log: -self.density(np.exp(log)),
            bounds=np.log(TEMPERS),
            options={"xatol": 0.01},
        )
        return float(np.exp(found.x))

    @cached_property
    def score(self) -> float:
        """The density at its best."""
        return self.density(self.temper)

    def density(self, temper: float) -> float:
        """Mean logarithm of the posterior density of the truth."""
        log = self.likelihood.log(self.nodes.chi2 / temper)
        top = log.max(1)
        evidence = top + np.log(np.exp(log - top[:, None]).mean(1) * self.volume)
        return float((self.likelihood.log(self.truth / temper) - evidence).mean())


def product(axes: list[np.ndarray]) -> np.ndarray:
    """All combinations (n, side ** p, p) of the values (n, side) of p axes."""
    count, sides = len(axes[0]), [axis.shape[1] for axis in axes]
    combined = np.empty((count, *sides, len(axes)))
    for k, axis in enumerate(axes):
        shape = [1] * len(axes)
        shape[k] = sides[k]
        combined[..., k] = axis.reshape(count, *shape)
    return combined.reshape(count, -1, len(axes))


def surrounding(near: np.ndarray, axes: list[np.ndarray]) -> list[np.ndarray]:
    """Axes (n, side) that span, for every map, the nodes marked in (n, nodes).

    One more on either side, within the box.
    """
    marked = near.reshape(len(near), *(len(axis) for axis in axes))
    own = []
    for k, axis in enumerate(axes):
        others = tuple(i + 1 for i in range(len(axes)) if i != k)
        along = np.asarray(marked.any(axis=others))
        first = np.maximum(along.argmax(1) - 1, 0)
        last = np.maximum(along[:, ::-1].argmax(1) - 1, 0)
        step = axis[1] - axis[0]
        low = axis[0] + (first - 0.5) * step
        high = axis[-1] + (0.5 - last) * step
        unit = (np.arange(len(axis)) + 0.5) / len(axis)
        own.append(low[:, None] + (high - low)[:, None] * unit)
    return own
