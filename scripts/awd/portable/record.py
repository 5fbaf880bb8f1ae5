"""The file of a model: JSON with a checksum, read key by key and never trusted.

A file may come from anywhere, so nothing in it is used before it has been found to be
of its kind and within bounds. Numbers are written as their shortest exact text: what is
read back is what was written, to the last bit.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awd import io
from awd.errors import AwdError, ConfigError, DataError

FORMAT, VERSION = "awd-model", 2
CHECKSUM = "sha256"
LARGEST = 8 << 20  # bytes; a model of a few kB is what this is for
REMEDY = "copy it anew from where it was made, or distil again"


def checksum(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record's content, whatever its layout, without its own checksum."""
    content = {key: value for key, value in record.items() if key != CHECKSUM}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write(record: Mapping[str, Any], path: io.PathLike) -> None:
    """Write a record with its checksum, a line a key.

    Raises
    ------
    ConfigError
        The file would be too large to be read.
    """
    lines = [
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in {**record, CHECKSUM: checksum(record)}.items()
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if len(text.encode()) > LARGEST:
        raise ConfigError(
            f"{path}: the model would take {len(text) >> 20} MiB, more than "
            f"{LARGEST >> 20}; use fewer features or targets"
        )
    io.write_text(text, path)


def read(path: io.PathLike) -> dict[str, Any]:
    """A record whose checksum and version are right; the rest is for :class:`Part`.

    Raises
    ------
    MissingInput, DataError
        There is no such file, or it is no undamaged model; the message says what to do.
    """
    path = io.existing(path, "give the path of a model.json")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > LARGEST:
        raise DataError(f"{path}: larger than {LARGEST >> 20} MiB, no model of awd")
    record = _parsed(data, path)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise DataError(
            f"{path}: not a model of awd; expected what Model.save or awd distil wrote"
        )
    if record.get("version") != VERSION or isinstance(record["version"], bool):
        raise DataError(
            f"{path}: version {_shown(record.get('version'))} of the format, this awd "
            f"reads {VERSION}; install the awd that wrote it (pip install -U "
            "awd-wavelets), or distil again"
        )
    if record.get(CHECKSUM) != checksum(record):
        raise DataError(
            f"{path}: its content does not fit its checksum, so that it was damaged or "
            f"edited; {REMEDY}"
        )
    return record


def _parsed(data: bytes, path: Path) -> Any:
    try:
        return json.loads(
            data.decode("utf-8"),
            parse_constant=finite,
            parse_float=finite,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise DataError(
            f"{path}: not valid JSON in UTF-8 ({reason}); {REMEDY}"
        ) from error


def finite(text: str) -> float:
    """The number that a text is; raises ``ValueError`` for NaN and infinity."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


class Part:
    """A part of a record: each value must be there, of its kind and within bounds.

    Parameters
    ----------
    values : object
        What stands in the file; anything but a mapping is refused.
    where : str
        The path, and the keys that lead here.

    Raises
    ------
    DataError
        From all methods, naming the file and the key.
    """

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise DataError(f"{where}: is {_shown(values)}; expected keys; {REMEDY}")
        self.values, self.where, self.read = values, where, set[str]()

    def _take(self, key: str) -> Any:
        if key not in self.values:
            raise DataError(f"{self.where}: no key {key!r}; {REMEDY}")
        self.read.add(key)
        return self.values[key]

    def _wrong(self, key: str, expected: str) -> DataError:
        got = _shown(self.values[key])
        return DataError(f"{self.where}: {key} is {got}; expected {expected}; {REMEDY}")

    def text(self, key: str, longest: int = 4000) -> str:
        """A text."""
        value = self._take(key)
        if not isinstance(value, str) or len(value) > longest:
            raise self._wrong(key, f"a text of at most {longest} characters")
        return value

    def choice(self, key: str, options: Iterable[Any]) -> Any:
        """One of a few values, of its very kind (1 is not True)."""
        value = self._take(key)
        for option in options:
            if type(value) is type(option) and value == option:
                return value
        raise self._wrong(key, f"one of {', '.join(map(repr, options))}")

    def whole(self, key: str, low: int, high: int) -> int:
        """An integer within bounds."""
        value = self._take(key)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(key, f"an integer from {low} to {high}")
        return value

    def wholes(self, key: str, low: int, high: int, most: int) -> tuple[int, ...]:
        """A list of integers within bounds."""
        values = self._take(key)
        fits = isinstance(values, list) and len(values) <= most
        if not fits or not all(type(v) is int and low <= v <= high for v in values):
            raise self._wrong(key, f"at most {most} integers from {low} to {high}")
        return tuple(values)

    def absent(self, key: str) -> bool:
        """Whether null stands in place of a value."""
        return self._take(key) is None

    def number(self, key: str) -> float:
        """A finite number."""
        value = self._take(key)
        if not _is_number(value):
            raise self._wrong(key, "a finite number")
        return float(value)

    def numbers(self, key: str, *shape: int) -> np.ndarray:
        """An array of finite numbers of a shape, where -1 stands for any length."""
        flat: list[float] = []
        found = _gather(self._take(key), len(shape), flat)
        fits = found is not None and all(
            want in (-1, got) for want, got in zip(shape, found, strict=True)
        )
        if not fits or not all(map(_is_number, flat)):
            sizes = " x ".join("any" if size < 0 else str(size) for size in shape)
            raise self._wrong(key, f"{sizes} finite numbers")
        return np.array(flat, float).reshape(found)

    def texts(self, key: str, most: int = 10_000) -> list[str]:
        """A list of texts."""
        values = self._take(key)
        if not isinstance(values, list) or len(values) > most:
            raise self._wrong(key, f"a list of at most {most} texts")
        if not all(isinstance(value, str) and len(value) <= 400 for value in values):
            raise self._wrong(key, "texts of at most 400 characters")
        return values

    def scalars(self, key: str) -> list[Any] | None:
        """A list of texts, numbers and truth values; None where there is none."""
        values = self._take(key)
        if values is None:
            return None
        fits = isinstance(values, list) and all(
            isinstance(value, str | bool) or _is_number(value) for value in values
        )
        if not fits:
            raise self._wrong(key, "a list of texts or numbers")
        return values

    def mapping(self, key: str) -> dict[str, Any]:
        """Any content, which nothing depends on."""
        value = self._take(key)
        if not isinstance(value, dict):
            raise self._wrong(key, "keys")
        return value

    def part(self, key: str) -> Part:
        """A part of this part."""
        return Part(self._take(key), f"{self.where}: {key}")

    def parts(self, key: str, most: int = 10_000) -> list[Part]:
        """A list of parts."""
        values = self._take(key)
        if not isinstance(values, list) or len(values) > most:
            raise self._wrong(key, f"a list of at most {most}")
        return [
            Part(value, f"{self.where}: {key}[{k}]") for k, value in enumerate(values)
        ]

    def finish(self) -> None:
        """Refuse what was not read."""
        unknown = sorted(set(self.values) - self.read)
        if unknown:
            raise DataError(f"{self.where}: unknown key {_shown(unknown[0])}; {REMEDY}")


def named(error: AwdError, where: io.PathLike) -> DataError:
    """An error about a model as one about its file."""
    return DataError(f"{where}: {error}; {REMEDY}")


def _gather(value: Any, depth: int, flat: list[Any]) -> tuple[int, ...] | None:
    """Shape of nested lists, whose leaves go to ``flat``; None for ragged ones."""
    if depth == 0:
        flat.append(value)
        return ()
    if not isinstance(value, list):
        return None
    shapes = [_gather(item, depth - 1, flat) for item in value]
    rest = shapes[0] if shapes else (0,) * (depth - 1)
    if rest is None or any(shape != rest for shape in shapes):
        return None
    return len(value), *rest


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300


def _shown(value: Any) -> str:
    """A value short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]} ..."
