"""Tracks of one cell in one file: ragged, both channels, every frame of every track.

``tracks.nc`` is a CF contiguous ragged array: the observations of all tracks stand one
after the other along ``obs``, and ``row_size`` says how many belong to each track.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import AwdError, DataError
from awd.log import log
from awd.record.contracts import Contract, Variable

if TYPE_CHECKING:
    import xarray as xr

LATEST = 10_000_000  # frames from 0, which no movie has
PER_FRAME = {
    "frame": {"long_name": "frame, from 0", "units": "1"},
    "x": {"long_name": "position along a row", "units": "px"},
    "y": {"long_name": "position along a column, downwards", "units": "px"},
    "master": {"long_name": "master intensity", "units": "counts"},
}
CHANNELS = ("master", "slave", "third")  # the last two where there are so many
# What a tracker of ours adds, and other files may lack.
ADDED = {
    "slave": {"long_name": "slave intensity", "units": "counts"},
    "third": {"long_name": "intensity of the third channel", "units": "counts"},
    "seen": {"long_name": "1 where found, 0 where a gap was filled", "units": "1"},
    **{
        f"{channel}{suffix}": {"long_name": f"{what} of the {channel}", "units": units}
        for channel in CHANNELS
        for suffix, what, units in (
            ("_se", "standard error of the amplitude", "counts"),
            ("_background", "background", "counts"),
            ("_p", "p-value of the amplitude", "1"),
        )
    },
}
CATEGORY = {"long_name": "category of cmeAnalysis, 1 to 4", "units": "1"}
DESCRIBED = PER_FRAME | ADDED | {"category": CATEGORY}

TRACKS = Contract(
    "tracks",
    {
        "row_size": Variable(("track",), "i", low=1),
        "complete": Variable(("track",), "i", low=0, high=1),
        "category": Variable(("track",), "i", low=1, high=8, optional=True),
        "frame": Variable(("obs",), "i", low=0),
        **{
            name: Variable(("obs",), "f", described=True)
            for name in ("x", "y", "master")
        },
        **{
            name: Variable(("obs",), "f", described=True, optional=True)
            for name in CHANNELS[1:]
        },
        "seen": Variable(("obs",), "i", low=0, high=1, optional=True),
        **{
            f"{channel}{suffix}": Variable(("obs",), "f", low, high, optional=True)
            for channel in CHANNELS
            for suffix, low, high in (
                ("_se", 0, np.inf),
                ("_background", -np.inf, np.inf),
                ("_p", 0, 1),
            )
        },
    },
    ("cell", "frame_interval_s", "pixel_nm"),
)


@checked(row_size="track*", complete="track*", labels="complete")
def build(
    columns: Mapping[str, np.ndarray],
    row_size: np.ndarray,
    complete: np.ndarray,
    names: Mapping[str, str] | None = None,
    where: str = "tracks",
    **attributes: Any,
) -> xr.Dataset:
    """Tracks as a data set that keeps :data:`TRACKS`.

    Parameters
    ----------
    columns : mapping of str to array of shape (obs,)
        ``frame`` (from 0), ``x``, ``y`` (px), ``master`` (counts) and perhaps ``slave``
        and others of :data:`DESCRIBED`, track after track.
    row_size : array of int of shape (track,)
        Observations of each track.
    complete : array of bool of shape (track,)
        Whether start and end were seen.
    names : mapping of str to str, optional
        What was measured, where it is not the usual (``long_name`` of a column).
    where : str
        The file they were read from, for errors.
    **attributes
        ``cell``, ``frame_interval_s``, ``pixel_nm``, ``title`` ...

    Raises
    ------
    DataError
        A frame is no whole number, or the frames of a track do not rise.
    """
    import xarray as xr

    _require_frames(np.asarray(columns["frame"]), np.asarray(row_size), where)
    ds = xr.Dataset(attrs={"featureType": "trajectory", **attributes})
    ds["row_size"] = "track", np.asarray(row_size, "i4")
    ds["complete"] = "track", np.asarray(complete, "i1")
    for name, values in columns.items():
        dtype = {"frame": "i4", "seen": "i1"}.get(name, "f4")
        described = {**DESCRIBED[name]}
        if names and name in names:
            described["long_name"] = names[name]
        ds[name] = "obs", np.asarray(values, dtype), described
    return ds


def _require_frames(frame: np.ndarray, row_size: np.ndarray, where: str) -> None:
    """Whole numbers from 0, that rise along every track."""
    whole = (frame >= 0) & (frame < LATEST) & (frame == np.floor(frame))
    if not whole.all():
        k = int((~whole).argmax())
        raise DataError(
            f"{where}: frame of observation {k} is {frame[k]}, from 0; expected a "
            f"whole number below {LATEST:,} ({(~whole).sum()} of {len(frame)} are none)"
        )
    track = np.repeat(np.arange(len(row_size)), np.asarray(row_size, int))
    back = (np.diff(frame) < 1) & (np.diff(track) == 0)
    if back.any():
        k = int(back.argmax())
        raise DataError(
            f"{where}: frame {frame[k + 1]:g} follows {frame[k]:g} in track "
            f"{track[k]}; the frames of a track must rise: drop repeated ones"
        )


def with_classes(
    ds: xr.Dataset, category: np.ndarray, buffers: Mapping[str, np.ndarray]
) -> xr.Dataset:
    """Tracks with their classes, and with what was read before and after them.

    Parameters
    ----------
    ds : Dataset
        From :func:`build`; changed in place.
    category : array of int of shape (track,)
    buffers : mapping of str to array of shape (track, 2, 5)
        ``buffer_`` and the name of a column; NaN where nothing was read.
    """
    ds["category"] = "track", np.asarray(category, "i1"), DESCRIBED["category"]
    for name, values in buffers.items():
        described = DESCRIBED[name.removeprefix("buffer_")]
        ds[name] = ("track", "edge", "buffer"), np.asarray(values, "f4"), described
    return ds


def rejected(cell: str, reason: str) -> xr.Dataset:
    """A file of no tracks, which says in ``rejected`` why a cell is left out."""
    nothing = np.empty(0)
    columns = {name: nothing for name in PER_FRAME}
    return build(
        columns,
        nothing,
        nothing,
        cell=cell,
        frame_interval_s=np.nan,
        pixel_nm=np.nan,
        title=f"no tracks of {cell}",
        rejected=reason,
    )


def or_rejected(
    make: Callable[[], xr.Dataset], cell: str, bad_cell: str = "stop"
) -> xr.Dataset:
    """What ``make`` returns, or with ``skip`` a file that says why it could not.

    Parameters
    ----------
    make : callable
        Reads or tracks the cell.
    cell : str
        Its name.
    bad_cell : {"stop", "skip"}
        Whether an :class:`awd.errors.AwdError` ends the run.
    """
    try:
        return TRACKS.check(make(), cell)
    except Exception as error:
        if bad_cell == "stop":
            raise
        reason = str(error)
        if not isinstance(error, AwdError):  # nothing of one cell ends the run
            log.exception("%s", cell)
            reason = f"{type(error).__name__}: {reason}"
        log.warning("%s is left out: %s", cell, reason)
        return rejected(cell, reason)


def labelled(ds: xr.Dataset, names: Sequence[str], condition: str = "") -> xr.Dataset:
    """Tracks whose variables are called by what the channels show.

    Parameters
    ----------
    ds : Dataset
    names : sequence of str
        Of the channels, the master's first; they become ``channel_names``, and part of
        every ``long_name``.
    condition : str
        Of the cell, if its run compares conditions.
    """
    held = [channel for channel in CHANNELS if channel in ds]
    shown = dict(zip(held, names, strict=False))
    for channel, name in shown.items():
        for variable in (v for v in ds.variables if str(v).startswith(channel)):
            usual = ds[variable].attrs.get("long_name", "")
            for text in (f"the {channel} channel", f"the {channel}", channel):
                if text in usual:
                    ds[variable].attrs["long_name"] = usual.replace(text, name)
                    break
            else:
                ds[variable].attrs["long_name"] = f"{name}, {usual}"
    return ds.assign_attrs(channel_names=", ".join(shown.values()), condition=condition)


def channels(ds: xr.Dataset) -> dict[str, str]:
    """What is shown by every channel of some tracks, by ``master``, ``slave`` ..."""
    held = [channel for channel in CHANNELS if channel in ds]
    names = str(ds.attrs.get("channel_names", "")).split(", ")
    return {c: n or c for c, n in itertools.zip_longest(held, names[: len(held)])}


def select(ds: xr.Dataset, chosen: np.ndarray) -> xr.Dataset:
    """Some of the tracks, with all that is theirs; ``chosen`` is bool, (track,)."""
    owner = np.repeat(np.arange(len(chosen)), ds["row_size"].values)
    return ds.isel(track=np.flatnonzero(chosen), obs=np.flatnonzero(chosen[owner]))


def read_usable(paths: Iterable[io.PathLike]) -> list[xr.Dataset]:
    """The files of tracks that were not left out.

    Raises
    ------
    DataError
        When all were.
    """
    cells = [io.read(path, TRACKS) for path in paths]
    usable = [cell for cell in cells if cell.sizes["track"]]
    if not usable:
        reasons = "; ".join(str(cell.attrs.get("rejected")) for cell in cells)
        raise DataError(f"all {len(cells)} cells were left out: {reasons}")
    return usable


def starts(ds: xr.Dataset) -> np.ndarray:
    """First observation of every track, and one past the last: (track + 1,)."""
    return np.concatenate([[0], np.cumsum(ds["row_size"].values, dtype=int)])


def lifetimes(ds: xr.Dataset) -> np.ndarray:
    """Frames from the first to the last observation of every track, both counted."""
    edges, frame = starts(ds), ds["frame"].values
    return frame[edges[1:] - 1] - frame[edges[:-1]] + 1


@checked(frame=("n", 0, LATEST), values="n")
def fill_gaps(frame: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at every frame of one track, those of missing frames interpolated.

    Parameters
    ----------
    frame : array of int of shape (n,)
        Frames of the observations.
    values : array of shape (n,)

    Raises
    ------
    DataError
        When the frames do not rise.
    """
    if len(frame) > 1 and np.diff(frame).min() < 1:
        raise DataError(
            f"frames of a track must rise, got {frame[:10].tolist()}...; sort the "
            "track and drop repeated frames"
        )
    every = np.arange(frame[0], frame[-1] + 1)
    if len(every) == len(frame):
        return values
    return np.interp(every, frame, values)
