"""Small models that take a network's place, as scikit-learn's regressor and classifier.

A wavelet is distilled from what the network answers, and a sum of curves of its
coefficients is fitted to the answers, to labels, or to both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from awd import scalars
from awd.errors import DataError
from awd.predictor import Known, Predictor, by_sample
from awd.samples import real

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

SUMS = 1e-3  # by which probabilities may miss a sum of 1


class AdaptiveWaveletRegressor(RegressorMixin, Predictor):
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
    score_, score_interval_ : float, (float, float)
        The same against the labels, where there are labels beside a network's outputs;
        else as ``fidelity_``. A network that saw these labels flatters it a little.
    fit_to_, share_ : str, float
        What the head was fitted to, and the share of the outputs in it.
    result_ : Distilled
        How the wavelet was found.
    partly_ : bool
        Whether it was fitted with ``lengths`` or ``mask``.
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
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
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
        lengths : array of int of shape (n,), optional
            Where signals of unequal length end. Beyond it X is not read; the teacher
            reads 0 there, the wavelet the mean of the channel.
        mask : array of shape (n, time) or (n, y, x), optional
            1 where a value was seen, 0 in gaps, which are filled with means of what
            was seen around them. What was not seen counts in no mean.

        Raises
        ------
        ConfigError
            Nothing to learn from, or parameters that cannot be.
        ShapeError, DataError, KindError
            Arrays that do not fit each other, or hold no finite real numbers; the
            network does not take the samples.
        """
        self._target = target
        known = Known(
            teacher, outputs, gradients, groups, held_out, seen, lengths, mask
        )
        return self._fit(X, y, known, y_numeric=True)

    def predict(
        self,
        X: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Predictions (n,), within the range of what the head was fitted to.

        ``lengths`` and ``mask`` as in :meth:`fit`, and needed if they were given there.
        """
        return self._values(X, lengths, mask)[:, 0]

    def score(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> float:
        """R2 of predictions against y (n,)."""
        predicted = self.predict(X, lengths=lengths, mask=mask)
        return float(r2_score(y, predicted, sample_weight=sample_weight))

    def explain(
        self,
        X: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """What every curve adds to every prediction, against its usual value.

        Returns
        -------
        DataFrame
            As of :func:`awd.features.contributions`, and a row "clipped" a sample:
            contributions sum to predictions.
        """
        return self._explained(X, 0, lengths, mask)

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        column = scalars.whole(self._target, "target", 0, outputs.shape[1] - 1)
        return outputs[:, column, None]

    def _differentiated(self, outputs: np.ndarray) -> Any:
        return self._target

    def _labels(self, y: np.ndarray | None, outputs: np.ndarray | None) -> Any:
        return None if y is None else real(y, "y").astype(float)[:, None]


class AdaptiveWaveletClassifier(ClassifierMixin, Predictor):
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
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> Self:
        """As :meth:`AdaptiveWaveletRegressor.fit`.

        ``y`` are labels of any kind; ``outputs``, and what a teacher answers, logits or
        probabilities (n, classes), or (n,) of the second of two classes.
        """
        known = Known(
            teacher, outputs, gradients, groups, held_out, seen, lengths, mask
        )
        return self._fit(X, y, known)

    def predict_proba(
        self,
        X: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Probabilities of the classes, (n, classes)."""
        found = self._values(X, lengths, mask).clip(0, 1)
        if found.shape[1] == 1:
            return np.concatenate([1 - found, found], 1)
        found = np.maximum(found, np.finfo(float).tiny)
        return found / found.sum(1, keepdims=True)

    def decision_function(
        self,
        X: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """What the heads give, (n, classes); of two classes (n,), above one half."""
        found = self._values(X, lengths, mask)
        return found[:, 0] - 0.5 if found.shape[1] == 1 else found

    def predict(
        self,
        X: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """The likeliest class of every sample, (n,)."""
        found = self.decision_function(X, lengths=lengths, mask=mask)
        place = found.argmax(1) if found.ndim == 2 else (found > 0).astype(int)
        return self.classes_[place]

    def score(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> float:
        """Share of the samples whose class is predicted."""
        predicted = self.predict(X, lengths=lengths, mask=mask)
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))

    def explain(
        self,
        X: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> pd.DataFrame:
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
        tables = [self._explained(X, k, lengths, mask) for k in students]
        named = (
            table.assign(**{"class": name})
            for table, name in zip(tables, names, strict=True)
        )
        return by_sample(*named)

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
        try:
            check_classification_targets(y)
            self.classes_, index = np.unique(y, return_inverse=True)
        except ValueError as error:
            raise DataError(f"y: {error}") from error
        except TypeError as error:
            raise DataError(
                f"y holds labels of several kinds ({error}); give all as text or all "
                "as numbers, and none that is missing"
            ) from error
        if count is not None and len(self.classes_) != count:
            index = self._of_network(y, count)
        if len(self.classes_) < 2:
            only = scalars.shown(self.classes_.tolist()[0])
            raise DataError(f"y has 1 class, {only}; a classifier needs 2 or more")
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
