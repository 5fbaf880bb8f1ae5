"""Digests of code, seeds and versions: they tie a file to how it was made."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awd import io
from awd.errors import AwdError

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "numba",
    "PyWavelets",
    "xarray",
    "aeon",
)
PARSED = Path(".snakemake/awd-imports.json")


def code_digest(script: Path, package: Path, step: str = "") -> str:
    """Digest of a script and of every module of ``package`` that it imports.

    Imports are followed through the syntax tree, also those inside functions and those
    reached as attributes of a lazily loading package (``awd.cells.study.dataset``). Not
    followed: imports under ``TYPE_CHECKING`` and in a module's ``__getattr__``; a
    package's ``__init__`` counts by its own text only. Files beside a module with the
    module's name (a template, a style sheet) belong to it. Only content counts, never a
    time stamp.

    Parameters
    ----------
    script : Path
        The script of a rule, beside the package.
    package : Path
        Folder of the package, e.g. ``scripts/awd``.
    step : str, optional
        Module that the script is told to import: ``awd.study.train``.
    """
    digest = hashlib.sha256()
    for path in sorted(code_files(script, package, step)):
        digest.update(path.relative_to(package.parent).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def code_files(script: Path, package: Path, step: str = "") -> set[Path]:
    """The script, the project's modules it uses, and the files that belong to them."""
    script, package = script.resolve(), package.resolve()
    seen: set[Path] = set()
    waiting = [script, *(_files(step, package) if step else ())]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.name != "__init__.py":
            for name in _named(path, path.read_text("utf-8"), package):
                waiting += _files(name, package)
    return seen | {file for path in seen - {script} for file in _beside(path)}


@functools.cache
def _beside(path: Path) -> tuple[Path, ...]:
    """Files with a module's name: a template, a style sheet."""
    if path.name == "__init__.py":
        return ()
    siblings = path.parent.glob(f"{path.stem}.*")
    return tuple(file for file in siblings if file.suffix != ".pyc")


@functools.cache
def _named(path: Path, text: str, package: Path) -> tuple[str, ...]:
    """Dotted names of the package that a file imports, or reaches as attributes.

    Parsing all modules takes a second, which planning and every job would spend:
    what was found is kept in ``.snakemake``, by the file's place and text.
    """
    known = _remembered()
    place = path.relative_to(package.parent).as_posix()
    key = hashlib.sha256(f"{place}\0{text}".encode()).hexdigest()
    if key not in known:
        known[key] = sorted(_parse(path, text, package))
    return tuple(known[key])


@functools.cache
def _remembered() -> dict[str, list[str]]:
    """What earlier processes parsed, with the same code of this module."""
    with contextlib.suppress(AwdError):  # none, or damaged: it is made again
        kept = io.read_json(PARSED)
        if kept["by"] == _own_digest():
            return kept["names"]
    return {}


def remember() -> None:
    """Keep for jobs and later runs which modules every file names."""
    kept = {"by": _own_digest(), "names": _remembered()}
    with contextlib.suppress(AwdError):
        if io.read_json(PARSED) == kept:
            return
    io.write_json(kept, PARSED)


def _own_digest() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def _parse(path: Path, text: str, package: Path) -> set[str]:
    nodes = [*running(ast.parse(text))]
    bound: dict[str, str] = {}
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.add(alias.name)
                top = alias.name.split(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute(node, path, package)
            for alias in node.names:
                names.add(f"{origin}.{alias.name}")
                bound[alias.asname or alias.name] = f"{origin}.{alias.name}"
    names |= {name for node in nodes if (name := _attribute(node, bound))}
    return {name for name in names if name.split(".")[0] == package.name}


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs, without TYPE_CHECKING blocks and ``__getattr__``."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _absolute(node: ast.ImportFrom, path: Path, package: Path) -> str:
    if not node.level:
        return node.module or ""
    parts = path.relative_to(package.parent).with_suffix("").parts[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _attribute(node: ast.AST, bound: Mapping[str, str]) -> str | None:
    """``cells.dataset.assemble`` as ``awd.cells.study.dataset.assemble``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not parts or not isinstance(node, ast.Name) or node.id not in bound:
        return None
    return ".".join([bound[node.id], *reversed(parts)])


@functools.cache
def _files(name: str, package: Path) -> tuple[Path, ...]:
    """Files of a dotted name, each package on the way with it, as importing does."""
    files = []
    place = package.parent
    for part in name.split("."):
        place = place / part
        if (place / "__init__.py").is_file():
            files.append(place / "__init__.py")
        else:
            if place.with_suffix(".py").is_file() and package in place.parents:
                files.append(place.with_suffix(".py"))
            break
    return tuple(files)


def import_first(scripts: Path) -> None:
    """Let jobs import the library of their workflow, whatever is installed."""
    paths = [str(scripts), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


def derive_seed(root: int, *labels: object) -> int:
    """A seed of its own for each job: ``SeedSequence`` of the root and the labels."""
    key = hashlib.sha256("\0".join(map(str, labels)).encode()).digest()[:16]
    spawn_key = np.frombuffer(key, "<u4").tolist()
    sequence = np.random.SeedSequence(root, spawn_key=spawn_key)
    return int(sequence.generate_state(1)[0])


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the numbers, where there."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        # Environments without networks have no torch.
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def stamp(rule: str, wildcards: Mapping[str, str], params: Mapping[str, Any]) -> dict:
    """The ``provenance`` attribute of a file: no time, no machine."""
    return {
        "rule": rule,
        "wildcards": dict(wildcards),
        "params": dict(params),
        "versions": versions(),
    }
