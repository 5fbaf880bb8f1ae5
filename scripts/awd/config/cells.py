"""What can be configured of the clathrin study: where cells come from, how a table.

Part of :mod:`awd.config.models`, which says what these models are for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from awd.config.common import Count, Few, File, Name, Share, Strict
from awd.config.study import (
    Baselines,
    Distil,
    Handed,
    Splits,
    StudentSettings,
    TeacherSettings,
)

AXES = r"^[A-Za-z]{0,6}[Yy][Xx]$"


class CellSource(Strict):
    """Where the cells come from; ``inputs`` are the files of every cell by its name."""

    def inputs(self) -> dict[str, list[str]]:
        return {}

    def names(self) -> list[str]:
        return list(self.inputs())

    def groups(self, tiles: int) -> int:
        count = len(self.names())
        return count if count > 1 else tiles**2


class SimulatedCells(CellSource):
    """Cells from the simulator, with or without a microscope."""

    preset: Literal["teaching", "realistic", "crowded"] = Field(
        "teaching", description="How much of the slave's burst the master explains."
    )
    cells: Annotated[int, Field(ge=1, le=2000)] = Field(
        8, description="Cells; each one is a group."
    )

    def names(self) -> list[str]:
        return [f"cell{k}" for k in range(self.cells)]


class SimulatedMovies(SimulatedCells):
    """Two-channel movies of simulated cells, which are then tracked."""

    kind: Literal["simulated_movies"]
    frames: int = Field(
        300, ge=20, le=100_000, description="Length of a movie, one frame a second."
    )
    size: int = Field(
        256, ge=64, le=8192, description="Side of the field, px of 80 nm."
    )
    tracked: bool = Field(
        True,
        description="false: the true tracks with the errors of the read-out only, to "
        "see what tracking costs.",
    )


class SimulatedTraces(SimulatedCells):
    """Traces from the simulator, without the microscope."""

    kind: Literal["simulate"]
    tracks: Count = Field(800, description="Tracks simulated per cell.")


class Movies(CellSource):
    """Two-channel movies, TIFF or OME-TIFF."""

    kind: Literal["movies"]
    files: dict[Name, Annotated[list[File], Field(min_length=1)]] = Field(
        min_length=1,
        description="By name of the cell: the files of master and slave, or one with "
        "both; relative to the working directory.",
    )
    channels: list[Annotated[int, Field(ge=0, lt=100)]] = Field(
        [0, 1],
        min_length=2,
        max_length=2,
        description="Master and slave among the channels of the files, from 0.",
    )
    axes: str | None = Field(
        None,
        pattern=AXES,
        description="Axes of the files (TYX, TCYX ...), if they say them wrongly.",
    )
    pixel_nm: float | None = Field(
        None,
        gt=0,
        le=1e6,
        description="Size of a pixel, nm; by default what the files say.",
    )
    interval_s: float | None = Field(
        None,
        gt=0,
        le=1e6,
        description="Time between frames, s; by default as the files say.",
    )

    def inputs(self) -> dict[str, list[str]]:
        return self.files


class TrackFiles(CellSource):
    """Tracks made elsewhere, one file per cell."""

    frame_interval_s: float = Field(
        1.0, gt=0, le=1e6, description="Time between frames, s."
    )
    pixel_nm: float = Field(80.0, gt=0, le=1e6, description="Size of a pixel, nm.")


class FxycmsTraces(TrackFiles):
    """Tracks in FXYCMS files of cmeAnalysis."""

    kind: Literal["fxycms"]
    files: list[File] = Field(
        min_length=1, description="MATLAB files, relative to the working directory."
    )

    def inputs(self) -> dict[str, list[str]]:
        return {Path(file).stem: [file] for file in self.files}


class ProcessedTracks(TrackFiles):
    """Tracks in ``ProcessedTracks.mat`` files of cmeAnalysis, MATLAB v5 or v7.3."""

    kind: Literal["processed_tracks"]
    files: dict[Name, File] = Field(
        min_length=1, description="By name of the cell: the MATLAB file."
    )
    channels: list[Annotated[int, Field(ge=0, lt=100)]] = Field(
        [0, 1],
        min_length=2,
        max_length=2,
        description="Master and slave among the channels of the files, from 0.",
    )

    def inputs(self) -> dict[str, list[str]]:
        return {name: [file] for name, file in self.files.items()}


class ExportedTracks(TrackFiles):
    """Tracks that TrackMate (table of spots) or trackpy exported as CSV."""

    kind: Literal["csv"]
    files: dict[Name, File] = Field(
        min_length=1, description="By name of the cell: the CSV file."
    )
    master: str | None = Field(
        None, description="Column of the master; by default MEAN_INTENSITY_CH1, mass."
    )
    slave: str | None = Field(
        None, description="Column of the slave; by default MEAN_INTENSITY_CH2."
    )
    frames: Count | None = Field(
        None, description="Length of the movies; by default up to the last spot."
    )

    def inputs(self) -> dict[str, list[str]]:
        return {name: [file] for name, file in self.files.items()}


Sigma = Annotated[float, Field(ge=0.5, le=4)]


class Tracker(Strict):
    """How pits are found in movies, linked, and read; for sources that are movies."""

    sigma: list[Sigma | None] = Field(
        [None, None],
        min_length=2,
        max_length=2,
        description="Widths of a spot in master and slave, px; null estimates them.",
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


class Cells(Strict):
    """The clathrin study: which tracks, and how they become a table."""

    source: (
        SimulatedMovies
        | SimulatedTraces
        | Movies
        | FxycmsTraces
        | ProcessedTracks
        | ExportedTracks
    ) = Field(discriminator="kind")
    tracker: Tracker = Tracker()
    bad_cell: Literal["stop", "skip"] = Field(
        "stop",
        description="What a cell that cannot be used does: end the run, or be left out "
        "and named, as long as enough cells remain for the splits.",
    )
    targets: list[Literal["mean0", "max0", "half", "sig_mean"]] = Field(
        min_length=1, description="What the slave channel did, predicted one by one."
    )
    min_frames: Count = Field(
        15, description="Tracks must last longer than this, frames."
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
