"""Reading and writing files: atomic, checked, stamped, never a pickle.

Arrays are netCDF (xarray), tables CSV, records JSON. Everything is written to a
temporary name beside its target and renamed, so a killed job leaves no half file; and
everything that is read again has a checksum that is compared (:mod:`awd.integrity`).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import re
import shutil
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from awd import extras, integrity, samples
from awd.errors import DataError, KindError, MissingInput, StorageError, shortened
from awd.integrity import readable

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PathLike = str | Path
# What is asked before a written file is put in its place; it raises.
before_replacing: Callable[[], None] | None = None
SMALL = 1 << 20  # bytes; with less, a disk counts as full
NAMED = 4  # missing files that are named
# What a spreadsheet takes for a formula: what begins so and is no number, alone or with
# an interval or an error behind it. An apostrophe before it says that it is text.
BEGINNINGS = frozenset("'=+-@\t\r")
FORMULA = re.compile(
    r"'*(?:[=@\t\r]|[+-](?![\d.]+(?:e[+-]?\d+)?(?: [\d \[\],./±–-]*)?$))"
)
CHECKSUM, SHA256 = "checksum", "sha256:"  # last line of a JSON record


class FileContract(Protocol):
    """What a file has to hold; those of this project: :mod:`awd.record.contracts`."""

    @property
    def streamed(self) -> tuple[str, ...]:
        """Variables that are read where they are indexed, perhaps never whole."""

    def check(self, ds: xr.Dataset, where: str) -> xr.Dataset:
        """``ds`` unchanged if it keeps the contract; ``where`` is its path."""


# What keeps a file from being written, and what to do.
STORAGE = {
    errno.ENOSPC: "no space is left on its disk; free some and run again",
    errno.EDQUOT: "your quota of its disk is used up; free some and run again",
    errno.EROFS: "its disk is read-only; choose another folder",
    errno.EACCES: "you may not write there; change its permissions or the folder",
    errno.EPERM: "you may not write there; change its permissions or the folder",
    errno.ENOTDIR: "a part of its path is a file; move that away",
    errno.EEXIST: "a part of its path is a file; move that away",
    errno.EISDIR: "is a folder; move it away",
    errno.ENAMETOOLONG: "its name is too long; choose shorter names",
    errno.EIO: "its disk fails; write to another one",
}


@contextlib.contextmanager
def replacing(path: PathLike, sealed: bool = False) -> Iterator[Path]:
    """Yield a temporary path that becomes ``path`` when the block succeeds.

    What a killed job was writing to ``path`` is removed.

    Parameters
    ----------
    path : path
    sealed : bool
        Whether a checksum is written beside it, for a format without room for one.

    Raises
    ------
    StorageError
        The disk is full, or it may not be written to.
    """
    path = Path(path)
    if not path.name or "\0" in str(path):
        raise StorageError(f"{str(path)!r}: cannot be written; expected a file's name")
    name = ".{}.{}.part{}".format
    temporary = path.with_name(name(path.stem, os.getpid(), path.suffix))
    unfinished = name(re.escape(path.stem), r"\d+", re.escape(path.suffix))
    with _storage(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        for sibling in path.parent.iterdir():
            if re.fullmatch(unfinished, sibling.name):
                sibling.unlink(missing_ok=True)
        try:
            yield temporary
            if before_replacing:
                before_replacing()
            # Without one in between: an older checksum would be another file's.
            integrity.beside_of(path).unlink(missing_ok=True)
            os.replace(temporary, path)
            if sealed:
                integrity.seal_beside(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _storage(path: Path, temporary: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        named = error.filename or path
        own = temporary == Path(named) or path.is_relative_to(named)
        if not own or error.errno not in STORAGE:
            raise
        raise StorageError(
            f"{path}: cannot be written: {STORAGE[error.errno]}"
        ) from error


@contextlib.contextmanager
def _netcdf_written(path: PathLike) -> Iterator[None]:
    """The netCDF library says RuntimeError of all, and keeps the cause to itself."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno in STORAGE:
            raise
        free = shutil.disk_usage(Path(path).parent).free
        cause = STORAGE[errno.ENOSPC] if free < SMALL else "the netCDF library failed"
        raise StorageError(f"{path}: cannot be written: {cause} ({error})") from error


def existing(path: PathLike, remedy: str = "check the path") -> Path:
    """``path`` as a Path, a file that may be read and is not empty.

    Raises
    ------
    MissingInput, StorageError, DataError
        Each with the remedy.
    KindError
        It is no path at all.
    """
    if not isinstance(path, str | os.PathLike):
        raise KindError(f"{shortened(repr(path), 80)} is no path; expected a file's")
    path = Path(path)
    try:
        there = path.is_file()
    except OSError as error:
        cause = STORAGE.get(error.errno or 0, str(error))
        raise StorageError(f"{path}: cannot be read: {cause}") from error
    if not there:
        what = "is a folder, not a file" if path.is_dir() else "no such file"
        raise MissingInput(f"{path}: {what}; {remedy}")
    if not os.access(path, os.R_OK):
        raise StorageError(f"{path}: you may not read it; change its permissions")
    if not path.stat().st_size:
        raise DataError(f"{path}: is empty; {integrity.REMEDY}")
    return path


def unbroken(path: PathLike, remedy: str = "check the path") -> Path:
    """As :func:`existing`, and as its checksum says, if it has one."""
    path = existing(path, remedy)
    integrity.require_unbroken(path)
    return path


def all_existing(paths: Iterable[PathLike], remedy: str = "check the paths") -> None:
    """Raise ``MissingInput`` that names the files that are absent, and the remedy."""
    missing = [str(path) for path in paths if not Path(path).is_file()]
    if missing:
        rest = [f"and {len(missing) - NAMED} more"] * (len(missing) > NAMED)
        listed = "\n  ".join([*missing[:NAMED], *rest])
        raise MissingInput(
            f"no such file{'s'[: len(missing) > 1]}; {remedy}:\n  {listed}"
        )


def write(
    ds: xr.Dataset,
    path: PathLike,
    contract: FileContract | None = None,
    stamp: Mapping[str, Any] | None = None,
) -> None:
    """Write a data set as netCDF, checked against its contract.

    ``stamp`` (rule, parameters, code digest ...) becomes one JSON string in the
    attribute ``provenance``; it must hold no time or duration, so that two runs can
    be compared.
    """
    if contract:
        contract.check(ds, str(path))
    with replacing(path) as temporary:
        streamed = contract.streamed if contract else ()
        _write_netcdf(ds, temporary, path, stamp, streamed)
        integrity.seal(temporary)


def _write_netcdf(
    ds: xr.Dataset,
    temporary: Path,
    path: PathLike,
    stamp: Mapping[str, Any] | None,
    streamed: Container[str] = (),
) -> None:
    if stamp:
        ds = ds.assign_attrs(provenance=dumps(stamp))
    compressed = {
        name: {"zlib": True, "complevel": 1, "fletcher32": name in streamed}
        for name, variable in ds.variables.items()
        if variable.dtype.kind in "fiu" and variable.ndim
    }
    with _netcdf_written(path):
        ds.to_netcdf(temporary, engine="netcdf4", encoding=compressed)


def write_blocks(
    ds: xr.Dataset,
    blocks: Iterable[Mapping[str, np.ndarray]],
    path: PathLike,
    contract: FileContract,
    described: Mapping[str, Mapping[str, Any]],
    stamp: Mapping[str, Any] | None = None,
    dims: Mapping[str, Sequence[str]] = MappingProxyType({}),
    chunk: int = 1,
) -> None:
    """Write a data set some variables of which need not fit into memory.

    Parameters
    ----------
    ds : Dataset
        All the others, with the dimension ``sample``.
    blocks : iterable of mappings of names to arrays of shape (some, [channels,] y, x)
        In the order of the samples, as many in all; the axis ``sample`` of the first is
        its first. Floats are not compressed: every epoch of a training reads them, in
        any order.
    path, contract, stamp
        As for :func:`write`. What the contract calls streamed is for the maker of the
        blocks to check; all else is read again, in blocks.
    described : mapping
        Attributes of each: ``units``, ``long_name``.
    dims : mapping
        Names of the axes of those that are not (sample, [channel,] y, x).
    chunk : int
        Samples that are stored, and read, together.

    Raises
    ------
    DataError
        There are fewer or more rows than samples.
    """
    import netCDF4
    import xarray as xr

    blocks = iter(blocks)
    first = next(blocks)
    with replacing(path) as temporary:
        _write_netcdf(ds, temporary, path, stamp)
        with netCDF4.Dataset(temporary, "a") as file:
            out = {}
            for key, array in first.items():
                usual = "sample", *("channel", "y", "x")[-array.ndim + 1 :]
                names = tuple(dims.get(key, usual))
                sizes = dict(zip(names, array.shape, strict=True))
                for name, size in sizes.items():
                    if name not in file.dimensions:
                        file.createDimension(name, size)
                out[key] = file.createVariable(
                    key,
                    array.dtype,
                    names,
                    chunksizes=[(sizes | {"sample": chunk})[n] for n in names],
                    fletcher32=True,
                    zlib=array.dtype.kind == "i",
                )
                out[key].setncatts(described[key])
            rows = 0
            for block in itertools.chain([first], blocks):
                count = len(next(iter(block.values())))
                for key, array in block.items():
                    before = out[key].dimensions.index("sample")
                    at = (slice(None),) * before + (slice(rows, rows + count),)
                    with _netcdf_written(path):
                        out[key][at] = array
                rows += count
        if rows != ds.sizes["sample"]:
            raise DataError(f"{path}: {rows} rows for {ds.sizes['sample']} samples")
        integrity.seal(temporary)
        with xr.open_dataset(temporary, engine="netcdf4", cache=False) as written:
            contract.check(written, str(path))


@contextlib.contextmanager
def opened(
    path: PathLike, contract: FileContract | None = None
) -> Iterator[xr.Dataset]:
    """A netCDF file whose variables are read only where they are indexed."""
    with _netcdf(path, cache=False) as ds:
        try:
            yield contract.check(ds, str(path)) if contract else ds
        except RuntimeError as error:
            if "NetCDF" not in str(error):  # which is how that library begins them all
                raise
            with readable(path, "netCDF"):
                raise


def read(path: PathLike, contract: FileContract | None = None) -> xr.Dataset:
    """Read a netCDF file into memory and check it against its contract."""
    with _netcdf(path) as ds:
        with readable(path, "netCDF"):
            ds = ds.load()
        return contract.check(ds, str(path)) if contract else ds


@contextlib.contextmanager
def _netcdf(path: PathLike, **how: Any) -> Iterator[xr.Dataset]:
    with extras.needed(f"reading {path}"):
        import xarray as xr

    path = existing(path)
    sealed = integrity.require_unbroken(path)
    integrity.require_closed(path)
    if not sealed:
        integrity.require_survived(path, __name__, "variables")
    with readable(path, "netCDF"):
        ds = xr.open_dataset(path, engine="netcdf4", **how)
    with ds:
        yield ds


def variables(path: PathLike) -> Iterator[np.ndarray]:
    """All that a netCDF file holds, one block after the other, whatever it is."""
    import xarray as xr

    with xr.open_dataset(path, engine="netcdf4", cache=False) as ds:
        for variable in ds.variables.values():
            if not variable.ndim:
                yield variable.values
                continue
            for block in samples.blocks(len(variable), variable.nbytes):
                yield variable[block].values


def write_table(
    table: pd.DataFrame, path: PathLike, *, for_people: bool = False
) -> None:
    """Write a CSV; floats as their shortest exact text, so that runs compare.

    Text that a spreadsheet would take for a formula gets an apostrophe before it, which
    :func:`read_table` takes away.

    Parameters
    ----------
    table : DataFrame
    path : path
    for_people : bool
        Whether it is text that people open, with signs such as R² and ±: it begins with
        a byte order mark, without which Excel takes UTF-8 for the machine's code page.
    """
    safe = _each_text(table, lambda text: f"'{text}" if FORMULA.match(text) else text)
    encoding = "utf-8-sig" if for_people else "utf-8"
    with replacing(path, sealed=True) as temporary:
        safe.to_csv(temporary, index=False, lineterminator="\n", encoding=encoding)


def read_table(path: PathLike, text: bool = False) -> pd.DataFrame:
    """Read a CSV written by :func:`write_table`; with ``text`` as it stands there."""
    with extras.needed(f"reading {path}"):
        import pandas as pd

    path = unbroken(path)
    # Before pandas 3 the usual parser is off by one in the last bit.
    how: dict[str, Any] = {"na_values": [""], "float_precision": "round_trip"}
    if text:
        how = {"dtype": str}
    with readable(path, "CSV"), warnings.catch_warnings():
        # pandas only warns of rows that are longer than the header, and cuts them.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        table = pd.read_csv(path, index_col=False, keep_default_na=False, **how)
    return _each_text(table, _unguarded)


def _unguarded(text: str) -> str:
    return text[1:] if text[0] == "'" and FORMULA.match(text[1:]) else text


def _each_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """A table with what a formula may begin with changed in its columns of text."""
    table = table.copy(deep=False)
    for k, kind in enumerate(table.dtypes):
        if getattr(kind, "kind", "O") not in "OUS":
            continue
        column = table.iloc[:, k]
        begins = [isinstance(c, str) and c[:1] in BEGINNINGS for c in column]
        if any(begins):
            pairs = zip(column, begins, strict=True)
            table.isetitem(k, [change(c) if begun else c for c, begun in pairs])
    return table


def dumps(record: Mapping[str, Any]) -> str:
    """JSON text with sorted keys; numpy scalars and arrays become numbers and lists."""
    return json.dumps(record, sort_keys=True, default=_plain)


def write_json(record: Mapping[str, Any], path: PathLike, sealed: bool = True) -> None:
    """Write a record as indented JSON, its checksum as a last key where ``sealed``.

    Raises
    ------
    DataError
        A number is not finite, which JSON has no word for.
    """
    try:
        plain = json.loads(json.dumps(record, default=_plain, allow_nan=False))
    except ValueError as error:
        raise DataError(
            f"{path}: a number of its record is NaN or infinite, which JSON does not "
            "know; write null"
        ) from error
    plain.pop(CHECKSUM, None)
    if sealed:
        plain[CHECKSUM] = _checksum(plain)
    write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", path)


def read_json(path: PathLike) -> dict[str, Any]:
    """Read a JSON record; its checksum, if it has one, is compared and left out."""
    with readable(existing(path), "JSON"):
        record = json.loads(Path(path).read_text("utf-8"), parse_constant=_no_number)
    if not isinstance(record, dict):
        raise DataError(
            f"{path}: holds a {type(record).__name__}; expected a record in braces: "
            f"{integrity.REMEDY}"
        )
    if _is_another(record):
        raise DataError(
            f"{path}: its content does not fit its checksum; the file is damaged or "
            f"was edited: {integrity.REMEDY}; where it was edited on purpose, delete "
            f"its line {CHECKSUM!r}"
        )
    return record


def _is_another(record: dict[str, Any]) -> bool:
    """Whether a record has a checksum, and not its own; takes it out."""
    if CHECKSUM in record:
        return record.pop(CHECKSUM) != _checksum(record)
    # The key itself may be what was damaged.
    return any(str(value).startswith(SHA256) for value in record.values())


def _checksum(plain: Mapping[str, Any]) -> str:
    return SHA256 + hashlib.sha256(dumps(plain).encode()).hexdigest()


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def write_text(text: str, path: PathLike) -> None:
    """Write text as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise KindError(
        f"a value of type {type(value).__name__} has no JSON form; expected numbers, "
        "text, lists and mappings"
    )
