"""What a model says of itself: its samples, its targets, how good it is, its story."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from awd import io
from awd.errors import ConfigError, ShapeError
from awd.portable.record import Part, finite
from awd.samples import behaved, real

AXIS, VALUES = 1 << 24, 1 << 26  # of one sample: longest axis, most values
FLOATS = np.dtype("f4"), np.dtype("f8")
Role = Literal["model", "network", "rival", "control"]
ROLES: tuple[Role, ...] = ("model", "network", "rival", "control")


@dataclass(frozen=True)
class Sample:
    """What one sample is.

    Parameters
    ----------
    dims : {1, 2}
        Axes that are transformed, the last ones: signals or images.
    shape : tuple of int
        (time,) or (channel, time); (channel, y, x).
    channels : tuple of str, optional
        Names of the channels: what each shows, such as the window of a track.
    unit : str
        Of the values.
    step : float
        Between two samples of a signal, or pixels of an image.
    step_unit : str
        Of the step: "s", "arcmin"; "sample" where nothing is known.
    centre, spread : tuple of float, optional
        Of every channel, in its unit: what is taken from a sample before it is
        transformed, and what it is divided by. Without them a sample is read as it is.
    """

    dims: int
    shape: tuple[int, ...]
    channels: tuple[str, ...] = ()
    unit: str = ""
    step: float = 1.0
    step_unit: str = "sample"
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        axes = (1, 2) if self.dims == 1 else (3,)
        fits = self.dims in (1, 2) and len(self.shape) in axes
        if not fits or min(self.shape) < 1 or max(self.shape) > AXIS:
            raise ShapeError(
                f"samples have dims {self.dims} and shape {self.shape}; expected dims "
                "1 with (time,) or (channel, time), or dims 2 with (channel, y, x)"
            )
        if self.size > VALUES:
            raise ShapeError(f"one sample has {self.size} values; at most {VALUES}")
        if self.channels and len(self.channels) != self.width:
            raise ShapeError(
                f"{len(self.channels)} channels are named, samples have {self.width}"
            )
        if not 0 < self.step < np.inf:
            raise ConfigError(f"step is {self.step}; expected a positive number")
        scaled = self.width if self.centre or self.spread else 0
        if not len(self.centre) == len(self.spread) == scaled:
            raise ConfigError(
                f"centre has {len(self.centre)} numbers and spread {len(self.spread)}; "
                f"expected one of each for every channel, {self.width}, or none"
            )
        if not all(0 < value < np.inf for value in self.spread):
            raise ConfigError(f"spread is {self.spread}; expected positive numbers")

    @classmethod
    def of(cls, x: np.ndarray, dims: int | None = None, **described: Any) -> Self:
        """Of an array (n, ...), and what else is known of it.

        Without ``dims`` it is read as (n, time), (n, channel, time) or
        (n, channel, y, x); with ``dims=2`` images may lack the axis of channels.
        """
        shape = tuple(np.shape(x)[1:])
        dims = dims or (2 if len(shape) == 3 else 1)
        if dims == 2 and len(shape) == 2:
            shape = 1, *shape
        return cls(dims, shape, **described)

    @property
    def plane(self) -> tuple[int, ...]:
        """The axes that are transformed."""
        return self.shape[-self.dims :]

    @property
    def width(self) -> int:
        """Number of channels."""
        return self.shape[0] if len(self.shape) > self.dims else 1

    @property
    def size(self) -> int:
        """Values of one sample."""
        return int(np.prod(self.shape, dtype=float))

    def taken(self, x: Any) -> np.ndarray:
        """Samples as they are transformed: ``(n, *shape)``, of floats, writable.

        An axis of a single channel may be missing, or be there in excess.

        Raises
        ------
        ShapeError
            ``x`` holds no real numbers, or samples of another shape.
        """
        # What is as expected already goes on without a look: a call takes microseconds.
        if type(x) is not np.ndarray:
            x = real(x, "x")
        if x.shape[1:] != self.shape or x.dtype not in FLOATS or not len(x):
            x = self._fitted(x)
        if self.spread:
            x = (x - self.columns(self.centre, x)) / self.columns(self.spread, x)
        return behaved(x)

    def columns(self, values: tuple[float, ...], x: np.ndarray) -> np.ndarray:
        """One number a channel in the shape that goes with samples ``(n, *shape)``."""
        axes = (1,) * self.dims if len(self.shape) > self.dims else ()
        return np.reshape(values, (-1, *axes)).astype(x.dtype)

    def _fitted(self, x: np.ndarray) -> np.ndarray:
        expected = f"(n, {', '.join(map(str, self.shape))})"
        x = real(x, "x")
        if x.shape[1:] != self.shape:
            if not x.ndim or self._bare(x.shape[1:]) != self._bare(self.shape):
                hint = "; a single sample is x[None]" if x.shape == self.shape else ""
                raise ShapeError(f"x is {x.shape}; expected samples {expected}{hint}")
            x = x.reshape(len(x), *self.shape)
        if not len(x):
            raise ShapeError(f"x is empty; expected samples {expected}")
        return x

    def _bare(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape[1:] if len(shape) == self.dims + 1 and shape[0] == 1 else shape

    @classmethod
    def read(cls, part: Part) -> Self:
        """From a file."""
        found = cls(
            part.whole("dims", 1, 2),
            part.wholes("shape", 1, AXIS, most=3),
            tuple(part.texts("channels")),
            part.text("unit"),
            part.number("step"),
            part.text("step_unit"),
            tuple(part.numbers("centre", -1).tolist()),
            tuple(part.numbers("spread", -1).tolist()),
        )
        part.finish()
        return found


@dataclass(frozen=True)
class Target:
    """What is predicted, and its unit."""

    name: str = "prediction"
    unit: str = ""

    @classmethod
    def read(cls, part: Part) -> Self:
        """From a file."""
        found = cls(part.text("name"), part.text("unit"))
        part.finish()
        return found


@dataclass(frozen=True)
class Score:
    """How good something is on samples that nothing was fitted to.

    Parameters
    ----------
    name : str
        Of the method.
    role : {"model", "network", "rival", "control"}
        This model; the network it was distilled from; what needs no network; what a
        network cannot have taught (an untrained one, labels shuffled, a named wavelet).
    metric : str
        "R2", "accuracy" ...; larger is better.
    value, low, high : float
        The score and its 95 % interval.
    on : str
        Which samples, and what the interval is over: "8 cells, bootstrap over tiles".
    difference : tuple of float, optional
        This model's score minus this one, on the same samples: value, low, high.
    """

    name: str
    role: Role
    metric: str
    value: float
    low: float
    high: float
    on: str = ""
    difference: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        rows = [(self.low, self.value, self.high)]
        if self.difference is not None:
            value, low, high = self.difference
            rows.append((low, value, high))
        if self.role not in ROLES or not all(a <= b <= c for a, b, c in rows):
            raise ConfigError(
                f"{self}: expected low <= value <= high and a role of "
                f"{', '.join(ROLES)}"
            )

    @classmethod
    def read(cls, part: Part) -> Self:
        """From a file."""
        paired = None
        if not part.absent("difference"):
            value, low, high = part.numbers("difference", 3).tolist()
            paired = value, low, high
        found = cls(
            part.text("name"),
            part.choice("role", ROLES),
            part.text("metric"),
            part.number("value"),
            part.number("low"),
            part.number("high"),
            part.text("on"),
            paired,
        )
        part.finish()
        return found


@dataclass(frozen=True)
class Story:
    """Where a model comes from, in plain words; what is not known stays empty.

    Parameters
    ----------
    name : str
    data : str
        Samples on which it was distilled: "4,000 tracks of 8 simulated cells".
    network : str
        What was distilled: "LSTM, 2,341 weights, trained on the same cells".
    fitted_to : str
        "labels", "the network's outputs", "half labels, half outputs".
    fails : tuple of str
        Where it is known to fail, a sentence each.
    """

    name: str = "awd model"
    data: str = ""
    network: str = ""
    fitted_to: str = ""
    fails: tuple[str, ...] = ()

    @classmethod
    def read(cls, part: Part) -> Self:
        """From a file."""
        found = cls(
            part.text("name"),
            part.text("data"),
            part.text("network"),
            part.text("fitted_to"),
            tuple(part.texts("fails")),
        )
        part.finish()
        return found


def plain(value: Any) -> dict[str, Any]:
    """One of these as JSON holds it."""
    return {
        key: list(item) if isinstance(item, tuple) else item
        for key, item in dataclasses.asdict(value).items()
    }


def jsonable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with numpy's numbers and arrays as JSON holds them.

    Raises
    ------
    ConfigError
        It holds what JSON does not.
    """
    try:
        return json.loads(io.dumps(values), parse_constant=finite)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"the provenance has no JSON form ({error}); give texts, finite numbers, "
            "lists and dicts of them"
        ) from error
