"""How every figure looks, and how it is saved: one sheet, one colour for each role."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import matplotlib as mpl
import matplotlib.style

from awd import io

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_suffix(".mplstyle")
SINGLE, DOUBLE = 89 / 25.4, 183 / 25.4  # inches: one and two columns of a page

COLOURS = {
    "teacher": "#0072B2",
    "distilled": "#D55E00",
    "wavelet": "#009E73",
    "baseline": "#CC79A7",
    "control": "#999999",
}

# For figures that place their axes by hand; matplotlib's stubs know no "none".
NO_LAYOUT: Any = "none"

P = ParamSpec("P")
T = TypeVar("T")


def styled(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function under the project's style sheet, and only that function."""

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        with mpl.style.context(STYLE, after_reset=True):
            return function(*args, **kwargs)

    return inner


@styled
def save(figure: Figure, stem: str | Path, data: pd.DataFrame) -> None:
    """Write ``stem.png`` (200 dpi), ``stem.pdf`` and the plotted data, ``stem.csv``.

    The same figure gives the same bytes: no date or program name is written.
    """
    undated: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    # Saving under the sheet would lay out anew a figure that placed its axes by hand.
    mpl.rcParams["figure.constrained_layout.use"] = False
    if figure.get_layout_engine():  # which would lay out anew for every file
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    for kind, metadata in undated.items():
        with io.replacing(f"{stem}.{kind}", sealed=kind == "png") as temporary:
            figure.savefig(temporary, format=kind, metadata=metadata)
    io.write_table(data, f"{stem}.csv")
