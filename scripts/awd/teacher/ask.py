"""Asking a torch network: its outputs and their gradients, in batches, on any device.

Networks have habits: weights in half precision or none at all, a batch of one size, an
axis of channels that the samples lack. How a network takes samples is found by trying
it on two of them (:func:`reading`); what cannot be found is said.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_pre_hook

from awd.errors import AwdError, DataError, ShapeError, warn
from awd.samples import require_finite
from awd.teacher import training
from awd.teacher.answers import (
    all_finite,
    asked,
    require_columns,
    require_known,
    selected,
)

PROBE = 2  # samples on which a way of reading is tried


def output(
    model: nn.Module,
    x: np.ndarray,
    target: int | np.ndarray = 0,
    batch: int = 256,
    device: str = "cpu",
) -> np.ndarray:
    """The network's predictions, in eval mode.

    Parameters
    ----------
    model : torch.nn.Module
        Maps (n, ...) to (n,) or (n, targets).
    x : array of shape (n, ...)
        Inputs, cast to the dtype of the model's weights. Where the network takes them
        only with an axis of one channel, (n, 1, ...), it gets that.
    target : int or array of int of shape (n,)
        Column of the output, one for all samples or one for each.
    batch : int
        Samples a call; fewer or more where the network takes one number only.
    device : {"cpu", "auto", "cuda", "mps"}
        Where to compute; the model is put back where it was.

    Returns
    -------
    array of shape (n,)
        In the unit of the model's output; float32 for half precision.

    Raises
    ------
    ShapeError
        The network does not take such samples, its output is not one row a sample, or
        has no such target.
    ConfigError
        The network returns several things.
    DataError
        A prediction is not finite.
    """
    x, targets = asked(x, batch, target)
    with _asked(model, x, batch, device) as how, torch.no_grad():
        parts = [how.columns(part, targets[rows]) for rows, part in how.batches(x)]
    return all_finite(np.concatenate([_array(part) for part in parts]), "output")


def outputs(
    model: nn.Module, x: np.ndarray, batch: int = 256, device: str = "cpu"
) -> np.ndarray:
    """All columns of the output, (n, targets); as :func:`output`."""
    x, _ = asked(x, batch)
    with _asked(model, x, batch, device) as how, torch.no_grad():
        parts = [how.answer(part)[: len(x[rows])] for rows, part in how.batches(x)]
    return all_finite(np.concatenate([_array(part) for part in parts]), "output")


def saliency(
    model: nn.Module,
    x: np.ndarray,
    target: int | np.ndarray = 0,
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
    x, targets = asked(x, batch, target)
    require_finite(x)
    with (
        _asked(model, x, batch, device) as how,
        torch.inference_mode(False),
        torch.enable_grad(),
        _differentiable(model),
    ):
        result = np.empty(x.shape, how.kind)
        for rows, part in how.batches(x):
            part.requires_grad_()
            value = how.columns(part, targets[rows]).sum()
            result[rows] = _array(_gradient(value, part))[: len(x[rows])]
    return all_finite(result, "input gradient")


def _gradient(value: Tensor, x: Tensor) -> Tensor:
    gradient = None
    if value.requires_grad:
        (gradient,) = torch.autograd.grad(value, x, allow_unused=True)
    if gradient is None:
        raise DataError(
            "the network's output has no gradient with respect to its input; remove "
            ".detach(), .numpy(), no_grad or argmax between them"
        )
    return gradient


def _array(values: Tensor) -> np.ndarray:
    values = values.detach().cpu()
    return (values if values.dtype == torch.float64 else values.float()).numpy()


@dataclass(frozen=True)
class Reading:
    """How a network takes samples.

    Attributes
    ----------
    model : nn.Module
    dtype : torch.dtype
        Of its inputs.
    channel : bool
        Whether an axis of one channel is put before the samples' own axes.
    batch : int
        Samples a call.
    fixed : bool
        Whether a call takes just so many: the last sample fills up the last batch.
    where : torch.device
    """

    model: nn.Module
    dtype: torch.dtype
    channel: bool
    batch: int
    fixed: bool
    where: torch.device

    @property
    def kind(self) -> np.dtype:
        """The dtype of results: float32 for half precision."""
        return np.dtype(np.float64 if self.dtype == torch.float64 else np.float32)

    def batches(self, x: np.ndarray) -> Iterator[tuple[slice, Tensor]]:
        """Rows, and a copy of their samples (batch, ...)."""
        for first in range(0, len(x), self.batch):
            rows = slice(first, min(first + self.batch, len(x)))
            taken = np.arange(first, first + self.batch).clip(max=len(x) - 1)
            part = x[taken] if self.fixed else x[rows]
            yield rows, torch.tensor(part.astype(self.kind), device=self.where)

    def answer(self, part: Tensor) -> Tensor:
        """All columns (k, targets) of what the network gives for samples (k, ...)."""
        # A copy: a first layer in place may change neither the samples nor a leaf.
        inputs = part.to(self.dtype, copy=True)
        found = selected(self.model(inputs[:, None] if self.channel else inputs))
        require_columns(found, len(part))
        found = torch.as_tensor(found)  # some give arrays
        if found.is_complex():
            raise DataError(
                "the network's output is complex; expected real numbers, such as "
                "awd.network(net, output=lambda answer: answer.abs())"
            )
        return found.reshape(len(part), -1)

    def columns(self, part: Tensor, targets: np.ndarray) -> Tensor:
        """One column a sample, (k,), of the first k samples of a batch."""
        answer = self.answer(part)
        require_known(targets, tuple(answer.shape))
        index = torch.tensor(targets, device=answer.device)
        return answer[: len(targets)].gather(1, index[:, None])[:, 0]


@contextlib.contextmanager
def _asked(
    model: nn.Module, x: np.ndarray, batch: int, device: str
) -> Iterator[Reading]:
    """The network in eval mode on the device, and how it takes the samples."""
    with lent(model, device) as where:
        yield reading(model, x, batch, where)


def reading(
    model: nn.Module, x: np.ndarray, batch: int, where: torch.device
) -> Reading:
    """The first way of giving samples to a network in eval mode that it takes.

    As they are; with an axis of one channel; in batches of the size asked for, or one
    by one, for a network that was recorded with such a batch.

    Raises
    ------
    ShapeError
        There is none; the error says what the network expects.
    AwdError
        It takes the samples, but what it answers cannot be used.
    """
    failures: list[Exception] = []
    for attempt in _attempts(model, x, batch, where):
        failure = _failure(attempt, x)
        if failure is None:
            return attempt if attempt.fixed else replace(attempt, batch=batch)
        failures.append(failure)
    for failure in failures:
        if isinstance(failure, AwdError):  # it ran
            raise failure
    failed = failures[0]
    raise ShapeError(
        f"the network does not take samples of shape {x.shape[1:]} and dtype {x.dtype}"
        f"{_last_layer(model, x, where)}: {_first_line(failed)}{_expected(model)}; "
        "give samples as in training, or say how the network reads them, "
        "awd.network(net, wrap=lambda net, x: net(...))"
        f"{_suggested(model, x, where)}"
    ) from failed


def _attempts(
    model: nn.Module, x: np.ndarray, batch: int, where: torch.device
) -> Iterator[Reading]:
    weights = _weights_dtype(model)
    dtypes = [weights] if weights else [torch.float32, torch.float64]
    if weights is None and x.dtype == np.float64:
        dtypes.reverse()
    sizes = [(PROBE, False), (batch, True), (1, True)]
    shape = recorded(model)
    if shape and isinstance(shape[0], int):
        sizes = [(shape[0], True)]
    for size, fixed in sizes:
        for channel in (False, True) if x.ndim < 4 else (False,):
            for dtype in dtypes:
                yield Reading(model, dtype, channel, size, fixed, where)


def _failure(attempt: Reading, x: np.ndarray) -> Exception | None:
    """What is wrong with a way of reading, tried on the first samples."""
    probe = np.resize(x, (attempt.batch, *x.shape[1:]))
    try:
        with torch.no_grad(), _watched([]):
            attempt.answer(next(attempt.batches(probe))[1])
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        return error
    return None


@contextlib.contextmanager
def _watched(seen: list[str]) -> Iterator[None]:
    """Note the layers that run; refuse samples that a layer takes for axes of one.

    Without an axis of channels a convolution, without one of features a recurrent
    layer, reads the batch itself as a single sample, and may well give an answer.
    """

    def before(layer: nn.Module, given: tuple[Any, ...]) -> None:
        if not given or not isinstance(given[0], Tensor):
            return
        if not list(layer.children()):
            seen.append(f"{layer} with an input of shape {tuple(given[0].shape)}")
        axes = 3 if isinstance(layer, nn.RNNBase) else 0
        axes = 2 + len(layer.kernel_size) if isinstance(layer, _ConvNd) else axes
        if given[0].ndim < axes:
            raise RuntimeError(
                f"{type(layer).__name__} expects {axes} axes, the first of samples; "
                f"got {tuple(given[0].shape)}"
            )

    handle = register_module_forward_pre_hook(before)
    try:
        yield
    finally:
        handle.remove()


def _last_layer(model: nn.Module, x: np.ndarray, where: torch.device) -> str:
    """The layer that a network reached with the first samples as they are."""
    seen: list[str] = []
    attempt = next(_attempts(model, x, 1, where))
    probe = np.resize(x, (attempt.batch, *x.shape[1:]))
    with contextlib.suppress(Exception), torch.no_grad(), _watched(seen):
        attempt.answer(next(attempt.batches(probe))[1])
    return f", it stops at {seen[-1]}" if seen else ""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1 if "TorchScript" in lines[0] else 0]  # which first shows its code


def _expected(model: nn.Module) -> str:
    sizes = [str(s) if isinstance(s, int) else "n" for s in recorded(model) or ()]
    return f"; it was exported for ({', '.join(sizes)})" if sizes else ""


def _suggested(model: nn.Module, x: np.ndarray, where: torch.device) -> str:
    """How a recurrent network would take signals: (n, time, 1)."""
    if x.ndim != 2:
        return ""
    attempt = next(_attempts(model, x[..., None], 1, where))
    if _failure(attempt, x[..., None]) is None:
        return "; it takes (n, time, 1): wrap=lambda net, x: net(x[..., None])"
    return ""


def recorded(model: nn.Module) -> tuple[Any, ...] | None:
    """The shape for which an exported program was recorded; free sizes are no int."""
    for module in model.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                if node.op == "placeholder" and "val" in node.meta:
                    return tuple(node.meta["val"].shape)
    return None


@contextlib.contextmanager
def lent(model: nn.Module, device: str) -> Iterator[torch.device]:
    """The model in eval mode on the device; every module's mode is put back after."""
    # A frozen script has no mode.
    modes = {m: m.training for m in model.modules() if hasattr(m, "training")}
    if any(mode and _changes_in_training(module) for module, mode in modes.items()):
        warn(
            "the network holds dropout or batch norm and is in training mode; it is "
            "evaluated in eval mode and put back"
        )
    where = training.device(device)
    home = next(model.parameters(), torch.empty(0)).device
    if home.type == "meta":
        raise DataError("the network has no weights yet (device meta); load them first")
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
    hidden = nn.RNNBase | torch.jit.ScriptModule | torch.fx.GraphModule
    if any(isinstance(module, hidden) for module in model.modules()):
        return torch.backends.cudnn.flags(enabled=False)
    return contextlib.nullcontext()


def column(value: Tensor, n: int, target: int) -> Tensor:
    """Column ``target`` of an output of shape (n,) or (n, targets)."""
    value = selected(value)
    require_columns(value, n)
    require_known(np.array([target]), tuple(value.shape))
    return value.reshape(n, -1)[:, target]


def _weights_dtype(model: nn.Module) -> torch.dtype | None:
    """That of the first weight that is no integer."""
    held = (*model.parameters(), *model.buffers())
    return next((value.dtype for value in held if value.is_floating_point()), None)


def dtype_of(model: nn.Module) -> np.dtype:
    """The dtype of a network's results: float64 if its weights are, else float32."""
    double = _weights_dtype(model) == torch.float64
    return np.dtype(np.float64 if double else np.float32)
