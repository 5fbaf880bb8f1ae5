"""Objectives against finite differences, pywt and the network itself."""

import numpy as np
import pytest
import pywt
import torch

from awd import transform, wavelet
from awd.errors import ConfigError, DataError, ShapeError
from awd.features import Largest
from awd.filters import kernels
from awd.search import descent, objectives
from awd.search.fidelity import fidelity

pytestmark = pytest.mark.filterwarnings("ignore:Level value")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 41)).cumsum(1)
GRADIENT = RNG.normal(size=(30, 41))
NOTHING = {"output": None, "groups": None, "student": None, "folds": 5}


def random_filter(seed: int, taps: int = 10) -> np.ndarray:
    free = np.random.default_rng(seed).uniform(0, np.pi, taps // 2 - 1)
    return wavelet.filter_from_angles(wavelet.complete_angles(free))


def samples(x=None, gradient=None, **known) -> objectives.Samples:
    return objectives.samples(x, gradient, 3, **NOTHING | known)


def terms() -> dict[str, descent.Term]:
    return objectives.attribution(samples(X, GRADIENT), 3)


@pytest.mark.parametrize("objective", ["attribution", "sparsity"])
def test_objective_gradient_equals_finite_differences(objective):
    term, h = terms()[objective], random_filter(0)
    step = 1e-6 * np.eye(len(h))
    slope = (term.values(h + step) - term.values(h - step)) / 2e-6
    value, gradient = term.value_and_gradient(h)
    assert value == pytest.approx(term.values(h[None])[0], rel=1e-12)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=1e-7)


def test_a_function_of_the_coefficients_has_an_exact_slope():
    function = lambda c, a: (c[0] ** 2).mean() + (c[1] * c[1]).mean().sqrt()  # noqa: E731
    term = objectives.coefficients(function, samples(X), 3)["coefficients"]
    h, step = random_filter(2), 1e-6 * np.eye(10)
    slope = (term.values(h + step) - term.values(h - step)) / 2e-6
    value, gradient = term.value_and_gradient(h)
    assert value == pytest.approx(term.values(h[None])[0])
    np.testing.assert_allclose(gradient, slope, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda c, a: c[9].mean(), "fails .IndexError.* 4 bands"),
        (
            lambda c, a: c[1].abs(),
            r"returned tensor[\s\S]* expected a tensor of one number",
        ),
        (lambda c, a: 3.0, "returned 3.0; expected a tensor"),
        (lambda c, a: c[1].detach().mean(), "no gradient with respect to the filter"),
    ],
)
def test_a_function_that_cannot_be_minimised_is_refused(function, message):
    term = objectives.coefficients(function, samples(X), 3)["coefficients"]
    with pytest.raises(ConfigError, match=message):
        term.value_and_gradient(random_filter(1))


@pytest.mark.parametrize(("name", "data"), [("attribution", GRADIENT), ("sparsity", X)])
def test_terms_are_norms_in_units_of_db5(name, data):
    def norm(wave):
        return sum(np.abs(band).sum() for band in pywt.wavedec(data, wave, "zero", 3))

    filters = np.stack([wavelet.from_pywt("sym5"), wavelet.from_pywt("db5")])
    expected = [norm("sym5") / norm("db5"), 1]
    np.testing.assert_allclose(terms()[name].values(filters), expected)


def test_a_term_of_signals_needs_signals():
    assert list(terms()) == ["attribution", "sparsity"]
    assert list(objectives.attribution(samples(gradient=GRADIENT), 3)) == [
        "attribution"
    ]
    with pytest.raises(DataError, match="needs gradient, of the teacher's output"):
        objectives.attribution(samples(X), 3)
    with pytest.raises(DataError, match="needs output, the teacher's predictions"):
        objectives.output(samples(X), 3)


def test_a_part_of_the_samples_estimates_the_whole():
    same = np.tile(X[:1], (10, 1))
    term = objectives.sparsity(samples(same), 3)["sparsity"]
    h = random_filter(1)[None]
    part = term.subset(np.arange(3))
    assert part.values(h)[0] == pytest.approx(term.values(h)[0])
    halves = [terms()["sparsity"].subset(rows) for rows in np.split(np.arange(30), 2)]
    mean = np.mean([half.values(h)[0] for half in halves])
    assert mean == pytest.approx(terms()["sparsity"].values(h)[0])


def test_the_output_objective_is_the_misfit_of_the_student():
    outputs, groups = X.max(1), np.arange(30) // 3
    known = {"output": outputs, "groups": groups, "student": Largest(2), "folds": 3}
    term = objectives.output(samples(X, **known), 3)["output"]
    direct = fidelity(X, outputs, Largest(2), 3, groups, 3)
    h = random_filter(0)[None]
    assert term.values(h)[0] == direct.values(h)[0]


def test_rows_are_taken_of_all_data_and_may_repeat():
    known = {"output": X.max(1), "groups": np.arange(30)}
    whole, rows = samples(X, GRADIENT, **known), np.array([4, 4, 0])
    part = whole.subset(rows)
    np.testing.assert_array_equal(part.x, X[rows][:, None])
    np.testing.assert_array_equal(part.gradient, GRADIENT[rows][:, None])
    np.testing.assert_array_equal(part.output, known["output"][rows, None])
    np.testing.assert_array_equal(part.groups, rows)
    assert part.shape == (3, 1, 41)
    assert samples(gradient=GRADIENT).subset(rows).x is None


@pytest.mark.parametrize(
    ("data", "dims", "shape", "dtype"),
    [
        (X, 1, (30, 1, 41), np.float64),
        (X.astype(np.float32), 1, (30, 1, 41), np.float32),
        ((10 * X).astype(int).tolist(), 1, (30, 1, 41), np.float64),
        (X[:, :40].reshape(6, 5, 5, 8)[..., :4], 1, (6, 25, 4), np.float64),
        (X[:, :40].reshape(6, 5, 5, 8), 2, (6, 5, 5, 8), np.float64),
        (X[:, :40].reshape(30, 5, 8), 2, (30, 1, 5, 8), np.float64),
    ],
)
def test_samples_are_arranged_by_channels(data, dims, shape, dtype):
    found = objectives.arranged(data, "x", 2, dims)
    assert (found.shape, found.dtype) == (shape, dtype)
    np.testing.assert_array_equal(found.ravel(), np.ravel(data))


def test_gradients_of_several_targets_are_channels_of_the_same_size():
    found = samples(X, [GRADIENT, 1e6 * GRADIENT[::-1]]).gradient
    assert found.shape == (30, 2, 41)
    np.testing.assert_allclose(np.abs(found).mean((0, 2)), 1)
    np.testing.assert_allclose(found[:, 1], found[::-1, 0])
    with pytest.raises(ShapeError, match=r"\(30, 1, 40\) and x \(30, 1, 41\)"):
        samples(X, [GRADIENT, GRADIENT[:, 1:]])


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
    restored = transform.synthesis(coeffs, h, x.shape[-1])
    output = model(restored + (x - restored).detach())
    return torch.autograd.grad(output.sum(), coeffs, create_graph=True)


@pytest.mark.parametrize("n", [32, 33])
def test_cached_attribution_equals_double_backward(n):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Lstm().double()
    for weights in model.parameters():
        weights.data *= 2.5  # so that the network bends
    x = torch.tensor(X[:12, :n] / 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x).sum(), x)
    x = x.detach()
    free = np.random.default_rng(2).uniform(0, np.pi, 4)
    h = wavelet.filter_from_angles(wavelet.complete_angles(free))
    h_torch = torch.tensor(h, requires_grad=True)

    expected = trim(model, x, h_torch)
    cached = kernels.analysis(gradient.numpy(), h, 3)
    for found, band in zip(cached, expected, strict=True):
        np.testing.assert_allclose(found, band.detach().numpy(), rtol=0, atol=1e-6)

    total = sum(band.abs().sum() for band in expected)
    (by_taps,) = torch.autograd.grad(total, h_torch)
    value, slope = kernels.l1_gradient(gradient.numpy(), h, 3)
    assert value == pytest.approx(total.item(), rel=1e-6)
    jacobian = wavelet.free_jacobian(free)
    np.testing.assert_allclose(jacobian @ slope, jacobian @ by_taps.numpy(), atol=1e-6)
