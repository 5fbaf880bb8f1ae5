"""The least squares under :mod:`awd.cells.compiled.fit`, compiled by numba and cached.

The model is ``sum_i A_i g(x - x_i) g(y - y_i) + c`` over a rectangle. Every sum of its
normal equations is a product of one along x and one along y, so that an iteration
touches each pixel twice a spot.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit

ITERATIONS = 8
LONGEST_STEP = 1.0  # px, of a Gauss-Newton step
CONVERGED = 3e-2  # px; the step after this one would be a small share of it


@jit
def solve(patch, state, sigma, move):
    """Gauss-Newton on a rectangle; ``state`` becomes the solution.

    ``sigma`` is the width along x and y.

    Returns the standard errors, three a spot and that of the background, in that order;
    the background; and the residual s.d.
    """
    k, size = len(state), 3 * len(state) + 1
    # Few allocations: for one spot they cost as much as the arithmetic.
    across, down = np.empty((2 * k, patch.shape[1])), np.empty((2 * k, patch.shape[0]))
    ex, dx, ey, dy = across[:k], across[k:], down[:k], down[k:]
    system = np.empty((size + 2, size))
    normal, right, step = system[:size], system[size], system[size + 1]
    mean, energy = moments(patch)
    for _ in range(ITERATIONS):
        for i in range(k):
            profile(state[i, 1], sigma[0], ex[i], dx[i])
            profile(state[i, 2], sigma[1], ey[i], dy[i])
        project(patch, mean, ex, dx, ey, dy, right)
        rss = energy + gram(state, ex, dx, ey, dy, normal, right)
        if not move:
            fix_positions(normal, right)
        solve_system(normal, right, step)
        longest = advance(state, step)
        if longest < CONVERGED:
            break
    # The last step was short, so that the sums before it still hold.
    rss = max(rss - np.dot(step, right), 0.0)
    variance = rss / max(patch.size - (size if move else k + 1), 1)
    errors = standard_errors(normal, variance)
    return errors, mean + step[-1], np.sqrt(rss / (patch.size - 1))


@jit
def advance(state, step):
    """Take a step, of bounded length in space; returns the longest move, px."""
    longest = 0.0
    for i in range(len(state)):
        state[i, 0] += step[3 * i]
        for axis in (1, 2):
            moved = min(max(step[3 * i + axis], -LONGEST_STEP), LONGEST_STEP)
            state[i, axis] += moved
            longest = max(longest, abs(moved))
    return longest


@jit
def moments(patch):
    """Mean, and sum of squares about it."""
    total, squares = 0.0, 0.0
    for v in range(len(patch)):
        row = patch[v]
        for u in range(len(row)):
            total += row[u]
            squares += row[u] * row[u]
    return total / patch.size, squares - total * total / patch.size


@jit
def profile(centre, sigma, e, d):
    """A Gaussian at 0, 1, ..., and its derivative in its centre.

    The ratio of neighbouring values is itself a geometric series, so that three
    exponentials do, taken at the centre where nothing is lost.
    """
    scale = 1 / (sigma * sigma)
    k = min(max(round(centre), 0), len(e) - 1)
    away, shrink = k - centre, np.exp(-scale)
    e[k] = np.exp(-0.5 * scale * away * away)
    ratio = np.exp(-scale * (0.5 + away))
    for u in range(k + 1, len(e)):
        e[u] = e[u - 1] * ratio
        ratio *= shrink
    ratio = np.exp(-scale * (0.5 - away))
    for u in range(k - 1, -1, -1):
        e[u] = e[u + 1] * ratio
        ratio *= shrink
    for u in range(len(e)):
        d[u] = e[u] * scale * (u - centre)


@jit
def project(patch, mean, ex, dx, ey, dy, right):
    """Sums of the image, less its mean, with g, its two slopes, and 1."""
    right[:] = 0
    for i in range(len(ex)):
        e, d = ex[i], dx[i]
        level, slope = mean * e.sum(), mean * d.sum()
        for v in range(len(patch)):
            row, value, along = patch[v], -level, -slope
            for u in range(len(row)):
                value += row[u] * e[u]
                along += row[u] * d[u]
            right[3 * i] += ey[i, v] * value
            right[3 * i + 1] += ey[i, v] * along
            right[3 * i + 2] += dy[i, v] * value


@jit
def dot(a, b):
    """Sum of products, in float64."""
    total = 0.0
    for u in range(len(a)):
        total += a[u] * b[u]
    return total


@jit
def gram(state, ex, dx, ey, dy, normal, right):
    """Normal equations at ``state``, the background counted from the mean.

    ``right`` comes as the projections and becomes those of the residuals, by the
    parameters. Returns the sum of squared residuals less that of the image.
    """
    k, last, change = len(state), len(right) - 1, 0.0
    for i in range(k):
        change -= 2 * state[i, 0] * right[3 * i]
    for i in range(k):
        for j in range(i + 1):
            change += (2 if j < i else 1) * pair(i, j, state, ex, dx, ey, dy, normal)
    for i in range(k):
        a, x, y = state[i, 0], ex[i].sum(), ey[i].sum()
        normal[last, 3 * i] = x * y
        normal[last, 3 * i + 1] = a * dx[i].sum() * y
        normal[last, 3 * i + 2] = a * x * dy[i].sum()
        right[last] -= a * x * y
        for axis in (1, 2):
            right[3 * i + axis] *= a
        for j in range(k):
            for p in range(3 * i, 3 * i + 3):
                product = normal[p, 3 * j] if j <= i else normal[3 * j, p]
                right[p] -= state[j, 0] * product
    normal[last, last] = len(ex[0]) * len(ey[0])
    return change


@jit
def pair(i, j, state, ex, dx, ey, dy, normal):
    """The block of two spots; returns the product of their models."""
    a, b = state[i, 0], state[j, 0]
    x, xd, dx_, xx = products(ex[i], dx[i], ex[j], dx[j])
    y, yd, dy_, yy = products(ey[i], dy[i], ey[j], dy[j])
    p, q = 3 * i, 3 * j
    normal[p, q] = x * y
    normal[p, q + 1] = b * xd * y
    normal[p, q + 2] = b * x * yd
    normal[p + 1, q] = a * dx_ * y
    normal[p + 1, q + 1] = a * b * xx * y
    normal[p + 1, q + 2] = a * b * dx_ * yd
    normal[p + 2, q] = a * x * dy_
    normal[p + 2, q + 1] = a * b * xd * dy_
    normal[p + 2, q + 2] = a * b * x * yy
    return a * b * x * y


@jit
def products(e, d, f, c):
    """Sums of e f, e c, d f and d c."""
    plain, right, left, both = 0.0, 0.0, 0.0, 0.0
    for u in range(len(e)):
        plain += e[u] * f[u]
        right += e[u] * c[u]
        left += d[u] * f[u]
        both += d[u] * c[u]
    return plain, right, left, both


@jit
def fix_positions(normal, right):
    """Leave positions out of the normal equations."""
    for p in range(len(right) - 1):
        if p % 3:
            normal[p, :], normal[:, p] = 0, 0
            normal[p, p], right[p] = 1, 0


@jit
def solve_system(normal, right, x):
    """Solve by Cholesky into ``x``; the lower half of ``normal`` becomes its factor.

    What the data do not determine is not moved, and its pivot becomes infinite.
    """
    n = len(right)
    for j in range(n):
        pivot = normal[j, j]
        least = 1e-9 * pivot
        for m in range(j):
            pivot -= normal[j, m] ** 2
        normal[j, j] = np.sqrt(pivot) if pivot > least else np.inf
        for i in range(j + 1, n):
            value = normal[i, j]
            for m in range(j):
                value -= normal[i, m] * normal[j, m]
            normal[i, j] = value / normal[j, j]
    x[:] = right
    for i in range(n):
        for m in range(i):
            x[i] -= normal[i, m] * x[m]
        x[i] /= normal[i, i]
    for i in range(n - 1, -1, -1):
        for m in range(i + 1, n):
            x[i] -= normal[m, i] * x[m]
        x[i] /= normal[i, i]


@jit
def standard_errors(factor, variance):
    """Roots of the variance times the inverse matrix's diagonal, from its factor."""
    n = len(factor)
    errors, column = np.zeros(n), np.empty(n)
    for j in range(n):
        for i in range(j, n):
            value = 1.0 if i == j else 0.0
            for m in range(j, i):
                value -= factor[i, m] * column[m]
            column[i] = value / factor[i, i]
            errors[j] += column[i] ** 2
        errors[j] = np.sqrt(variance * errors[j])
        if not np.isfinite(factor[j, j]):
            errors[j] = np.inf
    return errors
