"""The columns of a CSV of any origin, for a machine that has numpy and no pandas."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from awd import integrity, io
from awd.errors import DataError


def read(path: io.PathLike) -> dict[str, np.ndarray]:
    """The columns of a CSV of any origin by name.

    Columns are int64, float64 (an empty cell is NaN) or text.

    Raises
    ------
    MissingInput, DataError
        There is no such file; it has no rows, rows of several lengths, a name twice, or
        no names: its first line holds numbers, and those do not count the columns.
    """
    path = io.unbroken(path)
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(integrity.BLOCK), b"")
        if any(b"\0" in block for block in blocks):
            raise DataError(f"{path}: holds zero bytes, no text; write it anew")
    try:
        first, table = _first_and_rest(path)
    except (ValueError, csv.Error) as error:
        raise DataError(
            f"{path}: not a CSV in UTF-8 with commas and as many cells in every row "
            f"({error}); write it anew"
        ) from error
    other = next((sign for sign in ";\t" if len(first) == 1 and sign in first[0]), None)
    if other:
        raise DataError(
            f"{path}: cells are separated by {other!r}; expected commas, and points in "
            "numbers; write it anew"
        )
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
        if any("_" in cell or not cell.isascii() for cell in cells):
            return cells  # which Python, and nobody else, takes for numbers
        try:
            cells = np.where(cells == "", "nan", cells).astype(float)
        except ValueError:
            return cells
    whole = np.isfinite(cells).all() and (np.abs(cells) < 2**53).all()
    whole = whole and (cells == np.floor(cells)).all()
    return cells.astype(np.int64) if whole else cells
