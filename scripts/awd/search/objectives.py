"""What distillation minimises: each objective is a function of the filter alone.

- ``output`` (ours): the student on the wavelet's coefficients reproduces the teacher's
  output, by grouped cross-validated least squares;
- ``attribution`` (Ha et al., NeurIPS 2021, eq. 4): TRIM attributions are sparse, and
  signals too. TRIM saliency with residuals is the wavelet transform of the cached input
  gradient, so this is the L1 norm of two transforms, and the network is not called;
- ``sparsity``: signals are sparse; no teacher, the ablation;
- any function of the coefficients (:class:`Coefficients`).

A new objective is an :class:`Objective`: a function that returns its terms
(:class:`awd.search.descent.Term`) and an effort, entered in :data:`OBJECTIVES`, or in a
module of one's own and named by its import path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import scalars, wavelet
from awd.errors import AwdError, ConfigError, DataError, ShapeError
from awd.samples import answers, as_rows, groups_of, real
from awd.search.descent import THOROUGH, Effort, Term

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from awd.transform import Bands

REFERENCE = "db5"  # L1 terms are divided by their value here, so that ratios compare


@dataclass(frozen=True)
class Samples:
    """The data of an objective, training samples only.

    ``x`` and ``gradient`` are (n, channel, time) or (n, channel, y, x), checked by
    :func:`samples`, None where the caller gave none. A gradient may have more channels,
    those of several targets. ``output`` is (n,) or (n, targets), ``groups`` (n,).
    ``student`` reads coefficients, in ``folds`` folds.
    """

    x: np.ndarray | None
    gradient: np.ndarray | None
    output: np.ndarray | None
    groups: np.ndarray | None
    student: Any
    folds: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.need("gradient") if self.x is None else self.x).shape

    def subset(self, rows: np.ndarray) -> Samples:
        """The data of some rows; a row may come more than once."""

        def taken(data: np.ndarray | None) -> np.ndarray | None:
            return None if data is None else np.asarray(data)[rows]

        return replace(
            self,
            x=taken(self.x),
            gradient=taken(self.gradient),
            output=taken(self.output),
            groups=taken(self.groups),
        )

    def need(self, name: str, remedy: str = "") -> np.ndarray:
        """``x``, ``gradient`` or ``output``, refused if absent."""
        data = getattr(self, name)
        if data is None:
            raise DataError(f"this objective needs {name}{remedy}; got None")
        return data


@dataclass(frozen=True)
class L1:
    """Mean absolute wavelet coefficient, in units of its value at :data:`REFERENCE`.

    Parameters
    ----------
    data : ndarray of shape (n, channel, time) or (n, channel, y, x)
    levels : int
    scale : float
        What the sum over all coefficients is multiplied with.
    """

    data: np.ndarray
    levels: int
    scale: float = 1.0

    def values(self, filters: np.ndarray) -> np.ndarray:
        from awd.filters import kernels

        return self.scale * kernels.l1(as_rows(self.data), filters, self.levels)

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        from awd.filters import kernels

        value, gradient = kernels.l1_gradient(as_rows(self.data), h, self.levels)
        return self.scale * value, self.scale * gradient

    def subset(self, rows: np.ndarray) -> L1:
        part = replace(self, data=self.data[rows])
        return replace(part, scale=self.scale * len(self.data) / len(rows))

    def relative(self) -> L1:
        at_reference = self.values(wavelet.from_pywt(REFERENCE)[None])[0]
        return replace(self, scale=self.scale / at_reference)


@dataclass(frozen=True)
class Coefficients:
    """Any function of the coefficients, differentiated by torch.

    Parameters
    ----------
    function : callable
        Takes the coefficients of the samples and those of the gradients (the TRIM
        attributions; None without), as :func:`awd.transform.analysis` returns them, and
        gives a scalar tensor, a mean over samples to be minimised.
    x, gradient : Tensor of shape (n, channel, time) or (n, channel, y, x), or None
    levels : int
    """

    function: Callable[[Bands, Bands | None], Tensor]
    x: Tensor
    gradient: Tensor | None
    levels: int

    def values(self, filters: np.ndarray) -> np.ndarray:
        import torch

        from awd.teacher.training import one_thread

        with torch.no_grad(), one_thread():
            return np.array([self._at(torch.as_tensor(h)).item() for h in filters])

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        import torch

        from awd.teacher.training import one_thread

        taps = torch.tensor(h, requires_grad=True)
        with one_thread():
            value = self._at(taps)
            (slope,) = torch.autograd.grad(value, taps)
        return value.item(), slope.numpy()

    def subset(self, rows: np.ndarray) -> Coefficients:
        part = None if self.gradient is None else self.gradient[rows]
        return replace(self, x=self.x[rows], gradient=part)

    def _at(self, h: Tensor) -> Tensor:
        from awd import transform

        def bands(data: Tensor) -> Bands:
            return transform.analysis(data, h, self.levels, dims=data.ndim - 2)

        attributions = None if self.gradient is None else bands(self.gradient)
        try:
            value = self.function(bands(self.x), attributions)
        except AwdError:
            raise
        except Exception as error:
            raise ConfigError(
                f"the objective fails ({type(error).__name__}: {error}); it is given "
                f"{self.levels + 1} bands of coefficients of the samples, and those of "
                "gradients, or None"
            ) from error
        real_one = hasattr(value, "requires_grad") and not value.is_complex()
        if not real_one or value.numel() != 1:
            raise ConfigError(
                f"the objective returned {scalars.shown(value)}; expected a tensor of "
                "one number, such as coefficients[1].abs().mean()"
            )
        if h.requires_grad and not value.requires_grad:
            raise ConfigError(
                "the objective has no gradient with respect to the filter; compute it "
                "in torch from the coefficients, without .detach() or .numpy()"
            )
        return value


def coefficients(
    function: Callable[..., Tensor], samples: Samples, levels: int
) -> dict[str, Term]:
    """The wavelet that minimises a function of the coefficients of samples."""
    import torch

    x, gradient = torch.as_tensor(samples.need("x")), None
    if samples.gradient is not None:
        gradient = torch.as_tensor(samples.gradient)
    return {"coefficients": Coefficients(function, x, gradient, levels)}


def sparsity(samples: Samples, levels: int) -> dict[str, Term]:
    """The wavelet in which the signals are sparse; no teacher."""
    return {"sparsity": L1(samples.need("x"), levels).relative()}


def attribution(samples: Samples, levels: int) -> dict[str, Term]:
    """The wavelet in which TRIM attributions are sparse, and signals too if given."""
    gradient = samples.need(
        "gradient",
        ", of the teacher's output by x: see awd.attribution.saliency; where a network "
        "gives none (ONNX, scikit-learn, a plain function) there is objective='output'",
    )
    terms: dict[str, Term] = {"attribution": L1(gradient, levels).relative()}
    return terms if samples.x is None else terms | sparsity(samples, levels)


def output(samples: Samples, levels: int) -> dict[str, Term]:
    """The wavelet from which the student reproduces the teacher's output."""
    from awd.search.fidelity import fidelity

    outputs = samples.need(
        "output", ", the teacher's predictions of x: see awd.attribution.output"
    )
    x, groups = samples.need("x"), samples.groups
    term = fidelity(x, outputs, samples.student, levels, groups, samples.folds)
    return {"output": term}


class Objective(NamedTuple):
    """What is minimised, and how hard the minimum is searched.

    Attributes
    ----------
    terms : callable
        ``terms(samples, levels)`` gives the terms that are weighed, by name.
    effort : Effort
        Where L1 norms have kinks fidelity is smooth, and needs more samples.
    flips : bool
        Whether the reversed filter has the same value.
    """

    terms: Callable[[Samples, int], Mapping[str, Term]]
    effort: Effort = Effort(density=4, most=2**11, on_few=16, on_all=2)
    flips: bool = True


OBJECTIVES = {
    "output": Objective(
        output,
        Effort(
            few=300,
            few_values=2**24,
            density=2,
            most=256,
            on_few=4,
            on_all=1,
            tolerance=1e-4,
            again=False,
        ),
        flips=False,
    ),
    "attribution": Objective(attribution, THOROUGH),
    "sparsity": Objective(sparsity),
}


def samples(
    x: np.ndarray | None,
    gradient: np.ndarray | Sequence[np.ndarray] | None,
    levels: int,
    dims: int = 1,
    *,
    output: np.ndarray | None,
    groups: np.ndarray | None,
    student: Any,
    folds: int,
) -> Samples:
    """Samples as objectives take them, refused before any long work if they cannot be.

    Parameters and errors as :func:`awd.distil.distil`.
    """
    x = None if x is None else arranged(x, "x", levels, dims)
    slopes = None if gradient is None else _slopes(gradient, x, levels, dims)
    found = Samples(x, slopes, None, None, student, folds)
    n = found.shape[0]
    output = None if output is None else answers(output, "output", n)
    return replace(found, output=output, groups=groups_of(groups, n))


def _slopes(
    gradient: np.ndarray | Sequence[np.ndarray],
    x: np.ndarray | None,
    levels: int,
    dims: int,
) -> np.ndarray:
    """Gradients of all targets as channels, each target with the same mean size."""
    several = isinstance(gradient, list | tuple)
    if several and not gradient:
        raise ShapeError("gradient is empty; expected an array, or one a target")
    targets = [
        arranged(target, "gradient", levels, dims)
        for target in (gradient if several else [gradient])
    ]
    for target in targets:
        if x is not None and target.shape != x.shape:
            raise ShapeError(
                f"gradient has shape {target.shape} and x {x.shape} as (n, channel, "
                "...); expected the same: a derivative for every value of every sample"
            )
    if not several:
        return targets[0]
    return np.concatenate(
        [target / np.abs(target).mean() for target in targets], axis=1
    )


def arranged(
    data: ArrayLike | None, name: str, levels: int, dims: int = 1
) -> np.ndarray:
    """Samples as floating point of shape (n, channel, time) or (n, channel, y, x)."""
    if data is None:
        raise DataError(f"this objective needs {name}; got None")
    data = np.ascontiguousarray(real(data, name))
    axes = {1: "time", 2: "y, x"}[dims]
    if data.ndim <= dims or len(data) < 2:
        raise ShapeError(
            f"{name} has shape {data.shape}; expected (n, ..., {axes}) with n >= 2"
        )
    sample = data.shape[-dims:]
    for size in sample:
        wavelet.require_levels(size, levels)
    if not np.isfinite(data).all():
        first = tuple(np.argwhere(~np.isfinite(data))[0].tolist())
        raise DataError(
            f"{name}{list(first)} is {data[first]}; expected finite values: leave such "
            "samples out or fill their gaps"
        )
    rows = data.reshape(len(data), -1, *sample)
    if not np.ptp(rows.reshape(*rows.shape[:2], -1), axis=-1).any():
        raise DataError(
            f"{name} is constant in every sample, so that all wavelets are alike; "
            "check how it was made"
        )
    return rows
