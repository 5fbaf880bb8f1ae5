"""What the teacher says, and why: outputs and attributions, computed once.

TRIM with residuals (Singh et al., arXiv 2003.01926; Ha et al., NeurIPS 2021) evaluates
the network at the input itself, so the attribution of the wavelet coefficients of ``x``
follows from what is known in the space of the signal. For saliency it is the wavelet
transform of the input gradient: ``TRIM(Psi x) = DWT(grad f(x))`` for every filter. All
methods of :data:`METHODS` have such a form, see :class:`Attribution`: the network is
asked once, and distillation never calls it again.

Adding a method is a function that asks the network and returns an
:class:`Attribution`, entered in :data:`METHODS`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awd import query
from awd.errors import ConfigError, DataError, MissingInput, ShapeError
from awd.query import output, saliency

__all__ = ["METHODS", "Attribution", "output", "over_shifts", "saliency"]

Bands = list


@dataclass(frozen=True)
class Attribution:
    """What of the network every attribution of coefficients needs; none depends on h.

    Parameters
    ----------
    gradient : array of shape (draws, n, ...)
        Gradients of the output, one or more for each sample.
    difference : array of shape (draws, n, ...), optional
        Sample minus baseline, of the same draws; without it the attribution is the
        gradient alone.
    absolute : bool
        Whether the sign is dropped.
    """

    gradient: np.ndarray
    difference: np.ndarray | None = None
    absolute: bool = False

    def of_coefficients(self, analysis: Callable[[np.ndarray], Bands]) -> Bands:
        """Attribution of the wavelet coefficients of the samples.

        Parameters
        ----------
        analysis : callable
            The transform: arrays (n, ...) to bands, nested as it likes, for example
            ``lambda x: awd.kernels.analysis(x, h, levels=4)``, mode zero or
            periodization: there the inverse is the transpose, and the attributions are
            exactly those of the network behind the inverse.

        Returns
        -------
        list
            Bands as ``analysis`` gives them.
        """
        draws = len(self.gradient)
        total: Bands = []
        for k in range(draws):
            part = analysis(self.gradient[k])
            if self.difference is not None:
                part = _each(np.multiply, analysis(self.difference[k]), part)
            total = _each(np.add, total, part) if total else part
        finish = np.abs if self.absolute else np.asarray
        return _each(lambda band: finish(band / draws), total)

    def of_samples(self) -> np.ndarray:
        """The attribution of the samples' own values, of their shape."""
        return self.of_coefficients(lambda x: [x])[0]


def _each(function: Callable, *nested: Bands) -> Bands:
    """A function of corresponding arrays in nested lists."""
    if isinstance(nested[0], list | tuple):
        return [_each(function, *parts) for parts in zip(*nested, strict=True)]
    return function(*nested)


def signed_saliency(
    model: nn.Module, x: np.ndarray, target: int = 0, **where: Any
) -> Attribution:
    """The gradient, the authors' "Saliency"; as :func:`awd.query.saliency`."""
    return Attribution(saliency(model, x, target, **where)[None])


def absolute_saliency(
    model: nn.Module, x: np.ndarray, target: int = 0, **where: Any
) -> Attribution:
    """Its absolute value, captum's "Saliency"."""
    return replace(signed_saliency(model, x, target, **where), absolute=True)


def input_x_gradient(
    model: nn.Module, x: np.ndarray, target: int = 0, **where: Any
) -> Attribution:
    """Sample times gradient; parameters and errors as :func:`awd.query.saliency`."""
    gradient = saliency(model, x, target, **where)
    return Attribution(gradient[None], np.asarray(x, gradient.dtype)[None])


def integrated_gradients(
    model: nn.Module,
    x: np.ndarray,
    target: int = 0,
    *,
    baseline: float | np.ndarray = 0.0,
    steps: int = 50,
    **where: Any,
) -> Attribution:
    """Mean gradient on the way from a baseline, times the way (Sundararajan 2017).

    Parameters
    ----------
    baseline : float or array
        In the unit of ``x``; one number, one sample or one for every sample.
    steps : int
        Nodes of the Gauss-Legendre quadrature.
    model, x, target, **where
        As for :func:`awd.query.saliency`.
    """
    away = _away(x, baseline)
    nodes, weights = np.polynomial.legendre.leggauss(_positive(steps, "steps"))
    gradient = np.zeros(away.shape)
    for node, weight in zip((1 + nodes) / 2, weights / 2, strict=True):
        gradient += weight * saliency(model, x - (1 - node) * away, target, **where)
    return Attribution(gradient[None], away[None])


def expected_gradients(
    model: nn.Module,
    x: np.ndarray,
    target: int = 0,
    *,
    baselines: np.ndarray,
    draws: int = 16,
    random_state: int | np.random.Generator = 0,
    **where: Any,
) -> Attribution:
    """Integrated gradients from random baselines (Erion et al. 2021), GradientSHAP.

    All draws are kept: the product of mean difference and mean gradient is another
    attribution (off by a fifth of the scale).

    Parameters
    ----------
    baselines : array of shape (m, ...)
        Samples to draw from.
    draws : int
        Pairs of a baseline and a point on the way from it, for each sample.
    random_state : int or Generator
    model, x, target, **where
        As for :func:`awd.query.saliency`.
    """
    x = np.asarray(x)
    if np.shape(baselines)[1:] != x.shape[1:] or not len(baselines):
        raise ShapeError(
            f"baselines have shape {np.shape(baselines)}; expected (m, ...) of samples "
            f"of shape {x.shape[1:]}"
        )
    rng = np.random.default_rng(random_state)
    shape = (_positive(draws, "draws"), len(x))
    away = x - np.asarray(baselines)[rng.integers(len(baselines), size=shape)]
    share = rng.uniform(size=(*shape, *np.ones(x.ndim - 1, int)))
    points = x - (1 - share) * away
    gradient = np.stack([saliency(model, part, target, **where) for part in points])
    return Attribution(gradient, away)


def smooth_grad(
    model: nn.Module,
    x: np.ndarray,
    target: int = 0,
    *,
    sd: float,
    draws: int = 50,
    random_state: int | np.random.Generator = 0,
    **where: Any,
) -> Attribution:
    """Mean gradient at noisy samples (Smilkov et al. 2017).

    White noise on the samples is white noise on the coefficients of an orthonormal
    transform, so that the attribution is exact in law.

    Parameters
    ----------
    sd : float
        Of the noise, in the unit of ``x``.
    draws : int
    random_state : int or Generator
    model, x, target, **where
        As for :func:`awd.query.saliency`.
    """
    rng = np.random.default_rng(random_state)
    gradient = np.zeros(np.shape(x))
    for _ in range(_positive(draws, "draws")):
        noisy = x + sd * rng.normal(size=np.shape(x))
        gradient += saliency(model, noisy, target, **where)
    return Attribution(gradient[None] / draws)


def deep_lift(
    model: nn.Module,
    x: np.ndarray,
    target: int = 0,
    *,
    baseline: float | np.ndarray = 0.0,
) -> Attribution:
    """DeepLift, rescale rule (Shrikumar et al. 2017), by captum; feed-forward networks.

    Parameters
    ----------
    baseline : float or array
        As for :func:`integrated_gradients`.
    model, x, target
        As for :func:`awd.query.saliency`; computed on the CPU at once.

    Raises
    ------
    MissingInput
        captum is not installed.
    DataError
        The network is recurrent, or uses one activation module twice.
    """
    try:
        from captum.attr import DeepLift
    except ImportError as error:
        raise MissingInput(
            "deep_lift needs captum; pip install 'awd-wavelets[explain]'"
        ) from error
    if any(isinstance(module, nn.RNNBase) for module in model.modules()):
        raise DataError(
            "deep_lift knows feed-forward networks only, and this one is recurrent; "
            "use integrated_gradients"
        )
    away = _away(x, baseline)
    pair = torch.tensor(np.stack([x, x - away]).astype(query.dtype_of(model)))
    explainer = DeepLift(model, multiply_by_inputs=False)
    with query.lent(model, "cpu"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # captum tells of its hooks
        columns = model(pair[0]).ndim > 1
        try:
            found = explainer.attribute(*pair, target=target if columns else None)
        except (RuntimeError, AssertionError) as error:
            raise DataError(
                f"deep_lift cannot follow this network ({error}); every activation "
                "must be a module of its own, used once"
            ) from error
    return Attribution(
        query.all_finite(found.detach().numpy(), "multiplier")[None], away[None]
    )


def over_shifts(model: nn.Module, shifts: int, dims: int = 1) -> nn.Module:
    """The mean of a network over shifted inputs, to be asked in its place.

    A network with strides sees a grid, and its gradients show it; a wavelet distilled
    from them learns the grid. Averaged over as many shifts as the strides multiply to,
    the grid is gone.

    Parameters
    ----------
    model : torch.nn.Module
    shifts : int
        Shifts 0, 1, ... along each of the last ``dims`` axes; what comes in is
        reflected.
    dims : {1, 2}
    """
    return _Shifted(model, _positive(shifts, "shifts"), dims)


class _Shifted(nn.Module):
    def __init__(self, model: nn.Module, shifts: int, dims: int) -> None:
        super().__init__()
        self.model, self.shifts, self.dims = model, shifts, dims

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(())
        for shift in np.ndindex(*(self.shifts,) * self.dims):
            moved = x
            for axis, by in zip(range(-self.dims, 0), shift, strict=True):
                index = torch.arange(x.shape[axis], device=x.device) - by
                moved = moved.index_select(axis % x.ndim, index.abs())
            total = total + self.model(moved) / self.shifts**self.dims
        return total


METHODS: dict[str, Callable[..., Attribution]] = {
    "saliency": lambda *a, **k: Attribution(saliency(*a, **k)[None]),
    "absolute_saliency": lambda *a, **k: Attribution(
        saliency(*a, **k)[None], None, True
    ),
    "input_x_gradient": input_x_gradient,
    "integrated_gradients": integrated_gradients,
    "expected_gradients": expected_gradients,
    "smooth_grad": smooth_grad,
    "deep_lift": deep_lift,
}


def _away(x: np.ndarray, baseline: float | np.ndarray) -> np.ndarray:
    """Samples minus baseline."""
    try:
        away = x - np.broadcast_to(baseline, np.shape(x))
    except ValueError as error:
        raise ShapeError(
            f"baseline has shape {np.shape(baseline)}; expected a number, one sample "
            f"{np.shape(x)[1:]} or one for each, {np.shape(x)}"
        ) from error
    if not np.isfinite(away).all():
        raise DataError("the baseline is not finite; give one in the unit of x")
    return away


def _positive(number: int, name: str) -> int:
    if not isinstance(number, int | np.integer) or number < 1:
        raise ConfigError(f"{name} is {number!r}; expected an integer of at least 1")
    return number
