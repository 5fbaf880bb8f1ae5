"""How long tracks live: by class, by condition with a fit; what class 1 leaves out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.cells import tracks
from awd.cells.classify import BUFFER
from awd.cells.figures.tracking import category_of, in_seconds
from awd.cells.figures.tracks import CLASSES, COHORTS, WHOLE
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

CONDITIONS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
FITTED = 30  # tracks that a sum of two exponentials is fitted to, at least
SOME = 10  # tracks of which a share is shown, at least


@styled
def lifetimes(cells: Sequence[xr.Dataset]) -> Figure:
    """Lifetimes by class, how whole tracks die out by condition, and what is class 1.

    Dotted lines are sums of two exponentials, fitted by :func:`two_exponentials`.
    """
    table = lifetimes_table(cells)
    figure = Figure(figsize=(DOUBLE, 0.36 * DOUBLE))
    by_class, survival, share = figure.subplots(1, 3)
    _by_class(by_class, table, max(c.attrs["frame_interval_s"] for c in cells))
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
        in_seconds(ax)
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
            label = f"class {k} ({name}): {len(own):,}, median {own.median():.3g} s"
            counts = np.histogram(own, bins)[0] / np.diff(bins)
            ax.stairs(counts, bins, color=colour, lw=1.2, label=label)
    ax.set(xscale="log", yscale="log", xlabel="lifetime (s)")
    ax.set_ylabel("tracks per second of lifetime")
    in_seconds(ax)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1))


def _survival(ax: Axes, own: pd.DataFrame, colour: str, label: str) -> None:
    """Share of whole tracks that live longer, and what is fitted to it."""
    own = own.sort_values("lifetime_s")
    seconds, weight = own["lifetime_s"].to_numpy(), own["weight"].to_numpy()
    left = 1 - np.cumsum(weight) / weight.sum()
    text = f"{label}{len(own):,} of classes 1 and 2"
    if len(own) >= FITTED:
        shares, means, start = two_exponentials(seconds, weight)
        at = np.geomspace(max(start, 1e-3), seconds.max(), 100)
        curve = shares @ np.exp(-(at - start) / means[:, None])
        ax.plot(at, curve, color=colour, lw=1, ls=":")
        if are_distinct(seconds - start, weight, shares, means):
            both = zip(means, shares, strict=True)
            parts = [f"{100 * share:.0f} % of {mean:.2g} s" for mean, share in both]
            text += f"\nmeans: {', '.join(parts)}"
        else:
            text += f"\nmean: {shares @ means:.2g} s beyond the shortest"
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


def are_distinct(
    since: np.ndarray, weight: np.ndarray, shares: np.ndarray, means: np.ndarray
) -> bool:
    """Whether two exponentials say more than one does, by the Bayesian criterion.

    Parameters
    ----------
    since : array of shape (tracks,)
        Lifetimes less the shortest, s.
    weight : array of shape (tracks,)
        How many tracks each stands for.
    shares, means : arrays of shape (2,)
        From :func:`two_exponentials`.
    """
    mean = max(float(np.average(since, weights=weight)), 1e-9)
    both = (shares / means * np.exp(-since[:, None] / means)).sum(1)
    gain = np.log(np.maximum(both, 1e-300)) + np.log(mean) + since / mean
    # Two parameters more: a share and a mean.
    return bool(np.average(gain, weights=weight) * len(since) > np.log(len(since)))


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
