import copy

import numpy as np
import pytest
import torch
from torch import nn

from awd.errors import DataError, DeviceError, ShapeError
from awd.league import bootstrap
from awd.teacher import networks, training

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 12)).astype(np.float32)
Y = 50 + 10 * X[:, -4:].max(1)
FIT, SELECT = (X[:300], Y[:300]), (X[300:], Y[300:])


def lstm(seed=0):
    return networks.build("lstm", seed, target=FIT[1], hidden=8)


def run(model, **options):
    options = {"epochs": 4, "learning_rate": 1e-2, "seed": 0} | options
    return training.train(model, *FIT, *SELECT, **options)


def test_lstm_learns_and_the_best_epoch_is_restored():
    model = lstm()
    history = run(model, epochs=40, patience=40)
    assert list(history) == ["epoch", "train_loss", "select_loss"]
    assert history.select_loss.min() < 0.3 < history.select_loss[0]
    with torch.no_grad():
        prediction = model(torch.from_numpy(SELECT[0]))[:, 0].numpy()
    # The loss is in variances of the training targets.
    mse = bootstrap.rmse(SELECT[1], prediction) ** 2
    assert mse / FIT[1].var() == pytest.approx(history.select_loss.min(), rel=1e-5)
    assert not model.training


def test_first_epoch_equals_a_loop_written_out():
    model, by_hand = lstm(), lstm()
    run(model, epochs=1, batch=50)
    generator = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(by_hand.parameters(), lr=1e-2)
    x, y = torch.from_numpy(FIT[0]), torch.from_numpy(FIT[1].astype(np.float32))
    for rows in torch.randperm(300, generator=generator).split(50):
        optimiser.zero_grad()
        (nn.functional.mse_loss(by_hand(x[rows])[:, 0], y[rows]) / y.var()).backward()
        optimiser.step()
    for a, b in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


class Dropping(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(12, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1)
        )


def test_training_repeats_bit_for_bit_and_follows_its_seed_alone():
    torch.manual_seed(1)
    fresh = Dropping()
    models = [copy.deepcopy(fresh) for _ in range(3)]
    histories = []
    for model, seed in zip(models, (5, 5, 6), strict=True):
        torch.randn(seed)  # what the caller drew before must not matter
        histories.append(run(model, seed=seed))
    assert histories[0].equals(histories[1])
    assert not histories[0].equals(histories[2])
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(a, b)


def test_global_generator_is_untouched():
    torch.manual_seed(3)
    expected = torch.randn(4)
    torch.manual_seed(3)
    run(Dropping().train())
    torch.manual_seed(3)
    model = copy.deepcopy(lstm())
    run(model)
    assert torch.equal(torch.randn(4), expected)


def test_result_does_not_depend_on_the_number_of_threads():
    # Large enough that torch would share the work.
    x = RNG.normal(size=(1500, 40)).astype(np.float32)
    y = x[:, ::3].sum(1)
    threads = torch.get_num_threads()
    histories = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            model = networks.build("lstm", 0, target=y)
            histories.append(training.train(model, x, y, x, y, epochs=2, seed=0))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert histories[0].equals(histories[1])


def test_the_history_begins_with_the_untrained_teacher():
    model, untrained = lstm(), lstm()
    history = run(model, epochs=2)
    assert history["epoch"].tolist() == [0, 1, 2]
    with torch.no_grad():
        for column, (x, y) in (("train_loss", FIT), ("select_loss", SELECT)):
            prediction = untrained(torch.from_numpy(x))[:, 0].numpy()
            loss = bootstrap.rmse(y, prediction) ** 2 / FIT[1].var()
            assert history[column][0] == pytest.approx(loss, rel=1e-5)


def test_no_epochs_leave_the_teacher_as_it_was_built():
    model = lstm()
    history = run(model, epochs=0)
    assert history["epoch"].tolist() == [0]
    assert not model.training
    for a, b in zip(model.parameters(), lstm().parameters(), strict=True):
        assert torch.equal(a, b)


def test_initial_weights_are_kept_when_training_makes_them_worse():
    model = lstm()
    history = run(model, epochs=3, learning_rate=10.0)
    assert history["select_loss"].argmin() == 0
    for a, b in zip(model.parameters(), lstm().parameters(), strict=True):
        assert torch.equal(a, b)


def test_weight_decay_joins_the_gradient():
    first, second = (nn.Linear(12, 1) for _ in range(2))
    second.load_state_dict(first.state_dict())
    run(first, epochs=1, batch=300, weight_decay=0.5)
    x, y = torch.from_numpy(FIT[0]), torch.from_numpy(FIT[1].astype(np.float32))
    loss = nn.functional.mse_loss(second(x)[:, 0], y) / y.var(correction=0)
    penalty = 0.25 * sum((p**2).sum() for p in second.parameters())
    optimiser = torch.optim.Adam(second.parameters(), lr=1e-2)
    (loss + penalty).backward()
    optimiser.step()
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_training_stops_when_select_stops_improving():
    # The select targets are noise: what is learned cannot help there for long.
    noise = RNG.normal(50, 10, size=100)
    history = training.train(
        lstm(),
        *FIT,
        SELECT[0],
        noise,
        epochs=200,
        learning_rate=1e-2,
        patience=3,
        seed=0,
    )
    assert len(history) < 200
    assert history["epoch"].iloc[-1] - history.select_loss.argmin() == 3


def test_several_targets_are_trained_together():
    two = np.column_stack([Y, X[:, 0]])
    history = training.train(
        nn.Linear(12, 2), X, two, X, two, epochs=3, learning_rate=1e-2, seed=0
    )
    assert history.train_loss.is_monotonic_decreasing


def test_divergence_is_an_error_that_names_the_rate():
    with pytest.raises(
        DataError, match=r"epoch \d+; lower the learning rate \(1e\+30\)"
    ):
        run(nn.Sequential(nn.Linear(12, 1)), epochs=5, learning_rate=1e30)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (X[:10], Y[:9], ShapeError, "training split has 10 inputs and 9 targets"),
        (X[:0], Y[:0], ShapeError, "0 inputs and 0 targets"),
        (np.where(X > 3, np.nan, X), Y, DataError, "inputs of the training split are"),
        (
            X,
            np.where(Y > 70, np.inf, Y),
            DataError,
            "targets of the training split are",
        ),
        (
            X,
            np.full(400, 3.0),
            DataError,
            "target 0 of the training split is 3 for every",
        ),
        (X, np.column_stack([Y, Y]), ShapeError, r"returned \(400, 1\).*\(400, 2\)"),
    ],
)
def test_bad_data_is_refused(x, y, error, message):
    with pytest.raises(error, match=message):
        training.train(lstm(), x, y, *SELECT, epochs=1, seed=0)


def test_devices_are_found_or_refused():
    assert training.device("cpu") == torch.device("cpu")
    assert training.device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(DeviceError, match=r"no device 'gpu'; use auto, cuda, mps, cpu"):
        training.device("gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_asking_for_an_absent_gpu_is_an_error_that_says_so():
    with pytest.raises(DeviceError, match=r"'cuda' was asked for.*auto or cpu"):
        run(lstm(), device="cuda")
