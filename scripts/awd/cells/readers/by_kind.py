"""Readers of tracks that were made elsewhere, by the kind of their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from awd import io
from awd.cells.readers import calibration, cmeanalysis, exported, matlab, utrack

if TYPE_CHECKING:
    import xarray as xr

READERS: dict[str, Callable[..., xr.Dataset]] = {
    "fxycms": matlab.read_fxycms,
    "processed_tracks": cmeanalysis.read_processed_tracks,
    "csv": exported.read_exported,
    "utrack": utrack.read_utrack,
}


def read(
    kind: str, path: io.PathLike, cell: str, settings: Mapping[str, Any]
) -> xr.Dataset:
    """The tracks of one cell; ``settings`` are those of its file in a configuration."""
    reading = {k: v for k, v in settings.items() if k not in ("file", "mask")}
    interval = reading.pop("interval_s")
    return READERS[kind](path, cell, frame_interval_s=interval, **reading)


def peek(kind: str, cell: str, settings: Mapping[str, Any], slave: bool) -> None:
    """Raise what :func:`read` would of the first rows of a table, or of its scales."""
    reading = {k: v for k, v in settings.items() if k not in ("file", "mask")}
    interval = reading.pop("interval_s")
    if kind == "csv":
        how = reading | {"frame_interval_s": interval, "slave": slave}
        exported.require_readable(settings["file"], **how)
    else:
        calibration.required(settings.get("file", cell), interval, reading["pixel_nm"])
