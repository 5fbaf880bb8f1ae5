"""The loops under :mod:`awd.filters.undecimated`: dilated filters, and sums over their
bands.

Bands are numbered as :data:`awd.filters.undecimated.BANDS`.
"""

from __future__ import annotations

import numpy as np

from awd.compiled.signals import jit

DIFFERENCE, HH = 0, 1
KNOWN = 9  # statistics of a band
BUCKETS = 1024  # into which a band is divided before its values are put in order


@jit
def seen_rows(masks, low, high, enough, seen):
    """Where each band's filter saw enough: (masks, levels, parts, y, x) of truth.

    ``low`` and ``high`` hold the sizes of the kernels, of sum 1 each. Parts are the
    approximation, LH, HL and HH; of a smoother, whose high-pass is what it leaves, the
    first alone. Where nothing comes up to ``enough``, what comes near the most does.
    """
    for n in range(len(masks)):
        share = masks[n].copy()
        for j in range(seen.shape[1]):
            share, _, lh, hl, hh = bands_of(share, low, high, 2**j, True)
            seen[n, j, 0] = share >= min(enough, 0.9 * share.max())
            if seen.shape[2] > 1:
                if len(share) > 1:
                    seen[n, j, 1] = lh >= min(enough, 0.9 * lh.max())
                    seen[n, j, 2] = hl >= min(enough, 0.9 * hl.max())
                seen[n, j, 3] = hh >= min(enough, 0.9 * hh.max())


@jit
def counted(band, seen, which, level, part):
    """The values of a band that count, flat; all of them without masks."""
    values = band.reshape(-1)
    if len(seen) == 0:
        return values
    own = seen[which, level, min(part, seen.shape[2] - 1)]
    return values[own.reshape(-1)]


@jit
def count_rows(images, low, high, wanted, edges, seen, which, counts):
    """Counts between the edges of every image, level and band.

    ``which`` of the masks ``seen``, from :func:`seen_rows`, is that of an image; no
    mask at all: every coefficient counts.
    """
    mixed = np.any(wanted > HH)
    for n in range(len(images)):
        approx = images[n].copy()
        for j in range(len(edges)):
            bands = bands_of(approx, low, high, 2**j, mixed)
            smooth, difference, lh, hl, hh = bands
            for b in range(len(wanted)):
                if wanted[b] == DIFFERENCE:
                    values = counted(difference, seen, which[n], j, 0)
                elif wanted[b] == HH:
                    values = counted(hh, seen, which[n], j, 3)
                else:
                    values = counted(lh, seen, which[n], j, 1)
                    count(values, edges[j, b], counts[n, j, b])
                    values = counted(hl, seen, which[n], j, 2)
                count(values, edges[j, b], counts[n, j, b])
            approx = smooth


@jit
def rank_rows(images, low, high, wanted, shares, seen, which, ranked):
    """Values below which these shares lie, of every image, level and band."""
    mixed = np.any(wanted > HH)
    for n in range(len(images)):
        approx = images[n].copy()
        for j in range(ranked.shape[1]):
            bands = bands_of(approx, low, high, 2**j, mixed)
            smooth, difference, lh, hl, hh = bands
            for b in range(len(wanted)):
                if wanted[b] == DIFFERENCE:
                    values = counted(difference, seen, which[n], j, 0)
                elif wanted[b] == HH:
                    values = counted(hh, seen, which[n], j, 3)
                else:
                    along = counted(lh, seen, which[n], j, 1)
                    values = np.concatenate((along, counted(hl, seen, which[n], j, 2)))
                rank(values, shares, ranked[n, j, b])
            approx = smooth


@jit
def rank(values, shares, ranked):
    """The values of nearest rank; only buckets that hold one are sorted."""
    least, most = extent(values)
    ranked[:] = least
    if least == most:
        return
    scale = values.dtype.type(BUCKETS - 1) / (most - least)
    places = np.rint(shares * (len(values) - 1)).astype(np.int64)
    if not (scale > 0 and scale < np.inf):  # a range beyond what floats can divide
        ranked[:] = np.sort(values)[places]
        return
    bucket = np.empty(len(values), np.int32)
    counts = np.zeros(BUCKETS, np.int64)
    for t in range(len(values)):
        bucket[t] = np.int32((values[t] - least) * scale)
    for t in range(len(values)):
        counts[bucket[t]] += 1
    holders = np.searchsorted(np.cumsum(counts), places, side="right")
    left_out = counts.copy()
    left_out[holders] = 0
    kept = np.empty(counts.sum() - left_out.sum(), values.dtype)
    k = 0
    for t in range(len(values)):
        if left_out[bucket[t]] == 0:
            kept[k] = values[t]
            k += 1
    kept.sort()
    ranked[:] = kept[places - np.cumsum(left_out)[holders]]


@jit
def extent(values):
    """Least and most of the values; numba's own methods take six times as long."""
    least = most = values[0]
    for t in range(len(values)):
        least, most = min(least, values[t]), max(most, values[t])
    return least, most


@jit
def norm_rows(images, low, high, wanted, seen, which, norms):
    """Mean absolute values of every image, level and band."""
    mixed = np.any(wanted > HH)
    for n in range(len(images)):
        approx = images[n].copy()
        for j in range(norms.shape[1]):
            bands = bands_of(approx, low, high, 2**j, mixed)
            smooth, difference, lh, hl, hh = bands
            for b in range(len(wanted)):
                if wanted[b] == DIFFERENCE:
                    norms[n, j, b] = counted_size(difference, seen, which[n], j, 0)
                elif wanted[b] == HH:
                    norms[n, j, b] = counted_size(hh, seen, which[n], j, 3)
                else:
                    norms[n, j, b] = (
                        counted_size(lh, seen, which[n], j, 1)
                        + counted_size(hl, seen, which[n], j, 2)
                    ) / 2
            approx = smooth


@jit
def summary_rows(signals, low, high, levels, wanted, table):
    """Statistics of every band: (n, statistics * (levels + 1)).

    ``wanted`` numbers them as :data:`awd.filters.statistics.STATISTICS`; each of all
    bands, coarse ones first.
    """
    found = np.empty(KNOWN)
    for n in range(len(signals)):
        approx = signals[n].copy()
        for j in range(levels):
            smooth, _, _, _, detail = bands_of(approx, low, high, 2**j, False)
            summarise(detail[0], found)
            for k in range(len(wanted)):
                table[n, k * (levels + 1) + levels - j] = found[wanted[k]]
            approx = smooth
        summarise(approx[0], found)
        for k in range(len(wanted)):
            table[n, k * (levels + 1)] = found[wanted[k]]


@jit
def summarise(band, out):
    """All statistics of a band; a time that nothing tells is the middle."""
    n, middle = len(band), (len(band) - 1) / 2
    total, square, above, below = 0.0, 0.0, 0.0, 0.0
    time_above, time_below, turned = 0.0, 0.0, 0.0
    thirds = np.zeros(3)
    for t in range(n):
        value = np.float64(band[t])
        total += value
        square += value * value
        above += max(value, 0.0)
        below += max(-value, 0.0)
        time_above += t * max(value, 0.0)
        time_below += t * max(-value, 0.0)
        turned += t * t * abs(value)
        thirds[3 * t // n] += value
    mean, size, moment = total / n, above + below, time_above + time_below
    centre = moment / size if size > 0 else middle
    out[0] = np.sqrt(max(square / n - mean * mean, 0.0))
    out[1] = centre
    out[2] = np.sqrt(max(turned / size - centre * centre, 0.0)) if size > 0 else 0.0
    out[3] = above / n
    out[4] = time_above / above if above > 0 else middle
    out[5] = time_below / below if below > 0 else middle
    out[6:] = thirds / n


@jit
def counted_size(band, seen, which, level, part):
    """Mean of the absolute values that count."""
    if len(seen) == 0:
        return mean_size(band)
    own = seen[which, level, min(part, seen.shape[2] - 1)]
    return mean_size(band * own) * (own.size / own.sum())


@jit
def mean_size(band):
    """Mean of the absolute values."""
    total = 0.0
    for y in range(len(band)):
        row, of_row = band[y], band.dtype.type(0)
        for x in range(len(row)):
            of_row += abs(row[x])
        total += of_row
    return total / band.size


@jit
def count(values, edges, counts):
    """Add how many values lie below the first edge, between edges, above the last."""
    below = 0
    for k in range(len(edges)):
        so_far = number_below(values, edges[k])
        counts[k] += so_far - below
        below = so_far
    counts[len(edges)] += len(values) - below


@jit
def number_below(values, edge):
    """How many values are smaller."""
    total = np.int64(0)
    for t in range(len(values)):
        total += np.int32(1) if values[t] < edge else np.int32(0)
    return total


@jit
def bands_of(image, low, high, step, mixed):
    """Approximation, difference, LH, HL and HH of one level; empty where there is none.

    A kernel of one row acts along x and, if there are rows, along y. LH and HL of
    images, which cost as much as all else, are made where ``mixed`` asks for them.
    """
    none = np.empty((0, 0), image.dtype)
    if len(low) > 1:
        smooth = along_both(image, low, step)
        return smooth, image - smooth, none, none, none
    rest = high.shape[1] == 0
    low_x = along_x(image, low[0], step)
    high_x = image - low_x if rest else along_x(image, high[0], step)
    if len(image) == 1:
        return low_x, image - low_x, none, none, high_x
    smooth, lh, hl = along_y(low_x, low[0], step), none, none
    if mixed or rest:
        lh = along_y(high_x, low[0], step)
    if mixed:
        hl = low_x - smooth if rest else along_y(low_x, high[0], step)
    hh = high_x - lh if rest else along_y(high_x, high[0], step)
    return smooth, image - smooth, lh, hl, hh


@jit
def mirrored_at(t, n):
    """Index of sample ``t`` of a signal that is reflected about its last samples."""
    if n == 1:
        return 0
    t = abs(t) % (2 * n - 2)
    return min(t, 2 * n - 2 - t)


@jit
def along_x(image, taps, step):
    """Correlation of every row with the dilated taps."""
    rows, columns = image.shape
    ahead = (len(taps) - 1) // 2 * step
    padded = np.empty(columns + (len(taps) - 1) * step, image.dtype)
    out = np.zeros_like(image)
    for y in range(rows):
        for t in range(ahead):
            padded[t] = image[y, mirrored_at(t - ahead, columns)]
        padded[ahead : ahead + columns] = image[y]
        for t in range(ahead + columns, len(padded)):
            padded[t] = image[y, mirrored_at(t - ahead, columns)]
        for k in range(len(taps)):
            add_times(padded[k * step :], taps[k], out[y])
    return out


@jit
def along_y(image, taps, step):
    """Correlation of every column with the dilated taps."""
    out = np.zeros_like(image)
    for y in range(len(image)):
        for k in range(len(taps)):
            source = mirrored_at(y + (k - (len(taps) - 1) // 2) * step, len(image))
            add_times(image[source], taps[k], out[y])
    return out


@jit
def along_both(image, kernel, step):
    """Correlation with a dilated kernel that is no product."""
    out = np.zeros_like(image)
    for k in range(len(kernel)):
        rows = along_x(image, kernel[k], step)
        for y in range(len(image)):
            source = mirrored_at(y + (k - len(kernel) // 2) * step, len(image))
            add_times(rows[source], 1, out[y])
    return out


@jit
def add_times(row, tap, out):
    """Add a multiple of a row."""
    for t in range(len(out)):
        out[t] += tap * row[t]
