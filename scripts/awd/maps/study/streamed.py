"""Maps that stay in their file and are read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import netCDF4
import numpy as np

from awd import io

if TYPE_CHECKING:
    import xarray as xr


def with_first(ds: xr.Dataset, target: str) -> xr.Dataset:
    """A dataset over parameters (``name``) whose first one is the target."""
    names = ds["name"].values.tolist()
    return ds.isel(name=order(names, target))


def apart(x: np.ndarray) -> np.ndarray:
    """Maps (n, [bins,] y, x) as (n * bins, y, x), the bins of a map together."""
    return x.reshape(-1, *x.shape[-2:])


def farthest(maps: xr.Dataset) -> xr.Dataset:
    """Maps, or gradients, of the last bin of sources, where there are several."""
    return maps.isel(channel=-1) if "channel" in maps.sizes else maps


def order(names: Sequence[str], target: str) -> list[int]:
    """Places of the names, that of the target first."""
    place = list(names).index(target)
    return [place, *(k for k in range(len(names)) if k != place)]


class Rows:
    """Maps of a ``samples.nc`` that are read when they are asked for.

    Parameters
    ----------
    path : path
    rows : array of int
        Which of them, in this order.
    """

    def __init__(self, path: io.PathLike, rows: np.ndarray) -> None:
        self.path, self.rows = path, np.asarray(rows)
        self._x = netCDF4.Dataset(path)["x"]
        self._x.set_auto_maskandscale(False)  # nothing is; to look takes as long again

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        with io.readable(self.path, "netCDF"):
            return np.stack([self._x[row] for row in self.rows[rows]])

    def pieces(self, size: int) -> list[slice]:
        """Which maps to read together, to read all."""
        return [slice(at, at + size) for at in range(0, len(self), size)]
