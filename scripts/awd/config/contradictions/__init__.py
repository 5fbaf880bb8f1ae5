"""What keys allow one by one and not together, and keys that a run does not read.

A module a study; ``method`` is of what they share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from awd.config.contradictions import cells, maps, own
from awd.config.models import Config


def found(config: Config) -> Iterator[tuple[str, str]]:
    """What each key allows but the keys together do not."""
    if config.cells:
        yield from cells.found(config, config.cells)
    if config.maps:
        yield from maps.found(config.maps)
    for name, study in config.own.items():
        yield from own.found(name, study)
    if not (config.cells or config.maps or config.own or config.recovery):
        yield "cells", "is missing, and maps, own and recovery too; name a study to run"


def unread(config: Config, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of a file that nothing in its run reads: they would promise what is not so.

    Parameters
    ----------
    config : Config
    given : mapping
        The file itself, without defaults and presets.
    """
    for path, reason in _unread(config):
        section: Any = given
        for key in path.split("."):
            section = section.get(key) if isinstance(section, Mapping) else None
        if section is not None:
            yield path, f"is not read: {reason}; leave it out"


def _unread(config: Config) -> Iterator[tuple[str, str]]:
    if not (config.cells or config.maps or config.own):
        yield "evaluation", "recovery has no intervals"
    trained = config.maps and config.maps.teacher
    if not (config.cells or config.own or trained):
        yield "device", "no network is trained on a device of choice"
    if config.cells:
        yield from cells.unread(config.cells)
    for name, study in config.own.items():
        yield from own.unread(f"own.{name}", study)
    if config.maps:
        yield from maps.unread(config.maps)
