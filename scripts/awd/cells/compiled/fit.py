"""Joint least-squares fits of neighbouring spots, compiled by numba and cached.

Spots nearer than four of their widths share a group, and a group is fitted in one
rectangle with one background (:mod:`awd.cells.compiled.solve`); all others are
subtracted first. A width ``sigma`` is a pair, along x and y. Columns of a table of
spots: :data:`COLUMNS`.
"""

from __future__ import annotations

import numpy as np

from awd.cells.compiled.solve import dot, profile, solve
from awd.compiled.signals import jit

COLUMNS = (
    "x",
    "y",
    "amplitude",
    "background",
    "x_se",
    "y_se",
    "amplitude_se",
    "background_se",
    "noise",
    "pixels",
)
X, Y, A, C, X_SE, Y_SE, A_SE, C_SE, NOISE, PIXELS = range(10)
MOST = 16  # spots of a group; a larger crowd is fitted in parts
WANDERED = 2.5  # px from where a spot was seen: it fits something else
LOBE = 2.5  # z of what a fit leaves, from which another spot is tried
GAIN = 15.0  # chi-squared that a spot that was tried must explain
SECOND = 0.5  # of the brightest of its group: what a spot that was tried must have


@jit
def fit_frame(image, x, y, amplitude, sigma, w, threshold, move, excess):
    """Fit all spots of one frame.

    ``image`` has a margin of ``w`` and the spots are sorted by y. With ``move``
    positions are fitted too, spots that fail the threshold leave, and merged neighbours
    are told apart. Row k of the table is spot k, NaN if it left; the added ones follow.
    Standard errors and the noise, and what they decide, are ``excess`` times those of
    white noise.
    """
    n = len(x)
    table, rows = np.full((2 * n, len(COLUMNS)), np.nan), n
    known = np.zeros((2 * n, 3))  # amplitude, x, y of all spots so far
    known[:n, 0], known[:n, 1], known[:n, 2] = amplitude, x, y
    label, count = groups(x, y, 4 * max(sigma))
    order = np.argsort(label, kind="mergesort")
    edges = np.searchsorted(label[order], np.arange(count + 1))
    for group in range(count):
        members = order[edges[group] : edges[group + 1]]
        state = known[members]
        known[members, 0] = 0
        left, right, top, bottom = window(state, w, image.shape)
        corner = np.array([0.0, left - w, top - w])
        patch = image[top:bottom, left:right].astype(np.float64)
        for k in range(np.searchsorted(y, top - 2.0 * w), np.searchsorted(y, bottom)):
            subtract(patch, known[k], left - w, top - w, sigma, w)
        for k in range(n, rows):
            subtract(patch, known[k], left - w, top - w, sigma, w)
        fit = fit_group(patch, state - corner, members, sigma, threshold, move, excess)
        state, which, errors, background, noise = fit
        errors, noise = errors * excess, noise * excess
        for i in range(len(state)):
            if which[i] < 0:
                which[i], rows = rows, rows + 1
            row, se = table[which[i]], errors[3 * i : 3 * i + 3]
            known[which[i]] = state[i] + corner
            row[A], row[X], row[Y] = known[which[i]]
            row[A_SE], row[X_SE], row[Y_SE] = se
            row[C], row[C_SE], row[NOISE] = background, errors[-1], noise
            row[PIXELS] = patch.size
    return table[:rows]


@jit
def window(state, w, shape):
    """The rectangle of the windows of all spots, without the margin of the image."""
    left, right = round(state[:, 1].min()), round(state[:, 1].max()) + 2 * w + 1
    top, bottom = round(state[:, 2].min()), round(state[:, 2].max()) + 2 * w + 1
    return (
        max(left, w),
        min(right, shape[1] - w),
        max(top, w),
        min(bottom, shape[0] - w),
    )


@jit
def subtract(patch, spot, left, top, sigma, w):
    """Take a spot (amplitude, x, y) off a rectangle, as far as its window meets it."""
    height, width = patch.shape
    x, y = spot[1] - left, spot[2] - top
    if spot[0] == 0 or not (-w < x < width - 1 + w and -w < y < height - 1 + w):
        return
    across, slope = np.empty(width), np.empty(width)
    profile(x, sigma[0], across, slope)
    for v in range(max(round(y) - w, 0), min(round(y) + w + 1, height)):
        add_row(patch[v], -spot[0] * np.exp(-0.5 * ((v - y) / sigma[1]) ** 2), across)


@jit
def add_row(row, height, across):
    """A profile times a height, onto a row."""
    for u in range(len(row)):
        row[u] += height * across[u]


@jit
def groups(x, y, reach):
    """Label of each spot's group: chains of spots nearer than ``reach``, sorted by y.

    A chain stops growing at :data:`MOST` spots.
    """
    parent, size = np.arange(len(x)), np.ones(len(x), np.int64)
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            if y[j] - y[i] > reach:
                break
            if (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2 < reach * reach:
                a, b = root(parent, i), root(parent, j)
                if a != b and size[a] + size[b] <= MOST:
                    parent[max(a, b)] = min(a, b)
                    size[min(a, b)] = size[a] + size[b]
    label, count = np.empty(len(x), np.int64), 0
    for i in range(len(x)):  # a root stands before all of its group
        if parent[i] == i:
            label[i], count = count, count + 1
        else:
            label[i] = label[root(parent, i)]
    return label, count


@jit
def root(parent, i):
    """The spot that stands for the group of spot i."""
    while parent[i] != i:
        i = parent[i]
    return i


@jit
def add_spot(image, x, y, amplitude, sigma, w):
    """Add a spot over its window to an image with margin ``w``."""
    left, top, side = round(x), round(y), 2 * w + 1
    work = np.empty((3, side))
    profile(x - left + w, sigma[0], work[0], work[2])
    profile(y - top + w, sigma[1], work[1], work[2])
    across = work[0].astype(np.float32)
    for v in range(side):
        height = np.float32(amplitude * work[1, v])
        add_row(image[top + v, left : left + side], height, across)


@jit
def fit_group(patch, state, which, sigma, threshold, move, excess):
    """Fit the spots of a group, dropping the weakest until all are significant.

    Then one at a time is added where that explains what is left; its ``which`` is -1.
    """
    start, which, most = state.copy(), which.copy(), min(MOST, 2 * len(state))
    threshold *= excess
    errors, background, noise = solve(patch, state, sigma, move)
    while move and len(state) > 0:
        worst = weakest(state, errors, start, patch.shape, threshold)
        if worst < 0:
            break
        keep = np.arange(len(state)) != worst
        state, start, which = state[keep], start[keep], which[keep]
        errors, background, noise = solve(patch, state, sigma, move)
    while move and 0 < len(state) < most:
        a, x, y, energy = another(patch, state, background, sigma)
        if a * np.sqrt(energy) < LOBE * excess * noise:
            break
        start = np.append(state, (a, x, y)).reshape(-1, 3)
        more = start.copy()
        new = solve(patch, more, sigma, move)
        explained = patch.size * ((noise / new[2]) ** 2 - 1)
        faint = more[-1, 0] < SECOND * more[:, 0].max()
        if explained < GAIN * excess**2 or faint or nearest(more) < min(sigma):
            break
        if weakest(more, new[0], start, patch.shape, threshold) >= 0:
            break
        state, which = more, np.append(which, -1)
        errors, background, noise = new
    return state, which, errors, background, noise


@jit
def weakest(state, errors, start, shape, threshold):
    """The spot to drop: lost, or of the lowest z if that is below; -1 for none."""
    worst, least = -1, threshold
    for i in range(len(state)):
        a, x, y = state[i]
        moved = max(abs(x - start[i, 1]), abs(y - start[i, 2]))
        inside = -0.5 < x < shape[1] - 0.5 and -0.5 < y < shape[0] - 0.5
        if not (moved < WANDERED and inside and np.isfinite(errors[3 * i])):
            return i
        z = a / errors[3 * i]
        if z < least:
            worst, least = i, z
    return worst


@jit
def another(patch, state, background, sigma):
    """The spot that explains most of what is left: height, x, y; and its energy."""
    height, width = patch.shape
    across, down, longest = int(2 * sigma[0]), int(2 * sigma[1]), max(height, width)
    left, slope = np.empty((height, width)), np.empty(longest)
    ex, ey = np.empty(width), np.empty(height)
    gx, gy = np.empty(2 * across + 1), np.empty(2 * down + 1)
    profile(across, sigma[0], gx, slope)
    profile(down, sigma[1], gy, slope)
    for v in range(height):
        for u in range(width):
            left[v, u] = patch[v, u] - background
    for i in range(len(state)):
        profile(state[i, 1], sigma[0], ex, slope)
        profile(state[i, 2], sigma[1], ey, slope)
        for v in range(height):
            add_row(left[v], -state[i, 0] * ey[v], ex)
    best, at_x, at_y, energy = 0.0, 0, 0, dot(gx, gx) * dot(gy, gy)
    # What is merged with a spot leaves its light within two widths.
    first, last = between(state[:, 1], 2 * sigma[0], across, width - across)
    top, bottom = between(state[:, 2], 2 * sigma[1], down, height - down)
    for y in range(top, bottom):
        ex[:] = 0
        for v in range(len(gy)):
            add_row(ex, gy[v], left[y - down + v])
        for x in range(first, last):
            total = dot(gx, ex[x - across : x + across + 1])
            if total > best:
                best, at_x, at_y = total, x, y
    return best / energy, at_x, at_y, energy


@jit
def between(values, room, low, high):
    """Pixels from the least value to the largest, with room, within bounds."""
    least, largest = values[0], values[0]
    for value in values:
        least, largest = min(least, value), max(largest, value)
    return max(int(np.ceil(least - room)), low), min(int(largest + room) + 1, high)


@jit
def nearest(state):
    """Least distance of two spots."""
    least = np.inf
    for i in range(len(state)):
        for j in range(i):
            away = np.hypot(state[i, 1] - state[j, 1], state[i, 2] - state[j, 2])
            least = min(least, away)
    return least


@jit
def fit_alone(image, x, y, sigma, w):
    """Amplitude and background at fixed places, each in its own window alone.

    ``image`` has a margin of ``w``; the table has the columns of :func:`fit_frame`.
    """
    table = np.full((len(x), len(COLUMNS)), np.nan)
    for k in range(len(x)):
        left, top = max(round(x[k]), w), max(round(y[k]), w)
        right = min(round(x[k]) + 2 * w + 1, image.shape[1] - w)
        bottom = min(round(y[k]) + 2 * w + 1, image.shape[0] - w)
        patch = image[top:bottom, left:right].astype(np.float64)
        state = np.array([[0.0, x[k] + w - left, y[k] + w - top]])
        errors, background, noise = solve(patch, state, sigma, False)
        table[k, X], table[k, Y], table[k, A], table[k, C] = (
            x[k],
            y[k],
            state[0, 0],
            background,
        )
        table[k, A_SE], table[k, C_SE] = errors[0], errors[-1]
        table[k, NOISE], table[k, PIXELS] = noise, patch.size
    return table


@jit
def widths(image, x, y, w, low, high, sigma, oval):
    """Width that fits each spot best, alone in its window: golden-section search.

    ``image`` has a margin of ``w``. What is found is the width over ``sigma`` or, where
    ``oval``, the width along x over ``sigma[0]``, that along y shrinking as it grows. A
    spot that is lost, or whose width ends at ``low`` or ``high``, is NaN.
    """
    golden = (np.sqrt(5.0) - 1) / 2
    found = np.full(len(x), np.nan)
    for k in range(len(x)):
        left, top = round(x[k]), round(y[k])
        patch = image[top : top + 2 * w + 1, left : left + 2 * w + 1].astype(np.float64)
        start = np.array([[0.0, x[k] + w - left, y[k] + w - top]])
        a, b = low, high
        c, d = b - golden * (b - a), a + golden * (b - a)
        at_c = misfit(patch, start, scaled(sigma, c, oval))
        at_d = misfit(patch, start, scaled(sigma, d, oval))
        while b - a > 0.005:
            if at_c < at_d:
                b, d, at_d = d, c, at_c
                c = b - golden * (b - a)
                at_c = misfit(patch, start, scaled(sigma, c, oval))
            else:
                a, c, at_c = c, d, at_d
                d = a + golden * (b - a)
                at_d = misfit(patch, start, scaled(sigma, d, oval))
        width = (a + b) / 2
        if min(width - low, high - width) > 0.01 and np.isfinite(min(at_c, at_d)):
            found[k] = width
    return found


@jit
def scaled(sigma, by, oval):
    """Widths that are ``by`` times as large, or more oval."""
    return sigma[0] * by, sigma[1] / by if oval else sigma[1] * by


@jit
def misfit(patch, start, sigma):
    """S.d. of the residuals of one spot of this width; infinite if it gets lost."""
    state = start.copy()
    solve(patch, state, sigma, False)
    noise = solve(patch, state, sigma, True)[2]
    away = max(abs(state[0, 1] - start[0, 1]), abs(state[0, 2] - start[0, 2]))
    return noise if away < WANDERED else np.inf
