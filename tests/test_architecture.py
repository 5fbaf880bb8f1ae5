"""The shape of the house: who may know whom, and what an import may cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "scripts/awd"
MODULES = sorted(LIBRARY.rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
DOMAINS = ("cells", "maps")
CORE = [path for path in MODULES if path.relative_to(LIBRARY).parts[0] not in DOMAINS]
OUTER = {
    "tables",
    "figures",
    "report",
    "style",
}  # what only draws and writes for people


def imports(path):
    """Dotted names a file imports, with the names taken from a package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_knows_no_domain_no_workflow_and_no_plots(path):
    for name in imports(path):
        assert not name.startswith(tuple(f"awd.{domain}" for domain in DOMAINS)), name
        assert not name.startswith("snakemake"), name
        if not OUTER & {path.stem, path.parent.stem}:
            assert not name.startswith(("matplotlib", "seaborn", "awd.figures")), name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_uses_pickle_or_stays_silent_about_itself(path):
    text = path.read_text()
    assert not {"pickle", "joblib"} & set(imports(path))
    assert "allow_pickle" not in text
    assert ast.get_docstring(ast.parse(text)), "a module says what it is for"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_thin(path):
    assert len(path.read_text().splitlines()) <= 40


def test_every_rule_has_its_script_and_every_script_its_rule():
    rules = {
        line.split()[1].rstrip(":")
        for file in (ROOT / "rules").glob("*.smk")
        for line in file.read_text().splitlines()
        if line.strip().startswith("rule ")
    }
    assert rules == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("awd", {"torch", "numba", "matplotlib", "xarray", "pandas", "sklearn"}),
        ("awd.config", {"torch", "numba", "matplotlib", "xarray", "pandas"}),
        ("awd.figures", {"torch", "numba"}),
        ("awd.io", {"torch", "numba", "matplotlib", "xarray"}),
        ("awd.wavelet", {"torch", "numba", "matplotlib", "xarray"}),
    ],
)
def test_an_import_costs_only_what_it_uses(module, heavy):
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    assert not heavy & set(done.stdout.split())
