"""The one rule by which the league chooses filters, and the file of what it chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.arguments import checked
from awd.search.candidates import Candidate, best

if TYPE_CHECKING:
    import xarray as xr

NUMBERS = ("sparsity", "attribution", "value", "score", "parameter")


@dataclass(frozen=True)
class Method:
    """A method of the league that has a wavelet: what it chose, and from what.

    Attributes
    ----------
    chosen : Candidate
    pool : sequence of Candidate
        All that were scored for it; none for a fixed wavelet.
    role : str
        One of :data:`awd.record.contracts.ROLES`.
    chosen_by : {"fidelity", "labels"}
    parameters : int
        Numbers of the filter that data decided.
    draws : sequence of ndarray of shape (taps,)
        What resampled groups made of the filter; may be none.
    family : str
        Where the filter is from, and how it is read.
    """

    chosen: Candidate
    pool: Sequence[Candidate]
    role: str
    chosen_by: str
    parameters: int
    draws: Sequence[np.ndarray] = ()
    family: str = "lattice"


@checked()
def choose(
    pool: Sequence[Candidate],
    scores: Iterable[float],
    by: str,
    role: str,
    *,
    parameters: int | None = None,
    draws: Sequence[np.ndarray] = (),
    family: str = "lattice",
) -> Method:
    """The candidate with the highest score; the first of equals.

    Parameters
    ----------
    pool, scores : sequences
        Candidates, and a score of each.
    by : {"fidelity", "labels"}
        What the scores measure.
    role : str
        One of :data:`awd.record.contracts.ROLES`.
    parameters : int, optional
        Numbers of the filter that data decided; by default the taps / 2 - 1 free angles
        of an orthonormal filter.
    draws, family
        See :class:`Method`.
    """
    scored = [
        replace(candidate, score=float(score))
        for candidate, score in zip(pool, scores, strict=True)
    ]
    chosen = best(scored)
    free = len(chosen.filter) // 2 - 1 if parameters is None else parameters
    return Method(chosen, scored, role, by, free, draws, family)


def to_dataset(methods: Mapping[str, Method], **attributes: Any) -> xr.Dataset:
    """Methods by name as a file of :data:`awd.record.contracts.WAVELETS`."""
    import xarray as xr

    pools = [(name, c) for name, method in methods.items() for c in method.pool]
    taps = max(len(candidate.filter) for _, candidate in pools)
    ds = xr.Dataset(attrs=attributes)
    ds["method"] = "method", list(methods)
    for column in ("role", "chosen_by", "parameters", "family"):
        values = [getattr(method, column) for method in methods.values()]
        ds[column] = "method", values
    ds["scored"] = "method", [len(method.pool) for method in methods.values()]
    _columns(ds, "", "method", [method.chosen for method in methods.values()], taps)
    ds["candidate_method"] = "candidate", [name for name, _ in pools]
    _columns(ds, "candidate_", "candidate", [candidate for _, candidate in pools], taps)
    drawn = [(name, h) for name, method in methods.items() for h in method.draws]
    if drawn:
        names, filters = zip(*drawn, strict=True)
        ds["draw_method"] = "draw", list(names)
        ds["draw_filter"] = ("draw", "tap"), _padded(filters, taps)
    return ds


def _columns(
    ds: xr.Dataset, prefix: str, dim: str, rows: Sequence[Candidate], taps: int
) -> None:
    filters = _padded((candidate.filter for candidate in rows), taps)
    described = {"long_name": "low-pass synthesis filter", "units": "1"}
    ds[f"{prefix}filter"] = (dim, "tap"), filters, described
    ds[f"{prefix}length"] = dim, [len(candidate.filter) for candidate in rows]
    for name in ("levels", "flipped", "mirrored"):
        values = [int(getattr(candidate, name)) for candidate in rows]
        ds[f"{prefix}{name}"] = dim, values
    for name in NUMBERS:
        ds[f"{prefix}{name}"] = dim, [float(getattr(c, name)) for c in rows]


def _padded(filters: Iterable[np.ndarray], taps: int) -> np.ndarray:
    return np.stack([np.pad(h, (0, taps - len(h))) for h in filters])


def from_dataset(ds: xr.Dataset) -> dict[str, Method]:
    """The methods of a ``wavelets`` file: what :func:`to_dataset` wrote."""
    pools: dict[str, list[Candidate]] = {str(name): [] for name in ds["method"].values}
    for name, candidate in zip(
        ds["candidate_method"].values, _rows(ds, "candidate_"), strict=True
    ):
        pools[str(name)].append(candidate)
    return {
        name: Method(
            chosen,
            pools[name],
            str(ds["role"].values[row]),
            str(ds["chosen_by"].values[row]),
            int(ds["parameters"].values[row]),
            tuple(draws_of(ds, name)[:, : len(chosen.filter)]),
            str(ds["family"].values[row]),
        )
        for row, (name, chosen) in enumerate(zip(pools, _rows(ds, ""), strict=True))
    }


def _rows(ds: xr.Dataset, prefix: str) -> list[Candidate]:
    names = ("filter", "length", "levels", "flipped", "mirrored", *NUMBERS)
    columns = (ds[prefix + name].values for name in names)
    return [
        Candidate(
            taps[: int(length)],
            int(levels),
            bool(flipped),
            bool(mirrored),
            *map(float, numbers),
        )
        for taps, length, levels, flipped, mirrored, *numbers in zip(
            *columns, strict=True
        )
    ]


def draws_of(ds: xr.Dataset, method: str) -> np.ndarray:
    """What resampled groups made of a method's filter, (draws, taps); maybe none."""
    if "draw_method" not in ds:
        return np.zeros((0, ds.sizes["tap"]))
    return ds["draw_filter"].values[ds["draw_method"].values == method]
