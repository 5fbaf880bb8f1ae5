"""How many features a statistic has, before anything is measured."""

from __future__ import annotations

from awd import registry
from awd.maps.measure import own

# By statistic: features, and how many of them are bins that a user may choose.
FEATURES = {
    "height": (1, 22),
    "peaks_snr": (1, 22),
    "minima_snr": (1, 22),
    "pdf": (1, 22),
    "minkowski": (3, 12),
    "laplace": (1, 22),
    "roberts": (1, 22),
    "spectrum": (1, 12),
    "db2_peaks": (4, 22),
    "db5_peaks": (4, 22),
}
FIXED = {"starlet_norms": 8, "scattering": 35}  # others: 4 quantiles of 8 bands
QUANTILES = 32


def features(
    name: str, bins: int | None = None, fields: int = 1, side: int | None = None
) -> int:
    """Most features of a statistic, with so many bins in place of its own.

    Of several fields (bins of sources) those of each, and their cross spectra. One's
    own, an import path, is tried on noise for it (:func:`awd.maps.measure.own.tried`,
    whose errors it raises); ``side`` is that of the run's maps, pixels.
    """
    if registry.is_path(name):
        return fields * own.tried(name, side)
    if fields > 1:
        crossed = features("spectrum", bins) if "spectrum" in name else 0
        pairs = fields * (fields - 1) // 2
        return fields * features(name, bins) + pairs * crossed
    if name == "laplace_spectrum":
        return features("laplace", bins) + features("spectrum", bins)
    if name in FEATURES:
        sets, each = FEATURES[name]
        return sets * (bins or each)
    return FIXED.get(name, QUANTILES)
