"""A checkout of its own for real Snakemake runs."""

import itertools
import os
import shutil
import subprocess
import sys
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

    def snakemake(
        self, *arguments: str, config="tests/micro.yaml", ok=True, folder=None, path=""
    ) -> str:
        """Run Snakemake, here or in a folder; returns all it printed.

        ``path`` is where programs are looked for first.
        """
        command = [self.python, "-m", "snakemake", "--nocolor", "--cores", "2"]
        command += arguments  # files before --configfile, which takes all that follow
        if config:
            command += ["--configfile", config]
        places = os.pathsep.join([path, self.environment["PATH"]]).strip(os.pathsep)
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env={**self.environment, "PATH": places},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert (done.returncode == 0) == ok, done.stdout
        return done.stdout

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
    """A checkout in which the micro run is complete, and what it printed."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    checkout.printed = checkout.snakemake()
    return checkout
