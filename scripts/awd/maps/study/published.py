"""What was published of matter density from maps, to set beside a run.

Source: Ha et al. 2021 (arXiv 2107.09145) and the notebooks of the study: MassiveNuS,
ten cosmologies, 2,000 training and 200 test maps of each, 256 pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd import wavelet
from awd.errors import DataError
from awd.league.bootstrap import rmse
from awd.league.names import name_of
from awd.maps.infer.heads import Covariance, NearestCosmology
from awd.maps.infer.likelihood import fewest
from awd.maps.measure import peaks, statistics
from awd.maps.measure.peaks import PeakHistogram
from awd.report import tables

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

OF = "omega_m"  # what was published
# Method: RMSE of the matter density times 100, and the bootstrap s.d. over maps.
SCORES = {
    "attribution": (1.0258, 0.0335),
    "resnet": (1.1563, 0.0240),
    "roberts": (1.2591, 0.0393),
    "laplace": (1.3689, 0.0470),
    "db5": (1.5693, 0.0481),
    "height": (1.6092, 0.0500),
}
CONSTANT = 5.9  # of the mean of the ten cosmologies, times 100
COMPRESSION = {"attribution": 0.6101, "db5": 0.6201}  # of the neutrino mass
WAVELET_BINS = (0.0, 0.035)
FEATURES = 4 * 22  # kernels and bins
CAPTION = (
    "RMSE of the matter density times 100, and over that of a constant: published on "
    "MassiveNuS, and here by the published rule (raw counts in fixed bins, the nearest "
    "training cosmology by its own covariance). Other maps and cosmologies: not to be "
    "reached by this run. Coefficients, emulator: our student of the same filter. "
    "Compression: share of coefficients that exceed 1e-3 and whose attributions do; "
    "the published one is of the neutrino mass, ours of the first target."
)


def published_statistics(attributed: np.ndarray | None) -> dict[str, PeakHistogram]:
    """The published statistics; AWD's only where there is an attributed filter."""
    found = {
        "roberts": PeakHistogram(peaks.ROBERTS, binning=peaks.PUBLISHED["roberts"]),
        "laplace": PeakHistogram(peaks.LAPLACE, binning=peaks.PUBLISHED["laplace"]),
        "db5": _patches(wavelet.from_pywt("db5")),
        "height": PeakHistogram(peaks.HEIGHT, binning=peaks.PUBLISHED["height"]),
    }
    if attributed is not None:
        found["attribution"] = _patches(attributed)
    return found


def _patches(h: np.ndarray) -> PeakHistogram:
    return PeakHistogram(peaks.wavelet_patches(h, "published"), binning=WAVELET_BINS)


def scores(maps: xr.Dataset, attributed: np.ndarray | None) -> dict[str, float]:
    """RMSE of the first parameter by the published rule, by method.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    attributed : array of shape (taps,), optional
        The wavelet of the paper's objective.

    Returns
    -------
    dict of str to float
        NaN where a cosmology has too few maps for a covariance of its own.
    """
    out = {}
    for name, statistic in published_statistics(attributed).items():
        try:
            out[name] = _error(statistic, maps, "test", "per")
        except DataError:
            out[name] = np.nan
    return out


def selecting(filters: np.ndarray, maps: xr.Dataset) -> np.ndarray:
    """RMSE of the first parameter on the select maps, of peaks read through filters.

    Parameters
    ----------
    filters : array of shape (n, taps)
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.

    Returns
    -------
    ndarray of shape (n,)
        With a covariance of every cosmology's own, as published, where it has at least
        ten maps a bin, and else with a pooled one, shrunk where all maps are too few.
    """
    train = maps["cosmology"].values[maps["split"].values == "train"]
    each = np.unique(train, return_counts=True)[1]
    features = FEATURES * maps.sizes.get("channel", 1)
    covariance: Covariance = "per"
    if each.min() < 10 * features:
        enough = len(train) - len(each) >= fewest(features)
        covariance = "pooled" if enough else "shrunk"
    return np.array([_error(_patches(h), maps, "select", covariance) for h in filters])


def _error(
    histogram: PeakHistogram, maps: xr.Dataset, part: str, covariance: Covariance
) -> float:
    """RMSE of the first parameter on a part of the maps, of raw counts."""
    side, target = maps["split"].values, maps["target"].values.astype(float)
    train, predicted = side == "train", side == part
    statistic = statistics.fitted(histogram, maps)
    counts = statistics.measure(statistic, maps).astype(float) ** 2
    head = NearestCosmology(covariance, hartlap=False)
    head.fit(counts[train], target[train])
    return rmse(target[predicted, 0], head.predict(counts[predicted])[:, 0])


def table(here: dict[str, float], ours: pd.DataFrame, constant: float) -> pd.DataFrame:
    """Published and found values as text.

    Parameters
    ----------
    here : dict
        From :func:`scores`.
    ours : DataFrame
        ``scores.csv`` of the maps, or an empty one.
    constant : float
        RMSE of the mean of the test maps' parameter.
    """
    import pandas as pd

    emulated, sparse = (
        dict(zip(ours.get("method", []), ours.get(column, []), strict=True))
        for column in ("rmse", "compression")
    )
    rows = []
    for name, (value, error) in SCORES.items():
        found = (
            emulated.get(name, np.nan) if name == "resnet" else here.get(name, np.nan)
        )
        rows.append(
            {
                "method": name_of(name),
                "published": f"{value:.2f} ± {error:.2f}",
                "over constant, published": tables.number(value / CONSTANT, 2),
                "here": tables.number(100 * found, 2),
                "over constant, here": tables.number(found / constant, 2),
                "coefficients, emulator": tables.number(
                    100 * emulated.get(name, np.nan), 2
                ),
                "compression, published": tables.number(
                    COMPRESSION.get(name, np.nan), 2
                ),
                "compression, here": tables.number(sparse.get(name, np.nan), 2),
            }
        )
    return pd.DataFrame(rows)
