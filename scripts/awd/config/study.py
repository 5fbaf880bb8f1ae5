"""What can be configured of the steps of a study: splits to baselines.

Part of :mod:`awd.config.models`, which says what these models are for.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import Field

from awd import registry
from awd.config.common import (
    Count,
    Few,
    File,
    Levels,
    OrOwn,
    Seed,
    Share,
    Strict,
    Taps,
    Weights,
)

# Names in tables of the library, or import paths of entries of one's own.
Kind = Annotated[Literal["lstm+dilated", "lstm", "dilated", "mlp", "cnn"], OrOwn()]
Objective = Annotated[Literal["output", "attribution", "soft"], OrOwn()]
Head = Annotated[Literal["ols", "ridge", "hinges", "few"], OrOwn()]
Model = Annotated[
    Literal[
        "mean",
        "ridge",
        "boosting",
        "hand_ridge",
        "hand_hinges",
        "hand_boosting",
        "minirocket",
        "multirocket",
        "catch22",
        "scattering_ridge",
    ],
    OrOwn(),
]
Family = Annotated[Literal["symmetric", "gaussian"], OrOwn()]
Features = Annotated[Literal["largest", "histogram", "quantiles", "norms"], OrOwn()]
Statistic = Literal[
    "spread", "centre", "width", "above", "rise", "fall", "first", "middle", "last"
]


class Splits(Strict):
    """Which groups train, select and test."""

    rotations: Few = Field(
        4, description="Splits; the test groups rotate through the groups."
    )
    test: Share = Field(0.25, description="Share of the groups that tests.")
    select: Share = Field(0.15, description="Share of the groups that stops training.")
    test_groups: list[File] = Field(
        [],
        description="Groups that test, by name, in place of that share; rotations then "
        "only change which of the others stop the training.",
    )


class Training(Strict):
    """How networks are trained, and how many."""

    seeds: list[Seed] = Field(
        [0], min_length=1, description="Every teacher and control once per seed."
    )
    epochs: Count = Field(200, description="Most epochs.")
    patience: Count = Field(
        15, description="Epochs without a better select loss before training stops."
    )
    batch: Count = Field(256, description="Samples per step.")
    learning_rate: float = Field(4e-3, gt=0, le=10, description="Step size of Adam.")
    average: float = Field(
        0.95, ge=0, lt=1, description="Decay per step of the averaged weights."
    )
    folds: Annotated[int, Field(ge=0, le=100)] = Field(
        4,
        description="Networks more of the first kind, each trained without a part of "
        "the training groups. The teacher is the mean of all; by what each answers on "
        "its part, student.fit_to: mixed finds its share.",
    )


class TeacherSettings(Training):
    """The networks that are distilled."""

    kinds: list[Kind] = Field(
        ["lstm+dilated", "mlp", "cnn"],
        min_length=1,
        description="Architectures; the first one's wavelet is the result. Beside it "
        "stand the same network untrained and trained on shuffled targets. Those "
        "joined by + are trained each by itself, and their mean is the network.",
    )


class AttributionSettings(Strict):
    """The paper's objective over lattice angles: TRIM saliency and signals sparse."""

    length: Taps = Field(10, description="Taps of the filter.")
    levels: Levels = Field(4, description="Levels of the transform.")
    ratios: Weights = Field(
        [0.1, 0.3, 1.0, 3.0, 10.0],
        description="Weights of attribution over sparsity along the path; attribution "
        "alone always ends it.",
    )


class Soft(Strict):
    """The paper's own losses: a free filter, soft penalties, Adam, a warm path."""

    levels: Levels = Field(4, description="Levels of the transform.")
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
    learning_rate: float = Field(1e-3, gt=0, le=10, description="Step size of Adam.")


class Distil(Strict):
    """How a teacher is distilled into a wavelet; no label enters a filter."""

    objectives: list[Objective] = Field(
        ["output", "attribution"],
        min_length=1,
        description="output: the student reproduces the teacher's output; attribution, "
        "soft: the paper's sparse attributions, over angles or with soft penalties. "
        "The first gives the result.",
    )
    lengths: list[Taps] = Field(
        [4, 6, 8], min_length=1, description="Taps to choose from."
    )
    levels: list[Levels] = Field(
        [4, 5], min_length=1, description="Levels of the transform to choose from."
    )
    candidates: Count = Field(
        60,
        description="Random filters, and at most as many named ones, that the controls "
        "choose from; as many as distillation, if that had more.",
    )
    folds: int = Field(
        5,
        ge=2,
        le=100,
        description="Folds of the grouped cross-validation that scores filters.",
    )
    moments: Annotated[int, Field(ge=1, le=10)] = Field(
        1, description="Vanishing moments that output distillation asks for."
    )
    draws: Annotated[int, Field(ge=0, le=10_000)] = Field(
        20, description="Resamples of the groups behind the band around a wavelet."
    )
    families: list[Family] = Field(
        [],
        description="Beside the orthonormal wavelets of these lengths, each searched "
        "by output and with a row of its own. Smoothers (symmetric, gaussian) are of "
        "the undecimated transform, which not every student.features reads; of one's "
        "own an awd.families.Family.",
    )
    choose_by: Literal["fidelity", "labels"] = Field(
        "fidelity",
        description="What chooses along the paths of attribution and soft; labels as "
        "published. Output distillation never sees a label.",
    )
    attribution: AttributionSettings = AttributionSettings()
    soft: Soft = Soft()


class StudentSettings(Strict):
    """The final model on the coefficients; the same one for every wavelet."""

    features: Features = Field(
        "largest",
        description="What is read of the coefficients: largest, as the keys below "
        "say; histogram, quantiles or norms of undecimated ones; of one's own a class "
        "with fitted and features.",
    )
    largest: Annotated[int, Field(ge=0, le=1000)] = Field(
        3, description="Largest signed coefficients of every band."
    )
    smallest: Annotated[int, Field(ge=0, le=1000)] = Field(
        3, description="Smallest signed coefficients of every band."
    )
    positions: bool = Field(True, description="Where in its band each of them stands.")
    start: Annotated[int, Field(ge=0, le=4096)] = Field(
        3, description="Mean of the first samples of the trace; 0 for none."
    )
    statistics: list[Statistic] = Field(
        list(get_args(Statistic)),
        description="What is told of every band as a whole: how strong it is, and when "
        "(spread, centre, width); how much lies above 0, and when (above, rise; fall "
        "is when it lies below); its thirds (first, middle, last).",
    )
    head: Head = Field(
        "few",
        description="What is fitted to them: lines (ols, ridge), curves that bend at "
        "the tertiles of each (hinges), or of these the 395 numbers that count most.",
    )
    fit_to: Literal["labels", "outputs", "mixed"] = Field(
        "mixed",
        description="What the head is fitted to: labels, what the network answers, or "
        "a share of its answer and the rest of the label. Every wavelet has a row with "
        "the head on labels too.",
    )
    shares: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        [0.0, 0.5, 1.0],
        min_length=1,
        description="Shares of the answer that mixed chooses from, by grouped "
        "cross-validation with networks that did not see the fold.",
    )

    def reads(self, dims: int = 1) -> dict[str, Any]:
        """Settings of :func:`awd.features.recipe`; images have no time."""
        if self.features != "largest":
            return {"name": self.features}
        in_time = {"start", "statistics"} if dims == 1 else set()
        told = self.model_dump(include={"smallest", "positions", *in_time})
        return {"m": self.largest, **told}

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum of curves of single coefficients: drawn, taken home."""
        if self.features != "largest" or not registry.is_path(self.head):
            return self.features == "largest"
        from awd import heads

        return heads.additive(heads.head(self.head))


class Baselines(Strict):
    """Fixed wavelets that the distilled one is compared with."""

    wavelets: list[str] = Field(
        ["db5", "db2"], min_length=1, description="Orthogonal wavelets of PyWavelets."
    )
    levels: Levels = Field(4, description="Levels of their transform.")
    models: list[Model] = Field(
        list(get_args(get_args(Model)[0])),
        min_length=1,
        description="Models that need no wavelet; of one's own an "
        "awd.league.baselines.Baseline.",
    )


def code_of(study: Any) -> list[str]:
    """Files of code of one's own that the choices of a study name."""
    student, distil = study.student, study.distil
    named = *study.teacher.kinds, *distil.objectives, *distil.families
    named = *named, *study.baselines.models, student.features, student.head
    return registry.files(named)


class Handed(Strict):
    """A network that is handed over without its data, and what it is worth in labels.

    The test groups of every split are the user's; half of them is a pool without
    labels, or with a few, the other half tests, and then the other way round.
    """

    labels: list[Annotated[int, Field(ge=5, le=1_000_000)]] = Field(
        [10, 30, 100, 300, 1000],
        min_length=1,
        description="Labels of the user's own, drawn from the pool, that models are "
        "fitted to; numbers larger than a pool are left out.",
    )
    draws: Few = Field(3, description="Random draws of the labelled samples.")
    shifts: list[Literal["none", "noise", "interval", "resampled"]] = Field(
        ["none"],
        min_length=1,
        description="What differs at the user's microscope: nothing; noise, three "
        "times that of a frame; interval, every second frame only; resampled, the same "
        "with the frames between interpolated.",
    )
