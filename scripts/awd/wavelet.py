"""What makes a filter a wavelet, and the wavelet nearest to a filter that is none.

Filters are in pywt's ``rec_lo`` order. Orthonormal ones are cascades of rotations, see
:mod:`awd.filters.lattice`; they are compared by :mod:`awd.filters.alignment`. The
functions of both stand here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd.errors import ConfigError, ShapeError, WaveletError
from awd.filters import lattice
from awd.filters.alignment import aligned, distance, onto  # noqa: F401, found here too
from awd.filters.lattice import (  # noqa: F401, found here too
    complete_angles,
    filter_from_angles,
    filter_jacobian,
    free_jacobian,
)
from awd.samples import real
from awd.scalars import SQUARED, number, shown, text, whole

if TYPE_CHECKING:
    import pywt

STARTS = 4096  # points that a projection looks at before it descends
DESCENTS = 8
LEVELS = 24  # of which frequencies are told: 2^24 samples a cycle
POINTS = 4096  # of a spectrum, from 0 to half a cycle per sample

MEANING = {
    "sum": "|sum(h) - sqrt 2|",
    "norm": "|sum(h^2) - 1|",
    "double_shift": "max_k |<h, h(. - 2k)>|, k > 0",
    "alias": "max_w ||H(w)|^2 + |H(w + pi)|^2 - 2|",
    "highpass_sum": "|sum(g)|",
}


def from_pywt(name: str) -> np.ndarray:
    """Low-pass synthesis filter of an orthonormal pywt wavelet.

    Parameters
    ----------
    name : str
        For example ``"db5"``, ``"sym8"``, ``"coif2"``.

    Returns
    -------
    ndarray of shape (taps,), float64
        Sum sqrt(2), norm 1, in ``rec_lo`` order.

    Raises
    ------
    WaveletError
        The name is unknown, or the wavelet is not orthonormal (``dmey``, ``bior``).

    Examples
    --------
    >>> from_pywt("db5").shape
    (10,)
    """
    import pywt

    known = pywt.wavelist(kind="discrete")
    if not isinstance(name, str) or name not in known:
        raise WaveletError(
            f"no discrete wavelet is called {shown(name)}; expected one of "
            "pywt.wavelist(kind='discrete'), such as 'db5', 'sym8' or 'coif2'"
        )
    h = np.array(pywt.Wavelet(name).rec_lo)
    return require_wavelet(h, 1e-6, name)


def angles(h: np.ndarray) -> np.ndarray:
    """Lattice angles of an orthonormal filter, sum pi/4.

    The rotations are peeled off one by one. Each is read from the end of the filter
    where the taps are larger: reading always from the same end loses all digits beyond
    28 taps, because one end of a long named wavelet is of the size of rounding errors.
    Where both ends are small, a least-squares fit restores what the peeling lost.

    Parameters
    ----------
    h : array of shape (2M,)

    Returns
    -------
    ndarray of shape (M,), float64
        ``angles(h)[1:]`` lie in [-pi/2, pi/2); ``filter_from_angles`` returns ``h``.

    Raises
    ------
    ShapeError, WaveletError
        ``h`` is not a filter of even length, misses a condition by over 1e-6, or its
        angles are lost in rounding errors (some random filters beyond 24 taps).
    """
    h = require_wavelet(h, 1e-6)
    free = lattice.fit(lattice.peel(h)[1:], h)
    found = complete_angles((free + np.pi / 2) % np.pi - np.pi / 2)
    missed = np.abs(filter_from_angles(found) - h).max()
    if missed > 1e-6:
        raise WaveletError(
            f"the angles of this filter of {len(h)} taps do not follow from its taps: "
            f"the best ones give taps that are off by {missed:.0e} (both ends of the "
            "filter are of the size of rounding errors); keep the angles it came from"
        )
    return found


def project(h: np.ndarray, tolerance: float = 0.3) -> np.ndarray:
    """The nearest wavelet of the same length, in the L2 norm of the taps.

    Peeling reads noise where the taps of a filter are small, and the distance has local
    minima in the angles. So points at all scales around the peeled angles are looked at
    and the best few descend.

    Parameters
    ----------
    h : array of shape (taps,)
        Nearly orthonormal filter, for example from :func:`awd.search.soft.distil_soft`.
    tolerance : float
        Largest distance accepted.

    Returns
    -------
    ndarray of shape (taps,), float64
        Meets every condition to rounding. ``h`` itself where it does already.

    Raises
    ------
    ShapeError
        ``h`` is not a finite real vector of even length.
    WaveletError
        The nearest wavelet found is further than ``tolerance``.

    Examples
    --------
    >>> h = project(from_pywt("db5") + 1e-3)
    >>> max(conditions(h).values()) < 1e-12
    True
    """
    h, tolerance = _checked(h), number(tolerance, "tolerance", 0)
    if max(conditions(h).values()) <= 1e-14 * len(h):
        return h
    free = [lattice.fit(start, h) for start in _nearby(h)]
    filters = filter_from_angles(complete_angles(np.stack(free)))
    distances = np.linalg.norm(filters - h, axis=1)
    nearest = int(distances.argmin())
    if distances[nearest] > tolerance:
        raise WaveletError(
            f"the nearest wavelet of {len(h)} taps that was found is "
            f"{distances[nearest]:.2g} away, further than {tolerance:g}; begin with a "
            "filter that is nearly orthonormal, or raise the tolerance"
        )
    return filters[nearest]


def _nearby(h: np.ndarray) -> np.ndarray:
    """Free angles whose filters are near ``h``, to descend from: (DESCENTS, M - 1)."""
    peeled = lattice.peel(h)[1:]
    steps = np.random.default_rng(0).normal(size=(STARTS, len(peeled)))
    # The first start is what was peeled itself.
    spread = np.concatenate([[0], np.geomspace(1e-2, np.pi, STARTS - 1)])
    free = peeled + spread[:, None] * steps
    distances = np.linalg.norm(filter_from_angles(complete_angles(free)) - h, axis=1)
    return free[np.argsort(distances, kind="stable")[:DESCENTS]]


def highpass(h: np.ndarray) -> np.ndarray:
    """High-pass partner, ``g[k] = (-1)^k h[-1-k]`` (pywt's ``rec_hi``), last axis."""
    h = real(h, "filter")
    if h.ndim == 0 or h.shape[-1] % 2 or not h.shape[-1]:
        raise ShapeError(f"filter has shape {h.shape}; expected an even number of taps")
    if not np.isfinite(h).all():
        raise WaveletError("a tap of the filter is not finite; expected finite taps")
    g = h[..., ::-1].copy()
    g[..., 1::2] *= -1
    return g


def conditions(h: np.ndarray) -> dict[str, float]:
    """How far a filter is from each condition of an orthonormal wavelet; 0 when met.

    Parameters
    ----------
    h : array of shape (taps,)

    Returns
    -------
    dict of str to float
        Keys and meaning as in :data:`MEANING`.

    Raises
    ------
    ShapeError
        ``h`` is not a finite real vector of even length.
    """
    h = _checked(h)
    correlation = np.correlate(h, h, "full")[len(h) - 1 :: 2]
    points = 2 * max(256, len(h))
    power = np.abs(np.fft.fft(h, points)) ** 2
    return {
        "sum": float(abs(h.sum() - np.sqrt(2))),
        "norm": float(abs(correlation[0] - 1)),
        "double_shift": float(np.abs(correlation[1:]).max(initial=0)),
        "alias": float(np.abs(power + np.roll(power, points // 2) - 2).max()),
        "highpass_sum": float(abs(highpass(h).sum())),
    }


def require_wavelet(h: np.ndarray, tolerance: float, name: str = "h") -> np.ndarray:
    """Return ``h`` as float64 when it meets every condition to ``tolerance``.

    Raises
    ------
    ShapeError
        ``h`` is not a finite real vector of even length.
    WaveletError
        Naming the condition that is missed most.
    """
    residuals, tolerance = conditions(h), number(tolerance, "tolerance", 0)
    name = text(name, "name")
    worst = max(residuals, key=residuals.__getitem__)
    if residuals[worst] > tolerance:
        raise WaveletError(
            f"{name} is not an orthonormal wavelet: {worst}, {MEANING[worst]} = "
            f"{residuals[worst]:.1e}, exceeds {tolerance:.0e}; build the filter with "
            "filter_from_angles from angles that sum to pi/4"
        )
    return _checked(h)


def vanishing_moments(h: np.ndarray) -> int:
    """Number of polynomial degrees 0, 1, ... that the high-pass filter annihilates.

    Parameters
    ----------
    h : array of shape (taps,)

    Raises
    ------
    ShapeError
        ``h`` is not a finite real vector of even length.

    Examples
    --------
    >>> vanishing_moments(from_pywt("db5"))
    5
    """
    g = highpass(_checked(h))
    # Orthonormal polynomials: powers of k would drown high moments in rounding errors.
    grid = np.linspace(-1, 1, len(g))
    basis = np.linalg.qr(np.polynomial.legendre.legvander(grid, len(g) - 1))[0]
    # Named wavelets reach 2e-12 where they vanish and leave 1.5e-11 where they do not.
    moments = np.abs(basis.T @ g) > 1e-11
    return int(moments.argmax())


def effective_length(h: np.ndarray, tolerance: float = 1e-6) -> int:
    """Number of taps between the first and the last one above ``tolerance``.

    An angle at 0 makes a filter two taps shorter than its array.
    """
    used = np.flatnonzero(np.abs(_checked(h)) > number(tolerance, "tolerance", 0, 1))
    return int(used[-1] - used[0] + 1) if used.size else 0


def centre_frequency(h: np.ndarray, level: int = 1) -> float:
    """The mean of the frequencies that details of a level read, in cycles per sample.

    Weighted by the power of the response, that of high-pass and low-passes one behind
    the other. From level to level it about halves, from 3/8 for an ideal filter.

    Parameters
    ----------
    h : array of shape (taps,)
    level : int
        1 is the finest.

    Raises
    ------
    ShapeError
        ``h`` is not a finite real vector of even length.

    Examples
    --------
    >>> round(centre_frequency(from_pywt("db10")), 3)
    0.372
    """
    h, level = _checked(h), whole(level, "level", 1, LEVELS)
    if not h.any():
        raise WaveletError("all taps of the filter are 0; expected a wavelet")
    frequency = (np.arange(POINTS) + 0.5) / (2 * POINTS)
    turns = np.outer(frequency, np.arange(len(h)))

    def response(taps: np.ndarray, halvings: int) -> np.ndarray:
        return np.abs(np.exp(-2j * np.pi * 2**halvings * turns) @ taps)

    size = response(highpass(h), level - 1)
    for halvings in range(level - 1):
        size *= response(h, halvings)
    return float(np.average(frequency, weights=size**2))


def without_dust(h: np.ndarray, tolerance: float = 1e-3) -> np.ndarray:
    """The nearest wavelet without the pairs of negligible taps at the ends of ``h``.

    A search at a length that is not needed leaves taps of 1e-5 beside a shorter filter.
    They are no part of the wavelet, but they make border coefficients of rounding size
    on which least squares go astray.

    Parameters
    ----------
    h : array of shape (taps,)
        Orthonormal filter.
    tolerance : float
        Pairs of taps at an end that are all smaller are dropped.

    Returns
    -------
    ndarray of shape (taps,)
        ``h`` itself where no pair is negligible; else the shorter wavelet where it
        stands, zeros around it. (Elsewhere it would meet other borders: on images of
        few pixels and several levels that moves an L1 norm by per cents.)
    """
    h, tolerance = _checked(h), number(tolerance, "tolerance", 0, 0.5)
    pairs = np.flatnonzero(np.abs(h).reshape(-1, 2).max(1) > tolerance)
    if not pairs.size:
        raise WaveletError(f"all taps are below {tolerance:g}; expected a wavelet")
    first, last = 2 * pairs[0], 2 * pairs[-1] + 2
    core = h[first:last]
    if len(core) == len(h):
        return h
    free = lattice.fit(lattice.peel(core)[1:], core)
    shorter = filter_from_angles(complete_angles(free))
    return np.pad(shorter, (first, len(h) - last))


def require_levels(n: int, levels: int) -> int:
    """The levels, if ``n`` samples can be halved so many times."""
    try:
        n, levels = whole(n, "signal length", 0), whole(levels, "levels")
    except ConfigError as error:
        raise ShapeError(str(error)) from None
    if n < 2 ** min(levels, 64):
        raise ShapeError(
            f"signal length {n} cannot be halved {levels} times; use levels <= "
            f"{max(n, 1).bit_length() - 1} or pad to {2 ** min(levels, 64)} samples"
        )
    return levels


def to_pywt(h: np.ndarray, name: str = "awd", tolerance: float = 1e-8) -> pywt.Wavelet:
    """The filter as a ``pywt.Wavelet``, only if it is one.

    pywt takes any four filters and reconstructs wrongly; here the conditions are
    measured first, and the flags that pywt leaves unset for custom banks are set.

    Parameters
    ----------
    h : array of shape (taps,)
    name : str
    tolerance : float
        Largest residual accepted for any condition.

    Raises
    ------
    ShapeError, WaveletError
        As :func:`require_wavelet`.
    """
    from awd.filters.bank import Orthonormal

    return Orthonormal(name, filter_bank(h, tolerance, name))


def filter_bank(
    h: np.ndarray, tolerance: float = 1e-8, name: str = "h"
) -> tuple[np.ndarray, ...]:
    """``dec_lo, dec_hi, rec_lo, rec_hi``, each of shape (taps,), as pywt orders them.

    Raises
    ------
    ShapeError, WaveletError
        As :func:`require_wavelet`.
    """
    h = require_wavelet(h, tolerance, name)
    g = highpass(h)
    return h[::-1].copy(), g[::-1].copy(), h, g


def _checked(h: np.ndarray) -> np.ndarray:
    """``h`` as float64 if it is a finite real vector of even length."""
    h = real(h, "filter").astype(float)
    if h.ndim != 1 or len(h) == 0 or len(h) % 2:
        raise ShapeError(
            f"filter has shape {h.shape}; expected one axis of even length, "
            "e.g. (10,); pad an odd filter with one zero"
        )
    if not (np.abs(h) <= SQUARED).all():
        first = int(np.flatnonzero(~(np.abs(h) <= SQUARED))[0])
        raise WaveletError(
            f"filter tap {first} is {h[first]}; expected finite taps, up to {SQUARED:g}"
        )
    return h
