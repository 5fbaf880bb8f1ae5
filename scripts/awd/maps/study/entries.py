"""Methods of the maps' league as a ``predictions`` file, which both sciences share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.league.predict import COLUMNS
from awd.maps.infer.predict import HEADS, degree_for
from awd.maps.names import LONG

if TYPE_CHECKING:
    import xarray as xr

HEAD = "emulator"  # that all methods of the league share; the teacher has its own
PATCHES = ("db2_peaks", "db5_peaks")


def entered(
    inferred: Mapping[str, xr.Dataset],
    told: Mapping[str, Mapping[str, Any]],
    maps: xr.Dataset,
    **names: str,
) -> xr.Dataset:
    """Methods as a ``predictions`` file (:data:`awd.record.contracts.PREDICTIONS`).

    Parameters
    ----------
    inferred : mapping
        Method -> :data:`awd.maps.infer.predict.INFERRED`, of which one head enters.
    told : mapping
        Method -> what the table says of it: ``role``, some of
        :data:`awd.league.predict.COLUMNS`, and whether it stands ``apart``.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`.
    **names
        Split and seed.
    """
    import xarray as xr

    inferred = {
        name: one for name, one in inferred.items() if not told[name].get("apart")
    }
    first = next(iter(inferred.values()))
    rows = first["row"].values
    described = {"units": "1", "long_name": LONG[str(first["name"].values[0])][0]}
    predicted = [
        one["prediction"].sel(head=HEAD).isel(name=0).values
        for one in inferred.values()
    ]
    target = first["target"].isel(name=0).values
    ds = xr.Dataset(
        {
            "prediction": (("method", "sample"), np.array(predicted), described),
            "target": ("sample", target, described),
            "group": ("sample", maps["group"].values[rows].astype(str)),
            "block": ("sample", maps["cosmology"].values[rows].astype(str)),
            "row": ("sample", rows),
        },
        coords={"method": list(inferred)},
        attrs={"study": "maps", "target_name": str(first["name"].values[0]), **names},
    )
    empty = {"fidelity": np.nan, "compression": np.nan}
    for column in COLUMNS:
        values = [told[name].get(column, empty.get(column, 0)) for name in inferred]
        ds[column] = "method", values
    return ds


def told_of_statistics(
    inferred: Mapping[str, xr.Dataset], maps: xr.Dataset
) -> dict[str, dict[str, Any]]:
    """What the table says of statistics that need no network, and of their mean."""
    known = len(np.unique(maps["target"].values, axis=0))
    names = maps.sizes["name"]
    return {
        name: {
            "role": "wavelet" if name in PATCHES else "baseline",
            "head_parameters": head_parameters(
                int(one.attrs["features"]), known, names
            ),
        }
        for name, one in inferred.items()
    }


def head_parameters(features: int, cosmologies: int, names: int) -> int:
    """Numbers in an emulator: its polynomials, and one covariance."""
    degree = degree_for(cosmologies)
    terms = math.comb(degree + names, names)
    return terms * features + features * (features + 1) // 2


def regressed(said: np.ndarray, maps: xr.Dataset) -> xr.Dataset:
    """A network's own answers (n, names) of the test maps, as if a head had given them.

    In every head the same: a network needs none.
    """
    import xarray as xr

    test = np.flatnonzero(maps["split"].values == "test")
    target = maps["target"].isel(sample=test)
    answers = np.tile(said[test], (len(HEADS), 1, 1))
    return xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), answers, target.attrs),
            "target": target,
            "row": ("sample", test),
        },
        coords={"head": list(HEADS)},
    )


def mean(maps: xr.Dataset) -> xr.Dataset:
    """The mean of the training targets, as every prediction."""
    target = maps["target"].values.astype(float)
    train = maps["split"].values == "train"
    return regressed(np.tile(target[train].mean(0), (len(target), 1)), maps)
