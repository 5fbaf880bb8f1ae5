"""What distillation finds, against known wavelets and brute force."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from threadpoolctl import threadpool_limits

from awd import distil, wavelet
from awd.errors import ConfigError, DataError, MissingInput, ShapeError
from awd.features import Largest, Student
from awd.filters import families, kernels
from awd.filters.families import Lattice, Smoother
from awd.filters.undecimated import Quantiles
from awd.search import descent, objectives
from awd.search.fidelity import fidelity
from awd.search.objectives import OBJECTIVES


def smooth(n: int, time: int, seed: int = 0) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(size=(n, time))
    return np.cumsum(steps, axis=1)


def random_filter(seed: int, taps: int = 10) -> np.ndarray:
    free = np.random.default_rng(seed).uniform(0, np.pi, taps // 2 - 1)
    return wavelet.filter_from_angles(wavelet.complete_angles(free))


def distance(h: np.ndarray, truth: np.ndarray) -> float:
    """L2 of taps, minimum over even shift, flip and sign."""
    centred = np.pad(h, 16)
    twins = [s * t for s in (1, -1) for t in (truth, truth[::-1])]
    shifted = [np.pad(t, (16 + k, 16 - k)) for t in twins for k in range(-16, 17, 2)]
    return min(np.linalg.norm(centred - taps) for taps in shifted)


def sparse_gradients(truth: np.ndarray, n: int = 600) -> np.ndarray:
    """Exact gradients of ``f(x) = sum_k w_k tanh(<psi_k, x>)`` on three atoms."""
    rng = np.random.default_rng(0)
    bands = kernels.analysis(np.eye(64), truth, 4)
    atoms = bands[2][:, 7:10]
    slopes = 1 - np.tanh(rng.normal(size=(n, 64)) @ atoms) ** 2
    return ((slopes * [1.0, 0.7, -0.8]) @ atoms.T).astype(np.float32)


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


def test_result_repeats_and_is_the_same_for_any_number_of_threads():
    gradient = sparse_gradients(wavelet.from_pywt("db3"), n=100)
    with threadpool_limits(1):
        first = distil.distil(
            gradient=gradient, objective="attribution", length=6, random_state=3
        )
    with threadpool_limits(2):
        second = distil.distil(
            gradient=gradient, objective="attribution", length=6, random_state=3
        )
    np.testing.assert_array_equal(first.filter, second.filter)
    assert [o.value for o in first.optima] == [o.value for o in second.optima]


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
    assert [step.sparsity for step in result.path] == pytest.approx([1, 2 / 3, 0])
    nothing = {"output": None, "groups": None, "student": None, "folds": 5}
    both = objectives.attribution(objectives.samples(x, gradient, 4, **nothing), 4)
    filters = np.stack([random_filter(seed, taps=6) for seed in range(500)])
    for step in result.path:
        weights = {"sparsity": step.sparsity, "attribution": step.attribution}
        blend = descent.Blend(both, weights)
        assert step.value <= blend.values(filters).min() + 1e-6
    np.testing.assert_array_equal(result.filter, result.path[-1].filter)


def test_optima_are_distinct_and_sorted():
    optima = distil.distil(smooth(50, 40), objective="sparsity", length=8).optima
    assert (np.diff([optimum.value for optimum in optima]) >= 0).all()
    for optimum, better in itertools.combinations(optima, 2):
        assert np.abs(optimum.filter - better.filter).max() > descent.DISTINCT


def test_haar_needs_no_search():
    result = distil.distil(smooth(5, 40), objective="sparsity", length=2)
    np.testing.assert_allclose(result.filter, wavelet.from_pywt("haar"))


def test_channels_share_one_filter():
    x = smooth(24, 40)
    flat = distil.distil(x, objective="sparsity", length=4)
    pairs = x.reshape(12, 2, 40)
    stacked = distil.distil(pairs, objective="sparsity", length=4, dims=1)
    np.testing.assert_allclose(stacked.filter, flat.filter, atol=1e-4)


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
        ({"gradient": X[0]}, ShapeError, r"gradient is \(40,\)"),
        (
            {"gradient": X, "x": X[:, :39]},
            ShapeError,
            r"\(6, 1, 40\) and x \(6, 1, 39\)",
        ),
        ({"gradient": np.ones((6, 40))}, DataError, "constant in every sample"),
        ({"gradient": X, "length": 7}, ShapeError, "length is 7; expected an even"),
        ({"gradient": X, "levels": 6}, ShapeError, "use levels <= 5"),
        ({"gradient": X, "ratio": 1.0}, DataError, "give x, or use ratio=inf"),
        ({"gradient": X, "ratio": -1}, ConfigError, "ratio is -1; expected a number"),
        ({"gradient": X, "ratio": "all"}, ConfigError, "'all'; expected numbers"),
        ({"gradient": X, "objective": "x"}, ConfigError, "one of output, attrib"),
        ({"gradient": X, "mode": "reflect"}, ConfigError, "'reflect'"),
        ({"x": X}, DataError, "needs gradient, .* got None"),
        ({"objective": "sparsity"}, DataError, "nothing to distil; give x"),
        ({"x": X, "output": ["a"] * 6}, ShapeError, "output is a list of dtype <U1"),
        ({"x": X, "output": X[:, 0] + 1j}, ShapeError, "output is .* complex128"),
        ({"x": X, "output": [[1], [2, 3]]}, ShapeError, "output is no array"),
        ({"gradient": X, "folds": 1}, ConfigError, "folds is 1; .* at least 2"),
        ({"gradient": X, "draws": -1}, ConfigError, "draws is -1; .* at least 0"),
        ({"gradient": X, "random_state": "a"}, ConfigError, "random_state is 'a'"),
        ({"gradient": X, "student": 3}, ConfigError, "student is 3; expected what"),
        ({"gradient": X, "family": 3}, ConfigError, "family is 3; expected one of"),
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
    assert result.fidelity == pytest.approx(
        max(candidate.score for candidate in result.pool)
    )
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
    assert result.fidelity == max(candidate.score for candidate in result.pool)


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
        len(candidate.filter)
        for candidate in distil.distil(x, output=output, moments=3).pool
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
    shuffled = 1e6 * gradient[::-1]
    found = distil.distil(
        gradient=[gradient, shuffled], objective="attribution", length=6
    )
    assert distance(found.filter, truth) <= 0.02


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


def test_a_custom_family_is_searched_without_a_slope():
    """A student without slope on a one-parameter family: its truth is found."""
    smoother = Smoother(
        "triangle",
        lambda p: np.concatenate([p / 2, 1 - p, p / 2], axis=-1),
        np.array([[0.0, 1.0]]),
    )

    class Rough:
        """Mean absolute difference of a signal from its smooth version."""

        def features(self, x, h, levels, mode="zero", dims=None):
            rows = x.reshape(len(x), -1)
            low = [np.convolve(row, h, "same") for row in rows]
            return np.stack([np.max(low, 1), np.min(low, 1)], 1)

        def fitted(self, x, h, levels, dims=None):
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


def test_an_offset_is_told():
    x, output = peaks(wavelet.from_pywt("db2"))
    with pytest.warns(UserWarning, match="s.d. from 0, .* subtract the mean"):
        distil.distil(x + 1e4, output=output, length=4)


@pytest.mark.parametrize("x", [X.reshape(6, 4, 10), X.reshape(6, 4, 10).tolist()])
def test_three_axes_are_said_to_be_signals_or_images(x):
    with pytest.raises(ShapeError, match="x is .* 6 signals of 4 .* say which"):
        distil.distil(x, objective="sparsity", levels=2, length=4)
    signals, images = (
        distil.distil(x, objective="sparsity", levels=2, length=4, dims=dims)
        for dims in (1, 2)
    )
    assert (signals.dims, images.dims) == (1, 2)
    assert abs(signals.filter - images.filter).max() > 1e-3


def test_an_objective_of_ones_own_needs_one_entry(tmp_path):
    x = smooth(60, 40)
    module = tmp_path / "mine.py"
    module.write_text(
        "from awd.search.objectives import OBJECTIVES, Objective, sparsity\n"
        "same = Objective(sparsity)\n"
        "def mean(coefficients, attributions):\n"
        "    return coefficients[1].abs().mean()\n"
    )
    plain = distil.distil(x, objective="sparsity", length=4)
    named = distil.distil(x, objective=f"{module}:same", length=4)
    given = distil.distil(x, objective=OBJECTIVES["sparsity"], length=4)
    for found in (named, given):
        np.testing.assert_array_equal(found.filter, plain.filter)
    own = distil.distil(x[:40], objective=f"{module}:mean", length=4, levels=2)
    assert own.objective == f"{module}:mean"
    with pytest.raises(MissingInput, match="has no 'absent'"):
        distil.distil(x, objective=f"{module}:absent")
    with pytest.raises(ConfigError, match="expected its name, an Objective, or"):
        distil.distil(x, objective=3)


def test_families_are_found_by_name_and_drawn_anew():
    x = smooth(60, 40)
    settings = {"output": x.std(1), "student": Quantiles(), "levels": 2}
    named = distil.distil(x, family="symmetric", draws=2, **settings)
    given = distil.distil(x, family=families.SYMMETRIC, **settings)
    np.testing.assert_array_equal(named.filter, given.filter)
    assert named.draws.shape == (2, 5)
    with pytest.raises(ConfigError, match="one of symmetric, gaussian, isotropic"):
        distil.distil(x, family="round", **settings)


@pytest.mark.parametrize("changed", [{}, {"objective": "sparsity"}])
def test_smoothers_go_with_students_that_read_them(changed):
    x = smooth(60, 40)
    with pytest.raises(ConfigError, match=r"shape \(5,\), .*undecimated.Quantiles"):
        distil.distil(x, output=x.std(1), family="symmetric", **changed)


def test_a_family_without_numbers_is_refused():
    broken = families.Smoother(
        "broken", lambda p: np.full((*p.shape[:-1], 5), np.nan), np.array([[0, 1]])
    )
    x = smooth(60, 40)
    with pytest.raises(DataError, match="broken.* filters that are not finite"):
        distil.distil(x, output=x.std(1), family=broken, student=Quantiles())


def test_an_objective_without_numbers_is_refused():
    with pytest.raises(DataError, match="coefficients is not finite for any filter"):
        distil.distil(smooth(9, 40), objective=lambda c, a: c[0].mean() * np.nan)


@pytest.mark.parametrize(
    "take",
    [
        lambda x: x.astype(">f8"),
        np.asfortranarray,
        lambda x: np.repeat(x, 2, 1)[:, ::2],
        lambda x: torch.tensor(x, requires_grad=True),
        pd.DataFrame,
        lambda x: x.tolist(),
        lambda x: x.astype(np.longdouble),
    ],
)
def test_arrays_of_every_kind_are_the_same_samples(take):
    x = smooth(60, 40)
    settings = {"levels": 3, "length": 4}
    plain = distil.distil(x, output=x.max(1), **settings)
    locked = x.max(1)
    locked.flags.writeable = False
    found = distil.distil(take(x), output=torch.tensor(locked), **settings)
    np.testing.assert_array_equal(found.filter, plain.filter)
    bank = plain.filter, 3
    students = [
        Student(Largest(2), "ridge").fit(d, x[:, 0], *bank) for d in (x, take(x))
    ]
    np.testing.assert_array_equal(students[1].predict(take(x)), students[0].predict(x))
