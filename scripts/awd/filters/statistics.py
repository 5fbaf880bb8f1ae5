"""What can be told of a band as a whole, which ``undecimated.summary`` finds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awd.errors import ConfigError

# Titles, in the order of the loop that finds them.
STATISTICS = {
    "spread": "strength",  # s.d. of its coefficients
    "centre": "centre in time",  # mean time of their absolute values
    "width": "width in time",  # s.d. in time of the same
    "above": "mean above 0",  # of max(coefficient, 0)
    "rise": "time above 0",  # mean time of the same
    "fall": "time below 0",  # and of max(-coefficient, 0)
    "first": "first third of the mean",  # sum there over all samples
    "middle": "middle third of the mean",
    "last": "last third of the mean",
}


def require(names: Sequence[str]) -> None:
    """Raise ``ConfigError`` unless these are different statistics."""
    if len({*names} & {*STATISTICS}) < len(names):
        raise ConfigError(
            f"statistics is {', '.join(map(str, names))}; expected each once, of "
            f"{', '.join(STATISTICS)}"
        )


def numbered(names: Sequence[str]) -> np.ndarray:
    """Places of statistics among all, as loops know them."""
    known = list(STATISTICS)
    return np.array([known.index(name) for name in names], np.int64)
