"""Reading a configuration, with errors that teach: every mistake at once."""

from __future__ import annotations

import difflib
import itertools
import re
import reprlib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from awd import io
from awd.config import contradictions
from awd.config.common import NAME, Strict, models_in, tags
from awd.config.models import PAPER, RUN, Config
from awd.config.sources import AXES, KINDS
from awd.config.values import merged, require_small, senseless
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


ATTEMPTS = 8  # mistakes may hide others, which show when those are out of the way
WIDEST = 60  # of the keys' column
SHORT = reprlib.Repr()
SHORT.maxlevel, SHORT.maxstring, SHORT.maxother = 2, 100, 100
# What a pattern means.
PATTERNS = {
    RUN: "expected up to 100 letters, digits, '.', '_', '-', the first no '.' or '-'",
    NAME: "a name has up to 100 letters, digits, spaces, '.', '_', '+' and '-', and "
    "begins with a letter, a digit or '_'",
    AXES: "expected a letter an axis, the last two Y and X: TYX, TCYX",
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
    require_small(given, name)
    if default and not _names_a_study(given):
        given = merged(default, given)
    whole = _with_preset(given)
    problems = [*senseless(whole, [Config])]
    config, mistakes = _validated(whole)
    sensed = tuple(key for key, _ in problems)
    told = map(_explain, mistakes)
    problems += [(key, text) for key, text in told if not key.startswith(sensed)]
    if config:
        wrong = [re.sub(r"(\.\d+)+$", "", key) for key, _ in problems]  # of lists, too
        found = contradictions.found(config), contradictions.unread(config, given)
        problems += [
            (key, text)
            for key, text in itertools.chain(*found)
            if not any(_concerns(other, key, text) for other in wrong)
        ]
        if not problems:
            return config
    width = min(max(len(key) for key, _ in problems), WIDEST)
    lines = [f"  {key:<{width}}  {text}" for key, text in problems]
    count = f"{len(lines)} problem{'s' if len(lines) > 1 else ''}"
    raise ConfigError("\n".join([f"{name} has {count}", *lines]))


def _validated(whole: Mapping[str, Any]) -> tuple[Config | None, list[Any]]:
    """The configuration and its mistakes; where it has some, as it would be without.

    So contradictions of its other keys are found at once. None if it cannot be mended.
    """
    mistakes: list[Any] = []
    for attempt in range(ATTEMPTS):
        try:
            return Config.model_validate(whole), mistakes
        except ValidationError as error:
            every = error.errors(include_url=False)
        # A default that depends on a key that is wrong is no mistake of its own.
        found = [e for e in every if e["type"] != "default_factory_not_called"]
        mistakes = mistakes if attempt else found
        whole = _copied(whole)
        for item in found:
            _drop(whole, item["loc"])
    return None, mistakes


def _copied(section: Any) -> Any:
    if isinstance(section, Mapping):
        return {key: _copied(value) for key, value in section.items()}
    return section


def _drop(section: Any, place: Sequence[str | int]) -> None:
    """Take a key out; or the section that lacks it, where it is missing."""
    last = None
    for part in place:  # the tags of unions are no keys
        if isinstance(section, dict) and part in section:
            last, section = (section, part), section[part]
    if last:
        last[0].pop(last[1], None)
    else:
        section["run"] = "run"  # the only key that must be there


def _concerns(wrong: str, key: str, text: str) -> bool:
    """Whether a contradiction may come from a key that was wrong and left out."""
    related = wrong.startswith(f"{key}.") or key.startswith(f"{wrong}.")
    return wrong == key or related or wrong in text


def require_plain(path: str | Path) -> None:
    """Refuse a file of settings that is not readable, or names a key twice.

    YAML would silently take the last of them.

    Raises
    ------
    MissingInput, ConfigError
    """
    text = io.existing(path, "name a file of settings (--configfile)").read_bytes()
    try:
        yaml.load(text, _Once)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise ConfigError(f"{path}: {error}") from error
        cause = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(f"{path}: not readable as YAML ({cause}); mend it") from error


class _Once(yaml.SafeLoader):
    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise ConfigError(
                    f"{key.value!r} stands there twice, in lines {seen[key.value]} and "
                    f"{line}; keep one"
                )
            if isinstance(key, yaml.ScalarNode):
                seen[key.value] = line
        return super().construct_mapping(node, deep)


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
    own = given.get("own")
    studies = own.values() if isinstance(own, Mapping) else ()
    brought = [isinstance(s, Mapping) and "samples" in s for s in studies]
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


def _explain(item: Mapping[str, Any]) -> tuple[str, str]:
    *path, last = (str(part) for part in item["loc"] if part != "[key]")
    shown, known = _keys_at(path)
    key = ".".join([*shown, last])
    if key in MOVED:
        return key, f"stands in another place now: {MOVED[key]}"
    if item["type"] == "extra_forbidden" and "." in last:
        sections = last.replace(".", ": {") + ": ..." + "}" * last.count(".")
        return key, f"is one key to YAML; write sections: {sections}"
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(last, known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        return key, f"unknown key; {hint}"
    if item["type"] == "missing":
        return key, "is required and missing; give it"
    if item["type"] in ("union_tag_not_found", "union_tag_invalid"):
        _, models = _models_at([*path, last])
        return f"{key}.kind", _no_kind(item, [tags(model)[0] for model in models])
    message = item["msg"][0].lower() + item["msg"][1:]
    if item["type"] == "string_pattern_mismatch":
        message = PATTERNS.get(item["ctx"]["pattern"], message)
    return key, f"is {_shown(item['input'])}; {message}"


def _no_kind(item: Mapping[str, Any], kinds: list[str]) -> str:
    """Of which kind a section is said to be, and what was probably meant."""
    expected = f"expected one of {', '.join(kinds)}"
    if item["type"] == "union_tag_not_found":
        return f"is required and missing; {expected}"
    given = str(item["ctx"]["tag"])
    plain = "".join(filter(str.isalpha, given.lower()))
    close = [KINDS.get(plain), *difflib.get_close_matches(given.lower(), kinds, n=1)]
    meant = next((kind for kind in close if kind in kinds), None)
    hint = f"; did you mean {meant!r}?" if meant else ""
    return f"is {_shown(given)}; {expected}{hint}"


def _shown(value: Any) -> str:
    """A value in short: aliases may make it endless."""
    try:
        return SHORT.repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return f"a huge {type(value).__name__}"


def _keys_at(path: list[str]) -> tuple[list[str], list[str]]:
    """The path as a user writes it, and the keys known there."""
    shown, models = _models_at(path)
    return shown, sorted({key for model in models for key in model.model_fields})


def _models_at(path: list[str]) -> tuple[list[str], list[type[Strict]]]:
    """The path as a user writes it, and the models that may stand there.

    Pydantic counts the tag of a union (``simulate``) as a step; users do not write it.
    """
    shown: list[str] = []
    models: list[type[Strict]] = [Config]
    by_name = False
    for part in path:
        if len(models) > 1:  # a union: this is the tag
            models = [m for m in models if part in tags(m)]
            continue
        shown.append(part)
        inner = [m.model_fields[part] for m in models if part in m.model_fields]
        if not (part.isdigit() or by_name):  # in a list, or a name of the user's
            models = [m for info in inner for m in models_in(info.annotation)]
        by_name = any(typing.get_origin(info.annotation) is dict for info in inner)
    return shown, models
