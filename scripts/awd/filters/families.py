"""Families of filters: all values of a few parameters, conditions met by construction.

A search moves in the parameters of a family and never leaves its filters. Adding a
family is one function, its bounds and a test: see :class:`Smoother`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from awd import wavelet
from awd.arguments import checked
from awd.errors import DataError, KindError, ShapeError
from awd.filters import lattice
from awd.samples import real, require_finite
from awd.scalars import shown, text, whole

TAPS = 256  # of a lattice, at most: its angles are searched, and fitted, all at once
FURTHEST = 1e6  # of an angle: beyond, turns lose the digits of a filter
GRID = np.linspace(0, 1, 9)
SLACK = 1e-9  # of a range, by which a fit begins inside


class Family:
    """Base class: what a search needs of a family.

    Attributes
    ----------
    bounds : ndarray of shape (free, 2)
        Range of every parameter.
    periodic : bool
        Whether the range is a period, so that descents may leave it.
    equations : int
        Equations that hold between the parameters, see :meth:`missed`.
    """

    bounds: np.ndarray
    periodic = False
    equations = 0

    def filters(self, parameters: np.ndarray) -> np.ndarray:
        """Filters of parameters: (..., free) to ``(..., *taps)``."""
        raise NotImplementedError(f"{type(self).__name__} has to give its filters")

    def checked(self, parameters: np.ndarray, name: str = "parameters") -> np.ndarray:
        """Parameters (..., free), float64, if they are finite and as many."""
        given = real(parameters, name).astype(float, copy=False)
        free = len(self.bounds)
        if given.shape[-1:] != (free,) or not np.isfinite(given).all():
            raise ShapeError(
                f"{name} are {given.shape}, or not finite; expected (..., {free})"
            )
        return given

    def jacobian(self, parameters: np.ndarray) -> np.ndarray:
        """Derivative along the parameters: (free,) to ``(free, *taps)``."""
        parameters = self.checked(parameters)
        step = 1e-6 * np.eye(len(self.bounds))
        ends = self.filters(parameters + step), self.filters(parameters - step)
        return (ends[0] - ends[1]) / 2e-6

    def points(self, unit: np.ndarray) -> np.ndarray:
        """Points of the unit cube, (n, free), as parameters: (n or fewer, free)."""
        low, high = self.bounds.T
        return low + self.checked(unit, "unit") * (high - low)

    def settled(self, parameters: np.ndarray) -> np.ndarray:
        """Where a descent ended, put back into the range: (free,)."""
        return np.clip(self.checked(parameters), *self.bounds.T)

    def parameters(self, h: np.ndarray) -> np.ndarray:
        """Parameters of a filter, shorter ones of the same kind too: (free,).

        Here those whose filter is next to it, by least squares from a grid.
        """
        from scipy.optimize import least_squares

        free = len(self.bounds)
        unit = np.stack(np.meshgrid(*[GRID] * free), -1).reshape(-1, free)
        points = self.points(unit)
        filters, h = self.filters(points), np.asarray(require_finite(real(h, "h")))
        if filters.shape[1:] != h.shape:
            raise ShapeError(f"the filter h is {h.shape}; expected {filters.shape[1:]}")
        gaps = (filters - h).reshape(len(points), -1)
        start = points[(gaps**2).sum(1).argmin()]
        low, high = self.bounds.T
        return least_squares(
            lambda parameters: (self.filters(parameters) - h).ravel(),
            np.clip(start, low + SLACK * (high - low), high - SLACK * (high - low)),
            bounds=(low, high),
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
        ).x

    def aligned(self, h: np.ndarray, to: np.ndarray, flips: bool) -> np.ndarray:
        """A filter moved to where another one stands, if no objective can tell."""
        return h

    def conditions(self, h: np.ndarray) -> dict[str, float]:
        """Residual of every condition that the family guarantees; 0 when met."""
        return {}

    def missed(self, parameters: np.ndarray) -> np.ndarray:
        """Residuals of the equations: (..., free) -> (..., equations)."""
        return np.zeros((*np.shape(parameters)[:-1], 0))

    def missed_jacobian(self, parameters: np.ndarray) -> np.ndarray:
        """Derivatives of the residuals: (..., free) -> (..., equations, free)."""
        return np.zeros((*np.shape(parameters)[:-1], 0, len(self.bounds)))


@dataclass(frozen=True, eq=False)
class Smoother(Family):
    """Smoothing filters of sum 1 for the undecimated transform, from a function.

    Parameters
    ----------
    name : str
    function : callable
        Parameters (..., free) to filters ``(..., *taps)``.
    bounds : ndarray of shape (free, 2)
    """

    name: str
    function: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    bounds: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        bounds = require_finite(real(self.bounds, "bounds"), "bounds").astype(float)
        pairs = bounds.ndim == 2 and bounds.shape[1] == 2 and len(bounds) > 0
        if not pairs or (bounds[:, 0] > bounds[:, 1]).any():
            raise ShapeError(
                f"bounds have shape {bounds.shape}; expected (free, 2), the "
                "least value of every parameter and the largest"
            )
        if not callable(self.function):
            raise KindError(
                f"function is {shown(self.function)}; expected a function of "
                "parameters (..., free) that gives filters"
            )
        object.__setattr__(self, "name", text(self.name, "name"))
        object.__setattr__(self, "bounds", bounds)

    def filters(self, parameters: np.ndarray) -> np.ndarray:
        taps = self.function(self.checked(parameters))
        if not np.isfinite(taps).all():
            raise DataError(
                f"{self.name}: parameters give filters that are not finite; use values "
                f"within {self.bounds.tolist()}"
            )
        return taps

    def conditions(self, h: np.ndarray) -> dict[str, float]:
        return {"sum": float(abs(h.sum() - 1))}


@dataclass(frozen=True)
class Lattice(Family):
    """Orthonormal wavelets of one length, by their free lattice angles.

    Parameters
    ----------
    taps : int
        Even; there are taps / 2 - 1 free angles, each of period pi.
    moments : int
        Vanishing moments that every filter has, at most taps / 2; each beyond the first
        is one equation between the angles.

    Raises
    ------
    ShapeError
        The length is odd, or no length.
    ConfigError
        So many taps cannot have so many vanishing moments.

    Examples
    --------
    >>> Lattice(10).filters(np.zeros(4)).nonzero()[0]  # all else is zero
    array([0, 9])
    """

    taps: int
    moments: int = 1
    bounds: np.ndarray = field(init=False, repr=False, compare=False)
    equations: int = field(init=False, repr=False, compare=False)
    periodic = True

    def __post_init__(self) -> None:
        whole_taps = isinstance(self.taps, int | np.integer)
        if not whole_taps or not 2 <= self.taps <= TAPS or self.taps % 2:
            raise ShapeError(
                f"length is {shown(self.taps)}; expected an even number of taps, 2 to "
                f"{TAPS}"
            )
        moments = whole(self.moments, "moments", 1, self.taps // 2)
        # Frozen, to be hashed: set once, as integers of Python.
        object.__setattr__(self, "taps", int(self.taps))
        object.__setattr__(self, "moments", moments)
        bounds = np.tile([-np.pi / 2, np.pi / 2], (self.taps // 2 - 1, 1))
        object.__setattr__(self, "bounds", bounds)
        object.__setattr__(self, "equations", self.moments - 1)

    def filters(self, parameters: np.ndarray) -> np.ndarray:
        free = self.checked(parameters)
        return lattice.filter_from_angles(lattice.complete_angles(free))

    def jacobian(self, parameters: np.ndarray) -> np.ndarray:
        return lattice.free_jacobian(self.checked(parameters))

    def points(self, unit: np.ndarray) -> np.ndarray:
        return self._feasible(super().points(unit))

    @checked(parameters=("free*", -FURTHEST, FURTHEST))
    def settled(self, parameters: np.ndarray) -> np.ndarray:
        """Angles in [-pi/2, pi/2), without negligible taps at the filter's ends."""
        parameters = self.checked(parameters)
        if self.equations:  # a filter that loses taps has other moments
            exact = self._feasible(parameters[None])
            return self._wrapped(exact[0] if len(exact) else parameters)
        h = self.filters(parameters)
        shorter = wavelet.without_dust(h)
        return self._wrapped(parameters) if shorter is h else self.parameters(shorter)

    def parameters(self, h: np.ndarray) -> np.ndarray:
        h = real(h, "h")
        if h.ndim != 1 or len(h) > self.taps:
            raise ShapeError(
                f"the filter h is {h.shape}; expected up to {self.taps} taps"
            )
        return wavelet.angles(np.pad(h, (0, self.taps - len(h))))[1:]

    def aligned(self, h: np.ndarray, to: np.ndarray, flips: bool) -> np.ndarray:
        return wavelet.aligned(h, to, flips)

    def conditions(self, h: np.ndarray) -> dict[str, float]:
        return wavelet.conditions(h)

    def missed(self, parameters: np.ndarray) -> np.ndarray:
        return self.filters(parameters) @ self._moments

    def missed_jacobian(self, parameters: np.ndarray) -> np.ndarray:
        return np.swapaxes(self.jacobian(parameters) @ self._moments, -1, -2)

    @staticmethod
    def _wrapped(angles: np.ndarray) -> np.ndarray:
        return (angles + np.pi / 2) % np.pi - np.pi / 2

    @property
    def _moments(self) -> np.ndarray:
        """Moments 1, 2, ... of the high-pass as a map of the taps: (taps, equations).

        In orthonormal polynomials of the tap's index: powers would lose digits.
        """
        grid = np.linspace(-1, 1, self.taps)
        powers = np.polynomial.legendre.legvander(grid, self.moments - 1)
        basis = np.linalg.qr(powers)[0].T[1:]  # moment 0 vanishes for every filter
        return -wavelet.highpass(basis).T  # g = P h with P' = -P

    def _feasible(self, free: np.ndarray) -> np.ndarray:
        """The points moved by Gauss-Newton to where the moments vanish; some never."""
        if not self.equations:
            return free
        for _ in range(50):
            slope = self.missed_jacobian(free)
            step = np.linalg.pinv(slope, rcond=1e-6) @ self.missed(free)[..., None]
            free = free - np.clip(step[..., 0], -0.3, 0.3)
        return free[np.abs(self.missed(free)).max(-1) < 1e-11]


def symmetric(a: np.ndarray) -> np.ndarray:
    """``[a, 1/4, 1/2 - 2a, 1/4, a]``: (..., 1) -> (..., 5).

    A low-pass that falls monotonically to 0 for -1/16 <= a <= 1/16, where it is the B3
    spline of the starlet (Starck et al. 2007).
    """
    quarter = np.full_like(a, 0.25)
    return np.concatenate([a, quarter, 0.5 - 2 * a, quarter, a], axis=-1)


def gaussian(width: np.ndarray) -> np.ndarray:
    """Five samples of a Gaussian of a width in samples, sum 1: (..., 1) -> (..., 5)."""
    taps = np.exp(-(np.arange(-2, 3) ** 2) / (2 * width**2))
    return taps / taps.sum(-1, keepdims=True)


def isotropic(edge_corner: np.ndarray) -> np.ndarray:
    """3 x 3 kernel of given edge e and corner c, sum 1: (..., 2) -> (..., 3, 3).

    Its response is not negative for e <= 1/8 and 4e + 8c <= 1.
    """
    e, c = edge_corner[..., 0], edge_corner[..., 1]
    rows = [c, e, c], [e, 1 - 4 * e - 4 * c, e], [c, e, c]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


# One-parameter smoothers and one of two, for the undecimated transform.
SYMMETRIC = Smoother("symmetric", symmetric, np.array([[-1 / 16, 1 / 16]]))
GAUSSIAN = Smoother("gaussian", gaussian, np.array([[0.3, 1.5]]))
ISOTROPIC = Smoother("isotropic", isotropic, np.array([[0, 1 / 8], [0, 1 / 16]]))

FAMILIES = {family.name: family for family in (SYMMETRIC, GAUSSIAN, ISOTROPIC)}
