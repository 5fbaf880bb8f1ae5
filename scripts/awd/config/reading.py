"""Reading a configuration, with errors that teach: every mistake at once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from awd.config import contradictions
from awd.config.common import Strict, models_in, tag
from awd.config.models import PAPER, Config
from awd.errors import ConfigError

# Where keys of older files went.
MOVED = {
    "splits": "cells.splits",
    "teacher": "cells.teacher",
    "distil": "cells.distil",
    "student": "cells.student",
    "baselines": "cells.baselines",
    "evaluation.folds": "cells.distil.folds",
    "maps.bank": "maps.distil",
    "maps.soft": "maps.distil.soft",
}


def load(
    given: Mapping[str, Any],
    name: str = "configuration",
    default: Mapping[str, Any] | None = None,
) -> Config:
    """Validate a configuration read from YAML.

    Parameters
    ----------
    given : mapping
    name : str
        What it is called in errors.
    default : mapping, optional
        What ``given`` changes where it names no study of its own: neither ``recovery``
        nor the ``source`` of cells or maps, nor the ``samples`` of
        an own study.

    Raises
    ------
    ConfigError
        Listing every mistake: key, what is wrong, and for an unknown key the one that
        was probably meant.
    """
    if default and not _names_a_study(given):
        given = merged(default, given)
    try:
        config = Config.model_validate(_with_preset(given))
    except ValidationError as error:
        problems = [_explain(item) for item in error.errors()]
    else:
        problems = [
            *contradictions.found(config),
            *contradictions.unread(config, given),
        ]
        if not problems:
            return config
    width = max(len(key) for key, _ in problems)
    lines = [f"  {key:<{width}}  {text}" for key, text in problems]
    count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    raise ConfigError("\n".join([f"{name} has {count}", *lines]))


def dumped(config: Config) -> dict[str, Any]:
    """All settings of a run for its record, such that :func:`load` takes them again.

    Keys that the run does not read are left out: as a user's own they are refused.
    """
    settings = config.model_dump(mode="json")
    for path, _ in contradictions.unread(config, settings):
        *sections, key = path.split(".")
        section = settings
        for name in sections:
            section = section[name]
        del section[key]
    return settings


def _names_a_study(given: Mapping[str, Any]) -> bool:
    sections = (given.get(study) for study in ("cells", "maps"))
    sources = [isinstance(s, Mapping) and "source" in s for s in sections]
    own = given.get("own") or {}
    brought = [isinstance(s, Mapping) and "samples" in s for s in own.values()]
    return any(sources + brought) or "recovery" in given


def _with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration over its preset, key by key, for the studies that it names."""
    if given.get("preset") != "paper":
        return dict(given)
    published = {
        study: keys
        for study, keys in PAPER.items()
        if isinstance(given.get(study), Mapping)
    }
    return merged(published, given)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` with what it lacks from ``under``; lists are taken whole."""
    both = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], Mapping) and isinstance(over[key], Mapping):
            both[key] = merged(under[key], over[key])
    return both


def _explain(item: Mapping[str, Any]) -> tuple[str, str]:
    *path, last = (str(part) for part in item["loc"])
    shown, known = _keys_at(path)
    key = ".".join([*shown, last])
    if key in MOVED:
        return key, f"stands in another place now: {MOVED[key]}"
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
    shown: list[str] = []
    models: list[type[Strict]] = [Config]
    for part in path:
        if len(models) > 1:  # a union: this is the tag
            models = [m for m in models if tag(m) == part]
            continue
        shown.append(part)
        inner = [m.model_fields[part] for m in models if part in m.model_fields]
        named = part.isdigit() or shown[:-1] == ["own"]  # in a list, or by name
        if not named:
            models = [m for info in inner for m in models_in(info.annotation)]
    return shown, sorted({key for model in models for key in model.model_fields})
