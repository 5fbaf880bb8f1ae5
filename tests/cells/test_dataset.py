import numpy as np
import pytest

from awd import windows
from awd.cells import simulate, tracks
from awd.cells.study import dataset, hand, shifts, targets
from awd.errors import ConfigError, DataError
from awd.league import splits
from awd.record import contracts

USUAL = {"targets": ["mean0", "max0", "half", "sig_mean"], "min_frames": 15}


def make_cell(lengths, name="c", complete=True, skip=()):
    """Tracks whose master is its frame number and whose slave is its square."""
    frames = [np.setdiff1d(np.arange(n), skip) for n in lengths]
    frame = np.concatenate(frames)
    rng = np.random.default_rng(0)
    position = np.repeat(
        rng.uniform(0, 100, (2, len(lengths))), [len(f) for f in frames], 1
    )
    return tracks.build(
        {
            "frame": frame,
            "x": position[0],
            "y": position[1],
            "master": frame + 1.0,
            "slave": (frame + 1.0) ** 2,
        },
        [len(f) for f in frames],
        np.broadcast_to(complete, len(lengths)),
        cell=name,
        frame_interval_s=1.0,
        pixel_nm=80.0,
    )


@pytest.fixture(scope="module")
def cells():
    return [simulate.simulate_traces("teaching", f"cell{k}", 200, k) for k in range(4)]


@pytest.fixture(scope="module")
def data(cells):
    return dataset.assemble(cells, **USUAL)


def test_the_dataset_keeps_its_contract(data):
    contracts.DATASET.check(data, "dataset")
    assert data.sizes["time"] == 40


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (3, [0, 1, 2, 0, 0]),
        (5, [0, 1, 2, 3, 4]),
        (6, [0, 1, 2, 3, 5]),
        (9, [0, 2, 4, 6, 8]),
    ],
)
def test_the_whole_picks_the_lower_neighbour_or_pads_at_the_end(n, expected):
    np.testing.assert_array_equal(windows.whole(np.arange(n), 5), expected)


@pytest.mark.parametrize("n", [3, 5, 12])
def test_the_end_is_every_one_of_the_last_frames_after_zeros(n):
    trace = 1 + np.arange(n)
    expected = np.r_[np.zeros(5), trace][-5:]
    np.testing.assert_array_equal(windows.end(trace, 5), expected)


def test_every_window_is_a_channel_and_a_single_one_is_none(cells, data):
    assert data["x"].dims == ("sample", "channel", "time")
    assert data["channel"].values.tolist() == ["whole", "end"]
    for name in ("whole", "end"):
        alone = dataset.assemble(cells, **USUAL, windows=[name])
        assert alone["x"].dims == ("sample", "time")
        np.testing.assert_array_equal(alone["x"], data["x"].sel(channel=name))
    with pytest.raises(ConfigError, match="windows.0. is 'middle'; expected one"):
        dataset.assemble(cells, **USUAL, windows=["middle"])


def test_targets_are_what_their_names_say():
    slave = np.array([1.0, 2, 3, 10, 11, 12, 4, 5])
    p = np.array([1, 1, 1, 0.01, 0.049, 0.05, 1, 1])
    assert targets.mean0(slave, None) == 6 - 2
    assert targets.max0(slave, None) == 11 - 2
    assert targets.half(slave, None) == 8 - 4
    assert targets.sig_mean(slave, p) == 10.5
    assert targets.sig_mean(slave, np.ones(8)) == 0


def test_gaps_are_filled_linearly_and_lengths_count_every_frame():
    whole, holey = make_cell([20] * 16), make_cell([20] * 16, skip=(4, 5, 11))
    settings = {"targets": ["half"], "min_frames": 15, "length": 24}
    a, b = (dataset.assemble([cell], **settings) for cell in (whole, holey))
    np.testing.assert_array_equal(a["x"], b["x"])
    assert (b["length"] == 20).all()


def test_hand_features_read_the_whole_filled_master():
    long = make_cell([90] * 16, skip=(4, 5, 11))
    data = dataset.assemble([long], targets=["half"], min_frames=15)
    assert list(data["feature"].values) == list(hand.FEATURES)
    expected = hand.features(np.arange(1.0, 91)).astype("f4")
    np.testing.assert_allclose(data["hand"], np.tile(expected, (16, 1)))


def test_hand_features_know_nothing_of_the_slave(cells):
    silenced = [cell.assign(slave=cell["slave"][::-1].variable) for cell in cells]
    a, b = (dataset.assemble(c, **USUAL) for c in (cells, silenced))
    assert not a["target"].equals(b["target"])
    assert a["hand"].equals(b["hand"])


def test_noise_fills_every_sample_and_hides_how_long_a_track_was(data):
    noise = dataset.as_noise(data, seed=0)
    contracts.DATASET.check(noise, "noise")
    x = noise["x"].values
    assert (x != 0).all()
    assert x.mean() == pytest.approx(data["x"].values.mean(), rel=0.02)
    assert x.std() == pytest.approx(data["x"].values.std(), rel=0.02)
    assert (noise["length"] == 40).all()
    assert "hand" not in noise
    assert "feature" not in noise.coords
    for name in ("target", "group", "block"):
        assert noise[name].equals(data[name])


def test_noise_follows_its_seed_and_tells_nothing_of_the_traces(data):
    first, again, other = (dataset.as_noise(data, seed) for seed in (0, 0, 1))
    assert first["x"].equals(again["x"])
    assert not first["x"].equals(other["x"])
    pairs = np.corrcoef(first["x"].values.ravel(), data["x"].values.ravel())
    assert abs(pairs[0, 1]) < 0.02


def test_only_complete_and_long_tracks_stay():
    cell = make_cell([16, 15, 40, 16] * 8, complete=[True, True, True, False] * 8)
    kept = dataset.assemble([cell], targets=["half"], min_frames=15)
    np.testing.assert_array_equal(kept["track"][:4], [0, 2, 4, 6])


def test_tracks_last_longer_than_so_many_seconds():
    cell = make_cell([31, 32, 20] * 8)
    cell.attrs["frame_interval_s"] = 0.5
    given = {"targets": ["half"], "min_frames": 15, "tiles": 2}
    kept = dataset.assemble([cell], **given, min_seconds=15.5)
    assert set(kept["length"].values) == {32}
    assert len(dataset.assemble([cell], **given, min_seconds=3)["x"]) == 24
    with pytest.raises(DataError, match=r"0 of 24 .* 60 frames .*min_seconds"):
        dataset.assemble([cell], **given, min_seconds=30)


def test_too_few_tracks_are_refused_with_the_reason():
    cell = make_cell([10] * 30)
    with pytest.raises(DataError, match="c: 0 of 30 tracks .* 30 more last 15 frames"):
        dataset.assemble([cell], targets=["half"], min_frames=15)


def test_tiles_have_equal_counts_and_are_the_groups_of_a_single_cell(cells, data):
    one = dataset.assemble(cells[:1], **USUAL)
    names, counts = np.unique(one["block"], return_counts=True)
    assert len(names) == 16
    assert np.ptp(counts) <= 2
    assert (one["group"] == one["block"]).all()
    assert set(data["group"].values) == {f"cell{k}" for k in range(4)}


def test_tiles_are_places():
    x, y = np.random.default_rng(0).uniform(size=(2, 400))
    where = dataset.tile(x, y, 2)
    left = where < 2
    assert x[left].max() < x[~left].min()
    assert y[where == 0].max() < y[where == 1].min()


def test_sig_mean_needs_p_values():
    with pytest.raises(DataError, match="c: sig_mean needs p-values"):
        dataset.assemble([make_cell([20] * 16)], targets=["sig_mean"], min_frames=9)


def test_scale_reads_training_samples_only_and_keeps_padding_at_zero(data):
    split = splits.rotate(data["group"].values, 0, seed=0)
    scaled = dataset.scale(data, split)
    train = split == "train"
    assert scaled["x"].values[train].std() == pytest.approx(1, abs=1e-5)
    assert ((scaled["x"] == 0) == (data["x"] == 0)).all()
    poisoned = data.copy(deep=True)
    poisoned["x"].values[split == "test"] *= 100
    again = dataset.scale(poisoned, split)["x"].values
    np.testing.assert_array_equal(
        again[~(split == "test")], scaled["x"].values[~(split == "test")]
    )


def test_the_published_scaling_is_a_z_score_in_every_cell(data):
    split = splits.rotate(data["group"].values, 0, seed=0)
    scaled = dataset.scale(data, split, "cell")
    for name in np.unique(data["cell"]):
        own = scaled["x"].values[data["cell"].values == name]
        assert own.mean() == pytest.approx(0, abs=1e-5)
        assert own.std() == pytest.approx(1, abs=1e-5)
    with pytest.raises(DataError, match="no scaling 'rank'"):
        dataset.scale(data, split, "rank")


def test_frames_that_do_not_rise_are_refused():
    with pytest.raises(DataError, match="frames of a track must rise"):
        tracks.fill_gaps(np.array([1, 2, 2]), np.zeros(3))


def test_a_shift_changes_the_master_and_neither_tracks_nor_targets(cells, data):
    for name, dt in (("none", 1), ("noise", 1), ("interval", 2), ("resampled", 1)):
        shifted = dataset.assemble(cells, **USUAL, shift=name, seed=3)
        contracts.DATASET.check(shifted, name)
        same = ("target", "group", "block", "track", "lifetime", "outcome")
        assert all(shifted[key].equals(data[key]) for key in same)
        assert shifted["x"].equals(data["x"]) == (name == "none")
        assert shifted["hand"].equals(data["hand"]) == (name == "none")
        assert shifted.attrs["dt_s"] == dt
    with pytest.raises(ConfigError, match="shift is 'dim'; expected one of none"):
        dataset.assemble(cells, **USUAL, shift="dim")


def test_noise_of_a_frame_is_tripled_and_measured_despite_the_signal():
    rng = np.random.default_rng(0)
    signal = 100 * np.sin(np.linspace(0, 3, 60)) + 900 * (np.arange(60) > 40)
    traces = [signal + 20 * rng.normal(size=60) for _ in range(200)]
    assert shifts.frame_noise(traces) == pytest.approx(20, rel=0.1)
    noisier = shifts.apply(shifts.SHIFTS["noise"], traces, rng)
    spread = np.std([trace - signal for trace in noisier])
    assert spread == pytest.approx(60, rel=0.1)


def test_half_the_frames_are_every_second_one(cells):
    (trace,) = shifts.apply(
        shifts.SHIFTS["interval"], [np.arange(7)], np.random.default_rng()
    )
    assert trace.tolist() == [0, 2, 4, 6]
    (trace,) = shifts.apply(
        shifts.SHIFTS["resampled"], [np.arange(8.0) ** 2], np.random.default_rng()
    )
    assert trace.tolist() == [0, 2, 4, 10, 16, 26, 36]
    shifted = dataset.assemble(
        [make_cell([21] * 16)],
        targets=["half"],
        min_frames=15,
        shift="interval",
        length=16,
    )
    expected = np.r_[np.arange(1.0, 22, 2), np.zeros(5)]
    np.testing.assert_array_equal(shifted["x"].sel(channel="whole")[0], expected)
    assert (shifted["length"] == 11).all()
    assert (shifted["hand"].sel(feature="lifetime") == 11).all()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_of_fewer_than_four_cells_tiles_are_the_groups(cells, count):
    found = dataset.assemble(cells[:count], **USUAL)
    kind = "cell" if count == 4 else "block"
    np.testing.assert_array_equal(found["group"], found[kind])
    assert len(np.unique(found["group"])) == (4 if count == 4 else 16 * count)


def test_cells_of_other_intervals_are_no_study(cells):
    slow = cells[1].assign_attrs(frame_interval_s=2.0)
    with pytest.raises(
        DataError, match="cell0 has 1 s a frame and cell1 2;.*targets: "
    ):
        dataset.assemble([cells[0], slow], **USUAL)
