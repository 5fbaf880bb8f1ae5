"""Tracks for other programs: a table, TrackMate's XML, napari's layer of tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from awd.cells import measures, tracks

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

VERSION = "7.11.1"  # of TrackMate, whose files have this form


def table(cell: xr.Dataset) -> pd.DataFrame:
    """Every frame of every track, a row each.

    Columns are ``track``, ``frame`` (from 0), ``time_s``, ``x_px``, ``y_px``, ``x_um``,
    ``y_um``, ``category`` where there are classes, ``complete``, the intensities with
    what is known of them, and the cell's ``condition`` if it has one.
    """
    points = measures.points(cell).reset_index(drop=True)
    pixel = cell.attrs["pixel_nm"] / 1000
    track = points["track"].to_numpy()
    found = points[["track", "frame"]].assign(
        time_s=points["frame"] * cell.attrs["frame_interval_s"],
        x_px=points["x"],
        y_px=points["y"],
        x_um=points["x"] * pixel,
        y_um=points["y"] * pixel,
        complete=cell["complete"].values[track],
    )
    if "category" in cell:
        found["category"] = cell["category"].values[track]
    known = [c for c in points if str(c).startswith(("seen", *tracks.CHANNELS))]
    found = found.join(points[known])
    if cell.attrs.get("condition"):
        found["condition"] = cell.attrs["condition"]
    return found


def napari(cell: xr.Dataset) -> pd.DataFrame:
    """The layer of tracks: ``track_id``, ``t`` (frame), ``y``, ``x`` (px), first.

    ``viewer.add_tracks(table[["track_id", "t", "y", "x"]], features=table)``.
    """
    points = measures.points(cell).reset_index(drop=True)
    named = points.rename(columns={"track": "track_id", "frame": "t"})
    first = ["track_id", "t", "y", "x"]
    held = [name for name in tracks.CHANNELS if name in named]
    lifetime = tracks.lifetimes(cell)[named["track_id"]]
    shown = named[[*first, *held]].assign(
        lifetime_s=lifetime * cell.attrs["frame_interval_s"]
    )
    if "category" in cell:
        shown["category"] = cell["category"].values[named["track_id"]]
    return shown


def trackmate(cell: xr.Dataset) -> str:
    """A session of TrackMate as XML text: spots in µm and s, tracks, their edges."""
    points = measures.points(cell).reset_index(drop=True)
    pixel, interval = cell.attrs["pixel_nm"] / 1000, cell.attrs["frame_interval_s"]
    root = ElementTree.Element("TrackMate", version=VERSION)
    units = {"spatialunits": "µm", "timeunits": "s"}
    model = ElementTree.SubElement(root, "Model", units)
    spots = ElementTree.SubElement(model, "AllSpots", nspots=str(len(points)))
    held = [c for c in tracks.CHANNELS if c in points]
    radius = 2 * float(cell.attrs.get("sigma_master_px", 1.5)) * pixel
    for frame, own in points.groupby("frame"):
        there = ElementTree.SubElement(spots, "SpotsInFrame", frame=str(frame))
        for row in own.itertuples():
            spot = {
                "ID": str(row.Index),
                "name": f"ID{row.Index}",
                "FRAME": str(frame),
                "POSITION_T": f"{float(row.frame) * interval:.9g}",
                "POSITION_X": f"{float(row.x) * pixel:.9g}",
                "POSITION_Y": f"{float(row.y) * pixel:.9g}",
                "POSITION_Z": "0.0",
                "RADIUS": f"{radius:.6g}",
                "VISIBILITY": "1",
                "QUALITY": f"{float(row.master):.9g}",
            }
            for k, name in enumerate(held):
                spot[f"MEAN_INTENSITY_CH{k + 1}"] = f"{float(getattr(row, name)):.9g}"
            ElementTree.SubElement(there, "Spot", spot)
    _add_tracks(model, points["track"].to_numpy())
    _add_settings(root, cell, frames=int(points["frame"].max()) + 1)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_tracks(model: ElementTree.Element, track: np.ndarray) -> None:
    """Edges between the spots of each track, which stand in the order of frames."""
    every = ElementTree.SubElement(model, "AllTracks")
    filtered = ElementTree.SubElement(model, "FilteredTracks")
    starts = np.flatnonzero(np.diff(track, prepend=-1))
    for k, (start, stop) in enumerate(
        zip(starts, [*starts[1:], len(track)], strict=True)
    ):
        name = {"TRACK_ID": str(k)}
        own = ElementTree.SubElement(every, "Track", {"name": f"Track_{k}", **name})
        for spot in range(start, stop - 1):
            ends = {"SPOT_SOURCE_ID": str(spot), "SPOT_TARGET_ID": str(spot + 1)}
            ElementTree.SubElement(own, "Edge", ends)
        ElementTree.SubElement(filtered, "TrackID", name)


def _add_settings(root: ElementTree.Element, cell: xr.Dataset, frames: int) -> None:
    """What the images were like."""
    pixel = f"{cell.attrs['pixel_nm'] / 1000:.9g}"
    image = {
        "filename": "",
        "folder": "",
        "width": str(cell.attrs.get("width_px", 0)),
        "height": str(cell.attrs.get("height_px", 0)),
        "nslices": "1",
        "nframes": str(frames),
        "pixelwidth": pixel,
        "pixelheight": pixel,
        "voxeldepth": "1.0",
        "timeinterval": f"{cell.attrs['frame_interval_s']:.9g}",
    }
    settings = ElementTree.SubElement(root, "Settings")
    ElementTree.SubElement(settings, "ImageData", image)
