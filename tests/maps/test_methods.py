"""The statistics by name."""

from awd.config.maps import FIXED_FILTERS
from awd.maps.measure import statistics


def test_the_fixed_filters_of_the_settings_are_statistics_of_their_coefficients():
    assert set(FIXED_FILTERS) == set(statistics.WAVELETS) <= set(statistics.METHODS)
    for name, taps in statistics.WAVELETS.items():
        statistic = statistics.METHODS[name](1.0)
        assert isinstance(statistic, statistics.Coefficients)
        assert (statistic.filter == taps).all()
