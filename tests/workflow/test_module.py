"""The pipeline as a part of another workflow, in another directory."""

import re
import subprocess

import pytest
import yaml

from awd import io

pytestmark = pytest.mark.slow

WORKFLOW = """
rule mine:
    input: "{prefix}results/micro/report.html"
    output: "mine.txt"
    shell: "cp {{input}} {{output}}"

module awd:
    snakefile: "{checkout}/Snakefile"
    config: config["awd"]
    {clause}

use rule * from awd as awd_*
"""


def embed(checkout, folder, clause="", prefix="", **changed):
    """A workflow of a user with a rule of its own, and its configuration."""
    text = WORKFLOW.format(checkout=checkout.folder, clause=clause, prefix=prefix)
    io.write_text(text, folder / "Snakefile")
    micro = yaml.safe_load((checkout.folder / "tests/micro.yaml").read_text())
    own = yaml.safe_dump({"awd": micro | changed})
    io.write_text(own, folder / "config.yaml")
    return lambda *arguments, **how: checkout.snakemake(
        *arguments, config="config.yaml", folder=folder, **how
    )


def rules_of(printed):
    """Rules that a dry run counts."""
    return set(re.findall(r"^(\w+) +\d+$", printed, re.MULTILINE))


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("user")


def test_a_users_own_rule_stays_the_default_and_gets_its_report(checkout, folder):
    run = embed(checkout, folder)
    planned = rules_of(run("-n"))
    assert {"mine", "awd_report", "awd_train_teacher"} <= planned
    assert not {"awd_write_manifest", "awd_all"} & planned
    assert {"awd_all", "awd_write_crate"} <= rules_of(run("-n", "awd_all"))


def test_a_part_of_it_runs_under_a_prefix(checkout, finished, folder):
    """From movies to a figure of them, and the manifest of what led to it."""
    run = embed(checkout, folder, 'prefix: "sub"', "sub/", maps=None)
    checkout.take(finished, "cells/movies", "cells/tracks", folder=folder / "sub")
    figure = "sub/results/micro/figures/cells/tracking.png"
    run(figure, "sub/results/micro/cells/split0/samples.nc")
    assert (folder / figure).stat().st_size > 0
    data = io.read(folder / "sub/results/micro/cells/split0/samples.nc")
    assert "awd_split_dataset" in data.attrs["provenance"]
    assert "Nothing to be done" in run("-n", figure)


@pytest.mark.parametrize("prefix", ["", "sub/"])
def test_a_users_files_stand_where_they_are_named(checkout, folder, prefix):
    files = {f"cell{k}": f"data/{k}.csv" for k in range(4)}
    for path in files.values():
        io.write_text("particle,frame,x,y,mass,burst\n0,1,2,3,4,5\n", folder / path)
    source = {"kind": "csv", "files": files, "interval_s": 1.0, "pixel_nm": 80}
    source["columns"] = {"slave": "burst"}
    cells = {"source": source, "targets": ["half"], "tiles": 2}
    cells["distil"] = {"folds": 2}
    cells["teacher"] = {"folds": 2}
    clause = f'prefix: "{prefix}"' if prefix else ""
    run = embed(checkout, folder, clause, prefix, maps=None, cells=cells)
    assert "awd_read_tracks" in rules_of(run("-n"))
    (folder / "data/3.csv").unlink()
    printed = run("-n", ok=False)
    assert "put or link them there" in printed
    assert "data/3.csv" in printed


def test_a_mistake_names_the_module(checkout, folder):
    printed = embed(checkout, folder, sed=5)("-n", ok=False)
    assert "the config of module awd has 1 problem" in printed
    assert "did you mean 'seed'?" in printed


def test_a_module_without_a_configuration_reads_the_default(checkout, folder):
    run = embed(checkout, folder)
    text = (folder / "Snakefile").read_text().replace("micro", "default")
    io.write_text(text.replace('    config: config["awd"]\n', ""), folder / "Snakefile")
    assert "awd_train_teacher" in rules_of(run("-n"))


def test_the_snakefile_runs_from_anywhere_into_anywhere(checkout, folder):
    arguments = ("-n", "-s", f"{checkout.folder}/Snakefile", "--directory", "there")
    config = f"{checkout.folder}/tests/micro.yaml"
    printed = checkout.snakemake(*arguments, config=config, folder=folder)
    assert "write_crate" in rules_of(printed)
    assert f"Working directory: {folder / 'there'}" in printed


def test_it_is_a_module_from_github(checkout, folder, monkeypatch):
    """No file of it is in the user's folder; git finds its repository on disk."""
    git = ["git", "-C", checkout.folder, "-c", "user.name=a", "-c", "user.email=a"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *arguments], check=True)
    commit = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    for name, value in (
        ("COUNT", "1"),
        ("KEY_0", f"url.file://{checkout.folder}.insteadOf"),
        ("VALUE_0", "https://github.com/owner/name"),
    ):
        monkeypatch.setitem(checkout.environment, f"GIT_CONFIG_{name}", value)
    run = embed(checkout, folder)
    text = (folder / "Snakefile").read_text()
    where = f'github("owner/name", path="Snakefile", commit="{commit}")'
    text = text.replace(f'"{checkout.folder}/Snakefile"', where)
    io.write_text(text, folder / "Snakefile")
    assert {"awd_train_teacher", "awd_report"} <= rules_of(run("-n"))
    run("results/micro/power/dataset.nc")
    assert io.read(folder / "results/micro/power/dataset.nc").sizes["sample"] > 9
