"""Tables of cosmologies, as CSV or as text in columns: a header tells what is what."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import DataError
from awd.log import log
from awd.maps import names as of_parameters
from awd.maps.names import PARAMETERS

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = (",", ";", "\t")


@checked()
def read_parameters(
    path: io.PathLike,
    names: Sequence[str | None] | None = None,
    wanted: Sequence[str] | None = None,
) -> pd.DataFrame:
    """A table of cosmologies, as CSV or as text in columns.

    A column ``cosmology`` (or ``name``, ``model``, ``ID``, ...) holds their names,
    otherwise rows are numbered from 0. Other columns have the names of
    :data:`awd.maps.names.PARAMETERS`, or their own.

    Parameters
    ----------
    path : path
        With a header of one line, which may be a comment.
    names : sequence of str, optional
        Of the columns in their order, in place of a header; None for unused ones.
    wanted : sequence of str, optional
        Columns whose values must be numbers; by default all known parameters.

    Returns
    -------
    DataFrame
        The columns of numbers, by name; the index has a name where rows do.

    Raises
    ------
    DataError
        Header and rows do not fit together, no column is known, one name stands twice,
        a value is no number or none of its parameter, or a cosmology has two rows.
    """
    import pandas as pd

    path = io.existing(path)
    header, rows = _split(path, names)
    columns = of_parameters.column_names(header, str(path))
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{path}: line {line} has {len(row)} columns, and "
                f"{'maps.source.names' if names else 'the header'} names {len(header)} "
                f"({', '.join(header)}); name them all, null for unused ones"
            )
    cells = {
        name: [row[k] for _, row in rows] for k, name in enumerate(columns) if name
    }
    ids = cells.pop("cosmology", None)
    cells.pop("realisation", None)
    found = [name for name in cells if name in PARAMETERS or name in (wanted or ())]
    if not found:
        raise DataError(
            f"{path}: columns are {', '.join(header)}; expected a header with some of "
            f"{', '.join(PARAMETERS)}, or their names (maps.source.names)"
        )
    table = pd.DataFrame({name: _numbers(texts) for name, texts in cells.items()})
    must = found if wanted is None else [name for name in found if name in wanted]
    for name in must:
        wrong = np.flatnonzero(~np.isfinite(table[name]))
        if len(wrong):
            raise DataError(
                f"{path}: {name} of row {wrong[0]} is {cells[name][wrong[0]]!r}; "
                "expected a number"
            )
    for name in found:
        table[name] = of_parameters.plausible(name, table[name].to_numpy(), str(path))
    if ids is None:
        _require_no_numbering(path, table)
    numbers = np.isfinite(table).all()
    table = table.loc[:, numbers | table.columns.isin(found)]
    if ids is None:
        return table
    table.index = pd.Index([plain(text) for text in ids], name="cosmology")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(
            f"{path}: cosmology {twice!r} stands there twice; keep one of its rows"
        )
    return table


def _numbers(texts: list[str]) -> np.ndarray:
    import pandas as pd

    return pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(float)


def _require_no_numbering(path: Path, table: pd.DataFrame) -> None:
    """Refuse rows that a column of an unknown name seems to number, or else counts."""
    for name in table.columns.difference([*PARAMETERS]):
        values = table[name].to_numpy()
        whole = np.isfinite(values).all() and (values == np.round(values)).all()
        if whole and len(values) > 1 and (np.diff(np.sort(values)) == 1).all():
            raise DataError(
                f"{path}: does column {name!r} number the cosmologies? Call it "
                "cosmology if it does, or null if not (maps.source.names: names of all "
                "columns in their order)"
            )


def _split(
    path: Path, names: Sequence[str | None] | None
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header's names, and the rows with the number of their line."""
    text = path.read_text("utf-8-sig", "replace")
    lines = [
        (k, line.strip()) for k, line in enumerate(text.splitlines(), 1) if line.strip()
    ]
    data = [(k, line) for k, line in lines if not line.startswith("#")]
    if not data:
        raise DataError(f"{path}: holds no rows; expected a table of cosmologies")
    separator = next((s for s in SEPARATORS if s in data[-1][1]), None)
    head = _cells(data[0][1], separator)
    headed = not any(map(_is_number, head)) or (
        len(data) > 1 and any(map(_is_named, head))
    )
    rows = [(k, _cells(line, separator)) for k, line in data[headed:]]
    if not rows:
        raise DataError(
            f"{path}: holds a header and no rows; expected a row a cosmology"
        )
    if names:
        return [name or "null" for name in names], rows
    if headed:
        return head, rows
    for _, line in reversed([item for item in lines if item[0] < data[0][0]]):
        named = _cells(
            re.sub(r"\s[\[(][^\])]*[\])]", "", line.lstrip("# \t")), separator
        )
        if any(map(_is_named, named)):
            return named, rows
    raise DataError(
        f"{path}: has no header, its first row is {', '.join(head[:6])}; name its "
        "columns in their order: maps.source.names: [omega_m, sigma_8, ...], - for "
        "unused ones"
    )


def _cells(line: str, separator: str | None) -> list[str]:
    if separator in (",", ";", "\t") and separator in line:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    return [cell for cell in re.split(r"[,\s]+", line) if cell]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_named(text: str) -> bool:
    """Whether a word is the name of a parameter, or of what names cosmologies."""
    plain = of_parameters.plainly(text)
    return plain in {*of_parameters.KNOWN, *of_parameters.IDS, "s8"}


def looked_up(
    cosmologies: list[str], path: io.PathLike, table: pd.DataFrame, first: int | None
) -> pd.DataFrame:
    """The rows of some cosmologies, by name, or by the number at the end of the name.

    Parameters
    ----------
    cosmologies : list of str
    path : path
        Of the table, for messages.
    table : DataFrame
        From :func:`read_parameters`.
    first : int, optional
        The number of the cosmology in the first row of a table without names. By
        default 0, or the lowest number where there are as many rows as numbers.

    Raises
    ------
    DataError
        A cosmology has no row, or it is not clear which row counts as the first.
    """
    if table.index.name is not None:
        keys = [plain(name) for name in cosmologies]
    else:
        numbers = [_number(name) for name in cosmologies]
        first = _first(path, numbers, len(table)) if first is None else first
        table = table.rename(index={k: str(k + first) for k in range(len(table))})
        keys = [str(number) for number in numbers]
    have = {*table.index}
    missing = [c for c, k in zip(cosmologies, keys, strict=True) if k not in have]
    if missing:
        some = ", ".join(missing[:5]) + ", ..." * (len(missing) > 5)
        counted = f", counted from {first} (maps.source.first)" if first else ""
        raise DataError(
            f"{path}: no row for cosmology {some} of the maps; its {len(table)} rows "
            f"are {table.index[0]} to {table.index[-1]}{counted}"
        )
    return table.loc[keys]


def _first(path: io.PathLike, numbers: list[int], rows: int) -> int:
    """Which number the first row has: counting starts where the maps' numbers do."""
    low, high = min(numbers), max(numbers)
    if low <= 0:
        return 0
    if low == 1 or high - low + 1 == rows or high == rows:
        first = low if high - low + 1 == rows else 1
        log.info("%s: its first row is cosmology %d (maps.source.first)", path, first)
        return first
    raise DataError(
        f"{path}: {rows} rows without names, for cosmologies {low} to {high}; which "
        "number has the first row? Say so (maps.source.first), or name the rows in a "
        "column cosmology"
    )


def plain(name: str) -> str:
    """A name without leading zeros, where it is a whole number."""
    if re.fullmatch(r"\d+", name):
        return str(int(name))
    if re.fullmatch(r"\d+(\.0*)?([eE][+-]?\d+)?", name) and float(name).is_integer():
        return str(int(float(name)))
    return name


def _number(name: str) -> int:
    """The number at the end of a name, -1 without one."""
    digits = re.search(r"\d+$", name)
    return int(digits[0]) if digits else -1


def with_derived(table: pd.DataFrame) -> pd.DataFrame:
    """The table with S8, or sigma_8, where the other one and omega_m are there."""
    have = {*table}
    if {"omega_m", "sigma_8"} <= have and "S8" not in have:
        root = (table["omega_m"] / 0.3) ** 0.5
        return table.assign(S8=table["sigma_8"] * root)
    if {"omega_m", "S8"} <= have and "sigma_8" not in have:
        root = (table["omega_m"] / 0.3) ** 0.5
        return table.assign(sigma_8=table["S8"] / root)
    return table


def needed(targets: Sequence[str]) -> list[str]:
    """Columns from which the targets follow, if they are there."""
    more = ["omega_m", "sigma_8", "S8"] if {"S8", "sigma_8"} & {*targets} else []
    return list(dict.fromkeys([*targets, *more]))
