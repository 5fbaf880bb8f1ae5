"""Students: the largest coefficients of every band, and a head on them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import registry
from awd.errors import ConfigError, KindError, ShapeError, about
from awd.filters import statistics
from awd.samples import as_rows, axes, real, require_finite, require_samples
from awd.scalars import shown, whole, wholes

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from awd.curves import Curves


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
    statistics : tuple of str
        What of every band follows that no single coefficient tells, such as how strong
        it is, and when: of ``awd.filters.statistics.STATISTICS``.
    """

    m: int = 6
    smallest: int = 0
    positions: bool = False
    start: int = 0
    statistics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "statistics", tuple(self.statistics))
        statistics.require(self.statistics)
        for name in ("m", "smallest", "start"):
            object.__setattr__(self, name, whole(getattr(self, name), name, 0))
        if self.m + self.smallest == 0:
            raise ConfigError(f"{self} picks no coefficient; use m >= 1")

    def bends(self, sizes: np.ndarray) -> np.ndarray:
        """Which features of a signal a head may bend: all but positions, (features,).

        ``sizes`` are those of its bands.
        """
        sizes = np.array(wholes(sizes, "sizes", 0))
        picked = sum(np.minimum(sizes, most).sum() for most in (self.m, self.smallest))
        parts = [(picked, True), (picked * self.positions, False)]
        parts += [(bool(self.start), True), (len(self.statistics) * len(sizes), True)]
        return np.concatenate([np.full(int(count), bend) for count, bend in parts])

    @property
    def mirrored(self) -> Largest:
        """The same with smallest for largest: the student of the negated wavelet."""
        return replace(self, m=self.smallest, smallest=self.m)

    def fitted(
        self, x: np.ndarray, h: np.ndarray, levels: int, dims: int | None = None
    ) -> Largest:
        """Itself: nothing of it depends on the training samples."""
        return self

    def features(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "zero",
        dims: int | None = None,
    ) -> np.ndarray:
        """Transform, then pick.

        Parameters
        ----------
        x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
            Signals or images; every channel is transformed by the same filter.
        h : array of shape (taps,)
            Low-pass filter.
        levels, mode : int, str
            As for :func:`awd.filters.kernels.analysis`.
        dims : {1, 2}, optional
            Axes of a sample without channels; needed where ``x`` has three axes, see
            :func:`awd.samples.dims_of`.

        Returns
        -------
        array of shape (n, features), float64
            Channel after channel: the coefficients picked, band after band, in the unit
            of ``x``; their positions in coefficients of their band; the start level;
            each statistic of every band.

        Raises
        ------
        ShapeError
            ``x`` has other axes, is empty, no numbers, too short, or may be either.
        DataError
            A sample is not finite.
        """
        return self.pick(require_samples(x, dims), h, levels, mode).features

    def pick(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
    ) -> Picked:
        """The features, and which coefficients they are; as :meth:`features`.

        ``x`` is (n, [channel,] time) or (n, channel, y, x).
        """
        from awd.filters import kernels, undecimated

        x = real(x, "x")
        x = require_samples(x, axes(x))
        kernels.require_sound(x, x=x)
        if (self.start or self.statistics) and x.ndim == 4:
            raise ConfigError(
                f"{self}: images have no first frames and no time; use start=0 and "
                "statistics=()"
            )
        rows = as_rows(x)
        values, index, sizes = kernels.pick(
            rows, h, levels, self.m, self.smallest, mode
        )
        parts = [values]
        if self.positions:
            parts.append(Picked(values, index, sizes).place()[1])
        if self.start:
            parts.append(rows[:, : self.start].mean(1, dtype=np.float64)[:, None])
        if self.statistics:
            parts.append(undecimated.summary(rows, h, levels, self.statistics))
        table = np.concatenate(parts, 1, dtype=np.float64)
        return Picked(table.reshape(len(x), -1), index, sizes)


def recipe(name: str = "largest", **settings: Any) -> Any:
    """What a student reads, by name.

    Parameters
    ----------
    name : {"largest", "histogram", "quantiles", "norms"} or str
        :class:`Largest`; of undecimated coefficients
        :class:`awd.filters.undecimated.Histogram`, ``Quantiles``, ``BandNorms``; or the
        import path of a class with ``fitted`` and ``features``.
    **settings
        Its own.

    Raises
    ------
    ConfigError
        There is no such recipe, or it has no such settings.
    """
    from awd.filters import undecimated

    table = {
        "largest": Largest,
        "histogram": undecimated.Histogram,
        "quantiles": undecimated.Quantiles,
        "norms": undecimated.BandNorms,
    }
    made = registry.named(name, table, "features")
    try:
        return made(**settings)
    except TypeError as error:
        raise ConfigError(f"features {name!r} cannot be made so: {error}") from error


def searched(reads: Any) -> Any:
    """What a search reads: it follows the slope of picks, which statistics lack."""
    return replace(reads, statistics=()) if isinstance(reads, Largest) else reads


@dataclass(frozen=True)
class Picked:
    """Features of :class:`Largest`, and from which coefficients they come.

    ``features`` (n, features); of every signal (n times channels) the ``index`` of the
    picked coefficients among its ``sizes.sum()``, bands of ``sizes`` side by side.
    """

    features: np.ndarray
    index: np.ndarray
    sizes: np.ndarray

    def place(self) -> tuple[np.ndarray, np.ndarray]:
        """The band of every pick, (picks,), and its index there, (signals, picks)."""
        begins = np.cumsum(self.sizes) - self.sizes
        band = np.searchsorted(begins, self.index[0], side="right") - 1
        return band, self.index - begins[band]


@dataclass
class Student:
    """Features of one wavelet, and a head on them: one curve a feature.

    Predictions are clipped to the range of what the head was fitted to. Without that a
    sum of lines answers a single unusual sample with anything, which no bounded network
    and no tree does.

    Parameters
    ----------
    features : Largest or awd.filters.undecimated.Histogram
        What is read from the coefficients: ``fitted`` on training samples, then
        ``features``.
    head : {"ols", "ridge", "hinges", "few"} or str
        See :func:`awd.heads.head`.

    Attributes
    ----------
    filter_, levels_, mode_, dims_, features_, head_, range_
        Set by :meth:`fit`: what was transformed with, the features with what they took
        from the training samples, the fitted model, and the least and largest target.
    """

    features: Any = field(default_factory=Largest)
    head: str = "ols"

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "zero",
        dims: int | None = None,
    ) -> Self:
        """Fit the head to targets.

        Parameters
        ----------
        x, h, levels, mode, dims
            As for :meth:`Largest.features`; ``dims`` of a result is
            ``Distilled.dims``.
        y : array of shape (n,)
            Labels, or what a network answers: then no label is needed.

        Raises
        ------
        ShapeError
            As :meth:`Largest.features`; ``y`` has another shape.
        DataError
            A signal or a target is not finite.
        """
        from awd import heads

        x, y = require_samples(x, dims), _target(y, len(x))
        h, levels = real(h, "h").astype(float), whole(levels, "levels")
        self.filter_, self.levels_, self.mode_ = h, levels, mode
        self.dims_ = axes(x)
        self.features_ = self.features.fitted(x, h, levels, self.dims_)
        features = self.features_.features(x, h, levels, mode, self.dims_)
        head = heads.head(
            self.head, heads.FLOOR * np.std(x), self.bends(x, h, levels, mode)
        )
        self.head_, self.range_ = (
            head.fit(features, y),
            (float(y.min()), float(y.max())),
        )
        self._shape: tuple[int, ...] | None = None
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions (n,), in the targets' unit and within their fitted range.

        Compiled for signals in mode zero; ``x`` as in :meth:`fit`.
        """
        from awd import heads

        plain = isinstance(self.features, Largest) and self._fitted_mode == "zero"
        if plain and self.dims_ == 1 and heads.additive(self.head_):
            x = require_samples(x, 1)
            if x.shape[1:] != self._shape:
                self._compile(x.shape)
            return self._compiled(x)[:, 0]
        bank = self.filter_, self.levels_, self.mode_
        features = self.features_.features(x, *bank, self.dims_)
        return np.clip(self.head_.predict(features), *self.range_)

    def score(self, x: np.ndarray, y: np.ndarray) -> float:
        """R2 of the predictions of ``x`` against ``y`` (n,)."""
        from sklearn.metrics import r2_score

        found = self.predict(x)
        return float(r2_score(_target(y, len(found)), found))

    @property
    def _fitted_mode(self) -> str:
        if not hasattr(self, "head_"):
            raise ConfigError("this student is not fitted; call fit first")
        return self.mode_

    def _compile(self, shape: tuple[int, ...]) -> None:
        """For samples of a shape; done once."""
        from awd.filters.student import Compiled

        bank = self.features, self.filter_, self.levels_
        self._compiled = Compiled.of(*bank, [self.curves], [self.range_], shape)
        self._shape = shape[1:]

    def bends(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
    ) -> np.ndarray | None:
        """Which features the head may bend, (features,); None for all."""
        from awd.filters import kernels

        if not isinstance(self.features, Largest):
            return None
        x, h = real(x, "x"), real(h, "h")
        x = require_samples(x, axes(x))
        shape = x.shape[-axes(x) :]
        bends = self.features.bends(kernels.band_counts(shape, h.size, levels, mode))
        channels = 1 if x.ndim == 2 else x.shape[1]
        return np.tile(bends, channels)

    @property
    def curves(self) -> Curves:
        """What every feature adds to a prediction, as a curve of its value."""
        from awd import heads

        return heads.curves(self.head_)

    @property
    def head_parameters(self) -> int:
        """Numbers in the head that were fitted to targets."""
        from awd import heads

        model = self.head_[-1] if hasattr(self.head_, "steps") else self.head_
        return heads.fitted_numbers(model)


def _target(y: np.ndarray, n: int) -> np.ndarray:
    """Targets as (n,) finite numbers."""
    y = real(y, "y")
    if y.shape != (n,):
        raise ShapeError(
            f"y is {y.shape} for {n} samples; expected ({n},), one student a target"
        )
    return require_finite(y, "y")


def contributions(
    student: Student, x: np.ndarray, background: np.ndarray | None = None
) -> pd.DataFrame:
    """What every feature adds to every prediction, against its usual value.

    A head is read exactly: a feature contributes what its curve gives for its value,
    less what it gives usually. Beside them stands the usual prediction, ``intercept``.

    Parameters
    ----------
    student : Student
        Fitted.
    x : array of shape (n, ...)
        Samples that are explained.
    background : array of shape (m, ...), optional
        Samples over which a curve's mean is what it gives usually. Without it these
        are the training samples where the head standardises, else ``x``.

    Returns
    -------
    DataFrame
        ``sample``, ``channel``, ``band`` (as in ``wavedec``; -1 is no band), ``kind``
        ("largest", "smallest", "position", "start", a statistic or "intercept"),
        ``index`` (of the coefficient in its band), ``value``, ``contribution`` (unit of
        the target). The contributions of a sample sum to its prediction, before it is
        clipped.
    """
    import pandas as pd

    if not isinstance(student, Student):
        raise KindError(f"student is {shown(student)}; expected a fitted Student")
    names, values = _readings(student, x)
    curves = student.curves
    if background is not None:
        with about("background"):
            usual = curves(_readings(student, background)[1]).mean(0)
    elif curves.usual is not None:
        usual = curves.usual
    else:
        usual = curves(values).mean(0)
    added = curves(values) - usual
    table = names.assign(value=values.ravel(), contribution=added.ravel())
    rows = names.drop_duplicates("sample").assign(band=-1, kind="intercept", index=0)
    rows = rows.assign(value=1.0, contribution=curves.intercept + usual.sum())
    table = pd.concat([table, rows]).sort_values("sample", kind="stable")
    return table.reset_index(drop=True)


def _readings(student: Student, x: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Where every feature was picked, a row a sample and feature; values (n, all)."""
    import pandas as pd

    recipe, x = student.features, require_samples(x, student.dims_)
    if not isinstance(recipe, Largest):
        raise ConfigError(
            f"features of {type(recipe).__name__} come from no single coefficient; "
            "contributions are told of Largest"
        )
    picked = recipe.pick(x, student.filter_, student.levels_, student.mode_)
    band, position = picked.place()
    kinds = [
        kind
        for size in picked.sizes
        for kind, most in (("largest", recipe.m), ("smallest", recipe.smallest))
        for _ in range(min(size, most))
    ]
    names = pd.DataFrame({"band": band, "kind": kinds})
    parts, indices = [names], [position]
    if recipe.positions:
        parts.append(names.assign(kind="position"))
        indices.append(position)
    if recipe.start:
        parts.append(pd.DataFrame({"band": [-1], "kind": ["start"]}))
        indices.append(np.zeros((len(position), 1), int))
    if recipe.statistics:
        bands = np.arange(len(picked.sizes))
        for kind in recipe.statistics:
            parts.append(pd.DataFrame({"band": bands, "kind": kind}))
            indices.append(np.zeros((len(position), len(bands)), int))
    names, index = pd.concat(parts), np.concatenate(indices, 1)
    table = pd.concat([names] * len(index), ignore_index=True)
    table["index"] = index.ravel()
    channels = len(index) // len(x)
    signal = np.repeat(np.arange(len(index)), index.shape[1])
    table.insert(0, "sample", signal // channels)
    table.insert(1, "channel", signal % channels)
    return table, picked.features
