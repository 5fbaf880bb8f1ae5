"""What a distilled wavelet has to beat without any wavelet: models of raw samples.

And, where a data set brings them, of features made by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from awd.errors import ConfigError

if TYPE_CHECKING:
    from awd.league.splits import Part


class Baseline(NamedTuple):
    """A model, and the array of a :class:`awd.league.splits.Part` that it reads."""

    model: str
    reads: str


MODELS = {
    "mean": Baseline("mean", "x"),
    "ridge": Baseline("ridge", "x"),
    "boosting": Baseline("boosting", "x"),
    "hand_ridge": Baseline("ridge", "hand"),
    "hand_boosting": Baseline("boosting", "hand"),
}

# Fixed, not tuned to a data set; early stopping would keep samples from the fit.
BOOSTING = {
    "learning_rate": 0.05,
    "max_iter": 200,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 20,
    "early_stopping": False,
}


def inputs(name: str, part: Part) -> np.ndarray | None:
    """What the baseline reads of a part, (n, ...); None where the part lacks it."""
    return getattr(part, MODELS[name].reads)


# One thread: on busy cores OpenMP's waiting makes a small boosting up to 40x slower.
@threadpool_limits.wrap(limits=1)
def fit(name: str, x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """Fit a model that sees its inputs as they are.

    Parameters
    ----------
    name : str
        A key of :data:`MODELS`.
    x : array of shape (n, ...)
        Training :func:`inputs`, flattened.
    y : array of shape (n,)
        Their targets.
    seed : int
        Seed of the boosting.

    Returns
    -------
    scikit-learn Pipeline
        With ``predict((n, ...)) -> (n,)``.

    Raises
    ------
    ConfigError
        When there is no such model.
    """
    if name not in MODELS:
        raise ConfigError(f"no baseline {name!r}; there is {', '.join(MODELS)}")
    return regressor(MODELS[name].model, seed).fit(x, y)


def regressor(
    model: str, seed: int, leaf: int = int(BOOSTING["min_samples_leaf"])
) -> Any:
    """A fresh model of samples (n, ...), which it flattens.

    Parameters
    ----------
    model : {"mean", "ridge", "hinges", "boosting"}
        The mean of the targets; heads of :func:`awd.heads.head`; gradient boosting with
        the fixed settings :data:`BOOSTING`.
    seed : int
        Seed of the boosting.
    leaf : int
        Its least samples of a leaf, fewer where there are few samples.

    Returns
    -------
    scikit-learn Pipeline
    """
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from awd import heads

    if model == "mean":
        last = DummyRegressor()
    elif model == "boosting":
        settings = {**BOOSTING, "min_samples_leaf": leaf}
        last = HistGradientBoostingRegressor(**settings, random_state=seed)
    else:
        last = heads.head(model)
    return make_pipeline(FunctionTransformer(_flat), last)


def parameters(pipeline: Any) -> int:
    """Numbers in a fitted model.

    One a feature and the intercept; of the boosting the feature and threshold of each
    split and the leaf values; of the mean the mean.
    """
    model = pipeline[-1]
    if hasattr(model, "constant_"):
        return 1
    if not hasattr(model, "_predictors"):
        return model.n_features_in_ + 1
    trees = model._predictors
    leaves = sum(tree.get_n_leaf_nodes() for (tree,) in trees)
    return 3 * leaves - 2 * len(trees) + 1


def _flat(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float64)
    return x.reshape(len(x), -1)
