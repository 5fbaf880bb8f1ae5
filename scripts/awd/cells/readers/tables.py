"""Tables as text, with what their files say of scales: CSV, TrackMate's XML, Picasso.

CSV has any separator and encoding, and may begin with lines of comment.
"""

from __future__ import annotations

import csv
import io as text_io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awd import extras, io
from awd.cells.readers import trackmate
from awd.cells.readers.calibration import Calibration
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = ",;\t|"
DECIMAL_COMMA = r"^\s*(-?\d+),(\d+)\s*$"
WORKBOOK = b"PK\x03\x04"  # how Excel's files begin


def read_text(
    path: io.PathLike, most: int | None = None
) -> tuple[pd.DataFrame, Calibration]:
    """A table, every cell as text, and what its file says beside.

    Parameters
    ----------
    path : path
        CSV, TrackMate's XML, or Picasso's HDF5.
    most : int, optional
        Rows that are read, of CSV.

    Raises
    ------
    MissingInput, DataError
        The file is absent, damaged, no table, or has no names of columns.
    """
    path = io.unbroken(path)
    kind = path.suffix.lower()
    if kind == ".xml":
        return trackmate.read_xml(path)
    if kind in (".hdf5", ".h5"):
        return _of_picasso(path), Calibration()
    return _of_csv(path, most), Calibration()


def _of_csv(path: Path, most: int | None) -> pd.DataFrame:
    with extras.needed(f"reading {path}"):
        import pandas as pd
    with io.readable(path, "CSV"), warnings.catch_warnings():
        # pandas only warns of rows that are longer than the header, and cuts them.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        text = _from_names_on(_decoded(path))
        separator = _separator(text)
        table = pd.read_csv(
            text_io.StringIO(text),
            sep=r"\s+" if separator == " " else separator,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            nrows=most,
        )
        twice = _named_twice(text, separator)
    table.columns = [str(name).strip().strip('"') for name in table.columns]
    if twice:
        raise DataError(
            f"{path}: has several columns called {twice[0]!r}; expected a name of its "
            "own for each"
        )
    if all(is_number(name) for name in table.columns):
        raise DataError(
            f"{path}: the first line holds numbers; expected the names of the columns: "
            "put a line with them there"
        )
    if separator != ",":  # a comma may be a decimal point
        table = table.replace(DECIMAL_COMMA, r"\1.\2", regex=True)
    return table


def _named_twice(text: str, separator: str) -> list[str]:
    """Names of several columns, which pandas would number."""
    first = text.lstrip().partition("\n")[0]
    names = next(csv.reader([first], delimiter=separator, skipinitialspace=True))
    names = [name.strip() for name in names if name.strip()]
    return [name for k, name in enumerate(names) if name in names[:k]]


def _decoded(path: Path) -> str:
    """Text of a file in Unicode or, as a Western Windows writes, in Latin-1."""
    content = path.read_bytes()
    if content.startswith(WORKBOOK):
        raise DataError(f"{path}: is a workbook of Excel; save its sheet as CSV")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    if "\0" in text:
        raise ValueError("it holds NUL, which no text does")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # of Windows, and old Macs


def _from_names_on(text: str) -> str:
    """Text without the comments above the names, which numpy writes as one of these."""
    text = text.lstrip()
    while text.startswith("#"):
        comment, _, rest = text.partition("\n")
        first = re.split(rf"[\s{SEPARATORS}]", rest.lstrip(), maxsplit=1)[0]
        if is_number(first):
            return f"{comment.lstrip('# ')}\n{rest}"
        text = rest.lstrip()
    return text


def _separator(text: str) -> str:
    """What stands between the names of the first line."""
    head = text.partition("\n")[0]
    likeliest = max(SEPARATORS, key=head.count)
    return likeliest if likeliest in head else " "


def _of_picasso(path: Path) -> pd.DataFrame:
    """Localisations of Picasso: the structured array ``locs``."""
    with extras.needed(f"reading {path}"):
        import h5py
        import pandas as pd
    from awd import integrity

    integrity.require_closed(path)
    with io.readable(path, "Picasso HDF5"), h5py.File(path) as file:
        if "locs" not in file:
            held = ", ".join(file) or "nothing"
            raise DataError(f"{path}: no localisations (locs) in it; it holds {held}")
        return pd.DataFrame(file["locs"][()]).astype(str)


def is_number(text: object) -> bool:
    """Whether a cell of a table holds a number."""
    try:
        float(str(text))
    except ValueError:
        return False
    return True


def numbers(path: io.PathLike, rows: pd.DataFrame, column: str) -> pd.Series:
    """A column of text as numbers.

    Raises
    ------
    DataError
        A value is no finite number; the first such is named.
    """
    import pandas as pd

    values = pd.to_numeric(rows[column], errors="coerce").astype(float)
    bad = ~np.isfinite(values)
    if bad.any():
        at = values.index[bad][0]
        raise DataError(
            f"{path}: {column} is {rows[column][at]!r} in row {at + 2}; expected a "
            "finite number"
        )
    return values


def labels(path: io.PathLike, rows: pd.DataFrame, column: str) -> pd.Series:
    """A column of numbers; names in place of all of them are numbered, from 0."""
    import pandas as pd

    if any(is_number(text) for text in rows[column].unique()):
        return numbers(path, rows, column)
    return pd.Series(pd.factorize(rows[column])[0], rows.index, dtype=float)
