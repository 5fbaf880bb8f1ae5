"""Mean intensities of whole tracks of like lifetimes, by condition."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import tracks
from awd.cells.figures.tracks import COHORTS, padding, whole_tracks
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

BOTH, FIRST = "1 and 2", "1"  # classes of which cohorts are shown

Key = tuple[str, str, str]  # condition, classes, cohort


class Member(NamedTuple):
    """A track of a cohort.

    ``values`` are the channels, (channels, frames), with their buffers; ``step`` is how
    many of its frames pass in one of the cohort's.
    """

    seconds: float
    step: float
    values: np.ndarray


@styled
def cohorts(cells: Sequence[xr.Dataset]) -> Figure:
    """Mean intensity of whole tracks of like lifetimes, a row a condition.

    Bold with bands are classes 1 and 2 together, dashed is class 1 alone; a cohort has
    one colour in all channels.
    """
    table, names = cohorts_table(cells), tracks.channels(cells[0])
    conditions = list(dict.fromkeys(table["condition"])) or [""]
    size = DOUBLE, 0.38 * DOUBLE * len(conditions)
    figure = Figure(figsize=size)
    axes = figure.subplots(len(conditions), len(names), squeeze=False, sharex=True)
    for row, condition in zip(axes, conditions, strict=True):
        here = table[table["condition"] == condition]
        for ax, (channel, name) in zip(row, names.items(), strict=True):
            _draw_cohorts(ax, here, channel)
            ax.set_ylabel(f"{name} ({cells[0][channel].attrs['units']})")
            if condition:
                ax.set_title(condition, loc="left")
        if len(here):
            row[-1].plot([], [], color="0.5", lw=0.8, ls="--", label="class 1 alone")
            row[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    for ax in axes[-1]:
        ax.set_xlabel("time from the start (s)")
    return figure


def _draw_cohorts(ax: Axes, table: pd.DataFrame, channel: str) -> None:
    groups = list(table[table["classes"] == BOTH].groupby("cohort", sort=False))
    alone = dict(list(table[table["classes"] == FIRST].groupby("cohort", sort=False)))
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.85, max(len(groups), 2)))
    for (cohort, own), colour in zip(groups, shades, strict=False):
        mean, error = own[channel], 1.96 * own[f"{channel}_sem"]
        label = f"{cohort} s: {own['tracks'].iloc[0]:,} tracks"
        low, high = mean - error, mean + error
        ax.fill_between(own["time_s"], low, high, color=colour, alpha=0.25, lw=0)
        if cohort in alone:
            first = alone[cohort]
            ax.plot(first["time_s"], first[channel], color=colour, lw=0.8, ls="--")
            label += f"\n({first['tracks'].iloc[0]:,} of class 1)"
        ax.plot(own["time_s"], mean, color=colour, lw=1.4, label=label)


def cohorts_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Means and standard errors of every cohort, a row a time.

    Tracks of classes 1 and 2, and of class 1 alone (complete ones where there are no
    classes), stretched to the mean lifetime of their cohort, with five frames before
    and after where all have these. Cells of a condition whose intervals differ are
    taken at the finest.
    """
    shown = list(tracks.channels(cells[0]))
    pad = min(padding(cell) for cell in cells)
    labels = [f"{a}–{b}" for a, b in itertools.pairwise(COHORTS)]
    finest: dict[str, float] = {}
    for cell in cells:
        condition, interval = _condition(cell), cell.attrs["frame_interval_s"]
        finest[condition] = min(finest.get(condition, np.inf), interval)
    members: dict[Key, list[Member]] = {}
    for cell in cells:
        condition, interval = _condition(cell), cell.attrs["frame_interval_s"]
        for category, values in whole_tracks(cell, pad, shown):
            seconds = interval * (values.shape[1] - 2 * pad)
            k = np.searchsorted(COHORTS, seconds, side="right")
            for classes in (BOTH, FIRST) if category == 1 else (BOTH,):
                if 0 < k < len(COHORTS):
                    key = condition, classes, labels[k - 1]
                    member = Member(seconds, finest[condition] / interval, values)
                    members.setdefault(key, []).append(member)
    parts = [
        _cohort(key, members[key], finest[key[0]], pad, shown)
        for key in itertools.product(finest, (BOTH, FIRST), labels)
        if len(members.get(key, ())) > 2
    ]
    columns = ["condition", "classes", "cohort", "tracks", "time_s"]
    columns += [f"{c}{end}" for c in shown for end in ("", "_sem")]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    )


def _condition(cell: xr.Dataset) -> str:
    return str(cell.attrs.get("condition", ""))


def _cohort(
    key: Key, own: Sequence[Member], interval: float, pad: int, shown: Sequence[str]
) -> pd.DataFrame:
    """Mean of the tracks of a cohort, all stretched to the mean of their lifetimes."""
    n = int(np.rint(np.mean([member.seconds for member in own]) / interval))
    stretched = np.stack([_stretched(member, n, pad) for member in own])
    names = ("condition", "classes", "cohort")
    part: dict[str, object] = dict(zip(names, key, strict=True)) | {"tracks": len(own)}
    part["time_s"] = interval * np.arange(-pad, n + pad)
    for row, channel in enumerate(shown):
        values = stretched[:, row]
        part[channel] = values.mean(0)
        part[f"{channel}_sem"] = values.std(0, ddof=1) / np.sqrt(len(values))
    return pd.DataFrame(part)


def _stretched(member: Member, n: int, pad: int) -> np.ndarray:
    """A track of ``n`` frames instead of its own; the buffers keep their time."""
    first, last = pad, member.values.shape[1] - 1 - pad
    aside = member.step * np.arange(1, pad + 1)
    inner = np.linspace(0, last - first, n)
    at = np.concatenate([-aside[::-1], inner, last - first + aside])
    frame = np.arange(-first, last + pad - first + 1)
    return np.stack([np.interp(at, frame, row) for row in member.values])
