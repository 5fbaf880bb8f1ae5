"""What maps say of the universe: predicted against true, and whole posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from awd.league.names import name_of
from awd.maps.infer.predict import stack
from awd.maps.infer.score import parameters
from awd.maps.names import label
from awd.report.figures import agreement
from awd.report.style import DOUBLE, styled

if TYPE_CHECKING:
    import xarray as xr

    from awd.maps.infer.emulator import Emulator


MOST = 8  # panels of a parameter


@styled
def inferred(
    statistics: Sequence[xr.Dataset],
    students: Sequence[xr.Dataset] = (),
    head: str = "emulator",
) -> Figure:
    """Predicted against true parameters, a block each, a panel a statistic.

    Parameters
    ----------
    statistics : sequence of Dataset
        :data:`awd.maps.infer.predict.INFERRED`.
    students : sequence of Dataset
        Predictions of the target that a network was trained for: the network and the
        student have a panel each beside the statistics of this target.
    head : str
    """
    table = inferred_table(statistics, students, head)
    names = table["parameter"].unique()
    taught = {ds.attrs["target_name"] for ds in students}
    shown = {
        name: _best(own, len(agreement.ROLES) if name in taught else 0)
        for name, own in table.groupby("parameter", sort=False)
    }
    columns = min(4, max(map(len, shown.values())))
    rows = [-(-len(shown[name]) // columns) for name in names]
    heights = [0.3 + count * DOUBLE / columns * 0.92 for count in rows]
    figure = Figure(figsize=(DOUBLE, sum(heights)))
    count = len(names)
    blocks = figure.subfigures(count, 1, squeeze=False, height_ratios=heights)[:, 0]
    for block, name, count in zip(blocks, names, rows, strict=True):
        axes = block.subplots(count, columns, sharex=True, sharey=True, squeeze=False)
        _against_truth(axes, table[table["parameter"] == name], shown[name])
        block.supxlabel(f"true {label(name)}")
        block.supylabel(f"predicted {label(name)}")
    return figure


def _best(table: pd.DataFrame, taught: int) -> list[str]:
    """The statistics that are drawn of one parameter: those with the least RMSE.

    The first ``taught``, of a network, come first whatever theirs is.
    """
    names = table["statistic"].unique().tolist()
    errors = {name: _rmse(table[table["statistic"] == name]) for name in names}
    plain = sorted(names[taught:], key=errors.__getitem__)
    return (names[:taught] + plain)[:MOST]


def _against_truth(axes: np.ndarray, table: pd.DataFrame, names: Sequence[str]) -> None:
    """One parameter, a panel a statistic."""
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
        ax.set_title(f"{name_of(name)}\nRMSE {100 * _rmse(own):.2f} × 10⁻²")
    _finish(axes, len(names))


def _finish(axes: np.ndarray, count: int) -> None:
    """Numbers under the lowest panel of every column, nothing where there is none."""
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    for ax in axes.flat[max(count - axes.shape[1], 0) : count]:
        ax.tick_params(labelbottom=True)


def inferred_table(
    inferred: Sequence[xr.Dataset],
    students: Sequence[xr.Dataset] = (),
    head: str = "emulator",
) -> pd.DataFrame:
    """Truth and prediction of every parameter, statistic and test map."""
    parts = [_of_student(ds) for ds in students]
    for parameter in parameters(inferred):
        y, predictions, cosmology = stack(inferred, parameter)
        for ds in inferred:
            name = ds.attrs["statistic"]
            known = {"parameter": parameter, "statistic": name, "cosmology": cosmology}
            columns = {"true": y, "predicted": predictions[f"{name} {head}"]}
            parts.append(pd.DataFrame(known | columns))
    return pd.concat(parts, ignore_index=True)


def _of_student(predictions: xr.Dataset) -> pd.DataFrame:
    """The same of a network and of the student that is distilled from it."""
    table = agreement.table([predictions])
    named = {"method": "statistic", "x": "true", "y": "predicted"}
    shown = table.rename(columns=named)[[*named.values()]]
    group = np.tile(predictions["group"].values, len(agreement.ROLES))
    target = predictions.attrs["target_name"]
    return shown.assign(parameter=target, cosmology=group)


def _rmse(own: pd.DataFrame) -> float:
    return float(np.sqrt(((own["predicted"] - own["true"]) ** 2).mean()))


@styled
def posterior(table: pd.DataFrame) -> Figure:
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
        axes[0].plot([], [], color=colour, label=name_of(name))[0]
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
        :data:`awd.record.contracts.MAPS`.
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
def observed(draws: pd.DataFrame) -> Figure:
    """The posterior of an observed map, a panel a statistic.

    Parameters
    ----------
    draws : DataFrame
        :func:`awd.maps.infer.observed.chains`.
    """
    from scipy.stats import gaussian_kde

    names = draws["statistic"].unique()
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(DOUBLE, 0.3 + rows * DOUBLE / columns * 0.92))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    spans = [np.quantile(draws[axis], [0.001, 0.999]) for axis in ("a", "b")]
    x, y = (np.linspace(low, high, 80) for low, high in spans)
    nodes = np.stack(np.meshgrid(x, y)).reshape(2, -1)
    for ax, name in zip(axes.flat, names, strict=False):
        own = draws[draws["statistic"] == name]
        grid = gaussian_kde(own[["a", "b"]].to_numpy().T)(nodes).reshape(80, 80)
        doubted = bool(own["doubted"].iloc[0])
        ax.contour(
            *(x, y, grid, _levels(grid)),
            colors="0.5" if doubted else "#0072B2",
            linestyles="dashed" if doubted else "solid",
            linewidths=(0.8, 1.4),
        )
        ax.set_title(name_of(name) + ("\nnot trustworthy" if doubted else ""))
    _finish(axes, len(names))
    figure.supxlabel(label(draws["name_a"].iloc[0]))
    figure.supylabel(label(draws["name_b"].iloc[0]))
    return figure
