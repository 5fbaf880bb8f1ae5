"""Simulate, teach a network, and recover the wavelet in every way.

The study is described in :mod:`awd.recovery.cases`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import distil, wavelet
from awd.errors import ShapeError
from awd.filters import kernels
from awd.filters.families import Lattice
from awd.recovery.cases import (
    AXES,
    BAND,
    LEVELS,
    SOFT,
    SOFT_START,
    TAPS,
    TIME,
    WEIGHT,
    Case,
    measured,
)
from awd.search import descent, objectives

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn


def simulate(case: Case, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Signals (samples, 64), float32, and their response (samples,).

    Raises
    ------
    ShapeError
        The window is wider than the band.
    """
    x = rng.normal(size=(case.samples, TIME))
    for t in range(1, TIME):
        fresh = np.sqrt(1 - case.correlation**2) * x[:, t]
        x[:, t] = case.correlation * x[:, t - 1] + fresh
    band = kernels.analysis(x, case.filter, LEVELS)[LEVELS + 1 - BAND]
    centre = band.shape[1] // 2
    if not 0 <= case.window <= min(centre, band.shape[1] - centre - 1):
        raise ShapeError(
            f"window is {case.window}; the band has {band.shape[1]} coefficients"
        )
    y = WEIGHT * band[:, centre - case.window : centre + case.window + 1].sum(1)
    y += case.noise * y.std() * rng.normal(size=len(y))
    return x.astype(np.float32), y


def teach(case: Case, x: np.ndarray, y: np.ndarray, epochs: int) -> nn.Module:
    """A network that has learned the response; a tenth of the samples stops it."""
    from awd.teacher import networks, training

    sizes = networks.sizes_for(case.teacher, x)
    model = networks.build(case.teacher, case.seed, y, **sizes)
    held = len(x) // 10
    pairs = x[held:], y[held:, None], x[:held], y[:held, None]
    training.train(model, *pairs, epochs=epochs, patience=epochs, seed=case.seed)
    return model


def recover(
    case: Case, teacher_epochs: int = 20, soft_epochs: int = 100
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Recover the wavelet in every way.

    Parameters
    ----------
    case : Case
    teacher_epochs, soft_epochs : int
        Passes over the samples, of the network and of the soft losses.

    Returns
    -------
    found : DataFrame
        A row a way: the case, ``teacher_r2`` (on new samples), ``objective``,
        ``method`` ("lattice" or "soft"), ``init``, ``distance`` (L2 of taps),
        ``wave_distance`` (the reference's own, on wavelet functions), ``violation``
        (the largest missed condition) and the taps.
    timings : DataFrame
        ``seconds`` of each, the network's gradients not counted.
    """
    import pandas as pd

    from awd.league import bootstrap
    from awd.teacher import ask

    rng = np.random.default_rng([case.seed, 1])
    x, y = simulate(case, rng)
    model = teach(case, x, y, teacher_epochs)
    fresh, truth = simulate(replace(case, samples=2000, noise=0.0), rng)
    r2 = bootstrap.r2(truth, ask.output(model, fresh))
    gradient, output = ask.saliency(model, x), ask.output(model, x)
    known = {"case": case.name, "truth": case.truth, "seed": case.seed}
    known |= {key: getattr(case, key) for key in (*AXES, "harder")}
    rows, times = [], []
    ways = _ways(case, x, gradient, output, soft_epochs, rng)
    for (objective, method, init), way in ways:
        start = time.perf_counter()
        h = way()
        seconds = time.perf_counter() - start
        names = {"objective": objective, "method": method, "init": init}
        rows.append(known | {"teacher_r2": r2} | names | measured(h, case.filter))
        times.append({"case": case.name} | names | {"seconds": seconds})
    return pd.DataFrame(rows), pd.DataFrame(times)


def _ways(
    case: Case,
    x: np.ndarray,
    gradient: np.ndarray,
    output: np.ndarray,
    soft_epochs: int,
    rng: np.random.Generator,
) -> list[tuple[tuple[str, str, str], Callable[[], np.ndarray]]]:
    """Names of the ways (objective, method, init) and what finds the filter."""
    noisy = wavelet.from_pywt("db5") + rng.normal(scale=0.3, size=TAPS)
    starts = {
        "db5 + noise": noisy,
        "sym5": wavelet.from_pywt("sym5"),
        "coif2": wavelet.from_pywt("coif2"),
    }
    if case.harder:  # shown as curves, from the start that suits the soft losses
        starts = {SOFT_START: starts[SOFT_START]}
    ways: list[tuple[tuple[str, str, str], Callable[[], np.ndarray]]] = [
        (("attribution", "lattice", "none"), partial(_scanned, gradient, case.seed)),
        (("output", "lattice", "none"), partial(_matched, x, output, case.seed)),
    ]
    for init, h in starts.items():
        softly = partial(_softly, x, gradient, h, soft_epochs, case.seed)
        ways += [
            (("attribution", "lattice", init), partial(_descended, gradient, h)),
            (("attribution", "soft", init), softly),
        ]
    return ways


def _scanned(gradient: np.ndarray, seed: int) -> np.ndarray:
    found = distil.distil(
        gradient=gradient,
        objective="attribution",
        length=TAPS,
        levels=LEVELS,
        random_state=seed,
    )
    return found.filter


def _descended(gradient: np.ndarray, h: np.ndarray) -> np.ndarray:
    """One descent from the wavelet nearest to a filter."""
    h = wavelet.project(h, tolerance=np.inf)
    family = Lattice(len(h))
    term = objectives.L1(gradient[:, None], LEVELS).relative()
    return descent.descend(term, family, family.parameters(h)).filter


def _matched(x: np.ndarray, output: np.ndarray, seed: int) -> np.ndarray:
    """Output distillation: a student of three coefficients at fixed positions."""
    rng, rows = np.random.default_rng(seed), slice(0, 2000)
    term = Matching(x[rows, None], output[rows], LEVELS)
    blend = descent.Blend({"output": term}, {"output": 1.0})
    effort = descent.Effort(few=400, density=6, most=2**12, on_few=24, on_all=4)
    few = effort.rows((len(term.x), 1), rng)
    scanned = descent.scan([blend], few, Lattice(TAPS), rng, effort)
    return descent.minima(blend, scanned, effort=effort)[0].filter


def _softly(
    x: np.ndarray, gradient: np.ndarray, h: np.ndarray, epochs: int, seed: int
) -> np.ndarray:
    from awd.search.soft import distil_soft

    path = distil_soft(
        x, gradient, levels=LEVELS, init=h, epochs=epochs, seeds=(seed,), **SOFT
    )
    return path.filter[0, -1, -1]


@dataclass(frozen=True)
class Matching:
    """Error ``1 - R2`` of a linear student of a few coefficients at fixed positions.

    A term of :mod:`awd.search.descent`. Orthogonal matching pursuit chooses the
    positions for every filter in turn, each to explain most of the residual; between
    changes of choice the error is smooth.

    Attributes
    ----------
    x : ndarray of shape (n, 1, time)
    y : ndarray of shape (n,)
        The teacher's output.
    levels : int
    count : int
        Coefficients that the student reads.
    """

    x: np.ndarray
    y: np.ndarray
    levels: int
    count: int = 3

    def values(self, filters: np.ndarray) -> np.ndarray:
        return np.array([self._fit(h)[0] for h in filters])

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        error, chosen, heads, residual, shape = self._fit(h)
        weights = np.zeros(shape)
        weights[:, chosen] = -2 * residual[:, None] * heads
        return error, kernels.pack_gradient(self.x[:, 0], h, self.levels, weights)

    def subset(self, rows: np.ndarray) -> Matching:
        return replace(self, x=self.x[rows], y=self.y[rows])

    def _fit(self, h: np.ndarray) -> tuple[float, list[int], np.ndarray, Any, Any]:
        """Error, positions, weights and scaled residuals."""
        table = kernels.pack(self.x[:, 0], h, self.levels)[0].astype(float)
        table -= table.mean(0)
        y = self.y - self.y.mean()
        y /= np.linalg.norm(y)
        norms = np.maximum(np.linalg.norm(table, axis=0), 1e-9)
        chosen: list[int] = []
        residual = y
        for _ in range(self.count):
            match = np.abs(residual @ table) / norms
            match[chosen] = -1
            chosen.append(int(match.argmax()))
            part = table[:, chosen]
            heads = np.linalg.lstsq(part, y, rcond=None)[0]
            residual = y - part @ heads
        return float(residual @ residual), chosen, heads, residual, table.shape
