"""The distilled wavelet as a scikit-learn transformer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from awd import export, io, scalars, wavelet
from awd.errors import (
    AwdError,
    ConfigError,
    DataError,
    KindError,
    ShapeError,
    warn,
)
from awd.features import Largest
from awd.filters import kernels
from awd.fitting import (
    UNKNOWN,
    Recipe,
    Taught,
    fidelity,
)
from awd.samples import (
    answers,
    axes,
    dims_of,
    groups_of,
    most_levels,
    possible_levels,
    real,
    require_finite,
    require_samples,
    require_unmasked,
)
from awd.teacher import brought

if TYPE_CHECKING:
    from typing import Self

    import pywt

NUMBERS = [np.float64, np.float32]
VALUES = re.compile(
    r":?\n(array=)?(\[.*\]|nan)\.?\s*", re.DOTALL
)  # in scikit-learn's errors


class Sampled(BaseEstimator):
    """What estimators share: how they take samples, and ask a network of them.

    ``shape`` is that of one sample where ``X`` holds them flattened, ``dims`` its axes
    without channels.
    """

    shape: tuple[int, ...] | None = None
    dims: int | None = None
    folds: int

    def _first(self, X: Any, y: Any = "no_validation", **options: Any) -> Any:
        """Samples as they are given, (n, ...), the first of this estimator, and y.

        The shape of a sample, and its axes, are kept for those that follow.
        """
        if scalars.whole(self.folds, "folds", 0) == 1:
            raise ConfigError("folds is 1; expected 2 or more, or 0 for no fidelity")
        scalars.generator(self.random_state)
        least = {"ensure_min_samples": 2, "ensure_min_features": 2}
        checked = self._validated(X, y, **least, **options)
        X, y = checked if isinstance(checked, tuple) else (checked, None)
        if self.shape is not None:
            X = self._reshaped(X, "X", _shape(self.shape))
        self.dims_ = dims_of(X.shape, self.dims, "X")
        self.sample_shape_ = X.shape[1:]
        return X, y

    def _next(self, X: Any) -> np.ndarray:
        """Samples (n, [channel,] time) or (n, channel, y, x), as those of the fit."""
        check_is_fitted(self)
        X = self._validated(X, "no_validation", reset=False)
        if self.shape is not None:
            X = self._reshaped(X, "X")
        if X.shape[1:] != self.sample_shape_:
            raise ShapeError(
                f"X is {X.shape}; expected samples as in fit, "
                f"(n, {', '.join(map(str, self.sample_shape_))})"
            )
        return require_samples(X, self.dims_)

    def _validated(self, X: Any, y: Any, **options: Any) -> Any:
        """scikit-learn's checks; what they refuse is named."""
        # numpy would make numbers of dates and of text; classes may be text.
        for name, values, others in (("X", X, "mMSU"), ("y", y, "mM")):
            require_unmasked(values, name)
            dtype = getattr(values, "dtype", None)
            if getattr(dtype, "kind", "f") in others:
                raise ShapeError(f"{name} has dtype {dtype}; expected numbers")
        if hasattr(X, "detach") or isinstance(X, list | tuple):
            X = real(X, "X")
        kinds = {"dtype": NUMBERS, "allow_nd": True, "ensure_all_finite": False}
        try:
            checked = validate_data(self, X, y, **kinds, **options)
        except AwdError:
            raise
        except ValueError as error:
            raise DataError(
                f"X or y: {VALUES.sub('. ', str(error)).strip()}"
            ) from error
        except TypeError as error:
            raise KindError(f"X or y: {error}") from error
        require_finite(checked[0] if isinstance(checked, tuple) else checked, "X")
        return checked

    def _reshaped(
        self, values: np.ndarray, name: str, shape: tuple[int, ...] | None = None
    ) -> np.ndarray:
        """(n, features) as (n, *shape)."""
        shape = self.sample_shape_ if shape is None else shape
        if values.shape[1:] not in (tuple(shape), (np.prod(shape),)):
            raise ShapeError(
                f"{name} has shape {values.shape}; expected samples of shape {shape}, "
                f"or flattened, (n, {np.prod(shape)})"
            )
        return values.reshape(len(values), *shape)

    def _gradients(self, given: Any) -> np.ndarray | None:
        """Gradients as samples are inside."""
        if given is None:
            return None
        slopes = self._reshaped(real(given, "gradients"), "gradients")
        return require_samples(slopes, self.dims_)

    def _judge(self, data: Taught, recipe: Recipe) -> None:
        """How good it is on samples that nothing was fitted to."""
        found = score = UNKNOWN
        if data.answers is not None and self.folds:
            found, score = fidelity(data, recipe, self.folds)
        self.fidelity_, *interval = found
        self.fidelity_interval_ = tuple(interval)
        self.score_, *interval = score
        self.score_interval_ = tuple(interval)

    def _depths(self, levels: Any, x: np.ndarray) -> list[int]:
        """Levels that samples can be halved to; a warning where they are fewer."""
        wanted = scalars.wholes(levels, "levels")
        found = possible_levels(x, wanted)
        if found != wanted:
            warn(
                f"levels is {levels}, but samples of shape {x.shape[-axes(x) :]} can "
                f"be halved {most_levels(x)} times; {', '.join(map(str, found))} are "
                "used"
            )
        return found


def _shape(shape: Any) -> tuple[int, ...]:
    """Of one sample, as it was given."""
    sizes = scalars.wholes(shape, "shape")
    if len(sizes) > 3:
        raise ConfigError(
            f"shape is {shape}; expected (time,), (channel, time), (y, x) or "
            "(channel, y, x)"
        )
    return tuple(sizes)


class AdaptiveWavelet(TransformerMixin, Sampled):
    """Wavelet that is distilled from a network; transforms samples to coefficients.

    ``fit`` finds the wavelet (:func:`awd.distil.distil`), ``transform`` gives the
    coefficients of every sample side by side, mode zero, ``inverse_transform`` the
    samples from them.

    Parameters
    ----------
    levels : int or sequence of int
        Halvings, to choose from; fewer where a sample is too short, with a warning.
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
        Of one sample, where ``X`` holds them flattened and the teacher reads them in
        this shape: (time,), (channel, time), (y, x) or (channel, y, x).
    dims : {1, 2}, optional
        Axes of a sample without channels, 1 of signals and 2 of images: needed where a
        sample has two axes, which may be (channel, time) or (y, x).
    folds : int
        Of whole groups, in which :attr:`fidelity_` is measured; 0 leaves it NaN, and
        saves most of the time.
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
    value_ : float
        The objective.
    fidelity_, fidelity_interval_ : float, (float, float)
        R2 of the student against the teacher's output on samples that nothing was
        fitted to, the search for the wavelet neither, and its 95 % interval over
        groups; NaN without an output.
    result_ : Distilled
        All that was found.
    n_features_in_ : int
    sample_shape_, dims_ : tuple of int, int
        Of one sample.

    Examples
    --------
    >>> w = AdaptiveWavelet(levels=4).fit(x, teacher=net)  # doctest: +SKIP
    >>> w.transform(x).shape  # doctest: +SKIP
    (6000, 72)
    """

    def __init__(
        self,
        *,
        levels: int | Sequence[int] = 4,
        length: int | str | Sequence[int] = "auto",
        objective: str | Callable[..., Any] = "output",
        largest: int = 6,
        ratio: float | str | Sequence[float] = np.inf,
        moments: int = 1,
        shape: tuple[int, ...] | None = None,
        dims: int | None = None,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.levels = levels
        self.length = length
        self.objective = objective
        self.largest = largest
        self.ratio = ratio
        self.moments = moments
        self.shape = shape
        self.dims = dims
        self.folds = folds
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
        X : array of shape (n, time), (n, channel, time), (n, y, x), (n, channel, y, x)
            Samples; or flattened, with ``shape``. An offset of a channel changes
            nothing: the search reads samples about the mean of every channel.
        y : ignored
            No label enters a wavelet.
        teacher : optional
            A network, of any kind that :func:`awd.teacher.brought.network` takes.
        target : int
            Column of the teacher's output.
        output, gradient : array of shape (n,), (n, ...), optional
            A teacher's outputs and gradients, computed before.
        groups : array of shape (n,), optional
            Groups that fall into one fold.

        Raises
        ------
        ShapeError, DataError, ConfigError
            As :func:`awd.distil.distil`; teacher and output are both given.
            ``X`` has one sample, one feature or values not finite.
        """
        given, _ = self._first(X)
        if teacher is not None:
            if output is not None or gradient is not None:
                raise ConfigError("give a teacher or its outputs, not both")
            output, gradient = self._ask(teacher, given, target)
        objective = self.objective
        if output is None and gradient is None and objective == "output":
            objective = "sparsity"
        x = require_samples(given, self.dims_)
        recipe = Recipe(
            Largest(self.largest),
            "ridge",
            self._depths(self.levels, x),
            self.length,
            objective,
            self.dims_,
            self.ratio,
            self.moments,
            random_state=self.random_state,
        )
        if output is not None:
            output = answers(output, "output", len(x))
        slopes = self._gradients(gradient)
        data = Taught(x, output, gradient=slopes, groups=groups_of(groups, len(x)))
        self.result_ = recipe.distilled(data)
        self._judge(data, recipe)
        self.filter_, self.levels_ = self.result_.filter, self.result_.levels
        self.angles_, self.conditions_ = self.result_.angles, self.result_.conditions
        self.value_ = self.result_.value
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Coefficients of every sample, (n, coefficients).

        Channel after channel ``[approx, detail_levels, ..., detail_1]``, see
        :func:`awd.filters.kernels.pack` and :meth:`get_feature_names_out`.
        """
        x = self._next(X)
        rows = x.reshape(-1, *self._plane)
        return kernels.pack(rows, self.filter_, self.levels_)[0].reshape(len(x), -1)

    def inverse_transform(self, X: np.ndarray) -> np.ndarray:
        """Samples of coefficients (n, coefficients), as those of the fit.

        Raises
        ------
        ShapeError
            There are not as many coefficients as :meth:`transform` gives.
        """
        check_is_fitted(self)
        expected = len(self.get_feature_names_out())
        X = real(X, "coefficients")
        if X.ndim != 2 or X.shape[1] != expected or not len(X):
            raise ShapeError(
                f"coefficients have shape {X.shape}; expected (n, {expected})"
            )
        taps, plane = len(self.filter_), self._plane
        packed = require_finite(X).reshape(-1, expected // self._channels)
        bands = kernels.unpack(packed, plane, taps, self.levels_)
        x = kernels.synthesis(bands, self.filter_, plane)
        flat = self.shape is not None
        return x.reshape(len(X), *((-1,) if flat else self.sample_shape_))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the coefficients: ``approx_0``, ``detail3_5``, ``diagonal1_7``."""
        check_is_fitted(self)
        counts = kernels.band_counts(self._plane, len(self.filter_), self.levels_)
        kinds = (
            ["detail"] if self.dims_ == 1 else ["horizontal", "vertical", "diagonal"]
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

    @property
    def _plane(self) -> tuple[int, ...]:
        """Shape of a sample without channels."""
        return self.sample_shape_[-self.dims_ :]

    @property
    def _channels(self) -> int:
        return self.sample_shape_[0] if len(self.sample_shape_) > self.dims_ else 1
