"""What can be configured of the clathrin study: how tracks are found, and a table made.

Part of :mod:`awd.config.models`, which says what these models are for.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from awd.config.common import Count, Few, Name, Share, Strict
from awd.config.sources import Source
from awd.config.study import (
    Baselines,
    Distil,
    Handed,
    Splits,
    StudentSettings,
    TeacherSettings,
)

Sigma = Annotated[float, Field(ge=0.5, le=4)]


class Tracker(Strict):
    """How pits are found in movies, linked, and read; for sources that are movies."""

    sigma: list[Sigma | None] = Field(
        [],
        max_length=3,
        description="Widths of a spot in master, slave and third channel, px; null, or "
        "none, estimates them.",
    )
    z: float = Field(
        4.0,
        ge=1,
        le=1000,
        description="Least amplitude of a spot over its standard error.",
    )
    test: Literal["z", "aguet"] = Field(
        "z", description="aguet: the published test, stricter in noise."
    )
    pool: bool | None = Field(
        None,
        description="Look for spots in means of three frames; null does so where the "
        "median spot is fainter than three times the noise.",
    )
    radius: float = Field(3.0, gt=0, le=50, description="Longest link, px.")
    gap: Annotated[int, Field(ge=0, le=100)] = Field(
        2, description="Frames in a row that a spot may be missing."
    )
    min_frames: Count = Field(2, description="Least spots of a track.")
    min_z: float = Field(
        7.0, ge=0, le=1e6, description="Least z of a track as a whole."
    )
    mode: Literal["fixed", "best"] = Field(
        "fixed",
        description="Where the slave is read: at the master's place, or as published "
        "at a better one within three widths if it is brighter there.",
    )


class Outcomes(Strict):
    """Constants of the published outcomes of a track; they need p-values."""

    significant: Share = Field(0.05, description="p-value of a frame, below.")
    bright: float = Field(
        642.375, description="Counts that the maximum of a `bright` slave exceeds."
    )
    deviations: float = Field(
        3.25, description="S.d. above the mean maximum of a `deviating` slave."
    )
    conservative: float = Field(
        973.0,
        description="Counts above which a slave is a burst whatever its p-values.",
    )
    hotspot_frames: Count = Field(
        5, description="Significant frames of a hotspot, at least."
    )
    hotspot_gap: Count = Field(
        2, description="Frames between the bursts of a hotspot, more than."
    )
    early: Share = Field(
        0.2, description="Share of the lifetime before which a peak is no burst."
    )
    drop: float = Field(
        260.0, description="Counts that the master falls by where rules find a burst."
    )
    drop_peak: float = Field(
        560.0, description="Counts of the slave that go with such a fall."
    )
    before: Share = Field(
        0.2,
        description="Share of the lifetime before the slave's peak, of such a fall.",
    )
    after: Share = Field(
        0.1, description="Share of the lifetime after it, where the fall has begun."
    )


Target = Literal["mean0", "max0", "half", "sig_mean"]
Label = Annotated[str, Field(pattern=r"^[^\x00-\x1f$]{1,60}$")]


def usual_targets(data: dict[str, Any]) -> list[Target]:
    """Targets where a configuration names none: what its source allows."""
    source = data.get("source")  # absent where it is wrong itself
    if source is not None and source.channel_count < 2:
        return []
    return ["sig_mean"] if source is None or source.has_p_values else ["mean0"]


class Cells(Strict):
    """The clathrin study: which tracks, and how they become a table."""

    source: Source = Field(discriminator="kind")
    names: list[Label] = Field(
        [],
        max_length=3,
        description="What the channels show, the master's first, in every label; by "
        "default clathrin and auxilin in simulations, else master, slave and third.",
    )
    conditions: dict[Name, list[Name]] = Field(
        {},
        description="By name of the condition: its cells. Figures and tables show "
        "conditions apart.",
    )
    tracker: Tracker = Tracker()
    bad_cell: Literal["stop", "skip"] = Field(
        "stop",
        description="What a cell that cannot be used does: end the run, or be left out "
        "and named, as long as enough cells remain for the splits.",
    )
    targets: list[Target] = Field(
        default_factory=usual_targets,
        description="What the slave did, predicted one by one; []: only tracks, no "
        "networks. By default sig_mean where the slave has p-values, [] of one "
        "channel, else mean0.",
    )
    min_frames: Count = Field(
        15, description="Tracks must last longer than this, frames."
    )
    min_seconds: Annotated[float, Field(ge=0, le=1e9)] = Field(
        0, description="And longer than this, s."
    )
    length: int = Field(
        40, ge=8, le=4096, description="Samples of a window of a track."
    )
    windows: list[Literal["whole", "end"]] = Field(
        ["whole", "end"],
        min_length=1,
        description="What is read of a track: whole, resampled to `length`; end, its "
        "last `length` frames at full rate. Each is a channel.",
    )
    tiles: Few = Field(
        4, description="Tiles per side of a cell's field; a tile is a block."
    )
    outcomes: Outcomes = Outcomes()
    hotspots: Literal["keep", "drop"] = Field(
        "keep", description="Tracks on which several bursts follow each other."
    )
    bucket_accuracy: Share | None = Field(
        None,
        description="Leave out tracks whose lifetime alone tells the published outcome "
        "with this accuracy, by the training cells; null keeps them.",
    )
    scaling: Literal["level0", "cell"] = Field(
        "level0",
        description="level0: divided by the training s.d., padding stays at 0; "
        "cell: z-score per cell with the padding in it (as published).",
    )
    traces: Literal["master", "noise"] = Field(
        "master",
        description="noise: white noise in place of every trace, the negative control "
        "on which no method may show skill.",
    )
    splits: Splits = Splits()
    teacher: TeacherSettings = TeacherSettings()
    distil: Distil = Distil()
    student: StudentSettings = StudentSettings()
    baselines: Baselines = Baselines()
    handed: Handed | None = Field(
        None,
        description="What the network is worth to a user without labels, if asked for.",
    )

    def shown(self) -> list[str]:
        """What the channels show, for labels."""
        usual = self.source.shown
        return [*self.names, *usual[len(self.names) :]][: self.source.channel_count]

    def condition(self, cell: str) -> str:
        """The condition of a cell, or nothing."""
        of_cell = (name for name, cells in self.conditions.items() if cell in cells)
        return next(of_cell, "")
