"""Samples of unequal length, and samples with gaps, as what the method reads.

Both go as in the sciences: a signal is read through the windows of tracks
(:mod:`awd.cells.study.windows`), what a mask hides is filled as in maps
(:mod:`awd.maps.measure.masks`). Networks and students then read samples of one length
without gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd.cells.study.windows import WINDOWS
from awd.errors import DataError, ShapeError
from awd.samples import counted_from, require_finite, require_samples

if TYPE_CHECKING:
    from awd.portable.parts import Sample

SEEN, FILLED, BEYOND = 1, 0, -1  # what a mask says of a value


class Cut(NamedTuple):
    """Samples as the method reads them.

    Attributes
    ----------
    x : ndarray of shape (n, [channel,] time) or (n, [channel,] y, x)
        Beyond the ends of a sample it is 0.
    mask : ndarray of int8 of the shape of ``x``, or None
        SEEN, FILLED or BEYOND; None where all was seen.
    length : ndarray of shape (n,), or None
        Of every sample, where they differ and at the most that of a window.
    names : tuple of str
        Of the channels, where there are several windows.
    """

    x: np.ndarray
    mask: np.ndarray | None = None
    length: np.ndarray | None = None
    names: tuple[str, ...] = ()


def cut(
    found: Mapping[str, np.ndarray],
    dims: int,
    windows: Sequence[str] = ("whole",),
    size: int | None = None,
    first: int = 0,
) -> Cut:
    """Gaps are filled, and signals of any length brought to one.

    Parameters
    ----------
    found : mapping
        ``x`` (n, [channel,] time) or (n, [channel,] y, x), and where samples have gaps
        or ends ``mask`` (n, time) or (n, y, x), 0 where nothing was seen, the same for
        all channels, and ``length`` (n,), from which on there is nothing. What ``x``
        holds there is not looked at.
    dims : {1, 2}
    windows : sequence of str
        Names in :data:`awd.cells.study.windows.WINDOWS`; each gives a channel of every
        channel.
    size : int, optional
        Length of a window; by default that of the longest sample.
    first : int
        Number of the first sample, where these are a block of more: for errors.

    Raises
    ------
    ShapeError, DataError
        A mask or the lengths do not fit the samples, a sample shows nothing, or is not
        finite where it was seen.
    """
    x = found["x"]
    length = lengths(found, dims)
    require_fitting(found, dims)
    seen = _seen(found)
    if length is not None:
        inside = np.arange(x.shape[-1]) < length[:, None]
        seen = inside if seen is None else seen & inside
    if seen is None:
        require_finite(x, first=first)
    else:
        x = _filled(x, seen, dims, "mask" in found, first)
    usual = [*windows] == ["whole"] and size in (None, x.shape[-1])
    if length is None and (dims == 2 or usual):
        return Cut(x, None if seen is None else _as(x, seen).astype(np.int8))
    return _windowed(x, seen, length, windows, size)


def names_of(channels: Sequence[str]) -> tuple[str, ...]:
    """The windows of which channels with these names are; ("whole",) of any others."""
    found = tuple(dict.fromkeys(name.split(" ")[0] for name in channels))
    return found if found and {*found} <= {*WINDOWS} else ("whole",)


def partly(found: Mapping[str, np.ndarray]) -> bool:
    """Whether samples come with their ends or gaps: not all of ``x`` was seen."""
    return bool({"length", "mask"} & {*found})


def at_home(found: Mapping[str, np.ndarray], sample: Sample) -> np.ndarray:
    """Samples as a model reads them that was fitted to windows, or to filled gaps.

    As :func:`cut`, by what stands in ``found`` and the names of the model's channels;
    beyond its ends a sample holds the centre of its channel, which is 0 to the model,
    as it was in its study.
    """
    windows = names_of(sample.channels)
    come = np.shape(found["x"])[1:] != sample.shape and windows != ("whole",)
    if not come and not partly(found):
        return found["x"]
    x = require_samples(found["x"], sample.dims)
    done = cut({**found, "x": x}, sample.dims, windows, sample.shape[-1])
    if done.mask is None or not sample.centre:
        return done.x
    centre = sample.columns(sample.centre, done.x)
    return np.where(done.mask == BEYOND, centre, done.x)


def lengths(found: Mapping[str, Any], dims: int) -> np.ndarray | None:
    """Where every sample ends, (n,) int; None where nothing says so.

    Raises
    ------
    ShapeError, DataError
        There is not one a sample, or it is none; images have none.
    """
    if "length" not in found:
        return None
    if dims == 2:
        raise DataError(
            "images have no length; say with a mask (n, y, x) which pixels were seen"
        )
    given, shape = np.asarray(found["length"]), found["x"].shape
    if given.shape != shape[:1]:
        raise ShapeError(
            f"length is {given.shape}; expected one a sample, ({shape[0]},)"
        )
    most = shape[-1]
    wrong = given
    if given.dtype.kind in "fiu":
        wrong = given[~((given % 1 == 0) & (given >= 1) & (given <= most))]
    if wrong.size:
        raise DataError(
            f"length holds {wrong[0]}; expected whole numbers from 1 to {most}, the "
            "length of x"
        )
    return given.astype(int)


def require_fitting(found: Mapping[str, Any], dims: int) -> None:
    """Refuse a mask of another shape than that of the samples."""
    if "mask" not in found:
        return
    shape = found["x"].shape
    expected = (shape[0], *shape[-dims:])
    if np.shape(found["mask"]) != expected:
        raise ShapeError(
            f"mask is {np.shape(found['mask'])}; expected {expected}, the same for all "
            "channels"
        )


def _seen(found: Mapping[str, np.ndarray]) -> np.ndarray | None:
    if "mask" not in found:
        return None
    given = np.asarray(found["mask"])
    if given.dtype.kind not in "fiub" or not ((given == 0) | (given == 1)).all():
        raise DataError(
            f"mask holds more than 0 and 1 (dtype {given.dtype}); expected 1 where a "
            "value was seen, 0 where not"
        )
    return given.astype(bool)


def _filled(
    x: np.ndarray, seen: np.ndarray, dims: int, gaps: bool, first: int
) -> np.ndarray:
    """What was not seen holds means of what was seen around it; 0 without gaps."""
    from awd.maps.measure import masks

    blind = ~seen.any(tuple(range(1, seen.ndim)))
    if blind.any():
        raise DataError(
            f"mask hides all of {blind.sum()} of {len(x)} samples"
            f"{counted_from(first)}, first of sample {first + int(blind.argmax())}; "
            "leave them out"
        )
    hidden = ~_as(x, seen)
    x = np.where(hidden, x.dtype.type(0), x)
    require_finite(x, first=first)
    if not gaps:
        return x
    images = x if dims == 2 else x[..., None, :]
    return masks.filled(images, seen if dims == 2 else seen[:, None]).reshape(x.shape)


def _as(x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Of all channels what is seen of each."""
    return np.broadcast_to(seen if seen.ndim == x.ndim else seen[:, None], x.shape)


def _windowed(
    x: np.ndarray,
    seen: np.ndarray | None,
    length: np.ndarray | None,
    windows: Sequence[str],
    size: int | None,
) -> Cut:
    """Signals and their masks through the same windows, a channel each."""
    single = x.ndim == 2
    x = x[:, None] if single else x
    n, channels, most = x.shape
    ends = np.full(n, most) if length is None else length
    size = size or int(ends.max())
    seen = np.ones((n, most), bool) if seen is None else seen
    marks = np.where(seen, SEEN - BEYOND, FILLED - BEYOND)  # of which windows add 0s
    out = np.empty((n, len(windows), channels, size), x.dtype)
    mask = np.empty((n, len(windows), 1, size), np.int8)
    for row, end in enumerate(ends):
        for place, name in enumerate(windows):
            of = WINDOWS[name]
            mask[row, place, 0] = of(marks[row, :end], size) + BEYOND
            for channel in range(channels):
                out[row, place, channel] = of(x[row, channel, :end], size)
    several = len(windows) * channels > 1
    shape = (n, len(windows) * channels, size) if several or not single else (n, size)
    whole = np.broadcast_to(mask, out.shape).reshape(shape)
    names = [
        f"{name} {channel}" if channels > 1 else name
        for name in windows
        for channel in range(channels)
    ]
    return Cut(
        out.reshape(shape),
        None if (whole == SEEN).all() else whole,
        None if length is None else np.minimum(length, size),
        tuple(names) if len(windows) > 1 else (),
    )
