"""Whatever stands in a file: an error that names the file, or what is right.

Damage of bytes, files of another kind under a name, and cells, arrays and headers that
nobody should have written.
"""

import gzip
import io as streams
import os
import warnings

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cells import test_doors as cells
from tests.reliability.outcomes import outcome
from tests.test_integrity import KINDS as OURS

from awd import io
from awd.config import reading
from awd.maps import readers
from awd.own import dataset as own
from awd.own import source

pytestmark = pytest.mark.fuzz

TIMES = int(os.environ.get("AWD_CASES", 1))
RNG = np.random.default_rng(0)
MAP = RNG.normal(0, 0.02, (8, 8)).astype(np.float32)
X = RNG.normal(size=(12, 6)).astype(np.float32)
PARAMETERS = np.repeat(RNG.uniform(0.1, 0.5, (3, 4)), 2, 0)


def archive(path):
    images = RNG.normal(0, 0.02, (6, 8, 8)).astype(np.float32)
    np.savez_compressed(path, imgs=images, params=PARAMETERS)


def table(path):
    path.write_text("cosmology,Om,s8\na,0.3,0.8\nb,0.31,0.9\n")


def read_archive(path):
    found = readers.npz_archive(path)
    return found.table, list(found.pixels(range(len(found.table))))


def samples(path):
    own.gather(
        {
            "samples": {
                "kind": "file",
                "file": str(path),
                "x": "x",
                "y": "y",
                "group": "group",
                "split": "split",
            },
            "targets": {"y": 0},
            "network": None,
            "dims": 1,
            "units": "1",
            "signal": "signal",
            "task": "regression",
            "windows": ["whole"],
            "length": None,
        },
        path.with_name("dataset.nc"),
    )
    return io.read(path.with_name("dataset.nc"))


def config(path):
    reading.require_plain(path)
    import yaml

    return str(reading.load(yaml.safe_load(path.read_text()), str(path)))


ARRAYS = {"x": X, "y": X[:, 0], "group": np.arange(12) // 3}
THEIRS = cells.FILES | {
    "map.fits": (lambda path: fits.PrimaryHDU(MAP).writeto(path), readers.read_fits),
    "map.fits.gz": (
        lambda path: path.write_bytes(gzip.compress(as_fits(MAP))),
        readers.read_fits,
    ),
    "maps.npz": (archive, read_archive),
    "table.csv": (table, readers.read_parameters),
    "own.npz": (lambda path: np.savez(path, **ARRAYS), samples),
    "own.npy": (lambda path: np.save(path, X), lambda path: len(source.arrays(path))),
    "own.csv": (
        lambda path: path.write_text(
            "a,b,y,group\n"
            + "".join(f"{k},{k * k % 5}.5,{k % 3},g{k}\n" for k in range(9))
        ),
        samples,
    ),
    "my.yaml": (
        lambda path: path.write_text(
            "run: r\nseed: 3\ncells:\n  source: {kind: simulate, cells: 8}\n"
            "  targets: [half]\n  tiles: 2\n"
        ),
        config,
    ),
}
FILES = THEIRS | OURS


def as_fits(pixels):
    stream = streams.BytesIO()
    fits.PrimaryHDU(pixels).writeto(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Name -> the bytes of a right file, and of what stands beside it."""
    found = {}
    for name, (write, _) in FILES.items():
        folder = tmp_path_factory.mktemp("right")
        write(folder / name)
        found[name] = {p.name: p.read_bytes() for p in folder.iterdir()}
    return found


def examples(count, name=""):
    # Files of MATLAB are tried in a process of their own, which takes half a second.
    count = max(count // 8, 4) if name.endswith(".mat") else count
    return settings(
        max_examples=count * TIMES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


DAMAGE = ("flip", "cut", "zero", "insert", "text", "twice", "swap", "drop")


def damaged(content, at, how, length):
    data, a = bytearray(content), int(at * len(content))
    part = data[a : a + length]
    if how == "flip":
        data[a] ^= 1 << length % 8
    elif how == "cut":
        del data[a:]
    elif how == "zero":
        data[a : a + length] = bytes(len(part))
    elif how == "insert":
        data[a:a] = b"\xff\x00" * length
    elif how == "text":
        data[a : a + 3] = b"abc"
    elif how == "twice":
        data[a:a] = part
    elif how == "swap":
        data[:length], data[a : a + length] = part, data[:length]
    else:
        del data[a : a + length]
    return bytes(data)


@pytest.mark.parametrize("name", FILES)
def test_damaged_bytes(name, written, tmp_path):
    content, read = written[name], FILES[name][1]
    for beside, data in content.items():
        (tmp_path / beside).write_bytes(data)
    path, right = tmp_path / name, read(tmp_path / name) if name in OURS else None

    @given(
        at=st.floats(0, 1, exclude_max=True),
        how=st.sampled_from(DAMAGE),
        length=st.integers(1, 60),
    )
    @examples(40, name)
    def case(at, how, length):
        data = damaged(content[name], at, how, length)
        path.write_bytes(data)
        call = warned_not(lambda: read(path))
        if data == content[name]:
            return
        # Where it is only the checksum that is gone, the content is still right.
        outcome("content of files", name, call, names=[name], right=right)

    case()


def warned_not(call):
    def quiet():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()

    return quiet


@pytest.mark.parametrize("name", FILES)
def test_files_of_another_kind(name, written, tmp_path):
    path = tmp_path / name
    contents = {other: written[other][other] for other in written if other != name}
    contents |= {
        "empty": b"",
        "zeros": bytes(3000),
        "noise": RNG.bytes(3000),
        "text": b"hello\n" * 50,
        "page": b"<!DOCTYPE html><html><body>404 not found</body></html>",
        "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05hello\x94.",
    }
    if name.endswith(".mat"):
        contents = {k: contents[k] for k in ("empty", "noise", "page", "a.nc")}
    for content in contents.values():
        path.write_bytes(content)
        outcome(
            "content of files",
            name,
            warned_not(lambda: FILES[name][1](path)),
            names=[name],
        )


@pytest.mark.parametrize("name", FILES)
def test_places_that_hold_no_file(name, tmp_path):
    read = FILES[name][1]
    folder = tmp_path / name
    outcome("content of files", name, lambda: read(folder), names=[name], refused=True)
    folder.mkdir()
    outcome("content of files", name, lambda: read(folder), names=[name], refused=True)
    beneath = tmp_path / "file" / name
    (tmp_path / "file").write_text("a")
    outcome("content of files", name, lambda: read(beneath), names=[name], refused=True)
    loop = tmp_path / f"loop-{name}"
    loop.symlink_to(loop)
    outcome("content of files", name, lambda: read(loop), names=[name], refused=True)


# What nobody should write into a cell of a table, or what is right in odd ways.
CELLS = ["", " ", "nan", "NaN", "inf", "-inf", "-1", "1e400", "abc", "1,5", '"', "0x10"]
CELLS += [
    "\x00",
    "é",
    "1_000",
    "None",
    "True",
    "1e30",
    "0",
    "2.5",
    "9" * 400,
    "1;2",
    "#",
]
TEXTS = {
    "spots.csv": "spots.csv",
    "table.csv": "table.csv",
    "own.csv": "own.csv",
    "a.csv": "a.csv",
}


@pytest.mark.parametrize("name", TEXTS)
def test_odd_cells_of_tables(name, written, tmp_path):
    lines = written[name][name].decode().splitlines()
    path, read = tmp_path / name, FILES[name][1]

    @given(
        row=st.floats(0, 1, exclude_max=True),
        column=st.floats(0, 1, exclude_max=True),
        cell=st.sampled_from(CELLS) | st.text(max_size=4),
        how=st.sampled_from(["cell", "cell", "more", "less", "header", "twice"]),
    )
    @examples(40)
    def case(row, column, cell, how):
        table = [line.split(",") for line in lines]
        r = 0 if how == "header" else 1 + int(row * (len(table) - 1))
        c = int(column * len(table[r]))
        if how in ("cell", "header"):
            table[r][c] = cell
        elif how == "more":
            table[r].insert(c, cell)
        elif how == "less":
            del table[r][c]
        else:
            table.insert(r, table[r])
        text = "\n".join(map(",".join, table)) + "\n"
        path.write_text(text, "utf-8", "surrogatepass", "")
        # A cell that is empty is NaN to our own tables, and is meant to be.
        if name == "a.csv":
            return outcome(
                "content of files", name, lambda: len(read(path)), names=[name]
            )
        outcome("content of files", name, lambda: read(path), names=[name])

    case()


DTYPES = ["f2", "f4", "f8", ">f4", ">f8", "i1", "u1", "i2", ">i2", "i4", "i8", "u8"]
ODD = [*DTYPES, "?", "c8", "U3", "S3", "O", "M8[s]", "m8[s]", "longdouble"]
SHAPES = st.lists(st.integers(0, 7), max_size=4)


def odd_array(shape, dtype, fill):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
        if fill is not None and array.size and array.dtype.kind == "f":
            array.ravel()[0] = fill
    return array


ARRAY = st.builds(
    odd_array,
    SHAPES | st.sampled_from([[12], [12, 6], [6, 8, 8], [6, 4], [12, 2, 6]]),
    st.sampled_from(ODD),
    st.sampled_from([None, None, np.nan, np.inf, 1e30, -1.0]),
)


@pytest.mark.parametrize("name", ["own.npz", "maps.npz"])
def test_odd_arrays(name, written, tmp_path):
    right = ARRAYS if name == "own.npz" else dict(np.load(bytes_of(written, name)))
    path, read = tmp_path / name, FILES[name][1]

    @given(key=st.sampled_from([*right, "other"]), array=ARRAY)
    @examples(60)
    def case(key, array):
        np.savez(path, **{**right, key: array})
        outcome("content of files", name, warned_not(lambda: read(path)), names=[name])

    case()


def bytes_of(written, name):
    return streams.BytesIO(written[name][name])


@given(
    array=ARRAY,
    header=st.dictionaries(
        st.sampled_from(["BUNIT", "BSCALE", "BZERO", "BLANK", "NAXIS1", "BITPIX"]),
        st.sampled_from([0, 1, -1, 3, 1e30, "K", "", "1", 10**9]),
        max_size=2,
    ),
)
@examples(60)
def test_odd_fits(tmp_path_factory, array, header):
    path = tmp_path_factory.mktemp("fits") / "map.fits"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            hdu = fits.PrimaryHDU(array)
            hdu.header.update(header)
            hdu.writeto(path, output_verify="ignore")
    except Exception:  # astropy writes no such file
        return
    # What a pixel that is no number means is asked when samples are made.
    outcome(
        "content of files",
        "map.fits",
        warned_not(lambda: readers.read_fits(path)),
        names=["map.fits"],
        finite=False,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=JSON)
@examples(60)
def test_any_json(tmp_path_factory, value):
    import json

    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps(value))
    outcome(
        "content of files", "a.json", lambda: len(io.read_json(path)), names=["a.json"]
    )
