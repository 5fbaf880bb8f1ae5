"""The one training loop: seeded, early-stopped, data in memory or streamed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from awd.errors import DataError, DeviceError, ShapeError
from awd.log import progress
from awd.teacher.state import Recipe, State, resumed, saved

if TYPE_CHECKING:
    import pandas as pd

    from awd.record.checkpoint import Checkpoint

CPU = torch.device("cpu")
EVALUATED = 2**18  # numbers of the inputs that are evaluated together


class Streamed(Protocol):
    """Inputs that stay in their file: rows (k,) in, an array (k, ...) out."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: np.ndarray) -> np.ndarray: ...


class Batch(NamedTuple):
    """Inputs (k, ...) and targets (k, targets), both on the training device."""

    x: Tensor
    y: Tensor


class Pair(NamedTuple):
    """Inputs (n, ...) and their targets (n, targets), those on the training device."""

    x: Tensor | Streamed
    y: Tensor

    def take(self, rows: Tensor) -> Batch:
        """Some rows of both, inputs too on the training device."""
        if isinstance(self.x, Tensor):
            return Batch(self.x[rows], self.y[rows])
        x = torch.from_numpy(np.asarray(self.x[rows.numpy()], np.float32))
        where, pinned = self.y.device, self.y.is_cuda
        if pinned:  # to be copied while the GPU computes
            x = x.pin_memory()
        return Batch(x.to(where, non_blocking=pinned), self.y[rows.to(where)])

    def batches(self, rows: Tensor, size: int) -> Iterator[Batch]:
        """Rows, so many at a time; a streamed batch is read before its turn."""
        if isinstance(self.x, Tensor):
            yield from map(self.take, rows.to(self.y.device).split(size))
            return
        first, *remaining = rows.split(size)
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(self.take, first)
            for batch in remaining:
                data, ahead = ahead.result(), reader.submit(self.take, batch)
                yield data
            yield ahead.result()


def train(
    model: nn.Module,
    x: np.ndarray | Streamed,
    y: np.ndarray,
    x_select: np.ndarray | Streamed,
    y_select: np.ndarray,
    *,
    epochs: int = 400,
    patience: int = 40,
    seed: int,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
    **recipe: Any,
) -> pd.DataFrame:
    """Train ``model`` in place and leave it in eval mode with its best weights.

    Squared error and Adam. The best epoch is the one with the smallest loss on the
    select split, the initial weights (epoch 0) included; training stops when
    ``patience`` epochs bring no better one. Batches and dropout follow ``seed`` alone
    and torch's global generator is left alone.

    On the CPU a run repeats bit for bit, on any number of cores, killed and resumed or
    not; another kind of processor, or another version of torch, may round otherwise.
    On a GPU the seeds are the same, cuDNN uses its deterministic kernels and does not
    choose them by the clock, but not every sum of torch has a fixed order there: runs
    agree up to rounding, which grows from epoch to epoch.

    Parameters
    ----------
    model : torch.nn.Module
        Maps (n, ...) to (n,) or (n, targets), in the targets' unit.
    x, x_select : array of shape (n, ...), or Streamed
        Inputs of the training and of the select split.
    y, y_select : array of shape (n,) or (n, targets)
        Their targets, any unit.
    epochs, patience : int, int
        Most epochs (0 leaves the model untrained); epochs without gain before stopping.
    seed : int
        Seed of the batches (the model brings its own initial weights).
    device : {"cpu", "auto", "cuda", "mps"}
        Where to train; the model stays there.
    checkpoint : Checkpoint, optional
        Where the state is saved between epochs and taken up again; its digest has to
        cover the model, the data and the settings.
    **recipe
        See :class:`Recipe`.

    Returns
    -------
    DataFrame
        ``epoch`` (0 is the initial weights), ``train_loss`` (over the epoch),
        ``select_loss`` (after it), both as mean squared error over the variance of
        ``y``: 1 is no better than its mean.

    Raises
    ------
    ShapeError, DataError
        When the arrays do not fit each other or the model, are not finite, or the
        loss diverges.
    DeviceError
        When the device does not exist.
    """
    import pandas as pd

    state = start(model, Recipe(**recipe), epochs, len(x), seed, device)
    where = _device_of(state)
    fit = _pair(x, y, "training split", where)
    select = _pair(x_select, y_select, "select split", where)
    variance = _variance(fit.y)
    with repeatable():
        if not (checkpoint and resumed(state, checkpoint)):
            record(state, _evaluate(state, fit, variance), select, variance)
        for _ in progress(range(state.epoch, epochs), "train"):
            advance(state, fit, select, variance)
            if state.epoch - state.best_epoch >= patience:
                break
            if checkpoint:
                saved(state, checkpoint)
    model.load_state_dict(state.best_weights)
    model.eval()
    return pd.DataFrame(state.history, columns=["epoch", "train_loss", "select_loss"])


def start(
    model: nn.Module, recipe: Recipe, epochs: int, samples: int, seed: int, name: str
) -> State:
    """The state before the first epoch; ``name`` is a device, see :func:`device`."""
    model.to(device(name))
    kind = torch.optim.AdamW if recipe.cycle else torch.optim.Adam
    optimiser = kind(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    state = State(model, optimiser, torch.Generator().manual_seed(seed), recipe)
    if recipe.cycle and epochs:
        steps = epochs * -(-samples // recipe.batch)
        # The rate after the last step is never used, but asked for.
        state.schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, recipe.learning_rate, total_steps=steps + 1
        )
    if recipe.average:
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        average = get_ema_multi_avg_fn(recipe.average)
        state.averaged = AveragedModel(model, multi_avg_fn=average, use_buffers=True)
    return state


def advance(state: State, fit: Pair, select: Pair, variance: Tensor) -> None:
    """Run one epoch in place: one pass over ``fit``, then the loss on ``select``."""
    state.epoch += 1
    record(state, _epoch(state, fit, variance), select, variance)


def record(state: State, train_loss: float, select: Pair, variance: Tensor) -> None:
    """Add the epoch to the history, and keep its weights if they are the best."""
    select_loss = _evaluate(state, select, variance)
    state.history.append((state.epoch, train_loss, select_loss))
    if not np.isfinite(train_loss + select_loss):
        raise DataError(
            f"the loss is {train_loss} on train and {select_loss} on select in epoch "
            f"{state.epoch}; lower the learning rate "
            f"({state.optimiser.param_groups[0]['lr']:g}) or rescale the input"
        )
    if select_loss < state.best_loss:
        state.best_epoch, state.best_loss = state.epoch, select_loss
        weights = _judged(state).state_dict()
        state.best_weights = {name: value.clone() for name, value in weights.items()}


def device(name: str) -> torch.device:
    """The torch device of ``auto`` (a GPU where there is one), cpu, cuda or mps.

    Raises
    ------
    DeviceError
        When the name is unknown or this machine has no such device.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, exists in available.items() if exists))
    if not isinstance(name, str) or name not in available:
        raise DeviceError(f"no device {name!r}; use auto, {', '.join(available)}")
    if not available[name]:
        raise DeviceError(
            f"device {name!r} was asked for, but torch {torch.__version__} finds none "
            "on this machine; use device: auto or cpu"
        )
    return torch.device(name)


def device_name(name: str) -> str:
    """What :func:`device` finds, for people: "cpu", "mps" or the name of the GPU."""
    where = device(name)
    return torch.cuda.get_device_name(where) if where.type == "cuda" else where.type


@contextlib.contextmanager
def seeded(seed: int, where: torch.device = CPU) -> Iterator[None]:
    """Seed torch's global generators for a block, and put them back after it."""
    gpus = [where] if where.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        # Not torch.manual_seed: it would also seed the devices that are not put back.
        torch.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed(seed)
        yield


@contextlib.contextmanager
def repeatable() -> Iterator[None]:
    """One CPU thread; on a GPU cuDNN's deterministic kernels, not chosen by the clock.

    Nor in TF32, torch's default, whose input gradients are off by some per cent: what
    is not in bfloat16 on purpose is in float32. cuBLAS repeats itself too if
    CUBLAS_WORKSPACE_CONFIG is :4096:8 in the environment.
    """
    repeats = {"benchmark": False, "deterministic": True, "allow_tf32": False}
    with one_thread(), torch.backends.cudnn.flags(enabled=True, **repeats):
        yield


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one CPU thread: the last bits of torch's sums depend on how many."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _epoch(state: State, fit: Pair, variance: Tensor) -> float:
    """Adam over shuffled batches; the mean loss of the epoch."""
    where, recipe = _device_of(state), state.recipe
    order = torch.randperm(len(fit.x), generator=state.generator)
    # Dropout draws from the global generator: lend it a seed that the state holds.
    dropout_seed = int(torch.randint(2**62, (), generator=state.generator))
    total = torch.zeros((), device=where)
    # bfloat16 has the range of float32: the loss needs no scaling.
    on = recipe.mixed and where.type == "cuda"
    half = torch.autocast(where.type, torch.bfloat16, enabled=on)
    state.model.train()
    with seeded(dropout_seed, where):
        for data in fit.batches(order, recipe.batch):
            if recipe.augment:
                data = Batch(recipe.augment(data.x, state.generator), data.y)
            with half:
                loss = _loss(state.model, data, variance)
            state.optimiser.zero_grad()
            loss.backward()
            state.optimiser.step()
            if state.schedule:
                state.schedule.step()
            if state.averaged:
                state.averaged.update_parameters(state.model)
            total += loss.detach() * len(data.y)
    return float(total) / len(fit.x)


def _judged(state: State) -> nn.Module:
    """The model that is evaluated: the running average, from the first epoch on."""
    return state.averaged.module if state.averaged and state.epoch else state.model


@torch.no_grad()
def _evaluate(state: State, data: Pair, variance: Tensor) -> float:
    model = _judged(state).eval()
    # As few maps at a time as in training; many traces.
    size = state.recipe.batch
    if isinstance(data.x, Tensor):
        size = max(size, EVALUATED // data.x[0].numel())
    batches = data.batches(torch.arange(len(data.x)), size)
    total = sum(_loss(model, batch, variance) * len(batch.y) for batch in batches)
    return float(total) / len(data.x)


def _loss(model: nn.Module, data: Batch, variance: Tensor) -> Tensor:
    prediction = model(data.x)
    if prediction.ndim == 1:
        prediction = prediction[:, None]
    if prediction.shape != data.y.shape:
        raise ShapeError(
            f"the model returned {tuple(prediction.shape)} for inputs of shape "
            f"{tuple(data.x.shape)}; expected {tuple(data.y.shape)}, a column a target"
        )
    return ((prediction - data.y) ** 2 / variance).mean()


def _pair(
    x: np.ndarray | Streamed, y: np.ndarray, name: str, where: torch.device
) -> Pair:
    y = np.asarray(y, np.float32)
    inputs = np.asarray(x, np.float32) if hasattr(x, "dtype") else None
    if len(x) != len(y) or not len(x):
        raise ShapeError(
            f"the {name} has {len(x)} inputs and {len(y)} targets; expected as many of "
            "both, and at least one"
        )
    # A source was checked when its file was written.
    for values, kind in ((inputs, "inputs"), (y, "targets")):
        if values is not None and not np.isfinite(values).all():
            index = np.argwhere(~np.isfinite(values))[0].tolist()
            raise DataError(
                f"{kind} of the {name} are not finite, first at {index}; drop or "
                "repair these samples"
            )
    targets = torch.from_numpy(y.reshape(len(y), -1)).to(where)
    if inputs is None:
        return Pair(x, targets)
    return Pair(torch.from_numpy(inputs).to(where), targets)


def _variance(y: Tensor) -> Tensor:
    """The variance (targets,) that losses are counted in."""
    variance = y.var(0, correction=0)
    if not (variance > 0).all():
        column = int((variance > 0).int().argmin())
        raise DataError(
            f"target {column} of the training split is {float(y[0, column]):g} for "
            "every sample; there is nothing to learn"
        )
    return variance


def _device_of(state: State) -> torch.device:
    return next(state.model.parameters()).device
