"""The distilled wavelet as a small JSON file that plain pywt can use, and for MATLAB.

Nothing is written that is not a wavelet, and :func:`verify` reads back what was
written: with the file alone, ``pywt.Wavelet(filter_bank=...)`` must reconstruct.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io, wavelet
from awd.arguments import checked
from awd.errors import DataError, WaveletError

if TYPE_CHECKING:
    import pywt

FILTERS = ("dec_lo", "dec_hi", "rec_lo", "rec_hi")
MATLAB = ("Lo_D", "Hi_D", "Lo_R", "Hi_R")  # the same ones
TOLERANCE = 1e-8


@checked(h="taps", tolerance=(0, 1))
def wavelet_record(
    h: np.ndarray,
    name: str = "awd",
    provenance: Mapping[str, Any] | None = None,
    tolerance: float = TOLERANCE,
) -> dict[str, Any]:
    """Everything that describes an orthonormal wavelet, ready for JSON.

    Parameters
    ----------
    h : array of shape (taps,)
        Low-pass synthesis filter.
    name : str
    provenance : mapping, optional
        Where the filter comes from (teacher, target, seed, code digest ...).
    tolerance : float
        Largest residual accepted for any condition.

    Returns
    -------
    dict
        The four filters of pywt, ``angles``, ``conditions``, ``vanishing_moments``,
        ``effective_length``, ``name`` and ``provenance``.

    Raises
    ------
    ShapeError, WaveletError
        ``h`` is no filter, or misses a condition.
    """
    bank = wavelet.filter_bank(h, tolerance, name)
    return {
        "name": name,
        **{key: taps.tolist() for key, taps in zip(FILTERS, bank, strict=True)},
        "angles": wavelet.angles(h).tolist(),
        "conditions": wavelet.conditions(h),
        "vanishing_moments": wavelet.vanishing_moments(h),
        "effective_length": wavelet.effective_length(h),
        "provenance": dict(provenance or {}),
    }


@checked(h="taps", tolerance=(0, 1))
def write_wavelet_json(
    h: np.ndarray,
    path: io.PathLike,
    *,
    name: str = "awd",
    provenance: Mapping[str, Any] | None = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Write :func:`wavelet_record` to ``path`` and verify the file.

    Raises
    ------
    ShapeError, WaveletError
        ``h`` is no filter, or misses a condition; nothing is written.
    """
    io.write_json(wavelet_record(h, name, provenance, tolerance), path)
    verify(path, tolerance)


@checked(h="taps", tolerance=(0, 1))
def write_mat(
    h: np.ndarray, path: io.PathLike, *, name: str = "awd", tolerance: float = TOLERANCE
) -> None:
    """Write a wavelet for MATLAB, version 5 of its files.

    The variables are named as ``wfilters`` names what it returns: ``Lo_D``, ``Hi_D``
    (decomposition), ``Lo_R``, ``Hi_R`` (reconstruction), rows of ``taps`` doubles, with
    ``name``. ``load wavelet.mat``, then ``[c, l] = wavedec(x, 3, Lo_D, Hi_D)`` and
    ``waverec(c, l, Lo_R, Hi_R)``.

    Raises
    ------
    ShapeError, WaveletError
        ``h`` is no filter, or misses a condition; nothing is written.
    """
    import scipy.io

    bank = wavelet.filter_bank(h, tolerance, name)
    held = dict(zip(MATLAB, bank, strict=True)) | {"name": name}
    with io.replacing(path) as temporary:
        scipy.io.savemat(temporary, held, oned_as="row")


@checked(tolerance=(0, 1))
def verify(path: io.PathLike, tolerance: float = TOLERANCE) -> pywt.Wavelet:
    """Read a wavelet back, measure it in plain pywt and return it.

    Parameters
    ----------
    path : path
        A file of :func:`write_wavelet_json`.
    tolerance : float
        Largest residual and reconstruction error accepted (signals of norm 1).

    Raises
    ------
    MissingInput, DataError
        There is no such file, or it lacks a filter.
    WaveletError
        The filters are not one orthonormal bank, or do not reconstruct.
    """
    import pywt

    record = io.read_json(path)
    if not isinstance(record, dict):
        raise DataError(f"{path}: no record of a wavelet; expected a wavelet.json")
    missing = [key for key in FILTERS if key not in record]
    if missing:
        raise DataError(f"{path}: no {', '.join(missing)}; write it anew from its h")
    bank = [_taps(record[key], f"{path}: {key}") for key in FILTERS]
    expected = wavelet.filter_bank(bank[2], tolerance, f"{path}: rec_lo")
    for key, taps, partner in zip(FILTERS, bank, expected, strict=True):
        same = taps.shape == partner.shape
        if not (same and np.abs(taps - partner).max() <= tolerance):
            raise WaveletError(f"{path}: {key} does not belong to rec_lo")
    found = pywt.Wavelet(record.get("name", "awd"), filter_bank=bank)
    error = _reconstruction_error(found)
    if not error <= tolerance:
        raise WaveletError(
            f"{path}: pywt reconstructs with error {error:.1e}, over {tolerance:.0e}"
        )
    found.orthogonal = found.biorthogonal = True
    return found


def _taps(values: Any, where: str) -> np.ndarray:
    try:
        taps = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        taps = np.array(np.nan)
    if taps.ndim == 0 or not np.isfinite(taps).all():
        raise DataError(f"{where} is {values!r}; expected numbers: write it anew")
    return taps


def _reconstruction_error(found: pywt.Wavelet) -> float:
    """Largest error over every unit impulse, two levels, odd length too."""
    import pywt

    errors = []
    for n in (4 * found.dec_len, 4 * found.dec_len + 1):
        impulses = np.eye(n)
        bands = pywt.wavedec(impulses, found, mode="zero", level=2)
        restored = pywt.waverec(bands, found, mode="zero")[:, :n]
        errors.append(np.abs(restored - impulses).max())
    return float(max(errors))
