"""A checkout of its own for real Snakemake runs."""

import itertools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


class Checkout:
    """A copy of the project in which runs do no harm."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in PARTS:
            target = folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, target)
            else:
                shutil.copy(ROOT / part, target)
        self.python = sys.executable
        self.environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(folder / ".cache"),
            "MPLBACKEND": "agg",
        }

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
def finished(tmp_path_factory):
    """A checkout with the whole micro run, what it printed and how long it took."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    start = time.monotonic()
    checkout.printed = checkout.snakemake()
    checkout.seconds = time.monotonic() - start
    return checkout
