"""What a biologist would note of a clathrin trace: 17 numbers, no slave, no wavelet.

Ha et al. 2021 compare with models of 17 features made by hand. These are ours, and each
function says its unit; together they are the rows of :data:`FEATURES`. A trace is
the filled master of a whole track, in counts a frame, of at least two frames.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from awd.arguments import checked

EDGE = 3  # frames whose mean is the level of a trace at its start and at its end


def lifetime(trace: np.ndarray) -> float:
    """Frames from the first to the last, both counted."""
    return len(trace)


def maximum(trace: np.ndarray) -> float:
    """Largest value, counts."""
    return trace.max()


def mean(trace: np.ndarray) -> float:
    """Mean, counts."""
    return trace.mean()


def sd(trace: np.ndarray) -> float:
    """Population s.d., counts."""
    return trace.std()


def start(trace: np.ndarray) -> float:
    """Mean of the first three frames, counts."""
    return trace[:EDGE].mean()


def end(trace: np.ndarray) -> float:
    """Mean of the last three frames, counts."""
    return trace[-EDGE:].mean()


def peak_time(trace: np.ndarray) -> float:
    """When the maximum is reached: 0 in the first frame, 1 in the last."""
    return trace.argmax() / (len(trace) - 1)


def rise(trace: np.ndarray) -> float:
    """Largest rise from a frame to the next (negative if there is none), counts."""
    return np.diff(trace).max()


def fall(trace: np.ndarray) -> float:
    """Largest fall from a frame to the next (negative if there is none), counts."""
    return -np.diff(trace).min()


def high(trace: np.ndarray) -> float:
    """Frames above half of the maximum."""
    return (trace > trace.max() / 2).sum()


def skewness(trace: np.ndarray) -> float:
    """Mean cube of the standardised trace, 0 for a constant one; no unit."""
    return (_standardised(trace) ** 3).mean()


def kurtosis(trace: np.ndarray) -> float:
    """Mean fourth power of the standardised trace, 0 for a constant one; no unit."""
    return (_standardised(trace) ** 4).mean()


def peaks(trace: np.ndarray) -> float:
    """How many three-frame means are larger than both of their neighbours."""
    up = np.diff(np.convolve(trace, np.full(EDGE, 1 / EDGE), "valid")) > 0
    return (up[:-1] & ~up[1:]).sum()


def slope_start(trace: np.ndarray) -> float:
    """Slope of the first third, counts a frame."""
    return _slope(trace[: _third(trace)])


def slope_end(trace: np.ndarray) -> float:
    """Slope of the last third, counts a frame."""
    return _slope(trace[-_third(trace) :])


def half(trace: np.ndarray) -> float:
    """Mean of the second half minus that of the first, counts."""
    middle = len(trace) // 2
    return trace[middle:].mean() - trace[:middle].mean()


def roughness(trace: np.ndarray) -> float:
    """Median absolute difference of a frame from the one before it, counts."""
    return np.median(np.abs(np.diff(trace)))


FEATURES: dict[str, Callable[[np.ndarray], float]] = {
    function.__name__: function
    for function in (
        lifetime,
        maximum,
        mean,
        sd,
        start,
        end,
        peak_time,
        rise,
        fall,
        high,
        skewness,
        kurtosis,
        peaks,
        slope_start,
        slope_end,
        half,
        roughness,
    )
}


@checked(trace="frames")
def features(trace: np.ndarray) -> np.ndarray:
    """All of :data:`FEATURES`, in their order.

    Parameters
    ----------
    trace : array of shape (frames,)
        Master of a whole track, every frame, counts.

    Returns
    -------
    array of shape (17,), float64
    """
    trace = np.asarray(trace, np.float64)
    return np.array([function(trace) for function in FEATURES.values()], np.float64)


def _standardised(trace: np.ndarray) -> np.ndarray:
    spread = trace.std()
    return (trace - trace.mean()) / spread if spread else np.zeros(len(trace))


def _third(trace: np.ndarray) -> int:
    """Frames of a third, enough for a slope."""
    return max(2, len(trace) // 3)


def _slope(trace: np.ndarray) -> float:
    """Slope of the least-squares line."""
    time = np.arange(len(trace)) - (len(trace) - 1) / 2
    return time @ trace / (time @ time)
