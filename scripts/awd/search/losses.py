"""The paper's losses of a filter, differentiated by torch: see :mod:`awd.search.soft`.

Signals take the transform as a matrix, for many filters at once; images, of any size,
take the compiled loops, filter by filter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from awd import transform
from awd.filters import kernels
from awd.samples import as_rows


class Loss:
    """The paper's loss for many filters of one length, on signals of one length.

    Parameters
    ----------
    time, taps, levels : int
    dtype : torch.dtype
        That of the computation.
    """

    def __init__(self, time: int, taps: int, levels: int, dtype: torch.dtype) -> None:
        sizes = transform.signal_lengths(time, taps, levels, "zero")[:-1]
        self.levels = [_level(n, taps).to(dtype) for n in sizes]
        self.penalty = Penalty(taps, dtype)

    def __call__(
        self,
        h: Tensor,
        x: Tensor,
        gradient: Tensor,
        sparsity: Tensor,
        attribution: float,
    ) -> Tensor:
        """Loss of every filter, a sum of independent ones if added up.

        Parameters
        ----------
        h : Tensor of shape (seeds, sparsity, taps)
        x, gradient : Tensor of shape (seeds, samples, channel, time)
            Each seed's batch.
        sparsity : Tensor of shape (sparsity,)
        attribution : float

        Returns
        -------
        Tensor of shape (seeds, sparsity)
        """
        matrix = self.matrix(h)
        x, gradient, samples = x.flatten(1, 2), gradient.flatten(1, 2), x.shape[1]
        norms = sparsity * _l1(matrix, x) + attribution * _l1(matrix, gradient)
        fit = _reconstruction(matrix, x) + norms / (len(self.levels) + 1)
        return fit / samples + self.penalty(h)

    def matrix(self, h: Tensor) -> Tensor:
        """The transform as a matrix: (..., taps) -> (..., coefficients, time)."""
        first, *coarser = (
            (h @ level.flatten(1)).unflatten(-1, level.shape[1:])
            for level in self.levels
        )
        approx, *details = first.chunk(2, dim=-2)
        for level in coarser:
            approx, detail = (level @ approx).chunk(2, dim=-2)
            details.append(detail)
        return torch.cat([approx, *details[::-1]], dim=-2)


def _level(n: int, taps: int) -> Tensor:
    """A level as a linear map of the filter: (taps, approximation + detail, n)."""
    signals = torch.eye(n, dtype=torch.float64)
    units = torch.eye(taps, dtype=torch.float64)
    bands = [transform.analysis(signals, unit, 1, "zero") for unit in units]
    return torch.stack([torch.cat(pair, dim=-1).T for pair in bands])


def _reconstruction(matrix: Tensor, rows: Tensor) -> Tensor:
    """Squared error of the inverse, ``sum |x - A'A x|^2``.

    Through the second moments of the rows, which are smaller than the batch.
    """
    missed = torch.eye(matrix.shape[-1]).to(matrix) - matrix.mT @ matrix
    moments = (rows.mT @ rows)[:, None]
    return (missed @ moments * missed).sum((-2, -1))


def _l1(matrix: Tensor, rows: Tensor) -> Tensor:
    """Sum of absolute coefficients of the rows.

    A norm is the product of its argument with its gradient there. So only the gradient,
    of the size of the matrix, takes part in differentiation, and no coefficient.
    """
    with torch.no_grad():
        signs = (matrix.flatten(1, 2) @ rows.mT).sign_()
        slope = (signs @ rows).view_as(matrix)
    return (slope * matrix).sum((-2, -1))


@dataclass(frozen=True)
class ImageLoss:
    """:class:`Loss` for images of any size.

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
        """As :class:`Loss`, of (seeds, samples, channel, y, x)."""
        here = h.detach()
        values, slopes = np.empty(h.shape[:-1]), np.empty(h.shape)
        for i, batch in enumerate(zip(x.numpy(), gradient.numpy(), strict=True)):
            for j, weight in enumerate(sparsity.tolist()):
                taps = here[i, j].numpy()
                values[i, j], slopes[i, j] = self._fit(
                    taps, *batch, weight, attribution
                )
        value, slope = (torch.from_numpy(part).to(h) for part in (values, slopes))
        # The added term is 0, and its derivative is the slope, which torch has to know.
        return value + (slope * (h - here)).sum(-1) + self.penalty(h)

    def _fit(
        self,
        h: np.ndarray,
        x: np.ndarray,
        gradient: np.ndarray,
        sparsity: float,
        attribution: float,
    ) -> tuple[float, np.ndarray]:
        """All but the penalty for a filter, and its derivatives along the taps."""
        sparsity, attribution = (w / (self.levels + 1) for w in (sparsity, attribution))
        fit, by_fit = kernels.soft_gradient(as_rows(x), h, self.levels, sparsity)
        norm, by_norm = kernels.l1_gradient(as_rows(gradient), h, self.levels)
        value, slope = fit + attribution * norm, by_fit + attribution * by_norm
        return value / len(x), slope / len(x)


class Penalty:
    """Half the squared misses of the wavelet conditions.

    The sums of both filters, the norm, the products of ``h`` with itself shifted by
    2k, for k of both signs, and ``|H(w)|^2 + |H(w + pi)|^2`` on the grid of the
    discrete Fourier transform of the filter's own length, ``w = 2 pi j / taps``.
    As in the authors' code, each pair ``w, w + pi`` counts once: ``j < taps / 2``.

    Parameters
    ----------
    taps : int
    dtype : torch.dtype
    """

    def __init__(self, taps: int, dtype: torch.dtype) -> None:
        signs = torch.ones(taps, 2, dtype=dtype)
        signs[1::2, 1] = -1
        self.signs = signs  # sums of h and, but for its sign, of g are h @ signs
        k = torch.arange(taps // 2, dtype=dtype)
        self.cosines = 4 * torch.cos(4 * torch.pi / taps * torch.outer(k, k))
        self.cosines[0] = 2

    def __call__(self, h: Tensor) -> Tensor:
        """Of every filter: (..., taps) -> (...)."""
        sums = h @ self.signs - self.signs.new_tensor([2**0.5, 0])
        taps = h.shape[-1]
        shifted = functional.pad(h, (0, taps - 2)).unfold(-1, taps, 2)
        missed = (shifted @ h[..., None])[..., 0]
        missed[..., 0] -= 1
        # The power of a pair is the cosine transform of the products.
        powers = missed @ self.cosines
        # Every product counts twice: a shift has two signs, and no shift is the norm.
        return (torch.cat([sums, 2**0.5 * missed, powers], -1) ** 2).sum(-1) / 2
