"""Peak statistics: histograms of filter responses at the maxima of a map.

Peaks are pixels above all their eight neighbours; the response of a filter is its
cross-correlation with the map there (Ribli, Pataki, Csabai 2019, arXiv 1806.05995;
Ha et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from awd.arguments import checked
from awd.errors import ConfigError, DataError, ShapeError
from awd.maps.compiled import peaks as loops
from awd.maps.measure import masks
from awd.wavelet import highpass

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import ArrayLike

HEIGHT = np.ones((1, 1, 1))
LAPLACE = np.array([[[-1, -4, -1], [-4, 20, -4], [-1, -4, -1]]]) / 6  # "v1"
LAPLACE_5 = np.array([[[0, -1, 0], [-1, 4, -1], [0, -1, 0]]])  # "v2", of five points
ROBERTS: Final = "roberts"
Kernels = np.ndarray | Literal["roberts"]

# First and last of the published edges; for wavelets the authors tuned the last.
PUBLISHED = {"height": (-0.03, 0.19), "laplace": (0, 0.22), "roberts": (0, 0.22)}
VALUES = 2**20  # responses from which the edges of bins are found
OUTER = (0.002, 0.995)  # share of them below the first and the last edge


@checked(maps="n y x", kernels="filters rows columns", mask="n y x", may_be_nan="edges")
def peak_histogram(
    maps: np.ndarray,
    kernels: Kernels,
    edges: ArrayLike,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Counts of filter responses at the peaks of every map.

    Parameters
    ----------
    maps : array of shape (n, y, x), float32 or float64
    kernels : array of shape (filters, rows, columns), or "roberts"
        Correlated with the map; pixel ``rows // 2, columns // 2`` lies on the peak.
        ``"roberts"`` is Roberts cross: the lengths of the diagonal gradients in the
        four cells of 2 x 2 pixels around the peak, summed.
    edges : array of shape (bins + 1,) or (filters, bins + 1)
        Rising; values outside are not counted, the last edge belongs to its bin.
    mask : array of bool of shape (n, y, x), optional
        Where maps were seen: peaks next to what was not, or whose kernel reaches it,
        are not counted.

    Returns
    -------
    ndarray of shape (n, filters, bins), int32
        Peaks whose kernel would leave the map are not counted, nor those on its border.

    Raises
    ------
    ShapeError, DataError
        Shapes do not fit, a kernel exceeds the map, or edges fall.
    """
    maps, kernels, crossed = _checked(_holed(maps, mask), kernels)
    filters = len(kernels) + crossed
    edges = np.asarray(edges, float)
    if edges.ndim == 1:
        edges = np.tile(edges, (filters, 1))
    if edges.ndim != 2 or len(edges) != filters or edges.shape[1] < 2:
        raise ShapeError(
            f"edges have shape {edges.shape}; expected (bins + 1,) or ({filters}, "
            "bins + 1)"
        )
    if np.any(np.diff(edges) < 0) or np.isnan(edges).any():
        raise DataError("edges of bins must rise")
    counts = np.zeros((len(maps), filters, edges.shape[1] - 1), np.int32)
    loops.histograms(maps, kernels, crossed, representable(edges, maps.dtype), counts)
    return counts


@checked(maps="n y x", kernels="filters rows columns", mask="n y x", most=(1, 2**62))
def responses(
    maps: np.ndarray,
    kernels: Kernels,
    most: int | None = None,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Filter responses at the peaks, map after map; at most ``most`` of them.

    Arguments and errors are those of :func:`peak_histogram`.

    Returns
    -------
    ndarray of shape (filters, peaks)
    """
    maps, kernels, crossed = _checked(_holed(maps, mask), kernels)
    most = min(most or maps.size, maps.size // 4 + 1)
    found = np.empty((len(kernels) + crossed, most), maps.dtype)
    found = found[:, : loops.responses(maps, kernels, crossed, found)]
    return found if mask is None else found[:, np.isfinite(found).all(0)]


def _holed(maps: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Maps that are NaN where nothing was seen: nothing is above or below that."""
    return maps if mask is None else np.where(mask, maps, np.array(np.nan, maps.dtype))


@checked(kernels="filters rows columns")
def sign_fixed(kernels: np.ndarray) -> np.ndarray:
    """Kernels of such a sign that their middle is positive, so that peaks are too.

    Bins that begin at 0 miss negative responses: nine tenths of db5's LH and HL.
    """
    rows, columns = np.array(kernels.shape[1:]) // 2
    middle = kernels[:, rows, columns]
    return kernels * np.where(middle < 0, -1, 1)[:, None, None]


@checked(h="taps")
def wavelet_patches(
    h: np.ndarray,
    window_rule: Literal["published", "trimmed"] = "trimmed",
    keep_ll: bool = True,
) -> np.ndarray:
    """The 3 x 3 kernels cut out of a two-dimensional wavelet (Ha et al. 2021).

    Of the low-pass and of its high-pass the three successive taps that vary most are
    kept, and their outer products are the kernels, all but LL less their mean.

    Parameters
    ----------
    h : array of shape (taps,)
        Orthonormal low-pass.
    window_rule : {"trimmed", "published"}
        ``"published"`` measures variation about the mean of the whole filter, and
        never tries the last window; both as in the authors' code, so that two leading
        zeros change the kernels. ``"trimmed"`` drops outer taps below 1e-3, tries all
        windows and measures variation about the mean of each.
    keep_ll : bool
        Whether LL is a kernel, as published.

    Returns
    -------
    ndarray of shape (4 or 3, 3, 3)
        [LL], LH, HL, HH: high along y, high along x, both.

    Raises
    ------
    ShapeError
        The filter has fewer than 4 taps.
    """
    h = np.asarray(h, float)
    if h.ndim != 1 or len(h) < 4:
        raise ShapeError(f"filter has shape {h.shape}; patches need at least 4 taps")
    low, high = (_window(taps, window_rule) for taps in (h, highpass(h)))
    kernels = np.array(
        [
            np.outer(a, b)
            for a, b in ((low, low), (high, low), (low, high), (high, high))
        ]
    )
    kernels[1:] -= kernels[1:].mean((1, 2), keepdims=True)
    return kernels if keep_ll else kernels[1:]


def _window(taps: np.ndarray, rule: str) -> np.ndarray:
    """The three successive taps that vary most."""
    if rule == "published":
        windows = np.lib.stride_tricks.sliding_window_view(taps, 3)
        varied = ((windows - taps.mean()) ** 2).sum(1)[:-1]
        return windows[varied.argmax()]
    large = np.flatnonzero(np.abs(taps) >= 1e-3)
    first, last = large[0], max(large[-1] + 1, large[0] + 3)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(taps, (0, 2))[first:last], 3
    )
    return windows[windows.var(1).argmax()]


@checked(kernels="filters rows columns", bins=(1, 100_000), may_be_nan="edges")
@dataclass(frozen=True)
class PeakHistogram:
    """Peak counts as features; the bins are those of the maps given to :meth:`fitted`.

    Parameters
    ----------
    kernels : array of shape (filters, rows, columns), or "roberts"
    bins : int
        Per filter.
    binning : {"quantile", "equal"} or (first, last)
        ``"quantile"``: bins of equal width between the 0.2 and 99.5 % quantiles of
        each filter's responses. ``"equal"``: bins with equal numbers of responses.
        Two numbers: bins of equal width between them, for all filters (published).
    edges : array of shape (bins + 1,) or (filters, bins + 1), optional
        Of the bins, from :meth:`fitted`.
    """

    kernels: Kernels = field(compare=False)
    bins: int = 22
    binning: Literal["quantile", "equal"] | tuple[float, float] = "quantile"
    edges: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def constants(self) -> int:
        """How many edges the training maps decide."""
        if isinstance(self.binning, tuple):
            return 0
        # Of bins of equal width the first edge and the last tell the others.
        each = self.bins - 1 if self.binning == "equal" else 2
        return each * (1 if isinstance(self.kernels, str) else len(self.kernels))

    @checked(maps="n y x", mask="n y x")
    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        """The same with bins found from some of the training maps."""
        if isinstance(self.binning, tuple):
            return replace(self, edges=np.linspace(*self.binning, self.bins + 1))
        expected = max(1, maps[0].size // 25)  # peaks of a map
        every = slice(None, None, -(-len(maps) * expected // VALUES))
        sample, seen = maps[every], None if mask is None else mask[every]
        found = responses(sample, self.kernels, VALUES, seen)
        if found.shape[1] <= self.bins:
            raise DataError(
                f"{len(sample)} maps hold {found.shape[1]} peaks, too few for "
                f"{self.bins} bins; give more maps, or fewer bins"
            )
        if self.binning == "quantile":
            first, last = np.quantile(found, OUTER, axis=1)
            return replace(self, edges=np.linspace(first, last, self.bins + 1, axis=1))
        if self.binning != "equal":
            raise ConfigError(
                f"binning is {self.binning!r}; expected quantile, equal, or two numbers"
            )
        edges = np.quantile(found, np.linspace(0, 1, self.bins + 1), axis=1).T
        edges[:, 0], edges[:, -1] = -np.inf, np.inf
        return replace(self, edges=edges)

    @checked(maps="n y x", mask="n y x")
    def counts(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Counts of shape (n, filters, bins)."""
        if self.edges is None:
            raise DataError("a peak histogram needs bins: get them with fitted(maps)")
        return peak_histogram(maps, self.kernels, self.edges, mask)

    def rates(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Counts over the share of places where a peak could be seen, float64."""
        counts = self.counts(maps, mask).astype(float)
        if mask is None:
            return counts
        reach = 1 if isinstance(self.kernels, str) else max(self.kernels.shape[1:])
        inside = masks.inside(mask, max(1, reach // 2)).mean((1, 2))
        return counts / np.maximum(inside, 1 / mask[0].size)[:, None, None]

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Square roots of rates, (n, filters * bins), whose noise is nearly equal."""
        return np.sqrt(self.rates(maps, mask)).astype(np.float32).reshape(len(maps), -1)


def _checked(maps: np.ndarray, kernels: Kernels) -> tuple[np.ndarray, np.ndarray, int]:
    """Maps, kernels of their dtype, and 1 if Roberts cross is the filter, else 0."""
    # Loops would be compiled anew for arrays that may not be written to.
    maps = np.require(maps, requirements=["C", "W"])
    if maps.ndim != 3 or maps.dtype not in (np.float32, np.float64):
        raise ShapeError(
            f"maps have shape {maps.shape} and dtype {maps.dtype}; expected (n, y, x), "
            "float32 or float64"
        )
    if isinstance(kernels, str):
        if kernels != ROBERTS:
            raise ConfigError(
                f"kernels are {kernels!r}; expected {ROBERTS!r} or arrays"
            )
        return maps, np.empty((0, 3, 3), maps.dtype), 1
    kernels = np.require(kernels, maps.dtype, ["C", "W"])
    if kernels.ndim != 3 or not len(kernels):
        raise ShapeError(
            f"kernels have shape {kernels.shape}; expected (filters, rows, columns)"
        )
    if min(maps.shape[1:]) < max(3, *kernels.shape[1:]):
        raise ShapeError(
            f"maps of {maps.shape[1]} x {maps.shape[2]} pixels have no room for "
            f"kernels of {kernels.shape[1]} x {kernels.shape[2]}"
        )
    return maps, kernels, 0


def representable(edges: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Edges of the maps' dtype that bin its numbers as the given edges do."""
    near = edges.astype(dtype)
    rounded = np.where(near < edges, np.nextafter(near, np.array(np.inf, dtype)), near)
    # The last edge belongs to its bin, so that it is rounded down.
    last = near[:, -1:]
    below = np.nextafter(last, np.array(-np.inf, dtype))
    rounded[:, -1:] = np.where(last > edges[:, -1:], below, last)
    return np.ascontiguousarray(rounded)
