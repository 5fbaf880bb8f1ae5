"""The undecimated (a trous) transform, and students that read what its bands hold.

Level j convolves with the filter dilated by 2^j, borders reflected about the last
sample. Two kinds of filters (the first as in the starlet of Starck et al. 2007):

- a smoother ``s`` of sum 1 (odd taps, or a 3 x 3 kernel), with the high-pass
  ``delta - s``; the differences of successive approximations and the last of them sum
  to the image;
- an orthonormal ``h`` with its partner ``g``, both divided by sqrt 2, so that
  approximations keep the mean. Inside, level j is pywt's ``swt`` over 2^(j/2).

Nothing is left out between coefficients, so that their quantiles and histograms do not
depend on where a structure stands. Of masked samples those coefficients count whose
filter saw enough (``awd.filters.masks``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd.compiled import undecimated as loops
from awd.errors import ConfigError, DataError, ShapeError
from awd.filters import masks
from awd.filters.coefficients import MODES as COEFFICIENTS
from awd.filters.coefficients import require_sound
from awd.filters.masks import counting
from awd.filters.statistics import numbered
from awd.samples import as_rows, behaved, real, require_finite, require_samples
from awd.scalars import chosen, number, several, whole
from awd.wavelet import highpass

if TYPE_CHECKING:
    from typing import Self

BANDS = ("difference", "hh", "lh_hl")
BINS = 10_000  # of a histogram, at most
MODES = ("reflect", *COEFFICIENTS)  # which say nothing here: borders are reflected
LEVELS = 24  # at most: at level j a filter is dilated by 2^j
SUM = 1e-4  # by which a smoother may miss a sum of 1
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
    x, low, high = _checked(x, h)
    require_sound(x, x=x)
    levels = whole(levels, "levels", 1, LEVELS)
    flat = x.reshape(len(x), -1, x.shape[-1])  # a signal is an image of one row
    names = _names(x, h)
    out = {name: np.empty((len(x), levels, *flat.shape[1:]), x.dtype) for name in names}
    for n, image in enumerate(flat):
        approx = image.copy()
        for j in range(levels):
            bands = dict(
                zip(_ALL, loops.bands_of(approx, low, high, 2**j, True), strict=True)
            )
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
        object.__setattr__(self, "bands", _known(self.bands))
        object.__setattr__(self, "bins", whole(self.bins, "bins", 2, BINS))

    @property
    def mirrored(self) -> Histogram:
        """Itself: the negated wavelet has the same histograms in reverse."""
        return self

    def fitted(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        dims: int | None = None,
        mask: np.ndarray | None = None,
    ) -> Self:
        """The same with the bins of training samples; arguments as :meth:`features`."""
        rows = as_rows(require_finite(require_samples(x, dims)))
        _require_bands(self.bands, rows, h)
        count = max(8, VALUES // rows[0].size)
        every = -(-len(rows) // count)
        bands = analysis(rows[::every], h, levels)
        seen, which = counting(mask, x, h, levels)
        own = seen[which[::every]] if len(seen) else None
        quantiles = np.arange(1, self.bins) / self.bins
        edges = [
            [
                np.quantile(self._values(bands, name, j, own), quantiles)
                for name in self.bands
            ]
            for j in range(levels)
        ]
        return replace(self, edges=np.array(edges))

    def features(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "reflect",
        dims: int | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Square roots of counts.

        Parameters
        ----------
        x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
        h : array of shape (taps,) or (3, 3)
            As for :func:`analysis`.
        levels : int
        mode : {"reflect"}
        dims : {1, 2}, optional
            Needed where ``x`` has three axes, see :func:`awd.samples.dims_of`.
        mask : array of bool of shape (n, time) or (n, y, x), optional
            Where samples were seen; elsewhere they hold something smooth. Counts are
            then over the share of the coefficients that count.

        Returns
        -------
        ndarray of shape (n, channels * levels * bands * bins), float64

        Raises
        ------
        ShapeError, DataError
            As :func:`analysis`; a sample is not finite.
        """
        levels = whole(levels, "levels", 1, LEVELS)
        if self.edges is None:
            raise DataError(
                "a histogram needs bins: get them with fitted(x, h, levels)"
            )
        if len(self.edges) != levels:
            raise ShapeError(
                f"bins are those of {len(self.edges)} levels; got {levels}"
            )
        chosen(mode, "mode", MODES)
        images, *filters = _prepared(self.bands, x, h, levels, dims)
        counts = np.zeros((len(images), levels, len(self.bands), self.bins), np.int64)
        seen, which = counting(mask, x, h, levels)
        edges = self.edges.astype(images.dtype)
        loops.count_rows(images, *filters, edges, seen, which, counts)
        found = counts.astype(float)
        if len(seen):
            found /= self._shares(seen)[which][..., None]
        return np.sqrt(found.reshape(len(x), -1))

    def _values(
        self,
        bands: dict[str, np.ndarray],
        name: str,
        level: int,
        seen: np.ndarray | None,
    ) -> np.ndarray:
        """All coefficients of a band at a level that count."""
        found = []
        for part in PARTS.get(name, (name,)):
            band = bands[part][:, level]
            if seen is None:
                found.append(band.ravel())
            else:
                own = seen[:, level, masks.part_of(part, seen)]
                found.append(band.reshape(own.shape)[own])
        return np.concatenate(found)

    def _shares(self, seen: np.ndarray) -> np.ndarray:
        """Of the coefficients of every band that count, (masks, levels, bands)."""
        shares = seen.mean((3, 4))
        parts = [
            [masks.part_of(part, seen) for part in PARTS.get(name, (name,))]
            for name in self.bands
        ]
        return np.stack([shares[..., of_band].mean(-1) for of_band in parts], -1)


class _Unfitted:
    """A student that takes nothing from the training samples."""

    def fitted(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        dims: int | None = None,
        mask: np.ndarray | None = None,
    ) -> Self:
        """Itself: there is nothing to fit."""
        return self


@dataclass(frozen=True)
class Quantiles(_Unfitted):
    """Quantiles of undecimated coefficients, as features: a small student of maps.

    Nothing of them is fitted: a histogram needs edges from training samples, a quantile
    is a value. Arguments and errors are those of :class:`Histogram`.

    Parameters
    ----------
    shares : sequence of float
        Of the coefficients of a band, that lie below its features.
    bands : sequence of str
        See :class:`Histogram`.
    """

    shares: tuple[float, ...] = (0.4, 0.7, 0.8, 0.9)
    bands: tuple[str, ...] = ("difference", "hh")

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", _known(self.bands))
        shares = several(self.shares, "shares")
        within = tuple(number(share, "shares", 0, 1) for share in shares)
        object.__setattr__(self, "shares", within)

    @property
    def mirrored(self) -> Quantiles:
        """Those of the negated coefficients."""
        return replace(self, shares=tuple(1 - share for share in self.shares))

    def features(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "reflect",
        dims: int | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Values of nearest rank, (n, channels * levels * bands * shares), float64.

        In the unit of ``x``.
        """
        chosen(mode, "mode", MODES)
        images, *filters = _prepared(self.bands, x, h, levels, dims)
        shape = len(images), levels, len(self.bands), len(self.shares)
        ranked = np.empty(shape, images.dtype)
        own = counting(mask, x, h, levels)
        loops.rank_rows(images, *filters, np.array(self.shares), *own, ranked)
        return ranked.reshape(len(x), -1).astype(float)


@dataclass(frozen=True)
class BandNorms(_Unfitted):
    """L1 norms of undecimated bands, as features: the smallest student of maps.

    Logarithms of mean absolute coefficients, by level and band; arguments and errors
    are those of :class:`Histogram`, of which this needs no bins.
    """

    bands: tuple[str, ...] = ("difference", "hh")

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", _known(self.bands))

    @property
    def mirrored(self) -> BandNorms:
        """Itself: the negated wavelet has the same norms."""
        return self

    def features(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "reflect",
        dims: int | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Natural logarithms, (n, channels * levels * bands), float64.

        A band of zeros alone has the logarithm of the smallest number.
        """
        chosen(mode, "mode", MODES)
        images, *filters = _prepared(self.bands, x, h, levels, dims)
        norms = np.zeros((len(images), levels, len(self.bands)))
        loops.norm_rows(images, *filters, *counting(mask, x, h, levels), norms)
        return np.log(np.maximum(norms, np.finfo(float).tiny).reshape(len(x), -1))


PARTS = {"lh_hl": ("lh", "hl")}
_ALL = ("approx", "difference", "lh", "hl", "hh")


def summary(
    x: np.ndarray, h: np.ndarray, levels: int, statistics: Sequence[str]
) -> np.ndarray:
    """What is told of every band of many signals as a whole.

    Parameters
    ----------
    x : array of shape (rows, time), float32 or float64
    h : array of shape (taps,)
        Even taps, an orthonormal low-pass.
    levels : int
    statistics : sequence of str
        Of ``awd.filters.statistics.STATISTICS``.

    Returns
    -------
    array of shape (rows, statistics (levels + 1)), float64
        Each of every band, coarse ones first; sizes in the unit of ``x``, times in
        samples.

    Raises
    ------
    ShapeError
        ``x`` or the filter has another shape or dtype.
    """
    x, low, high = _checked(x, h)
    require_sound(x, x=x)
    levels = whole(levels, "levels", 1, LEVELS)
    if x.ndim != 2 or not high.size:
        raise ShapeError(
            f"samples have shape {x.shape} and the filter {low.size} taps; expected "
            "signals (rows, time) and an even number of taps"
        )
    table = np.empty((len(x), len(statistics) * (levels + 1)))
    wanted = numbered(statistics)
    loops.summary_rows(x[:, None], low, high, levels, wanted, table)
    return table


def _names(x: np.ndarray, h: np.ndarray) -> tuple[str, ...]:
    if real(h, "filter").ndim == 2:
        return _ALL[:2]
    images = x.ndim == 3 and x.shape[1] > 1
    return _ALL if images else ("approx", "difference", "hh")


def _known(bands: Sequence[str]) -> tuple[str, ...]:
    """Names of bands, if all are known."""
    return tuple(str(chosen(b, "bands", BANDS)) for b in several(bands, "bands"))


def _require_bands(bands: tuple[str, ...], rows: np.ndarray, h: np.ndarray) -> None:
    known = _names(rows, h)
    for name in bands:
        if not set(PARTS.get(name, (name,))) <= set(known):
            raise ConfigError(
                f"this filter and these samples have no band {name!r}; they have "
                f"{', '.join(known)}"
            )


def _prepared(
    bands: tuple[str, ...],
    x: np.ndarray,
    h: np.ndarray,
    levels: int,
    dims: int | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images (rows, y, x), low- and high-pass, and the numbers of the bands."""
    whole(levels, "levels", 1, LEVELS)
    samples = require_finite(require_samples(x, dims))
    rows, low, high = _checked(as_rows(samples), h)
    _require_bands(bands, rows, h)
    wanted = np.array([BANDS.index(name) for name in bands])
    return rows.reshape(len(rows), -1, rows.shape[-1]), low, high, wanted


def _checked(x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, and low- and high-pass as kernels (rows, taps) of their dtype."""
    x = behaved(real(x, "samples"))
    h = real(h, "filter").astype(float)
    if x.ndim not in (2, 3) or not x.size:
        raise ShapeError(
            f"samples have shape {x.shape}; expected (rows, time) or (rows, y, x), not "
            "empty"
        )
    if not np.isfinite(h).all():
        raise DataError(f"the filter is not finite: {h}; check how it was made")
    if h.shape == (3, 3) and x.ndim == 3:
        return x, h.astype(x.dtype), np.zeros((3, 3), x.dtype)
    if h.ndim != 1 or not len(h):
        raise ShapeError(
            f"filter has shape {h.shape}; expected (taps,), or (3, 3) for images"
        )
    if len(h) % 2 == 0:
        return x, *halved(h, x.dtype)
    if abs(h.sum() - 1) > SUM:
        raise DataError(
            f"a filter of {len(h)} taps, an odd number, is a smoother and sums to 1; "
            f"this one sums to {h.sum():.3g}"
        )
    # Of a smoother the high-pass is what the smoother leaves.
    return x, h[None].astype(x.dtype), np.empty((1, 0), x.dtype)


def halved(h: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """An orthonormal low-pass and its high-pass as kernels (1, taps) over sqrt 2."""
    low, high = (taps[None] / np.sqrt(2) for taps in (h, highpass(h)))
    return low.astype(dtype), high.astype(dtype)
