import csv
import json
import logging

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import io
from awd.errors import DataError, MissingInput
from awd.log import log, log_to, progress


@pytest.fixture(autouse=True)
def _own_logging():
    yield
    log.handlers, log.propagate = [], True
    logging.captureWarnings(False)


def test_what_is_written_is_read_back(tmp_path):
    ds = xr.Dataset(
        {"x": (("a", "b"), np.arange(6.0, dtype="f4").reshape(2, 3), {"units": "px"})},
        coords={"a": ["one", "two"]},
    )
    io.write(ds, tmp_path / "deep/er/f.nc", stamp={"rule": "r", "seed": np.int64(3)})
    back = io.read(tmp_path / "deep/er/f.nc")
    xr.testing.assert_equal(back, ds)
    assert back.x.dtype == "f4"
    assert json.loads(back.attrs["provenance"]) == {"rule": "r", "seed": 3}


def test_equal_data_make_equal_files(tmp_path):
    ds = xr.Dataset({"x": ("a", np.arange(1000.0))})
    for name in ("one.nc", "two.nc"):
        io.write(ds, tmp_path / name)
    assert (tmp_path / "one.nc").read_bytes() == (tmp_path / "two.nc").read_bytes()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "f.txt"
    io.write_text("old", path)
    with pytest.raises(RuntimeError), io.replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_tables_keep_every_digit_and_missing_values(tmp_path):
    table = pd.DataFrame({"r2": [0.1 + 0.2, np.nan], "method": ["NA", "db5"]})
    io.write_table(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(
        io.read_table(tmp_path / "t.csv"), table, check_exact=True, check_dtype=False
    )


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "-a", "--1", "-"]
PLAIN = ["-0.25", "+1", "-1.5e-03", "-0.001 [-0.009, 0.001]", "-1 ± 2", "-0.1 / –"]
APOSTROPHES = ["'=1", "''=1", "'-1", "'tis", "a=b", "", "NA"]


def test_no_text_of_a_table_is_a_formula_and_numbers_stay_numbers(tmp_path):
    text = FORMULAS + PLAIN + APOSTROPHES
    table = pd.DataFrame({"group": text, "r2": -np.arange(1.0, len(text) + 1)})
    io.write_table(table, tmp_path / "t.csv")
    with open(tmp_path / "t.csv", newline="", encoding="utf-8") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert all(cell == "'" + text for cell, text in zip(cells, FORMULAS, strict=False))
    assert cells[len(FORMULAS) :][: len(PLAIN)] == PLAIN
    read = io.read_table(tmp_path / "t.csv")
    assert read["group"].fillna("").tolist() == text
    assert read["r2"].tolist() == table["r2"].tolist()


def test_a_table_for_people_says_its_encoding(tmp_path):
    table = pd.DataFrame({"R²": ["0.5 ± 0.1"]})
    io.write_table(table, tmp_path / "t.csv", for_people=True)
    written = (tmp_path / "t.csv").read_bytes()
    assert written == b"\xef\xbb\xbf" + "R²\n0.5 ± 0.1\n".encode()
    pd.testing.assert_frame_equal(
        io.read_table(tmp_path / "t.csv", text=True), table, check_dtype=False
    )


def test_json_takes_numpy_and_refuses_what_has_no_form(tmp_path):
    io.write_json(
        {"h": np.ones(2), "n": np.int32(1), "p": tmp_path}, tmp_path / "r.json"
    )
    assert io.read_json(tmp_path / "r.json")["h"] == [1.0, 1.0]
    with pytest.raises(TypeError, match="object has no JSON form"):
        io.dumps({"o": object()})


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(MissingInput, match="gone.nc: no such file; make it first"):
        io.existing(tmp_path / "gone.nc", "make it first")
    (tmp_path / "bad.nc").write_bytes(b"not netCDF at all")
    with pytest.raises(DataError, match="bad.nc: not a readable netCDF file"):
        io.read(tmp_path / "bad.nc")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(DataError, match="bad.json: not a readable JSON file"):
        io.read_json(tmp_path / "bad.json")


def test_progress_tells_a_log_file_every_tenth(tmp_path):
    log_to(tmp_path / "job.log")
    assert list(progress(range(100), "distil")) == list(range(100))
    lines = (tmp_path / "job.log").read_text().splitlines()
    assert len(lines) == 10
    assert "distil: 100/100" in lines[-1]


def test_what_a_killed_job_was_writing_is_removed_by_the_next(tmp_path):
    own, neighbour = tmp_path / ".a.123.part.nc", tmp_path / ".a.b.123.part.nc"
    own.write_text("half")
    neighbour.write_text("half of a.b.nc, perhaps still being written")
    with io.replacing(tmp_path / "a.nc") as temporary:
        temporary.write_text("whole")
    assert sorted(tmp_path.iterdir()) == [neighbour, tmp_path / "a.nc"]
