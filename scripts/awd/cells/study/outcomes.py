"""What a clathrin track is called after its slave: the published outcomes and filters.

Source: the loaders of the molecular partner prediction study (Yu-Group), described in
Ha et al. 2021 (arXiv 2107.09145), appendix; every constant is theirs. A slave trace is
in counts, its p-values are those of the amplitudes of each frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.cells import tracks
from awd.errors import DataError

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Rules:
    """The published constants; fractions are of a track's lifetime."""

    significant: float = 0.05  # p-value of a frame
    bright: float = 642.375  # counts, of the older outcome
    deviations: float = 3.25  # s.d. above the mean maximum, of another older one
    conservative: float = 973.0  # counts: auxilin whatever the p-values
    hotspot_frames: int = 5  # significant frames of a hotspot, at least
    hotspot_gap: int = 2  # frames between its bursts, more than
    early: float = 0.2  # a slave that peaks before is no auxilin
    drop: float = 260.0  # counts that the master falls by
    drop_peak: float = 560.0  # counts of the slave that goes with such a fall
    before: float = 0.2  # how long before the slave's peak that fall may begin
    after: float = 0.1  # and how long after


@dataclass(frozen=True)
class Trace:
    """One track, counts a frame, and in which frames the slave is significant."""

    master: np.ndarray
    slave: np.ndarray
    significant: np.ndarray


def single_sig(trace: Trace, rules: Rules) -> bool:
    """A significant frame."""
    return bool(trace.significant.any())


def double_sig(trace: Trace, rules: Rules) -> bool:
    """At least two significant frames."""
    return bool(trace.significant.sum() >= 2)


def consec_sig(trace: Trace, rules: Rules) -> bool:
    """Two significant frames in a row."""
    return bool((trace.significant[1:] & trace.significant[:-1]).any())


def conservative_thresh(trace: Trace, rules: Rules) -> bool:
    """A slave whose maximum is above 973 counts."""
    return bool(trace.slave.max() > rules.conservative)


def consec_thresh(trace: Trace, rules: Rules) -> bool:
    """Two significant frames in a row, or a maximum above 973 counts."""
    return consec_sig(trace, rules) or conservative_thresh(trace, rules)


def bright(trace: Trace, rules: Rules) -> bool:
    """A slave whose maximum is above 642 counts, the older outcome."""
    return bool(trace.slave.max() > rules.bright)


def rule_based(trace: Trace, rules: Rules) -> bool:
    """Not early, and ``consec_thresh`` or a bright slave where the master falls.

    The fall is from the largest master about the slave's peak, from 20 % of the
    lifetime before it to 10 % after, to the largest one after that.
    """
    n, peak = len(trace.slave), int(trace.slave.argmax())
    if peak < rules.early * n:
        return False
    if consec_thresh(trace, rules):
        return True
    start, stop = max(0, int(peak - rules.before * n)), int(peak + rules.after * n) + 1
    if stop >= n or trace.slave[peak] <= rules.drop_peak:
        return False
    fall = trace.master[start:stop].max() - trace.master[stop:].max()
    return bool(fall > rules.drop)


def hotspot(trace: Trace, rules: Rules) -> bool:
    """Whether several bursts follow each other at one place.

    At least five significant frames, and more than two frames between places where two
    of them follow each other.
    """
    if trace.significant.sum() < rules.hotspot_frames:
        return False
    runs = np.flatnonzero(trace.significant[1:] & trace.significant[:-1])
    return bool((np.diff(runs) > rules.hotspot_gap).any())


OUTCOMES: dict[str, Callable[[Trace, Rules], bool]] = {
    function.__name__: function
    for function in (
        single_sig,
        double_sig,
        consec_sig,
        conservative_thresh,
        consec_thresh,
        bright,
        rule_based,
        hotspot,
    )
}


def outcomes(traces: Sequence[Trace], rules: Rules) -> dict[str, np.ndarray]:
    """Every outcome of every track, bool.

    Beside :data:`OUTCOMES` there is ``deviating``: a maximum of the slave more than
    3.25 s.d. above the mean of all.
    """
    found = {
        name: np.array([function(trace, rules) for trace in traces], bool)
        for name, function in OUTCOMES.items()
    }
    top = np.array([trace.slave.max() for trace in traces])
    if len(top):
        top = top > top.mean() + rules.deviations * top.std()
    return found | {"deviating": top.astype(bool)}


def of_tracks(
    cell: xr.Dataset, which: np.ndarray, rules: Rules | None = None
) -> dict[str, np.ndarray]:
    """Outcomes of some tracks of a cell; none where the slave has no p-values.

    Parameters
    ----------
    cell : Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`.
    which : array of int
        Indices of tracks.
    rules : Rules, optional
    """
    if "slave_p" not in cell:
        return {}
    rules, edges = rules or Rules(), tracks.starts(cell)
    columns = [cell[name].values for name in ("master", "slave", "slave_p")]
    traces = []
    for k in which:
        master, slave, p = (column[edges[k] : edges[k + 1]] for column in columns)
        traces.append(Trace(master, slave, p < rules.significant))
    return outcomes(traces, rules)


@checked(lifetime="n", positive="n", accuracy=(0.5, 1))
def buckets(
    lifetime: np.ndarray, positive: np.ndarray, accuracy: float = 0.95
) -> tuple[float, float]:
    """Lifetimes that alone tell the outcome: up to the first, from the second on.

    Parameters
    ----------
    lifetime : array of shape (track,)
        Of the tracks of the training cells.
    positive : array of bool of shape (track,)
        Their outcome, ``consec_thresh`` as published.
    accuracy : float
        Share of the short tracks that are negative, of the long ones that are positive.

    Returns
    -------
    short, long : float
        The largest lifetime at or below which that share is negative, and the smallest
        at or above which it is positive; minus and plus infinity where there is none.
    """
    if len(lifetime) != len(positive) or not len(lifetime):
        raise DataError(f"{len(lifetime)} lifetimes for {len(positive)} outcomes")
    order = np.argsort(lifetime, kind="stable")
    sorted_, outcome = lifetime[order], np.asarray(positive, float)[order]
    count = np.arange(1, len(sorted_) + 1)
    # At equal lifetimes only the last (first) stands for all of them.
    last = np.append(np.diff(sorted_) > 0, True)
    first = np.append(True, np.diff(sorted_) > 0)
    negative = 1 - np.cumsum(outcome) / count
    share = np.cumsum(outcome[::-1])[::-1] / count[::-1]
    short = sorted_[last & (negative >= accuracy)]
    long = sorted_[first & (share >= accuracy)]
    return (
        float(short[-1]) if len(short) else -np.inf,
        float(long[0]) if len(long) else np.inf,
    )
