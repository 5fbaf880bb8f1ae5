"""Digests of code, seeds and versions: they tie a file to how it was made."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

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
    seen: set[Path] = set()
    waiting = [script.resolve()]
    if step:
        waiting += _files(step, package.resolve())
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.name != "__init__.py":
            text = path.read_text("utf-8")
            waiting += _imported(path, text, package.resolve())
    beside = {
        sibling
        for path in seen - {script.resolve()}
        for sibling in path.parent.glob(f"{path.stem}.*")
        if path.name != "__init__.py" and sibling.suffix != ".pyc"
    }
    return seen | beside


@functools.cache
def _imported(path: Path, text: str, package: Path) -> tuple[Path, ...]:
    """Files of the package's modules that a file imports or names."""
    tree = ast.parse(text)
    bound: dict[str, str] = {}
    names: set[str] = set()
    for node in running(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names.add(alias.name)
                top = alias.name.split(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute(node, path, package)
            names.add(origin)
            for alias in node.names:
                names.add(f"{origin}.{alias.name}")
                bound[alias.asname or alias.name] = f"{origin}.{alias.name}"
    names |= {name for node in running(tree) if (name := _attribute(node, bound))}
    return tuple(sorted({file for name in names for file in _files(name, package)}))


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs, without TYPE_CHECKING blocks and ``__getattr__``."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef) and child.name == "__getattr__":
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield from running(child)


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


def _files(name: str, package: Path) -> Iterator[Path]:
    """Files of a dotted name, each package on the way with it, as importing does."""
    place = package.parent
    for part in name.split("."):
        place = place / part
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
        elif place.with_suffix(".py").is_file():
            if package in place.parents:
                yield place.with_suffix(".py")
            return
        else:
            return


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
