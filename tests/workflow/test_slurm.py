"""The workflow on a real Slurm, with three nodes of which one has a (pretend) GPU."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from awd import io

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/slurm/cluster.sh"
GPU_RULES = {"train_teacher", "ask_teacher"}
RULES = {"simulate_movie", "track_movie", "assemble_dataset", "split_dataset"}
CACHE = "results/micro/cells/split0/sig_mean/seed0/outputs.nc"

needs_slurm = pytest.mark.skipif(
    os.geteuid() != 0 or not (shutil.which("slurmctld") and shutil.which("munged")),
    reason="needs root, and Debian's slurm-wlm and munge",
)
pytestmark = [pytest.mark.slow, pytest.mark.slurm]


class Cluster:
    """Slurm on this machine; `tests/slurm/cluster.sh` says how."""

    def __init__(self, folder: Path):
        self.folder = folder
        # It lives as long as its command: `cat`, which ends with this process.
        self.process = subprocess.Popen(
            [SCRIPT, folder / "slurm", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        print("up", file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "up\n", "the cluster did not start"
        # The login node seems to have a GPU, as the rules look for one.
        (folder / "bin").mkdir()
        (folder / "bin/nvidia-smi").touch(0o755)

    def start(self, *command, folder="/", **options) -> subprocess.Popen:
        """Start a command on the login node."""
        space = Path("/proc", str(self.process.pid), "ns")
        enter = ["nsenter", f"--mount={space}/mnt", f"--net={space}/net"]
        enter += [f"--pid={space}/pid_for_children", f"--wd={folder}"]
        return subprocess.Popen([*enter, *command], text=True, **options)

    def run(self, *command) -> str:
        """What a command prints."""
        process = self.start(*command, stdout=subprocess.PIPE)
        printed, _ = process.communicate()
        assert process.returncode == 0, printed
        return printed

    def snakemake(self, checkout, *arguments, config="tests/micro.yaml"):
        """Start a run with the profile; what it prints goes to ``slurm.txt``."""
        command = [sys.executable, "-m", "snakemake", "--nocolor"]
        command += ["--workflow-profile", "profiles/slurm"]
        # There is no accounting here; and a test does not wait as long as a user.
        command += ["--slurm-status-command", "squeue"]
        command += ["--slurm-init-seconds-before-status-checks", "2"]
        return self.start(
            *command,
            *arguments,
            "--configfile",
            config,
            folder=checkout.folder,
            env=os.environ
            | {
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "XDG_CACHE_HOME": str(checkout.folder / ".cache"),
                "MPLBACKEND": "agg",
            },
            stdout=(self.folder / "slurm.txt").open("w"),
            stderr=subprocess.STDOUT,
        )

    def jobs(self, rule=None) -> list[dict]:
        """Slurm's records of the jobs (of a rule), in the order they were submitted."""
        found = []
        for line in self.run("scontrol", "--oneliner", "show", "job").splitlines():
            record = dict(re.findall(r"(\S+?)=(\S*)", line))
            name = re.fullmatch(r"rule_(\w+?)(_wildcards_.*)?", record["Comment"])[1]
            if rule in (None, name):
                found.append(record | {"rule": name})
        return sorted(found, key=lambda record: int(record["JobId"]))

    def cut_power(self, node):
        """Kill all processes of a node at once."""
        first = (self.folder / "slurm/run" / node).read_text().strip()
        self.run("kill", "-9", first)

    def stop(self):
        """Take it down; every process of it is gone afterwards."""
        self.process.stdin.close()
        self.process.wait()
        left = subprocess.run(["pgrep", "-af", self.folder], stdout=subprocess.PIPE)
        assert not left.stdout


@pytest.fixture
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


def until(condition, run):
    """Wait for something that becomes true while a run goes on."""
    while not condition():
        assert run.poll() is None, "the run ended before"
        time.sleep(0.2)


def assert_same_arrays(path, other):
    here, there = io.read(path).variables, io.read(other).variables
    assert set(here) == set(there)
    for name, variable in here.items():
        np.testing.assert_array_equal(there[name].values, variable.values, f"{other}")


@needs_slurm
def test_jobs_run_where_they_belong_and_a_cancelled_one_is_retried_with_more_memory(
    cluster, checkout, finished
):
    checkout.take(finished, "cells/tracks")
    run = cluster.snakemake(checkout, CACHE)
    log = checkout.folder / "results/micro/logs/train_teacher/cells-0-sig_mean-0.log"
    until(log.exists, run)
    cluster.run("scancel", cluster.jobs("train_teacher")[0]["JobId"])
    assert run.wait() == 0, (cluster.folder / "slurm.txt").read_text()

    jobs = cluster.jobs()
    assert {job["rule"] for job in jobs} == RULES | GPU_RULES
    for job in jobs:
        gpu = job["rule"] in GPU_RULES
        assert job["Partition"] == ("gpu" if gpu else "cpu")
        assert job["NodeList"] in (["g1"] if gpu else ["n1", "n2"])
        assert job.get("TresPerJob") == ("gres:gpu:1" if gpu else None)
    first, second = cluster.jobs("train_teacher")
    assert (first["JobState"], second["JobState"]) == ("CANCELLED", "COMPLETED")
    assert int(second["MinMemoryNode"][:-1]) == 2 * int(first["MinMemoryNode"][:-1])

    assert_same_arrays(finished.folder / CACHE, checkout.folder / CACHE)
    # What a job asks for is no reason to run it again.
    assert "Nothing to be done" in checkout.snakemake("-n", CACHE)


def test_every_rule_that_runs_a_network_asks_for_a_gpu():
    for path in (ROOT / "rules").glob("*.smk"):
        for rule in re.split(r"\n *use rule job as ", path.read_text())[1:]:
            runs_one = "device=settings.device" in rule
            assert ("gpu=GPU" in rule) == runs_one, f"{path.name}: {rule[:20]}"


@needs_slurm
@pytest.mark.reliability
@pytest.mark.timeout(3600)
def test_nothing_is_lost_when_a_node_dies(cluster, checkout):
    """The whole smoke run; its jobs go on elsewhere and the results are the same."""
    smoke = "config/smoke.yaml"
    logs = checkout.folder / "results/smoke/logs/make_bank"
    run = cluster.snakemake(checkout, config=smoke)
    until(lambda: list(logs.glob("*.log")), run)
    until(lambda: running_on(cluster, "n1"), run)
    cluster.cut_power("n1")
    assert run.wait() == 0, (cluster.folder / "slurm.txt").read_text()

    restarted = [job for job in cluster.jobs() if job["Restarts"] != "0"]
    assert restarted
    assert {job["NodeList"] for job in restarted} == {"n2"}
    assert "Nothing to be done" in checkout.snakemake("-n", config=smoke)

    checkout.snakemake("--directory", "local", config=smoke)
    here, there = (checkout.folder / d / "results/smoke" for d in ("local", "."))
    for name in ("scores.csv", "differences.csv", "groups.csv", "maps/cosmology.csv"):
        assert (there / name).read_bytes() == (here / name).read_bytes(), name
    for path in here.rglob("*.nc"):
        assert_same_arrays(path, there / path.relative_to(here))


def running_on(cluster, node):
    """Jobs on a node that have begun their work: Snakemake itself starts in seconds."""
    return [
        job
        for job in cluster.jobs()
        if (job["JobState"], job["NodeList"]) == ("RUNNING", node)
        and job["RunTime"] >= "00:00:06"
    ]
