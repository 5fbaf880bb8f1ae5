"""Kinds of wrong files that an independent harness found, each made in many ways."""

# ruff: noqa: E731

import itertools
import json
import re
import zipfile

import numpy as np
import pytest
import tifffile
import torch
from astropy.io import fits
from tests.reliability.outcomes import outcome
from tests.reliability.test_files import archive, read_archive, samples

import awd
from awd import io
from awd.cells import movie
from awd.cells.readers import exported
from awd.errors import AwdError, DataError
from awd.maps import readers
from awd.teacher import networks, weights

pytestmark = pytest.mark.fuzz

RNG = np.random.default_rng(5)
PIXELS = RNG.poisson(200, (8, 24, 20)).astype(np.uint16)
GIVEN = {"pixel_nm": 100.0, "interval_s": 1.0}


def frames(path, **how):
    opened = movie.open_movie(path, **{**GIVEN, **how})
    return [np.stack(list(channel)) for channel in opened.channels]


def ome(path, change):
    tifffile.imwrite(path, PIXELS, metadata={"axes": "TYX"}, ome=True)
    with tifffile.TiffFile(path) as file:
        xml = file.ome_metadata
    tifffile.tiffcomment(path, change(xml).encode())


def imagej(path, change):
    tifffile.imwrite(path, PIXELS, imagej=True, metadata={"axes": "TYX"})
    with tifffile.TiffFile(path) as file:
        text = file.pages[0].description
    tifffile.tiffcomment(path, change(text).encode())


@pytest.mark.parametrize("count", [2, 3, 5, 7])
@pytest.mark.parametrize(
    ("write", "told"),
    [(ome, 'SizeT="{}"'), (ome, 'PlaneCount="{}"'), (imagej, "frames={}")],
)
def test_metadata_of_fewer_frames_than_there_are(tmp_path, write, told, count):
    key, _, _ = told.partition("{")
    write(tmp_path / "m.tif", lambda text: re.sub(rf"{key}\d+", f"{key}{count}", text))
    outcome(
        "content of files",
        "m.tif",
        lambda: frames(tmp_path / "m.tif"),
        names=["m.tif"],
        refused=True,
    )


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("lost", [1, 20, 100, 300])
def test_a_movie_cut_at_its_end_is_no_shorter_movie(tmp_path, compression, lost):
    path = tmp_path / "m.tif"
    tifffile.imwrite(path, PIXELS, compression=compression, metadata=None)
    path.write_bytes(path.read_bytes()[:-lost])
    call = lambda: frames(path)
    outcome("content of files", "m.tif", call, names=["m.tif"], right=[PIXELS])


ODD = (True, 1.5, np.nan, "abc", b"x", {}, [[1]], object(), -5, 10**400)
MOVIE = {"channels": [0], "series": 0, "z": 0, "interleaved": 1, "axes": "TYX"}
MOVIE |= {"halves": "left-right", "crop": {"x": (0, 9)}, **GIVEN}


@pytest.mark.parametrize("key", MOVIE)
def test_arguments_of_a_movie(tmp_path, key):
    tifffile.imwrite(tmp_path / "m.tif", PIXELS, metadata=None)
    frames(tmp_path / "m.tif", **{key: MOVIE[key]})
    wrong = [*ODD, [], [ODD]] + [{"x": odd} for odd in ODD if odd is not None]
    wrong += [{"z": (0, 1)}, {"x": (1,)}, {"x": (0.5, 3)}]
    if key in GIVEN:
        wrong.remove(1.5)
    if key == "crop":
        wrong.remove({})
    for odd in wrong:
        call = lambda odd=odd: frames(tmp_path / "m.tif", **{key: odd})
        names = [key, "axes", "metadata", "time between", "size of a pixel"]
        outcome("arguments of readers", "open_movie", call, names=names, refused=True)


READERS = {
    "open_movie": movie.open_movie,
    "read_exported": lambda path: exported.read_exported(path, "c", 1.0, 80.0),
    "read_fits": readers.read_fits,
    "fits_tree": readers.fits_tree,
    "npz_archive": readers.npz_archive,
    "read_parameters": readers.read_parameters,
    "io.read": io.read,
    "read_json": io.read_json,
    "read_table": io.read_table,
    "weights": weights.load,
    "model": awd.load,
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_path(name):
    for odd in (None, 5, 1.5, True, [], {}, b"x", object(), "x" * 5000, "a\0b"):
        call = lambda odd=odd: READERS[name](odd)
        outcome("arguments of readers", name, call, names=["."], refused=True)


SPOTS = "particle,frame,x,y,mass\n" + "".join(
    f"{k // 10},{k % 10 + 6},{k}.5,{k}.25,{100 + k}\n" for k in range(30)
)


def spots(path, **how):
    return exported.read_exported(path, "c", 1.0, 80.0, **how)


def test_words_and_bounds_of_a_table_of_tracks(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text(SPOTS)
    right = spots(path)
    wrong = {"unit": ["m", "PX", ""], "first_frame": [2, -1], "frames": [3, 15]}
    wrong |= {"radius": [0, -1.0], "gap": [-1, 10**30], "slave": [""]}
    wrong |= {"columns": [{"foo": "x"}, {"x": "y"}, {"y": "frame"}, {"x": ""}]}
    for key, odd in ((key, odd) for key, values in wrong.items() for odd in values):
        call = lambda key=key, odd=odd: spots(path, **{key: odd})
        names = [key, "column"]
        outcome(
            "arguments of readers", "read_exported", call, names=names, refused=True
        )
    call = lambda: spots(path, frames=16)
    outcome("arguments of readers", "read_exported", call, names=[], same=right)


@pytest.mark.parametrize("cell", ["\0", "0.5", "1e-3", "7.25"])
def test_tracks_have_whole_numbers_and_text_no_nul(tmp_path, cell):
    path = tmp_path / "s.csv"
    for row in (3, 17):
        lines = SPOTS.splitlines()
        lines[row] = cell + lines[row][1:]
        path.write_text("\n".join(lines))
        call = lambda: spots(path)
        outcome("content of files", "s.csv", call, names=["s.csv"], refused=True)


XML = (
    '<TrackMate><Model spatialunits="pixel" timeunits="s"><AllSpots>{}</AllSpots>'
    "<AllTracks><Track TRACK_ID='0'>{}</Track></AllTracks></Model></TrackMate>"
)


@pytest.mark.parametrize("edge", [(3, 3), (0, 0), (2, 9), (5, 5)])
def test_edges_of_trackmate_join_frames_that_follow(tmp_path, edge):
    frame = [*range(6, 14), 6, 8]  # spots 8 and 9 are beside others in time
    marks = "".join(
        f'<Spot ID="{k}" FRAME="{t}" POSITION_X="{k}" POSITION_Y="2" '
        f'MEAN_INTENSITY_CH1="{k}"/>'
        for k, t in enumerate(frame)
    )
    pairs = [*itertools.pairwise(range(8)), edge]
    edges = "".join(
        f'<Edge SPOT_SOURCE_ID="{a}" SPOT_TARGET_ID="{b}"/>' for a, b in pairs
    )
    path = tmp_path / "s.xml"
    path.write_text(XML.format(marks, edges))
    call = lambda: spots(path)
    outcome("content of files", "s.xml", call, names=["s.xml: .*frame"], refused=True)


@pytest.mark.parametrize("value", [1e39, -1e39, 1e300])
@pytest.mark.parametrize("key", ["x", "y"])
def test_numbers_beyond_float32_do_not_become_infinite(tmp_path, key, value):
    arrays = {"x": RNG.normal(size=(12, 6)), "y": RNG.normal(size=12)}
    arrays |= {"group": np.arange(12) // 3}
    arrays[key].ravel()[3] = value
    path = tmp_path / "own.npz"
    np.savez(path, **arrays)
    call = lambda: samples(path)
    outcome("content of files", "own.npz", call, names=["own.npz"], refused=True)


def test_groups_are_named_and_cells_are_numbers_of_every_language(tmp_path):
    path = tmp_path / "own.npz"
    group = np.where(np.arange(12) == 3, np.nan, np.arange(12) // 3)
    np.savez(path, x=RNG.normal(size=(12, 6)), y=np.arange(12.0), group=group)
    with pytest.raises(DataError, match=r"own.npz.*group is not finite"):
        samples(path)
    for cell in ("1_0", "٣", "1_000.5"):
        rows = [f"{k},{k}.5,{k % 3},g{k % 4}" for k in range(9)]
        rows[4] = cell + rows[4][1:]
        (tmp_path / "own.csv").write_text("a,b,y,group\n" + "\n".join(rows))
        call = lambda: samples(tmp_path / "own.csv")
        outcome("content of files", "own.csv", call, names=["own.csv"], refused=True)


@pytest.mark.parametrize("axes", [1000, 10**9, 10**19])
def test_a_header_of_endless_axes_ends(tmp_path, axes):
    path = tmp_path / "m.fits"
    fits.PrimaryHDU(RNG.normal(size=(8, 8))).writeto(path)
    data = path.read_bytes()
    card = f"NAXIS   = {axes:>20}".ljust(80).encode()
    at = data.find(b"NAXIS   =")
    path.write_bytes(data[:at] + card + data[at + 80 :])
    call = lambda: readers.read_fits(path)
    outcome("content of files", "m.fits", call, names=["m.fits"], refused=True)


def test_the_checksum_of_a_fits_file_is_compared(tmp_path):
    path = tmp_path / "m.fits"
    fits.PrimaryHDU(RNG.normal(size=(8, 8))).writeto(path, checksum=True)
    right = readers.read_fits(path)
    data = bytearray(path.read_bytes())
    for at in range(2880, 2880 + 512, 61):
        data[at] ^= 4
        path.write_bytes(data)
        data[at] ^= 4
        call = lambda: readers.read_fits(path)
        outcome("content of files", "m.fits", call, names=["m.fits"], refused=True)
    path.write_bytes(data)
    np.testing.assert_array_equal(readers.read_fits(path), right)


def test_an_archive_without_maps(tmp_path):
    archive(tmp_path / "maps.npz")
    held = dict(np.load(tmp_path / "maps.npz"))
    np.savez(tmp_path / "maps.npz", **{key: value[:0] for key, value in held.items()})
    call = lambda: read_archive(tmp_path / "maps.npz")
    outcome("content of files", "maps.npz", call, names=["maps.npz"], refused=True)


PATTERNS = ["{omega_m}{sigma_8}.fits", "**x/{cosmology}.fits", "{cosmology}" * 400]


@pytest.mark.parametrize("pattern", [*PATTERNS, "a" * 3000 + "{cosmology}.fits"])
def test_patterns_that_are_none(pattern):
    call = lambda: readers.fits_tree(pattern)
    outcome("arguments of readers", "fits_tree", call, names=["."], refused=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Weights of a network, and its record."""
    path = tmp_path_factory.mktemp("net") / "net.safetensors"
    weights.save({"a": networks.build("mlp", seed=0, inputs=1, length=16)}, path)
    return path, json.loads(path.with_suffix(".json").read_text())


@pytest.mark.parametrize(
    "odd", [None, True, "x", [], {}, {"a": 1}, -0.5, 1e300, 10**30]
)
def test_a_record_of_weights_that_describes_no_network(trained, odd):
    path, record = trained
    places = [("a",), ("a", "kind"), ("a", "seed"), ("a", "sizes")]
    places += [("a", "sizes", size) for size in record["a"]["sizes"]]
    for place in places:
        made = json.loads(json.dumps(record))
        del made["checksum"]
        inner = made
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = odd
        path.with_suffix(".json").write_text(json.dumps(made))
        call = lambda: len(weights.load(path))
        outcome("content of files", "net.json", call, names=["net.*"])


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Networks in files of both formats of torch."""
    folder = tmp_path_factory.mktemp("programs")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 1)).eval()
    torch.jit.save(torch.jit.script(module), folder / "n.pt")
    exported = torch.export.export(module, (torch.zeros(4, 16),))
    torch.export.save(exported, folder / "n.pt2")
    return folder


@pytest.mark.parametrize("name", ["n.pt", "n.pt2"])
def test_a_damaged_part_of_a_program_is_named(programs, tmp_path, name):
    """Zip has checksums of its own, which are compared only where a part is read."""
    whole = (programs / name).read_bytes()
    x = RNG.normal(size=(4, 16)).astype("f4")
    right = awd.network(str(programs / name)).outputs(x)
    with zipfile.ZipFile(programs / name) as parts:
        starts = [part.header_offset for part in parts.infolist()]
    for start, further in itertools.product(starts, (40, 90, 200)):
        data = bytearray(whole)
        data[min(start + further, len(data) - 1)] ^= 8
        (tmp_path / name).write_bytes(data)
        call = lambda: awd.network(str(tmp_path / name)).outputs(x)
        outcome("content of files", name, call, names=[name], right=right)


def test_a_missing_package_is_no_damaged_file(tmp_path):
    from awd import integrity

    with pytest.raises(ImportError), integrity.readable(tmp_path, "x"):
        import nothing_of_this_name  # noqa: F401


def test_the_core_takes_no_text_for_numbers():
    h = awd.wavelet.from_pywt("db2")
    calls = [
        lambda odd: awd.transform.band_lengths(odd, 4, 2),
        lambda odd: awd.transform.band_lengths(64, odd, 2),
        lambda odd: awd.wavelet.require_levels(odd, 2),
        lambda odd: awd.wavelet.aligned(odd, h),
        lambda odd: awd.wavelet.project(h, odd),
    ]
    for call, odd in itertools.product(
        calls, [True, np.nan, "abc", b"x", {}, [[1]], -5, 10**400]
    ):
        with pytest.raises(AwdError):
            call(odd)
    assert awd.transform.band_lengths(np.array(64), np.int64(4), 2) == [18, 18, 33]
