"""Tables of tracks, or of spots that are linked here, of many programs.

What the columns are called is in :mod:`awd.cells.readers.formats`, or the user says it;
how a file becomes a table, in :mod:`awd.cells.readers.tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.arguments import checked
from awd.cells import tracks
from awd.cells.classify import BUFFER
from awd.cells.readers import formats, tables
from awd.cells.readers.calibration import (
    INTERVAL,
    NM,
    PIXEL,
    PIXELS,
    Calibration,
    Quantity,
    agreed,
    plain,
    together,
)
from awd.cells.readers.cmeanalysis import SINGLE
from awd.errors import DataError
from awd.log import log

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

NO_TRACK = {"", "None", "nan", "NaN", "NA"}  # how a spot that belongs to none is marked
UNITS = {"px": 1.0, "nm": 1.0, "um": 1e3}
HEADERS = 3  # rows of names and units below the first, at most
PEEKED = 200  # rows that tell what a table is
LINKED_SE = 0.2  # px, error of a localisation whose table does not say it
SHOWN = 5  # tracks that are named


@checked(
    frame_interval_s=(1e-6, 1e6),
    pixel_nm=(1e-3, 1e6),
    unit=tuple(UNITS),
    first_frame=(0, 1),
    frames=(1, 1e7),
    radius=(1e-3, 1e3),
    gap=(0, 1e6),
)
def read_exported(
    path: io.PathLike,
    cell: str,
    frame_interval_s: float | None = None,
    pixel_nm: float | None = None,
    master: str | None = None,
    slave: str | None = None,
    *,
    columns: Mapping[str, str | None] | None = None,
    unit: str | None = None,
    first_frame: int | None = None,
    frames: int | None = None,
    radius: float = 3.0,
    gap: int = 2,
) -> xr.Dataset:
    """Read the tracks of one cell from a table.

    Parameters
    ----------
    path : path
        CSV, TrackMate's XML, or Picasso's HDF5.
    cell : str
        Name of the cell.
    frame_interval_s, pixel_nm : float, optional
        s and nm, where the file does not say them.
    master, slave : str, optional
        Columns of the two channels, short for the same in ``columns``.
    columns : mapping of str to str, optional
        Names of columns by :data:`awd.cells.readers.formats.ROLES`, in place of those
        of the program.
    unit : {"px", "nm", "um"}, optional
        Of the positions, in place of the program's.
    first_frame : {0, 1}, optional
        Number of the first frame, in place of the program's.
    frames : int, optional
        Length of the movie; by default up to the last frame of the file.
    radius, gap
        Of :func:`awd.cells.link.link`, for spots that belong to no track.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`, without ``slave`` where the table has
        none; without any intensity, ``master`` is 1. Complete are tracks of categories
        1 and 2, or where the table has none those that begin after the first five
        frames and end before the last five. Tracks that split or merge are left out.

    Raises
    ------
    MissingInput, DataError
        When the file is absent, of no known format, or lacks what is needed.
    """
    given = {**(columns or {})}
    given |= {k: v for k, v in (("master", master), ("slave", slave)) if v is not None}
    table = _opened(path, given)
    form = table.form
    values = _values(table)
    values["frame"] -= form.first_frame if first_frame is None else first_frame
    interval, (nm, factor) = together(
        path,
        lambda: _interval(table, values["frame"], frame_interval_s),
        lambda: _lengths(table, unit, pixel_nm),
    )
    for axis in ("x", "y"):
        values[axis] = values[axis] * factor - form.first_pixel
    _require_whole(table, values)
    if frames is not None and values["frame"].max() >= frames:
        raise DataError(
            f"{path}: a spot is in frame {values['frame'].max():g}, counted from 0, of "
            f"{frames}; correct frames (cells.source.frames)"
        )
    if "track" not in values:
        values = _linked(values, radius, gap)
    values = _sorted(table, values)
    track, frame = values.pop("track"), values["frame"]
    first = np.flatnonzero(np.diff(track, prepend=np.nan) != 0)
    last = np.append(first[1:], len(track)) - 1
    length = frames or int(frame.max()) + 1
    complete = (frame[first] >= BUFFER) & (frame[last] < length - BUFFER)
    category = values.pop("category", None)
    if category is not None:
        complete = np.isin(category[first], SINGLE)
    ds = tracks.build(
        values,
        row_size=last - first + 1,
        complete=complete,
        names=_with_master(table, values),
        cell=cell,
        frame_interval_s=interval,
        pixel_nm=nm,
        title=f"tracks of {cell}, of {form.name}",
        where=str(path),
    )
    if category is not None:
        ds = tracks.with_classes(ds, category[first], {})
    return tracks.TRACKS.check(ds, str(path))


def _with_master(table: Table, values: dict[str, np.ndarray]) -> dict[str, str]:
    """What was measured, by channel; a table without intensities has 1 everywhere."""
    names = {c: f"column {table.used[c]}" for c in tracks.CHANNELS if c in table.used}
    if "master" not in values:
        log.warning(f"{table.path}: has no intensities; all are read as 1")
        values["master"] = np.ones(len(values["frame"]))
        names["master"] = "presence, there being no intensity of the master"
    return names


def require_readable(
    path: io.PathLike,
    frame_interval_s: float | None = None,
    pixel_nm: float | None = None,
    *,
    columns: Mapping[str, str | None] | None = None,
    unit: str | None = None,
    slave: bool = False,
    **_: Any,
) -> None:
    """Raise what :func:`read_exported` would of the first rows.

    ``slave``: whether a second channel is needed.
    """
    table = _opened(path, columns or {}, PEEKED)
    if slave and "slave" not in table.used:
        raise DataError(
            f"{path}: no column for the slave; it has "
            f"{formats.listed(list(table.rows.columns))}. Name one by columns: "
            "{slave: ...}, or ask for tracks only (cells.targets: [])"
        )
    frame = tables.numbers(path, table.rows, table.used["frame"]).to_numpy(float)
    together(
        path,
        lambda: _interval(table, frame, frame_interval_s),
        lambda: _lengths(table, unit, pixel_nm),
    )


@dataclass(frozen=True)
class Table:
    """Rows of spots that belong to tracks, as text, and what is known of them.

    ``units`` is the row of units, if there is one; ``used`` are the names of the
    columns that are read, by role.
    """

    path: io.PathLike
    form: formats.Format
    rows: pd.DataFrame
    units: pd.Series | None
    used: Mapping[str, str]
    calibration: Calibration


def _opened(
    path: io.PathLike, columns: Mapping[str, str | None], most: int | None = None
) -> Table:
    text, calibration = tables.read_text(path, most)
    form = formats.of(list(text.columns), columns, path)
    rows, units = _rows(path, text, form)
    return Table(path, form, rows, units, _used(path, form, rows), calibration)


def _rows(
    path: io.PathLike, table: pd.DataFrame, form: formats.Format
) -> tuple[pd.DataFrame, pd.Series | None]:
    """Rows of spots that belong to tracks, and the row of units, if there is one."""
    frame, track = (
        form.found(role, list(table.columns)) for role in ("frame", "track")
    )
    count, units = 0, None
    if form.has_units_below:
        named = [not tables.is_number(text) for text in table[frame].head(HEADERS)]
        count = named.index(False) if False in named else len(named)
    if count:
        if len(table) < HEADERS:
            raise DataError(
                f"{path}: {len(table)} rows; TrackMate writes {HEADERS} of names and "
                "units before the spots: export the table of spots anew"
            )
        units = table.iloc[count - 1]
    rows = table.iloc[count:]
    if track:
        rows = rows[~rows[track].isin(NO_TRACK) & rows[track].notna()]
    if form.name == "btrack" and "dummy" in rows:  # put where nothing was found
        rows = rows[~rows["dummy"].str.lower().isin(["true", "1"])]
    if form.name == "cmeAnalysis":
        rows = _first_segments(rows, form)
    if rows.empty:
        raise DataError(
            f"{path}: no spot belongs to a track; export it with its tracks"
        )
    return rows, units


def _first_segments(rows: pd.DataFrame, form: formats.Format) -> pd.DataFrame:
    """Rows of cmeAnalysis that are observed.

    Segments of a track that merges or splits stand one after the other, NaN between;
    of these the first is read, as of the MATLAB file.
    """
    names = list(rows.columns)
    held = [name for role in formats.READ if (name := form.found(role, names))]
    missing = rows[held].apply(lambda column: column.str.strip().str.lower()) == "nan"
    border = missing[form.found("frame", names)]
    later = border.groupby(rows[form.found("track", names)]).cumsum() > 0
    return rows[~later & ~missing.any(axis=1)]


def _used(
    path: io.PathLike, form: formats.Format, rows: pd.DataFrame
) -> dict[str, str]:
    """Names of the columns that are read, by role."""
    names = list(rows.columns)
    used = {role: name for role in formats.READ if (name := form.found(role, names))}
    for role in ("slave", "master", *formats.READ):
        same = [other for other, name in used.items() if name == used.get(role)]
        if role in used and len(same) > 1:
            raise DataError(
                f"{path}: column {used[role]} is named as {role}, and is the "
                f"{next(other for other in same if other != role)}; name another"
            )
    return used


def _values(table: Table) -> dict[str, np.ndarray]:
    """The columns that are read, as numbers, by role."""
    read = {role: tables.numbers for role in table.used}
    if table.form.name == formats.OTHER:  # programs number their tracks
        read["track"] = tables.labels
    return {
        role: read[role](table.path, table.rows, name).to_numpy(float, copy=True)
        for role, name in table.used.items()
    }


def _require_whole(table: Table, values: Mapping[str, np.ndarray]) -> None:
    """Refuse tracks and frames that are no whole numbers: another column, or damage."""
    remedies = {
        "track": "",
        "frame": ": name the column that holds it, or divide times by the interval",
    }
    for role, remedy in remedies.items():
        parts = values.get(role, np.zeros(1))
        if (parts % 1).any():
            raise DataError(
                f"{table.path}: {table.used[role]} is {parts[parts % 1 > 0][0]:g} of "
                f"one spot; expected the whole number of its {role}{remedy}"
            )


def _interval(table: Table, frame: np.ndarray, given: float | None) -> float:
    """The time between frames that the user, the file and its column of times say."""
    form, units = table.form, table.units
    column = form.found("time", list(table.rows.columns))
    steps = frame - frame.min()
    if column is not None and steps.any():
        time = tables.numbers(table.path, table.rows, column).to_numpy(float)
        since = time - time[frame.argmin()]
        interval = float(np.median(since[steps > 0] / steps[steps > 0]))
        unit = form.time_unit or ("s" if units is None else str(units[column]))
        # Where nobody says a unit, times of a movie without an interval are its frames.
        bare = form.time_unit is None and units is None and np.isclose(interval, 1)
        if not bare and plain(unit) not in ("frame", ""):
            table.calibration.add_interval(column, interval, unit)
    return _scale(table, INTERVAL, given)


def _scale(table: Table, quantity: Quantity, given: float | None) -> float:
    """The pixel or the interval that the user and the file agree on."""
    calibration = table.calibration
    return agreed(quantity, given, calibration.values(quantity), calibration.unclear)


def _lengths(
    table: Table, given: str | None, pixel_nm: float | None
) -> tuple[float, float]:
    """Size of a pixel, and what makes px of the positions."""
    pixel = _scale(table, PIXEL, pixel_nm)
    unit = given or table.form.unit
    if unit is not None:
        return pixel, 1.0 if unit == "px" else UNITS[unit] / pixel
    if table.units is None:
        raise DataError(
            "does not say the unit of its positions; give unit: um, nm or px"
        )
    column = table.form.columns["x"][0]
    written = str(table.units[column])
    name = plain(written)
    if name in PIXELS:
        return pixel, 1.0
    if name not in NM:
        raise DataError(
            f"{column} is in {written!r}; expected (micron), (nm) or "
            "(pixel); say it by unit: um, nm or px"
        )
    return pixel, NM[name] / pixel


def _linked(
    values: dict[str, np.ndarray], radius: float, gap: int
) -> dict[str, np.ndarray]:
    """Spots with the track that each belongs to; those of one spot are left out."""
    import pandas as pd

    from awd.cells import link

    spots = pd.DataFrame(values)
    error = {name: LINKED_SE for name in ("x_se", "y_se")}
    known = spots.assign(**error, amplitude=1.0, amplitude_se=0.1)
    joined = link.link(known, radius, gap)
    joined = joined[joined.groupby("track")["track"].transform("size") > 1]
    if joined.empty:
        raise DataError(
            f"no two of {len(spots)} spots are within {radius:g} px of each other in "
            "frames that follow; raise radius"
        )
    return {role: joined[role].to_numpy(float) for role in (*values, "track")}


def _sorted(table: Table, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Observations by track and frame, without tracks that split or merge."""
    path, column = table.path, table.used.get("track", "")
    order = np.lexsort((values["frame"], values["track"]))
    values = {role: v[order] for role, v in values.items()}
    track, frame = values["track"], values["frame"]
    twice = (np.diff(track) == 0) & (np.diff(frame) == 0)
    forked = np.unique(track[1:][twice])
    if not len(forked):
        return values
    names = ", ".join(f"{name:g}" for name in forked[:SHOWN])
    if len(forked) == len(np.unique(track)):
        raise DataError(
            f"{path}: every track has two spots in one frame ({column} {names}, frame "
            f"{frame[1:][twice][0]:g}); is {column} the track? split and merged tracks "
            "are not read"
        )
    log.warning(
        f"{path}: {len(forked)} tracks split or merge (two spots in one frame) and are "
        f"left out: {column} {names}"
    )
    single = ~np.isin(track, forked)
    return {role: v[single] for role, v in values.items()}
