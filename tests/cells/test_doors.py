"""Whatever is wrong with a file of a cell, it is named: no other error, no silence."""

import gzip
import os
import zlib

import h5py
import numpy as np
import pytest
import scipy.io
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cells.test_cmeanalysis import one, write_v5, write_v73
from tests.cells.test_exported import trackmate, trackpy
from tests.cells.test_matlab import track
from tests.cells.test_matlab import write as write_fxycms

from awd import integrity
from awd.cells.movie import open_movie
from awd.cells.readers import cmeanalysis, exported, matlab
from awd.errors import AwdError, DataError

EXAMPLES = int(os.environ.get("AWD_FLIPS", 40))
GIVEN = {"frame_interval_s": 1.0, "pixel_nm": 80.0}
RNG = np.random.default_rng(0)
PIXELS = RNG.poisson(100, (6, 32, 24)).astype(np.uint16)
OME = {"axes": "TYX", "PhysicalSizeX": 0.08, "TimeIncrement": 1.0}


def movie(path):
    opened = open_movie(path, pixel_nm=80.0, interval_s=1.0)
    return [np.stack(list(channel)) for channel in opened.channels]


def processed(path):
    return cmeanalysis.read_processed_tracks(path, "c", **GIVEN)


def fxycms(path):
    return matlab.read_fxycms(path, "c", **GIVEN)


def csv(path):
    return exported.read_exported(path, "c", **GIVEN)


def tracks():
    return [one(np.random.default_rng(k), 7 + k, 6, 1) for k in range(3)]


def spots(path):
    return trackmate(path)


FILES = {
    "p5.mat": (lambda path: write_v5(path, tracks()), processed),
    "p7.mat": (lambda path: write_v73(path, tracks()), processed),
    "f.mat": (lambda path: write_fxycms(path, [track([1, 2, 4]), track([5])]), fxycms),
    "spots.csv": (spots, csv),
    "m.ome.tif": (
        lambda path: tifffile.imwrite(path, PIXELS, metadata=OME, compression="zlib"),
        movie,
    ),
    "plain.tif": (lambda path: tifffile.imwrite(path, PIXELS, metadata=None), movie),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, (write, _) in FILES.items():
        write(folder / name)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_damage_of_any_kind_is_named(written, name, tmp_path_factory):
    content, read = (written / name).read_bytes(), FILES[name][1]
    path = tmp_path_factory.mktemp("damaged") / name

    # Files of MATLAB are tried in a process of their own, which takes half a second.
    share = 8 if name.endswith(".mat") else 1

    @given(
        at=st.floats(0, 1, exclude_max=True),
        damage=st.sampled_from(["flip", "cut", "zero", "insert", "text"]),
    )
    @settings(max_examples=max(EXAMPLES // share, 5), deadline=None)
    def damaged(at, damage):
        data, byte = bytearray(content), int(at * len(content))
        if damage == "flip":
            data[byte] ^= 1 << byte % 8
        elif damage == "cut":
            del data[byte:]
        elif damage == "zero":
            data[byte : byte + 40] = bytes(len(data[byte : byte + 40]))
        elif damage == "insert":
            data[byte:byte] = b"\xff\x00"
        else:
            data[byte : byte + 3] = b"abc"
        path.write_bytes(data)
        try:
            read(path)  # a user's file has no checksum: what can be read may pass
        except AwdError as error:
            if name not in str(error) or len(str(error)) > 500:
                raise AssertionError(error) from error

    damaged()


def changed(**fields):
    """A ProcessedTracks.mat whose second track has other fields."""

    def make(path):
        struct = tracks()
        struct[1] |= fields
        return processed(write_v5(path, struct))

    return make


def frames(*values):
    return lambda path: fxycms(write_fxycms(path, [track([1, 2]), track(values)]))


def table(**columns):
    def make(path):
        trackpy(path, **{"burst": 1.0, **columns})
        return exported.read_exported(path, "c", slave="burst", **GIVEN)

    return make


def text(content):
    def make(path):
        path.write_text(content)
        slave = "MEAN" if content.startswith("particle") else None
        return exported.read_exported(path, "c", slave=slave, **GIVEN)

    return make


HEAD = "particle,frame,x,y,mass,MEAN\n"
WRONG = {
    "class NaN": (changed(catIdx=np.array([[np.nan]])), "catIdx is .*one whole number"),
    "class 9": (changed(catIdx=np.array([[9.0]])), "category.* is 9; expected 1"),
    "text": (changed(f=np.array(["abc"])), "track 1"),
    "3-d": (changed(A=np.ones((2, 6, 2))), r"A is \(2, 6, 2\)"),
    "p-value": (changed(pval_Ar=np.full((2, 6), 1.5)), r"_p\[\d+\] is 1.5"),
    "frames back": (changed(f=np.array([[9.0, 8, 7, 6, 5, 4]])), "must rise"),
    "fraction": (frames(1.5, 2.5), "frame of observation 2 is 0.5"),
    "before 0": (frames(-3, 2), "expected a whole number"),
    "twice": (frames(4, 4), "frame 3 follows 3 in track 1"),
    "late": (frames(1, 1e12), "expected a whole number below"),
    "infinite": (frames(1, np.inf), "track 1 holds NaN or infinity"),
    "words": (
        lambda path: fxycms(write_fxycms(path, ["abc", track([1])])),
        "not a readable FXYCMS file",
    ),
    "track ids": (table(particle=["a", "a", "b"]), "particle is 'a' in row 2"),
    "infinite x": (table(x=[1, np.inf, 2]), "x is 'inf' in row 3.*finite number"),
    "fraction of a frame": (table(frame=[1.5, 2.5, 3]), "frame is 1.5 .*divide times"),
    "header only": (text(HEAD), "no spot belongs to a track"),
    "extra column": (text(HEAD + "0,1,2,3,4,5,6\n"), "not a readable CSV file"),
    "longer row": (text(HEAD + "0,1,2,3,4,5\n0,2,2,3,4,5,6\n"), "Expected 6 fields"),
    "no units": (
        text("TRACK_ID,FRAME,POSITION_X,POSITION_Y,MEAN_INTENSITY_CH1,"
             "MEAN_INTENSITY_CH2\na,b,c,d,e,f\n"),
        "1 rows; TrackMate writes 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_tracks_names_the_users_file(tmp_path, what):
    make, message = WRONG[what]
    with pytest.raises(DataError, match=message) as caught:
        make(tmp_path / "cell7.dat")
    assert "cell7.dat" in str(caught.value)


def test_fields_that_only_some_tracks_have_are_refused(tmp_path):
    struct = tracks()
    struct[2]["c"] = np.empty((0, 0))
    with pytest.raises(DataError, match="track 2"):
        processed(write_v5(tmp_path / "a.mat", struct))


def test_what_matlab_files_point_to_is_not_read(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["tracks/f"] = np.arange(4.0)
    path = write_v73(tmp_path / "a.mat", tracks())
    with h5py.File(path, "a") as file:
        del file["tracks"]
        file["tracks"] = h5py.ExternalLink("secret.h5", "tracks")
    with pytest.raises(DataError, match="tracks is a link to 'secret.h5'"):
        processed(path)


def test_references_in_a_circle_end(tmp_path):
    path = write_v73(tmp_path / "a.mat", tracks())
    with h5py.File(path, "a") as file:
        cell = file.create_dataset("loop", (1, 1), h5py.ref_dtype)
        cell[0, 0] = cell.ref
        for k in range(3):
            file["tracks/catIdx"][k, 0] = cell.ref
    with pytest.raises(DataError, match="nested deeper than 8"):
        processed(path)


def test_compressed_variables_have_a_limit(tmp_path, monkeypatch):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"FXYCMS": np.zeros(3_000_000)}, do_compression=True)
    monkeypatch.setattr(integrity, "ALWAYS", 1 << 20)
    with pytest.raises(DataError, match=r"a.mat: .* bytes claim to hold"):
        fxycms(path)
    content = scipy.io.loadmat(write_fxycms(path, [track([1, 2])]))
    scipy.io.savemat(path, content, do_compression=True)
    assert fxycms(path).sizes["track"] == 1


@pytest.mark.parametrize("name", ["../other.tif", "/etc/other.tif", "a/../../o.tif"])
@pytest.mark.parametrize("key", ["FileName", "MetadataFile"])
def test_companions_outside_the_folder_are_not_opened(tmp_path, name, key):
    folder = tmp_path / "movie"
    folder.mkdir()
    path = folder / "m.ome.tif"
    tifffile.imwrite(path, PIXELS, metadata=OME)
    with tifffile.TiffFile(path) as file:
        xml = file.ome_metadata
    if key == "FileName":
        own = f'<TiffData IFD="0"><UUID FileName="{name}">urn:uuid:x</UUID></TiffData>'
        xml = xml.replace("</Pixels>", f"{own}</Pixels>")
    else:
        own = f'<BinaryOnly MetadataFile="{name}" UUID="x"/>'
        xml = xml.replace("<Image", f"{own}<Image", 1)
    tifffile.tiffcomment(path, xml.encode())
    with pytest.raises(DataError, match="m.ome.tif: its metadata name the file"):
        movie(path)


def series(path):
    with tifffile.TiffWriter(path) as file:
        file.write(PIXELS, metadata=None, photometric="minisblack")
        shape = {"photometric": "minisblack", "contiguous": False}
        file.write(PIXELS[:, :16], metadata=None, **shape)


def broken_chain(path):
    tifffile.imwrite(path, PIXELS, metadata=None)
    with tifffile.TiffFile(path) as file:
        page = file.pages[2].offset
        tags = len(file.pages[2].tags)
    content = bytearray(path.read_bytes())
    following = page + 2 + 12 * tags
    content[following : following + 4] = bytes(4)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (series, "holds 2 series of images"),
        (broken_chain, "belong to none of its 3 frames"),
    ],
)
def test_no_frame_is_lost_without_a_word(tmp_path, make, message):
    make(tmp_path / "m.tif")
    with pytest.raises(DataError, match=f"m.tif: .*{message}"):
        movie(tmp_path / "m.tif")


def test_axes_and_channels_are_named_once(tmp_path):
    tifffile.imwrite(tmp_path / "m.tif", PIXELS.reshape(2, 3, 32, 24), metadata=None)
    given_ = {"pixel_nm": 80.0, "interval_s": 1.0}
    with pytest.raises(DataError, match="T stands there twice"):
        open_movie(tmp_path / "m.tif", axes="TTYX", **given_)
    with pytest.raises(DataError, match=r"channels are \[0, 0\]"):
        open_movie(tmp_path / "m.tif", axes="TCYX", channels=[0, 0], **given_)


def test_half_precision_is_read_and_no_resolution_is_asked_for(tmp_path):
    tifffile.imwrite(tmp_path / "h.tif", PIXELS.astype("f2"))
    (channel,) = open_movie(tmp_path / "h.tif", pixel_nm=80.0, interval_s=1.0).channels
    assert channel[0].dtype == "f4"
    np.testing.assert_array_equal(channel[1], PIXELS[1])
    path = tmp_path / "ij.tif"
    scale = {"axes": "TYX", "finterval": 1.0, "unit": "um"}
    tifffile.imwrite(path, PIXELS, imagej=True, resolution=(1, 1), metadata=scale)
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags["XResolution"].overwrite((0, 1))
    with pytest.raises(DataError, match="do not say the size of a pixel"):
        open_movie(path)
    tifffile.imwrite(path, PIXELS, description="<OME><Image/></OME>")
    with pytest.raises(DataError, match=r"ij.tif: "):
        open_movie(path)


def test_packed_tables_of_bombs_end(tmp_path, monkeypatch):
    monkeypatch.setattr(integrity, "ALWAYS", 1 << 20)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(1 << 24)))
    with pytest.raises(DataError, match="claim to hold"):
        integrity.require_room_unpacked(tmp_path / "a.gz")
    (tmp_path / "a.bz2").write_bytes(b"BZh9")
    with pytest.raises(DataError, match="not by gzip"):
        integrity.require_room_unpacked(tmp_path / "a.bz2")
    (tmp_path / "a").write_bytes(zlib.compress(b"a"))
    integrity.require_room_unpacked(tmp_path / "a")


def test_trackmates_spots_without_a_track_are_passed_over(tmp_path):
    path = trackpy(tmp_path / "t.csv", particle=["0", "None", "0"], frame=[5, 6, 7])
    path = trackpy(path, particle=["0", "None", "0"], frame=[5, 6, 7], burst=1.0)
    found = exported.read_exported(path, "c", slave="burst", **GIVEN)
    assert found["frame"].values.tolist() == [5, 7]
    for slave, other in (("y", "y"), ("mass", "master")):
        with pytest.raises(DataError, match=f"named as slave, and is the {other}"):
            exported.read_exported(path, "c", slave=slave, **GIVEN)
