"""How many features a statistic has, before anything is measured."""

from __future__ import annotations

from awd import registry

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


def features(name: str, bins: int | None = None, fields: int = 1) -> int:
    """Most features of a statistic, with so many bins in place of its own.

    Of several fields (bins of sources) those of each, and their cross spectra. Of one's
    own, an import path, it is not known: 0.
    """
    if registry.is_path(name):
        return 0
    if fields > 1:
        crossed = features("spectrum", bins) if "spectrum" in name else 0
        pairs = fields * (fields - 1) // 2
        return fields * features(name, bins) + pairs * crossed
    if name == "laplace_spectrum":
        return features("laplace", bins) + features("spectrum", bins)
    if name in FEATURES:
        sets, own = FEATURES[name]
        return sets * (bins or own)
    return FIXED.get(name, QUANTILES)
