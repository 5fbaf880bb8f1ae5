"""The statistics by name."""

from typing import get_args

import numpy as np
import pytest

from awd.config.maps import FIXED_FILTERS, Method
from awd.league.names import METHODS
from awd.maps.measure import statistics


def test_every_method_of_the_settings_is_there():
    assert set(statistics.METHODS) == {*get_args(get_args(Method)[0])}
    named_by_pywavelets = {"db2", "db5"}
    assert set(statistics.METHODS) <= {*METHODS, *named_by_pywavelets}


def test_the_fixed_filters_of_the_settings_are_statistics_of_their_coefficients():
    assert set(FIXED_FILTERS) == set(statistics.WAVELETS) <= set(statistics.METHODS)
    for name, taps in statistics.WAVELETS.items():
        statistic = statistics.METHODS[name](1.0)
        assert isinstance(statistic, statistics.FilterStatistic)
        assert (statistic.filter == taps).all()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("starlet", 0), ("db2_peaks", 4 * 21), ("height", 2), ("pdf", 2)),
        *(("laplace_spectrum", 2), ("minkowski", 2), ("minima_snr", 1)),
    ],
)
def test_what_training_maps_decide_is_counted(name, expected):
    assert statistics.METHODS[name](1.0).constants == expected


@pytest.mark.parametrize("name", statistics.METHODS)
def test_features_are_the_same_in_pieces_and_follow_the_maps(small, name, monkeypatch):
    statistic = statistics.METHODS[name](small.attrs["pixel_arcmin"])
    whole = statistics.measure(statistics.fitted(statistic, small), small)
    assert whole.dtype == np.float32
    assert len(whole) == small.sizes["sample"]
    monkeypatch.setattr(statistics, "PIECE", 7)
    np.testing.assert_array_equal(
        statistics.measure(statistics.fitted(statistic, small), small), whole
    )
    assert np.isfinite(whole).all()
