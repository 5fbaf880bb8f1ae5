"""The shape of the house: who may know whom, and what an import may cost."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest
from tests import rules

from awd.record import provenance

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "scripts/awd"
MODULES = sorted(LIBRARY.rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
# From the ground up; what stands together may be imported from above, never from below,
# and the two sciences not from each other. Public faces stand with what they show.
FLOORS = [
    {"errors"},
    {
        "log",
        "io",
        "integrity",
        "registry",
        "samples",
        "gaps",
        "arguments",
        "scalars",
        "windows",
        "curves",
        "extras",
        "compiled",
    },
    {"record", "filters", "wavelet", "transform", "export", "heads"},
    {"features", "portable", "model", "targets", "teacher", "attribution"},
    {"search", "distil", "fitting", "estimator", "predictor", "predictors"},
    {"league", "study"},
    {"recovery"},
    {"report"},
    {"cells", "maps", "own"},
    {"config"},
    {"shell", "outside", "cli", "__main__"},
]
FLOOR = {part: height for height, parts in enumerate(FLOORS) for part in parts}
DRAWS = {"report", "cells/figures", "maps/figures"}  # what only draws and writes


def imports(path):
    """Dotted names a file imports, with the names taken from a package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path):
    return path.relative_to(LIBRARY).with_suffix("").as_posix()


def arrows():
    """Every module's imports that run, of modules of the library."""
    known = {f"awd.{name_of(path).replace('/', '.')}": path for path in MODULES}
    for path in MODULES:
        for node in provenance.running(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("awd"):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                for name in names:
                    target = known.get(name) or known.get(node.module)
                    if target and target != path:
                        yield name_of(path), name_of(target)


def test_no_import_runs_up():
    for source, target in arrows():
        above, below = source.split("/")[0], target.split("/")[0]
        assert FLOOR[above] >= FLOOR[below], f"{source} imports {target}"
        if {above, below} == {"cells", "maps"}:
            pytest.fail(f"{source} imports {target}: a science knows no other")


def test_there_are_no_circles():
    above = {}
    for source, target in arrows():
        above.setdefault(source, set()).add(target)
    tuple(graphlib.TopologicalSorter(above).static_order())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_what_draws_knows_plots_and_nothing_knows_the_workflow(path):
    draws = any(name_of(path).startswith(f"{part}/") for part in DRAWS)
    for name in imports(path):
        assert not name.startswith("snakemake"), name
        assert draws or not name.startswith(("matplotlib", "seaborn")), name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_uses_pickle_or_stays_silent_about_itself(path):
    text = path.read_text()
    assert not {"pickle", "joblib"} & set(imports(path))
    assert "allow_pickle" not in text
    assert ast.get_docstring(ast.parse(text)), "a module says what it is for"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_thin(path):
    assert len(path.read_text().splitlines()) <= 40


def test_every_rule_has_its_script_and_every_script_its_rule():
    assert sorted(rules.environments()) == sorted(path.stem for path in SCRIPTS)


def test_every_figure_has_its_caption():
    captions = {path.stem for path in (ROOT / "rules/captions").glob("*.rst")}
    drawn = {
        p.stem.removeprefix("plot_") for p in SCRIPTS if p.stem.startswith("plot_")
    }
    assert drawn == captions - {"workflow"}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("awd", {"torch", "numba", "matplotlib", "xarray", "pandas", "sklearn"}),
        ("awd.config.reading", {"torch", "numba", "matplotlib", "xarray", "pandas"}),
        ("awd.report.figures", {"torch", "numba"}),
        ("awd.io", {"torch", "numba", "matplotlib", "xarray"}),
        ("awd.model", {"torch", "sklearn", "pandas", "xarray", "pywt"}),
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
