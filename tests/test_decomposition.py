"""Contextual decomposition: exact where a network is linear, complete everywhere."""

import numpy as np
import pytest
import torch
from torch import nn

from awd import wavelet
from awd.errors import DataError, ShapeError
from awd.filters import kernels
from awd.teacher import ask, decomposition, networks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 40))
PART = X * (RNG.uniform(size=X.shape) < 0.5)


def teacher(kind):
    sizes = {} if kind == "lstm" else {"length": 40}
    return networks.build(kind, 3, np.array([1.0, 9.0]), **sizes).double().eval()


def test_a_linear_network_is_attributed_exactly():
    weights = RNG.normal(size=40)
    layer = nn.Linear(40, 1, bias=False).double()
    layer.weight.data[:] = torch.tensor(weights)
    part, rest = decomposition.contextual(nn.Sequential(layer), X, PART)
    np.testing.assert_allclose(part, PART @ weights)
    np.testing.assert_allclose(rest, (X - PART) @ weights)


def test_a_hand_made_relu_network_is_attributed_by_hand():
    """max(a + b, 0) with a relevant: what a makes alone, max(a, 0)."""
    layer = nn.Linear(2, 1, bias=False)
    layer.weight.data[:] = 1
    x = np.array([[3.0, -1.0], [-2.0, 5.0], [1.0, 2.0]])
    part, rest = decomposition.contextual(
        nn.Sequential(layer, nn.ReLU()), x, x * [1, 0]
    )
    np.testing.assert_allclose(part, [3, 0, 1])
    np.testing.assert_allclose(rest, [-1, 3, 2])


@pytest.mark.parametrize("dims", [1, 2])
def test_both_parts_of_a_maximum_are_taken_where_the_sum_is_largest(dims):
    x = np.array([[1.0, 4.0, 3.0, -2.0]])
    shape, pool = ((1, 4), nn.MaxPool1d(2)), ((1, 2, 2), nn.MaxPool2d(2))
    sizes, layer = (shape, pool)[dims - 1]
    model = nn.Sequential(nn.Unflatten(1, sizes), layer, nn.Flatten())
    part, rest = decomposition.contextual(model, x, np.array([[5.0, 1.0, -1.0, 2.0]]))
    np.testing.assert_allclose((part, rest), [[1], [3]])


@pytest.mark.parametrize("kind", ["lstm", "mlp", "cnn"])
def test_the_parts_sum_to_the_output(kind):
    model = teacher(kind)
    part, rest = decomposition.contextual(model, X, PART)
    np.testing.assert_allclose(part + rest, ask.output(model, X), atol=1e-10)
    assert np.abs(part).max() > 1e-3


@pytest.mark.parametrize("kind", ["lstm", "mlp", "cnn"])
def test_nothing_relevant_makes_nothing_and_everything_all_that_varies(kind):
    model = teacher(kind)
    none, _ = decomposition.contextual(model, X, 0 * X)
    np.testing.assert_allclose(none, 0, atol=1e-12)
    everything, rest = decomposition.contextual(model, X, X)
    assert rest.std() < 0.2 * everything.std()


def test_small_inputs_of_an_lstm_are_attributed_much_as_by_the_gradient():
    """The published rule leaves the output gate whole, so not exactly."""
    model = teacher("lstm")
    change = decomposition.contextual(model, 1e-4 * X, 1e-4 * PART)[0]
    expected = (1e-4 * PART * ask.saliency(model, 1e-4 * X)).sum(1)
    assert np.corrcoef(change, expected)[0, 1] > 0.98


def test_bands_of_a_linear_network_contribute_what_they_synthesise():
    weights, h = RNG.normal(size=40), wavelet.from_pywt("db2")
    layer = nn.Linear(40, 1, bias=False).double()
    layer.weight.data[:] = torch.tensor(weights)
    bands = kernels.analysis(X, h, 3)
    found = decomposition.of_bands(
        nn.Sequential(layer), X, bands, lambda c: kernels.synthesis(c, h, 40)
    )
    assert found.shape == (12, 4)
    np.testing.assert_allclose(found.sum(1), X @ weights, atol=1e-10)
    first = kernels.synthesis([bands[0], *(0 * b for b in bands[1:])], h, 40)
    np.testing.assert_allclose(found[:, 0], first @ weights, atol=1e-10)


def test_unknown_layers_and_other_shapes_are_refused():
    with pytest.raises(DataError, match="does not know the layer GELU"):
        decomposition.contextual(nn.Sequential(nn.Linear(40, 1), nn.GELU()), X, PART)
    with pytest.raises(ShapeError, match=r"relevant has shape \(12, 3\)"):
        decomposition.contextual(teacher("mlp"), X, PART[:, :3])
