"""What a student reads in a trace: which coefficients moved its prediction, when."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from awd import features
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WITHIN = 0.9  # share of a coefficient's energy that its bar spans

MARKERS = {"largest": "^", "smallest": "v", "start": "s"}

# Both ends are dark on white and apart for any colour vision.
SHADES = mpl.colors.LinearSegmentedColormap.from_list(
    "reading", ["#0072B2", "#8FBBDD", "#D9D9D9", "#F0A868", "#B34700"]
)


@styled
def reading(
    student: features.Student,
    x: np.ndarray,
    dt: float = 1.0,
    *,
    observed: Sequence[float] | None = None,
    lengths: Sequence[int] | None = None,
    background: np.ndarray | None = None,
    signal: str = "trace",
    target: str = "target",
) -> Figure:
    """What the student reads in some traces, a column each.

    On top the trace; under it what every frame adds to the prediction; under that the
    coefficients that were picked, a row a band, at their place in time and as wide as
    they reach, coloured by what each adds.

    Parameters
    ----------
    student : Student
        Fitted.
    x : array of shape (k, time)
        Traces, from a low to a high prediction; :func:`examples` picks three.
    dt : float
        Seconds between frames.
    observed : sequence of float of length k, optional
        Targets, shown beside the predictions.
    lengths : sequence of int of length k, optional
        Frames of each trace that are no padding; the padding is shaded.
    background : array of shape (n, time), optional
        As for :func:`awd.features.contributions`: the training traces.
    signal, target : str
        Labels of the traces and of the predictions.
    """
    table = reading_table(student, x, dt, background)
    bands = [*range(student.levels_ + 1), -1][: table["band"].nunique()]
    figure = Figure(figsize=(DOUBLE, 1.9 + 0.24 * len(bands)))
    heights = (1.5, 1, 0.32 * len(bands))
    axes = figure.subplots(3, len(x), squeeze=False, sharex=True, height_ratios=heights)
    limit = table["contribution"].abs().max()
    norm = mpl.colors.Normalize(-limit, limit)
    frames = _per_frame(student, x, table)
    for column, trace in enumerate(x):
        _trace([*axes[:2, column]], trace, frames[column], np.abs(frames).max(), dt)
        bottom = axes[2, column]
        _picks(bottom, table[table["sample"] == column], bands, norm)
        bottom.set_xlabel("time (s)")
        if lengths is not None and lengths[column] < len(trace):
            ends = (np.array([lengths[column], len(trace)]) - 0.5) * dt
            axes[0, column].axvspan(*ends, color="0.95", lw=0, zorder=0)
    predicted = student.predict(x)
    _heads(axes[0], predicted, observed)
    _share_rows(axes)
    _scales(axes[2, 0], bands, student, dt)
    axes[0, 0].set_ylabel(textwrap.fill(signal, 20))
    axes[1, 0].set_ylabel("added by\neach frame")
    _key(figure, axes[2], norm, target)
    return figure


def examples(prediction: np.ndarray) -> np.ndarray:
    """Indices of a low, a middle and a high prediction: percentiles 10, 50 and 90."""
    order = np.argsort(prediction, kind="stable")
    return order[np.round(np.array([0.1, 0.5, 0.9]) * (len(order) - 1)).astype(int)]


def reading_table(
    student: features.Student,
    x: np.ndarray,
    dt: float = 1.0,
    background: np.ndarray | None = None,
) -> pd.DataFrame:
    """What :func:`reading` draws, a row a sample and coefficient.

    ``centre_s``, ``from_s`` and ``to_s`` are where the coefficient's energy lies;
    ``contribution`` is that of its value and of its position together.
    """
    table = features.contributions(student, x, background)
    table = table[table["kind"] != "intercept"]
    key = ["sample", "band", "index"]
    added = table.groupby(key)["contribution"].sum()
    # One that is among the largest and the smallest of a short band is drawn once.
    picked = table[table["kind"] != "position"].drop_duplicates(key).set_index(key)
    picked["contribution"] = added
    picked = picked.reset_index()
    shares = _shares(student, np.shape(x)[-1])
    spans = [_span(shares[band][index]) for _, band, index in picked[key].to_numpy()]
    for place, name in enumerate(("centre_s", "from_s", "to_s")):
        picked[name] = np.array([span[place] for span in spans]) * dt
    return picked


def _shares(student: features.Student, time: int) -> dict[int, np.ndarray]:
    """Energy over time of every coefficient, sum 1, by band: (coefficient, time).

    Measured by transforming every single frame, so that it holds in any mode and at
    the borders. Band -1 is the mean of the first frames.
    """
    from awd.filters import kernels

    h, levels, mode = student.filter_, student.levels_, student.mode_
    bands = [band.T**2 for band in kernels.analysis(np.eye(time), h, levels, mode)]
    first = np.arange(time) < student.features.start
    energies = dict(enumerate(bands)) | {-1: first[None].astype(float)}
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
    """Contributions (k, time) spread over the frames as the coefficients' energy is."""
    shares = _shares(student, np.shape(x)[-1])
    frames = np.zeros(np.shape(x))
    for row in table.itertuples():
        frames[row.sample] += row.contribution * shares[row.band][row.index]
    return frames


def _trace(
    axes: Sequence[Axes], trace: np.ndarray, added: np.ndarray, most: float, dt: float
) -> None:
    """A trace over what each of its frames adds to the prediction."""
    top, below = axes
    t = np.arange(len(trace)) * dt
    top.plot(t, trace, color="0.2", lw=0.9, marker=".", ms=2.5)
    below.bar(t, added, width=0.9 * dt, color=SHADES(0.5 + 0.5 * added / most))
    below.axhline(0, color="0.6", lw=0.5)


def _picks(ax: Axes, part: pd.DataFrame, bands: list[int], norm: Any) -> None:
    """Picked coefficients as bars with a mark: up for a large one, down for a small."""
    order = part["contribution"].abs().sort_values().index  # what matters lies on top
    for row in part.loc[order].itertuples():
        y = bands.index(row.band)
        colour = SHADES(norm(row.contribution))
        ax.plot([row.from_s, row.to_s], [y, y], color=colour, lw=2, alpha=0.5)
        mark: dict[str, Any] = {"marker": MARKERS[row.kind], "ms": 4}
        mark |= {"mec": "0.25", "mew": 0.3}
        ax.plot(row.centre_s, y, color=colour, ls="none", **mark)
    ax.set_ylim(len(bands) - 0.5, -0.5)
    ax.set_yticks(range(len(bands)), [""] * len(bands))
    ax.grid(axis="y", color="0.92", lw=0.5)


def _scales(ax: Axes, bands: list[int], student: features.Student, dt: float) -> None:
    """Names of the bands: what they are and how long a piece they look at."""
    levels, start = student.levels_, student.features.start
    names = {0: f"mean over ≥ {2**levels * dt:g} s", -1: f"mean of first {start}"}
    for band in range(1, levels + 1):
        names[band] = f"change in {2 ** (levels - band) * dt:g} s"
    ax.set_yticks(range(len(bands)), [names[band] for band in bands])


def _heads(
    axes: Sequence[Axes], predicted: np.ndarray, observed: Sequence[float] | None
) -> None:
    for column, (ax, value) in enumerate(zip(axes, predicted, strict=True)):
        title = f"predicted {value:.2f}"
        if observed is not None:
            title += f", observed {observed[column]:.2f}"
        ax.set_title(title.replace("-", "−"))


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
    bar = figure.colorbar(shades, ax=list(axes), aspect=12, pad=0.01)
    bar.set_label(f"added to the\npredicted {target}")
    bar.outline.set_visible(False)
    for kind in ("largest", "smallest"):
        marker = MARKERS[kind]
        axes[0].plot([], [], label=kind, marker=marker, color="0.6", ls="none", ms=4)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
