"""Words for what a student reads in a signal: names of its features, and units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import features
from awd.filters.statistics import STATISTICS
from awd.report.figures.student import scale_name

if TYPE_CHECKING:
    from awd.report.explorer.signals import Signals

ORDINALS = {1: "", 2: "2nd ", 3: "3rd "}


def feature_name(kind: str, rank: int, band: int, student: features.Student) -> str:
    """A feature in words: what it measures, over how many samples.

    Parameters
    ----------
    kind, band
        As of :func:`awd.features.contributions`.
    rank : int
        The how many-th of this kind in its band, from 1.
    student : Student

    Examples
    --------
    >>> from awd import features
    >>> student = features.Student(features.Largest(m=3, smallest=1))
    >>> student.levels_ = 4
    >>> feature_name("largest", 2, 2, student), feature_name("smallest", 1, 4, student)
    ('2nd largest change over 4 samples', 'smallest change over 1 sample')
    >>> feature_name("position", 4, 0, student)
    'time of the smallest mean over 16 samples'
    """
    scale = over(band, student)
    if kind == "start":
        return scale
    if kind in STATISTICS:
        return f"{STATISTICS[kind]} of the {scale}"
    time, most = "time of the " * (kind == "position"), student.features.m
    if kind == "position":
        kind, rank = ("largest", rank) if rank <= most else ("smallest", rank - most)
    return f"{time}{ORDINALS.get(rank, f'{rank}th ')}{kind} {scale}"


def feature_unit(feature: Any, data: Signals) -> str:
    """Unit of a feature's value: of time where it is one, else of the signal.

    ``feature`` is a row of :func:`awd.features.contributions`; a position counts the
    coefficients of its band.
    """
    if feature.kind == "position":
        step = 2 ** (data.student.levels_ + 1 - max(feature.band, 1))
        return f"steps of {step} {time_of(data, feature.channel)}"
    if feature.kind in {"centre", "width", "rise", "fall"}:
        return time_of(data, feature.channel)
    return data.unit


def time_of(data: Signals, channel: int) -> str:
    """Unit of time of a window."""
    return data.times[channel if len(data.times) > 1 else 0]


def over(band: int, student: features.Student) -> str:
    """The name of a scale with its unit."""
    name = scale_name(band, student) + " sample"
    return name + "s" * (not name.endswith(" 1 sample"))


def digits_of(data: Signals) -> int:
    """Decimals of what is predicted: three digits of its spread."""
    spread = float(np.std(next(iter(data.predicted.values()))))
    return max(0, 2 - round(math.log10(spread))) if spread > 0 else 2
