"""The undecimated (a trous) transform, and students that read its histograms.

Level j convolves with the filter dilated by 2^j, borders reflected about the last
sample. Two kinds of filters (the first as in the starlet of Starck et al. 2007):

- a smoother ``s`` of sum 1 (odd taps, or a 3 x 3 kernel), with the high-pass
  ``delta - s``; the differences of successive approximations and the last of them sum
  to the image;
- an orthonormal ``h`` with its partner ``g``, both divided by sqrt 2, so that
  approximations keep the mean. Inside, level j is pywt's ``swt`` over 2^(j/2).

Nothing is left out between coefficients, so that their histograms do not depend on
where a structure stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd.errors import ConfigError, DataError, ShapeError
from awd.features import as_rows, require_finite, require_samples
from awd.loops import jit
from awd.wavelet import highpass

if TYPE_CHECKING:
    from typing import Self

BANDS = ("difference", "hh", "lh_hl")
VALUES = 2**20  # coefficients of a band from which the edges of bins are found


def analysis(x: np.ndarray, h: np.ndarray, levels: int) -> dict[str, np.ndarray]:
    """Undecimated bands of many signals or images.

    Parameters
    ----------
    x : array of shape (rows, time) or (rows, y, x), float32 or float64
    h : array of shape (taps,) or (3, 3)
        Odd taps and 3 x 3: a smoother of sum 1. Even taps: an orthonormal low-pass.
    levels : int

    Returns
    -------
    dict of str to ndarray of shape (rows, levels, ...)
        ``approx`` and ``difference`` (to the level before); of images ``lh``, ``hl``
        (high along x, along y) and ``hh``, of signals ``hh`` alone, the high-pass. A
        3 x 3 kernel gives ``approx`` and ``difference``.

    Raises
    ------
    ShapeError
        ``x`` or the filter has another shape or dtype.
    """
    x, low, high = _checked(x, h, levels)
    flat = x.reshape(len(x), -1, x.shape[-1])  # a signal is an image of one row
    names = _names(x, h)
    out = {name: np.empty((len(x), levels, *flat.shape[1:]), x.dtype) for name in names}
    for n, image in enumerate(flat):
        approx = image.copy()
        for j in range(levels):
            bands = dict(zip(_ALL, bands_of(approx, low, high, 2**j), strict=True))
            for name in names:
                out[name][n, j] = bands[name]
            approx = bands["approx"]
    return {
        name: band.reshape(len(x), levels, *x.shape[1:]) for name, band in out.items()
    }


@dataclass(frozen=True)
class Histogram:
    """Histograms of undecimated coefficients, as features: a student of maps.

    Square roots of counts, whose noise is nearly the same in every bin. The bins of
    each level and band hold equal numbers of coefficients of the samples that
    :meth:`fitted` is given.

    Parameters
    ----------
    bins : int
    bands : sequence of str
        Of :data:`BANDS`: ``difference`` of approximations, ``hh``, ``lh_hl`` (both
        together).
    edges : ndarray of shape (levels, bands, bins - 1), optional
        Where bins meet.
    """

    bins: int = 12
    bands: tuple[str, ...] = ("difference", "hh")
    edges: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        unknown = set(self.bands) - set(BANDS)
        if unknown or not self.bands or self.bins < 2:
            raise ConfigError(
                f"{self}: expected at least 2 bins and bands of {', '.join(BANDS)}"
            )

    @property
    def mirrored(self) -> Histogram:
        """Itself: the negated wavelet has the same histograms in reverse."""
        return self

    def fitted(self, x: np.ndarray, h: np.ndarray, levels: int) -> Self:
        """The same with the bins of training samples; arguments as :meth:`features`."""
        rows = as_rows(require_finite(require_samples(x)))
        self._require_bands(rows, h)
        count = max(8, VALUES // rows[0].size)
        bands = analysis(rows[:: -(-len(rows) // count)], h, levels)
        quantiles = np.arange(1, self.bins) / self.bins
        edges = [
            [
                np.quantile(self._values(bands, name, j), quantiles)
                for name in self.bands
            ]
            for j in range(levels)
        ]
        return replace(self, edges=np.array(edges))

    def features(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "reflect"
    ) -> np.ndarray:
        """Square roots of counts.

        Parameters
        ----------
        x : array of shape (n, [channel,] time) or (n, channel, y, x), float
        h : array of shape (taps,) or (3, 3)
            As for :func:`analysis`.
        levels : int
        mode : {"reflect"}

        Returns
        -------
        ndarray of shape (n, channels * levels * bands * bins), float64

        Raises
        ------
        ShapeError, DataError
            As :func:`analysis`; a sample is not finite.
        """
        if self.edges is None:
            raise DataError(
                "a histogram needs bins: get them with fitted(x, h, levels)"
            )
        if len(self.edges) != levels:
            raise ShapeError(
                f"bins are those of {len(self.edges)} levels; got {levels}"
            )
        x = require_finite(require_samples(x))
        rows, low, high = _checked(as_rows(x), h, levels)
        self._require_bands(rows, h)
        wanted = np.array([BANDS.index(name) for name in self.bands])
        images = rows.reshape(len(rows), -1, rows.shape[-1])
        shape = (len(rows), levels, len(wanted), self.bins)
        counts = np.zeros(shape, np.int64)
        edges = self.edges.astype(rows.dtype)
        count_rows(images, low, high, wanted, edges, counts)
        return np.sqrt(counts.reshape(len(x), -1))

    def _values(
        self, bands: dict[str, np.ndarray], name: str, level: int
    ) -> np.ndarray:
        """All coefficients of a band at a level."""
        parts = PARTS.get(name, (name,))
        return np.concatenate([bands[part][:, level].ravel() for part in parts])

    def _require_bands(self, rows: np.ndarray, h: np.ndarray) -> None:
        known = _names(rows, h)
        for name in self.bands:
            if not set(PARTS.get(name, (name,))) <= set(known):
                raise ConfigError(
                    f"this filter and these samples have no band {name!r}; they have "
                    f"{', '.join(known)}"
                )


PARTS = {"lh_hl": ("lh", "hl")}
_ALL = ("approx", "difference", "lh", "hl", "hh")


def _names(x: np.ndarray, h: np.ndarray) -> tuple[str, ...]:
    if np.ndim(h) == 2:
        return _ALL[:2]
    images = x.ndim == 3 and x.shape[1] > 1
    return _ALL if images else ("approx", "difference", "hh")


def _checked(
    x: np.ndarray, h: np.ndarray, levels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, and low- and high-pass as kernels (rows, taps) of their dtype."""
    x, h = np.ascontiguousarray(x), np.asarray(h, float)
    if x.ndim not in (2, 3) or x.dtype not in (np.float32, np.float64):
        raise ShapeError(
            f"samples have shape {x.shape} and dtype {x.dtype}; expected (rows, time) "
            "or (rows, y, x), float32 or float64"
        )
    if not isinstance(levels, int | np.integer) or levels < 1:
        raise ShapeError(f"levels is {levels!r}; expected an integer of at least 1")
    if h.shape == (3, 3) and x.ndim == 3:
        return x, h.astype(x.dtype), np.zeros((3, 3), x.dtype)
    if h.ndim != 1 or not len(h):
        raise ShapeError(
            f"filter has shape {h.shape}; expected (taps,), or (3, 3) for images"
        )
    high = np.empty(0)  # of a smoother it is what the smoother leaves
    if len(h) % 2 == 0:
        h, high = h / np.sqrt(2), highpass(h) / np.sqrt(2)
    return x, h[None].astype(x.dtype), high[None].astype(x.dtype)


@jit
def count_rows(images, low, high, wanted, edges, counts):
    """Counts between the edges of every image, level and band."""
    for n in range(len(images)):
        approx = images[n].copy()
        for j in range(len(edges)):
            smooth, difference, lh, hl, hh = bands_of(approx, low, high, 2**j)
            for b in range(len(wanted)):
                if wanted[b] == 0:
                    count(difference, edges[j, b], counts[n, j, b])
                elif wanted[b] == 1:
                    count(hh, edges[j, b], counts[n, j, b])
                else:
                    count(lh, edges[j, b], counts[n, j, b])
                    count(hl, edges[j, b], counts[n, j, b])
            approx = smooth


@jit
def count(band, edges, counts):
    """Add how many values lie below the first edge, between edges, above the last."""
    values = band.reshape(-1)
    below = 0
    for k in range(len(edges)):
        so_far = number_below(values, edges[k])
        counts[k] += so_far - below
        below = so_far
    counts[len(edges)] += len(values) - below


@jit
def number_below(values, edge):
    """How many values are smaller."""
    total = 0
    for t in range(len(values)):
        total += np.int32(1) if values[t] < edge else np.int32(0)
    return total


@jit
def bands_of(image, low, high, step):
    """Approximation, difference, LH, HL and HH of one level; empty where there is none.

    A kernel of one row acts along x and, if there are rows, along y.
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
    smooth, lh = along_y(low_x, low[0], step), along_y(high_x, low[0], step)
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
