"""Signals of unequal length and samples with gaps: what is not there is never read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awd import gaps, io, windows
from awd.errors import AwdError
from awd.own import dataset, source
from awd.record import contracts

SHARES = {"test": 0.25, "select": 0.25, "test_groups": []}
JUNK = [np.nan, np.inf, 1e30, -7.0]


def gathered(folder, arrays, dims=1, scaled=True, **changes):
    """The data set of a study, split."""
    np.savez(folder / "x.npz", **{"y": np.arange(len(arrays["x"]) * 1.0)} | arrays)
    chosen = {
        "samples": {"kind": "file", "file": str(folder / "x.npz")},
        "dims": dims,
        "task": "regression",
        "targets": {"y": 0},
        "units": "V",
        "signal": "voltage",
        "network": None,
        "windows": ["whole"],
        "length": None,
    }
    whole, samples = folder / "dataset.nc", folder / "samples.nc"
    dataset.gather(chosen | changes, whole)
    dataset.split(whole, samples, 0, SHARES, 0, scaled)
    return io.read(samples, contracts.DATASET)


@st.composite
def uneven(draw):
    """Signals with an offset, their lengths, windows and what lies beyond."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    n, channels = 12, draw(st.integers(0, 3))
    most = draw(st.integers(8, 40))
    x = rng.normal(5, 2, (n, *[channels] * bool(channels), most))
    length = rng.integers(1, most + 1, n)
    names = draw(st.sampled_from([["whole"], ["end"], ["whole", "end"]]))
    size = draw(st.one_of(st.none(), st.integers(8, 50)))
    return x, length, names, size, draw(st.sampled_from(JUNK))


@settings(deadline=None, max_examples=60)
@given(case=uneven())
def test_windows_are_those_of_tracks_and_nothing_beyond_is_read(case):
    x, length, names, size, junk = case
    beyond = np.arange(x.shape[-1]) >= length[:, None]
    beyond = np.broadcast_to(beyond if x.ndim == 2 else beyond[:, None], x.shape)
    dirty = np.where(beyond, junk, x)
    found = windows.cut({"x": dirty, "length": length}, 1, names, size)
    size = size or length.max()
    channels = x[:, None] if x.ndim == 2 else x
    expected = np.concatenate(
        [
            windows.windowed(
                [row[k, :end] for row, end in zip(channels, length, strict=True)],
                size,
                [name],
            ).values[:, None]
            for name in names
            for k in range(channels.shape[1])
        ],
        1,
    )
    np.testing.assert_allclose(found.x.reshape(expected.shape), expected, rtol=1e-6)
    if found.mask is not None:
        assert (found.x[found.mask == gaps.BEYOND] == 0).all()
        assert found.mask.shape == found.x.shape


@pytest.mark.parametrize("names", [["whole"], ["whole", "end"]])
def test_offset_and_scale_leave_scaled_samples_as_they_are(tmp_path, names):
    rng = np.random.default_rng(0)
    x, length = rng.normal(size=(40, 2, 24)), rng.integers(5, 25, 40)
    mask = rng.random((40, 24)) > 0.2
    mask[:, 0] = True
    both = [
        gathered(
            tmp_path, {"x": a * x + b, "length": length, "mask": mask}, windows=names
        )
        for a, b in ((1, 0), (30, -900))
    ]
    first, other = (ds["x"].values for ds in both)
    np.testing.assert_allclose(other, first, atol=1e-4)
    seen = both[0]["mask"].values == gaps.SEEN
    train = both[0]["split"].values == "train"
    for channel in range(first.shape[1]):
        values = first[train, channel][seen[train, channel]]
        assert abs(values.mean()) < 1e-5
        assert values.std() == pytest.approx(1, abs=1e-5)
    assert (first[both[0]["mask"].values == gaps.BEYOND] == 0).all()


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(("dims", "shape"), [(1, (30,)), (1, (2, 30)), (2, (6, 8))])
def test_gaps_are_filled_as_those_of_maps(junk, dims, shape):
    rng = np.random.default_rng(1)
    x = rng.normal(3, 1, (9, *shape))
    seen = rng.random((9, *shape[-dims:])) > 0.3
    hidden = ~np.broadcast_to(seen if seen.ndim == x.ndim else seen[:, None], x.shape)
    found = windows.cut({"x": np.where(hidden, junk, x), "mask": seen}, dims)
    images, mask = (x[..., None, :], seen[:, None]) if dims == 1 else (x, seen)
    expected = gaps.filled(images, mask).reshape(x.shape)
    np.testing.assert_allclose(found.x, expected, rtol=1e-6)
    np.testing.assert_array_equal(found.mask == gaps.SEEN, ~hidden)


def test_a_list_of_signals_brings_its_lengths(tmp_path, monkeypatch):
    (tmp_path / "uneven.py").write_text(
        "import numpy as np\n"
        "def signals():\n"
        "    x = [np.arange(k + 9.0) for k in range(20)]\n"
        "    return x, [len(row) for row in x]\n"
    )
    monkeypatch.chdir(tmp_path)
    called = {"kind": "function", "function": "uneven:signals", "arguments": {}}
    found = source.read(called, {"y": 0})
    assert found["x"].shape == (20, 28)
    assert found["length"].tolist() == [*range(9, 29)]
    equal = windows.cut(found, 1, ["end"], 9)
    assert (equal.x[:, -1] == found["length"] - 1).all()
    assert equal.mask is None


def test_a_table_with_empty_cells_beyond_the_ends(tmp_path, monkeypatch):
    rows = ["a,b,c,d,length,y", "1,2,,,2,5", "1,2,3,4,4,6", "7,,,,1,9"]
    (tmp_path / "x.csv").write_text("\n".join(rows))
    found = source.read({"kind": "file", "file": tmp_path / "x.csv"}, {"y": "y"})
    cut = windows.cut(found, 1, ["whole"], 4)
    np.testing.assert_array_equal(cut.x, [[1, 2, 0, 0], [1, 2, 3, 4], [7, 0, 0, 0]])
    assert cut.length.tolist() == [2, 4, 1]


X = np.ones((5, 12))


@pytest.mark.parametrize(
    ("arrays", "dims", "said"),
    [
        ({"length": np.ones(4, int)}, 1, r"length is \(4,\); expected one a sample"),
        ({"length": np.arange(5)}, 1, "length holds 0; expected .* 1 to 12"),
        ({"length": np.full(5, 13)}, 1, "length holds 13"),
        ({"length": np.full(5, 2.5)}, 1, "whole numbers"),
        ({"length": np.full(5, np.nan)}, 1, "whole numbers"),
        ({"length": np.full(5, "a")}, 1, "length holds a;"),
        ({"mask": np.ones((5, 2, 12))}, 1, r"mask is \(5, 2, 12\); expected \(5, 12\)"),
        ({"mask": np.full((5, 12), 0.5)}, 1, "mask holds more than 0 and 1"),
        ({"mask": np.full((5, 12), np.nan)}, 1, "mask holds more than 0 and 1"),
        ({"mask": np.arange(60).reshape(5, 12) > 11}, 1, "hides all of 1 of 5 .* 0;"),
        (
            {"length": np.full(5, 3), "mask": np.arange(12) > np.full((5, 1), 4)},
            1,
            "all",
        ),
        ({"x": np.full((5, 12), np.nan), "length": np.full(5, 3)}, 1, "not finite"),
        ({"x": np.ones((5, 1, 3, 4)), "length": np.full(5, 3)}, 2, "no length"),
    ],
)
def test_what_says_no_length_and_no_gap_is_refused(arrays, dims, said):
    with pytest.raises(AwdError, match=said):
        windows.cut({"x": X} | arrays, dims)


def test_gradients_of_elsewhere_are_those_of_what_is_read(tmp_path):
    x, length = np.ones((30, 12)) + np.arange(12), np.full(30, 7)
    np.savez(tmp_path / "o.npz", output=x.sum(1), gradient=x)
    network = {"kind": "outputs", "file": str(tmp_path / "o.npz"), "columns": None}
    arrays = {"x": x, "length": np.r_[length[1:], 12]}
    ds = gathered(tmp_path, arrays, network=network, scaled=False)
    gradient = ds["answer_gradient"].values[0]
    np.testing.assert_array_equal(gradient[:-1, 7:], 0)
    np.testing.assert_array_equal(gradient[:, :7], x[:, :7])
    with pytest.raises(AwdError, match="leave gradient out, or windows"):
        gathered(tmp_path, arrays, network=network, windows=["whole", "end"])
