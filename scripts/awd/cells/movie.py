"""Movies as microscopes write them, frames read when needed.

A movie is one channel or several, each a sequence of frames of shape (H, W), with the
size of a pixel and the time between frames. What can be known of it is known when it is
opened: no hour of work ends at a wrong file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from awd import io
from awd.arguments import checked
from awd.cells.readers import sequence
from awd.cells.readers.calibration import INTERVAL, PIXEL, Quantity, agreed
from awd.cells.readers.tiff import Recording
from awd.errors import DataError
from awd.log import log

SATURATED = 0.01  # share of pixels of a frame that a camera has clipped
# Values at which cameras clip: of so many bits, also shifted to the top of 16.
CLIPPING = {2**bits - 1 for bits in range(8, 17)}
CLIPPING |= {(2**bits - 1) << (16 - bits) for bits in range(10, 16)}
REPEATED = 3.0  # times as many pixels at the top as at a value near below it
LEAST = 3  # pixels at the top
HALVES = ("left-right", "top-bottom")
MOST = 10**6  # pixels along a side, frames, channels

Window = tuple[slice, slice]


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
    origin : pair of int
        Where its first pixel, y and x, stands in the images of the file.
    """

    def __init__(
        self,
        name: str,
        count: int,
        shape: tuple[int, int],
        read: Callable[[int], np.ndarray],
        origin: tuple[int, int] = (0, 0),
    ) -> None:
        self.name, self.length, self.shape, self.read = name, count, shape, read
        self.origin = origin

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
        except DataError:
            raise
        except Exception as error:
            raise DataError(
                f"{self.name}: frame {frame} cannot be read ({error}); the file is "
                "truncated or corrupt: copy it again, or export it as OME-TIFF"
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
        self._require_lit(frame, image)
        return image.astype(image.dtype.newbyteorder("="), copy=False)

    def _require_lit(self, frame: int, image: np.ndarray) -> None:
        """Refuse a frame that shows nothing: amplitudes in it would be of no noise."""
        first = image[0, 0]
        # Nearly every frame is told by a few of its pixels.
        if (image[:: max(image.shape[0] // 8, 1)] != first).any():
            return
        if (image == first).all():
            raise DataError(
                f"{self.name}: frame {frame} is empty, every pixel is {first}; check "
                "the channel, and cut dark frames off, or put the frame before in "
                "place of a lost one"
            )

    def cut(self, window: Window, name: str = "") -> Frames:
        """The frames within a window, named anew."""
        rows, columns = window
        height = len(range(*rows.indices(self.shape[0])))
        width = len(range(*columns.indices(self.shape[1])))
        read, name = self.read, name or self.name
        first = (
            self.origin[0] + (rows.start or 0),
            self.origin[1] + (columns.start or 0),
        )
        shape = height, width
        return Frames(name, self.length, shape, lambda t: read(t)[window], first)


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
    found = [
        frames
        for recording in opened
        for frames in _channels(recording, z, interleaved or 1, len(opened) > 1)
    ]
    whole = found[0].shape
    found = _chosen(_halved(found, halves), channels)
    found = _cropped(found, crop)
    first = found[0]
    for other in found[1:]:
        if len(other) != len(first) or other.shape != first.shape:
            raise DataError(
                f"{first.name} has {len(first)} frames of {first.shape} px, "
                f"{other.name} has {len(other)} of {other.shape}; channels of a movie "
                "must be of one length and size: crop them alike"
            )
    for channel in found:
        _usable(channel)
    pixel, interval = (
        _agreed(quantity, given, opened)
        for quantity, given in ((PIXEL, pixel_nm), (INTERVAL, interval_s))
    )
    return Movie(tuple(found), pixel, interval, whole)


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
    try:
        return agreed(quantity, given, sources, unclear)
    except DataError as error:
        raise DataError(f"{opened[0].name}: {error}") from error


def _channels(
    recording: Recording, z: int | str | None, interleaved: int, several: bool
) -> list[Frames]:
    """The channels of one file, those frames of them that were recorded."""
    letters = "".join(recording.lengths)
    lacking = [letter for letter in "TCZ" if letter not in letters]
    form = (*recording.lengths.values(), *(1 for _ in lacking))
    order = [(letters + "".join(lacking)).index(letter) for letter in "TCZ"]
    numbers = np.arange(recording.there.size).reshape(form).transpose(order)
    numbers = _separated(recording, _at_depth(recording, numbers, z), interleaved)
    if several:
        numbers = _own(recording, numbers)
    there = recording.there.ravel()[numbers].all((1, 2))
    count = len(there) if there.all() else int(there.argmin())
    if there[count:].any():
        missing = int((~there).argmax())
        raise DataError(
            f"{recording.name}: frame {missing} of {len(there)} was not written, and "
            "later ones were; export the frames that are whole as a movie of their own"
        )
    if count < len(there):
        log.warning(
            f"{recording.name}: the recording was stopped: of {len(there)} frames "
            f"{count} were written, and these are used"
        )
    if count < 2:
        raise DataError(
            f"{recording.name}: {recording.axes}: one frame is no movie; give the file "
            "with all frames, or axes= if another axis is time; if there should be "
            "more, the file is truncated"
        )
    many = numbers.shape[1] > 1
    return [
        Frames(
            f"{recording.name}, channel {c}" if many else recording.name,
            count,
            recording.shape,
            _reader(recording, numbers[:, c]),
        )
        for c in range(numbers.shape[1])
    ]


def _reader(recording: Recording, planes: np.ndarray) -> Callable[[int], np.ndarray]:
    """Function of the frame; ``planes`` (T, Z) are its planes, of which the maximum."""

    def read(t: int) -> np.ndarray:
        image = recording.read(int(planes[t, 0]))
        for plane in planes[t, 1:]:
            image = np.maximum(image, recording.read(int(plane)))
        return image

    return read


def _at_depth(
    recording: Recording, numbers: np.ndarray, z: int | str | None
) -> np.ndarray:
    """Numbers (T, C, Z) of the planes of one depth, or of all for their maximum."""
    depth = numbers.shape[2]
    if z == "max" or (z is None and depth == 1):
        return numbers
    if z is None or not 0 <= int(z) < depth:
        raise DataError(
            f"{recording.name}: {recording.axes}: a movie has one plane a frame; say "
            f"which of Z by z: 0 to {depth - 1}, or z: max for the maximum over all"
        )
    return numbers[:, :, [int(z)]]


def _separated(
    recording: Recording, numbers: np.ndarray, interleaved: int
) -> np.ndarray:
    """Numbers of planes with channels apart whose frames follow each other."""
    if interleaved == 1:
        return numbers
    if numbers.shape[1] > 1:
        raise DataError(
            f"{recording.name}: {recording.axes}: it has channels already; leave "
            "interleaved out"
        )
    count = len(numbers) // interleaved
    if len(numbers) % interleaved:
        log.warning(
            f"{recording.name}: {len(numbers)} frames are not a multiple of "
            f"interleaved: {interleaved}; the last {len(numbers) % interleaved} are "
            "left out"
        )
    whole = numbers[: count * interleaved, 0]
    return whole.reshape(count, interleaved, numbers.shape[2])


def _own(recording: Recording, numbers: np.ndarray) -> np.ndarray:
    """Channels that stand in the file that was named, of a set of several."""
    own = recording.own.ravel()[numbers].all((0, 2))
    written = recording.there.ravel()[numbers]
    if not own.any() and written.any():
        # Frames that were never written are in no file.
        here = recording.own.ravel()[numbers] | ~written
        own = here.all((0, 2))
    if not own.any():
        raise DataError(
            f"{recording.name}: belongs to a set of files in which no channel stands "
            "in one file; name only the first file of the set"
        )
    return numbers[:, own]


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


def _halved(found: list[Frames], halves: str | None) -> list[Frames]:
    """Both halves of every image as channels."""
    if halves is None:
        return found
    both = []
    for frames in found:
        height, width = frames.shape
        for k, name in enumerate(halves.split("-")):
            if halves == HALVES[0]:
                half = width // 2
                window = (
                    slice(None),
                    slice(k * (width - half), k * (width - half) + half),
                )
            else:
                half = height // 2
                window = (
                    slice(k * (height - half), k * (height - half) + half),
                    slice(None),
                )
            both.append(frames.cut(window, f"{frames.name}, {name}"))
    return both


def _cropped(found: list[Frames], crop: Mapping[Any, Any] | None) -> list[Frames]:
    """Channels within ``crop``."""
    if not crop:
        return found
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


def _usable(frames: Frames) -> None:
    """Refuse a channel whose first, middle or last frame a camera has clipped."""
    for t in (0, len(frames) // 2, len(frames) - 1):
        image = frames[t]
        share = clipped([image]) / image.size
        if share > SATURATED:
            raise DataError(
                f"{frames.name}: frame {t} is saturated, {share:.0%} of its pixels are "
                f"{image.max()}; amplitudes cannot be read: expose shorter"
            )


def clipped(images: Sequence[np.ndarray]) -> float:
    """Pixels a frame at the value at which the camera clips; 0 if none repeats.

    A camera clips at the largest number of its bits, and more pixels stand there than
    at values near below: the tail of an honest histogram thins out. Sparse photons, or
    a dark image of a few levels, have a largest value too.
    """
    top = max(float(image.max()) for image in images)
    if top not in CLIPPING:
        return 0.0
    at = sum(int((image == top).sum()) for image in images)
    near = max(top / 50, 4.0)
    below = sum(int(((image < top) & (image >= top - near)).sum()) for image in images)
    repeated = at >= LEAST and at > REPEATED * below / near
    return at / len(images) if repeated else 0.0
