"""Settings and the helpers that rules share; no rule stands here."""

import sys
from pathlib import Path

import yaml

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

from awd import config as configuration
from awd import io, provenance

# A configuration is complete by itself. Only when it names no study is the default
# read, and then single keys (--config seed=5) still win.
default = {}
if "cells" not in config:
    default = yaml.safe_load((ROOT / "config/default.yaml").read_text())

settings = configuration.load(
    {**default, **config},
    " + ".join(map(str, workflow.overwrite_configfiles)) or "config/default.yaml",
)
# Where things go. A longer path depends on more: a data set on its split, a wavelet on
# its teacher.
RUN = Path("results", settings.run)
SPLIT = RUN / "{study}/split{split}"
TARGET = SPLIT / "{target}"
TEACHER = TARGET / "{teacher}"
FIGURES = RUN / "figures/{study}-{target}"
LOGS = RUN / "logs"
BENCHMARKS = RUN / "benchmarks"

WILDCARDS = {
    "study": ["cells"],
    "split": range(settings.splits.rotations),
    "target": settings.cells.targets,
    "teacher": [f"{settings.teacher.kind}-{seed}" for seed in settings.teacher.seeds],
    "objective": settings.distil.objectives,
}
RESULT = {"objective": settings.distil.objectives[0]}
DRAWN = ["scores", "predictions", "wavelet", "filter_path", "learning"]
CAPTIONS = {name: (ROOT / f"rules/captions/{name}.rst").read_text() for name in DRAWN}
GPU = int(settings.device in ("auto", "cuda"))


wildcard_constraints:
    **{name: "|".join(WILDCARDS[name]) for name in WILDCARDS if name != "split"},
    cell=r"[^/]+",
    split=r"\d+",


def code(script):
    """Digest of a script and of the library modules it uses."""
    return provenance.code_digest(ROOT / f"scripts/{script}.py", ROOT / "scripts/awd")


def seed(rule):
    """A seed of its own for every job, from the root seed and the wildcards."""
    return lambda wildcards: provenance.derive_seed(
        settings.seed, rule, *sorted(wildcards.items())
    )


def every(pattern, **fixed):
    """All files of a pattern; ``fixed`` narrows a wildcard to some values."""
    return expand(pattern, **{**WILDCARDS, **fixed})


def each(pattern, **fixed):
    """Input function: all files of a pattern that agree with a job's wildcards."""
    return lambda wildcards: every(pattern, **dict(wildcards.items()), **fixed)
