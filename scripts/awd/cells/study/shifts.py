"""What may differ at another microscope: noisier frames, or fewer of them.

A shift changes the master as it is read, on every frame of a track. Which tracks are
kept and what their slave did stay as they are, so that the same tracks are predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from awd.arguments import checked
from awd.cells import tracks
from awd.errors import DataError

# S.d. of a Gaussian over its median absolute deviation.
GAUSSIAN = 1.4826


class Shift(NamedTuple):
    """How the frames of another microscope differ.

    ``noise`` is the s.d. of a frame's noise over what it was, ``step`` the interval
    between frames over what it was; ``resampled``: frames between are interpolated, as
    who knows both intervals will do before asking a network.
    """

    noise: float = 1.0
    step: int = 1
    resampled: bool = False

    @property
    def interval(self) -> int:
        """Time between the frames that are read, over what it was."""
        return 1 if self.resampled else self.step


SHIFTS = {
    "none": Shift(),
    "noise": Shift(noise=3.0),
    "interval": Shift(step=2),
    "resampled": Shift(step=2, resampled=True),
}


@checked()
def named(name: str) -> Shift:
    """The shift of a name.

    Raises
    ------
    DataError
        There is no such shift.
    """
    if name not in SHIFTS:
        raise DataError(f"no shift {name!r}; there is {', '.join(SHIFTS)}")
    return SHIFTS[name]


@checked(traces="...")
def frame_noise(traces: Sequence[np.ndarray]) -> float:
    """S.d. of the noise of a frame, in the unit of the traces.

    From the median absolute difference of frames that follow each other, in which a
    signal that changes slowly, and its few jumps, hardly count; white noise stands in
    it twice.

    Parameters
    ----------
    traces : sequence of arrays of shape (frames,)
        All tracks of a cell, each of at least two frames.
    """
    steps = np.concatenate([np.diff(trace) for trace in traces])
    return float(GAUSSIAN * np.median(np.abs(steps)) / np.sqrt(2))


def apply(
    shift: Shift, traces: Sequence[np.ndarray], rng: np.random.Generator
) -> list[np.ndarray]:
    """The traces of a cell as another microscope would have read them.

    Parameters
    ----------
    shift : Shift
    traces : sequence of arrays of shape (frames,)
        Master of whole tracks, every frame.
    rng : numpy Generator
        Of the noise that is added.

    Returns
    -------
    list of arrays of shape (ceil(frames / step),)
        From the first to the last frame that is there, where they are resampled.
    """
    if shift.noise > 1:
        sd = frame_noise(traces) * np.sqrt(shift.noise**2 - 1)
        traces = [trace + rng.normal(scale=sd, size=len(trace)) for trace in traces]
    sampled = [trace[:: shift.step] for trace in traces]
    if shift.resampled:
        frames = [shift.step * np.arange(len(trace)) for trace in sampled]
        return [tracks.fill_gaps(*pair) for pair in zip(frames, sampled, strict=True)]
    return sampled
