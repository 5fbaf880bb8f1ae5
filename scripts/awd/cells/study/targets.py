"""What the slave does along a track, as a number: the targets that are predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.cells import tracks
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

START = 3  # frames whose mean is the level before anything happened
SIGNIFICANT = 0.05


def mean0(slave: np.ndarray, p: np.ndarray | None) -> float:
    """Mean of the slave above its start level."""
    return slave.mean() - slave[:START].mean()


def max0(slave: np.ndarray, p: np.ndarray | None) -> float:
    """Largest three-frame mean of the slave above its start level."""
    running = np.convolve(slave, np.full(START, 1 / START), "valid")
    return running.max() - slave[:START].mean()


def half(slave: np.ndarray, p: np.ndarray | None) -> float:
    """Mean of the slave in the second half of the track minus that in the first."""
    middle = len(slave) // 2
    return slave[middle:].mean() - slave[:middle].mean()


def sig_mean(slave: np.ndarray, p: np.ndarray | None) -> float:
    """Mean of the slave over its significant frames, 0 without one (``Y_sig_mean``)."""
    if p is None:
        raise DataError("sig_mean needs the slave's p-values")
    significant = slave[p < SIGNIFICANT]
    return significant.mean() if significant.size else 0.0


# The first three read a slave that is z-scored over all observations of its cell;
# sig_mean reads counts and is z-scored over the tracks of its cell, as published.
TARGETS: dict[str, Callable[[np.ndarray, np.ndarray | None], float]] = {
    "mean0": mean0,
    "max0": max0,
    "half": half,
    "sig_mean": sig_mean,
}


def of_tracks(cell: xr.Dataset, target: str, spans: Sequence[slice]) -> np.ndarray:
    """A target of some tracks, in s.d. of their cell.

    Parameters
    ----------
    cell : Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`.
    target : str
        A key of :data:`TARGETS`.
    spans : sequence of slice
        Where the observations of each track stand.

    Raises
    ------
    DataError
        There is no such target, or the slave has no p-values and it needs them.
    """
    if target not in TARGETS:
        raise DataError(f"no target {target!r}; there is {', '.join(TARGETS)}")
    frame, slave = cell["frame"].values, cell["slave"].values.astype(np.float64)
    function = TARGETS[target]
    if target == "sig_mean":
        if "slave_p" not in cell:
            raise DataError(
                f"{cell.attrs['cell']}: sig_mean needs p-values of the slave "
                "(slave_p), which these tracks lack; use mean0, max0 or half"
            )
        p = cell["slave_p"].values
        values = np.array([function(slave[s], p[s]) for s in spans])
        # A cell without any significant frame has nothing to divide by.
        return (values - values.mean()) / (values.std() or 1.0)
    slave = (slave - slave.mean()) / slave.std()
    filled = (tracks.fill_gaps(frame[s], slave[s]) for s in spans)
    return np.array([function(trace, None) for trace in filled])
