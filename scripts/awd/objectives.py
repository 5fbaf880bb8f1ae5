"""What distillation optimises: each objective is a function of the filter alone.

- ``output`` (ours): the student on the wavelet's coefficients reproduces the teacher's
  output, by grouped cross-validated least squares;
- ``attribution`` (Ha et al., NeurIPS 2021, eq. 4): TRIM attributions are sparse, and
  signals too. TRIM saliency with residuals is the wavelet transform of the cached input
  gradient, so this is the L1 norm of two transforms, and the network is not called;
- ``sparsity``: signals are sparse; no teacher, the ablation.

Adding one is a function that returns its terms (:class:`awd.search.Term`), entered in
:data:`OBJECTIVES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from awd import wavelet
from awd.errors import DataError, ShapeError
from awd.features import Largest
from awd.search import THOROUGH, Effort, Term

REFERENCE = "db5"  # L1 terms are divided by their value here, so that ratios compare


@dataclass(frozen=True)
class L1:
    """Mean absolute wavelet coefficient, in units of its value at :data:`REFERENCE`.

    Parameters
    ----------
    data : ndarray of shape (n, ..., time)
    levels : int
    scale : float
        What the sum over all coefficients is multiplied with.
    """

    data: np.ndarray
    levels: int
    scale: float = 1.0

    def values(self, filters: np.ndarray) -> np.ndarray:
        from awd import kernels

        return self.scale * kernels.l1(self._rows(), filters, self.levels)

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        from awd import kernels

        value, gradient = kernels.l1_gradient(self._rows(), h, self.levels)
        return self.scale * value, self.scale * gradient

    def subset(self, rows: np.ndarray) -> L1:
        part = replace(self, data=self.data[rows])
        return replace(part, scale=self.scale * len(self.data) / len(rows))

    def relative(self) -> L1:
        at_reference = self.values(wavelet.from_pywt(REFERENCE)[None])[0]
        return replace(self, scale=self.scale / at_reference)

    def _rows(self) -> np.ndarray:
        return self.data.reshape(-1, self.data.shape[-1])


@dataclass(frozen=True)
class Samples:
    """What an objective may look at, training samples only.

    ``x`` and ``gradient`` are (n, ..., time), ``output`` and ``groups`` (n,); None
    where the caller gave nothing. ``student`` reads coefficients, in ``folds`` folds.
    """

    x: np.ndarray | None
    gradient: np.ndarray | None
    output: np.ndarray | None
    groups: np.ndarray | None
    student: Largest
    folds: int


def sparsity(samples: Samples, levels: int) -> dict[str, Term]:
    """The wavelet in which the signals are sparse; no teacher."""
    return {"sparsity": L1(signals(samples.x, "x", levels), levels).relative()}


def attribution(samples: Samples, levels: int) -> dict[str, Term]:
    """The wavelet in which TRIM attributions are sparse, and signals too if given."""
    gradient = signals(samples.gradient, "gradient", levels)
    terms: dict[str, Term] = {"attribution": L1(gradient, levels).relative()}
    if samples.x is None:
        return terms
    if np.shape(samples.x) != gradient.shape:
        raise ShapeError(
            f"gradient has shape {gradient.shape} and x {np.shape(samples.x)}; "
            "expected the same: one derivative for every value of every sample"
        )
    return terms | sparsity(samples, levels)


def output(samples: Samples, levels: int) -> dict[str, Term]:
    """The wavelet from which the student reproduces the teacher's output."""
    from awd.fidelity import fidelity

    if samples.output is None:
        raise DataError(
            "this objective needs output, the teacher's predictions of x; get them "
            "with awd.attribution.output"
        )
    x = signals(samples.x, "x", levels)
    return {
        "output": fidelity(
            x, samples.output, samples.student, levels, samples.groups, samples.folds
        )
    }


OBJECTIVES: dict[str, Callable[[Samples, int], dict[str, Term]]] = {
    "output": output,
    "attribution": attribution,
    "sparsity": sparsity,
}

# Fidelity is smooth where L1 norms have kinks, and needs more samples to be told.
EFFORT = {
    "output": Effort(
        density=2, most=256, on_few=4, on_all=1, tolerance=1e-4, again=False
    ),
    "attribution": THOROUGH,
    "sparsity": Effort(density=4, most=2**11, on_few=16, on_all=2),
}


def signals(data: np.ndarray | None, name: str, levels: int) -> np.ndarray:
    """Samples as floating point, refused before any long work if they cannot serve."""
    if data is None:
        raise DataError(f"this objective needs {name}; got None")
    data = np.ascontiguousarray(data)
    if data.dtype not in (np.float32, np.float64):
        data = data.astype(float)
    if data.ndim < 2 or len(data) < 2:
        raise ShapeError(
            f"{name} has shape {data.shape}; expected (n, ..., time) with n >= 2"
        )
    wavelet.require_levels(data.shape[-1], levels)
    if not np.isfinite(data).all():
        first = tuple(np.argwhere(~np.isfinite(data))[0].tolist())
        raise DataError(
            f"{name}{list(first)} is {data[first]}; expected finite values: leave such "
            "samples out or fill their gaps"
        )
    if not np.ptp(data, axis=-1).any():
        raise DataError(
            f"{name} is constant in every sample, so that all wavelets are alike; "
            "check how it was made"
        )
    return data
