"""Parts that several figures share: filters laid onto each other, labels, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import wavelet

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def distance(h: np.ndarray, target: np.ndarray) -> float:
    """L2 distance of two filters after :func:`awd.wavelet.onto`."""
    return wavelet.distance(h, target, flips=False)


def medoid(filters: Sequence[np.ndarray]) -> int:
    """The one nearest to all others, the first of several."""
    far = [sum(distance(h, other) for other in filters) for h in filters]
    return int(np.argmin(np.round(far, 9)))


def origin(wavelets: xr.Dataset, index: int) -> dict[str, Any]:
    """The file of a row: its place among them, and its split and seed if it has any."""
    known = {
        key: wavelets.attrs[key] for key in ("split", "seed") if key in wavelets.attrs
    }
    return {"file": index} | known


def scored_by(wavelets: xr.Dataset, method: str) -> str:
    """Label of the scores of a method's candidates in a ``wavelets.nc``."""
    methods = wavelets["method"].values.tolist()
    if (
        method in methods
        and wavelets["chosen_by"].values[methods.index(method)] == "labels"
    ):
        return "cross-validated R²"
    return "cross-validated\nfidelity (R²)"


def shown_unit(units: str) -> str:
    """Units as they are shown: a plain number has units "1" and shows none."""
    return "" if units == "1" else units


def with_unit(name: str, units: str) -> str:
    """``name (units)``, of a plain number its name."""
    unit = shown_unit(units)
    return f"{name} ({unit})" if unit else name


def described(array: xr.DataArray) -> str:
    """``long_name (units)``."""
    return with_unit(array.attrs["long_name"], array.attrs["units"])


def legend_once(ax: Axes, on: Axes | Figure | None = None, **where: Any) -> None:
    """A legend, of the axes or ``on`` a figure, that names each kind of line once."""
    handles, labels = ax.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    (on or ax).legend([*once.values()], [*once], **where)


def steps_axis(ax: Axes, labels: Sequence[str], most: int = 5) -> None:
    """Even places for a list of weights; of a long one only some are labelled."""
    ticks = range(0, len(labels), -(-len(labels) // most))
    ax.set_xticks(ticks, [labels[tick] for tick in ticks])
    ax.set_xlim(-0.5, len(labels) - 0.5)


def mean_and_each(ax: Axes, steps: np.ndarray, values: np.ndarray, colour: str) -> None:
    """Lines (files, steps): thin for each file, thick with points for their mean."""
    if len(values) > 1:
        ax.plot(steps, values.T, color=colour, lw=0.5, alpha=0.45)
    ax.plot(steps, np.nanmean(values, 0), color=colour, lw=1.2, marker="o", ms=2.8)
