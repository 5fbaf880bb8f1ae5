"""Families of filters: what they promise holds for every parameter."""

import numpy as np
import pytest

from awd import wavelet
from awd.errors import ConfigError, ShapeError
from awd.filters import families
from awd.filters.families import Lattice, Smoother

RNG = np.random.default_rng(0)
TRIANGLE = Smoother(
    "triangle",
    lambda p: np.concatenate([p / 2, 1 - p, p / 2], axis=-1),
    np.array([[0.0, 1.0]]),
)
CASES = [
    Lattice(2),
    Lattice(10),
    Lattice(6, moments=2),
    Lattice(10, moments=3),
    TRIANGLE,
]


@pytest.mark.parametrize("family", CASES, ids=str)
def test_every_point_meets_the_conditions(family):
    points = family.points(RNG.uniform(size=(200, len(family.bounds))))
    assert len(points) > 100
    for h in family.filters(points)[:50]:
        assert max(family.conditions(h).values()) < 1e-12
    np.testing.assert_allclose(family.missed(points), 0, atol=1e-11)


@pytest.mark.parametrize("family", CASES[1:], ids=str)
def test_derivatives_equal_finite_differences(family):
    at = RNG.uniform(size=len(family.bounds))
    step = 1e-6 * np.eye(len(at))

    def slope(function):
        return (function(at + step) - function(at - step)) / 2e-6

    np.testing.assert_allclose(family.jacobian(at), slope(family.filters), atol=1e-8)
    missed = slope(family.missed).T
    np.testing.assert_allclose(family.missed_jacobian(at), missed, atol=1e-8)


@pytest.mark.parametrize("taps", [4, 8, 10])
def test_all_moments_make_the_daubechies_filters(taps):
    family = Lattice(taps, moments=taps // 2)
    points = family.points(RNG.uniform(size=(100, taps // 2 - 1)))
    found = family.filters(points)
    truth = wavelet.from_pywt(f"db{taps // 2}")
    assert np.abs(found - truth).max(1).min() < 1e-6
    assert all(wavelet.vanishing_moments(h) == taps // 2 for h in found)


def test_parameters_give_the_filter_back_with_zeros_around():
    h = wavelet.from_pywt("db3")
    restored = Lattice(10).filters(Lattice(10).parameters(h))
    np.testing.assert_allclose(restored, np.pad(h, (0, 4)), atol=1e-12)


def test_settled_keeps_the_filter_and_drops_dust():
    family = Lattice(8)
    free = RNG.uniform(-9, 9, 3)
    settled = family.settled(free)
    assert (np.abs(settled) <= np.pi / 2).all()
    np.testing.assert_allclose(family.filters(settled), family.filters(free))
    dusty = family.parameters(wavelet.from_pywt("db2")) + 1e-5
    taps = np.abs(family.filters(family.settled(dusty)))
    assert (taps > 1e-12).sum() == 4
    assert TRIANGLE.settled(np.array([1.2])) == [1.0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((7,), ShapeError, "length is 7; expected an even"),
        ((0,), ShapeError, "length is 0"),
        ((4, 3), ConfigError, "moments is 3; .* at most 2"),
        ((4, 0), ConfigError, "moments is 0"),
    ],
)
def test_impossible_lattices_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Lattice(*arguments)


@pytest.mark.parametrize("family", list(families.FAMILIES.values()), ids=str)
@pytest.mark.parametrize("unit", [0.0, 0.13, 0.5, 1.0])
def test_parameters_are_found_again(family, unit):
    parameters = family.points(np.full((1, len(family.bounds)), unit))[0]
    again = family.parameters(family.filters(parameters))
    np.testing.assert_allclose(again, parameters, atol=1e-6)
