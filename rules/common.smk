"""Settings, and what all rules share: paths, seeds, digests, resources."""

import functools
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import yaml
from snakemake.script import PythonScript


def checked_out(rules):
    """The folder of this project; of a git repository that a module names, a copy."""
    if not hasattr(rules, "ref"):
        return Path(rules.get_path_or_uri(secret_free=True)).parent
    clone = getattr(rules, "repo_path", None) or rules.hosted_repo.repo_clone
    git = ["git", "-C", str(clone)]
    commit = subprocess.check_output([*git, "rev-parse", f"{rules.ref}^{{commit}}"])
    copy = Path(".snakemake", "awd", commit.decode().strip()).absolute()
    if not copy.exists():
        archive = subprocess.check_output([*git, "archive", commit.decode().strip()])
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent) as place:
            subprocess.run(["tar", "-x", "-C", place], input=archive, check=True)
            if not copy.exists():
                shutil.copytree(place, copy)
    return copy / Path(rules.path).parent


# Of this file and not of the workflow, which may be another one that uses this.
REMOTE = hasattr(workflow.current_basedir, "ref")
ROOT = checked_out(workflow.current_basedir)
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from awd import io, registry
from awd.cells import doors
from awd.cells.names import meaning
from awd.cells.readers import sequence
from awd.cells.study import FEW_CELLS
from awd.config import contradictions, reading
from awd.config.maps import FIXED_FILTERS
from awd.config.study import code_of
from awd.league.names import OURS
from awd.maps import readers
from awd.maps.names import long_name
from awd.record import contracts, lock, provenance

provenance.import_first(SCRIPTS)

# What a killed run left does not lock out the next one. Jobs of an executor are no runs.
if workflow.is_main_process:
    ALIVE, others = lock.joined(Path(".snakemake"))
    for other in others:
        print(
            f"Here runs {other}; what would make the same files is refused",
            file=sys.stderr,
        )

if shlex.quote(sys.executable) != sys.executable:
    # A path with a space, which Snakemake hands to a shell as it is (its issue 2645).
    execute = PythonScript._execute_cmd

    def execute_quoted(self, cmd, **named):
        if named.get("py_exec") == sys.executable:
            named["py_exec"] = shlex.quote(sys.executable)
        return execute(self, cmd, **named)

    PythonScript._execute_cmd = execute_quoted

named = " + ".join(map(str, workflow.overwrite_configfiles)) or "config/default.yaml"
if not workflow.modifier.is_main_snakefile():
    named = f"the config of module {__name__}"
for file in workflow.overwrite_configfiles:
    reading.require_plain(file)
default = yaml.safe_load((ROOT / "config/default.yaml").read_text())
settings = reading.load(config, named, default)

# Where things go. A longer path depends on more: samples on their split, a network on
# its target and seed.
RUN = Path("results", settings.run)
SPLIT = RUN / "{study}/split{split}"
TARGET = SPLIT / "{target}"
SEED = TARGET / "seed{seed}"
FIGURES = RUN / "figures/{study}-{target}"
SHIFTED = RUN / "cells/shifted-{shift}"
# "auto" asks for a GPU only where there is one: without, jobs would wait for each other.
GPU = int(
    settings.device == "cuda"
    or (settings.device == "auto" and shutil.which("nvidia-smi") is not None)
)


class Study(NamedTuple):
    """What a science brings to the rules of the method."""

    wildcards: dict  # of its files: split, target, seed
    steps: str  # the package with its train, ask, distil, predict, baselines
    networks: list  # names; the first is distilled, the last are controls
    settings: dict  # by rule
    more: dict  # by rule: files of its own rules, by the name of the input
    exported: str | None  # the method whose wavelet is taken home
    figures: list  # of every target
    overall: list  # figures of the whole study
    seeds: dict = {}  # by rule, where not the rule's own: a label, and its wildcards
    reader: dict = {}  # of the figures of a student: its settings, names of windows


# Figures of what chose among filters, by objective.
PATHS = {"attribution": "filter_path", "soft": "soft_path"}
STUDIES: dict[str, Study] = {}
# By study, in words: what it predicts, its samples and groups, where its data are from.
MEANINGS: dict[str, dict] = {}
RESULTS: dict[str, Path] = {}


wildcard_constraints:
    study="|".join(["cells", "maps", *settings.own]),
    split=r"\d+",
    seed=r"\d+",
    target=r"\w+",
    statistic=r"\w+",
    family=r"[a-z]+\d*",
    cell=r"[^/]+",
    cosmology=r"c\d+",
    shift=r"[a-z]+",


def runs(name, step=None):
    """The script of a rule, which has its name, and the digest of all code that it runs.

    ``step``: the part of a study's own package that the script works with.
    """
    path, package = SCRIPTS / f"{name}.py", SCRIPTS / "awd"
    if not step:
        return {"script": name, "code": provenance.code_digest(path, package)}

    def module(wildcards):
        return f"{STUDIES[wildcards.study].steps}.{step}"

    def digest(wildcards):
        return provenance.code_digest(path, package, module(wildcards))

    return {"script": name, "step": module, "code": digest}


def setting(rule):
    """What a rule is told of the study that it works for."""
    return lambda wildcards: STUDIES[wildcards.study].settings[rule]


def networks(wildcards):
    """Names of all networks of a study."""
    return STUDIES[wildcards.study].networks


def kinds(wildcards):
    """Of these the networks that are no controls and have seen every training group."""
    names = STUDIES[wildcards.study].networks
    return [
        name
        for name in names
        if name not in contracts.CONTROLS and not name.startswith(contracts.FOLD)
    ]


def more(rule):
    """Input function: the files of a study's own rules that a rule of the method reads."""
    return lambda wildcards: {
        name: [str(path).format(**wildcards) for path in paths]
        for name, paths in STUDIES[wildcards.study].more.get(rule, {}).items()
    }


def seed(rule):
    """A seed of its own for every job, from the root seed and the wildcards."""

    def drawn(wildcards):
        given = dict(wildcards.items())
        own = STUDIES[given["study"]].seeds if given.get("study") in STUDIES else {}
        label, names = own.get(rule, (rule, given))
        labels = sorted((name, given[name]) for name in names)
        return provenance.derive_seed(settings.seed, label, *labels)

    return drawn


def grows(mem_mb, minutes, per_mb=0):
    """What a job asks for at first; a retry asks for twice, then three times as much.

    ``per_mb``: memory for every MB that it reads.
    """

    def memory(wildcards, input, attempt):
        # Not input.size_mb: of files that are still to be made it warns in every run.
        read_mb = sum(map(os.path.getsize, input)) / 1e6 if per_mb else 0
        return attempt * (mem_mb + int(per_mb * read_mb))

    return {"mem_mb": memory, "runtime": lambda wildcards, attempt: attempt * minutes}


def every(pattern, **fixed):
    """All files of a pattern; ``fixed`` narrows a wildcard to some values."""
    studies = [fixed["study"]] if "study" in fixed else STUDIES
    files = [
        expand(pattern, **{"study": s, **STUDIES[s].wildcards, **fixed})
        for s in studies
    ]
    return list(dict.fromkeys(sum(files, [])))


def each(pattern, **fixed):
    """Input function: all files of a pattern that agree with a job's wildcards."""
    return lambda wildcards: every(pattern, **dict(wildcards.items()), **fixed)


def as_seen(wildcards):
    """The samples of a split as another microscope would have shown them."""
    folder = SPLIT if wildcards.shift == "none" else SHIFTED / "split{split}"
    return str(folder / "samples.nc").format(**wildcards)


def own_study(name, own):
    """What a study of one's own brings to the rules of the method."""
    honest = bool(own.network) and not own.network.seen
    student = student_of(own.student, honest, own.dims)
    in_time = own.dims == 1 and own.student.is_sum
    folds = (
        []
        if own.network
        else [f"{contracts.FOLD}{k}" for k in range(own.teacher.folds)]
    )
    if own.network and own.network.seen:
        student["shares"] = [0.5]  # it cannot choose: it knows the answers
    brought_network = ["network"] if own.network else []
    objectives = [registry.short(name) for name in own.distil.objectives]
    kinds = [registry.short(kind) for kind in own.teacher.kinds]
    files = {"network": own.network.inputs() if own.network else []}
    return Study(
        wildcards={
            "split": range(own.splits.rotations),
            "target": list(own.targets),
            "seed": own.teacher.seeds,
        },
        steps="awd.study",
        networks=[*brought_network, *kinds, *contracts.CONTROLS, *folds],
        settings={
            "train_teacher": own.teacher.model_dump(exclude={"seeds", "folds"})
            | ({"network": own.network.model_dump()} if own.network else {}),
            "ask_teacher": {},
            "distil_wavelet": {
                **own.distil.model_dump(),
                "features": without_statistics(student),
            },
            "predict_students": {
                **student,
                **own.baselines.model_dump(exclude={"models"}),
                "kinds": [*brought_network, *kinds],
            },
            "predict_baselines": own.baselines.model_dump(include={"models"}),
        },
        more=own_code(own, train_teacher=files),
        exported=objectives[0],
        figures=["scores", "parameters", "fidelity", "wavelet", "filters", "choice"]
        + [PATHS[name] for name in objectives if name in PATHS]
        + ["reading", "curves"] * in_time
        + ["predictions", "learning"],
        overall=[],
        reader={"student": student, "windows": []} if own.student.is_sum else {},
    )


def student_of(section, honest, dims=1):
    """Settings of the student that all wavelets share."""
    told = section.model_dump(include={"head", "fit_to", "shares"})
    return {"features": section.reads(dims), **told, "honest": honest}


def without_statistics(student):
    """What a search reads: a change of other settings does not search again."""
    return {k: v for k, v in student["features"].items() if k != "statistics"}


def own_code(section, **more):
    """Inputs of rules: files of code that a study's choices name, and ``more``."""
    code = {"code": brought(code_of(section))}
    runs_it = "train_teacher", "distil_wavelet", "predict_students"
    rules = *runs_it, "predict_baselines", "hand_over"
    return {rule: more.get(rule, {}) | code for rule in rules}


def is_current(result, parts):
    """Whether a result is there, and not older than what it is made of."""
    if not Path(result).is_file():
        return False
    made = os.path.getmtime(result)
    return all(os.path.getmtime(part) <= made for part in parts if os.path.exists(part))


def brought(paths):
    """Files of the user's own: they stand where they are named, also in a module."""
    return [local(str(path)) for path in paths]


def caption(name):
    """The text under a figure, in our own report as in Snakemake's."""
    return (ROOT / f"rules/captions/{name}.rst").read_text()


def table(stem):
    """A table as CSV, LaTeX and Markdown."""
    return [f"{stem}.{kind}" for kind in ("csv", "tex", "md")]


# Files that users bring, or that are simulated in their place: SOURCE is that of the
# cells, MAP that of the maps.


def named_files(cell):
    """All files that a user named for a cell: of patterns, folders, its mask."""
    named = [*SOURCE.inputs()[cell]]
    if SOURCE.kind == "movies":
        named = [file for name in named for file in sequence.files_of(name)]
    mask = SOURCE.told(cell).get("mask")
    return named + [mask] * isinstance(mask, str)


@functools.cache
def check_doors():
    """Open every file that is still to be read, before the first job: all that fail."""
    plain = [f for files in SOURCE.inputs().values() for f in files]
    masks = [SOURCE.told(cell).get("mask") for cell in SOURCE.names()]
    plain += [mask for mask in masks if isinstance(mask, str)]
    io.all_existing(filter(sequence.is_plain, plain), PUT_THERE)
    waiting = [
        c for c in SOURCE.names() if not Path(str(TRACK).format(cell=c)).exists()
    ]
    told = {cell: TOLD(cell) for cell in waiting}
    doors.require_open(SOURCE.kind, told, settings.cells.bad_cell, STUDIED)


def cell_files(wildcards):
    """The files of a cell that a user named; says what is wrong with those of all."""
    if workflow.is_main_process:
        check_doors()
    return brought(named_files(wildcards.cell))


def movie_files():
    """Files of the movies by cell, named by a user or simulated."""
    if not SIMULATED:
        return {cell: brought(named_files(cell)) for cell in SOURCE.names()}
    stem = MOVIES.as_posix()
    return {
        cell: [f"{stem}/{cell}_{channel}.ome.tif" for channel in ("master", "slave")]
        for cell in SOURCE.names()
    }


def by_cell(wildcards, input):
    """How the movies among a job's input are opened, by cell."""
    files = iter(map(str, input.movies))
    there = {c: [next(files) for _ in paths] for c, paths in movie_files().items()}
    # What is simulated stands wherever a module has it, what users name where it is.
    return {cell: {"files": paths} | TOLD(cell) for cell, paths in there.items()}


def map_files():
    """The files of all maps, simulated or named by a user."""
    if UNIVERSE:
        return expand(SHARD, cosmology=MAP.names(), condition=MAP.conditions())
    tables = [MAP.table] if MAP.table else []
    io.all_existing(tables, "put or link it there (maps.source.table)")
    if not hasattr(MAP, "files"):
        one = io.existing(MAP.file, "put or link it there (maps.source.file)")
        return brought([one, *tables])
    return brought([*readers.used_files(MAP), *tables])


def mask_file(of, key):
    """The file of a mask that a section names, in a list; none if it names none."""
    if of.mask is None:
        return []
    return brought([io.existing(of.mask, f"put or link it there ({key})")])


def given_files(wildcards):
    """All files that users brought."""
    cells = SOURCE.inputs() if settings.cells else {}
    return GIVEN + brought(sum(map(named_files, cells), []))


def explored(pattern):
    """A file of the first split, target and seed of every study that is explored."""
    firsts = {
        name: {key: values[0] for key, values in STUDIES[name].wildcards.items()}
        for name in EXPLORED
    }
    return [str(pattern).format(study=name, **firsts[name]) for name in EXPLORED]


def told_of_studies(wildcards, input):
    """What the explorer is told, with how the movies are opened."""
    movies = by_cell(wildcards, input) if input.movies else {}
    return {
        name: about
        | {"meaning": MEANINGS[name]["targets"][about["target"]]}
        | ({"movies": movies} if name == "cells" else {})
        for name, about in EXPLORED.items()
    }


def told(wildcards):
    """What is said of a cell's files."""
    return TOLD(wildcards.cell)


def labels(wildcards):
    """What the channels of a cell show, and its condition."""
    condition = settings.cells.condition(wildcards.cell)
    return {"names": settings.cells.shown(), "condition": condition}
