"""Networks on maps: streaming, augmentation, gradients without a network's grid."""

import numpy as np
import pytest
import torch
import xarray as xr

from awd import io
from awd.errors import DataError
from awd.maps.study import ask as asking
from awd.maps.study import train as training_maps
from awd.maps.study.streamed import Rows
from awd.teacher import ask, networks, training

RNG = np.random.default_rng(0)
X = RNG.normal(0, 0.01, (60, 32, 32)).astype(np.float32)
# The target is in the variance of a map, as that of a universe is.
SIZES = RNG.uniform(0.5, 2, 60).astype(np.float32)
X *= SIZES[:, None, None]
Y = np.stack([SIZES, SIZES**2], 1)


@pytest.fixture
def path(tmp_path):
    ds = xr.Dataset({"x": (("sample", "y", "x"), X)})
    io.write(ds, tmp_path / "maps.nc")
    return tmp_path / "maps.nc"


def resnet(seed=0):
    return networks.build("resnet", seed, Y, outputs=2, width=2, scale=0.01)


def trained(path, **settings):
    model = resnet()
    rows = np.arange(48), np.arange(48, 60)
    settings = {"epochs": 6, "patience": 9, "batch": 16, "seed": 1, **settings}
    settings = {"learning_rate": 1e-2, "average": 0.9, **settings}
    return model, training_maps.fit(model, path, Y, *rows, **settings)


def test_rows_are_read_in_the_order_asked_for(path):
    rows = Rows(path, np.array([5, 2, 59]))
    assert len(rows) == 3
    np.testing.assert_array_equal(rows[np.array([2, 0])], X[[59, 5]])
    pieces = [rows[piece] for piece in rows.pieces(2)]
    np.testing.assert_array_equal(np.concatenate(pieces), X[[5, 2, 59]])


def test_training_on_streamed_maps_learns_and_repeats_bit_for_bit(path):
    (model, history), (again, _) = trained(path, epochs=12), trained(path, epochs=12)
    assert history["train_loss"].iloc[-1] < 0.8 * history["train_loss"].max()
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


def test_streamed_maps_train_as_those_in_memory():
    recipe = {"epochs": 2, "batch": 16, "seed": 0, "cycle": True}
    found = []
    for x in (X, [*X]):
        source = x if isinstance(x, np.ndarray) else Listed(x)
        model = resnet()
        training.train(model, source, Y, source, Y, **recipe)
        found.append(model)
    for a, b in zip(*(model.parameters() for model in found), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("batches", [0, 2, 3, 7, 10])  # of three an epoch
def test_killed_training_on_maps_ends_as_the_uninterrupted(
    path, job, killed_after, batches
):
    whole, history = trained(path, epochs=4)
    with killed_after(training_maps, "augmented", batches):
        trained(path, epochs=4, checkpoint=job.of("resnet"))
    model, resumed = trained(path, epochs=4, checkpoint=job.of("resnet"))
    assert resumed.equals(history)
    pairs = zip(whole.state_dict().items(), model.state_dict().items(), strict=True)
    for (name, a), (_, b) in pairs:
        assert torch.equal(a, b), name


@pytest.mark.parametrize(
    ("function", "method"),
    [(asking.answers_of, "outputs"), (asking.saliency, "saliency")],
)
def test_killed_asking_goes_on_with_the_next_piece(
    path, job, monkeypatch, killed_after, calls_at_most, function, method
):
    monkeypatch.setattr(asking, "PIECE", 16)
    monkeypatch.setattr(asking, "ASKED", 16)
    model, maps = resnet().eval(), Rows(path, np.arange(60))
    options = {"shifts": 1} if function is asking.saliency else {}
    whole = function(model, maps, **options)
    with killed_after(ask, method, 2):
        function(model, maps, checkpoint=job.of("answers"), **options)
    with calls_at_most(ask, method, 2):  # two pieces of four remain
        resumed = function(model, maps, checkpoint=job.of("answers"), **options)
    np.testing.assert_array_equal(resumed, whole)


class Listed:
    def __init__(self, maps):
        self.maps = maps

    def __len__(self):
        return len(self.maps)

    def __getitem__(self, rows):
        return np.stack([self.maps[row] for row in rows])


def test_the_kept_weights_are_the_running_average():
    generator = torch.Generator().manual_seed(0)
    model = resnet()
    recipe = training.Recipe(batch=20, cycle=True, average=0.5, learning_rate=1e-2)
    state = training.start(model, recipe, 1, 60, 0, "cpu")
    pair = training._pair(X, Y, "training split", torch.device("cpu"))
    training._epoch(state, pair, training._variance(pair.y))
    assert training._judged(state) is state.model  # before the first epoch is over
    state.epoch = 1
    own, mean = state.model.layers[0].weight, state.averaged.module.layers[0].weight
    assert training._judged(state) is state.averaged.module
    assert 0 < (own - mean).abs().max().item() < 0.1
    assert generator is not state.generator


def test_the_rate_makes_one_cycle():
    recipe = training.Recipe(batch=20, cycle=True, learning_rate=1e-2)
    state = training.start(resnet(), recipe, 4, 60, 0, "cpu")
    pair = training._pair(X, Y, "training split", torch.device("cpu"))
    rates = []
    for _ in range(4):
        training._epoch(state, pair, training._variance(pair.y))
        rates.append(state.optimiser.param_groups[0]["lr"])
    assert max(rates) > 5 * rates[-1]
    assert rates[-1] < 1e-6


def test_augmented_maps_are_the_same_maps_seen_otherwise():
    x = torch.from_numpy(X)
    out = training_maps.augmented(x, torch.Generator().manual_seed(0))
    assert out.shape == x.shape
    # Reflected borders repeat some pixels, but none is new.
    for before, after in zip(x, out, strict=True):
        assert set(after.ravel().tolist()) <= set(before.ravel().tolist())
    again = training_maps.augmented(x, torch.Generator().manual_seed(0))
    assert torch.equal(out, again)
    assert not torch.equal(
        out, training_maps.augmented(x, torch.Generator().manual_seed(1))
    )


def test_moved_maps_are_slices_with_reflected_borders():
    x = torch.from_numpy(X[:1])
    moved = training_maps.moved(x, 2, -1)
    assert torch.equal(moved[:, :-2, 1:], x[:, 2:, :-1])
    assert torch.equal(training_maps.moved(x, 0, 0), x)


class Strided(torch.nn.Module):
    """Reads every fourth pixel of every fourth row."""

    target_mean = torch.zeros(1)

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.weight * (x[:, ::4, ::4] ** 2).sum((1, 2))[:, None]


def test_averaging_over_shifts_removes_the_grid_of_a_network(path):
    maps = Rows(path, np.arange(8))
    inner = slice(4, 28)
    uneven = []
    for shifts in (1, 4, 16):
        g = asking.saliency(Strided(), maps, shifts)[:, inner, inner]
        phases = (g**2).reshape(8, 6, 4, 6, 4).sum((0, 1, 3))
        uneven.append(phases.max() / max(phases.min(), 1e-12))
    assert uneven[0] > 1e6
    assert uneven[2] < 1.5
    with pytest.raises(DataError, match="expected 1, 4 or 16"):
        asking.saliency(Strided(), maps, 2)


def test_one_shift_is_plain_saliency(path):
    model = resnet().eval()
    found = asking.saliency(model, Rows(path, np.arange(5)), 1)
    np.testing.assert_allclose(found, ask.saliency(model, X[:5]), rtol=1e-5)


def test_an_untrained_network_gets_the_statistics_of_maps(path):
    model = resnet(3)
    weights = [p.clone() for p in model.parameters()]
    training_maps.settle(model, Rows(path, np.arange(60)))
    for before, after in zip(weights, model.parameters(), strict=True):
        assert torch.equal(before, after)
    hidden = {}
    norm = model.layers[1]
    norm.register_forward_hook(lambda m, i, o: hidden.update(out=o))
    outputs = asking.answers_of(model, Rows(path, np.arange(60)))
    assert outputs.shape == (60, 2)
    assert float(hidden["out"].std()) == pytest.approx(1, abs=0.2)
    assert all(m.momentum == 0.05 for m in model.modules() if hasattr(m, "momentum"))
