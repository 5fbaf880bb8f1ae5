"""What makes a step run again: content of code, data and settings; nothing else."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest

from awd import io
from awd.record import manifest, provenance

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOTHING = "Nothing to be done"
SEED = "results/micro/cells/split0/sig_mean/seed0"


@pytest.fixture(scope="module")
def jobs(finished):
    """Every job of the run by name, in order, as Snakemake recorded it."""
    with contextlib.chdir(finished.folder):
        results = ["results/micro/ro-crate-metadata.json"]
        return manifest.lineage(results, Path("results/micro"))[0]


def digests(finished, jobs):
    """Of the code of every job, as it is now."""
    scripts = finished.folder / "scripts"
    return {
        name: provenance.code_digest(
            finished.folder / job.script, scripts / "awd", job.step
        )
        for name, job in jobs.items()
    }


def would_run(finished, jobs):
    """Rules with other code than they ran with, and those with jobs that follow."""
    now = digests(finished, jobs)
    changed, followers, made = set(), set(), set()
    for name, job in jobs.items():
        if made & {*job.inputs}:
            followers.add(job.rule)
        elif now[name] != job.code:
            changed.add(job.rule)
        else:
            continue
        made |= {*job.outputs}
    return changed, followers


@contextlib.contextmanager
def edited(finished, file, old="", new="\n# edited\n"):
    """A file of the checkout with a line more, or with other text."""
    path = finished.folder / file
    text = path.read_text()
    try:
        path.write_text(text.replace(old, new) if old else text + new)
        yield
    finally:
        path.write_text(text)


def test_a_second_run_does_nothing_and_says_so_whatever_was_touched(finished):
    touched = [finished.folder / "Snakefile"]
    for part in ("rules", "scripts", "config"):
        touched += [finished.folder / part, *(finished.folder / part).rglob("*")]
    # Put back: compiled loops, which are kept by time, would be compiled again.
    times = {path: path.stat() for path in touched}
    try:
        for path in touched:
            os.utime(path)
        assert NOTHING in finished.snakemake()
    finally:
        for path, before in times.items():
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


INFERRING = {"infer_cosmology", "plot_posterior", "distil_wavelet"}
DATA = {"simulate_movie", "track_movie", "assemble_dataset", "split_dataset"}
PLOTS = {path.stem for path in (ROOT / "scripts").glob("plot_*.py")}
PLOTS -= {
    "plot_soft_path",
    "plot_recovery",
    "plot_observed",
}  # of what this run does not do
PAGES = {"report", "report_tracks"}


@pytest.mark.parametrize(
    ("module", "own", "spared"),
    [
        (
            "report/style.mplstyle",
            PLOTS | {"explore"},
            DATA | {"train_teacher", "score_methods"},
        ),
        ("report/figures/search.py", {"plot_choice", "plot_filter_path"}, DATA),
        (
            "report/figures/student.py",
            {"plot_reading", "plot_curves", "explore"},
            DATA | {"plot_choice"},
        ),
        ("report/page.html.j2", PAGES, DATA | PLOTS | {"tabulate_scores"}),
        (
            "teacher/training.py",
            {"train_teacher", "gather_samples"},  # which may ask a network
            DATA | {"make_bank"},
        ),
        (
            "record/checkpoint.py",
            {"train_teacher", "make_bank"},
            DATA | {"simulate_maps"},
        ),
        ("record/crate.py", {"write_crate"}, {"report", "write_manifest"}),
        ("record/manifest.py", PAGES | {"explore"}, DATA | PLOTS),
        (
            "search/descent.py",
            {"distil_wavelet", "distil_softly", "hand_over"},
            DATA | {"train_teacher", "plot_learning"},
        ),
        (
            "search/soft.py",
            {"distil_wavelet", "distil_softly"},
            DATA | {"train_teacher", "plot_learning"},
        ),
        ("cells/simulate.py", {"simulate_movie"}, set()),
        ("cells/link.py", {"track_movie"}, {"simulate_movie"}),
        ("maps/sky/lensing.py", {"simulate_maps"}, DATA),
        ("maps/infer/heads.py", INFERRING, {"measure_maps"}),
        ("cells/readers/matlab.py", set(), DATA | PLOTS | {"report", "write_manifest"}),
    ],
)
def test_editing_a_library_module_changes_exactly_the_rules_that_use_it(
    finished, jobs, module, own, spared
):
    assert would_run(finished, jobs) == (set(), set())
    with edited(finished, f"scripts/awd/{module}"):
        changed, followers = would_run(finished, jobs)
    assert changed == own
    assert not spared & followers


@pytest.mark.parametrize(
    "modules", [["search/soft.py"], ["report/style.mplstyle", "maps/infer/heads.py"]]
)
def test_snakemake_reruns_rules_whose_code_changed_and_what_follows(
    finished, jobs, modules
):
    with contextlib.ExitStack() as edits:
        for module in modules:
            edits.enter_context(edited(finished, f"scripts/awd/{module}"))
        changed, followers = would_run(finished, jobs)
        assert finished.would_run() == (changed, followers | {"all"})


def test_a_setting_reruns_the_rules_that_read_it_and_what_follows(finished):
    with edited(finished, "tests/micro.yaml", "draws: 100", "draws: 150"):
        changed, followers = finished.would_run()
    assert changed == {
        "score_methods",
        "score_cosmology",
        "score_handed",
        "report_tracks",
    }
    assert {"report", "plot_scores"} <= followers
    assert not followers & (DATA | {"train_teacher", "predict_students"})


def arrays(folder, names):
    return {
        (name, key): variable.values
        for name in names
        for key, variable in io.read(folder / name).variables.items()
    }


def test_a_poisoned_test_split_changes_nothing_but_the_scores(finished):
    """The teacher, its cache and the wavelet are blind to the test groups."""
    other, samples = "poisoned", "results/micro/cells/split0/samples.nc"
    data = io.read(finished.folder / samples)
    test = (data.split == "test").values
    rng = np.random.default_rng(0)
    data.x.values[test] = 1e3 * rng.standard_normal(data.x.values[test].shape)
    data.target.values[test] = 1e3 * rng.standard_normal(data.target.values[test].shape)
    io.write(data, finished.folder / other / samples)
    finished.snakemake("--directory", other, f"{SEED}/students.nc")
    wavelets = [f"{SEED}/wavelets.nc"]
    clean = arrays(finished.folder, wavelets)
    for key, values in arrays(finished.folder / other, wavelets).items():
        np.testing.assert_array_equal(values, clean[key])
    weights = f"{SEED}/networks.safetensors"
    places = (finished.folder, finished.folder / other)
    first, second = ((place / weights).read_bytes() for place in places)
    assert first == second
    outputs = f"{SEED}/outputs.nc"
    asked, poisoned = (arrays(place, [outputs]) for place in places)
    np.testing.assert_array_equal(
        asked[outputs, "gradient"][:, ~test], poisoned[outputs, "gradient"][:, ~test]
    )
    np.testing.assert_array_equal(
        asked[outputs, "output"][:, ~test], poisoned[outputs, "output"][:, ~test]
    )
    students = f"{SEED}/students.nc"
    before, after = (
        arrays(place, [students])[students, "prediction"] for place in places
    )
    assert not np.allclose(before, after)
