"""Heads of few numbers: they read as many sums of features as there are parameters.

Close to one cosmology, as many weighted sums of features as parameters hold all that
the features tell of them (Heavens, Jimenez, Lahav, MNRAS 317, 2000). Over a whole box
the sums are those with which ridge comes closest to the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from awd.maps.infer.emulator import Emulator

if TYPE_CHECKING:
    from typing import Self

    from sklearn.pipeline import Pipeline


class Head(Protocol):
    """What :class:`Compressed` puts behind its sums, and is itself."""

    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """From features (n, d) to parameters (n, p)."""

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Parameters (n, p)."""


class Compressed:
    """A head that reads weighted sums of features, one a parameter.

    Parameters
    ----------
    head : Head
        Fitted to the sums.
    scale : callable
        On which ridge comes close to the parameters: features follow their logarithms,
        as in an emulator, but what a network answers may have none.

    Attributes
    ----------
    weights_ : ndarray of shape (d, p)
    """

    weights_: np.ndarray

    def __init__(
        self, head: Head, scale: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> None:
        self.head, self.scale = head, scale

    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """Weights by ridge on standardised features, then the head."""
        from awd import heads  # scikit-learn's, a second that readers of tables spare

        ridge = heads.head("ridge").fit(features, self.scale(parameters))
        self.weights_ = ridge[-1].coef_.T / ridge[0].scale_[:, None]
        self.head.fit(features @ self.weights_, parameters)
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Parameters (n, p)."""
        return self.head.predict(features @ self.weights_)


def emulator(
    degree: int, bounds: Sequence[tuple[float, float]] | None = None
) -> Compressed:
    """An emulator of the sums, for their posterior mean; as :class:`Emulator`."""
    return Compressed(
        Emulator(degree, bounds, covariance="pooled", folds=0), logarithms
    )


def logarithms(parameters: np.ndarray) -> np.ndarray:
    """Of parameters (n, p), but of those that can be 0."""
    positive = parameters.min(0) > 0
    return np.where(positive, np.log(np.where(positive, parameters, 1)), parameters)


class Polynomial:
    """A polynomial of few features, within the range of what it was fitted to.

    For what a network answers: that has no noise that an emulator could learn.

    Parameters
    ----------
    degree : int

    Attributes
    ----------
    model_ : Pipeline
    range_ : tuple of ndarray of shape (p,)
        Lowest and highest parameters, of all predictions, too.
    """

    model_: Pipeline
    range_: tuple[np.ndarray, np.ndarray]

    def __init__(self, degree: int = 3) -> None:
        self.degree = degree

    def fit(self, features: np.ndarray, parameters: np.ndarray) -> Self:
        """Least squares."""
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import PolynomialFeatures, StandardScaler

        terms = PolynomialFeatures(self.degree)
        model = make_pipeline(StandardScaler(), terms, LinearRegression())
        self.model_ = model.fit(features, parameters)
        self.range_ = parameters.min(0), parameters.max(0)
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Parameters (n, p)."""
        return np.clip(self.model_.predict(features), *self.range_)
