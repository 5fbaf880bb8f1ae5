"""Minkowski functionals of maps: area, border and shape of what exceeds a threshold.

Read off the cells of 2 x 2 pixels that lie between pixels, each for itself, so that
borders of a map and holes of its mask bias nothing: the length of the border from how
often sides of cells cross it (Crofton), its curvature from the corners of cells. Two
pixels that touch at a corner are half together, half apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.errors import DataError
from awd.maps.compiled import minkowski as loops
from awd.maps.measure.one_point import even_edges, shares
from awd.maps.measure.peaks import representable

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike


@checked(maps="n y x", pixel_arcmin=(1e-4, 1e4), thresholds="k", mask="n y x")
def minkowski(
    maps: np.ndarray,
    pixel_arcmin: float,
    thresholds: ArrayLike,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """V0, V1 and V2 of what lies at or above each threshold.

    As Kratochvil et al. (2012, arXiv 1109.6334) define them: V0 is its share of the
    area; V1 a quarter of the length of its border; V2 its Euler characteristic (pieces
    less holes), both over the area.

    Parameters
    ----------
    maps : array of shape (n, y, x), float32 or float64
    pixel_arcmin : float
    thresholds : array of shape (k,)
        Rising.
    mask : array of bool of shape (n, y, x), optional
        Where maps were seen: cells of pixels that were.

    Returns
    -------
    ndarray of shape (n, 3, k)
        V0; V1 in 1/arcmin; V2 in 1/arcmin^2.

    Raises
    ------
    ShapeError, DataError
        Shapes do not fit, or thresholds do not rise.
    """
    thresholds = np.asarray(thresholds, float)
    if not (np.diff(thresholds) > 0).all():
        raise DataError(f"thresholds are {thresholds[:6]}; expected numbers that rise")
    inside = shares(maps, np.append(thresholds, np.inf), mask)
    maps = np.require(maps, requirements=["C", "W"])
    if min(maps.shape[1:]) < 2:
        raise DataError(f"maps have {maps.shape[1:]} pixels; expected at least 2 x 2")
    whole = np.ones((1, maps.shape[1] - 1, maps.shape[2] - 1), np.uint8)
    if mask is not None:
        rows = mask[:, 1:] & mask[:, :-1]
        whole = (rows[..., 1:] & rows[..., :-1]).astype(np.uint8)
    crossed, corners = np.zeros((2, len(maps), len(thresholds)), np.int64)
    known = representable(np.append(thresholds, np.inf)[None], maps.dtype)[0, :-1]
    loops.count(maps, whole, known, crossed, corners)
    cells = np.maximum(whole.sum((1, 2)), 1)[:, None]
    return np.stack(
        [
            inside[:, ::-1].cumsum(1)[:, ::-1],
            np.pi / 8 * crossed / (4 * cells) / pixel_arcmin,
            corners / (4 * cells) / pixel_arcmin**2,
        ],
        1,
    )


@checked(bins=(2, 100_000))
@dataclass(frozen=True)
class Minkowski:
    """Minkowski functionals as features.

    Parameters
    ----------
    bins : int
        Thresholds: the middles of as many bins of equal width, between the 0.2 and
        99.5 % quantiles of the training maps, beyond which hardly anything changes.
    thresholds : array of shape (bins,), optional
        From :meth:`fitted`.
    """

    bins: int = 12
    thresholds: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def constants(self) -> int:
        """The first threshold and the last, which tell the others."""
        return 2

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        edges = even_edges(maps, mask, self.bins)
        return replace(self, thresholds=(edges[1:] + edges[:-1]) / 2)

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """V0, V1 and V2 in pixels, by threshold, (n, 3 * bins), float32."""
        if self.thresholds is None:
            raise DataError("Minkowski functionals need thresholds: fitted(maps)")
        found = minkowski(maps, 1.0, self.thresholds, mask)
        return found.reshape(len(maps), -1).astype(np.float32)
