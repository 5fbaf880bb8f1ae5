"""Tables as programs write them, what they say of scales, any other by a map."""

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io

from awd.cells import simulate, tracks, writers
from awd.cells.readers import by_kind
from awd.cells.readers.exported import read_exported, require_readable
from awd.cells.readers.utrack import read_utrack
from awd.errors import DataError

GIVEN = {"frame_interval_s": 2.0, "pixel_nm": 100.0}
SPOTS = pd.DataFrame(
    {
        "track": [1, 1, 1, 4, 4],
        "frame": [6, 7, 9, 6, 7],
        "x": [10.0, 10.5, 11.0, 40.0, 40.5],
        "y": [20.0, 20.5, 21.0, 50.0, 50.5],
        "bright": [100.0, 110, 120, 50, 60],
    }
)
SHIFTED = SPOTS[["frame", "x", "y", "bright"]]


def csv(path, table, **how):
    table.to_csv(path, index=False, **how)
    return path


def renamed(**names):
    return SPOTS.rename(columns={old: new for old, new in names.items()})


OLD = {"track": "TRACK_ID", "frame": "FRAME", "x": "POSITION_X", "y": "POSITION_Y"}
PROGRAMS = {
    "trackpy": renamed(track="particle", bright="mass"),
    "btrack": renamed(track="ID", frame="t").assign(parent=1, root=1, dummy="False"),
    "laptrack": renamed(track="track_id").assign(tree_id=0),
    "napari": renamed(track="track_id", frame="t"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(tmp_path, name):
    ds = read_exported(csv(tmp_path / "t.csv", PROGRAMS[name]), "a", **GIVEN)
    assert ds["row_size"].values.tolist() == [3, 2]
    assert ds["x"].values.tolist() == SPOTS["x"].tolist()
    assert name in ds.attrs["title"]
    dim = name in ("btrack", "laptrack", "napari")  # they measure nothing by themselves
    assert ds["master"].values[0] == (1 if dim else 100)
    with pytest.raises(DataError, match="do not say the size of a pixel"):
        read_exported(tmp_path / "t.csv", "a", 2.0)


def cmeanalysis(path, channels, catidx=(1, 3)):
    """As scripts print ProcessedTracks.mat: all from 1, NaN between segments."""
    names = [""] if channels == 1 else ["m_", "s_"]
    head = "trackId,tracklength,time[s],frameId,catIdx"
    lines = [head + "".join(f",{n}x,{n}y,{n}A,{n}pValue" for n in names)]
    for row in SPOTS.itertuples():
        cells = [row.track, 3, 0.5 * row.frame, row.frame + 1, catidx[row.track > 1]]
        for k in range(channels):
            cells += [f"{v:e}" for v in (row.x + 1, row.y + 1, row.bright + k, 0.01)]
        lines.append(", ".join(map(str, cells)))
        if row.Index == 2:  # the track goes on in a second segment, which is not read
            gap = [row.track, 3, "NaN", "NaN", 1] + ["NaN"] * 4 * channels
            lines += [", ".join(map(str, gap)), lines[-1].replace(", 10, ", ", 12, ")]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("channels", [1, 2])
def test_tables_of_cmeanalysis(tmp_path, channels):
    path = cmeanalysis(tmp_path / "c.csv", channels)
    ds = read_exported(path, "a", pixel_nm=100)
    assert ds.attrs["frame_interval_s"] == pytest.approx(0.5)
    assert ds["row_size"].values.tolist() == [3, 2]
    for name, column in (("frame", "frame"), ("x", "x"), ("y", "y")):
        assert ds[name].values.tolist() == SPOTS[column].tolist()
    assert ds["master"].values.tolist() == SPOTS["bright"].tolist()
    assert ds["category"].values.tolist() == [1, 3]
    assert ds["complete"].values.tolist() == [1, 0]  # by category, not by frame
    assert ("slave_p" in ds) == (channels == 2)
    if channels == 2:
        assert ds["slave"].values.tolist() == (SPOTS["bright"] + 1).tolist()


@pytest.mark.parametrize(
    "write",
    [
        lambda table: "# by me\n# on Monday\n" + table.to_csv(index=False, sep="|"),
        lambda table: "# " + table.to_csv(index=False, sep=" "),  # as numpy does
    ],
)
def test_comments_above_the_names_are_passed_over(tmp_path, write):
    (tmp_path / "t.txt").write_text(write(PROGRAMS["trackpy"]))
    ds = read_exported(tmp_path / "t.txt", "a", **GIVEN)
    assert ds["x"].values.tolist() == SPOTS["x"].tolist()


def test_tracks_of_an_unknown_program_may_have_names(tmp_path):
    table = renamed(track="id", frame="t").assign(id=["b", "b", "b", "a", "a"])
    path = csv(tmp_path / "t.csv", table)
    columns = {"track": "id", "frame": "t", "x": "x", "y": "y"}
    ds = read_exported(path, "a", columns=columns, unit="px", **GIVEN)
    assert ds["row_size"].values.tolist() == [3, 2]
    table.loc[1, "id"] = "7"
    path = csv(tmp_path / "t.csv", table)
    with pytest.raises(DataError, match="id is 'b' in row 2"):
        read_exported(path, "a", columns=columns, unit="px", **GIVEN)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04" + bytes(99), "workbook of Excel; save its sheet as CSV"),
        (b"1,2,3,4\n1,3,3,4\n", "first line holds numbers"),
        (b"# only words\n", "not a readable CSV"),
    ],
)
def test_what_is_no_table_says_what_to_do(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_exported(tmp_path / "t.csv", "a", **GIVEN)


def test_btracks_own_file_and_its_dummies(tmp_path):
    table = PROGRAMS["btrack"].assign(
        dummy=["False", "True", "False", "False", "False"]
    )
    ds = read_exported(csv(tmp_path / "b.csv", table, sep=" "), "a", **GIVEN)
    assert ds["frame"].values.tolist() == [6, 9, 6, 7]


@pytest.mark.parametrize("quality", [True, False])
def test_trackmate_before_version_7(tmp_path, quality):
    table = SPOTS.rename(columns=OLD).assign(
        POSITION_X=0.1 * SPOTS["x"], POSITION_T=0.2 * SPOTS["frame"]
    )
    table = table.rename(columns={"bright": "QUALITY" if quality else "MEAN_INTENSITY"})
    path = csv(tmp_path / "s.csv", table)
    with pytest.raises(
        DataError, match="unit of its positions; give unit: um, nm or px"
    ):
        read_exported(path, "a", pixel_nm=100)
    ds = read_exported(path, "a", pixel_nm=100, unit="um")
    assert ds.attrs["frame_interval_s"] == pytest.approx(0.2)
    assert ds["x"].values == pytest.approx(SPOTS["x"].to_numpy())
    assert ds["master"].values.tolist() == SPOTS["bright"].tolist()


@pytest.mark.parametrize("how", [{"sep": ";", "decimal": ","}, {"sep": "\t"}])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig", "utf-16"])
def test_separators_and_encodings(tmp_path, how, encoding):
    table = renamed(track="Spur", frame="Bild", x="x (µm)", y="y (µm)")
    table[["x (µm)", "y (µm)"]] *= 0.1
    path = csv(tmp_path / "t.txt", table, encoding=encoding, **how)
    columns = {"track": "Spur", "frame": "Bild", "x": "x (µm)", "y": "y (µm)"}
    columns["master"] = "bright"
    ds = read_exported(path, "a", columns=columns, unit="um", first_frame=1, **GIVEN)
    assert ds["y"].values == pytest.approx(SPOTS["y"].to_numpy())
    assert ds["frame"].values.tolist() == [5, 6, 8, 5, 6]
    with pytest.raises(DataError, match="of no program that is known.*columns: {track"):
        read_exported(path, "a", **GIVEN)


def test_localisations_are_linked_here(tmp_path):
    storm = SHIFTED.assign(x=100 * SPOTS["x"], y=100 * SPOTS["y"], id=range(5))
    names = {"x": "x [nm]", "y": "y [nm]", "bright": "intensity [photon]"}
    path = csv(tmp_path / "storm.csv", storm.rename(columns=names))
    ds = read_exported(path, "a", **GIVEN)
    assert sorted(ds["row_size"].values) == [2, 3]
    assert ds["frame"].values.min() == 5  # the first frame is 1
    assert ds["x"].values.min() == pytest.approx(10)
    locs = SHIFTED.rename(columns={"bright": "photons"}).to_records(index=False)
    with h5py.File(tmp_path / "p.hdf5", "w") as file:
        file["locs"] = locs
    found = read_exported(tmp_path / "p.hdf5", "a", **GIVEN)
    assert sorted(found["row_size"].values) == [2, 3]
    with pytest.raises(DataError, match="no two of 5 spots are within 0.1 px"):
        read_exported(tmp_path / "p.hdf5", "a", radius=0.1, **GIVEN)


def test_split_tracks_are_left_out_and_named(tmp_path, caplog):
    table = renamed(track="particle", bright="mass")
    table.loc[1, "frame"] = 6
    ds = read_exported(csv(tmp_path / "t.csv", table), "a", **GIVEN)
    assert ds["row_size"].values.tolist() == [2]
    assert "1 tracks split or merge (two spots in one frame)" in caplog.text
    assert "particle 1" in caplog.text
    only = csv(tmp_path / "u.csv", table[table["particle"] == 1])
    with pytest.raises(
        DataError, match="every track has two spots.*is particle the track"
    ):
        read_exported(only, "a", **GIVEN)


def test_what_a_study_needs_is_known_from_the_first_rows(tmp_path):
    path = csv(tmp_path / "t.csv", PROGRAMS["trackpy"])
    require_readable(path, **GIVEN)
    with pytest.raises(
        DataError, match="no column for the slave; it has.*targets: \\[\\]"
    ):
        require_readable(path, slave=True, **GIVEN)
    told = {"file": str(path), "mask": None, "interval_s": None, "pixel_nm": 100.0}
    with pytest.raises(DataError, match="time between frames; give interval_s"):
        by_kind.peek("csv", "a", told, slave=False)
    with pytest.raises(DataError, match="give interval_s"):
        by_kind.peek("utrack", "a", told, slave=False)


@pytest.fixture(scope="module")
def cell():
    ds = simulate.simulate_traces("teaching", "a", 30, 0)
    ds["category"] = "track", np.where(ds["complete"], 2, 3).astype("i1")
    return ds.assign_attrs(frame_interval_s=0.5, pixel_nm=108.0)


def test_what_is_exported_is_read_again(tmp_path, cell):
    writers.table(cell).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "a.xml").write_text(writers.trackmate(cell), "utf-8")
    ours = read_exported(tmp_path / "a.csv", "a", pixel_nm=108)
    theirs = read_exported(tmp_path / "a.xml", "a")
    assert ours["category"].values.tolist() == cell["category"].values.tolist()
    assert ours["complete"].values.tolist() == cell["complete"].values.tolist()
    assert theirs.attrs["pixel_nm"] == pytest.approx(108)
    long = cell["row_size"].values > 1  # a spot alone is no track of TrackMate's
    for ds in (ours, theirs):
        kept = cell if ds is ours else tracks.select(cell, long)
        assert ds.attrs["frame_interval_s"] == pytest.approx(0.5)
        assert sorted(ds["row_size"].values) == sorted(kept["row_size"].values)
        for name in ("x", "y", "master", "slave"):
            assert sorted(ds[name].values) == pytest.approx(
                sorted(kept[name].values), rel=1e-4
            )
    layer = writers.napari(cell)
    assert list(layer.columns[:4]) == ["track_id", "t", "y", "x"]
    assert len(layer) == cell.sizes["obs"]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_of_any_system_are_read(tmp_path, end):
    path = tmp_path / "a.csv"
    text = "particle,frame,x,y,mass\n0,0,1,2,5\n0,1,1,2,5\n"
    path.write_bytes(text.replace("\n", end).encode())
    assert read_exported(path, "a", **GIVEN).sizes["obs"] == 2
    path.write_bytes(text.replace("mass", "x").replace("\n", end).encode())
    with pytest.raises(DataError, match="several columns called 'x'"):
        read_exported(path, "a", **GIVEN)


SIMPLE = """<Tracks nTracks="2" spaceUnits="micron" frameInterval="0.5" timeUnits="sec">
<particle nSpots="2"><detection t="6" x="1" y="2" z="0"/>
<detection t="7" x="1.1" y="2" z="0"/></particle>
<particle nSpots="1"><detection t="9" x="4" y="2" z="0"/></particle></Tracks>"""


def test_trackmates_exported_xml(tmp_path):
    (tmp_path / "t.xml").write_text(SIMPLE)
    ds = read_exported(tmp_path / "t.xml", "a", pixel_nm=100)
    assert ds.attrs["frame_interval_s"] == 0.5
    assert ds["x"].values == pytest.approx([10, 11, 40])
    assert "no intensity" in ds["master"].attrs["long_name"]
    (tmp_path / "t.xml").write_text("<other/>")
    with pytest.raises(DataError, match="no TrackMate XML; its root is other"):
        read_exported(tmp_path / "t.xml", "a", pixel_nm=100)


def session(edges, units='spatialunits="pixel"'):
    """A session of six spots in frames 0 to 3, with edges between them."""
    spot = '<Spot ID="{0}" FRAME="{1}" POSITION_X="{0}" POSITION_Y="1" QUALITY="5"/>'
    spots = "".join(spot.format(k, t) for k, t in enumerate([0, 1, 2, 2, 3, 3]))
    edge = '<Edge SPOT_SOURCE_ID="{}" SPOT_TARGET_ID="{}"/>'
    edges = "".join(edge.format(*e) for e in edges)
    return (
        f'<TrackMate><Model {units} timeunits="frames">'
        f'<AllSpots><SpotsInFrame frame="0">{spots}</SpotsInFrame></AllSpots>'
        f'<AllTracks><Track TRACK_ID="7">{edges}</Track></AllTracks>'
        "</Model></TrackMate>"
    )


@pytest.mark.parametrize("unit", ["parsec", "µm²", "", None])
@pytest.mark.parametrize("kind", ["tracks", "session"])
def test_an_unknown_unit_of_trackmates_xml_is_no_pixel(tmp_path, unit, kind):
    said = "" if unit is None else f'spaceUnits="{unit}"'
    text = SIMPLE.replace('spaceUnits="micron"', said)
    if kind == "session":
        text = session([(0, 1)], said.replace("spaceUnits", "spatialunits"))
    path = tmp_path / "t.xml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"POSITION_X is in .*say it by unit: um, nm"):
        read_exported(path, "a", **GIVEN)
    px, um = (read_exported(path, "a", **GIVEN, unit=each) for each in ("px", "um"))
    assert um["x"].values == pytest.approx(10 * px["x"].values)


def test_a_fork_ends_a_track_of_a_session(tmp_path):
    edges = [(0, 1), (1, 2), (1, 3), (4, 2), (3, 5)]
    (tmp_path / "s.xml").write_text(session(edges))
    ds = read_exported(tmp_path / "s.xml", "a", **GIVEN)
    assert sorted(ds["row_size"].values) == [2, 2, 2]
    assert ds.attrs["pixel_nm"] == 100


def test_utrack(tmp_path):
    def track(first, amplitudes, segments=1):
        count = len(amplitudes)
        row = np.zeros((segments, count, 8))
        row[..., 0], row[..., 1] = 11 + np.arange(count), 21
        row[..., 3], row[..., 7] = amplitudes, 0.5
        row[np.broadcast_to(np.isnan(amplitudes), (segments, count))] = np.nan
        events = [
            [t, kind, k + 1, np.nan]
            for k in range(segments)
            for t, kind in ((first, 1), (first + count - 1, 2))
        ]
        return {
            "tracksFeatIndxCG": np.ones((segments, count)),
            "tracksCoordAmpCG": row.reshape(segments, -1),
            "seqOfEvents": np.array(events, float),
        }

    made = [track(8, [5.0, np.nan, 7]), track(1, [3.0, 4]), track(40, [2.0])]
    names = list(made[0])
    array = np.zeros((len(made), 1), [(name, object) for name in names])
    for k, one in enumerate(made):
        for name in names:
            array[k, 0][name] = one[name]
    scipy.io.savemat(tmp_path / "u.mat", {"tracksFinal": array})
    ds = read_utrack(tmp_path / "u.mat", "a", **GIVEN)
    assert ds["row_size"].values.tolist() == [2, 2, 1]
    assert ds["frame"].values.tolist() == [7, 9, 0, 1, 39]
    assert ds["x"].values.tolist() == [10, 12, 10, 11, 10]
    assert ds["master"].values.tolist() == [5, 7, 3, 4, 2]
    assert ds["complete"].values.tolist() == [1, 0, 0]
    with pytest.raises(DataError, match="time between frames; give interval_s"):
        read_utrack(tmp_path / "u.mat", "a")


@pytest.mark.parametrize("name", SPOTS.columns)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_two_columns_have_one_name(tmp_path, name, separator):
    path = tmp_path / "twice.csv"
    twice = SPOTS.assign(other=1.0).rename(columns={"other": name})
    twice.to_csv(path, index=False, sep=separator)
    with pytest.raises(DataError, match=f"twice.csv: has several columns.*{name!r}"):
        read_exported(path, "cell", **GIVEN, columns={"track": "track", "x": "x"})
