"""What a run says about itself holds: manifest, crate, report, archive."""

import re
import subprocess
import tarfile

import pytest

from awd import io

pytestmark = pytest.mark.slow

RUN = "results/micro"
ABOUT = {"write_manifest", "write_crate"}


@pytest.fixture(scope="module")
def record(finished):
    return io.read_json(finished.folder / RUN / "manifest.json")


def test_every_job_is_in_the_manifest_with_all_that_it_made(finished, record):
    benchmarks = finished.folder / RUN / "benchmarks"
    ran = {
        path.relative_to(benchmarks).with_suffix("").as_posix()
        for path in benchmarks.rglob("*.tsv")
    }
    assert set(record["jobs"]) == ran - ABOUT
    made = [path for job in record["jobs"].values() for path in job["outputs"]]
    assert sorted(made) == list(record["outputs"])
    assert (record["others"], record["inputs"]) == ([], {})


def test_every_job_has_its_code_times_and_seeds(finished, record):
    for name, job in record["jobs"].items():
        assert re.fullmatch("[0-9a-f]{16}", job["code"]), name
        assert (finished.folder / job["script"]).is_file(), name
        assert (finished.folder / job["log"]).is_file(), name
        assert job["start"] <= job["end"], name
        assert job["seconds"] >= 0, name
    for rule in (
        "simulate_movie/cell1",
        "train_teacher/maps-0-omega_m-0",
        "score_methods",
    ):
        assert record["jobs"][rule]["seeds"], rule


def test_the_manifest_names_what_computed(record):
    assert record["environment"] in ("venv", "system", "conda")
    assert set(record["versions"]) >= {"python", "snakemake", "torch", "numpy"}
    assert sum(record["device"]["networks"].values()) == 20
    assert record["device"]["label"] in ("CPU only", "GPU")


def test_the_crate_holds_every_file_that_it_names(finished):
    from rocrate.rocrate import ROCrate

    crate = ROCrate(finished.folder / RUN)
    assert crate.mainEntity.id == "workflow/Snakefile"
    for entity in crate.data_entities:
        assert (finished.folder / RUN / entity.id).exists(), entity.id


def test_the_code_and_the_settings_in_the_crate_are_those_of_the_run(finished):
    """Rules, scripts and settings of the copy ask for nothing that is not there."""
    copied = f"{RUN}/workflow"
    again = finished.snakemake(
        "-n", "-s", f"{copied}/Snakefile", config=f"{copied}/config.yaml"
    )
    assert "Nothing to be done" in again


def test_the_report_ties_every_figure_and_table_to_its_script_and_log(finished, record):
    page = (finished.folder / RUN / "report.html").read_text()
    table = page.partition("The script, the commit and the log of every figure")[2]
    table = table.partition("</details>")[0]
    shown = [p for p in record["jobs"]["report"]["inputs"] if not p.endswith(".json")]
    assert len(shown) > 35
    assert table.count("<tr>") == len(shown) + 1
    for job in record["jobs"].values():
        for path in {*job["outputs"]} & {*shown}:
            row = table.partition(f">{path}<")[2].partition("</tr>")[0]
            for text in (job["script"], job["code"], job["log"]):
                assert f">{text}<" in row, path
    for name, count in record["device"]["networks"].items():
        assert f"{count} trained on {name}" in page


# Snakemake asks conda for the packages of every rule that it archives. This one has
# none: what is tested is the code in the archive, not its environments.
CONDA = """#!/bin/sh
case "$1 $2" in
    "info --json") echo '{"conda_prefix": "/none", "platform": "linux-64"}' ;;
    "--version ") echo "conda 25.1.0" ;;
    "config --get") echo '{"get": {"channel_priority": "strict"}}' ;;
    "env create") while [ "$1" != --prefix ]; do shift; done; mkdir -p "$2" ;;
esac
"""


def jobs_of(printed):
    return re.search(r"^total +(\d+)", printed, re.MULTILINE)[1]


def test_an_archive_made_in_a_clone_plans_the_same_run(
    checkout, finished, tmp_path_factory
):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=checkout.folder, check=True)
    place = tmp_path_factory.mktemp("archive")
    stand_in = place / "bin/conda"
    io.write_text(CONDA, stand_in)
    stand_in.chmod(0o755)
    archive = place / "awd.tar.gz"
    checkout.snakemake("--archive", str(archive), path=str(stand_in.parent))
    with tarfile.open(archive) as packed:
        packed.extractall(place / "unpacked", filter="data")
    planned = checkout.snakemake("-n", folder=place / "unpacked")
    assert jobs_of(planned) == jobs_of(finished.printed)
