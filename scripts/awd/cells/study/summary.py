"""What was tracked in a few numbers, a row a cell, for whoever wants no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd.cells import classify, tracks

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

MISSING = "–"
CAPTION = (
    "Every cell. Whole: tracks that are seen from start to end and neither split nor "
    "merge, classes 1 and 2 of cmeAnalysis. Moved by steps: whole tracks that are in "
    "class 2 although only their motion is unusual for the cell (more than four steps "
    "above the 95th percentile of median steps): a rule that meets long tracks more "
    "often, so lifetimes and cohorts are shown of classes 1 and 2 together too."
)


def table(cells: Sequence[xr.Dataset]) -> pd.DataFrame:
    """A row a cell, as text."""
    import pandas as pd

    rows = []
    for cell in cells:
        row = {"cell": cell.attrs["cell"], "condition": cell.attrs.get("condition", "")}
        if "rejected" in cell.attrs:
            rows.append(row | {"tracks": f"left out: {cell.attrs['rejected']}"})
            continue
        lifetime = tracks.lifetimes(cell) * cell.attrs["frame_interval_s"]
        whole = cell["complete"].values == 1
        row |= {
            "tracks": str(cell.sizes["track"]),
            "whole": str(int(whole.sum())),
            "median lifetime (s)": _number(
                np.median(lifetime[whole]) if whole.any() else np.nan
            ),
            "pixel (nm)": _number(cell.attrs["pixel_nm"]),
            "interval (s)": _number(cell.attrs["frame_interval_s"]),
        }
        if "category" in cell:
            category = cell["category"].values
            row |= {
                "class 1": str(int((category == 1).sum())),
                "class 2": str(int((category == 2).sum())),
                "moved by steps": str(moved(cell)),
            }
        if "slave_p" in cell:
            seen = np.repeat(whole, cell["row_size"].values)
            share = (
                np.mean(cell["slave_p"].values[seen] < 0.05) if seen.any() else np.nan
            )
            name = tracks.channels(cell)["slave"]
            row[f"frames with {name}"] = MISSING if np.isnan(share) else f"{share:.0%}"
        if "outside" in cell.attrs:
            row["outside of the mask"] = str(cell.attrs["outside"])
        rows.append(row)
    found = pd.DataFrame(rows).fillna(MISSING)
    return (
        found if (found["condition"] != "").any() else found.drop(columns="condition")
    )


def moved(cell: xr.Dataset) -> int:
    """Tracks of class 2 that move fast by the published rule."""
    edges = tracks.starts(cell)
    fast = classify.fast(edges, cell["x"].values, cell["y"].values)
    return int((fast & (cell["category"].values == 2)).sum())


def _number(value: float) -> str:
    return MISSING if np.isnan(value) else f"{value:.4g}"
