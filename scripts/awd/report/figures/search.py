"""How filters were chosen: their length and levels, their path to attribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from awd.errors import DataError
from awd.league.names import OURS, name_of
from awd.report import tables
from awd.report.figures.parts import mean_and_each, medoid, origin, scored_by
from awd.report.style import COLOURS, DOUBLE, NO_LAYOUT, styled
from awd.wavelet import onto

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes


SMALLEST = (2.6, 1.6)  # inches of a figure with few cells


def candidates(wavelets: Sequence[xr.Dataset], method: str) -> pd.DataFrame:
    """Every candidate of one method in all files, its taps as an array in ``filter``.

    Raises
    ------
    DataError
        No file has a candidate of this method.
    """
    import pandas as pd

    fields = ("length", "levels", "sparsity", "attribution", "score")
    parts = []
    for index, ds in enumerate(wavelets):
        own = ds.isel(candidate=ds["candidate_method"].values == method)
        part = pd.DataFrame({name: own[f"candidate_{name}"].values for name in fields})
        taps = zip(own["candidate_filter"].values, part["length"], strict=True)
        part["filter"] = [h[:length] for h, length in taps]
        parts.append(part.assign(**origin(ds, index)))
    table = pd.concat(parts, ignore_index=True)
    if table.empty:
        known = sorted({str(m) for w in wavelets for m in w["candidate_method"].values})
        raise DataError(f"no candidates of {method!r}; there are those of {known}")
    return table


@styled
def choice(*wavelets: xr.Dataset, method: str = OURS) -> Figure:
    """Best score for each length and number of levels, and how often each was chosen.

    Parameters
    ----------
    *wavelets : Dataset
        ``wavelets.nc`` of one target, one for each split and seed.
    method : str
        Whose candidates.
    """
    table = choice_table(*wavelets, method=method)
    grids = table.pivot(index="levels", columns="length", values=["score", "chosen"])
    scores, counts = grids["score"], grids["chosen"]
    rows, columns = scores.shape
    # Of few shapes a figure that still holds its labels.
    size = max(0.8 + 0.72 * columns, SMALLEST[0]), max(0.62 + 0.38 * rows, SMALLEST[1])
    figure = Figure(figsize=size)
    ax = figure.subplots()
    image = ax.imshow(scores, aspect="auto", origin="lower")
    for (row, column), score in np.ndenumerate(scores.to_numpy()):
        if np.isfinite(score):
            _cell(ax, (column, row), score, int(counts.iat[row, column]), image)
    ax.set_xticks(range(columns), scores.columns)
    ax.set_yticks(range(rows), scores.index)
    ax.set(xlabel="length of the filter (taps)", ylabel="levels")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    label = scored_by(wavelets[0], method)
    if np.ptp(scores.to_numpy()[np.isfinite(scores)]) > 0:
        bar = figure.colorbar(image, ax=ax, aspect=12, pad=0.02)
        bar.set_label(label)
        bar.outline.set_visible(False)
    else:  # a bar of one colour says nothing
        ax.set_title(label.replace("\n", " "))
    return figure


def _cell(ax: Axes, at: tuple[int, int], score: float, count: int, image: Any) -> None:
    """A score in ink that its shade allows; chosen ones are framed and counted."""
    red, green, blue, _ = image.to_rgba(score)
    ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
    text = tables.typeset(score, 3)
    if count:
        text += f"\nchosen {count}×"
        corner = (at[0] - 0.47, at[1] - 0.46)
        frame = mpl.patches.Rectangle(corner, 0.94, 0.92, fill=False, ec=ink, lw=1.6)
        ax.add_patch(frame)
    ax.text(*at, text, color=ink, ha="center", va="center", fontsize=6.5)


def choice_table(*wavelets: xr.Dataset, method: str = OURS) -> pd.DataFrame:
    """What :func:`choice` draws, a row a length and number of levels.

    ``score`` is the mean over the files of the best candidate's, ``sd`` its standard
    deviation over them, ``files`` their number, ``chosen`` in how many it was taken.
    """
    table = candidates(wavelets, method)
    shape = ["length", "levels"]
    best = table.groupby([*shape, "file"])["score"].max().groupby(shape)
    grid = best.agg(score="mean", sd="std", files="count").reset_index()
    taken: list[tuple[int, int]] = []
    for ds in wavelets:
        chosen = ds.isel(method=ds["method"].values == method)
        taken += zip(chosen["length"].values, chosen["levels"].values, strict=True)
    pairs = zip(grid["length"], grid["levels"], strict=True)
    return grid.assign(chosen=[taken.count(pair) for pair in pairs])


@styled
def filter_path(*wavelets: xr.Dataset, method: str = "attribution") -> Figure:
    """Best filter for each ratio of attribution to sparsity, over its fidelity.

    Parameters
    ----------
    *wavelets : Dataset
        ``wavelets.nc`` of one target, one for each split and seed. Only ratios that
        all of them tried are shown.
    method : str
        Whose candidates.
    """
    table = filter_path_table(*wavelets, method=method)
    ratios = np.sort(table["ratio"].unique())
    colours = mpl.colormaps["cividis"](np.linspace(0, 0.85, len(ratios)))
    figure = Figure(figsize=(DOUBLE, 0.42 * DOUBLE), layout=NO_LAYOUT)
    edges = {"left": 0.1, "right": 0.98, "top": 0.92, "bottom": 0.19}
    grid = figure.add_gridspec(2, len(ratios), **edges, wspace=0, hspace=0.12)
    top = [figure.add_subplot(grid[0, step]) for step in range(len(ratios))]
    for step, (ax, ratio) in enumerate(zip(top, ratios, strict=True)):
        chosen = _step(ax, table[table["ratio"] == ratio], colours[step])
        if chosen:
            ax.set_title(f"chosen {chosen}×", color=COLOURS["distilled"])
        ax.tick_params(left=step == 0, labelleft=step == 0)
        ax.spines["left"].set_visible(step == 0)
    _share_y(top)
    top[0].set_ylabel("filter tap h")
    below = figure.add_subplot(grid[1, :])
    _scores(below, table, colours)
    below.set_ylabel(scored_by(wavelets[0], method))
    below.set_xlabel(f"ratio of attribution to sparsity, {name_of(method)}")
    figure.align_ylabels()
    return figure


def _share_y(axes: Sequence[Axes]) -> None:
    limits = np.array([ax.get_ylim() for ax in axes])
    for ax in axes:
        ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())


def _step(ax: Axes, part: pd.DataFrame, colour: Any) -> int:
    """Filters of one ratio laid onto their central one; in how many files it won."""
    taps = part.filter(regex=r"^h\d").to_numpy()
    taps = [h[np.isfinite(h)] for h in taps]
    centre = medoid(taps)
    ax.axhline(0, color="0.6", lw=0.5)
    ax.set(xticks=[])
    for place, h in enumerate(taps):
        shift, sign = onto(h, taps[centre])
        x = np.arange(len(h)) + shift
        if place == centre:
            ax.vlines(x, 0, h, color=colour, lw=1)
            ax.plot(x, h, "o", color=colour, ms=2.5)
        else:
            ax.plot(x, sign * h, color=colour, lw=0.5, alpha=0.6)
    ax.margins(x=0.15, y=0.1)
    ax.spines["bottom"].set_visible(False)
    return int(part["chosen"].sum())


def _scores(ax: Axes, table: pd.DataFrame, colours: np.ndarray) -> None:
    """Score of each step under its filters; 0 and infinite ratios in words."""
    grid = table.pivot(index="file", columns="ratio", values="score")
    names = {0.0: "0\n(sparsity only)", np.inf: "∞\n(attribution only)"}
    steps = np.arange(grid.shape[1])
    mean_and_each(ax, steps, grid.to_numpy(), "0.6")
    ax.scatter(steps, grid.mean(), c=colours, s=14, zorder=3)
    ax.set_xticks(steps, [names.get(ratio, f"{ratio:g}") for ratio in grid.columns])
    ax.margins(y=0.2)
    ax.set_xlim(-0.5, len(steps) - 0.5)


def filter_path_table(
    *wavelets: xr.Dataset, method: str = "attribution"
) -> pd.DataFrame:
    """What :func:`filter_path` draws: a row a file and ratio, taps in ``h0`` ...

    ``chosen`` says whether this ratio's best candidate is the file's best of all.
    """
    import pandas as pd

    table = candidates(wavelets, method)
    # Sparsity 0 is attribution only; a candidate with neither weight has no ratio.
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = table["attribution"].to_numpy() / table["sparsity"].to_numpy()
    table = table.assign(ratio=np.round(ratio, 9)).dropna(subset="ratio")
    shared = table.groupby("ratio")["file"].nunique() == table["file"].nunique()
    table = table[table["ratio"].isin(shared.index[shared])]
    rows = table.loc[table.groupby(["file", "ratio"])["score"].idxmax()]
    best = rows.groupby("file")["score"].idxmax()
    rows = rows.assign(chosen=rows.index.isin(best))
    taps = pd.DataFrame(rows["filter"].tolist(), index=rows.index).add_prefix("h")
    rows = rows.drop(columns=["filter", "sparsity", "attribution"])
    return rows.join(taps).reset_index(drop=True)
