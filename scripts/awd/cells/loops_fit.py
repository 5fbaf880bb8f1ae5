"""Joint least-squares fits of neighbouring spots, compiled by numba and cached.

Spots nearer than four of their widths share a group, and a group is fitted in one
rectangle with one background (:mod:`awd.cells.loops_solve`); all others are subtracted
first. Columns of a table of spots: :data:`COLUMNS`.
"""

from __future__ import annotations

import numpy as np

from awd.cells.loops_solve import dot, profile, solve
from awd.loops import jit

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
def fit_frame(image, x, y, amplitude, sigma, w, threshold, move):
    """Fit all spots of one frame.

    ``image`` has a margin of ``w`` and the spots are sorted by y. With ``move``
    positions are fitted too, spots that fail the threshold leave, and merged neighbours
    are told apart. Row k of the table is spot k, NaN if it left; the added ones follow.
    """
    table = np.full((2 * len(x), len(COLUMNS)), np.nan)
    label, count = groups(x, y, 4 * sigma)
    order = np.argsort(label, kind="mergesort")
    edges = np.searchsorted(label[order], np.arange(count + 1))
    rest = image.copy()
    for k in range(len(x)):
        add_spot(rest, x[k], y[k], -amplitude[k], sigma, w)
    rows = len(x)
    for group in range(count):
        members = order[edges[group] : edges[group + 1]]
        for k in members:
            add_spot(rest, x[k], y[k], amplitude[k], sigma, w)
        # The rectangle of all windows, without the margin of the image.
        left = max(round(x[members].min()), w)
        top = max(round(y[members].min()), w)
        right = min(round(x[members].max()) + 2 * w + 1, rest.shape[1] - w)
        bottom = min(round(y[members].max()) + 2 * w + 1, rest.shape[0] - w)
        patch = rest[top:bottom, left:right].astype(np.float64)
        state = np.empty((len(members), 3))  # amplitude, x, y in the rectangle
        for i, k in enumerate(members):
            state[i] = amplitude[k], x[k] + w - left, y[k] + w - top
        fit = fit_group(patch, state, members, sigma, threshold, move)
        state, which, errors, background, noise = fit
        for i in range(len(state)):
            if which[i] < 0:
                which[i], rows = rows, rows + 1
            row, se = table[which[i]], errors[3 * i : 3 * i + 3]
            row[X], row[Y] = state[i, 1] + left - w, state[i, 2] + top - w
            row[A], row[A_SE], row[X_SE], row[Y_SE] = state[i, 0], se[0], se[1], se[2]
            row[C], row[C_SE], row[NOISE] = background, errors[-1], noise
            row[PIXELS] = patch.size
            add_spot(rest, row[X], row[Y], -row[A], sigma, w)
    return table[:rows]


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
    while parent[i] != i:
        i = parent[i]
    return i


@jit
def add_spot(image, x, y, amplitude, sigma, w):
    """Add a spot over its window to an image with margin ``w``."""
    left, top, side = round(x), round(y), 2 * w + 1
    across, down, slope = np.empty(side), np.empty(side), np.empty(side)
    profile(x - left + w, sigma, across, slope)
    profile(y - top + w, sigma, down, slope)
    for v in range(side):
        height, row = amplitude * down[v], image[top + v, left : left + side]
        for u in range(side):
            row[u] += np.float32(height * across[u])


@jit
def fit_group(patch, state, which, sigma, threshold, move):
    """Fit the spots of a group, dropping the weakest until all are significant.

    Then one at a time is added where that explains what is left; its ``which`` is -1.
    """
    start, which, most = state.copy(), which.copy(), min(MOST, 2 * len(state))
    errors, background, noise = solve(patch, state, sigma, move)
    while move and len(state) > 0:
        worst = weakest(state, errors, start, patch.shape, threshold)
        if worst < 0:
            break
        keep = np.arange(len(state)) != worst
        state, start, which = state[keep], start[keep], which[keep]
        errors, background, noise = solve(patch, state, sigma, move)
    while move and 0 < len(state) < most:
        one, z = another(patch, state, background, noise, sigma)
        if z < LOBE:
            break
        start = np.concatenate((state, one))
        more = start.copy()
        new = solve(patch, more, sigma, move)
        explained = patch.size * ((noise / new[2]) ** 2 - 1)
        faint = more[-1, 0] < SECOND * more[:, 0].max()
        if explained < GAIN or faint or nearest(more) < sigma:
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
def another(patch, state, background, noise, sigma):
    """The spot that explains most of what a fit leaves: amplitude, x, y; and its z."""
    height, width = patch.shape
    left = patch - background
    ex, ey, slope = np.empty(width), np.empty(height), np.empty(max(patch.shape))
    for i in range(len(state)):
        profile(state[i, 1], sigma, ex, slope[:width])
        profile(state[i, 2], sigma, ey, slope[:height])
        for v in range(height):
            row, high = left[v], state[i, 0] * ey[v]
            for u in range(width):
                row[u] -= high * ex[u]
    reach = int(2 * sigma)
    g = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    best, energy = np.zeros((1, 3)), (g * g).sum() ** 2
    along = np.empty(width)
    for y in range(reach, height - reach):
        along[:] = 0
        for v in range(len(g)):
            row, weight = left[y - reach + v], g[v]
            for u in range(width):
                along[u] += weight * row[u]
        for x in range(reach, width - reach):
            total = dot(g, along[x - reach : x + reach + 1])
            if total / energy > best[0, 0]:
                best[0] = total / energy, float(x), float(y)
    return best, best[0, 0] * np.sqrt(energy) / noise


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
def widths(image, x, y, w, low, high):
    """Width that fits each spot best, alone in its window: golden-section search.

    ``image`` has a margin of ``w``. A spot that is lost, or whose width ends at ``low``
    or ``high``, is NaN.
    """
    golden = (np.sqrt(5.0) - 1) / 2
    found = np.full(len(x), np.nan)
    for k in range(len(x)):
        left, top = round(x[k]), round(y[k])
        patch = image[top : top + 2 * w + 1, left : left + 2 * w + 1].astype(np.float64)
        start = np.array([[0.0, x[k] + w - left, y[k] + w - top]])
        a, b = low, high
        c, d = b - golden * (b - a), a + golden * (b - a)
        at_c, at_d = misfit(patch, start, c), misfit(patch, start, d)
        while b - a > 0.005:
            if at_c < at_d:
                b, d, at_d = d, c, at_c
                c = b - golden * (b - a)
                at_c = misfit(patch, start, c)
            else:
                a, c, at_c = c, d, at_d
                d = a + golden * (b - a)
                at_d = misfit(patch, start, d)
        width = (a + b) / 2
        if min(width - low, high - width) > 0.01 and np.isfinite(min(at_c, at_d)):
            found[k] = width
    return found


@jit
def misfit(patch, start, sigma):
    """S.d. of the residuals of one spot of this width; infinite if it gets lost."""
    state = start.copy()
    solve(patch, state, sigma, False)
    noise = solve(patch, state, sigma, True)[2]
    away = max(abs(state[0, 1] - start[0, 1]), abs(state[0, 2] - start[0, 2]))
    return noise if away < WANDERED else np.inf
