"""Every error a user can cause: what, got, expected, next step."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator

LONGEST = 500  # characters of a message, or of one line of a list of mistakes
MOST = 40  # lines of a list of mistakes


class AwdError(Exception):
    """Base of all errors raised on purpose; ``except AwdError`` catches them all."""

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(message))


class ShapeError(AwdError, ValueError):
    """An array has the wrong shape, length or dtype."""


class KindError(AwdError, TypeError):
    """An argument is of a kind that does not hold numbers."""


class DataError(AwdError, ValueError):
    """The values of an array, table or file are not usable."""


class WaveletError(AwdError, ValueError):
    """A filter misses a condition that a wavelet must meet."""


class ConfigError(AwdError, ValueError):
    """The configuration has mistakes; the message lists all of them."""

    def __init__(self, message: str = "") -> None:
        lines = [shortened(line) for line in message.splitlines()]
        rest = len(lines) - MOST
        if rest > 0:
            lines[MOST:] = [f"  and {rest} more"]
        Exception.__init__(self, "\n".join(lines))


class MissingInput(AwdError, FileNotFoundError):
    """An input file, or an optional package, is not there."""


class StorageError(AwdError, OSError):
    """A disk, or who may write to it, keeps a file from being read or written."""


class DeviceError(AwdError, RuntimeError):
    """The device asked for does not exist on this machine."""


def shortened(text: str, most: int = LONGEST) -> str:
    """``text`` without its middle where it is longer: what and remedy stand at ends."""
    if len(text) <= most:
        return text
    half = (most - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


@contextlib.contextmanager
def about(where: str) -> Iterator[None]:
    """Put the name of a file or function before errors that do not hold it."""
    try:
        yield
    except AwdError as error:
        if where in str(error):
            raise
        raise type(error)(f"{where}: {error}") from error


def warn(message: str) -> None:
    """Warn at the line of the user's code that called the library."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and _inside(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def _inside(module: str) -> bool:
    return module.split(".")[0] in ("awd", "contextlib")
