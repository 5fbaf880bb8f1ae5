"""Whatever a configuration holds, it is taken or answered: key, what, remedy."""

import copy
import os
import typing
from pathlib import Path

import annotated_types
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from awd.config import reading, values
from awd.config.common import Strict, models_in
from awd.config.models import Config
from awd.errors import AwdError, ConfigError, MissingInput

EXAMPLES = int(os.environ.get("AWD_FUZZ", 150))
FOLDER = Path(__file__).parents[1] / "config"
CELLS = {"source": {"kind": "simulate"}, "targets": ["half"]}
MAPS = {"source": {"kind": "simulated"}}
SAMPLES = {"kind": "file", "file": "a.npz"}
OWN = {"mine": {"samples": SAMPLES, "targets": {"a": 0}}}
WHOLE = {"run": "r", "cells": CELLS, "maps": MAPS, "own": OWN, "recovery": {}}
KINDS = {
    "simulated_movies": {},
    "simulate": {},
    "movies": {"files": {f"c{k}": [f"{k}.tif"] for k in range(8)}},
    "fxycms": {"files": [f"{k}.mat" for k in range(8)]},
    "processed_tracks": {"files": {f"c{k}": f"{k}.mat" for k in range(8)}},
    "csv": {"files": {f"c{k}": f"{k}.csv" for k in range(8)}},
}


def of_cells(**changes):
    return {"run": "r", "cells": CELLS | changes}


def of_source(kind, **changes):
    return of_cells(source={"kind": kind, **KINDS[kind], **changes})


def of_own(**changes):
    return {"run": "r", "own": {"mine": OWN["mine"] | changes}}


def problems(config, **options):
    with pytest.raises(ConfigError) as caught:
        reading.load(config, **options)
    lines = str(caught.value).splitlines()
    assert max(map(len, lines)) <= 500
    return lines


def test_what_the_tests_start_from_is_right():
    reading.load(WHOLE)
    for kind in KINDS:
        reading.load(of_source(kind))


def numbers(model=Config, prefix=()):
    """Every key that takes a number, with the place of a value of it and its bounds."""
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            yield from numbers(inner, (*prefix, name))
        if not list(models_in(field.annotation)):
            for kind, bounds in leaves(field.annotation, field.metadata):
                yield ".".join((*prefix, name)), kind, bounds


def leaves(annotation, metadata=()):
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        extra = [m for item in more for m in getattr(item, "metadata", [item])]
        yield from leaves(inner, [*metadata, *extra])
    elif annotation in (int, float):
        yield annotation, metadata
    elif typing.get_origin(annotation) is not typing.Literal:
        union = {type(None), str} & set(typing.get_args(annotation))
        for inner in typing.get_args(annotation):
            yield from leaves(inner, metadata if union else ())


# Brightness in counts, and answers of other people's functions, may be anything.
FREE = ("cells.outcomes.", "own.samples.arguments", "own.network.", "own.targets")
NUMBERS = [item for item in numbers() if not item[0].startswith(FREE)]


def test_numbers_are_found():
    assert len(NUMBERS) > 90


@pytest.mark.parametrize("item", NUMBERS, ids=[item[0] for item in NUMBERS])
def test_every_number_has_bounds(item):
    sides = {type(bound) for bound in item[2]}
    assert sides & {annotated_types.Ge, annotated_types.Gt}, "from below"
    assert sides & {annotated_types.Le, annotated_types.Lt}, "from above"


def set_at(config, key, value):
    """The configuration with a key set; of lists the first entry, of tags the first."""
    made = copy.deepcopy(config)
    section = made
    *path, last = key.split(".")
    for part in path:
        section = section.setdefault(part, {})
        section = section["mine"] if part == "own" else section
    section[last] = value
    return made


ELSEWHERE = ("cells.source", "maps.source.realisations")  # keys of other kinds
PLAIN = sorted({key for key, *_ in NUMBERS if not key.startswith(ELSEWHERE)})


def is_told(key, value):
    """Whether a value of a key, or of the first in a list, is answered by its name."""
    shown = key.replace("own.", "own.mine.")
    texts = ["\n".join(problems(set_at(WHOLE, key, v))) for v in (value, [value])]
    return all(f"  {shown}" in text for text in texts)


@pytest.mark.parametrize("key", PLAIN)
def test_no_number_is_endless(key):
    for value in (float("nan"), float("inf"), -float("inf"), 1e300, 10**400):
        assert is_told(key, value)


@pytest.mark.parametrize("key", PLAIN)
def test_truth_is_no_number(key):
    assert is_told(key, True)
    assert is_told(key, False)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "..", "a/b", "{x}", "nan", "1e999", 10**400, -1, 0, "yes"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=4,
)


def keys(model=Config, prefix=()):
    for name, field in model.model_fields.items():
        yield (*prefix, name)
        for inner in models_in(field.annotation):
            yield from keys(inner, (*prefix, name))


KEYS = sorted({".".join(key) for key in keys()})


@given(key=st.sampled_from(KEYS), value=ODD, more=st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_value_of_any_key_is_taken_or_answered(key, value, more):
    config = set_at(WHOLE, key, value) if key != "own" else WHOLE | {"own": value}
    if more:
        config["sed"] = 1
    try:
        taken = reading.load(config)
    except ConfigError as error:
        lines = str(error).splitlines()
        assert max(map(len, lines)) <= 500, lines
        assert len(lines) <= 41
    else:
        assert reading.load(reading.dumped(taken)) == taken


@given(config=ODD)
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_configuration_is_answered(config):
    with pytest.raises(ConfigError):
        reading.load(config, "my.yaml")


@pytest.mark.parametrize("config", [None, [], [1], "text", 3, True])
def test_what_holds_no_keys_is_refused(config):
    (line,) = problems(config, name="my.yaml")
    assert line.startswith("my.yaml holds")


def test_an_empty_file_without_a_default_is_answered_and_with_one_is_it():
    assert any("run" in line for line in problems({}))
    default = yaml.safe_load((FOLDER / "default.yaml").read_text())
    assert reading.load({}, default=default).run == "default"


@pytest.mark.parametrize(
    "run", ["..", ".", ".hidden", "a/b", "-x", "", "a b", "a" * 200, "é", "a\n", "{a}"]
)
def test_no_run_leaves_the_folder_of_results(run):
    assert any("run" in line for line in problems(WHOLE | {"run": run}))


@pytest.mark.parametrize(
    "cell", ["..", "a/b", "{x}", "/etc", ".a", "", "a\nb", "a*", "a" * 200]
)
@pytest.mark.parametrize("kind", ["movies", "processed_tracks", "csv"])
def test_no_cell_has_a_name_that_is_a_path(kind, cell):
    files = {**KINDS[kind]["files"], cell: ["x"] if kind == "movies" else "x"}
    text = "\n".join(problems(of_source(kind, files=files)))
    assert "cells.source.files" in text
    assert "a name has up to 100 letters" in text


def test_names_of_any_script_are_names():
    files = {f"Zelle {k} größer-α": f"{k}.csv" for k in range(8)}
    reading.load(of_source("csv", files=files))


CONTRADICTIONS = {
    "no group is left to train": (
        of_own(splits={"test": 0.7, "select": 0.4}),
        "own.mine.splits",
    ),
    "a column before the first": (
        of_own(targets={"a": -1}),
        "own.mine.targets",
    ),
    "a part that ends before it begins": (
        of_source("movies", crop={"x": [9, 9]}),
        "cells.source.crop.x",
    ),
    "one file of two cells": (
        of_source("csv", files={f"c{k}": "same.csv" for k in range(8)}),
        "names 'same.csv' for c0 and c1",
    ),
    "the same file by another path": (
        of_source("csv", files={"a": "x.csv", "b": "./y/../x.csv"}),
        "for a and b",
    ),
    "both channels of one file": (
        of_source("movies", files={f"c{k}": [f"{k}.tif"] * 2 for k in range(8)}),
        "cells.source.files",
    ),
    "alike names in two folders": (
        of_source("fxycms", files=[f"{f}/c{k}.mat" for f in "ab" for k in range(4)]),
        "several files called 'c0'",
    ),
    "a file that makes no name": (
        of_source("fxycms", files=["a/{cell}.mat", *KINDS["fxycms"]["files"]]),
        "gives a cell the name '{cell}'",
    ),
    "an empty name": (of_source("fxycms", files=[""]), "cells.source.files"),
    "no files": (of_source("movies", files={"a": []}), "cells.source.files.a"),
    "a channel twice": (of_source("movies", channels=[0, 0]), "names 0 twice"),
    "an axis twice": (of_source("movies", axes="TTYX"), "stands there twice"),
    "axes of no letters": (of_source("movies", axes="12YX"), "a letter an axis"),
    "axes without a plane": (of_source("movies", axes="TYC"), "a letter an axis"),
    "a target twice": (of_cells(targets=["half", "half"]), "names 'half' twice"),
    "no movie so long": (
        of_source("simulated_movies", frames=20) | {},
        None,
    ),
    "longer than the movie": (
        {"run": "r", "cells": CELLS | {
            "source": {"kind": "simulated_movies", "frames": 20}, "min_frames": 20}},
        "cells.min_frames",
    ),
    "no field": (
        {"run": "r", "maps": {"source": {"kind": "fits", "files": "a/*.fits",
                                         "pixel_arcmin": 1.0}}},
        "a field has to tell the cosmology",
    ),
    "an unknown field": (
        {"run": "r", "maps": {"source": {"kind": "fits", "files": "{model}.fits",
                                         "pixel_arcmin": 1.0}}},
        "unknown field 'model'",
    ),
    "a brace alone": (
        {"run": "r", "maps": {"source": {"kind": "fits", "files": "{cosmology/a.fits",
                                         "pixel_arcmin": 1.0}}},
        "a brace has no partner",
    ),
    "no parameters": (
        {"run": "r", "maps": {"source": {"kind": "fits", "files": "{cosmology}.fits",
                                         "pixel_arcmin": 1.0}}},
        "the paths do not tell",
    ),
    "a stride alone": (
        {"run": "r", "maps": MAPS | {"stride": 4}},
        "maps.stride",
    ),
    "no such group": (
        of_cells(source={"kind": "simulate", "cells": 1},
                 splits={"test_groups": ["cell0"]}),
        "cells.splits",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CONTRADICTIONS)
@pytest.mark.parametrize("more", [False, True])
def test_contradictions_are_found_and_with_other_mistakes(what, more):
    config, message = CONTRADICTIONS[what]
    if message is None:
        reading.load(config)
        return
    config = {**config, "evaluation": {"draws": 1}} if more else config
    text = "\n".join(problems(config))
    assert message in text
    assert ("evaluation.draws" in text) == more


def test_a_contradiction_that_follows_from_a_mistake_is_not_told():
    distil = {"lengths": [3], "moments": 4, "levels": [3, 6]}
    text = "\n".join(problems(of_cells(distil=distil)))
    assert "cells.distil.lengths" in text
    assert "cells.distil.levels" in text
    assert "vanishing" not in text


def test_tiles_of_a_single_cell_are_groups_by_name():
    source, splits = {"kind": "simulate", "cells": 1}, {"test_groups": ["cell0/3"]}
    reading.load(of_cells(source=source, splits=splits))


def test_keys_with_dots_are_answered_with_sections():
    text = "\n".join(problems(WHOLE | {"cells.teacher.epochs": 3}))
    assert "write sections: cells: {teacher: {epochs: ...}}" in text


def test_aliases_that_grow_beyond_bounds_are_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for k in range(1, 12):
        lines.append(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]")
    bomb = yaml.safe_load("\n".join(lines))
    (line,) = problems(bomb)
    assert "aliases counted" in line
    endless = {}
    endless["run"] = endless
    problems(endless)


def test_keys_stand_once_in_a_file(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("run: a\ncells:\n  length: 40\n  length: 80\n")
    with pytest.raises(ConfigError, match=r"my.yaml: 'length' .* lines 3 and 4"):
        reading.require_plain(path)
    for content in (
        b"\xff\xfe\x00",
        b"a: [",
        b"\x00",
        b"a: &x [*y]",
        b"a: !!python/x 1",
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match="my.yaml: not readable as YAML"):
            reading.require_plain(path)
    with pytest.raises(MissingInput, match="is a folder"):
        reading.require_plain(tmp_path)
    with pytest.raises(MissingInput, match="none.yaml: no such file"):
        reading.require_plain(tmp_path / "none.yaml")
    path.write_text("")
    with pytest.raises(AwdError, match="is empty"):
        reading.require_plain(path)


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem
)
def test_committed_files_are_plain(path):
    reading.require_plain(path)


def test_a_message_has_an_end():
    words = {f"key{k}": "x" * 10_000 for k in range(200)}
    lines = problems(WHOLE | words)
    assert len(lines) <= 41
    assert "more" in lines[-1]


def test_every_section_of_every_kind_is_looked_through():
    found = dict(values.senseless({"cells": {"source": {"cells": True}}}, [Config]))
    assert found == {"cells.source.cells": "is true; expected a number"}
    assert issubclass(Config, Strict)


CHOICES = {
    "own.mine.dims": lambda v: {"run": "r", "own": {"mine": OWN["mine"] | {"dims": v}}},
    "maps.teacher.shifts": lambda v: {
        "run": "r",
        "maps": MAPS | {"teacher": {"shifts": v}},
    },
}


@pytest.mark.parametrize(("key", "put"), CHOICES.items())
def test_truth_is_none_of_several_numbers(key, put):
    """True equals 1, which some of the choices are."""
    assert any(key in line and "true" in line for line in problems(put(True)))


@given(st.characters(max_codepoint=31, exclude_characters="\t\n"))
def test_no_text_holds_what_cannot_be_printed(sign):
    own = {"mine": OWN["mine"] | {"units": f"m{sign}"}}
    (line,) = problems({"run": "r", "own": own})[1:]
    assert "own.mine.units" in line
    assert "control character" in line
