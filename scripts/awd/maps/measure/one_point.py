"""The one-point distribution of maps: how their pixels are distributed, wherever."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.errors import DataError, ShapeError
from awd.maps.compiled import peaks as loops
from awd.maps.measure.peaks import OUTER, VALUES, representable

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike


@checked(maps="n y x", mask="n y x", may_be_nan="edges")
def shares(
    maps: np.ndarray, edges: ArrayLike, mask: np.ndarray | None = None
) -> np.ndarray:
    """Share of the pixels of every map that lie in each bin; over its width, the PDF.

    Parameters
    ----------
    maps : array of shape (n, y, x), float32 or float64
    edges : array of shape (bins + 1,)
        Rising, the outer ones may be infinite. A bin holds its lower edge, the last one
        also its upper.
    mask : array of bool of shape (n, y, x), optional
        Where maps were seen: shares are of these pixels.

    Returns
    -------
    ndarray of shape (n, bins)

    Raises
    ------
    ShapeError, DataError
        Shapes do not fit, or edges do not rise.
    """
    maps = np.ascontiguousarray(maps)
    if maps.dtype not in (np.float32, np.float64):
        raise ShapeError(f"maps are of {maps.dtype}; expected float32 or float64")
    edges = np.asarray(edges, float)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise DataError(f"edges are {edges[:6]}; expected at least two that rise")
    known = representable(edges[None], maps.dtype)[0]
    counts = np.zeros((len(maps), len(edges) - 1), np.int64)
    seen = np.empty(len(maps), int)
    for n, image in enumerate(maps):
        # Loops would be compiled anew for arrays that may not be written to.
        pixels = image.ravel() if mask is None else image[mask[n]]
        loops.count(np.require(pixels, requirements="W"), known, counts[n])
        seen[n] = len(pixels)
    return counts / np.maximum(seen, 1)[:, None]


def even_edges(maps: np.ndarray, mask: np.ndarray | None, bins: int) -> np.ndarray:
    """Edges (bins + 1,) of bins of equal width, from some pixels that were seen.

    They lie between the 0.2 and 99.5 % quantiles: hardly anything is beyond.
    """
    pixels = maps.ravel() if mask is None else maps[mask]
    first, last = np.quantile(pixels[:: -(-len(pixels) // VALUES)], OUTER)
    return np.linspace(first, last, bins + 1)


@checked(bins=(2, 100_000))
@dataclass(frozen=True)
class OnePoint:
    """The one-point PDF as features.

    Parameters
    ----------
    bins : int
        Of equal width, between the 0.2 and 99.5 % quantiles of the training maps.
    edges : array of shape (bins + 1,), optional
        From :meth:`fitted`.
    """

    bins: int = 22
    edges: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def constants(self) -> int:
        """Of bins of equal width the first edge and the last tell the others."""
        return 2

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        return replace(self, edges=even_edges(maps, mask, self.bins))

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Square roots of counts in as many pixels as a map has, (n, bins), float32.

        Their noise is nearly the same in all bins.
        """
        if self.edges is None:
            raise DataError("a one-point PDF needs bins: get them with fitted(maps)")
        found = shares(maps, self.edges, mask) * maps[:1].size
        return np.sqrt(found).astype(np.float32)
