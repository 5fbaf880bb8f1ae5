"""Figures of a run: functions of data that return a matplotlib ``Figure``.

Each has a companion that returns the drawn numbers as a table; :func:`save` writes both
side by side and is the only function here that touches a file. None touches pyplot's
state. Every role of a method has one colour in all figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd import evaluation, tables
from awd.style import COLOURS, DOUBLE, SINGLE, save, styled

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

__all__ = [
    "filter_path",
    "league",
    "league_table",
    "learning_curve",
    "learning_table",
    "path_table",
    "predicted_against_observed",
    "prediction_table",
    "save",
    "showcase",
    "wavelet_functions",
    "wavelet_pair",
]

SYMBOLS = {"scaling": "scaling function φ(t)", "wavelet": "wavelet ψ(t)"}

GRID = 32  # points per sample: finer ones show the roughness, not the shape


@styled
def wavelet_pair(
    filters: np.ndarray | Sequence[np.ndarray], reference: str = "db5"
) -> Figure:
    """Scaling function and wavelet of distilled filters over those of a named one.

    Parameters
    ----------
    filters : array of shape (taps,), or a sequence of them
        Low-pass filters, ``rec_lo`` order: one, or one for each split or teacher.
    reference : str
        pywt name of an orthonormal wavelet.

    Raises
    ------
    ShapeError, WaveletError
        A filter is not an orthonormal wavelet; the reference is unknown.
    """
    curves = wavelet_functions(filters, reference)
    figure = Figure(figsize=(DOUBLE, 0.3 * DOUBLE))
    axes = figure.subplots(1, 2)
    thin = {"lw": 0.6, "alpha": 0.6} if curves["filter"].nunique() > 2 else {"lw": 1.1}
    ours = {"color": COLOURS["distilled"], "label": tables.name_of("awd")} | thin
    theirs = {"color": COLOURS["wavelet"], "label": reference, "lw": 1.1, "ls": "--"}
    for ax, (kind, shown) in zip(axes, curves.groupby("function"), strict=True):
        for name, curve in shown.groupby("filter", sort=False):
            style = theirs | {"zorder": 3} if name == reference else ours
            ax.plot(curve["t"], curve["value"], **style)
        ax.axhline(0, color="0.8", lw=0.5, zorder=0)
        ax.set(xlabel="t (samples)", ylabel=SYMBOLS[kind])
    _legend_once(axes[1])
    return figure


def wavelet_functions(
    filters: np.ndarray | Sequence[np.ndarray], reference: str = "db5"
) -> pd.DataFrame:
    """What :func:`wavelet_pair` draws: ``filter``, ``function``, ``t``, ``value``.

    A filter that is delayed or negated is the same wavelet, so each function is shifted
    and signed to match the reference best (largest absolute correlation).
    """
    import pandas as pd

    from awd import wavelet

    target = _functions(wavelet.from_pywt(reference))
    parts = [(reference, kind, *curve) for kind, curve in target.items()]
    bank = [filters] if np.ndim(filters[0]) == 0 else filters
    for index, h in enumerate(bank):
        for kind, (_, values) in _functions(np.asarray(h)).items():
            aligned = _align(values, target[kind][1])
            parts.append((str(index), kind, *aligned))
    frames = [
        pd.DataFrame({"filter": name, "function": kind, "t": t, "value": values})
        for name, kind, t, values in parts
    ]
    return pd.concat(frames, ignore_index=True)


def _functions(h: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Scaling function and wavelet on a grid of ``1 / GRID`` samples."""
    from awd import wavelet

    scaling, detail, x = wavelet.to_pywt(h).wavefun(level=int(np.log2(GRID)))
    t = np.arange(0, len(h) - 1, 1 / GRID)
    pair = {"scaling": scaling, "wavelet": detail}
    return {kind: (t, np.interp(t, x, values)) for kind, values in pair.items()}


def _align(values: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of a curve, shifted and signed onto another on the same grid."""
    from scipy.signal import correlate

    match = correlate(target, values, method="fft")
    best = int(np.abs(match).argmax())
    shift = best - (len(values) - 1)
    t = (np.arange(len(values)) + shift) / GRID
    return t, np.sign(match[best]) * values


@styled
def filter_path(path: xr.Dataset) -> Figure:
    """Filters along the ratio of attribution to sparsity, and the student's fidelity.

    Parameters
    ----------
    path : Dataset
        A ``wavelet.nc``: ``path_filter(step, tap)``, ``path_ratio(step)``,
        ``path_fidelity(step)``, and the attribute ``chosen``, a step.
    """
    steps, chosen = path.sizes["step"], int(path.attrs["chosen"])
    colours = mpl.colormaps["cividis"](np.linspace(0, 0.85, steps))
    figure = Figure(figsize=(DOUBLE, 0.42 * DOUBLE), layout="none")
    grid = figure.add_gridspec(
        2, steps, left=0.08, right=0.98, top=0.92, bottom=0.19, wspace=0, hspace=0.12
    )
    top = [figure.add_subplot(grid[0, step]) for step in range(steps)]
    taps = path["path_filter"].values
    room = 0.1 * np.ptp(taps)
    for step, ax in enumerate(top):
        _taps(ax, taps[step], colours[step])
        ax.set_ylim(taps.min() - room, taps.max() + room)
        ax.tick_params(left=step == 0, labelleft=step == 0)
        ax.spines["left"].set_visible(step == 0)
    top[0].set_ylabel("filter tap h")
    top[chosen].set_facecolor("#F7F1E8")
    top[chosen].set_title("chosen", color=COLOURS["distilled"])
    _fidelity(figure.add_subplot(grid[1, :]), path, colours, chosen)
    figure.align_ylabels()
    return figure


def _taps(ax: Axes, h: np.ndarray, colour: Any) -> None:
    """Taps as stems on a bare zero line."""
    taps = np.arange(len(h))
    ax.axhline(0, color="0.6", lw=0.5)
    ax.vlines(taps, 0, h, color=colour, lw=1)
    ax.plot(taps, h, "o", color=colour, ms=2.5)
    margin = 0.15 * len(h)
    ax.set(xticks=[], xlim=(-margin, len(h) - 1 + margin))
    ax.spines["bottom"].set_visible(False)


def _fidelity(ax: Axes, path: xr.Dataset, colours: np.ndarray, chosen: int) -> None:
    """Fidelity of each step under its filter; 0 and infinite ratios in words."""
    fidelity = path["path_fidelity"].values
    steps = np.arange(len(fidelity))
    words = {0.0: "0\n(sparsity only)", np.inf: "∞\n(attribution only)"}
    ratios = [float(ratio) for ratio in path["path_ratio"].values]
    ax.plot(steps, fidelity, color="0.7", lw=0.8)
    ax.scatter(steps, fidelity, c=colours, s=14, zorder=3)
    ring = {"facecolors": "none", "edgecolors": COLOURS["distilled"]}
    ax.scatter(chosen, fidelity[chosen], s=55, lw=1, zorder=4, **ring)
    ax.set_xticks(steps, [words.get(ratio, f"{ratio:g}") for ratio in ratios])
    ax.margins(y=0.2)
    ax.set(xlim=(-0.5, len(steps) - 0.5), xlabel="ratio of attribution to sparsity")
    ax.set_ylabel("fidelity to teacher (R²)")


def path_table(path: xr.Dataset) -> pd.DataFrame:
    """What :func:`filter_path` draws: a row a step, taps in ``h0``, ``h1`` ..."""
    import pandas as pd

    taps = path["path_filter"].values
    table = pd.DataFrame(taps, columns=[f"h{tap}" for tap in range(taps.shape[1])])
    table.insert(0, "ratio", path["path_ratio"].values)
    table.insert(1, "fidelity", path["path_fidelity"].values)
    table.insert(2, "chosen", np.arange(len(table)) == path.attrs["chosen"])
    return table


@styled
def predicted_against_observed(*test_sets: xr.Dataset) -> Figure:
    """Predicted against observed for the teacher, the student and their rivals.

    Parameters
    ----------
    *test_sets : Dataset
        ``predictions.nc``, one for each split: ``prediction(method, sample)``,
        ``role(method)``, ``target(sample)`` with ``units`` and ``long_name``.

    Notes
    -----
    Shades count samples on a log scale. R2 is the mean over the test sets, as in the
    score table. :func:`showcase` says which methods are drawn.
    """
    drawn = showcase(*test_sets)
    table = prediction_table(*test_sets)
    low, high = (table[["observed", "predicted"]].agg(f).agg(f) for f in ("min", "max"))
    room = 0.03 * (high - low)
    limits = (low - room, high + room)
    figure = Figure(figsize=(DOUBLE, DOUBLE / len(drawn) + 0.25))
    axes = figure.subplots(1, len(drawn), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (method, role) in zip(axes, drawn.items(), strict=True):
        shown = table[table["method"] == method]
        _density(ax, shown["observed"], shown["predicted"], limits)
        score = tables.number(_mean_r2(test_sets, method), 3)
        ax.text(0.05, 0.95, f"R² = {score}", transform=ax.transAxes, va="top")
        ax.set_title(tables.name_of(method), color=COLOURS[role])
    _share_density(figure, axes)
    axes[0].set_ylabel("predicted")
    figure.supxlabel(f"observed {_label(test_sets[0]['target'])}", fontsize=7)
    return figure


def showcase(*test_sets: xr.Dataset) -> dict[str, str]:
    """Methods worth a panel, with their roles.

    The first teacher, the first distilled wavelet, db5 (or the first wavelet) and the
    baseline with the best mean R2 over the test sets.
    """
    methods, roles = (test_sets[0][name].values for name in ("method", "role"))
    drawn = {}
    for role in ("teacher", "distilled", "wavelet", "baseline"):
        members = methods[roles == role].tolist()
        if role == "baseline":
            members.sort(key=lambda method: -_mean_r2(test_sets, method))
        if members:
            drawn["db5" if "db5" in members else members[0]] = role
    return drawn


def prediction_table(*test_sets: xr.Dataset) -> pd.DataFrame:
    """What :func:`predicted_against_observed` draws, a row a method and sample."""
    import pandas as pd

    frames = [
        pd.DataFrame(
            {"group": one["group"].values, "observed": one["target"].values}
        ).assign(predicted=_predicted(one, method), method=method, test_set=index)
        for method in showcase(*test_sets)
        for index, one in enumerate(test_sets)
    ]
    return pd.concat(frames, ignore_index=True)


def _predicted(test_set: xr.Dataset, method: str) -> np.ndarray:
    # By mapping: the keyword `method` of xarray's sel means another thing.
    return test_set["prediction"].sel({"method": method}).values


def _mean_r2(test_sets: Sequence[xr.Dataset], method: str) -> float:
    pairs = [(one["target"].values, _predicted(one, method)) for one in test_sets]
    return float(np.mean([evaluation.r2(*pair) for pair in pairs]))


def _density(ax: Axes, x: pd.Series, y: pd.Series, limits: tuple[float, float]) -> None:
    """Counts in hexagons around the line on which a prediction is exact."""
    shades = mpl.colormaps["cividis_r"](np.linspace(0.12, 1, 256))
    style = {"cmap": mpl.colors.ListedColormap(shades), "linewidths": 0.1}
    ax.hexbin(x, y, gridsize=36, extent=limits * 2, mincnt=1, **style)
    ax.axline((limits[0], limits[0]), slope=1, color="0.3", lw=0.6, ls="--")
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.locator_params(nbins=4)


def _share_density(figure: Figure, axes: Sequence[Axes]) -> None:
    """One log scale of shades, and one bar, for all panels."""
    counts = [ax.collections[0] for ax in axes]
    most = max(2, *(int(drawn.get_array().max()) for drawn in counts))
    norm = mpl.colors.LogNorm(1, most)
    for drawn in counts:
        drawn.set_norm(norm)
    bar = figure.colorbar(counts[-1], ax=list(axes), shrink=0.8, aspect=25, pad=0.01)
    bar.formatter = "{x:g}"
    bar.set_label("samples")
    bar.outline.set_visible(False)


def _label(array: xr.DataArray) -> str:
    """``long_name (units)``; a plain number has units "1" and shows none."""
    name, units = array.attrs["long_name"], array.attrs["units"]
    return name if units in ("", "1") else f"{name} ({units})"


@styled
def learning_curve(*histories: pd.DataFrame) -> Figure:
    """Training and selection loss by epoch, the best epoch of each training marked.

    Parameters
    ----------
    *histories : DataFrame
        ``history.csv``, one for each training: ``epoch``, ``train_loss``,
        ``select_loss`` (squared error over the variance of the target).
    """
    figure = Figure(figsize=(SINGLE, 0.62 * SINGLE))
    ax = figure.subplots()
    thin = {"lw": 0.6, "alpha": 0.8} if len(histories) > 1 else {"lw": 1}
    train = {"color": "#56B4E9", "label": "training"} | thin
    select = {"color": COLOURS["teacher"], "label": "selection"} | thin
    dot = {"color": COLOURS["distilled"], "label": "best epoch", "ls": "none"}
    for one in histories:
        best = one.loc[one["select_loss"].idxmin()]
        ax.plot(one["epoch"], one["train_loss"], **train)
        ax.plot(one["epoch"], one["select_loss"], **select)
        ax.plot(best["epoch"], best["select_loss"], "o", zorder=4, **dot)
    ax.set(xlabel="epoch", ylabel="squared error / variance of target")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend_once(ax)
    return figure


def learning_table(*histories: pd.DataFrame) -> pd.DataFrame:
    """What :func:`learning_curve` draws: the histories, numbered in ``training``."""
    import pandas as pd

    parts = [one.assign(training=index) for index, one in enumerate(histories)]
    return pd.concat(parts, ignore_index=True)


def _legend_once(ax: Axes) -> None:
    """A legend that names each kind of line once."""
    handles, labels = ax.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    ax.legend(once.values(), once.keys())


@styled
def league(scores: pd.DataFrame) -> Figure:
    """R2 of every method with its 95 % interval, best on top; controls are grey.

    Parameters
    ----------
    scores : DataFrame
        ``scores.csv`` of one study and target; where it has rows for several splits,
        those named "all" are drawn.

    Raises
    ------
    DataError
        A method has two rows: the scores are of more than one study or target.
    """
    table = league_table(scores)
    figure = Figure(figsize=(0.75 * DOUBLE, 0.5 + 0.17 * len(table)))
    ax = figure.subplots()
    _forest(ax, table)
    names = [tables.name_of(method) for method in table["method"]]
    ax.set_yticks(range(len(table)), names)
    for text, role in zip(ax.get_yticklabels(), table["role"], strict=True):
        text.set_color("0.45" if role == "control" else "black")
    ax.set(xlabel="R² on held-out groups", ylim=(-0.7, len(table) - 0.3))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return figure


def league_table(scores: pd.DataFrame) -> pd.DataFrame:
    """What :func:`league` draws: a row a method, sorted by R2."""
    return tables.over_splits(scores, "method").sort_values("r2", ignore_index=True)


def _forest(ax: Axes, table: pd.DataFrame) -> None:
    """Points and intervals by role, over a line through the best distilled method."""
    for role, colour in COLOURS.items():
        own = table[table["role"] == role]
        if own.empty:
            continue
        # Not errorbar: a bootstrap interval need not hold its point.
        ax.hlines(own.index, own["r2_low"], own["r2_high"], color=colour, lw=1.2)
        ax.plot(own["r2"], own.index, "o", color=colour, label=role)
        if role == "distilled":
            ax.axvline(own["r2"].max(), color=colour, lw=0.6, ls=":", zorder=0)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
