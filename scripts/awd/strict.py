"""What all models of the configuration share: strictness, and common kinds of value."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Taps = Annotated[int, Field(ge=2, le=20, multiple_of=2)]
Weights = list[Annotated[float, Field(ge=0, allow_inf_nan=False)]]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """Unknown keys are refused; values cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
