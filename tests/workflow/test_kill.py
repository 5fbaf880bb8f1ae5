"""Runs killed at any moment and run again: as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest
import tifffile
import yaml

from awd import io
from awd.record import checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.kills]

# Where measured times stand.
TIMED = {
    "timings.csv",
    "manifest.json",
    "report.html",
    "tracks.html",
    "ro-crate-metadata.json",
}
TIMED |= {
    f"table_{name}.{kind}"
    for name in ("cells", "maps", "power")
    for kind in ("csv", "md", "tex")
}


def files(run):
    """All files of a run but logs, benchmarks and checksums, hidden ones too."""
    return {
        path.relative_to(run).as_posix(): path
        for path in run.rglob("*")
        if path.is_file()
        and path.suffix != ".sha256"
        and path.relative_to(run).parts[0] not in ("logs", "benchmarks")
    }


def same(one, other):
    """Byte by byte, or at least value by value where a library stamps its files."""
    if one.read_bytes() == other.read_bytes():
        return True
    if one.suffix == ".tif":
        return np.array_equal(*map(tifffile.imread, (one, other)))
    return one.suffix == ".nc" and io.read(one).identical(io.read(other))


def differing(whole, other):
    """Files of ``other`` that are not as in the uninterrupted run."""
    whole, other = files(whole), files(other)
    common = other.keys() & whole.keys()
    return [
        name
        for name in sorted(common)
        if name.rpartition("/")[2] not in TIMED and not same(whole[name], other[name])
    ]


def kill(run, folder, by=signal.SIGKILL):
    """A signal to the process group; returns when nothing of the run is left."""
    os.killpg(run.pid, by)
    run.wait()
    for _ in range(100):
        if not alive(folder):
            return
        time.sleep(0.1)
    raise AssertionError(f"still alive: {alive(folder)}")


def alive(folder):
    """Processes that work in a checkout."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                found.append(process)
        except psutil.Error:  # ended, or another user's
            continue
    return found


def run_and_kill(checkout, jobs, seconds, *arguments, **how):
    """Whether the run was killed: some seconds after so many of its jobs had ended."""
    printed = checkout.folder / "printed.txt"
    with open(printed, "w") as file:
        how |= {"start_new_session": True, "stdout": file}
        run = checkout.start(*arguments, **how)
    while run.poll() is None and ended(checkout) < jobs:
        time.sleep(0.05)
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        kill(run, checkout.folder)
        return True
    assert run.returncode == 0, printed.read_text()
    return False


def ended(checkout):
    """How many jobs have ended: each leaves a benchmark."""
    return len([*(checkout.folder / "results/micro/benchmarks").rglob("*.tsv")])


def assert_whole(finished, checkout):
    """The run is complete, as the uninterrupted one, and nothing else is there."""
    run = "results/micro"
    whole, other = finished.folder / run, checkout.folder / run
    assert files(other).keys() == files(whole).keys()
    assert differing(whole, other) == []
    assert not [*other.rglob("*.checkpoint")]
    assert "Nothing to be done" in checkout.snakemake("-n")


def test_a_run_killed_again_and_again_ends_as_the_uninterrupted(
    finished, checkout, monkeypatch
):
    """Kills all along one run, so that every rerun finds the remains of another."""
    monkeypatch.setitem(checkout.environment, checkpoint.SECONDS, "0")
    checkout.take(finished)
    chance, jobs, run = random.Random(9), ended(finished), "results/micro"
    for share in (0.2, 0.6):
        assert run_and_kill(checkout, share * jobs, chance.uniform(0, 4))
        # What is there under its own name is finished, whatever was being written.
        assert differing(finished.folder / run, checkout.folder / run) == []
    checkout.snakemake()
    assert_whole(finished, checkout)


@pytest.mark.reliability
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", range(20))
def test_a_run_killed_at_a_random_moment_ends_as_the_uninterrupted(
    finished, checkout, number
):
    chance, run = random.Random(number), "results/micro"
    jobs, seconds = chance.randrange(ended(finished)), chance.uniform(0, 4)
    print(f"killed {seconds:.1f} s after {jobs} jobs")
    run_and_kill(checkout, jobs, seconds)
    assert differing(finished.folder / run, checkout.folder / run) == []
    checkout.snakemake()
    assert_whole(finished, checkout)


def test_a_run_beside_a_living_one_is_refused(checkout):
    """Only what a dead run locked is unlocked."""
    locks = checkout.folder / ".snakemake/locks"
    how = {"stdout": subprocess.DEVNULL, "start_new_session": True}
    first = checkout.start(**how)
    while first.poll() is None and len([*locks.glob("*.lock")]) < 2:
        time.sleep(0.1)
    try:
        assert "cannot be locked" in checkout.snakemake(ok=False)
        assert len([*locks.glob("*.lock")]) == 2
    finally:
        kill(first, checkout.folder)


SEED = "results/long/cells/split0/sig_mean/seed0"
LOG = "results/long/logs/train_teacher/cells-0-sig_mean-0.log"
TEACHER = f"{SEED}/networks.safetensors"


def test_a_killed_training_job_goes_on_where_it_was(checkout, monkeypatch):
    """The last epoch that was saved is the first that is not trained again."""
    made = yaml.safe_load((checkout.folder / "tests/micro.yaml").read_text())
    made |= {"run": "long", "maps": None, "own": {}}
    made["cells"]["source"] = {"kind": "simulate", "cells": 4, "tracks": 200}
    teacher = {"kinds": ["lstm"], "epochs": 500, "patience": 500, "folds": 2}
    made["cells"]["teacher"] = teacher
    (checkout.folder / "long.yaml").write_text(yaml.safe_dump(made))
    checkout.snakemake(TEACHER, config="long.yaml")
    whole = checkout.folder / "whole"
    run = checkout.folder / "results/long"
    shutil.copytree(run, whole)
    shutil.rmtree(run / "cells/split0/sig_mean")

    monkeypatch.setitem(checkout.environment, checkpoint.SECONDS, "0")
    how = {"config": "long.yaml", "start_new_session": True}
    place, epoch = (checkout.folder / LOG).with_suffix(".checkpoint"), 0
    # A terminal that closes, a cluster's time limit, Ctrl-C, and what leaves no time.
    for by in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        process = checkout.start(TEACHER, stdout=subprocess.DEVNULL, **how)
        while process.poll() is None and saved_epoch(place) <= epoch:
            time.sleep(0.01)
        kill(process, checkout.folder, by)
        assert process.returncode != 0, by
        assert not (checkout.folder / TEACHER).exists(), by
        epoch, before = saved_epoch(place), epoch
        assert before < epoch < 500, by

    checkout.snakemake(TEACHER, config="long.yaml")
    assert f"lstm: resumed at epoch {epoch}" in (checkout.folder / LOG).read_text()
    assert files(run).keys() == files(whole).keys()
    assert differing(whole, run) == []
    assert not place.exists()


def saved_epoch(place):
    """What the checkpoint says, read as any other program would; 0 without one."""
    import json

    from safetensors import safe_open

    for path in place.rglob("lstm/state.safetensors"):
        with safe_open(path, "np") as file:
            return json.loads(file.metadata()["record"])["epoch"]
    return 0
