"""The state of a training as arrays and a JSON record, and back, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from awd import io

if TYPE_CHECKING:
    from awd.checkpoint import Checkpoint
    from awd.training import State


def saved(state: State, kept: Checkpoint) -> None:
    """Save the state between two epochs, if it is due."""
    if kept.due:
        kept.save(*packed(state))


def resumed(state: State, kept: Checkpoint) -> bool:
    """Put a fresh state of the same training where the saved one was, if there is."""
    found = kept.load()
    if found:
        unpack(state, *found)
        io.log.info("%s: resumed at epoch %d", kept.name, state.epoch)
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
    state.model.load_state_dict(_held(arrays, "model/"))
    state.best_weights = _held(arrays, "best/")
    if state.averaged:
        state.averaged.load_state_dict(_held(arrays, "averaged/"))
    if state.schedule:
        state.schedule.load_state_dict(record["schedule"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _held(arrays, "optimiser/").items():
        number, _, kind = name.partition("/")
        moments.setdefault(int(number), {})[kind] = value
    optimiser = {"state": moments, "param_groups": record["groups"]}
    state.optimiser.load_state_dict(optimiser)
    state.generator.set_state(torch.from_numpy(arrays["generator"]))
    for key in COUNTS:
        setattr(state, key, record[key])
    state.history = [tuple(row) for row in record["history"]]


def _held(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(value)
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
