"""What is deleted or damaged of a finished run comes back as it was."""

import re
import subprocess

import pytest

from awd import io
from awd.record import check

pytestmark = pytest.mark.slow

RUN = "results/micro"
DELIVERED = ("groups.csv", "table_cells.tex", "cells/sig_mean/model.html")
DELIVERED += ("figures/cells-sig_mean/scores.pdf", "report.html", "manifest.json")


def test_every_deleted_result_is_asked_for_again(finished):
    paths = [finished.folder / RUN / name for name in DELIVERED]
    away = [path.rename(path.with_name(f"{path.name}-away")) for path in paths]
    try:
        planned = finished.snakemake("-n")
    finally:
        for path, place in zip(paths, away, strict=True):
            place.rename(path)
    reasons = re.findall(r"Missing output files: ([^;\n]*)", planned)
    missing = {name for reason in reasons for name in reason.split(", ")}
    assert {f"{RUN}/{name}" for name in DELIVERED} <= missing


def test_a_flipped_bit_is_named_and_what_is_made_anew_is_the_same(finished):
    """In a figure's table: little hangs on it."""
    path = finished.folder / RUN / "figures/cells-sig_mean/scores.csv"
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    name = path.relative_to(finished.folder).as_posix()
    assert check.run(finished.folder / RUN) == {name: check.ANOTHER}
    check.run(finished.folder / RUN, fix=True)
    assert not path.exists()
    finished.snakemake()
    assert path.read_bytes() == whole
    assert check.run(finished.folder / RUN) == {}


def test_a_second_run_is_told_of_the_first(finished):
    first = finished.start("--forcerun", "plot_scores", stderr=subprocess.STDOUT)
    for line in first.stdout:
        if "Building DAG" in line:
            break
    told = finished.snakemake("-n")
    first.communicate()
    assert f"Here runs process {first.pid} on" in told
    assert io.read_json(finished.folder / RUN / "manifest.json")
