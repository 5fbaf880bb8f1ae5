"""What maps look like, what is counted in them, and what that says of the universe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.league.names import name_of
from awd.maps.measure import masks
from awd.maps.names import label
from awd.maps.sky.realism import MADE
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

SHOWN = 5  # cosmologies whose maps are shown
COLOURS = mpl.colormaps["viridis"]
ELLS = (200, 500, 1000, 2000)  # that are labelled
ASKED = {"c_ell": (0.85, 1.15), "s3": (100, 170), "peaks": (800, 1200)}
COMPARED = (250, 750)  # multipoles for which power is asked
EXPECTED = (0.28, 0.32)  # matter densities for which skewness and peaks are asked


@styled
def maps(ds: xr.Dataset) -> Figure:
    """One training map of each of some cosmologies, from low to high first parameter.

    Blank where nothing was seen.

    Parameters
    ----------
    ds : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    """
    rows = examples(ds)
    names = ds["name"].values.tolist()
    images, mask = masks.read(ds, rows)
    images = images if mask is None else np.where(mask, images, np.float32(np.nan))
    degrees = images.shape[1] * ds.attrs["pixel_arcmin"] / 60
    figure = Figure(figsize=(DOUBLE, 0.78 * DOUBLE / len(rows) + 0.6))
    axes = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    high = np.nanquantile(images, 0.998)
    for ax, row, image in zip(axes, rows, images, strict=True):
        shown = ax.imshow(
            image,
            cmap="magma",
            vmin=np.nanquantile(images, 0.01),
            vmax=high,
            origin="lower",
            extent=(0, degrees, 0, degrees),
        )
        values = ds["target"].values[row]
        pairs = zip(names, values, strict=True)
        ax.set_title(", ".join(f"{label(n)} = {v:.2f}" for n, v in pairs))
        ax.set_xlabel("x (deg)")
    axes[0].set_ylabel("y (deg)")
    figure.colorbar(shown, ax=axes, label="convergence", aspect=15, pad=0.01)
    return figure


def examples(maps: xr.Dataset) -> np.ndarray:
    """Rows of the maps that :func:`sky` shows: the first one of every cosmology."""
    train = np.flatnonzero(maps["split"].values == "train")
    _, first = np.unique(maps["cosmology"].values[train], return_index=True)
    rows = train[first]
    rows = rows[np.argsort(maps["target"].values[rows, 0], kind="stable")]
    return rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]


def maps_table(maps: xr.Dataset) -> pd.DataFrame:
    """Which maps are shown, their parameters, mean and s.d."""
    rows = []
    for row in examples(maps):
        x = maps["x"][row].values
        values = maps["target"].values[row].astype(float)
        known = dict(zip(maps["name"].values.tolist(), values, strict=True))
        of = {"row": row, "cosmology": maps["cosmology"].values[row]}
        rows.append(of | known | {"mean": float(x.mean()), "sd": float(x.std())})
    return pd.DataFrame(rows)


@styled
def peaks(table: pd.DataFrame) -> Figure:
    """Mean peak histograms of every cosmology, coloured by its first parameter.

    Parameters
    ----------
    table : DataFrame
        :func:`peaks_table`.
    """
    statistics = table["statistic"].unique()
    figure = Figure(figsize=(DOUBLE, 2.4))
    norm = mpl.colors.Normalize(table["value"].min(), table["value"].max())
    axes = figure.subplots(1, len(statistics), sharey=True, squeeze=False)[0]
    for ax, statistic in zip(axes, statistics, strict=True):
        for _, counts in table[table["statistic"] == statistic].groupby("cosmology"):
            colour = COLOURS(norm(counts["value"].iloc[0]))
            edges = [*counts["low"], counts["high"].iloc[-1]]
            # Without lines down to nothing at both ends.
            ax.stairs(counts["count"], edges, color=colour, baseline=None)
        quantity = "convergence" if statistic == "height" else "response (convergence)"
        ax.set(title=name_of(statistic), xlabel=quantity, yscale="log")
        ax.locator_params(axis="x", nbins=4)
    axes[0].set_ylabel("peaks per map and bin")
    name = table["parameter"].iloc[0]
    scale = mpl.cm.ScalarMappable(norm, COLOURS)
    figure.colorbar(scale, ax=axes, label=label(name))
    return figure


def peaks_table(
    maps: xr.Dataset, counts: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> pd.DataFrame:
    """Mean counts of the training maps by statistic, cosmology and bin.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.record.contracts.MAPS`.
    counts : mapping
        Statistic -> counts (n, bins) of all maps, and the bins' edges (bins + 1,).
    """
    train = maps["split"].values == "train"
    cosmology, values = maps["cosmology"].values, maps["target"].values[:, 0]
    parts = []
    for statistic, (found, edges) in counts.items():
        for name in np.unique(cosmology):
            own = train & (cosmology == name)
            part = {"low": edges[:-1], "high": edges[1:], "count": found[own].mean(0)}
            known = {"statistic": statistic, "cosmology": name}
            known |= {"value": float(values[own][0])}
            known |= {"parameter": str(maps["name"].values[0])}
            parts.append(pd.DataFrame(part).assign(**known))
    return pd.concat(parts, ignore_index=True)


@styled
def realism(table: pd.DataFrame) -> Figure:
    """Power, over theory where there is one, skewness and peaks of maps by cosmology.

    What is asked of the default's maps is shown of simulated ones only.

    Parameters
    ----------
    table : DataFrame
        :mod:`awd.maps.sky.realism`.
    """
    known = table["cosmology"] != "unknown"
    ours, other = table[known], table[~known]
    simulated = (ours["source"] == MADE).all()
    first = next((n for n in ours["parameter"].unique() if n in ours), None)
    values = ours[first] if first else pd.Series(0.0, ours.index)
    norm = mpl.colors.Normalize(values.min(), values.max())
    figure = Figure(figsize=(DOUBLE, 2.3))
    axes = figure.subplots(1, 3)
    _powers(axes[0], ours, values, norm)
    for ax, quantity, at, text in (
        (axes[1], "s3", 2.0, "skewness S₃ at 2 arcmin"),
        (axes[2], "peaks", 0.0, "peaks per map"),
    ):
        here = ours[(ours["quantity"] == quantity) & (ours["at"] == at)]
        colours = COLOURS(norm(values[here.index]))
        ax.scatter(values[here.index], here["value"], 12, colours)
        if simulated and first == "omega_m" and ours["default"].all():
            ax.fill_between(EXPECTED, *ASKED[quantity], color="0.9", zorder=0)
        there = other[(other["quantity"] == quantity) & (other["at"] == at)]
        for value in there["value"]:
            ax.axhline(value, color="#D55E00", ls="--", lw=1)
        ax.set(xlabel=label(first or "cosmology"), ylabel=text)
    figure.colorbar(
        mpl.cm.ScalarMappable(norm, COLOURS), ax=axes, label=label(first or "cosmology")
    )
    return figure


def _powers(
    ax: Axes, ours: pd.DataFrame, values: pd.Series, norm: mpl.colors.Normalize
) -> None:
    """Power over theory, or l (l + 1) C / 2 pi where there is none."""
    own = ours[ours["quantity"] == "c_ell"]
    compared = own["theory"].notna().any()
    for _, spectrum in own.groupby("cosmology"):
        ell = spectrum["at"]
        scale = 1 / spectrum["theory"] if compared else ell * (ell + 1) / (2 * np.pi)
        colour = COLOURS(norm(values[spectrum.index[0]]))
        ax.plot(ell, spectrum["value"] * scale, color=colour, lw=0.8)
    if compared:
        ax.fill_between(COMPARED, *ASKED["c_ell"], color="0.9", zorder=0)
        ax.axhline(1, color="0.5", lw=0.7)
        ax.set(xscale="log", ylim=(0, None), ylabel="power over halofit")
    else:
        text = r"$\ell(\ell+1)\,C_\ell\,/\,2\pi$"
        ax.set(xscale="log", yscale="log", ylabel=text)
    ells = [e for e in ELLS if own["at"].min() / 2 < e < 2 * own["at"].max()]
    ax.set_xlabel(r"multipole $\ell$")
    ax.set_xticks(ells, [str(ell) for ell in ells])
    ax.minorticks_off()
