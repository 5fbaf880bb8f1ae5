"""Where a survey saw nothing, and how statistics see the rest.

A mask stands beside the maps in ``samples.nc``: ``mask`` (sample, y, x), 1 where the
sky was seen, the same for all bins of sources. It hides pixels that are NaN or UNSEEN
in the files, and those of a survey's own mask (``maps.mask``). Hidden pixels of ``x``
hold a mean of the seen ones around them (:func:`awd.gaps.filled`), so that filters and
networks run over them.

A statistic gets maps so filled and their mask, (n, y, x) of bool, or None. It filters
the filled maps, and weighs what it finds, at every pixel and scale: 1 where enough of
what a filter saw there was seen, else 0. Sums become means over what counts, and counts
are divided by the share of the map that counts, so that features mean the same with any
mask. The power spectrum is that of the field times its tapered mask, put right by the
exact coupling of modes. Gradients are 0 where nothing was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from awd.arguments import checked
from awd.gaps import filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

TAPER = 2.0  # pixels over which the weight of a spectrum falls
LEAST = 0.25  # share of a map that has to be seen


@checked(mask="y x")
def tapered(mask: np.ndarray) -> np.ndarray:
    """The weight of a mask in a power spectrum: it falls smoothly to 0 at its edges.

    Over :data:`TAPER` pixels, as a cosine of the distance to what was not seen.
    """
    if mask.all():
        return np.ones(mask.shape)
    distance = ndimage.distance_transform_edt(mask)
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(distance / TAPER, 1))


@checked(mask="n y x", reach=(1, 1000))
def inside(mask: np.ndarray, reach: int = 1) -> np.ndarray:
    """Pixels all of whose neighbours as far as ``reach`` are in the map and were seen.

    Returns
    -------
    ndarray of bool of shape (n, y - 2 reach, x - 2 reach)
        Of all pixels that far from the border.
    """
    side = 2 * reach + 1
    least = ndimage.minimum_filter(mask, (1, side, side), mode="constant", cval=1)
    return least[:, reach:-reach, reach:-reach]


def read(
    maps: xr.Dataset,
    rows: slice | Sequence[int] | np.ndarray,
    hidden: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Some maps and their mask, None where everything was seen.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    rows : slice or sequence of int
    hidden : array of bool of shape (y, x), optional
        What is hidden beside: the maps are filled anew.

    Returns
    -------
    x : ndarray of shape (n, [bins,] y, x), float32
    mask : ndarray of bool of shape (n, y, x), or None
    """
    x = maps["x"][rows].values
    mask = maps["mask"][rows].values.astype(bool) if "mask" in maps else None
    if hidden is not None and hidden.any():
        seen = np.broadcast_to(~hidden, (len(x), *hidden.shape))
        mask = seen & (True if mask is None else mask)
        x = filled(x, mask)
    return x, None if mask is None or mask.all() else mask
