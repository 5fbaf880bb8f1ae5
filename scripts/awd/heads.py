"""Heads: models that add up one curve a feature, a line or a line with kinks."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from awd import registry
from awd.curves import Curves
from awd.errors import ConfigError

ALPHAS = np.geomspace(1e-3, 1e7, 21)

# Of the signals' s.d.: smaller features are not blown up to the size of the others. A
# tap of 1e-4 makes border coefficients of that size, nearly constant in training, on
# which a standardised head goes astray in the first sample that differs.
FLOOR = 1e-2

KNOTS = (1 / 3, 2 / 3)  # quantiles of a feature at which its curve may bend


class FlooredScaler(StandardScaler):
    """Standardise features, dividing by no less than ``floor``."""

    scale_: np.ndarray

    def __init__(self, floor: float = 0.0) -> None:
        super().__init__()
        self.floor = floor

    def fit(self, x: np.ndarray, *rest: Any) -> Self:
        """Means and s.d. of features (n, features)."""
        super().fit(x, *rest)
        self.scale_ = np.maximum(self.scale_, self.floor)
        return self


class Hinges(TransformerMixin, BaseEstimator):
    """Every feature, and how far it lies above its own training tertiles.

    A linear model on (n, 3 features) is a sum of piecewise linear curves, one a feature
    (multivariate adaptive regression splines with fixed knots and no products;
    J. H. Friedman, Ann. Stat. 19, 1991).

    Parameters
    ----------
    bends : array of bool of shape (features,), optional
        Which features bend; the others stay lines.
    """

    def __init__(self, bends: np.ndarray | None = None) -> None:
        self.bends = bends

    def fit(self, x: np.ndarray, y: Any = None) -> Self:
        """Tertiles of features (n, features): ``knots_`` (2, features)."""
        self.knots_ = np.quantile(x, KNOTS, axis=0)
        every = np.full(x.shape[1], True)
        self.bends_ = every if self.bends is None else np.asarray(self.bends)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """All features as they are, then how far those that bend are above."""
        bent = x[:, self.bends_]
        above = [np.maximum(bent - knots, 0) for knots in self.knots_[:, self.bends_]]
        return np.concatenate([x, *above], axis=1)


def head(name: str, floor: float = 0.0, bends: np.ndarray | None = None) -> Any:
    """A fresh scikit-learn regressor.

    Parameters
    ----------
    name : {"ols", "ridge", "hinges"} or str
        Ordinary least squares (the paper's); ridge on standardised features with the
        penalty of least leave-one-out error among :data:`ALPHAS`, of each target its
        own; the same on features and their :class:`Hinges`. Or the import path of a
        function of ``floor`` and ``bends`` that gives a regressor.
    floor : float
        Smallest s.d. by which ridge divides a feature.
    bends : array of bool of shape (features,), optional
        Which features have hinges; all without it.

    Raises
    ------
    ConfigError
        There is no such head.
    """
    return registry.named(name, HEADS, "head")(floor, bends)


def additive(fitted: Any) -> bool:
    """Whether a fitted head is a sum of curves."""
    lines = isinstance(fitted, LinearRegression)
    return lines or (
        isinstance(fitted, Pipeline) and isinstance(fitted[-2], FlooredScaler)
    )


def _ols(floor: float, bends: np.ndarray | None) -> LinearRegression:
    return LinearRegression()


def _ridge(floor: float, bends: np.ndarray | None) -> Pipeline:
    return make_pipeline(FlooredScaler(floor), _penalised())


def _hinges(floor: float, bends: np.ndarray | None) -> Pipeline:
    return make_pipeline(Hinges(bends), FlooredScaler(floor), _penalised())


def _penalised() -> RidgeCV:
    return RidgeCV(ALPHAS, alpha_per_target=True)


HEADS = {"ols": _ols, "ridge": _ridge, "hinges": _hinges}


def curves(fitted: Any) -> Curves:
    """The curves of a fitted :func:`head` of one target.

    Raises
    ------
    ConfigError
        It is no sum of curves.
    """
    if not additive(fitted):
        raise ConfigError(
            f"this head, a {type(fitted).__name__}, is no sum of curves; "
            f"{', '.join(HEADS)} are"
        )
    if not isinstance(fitted, Pipeline):
        slopes = fitted.coef_[None]
        return Curves(
            np.empty((0, slopes.size)), slopes, float(fitted.intercept_), None
        )
    scaler, model = fitted[-2], fitted[-1]
    weights = model.coef_ / scaler.scale_
    intercept = float(model.intercept_ - weights @ scaler.mean_)
    if not isinstance(fitted[0], Hinges):
        usual = weights * scaler.mean_
        return Curves(np.empty((0, weights.size)), weights[None], intercept, usual)
    knots, bends = fitted[0].knots_, fitted[0].bends_
    slopes = np.zeros((1 + len(knots), bends.size))
    slopes[0], slopes[1:, bends] = _split(weights, bends)
    usual, above = _split(weights * scaler.mean_, bends)
    usual[bends] += above.sum(0)
    return Curves(knots, slopes, intercept, usual)


def _split(values: np.ndarray, bends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of all features as they are, (features,), and of those above, (k, bent)."""
    return values[: bends.size], values[bends.size :].reshape(-1, bends.sum())
