"""The part of a cell's image in which tracks are kept: an image, ImageJ's ROI, polygon.

Regions are drawn on the images of the file; where a movie is a half or a crop of these,
the region is cut alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import extras, io
from awd.cells import tracks
from awd.errors import DataError

if TYPE_CHECKING:
    import roifile
    import xarray as xr

    from awd.cells.movie import Movie

ROI = (".roi", ".zip")
ROUND = 64  # corners of an oval

Polygon = Sequence[Sequence[float]]


def read(mask: io.PathLike | Polygon, shape: tuple[int, int] | None) -> Any:
    """Polygons, or an image, of a region.

    Parameters
    ----------
    mask : path or list of [x, y]
        Image (TIFF; inside is all but 0), ImageJ's ``.roi`` or ``.zip`` of these, or
        the corners of a polygon, px.
    shape : tuple of int, optional
        Height and width of the image that it is drawn on; None where that is not known.

    Returns
    -------
    list of arrays of shape (corners, 2), or array of bool of shape (H, W)

    Raises
    ------
    MissingInput, DataError
        The file is absent or no region, or the region is empty.
    """
    if not isinstance(mask, str | Path):
        polygon = np.asarray(mask, float)
        if len(polygon) < 3:
            raise DataError(f"mask has {len(polygon)} corners; expected 3 or more")
        return [polygon]
    path = io.existing(mask, "put or link it there (mask)")
    if path.suffix.lower() in ROI:
        return _of_imagej(path)
    with extras.needed("reading a mask"):
        import tifffile
    with io.readable(path, "TIFF", "save the mask as a TIFF of one plane"):
        image = tifffile.imread(path).squeeze()
    if image.ndim != 2 or (shape and image.shape != shape):
        raise DataError(
            f"{path}: the mask is {image.shape}; expected one plane of {shape} px, as "
            "the movie"
        )
    if not image.any():
        raise DataError(f"{path}: the mask is 0 everywhere; expected more inside")
    return image > 0


def _of_imagej(path: Path) -> list[np.ndarray]:
    with extras.needed("reading regions of ImageJ"):
        import roifile
    with io.readable(path, "ImageJ ROI", "save it in ImageJ's ROI Manager"):
        found = roifile.roiread(path)
    rois = found if isinstance(found, list) else [found]
    polygons = [corners for roi in rois if len(corners := _corners(roi)) >= 3]
    if not polygons:
        raise DataError(f"{path}: no area in it; draw a polygon, freehand, oval or box")
    return polygons


def _corners(roi: roifile.ImagejRoi) -> np.ndarray:
    """Corners of a region, (corners, 2); none of what has no area."""
    import roifile

    kind = roi.roitype
    left, top, right, bottom = (
        float(v) for v in (roi.left, roi.top, roi.right, roi.bottom)
    )
    if kind == roifile.ROI_TYPE.RECT:
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if kind == roifile.ROI_TYPE.OVAL:
        turn = np.linspace(0, 2 * np.pi, ROUND, endpoint=False)
        x = (left + right) / 2 + (right - left) / 2 * np.cos(turn)
        y = (top + bottom) / 2 + (bottom - top) / 2 * np.sin(turn)
        return np.stack([x, y], 1)
    areas = (
        roifile.ROI_TYPE.POLYGON,
        roifile.ROI_TYPE.FREEHAND,
        roifile.ROI_TYPE.TRACED,
    )
    if kind not in areas:
        return np.empty((0, 2))
    return np.asarray(roi.coordinates(), float).reshape(-1, 2)


def contains(region: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether points, px, lie in a region; a pixel reaches from -0.5 to 0.5 about it.

    Corners of ImageJ count from the edge of the first pixel, places from its middle.
    """
    if isinstance(region, np.ndarray):
        row, column = np.rint(y).astype(int), np.rint(x).astype(int)
        height, width = region.shape
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        found = np.zeros(len(x), bool)
        found[inside] = region[row[inside], column[inside]]
        return found
    # ImageJ: a point is inside of a polygon where a ray crosses its border oddly often.
    found = np.zeros(len(x), bool)
    for corners in region:
        inside = np.zeros(len(x), bool)
        px, py = np.asarray(x) + 0.5, np.asarray(y) + 0.5
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0), strict=True):
            crosses = (y0 > py) != (y1 > py)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= crosses & (px < (x1 - x0) * (py - y0) / (y1 - y0) + x0)
        found |= inside
    return found


def keep(
    ds: xr.Dataset, mask: io.PathLike | Polygon | None, movie: Movie | None = None
) -> xr.Dataset:
    """The tracks that lie inside of a region from start to end.

    Parameters
    ----------
    ds : Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`.
    mask : path or list of [x, y], optional
        See :func:`read`; None keeps all.
    movie : Movie, optional
        That they were found in.

    Raises
    ------
    MissingInput, DataError
        As :func:`read`, or no track is inside.
    """
    if mask is None:
        return ds
    region, (top, left) = of_movie(mask, movie) if movie else (read(mask, None), (0, 0))
    points = contains(region, ds["x"].values + left, ds["y"].values + top)
    size = ds["row_size"].values
    owner = np.repeat(np.arange(len(size)), size)
    inside = np.bincount(owner, ~points, len(size)) == 0
    if not inside.any():
        raise DataError(
            f"{ds.attrs['cell']}: none of {len(size)} tracks lies in its mask; is it "
            "drawn on this movie?"
        )
    return tracks.select(ds, inside).assign_attrs(outside=int((~inside).sum()))


def of_movie(
    mask: io.PathLike | Polygon | None, movie: Movie
) -> tuple[Any, tuple[int, int]]:
    """A region, and where in it, y and x, a movie's first pixel stands.

    An image may be as large as those in the movie's file, or as the part of them (half,
    crop) that the movie is.
    """
    if mask is None:
        return None, (0, 0)
    part, whole = movie.shape, movie.whole or movie.shape
    if part != whole and isinstance(mask, str | Path) and _size(mask) == part:
        return read(mask, part), (0, 0)
    return read(mask, whole), movie.channels[0].origin


def _size(mask: io.PathLike) -> tuple[int, ...] | None:
    """Size of an image of a mask; None of other regions."""
    if Path(mask).suffix.lower() in ROI:
        return None
    import tifffile

    readable = io.readable(mask, "TIFF", "save the mask as a TIFF of one plane")
    with readable, tifffile.TiffFile(io.existing(mask)) as file:
        return tuple(file.pages.first.shape)
