"""A living run keeps its locks whoever begins or ends; a dead one's are removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from awd.record import lock

SCRIPTS = Path(lock.__file__).parents[2]
LIVES = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from awd.record import lock
held, others = lock.joined(Path(sys.argv[2]))
print(len(others), *others, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def begin(tmp_path):
    """Start a run that lives until it is ended; what it was told of others."""
    begun = []

    def started():
        command = [sys.executable, "-c", LIVES, str(SCRIPTS), str(tmp_path)]
        how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        run = subprocess.Popen(command, **how)
        begun.append(run)
        return run, run.stdout.readline()

    yield started
    for run in begun:
        run.kill()
        run.communicate()


def snakemakes_lock(tmp_path):
    path = tmp_path / "locks/0.input.lock"
    path.parent.mkdir(exist_ok=True)
    path.write_text("results/a\n")
    return path


def test_locks_of_a_killed_run_are_removed(begin, tmp_path):
    run, _ = begin()
    stale = snakemakes_lock(tmp_path)
    run.kill()
    run.wait()
    _, told = begin()
    assert told == "0\n"
    assert not stale.exists()


def test_a_living_runs_locks_stay_when_the_first_of_three_ends(begin, tmp_path):
    first, _ = begin()
    second, told = begin()
    assert f"process {first.pid} on" in told
    assert "since 20" in told
    living = snakemakes_lock(tmp_path)  # the second one's
    first.kill()
    first.wait()
    _, told = begin()
    assert told.startswith(f"1 process {second.pid} on")
    assert living.exists()


def test_a_run_that_reads_its_rules_twice_is_not_told_of_itself(tmp_path):
    held = lock.joined(tmp_path)
    assert lock.joined(tmp_path)[1] == []
    assert held[1] == []
