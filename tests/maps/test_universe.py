"""The simulated universe as a whole: how realistic is it?"""

import numpy as np
import pytest

from awd.maps.figures.sky import ASKED
from awd.maps.sky import realism, universe
from awd.maps.sky.cosmology import Cosmology


@pytest.fixture(scope="module")
def sky():
    """Maps of Omega_m 0.3 from four initial conditions, as the default makes them."""
    return np.concatenate([universe.simulate(0.3, 0.8, 24, seed) for seed in range(4)])


def test_power_is_that_of_halofit(sky):
    table = realism.of(sky, 1.640625)
    power = table[(table["quantity"] == "c_ell") & table["at"].between(250, 2000)]
    theory = Cosmology(0.3, 0.8).convergence_power(power["at"], 1.0)
    ratio = power["value"] / theory
    assert len(ratio) == 6
    assert ratio.between(*ASKED["c_ell"]).all(), ratio


def test_skewness_and_peaks_are_those_of_large_simulations(sky):
    table = realism.of(sky, 1.640625).set_index(["quantity", "at"])["value"]
    assert ASKED["s3"][0] < table["s3", 2.0] < ASKED["s3"][1]
    assert ASKED["peaks"][0] < table["peaks", 0.0] < ASKED["peaks"][1]


def test_skewness_falls_with_the_matter_density():
    low, high = (
        realism.skewness(universe.simulate(omega, 0.8, 24, 7, particles=64), 1.2)
        for omega in (0.2, 0.4)
    )
    assert low > 1.3 * high


def test_a_field_wider_than_the_box_is_warned_of(caplog):
    for degrees in (3.5, 12.0):
        universe.simulate(0.3, 0.8, 1, 0, degrees=degrees, particles=8, pixels=16)
        assert ("raise maps.source.box" in caplog.text) == (degrees > 4)
