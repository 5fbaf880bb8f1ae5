"""Students: what they read of every band, and a head on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import registry
from awd.errors import ConfigError, KindError, ShapeError, about
from awd.filters.largest import Largest as Largest
from awd.filters.largest import Picked as Picked
from awd.samples import axes, real, require_finite, require_samples
from awd.scalars import shown, whole

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from awd.curves import Curves


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
