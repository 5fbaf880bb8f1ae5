"""How realistic simulated maps are: power against theory, skewness, and peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.maps import readers
from awd.maps.measure import masks, peaks, spectrum
from awd.maps.sky import lensing
from awd.maps.sky.cosmology import Cosmology
from awd.maps.study.finish import block_mean

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

ELL = np.array([150, 250, 350, 500, 750, 1100, 1600, 2300, 3300])  # edges of bins
SCALES = (1.0, 2.0, 4.0)  # s.d. of the smoothing, arcmin
MADE, READ = "simulated", "read"  # sources of maps
DEFAULT = 128, 60 * 3.5 / 128  # pixels along a side, and theirs in arcminutes


def measure(maps: xr.Dataset, z_source: float | None) -> pd.DataFrame:
    """Power, skewness and peaks of the training maps of every cosmology.

    Parameters
    ----------
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened or read.
    z_source : float, optional
        Redshift of all sources; without it there is no theory of the power.

    Returns
    -------
    DataFrame
        ``source``, ``cosmology``, the parameters, ``parameter`` (the first of them),
        ``default`` (of the default's size and pixels), ``quantity``, ``at`` (ell
        or arcmin), ``value`` and ``theory``: ``c_ell`` (sr; Limber and halofit), ``s3``
        (of maps smoothed by a Gaussian; no theory), ``peaks`` (per map).
    """
    import pandas as pd

    pixel = maps.attrs["pixel_arcmin"]
    train = maps["split"].values == "train"
    cosmology = maps["cosmology"].values
    parts = []
    for name in np.unique(cosmology[train]):
        own = np.flatnonzero(train & (cosmology == name))
        target = maps["target"].values[own[0]].astype(float)
        parameters = dict(zip(maps["name"].values.tolist(), target, strict=True))
        x, mask = masks.read(maps, own)
        table = of(x, pixel, mask)
        powers = table["quantity"] == "c_ell"
        if z_source and {"omega_m", "sigma_8"} <= set(parameters):
            universe = Cosmology(
                round(parameters["omega_m"], 4), round(parameters["sigma_8"], 4)
            )
            ell = table["at"][powers].to_numpy()
            table.loc[powers, "theory"] = universe.convergence_power(ell, z_source)
        parts.append(table.assign(cosmology=name, **parameters))
    return pd.concat(parts, ignore_index=True).assign(
        source=MADE if z_source else READ,
        parameter=str(maps["name"].values[0]),
        default=bool(np.allclose((maps.sizes["x"], pixel), DEFAULT)),
    )


def compare(path: str, pixel_arcmin: float, like_arcmin: float) -> pd.DataFrame:
    """The same table of a map in a FITS file, averaged in blocks.

    The blocks are as many of its pixels as come nearest to ``like_arcmin``; nothing is
    known of its cosmology.
    """
    kappa = readers.read_fits(path)
    block = max(1, round(like_arcmin / pixel_arcmin))
    size = len(kappa) // block
    kappa = block_mean(kappa[: size * block, : size * block], size)
    table = of(kappa[None], pixel_arcmin * block)
    return table.assign(source=path, cosmology="unknown", parameter="", default=False)


@checked(x="n y x", mask="n y x", pixel=(1e-4, 1e4))
def of(x: np.ndarray, pixel: float, mask: np.ndarray | None = None) -> pd.DataFrame:
    """``quantity``, ``at``, ``value`` and an empty ``theory`` of maps (n, y, x).

    ``mask``, of the same shape, is where they were seen.
    """
    import pandas as pd

    ell = spectrum.multipoles(x.shape[1], pixel)
    filled = np.histogram(ell, ELL)[0] > 0
    edges = ELL if filled.all() else ELL[: filled.argmin() + 1]
    power: np.ndarray = np.empty(0)  # small maps have no mode as long as the first
    if len(edges) > 1:
        power = spectrum.power_spectrum(x, pixel, edges, mask).mean(0)
    rows = [
        ("c_ell", ell[(ell >= low) & (ell < high)].mean(), value)
        for low, high, value in zip(edges[:-1], edges[1:], power, strict=True)
    ]
    rows += [("s3", scale, skewness(x, scale / pixel, mask)) for scale in SCALES]
    every = peaks.PeakHistogram(peaks.HEIGHT, 1, edges=np.array([-np.inf, np.inf]))
    rows.append(("peaks", 0.0, every.rates(x, mask).mean()))
    return pd.DataFrame(rows, columns=["quantity", "at", "value"]).assign(theory=np.nan)


@checked(x="n y x", sigma_pixels=(0, 1e5), mask="n y x")
def skewness(
    x: np.ndarray, sigma_pixels: float, mask: np.ndarray | None = None
) -> float:
    """S3, <kappa^3> / <kappa^2>^2 of smoothed maps (n, y, x), each about its mean.

    Of what was seen, (n, y, x) of bool.
    """
    smooth = lensing.smoothed(x, sigma_pixels).astype(float)
    seen = np.ones(x.shape, bool) if mask is None else mask
    smooth -= smooth.mean((1, 2), keepdims=True, where=seen)
    return float((smooth[seen] ** 3).mean() / (smooth[seen] ** 2).mean() ** 2)
