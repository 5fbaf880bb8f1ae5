"""Windows of a track: what the method reads of it, of one length for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr


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
