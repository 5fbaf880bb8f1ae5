import json

import numpy as np
import pytest
import torch
from torch import nn

from awd import teachers
from awd.errors import ConfigError, DataError, MissingInput, ShapeError

X = torch.randn(5, 40, generator=torch.Generator().manual_seed(0))


def test_lstm_is_torchs_own_lstm_and_linear_on_the_last_state():
    model = teachers.build("lstm", seed=2)
    states, _ = model.lstm(X[..., None])
    torch.testing.assert_close(model(X), model.linear(states[:, -1]))
    assert sum(p.numel() for p in model.parameters()) == 4 * 20 * (1 + 20 + 2) + 21


def test_lstm_reads_channels():
    model = teachers.build("lstm", seed=0, inputs=2)
    assert model(torch.stack([X, X], 1)).shape == (5, 1)
    one = teachers.build("lstm", seed=0)
    torch.testing.assert_close(one(X), one(X[:, None]))


def test_output_is_in_the_targets_unit():
    target = np.array([100.0, 300.0])
    plain = teachers.build("lstm", seed=0)
    scaled = teachers.build("lstm", seed=0, target=target)
    torch.testing.assert_close(scaled(X), 200 + 100 * plain(X))


def test_seed_decides_the_weights_and_the_global_generator_is_untouched():
    torch.manual_seed(7)
    expected = torch.randn(3)
    torch.manual_seed(7)
    first, again, other = (teachers.build("lstm", seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.randn(3), expected)
    assert torch.equal(first(X), again(X))
    assert not torch.equal(first(X), other(X))


def test_saved_teacher_answers_the_same_when_loaded(tmp_path):
    path = tmp_path / "teacher.safetensors"
    model = teachers.build("lstm", 3, target=np.array([1.0, 4.0]), hidden=7)
    teachers.save(model, path, {"dataset": "abc"})
    loaded = teachers.load(path)
    assert torch.equal(loaded(X), model(X))
    assert not loaded.training
    assert json.loads(path.with_suffix(".json").read_text()) == {
        "kind": "lstm",
        "seed": 3,
        "sizes": {"inputs": 1, "hidden": 7},
        "target_mean": 2.5,
        "target_sd": 1.5,
        "dataset": "abc",
    }
    saved = path.read_bytes()
    teachers.save(loaded, path)
    assert path.read_bytes() == saved


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b"not weights"), "do not make a teacher"),
        (lambda path: path.with_suffix(".json").write_text("{}"), "KeyError: 'kind'"),
        (
            lambda path: path.with_suffix(".json").write_text(
                '{"kind": "lstm", "seed": 0, "sizes": {"hidden": 8}}'
            ),
            "size mismatch",
        ),
    ],
)
def test_damaged_files_are_refused(tmp_path, damage, message):
    path = tmp_path / "teacher.safetensors"
    teachers.save(teachers.build("lstm", seed=0), path)
    damage(path)
    with pytest.raises(DataError, match=message):
        teachers.load(path)


def test_absent_files_are_named(tmp_path):
    with pytest.raises(MissingInput, match=r"teacher\.json"):
        teachers.load(tmp_path / "teacher.safetensors")


def test_unknown_kinds_and_sizes_are_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"no kind of teacher 'lstn'.*'lstm'"):
        teachers.build("lstn", seed=0)
    with pytest.raises(ConfigError, match=r"no size of lstm 'hiden'.*'hidden'"):
        teachers.build("lstm", seed=0, hiden=3)


@pytest.mark.parametrize("target", [np.ones(4), np.array([1.0, np.nan])])
def test_targets_without_a_scale_are_refused(target):
    with pytest.raises(DataError, match=r"needs finite targets that vary"):
        teachers.build("lstm", seed=0, target=target)


def test_wrong_inputs_are_refused_with_the_shape():
    with pytest.raises(ShapeError, match=r"1 channels.*got \(2, 3, 40\)"):
        teachers.build("lstm", seed=0)(torch.zeros(2, 3, 40))


def test_only_built_teachers_are_saved(tmp_path):
    with pytest.raises(DataError, match=r"make it with awd\.teachers\.build"):
        teachers.save(nn.Linear(2, 1), tmp_path / "x.safetensors")
