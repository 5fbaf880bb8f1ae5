"""Likelihoods of features whose covariance is estimated from few maps.

Two ways to be honest about that. The covariance as it is found, and a t distribution
in place of a Gaussian one: its exponent makes intervals hold the truth as often as they
say (Sellentin & Heavens 2016, arXiv 1511.05969; Percival, Friedrich, Sellentin, Heavens
2022, arXiv 2108.10402, eq. 54). Or a covariance that is shrunk towards one without
correlations (Ledoit & Wolf 2004), which serves even where features outnumber maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from awd.arguments import checked
from awd.errors import ConfigError, DataError

Covariance = Literal["pooled", "shrunk", "per"]
LEVELS = (0.68, 0.95)  # of the intervals that coverage is counted for


@dataclass(frozen=True)
class Likelihood:
    """Of features about their expected values.

    Attributes
    ----------
    white : ndarray of shape (d, rank)
        W with W W^T the inverse covariance.
    free : float
        Degrees of freedom of the covariance; infinite: Gaussian.
    names : int
        Parameters that are inferred.
    temper : float
        Divides squared distances.
    """

    white: np.ndarray
    free: float
    names: int
    temper: float = 1.0

    @property
    def power(self) -> float:
        """Exponent of the t distribution, m of Percival et al. (2022)."""
        size, free = self.white.shape[1], self.free
        spare = free - size - 1  # simulations less features less 2
        lost = spare / ((spare + 1) * (spare - 2)) * max(size - self.names, 0)
        return self.names + 2 + (free + lost) / (1 + lost)

    @checked(features="n d")
    def chi2(self, features: np.ndarray, means: np.ndarray) -> np.ndarray:
        """Squared distances (n, means), in units of the noise."""
        return distances(features, means, self.white) / self.temper

    def log(self, chi2: np.ndarray) -> np.ndarray:
        """Logarithm of the likelihood up to a constant."""
        if np.isinf(self.free):
            return -0.5 * chi2
        return -0.5 * self.power * np.log1p(chi2 / self.free)


def estimated(
    spread: np.ndarray, means: int, names: int, covariance: str
) -> Likelihood:
    """The likelihood of deviations (n, d) about ``means`` fitted means.

    Raises
    ------
    DataError
        Too few maps for a covariance that is not shrunk.
    """
    if covariance == "shrunk":
        return Likelihood(whitener(spread, means, shrunk=True), np.inf, names)
    if covariance != "pooled":
        raise ConfigError(f"covariance is {covariance!r}; expected pooled or shrunk")
    white = whitener(spread, means, hartlap=False)
    free, size = len(spread) - means, white.shape[1]
    if free < fewest(size):
        raise DataError(
            f"{len(spread)} maps for {size} features: too few for their covariance; "
            "expected more maps, fewer bins (maps.bins) or maps.covariance: shrunk"
        )
    return Likelihood(white, free, names)


def fewest(features: int) -> int:
    """Degrees of freedom below which a t distribution has no honest exponent."""
    return features + 5


def probabilities(log: np.ndarray) -> np.ndarray:
    """exp(log), scaled so that every row sums to 1."""
    likelihood = np.exp(log - log.max(1, keepdims=True))
    return likelihood / likelihood.sum(1, keepdims=True)


@checked(ranks="n ...")
def coverage(ranks: np.ndarray, levels: tuple[float, ...] = LEVELS) -> list[float]:
    """Share of truths in the central interval of each level; ideally that level."""
    return [float((np.abs(ranks - 0.5) < level / 2).mean()) for level in levels]


@checked(spread="n d", means=(1, 1e9))
def whitener(
    spread: np.ndarray,
    means: int,
    shrunk: bool = False,
    hartlap: bool = True,
    about: str = "all cosmologies",
) -> np.ndarray:
    """W with W W^T the inverse covariance of deviations (n, d) about ``means`` means.

    ``about`` names in errors whose maps they are. What is shrunk is shrunk towards
    features of the same variances without correlations.
    """
    free, size = len(spread) - means, spread.shape[1]
    if free <= size + 1 and not shrunk:
        raise DataError(
            f"{len(spread)} maps of {about} for {size} features: too few for their "
            "covariance; expected more maps or fewer bins (maps.bins), or a covariance "
            "that is pooled or shrunk (maps.covariance)"
        )
    spread = np.asarray(spread, float)
    if not shrunk:
        factor = (free - size - 1) / free if hartlap else 1.0
        return np.sqrt(factor) * inverse_root(spread.T @ spread / free)
    from sklearn.covariance import ledoit_wolf

    scale = np.sqrt((spread**2).sum(0) / free)
    alive = scale > 1e-6 * scale.max()  # a feature without spread does not count
    unit = spread[:, alive] / scale[alive]
    covariance = ledoit_wolf(unit, assume_centered=True)[0] * (len(spread) / free)
    white = np.zeros((size, int(alive.sum())))
    white[alive] = inverse_root(covariance) / scale[alive, None]
    return white


def inverse_root(covariance: np.ndarray) -> np.ndarray:
    """W with W W^T the inverse, in which directions without variance do not count."""
    values, vectors = np.linalg.eigh(covariance)
    vary = values > 1e-10 * values[-1]
    return vectors[:, vary] / np.sqrt(values[vary])


def distances(features: np.ndarray, means: np.ndarray, white: np.ndarray) -> np.ndarray:
    """Squared distances (n, means) in units of the noise."""
    middle = means.mean(0)  # digits are lost far from zero
    a, b = (features - middle) @ white, (means - middle) @ white
    return (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
