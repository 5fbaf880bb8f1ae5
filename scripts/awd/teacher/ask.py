"""Asking a teacher: its outputs and their gradients, in batches, on any device."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from awd.errors import DataError, ShapeError
from awd.teacher import training


def output(
    model: nn.Module,
    x: np.ndarray,
    target: int = 0,
    batch: int = 256,
    device: str = "cpu",
) -> np.ndarray:
    """The teacher's predictions, in eval mode.

    Parameters
    ----------
    model : torch.nn.Module
        Maps (n, ...) to (n,) or (n, targets).
    x : array of shape (n, ...)
        Inputs, cast to the dtype of the model's weights.
    target : int
        Column of the output.
    batch : int
        Samples a call.
    device : {"cpu", "auto", "cuda", "mps"}
        Where to compute; the model is put back where it was.

    Returns
    -------
    array of shape (n,)
        In the unit of the model's output.

    Raises
    ------
    ShapeError
        When the output is not one row a sample, or has no such target.
    DataError
        When a prediction is not finite.
    """
    result = np.empty(len(x), dtype_of(model))
    with lent(model, device) as where, torch.no_grad():
        for rows, part in _batches(model, x, batch, where):
            result[rows] = column(model(part), len(part), target).cpu().numpy()
    return all_finite(result, "output")


def saliency(
    model: nn.Module,
    x: np.ndarray,
    target: int = 0,
    batch: int = 256,
    device: str = "cpu",
) -> np.ndarray:
    """Signed gradient of the output with respect to the input, ``d f(x) / d x``.

    The authors' "Saliency"; captum's takes the absolute value unless ``abs=False``.
    Parameters and errors as :func:`output`.

    Returns
    -------
    array of shape (n, ...), as ``x``
        Output unit per input unit.

    Raises
    ------
    DataError
        Also when no gradient reaches the input.
    """
    result = np.empty(np.shape(x), dtype_of(model))
    with lent(model, device) as where, torch.enable_grad(), _differentiable(model):
        for rows, part in _batches(model, x, batch, where):
            part.requires_grad_()
            value = column(model(part), len(part), target).sum()
            result[rows] = _gradient(value, part).cpu().numpy()
    return all_finite(result, "input gradient")


def _gradient(value: Tensor, x: Tensor) -> Tensor:
    gradient = None
    if value.requires_grad:
        (gradient,) = torch.autograd.grad(value, x, allow_unused=True)
    if gradient is None:
        raise DataError(
            "the teacher's output has no gradient with respect to its input; remove "
            ".detach(), .numpy(), no_grad or argmax between them"
        )
    return gradient


@contextlib.contextmanager
def lent(model: nn.Module, device: str) -> Iterator[torch.device]:
    """The model in eval mode on the device; every module's mode is put back after."""
    modes = {module: module.training for module in model.modules()}
    if any(mode and _changes_in_training(module) for module, mode in modes.items()):
        warnings.warn(
            "the teacher holds dropout or batch norm and is in training mode; it is "
            "evaluated in eval mode and put back",
            stacklevel=4,
        )
    where = training.device(device)
    home = next(model.parameters(), torch.empty(0)).device
    try:
        # Not model.eval(): modules of an exported program refuse it.
        for module in modes:
            module.training = False
        model.to(where)
        with training.repeatable():
            yield where
    finally:
        for module, mode in modes.items():
            module.training = mode
        model.to(home)


def _changes_in_training(module: nn.Module) -> bool:
    """Whether it is dropout or batch norm, or a layer with dropout inside."""
    if isinstance(module, _BatchNorm | _DropoutNd):
        return True
    inside = getattr(module, "dropout", 0)  # nn.LSTM, nn.MultiheadAttention
    return isinstance(inside, float) and inside > 0


def _differentiable(model: nn.Module) -> contextlib.AbstractContextManager:
    """cuDNN has no backward for recurrent layers in eval mode: do without it there."""
    if any(isinstance(module, nn.RNNBase) for module in model.modules()):
        return torch.backends.cudnn.flags(enabled=False)
    return contextlib.nullcontext()


def _batches(
    model: nn.Module, x: np.ndarray, batch: int, where: torch.device
) -> Iterator[tuple[slice, Tensor]]:
    x = np.asarray(x, dtype_of(model))
    for first in range(0, len(x), batch):
        rows = slice(first, first + batch)
        yield rows, torch.tensor(x[rows], device=where)


def column(value: Tensor, n: int, target: int) -> Tensor:
    """Column ``target`` of an output of shape (n,) or (n, targets)."""
    shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
    if not isinstance(value, Tensor) or value.ndim not in (1, 2) or len(value) != n:
        raise ShapeError(
            f"the teacher returned {shape} for {n} samples; expected ({n},) or "
            f"({n}, targets)"
        )
    columns = value.reshape(n, -1)
    if not 0 <= target < columns.shape[1]:
        raise ShapeError(
            f"target {target} does not exist: the teacher returned {shape} for {n} "
            f"samples; use 0 to {columns.shape[1] - 1}"
        )
    return columns[:, target]


def dtype_of(model: nn.Module) -> np.dtype:
    """That of a network's weights."""
    weight = next(model.parameters(), torch.empty(0))
    return torch.empty(0, dtype=weight.dtype).numpy().dtype


def all_finite(values: np.ndarray, what: str) -> np.ndarray:
    """A teacher's results, (n, ...), if all are finite; the error names a sample."""
    bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if bad.any():
        raise DataError(
            f"the teacher's {what} is not finite for {bad.sum()} of {len(values)} "
            f"samples, first for sample {int(bad.argmax())}; check the weights and "
            "that input"
        )
    return values
