import json

import numpy as np
import pytest
import torch
from torch import nn

from awd import integrity, io
from awd.errors import ConfigError, DataError, MissingInput, ShapeError
from awd.teacher import ask, networks, weights

X = torch.randn(5, 40, generator=torch.Generator().manual_seed(0))

SIGNALS = ("lstm", "mlp", "cnn", "dilated")  # kinds that read them


@pytest.mark.parametrize("kind", ["lstm", "mlp"])
def test_an_ensemble_is_the_mean_of_its_members_and_is_read_back(kind, tmp_path):
    x = np.random.default_rng(0).normal(size=(9, 2, 40)).astype("f4")
    sizes = networks.sizes_for(kind, x)
    members = [
        networks.build(kind, seed, x[:, 0, 0] + seed, **sizes) for seed in (0, 1)
    ]
    whole = networks.ensemble(members)
    each = [ask.output(model, x) for model in members]
    np.testing.assert_allclose(ask.output(whole, x), np.mean(each, 0), rtol=1e-5)
    weights.save({kind: whole}, tmp_path / "w.safetensors")
    again = weights.load(tmp_path / "w.safetensors")[kind]
    np.testing.assert_array_equal(ask.output(again, x), ask.output(whole, x))


def test_means_of_two_kinds_are_again_meant_and_read_back(tmp_path):
    x = np.random.default_rng(0).normal(size=(9, 2, 40)).astype("f4")
    pairs = [
        networks.ensemble(
            [
                networks.build(kind, seed, x[:, 0, 0], **networks.sizes_for(kind, x))
                for kind in networks.parts("lstm+dilated")
            ]
        )
        for seed in (0, 1, 2)
    ]
    whole = networks.ensemble(pairs)
    assert whole.record["sizes"]["of"] == "lstm+dilated"
    each = [ask.output(pair, x) for pair in pairs]
    np.testing.assert_allclose(ask.output(whole, x), np.mean(each, 0), rtol=1e-5)
    weights.save({"both": whole}, tmp_path / "w.safetensors")
    again = weights.load(tmp_path / "w.safetensors")["both"]
    np.testing.assert_array_equal(ask.output(again, x), ask.output(whole, x))
    with pytest.raises(ConfigError, match=r"no kind of teacher 'dilatet'"):
        networks.parts("lstm+dilatet")


def test_dilated_sees_a_shape_wherever_it_stands_and_29_samples_about_it():
    model = networks.build("dilated", seed=0)
    bump = torch.zeros(2, 40)
    bump[0, 16:20] = bump[1, 17:21] = 1
    first, second = model.layers[:6](bump[:, None])
    torch.testing.assert_close(first[:, 14:25], second[:, 15:26])
    x = torch.zeros(1, 1, 40, requires_grad=True)
    model.layers[:6](x + X[:1])[0, :, 20].sum().backward()
    seen = x.grad[0, 0].nonzero()[:, 0]
    assert (int(seen.min()), int(seen.max())) == (20 - 14, 20 + 14)


def test_lstm_is_torchs_own_lstm_and_linear_on_the_last_state():
    model = networks.build("lstm", seed=2)
    states, _ = model.lstm(X[..., None])
    torch.testing.assert_close(model(X), model.linear(states[:, -1]))
    assert sum(p.numel() for p in model.parameters()) == 4 * 20 * (1 + 20 + 2) + 21


def test_mlp_is_two_hidden_layers_on_the_flattened_samples():
    model = networks.build("mlp", seed=0, inputs=2)
    x = torch.stack([X, X.flip(1)], 1)
    (w1, b1), (w2, b2), (w3, b3) = (
        (layer.weight, layer.bias)
        for layer in model.layers
        if isinstance(layer, nn.Linear)
    )
    hidden = (x.reshape(5, 80) @ w1.T + b1).relu()
    expected = (hidden @ w2.T + b2).relu() @ w3.T + b3
    torch.testing.assert_close(model(x), expected)
    assert (w1.shape, w2.shape) == ((64, 80), (32, 64))


def test_cnn_sees_a_shape_wherever_it_stands():
    model = networks.build("cnn", seed=0)
    bump = torch.zeros(2, 40)
    bump[0, 10:14] = bump[1, 18:22] = 1
    first, second = model.layers[:6](bump[:, None])
    torch.testing.assert_close(first[:, 1:7], second[:, 3:9])
    assert sum(p.numel() for p in model.parameters()) == 96 + 2592 + 10272 + 33


@pytest.mark.parametrize("shape", [(5, 1), (5, 3), (5, 41), (5, 2, 40), (5, 3, 9)])
@pytest.mark.parametrize("kind", SIGNALS)
def test_every_kind_is_built_for_its_samples_by_one_call(kind, shape):
    x = np.ones(shape, "f4")
    model = networks.build(kind, 0, np.arange(5.0), **networks.sizes_for(kind, x))
    assert model(torch.from_numpy(x)).shape == (5, 1)


@pytest.mark.parametrize("kind", SIGNALS)
def test_one_channel_may_go_without_its_dimension(kind):
    model = networks.build(kind, seed=0)
    torch.testing.assert_close(model(X), model(X[:, None]))


@pytest.mark.parametrize("kind", SIGNALS)
def test_every_sample_may_matter_to_a_teacher(kind):
    x = X.clone().requires_grad_()
    networks.build(kind, seed=0)(x).sum().backward()
    assert (x.grad != 0).any(0).all()


def test_output_is_in_the_targets_unit():
    target = np.array([100.0, 300.0])
    plain = networks.build("lstm", seed=0)
    scaled = networks.build("lstm", seed=0, target=target)
    torch.testing.assert_close(scaled(X), 200 + 100 * plain(X))


def test_seed_decides_the_weights_and_the_global_generator_is_untouched():
    torch.manual_seed(7)
    expected = torch.randn(3)
    torch.manual_seed(7)
    first, same, different = (networks.build("lstm", seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.randn(3), expected)
    assert torch.equal(first(X), same(X))
    assert not torch.equal(first(X), different(X))


@pytest.mark.parametrize("kind", SIGNALS)
def test_every_kind_is_loaded_with_its_sizes(tmp_path, kind):
    path, x = tmp_path / "networks.safetensors", X[:, :33]
    model = networks.build(kind, 3, **networks.sizes_for(kind, x.numpy()))
    weights.save({kind: model}, path)
    assert torch.equal(weights.load(path)[kind](x), model(x))


def test_saved_teacher_answers_the_same_when_loaded(tmp_path):
    path = tmp_path / "networks.safetensors"
    model = networks.build("lstm", 3, target=np.array([1.0, 4.0]), hidden=7)
    weights.save({"lstm": model}, path, {"dataset": "abc"})
    loaded = weights.load(path)["lstm"]
    assert torch.equal(loaded(X), model(X))
    assert not loaded.training
    assert json.loads(path.with_suffix(".json").read_text())["lstm"] == {
        "kind": "lstm",
        "seed": 3,
        "sizes": {"inputs": 1, "hidden": 7},
        "target_mean": [2.5],
        "target_sd": [1.5],
        "dataset": "abc",
        "sha256": integrity.sha256(path),
    }
    saved = path.read_bytes()
    weights.save({"lstm": loaded}, path)
    assert path.read_bytes() == saved


def other(path):
    digest = integrity.sha256(path)
    return {"kind": "lstm", "seed": 0, "sizes": {"hidden": 8}, "sha256": digest}


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b"not weights"), "not the weights"),
        (
            lambda path: path.with_suffix(".json").write_text('{"lstm": {}}'),
            "not the weights",
        ),
        (
            lambda path: io.write_json(
                {"lstm": other(path)}, path.with_suffix(".json")
            ),
            "size mismatch",
        ),
        (lambda path: flipped(path), "not the weights that networks.json describes"),
    ],
)
def test_damaged_files_are_refused(tmp_path, damage, message):
    path = tmp_path / "networks.safetensors"
    weights.save({"lstm": networks.build("lstm", seed=0)}, path)
    damage(path)
    with pytest.raises(DataError, match=message):
        weights.load(path)


def test_several_networks_share_a_file_and_some_of_them_are_read(tmp_path):
    path = tmp_path / "networks.safetensors"
    models = {name: networks.build("lstm", seed=k) for k, name in enumerate("abc")}
    weights.save(models, path)
    loaded = weights.load(path, ["c", "a"])
    assert list(loaded) == ["c", "a"]
    for name, model in loaded.items():
        assert torch.equal(model(X), models[name].eval()(X))
    with pytest.raises(DataError, match="'d'"):
        weights.load(path, ["d"])


def test_absent_files_are_named(tmp_path):
    with pytest.raises(MissingInput, match=r"networks\.json"):
        weights.load(tmp_path / "networks.safetensors")


def test_unknown_kinds_and_sizes_are_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"no kind of teacher 'lstn'.*'lstm'"):
        networks.build("lstn", seed=0)
    with pytest.raises(ConfigError, match=r"no size of lstm 'hiden'.*'hidden'"):
        networks.build("lstm", seed=0, hiden=3)


@pytest.mark.parametrize("target", [np.ones(4), np.array([1.0, np.nan])])
def test_targets_without_a_scale_are_refused(target):
    with pytest.raises(DataError, match=r"needs finite targets that vary"):
        networks.build("lstm", seed=0, target=target)


@pytest.mark.parametrize(
    ("kind", "shape", "message"),
    [
        ("lstm", (2, 3, 40), r"1 channels, time\).*got \(2, 3, 40\)"),
        ("lstm", (40,), r"got \(40,\)"),
        ("mlp", (2, 39), r"40 samples\) for one channel; got \(2, 39\)"),
        ("cnn", (2, 2, 40), r"CNN reads \(n, 1 channels, 40 samples\)"),
    ],
)
def test_wrong_inputs_are_refused_with_the_shape(kind, shape, message):
    with pytest.raises(ShapeError, match=message):
        networks.build(kind, seed=0)(torch.zeros(shape))
    with pytest.raises(ShapeError, match=r"x is \(40,\)"):
        networks.sizes_for(kind, np.zeros(40))


def test_only_built_teachers_are_saved(tmp_path):
    with pytest.raises(DataError, match=r"make it with awd\.teacher\.networks\.build"):
        weights.save({"mine": nn.Linear(2, 1)}, tmp_path / "x.safetensors")


IMAGES = torch.from_numpy(
    np.random.default_rng(1).normal(size=(3, 64, 64)).astype("f4")
)


def test_the_published_resnet_has_the_published_layers():
    """torchvision's resnet18, one channel and three outputs: 11.17 million weights."""
    model = networks.build("resnet", 0, outputs=3, width=64, stem=7)
    assert sum(p.numel() for p in model.parameters()) == 11_171_779
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 20
    first = convolutions[0]
    assert (first.kernel_size, first.stride, first.out_channels) == ((7, 7), (2, 2), 64)


def test_a_resnet_answers_several_targets_of_images(tmp_path):
    target = np.random.default_rng(0).normal([0.3, 0.8], [0.05, 0.1], (40, 2))
    model = networks.build("resnet", 0, target, outputs=2, width=4).eval()
    assert model(IMAGES).shape == (3, 2)
    torch.testing.assert_close(model(IMAGES), model(IMAGES[:, None]))
    plain = networks.build("resnet", 0, outputs=2, width=4).eval()(IMAGES)
    expected = torch.tensor(target.mean(0)) + torch.tensor(target.std(0)) * plain
    torch.testing.assert_close(model(IMAGES), expected.float())
    weights.save({"resnet": model}, tmp_path / "networks.safetensors")
    loaded = weights.load(tmp_path / "networks.safetensors")["resnet"]
    assert torch.equal(loaded(IMAGES), model(IMAGES))
    with pytest.raises(ShapeError, match=r"reads \(n, 1 channels, y, x\)"):
        model(IMAGES[0])


def test_every_pixel_may_matter_to_a_narrow_resnet():
    x = IMAGES.clone().requires_grad_()
    networks.build("resnet", 0, width=4).eval()(x).sum().backward()
    assert (x.grad != 0).any(0).all()
