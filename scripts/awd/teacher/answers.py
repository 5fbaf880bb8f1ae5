"""What a network gives back: which part of it counts, and whether it can be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from awd import scalars
from awd.errors import ConfigError, DataError, ShapeError
from awd.samples import real

Part = int | str | Callable[..., Any]


def selected(answer: Any, output: Part | None = None) -> Any:
    """The part of an answer that is meant.

    Parameters
    ----------
    answer : array, tensor, or tuple, dict, named tuple or dataclass of them
    output : int, str or callable, optional
        Place, key or attribute of the part, or a function of the answer. Without it
        the answer is an array, or has a single part.

    Raises
    ------
    ConfigError
        Several parts and no ``output``, or none of that name; the error lists them.
    """
    parts = _parts(answer)
    if parts is None and output is None:
        return answer
    found = dict(parts or {})
    listed = ", ".join(f"{name!r}: {_described(p)}" for name, p in found.items())
    returned = f"a {type(answer).__name__}: {listed or _described(answer)}"
    if callable(output):
        try:
            return output(answer)
        except Exception as error:
            raise ConfigError(
                f"output=, a function of what the network returns, fails "
                f"({type(error).__name__}: {error}); the network returns {returned}"
            ) from error
    if output is None and len(found) == 1:
        return next(iter(found.values()))
    named = found | dict(enumerate(found.values()))
    if output is None or output not in named:
        if parts is None:
            remedy = "leave output= out: a column of it is the target"
        else:
            remedy = (
                "say which counts, awd.network(net, output=...), by key, place or "
                "function"
            )
        missing = "" if output is None else f", and has no part {output!r}"
        raise ConfigError(f"the network returns {returned}{missing}; {remedy}")
    return named[output]


def _parts(answer: Any) -> Mapping[int | str, Any] | None:
    """Parts by name or place, those that are there; None if the answer is one array."""
    if isinstance(answer, Mapping):
        parts = dict(answer)
    elif dataclasses.is_dataclass(answer):
        parts = {f.name: getattr(answer, f.name) for f in dataclasses.fields(answer)}
    elif isinstance(answer, tuple) and hasattr(answer, "_asdict"):
        parts = answer._asdict()
    elif isinstance(answer, tuple | list) and any(hasattr(p, "shape") for p in answer):
        parts = dict(enumerate(answer))
    else:
        return None
    return {name: part for name, part in parts.items() if part is not None}


def _described(part: Any) -> str:
    if hasattr(part, "shape"):
        return str(tuple(part.shape))
    return type(part).__name__


def require_columns(answer: Any, n: int) -> None:
    """Refuse what is not one row a sample, (n,) or (n, targets)."""
    shape = getattr(answer, "shape", None)
    if shape is None or len(shape) not in (1, 2) or shape[0] != n or 0 in shape:
        raise ShapeError(
            f"the network returned {_described(answer)} for {n} samples; expected "
            f"({n},) or ({n}, targets); pick it with awd.network(net, "
            "output=lambda answer: ...), of a sequence for example answer[:, -1]"
        )


def require_targets(target: Any, n: int) -> np.ndarray:
    """The column asked for in every sample, (n,), from one for all or one for each."""
    try:
        columns = np.asarray(target)
    except ValueError:  # ragged
        columns = np.empty(0)
    if columns.dtype.kind not in "iu" or columns.shape not in ((), (n,)):
        raise ShapeError(
            f"target is {scalars.shown(target)}; expected a column of the output, an "
            f"integer, or one for each sample, ({n},)"
        )
    return np.broadcast_to(columns.astype(np.int64), n)


def require_known(columns: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuse columns that an output of a shape, (n,) or (n, targets), has not."""
    count = shape[1] if len(shape) == 2 else 1
    beyond = columns[(columns < 0) | (columns >= count)]
    if beyond.size:
        raise ShapeError(
            f"target {beyond[0]} does not exist: the network returned "
            f"{tuple(shape)} for {shape[0]} samples; use 0 to {count - 1}"
        )


def asked(x: Any, batch: Any, target: Any = 0) -> tuple[np.ndarray, np.ndarray]:
    """Samples of which a network is asked, and a column for each of them.

    Raises
    ------
    ShapeError, ConfigError
        There are none, of the target there is not one a sample, or no call holds any.
    """
    x = real(x, "x")
    if x.ndim < 2 or not x.size:
        raise ShapeError(f"x is {x.shape}; expected samples (n, ...), not empty")
    scalars.whole(batch, "batch")
    return x, require_targets(target, len(x))


def all_finite(values: np.ndarray, what: str) -> np.ndarray:
    """A network's results, (n, ...), if all are finite; the error names a sample."""
    bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if bad.any():
        raise DataError(
            f"the network's {what} is not finite for {bad.sum()} of {len(values)} "
            f"samples, first for sample {int(bad.argmax())}; check the weights and "
            "that input"
        )
    return values
