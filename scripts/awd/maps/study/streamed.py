"""Networks on maps: read from file, seen from all sides, asked without their grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import torch
from torch import Tensor, nn

from awd import io
from awd.errors import DataError
from awd.record.checkpoint import Checkpoint, mapped
from awd.teacher import ask, training

if TYPE_CHECKING:
    import pandas as pd

    from awd.teacher.networks import ResNet

FARTHEST = 4  # pixels by which a map is moved, at most
PIECE = 256  # maps whose outputs are asked together
ASKED = 64  # maps whose gradients are
CALIBRATED = 512  # maps from which an untrained network gets its statistics


class Rows:
    """Maps of a ``maps.nc`` that are read when they are asked for.

    Parameters
    ----------
    path : path
    rows : array of int
        Which of them, in this order.
    """

    def __init__(self, path: io.PathLike, rows: np.ndarray) -> None:
        self.rows = np.asarray(rows)
        self._x = netCDF4.Dataset(path)["x"]
        self._x.set_auto_maskandscale(False)  # nothing is; to look takes as long again

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return np.stack([self._x[row] for row in self.rows[rows]])

    def pieces(self, size: int) -> list[slice]:
        """Which maps to read together, to read all."""
        return [slice(at, at + size) for at in range(0, len(self), size)]


def augmented(x: Tensor, generator: torch.Generator) -> Tensor:
    """Maps turned, mirrored and moved: the sky has no preferred direction or place.

    Every map gets one of the eight symmetries of the square; the batch is moved by up
    to 4 pixels, what enters at a border is reflected.
    """
    draws = torch.rand((3, len(x), 1, 1), generator=generator).to(x.device) < 0.5
    for flipped, dims in zip(draws, ((-1,), (-2,), None), strict=True):
        other = x.flip(dims) if dims else x.transpose(-1, -2)
        x = torch.where(flipped, other, x)
    far = 2 * FARTHEST + 1
    dy, dx = torch.randint(far, (2,), generator=generator).tolist()
    return moved(x, dy - FARTHEST, dx - FARTHEST)


def moved(x: Tensor, dy: int, dx: int) -> Tensor:
    """Maps (n, y, x) moved by whole pixels, reflected at their borders."""
    far = max(abs(dy), abs(dx))
    wide = nn.functional.pad(x[:, None], (far,) * 4, mode="reflect")[:, 0]
    rows, columns = x.shape[1:]
    return wide[:, far + dy : far + dy + rows, far + dx : far + dx + columns]


class Moved(nn.Module):
    """A network that sees its maps moved; its gradient is that of the map itself."""

    def __init__(self, model: nn.Module, dy: int, dx: int) -> None:
        super().__init__()
        self.model, self.dy, self.dx = model, dy, dx

    def forward(self, x: Tensor) -> Tensor:
        return self.model(moved(x, self.dy, self.dx))


def train(
    model: ResNet,
    path: io.PathLike,
    target: np.ndarray,
    train_rows: np.ndarray,
    select_rows: np.ndarray,
    **settings: Any,
) -> pd.DataFrame:
    """:func:`awd.teacher.training.train` on maps that stay in their file.

    On an NVIDIA GPU channels are last and precision is mixed.
    """
    if training.device(settings.get("device", "cpu")).type == "cuda":
        model.to(memory_format=torch.channels_last)
    return training.train(
        model,
        Rows(path, train_rows),
        target[train_rows],
        Rows(path, select_rows),
        target[select_rows],
        augment=augmented,
        cycle=True,
        mixed=True,
        **settings,
    )


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


def outputs(
    model: nn.Module,
    maps: Rows,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> np.ndarray:
    """What a network says of all maps, (n, outputs); else as :func:`saliency`."""
    targets = range(len(model.target_mean))

    def answers(rows: slice) -> np.ndarray:
        x = maps[rows]
        said = [ask.output(model, x, target=k, device=device) for k in targets]
        return np.stack(said, 1)

    return np.concatenate(mapped(answers, maps.pieces(PIECE), "maps", checkpoint))


def saliency(
    model: nn.Module,
    maps: Rows,
    shifts: int,
    stride: int = 4,
    device: str = "cpu",
    checkpoint: Checkpoint | None = None,
) -> np.ndarray:
    """Input gradients (n, y, x) of the first output, averaged over shifts of the map.

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

    def answers(rows: slice) -> np.ndarray:
        x = maps[rows]
        total = np.zeros_like(x)
        for dy in offsets:
            for dx in offsets:
                shown = Moved(model, dy, dx).eval()
                total += ask.saliency(shown, x, target=0, device=device)
        return total / shifts

    return np.concatenate(mapped(answers, maps.pieces(ASKED), "gradients", checkpoint))
