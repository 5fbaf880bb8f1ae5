"""Is a known wavelet recovered? The paper's simulation and harder variants.

Ha et al. (NeurIPS 2021, section 4.1): white signals, a response that is linear in three
neighbouring coefficients of one detail band of a known wavelet, a network that learns
it. What is distilled from the network should be that wavelet. Here from several initial
wavelets or none, over lattice angles and with the paper's soft losses; then with noise,
correlated inputs, more coefficients, fewer samples, an LSTM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from awd import wavelet

if TYPE_CHECKING:
    import pandas as pd

TIME, LEVELS, TAPS = 64, 4, 10
BAND, WEIGHT = 3, 2.0  # the response reads coefficients of detail 3, times 2


class SoftSettings(TypedDict):
    """Settings of :func:`awd.search.soft.distil_soft`."""

    sparsity: list[float]
    attribution: list[float]
    batch: int


# Weights with which the soft losses do best here (they decide how far they come).
SOFT: SoftSettings = {"sparsity": [1e-4], "attribution": [0.1], "batch": 100}
SOFT_START = "coif2"  # the only start from which the soft losses find db5
FOUND = 0.03  # a filter nearer to the truth than this counts as found


@dataclass(frozen=True)
class Case:
    """One simulation.

    Attributes
    ----------
    truth : str
        "db5" or another named wavelet, or "random0", "random1", ...: ten taps with
        uniform lattice angles.
    seed : int
        Of the samples, the network and the noise on an initial wavelet.
    noise : float
        S.d. of the noise on the response, in units of the response's own s.d.
    correlation : float
        Of neighbouring input values (first-order autoregression).
    window : int
        The response reads 2 * window + 1 coefficients.
    samples : int
    teacher : {"mlp", "lstm"}
    harder : str
        Which of :data:`AXES` makes it harder than the plain simulation; or none.
    """

    truth: str = "db5"
    seed: int = 0
    noise: float = 0.0
    correlation: float = 0.0
    window: int = 1
    samples: int = 10_000
    teacher: str = "mlp"
    harder: str = ""

    @property
    def name(self) -> str:
        """For paths: ``db5-seed0``, ``db5-noise1.0-seed0``."""
        value = f"-{self.harder}{getattr(self, self.harder)}" if self.harder else ""
        return f"{self.truth}{value}-seed{self.seed}"

    @property
    def filter(self) -> np.ndarray:
        """The true wavelet."""
        if not self.truth.startswith("random"):
            return wavelet.from_pywt(self.truth)
        rng = np.random.default_rng(int(self.truth.removeprefix("random")))
        free = rng.uniform(-np.pi / 2, np.pi / 2, TAPS // 2 - 1)
        return wavelet.filter_from_angles(wavelet.complete_angles(free))


AXES = ("noise", "correlation", "window", "samples", "teacher")


def cases(
    random: int,
    seeds: Sequence[int],
    samples: int,
    harder: Mapping[str, Sequence[Any]],
) -> list[Case]:
    """db5 for every seed, random wavelets, and harder simulations of db5.

    ``harder`` gives values of each of :data:`AXES`, varied singly on db5.
    """
    plain = Case(samples=samples)
    truths = [replace(plain, truth=f"random{k}") for k in range(random)]
    hard = [
        replace(plain, seed=seed, harder=axis, **{axis: value})
        for axis, values in harder.items()
        for value in values
        for seed in seeds
    ]
    return [replace(plain, seed=seed) for seed in seeds] + truths + hard


def measured(h: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """How far a filter is from the truth, and from being a wavelet."""
    return {
        "distance": wavelet.distance(h, truth),
        "wave_distance": wave_distance(h, truth),
        "violation": max(wavelet.conditions(h).values()),
        "taps": " ".join(f"{tap:.8f}" for tap in h),
    }


def wave_distance(h: np.ndarray, truth: np.ndarray) -> float:
    """The reference's distance: L2 of wavelet functions on a grid of 1/32 sample.

    Minimum over circular shifts and flips, as in the authors' code; infinite where taps
    give no function.
    """
    import pywt

    curves = []
    for taps in (h, truth):
        bank = taps[::-1], wavelet.highpass(taps)[::-1], taps, wavelet.highpass(taps)
        curves.append(pywt.Wavelet("w", filter_bank=bank).wavefun(level=5)[1])
    size = max(map(len, curves))
    found, true = (np.pad(curve, (0, size - len(curve))) for curve in curves)
    if not np.isfinite(found).all():
        return float("inf")
    norms = (found @ found) + (true @ true)
    spectrum = np.fft.rfft(true)
    matches = [
        np.fft.irfft(np.conj(np.fft.rfft(curve)) * spectrum, size).max()
        for curve in (found, found[::-1])
    ]
    return float(np.sqrt(max(norms - 2 * max(matches), 0)))


def table(found: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """How well each way finds db5 and the random wavelets, a row a way, as text.

    Medians over the seeds of db5 and over the random truths of the plain simulation.
    """
    import pandas as pd

    key = ["objective", "method", "init"]
    timed = found.merge(timings, on=["case", *key])
    plain = timed[timed["harder"].fillna("") == ""]
    ways = plain.groupby(key, sort=False)
    db5 = plain[plain["truth"] == "db5"].groupby(key, sort=False)
    random = plain[plain["truth"] != "db5"].groupby(key, sort=False)["distance"]
    columns = {
        "distance, db5": db5["distance"].median().map("{:.4f}".format),
        "of functions, db5": db5["wave_distance"].median().map("{:.3f}".format),
        "distance, random": random.median().map("{:.4f}".format),
        f"within {FOUND}": random.agg(lambda d: f"{(d <= FOUND).sum()} of {len(d)}"),
        "largest violation": ways["violation"].max().map("{:.0e}".format),
        "seconds": ways["seconds"].median().map("{:.2f}".format),
    }
    return pd.DataFrame(columns).astype(object).fillna("").reset_index()
