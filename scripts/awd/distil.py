"""From cached gradients of a teacher to one orthonormal wavelet.

TRIM saliency with residuals is the wavelet transform of the input gradient, so the
paper's objective (Ha et al., NeurIPS 2021, eq. 4) needs no network any more: it is the
L1 norm of two wavelet transforms. Over lattice angles its penalties vanish, and what is
left, a few angles, is searched globally: a low-discrepancy scan, descent from the best
points on a few samples, then on all.

Adding an objective is one function that returns its terms (:class:`awd.search.Term`),
entered in :data:`OBJECTIVES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from awd import search, wavelet
from awd.errors import ConfigError, DataError, ShapeError
from awd.search import Blend, Optimum, Term

if TYPE_CHECKING:
    import xarray as xr

    from awd.features import Student

REFERENCE = "db5"  # every term is divided by its value here, so that ratios compare
PATH = (0.0, *np.geomspace(1e-2, 1e2, 17).tolist(), np.inf)


@dataclass(frozen=True)
class L1:
    """Mean absolute wavelet coefficient, in units of its value at :data:`REFERENCE`.

    Parameters
    ----------
    data : ndarray of shape (n, ..., time)
    levels : int
    scale : float
        What the sum over all coefficients is multiplied with.
    """

    data: np.ndarray
    levels: int
    scale: float = 1.0

    def values(self, filters: np.ndarray) -> np.ndarray:
        from awd import kernels

        return self.scale * kernels.l1(self._rows(), filters, self.levels)

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        from awd import kernels

        value, gradient = kernels.l1_gradient(self._rows(), h, self.levels)
        return self.scale * value, self.scale * gradient

    def subset(self, rows: np.ndarray) -> L1:
        part = replace(self, data=self.data[rows])
        return replace(part, scale=self.scale * len(self.data) / len(rows))

    def relative(self) -> L1:
        at_reference = self.values(wavelet.from_pywt(REFERENCE)[None])[0]
        return replace(self, scale=self.scale / at_reference)

    def _rows(self) -> np.ndarray:
        return self.data.reshape(-1, self.data.shape[-1])


def sparsity(x: np.ndarray, gradient: None, levels: int) -> dict[str, Term]:
    """The wavelet in which the signals are sparse; no teacher."""
    return {"sparsity": L1(signals(x, "x", levels), levels).relative()}


def attribution(
    x: np.ndarray | None, gradient: np.ndarray, levels: int
) -> dict[str, Term]:
    """The wavelet in which TRIM attributions are sparse, and signals too if given."""
    gradient = signals(gradient, "gradient", levels)
    terms: dict[str, Term] = {"attribution": L1(gradient, levels).relative()}
    if x is None:
        return terms
    if np.shape(x) != gradient.shape:
        raise ShapeError(
            f"gradient has shape {gradient.shape} and x {np.shape(x)}; expected the "
            "same: one derivative for every value of every sample"
        )
    return terms | sparsity(x, None, levels)


OBJECTIVES: dict[str, Callable[..., dict[str, Term]]] = {
    "attribution": attribution,
    "sparsity": sparsity,
}


@dataclass(frozen=True)
class Candidates:
    """A table of filters, one row each.

    Attributes
    ----------
    ratio : ndarray of shape (rows,)
        Weight of attribution over sparsity.
    angles : ndarray of shape (rows, M)
    filter : ndarray of shape (rows, 2M)
    value : ndarray of shape (rows,)
        The objective at this ratio, 1 at db5.
    """

    ratio: np.ndarray
    angles: np.ndarray
    filter: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Distilled:
    """A distilled wavelet and how it was found.

    Attributes
    ----------
    filter : ndarray of shape (taps,)
        Low-pass synthesis filter, pywt's ``rec_lo`` order.
    angles : ndarray of shape (taps / 2,)
    value : float
        The objective, 1 at db5.
    ratio : float
        Weight of attribution over sparsity.
    path : Candidates
        The best filter at every ratio asked for, ratios ascending.
    optima : Candidates
        All distinct optima at ``ratio``, best first.
    conditions : dict of str to float
        Measured residuals, see :func:`awd.wavelet.conditions`.
    objective, levels, mode
        As asked for.
    """

    filter: np.ndarray
    angles: np.ndarray
    value: float
    ratio: float
    path: Candidates
    optima: Candidates
    conditions: dict[str, float]
    objective: str
    levels: int
    mode: str


def distil(
    x: np.ndarray | None = None,
    gradient: np.ndarray | None = None,
    *,
    objective: str = "attribution",
    ratio: float | str | Sequence[float] = np.inf,
    levels: int = 4,
    length: int = 10,
    mode: str = "zero",
    random_state: int | np.random.Generator = 0,
) -> Distilled:
    """Find the orthonormal wavelet that makes attributions or signals sparse.

    Parameters
    ----------
    x : array of shape (n, ..., time), optional
        Signals; needed for sparsity and for any finite ratio.
    gradient : array of the shape of x, optional
        Gradient of the teacher's output in every sample, as from
        ``awd.attribution.saliency``. Its transform is the TRIM attribution of the
        coefficients (exactly, for any network, along orthonormal filters).
    objective : {"attribution", "sparsity"}
        A key of :data:`OBJECTIVES`. ``"sparsity"`` uses no teacher.
    ratio : float, sequence of float or "path"
        Weight of attribution over sparsity, each divided by its value at db5: 0 is
        sparsity alone, infinity attribution alone. Several ratios, or the standard
        ``"path"``, are followed from one to the next; the largest gives the result.
    levels, length : int
        Halvings of the transform and number of taps, even.
    mode : {"zero"}
        How signals go on beyond their ends.
    random_state : int or Generator
        Seeds the scan and its choice of samples.

    Returns
    -------
    Distilled

    Raises
    ------
    ShapeError
        Shapes differ, fewer than 2 samples, too many levels, odd length.
    DataError
        Missing, NaN, infinite or constant values.
    ConfigError
        Unknown objective or mode, bad ratio.

    Examples
    --------
    >>> result = distil(gradient=g, levels=4, length=10)  # doctest: +SKIP
    >>> awd.wavelet.to_pywt(result.filter)  # doctest: +SKIP
    """
    _require_options(objective, mode, length)
    terms = OBJECTIVES[objective](x, gradient, levels)
    ratios = [0.0] if objective == "sparsity" else _ratios(ratio, terms)
    blends = [Blend(terms, _weights(r)) for r in ratios]
    rng = np.random.default_rng(random_state)
    data = gradient if x is None else x
    rows = _few(np.shape(np.asarray(data)), rng)
    # Four angles are too few for BLAS threads: waiting for each other doubles the time.
    with threadpool_limits(1, "blas"):
        path, optima = search.follow(blends, search.scan(blends, rows, length, rng))
    best = path[-1]
    return Distilled(
        filter=best.filter,
        angles=best.angles,
        value=best.value,
        ratio=ratios[-1],
        path=_table(ratios, path),
        optima=_table(ratios[-1:] * len(optima), optima),
        conditions=wavelet.conditions(best.filter),
        objective=objective,
        levels=levels,
        mode=mode,
    )


def _require_options(objective: str, mode: str, length: int) -> None:
    if objective not in OBJECTIVES:
        raise ConfigError(
            f"objective is {objective!r}; expected one of {', '.join(OBJECTIVES)}"
        )
    if mode != "zero":
        raise ConfigError(f"mode is {mode!r}; distillation knows 'zero' only")
    if not isinstance(length, int | np.integer) or length < 2 or length % 2:
        raise ShapeError(f"length is {length!r}; expected an even number of taps >= 2")


def _ratios(ratio: float | str | Sequence[float], terms: dict[str, Term]) -> list:
    ratios = np.atleast_1d(PATH if ratio == "path" else ratio)
    if ratios.dtype.kind not in "fiu" or ratios.size == 0 or not (ratios >= 0).all():
        raise ConfigError(
            f"ratio is {ratio!r}; expected numbers of at least 0 (infinity too) or "
            "'path'"
        )
    if "sparsity" not in terms and not np.isinf(ratios).all():
        raise DataError("a finite ratio weighs signals in: give x, or use ratio=inf")
    return sorted(ratios.astype(float).tolist())


def _weights(ratio: float) -> dict[str, float]:
    share = 1.0 if np.isinf(ratio) else ratio / (1 + ratio)
    return {"attribution": share, "sparsity": 1 - share}


def _few(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Samples for the scan: about 2,048 values, 8 to 64 samples."""
    count = int(np.clip(2048 // np.prod(shape[1:]), 8, 64))
    return np.sort(rng.permutation(shape[0])[:count])


def _table(ratios: Sequence[float], optima: Sequence[Optimum]) -> Candidates:
    return Candidates(
        ratio=np.array(ratios),
        angles=np.stack([o.angles for o in optima]),
        filter=np.stack([o.filter for o in optima]),
        value=np.array([o.value for o in optima]),
    )


def signals(data: np.ndarray | None, name: str, levels: int) -> np.ndarray:
    """Samples as floating point, refused before any long work if they cannot serve."""
    if data is None:
        raise DataError(f"this objective needs {name}; got None")
    data = np.ascontiguousarray(data)
    if data.dtype not in (np.float32, np.float64):
        data = data.astype(float)
    if data.ndim < 2 or len(data) < 2:
        raise ShapeError(
            f"{name} has shape {data.shape}; expected (n, ..., time) with n >= 2"
        )
    wavelet.require_levels(data.shape[-1], levels)
    if not np.isfinite(data).all():
        first = tuple(np.argwhere(~np.isfinite(data))[0].tolist())
        raise DataError(
            f"{name}{list(first)} is {data[first]}; expected finite values: leave such "
            "samples out or fill their gaps"
        )
    if not np.ptp(data, axis=-1).any():
        raise DataError(
            f"{name} is constant in every sample, so that all wavelets are alike; "
            "check how it was made"
        )
    return data


def choose(
    result: Distilled,
    x: np.ndarray,
    output: np.ndarray,
    groups: np.ndarray,
    student: Student,
    folds: int = 5,
) -> xr.Dataset:
    """The filter of the path whose student follows the teacher's output best.

    No label enters: the fidelity is the grouped cross-validated R2 of the student
    against the teacher's output on the training samples.

    Parameters
    ----------
    result : Distilled
        With its path.
    x, output, groups : arrays of shape (n, ..., time), (n,), (n,)
        Training samples, what the teacher says of them, and their groups.
    student : Student
        The student that the wavelet is for.
    folds : int
        Folds of the cross-validation.

    Returns
    -------
    Dataset
        A ``wavelet`` file: the chosen filter and angles, the path with the fidelity of
        every step, and the conditions of the chosen filter as attributes.
    """
    import xarray as xr

    from awd import features

    fidelity = np.array(
        [
            features.fidelity(
                x, output, h, groups, student, result.levels, result.mode, folds
            )
            for h in result.path.filter
        ]
    )
    chosen = int(fidelity.argmax())
    h = result.path.filter[chosen]
    described = {"long_name": "low-pass synthesis filter", "units": "1"}
    return xr.Dataset(
        {
            "filter": ("tap", h, described),
            "angles": ("angle", result.path.angles[chosen], {"units": "rad"}),
            "path_filter": (("step", "tap"), result.path.filter),
            "path_ratio": ("step", result.path.ratio),
            "path_value": ("step", result.path.value),
            "path_fidelity": ("step", fidelity),
        },
        attrs={
            "objective": result.objective,
            "levels": result.levels,
            "mode": result.mode,
            "chosen": chosen,
            "fidelity": fidelity[chosen],
            **{f"condition_{k}": v for k, v in wavelet.conditions(h).items()},
        },
    )
