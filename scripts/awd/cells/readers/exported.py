"""Tables of tracks, or of spots that are linked here, of many programs.

CSV with any separator and encoding, TrackMate's XML, and Picasso's HDF5. What the
columns are called is in :mod:`awd.cells.readers.formats`, or is said by the user.
"""

from __future__ import annotations

import io as text_io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import extras, io
from awd.arguments import checked
from awd.cells import tracks
from awd.cells.classify import BUFFER
from awd.cells.readers import formats, trackmate
from awd.cells.readers.said import INTERVAL, NM, PIXEL, PIXELS, Said, agreed, plain
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
        none; without any intensity, ``master`` is 1. Complete are tracks that begin
        after the first five frames and end before the last five. Tracks that split or
        merge are left out.

    Raises
    ------
    MissingInput, DataError
        When the file is absent, of no known format, or lacks what is needed.
    """
    table, said = _opened(path)
    short = {
        role: name
        for role, name in (("master", master), ("slave", slave))
        if name is not None
    }
    form = formats.of(list(table.columns), {**(columns or {}), **short}, path)
    rows, units = _rows(path, table, form)
    used = _used(path, form, rows)
    values = {role: _numbers(path, rows, name) for role, name in used.items()}
    first = form.first_frame if first_frame is None else first_frame
    values["frame"] = values["frame"] - first
    _add_times(path, form, rows, units, values["frame"].to_numpy(), said)
    interval = _scale(path, INTERVAL, frame_interval_s, said)
    nm, factor = _lengths(path, form, units, unit, pixel_nm, said)
    for axis in ("x", "y"):
        values[axis] = values[axis] * factor
    found = {role: v.to_numpy(float) for role, v in values.items()}
    _require_whole(path, found, used)
    if frames is not None and found["frame"].max() >= frames:
        raise DataError(
            f"{path}: a spot is in frame {found['frame'].max():g}, counted from 0, of "
            f"{frames}; correct frames (cells.source.frames)"
        )
    if "track" not in found:
        found = _linked(found, radius, gap)
    found = _sorted(path, found, used.get("track", ""))
    return _dataset(path, cell, found, used, form, interval, nm, frames)


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
    table, said = _opened(path, PEEKED)
    form = formats.of(list(table.columns), columns or {}, path)
    rows, units = _rows(path, table, form)
    used = _used(path, form, rows)
    if slave and "slave" not in used:
        raise DataError(
            f"{path}: no column for the slave; it has "
            f"{formats.listed(list(table.columns))}. Name one by columns: {{slave: "
            "...}, or ask for tracks only (cells.targets: [])"
        )
    frame = _numbers(path, rows, used["frame"]).to_numpy(float)
    _add_times(path, form, rows, units, frame, said)
    _scale(path, INTERVAL, frame_interval_s, said)
    _lengths(path, form, units, unit, pixel_nm, said)


def _opened(path: io.PathLike, most: int | None = None) -> tuple[pd.DataFrame, Said]:
    """A table as text, and what its file says beside."""
    path = io.unbroken(path)
    kind = path.suffix.lower()
    if kind == ".xml":
        return trackmate.read_xml(path)
    if kind in (".hdf5", ".h5"):
        return _of_picasso(path), Said()
    with extras.needed(f"reading {path}"):
        import pandas as pd
    with io.readable(path, "CSV"), warnings.catch_warnings():
        # pandas only warns of rows that are longer than the header, and cuts them.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        text = _text(path.read_bytes())
        if "\0" in text:
            raise ValueError("it holds NUL, which no text does")
        separator = _separator(text)
        how: dict[str, Any] = {"dtype": str, "keep_default_na": False, "nrows": most}
        if separator == " ":
            how["sep"] = r"\s+"
        else:
            how["sep"] = separator
        table = pd.read_csv(text_io.StringIO(text), index_col=False, **how)
        table.columns = [str(name).strip().strip('"') for name in table.columns]
    if separator in ";\t":  # where a comma may be a decimal point
        table = table.replace(r"^\s*(-?\d+),(\d+)\s*$", r"\1.\2", regex=True)
    return table, Said()


def _text(content: bytes) -> str:
    """Text of a file in Unicode or, as a Western Windows writes, in Latin-1."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _separator(text: str) -> str:
    """What stands between the names of the first line."""
    head = text.lstrip().partition("\n")[0]
    counts = {mark: head.count(mark) for mark in ",;\t"}
    likeliest = max(counts, key=lambda mark: counts[mark])
    return likeliest if counts[likeliest] else " "


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


def _rows(
    path: io.PathLike, table: pd.DataFrame, form: formats.Format
) -> tuple[pd.DataFrame, pd.Series | None]:
    """Rows of spots that belong to tracks, and the row of units, if there is one."""
    frame = form.found("frame", list(table.columns))
    head = table[frame].head(HEADERS)
    named = [not _is_number(text) for text in head]
    count = named.index(False) if False in named else len(named)
    units = None
    if count and form.time:  # programs that write units below the names
        if len(table) < HEADERS:
            raise DataError(
                f"{path}: {len(table)} rows; TrackMate writes {HEADERS} of names and "
                "units before the spots: export the table of spots anew"
            )
        units = table.iloc[count - 1]
    rows = table.iloc[count if form.time else 0 :]
    track = form.found("track", list(table.columns))
    if track:
        rows = rows[~rows[track].isin(NO_TRACK) & rows[track].notna()]
    if rows.empty:
        raise DataError(f"{path}: no spot belongs to a track")
    if form.name == "btrack" and "dummy" in rows:  # put where nothing was found
        rows = rows[~rows["dummy"].str.lower().isin(["true", "1"])]
    return rows, units


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True


def _used(
    path: io.PathLike, form: formats.Format, rows: pd.DataFrame
) -> dict[str, str]:
    """Names of the columns that are read, by role."""
    names = list(rows.columns)
    found = {role: form.found(role, names) for role in formats.ROLES}
    used = {role: name for role, name in found.items() if name}
    for role in ("slave", "master", *formats.ROLES):
        same = [o for o, name in used.items() if name == used.get(role)]
        if role in used and len(same) > 1:
            raise DataError(
                f"{path}: column {used[role]} is named as {role}, and is the "
                f"{next(o for o in same if o != role)}; name another"
            )
    return used


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


def _require_whole(
    path: io.PathLike, found: Mapping[str, np.ndarray], used: Mapping[str, str]
) -> None:
    """Refuse tracks whose numbers are no whole ones: of another column, or damaged."""
    track = found.get("track", np.zeros(1))
    if (track % 1).any():
        raise DataError(
            f"{path}: {used['track']} is {track[track % 1 > 0][0]:g} of one spot; "
            "expected the whole number of its track"
        )


def _add_times(
    path: io.PathLike,
    form: formats.Format,
    rows: pd.DataFrame,
    units: pd.Series | None,
    frame: np.ndarray,
    said: Said,
) -> None:
    """The time between frames that a column of times tells."""
    if not form.time or form.time not in rows:
        return
    time = _numbers(path, rows, form.time).to_numpy(float)
    steps = frame - frame.min()
    if not steps.any():
        return
    interval = float(
        np.median((time - time[frame.argmin()])[steps > 0] / steps[steps > 0])
    )
    unit = "s" if units is None else str(units[form.time])
    if units is None and form.time != "time_s" and np.isclose(interval, 1):
        return  # times of a movie without an interval are its frames
    if plain(unit) not in ("frame", ""):
        said.add_interval(form.time, interval, unit)


def _scale(path: io.PathLike, quantity: Any, given: float | None, said: Said) -> float:
    values = said.pixel if quantity is PIXEL else said.interval
    try:
        return agreed(quantity, given, values, said.odd)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _lengths(
    path: io.PathLike,
    form: formats.Format,
    units: pd.Series | None,
    given: str | None,
    pixel_nm: float | None,
    said: Said,
) -> tuple[float, float]:
    """Size of a pixel, and what makes px of the positions."""
    pixel = _scale(path, PIXEL, pixel_nm, said)
    unit = given or form.unit
    if unit is None and units is not None:
        column = form.columns["x"][0]
        written = str(units[column])
        name = plain(written)
        if name in PIXELS:
            return pixel, 1.0
        if name not in NM:
            raise DataError(
                f"{path}: {column} is in {written!r}; expected (micron), (nm) or "
                "(pixel); say it by unit: um, nm or px"
            )
        return pixel, NM[name] / pixel
    if unit is None:
        raise DataError(
            f"{path}: does not say the unit of its positions; give unit: um, nm or px"
        )
    return pixel, 1.0 if unit == "px" else UNITS[unit] / pixel


def _linked(
    found: dict[str, np.ndarray], radius: float, gap: int
) -> dict[str, np.ndarray]:
    """Spots with the track that each belongs to; those of one spot are left out."""
    import pandas as pd

    from awd.cells import link

    spots = pd.DataFrame(found)
    error = {name: LINKED_SE for name in ("x_se", "y_se")}
    known = spots.assign(**error, amplitude=1.0, amplitude_se=0.1)
    joined = link.link(known, radius, gap)
    joined = joined[joined.groupby("track")["track"].transform("size") > 1]
    if joined.empty:
        raise DataError(
            f"no two of {len(spots)} spots are within {radius:g} px of each other in "
            "frames that follow; raise radius"
        )
    return {role: joined[role].to_numpy(float) for role in (*found, "track")}


def _sorted(
    path: io.PathLike, found: dict[str, np.ndarray], column: str
) -> dict[str, np.ndarray]:
    """Observations by track and frame, without tracks that split or merge."""
    order = np.lexsort((found["frame"], found["track"]))
    found = {role: values[order] for role, values in found.items()}
    track, frame = found["track"], found["frame"]
    twice = (np.diff(track) == 0) & (np.diff(frame) == 0)
    forked = np.unique(track[1:][twice])
    if len(forked):
        names = ", ".join(f"{name:g}" for name in forked[:SHOWN])
        first = frame[1:][twice][0]
        if len(forked) == len(np.unique(track)):
            raise DataError(
                f"{path}: every track has two spots in one frame ({column} {names}, "
                f"frame {first:g}); is {column} the track? split and merged tracks "
                "are not read"
            )
        log.warning(
            f"{path}: {len(forked)} tracks split or merge (two spots in one frame) "
            f"and are left out: {column} {names}"
        )
        kept = ~np.isin(track, forked)
        found = {role: values[kept] for role, values in found.items()}
    return found


def _dataset(
    path: io.PathLike,
    cell: str,
    found: dict[str, np.ndarray],
    used: Mapping[str, str],
    form: formats.Format,
    interval: float,
    nm: float,
    frames: int | None,
) -> xr.Dataset:
    track, frame = found.pop("track"), found["frame"]
    first = np.flatnonzero(np.diff(track, prepend=np.nan) != 0)
    last = np.append(first[1:], len(track)) - 1
    end = (frames or int(frame.max()) + 1) - BUFFER
    names = {role: named_as(used[role]) for role in ("master", "slave") if role in used}
    if "master" not in found:
        log.warning(f"{path}: has no intensities; all are read as 1")
        found["master"] = np.ones(len(frame))
        names["master"] = "presence, there being no intensity of the master"
    ds = tracks.build(
        found,
        row_size=last - first + 1,
        complete=(frame[first] >= BUFFER) & (frame[last] < end),
        names=names,
        cell=cell,
        frame_interval_s=interval,
        pixel_nm=nm,
        title=f"tracks of {cell}, of {form.name}",
        where=str(path),
    )
    return tracks.TRACKS.check(ds, str(path))


def named_as(column: str) -> str:
    """Long name of an intensity that a file calls ``column``."""
    return f"column {column}"
