"""Maps of the whole sky, and flat patches of them by gnomonic projection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from awd import extras
from awd.log import log
from awd.maps.readers.layout import UNSEEN, Quantity, parts_first

FINEST = 0.5  # pixels of a patch, in those of the sky, below which nothing is added


@dataclass(frozen=True)
class Patches:
    """Patches that do not overlap, in rings of like declination.

    Parameters
    ----------
    degrees : float
        Side of a patch.
    pixels : int
        Along it.
    least : float
        Share of a patch that has to be observed.
    """

    degrees: float
    pixels: int
    least: float = 1.0

    @property
    def pixel_arcmin(self) -> float:
        """Side of a pixel, where the patch touches the sky."""
        return 60 * self.degrees / self.pixels

    def centres(self) -> np.ndarray:
        """Longitude and latitude of all patches of a whole sky, degrees, (n, 2)."""
        rings = int(180 // self.degrees)
        latitudes = (np.arange(rings) - (rings - 1) / 2) * self.degrees
        found = []
        for latitude in latitudes:
            # Of its edges that nearer to a pole is the shorter.
            edge = np.radians(min(abs(latitude) + self.degrees / 2, 90))
            around = int(360 * np.cos(edge) // self.degrees)
            longitudes = 360 * np.arange(around) / max(around, 1)
            found += [(longitude, latitude) for longitude in longitudes]
        return np.array(found).reshape(-1, 2)

    def directions(self, longitude: float, latitude: float) -> np.ndarray:
        """Unit vectors of the pixels of a patch, (3, y, x).

        x grows to the west on the sky as it is seen, as pictures of it have it; y to
        the north.
        """
        half = np.tan(np.radians(self.degrees / 2))
        steps = half * ((np.arange(self.pixels) + 0.5) / self.pixels * 2 - 1)
        y, x = np.meshgrid(steps, steps, indexing="ij")
        lon, lat = np.radians([longitude, latitude])
        middle = np.array(
            [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
        )
        east = np.array([-np.sin(lon), np.cos(lon), 0])
        north = np.cross(middle, east)
        out = middle[:, None, None] - east[:, None, None] * x + north[:, None, None] * y
        return out / np.linalg.norm(out, axis=0)

    def observed(self, sky: np.ndarray) -> list[int]:
        """Which patches lie, as far as they must, within pixels that have a value."""
        axes = tuple(range(sky.ndim - 1))  # bins of sources, all of which count
        shares = [np.isfinite(patch).all(axes).mean() for patch in self.of(sky)]
        return [k for k, share in enumerate(shares) if share >= self.least]

    def of(
        self, sky: np.ndarray, which: list[int] | None = None
    ) -> Iterator[np.ndarray]:
        """Patches ([bins,] y, x) of a sky ([bins,] 12 nside^2), in RING order.

        Interpolated bilinearly; NaN where a neighbour has no value.
        """
        with extras.needed("reading HEALPix maps"):
            import healpy
        nside = healpy.npix2nside(sky.shape[-1])
        own = np.degrees(healpy.nside2resol(nside)) * 60
        if self.pixel_arcmin < FINEST * own:
            log.warning(
                "patches have pixels of %.3g arcmin, the sky (nside %d) of %.3g: the "
                "finest scales are only interpolated",
                *(self.pixel_arcmin, nside, own),
            )
        centres = self.centres()
        for k in range(len(centres)) if which is None else which:
            theta, phi = healpy.vec2ang(self.directions(*centres[k]).reshape(3, -1).T)
            patch = healpy.get_interp_val(sky, theta, phi)
            yield patch.reshape(*sky.shape[:-1], self.pixels, self.pixels)


def sky(
    array: np.ndarray, where: str, quantity: Quantity = "convergence", bins: int = 1
) -> np.ndarray:
    """An array of one map of the whole sky as convergence.

    Parameters
    ----------
    array : array of shape (pixels,), or with axes of bins and components
        In RING order; UNSEEN or NaN where it has no value.
    where, quantity, bins
        As for :func:`awd.maps.readers.layout.fields`.

    Returns
    -------
    ndarray of shape (pixels,), or (bins, pixels) of several bins
        NaN where it has no value.

    Raises
    ------
    DataError
        An axis is not accounted for.
    """
    from awd.maps.sky.lensing import kaiser_squires_sphere

    array, quantity = parts_first(array, where, quantity, bins, sky=True)
    seen = np.abs(array) < UNSEEN
    if quantity == "convergence":
        return np.where(seen, array, np.nan)
    seen = seen.all(-2)
    shear = np.where(seen[..., None, :], array, 0)
    parts = shear if shear.ndim == 3 else shear[None]
    kappa = np.stack([kaiser_squires_sphere(*part)[0] for part in parts])
    return np.where(seen, kappa.reshape(seen.shape), np.nan)
