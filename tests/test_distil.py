"""Objectives, search and result, against finite differences, autograd and truth."""

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from awd import distil, transform, wavelet
from awd.errors import ConfigError, DataError, ShapeError
from awd.features import Largest
from awd.filters import kernels
from awd.filters.families import Lattice, Smoother
from awd.search import descent, objectives
from awd.search.fidelity import fidelity


def smooth(n: int, time: int, seed: int = 0) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=(n, time))
    return np.cumsum(steps, axis=1)


def random_filter(seed: int, taps: int = 10) -> np.ndarray:
    free = np.random.default_rng(seed).uniform(0, np.pi, taps // 2 - 1)
    return wavelet.filter_from_angles(wavelet.complete_angles(free))


def distance(h: np.ndarray, truth: np.ndarray) -> float:
    """L2 of taps, minimum over even shift, flip and sign."""
    centred = np.pad(h, 16)
    others = [s * t for s in (1, -1) for t in (truth, truth[::-1])]
    shifts = [np.pad(t, (16 + k, 16 - k)) for t in others for k in range(-16, 17, 2)]
    return min(np.linalg.norm(centred - other) for other in shifts)


def sparse_gradients(truth: np.ndarray, n: int = 600) -> np.ndarray:
    """Exact gradients of ``f(x) = sum_k w_k tanh(<psi_k, x>)`` on three atoms."""
    rng = np.random.default_rng(0)
    bands = kernels.analysis(np.eye(64), truth, 4)
    atoms = bands[2][:, 7:10]
    slopes = 1 - np.tanh(rng.normal(size=(n, 64)) @ atoms) ** 2
    return ((slopes * [1.0, 0.7, -0.8]) @ atoms.T).astype(np.float32)


def samples(x=None, gradient=None, output=None, groups=None):
    others = {"output": output, "groups": groups, "student": Largest(6), "folds": 5}
    return objectives.samples(x, gradient, 3, **others)


def terms() -> dict[str, descent.Term]:
    x, gradient = smooth(30, 41), np.random.default_rng(1).normal(size=(30, 41))
    return objectives.attribution(samples(x, gradient), 3)


@pytest.mark.parametrize("objective", ["attribution", "sparsity"])
def test_objective_gradient_equals_finite_differences(objective):
    term, h = terms()[objective], random_filter(0)
    step = 1e-6 * np.eye(len(h))
    slope = (term.values(h + step) - term.values(h - step)) / 2e-6
    value, gradient = term.value_and_gradient(h)
    assert value == pytest.approx(term.values(h[None])[0], rel=1e-12)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=1e-7)


@pytest.mark.parametrize("ratio", [0, 0.3, np.inf])
def test_gradient_along_angles_equals_finite_differences(ratio):
    blend = descent.Blend(terms(), distil._weights(ratio, terms())[0])
    free = np.random.default_rng(4).uniform(0, np.pi, 4)
    step = 1e-6 * np.eye(4)
    up, down = (
        blend.values(wavelet.filter_from_angles(wavelet.complete_angles(free + s)))
        for s in (step, -step)
    )
    h = wavelet.filter_from_angles(wavelet.complete_angles(free))
    slope = wavelet.free_jacobian(free) @ blend.value_and_gradient(h)[1]
    np.testing.assert_allclose(slope, (up - down) / 2e-6, rtol=0, atol=1e-7)


def test_terms_are_one_at_db5():
    db5 = wavelet.from_pywt("db5")[None]
    for term in terms().values():
        assert term.values(db5)[0] == pytest.approx(1)


def test_subset_estimates_the_whole():
    term = objectives.sparsity(samples(np.tile(smooth(1, 40), (10, 1))), 3)["sparsity"]
    h = random_filter(1)[None]
    part = term.subset(np.arange(3))
    assert part.values(h)[0] == pytest.approx(term.values(h)[0])


class Lstm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(1, 8, batch_first=True)
        self.head = torch.nn.Linear(8, 1)

    def forward(self, x):
        return self.head(self.lstm(x[..., None])[0][:, -1])[:, 0]


def trim(model: torch.nn.Module, x: torch.Tensor, h: torch.Tensor) -> list:
    """Attribution of coefficients as the paper does it: network in the loop."""
    coeffs = transform.analysis(x, h, levels=3)
    again = transform.synthesis(coeffs, h, x.shape[-1])
    output = model(again + (x - again).detach())
    return torch.autograd.grad(output.sum(), coeffs, create_graph=True)


@pytest.mark.parametrize("n", [32, 33])
def test_cached_attribution_equals_double_backward(n):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Lstm().double()
    for weights in model.parameters():
        weights.data *= 2.5  # so that the network bends
    x = torch.tensor(smooth(12, n) / 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x).sum(), x)
    x = x.detach()
    free = np.random.default_rng(2).uniform(0, np.pi, 4)
    h = wavelet.filter_from_angles(wavelet.complete_angles(free))
    h_torch = torch.tensor(h, requires_grad=True)

    theirs = trim(model, x, h_torch)
    ours = kernels.analysis(gradient.numpy(), h, 3)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=0, atol=1e-6)

    total = sum(c.abs().sum() for c in theirs)
    (by_taps,) = torch.autograd.grad(total, h_torch)
    value, slope = kernels.l1_gradient(gradient.numpy(), h, 3)
    assert value == pytest.approx(total.item(), rel=1e-6)
    jacobian = wavelet.free_jacobian(free)
    np.testing.assert_allclose(jacobian @ slope, jacobian @ by_taps.numpy(), atol=1e-6)


@pytest.mark.parametrize("truth", [wavelet.from_pywt("db5"), random_filter(7)])
def test_wavelet_of_a_sparse_problem_is_found_without_a_start(truth):
    result = distil.distil(
        gradient=sparse_gradients(truth), objective="attribution", length=10
    )
    assert distance(result.filter, truth) <= 0.02
    assert max(result.conditions.values()) <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_the_gradients_does_not_hide_the_wavelet(seed):
    truth = wavelet.from_pywt("db5")
    gradient = sparse_gradients(truth)
    noise = np.random.default_rng(1).normal(size=gradient.shape)
    noisy = gradient + 0.02 * np.float32(noise)
    result = distil.distil(
        gradient=noisy, objective="attribution", length=10, random_state=seed
    )
    assert distance(result.filter, truth) <= 0.02


def test_result_is_the_same_again_and_for_any_number_of_threads():
    gradient = sparse_gradients(wavelet.from_pywt("db3"), n=100)
    with threadpool_limits(1):
        first = distil.distil(
            gradient=gradient, objective="attribution", length=6, random_state=3
        )
    with threadpool_limits(2):
        again = distil.distil(
            gradient=gradient, objective="attribution", length=6, random_state=3
        )
    np.testing.assert_array_equal(first.filter, again.filter)
    assert [o.value for o in first.optima] == [o.value for o in again.optima]


def test_ratio_zero_equals_sparsity():
    x, gradient = smooth(80, 40), smooth(80, 40, seed=1)[:, ::-1]
    sparse = distil.distil(x, objective="sparsity", length=6)
    blended = distil.distil(x, gradient, objective="attribution", ratio=0, length=6)
    np.testing.assert_allclose(blended.filter, sparse.filter, atol=5e-3)
    assert (blended.chosen.sparsity, blended.chosen.attribution) == (1, 0)


def test_path_is_no_worse_than_any_other_filter():
    x, gradient = smooth(80, 40), smooth(80, 40, seed=1)[:, ::-1].copy()
    result = distil.distil(
        x, gradient, objective="attribution", ratio=[0.5, 0, np.inf], length=6
    )
    assert [one.sparsity for one in result.path] == pytest.approx([1, 2 / 3, 0])
    both = objectives.attribution(samples(x, gradient), 4)
    others = np.stack([random_filter(seed, taps=6) for seed in range(500)])
    for one in result.path:
        weights = {"sparsity": one.sparsity, "attribution": one.attribution}
        blend = descent.Blend(both, weights)
        assert one.value <= blend.values(others).min() + 1e-6
    np.testing.assert_array_equal(result.filter, result.path[-1].filter)


def test_optima_are_distinct_and_sorted():
    optima = distil.distil(smooth(50, 40), objective="sparsity", length=8).optima
    assert (np.diff([one.value for one in optima]) >= 0).all()
    for i, one in enumerate(optima):
        for other in optima[:i]:
            assert np.abs(one.filter - other.filter).max() > descent.DISTINCT


def test_haar_needs_no_search():
    result = distil.distil(smooth(5, 40), objective="sparsity", length=2)
    np.testing.assert_allclose(result.filter, wavelet.from_pywt("haar"))


def test_channels_share_one_filter():
    x = smooth(24, 40)
    flat = distil.distil(x, objective="sparsity", length=4)
    stacked = distil.distil(x.reshape(12, 2, 40), objective="sparsity", length=4)
    np.testing.assert_allclose(stacked.filter, flat.filter, atol=1e-4)


class Towards:
    """A term of the user's own: distance to a filter."""

    def __init__(self, target):
        self.target = target

    def values(self, filters):
        return ((filters - self.target) ** 2).sum(-1)

    def value_and_gradient(self, h):
        return self.values(h), 2 * (h - self.target)

    def subset(self, rows):
        return self


def test_search_minimises_any_term():
    target = random_filter(3)
    blend = descent.Blend({"own": Towards(target)}, {"own": 1.0})
    scanned = descent.scan([blend], np.arange(1), Lattice(10), np.random.default_rng(0))
    best = descent.minima(blend, scanned)[0]
    np.testing.assert_allclose(best.filter, target, atol=1e-3)


def with_nan(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[2, 5] = np.nan
    return x


X = smooth(6, 40)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"objective": "output", "x": X}, DataError, "needs output, the teacher's"),
        ({"levels": [3, 4], "x": X}, ConfigError, "leave a choice, which fidelity"),
        ({"gradient": with_nan(X)}, DataError, r"gradient\[2, 5\] is nan"),
        ({"x": X * np.inf, "gradient": X}, DataError, r"x\[0, 0\] is -?inf"),
        ({"gradient": X[:1]}, ShapeError, r"shape \(1, 40\); .* n >= 2"),
        ({"gradient": X[0]}, ShapeError, r"shape \(40,\)"),
        (
            {"gradient": X, "x": X[:, :39]},
            ShapeError,
            r"\(6, 1, 40\) and x \(6, 1, 39\)",
        ),
        ({"gradient": np.ones((6, 40))}, DataError, "constant in every sample"),
        ({"gradient": X, "length": 7}, ShapeError, "length is 7; expected an even"),
        ({"gradient": X, "levels": 6}, ShapeError, "use levels <= 5"),
        ({"gradient": X, "ratio": 1.0}, DataError, "give x, or use ratio=inf"),
        ({"gradient": X, "ratio": -1}, ConfigError, "ratio is -1; expected numbers"),
        ({"gradient": X, "ratio": "all"}, ConfigError, "'all'; expected numbers"),
        ({"gradient": X, "objective": "x"}, ConfigError, "one of output, attrib"),
        ({"gradient": X, "mode": "reflect"}, ConfigError, "'reflect'"),
        ({"x": X}, DataError, "needs gradient; got None"),
        ({"objective": "sparsity"}, DataError, "needs x; got None"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        distil.distil(**{"objective": "attribution", "length": 10, **arguments})


def peaks(truth: np.ndarray, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Signals, and an output that is linear in their largest coefficients."""
    x = smooth(n, 40)
    features = Largest(6).features(x, truth, 4)
    return x, features @ np.random.default_rng(1).normal(size=features.shape[1])


@pytest.mark.parametrize("name", ["haar", "db2", "db3"])
def test_output_distillation_finds_the_wavelet_that_the_teacher_reads(name):
    truth = wavelet.from_pywt(name)
    x, output = peaks(truth)
    result = distil.distil(x, output=output, length=len(truth))
    assert result.fidelity > 0.999
    np.testing.assert_allclose(result.filter, truth, atol=0.01)


def test_fidelity_chooses_length_and_levels():
    truth = wavelet.from_pywt("db2")
    x, output = peaks(truth)
    result = distil.distil(x, output=output, length=[2, 4], levels=[3, 4])
    assert (len(result.filter), result.levels) == (4, 4)
    assert result.fidelity == pytest.approx(max(one.score for one in result.pool))
    assert len(result.pool) == 2 * (2 + 4)  # Haar is its own flip, all have mirrors
    assert max(result.conditions.values()) <= 1e-12


def test_attributions_compete_by_fidelity_too():
    x, output = peaks(wavelet.from_pywt("db2"))
    gradient = np.random.default_rng(2).normal(size=x.shape)
    result = distil.distil(
        x, gradient, output, objective="attribution", ratio=[0, 1, np.inf], length=4
    )
    assert len(result.path) == 3
    assert len(result.pool) == 3 * 4
    assert result.fidelity == max(one.score for one in result.pool)


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_outputs_give_no_fidelity(seed):
    """The negative control of the whole search: it may not find what is not there."""
    x, output = peaks(wavelet.from_pywt("db2"), n=600)
    shuffled = np.random.default_rng(seed).permutation(output)
    result = distil.distil(x, output=shuffled, levels=[3, 4], length=[4, 6])
    assert result.fidelity < 0.05


def test_without_outputs_the_elbow_chooses_the_length():
    truth = wavelet.from_pywt("db3")
    gradient = sparse_gradients(truth)
    result = distil.distil(gradient=gradient, objective="attribution")
    assert len(result.filter) == 6
    assert distance(result.filter, truth) <= 0.02
    assert len(result.pool) == len(distil.LENGTHS)


def test_a_wavelet_has_the_moments_asked_for():
    x, output = peaks(wavelet.from_pywt("db2"))
    for moments in (2, 3):
        result = distil.distil(x, output=output, length=8, moments=moments)
        assert wavelet.vanishing_moments(result.filter) == moments
        assert max(result.conditions.values()) <= 1e-12
    lengths = {
        len(one.filter) for one in distil.distil(x, output=output, moments=3).pool
    }
    assert lengths == {6, 8, 10, 12}


def test_several_targets_are_reproduced_together():
    x, output = peaks(wavelet.from_pywt("db2"))
    both = np.stack([output, 100 * x.min(1)], 1)
    result = distil.distil(x, output=both, length=4)
    read = Largest(0, 6) if result.chosen.mirrored else Largest(6)

    def mean_fidelity(h):
        each = [fidelity(x, y, read, 4).values(h[None])[0] for y in both.T]
        return 1 - np.mean(each)

    assert result.fidelity == pytest.approx(mean_fidelity(result.filter), abs=1e-6)
    assert result.fidelity > mean_fidelity(wavelet.from_pywt("db5")) + 1e-3


def test_gradients_of_several_targets_count_the_same():
    truth = wavelet.from_pywt("db3")
    gradient = sparse_gradients(truth)
    noise = 1e6 * sparse_gradients(truth)[::-1]
    two = distil.distil(gradient=[gradient, noise], objective="attribution", length=6)
    assert distance(two.filter, truth) <= 0.02
    terms = objectives.attribution(
        objectives.samples(
            None, [gradient, noise], 4, output=None, groups=None, student=None, folds=5
        ),
        4,
    )
    assert np.ptp(np.abs(terms["attribution"].data).mean((0, 2))) < 1e-6


def test_any_function_of_the_coefficients_is_an_objective():
    gradient = sparse_gradients(wavelet.from_pywt("db3"), n=200)
    named = distil.distil(gradient=gradient, objective="attribution", length=6)
    own = distil.distil(
        np.ones_like(gradient) * np.arange(64),
        gradient,
        objective=lambda c, a: sum(band.abs().sum() for band in a) / len(c[0]),
        length=6,
    )
    np.testing.assert_allclose(own.filter, named.filter, atol=5e-3)
    assert own.objective == "coefficients"


def test_a_function_of_the_coefficients_has_an_exact_slope():
    function = lambda c, a: (c[0] ** 2).mean() + (c[1] * c[1]).mean().sqrt()  # noqa: E731
    term = objectives.coefficients(function, samples(smooth(20, 40)), 3)["coefficients"]
    h, step = random_filter(2), 1e-6 * np.eye(10)
    slope = (term.values(h + step) - term.values(h - step)) / 2e-6
    value, gradient = term.value_and_gradient(h)
    assert value == pytest.approx(term.values(h[None])[0])
    np.testing.assert_allclose(gradient, slope, atol=1e-6)


def test_resampled_groups_show_how_sure_a_filter_is():
    x, output = peaks(wavelet.from_pywt("db2"), n=400)
    groups = np.arange(400) // 20
    noisy = output + 3 * output.std() * np.random.default_rng(5).normal(size=400)
    spread = []
    for y in (output, noisy):
        result = distil.distil(
            x, output=y, length=4, groups=groups, draws=10, random_state=1
        )
        assert result.draws.shape == (10, 4)
        for h in result.draws:
            assert max(wavelet.conditions(h).values()) < 1e-12
        spread.append(result.draws.std(0).max())
    assert spread[0] < 0.01 < spread[1]


def test_a_family_of_ones_own_is_searched_without_a_slope():
    """A student without slope on a one-parameter family: its truth is found."""
    smoother = Smoother(
        "triangle",
        lambda p: np.concatenate([p / 2, 1 - p, p / 2], axis=-1),
        np.array([[0.0, 1.0]]),
    )

    class Rough:
        """Mean absolute difference of a signal from its smooth version."""

        def features(self, x, h, levels):
            rows = x.reshape(len(x), -1)
            low = [np.convolve(row, h, "same") for row in rows]
            return np.stack([np.max(low, 1), np.min(low, 1)], 1)

        def fitted(self, x, h, levels):
            return self

        mirrored = property(lambda self: self)

    x = np.random.default_rng(0).normal(size=(120, 40)).cumsum(1)
    x += np.random.default_rng(1).normal(size=x.shape)
    output = Rough().features(x, smoother.filters([0.35]), 1)[:, 0]
    result = distil.distil(x, output=output, student=Rough(), family=smoother, levels=1)
    assert result.fidelity > 0.999
    np.testing.assert_allclose(result.filter, [0.175, 0.65, 0.175], atol=0.02)
    assert result.conditions["sum"] < 1e-12


def test_a_shorter_optimum_stays_where_it_is_best():
    """On small images the borders tell a Haar wavelet from the same one delayed."""
    ramp = np.add.outer(np.arange(16.0), np.arange(16.0))
    x = ramp + np.random.default_rng(0).normal(0, 0.1, (12, 16, 16))
    family = Lattice(4)
    scanned = family.filters(family.points(np.linspace(0, 1, 91)[:-1, None]))
    norms = kernels.l1(x, scanned, 4)
    found = distil.distil(
        x, objective="sparsity", levels=4, length=4, dims=2, random_state=0
    )
    assert kernels.l1(x, found.filter[None], 4)[0] <= norms.min() * (1 + 1e-9)
