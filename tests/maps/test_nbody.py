"""The particle mesh: loops against plain numpy, growth against linear theory."""

import numpy as np
import pytest
import scipy.fft
from scipy.ndimage import map_coordinates

from awd.errors import ConfigError
from awd.maps.compiled import nbody as loops
from awd.maps.sky import nbody
from awd.maps.sky.cosmology import Cosmology

HERE = Cosmology(0.3, 0.8)
N = 16


@pytest.fixture
def positions():
    rng = np.random.default_rng(0)
    return rng.uniform(0, N, (500, 3)).astype(np.float32)


def clouds(positions, axes):
    """Cells and weights of the clouds of particles, along some axes, by plain numpy."""
    low = np.floor(positions).astype(int)
    part = positions - low
    for corner in np.ndindex(*(2,) * len(axes)):
        cells = [(low[:, a] + c) % N for a, c in zip(axes, corner, strict=True)]
        weights = [
            part[:, a] if c else 1 - part[:, a]
            for a, c in zip(axes, corner, strict=True)
        ]
        yield tuple(cells), np.prod(weights, 0)


def test_painting_spreads_every_particle_over_eight_cells(positions):
    mesh, expected = np.zeros((N,) * 3, np.float32), np.zeros((N,) * 3)
    loops.paint(positions, mesh)
    for cells, weights in clouds(positions, (0, 1, 2)):
        np.add.at(expected, cells, weights)
    np.testing.assert_allclose(mesh, expected, atol=1e-5)
    assert mesh.sum() == pytest.approx(len(positions), rel=1e-5)


def test_planes_are_projections_along_each_axis(positions):
    planes = np.zeros((3, N, N), np.float32)
    loops.project(positions, np.float32(1), planes)
    for plane, axes in zip(planes, ((1, 2), (0, 2), (0, 1)), strict=True):
        expected = np.zeros((N, N))
        for cells, weights in clouds(positions, axes):
            np.add.at(expected, cells, weights)
        np.testing.assert_allclose(plane, expected, atol=1e-5)


def test_a_push_interpolates_the_force_and_wraps_around(positions):
    rng = np.random.default_rng(1)
    forces = rng.normal(size=(N, N, N, 3)).astype(np.float32)
    before, momenta = positions.copy(), np.zeros_like(positions)
    loops.push(positions, momenta, forces, np.float32(2), np.float32(3))
    for k, force in enumerate(np.moveaxis(forces, -1, 0)):
        read = map_coordinates(force.astype(float), before.T, order=1, mode="grid-wrap")
        np.testing.assert_allclose(momenta[:, k], 2 * read, atol=1e-4)
    away = (positions - before - 3 * momenta + N / 2) % N - N / 2
    np.testing.assert_allclose(away, 0, atol=1e-4)
    assert positions.min() >= 0
    assert positions.max() < N


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_wave_of_matter_pulls_toward_its_crests(axis):
    """Of density 1 + e cos(k y) the force is -e sin(k y) / k along y."""
    n, k = 32, 2 * np.pi * 3 / 32
    shape = np.ones(3, int)
    shape[axis] = n
    places = np.arange(n).reshape(shape)
    density = np.broadcast_to(5 * (1 + 0.1 * np.cos(k * places)), (n, n, n))
    forces = nbody.Forces(n)
    modes = scipy.fft.rfftn(density.astype(np.float32))
    loops.solve(modes, forces.wave, forces.sharpened, np.float32(5))
    potential = scipy.fft.irfftn(modes, (n, n, n))
    loops.accelerate(potential, forces.padded, forces.force)
    expected = -0.1 / k * np.sin(k * places) / np.sinc(3 / n) ** 2
    expected = np.broadcast_to(expected, (n, n, n))
    np.testing.assert_allclose(forces.force[..., axis], expected, atol=3e-4)
    across = np.delete(forces.force, axis, -1)
    np.testing.assert_allclose(across, 0, atol=1e-5)


@pytest.mark.parametrize("box", [300.0, 1000.0])
def test_large_scales_grow_as_in_linear_theory(box):
    """From the initial conditions to the nearest plane, also in coarse cells."""
    planes = nbody.evolve(HERE, 0, particles=64, box=box, pixels=64)
    first, _ = nbody.initial(HERE, 0, 64, 64, box)
    start = np.zeros((3, 64, 64), np.float32)
    loops.project(first, np.float32(1), start)
    k = np.hypot(*np.meshgrid(*[np.fft.fftfreq(64, 1 / 64)] * 2))
    largest = (k > 0) & (k < 4)
    before, after = (
        np.linalg.norm(np.fft.fft2(plane)[:, largest])
        for plane in (start / start.mean() - 1, planes.overdensity[0])
    )
    expected = HERE.growth(HERE.scale_factor(box / 2)) / HERE.growth(nbody.START)
    assert after / before == pytest.approx(expected, rel=0.02)


def test_the_first_displacements_have_the_linear_power():
    first, second = nbody.displacements(HERE, 1, 64, 400.0)
    modes = [np.fft.rfftn(part) for part in first]
    wave = 2 * np.pi * np.fft.fftfreq(64)
    kx, ky, kz = wave[:, None, None], wave[:, None], wave[:33]
    divergence = -1j * (kx * modes[0] + ky * modes[1] + kz * modes[2])
    k = np.sqrt(kx**2 + ky**2 + kz**2) / (400 / 64)
    inside = (k > 0.1) & (k < 0.3)
    power = np.abs(divergence) ** 2 / 64**3 * (400 / 64) ** 3
    ratio = power[inside] / HERE.linear_power(k[inside])
    assert ratio.mean() == pytest.approx(1, abs=4 / np.sqrt(inside.sum()))
    assert 0 < np.std(second[0]) < np.std(first[0])


def test_cosmologies_of_one_seed_share_their_phases():
    here, other_cosmology, other_seed = (
        nbody.displacements(cosmology, seed, 32, 128.0)[0][0].ravel()
        for cosmology, seed in ((HERE, 5), (Cosmology(0.25, 0.9), 5), (HERE, 6))
    )
    assert np.corrcoef(here, other_cosmology)[0, 1] > 0.97
    assert abs(np.corrcoef(here, other_seed)[0, 1]) < 0.5


def test_planes_hold_all_matter_and_reach_the_source():
    planes = nbody.evolve(HERE, 0, particles=16, box=128.0, pixels=32)
    count = int(np.ceil(HERE.distance(0.5) / 128))
    assert planes.overdensity.shape == (count, 3, 32, 32)
    np.testing.assert_allclose(planes.overdensity.mean((2, 3)), 0, atol=1e-4)


@pytest.mark.parametrize(("cycles", "boost"), [(8, 1.0913), (40, 2.46)])
def test_a_wave_gets_back_the_power_that_the_mesh_lost(cycles, boost):
    """Of cells of 4 pixels, in a plane of 64 cells; beyond 32 cycles no more."""
    wave = 3 + np.sin(2 * np.pi * cycles * np.arange(256) / 256) * np.ones((256, 1))
    plane = wave.astype(np.float32)[None, None]
    plane = nbody.restored(plane, 4)
    assert plane.mean() == pytest.approx(3, rel=1e-6)
    assert 2 * plane.var() == pytest.approx(boost, rel=0.01)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"box": 5000.0}, "make one lens plane, expected at least 2"),
        ({"particles": 16, "mesh": 24}, "cells a multiple of them"),
        ({"particles": 4}, "at least 8"),
    ],
)
def test_a_box_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        nbody.evolve(HERE, 0, **{"particles": 16, **settings})
