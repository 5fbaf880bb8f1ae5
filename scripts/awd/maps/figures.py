"""What maps look like, what is counted in them, and what that says of the universe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.maps.inferred import stack
from awd.maps.table import NAMES
from awd.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr

    from awd.maps.infer import Emulator

SHOWN = 5  # cosmologies whose maps are shown
COLOURS = mpl.colormaps["viridis"]
ELLS = (200, 500, 1000, 2000)  # that are labelled
ASKED = {"c_ell": (0.85, 1.15), "s3": (100, 170), "peaks": (800, 1200)}
EXPECTED = (0.28, 0.32)  # matter densities for which skewness and peaks are asked
OMEGA, SIGMA = r"$\Omega_\mathrm{m}$", r"$\sigma_8$"
LABELS = {"omega_m": OMEGA, "sigma_8": SIGMA, "a_s": "$A_s$", "m_nu": r"$M_\nu$ (eV)"}


def label(name: str) -> str:
    """How a parameter is written on an axis."""
    return LABELS[name]


@styled
def sky(maps: xr.Dataset) -> Figure:
    """One training map of each of some cosmologies, from low to high first parameter.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.contracts.MAPS`, opened.
    """
    rows = examples(maps)
    names = maps["name"].values.tolist()
    images = maps["x"][np.sort(rows)].values[np.argsort(np.argsort(rows))]
    degrees = images.shape[1] * maps.attrs["pixel_arcmin"] / 60
    figure = Figure(figsize=(DOUBLE, DOUBLE / len(rows) + 0.55))
    high = np.quantile(images, 0.998)
    for ax, row, image in zip(
        np.atleast_1d(figure.subplots(1, len(rows))), rows, images, strict=True
    ):
        shown = ax.imshow(
            image,
            cmap="magma",
            vmin=np.quantile(images, 0.01),
            vmax=high,
            origin="lower",
            extent=(0, degrees, 0, degrees),
        )
        values = maps["target"].values[row]
        pairs = zip(names, values, strict=True)
        ax.set_title(", ".join(f"{label(n)} = {v:.2f}" for n, v in pairs))
        ax.set_yticks([])
        ax.set_xlabel("x (deg)")
    figure.colorbar(shown, ax=figure.axes, label="convergence", shrink=0.8)
    return figure


def examples(maps: xr.Dataset) -> np.ndarray:
    """Rows of the maps that :func:`sky` shows: the first one of every cosmology."""
    train = np.flatnonzero(maps["split"].values == "train")
    _, first = np.unique(maps["cosmology"].values[train], return_index=True)
    rows = train[first]
    rows = rows[np.argsort(maps["target"].values[rows, 0], kind="stable")]
    return rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]


def sky_table(maps: xr.Dataset) -> pd.DataFrame:
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
def peak_counts(table: pd.DataFrame) -> Figure:
    """Mean peak histograms of every cosmology, coloured by its first parameter.

    Parameters
    ----------
    table : DataFrame
        :func:`peak_table`.
    """
    statistics = table["statistic"].unique()
    figure = Figure(figsize=(DOUBLE, 2.4))
    norm = mpl.colors.Normalize(table["value"].min(), table["value"].max())
    axes = figure.subplots(1, len(statistics), sharey=True)
    for ax, statistic in zip(axes, statistics, strict=True):
        for _, one in table[table["statistic"] == statistic].groupby("cosmology"):
            colour = COLOURS(norm(one["value"].iloc[0]))
            ax.stairs(one["count"], [*one["low"], one["high"].iloc[-1]], color=colour)
        ax.set(title=NAMES[statistic], xlabel="convergence", yscale="log")
    axes[0].set_ylabel("peaks per map and bin")
    name = table["parameter"].iloc[0]
    scale = mpl.cm.ScalarMappable(norm, COLOURS)
    figure.colorbar(scale, ax=axes, label=label(name))
    return figure


def peak_table(
    maps: xr.Dataset, counts: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> pd.DataFrame:
    """Mean counts of the training maps by statistic, cosmology and bin.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.contracts.MAPS`.
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
def predicted(inferred: Sequence[xr.Dataset], head: str = "emulator") -> Figure:
    """Predicted against true first parameter, a panel a statistic.

    Parameters
    ----------
    inferred : sequence of Dataset
        :data:`awd.maps.scoring.INFERRED`.
    head : str
    """
    table = predicted_table(inferred, head)
    names = table["statistic"].unique()
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(DOUBLE, 0.3 + rows * DOUBLE / columns * 0.92))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    span = table["true"].min(), table["true"].max()
    for ax, name in zip(axes.flat, names, strict=False):
        own = table[table["statistic"] == name]
        ax.plot(span, span, color="0.6", lw=0.8)
        means = own.groupby("true")["predicted"]
        ax.errorbar(
            means.mean().index,
            means.mean(),
            means.std(),
            fmt="o",
            ms=2.5,
            lw=0.8,
            color="#0072B2",
        )
        ax.set_title(f"{NAMES.get(name, name)}\nRMSE {100 * _rmse(own):.2f} × 10⁻²")
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    parameter = label(str(inferred[0]["name"].values[0]))
    figure.supxlabel(f"true {parameter}")
    figure.supylabel(f"predicted {parameter}")
    return figure


def predicted_table(inferred: Sequence[xr.Dataset], head: str) -> pd.DataFrame:
    """Truth and prediction of every statistic and test map."""
    y, predictions, cosmology = stack(inferred)
    parts = []
    for one in inferred:
        name = one.attrs["statistic"]
        columns = {"true": y, "predicted": predictions[f"{name} {head}"]}
        parts.append(
            pd.DataFrame({"statistic": name, "cosmology": cosmology, **columns})
        )
    return pd.concat(parts, ignore_index=True)


def _rmse(own: pd.DataFrame) -> float:
    return float(np.sqrt(((own["predicted"] - own["true"]) ** 2).mean()))


@styled
def posteriors(table: pd.DataFrame) -> Figure:
    """The posterior over the box for some test maps: 68 and 95 % regions.

    Parameters
    ----------
    table : DataFrame
        :func:`posterior_table`.
    """
    maps = table["map"].unique()
    figure = Figure(figsize=(DOUBLE, DOUBLE / len(maps) * 0.95))
    axes = np.atleast_1d(figure.subplots(1, len(maps), sharex=True, sharey=True))
    colours = dict(
        zip(
            table["statistic"].unique(), ("#0072B2", "#D55E00", "#009E73"), strict=False
        )
    )
    for ax, row in zip(axes, maps, strict=True):
        own = table[table["map"] == row]
        for name, part in own.groupby("statistic", sort=False):
            grid = part.pivot(index="b", columns="a", values="probability")
            levels = _levels(grid.to_numpy())
            ax.contour(
                grid.columns,
                grid.index,
                grid,
                levels,
                colors=colours[name],
                linewidths=(0.8, 1.4),
            )
        truth = own.iloc[0]
        ax.plot(truth["true_a"], truth["true_b"], "*", color="black", ms=7)
        ax.set_xlabel(label(truth["name_a"]))
    axes[0].set_ylabel(label(table["name_b"].iloc[0]))
    lines = [
        axes[0].plot([], [], color=colour, label=NAMES.get(name, name))[0]
        for name, colour in colours.items()
    ]
    star = axes[0].plot([], [], "*", color="black", ms=7, label="truth")[0]
    figure.legend(handles=[*lines, star], ncols=4, loc="outside upper center")
    return figure


def spread(maps: xr.Dataset, count: int) -> np.ndarray:
    """Rows of some test maps, from low to high first parameter."""
    rows = np.flatnonzero(maps["split"].values == "test")
    rows = rows[np.argsort(maps["target"].values[rows, 0], kind="stable")]
    places = np.linspace(0, len(rows), count + 2)[1:-1]
    return rows[places.astype(int)]


def posterior_table(
    emulators: Mapping[str, tuple[Emulator, np.ndarray]],
    maps: xr.Dataset,
    rows: Sequence[int],
) -> pd.DataFrame:
    """Probabilities of every node for some maps, the first two parameters.

    Parameters
    ----------
    emulators : mapping
        Statistic -> its fitted emulator and the features (n, d) of all maps.
    maps : Dataset
        :data:`awd.contracts.MAPS`.
    rows : sequence of int
        The maps.
    """
    names = maps["name"].values.tolist()
    parts = []
    for row in rows:
        truth = maps["target"].values[row].astype(float)
        for statistic, (emulator, features) in emulators.items():
            nodes = pd.DataFrame(emulator.grid_[:, :2], columns=["a", "b"])
            nodes["probability"] = emulator.posterior(features[row][None])[0]
            nodes = nodes.groupby(["a", "b"], as_index=False)["probability"].sum()
            parts.append(
                nodes.assign(
                    map=int(row),
                    statistic=statistic,
                    true_a=truth[0],
                    true_b=truth[1],
                    name_a=names[0],
                    name_b=names[1],
                )
            )
    return pd.concat(parts, ignore_index=True)


def _levels(grid: np.ndarray) -> list[float]:
    """Densities whose regions hold 95 and 68 %, rising."""
    sorted_ = np.sort(grid.ravel())[::-1]
    total = np.cumsum(sorted_) / sorted_.sum()
    levels = [sorted_[np.searchsorted(total, share)] for share in (0.95, 0.68)]
    return levels if levels[0] < levels[1] else [levels[1] * 0.999, levels[1]]


@styled
def realism(table: pd.DataFrame) -> Figure:
    """Power over theory, skewness and peaks of simulated maps, and of a real one.

    Parameters
    ----------
    table : DataFrame
        :mod:`awd.maps.realism`.
    """
    made = table["cosmology"] != "unknown"
    ours, other = table[made], table[~made]
    figure = Figure(figsize=(DOUBLE, 2.3))
    power, skew, peaks = figure.subplots(1, 3)
    first = "omega_m" if "omega_m" in ours else None
    values = ours[first] if first else pd.Series(0.0, ours.index)
    norm = mpl.colors.Normalize(values.min(), values.max())
    own = ours[(ours["quantity"] == "c_ell")]
    for _, one in own.groupby("cosmology"):
        colour = COLOURS(norm(values[one.index[0]]))
        power.plot(one["at"], one["value"] / one["theory"], color=colour, lw=0.8)
    if own["theory"].notna().any():
        power.axhspan(*ASKED["c_ell"], color="0.9", zorder=0)
        power.axhline(1, color="0.5", lw=0.7)
    power.set(
        xscale="log",
        ylim=(0, None),
        xlabel=r"multipole $\ell$",
        ylabel="power over halofit",
    )
    power.set_xticks(ELLS, [str(ell) for ell in ELLS])
    power.minorticks_off()
    for ax, quantity, at, text in (
        (skew, "s3", 2.0, "skewness S₃ at 2 arcmin"),
        (peaks, "peaks", 0.0, "peaks per map"),
    ):
        here = ours[(ours["quantity"] == quantity) & (ours["at"] == at)]
        ax.scatter(
            values[here.index], here["value"], 12, COLOURS(norm(values[here.index]))
        )
        ax.fill_between(EXPECTED, *ASKED[quantity], color="0.9", zorder=0)
        for value in other[(other["quantity"] == quantity) & (other["at"] == at)][
            "value"
        ]:
            ax.axhline(value, color="#D55E00", ls="--", lw=1)
        ax.set(xlabel=label("omega_m"), ylabel=text)
    figure.colorbar(
        mpl.cm.ScalarMappable(norm, COLOURS),
        ax=[power, skew, peaks],
        label=label("omega_m"),
    )
    return figure
