"""The statistics of maps that need no network, by name.

A statistic has ``fitted(maps, mask)``, which finds its bins, and ``features(maps,
mask)`` of shape (n, d), float32, scaled so that their noise is nearly the same. The
mask, (n, y, x) of bool, is where maps were seen, or None
(:mod:`awd.maps.measure.masks`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd import wavelet
from awd.arguments import checked
from awd.filters import scattering
from awd.filters.undecimated import BandNorms, Histogram, Quantiles
from awd.log import progress
from awd.maps.measure import masks, peaks
from awd.maps.measure.peaks import PeakHistogram
from awd.maps.measure.spectrum import Spectrum
from awd.record.contracts import Contract, Variable

if TYPE_CHECKING:
    from typing import Self

    import xarray as xr

B3 = np.array([1, 4, 6, 4, 1]) / 16  # the spline of the starlet
# Fixed filters that are read by the same student as distilled ones.
WAVELETS = {name: wavelet.from_pywt(name) for name in ("haar", "db2", "db5")}
WAVELETS["starlet"] = B3
SMOOTHER, ORTHONORMAL = ("difference", "hh"), ("lh_hl", "hh")
LEVELS = 4
FITTED = 512  # training maps, evenly spread, that bins are found from
PIECE = 256  # maps in memory


@dataclass(frozen=True)
class FilterStatistic:
    """Features of a student of undecimated coefficients, for a given filter."""

    filter: np.ndarray = field(compare=False)
    student: Histogram | Quantiles | BandNorms
    levels: int = LEVELS

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        x, read = maps[:, None], self.student.fitted
        return replace(self, student=read(x, self.filter, self.levels, mask=mask))

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        x, read = maps[:, None], self.student.features
        return read(x, self.filter, self.levels, mask=mask).astype(np.float32)


@dataclass(frozen=True)
class Scattering:
    """Logarithms of scattering coefficients, as Cheng et al. (2020) read maps.

    Up to ``scales`` octaves, as many as fit into the maps, at ``angles`` over half a
    turn: 35 features of maps of 32 pixels or more.
    """

    scales: int = 5
    angles: int = 4

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        return replace(self, scales=min(self.scales, maps.shape[1].bit_length() - 1))

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        coefficients = scattering.of_images(maps, self.scales, self.angles, mask)
        return np.log(np.maximum(coefficients, np.finfo(np.float32).tiny))


@dataclass(frozen=True)
class Joined:
    """The features of several statistics side by side."""

    parts: tuple[Statistic, ...]

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        parts = tuple(part.fitted(maps, mask) for part in self.parts)
        return replace(self, parts=parts)

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        return np.hstack([part.features(maps, mask) for part in self.parts])


@dataclass(frozen=True)
class OfBins:
    """One statistic of every bin of sources, and the cross spectra of its spectrum.

    Parameters
    ----------
    part : Statistic
        Of one bin: the same filter for all, with edges of each.
    bins : tuple of Statistic
        Fitted to each bin.
    """

    part: Statistic
    bins: tuple[Statistic, ...] = ()

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        """From maps (n, bins, y, x)."""
        fields = np.moveaxis(maps, 1, 0)
        bins = tuple(self.part.fitted(field, mask) for field in fields)
        return replace(self, bins=bins)

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Of every bin, then of every pair."""
        fields = [np.ascontiguousarray(field) for field in np.moveaxis(maps, 1, 0)]
        pairs = zip(self.bins, fields, strict=True)
        own = [part.features(field, mask) for part, field in pairs]
        spectra = self.part.parts if isinstance(self.part, Joined) else (self.part,)
        crossed = [
            spectrum.crossed(first, second, mask)
            for spectrum in spectra
            if isinstance(spectrum, Spectrum)
            for first, second in itertools.combinations(fields, 2)
        ]
        return np.hstack([*own, *crossed])


Statistic = PeakHistogram | Spectrum | FilterStatistic | Scattering | Joined | OfBins

STATISTIC = Contract(
    "statistic",
    {"features": Variable(("sample", "feature"), "f")},
    ("statistic", "edges"),
)


def _patches(name: str) -> PeakHistogram:
    kernels = peaks.wavelet_patches(WAVELETS[name])
    return PeakHistogram(peaks.sign_fixed(kernels), binning="equal")


def _quantiles(name: str) -> FilterStatistic:
    return FilterStatistic(WAVELETS[name], Quantiles(bands=ORTHONORMAL))


# Name -> from arcminutes per pixel to the statistic.
METHODS: dict[str, Callable[[float], Statistic]] = {
    "height": lambda pixel: PeakHistogram(peaks.HEIGHT),
    "laplace": lambda pixel: PeakHistogram(peaks.LAPLACE),
    "roberts": lambda pixel: PeakHistogram(peaks.ROBERTS),
    "spectrum": Spectrum,
    "laplace_spectrum": lambda pixel: Joined(
        (PeakHistogram(peaks.LAPLACE), Spectrum(pixel))
    ),
    "db2_peaks": lambda pixel: _patches("db2"),
    "db5_peaks": lambda pixel: _patches("db5"),
    "haar": lambda pixel: _quantiles("haar"),
    "db2": lambda pixel: _quantiles("db2"),
    "db5": lambda pixel: _quantiles("db5"),
    "starlet": lambda pixel: FilterStatistic(B3, Quantiles(bands=SMOOTHER)),
    "starlet_norms": lambda pixel: FilterStatistic(B3, BandNorms(SMOOTHER)),
    "scattering": lambda pixel: Scattering(),
}


def of(name: str, pixel_arcmin: float, bins: int | None = None) -> Statistic:
    """A statistic by its name, with so many bins in place of its own."""
    return _binned(METHODS[name](pixel_arcmin), bins)


def _binned(statistic: Statistic, bins: int | None) -> Statistic:
    if isinstance(statistic, Joined):
        return Joined(tuple(_binned(part, bins) for part in statistic.parts))
    if bins and isinstance(statistic, PeakHistogram):
        return replace(statistic, bins=bins)
    if bins and isinstance(statistic, Spectrum):
        return replace(statistic, bins=bins)
    return statistic


@checked(maps={"x", "split"})
def fitted(
    statistic: Statistic, maps: xr.Dataset, hidden: np.ndarray | None = None
) -> Statistic:
    """A statistic with the bins of some training maps, evenly spread.

    ``maps`` are :data:`awd.record.contracts.MAPS`, opened; ``hidden``, (y, x) of bool,
    is where nothing of them is looked at.
    """
    train = np.flatnonzero(maps["split"].values == "train")
    sample = train[:: -(-len(train) // FITTED)]
    own = of_maps(statistic, maps["x"].ndim)
    return own.fitted(*masks.read(maps, sample, hidden))


def of_maps(statistic: Statistic, dims: int) -> Statistic:
    """A statistic of maps (n, y, x), or of each bin and pairs of (n, bins, y, x)."""
    return OfBins(statistic) if dims == 4 else statistic


def edges(statistic: Statistic) -> int:
    """How many edges of a statistic's bins the training maps decide."""
    if isinstance(statistic, OfBins):
        return sum(map(edges, statistic.bins))
    if isinstance(statistic, Joined):
        return sum(map(edges, statistic.parts))
    if isinstance(statistic, FilterStatistic):
        student = statistic.student
        each = student.bins - 1 if isinstance(student, Histogram) else 0
        return statistic.levels * len(student.bands) * each
    if not isinstance(statistic, PeakHistogram):
        return 0
    if isinstance(statistic.binning, tuple):
        return 0
    kernels = statistic.kernels
    # Of bins of equal width the first edge and the last tell the others.
    each = statistic.bins - 1 if statistic.binning == "equal" else 2
    return each * (1 if isinstance(kernels, str) else len(kernels))


@checked(maps={"x"}, hidden="y x")
def measure(
    statistic: Statistic, maps: xr.Dataset, hidden: np.ndarray | None = None
) -> np.ndarray:
    """Features of all maps, read in pieces.

    Parameters
    ----------
    statistic : Statistic
        Of :data:`METHODS`, fitted.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened: only some maps are in memory at a
        time.
    hidden : array of bool of shape (y, x), optional
        Where nothing is looked at, beside what the maps' own masks hide.

    Returns
    -------
    ndarray of shape (n, d), float32
    """
    (features,) = measure_all([statistic], maps, hidden)
    return features


def measure_all(
    statistics: Sequence[Statistic], maps: xr.Dataset, hidden: np.ndarray | None = None
) -> list[np.ndarray]:
    """:func:`measure` of several statistics, which read the maps together."""
    count = maps.sizes["sample"]
    measured = [np.empty((0, 0), np.float32)] * len(statistics)
    for start in progress(range(0, count, PIECE), "maps"):
        rows = slice(start, start + PIECE)
        x, mask = masks.read(maps, rows, hidden)
        for k, statistic in enumerate(statistics):
            features = statistic.features(x, mask)
            if not start:  # at once: pieces and their stack would take twice the memory
                measured[k] = np.empty((count, features.shape[1]), np.float32)
            measured[k][rows] = features
    return measured
