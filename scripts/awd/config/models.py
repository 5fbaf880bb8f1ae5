"""What can be configured: pydantic models, the one source of every default.

``config/schema.json`` and the key table of ``config/README.md`` are made from them
(:mod:`awd.config.documentation`), and a field's description is what a user reads there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from awd.config.cells import Cells
from awd.config.common import Count, Seed, Strict
from awd.config.maps import Maps
from awd.config.own import Name, Own

RUN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"


class Evaluation(Strict):
    """How results are judged."""

    draws: int = Field(
        10_000, ge=100, le=1_000_000, description="Bootstrap draws of an interval."
    )


class Harder(Strict):
    """What makes recovery harder, varied one by one on db5."""

    noise: list[Annotated[float, Field(ge=0, le=1e6)]] = Field(
        [0.3, 1.0, 3.0], description="S.d. of noise on the response, over its own s.d."
    )
    correlation: list[Annotated[float, Field(ge=0, lt=1)]] = Field(
        [0.5, 0.8, 0.95], description="Of neighbouring input values."
    )
    window: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        [0, 2, 4], description="The response reads 2 * window + 1 coefficients."
    )
    samples: list[Annotated[int, Field(ge=100, le=1_000_000)]] = Field(
        [300, 1000, 3000], description="Signals."
    )
    teacher: list[Literal["mlp", "lstm"]] = Field(
        ["lstm"], description="The network; mlp in all else."
    )


class Recovery(Strict):
    """The paper's simulation: is a wavelet found that is known to be there?"""

    random: Annotated[int, Field(ge=0, le=1000)] = Field(
        10, description="Random orthonormal truths of ten taps, beside db5."
    )
    seeds: list[Seed] = Field(
        [0, 1, 2], min_length=1, description="Of db5's simulations."
    )
    samples: int = Field(
        10_000, ge=100, le=1_000_000, description="Signals of 64 samples."
    )
    teacher_epochs: Count = Field(20, description="Epochs of the network.")
    soft_epochs: Count = Field(
        100, description="Epochs of the paper's soft losses, batches of 100."
    )
    harder: Harder = Harder()


# What `preset: paper` sets of each study where the configuration says nothing.
PAPER: dict[str, Any] = {
    "cells": {
        "scaling": "cell",
        "windows": ["whole"],
        "hotspots": "drop",
        "bucket_accuracy": 0.95,
        "teacher": {
            "kinds": ["lstm"],
            "epochs": 400,
            "patience": 30,
            "batch": 100,
            "learning_rate": 1e-3,
            "average": 0.0,
            "folds": 0,
        },
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
            "statistics": [],
            "head": "ols",
            "fit_to": "labels",
        },
    },
    "maps": {"teacher": {"width": 64, "stem": 7}, "distil": {"soft": {}}},
}


class Config(Strict):
    """A run: studies of cells, maps, samples of one's own, of recovery, or several."""

    run: str = Field(pattern=RUN, description="Results go to results/RUN.")
    preset: Literal["default", "paper"] = Field(
        "default",
        description="paper: the published protocol (column paper) where this file does "
        "not say otherwise.",
    )
    seed: Seed = Field(2021, description="Root of every random number.")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where networks run."
    )
    cells: Cells | None = Field(None, description="The clathrin study, if asked for.")
    maps: Maps | None = Field(None, description="The maps study, if asked for.")
    own: dict[Name, Own] = Field(
        {}, description="Studies of your own samples and networks, by name."
    )
    recovery: Recovery | None = Field(
        None, description="The study of recovery, if asked for."
    )
    evaluation: Evaluation = Evaluation()
