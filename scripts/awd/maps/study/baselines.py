"""The statistics of maps that need no network, in the league."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.league.predict import Entry
from awd.league.splits import Part
from awd.maps.infer.compressed import Polynomial
from awd.maps.infer.predict import INFERRED
from awd.maps.infer.size import degree_for, terms
from awd.maps.names import long_name, unit
from awd.maps.study.streamed import Rows, with_first
from awd.record import contracts

if TYPE_CHECKING:
    from typing import Any

    import xarray as xr

# Of filters, and of other statistics, which few sums of their features do not hold.
SMALL, LARGE = "compressed", "emulator"
PATCHES = ("db2_peaks", "db5_peaks")
REPEATS = 7, 2  # of which timings are the median: of one map, and of a thousand


def predict(
    given: Any, target: str, settings: Mapping[str, Any], seed: int
) -> tuple[Part, dict[str, Entry]]:
    """The statistics that need no network, and the mean of the training targets.

    ``given`` holds the ``samples`` and what was ``inferred`` from each statistic; of
    the ``settings`` there is nothing to choose.
    """
    inferred = [with_first(io.read(path, INFERRED), target) for path in given.inferred]
    with io.opened(given.samples, contracts.MAPS) as opened:
        maps = with_first(opened, target)
        test = test_part(maps, given.samples)
        targets = maps["target"].values.astype(float)
        known, names = len(np.unique(targets, axis=0)), maps.sizes["name"]
        mean = targets[maps["split"].values == "train"].mean(0)[0]
    entries = {
        ds.attrs["statistic"]: Entry(
            of_head(ds, LARGE),
            "wavelet" if ds.attrs["statistic"] in PATCHES else "baseline",
            head_parameters=int(ds.attrs["constants"])
            + emulated(int(ds.attrs["features"]), known, names),
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
        {"units": unit(name), "long_name": long_name(name)},
        Rows(path, rows),
        maps["target"].values[rows, 0],
        maps["group"].values[rows].astype(str),
        maps["cosmology"].values[rows].astype(str),
        rows,
    )


def of_head(inferred: xr.Dataset, head: str) -> np.ndarray:
    """Predictions (n,) of the first parameter by a head."""
    return inferred["prediction"].sel(head=head).isel(name=0).values


def emulated(features: int, cosmologies: int, names: int) -> int:
    """Numbers in an emulator: its polynomials, one covariance, and what tempers it."""
    polynomial = terms(degree_for(cosmologies, names), names)
    return polynomial * features + features * (features + 1) // 2 + 1


def compressed(features: int, cosmologies: int, names: int) -> int:
    """Numbers in an emulator of weighted sums, one a parameter: the weights, too."""
    return features * names + emulated(names, cosmologies, names)


def copied(features: int, names: int) -> int:
    """Numbers in a polynomial of such sums: weights, terms and range."""
    polynomial = terms(Polynomial().degree, names)
    return features * names + polynomial * names + 2 * names
