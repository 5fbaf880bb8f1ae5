"""What networks answer on maps, and their gradients without their own grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from awd import io
from awd.errors import DataError
from awd.maps.study import bank
from awd.maps.study.streamed import Rows
from awd.maps.study.train import moved
from awd.record import contracts
from awd.record.checkpoint import Checkpoint, mapped
from awd.teacher import ask, weights

if TYPE_CHECKING:
    import xarray as xr

    from awd.record.checkpoint import Job
    from awd.teacher.networks import Teacher

PIECE = 256  # maps whose outputs are asked together
ASKED = 64  # maps whose gradients are


def outputs(
    given: Any,
    target: str,
    settings: Mapping[str, Any],
    device: str,
    job: Job,
) -> xr.Dataset:
    """As :func:`awd.study.ask.outputs`, with gradients of the first two networks.

    ``settings``: ``train``, the maps of a cosmology in which gradients are taken, and
    ``shifts``, over which they are averaged. The first network is the teacher, the
    second one never learned. Gradients are those of ``target``.
    """
    import xarray as xr

    path, models = given.samples, weights.load(given.networks)
    with io.opened(path, contracts.MAPS) as maps:
        rows = bank.rows_of(maps, settings["train"], 0)
        names, (count, *shape) = maps["name"].values, maps["x"].shape
        described, axes = maps["target"].attrs, maps["x"].dims[1:]
    answers = [
        answers_of(
            model,
            Rows(path, np.arange(count), model),
            device,
            job.of(f"output/{name}"),
        )
        for name, model in models.items()
    ]
    differentiated = list(models)[:2]
    gradients = np.empty((len(differentiated), len(rows), *shape), np.float32)
    for gradient, name in zip(gradients, differentiated, strict=True):
        gradient[:] = saliency(
            *(models[name], Rows(path, rows, models[name]), settings["shifts"]),
            target=names.tolist().index(target),
            device=device,
            checkpoint=job.of(f"gradient/{name}"),
        )
    return xr.Dataset(
        {
            "output": (("network", "sample", "name"), np.stack(answers), described),
            "gradient": (("differentiated", "row", *axes), gradients),
            "row": ("row", rows),
        },
        coords={
            "network": list(models),
            "differentiated": differentiated,
            "name": names,
        },
    )


def answers_of(
    model: Teacher,
    maps: Rows,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> np.ndarray:
    """What a network says of all maps, (n, outputs); else as :func:`saliency`."""

    def piece(rows: slice) -> np.ndarray:
        return ask.outputs(model, maps[rows], device=device)

    return np.concatenate(mapped(piece, maps.pieces(PIECE), "maps", checkpoint))


class Moved(nn.Module):
    """A network that sees its maps moved; its gradient is that of the map itself."""

    def __init__(self, model: nn.Module, dy: int, dx: int) -> None:
        super().__init__()
        self.model, self.dy, self.dx = model, dy, dx

    def forward(self, x: Tensor) -> Tensor:
        return self.model(moved(x, self.dy, self.dx))


def saliency(
    model: nn.Module,
    maps: Rows,
    shifts: int,
    stride: int = 4,
    target: int = 0,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> np.ndarray:
    """Input gradients (n, [bins,] y, x) of one output, averaged over shifts of the map.

    They are 0 where nothing was seen, and none is taken of a channel that is the mask.

    A network that reads every fourth pixel more than others leaves a grid in its
    gradients, which a wavelet would learn. Averaged over all 16 shifts it is gone;
    over 4, half a stride apart, nearly.

    Parameters
    ----------
    model : Module
    maps : Rows
    shifts : {1, 4, 16}
    stride : int
        Of the network.
    target : int
        Which output.
    device : str
    checkpoint : Checkpoint, optional
        Where finished pieces are saved, and taken up if they are there.

    Raises
    ------
    DataError
        ``shifts`` is another number.
    """
    steps = {1: 1, 4: 2, 16: 4}.get(shifts)
    if steps is None:
        raise DataError(f"shifts is {shifts}; expected 1, 4 or 16")
    offsets = [k * stride // steps for k in range(steps)]

    def piece(rows: slice) -> np.ndarray:
        x = maps[rows]
        total = np.zeros_like(x)
        for dy in offsets:
            for dx in offsets:
                shown = Moved(model, dy, dx).eval()
                total += ask.saliency(shown, x, target=target, device=device)
        return maps.of_maps(total / shifts, rows)

    return np.concatenate(mapped(piece, maps.pieces(ASKED), "gradients", checkpoint))
