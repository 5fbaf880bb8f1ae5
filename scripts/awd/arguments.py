"""What public functions are given, checked at the door by their annotations.

A function says once what it takes, in its signature, and :func:`checked` holds every
call to it: numbers that are numbers (no truth values, no NaN, numpy's own welcome),
arrays of real and finite numbers in this machine's byte order, tables and data sets
with what is read of them, one of a few words. What a signature cannot say, shapes and
bounds, stands in the decorator. ::

    @checked(image="y x", x="spots", y="spots", sigma=(0.3, 20))
    def read(image: np.ndarray, x: np.ndarray, y: np.ndarray, sigma: float) -> ...
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from awd.errors import ConfigError, DataError, KindError, ShapeError

P = ParamSpec("P")
R = TypeVar("R")
Rules = Mapping[str, Any]
LARGEST = 1e300  # of a number without bounds
LONGEST = 255  # bytes of a name in a path, on most disks
USUAL = {"seed": (0, 2**64)}  # rules of arguments that mean the same everywhere


def checked(
    *, may_be_nan: str = "", labels: str = "", **rules: Any
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Hold every call of a function, or of a class, to its annotations and to rules.

    Parameters
    ----------
    may_be_nan : str
        Names of arrays and numbers that need not be finite, separated by spaces.
    labels : str
        Names of arrays that hold text, or anything else that names things.
    **rules
        By argument. Of a number its bounds, ``(low, high)``, both allowed. Of an array
        its axes, ``"n y x"``: a name is a length that is the same wherever the name
        stands, with a star also 0, a number is that length, and ``...`` is any axes
        before or after the others; ``("y x", low, high)`` bounds its values too. Of a
        table or data set the names of what it has to hold. Of text the words allowed.

    Raises
    ------
    KindError, ShapeError, DataError, ConfigError
        From the calls; the message names function and argument.
    """

    def wrap(function: Any) -> Any:
        if inspect.isclass(function):
            init = wrapped(vars(function)["__init__"], function.__name__)
            type.__setattr__(function, "__init__", init)
            return function
        return wrapped(function, function.__qualname__.removesuffix(".__init__"))

    def wrapped(function: Callable, name: str) -> Callable:
        signature = inspect.signature(function)
        kinds = {
            key: _written_out(str(parameter.annotation), function.__globals__)
            for key, parameter in signature.parameters.items()
            if parameter.annotation is not parameter.empty
            and parameter.kind is not parameter.VAR_KEYWORD
        }
        for key, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                kinds[key] = f"tuple[{kinds[key]}, ...]"
        free, named = may_be_nan.split(), labels.split()

        @functools.wraps(function)
        def call(*given: Any, **by_name: Any) -> Any:
            bound = signature.bind(*given, **by_name)
            lengths: dict[str, tuple[int, str]] = {}
            for key, value in bound.arguments.items():
                if key in kinds:
                    rule = rules.get(key, USUAL.get(key))
                    door = _Door(f"{name}: {key}", rule, lengths)
                    door.nan, door.label = key in free, key in named
                    bound.arguments[key] = door.let_in(value, kinds[key])
            try:
                return function(*bound.args, **bound.kwargs)
            except MemoryError as error:
                sizes = ", ".join(bound.arguments)
                raise DataError(
                    f"{name}: the memory is too small ({error}); ask for less ({sizes})"
                ) from error

        return call

    return wrap


class _Door:
    """One argument of one call: its name, its rule, and lengths known so far."""

    nan = label = False

    @property
    def axes(self) -> str:
        """Names of the axes of an array, if the rule says any."""
        first = self.rule[0] if isinstance(self.rule, tuple) else self.rule
        return first if isinstance(first, str) else ""

    def __init__(self, name: str, rule: Any, lengths: dict[str, tuple[int, str]]):
        self.name, self.rule, self.lengths = name, rule, lengths

    def let_in(self, value: Any, kind: str) -> Any:
        """The value as the function takes it."""
        kinds = _alternatives(kind)
        if value is None and "None" in kinds:
            return None
        wrong: list[KindError] = []
        for own in kinds:
            try:
                return self.of_kind(value, own)
            except KindError as error:
                wrong += [error] * (own != "None")
        raise wrong[0]

    def of_kind(self, value: Any, kind: str) -> Any:
        outer, _, inside = kind.removesuffix("]").partition("[")
        if kind in TAKEN:
            return TAKEN[kind](self, value)
        if outer == "Literal":
            return self.one_of(value, [w.strip(" \"'") for w in inside.split(",")])
        if outer in ("Sequence", "Iterable", "list", "tuple"):
            return self.several(value, kind, inside.removesuffix(", ..."))
        if outer == "Mapping":
            return self.mapping(value, *_alternatives(inside, ","))
        if kind == "None":
            raise self.wrong(value, "None")
        return value

    def several(self, value: Any, kind: str, inside: str) -> Any:
        """A sequence, its entries one by one where they are in memory."""
        if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
            raise self.wrong(value, f"several values ({kind})")
        if not isinstance(value, list | tuple | range | np.ndarray):
            return value  # frames of a movie, which are read when they are asked for
        if isinstance(value, np.ndarray) and not value.ndim:
            raise self.wrong(value, f"several values ({kind})")
        if self.axes and not len(value):
            raise ShapeError(f"{self.name} is empty; expected at least one")
        kinds: Sequence[str] = [inside] * len(value)
        if kind.startswith("tuple[") and not kind.endswith("...]"):
            kinds = _alternatives(inside, ",")
            if len(value) != len(kinds):
                raise self.wrong(value, f"{len(kinds)} values")
        entries = enumerate(zip(value, kinds, strict=True))
        taken = [self.named(k).let_in(one, own) for k, (one, own) in entries]
        return tuple(taken) if isinstance(value, tuple) else taken

    def mapping(self, value: Any, name: str, kind: str) -> Any:
        """Names to values, each of its kind."""
        if not isinstance(value, Mapping):
            raise self.wrong(value, "a mapping of names to values")
        for key in value:
            _Door(f"a name in {self.name}", None, {}).let_in(key, name)
        return {key: self.named(key).let_in(own, kind) for key, own in value.items()}

    def named(self, key: Any) -> _Door:
        """The door of one entry."""
        door = _Door(f"{self.name}[{key!r}]", self.rule, self.lengths)
        door.nan, door.label = self.nan, self.label
        return door

    def number(self, value: Any) -> float:
        if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
            if not (isinstance(value, np.ndarray) and value.shape == ()):
                raise self.wrong(value, "a number")
            return self.number(value[()])
        # Whole numbers of Python may be larger than any float.
        real: Any = value.item() if isinstance(value, np.generic) else value
        found = float(real) if abs(real) <= LARGEST or real != real else math.inf
        if not (self.nan or abs(found) <= LARGEST):
            raise DataError(f"{self.name} is {found}; expected a finite number")
        self.bounds(found)
        return found

    def whole(self, value: Any) -> int:
        if isinstance(value, np.ndarray) and value.shape == ():
            value = value[()]
        truth = isinstance(value, bool | np.bool_)
        if truth or not isinstance(value, numbers.Integral):
            raise self.wrong(value, "a whole number")
        self.bounds(int(value))
        return int(value)

    def bounds(self, value: float) -> None:
        if not isinstance(self.rule, tuple):
            return
        low, high = self.rule[-2:]
        if not (low <= value <= high or (self.nan and math.isnan(value))):
            raise DataError(f"{self.name} is {value}; expected {low:g} to {high:g}")

    def truth(self, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise self.wrong(value, "True or False")
        return bool(value)

    def text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.wrong(value, "text")
        bounds = isinstance(self.rule, tuple) and not isinstance(self.rule[-1], str)
        if self.rule and not bounds:  # which are of numbers in its place
            return self.one_of(value, self.rule)
        return str(value)

    def one_of(self, value: Any, words: Sequence[str]) -> Any:
        if not isinstance(value, str):
            raise self.wrong(value, f"one of {', '.join(words)}")
        if value not in words:
            raise ConfigError(
                f"{self.name} is {_shown(value)}; expected one of {', '.join(words)}"
            )
        return value

    def path(self, value: Any) -> Any:
        if not isinstance(value, str | os.PathLike):
            raise self.wrong(value, "a path")
        name = os.fsencode(value)
        if max(map(len, name.split(os.sep.encode()))) > LONGEST or b"\0" in name:
            raise DataError(
                f"{self.name} is {_shown(value)}; expected a path whose names have up "
                f"to {LONGEST} bytes"
            )
        return value

    def table(self, value: Any) -> Any:
        if not hasattr(value, "columns") or not hasattr(value, "iloc"):
            raise self.wrong(value, "a table (pandas DataFrame)")
        return self.holds(value, value.columns, "columns")

    def dataset(self, value: Any) -> Any:
        if not hasattr(value, "data_vars"):
            raise self.wrong(value, "a data set (xarray)")
        return self.holds(value, value.variables, "variables")

    def holds(self, value: Any, held: Any, what: str) -> Any:
        missing = [name for name in sorted(self.rule or ()) if name not in held]
        if missing:
            raise DataError(
                f"{self.name} lacks {', '.join(missing)}; it has "
                f"{', '.join(map(str, held)) or f'no {what}'}"
            )
        for name in sorted(self.rule or ()):
            if what == "columns" and not self.nan:
                self.column(value[name], f"{self.name}[{name!r}]")
        return value

    def column(self, values: Any, name: str) -> None:
        if values.dtype.kind not in "fiub":
            raise KindError(f"{name} is of dtype {values.dtype}; expected numbers")
        bad = ~np.isfinite(np.asarray(values, float))
        if bad.any():
            raise DataError(
                f"{name} is not finite in row {int(bad.argmax())} ({bad.sum()} of "
                f"{len(bad)} rows); leave them out"
            )

    def array(self, value: Any) -> np.ndarray:
        """Real, finite, native, of the shape that the rule says."""
        data = _array(value, self.name, self.label)
        if not data.ndim:
            raise self.wrong(value, "an array")
        if self.axes:
            self.shape(data)
        finite, bounded = (
            data.dtype.kind == "f" and not self.nan,
            isinstance(self.rule, tuple),
        )
        if not data.size or not (finite or bounded):
            return data
        # Whatever is not finite shows in one of the two: NaN is in both.
        ends = float(data.min()), float(data.max())
        if finite and not np.isfinite(ends).all():
            at = [int(k) for k in np.argwhere(~np.isfinite(data))[0]]
            raise DataError(
                f"{self.name}{at} is {data[tuple(at)]}; expected finite numbers "
                f"({int((~np.isfinite(data)).sum())} of {data.size} are none): repair "
                "them or leave them out"
            )
        if bounded:
            for end in ends:
                self.bounds(end)
        return data

    def shape(self, data: np.ndarray) -> None:
        names = self.axes.split()
        before, after = names[:1] == ["..."], names[-1:] == ["..."]
        names = [name for name in names if name != "..."]
        more = before or after
        fits = data.ndim >= len(names) if more else data.ndim == len(names)
        if not fits:
            raise ShapeError(
                f"{self.name} has shape {data.shape}; expected ({', '.join(names)})"
                f"{', perhaps of more' * more}"
            )
        first = 0 if after else data.ndim - len(names)
        own = data.shape[first : first + len(names)]
        for name, length in zip(names, own, strict=True):
            if not (length or name.endswith("*")):
                raise ShapeError(
                    f"{self.name} has shape {data.shape}, and is empty; expected "
                    f"({', '.join(names)})"
                )
            known, of = self.lengths.setdefault(name.rstrip("*"), (length, self.name))
            if name.isdigit():
                known, of = int(name), "always"
            if length != known:
                raise ShapeError(
                    f"{self.name} has shape {data.shape}; expected {known} for {name} "
                    f"({of if of == 'always' else 'as of ' + of.partition(': ')[2]})"
                )

    def wrong(self, value: Any, expected: str) -> KindError:
        return KindError(f"{self.name} is {_shown(value)}; expected {expected}")


TAKEN: dict[str, Callable[[_Door, Any], Any]] = {
    "np.ndarray": _Door.array,
    "ArrayLike": _Door.array,
    "float": _Door.number,
    "int": _Door.whole,
    "bool": _Door.truth,
    "str": _Door.text,
    "io.PathLike": _Door.path,
    "pd.DataFrame": _Door.table,
    "xr.Dataset": _Door.dataset,
}


def _array(value: Any, name: str, label: bool) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if np.ma.is_masked(value):
        raise DataError(f"{name} has masked values; fill them, or leave them out")
    try:
        data = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ShapeError(
            f"{name} is no array ({error}); expected numbers of one shape"
        ) from error
    if data.dtype.kind not in ("fiubUSO" if label else "fiub"):
        raise KindError(
            f"{name} is {_shown(value)}"
            + (f" of dtype {data.dtype}" if data.ndim else "")
            + "; expected an array of real numbers"
        )
    if data.dtype.kind == "f" and data.dtype.itemsize not in (4, 8):
        data = data.astype(np.float32 if data.dtype.itemsize < 4 else np.float64)
    # FITS files are big-endian, and compiled loops are of one order.
    return data if data.dtype.isnative else data.astype(data.dtype.newbyteorder("="))


def _written_out(kind: str, names: Mapping[str, Any]) -> str:
    """An annotation, or what its name stands for in the function's module."""
    alias = names.get(kind)
    if alias is None or inspect.isclass(alias):
        return kind
    text = re.sub(r"(collections\.abc|typing|builtins)\.", "", str(alias))
    text = text.replace("numpy.", "np.")
    if text.startswith("Union["):
        text = " | ".join(_alternatives(text[6:-1], ","))
    return text


@functools.cache
def _alternatives(kind: str, between: str = "|") -> tuple[str, ...]:
    """``A | B`` as its parts, brackets left whole."""
    parts, depth = [""], 0
    for letter in kind:
        depth += (letter == "[") - (letter == "]")
        if letter == between and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return tuple(part.strip() for part in parts)


def _shown(value: Any) -> str:
    """A value in a few words, whatever it is."""
    if isinstance(value, str | int | float | np.generic | None):
        text = repr(value)
        return text if len(text) < 60 else f"{text[:57]}..."
    return f"of type {type(value).__name__}"
