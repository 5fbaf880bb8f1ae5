"""Tracks of u-track: the struct array ``tracksFinal`` of a MATLAB file, one channel.

``tracksCoordAmpCG`` has a row a segment and eight columns a frame (x, y, z, amplitude,
and their errors); ``seqOfEvents`` a row an event: frame, 1 start or 2 end, segment, and
the segment that it splits from or merges with, NaN where it does neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.cells import tracks
from awd.cells.classify import BUFFER
from awd.cells.readers import calibration, cmeanalysis
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

NEEDED = ("tracksCoordAmpCG", "seqOfEvents")
WIDTH = 8  # numbers a frame


def read_utrack(
    path: io.PathLike,
    cell: str,
    frame_interval_s: float | None = None,
    pixel_nm: float | None = None,
) -> xr.Dataset:
    """Read the tracks of one cell from u-track's ``tracksFinal``.

    Parameters
    ----------
    path : path
        MATLAB v5, v7 or v7.3 file.
    cell : str
        Name of the cell.
    frame_interval_s, pixel_nm : float
        s and nm; the file does not say them.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`, with the master only; every segment of a
        track that merges or splits is a track. Complete are those that neither do so
        nor come near the start or the end of the movie.

    Raises
    ------
    MissingInput, DataError
        When the file is absent, no MATLAB file, or not of this structure.
    """
    interval, pixel = calibration.required(path, frame_interval_s, pixel_nm)
    segments: list[np.ndarray] = []
    single: list[bool] = []
    with io.readable(path, "u-track"):
        for index, track in enumerate(cmeanalysis.load_structs(path, "tracksFinal")):
            for segment, alone in _segments(track, f"{path}: track {index}"):
                segments.append(segment)
                single.append(alone)
    if not segments:
        raise DataError(f"{path}: tracksFinal holds no track")
    frame, x, y, amplitude, error = np.concatenate(segments).T
    first, last = (np.array([own[at, 0] for own in segments]) for at in (0, -1))
    columns = {"frame": frame, "x": x - 1, "y": y - 1, "master": amplitude}
    if np.isfinite(error).all() and (error >= 0).all():
        columns["master_se"] = error
    within = (first >= BUFFER) & (last < frame.max() + 1 - BUFFER)
    ds = tracks.build(
        columns,
        row_size=np.array([len(own) for own in segments]),
        complete=np.array(single) & within,
        cell=cell,
        frame_interval_s=interval,
        pixel_nm=pixel,
        title=f"tracks of {cell}, by u-track",
        where=str(path),
    )
    return tracks.TRACKS.check(ds, str(path))


def _segments(
    track: cmeanalysis.Track, where: str
) -> Iterator[tuple[np.ndarray, bool]]:
    """Segments of a compound track, and whether each stands alone.

    A segment is (frames, 5): frame from 0, x, y, amplitude and its error. Alone is one
    that neither merges nor splits.
    """
    lacking = [name for name in NEEDED if name not in track]
    if lacking:
        raise DataError(
            f"{where} has no field {lacking[0]}; is this tracksFinal of u-track?"
        )
    events = np.atleast_2d(np.asarray(track["seqOfEvents"], float))
    rows = np.atleast_2d(np.asarray(track["tracksCoordAmpCG"], float))
    if rows.shape[1] % WIDTH or events.shape[1] != 4:
        raise DataError(
            f"{where}: tracksCoordAmpCG is {rows.shape}, seqOfEvents {events.shape}; "
            f"expected (segments, {WIDTH} x frames) and (events, 4)"
        )
    first = int(events[:, 0].min()) - 1
    for k, row in enumerate(rows):
        values = row.reshape(-1, WIDTH)
        seen = np.isfinite(values[:, [0, 1, 3]]).all(1)
        if seen.any():
            frame = first + np.flatnonzero(seen)
            own = events[events[:, 2] == k + 1]
            alone = len(rows) == 1 and bool(np.isnan(own[:, 3]).all())
            yield np.column_stack([frame, values[seen][:, [0, 1, 3, 7]]]), alone
