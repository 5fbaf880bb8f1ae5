"""Small models that take a network's place, as scikit-learn's regressor and classifier.

A wavelet is distilled from what the network answers, and a sum of curves of its
coefficients is fitted to the answers, to labels, or to both.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from awd import io
from awd.errors import ConfigError, DataError, ShapeError
from awd.estimator import Sampled
from awd.features import Largest, contributions, recipe
from awd.fitting import Recipe, Taught, centred
from awd.heads import additive
from awd.model import Model, Sample, Score, Story, of_student
from awd.samples import real, require_samples
from awd.targets import HeldOut
from awd.teacher import brought

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from awd.teacher.answers import Part

FIT_TO = ("labels", "outputs", "mixed")
SHARES = (0.0, 0.5, 1.0)  # of the outputs, where they can be chosen from
EVEN = (0.5,)  # where they cannot
SUMS = 1e-3  # by which probabilities may miss a sum of 1


class _Predictor(Sampled):
    """What the regressor and the classifier share."""

    def __init__(
        self,
        *,
        levels: int | Sequence[int] = 4,
        length: int | str | Sequence[int] = "auto",
        objective: str | Callable = "output",
        fit_to: Literal["labels", "outputs", "mixed"] | None = None,
        features: Any = None,
        head: str = "hinges",
        dims: int | None = None,
        output: Part | None = None,
        wrap: Callable | None = None,
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

    def _fit(
        self,
        X: Any,
        y: Any,
        teacher: Any,
        groups: Any,
        outputs: Any,
        gradients: Any,
        held_out: Any,
        seen: bool,
        **checks: Any,
    ) -> Self:
        """All of ``fit``; the arguments are described there."""
        if teacher is None and outputs is None and y is None:
            raise ConfigError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None, and there is neither a teacher nor its outputs; give one of them"
            )
        if teacher is not None and outputs is not None:
            raise ConfigError("give a teacher or its outputs, not both")
        labelled = {"y": y, **checks} if y is not None else {}
        given, y = self._first(X, **labelled)
        if teacher is not None:
            network = brought.network(teacher, self.output, self.wrap)
            outputs, gradients = self._asked(network, given, gradients)
        if outputs is not None:
            outputs = self._answers(_outputs(outputs, "outputs", len(given)))
        labels = self._labels(y, outputs)
        fit_to = self._fit_to(labels is not None, outputs is not None)
        if fit_to == "mixed":
            held_out = self._blind(held_out, seen, given, outputs, groups)
        shares = {"labels": (0.0,), "outputs": (1.0,), "mixed": EVEN}[fit_to]
        data = Taught(
            require_samples(given, self.dims_),
            outputs,
            labels,
            self._gradients(gradients),
            None if groups is None else np.asarray(groups),
            held_out if fit_to == "mixed" else None,
        )
        plan = Recipe(
            self._reads(),
            self.head,
            self._depths(self.levels, data.x),
            self.length,
            self.objective,
            self.dims_,
            shares=SHARES if data.held_out is not None else shares,
            random_state=self.random_state,
        )
        self.model_ = plan.fitted(data)
        self.result_ = self.model_.result
        self.filter_, self.levels_ = self.result_.filter, self.result_.levels
        self.share_, self.fit_to_ = float(self.model_.shares.mean()), fit_to
        self._judge(data, plan)
        self._portable = self._taken_home(data, teacher)
        return self

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
        fit_to = self.fit_to or usual.get((labels, outputs), "outputs")
        if fit_to not in FIT_TO:
            raise ConfigError(
                f"fit_to is {fit_to!r}; expected one of {', '.join(FIT_TO)}"
            )
        lacks = {"labels": [] if labels else ["y"], "outputs": []}
        if not outputs:
            lacks["outputs"] = ["a teacher, or its outputs"]
        lacks["mixed"] = lacks["labels"] + lacks["outputs"]
        if lacks[fit_to]:
            raise ConfigError(f"fit_to={fit_to!r} needs {' and '.join(lacks[fit_to])}")
        return fit_to

    def _blind(
        self,
        held_out: Any,
        seen: bool,
        given: np.ndarray,
        outputs: np.ndarray,
        groups: Any,
    ) -> HeldOut | None:
        """Answers of networks that did not see the samples of a fold, if there are."""
        n = len(given)
        if held_out is None and seen:
            return None
        if held_out is None:
            from sklearn.model_selection import GroupKFold

            units = np.arange(n) if groups is None else groups
            fold = np.empty(n, int)
            count = max(2, min(5, len(np.unique(units))))
            splits = GroupKFold(count).split(given, groups=units)
            for index, (_, held) in enumerate(splits):
                fold[held] = index
            return HeldOut(fold, np.broadcast_to(outputs, (count, *outputs.shape)))
        fold, sources = held_out
        answers = [self._answers(self._of(source, given)) for source in sources]
        fold = np.asarray(fold)
        if fold.shape != (n,) or not set(fold.tolist()) <= {*range(len(answers)), -1}:
            raise ShapeError(
                f"the folds of held_out are {fold.shape} numbers up to "
                f"{fold.max(initial=0)}; expected ({n},), for each sample the number "
                f"of the network, of {len(answers)}, that has not seen it, or -1"
            )
        return HeldOut(fold, np.stack(answers))

    def _of(self, source: Any, given: np.ndarray) -> np.ndarray:
        """Outputs (n, targets) of a network, or outputs that are given."""
        if not hasattr(source, "__array__") and not isinstance(source, list | tuple):
            source = brought.network(source, self.output, self.wrap).outputs(given)
        return _outputs(source, "the outputs of held_out", len(given))

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

    def _taken_home(self, data: Taught, teacher: Any) -> Model | None:
        """The model that is saved; it says what was seen, so it is made in fit."""
        first = self.model_.students[0]
        if not (isinstance(first.features, Largest) and additive(first.head_)):
            return None
        centre = tuple(self.model_.centre.ravel().tolist())
        sample = Sample.of(
            data.x, self.dims_, centre=centre, spread=(1.0,) * len(centre)
        )
        classes = getattr(self, "classes_", None)
        n, groups = len(data.x), len(np.unique(data.units))
        words = {"labels": "labels", "outputs": "the network's outputs"}
        share = f"labels, and {self.share_:.0%} of the network's outputs"
        story = Story(
            data=f"{n:,} samples" + (f" of {groups:,} groups" if groups < n else ""),
            network="" if teacher is None else type(teacher).__name__,
            fitted_to=words.get(self.fit_to_, share),
        )
        return of_student(
            self.model_.students,
            data.x,
            sample=sample,
            classes=classes,
            scale=None if classes is None else "probabilities",
            scores=self._scores(data),
            story=story,
        )

    def _scores(self, data: Taught) -> list[Score]:
        """What is known of how good it is."""
        low, high = self.fidelity_interval_
        if not np.isfinite(low):
            return []
        of = "labels" if data.outputs is None else "the network's outputs"
        on = f"samples held out, {self.folds} folds of whole groups; R2 is of {of}"
        return [Score("this model", "model", "R2", self.fidelity_, low, high, on)]

    def _values(self, X: Any) -> np.ndarray:
        """What the heads give, (n, k)."""
        return self.model_(self._next(X))

    def _explained(self, X: Any, k: int) -> pd.DataFrame:
        """What every feature adds to what a head gives, and what clipping takes."""
        x, student = self._next(X), self.model_.students[k]
        x = centred(x, self.model_.centre)
        table = contributions(student, x)
        clipped = student.predict(x) - table.groupby("sample")["contribution"].sum()
        rows = table.drop_duplicates("sample").assign(band=-1, kind="clipped", index=0)
        return _sorted(table, rows.assign(value=1.0, contribution=clipped.to_numpy()))


def _sorted(*tables: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    table = pd.concat(tables).sort_values("sample", kind="stable")
    return table.reset_index(drop=True)


def _outputs(values: Any, name: str, n: int) -> np.ndarray:
    """Outputs as (n, targets)."""
    found = real(values, name)
    if found.ndim not in (1, 2) or len(found) != n or not found.size:
        raise ShapeError(
            f"{name} are {found.shape} for {n} samples; expected ({n},) or "
            f"({n}, targets)"
        )
    if not np.isfinite(found).all():
        raise DataError(f"{name} are not finite everywhere; drop these samples")
    return found.reshape(n, -1).astype(float)


class AdaptiveWaveletRegressor(RegressorMixin, _Predictor):
    """A wavelet and a sum of curves that say what a network says, or better.

    Parameters
    ----------
    levels : int or sequence of int
        Halvings of the transform, to choose from.
    length : int, sequence of int or "auto"
        Taps of the filter.
    objective : {"output", "attribution", "sparsity"} or callable
        As for :func:`awd.distil.distil`.
    fit_to : {"labels", "outputs", "mixed"}, optional
        What the head is fitted to. Without it: to both where both are there, a share
        of the outputs and the rest of the labels, else to what there is. The wavelet
        comes from the network's outputs alone; without a network from the labels.
    features : Largest, str or mapping, optional
        What is read of the coefficients, a name or settings of
        :func:`awd.features.recipe`; the 3 largest and smallest of every band.
    head : {"hinges", "few", "ridge", "ols"} or str
        Curves that bend at their tertiles, of these the 395 numbers that count most, or
        lines: :func:`awd.heads.head`.
    dims : {1, 2}, optional
        Axes of a sample without channels, 1 of signals and 2 of images; needed where
        ``X`` has three axes, which may be (n, channel, time) or (n, y, x).
    output, wrap
        Which part of a network's answer counts, and how it is called:
        :func:`awd.teacher.brought.network`.
    folds : int
        Of whole groups, in which :attr:`fidelity_` is measured; 0 leaves it NaN, and
        saves most of the time.
    random_state : int

    Attributes
    ----------
    filter_ : ndarray of shape (taps,)
        Low-pass synthesis filter, pywt's ``rec_lo`` order.
    levels_ : int
    fidelity_, fidelity_interval_ : float, (float, float)
        R2 of predictions against the network's outputs (without a network: the labels)
        on samples that nothing was fitted to, the search for the wavelet neither, and
        its 95 % interval over groups.
    fit_to_, share_ : str, float
        What the head was fitted to, and the share of the outputs in it.
    result_ : Distilled
        How the wavelet was found.
    model_ : Additive
        Wavelet, heads, and the mean of every channel, about which samples are read: an
        offset or another unit changes nothing.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 32)).cumsum(1)
    >>> model = AdaptiveWaveletRegressor(levels=3, length=4)
    >>> model.fit(x, teacher=lambda x: x.max(1)).predict(x[:3]).shape
    (3,)
    """

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray | None = None,
        *,
        teacher: Any = None,
        target: int = 0,
        groups: np.ndarray | None = None,
        outputs: np.ndarray | None = None,
        gradients: np.ndarray | None = None,
        held_out: tuple[np.ndarray, Sequence[Any]] | None = None,
        seen: bool = True,
    ) -> Self:
        """Distil the wavelet, fit the head, and measure both on samples held out.

        Parameters
        ----------
        X : array of shape (n, time), (n, channel, time), (n, y, x), (n, channel, y, x)
            Samples.
        y : array of shape (n,), optional
            Labels.
        teacher : optional
            A network, of any kind that :func:`awd.teacher.brought.network` takes.
        target : int
            Column of its outputs.
        groups : array of shape (n,), optional
            Groups that fall into one fold.
        outputs, gradients : array of shape (n,) or (n, targets), and of that of X
            What a teacher answered, computed before.
        held_out : (array of int of shape (n,), sequence), optional
            Networks that did not see some of the samples, or their outputs of all, and
            for every sample the number of the one that did not see it (-1: of none).
            With these the share of the outputs is chosen that predicts labels best.
        seen : bool
            Whether the teacher was trained on these samples. If it was not, its own
            outputs choose the share; if it was, it is a half, for its outputs would
            flatter it.

        Raises
        ------
        ConfigError
            Nothing to learn from, or parameters that cannot be.
        ShapeError, DataError, KindError
            Arrays that do not fit each other, or hold no finite real numbers; the
            network does not take the samples.
        """
        self._target = target
        return self._fit(
            X, y, teacher, groups, outputs, gradients, held_out, seen, y_numeric=True
        )

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predictions (n,), within the range of what the head was fitted to."""
        check_is_fitted(self)
        return self._values(X)[:, 0]

    def explain(self, X: np.ndarray) -> pd.DataFrame:
        """What every curve adds to every prediction, against its usual value.

        Returns
        -------
        DataFrame
            As of :func:`awd.features.contributions`, and a row "clipped" a sample:
            contributions sum to predictions.
        """
        check_is_fitted(self)
        return self._explained(X, 0)

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        count = outputs.shape[1]
        if not -count <= self._target < count:
            raise ConfigError(f"target is {self._target}; there are {count} outputs")
        return outputs[:, self._target, None]

    def _differentiated(self, outputs: np.ndarray) -> Any:
        return self._target

    def _labels(self, y: np.ndarray | None, outputs: np.ndarray | None) -> Any:
        return None if y is None else np.asarray(y, float)[:, None]


class AdaptiveWaveletClassifier(ClassifierMixin, _Predictor):
    """A wavelet and sums of curves that tell classes apart as a network does.

    One wavelet serves all classes; every class has its own head, of two classes the
    second. Heads reproduce probabilities: a network's logits go through softmax, a
    single one through the logistic function, labels count as probabilities of 0 and 1.
    Columns of outputs are the classes in the order of sorted labels. Parameters and
    attributes are those of :class:`AdaptiveWaveletRegressor`.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,)
        Labels; without y 0, 1, ...

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(200, 32)).cumsum(1)
    >>> model = AdaptiveWaveletClassifier(levels=3, length=4)
    >>> model.fit(x, x.max(1) > 3).predict_proba(x[:3]).shape
    (3, 2)
    """

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray | None = None,
        *,
        teacher: Any = None,
        groups: np.ndarray | None = None,
        outputs: np.ndarray | None = None,
        gradients: np.ndarray | None = None,
        held_out: tuple[np.ndarray, Sequence[Any]] | None = None,
        seen: bool = True,
    ) -> Self:
        """As :meth:`AdaptiveWaveletRegressor.fit`.

        ``y`` are labels of any kind; ``outputs``, and what a teacher answers, logits or
        probabilities (n, classes), or (n,) of the second of two classes.
        """
        return self._fit(X, y, teacher, groups, outputs, gradients, held_out, seen)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities of the classes, (n, classes)."""
        check_is_fitted(self)
        found = self._values(X).clip(0, 1)
        if found.shape[1] == 1:
            return np.concatenate([1 - found, found], 1)
        found = np.maximum(found, np.finfo(float).tiny)
        return found / found.sum(1, keepdims=True)

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """What the heads give, (n, classes); of two classes (n,), above one half."""
        check_is_fitted(self)
        found = self._values(X)
        return found[:, 0] - 0.5 if found.shape[1] == 1 else found

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The likeliest class of every sample, (n,)."""
        found = self.decision_function(X)
        place = found.argmax(1) if found.ndim == 2 else (found > 0).astype(int)
        return self.classes_[place]

    def explain(self, X: np.ndarray) -> pd.DataFrame:
        """What every curve adds to the head of every class, against its usual value.

        Returns
        -------
        DataFrame
            As of :meth:`AdaptiveWaveletRegressor.explain`, with the ``class``: sums are
            those of :meth:`decision_function`, of two classes above 0.
        """
        check_is_fitted(self)
        students = range(len(self.model_.students))
        names = self.classes_[-len(students) :]
        tables = [self._explained(X, k) for k in students]
        named = (
            table.assign(**{"class": name})
            for table, name in zip(tables, names, strict=True)
        )
        return _sorted(*named)

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        found = probabilities(outputs)
        return found[:, 1:] if found.shape[1] == 2 else found

    def _differentiated(self, outputs: np.ndarray) -> Any:
        return outputs.argmax(1)  # of each sample the likeliest class

    def _labels(self, y: np.ndarray | None, outputs: np.ndarray | None) -> Any:
        count = None if outputs is None else max(2, outputs.shape[1])
        if y is None:
            self.classes_ = np.arange(count or 0)
            return None
        check_classification_targets(y)
        self.classes_, index = np.unique(y, return_inverse=True)
        if count is not None and len(self.classes_) != count:
            index = self._of_network(y, count)
        if len(self.classes_) < 2:
            raise DataError(
                f"y has 1 class, {self.classes_[0]!r}; a classifier needs 2 or more"
            )
        labels = (index[:, None] == np.arange(len(self.classes_))).astype(float)
        return labels[:, 1:] if len(self.classes_) == 2 else labels

    def _of_network(self, y: np.ndarray, count: int) -> np.ndarray:
        """Columns of labels that are numbers of a network's classes."""
        places = np.asarray(y)
        if places.dtype.kind not in "iu" or set(places.tolist()) - set(range(count)):
            raise DataError(
                f"y has {len(self.classes_)} classes, the network {count}; expected "
                "as many, or labels that are the numbers of its classes, 0 to "
                f"{count - 1}"
            )
        self.classes_ = np.arange(count)
        return places


def probabilities(outputs: np.ndarray) -> np.ndarray:
    """A network's logits as probabilities, (n, k); probabilities stay what they are.

    Parameters
    ----------
    outputs : array of shape (n, k)
        Probabilities lie within 0 and 1, and those of several classes sum to 1; all
        else are logits.

    Examples
    --------
    >>> probabilities(np.array([[0.0, 0.0], [3.0, 3.0]])).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    single = outputs.shape[1] == 1
    within = (outputs >= 0).all() and (outputs <= 1).all()
    if within and (single or (abs(outputs.sum(1) - 1) <= SUMS).all()):
        return outputs
    return expit(outputs) if single else softmax(outputs, axis=1)
