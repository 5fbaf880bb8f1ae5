"""From the features of a map to its cosmology: heads of the same interface.

Every head has ``fit(features, parameters)`` and ``predict(features)``; features have
shape (n, d), parameters (n, p), with the same p numbers for all maps of a cosmology.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from awd.arguments import checked
from awd.errors import ConfigError
from awd.maps.infer.cosmologies import grouped
from awd.maps.infer.emulator import Emulator
from awd.maps.infer.likelihood import (
    Covariance,
    coverage,
    distances,
    probabilities,
    whitener,
)

__all__ = [
    "Emulator",
    "NearestCosmology",
    "PosteriorMean",
    "coverage",
    "quadratic_ridge",
]

if TYPE_CHECKING:
    from typing import Self

    from sklearn.pipeline import Pipeline

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
    white : array of shape (d, rank), optional
        W with W W^T the inverse covariance, where it is known from elsewhere.

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

    @checked(white="d rank")
    def __init__(
        self,
        covariance: Covariance = "pooled",
        hartlap: bool = True,
        white: np.ndarray | None = None,
    ) -> None:
        if covariance not in ("pooled", "shrunk", "per"):
            raise ConfigError(
                f"covariance is {covariance!r}; expected pooled, shrunk or per"
            )
        self.covariance, self.hartlap, self.white = covariance, hartlap, white

    @checked(features="n d", parameters="n p", group="n", labels="group")
    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """Learn means and covariances.

        Raises
        ------
        ShapeError, DataError
            There is one cosmology only, or too few maps for so many features.
        """
        own, self.parameters_, self.means_ = grouped(features, parameters)
        if self.white is not None:
            self.whiteners_ = [self.white]
        elif self.covariance == "per":
            spreads = [features[own == k] - m for k, m in enumerate(self.means_)]
            self.whiteners_ = [
                whitener(spread, 1, hartlap=self.hartlap, about="a cosmology")
                for spread in spreads
            ]
        else:
            spread, shrunk = features - self.means_[own], self.covariance == "shrunk"
            self.whiteners_ = [whitener(spread, len(self.means_), shrunk, self.hartlap)]
        return self

    @checked(features="n d")
    def chi2(self, features: np.ndarray) -> np.ndarray:
        """Squared distances to every training cosmology, (n, cosmologies)."""
        if len(self.whiteners_) == 1:
            return distances(features, self.means_, self.whiteners_[0])
        pairs = zip(self.means_, self.whiteners_, strict=True)
        return np.hstack([distances(features, m[None], w) for m, w in pairs])

    @checked(features="n d")
    def predict(self, features: np.ndarray, mode: Mode = "nearest") -> np.ndarray:
        """Parameters (n, p) of the nearest cosmology, or their mean under exp(-chi2/2).

        Both assume that the truth is one of the training cosmologies.
        """
        chi2 = self.chi2(features)
        if mode == "nearest":
            return self.parameters_[chi2.argmin(1)]
        return probabilities(-0.5 * chi2) @ self.parameters_


class PosteriorMean(NearestCosmology):
    """:class:`NearestCosmology` that predicts the mean over its cosmologies."""

    @checked(features="n d")
    def predict(
        self, features: np.ndarray, mode: Mode = "posterior_mean"
    ) -> np.ndarray:
        """Parameters (n, p)."""
        return super().predict(features, mode)


@checked(components=(1, 100_000))
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
