"""The angular power spectrum of maps on the flat sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
import scipy.sparse

from awd.errors import DataError, ShapeError

if TYPE_CHECKING:
    from typing import Self

BATCH = 2**22  # pixels that are transformed together


def power_spectrum(
    maps: np.ndarray, pixel_arcmin: float, edges: np.ndarray
) -> np.ndarray:
    """Mean power in bins of multipole.

    Parameters
    ----------
    maps : array of shape (n, y, x)
        Square, dimensionless, taken as periodic.
    pixel_arcmin : float
    edges : array of shape (bins + 1,)
        Multipoles; a bin holds its lower edge.

    Returns
    -------
    ndarray of shape (n, bins), float32
        C_ell in sr; the mean over the modes of a bin, without noise or pixel window
        taken off.

    Raises
    ------
    ShapeError, DataError
        Maps are not square, or a bin holds no mode.
    """
    maps = np.asarray(maps)
    if maps.ndim != 3 or maps.shape[1] != maps.shape[2]:
        raise ShapeError(f"maps have shape {maps.shape}; expected (n, y, x), square")
    side = maps.shape[1]
    average = _averages(side, pixel_arcmin, np.asarray(edges, float))
    out = np.empty((len(maps), average.shape[0]), np.float32)
    step = max(1, BATCH // side**2)
    for start in range(0, len(maps), step):
        modes = scipy.fft.rfft2(maps[start : start + step])
        power = (modes.real**2 + modes.imag**2).reshape(len(modes), -1)
        out[start : start + step] = (average @ power.T).T
    return out


def multipoles(side: int, pixel_arcmin: float) -> np.ndarray:
    """Of every mode of ``rfft2``, (side, side // 2 + 1)."""
    step = 2 * np.pi / np.radians(side * pixel_arcmin / 60)
    return step * np.hypot(
        np.fft.fftfreq(side, 1 / side)[:, None], np.fft.rfftfreq(side, 1 / side)
    )


def _averages(
    side: int, pixel_arcmin: float, edges: np.ndarray
) -> scipy.sparse.csr_array:
    """From squared modes to the mean power in sr of every bin, a sparse matrix."""
    ell = multipoles(side, pixel_arcmin)
    # Half of the plane stands for all of it; its first and last column for themselves.
    times = np.full(ell.shape, 2.0)
    times[:, 0] = 1
    if side % 2 == 0:
        times[:, -1] = 1
    bins = len(edges) - 1
    which = np.searchsorted(edges, ell, "right").ravel() - 1
    inside = np.flatnonzero((which >= 0) & (which < bins))
    times = times.ravel()[inside]
    total = np.bincount(which[inside], times, minlength=bins)
    if (total == 0).any():
        k = int((total == 0).argmax())
        raise DataError(
            f"no mode of maps of {side} pixels of {pixel_arcmin:g} arcmin lies in ell "
            f"{edges[k]:.0f} to {edges[k + 1]:.0f}; expected wider bins"
        )
    area = np.radians(pixel_arcmin / 60) ** 2 / side**2
    shares = area * times / total[which[inside]]
    shape = bins, ell.size
    return scipy.sparse.csr_array((shares, (which[inside], inside)), shape)


@dataclass(frozen=True)
class Spectrum:
    """The logarithm of the power in bins of multipole, as features.

    Parameters
    ----------
    pixel_arcmin : float
    bins : int
        Evenly spaced in the logarithm, from the longest mode along a side to the
        shortest; one without a mode joins the next.
    """

    pixel_arcmin: float
    bins: int = 12

    def fitted(self, maps: np.ndarray) -> Self:
        """Itself: its bins are those of the map's size."""
        return self

    def features(self, maps: np.ndarray) -> np.ndarray:
        """Natural logarithms of C_ell, (n, bins), float32."""
        side = maps.shape[1]
        ell = multipoles(side, self.pixel_arcmin)
        edges = np.geomspace(ell[0, 1] * 0.999, ell[0, -1], self.bins + 1)
        filled = np.histogram(ell, edges)[0] > 0
        edges = edges[np.append(True, filled)]  # small maps lack modes between others
        return np.log(power_spectrum(maps, self.pixel_arcmin, edges))
