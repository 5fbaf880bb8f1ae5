"""What no key takes, whatever it means: truth for a number, a thing twice, too much."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from awd.config.common import Strict, models_in, tags
from awd.errors import ConfigError

LARGEST = 10**12  # of any number
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all but tabs and new lines
MOST, DEEPEST = 100_000, 20  # values in all, and sections within sections


def require_small(given: Any, name: str) -> None:
    """Refuse what is no mapping, or grows beyond bounds when its aliases are followed.

    A file of a few lines can name a list of lists of lists again and again.

    Raises
    ------
    ConfigError
    """
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{name} holds {type(given).__name__}; expected keys with values, such as "
            "run: NAME"
        )
    count, waiting = 0, [(given, 0)]
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if count > MOST or depth > DEEPEST:
            raise ConfigError(
                f"{name} holds more than {MOST:,} values, or sections nested deeper "
                f"than {DEEPEST}, aliases counted; write it out"
            )
        inner = value.values() if isinstance(value, Mapping) else value
        if isinstance(inner, Iterable) and not isinstance(inner, str | bytes):
            waiting += [(item, depth + 1) for item in inner]


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` with what it lacks from ``under``; lists are taken whole."""
    both = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], Mapping) and isinstance(over[key], Mapping):
            both[key] = merged(under[key], over[key])
    return both


def senseless(
    section: Mapping[str, Any], models: Sequence[type[Strict]], path: str = ""
) -> Iterator[tuple[str, str]]:
    """Keys, and what is wrong with their values, all that are known to some models."""
    kind = section.get("kind")
    of_kind = [m for m in models if (kind in tags(m) if tags(m) else kind is None)]
    for key, value in section.items():
        here = of_kind if any(key in m.model_fields for m in of_kind) else models
        fields = [m.model_fields[key] for m in here if key in m.model_fields]
        inner = [model for field in fields for model in models_in(field.annotation)]
        sections = {"": value} if isinstance(value, Mapping) else {}
        if fields and sections and typing.get_origin(fields[0].annotation) is dict:
            sections = {f".{name}": own for name, own in value.items()}
        for name, own in sections.items():
            if inner and isinstance(own, Mapping):
                yield from senseless(own, inner, f"{path}{key}{name}.")
            else:
                yield from _entries(own, fields, f"{path}{key}{name}")
        if fields and not sections:
            yield from _entries(value, fields, f"{path}{key}")


def _entries(value: Any, fields: Sequence[Any], key: str) -> Iterator[tuple[str, str]]:
    kinds = {kind for field in fields for kind in _kinds(field.annotation)}
    entries = value if isinstance(value, list | tuple) else [value]
    truths = [entry for entry in entries if isinstance(entry, bool)]
    if truths and bool not in kinds and kinds & {int, float}:
        yield key, f"is {str(truths[0]).lower()}; expected a number"
    numbers = [e for e in entries if isinstance(e, int | float)]
    if any(abs(number) > LARGEST for number in numbers):
        yield key, f"holds a number beyond {LARGEST:.0e}; expected a smaller one"
    texts = [entry for entry in entries if isinstance(entry, str)]
    if any(CONTROL.search(entry) for entry in texts):
        yield key, "holds a control character; expected text that can be printed"
    if float in kinds:  # of which two may be alike
        return
    named = [entry for entry in entries if isinstance(entry, str | int)]
    twice = [entry for k, entry in enumerate(named) if entry in named[:k]]
    if twice:
        yield key, f"names {twice[0]!r} twice; expected each one once"


def _kinds(annotation: Any) -> Iterator[type]:
    """The plain types that an annotation allows, also as entries of lists."""
    if isinstance(annotation, type):
        yield annotation
    for argument in typing.get_args(annotation):
        # Of a Literal these are its values: True would be its 1.
        yield from _kinds(argument if _is_kind(argument) else type(argument))


def _is_kind(argument: Any) -> bool:
    return isinstance(argument, type) or bool(typing.get_args(argument))
