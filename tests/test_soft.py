"""The paper's loss against a literal one, and what its training does to a filter."""

import functools

import numpy as np
import pytest
import pywt
import torch

from awd import attribution, transform, wavelet
from awd.cells import simulate
from awd.cells.study import dataset
from awd.errors import ConfigError, DataError, ShapeError, WaveletError
from awd.search import soft
from awd.teacher import networks

# pywt thinks of levels that only see borders as too many; the paper has four of them.
pytestmark = pytest.mark.filterwarnings("ignore:Level value of")

DB5 = wavelet.from_pywt("db5")


def walks(*shape: int, seed: int = 0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=shape), axis=-1)


def near_db5(count: int, size: float = 0.05, seed: int = 0) -> np.ndarray:
    return DB5 + size * np.random.default_rng(seed).normal(size=(count, 10))


def train(x: np.ndarray, gradient: np.ndarray, **changed) -> soft.SoftPath:
    settings = {"levels": 2, "sparsity": [1e-2], "attribution": [0.1]}
    settings |= {"epochs": 3, "batch": 4, "learning_rate": 1e-2}
    settings["dims"] = x.ndim - 1
    return soft.distil_soft(x, gradient, **settings | changed)


def literal_penalty(h: np.ndarray) -> float:
    """Term by term, with complex exponentials in place of a cosine transform."""
    taps, g = len(h), wavelet.highpass(h)

    def power(w: float) -> float:
        return abs(sum(h[k] * np.exp(-1j * w * k) for k in range(taps))) ** 2

    def product(shift: int) -> float:
        pairs = [(k, k - shift) for k in range(taps) if 0 <= k - shift < taps]
        return sum(h[i] * h[j] for i, j in pairs)

    grid = [2 * np.pi * j / taps for j in range(taps // 2)]
    shifts = range(-taps, taps + 1, 2)
    squares = [
        (h.sum() - np.sqrt(2)) ** 2,
        g.sum() ** 2,
        (product(0) - 1) ** 2,
        sum((power(w) + power(w + np.pi) - 2) ** 2 for w in grid),
        sum((product(k) - (k == 0)) ** 2 for k in shifts),
    ]
    return sum(squares) / 2


def literal_loss(h, x, gradient, sparsity, attribution, levels) -> float:
    """The formula with pywt, one after the other: (samples, channel, [y,] x)."""
    g, size = wavelet.highpass(h), x.shape[2:]
    bank = pywt.Wavelet("any", filter_bank=(h[::-1], g[::-1], h, g))
    analyse, restore = {
        1: (pywt.wavedec, pywt.waverec),
        2: (pywt.wavedec2, pywt.waverec2),
    }[len(size)]
    decompose = functools.partial(analyse, wavelet=bank, mode="zero", level=levels)
    total, samples = 0.0, len(x)
    for signal, slope in zip(
        x.reshape(-1, *size), gradient.reshape(-1, *size), strict=True
    ):
        coefficients = decompose(signal)
        restored = restore(coefficients, bank, "zero")[tuple(map(slice, size))]
        total += ((signal - restored) ** 2).sum() / samples
        for weight, bands in (
            (sparsity, coefficients),
            (attribution, decompose(slope)),
        ):  # a level's three details of an image are one array here, as for the authors
            norm = sum(np.abs(band).sum() for band in bands)
            total += weight * norm / (samples * len(bands))
    return total + literal_penalty(h)


def loss_of(size: tuple[int, ...], levels: int) -> soft.Loss | soft.ImageLoss:
    """For filters of 10 taps on samples of this size."""
    if len(size) == 1:
        return soft.Loss(*size, 10, levels, torch.float64)
    return soft.ImageLoss(levels, soft.Penalty(10, torch.float64))


SIZES = [(1, 40), (2, 33), (1, 24, 33), (2, 17, 16)]  # channels, [y,] x


@pytest.mark.parametrize("size", SIZES)
def test_loss_of_all_filters_equals_the_formula(size):
    x, gradient = walks(2, 2, 5, *size)
    weights, h = np.array([0.01, 0.3]), near_db5(4).reshape(2, 2, 10)
    loss = loss_of(size[1:], 3)
    found = loss(*map(torch.tensor, (h, x, gradient, weights)), 0.2)
    for seed, batch in enumerate(zip(x, gradient, strict=True)):
        for chain, weight in enumerate(weights):
            expected = literal_loss(h[seed, chain], *batch, weight, 0.2, 3)
            assert found[seed, chain].item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("taps", [2, 4, 10])
def test_penalty_is_zero_at_wavelets_alone(taps):
    h = wavelet.from_pywt(f"db{taps // 2}")
    loss = soft.Loss(40, taps, 2, torch.float64)
    assert loss.penalty(torch.tensor(h)).item() < 1e-20
    off = h + 0.01 * np.arange(taps)
    assert loss.penalty(torch.tensor(off)).item() == pytest.approx(literal_penalty(off))


@pytest.mark.parametrize("size", SIZES)
def test_gradient_equals_finite_differences(size):
    x, gradient = torch.tensor(walks(2, 1, 6, *size))
    weights = torch.tensor([0.5], dtype=torch.float64)
    loss = loss_of(size[1:], 4)
    h = torch.tensor(near_db5(1)[None], requires_grad=True)
    loss(h, x, gradient, weights, 0.5).sum().backward()
    step = 1e-6 * torch.eye(10, dtype=torch.float64)[:, None, None]
    up, down = (
        torch.cat([loss(h + s, x, gradient, weights, 0.5) for s in signed])[:, 0]
        for signed in (step, -step)
    )
    slope = ((up - down) / 2e-6).detach().numpy()
    np.testing.assert_allclose(h.grad[0, 0].numpy(), slope, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("time", [40, 33])
def test_synthesis_is_the_transpose_of_analysis_for_any_filter(time):
    h = torch.tensor(near_db5(1)[0])
    bands = transform.analysis(torch.eye(time, dtype=torch.float64), h, 3)
    matrix = torch.cat(bands, dim=-1).T
    torch.testing.assert_close(soft.Loss(time, 10, 3, h.dtype).matrix(h), matrix)
    coefficients = torch.eye(len(matrix), dtype=torch.float64)
    sizes = [band.shape[-1] for band in bands]
    back = transform.synthesis(coefficients.split(sizes, dim=-1), h, time)
    torch.testing.assert_close(back, matrix, rtol=0, atol=1e-14)


def plain_loss(h, x, gradient, sparsity, attribution, levels) -> torch.Tensor:
    """The loss of one filter on images (samples, y, x) as torch would have it."""
    analyse = functools.partial(transform.analysis, h=h, levels=levels, dims=2)
    bands, slopes = analyse(x), analyse(gradient)
    missed = ((x - transform.synthesis(bands, h, x.shape[1:])) ** 2).sum()
    norms = [
        sum(b.abs().sum() for level in part for b in level)  # the first one of rows
        for part in (bands, slopes)
    ]
    share = (sparsity * norms[0] + attribution * norms[1]) / (levels + 1)
    return (missed + share) / len(x) + soft.Penalty(len(h), h.dtype)(h)


@pytest.mark.parametrize("size", [(16, 24), (17, 33)])
def test_filters_of_images_go_the_way_of_a_plain_loop(size):
    x, gradient = torch.tensor(walks(2, 10, *size))
    weights = [1e-2, 1.0]
    settings = {"sparsity": weights, "attribution": [0.0, 0.5], "epochs": 1}
    path = train(x.numpy(), gradient.numpy(), seeds=(3,), **settings)
    for j, weight in enumerate(weights):
        h = torch.tensor(DB5, requires_grad=True)
        for k, attribute in enumerate(path.attribution):
            adam = torch.optim.Adam([h], 1e-2)
            order = torch.randperm(10, generator=torch.Generator().manual_seed(3))
            values = []
            for rows in order.split(4):  # 4, 4 and 2: three steps
                adam.zero_grad()
                value = plain_loss(h, x[rows], gradient[rows], weight, attribute, 2)
                value.backward()
                adam.step()
                values.append(value.item())
            found = path.filter[0, j, k]
            np.testing.assert_allclose(found, h.detach(), rtol=0, atol=1e-9)
            assert path.loss[0, j, k] == pytest.approx(np.mean(values), rel=1e-9)


@pytest.mark.parametrize("size", [(32,), (17, 24)])
def test_a_chain_alone_takes_the_way_it_takes_among_others(size):
    x, gradient = walks(2, 10, *size)
    weights = [1e-3, 1e-2, 1e-1]
    together = train(x, gradient, sparsity=weights, seeds=(1, 7))
    assert together.filter.shape == (2, 3, 1, 10)
    for i, seed in enumerate(together.seeds):
        for j, weight in enumerate(weights):
            alone = train(x, gradient, sparsity=[weight], seeds=(int(seed),))
            np.testing.assert_allclose(
                alone.filter[0, 0], together.filter[i, j], rtol=0, atol=1e-12
            )
            np.testing.assert_allclose(alone.loss[0, 0], together.loss[i, j])


def test_a_weight_begins_where_the_one_before_it_ended():
    x, gradient = walks(2, 10, 32)
    path = train(x, gradient, attribution=[1.0, 0.0, 0.1])
    np.testing.assert_array_equal(path.attribution, [0, 0.1, 1])
    start = "db5"
    for k, weight in enumerate(path.attribution):
        step = train(x, gradient, attribution=[weight], init=start)
        start = step.filter[0, 0, 0]
        np.testing.assert_array_equal(start, path.filter[0, 0, k])


def test_the_reported_loss_is_the_mean_over_the_last_epoch():
    x, gradient = walks(2, 8, 1, 32)
    path = train(x, gradient, batch=8, epochs=1, dims=1)
    expected = literal_loss(DB5, x, gradient, 1e-2, 0.1, 2)
    assert path.loss[0, 0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("size", [(32,), (17, 24)])
def test_result_is_the_same_again_and_leaves_the_global_generator_alone(size):
    x, gradient = walks(2, 10, *size)
    torch.rand(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first = train(x, gradient, seeds=(3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    second = train(x, gradient, seeds=(3, 4))
    np.testing.assert_array_equal(first.filter, second.filter)
    assert np.abs(first.filter[0] - first.filter[1]).max() > 1e-6


@pytest.mark.parametrize("size", [(32,), (17, 24)])
def test_single_precision_follows_double_precision(size):
    x, gradient = walks(2, 10, *size)
    double = train(x, gradient)
    single = train(x.astype(np.float32), gradient.astype(np.float32))
    assert single.filter.dtype == np.float64
    np.testing.assert_allclose(single.filter, double.filter, atol=1e-5)


def test_published_grid():
    assert soft.PAPER_SPARSITY == (0.0001, 0.00027, 0.00071, 0.00188, 0.005)
    assert len(soft.PAPER_ATTRIBUTION) == 21
    assert soft.PAPER_ATTRIBUTION[:3] == (0, 0.0001, 0.00018)
    assert soft.PAPER_ATTRIBUTION[-1] == 10


@functools.cache
def traces() -> np.ndarray:
    """Some 300 simulated tracks, scaled as in the paper."""
    cell = simulate.simulate_traces("teaching", "cell", 500, 0)
    how = {"targets": ["mean0"], "min_frames": 8, "windows": ["whole"]}
    table = dataset.assemble([cell], **how)
    split = np.full(table.sizes["sample"], "train")
    return dataset.scale(table, split, "cell")["x"].values[:300]


def test_attribution_weight_draws_the_filter_away_from_the_wavelets():
    x = traces()
    gradient = attribution.saliency(networks.build("lstm", 0), x)
    gradient *= 0.3 / np.abs(gradient).sum(1).mean()  # the size of a trained one's
    path = soft.distil_soft(
        x,
        gradient,
        sparsity=[1e-3],
        attribution=[0, 10, 100],
        epochs=20,
        learning_rate=1e-2,
    )
    filters = path.filter[0, 0]
    distance = np.linalg.norm(filters - DB5, axis=1)
    missed = np.max([v[0, 0] for v in path.conditions().values()], axis=0)
    assert (np.diff(distance) > 0).all()
    assert (np.diff(missed) > 0).all()
    support = [wavelet.effective_length(h, tolerance=0.05) for h in filters]
    assert support[0] == wavelet.effective_length(DB5, 0.05) == 7
    assert support[-1] <= 5


def test_conditions_are_measured_for_every_filter():
    path = train(*walks(2, 6, 32), attribution=[0, 1], seeds=(0, 1))
    measured = path.conditions()
    assert set(measured) == set(wavelet.MEANING)
    direct = wavelet.conditions(path.filter[1, 0, 1])
    assert {name: v[1, 0, 1] for name, v in measured.items()} == direct


X = walks(6, 40)
NAN = np.where(np.arange(40) == 5, np.nan, X)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x": None}, DataError, "needs x; got None"),
        ({"gradient": NAN}, DataError, r"gradient\[0, 5\] is nan"),
        ({"gradient": 0 * X}, DataError, "gradient is constant in every sample"),
        ({"x": X[:, 1:]}, ShapeError, r"\(6, 1, 39\) and gradient \(6, 1, 40\)"),
        ({"x": X[None, None], "gradient": X[None, None]}, ShapeError, "n >= 2"),
        ({"levels": 6}, ShapeError, "use levels <= 5"),
        ({"sparsity": []}, ConfigError, "sparsity is empty"),
        ({"attribution": [-1]}, ConfigError, "attribution is -1"),
        (
            {"attribution": [np.inf]},
            ConfigError,
            "attribution is inf; .* at most",
        ),
        ({"attribution": "all"}, ConfigError, "attribution is 'all'"),
        ({"init": "db99"}, WaveletError, "'db99'"),
        ({"init": np.ones(5)}, ShapeError, "even length"),
        ({"epochs": 0}, ConfigError, "epochs is 0; expected an integer"),
        ({"batch": 2.5}, ConfigError, "batch is 2.5"),
        ({"learning_rate": 0.0}, ConfigError, "learning_rate is 0.0"),
        ({"seeds": ()}, ConfigError, "seeds is empty"),
        ({"seeds": (-1,)}, ConfigError, "seeds is -1"),
        ({"dims": 3}, ConfigError, "dims is 3; expected"),
    ],
)
def test_bad_input_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        soft.distil_soft(**{"x": X, "gradient": X} | arguments)


MAPS = walks(6, 16, 24)
HOLE = np.where(np.arange(24) == 5, np.inf, MAPS)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"gradient": None}, DataError, "needs gradient; got None"),
        ({"gradient": HOLE}, DataError, r"gradient\[0, 0, 5\] is inf"),
        ({"gradient": 0 * MAPS}, DataError, "gradient is constant in every sample"),
        ({"x": MAPS[..., 1:]}, ShapeError, r"1, 16, 23\) and gradient \(6, 1, 16, 24"),
        ({"x": MAPS[0]}, ShapeError, r"images \(n, \[channel,\] y, x\)"),
        ({"levels": 5}, ShapeError, "use levels <= 4"),
    ],
)
def test_bad_images_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        soft.distil_soft(**{"x": MAPS, "gradient": MAPS, "dims": 2} | arguments)
