"""No damage of a file passes for its content, and no file shows what is in another."""

import os
import shutil
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awd import integrity, io
from awd.errors import AwdError, DataError, MissingInput, StorageError
from awd.record import checkpoint
from awd.record.contracts import Contract, Variable

FLIPS = int(os.environ.get("AWD_FLIPS", 60))  # of every kind of file
MAPS = Contract("maps", {"x": Variable(("sample", "y", "x"), "f", streamed=True)})
RNG = np.random.default_rng(0)
PIXELS = RNG.normal(size=(5, 32, 32)).astype("f4")


def samples():
    x = RNG.normal(size=(20, 8)).astype("f4")
    group = np.array([f"cell{k % 3}" for k in range(20)])
    ds = xr.Dataset({"x": (("sample", "time"), x), "group": ("sample", group)})
    return ds.assign_coords(name=["a", "b"]).assign_attrs(cell="c", width=1.5)


def write_maps(path):
    header = xr.Dataset({"split": ("sample", np.array(["train"] * 5))})
    described = {"x": {"units": "1", "long_name": "convergence"}}
    blocks = [{"x": PIXELS[:3]}, {"x": PIXELS[3:]}]
    io.write_blocks(header, blocks, path, MAPS, described, {"r": 1})


def rows(path):
    with io.opened(path, MAPS) as ds:
        return [ds["x"][k].values for k in range(ds.sizes["sample"])]


def write_picture(path):
    with io.replacing(path, sealed=True) as temporary:
        temporary.write_bytes(RNG.bytes(500))


TABLE = pd.DataFrame({"r2": [0.1 + 0.2, np.nan], "method": ["NA", "db5"], "n": [1, 2]})
RECORD = {"lstm": {"seed": 3, "h": [0.1, 1e-300]}, "naïve": None, "b": True}
# How a kind of file is written, and read.
KINDS = {
    "a.nc": (lambda path: io.write(samples(), path, stamp={"seed": 1}), io.read),
    "maps.nc": (write_maps, rows),
    "shard.nc": (
        lambda path: io.write(
            xr.Dataset({"x": (("sample", "y", "x"), PIXELS)}), path, MAPS
        ),
        lambda path: io.read(path, MAPS),
    ),
    "a.csv": (lambda path: io.write_table(TABLE, path), io.read_table),
    "a.json": (lambda path: io.write_json(RECORD, path), io.read_json),
    "a.png": (write_picture, lambda path: io.unbroken(path).read_bytes()),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Every kind of file in a folder of its own, and what is read of it."""
    found = {}
    for name, (write, read) in KINDS.items():
        path = tmp_path_factory.mktemp("kind") / name
        write(path)
        found[name] = path, read, read(path)
    return found


def outcome(read, path):
    """What is read, or the error that is meant for people; no other is caught."""
    try:
        return read(path)
    except AwdError as error:
        return error


def same(one, other):
    if isinstance(one, xr.Dataset | pd.DataFrame):
        return one.identical(other) if hasattr(one, "identical") else one.equals(other)
    if isinstance(one, list):
        return np.array_equal(one, other)
    return one == other


@pytest.mark.parametrize("name", KINDS)
@given(place=st.floats(0, 1, exclude_max=True))
@settings(
    max_examples=FLIPS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_flipped_bit_passes(written, tmp_path, name, place):
    path, read, content = written[name]
    copy = shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True) / name
    data = bytearray(path.read_bytes())
    bit = int(place * 8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    copy.write_bytes(data)
    found = outcome(read, copy)
    if isinstance(found, AwdError):
        assert str(copy) in str(found)
        assert len(str(found)) <= 500
    else:
        assert same(found, content)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0, 0.3, 0.9, 0.999])
def test_what_is_cut_off_is_refused(written, tmp_path, name, share):
    path, read, content = written[name]
    copy = shutil.copytree(path.parent, tmp_path, dirs_exist_ok=True) / name
    copy.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    found = outcome(read, copy)
    assert name in str(found) if isinstance(found, AwdError) else same(found, content)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_no_file_is_named_with_a_remedy(tmp_path, name):
    read = KINDS[name][1]
    with pytest.raises(MissingInput, match=f"{name}: no such file"):
        read(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(MissingInput, match=f"{name}: is a folder"):
        read(tmp_path / name)


def test_a_checksum_travels_with_the_file_and_equal_data_have_equal_bytes(tmp_path):
    for name, (write, read) in KINDS.items():
        if name == "a.png":
            continue
        write(tmp_path / name)
        first = (tmp_path / name).read_bytes()
        if name != "a.nc":
            write(tmp_path / name)
            assert (tmp_path / name).read_bytes() == first
        read(shutil.copy(tmp_path / name, tmp_path / f"copy-{name}"))


def test_an_edited_table_is_read_once_its_checksum_is_deleted(tmp_path):
    path = tmp_path / "t.csv"
    io.write_table(TABLE, path)
    path.write_text("r2\n0.5\n")
    with pytest.raises(DataError, match=r"delete \.t\.csv\.sha256"):
        io.read_table(path)
    (tmp_path / ".t.csv.sha256").unlink()
    assert io.read_table(path)["r2"].tolist() == [0.5]
    io.write_text("r2\n0.7\n", path)
    assert io.read_table(path)["r2"].tolist() == [0.7]


def test_sha256sum_can_check_what_stands_beside(tmp_path):
    io.write_table(TABLE, tmp_path / "t.csv")
    assert os.system(f"cd {tmp_path} && sha256sum --status -c .t.csv.sha256") == 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a,b\n1,2,3\n", "CSV"),
        ("a,b\n1,2\n1,2,3\n", "CSV"),
        ('a,b\n"1,2\n', "CSV"),
    ],
)
def test_tables_with_rows_of_another_length_are_refused(tmp_path, text, named):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=f"t.csv: not a readable {named} file"):
        io.read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[1, 2]", "holds a list; expected a record"),
        (b"null", "holds a NoneType"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": "\xff"}', "not a readable JSON file"),
        (b"[" * 100_000, "not a readable JSON file"),
    ],
)
def test_json_that_is_no_record_is_refused(tmp_path, content, named):
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(DataError, match=named):
        io.read_json(tmp_path / "r.json")


def test_json_has_no_word_for_nan(tmp_path):
    with pytest.raises(DataError, match="r.json: a number of its record is NaN"):
        io.write_json({"r2": float("nan")}, tmp_path / "r.json")
    assert not (tmp_path / "r.json").exists()


def no_space(path, *_, **__):
    raise OSError(28, "No space left on device", str(path))


def netcdf_failed(path, *_, **__):
    raise RuntimeError("NetCDF: HDF error")


@pytest.mark.parametrize("failing", [no_space, netcdf_failed])
def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path, monkeypatch, failing):
    path = tmp_path / "a.nc"
    io.write(samples(), path)
    before = path.read_bytes()
    monkeypatch.setattr(xr.Dataset, "to_netcdf", lambda ds, path, **_: failing(path))
    full = shutil._ntuple_diskusage(10, 10, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(StorageError, match="a.nc: cannot be written: no space is left"):
        io.write(samples(), path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("a")
    with pytest.raises(StorageError, match="a part of its path is a file"):
        io.write_text("a", tmp_path / "file/b.txt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        io.write_text("a", tmp_path / "folder")
    with pytest.raises(StorageError, match="its name is too long"):
        io.write_text("a", tmp_path / ("a" * 400))


def test_errors_of_other_files_keep_their_names(tmp_path):
    with pytest.raises(OSError, match="other"), io.replacing(tmp_path / "a"):
        raise PermissionError(13, "no", "/other/file")


def test_a_checkpoint_whose_record_changed_is_not_used(tmp_path, job):
    from safetensors.numpy import load_file, save_file

    saved = job.of("part")
    saved.save({"w": np.ones(2)}, {"epoch": 3})
    (path,) = job.place.rglob("*.safetensors")
    for damage in ({"record": '{"epoch": 9}'}, {"record": "[]"}, {"record": "{"}, {}):
        save_file(load_file(path), path, damage)
        assert checkpoint.Checkpoint(job, "part").load() is None


# What a stranger's HDF5 file may try.


def external_link(file, secret):
    file["x"] = h5py.ExternalLink(secret, "secret")


def link_in_a_folder(file, secret):
    file["deep/er/x"] = h5py.ExternalLink(os.path.basename(secret), "secret")


def external_storage(file, secret):
    file.create_dataset("x", (4,), "f8", external=[(secret, 0, 32)])


def virtual(file, secret):
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(secret, "secret", (4,))
    file.create_virtual_dataset("x", layout)


def bomb(file, secret):
    file.create_dataset("x", (1 << 20, 1 << 20), "f8", chunks=(1024, 1024), **GZIP)


GZIP = {"compression": "gzip"}
TRICKS = [external_link, link_in_a_folder, external_storage, virtual]


@pytest.mark.parametrize("trick", [*TRICKS, bomb])
@pytest.mark.parametrize("before", [0, 512])
def test_no_file_shows_what_is_in_another_or_inflates(tmp_path, trick, before):
    secret = str(tmp_path / "secret.h5")
    with h5py.File(secret, "w") as file:
        file["secret"] = np.arange(4.0)
    path = tmp_path / "a.nc"
    with h5py.File(path, "w", userblock_size=before) as file:
        file["innocent"] = np.zeros(3)
        trick(file, secret)
    named = "claim to hold" if trick is bomb else "is a link to|stored in|put together"
    with pytest.raises(DataError, match=f"a.nc: .*({named})"):
        integrity.require_closed(path)
    if not before:
        with pytest.raises(DataError, match=named):
            io.read(path)


def test_loops_within_a_file_end(tmp_path):
    with h5py.File(tmp_path / "loop.h5", "w") as file:
        file["a/b"] = file["/"]
        file["a/soft"] = h5py.SoftLink("/a/soft")
        file["x"] = np.zeros(3)
    integrity.require_closed(tmp_path / "loop.h5")


def test_nothing_warns_when_it_is_read_again(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, (write, read) in KINDS.items():
            write(tmp_path / name)
            read(tmp_path / name)
