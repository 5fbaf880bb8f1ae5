"""A cell of a run in napari: its movie, and its tracks over it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.cells import tracks, writers
from awd.cells.movie import Movie, open_movie
from awd.errors import MissingInput

if TYPE_CHECKING:
    import xarray as xr

COLOURS = ("gray", "green", "magenta")  # of the channels, which are added up
EXPORTED = (".xml", "_napari.csv", ".csv")


def cell(run: io.PathLike, name: str | None = None) -> xr.Dataset:
    """The tracks of a cell of a run, of the first one that has any by default.

    Raises
    ------
    MissingInput, DataError
        The run has no cells, no such cell, or no tracks.
    """
    folder = Path(run) / "cells/tracks"
    there = {path.stem: path for path in sorted(folder.glob("*.nc"))}
    if not there:
        raise MissingInput(f"{folder}: no tracks; expected a run of cells, results/RUN")
    if name is not None and name not in there:
        known = ", ".join(list(there)[:8]) + ", ..." * (len(there) > 8)
        raise MissingInput(f"{run}: has no cell {name!r}; expected one of {known}")
    paths = [*there.values()] if name is None else [there[name]]
    return tracks.read_usable(paths)[0]


def movie_files(run: io.PathLike, ds: xr.Dataset) -> tuple[list[Path], dict[str, Any]]:
    """Files of the movie that a cell was tracked in, and how they are opened.

    Paths of users' movies begin where the run was started, two folders above it. There
    are none where tracks were made elsewhere.
    """
    stamp = json.loads(ds.attrs.get("provenance", "{}"))
    settings = dict(stamp.get("params", {}).get("movie", {}))
    settings.pop("mask", None)
    run = Path(run)
    if "files" in settings:
        base = run.resolve().parents[1]
        return [base / file for file in settings.pop("files")], settings
    return sorted((run / "cells/movies").glob(f"{ds.attrs['cell']}_*.tif")), settings


def instead(run: io.PathLike, ds: xr.Dataset) -> str:
    """Which files other programs open, with their paths within the run."""
    run, name = Path(run), ds.attrs["cell"]
    files = movie_files(run, ds)[0]
    movie = [str(p.relative_to(run) if p.is_relative_to(run) else p) for p in files]
    made = [f"cells/exported/{name}{kind}" for kind in EXPORTED]
    lines = [f"  movie (Fiji): {', '.join(movie) or 'none, tracks alone were read'}"]
    lines += [f"  tracks (TrackMate, napari, a table): {', '.join(made)}"]
    if not all((run / path).is_file() for path in made):
        lines += [f"  write these tracks first: make tracks RUN={run.resolve().name}"]
    return "\n".join(lines)


def show(napari: Any, ds: xr.Dataset, movie: Movie | None) -> Any:
    """The viewer with a layer a channel and one of tracks, in µm.

    Parameters
    ----------
    napari : module
        Whose ``Viewer`` is opened.
    ds : Dataset
        Tracks of a cell.
    movie : Movie, optional

    Returns
    -------
    napari.Viewer
    """
    pixel = ds.attrs["pixel_nm"] / 1000
    scale = (1, pixel, pixel)
    viewer = napari.Viewer(title=ds.attrs["cell"])
    names = str(ds.attrs.get("channel_names", "")).split(", ")
    for k, frames in enumerate(movie.channels if movie else ()):
        viewer.add_image(
            np.stack([frames[t] for t in range(len(frames))]),
            name=names[k] if k < len(names) and names[k] else f"channel {k + 1}",
            scale=scale,
            colormap=COLOURS[k % len(COLOURS)],
            blending="additive",
        )
    table = writers.napari(ds)
    place: Sequence[str] = ["track_id", "t", "y", "x"]
    viewer.add_tracks(
        table[place].to_numpy(float), name="tracks", features=table, scale=scale
    )
    return viewer


def opened(run: io.PathLike, ds: xr.Dataset) -> Movie | None:
    """The movie of a cell; none where its tracks were made elsewhere."""
    files, settings = movie_files(run, ds)
    return open_movie(*files, **settings) if files else None
