"""The state of a training as arrays and a JSON record, and back, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from awd.log import log

if TYPE_CHECKING:
    from torch.optim.swa_utils import AveragedModel

    from awd.record.checkpoint import Checkpoint


@dataclass(frozen=True)
class Recipe:
    """How weights move; the defaults are the paper's for traces.

    Parameters
    ----------
    batch : int
        Samples a step.
    learning_rate : float
        Adam's, or the highest of a cycle.
    weight_decay : float
        Adam's own, an L2 penalty: ``weight_decay * weight`` joins the gradient of the
        loss. (Decoupled, it would be multiplied by the rate: 1e-3 would hardly count.)
    cycle : bool
        One cycle of the rate over all epochs (Smith & Topin 2018), with decoupled
        decay (AdamW).
    average : float
        Decay, per step, of the running average of the weights, which is then the
        trained model; 0 for the weights themselves.
    augment : callable, optional
        A batch (k, ...) and a generator in, a batch of the same kind out.
    mixed : bool
        bfloat16 where the device is an NVIDIA GPU.
    """

    batch: int = 100
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    cycle: bool = False
    average: float = 0.0
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None
    mixed: bool = False


@dataclass
class State:
    """All that an epoch hands to the next: the content of a checkpoint."""

    model: nn.Module
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    recipe: Recipe
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None
    averaged: AveragedModel | None = None
    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = np.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    history: list[tuple[int, float, float]] = field(default_factory=list)


def saved(state: State, checkpoint: Checkpoint) -> None:
    """Save the state between two epochs, if it is due."""
    if checkpoint.due:
        checkpoint.save(*packed(state))


def resumed(state: State, checkpoint: Checkpoint) -> bool:
    """Continue a fresh state from the saved one of the same training, if there is."""
    found = checkpoint.load()
    if found:
        unpack(state, *found)
        log.info("%s: resumed at epoch %d", checkpoint.name, state.epoch)
    return found is not None


def packed(state: State) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """All that the next epoch needs, as arrays and a record."""
    optimiser = state.optimiser.state_dict()
    holders = {"model": state.model.state_dict(), "best": state.best_weights}
    for number, moments in optimiser["state"].items():
        holders[f"optimiser/{number}"] = moments
    if state.averaged:
        holders["averaged"] = state.averaged.state_dict()
    arrays = {
        f"{holder}/{name}": value.detach().cpu().contiguous().numpy()
        for holder, values in holders.items()
        for name, value in values.items()
    }
    arrays["generator"] = state.generator.get_state().numpy()
    record = {key: getattr(state, key) for key in COUNTS}
    record["groups"] = optimiser["param_groups"]
    record["schedule"] = state.schedule and state.schedule.state_dict()
    return arrays, record


COUNTS = ("epoch", "best_epoch", "best_loss", "history")


def unpack(state: State, arrays: dict[str, np.ndarray], record: dict[str, Any]) -> None:
    """Undo :func:`packed`, into a state of the same model and recipe."""
    state.model.load_state_dict(_tensors(arrays, "model/"))
    state.best_weights = _tensors(arrays, "best/")
    if state.averaged:
        state.averaged.load_state_dict(_tensors(arrays, "averaged/"))
    if state.schedule:
        state.schedule.load_state_dict(record["schedule"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _tensors(arrays, "optimiser/").items():
        number, _, kind = name.partition("/")
        moments.setdefault(int(number), {})[kind] = value
    optimiser = {"state": moments, "param_groups": record["groups"]}
    state.optimiser.load_state_dict(optimiser)
    state.generator.set_state(torch.from_numpy(arrays["generator"]))
    for key in COUNTS:
        setattr(state, key, record[key])
    state.history = [tuple(row) for row in record["history"]]


def _tensors(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(value)
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
