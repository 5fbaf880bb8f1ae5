"""What every statistic of maps is, and statistics that are made of others.

A statistic has ``fitted(maps, mask)``, which finds its constants, as edges of bins, in
training maps, and ``features(maps, mask)`` of shape (n, d), scaled so that their noise
is nearly the same. The mask, (n, y, x) of bool, is where maps were seen, or None
(:mod:`awd.maps.measure.masks`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from awd.errors import DataError

if TYPE_CHECKING:
    from typing import Self


class Statistic(Protocol):
    """A statistic of maps.

    With a method ``crossed(first, second, mask)``, of two fields of the same sky, it
    also tells how bins of sources go together.
    """

    @property
    def constants(self) -> int:
        """How many numbers the training maps decide."""
        ...

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        """The same with constants from training maps, (n, y, x)."""
        ...

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Of maps (n, y, x), each for itself: (n, d)."""
        ...


StatisticT = TypeVar("StatisticT", bound=Statistic)


@dataclass(frozen=True)
class Joined:
    """The features of several statistics side by side."""

    parts: tuple[Statistic, ...]

    @property
    def constants(self) -> int:
        """Of all."""
        return sum(part.constants for part in self.parts)

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        parts = tuple(part.fitted(maps, mask) for part in self.parts)
        return replace(self, parts=parts)

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        return np.hstack([part.features(maps, mask) for part in self.parts])


@dataclass(frozen=True)
class InUnitsOfNoise:
    """A statistic of maps over the s.d. of the training maps, which is their noise.

    Parameters
    ----------
    part : Statistic
        Of maps in signal-to-noise.
    upside_down : bool
        Of the negative maps, whose peaks are the minima.
    sd : float
        From :meth:`fitted`.
    """

    part: Statistic
    upside_down: bool = False
    sd: float = 0.0

    @property
    def constants(self) -> int:
        """Those of the part, and the s.d."""
        return self.part.constants + 1

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        seen = maps if mask is None else maps[mask]
        scaled = replace(self, sd=float(seen.std(dtype=float)))
        return replace(scaled, part=self.part.fitted(scaled._of(maps), mask))

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        return self.part.features(self._of(maps), mask)

    def _of(self, maps: np.ndarray) -> np.ndarray:
        if not self.sd > 0:
            raise DataError(
                f"maps have s.d. {self.sd:g}; signal-to-noise needs that of training "
                "maps, from fitted(maps)"
            )
        unit = -self.sd if self.upside_down else self.sd
        return maps / np.array(unit, maps.dtype)


@dataclass(frozen=True)
class OfBins:
    """One statistic of every bin of sources, and of every pair where it has such.

    Parameters
    ----------
    part : Statistic
        Of one bin: the same filter for all, with edges of each.
    bins : tuple of Statistic
        Fitted to each bin.
    """

    part: Statistic
    bins: tuple[Statistic, ...] = ()

    @property
    def constants(self) -> int:
        """Of all bins."""
        return sum(part.constants for part in self.bins)

    def fitted(self, maps: np.ndarray, mask: np.ndarray | None = None) -> Self:
        """From maps (n, bins, y, x)."""
        fields = np.moveaxis(maps, 1, 0)
        bins = tuple(self.part.fitted(field, mask) for field in fields)
        return replace(self, bins=bins)

    def features(self, maps: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Of every bin, then of every pair."""
        fields = [np.ascontiguousarray(field) for field in np.moveaxis(maps, 1, 0)]
        pairs = zip(self.bins, fields, strict=True)
        own = [part.features(field, mask) for part, field in pairs]
        parts = self.part.parts if isinstance(self.part, Joined) else (self.part,)
        crossed = [
            part.crossed(first, second, mask)
            for part in parts
            if hasattr(part, "crossed")
            for first, second in itertools.combinations(fields, 2)
        ]
        return np.hstack([*own, *crossed])


def with_bins(statistic: StatisticT, bins: int | None) -> StatisticT:
    """The same with so many bins in place of its own, where it has any."""
    if not bins:
        return statistic
    if isinstance(statistic, Joined):
        parts = tuple(with_bins(part, bins) for part in statistic.parts)
        return replace(statistic, parts=parts)
    if isinstance(statistic, InUnitsOfNoise):
        return replace(statistic, part=with_bins(statistic.part, bins))
    if isinstance(getattr(statistic, "bins", None), int):
        return replace(statistic, bins=bins)  # type: ignore[type-var]
    return statistic
