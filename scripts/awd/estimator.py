"""The distilled wavelet as a scikit-learn transformer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from awd import export, io, wavelet
from awd.distil import distil
from awd.errors import ConfigError, ShapeError
from awd.features import Largest
from awd.filters import kernels
from awd.teacher import brought

if TYPE_CHECKING:
    from typing import Self

    import pywt


class AdaptiveWavelet(TransformerMixin, BaseEstimator):
    """Wavelet that is distilled from a network; transforms samples to coefficients.

    ``fit`` finds the wavelet (:func:`awd.distil.distil`), ``transform`` gives the
    coefficients of every sample side by side, mode zero, ``inverse_transform`` the
    samples from them.

    Parameters
    ----------
    levels : int
        Halvings; fewer where a sample is too short, with a warning.
    length : int, sequence of int or "auto"
        Taps of the filter.
    objective : {"output", "attribution", "sparsity"} or callable
        As for :func:`awd.distil.distil`. Without a teacher, and nothing computed from
        one, "output" is "sparsity": the wavelet in which the samples are sparse.
    largest : int
        Largest coefficients of every band from which the student reproduces the
        teacher's output while wavelets are compared.
    ratio : float, sequence of float or "path"
        Weight of attribution over sparsity.
    moments : int
        Vanishing moments that the wavelet must have.
    shape : tuple of int, optional
        Of one sample, which ``X`` holds flattened and the teacher reads in this shape:
        (time,), (y, x) or (channel, y, x). Without it a sample is a signal.
    random_state : int

    Attributes
    ----------
    filter_ : ndarray of shape (taps,)
        Low-pass synthesis filter, pywt's ``rec_lo`` order.
    angles_ : ndarray of shape (taps / 2,)
        Its lattice angles, sum pi/4.
    levels_ : int
    conditions_ : dict of str to float
        Measured residuals, see :func:`awd.wavelet.conditions`.
    value_, fidelity_ : float
        The objective, and the cross-validated R2 of the student against the teacher's
        output; NaN without it.
    result_ : Distilled
        All that was found.
    n_features_in_ : int

    Examples
    --------
    >>> w = AdaptiveWavelet(levels=4).fit(x, teacher=net)  # doctest: +SKIP
    >>> w.transform(x).shape  # doctest: +SKIP
    (6000, 72)
    """

    def __init__(
        self,
        *,
        levels: int = 4,
        length: int | str | Sequence[int] = "auto",
        objective: str | Callable = "output",
        largest: int = 6,
        ratio: float | str | Sequence[float] = np.inf,
        moments: int = 1,
        shape: tuple[int, ...] | None = None,
        random_state: int = 0,
    ) -> None:
        self.levels = levels
        self.length = length
        self.objective = objective
        self.largest = largest
        self.ratio = ratio
        self.moments = moments
        self.shape = shape
        self.random_state = random_state

    def fit(
        self,
        X: np.ndarray,
        y: Any = None,
        *,
        teacher: Any = None,
        target: int = 0,
        output: np.ndarray | None = None,
        gradient: np.ndarray | None = None,
        groups: np.ndarray | None = None,
    ) -> Self:
        """Find the wavelet.

        Parameters
        ----------
        X : array of shape (n, features)
            Samples.
        y : ignored
            No label enters a wavelet.
        teacher : optional
            A network, of any kind that :func:`awd.teacher.brought.network` takes.
        target : int
            Column of the teacher's output.
        output, gradient : array of shape (n,), (n, features), optional
            A teacher's outputs and gradients, computed before.
        groups : array of shape (n,), optional
            Groups that fall into one fold.

        Raises
        ------
        ShapeError, DataError, ConfigError
            As :func:`awd.distil.distil`; teacher and output are both given.
        ValueError
            Of scikit-learn: ``X`` has one sample, one feature or values not finite.
        """
        least = {"ensure_min_samples": 2, "ensure_min_features": 2}
        X = validate_data(self, X, dtype=[np.float64, np.float32], **least)
        x = self._samples(X)
        if teacher is not None:
            if output is not None or gradient is not None:
                raise ConfigError("give a teacher or its outputs, not both")
            output, gradient = self._ask(teacher, x, target)
        objective = self.objective
        if output is None and gradient is None and objective == "output":
            objective = "sparsity"
        if gradient is not None:
            gradient = self._samples(np.asarray(gradient), "gradient")
        self.result_ = distil(
            x,
            gradient,
            output,
            objective=objective,
            student=Largest(self.largest),
            groups=groups,
            ratio=self.ratio,
            levels=self._possible_levels(),
            length=self.length,
            moments=self.moments,
            dims=self._dims,
            random_state=self.random_state,
        )
        self.filter_, self.levels_ = self.result_.filter, self.result_.levels
        self.angles_, self.conditions_ = self.result_.angles, self.result_.conditions
        self.value_, self.fidelity_ = self.result_.value, self.result_.fidelity
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Coefficients of every sample, (n, features) to (n, coefficients).

        Channel after channel ``[approx, detail_levels, ..., detail_1]``, see
        :func:`awd.filters.kernels.pack` and :meth:`get_feature_names_out`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        rows = self._samples(X).reshape(-1, *self._plane)
        return kernels.pack(rows, self.filter_, self.levels_)[0].reshape(len(X), -1)

    def inverse_transform(self, X: np.ndarray) -> np.ndarray:
        """Samples (n, features) of coefficients (n, coefficients).

        Raises
        ------
        ShapeError
            There are not as many coefficients as :meth:`transform` gives.
        """
        check_is_fitted(self)
        expected = len(self.get_feature_names_out())
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != expected:
            raise ShapeError(
                f"coefficients have shape {X.shape}; expected (n, {expected})"
            )
        taps, plane = len(self.filter_), self._plane
        packed = X.reshape(-1, expected // self._channels)
        bands = kernels.unpack(packed, plane, taps, self.levels_)
        return kernels.synthesis(bands, self.filter_, plane).reshape(len(X), -1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the coefficients: ``approx_0``, ``detail3_5``, ``diagonal1_7``."""
        check_is_fitted(self)
        counts = kernels.band_counts(self._plane, len(self.filter_), self.levels_)
        kinds = (
            ["detail"] if self._dims == 1 else ["horizontal", "vertical", "diagonal"]
        )
        levels = range(self.levels_, 0, -1)
        bands = ["approx", *(f"{kind}{level}" for level in levels for kind in kinds)]
        names = [
            f"{band}_{k}"
            for band, count in zip(bands, counts, strict=True)
            for k in range(count)
        ]
        if self._channels > 1:
            channels = range(self._channels)
            names = [f"channel{c}_{name}" for c in channels for name in names]
        return np.array(names, dtype=object)

    def to_pywt(self, name: str = "awd") -> pywt.Wavelet:
        """The wavelet for pywt; :func:`awd.wavelet.to_pywt`."""
        check_is_fitted(self)
        return wavelet.to_pywt(self.filter_, name)

    def save(self, path: io.PathLike, name: str = "awd") -> None:
        """Write ``wavelet.json``; :func:`awd.export.write_wavelet_json`."""
        check_is_fitted(self)
        found = {
            "objective": self.result_.objective,
            "levels": self.levels_,
            "value": self.value_,
        }
        export.write_wavelet_json(self.filter_, path, name=name, provenance=found)

    def _ask(
        self, teacher: Any, x: np.ndarray, target: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Outputs (n,), and gradients where the objective needs them."""
        network = brought.network(teacher)
        outputs = network.output(x, target)
        if self.objective in ("output", "sparsity"):
            return outputs, None
        return outputs, network.gradient(x, target)

    def _samples(self, flat: np.ndarray, name: str = "X") -> np.ndarray:
        """(n, features) as (n, *shape)."""
        shape = self._shape
        if flat.size != len(flat) * np.prod(shape):
            raise ShapeError(
                f"{name} has shape {flat.shape}; expected samples of shape {shape} "
                f"flattened, (n, {np.prod(shape)})"
            )
        return flat.reshape(len(flat), *shape)

    def _possible_levels(self) -> int:
        if not isinstance(self.levels, int | np.integer):
            raise ConfigError(f"levels is {self.levels!r}; expected an integer")
        possible = int(min(self._plane)).bit_length() - 1
        if self.levels > possible:
            warnings.warn(
                f"levels is {self.levels}, but samples of shape {self._plane} can be "
                f"halved {possible} times; {possible} are used",
                UserWarning,
                stacklevel=3,
            )
        return min(self.levels, possible)

    @property
    def _shape(self) -> tuple[int, ...]:
        if self.shape is None:
            return (self.n_features_in_,)
        if np.ndim(self.shape) != 1 or len(self.shape) not in (1, 2, 3):
            raise ConfigError(
                f"shape is {self.shape}; expected (time,), (y, x) or (channel, y, x)"
            )
        return tuple(self.shape)

    @property
    def _dims(self) -> int:
        return min(len(self._shape), 2)

    @property
    def _plane(self) -> tuple[int, ...]:
        """Shape of a sample without channels."""
        return self._shape[-self._dims :]

    @property
    def _channels(self) -> int:
        return self._shape[0] if len(self._shape) == 3 else 1
