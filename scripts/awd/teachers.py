"""Teachers: small networks that are to be distilled, built, saved and loaded."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awd import io
from awd.errors import ConfigError, DataError, ShapeError
from awd.training import seeded


class Teacher(nn.Module):
    """A network that answers in the target's unit: ``mean + s.d. * body(x)``.

    The body learns a standardised target; mean and s.d. are buffers, set by
    :func:`build` from the training targets and saved with the weights. A kind of
    teacher is a subclass with a ``body`` and its entry in :data:`KINDS`.
    """

    record: dict[str, Any]
    target_mean: Tensor
    target_sd: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("target_mean", torch.zeros(1))
        self.register_buffer("target_sd", torch.ones(1))

    def body(self, x: Tensor) -> Tensor:
        """The network proper: (n, ...) -> (n, 1)."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Predictions of shape (n, 1), in the target's unit."""
        return self.target_mean + self.target_sd * self.body(x)


class LSTM(Teacher):
    """The paper's cell teacher: last hidden state of one LSTM layer, then linear.

    Reads ``(n, time)`` or ``(n, channel, time)`` as given, padding included. Ha et al.
    2021, section 4.2: one input, 20 hidden units.
    """

    def __init__(self, inputs: int = 1, hidden: int = 20) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def body(self, x: Tensor) -> Tensor:
        if x.ndim == 2:
            x = x[:, None]
        if x.ndim != 3 or x.shape[1] != self.lstm.input_size:
            raise ShapeError(
                f"the LSTM reads (n, {self.lstm.input_size} channels, time), or "
                f"(n, time) for one channel; got {tuple(x.shape)}; build it with "
                "inputs = the number of channels"
            )
        states, _ = self.lstm(x.transpose(1, 2))
        return self.linear(states[:, -1])


KINDS: dict[str, type[Teacher]] = {"lstm": LSTM}


def build(
    kind: str, seed: int, target: np.ndarray | None = None, **sizes: Any
) -> Teacher:
    """A teacher with fresh weights; torch's global generator is left alone.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    seed : int
        Seed of the initial weights.
    target : array of shape (n,), optional
        Training targets, whose mean and s.d. become the unit of the output.
    **sizes
        Arguments of the kind's class, such as ``hidden=20``.

    Raises
    ------
    ConfigError
        When the kind, or one of its sizes, is unknown.
    DataError
        When the targets are constant or not finite.
    """
    _known(kind, KINDS, "kind of teacher")
    signature = inspect.signature(KINDS[kind])
    for name in sizes:
        _known(name, signature.parameters, f"size of {kind}")
    complete = signature.bind(**sizes)
    complete.apply_defaults()
    with seeded(seed):
        model = KINDS[kind](**sizes)
    model.record = {"kind": kind, "seed": seed, "sizes": dict(complete.arguments)}
    if target is not None:
        mean, sd = float(np.mean(target)), float(np.std(target))
        if not (np.isfinite(mean) and sd > 0):
            raise DataError(
                f"targets have mean {mean} and s.d. {sd}; a teacher needs finite "
                "targets that vary"
            )
        model.target_mean.fill_(mean)
        model.target_sd.fill_(sd)
    return model


def save(
    model: Teacher, path: io.PathLike, record: Mapping[str, Any] | None = None
) -> None:
    """Write the weights as safetensors, and what they are as JSON beside them.

    The JSON holds kind, seed, sizes, the target's mean and s.d., and ``record``.
    """
    from safetensors.torch import save_file

    if not hasattr(model, "record"):
        raise DataError(
            f"{path}: this {type(model).__name__} has no record of its sizes; make it "
            "with awd.teachers.build"
        )
    weights = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    with io.replacing(path) as temporary:
        save_file(weights, temporary)
    scale = {name: weights[name].item() for name in ("target_mean", "target_sd")}
    io.write_json({**model.record, **scale, **(record or {})}, _beside(path))


def load(path: io.PathLike) -> Teacher:
    """Read a teacher written by :func:`save`, in eval mode, on the CPU.

    Raises
    ------
    MissingInput
        When the weights, or the JSON beside them, are absent.
    DataError
        When either is damaged, or they do not belong together.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    record = io.read_json(_beside(path))
    try:
        model = build(record["kind"], record["seed"], **record["sizes"])
        model.load_state_dict(load_file(io.existing(path)))
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise DataError(
            f"{path} and {_beside(path).name} do not make a teacher "
            f"({type(error).__name__}: {error}); train it again"
        ) from error
    return model.eval()


def _beside(path: io.PathLike) -> Path:
    return Path(path).with_suffix(".json")


def _known(name: str, choices: Mapping[str, Any], what: str) -> None:
    if name not in choices:
        close = difflib.get_close_matches(name, choices, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"no {what} {name!r}; there is {', '.join(choices)}{hint}")
