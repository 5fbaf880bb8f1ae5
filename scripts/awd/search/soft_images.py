"""The paper's loss of images, for :mod:`awd.search.soft`: filter by filter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from awd.filters import kernels
from awd.samples import as_rows


@dataclass(frozen=True)
class ImageLoss:
    """:class:`awd.search.soft.Loss` for images of any size.

    Parameters
    ----------
    levels : int
    penalty : callable
        Penalty of every filter, (..., taps) -> (...).
    """

    levels: int
    penalty: Callable[[Tensor], Tensor]

    def __call__(
        self,
        h: Tensor,
        x: Tensor,
        gradient: Tensor,
        sparsity: Tensor,
        attribution: float,
    ) -> Tensor:
        """As :class:`awd.search.soft.Loss`, of (seeds, samples, channel, y, x)."""
        here = h.detach()
        values, slopes = np.empty(h.shape[:-1]), np.empty(h.shape)
        for i, batch in enumerate(zip(x.numpy(), gradient.numpy(), strict=True)):
            for j, weight in enumerate(sparsity.tolist()):
                one = here[i, j].numpy(), *batch, weight, attribution
                values[i, j], slopes[i, j] = self._fit(*one)
        value, slope = (torch.from_numpy(part).to(h) for part in (values, slopes))
        # Torch is told the gradient: what is added is 0, and its derivative the slope.
        return value + (slope * (h - here)).sum(-1) + self.penalty(h)

    def _fit(
        self,
        h: np.ndarray,
        x: np.ndarray,
        gradient: np.ndarray,
        sparsity: float,
        attribution: float,
    ) -> tuple[float, np.ndarray]:
        """All but the penalty for one filter, and its derivatives along the taps."""
        spare, attribute = (w / (self.levels + 1) for w in (sparsity, attribution))
        fit, by_fit = kernels.soft_gradient(as_rows(x), h, self.levels, spare)
        norm, by_norm = kernels.l1_gradient(as_rows(gradient), h, self.levels)
        value, slope = fit + attribute * norm, by_fit + attribute * by_norm
        return value / len(x), slope / len(x)
