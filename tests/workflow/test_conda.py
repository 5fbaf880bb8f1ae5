"""The pipeline in the environments of envs/, made by a conda stand-in of stub packages.

What is real: Snakemake's deployment, the environment files, solving them against the
versions installed here, activation, and every job's run in what its file asks for. The
packages are links to the installed ones (``tests/conda/channel.py``), the command is
``tests/conda/stand_in.py``: that conda-forge has builds of these versions is not shown.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import rules

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tests/conda"
ENVS = {path.stem: path.read_text() for path in ROOT.glob("envs/*.yaml")}
RULES = rules.environments()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.conda,
    pytest.mark.skipif(
        sys.version_info[:2] != (3, 11), reason="the environments name Python 3.11"
    ),
]


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    """Folder of the channels, of the stand-in, and of a Snakemake in its own prefix."""
    folder = tmp_path_factory.mktemp("conda") / "stand-in"
    subprocess.run([sys.executable, TOOLS / "channel.py", folder], check=True)
    command = [folder / "bin/conda", "env", "create"]
    command += ["--file", ROOT / "envs/snakemake.yaml"]
    command += ["--prefix", folder / "envs/snakemake"]
    subprocess.run(command, check=True)
    return folder


def using(conda, checkout):
    """The checkout, started by the Snakemake of ``envs/snakemake.yaml``."""
    checkout.python = conda / "envs/snakemake/bin/python"
    checkout.environment["PATH"] = f"{conda / 'bin'}:{os.environ['PATH']}"
    return checkout


@pytest.fixture(scope="module")
def deployed(finished, conda, tmp_path_factory):
    """A checkout with the micro run, every job in its environment, one at a time."""
    checkout = using(conda, type(finished)(tmp_path_factory.mktemp("deployed")))
    checkout.take(finished)
    checkout.environment["PYTHON_STARTS"] = str(checkout.folder / "starts")
    checkout.snakemake("--use-conda", "--cores", "1")
    return checkout


@pytest.fixture(scope="module")
def prefixes(deployed):
    """Where the environments are, by name."""
    copies = (deployed.folder / ".snakemake/conda").glob("*.yaml")
    texts = {path.read_text(): path.with_suffix("") for path in copies}
    return {name: texts[text] for name, text in ENVS.items() if text in texts}


def ran_in(checkout):
    """Rules of which a job has run."""
    benchmarks = checkout.folder / "results/micro/benchmarks"
    return {path.stem for path in benchmarks.iterdir()}


def test_every_table_is_the_same_in_environments_and_on_one_core(finished, deployed):
    plain, other = (run.folder / "results/micro" for run in (finished, deployed))
    tables = {path.relative_to(plain) for path in plain.rglob("*.csv")}
    timed = {"timings.csv", *(f"table_{of}.csv" for of in ("cells", "maps", "power"))}
    assert {"scores.csv", "maps/cosmology.csv"} <= {str(path) for path in tables}
    for path in tables:
        if path.name in timed:
            continue
        assert (other / path).read_bytes() == (plain / path).read_bytes(), path


def test_every_job_runs_in_the_environment_of_its_rule(deployed, prefixes):
    names = {str(prefix): name for name, prefix in prefixes.items()}
    ran = set()
    for line in (deployed.folder / "starts").read_text().splitlines():
        prefix, last = line.split("\t")
        if ".snakemake/scripts/" in last:
            ran.add((Path(last).name.split(".")[1], names[prefix]))
    assert ran == {(rule, RULES[rule]) for rule in ran_in(deployed)}
    assert set(names.values()) == {"core", "maps", "torch"}


def shell(prefix, conda, command, folder):
    """A command in an activated environment, without Snakemake."""
    activated = f"source {conda}/bin/activate {prefix}; {command}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "scripts")}
    return subprocess.run(
        ["bash", "-c", activated],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
    )


@pytest.mark.parametrize("name", ["core", "maps", "torch"])
def test_an_environment_imports_all_that_its_scripts_do(
    deployed, prefixes, conda, name
):
    own = [rule for rule, env in RULES.items() if env == name]
    steps = {step for rule in own for step in rules.steps(rule)}
    scripts = [f"scripts/{rule}.py" for rule in own]
    scripts += [f"scripts/{step.replace('.', '/')}.py" for step in steps]
    command = f"python {TOOLS}/imports.py {' '.join(scripts)}"
    done = shell(prefixes[name], conda, command, deployed.folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("core", ["torch", "astropy", "snakemake", "pytest"]),
        ("maps", ["torch", "snakemake", "pytest"]),
        ("torch", ["astropy", "snakemake", "pytest"]),
    ],
)
def test_an_environment_holds_nothing_that_its_file_does_not_ask_for(
    deployed, prefixes, conda, name, others
):
    for other in others:
        command = f"python -c 'import {other}'"
        done = shell(prefixes[name], conda, command, deployed.folder)
        assert f"No module named '{other}'" in done.stderr


def test_an_edited_environment_reruns_its_rules_and_what_follows(deployed):
    env = deployed.folder / "envs/torch.yaml"
    text = env.read_text()
    try:
        env.write_text(text.replace("pytorch >=2.5", "pytorch >=2.6"))
        reason = "software environment definition has changed since last execution"
        changed, followers = deployed.would_run("--use-conda", reason=reason)
    finally:
        env.write_text(text)
    # Those that also follow from another stand only among the followers.
    own = {rule for rule in ran_in(deployed) if RULES[rule] == "torch"}
    assert {"train_teacher"} <= changed <= own <= changed | followers
    spared = {"track_movie", "split_dataset", "measure_maps", "make_bank"}
    assert not spared & followers


def test_an_environment_without_a_solution_says_what_cannot_be(conda, checkout):
    env = checkout.folder / "envs/core.yaml"
    env.write_text(env.read_text().replace("numpy >=2.0,<3", "numpy >=99"))
    printed = using(conda, checkout).snakemake("--use-conda", ok=False)
    assert "Could not create conda environment from" in printed
    assert "No candidates were found for numpy >=99" in printed
    assert "rule simulate_movie" not in printed


def test_pins_are_written_for_every_environment_and_preferred(conda, checkout):
    folder = using(conda, checkout).folder
    command = ["make", "-f", ROOT / "Makefile", "-C", folder, "pins"]
    subprocess.run(command, env=checkout.environment, check=True)
    pins = {path.name.split(".")[0]: path for path in folder.glob("envs/*.pin.txt")}
    assert set(pins) == set(ENVS)
    assert "/pytorch-" in pins["torch"].read_text()
    assert "/pytorch-" not in pins["core"].read_text()
    printed = checkout.snakemake("--use-conda", "--conda-create-envs-only")
    assert printed.count("Using pinnings from") == 3
    assert "Failed to install" not in printed
