"""What a student reads in a trace: which coefficients moved its prediction, when."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from awd import features
from awd.filters.statistics import STATISTICS
from awd.report.style import DOUBLE, styled
from awd.report.tables import typeset

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WITHIN = 0.9  # share of a coefficient's energy that its bar spans

MOST = 3  # windows that are drawn of many channels

WINDOW = -2  # the band of what is read of a window as a whole

MARKERS = {"largest": "^", "smallest": "v"}  # of the rest the row says what it is

# What samples of a window that was cut from a track are.
TIME = "time (samples)"
CUT = {"whole": "sample ({} over the track)", "end": "frame (of the last {})"}

# Both ends are dark on white and apart for any colour vision.
SHADES = mpl.colors.LinearSegmentedColormap.from_list(
    "reading", ["#0072B2", "#8FBBDD", "#D9D9D9", "#F0A868", "#B34700"]
)


@styled
def reading(
    student: features.Student,
    x: np.ndarray,
    *,
    windows: Sequence[str] = ("whole",),
    observed: Sequence[float] | None = None,
    lengths: Sequence[int] | None = None,
    background: np.ndarray | None = None,
    signal: str = "trace",
    target: str = "target",
    cut: bool = False,
) -> Figure:
    """What the student reads in some traces, a column each.

    For every window: on top the trace; under it what every sample adds to the
    prediction; under that the coefficients that were picked, a row a band, at their
    place in time and as wide as they reach, coloured by what each adds; what the whole
    bands add, which has no place, as a number.

    Parameters
    ----------
    student : Student
        Fitted.
    x : array of shape (k, time) or (k, window, time)
        Traces, from a low to a high prediction; :func:`examples` picks three.
    windows : sequence of str
        Names of the windows; of many those are drawn that move predictions most
        (:func:`loudest`).
    observed : sequence of float of length k, optional
        Targets, shown beside the predictions.
    lengths : sequence of int of length k, optional
        Samples of each trace that are no padding; the padding is shaded, before the
        trace in a window "end" and behind it in others.
    background : array of shape (n, [window,] time), optional
        As for :func:`awd.features.contributions`: the training traces.
    signal, target : str
        Labels of the traces and of the predictions.
    cut : bool
        Whether the windows are those that are cut from tracks (:mod:`awd.windows`),
        whose samples are not all one step of time apart.
    """
    table = reading_table(student, x, background)
    found = set(table["band"])
    bands = [b for b in (*range(student.levels_ + 1), -1, WINDOW) if b in found]
    drawn = loudest(student, x if background is None else background, len(windows))
    count = len(drawn)
    figure = Figure(figsize=(DOUBLE, 0.5 + count * (1.4 + 0.24 * len(bands))))
    heights = (1.5, 1, 0.32 * len(bands)) * count
    grid: dict[str, Any] = {"squeeze": False, "sharex": True, "height_ratios": heights}
    axes = figure.subplots(3 * count, len(x), **grid)
    placed = table[table["band"] != WINDOW]
    limit = (placed if len(placed) else table)["contribution"].abs().max()
    norm = mpl.colors.Normalize(-limit, limit)
    frames = _per_frame(student, x, table)
    for row, channel in enumerate(drawn):
        window = windows[channel]
        block = axes[3 * row : 3 * row + 3]
        own = table[table["channel"] == channel]
        for column, traces in enumerate(np.reshape(x, (len(x), len(windows), -1))):
            trace, added = traces[channel], frames[column, channel]
            _trace([*block[:2, column]], trace, added, np.abs(frames).max())
            _picks(block[2, column], own[own["sample"] == column], bands, norm)
            if lengths is not None:
                _shade(block[0, column], lengths[column], len(trace), window)
        _share_rows(block)
        _scales(block[2, 0], bands, student)
        label = signal if len(windows) == 1 else f"{window}: {signal}"
        block[0, 0].set_ylabel(textwrap.fill(label, 20))
        block[1, 0].set_ylabel("added by\neach sample")
        time = CUT.get(window, TIME).format(np.shape(x)[-1]) if cut else TIME
        for ax in block[2]:
            ax.set_xlabel(time)
            ax.tick_params(labelbottom=True)
    _heads(axes[0], student.predict(x), observed)
    _key(figure, axes[2::3].ravel(), norm, target)
    return figure


def loudest(student: features.Student, x: np.ndarray, windows: int) -> list[int]:
    """The windows that are drawn: at most :data:`MOST`, in their order.

    Those whose features together move the predictions of samples ``x`` most.
    """
    picked = student.features.pick(x, student.filter_, student.levels_, student.mode_)
    read = picked.features
    added = student.curves(read).reshape(len(read), windows, -1).sum(2)
    return sorted(np.argsort(-added.std(0), kind="stable")[:MOST].tolist())


def channels(x: np.ndarray) -> tuple[str, ...]:
    """Names of the windows where a study has none: channels, or the whole sample."""
    if np.ndim(x) == 2:
        return ("whole",)
    return tuple(f"channel {k + 1}" for k in range(np.shape(x)[1]))


def examples(prediction: np.ndarray) -> np.ndarray:
    """Indices of a low, a middle and a high prediction: percentiles 10, 50 and 90."""
    order = np.argsort(prediction, kind="stable")
    return order[np.round(np.array([0.1, 0.5, 0.9]) * (len(order) - 1)).astype(int)]


def reading_table(
    student: features.Student, x: np.ndarray, background: np.ndarray | None = None
) -> pd.DataFrame:
    """What :func:`reading` draws, a row a sample and coefficient that counts.

    ``centre``, ``begin`` and ``end`` are where the coefficient's energy lies, in
    samples; ``contribution`` is that of its value and of its position together.
    """
    table = features.contributions(student, x, background)
    table = table[table["kind"] != "intercept"]
    # Of a whole window and no place in it: one bar for all of these.
    whole = table["kind"].isin(STATISTICS)
    table.loc[whole, ["band", "index", "kind"]] = [WINDOW, 0, "whole"]
    key = ["sample", "channel", "band", "index"]
    added = table.groupby(key)["contribution"].sum()
    # One that is among the largest and the smallest of a short band is drawn once.
    picked = table[table["kind"] != "position"].drop_duplicates(key).set_index(key)
    picked["contribution"] = added
    picked = picked[
        picked["contribution"] != 0
    ].reset_index()  # a head may read only a few
    return picked.merge(spans(student, np.shape(x)[-1]), "left", ["band", "index"])


def spans(student: features.Student, time: int) -> pd.DataFrame:
    """Where coefficients look: ``band``, ``index``, ``centre``, ``begin``, ``end``.

    Times are in samples; of band -1, the mean of the first samples, and of
    :data:`WINDOW` there is one.
    """
    import pandas as pd

    rows = [
        (band, index, *_span(share))
        for band, energies in _shares(student, time).items()
        for index, share in enumerate(energies)
    ]
    return pd.DataFrame(rows, columns=["band", "index", "centre", "begin", "end"])


def _shares(student: features.Student, time: int) -> dict[int, np.ndarray]:
    """Energy over time of every coefficient, sum 1, by band: (coefficient, time).

    Measured by transforming every single frame, so that it holds in any mode and at
    the borders. Band -1 is the mean of the first frames, :data:`WINDOW` all of them.
    """
    from awd.filters import kernels

    h, levels, mode = student.filter_, student.levels_, student.mode_
    bands = [band.T**2 for band in kernels.analysis(np.eye(time), h, levels, mode)]
    first = np.arange(time) < student.features.start
    energies = dict(enumerate(bands)) | {-1: first[None].astype(float)}
    energies[WINDOW] = np.ones((1, time))
    tiny = np.finfo(float).tiny
    return {
        band: energy / np.maximum(energy.sum(1, keepdims=True), tiny)
        for band, energy in energies.items()
    }


def _span(share: np.ndarray) -> tuple[float, float, float]:
    """Mean time of an energy, and the ends of the middle part of it, in frames."""
    risen = np.cumsum(share)
    low, high = (
        int(np.searchsorted(risen, p)) for p in (0.5 - WITHIN / 2, 0.5 + WITHIN / 2)
    )
    centre = float(share @ np.arange(len(share)))
    return centre, float(low) - 0.5, float(min(high, len(share) - 1)) + 0.5


def _per_frame(
    student: features.Student, x: np.ndarray, table: pd.DataFrame
) -> np.ndarray:
    """Contributions (k, window, time), spread as the coefficients' energy is."""
    time = np.shape(x)[-1]
    shares = _shares(student, time)
    frames = np.zeros((len(x), np.size(x) // len(x) // time, time))
    for row in table.itertuples():
        share = shares[row.band][row.index]
        frames[row.sample, row.channel] += row.contribution * share
    return frames


def _trace(
    axes: Sequence[Axes], trace: np.ndarray, added: np.ndarray, most: float
) -> None:
    """A trace over what each of its samples adds to the prediction."""
    top, below = axes
    t = np.arange(len(trace))
    top.plot(t, trace, color="0.2", lw=0.9, marker=".", ms=2.5)
    below.bar(t, added, width=0.9, color=SHADES(0.5 + 0.5 * added / most))
    below.axhline(0, color="0.6", lw=0.5)


def _shade(ax: Axes, length: int, time: int, window: str) -> None:
    """Padding, where there is any."""
    if length < time:
        ends = (0, time - length) if window == "end" else (length, time)
        ax.axvspan(ends[0] - 0.5, ends[1] - 0.5, color="0.95", lw=0, zorder=0)


def _picks(ax: Axes, part: pd.DataFrame, bands: list[int], norm: Any) -> None:
    """Picked coefficients as bars with a mark: up for a large one, down for a small."""
    order = part["contribution"].abs().sort_values().index  # what matters lies on top
    for row in part.loc[order].itertuples():
        y = bands.index(row.band)
        if row.band == WINDOW:
            text = "+" * (row.contribution > 0) + typeset(row.contribution, 2)
            where: dict[str, Any] = {"ha": "center", "va": "center_baseline"}
            blank: dict[str, Any] = {"facecolor": "w", "lw": 0, "pad": 0.5}
            ax.text(row.centre, y, text, bbox=blank, **where)
            continue
        colour = SHADES(norm(row.contribution))
        ax.plot([row.begin, row.end], [y, y], color=colour, lw=2, alpha=0.5)
        if row.kind in MARKERS:
            mark: dict[str, Any] = {"marker": MARKERS[row.kind], "ms": 4}
            mark |= {"mec": "0.25", "mew": 0.3}
            ax.plot(row.centre, y, color=colour, ls="none", **mark)
    ax.set_ylim(len(bands) - 0.5, -0.5)
    ax.set_yticks(range(len(bands)), [""] * len(bands))
    ax.grid(axis="y", color="0.92", lw=0.5)


def scale_name(band: int, student: features.Student) -> str:
    """What a band tells: mean or change over so many samples; -1 is the start."""
    if band < 0:
        return f"mean of first {student.features.start}"
    if band == 0:
        return f"mean over {2**student.levels_}"
    return f"change over {2 ** (student.levels_ - band)}"


def _scales(ax: Axes, bands: list[int], student: features.Student) -> None:
    """Names of the bands: what they are and how many samples they look at."""
    names = [
        "whole bands" if band == WINDOW else scale_name(band, student) for band in bands
    ]
    ax.set_yticks(range(len(bands)), names)


def _heads(
    axes: Sequence[Axes], predicted: np.ndarray, observed: Sequence[float] | None
) -> None:
    for column, (ax, value) in enumerate(zip(axes, predicted, strict=True)):
        title = f"predicted {typeset(value, 2)}"
        if observed is not None:
            title += f"\nobserved {typeset(observed[column], 2)}"
        ax.set_title(title)


def _share_rows(axes: np.ndarray) -> None:
    """One scale a row for traces and for bars; only the first column has its labels."""
    for row in axes[:2]:
        limits = np.array([ax.get_ylim() for ax in row])
        for ax in row:
            ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    for ax in axes[:, 1:].ravel():
        ax.tick_params(labelleft=False)


def _key(figure: Figure, axes: Sequence[Axes], norm: Any, target: str) -> None:
    """The bar of colours, and what the marks mean."""
    shades = mpl.cm.ScalarMappable(norm, SHADES)
    bar = figure.colorbar(shades, ax=list(axes), aspect=12 * len(axes) / 3, pad=0.01)
    bar.set_label(f"added to the\npredicted {target}")
    bar.outline.set_visible(False)
    for kind, marker in MARKERS.items():
        label = f"{kind} of its band"
        axes[0].plot([], [], label=label, marker=marker, color="0.6", ls="none", ms=4)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
