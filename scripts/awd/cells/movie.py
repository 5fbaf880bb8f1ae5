"""Movies as microscopes write them: TIFF stacks and OME-TIFF, frames read when needed.

A movie is one channel or several, each a sequence of frames of shape (H, W), with the
size of a pixel and the time between frames. What cannot be tracked is refused when the
movie is opened: no hour of work ends at a broken file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from awd import extras, io
from awd.errors import DataError

if TYPE_CHECKING:
    import tifffile

SATURATED = 0.01  # share of pixels at the largest value of a frame
NM = {"nm": 1.0, "um": 1e3, "µm": 1e3, "μm": 1e3, "micron": 1e3, "mm": 1e6}
SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "min": 60.0}
TIME = "TIQ"  # I and Q are how a plain stack's only axis is called


class Frames(Sequence[np.ndarray]):
    """The frames of one channel, read from their file when asked for.

    Parameters
    ----------
    name : str
        File and channel, for errors.
    count : int
        Frames.
    shape : tuple of int
        Height and width, px.
    read : callable
        Frame number to array of that shape.
    """

    def __init__(
        self,
        name: str,
        count: int,
        shape: tuple[int, int],
        read: Callable[[int], np.ndarray],
    ) -> None:
        self.name, self.length, self.shape, self.read = name, count, shape, read

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, frame: Any) -> Any:
        if isinstance(frame, slice):
            return [self[t] for t in range(*frame.indices(len(self)))]
        if not -len(self) <= frame < len(self):
            raise IndexError(frame)
        frame %= len(self)
        # Decoders of pages raise errors of many kinds, and all of them mean this.
        try:
            image = self.read(frame)
        except Exception as error:
            raise DataError(
                f"{self.name}: frame {frame} cannot be read ({error}); the file is "
                "truncated or corrupt, or needs a decoder (pip install imagecodecs)"
            ) from error
        if image is None or image.shape != self.shape:
            got = "missing" if image is None else image.shape
            raise DataError(
                f"{self.name}: frame {frame} is {got}, expected {self.shape}; the file "
                "is truncated or corrupt"
            )
        if image.dtype.kind == "f" and not np.isfinite(image).all():
            row, column = np.argwhere(~np.isfinite(image))[0]
            raise DataError(
                f"{self.name}: frame {frame} holds NaN or infinity at y {row}, "
                f"x {column}; replace it (by the median of the frame, say)"
            )
        return image.astype(image.dtype.newbyteorder("="), copy=False)


@dataclass(frozen=True)
class Movie:
    """Channels of one cell, all of one length and size; the first is the master."""

    channels: tuple[Frames, ...]
    pixel_nm: float
    interval_s: float

    @property
    def frames(self) -> int:
        """Length."""
        return len(self.channels[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.channels[0].shape


def open_movie(
    *paths: io.PathLike,
    channels: Sequence[int] | None = None,
    axes: str | None = None,
    pixel_nm: float | None = None,
    interval_s: float | None = None,
) -> Movie:
    """Open a movie: one file with all its channels, or a file a channel.

    Parameters
    ----------
    *paths : path
        TIFF or OME-TIFF; of two files the first is the master.
    channels : sequence of int, optional
        Which channels, in order, of those in the files; all by default.
    axes : str, optional
        Axes of the arrays in the files, one letter of ``TCYX`` each, where their
        metadata say nothing or something else.
    pixel_nm, interval_s : float, optional
        Size of a pixel in nm and time between frames in s, before the metadata.

    Raises
    ------
    MissingInput
        When a file, or the package that reads it, is not there.
    DataError
        When a file is no TIFF, truncated or corrupt; is RGB, has other axes, or only
        one frame; when channels differ in length or size; when a frame is empty,
        saturated or not finite; when pixel size or interval are given nowhere.
    """
    if not paths:
        raise DataError("no movie was named; give the path of a TIFF file")
    found, scales = [], []
    for path in paths:
        frames, pixel, interval = _open(path, axes)
        found += frames
        scales.append((pixel, interval))
    chosen = _chosen(found, channels)
    first = chosen[0]
    for other in chosen[1:]:
        if len(other) != len(first) or other.shape != first.shape:
            raise DataError(
                f"{first.name} has {len(first)} frames of {first.shape} px, "
                f"{other.name} has {len(other)} of {other.shape}; channels of a movie "
                "must be of one length and size: crop them alike"
            )
    for channel in chosen:
        _usable(channel)
    pixel = pixel_nm or next((p for p, _ in scales if p), None)
    interval = interval_s or next((i for _, i in scales if i), None)
    known = [
        _positive(
            value, f"{paths[0]}: the metadata do not say the {what}; give {option}"
        )
        for value, what, option in (
            (pixel, "size of a pixel", "pixel_nm (nm)"),
            (interval, "time between frames", "interval_s (s)"),
        )
    ]
    return Movie(tuple(chosen), *known)


def _positive(value: float | None, otherwise: str) -> float:
    if value is None or not value > 0:
        raise DataError(otherwise)
    return float(value)


def _chosen(found: list[Frames], channels: Sequence[int] | None) -> list[Frames]:
    if channels is None:
        return found
    for channel in channels:
        if not 0 <= channel < len(found):
            raise DataError(
                f"{found[0].name}: no channel {channel}; there are {len(found)}, "
                "counted from 0"
            )
    return [found[channel] for channel in channels]


def _open(
    path: io.PathLike, axes: str | None
) -> tuple[list[Frames], float | None, float | None]:
    """Channels of a file, and what its metadata say of pixel (nm) and interval (s)."""
    with extras.needed("reading movies"):
        import tifffile

    path = io.existing(path)
    try:
        file = tifffile.TiffFile(path)
        series = file.series[0]
        shape, found = series.shape, axes or series.axes
    except Exception as error:  # of many kinds, where the header or a page is broken
        raise DataError(
            f"{path}: not a readable TIFF file ({error}); it is truncated, corrupt or "
            "of another format: export it as OME-TIFF"
        ) from error
    if series.dtype.kind not in "uif":
        raise DataError(f"{path}: pixels are {series.dtype}; expected numbers")
    dims = _dimensions(path, found, shape)
    plane, scales = (dims["Y"], dims["X"]), _scales(file)
    strides, step = {"T": 0, "C": 0}, 1
    for letter in reversed(dims):  # in the order of the file
        if letter in "TC":
            strides[letter], step = step, step * dims[letter]
    read = _reader(path, file, series, plane)
    channels = [
        Frames(
            f"{path}, channel {c}" if dims["C"] > 1 else str(path),
            dims["T"],
            plane,
            partial(_read_channel, read, strides, c),
        )
        for c in range(dims["C"])
    ]
    return channels, *scales


def _dimensions(path: Path, axes: str, shape: tuple[int, ...]) -> dict[str, int]:
    """Lengths of T, C, Y and X; refuses all other axes that are longer than 1."""
    got = f"{path}: axes {axes} of lengths {shape}"
    if len(axes) != len(shape):
        raise DataError(f"{got}: one letter an axis is needed; correct `axes`")
    dims: dict[str, int] = {}
    for letter, length in zip(axes.upper(), shape, strict=True):
        letter = "T" if letter in TIME and "T" not in dims else letter
        if letter == "S" and length > 1:
            raise DataError(
                f"{got}: S means colours (RGB), which hold no counts; export the "
                "channels as grey values"
            )
        if letter not in "TCYX" and length > 1:
            raise DataError(
                f"{got}: {letter} is neither time, channel nor place; if it is time, "
                f"give axes='{axes.replace(letter, 'T')}', or export one plane of it"
            )
        if letter in "TCYX":
            dims[letter] = length
    if list(dims)[-2:] != ["Y", "X"]:
        raise DataError(f"{got}: the last two must be Y and X; give axes='TYX', say")
    dims = {letter: 1 for letter in "TC" if letter not in dims} | dims
    if dims["T"] < 2:
        raise DataError(
            f"{got}: one frame is no movie; give the file with all frames, or axes= if "
            "another axis is time; if there should be more, the file is truncated"
        )
    return dims


def _read_channel(
    read: Callable[[int], np.ndarray], strides: Mapping[str, int], channel: int, t: int
) -> np.ndarray:
    return read(t * strides["T"] + channel * strides["C"])


def _reader(
    path: Path,
    file: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    plane: tuple[int, int],
) -> Callable[[int], np.ndarray]:
    """Function of the number of a plane: a part of the file, or a decoded page."""
    if series.dataoffset is not None and not series.is_multifile:
        dtype = np.dtype(series.dtype).newbyteorder(file.byteorder)
        pixels, start = plane[0] * plane[1], series.dataoffset
        count = int(np.prod(series.shape)) // pixels
        if path.stat().st_size < start + count * pixels * dtype.itemsize:
            raise DataError(
                f"{path}: shorter than its {count} planes; the file is truncated: copy "
                "it again"
            )
        file.close()

        def read(index: int) -> np.ndarray:
            offset = start + index * pixels * dtype.itemsize
            return np.fromfile(path, dtype, pixels, offset=offset).reshape(plane)

        return read
    pages = [page for page in series.pages if page is not None]
    if len(pages) < len(series.pages):
        raise DataError(
            f"{path}: planes named in its metadata are missing; the file is truncated, "
            "or one of several that belong together is absent"
        )

    return lambda index: pages[index].asarray()


def _usable(frames: Frames) -> None:
    """Refuse a channel whose first, middle or last frame shows nothing."""
    for t in (0, len(frames) // 2, len(frames) - 1):
        image = frames[t]
        top = image.max()
        if image.min() == top:
            raise DataError(
                f"{frames.name}: frame {t} is empty, every pixel is {top}; check the "
                "channel, and cut dark frames off"
            )
        share = np.mean(image == top)
        if share > SATURATED:
            raise DataError(
                f"{frames.name}: frame {t} is saturated, {share:.0%} of its pixels are "
                f"{top}; amplitudes cannot be read: expose shorter"
            )


def _scales(file: tifffile.TiffFile) -> tuple[float | None, float | None]:
    """Size of a pixel (nm) and time between frames (s) of a file's metadata."""
    # Metadata are written by many programs; what does not parse says nothing.
    with contextlib.suppress(ElementTree.ParseError, ValueError, TypeError, KeyError):
        if file.is_ome:
            return _scales_of_ome(ElementTree.fromstring(file.ome_metadata or ""))
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
