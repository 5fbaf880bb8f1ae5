"""Reading samples that users bring: arrays by name from a file or from a function.

What a file lets be read in parts, netCDF and npy, stays there until it is indexed.
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator, Mapping
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


class Stored:
    """The array of an npy file; rows are read when they are asked for, and copied.

    A map of the whole file would count as this program's memory once it was read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        mapped = np.load(path, mmap_mode="r")
        self.shape, self.dtype, self.ndim = mapped.shape, mapped.dtype, mapped.ndim
        end = path.stat().st_size - mapped.nbytes
        if getattr(mapped, "offset", end) != end:
            raise ValueError("more follows after its array")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        return np.array(np.load(self.path, mmap_mode="r")[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(np.load(self.path), dtype)


@contextlib.contextmanager
def opened(source: Mapping[str, Any], columns: Mapping[str, Any]) -> Iterator[Arrays]:
    """The arrays of a study: ``x``, and the others of :data:`NAMED` where they are.

    Parameters
    ----------
    source : mapping
        ``samples`` of a configuration: ``kind`` is "file" or "function". Of a file
        the arrays are called as in :data:`NAMED`, but for those that it names.
    columns : mapping
        ``targets`` of the configuration: what stands in columns of a CSV.

    Yields
    ------
    dict of str to array
        Of files in :func:`arrays_of` what can be sliced into arrays.

    Raises
    ------
    MissingInput, DataError, ConfigError
        There is no such file or function, or it does not hold samples.
    """
    if source["kind"] == "function":
        yield _called(source["function"], source["arguments"])
        return
    path = io.existing(source["file"], "put or link it there")
    names = {key: source.get(key, key) for key in NAMED}
    if path.suffix == ".csv":
        yield _from_table(path, names, columns)
        return
    with arrays_of(path) as found:
        if names["x"] not in found:
            raise DataError(
                f"{path}: no array {names['x']!r}; it holds "
                f"{', '.join(found) or 'none'}; say which one the samples are "
                "(samples.x, or --x)"
            )
        yield {key: found[name] for key, name in names.items() if name in found}


def read(source: Mapping[str, Any], columns: Mapping[str, Any]) -> Arrays:
    """As :func:`opened`, all in memory."""
    with opened(source, columns) as found:
        return {key: np.asarray(values) for key, values in found.items()}


@contextlib.contextmanager
def arrays_of(path: io.PathLike) -> Iterator[Mapping[str, Any]]:
    """All arrays of a netCDF, npz or npy file by name; of npy, "x".

    Yields
    ------
    mapping of str to array
        Of netCDF and npy what is read when it is sliced, of npz when it is asked for.

    Raises
    ------
    MissingInput, DataError
        There is no such file, it is of another kind, or damaged.
    """
    path = io.existing(path)
    if path.suffix == ".nc":
        with io.opened(path) as ds:
            yield {str(name): variable for name, variable in ds.variables.items()}
        return
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
            beginning = file.read(6)
        if beginning.startswith(b"\x93NUMPY"):
            found: Mapping[str, Any] = {"x": Stored(path)}
        elif beginning.startswith(b"PK"):
            with np.load(path) as archive:
                found = {name: archive[name] for name in archive.files}
        else:
            raise ValueError("it begins otherwise")
    yield found


def arrays(path: io.PathLike) -> Arrays:
    """As :func:`arrays_of`, all in memory."""
    with arrays_of(path) as found:
        return {key: np.asarray(values) for key, values in found.items()}


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
    elif isinstance(given, tuple):
        raise DataError(
            f"{name} returns a tuple of {len(given)}; expected x, (x, y) or a dict of "
            f"arrays by name: {', '.join(NAMED)}"
        )
    else:
        found = {"x": given}
    if "x" in found and "length" not in found:
        found |= _padded(found["x"])
    return {
        key: _array(value, f"{name}: {key}")
        for key, value in found.items()
        if value is not None
    }


def _array(value: Any, where: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise DataError(
            f"{where} makes no array ({error}); expected samples, or channels, of one "
            "shape, or a list of signals (time,) of several lengths"
        ) from error


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
