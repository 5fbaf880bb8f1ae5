"""Contextual decomposition: which part of an output comes from which part of the input.

A network is run on two parts of its input at once, and every layer divides its output
into what is owed to the relevant part and the rest (Murdoch, Liu, Yu, ICLR 2018, for
LSTMs; Singh, Murdoch, Yu, ICLR 2019, for feed-forward networks). A part goes through
every layer, so nothing can be cached for all wavelets: this is for evaluation, not for
distillation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from awd.errors import DataError, ShapeError
from awd.teacher import ask
from awd.teacher.networks import LSTM, Teacher

Pair = tuple[Tensor, Tensor]  # relevant and irrelevant part; their sum is the value


def contextual(
    model: nn.Module, x: np.ndarray, relevant: np.ndarray, target: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The parts of the output that are owed to a part of the input, and to the rest.

    Parameters
    ----------
    model : torch.nn.Module
        A teacher of :mod:`awd.teacher.networks` or an ``nn.Sequential`` of linear,
        convolution, mean and maximum pooling, (un)flattening, identity, dropout, ReLU,
        tanh and sigmoid layers.
    x : array of shape (n, ...)
        Samples.
    relevant : array of the shape of x
        The part of every sample, for example the synthesis of a single band.
    target : int
        Column of the output.

    Returns
    -------
    relevant, irrelevant : ndarray of shape (n,)
        Their sum is the output.

    Raises
    ------
    ShapeError
        The part has another shape than the samples; no such target.
    DataError
        A layer has no known decomposition.
    """
    if np.shape(relevant) != np.shape(x):
        raise ShapeError(
            f"relevant has shape {np.shape(relevant)}; expected that of x, "
            f"{np.shape(x)}"
        )
    dtype = ask.dtype_of(model)
    with ask.lent(model, "cpu"), torch.no_grad():
        part = torch.tensor(np.asarray(relevant, dtype))
        rest = torch.tensor(np.asarray(x, dtype)) - part
        part, rest = (
            ask.column(p, len(p), target) for p in _through(model, (part, rest))
        )
        return part.numpy(), rest.numpy()


def of_bands(
    model: nn.Module,
    x: np.ndarray,
    bands: list[np.ndarray],
    synthesis: Callable[[list[np.ndarray]], np.ndarray],
    target: int = 0,
) -> np.ndarray:
    """TRIM: what each band of a sample's coefficients contributes to the output.

    Parameters
    ----------
    bands : list of array of shape (n, ..., band)
        Coefficients of ``x``, from :func:`awd.filters.kernels.analysis`.
    synthesis : callable
        The inverse transform: bands to samples, for example
        ``lambda c: awd.filters.kernels.synthesis(c, h, shape)``.
    model, x, target
        As for :func:`contextual`.

    Returns
    -------
    ndarray of shape (n, bands)
    """
    parts = []
    for k in range(len(bands)):
        alone = [band if j == k else 0 * band for j, band in enumerate(bands)]
        part = np.reshape(synthesis(alone), np.shape(x))
        parts.append(contextual(model, x, part, target)[0])
    return np.stack(parts, axis=1)


def _through(module: nn.Module, parts: Pair) -> Pair:
    if isinstance(module, Teacher):
        mean, sd = module.target_mean, module.target_sd
        part, rest = (module._channels(p) for p in parts)
        if isinstance(module, LSTM):
            part, rest = _lstm(module, (part, rest))
        else:
            part, rest = _layers(module, (part, rest))
        return sd * part, mean + sd * rest
    for kinds, rule in RULES.items():
        if isinstance(module, kinds):
            return rule(module, parts)
    known = ", ".join(kind.__name__ for kinds in RULES for kind in kinds)
    raise DataError(
        f"contextual decomposition does not know the layer {type(module).__name__}; it "
        f"knows the teachers of awd, {known}"
    )


def _layers(teacher: Any, parts: Pair) -> Pair:
    return _through(teacher.layers, parts)


def _sequence(module: nn.Sequential, parts: Pair) -> Pair:
    for layer in module:
        parts = _through(layer, parts)
    return parts


def _same(module: nn.Module, parts: Pair) -> Pair:
    """Layers without bias: linear in each part."""
    return module(parts[0]), module(parts[1])


def _affine(module: nn.Module, parts: Pair) -> Pair:
    """The bias is shared by the sizes of both parts (Singh et al., eq. 5)."""
    if module.bias is None:
        return _same(module, parts)
    zero = torch.zeros_like(parts[0])
    bias = module(zero)
    part, rest = (module(p) - bias for p in parts)
    share = part.abs() / (part.abs() + rest.abs()).clamp_min(1e-12)
    return part + share * bias, rest + (1 - share) * bias


def _activation(module: nn.Module, parts: Pair) -> Pair:
    """What the relevant part makes alone (Singh et al., eq. 7), and the rest."""
    part, rest = parts
    return module(part), module(part + rest) - module(part)


def _max_pool(module: nn.MaxPool1d | nn.MaxPool2d, parts: Pair) -> Pair:
    """Both parts at the place of the largest sum (Singh et al., section 3.1)."""
    signal = isinstance(module, nn.MaxPool1d)
    pool, axis = (functional.max_pool1d, -1) if signal else (functional.max_pool2d, -2)
    settings = (module.kernel_size, module.stride, module.padding, module.dilation)
    _, index = pool(
        parts[0] + parts[1], *settings, module.ceil_mode, return_indices=True
    )
    places = index.flatten(axis)
    part, rest = (p.flatten(axis).gather(-1, places).view_as(index) for p in parts)
    return part, rest


RULES: dict[tuple[type[nn.Module], ...], Callable[[Any, Pair], Pair]] = {
    (nn.Sequential,): _sequence,
    (nn.Linear, nn.Conv1d, nn.Conv2d): _affine,
    (nn.AvgPool1d, nn.AvgPool2d): _same,
    (nn.MaxPool1d, nn.MaxPool2d): _max_pool,
    (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout): _same,
    (nn.ReLU, nn.Tanh, nn.Sigmoid): _activation,
}


def _lstm(teacher: LSTM, parts: Pair) -> Pair:
    """The linearised LSTM of Murdoch et al., section 3.2; the bias is irrelevant.

    Products of gates are relevant where a factor is owed to the relevant part and its
    partner to the same or to the bias.
    """
    lstm, learned = teacher.lstm, dict(teacher.lstm.named_parameters())
    weights = learned["weight_ih_l0"], learned["weight_hh_l0"]
    bias = (learned["bias_ih_l0"] + learned["bias_hh_l0"]).chunk(4)
    steps = [p.transpose(1, 2) for p in parts]  # n, time, channel
    n, size = len(steps[0]), lstm.hidden_size
    zero = steps[0].new_zeros(n, size)
    hidden, cell = (zero, zero), (zero, zero)
    gates = torch.sigmoid, torch.sigmoid, torch.tanh, torch.sigmoid  # i, f, g, o
    for t in range(steps[0].shape[1]):
        linear = [
            (s[:, t] @ weights[0].T + h @ weights[1].T).chunk(4, dim=1)
            for s, h in zip(steps, hidden, strict=True)
        ]
        i, f, g, _ = (
            _terms(gate, part, rest, b)
            for gate, part, rest, b in zip(gates, *linear, bias, strict=True)
        )
        part = f[0] * cell[0] + f[2] * cell[0]
        rest = f[1] * cell[0] + sum(f) * cell[1]
        part = part + i[0] * g[0] + i[0] * g[2] + i[2] * g[0]
        rest = rest + i[1] * sum(g) + (i[0] + i[2]) * g[1] + i[2] * g[2]
        cell = part, rest
        out = torch.sigmoid(linear[0][3] + linear[1][3] + bias[3])
        shown = _halves(torch.tanh, part, rest)
        hidden = out * shown[0], out * shown[1]
    part, rest = (functional.linear(h, teacher.linear.weight) for h in hidden)
    return part, rest + teacher.linear.bias


def _halves(function: Callable, a: Tensor, b: Tensor) -> Pair:
    """``function(a + b)`` of an odd function, shared by the mean over both orders."""
    part = (function(a) + function(a + b) - function(b)) / 2
    return part, function(a + b) - part


def _terms(
    function: Callable, part: Tensor, rest: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """``function(part + rest + bias)`` shared by part, rest and bias.

    The bias comes first, then both parts in the mean over their orders.
    """
    first = function(bias).expand_as(part)
    both = function(part + rest + bias)
    by_part, by_rest = function(part + bias), function(rest + bias)
    share = (by_part - first + both - by_rest) / 2
    return share, both - first - share, first
