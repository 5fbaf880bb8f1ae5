"""Size of a pixel and time between frames: what files say, and which value holds.

The one place where sources are set against each other. What the user says counts, and
where files say something else that is logged. Files that contradict each other are
refused with all they say, and so is a value that no light microscope has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np

from awd import io
from awd.errors import DataError
from awd.log import log

NM = {
    "nm": 1.0,
    "nanometer": 1.0,
    "nanometre": 1.0,
    "um": 1e3,
    "µm": 1e3,
    "micron": 1e3,
    "micrometer": 1e3,
    "micrometre": 1e3,
    "mm": 1e6,
    "millimeter": 1e6,
    "millimetre": 1e6,
    "cm": 1e7,
    "centimeter": 1e7,
    "centimetre": 1e7,
    "inch": 2.54e7,
    "inche": 2.54e7,
    "m": 1e9,
    "meter": 1e9,
    "metre": 1e9,
    "å": 0.1,
    "angstrom": 0.1,
    "ångström": 0.1,
}
SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
}
PIXELS = {"", "pixel", "px", "pix"}  # units of no size
ALIKE = 0.05  # by which two sources may differ: a camera does not keep its time exactly
First = TypeVar("First")
Second = TypeVar("Second")
STEADY = 0.5  # and a single time between frames from their median


@dataclass(frozen=True)
class Quantity:
    """A number that both users and files say, and the range that it can have."""

    what: str
    option: str
    unit: str
    low: float
    high: float


PIXEL = Quantity("size of a pixel", "pixel_nm", "nm", 10, 20_000)
INTERVAL = Quantity("time between frames", "interval_s", "s", 1e-5, 86_400)


@dataclass
class Calibration:
    """What one file says: values by the name of what says them, and what is unclear.

    Pixels are in nm, intervals in s.
    """

    pixel: dict[str, float] = field(default_factory=dict)
    interval: dict[str, float] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)

    def values(self, quantity: Quantity) -> dict[str, float]:
        """What is said of one quantity, by the name of what says it."""
        return self.pixel if quantity is PIXEL else self.interval

    def add_pixel(self, source: str, value: object, unit: object) -> None:
        """A size of a pixel in a unit of length; pixels as unit say nothing."""
        self._add(self.pixel, source, value, unit, NM)

    def add_interval(self, source: str, value: object, unit: object = "s") -> None:
        """A time between frames in a unit of time."""
        self._add(self.interval, source, value, unit, SECONDS)

    def add_times(self, source: str, times: Iterable[float], unit: object) -> None:
        """Times of all frames: their median step, and whether one is far from it."""
        steps = np.diff(np.asarray(list(times), float))
        if not len(steps) or not np.isfinite(steps).all() or steps.max() <= 0:
            return
        usual = float(np.median(steps))
        far = int(np.abs(steps - usual).argmax())
        if abs(steps[far] - usual) > STEADY * usual:
            # Two values of one source: whoever asks for the interval sees both.
            self._add(self.interval, f"{source}, of most frames", usual, unit, SECONDS)
            source = f"{source}, from frame {far} to {far + 1}"
            self._add(self.interval, source, float(steps[far]), unit, SECONDS)
        else:
            self._add(self.interval, source, usual, unit, SECONDS)

    def _add(
        self,
        values: dict[str, float],
        source: str,
        value: object,
        unit: object,
        units: dict[str, float],
    ) -> None:
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return
        name = plain(unit)
        if not (math.isfinite(number) and number > 0) or name in PIXELS:
            return
        if name not in units:
            self.unclear.append(
                f"{source} is {number:g} {unit}, a unit that is not known"
            )
            return
        values[source] = number * units[name]


def plain(unit: object) -> str:
    """A unit as tables of units have it: lower case, singular, one kind of micro."""
    text = str(unit or "").strip().strip("()[]").replace("\\u00B5", "µ")
    text = text.replace("μ", "µ").replace("\\u00b5", "µ")
    name = text.lower().rstrip(".")
    if name in NM or name in SECONDS or name in PIXELS:
        return name
    return name.removesuffix("s")


def agreed(
    quantity: Quantity,
    given: float | None,
    sources: dict[str, float],
    unclear: list[str],
) -> float:
    """The value that holds.

    Parameters
    ----------
    quantity : Quantity
    given : float, optional
        What the user says.
    sources : dict of str to float
        What files say, by file and name.
    unclear : list of str
        What they say that is not understood.

    Raises
    ------
    DataError
        Nobody says it, files contradict each other, or it is out of range.
    """
    q = quantity
    if given is not None:
        _require_possible(q, given, q.option)
        for source, value in sources.items():
            if abs(value - given) > ALIKE * given:
                log.warning(
                    f"{source}: says {value:g} {q.unit} for the {q.what}; "
                    f"{q.option}: {given:g} is taken"
                )
        return float(given)
    if not sources:
        why = f" ({unclear[0]})" if unclear else ""
        raise DataError(f"the metadata do not say the {q.what}{why}; give {q.option}")
    ordered = sorted(sources.items(), key=lambda item: item[1])
    (least, low), (most, high) = ordered[0], ordered[-1]
    if high - low > ALIKE * low:
        raise DataError(
            f"the {q.what} is {low:g} {q.unit} by {least} and {high:g} {q.unit} by "
            f"{most}; give the right one as {q.option}"
        )
    source, value = next(iter(sources.items()))
    _require_possible(q, value, source)
    return value


def required(
    path: io.PathLike, frame_interval_s: float | None, pixel_nm: float | None
) -> tuple[float, float]:
    """Both scales of a file that does not say them.

    Raises
    ------
    DataError
        One is not given, or impossible.
    """
    return together(
        path,
        lambda: agreed(INTERVAL, frame_interval_s, {}, []),
        lambda: agreed(PIXEL, pixel_nm, {}, []),
    )


def together(
    path: io.PathLike, first: Callable[[], First], second: Callable[[], Second]
) -> tuple[First, Second]:
    """Two answers about a file; what is wrong with both is said at once.

    Raises
    ------
    DataError
    """
    answers: list[First | Second] = []
    problems = []
    for ask in (first, second):
        try:
            answers.append(ask())
        except DataError as error:
            problems.append(str(error).removeprefix(f"{path}: "))
    if problems:
        raise DataError(f"{path}: {'. And '.join(problems)}")
    return cast("tuple[First, Second]", tuple(answers))


def _require_possible(q: Quantity, value: float, source: str) -> None:
    if not (math.isfinite(value) and q.low <= value <= q.high):
        thousand = [f for f in (1e3, 1e-3) if q.low <= value * f <= q.high]
        meant = f"; did you mean {value * thousand[0]:g}?" if thousand else ""
        raise DataError(
            f"the {q.what} is {value:g} {q.unit} by {source}; expected {q.low:g} to "
            f"{q.high:g}{meant}"
        )
