"""What type checkers see of the library's face, which loads on first use."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PLANTED = """
import awd

awd.distil.distil(levels="three")
awd.AdaptiveWaveletRegressor(heads="ridge")
awd.load(3.0)
awd.maps.simulate(nothing=3)
awd.families.SYMMETRIC.filters()
awd.nothing
awd.AdaptiveWaveletRegressor(levels=[3, 4], head="ridge")  # as it should be
"""


@pytest.mark.parametrize("name", ["awd", "awd.cells", "awd.maps"])
def test_checkers_see_what_there_is(name):
    package = importlib.import_module(name)
    tree = ast.parse(Path(package.__file__).read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: f"{line.module}.{alias.name}"
        for block in blocks
        for line in block.body
        for alias in line.names
    }
    assert sorted(seen) == dir(package)
    for alias, place in seen.items():
        module, _, attribute = place.rpartition(".")
        try:
            found = importlib.import_module(place)
        except ModuleNotFoundError:
            found = getattr(importlib.import_module(module), attribute)
        assert getattr(package, alias) is found


@pytest.mark.slow
def test_planted_errors_are_found(tmp_path):
    script = tmp_path / "planted.py"
    script.write_text(PLANTED)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    lines = {int(line.split(":")[1]) for line in errors}
    assert lines == {4, 5, 6, 7, 8, 9}, done.stdout + done.stderr
