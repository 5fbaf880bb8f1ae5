"""Flat cosmologies: power spectra, growth and distances, by pyccl.

Lengths are in Mpc/h, wave numbers in h/Mpc; the scale factor is 1 today.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from awd import extras
from awd.arguments import checked
from awd.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    import pyccl
    from numpy.typing import ArrayLike

# One scale factor or distance, or an array of them: what comes back has its shape.
Value = TypeVar("Value", float, np.ndarray)

HUBBLE_DISTANCE = 2997.92458  # c / H0 in Mpc/h
# The parameters that can be simulated, first and last value.
RANGES = {"omega_m": (0.1, 0.9), "sigma_8": (0.2, 1.6)}


@checked(
    omega_m=RANGES["omega_m"],
    sigma_8=RANGES["sigma_8"],
    omega_b=(0.001, 0.2),
    h=(0.3, 1.5),
    n_s=(0.5, 1.5),
)
@dataclass(frozen=True)
class Cosmology:
    """A flat universe of cold matter, baryons and a cosmological constant.

    Parameters
    ----------
    omega_m : float
        Matter density over the critical one, today.
    sigma_8 : float
        Amplitude of linear fluctuations in spheres of 8 Mpc/h, today.
    omega_b, h, n_s : float
        Baryon density, Hubble constant over 100 km/s/Mpc, spectral index; by default
        those of MassiveNuS (Liu et al. 2018, arXiv 1711.10524).

    Raises
    ------
    DataError, ConfigError
        A parameter is outside of :data:`RANGES`, or there are more baryons than matter.
    """

    omega_m: float
    sigma_8: float
    omega_b: float = 0.046
    h: float = 0.7
    n_s: float = 0.97

    def __post_init__(self) -> None:
        if self.omega_b >= self.omega_m:
            raise ConfigError(
                f"omega_b is {self.omega_b}, and omega_m, of which it is a part, "
                f"{self.omega_m}; expected less"
            )

    @cached_property
    def ccl(self) -> pyccl.Cosmology:
        """In pyccl: transfer function of Eisenstein & Hu (1998), halofit."""
        with extras.needed("simulating maps"):
            import pyccl
        return pyccl.Cosmology(
            Omega_c=self.omega_m - self.omega_b,
            Omega_b=self.omega_b,
            h=self.h,
            n_s=self.n_s,
            sigma8=self.sigma_8,
            transfer_function="eisenstein_hu",
            matter_power_spectrum="halofit",
        )

    def linear_power(self, k: np.ndarray) -> np.ndarray:
        """Linear power spectrum today, (Mpc/h)^3."""
        return self.ccl.linear_matter_power(k * self.h, 1.0) * self.h**3

    def growth(self, a: Value) -> Value:
        """Linear growth D at scale factor ``a``, 1 today."""
        return self.ccl.growth_factor(a)

    def momentum(self, a: Value) -> Value:
        """Growth of linear momenta, a^3 E dD/da in units of H0."""
        rate = self.ccl.growth_rate(a)
        return a**2 * self.ccl.h_over_h0(a) * rate * self.growth(a)

    def distance(self, a: Value) -> Value:
        """Comoving distance to scale factor ``a``."""
        return self.ccl.comoving_radial_distance(a) * self.h

    def scale_factor(self, distance: Value) -> Value:
        """Scale factor at a comoving distance."""
        return self.ccl.scale_factor_of_chi(distance / self.h)

    def convergence_power(self, ell: ArrayLike, z_source: float) -> np.ndarray:
        """Angular power of the convergence of sources at one redshift, in sr.

        Born and Limber approximations, nonlinear power by halofit.
        """
        import pyccl

        width = 0.002 * (1 + z_source)  # narrow: the result does not depend on it
        z = z_source + width * np.linspace(-4, 4, 81)
        n = np.exp(-0.5 * ((z - z_source) / width) ** 2)
        sources = pyccl.WeakLensingTracer(self.ccl, dndz=(z, n))
        return pyccl.angular_cl(self.ccl, sources, sources, np.asarray(ell, float))


@checked(count=(1, 1_000_000))
def grid(
    count: int,
    omega_m: tuple[float, float] = (0.18, 0.42),
    sigma_8: tuple[float, float] = (0.6, 1.0),
    seed: int = 0,
) -> pd.DataFrame:
    """Cosmologies that fill a box evenly: a scrambled Sobol sequence.

    More of them begin with the same ones.

    Returns
    -------
    DataFrame
        ``omega_m`` and ``sigma_8``, one row per cosmology.
    """
    import pandas as pd
    from scipy.stats import qmc

    sobol = qmc.Sobol(2, rng=np.random.default_rng(seed))
    unit = sobol.random_base2(max(count - 1, 1).bit_length())[:count]
    low, high = np.transpose([omega_m, sigma_8])
    if not (low < high).all():
        raise ConfigError(
            f"omega_m is {omega_m}, sigma_8 {sigma_8}; expected first and last value, "
            "rising"
        )
    columns = np.round(qmc.scale(unit, low, high), 4)
    return pd.DataFrame(columns, columns=["omega_m", "sigma_8"])
