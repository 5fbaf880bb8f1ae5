"""What a distilled wavelet has to beat without any wavelet: models of raw samples.

And of features: what toolboxes of today make of series and, where a data set brings
them, those made by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from awd import registry
from awd.arguments import checked
from awd.errors import ConfigError, DataError, ShapeError
from awd.league import series

if TYPE_CHECKING:
    from awd.league.splits import Part


class Baseline(NamedTuple):
    """A head, and what it reads: an array of a part, through a maker of features.

    ``head`` is "mean", "boosting" or one of :func:`awd.heads.head`; ``reads``
    names an array of a :class:`awd.league.splits.Part`; ``features`` gives a fresh
    transformer for a seed, of series of ``least`` samples or more; 0 is of anything.
    """

    head: str
    reads: str = "x"
    features: Callable[[int], Any] = series.flat
    least: int = 0


MODELS = {
    "mean": Baseline("mean"),
    "ridge": Baseline("ridge"),
    "boosting": Baseline("boosting"),
    "hand_ridge": Baseline("ridge", "hand"),
    "hand_hinges": Baseline("hinges", "hand"),
    "hand_boosting": Baseline("boosting", "hand"),
    "minirocket": Baseline("ridge", features=series.minirocket, least=series.KERNEL),
    "multirocket": Baseline(
        "ridge", features=series.multirocket, least=series.KERNEL + 1
    ),
    "catch22": Baseline("ridge", features=series.catch22, least=2),
    "scattering_ridge": Baseline("ridge", features=series.scattered, least=8),
}

# Early stopping would keep samples from the fit; the fits then have nothing random.
BOOSTING = {"learning_rate": 0.05, "early_stopping": False, "min_samples_leaf": 20}
# Small ones first: the large overfit few groups, the small miss what many would tell.
SIZES = [
    {"max_iter": [iterations], "max_leaf_nodes": [leaves]}
    for iterations, leaves in ((80, 4), (200, 4), (200, 8), (200, 15))
]
FOLDS = 4  # of the groups, by which a size is chosen


def model_of(name: str) -> Baseline:
    """A baseline by its name, or its import path."""
    found = registry.named(name, MODELS, "baseline")
    if not isinstance(found, Baseline):
        raise ConfigError(
            f"{name} is a {type(found).__name__}; expected a Baseline of "
            "awd.league.baselines"
        )
    return found


def inputs(name: str, part: Part) -> np.ndarray | None:
    """What the baseline reads of a part, (n, ...); None where the part lacks it.

    Models of series do not read images, nor series that are too short for them.
    """
    model = model_of(name)
    found = getattr(part, model.reads)
    too_short = found is not None and found.shape[-1] < model.least
    unfit = model.least and found is not None and (found.ndim == 4 or too_short)
    return None if unfit else found


# One thread: on busy cores OpenMP's waiting makes a small boosting up to 40x slower.
@threadpool_limits.wrap(limits=1)
@checked(x="n ...", y="n", groups="n", seed=(0, 2**32 - 1), labels="groups")
def fit(name: str, x: np.ndarray, y: np.ndarray, groups: np.ndarray, seed: int) -> Any:
    """Fit a model that sees its inputs as they are.

    Parameters
    ----------
    name : str
        A key of :data:`MODELS`, or the import path of a :class:`Baseline`. Those of the
        table are the mean of the targets; ridge on standardised features with the
        penalty of least leave-one-out error, and on their hinges; gradient boosting
        with the one of :data:`SIZES` that predicts other groups best.
    x : array of shape (n, ...)
        Training :func:`inputs`.
    y : array of shape (n,)
        Their targets.
    groups : array of shape (n,)
        What is not torn when the boosting's size is chosen: 2 or more.
    seed : int
        Of random features.

    Returns
    -------
    scikit-learn Pipeline
        With ``predict((n, ...)) -> (n,)``.

    Raises
    ------
    ConfigError
        There is no such model.
    DataError, ShapeError
        There is one group only, or series are too short for their features.
    """
    from sklearn.pipeline import make_pipeline

    head, _, features, least = model_of(name)
    if np.shape(x)[-1] < least:
        raise ShapeError(
            f"series of {np.shape(x)[-1]} samples; {name} reads {least} or more; bring "
            "longer ones"
        )
    transformer = features(seed)
    read = transformer.fit_transform(x)
    model = boosting(read, y, groups) if head == "boosting" else regressor(head)
    return make_pipeline(transformer, model.fit(read, y))


def regressor(head: str, leaf: int = 20) -> Any:
    """A fresh model of features (n, features).

    Parameters
    ----------
    head : {"mean", "ridge", "hinges", "boosting"}
        The mean of the targets; heads of :func:`awd.heads.head`; gradient boosting of
        the largest of :data:`SIZES`.
    leaf : int
        Its least samples of a leaf, fewer where there are few samples.
    """
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor

    from awd import heads

    if head == "mean":
        return DummyRegressor()
    if head == "boosting":
        size = {name: values[0] for name, values in SIZES[-1].items()}
        settings = BOOSTING | {"min_samples_leaf": leaf}
        return HistGradientBoostingRegressor(**settings, **size)
    return heads.head(head)


def boosting(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Any:
    """A boosting, not fitted, of the size that best predicts groups left out.

    Raises
    ------
    DataError
        There is one group only.
    """
    from sklearn.model_selection import GridSearchCV, GroupKFold

    count = len(np.unique(groups))
    if count < 2:
        raise DataError(
            "all samples are of one group; to choose the boosting's size takes at "
            "least 2: give blocks of it in their place"
        )
    model = regressor("boosting")
    search = GridSearchCV(
        *(model, SIZES),
        scoring="neg_mean_squared_error",
        cv=GroupKFold(min(FOLDS, count)),
        refit=False,
        error_score="raise",
    )
    search.fit(x, y, groups=groups)
    return model.set_params(**search.best_params_)


def parameters(pipeline: Any) -> int:
    """Numbers in a fitted model.

    One a slope and the intercept; of the boosting the feature and threshold of each
    split and the leaf values; of the mean the mean.
    """
    model = pipeline[-1]
    if hasattr(model, "constant_"):
        return 1
    if not hasattr(model, "_predictors"):
        return model[-1].coef_.size + 1
    trees = model._predictors
    leaves = sum(tree.get_n_leaf_nodes() for (tree,) in trees)
    return 3 * leaves - 2 * len(trees) + 1
