"""The angular power spectrum of maps on the flat sky."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
import scipy.sparse

from awd.arguments import checked
from awd.errors import DataError, ShapeError
from awd.maps.measure import masks

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike

MAPS = ("n y x", -1e12, 1e12)  # whose squares are far from where numbers end
BATCH = 2**22  # pixels that are transformed together
CLOSEST = 1 - 1e-6  # correlation of two fields
LEAST = 0.01  # of the power before it is put right: what is left, at the least


@checked(maps=MAPS, pixel_arcmin=(1e-4, 1e4), edges="edges", mask="n y x")
def power_spectrum(
    maps: np.ndarray,
    pixel_arcmin: float,
    edges: ArrayLike,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Mean power in bins of multipole.

    Of masked maps that of the field, less its mean, times the tapered mask, put right
    by the coupling of modes (:func:`coupling`; MASTER, Hivon et al. 2002, with the
    flat sky's exact matrix).

    Parameters
    ----------
    maps : array of shape (n, y, x)
        Square, dimensionless, taken as periodic.
    pixel_arcmin : float
    edges : array of shape (bins + 1,)
        Multipoles; a bin holds its lower edge.
    mask : array of bool of shape (n, y, x), optional
        Where maps were seen.

    Returns
    -------
    ndarray of shape (n, bins), float32
        C_ell in sr: the mean over the modes of a bin, not corrected for noise or for
        the pixel window.

    Raises
    ------
    ShapeError, DataError
        Maps are not square, or a bin holds no mode.
    """
    maps = np.asarray(maps)
    if maps.ndim != 3 or maps.shape[1] != maps.shape[2]:
        raise ShapeError(f"maps have shape {maps.shape}; expected (n, y, x), square")
    side = maps.shape[1]
    edges = np.asarray(edges, float)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise DataError(f"edges are {edges[:6]}; expected at least two that rise")
    average = _averages(side, pixel_arcmin, edges)
    if mask is not None and not mask.all():
        return _of_masked(maps, mask, pixel_arcmin, edges)
    power = np.empty((len(maps), average.shape[0]), np.float32)
    step = max(1, BATCH // side**2)
    for start in range(0, len(maps), step):
        modes = scipy.fft.rfft2(maps[start : start + step])
        squared = (modes.real**2 + modes.imag**2).reshape(len(modes), -1)
        power[start : start + step] = (average @ squared.T).T
    return power


def _of_masked(
    maps: np.ndarray, mask: np.ndarray, pixel_arcmin: float, edges: np.ndarray
) -> np.ndarray:
    """Power of masked maps, which may differ in their masks, (n, bins)."""
    side = maps.shape[1]
    # Modes outside of the bins leak into them, too.
    wide = np.array([-np.inf, *edges, np.inf])
    ell = multipoles(side, pixel_arcmin)
    occupied = np.histogram(ell, wide)[0] > 0
    wide = wide[np.append(True, occupied)]
    inside = slice(int(occupied[0]), int(occupied[0]) + len(edges) - 1)
    average = _averages(side, pixel_arcmin, wide)
    power = np.empty((len(maps), len(edges) - 1), np.float32)
    known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}  # maps may share a mask
    for n, (field, seen) in enumerate(zip(maps, mask, strict=True)):
        key = np.packbits(seen).tobytes()
        if key not in known:
            own = masks.tapered(seen)
            known[key] = own, coupling(own, pixel_arcmin, wide)
        weight, matrix = known[key]
        mean = (weight * field).sum() / weight.sum()
        modes = scipy.fft.rfft2(weight * (field - mean))
        coupled = average @ (modes.real**2 + modes.imag**2).ravel()
        found = np.linalg.solve(matrix, coupled)
        power[n] = np.maximum(found, LEAST * coupled)[inside]
    return power


@checked(weight="y y", pixel_arcmin=(1e-4, 1e4), may_be_nan="edges")
def coupling(weight: np.ndarray, pixel_arcmin: float, edges: np.ndarray) -> np.ndarray:
    """How a weight mixes the power of bins: what is found in one of what is in another.

    The mean over the modes k of a bin of the sum over the modes k' of another of
    ``|W(k - k')|^2``, exact for power that is the same in all modes of a bin.

    Parameters
    ----------
    weight : array of shape (y, y)
        That fields are multiplied by.
    pixel_arcmin : float
    edges : array of shape (bins + 1,)
        Multipoles, the first and last of which may be infinite.

    Returns
    -------
    ndarray of shape (bins, bins)
        The identity for a weight of 1, where the bins hold all modes.
    """
    side = len(weight)
    ell = multipoles(side, pixel_arcmin)
    columns = np.abs(np.fft.fftfreq(side, 1 / side)).astype(int)
    whole = ell[:, columns]
    squared = np.abs(scipy.fft.fft2(weight)) ** 2 / side**4
    kernel = scipy.fft.rfft2(squared)
    within = [
        (whole >= low) & (whole < high) for low, high in itertools.pairwise(edges)
    ]
    mixed = [
        scipy.fft.irfft2(kernel * scipy.fft.rfft2(own.astype(float)), s=weight.shape)
        for own in within
    ]
    return np.array([[other[own].mean() for other in mixed] for own in within])


@checked(side=(1, 100_000), pixel_arcmin=(1e-4, 1e4))
def multipoles(side: int, pixel_arcmin: float) -> np.ndarray:
    """Multipole ell of every mode of ``rfft2``, (side, side // 2 + 1)."""
    step = 2 * np.pi / np.radians(side * pixel_arcmin / 60)
    return step * np.hypot(
        np.fft.fftfreq(side, 1 / side)[:, None], np.fft.rfftfreq(side, 1 / side)
    )


def _averages(
    side: int, pixel_arcmin: float, edges: np.ndarray
) -> scipy.sparse.csr_array:
    """Sparse matrix from squared modes to the mean power of every bin, in sr."""
    ell = multipoles(side, pixel_arcmin)
    # A mode stands for its conjugate too, unless the same column holds that one.
    multiplicity = np.full(ell.shape, 2.0)
    multiplicity[:, 0] = 1
    if side % 2 == 0:
        multiplicity[:, -1] = 1
    bins = len(edges) - 1
    bin_of_mode = np.searchsorted(edges, ell, "right").ravel() - 1
    inside = np.flatnonzero((bin_of_mode >= 0) & (bin_of_mode < bins))
    row, multiplicity = bin_of_mode[inside], multiplicity.ravel()[inside]
    total = np.bincount(row, multiplicity, minlength=bins)
    if (total == 0).any():
        k = int((total == 0).argmax())
        raise DataError(
            f"no mode of maps of {side} pixels, pixel_arcmin {pixel_arcmin:g}, lies in "
            f"ell {edges[k]:g} to {edges[k + 1]:g}; expected wider bins (edges)"
        )
    area = np.radians(pixel_arcmin / 60) ** 2 / side**2
    shares = area * multiplicity / total[row]
    return scipy.sparse.csr_array((shares, (row, inside)), (bins, ell.size))


@checked(pixel_arcmin=(1e-4, 1e4), bins=(1, 100_000))
@dataclass(frozen=True)
class Spectrum:
    """The logarithm of the power in bins of multipole, as features.

    Parameters
    ----------
    pixel_arcmin : float
    bins : int
        Evenly spaced in the logarithm, from the longest mode along a side to the
        shortest; a bin without a mode joins the next.
    """

    pixel_arcmin: float
    bins: int = 12

    @property
    def constants(self) -> int:
        """Training maps decide nothing."""
        return 0

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        """Itself: its bins follow from the size of the maps."""
        return self

    @checked(maps=MAPS)
    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Natural logarithms of C_ell, (n, bins), float32."""
        return np.log(self._power(maps, mask))

    def crossed(
        self, first: np.ndarray, second: np.ndarray, mask: np.ndarray | None = None
    ) -> np.ndarray:
        """How two fields go together: artanh of C_12 / (C_11 C_22)^0.5, (n, bins).

        The cross spectrum over what the two spectra tell already (Fisher's z, whose
        noise is nearly the same everywhere). From spectra of sum and difference.
        """
        plus, minus = (
            self._power(both, mask) for both in (first + second, first - second)
        )
        both = np.sqrt(self._power(first, mask) * self._power(second, mask))
        return np.arctanh(np.clip((plus - minus) / (4 * both), -CLOSEST, CLOSEST))

    def _power(self, maps: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        side = maps.shape[1]
        ell = multipoles(side, self.pixel_arcmin)
        edges = np.geomspace(ell[0, 1] * 0.999, ell[0, -1], self.bins + 1)
        filled = np.histogram(ell, edges)[0] > 0
        edges = edges[np.append(True, filled)]  # small maps have gaps
        return power_spectrum(maps, self.pixel_arcmin, edges, mask)
