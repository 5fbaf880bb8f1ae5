"""What the peers do, written with their own public functions."""

from __future__ import annotations

import numpy as np
import pywt
import torch
from torch import Tensor, nn

LEVELS = 4


def pywt_forward(x: np.ndarray) -> list:
    function = pywt.wavedec if x.ndim == 2 else pywt.wavedec2
    return function(x, "db5", mode="zero", level=LEVELS)


def ptwt_l1_gradient(x: np.ndarray):
    """Value and filter gradient of the L1 norm by ptwt's differentiable transform."""
    import ptwt
    from ptwt.constants import WaveletTensorTuple

    data = torch.from_numpy(x)
    h = torch.tensor(pywt.Wavelet("db5").rec_lo, dtype=data.dtype, requires_grad=True)
    signs = torch.ones_like(h)
    signs[1::2] = -1

    def call():
        g = signs * h.flip(0)
        bank = WaveletTensorTuple(h.flip(0), g.flip(0), h, g)
        function = ptwt.wavedec if x.ndim == 2 else ptwt.wavedec2
        approx, *details = function(data, bank, mode="zero", level=LEVELS)
        bands = [approx]
        for part in details:
            bands += [part] if isinstance(part, Tensor) else list(part)
        value = sum(band.abs().sum() for band in bands)
        return value.item(), torch.autograd.grad(value, h)[0]

    return call


def awave_transform(dims: int) -> nn.Module:
    import awave

    kind = awave.DWT1d if dims == 1 else awave.DWT2d
    return kind(wave="db5", mode="zero", J=LEVELS, init_factor=1, noise_factor=0)


def awave_l1_gradient(x: np.ndarray):
    """The same by awave 0.1."""
    transform = awave_transform(x.ndim - 1)
    data = torch.from_numpy(x)[:, None]
    h = transform.h0

    def call():
        value = sum(band.abs().sum() for band in transform(data))
        return value.item(), torch.autograd.grad(value, h)[0]

    return call


L1_GRADIENTS = {"ptwt": ptwt_l1_gradient, "awave": awave_l1_gradient}


def awave_step(model: nn.Module, batch: Tensor):
    """One training step of awave: network in the loop, all losses, Adam."""
    import awave
    import awave.losses

    awave.losses._CMF_loss = _mirror_loss
    dims = batch.ndim - 2
    transform = awave_transform(dims)
    weights = dict.fromkeys(
        ("lamlSum", "lamhSum", "lamL2norm", "lamCMF", "lamConv"), 1.0
    )
    trainer = awave.Trainer(
        model,
        transform,
        torch.optim.Adam(transform.parameters(), 1e-3),
        awave.get_loss_f(**weights, lamL1wave=1e-3, lamL1attr=1.0),
        target=0,
        device=torch.device("cpu"),
        attr_methods="Saliency",
    )
    return lambda: trainer._train_iteration(batch)


def _mirror_loss(transform: nn.Module) -> Tensor:
    """awave 0.1's own needs an FFT that torch no longer has; this is what it means."""
    power = torch.fft.fft(transform.h0[0, 0]).abs() ** 2
    half = len(power) // 2
    return 0.5 * ((power[:half] + power[half:] - 2) ** 2).sum()


class Lstm(nn.Module):
    """The paper's teacher: 20 hidden units; reads (n, 1, time)."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.linear = nn.LSTM(1, 20, batch_first=True), nn.Linear(20, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.lstm(x.transpose(1, 2))[0][:, -1])


class ResNet18(nn.Module):
    """He et al. 2016 with one channel in, in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        layers = [
            nn.Conv2d(1, 64, 7, 2, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        ]
        inside = 64
        for width in (64, 128, 256, 512):
            layers += [Block(inside, width), Block(width, width)]
            inside = width
        pool = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1)
        self.layers = nn.Sequential(*layers, *pool).eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Block(nn.Module):
    """Two convolutions and the way past them."""

    def __init__(self, inside: int, width: int) -> None:
        super().__init__()
        stride = 1 if inside == width else 2
        self.body = nn.Sequential(
            nn.Conv2d(inside, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.past = nn.Identity()
        if stride == 2:
            conv = nn.Conv2d(inside, width, 1, 2, bias=False)
            self.past = nn.Sequential(conv, nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.past(x))
