"""Windows: signals of any length as what the method reads, of one length for all.

Tracks of cells and samples of one's own are read through the same windows, a channel
each; what a mask hides is filled as in maps (:mod:`awd.gaps`). Networks and students
then read samples of one length without gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from awd import gaps
from awd.arguments import checked
from awd.errors import DataError
from awd.gaps import BEYOND, FILLED, SEEN
from awd.samples import require_samples

if TYPE_CHECKING:
    import xarray as xr

    from awd.portable.parts import Sample


def whole(trace: np.ndarray, length: int) -> np.ndarray:
    """A trace of ``length`` samples: picked without averaging, or padded with zeros.

    Of a longer trace the samples ``floor((n - 1) i / (length - 1))`` are taken; a
    shorter one gets zeros at its end (as published).
    """
    n = len(trace)
    if n >= length:
        return trace[np.arange(length) * (n - 1) // (length - 1)]
    return np.concatenate([trace, np.zeros(length - n, trace.dtype)])


def end(trace: np.ndarray, length: int) -> np.ndarray:
    """The last ``length`` frames of a trace, zeros before a shorter one.

    What ends a pit (loss of its coat, scission) stands at one place here, and at full
    rate; in the whole trace it stands anywhere, and in every second frame or fewer.
    """
    n = len(trace)
    return np.concatenate([np.zeros(max(length - n, 0), trace.dtype), trace[-length:]])


WINDOWS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "whole": whole,
    "end": end,
}


@checked(traces="...", length=(2, 1e6), names=tuple(WINDOWS))
def windowed(
    traces: Sequence[np.ndarray], length: int, names: Sequence[str]
) -> xr.DataArray:
    """Windows of every trace as channels; a single one is no channel."""
    import xarray as xr

    unknown = [name for name in names if name not in WINDOWS]
    if unknown or not names:
        raise DataError(f"no window {unknown}; there is {', '.join(WINDOWS)}")
    cut = [[WINDOWS[name](trace, length) for name in names] for trace in traces]
    x = xr.DataArray(
        np.array(cut, np.float32),
        dims=("sample", "channel", "time"),
        coords={"channel": list(names)},
    )
    return x.isel(channel=0, drop=True) if len(names) == 1 else x


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
        Names in :data:`WINDOWS`; each gives a channel of every
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
    x, seen, length = gaps.mended(found, dims, first)
    usual = [*windows] == ["whole"] and size in (None, x.shape[-1])
    if length is None and (dims == 2 or usual):
        return Cut(x, None if seen is None else gaps.spread(seen, x).astype(np.int8))
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
