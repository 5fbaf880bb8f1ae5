"""Filters that may be chosen, and the one rule by which all of them are.

Our own optima, random filters and named wavelets are pools of the same kind: scored by
the same cross-validation, chosen by the same rule. A control is fair only if it may
choose from as many.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import wavelet
from awd.features import Largest

if TYPE_CHECKING:
    import xarray as xr

FAMILIES = ("haar", "db", "sym", "coif")
LONGEST = 20  # taps of a named wavelet; longer ones do not fit into short signals


@dataclass(frozen=True)
class Candidate:
    """A filter, and what speaks for it.

    Attributes
    ----------
    filter : ndarray of shape (taps,)
    levels : int
        Of the transform that goes with it.
    flipped, mirrored : bool
        Whether time is reversed in the filter, and whether the student reads the
        smallest coefficients for the largest. Neither changes an L1 norm, both change
        what a student reads.
    sparsity, attribution : float
        Weights of the objective whose minimum it is; NaN where it is none.
    value : float
        The objective there.
    score : float
        Cross-validated R2 of the student that reads it, see :func:`scored`.
    """

    filter: np.ndarray
    levels: int
    flipped: bool = False
    mirrored: bool = False
    sparsity: float = np.nan
    attribution: float = np.nan
    value: float = np.nan
    score: float = np.nan


def with_twins(pool: Iterable[Candidate], features: Largest) -> list[Candidate]:
    """Every candidate followed by its :func:`symmetries`."""
    return [twin for one in pool for twin in symmetries(one, features)]


def symmetries(one: Candidate, features: Largest) -> list[Candidate]:
    """The candidate and its twins that the same objective cannot tell from it."""
    flips = [one, replace(one, filter=one.filter[::-1].copy(), flipped=True)]
    twins = flips[:1] if np.allclose(*(twin.filter for twin in flips)) else flips
    if features.mirrored == features:
        return twins
    return [*twins, *(replace(twin, mirrored=True) for twin in twins)]


def scored(
    pool: Iterable[Candidate],
    x: np.ndarray,
    y: np.ndarray,
    features: Largest,
    groups: np.ndarray | None = None,
    folds: int = 5,
) -> list[Candidate]:
    """The pool with its scores: cross-validated R2 against ``y`` on training samples.

    Parameters and errors as :func:`awd.search.fidelity.fidelity`: ``y`` is the
    teacher's output, or the labels for a control that is chosen by them.
    """
    from awd.search.fidelity import fidelity

    whole = fidelity(x, y, features, 1, groups, folds)

    def score(one: Candidate) -> float:
        read = features.mirrored if one.mirrored else features
        term = replace(whole, features=read, levels=one.levels)
        return 1 - float(term.values(one.filter[None])[0])

    return [replace(one, score=score(one)) for one in pool]


def best(pool: Sequence[Candidate]) -> Candidate:
    """The candidate with the highest score; the first of equals."""
    return max(pool, key=lambda one: one.score)


def random_pool(
    count: int,
    lengths: Sequence[int],
    levels: Sequence[int],
    rng: np.random.Generator,
) -> list[Candidate]:
    """Orthonormal filters with uniform angles, all shapes equally often.

    Parameters
    ----------
    count : int
        Filters.
    lengths, levels : sequence of int
        Taps and levels to choose from; pairs of them take turns.
    rng : numpy Generator
    """
    shapes = itertools.cycle(itertools.product(lengths, levels))
    pool = []
    for length, depth in itertools.islice(shapes, count):
        free = rng.uniform(-np.pi / 2, np.pi / 2, length // 2 - 1)
        h = wavelet.filter_from_angles(wavelet.complete_angles(free))
        pool.append(Candidate(h, depth))
    return pool


def named_pool(count: int, levels: Sequence[int]) -> list[Candidate]:
    """Named orthonormal wavelets at every depth, the shortest first.

    Fewer than ``count`` where PyWavelets has no more of at most :data:`LONGEST` taps.
    """
    filters = [wavelet.from_pywt(name) for name in named_wavelets()]
    shapes = itertools.product(sorted(filters, key=len), levels)
    return [Candidate(h, depth) for h, depth in itertools.islice(shapes, count)]


def named_wavelets() -> list[str]:
    """Orthonormal wavelets of at most :data:`LONGEST` taps, each under one name."""
    import pywt

    names = [name for family in FAMILIES for name in pywt.wavelist(family)]
    kept: dict[tuple[float, ...], str] = {}
    for name in names:
        taps = tuple(np.round(pywt.Wavelet(name).rec_lo, 6))
        if len(taps) <= LONGEST:
            kept.setdefault(taps, name)
    return list(kept.values())


@dataclass(frozen=True)
class Method:
    """A method of the league that has a wavelet: what it chose, and from what.

    Attributes
    ----------
    chosen : Candidate
    pool : sequence of Candidate
        All that were scored for it.
    role : str
        One of :data:`awd.record.contracts.ROLES`.
    chosen_by : {"fidelity", "labels"}
    parameters : int
        Numbers of the filter that data decided.
    draws : sequence of ndarray of shape (taps,)
        What resampled groups made of the filter; may be none.
    """

    chosen: Candidate
    pool: Sequence[Candidate]
    role: str
    chosen_by: str
    parameters: int
    draws: Sequence[np.ndarray] = ()


def to_dataset(methods: Mapping[str, Method], **attributes: Any) -> xr.Dataset:
    """Methods by name as a file of :data:`awd.record.contracts.WAVELETS`."""
    import xarray as xr

    every = [(name, one) for name, method in methods.items() for one in method.pool]
    taps = max(len(one.filter) for _, one in every)
    ds = xr.Dataset(attrs=attributes)
    ds["method"] = "method", list(methods)
    for column in ("role", "chosen_by", "parameters"):
        ds[column] = "method", [getattr(one, column) for one in methods.values()]
    ds["scored"] = "method", [len(one.pool) for one in methods.values()]
    _columns(ds, "", "method", [one.chosen for one in methods.values()], taps)
    ds["candidate_method"] = "candidate", [name for name, _ in every]
    _columns(ds, "candidate_", "candidate", [one for _, one in every], taps)
    drawn = [(name, h) for name, method in methods.items() for h in method.draws]
    if drawn:
        names, filters = zip(*drawn, strict=True)
        ds["draw_method"] = "draw", list(names)
        ds["draw_filter"] = ("draw", "tap"), _padded(filters, taps)
    return ds


def _columns(
    ds: xr.Dataset, prefix: str, dim: str, rows: Sequence[Candidate], taps: int
) -> None:
    filters = _padded((one.filter for one in rows), taps)
    described = {"long_name": "low-pass synthesis filter", "units": "1"}
    ds[f"{prefix}filter"] = (dim, "tap"), filters, described
    ds[f"{prefix}length"] = dim, [len(one.filter) for one in rows]
    for name in ("levels", "flipped", "mirrored"):
        ds[f"{prefix}{name}"] = dim, [int(getattr(one, name)) for one in rows]
    for name in ("sparsity", "attribution", "value", "score"):
        ds[f"{prefix}{name}"] = dim, [float(getattr(one, name)) for one in rows]


def _padded(filters: Iterable[np.ndarray], taps: int) -> np.ndarray:
    return np.stack([np.pad(h, (0, taps - len(h))) for h in filters])


def from_dataset(ds: xr.Dataset) -> dict[str, Candidate]:
    """The candidate that each method of a ``wavelets`` file ended with."""
    return {
        str(name): Candidate(
            one["filter"].values[: int(one["length"])],
            int(one["levels"]),
            bool(one["flipped"]),
            bool(one["mirrored"]),
            *(float(one[k]) for k in ("sparsity", "attribution", "value", "score")),
        )
        for name, one in ((n, ds.sel({"method": n})) for n in ds["method"].values)
    }


def draws_of(ds: xr.Dataset, method: str) -> np.ndarray:
    """What resampled groups made of a method's filter, (draws, taps); maybe none."""
    if "draw_method" not in ds:
        return np.zeros((0, ds.sizes["tap"]))
    return ds["draw_filter"].values[ds["draw_method"].values == method]
