"""The statistics of maps that need no network, by name (:class:`Statistic`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd import registry, wavelet
from awd.arguments import checked
from awd.filters import scattering
from awd.filters.undecimated import BandNorms, Histogram, Quantiles
from awd.log import progress
from awd.maps.measure import masks, own, peaks
from awd.maps.measure.combined import (
    InUnitsOfNoise,
    Joined,
    OfBins,
    Statistic,
    with_bins,
)
from awd.maps.measure.minkowski import Minkowski
from awd.maps.measure.one_point import OnePoint
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
# First and last of the edges, in signal-to-noise; of minima of the negative map.
PEAKS_SNR, MINIMA_SNR = (-2.0, 6.0), (-2.0, 4.0)
FITTED = 512  # training maps, evenly spread, that bins are found from
PIECE = 256  # maps in memory


@dataclass(frozen=True)
class FilterStatistic:
    """Features of a student of undecimated coefficients, for a given filter."""

    filter: np.ndarray = field(compare=False)
    student: Histogram | Quantiles | BandNorms
    levels: int = LEVELS

    @property
    def constants(self) -> int:
        """How many edges the training maps decide."""
        each = self.student.bins - 1 if isinstance(self.student, Histogram) else 0
        return self.levels * len(self.student.bands) * each

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

    @property
    def constants(self) -> int:
        """Training maps decide nothing."""
        return 0

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        return replace(self, scales=min(self.scales, maps.shape[1].bit_length() - 1))

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        coefficients = scattering.of_images(maps, self.scales, self.angles, mask)
        return np.log(np.maximum(coefficients, np.finfo(np.float32).tiny))


STATISTIC = Contract(
    "statistic",
    {"features": Variable(("sample", "feature"), "f")},
    ("statistic", "constants"),
)


def _patches(name: str) -> PeakHistogram:
    kernels = peaks.wavelet_patches(WAVELETS[name])
    return PeakHistogram(peaks.sign_fixed(kernels), binning="equal")


def _quantiles(name: str) -> FilterStatistic:
    return FilterStatistic(WAVELETS[name], Quantiles(bands=ORTHONORMAL))


def _in_noise(span: tuple[float, float], upside_down: bool = False) -> InUnitsOfNoise:
    return InUnitsOfNoise(PeakHistogram(peaks.HEIGHT, binning=span), upside_down)


# Name -> from arcminutes per pixel to the statistic.
METHODS: dict[str, Callable[[float], Statistic]] = {
    "height": lambda pixel: PeakHistogram(peaks.HEIGHT),
    "peaks_snr": lambda pixel: _in_noise(PEAKS_SNR),
    "minima_snr": lambda pixel: _in_noise(MINIMA_SNR, upside_down=True),
    "pdf": lambda pixel: OnePoint(),
    "minkowski": lambda pixel: Minkowski(),
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
    """A statistic by its name, with so many bins in place of its own.

    Parameters
    ----------
    name : str
        A key of :data:`METHODS`, or the import path of what is called as its entries
        are (:mod:`awd.maps.measure.own`).
    pixel_arcmin : float
    bins : int, optional
    """
    if registry.is_path(name):
        return own.of(name, pixel_arcmin)
    entry = registry.named(name, METHODS, "statistic")
    return with_bins(entry(pixel_arcmin), bins)


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
