"""Students: the largest coefficients of every band, and a linear head on them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from awd.errors import ConfigError, DataError, ShapeError

if TYPE_CHECKING:
    from typing import Self

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

    @property
    def mirrored(self) -> Largest:
        """The same, reading smallest for largest: what a negated wavelet shows."""
        return replace(self, m=self.smallest, smallest=self.m)

    def features(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
    ) -> np.ndarray:
        """Transform, then pick.

        Parameters
        ----------
        x : array of shape (n, time) or (n, channel, time), float32 or float64
            Signals; every channel is transformed by the same filter.
        h : array of shape (taps,)
            Low-pass filter.
        levels, mode : int, str
            As for :func:`awd.kernels.analysis`.

        Returns
        -------
        array of shape (n, features), float64
            Channel after channel: the coefficients picked, band after band, in the unit
            of ``x``; their positions in coefficients of their band; the start level.

        Raises
        ------
        ShapeError
            ``x`` has other axes, is empty, no floating point or too short.
        DataError
            A sample is not finite.
        """
        return self.pick(x, h, levels, mode).features

    def pick(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
    ) -> Picked:
        """The features, and which coefficients they are; as :meth:`features`."""
        from awd import kernels

        x = require_finite(require_signals(x))
        rows = x.reshape(-1, x.shape[-1])
        packed, sizes = kernels.pack(rows, h, levels, mode)
        values, index = kernels.extremes(packed, sizes, self.m, self.smallest)
        parts = [values]
        if self.positions:
            begins = np.cumsum(sizes) - sizes
            band = np.searchsorted(begins, index[0], side="right") - 1
            parts.append(index - begins[band])
        if self.start:
            parts.append(rows[:, : self.start].mean(1, dtype=np.float64)[:, None])
        table = np.concatenate(parts, 1, dtype=np.float64)
        return Picked(table.reshape(len(x), -1), index, sizes)


class Picked(NamedTuple):
    """What :class:`Largest` read.

    ``features`` (n, features); of every signal (n times channels) the ``index`` of the
    picked coefficients among its ``sizes.sum()``, bands of ``sizes`` side by side.
    """

    features: np.ndarray
    index: np.ndarray
    sizes: np.ndarray


def require_signals(x: np.ndarray) -> np.ndarray:
    """``x`` as an array if its shape is (n, time) or (n, channel, time), not empty."""
    x = np.asarray(x)
    if x.ndim not in (2, 3) or not x.size:
        raise ShapeError(f"x is {x.shape}; expected (n, [channel,] time), not empty")
    return x


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
        self.head_ = linear(self.head).fit(features, require_finite(np.asarray(y)))
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


def require_finite(values: np.ndarray) -> np.ndarray:
    """The values, (n, ...), if every sample of them is finite."""
    bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if bad.any():
        raise DataError(
            f"{bad.sum()} of {len(bad)} samples are not finite, first sample "
            f"{int(bad.argmax())}; drop or repair them"
        )
    return values
