"""A posterior over a box of cosmologies, from features that vary smoothly in it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from awd.arguments import checked
from awd.errors import DataError
from awd.maps.infer.cosmologies import alone, box, grouped, scaled
from awd.maps.infer.likelihood import (
    Likelihood,
    estimated,
    fewest,
    inverse_root,
    probabilities,
)
from awd.maps.infer.nodes import HeldOut, Nodes, product, surrounding

if TYPE_CHECKING:
    from typing import Self

FOLDS = 5  # of the training maps of every cosmology
MOST = 600  # of them are looked at
COARSE = {1: 256, 2: 32, 3: 16, 4: 8}  # nodes a side, by the number of parameters
DEPTH = 36.0  # of chi2 within which a posterior is looked at closely
FEWEST_GROUPS = 8  # initial conditions that tell how those of one differ
GROUP_FOLDS = 4  # of them


class Goodness(NamedTuple):
    """Of every map: chi2 of the best cosmology, its p-value, and where it lies.

    ``p_value``: how often held-out maps of the training cosmologies fit worse, by the
    gamma distribution of their mean and variance, which is that of chi2 where features
    are Gaussian; ``edge``: whether the best cosmology is at the border of the box.
    """

    chi2: np.ndarray
    p_value: np.ndarray
    edge: np.ndarray


class Answers(NamedTuple):
    """What :class:`Emulator` predicts, ranks and says of the fit, of the same maps."""

    mean: np.ndarray
    ranks: np.ndarray
    goodness: Goodness


class Emulator:
    """A posterior over a box of cosmologies, from means that vary smoothly in it.

    The mean of every feature is a polynomial in the logarithms of the parameters (of
    those that can be 0, in the parameters), which interpolates between the training
    cosmologies and prefers none of them. Its likelihood is that of
    :mod:`awd.maps.infer.likelihood`, as wide as makes the intervals of held-out
    training maps hold the truth as often as they say.

    Parameters
    ----------
    degree : int
        Of the polynomial.
    bounds : sequence of (low, high), optional
        Of every parameter: the box, of uniform prior. By default that of the training
        cosmologies, :func:`awd.maps.infer.cosmologies.box`.
    nodes : int
        Of ``grid_`` in all, spread evenly over the box.
    covariance : {"auto", "pooled", "shrunk"}
        ``"auto"`` takes the one under which held-out training maps find their own
        cosmology the more probable.
    folds : int
        Of the training maps, each held out once; 0 holds none out, where only
        :meth:`predict` is asked: the width is then that of the covariance.

    Attributes
    ----------
    bounds_ : ndarray of shape (p, 2)
        The box.
    coefficients_ : ndarray of shape (terms, d)
        Of the polynomial.
    covariance_ : str
        The one that was taken.
    likelihood_ : Likelihood
    temper_ : float
        Divides squared distances.
    reference_ : ndarray
        chi2 of the best cosmology, of maps that were held out.
    grid_ : ndarray of shape (nodes, p)
        Cosmologies spread over the box.
    """

    bounds_: np.ndarray
    coefficients_: np.ndarray
    covariance_: str
    likelihood_: Likelihood
    temper_: float
    reference_: np.ndarray
    grid_: np.ndarray
    root_: np.ndarray  # of the covariance of the polynomial's coefficients
    beside_: float  # variance of what the polynomial cannot follow, over that of a map

    @checked(degree=(1, 10), nodes=(4, 10_000_000))
    def __init__(
        self,
        degree: int = 3,
        bounds: Sequence[tuple[float, float]] | None = None,
        nodes: int = 4096,
        covariance: str = "auto",
        folds: int = FOLDS,
    ) -> None:
        self.degree, self.bounds, self.nodes = degree, bounds, nodes
        self.covariance, self.folds = covariance, folds

    @checked(features="n d", parameters="n p", group="n", labels="group")
    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """Learn the polynomial, the covariance, and how wide intervals must be.

        Raises
        ------
        ShapeError, DataError
            There are fewer cosmologies than the polynomial has terms, too few maps for
            so many features.
        """
        features = np.asarray(features, float)
        own, cosmologies, _ = grouped(features, parameters)
        self.bounds_ = np.array(self.bounds or box(cosmologies), float)
        if not self.folds:
            self.covariance_, self.temper_ = self.covariance, 1.0
            self._fit(features, cosmologies[own], self.covariance)
            return self
        held = {
            name: self._held_out(features, own, cosmologies, name)
            for name in self._possible(features, len(cosmologies))
        }
        self.covariance_ = max(held, key=lambda name: held[name].score)
        self._fit(features, cosmologies[own], self.covariance_)
        self._widen(held[self.covariance_])
        side = round(self.nodes ** (1 / len(self.bounds_)))
        mesh = np.meshgrid(*self._axes(side), indexing="ij")
        self.grid_ = np.stack([values.ravel() for values in mesh], 1)
        return self

    @checked(features="n d", parameters="n p", group="n", labels="group")
    def calibrate(
        self, features: np.ndarray, parameters: np.ndarray, group: np.ndarray
    ) -> Self:
        """Correct means and widths by maps of other initial conditions.

        Maps of the same initial condition deviate together. Where the training maps
        come from a few initial conditions, only maps of further ones show by how much.

        Parameters
        ----------
        features, parameters : arrays of shape (n, d) and (n, p)
            Of maps that did not train.
        group : array of shape (n,)
            Initial condition of every map.
        """
        features = np.asarray(features, float)
        missed = features - self.means(parameters)
        names, own = np.unique(group, return_inverse=True)
        some = np.arange(0, len(own), -(-len(own) // MOST))
        if len(names) < FEWEST_GROUPS:
            self._widen(self._seen(features[some], parameters[some]))
            return self
        common = np.stack([missed[own == k].mean(0) for k in range(len(names))])
        # Maps are judged by what other initial conditions say.
        parts = []
        for k in range(GROUP_FOLDS):
            inside = some[own[some] % GROUP_FOLDS == k]
            head = self._shifted(common[np.arange(len(names)) % GROUP_FOLDS != k])
            parts.append(head._seen(features[inside], parameters[inside]))
        shifted = self._shifted(common)
        self.coefficients_, self.likelihood_ = (
            shifted.coefficients_,
            shifted.likelihood_,
        )
        self._widen(HeldOut.joined(parts))
        return self

    def _shifted(self, common: np.ndarray) -> Emulator:
        """Another whose means and covariance hold what initial conditions add."""
        head = copy.copy(self)
        offset = common.mean(0)
        head.coefficients_ = self.coefficients_.copy()
        head.coefficients_[0] += offset
        white = self.likelihood_.white
        covariance = np.linalg.pinv(white @ white.T, hermitian=True)
        apart = common - offset
        covariance += apart.T @ apart / (len(common) - 1) * (1 + 1 / len(common))
        head.likelihood_ = replace(self.likelihood_, white=inverse_root(covariance))
        return head

    def means(self, parameters: np.ndarray) -> np.ndarray:
        """Expected features (n, d) at parameters (n, p)."""
        return self._design(parameters) @ self.coefficients_

    @checked(features="n d")
    def posterior(self, features: np.ndarray) -> np.ndarray:
        """Probability of every node of ``grid_``, (n, nodes)."""
        return probabilities(self.log_likelihood(features, self.grid_))

    def log_likelihood(
        self, features: np.ndarray, parameters: np.ndarray
    ) -> np.ndarray:
        """Of maps (n, d) at cosmologies (m, p), (n, m), up to a constant."""
        chi2 = self._distances(features, self._design(parameters)[None])
        return self.likelihood_.log(chi2 / self.temper_)

    @checked(features="n d")
    def predict(self, features: np.ndarray) -> np.ndarray:
        """Posterior mean of the parameters, (n, p)."""
        pieces = self._close(features, self.temper_)
        return np.concatenate([nodes.mean(self._marginals(nodes)) for nodes in pieces])

    @checked(features="n d", parameters="n p")
    def ranks(self, features: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Posterior probability of a parameter below its true value, (n, p).

        Uniform between 0 and 1 if the posterior is right: see
        :func:`awd.maps.infer.likelihood.coverage`.
        """
        return self.answers(features, parameters).ranks

    @checked(features="n d", parameters="n p")
    def answers(self, features: np.ndarray, parameters: np.ndarray) -> Answers:
        """All that is said of maps (n, d) of known parameters, from one pass."""
        means, ranks, least, best = [], [], [], []
        true = batches(np.asarray(parameters, float))
        for nodes, here in zip(self._close(features, self.temper_), true, strict=True):
            marginals = self._marginals(nodes)
            means.append(nodes.mean(marginals))
            ranks.append(nodes.ranks(marginals, here))
            least.append(nodes.least)
            best.append(nodes.best)
        fits = self._fits(np.concatenate(least), np.concatenate(best))
        return Answers(np.concatenate(means), np.concatenate(ranks), fits)

    def _marginals(self, nodes: Nodes) -> list[np.ndarray]:
        return nodes.marginals(self.likelihood_, self.temper_)

    def drawn(
        self, features: np.ndarray, count: int, rng: np.random.Generator
    ) -> np.ndarray:
        """So many cosmologies (count, p) from the posterior of one map (1, d)."""
        nodes = next(self._close(features, self.temper_))
        posterior = probabilities(self.likelihood_.log(nodes.chi2 / self.temper_))[0]
        picked = product(nodes.axes)[0][rng.choice(len(posterior), count, p=posterior)]
        steps = np.array([axis[0, 1] - axis[0, 0] for axis in nodes.axes])
        return picked + steps * rng.uniform(-0.5, 0.5, picked.shape)

    def covariance_of_map(self) -> np.ndarray:
        """Covariance of the features of one map, (d, d), as wide as intervals are."""
        white = self.likelihood_.white
        return self.temper_ * np.linalg.pinv(white @ white.T, hermitian=True)

    def goodness(self, features: np.ndarray) -> Goodness:
        """How well the best of the box's cosmologies fits every map."""
        pieces = list(self._close(features, self.temper_))
        least = np.concatenate([nodes.least for nodes in pieces])
        return self._fits(least, np.concatenate([nodes.best for nodes in pieces]))

    def _fits(self, least: np.ndarray, best: np.ndarray) -> Goodness:
        """Of the least squared distances (n,) and where they are, (n, p)."""
        from scipy.stats import gamma

        chi2 = least / self.temper_
        low, high = self.bounds_.T
        margin = (high - low) / 100
        edge = ((best < low + margin) | (best > high - margin)).any(1)
        mean, variance = self.reference_.mean(), self.reference_.var()
        p_value = gamma.sf(chi2, mean**2 / variance, scale=variance / mean)
        return Goodness(chi2, p_value, edge)

    def _possible(self, features: np.ndarray, means: int) -> list[str]:
        """Covariances to choose from; the pooled one takes more maps than features."""
        if self.covariance != "auto":
            return [self.covariance]
        fitted = len(features) * (1 - 1 / self.folds) - means
        enough = fitted >= fewest(features.shape[1])
        return ["pooled", "shrunk"] if enough else ["shrunk"]

    def _fit(
        self,
        features: np.ndarray,
        parameters: np.ndarray,
        covariance: str,
    ) -> None:
        """Polynomial and likelihood, in the box that is given."""
        own, cosmologies, means = grouped(features, parameters)
        count, names = cosmologies.shape
        design = self._design(cosmologies)
        if count <= design.shape[1]:
            raise DataError(
                f"{count} cosmologies for a polynomial of {design.shape[1]} terms; "
                "expected more of them, or a lower degree"
            )
        q, r = np.linalg.qr(design)
        self.coefficients_ = np.linalg.solve(r, q.T @ means)
        about, fitted = means, count
        if alone(own):
            about, fitted = design @ self.coefficients_, design.shape[1]
        spread = features - about[own]
        self.likelihood_ = estimated(spread, fitted, names, covariance)
        # Means miss the polynomial by their noise, and by what it cannot follow.
        white = self.likelihood_.white
        missed = ((means - design @ self.coefficients_) @ white) ** 2
        each, spare = len(own) / count, (count - design.shape[1]) * white.shape[1]
        misfit = max(1.0, each * missed.sum() / spare)
        self.root_ = np.linalg.inv(r) * np.sqrt(misfit / each)
        self.beside_ = (misfit - 1) / each

    def _widen(self, held: HeldOut) -> None:
        """Intervals as wide as gives the truths of these maps most probability."""
        self.temper_ = held.temper
        self.reference_ = held.nodes.least / held.temper

    def _held_out(
        self,
        features: np.ndarray,
        own: np.ndarray,
        cosmologies: np.ndarray,
        covariance: str,
    ) -> HeldOut:
        """Maps of every cosmology under emulators fitted without them."""
        # Every so many maps of a cosmology: of all its initial conditions.
        order = np.argsort(own, kind="stable")
        place = np.empty(len(own), int)
        place[order] = np.arange(len(own)) - np.searchsorted(own[order], own[order])
        fold = (np.arange(len(own)) if alone(own) else place) % self.folds
        parts = []
        for k in range(self.folds):
            inside, outside = np.flatnonzero(fold == k), fold != k
            head = Emulator(self.degree)
            head.bounds_ = self.bounds_
            head._fit(features[outside], cosmologies[own[outside]], covariance)
            inside = inside[:: -(-len(inside) * self.folds // MOST)]
            parts.append(head._seen(features[inside], cosmologies[own[inside]]))
        return HeldOut.joined(parts)

    def _seen(self, features: np.ndarray, parameters: np.ndarray) -> HeldOut:
        """Maps of known cosmologies, at nodes as close as their posteriors need."""
        truth = self._distances(features, self._design(parameters)[:, None])[:, 0]
        temper = 1.0
        while True:
            parts = list(self._close(features, temper))
            axes = zip(*(part.axes for part in parts), strict=True)
            nodes = Nodes(
                [np.concatenate(axis) for axis in axes],
                np.concatenate([part.chi2 for part in parts]),
            )
            widths = [
                (axis[:, 1] - axis[:, 0]) * axis.shape[1] / (high - low)
                for axis, (low, high) in zip(nodes.axes, self.bounds_, strict=True)
            ]
            volume = np.prod(widths, 0)
            held = HeldOut(self.likelihood_, nodes, truth, parameters, volume)
            if held.temper <= 2 * temper:
                return held
            temper = held.temper  # posteriors are wider than the nodes reach

    def _close(self, features: np.ndarray, temper: float) -> Iterator[Nodes]:
        """Nodes around the posterior of every map, batch by batch."""
        axes = self._axes(COARSE.get(len(self.bounds_), 6))
        coarse = self._design(product([axis[None] for axis in axes])[0])[None]
        for batch in batches(np.asarray(features, float)):
            chi2 = self._distances(batch, coarse)
            log = self.likelihood_.log(chi2 / temper)
            near = log > log.max(1, keepdims=True) - DEPTH / 2
            own = surrounding(near, axes)
            design = self._design(product(own).reshape(-1, len(own)))
            design = design.reshape(len(batch), -1, design.shape[1])
            yield Nodes(own, self._distances(batch, design))

    def _distances(self, features: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Squared distances (n, m) to m cosmologies, of each map or of all.

        In units of the noise of a map and of the polynomial together, whose logarithm
        is added: the polynomial knows less between cosmologies than at them. ``design``
        holds its terms, (n, m, terms) or (1, m, terms); it alone grows with m, however
        many features there are.
        """
        white = self.likelihood_.white
        terms = self.coefficients_ @ white
        whitened = features @ white - terms[0]  # digits are lost far from zero
        terms[0] = 0
        square = (whitened**2).sum(1)[:, None]
        emulated = ((design @ (terms @ terms.T)) * design).sum(-1)
        cross = (whitened @ terms.T)[:, :, None]
        mixed = (design @ cross)[:, :, 0]
        chi2 = np.maximum(square + emulated - 2 * mixed, 0)
        unsure = self.beside_ + ((design @ self.root_) ** 2).sum(-1)
        return chi2 / (1 + unsure) + white.shape[1] * np.log1p(unsure)

    def _axes(self, side: int) -> list[np.ndarray]:
        """Values of every parameter, evenly over the box."""
        unit = (np.arange(side) + 0.5) / side
        return [low + (high - low) * unit for low, high in self.bounds_]

    def _design(self, parameters: np.ndarray) -> np.ndarray:
        """Terms of the polynomial, (n, terms); the first is 1."""
        from sklearn.preprocessing import PolynomialFeatures

        low, high = scaled(self.bounds_.T, self.bounds_)
        unit = (scaled(parameters, self.bounds_) - (low + high) / 2) / (high - low) * 2
        return PolynomialFeatures(self.degree).fit_transform(unit)


def batches(features: np.ndarray, size: int = 512) -> list[np.ndarray]:
    """Rows in pieces: the posteriors of all maps at once would fill the memory."""
    return np.split(features, range(size, len(features), size))
