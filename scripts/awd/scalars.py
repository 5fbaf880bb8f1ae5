"""Single arguments of public functions: each is checked where it comes in.

Arrays are checked by :mod:`awd.samples`. numpy's numbers count as Python's; what is
returned is of Python always, whatever the caller has.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from awd.errors import ConfigError, shortened

MOST = 10**9  # of anything that is counted
LARGEST = 1e300  # of any number
SQUARED = 1e100  # of a number whose square, and sums of these, are numbers too
SEEDS = 2**64 - 1  # the largest


def whole(value: Any, name: str, least: int = 1, most: int = MOST) -> int:
    """An integer within bounds.

    Raises
    ------
    ConfigError
        It is none, a boolean among them, or lies outside.
    """
    value = _single(value)
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or not least <= value <= most:
        above = "" if most >= MOST else f", and at most {most}"
        raise ConfigError(
            f"{name} is {shown(value)}; expected an integer of at least {least}{above}"
        )
    return int(value)


def several(values: Any, name: str) -> list[Any]:
    """What stands in a sequence, or a single value as one.

    Raises
    ------
    ConfigError
        It is empty.
    """
    if isinstance(values, np.ndarray):
        values = list(values) if values.ndim else values[()]
    if not isinstance(values, list | tuple | range):
        return [values]
    if not values:
        raise ConfigError(f"{name} is empty; expected one value, or several")
    return list(values)


def wholes(values: Any, name: str, least: int = 1, most: int = MOST) -> list[int]:
    """An integer or several, within bounds; errors as of :func:`whole`."""
    return [whole(value, name, least, most) for value in several(values, name)]


def number(
    value: Any, name: str, least: float = -np.inf, most: float = np.inf
) -> float:
    """A real number that is not NaN, within bounds.

    Raises
    ------
    ConfigError
        It is none, or lies outside.
    """
    value = _single(value)
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    # Whole numbers of Python may be larger than any float.
    whole = real and isinstance(value, int) and abs(value) > LARGEST
    if not real or whole or not least <= value <= most:
        bounds = "" if least == -np.inf else f" of at least {least:g}"
        bounds += "" if most == np.inf else f", at most {most:g}"
        raise ConfigError(f"{name} is {shown(value)}; expected a number{bounds}")
    return float(value)


def _single(value: Any) -> Any:
    """What stands in an array without axes; anything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def text(value: Any, name: str) -> str:
    """A text; ConfigError where it is none."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} is {shown(value)}; expected text")
    return value


def positive(value: Any, name: str, hint: str = "") -> float:
    """A finite number above 0; errors as of :func:`number`."""
    if not 0 < number(value, name) < np.inf:
        raise ConfigError(f"{name} is {value}; expected a number above 0{hint}")
    return float(value)


def ascending(
    values: Any, name: str, least: float = 0, most: float = np.inf
) -> np.ndarray:
    """A number or several within bounds, from small to large, (n,).

    Raises
    ------
    ConfigError
        There is none, or not all are numbers.
    """
    return np.sort([number(v, name, least, most) for v in several(values, name)])


def chosen(value: Any, name: str, known: Iterable[str]) -> str:
    """One of the names that are known.

    Raises
    ------
    ConfigError
        It is none of them.
    """
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise ConfigError(
            f"{name} is {shown(value)}; expected one of {', '.join(names)}"
        )
    return value


def generator(random_state: Any) -> np.random.Generator:
    """The generator of a seed, or the one that is given.

    Raises
    ------
    ConfigError
        It is neither.
    """
    random_state = _single(random_state)
    if isinstance(random_state, np.random.Generator):
        return random_state
    seed = isinstance(random_state, int | np.integer)
    if not seed or isinstance(random_state, bool) or random_state < 0:
        raise ConfigError(
            f"random_state is {shown(random_state)}; expected an integer of at least "
            "0, or a numpy.random.Generator"
        )
    return np.random.default_rng(random_state)


def shown(value: Any) -> str:
    """A value as it is written in Python, not longer than an error can bear."""
    return shortened(repr(value), 80)
