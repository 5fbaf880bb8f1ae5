"""Amplitudes at places that are known: the slave under the master, gaps, buffers.

Source of the test and of the buffers: Aguet et al. 2013 (Dev Cell 26:279), and their
cmeAnalysis. Theirs reads every place alone; here the spots of a frame are fitted
together, so that a burst is not read in the pit beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awd.arguments import checked
from awd.cells.compiled import convolution, fit
from awd.errors import DataError

K = 1.959963984540054  # of Aguet's test: 5 % two-sided
SIGNIFICANT = 0.05
MODES = ("fixed", "best")
IMAGE = ("y x", -1e12, 1e12)  # counts; sums of squares of more are lost in float32
WIDTH = (0.3, 30)  # px, of a spot
# Widths between spots from which they are read together: nearer, their errors are more
# than twice as large as alone, and what one loses the other gains.
APART = 0.76


Width = float | tuple[float, float]  # of a spot, px; or its widths along x and y


def axes(sigma: Width) -> tuple[float, float]:
    """Widths along x and y, px."""
    if isinstance(sigma, tuple):
        return float(sigma[0]), float(sigma[1])
    return float(sigma), float(sigma)


def half_window(sigma: Width) -> int:
    """Half the side of a spot's window, px: ``ceil(4 sigma)``, of the larger width."""
    return int(np.ceil(4 * max(axes(sigma))))


def background_level(image: np.ndarray) -> np.float32:
    """Roughly the background: about it, sums of squares in float32 are safe."""
    return np.float32(image[::8, ::8].mean())


def bordered(image: np.ndarray, sigma: Width) -> tuple[np.ndarray, np.float32]:
    """A frame about its background with a margin of a window, and that background.

    Returns an array of float32 of shape (H + 2 w, W + 2 w), ``w`` the half window, and
    counts (:func:`background_level`).
    """
    level = background_level(image)
    return convolution.with_margin(image, half_window(sigma), level), level


@dataclass(frozen=True)
class Prepared:
    """One frame about its background, with a margin, to be read at several places.

    Attributes
    ----------
    padded : ndarray of float32 of shape (H + 2 w, W + 2 w)
        Counts above ``level``.
    level : float
        Counts, see :func:`background_level`.
    sigma : tuple of float
        Widths of a spot along x and y, px.
    w : int
        Half the side of a spot's window, px.
    dark : bool
        Whether all pixels are alike.
    """

    padded: np.ndarray
    level: np.float32
    sigma: tuple[float, float]
    w: int
    dark: bool

    def together(
        self, x: np.ndarray, y: np.ndarray, mode: str, reach: float, excess: float
    ) -> np.ndarray:
        """As :func:`read`; places within the image."""
        order = np.argsort(y, kind="stable")
        place = np.asarray(x, float)[order], np.asarray(y, float)[order]
        amplitude = np.zeros(len(order))
        for _ in range(2):  # what lies farther than a group is subtracted as known
            fixed = self._fitted(*place, amplitude, False, excess)
            amplitude = fixed[:, fit.A].copy()
        same = _nearest(*place) < APART * max(self.sigma)
        if same.any():
            fixed[same] = self._alone(place[0][same], place[1][same], excess)
        if mode == "best" and not self.dark:  # in a dark frame nothing moves
            moved = self._fitted(*place, amplitude, True, excess)[: len(order)]
            away = np.hypot(moved[:, fit.X] - place[0], moved[:, fit.Y] - place[1])
            # What was lost on the way is NaN, and neither near nor larger.
            better = (away <= reach) & (moved[:, fit.A] > fixed[:, fit.A])
            fixed[better] = moved[better]
        fixed[:, fit.C] += self.level
        table = np.empty_like(fixed)
        table[order] = fixed
        return table

    def alone(self, x: np.ndarray, y: np.ndarray, excess: float) -> np.ndarray:
        """As :func:`alone`; places within the image."""
        table = self._alone(np.asarray(x, float), np.asarray(y, float), excess)
        table[:, fit.C] += self.level
        return table

    def _fitted(
        self,
        x: np.ndarray,
        y: np.ndarray,
        amplitude: np.ndarray,
        move: bool,
        excess: float,
    ) -> np.ndarray:
        return fit.fit_frame(
            *(self.padded, x, y, amplitude, self.sigma, self.w, -np.inf, move, excess)
        )

    def _alone(self, x: np.ndarray, y: np.ndarray, excess: float) -> np.ndarray:
        table = fit.fit_alone(self.padded, x, y, self.sigma, self.w)
        table[:, [fit.A_SE, fit.C_SE, fit.NOISE]] *= excess
        return table


def prepared(image: np.ndarray, sigma: Width) -> Prepared:
    """A frame (H, W) that has been let in, to be read; arguments as in :func:`read`."""
    dark = bool(image.min() == image.max())
    return Prepared(*bordered(image, sigma), axes(sigma), half_window(sigma), dark)


@checked(
    image=IMAGE,
    x="spots*",
    y="spots*",
    sigma=WIDTH,
    mode=MODES,
    reach=(0, 1e4),
    excess=(1, 1e4),
)
def read(
    image: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    sigma: Width,
    mode: str = "fixed",
    reach: float = 3.0,
    excess: float = 1.0,
) -> np.ndarray:
    """Amplitudes of all spots of one frame, fitted together where that is possible.

    Parameters
    ----------
    image : array of shape (H, W)
        Counts.
    x, y : arrays of shape (spots,)
        Places, px, within the image.
    sigma : float or pair of float
        Width of a spot, or widths along x and y, px.
    mode : {"fixed", "best"}
        ``best`` lets places move by up to ``reach`` px and takes what is found there
        when its amplitude is larger, as published: right when the channels are not
        aligned, but where there is nothing it finds the brightest noise.
    reach : float
        px; published: three times the master's width.
    excess : float
        Of the noise, see :func:`awd.cells.detect.excess_noise`.

    Returns
    -------
    array of float64 of shape (spots, 10)
        Columns :data:`awd.cells.compiled.fit.COLUMNS`, in the order of ``x``.
    """
    _require_inside(image, x, y)
    return prepared(image, sigma).together(x, y, mode, reach, excess)


def _require_inside(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Refuse places that are not in the image, or within a pixel of it."""
    for name, places, size in (("x", x, image.shape[1]), ("y", y, image.shape[0])):
        outside = ~((places >= -1) & (places <= size))
        if outside.any():
            k = int(outside.argmax())
            raise DataError(
                f"{name}[{k}] is {places[k]:g}; expected a place in the image, 0 to "
                f"{size - 1} ({outside.sum()} of {len(places)} lie outside)"
            )


def _nearest(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance of every spot to the nearest other one, infinite if there is none."""
    from scipy.spatial import cKDTree

    if not len(x):
        return np.empty(0)
    place = np.stack([x, y], 1)
    return cKDTree(place).query(place, 2)[0][:, 1]


@checked(image=IMAGE, x="spots*", y="spots*", sigma=WIDTH, excess=(1, 1e4))
def alone(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, sigma: Width, excess: float = 1.0
) -> np.ndarray:
    """Amplitudes at places, each read as if there were no other spot.

    For the buffers before and after a track: whatever shines there is what they tell.
    Arguments and columns as in :func:`read`.
    """
    _require_inside(image, x, y)
    return prepared(image, sigma).alone(x, y, excess)


@checked(table="spots* 10", sigma=WIDTH, may_be_nan="table")
def p_values(table: np.ndarray, sigma: Width) -> np.ndarray:
    """Aguet's test of amplitudes against the noise about them.

    The hypothesis is that the amplitude is at most 1.96 times the s.d. of the
    residuals; Welch's t-test, with the published standard errors and freedom, which is
    in effect a cut near an amplitude of 4.7 standard errors.

    Parameters
    ----------
    table : array of shape (spots, 10)
        Columns :data:`awd.cells.compiled.fit.COLUMNS`.
    sigma : float or pair of float
        px; a window of ``(2 ceil(4 sigma) + 1)^2`` px is what the test counts.

    Returns
    -------
    array of shape (spots,)
    """
    from scipy.special import stdtr

    n = (2 * half_window(sigma) + 1) ** 2
    noise = K * table[:, fit.NOISE]
    error = table[:, fit.A_SE] ** 2
    spread = noise**2 / (2 * (n - 1))
    freedom = (n - 1) * (error + spread) ** 2 / (error**2 + spread**2)
    above = table[:, fit.A] - noise
    return stdtr(freedom, -above / np.sqrt((error + spread) / n))
