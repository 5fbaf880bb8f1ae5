"""CSV files as TrackMate and trackpy write them."""

import numpy as np
import pandas as pd
import pytest

from awd.cells import tracks
from awd.cells.readers.exported import read_exported
from awd.errors import DataError, MissingInput

TRACKMATE = """\
LABEL,ID,TRACK_ID,QUALITY,POSITION_X,POSITION_Y,POSITION_Z,POSITION_T,FRAME,RADIUS,\
MEAN_INTENSITY_CH1,MEAN_INTENSITY_CH2
Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,Radius,Mean ch1,Mean ch2
Label,Spot ID,Track ID,Quality,X,Y,Z,T,Frame,R,Mean ch1,Mean ch2
,,,(quality),{unit},{unit},{unit},(sec),,{unit},(counts),(counts)
ID11,11,1,3.2,1.6,2.4,0,12,12,0.2,110,70
ID12,12,1,3.1,1.7,2.4,0,10,10,0.2,100,60
ID13,13,,3.1,9.7,2.4,0,10,10,0.2,100,60
ID14,14,0,3.1,4.0,4.0,0,0,0,0.2,50,61
ID15,15,0,3.1,4.1,4.0,0,1,1,0.2,51,62
ID16,16,2,3.1,4.1,4.0,0,30,30,0.2,51,62
"""


def trackmate(path, unit="(micron)"):
    path.write_text(TRACKMATE.format(unit=unit))
    return path


def read(path, **options):
    return read_exported(path, "a", 1.0, 80.0, **options)


def test_trackmate(tmp_path):
    ds = read(trackmate(tmp_path / "spots.csv"))
    tracks.TRACKS.check(ds, "spots")
    assert ds["row_size"].values.tolist() == [2, 2, 1]
    assert ds["frame"].values.tolist() == [0, 1, 10, 12, 30]
    assert ds["x"].values == pytest.approx([50, 51.25, 21.25, 20, 51.25])
    assert ds["master"].values.tolist() == [50, 51, 100, 110, 51]
    assert ds["slave"].values.tolist() == [61, 62, 60, 70, 62]
    # One begins too early to have been seen whole, one ends too late.
    assert ds["complete"].values.tolist() == [0, 1, 0]
    assert read(tmp_path / "spots.csv", frames=60)["complete"].values.tolist() == [
        0,
        1,
        1,
    ]
    in_pixels = read(trackmate(tmp_path / "px.csv", "(pixel)"))
    assert in_pixels["x"].values[0] == 4
    with pytest.raises(DataError, match=r"POSITION_X is in '\(cubit\)'.*unit: um"):
        read(trackmate(tmp_path / "cubit.csv", "(cubit)"))


def trackpy(path, **more):
    table = pd.DataFrame(
        {
            "y": [1.0, 2, 3],
            "x": [4.0, 5, 6],
            "mass": [7.0, 8, 9],
            "frame": [6, 7, 7],
            "particle": [0, 0, 1],
        }
    )
    table.assign(**more).to_csv(path)
    return path


def test_trackpy(tmp_path):
    path = trackpy(tmp_path / "t.csv", burst=[1.0, 2, 3])
    ds = read(path, slave="burst", frames=40)
    tracks.TRACKS.check(ds, "t")
    assert ds["row_size"].values.tolist() == [2, 1]
    assert ds["x"].values.tolist() == [4, 5, 6]
    assert ds["slave"].values.tolist() == [1, 2, 3]
    assert ds["slave"].attrs["long_name"] == "column burst"
    assert "slave" not in read(path)
    with pytest.raises(DataError, match=r"no column b for the slave.*it has.*mass"):
        read(path, slave="b")


def test_what_is_no_table_of_tracks_is_refused(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="columns a, b are of no program that is known"):
        read(path)
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DataError, match=r"other.csv"):
        read(path)
    with pytest.raises(MissingInput):
        read(tmp_path / "none.csv")


def test_a_value_that_is_no_number_is_named(tmp_path):
    path = trackpy(tmp_path / "t.csv", burst=["1", "none so far", "3"])
    with pytest.raises(DataError, match="burst is 'none so far' in row 3"):
        read(path, slave="burst")
    lost = trackpy(tmp_path / "l.csv", burst=1.0, particle=np.nan)
    with pytest.raises(DataError, match="no spot belongs to a track"):
        read(lost, slave="burst")
