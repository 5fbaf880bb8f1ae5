"""Simulated convergence maps: a cosmology and a seed in, maps out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.arguments import checked
from awd.log import log
from awd.maps.sky import lensing, nbody
from awd.maps.sky.cosmology import Cosmology

if TYPE_CHECKING:
    import xarray as xr


@checked(
    maps=(1, 1e6),
    seed=(0, 2**64),
    pixels=(2, 1e5),
    degrees=(1e-3, 90),
    particles=(4, 4096),
    mesh=(4, 8192),
    box=(16, 1e5),
    z_source=(0.01, 20),
)
def simulate(
    omega_m: float,
    sigma_8: float,
    maps: int = 48,
    seed: int = 0,
    *,
    pixels: int = 128,
    degrees: float = 3.5,
    particles: int = 128,
    mesh: int | None = None,
    box: float = 128.0,
    z_source: float | Sequence[float] = 1.0,
) -> np.ndarray:
    """Convergence maps of one initial condition in one cosmology.

    Second-order initial conditions, a particle mesh, and the Born sum over its planes
    (:mod:`awd.maps.sky.nbody`, :mod:`awd.maps.sky.lensing`). Maps of one seed see the
    same structures from other sides: they belong to one group. Power is that of halofit
    within 0.85 to 1.15 at ell 250 to 2,000, the last part of it by a calibrated
    correction of what the mesh blurs (:func:`awd.maps.sky.nbody.restored`), and falls
    to 0.75 at ell 2,800 for the default mesh of 1 Mpc/h.

    Parameters
    ----------
    omega_m, sigma_8 : float
        Matter density and amplitude; the rest is that of
        :class:`awd.maps.sky.cosmology.Cosmology`.
    maps : int
    seed : int
        Of the initial condition and of how planes are turned. Cosmologies of one seed
        share both.
    pixels, degrees : int, float
        Side of a map.
    particles, mesh, box : int, int, float
        Along a side; Mpc/h.
    z_source : float or sequence of float
        Redshift of all sources, or of the sources of every bin.

    Returns
    -------
    ndarray of shape (maps, pixels, pixels), float32
        Convergence, dimensionless; (maps, bins, pixels, pixels) of several bins.

    Raises
    ------
    ConfigError
        A parameter is outside of what can be simulated.
    """
    cosmology = Cosmology(omega_m, sigma_8)
    middle = cosmology.distance(1 / (1 + float(np.max(z_source)))) / 2
    field = middle * np.radians(degrees)
    if field > box:
        log.warning(
            "a field of %g degrees is %.0f Mpc/h wide where lenses count most, and the "
            "box %g: it repeats within a map, and power on larger scales is missing; "
            "raise maps.source.box (and particles), or lower degrees",
            *(degrees, field, box),
        )
    planes = nbody.evolve(
        *(cosmology, seed, particles),
        mesh=mesh,
        box=box,
        z_source=float(np.max(z_source)),
    )
    bins = None if np.ndim(z_source) == 0 else [*np.atleast_1d(z_source)]
    return lensing.born(planes, cosmology, maps, pixels, degrees, [seed, 1], bins)


def dims_of(x: np.ndarray) -> tuple[str, ...]:
    """Names of the dimensions of maps: bins of sources are channels."""
    return ("sample", *("channel",) * (x.ndim - 3), "y", "x")


def shard(x: np.ndarray, named: Mapping[str, Any]) -> xr.Dataset:
    """Maps (n, [bins,] y, x) of one cosmology and initial condition, as a dataset.

    :func:`awd.maps.study.dataset.shards` reads it. ``named`` holds ``cosmology``,
    ``group``, ``split`` and the parameters, which become attributes.
    """
    import xarray as xr

    ds = xr.Dataset({"x": (dims_of(x), x)}, attrs=dict(named))
    ds["x"].attrs = {"units": "1", "long_name": "convergence"}
    return ds
