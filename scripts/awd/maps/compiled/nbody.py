"""The loops under :mod:`awd.maps.sky.nbody`: particles to mesh, mesh to particles.

Positions are in cells of a periodic mesh. Particles keep the order of the grid they
started from, so that neighbours are close in memory.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit

ONE = np.float32(1)


@jit
def wrapped(x, n):
    """A position that is at most a period away from [0, n), brought back into it."""
    if x < 0:
        x += n
    elif x >= n:
        x -= n
    # A tiny negative number plus n rounds to n.
    return x if x < n else np.float32(0)


@jit
def paint(positions, mesh):
    """Add every particle to the eight cells around it (cloud in cell)."""
    n = np.uint32(len(mesh))
    cells = mesh.reshape(-1)
    for p in range(len(positions)):
        x, y, z = positions[p, 0], positions[p, 1], positions[p, 2]
        i0, j0, k0 = np.uint32(x), np.uint32(y), np.uint32(z)
        i1, j1, k1 = after(i0, n), after(j0, n), after(k0, n)
        dx, dy, dz = x - np.float32(i0), y - np.float32(j0), z - np.float32(k0)
        ex, ey, ez = ONE - dx, ONE - dy, ONE - dz
        for row, weight in (
            ((i0 * n + j0) * n, ex * ey),
            ((i0 * n + j1) * n, ex * dy),
            ((i1 * n + j0) * n, dx * ey),
            ((i1 * n + j1) * n, dx * dy),
        ):
            cells[row + k0] += weight * ez
            cells[row + k1] += weight * dz


@jit
def after(cell, n):
    """The next cell along an axis; unsigned: numba checks signed for negatives."""
    following = cell + np.uint32(1)
    return following if following < n else np.uint32(0)


@jit
def solve(density, wave, sharpened, mean):
    """Turn modes of the density into those of the potential, whose Laplacian is delta.

    ``wave`` holds the wave numbers of one axis per cell, ``sharpened`` what the density
    is multiplied by along one axis, ``mean`` what it is divided by.
    """
    n = len(density)
    for i in range(n):
        for j in range(n):
            base = wave[i] ** 2 + wave[j] ** 2
            sharp = -sharpened[i] * sharpened[j] / mean
            for k in range(density.shape[2]):
                square = base + wave[k] ** 2
                scale = sharp * sharpened[k] / square if square > 0 else np.float32(0)
                density[i, j, k] *= scale


@jit
def accelerate(potential, padded, force):
    """Minus the gradient of a periodic potential, by differences of sixth order."""
    n = len(potential)
    for i in range(n):
        east, west = potential[(i + 1) % n], potential[i - 1]
        east2, west2 = potential[(i + 2) % n], potential[i - 2]
        east3, west3 = potential[(i + 3) % n], potential[i - 3]
        here = potential[i]
        for j in range(n):
            out = force[i, j]
            differ(east[j], west[j], east2[j], west2[j], east3[j], west3[j], out, 0)
            j1, j2, j3 = (j + 1) % n, (j + 2) % n, (j + 3) % n
            differ(
                here[j1],
                here[j - 1],
                here[j2],
                here[j - 2],
                here[j3],
                here[j - 3],
                out,
                1,
            )
            padded[:3], padded[n + 3 :] = here[j, n - 3 :], here[j, :3]
            padded[3 : n + 3] = here[j]
            differ(
                padded[4 : n + 4],
                padded[2 : n + 2],
                padded[5 : n + 5],
                padded[1 : n + 1],
                padded[6 : n + 6],
                padded[:n],
                out,
                2,
            )


@jit
def differ(ahead1, behind1, ahead2, behind2, ahead3, behind3, out, axis):
    """Minus the derivative from values 1, 2 and 3 cells ahead and behind."""
    a, b, c = np.float32(-3 / 4), np.float32(3 / 20), np.float32(-1 / 60)
    for k in range(len(ahead1)):
        near, far = a * (ahead1[k] - behind1[k]), b * (ahead2[k] - behind2[k])
        out[k, axis] = near + far + c * (ahead3[k] - behind3[k])


@jit
def push(positions, momenta, force, kick, drift):
    """Kick every particle by the force where it stands, then let it drift."""
    n = np.uint32(len(force))
    size = np.float32(n)
    cells = force.reshape(-1, 3)
    for p in range(len(positions)):
        x, y, z = positions[p, 0], positions[p, 1], positions[p, 2]
        i0, j0, k0 = np.uint32(x), np.uint32(y), np.uint32(z)
        i1, j1, k1 = after(i0, n), after(j0, n), after(k0, n)
        dx, dy, dz = x - np.float32(i0), y - np.float32(j0), z - np.float32(k0)
        ex, ey, ez = ONE - dx, ONE - dy, ONE - dz
        ax, ay, az = np.float32(0), np.float32(0), np.float32(0)
        for row, weight in (
            ((i0 * n + j0) * n, ex * ey),
            ((i0 * n + j1) * n, ex * dy),
            ((i1 * n + j0) * n, dx * ey),
            ((i1 * n + j1) * n, dx * dy),
        ):
            for cell, share in ((row + k0, weight * ez), (row + k1, weight * dz)):
                ax += share * cells[cell, 0]
                ay += share * cells[cell, 1]
                az += share * cells[cell, 2]
        px = momenta[p, 0] + kick * ax
        py = momenta[p, 1] + kick * ay
        pz = momenta[p, 2] + kick * az
        momenta[p, 0], momenta[p, 1], momenta[p, 2] = px, py, pz
        positions[p, 0] = wrapped(x + drift * px, size)
        positions[p, 1] = wrapped(y + drift * py, size)
        positions[p, 2] = wrapped(z + drift * pz, size)


@jit
def project(positions, scale, planes):
    """Add every particle to its four pixels of the three planes, along each axis."""
    n = np.uint32(planes.shape[1])
    along_x, along_y, along_z = planes[0], planes[1], planes[2]
    for p in range(len(positions)):
        x = positions[p, 0] * scale
        y = positions[p, 1] * scale
        z = positions[p, 2] * scale
        i0, j0, k0 = np.uint32(x), np.uint32(y), np.uint32(z)
        dx, dy, dz = x - np.float32(i0), y - np.float32(j0), z - np.float32(k0)
        # A position may round up to the side of the plane.
        i0, j0, k0 = (
            i0 if i0 < n else i0 - n,
            j0 if j0 < n else j0 - n,
            k0 if k0 < n else k0 - n,
        )
        i1, j1, k1 = after(i0, n), after(j0, n), after(k0, n)
        spread(along_x, j0, j1, k0, k1, dy, dz)
        spread(along_y, i0, i1, k0, k1, dx, dz)
        spread(along_z, i0, i1, j0, j1, dx, dy)


@jit
def spread(plane, i0, i1, j0, j1, di, dj):
    """Add one particle to four pixels."""
    ei, ej = ONE - di, ONE - dj
    plane[i0, j0] += ei * ej
    plane[i0, j1] += ei * dj
    plane[i1, j0] += di * ej
    plane[i1, j1] += di * dj
