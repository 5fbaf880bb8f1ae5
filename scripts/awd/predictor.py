"""What the regressor and the classifier of :mod:`awd.predictors` share: fit, and home.

From what is known of samples, a network, its outputs, labels, to a wavelet and heads,
how good they are, and the model to take home.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from awd import gaps, io, scalars
from awd.errors import ConfigError, DataError, ShapeError, about
from awd.estimator import Sampled
from awd.features import Largest, contributions, recipe
from awd.fitting import Recipe, Taught, centred, folds_of
from awd.heads import additive
from awd.model import Model, Sample, Score, Story, of_student
from awd.samples import answers, dims_of, groups_of, real, require_samples
from awd.targets import HeldOut
from awd.teacher import brought

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from awd.teacher.answers import Part

FIT_TO = ("labels", "outputs", "mixed")
SHARES = (0.0, 0.5, 1.0)  # of the outputs, where they can be chosen from
EVEN = (0.5,)  # where they cannot


class Known(NamedTuple):
    """What is known of the samples beside labels: arguments of ``fit``."""

    teacher: Any = None
    outputs: Any = None
    gradients: Any = None
    groups: Any = None
    held_out: Any = None
    seen: bool = True
    lengths: Any = None
    mask: Any = None


class Predictor(Sampled):
    """A wavelet and heads; the classes that follow say what answers and labels are."""

    def __init__(
        self,
        *,
        levels: int | Sequence[int] = 4,
        length: int | str | Sequence[int] = "auto",
        objective: str | Callable[..., Any] = "output",
        fit_to: Literal["labels", "outputs", "mixed"] | None = None,
        features: Any = None,
        head: str = "hinges",
        dims: int | None = None,
        output: Part | None = None,
        wrap: Callable[..., Any] | None = None,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.levels = levels
        self.length = length
        self.objective = objective
        self.fit_to = fit_to
        self.features = features
        self.head = head
        self.dims = dims
        self.output = output
        self.wrap = wrap
        self.folds = folds
        self.random_state = random_state

    @abstractmethod
    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        """Of the outputs of a network, (n, ...), those that are reproduced, (n, k)."""

    @abstractmethod
    def _differentiated(self, outputs: np.ndarray) -> Any:
        """Column of the output whose gradient the objective reads."""

    @abstractmethod
    def _labels(self, y: np.ndarray | None, outputs: np.ndarray | None) -> Any:
        """Labels as what heads are fitted to, (n, k); None without."""

    def _fit(self, X: Any, y: Any, known: Known, **checks: Any) -> Self:
        """All of ``fit``; the arguments are described there."""
        self._require_source(y, known)
        X, mask = self._mended(X, known.lengths, known.mask)
        self.partly_ = mask is not None
        given, y = self._first(X, **({} if y is None else {"y": y, **checks}))
        x = require_samples(given, self.dims_)
        groups = groups_of(known.groups, len(x))
        outputs, gradients = self._answered(given, known)
        labels = self._labels(y, outputs)
        self.fit_to_ = self._fit_to(labels is not None, outputs is not None)
        blind = None
        if self.fit_to_ == "mixed":
            blind = self._blind(known, given, outputs, groups)
        slopes = self._gradients(gradients)
        if mask is not None:
            mask = mask.reshape(x.shape)
            slopes = None if slopes is None else slopes * (mask == gaps.SEEN)
        data = Taught(x, outputs, labels, slopes, groups, blind, mask)
        plan = self._plan(data)
        self.model_ = plan.fitted(data)
        self.result_ = self.model_.result
        self.filter_, self.levels_ = self.result_.filter, self.result_.levels
        self.share_ = float(self.model_.shares.mean())
        self._judge(data, plan)
        self._portable = self._taken_home(data, known)
        return self

    def _mended(self, X: Any, lengths: Any, mask: Any) -> tuple[Any, np.ndarray | None]:
        """Samples with gaps filled and 0 beyond their ends, and what was seen."""
        if lengths is None and mask is None:
            if isinstance(X, np.ndarray) and np.ma.is_masked(X):
                raise DataError(
                    "X has masked values; give X.filled(0), and what was seen of it in "
                    "mask, (n, time) or (n, y, x): ~numpy.ma.getmaskarray(X)"
                )
            return X, None
        X = real(X, "X")
        ends = {} if lengths is None else {"length": np.asarray(lengths)}
        holes = {} if mask is None else {"mask": np.asarray(mask)}
        with about("lengths, mask"):
            return gaps.marked(
                {"x": X, **ends, **holes}, dims_of(X.shape, self.dims, "X")
            )

    def _again(
        self, X: Any, lengths: Any, mask: Any
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Samples as those of the fit, and what was seen of them."""
        check_is_fitted(self)
        if self.partly_ and lengths is None and mask is None:
            raise ConfigError(
                "this model was fitted with lengths or a mask; give them of these "
                "samples, too. Where scikit-learn calls it: "
                "sklearn.set_config(enable_metadata_routing=True), and "
                "model.set_fit_request(lengths=True).set_score_request(lengths=True)"
            )
        X, seen = self._mended(X, lengths, mask)
        x = self._next(X)
        return x, None if seen is None else seen.reshape(x.shape)

    def _require_source(self, y: Any, known: Known) -> None:
        """Refuse a fit to nothing, or to two networks."""
        if known.teacher is None and known.outputs is None and y is None:
            raise ConfigError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None, and there is neither a teacher nor its outputs; give one of them"
            )
        if known.teacher is not None and known.outputs is not None:
            raise ConfigError("give a teacher or its outputs, not both")

    def _answered(self, given: np.ndarray, known: Known) -> tuple[Any, Any]:
        """What a network answers, (n, k), or None; gradients where they are needed."""
        outputs, gradients = known.outputs, known.gradients
        if known.teacher is not None:
            network = brought.network(known.teacher, self.output, self.wrap)
            outputs, gradients = self._asked(network, given, gradients)
        if outputs is not None:
            outputs = self._answers(answers(outputs, "outputs", len(given)))
        return outputs, gradients

    def _plan(self, data: Taught) -> Recipe:
        """How the model is made."""
        shares = {"labels": (0.0,), "outputs": (1.0,), "mixed": EVEN}[self.fit_to_]
        return Recipe(
            self._reads(),
            self.head,
            self._depths(self.levels, data.x),
            self.length,
            self.objective,
            self.dims_,
            shares=SHARES if data.held_out is not None else shares,
            random_state=self.random_state,
        )

    def _reads(self) -> Any:
        """What is read of the coefficients."""
        if self.features is None:
            return Largest(3, 3)
        if isinstance(self.features, str):
            return recipe(self.features)
        if isinstance(self.features, Mapping):
            return recipe(**self.features)
        return self.features

    def _asked(
        self, network: brought.Network, given: np.ndarray, gradients: Any
    ) -> tuple[np.ndarray, Any]:
        """Outputs (n, targets), and gradients where the objective needs them."""
        found = network.outputs(given)
        if gradients is None and self.objective not in ("output", "sparsity"):
            gradients = network.gradient(given, self._differentiated(found))
        return found, gradients

    def _fit_to(self, labels: bool, outputs: bool) -> str:
        """What heads are fitted to, of what is there."""
        usual = {(True, True): "mixed", (True, False): "labels"}
        fit_to = usual.get((labels, outputs), "outputs")
        if self.fit_to is not None:
            fit_to = scalars.chosen(self.fit_to, "fit_to", FIT_TO)
        lacks = {"labels": [] if labels else ["y"], "outputs": []}
        if not outputs:
            lacks["outputs"] = ["a teacher, or its outputs"]
        lacks["mixed"] = lacks["labels"] + lacks["outputs"]
        if lacks[fit_to]:
            raise ConfigError(f"fit_to={fit_to!r} needs {' and '.join(lacks[fit_to])}")
        return fit_to

    def _blind(
        self, known: Known, given: np.ndarray, outputs: np.ndarray, groups: Any
    ) -> HeldOut | None:
        """Answers of networks that did not see the samples of a fold, if there are."""
        n = len(given)
        if known.held_out is not None:
            return self._held_out(known.held_out, given)
        if known.seen:
            return None
        units = np.arange(n) if groups is None else groups
        count = max(2, min(5, len(np.unique(units))))
        fold = folds_of(units, count, self.random_state)
        return HeldOut(fold, np.broadcast_to(outputs, (count, *outputs.shape)))

    def _held_out(self, held_out: Any, given: np.ndarray) -> HeldOut:
        """The networks, or outputs, that were given with the folds they lack."""
        n = len(given)
        pair = isinstance(held_out, list | tuple) and len(held_out) == 2
        if not pair or not isinstance(held_out[1], list | tuple | np.ndarray):
            raise ConfigError(
                "held_out is no pair; expected the fold of every sample, and a list of "
                "the networks that have not seen each fold, or of their outputs"
            )
        found = [self._answers(self._of(source, given)) for source in held_out[1]]
        fold = real(held_out[0], "the folds of held_out")
        if fold.shape != (n,) or not set(fold.tolist()) <= {*range(len(found)), -1}:
            raise ShapeError(
                f"the folds of held_out are {fold.shape} numbers up to "
                f"{fold.max(initial=0):g}; expected ({n},), for each sample the number "
                f"of the network, of {len(found)}, that has not seen it, or -1"
            )
        return HeldOut(fold.astype(int), np.stack(found))

    def _of(self, source: Any, given: np.ndarray) -> np.ndarray:
        """Outputs (n, targets) of a network, or outputs that are given."""
        if not hasattr(source, "__array__") and not isinstance(source, list | tuple):
            source = brought.network(source, self.output, self.wrap).outputs(given)
        return answers(source, "the outputs of held_out", len(given))

    def to_model(self) -> Model:
        """The model to take home, which predicts with numpy and numba alone.

        Raises
        ------
        ConfigError
            It is no sum of curves of features of :class:`awd.features.Largest`.
        """
        check_is_fitted(self)
        if self._portable is None:
            raise ConfigError(
                "a model to take home is a sum of curves of features of Largest; this "
                f"one has features {self.features!r} and head {self.head!r}"
            )
        return self._portable

    def save(self, path: io.PathLike) -> None:
        """Write ``model.json``, which :func:`awd.load` reads; see :meth:`to_model`."""
        self.to_model().save(path)

    def card(self, form: Literal["markdown", "html"] = "markdown") -> str:
        """One page about the model, for people; see :meth:`to_model`."""
        return self.to_model().card(form)

    def _taken_home(self, data: Taught, known: Known) -> Model | None:
        """The model that is saved; it says what was seen, so it is made in fit."""
        first = self.model_.students[0]
        if not (isinstance(first.features, Largest) and additive(first.head_)):
            return None
        centre = tuple(self.model_.centre.ravel().tolist())
        x = data.x
        if data.mask is not None:  # beyond its ends a sample is 0, about the centre
            x = np.where(data.mask == gaps.BEYOND, self.model_.centre, x)
        sample = Sample.of(x, self.dims_, centre=centre, spread=(1.0,) * len(centre))
        classes = getattr(self, "classes_", None)
        n, groups = len(data.x), len(np.unique(data.units))
        words = {"labels": "labels", "outputs": "the network's outputs"}
        share = f"labels, and {self.share_:.0%} of the network's outputs"
        story = Story(
            data=f"{n:,} samples" + (f" of {groups:,} groups" if groups < n else ""),
            network="" if known.teacher is None else type(known.teacher).__name__,
            fitted_to=words.get(self.fit_to_, share),
        )
        return of_student(
            self.model_.students,
            x,
            sample=sample,
            classes=classes,
            scale=None if classes is None else "probabilities",
            scores=self._scores(data),
            story=story,
        )

    def _scores(self, data: Taught) -> list[Score]:
        """What is known of how good it is."""
        of_labels = "labels", self.score_, self.score_interval_
        of_outputs = "the network's outputs", self.fidelity_, self.fidelity_interval_
        known = [of_outputs] if data.outputs is not None else []
        known += [of_labels] if data.labels is not None else []
        on = f"samples held out, {self.folds} folds of whole groups; R2 is of"
        return [
            Score("this model", "model", "R2", value, low, high, f"{on} {of}")
            for of, value, (low, high) in known
            if np.isfinite(low)
        ]

    def _values(self, X: Any, lengths: Any, mask: Any) -> np.ndarray:
        """What the heads give, (n, k)."""
        x, seen = self._again(X, lengths, mask)
        return self.model_(x, seen)

    def _explained(self, X: Any, k: int, lengths: Any, mask: Any) -> pd.DataFrame:
        """What every feature adds to what a head gives, and what clipping takes."""
        x, seen = self._again(X, lengths, mask)
        x, student = centred(x, self.model_.centre, seen), self.model_.students[k]
        table = contributions(student, x)
        clipped = student.predict(x) - table.groupby("sample")["contribution"].sum()
        rows = table.drop_duplicates("sample").assign(band=-1, kind="clipped", index=0)
        return by_sample(table, rows.assign(value=1.0, contribution=clipped.to_numpy()))


def by_sample(*tables: pd.DataFrame) -> pd.DataFrame:
    """Rows of several tables, those of a sample together."""
    import pandas as pd

    table = pd.concat(tables).sort_values("sample", kind="stable")
    return table.reset_index(drop=True)
