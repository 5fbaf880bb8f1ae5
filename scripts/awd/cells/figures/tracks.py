"""What tracks look like together: lifetimes, cohorts, traces, by condition."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import measures, tracks
from awd.cells.classify import BUFFER
from awd.cells.figures.tracking import category_of
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

CLASSES = {
    1: ("whole", "#0072B2"),
    2: ("whole, doubtful", "#E69F00"),
    3: ("cut", "#009E73"),
    4: ("all the time", "#CC79A7"),
}
COLOURS = {"master": "#0072B2", "slave": "#D55E00", "third": "#009E73"}
CONDITIONS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
WHOLE = (1, 2)  # classes of tracks that are seen from start to end
BOTH, FIRST = "1 and 2", "1"  # classes of which cohorts are shown
COHORTS = (10, 20, 40, 60, 80, 120)  # bounds of lifetimes, s
SIGNIFICANT = 0.05  # p-value of the slave, below
FITTED = 30  # tracks that a sum of two exponentials is fitted to, at least
SOME = 10  # tracks of which a share is shown, at least
SHOWN, LONG = 6, 20  # example traces, and their frames at least


@styled
def lifetimes(cells: Sequence[xr.Dataset]) -> Figure:
    """Lifetimes by class, how whole tracks die out by condition, and what is class 1.

    Dotted lines are sums of two exponentials, fitted by :func:`two_exponentials`.
    """
    table = lifetimes_table(cells)
    figure = Figure(figsize=(DOUBLE, 0.36 * DOUBLE))
    by_class, survival, share = figure.subplots(1, 3)
    _by_class(by_class, table, min(c.attrs["frame_interval_s"] for c in cells))
    whole = table[table["category"].isin(WHOLE)]
    for (name, own), colour in zip(
        whole.groupby("condition", sort=False), CONDITIONS, strict=False
    ):
        label = f"{name}: " if name else ""
        _survival(survival, own, colour, label)
        known = own[own["category"].eq(1).groupby(own["cell"]).transform("any")]
        middle, part = _share_of_first(known)
        share.plot(middle, part, "o-", ms=3, color=colour, label=name or None)
    survival.set(xscale="log", xlabel="lifetime (s)", ylim=(0, 1.02))
    survival.set_ylabel("share that lives longer")
    share.set(xlabel="lifetime (s)", ylabel="share of class 1 of whole tracks")
    share.set(xscale="log", ylim=(0, 1.02))
    for ax in (survival, share):
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    if survival.get_legend_handles_labels()[0]:
        survival.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    if share.get_legend_handles_labels()[0]:
        share.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def _by_class(ax: Axes, table: pd.DataFrame, interval: float) -> None:
    # Lifetimes are whole frames: edges between them, or bins would hold uneven numbers.
    shortest, longest = table["lifetime_s"].agg(["min", "max"]) / interval
    edges = np.geomspace(max(shortest, 1), longest + 1, 25)
    bins = interval * (np.unique(np.rint(edges)) - 0.5)
    for k, (name, colour) in CLASSES.items():
        own = table.loc[table["category"] == k, "lifetime_s"]
        if len(own):
            label = f"{name}: {len(own)}, median {own.median():.3g} s"
            counts = np.histogram(own, bins)[0] / np.diff(bins)
            ax.stairs(counts, bins, color=colour, lw=1.2, label=label)
    ax.set(xscale="log", yscale="log", xlabel="lifetime (s)")
    ax.set_ylabel("tracks per second of lifetime")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1))


def _survival(ax: Axes, own: pd.DataFrame, colour: str, label: str) -> None:
    """Share of whole tracks that live longer, and what is fitted to it."""
    own = own.sort_values("lifetime_s")
    seconds, weight = own["lifetime_s"].to_numpy(), own["weight"].to_numpy()
    left = 1 - np.cumsum(weight) / weight.sum()
    text = f"{label}{len(own)} whole"
    if len(own) >= FITTED:
        shares, means, start = two_exponentials(seconds, weight)
        at = np.geomspace(max(start, 1e-3), seconds.max(), 100)
        curve = shares @ np.exp(-(at - start) / means[:, None])
        ax.plot(at, curve, color=colour, lw=1, ls=":")
        text += (
            f"; {shares[0]:.0%} last {means[0]:.2g} s, {shares[1]:.0%} {means[1]:.2g} s"
        )
    ax.step(seconds, left, where="post", color=colour, lw=1.2, label=text)


def two_exponentials(
    seconds: np.ndarray, weight: np.ndarray, rounds: int = 300
) -> tuple[np.ndarray, np.ndarray, float]:
    """Most likely sum of two exponentials, by expectation and maximisation.

    Parameters
    ----------
    seconds : array of shape (tracks,)
        Lifetimes, s; the shortest is where both begin.
    weight : array of shape (tracks,)
        How many tracks each stands for.
    rounds : int
        Of expectation and maximisation.

    Returns
    -------
    shares, means : arrays of shape (2,)
        The shorter first; means, s, count from the shortest lifetime.
    start : float
        That, s.
    """
    start = float(seconds.min())
    since = seconds - start
    mean = max(np.average(since, weights=weight), 1e-9)
    means, shares = mean * np.array([0.3, 2.0]), np.array([0.5, 0.5])
    for _ in range(rounds):
        density = shares / means * np.exp(-since[:, None] / means)
        owed = density / np.maximum(density.sum(1, keepdims=True), 1e-300)
        owed *= weight[:, None]
        total = np.maximum(owed.sum(0), 1e-12)
        means = np.maximum((owed * since[:, None]).sum(0) / total, 1e-6 * mean)
        shares = total / total.sum()
    order = np.argsort(means)
    return shares[order], means[order], start


def _share_of_first(own: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Share of class 1 among whole tracks by lifetime, where there are some."""
    middles, shares = [], []
    for low, high in itertools.pairwise((0, *COHORTS, np.inf)):
        inside = own[own["lifetime_s"].between(low, high, inclusive="left")]
        if len(inside) >= SOME:
            middles.append(float(inside["lifetime_s"].median()))
            shares.append(float((inside["category"] == 1).mean()))
    return middles, shares


def lifetimes_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Lifetime and class of every track of every cell, and its condition.

    ``weight`` corrects whole tracks for the length of the movie: of those that last L
    of N frames only the share (N - 2 buffers - L) / N can be seen from start to end.
    """
    parts = []
    for cell in cells:
        category, lifetime = category_of(cell), tracks.lifetimes(cell)
        frames = int(cell["frame"].values.max()) + 1
        possible = np.maximum(frames - 2 * BUFFER - lifetime + 1, 1)
        parts.append(
            pd.DataFrame(
                {
                    "cell": cell.attrs["cell"],
                    "condition": cell.attrs.get("condition", ""),
                    "category": category,
                    "lifetime_s": cell.attrs["frame_interval_s"] * lifetime,
                    "weight": np.where(np.isin(category, WHOLE), frames / possible, 1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@styled
def cohorts(cells: Sequence[xr.Dataset]) -> Figure:
    """Mean intensity of whole tracks of like lifetimes, a row a condition.

    Bold with bands are classes 1 and 2 together, thin is class 1 alone.
    """
    table, names = cohorts_table(cells), tracks.channels(cells[0])
    conditions = list(dict.fromkeys(table["condition"])) or [""]
    size = DOUBLE, 0.36 * DOUBLE * len(conditions) + 0.3
    figure = Figure(figsize=size)
    axes = figure.subplots(len(conditions), len(names), squeeze=False, sharex=True)
    for row, condition in zip(axes, conditions, strict=True):
        here = table[table["condition"] == condition]
        for ax, (channel, name) in zip(row, names.items(), strict=True):
            _draw_cohorts(ax, here, channel)
            ax.set_ylabel(f"{name} ({cells[0][channel].attrs['units']})")
            if condition:
                ax.set_title(condition, loc="left")
        for ax in row if len(here) else ():
            ax.plot([], [], color="0.5", lw=0.6, ls="--", label="class 1 alone")
            ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    for ax in axes[-1]:
        ax.set_xlabel("time from the start (s)")
    return figure


def _draw_cohorts(ax: Axes, table: pd.DataFrame, channel: str) -> None:
    groups = list(table[table["classes"] == BOTH].groupby("cohort", sort=False))
    alone = dict(list(table[table["classes"] == FIRST].groupby("cohort", sort=False)))
    for k, (cohort, own) in enumerate(groups):
        colour = _shade(COLOURS[channel], k, len(groups))
        mean, error = own[channel], 1.96 * own[f"{channel}_sem"]
        label = f"{cohort} s, n = {own['tracks'].iloc[0]}"
        ax.plot(own["time_s"], mean, color=colour, lw=1.4, label=label)
        low, high = mean - error, mean + error
        ax.fill_between(own["time_s"], low, high, color=colour, alpha=0.25, lw=0)
        if cohort in alone:
            first = alone[cohort]
            ax.plot(first["time_s"], first[channel], color=colour, lw=0.6, ls="--")


def cohorts_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Means and standard errors of every cohort, a row a time.

    Tracks of classes 1 and 2, and of class 1 alone (complete ones where there are no
    classes), stretched to the mean lifetime of their cohort, with five frames before
    and after where all have these. Cells of a condition whose intervals differ are
    taken at the finest.
    """
    shown = list(tracks.channels(cells[0]))
    pad = min(_padding(cell) for cell in cells)
    interval = min(cell.attrs["frame_interval_s"] for cell in cells)
    labels = [f"{a}–{b}" for a, b in itertools.pairwise(COHORTS)]
    traces: dict[tuple[str, str, str], list[tuple[float, np.ndarray]]] = {}
    for cell in cells:
        for category, both in _whole(cell, pad, shown):
            seconds = cell.attrs["frame_interval_s"] * (both.shape[1] - 2 * pad)
            k = np.searchsorted(COHORTS, seconds, side="right")
            for classes in (BOTH, FIRST) if category == 1 else (BOTH,):
                if 0 < k < len(COHORTS):
                    key = cell.attrs.get("condition", ""), classes, labels[k - 1]
                    traces.setdefault(key, []).append((seconds, both))
    conditions = dict.fromkeys(cell.attrs.get("condition", "") for cell in cells)
    parts = [
        _cohort(key, traces[key], interval, pad, shown)
        for key in itertools.product(conditions, (BOTH, FIRST), labels)
        if len(traces.get(key, ())) > 2
    ]
    columns = ["condition", "classes", "cohort", "tracks", "time_s"]
    columns += [f"{c}{end}" for c in shown for end in ("", "_sem")]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    )


def _cohort(
    key: tuple[str, ...],
    own: Sequence[tuple[float, np.ndarray]],
    interval: float,
    pad: int,
    shown: Sequence[str],
) -> pd.DataFrame:
    n = int(np.rint(np.mean([seconds for seconds, _ in own]) / interval))
    stretched = np.stack([_stretched(both, n, pad) for _, both in own])
    names = ("condition", "classes", "cohort")
    part: dict[str, object] = dict(zip(names, key, strict=True)) | {"tracks": len(own)}
    part["time_s"] = interval * np.arange(-pad, n + pad)
    for row, channel in enumerate(shown):
        values = stretched[:, row]
        part[channel] = values.mean(0)
        part[f"{channel}_sem"] = values.std(0, ddof=1) / np.sqrt(len(values))
    return pd.DataFrame(part)


@styled
def traces(cells: Sequence[xr.Dataset]) -> Figure:
    """Example traces of all channels; dots are frames in which the slave is seen."""
    table, names = traces_table(cells), tracks.channels(cells[0])
    figure = Figure(figsize=(DOUBLE, 0.55 * DOUBLE))
    axes = figure.subplots(2, SHOWN // 2, squeeze=False).ravel()
    groups = list(table.groupby("example"))
    for ax, (_, own) in zip(axes, groups, strict=False):
        for channel, name in names.items():
            colour, inside = COLOURS[channel], own["part"] == "track"
            ax.plot(own["time_s"], own[channel], color=colour, lw=0.6, ls=":")
            ax.plot(own["time_s"].where(inside), own[channel], color=colour, label=name)
        seen = own[own["slave_p"] < SIGNIFICANT]
        if len(seen):
            mark = {"color": COLOURS["slave"], "label": "significant"}
            ax.plot(seen["time_s"], seen["slave"], "o", ms=3, **mark)
        where = own["condition"].iloc[0] or own["cell"].iloc[0]
        ax.set_title(f"{where}, track {own['track'].iloc[0]}")
    for ax in axes[len(groups) :]:
        ax.set_axis_off()
    figure.supxlabel("time from the start (s)", fontsize=7)
    units = cells[0]["master"].attrs["units"]
    figure.supylabel(f"amplitude ({units})", fontsize=7)
    handles = {
        n: h
        for ax in axes
        for h, n in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    if handles:
        figure.legend(
            handles.values(), handles.keys(), loc="outside upper center", ncols=4
        )
    return figure


def traces_table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """The examples: tracks spread over the brightness of the slave, a row a frame."""
    channels = list(tracks.channels(cells[0]))
    by = "slave" if "slave" in channels else "master"
    shown: list[tuple[float, int, xr.Dataset, int]] = []
    for cell in cells:
        points = measures.points(cell)
        size = cell["row_size"].values
        fit = (cell["complete"].values == 1) & (size >= LONG)
        top = points.groupby("track")[by].max()
        shown += [(top[k], len(shown), cell, int(k)) for k in np.flatnonzero(fit)]
    if not shown:
        columns = ["example", "cell", "condition", "track", "time_s", *channels]
        return pd.DataFrame(columns=[*columns, "slave_p", "part"])
    shown.sort(key=lambda example: example[:2])
    picked = np.linspace(0, len(shown) - 1, SHOWN + 2).astype(int)[1:-1]
    examples = [shown[at] for at in np.unique(picked)]
    parts = [
        _example(n, cell, k, channels) for n, (_, _, cell, k) in enumerate(examples)
    ]
    return pd.concat(parts, ignore_index=True)


def _example(
    number: int, cell: xr.Dataset, k: int, channels: Sequence[str]
) -> pd.DataFrame:
    points, pad = measures.points(cell), _padding(cell)
    own = points[points["track"] == k]
    values = _with_buffers(cell, k, pad, channels)
    n = values.shape[1]
    p = np.full(n, np.nan)
    if "slave_p" in own and len(own) == n - 2 * pad:
        p[pad : n - pad] = own["slave_p"]
    part = np.full(n, "buffer", object)
    part[pad : n - pad] = "track"
    found = {
        "example": number,
        "cell": cell.attrs["cell"],
        "condition": cell.attrs.get("condition", ""),
        "track": k,
        "time_s": cell.attrs["frame_interval_s"] * np.arange(-pad, n - pad),
        **dict(zip(channels, values, strict=True)),
        "slave_p": p,
        "part": part,
    }
    return pd.DataFrame(found)


def _padding(cell: xr.Dataset) -> int:
    """Frames that were read before and after each track."""
    return cell.sizes.get("buffer", 0)


def _with_buffers(
    cell: xr.Dataset, k: int, pad: int, channels: Sequence[str]
) -> np.ndarray:
    """Channels of a track, with its buffers if ``pad``, (channels, frames)."""
    edges = tracks.starts(cell)
    own, rows = slice(edges[k], edges[k + 1]), []
    frame = cell["frame"].values[own]
    for channel in channels:
        values = tracks.fill_gaps(frame, cell[channel].values[own])
        if pad:
            before, after = cell[f"buffer_{channel}"].values[k]
            values = np.concatenate([before, values, after])
        rows.append(values)
    return np.stack(rows)


def _whole(
    cell: xr.Dataset, pad: int, channels: Sequence[str]
) -> list[tuple[int, np.ndarray]]:
    """Class and channels of every whole track whose buffers, if any, were read."""
    category = category_of(cell)
    found = [
        (int(category[k]), _with_buffers(cell, int(k), pad, channels))
        for k in np.flatnonzero(np.isin(category, WHOLE))
    ]
    return [(k, values) for k, values in found if np.isfinite(values).all()]


def _stretched(both: np.ndarray, n: int, pad: int) -> np.ndarray:
    """A track of ``n`` frames instead of its own; the buffers stay as they are."""
    inner = both[:, pad : both.shape[1] - pad]
    at = np.linspace(0, inner.shape[1] - 1, n)
    middle = [np.interp(at, np.arange(inner.shape[1]), row) for row in inner]
    return np.hstack([both[:, :pad], np.stack(middle), both[:, both.shape[1] - pad :]])


def _shade(colour: str, k: int, count: int) -> tuple[float, ...]:
    """The k-th of ``count`` shades, from light to the colour itself."""
    from matplotlib.colors import to_rgb

    share = 0.4 + 0.6 * (k + 1) / count  # the lightest still stands out from white
    return tuple(1 - share * (1 - value) for value in to_rgb(colour))
