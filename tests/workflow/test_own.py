"""A study of one's own whose parts are one's own too, through the whole pipeline."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

import awd
from awd import io
from awd.record import contracts

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
MODEL = "heads/highest/model.json"
# Signals of unequal length, and of each step what is quick.
STUDY = {
    "samples": {"kind": "file", "file": "uneven.npz"},
    "targets": {"highest": 0},
    "windows": ["whole", "end"],
    "length": 24,
    "splits": {"rotations": 1},
    "teacher": {"kinds": ["parts.py:Narrow"], "epochs": 2, "folds": 2},
    "distil": {
        "objectives": ["output", "parts.py:thinnest"],
        "families": ["parts.py:smooth"],
        "lengths": [4],
        "levels": [2],
        "folds": 2,
        "candidates": 3,
    },
    "student": {"head": "parts.py:sparse"},
    "baselines": {
        "wavelets": ["db2"],
        "levels": 2,
        "models": ["parts.py:differences"],
    },
}


@pytest.fixture
def place(checkout):
    """A checkout with parts of one's own, those of the page on extending."""
    page = (ROOT / "docs/extend.md").read_text("utf-8")
    code = page.split('open("parts.py", "w")')[1].split("'''")[1]
    (checkout.folder / "parts.py").write_text(code)
    rng = np.random.default_rng(0)
    x, length = rng.normal(size=(96, 40)).cumsum(1), rng.integers(12, 41, 96)
    x[np.arange(40) >= length[:, None]] = np.nan
    arrays = {"x": x, "y": np.nanmax(x, 1), "group": np.arange(96) // 4}
    np.savez(checkout.folder / "uneven.npz", length=length, **arrays)
    made = {"run": "mine", "own": {"heads": STUDY}, "evaluation": {"draws": 100}}
    made |= {"cells": None, "maps": None}
    (checkout.folder / "mine.yaml").write_text(yaml.safe_dump(made))
    return checkout


def test_parts_of_ones_own_go_through_every_rule(place):
    wanted = [f"results/mine/{name}" for name in ("scores.csv", MODEL)]
    place.snakemake(*wanted, config="mine.yaml")
    run = place.folder / "results/mine"
    scores = io.read_table(run / "scores.csv")
    methods = {"Narrow", "thinnest", "output_smooth", "differences", "db2"}
    assert methods <= set(scores["method"])
    assert np.isfinite(scores["r2"]).all()
    samples = io.read(run / "heads/split0/samples.nc", contracts.DATASET)
    assert samples["channel"].values.tolist() == ["whole", "end"]
    assert set(np.unique(samples["mask"])) == {-1, 1}
    model = awd.load(run / MODEL)
    assert model.sample.channels == ("whole", "end")
    with (place.folder / "parts.py").open("a") as file:
        file.write("\n# edited\n")
    printed = place.snakemake("-n", *wanted, "--quiet", "rules", config="mine.yaml")
    rules = printed.partition("    updated input files:\n")[2].splitlines()[0]
    assert {"train_teacher", "predict_baselines"} <= set(re.findall(r"\w+", rules))
