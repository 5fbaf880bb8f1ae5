"""What a manifest counts to a run, and what it only names."""

import base64
import json
import os
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from awd import io
from awd.record import manifest, provenance

CODE, SEED = "0123456789abcdef", 12345


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A working directory with the folder of a run, ``r``."""
    monkeypatch.chdir(tmp_path)
    return Path("r")


def made(path, *inputs, rule="step", of="", job=1, text="x", end=10.0, params=(CODE,)):
    """A file and the record that Snakemake keeps of it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    record = {
        "rule": f"awd_{rule}",
        "code": f'"../scripts/{rule}.py"\n',
        "input": list(inputs),
        "log": [f"r/logs/{rule}{of and '/' + of}.log"],
        "params": [repr(value) for value in params],
        "job_hash": job,
        "starttime": end - 4,
        "endtime": end,
    }
    name = base64.urlsafe_b64encode(path.encode()).decode()
    parts = [name[at : at + 254] for at in range(0, len(name), 254)]
    file = manifest.RECORDS.joinpath(*("@" + part for part in parts[:-1]), parts[-1])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record))


def found(run, *results, **config):
    config = {"seed": 7, "device": "cpu", **config}
    return manifest.manifest(run, results, config, [])


def test_the_jobs_are_followed_from_the_results_to_what_came_from_outside(run):
    Path("data").mkdir()
    Path("data/raw").write_text("abc")
    made("r/b", "r/a", rule="second", end=20)
    made("r/a", "data/raw", rule="first", of="k")
    record = found(run, "r/b")
    assert list(record["jobs"]) == ["first/k", "second"]
    first = record["jobs"]["first/k"]
    assert (first["script"], first["code"]) == ("scripts/first.py", CODE)
    assert (first["inputs"], first["outputs"]) == (["data/raw"], ["r/a"])
    assert first["start"] == "1970-01-01T00:00:06+00:00"
    assert record["inputs"]["data/raw"].startswith("ba7816bf8f01cfea4141")
    assert list(record["outputs"]) == ["r/a", "r/b"]
    assert record["others"] == []


def test_what_another_configuration_left_is_named_and_not_counted(run):
    made("r/a.png")
    made("r/a.pdf")  # drawn by the same job, and nobody's input
    made("r/old.csv", job=0)  # an output that the job no longer has
    made("r/gone/b", rule="other")
    (run / "stray").write_text("x")
    record = found(run, "r/a.png")
    assert list(record["outputs"]) == ["r/a.pdf", "r/a.png"]
    assert record["others"] == ["r/gone/b", "r/old.csv", "r/stray"]
    assert list(record["jobs"]) == ["step"]


def test_logs_and_what_is_written_about_a_run_are_none_of_its_files(run):
    made("r/a")
    for name in ("logs/step.log", "manifest.json", "workflow/Snakefile"):
        io.write_text("x", run / name)
    assert found(run, "r/a")["others"] == []


def test_a_result_whose_record_is_lost_is_a_result(run):
    io.write_text("x", run / "a")
    record = found(run, "r/a")
    assert (list(record["outputs"]), record["inputs"]) == (["r/a"], {})


def test_the_record_of_a_long_path_is_found(run):
    long = "r/" + "/".join(["a" * 100] * 5)
    made(long)
    assert manifest.record_of(long)["rule"] == "awd_step"


def test_seeds_are_those_that_the_jobs_had(run):
    own = provenance.derive_seed(7, "score")
    made("r/scores", rule="score", params=[own, own + 1])
    text = json.dumps({"lstm": {"seed": 12345, "device": "cpu"}})
    made("r/networks.json", rule="train", text=text)
    jobs = found(run, "r/scores", "r/networks.json")["jobs"]
    assert jobs["score"]["seeds"] == [own]
    assert jobs["train"]["seeds"] == [SEED]


def test_seconds_are_those_that_snakemake_measured(run):
    made("r/a", of="k")
    io.write_text("s\th:m:s\n1.25\t0:00:01\n", run / "benchmarks/step/k.tsv")
    assert found(run, "r/a")["jobs"]["step/k"]["seconds"] == 1.25


@pytest.mark.parametrize(
    ("devices", "label"),
    [
        (["cpu", "cpu"], "CPU only"),
        (["cpu", "NVIDIA H100"], "GPU"),
        (["mps"], "GPU"),
        ([], "no network"),
    ],
)
def test_what_only_a_cpu_computed_is_labelled_so(devices, label):
    assert manifest.device({"device": one} for one in devices)["label"] == label


def test_networks_name_their_device_in_the_manifest(run):
    for k, device in enumerate(["cpu", "cpu", "NVIDIA H100"]):
        text = json.dumps({"lstm": {"seed": k, "device": device}})
        made(f"r/{k}/networks.json", rule=f"train{k}", text=text)
    results = [f"r/{k}/networks.json" for k in range(3)]
    networks = found(run, *results, device="auto")["device"]
    assert networks["networks"] == {"NVIDIA H100": 1, "cpu": 2}
    assert (networks["asked"], networks["label"]) == ("auto", "GPU")


def test_versions_of_two_environments_stand_side_by_side():
    several = [{"numpy": "2.1", "torch": "2.5"}, {"numpy": "2.2"}]
    assert manifest._together(several) == {"numpy": "2.1, 2.2", "torch": "2.5"}


def test_a_large_file_is_hashed_without_being_held(tmp_path):
    path = tmp_path / "large"
    with open(path, "wb") as file:
        file.truncate(50_000_000)
    tracemalloc.start()
    (digest,) = manifest.checksums([path]).values()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert digest.startswith("ab46920a3b")
    assert peak < 5_000_000


def git(folder, *arguments):
    who = {
        f"GIT_{a}_{b}": "a@b"
        for a in ("AUTHOR", "COMMITTER")
        for b in ("NAME", "EMAIL")
    }
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(
        command, env=os.environ | who, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository of a script, its module and another script, each in a commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    files = {
        "scripts/awd/__init__.py": "",
        "scripts/awd/drawing.py": "",
        "scripts/plot.py": "from awd import drawing\n",
        "scripts/other.py": "",
    }
    for name, text in files.items():
        io.write_text(text, folder / name)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", name)
    return folder


def test_the_commit_of_some_files_is_the_last_that_changed_them(repository):
    plot = [repository / "scripts/plot.py"]
    assert manifest.commit(repository, plot) == git(repository, "rev-parse", "HEAD~1")
    assert manifest.commit(repository) == git(repository, "rev-parse", "HEAD")
    plot[0].write_text("edited = 1\n")
    assert manifest.commit(repository, plot).endswith("-dirty")
    assert manifest.commit(repository).endswith("-dirty")


def test_commit_of_no_checkout_is_unknown(tmp_path):
    assert manifest.commit(tmp_path) == "unknown"
    assert manifest.commit(tmp_path, [tmp_path]) == "unknown"


def test_a_figure_names_its_script_commit_and_log_while_its_code_is_there(
    run, repository
):
    scripts = repository / "scripts"
    now = provenance.code_digest(scripts / "plot.py", scripts / "awd")
    made("r/a.png", rule="plot", params=[now])
    (row,) = manifest.origins(["r/a.png", "r/none.png"], scripts)
    assert row == {
        "file": "r/a.png",
        "script": "scripts/plot.py",
        "code": now,
        "commit": git(repository, "rev-parse", "HEAD~1"),
        "log": "r/logs/plot.log",
    }
    (scripts / "awd/drawing.py").write_text("edited = 1\n")
    (row,) = manifest.origins(["r/a.png"], scripts)
    assert (row["commit"], row["code"]) == (manifest.OTHER_CODE, now)
