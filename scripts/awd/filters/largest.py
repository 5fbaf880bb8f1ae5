"""A student's features: the largest and smallest coefficients of every band."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from awd.errors import ConfigError
from awd.filters import statistics
from awd.samples import as_rows, axes, real, require_samples
from awd.scalars import whole, wholes


@dataclass(frozen=True)
class Largest:
    """The extreme signed coefficients of every band, as features.

    The paper's student reads the 6 largest. A band of fewer coefficients gives all it
    has. "Largest" is signed: flipping the wavelet's sign gives other features.

    Parameters
    ----------
    m : int
        Largest coefficients of each band, in falling order.
    smallest : int
        Smallest (most negative) coefficients of each band, in rising order.
    positions : bool
        Whether the index in its band of each picked coefficient is a feature too.
    start : int
        If positive, one more feature: the mean of the signal's first ``start`` frames.
    statistics : tuple of str
        What of every band follows that no single coefficient tells, such as how strong
        it is, and when: of ``awd.filters.statistics.STATISTICS``.
    """

    m: int = 6
    smallest: int = 0
    positions: bool = False
    start: int = 0
    statistics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "statistics", tuple(self.statistics))
        statistics.require(self.statistics)
        for name in ("m", "smallest", "start"):
            object.__setattr__(self, name, whole(getattr(self, name), name, 0))
        if self.m + self.smallest == 0:
            raise ConfigError(f"{self} picks no coefficient; use m >= 1")

    def bends(self, sizes: np.ndarray) -> np.ndarray:
        """Which features of a signal a head may bend: all but positions, (features,).

        ``sizes`` are those of its bands.
        """
        sizes = np.array(wholes(sizes, "sizes", 0))
        picked = sum(np.minimum(sizes, most).sum() for most in (self.m, self.smallest))
        parts = [(picked, True), (picked * self.positions, False)]
        parts += [(bool(self.start), True), (len(self.statistics) * len(sizes), True)]
        return np.concatenate([np.full(int(count), bend) for count, bend in parts])

    @property
    def mirrored(self) -> Largest:
        """The same with smallest for largest: the student of the negated wavelet."""
        return replace(self, m=self.smallest, smallest=self.m)

    def fitted(
        self, x: np.ndarray, h: np.ndarray, levels: int, dims: int | None = None
    ) -> Largest:
        """Itself: nothing of it depends on the training samples."""
        return self

    def features(
        self,
        x: np.ndarray,
        h: np.ndarray,
        levels: int,
        mode: str = "zero",
        dims: int | None = None,
    ) -> np.ndarray:
        """Transform, then pick.

        Parameters
        ----------
        x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
            Signals or images; every channel is transformed by the same filter.
        h : array of shape (taps,)
            Low-pass filter.
        levels, mode : int, str
            As for :func:`awd.filters.kernels.analysis`.
        dims : {1, 2}, optional
            Axes of a sample without channels; needed where ``x`` has three axes, see
            :func:`awd.samples.dims_of`.

        Returns
        -------
        array of shape (n, features), float64
            Channel after channel: the coefficients picked, band after band, in the unit
            of ``x``; their positions in coefficients of their band; the start level;
            each statistic of every band.

        Raises
        ------
        ShapeError
            ``x`` has other axes, is empty, no numbers, too short, or may be either.
        DataError
            A sample is not finite.
        """
        return self.pick(require_samples(x, dims), h, levels, mode).features

    def pick(
        self, x: np.ndarray, h: np.ndarray, levels: int, mode: str = "zero"
    ) -> Picked:
        """The features, and which coefficients they are; as :meth:`features`.

        ``x`` is (n, [channel,] time) or (n, channel, y, x).
        """
        from awd.filters import kernels, undecimated

        x = real(x, "x")
        x = require_samples(x, axes(x))
        kernels.require_sound(x, x=x)
        if (self.start or self.statistics) and x.ndim == 4:
            raise ConfigError(
                f"{self}: images have no first frames and no time; use start=0 and "
                "statistics=()"
            )
        rows = as_rows(x)
        values, index, sizes = kernels.pick(
            rows, h, levels, self.m, self.smallest, mode
        )
        parts = [values]
        if self.positions:
            parts.append(Picked(values, index, sizes).place()[1])
        if self.start:
            parts.append(rows[:, : self.start].mean(1, dtype=np.float64)[:, None])
        if self.statistics:
            parts.append(undecimated.summary(rows, h, levels, self.statistics))
        table = np.concatenate(parts, 1, dtype=np.float64)
        return Picked(table.reshape(len(x), -1), index, sizes)


@dataclass(frozen=True)
class Picked:
    """Features of :class:`Largest`, and from which coefficients they come.

    ``features`` (n, features); of every signal (n times channels) the ``index`` of the
    picked coefficients among its ``sizes.sum()``, bands of ``sizes`` side by side.
    """

    features: np.ndarray
    index: np.ndarray
    sizes: np.ndarray

    def place(self) -> tuple[np.ndarray, np.ndarray]:
        """The band of every pick, (picks,), and its index there, (signals, picks)."""
        begins = np.cumsum(self.sizes) - self.sizes
        band = np.searchsorted(begins, self.index[0], side="right") - 1
        return band, self.index - begins[band]
