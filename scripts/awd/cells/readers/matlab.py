"""Tracks from MATLAB files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from awd import integrity, io
from awd.arguments import checked
from awd.cells import tracks
from awd.cells.readers import calibration
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = ("frame", "x", "y", "category", "master", "pixel_sum", "slave")
# Of the format: bytes of its header, the type of a compressed variable, and how much a
# deflated byte is at most (zlib's technical details).
HEADER, COMPRESSED, MOST_DEFLATED = 128, 15, 1032
PIECE = 1 << 14  # bytes inflated at once
SEEN_WHOLE = 3  # category of a track whose start and end were seen; not catIdx


@checked(frame_interval_s=(1e-6, 1e6), pixel_nm=(1e-3, 1e6))
def read_fxycms(
    path: io.PathLike,
    cell: str,
    *,
    frame_interval_s: float | None = None,
    pixel_nm: float | None = None,
) -> xr.Dataset:
    """Read the two-channel tracks of one cell from an FXYCMS file (MATLAB v5).

    The variable ``FXYCMS`` is a cell array with one ``(T, 7)`` array a track: frame
    (from 1), x and y (px), category, Gaussian amplitude of the master, pixel sum of the
    master, pixel sum of the slave. The master read is the Gaussian amplitude.

    Parameters
    ----------
    path : path
        The file.
    cell : str
        Name of the cell.
    frame_interval_s, pixel_nm : float
        Time between frames (s) and size of a pixel (nm), which the file lacks.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`; ``complete`` are tracks of category 3 in
        every frame.

    Raises
    ------
    MissingInput, DataError
        When the file is absent, no MATLAB v5 file, or not of this structure.
    """
    interval, pixel = calibration.required(path, frame_interval_s, pixel_nm)
    cells = _load(path)
    with io.readable(path, "FXYCMS"):
        arrays = [np.asarray(entry, float) for entry in cells.ravel() if np.size(entry)]
    for index, array in enumerate(arrays):
        if array.ndim != 2 or array.shape[1] != len(COLUMNS):
            raise DataError(
                f"{path}: track {index} is {array.shape}; expected "
                f"(T, {len(COLUMNS)}): {', '.join(COLUMNS)}"
            )
        if not np.isfinite(array).all():
            raise DataError(f"{path}: track {index} holds NaN or infinity")
    if not arrays:
        raise DataError(f"{path}: FXYCMS holds no track")
    column = dict(zip(COLUMNS, np.concatenate(arrays).T, strict=True))
    ds = tracks.build(
        {
            "frame": column["frame"] - 1,
            **{name: column[name] for name in ("x", "y", "master", "slave")},
        },
        row_size=np.array([len(array) for array in arrays]),
        complete=np.array([(array[:, 3] == SEEN_WHOLE).all() for array in arrays]),
        names={
            "master": "Gaussian amplitude of the master",
            "slave": "pixel sum of the slave",
        },
        cell=cell,
        frame_interval_s=interval,
        pixel_nm=pixel,
        title=f"tracks of {cell}, read from FXYCMS",
        where=str(path),
    )
    return tracks.TRACKS.check(ds, str(path))


def _load(path: io.PathLike) -> np.ndarray:
    integrity.require_survived(io.existing(path), __name__, "load_v5", "FXYCMS", "", "")
    content = load_v5(
        path, "FXYCMS", "cell array", "save it in MATLAB with save(..., '-v7')"
    )
    if content.dtype != object:
        raise DataError(f"{path}: FXYCMS is {content.dtype}; expected a cell array")
    return content


def load_v5(path: io.PathLike, name: str, what: str, remedy: str) -> np.ndarray:
    """One variable, a ``what``, of a MATLAB v5 or v7 file, as scipy returns it.

    Raises
    ------
    MissingInput, DataError
        The file is absent, not readable, inflates beyond limits, or lacks the variable.
    """
    import scipy.io

    path = io.existing(path)
    with io.readable(path, "MATLAB v5", remedy):
        _require_room(path)
        content = scipy.io.loadmat(path, variable_names=[name])
        if name not in content:
            names = ", ".join(held for held, *_ in scipy.io.whosmat(path)) or "nothing"
            raise DataError(f"{path}: no {what} {name} in it; it holds {names}")
    return content[name]


def _require_room(path: Path) -> None:
    """Refuse compressed variables that inflate beyond the limit, before they do."""
    size = path.stat().st_size
    if MOST_DEFLATED * size <= integrity.ALWAYS:
        return
    with open(path, "rb") as file:
        order = "<" if file.read(HEADER)[-2:] == b"IM" else ">"
        inflated = 0
        while len(head := file.read(8)) == 8:
            kind, count = struct.unpack(order + "II", head)
            if kind == COMPRESSED:
                for block in _inflated(file, count):
                    inflated += block
                    integrity.require_room(path, inflated)
            else:
                file.seek(count, 1)


def _inflated(file: IO[bytes], count: int) -> Iterator[int]:
    """Bytes that the next ``count`` bytes of a file inflate to, piece by piece."""
    inflate, left = zlib.decompressobj(), count
    while left > 0 and (block := file.read(min(left, PIECE))):
        left -= len(block)
        while block:
            yield len(inflate.decompress(block, MOST_DEFLATED * PIECE))
            block = inflate.unconsumed_tail
