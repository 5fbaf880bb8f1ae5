"""Networks made of networks: called in another way, or averaged over shifted inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from awd.errors import ShapeError


class Adapted(nn.Module):
    """A network behind functions of the user: how it is called, what counts of it."""

    def __init__(
        self, model: nn.Module, wrap: Callable | None, choose: Callable
    ) -> None:
        super().__init__()
        self.model, self.wrap, self.choose = model, wrap, choose

    def forward(self, x: Tensor) -> Tensor:
        answer = self.wrap(self.model, x) if self.wrap else self.model(x)
        return self.choose(answer)


class Shifted(nn.Module):
    """The mean of a network over inputs shifted by 0, 1, ... along the last axes."""

    def __init__(self, model: nn.Module, shifts: int, dims: int) -> None:
        super().__init__()
        self.model, self.shifts, self.dims = model, shifts, dims

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(())
        for shift in np.ndindex(*(self.shifts,) * self.dims):
            moved = x
            for axis, by in zip(range(-self.dims, 0), shift, strict=True):
                if by >= x.shape[axis]:
                    raise ShapeError(
                        f"shift {by} is longer than an axis of {x.shape[axis]} "
                        f"samples; use shifts <= {x.shape[axis]}"
                    )
                index = torch.arange(x.shape[axis], device=x.device) - by
                moved = moved.index_select(axis % x.ndim, index.abs())
            total = total + self.model(moved) / self.shifts**self.dims
        return total
