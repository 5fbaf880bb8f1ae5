"""What all models of the configuration share: strictness, and common kinds of value."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError, core_schema

from awd import registry
from awd.errors import AwdError

# What a file pattern or a folder may be called; the first sign is none of a hidden one.
NAME = r"^[\p{L}\p{N}_][\p{L}\p{N}_ .+-]{0,99}$"

Taps = Annotated[int, Field(ge=2, le=20, multiple_of=2)]
Weights = list[Annotated[float, Field(ge=0, le=1e6)]]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Few = Annotated[int, Field(ge=1, le=100)]
Levels = Annotated[int, Field(ge=1, le=12)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
File = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[str, Field(pattern=NAME)]


@dataclass(frozen=True)
class OrOwn:
    """Beside names that are known, the import path of an entry of one's own.

    It is imported when the configuration is read: what cannot be is refused there.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_wrap_validator_function(_or_own, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": ":[A-Za-z_]"}]}


def _or_own(value: Any, known: Any) -> Any:
    if not registry.is_path(value):
        try:
            return known(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            message = f"{reason}, or an import path, folder/file.py:name"
            raise PydanticCustomError("or_own", "{m}", {"m": message}) from error
    try:
        registry.imported(value)
    except AwdError as error:
        raise PydanticCustomError("or_own", "{m}", {"m": str(error)}) from error
    return value


class Strict(BaseModel):
    """Unknown keys, NaN and infinity are refused; values cannot be changed later."""

    # A default is read as a given value is, a 0 of a real number as 0.0: a run and the
    # configuration that it writes down name the same parameters.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )


def models_in(annotation: Any) -> Iterator[type[Strict]]:
    """All models that a key's annotation names, also inside lists and unions."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def tags(model: type[Strict]) -> tuple[str, ...]:
    """Values of ``kind`` that tell a model from others of its union; the first counts.

    Those behind it are older names.
    """
    kind = model.model_fields.get("kind")
    return typing.get_args(kind.annotation) if kind else ()
