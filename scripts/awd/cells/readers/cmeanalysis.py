"""Tracks made by cmeAnalysis: ``ProcessedTracks.mat``, MATLAB v5 and v7.3.

The file holds one struct array ``tracks`` with arrays for every track, channels along
the first axis (master 0, slave 1), frames and pixels counted from 1. In v7.3, which is
HDF5, every field of every track is a reference to an array that stands transposed, and
an empty array is its shape with a mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import extras, integrity, io
from awd.arguments import checked
from awd.cells import tracks
from awd.cells.classify import BUFFER
from awd.cells.readers import calibration
from awd.cells.readers.matlab import load_v5
from awd.errors import DataError

if TYPE_CHECKING:
    import h5py
    import xarray as xr

NEEDED = ("f", "x", "y", "A", "catIdx")
# What they call an array of channels by frames, and what ours is called.
PER_CHANNEL = {"A": "", "A_pstd": "_se", "c": "_background", "pval_Ar": "_p"}
SINGLE = (1, 2)  # categories of tracks that are seen whole and neither merge nor split
LARGEST = 1e6  # of a category
DEEPEST = 8  # structs within structs, which cmeAnalysis has two of

Track = Mapping[str, Any]


@checked(frame_interval_s=(1e-6, 1e6), pixel_nm=(1e-3, 1e6), channels=(0, 100))
def read_processed_tracks(
    path: io.PathLike,
    cell: str,
    frame_interval_s: float | None = None,
    pixel_nm: float | None = None,
    channels: Sequence[int] = (0, 1),
) -> xr.Dataset:
    """Read the tracks of one cell from a ``ProcessedTracks.mat``.

    Parameters
    ----------
    path : path
        MATLAB v5, v7 or v7.3 file with a struct array ``tracks``.
    cell : str
        Name of the cell.
    frame_interval_s, pixel_nm : float
        Of the movie, s and nm; the file does not say them.
    channels : pair of int
        Which channels are master and slave, from 0.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`. ``pid`` is the place of a track in the
        file, from 0; tracks without a finite amplitude are left out, and of a track
        that merges or splits only its first segment is kept. ``complete`` are
        categories 1 and 2.

    Raises
    ------
    MissingInput, DataError
        When the file is absent, no MATLAB file, or not of this structure.
    """
    interval, pixel = calibration.required(path, frame_interval_s, pixel_nm)
    columns: dict[str, list[np.ndarray]] = {}
    buffers: list[dict[str, np.ndarray]] = []
    sizes, category, pid = [], [], []
    with io.readable(path, "MATLAB"):
        for index, track in enumerate(load_structs(path, "tracks")):
            where = f"{path}: track {index}"
            with io.readable(where, "track"):
                observed = _observations(track, channels, where)
                if observed is None:
                    continue
                _require_same(observed, columns, where)
                for name, values in observed.items():
                    columns.setdefault(name, []).append(values)
                sizes.append(len(observed["frame"]))
                category.append(_whole(track["catIdx"], f"{where}: catIdx"))
                buffers.append(_buffers(track, channels, where))
                pid.append(index)
    if not sizes:
        raise DataError(f"{path}: none of its tracks has a finite amplitude")
    categories = np.array(category)
    ds = tracks.build(
        {name: np.concatenate(parts) for name, parts in columns.items()},
        row_size=np.array(sizes),
        complete=np.isin(categories, SINGLE),
        cell=cell,
        frame_interval_s=interval,
        pixel_nm=pixel,
        title=f"tracks of {cell}, by cmeAnalysis",
        where=str(path),
    )
    ds["pid"] = "track", np.array(pid, "i4")
    around = {
        name: np.stack([buffer[name] for buffer in buffers]) for name in buffers[0]
    }
    ds = tracks.with_classes(ds, categories, around)
    return tracks.TRACKS.check(ds, str(path))


def _require_same(
    observed: Mapping[str, Any], columns: Mapping[str, Any], where: str
) -> None:
    """All tracks have the same columns: those of one would else stand at another."""
    if columns and observed.keys() != columns.keys():
        differing = ", ".join(sorted(observed.keys() ^ columns.keys()))
        raise DataError(
            f"{where}: has or lacks {differing}, other than the tracks before it; "
            "expected the same fields of all: process the movie again"
        )


def _observations(
    track: Track, channels: Sequence[int], where: str
) -> dict[str, np.ndarray] | None:
    """Columns of one track, from 0; None when no frame has a finite amplitude."""
    for name in NEEDED:
        if name not in track:
            raise DataError(
                f"{where} has no field {name}; it has {', '.join(sorted(track))}. Is "
                "this the ProcessedTracks.mat of cmeAnalysis?"
            )
    frame = np.ravel(track["f"]).astype(float)
    count = len(frame)
    if not count:
        return None
    arrays = {}
    for name in ("x", "y", *PER_CHANNEL):
        if name in track:
            values = np.atleast_2d(np.asarray(track[name], float))
            if (
                values.ndim != 2
                or values.shape[1] != count
                or values.shape[0] <= max(channels)
            ):
                raise DataError(
                    f"{where}: {name} is {values.shape}; expected (channels, {count}) "
                    f"with channels {', '.join(map(str, channels))}: were master and "
                    "slave both tracked?"
                )
            arrays[name] = values
    columns = {"frame": frame - 1}
    columns |= {axis: arrays[axis][channels[0]] - 1 for axis in ("x", "y")}
    for name, suffix in PER_CHANNEL.items():
        if name in arrays:
            for channel, own in zip(tracks.CHANNELS, channels, strict=False):
                columns[channel + suffix] = arrays[name][own]
    if "gapVect" in track and np.size(track["gapVect"]) == count:
        columns["seen"] = 1 - np.ravel(track["gapVect"]).astype(float)
    # Segments of a track that merges or splits stand one after the other, NaN between.
    stops = np.flatnonzero(np.isnan(frame))
    first = np.arange(count) < (stops[0] if len(stops) else count)
    observed = first & np.all([np.isfinite(v) for v in columns.values()], 0)
    if not observed.any():
        return None
    return {name: values[observed] for name, values in columns.items()}


def _buffers(
    track: Track, channels: Sequence[int], where: str
) -> dict[str, np.ndarray]:
    """Both buffers of one track, (2, 5) each, NaN where there is none."""
    found = {}
    for name, suffix in PER_CHANNEL.items():
        for channel, own in zip(tracks.CHANNELS, channels, strict=False):
            values = np.full((2, BUFFER), np.nan)
            for side, buffer in enumerate(("startBuffer", "endBuffer")):
                inside = track.get(buffer, {})
                if not isinstance(inside, Mapping) and np.size(inside):
                    raise DataError(f"{where}: {buffer} is no struct")
                if isinstance(inside, Mapping) and np.size(inside.get(name, ())):
                    row = np.atleast_2d(np.asarray(inside[name], float))[own]
                    # The frames next to the track are the ones that are always there.
                    if side:
                        values[side, : len(row)] = row[:BUFFER]
                    else:
                        values[side, -min(len(row), BUFFER) :] = row[-BUFFER:]
            found[f"buffer_{channel}{suffix}"] = values
    return found


def _whole(value: Any, where: str) -> int:
    found = np.ravel(value)
    whole = found.size == 1 and found.dtype.kind in "iuf" and found[0] % 1 == 0
    if not whole or abs(found[0]) > LARGEST:
        raise DataError(f"{where} is {value!r}; expected one whole number")
    return int(found[0])


def load_structs(path: io.PathLike, name: str) -> Iterator[Track]:
    """As :func:`structs`, of a file that decoders survive."""
    integrity.require_survived(io.existing(path), __name__, "structs", name)
    yield from structs(path, name)


def structs(path: io.PathLike, name: str) -> Iterator[Track]:
    """Elements of a MATLAB struct array, each a mapping of field to array or struct.

    Arrays have MATLAB's shape; an empty one has size 0, an empty struct is an empty
    mapping. Reads v5 and v7 (scipy) and v7.3 (h5py).
    """
    path = io.existing(path)
    with open(path, "rb") as file:
        head = file.read(520)
    # v7.3 puts 512 bytes of MATLAB's own before the HDF5 signature.
    if integrity.HDF5 in (head[:8], head[512:]):
        return _load_hdf5(path, name)
    return _load_v5(path, name)


def _load_v5(path: Path, name: str) -> Iterator[Track]:
    remedy = "expected the ProcessedTracks.mat of cmeAnalysis"
    array = load_v5(path, name, "struct array", remedy)
    if array.dtype.names is None:
        raise DataError(f"{path}: {name} is {array.dtype}; expected a struct array")
    for element in array.ravel():
        yield {field: _plain(element[field]) for field in array.dtype.names}


def _plain(value: Any) -> Any:
    """A value of scipy's: struct as mapping, all else as array."""
    if getattr(value, "dtype", None) is not None and value.dtype.names:
        if not value.size:
            return {}
        first = value.ravel()[0]
        return {field: _plain(first[field]) for field in value.dtype.names}
    return np.asarray(value)


def _load_hdf5(path: Path, name: str) -> Iterator[Track]:
    with extras.needed(f"{path}: MATLAB v7.3, unlike '-v7',"):
        import h5py
    integrity.require_closed(path)
    with h5py.File(path) as file:
        group = file.get(name)
        if not isinstance(group, h5py.Group):
            held = ", ".join(k for k in file if not k.startswith("#")) or "nothing"
            raise DataError(f"{path}: no struct array {name} in it; it holds {held}")
        fields = {key: group[key] for key in group}
        references = (
            [field for field in fields.values() if h5py.check_ref_dtype(field.dtype)]
            if all(isinstance(f, h5py.Dataset) for f in fields.values())
            else []
        )
        if len(references) < len(fields):  # an array of one struct holds it directly
            yield {key: _array(file, value) for key, value in fields.items()}
            return
        lists = {key: value[()].ravel() for key, value in fields.items()}
        for index in range(len(next(iter(lists.values())))):
            yield {key: _array(file, file[refs[index]]) for key, refs in lists.items()}


def _array(file: h5py.File, value: h5py.Dataset | h5py.Group, nested: int = 0) -> Any:
    """A value of h5py's in MATLAB's shape: struct as mapping, all else as array."""
    import h5py

    if nested > DEEPEST:  # references may run in a circle
        raise DataError(f"{value.name} is nested deeper than {DEEPEST} structs")
    if isinstance(value, h5py.Group):
        return {key: _array(file, value[key], nested + 1) for key in value}
    if int(value.attrs.get("MATLAB_empty", 0)):
        return np.empty(0) if value.attrs.get("MATLAB_class") != b"struct" else {}
    if h5py.check_ref_dtype(value.dtype):  # a cell array, or nested struct array
        first = file[value[()].ravel()[0]]
        return _array(file, first, nested + 1)
    return value[()].T
