"""Orthogonal wavelet analysis and synthesis in torch, differentiable in x and h.

Tensors in, tensors out, on any device; :func:`awd.kernels.analysis` is the same
transform for numpy arrays without gradients. Values equal ``pywt.wavedec`` and
``pywt.wavedec2`` with the wavelet of :func:`awd.wavelet.to_pywt`.

A level is an extension of the signal followed by two strided correlations, along every
axis, so a mode is one row of :data:`MODES`: how to index the extended signal.
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
Bands = list[Tensor | tuple[Tensor, Tensor, Tensor]]


def _padded(n: int, taps: int) -> np.ndarray:
    """Where the filters look, in samples of the signal."""
    return np.arange(2 - taps, n + taps - 2 + n % 2)


def _zero(n: int, taps: int) -> np.ndarray:
    index = _padded(n, taps)
    return np.where((index >= 0) & (index < n), index, OUTSIDE)


def _periodization(n: int, taps: int) -> np.ndarray:
    # An odd signal repeats its last sample, then the whole is periodic.
    even = n + n % 2
    index = np.arange(1 - taps // 2, even + taps // 2 - 1) % even
    return np.minimum(index, n - 1)


def _periodic(n: int, taps: int) -> np.ndarray:
    return _padded(n, taps) % n


def _symmetric(n: int, taps: int) -> np.ndarray:
    index = _padded(n, taps) % (2 * n)
    return np.minimum(index, 2 * n - 1 - index)


def _reflect(n: int, taps: int) -> np.ndarray:
    period = max(2 * n - 2, 1)
    index = _padded(n, taps) % period
    return np.minimum(index, period - index) % n


MODES: dict[str, Callable[[int, int], np.ndarray]] = {
    "zero": _zero,
    "periodization": _periodization,
    "symmetric": _symmetric,
    "reflect": _reflect,
    "periodic": _periodic,
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


def analysis(
    x: Tensor, h: Tensor, levels: int, mode: str = "zero", dims: int = 1
) -> Bands:
    """Orthogonal wavelet analysis along the last axis, or the last two.

    Parameters
    ----------
    x : Tensor of shape (..., time) or (..., y, x)
        Signals or images of any unit; coefficients have the same unit.
    h : Tensor of shape (taps,), taps even
        Low-pass synthesis filter; need not be orthonormal. Taken to the dtype of ``x``.
    levels : int
        Number of halvings, at most log2 of the shortest axis.
    mode : str
        How signals go on beyond their ends: a key of :data:`MODES`, named as in pywt.
    dims : {1, 2}
        Axes to transform.

    Returns
    -------
    list
        ``[approx, detail_levels, ..., detail_1]`` as ``pywt.wavedec`` orders them,
        Tensors of shape (..., band). With two axes, as ``pywt.wavedec2``, a detail is a
        tuple (horizontal, vertical, diagonal) of Tensors (..., y, x).

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
    batch, shape = x.shape[: x.ndim - dims], x.shape[x.ndim - dims :]
    for n in shape:
        signal_lengths(n, len(h), levels, mode)  # refuses what cannot be
    approx, details = x.reshape(-1, *shape), []
    for _ in range(levels):
        parts = _halve(approx, bank, mode)
        parts = [part.reshape(*batch, *part.shape[1:]) for part in parts]
        details.append(parts[1] if dims == 1 else tuple(parts[1:]))
        approx = parts[0].reshape(-1, *parts[0].shape[len(batch) :])
    return [approx.reshape(*batch, *approx.shape[1:]), *details[::-1]]


def synthesis(
    coeffs: Sequence[Tensor | Sequence[Tensor]],
    h: Tensor,
    shape: int | Sequence[int],
    mode: str = "zero",
) -> Tensor:
    """Exact inverse of :func:`analysis` for an orthonormal filter.

    Parameters
    ----------
    coeffs : sequence
        What :func:`analysis` returns.
    h : Tensor of shape (taps,), taps even
        The filter of the analysis.
    shape : int or sequence of one or two int
        Trailing shape of the signal or image, odd lengths too.
    mode : str
        The mode of the analysis.

    Returns
    -------
    Tensor of shape (..., *shape)

    Raises
    ------
    ShapeError
        The bands do not have the lengths that ``shape``, filter and mode give.
    ConfigError
        The mode is unknown.
    """
    bank = _bank(h, coeffs[0])
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if len(shape) not in (1, 2):
        raise ShapeError(f"shape is {shape}; expected (time,) or (y, x)")
    sizes = [signal_lengths(n, len(h), len(coeffs) - 1, mode) for n in shape]
    sizes = list(zip(*sizes, strict=True))[::-1]  # coarse ones first
    approx, *details = ((c,) if isinstance(c, Tensor) else tuple(c) for c in coeffs)
    _require_bands([approx, *details], [sizes[0], *sizes[:-1]], shape, len(h), mode)
    batch = approx[0].shape[: -len(shape)]
    flat = [[c.reshape(-1, *c.shape[len(batch) :]) for c in part] for part in details]
    (low,) = (c.reshape(-1, *c.shape[len(batch) :]) for c in approx)
    for size, detail in zip(sizes[1:], flat, strict=True):
        low = _double(torch.stack([low, *detail], 1), size, bank, mode)
    return low.reshape(*batch, *shape)


def _halve(x: Tensor, bank: Tensor, mode: str) -> list[Tensor]:
    """One level: (rows, *shape) to approximation and details, (rows, *band) each."""
    if x.ndim == 2:
        return list(_correlate(x, bank, mode).unbind(1))
    along_x = _correlate(x.flatten(0, 1), bank, mode).unflatten(0, x.shape[:2])
    turned = along_x.permute(0, 2, 3, 1)  # rows, low or high along x, x, y
    both = _correlate(turned.flatten(0, 2), bank, mode).unflatten(0, turned.shape[:3])
    parts = both.permute(1, 3, 0, 4, 2)  # along x, along y, rows, y, x
    return [parts[0, 0], parts[0, 1], parts[1, 0], parts[1, 1]]


def _double(parts: Tensor, size: tuple[int, ...], bank: Tensor, mode: str) -> Tensor:
    """Undo :func:`_halve`: (rows, 2 or 4, *band) to (rows, *size)."""
    if len(size) == 1:
        return _spread(parts, size[0], bank, mode)
    rows = len(parts)
    turned = parts.unflatten(1, (2, 2)).permute(0, 1, 4, 2, 3)  # rows, in x, x, in y, y
    along_y = _spread(turned.flatten(0, 2), size[0], bank, mode)
    pairs = along_y.unflatten(0, turned.shape[:3]).permute(0, 3, 1, 2)
    return _spread(pairs.flatten(0, 1), size[1], bank, mode).unflatten(0, (rows, -1))


def _correlate(x: Tensor, bank: Tensor, mode: str) -> Tensor:
    """Low and high band along the last axis: (rows, n) -> (rows, 2, band)."""
    n, taps = x.shape[-1], bank.shape[-1]
    index = extension(n, taps, mode)
    if mode == "zero":
        extended = functional.pad(x, (taps - 2, len(index) - n - (taps - 2)))
    else:
        extended = x[:, torch.as_tensor(index, device=x.device)]
    return functional.conv1d(extended[:, None], bank, stride=2)


def _spread(bands: Tensor, n: int, bank: Tensor, mode: str) -> Tensor:
    """Undo :func:`_correlate` of an orthonormal bank: (rows, 2, band) -> (rows, n)."""
    full = functional.conv_transpose1d(bands, bank, stride=2)[:, 0]
    taps = bank.shape[-1]
    if mode != "periodization":
        return full[:, taps - 2 : taps - 2 + n]
    even = n + n % 2
    index = torch.arange(1 - taps // 2, even + taps // 2 - 1, device=full.device)
    folded = full.new_zeros(len(full), even)
    return folded.index_add(1, index % even, full)[:, :n]


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


def _require_bands(
    parts: Sequence[Sequence[Tensor]],
    sizes: Sequence[tuple[int, ...]],
    shape: tuple[int, ...],
    taps: int,
    mode: str,
) -> None:
    """Refuse bands of other shapes than ``sizes``."""
    found = [tuple(c.shape[-len(shape) :]) for part in parts for c in part]
    count = 2 ** len(shape) - 1
    expected = [sizes[0], *(size for size in sizes[1:] for _ in range(count))]
    if found != expected:
        raise ShapeError(
            f"bands have shapes {found}; {shape} samples with {taps} taps in mode "
            f"{mode!r} give {expected}"
        )
