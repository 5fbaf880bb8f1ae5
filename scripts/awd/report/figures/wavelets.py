"""Filters and the wavelets they make: ours over a named one, and all methods' apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from awd.league.names import METHODS, OURS, name_of
from awd.report.figures.parts import distance, legend_once, medoid, origin
from awd.report.style import COLOURS, DOUBLE, styled
from awd.wavelet import onto

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

SYMBOLS = {"scaling": "scaling function φ(t)", "wavelet": "wavelet ψ(t)"}

GRID = 8  # points per sample: finer ones show the roughness, not the shape

ACROSS = 4  # panels in a row

FAINT = {"lw": 0.5, "color": "0.65", "label": "other splits and seeds", "zorder": 0.8}

BAND = {"2.5 %": 0.025, "97.5 %": 0.975}  # of the draws at every time


@styled
def wavelet(
    filters: np.ndarray | Sequence[np.ndarray],
    reference: str = "db5",
    method: str = OURS,
    draws: Sequence[np.ndarray] = (),
) -> Figure:
    """Scaling function and wavelet of distilled filters over those of a named one.

    Parameters
    ----------
    filters : array of shape (taps,), or a sequence of them
        Low-pass filters, ``rec_lo`` order: one, or one for each split and seed, of
        which the most central is drawn thick. Zeros behind the last tap are left out.
    reference : str
        pywt name of an orthonormal wavelet.
    method : str
        Whose filters they are, for the legend.
    draws : sequence of array of shape (draws, taps)
        For every filter what resampled groups made of it. Those of the central one are
        drawn as a band that holds 95 % of them at every time.

    Raises
    ------
    ShapeError, WaveletError
        A filter is not an orthonormal wavelet; the reference is unknown.
    """
    curves = wavelet_table(filters, reference, draws)
    figure = Figure(figsize=(DOUBLE, 0.33 * DOUBLE))
    axes = figure.subplots(1, 2)
    ours = {"color": COLOURS["distilled"], "label": name_of(method)}
    theirs = {"color": COLOURS["wavelet"], "label": reference, "ls": "--", "zorder": 3}
    central = str(medoid(_bank(filters)))
    for ax, (kind, shown) in zip(axes, curves.groupby("function"), strict=True):
        for name, curve in shown.groupby("filter", sort=False):
            if name in BAND:
                continue
            style = theirs if name == reference else ours
            thin = {"lw": 1.2} if name in (central, reference) else FAINT
            ax.plot(curve["t"], curve["value"], **style | thin)
        low, high = (shown[shown["filter"] == name] for name in BAND)
        if len(low):
            label = "95 % when groups are resampled"
            shade = {"color": COLOURS["distilled"], "alpha": 0.45, "lw": 0.4}
            ends = low["t"], low["value"], high["value"]
            ax.fill_between(*ends, label=label, zorder=1, **shade)
        ax.axhline(0, color="0.8", lw=0.5, zorder=0)
        ax.set(xlabel="t (samples)", ylabel=SYMBOLS[kind])
    legend_once(axes[0], figure, loc="outside upper center", ncols=4)
    return figure


def wavelet_table(
    filters: np.ndarray | Sequence[np.ndarray],
    reference: str = "db5",
    draws: Sequence[np.ndarray] = (),
) -> pd.DataFrame:
    """What :func:`wavelet` draws: ``filter``, ``function``, ``t``, ``value``.

    A filter that is delayed or negated is the same wavelet, so each function is shifted
    and signed to match the reference best (largest absolute correlation), and draws to
    match the filter that they belong to.
    """
    import pandas as pd

    from awd import wavelet

    target = _functions(wavelet.from_pywt(reference))
    parts = [(reference, kind, *curve) for kind, curve in target.items()]
    bank = _bank(filters)
    for index, h in enumerate(bank):
        for kind, (_, values) in _functions(h).items():
            t, values = _align(values, target[kind][1])
            parts.append((str(index), kind, t, values))
            if len(draws) and len(draws[index]) and index == medoid(bank):
                edges = _band(draws[index], kind, values)
                parts += [(name, kind, t, edge) for name, edge in edges.items()]
    frames = [
        pd.DataFrame({"filter": name, "function": kind, "t": t, "value": values})
        for name, kind, t, values in parts
    ]
    return pd.concat(frames, ignore_index=True)


def _bank(filters: np.ndarray | Sequence[np.ndarray]) -> list[np.ndarray]:
    """One filter or several as a list, without zeros behind them."""
    several = [filters] if np.ndim(filters[0]) == 0 else filters
    return [_unpadded(np.asarray(h)) for h in several]


def _band(draws: np.ndarray, kind: str, centre: np.ndarray) -> dict[str, np.ndarray]:
    """Quantiles of the draws' functions, each laid onto the central one, at its times.

    A function is 0 where it does not reach.
    """
    values = np.zeros((len(draws), len(centre)))
    for row, h in zip(values, draws, strict=True):
        t, curve = _align(_functions(_unpadded(h))[kind][1], centre)
        at = np.round(t * GRID).astype(int)
        inside = (at >= 0) & (at < len(row))
        row[at[inside]] = curve[inside]
    return {name: np.quantile(values, share, axis=0) for name, share in BAND.items()}


def _unpadded(h: np.ndarray) -> np.ndarray:
    """A filter without pairs of zeros behind it."""
    used = np.flatnonzero(h)
    return h[: 2 * (used[-1] // 2 + 1)] if used.size else h


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
def filters(*wavelets: xr.Dataset) -> Figure:
    """The filters of every distilled method and control, a panel a method.

    Parameters
    ----------
    *wavelets : Dataset
        ``wavelets.nc`` of one target, one for each split and seed.

    Notes
    -----
    Stems are the method's most central filter, thin lines the others. Filters are
    delayed by even shifts and negated to lie on it: that is the same wavelet. Spread is
    the mean L2 distance from it (a filter's norm is 1).
    """
    table = filters_table(*wavelets)
    methods = list(dict.fromkeys(table["method"]))
    rows = -(-len(methods) // ACROSS)
    figure = Figure(figsize=(DOUBLE, 0.25 + 1.5 * rows))
    axes = figure.subplots(rows, ACROSS, sharey=True, squeeze=False).ravel()
    for ax, method in zip(axes, methods, strict=False):
        part = table[table["method"] == method]
        _panel(ax, part, COLOURS[part["role"].iloc[0]])
        colour = "black" if part["role"].iloc[0] == "distilled" else "0.45"
        ax.set_title(name_of(method), color=colour)
    for ax in axes[len(methods) :]:
        ax.remove()
    for place, ax in enumerate(axes[: len(methods)]):
        first = place % ACROSS == 0
        ax.set_ylabel("filter tap h" if first else "")
        ax.tick_params(left=first)
        ax.spines["left"].set_visible(first)
    return figure


def _panel(ax: Axes, part: pd.DataFrame, colour: str) -> None:
    """One method's filters, with what was chosen and how they spread under them."""
    ax.axhline(0, color="0.7", lw=0.5)
    for _, taps in part.groupby("file"):
        if not taps["central"].iloc[0]:
            ax.plot(taps["tap"], taps["h"], color=colour, lw=0.6, alpha=0.5)
    middle = part[part["central"]]
    ax.vlines(middle["tap"], 0, middle["h"], color=colour, lw=1.2)
    ax.plot(middle["tap"], middle["h"], "o", color=colour, ms=2.8)
    each = part.drop_duplicates("file")
    lines = [f"{name} {_counted(each[name])}" for name in ("length", "levels")]
    if len(each) > 1:
        lines.append(f"spread {each['distance'].mean():.2f}")
    said = f"{lines[0]}\n" + ", ".join(lines[1:])
    ax.set_xlabel(f"tap\n{said}", color="0.35", fontsize=6)
    ax.set_xlim(part["tap"].min() - 0.7, part["tap"].max() + 0.7)
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.tick_params("x", labelsize=6)


def _counted(values: pd.Series) -> str:
    """Every value, the most frequent first, and how often it occurs: ``4 (6×), 6``."""
    counts = Counter(values.tolist()).most_common()
    if len(counts) == 1:
        return str(counts[0][0])
    some = [f"{value} ({n}×)" if n > 1 else str(value) for value, n in counts]
    return ", ".join(some)


def filters_table(*wavelets: xr.Dataset) -> pd.DataFrame:
    """What :func:`filters` draws, a row a tap.

    ``tap`` and ``h`` are those laid onto the method's central filter, ``shift`` and
    ``sign`` what was done for it, ``distance`` what remains between them.
    """
    import pandas as pd

    known = dict.fromkeys(name for ds in wavelets for name in ds["method"].values)
    order = [name for name in METHODS if name in known]
    order += [name for name in known if name not in order]
    parts = [_laid(name, wavelets) for name in order]
    return pd.concat([part for part in parts if part is not None], ignore_index=True)


def _laid(method: str, wavelets: Sequence[xr.Dataset]) -> pd.DataFrame | None:
    """Taps of one method in all files, or None where it is no wavelet of ours."""
    import pandas as pd

    ours = [
        (index, ds.isel(method=ds["method"].values.tolist().index(method)))
        for index, ds in enumerate(wavelets)
        if method in ds["method"].values
    ]
    role = str(ours[0][1]["role"].values)
    if role not in ("distilled", "control"):
        return None
    taps = [ds["filter"].values[: int(ds["length"])] for _, ds in ours]
    centre = medoid(taps)
    rows = []
    for place, ((index, ds), h) in enumerate(zip(ours, taps, strict=True)):
        shift, sign = onto(h, taps[centre])
        shape = {key: int(ds[key]) for key in ("length", "levels")}
        moved = {"shift": shift, "sign": sign, "distance": distance(h, taps[centre])}
        laid = {"tap": np.arange(len(h)) + shift, "h": sign * h}
        named = {"method": method, "role": role} | origin(ds, index) | shape
        rows.append(pd.DataFrame(named | moved | {"central": place == centre} | laid))
    return pd.concat(rows)
