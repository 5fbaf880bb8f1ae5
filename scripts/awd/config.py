"""The configuration: models, defaults, and errors that teach.

One set of pydantic models is the source of the defaults, of ``config/schema.json`` and
of the key table in ``config/README.md`` (:func:`json_schema`, :func:`key_table`; a test
keeps the files in step). :func:`load` lists every mistake at once.
"""

from __future__ import annotations

import difflib
import json
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from awd import splits, wavelet
from awd.errors import AwdError, ConfigError, DataError

Taps = Annotated[int, Field(ge=2, le=20, multiple_of=2)]
Weights = list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """Unknown keys are refused; values cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SimulatedTraces(Strict):
    """Traces from the simulator, without the microscope."""

    kind: Literal["simulate"]
    preset: Literal["teaching", "realistic"] = Field(
        "teaching", description="How much of the slave's burst the master explains."
    )
    cells: Count = Field(8, description="Cells; each one is a group.")
    tracks: Count = Field(800, description="Tracks simulated per cell.")

    def groups(self, tiles: int) -> int:
        return self.cells if self.cells > 1 else tiles**2


class FxycmsTraces(Strict):
    """Real tracks in FXYCMS files of cmeAnalysis, one file per cell."""

    kind: Literal["fxycms"]
    files: list[str] = Field(
        min_length=1, description="MATLAB files, relative to the working directory."
    )
    frame_interval_s: float = Field(1.0, gt=0, description="Time between frames, s.")
    pixel_nm: float = Field(80.0, gt=0, description="Size of a pixel, nm.")

    def groups(self, tiles: int) -> int:
        return len(self.files) if len(self.files) > 1 else tiles**2


class Cells(Strict):
    """The clathrin study: which tracks, and how they become a table."""

    source: SimulatedTraces | FxycmsTraces = Field(discriminator="kind")
    targets: list[Literal["mean0", "max0", "half", "sig_mean"]] = Field(
        min_length=1, description="What the slave channel did, predicted one by one."
    )
    min_frames: Count = Field(
        15, description="Tracks must last longer than this, frames."
    )
    length: int = Field(40, ge=8, description="Samples per track after resampling.")
    tiles: Count = Field(
        4, description="Tiles per side of a cell's field; a tile is a block."
    )
    scaling: Literal["level0", "cell"] = Field(
        "level0",
        description="level0: divided by the training s.d., padding stays at 0; "
        "cell: z-score per cell with the padding in it (as published).",
    )
    traces: Literal["master", "noise"] = Field(
        "master",
        description="noise: white noise in place of every trace, the negative control "
        "on which no method may show skill.",
    )


class Splits(Strict):
    """Which groups train, select and test."""

    rotations: Count = Field(
        4, description="Splits; the test groups rotate through the groups."
    )
    test: Share = Field(0.25, description="Share of the groups that tests.")
    select: Share = Field(0.15, description="Share of the groups that stops training.")


class Teacher(Strict):
    """The networks that are distilled."""

    kinds: list[Literal["lstm", "mlp", "cnn"]] = Field(
        ["lstm", "mlp", "cnn"],
        min_length=1,
        description="Architectures; the first one's wavelet is the result. Beside it "
        "stand the same network untrained and trained on shuffled targets.",
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        [0], min_length=1, description="Every teacher and control once per seed."
    )
    epochs: Count = Field(400, description="Most epochs.")
    patience: Count = Field(
        30, description="Epochs without a better select loss before training stops."
    )
    batch: Count = Field(100, description="Samples per step.")
    learning_rate: float = Field(1e-3, gt=0, description="Step size of Adam.")


class Attribution(Strict):
    """The paper's objective over lattice angles: TRIM saliency and signals sparse."""

    length: Taps = Field(10, description="Taps of the filter.")
    levels: Count = Field(4, description="Levels of the transform.")
    ratios: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        [0.1, 0.3, 1.0, 3.0, 10.0],
        description="Weights of attribution over sparsity along the path; attribution "
        "alone always ends it.",
    )


class Soft(Strict):
    """The paper's own losses: a free filter, soft penalties, Adam, a warm path."""

    levels: Count = Field(4, description="Levels of the transform.")
    init: str = Field("db5", description="Where every path begins.")
    sparsity: Weights = Field(
        np.geomspace(1e-4, 5e-3, 5).round(5).tolist(),
        min_length=1,
        description="Weights of the coefficients' L1 norm (lamL1wave).",
    )
    attribution: Weights = Field(
        [0.0, *np.geomspace(1e-4, 10, 20).round(5).tolist()],
        min_length=1,
        description="Weights of the attributions' L1 norm (lamL1attr).",
    )
    epochs: Count = Field(100, description="Epochs at every pair of weights.")
    batch: Count = Field(100, description="Samples per step.")
    learning_rate: float = Field(1e-3, gt=0, description="Step size of Adam.")


class Distil(Strict):
    """How a teacher is distilled into a wavelet; no label enters a filter."""

    objectives: list[Literal["output", "attribution", "soft"]] = Field(
        ["output", "attribution"],
        min_length=1,
        description="output: the student reproduces the teacher's output; attribution, "
        "soft: the paper's sparse attributions, over angles or with soft penalties. "
        "The first gives the result.",
    )
    lengths: list[Taps] = Field(
        [4, 6, 8, 10, 12], min_length=1, description="Taps to choose from."
    )
    levels: list[Count] = Field(
        [3, 4, 5], min_length=1, description="Levels of the transform to choose from."
    )
    largest: Count = Field(
        6,
        description="Largest coefficients of every band that the student inside reads, "
        "the linear model by which filters are scored.",
    )
    choose_by: Literal["fidelity", "labels"] = Field(
        "fidelity",
        description="What chooses along the paths of attribution and soft; labels as "
        "published. Output distillation never sees a label.",
    )
    attribution: Attribution = Attribution()
    soft: Soft = Soft()


class Student(Strict):
    """The final model on the coefficients; the same one for every wavelet."""

    largest: Annotated[int, Field(ge=0)] = Field(
        3, description="Largest signed coefficients of every band."
    )
    smallest: Annotated[int, Field(ge=0)] = Field(
        3, description="Smallest signed coefficients of every band."
    )
    positions: bool = Field(True, description="Where in its band each of them stands.")
    start: Annotated[int, Field(ge=0)] = Field(
        3, description="Mean of the first samples of the trace; 0 for none."
    )
    head: Literal["ols", "ridge"] = Field("ridge", description="The linear model.")


class Baselines(Strict):
    """Fixed wavelets that the distilled one is compared with."""

    wavelets: list[str] = Field(
        ["db5", "db2"], min_length=1, description="Orthogonal wavelets of PyWavelets."
    )
    levels: Count = Field(4, description="Levels of their transform.")


class Evaluation(Strict):
    """How results are judged."""

    draws: int = Field(10_000, ge=100, description="Bootstrap draws of an interval.")
    folds: int = Field(5, ge=2, description="Folds of the grouped cross-validation.")


# What `preset: paper` sets where the configuration itself says nothing.
PAPER: dict[str, Any] = {
    "cells": {"scaling": "cell"},
    "teacher": {"kinds": ["lstm"]},
    "distil": {
        "objectives": ["soft"],
        "lengths": [10],
        "levels": [4],
        "choose_by": "labels",
    },
    "student": {
        "largest": 6,
        "smallest": 0,
        "positions": False,
        "start": 0,
        "head": "ols",
    },
}


class Config(Strict):
    """A whole study."""

    run: str = Field(
        pattern=r"^[A-Za-z0-9._-]+$", description="Results go to results/<run>."
    )
    preset: Literal["default", "paper"] = Field(
        "default",
        description="paper: the published protocol (column paper) where this file does "
        "not say otherwise.",
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        2021, description="Root of every random number."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where networks run."
    )
    cells: Cells
    splits: Splits = Splits()
    teacher: Teacher = Teacher()
    distil: Distil = Distil()
    student: Student = Student()
    baselines: Baselines = Baselines()
    evaluation: Evaluation = Evaluation()


def load(given: Mapping[str, Any], name: str = "configuration") -> Config:
    """Validate a configuration read from YAML.

    Raises
    ------
    ConfigError
        Listing every mistake: key, what is wrong, and for an unknown key the one that
        was probably meant.
    """
    try:
        config = Config.model_validate(_with_preset(given))
    except ValidationError as error:
        problems = [_explain(item) for item in error.errors()]
    else:
        problems = list(_contradictions(config))
        if not problems:
            return config
    width = max(len(key) for key, _ in problems)
    lines = [f"  {key:<{width}}  {text}" for key, text in problems]
    count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    raise ConfigError("\n".join([f"{name} has {count}", *lines]))


def _with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration over its preset, key by key."""
    return _merged(PAPER, given) if given.get("preset") == "paper" else dict(given)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` with what it lacks from ``under``; lists are taken whole."""
    merged = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], Mapping) and isinstance(over[key], Mapping):
            merged[key] = _merged(under[key], over[key])
    return merged


def _explain(item: Mapping[str, Any]) -> tuple[str, str]:
    *path, last = (str(part) for part in item["loc"])
    shown, known = _keys_at(path)
    key = ".".join([*shown, last])
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(last, known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        return key, f"unknown key; {hint}"
    if item["type"] == "missing":
        return key, "is required and missing"
    message = item["msg"][0].lower() + item["msg"][1:]
    return key, f"is {item['input']!r}; {message}"


def _keys_at(path: list[str]) -> tuple[list[str], list[str]]:
    """The path as a user writes it, and the keys known there.

    Pydantic counts the tag of a union (``simulate``) as a step; users do not write it.
    """
    shown, models = [], [Config]
    for part in path:
        inner = [m.model_fields[part] for m in models if part in m.model_fields]
        if inner or part.isdigit():
            shown.append(part)
            models = [m for info in inner for m in _models_in(info.annotation)]
        else:
            models = [m for m in models if _tag(m) == part]
    return shown, sorted({key for model in models for key in model.model_fields})


def _models_in(annotation: Any) -> Iterator[type[Strict]]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _tag(model: type[Strict]) -> str | None:
    kind = model.model_fields.get("kind")
    return typing.get_args(kind.annotation)[0] if kind else None


def _contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """What each key allows but the keys together do not."""
    yield from _bad_levels(config)
    source = config.cells.source
    yield from _bad_splits(config, source.groups(config.cells.tiles))
    if isinstance(source, FxycmsTraces) and "sig_mean" in config.cells.targets:
        yield (
            "cells.targets",
            "sig_mean needs p-values, which FXYCMS files lack; use mean0, max0 or half",
        )
    if not config.student.largest + config.student.smallest:
        yield "student.largest", "and smallest are 0; a student needs a coefficient"
    yield from _bad_wavelets("baselines.wavelets", config.baselines.wavelets)
    yield from _bad_wavelets("distil.soft.init", [config.distil.soft.init])


def _bad_levels(config: Config) -> Iterator[tuple[str, str]]:
    length, distil = config.cells.length, config.distil
    possible = length.bit_length() - 1
    asked = {
        "distil.levels": max(distil.levels),
        "distil.attribution.levels": distil.attribution.levels,
        "distil.soft.levels": distil.soft.levels,
        "baselines.levels": config.baselines.levels,
    }
    for key, levels in asked.items():
        if levels > possible:
            yield (
                key,
                f"is {levels}; tracks of {length} samples (cells.length) can be halved "
                f"{possible} times",
            )


def _bad_splits(config: Config, groups: int) -> Iterator[tuple[str, str]]:
    shares = config.splits.model_dump(include={"test", "select"})
    try:
        sides = [
            splits.rotate(np.arange(groups), k, seed=config.seed, **shares)
            for k in range(config.splits.rotations)
        ]
    except DataError as error:
        yield "splits", str(error)
        return
    trained = min((side == "train").sum() for side in sides)
    if trained < config.evaluation.folds:
        yield (
            "evaluation.folds",
            f"is {config.evaluation.folds}; only {trained} groups train",
        )


def _bad_wavelets(key: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            wavelet.from_pywt(name)
        except AwdError as error:
            yield key, str(error)


def json_schema() -> dict[str, Any]:
    """JSON schema of the configuration, for editors."""
    return Config.model_json_schema()


def key_table() -> str:
    """Markdown table of every key: default, type and meaning."""
    rows = ["| key | default | paper | values | meaning |", "|---|---|---|---|---|"]
    rows += [" | ".join(("", *row, "")).strip() for row in _rows(Config, "", PAPER)]
    return "\n".join(rows) + "\n"


def _rows(
    model: type[Strict], prefix: str, paper: Mapping[str, Any]
) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        inner = list(_models_in(info.annotation))
        for sub in inner:
            tag = f" ({_tag(sub)})" if len(inner) > 1 else ""
            for key, *rest in _rows(sub, f"{prefix}{name}.", paper.get(name, {})):
                yield (key + tag, *rest)
        if not inner:
            default = "required" if info.is_required() else f"`{info.default}`"
            published = f"`{paper[name]}`" if name in paper else ""
            meaning = info.description or "which kind"
            values = _values(info.annotation)
            yield f"`{prefix}{name}`", default, published, values, meaning


def _values(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin is list:
        return f"list of {_values(arguments[0])}"
    if origin is Annotated:
        return _values(arguments[0])
    if isinstance(annotation, types.UnionType):
        return " or ".join(map(_values, arguments))
    return annotation.__name__


def write_docs(folder: Path) -> None:
    """Write ``schema.json`` and the key table of ``README.md`` (``make docs``)."""
    schema = json.dumps(json_schema(), indent=2) + "\n"
    (folder / "schema.json").write_text(schema, "utf-8")
    readme = folder / "README.md"
    before, mark, _ = readme.read_text("utf-8").partition("<!-- keys -->\n")
    readme.write_text(before + mark + key_table(), "utf-8")


if __name__ == "__main__":
    write_docs(Path(__file__).parents[2] / "config")
