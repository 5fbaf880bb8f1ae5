"""Reading and writing files: atomic, checked, stamped, never a pickle.

Arrays are netCDF (xarray), tables CSV, records JSON. Everything is written to a
temporary name beside its target and renamed, so a killed job leaves no half file.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from awd import extras
from awd.errors import DataError, MissingInput

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PathLike = str | Path


class FileContract(Protocol):
    """What a file has to hold; those of this project: :mod:`awd.record.contracts`."""

    def check(self, ds: xr.Dataset, where: str) -> xr.Dataset:
        """``ds`` unchanged if it keeps the contract; ``where`` is its path."""


@contextlib.contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path that becomes ``path`` when the block succeeds.

    What a killed job was writing to ``path`` is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = ".{}.{}.part{}".format
    temporary = path.with_name(name(path.stem, os.getpid(), path.suffix))
    unfinished = name(re.escape(path.stem), r"\d+", re.escape(path.suffix))
    for sibling in path.parent.iterdir():
        if re.fullmatch(unfinished, sibling.name):
            sibling.unlink(missing_ok=True)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def existing(path: PathLike, remedy: str = "check the path") -> Path:
    """``path`` as a Path; raises ``MissingInput`` with the remedy when it is absent."""
    path = Path(path)
    if not path.is_file():
        raise MissingInput(f"{path}: no such file; {remedy}")
    return path


def all_existing(paths: Iterable[PathLike], remedy: str = "check the paths") -> None:
    """Raise ``MissingInput`` that names all files that are absent, and the remedy."""
    missing = [str(path) for path in paths if not Path(path).is_file()]
    if missing:
        listed = "\n  ".join(missing)
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
    if stamp:
        ds = ds.assign_attrs(provenance=dumps(stamp))
    compressed = {
        name: {"zlib": True, "complevel": 1}
        for name, variable in ds.variables.items()
        if variable.dtype.kind in "fiu" and variable.ndim
    }
    with replacing(path) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=compressed)


def write_blocks(
    ds: xr.Dataset,
    blocks: Iterable[np.ndarray],
    path: PathLike,
    contract: FileContract,
    described: Mapping[str, str],
    stamp: Mapping[str, Any] | None = None,
) -> None:
    """Write a data set whose variable ``x`` need not fit into memory.

    Parameters
    ----------
    ds : Dataset
        All but ``x``, with the dimension ``sample``.
    blocks : iterable of arrays of shape (some, y, x), float32
        In the order of the samples, as many in all. Stored in chunks of one sample and
        not compressed: every epoch of a training reads them, in any order.
    path, contract, stamp
        As for :func:`write`. What the blocks hold is for their maker to check.
    described : mapping
        ``units`` and ``long_name`` of ``x``.

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
        write(ds, temporary, stamp=stamp)
        with netCDF4.Dataset(temporary, "a") as file:
            for name, size in zip("yx", first.shape[1:], strict=True):
                file.createDimension(name, size)
            shape = (1, *first.shape[1:])
            out = file.createVariable("x", "f4", ("sample", "y", "x"), chunksizes=shape)
            out.setncatts(described)
            rows = 0
            for block in itertools.chain([first], blocks):
                out[rows : rows + len(block)] = block
                rows += len(block)
        if rows != ds.sizes["sample"]:
            raise DataError(f"{path}: {rows} rows for {ds.sizes['sample']} samples")
        with xr.open_dataset(temporary, engine="netcdf4") as written:
            contract.check(written, str(path))


@contextlib.contextmanager
def opened(path: PathLike, contract: FileContract) -> Iterator[xr.Dataset]:
    """A netCDF file whose streamed variables are read only where they are indexed."""
    import xarray as xr

    existing(path)
    try:
        ds = xr.open_dataset(path, engine="netcdf4", cache=False)
    except OSError as error:
        raise DataError(f"{path}: not a readable netCDF file ({error})") from error
    with ds:
        yield contract.check(ds, str(path))


def read(path: PathLike, contract: FileContract | None = None) -> xr.Dataset:
    """Read a netCDF file into memory and check it against its contract."""
    existing(path)
    with extras.needed(f"reading {path}"):
        import xarray as xr
    try:
        with xr.open_dataset(path, engine="netcdf4") as ds:
            ds = ds.load()
    except OSError as error:
        raise DataError(f"{path}: not a readable netCDF file ({error})") from error
    return contract.check(ds, str(path)) if contract else ds


def write_table(table: pd.DataFrame, path: PathLike) -> None:
    """Write a CSV; floats as their shortest exact text, so that runs compare."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def read_table(path: PathLike) -> pd.DataFrame:
    """Read a CSV written by :func:`write_table`."""
    existing(path)
    with extras.needed(f"reading {path}"):
        import pandas as pd

    # Before pandas 3 the usual parser is off by one in the last bit.
    how = {"keep_default_na": False, "float_precision": "round_trip"}
    return pd.read_csv(path, na_values=[""], **how)


def read_columns(path: PathLike) -> dict[str, np.ndarray]:
    """The columns of a CSV of any origin by name, read without pandas.

    Columns are int64, float64 (an empty cell is NaN) or text.

    Raises
    ------
    MissingInput, DataError
        There is no such file; it has no rows, rows of several lengths, a name twice, or
        no names: its first line holds numbers, and those do not count the columns.
    """
    path = existing(path)
    try:
        first, table = _first_and_rest(path)
    except (ValueError, csv.Error) as error:
        raise DataError(
            f"{path}: not a CSV in UTF-8 with commas and as many cells in every row "
            f"({error}); write it anew"
        ) from error
    numbers = _parsed(np.array(first))
    counted = np.array_equal(numbers, np.arange(len(first)))
    if len(set(first)) < len(first) or (numbers.dtype.kind != "U" and not counted):
        raise DataError(
            f"{path}: its first line, {', '.join(first)[:60]!r}, does not give every "
            "column a name of its own; put such a line above the rows"
        )
    if not table.size or table.shape[1] != len(first):
        raise DataError(
            f"{path}: {len(first)} columns are named above {len(table)} x "
            f"{table.shape[1]} cells; expected rows with a cell a name"
        )
    return dict(zip(first, map(_parsed, table.T), strict=True))


def _first_and_rest(path: Path) -> tuple[list[str], np.ndarray]:
    """The cells of the first line, and all below it, as numbers if they are."""
    how: dict[str, Any] = {"delimiter": ",", "comments": None, "quotechar": '"'}
    with path.open(encoding="utf-8-sig", newline="") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of no rows
        first = next(csv.reader([file.readline()]), [""])
        begin = file.tell()
        try:
            table = np.loadtxt(file, ndmin=2, **how)
        except ValueError:  # a text, an empty cell, or what the next call raises
            file.seek(begin)
            table = np.loadtxt(file, dtype=str, ndmin=2, **how)
    return [name.strip() for name in first], table


def _parsed(cells: np.ndarray) -> np.ndarray:
    """Cells as int64, else float64, else as the text they are."""
    if cells.dtype.kind == "U":
        try:
            cells = np.where(cells == "", "nan", cells).astype(float)
        except ValueError:
            return cells
    whole = np.isfinite(cells).all() and (np.abs(cells) < 2**53).all()
    whole = whole and (cells == np.floor(cells)).all()
    return cells.astype(np.int64) if whole else cells


def dumps(record: Mapping[str, Any]) -> str:
    """JSON text with sorted keys; numpy scalars and arrays become numbers and lists."""
    return json.dumps(record, sort_keys=True, default=_plain)


def write_json(record: Mapping[str, Any], path: PathLike) -> None:
    """Write a record as indented JSON."""
    text = json.dumps(record, indent=2, default=_plain, ensure_ascii=False)
    write_text(text + "\n", path)


def read_json(path: PathLike) -> dict[str, Any]:
    """Read a JSON record."""
    try:
        return json.loads(existing(path).read_text("utf-8"))
    except ValueError as error:  # of JSON, or of UTF-8
        raise DataError(f"{path}: not valid JSON ({error})") from error


def write_text(text: str, path: PathLike) -> None:
    """Write text as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
