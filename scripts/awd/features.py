"""Students: the largest coefficients of every band, and a linear head on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from awd.errors import ConfigError, DataError, ShapeError

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

ALPHAS = np.geomspace(1e-3, 1e5, 17)


@dataclass(frozen=True)
class Largest:
    """The extreme signed coefficients of every band, as features.

    The paper's student reads the 6 largest. A band of fewer coefficients gives all it
    has. "Largest" is signed: flipping the wavelet's sign gives other features.

    Parameters
    ----------
    m : int
        Largest coefficients of each band, in falling order.
    smallest : int
        Smallest (most negative) coefficients of each band, in rising order.
    positions : bool
        Whether the index in its band of each picked coefficient is a feature too.
    start : int
        If positive, one more feature: the mean of the signal's first ``start`` frames.
    """

    m: int = 6
    smallest: int = 0
    positions: bool = False
    start: int = 0

    def __post_init__(self) -> None:
        if min(self.m, self.smallest, self.start) < 0 or self.m + self.smallest == 0:
            raise ConfigError(
                f"{self} picks no coefficient, or a negative number of them; use m >= 1"
            )

    def __call__(self, coefficients: Sequence[np.ndarray]) -> np.ndarray:
        """Pick from bands of shape (n, [channel,] length): (n, features).

        The features of a band stand together, bands in the order given; the level of
        the start, which is no coefficient, is left to :meth:`features`.
        """
        picked = [part for band in coefficients for part in self._pick(band)]
        return np.concatenate([part.reshape(len(part), -1) for part in picked], 1)

    def features(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
    ) -> np.ndarray:
        """Transform, then pick.

        Parameters
        ----------
        x : array of shape (n, time) or (n, channel, time)
            Signals; every channel is transformed by the same filter.
        h : array of shape (taps,)
            Low-pass filter.
        levels, mode : int, str
            As for :func:`awd.kernels.analysis`.

        Returns
        -------
        array of shape (n, features), float64
            In the unit of ``x``, positions in coefficients of their band.
        """
        from awd import kernels

        x = np.asarray(x)
        if x.ndim not in (2, 3) or not x.size:
            raise ShapeError(
                f"x is {x.shape}; expected (n, [channel,] time), not empty"
            )
        parts = [self(kernels.analysis(x, h, levels, mode))]
        if self.start:
            level = x[..., : self.start].mean(-1, dtype=np.float64)
            parts.append(level.reshape(len(x), -1))
        return np.concatenate(parts, 1, dtype=np.float64)

    def _pick(self, band: np.ndarray) -> list[np.ndarray]:
        if self.positions:
            # Stable: among equals, such as padding, the first in time is taken.
            order = [
                np.argsort(sign * band, -1, kind="stable")[..., :count]
                for sign, count in ((-1, self.m), (1, self.smallest))
            ]
            values = [np.take_along_axis(band, index, -1) for index in order]
            return [*values, *order]
        # Sorting a whole short band is faster than partitioning it.
        rising = np.sort(band, -1)
        return [rising[..., ::-1][..., : self.m], rising[..., : self.smallest]]


@dataclass
class Student:
    """Features of one wavelet, and a linear model on them.

    Parameters
    ----------
    features : Largest
        What is read from the coefficients.
    head : {"ols", "ridge"}
        Ordinary least squares (the paper's), or ridge on standardised features with
        the penalty of least leave-one-out error among :data:`ALPHAS`.

    Attributes
    ----------
    filter_, levels_, mode_, head_
        Set by :meth:`fit`: what was transformed with, and the fitted model.
    """

    features: Largest = field(default_factory=Largest)
    head: Literal["ols", "ridge"] = "ols"

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "zero",
    ) -> Self:
        """Fit the head to targets ``y`` (n,); ``x``, ``h`` as for `Largest.features`.

        Raises
        ------
        DataError
            When a signal or a target is not finite.
        """
        self.filter_, self.levels_, self.mode_ = np.array(h, float), levels, mode
        features = self.features.features(x, h, levels, mode)
        self.head_ = linear(self.head).fit(_finite(features), _finite(np.asarray(y)))
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions (n,), in the targets' unit."""
        features = self.features.features(x, self.filter_, self.levels_, self.mode_)
        return self.head_.predict(features)

    @property
    def head_parameters(self) -> int:
        """Numbers in the fitted head: one a feature, and the intercept."""
        return self.head_.n_features_in_ + 1


def linear(head: str) -> Any:
    """A fresh scikit-learn regressor; the heads are those of :class:`Student`."""
    from sklearn.linear_model import LinearRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    heads = {
        "ols": LinearRegression,
        "ridge": lambda: make_pipeline(StandardScaler(), RidgeCV(ALPHAS)),
    }
    if head not in heads:
        raise ConfigError(f"no head {head!r}; there is {', '.join(heads)}")
    return heads[head]()


def fidelity(
    x: np.ndarray,
    output: np.ndarray,
    h: np.ndarray,
    groups: np.ndarray,
    student: Student,
    levels: int,
    mode: str = "zero",
    folds: int = 5,
) -> float:
    """How well the student reproduces the teacher: grouped cross-validated R2.

    The head is fitted to the teacher's ``output``, no label enters. Give it training
    samples only; every prediction is for a group that its head has not seen.

    Parameters
    ----------
    x : array of shape (n, time) or (n, channel, time)
        Training signals.
    output : array of shape (n,)
        The teacher's predictions for them.
    h : array of shape (taps,)
        Low-pass filter.
    groups : array of shape (n,)
        Groups that stay together.
    student : Student
        The recipe, not changed.
    levels, mode : int, str
        As for :func:`awd.kernels.analysis`.
    folds : int
        At most; as many as there are groups if these are fewer.

    Returns
    -------
    float
        1 is a perfect copy, 0 no better than the output's mean.

    Raises
    ------
    DataError
        When there is only one group, the output is constant or something not finite.
    """
    from sklearn.model_selection import GroupKFold, cross_val_predict

    output = _finite(np.asarray(output, np.float64))
    spread = ((output - output.mean()) ** 2).sum()
    count = len(np.unique(groups))
    if count < 2 or not spread:
        raise DataError(
            f"fidelity needs at least 2 groups and an output that varies; got {count} "
            f"groups and an output with s.d. {output.std():g}"
        )
    features = _finite(student.features.features(x, h, levels, mode))
    predicted = cross_val_predict(
        linear(student.head),
        features,
        output,
        groups=groups,
        cv=GroupKFold(min(folds, count)),
    )
    return float(1 - ((output - predicted) ** 2).sum() / spread)


def _finite(values: np.ndarray) -> np.ndarray:
    bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if bad.any():
        raise DataError(
            f"{bad.sum()} of {len(bad)} samples are not finite, first sample "
            f"{int(bad.argmax())}; drop or repair them"
        )
    return values


def contributions(
    student: Student, x: np.ndarray, background: np.ndarray | None = None
) -> pd.DataFrame:
    """What every feature adds to every prediction, against its usual value.

    A linear head is read exactly: a feature contributes its weight times (value - usual
    value). Beside them stands the prediction for usual values, the ``intercept``.

    Parameters
    ----------
    student : Student
        Fitted.
    x : array of shape (n, time) or (n, channel, time)
        Signals that are explained; the channels of a band stand one after the other.
    background : array of shape (m, time) or (m, channel, time), optional
        Signals whose mean features are the usual values. Without it they are those of
        the training samples where the head standardises, else those of ``x``.

    Returns
    -------
    DataFrame
        ``sample``, ``band`` (as in ``wavedec``; -1 is no band), ``kind`` ("largest",
        "smallest", "position", "start" or "intercept"), ``index`` (of the coefficient
        in its band), ``value``, ``contribution`` (unit of the target). The
        contributions of a sample sum to its prediction.
    """
    import pandas as pd

    names, values = _readings(student, x)
    if background is not None:
        usual = _readings(student, background)[1].mean(0)
    elif hasattr(student.head_, "steps"):
        usual = student.head_[0].mean_
    else:
        usual = values.mean(0)
    model, scale = student.head_, 1.0
    if hasattr(model, "steps"):
        scale, model = model[0].scale_, model[-1]
    added = model.coef_ / scale * (values - usual)
    table = names.assign(value=values.ravel(), contribution=added.ravel())
    rest = names.drop_duplicates("sample").assign(band=-1, kind="intercept", index=0)
    intercept = float(student.head_.predict(usual[None])[0])
    rest = rest.assign(value=1.0, contribution=intercept)
    table = pd.concat([table, rest]).sort_values("sample", kind="stable")
    return table.reset_index(drop=True)


def _readings(student: Student, x: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Where every feature was picked, a row a sample and feature; values (n, all)."""
    import pandas as pd

    from awd import kernels

    recipe, x = student.features, np.asarray(x)
    bands = kernels.analysis(x, student.filter_, student.levels_, student.mode_)
    parts = []
    for number, band in enumerate(bands):
        *_, high, low = replace(recipe, positions=True)._pick(band)
        parts += [(number, "largest", high), (number, "smallest", low)]
        if recipe.positions:
            parts += [(number, "position", high), (number, "position", low)]
    if recipe.start:
        parts.append((-1, "start", np.zeros((*x.shape[:-1], 1), int)))
    frames = [
        pd.DataFrame({"band": band, "kind": kind, "index": index.ravel()}).assign(
            sample=np.repeat(np.arange(len(x)), index[0].size)
        )
        for band, kind, index in parts
    ]
    # Stable: the features of a sample stay in the order in which the head sees them.
    names = pd.concat(frames).sort_values("sample", kind="stable", ignore_index=True)
    values = recipe.features(x, student.filter_, student.levels_, student.mode_)
    return names[["sample", "band", "kind", "index"]], values
