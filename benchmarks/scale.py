"""How every rule grows, and what a large run would need: writes docs/scale.md.

.venv/bin/python benchmarks/scale.py docs/scale.md --sizes 1 4 16

Runs a small configuration again and again, each time with more of one thing: cells,
cosmologies, pixels of a map, samples of a study of one's own. CPU time and peak memory
of every rule are what Snakemake measured. From the growth over the last two sizes
follows what is written of a survey and of a screen: an order of magnitude.
"""

from __future__ import annotations

import argparse
import math
import platform
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline
import yaml

Config = dict[str, Any]
NODES, CORES = 1000, 16  # of the cluster that large runs are thought to be on
FLOOR = 1.0  # s of CPU: of less, most is the start of a process
MOVIES, MAPS = 100_000, 1_000_000
SAMPLES = '''"""Made-up signals of a study of one's own, as many as one likes."""

import numpy as np


def walks(count):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 128)).cumsum(1).astype(np.float32)
    return {"x": x, "y": x.max(1), "group": np.arange(count) % 100}
'''
QUICK = {"teacher": {"epochs": 5, "folds": 2}}
SEARCH = {"lengths": [4, 6], "levels": [3], "folds": 2, "candidates": 20}


def cells(times: int) -> Config:
    source = {
        "kind": "simulated_movies",
        "cells": 4 * times,
        "frames": 150,
        "size": 144,
    }
    distil = {**SEARCH, "attribution": {"length": 4, "levels": 3, "ratios": [1]}}
    splits = {"rotations": 1, "test": 0.25, "select": 0.25}
    about = {"source": source, "targets": ["sig_mean"], "splits": splits}
    return {"cells": {**about, "distil": distil, **QUICK}}


def cosmologies(times: int, pixels: int = 32) -> Config:
    source = {"kind": "simulated", "cosmologies": 6 * times, "maps": 16}
    source |= {"pixels": pixels, "particles": 32}
    distil = {"families": ["symmetric"], "candidates": 8, "train": 60, "select": 16}
    teacher = {"width": 4, "epochs": 3}
    return {"maps": {"source": source, "teacher": teacher, "distil": distil}}


def pixels(times: int) -> Config:
    return cosmologies(1, pixels=32 * math.isqrt(times))


def samples(times: int) -> Config:
    taken = {"kind": "function", "function": "scale_samples.py:walks"}
    taken["arguments"] = {"count": 1000 * times}
    about = {"samples": taken, "targets": {"highest": 0}, "splits": {"rotations": 1}}
    distil = {**SEARCH, "objectives": ["output"]}
    return {"own": {"walks": {**about, "distil": distil, **QUICK}}}


# What grows, what 1 time is of it, and the configuration of so many times.
GROWN: dict[str, tuple[str, Callable[[int], Config]]] = {
    "cells": ("4 movies of 150 frames of 144 x 144 pixels", cells),
    "cosmologies": ("6 cosmologies, 16 maps of 32 x 32 pixels of each", cosmologies),
    "pixels": ("32 x 32 pixels, 6 cosmologies of 16 maps", pixels),
    "samples": ("1,000 signals of 128 values", samples),
}


@dataclass
class Rule:
    """What all jobs of a rule took, by how many times there was more of something."""

    jobs: dict[int, int]
    seconds: dict[int, float]  # of CPU, of all jobs
    megabytes: dict[int, float]  # of the largest job

    def growth(self, of: dict[int, float]) -> float:
        """Exponent between the last two sizes; NaN where one of them is missing."""
        if len(of) < 2:
            return math.nan
        before, last = sorted(of)[-2:]
        if min(of[before], of[last]) <= 0:
            return math.nan
        return math.log(of[last] / of[before]) / math.log(last / before)

    def at(self, of: dict[int, float], times: float) -> float:
        """What it would be, by the growth over the last two sizes."""
        growth, last = self.growth(of), max(of)
        # What was there once, or shrank, is taken to stay.
        return of[last] * (times / last) ** (growth if growth > 0 else 0)


def measured(make: Callable[[int], Config], sizes: Sequence[int]) -> dict[str, Rule]:
    """All rules of runs of some sizes."""
    rules: dict[str, Rule] = defaultdict(lambda: Rule({}, {}, {}))
    with tempfile.TemporaryDirectory() as folder:
        clone = pipeline.cloned(Path(folder))
        (clone / "scale_samples.py").write_text(SAMPLES)
        for times in sizes:
            config = {"run": f"x{times}", **make(times), "evaluation": {"draws": 200}}
            file = clone / "config" / f"x{times}.yaml"
            file.write_text(yaml.safe_dump(config))
            pipeline.snakemake(clone, "--configfile", str(file))
            collect(clone / f"results/x{times}/benchmarks", times, rules)
    return dict(rules)


def collect(benchmarks: Path, times: int, rules: dict[str, Rule]) -> None:
    for name, seconds, megabytes in pipeline.jobs_of(benchmarks):
        rule = rules[name]
        rule.jobs[times] = rule.jobs.get(times, 0) + 1
        rule.seconds[times] = rule.seconds.get(times, 0.0) + seconds
        rule.megabytes[times] = max(rule.megabytes.get(times, 0.0), megabytes)


def table(rules: dict[str, Rule], sizes: Sequence[int]) -> str:
    """Rows of the rules that take longest, and of all others together."""
    last = sizes[-1]
    order = sorted(rules, key=lambda name: -rules[name].seconds.get(last, 0))
    heads = [
        "rule",
        f"jobs at {last}x",
        *(f"s at {k}x" for k in sizes),
        "time grows as",
    ]
    heads += [*(f"MB at {k}x" for k in sizes), "memory grows as"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for name in order:
        rule = rules[name]
        if rule.seconds.get(last, 0) < FLOOR:
            continue
        row = [f"`{name}`", f"{rule.jobs.get(last, 0)}"]
        row += [f"{rule.seconds.get(k, 0):.3g}" for k in sizes]
        row += [power(rule.growth(rule.seconds))]
        row += [f"{rule.megabytes.get(k, 0):.0f}" for k in sizes]
        row += [power(rule.growth(rule.megabytes))]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def power(exponent: float) -> str:
    return "–" if exponent != exponent else f"n^{exponent:.2f}"


def large(rules: dict[str, Rule], sizes: Sequence[int], times: float) -> str:
    """What a run so many times as large would need, and which rule takes longest."""
    last = sizes[-1]
    hours, most = {}, {}
    in_all = 0.0
    for name, rule in rules.items():
        several = rule.jobs.get(last, 0) > rule.jobs.get(sizes[0], 0)
        seconds = rule.at(rule.seconds, times)
        jobs = rule.jobs.get(last, 0) * (times / last if several else 1)
        in_all += seconds
        hours[name] = seconds / 3600 / max(1, min(jobs, NODES * CORES))
        most[name] = rule.at(rule.megabytes, times) / 1024
    slowest = sorted(hours, key=lambda name: -hours[name])[:3]
    largest = sorted(most, key=lambda name: -most[name])[:3]
    return (
        f"{in_all / 3600:,.0f} hours of CPU. Longest on {NODES:,} nodes of {CORES} "
        "cores: "
        + ", ".join(f"`{name}` {hours[name]:,.1f} h" for name in slowest)
        + ". Most memory of a job: "
        + ", ".join(f"`{name}` {most[name]:,.0f} GB" for name in largest)
        + "."
    )


def plans() -> str:
    """Seconds of CPU in which Snakemake plans runs of more and more jobs."""
    lines = ["| jobs | seconds of CPU | per 1,000 jobs |", "|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as folder:
        clone = pipeline.cloned(Path(folder))
        for count in (100, 300, 900):
            config = cosmologies(1)
            config["maps"]["source"]["cosmologies"] = count
            file = clone / "config" / f"plan{count}.yaml"
            file.write_text(yaml.safe_dump({"run": f"plan{count}", **config}))
            planned = pipeline.snakemake(
                clone, "--configfile", str(file), "--dry-run", "--quiet", "rules"
            )
            jobs = int(re.findall(r"^total\s+(\d+)", planned.said, re.MULTILINE)[-1])
            share = 1000 * planned.cpu / jobs
            lines.append(f"| {jobs:,} | {planned.cpu:.1f} | {share:.1f} |")
    return "\n".join(lines)


def page(found: dict[str, dict[str, Rule]], sizes: Sequence[int], planned: str) -> str:
    head = (
        "# How it grows\n\n"
        "CPU time and peak memory of every rule as runs grow, measured by "
        f"`benchmarks/scale.py` ({platform.machine()}, one thread a job, Python "
        f"{platform.python_version()}). Times are of all jobs of a rule; of each about "
        "two seconds are the start of Python and its imports, which do not grow. "
        "n^1.00 grows as the data do. Rules below one second are left out.\n"
    )
    parts = [
        f"## {name.capitalize()}\n\n1x is {GROWN[name][0]}.\n\n{table(rules, sizes)}\n"
        for name, rules in found.items()
    ]
    parts.append(
        "## Planning\n\nBefore the first job Snakemake plans all of them.\n\n"
        f"{planned}\n"
    )
    parts.append("## A large survey, a large screen\n\n" + estimates(found, sizes))
    return "\n".join([head, *parts])


def estimates(found: dict[str, dict[str, Rule]], sizes: Sequence[int]) -> str:
    said = [
        "From the growth over the last two sizes, on the small maps and movies of the "
        "tables above; larger ones cost more by the growth with pixels.\n"
    ]
    for name, what, times in (
        ("cosmologies", f"{MAPS:,} maps", MAPS / 96),
        ("cells", f"{MOVIES:,} movies", MOVIES / 4),
    ):
        if name in found:
            said.append(f"- **{what}**: {large(found[name], sizes, times)}")
    return "\n".join(said) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--only", nargs="+", choices=list(GROWN), default=list(GROWN))
    options = parser.parse_args()
    planned, found = plans(), {}
    for name in options.only:
        found[name] = measured(GROWN[name][1], options.sizes)
        options.page.write_text(page(found, options.sizes, planned), encoding="utf-8")


if __name__ == "__main__":
    main()
