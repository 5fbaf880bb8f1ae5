"""Maps that stay in their file and are read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import netCDF4
import numpy as np

from awd import io

if TYPE_CHECKING:
    import xarray as xr

    from awd.teacher.networks import Teacher


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
    model : Teacher, optional
        A network: if it reads a channel more than the maps have, that is their mask,
        of the scale of its inputs.
    """

    def __init__(
        self, path: io.PathLike, rows: np.ndarray, model: Teacher | None = None
    ) -> None:
        self.path, self.rows = path, np.asarray(rows)
        # Else file and variables hold each other, and the collector of cycles closes it
        # in any thread; netCDF's library crashes if another one opens a file then.
        self._file = netCDF4.Dataset(path, keepweakref=True)
        self._file.set_auto_maskandscale(False)  # nothing is; to look takes as long
        self._x, self._mask = self._file["x"], self._file.variables.get("mask")
        bins = 1 if self._x.ndim == 3 else self._x.shape[1]
        self._unit = None
        if model is not None and model.inputs > bins:
            self._unit = np.float32(getattr(model, "scale", 1.0))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        with io.readable(self.path, "netCDF"):
            x = np.stack([self._x[row] for row in self.rows[rows]])
            if self._unit is None:
                return x
            x = x.reshape(len(x), -1, *x.shape[-2:])
            return np.concatenate([x, self._unit * self._seen(rows)[:, None]], 1)

    def of_maps(self, gradient: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
        """A gradient as the maps have their axes: 0 where nothing was seen."""
        if self._unit is not None:
            gradient = gradient[:, :-1]
        gradient = gradient.reshape(len(gradient), *self._x.shape[1:])
        if self._mask is None:
            return gradient
        seen = self._seen(rows)
        return gradient * (seen if gradient.ndim == 3 else seen[:, None])

    def _seen(self, rows: np.ndarray | slice) -> np.ndarray:
        """Masks (n, y, x), float32; 1 where maps have none."""
        if self._mask is None:
            return np.ones((len(self.rows[rows]), *self._x.shape[-2:]), np.float32)
        some = [self._mask[row] for row in self.rows[rows]]
        return np.stack(some).astype(np.float32)

    def pieces(self, size: int) -> list[slice]:
        """Which maps to read together, to read all."""
        return [slice(at, at + size) for at in range(0, len(self), size)]
