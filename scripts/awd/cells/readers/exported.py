"""Tracks exported as CSV by TrackMate (table of spots) and by trackpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.cells import tracks
from awd.cells.classify import BUFFER
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PIXELS = {"(pixel)", "(pixels)", "(px)", ""}
NO_TRACK = {"", "None", "nan", "NaN", "NA"}  # how a spot that belongs to none is marked
MICRONS = {"(micron)", "(µm)", "(um)", "(microns)"}


@dataclass(frozen=True)
class Format:
    """What a program calls the columns."""

    track: str
    frame: str
    x: str
    y: str
    master: str
    slave: str | None  # None where the program exports one channel only
    header: int  # rows of names and units below the first


FORMATS = {
    "TrackMate": Format(
        "TRACK_ID",
        "FRAME",
        "POSITION_X",
        "POSITION_Y",
        "MEAN_INTENSITY_CH1",
        "MEAN_INTENSITY_CH2",
        3,
    ),
    "trackpy": Format("particle", "frame", "x", "y", "mass", None, 0),
}


def read_exported(
    path: io.PathLike,
    cell: str,
    frame_interval_s: float,
    pixel_nm: float,
    master: str | None = None,
    slave: str | None = None,
    frames: int | None = None,
) -> xr.Dataset:
    """Read the tracks of one cell from a CSV file of TrackMate or trackpy.

    Parameters
    ----------
    path : path
        CSV. TrackMate: the table of spots, with its rows of names and units. trackpy:
        what ``link`` returned, ``to_csv``.
    cell : str
        Name of the cell.
    frame_interval_s, pixel_nm : float
        s and nm; positions in micrometres are divided by the latter.
    master, slave : str, optional
        Columns of the two channels; by default the mean intensities of channels 1 and 2
        (TrackMate), or ``mass`` and nothing (trackpy), where a slave must be named.
    frames : int, optional
        Length of the movie; by default up to the last frame of the file.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`. Complete are tracks that begin after the
        first five frames and end before the last five.

    Raises
    ------
    MissingInput, DataError
        When the file is absent, of another format, or lacks a column.
    """
    table, kind = _table(path)
    form = FORMATS[kind]
    of_master, of_slave = str(master or form.master), str(slave or form.slave)
    named = {form.frame: "frame", form.x: "x", form.y: "y"}
    for column, what in ((of_master, "master"), (of_slave, "slave")):
        if column in named:
            raise DataError(
                f"{path}: column {column} is named as {what}, and is the "
                f"{named[column]}; name another"
            )
        named[column] = what
    _require_columns(path, table, named)
    scale = _pixels(path, table, form, pixel_nm)
    rows = table.iloc[form.header :]
    rows = rows[~rows[form.track].isin(NO_TRACK) & rows[form.track].notna()]
    if rows.empty:
        raise DataError(f"{path}: no spot belongs to a track")
    values = {what: _numbers(path, rows, column) for column, what in named.items()}
    values["track"] = _numbers(path, rows, form.track)
    order = np.lexsort((values["frame"], values["track"]))
    columns = {name: v.to_numpy()[order] for name, v in values.items()}
    track, frame = columns.pop("track"), columns["frame"]
    columns["x"], columns["y"] = columns["x"] * scale, columns["y"] * scale
    first = np.flatnonzero(np.diff(track, prepend=np.nan) != 0)
    last = np.append(first[1:], len(track)) - 1
    end = (frames or int(frame.max()) + 1) - BUFFER
    ds = tracks.build(
        columns,
        row_size=last - first + 1,
        complete=(frame[first] >= BUFFER) & (frame[last] < end),
        names={
            "master": named_as(of_master),
            "slave": named_as(of_slave),
        },
        cell=cell,
        frame_interval_s=frame_interval_s,
        pixel_nm=pixel_nm,
        title=f"tracks of {cell}, exported by {kind}",
        where=str(path),
    )
    return tracks.TRACKS.check(ds, str(path))


def named_as(column: str) -> str:
    """Long name of an intensity that a file calls ``column``."""
    return f"column {column}"


def _table(path: io.PathLike) -> tuple[pd.DataFrame, str]:
    table = io.read_table(path, text=True)
    for kind, form in FORMATS.items():
        if {form.track, form.frame, form.x, form.y} <= set(table.columns):
            return table, kind
    raise DataError(
        f"{path}: columns {', '.join(map(str, table.columns))} are neither those of "
        "TrackMate's table of spots (TRACK_ID, FRAME, POSITION_X, POSITION_Y) nor "
        "those of trackpy (particle, frame, x, y)"
    )


def _require_columns(
    path: io.PathLike, table: pd.DataFrame, named: Mapping[str, str]
) -> None:
    for column, what in named.items():
        if column not in table:
            raise DataError(
                f"{path}: no column {column} for the {what}; it has "
                f"{', '.join(map(str, table.columns))}. Name another, or export it"
            )


def _pixels(
    path: io.PathLike, table: pd.DataFrame, form: Format, pixel_nm: float
) -> float:
    """Factor from the file's unit of length to pixels."""
    if not form.header:
        return 1.0
    if len(table) < form.header:
        raise DataError(
            f"{path}: {len(table)} rows; TrackMate writes {form.header} of names and "
            "units before the spots: export the table of spots anew"
        )
    unit = str(table[form.x].iloc[form.header - 1]).strip()
    if unit in MICRONS:
        return 1000 / pixel_nm
    if unit in PIXELS:
        return 1.0
    raise DataError(
        f"{path}: {form.x} is in {unit!r}; expected (micron) or (pixel) in row "
        f"{form.header + 1}"
    )


def _numbers(path: io.PathLike, rows: pd.DataFrame, column: str) -> pd.Series:
    """A column as numbers; names the first value that is none."""
    import pandas as pd

    numbers = pd.to_numeric(rows[column], errors="coerce").astype(float)
    bad = ~np.isfinite(numbers)
    if bad.any():
        at = numbers.index[bad][0]
        raise DataError(
            f"{path}: {column} is {rows[column][at]!r} in row {at + 2}; expected a "
            "finite number"
        )
    return numbers
