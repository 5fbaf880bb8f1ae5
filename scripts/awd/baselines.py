"""What a distilled wavelet has to beat: the mean, the raw trace, named wavelets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from awd import wavelet
from awd.features import Student, linear

if TYPE_CHECKING:
    import pandas as pd

NAMED = ("db5", "db2", "sym5", "coif2", "haar")

# Fixed, not tuned to a data set; early stopping would keep samples from the fit.
BOOSTING = {
    "learning_rate": 0.05,
    "max_iter": 200,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 20,
    "early_stopping": False,
}


class Predictor(Protocol):
    """Anything with ``predict(x) -> (n,)``."""

    def predict(self, x: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Baseline:
    """A fitted predictor, and what the score table says about it.

    ``filter_parameters`` and ``head_parameters`` count the numbers learned from data.
    """

    predictor: Predictor
    role: str
    filter_parameters: int
    head_parameters: int


# One thread: on busy cores OpenMP's waiting makes a small boosting up to 40x slower.
@threadpool_limits.wrap(limits=1)
def fit_all(
    x: np.ndarray,
    y: np.ndarray,
    *,
    student: Student,
    levels: int,
    mode: str = "zero",
    seed: int,
    wavelets: tuple[str, ...] = NAMED,
) -> dict[str, Baseline]:
    """Fit every baseline to the training samples.

    Parameters
    ----------
    x : array of shape (n, time) or (n, channel, time)
        Training signals.
    y : array of shape (n,)
        Their targets.
    student : Student
        The recipe that every wavelet gets, the distilled one included.
    levels, mode : int, str
        As for :func:`awd.kernels.analysis`.
    seed : int
        Seed of the boosting.
    wavelets : tuple of str
        pywt names of orthogonal wavelets.

    Returns
    -------
    dict of str to Baseline
        ``mean``; ``ridge`` and ``boosting`` on the raw trace; the student on each
        named wavelet, under the wavelet's name.
    """
    fitted = {"mean": Baseline(_on_raw("mean", seed).fit(x, y), "constant", 0, 1)}
    for name in ("ridge", "boosting"):
        model = _on_raw(name, seed).fit(x, y)
        fitted[name] = Baseline(model, "raw trace", 0, _parameters(model[-1]))
    for name in wavelets:
        h = wavelet.from_pywt(name)
        own = replace(student).fit(x, y, h, levels, mode)
        fitted[name] = Baseline(own, "named wavelet", 0, own.head_parameters)
    return fitted


@threadpool_limits.wrap(limits=1)
def predict_all(
    x: np.ndarray, y: np.ndarray, x_test: np.ndarray, **recipe: Any
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Fit every baseline to ``x, y`` and predict ``x_test``.

    ``recipe`` is what :func:`fit_all` takes by name.

    Returns
    -------
    predictions : dict of str to array of shape (n_test,)
        By method, in the unit of ``y``.
    records : DataFrame
        ``method``, ``role``, ``filter_parameters``, ``head_parameters``.
    """
    import pandas as pd

    fitted = fit_all(x, y, **recipe)
    predictions = {
        name: item.predictor.predict(x_test) for name, item in fitted.items()
    }
    columns = ("role", "filter_parameters", "head_parameters")
    records = [
        {"method": name, **{column: getattr(item, column) for column in columns}}
        for name, item in fitted.items()
    ]
    return predictions, pd.DataFrame(records)


def _on_raw(name: str, seed: int) -> Any:
    """An unfitted scikit-learn pipeline that reads signals of any shape."""
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    models = {
        "mean": DummyRegressor,
        "ridge": lambda: linear("ridge"),
        "boosting": lambda: HistGradientBoostingRegressor(
            **BOOSTING, random_state=seed
        ),
    }
    return make_pipeline(FunctionTransformer(_flat), models[name]())


def _flat(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float64)
    return x.reshape(len(x), -1)


def _parameters(model: Any) -> int:
    """Numbers in a fitted model: feature and threshold of each split, leaf values."""
    trees = getattr(model, "_predictors", None)
    if trees is None:
        return model.n_features_in_ + 1
    leaves = sum(tree.get_n_leaf_nodes() for (tree,) in trees)
    return 3 * leaves - 2 * len(trees) + 1
