"""Clustering dark matter: a particle mesh from second-order initial conditions.

Steps are those of FastPM (Feng, Chu, Seljak, McDonald 2016, arXiv 1603.00476), whose
kick and drift reproduce linear growth for any length of step. At the middle of every
lens plane the box is projected along its three axes, and the power that the mesh
blurred away is given back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from awd.arguments import checked
from awd.errors import ConfigError
from awd.maps.compiled import nbody as loops
from awd.maps.sky.cosmology import Cosmology

START = 0.1  # scale factor of the initial conditions
LEAD = 8  # steps before the farthest plane
HALVED = 2.6  # radians per cell of the mesh at which half of the power is left


@dataclass(frozen=True)
class Planes:
    """Slabs of matter between the observer and the source, nearest first.

    Attributes
    ----------
    overdensity : ndarray of shape (planes, 3, pixels, pixels), float32
        Mean over the slab, seen along each axis of the box.
    width : float
        Thickness and side of a slab, Mpc/h.
    z_source : float
    """

    overdensity: np.ndarray
    width: float
    z_source: float


@checked(
    seed=(0, 2**64),
    particles=(4, 4096),
    box=(16, 1e5),
    pixels=(4, 1e5),
    z_source=(0.01, 20),
    mesh=(4, 8192),
)
def evolve(
    cosmology: Cosmology,
    seed: int,
    particles: int = 128,
    box: float = 128.0,
    pixels: int = 512,
    z_source: float = 1.0,
    mesh: int | None = None,
) -> Planes:
    """Evolve one initial condition and project it at every lens plane.

    Parameters
    ----------
    cosmology : Cosmology
    seed : int
        Of the white noise; cosmologies of one seed share their phases.
    particles, mesh : int
        Along a side; by default the mesh has as many cells as particles.
    box : float
        Side, Mpc/h; also the thickness of a lens plane.
    pixels : int
        Along a side of a plane.
    z_source : float
        Redshift that the planes reach.

    Raises
    ------
    ConfigError
        The box reaches the source by itself, or the mesh is no multiple of the
        particles.
    """
    mesh = mesh or particles
    if particles < 8 or mesh % particles:
        raise ConfigError(
            f"{particles} particles and {mesh} cells along a side; expected at least 8 "
            "particles, and cells a multiple of them"
        )
    times = schedule(cosmology, box, z_source)
    positions, momenta = initial(cosmology, seed, particles, mesh, box)
    planes = np.zeros((len(times) - LEAD, 3, pixels, pixels), np.float32)
    forces = Forces(mesh)
    growth = cosmology.growth(times)
    # Momenta are those of half steps, the first ones of the start.
    halfway = cosmology.momentum((times[1:] + times[:-1]) / 2)
    kicks = np.diff(halfway, prepend=cosmology.momentum(START)) / growth[:-1]
    drifts = np.diff(growth) / halfway
    scale = np.float32(pixels / mesh)
    for step in range(len(times)):
        if step >= LEAD:
            loops.project(positions, scale, planes[len(times) - 1 - step])
        if step < len(kicks):
            loops.push(
                positions,
                momenta,
                forces(positions),
                np.float32(kicks[step]),
                np.float32(drifts[step]),
            )
    planes *= pixels**2 / particles**3
    planes -= 1
    return Planes(restored(planes, pixels / mesh), box, z_source)


def restored(planes: np.ndarray, cell: float) -> np.ndarray:
    """Planes (..., y, x) with the power that a mesh of cells of ``cell`` pixels lost.

    A mesh blurs the force, and matter clusters less on scales of a few cells: power
    there is 1 / (1 + (k / k0)^2) of halofit, with k0 = :data:`HALVED` radians per cell
    in every cosmology and at every redshift up to 1 (within .1 for omega_m of .18 to
    .42, sigma_8 of .6 to 1, cells of 1 and 2 Mpc/h). Modes are multiplied by the root
    of its inverse, up to the mesh's Nyquist frequency; shorter ones, of which the mesh
    knows nothing, by as much as there. Phases, and with them the shapes of structures,
    stay those of the mesh.
    """
    rows, columns = planes.shape[-2:]
    square = np.fft.fftfreq(rows)[:, None] ** 2 + np.fft.rfftfreq(columns) ** 2
    per_cell = np.minimum(2 * np.pi * cell * np.sqrt(square), np.pi)
    boost = np.sqrt(1 + (per_cell / HALVED) ** 2).astype(np.float32)
    out = np.empty_like(planes)
    for plane, sharp in zip(planes, out, strict=True):
        modes = scipy.fft.rfft2(plane) * boost
        sharp[...] = scipy.fft.irfft2(modes, plane.shape[-2:], overwrite_x=True)
    return out


def schedule(cosmology: Cosmology, box: float, z_source: float) -> np.ndarray:
    """Scale factors of all steps: LEAD of them, then the middles of the planes."""
    source = cosmology.distance(1 / (1 + z_source))
    count = int(np.ceil(source / box))
    if count < 2:
        raise ConfigError(
            f"the source is {source:.0f} Mpc/h away; boxes of {box:g} Mpc/h make one "
            "lens plane, expected at least 2"
        )
    middles = cosmology.scale_factor((np.arange(count)[::-1] + 0.5) * box)
    lead = np.linspace(START, middles[0], LEAD, endpoint=False)
    return np.concatenate([lead, middles])


class Forces:
    """Accelerations on a periodic mesh, in cells; calls share their memory."""

    def __init__(self, mesh: int) -> None:
        self.density = np.empty((mesh,) * 3, np.float32)
        self.force = np.empty((mesh, mesh, mesh, 3), np.float32)
        self.padded = np.empty(mesh + 6, np.float32)
        self.wave = wave_numbers(mesh)
        # Painting clouds blurs the density. Reading the force in clouds blurs it again;
        # making up for that too would blow up the noise of single particles.
        self.sharpened = (np.sinc(np.fft.fftfreq(mesh)) ** -2).astype(np.float32)

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """For a mean density of 1, (mesh, mesh, mesh, 3); overwritten by every call."""
        self.density[...] = 0
        loops.paint(positions, self.density)
        modes = scipy.fft.rfftn(self.density, overwrite_x=True)
        per_cell = np.float32(len(positions) / self.density.size)
        loops.solve(modes, self.wave, self.sharpened, per_cell)
        potential = scipy.fft.irfftn(modes, self.density.shape, overwrite_x=True)
        loops.accelerate(potential, self.padded, self.force)
        return self.force


def wave_numbers(mesh: int) -> np.ndarray:
    """Of the modes along one axis, in radians per cell."""
    return (2 * np.pi * np.fft.fftfreq(mesh)).astype(np.float32)


def initial(
    cosmology: Cosmology, seed: int, particles: int, mesh: int, box: float
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (in cells of the mesh) and momenta, second-order Lagrangian.

    Growth of the second order after Bouchet et al. (1995, A&A 296).
    """
    first, second = displacements(cosmology, seed, particles, box)
    omega = cosmology.omega_m / START**3 / cosmology.ccl.h_over_h0(START) ** 2
    d1, g1 = cosmology.growth(START), cosmology.momentum(START)
    d2 = -3 / 7 * d1**2 * omega ** (-1 / 143)
    g2 = g1 * d2 / d1 * 2 * omega ** (6 / 11) / cosmology.ccl.growth_rate(START)
    per_cell = mesh / particles
    grid = np.indices((particles,) * 3, np.float32, sparse=True)
    positions = np.empty((particles**3, 3), np.float32)
    momenta = np.empty_like(positions)
    for axis, (start, psi1, psi2) in enumerate(zip(grid, first, second, strict=True)):
        moved = start + (np.float32(d1) * psi1 + np.float32(d2) * psi2)
        place = np.mod(moved.ravel() * np.float32(per_cell), np.float32(mesh))
        positions[:, axis] = np.where(place < mesh, place, 0)
        momenta[:, axis] = (per_cell * (g1 * psi1 + g2 * psi2)).ravel()
    return positions, momenta


def displacements(
    cosmology: Cosmology, seed: int, particles: int, box: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """First and second order, by axis, in particle spacings, for a growth of 1."""
    shape = (particles,) * 3
    noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
    wave = wave_numbers(particles)
    half = particles // 2 + 1
    square = wave[:, None, None] ** 2 + wave[:, None] ** 2 + wave[:half] ** 2
    square[0, 0, 0] = np.inf  # the mean moves nothing
    spacing = box / particles
    # The spectrum is smooth: from a table, not from pyccl for every mode.
    k_table = np.geomspace(0.5, 2 * particles, 400) * 2 * np.pi / box
    log_power = np.log(cosmology.linear_power(k_table) / spacing**3)
    log_k = 0.5 * np.log(square) - np.log(spacing)
    modes = scipy.fft.rfftn(noise, overwrite_x=True)
    amplitude = 0.5 * np.interp(log_k, np.log(k_table), log_power)
    modes *= np.exp(amplitude, dtype=np.float32)
    wave[particles // 2] = 0  # the Nyquist frequency has no direction
    along = wave[:, None, None], wave[:, None], wave[:half]

    def field(modes: np.ndarray) -> np.ndarray:
        return scipy.fft.irfftn(modes, shape, overwrite_x=True)

    potential = -modes / square
    first = [field(-1j * k * potential) for k in along]
    xx, yy, zz = (field(-k * k * potential) for k in along)
    x, y, z = along
    xy, xz, yz = (field(-a * b * potential) for a, b in ((x, y), (x, z), (y, z)))
    source = xx * yy + xx * zz + yy * zz - xy**2 - xz**2 - yz**2
    potential = -scipy.fft.rfftn(source, overwrite_x=True) / square
    return first, [field(1j * k * potential) for k in along]
