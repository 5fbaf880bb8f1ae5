"""What can be configured: pydantic models, the one source of every default.

``config/schema.json`` and the key table of ``config/README.md`` are made from them
(:mod:`awd.config`), and a field's description is what a user reads there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Taps = Annotated[int, Field(ge=2, le=20, multiple_of=2)]
Weights = list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """Unknown keys are refused; values cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where the cells come from; ``inputs`` are the files of every cell by its name."""

    def inputs(self) -> dict[str, list[str]]:
        return {}

    def names(self) -> list[str]:
        return list(self.inputs())

    def groups(self, tiles: int) -> int:
        count = len(self.names())
        return count if count > 1 else tiles**2


class Simulated(Source):
    """Cells from the simulator, with or without a microscope."""

    cells: Count = Field(8, description="Cells; each one is a group.")

    def names(self) -> list[str]:
        return [f"cell{k}" for k in range(self.cells)]


class SimulatedMovies(Simulated):
    """Two-channel movies of simulated cells, which are then tracked."""

    kind: Literal["simulated_movies"]
    preset: Literal["teaching", "realistic", "crowded"] = Field(
        "teaching", description="How much of the slave's burst the master explains."
    )
    frames: int = Field(
        300, ge=20, description="Length of a movie, one frame a second."
    )
    size: int = Field(256, ge=64, description="Side of the field, px of 80 nm.")


class SimulatedTraces(Simulated):
    """Traces from the simulator, without the microscope."""

    kind: Literal["simulate"]
    preset: Literal["teaching", "realistic", "crowded"] = Field(
        "teaching", description="How much of the slave's burst the master explains."
    )
    tracks: Count = Field(800, description="Tracks simulated per cell.")


class Movies(Source):
    """Two-channel movies, TIFF or OME-TIFF."""

    kind: Literal["movies"]
    files: dict[str, list[str]] = Field(
        min_length=1,
        description="By name of the cell: the files of master and slave, or one with "
        "both; relative to the working directory.",
    )
    channels: list[Annotated[int, Field(ge=0)]] = Field(
        [0, 1],
        min_length=2,
        max_length=2,
        description="Master and slave among the channels of the files, from 0.",
    )
    axes: str | None = Field(
        None, description="Axes of the files (TYX, TCYX ...), if they say them wrongly."
    )
    pixel_nm: float | None = Field(
        None, gt=0, description="Size of a pixel, nm; by default what the files say."
    )
    interval_s: float | None = Field(
        None, gt=0, description="Time between frames, s; by default as the files say."
    )

    def inputs(self) -> dict[str, list[str]]:
        return self.files


class TrackFiles(Source):
    """Tracks made elsewhere, one file per cell."""

    frame_interval_s: float = Field(1.0, gt=0, description="Time between frames, s.")
    pixel_nm: float = Field(80.0, gt=0, description="Size of a pixel, nm.")


class FxycmsTraces(TrackFiles):
    """Tracks in FXYCMS files of cmeAnalysis."""

    kind: Literal["fxycms"]
    files: list[str] = Field(
        min_length=1, description="MATLAB files, relative to the working directory."
    )

    def inputs(self) -> dict[str, list[str]]:
        return {Path(file).stem: [file] for file in self.files}


class ProcessedTracks(TrackFiles):
    """Tracks in ``ProcessedTracks.mat`` files of cmeAnalysis, MATLAB v5 or v7.3."""

    kind: Literal["processed_tracks"]
    files: dict[str, str] = Field(
        min_length=1, description="By name of the cell: the MATLAB file."
    )
    channels: list[Annotated[int, Field(ge=0)]] = Field(
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
    files: dict[str, str] = Field(
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
        4.0, gt=0, description="Least amplitude of a spot over its standard error."
    )
    test: Literal["z", "aguet"] = Field(
        "z", description="aguet: the published test, stricter in noise."
    )
    pool: bool | None = Field(
        None,
        description="Look for spots in means of three frames; null does so where the "
        "median spot is fainter than three times the noise.",
    )
    radius: float = Field(3.0, gt=0, description="Longest link, px.")
    gap: Annotated[int, Field(ge=0)] = Field(
        2, description="Frames in a row that a spot may be missing."
    )
    min_frames: Count = Field(2, description="Least spots of a track.")
    min_z: float = Field(7.0, ge=0, description="Least z of a track as a whole.")
    mode: Literal["fixed", "best"] = Field(
        "fixed",
        description="Where the slave is read: at the master's place, or as published "
        "at a better one within three widths if it is brighter there.",
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
    length: int = Field(40, ge=8, description="Samples per track after resampling.")
    tiles: Count = Field(
        4, description="Tiles per side of a cell's field; a tile is a block."
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


class Splits(Strict):
    """Which groups train, select and test."""

    rotations: Count = Field(
        4, description="Splits; the test groups rotate through the groups."
    )
    test: Share = Field(0.25, description="Share of the groups that tests.")
    select: Share = Field(0.15, description="Share of the groups that stops training.")


class Teacher(Strict):
    """The networks that are distilled."""

    kinds: list[Literal["lstm", "mlp", "cnn"]] = Field(
        ["lstm", "mlp", "cnn"],
        min_length=1,
        description="Architectures; the first one's wavelet is the result. Beside it "
        "stand the same network untrained and trained on shuffled targets.",
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        [0], min_length=1, description="Every teacher and control once per seed."
    )
    epochs: Count = Field(400, description="Most epochs.")
    patience: Count = Field(
        30, description="Epochs without a better select loss before training stops."
    )
    batch: Count = Field(100, description="Samples per step.")
    learning_rate: float = Field(1e-3, gt=0, description="Step size of Adam.")


class Attribution(Strict):
    """The paper's objective over lattice angles: TRIM saliency and signals sparse."""

    length: Taps = Field(10, description="Taps of the filter.")
    levels: Count = Field(4, description="Levels of the transform.")
    ratios: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        [0.1, 0.3, 1.0, 3.0, 10.0],
        description="Weights of attribution over sparsity along the path; attribution "
        "alone always ends it.",
    )


class Soft(Strict):
    """The paper's own losses: a free filter, soft penalties, Adam, a warm path."""

    levels: Count = Field(4, description="Levels of the transform.")
    init: str = Field("db5", description="Where every path begins.")
    sparsity: Weights = Field(
        np.geomspace(1e-4, 5e-3, 5).round(5).tolist(),
        min_length=1,
        description="Weights of the coefficients' L1 norm (lamL1wave).",
    )
    attribution: Weights = Field(
        [0.0, *np.geomspace(1e-4, 10, 20).round(5).tolist()],
        min_length=1,
        description="Weights of the attributions' L1 norm (lamL1attr).",
    )
    epochs: Count = Field(100, description="Epochs at every pair of weights.")
    batch: Count = Field(100, description="Samples per step.")
    learning_rate: float = Field(1e-3, gt=0, description="Step size of Adam.")


class Distil(Strict):
    """How a teacher is distilled into a wavelet; no label enters a filter."""

    objectives: list[Literal["output", "attribution", "soft"]] = Field(
        ["output", "attribution"],
        min_length=1,
        description="output: the student reproduces the teacher's output; attribution, "
        "soft: the paper's sparse attributions, over angles or with soft penalties. "
        "The first gives the result.",
    )
    lengths: list[Taps] = Field(
        [4, 6, 8, 10, 12], min_length=1, description="Taps to choose from."
    )
    levels: list[Count] = Field(
        [3, 4, 5], min_length=1, description="Levels of the transform to choose from."
    )
    largest: Count = Field(
        6,
        description="Largest coefficients of every band that the student inside reads, "
        "the linear model by which filters are scored.",
    )
    moments: Count = Field(
        1, description="Vanishing moments that output distillation asks for."
    )
    draws: Annotated[int, Field(ge=0)] = Field(
        20, description="Resamples of the groups behind the band around a wavelet."
    )
    choose_by: Literal["fidelity", "labels"] = Field(
        "fidelity",
        description="What chooses along the paths of attribution and soft; labels as "
        "published. Output distillation never sees a label.",
    )
    attribution: Attribution = Attribution()
    soft: Soft = Soft()


class Student(Strict):
    """The final model on the coefficients; the same one for every wavelet."""

    largest: Annotated[int, Field(ge=0)] = Field(
        3, description="Largest signed coefficients of every band."
    )
    smallest: Annotated[int, Field(ge=0)] = Field(
        3, description="Smallest signed coefficients of every band."
    )
    positions: bool = Field(True, description="Where in its band each of them stands.")
    start: Annotated[int, Field(ge=0)] = Field(
        3, description="Mean of the first samples of the trace; 0 for none."
    )
    head: Literal["ols", "ridge"] = Field("ridge", description="The linear model.")


class Baselines(Strict):
    """Fixed wavelets that the distilled one is compared with."""

    wavelets: list[str] = Field(
        ["db5", "db2"], min_length=1, description="Orthogonal wavelets of PyWavelets."
    )
    levels: Count = Field(4, description="Levels of their transform.")


class Evaluation(Strict):
    """How results are judged."""

    draws: int = Field(10_000, ge=100, description="Bootstrap draws of an interval.")
    folds: int = Field(5, ge=2, description="Folds of the grouped cross-validation.")


class Harder(Strict):
    """What makes recovery harder, varied one by one on db5."""

    noise: list[Annotated[float, Field(ge=0)]] = Field(
        [0.3, 1.0, 3.0], description="S.d. of noise on the response, over its own s.d."
    )
    correlation: list[Annotated[float, Field(ge=0, lt=1)]] = Field(
        [0.5, 0.8, 0.95], description="Of neighbouring input values."
    )
    window: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        [0, 2, 4], description="The response reads 2 * window + 1 coefficients."
    )
    samples: list[Annotated[int, Field(ge=100)]] = Field(
        [300, 1000, 3000], description="Signals."
    )
    teacher: list[Literal["mlp", "lstm"]] = Field(
        ["lstm"], description="The network; mlp in all else."
    )


class Recovery(Strict):
    """The paper's simulation: is a wavelet found that is known to be there?"""

    random: Annotated[int, Field(ge=0)] = Field(
        10, description="Random orthonormal truths of ten taps, beside db5."
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field(
        [0, 1, 2], min_length=1, description="Of db5's simulations."
    )
    samples: int = Field(10_000, ge=100, description="Signals of 64 samples.")
    teacher_epochs: Count = Field(20, description="Epochs of the network.")
    soft_epochs: Count = Field(
        100, description="Epochs of the paper's soft losses, batches of 100."
    )
    harder: Harder = Harder()


# What `preset: paper` sets where the configuration itself says nothing.
PAPER: dict[str, Any] = {
    "cells": {"scaling": "cell"},
    "teacher": {"kinds": ["lstm"]},
    "distil": {
        "objectives": ["soft"],
        "lengths": [10],
        "levels": [4],
        "choose_by": "labels",
    },
    "student": {
        "largest": 6,
        "smallest": 0,
        "positions": False,
        "start": 0,
        "head": "ols",
    },
}


class Config(Strict):
    """A run: the cells study, the study of recovery, or both."""

    run: str = Field(
        pattern=r"^[A-Za-z0-9._-]+$", description="Results go to results/<run>."
    )
    preset: Literal["default", "paper"] = Field(
        "default",
        description="paper: the published protocol (column paper) where this file does "
        "not say otherwise.",
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        2021, description="Root of every random number."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where networks run."
    )
    cells: Cells | None = Field(None, description="The clathrin study, if asked for.")
    recovery: Recovery | None = Field(
        None, description="The study of recovery, if asked for."
    )
    splits: Splits = Splits()
    teacher: Teacher = Teacher()
    distil: Distil = Distil()
    student: Student = Student()
    baselines: Baselines = Baselines()
    evaluation: Evaluation = Evaluation()
