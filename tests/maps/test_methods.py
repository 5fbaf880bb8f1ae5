"""The statistics by name."""

from awd.maps import methods
from awd.settings_maps import FIXED_FILTERS


def test_the_fixed_filters_of_the_settings_are_statistics_of_their_coefficients():
    assert set(FIXED_FILTERS) == set(methods.WAVELETS) <= set(methods.METHODS)
    for name, taps in methods.WAVELETS.items():
        statistic = methods.METHODS[name](1.0)
        assert isinstance(statistic, methods.Coefficients)
        assert (statistic.filter == taps).all()
