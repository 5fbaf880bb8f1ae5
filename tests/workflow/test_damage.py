"""Files of a finished run with a flipped bit, cut or emptied: named, or harmless."""

import os
import random
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from tests.reliability.outcomes import COUNTED
from tests.workflow.test_kill import TIMED, same

from awd import io, model
from awd.errors import AwdError
from awd.record import check
from awd.teacher import weights

pytestmark = [pytest.mark.slow, pytest.mark.fuzz]

FLIPS = int(os.environ.get("AWD_RUN_FLIPS", 200))
RUN = "results/micro"
READ, CHECKED = "refused by its reader", "named by the check"


def reader(path):
    """How what is made of a file reads it; None where only people do."""
    if path.name == "model.json":
        return model.load
    if path.suffix == ".json" and path.with_suffix(".safetensors").exists():
        return lambda json: weights.load(json.with_suffix(".safetensors"))
    return {
        ".nc": io.read,
        ".csv": lambda path: io.read_table(path, text=True),
        ".json": io.read_json,
        ".safetensors": weights.load,
        ".tif": io.unbroken,
        ".png": io.unbroken,
    }.get(path.suffix)


def kinds(run):
    """Files by what they are: the name without numbers, one of each is enough."""
    found = defaultdict(list)
    manifest = io.read_json(run / "manifest.json")
    for name in [*manifest["outputs"], f"{RUN}/manifest.json"]:
        path = run.parents[1] / name
        found[f"{path.name.lstrip('0123456789')}" if path.suffix else name].append(path)
    return found


@pytest.fixture(scope="module")
def copied(finished, tmp_path_factory):
    """A run whose files may be harmed."""
    folder = tmp_path_factory.mktemp("harmed")
    shutil.copytree(finished.folder / RUN, folder / RUN)
    return folder / RUN


def harmed(path, change):
    """The outcome of a changed file, which is then as it was."""
    whole, stamp = path.read_bytes(), path.stat()
    path.write_bytes(change(whole))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # as a disk would do it
    try:
        read = reader(path)
        if read:
            try:
                read(path)
            except AwdError as error:
                named = path.stem in str(error) and len(str(error)) <= 500
                return READ if named else None
        try:
            wrong = check.run(path.parents[path.parts[::-1].index("micro") - 1])
        except AwdError as error:
            return CHECKED if path.name in str(error) else None
        return CHECKED if any(path.name in name for name in wrong) else None
    finally:
        path.write_bytes(whole)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def flipped(chance):
    def change(content):
        data, bit = bytearray(content), chance.randrange(8 * len(content))
        data[bit // 8] ^= 1 << bit % 8
        return bytes(data)

    return change


def test_no_flipped_bit_of_any_file_is_silent(copied):
    """By the reader of what is made of it, and by the check where only people read."""
    chance, silent = random.Random(3), []
    of_kind = [sorted(paths) for _, paths in sorted(kinds(copied).items())]
    for number in range(FLIPS):
        path = chance.choice(of_kind[number % len(of_kind)])
        outcome = harmed(path, flipped(chance))
        COUNTED[
            "flipped bits of a run", path.suffix or path.name, outcome or "silent"
        ] += 1
        if outcome is None:
            silent.append(path.name)
    assert not silent


CHANGES = {"cut": lambda data: data[: len(data) // 2], "emptied": lambda data: b""}


@pytest.mark.parametrize("how", CHANGES)
def test_no_cut_or_emptied_file_is_silent(copied, how):
    silent = []
    for _, paths in sorted(kinds(copied).items()):
        outcome = harmed(paths[0], CHANGES[how])
        COUNTED[f"{how} files of a run", paths[0].suffix, outcome or "silent"] += 1
        silent += [paths[0].name] * (outcome is None)
    assert not silent


# What jobs read of other jobs, one of each kind.
INTERMEDIATE = (
    "cells/tracks/cell1.nc",
    "cells/samples.nc",
    "cells/split0/samples.nc",
    "cells/split0/sig_mean/seed0/networks.safetensors",
    "cells/split0/sig_mean/seed0/networks.json",
    "cells/split0/sig_mean/seed0/outputs.nc",
    "cells/split0/sig_mean/seed0/wavelets.nc",
    "cells/split0/sig_mean/seed0/students.nc",
    "scores.csv",
    "maps/samples.nc",
)


@pytest.mark.reliability
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("how", ["flipped", *CHANGES])
@pytest.mark.parametrize("name", INTERMEDIATE)
def test_a_harmed_file_ends_in_the_same_run_or_is_named(finished, name, how):
    """Then the check removes it, and a plain run gives the same bytes."""
    path = finished.folder / RUN / name
    if not path.exists():
        pytest.skip(f"{name} is no file of this run")
    before = {
        p: p.read_bytes() for p in (finished.folder / RUN).rglob("*") if p.is_file()
    }
    change = CHANGES.get(how) or flipped(random.Random(name))
    path.write_bytes(change(path.read_bytes()))
    printed = finished.start().communicate()[0]
    named = path.name in printed
    if not named or path.read_bytes() != before[path]:
        finished.snakemake("--unlock") if "locked" in printed else None
        try:
            check.run(finished.folder / RUN, fix=True)
        except AwdError:
            path.unlink(missing_ok=True)
        finished.snakemake()
    differing = [
        str(p.relative_to(finished.folder))
        for p, data in before.items()
        if "logs" not in p.parts and "benchmarks" not in p.parts
        if p.name not in TIMED and p.suffix != ".sha256"
        if not p.exists() or (p.read_bytes() != data and not alike(p, data))
    ]
    COUNTED[f"{how} intermediate, run again", Path(name).name, "the same bytes"] += 1
    assert not differing


def alike(path, data):
    """Whether a file holds what its earlier bytes did, as far as its kind tells."""
    other = path.with_name(f"earlier-{path.name}")
    other.write_bytes(data)
    try:
        return same(other, path)
    finally:
        other.unlink()
