"""Size of a pixel and time between frames in the metadata that microscopes write.

OME-XML, ImageJ, Micro-Manager, MetaMorph STK and Zeiss LSM; a file may hold several of
these, and what each says is kept.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from awd.cells.readers.calibration import Calibration
from awd.log import log

if TYPE_CHECKING:
    import tifffile


def calibration(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries
) -> Calibration:
    """What all metadata of a file say of one of its series."""
    found = Calibration()
    readers: tuple[tuple[bool, Callable[..., None]], ...] = (
        (file.is_ome, _of_ome),
        (file.is_imagej, _of_imagej),
        (file.is_micromanager or file.is_ndtiff, _of_micromanager),
        (file.is_stk, _of_stk),
        (file.is_lsm, _of_lsm),
    )
    for concerns, read in readers:
        if concerns:
            # Written by many programs; what does not parse says nothing.
            with contextlib.suppress(Exception):
                read(file, series, found)
    return found


def of_sequence(files: Sequence[str], first: Calibration) -> Calibration:
    """What the first file of a sequence says, and Micro-Manager's ``metadata.txt``.

    Micro-Manager writes it beside images that it saves a file each: a summary, and of
    every image, by its file, when it was taken.

    Parameters
    ----------
    files : sequence of str
        In time.
    first : Calibration
        Of the first file.
    """
    path, found = Path(files[0]).parent / "metadata.txt", deepcopy(first)
    if path.is_file():
        # Stopped acquisitions leave half of it, and other programs have such files.
        try:
            _of_metadata_txt(path, files, found)
        except (ValueError, TypeError, AttributeError) as error:
            log.warning("%s: is not Micro-Manager's, or damaged (%s)", path, error)
    return found


def _of_metadata_txt(path: Path, files: Sequence[str], found: Calibration) -> None:
    written = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    images = {
        str(image.get("FileName", key)).rpartition("/")[2]: image
        for key, image in written.items()
        if "ElapsedTime-ms" in image
    }
    own = [images.get(Path(file).name, {}) for file in files]
    for source in (written.get("Summary", {}), own[0]):
        for name in ("PixelSize_um", "PixelSizeUm"):
            found.add_pixel(f"{path.name}, {name}", source.get(name), "um")
        interval = source.get("Interval_ms")
        found.add_interval(f"{path.name}, Interval_ms", interval, "ms")
    if all(own):
        times = [float(image["ElapsedTime-ms"]) for image in own]
        found.add_times(f"{path.name}, ElapsedTime-ms", times, "ms")


def ome(file: tifffile.TiffFile) -> ElementTree.Element:
    """The OME-XML of a file."""
    text = file.ome_metadata or ""
    return ElementTree.fromstring(text.encode(errors="ignore"))


def _named(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (e for e in element.iter() if e.tag.rpartition("}")[2] == name)


def _of_ome(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, found: Calibration
) -> None:
    every = list(_named(ome(file), "Pixels"))
    at = next(k for k, other in enumerate(file.series) if other is series)
    pixels = every[at if series.kind == "ome" and at < len(every) else 0]
    for axis in "XY":
        size, unit = (
            pixels.get(f"PhysicalSize{axis}"),
            pixels.get(f"PhysicalSize{axis}Unit", "µm"),
        )
        found.add_pixel(f"PhysicalSize{axis}", size, unit)
    unit = pixels.get("TimeIncrementUnit", "s")
    found.add_interval("TimeIncrement", pixels.get("TimeIncrement"), unit)
    times: dict[int, float] = {}
    planes = [plane.attrib for plane in _named(pixels, "Plane")]
    for plane in planes:
        if "DeltaT" in plane:  # of several channels and depths the first
            times.setdefault(int(plane["TheT"]), float(plane["DeltaT"]))
    unit = planes[0].get("DeltaTUnit", "s") if planes else "s"
    if sorted(times) == list(range(len(times))):
        found.add_times("DeltaT", [times[t] for t in sorted(times)], unit)


def _of_imagej(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, found: Calibration
) -> None:
    metadata = file.imagej_metadata or {}
    unit = metadata.get("unit", "")
    tunit = metadata.get("tunit", "s")
    found.add_interval("finterval", metadata.get("finterval"), tunit)
    names = [f"{axis}Resolution" for axis in "XY"]
    # Pixels in so many units; a program that does not know writes 0.
    values = [file.pages.first.tags[name].value for name in names]
    if all(pixels and units for pixels, units in values):
        for name, (pixels, units) in zip(names, values, strict=True):
            found.add_pixel(name, units / pixels, unit)


def _of_micromanager(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, found: Calibration
) -> None:
    summary = (file.micromanager_metadata or {}).get("Summary", {})
    first = _of_page(file)
    for name in ("PixelSizeUm", "PixelSize_um"):
        for source in (first, summary):
            found.add_pixel(name, source.get(name), "um")
    found.add_interval("Interval_ms", summary.get("Interval_ms"), "ms")
    if series.kind == "ndtiff":
        _times_of_ndtiff(file, found)


def _of_page(file: tifffile.TiffFile) -> dict[str, Any]:
    """What Micro-Manager says of the first image."""
    tag = file.pages.first.tags.get(51123)
    if tag is None:
        return {}
    return tag.value if isinstance(tag.value, dict) else json.loads(tag.value)


def _times_of_ndtiff(file: tifffile.TiffFile, found: Calibration) -> None:
    """Times of the frames of a file, as the index of its folder lists them."""
    import tifffile

    index = Path(file.filehandle.dirname) / "NDTiff.index"
    times: dict[int, float] = {}
    seen: set[int] = set()
    for axes, name, *rest in tifffile.tifffile.read_ndtiff_index(index):
        at, count = rest[5], rest[6]
        time = int(axes.get("time", 0))
        if time in seen or not count:
            continue
        seen.add(time)
        with open(index.parent / name, "rb") as raw:
            raw.seek(at)
            written = json.loads(raw.read(count))
        times[time] = float(written["ElapsedTime-ms"])
    found.add_times("ElapsedTime-ms", [times[t] for t in sorted(times)], "ms")


def _of_stk(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, found: Calibration
) -> None:
    stk = file.stk_metadata or {}
    unit = stk.get("CalibrationUnits", "um")
    for axis in "XY":
        found.add_pixel(f"{axis}Calibration", stk.get(f"{axis}Calibration"), unit)
    made = stk.get("DatetimeCreated")
    if made is not None and len(made) > 1:
        ms = np.asarray(made, "datetime64[ms]").astype(float)
        found.add_times("DatetimeCreated", ms, "ms")


def _of_lsm(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, found: Calibration
) -> None:
    lsm = file.lsm_metadata or {}
    for axis in "XY":
        found.add_pixel(f"VoxelSize{axis}", lsm.get(f"VoxelSize{axis}"), "m")
    found.add_interval("TimeIntervall", lsm.get("TimeIntervall"), "s")
    times = lsm.get("TimeStamps")
    if times is not None and len(times) > 1:
        found.add_times("TimeStamps", times, "s")
