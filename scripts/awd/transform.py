"""Orthogonal wavelet analysis and synthesis in torch, differentiable in x and h.

Tensors in, tensors out, on any device; :func:`awd.filters.kernels.analysis` is the same
transform for numpy arrays without gradients. Values equal ``pywt.wavedec`` and
``pywt.wavedec2`` with the wavelet of :func:`awd.wavelet.to_pywt`.

A level is an extension of the signal followed by two strided correlations, along every
axis, so a mode is one row of :data:`MODES`: how to index the extended signal. The
correlations are matrix products of overlapping windows, each of which gives
:data:`BLOCK` neighbouring coefficients of both bands: several times faster than a
strided convolution of one channel, forward and backward.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, overload

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from awd import scalars
from awd.errors import DataError, ShapeError
from awd.wavelet import require_levels

OUTSIDE = -1  # index of a sample that the extension sets to zero
BLOCK = 8  # coefficients of a band in one row of the matrix products
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
    mode = scalars.chosen(mode, "mode", MODES)
    n = scalars.whole(n, "signal length")
    taps = scalars.whole(taps, "taps", 2, scalars.MOST // 1000)
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
    levels = require_levels(n, levels)
    lengths = [n]
    for _ in range(levels):
        extended = len(extension(lengths[-1], taps, mode))
        lengths.append((extended - taps) // 2 + 1)
    return lengths


@overload
def analysis(
    x: Tensor, h: Tensor, levels: int, mode: str = "zero", dims: Literal[1] = 1
) -> list[Tensor]: ...


@overload
def analysis(
    x: Tensor, h: Tensor, levels: int, mode: str = "zero", *, dims: int
) -> Bands: ...


def analysis(
    x: Tensor, h: Tensor, levels: int, mode: str = "zero", dims: int = 1
) -> Sequence[Tensor | tuple[Tensor, ...]]:
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
        Integer signals, fewer axes than ``dims``, odd or non-vector filter, or more
        levels than the length allows.
    DataError
        ``x`` or ``h`` is not finite.
    ConfigError
        The mode is unknown.

    Examples
    --------
    >>> haar = torch.full((2,), 0.5**0.5)
    >>> [c.shape[-1] for c in analysis(torch.zeros(1, 64), haar, levels=3)]
    [8, 8, 16, 32]
    """
    _require_axes(x, dims)
    weights = _analysis_weights(_bank(h, x))
    for n in x.shape[-dims:]:  # refuses what cannot be
        signal_lengths(int(n), int(h.shape[0]), levels, mode)
    approx, details = x, []
    for _ in range(levels):
        approx, *detail = _halve(approx, weights, mode, dims)
        details.append(detail[0] if dims == 1 else tuple(detail))
    _require_finite(approx, {"x": x, "h": h})
    return [approx, *details[::-1]]


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
        The bands do not have the shapes that ``shape``, filter and mode give.
    DataError
        A band or ``h`` is not finite.
    ConfigError
        The mode is unknown.
    """
    shape = tuple(scalars.wholes(shape, "shape"))
    if len(shape) > 2:
        raise ShapeError(f"shape is {shape}; expected (time,) or (y, x)")
    if not isinstance(coeffs, list | tuple) or len(coeffs) < 2:
        raise ShapeError("coefficients are no list of bands; give what analysis gave")
    first, *rest = ((c,) if isinstance(c, Tensor) else c for c in coeffs)
    parts = [first, *rest]
    known = all(isinstance(part, list | tuple) for part in parts)
    if not known or not all(isinstance(c, Tensor) for part in parts for c in part):
        raise ShapeError("bands are no Tensors; give what analysis gave")
    bank = _bank(h, first[0])
    lengths = [signal_lengths(n, len(h), len(rest), mode) for n in shape]
    sizes = list(zip(*lengths, strict=True))[::-1]  # coarse ones first
    (low,), *details = (tuple(part) for part in parts)
    _require_bands([(low,), *details], [sizes[0], *sizes[:-1]], shape, len(h), mode)
    weights = _synthesis_weights(bank)
    for size, detail in zip(sizes[1:], details, strict=True):
        low = _double(torch.stack([low, *detail]), size, weights, mode)
    bands = [c for part in parts for c in part]
    _require_finite(low, {"h": h} | {f"band {k}": c for k, c in enumerate(bands)})
    return low


def _require_finite(result: Tensor, given: Mapping[str, Tensor]) -> None:
    """Refuse what is not finite, once the result shows it, which all went into."""
    if torch.jit.is_tracing() or torch.compiler.is_compiling():
        return
    try:
        sound = math.isfinite(result.detach().sum().item())
    except (RuntimeError, NotImplementedError):  # of vmap, or without values: meta
        return
    for name, values in given.items():
        bad = int((~torch.isfinite(values)).sum()) if not sound else 0
        if bad:
            raise DataError(
                f"{name} is not finite (NaN, infinity) in {bad} of {values.numel()} "
                "values; drop or repair them"
            )


def _halve(x: Tensor, weights: Tensor, mode: str, dims: int) -> Tensor:
    """One level: (..., *shape) to approximation and details, (2 or 4, ..., *band)."""
    along_x = _correlate(x, weights, mode)
    if dims == 1:
        return along_x
    both = _correlate(along_x.mT, weights, mode).mT  # along y, along x, ..., y, x
    return both.transpose(0, 1).flatten(0, 1)


def _double(parts: Tensor, size: tuple[int, ...], weights: Tensor, mode: str) -> Tensor:
    """Undo :func:`_halve`: (2 or 4, ..., *band) to (..., *size)."""
    if len(size) == 2:
        both = parts.unflatten(0, (2, 2)).transpose(0, 1)  # along y, along x, ..., y, x
        parts = _spread(both.mT, size[0], weights, mode).mT
    return _spread(parts, size[-1], weights, mode)


def _correlate(x: Tensor, weights: Tensor, mode: str) -> Tensor:
    """Low and high band along the last axis: (..., n) -> (2, ..., band)."""
    n, window = int(x.shape[-1]), int(weights.shape[0])  # a trace knows no integers
    taps = window - 2 * BLOCK + 2
    index = extension(n, taps, mode)
    band = (len(index) - taps) // 2 + 1
    beyond = -band % BLOCK * 2  # to whole blocks; what it gives is dropped
    if mode == "zero":
        extended = functional.pad(x, (taps - 2, len(index) - n - (taps - 2) + beyond))
    else:
        source = torch.as_tensor(np.pad(index, (0, beyond)), device=x.device)
        extended = x.index_select(-1, source)
    windows = extended.unfold(-1, window, 2 * BLOCK)  # ..., blocks, window
    # Flat, because matmul goes row by row where no gradient is wanted.
    products = windows.flatten(0, -2) @ weights
    blocks = products.reshape(*windows.shape[:-1], 2, BLOCK)
    return blocks.movedim(-2, 0).flatten(-2)[..., :band]


def _spread(bands: Tensor, n: int, weights: Tensor, mode: str) -> Tensor:
    """Undo :func:`_correlate` of an orthonormal bank: (2, ..., band) -> (..., n)."""
    window = len(weights) // 2
    half = window - BLOCK + 1
    pairs = bands.shape[-1] + half - 1  # of samples that the bands reach
    padded = functional.pad(bands, (half - 1, half - 1 + -pairs % BLOCK))
    windows = padded.unfold(-1, window, BLOCK).movedim(0, -2)  # ..., blocks, 2, window
    products = windows.flatten(-2).flatten(0, -2) @ weights
    full = products.reshape(*windows.shape[:-2], 2 * BLOCK).flatten(-2)
    if mode != "periodization":
        return full[..., 2 * half - 2 : 2 * half - 2 + n]
    even = n + n % 2
    index = torch.arange(1 - half, even + half - 1, device=full.device) % even
    folded = full.new_zeros(*full.shape[:-1], even)
    return folded.index_add(-1, index, full[..., : 2 * pairs])[..., :n]


def _analysis_weights(bank: Tensor) -> Tensor:
    """From a window of samples to a block of both bands: (window, 2 BLOCK)."""
    window = torch.arange(2 * BLOCK + bank.shape[-1] - 2)
    tap = window[:, None] - 2 * torch.arange(BLOCK)
    return _taps_at(tap, bank).transpose(0, 1).flatten(1)


def _synthesis_weights(bank: Tensor) -> Tensor:
    """From a window of both bands to a block of samples: (2 window, 2 BLOCK)."""
    half = bank.shape[-1] // 2
    window = torch.arange(1 - half, BLOCK)
    tap = torch.arange(2 * BLOCK) - 2 * window[:, None]
    return _taps_at(tap, bank).flatten(0, 1)


def _taps_at(index: Tensor, bank: Tensor) -> Tensor:
    """Taps of both filters, 0 where there is none: (2, *index.shape)."""
    taps = bank.shape[-1]
    index = torch.where((index < 0) | (index >= taps), taps, index)
    return functional.pad(bank, (0, 1))[:, index.to(bank.device)]


def _bank(h: Tensor, signals: Tensor) -> Tensor:
    """Low- and high-pass filter, (2, taps), in the dtype of signals."""
    if not isinstance(h, Tensor):
        raise ShapeError(f"filter is a {type(h).__name__}; expected a Tensor")
    dense = all(tensor.layout is torch.strided for tensor in (h, signals))
    if not dense or (h.is_meta and not signals.is_meta):
        raise ShapeError(
            "signals or filter are sparse, or the filter has no values (device meta); "
            "expected dense Tensors: .to_dense()"
        )
    if not signals.is_floating_point():
        raise ShapeError(f"signals have dtype {signals.dtype}; expected floating point")
    if h.ndim != 1 or len(h) == 0 or len(h) % 2 or h.is_complex():
        raise ShapeError(
            f"filter has shape {tuple(h.shape)} and dtype {h.dtype}; expected real "
            "numbers along one axis of even length"
        )
    h = h.to(signals)
    signs = torch.ones_like(h)
    signs[1::2] = -1
    return torch.stack([h, signs * h.flip(0)])


def _require_axes(x: Tensor, dims: int) -> None:
    if not isinstance(x, Tensor):
        raise ShapeError(
            f"signals are a {type(x).__name__}; expected a Tensor: for arrays there is "
            "awd.kernels.analysis"
        )
    if scalars.whole(dims, "dims", 1, 2) > x.ndim:
        raise ShapeError(
            f"signals have shape {tuple(x.shape)} and dims is {dims}; expected dims 1 "
            "for (..., time) or 2 for (..., y, x)"
        )


def _require_bands(
    parts: Sequence[Sequence[Tensor]],
    sizes: Sequence[tuple[int, ...]],
    shape: tuple[int, ...],
    taps: int,
    mode: str,
) -> None:
    """Refuse bands of other shapes than ``sizes``, behind the axes of the first one."""
    batch = tuple(parts[0][0].shape[: -len(shape)])
    found = [tuple(c.shape) for part in parts for c in part]
    counts = [1] + [2 ** len(shape) - 1] * (len(sizes) - 1)
    expected = [
        batch + size
        for size, count in zip(sizes, counts, strict=True)
        for _ in range(count)
    ]
    if found != expected:
        raise ShapeError(
            f"bands have shapes {found}; {shape} samples with {taps} taps in mode "
            f"{mode!r} give {expected}"
        )
