"""The statistics of maps that need no network, in the league."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.league.predict import Entry
from awd.league.splits import Part
from awd.maps.infer.predict import INFERRED, degree_for
from awd.maps.names import LONG
from awd.maps.study.streamed import Rows
from awd.record import contracts

if TYPE_CHECKING:
    from typing import Any

    import xarray as xr

HEAD = "emulator"  # of all methods of the league; the teacher has its own
PATCHES = ("db2_peaks", "db5_peaks")
REPEATS = 7, 2  # of which timings are the median: of one map, and of a thousand


def predict(given: Any, target: str, seed: int) -> tuple[Part, dict[str, Entry]]:
    """The statistics that need no network, and the mean of the training targets.

    ``given`` holds the ``samples`` and what was ``inferred`` from each statistic.
    """
    inferred = [io.read(path, INFERRED) for path in given.inferred]
    with io.opened(given.samples, contracts.MAPS) as maps:
        test = test_part(maps, given.samples)
        targets = maps["target"].values.astype(float)
        known, names = len(np.unique(targets, axis=0)), maps.sizes["name"]
        mean = targets[maps["split"].values == "train"].mean(0)[0]
    entries = {
        ds.attrs["statistic"]: Entry(
            of_head(ds),
            "wavelet" if ds.attrs["statistic"] in PATCHES else "baseline",
            head_parameters=head_parameters(int(ds.attrs["features"]), known, names),
        )
        for ds in inferred
    }
    predicted = np.full(len(test.y), mean)
    return test, entries | {"mean": Entry(predicted, "baseline", head_parameters=1)}


def test_part(maps: xr.Dataset, path: io.PathLike) -> Part:
    """The test maps and the parameter that is scored: the first."""
    rows = np.flatnonzero(maps["split"].values == "test")
    name = str(maps["name"].values[0])
    return Part(
        name,
        {"units": "1", "long_name": LONG[name][0]},
        Rows(path, rows),
        maps["target"].values[rows, 0],
        maps["group"].values[rows].astype(str),
        maps["cosmology"].values[rows].astype(str),
        rows,
    )


def of_head(inferred: xr.Dataset) -> np.ndarray:
    """Predictions (n,) of the first parameter by the head that all methods share."""
    return inferred["prediction"].sel(head=HEAD).isel(name=0).values


def head_parameters(features: int, cosmologies: int, names: int) -> int:
    """Numbers in an emulator: its polynomials, and one covariance."""
    degree = degree_for(cosmologies)
    terms = math.comb(degree + names, names)
    return terms * features + features * (features + 1) // 2
