"""Attributions of coefficients from what is cached, against captum in their space."""

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from awd import attribution, transform, wavelet
from awd.errors import ConfigError, DataError, ShapeError
from awd.filters import kernels
from awd.teacher import ask, networks

pytestmark = pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
RNG = np.random.default_rng(0)
TIME, LEVELS = 24, 3
X, B = RNG.normal(size=(2, 9, TIME))
DB3 = wavelet.from_pywt("db3")


def dense(activation):
    return nn.Sequential(nn.Linear(TIME, 12), activation(), nn.Linear(12, 2))


def network(kind):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        if kind == "lstm":
            model = networks.build("lstm", 0, np.array([0.0, 20.0]))
        elif kind == "cnn":
            model = networks.build("cnn", 0, length=TIME)
        else:
            model = dense({"tanh": nn.Tanh, "relu": nn.ReLU}[kind])
        return model.double().eval()


KINDS = ["tanh", "relu", "cnn", "lstm"]


def analysis(x):
    return np.concatenate(kernels.analysis(np.asarray(x), DB3, LEVELS), axis=-1)


class Behind(nn.Module):
    """The network as a function of the coefficients: what TRIM explains."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.sizes = transform.band_lengths(TIME, len(DB3), LEVELS)

    def forward(self, c):
        bands = c.split(self.sizes, -1)
        x = transform.synthesis(bands, torch.tensor(DB3), TIME)
        return self.model(x)


def attributed(found):
    return found.of_coefficients(lambda x: [analysis(x)])[0]


def captums(method, kind, **options):
    behind = Behind(network(kind))
    c = torch.tensor(analysis(X)).requires_grad_()
    explainer = method(behind)
    return explainer.attribute(c, target=0, **options).detach().numpy()


def agree(found, expected):
    np.testing.assert_allclose(attributed(found), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_saliency(kind):
    expected = captums(captum.attr.Saliency, kind, abs=False)
    model = network(kind)
    agree(attribution.METHODS["saliency"](model, X), expected)
    agree(attribution.METHODS["absolute_saliency"](model, X), np.abs(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_input_x_gradient(kind):
    expected = captums(captum.attr.InputXGradient, kind)
    agree(attribution.input_x_gradient(network(kind), X), expected)


@pytest.mark.parametrize("baseline", [0.0, 0.3, B[0], B], ids=["0", "c", "one", "each"])
@pytest.mark.parametrize("kind", KINDS)
def test_integrated_gradients(kind, baseline):
    whole = np.broadcast_to(baseline, X.shape)
    expected = captums(
        captum.attr.IntegratedGradients,
        kind,
        baselines=torch.tensor(analysis(whole)),
        n_steps=50,
    )
    model = network(kind)
    found = attribution.integrated_gradients(model, X, baseline=baseline)
    agree(found, expected)
    if kind in ("tanh", "lstm"):  # smooth, so that the quadrature is exact
        change = ask.output(model, X) - ask.output(model, whole)
        np.testing.assert_allclose(attributed(found).sum(1), change, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_expected_gradients_for_the_same_draws(kind):
    model, draws = network(kind), 4
    found = attribution.expected_gradients(
        model, X, baselines=B, draws=draws, random_state=3
    )
    rng = np.random.default_rng(3)
    chosen = B[rng.integers(len(B), size=(draws, len(X)))]
    share = rng.uniform(size=(draws, len(X), 1))
    expected = 0
    for b, t in zip(chosen, share, strict=True):
        point = torch.tensor(analysis(b + t * (X - b))).requires_grad_()
        gradient = captum.attr.Saliency(Behind(model)).attribute(
            point, target=0, abs=False
        )
        expected += analysis(X - b) * gradient.numpy() / draws
    agree(found, expected)
    assert found.gradient.shape == found.difference.shape == (draws, *X.shape)


def test_smooth_grad_within_monte_carlo_errors():
    model, draws, sd = network("tanh"), 400, 0.5
    behind = captum.attr.Saliency(Behind(model))
    c = torch.tensor(analysis(X))
    torch.manual_seed(0)
    samples = np.stack(
        [
            behind.attribute(
                (c + sd * torch.randn_like(c)).requires_grad_(), target=0, abs=False
            ).numpy()
            for _ in range(draws)
        ]
    )
    found = attributed(attribution.smooth_grad(model, X, sd=sd, draws=draws))
    error = samples.std(0, ddof=1) * np.sqrt(
        2 / draws
    )  # of the difference of two means
    assert (np.abs(found - samples.mean(0)) <= 4 * error + 1e-9).all()
    assert np.abs(found - samples.mean(0)).max() > 0


@pytest.mark.parametrize("kind", ["tanh", "relu", "cnn"])
def test_deep_lift(kind):
    expected = captums(captum.attr.DeepLift, kind, baselines=torch.tensor(analysis(B)))
    model = network(kind)
    found = attribution.deep_lift(model, X, baseline=B)
    agree(found, expected)
    change = ask.output(model, X) - ask.output(model, B)
    np.testing.assert_allclose(found.of_samples().sum(1), change, atol=1e-6)


def test_methods_are_found_by_name(tmp_path):
    module = tmp_path / "own.py"
    module.write_text(
        "from awd import attribution\n"
        "def halved(model, x, target=0):\n"
        "    return attribution.Attribution(\n"
        "        attribution.saliency(model, x, target)[None] / 2\n"
        "    )\n"
    )
    model = network("relu")
    plain = attribution.saliency(model, X)
    named = attribution.attribute("saliency", model, X)
    own = attribution.attribute(f"{module}:halved", model, X)
    np.testing.assert_array_equal(named.of_samples(), plain)
    np.testing.assert_array_equal(own.of_samples(), plain / 2)
    with pytest.raises(ConfigError, match="attribution is 'occlusion'; expected one"):
        attribution.attribute("occlusion", model, X)
    with pytest.raises(ConfigError, match="'smooth_grad': missing .* 'sd'"):
        attribution.attribute("smooth_grad", model, X)


def test_deep_lift_refuses_what_it_cannot_follow():
    with pytest.raises(DataError, match="this one is recurrent"):
        attribution.deep_lift(network("lstm"), X)
    shared = nn.ReLU()
    twice = nn.Sequential(
        nn.Linear(TIME, 8), shared, nn.Linear(8, 6), shared, nn.Linear(6, 1)
    )
    with pytest.raises(DataError, match="every activation must be a module"):
        attribution.deep_lift(twice.double(), X)
    with pytest.raises(DataError, match="miss the change of the output"):
        attribution.deep_lift(Functional().double(), X, baseline=0.5)
    with pytest.raises(ShapeError, match="target 2 does not exist"):
        attribution.deep_lift(network("relu"), X, 2)


@pytest.mark.parametrize(
    ("layers", "remedy"),
    [
        ([nn.GELU(), nn.Linear(8, 1)], r"no rule for GELU \(1\), knows ReLU"),
        ([nn.SiLU(), nn.Linear(8, 1)], r"SiLU \(1\).* use integrated_gradients"),
        ([nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1)], "outputs are logits"),
    ],
)
def test_deep_lift_says_what_it_has_no_rule_for(layers, remedy):
    model = nn.Sequential(nn.Linear(TIME, 8), *layers).double()
    with pytest.raises(DataError, match=remedy):
        attribution.deep_lift(model, X, baseline=0.5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-3, 1, 100])
def test_deep_lift_follows_pools_and_saturated_networks(scale, dtype):
    layers = nn.Conv1d(1, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten()
    model = nn.Sequential(*layers, nn.LazyLinear(2), nn.Sigmoid())
    model(torch.zeros(1, 1, TIME))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(scale)
    model = model.to(getattr(torch, dtype))
    x = X[:, None].astype(dtype)
    found = attribution.deep_lift(model, x).of_samples().sum((1, 2))
    change = ask.output(model, x) - ask.output(model, 0 * x)
    np.testing.assert_allclose(found, change, atol=1e-3 if dtype == "float32" else 1e-7)


class Functional(nn.Module):
    """An activation that captum does not see."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first, self.last = nn.Linear(TIME, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


@pytest.mark.parametrize("name", list(attribution.METHODS))
def test_every_method_keeps_batch_and_shape(name):
    needs = {"expected_gradients": {"baselines": B}, "smooth_grad": {"sd": 0.1}}
    method, more = attribution.METHODS[name], needs.get(name, {})
    model = network("relu")
    whole = method(model, X, **more)
    assert whole.of_samples().shape == X.shape
    batched = method(model, X, batch=4, **more)
    np.testing.assert_allclose(batched.gradient, whole.gradient, atol=1e-12)
    single = method(model.float(), X, **more)
    assert single.gradient.dtype == single.of_samples().dtype == np.float32
    np.testing.assert_allclose(single.gradient, whole.gradient, atol=1e-5)


class Strided(nn.Module):
    """Sees a grid: every fourth sample only."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return (x[(..., *(slice(None, None, 4),) * self.dims)] ** 2).flatten(1).sum(1)


@pytest.mark.parametrize("dims", [1, 2])
def test_averaging_over_shifts_removes_the_grid(dims):
    x = RNG.normal(size=(3, *(16,) * dims))
    plain = ask.saliency(Strided(dims), x)
    assert (plain == 0).mean() > 0.7
    even = ask.saliency(attribution.over_shifts(Strided(dims), 4, dims), x)
    inside = (slice(None), *(slice(4, 12),) * dims)
    np.testing.assert_allclose(even[inside], 2 * x[inside] / 4**dims, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda m: attribution.integrated_gradients(m, X, baseline=B[:4]),
            ShapeError,
            r"baseline has shape \(4, 24\); expected a number, one sample",
        ),
        (
            lambda m: attribution.integrated_gradients(m, X, baseline=np.nan),
            DataError,
            "baseline is not finite",
        ),
        (
            lambda m: attribution.integrated_gradients(m, np.full_like(X, np.nan)),
            DataError,
            "x is not finite",
        ),
        (
            lambda m: attribution.expected_gradients(m, X, baselines=B + np.inf),
            DataError,
            "baselines is not finite",
        ),
        (
            lambda m: attribution.smooth_grad(m, X, sd=np.nan),
            ConfigError,
            "sd is nan",
        ),
        (
            lambda m: ask.saliency(attribution.over_shifts(m, TIME + 1), X),
            ShapeError,
            "shift 24 is longer than an axis of 24",
        ),
        (
            lambda m: attribution.integrated_gradients(m, X, steps=0),
            ConfigError,
            "steps is 0",
        ),
        (
            lambda m: attribution.expected_gradients(m, X, baselines=B[:, :5]),
            ShapeError,
            r"baselines have shape \(9, 5\)",
        ),
        (
            lambda m: attribution.expected_gradients(m, X, baselines=B, draws=0),
            ConfigError,
            "draws is 0",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(network("relu"))


@pytest.mark.parametrize("mode", ["zero", "periodization"])
@pytest.mark.parametrize("name", ["haar", "db5"])
def test_trim_saliency_is_the_transform_of_the_cached_gradient(name, mode):
    """TRIM: the network reads synthesis(c) + residual, differentiated by c."""
    h = torch.from_numpy(wavelet.from_pywt(name))
    model = network("lstm")
    x = torch.from_numpy(RNG.normal(size=(6, 40)))
    coefficients = [
        c.detach().requires_grad_() for c in transform.analysis(x, h, 3, mode)
    ]
    rebuilt = transform.synthesis(coefficients, h, 40, mode)
    trim = model(rebuilt + (x - rebuilt).detach())
    expected = torch.autograd.grad(trim.sum(), coefficients)
    method = attribution.METHODS["saliency"]
    found = method(model, x.numpy()).of_coefficients(
        lambda signals: kernels.analysis(signals, h.numpy(), 3, mode)
    )
    for band, truth in zip(found, expected, strict=True):
        np.testing.assert_allclose(band, truth.numpy(), atol=1e-12)
