"""Predictions of every head for maps that it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.errors import DataError
from awd.maps.infer import compressed, heads
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
FOLDS = 6  # of the cosmologies
COMPONENTS = 24  # principal components of the ridge

INFERRED = contracts.Contract(
    "inferred",
    {
        "head": Variable(("head",), "U", values=HEADS),
        "prediction": Variable(("head", "sample", "name"), "f", described=True),
        "target": Variable(("sample", "name"), "f", described=True),
        "rank": Variable(("posterior", "sample", "name"), "f", low=0, high=1 + 1e-9),
        "cosmology": Variable(("sample",), "U"),
        "group": Variable(("sample",), "U"),
        "row": Variable(("sample",), "i", low=0),
    },
    ("statistic", "features", "edges"),
)


def predict(
    features: np.ndarray,
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None = None,
) -> xr.Dataset:
    """Predictions of every head for the test maps, fitted to the training maps.

    Parameters
    ----------
    features : array of shape (n, d)
        Of all maps.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`; its pixels are not read.
    bounds : sequence of (low, high), optional
        The box of the parameters; by default the range of the training maps.

    Returns
    -------
    Dataset
        :data:`INFERRED` but for its attributes.

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
    degree = degree_for(len(np.unique(target[train], axis=0)))
    components = min(COMPONENTS, features.shape[1])
    posteriors = [
        heads.Emulator(degree, bounds).fit(*training),
        calibrated(features, maps, bounds),
    ]
    fitted = [  # in the order of HEADS
        heads.NearestCosmology().fit(*training),
        heads.PosteriorMean().fit(*training),
        heads.quadratic_ridge(components).fit(*training),
        *posteriors,
        compressed.emulator(degree, bounds).fit(*training),
    ]
    predictions = [head.predict(features[test]) for head in fitted]
    predictions.append(_unseen(features, target, cosmology, train, test, bounds))
    ranks = [head.ranks(features[test], target[test]) for head in posteriors]
    ds = xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), np.array(predictions)),
            "target": maps["target"].isel(sample=test),
            "rank": (("posterior", "sample", "name"), np.array(ranks)),
            "cosmology": maps["cosmology"].isel(sample=test),
            "group": maps["group"].isel(sample=test),
            "row": ("sample", test),
        },
        coords={"head": list(HEADS), "posterior": list(POSTERIORS)},
    )
    ds["prediction"].attrs = maps["target"].attrs
    return ds


def calibrated(
    features: np.ndarray,
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None = None,
) -> heads.Emulator:
    """The emulator of the training maps, its covariance widened by the select maps.

    Parameters and errors are those of :func:`predict`.
    """
    target = maps["target"].values.astype(float)
    split = maps["split"].values
    train, select = split == "train", split == "select"
    degree = degree_for(len(np.unique(target[train], axis=0)))
    head = heads.Emulator(degree, bounds).fit(features[train], target[train])
    group = maps["group"].values[select]
    return head.calibrate(features[select], target[select], group)


def degree_for(cosmologies: int) -> int:
    """Degree of the emulator's polynomial: cosmologies twice its terms, up to 3.

    Raises
    ------
    DataError
        There are fewer than 4 cosmologies.
    """
    if cosmologies < 4:
        raise DataError(
            f"{cosmologies} cosmologies train; to interpolate between them takes at "
            "least 4"
        )
    return 3 if cosmologies >= 20 else 2 if cosmologies >= 10 else 1


def _unseen(
    features: np.ndarray,
    target: np.ndarray,
    cosmology: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    bounds: Sequence[tuple[float, float]] | None,
) -> np.ndarray:
    """Test maps predicted by an emulator that never saw their cosmology.

    One degree lower: it has to reach beyond its cosmologies.
    """
    names = np.unique(cosmology)
    folds = min(FOLDS, len(names))
    fold = np.random.default_rng(0).permutation(len(names)) % folds
    fold = fold[np.searchsorted(names, cosmology)]
    predictions = np.empty((len(test), target.shape[1]))
    bounds = bounds or list(zip(target.min(0), target.max(0), strict=True))
    for k in range(folds):
        outside, inside = train[fold[train] != k], fold[test] == k
        degree = min(degree_for(len(np.unique(target[outside], axis=0))), 2)
        head = heads.Emulator(degree, bounds).fit(features[outside], target[outside])
        predictions[inside] = head.predict(features[test[inside]])
    return predictions


def stack(
    inferred: Sequence[xr.Dataset],
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Truth, predictions by "statistic head", and cosmology of every test map.

    Truth and predictions are those of the first parameter.

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
            values = dataset["prediction"].sel(head=head).isel(name=0).values
            predictions[f"{statistic} {head}"] = values
    y = first["target"].isel(name=0).values.astype(float)
    return y, predictions, first["cosmology"].values
