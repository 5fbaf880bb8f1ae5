"""Reading a configuration, with errors that teach: every mistake at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from awd import wavelet
from awd.config.cells import Cells
from awd.config.common import models_in, tag
from awd.config.maps import Maps
from awd.config.models import PAPER, Config
from awd.errors import AwdError, ConfigError, DataError
from awd.league import splits
from awd.maps.sky.cosmology import RANGES


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
            models = [m for info in inner for m in models_in(info.annotation)]
        else:
            models = [m for m in models if tag(m) == part]
    return shown, sorted({key for model in models for key in model.model_fields})


def _contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """What each key allows but the keys together do not."""
    if config.cells:
        yield from _bad_cells(config, config.cells)
    if config.maps:
        yield from _bad_maps(config.maps)
    if not (config.cells or config.maps or config.recovery):
        yield "cells", "is missing, and maps and recovery too; name a study to run"
    if not config.student.largest + config.student.smallest:
        yield "student.largest", "and smallest are 0; a student needs a coefficient"
    distil = config.distil
    if 2 * distil.moments > min(distil.lengths):
        yield (
            "distil.moments",
            f"is {distil.moments}; {min(distil.lengths)} taps (distil.lengths) have at "
            f"most {min(distil.lengths) // 2} vanishing moments",
        )
    yield from _bad_wavelets("baselines.wavelets", config.baselines.wavelets)
    yield from _bad_wavelets("distil.soft.init", [config.distil.soft.init])


def _bad_cells(config: Config, cells: Cells) -> Iterator[tuple[str, str]]:
    yield from _bad_levels(config, cells.length)
    yield from _bad_splits(config, cells.source.groups(cells.tiles))
    if cells.source.kind in ("fxycms", "csv") and "sig_mean" in cells.targets:
        yield (
            "cells.targets",
            f"sig_mean needs p-values, which {cells.source.kind} files lack; use "
            "mean0, max0 or half",
        )
    if cells.source.kind in ("fxycms", "csv"):
        for key, off in (("hotspots", "keep"), ("bucket_accuracy", None)):
            value = getattr(cells, key)
            if value != off:
                yield (
                    f"cells.{key}",
                    f"is {value}; outcomes need p-values, which {cells.source.kind} "
                    f"files lack: {key}: {off or 'null'}",
                )
    elif cells.bucket_accuracy and len(cells.source.names()) < 2:
        yield (
            "cells.bucket_accuracy",
            f"is {cells.bucket_accuracy}; the buckets come from training cells, and "
            "there is one cell: bucket_accuracy: null",
        )


def _bad_maps(maps: Maps) -> Iterator[tuple[str, str]]:
    source = maps.source
    if source.kind == "simulated":
        for name in ("omega_m", "sigma_8"):
            low, high = getattr(source, name)
            least, most = RANGES[name]
            if not least <= low < high <= most:
                yield (
                    f"maps.source.{name}",
                    f"is {low:g} to {high:g}; expected to rise within {least:g} to "
                    f"{most:g}",
                )
        made = {"omega_m", "sigma_8"}
        if not set(maps.targets) <= made:
            yield (
                "maps.targets",
                f"is {', '.join(maps.targets)}; simulated maps differ in omega_m and "
                "sigma_8 only",
            )
        size = maps.size or source.pixels
        if source.pixels % size:
            yield "maps.size", f"is {size}; expected a divisor of {source.pixels}"
            return
        tile = maps.tile or size
        if tile > size or (size - tile) % (maps.stride or tile):
            yield (
                "maps.tile",
                f"is {tile} every {maps.stride or tile}; whole steps through {size} "
                "pixels do not end at the border",
            )
    if len(maps.targets) < 2:
        yield "maps.targets", "names one parameter; two are inferred together"


def _bad_levels(config: Config, length: int) -> Iterator[tuple[str, str]]:
    distil = config.distil
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
    shares = config.splits.model_dump(include={"test", "select", "test_groups"})
    named = config.cells.source.names()[:groups]
    names = np.array(named if len(named) == groups else np.arange(groups).astype(str))
    try:
        sides = [
            splits.rotate(names, k, seed=config.seed, **shares)
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


def least_cells(config: Config) -> int:
    """Cells that must remain for the splits, of those that the source names."""
    names = len(config.cells.source.names())
    if config.splits.test_groups:
        return names  # all are spoken for
    enough = (n for n in range(2, names) if not list(_bad_splits(config, n)))
    return next(enough, names)


def _bad_wavelets(key: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            wavelet.from_pywt(name)
        except AwdError as error:
            yield key, str(error)
