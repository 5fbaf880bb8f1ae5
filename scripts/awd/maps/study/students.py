"""The league of students: the same head on every filter, chosen or fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from awd.filters import kernels
from awd.league.bootstrap import compression, inference_seconds, r2, rmse
from awd.maps.infer.heads import Emulator
from awd.maps.infer.predict import HEADS, degree_for, predict
from awd.maps.measure import peaks
from awd.maps.measure.statistics import (
    LEVELS,
    WAVELETS,
    PeakHistogram,
    Statistic,
    fitted,
    measure,
)
from awd.maps.study import bank
from awd.maps.study.distil import TEACHER
from awd.maps.study.entries import head_parameters, regressed
from awd.search import candidates
from awd.teacher import ask

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.teacher.networks import ResNet

TIMED = ("output", "attribution")
# Also read as published, 3 x 3 at peaks; those with published bins are for parity.
AT_PEAKS = ("attribution", "soft", "untrained_a", "sparsity", "output_lattice4")
PARITY = ("attribution", "soft")
BATCH = 64  # maps that are asked for gradients at once
FEW = 8  # test maps of a cosmology on which compression is measured


@dataclass
class League:
    """All students of a teacher: features of their filters, the same head for all.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    wavelets : Dataset
        :data:`awd.record.contracts.WAVELETS`, with the ``family`` of every method.
    said : Dataset
        ``output(network, sample, name)``.
    teacher : ResNet
        The network that is distilled.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    named : mapping
        What fixed filters say: statistic -> (features of all maps,
        :data:`awd.maps.infer.predict.INFERRED`).
    device : str
        Where the network is asked.
    """

    maps: xr.Dataset
    wavelets: xr.Dataset
    said: xr.Dataset
    teacher: ResNet
    bounds: Sequence[tuple[float, float]] | None
    named: Mapping[str, tuple[np.ndarray, xr.Dataset]]
    device: str = "cpu"

    def students(self) -> tuple[dict[str, xr.Dataset], dict[str, dict[str, Any]]]:
        """What every method predicts, and what the table says of it."""
        inferred, told = {}, {}
        answers = self.said["output"].sel(network=TEACHER).values
        matters = self._gradients()
        inferred[TEACHER] = regressed(answers, self.maps)
        weights = sum(one.numel() for one in self.teacher.parameters())
        told[TEACHER] = {"role": "teacher", "fidelity": 1.0, "head_parameters": weights}
        done: dict[tuple, xr.Dataset] = {}
        for name, one in self._filters():
            key = one.family, tuple(np.round(one.taps, 9)), one.peaks
            if key not in done:  # sources often choose the same filter
                done[key] = self._read(one, answers)
            inferred[name] = done[key]
            told[name] = done[key].attrs | {
                "role": one.role,
                "filter_parameters": one.parameters,
                "scored": one.scored,
                # Controls of later families would fill the table.
                "apart": one.role == "control" and name.endswith(f"_{one.family}"),
            }
            if one.family.startswith("lattice"):
                told[name]["compression"] = _compression(one.taps, *matters)
        for name, (features, one) in self.named.items():
            inferred[name] = one
            told[name] = self._measures(features, answers) | {"role": "wavelet"}
            if len(WAVELETS[name]) % 2 == 0:
                told[name]["compression"] = _compression(WAVELETS[name], *matters)
        return inferred, told

    def times(self, **names: str) -> pd.DataFrame:
        """Seconds for one map and for a thousand, of the network and some students."""
        import pandas as pd

        test = np.flatnonzero(self.maps["split"].values == "test")[:128]
        x = self.maps["x"][test].values
        calls = {TEACHER: partial(ask.output, self.teacher, device=self.device)}
        side = self.maps["split"].values == "train"
        y = self.maps["target"].values[side].astype(float)
        degree = degree_for(len(np.unique(y, axis=0)))
        for name, one in self._filters():
            if name in TIMED:
                statistic = fitted(self.statistic(one), self.maps)
                features = measure(statistic, self.maps)[side]
                head = Emulator(degree, self.bounds).fit(features, y)
                calls[name] = partial(_answer, statistic, head)
        thousand = np.resize(x, (1000, *x.shape[1:]))
        rows = []
        for name, call in calls.items():
            one = inference_seconds(call, x[:1], 7)
            many = inference_seconds(call, thousand, 2)
            rows.append((*names.values(), name, one, many))
        columns = [*names, "method", "seconds_batch1", "seconds_batch1000"]
        return pd.DataFrame(rows, columns=columns)

    def statistic(self, one: Entry) -> Statistic:
        """What a student reads through its filter."""
        h = bank.shaped(one.family, one.taps)
        if not one.peaks:
            return bank.SHELVES[one.family].statistic(h)
        rule = "published" if one.peaks == "published" else "trimmed"
        kernels = peaks.wavelet_patches(h, rule)
        if rule == "published":
            return PeakHistogram(kernels, binning=(0.0, 0.035))
        return PeakHistogram(peaks.sign_fixed(kernels), binning="equal")

    def _filters(self) -> Iterator[tuple[str, Entry]]:
        """Every method of the wavelets, and the paper's own student of attribution."""
        found = candidates.from_dataset(self.wavelets)
        for k, (name, chosen) in enumerate(found.items()):
            one = Entry(
                str(self.wavelets["family"].values[k]),
                chosen.filter,
                str(self.wavelets["role"].values[k]),
                int(self.wavelets["parameters"].values[k]),
                int(self.wavelets["scored"].values[k]),
            )
            yield name, one
            if name in AT_PEAKS:
                yield f"{name}_patches", replace(one, peaks="equal")
            if name in PARITY:
                yield f"{name}_patches_published", replace(one, peaks="published")

    def _read(self, one: Entry, answers: np.ndarray) -> xr.Dataset:
        """Predictions of all heads, with fidelity to the teacher and sizes noted."""
        features = measure(fitted(self.statistic(one), self.maps), self.maps)
        ds = predict(features, self.maps, self.bounds).load()
        return ds.assign_attrs(self._measures(features, answers))

    def _measures(self, features: np.ndarray, answers: np.ndarray) -> dict[str, Any]:
        """Fidelity to the teacher, and sizes."""
        side = self.maps["split"].values
        train, test = side == "train", side == "test"
        copy = bank.Ridge().fit(features[train], answers[train, 0])
        known = len(np.unique(self.maps["target"].values, axis=0))
        names = self.maps.sizes["name"]
        return {
            "fidelity": r2(answers[test, 0], copy.predict(features[test])),
            "head_parameters": head_parameters(features.shape[1], known, names),
            "features": features.shape[1],
        }

    def _gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Some test maps of every cosmology, and the teacher's gradients in them."""
        side, cosmology = self.maps["split"].values, self.maps["cosmology"].values
        test = np.flatnonzero(side == "test")
        rows = np.concatenate(
            [test[cosmology[test] == c][:FEW] for c in np.unique(cosmology[test])]
        )
        x = np.stack([self.maps["x"][row].values for row in rows])
        how = {"batch": BATCH, "device": self.device}
        return x, ask.saliency(self.teacher, x, target=0, **how)


def _compression(h: np.ndarray, x: np.ndarray, gradients: np.ndarray) -> float:
    """As published: of decimated coefficients, mode zero."""
    bands = (_bands(kernels.analysis(one, h, LEVELS, dims=2)) for one in (x, gradients))
    return compression(*bands)


def _bands(coefficients: list) -> list[np.ndarray]:
    approx, *details = coefficients
    return [approx, *(band for level in details for band in level)]


def _answer(statistic: Statistic, head: Emulator, x: np.ndarray) -> np.ndarray:
    return head.predict(statistic.features(x))


@dataclass(frozen=True)
class Entry:
    """A filter in the league, and how it is read: all coefficients, or at peaks."""

    family: str
    taps: np.ndarray
    role: str
    parameters: int
    scored: int
    peaks: Literal["", "equal", "published"] = ""


def heads(inferred: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """RMSE of the first parameter by method, a column a head."""
    import pandas as pd

    rows = []
    for name, one in inferred.items():
        truth = one["target"].isel(name=0).values
        found = one["prediction"].isel(name=0)
        row = {head: rmse(truth, found.sel(head=head).values) for head in HEADS}
        rows.append({"method": name, **row})
    return pd.DataFrame(rows)
