"""What a run consists of: its jobs, files and hashes, versions, seeds and devices.

Snakemake keeps a record of every file that a job of its made
(``.snakemake/metadata``). From the results these records lead back, job by job, to
what was brought from outside; so a manifest lists what the results were made of, and
names what else lies in the folder, left there by another configuration.
"""

from __future__ import annotations

import base64
import datetime
import importlib.metadata
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awd import integrity, io
from awd.errors import DataError
from awd.log import log
from awd.record import provenance

RECORDS = Path(".snakemake/metadata")
# What a run leaves beside its results: on them, not of them.
APART = {"logs", "benchmarks", "workflow", "snakemake.html"}
APART |= {"manifest.json", "ro-crate-metadata.json"}


@dataclass
class JobRecord:
    """A job as Snakemake recorded it; times are seconds since 1970.

    ``numbers`` are the whole numbers among its parameters, whose names are not kept.
    """

    rule: str
    script: str
    step: str
    code: str
    log: str
    start: float
    end: float
    numbers: set[int]
    inputs: list[str]
    outputs: list[str] = field(default_factory=list)


def record_of(path: str, records: Path = RECORDS) -> dict[str, Any] | None:
    """What Snakemake noted when it made a file; None of a file that it did not make."""
    if not records.is_dir():
        return None
    name = base64.urlsafe_b64encode(path.encode()).decode()
    longest = os.pathconf(records, "PC_NAME_MAX") - 1
    parts = [name[at : at + longest] for at in range(0, len(name), longest)]
    file = records.joinpath(*("@" + part for part in parts[:-1]), parts[-1])
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def lineage(
    results: Iterable[str], run: Path, records: Path = RECORDS
) -> tuple[dict[str, JobRecord], list[str], list[str]]:
    """All that led to some results, followed back through Snakemake's records.

    Parameters
    ----------
    results : iterable of str
        Files, by the paths that Snakemake knows.
    run : Path
        Folder of the run.

    Returns
    -------
    jobs : dict of str to JobRecord
        By name (``rule/wildcards``, as its log and its benchmark are called), in the
        order in which they ended.
    outside : list of str
        Files without a record, from outside or as old as their record is lost.
    others : list of str
        Files in the folder that none of these jobs made.
    """
    jobs: dict[str, JobRecord] = {}
    made: dict[str, tuple[str, int]] = {}
    seen: dict[str, bool] = {}
    waiting = list(results)
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        record = record_of(path, records)
        seen[path] = record is not None
        if record:
            name = _name(record, run)
            made[path] = name, record["job_hash"]
            jobs.setdefault(name, _job(record)).outputs.append(path)
            waiting += record["input"]
    others = []
    for path in _files(run):
        if path not in seen:
            # What was made in the same job as something that was used belongs to it.
            record = record_of(path, records)
            if record and (_name(record, run), record["job_hash"]) in made.values():
                jobs[_name(record, run)].outputs.append(path)
            else:
                others.append(path)
    for job in jobs.values():
        job.outputs.sort()
    order = sorted(jobs, key=lambda name: (jobs[name].end, name))
    outside = sorted(path for path, known in seen.items() if not known)
    return {name: jobs[name] for name in order}, outside, others


def _name(record: Mapping[str, Any], run: Path) -> str:
    """``results/RUN/logs/train_teacher/a.log`` as ``train_teacher/a``."""
    log = Path(record["log"][0])
    logs = run / "logs"
    return (
        (log.relative_to(logs) if logs in log.parents else log)
        .with_suffix("")
        .as_posix()
    )


def _job(record: Mapping[str, Any]) -> JobRecord:
    params = "\n".join(record["params"])
    digest = re.search(r"'([0-9a-f]{16})'", params)
    step = re.search(r"'(awd(?:\.\w+)+)'", params)
    return JobRecord(
        rule=record["rule"],
        script=_script(record),
        step=step[1] if step else "",
        code=digest[1] if digest else "",
        log=record["log"][0],
        start=record["starttime"],
        end=record["endtime"],
        numbers={int(text) for text in record["params"] if text.isdigit()},
        inputs=sorted(record["input"]),
    )


def _script(record: Mapping[str, Any]) -> str:
    """A rule's log stands in a folder, or has the name, of its script."""
    parts = Path(record["log"][0]).with_suffix("").parts
    return f"scripts/{parts[parts.index('logs') + 1]}.py"


def _files(run: Path) -> Iterator[str]:
    for path in sorted(run.rglob("*")):
        apart = path.relative_to(run).parts[0] in APART
        if path.is_file() and not apart and not integrity.is_beside(path):
            yield path.as_posix()


def checksums(paths: Iterable[str | Path]) -> dict[str, str]:
    """SHA-256 of each file, read in one pass and never whole into memory."""
    found = {}
    for path in paths:
        found[str(path)] = integrity.sha256(path)
    return found


def commit(folder: Path, files: Sequence[Path] = ()) -> str:
    """Commit of a checkout, or the last one that changed some of its files.

    ``-dirty`` follows where there are changes that no commit holds; "unknown" is that
    of no checkout, and of files that no commit holds.
    """
    try:
        if files:
            last = _git(folder, "log", "-1", "--format=%H", "--", *map(str, files))
            changed = _git(folder, "status", "--porcelain", "--", *map(str, files))
            return last + "-dirty" * bool(changed) if last else "unknown"
        return _git(folder, "describe", "--always", "--dirty", "--abbrev=40")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def manifest(
    run: Path, results: Iterable[str], config: Mapping[str, Any], data: Iterable[str]
) -> dict[str, Any]:
    """What a finished run consists of, and what it was made from.

    Parameters
    ----------
    run : Path
        Folder of the run.
    results : iterable of str
        What the run was for; everything that led to it is listed.
    config : mapping
        The whole configuration.
    data : iterable of str
        Files that the user named; hashed whether or not a record leads to them.

    Returns
    -------
    dict
        ``inputs`` and ``outputs`` by path to SHA-256, ``others`` (files of the folder
        that this run did not make, by name alone), ``jobs`` by name, with times,
        code digest and seed, and what they ran with: ``commit``, ``versions``,
        ``platform``, ``environment``, ``device``.
    """
    jobs, outside, others = lineage(results, run)
    unrecorded = [path for path in outside if run in Path(path).parents]
    if unrecorded:
        # A result is one still; whoever drops the records has only the results listed.
        log.warning("%s has no record of what made %s", RECORDS, ", ".join(unrecorded))
    given = sorted({*data, *outside} - {*unrecorded})
    made = [path for job in jobs.values() for path in job.outputs]
    outputs = sorted([*unrecorded, *made])
    for path in outputs:
        io.unbroken(path)
    stamps = {path: stamp for path in outputs if (stamp := _stamp(path))}
    _require_recorded_code(jobs, stamps)
    trained = records(path for path in outputs if path.endswith("/networks.json"))
    return {
        "written": _iso(time.time()),
        "commit": commit(Path(__file__).parent),
        "config": config,
        "versions": _together([_versions(), *(s["versions"] for s in stamps.values())]),
        "platform": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "environment": environment(),
        # Recovery alone trains no network, so its runs have no device of choice.
        "device": {"asked": config.get("device"), **device(trained)},
        "seed": config["seed"],
        "inputs": checksums(given),
        "outputs": checksums(outputs),
        "others": others,
        "jobs": {
            name: {
                "rule": job.rule,
                "script": job.script,
                "code": job.code,
                "log": job.log,
                "start": _iso(job.start),
                "end": _iso(job.end),
                "seconds": _seconds(run / f"benchmarks/{name}.tsv"),
                "seeds": _seeds(job, stamps, config["seed"]),
                "inputs": job.inputs,
                "outputs": job.outputs,
            }
            for name, job in jobs.items()
        },
    }


OTHER_CODE = "other code"  # made the file than what is checked out now
SHOWN_OF_PAGES = ("networks", "scores", "cosmology", "wavelets")


def page(given: Any, config: Mapping[str, Any], scripts: Path) -> dict[str, Any]:
    """What the report says of how its run was made.

    Parameters
    ----------
    given : iterable of str
        The files of the report: all of them, and by name ``networks`` (records),
        ``scores``, ``cosmology`` and ``wavelets``, whose checksums are shown; a page of
        tracks has none of these.
    config : mapping
        The whole configuration.
    scripts : Path
        Folder of the scripts of the rules.
    """
    named = {key: list(given.get(key) or []) for key in SHOWN_OF_PAGES}
    networks = named.pop("networks")
    results = list(itertools.chain(*named.values()))
    return {
        "commit": commit(scripts),
        "device": device(records(networks)) if networks else {},
        "origins": origins([p for p in given if not p.endswith(".json")], scripts),
        "config": config,
        "versions": provenance.versions(),
        "outputs": checksums(results),
    }


def environment() -> str:
    """What this Python was installed by: conda, venv, or neither ("system")."""
    if Path(sys.prefix, "conda-meta").is_dir():
        return "conda"
    return "system" if sys.prefix == sys.base_prefix else "venv"


def device(networks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Where networks were trained, as their records say.

    Returns
    -------
    dict
        ``networks`` (device -> how many) and ``label``: "CPU only" where no network
        saw a GPU.
    """
    found = dict(sorted(Counter(record["device"] for record in networks).items()))
    label = "GPU" if found.keys() - {"cpu"} else "CPU only" if found else "no network"
    return {"networks": found, "label": label}


def records(paths: Iterable[io.PathLike]) -> list[dict[str, Any]]:
    """What files of networks say of each of them."""
    return [record for path in paths for record in io.read_json(path).values()]


def origins(paths: Iterable[str], scripts: Path) -> list[dict[str, str]]:
    """Which code made each of some files.

    Parameters
    ----------
    paths : iterable of str
        Files that Snakemake made.
    scripts : Path
        Folder of the scripts of the rules.

    Returns
    -------
    list of dict
        ``file``, ``script``, ``code`` (the digest with which the job ran), ``log``, and
        ``commit``: the last one that changed that code, so that it stays what it is
        when others follow. :data:`OTHER_CODE` where the code is another by now.
    """
    rows, commits = [], {}
    for path in paths:
        record = record_of(str(path))
        if record:
            job = _job(record)
            if (job.script, job.code) not in commits:
                commits[job.script, job.code] = _commit_of(job, scripts)
            row = {"file": str(path), "script": job.script, "code": job.code}
            rows.append(row | {"commit": commits[job.script, job.code], "log": job.log})
    return rows


def _commit_of(job: JobRecord, scripts: Path) -> str:
    script, package = scripts.parent / job.script, scripts / "awd"
    if not script.is_file():
        return OTHER_CODE
    if provenance.code_digest(script, package, job.step) != job.code:
        return OTHER_CODE
    return commit(scripts, sorted(provenance.code_files(script, package, job.step)))


def _stamp(path: str) -> dict[str, Any] | None:
    """How an array file says that it was made."""
    if not path.endswith(".nc"):
        return None
    import netCDF4

    with io.readable(path, "netCDF"), netCDF4.Dataset(io.unbroken(path)) as file:
        return json.loads(file.provenance)


def _require_recorded_code(
    jobs: Mapping[str, JobRecord], stamps: Mapping[str, Mapping[str, Any]]
) -> None:
    """Jobs on other machines plan anew, and then their code may be another."""
    for job in jobs.values():
        for path in job.outputs:
            code = stamps.get(path, {}).get("params", {}).get("code", job.code)
            if code != job.code:
                raise DataError(
                    f"{path}: was made by code {code}, and its job is recorded with "
                    f"{job.code}: code was edited while the run went on; delete the "
                    "file and run again"
                )


def _versions() -> dict[str, str]:
    return provenance.versions() | {
        "snakemake": importlib.metadata.version("snakemake")
    }


def _together(several: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Versions of all environments; two of a package stand side by side."""
    found: dict[str, set[str]] = {}
    for versions in several:
        for name, version in versions.items():
            found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(found[name])) for name in sorted(found)}


def _seeds(job: JobRecord, stamps: Mapping[str, Any], root: int) -> list[int]:
    """Seeds of a job: what its files say, or that of a job without wildcards."""
    stamped = {
        stamps[path]["params"].get("seed") for path in job.outputs if path in stamps
    }
    written = records(path for path in job.outputs if path.endswith("/networks.json"))
    trained = {record["seed"] for record in written if "seed" in record}
    own = provenance.derive_seed(root, Path(job.script).stem)
    seeds = stamped | trained | ({own} & job.numbers)
    return sorted(seeds - {None})


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="seconds")


def _seconds(benchmark: Path) -> float | None:
    """Wall time that Snakemake measured."""
    if not benchmark.is_file():
        return None
    return float(benchmark.read_text().splitlines()[1].split("\t")[0])
