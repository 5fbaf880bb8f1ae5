"""ProcessedTracks.mat of both kinds, written field by field as cmeAnalysis does."""

import h5py
import numpy as np
import pytest
import scipy.io

from awd.cells import tracks
from awd.cells.readers.cmeanalysis import load_structs, read_processed_tracks
from awd.errors import DataError, MissingInput

CHANNELS = 2
IN_BUFFERS = [
    "x",
    "y",
    "A",
    "c",
    "A_pstd",
    "c_pstd",
    "sigma_r",
    "SE_sigma_r",
    "pval_Ar",
]
PER_CHANNEL = [*IN_BUFFERS, "x_pstd", "y_pstd", "isPSF", "hval_Ar", "hval_AD"]
FLAGS = {"isPSF", "hval_Ar", "hval_AD", "gapVect"}


def one(rng, first, length, category, gaps=(), buffers=True, channels=CHANNELS):
    """A track with every field of the file, MATLAB's shapes, counted from 1."""
    track = {name: rng.uniform(1, 9, (channels, length)) for name in PER_CHANNEL}
    track["pval_Ar"] = rng.uniform(0, 1, (channels, length))
    for name in FLAGS - {"gapVect"}:
        track[name] = rng.random((channels, length)) < 0.5
    frames = np.arange(first, first + length, dtype=float)[None]
    track |= {
        "t": frames - 1,
        "f": frames,
        "gapVect": np.isin(np.arange(length), gaps)[None],
        "gapStatus": np.full((1, len(gaps)), 4.0),
        "gapIdx": np.array(gaps, float)[None],
        "seqOfEvents": np.array([[first, 1, 1, np.nan], [first + 9, 2, 1, np.nan]]),
        "nSeg": np.array([[1.0]]),
        "visibility": np.array([[1.0]]),
        "lifetime_s": np.array([[float(length)]]),
        "start": np.array([[float(first)]]),
        "end": np.array([[float(first + length - 1)]]),
        "catIdx": np.array([[float(category)]]),
        "isCCP": np.array([[1.0]]),
        "significantMaster": np.ones((channels, 1)),
        "significantVsBackground": np.ones((channels, 1)),
        "significantSlave": np.ones((channels, 1)),
        "MotionAnalysis": {
            "totalDisplacement": np.array([[1.0]]),
            "MSD": rng.random((1, 10)),
            "MSDstd": rng.random((1, 10)),
        },
    }
    for name, when in (("startBuffer", first - 5), ("endBuffer", first + length)):
        around = {key: rng.uniform(1, 9, (channels, 5)) for key in IN_BUFFERS}
        around["pval_Ar"] = rng.uniform(0, 1, (channels, 5))
        around["f"] = np.arange(when, when + 5, dtype=float)[None]
        around["t"] = around["f"] - 1
        track[name] = around if buffers else np.empty((0, 0))
    return track


@pytest.fixture(scope="module")
def cell():
    rng = np.random.default_rng(0)
    merged = one(rng, 10, 9, 5)
    merged["f"][0, 4] = merged["t"][0, 4] = np.nan
    merged["f"][0, 5:] = 20, 21, 22, 23
    for name in set(PER_CHANNEL) - FLAGS:
        merged[name][:, 4] = np.nan
    empty = one(rng, 30, 3, 3, buffers=False)
    empty["A"][:] = np.nan
    some = one(rng, 50, 6, 2, gaps=(2, 3))
    some["A"][1, 5] = np.nan
    return [
        one(rng, 7, 12, 1),
        empty,
        one(rng, 1, 1, 3, buffers=False),
        merged,
        some,
    ]


def write_v5(path, structs, name="tracks"):
    def packed(struct):
        types = [(key, object) for key in struct]
        out = np.empty((1, 1), types)
        for key, value in struct.items():
            out[0, 0][key] = packed(value) if isinstance(value, dict) else value
        return out

    array = np.empty((1, len(structs)), [(key, object) for key in structs[0]])
    for k, struct in enumerate(structs):
        for key, value in struct.items():
            array[0, k][key] = packed(value) if isinstance(value, dict) else value
    scipy.io.savemat(path, {name: array}, do_compression=True)
    return path


def write_v73(path, structs, name="tracks"):
    with h5py.File(path, "w", userblock_size=512) as file:
        hidden, count = file.create_group("#refs#"), iter(range(10**6))

        def put(parent, key, value):
            if isinstance(value, dict):
                made = parent.create_group(key)
                made.attrs["MATLAB_class"] = np.bytes_("struct")
                for field, inner in value.items():
                    put(made, field, inner)
            elif value.size == 0:
                made = parent.create_dataset(key, data=np.array(value.shape, "u8"))
                made.attrs["MATLAB_class"] = np.bytes_("double")
                made.attrs["MATLAB_empty"] = np.uint8(1)
            else:
                kind = b"logical" if value.dtype == bool else b"double"
                data = value.astype("u1") if value.dtype == bool else value
                made = parent.create_dataset(key, data=data.T)
                made.attrs["MATLAB_class"] = np.bytes_(kind)
            return made

        if len(structs) == 1:
            put(file, name, structs[0])
        else:
            group = file.create_group(name)
            group.attrs["MATLAB_class"] = np.bytes_("struct")
            for key in structs[0]:
                made = [put(hidden, f"r{next(count)}", s[key]).ref for s in structs]
                group.create_dataset(key, data=np.array(made, h5py.ref_dtype)[:, None])
    # MATLAB's own words stand before the signature of HDF5.
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124))
    return path


WRITERS = {"v5": write_v5, "v7.3": write_v73}


@pytest.fixture(params=WRITERS)
def write(request):
    return WRITERS[request.param]


def read(path, **options):
    return read_processed_tracks(
        path, "a", frame_interval_s=1.0, pixel_nm=80.0, **options
    )


def test_every_field_comes_back_as_it_was(write, cell, tmp_path):
    for track, got in zip(
        cell, load_structs(write(tmp_path / "p.mat", cell), "tracks"), strict=True
    ):
        assert got.keys() == track.keys()
        for name, value in track.items():
            inner = value if isinstance(value, dict) else {name: value}
            found = got[name] if isinstance(value, dict) else {name: got[name]}
            assert inner.keys() == found.keys()
            for key, array in inner.items():
                if array.size:
                    assert np.array_equal(found[key], array, equal_nan=True), key
                else:
                    assert np.size(found[key]) == 0


def test_tracks_are_those_of_the_file(write, cell, tmp_path):
    ds = read(write(tmp_path / "p.mat", cell))
    tracks.TRACKS.check(ds, "p")
    assert ds["pid"].values.tolist() == [0, 2, 3, 4]
    assert ds["category"].values.tolist() == [1, 3, 5, 2]
    assert ds["complete"].values.tolist() == [1, 0, 0, 1]
    assert ds["row_size"].values.tolist() == [12, 1, 4, 5]
    first = cell[0]
    assert ds["frame"].values[:12].tolist() == list(range(6, 18))
    for name, field, row in (("x", "x", 0), ("y", "y", 0)):
        assert ds[name].values[:12] == pytest.approx(first[field][row] - 1, rel=1e-5)
    for name, field in (
        ("", "A"),
        ("_se", "A_pstd"),
        ("_background", "c"),
        ("_p", "pval_Ar"),
    ):
        for row, channel in enumerate(("master", "slave")):
            got = ds[channel + name].values[:12]
            assert got == pytest.approx(first[field][row], rel=1e-5)
    assert ds["seen"].values[-5:].tolist() == [1, 1, 0, 0, 1]


def test_buffers_come_too(write, cell, tmp_path):
    ds = read(write(tmp_path / "p.mat", cell))
    for side, buffer in enumerate(("startBuffer", "endBuffer")):
        got = ds["buffer_slave"].values[0, side]
        assert got == pytest.approx(cell[0][buffer]["A"][1], rel=1e-5)
        got = ds["buffer_master_p"].values[0, side]
        assert got == pytest.approx(cell[0][buffer]["pval_Ar"][0], rel=1e-5)
    assert np.isnan(ds["buffer_master"].values[1]).all()


def test_channels_can_be_chosen(write, cell, tmp_path):
    path = write(tmp_path / "p.mat", cell)
    assert np.array_equal(read(path, channels=(1, 0))["slave"], read(path)["master"][:])
    with pytest.raises(DataError, match=r"track 0: x is \(2, 12\).*channels 0, 2"):
        read(path, channels=(0, 2))


def test_one_track_alone(write, cell, tmp_path):
    ds = read(write(tmp_path / "p.mat", cell[:1]))
    assert ds.sizes["track"] == 1
    assert ds.sizes["obs"] == 12


def test_one_channel_is_refused(write, tmp_path):
    single = [one(np.random.default_rng(0), 7, 5, 1, channels=1)] * 2
    with pytest.raises(DataError, match="were master and slave both tracked"):
        read(write(tmp_path / "p.mat", single))


def test_other_structs_are_refused(write, cell, tmp_path):
    less = [{k: v for k, v in track.items() if k != "catIdx"} for track in cell]
    with pytest.raises(DataError, match=r"track 0 has no field catIdx.*cmeAnalysis"):
        read(write(tmp_path / "p.mat", less))
    with pytest.raises(DataError, match="no struct array tracks in it; it holds pits"):
        read(write(tmp_path / "q.mat", cell, name="pits"))
    with pytest.raises(DataError, match="none of its tracks has a finite amplitude"):
        read(write(tmp_path / "r.mat", cell[1:2] * 2))


def test_no_matlab_file_and_no_file(cell, tmp_path):
    path = tmp_path / "t.mat"
    path.write_text("no tracks")
    with pytest.raises(DataError, match=r"t.mat: not a readable MATLAB v5 file"):
        read(path)
    whole = write_v73(tmp_path / "h.mat", cell)
    whole.write_bytes(whole.read_bytes()[:3000])
    with pytest.raises(DataError, match=r"h.mat: not a readable HDF5 file"):
        read(whole)
    with pytest.raises(MissingInput, match="none.mat: no such file"):
        read(tmp_path / "none.mat")
