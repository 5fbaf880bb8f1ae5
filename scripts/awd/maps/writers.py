"""A map as FITS with world coordinates, for DS9, Aladin and astropy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import DataError
from awd.record import contracts

if TYPE_CHECKING:
    import xarray as xr
    from astropy.io.fits import PrimaryHDU

# What is said of a map, as keyword, name in its file, and comment.
CARDS = (
    ("GROUP", "group", "initial condition or realisation"),
    ("COSMO", "cosmology", "name of the cosmology"),
    ("SPLIT", "split", "part of the study"),
)
LONGEST = 68  # characters of a text that FITS keeps on one card


@checked(sample=(0, 10**9))
def write_fits(
    path: io.PathLike,
    out: io.PathLike,
    sample: int = 0,
    centre: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Write one map of a run's ``samples.nc`` as FITS.

    Parameters
    ----------
    path : path
    out : path
    sample : int
        Which of the maps, from 0.
    centre : pair of float
        As for :func:`image`.

    Raises
    ------
    MissingInput, DataError
        There is no such file or map, or the file holds other things.
    """
    with io.opened(path, contracts.MAPS) as maps:
        count = maps.sizes["sample"]
        if sample >= count:
            raise DataError(
                f"{path}: has {count} maps, and map {sample} was asked for; expected 0 "
                f"to {count - 1}"
            )
        hdu = image(maps, sample, centre)
    with io.replacing(out) as temporary:
        hdu.writeto(temporary, checksum=True)


def image(
    maps: xr.Dataset, sample: int, centre: tuple[float, float] = (0.0, 0.0)
) -> PrimaryHDU:
    """A map with its world coordinates: gnomonic (TAN), right ascension to the left.

    Parameters
    ----------
    maps : Dataset
        As in ``samples.nc``: ``x`` of (sample, [bin,] y, x), ``pixel_arcmin``.
    sample : int
    centre : pair of float
        Right ascension and declination, degrees, of the centre of the field that the
        map was cut from, so that tiles of one field lie beside each other. Flat maps
        know no place in the sky: without it they lie around (0, 0).

    Returns
    -------
    PrimaryHDU
        Float32, (y, x) or (bin, y, x), NaN where nothing was seen; its header holds the
        parameters and what the map is.

    Raises
    ------
    DataError
        The centre is no place on the sky.
    """
    from astropy.io import fits
    from astropy.wcs import WCS

    longitude, latitude = centre
    if not (0 <= longitude < 360 and -90 <= latitude <= 90):
        raise DataError(
            f"the centre is {longitude:g}, {latitude:g}; expected a right ascension "
            "from 0 to 360 and a declination from -90 to 90, degrees"
        )
    tile = maps.isel(sample=sample)
    values = tile["x"].values.astype(np.float32)
    if "mask" in tile:
        values = np.where(tile["mask"].values == 1, values, np.float32(np.nan))
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.crval = [longitude, latitude]
    step = maps.attrs["pixel_arcmin"] / 60
    wcs.wcs.cdelt = [-step, step]
    wcs.wcs.crpix = _centre_pixel(maps, tile)
    hdu = fits.PrimaryHDU(values, wcs.to_header())
    hdu.header["BUNIT"] = ("", "convergence, dimensionless")
    hdu.header["SAMPLE"] = (sample, "number of the map in its file")
    for keyword, name, comment in CARDS:
        if name in tile:
            text = str(tile[name].item()).encode("ascii", "replace").decode()
            hdu.header[keyword] = (text[:LONGEST], comment)
    for name in tile["name"].values:
        value = float(tile["target"].sel(name=name))
        keyword = str(name).upper()
        plain = keyword.isascii() and keyword.isidentifier() and len(keyword) <= 8
        # HIERARCH is astropy's for what is longer than a keyword may be.
        hdu.header[keyword if plain else f"HIERARCH {name}"] = value
    if "galaxies_per_arcmin2" in maps.attrs:
        galaxies = float(maps.attrs["galaxies_per_arcmin2"])
        hdu.header["GALAXIES"] = (galaxies, "per square arcmin, noise; 0: none")
        smoothing = float(maps.attrs["smoothing_arcmin"])
        hdu.header["SMOOTH"] = (smoothing, "arcmin, Gaussian")
    code = json.loads(maps.attrs.get("provenance", "{}")).get("params", {}).get("code")
    hdu.header["HISTORY"] = f"awd, tile_maps, code {code}" if code else "awd"
    return hdu


def _centre_pixel(maps: xr.Dataset, tile: xr.Dataset) -> list[float]:
    """Where the centre of the whole field stands in a tile: x and y, from 1."""
    corner, side = np.zeros(2), np.array([tile.sizes["y"], tile.sizes["x"]])
    if "offset" in tile:
        corner = tile["offset"].values
        side = side + maps["offset"].values.max(0)
    row, column = (side + 1) / 2 - corner
    return [float(column), float(row)]
