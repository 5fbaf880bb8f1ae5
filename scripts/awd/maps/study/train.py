"""The networks of the maps: a ResNet that learns, and others that never do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from awd import io
from awd.maps.study.streamed import Rows
from awd.record import contracts
from awd.record.provenance import derive_seed
from awd.teacher import networks, training
from awd.teacher.networks import Teacher

if TYPE_CHECKING:
    import pandas as pd

    from awd.record.checkpoint import Job

FARTHEST = 4  # pixels by which a map is moved, at most
CALIBRATED = 512  # maps from which an untrained network gets its statistics
HELD = 2**30  # bytes of maps that are held in memory, of each split
TEACHER = "resnet"


def train(
    path: io.PathLike,
    target: str,
    names: Sequence[str],
    settings: Mapping[str, Any],
    seed: int,
    device: str,
    job: Job,
) -> tuple[dict[str, Teacher], pd.DataFrame]:
    """As :func:`awd.study.train.train`: all parameters are learned together.

    ``names`` but :data:`TEACHER` are networks that never learn; ``settings`` hold
    ``width``, ``stem`` and ``mask`` (``"filled"``, or ``"channel"``: they read the mask
    too) of all, and what :func:`fit` takes.
    """
    settings = dict(settings)
    sizes = {name: settings.pop(name) for name in ("width", "stem")}
    channel = settings.pop("mask", "filled") == "channel"
    with io.opened(path, contracts.MAPS) as maps:
        side, targets = maps["split"].values, maps["target"].values
        inputs = maps.sizes.get("channel", 1) + channel
    learnt, select = (np.flatnonzero(side == name) for name in ("train", "select"))
    scale = float(Rows(path, learnt)[::16].std())
    models: dict[str, Teacher] = {}
    for name in names:
        network_seed = derive_seed(seed, name)
        shape = {"outputs": targets.shape[1], "scale": scale, **sizes}
        shape |= {"inputs": inputs} if inputs > 1 else {}
        model = networks.build("resnet", network_seed, targets[learnt], **shape)
        if name == TEACHER:
            history = fit(
                model,
                path,
                targets,
                learnt,
                select,
                patience=settings["epochs"] + 1,
                seed=network_seed,
                device=device,
                checkpoint=job.of(name),
                **settings,
            )
        else:
            settle(model, Rows(path, learnt, model))
        models[name] = model
    return models, history.assign(network=TEACHER, part=TEACHER)


def fit(
    model: Teacher,
    path: io.PathLike,
    target: np.ndarray,
    train_rows: np.ndarray,
    select_rows: np.ndarray,
    **settings: Any,
) -> pd.DataFrame:
    """:func:`awd.teacher.training.train` on maps of a file.

    They stay there if they are many. On an NVIDIA GPU channels are last and precision
    is mixed.
    """
    # Not on the CPU: there a backward pass with channels last may write beyond its
    # memory (torch 2.13, images of 16 pixels).
    if training.device(settings.get("device", "cpu")).type == "cuda":
        # torch's stubs of Module.to lack it.
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return training.train(
        model,
        _held(Rows(path, train_rows, model)),
        target[train_rows],
        _held(Rows(path, select_rows, model)),
        target[select_rows],
        augment=augmented,
        cycle=True,
        mixed=True,
        **settings,
    )


def _held(maps: Rows) -> np.ndarray | Rows:
    """The maps themselves if they are few, which every epoch would read again."""
    size = maps[:1].nbytes * len(maps)
    return maps[:] if size <= HELD else maps


def augmented(x: Tensor, generator: torch.Generator) -> Tensor:
    """Maps turned, mirrored and moved: the sky has no preferred direction or place.

    Every map gets one of the eight symmetries of the square; the batch is moved by up
    to 4 pixels, what enters at a border is reflected.
    """
    shape = 3, len(x), *(1,) * (x.ndim - 1)
    draws = torch.rand(shape, generator=generator).to(x.device) < 0.5
    for flipped, dims in zip(draws, ((-1,), (-2,), None), strict=True):
        other = x.flip(dims) if dims else x.transpose(-1, -2)
        x = torch.where(flipped, other, x)
    far = 2 * FARTHEST + 1
    dy, dx = torch.randint(far, (2,), generator=generator).tolist()
    return moved(x, dy - FARTHEST, dx - FARTHEST)


def moved(x: Tensor, dy: int, dx: int) -> Tensor:
    """Maps (n, [bins,] y, x) moved by whole pixels, reflected at their borders."""
    far = max(abs(dy), abs(dx))
    rows, columns = x.shape[-2:]
    flat = x.reshape(len(x), -1, rows, columns)
    wide = nn.functional.pad(flat, (far,) * 4, mode="reflect")
    seen = wide[..., far + dy : far + dy + rows, far + dx : far + dx + columns]
    return seen.reshape(x.shape)


def settle(model: nn.Module, maps: Rows) -> None:
    """Give batch norm the statistics of some maps: an untrained network has none.

    The weights stay as they are; without it every layer would answer in its own unit.
    """
    some = maps[np.linspace(0, len(maps) - 1, min(CALIBRATED, len(maps))).astype(int)]
    layers = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over the batches
    model.train()
    with torch.no_grad(), training.one_thread():
        for batch in torch.from_numpy(some).split(64):
            model(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.eval()
