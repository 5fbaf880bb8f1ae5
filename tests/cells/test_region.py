"""Where tracks are kept: images, ImageJ's regions, polygons, of halves and crops."""

import re

import numpy as np
import pytest
import roifile
import tifffile

from awd.cells import doors, region, tracks
from awd.cells.movie import open_movie
from awd.errors import AwdError, DataError

SAID = {"pixel_nm": 100.0, "interval_s": 1.0}
PLACES = np.array([[5.0, 5], [20, 5], [5, 15], [28, 20]])  # x, y of four tracks
BOX = [[0, 0], [12, 0], [12, 24], [0, 24]]


@pytest.fixture
def found():
    x, y = PLACES.repeat(3, 0).T
    columns = {"frame": np.tile([5, 6, 7], 4), "x": x, "y": y, "master": np.ones(12)}
    about = {"cell": "a", "frame_interval_s": 1.0, "pixel_nm": 100.0}
    return tracks.build(columns, np.full(4, 3), np.ones(4), **about)


@pytest.fixture
def movie(tmp_path):
    images = np.random.default_rng(0).poisson(50, (4, 24, 64)).astype("u2")
    how = {"metadata": None, "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "m.tif", images, **how)
    return tmp_path / "m.tif"


def kept(ds):
    return sorted(zip(*np.unique(np.stack([ds["x"], ds["y"]]), axis=1), strict=True))


LEFT = [(5, 5), (5, 15)]


def test_images_polygons_and_rois(found, tmp_path):
    image = np.zeros((24, 32), np.uint8)
    image[:, :12] = 255
    tifffile.imwrite(tmp_path / "mask.tif", image)
    roifile.ImagejRoi.frompoints(np.array(BOX)).tofile(tmp_path / "left.roi")
    for mask in (BOX, str(tmp_path / "mask.tif"), str(tmp_path / "left.roi")):
        inside = region.keep(found, mask)
        assert kept(inside) == LEFT
        assert inside.attrs["outside"] == 2
    two = [np.array(BOX), np.array(BOX) + np.array([17, 0])]
    rois = [
        roifile.ImagejRoi.frompoints(corners, name=f"r{k}")
        for k, corners in enumerate(two)
    ]
    roifile.roiwrite(tmp_path / "both.zip", rois)
    assert len(kept(region.keep(found, str(tmp_path / "both.zip")))) == 4
    assert region.keep(found, None) is found


def test_a_track_that_leaves_the_region_is_left_out(found):
    found["x"].values[1] = 14
    assert kept(region.keep(found, BOX)) == [(5, 15)]


def test_regions_are_cut_as_the_movie_is(found, movie, tmp_path):
    right = np.array(BOX) + np.array([32, 0])
    halved = open_movie(movie, halves="left-right", channels=[1, 0], **SAID)
    assert kept(region.keep(found, right.tolist(), halved)) == LEFT
    image = np.zeros((24, 64), bool)
    image[:, 32:44] = True
    tifffile.imwrite(tmp_path / "whole.tif", image)
    tifffile.imwrite(tmp_path / "half.tif", image[:, 32:])
    for name in ("whole.tif", "half.tif"):
        assert kept(region.keep(found, str(tmp_path / name), halved)) == LEFT
    other = open_movie(movie, crop={"x": [0, 30]}, **SAID)
    tifffile.imwrite(tmp_path / "odd.tif", image[:, :50])
    with pytest.raises(DataError, match="the mask is .24, 50.; expected one plane"):
        region.keep(found, str(tmp_path / "odd.tif"), other)


def test_what_is_no_region_is_said(found, tmp_path):
    tifffile.imwrite(tmp_path / "zero.tif", np.zeros((24, 32), np.uint8))
    roifile.ImagejRoi.frompoints(np.array([[1, 1]])).tofile(tmp_path / "p.roi")
    (tmp_path / "text.roi").write_text("no roi")
    wrong = {
        "zero.tif": "0 everywhere",
        "p.roi": "no area in it",
        "text.roi": "not a readable ImageJ ROI",
        "none.roi": "no such file",
    }
    for name, message in wrong.items():
        with pytest.raises(AwdError, match=message):
            region.keep(found, str(tmp_path / name))
    with pytest.raises(DataError, match="none of 4 tracks lies in its mask"):
        region.keep(found, [[100, 100], [110, 100], [100, 110]])
    with pytest.raises(DataError, match="2 corners"):
        region.keep(found, BOX[:2])


def test_the_doors_of_all_cells_are_tried_at_once(movie, tmp_path, caplog):
    good = {"files": [str(movie)], "channels": [0], **SAID}
    told = {
        "a": good,
        "b": good | {"channels": [0, 1]},
        "c": good | {"interval_s": None},
        "d": good | {"mask": str(tmp_path / "none.roi")},
    }
    with pytest.raises(DataError, match="3 of 4 cells cannot be opened") as caught:
        doors.require_open("movies", told)
    for text in ("b: .*no channel 1", "c: .*give interval_s", "d: .*no such file"):
        assert re.search(text, str(caught.value))
    doors.require_open("movies", told, "skip")
    assert "c will be left out" in caplog.text
    with pytest.raises(DataError, match="1 of 1"):
        doors.require_open("movies", {"b": told["b"]}, "skip")
