"""What all models of the configuration share: strictness, and common kinds of value."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Taps = Annotated[int, Field(ge=2, le=20, multiple_of=2)]
Weights = list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """Unknown keys are refused; values cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def models_in(annotation: Any) -> Iterator[type[Strict]]:
    """All models that a key's annotation names, also inside lists and unions."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def tag(model: type[Strict]) -> str | None:
    """The value of ``kind`` that tells a model from the others of its union, if any."""
    kind = model.model_fields.get("kind")
    return typing.get_args(kind.annotation)[0] if kind else None
