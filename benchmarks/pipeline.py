"""A whole run, planning and doing nothing again: what of it is computation.

.venv/bin/python benchmarks/pipeline.py --json pipeline.json

Works in a clone of the last commit in a temporary folder, with the environment of this
one; --quick runs config/smoke.yaml in place of the default.
"""

from __future__ import annotations

import collections
import contextlib
import csv
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import harness
import psutil
import yaml
from harness import Row, row

ROOT = Path(__file__).parents[1]
SHORT = ("NA", "-")  # in place of numbers, of a job that was not sampled
# One line an import, on stderr: microseconds of the module itself, of all it imports.
IMPORTED = re.compile(r"^import time:\s+(\d+) \|", re.MULTILINE)


def run(seed: int, quick: bool) -> list[Row]:
    """A run from nothing, and the same again with nothing to do."""
    name = "smoke" if quick else "default"
    with tempfile.TemporaryDirectory() as folder:
        clone = cloned(Path(folder))
        config = ["--configfile", f"config/{name}.yaml"]
        planned = snakemake(clone, *config, "--dry-run")
        whole = snakemake(clone, *config)
        again = snakemake(clone, *config)
        rules = cpu_by_rule(clone / f"results/{name}/benchmarks")
    # Snakemake's own imports are in its own time.
    imports = whole.imports - planned.imports
    overhead = whole.own + imports
    rows = [
        row(f"{name}_minutes", whole.wall / 60, "min", at_most=None if quick else 7),
        row("total_cpu_seconds", whole.cpu, "s"),
        row("snakemake_cpu_seconds", whole.own, "s", "its own process"),
        row("import_cpu_seconds", imports, "s", "imports of all jobs"),
        row("overhead_share", overhead / whole.cpu, "", at_most=0.2),
        row("noop_seconds", again.cpu, "s", "CPU", at_most=2),
    ]
    longest = sorted(rules.items(), key=lambda item: -item[1])[:8]
    return rows + [row(f"rule_{rule}", cpu, "s", "CPU") for rule, cpu in longest]


def planning(seed: int, quick: bool) -> list[Row]:
    """CPU of planning a run of about 1,000 jobs."""
    with tempfile.TemporaryDirectory() as folder:
        clone = cloned(Path(folder))
        config = yaml.safe_load((clone / "config/default.yaml").read_text())
        config["run"] = "thousand"
        config["maps"]["source"]["cosmologies"] = 600
        config["cells"]["source"]["cells"] = 80
        (clone / "config/thousand.yaml").write_text(yaml.safe_dump(config))
        command = ["--configfile", "config/thousand.yaml", "--dry-run"]
        snakemake(clone, *command)
        planned = snakemake(clone, *command)
    jobs = int(re.findall(r"^total\s+(\d+)", planned.said, re.MULTILINE)[-1])
    return [
        row("planned_jobs", jobs, ""),
        row("plan_1000_seconds", planned.cpu * 1000 / jobs, "s", "CPU", at_most=3),
    ]


def cloned(folder: Path) -> Path:
    """A clone of the last commit, with this environment."""
    clone = folder / "awd"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    (clone / ".venv").symlink_to((ROOT / ".venv").resolve())
    return clone


class Run(NamedTuple):
    """What a run of Snakemake cost, in seconds."""

    wall: float
    cpu: float  # with all jobs
    own: float  # of Snakemake's own process
    imports: float  # of all processes
    said: str


def snakemake(folder: Path, *arguments: str) -> Run:
    """Run Snakemake in a folder; importing is said by every Python process."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    log = folder / "said.txt"
    start, before = time.perf_counter(), cpu_of_children()
    with log.open("w") as stream:
        process = psutil.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        own = 0.0
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):  # it has just ended
                used = process.cpu_times()
                own = used.user + used.system
            time.sleep(0.05)
    said = log.read_text(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{said[-3000:]}")
    wall, cpu = time.perf_counter() - start, cpu_of_children() - before
    imports = sum(map(int, IMPORTED.findall(said))) / 1e6
    return Run(wall, cpu, own, imports, said)


def cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu_by_rule(benchmarks: Path) -> dict[str, float]:
    """CPU seconds of the jobs of every rule."""
    seconds: dict[str, float] = collections.Counter()
    for rule, used, _ in jobs_of(benchmarks):
        seconds[rule] += used
    return seconds


def jobs_of(benchmarks: Path) -> Iterator[tuple[str, float, float]]:
    """Rule, CPU seconds and peak memory (MB) of every job, as Snakemake measured them.

    Both are 0 of a job that was shorter than its sampling.
    """
    for path in sorted(benchmarks.rglob("*.tsv")):
        rule = path.relative_to(benchmarks).parts[0].removesuffix(".tsv")
        with path.open() as file:
            for line in csv.DictReader(file, delimiter="\t"):
                found = (line["cpu_time"], line["max_rss"])
                seconds, megabytes = (
                    float(v) if v not in SHORT else 0.0 for v in found
                )
                yield rule, seconds, megabytes


PARTS = [planning, run]

if __name__ == "__main__":
    harness.main(PARTS, __doc__)
