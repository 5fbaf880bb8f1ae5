"""What a TIFF file says of itself: scales, other files, and whether it is all there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from awd.errors import DataError

if TYPE_CHECKING:
    import tifffile

NM = {"nm": 1.0, "um": 1e3, "µm": 1e3, "μm": 1e3, "micron": 1e3, "mm": 1e6}
SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "min": 60.0}
IFD = 512  # bytes that list what is in a page, at most


def require_closed(path: Path, file: tifffile.TiffFile) -> None:
    """Refuse an OME-TIFF that names files outside of its folder, before they are read.

    The files of a movie in several stand beside it, or are linked from there.
    """
    if not file.is_ome:
        return
    for element in _ome(file).iter():
        for key in ("FileName", "MetadataFile"):
            name = element.get(key, path.name)
            if not _inside(path.parent / name, path):
                raise DataError(
                    f"{path}: its metadata name the file {name!r}, outside of its "
                    "folder, which is never read: put the files of a movie side by "
                    "side and save it anew"
                )


def _inside(other: Path, path: Path) -> bool:
    """Whether a file is in the folder of another, or in the one that is linked to."""
    folders = path.parent.resolve(), path.resolve().parent
    return any(other.parent.resolve().is_relative_to(folder) for folder in folders)


def _ome(file: tifffile.TiffFile) -> ElementTree.Element:
    text = file.ome_metadata or ""
    return ElementTree.fromstring(text.encode(errors="ignore"))


def require_whole(path: Path, file: tifffile.TiffFile) -> None:
    """Refuse a file of which only a part would be read as its movie."""
    first, *others = file.series
    if first.is_multifile:
        for page in first.pages:
            if page and not _inside(Path(page.parent.filehandle.path), path):
                raise DataError(f"{path}: a frame of it is outside of its folder")
    plane = first.shape[-2:]
    more = [s for s in others if s.shape[-2:] == plane or len(s.pages) > 1]
    if more:
        shapes = ", ".join(str(s.shape) for s in (first, *more))
        raise DataError(
            f"{path}: holds {1 + len(more)} series of images, of shapes {shapes}; a "
            "movie is one: export each to a file of its own"
        )
    if first.kind not in ("generic", "uniform"):
        return  # its metadata say how many frames there are
    named = [sum(page.databytecounts) for page in file.pages]
    pages = (page.aspage() for page in file.pages)
    described = sum(int(tag.valuebytecount) for page in pages for tag in page.tags)
    lost = path.stat().st_size - sum(named) - described - IFD * len(named)
    if lost > max(min(named), IFD * len(named)):
        raise DataError(
            f"{path}: {lost:,} of its bytes belong to none of its {len(named)} frames; "
            "the list of frames is cut: copy it again, or export it as OME-TIFF"
        )


def scales(file: tifffile.TiffFile) -> tuple[float | None, float | None]:
    """Size of a pixel (nm) and time between frames (s) of a file's metadata."""
    # Metadata are written by many programs; what does not parse says nothing.
    with contextlib.suppress(Exception):
        if file.is_ome:
            return _scales_of_ome(_ome(file))
        if file.is_imagej:
            return _scales_of_imagej(file)
    return None, None


def _scales_of_ome(root: ElementTree.Element) -> tuple[float | None, float | None]:
    pixels = next(_named(root, "Pixels"))
    size, increment = pixels.get("PhysicalSizeX"), pixels.get("TimeIncrement")
    interval = float(increment) if increment else None
    unit = NM.get(pixels.get("PhysicalSizeXUnit", "µm"))
    scale = SECONDS.get(pixels.get("TimeIncrementUnit", "s"))
    if increment is None:
        planes = [plane.attrib for plane in _named(pixels, "Plane")]
        times = {int(p["TheT"]): float(p["DeltaT"]) for p in planes if "DeltaT" in p}
        scale = SECONDS.get(planes[0].get("DeltaTUnit", "s")) if planes else None
        if len(times) > 1:
            ordered = [times[t] for t in sorted(times)]
            interval = float(np.median(np.diff(ordered)))
    return (
        float(size) * unit if size and unit else None,
        interval * scale if interval and scale else None,
    )


def _named(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (e for e in element.iter() if e.tag.rpartition("}")[2] == name)


def _scales_of_imagej(file: tifffile.TiffFile) -> tuple[float | None, float | None]:
    metadata = file.imagej_metadata or {}
    unit = NM.get(str(metadata.get("unit", "")).replace("\\u00B5", "µ"))
    tag = file.pages.first.tags.get("XResolution")
    pixel = unit * tag.value[1] / tag.value[0] if unit and tag else None
    scale = SECONDS.get(metadata.get("tunit", "s"))
    interval = metadata.get("finterval")
    return pixel, interval * scale if interval and scale else None
