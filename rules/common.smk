"""Settings and the helpers that rules share; no rule stands here."""

import os
import shutil
import sys
from pathlib import Path

import yaml

# Of this file and not of the workflow, which may be another one that uses this.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(ROOT / "scripts"))

from awd.config import reading as configuration
from awd.record import contracts, lock, provenance
from awd import io
from awd.maps.sky import cosmology as cosmologies
from awd.maps import readers
from awd.config.maps import FIXED_FILTERS

# What a killed run left does not lock out the next one. Jobs of an executor are no runs.
if workflow.is_main_process:
    ALONE = lock.alone(Path(".snakemake"))

# A configuration is complete by itself. Only when it names no study is the default
# read, and then single keys (--config seed=5) still win.
default = {}
if not config.keys() & {"cells", "maps", "recovery"}:
    default = yaml.safe_load((ROOT / "config/default.yaml").read_text())

named = " + ".join(map(str, workflow.overwrite_configfiles)) or "config/default.yaml"
if not workflow.modifier.is_main_snakefile():
    named = f"the config of module {__name__}"
settings = configuration.load({**default, **config}, named)
# Where things go. A longer path depends on more: a data set on its split, a network on
# its target, seed and kind.
RUN = Path("results", settings.run)
SPLIT = RUN / "{study}/split{split}"
TARGET = SPLIT / "{target}"
SEED = TARGET / "seed{seed}"
FIGURES = RUN / "figures/{study}-{target}"
LOGS = RUN / "logs"
BENCHMARKS = RUN / "benchmarks"

# The cells, and where simulated movies go.
SOURCE = settings.cells and settings.cells.source
SIMULATED = bool(SOURCE) and SOURCE.kind == "simulated_movies"
# Whether movies are tracked here.
MOVING = bool(SOURCE) and (SOURCE.kind == "movies" or (SIMULATED and SOURCE.tracked))
MOVIES = RUN / "cells/movies"
# How they are opened, where the files do not say it.
OPENED = (
    SOURCE.model_dump(include={"channels", "axes", "pixel_nm", "interval_s"})
    if SOURCE
    else {}
)
PUT_THERE = (
    "put or link them there, or change cells.source.files (the tracks of the paper are "
    "not public: ask its authors)"
)

TAUGHT = settings.maps and settings.maps.teacher
# By study, what its files are made of.
STUDIES = {}
if settings.cells:
    STUDIES["cells"] = {
        "split": range(settings.splits.rotations),
        "target": settings.cells.targets,
        "seed": settings.teacher.seeds,
        "teacher": [*settings.teacher.kinds, *contracts.CONTROLS],
    }
if TAUGHT:
    STUDIES["maps"] = {
        "split": [0],
        "target": settings.maps.targets[:1],
        "seed": TAUGHT.seeds,
        "teacher": ["resnet", "untrained"]
        + [f"untrained_{k}" for k in range(1, TAUGHT.untrained)],
    }
RESULT = settings.distil.objectives[0]
STUDENT = {
    "features": {
        "m": settings.student.largest,
        **settings.student.model_dump(exclude={"largest", "head"}),
    },
    "head": settings.student.head,
}
PATHS = {"attribution": "filter_path", "soft": "soft_path"}
DRAWN = ["scores", "fidelity", "wavelet", "filters", "choice"]
DRAWN += [PATHS[name] for name in settings.distil.objectives if name in PATHS]
DRAWN += ["reading", "predictions", "learning"]
# Of all cells together; the tracking only where there are movies.
SEEN = ["lifetimes", "cohorts", "traces"]
if MOVING:
    SEEN.insert(0, "tracking")
    DRAWN.insert(0, "pipeline")
# The published values stand beside a run of the published protocol on whole tracks.
PUBLISHED = (
    [RUN / "table_published.csv", RUN / "table_published_counts.csv"]
    if settings.preset == "paper"
    and settings.cells
    and "sig_mean" in settings.cells.targets
    else []
)
# Of the maps' target; and of all maps together.
MAPPED = [
    "steps",
    "scores",
    "fidelity",
    "predictions",
    "learning",
    "families",
    "patches",
    "masks",
]
if TAUGHT and "symmetric" in settings.maps.bank.families:
    MAPPED.append("adapting")
SURVEYED = ["maps", "peaks", "inferred", "posterior", "realism"]
CAPTIONS = {
    name: (ROOT / f"rules/captions/{name}.rst").read_text()
    for name in DRAWN + SEEN + MAPPED + SURVEYED
}
# "auto" asks for a GPU only where there is one: without, jobs would wait for each other.
GPU = int(
    settings.device == "cuda"
    or (settings.device == "auto" and shutil.which("nvidia-smi") is not None)
)


wildcard_constraints:
    study="cells|maps",
    split=r"\d+",
    seed=r"\d+",
    target=r"\w+",
    teacher=r"\w+",
    statistic=r"\w+",
    family=r"[a-z]+\d*",
    cell=r"[^/]+",
    cosmology=r"c\d+",
    condition=r"(train|select|test)\d+",


def code(script):
    """Digest of a script and of the library modules it uses."""
    return provenance.code_digest(ROOT / f"scripts/{script}.py", ROOT / "scripts/awd")


def seed(rule):
    """A seed of its own for every job, from the root seed and the wildcards."""
    return lambda wildcards: provenance.derive_seed(
        settings.seed, rule, *sorted(wildcards.items())
    )


def per_attempt(amount, per_mb=0):
    """What a job asks for at first; a retry asks for twice, then three times as much.

    ``per_mb``: more for every MB that it reads.
    """
    if not per_mb:
        return lambda wildcards, attempt: attempt * amount

    def grown(wildcards, input, attempt):
        # Not input.size_mb: of files that are still to be made it warns in every run.
        size_mb = sum(map(os.path.getsize, input)) / 1e6
        return attempt * (amount + int(per_mb * size_mb))

    return grown


def every(pattern, **fixed):
    """All files of a pattern; ``fixed`` narrows a wildcard to some values."""
    studies = [fixed["study"]] if "study" in fixed else STUDIES
    files = [expand(pattern, **{"study": s, **STUDIES[s], **fixed}) for s in studies]
    return list(dict.fromkeys(sum(files, [])))


def each(pattern, **fixed):
    """Input function: all files of a pattern that agree with a job's wildcards."""
    return lambda wildcards: every(pattern, **dict(wildcards.items()), **fixed)


def brought(paths):
    """Files of the user's own: they stand where they are named, also in a module."""
    return [local(str(path)) for path in paths]


def cell_files(wildcards):
    """The files of a cell that a user named; says which of all cells are missing."""
    files = SOURCE.inputs()
    io.all_existing(sum(files.values(), []), PUT_THERE)
    return brought(files[wildcards.cell])


def movie_files():
    """Files of the movies by cell, named by a user or simulated."""
    if not SIMULATED:
        return {cell: brought(files) for cell, files in SOURCE.inputs().items()}
    stem = MOVIES.as_posix()
    return {
        cell: [f"{stem}/{cell}_{channel}.ome.tif" for channel in ("master", "slave")]
        for cell in SOURCE.names()
    }


def by_cell(wildcards, input):
    """The movies among a job's input by cell, wherever a module has them."""
    files = iter(map(str, input.movies))
    return {cell: [next(files) for _ in paths] for cell, paths in movie_files().items()}


def universe(wildcards):
    """Matter density and amplitude of a simulated cosmology."""
    source = settings.maps.source
    box = source.omega_m, source.sigma_8
    table = cosmologies.grid(source.cosmologies, *box, seed=settings.seed)
    return table.iloc[int(wildcards.cosmology[1:])].to_dict()


def shard_names(wildcards):
    """Which cosmology, group and split the maps of a shard are of."""
    condition = wildcards.condition
    split = condition.rstrip("0123456789")
    own = "" if split == "train" else f"-{wildcards.cosmology}"
    return {
        "cosmology": wildcards.cosmology,
        "group": condition + own,
        "split": split,
    }


def shard_seed(wildcards):
    """Of the initial condition: what trains is shared by all cosmologies."""
    group = shard_names(wildcards)["group"]
    return provenance.derive_seed(settings.seed, "simulate_maps", group)


def map_files():
    """The files of all maps, simulated or named by a user."""
    source = settings.maps.source
    if source.kind == "simulated":
        return expand(
            RUN / "maps/shards/{cosmology}-{condition}.nc",
            cosmology=source.names(),
            condition=source.conditions(),
        )
    if source.kind == "npz":
        remedy = "put or link it there (maps.source.file)"
        return brought([io.existing(source.file, remedy)])
    tables = [source.table] if source.table else []
    io.all_existing(tables, "put or link it there (maps.source.table)")
    return brought([*readers.files(source.files), *tables])


def histories(wildcards):
    """By kind of network, how every one of them was trained."""
    kinds = settings.teacher.kinds if wildcards.study == "cells" else ["resnet"]
    return {
        kind: each(SEED / "{teacher}/history.csv", teacher=kind)(wildcards)
        for kind in kinds
    }
