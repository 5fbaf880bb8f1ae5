"""Movies as microscopes write them, frames read when needed.

A movie is one channel or several, each a sequence of frames of shape (H, W), with the
size of a pixel and the time between frames. What can be known of it is known when it is
opened: no hour of work ends at a wrong file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from awd import io
from awd.arguments import checked
from awd.cells.channel import Frames, clipped, require_unclipped
from awd.cells.readers import sequence
from awd.cells.readers.calibration import INTERVAL, PIXEL, Quantity, agreed, together
from awd.cells.readers.planes import channels_of
from awd.cells.readers.tiff import Recording
from awd.errors import DataError

__all__ = ["Frames", "Movie", "clipped", "open_movie"]

HALVES = ("left-right", "top-bottom")
MOST = 10**6  # pixels along a side, frames, channels


@dataclass(frozen=True)
class Movie:
    """Channels of one cell, all of one length and size; the first is the master.

    ``whole`` is the size of the images in the file.
    """

    channels: tuple[Frames, ...]
    pixel_nm: float
    interval_s: float
    whole: tuple[int, int] | None = None

    @property
    def frames(self) -> int:
        """Length."""
        return len(self.channels[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.channels[0].shape


@checked(
    channels=("channel", 0, MOST),
    series=(0, MOST),
    z=(0, MOST),
    interleaved=(1, MOST),
    halves=HALVES,
    crop=(0, MOST),
)
def open_movie(
    *paths: io.PathLike,
    channels: Sequence[int] | None = None,
    axes: str | None = None,
    series: int | None = None,
    z: int | Literal["max"] | None = None,
    interleaved: int | None = None,
    halves: str | None = None,
    crop: Mapping[Literal["x", "y"], tuple[int, int] | None] | None = None,
    pixel_nm: float | None = None,
    interval_s: float | None = None,
) -> Movie:
    """Open a movie: one file with all its channels, or a file a channel.

    Parameters
    ----------
    *paths : path
        TIFF files of any make (:mod:`awd.cells.readers.tiff`), folders or patterns
        (:mod:`awd.cells.readers.sequence`). Of several the first holds the master, and
        each gives the channels that stand in it.
    channels : sequence of int, optional
        Which channels, in order, of those in the files; all by default.
    axes : str, optional
        Axes of the arrays in the files, one letter of ``TCZYX`` each, where their
        metadata say nothing or something else.
    series : int, optional
        Which of several series or positions of a file.
    z : int or "max", optional
        Which plane of a stack, from 0, or the maximum over all.
    interleaved : int, optional
        Channels whose frames follow each other in turn.
    halves : {"left-right", "top-bottom"}, optional
        Channels that stand side by side in one image: the halves in this order.
    crop : mapping of "x" and "y" to pair of int, optional
        First pixel and the one after the last, of every channel, after ``halves``.
    pixel_nm, interval_s : float, optional
        Size of a pixel in nm and time between frames in s, before the metadata.

    Raises
    ------
    KindError, ConfigError
        When an argument is of another kind.
    MissingInput
        When a file, or the package that reads it, is not there.
    DataError
        When a file is no TIFF, truncated or corrupt; is RGB, has other axes, or only
        one frame; when channels differ in length or size; when a frame is empty,
        saturated or not finite; when pixel size or interval are said nowhere, or
        differently in two places.
    """
    if not paths:
        raise DataError("no movie was named; give the path of a TIFF file")
    opened = [sequence.read(path, axes, series) for path in paths]
    of_files = [
        _halved(channels_of(recording, z, interleaved or 1, len(opened) > 1), halves)
        for recording in opened
    ]
    found = _cropped(_chosen(of_files, channels), crop)
    first = found[0]
    for other in found[1:]:
        if len(other) != len(first) or other.shape != first.shape:
            raise DataError(
                f"{first.name} has {len(first)} frames of {first.shape} px, "
                f"{other.name} has {len(other)} of {other.shape}; channels of a movie "
                "must be of one length and size: crop them alike"
            )
    for channel in found:
        require_unclipped(channel)
    pixel, interval = together(
        opened[0].name,
        lambda: _agreed(PIXEL, pixel_nm, opened),
        lambda: _agreed(INTERVAL, interval_s, opened),
    )
    return Movie(tuple(found), pixel, interval, opened[0].shape)


def _agreed(
    quantity: Quantity, given: float | None, opened: Sequence[Recording]
) -> float:
    """The pixel or the interval that the user and all files of a movie agree on."""
    sources: dict[str, float] = {}
    unclear: list[str] = []
    for recording in opened:
        values = recording.calibration.values(quantity)
        sources |= {f"{recording.name}, {name}": v for name, v in values.items()}
        unclear += recording.calibration.unclear
    return agreed(quantity, given, sources, unclear)


def _chosen(
    of_files: Sequence[Sequence[Frames]], channels: Sequence[int] | None
) -> list[Frames]:
    """The channels that are named, of those of all files one after the other."""
    found = [frames for of_file in of_files for frames in of_file]
    if channels is None:
        return found
    name = found[0].name
    if len({*channels}) < len(channels):
        raise DataError(f"{name}: channels are {list(channels)}; expected each once")
    for channel in channels:
        if not 0 <= channel < len(found):
            raise DataError(
                f"{name}: no channel {channel}; there are {len(found)}, counted from 0"
            )
    chosen = [found[channel] for channel in channels]
    for of_file in of_files:
        # A file a channel may be left out; a file under many others is forgotten.
        if len(found) > len(of_files) and not any(f in chosen for f in of_file):
            held = ", ".join(str(len(own)) for own in of_files)
            raise DataError(
                f"{of_file[0].name}: is named and not read: the files hold {held} "
                f"channels, counted on from 0 to {len(found) - 1}, and channels are "
                f"{list(channels)}; say which by channels, or name one file"
            )
    return chosen


def _halved(found: Sequence[Frames], halves: str | None) -> Sequence[Frames]:
    """Both halves of every image as channels."""
    if halves is None:
        return found
    axis = 1 if halves == HALVES[0] else 0
    both = []
    for frames in found:
        size = frames.shape[axis]
        half = size // 2
        for name, start in zip(halves.split("-"), (0, size - half), strict=True):
            cut, uncut = slice(start, start + half), slice(None)
            window = (uncut, cut) if axis else (cut, uncut)
            both.append(frames.cut(window, f"{frames.name}, {name}"))
    return both


def _cropped(found: Sequence[Frames], crop: Mapping[Any, Any] | None) -> list[Frames]:
    """Channels within ``crop``."""
    if not crop:
        return list(found)
    height, width = found[0].shape
    left, right = crop.get("x") or (0, width)
    top, bottom = crop.get("y") or (0, height)
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise DataError(
            f"{found[0].name}: crop is x {left} to {right}, y {top} to {bottom}; the "
            f"image has x 0 to {width}, y 0 to {height}"
        )
    window = slice(top, bottom), slice(left, right)
    return [frames.cut(window) for frames in found]
