"""A teacher's outputs and their attributions, computed once.

TRIM with residuals (Singh et al., arXiv 2003.01926; Ha et al., NeurIPS 2021) evaluates
the network at the input itself, so the attribution of the wavelet coefficients of ``x``
follows from quantities in the space of the signal. For saliency it is the wavelet
transform of the input gradient: ``TRIM(Psi x) = DWT(grad f(x))`` for every filter. All
methods of :data:`METHODS` have such a form, see :class:`Attribution`: the network is
evaluated once, and distillation does without it.

A new method is a function that evaluates the network and returns an
:class:`Attribution`, entered in :data:`METHODS`, or in a module of one's own and named
by its import path: :func:`attribute`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import registry
from awd.errors import ConfigError, DataError, ShapeError
from awd.samples import real
from awd.scalars import generator, positive, whole
from awd.teacher import brought

if TYPE_CHECKING:
    from torch import nn

Bands = list[Any]
STEPS = 1000  # of an integral, at most


@dataclass(frozen=True)
class Attribution:
    """All that attributions of coefficients need of a network, whatever the filter.

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
            ``lambda x: awd.filters.kernels.analysis(x, h, levels=4)``, mode zero or
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


def _each(function: Callable[..., Any], *nested: Bands) -> Bands:
    """A function of corresponding arrays in nested lists."""
    if isinstance(nested[0], list | tuple):
        return [_each(function, *parts) for parts in zip(*nested, strict=True)]
    return function(*nested)


def output(
    model: Any,
    x: np.ndarray,
    target: int | np.ndarray = 0,
    batch: int = 256,
    device: str = "cpu",
) -> np.ndarray:
    """What a network answers.

    Parameters
    ----------
    model
        A torch module, a path, a scikit-learn model, a function: all that
        :func:`awd.teacher.brought.network` takes, or what it gave.
    x : array of shape (n, ...)
        Samples.
    target : int or array of int of shape (n,)
        Column of the output, one for all samples or one for each.
    batch : int
        Samples a call.
    device : {"cpu", "auto", "cuda", "mps"}
        Where a torch network computes; it is put back where it was.

    Returns
    -------
    array of shape (n,)
        In the unit of the network's output.

    Raises
    ------
    ShapeError, ConfigError, DataError
        The network does not take such samples, has no such target, returns several
        things, or something that is not finite.
    """
    return brought.network(model).output(x, target, batch, device)


def saliency(
    model: Any,
    x: np.ndarray,
    target: int | np.ndarray = 0,
    batch: int = 256,
    device: str = "cpu",
) -> np.ndarray:
    """Signed gradient of the output by the sample, ``d f(x) / d x``, as ``x``.

    The authors' "Saliency"; captum's takes the absolute value unless ``abs=False``.
    Parameters and errors as :func:`output`.

    Raises
    ------
    DataError
        Also when the network has no gradient, or none reaches its input.
    """
    gradient = brought.network(model).gradient(x, target, batch, device)
    if gradient is None:
        raise DataError(
            "this network gives outputs alone, no gradients (an ONNX file, a "
            "scikit-learn model, a plain function); distil its outputs, or bring it as "
            "a torch module, or as a function that returns (outputs, gradients)"
        )
    return gradient


def signed_saliency(
    model: Any, x: np.ndarray, target: int = 0, **where: Any
) -> Attribution:
    """The gradient, the authors' "Saliency"; as :func:`saliency`."""
    return Attribution(saliency(model, x, target, **where)[None])


def absolute_saliency(
    model: Any, x: np.ndarray, target: int = 0, **where: Any
) -> Attribution:
    """Its absolute value, captum's "Saliency"."""
    return replace(signed_saliency(model, x, target, **where), absolute=True)


def input_x_gradient(
    model: Any, x: np.ndarray, target: int = 0, **where: Any
) -> Attribution:
    """Sample times gradient; as :func:`saliency` in all else."""
    gradient = saliency(model, x, target, **where)
    return Attribution(gradient[None], np.asarray(x, gradient.dtype)[None])


def integrated_gradients(
    model: Any,
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
        As for :func:`saliency`.
    """
    model = brought.network(model)
    difference = _difference(model, x, baseline)
    nodes, weights = np.polynomial.legendre.leggauss(whole(steps, "steps", 1, STEPS))
    gradient = np.zeros_like(difference)
    for node, weight in zip((1 + nodes) / 2, weights / 2, strict=True):
        gradient += weight * saliency(
            model, x - (1 - node) * difference, target, **where
        )
    return Attribution(gradient[None], difference[None])


def expected_gradients(
    model: Any,
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
        As for :func:`saliency`.
    """
    model = brought.network(model)
    dtype = _dtype(model)
    x, baselines = _finite(x, "x", dtype), _finite(baselines, "baselines", dtype)
    if np.shape(baselines)[1:] != x.shape[1:] or not len(baselines):
        raise ShapeError(
            f"baselines have shape {np.shape(baselines)}; expected (m, ...) of samples "
            f"of shape {x.shape[1:]}"
        )
    rng = generator(random_state)
    shape = (whole(draws, "draws"), len(x))
    difference = x - baselines[rng.integers(len(baselines), size=shape)]
    share = rng.uniform(size=(*shape, *np.ones(x.ndim - 1, int))).astype(dtype)
    points = x - (1 - share) * difference
    gradient = np.stack([saliency(model, part, target, **where) for part in points])
    return Attribution(gradient, difference)


def smooth_grad(
    model: Any,
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
        As for :func:`saliency`.
    """
    sd = positive(sd, "sd", ", in the unit of x")
    model, x = brought.network(model), real(x, "x")
    rng = generator(random_state)
    gradient = np.zeros(x.shape, _dtype(model))
    for _ in range(whole(draws, "draws")):
        noisy = x + sd * rng.normal(size=np.shape(x))
        gradient += saliency(model, noisy, target, **where)
    return Attribution(gradient[None] / draws)


def deep_lift(
    model: Any,
    x: np.ndarray,
    target: int = 0,
    *,
    baseline: float | np.ndarray = 0.0,
    batch: int = 256,
    device: str = "cpu",
) -> Attribution:
    """DeepLift, rescale rule (Shrikumar et al. 2017), by captum; feed-forward networks.

    Parameters
    ----------
    baseline : float or array
        As for :func:`integrated_gradients`.
    model, x, target, batch, device
        As for :func:`saliency`.

    Raises
    ------
    MissingInput
        captum is not installed.
    DataError
        The network is recurrent, or an activation is no module of its own: captum does
        not see ``functional.relu``, and the parts would not sum to the change.
    """
    from awd.teacher import rescale

    network = brought.network(model)
    module = _module(network, "deep_lift")
    difference = _difference(network, x, baseline)
    x = np.ascontiguousarray(real(x, "x"), difference.dtype)
    found = rescale.multipliers(module, x, x - difference, target, batch, device)
    return Attribution(found[None], difference[None])


def over_shifts(model: nn.Module, shifts: int, dims: int = 1) -> nn.Module:
    """The mean of a network over shifted inputs, to be explained in its place.

    A network with strides sees a grid, and its gradients show it; a wavelet distilled
    from them learns the grid. Averaged over as many shifts as the strides multiply to,
    the grid is gone.

    Parameters
    ----------
    model : torch.nn.Module
    shifts : int
        Shifts 0, 1, ... along each of the last ``dims`` axes; borders are reflected.
    dims : {1, 2}
    """
    from awd.teacher.adapted import Shifted

    return Shifted(
        _module(model, "over_shifts"),
        whole(shifts, "shifts"),
        whole(dims, "dims", 1, 2),
    )


METHODS: dict[str, Callable[..., Attribution]] = {
    "saliency": signed_saliency,
    "absolute_saliency": absolute_saliency,
    "input_x_gradient": input_x_gradient,
    "integrated_gradients": integrated_gradients,
    "expected_gradients": expected_gradients,
    "smooth_grad": smooth_grad,
    "deep_lift": deep_lift,
}


def attribute(
    method: str, model: Any, x: np.ndarray, target: int = 0, **settings: Any
) -> Attribution:
    """An attribution by its name.

    Parameters
    ----------
    method : str
        A key of :data:`METHODS`, or the import path of a function like them.
    model, x, target, **settings
        As for the method.

    Raises
    ------
    ConfigError
        There is no such method, or it has no such settings.
    AwdError
        As the method.

    Examples
    --------
    >>> def doubled(x):
    ...     return 2 * x.sum(1), np.full_like(x, 2)
    >>> attribute("input_x_gradient", doubled, np.eye(2)).of_samples().tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    found = registry.named(method, METHODS, "attribution")
    try:
        inspect.signature(found).bind(model, x, target, **settings)
    except TypeError as error:
        raise ConfigError(f"attribution {method!r}: {error}") from error
    return found(model, x, target, **settings)


def _dtype(network: brought.Network) -> np.dtype:
    """The dtype in which a network's attributions are computed: that of its weights."""
    if not isinstance(network, brought.Torch):
        return np.dtype(np.float64)
    from awd.teacher import ask

    return ask.dtype_of(network.module)


def _module(model: Any, method: str) -> nn.Module:
    """The torch module of a network, for what needs to look inside."""
    network = brought.network(model)
    if not isinstance(network, brought.Torch):
        raise DataError(f"{method} works on torch modules; use integrated_gradients")
    return network.module


def _difference(
    network: brought.Network, x: np.ndarray, baseline: float | np.ndarray
) -> np.ndarray:
    """Samples minus baseline, of the dtype of the network's weights."""
    dtype = _dtype(network)
    x, baseline = _finite(x, "x", dtype), _finite(baseline, "baseline", dtype)
    try:
        return x - np.broadcast_to(baseline, x.shape)
    except ValueError as error:
        raise ShapeError(
            f"baseline has shape {baseline.shape}; expected a number, one sample "
            f"{x.shape[1:]} or one for each, {x.shape}"
        ) from error


def _finite(values: Any, name: str, dtype: np.dtype) -> np.ndarray:
    """A network of ReLUs may hide what is not finite: its gradient there is finite."""
    values = real(values, name).astype(dtype, copy=False)
    if not np.isfinite(values).all():
        raise DataError(f"{name} is not finite everywhere; drop or repair it")
    return values
