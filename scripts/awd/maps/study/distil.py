"""Every filter of the maps league: what each source chose from each shelf of the bank.

A source is what the student had to reproduce: the output of the teacher; of networks
that never learned (``untrained``); the teacher's, shuffled within each cosmology
(``shuffled``), which keeps what labels tell and nothing else; the labels themselves in
the teacher's place (``labels``); and the score by labels on the select maps
(``random_labels``, the best of random filters).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from awd import distil, io
from awd.filters import kernels
from awd.filters.families import Lattice
from awd.maps.infer import heads
from awd.maps.infer.predict import degree_for
from awd.maps.measure.statistics import LEVELS
from awd.maps.study import bank, published, streamed
from awd.search import candidates
from awd.search.candidates import Candidate, Method

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


OURS, TEACHER = "output", "resnet"
TAPS, SCAN = 4, 361  # of the paper's objective, and angles that resamples choose from


def sources(said: xr.Dataset, maps: xr.Dataset, seed: int) -> dict[str, np.ndarray]:
    """What is to be reproduced, of all maps (n,), by source.

    Parameters
    ----------
    said : Dataset
        ``output(network, sample, name)`` of all networks.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`.
    seed : int
        Of the shuffle.
    """
    out = {OURS: said["output"].sel(network=TEACHER).isel(name=0).values}
    for name in said["network"].values.tolist():
        if name != TEACHER:
            out[name] = said["output"].sel(network=name).isel(name=0).values
    shuffled = out[OURS].copy()
    rng = np.random.default_rng(seed)
    side, cosmology = maps["split"].values, maps["cosmology"].values
    for one in np.unique(cosmology):
        for name in ("train", "select"):
            own = np.flatnonzero((cosmology == one) & (side == name))
            shuffled[own] = shuffled[rng.permutation(own)]
    labels = maps["target"].values[:, 0].astype(float)
    return out | {"shuffled": shuffled, "labels": labels}


def methods(
    banks: Mapping[str, xr.Dataset],
    said: Mapping[str, np.ndarray],
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None,
    draws: int,
    seed: int,
) -> tuple[dict[str, Method], list[str], pd.DataFrame]:
    """The filter that every source chooses from every family, and all that was scored.

    Parameters
    ----------
    banks : mapping
        Family -> :data:`awd.maps.study.bank.BANK`; the first gives the result.
    said : mapping
        From :func:`sources`.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`; labels of test maps are not looked at.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    draws, seed : int
        Resamples of the cosmologies behind every choice by fidelity.

    Returns
    -------
    methods : dict of str to Method
        By source, of later families with the family behind: ``output_gaussian``.
    families : list of str
        Of every method.
    table : DataFrame
        ``family``, ``candidate``, the family's first ``parameter``, and by source the
        fidelity (R2) of every candidate; ``rmse`` is that of labels on select.
    """
    import pandas as pd

    found: dict[str, Method] = {}
    families, tables = [], []
    target, cosmology = maps["target"].values, maps["cosmology"].values
    y = np.stack(list(said.values()), 1)
    for place, (family, one) in enumerate(banks.items()):
        r2, squares = bank.fidelity(one, y)
        columns = dict(zip(said, r2.T, strict=True))
        rmse = scores(one, target, bounds)
        columns["random_labels"] = -rmse
        selected = one["split"].values == "select"
        of = cosmology[one["row"].values[selected]]
        filters = one["filter"].values
        for k, (name, values) in enumerate(columns.items()):
            pool = [
                Candidate(h, LEVELS, score=float(score))
                for h, score in zip(filters, values, strict=True)
            ]
            best = int(np.argmax(values))
            role = "distilled" if name == OURS else "control"
            by = "labels" if "labels" in name else "fidelity"
            count = len(bank.SHELVES[family].family.bounds)
            again = ()
            if name in said:
                picks = bank.resampled(squares[:, :, k], of, draws, seed)
                again = tuple(filters[picks])
            key = name if not place else f"{name}_{family}"
            found[key] = Method(pool[best], pool, role, by, count, again)
            families.append(family)
        known = {"family": family, "candidate": np.arange(len(filters))}
        known["parameter"] = one["parameter"].values[:, 0]
        table = pd.DataFrame({**known, **columns, "rmse": rmse})
        tables.append(table.drop(columns="random_labels"))
    return found, families, pd.concat(tables, ignore_index=True)


def scores(
    shelf: xr.Dataset, target: np.ndarray, bounds: Sequence[tuple[float, float]] | None
) -> np.ndarray:
    """RMSE of the first parameter on the select maps, the emulator's, by candidate.

    What chooses filters by labels; ``target`` is that of all maps, (n, parameters).
    """
    train, select = (shelf["split"].values == side for side in ("train", "select"))
    y = target[shelf["row"].values].astype(float)
    degree = degree_for(len(np.unique(y[train], axis=0)))
    out = []
    for one in shelf["features"].values:
        head = heads.Emulator(degree, bounds, nodes=1024).fit(one[train], y[train])
        out.append(np.sqrt(((head.predict(one[select]) - y[select])[:, 0] ** 2).mean()))
    return np.array(out)


def attributed(
    answers: xr.Dataset, maps: xr.Dataset, path: io.PathLike, draws: int, seed: int
) -> dict[str, Method]:
    """Filters of the paper's objective: attributions, or maps, sparse in :data:`TAPS`.

    Longer ones end as the same four taps among zeros. The control's attributions are
    those of the first untrained network.

    Parameters
    ----------
    answers : Dataset
        ``gradient(asked, row, y, x)`` of the teacher and of that network.
    maps, path : Dataset, path
        :data:`awd.record.contracts.MAPS`, opened, and its file.
    draws, seed : int
        Resamples of the cosmologies.
    """
    rows = answers["row"].values
    cosmology = maps["cosmology"].values[rows]
    shape = {"levels": LEVELS, "length": TAPS, "dims": 2, "random_state": seed}
    asked = answers["asked"].values.tolist()
    data = dict(zip(asked, answers["gradient"].values, strict=True))
    found = {
        name: distil.distil(gradient=gradient, objective="attribution", **shape)
        for name, gradient in data.items()
    }
    data["sparsity"] = streamed.Rows(path, rows)[:]
    found["sparsity"] = distil.distil(data["sparsity"], objective="sparsity", **shape)
    roles = {
        asked[0]: ("attribution", "distilled"),
        asked[1]: ("untrained_a", "control"),
    }
    out = {}
    for name, result in found.items():
        key, role = roles.get(name, (name, "control"))
        # Scored by its own objective: no other filter competes for it.
        own = replace(result.chosen, score=1 - result.value)
        again = _sparsest(data[name], cosmology, draws, seed)
        out[key] = Method(own, [own], role, "fidelity", 1, again)
    return out


def softly(path: xr.Dataset, maps: xr.Dataset) -> Method:
    """The filter of the paper's soft losses, chosen as published.

    By labels: the pair of weights whose peak counts have the least error on select.

    Parameters
    ----------
    path : Dataset
        ``filter(sparsity, attribution, tap)`` and ``loss`` at every pair of weights.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    """
    filters = path["filter"].values.reshape(-1, path.sizes["tap"])
    pairs = itertools.product(path["sparsity"].values, path["attribution"].values)
    losses = path["loss"].values.ravel()
    rmse = published.selecting(filters, maps)
    pool = [
        Candidate(h, LEVELS, False, False, *pair, value, -error)
        for h, pair, value, error in zip(filters, pairs, losses, rmse, strict=True)
    ]
    taps = path.sizes["tap"]
    return Method(candidates.best(pool), pool, "distilled", "labels", taps)


def _sparsest(
    x: np.ndarray, cosmology: np.ndarray, draws: int, seed: int
) -> tuple[np.ndarray, ...]:
    """The filter with the least norm when cosmologies are drawn anew, from a scan."""
    family = Lattice(TAPS)
    filters = family.filters(family.points(np.linspace(0, 1, SCAN)[:-1, None]))
    names = np.unique(cosmology)
    norms = [kernels.l1(x[cosmology == one], filters, LEVELS) for one in names]
    return tuple(filters[bank.resampled(np.transpose(norms), names, draws, seed)])
