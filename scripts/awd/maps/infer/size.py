"""Whether there are maps enough for what is to be inferred from them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from awd.maps.infer.likelihood import fewest

MOST = 2000  # features: time grows with their cube, to some minutes a statistic
FOLDS = 6  # of the cosmologies, each predicted by emulators that never saw it


def degree_for(cosmologies: int, names: int = 2) -> int:
    """Degree of the emulator's polynomial, up to 3: 0 where there are too few for any.

    Parameters
    ----------
    cosmologies : int
        That train.
    names : int
        Parameters that are inferred.
    """
    for degree, share in ((3, 2.0), (2, 5 / 3)):
        if cosmologies >= share * terms(degree, names):
            return degree
    return int(cosmologies > terms(1, names))


def terms(degree: int, names: int) -> int:
    """Of a polynomial in so many parameters."""
    return math.comb(degree + names, names)


def fewest_cosmologies(names: int) -> int:
    """So many that a sixth of them can be left out."""
    count = terms(1, names) + 1
    while count - math.ceil(count / min(FOLDS, count)) <= terms(1, names):
        count += 1
    return count


def problem(
    cosmologies: int,
    maps: int,
    names: int,
    features: Mapping[str, int],
    covariance: str,
) -> str:
    """What the maps are too few for; empty if they are not.

    Parameters
    ----------
    cosmologies : int
    maps : int
        Training maps of all cosmologies together.
    names : int
        Parameters that are inferred together.
    features : mapping
        Of every statistic.
    covariance : {"auto", "pooled", "shrunk"}
    """
    least = fewest_cosmologies(names)
    if cosmologies < least:
        return (
            f"{cosmologies} cosmologies for {names} parameters; an emulator that "
            f"leaves a sixth of them out needs at least {least}"
        )
    if maps < 2 * terms(1, names) + 10:
        return (
            f"{maps} training maps of {cosmologies} cosmologies; to learn how maps "
            f"deviate takes at least {2 * terms(1, names) + 10}"
        )
    name, most = max(features.items(), key=lambda pair: pair[1], default=("", 0))
    free = int(maps * 4 / 5) - cosmologies  # a fifth is held out
    if covariance == "pooled" and free < fewest(most):
        return (
            f"{maps} training maps of {cosmologies} cosmologies for the {most} "
            f"features of {name}; a pooled covariance needs "
            f"{math.ceil((fewest(most) + cosmologies) * 5 / 4)}: take maps.covariance: "
            "auto, or fewer maps.bins"
        )
    return ""
