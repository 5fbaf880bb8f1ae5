import dataclasses
import inspect
import json
import typing
from pathlib import Path

import pytest
import yaml

from awd.config import cells, documentation, models, reading
from awd.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "config"
FILES = sorted(FOLDER.glob("*.yaml"))


def given(**changes):
    base = {
        "run": "r",
        "cells": {"source": {"kind": "simulate"}, "targets": ["sig_mean"]},
    }
    return {**base, **changes}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_committed_file_is_valid_and_named_after_its_run(path):
    assert reading.load(yaml.safe_load(path.read_text()), path.name).run == path.stem


def test_all_mistakes_are_listed_at_once_with_suggestions():
    bad = given(run="a b", distil={"lenghts": [10], "largest": 0}, sed=1)
    with pytest.raises(ConfigError) as error:
        reading.load(bad, "bad.yaml")
    text = str(error.value)
    assert text.startswith("bad.yaml has 4 problems")
    assert "distil.lenghts  unknown key; did you mean 'lengths'?" in text
    assert "did you mean 'seed'?" in text
    assert "distil.largest  is 0; input should be greater than or equal to 1" in text
    assert "run             is 'a b'" in text


def test_keys_of_a_tagged_block_are_named_as_the_user_wrote_them():
    bad = {"kind": "simulate", "cels": 3}
    with pytest.raises(ConfigError, match=r"  cells.source.cels  unknown key; did you"):
        reading.load(given(cells={"source": bad, "targets": ["half"]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"distil": {"levels": [3, 6]}},
            r"distil.levels  is 6; tracks of 40 .* 5 times",
        ),
        (
            {"distil": {"moments": 3}},
            r"distil.moments  is 3; 4 taps .* at most 2 vanishing moments",
        ),
        (
            {"splits": {"rotations": 5}},
            "splits  rotation 4 does not exist: test=0.25 gives rotations 0 to 3",
        ),
        (
            {"splits": {"test": 0.5, "select": 0.5}},
            "splits  8 groups leave none to train on",
        ),
        ({"evaluation": {"folds": 6}}, "evaluation.folds  is 6; only 5 groups train"),
        ({"student": {"largest": 0, "smallest": 0}}, "a student needs a coefficient"),
        (
            {"baselines": {"wavelets": ["db5", "dmey", "bior2.2"]}},
            r"2 problems\n .*wavelets  dmey is not an ortho.*\n .*wavelets  bior2.2",
        ),
    ],
)
def test_contradictions_are_found_before_any_job(changes, message):
    with pytest.raises(ConfigError, match=message):
        reading.load(given(**changes))


def test_a_target_that_needs_p_values_is_refused_for_files_without():
    source = {"kind": "fxycms", "files": ["a.mat"]}
    with pytest.raises(ConfigError, match="sig_mean needs p-values"):
        reading.load(given(cells={"source": source, "targets": ["sig_mean"]}))


def test_schema_and_key_table_are_in_step_with_the_models():
    assert (
        json.loads((FOLDER / "schema.json").read_text()) == documentation.json_schema()
    )
    table = (FOLDER / "README.md").read_text().partition("<!-- keys -->\n")[2]
    assert table == documentation.key_table(), "run `make docs`"


def test_every_key_is_explained():
    rows = documentation.key_table().splitlines()[2:]
    assert all(row.split("|")[-2].strip() for row in rows)


def test_names_in_the_configuration_exist_in_the_library():
    from awd import features
    from awd.cells import simulate
    from awd.cells.study import dataset
    from awd.teacher import networks

    def choices(model, key):
        annotation = model.model_fields[key].annotation
        inner = typing.get_args(annotation)
        return set(typing.get_args(inner[0]) or inner)

    assert choices(cells.Cells, "targets") == set(dataset.TARGETS)
    for model in (cells.SimulatedTraces, cells.SimulatedMovies):
        assert choices(model, "preset") == set(simulate.PRESETS)
    assert choices(models.Teacher, "kinds") == set(networks.KINDS) - {"resnet"}
    for head in choices(models.Student, "head"):
        features.linear(head)


def test_the_tracker_is_configured_as_the_library_is_by_itself():
    from awd.cells import detect, link, readout, tracker

    by_itself = {}
    for function in (tracker.track, tracker.follow, link.track):
        for name, parameter in inspect.signature(function).parameters.items():
            by_itself.setdefault(name, parameter.default)
    for name, value in cells.Tracker().model_dump().items():
        found = by_itself[name]
        assert value == (list(found) if isinstance(found, tuple) else found), name
    tests, modes = (
        typing.get_args(cells.Tracker.model_fields[key].annotation)
        for key in ("test", "mode")
    )
    assert (tests, modes) == (detect.TESTS, readout.MODES)


def test_outcomes_are_configured_as_the_library_is_by_itself():
    from awd.cells.study.outcomes import Rules

    assert cells.Outcomes().model_dump() == dataclasses.asdict(Rules())


def test_cells_may_be_lost_as_long_as_the_splits_work():
    movies = {f"c{k}": [f"{k}.tif"] for k in range(8)}
    cells = {"source": {"kind": "movies", "files": movies}, "targets": ["sig_mean"]}
    whole = reading.load(given(cells=cells))
    least = reading.least_cells(whole)
    assert 4 <= least <= 8
    fewer = {name: movies[name] for name in list(movies)[: least - 1]}
    cells["source"]["files"] = fewer
    with pytest.raises(ConfigError):
        reading.load(given(cells=cells))


def test_the_paper_preset_fills_what_is_not_said():
    plain = reading.load(given())
    paper = reading.load(given(preset="paper", student={"head": "ridge"}))
    assert plain.distil.objectives[0] == "output"
    assert paper.distil.objectives == ["soft"]
    assert (paper.distil.lengths, paper.distil.levels) == ([10], [4])
    assert paper.cells.scaling == "cell"
    assert paper.cells.targets == plain.cells.targets
    assert (paper.student.largest, paper.student.smallest) == (6, 0)
    assert paper.student.head == "ridge"


def test_the_published_grid_is_the_default_of_the_soft_losses():
    from awd.search import soft

    assert tuple(models.Soft().sparsity) == soft.PAPER_SPARSITY
    assert tuple(models.Soft().attribution) == soft.PAPER_ATTRIBUTION
