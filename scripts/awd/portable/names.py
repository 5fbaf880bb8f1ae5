"""Which features a model reads, what they are called, and from where they come."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from awd.features import Largest
from awd.filters import coefficients
from awd.portable.parts import Sample

DETAILS = {1: ("detail",), 2: ("horizontal", "vertical", "diagonal")}


@dataclass(frozen=True)
class Reading:
    """What is read of a sample: a recipe on the bands of a transform.

    Parameters
    ----------
    recipe : Largest
    sample : Sample
    taps, levels, mode
        Of the transform.
    """

    recipe: Largest
    sample: Sample
    taps: int
    levels: int
    mode: str

    @functools.cached_property
    def sizes(self) -> list[int]:
        """Coefficients of every band of one channel."""
        plane = self.sample.plane
        counts = coefficients.band_counts(plane, self.taps, self.levels, self.mode)
        return [int(count) for count in counts]

    @property
    def bands(self) -> list[str]:
        """Names of the bands, coarse ones first."""
        kinds = DETAILS[self.sample.dims]
        levels = range(self.levels, 0, -1)
        return ["approximation", *(f"{kind} {j}" for j in levels for kind in kinds)]

    @property
    def count(self) -> int:
        """Number of features, known before any is named."""
        recipe = self.recipe
        most = recipe.m, recipe.smallest
        picked = sum(min(size, number) for size in self.sizes for number in most)
        rest = bool(recipe.start) + len(self.sizes) * len(recipe.statistics)
        return self.sample.width * (picked * (1 + recipe.positions) + rest)

    @property
    def parts(self) -> list[str]:
        """Every band of every channel, and its start where that is read."""
        start = [f"mean of the first {self.recipe.start}"] * bool(self.recipe.start)
        own = [*self.bands, *start]
        if self.sample.width == 1:
            return own
        numbered = [f"channel {k}" for k in range(self.sample.width)]
        channels = self.sample.channels or numbered
        return [f"{channel}, {part}" for channel in channels for part in own]

    @functools.cached_property
    def features(self) -> list[tuple[int, str]]:
        """Of every feature the index of its part, and what is read there.

        In the order of :meth:`awd.features.Largest.features`.
        """
        own = self._of_channel()
        per_channel = len(self.bands) + bool(self.recipe.start)
        return [
            (channel * per_channel + part, name)
            for channel in range(self.sample.width)
            for part, name in own
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """Of every feature: ``"end, detail 2: largest 1"``."""
        parts = self.parts
        return tuple(
            f"{parts[part]}: {name}" if name else parts[part]
            for part, name in self.features
        )

    def _of_channel(self) -> list[tuple[int, str]]:
        most = {"largest": self.recipe.m, "smallest": self.recipe.smallest}
        picked = [
            (band, f"{kind} {rank}")
            for band, size in enumerate(self.sizes)
            for kind, number in most.items()
            for rank in range(1, min(size, number) + 1)
        ]
        found = list(picked)
        if self.recipe.positions:
            found += [(band, f"place of {pick}") for band, pick in picked]
        if self.recipe.start:
            found.append((len(self.sizes), ""))
        bands = range(len(self.sizes))
        found += [(band, kind) for kind in self.recipe.statistics for band in bands]
        return found
