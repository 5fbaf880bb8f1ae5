import dataclasses
import inspect
import json
import typing
from pathlib import Path

import pytest
import yaml

from awd.config import cells, contradictions, documentation, reading, sources, study
from awd.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "config"
FILES = sorted(FOLDER.glob("*.yaml"))


CELLS = {"source": {"kind": "simulate"}, "targets": ["sig_mean"]}


def given(cells=CELLS, **changes):
    return {"run": "r", "cells": cells, **changes}


def of_cells(**changes):
    return given(cells=CELLS | changes)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_committed_file_is_valid_and_named_after_its_run(path):
    assert reading.load(yaml.safe_load(path.read_text()), path.name).run == path.stem


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_settings_of_a_run_can_be_given_again(path):
    config = reading.load(yaml.safe_load(path.read_text()))
    again = reading.load(yaml.safe_load(yaml.safe_dump(reading.dumped(config))))
    assert repr(again) == repr(config)  # Snakemake tells 0 from 0.0


def test_all_mistakes_are_listed_at_once_with_suggestions():
    distil = {"lenghts": [10], "candidates": 0}
    bad = of_cells(distil=distil) | {"run": "a b", "sed": 1}
    with pytest.raises(ConfigError) as error:
        reading.load(bad, "bad.yaml")
    text = str(error.value)
    assert text.startswith("bad.yaml has 4 problems")
    assert "distil.lenghts     unknown key; did you mean 'lengths'?" in text
    assert "did you mean 'seed'?" in text
    assert "distil.candidates  is 0; input should be greater than or equal to 1" in text
    assert "run                      is 'a b'" in text


def test_keys_of_a_tagged_block_are_named_as_the_user_wrote_them():
    bad = {"kind": "simulate", "cels": 3}
    with pytest.raises(ConfigError, match=r"  cells.source.cels  unknown key; did you"):
        reading.load(given(cells={"source": bad, "targets": ["half"]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"distil": {"levels": [3, 6]}},
            r"cells.distil.levels  is 6; tracks of 40 .* 5 times",
        ),
        (
            {"distil": {"moments": 3}},
            r"cells.distil.moments  is 3; 4 taps .* at most 2 vanishing moments",
        ),
        (
            {"splits": {"rotations": 5}},
            "cells.splits  rotation 4 does not exist: test=0.25 gives rotations 0 to 3",
        ),
        (
            {"splits": {"test": 0.5, "select": 0.5}},
            "cells.splits  8 groups leave none to train on",
        ),
        ({"distil": {"folds": 6}}, "cells.distil.folds  is 6; only 5 groups train"),
        ({"teacher": {"folds": 6}}, "cells.teacher.folds  is 6; only 5 groups train"),
        (
            {"student": {"fit_to": "labels", "shares": [0.5]}},
            "cells.student.shares  is not read: only student.fit_to: mixed has",
        ),
        ({"teacher": {"folds": 0}}, "cells.teacher.folds  is 0; 2 or more find"),
        ({"student": {"largest": 0, "smallest": 0}}, "it needs a coefficient"),
        (
            {"handed": {}, "tiles": 1},
            "cells.handed  cuts the test groups .* 2 groups of 1 blocks test; raise",
        ),
        (
            {"handed": {"shifts": ["noise"]}, "traces": "noise"},
            "cells.handed.shifts  is noise; traces: noise leaves nothing to shift",
        ),
        (
            {"handed": {"shifts": ["interval"]}, "min_frames": 1},
            "cells.handed.shifts  is interval; every second of 2 frames is too few",
        ),
        ({"handed": {"labels": [3]}}, "cells.handed.labels.0  is 3; input should be"),
        (
            {"baselines": {"wavelets": ["db5", "dmey", "bior2.2"]}},
            r"2 problems\n .*wavelets  dmey is not an ortho.*\n .*wavelets  bior2.2",
        ),
    ],
)
def test_contradictions_are_found_before_any_job(changes, message):
    with pytest.raises(ConfigError, match=message):
        reading.load(of_cells(**changes))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"kind": "trackmate"}, "kind  is 'trackmate'; expected .*mean 'csv'"),
        ({"kind": "u-track"}, "kind  is 'u-track'; expected .*mean 'utrack'"),
        ({"kind": "OME-TIFF"}, "kind  is 'OME-TIFF'; expected .*mean 'movies'"),
        ({"kind": "cmeAnalysis"}, "mean 'processed_tracks'"),
        ({"kind": "moives"}, "mean 'movies'"),
        ({"kind": 3}, "kind  is '3'; expected one of simulated_movies.*utrack$"),
        (
            {"kind": "csv", "files": {"a": "a.csv"}, "pixel_nm": 0.108},
            r"pixel_nm  is 0.108; expected nm.*micrometres: pixel_nm: 108\n",
        ),
        (
            {"kind": "movies", "files": {"a": {"files": ["a.tif"], "pixel_nm": 0.16}}},
            r"files.a.pixel_nm  is 0.16; expected nm.*micrometres: pixel_nm: 160$",
        ),
    ],
)
def test_a_source_called_otherwise_is_told_what_was_meant(source, message):
    with pytest.raises(ConfigError, match=message):
        reading.load(of_cells(source=source))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        (of_cells(tracker={"z": 3}), "cells.tracker"),
        (of_cells(bad_cell="skip"), "cells.bad_cell"),
        (of_cells(distil={"soft": {"epochs": 3}}), "cells.distil.soft"),
        (
            of_cells(distil={"objectives": ["output"], "choose_by": "labels"}),
            "cells.distil.choose_by",
        ),
        ({"run": "r", "recovery": {}, "evaluation": {"draws": 100}}, "evaluation"),
        ({"run": "r", "recovery": {}, "device": "cpu"}, "device"),
        (
            {
                "run": "r",
                "maps": {
                    "source": {"kind": "simulated"},
                    "teacher": None,
                    "distil": {"candidates": 3},
                    "stride": 4,
                },
            },
            "maps.distil",
        ),
    ],
)
def test_keys_that_a_run_does_not_read_are_refused(changes, key):
    with pytest.raises(ConfigError, match=rf"  {key} +is not read: .*; leave it out"):
        reading.load(changes)


@pytest.mark.parametrize("key", reading.MOVED)
def test_older_files_are_answered_with_the_new_place_of_a_key(key):
    maps = {"source": {"kind": "simulated"}}
    *path, last = key.split(".")
    section = {last: {"any": 1}}
    old = reading.merged(given(maps=maps), {path[0]: section} if path else section)
    message = f"{key} +stands in another place now: {reading.MOVED[key]}"
    with pytest.raises(ConfigError, match=message):
        reading.load(old)


def test_single_keys_change_the_default_and_nothing_else():
    default = yaml.safe_load((FOLDER / "default.yaml").read_text())
    plain = reading.load({}, default=default)
    changes = {"cells": {"teacher": {"epochs": 3}}}
    changed = reading.load(changes, default=default).model_dump()
    assert changed["cells"]["teacher"].pop("epochs") == 3
    expected = plain.model_dump()
    del expected["cells"]["teacher"]["epochs"]
    assert changed == expected


def test_a_file_with_a_study_of_its_own_is_complete():
    default = yaml.safe_load((FOLDER / "default.yaml").read_text())
    assert reading.load(given(), default=default).maps is None


def test_a_target_that_needs_p_values_is_refused_for_files_without():
    source = {"kind": "fxycms", "files": ["a.mat"]}
    with pytest.raises(ConfigError, match="sig_mean needs p-values"):
        reading.load(given(cells={"source": source, "targets": ["sig_mean"]}))


def test_schema_and_key_table_are_in_step_with_the_models():
    assert (
        json.loads((FOLDER / "schema.json").read_text()) == documentation.json_schema()
    )
    table = (FOLDER / "README.md").read_text().partition("<!-- keys -->\n")[2]
    assert table == documentation.key_table(), "run `make keys`"


def test_every_key_is_explained():
    rows = documentation.key_table().splitlines()[2:]
    assert all(row.split("|")[-2].strip() for row in rows)


def test_names_in_the_configuration_exist_in_the_library():
    from awd import heads, windows
    from awd.cells import presets
    from awd.cells.study import dataset, shifts
    from awd.filters import statistics
    from awd.league import baselines
    from awd.teacher import networks

    def choices(model, key):
        annotation = model.model_fields[key].annotation
        while typing.get_origin(annotation) is not typing.Literal:
            annotation = typing.get_args(annotation)[0]
        return set(typing.get_args(annotation))

    assert choices(cells.Cells, "targets") == set(dataset.TARGETS)
    assert choices(cells.Cells, "windows") == set(windows.WINDOWS)
    assert choices(study.Handed, "shifts") == set(shifts.SHIFTS)
    for model in (sources.SimulatedTraces, sources.SimulatedMovies):
        assert choices(model, "preset") == set(presets.PRESETS)
    kinds = choices(study.TeacherSettings, "kinds")
    parts = {part for kind in kinds for part in networks.parts(kind)}
    assert parts == set(networks.KINDS) - {"resnet", "ensemble"}
    assert choices(study.StudentSettings, "statistics") == set(statistics.STATISTICS)
    assert choices(study.StudentSettings, "head") == set(heads.HEADS)
    assert choices(study.Baselines, "models") == set(baselines.MODELS)


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
    section = {"source": {"kind": "movies", "files": movies}, "targets": ["sig_mean"]}
    whole = reading.load(given(cells=section))
    least = contradictions.cells.least_cells(whole.cells, whole.seed)
    assert 4 <= least <= 8
    # Of fewer than four that are named the tiles are the groups.
    for count in (1, 2, 3, least):
        few = {name: movies[name] for name in list(movies)[:count]}
        section["source"]["files"] = few
        assert len(reading.load(given(cells=section)).cells.source.files) == count


def test_the_paper_preset_fills_what_is_not_said():
    plain = reading.load(given()).cells
    own = CELLS | {"student": {"head": "ridge"}}
    paper = reading.load(given(cells=own, preset="paper")).cells
    assert plain.distil.objectives[0] == "output"
    assert paper.distil.objectives == ["soft"]
    assert (paper.distil.lengths, paper.distil.levels) == ([10], [4])
    assert paper.scaling == "cell"
    assert paper.targets == plain.targets
    assert (paper.student.largest, paper.student.smallest) == (6, 0)
    assert paper.student.head == "ridge"


def test_the_paper_preset_works_with_maps_alone():
    maps = {"source": {"kind": "simulated"}, "teacher": {"seeds": [3]}}
    config = reading.load({"run": "r", "preset": "paper", "maps": maps})
    assert config.cells is None
    assert (config.maps.teacher.width, config.maps.teacher.seeds) == (64, [3])
    assert config.maps.distil.soft is not None


def test_the_published_grid_is_the_default_of_the_soft_losses():
    from awd.search import soft

    assert tuple(study.Soft().sparsity) == soft.PAPER_SPARSITY
    assert tuple(study.Soft().attribution) == soft.PAPER_ATTRIBUTION
