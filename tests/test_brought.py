"""Networks of every habit, behind one interface."""

import dataclasses
import io
import subprocess
import sys
import zipfile
from collections import namedtuple
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC
from torch import nn

import awd
from awd import attribution
from awd.errors import AwdError, ConfigError, DataError, MissingInput, ShapeError
from awd.teacher import networks, weights

SCRIPTS = Path(__file__).parents[1] / "scripts"
RNG = np.random.default_rng(0)
N, TIME = 11, 24
X = RNG.normal(size=(N, TIME)).astype(np.float32)
TARGETS = np.arange(N) % 3


def dense(*first, outputs=3):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Linear(TIME, 8), nn.Tanh(), nn.Linear(8, outputs)
        return nn.Sequential(*first, *layers).eval()


def convolutional(axes, channels=1):
    layer = (nn.Conv1d, nn.Conv2d)[axes - 1]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pool = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)[axes - 1](1)
        layers = layer(channels, 4, 3), nn.Tanh(), pool, nn.Flatten(), nn.Linear(4, 2)
        return nn.Sequential(*layers).eval()


def plainly(module, x=X):
    with torch.no_grad():
        return module(torch.tensor(x)).float().numpy()


def slopes(module, x=X, target=0):
    part = torch.tensor(x, requires_grad=True)
    (gradient,) = torch.autograd.grad(module(part)[:, target].sum(), part)
    return gradient.numpy()


def require_same(network, module, x=X, tolerance=1e-6):
    """Outputs and gradients are those of a module that reads (n, time)."""
    close = {"rtol": tolerance, "atol": tolerance}
    np.testing.assert_allclose(network.outputs(x), plainly(module, x), **close)
    np.testing.assert_allclose(network.gradient(x, 1), slopes(module, x, 1), **close)


def test_a_module_gives_outputs_gradients_and_its_size():
    network = awd.network(dense())
    require_same(network, dense())
    assert network.parameters == 24 * 8 + 8 + 8 * 3 + 3
    assert awd.network(network) is network


def test_a_target_for_every_sample():
    network = awd.network(dense())
    every = np.arange(N)
    expected = plainly(dense())[every, TARGETS]
    np.testing.assert_allclose(network.output(X, TARGETS), expected, rtol=1e-6)
    found = network.gradient(X, TARGETS, batch=4)
    for k in range(3):
        rows = k == TARGETS
        np.testing.assert_allclose(found[rows], slopes(dense(), X[rows], k), rtol=1e-5)
    with pytest.raises(ShapeError, match="target 3 does not exist"):
        network.output(X, TARGETS + 1)
    with pytest.raises(ShapeError, match="one for each sample"):
        network.output(X, TARGETS[:5])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_weights_of_any_precision(dtype):
    module = dense().to(dtype)
    network = awd.network(module)
    expected = np.float64 if dtype == torch.float64 else np.float32
    assert network.outputs(X).dtype == network.gradient(X).dtype == expected
    tolerance = 1e-5 if dtype == torch.float64 else 0.05
    np.testing.assert_allclose(network.outputs(X), plainly(dense()), atol=tolerance)
    np.testing.assert_allclose(network.gradient(X), slopes(dense()), atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_weights_at_all(dtype):
    network = awd.network(nn.Sequential(nn.Tanh(), nn.Flatten()))
    assert network.parameters is None
    np.testing.assert_allclose(network.outputs(X.astype(dtype)), np.tanh(X), rtol=1e-5)
    assert network.gradient(X.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("kind", ["scripted", "frozen", "traced", "weights frozen"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripts_and_frozen_weights(kind, tmp_path):
    module = dense()
    if kind == "weights frozen":
        made = module.requires_grad_(False)
    elif kind == "traced":
        made = torch.jit.trace(module, torch.zeros(2, TIME))
    else:
        made = torch.jit.script(module)
    made = torch.jit.freeze(made) if kind == "frozen" else made
    require_same(awd.network(made), dense())
    if kind != "weights frozen":
        torch.jit.save(made, tmp_path / "net.pt")
        network = awd.network(tmp_path / "net.pt")
        require_same(network, dense())
        double = network.outputs(X.astype(np.float64))
        np.testing.assert_allclose(double, plainly(dense()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 4, None])
def test_exported_programs_of_a_fixed_or_free_batch(size, tmp_path):
    free = None if size else ({0: torch.export.Dim("batch")},)
    example = torch.zeros(size or 2, TIME)
    program = torch.export.export(dense(), (example,), dynamic_shapes=free)
    torch.export.save(program, tmp_path / "net.pt2")
    for source in (program, str(tmp_path / "net.pt2")):
        network = awd.network(source)
        require_same(network, dense())
        assert network.parameters == 227
    with pytest.raises(ShapeError, match=r"\(5,\).*exported for \((n|1|4), 24\)"):
        network.outputs(X[:, :5])


class OfOneSize(nn.Module):
    """What tracing leaves of a ``view`` that names the batch."""

    def __init__(self, size):
        super().__init__()
        self.size, self.inner = size, dense()

    def forward(self, x):
        return self.inner(x.reshape(self.size, 24))


@pytest.mark.parametrize("size", [1, 7])
def test_a_recorded_batch_is_found_and_the_last_one_filled_up(size):
    network = awd.network(OfOneSize(size))
    np.testing.assert_allclose(network.outputs(X, batch=size), plainly(dense()), 1e-5)
    gradient = network.gradient(X, 1, batch=size)
    np.testing.assert_allclose(gradient, slopes(dense(), X, 1), rtol=1e-4, atol=1e-7)


def test_a_first_layer_in_place_leaves_the_samples():
    network = awd.network(dense(nn.ReLU(inplace=True)))
    x = X.copy()
    require_same(network, dense(nn.ReLU()), x)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize(
    "given",
    [
        torch.tensor(X, requires_grad=True),
        pd.DataFrame(X),
        X.tolist(),
        X.astype(">f4"),
        np.asfortranarray(X),
        X[::-1][::-1],
    ],
    ids=["grad", "table", "list", "big-endian", "fortran", "reversed"],
)
def test_samples_of_any_making(given):
    network = awd.network(dense())
    np.testing.assert_allclose(network.outputs(given), plainly(dense()), rtol=1e-5)
    np.testing.assert_allclose(network.gradient(given), slopes(dense()), atol=1e-6)


def test_read_only_and_integer_samples():
    x = (10 * X).astype(int)
    x.flags.writeable = False
    expected = plainly(dense(), x.astype("f4"))
    np.testing.assert_allclose(awd.network(dense()).outputs(x), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 2], [3]], "x is no array"),
        (X + 1j, "x is a ndarray of dtype complex64"),
        (np.array([["a", "b"]]), "x is a ndarray of dtype <U1"),
        (X.astype(object), "x is a ndarray of dtype object"),
        (None, "x is a NoneType"),
        (np.ma.masked_less(X, 0), "x has masked values"),
        (X[0], r"x is \(24,\)"),
        (X[:0], r"x is \(0, 24\)"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_by_name(given, message):
    for source in (dense(), lambda x: x[:, 0]):
        with pytest.raises(AwdError, match=message):
            awd.network(source).outputs(given)


@pytest.mark.parametrize("batch", [0, -1, 2.5, True, None])
def test_a_batch_is_a_number_of_samples(batch):
    for source in (dense(), lambda x: x[:, 0]):
        with pytest.raises(ConfigError, match="batch is"):
            awd.network(source).outputs(X, batch=batch)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("n", [1, 3, 4, N])
def test_a_missing_axis_of_one_channel_is_added(axes, n):
    """With as many samples as channels, too: torch would read them as one sample."""
    x = RNG.normal(size=(n, *(12,) * axes)).astype(np.float32)
    module = convolutional(axes)
    network = awd.network(module)
    np.testing.assert_allclose(network.outputs(x), plainly(module, x[:, None]), 1e-5)
    expected = slopes(module, x[:, None], 1)[:, 0]
    np.testing.assert_allclose(network.gradient(x, 1), expected, rtol=1e-4, atol=1e-8)
    np.testing.assert_array_equal(network.outputs(x[:, None]), network.outputs(x))


def test_samples_are_never_taken_for_channels():
    x = RNG.normal(size=(3, 12)).astype(np.float32)
    network = awd.network(convolutional(1, channels=3))
    with pytest.raises(ShapeError, match=r"shape \(12,\) and dtype float32.*3 axes"):
        network.outputs(x)
    assert network.outputs(np.stack([x, x])).shape == (2, 2)


def test_a_wrong_width_names_both():
    message = r"shape \(20,\) and dtype float32.*Linear\(in_features=24.*\(2, 20\)"
    with pytest.raises(ShapeError, match=message):
        awd.network(dense()).outputs(X[:, :20])


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.LSTM(1, 4, batch_first=True)

    def forward(self, x):
        return self.layer(x)[0]


def test_a_recurrent_network_is_told_how_to_read_signals():
    with pytest.raises(ShapeError, match=r"it takes \(n, time, 1\): wrap=lambda") as e:
        awd.network(Recurrent(), output=lambda y: y[:, -1]).outputs(X)
    assert "LSTM" in str(e.value)
    last = awd.network(
        Recurrent(), wrap=lambda net, x: net(x[..., None]), output=lambda y: y[:, -1]
    )
    expected = plainly(Recurrent(), X[..., None])[:, -1]
    np.testing.assert_allclose(last.outputs(X), expected, rtol=1e-5)
    assert last.gradient(X, 2).shape == X.shape
    with pytest.raises(ShapeError, match=r"\(2, 24, 4\) for 2 samples.*answer\[:, -1"):
        awd.network(Recurrent()).outputs(X[..., None])


Named = namedtuple("Named", "logits hidden")


@dataclasses.dataclass
class Answer:
    hidden: torch.Tensor
    logits: torch.Tensor
    loss: torch.Tensor | None = None


class Giving(nn.Module):
    def __init__(self, packed):
        super().__init__()
        self.inner, self.packed = dense(), packed

    def forward(self, x):
        return self.packed(self.inner(x))


@pytest.mark.parametrize(
    ("packed", "outputs", "listed"),
    [
        (
            lambda y: (y, y[:, :1]),
            (0, itemgetter(0)),
            r"a tuple: 0: \(2, 3\), 1: \(2, 1\)",
        ),
        (lambda y: {"h": y[..., None], "f": y}, ("f", 1), "a dict: 'h': .*'f'"),
        (lambda y: Named(y, y.mean()), ("logits", 0), "'logits': .*'hidden'"),
        (lambda y: Answer(y.mean(1), y), ("logits", 1), "a Answer: 'hidden'"),
    ],
    ids=["tuple", "dict", "named tuple", "dataclass"],
)
def test_networks_that_return_several_things(packed, outputs, listed):
    module = Giving(packed)
    for output in outputs:
        require_same(awd.network(module, output=output), dense())
    with pytest.raises(ConfigError, match=listed):
        awd.network(module).outputs(X)
    with pytest.raises(ConfigError, match="no part 'logit'"):
        awd.network(module, output="logit").outputs(X)
    with pytest.raises(ConfigError, match=f"KeyError: 'no'.* returns .*{listed}"):
        awd.network(module, output=lambda answer: {}["no"]).outputs(X)


def test_a_single_part_needs_no_choice():
    require_same(awd.network(Giving(lambda y: {"logits": y})), dense())
    require_same(awd.network(Giving(lambda y: (y, None))), dense())
    with pytest.raises(ConfigError, match=r"no part 1; .*a column .* is the target"):
        awd.network(dense(), output=1).outputs(X)


def test_answers_that_are_no_real_tensor():
    arrays = awd.network(Giving(lambda y: y.detach().numpy()))
    np.testing.assert_allclose(arrays.outputs(X), plainly(dense()), rtol=1e-5)
    with pytest.raises(DataError, match=r"no gradient .*remove .*\.numpy\(\)"):
        arrays.gradient(X)
    with pytest.raises(DataError, match="output is complex"):
        awd.network(Giving(lambda y: y + 1j)).outputs(X)
    with pytest.raises(DataError, match="no weights yet"):
        awd.network(dense().to("meta")).outputs(X)


def test_a_network_that_runs_is_told_what_is_wrong_with_its_answer():
    convolution = awd.network(nn.Conv1d(1, 1, 3, padding=1))
    with pytest.raises(ShapeError, match=r"returned \(2, 1, 24\) for 2 samples"):
        convolution.outputs(X)


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = dense()

    def forward(self, x, age):
        return self.inner(x) + age[:, None]


def test_several_inputs_are_wrapped():
    network = awd.network(Two(), wrap=lambda net, x: net(x, x[:, 0]))
    with torch.no_grad():
        expected = plainly(dense()) + X[:, :1]
    np.testing.assert_allclose(network.outputs(X), expected, rtol=1e-5)
    with pytest.raises(ShapeError, match=r"'age'.*wrap="):
        awd.network(Two()).outputs(X)


def test_plain_functions_of_arrays():
    function = awd.network(lambda x: x @ np.ones((TIME, 2)))
    np.testing.assert_allclose(function.output(X, 1), X.sum(1), rtol=1e-4)
    assert function.gradient(X) is None
    pair = awd.network(lambda x: (x.sum(1), np.ones_like(x)))
    np.testing.assert_array_equal(pair.gradient(X), np.ones_like(X))
    both = awd.network(
        lambda x: (x[:, :2], np.stack([np.eye(TIME)[:2]] * len(x))), None
    )
    gradient = both.gradient(X, np.arange(N) % 2, batch=4)
    np.testing.assert_array_equal(gradient.argmax(1), np.arange(N) % 2)
    given = X.copy()
    doubled = awd.network(lambda x: np.multiply(x, 2, out=x).sum(1))
    np.testing.assert_allclose(doubled.output(given), 2 * X.sum(1), rtol=1e-4)
    np.testing.assert_array_equal(given, X)
    torched = awd.network(lambda x: dense()(torch.tensor(x)))
    np.testing.assert_allclose(torched.outputs(X), plainly(dense()), rtol=1e-5)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: x[:-1, 0], ShapeError, r"\(10,\) for 11 samples"),
        (lambda x: x[:, 0] / 0, DataError, "output is not finite"),
        (lambda x: "many", ShapeError, "the network's output is a str"),
        (lambda x: x[:, 99], DataError, r"fails on samples of shape \(24,\).*IndexErr"),
        (lambda x: torch.relu(x).sum(1), DataError, r"net\(torch.as_tensor\(x\)\)"),
        (nn.ReLU, ConfigError, "a class; give an instance of it"),
        (nn.Linear(2, 1).state_dict(), ConfigError, "weights alone; give the module"),
        (lambda x: {"a": x, "b": x}, ConfigError, "a dict: 'a'"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions_that_do_not_answer_are_refused(function, error, message):
    with pytest.raises(error, match=message):
        awd.network(function).outputs(X)


def test_models_of_scikit_learn():
    classes = (X[:, 0] > 0) * 1 + (X[:, 1] > 0)
    logistic = LogisticRegression().fit(X, classes)
    found = awd.network(logistic)
    np.testing.assert_array_equal(found.outputs(X), logistic.predict_proba(X))
    assert found.gradient(X) is None
    machine = SVC().fit(X, X[:, 0] > 0)
    expected = machine.decision_function(X)
    np.testing.assert_array_equal(awd.network(machine).output(X), expected)
    ridge = Ridge().fit(X, X[:, 0])
    cut = X.reshape(N, 2, 12)  # fitted to flat samples
    np.testing.assert_array_equal(awd.network(ridge).output(cut), ridge.predict(X))
    with pytest.raises(DataError, match=r"shape \(5,\).*expecting 24"):
        awd.network(ridge).output(X[:, :5])


def test_every_attribution_takes_every_network():
    pair = awd.network(
        lambda x: (plainly(dense(), x.astype("f4")), slopes(dense(), x.astype("f4")))
    )
    for method in (attribution.integrated_gradients, attribution.input_x_gradient):
        found, expected = (method(net, X).of_samples() for net in (pair, dense()))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        attribution.output(pair, X), plainly(dense())[:, 0], 1e-5
    )
    with pytest.raises(DataError, match="outputs alone, no gradients"):
        attribution.saliency(Ridge().fit(X, X[:, 0]), X)
    with pytest.raises(DataError, match="deep_lift works on torch modules"):
        attribution.deep_lift(pair, X)


FACTORY = """
import torch
from torch import nn

def make():
    layers = nn.Linear(24, 8), nn.Tanh(), nn.Linear(8, 3)
    return nn.Sequential(*layers)

def needs(size):
    return make()

def function():
    return lambda x: x.sum(1)
"""


@pytest.fixture
def factory(tmp_path, monkeypatch):
    (tmp_path / "factory_of_tests.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(tmp_path)
    return "factory_of_tests"


@pytest.mark.parametrize("suffix", ["safetensors", "pt", "ckpt"])
def test_an_import_path_with_its_weights(factory, tmp_path, suffix):
    state, path = dense().state_dict(), tmp_path / f"weights.{suffix}"
    if suffix == "safetensors":
        safetensors.torch.save_file(state, path)
    else:
        nested = {"state_dict": state, "epoch": 3} if suffix == "ckpt" else state
        torch.save(nested, path)
    require_same(awd.network(f"{factory}:make", weights=path), dense())
    by_file = f"{tmp_path / factory}.py:make"
    require_same(awd.network(by_file, weights=str(path)), dense())
    assert awd.network(f"{factory}:function").output(X).shape == (N,)


def test_networks_that_the_pipeline_trained(tmp_path):
    model = networks.build("mlp", seed=0, length=TIME)
    weights.save({"mlp": model}, tmp_path / "teacher.safetensors")
    found = awd.network(tmp_path / "teacher.safetensors").outputs(X)
    np.testing.assert_allclose(found, plainly(model.eval()), rtol=1e-5)


def test_weights_and_paths_that_do_not_fit_are_refused(factory, tmp_path):
    path = tmp_path / "weights.pt"
    torch.save(dense(outputs=5).state_dict(), path)
    cases = [
        (
            f"{factory}:make",
            path,
            DataError,
            "(?s)not hold the weights.*size mismatch",
        ),
        (f"{factory}:function", path, ConfigError, "makes a function, which takes no"),
        (f"{factory}:needs", None, ConfigError, "cannot be called without arguments"),
        (f"{factory}:absent", None, MissingInput, "has no 'absent'"),
        ("nowhere.at.all:make", None, MissingInput, "cannot be imported"),
        (f"{factory}:make", tmp_path / "no.pt", MissingInput, "no such file"),
        (tmp_path / "no.pt2", None, MissingInput, "no such file"),
        (dense(), path, ConfigError, "weights go with an import path"),
        (42, None, ConfigError, "the network is 42, a int"),
        (nn.Linear, None, ConfigError, "the network is <class"),
    ]
    for source, given, error, message in cases:
        with pytest.raises(error, match=message):
            awd.network(source, weights=given)


def test_pickled_objects_are_never_read(factory, tmp_path):
    path = tmp_path / "whole.pt"
    torch.save(dense(), path)
    with pytest.raises(DataError, match=r"pickled objects and no program; save a prog"):
        awd.network(path)
    with pytest.raises(DataError, match="holds objects besides tensors"):
        awd.network(f"{factory}:make", weights=path)


class Code:
    """A pickle of it makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("place", ["data/sample_inputs/model.pt", "data/weights/w.pt"])
def test_no_code_hides_in_an_exported_program(place, tmp_path):
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(dense(), (torch.zeros(2, TIME),)), path)
    hidden = io.BytesIO()
    torch.save(Code(tmp_path / "ran"), hidden)
    rewritten(path, {place: hidden.getvalue()})
    with pytest.raises(DataError, match="more than tensors|no part of a program"):
        awd.network(path)
    assert not (tmp_path / "ran").exists()


def test_no_code_hides_in_a_size_and_no_record_points_to_a_pickle(tmp_path):
    free = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(dense(), (torch.zeros(2, TIME),), dynamic_shapes=free)
    path = tmp_path / "net.pt2"
    for old, new in (
        (b'"expr_str": "Sym', b'"expr_str": "print(1) or Sym'),
        (b'"use_pickle": false', b'"use_pickle": true'),
    ):
        torch.export.save(program, path)
        assert rewritten(path, {}, (old, new))
        with pytest.raises(DataError, match="pickled objects or a size that is no"):
            awd.network(path)


def rewritten(path, extra, edit=(b"", b"")):
    """An archive with entries added, and text replaced; whether it was there."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    top = next(iter(held)).split("/")[0]
    old, new = edit
    edited = {n: data.replace(old, new) if old else data for n, data in held.items()}
    edited |= {f"{top}/{name}": data for name, data in extra.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in edited.items():
            archive.writestr(name, data)
    return edited != held


def onnx_file(path, size, inputs=("x",), outputs=1, channel=False, beside=False):
    """The dense network as ONNX, built by hand: other exporters are not needed."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    state = {k: v.numpy() for k, v in dense().state_dict().items()}
    held = [onnx.numpy_helper.from_array(v, name) for name, v in state.items()]
    axes = (size, 1, TIME) if channel else (size, TIME)
    nodes = [
        helper.make_node("Sum", list(inputs), ["sum"]),
        helper.make_node("Flatten", ["sum"], ["flat"]),
        helper.make_node("Gemm", ["flat", "0.weight", "0.bias"], ["a"], transB=1),
        helper.make_node("Tanh", ["a"], ["b"]),
        helper.make_node("Gemm", ["b", "2.weight", "2.bias"], ["y"], transB=1),
        helper.make_node("Neg", ["y"], ["z"]),
    ]
    described = [helper.make_tensor_value_info(name, kind, axes) for name in inputs]
    given = [
        helper.make_tensor_value_info(n, kind, (size, 3)) for n in ("y", "z")[:outputs]
    ]
    graph = helper.make_graph(nodes, "net", described, given, held)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.save(model, path, save_as_external_data=beside, size_threshold=0)
    return path


@pytest.mark.parametrize("size", ["batch", 1, 4])
@pytest.mark.parametrize("channel", [False, True])
def test_onnx_files_of_any_batch(tmp_path, size, channel):
    network = awd.network(onnx_file(tmp_path / "net.onnx", size, channel=channel))
    for x in (X, X.astype(np.float64)):
        np.testing.assert_allclose(network.outputs(x), plainly(dense()), rtol=1e-5)
    assert network.gradient(X) is None
    assert network.parameters == 227
    with pytest.raises(ShapeError, match=r"shape \(5,\) do not fit the input x of"):
        network.outputs(X[:, :5])


def test_onnx_files_of_several_inputs_and_outputs(tmp_path):
    path = onnx_file(tmp_path / "net.onnx", "n", inputs=("x", "age"), outputs=2)
    network = awd.network(path, output="z", wrap=lambda net, x: net(x, 0 * x))
    np.testing.assert_allclose(network.outputs(X), -plainly(dense()), rtol=1e-5)
    with pytest.raises(ConfigError, match=r"2 inputs \(x, age\) and got 1"):
        awd.network(path).outputs(X)
    with pytest.raises(ConfigError, match="'y': .*'z': "):
        awd.network(path, wrap=lambda net, x: net(x, x)).outputs(X)


def test_onnx_files_that_point_elsewhere_or_are_damaged_are_refused(tmp_path):
    path = onnx_file(tmp_path / "net.onnx", 1, beside=True)
    with pytest.raises(DataError, match="in another file, which is not followed"):
        awd.network(path)
    path.write_bytes(b"no protobuf")
    with pytest.raises(DataError, match=r"net.onnx is no ONNX file"):
        awd.network(path)


@pytest.mark.parametrize("suffix", ["pt", "pt2"])
def test_damaged_files_are_named(suffix, tmp_path):
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(b"no archive")
    with pytest.raises(DataError, match=f"net.{suffix} is damaged or no network"):
        awd.network(path)


def test_functions_need_no_torch():
    code = (
        "import importlib.abc, sys\n"
        "class Blocked(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'torch': raise ImportError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "import awd, numpy as np\n"
        "w = awd.AdaptiveWavelet(levels=2, length=4)\n"
        "x = np.random.default_rng(0).normal(size=(30, 16))\n"
        "w.fit(x, teacher=lambda x: x.max(1)); print(len(w.filter_))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "4"
