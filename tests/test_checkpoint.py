"""Killed and resumed work is the work that was never killed, bit for bit."""

import logging
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from awd.errors import ConfigError
from awd.record import checkpoint, provenance
from awd.search import soft
from awd.teacher import networks, training

pytestmark = pytest.mark.usefixtures("save_always")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 12)).astype(np.float32)
Y = 50 + 10 * X[:, -4:].max(1)
EPOCHS = 5
BATCHES = 3 + 1  # losses of an epoch, the last one on select
MAPS_RECIPE = {"cycle": True, "average": 0.9, "weight_decay": 0.02}


class Dropping(nn.Sequential):
    def __init__(self):
        super().__init__(
            *(nn.Linear(12, 16), nn.BatchNorm1d(16)),
            *(nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1)),
        )


def dropping():
    with training.seeded(4):
        return Dropping()


def lstm():
    return networks.build("lstm", 4, target=Y, hidden=6)


def mirrored(x, generator):
    return x if torch.rand((), generator=generator) < 0.5 else x.flip(1)


def train(model, checkpoint=None, **recipe):
    settings = {"epochs": EPOCHS, "seed": 3, "batch": 50, "learning_rate": 1e-2}
    pairs = X[:150], Y[:150], X[150:], Y[150:]
    return training.train(model, *pairs, checkpoint=checkpoint, **settings | recipe)


def same(model, expected):
    weights, wanted = model.state_dict(), expected.state_dict()
    return weights.keys() == wanted.keys() and all(
        torch.equal(value, wanted[name]) for name, value in weights.items()
    )


@pytest.mark.parametrize(
    ("build", "recipe"),
    [
        (lstm, {}),
        (dropping, {}),
        (dropping, {**MAPS_RECIPE, "augment": mirrored}),
        (lstm, {"learning_rate": 10.0, "patience": 3}),  # no epoch is better than none
        (lstm, {"learning_rate": 0.3, "patience": 3, "epochs": 9}),  # the fifth is best
    ],
    ids=["lstm", "dropout", "maps", "worse", "patience"],
)
def test_killed_training_ends_as_the_uninterrupted_one(
    job, killed_after, build, recipe
):
    whole = build()
    history = train(whole, **recipe)
    first = 2  # losses of the initial weights
    for epochs, batches in ((0, 2), (1, 0), (2, 3), (3, 1), (4, 2), (6, 1)):
        if epochs >= len(history) - 1:
            break
        with killed_after(training, "_loss", first + epochs * BATCHES + batches):
            train(build(), job.of("lstm"), **recipe)
        torch.randn(7)  # another process has drawn otherwise
        model = build()
        assert train(model, job.of("lstm"), **recipe).equals(history)
        assert same(model, whole)
        job.done()


def test_training_resumes_after_every_one_of_several_kills(job, killed_after, caplog):
    whole = dropping()
    history = train(whole, **MAPS_RECIPE)
    logging.getLogger("awd").propagate = True
    caplog.set_level("INFO")
    for epoch in range(1, EPOCHS):
        # Enough for one epoch; the first run evaluates the initial weights, too.
        with killed_after(training, "_loss", BATCHES + 2 * (epoch == 1)):
            train(dropping(), job.of("net"), **MAPS_RECIPE)
    model = dropping()
    assert train(model, job.of("net"), **MAPS_RECIPE).equals(history)
    assert same(model, whole)
    resumed = [int(text.split()[-1]) for text in caplog.messages if "resumed" in text]
    assert resumed == list(range(1, EPOCHS))


CHILD = """
import os, signal, sys
sys.path[:0] = sys.argv[2:]
import test_checkpoint as killed
from awd.record import checkpoint
from awd.teacher import training
losses, replace, calls = training._loss, os.replace, iter(range({losses}))
def loss(*arguments):
    if next(calls, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return losses(*arguments)
def rename(source, target, renames=iter(range({renames}))):
    if next(renames, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
training._loss, os.replace = loss, rename
job = checkpoint.Job(sys.argv[1], [], {{"seed": 1}})
killed.train(killed.lstm(), job.of("lstm"))
"""


@pytest.mark.parametrize(("losses", "renames"), [(2 + 2 * BATCHES + 1, 99), (99, 2)])
def test_a_process_killed_at_work_or_while_it_saves_loses_one_epoch(
    tmp_path, caplog, losses, renames
):
    log = tmp_path / "job.log"
    code = textwrap.dedent(CHILD).format(losses=losses, renames=renames)
    here = Path(__file__).parent
    paths = [str(here), str(here.parent / "scripts")]
    done = subprocess.run([sys.executable, "-c", code, str(log), *paths])
    assert done.returncode == -9
    whole, model = lstm(), lstm()
    history = train(whole)
    logging.getLogger("awd").propagate = True
    caplog.set_level("INFO")
    job = checkpoint.Job(log, [], {"seed": 1})
    assert train(model, job.of("lstm")).equals(history)
    assert "lstm: resumed at epoch 2" in caplog.messages
    assert same(model, whole)
    # What was being written when the kill came goes with the next save.
    assert [path.name for path in job.place.rglob("*.*")] == ["state.safetensors"]


def test_no_other_experiment_is_resumed(job, tmp_path, monkeypatch):
    job.of("net").save({"a": np.ones(3)})
    data, log = tmp_path / "data.nc", tmp_path / "job.log"
    assert checkpoint.Job(log, [data], {"seed": 1}).of("net").load()
    assert checkpoint.Job(log, [data], {"seed": 2}).of("net").load() is None
    code = {"seed": 1, "code": "edited"}
    assert checkpoint.Job(log, [data], code).of("net").load() is None
    assert checkpoint.Job(log, [data], {"seed": 1}).of("other").load() is None
    beside = tmp_path / "beside.log"
    assert checkpoint.Job(beside, [data], {"seed": 1}).of("net").load() is None
    with monkeypatch.context() as patched:
        patched.setattr(provenance, "versions", lambda: {"torch": "newer"})
        assert checkpoint.Job(log, [data], {"seed": 1}).of("net").load() is None
    data.write_bytes(b"Data")
    assert checkpoint.Job(log, [data], {"seed": 1}).of("net").load() is None


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path):
    text = bytearray(path.read_bytes())
    text[-10] ^= 1
    path.write_bytes(text)


@pytest.mark.parametrize(
    "damage", [truncated, flipped, lambda path: path.write_bytes(b"")]
)
def test_a_damaged_checkpoint_is_reported_and_begins_anew(job, caplog, damage):
    whole, model = lstm(), lstm()
    history = train(whole, job.of("lstm"))
    damage(next(job.place.rglob("*.safetensors")))
    logging.getLogger("awd").propagate = True
    assert train(model, job.of("lstm")).equals(history)
    assert "state.safetensors is damaged" in caplog.text
    assert same(model, whole)


def test_short_jobs_write_nothing_and_read_no_data(tmp_path, monkeypatch):
    monkeypatch.delenv(checkpoint.SECONDS)
    job = checkpoint.Job(tmp_path / "job.log", [tmp_path / "absent.nc"], {})
    train(lstm(), job.of("lstm"))
    assert checkpoint.mapped(np.array, [1, 2], "numbers", job.of("n")) == [1, 2]
    assert not list(tmp_path.iterdir())


def test_a_finished_job_leaves_nothing(job, tmp_path):
    job.of("net").save({"a": np.ones(3)})
    checkpoint.Job(tmp_path / "job.log", [], {}).of("net").save({"a": np.ones(3)})
    job.done()
    assert [path.name for path in tmp_path.iterdir()] == ["data.nc"]
    job.done()  # there may be none


def test_finished_pieces_are_not_made_twice(job, monkeypatch, killed_after):
    made = []

    def piece(number):
        made.append(number)
        return np.full((2, 2), number, np.float32)

    work = SimpleNamespace(piece=piece)

    def mapped():
        return checkpoint.mapped(work.piece, range(7), "numbers", job.of("numbers"))

    whole = np.stack([np.full((2, 2), number) for number in range(7)])
    for seconds, pieces in ((0, 3), (0, 1), (1e9, 2)):
        monkeypatch.setenv(checkpoint.SECONDS, str(seconds))
        with killed_after(work, "piece", pieces):
            mapped()
    np.testing.assert_array_equal(mapped(), whole)
    # What the third run made was not saved: it was not due.
    assert made == [0, 1, 2, 3, 4, 5, 4, 5, 6]
    monkeypatch.setenv(checkpoint.SECONDS, "0")
    mapped()
    flipped(job.place / job.digest / "numbers/2.safetensors")
    made.clear()
    np.testing.assert_array_equal(mapped(), whole)
    assert made == [2, 3, 4, 5, 6]


def test_the_soft_path_goes_on_from_its_last_weight(job, killed_after, calls_at_most):
    x = np.cumsum(RNG.normal(size=(20, 32)), 1).astype(np.float32)
    settings = {"levels": 2, "sparsity": [1e-3, 1e-2], "attribution": [0, 0.1, 1]}
    settings |= {"epochs": 2, "batch": 8, "seeds": (1, 2)}
    whole = soft.distil_soft(x, x[::-1], **settings)
    with killed_after(soft, "_train", 2):
        soft.distil_soft(x, x[::-1], checkpoint=job.of("soft"), **settings)
    with calls_at_most(soft, "_train", 1):  # a single weight remains
        resumed = soft.distil_soft(x, x[::-1], checkpoint=job.of("soft"), **settings)
    for name in ("filter", "loss"):
        found, expected = getattr(resumed, name), getattr(whole, name)
        np.testing.assert_array_equal(found, expected)


def test_an_interval_that_is_no_number_is_refused(job, monkeypatch):
    monkeypatch.setenv(checkpoint.SECONDS, "soon")
    with pytest.raises(ConfigError, match=r"AWD_CHECKPOINT_SECONDS is 'soon'"):
        _ = job.of("net").due
