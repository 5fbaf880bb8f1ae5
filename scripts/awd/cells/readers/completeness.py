"""What of a TIFF file is lost, or points elsewhere: refused before frames are read."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from awd.cells.readers import metadata
from awd.errors import DataError

if TYPE_CHECKING:
    import tifffile

IFD = 512  # bytes that list what is in a page, at most


def require_closed(path: Path, file: tifffile.TiffFile) -> None:
    """Refuse an OME-TIFF that names files outside of its folder, before they are read.

    The files of a movie in several stand beside it, or are linked from there.
    """
    if not file.is_ome:
        return
    for element in metadata.ome(file).iter():
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


def require_inside(path: Path, series: tifffile.TiffPageSeries) -> None:
    """Refuse a series of several files of which one is in another folder."""
    if series.is_multifile:
        for page in series.pages:
            if page and not _inside(Path(page.parent.filehandle.path), path):
                raise DataError(f"{path}: a frame of it is outside of its folder")


def files_of(series: tifffile.TiffPageSeries) -> list[str]:
    """Names of the files in which the pages of a series stand."""
    return [page.parent.filename for page in series.pages if page is not None]


def is_whole(page: tifffile.TiffPage | tifffile.TiffFrame | None) -> bool:
    """Whether a page was written.

    Raises
    ------
    DataError
        It was, and its end is not in the file.
    """
    if page is None or not sum(page.databytecounts):
        return False
    ends = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
    if max(ends) > page.parent.filehandle.size:
        raise DataError(
            f"{page.parent.filehandle.path}: ends within frame {page.index}; the file "
            "is truncated: copy it again"
        )
    return True


def require_stopped(path: Path, file: tifffile.TiffFile) -> None:
    """Tell an acquisition that was stopped from a file of which a part is lost.

    The list of pages of the first ends where the last page says so.
    """
    if file.is_ome:
        named = {e.get("FileName", path.name) for e in metadata.ome(file).iter()}
        absent = sorted(name for name in named if not (path.parent / name).exists())
        if absent:
            raise DataError(
                f"{path}: belongs together with {', '.join(absent[:3])}, which is not "
                "there; put all files of the movie side by side"
            )
    _require_last(path, file)


def _require_last(path: Path, file: tifffile.TiffFile) -> None:
    """Refuse a list of pages whose last one names another, which is not there."""
    big, order = file.is_bigtiff, file.byteorder
    head, entry, pointer = ("Q", 20, "Q") if big else ("H", 12, "I")
    with open(path, "rb") as raw:
        raw.seek(file.pages[-1].offset)
        (tags,) = struct.unpack(order + head, raw.read(struct.calcsize(head)))
        raw.seek(tags * entry, 1)
        (following,) = struct.unpack(
            order + pointer, raw.read(struct.calcsize(pointer))
        )
    if following:
        raise DataError(
            f"{path}: its list of frames ends at frame {len(file.pages) - 1}, which "
            "names another; the file is truncated or damaged: copy it again"
        )


def require_all_used(path: Path, file: tifffile.TiffFile) -> None:
    """Refuse metadata that tell of fewer frames than there are."""
    if not (file.is_ome or file.is_imagej or file.is_shaped):
        return
    plane = file.pages.first.shape
    alike = [series for series in file.series if series.keyframe.shape == plane]
    listed = sum(
        files_of(series).count(path.name)
        if series.is_multifile or file.is_ome
        else series.size // series.keyframe.size
        for series in alike
    )
    held = sum(page.shape == plane for page in file.pages)
    if held > listed:
        raise DataError(
            f"{path}: holds {held} frames, and its metadata tell of {listed}; they are "
            "of another movie, or damaged: copy it again, or export it anew"
        )


def require_all_listed(
    path: Path, file: tifffile.TiffFile, series: tifffile.TiffPageSeries
) -> None:
    """Refuse a plain file of whose frames only a part is listed."""
    _require_last(path, file)
    if series.kind not in ("generic", "uniform"):
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
