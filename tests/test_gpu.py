"""All that runs a network, on a GPU: what the CPU finds, up to rounding."""

import numpy as np
import pytest
import torch
import xarray as xr

from awd import io
from awd.maps.study import ask as map_ask
from awd.maps.study import streamed
from awd.maps.study import train as map_train
from awd.teacher import ask, networks, training, weights

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="this machine has no CUDA"
)
RNG = np.random.default_rng(0)
TRACES = RNG.normal(size=(400, 40)).astype(np.float32)
PEAK = 50 + 10 * TRACES[:, -8:].max(1)
# The target is in the variance of a map, as that of a universe is.
SIZES = RNG.uniform(0.5, 2, 96).astype(np.float32)
MAPS = RNG.normal(0, 0.01, (96, 64, 64)).astype(np.float32) * SIZES[:, None, None]
TARGETS = np.stack([SIZES, SIZES**2], 1)
PARTS = np.arange(64), np.arange(64, 96)


def teacher(kind, seed=0):
    if kind == "resnet":
        sizes = {"outputs": 2, "width": 8, "scale": 0.01}
        return networks.build(kind, seed, TARGETS, **sizes)
    return networks.build(kind, seed, PEAK, **networks.sizes_for(kind, TRACES))


def assert_close(here, there):
    """As vectors: at the corner of a rectifier single samples differ by rounding."""
    assert np.linalg.norm(there - here) < 0.01 * np.linalg.norm(here)


@pytest.fixture
def path(tmp_path):
    io.write(xr.Dataset({"x": (("sample", "y", "x"), MAPS)}), tmp_path / "maps.nc")
    return tmp_path / "maps.nc"


@pytest.fixture
def train(path):
    """Train a teacher; returns it and its history."""

    def run(kind, device="cuda", **settings):
        model = teacher(kind)
        settings = {"epochs": 6, "batch": 16, "seed": 1, "device": device, **settings}
        if kind == "resnet":
            settings = {"learning_rate": 1e-2, "average": 0.9, **settings}
            return model, map_train.fit(model, path, TARGETS, *PARTS, **settings)
        both = TRACES[:300], PEAK[:300], TRACES[300:], PEAK[300:]
        return model, training.train(model, *both, **settings)

    return run


@pytest.mark.parametrize("kind", sorted(networks.KINDS))
def test_outputs_and_gradients_are_those_of_the_cpu(kind):
    model = teacher(kind).eval()
    x = MAPS if kind == "resnet" else TRACES
    for asking in (ask.output, ask.saliency):
        assert_close(*(asking(model, x, device=where) for where in ("cpu", "cuda")))
    assert next(model.parameters()).device.type == "cpu"


@pytest.mark.parametrize("kind", sorted(networks.KINDS))
def test_training_is_that_of_the_cpu_and_repeats(kind, train):
    (_, cpu), (model, gpu), (second, _) = train(kind, "cpu"), train(kind), train(kind)
    # The same seeds; but maps are in bfloat16, and dropout draws from the device.
    close = {"lstm": 1e-3}.get(kind, 0.3)
    np.testing.assert_allclose(gpu["select_loss"], cpu["select_loss"], rtol=close)
    assert gpu["select_loss"].min() < gpu["select_loss"][0]
    for a, b in zip(model.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["lstm", "resnet"])
def test_a_killed_training_goes_on(kind, train, job, killed_after):
    whole, history = train(kind)
    with killed_after(training, "_epoch", 3):
        train(kind, checkpoint=job.of(kind))
    model, resumed = train(kind, checkpoint=job.of(kind))
    np.testing.assert_array_equal(resumed["epoch"], history["epoch"])
    np.testing.assert_array_equal(resumed[:4], history[:4])
    for a, b in zip(whole.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_a_teacher_of_the_gpu_is_used_on_the_cpu(train, tmp_path):
    model, _ = train("resnet")
    weights.save({"resnet": model}, tmp_path / "weights.safetensors")
    loaded = weights.load(tmp_path / "weights.safetensors")["resnet"]
    assert next(loaded.parameters()).device.type == "cpu"
    assert_close(ask.output(loaded, MAPS), ask.output(model, MAPS, device="cuda"))


def test_maps_are_asked_as_on_the_cpu(path):
    model, maps = teacher("resnet").eval(), streamed.Rows(path, np.arange(96))
    streamed.settle(model, maps)
    for asking, how in ((map_ask.answers_of, {}), (map_ask.saliency, {"shifts": 4})):
        assert_close(*(asking(model, maps, device=w, **how) for w in ("cpu", "cuda")))
