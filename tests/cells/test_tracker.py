"""From files of a simulated cell to tracks, against the truth of the simulation."""

import numpy as np
import pytest

from awd import io
from awd.cells import measures, simulate, tracker, tracks
from awd.cells.movie import Movie, open_movie
from awd.cells.study import dataset
from awd.errors import ConfigError, DataError
from awd.record import contracts


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cell")
    paths = folder / "master.ome.tif", folder / "slave.ome.tif"
    truth = simulate.simulate_movie("teaching", "a", 3, *paths, frames=160, size=160)
    return paths, truth


@pytest.fixture(scope="module")
def cell(files):
    return tracker.track(open_movie(*files[0]), "a")


def test_movies_say_what_they_are(files):
    movie = open_movie(*files[0])
    assert (movie.frames, movie.shape) == (160, (160, 160))
    assert (movie.pixel_nm, movie.interval_s) == (80, 1)
    for frames, background in zip(movie.channels, (1300, 900), strict=True):
        assert frames[80].dtype == np.uint16
        assert np.median(frames[80]) == pytest.approx(background, rel=0.1)


def test_the_truth_keeps_the_contract(files, tmp_path):
    truth = files[1]
    tracks.TRACKS.check(truth, "truth")
    assert truth["complete"].values.sum() > 50
    born_before = measures.points(truth).groupby("track")["frame"].min() == 0
    assert born_before.sum() > 10, "the first frame shows pits of all ages"
    again = simulate.simulate_movie(
        "teaching", "a", 3, tmp_path / "m.tif", tmp_path / "s.tif", frames=160, size=160
    )
    assert again.identical(truth)
    for one, other in zip(
        files[0], (tmp_path / "m.tif", tmp_path / "s.tif"), strict=True
    ):
        a, b = (open_movie(p).channels[0][99] for p in (one, other))
        assert np.array_equal(a, b)


def test_presets_are_named_and_changed(tmp_path):
    paths = tmp_path / "m.tif", tmp_path / "s.tif"
    small = {"frames": 5, "size": 64}
    sparse, crowded = (
        simulate.simulate_movie(name, "a", 0, *paths, **small)
        for name in ("realistic", "crowded")
    )
    assert crowded.sizes["obs"] > 2 * sparse.sizes["obs"]
    with pytest.raises(ConfigError, match="there is teaching, realistic, crowded"):
        simulate.simulate_movie("dense", "a", 0, *paths)


def test_a_cell_is_tracked(files, cell, tmp_path):
    tracks.TRACKS.check(cell, "tracks")
    got = measures.readout(files[1], cell)
    assert got.recall_productive > 0.9
    assert got.burst_correlation > 0.93
    assert got.bursts_found > 0.9
    assert got.false_bursts < 0.03
    assert measures.tracking(*map(measures.points, (files[1], cell))).alpha > 0.7
    assert cell.attrs["sigma_master_px"] == pytest.approx(1.4, rel=0.03)
    assert cell.attrs["sigma_slave_px"] == pytest.approx(1.25, rel=0.03)
    io.write(cell, tmp_path / "tracks.nc", tracks.TRACKS)
    assert io.read(tmp_path / "tracks.nc", tracks.TRACKS)["category"].dtype.kind == "i"


def test_every_frame_of_a_track_is_there(cell):
    assert (tracks.lifetimes(cell) == cell["row_size"].values).all()
    assert 0 < (cell["seen"].values == 0).mean() < 0.1
    assert ((cell["category"].values <= 2) == (cell["complete"].values == 1)).all()
    assert set(np.unique(cell["category"])) <= {1, 2, 3, 4}


def test_amplitudes_and_their_errors_are_true(files, cell):
    truth, found = map(measures.points, (files[1], cell))
    pairs = measures.pair_tracks(truth, found)
    both = found.merge(pairs, on="track").merge(
        truth,
        left_on=["true", "frame"],
        right_on=["track", "frame"],
        suffixes=("", "_t"),
    )
    # Alone, so that no neighbour within reach makes an error of its own.
    for channel in ("master", "slave"):
        pull = (both[channel] - both[f"{channel}_t"]) / both[f"{channel}_se"]
        spread = np.subtract(*np.percentile(pull, [84, 16])) / 2
        assert 0.8 < spread < 1.5
        assert abs(np.median(pull)) < 0.3


def test_buffers_stand_before_and_after(cell):
    points, edges = measures.points(cell), tracks.starts(cell)
    first = points["frame"].values[edges[:-1]]
    buffer = cell["buffer_master"].values
    assert buffer.shape == (cell.sizes["track"], 2, 5)
    outside = np.isnan(buffer[:, 0])
    assert (outside.sum(1) == np.maximum(5 - first, 0)).all()
    whole = cell["category"].values == 1
    inner = cell["master"].values[edges[:-1][whole] + 5]
    assert np.median(buffer[whole, 0]) < 0.2 * np.median(inner)


def test_tracks_become_the_data_set(cell):
    ds = dataset.assemble([cell], targets=["sig_mean", "half"], min_frames=8, tiles=2)
    contracts.DATASET.check(ds, "dataset")
    assert ds.sizes["sample"] > 30


def test_tracking_twice_gives_the_same(files, cell):
    assert tracker.track(open_movie(*files[0]), "a").identical(cell)


def test_the_better_place_of_the_slave_is_never_dimmer(files, cell):
    best = tracker.track(open_movie(*files[0]), "a", sigma=(1.4, 1.25), mode="best")
    same = tracker.track(open_movie(*files[0]), "a", sigma=(1.4, 1.25))
    assert (best["slave"].values >= same["slave"].values).all()
    assert (best["slave"].values > same["slave"].values).mean() > 0.2


def test_channels_are_read_along_the_same_tracks(files, cell):
    master, slave = files[0]
    one = tracker.track(open_movie(master), "a")
    three = tracker.track(open_movie(master, slave, slave), "a")
    assert "slave" not in one
    for ds in (one, three):
        tracks.TRACKS.check(ds, "a")
        np.testing.assert_array_equal(ds["master"], cell["master"])
    np.testing.assert_array_equal(three["slave_p"], cell["slave_p"])
    np.testing.assert_array_equal(three["third"], three["slave"])
    labelled = tracks.labelled(three, ["CLTA", "DNM2", "actin"], "control")
    assert labelled["slave_se"].attrs["long_name"].endswith("of the amplitude of DNM2")
    assert tracks.channels(labelled)["third"] == "actin"


def test_too_many_channels_or_nothing_to_see_is_refused(files):
    movie = open_movie(*files[0], *files[0])
    with pytest.raises(DataError, match="4 channels; expected at most 3"):
        tracker.track(movie, "a")
    noise = np.random.default_rng(0).poisson(100, (8, 64, 64))
    dark = Movie((noise, noise), 80.0, 1.0)
    dark.channels[0][0]
    with pytest.raises(DataError, match="^movie: .*too few to estimate"):
        tracker.track(dark, "a")
    with pytest.raises(DataError, match="no track is inside of both.*400, 0 px apart"):
        tracker.track(open_movie(*files[0]), "a", shift=[400, 0])


def test_the_truth_is_read_with_the_trackers_errors(files, cell):
    truth = files[1]
    read = simulate.read_truth(truth, "teaching", 0)
    tracks.TRACKS.check(read, "read")
    for channel in ("master", "slave"):
        error = read[f"{channel}_se"].values
        noise = (read[channel] - truth[channel]).values / error
        assert noise.std() == pytest.approx(1, rel=0.05)
        # Faint spots of the tracker have the noise of the background.
        faint = np.percentile(cell[f"{channel}_se"].values, 10)
        assert error[0] == pytest.approx(faint, rel=0.25)
    quiet = truth["slave"].values < 1
    assert (read["slave_p"].values[quiet] < 0.05).mean() < 0.001
    assert (read["slave_p"].values[truth["slave"].values > 500] < 0.05).all()
