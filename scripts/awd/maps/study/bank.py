"""A bank of filters and what a student reads through each: made once, asked often.

Which filter reproduces a network's output best? The student reads quantiles of
coefficients, so there is no slope to descend along; but
few parameters are soon scanned, and the features do not depend on the network. A new
teacher, target or control then costs seconds, and all choose from the same filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd import io, wavelet
from awd.filters.families import GAUSSIAN, ISOTROPIC, SYMMETRIC, Family, Lattice
from awd.filters.undecimated import Quantiles
from awd.league import choose
from awd.league.names import OURS
from awd.maps.measure import masks
from awd.maps.measure.statistics import (
    LEVELS,
    ORTHONORMAL,
    SMOOTHER,
    FilterStatistic,
    of_maps,
)
from awd.record import contracts
from awd.record.contracts import Variable

if TYPE_CHECKING:
    import xarray as xr

PRODUCTS = 8  # principal components whose products the ridge sees
NEAR = 0.4  # radians around the angles of named wavelets
NAMED = ("haar", "db2", "db3", "db5", "sym4", "sym5", "coif1")


@dataclass(frozen=True)
class Shelf:
    """A family in the bank: its filters, and the bands that are read through them.

    Parameters
    ----------
    family : Family
    bands : tuple of str
        See :class:`awd.filters.undecimated.Quantiles`.
    many : int
        How many times as many candidates as a family of one parameter.
    """

    family: Family
    bands: tuple[str, ...]
    many: int = 1

    def candidates(self, count: int, seed: int) -> np.ndarray:
        """Parameters (n, free): evenly spread, those of lattices also near named ones.

        ``count`` is for one parameter.
        """
        from scipy.stats import qmc

        free = len(self.family.bounds)
        if free == 1:
            # Of a period the last point is the first again.
            ends = not self.family.periodic
            unit = np.linspace(0, 1, count, endpoint=ends)[:, None]
            return self.family.points(unit)
        rng = np.random.default_rng(seed)
        sobol = qmc.Sobol(free, rng=rng)
        total = self.many * count
        unit = sobol.random_base2(max(total - 1, 1).bit_length())[:total]
        points = self.family.points(unit)
        if isinstance(self.family, Lattice):
            named = [wavelet.from_pywt(name) for name in NAMED]
            named = [h for h in named if len(h) <= self.family.taps]
            angles = np.array([self.family.parameters(h) for h in named])
            half = total // 2
            around = angles[np.arange(half) % len(angles)]
            around = around + rng.uniform(-NEAR, NEAR, around.shape)
            around[: len(angles)] = angles[:half]
            points = np.concatenate([points[: total - half], around])
        return points

    def statistic(self, h: np.ndarray) -> FilterStatistic:
        """What the student of a filter reads."""
        return FilterStatistic(h, Quantiles(bands=self.bands), LEVELS)


SHELVES = {
    "symmetric": Shelf(SYMMETRIC, SMOOTHER),
    "gaussian": Shelf(GAUSSIAN, ("difference",)),
    "isotropic": Shelf(ISOTROPIC, ("difference",), 2),
    "lattice4": Shelf(Lattice(4), ORTHONORMAL),
    "lattice6": Shelf(Lattice(6), ORTHONORMAL, 2),
    "lattice10": Shelf(Lattice(10), ORTHONORMAL, 4),
}

BANK = contracts.Contract(
    "bank",
    {
        "filter": Variable(("candidate", "tap"), "f"),
        "parameter": Variable(("candidate", "free"), "f"),
        "features": Variable(("candidate", "sample", "feature"), "f"),
        "row": Variable(("sample",), "i", low=0),
        "split": Variable(("sample",), "U", values=("train", "select")),
    },
    ("family",),
)


# The paper's soft losses at every pair of weights.
SOFT = contracts.Contract(
    "soft",
    {
        "filter": Variable(("sparsity", "attribution", "tap"), "f"),
        "loss": Variable(("sparsity", "attribution"), "f"),
        "sparsity": Variable(("sparsity",), "f", low=0),
        "attribution": Variable(("attribution",), "f", low=0),
    },
)


def rows_of(maps: xr.Dataset, train: int, select: int) -> np.ndarray:
    """Maps that fill the bank: so many of every cosmology, evenly over its groups."""
    side, cosmology = maps["split"].values, maps["cosmology"].values
    rows = []
    for name, most in (("train", train), ("select", select)):
        for cosmology_name in np.unique(cosmology):
            own = np.flatnonzero((side == name) & (cosmology == cosmology_name))
            places = np.linspace(0, len(own), min(most, len(own)), endpoint=False)
            rows.append(own[places.astype(int)])
    return np.concatenate(rows)


def fill(
    family: str,
    maps: xr.Dataset,
    rows: np.ndarray,
    count: int,
    seed: int,
    each: Callable[[Callable, np.ndarray], Iterable[np.ndarray]] = map,
) -> xr.Dataset:
    """The bank of a family, as :data:`BANK`.

    Parameters
    ----------
    family : str
        Of :data:`SHELVES`.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened; test maps are not looked at.
    rows : array of int
        From :func:`rows_of`.
    count, seed : int
        As for :meth:`Shelf.candidates`.
    each : callable
        Goes through the candidates as ``map`` does, or
        :func:`awd.record.checkpoint.mapped`.
    """
    import xarray as xr

    shelf = SHELVES[family]
    parameters = shelf.candidates(count, seed)
    filters = shelf.family.filters(parameters)
    x, mask = masks.read(maps, rows)
    split = maps["split"].values[rows]
    train = split == "train"

    def described(h: np.ndarray) -> np.ndarray:
        statistic = of_maps(shelf.statistic(h), x.ndim)
        seen = None if mask is None else mask[train]
        return statistic.fitted(x[train], seen).features(x, mask)

    features = list(each(described, filters))
    return xr.Dataset(
        {
            "filter": (("candidate", "tap"), filters.reshape(len(filters), -1)),
            "parameter": (("candidate", "free"), parameters),
            "features": (("candidate", "sample", "feature"), np.stack(features)),
            "row": ("sample", rows),
            "split": ("sample", split.astype(str)),
        },
        attrs={"family": family},
    )


def shaped(family: str, taps: np.ndarray) -> np.ndarray:
    """A filter of the bank as the transform takes it: 3 x 3 where it is no product."""
    return taps.reshape(3, 3) if family == "isotropic" else taps


def chosen(paths: Sequence[io.PathLike]) -> dict[str, FilterStatistic]:
    """What is read through the filter that we stand for, by the name of its method.

    ``paths`` holds one ``wavelets.nc``, or none.
    """
    found = {}
    for path in paths:
        methods = choose.from_dataset(io.read(path, contracts.WAVELETS))
        family, h = methods[OURS].family, methods[OURS].chosen.filter
        found[OURS] = SHELVES[family].statistic(shaped(family, h))
    return found


class Ridge:
    """Ridge on features and the products of their first principal components.

    The penalty of each target has the least leave-one-out error.
    """

    def fit(self, features: np.ndarray, y: np.ndarray) -> Ridge:
        """``y`` is (n,) or (n, targets)."""
        from sklearn.linear_model import RidgeCV

        self.mean_, self.sd_ = features.mean(0), features.std(0)
        self.sd_[self.sd_ < 1e-6] = 1
        unit = (features - self.mean_) / self.sd_
        _, _, axes = np.linalg.svd(unit, full_matrices=False)
        self.axes_ = axes[:PRODUCTS].T
        products = self._products(unit)
        self.centre_, self.scale_ = products.mean(0), products.std(0) + 1e-12
        alphas = np.geomspace(1e-1, 1e5, 13)
        self.model_ = RidgeCV(alphas, alpha_per_target=y.ndim == 2)
        self.model_.fit(self._design(unit), y)
        self.shape_ = y.shape[1:]
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """As ``y``."""
        design = self._design((features - self.mean_) / self.sd_)
        # scikit-learn answers a single column without its dimension.
        return self.model_.predict(design).reshape(len(features), *self.shape_)

    def _products(self, unit: np.ndarray) -> np.ndarray:
        scores = unit @ self.axes_
        first, second = np.triu_indices(scores.shape[1])
        return scores[:, first] * scores[:, second]

    def _design(self, unit: np.ndarray) -> np.ndarray:
        products = (self._products(unit) - self.centre_) / self.scale_
        return np.hstack([unit, products])


def fidelity(bank: xr.Dataset, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How well the student of every filter reproduces several outputs.

    Parameters
    ----------
    bank : Dataset
        :data:`BANK`.
    outputs : array of shape (n, outputs)
        Of all maps; read are those in the bank.

    Returns
    -------
    r2 : ndarray of shape (candidates, outputs)
        On the select maps, of a ridge fitted to the training maps.
    squares : ndarray of shape (candidates, selected, outputs)
        Squared errors there, to resample.
    """
    train, select = (bank["split"].values == side for side in ("train", "select"))
    y = outputs[bank["row"].values]
    features = bank["features"].values
    squares = np.stack(
        [
            (Ridge().fit(table[train], y[train]).predict(table[select]) - y[select])
            ** 2
            for table in features
        ]
    )
    spread = ((y[select] - y[select].mean(0)) ** 2).sum(0)
    return 1 - squares.sum(1) / spread, squares


def resampled(
    squares: np.ndarray, cosmology: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """Which candidate is best when cosmologies are drawn anew, (draws,).

    ``squares`` (candidates, n) and ``cosmology`` (n,) are of the select maps.
    """
    names, own = np.unique(cosmology, return_inverse=True)
    errors = np.stack([squares[:, own == k].sum(1) for k in range(len(names))])
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(names), size=(draws, len(names)))
    # The spread of the output is the same for all candidates.
    return errors[picks].sum(1).argmin(1)
