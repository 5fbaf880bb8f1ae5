"""One channel of a movie: frames that are read when asked for, and clipped ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from awd.errors import DataError

SATURATED = 0.01  # share of pixels of a frame that a camera has clipped
# Values at which cameras clip: of so many bits, also shifted to the top of 16.
CLIPPING = {2**bits - 1 for bits in range(8, 17)}
CLIPPING |= {(2**bits - 1) << (16 - bits) for bits in range(10, 16)}
REPEATED = 3.0  # times as many pixels at the top as at a value near below it
LEAST = 3  # pixels at the top

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


def require_unclipped(frames: Frames) -> None:
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
