"""Movies as microscopes write them: TIFF stacks and OME-TIFF, frames read when needed.

A movie is one channel or several, each a sequence of frames of shape (H, W), with the
size of a pixel and the time between frames. What cannot be tracked is refused when the
movie is opened: no hour of work ends at a broken file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import extras, integrity, io
from awd.cells import tiff
from awd.errors import DataError

if TYPE_CHECKING:
    import tifffile

SATURATED = 0.01  # share of pixels at the largest value of a frame
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
        if image.dtype.kind == "f" and image.dtype.itemsize not in (4, 8):
            image = image.astype(np.float32)  # loops are compiled for these two
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
    if value is None or not 0 < value < np.inf:
        raise DataError(otherwise)
    return float(value)


def _chosen(found: list[Frames], channels: Sequence[int] | None) -> list[Frames]:
    if channels is None:
        return found
    if len({*channels}) < len(channels):
        raise DataError(
            f"{found[0].name}: channels are {list(channels)}; expected a channel once"
        )
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

    path = io.unbroken(path)
    with io.readable(path, "TIFF", "copy it again, or export it as OME-TIFF"):
        file = tifffile.TiffFile(path)
        tiff.require_closed(path, file)
        series = file.series[0]
        shape, found = series.shape, axes or series.axes
        tiff.require_whole(path, file)
    if series.dtype.kind not in "uif":
        raise DataError(f"{path}: pixels are {series.dtype}; expected numbers")
    integrity.require_room(path, int(np.prod(shape)) * series.dtype.itemsize)
    dims = _dimensions(path, found, shape)
    plane, scales = (dims["Y"], dims["X"]), tiff.scales(file)
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
        if letter in dims:
            raise DataError(f"{got}: {letter} stands there twice; correct `axes`")
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
