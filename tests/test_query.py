import warnings

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from awd.errors import AwdError, ConfigError, DataError, DeviceError, ShapeError
from awd.teacher import ask, networks

RNG = np.random.default_rng(0)
X = RNG.normal(size=(25, 24)).astype(np.float32)


def network(outputs=3):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(24, 16), nn.Tanh(), nn.Linear(16, outputs)
        ).eval()


def lstm():
    return networks.build("lstm", seed=0, target=np.array([0.0, 20.0])).eval()


@pytest.mark.parametrize("target", [0, 2])
def test_saliency_equals_captum_signed(target):
    model = network()
    expected = captum.attr.Saliency(model).attribute(
        torch.from_numpy(X).requires_grad_(), target=target, abs=False
    )
    found = ask.saliency(model, X, target)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [(3, 12), (3, 2, 12)])
def test_saliency_equals_finite_differences_of_the_output(shape):
    inputs = shape[1] if len(shape) == 3 else 1
    model = networks.build("lstm", seed=1, inputs=inputs).double().eval()
    x = RNG.normal(size=shape)
    found = ask.saliency(model, x)
    assert found.shape == shape
    assert found.dtype == np.float64
    step = 1e-5
    for index in np.ndindex(shape[1:]):
        nudge = np.zeros(shape)
        nudge[(slice(None), *index)] = step
        up, down = (ask.output(model, x + sign * nudge) for sign in (1, -1))
        np.testing.assert_allclose(
            found[(slice(None), *index)], (up - down) / (2 * step), atol=1e-9
        )


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_batch_size_changes_nothing(batch):
    for function in (ask.output, ask.saliency):
        np.testing.assert_allclose(
            function(lstm(), X, batch=batch), function(lstm(), X), rtol=1e-4, atol=1e-7
        )


def test_output_is_the_chosen_column_and_may_have_no_columns():
    model = network()
    with torch.no_grad():
        expected = model(torch.from_numpy(X)).numpy()
    np.testing.assert_array_equal(ask.output(model, X, 1), expected[:, 1])
    flat = nn.Sequential(network(1), nn.Flatten(0))
    assert ask.output(flat, X).shape == (25,)


def test_gradients_are_found_inside_no_grad_and_weights_keep_none():
    model = lstm()
    with torch.no_grad():
        found = ask.saliency(model, X)
    assert np.abs(found).max() > 0
    assert all(p.grad is None for p in model.parameters())


class Regularised(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.drop, self.out = nn.BatchNorm1d(24), nn.Dropout(), network(1)

    def forward(self, x):
        return self.out(self.drop(self.norm(x)))


def test_training_mode_is_left_with_a_warning_and_put_back():
    model = Regularised().train()
    model.out.eval()
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.warns(UserWarning, match=r"dropout or batch norm") as caught:
        found = ask.saliency(model, X)
    assert caught[0].filename == __file__
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    np.testing.assert_array_equal(found, ask.saliency(model.eval(), X))


def test_dropout_inside_a_recurrent_layer_is_noticed():
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(1, 4, num_layers=2, dropout=0.5, batch_first=True)

        def forward(self, x):
            return self.lstm(x[..., None])[0][:, -1]

    with pytest.warns(UserWarning, match=r"dropout"):
        ask.output(Deep().train(), X)


def test_harmless_training_mode_gives_no_warning():
    model = lstm().train()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask.output(model, X)
    assert model.training


def test_mode_is_put_back_when_the_teacher_fails():
    model = lstm().train()
    with pytest.raises(ShapeError):
        ask.output(model, X[:, None, None])
    assert model.training


class Wrapped(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.inner, self.function = network(), function

    def forward(self, x):
        return self.function(self.inner(x))


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda y: y.detach(), DataError, "no gradient with respect to its input"),
        (lambda y: torch.ones_like(y, requires_grad=True), DataError, "no gradient"),
        (lambda y: y[:-1], ShapeError, r"returned \(1, 3\) for 2 samples"),
        (lambda y: y.mean(), ShapeError, r"returned \(\) for 2 samples; expected"),
        (lambda y: y[..., None], ShapeError, r"returned \(2, 3, 1\)"),
        (lambda y: (y, y), ConfigError, r"returns a tuple: 0: \(2, 3\), 1: \(2, 3\)"),
        (lambda y: y * (1 / y[:, :1] / 0), DataError, "input gradient is not finite"),
    ],
)
def test_unusable_teachers_are_refused(function, error, message):
    with pytest.raises(error, match=message) as caught:
        ask.saliency(Wrapped(function), X)
    assert isinstance(caught.value, AwdError)


def test_a_broken_sample_is_named():
    x = X.copy()
    x[3, 5] = np.nan
    with pytest.raises(DataError, match=r"not finite for 1 of 25 samples, .* sample 3"):
        ask.output(network(), x)


@pytest.mark.parametrize("target", [3, -1])
def test_targets_that_do_not_exist_are_refused(target):
    with pytest.raises(ShapeError, match=r"does not exist.*use 0 to 2"):
        ask.output(network(), X, target)


def test_unknown_device_is_refused_before_the_model_is_touched():
    model = lstm().train()
    with pytest.raises(DeviceError):
        ask.output(model, X, device="gpu")
    assert model.training
