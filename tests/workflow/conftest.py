"""A checkout of its own for real Snakemake runs, and one run for all who only read it.

A start of Snakemake costs three seconds and each job of a run two, so a test that reads
takes the finished run, and one that runs takes along what it is not about.
"""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
PARTS = (
    "Snakefile",
    "rules",
    "scripts",
    "envs",
    "config",
    "profiles",
    "LICENSE",
    "CITATION.cff",
    "tests/micro.yaml",
)
RUN = "results/micro"
# Of these rules the run has many equal jobs, at its very beginning.
SIMULATED = {"maps/shards": "c00-*", "cells/movies": "cell0*"}
SIMULATED |= {"cells/tracks": "cell0*"}


class Checkout:
    """A copy of the project in which runs do no harm; ``parts`` of a folder, or all."""

    def __init__(self, folder: Path, source: Path = ROOT, parts=PARTS):
        self.folder = folder
        for part in parts:
            target = folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (source / part).is_dir():
                shutil.copytree(source / part, target, dirs_exist_ok=True)
            else:
                shutil.copy(source / part, target)
        self.python = sys.executable
        self.environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / ".cache"),
            "MPLBACKEND": "agg",
        }

    def take(self, other: "Checkout", *parts: str, folder: Path | None = None):
        """Have what another's micro run simulated, but what leaves a job of every rule.

        ``parts``: folders of the run, or else all; ``folder``: where runs begin, if not
        here.
        """
        for part in parts or SIMULATED:
            there, here = (
                place / RUN / part for place in (other.folder, folder or self.folder)
            )
            left_out = shutil.ignore_patterns(SIMULATED[part])
            shutil.copytree(there, here, ignore=left_out)

    def start(
        self, *arguments, config="tests/micro.yaml", folder=None, path="", **how
    ) -> subprocess.Popen:
        """Begin to run Snakemake, here or in a folder; ``how`` as for Popen.

        ``path`` is where programs are looked for first.
        """
        command = [self.python, "-m", "snakemake", "--nocolor", "--cores", "2"]
        command += arguments  # files before --configfile, which takes all that follow
        if config:
            command += ["--configfile", config]
        places = os.pathsep.join([path, self.environment["PATH"]]).strip(os.pathsep)
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **how}
        environment = {**self.environment, "PATH": places}
        return subprocess.Popen(
            command, cwd=folder or self.folder, env=environment, text=True, **how
        )

    def snakemake(self, *arguments: str, ok=True, **how) -> str:
        """Run Snakemake, ``how`` as for :meth:`start`; returns all it printed."""
        run = self.start(*arguments, **how)
        printed = run.communicate()[0]
        assert (run.returncode == 0) == ok, printed
        return printed

    def would_run(
        self, *arguments: str, reason="params have changed since last execution"
    ) -> tuple[set[str], set[str]]:
        """Rules of a dry run: those it names for a reason, and what follows."""
        lines = self.snakemake("-n", *arguments, "--quiet", "rules").splitlines()
        reasons = {
            why.strip(" :"): set(rules.replace(",", " ").split())
            for why, rules in itertools.pairwise(lines)
        }
        followers = reasons.get("input files updated by another job", set())
        return reasons.get(reason, set()), followers


@pytest.fixture
def checkout(tmp_path):
    """A checkout in which nothing has run."""
    return Checkout(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory, worker_id):
    """Folder of the whole micro run: all workers read it, and none changes it."""
    place = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        place = place.parent
    with FileLock(place / "whole.lock"):
        printed = place / "whole/printed.txt"
        if not printed.exists():
            printed.write_text(Checkout(place / "whole").snakemake())
    return place / "whole"


@pytest.fixture(scope="session")
def finished(whole, tmp_path_factory):
    """A checkout with the whole micro run, and what it printed."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), whole, ["."])
    checkout.printed = (whole / "printed.txt").read_text()
    return checkout
