"""From the features of a map to its cosmology: heads of the same interface.

Every head has ``fit(features, parameters)`` and ``predict(features)``; features have
shape (n, d), parameters (n, p), with the same p numbers for all maps of a cosmology.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from awd.errors import ConfigError, DataError, ShapeError

if TYPE_CHECKING:
    from typing import Self

    from sklearn.pipeline import Pipeline

Covariance = Literal["pooled", "shrunk", "per"]
Mode = Literal["nearest", "posterior_mean"]


class NearestCosmology:
    """The training cosmology whose mean features are nearest, in units of their noise.

    Ribli, Pataki, Csabai (2019); Ha et al. (2021) with ``covariance="per"``.

    Parameters
    ----------
    covariance : {"pooled", "shrunk", "per"}
        Of the features of single maps about the mean of their cosmology: one for all,
        the same shrunk (Ledoit & Wolf 2004), or each cosmology's own (published).
    hartlap : bool
        Correct inverse covariances for being estimated (Hartlap et al. 2007).

    Attributes
    ----------
    parameters_ : ndarray of shape (cosmologies, p)
    means_ : ndarray of shape (cosmologies, d)
        Of the features.
    whiteners_ : list of ndarray
        See :func:`whitener`; of all cosmologies together, or of each.
    """

    parameters_: np.ndarray
    means_: np.ndarray
    whiteners_: list[np.ndarray]

    def __init__(self, covariance: Covariance = "pooled", hartlap: bool = True) -> None:
        if covariance not in ("pooled", "shrunk", "per"):
            raise ConfigError(
                f"covariance is {covariance!r}; expected pooled, shrunk or per"
            )
        self.covariance, self.hartlap = covariance, hartlap

    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """Learn means and covariances.

        Raises
        ------
        ShapeError, DataError
            There is one cosmology only, or too few maps for so many features.
        """
        own, self.parameters_, self.means_ = grouped(features, parameters)
        if self.covariance == "per":
            spreads = [features[own == k] - m for k, m in enumerate(self.means_)]
            self.whiteners_ = [
                whitener(spread, 1, hartlap=self.hartlap, about="a cosmology")
                for spread in spreads
            ]
        else:
            spread, shrunk = features - self.means_[own], self.covariance == "shrunk"
            self.whiteners_ = [whitener(spread, len(self.means_), shrunk, self.hartlap)]
        return self

    def chi2(self, features: np.ndarray) -> np.ndarray:
        """Squared distances to every training cosmology, (n, cosmologies)."""
        if len(self.whiteners_) == 1:
            return distances(features, self.means_, self.whiteners_[0])
        pairs = zip(self.means_, self.whiteners_, strict=True)
        return np.hstack([distances(features, m[None], w) for m, w in pairs])

    def predict(self, features: np.ndarray, mode: Mode = "nearest") -> np.ndarray:
        """Parameters (n, p) of the nearest cosmology, or their mean under exp(-chi2/2).

        Both assume that the truth is one of the training cosmologies.
        """
        chi2 = self.chi2(features)
        if mode == "nearest":
            return self.parameters_[chi2.argmin(1)]
        return weights(chi2) @ self.parameters_


class PosteriorMean(NearestCosmology):
    """:class:`NearestCosmology` that predicts the mean over its cosmologies."""

    def predict(
        self, features: np.ndarray, mode: Mode = "posterior_mean"
    ) -> np.ndarray:
        """Parameters (n, p)."""
        return super().predict(features, mode)


class Emulator:
    """A posterior over a box of cosmologies, from means that vary smoothly in it.

    The mean of every feature is a polynomial in the logarithms of the parameters, which
    interpolates between the training cosmologies and prefers none of them. Distances
    are divided by one plus the polynomial's own error per feature, which is found by
    leaving cosmologies out.

    Parameters
    ----------
    degree : int
        Of the polynomial.
    bounds : sequence of (low, high), optional
        Of every parameter: the box, of uniform prior. By default the range of the
        training cosmologies.
    nodes : int
        In all, spread evenly over the box.

    Attributes
    ----------
    bounds_ : ndarray of shape (p, 2)
        The box.
    coefficients_ : ndarray of shape (terms, d)
        Of the polynomial.
    whitener_ : ndarray of shape (d, rank)
        See :func:`whitener`.
    temper_ : float
        Divides squared distances.
    axes_ : list of ndarray
        Values of every parameter at the nodes.
    grid_ : ndarray of shape (nodes, p)
        Parameters of the nodes.
    emulated_ : ndarray of shape (nodes, d)
        Mean features at the nodes.
    """

    bounds_: np.ndarray
    coefficients_: np.ndarray
    whitener_: np.ndarray
    temper_: float
    axes_: list[np.ndarray]
    grid_: np.ndarray
    emulated_: np.ndarray

    def __init__(
        self,
        degree: int = 3,
        bounds: Sequence[tuple[float, float]] | None = None,
        nodes: int = 4096,
    ) -> None:
        self.degree, self.bounds, self.nodes = degree, bounds, nodes

    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """Learn the polynomial and the covariance.

        Raises
        ------
        ShapeError, DataError
            There are fewer cosmologies than the polynomial has terms, too few maps for
            so many features, or a parameter is not positive.
        """
        own, cosmologies, means = grouped(features, parameters)
        if cosmologies.min() <= 0:
            raise DataError(
                "an emulator needs positive parameters, for their logarithms; leave "
                "out targets that can be 0"
            )
        spanned = np.stack([cosmologies.min(0), cosmologies.max(0)], 1)
        self.bounds_ = np.array(self.bounds or spanned, float)
        design = self._design(cosmologies)
        if len(cosmologies) <= design.shape[1]:
            raise DataError(
                f"{len(cosmologies)} cosmologies for a polynomial of {design.shape[1]} "
                "terms; expected more of them, or a lower degree"
            )
        self.whitener_ = whitener(features - means[own], len(means))
        q, r = np.linalg.qr(design)
        self.coefficients_ = np.linalg.solve(r, q.T @ means)
        leverage = np.minimum((q**2).sum(1), 0.99)
        missed = (means - design @ self.coefficients_) / (1 - leverage)[:, None]
        misfit = ((missed @ self.whitener_) ** 2).sum(1).mean()
        self.temper_ = 1 + misfit / means.shape[1]
        side = round(self.nodes ** (1 / cosmologies.shape[1]))
        self.axes_ = [
            low + (high - low) * (np.arange(side) + 0.5) / side
            for low, high in self.bounds_
        ]
        mesh = np.meshgrid(*self.axes_, indexing="ij")
        self.grid_ = np.stack([values.ravel() for values in mesh], 1)
        self.emulated_ = self._design(self.grid_) @ self.coefficients_
        return self

    def calibrate(
        self, features: np.ndarray, parameters: np.ndarray, group: np.ndarray
    ) -> Self:
        """Widen the covariance by how far maps of other initial conditions deviate.

        Maps of the same initial condition deviate together. Where the training maps
        come from a few initial conditions, only maps of further ones show by how much.

        Parameters
        ----------
        features, parameters : arrays of shape (n, d) and (n, p)
            Of maps that did not train.
        group : array of shape (n,)
            Initial condition of every map.
        """
        missed = features - self._design(parameters) @ self.coefficients_
        common = np.stack([missed[group == name].mean(0) for name in np.unique(group)])
        covariance = np.linalg.pinv(self.whitener_ @ self.whitener_.T, hermitian=True)
        covariance += common.T @ common / len(common)
        self.whitener_ = inverse_root(covariance)
        self.temper_ = 1.0  # what is missed includes the polynomial's error
        return self

    def posterior(self, features: np.ndarray) -> np.ndarray:
        """Probability of every node of ``grid_``, (n, nodes)."""
        chi2 = distances(features, self.emulated_, self.whitener_)
        return weights(chi2 / self.temper_)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Posterior mean of the parameters, (n, p)."""
        return np.concatenate(
            [self.posterior(batch) @ self.grid_ for batch in batches(features)]
        )

    def ranks(self, features: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Posterior probability of a parameter below its true value, (n, p).

        Uniform between 0 and 1 if the posterior is right: see :func:`coverage`.
        """
        ranks = np.empty(np.shape(parameters))
        start = 0
        for batch in batches(features):
            posterior = self.posterior(batch)
            stop = start + len(batch)
            for k, axis in enumerate(self.axes_):
                step = axis[1] - axis[0]
                below = (parameters[start:stop, k, None] - self.grid_[:, k]) / step
                share = np.clip(below + 0.5, 0, 1)  # of a node's own width
                ranks[start:stop, k] = (posterior * share).sum(1)
            start = stop
        return ranks

    def _design(self, parameters: np.ndarray) -> np.ndarray:
        """Terms of the polynomial, (n, terms)."""
        from sklearn.preprocessing import PolynomialFeatures

        low, high = np.log(self.bounds_).T
        unit = (np.log(parameters) - (low + high) / 2) / (high - low) * 2
        return PolynomialFeatures(self.degree).fit_transform(unit)


def quadratic_ridge(components: int = 24) -> Pipeline:
    """Ridge on principal components of the features, their squares and products."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    return make_pipeline(
        StandardScaler(),
        PCA(components, svd_solver="covariance_eigh"),
        StandardScaler(),
        PolynomialFeatures(2, include_bias=False),
        RidgeCV(np.geomspace(1e-2, 1e6, 17)),
    )


def coverage(
    ranks: np.ndarray, levels: tuple[float, ...] = (0.68, 0.95)
) -> list[float]:
    """Share of truths in the central interval of each level; ideally that level."""
    return [float((np.abs(ranks - 0.5) < level / 2).mean()) for level in levels]


def grouped(
    features: np.ndarray, parameters: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index of every map's cosmology, parameters of the cosmologies, mean features.

    Raises
    ------
    ShapeError, DataError
        Lengths differ, or all maps are of one cosmology.
    """
    features, parameters = np.asarray(features), np.asarray(parameters)
    if features.ndim != 2 or parameters.ndim != 2 or len(features) != len(parameters):
        raise ShapeError(
            f"features have shape {features.shape}, parameters {parameters.shape}; "
            "expected (n, d) and (n, p)"
        )
    cosmologies, own = np.unique(parameters, axis=0, return_inverse=True)
    if len(cosmologies) < 2:
        raise DataError(
            "all maps are of one cosmology; to tell cosmologies apart takes at least 2"
        )
    own = own.ravel()
    means = np.stack([features[own == k].mean(0) for k in range(len(cosmologies))])
    return own, cosmologies, means


def whitener(
    spread: np.ndarray,
    means: int,
    shrunk: bool = False,
    hartlap: bool = True,
    about: str = "all cosmologies",
) -> np.ndarray:
    """W with W W^T the inverse covariance of deviations (n, d) about ``means`` means.

    ``about`` names in errors whose maps they are.
    """
    free, size = len(spread) - means, spread.shape[1]
    if free <= size + 1 and not shrunk:
        raise DataError(
            f"{len(spread)} maps of {about} for {size} features: too few for their "
            "covariance; expected more maps or fewer bins, or a covariance that is "
            "pooled or shrunk"
        )
    spread = np.asarray(spread, float)
    if shrunk:
        from sklearn.covariance import ledoit_wolf

        covariance = ledoit_wolf(spread, assume_centered=True)[0]
        covariance *= len(spread) / free
    else:
        covariance = spread.T @ spread / free
    factor = (free - size - 1) / free if hartlap and not shrunk else 1.0
    return np.sqrt(factor) * inverse_root(covariance)


def inverse_root(covariance: np.ndarray) -> np.ndarray:
    """W with W W^T the inverse, in which directions without variance do not count."""
    values, vectors = np.linalg.eigh(covariance)
    vary = values > 1e-10 * values[-1]
    return vectors[:, vary] / np.sqrt(values[vary])


def distances(features: np.ndarray, means: np.ndarray, white: np.ndarray) -> np.ndarray:
    """Squared distances (n, means) in units of the noise."""
    middle = means.mean(0)  # digits are lost far from zero
    a, b = (features - middle) @ white, (means - middle) @ white
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T


def weights(chi2: np.ndarray) -> np.ndarray:
    """exp(-chi2 / 2), scaled so that every row sums to 1."""
    likelihood = np.exp(-0.5 * (chi2 - chi2.min(1, keepdims=True)))
    return likelihood / likelihood.sum(1, keepdims=True)


def batches(features: np.ndarray, size: int = 1024) -> list[np.ndarray]:
    """Rows in pieces: the posteriors of all maps at once would fill the memory."""
    return np.split(features, range(size, len(features), size))
