"""Samples of one's own: every kind of file, what is refused, splits and scales."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr

from awd import io, samples
from awd.errors import AwdError, ConfigError, DataError, MissingInput, ShapeError
from awd.own import dataset, source
from awd.record import contracts

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 16))
Y = X.mean(1)
LABELS = np.where(X[:, 0] > 0, "up", "down")


def settings(file, **changes):
    base = {
        "samples": {"kind": "file", "file": str(file)},
        "dims": 1,
        "task": "regression",
        "targets": {"mean": 0},
        "units": "V",
        "signal": "voltage",
        "network": None,
        "windows": ["whole"],
        "length": None,
    }
    return base | changes


def gather(given, folder):
    """The data set of a study, as its file holds it."""
    dataset.gather(given, folder / "dataset.nc")
    return io.read(folder / "dataset.nc", contracts.DATASET)


def split(ds, folder, *how, **named):
    io.write(ds, folder / "whole.nc", contracts.DATASET)
    dataset.split(folder / "whole.nc", folder / "samples.nc", *how, **named)
    return io.read(folder / "samples.nc", contracts.DATASET)


def saved(tmp_path, suffix, **arrays):
    path = tmp_path / f"samples{suffix}"
    if suffix == ".npz":
        np.savez(path, **arrays)
    elif suffix == ".npy":
        np.save(path, arrays["x"])
    else:
        axes = {"x": ("n", "t"), "y": ("n",), "group": ("n",)}
        io.write(xr.Dataset({k: (axes[k], v) for k, v in arrays.items()}), path)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".nc"])
def test_arrays_by_name_become_a_data_set(tmp_path, suffix):
    group = np.repeat(np.arange(6), 5)
    path = saved(tmp_path, suffix, x=X, y=Y, group=group)
    ds = gather(settings(path), tmp_path)
    assert ds["x"].dims == ("sample", "time")
    assert ds["x"].attrs["long_name"] == "voltage"
    np.testing.assert_allclose(ds["target"].values[:, 0], Y, rtol=1e-6)
    assert ds["group"].values.tolist() == group.astype(str).tolist()


def test_a_table_is_a_sample_a_row_whatever_its_columns_are_called(tmp_path):
    path = tmp_path / "samples.csv"
    header = ",".join(["mean", *(f"v{k}" for k in range(16)), "group"])
    rows = [
        [*map(repr, (y.item(), *x.tolist())), f"g{k % 5}"]
        for k, (x, y) in enumerate(zip(X, Y, strict=True))
    ]
    path.write_text("\n".join([header, *map(",".join, rows)]))
    ds = gather(settings(path, targets={"average": "mean"}), tmp_path)
    np.testing.assert_allclose(ds["x"].values, X.astype("f4"))
    np.testing.assert_allclose(ds["target"].values[:, 0], Y, rtol=1e-6)
    assert set(ds["group"].values) == {f"g{k}" for k in range(5)}


def test_classes_are_one_in_their_own_and_zero_elsewhere(tmp_path):
    path = saved(tmp_path, ".npz", x=X, y=LABELS)
    given = settings(path, task="classes", targets={"rising": "up", "falling": "down"})
    target = gather(given, tmp_path)["target"]
    assert target["name"].values.tolist() == ["rising", "falling"]
    np.testing.assert_array_equal(target.sum("name"), 1)
    np.testing.assert_array_equal(target.sel(name="rising"), LABELS == "up")


def test_a_function_gives_samples_too(tmp_path, monkeypatch):
    (tmp_path / "made_here.py").write_text(
        "import numpy as np\n"
        "def samples(n):\n"
        "    x = np.arange(n * 8.0).reshape(n, 8)\n"
        "    return x, x[:, 0]\n"
    )
    monkeypatch.chdir(tmp_path)
    by = {"kind": "function", "function": "made_here:samples", "arguments": {"n": 5}}
    assert gather(settings("", samples=by), tmp_path)["x"].shape == (5, 8)
    with pytest.raises(MissingInput, match="made_here has no 'other'"):
        gather(settings("", samples=by | {"function": "made_here:other"}), tmp_path)
    with pytest.raises(ConfigError, match="change samples.arguments"):
        gather(settings("", samples=by | {"arguments": {}}), tmp_path)


@pytest.mark.parametrize("kind", [">f8", "i2", "f2", "u1"])
def test_any_kind_of_number_is_taken(tmp_path, kind):
    x = (50 + 10 * X).astype(kind)
    ds = gather(settings(saved(tmp_path, ".npz", x=x, y=Y)), tmp_path)
    assert ds["x"].dtype == np.dtype("f4")
    np.testing.assert_allclose(ds["x"].values, x.astype("f4"))


@pytest.mark.parametrize("shape", [(30, 4, 4), (30, 2, 4, 4)])
def test_images_have_a_channel_axis_always(tmp_path, shape):
    x = RNG.normal(size=shape)
    ds = gather(settings(saved(tmp_path, ".npz", x=x, y=Y), dims=2), tmp_path)
    assert ds["x"].dims == ("sample", "channel", "y", "x")
    assert ds.attrs["squeezed"] == (len(shape) == 3)


@pytest.mark.parametrize(
    ("arrays", "changes", "error", "message"),
    [
        ({"x": X[:, 0], "y": Y}, {}, ShapeError, r"expected \(n, \[channel,\] time\)"),
        ({"x": X, "y": Y}, {"dims": 2}, ShapeError, "y, x"),
        ({"x": X.astype(str), "y": Y}, {}, ShapeError, "expected real numbers"),
        ({"x": X, "y": Y[:9]}, {}, ShapeError, "y is .9, *[0-9]*.; expected"),
        ({"x": X, "y": Y}, {"targets": {"a": 1}}, DataError, "no column 1 in y"),
        ({"x": X, "y": Y}, {"targets": {"a": -1}}, DataError, "no column -1 in y"),
        ({"x": X, "y": LABELS}, {}, DataError, "task: classes"),
        (
            {"x": X, "y": LABELS},
            {"task": "classes", "targets": {"a": "left"}},
            DataError,
            "of class left; y holds 2 classes: down, up",
        ),
        ({"x": X, "y": Y, "group": Y[:3]}, {}, ShapeError, "group is"),
        ({"x": X}, {}, DataError, "neither labels"),
        ({"z": X}, {}, DataError, "no array 'x'; it holds z"),
        ({"x": X, "y": Y, "split": ["fit"] * 30}, {}, DataError, "holds fit; expected"),
        (
            {"x": np.where(X > 2, np.nan, X), "y": Y},
            {},
            DataError,
            "x is not finite",
        ),
        ({"x": X, "y": np.where(Y > 0, np.inf, Y)}, {}, DataError, "y is not finite"),
    ],
)
def test_what_are_no_samples_is_refused(tmp_path, arrays, changes, error, message):
    path = saved(tmp_path, ".npz", **arrays)
    with pytest.raises(error, match=message):
        gather(settings(path, **changes), tmp_path)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = saved(tmp_path, ".npz", x=X, y=Y)
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(AwdError, match=r"samples\.npz"):
            gather(settings(path), tmp_path)
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([{"a": 1}], object))
    with pytest.raises(DataError, match=r"objects\.npy: .*plain arrays"):
        source.arrays(objects)
    (tmp_path / "samples.mat").write_bytes(b"x")
    with pytest.raises(DataError, match="kind .mat are not read"):
        source.arrays(tmp_path / "samples.mat")
    with pytest.raises(MissingInput):
        source.arrays(tmp_path / "nothing.npz")


def test_outputs_that_were_computed_elsewhere_come_along(tmp_path):
    path = saved(tmp_path, ".npz", x=X, y=Y)
    output, gradient = np.stack([Y, -Y], 1), np.stack([X, -X])
    np.savez(tmp_path / "outputs.npz", output=output, gradient=gradient)
    elsewhere = {"kind": "outputs", "file": str(tmp_path / "outputs.npz"), "seen": True}
    ds = gather(settings(path, network=elsewhere | {"columns": [1]}), tmp_path)
    np.testing.assert_allclose(ds["answer"].values[:, 0], -Y, rtol=1e-6)
    np.testing.assert_allclose(ds["answer_gradient"].values[0], -X, rtol=1e-6)
    np.savez(tmp_path / "outputs.npz", output=output[:7])
    with pytest.raises(ShapeError, match=r"output is \(7, 2\); expected \(30,\)"):
        gather(settings(path, network=elsewhere | {"columns": None}), tmp_path)
    np.savez(tmp_path / "outputs.npz", output=output, gradient=X[:, :3])
    with pytest.raises(ShapeError, match=r"gradient is \(30, 3\); expected that of x"):
        gather(settings(path, network=elsewhere | {"columns": None}), tmp_path)


SHARES = {"test": 0.25, "select": 0.25, "test_groups": []}


def test_channels_are_scaled_by_the_training_groups_and_say_how(tmp_path):
    x = RNG.normal([[[5.0], [-300.0]]], [[[2.0], [70.0]]], size=(40, 2, 8))
    ds = gathered(x)
    out = split(ds, tmp_path, 1, SHARES, seed=3, scaled=True)
    training = out["x"].values[out["split"].values == "train"]
    np.testing.assert_allclose(training.mean((0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(training.std((0, 2)), 1, atol=1e-5)
    centre, spread = (
        np.reshape(out["x"].attrs[k], (2, 1)) for k in ("centre", "spread")
    )
    np.testing.assert_allclose(
        out["x"].values * spread + centre, x, rtol=1e-4, atol=1e-3
    )
    assert set(out["split"].values) == set(contracts.SPLITS)
    asked = split(ds, tmp_path, 1, SHARES, seed=3, scaled=False)
    np.testing.assert_array_equal(asked["x"], ds["x"])


def test_a_constant_channel_is_refused_where_samples_are_scaled(tmp_path):
    x = RNG.normal(size=(40, 2, 8))
    x[:, 1] = 4
    with pytest.raises(DataError, match="a channel of x is constant"):
        split(gathered(x), tmp_path, 0, SHARES, seed=0, scaled=True)


def test_the_split_that_a_file_brings_is_kept_or_refused(tmp_path):
    sides = np.repeat(["train", "select", "test"], [20, 10, 10])
    ds = gathered(RNG.normal(size=(40, 8))).assign(split=("sample", sides))
    assert split(ds, tmp_path, 0, SHARES, 0, False)["split"].values.tolist() == [*sides]
    with pytest.raises(DataError, match=r"splits.rotations: 1"):
        split(ds, tmp_path, 1, SHARES, 0, False)
    with pytest.raises(DataError, match="holds train; expected train, select, test"):
        split(
            ds.assign(split=("sample", ["train"] * 40)), tmp_path, 0, SHARES, 0, False
        )
    torn = ds.assign(group=("sample", ["a"] * 40))
    with pytest.raises(DataError, match="group 'a' stands in"):
        split(torn, tmp_path, 0, SHARES, 0, False)


CASES = {
    "signals": {},
    "lengths": {"windows": ["whole", "end"], "length": 11},
    "gaps": {},
    "images": {"dims": 2},
    "gradients": {},
}


@pytest.mark.parametrize("suffix", [".npz", ".nc", ".npy"])
@pytest.mark.parametrize("case", CASES)
def test_what_is_written_in_blocks_is_what_is_written_at_once(
    case, suffix, tmp_path, monkeypatch
):
    rng = np.random.default_rng(2)
    x = rng.normal(5, 2, (40, *((2, 5, 6) if case == "images" else (16,))))
    arrays = {"x": x, "y": x.reshape(40, -1)[:, 0]}
    if case in ("lengths", "gaps"):
        arrays |= {"length": rng.integers(3, 17, 40)} if case == "lengths" else {}
        arrays |= {"mask": (rng.random(x.shape) > 0.3) | (np.arange(16) < 2)}
    changes = dict(CASES[case])
    if case == "gradients" or suffix == ".npy":
        told = {"output": arrays["y"], "gradient": x}
        np.savez(tmp_path / "o.npz", **told)
        file = str(tmp_path / "o.npz")
        changes["network"] = {"kind": "outputs", "file": file, "columns": None}
        if case == "lengths":
            np.savez(tmp_path / "o.npz", output=arrays["y"])
    path = tmp_path / f"x{suffix}"
    if suffix == ".nc":
        dims = {k: ("n", "a", "b", "c")[: v.ndim] for k, v in arrays.items()}
        given = xr.Dataset({k: (dims[k], v) for k, v in arrays.items()})
        io.write(given, path)
    elif suffix == ".npy":
        np.save(path, np.asfortranarray(x) if case == "signals" else x)
    else:
        np.savez(path, **arrays)
    found = []
    for size in (samples.BLOCK, 7 * x[0].nbytes):
        monkeypatch.setattr(samples, "BLOCK", size)
        whole = gather(settings(path, **changes), tmp_path)
        found.append((whole, split(whole, tmp_path, 0, SHARES, 0, scaled=True)))
    (first, scaled), (again, scaled_again) = found
    xr.testing.assert_identical(again, first)
    xr.testing.assert_allclose(scaled_again, scaled, rtol=1e-5, atol=1e-6)


def test_what_is_wrong_in_a_later_block_is_named_by_its_place(tmp_path, monkeypatch):
    x = X.copy()
    x[23, 4] = np.nan
    path = saved(tmp_path, ".npz", x=x, y=Y)
    monkeypatch.setattr(samples, "BLOCK", 10 * x[0].nbytes)
    with pytest.raises(DataError, match="1 of 10 samples from 20 on, .* sample 23"):
        gather(settings(path), tmp_path)
    assert not (tmp_path / "dataset.nc").exists()


@pytest.mark.parametrize("suffix", [".nc", ".npy"])
def test_memory_does_not_grow_with_the_samples(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "BLOCK", 1 << 17)
    x = np.random.default_rng(0).normal(size=(1_000, 2_000)).astype("f4")  # 8 MB
    given = settings(saved(tmp_path, ".nc", x=x, y=x[:, 0]))
    if suffix == ".npy":
        np.save(tmp_path / "samples.npy", x)
        np.savez(tmp_path / "o.npz", output=x[:, 0])
        network = {"kind": "outputs", "file": str(tmp_path / "o.npz"), "columns": None}
        given = settings(tmp_path / "samples.npy", network=network)
    size = x.nbytes
    del x
    paths = tmp_path / "dataset.nc", tmp_path / "samples.nc"
    dataset.gather(given, paths[0])  # what is imported does not count
    tracemalloc.start()
    try:
        dataset.gather(given, paths[0])
        dataset.split(*paths, 0, SHARES, 0, True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size / 2


def gathered(x):
    axes = (
        ("sample", "channel", "time")[: x.ndim] if x.ndim == 3 else ("sample", "time")
    )
    group = np.arange(len(x)).astype(str)
    described = {"units": "1", "long_name": "x"}
    return xr.Dataset(
        {
            "x": (axes, x.astype("f4"), described),
            "target": (("sample", "name"), x.reshape(len(x), -1)[:, :1], described),
            "group": ("sample", group),
            "block": ("sample", group),
        },
        coords={"name": ["mean"]},
    )


@pytest.mark.parametrize(
    ("returns", "named"),
    [
        ("(x, y, y)", "a tuple of 3"),
        ("()", "a tuple of 0"),
        ("[[0.0, 1.0], [[0.0], [1.0]]]", "x makes no array"),
        ("(x, [[1.0], [1.0, 2.0]])", "y makes no array"),
    ],
)
def test_what_a_function_returns_is_samples_or_is_refused(
    tmp_path, monkeypatch, returns, named
):
    monkeypatch.chdir(tmp_path)
    text = "import numpy as np\nx, y = np.zeros((9, 4)), np.zeros(9)\n"
    (tmp_path / "given.py").write_text(f"{text}def made():\n    return {returns}\n")
    told = {"kind": "function", "function": "given.py:made", "arguments": {}}
    with pytest.raises(DataError, match=named):
        source.read(told, {})
