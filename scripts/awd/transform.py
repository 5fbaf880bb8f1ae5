"""Orthogonal wavelet analysis and synthesis in torch, differentiable in x and h.

Tensors in, tensors out, on any device; :func:`awd.kernels.analysis` is the same
transform for numpy arrays without gradients. Values equal ``pywt.wavedec`` with the
wavelet of :func:`awd.wavelet.to_pywt`.

A level is an extension of the signal followed by two strided correlations, so a mode is
one row of :data:`MODES`: how to index the extended signal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from awd.errors import ConfigError, ShapeError
from awd.wavelet import require_levels

OUTSIDE = -1  # index of a sample that the extension sets to zero


def _zero(n: int, taps: int) -> np.ndarray:
    index = np.arange(2 - taps, n + taps - 2 + n % 2)
    return np.where((index >= 0) & (index < n), index, OUTSIDE)


def _periodization(n: int, taps: int) -> np.ndarray:
    # An odd signal repeats its last sample, then the whole is periodic.
    even = n + n % 2
    index = np.arange(1 - taps // 2, even + taps // 2 - 1) % even
    return np.minimum(index, n - 1)


MODES: dict[str, Callable[[int, int], np.ndarray]] = {
    "zero": _zero,
    "periodization": _periodization,
}


def extension(n: int, taps: int, mode: str) -> np.ndarray:
    """Source index of every sample of the extended signal; -1 where it is zero.

    Coefficient k of a band is the correlation of the filter with the extended signal
    from 2k on.

    Raises
    ------
    ConfigError
        The mode is unknown.
    """
    if mode not in MODES:
        raise ConfigError(f"mode is {mode!r}; expected one of {', '.join(MODES)}")
    return MODES[mode](n, taps)


def band_lengths(n: int, taps: int, levels: int, mode: str = "zero") -> list[int]:
    """Lengths of ``[approx, detail_levels, ..., detail_1]`` for ``n`` samples.

    Raises
    ------
    ShapeError
        The signal cannot be halved ``levels`` times.
    ConfigError
        The mode is unknown.

    Examples
    --------
    >>> band_lengths(40, taps=10, levels=4)
    [10, 10, 12, 16, 24]
    """
    _, *lengths = signal_lengths(n, taps, levels, mode)
    return [lengths[-1], *lengths[::-1]]


def signal_lengths(n: int, taps: int, levels: int, mode: str) -> list[int]:
    """Length of the approximation at level 0, 1, ..., ``levels``."""
    require_levels(n, levels)
    lengths = [n]
    for _ in range(levels):
        extended = len(extension(lengths[-1], taps, mode))
        lengths.append((extended - taps) // 2 + 1)
    return lengths


def analysis(x: Tensor, h: Tensor, levels: int, mode: str = "zero") -> list[Tensor]:
    """Orthogonal wavelet analysis along the last axis.

    Parameters
    ----------
    x : Tensor of shape (..., time)
        Signals of any unit; coefficients have the same unit.
    h : Tensor of shape (taps,), taps even
        Low-pass synthesis filter; need not be orthonormal. Taken to the dtype of ``x``.
    levels : int
        Number of halvings, at most log2(time).
    mode : str
        How signals go on beyond their ends: a key of :data:`MODES`, named as in pywt.

    Returns
    -------
    list of Tensor of shape (..., band)
        ``[approx, detail_levels, ..., detail_1]``, as ``pywt.wavedec`` orders them.

    Raises
    ------
    ShapeError
        Integer signals, odd or non-vector filter, or more levels than the length
        allows.
    ConfigError
        The mode is unknown.

    Examples
    --------
    >>> haar = torch.full((2,), 0.5**0.5)
    >>> [c.shape[-1] for c in analysis(torch.zeros(1, 64), haar, levels=3)]
    [8, 8, 16, 32]
    """
    bank = _bank(h, x)
    lengths = signal_lengths(x.shape[-1], len(h), levels, mode)
    approx, details = x.reshape(-1, 1, x.shape[-1]), []
    for n in lengths[:-1]:
        both = functional.conv1d(_extend(approx, n, len(h), mode), bank, stride=2)
        approx, detail = both.split(1, dim=1)
        details.append(detail)
    bands = [approx, *details[::-1]]
    return [band.reshape(*x.shape[:-1], band.shape[-1]) for band in bands]


def synthesis(
    coeffs: Sequence[Tensor],
    h: Tensor,
    shape: int | Sequence[int],
    mode: str = "zero",
) -> Tensor:
    """Exact inverse of :func:`analysis` for an orthonormal filter.

    Parameters
    ----------
    coeffs : sequence of Tensor of shape (..., band)
        ``[approx, detail_levels, ..., detail_1]``.
    h : Tensor of shape (taps,), taps even
        The filter of the analysis.
    shape : int or sequence of one int
        Trailing shape of the signal, odd lengths too.
    mode : str
        The mode of the analysis.

    Returns
    -------
    Tensor of shape (..., time)

    Raises
    ------
    ShapeError
        The bands do not have the lengths that ``shape``, filter and mode give.
    ConfigError
        The mode is unknown.
    """
    bank = _bank(h, coeffs[0])
    n = shape if isinstance(shape, int) else _only(shape)
    lengths = signal_lengths(n, len(h), len(coeffs) - 1, mode)
    expected = [lengths[-1], *lengths[:0:-1]]
    if [c.shape[-1] for c in coeffs] != expected:
        raise ShapeError(
            f"bands have lengths {[c.shape[-1] for c in coeffs]}; {n} samples with "
            f"{len(h)} taps in mode {mode!r} give {expected}"
        )
    batch = coeffs[0].shape[:-1]
    approx = coeffs[0].reshape(-1, 1, expected[0])
    for n, detail in zip(lengths[-2::-1], coeffs[1:], strict=True):
        both = torch.cat([approx, detail.reshape(-1, 1, detail.shape[-1])], dim=1)
        full = functional.conv_transpose1d(both, bank, stride=2)
        approx = _fold(full, n, len(h), mode)
    return approx.reshape(*batch, approx.shape[-1])


def _extend(x: Tensor, n: int, taps: int, mode: str) -> Tensor:
    """Signals (rows, 1, n) as the filters see them: (rows, 1, extended)."""
    index = extension(n, taps, mode)
    if mode == "zero":
        return functional.pad(x, (taps - 2, len(index) - n - (taps - 2)))
    return x[..., torch.as_tensor(index, device=x.device)]


def _fold(full: Tensor, n: int, taps: int, mode: str) -> Tensor:
    """Undo the extension of an orthonormal transform: (rows, 1, extended) -> n."""
    if mode != "periodization":
        return full[..., taps - 2 : taps - 2 + n]
    even = n + n % 2
    index = torch.arange(1 - taps // 2, even + taps // 2 - 1, device=full.device)
    folded = full.new_zeros(*full.shape[:-1], even)
    return folded.index_add(-1, index % even, full)[..., :n]


def _bank(h: Tensor, signals: Tensor) -> Tensor:
    """Low- and high-pass filter as weights (2, 1, taps), in the dtype of signals."""
    if not signals.is_floating_point():
        raise ShapeError(f"signals have dtype {signals.dtype}; expected floating point")
    if h.ndim != 1 or len(h) == 0 or len(h) % 2:
        raise ShapeError(
            f"filter has shape {tuple(h.shape)}; expected one axis of even length"
        )
    h = h.to(signals)
    signs = torch.ones_like(h)
    signs[1::2] = -1
    return torch.stack([h, signs * h.flip(0)]).unsqueeze(1)


def _only(shape: Sequence[int]) -> int:
    if len(shape) != 1:
        raise ShapeError(f"shape is {tuple(shape)}; expected one length, e.g. (40,)")
    return shape[0]
