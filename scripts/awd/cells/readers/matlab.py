"""Tracks from MATLAB files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.cells import tracks
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = ("frame", "x", "y", "category", "master", "pixel_sum", "slave")
SEEN_WHOLE = 3  # category of a track whose start and end were seen; not catIdx


def read_fxycms(
    path: io.PathLike, cell: str, *, frame_interval_s: float, pixel_nm: float
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
    cells = _load(path)
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
    return tracks.build(
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
        frame_interval_s=frame_interval_s,
        pixel_nm=pixel_nm,
        title=f"tracks of {cell}, read from FXYCMS",
    )


def _load(path: io.PathLike) -> np.ndarray:
    import scipy.io

    try:
        content = scipy.io.loadmat(io.existing(path), variable_names=["FXYCMS"])
    except (ValueError, TypeError, NotImplementedError) as error:
        raise DataError(
            f"{path}: not a readable MATLAB v5 file ({error}); save it in MATLAB with "
            "save(..., '-v7')"
        ) from error
    if "FXYCMS" not in content or content["FXYCMS"].dtype != object:
        names = ", ".join(name for name, *_ in scipy.io.whosmat(path)) or "nothing"
        raise DataError(f"{path}: no cell array FXYCMS in it; it holds {names}")
    return content["FXYCMS"]
