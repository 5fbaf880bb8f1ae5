"""What is wrong with a run's files is named, and what mends it is removed."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from awd import integrity, io
from awd.errors import DataError, MissingInput
from awd.record import check, manifest

RUN = "results/r"
MADE = {  # outputs of each job, and what they are made of
    "first": ([f"{RUN}/a.json"], ["data.txt"]),
    "second": ([f"{RUN}/b.csv", f"{RUN}/c.json"], [f"{RUN}/a.json"]),
    "apart": ([f"{RUN}/d.json"], ["data.txt"]),
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of three jobs."""
    monkeypatch.chdir(tmp_path)
    Path("data.txt").write_text("1")
    outputs = [path for made, _ in MADE.values() for path in made]
    for path in outputs:
        if path.endswith(".csv"):
            io.write_table(pd.DataFrame({"k": [1.5]}), path)
        else:
            io.write_json({"path": path}, path)
    jobs = {k: {"outputs": made, "inputs": of} for k, (made, of) in MADE.items()}
    record = {"config": {"run": "r"}, "jobs": jobs}
    record |= {"inputs": manifest.checksums(["data.txt"])}
    record |= {"outputs": manifest.checksums(outputs)}
    io.write_json(record, f"{RUN}/manifest.json")
    return Path(RUN)


def left(run):
    return sorted(path.name for path in run.iterdir())


@pytest.mark.parametrize("fix", [False, True])
def test_a_whole_run_has_nothing_wrong_and_loses_nothing(run, fix):
    before = left(run)
    assert check.run(run, fix) == {}
    assert left(run) == before


def test_a_run_is_checked_from_anywhere(run, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    assert check.run(tmp_path / RUN) == {}


def test_what_is_missing_or_another_is_named_and_nothing_removed(run):
    (run / "d.json").unlink()
    (run / "a.json").write_text("{}")
    before = left(run)
    found = check.run(run)
    assert found == {f"{RUN}/a.json": check.ANOTHER, f"{RUN}/d.json": check.MISSING}
    assert left(run) == before


def test_fix_removes_what_is_wrong_and_all_that_was_made_of_it(run):
    (run / "a.json").write_text("{}")
    assert check.run(run, fix=True) == {f"{RUN}/a.json": check.ANOTHER}
    assert left(run) == ["d.json"]


def test_a_deleted_table_is_named_whether_or_not_its_checksum_is_left(run):
    (run / "b.csv").unlink()
    assert check.run(run, fix=True) == {f"{RUN}/b.csv": check.MISSING}
    assert left(run) == ["a.json", "d.json"]


def test_what_a_user_brought_is_named_and_left(run):
    Path("data.txt").write_text("2")
    assert check.run(run, fix=True) == {"data.txt": check.CHANGED}
    assert Path("data.txt").read_text() == "2"
    assert (run / "manifest.json").is_file()


@pytest.mark.parametrize("text", [None, "", "0" * 64 + "  b.csv\n"])
def test_a_lost_or_wrong_checksum_beside_a_right_file_is_written_anew(run, text):
    beside = integrity.beside_of(run / "b.csv")
    beside.unlink() if text is None else beside.write_text(text)
    assert check.run(run, fix=True) == {f"{RUN}/.b.csv.sha256": check.UNSEALED}
    assert io.read_table(run / "b.csv")["k"][0] == 1.5
    assert check.run(run) == {}


def test_a_damaged_manifest_is_removed_to_be_made_anew(run):
    path = run / "manifest.json"
    path.write_text(path.read_text().replace("data.txt", "dato.txt"))
    with pytest.raises(DataError, match=r"manifest\.json.*checksum"):
        check.run(run)
    assert path.is_file()
    with pytest.raises(DataError, match=r"manifest\.json.*checksum"):
        check.run(run, fix=True)
    with pytest.raises(MissingInput, match="run it to its end"):
        check.run(run)


@pytest.mark.parametrize("record", [{"a": 1}, {"outputs": [], "config": 3}])
def test_another_record_is_no_manifest(run, record):
    io.write_json(record, run / "manifest.json")
    with pytest.raises(DataError, match="no manifest of a run"):
        check.run(run)


def test_a_renamed_run_is_refused(run):
    run.rename("results/other")
    with pytest.raises(DataError, match=r"renamed.*\(r\)"):
        check.run("results/other")


def test_the_command_ends_with_1_where_something_is_wrong(run):
    scripts = Path(check.__file__).parents[2]
    command = [sys.executable, "-m", "awd.record.check", RUN]

    def checked():
        env = {"PYTHONPATH": str(scripts)}
        return subprocess.run(command, env=env, capture_output=True, text=True)

    assert checked().returncode == 0
    (run / "d.json").unlink()
    found = checked()
    assert found.returncode == 1
    assert f"{RUN}/d.json: is missing" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_crate_that_was_damaged_is_named_and_removed(run):
    path = run / check.CRATE
    io.write_json({"@graph": []}, path, sealed=False)
    integrity.seal_beside(path)
    assert check.run(run) == {}
    path.write_text('{"@graph": [1]}')
    assert check.run(run, fix=True) == {f"{RUN}/{check.CRATE}": check.ANOTHER}
    assert check.run(run) == {}
    assert not path.exists()
