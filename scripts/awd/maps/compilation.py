"""Compilation of all loops of maps: a module of its own, as it imports all of them."""

from __future__ import annotations

from dataclasses import replace

from awd.maps.measure import peaks, statistics
from awd.maps.sky import universe


def compile() -> None:
    """Compile every loop into numba's cache by measuring a tiny universe."""
    maps = universe.simulate(0.3, 0.8, 1, pixels=32, particles=16)
    for method in statistics.METHODS.values():
        statistic = method(6.5)
        if isinstance(statistic, peaks.PeakHistogram):
            statistic = replace(statistic, binning=(-1.0, 1.0))
        if not isinstance(statistic, statistics.Joined):
            statistic.fitted(maps).features(maps)
    peaks.responses(maps, peaks.HEIGHT)
    histograms = statistics.FilterStatistic(statistics.B3, statistics.Histogram())
    histograms.fitted(maps).features(maps)
