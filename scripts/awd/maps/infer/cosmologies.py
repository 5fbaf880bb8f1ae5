"""The cosmologies of training maps: which map has which, and the box they stand for."""

from __future__ import annotations

import numpy as np

from awd.arguments import checked
from awd.errors import DataError


@checked(parameters="n p")
def box(parameters: np.ndarray) -> list[tuple[float, float]]:
    """Lowest and highest of every parameter that cosmologies (n, p) stand for.

    Half of their mean spacing beyond the first and the last: were it their range, these
    would lie at its edge, where no interval holds them. Spacings are of logarithms, but
    of what is not positive; 0 is not passed.
    """
    found = []
    for values in map(np.unique, parameters.T):
        positive = values[0] > 0
        ends = np.log(values[[0, -1]]) if positive else values[[0, -1]].astype(float)
        half = (ends[1] - ends[0]) / max(len(values) - 1, 1) / 2
        low, high = ends[0] - half, ends[1] + half
        if positive:
            low, high = np.exp([low, high])
        elif values[0] == 0:
            low = 0.0
        found.append((float(low), float(high)))
    return found


def alone(own: np.ndarray) -> bool:
    """Whether maps hardly share cosmologies, of which ``own`` holds each map's."""
    return len(own) < 2 * len(np.unique(own))


def scaled(parameters: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Logarithms of parameters (n, p), but of those whose box reaches down to 0."""
    positive = bounds[:, 0] > 0
    out = np.array(parameters, float)
    out[:, positive] = np.log(out[:, positive])
    return out


@checked(features="n d", parameters="n p")
def grouped(
    features: np.ndarray, parameters: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index of every map's cosmology, parameters of the cosmologies, mean features.

    Raises
    ------
    ShapeError, DataError
        Lengths differ, all maps are of one cosmology, or have the same features.
    """
    if not np.ptp(features, 0).any():
        raise DataError("features are the same for all maps; check what made them")
    cosmologies, own = np.unique(parameters, axis=0, return_inverse=True)
    if len(cosmologies) < 2:
        raise DataError(
            "all maps are of one cosmology; to tell cosmologies apart takes at least 2"
        )
    own = own.ravel()
    means = np.stack([features[own == k].mean(0) for k in range(len(cosmologies))])
    return own, cosmologies, means
