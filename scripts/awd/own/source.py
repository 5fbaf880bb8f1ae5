"""Reading samples that users bring: arrays by name from a file or from a function."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awd import integrity, io, registry
from awd.errors import ConfigError, DataError
from awd.own import tables

Arrays = dict[str, np.ndarray]
KINDS = (".nc", ".npz", ".npy", ".csv")
NAMED = ("x", "y", "group", "split", "length", "mask")
OF_ROWS = ("group", "split", "length")  # columns of a CSV


def read(source: Mapping[str, Any], columns: Mapping[str, Any]) -> Arrays:
    """The arrays of a study: ``x``, and the others of :data:`NAMED` where they are.

    Parameters
    ----------
    source : mapping
        ``samples`` of a configuration: ``kind`` is "file" or "function". Of a file
        the arrays are called as in :data:`NAMED`, but for those that it names.
    columns : mapping
        ``targets`` of the configuration: what stands in columns of a CSV.

    Raises
    ------
    MissingInput, DataError, ConfigError
        There is no such file or function, or it does not hold samples.
    """
    if source["kind"] == "function":
        return _called(source["function"], source["arguments"])
    path = io.existing(source["file"], "put or link it there")
    names = {key: source.get(key, key) for key in NAMED}
    if path.suffix == ".csv":
        return _from_table(path, names, columns)
    found = arrays(path)
    if names["x"] not in found:
        raise DataError(
            f"{path}: no array {names['x']!r}; it holds {', '.join(found) or 'none'}; "
            "say which one the samples are (samples.x, or --x)"
        )
    return {key: found[name] for key, name in names.items() if name in found}


def arrays(path: io.PathLike) -> Arrays:
    """All arrays of a netCDF, npz or npy file by name; of npy, "x".

    Raises
    ------
    MissingInput, DataError
        There is no such file, it is of another kind, or damaged.
    """
    path = io.existing(path)
    if path.suffix == ".nc":
        return {str(name): v.values for name, v in io.read(path).variables.items()}
    if path.suffix not in KINDS:
        raise DataError(
            f"{path}: files of kind {path.suffix or 'no ending'} are not read; "
            f"expected one of {', '.join(KINDS)}"
        )
    remedy = "write it anew with numpy.save or savez, of plain arrays"
    with integrity.readable(path, path.suffix[1:], remedy):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                total = sum(entry.file_size for entry in archive.infolist())
            integrity.require_room(path, total)
        with path.open("rb") as file:
            if not file.read(6).startswith((b"\x93NUMPY", b"PK")):
                raise ValueError("it begins otherwise")
            file.seek(0)
            loaded = np.load(file)
            if isinstance(loaded, np.ndarray):
                if file.read(1):
                    raise ValueError("more follows after its array")
                return {"x": loaded}
            with loaded:
                return {name: loaded[name] for name in loaded.files}


def _from_table(
    path: Path, names: Mapping[str, str], columns: Mapping[str, Any]
) -> Arrays:
    """A sample a row: what no key names are the values of x, in order."""
    table = tables.read(path)
    wanted = [name for name in columns.values() if isinstance(name, str)]
    own = [name for name in wanted if name in table]
    named = {key: names[key] for key in OF_ROWS if names[key] in table}
    found = {key: table[name] for key, name in named.items()}
    if own:
        found["y"] = np.stack([table[name] for name in own], 1)
    elif names["y"] in table:
        found["y"] = table[names["y"]]
    apart = {*(names[key] for key in OF_ROWS), *(own or [names["y"]])}
    values = {name: cells for name, cells in table.items() if name not in apart}
    text = [name for name, cells in values.items() if cells.dtype.kind == "U"]
    if text or not values:
        wrong = f"column {text[0]!r} holds text" if text else "no column is left"
        raise DataError(
            f"{path}: {wrong}; expected numbers, a column a value of x; leave it "
            "out, or say what it is (samples.group, split, length, or targets)"
        )
    return {"x": np.stack(list(values.values()), 1), **found}


def _called(name: str, arguments: Mapping[str, Any]) -> Arrays:
    function = registry.imported(name)
    try:
        given = function(**arguments)
    except TypeError as error:
        raise ConfigError(
            f"{name} cannot be called with {dict(arguments)} ({error}); change "
            "samples.arguments"
        ) from error
    if isinstance(given, Mapping):
        found = dict(given)
    elif isinstance(given, tuple) and len(given) == 2:
        found = dict(zip(("x", "y"), given, strict=True))
    else:
        found = {"x": given}
    if "x" in found and "length" not in found:
        found |= _padded(found["x"])
    return {key: np.asarray(value) for key, value in found.items() if value is not None}


def _padded(x: Any) -> Arrays:
    """A list of signals of several lengths as one array, and their lengths."""
    try:
        rows = [np.asarray(row) for row in x] if isinstance(x, list | tuple) else []
        ends = [row.shape[-1] for row in rows]
    except (ValueError, TypeError, IndexError):
        return {}  # no such list: what else it is the next door says
    channels = {row.shape[:-1] for row in rows}
    if len(set(ends)) < 2 or len(channels) > 1:
        return {}
    whole = np.zeros((len(rows), *channels.pop(), max(ends)), np.result_type(*rows))
    for row, signal in zip(whole, rows, strict=True):
        row[..., : signal.shape[-1]] = signal
    return {"x": whole, "length": np.array(ends)}
