"""Assignment of spots to tracks, frame after frame, compiled by numba and cached."""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit


@jit
def link_frames(edges, x, y, variance, motion, gap, radius, alone):
    """Track of every spot.

    Spots stand frame after frame, ``edges`` says where each frame begins, and within a
    frame they are sorted by y. Every track that ended at most ``gap`` frames before the
    last competes for the spots of a frame. A link costs the squared distance over its
    variance, and twice the log of that variance over the least one; a track that is not
    continued costs ``alone``. Links longer than ``radius`` do not exist.
    """
    track = np.empty(len(x), np.int64)
    ends, seen, count = np.empty(0, np.int64), np.empty(0, np.int64), 0
    for frame in range(len(edges) - 1):
        spots = np.arange(edges[frame], edges[frame + 1])
        first, spot, cost = candidates(
            ends, frame - seen, spots, x, y, variance, motion, radius
        )
        partner = assign(len(spots), first, spot, cost, alone)
        taken = np.zeros(len(spots), np.bool_)
        for i in range(len(ends)):
            if partner[i] >= 0:
                track[spots[partner[i]]] = track[ends[i]]
                taken[partner[i]] = True
        for j in range(len(spots)):
            if not taken[j]:
                track[spots[j]] = count
                count += 1
        waiting = (partner < 0) & (frame - seen <= gap)
        ends = np.concatenate((ends[waiting], spots))
        seen = np.concatenate((seen[waiting], np.full(len(spots), frame)))
    return track


@jit
def candidates(ends, age, spots, x, y, variance, motion, radius):
    """Possible links: first arc of each end, spot of each arc, cost of each arc."""
    first = np.zeros(len(ends) + 1, np.int64)
    spot, cost = np.empty(8 * len(ends) + 8, np.int64), np.empty(8 * len(ends) + 8)
    count, height = 0, y[spots]
    least = motion + 2 * variance.min() if len(variance) else 1.0
    for i in range(len(ends)):
        end = ends[i]
        j = np.searchsorted(height, y[end] - radius)
        while j < len(spots) and height[j] <= y[end] + radius:
            k = spots[j]
            squared = (x[k] - x[end]) ** 2 + (y[k] - y[end]) ** 2
            if squared <= radius * radius:
                if count == len(spot):
                    spot = np.concatenate((spot, np.empty_like(spot)))
                    cost = np.concatenate((cost, np.empty_like(cost)))
                width = variance[k] + variance[end] + motion * age[i]
                spot[count], cost[count] = (
                    j,
                    squared / width + 2 * np.log(width / least),
                )
                count += 1
            j += 1
        first[i + 1] = count
    return first, spot[:count], cost[:count]


@jit
def assign(columns, first, column, cost, alone):
    """Assignment of least cost: partner of every row, -1 for none, at cost ``alone``.

    Shortest augmenting paths on the sparse graph (Jonker and Volgenant 1987), costs at
    least 0. Beside its arcs each row has a column of its own, ``columns + row``, for
    staying alone, so that a path always ends.
    """
    rows = len(first) - 1
    size = columns + rows
    partner, owner = np.full(rows, -1), np.full(size, -1)
    price, paid = np.zeros(size), np.zeros(size)  # paid: cost of the arc to the owner
    distance, parent = np.full(size, np.inf), np.empty(size, np.int64)
    scanned, touched = np.zeros(size, np.bool_), np.empty(size, np.int64)
    for start in range(rows):
        row, base, n_touched, sink = start, 0.0, 0, -1
        while sink < 0:
            for arc in range(first[row], first[row + 1] + 1):
                own = arc == first[row + 1]
                j = columns + row if own else column[arc]
                if scanned[j]:
                    continue
                away = base + (alone if own else cost[arc]) - price[j]
                if away < distance[j]:
                    if distance[j] == np.inf:
                        touched[n_touched] = j
                        n_touched += 1
                    distance[j], parent[j] = away, row
            nearest, least = -1, np.inf
            for t in range(n_touched):
                j = touched[t]
                if not scanned[j] and distance[j] < least:
                    nearest, least = j, distance[j]
            if owner[nearest] < 0:
                sink = nearest
            else:
                scanned[nearest] = True
                row = owner[nearest]
                base = least + price[nearest] - paid[nearest]
        for t in range(n_touched):
            j = touched[t]
            if scanned[j]:
                price[j] += distance[j] - distance[sink]
        augment(sink, start, parent, partner, owner)
        for t in range(n_touched):
            j = touched[t]
            distance[j], scanned[j] = np.inf, False
            if owner[j] >= 0:
                paid[j] = arc_cost(j, owner[j], columns, first, column, cost, alone)
    return np.where(partner < columns, partner, -1)


@jit
def augment(sink, start, parent, partner, owner):
    """Give every row on the path to the sink the column before it."""
    j, row = sink, -1
    while row != start:
        row = parent[j]
        previous = partner[row]
        owner[j], partner[row] = row, j
        j = previous


@jit
def arc_cost(j, row, columns, first, column, cost, alone):
    """Cost of the arc from a row to a column."""
    if j >= columns:
        return alone
    for arc in range(first[row], first[row + 1]):
        if column[arc] == j:
            return cost[arc]
    return np.inf


@jit
def smooth_rows(edges, place, variance, motion):
    """Positions along an axis smoothed by a random walk; both arrays change in place.

    Kalman filter and Rauch-Tung-Striebel smoother, one track after the other; where the
    variance is not finite nothing was seen.
    """
    for k in range(len(edges) - 1):
        first, last = edges[k], edges[k + 1]
        seen, error = place[first:last].copy(), variance[first:last].copy()
        mean, spread = place[first:last], variance[first:last]
        for i in range(len(seen)):
            before = spread[i - 1] + motion if i else np.inf
            if np.isfinite(error[i]):
                gain = 1.0 if i == 0 else before / (before + error[i])
                mean[i] = (
                    seen[i] if i == 0 else mean[i - 1] + gain * (seen[i] - mean[i - 1])
                )
                spread[i] = gain * error[i]
            else:
                mean[i], spread[i] = mean[i - 1], before
        for i in range(len(seen) - 2, -1, -1):
            share = spread[i] / (spread[i] + motion)
            mean[i] += share * (mean[i + 1] - mean[i])
            spread[i] += share * share * (spread[i + 1] - spread[i] - motion)
