"""How well a student reproduces its teacher: what the output objective maximises.

The student is linear in the coefficients that it picks, so its best head solves a least
squares problem, and its cross-validated error is a smooth function of the filter for as
long as the same coefficients are picked. Error and slope are computed here in closed
form, from one small system for each fold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from awd.errors import DataError, ShapeError
from awd.features import Largest
from awd.filters import kernels
from awd.samples import as_rows, axes, require_finite, require_samples

# Ridge, in units of the signals' variance. A tap of rounding size gives features of
# that size, on which plain least squares go astray in groups they have not seen.
PENALTY = 1e-6


@dataclass(frozen=True)
class Fidelity:
    """Error ``1 - R2`` of a student by grouped cross-validated least squares.

    A smooth term of :mod:`awd.search.descent`; :func:`fidelity` makes one from samples.

    Attributes
    ----------
    x : ndarray of shape (n, [channel,] time) or (n, channel, y, x), float
        Samples, fold after fold.
    y : ndarray of shape (n, targets), float64
        What the student has to reproduce, scaled so that the squared deviations of all
        targets sum to 1, those of each to the same.
    fold : ndarray of int of shape (n,), rising
        The fold in which each sample is predicted, by a head fitted to the other folds.
    features : Largest
        What the student reads; any student with ``pick``.
    levels : int
        Of the transform, mode zero.
    """

    x: np.ndarray
    y: np.ndarray
    fold: np.ndarray
    features: Largest
    levels: int

    def values(self, filters: np.ndarray) -> np.ndarray:
        """``1 - R2`` of many filters: (filters, taps) -> (filters,)."""
        return np.array([self._error(h) for h in filters])

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        """``1 - R2`` of one filter and its derivative along the taps, (taps,).

        Where two coefficients tie for being picked, the derivative of one side.
        """
        picked = self.features.pick(self.x, h, self.levels)
        design = self._design(picked.features)
        systems, heads, residuals = self._fit(design)
        slope = self._slope(design, systems, heads, residuals)
        # Only the values of the coefficients depend smoothly on the filter.
        picks = picked.index.shape[1]
        slope = slope[:, :-1].reshape(len(picked.index), -1)[:, :picks]
        weights = np.zeros((len(picked.index), picked.sizes.sum()))
        np.put_along_axis(weights, picked.index, slope, 1)
        return self._value(residuals), kernels.pack_gradient(
            as_rows(self.x), h, self.levels, weights
        )

    def subset(self, rows: np.ndarray) -> Fidelity:
        """The same on some of the samples."""
        fold = np.unique(self.fold[rows], return_inverse=True)[1]
        return replace(self, x=self.x[rows], y=_scaled(self.y[rows]), fold=fold)

    def _error(self, h: np.ndarray) -> float:
        picked = self.features.pick(self.x, h, self.levels)
        *_, residuals = self._fit(self._design(picked.features))
        return self._value(residuals)

    def _value(self, residuals: np.ndarray) -> float:
        """``1 - R2``: a sample counts with the residual of its own fold's head."""
        return float((residuals[self._own] ** 2).sum())

    def _design(self, features: np.ndarray) -> np.ndarray:
        return np.column_stack([features, np.ones(len(features))])

    def _fit(self, design: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The normal matrix and the heads of each fold, and their residuals everywhere.

        Shapes (folds, p, p), (folds, p, targets) and (n, folds, targets).
        """
        parts = np.split(design, self._ends), np.split(self.y, self._ends)
        grams = np.array([z.T @ z for z in parts[0]])
        moments = np.array([z.T @ y for z, y in zip(*parts, strict=True)])
        ridge = np.full(design.shape[1], self._penalty)
        ridge[-1] = 0  # not on the intercept
        systems = grams.sum(0) - grams + np.diag(ridge)
        heads = np.linalg.solve(systems, moments.sum(0) - moments)
        predicted = np.tensordot(design, heads, (1, 1))
        return systems, heads, self.y[:, None] - predicted

    def _slope(
        self,
        design: np.ndarray,
        systems: np.ndarray,
        heads: np.ndarray,
        residuals: np.ndarray,
    ) -> np.ndarray:
        """Derivative of the summed squared errors along the design, (n, p).

        A sample acts on its own error, and through the heads on those of other folds:
        with ``A b = Z'y`` and ``l = A^-1 dL/db``, ``dL/dZ = r l' - (Z l) b'``, summed
        over targets.
        """
        own = self._own[..., None]
        along_heads = -2 * np.tensordot(residuals * own, design, (0, 0))
        adjoint = np.linalg.solve(systems, np.swapaxes(along_heads, 1, 2))
        through = ~own * np.tensordot(design, adjoint, (1, 1)) + 2 * own * residuals
        pairs = ([1, 2], [0, 2])  # of folds and targets
        by_fit = np.tensordot(~own * residuals, adjoint, pairs)
        return by_fit.reshape(len(design), -1) - np.tensordot(through, heads, pairs)

    @cached_property
    def _own(self) -> np.ndarray:
        """Whether a head is the one that predicts a sample, (n, folds)."""
        return self.fold[:, None] == np.arange(self.fold[-1] + 1)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.flatnonzero(np.diff(self.fold)) + 1

    @cached_property
    def _power(self) -> float:
        """Mean square of the samples about the means of their channels."""
        over = (0, *range(1 if self.x.ndim == 2 else 2, self.x.ndim))
        return float(self.x.var(over, dtype=np.float64).mean())

    @cached_property
    def _penalty(self) -> float:
        return PENALTY * self._power * len(self.y)


@dataclass(frozen=True)
class Reproduction:
    """The same error for students without a slope, such as histograms.

    A term of :mod:`awd.search.descent`, with attributes as :class:`Fidelity`; the head
    is the ridge of :func:`awd.heads.head` in place of least squares.
    """

    x: np.ndarray
    y: np.ndarray
    fold: np.ndarray
    features: Any
    levels: int

    def values(self, filters: np.ndarray) -> np.ndarray:
        """``1 - R2`` of many filters: (filters, *taps) -> (filters,)."""
        return np.array([self._error(h) for h in filters])

    def subset(self, rows: np.ndarray) -> Reproduction:
        """The same on some of the samples."""
        y = _scaled(self.y[rows])
        return replace(self, x=self.x[rows], y=y, fold=self.fold[rows])

    def _error(self, h: np.ndarray) -> float:
        from sklearn.model_selection import PredefinedSplit, cross_val_predict

        from awd import heads

        dims = axes(self.x)
        student = self.features.fitted(self.x, h, self.levels, dims)
        features = student.features(self.x, h, self.levels, dims=dims)
        head, folds = heads.head("ridge"), PredefinedSplit(self.fold)
        predicted = cross_val_predict(head, features, self.y, cv=folds)
        return float(((self.y - predicted.reshape(self.y.shape)) ** 2).sum())


def fidelity(
    x: np.ndarray,
    y: np.ndarray,
    features: Any,
    levels: int,
    groups: np.ndarray | None = None,
    folds: int = 5,
) -> Fidelity | Reproduction:
    """Fidelity of a student to what it has to reproduce, as a function of the filter.

    Give it training samples only.

    Parameters
    ----------
    x : array of shape (n, [channel,] time) or (n, channel, y, x)
        Samples.
    y : array of shape (n,) or (n, targets)
        The teacher's outputs, each counting the same. With labels in their place this
        is the label cross-validation by which controls are chosen too.
    features : Largest
        What the student reads: anything with ``fitted`` and ``features``, and with
        ``pick`` as that of :class:`awd.features.Largest` if it has a slope.
    levels : int
        Of the transform, mode zero.
    groups : array of shape (n,), optional
        Groups that stay together; every sample is its own without.
    folds : int
        At most; as many as there are groups if these are fewer.

    Raises
    ------
    ShapeError
        The arrays do not fit each other.
    DataError
        There is only one group, a target is constant, or something is not finite.
    """
    from sklearn.model_selection import GroupKFold

    x = require_finite(require_samples(x, axes(np.asarray(x))))
    y = require_finite(np.array(y, np.float64), "y")
    groups = np.arange(len(x)) if groups is None else np.asarray(groups)
    if y.ndim not in (1, 2) or len(y) != len(x) or groups.shape != (len(x),):
        raise ShapeError(
            f"output is {y.shape} and groups {groups.shape} for {len(x)} samples; "
            f"expected ({len(x)},) of both, or an output for each target"
        )
    y = y.reshape(len(x), -1)
    count = len(np.unique(groups))
    if count < 2 or not np.ptp(y, axis=0).all():
        raise DataError(
            f"fidelity needs at least 2 groups and an output that varies; got {count} "
            f"groups and an output with s.d. {y.std(0).min():g}"
        )
    fold = np.empty(len(x), int)
    splits = GroupKFold(min(folds, count)).split(x, groups=groups)
    for index, (_, held) in enumerate(splits):
        fold[held] = index
    order = np.argsort(fold, kind="stable")
    kind = Fidelity if hasattr(features, "pick") else Reproduction
    return kind(x[order], _scaled(y[order]), fold[order], features, levels)


def _scaled(y: np.ndarray) -> np.ndarray:
    """Targets (n, targets) with equal spreads that sum to 1."""
    return y / np.sqrt(y.shape[1] * ((y - y.mean(0)) ** 2).sum(0))
