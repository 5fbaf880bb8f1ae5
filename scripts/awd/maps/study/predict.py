"""Students and statistics of the maps' league: the same head on every filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from awd import io
from awd.filters import kernels
from awd.filters.undecimated import Histogram
from awd.league import choose
from awd.league.bootstrap import compression, r2, rmse
from awd.league.choose import Method
from awd.league.names import OURS
from awd.league.predict import Entry
from awd.league.splits import Part
from awd.maps.infer import compressed
from awd.maps.infer.compressed import Compressed, Polynomial
from awd.maps.infer.predict import HEADS, INFERRED, degree_of, predict
from awd.maps.measure import peaks
from awd.maps.measure.statistics import (
    LEVELS,
    STATISTIC,
    WAVELETS,
    FilterStatistic,
    PeakHistogram,
    Statistic,
    fitted,
    measure,
)
from awd.maps.study import bank, baselines, published
from awd.maps.study.baselines import LARGE, SMALL, of_head, test_part
from awd.maps.study.streamed import Rows, apart, order, with_first
from awd.maps.study.train import TEACHER
from awd.record import contracts
from awd.teacher import ask, weights

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.teacher.networks import Teacher

TIMED = ("output", "attribution")
REPEATS = baselines.REPEATS
SHOWN = 128  # test maps that are timed
# Also read as published, 3 x 3 at peaks; with published bins for parity.
AT_PEAKS = ("attribution", "soft", "untrained_a", "sparsity", "output_lattice4")
PARITY = ("attribution", "soft")
BATCH = 64  # maps whose gradients are asked together
FEW = 8  # test maps of a cosmology on which compression is measured


class Reading(NamedTuple):
    """How a filter is read.

    Quantiles or histograms of all coefficients, peaks in equal or published bins.
    """

    method: Method
    of: Literal["quantiles", "histograms", "peaks", "published"] = "quantiles"

    @property
    def head(self) -> str:
        """By which it enters the league."""
        return SMALL if self.of == "quantiles" else LARGE


class Outcome(NamedTuple):
    """What all heads infer from a filter's features, and the student's measures.

    ``copies`` (n, targets): what a student says of all maps whose head, of
    ``copy_parameters`` numbers, was fitted to the network's outputs.
    """

    inferred: xr.Dataset
    fidelity: float
    head_parameters: int
    copies: np.ndarray
    copy_parameters: int


def students(
    given: Any, target: str, settings: Mapping[str, Any], device: str
) -> tuple[Part, dict[str, Entry], pd.DataFrame]:
    """As :func:`awd.study.predict.students`, a column of RMSE for every head.

    ``given`` holds the ``features`` of fixed filters too, and what was ``inferred``
    from them; ``settings`` the ``bounds`` of the parameters and the ``covariance``.
    """
    outputs = with_first(io.read(given.outputs, contracts.OUTPUTS), target)
    methods = choose.from_dataset(io.read(given.wavelets, contracts.WAVELETS))
    teacher = weights.load(given.networks, [TEACHER])[TEACHER]
    fixed = {}
    for features, inferred in zip(given.features, given.inferred, strict=True):
        measured = io.read(features, STATISTIC)
        ds = with_first(io.read(inferred, INFERRED), target)
        fixed[ds.attrs["statistic"]] = measured["features"].values, ds
    with io.opened(given.samples, contracts.MAPS) as opened:
        maps = with_first(opened, target)
        places = order(opened["name"].values.tolist(), target)
        league = League(
            maps,
            given.samples,
            methods,
            outputs["output"].sel(network=TEACHER).values,
            teacher,
            settings["bounds"] and [settings["bounds"][k] for k in places],
            fixed,
            device,
            settings["covariance"],
            places[0],
        )
        entries, inferred = league.entries()
        return test_part(maps, given.samples), entries, errors(inferred)


@dataclass
class League:
    """All students of a teacher: features of their filters, the same head for all.

    Parameters
    ----------
    maps, path : Dataset, path
        :data:`awd.record.contracts.MAPS`, opened, and its file.
    methods : mapping of str to Method
        All filters by the name of their method.
    outputs : array of shape (n, targets)
        Of the teacher, on all maps.
    teacher : Teacher
        The network that is distilled.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    fixed : mapping
        Of fixed filters: name -> (features of all maps, what was inferred from them,
        :data:`awd.maps.infer.predict.INFERRED`).
    device : str
        Where the network is asked.
    covariance : str
        Of emulators.
    place : int
        Of the target, the first of the parameters here, among the network's outputs.
    """

    maps: xr.Dataset
    path: io.PathLike
    methods: Mapping[str, Method]
    outputs: np.ndarray
    teacher: Teacher
    bounds: Sequence[tuple[float, float]] | None
    fixed: Mapping[str, tuple[np.ndarray, xr.Dataset]]
    device: str = "cpu"
    covariance: str = "auto"
    place: int = 0

    def __post_init__(self) -> None:
        side = self.maps["split"].values
        self.train, self.test = (np.flatnonzero(side == s) for s in ("train", "test"))
        self.target = self.maps["target"].values.astype(float)
        self.degree = degree_of(self.target[self.train])

    def entries(self) -> tuple[dict[str, Entry], dict[str, xr.Dataset]]:
        """What enters the league, and what every head infers from every method.

        Controls of later families are left out of the first: they would fill the table.
        """
        entries = {TEACHER: self._teacher()}
        inferred = {TEACHER: regressed(self.outputs, self.maps)}
        pairs = self._gradients()
        outcomes: dict[tuple, Outcome] = {}
        for name, reading in self._readings():
            method = reading.method
            taps = tuple(np.round(method.chosen.filter, 9))
            key = method.family, taps, reading.of
            if key not in outcomes:  # sources often choose the same filter
                outcomes[key] = self._read(reading)
            outcome = outcomes[key]
            inferred[name] = outcome.inferred
            later = name.endswith(f"_{method.family}")
            if not (method.role == "control" and later):
                entries[name] = self._entry(name, reading, outcome, pairs)
            if self._unlabelled(name, reading):
                copy = f"{name}@outputs"
                entries[copy], inferred[copy] = self._copy(entries[name], outcome)
        for name, (features, ds) in self.fixed.items():
            outcome, inferred[name] = self._measured(features, ds, SMALL), ds
            entries[name] = self._fixed(name, outcome, pairs)
            copy = f"{name}@outputs"
            entries[copy], inferred[copy] = self._copy(entries[name], outcome)
        return entries, inferred

    def _unlabelled(self, name: str, reading: Reading) -> bool:
        """Whether no label had a say in the filter: ours, and untrained networks'."""
        ours = reading.of == "quantiles" and self.methods[OURS].family
        free = name == OURS or name.startswith("untrained")
        return free and reading.method.family == ours

    def statistic(self, reading: Reading) -> Statistic:
        """What a student reads through its filter."""
        family = reading.method.family
        h = bank.shaped(family, reading.method.chosen.filter)
        if reading.of == "quantiles":
            return bank.SHELVES[family].statistic(h)
        if reading.of == "histograms":
            histogram = Histogram(bands=bank.SHELVES[family].bands)
            return FilterStatistic(h, histogram, LEVELS)
        if reading.of == "published":
            patches = peaks.wavelet_patches(h, "published")
            return PeakHistogram(patches, binning=published.WAVELET_BINS)
        patches = peaks.wavelet_patches(h, "trimmed")
        return PeakHistogram(peaks.sign_fixed(patches), binning="equal")

    def _teacher(self) -> Entry:
        return Entry(
            self.outputs[self.test, 0],
            "teacher",
            1.0,
            head_parameters=sum(w.numel() for w in self.teacher.parameters()),
            predict=partial(
                ask.output, self.teacher, target=self.place, device=self.device
            ),
            inputs=Rows(self.path, self.test[:SHOWN], self.teacher)[:],
        )

    def _entry(
        self,
        name: str,
        reading: Reading,
        outcome: Outcome,
        pairs: tuple[np.ndarray, np.ndarray],
    ) -> Entry:
        method = reading.method
        orthonormal = method.family.startswith("lattice")
        timed = name in TIMED
        return Entry(
            of_head(outcome.inferred, reading.head),
            method.role,
            outcome.fidelity,
            _compression(method.chosen.filter, *pairs) if orthonormal else np.nan,
            method.parameters,
            outcome.head_parameters,
            len(method.pool),
            predict=self._student(reading) if timed else None,
            inputs=Rows(self.path, self.test[:SHOWN])[:] if timed else None,
        )

    def _fixed(
        self, name: str, outcome: Outcome, pairs: tuple[np.ndarray, np.ndarray]
    ) -> Entry:
        taps = WAVELETS[name]
        return Entry(
            of_head(outcome.inferred, SMALL),
            "wavelet",
            outcome.fidelity,
            _compression(taps, *pairs) if len(taps) % 2 == 0 else np.nan,
            head_parameters=outcome.head_parameters,
        )

    def _copy(self, entry: Entry, outcome: Outcome) -> tuple[Entry, xr.Dataset]:
        """The same filter without a label: its head fitted to the network's outputs."""
        copy = replace(
            entry,
            prediction=outcome.copies[self.test, 0],
            head_parameters=outcome.copy_parameters,
            share=1.0,
            predict=None,
            inputs=None,
        )
        return copy, regressed(outcome.copies, self.maps)

    def _student(self, reading: Reading) -> partial[np.ndarray]:
        """The whole student, from maps to parameters."""
        statistic = fitted(self.statistic(reading), self.maps)
        features = measure(statistic, self.maps)[self.train]
        head = compressed.emulator(self.degree, self.bounds)
        return partial(_answer, statistic, head.fit(features, self.target[self.train]))

    def _readings(self) -> Iterator[tuple[str, Reading]]:
        """Every method; ours with a large student; the paper's own of attribution."""
        for name, method in self.methods.items():
            yield name, Reading(method)
            if name == OURS:
                yield f"{name}_histograms", Reading(method, "histograms")
            if name in AT_PEAKS:
                yield f"{name}_patches", Reading(method, "peaks")
            if name in PARITY:
                yield f"{name}_patches_published", Reading(method, "published")

    def _read(self, reading: Reading) -> Outcome:
        statistic = fitted(self.statistic(reading), self.maps)
        features = measure(statistic, self.maps)
        inferred = predict(features, self.maps, self.bounds, self.covariance).load()
        outcome = self._measured(features, inferred, reading.head)
        size = outcome.head_parameters + statistic.constants
        return outcome._replace(head_parameters=size)

    def _measured(
        self, features: np.ndarray, inferred: xr.Dataset, head: str
    ) -> Outcome:
        """Fidelity to the teacher, and numbers in the heads."""
        copy = Compressed(Polynomial()) if head == SMALL else bank.Ridge()
        copy.fit(features[self.train], self.outputs[self.train])
        copies = copy.predict(features)
        fidelity = r2(self.outputs[self.test, 0], copies[self.test, 0])
        known, names = len(np.unique(self.target, axis=0)), self.target.shape[1]
        count = baselines.compressed if head == SMALL else baselines.emulated
        return Outcome(
            inferred,
            fidelity,
            count(features.shape[1], known, names),
            copies,
            baselines.copied(features.shape[1], names),
        )

    def _gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Some test maps of every cosmology, and the teacher's gradients in them."""
        cosmology = self.maps["cosmology"].values[self.test]
        rows = np.concatenate(
            [self.test[cosmology == name][:FEW] for name in np.unique(cosmology)]
        )
        maps = Rows(self.path, rows, self.teacher)
        gradients = ask.saliency(
            self.teacher, maps[:], target=self.place, batch=BATCH, device=self.device
        )
        x = Rows(self.path, rows)[:]
        return apart(x), apart(maps.of_maps(gradients, slice(None)))


def _compression(h: np.ndarray, x: np.ndarray, gradients: np.ndarray) -> float:
    """As published: of decimated coefficients, mode zero."""
    coefficients, attributions = (
        _bands(kernels.analysis(a, h, LEVELS, dims=2)) for a in (x, gradients)
    )
    return compression(coefficients, attributions)


def _bands(coefficients: list) -> list[np.ndarray]:
    approx, *details = coefficients
    return [approx, *(band for level in details for band in level)]


def _answer(statistic: Statistic, head: Compressed, x: np.ndarray) -> np.ndarray:
    return head.predict(statistic.features(x))


def regressed(outputs: np.ndarray, maps: xr.Dataset) -> xr.Dataset:
    """Outputs (n, names) for all maps, those of the test maps as if heads gave them.

    In every head the same: a network needs none, nor does a copy of it.
    """
    import xarray as xr

    test = np.flatnonzero(maps["split"].values == "test")
    target = maps["target"].isel(sample=test)
    answers = np.tile(outputs[test], (len(HEADS), 1, 1))
    return xr.Dataset(
        {
            "prediction": (("head", "sample", "name"), answers, target.attrs),
            "target": target,
            "row": ("sample", test),
        },
        coords={"head": list(HEADS)},
    )


def errors(inferred: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """RMSE of the first parameter by method, a column a head."""
    import pandas as pd

    rows = []
    for name, ds in inferred.items():
        truth = ds["target"].isel(name=0).values
        prediction = ds["prediction"].isel(name=0)
        row = {head: rmse(truth, prediction.sel(head=head).values) for head in HEADS}
        rows.append({"method": name, **row})
    return pd.DataFrame(rows)
