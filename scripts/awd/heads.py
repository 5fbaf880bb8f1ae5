"""Heads: models that add up one curve a feature, a line or a line with kinks."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from awd import registry, scalars
from awd.arguments import checked
from awd.curves import Curves
from awd.errors import ConfigError, ShapeError
from awd.samples import real
from awd.scalars import LARGEST, SQUARED

ALPHAS = np.geomspace(1e-3, 1e7, 21)

# Of the signals' s.d.: smaller features are not blown up to the size of the others. A
# tap of 1e-4 makes border coefficients of that size, nearly constant in training, on
# which a standardised head goes astray in the first sample that differs.
FLOOR = 1e-2

MOST = 395  # columns of the head "few": at most 400 numbers with a filter of 8 taps

ROUNDS = 3  # in which the others are dropped

KNOTS = (1 / 3, 2 / 3)  # quantiles of a feature at which its curve may bend


class FlooredScaler(StandardScaler):
    """Standardise features, dividing by no less than ``floor``."""

    scale_: np.ndarray

    def __init__(self, floor: float = 0.0) -> None:
        super().__init__()
        self.floor = floor

    @checked(x=("n features", -SQUARED, SQUARED))
    def fit(self, x: np.ndarray, *rest: Any) -> Self:
        """Means and s.d. of features (n, features)."""
        scalars.number(self.floor, "floor", 0, LARGEST)
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

    @checked(x="n features")
    def fit(self, x: np.ndarray, y: Any = None) -> Self:
        """Tertiles of features (n, features): ``knots_`` (2, features)."""
        self.knots_ = np.quantile(x, KNOTS, axis=0)
        every = np.full(x.shape[1], True)
        if self.bends is not None:
            real(self.bends, "bends")
        self.bends_ = every if self.bends is None else np.asarray(self.bends)
        if self.bends_.shape != every.shape or self.bends_.dtype != bool:
            raise ShapeError(
                f"bends is {scalars.shown(self.bends)}; expected True or False for "
                f"each of {len(every)} features"
            )
        return self

    @checked(x="n features")
    def transform(self, x: np.ndarray) -> np.ndarray:
        """All features as they are, then how far those that bend are above."""
        bent = x[:, self.bends_]
        above = [np.maximum(bent - knots, 0) for knots in self.knots_[:, self.bends_]]
        return np.concatenate([x, *above], axis=1)


class FewRidge(RegressorMixin, BaseEstimator):
    """Ridge on the few columns that a ridge on all of them weighs most.

    Columns of the least weight are dropped, in a few rounds after each of which the
    ridge is fitted anew (recursive elimination; I. Guyon et al., Mach. Learn.
    46, 2002), with the penalty of all columns until the last round chooses its own.
    Each target has its own columns.

    Parameters
    ----------
    most : int
        Columns that are kept; with so few or fewer it is the ridge itself.

    Attributes
    ----------
    coef_ : ndarray of shape (columns,) or (targets, columns)
        0 where a column was dropped.
    intercept_ : float or ndarray of shape (targets,)
    """

    def __init__(self, most: int) -> None:
        self.most = most

    @checked(x=("n columns", -SQUARED, SQUARED), y=("n ...", -SQUARED, SQUARED))
    def fit(self, x: np.ndarray, y: np.ndarray) -> Self:
        """Standardised columns (n, columns), targets (n,) or (n, targets)."""
        scalars.whole(self.most, "most")
        centre, mean = x.mean(0), y.mean(0)
        columns, targets = x - centre, (y - mean).reshape(len(y), -1)
        whole = ridge(columns, targets)
        fits = zip(targets.T, whole.weights.T, whole.penalty, strict=True)
        coef = np.stack([self._thinned(columns, *fit) for fit in fits])
        self.coef_ = coef[0] if y.ndim == 1 else coef
        self.intercept_ = mean - self.coef_ @ centre
        return self

    @checked(x="n columns")
    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions, of the shape of the targets."""
        return x @ self.coef_.T + self.intercept_

    def _thinned(
        self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, penalty: float
    ) -> np.ndarray:
        """Weights (columns,) of which few are left; they begin as those of a ridge."""
        kept, counts = np.arange(x.shape[1]), self._counts(x.shape[1])
        between = Ridge(penalty, fit_intercept=False, solver="cholesky")
        for count in counts:
            largest = np.argsort(-np.abs(weights), kind="stable")[:count]
            kept = np.sort(kept[largest])
            if count > counts[-1]:
                weights = between.fit(x[:, kept], y).coef_
            else:
                weights = ridge(x[:, kept], y).weights
        coef = np.zeros(x.shape[1])
        coef[kept] = weights
        return coef

    def _counts(self, columns: int) -> list[int]:
        """How many columns are left after each round."""
        if columns <= self.most:
            return []
        shares = np.linspace(0, 1, ROUNDS + 1)[1:]
        return [round(columns * (self.most / columns) ** share) for share in shares]


class Penalised(NamedTuple):
    """Ridges of one or several targets.

    Attributes
    ----------
    weights : ndarray of shape (columns,) or (columns, targets)
    error, penalty : ndarray of shape () or (targets,)
        The mean squared leave-one-out error, and the penalty with which it is least.
    """

    weights: np.ndarray
    error: np.ndarray
    penalty: np.ndarray


@checked(x=("n columns", -SQUARED, SQUARED), y=("n ...", -SQUARED, SQUARED))
def ridge(x: np.ndarray, y: np.ndarray) -> Penalised:
    """Ridge with the penalty of least leave-one-out error among :data:`ALPHAS`.

    As scikit-learn's ``RidgeCV`` finds it, a penalty a target, from one small system
    for all penalties and targets.

    Parameters
    ----------
    x : array of shape (n, columns)
        Columns of mean 0.
    y : array of shape (n,) or (n, targets)
        Of mean 0.
    """
    wide = len(x) <= x.shape[1]
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    values = values.clip(0)
    scores = vectors * np.sqrt(values) if wide else x @ vectors
    shrunk = 1 / (values[:, None] + ALPHAS)
    left = 1 - 1 / len(y) - scores**2 @ shrunk
    targets = y.reshape(len(y), -1)
    moments = vectors.T @ (targets if wide else x.T @ targets)
    errors = np.empty((targets.shape[1], len(ALPHAS)))
    for error, target, along in zip(
        errors, targets.T, (scores.T @ targets).T, strict=True
    ):
        residuals = target[:, None] - scores @ (along[:, None] * shrunk)
        error[:] = ((residuals / left) ** 2).mean(0)
    best = errors.argmin(1)
    weights = vectors @ (moments * shrunk[:, best])
    weights = x.T @ weights if wide else weights
    alone = y.shape[1:]
    return Penalised(
        weights.reshape(-1, *alone),
        errors.min(1).reshape(alone),
        ALPHAS[best].reshape(alone),
    )


@checked(floor=(0, LARGEST))
def head(name: str, floor: float = 0.0, bends: np.ndarray | None = None) -> Any:
    """A fresh scikit-learn regressor.

    Parameters
    ----------
    name : {"ols", "ridge", "hinges", "few"} or str
        Ordinary least squares (the paper's); ridge on standardised features with the
        penalty of least leave-one-out error among :data:`ALPHAS`, of each target its
        own; the same on features and their :class:`Hinges`; the same with the
        :data:`MOST` columns that count most, :class:`FewRidge`. Or the import path of a
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
    return require(name)(floor, bends)


def require(name: str) -> Any:
    """The function that makes a head; errors as of :func:`head`."""
    return registry.named(name, HEADS, "head")


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


def _few(floor: float, bends: np.ndarray | None) -> Pipeline:
    return make_pipeline(Hinges(bends), FlooredScaler(floor), FewRidge(MOST))


HEADS = {"ols": _ols, "ridge": _ridge, "hinges": _hinges, "few": _few}


def fitted_numbers(model: Any) -> int:
    """Numbers of a fitted linear model: its weights but those of 0, its intercept.

    Of any other model 0: they are not known.
    """
    if not hasattr(model, "coef_"):
        return 0
    return int(np.count_nonzero(model.coef_)) + 1


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
