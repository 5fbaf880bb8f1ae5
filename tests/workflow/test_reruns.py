"""What makes a step run again: content of code, data and settings; nothing else."""

import os
from pathlib import Path

import numpy as np
import pytest

from awd import io

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOTHING = "Nothing to be done"
SEED = "results/micro/cells/split0/sig_mean/seed0"


def test_a_second_run_does_nothing_and_says_so(finished):
    assert NOTHING in finished.snakemake()


def test_a_touch_or_a_fresh_checkout_reruns_nothing(finished):
    for part in ("Snakefile", "rules", "scripts", "config"):
        place = finished.folder / part
        for path in [place, *place.rglob("*")]:
            os.utime(path)
    assert NOTHING in finished.snakemake("-n")


INFERRING = {"infer_cosmology", "plot_posterior", "distil_wavelet"}
DATA = {"simulate_movie", "track_movie", "assemble_dataset", "split_dataset"}
PLOTS = {path.stem for path in (ROOT / "scripts").glob("plot_*.py")}
PLOTS -= {"plot_soft_path", "plot_recovery"}  # of what this run does not do


@pytest.mark.parametrize(
    ("module", "own", "spared"),
    [
        ("report/style.mplstyle", PLOTS, DATA | {"train_teacher", "score_methods"}),
        ("report/figures/search.py", {"plot_choice", "plot_filter_path"}, DATA),
        ("report/figures/student.py", {"plot_reading"}, DATA | {"plot_choice"}),
        ("report/page.html.j2", {"report"}, DATA | PLOTS | {"tabulate_scores"}),
        (
            "teacher/training.py",
            {"train_teacher"},
            DATA | {"make_bank"},
        ),
        (
            "record/checkpoint.py",
            {"train_teacher", "make_bank"},
            DATA | {"simulate_maps"},
        ),
        ("record/crate.py", {"write_crate"}, {"report", "write_manifest"}),
        ("record/manifest.py", {"report"}, DATA | PLOTS),
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
def test_editing_a_library_module_reruns_exactly_the_rules_that_use_it(
    finished, module, own, spared
):
    path = finished.folder / "scripts/awd" / module
    text = path.read_text()
    try:
        path.write_text(text + "\n# edited\n")
        changed, followers = finished.would_run()
    finally:
        path.write_text(text)
    assert changed == own
    assert not spared & followers


def test_a_setting_reruns_the_rules_that_read_it_and_what_follows(finished):
    config = finished.folder / "tests/micro.yaml"
    text = config.read_text()
    try:
        config.write_text(text.replace("draws: 100", "draws: 150"))
        changed, followers = finished.would_run()
    finally:
        config.write_text(text)
    assert changed == {"score_methods", "score_cosmology", "score_handed"}
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
    other = "poisoned"
    finished.snakemake("--directory", other, "results/micro/cells/split0/samples.nc")
    path = finished.folder / other / "results/micro/cells/split0/samples.nc"
    data = io.read(path)
    test = (data.split == "test").values
    rng = np.random.default_rng(0)
    data.x.values[test] = 1e3 * rng.standard_normal(data.x.values[test].shape)
    data.target.values[test] = 1e3 * rng.standard_normal(data.target.values[test].shape)
    io.write(data, path)
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
        asked[outputs, "gradient"], poisoned[outputs, "gradient"]
    )
    np.testing.assert_array_equal(
        asked[outputs, "output"][:, ~test], poisoned[outputs, "output"][:, ~test]
    )
    students = f"{SEED}/students.nc"
    before, after = (
        arrays(place, [students])[students, "prediction"] for place in places
    )
    assert not np.allclose(before, after)
