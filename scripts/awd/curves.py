"""A fitted head as one curve a feature; needs numpy alone, as a model at home does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Curves(NamedTuple):
    """A fitted head as a sum of curves.

    Attributes
    ----------
    knots : ndarray of shape (k, features)
        Where every curve bends, in the unit of its feature; k is 0 for lines.
    slopes : ndarray of shape (1 + k, features)
        Slope below the first knot, and by how much it changes at each knot.
    intercept : float
    usual : ndarray of shape (features,) or None
        Mean of every curve over the training samples, where the head knows it.
    """

    knots: np.ndarray
    slopes: np.ndarray
    intercept: float
    usual: np.ndarray | None

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """What every feature adds, (n, features) to (n, features)."""
        added = self.slopes[0] * features
        for knot, slope in zip(self.knots, self.slopes[1:], strict=True):
            added += slope * np.maximum(features - knot, 0)
        return added
