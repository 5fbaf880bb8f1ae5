"""Conda environments: each names what its rules import, in ranges that we test with."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from tests import rules

from awd.record import provenance

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"

ENVS = {
    path.stem: dict(
        item.split() for item in yaml.safe_load(path.read_text())["dependencies"]
    )
    for path in ROOT.glob("envs/*.yaml")
}

# What conda calls what Python imports, where the names differ.
CALLED = {
    "PIL": "pillow",
    "netCDF4": "netcdf4",
    "pywt": "pywavelets",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "yaml": "pyyaml",
}
# What conda calls what pip installs, where the names differ.
INSTALLED = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def imported(rule: str) -> set[str]:
    """Top-level names of all that a rule's script and its project modules import."""
    files = set()
    for step in rules.steps(rule) or [""]:
        files |= provenance.code_files(SCRIPTS / f"{rule}.py", SCRIPTS / "awd", step)
    names = set()
    for path in files:
        if path.suffix == ".py" and path.name != "__init__.py":
            for node in provenance.running(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"awd"}


@pytest.mark.parametrize("rule", sorted(rules.environments()))
def test_a_rules_environment_names_what_its_code_imports(rule):
    needed = {CALLED.get(name, name) for name in imported(rule)}
    assert needed <= set(ENVS[rules.environments()[rule]])


@pytest.mark.parametrize("name", sorted(ENVS))
def test_ranges_contain_the_locked_versions(name):
    lines = (ROOT / "requirements.lock").read_text().lower().splitlines()
    locked = dict(line.split("==") for line in lines)
    for package, allowed in ENVS[name].items():
        if package != "python":
            version = locked[INSTALLED.get(package, package)]
            asked = rattler.VersionSpec(allowed)
            assert asked.matches(rattler.Version(version)), f"{package} {allowed}"


@pytest.mark.parametrize("name", sorted(ENVS))
def test_ranges_begin_where_the_library_does(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked_by = ("torch", "pipeline", "cells", "maps", "rivals")
    listed = sum((extras[name] for name in asked_by), project["dependencies"])
    library = {line.name: line.specifier for line in map(Requirement, listed)}
    for package, allowed in ENVS[name].items():
        oldest = re.match(r">=([\d.]+)", allowed)
        if oldest:
            asked = library.get(INSTALLED.get(package, package), SpecifierSet())
            assert oldest[1] in asked, f"{package} {allowed}, the library {asked}"


def test_what_environments_share_has_one_range():
    for package in set().union(*ENVS.values()):
        ranges = {env[package] for env in ENVS.values() if package in env}
        assert len(ranges) == 1, f"{package}: {ranges}"


def test_only_what_starts_the_pipeline_holds_snakemake():
    """A job's own Snakemake could not read what the caller's hands to it."""
    assert {name for name, env in ENVS.items() if "snakemake" in env} == {"snakemake"}
    assert "snakemake" not in rules.environments().values()


def test_any_build_of_torch_fits_the_lock_and_cuda_is_not_in_it():
    """A CPU build, 2.13.0+cpu, is the same version to pip, and before it in order."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    (torch,) = [line for line in lines if line.startswith("torch==")]
    pinned = Requirement(torch)
    (version,) = [s.version for s in pinned.specifier]
    assert pinned.specifier.contains(f"{version}+cpu")
    assert Version(f"{version}+cpu") > Version(version)
    assert not [line for line in lines if line.startswith(("nvidia", "triton", "cuda"))]
