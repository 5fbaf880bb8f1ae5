"""The paper's own distillation: a free filter that is drawn towards the wavelets.

Ha et al. (NeurIPS 2021) let Adam move all taps and add a penalty for every condition of
a wavelet. It stands here for comparison: what it finds is a wavelet only as far as the
penalties win, so measure the conditions (:meth:`SoftPath.conditions`) and see
:func:`awd.wavelet.project`. The network is not called: attributions are transforms of
cached gradients, as in :mod:`awd.distil`.

The loss of a batch of B samples, with the transform ``A`` of J levels (mode zero), its
transpose ``A'`` (the authors' inverse for every filter), and weights s and a, is ::

    1/B sum |x - A'A x|^2  +  P(h)  +  (s sum |A x| + a sum |A G|) / (B (J + 1))

with the gradients ``G`` and the penalty ``P`` of :class:`Penalty`. The authors divide
by J + 1 for images too: the three details of a level count as a single band.

Filters of all seeds and sparsity weights, the chains, are trained at once. They share
nothing but batches: every chain's loss depends on its own taps, and Adam takes each tap
for itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from awd import scalars, wavelet
from awd.errors import DataError, ShapeError
from awd.log import progress
from awd.samples import dims_of, real
from awd.search import objectives
from awd.search.losses import ImageLoss, Loss, Penalty
from awd.teacher import training

if TYPE_CHECKING:
    from awd.record.checkpoint import Checkpoint

# The grid of the authors' cells study, rounded as they publish it.
PAPER_SPARSITY = tuple(np.geomspace(1e-4, 5e-3, 5).round(5).tolist())
PAPER_ATTRIBUTION = (0.0, *np.geomspace(1e-4, 10, 20).round(5).tolist())


MOST = 1e12  # of a weight: beyond it, losses are all that weight


@dataclass(frozen=True)
class SoftPath:
    """Filters at every seed and pair of weights.

    Attributes
    ----------
    filter : ndarray of shape (seeds, sparsity, attribution, taps), float64
        In pywt's ``rec_lo`` order; nearly wavelets.
    loss : ndarray of shape (seeds, sparsity, attribution)
        Mean over the batches of the last epoch.
    sparsity, attribution : ndarray of float
        The weights, ascending.
    seeds : ndarray of int
    """

    filter: np.ndarray
    loss: np.ndarray
    sparsity: np.ndarray
    attribution: np.ndarray
    seeds: np.ndarray

    def conditions(self) -> dict[str, np.ndarray]:
        """:func:`awd.wavelet.conditions` of every filter, each of the shape of loss."""
        taps = self.filter.shape[-1]
        measured = [wavelet.conditions(h) for h in self.filter.reshape(-1, taps)]
        return {
            name: np.array([m[name] for m in measured]).reshape(self.loss.shape)
            for name in wavelet.MEANING
        }


def distil_soft(
    x: np.ndarray,
    gradient: np.ndarray,
    *,
    levels: int = 4,
    sparsity: Sequence[float] = PAPER_SPARSITY,
    attribution: Sequence[float] = PAPER_ATTRIBUTION,
    init: str | np.ndarray = "db5",
    epochs: int = 100,
    batch: int = 100,
    learning_rate: float = 1e-3,
    seeds: Sequence[int] = (1,),
    dims: int | None = None,
    checkpoint: Checkpoint | None = None,
) -> SoftPath:
    """Train filters with the paper's loss, warm-started along the attribution weight.

    Every sparsity weight and seed makes one chain: the smallest attribution weight
    begins with ``init``, each following one with the filter before it and a fresh Adam.
    A seed's batches are the same at every pair of weights, so that differences come
    from the weights alone.

    Parameters
    ----------
    x : array of shape (n, [channel,] time) or (n, [channel,] y, x)
        Samples. Computation is in float32 if samples and gradients are, else float64.
    gradient : array of the shape of x
        Gradient of the teacher's output in every sample.
    levels : int
        Halvings of the transform.
    sparsity, attribution : sequences of float
        Weights of the L1 norms; the default is the published grid.
    init : str or array of shape (taps,)
        Name of an orthonormal pywt wavelet, or a filter. Its length stays.
    epochs, batch : int
        Passes over the samples at each pair of weights, and samples of a step; the last
        batch of an epoch may be smaller.
    learning_rate : float
        Adam's.
    seeds : sequence of int
        Seeds of the order of the samples.
    dims : {1, 2}, optional
        Axes of a sample without channels; needed where ``x`` has three axes.
    checkpoint : Checkpoint, optional
        Where the filters at every finished attribution weight are saved, and taken up
        if they are there.

    Returns
    -------
    SoftPath

    Raises
    ------
    ShapeError
        Shapes differ, fewer than 2 samples, too many levels, odd filter.
    DataError
        Missing, NaN, infinite or constant values.
    WaveletError
        No such wavelet, or taps that are not finite.
    ConfigError
        Weights, epochs, batch, learning rate, seeds or axes that cannot be.

    Notes
    -----
    The transform of signals is a dense matrix: they should have tens or hundreds of
    samples. Images of any size go through :func:`awd.filters.kernels.soft_gradient`,
    one chain after the other, and are not copied.

    Examples
    --------
    >>> path = distil_soft(x, gradient, seeds=(1, 10))  # doctest: +SKIP
    >>> path.filter.shape  # doctest: +SKIP
    (2, 5, 21, 10)
    """
    weights = {
        name: scalars.ascending(weights, name, most=MOST)
        for name, weights in (("sparsity", sparsity), ("attribution", attribution))
    }
    schedule = Schedule(
        *(epochs, batch, learning_rate),
        tuple(scalars.several(seeds, "seeds")),
    )
    if x is None:
        raise DataError("the paper's loss needs x; got None")
    dims = dims_of(real(x, "x").shape, dims)
    x, gradient = samples = _pair(x, gradient, levels, dims)
    h = torch.from_numpy(_initial(init).astype(x.dtype))
    filters = h.repeat(len(schedule.seeds), len(weights["sparsity"]), 1)
    loss: Loss | ImageLoss
    if dims == 1:
        loss = Loss(x.shape[-1], len(h), levels, h.dtype)
    else:
        loss = ImageLoss(levels, Penalty(len(h), h.dtype))
    chains = torch.from_numpy(weights["sparsity"].astype(x.dtype))
    found = checkpoint.pieces() if checkpoint else []  # taps, and the loss behind them
    if found:
        filters = torch.from_numpy(found[-1][..., :-1].astype(x.dtype))
    remaining = weights["attribution"][len(found) :]
    with training.one_thread():
        for weight in progress(remaining, "distil softly"):
            part = functools.partial(loss, sparsity=chains, attribution=weight)
            filters, values = _train(filters, samples, part, schedule)
            found.append(torch.cat([filters, values[..., None]], -1).double().numpy())
            if checkpoint:
                checkpoint.keep(found)
    path = np.stack(found, axis=2)
    return SoftPath(
        path[..., :-1], path[..., -1], **weights, seeds=np.array(schedule.seeds)
    )


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps Adam goes; refuses what cannot be."""

    epochs: int
    batch: int
    learning_rate: float
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):  # frozen; torch knows integers of Python only
            value = scalars.whole(getattr(self, name), name)
            object.__setattr__(self, name, value)
        scalars.positive(self.learning_rate, "learning_rate", ", such as 1e-3")
        scalars.wholes(self.seeds, "seeds", 0, scalars.SEEDS)


def _train(
    h: Tensor,
    samples: tuple[np.ndarray, np.ndarray],
    loss: Callable[[Tensor, Tensor, Tensor], Tensor],
    schedule: Schedule,
) -> tuple[Tensor, Tensor]:
    """Filters after all epochs, and their mean loss over the batches of the last."""
    h = h.clone().requires_grad_()
    adam = torch.optim.Adam([h], schedule.learning_rate)
    draws = [torch.Generator().manual_seed(int(seed)) for seed in schedule.seeds]
    n = len(samples[0])
    for _ in range(schedule.epochs):
        order = torch.stack([torch.randperm(n, generator=draw) for draw in draws])
        values = []
        for rows in order.split(schedule.batch, dim=1):
            batch = (torch.from_numpy(part[rows.numpy()]) for part in samples)
            each = loss(h, *batch)
            adam.zero_grad()
            each.sum().backward()
            adam.step()
            values.append(each.detach())
    return h.detach(), torch.stack(values).mean(0)


def _pair(
    x: np.ndarray, gradient: np.ndarray, levels: int, dims: int
) -> tuple[np.ndarray, np.ndarray]:
    """Samples and gradients of one dtype, (n, channel, time) or (n, channel, y, x)."""
    x = objectives.arranged(x, "x", levels, dims)
    gradient = objectives.arranged(gradient, "gradient", levels, dims)
    if x.shape != gradient.shape:
        raise ShapeError(
            f"x has shape {x.shape} and gradient {gradient.shape} as (n, channel, "
            "...); expected the same"
        )
    dtype = np.result_type(x, gradient)
    return x.astype(dtype, copy=False), gradient.astype(dtype, copy=False)


def _initial(init: str | np.ndarray) -> np.ndarray:
    if isinstance(init, str):
        return wavelet.from_pywt(init)
    return wavelet.require_wavelet(init, np.inf, "init")
