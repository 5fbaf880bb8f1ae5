"""Features of series that toolboxes of today offer: random kernels and statistics.

Each function gives a fresh scikit-learn transformer, of series (n, time) or
(n, channel, time) to features (n, d); aeon's run on one thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from awd.filters import scattering

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

KERNEL = 9  # samples that a kernel of the rockets reads
KERNELS = 1000  # of MultiRocket, for 7,392 features; its default makes 49,728


def flat(seed: int) -> Any:
    """The samples themselves."""
    from sklearn.preprocessing import FunctionTransformer

    return FunctionTransformer(_flat)


def minirocket(seed: int) -> Pipeline:
    """Shares of positive values under 9,996 kernels (Dempster et al. 2021)."""
    from aeon.transformations.collection.convolution_based import MiniRocket

    return _read_by(MiniRocket(random_state=seed))


def multirocket(seed: int) -> Pipeline:
    """Four readings of 924 kernels and their differences (Tan et al. 2022)."""
    from aeon.transformations.collection.convolution_based import MultiRocket

    return _read_by(MultiRocket(KERNELS, random_state=seed))


def catch22(seed: int) -> Pipeline:
    """22 statistics of a series (Lubba et al. 2019), its mean and its s.d."""
    from aeon.transformations.collection.feature_based import Catch22

    return _read_by(Catch22(catch24=True, replace_nans=True))


def scattered(seed: int) -> Any:
    """See :func:`awd.filters.scattering.of_series`."""
    from sklearn.preprocessing import FunctionTransformer

    return FunctionTransformer(scattering.of_series)


def compile() -> None:
    """Compile aeon's loops, for one channel and for several, into its cache on disk."""
    x = np.random.default_rng(0).normal(size=(4, 2, 40))
    for features in (minirocket, multirocket, catch22):
        for channels in (1, 2):
            features(0).fit_transform(x[:, :channels])


def _read_by(transformer: Any) -> Pipeline:
    """One of aeon's, after its inputs are shaped as it wants them."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    return make_pipeline(FunctionTransformer(_channels), transformer)


def _channels(x: np.ndarray) -> np.ndarray:
    """Series (n, channel, time)."""
    return np.reshape(x, (len(x), -1, np.shape(x)[-1])).astype(np.float64)


def _flat(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, np.float64)
    return x.reshape(len(x), -1)
