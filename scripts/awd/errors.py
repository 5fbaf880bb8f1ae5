"""Every error a user can cause: what, got, expected, next step."""


class AwdError(Exception):
    """Base of all errors raised on purpose; ``except AwdError`` catches them all."""


class ShapeError(AwdError, ValueError):
    """An array has the wrong shape, length or dtype."""


class DataError(AwdError, ValueError):
    """The values of an array, table or file are not usable."""


class WaveletError(AwdError, ValueError):
    """A filter misses a condition that a wavelet must meet."""


class ConfigError(AwdError, ValueError):
    """The configuration has mistakes; the message lists all of them."""


class MissingInput(AwdError, FileNotFoundError):
    """An input file, or an optional package, is not there."""


class DeviceError(AwdError, RuntimeError):
    """The device asked for does not exist on this machine."""
