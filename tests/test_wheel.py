"""The wheel: complete, predicts without its extras, and says what they bring."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from awd import extras, model, wavelet
from awd.errors import MissingInput
from awd.features import Largest, Student

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "scripts/awd"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HEAVY = ["torch", "sklearn", "xarray", "pandas", "scipy", "pywt", "matplotlib"]
WITHOUT = "import sys; sys.modules.update(dict.fromkeys({})); {}"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the wheel, built from a copy, is installed by itself."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "*.nb?")
    shutil.copytree(LIBRARY, folder / "source/scripts/awd", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    quietly([*build, folder / "source"])
    (wheel,) = folder.glob("*.whl")
    alone = ["--no-deps", "--no-index", "--no-compile", "--target"]
    quietly(["-m", "pip", "install", *alone, folder / "site", wheel])
    return folder / "site"


def quietly(arguments, **options):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        **options,
    )


def without(packages, code, site):
    """What code prints where some packages are not installed."""
    environment = os.environ | {"PYTHONPATH": str(site), "NUMBA_DISABLE_JIT": "1"}
    command = WITHOUT.format(packages, code)
    return quietly(["-c", command], env=environment, cwd=site.parent).stdout


def test_it_holds_the_whole_library_and_no_more(installed):
    made = {".py", ".js", ".j2", ".mplstyle", ".typed"}
    files = {p.relative_to(LIBRARY) for p in LIBRARY.rglob("*") if p.suffix in made}
    files.add(Path("py.typed"))
    found = {p.relative_to(installed / "awd") for p in (installed / "awd").rglob("*.*")}
    assert found == files


def test_alone_it_asks_for_eight_packages(installed):
    (metadata,) = importlib.metadata.distributions(path=[str(installed)])
    asked = [Requirement(line) for line in metadata.requires]
    alone = {line.name for line in asked if line.marker is None}
    assert alone == {
        *("numpy", "scipy", "numba", "pywavelets", "scikit-learn", "threadpoolctl"),
        *("click", "tqdm"),
    }


def test_a_model_predicts_with_numpy_and_numba_alone(installed, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 16)).cumsum(1)
    student = Student(Largest(2), "hinges").fit(
        x, x.max(1), wavelet.from_pywt("db2"), 2
    )
    taken = model.of_student(student, x)
    taken.save(tmp_path / "model.json")
    np.save(tmp_path / "x.npy", x)
    code = (
        f"import awd, numpy; x = numpy.load({str(tmp_path / 'x.npy')!r}); "
        f"print(awd.__file__, *awd.load({str(tmp_path / 'model.json')!r}).predict(x))"
    )
    place, *predicted = without(HEAVY, code, installed).split()
    assert Path(place).is_relative_to(installed)
    np.testing.assert_allclose([float(p) for p in predicted], taken.predict(x))


@pytest.mark.parametrize(
    ("package", "use", "extra"),
    [
        ("torch", "awd.transform", "torch"),
        ("torch", "awd.soft", "torch"),
        ("torch", "awd.network('net.pt2')", "torch"),
        ("onnx", "awd.network('net.onnx')", "onnx"),
        ("xarray", "awd.io.read('x.nc')", "pipeline"),
        ("pandas", "awd.io.read_table('x.csv')", "pipeline"),
    ],
)
def test_what_is_missing_is_named_with_the_command(package, use, extra, tmp_path):
    for name in ("net.pt2", "net.onnx", "x.nc", "x.csv"):
        (tmp_path / name).write_bytes(b"net")
    code = WITHOUT.format([package], f"import awd; {use}")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(LIBRARY.parent)},
    )
    assert f"needs the package {package}" in done.stderr
    assert f'pip install "awd-wavelets[{extra}]"' in done.stderr


def test_another_missing_package_is_no_extra():
    with pytest.raises(ModuleNotFoundError), extras.needed("this"):
        raise ModuleNotFoundError(name="elsewhere")
    with pytest.raises(MissingInput, match="package torch"), extras.needed("this"):
        raise ModuleNotFoundError(name="torch.nn")


def brought_by(extra):
    """Distributions that an extra of this project names, those it builds on too."""
    found = set()
    for line in map(Requirement, PROJECT["optional-dependencies"][extra]):
        found |= {canonicalize_name(line.name)}
        found |= set().union(*map(brought_by, line.extras))
    return found - {PROJECT["name"]}


def test_every_extra_brings_what_it_is_said_to_bring():
    distributions = importlib.metadata.packages_distributions()
    for module, extra in extras.EXTRAS.items():
        named = {canonicalize_name(name) for name in distributions[module]}
        brought = brought_by(extra)
        needed = {
            canonicalize_name(Requirement(line).name)
            for name in brought
            for line in importlib.metadata.requires(name) or ()
        }
        assert named & (brought | needed), module


def test_every_import_is_of_the_library_alone_or_of_an_extra():
    distributions = importlib.metadata.packages_distributions()
    alone = {
        canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]
    }
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in {re.match(r"\w+", name)[0] for name in names}:
                known = name in sys.stdlib_module_names or name in extras.EXTRAS
                given = {canonicalize_name(d) for d in distributions.get(name, [])}
                assert known or name == "awd" or given & alone, f"{path}: {name}"


def newer():
    """Interpreters of this machine that are newer than the tests' own."""
    # Those that pyenv installed: what it puts on the PATH may start none of them.
    folders = [str(path) for path in Path.home().glob(".pyenv/versions/*/bin")]
    places = os.pathsep.join([*folders, os.environ["PATH"]])
    names = [f"3.{minor}" for minor in range(sys.version_info[1] + 1, 15)]
    found = {name: shutil.which(f"python{name}", path=places) for name in names}
    return {
        name: place
        for name, place in found.items()
        if place
        and not subprocess.run([place, "-c", ""], capture_output=True).returncode
    }


ELSEWHERE = """
import sys, numpy, awd
x = numpy.random.default_rng(0).normal(size=(60, 32)).cumsum(1)
steps = lambda x: numpy.abs(numpy.diff(x)).max(1)
model = awd.AdaptiveWaveletRegressor(levels=[2], head="ridge").fit(x, teacher=steps)
model.save(sys.argv[1])
print(*awd.load(sys.argv[1]).predict(x))
"""


@pytest.mark.slow
@pytest.mark.conda
@pytest.mark.parametrize("version", [*newer()][-1:] or [None])  # the newest
def test_a_newer_python_installs_it_and_distils(installed, version, tmp_path):
    """From the package index; what it saves, this one reads, and predicts the same."""
    if version is None:
        pytest.skip("no Python here is newer than the one that runs the tests")
    subprocess.run([newer()[version], "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv/bin/python"
    (wheel,) = installed.parent.glob("*.whl")
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    saved = tmp_path / "model.json"
    done = subprocess.run(
        [python, "-c", ELSEWHERE, saved],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    x = np.random.default_rng(0).normal(size=(60, 32)).cumsum(1)
    predicted = [float(value) for value in done.stdout.split()]
    np.testing.assert_allclose(predicted, model.load(saved).predict(x), 1e-5)
