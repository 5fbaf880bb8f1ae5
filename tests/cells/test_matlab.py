from pathlib import Path

import numpy as np
import pytest
import scipy.io
from sklearn.linear_model import LinearRegression

from awd.cells import tracks
from awd.cells.readers import matlab
from awd.cells.study import dataset
from awd.errors import DataError, MissingInput

NAME = "control_001_BS_Cell1_Red_FXYCMS.mat"
ROOT = Path(__file__).parents[2]
PLACES = [ROOT / "data" / NAME, ROOT.parent / "shared/data/cells" / NAME]
REAL = next((path for path in PLACES if path.is_file()), None)

GIVEN = {"frame_interval_s": 1.0, "pixel_nm": 80.0}


def write(path, arrays, name="FXYCMS"):
    content = np.empty((1, len(arrays)), object)
    for index, array in enumerate(arrays):
        content[0, index] = array
    scipy.io.savemat(path, {name: content})
    return path


def track(frames, category=3.0):
    array = np.arange(7.0) * 10 + np.arange(len(frames))[:, None]
    array[:, 0], array[:, 3] = frames, category
    return array


def test_every_column_is_where_it_belongs(tmp_path):
    path = write(tmp_path / "a.mat", [track([1, 2, 4]), track([5], 4.0)])
    cell = matlab.read_fxycms(path, "a", **GIVEN)
    tracks.TRACKS.check(cell, "a")
    np.testing.assert_array_equal(cell["row_size"], [3, 1])
    np.testing.assert_array_equal(cell["complete"], [1, 0])
    np.testing.assert_array_equal(cell["frame"], [0, 1, 3, 4])
    np.testing.assert_array_equal(cell["x"], [10, 11, 12, 10])
    np.testing.assert_array_equal(cell["y"], [20, 21, 22, 20])
    np.testing.assert_array_equal(cell["master"], [40, 41, 42, 40])
    np.testing.assert_array_equal(cell["slave"], [60, 61, 62, 60])
    np.testing.assert_array_equal(tracks.lifetimes(cell), [4, 1])
    assert "Gaussian" in cell["master"].attrs["long_name"]
    assert "pixel sum" in cell["slave"].attrs["long_name"]


def test_a_track_must_be_seen_whole_in_every_frame(tmp_path):
    half = track([1, 2])
    half[1, 3] = 4
    cell = matlab.read_fxycms(write(tmp_path / "a.mat", [half]), "a", **GIVEN)
    assert cell["complete"].values.tolist() == [0]


def test_empty_tracks_are_passed_over(tmp_path):
    path = write(tmp_path / "a.mat", [np.zeros((0, 7)), track([1, 2])])
    assert matlab.read_fxycms(path, "a", **GIVEN).sizes["track"] == 1


def bad_file(tmp_path, what):
    path = tmp_path / "bad.mat"
    if what == "text":
        path.write_text("these are no tracks " * 20)
    elif what == "other":
        write(path, [track([1])], "tracks")
    elif what == "columns":
        write(path, [track([1]), np.ones((3, 6))])
    elif what == "nan":
        write(path, [np.full((2, 7), np.nan)])
    elif what == "empty":
        write(path, [np.zeros((0, 7))])
    return path


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ("absent", MissingInput, "bad.mat: no such file"),
        ("text", DataError, "bad.mat: not a readable MATLAB v5 file"),
        ("other", DataError, "no cell array FXYCMS in it; it holds tracks"),
        ("columns", DataError, r"track 1 is \(3, 6\); expected \(T, 7\)"),
        ("nan", DataError, "track 0 holds NaN"),
        ("empty", DataError, "FXYCMS holds no track"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path, what, error, message):
    with pytest.raises(error, match=message):
        matlab.read_fxycms(bad_file(tmp_path, what), "a", **GIVEN)


@pytest.mark.skipif(REAL is None, reason=f"{NAME} is not in data/")
def test_the_real_file_has_its_tracks():
    cell = matlab.read_fxycms(REAL, "real", **GIVEN)
    assert cell.sizes["track"] == 8067
    assert (cell["frame"].min(), cell["frame"].max()) == (0, 220)
    data = dataset.assemble([cell], targets=["mean0", "max0", "half"], min_frames=8)
    assert data.sizes["sample"] == 1166
    assert len(np.unique(data["group"])) == 16


@pytest.mark.skipif(REAL is None, reason=f"{NAME} is not in data/")
def test_half_is_the_target_that_lifetime_and_level_do_not_explain():
    cell = matlab.read_fxycms(REAL, "real", **GIVEN)
    data = dataset.assemble([cell], targets=["max0", "half"], min_frames=8)
    trivial = data["hand"].sel(feature=["lifetime", "maximum", "mean"]).values
    for name, low, high in (("max0", 0.4, 0.65), ("half", 0.0, 0.05)):
        y = data["target"].sel(name=name).values
        assert low <= LinearRegression().fit(trivial, y).score(trivial, y) < high
