"""As good as its network? What students say of what it says, and how well they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from awd.league import bootstrap, score
from awd.league.names import name_of
from awd.report import tables
from awd.report.figures import forest
from awd.report.style import COLOURS, DOUBLE, styled

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SHOWN = ("distilled", "control", "wavelet")
DRAWS = 10_000
FLOOR = -1.0  # of an agreement that is shown


@styled
def fidelity(table: pd.DataFrame) -> Figure:
    """Agreement with the network, and R2 beyond the network's, with 95 % intervals.

    Parameters
    ----------
    table : DataFrame
        Of :func:`fidelity_table`.
    """
    network, rows = table.iloc[0], table.iloc[1:].reset_index(drop=True)
    y = forest.heights(rows["role"])
    figure = Figure(figsize=(DOUBLE, 0.75 + forest.LINE * (y.max() + 1)))
    agrees, gains = figure.subplots(1, 2, sharey=True)
    # Of a network that says one thing of all samples nothing is too far.
    senseless = (rows["agreement"] < FLOOR).all()
    forest.points(agrees, rows, "agreement", y, [1] if senseless else [], FLOOR)
    labels = [name_of(method) for method in rows["method"]]
    forest.names(agrees, rows["role"], labels, y)
    agrees.set_xlabel("agreement with the network (R²)")
    gains.axvline(0, color=COLOURS["teacher"], lw=0.8, ls="--", zorder=0)
    forest.points(gains, rows, "gain", y, include=[0])
    forest.bare(gains, y)
    gains.set_xlabel("R² less the network's")
    for ax in (agrees, gains):
        ax.locator_params(axis="x", nbins=5)
    r2 = tables.typeset(network["r2"], 3)
    title = f"the network: {name_of(network['method'])}, R² = {r2}"
    figure.suptitle(title, fontsize=7, color=COLOURS["teacher"])
    return figure


def fidelity_table(test_sets: Sequence[xr.Dataset]) -> pd.DataFrame:
    """What :func:`fidelity` draws, a row a method, first the network.

    ``test_sets`` are predictions of one study and target, of each split and seed.

    ``agreement`` is R2 of a method's predictions against those of the first teacher,
    ``gain`` its R2 less the teacher's, both with ``_low`` and ``_high`` (95 %,
    bootstrap over groups, paired); ``r2`` is the method's own.
    """
    import pandas as pd

    y, predictions, units, of_sample = score.stack(test_sets)
    roles = dict(zip(predictions, test_sets[0]["role"].values.tolist(), strict=True))
    network = next(name for name, role in roles.items() if role == "teacher")
    # Students of other heads have the same filters: they would crowd.
    shown = [name for name, role in roles.items() if role in SHOWN and "@" not in name]
    own = {name: predictions[name] for name in [network, *shown]}
    scored = bootstrap.score(y, own, units, of_sample, draws=DRAWS)
    agreed = bootstrap.score(own[network], own, units, of_sample, draws=DRAWS)
    pairs = [(name, network) for name in own]
    gains = bootstrap.differences(y, own, units, pairs, of_sample, draws=DRAWS)
    table = pd.DataFrame(
        {"method": list(own), "role": [roles[name] for name in own]}
        | {"r2": scored["r2"], "agreement": agreed["r2"], "gain": gains["difference"]}
        | {"agreement_low": agreed["r2_low"], "agreement_high": agreed["r2_high"]}
        | {"gain_low": gains["low"], "gain_high": gains["high"]}
    )
    return forest.ordered(table, "agreement")
