"""Predictions of every head for maps that it was not fitted to."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.errors import DataError
from awd.maps.infer import compressed, heads
from awd.maps.infer.cosmologies import alone, box
from awd.maps.infer.emulator import Emulator
from awd.maps.infer.likelihood import Covariance
from awd.maps.infer.size import FOLDS, degree_for
from awd.record import contracts
from awd.record.contracts import Variable

if TYPE_CHECKING:
    import xarray as xr

# How features become parameters. The first two assume that the truth is one of the
# training cosmologies; "compressed" is an emulator of few sums of features; "unseen"
# predicts each cosmology without having seen it.
HEADS = (
    "nearest",
    "posterior",
    "ridge",
    "emulator",
    "calibrated",
    "compressed",
    "unseen",
)
POSTERIORS = ("emulator", "calibrated")
FEW = 2  # maps a feature, below which a covariance is shrunk
COMPONENTS = 24  # principal components of the ridge

INFERRED = contracts.Contract(
    "inferred",
    {
        "head": Variable(("head",), "U", values=HEADS),
        "prediction": Variable(("head", "sample", "name"), "f", described=True),
        "target": Variable(("sample", "name"), "f", described=True),
        "rank": Variable(("posterior", "sample", "name"), "f", low=0, high=1 + 1e-9),
        # Of the calibrated posterior: its goodness of fit, and whether its best
        # cosmology lies at the border of the box.
        "chi2": Variable(("sample",), "f", low=0),
        "p_value": Variable(("sample",), "f", low=0, high=1),
        "edge": Variable(("sample",), "i", low=0, high=1),
        "cosmology": Variable(("sample",), "U"),
        "group": Variable(("sample",), "U"),
        "row": Variable(("sample",), "i", low=0),
    },
    ("statistic", "features", "constants", "covariance", "chi2_expected"),
)


@checked(features="n d", maps={"target", "split", "group"})
def predict(
    features: np.ndarray,
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None = None,
    covariance: str = "auto",
) -> xr.Dataset:
    """Predictions of every head for the test maps, fitted to the training maps.

    Parameters
    ----------
    features : array of shape (n, d)
        Of all maps.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`; its pixels are not read.
    bounds : sequence of (low, high), optional
        The box of the parameters; by default that of the training cosmologies,
        :func:`awd.maps.infer.cosmologies.box`.
    covariance : {"auto", "pooled", "shrunk"}
        Of emulators, see :class:`awd.maps.infer.emulator.Emulator`; of the nearest
        cosmology it is pooled, or shrunk where that is asked for or maps are few.

    Returns
    -------
    Dataset
        :data:`INFERRED` but for the attributes of the statistic.

    Raises
    ------
    DataError
        There are too few cosmologies or maps.
    """
    import xarray as xr

    target = maps["target"].values.astype(float)
    split, cosmology = maps["split"].values, maps["cosmology"].values
    train, test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    training = features[train], target[train]
    degree = degree_of(target[train])
    components = min(COMPONENTS, features.shape[1])
    emulator = Emulator(degree, bounds, covariance=covariance).fit(*training)
    posteriors = [emulator, widened(emulator, features, maps)]
    near = _pooled(covariance, features.shape[1], [cosmology[train]])
    # Where every map has its own cosmology, maps deviate from the polynomial alone.
    lone = alone(np.unique(target[train], axis=0, return_inverse=True)[1].ravel())
    white = emulator.likelihood_.white if lone else None
    known = [
        heads.NearestCosmology(near, white=white),
        heads.PosteriorMean(near, white=white),
        heads.quadratic_ridge(components),
    ]
    few = compressed.emulator(degree, bounds)
    answers = [head.answers(features[test], target[test]) for head in posteriors]
    predictions = [  # in the order of HEADS
        *(head.fit(*training).predict(features[test]) for head in known),
        *(answer.mean for answer in answers),
        few.fit(*training).predict(features[test]),
        _unseen(features, target, cosmology, train, test, bounds, covariance),
    ]
    ranks, fits = [answer.ranks for answer in answers], answers[1].goodness
    ds = xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), np.array(predictions)),
            "target": maps["target"].isel(sample=test),
            "rank": (("posterior", "sample", "name"), np.array(ranks)),
            "chi2": ("sample", fits.chi2),
            "p_value": ("sample", fits.p_value),
            "edge": ("sample", fits.edge.astype(np.int8)),
            "cosmology": maps["cosmology"].isel(sample=test),
            "group": maps["group"].isel(sample=test),
            "row": ("sample", test),
        },
        coords={"head": list(HEADS), "posterior": list(POSTERIORS)},
    )
    ds["prediction"].attrs = maps["target"].attrs
    expected = float(posteriors[1].reference_.mean())
    return ds.assign_attrs(covariance=emulator.covariance_, chi2_expected=expected)


@checked(features="n d", maps={"target", "split", "group"})
def calibrated(
    features: np.ndarray,
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None = None,
    covariance: str = "auto",
) -> Emulator:
    """The emulator of the training maps, corrected and widened by the select maps.

    Parameters and errors are those of :func:`predict`.
    """
    target = maps["target"].values.astype(float)
    train = maps["split"].values == "train"
    degree = degree_of(target[train])
    head = Emulator(degree, bounds, covariance=covariance)
    return widened(head.fit(features[train], target[train]), features, maps)


def widened(emulator: Emulator, features: np.ndarray, maps: xr.Dataset) -> Emulator:
    """A copy of an emulator, calibrated on the select maps."""
    select = maps["split"].values == "select"
    group, target = maps["group"].values[select], maps["target"].values[select]
    return copy.deepcopy(emulator).calibrate(
        features[select], target.astype(float), group
    )


def degree_of(parameters: np.ndarray) -> int:
    """Degree of the polynomial for the cosmologies of maps, from (n, p).

    Raises
    ------
    DataError
        There are too few cosmologies.
    """
    cosmologies, names = np.unique(parameters, axis=0).shape
    degree = degree_for(cosmologies, names)
    if not degree:
        raise DataError(
            f"{cosmologies} cosmologies train; to interpolate between them in {names} "
            f"parameters takes at least {names + 2}"
        )
    return degree


def _pooled(covariance: str, features: int, sets: list[np.ndarray]) -> Covariance:
    """The covariance of heads that choose none: shrunk where that is asked for.

    And where a set of maps, of which these are the cosmologies, has fewer than two a
    feature: the inverse of a pooled one is mostly noise there.
    """
    least = min(len(own) - len(np.unique(own)) for own in sets)
    enough = least >= FEW * features and covariance != "shrunk"
    return "pooled" if enough else "shrunk"


def _unseen(
    features: np.ndarray,
    target: np.ndarray,
    cosmology: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    bounds: Sequence[tuple[float, float]] | None,
    covariance: str,
) -> np.ndarray:
    """Test maps predicted by an emulator that never saw their cosmology.

    One degree lower: it has to reach beyond its cosmologies.
    """
    names = np.unique(cosmology)
    folds = min(FOLDS, len(names))
    fold = np.random.default_rng(0).permutation(len(names)) % folds
    fold = fold[np.searchsorted(names, cosmology)]
    predictions = np.empty((len(test), target.shape[1]))
    bounds = bounds or box(target[train])
    others = [train[fold[train] != k] for k in range(folds)]
    near = _pooled(covariance, features.shape[1], [cosmology[o] for o in others])
    for k, outside in enumerate(others):
        inside = fold[test] == k
        degree = min(degree_of(target[outside]), 2)
        head = Emulator(degree, bounds, covariance=near, folds=0)
        head.fit(features[outside], target[outside])
        predictions[inside] = head.predict(features[test[inside]])
    return predictions


def stack(
    inferred: Sequence[xr.Dataset], parameter: str
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Truth, predictions by "statistic head", and cosmology of every test map.

    Truth and predictions are those of one parameter.

    Raises
    ------
    DataError
        The statistics predict different maps.
    """
    first = inferred[0]
    predictions = {}
    for dataset in inferred:
        statistic = dataset.attrs["statistic"]
        if not np.array_equal(dataset["row"], first["row"]):
            raise DataError(
                f"{statistic} predicts other maps than {first.attrs['statistic']}; "
                "infer both from the same maps"
            )
        for head in HEADS:
            values = dataset["prediction"].sel(head=head, name=parameter).values
            predictions[f"{statistic} {head}"] = values
    y = first["target"].sel(name=parameter).values.astype(float)
    return y, predictions, first["cosmology"].values
