"""The search: scans, descents and paths, against brute force and finite differences."""

import numpy as np
import pytest

from awd import distil, wavelet
from awd.filters.families import Lattice, Smoother
from awd.search import descent, objectives
from awd.search.descent import APART, DISTINCT, Blend, Effort, Optimum

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 40)).cumsum(1)
GRADIENT = RNG.normal(size=(40, 40))
ROWS = np.arange(0, 40, 2)
GRID = np.linspace(-np.pi / 2, np.pi / 2, 2001)[:, None]  # all wavelets of four taps
LIGHT = Effort(density=4, on_few=12, on_all=3)


class Towards:
    """A smooth term: squared distance to a filter."""

    def __init__(self, target):
        self.target = target

    def values(self, filters):
        return ((filters - self.target) ** 2).sum(-1)

    def value_and_gradient(self, h):
        return self.values(h), 2 * (h - self.target)

    def subset(self, rows):
        return self


class Rough:
    """A term without a slope: largest distance of a tap."""

    def __init__(self, target):
        self.target = target

    def values(self, filters):
        return np.abs(filters - self.target).max(-1)

    def subset(self, rows):
        return self


class Unread:
    """A term that may not be evaluated."""

    def values(self, filters):
        raise AssertionError

    subset = values


def norms(ratio=1.0) -> Blend:
    """Sparsity of gradients and of signals, where kinks are."""
    nothing = {"output": None, "groups": None, "student": None, "folds": 5}
    terms = objectives.attribution(objectives.samples(X, GRADIENT, 3, **nothing), 3)
    return Blend(terms, distil._weights(np.atleast_1d(ratio), terms)[0])


def towards(*filters, weights=None) -> Blend:
    terms = {str(k): Towards(h) for k, h in enumerate(filters)}
    return Blend(terms, weights or dict.fromkeys(terms, 1.0))


def random_filter(seed: int, taps: int = 10) -> np.ndarray:
    free = np.random.default_rng(seed).uniform(0, np.pi, taps // 2 - 1)
    return wavelet.filter_from_angles(wavelet.complete_angles(free))


def scanned(blends, family, effort=LIGHT) -> descent.Scan:
    return descent.scan(blends, ROWS, family, np.random.default_rng(0), effort)


def test_a_blend_is_the_weighted_sum_of_the_terms_that_count():
    a, b = (random_filter(seed, 6) for seed in (0, 1))
    terms = {"a": Towards(a), "b": Towards(b), "unread": Unread()}
    blend = Blend(terms, {"a": 0.5, "b": 2.0, "unread": 0.0})
    filters = np.stack([random_filter(seed, 6) for seed in range(4)])
    expected = 0.5 * terms["a"].values(filters) + 2 * terms["b"].values(filters)
    np.testing.assert_allclose(blend.values(filters), expected)
    np.testing.assert_allclose(blend.subset(ROWS).values(filters), expected)
    value, gradient = blend.value_and_gradient(filters[3])
    assert value == pytest.approx(expected[3])
    np.testing.assert_allclose(gradient, (filters[3] - a) + 4 * (filters[3] - b))


def test_a_blend_is_smooth_if_all_that_counts_in_it_is():
    terms = {"smooth": Towards(np.zeros(4)), "rough": Rough(np.zeros(4))}
    assert descent.is_smooth(terms["smooth"])
    assert not descent.is_smooth(terms["rough"])
    assert descent.is_smooth(Blend(terms, {"smooth": 1.0, "rough": 0.0}))
    assert not descent.is_smooth(Blend(terms, {"smooth": 1.0, "rough": 0.1}))


@pytest.mark.parametrize("ratio", [0, 0.3, np.inf])
def test_slope_along_parameters_equals_finite_differences(ratio):
    blend, family = norms(ratio), Lattice(10)
    free = np.random.default_rng(4).uniform(-1.5, 1.5, 4)
    function, _ = descent._method(blend, family, free, 1e-7)
    value, slope = function(free)
    step = 1e-6 * np.eye(4)
    up, down = (blend.values(family.filters(free + s)) for s in (step, -step))
    assert value == pytest.approx(blend.values(family.filters(free)[None])[0])
    np.testing.assert_allclose(slope, (up - down) / 2e-6, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("shape", "count"),
    [((1000, 1, 8), 64), ((1000, 1, 64), 32), ((1000, 1, 4096), 8), ((5, 1, 64), 5)],
)
def test_a_scan_looks_at_few_samples(shape, count):
    rows = Effort(few=64, few_values=2048).rows(shape, np.random.default_rng(0))
    assert len(rows) == count
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows[0] <= rows[-1] < shape[0]


@pytest.mark.parametrize(
    ("family", "points"),
    [(Lattice(2), 1), (Lattice(4), 64), (Lattice(6), 256), (Lattice(12), 1024)],
)
def test_a_scan_grows_with_the_free_parameters_up_to_its_limit(family, points):
    effort = Effort(density=4, most=1024)
    found = scanned([towards(np.zeros(family.taps))], family, effort)
    assert found.points.shape == (points, family.taps // 2 - 1)
    low, high = family.bounds.T
    assert ((found.points >= low) & (found.points <= high)).all()


def test_a_scan_values_every_term_on_its_rows():
    blends, family = [norms(0.0), norms(np.inf)], Lattice(6)
    found = scanned(blends, family)
    assert set(found.values) == {"sparsity", "attribution"}
    filters = family.filters(found.points)
    for name, values in found.values.items():
        term = blends[0].terms[name].subset(ROWS)
        np.testing.assert_array_equal(values, term.values(filters))


def test_the_best_points_of_a_scan_are_good_and_apart():
    blend, family = norms(), Lattice(8)
    found = scanned([blend], family)
    best = found.best(blend.weights, 5)
    total = blend.subset(ROWS).values(family.filters(found.points))
    np.testing.assert_array_equal(best[0], found.points[total.argmin()])
    filters = family.filters(best)
    apart = np.abs(filters[:, None] - filters).max(-1)
    assert apart[~np.eye(5, dtype=bool)].min() > APART
    # Every better point is near to a chosen one.
    worst = blend.subset(ROWS).values(filters).max()
    better = family.filters(found.points[total < worst])
    assert (np.abs(better[:, None] - filters).max(-1).min(1) <= APART).all()


@pytest.mark.parametrize("ratio", [0, 1, np.inf])
def test_the_best_minimum_is_that_of_a_fine_grid(ratio):
    blend, family = norms(ratio), Lattice(4)
    found = descent.minima(blend, scanned([blend], family))
    values = blend.values(family.filters(GRID))
    assert found[0].value <= values.min() + 1e-9
    assert found[0].value == pytest.approx(values.min(), abs=1e-4)
    assert blend.values(found[0].filter[None])[0] == found[0].value


def test_search_minimises_any_term():
    target = random_filter(3)
    blend, family = towards(target), Lattice(10)
    best = descent.minima(blend, scanned([blend], family))[0]
    np.testing.assert_allclose(best.filter, target, atol=1e-3)


def test_without_a_slope_the_same_minimum_is_found():
    smoother = Smoother(
        "triangle",
        lambda p: np.concatenate([p / 2, 1 - p, p / 2], axis=-1),
        np.array([[0.0, 1.0]]),
    )
    target = smoother.filters([0.3])
    blend = Blend({"rough": Rough(target)}, {"rough": 1.0})
    best = descent.minima(blend, scanned([blend], smoother))[0]
    np.testing.assert_allclose(best.filter, target, atol=1e-3)


def test_descent_stays_within_the_bounds():
    bounds = np.array([[0.0, 1.0]])
    smoother = Smoother("line", lambda p: np.concatenate([p, 1 - p], -1), bounds)
    beyond = Towards(np.array([1.5, -0.5]))
    found = descent.descend(beyond, smoother, np.array([0.2]))
    np.testing.assert_allclose(found.parameters, [1.0])


def test_moments_hold_at_the_minimum_of_all_filters_that_have_them():
    blend, family = norms(), Lattice(6, moments=2)
    found = descent.minima(blend, scanned([blend], family))[0]
    assert np.abs(family.missed(found.parameters)).max() < 1e-10
    assert wavelet.vanishing_moments(found.filter) >= 2
    unit = np.random.default_rng(1).uniform(size=(300, 2))
    feasible = family.filters(family.points(unit))
    assert found.value <= blend.values(feasible).min() + 1e-5


def test_haar_has_nothing_to_descend():
    found = descent.descend(norms(), Lattice(2), np.zeros(0))
    np.testing.assert_allclose(found.filter, [0.5**0.5, 0.5**0.5])
    assert found.value == pytest.approx(norms().values(found.filter[None])[0])


def test_repetitions_are_left_out_but_flips_are_not():
    family, free = Lattice(6), np.array([0.3, -0.7])
    flipped = family.parameters(family.filters(free)[::-1])
    optima = [
        Optimum(2.0, free, family),
        Optimum(1.0, flipped, family),
        Optimum(1.5, free + DISTINCT / 100, family),
        Optimum(3.0, free + np.array([np.pi, -np.pi]), family),
    ]
    found = descent.distinct(optima)
    assert [optimum.value for optimum in found] == [1.0, 1.5]


def test_every_step_of_a_path_is_as_good_as_a_fine_grid():
    ratios, family = (0.0, 0.1, 1.0, 10.0, np.inf), Lattice(4)
    blends = [norms(ratio) for ratio in ratios]
    path, last = descent.follow(blends, scanned(blends, family), effort=LIGHT)
    assert len(path) == len(ratios)
    for blend, optimum in zip(blends, path, strict=True):
        values = blend.values(family.filters(GRID))
        assert optimum.value == pytest.approx(values.min(), abs=1e-4)
    assert path[-1].value <= last[0].value


def test_a_warm_start_finds_what_a_poor_scan_misses():
    target, family = random_filter(5), Lattice(10)
    poor = Effort(most=16, on_few=1, on_all=1)
    blend = Blend({"rough": Ditch(target)}, {"rough": 1.0})
    scan = scanned([blend], family, poor)
    cold = descent.minima(blend, scan, effort=poor)[0]
    near = family.parameters(target) + 1e-2
    path, _ = descent.follow([blend], scan, [near], poor)
    assert path[0].value < 1e-6 < cold.value


class Ditch(Towards):
    """A narrow minimum at the target, level ground elsewhere."""

    def values(self, filters):
        return 1 - np.exp(-super().values(filters) / 0.01)

    def value_and_gradient(self, h):
        value = self.values(h)
        return value, (1 - value) / 0.01 * 2 * (h - self.target)
