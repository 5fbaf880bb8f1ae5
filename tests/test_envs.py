"""Every third-party package that a rule's code imports stands in its environment."""

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

from awd import provenance

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"

# What conda calls what Python imports, where the names differ.
CALLED = {
    "netCDF4": "netcdf4",
    "pywt": "pywavelets",
    "sklearn": "scikit-learn",
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "yaml": "pyyaml",
}


def environments() -> dict[str, set[str]]:
    """Packages of the environment of every rule, by the name of the rule."""
    found = {}
    for file in (ROOT / "rules").glob("*.smk"):
        for block in re.split(r"\brule (?=\w+:)", file.read_text())[1:]:
            env = re.search(r'"\.\./(envs/\w+\.yaml)"', block)[1]
            listed = yaml.safe_load((ROOT / env).read_text())["dependencies"]
            found[block.split(":")[0]] = {item.split()[0] for item in listed}
    return found


def imported(script: Path) -> set[str]:
    """Top-level names of all that a script and its project modules import."""
    files = provenance.code_files(script, SCRIPTS / "awd")
    names = set()
    for path in files:
        if path.suffix == ".py" and path.name != "__init__.py":
            for node in provenance.running(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"awd"}


@pytest.mark.parametrize("rule", sorted(environments()))
def test_a_rules_environment_names_what_its_code_imports(rule):
    needed = {CALLED.get(name, name) for name in imported(SCRIPTS / f"{rule}.py")}
    assert needed <= environments()[rule]
