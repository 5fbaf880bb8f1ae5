"""Every filter of the maps' league: what each source chose from each family's bank.

A source is what the student had to reproduce: the output of the teacher; of networks
that never learned (``untrained``); the teacher's, shuffled within each cosmology
(``shuffled``), which keeps what labels tell and nothing else; the labels themselves in
the teacher's place (``labels``); and the score by labels on the select maps
(``random_labels``, the best of random filters).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import distil, io
from awd.filters import kernels
from awd.filters.families import Lattice
from awd.league import choose
from awd.league.choose import Method
from awd.league.names import OURS
from awd.maps.infer import compressed
from awd.maps.infer.predict import degree_of
from awd.maps.measure.statistics import LEVELS
from awd.maps.study import bank, published
from awd.maps.study.streamed import Rows, apart, order, with_first
from awd.maps.study.train import TEACHER
from awd.record import contracts
from awd.search.candidates import Candidate
from awd.study.distil import soft_candidates

if TYPE_CHECKING:
    import xarray as xr

    from awd.record.checkpoint import Job


TAPS, SCAN = 4, 361  # of the paper's objective, and angles that resamples choose from


def wavelets(
    given: Any, target: str, settings: Mapping[str, Any], seed: int, job: Job
) -> xr.Dataset:
    """As :func:`awd.study.distil.wavelets`.

    ``given`` holds the ``banks`` of all families too, and the ``soft`` path if there is
    one; ``settings`` the ``bounds`` of the parameters and how many ``draws``.
    """
    draws = settings["draws"]
    outputs = with_first(io.read(given.outputs, contracts.OUTPUTS), target)
    banks = [io.read(path, bank.BANK) for path in given.banks]
    with io.opened(given.samples, contracts.MAPS) as opened:
        maps = with_first(opened, target)
        places = order(opened["name"].values.tolist(), target)
        bounds = settings["bounds"] and [settings["bounds"][k] for k in places]
        answers = sources(outputs, maps, seed)
        methods = chosen(banks, answers, maps, bounds, draws, seed)
        methods |= attributed(outputs, maps, given.samples, draws, seed)
        for path in given.soft:
            methods["soft"] = softly(io.read(path, bank.SOFT), maps)
    return choose.to_dataset(methods, mode="reflect")


def sources(outputs: xr.Dataset, maps: xr.Dataset, seed: int) -> dict[str, np.ndarray]:
    """What is to be reproduced, of all maps (n,), by source.

    Parameters
    ----------
    outputs : Dataset
        :data:`awd.record.contracts.OUTPUTS`.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`.
    seed : int
        Of the shuffle.
    """
    first = outputs["output"].isel(name=0)
    by_source = {OURS: first.sel(network=TEACHER).values}
    for network in outputs["network"].values.tolist():
        if network != TEACHER:
            by_source[network] = first.sel(network=network).values
    shuffled = by_source[OURS].copy()
    rng = np.random.default_rng(seed)
    side, cosmology = maps["split"].values, maps["cosmology"].values
    for name in np.unique(cosmology):
        for half in ("train", "select"):
            own = np.flatnonzero((cosmology == name) & (side == half))
            shuffled[own] = shuffled[rng.permutation(own)]
    labels = maps["target"].values[:, 0].astype(float)
    return by_source | {"shuffled": shuffled, "labels": labels}


def chosen(
    banks: Sequence[xr.Dataset],
    answers: Mapping[str, np.ndarray],
    maps: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None,
    draws: int,
    seed: int,
) -> dict[str, Method]:
    """The filter that every source chooses from every family.

    Parameters
    ----------
    banks : sequence of Dataset
        :data:`awd.maps.study.bank.BANK`; the first family gives the result.
    answers : mapping
        From :func:`sources`.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`; labels of test maps are not looked at.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    draws, seed : int
        Resamples of the cosmologies behind every choice by fidelity.

    Returns
    -------
    dict of str to Method
        By source, of later families with the family behind: ``output_gaussian``. By
        labels, scores are RMSE below zero.
    """
    methods: dict[str, Method] = {}
    target, cosmology = maps["target"].values, maps["cosmology"].values
    y = np.stack(list(answers.values()), 1)
    for place, shelf in enumerate(banks):
        family = shelf.attrs["family"]
        r2, squares = bank.fidelity(shelf, y)
        scores = dict(zip(answers, r2.T, strict=True))
        scores["random_labels"] = -errors_of(shelf, target, bounds)
        selected = shelf["split"].values == "select"
        resampled = cosmology[shelf["row"].values[selected]]
        filters = shelf["filter"].values
        pool = [
            Candidate(h, LEVELS, parameter=float(parameters[0]))
            for h, parameters in zip(filters, shelf["parameter"].values, strict=True)
        ]
        for k, (source, values) in enumerate(scores.items()):
            drawn: tuple[np.ndarray, ...] = ()
            if source in answers:
                picks = bank.resampled(squares[:, :, k], resampled, draws, seed)
                drawn = tuple(filters[picks])
            methods[source if not place else f"{source}_{family}"] = choose.choose(
                pool,
                values,
                "labels" if "labels" in source else "fidelity",
                "distilled" if source == OURS else "control",
                parameters=len(bank.SHELVES[family].family.bounds),
                draws=drawn,
                family=family,
            )
    return methods


def errors_of(
    shelf: xr.Dataset, target: np.ndarray, bounds: Sequence[tuple[float, float]] | None
) -> np.ndarray:
    """RMSE of the first parameter on the select maps, the student's, by candidate.

    What chooses filters by labels; ``target`` is that of all maps, (n, parameters).
    """
    train, select = (shelf["split"].values == side for side in ("train", "select"))
    y = target[shelf["row"].values].astype(float)
    degree = degree_of(y[train])
    errors = []
    for features in shelf["features"].values:
        head = compressed.emulator(degree, bounds)
        head.fit(features[train], y[train])
        missed = head.predict(features[select]) - y[select]
        errors.append(np.sqrt((missed[:, 0] ** 2).mean()))
    return np.array(errors)


def attributed(
    outputs: xr.Dataset, maps: xr.Dataset, path: io.PathLike, draws: int, seed: int
) -> dict[str, Method]:
    """Filters of the paper's objective: attributions, or maps, sparse in :data:`TAPS`.

    Longer ones end as the same four taps among zeros. The control's attributions are
    those of the first untrained network.

    Parameters
    ----------
    outputs : Dataset
        :data:`awd.record.contracts.OUTPUTS`, gradients of the teacher and that network.
    maps, path : Dataset, path
        :data:`awd.record.contracts.MAPS`, opened, and its file.
    draws, seed : int
        Resamples of the cosmologies.
    """
    rows = outputs["row"].values
    cosmology = maps["cosmology"].values[rows]
    bins = outputs.sizes.get("channel", 1)  # one filter for all of them
    cosmology = np.repeat(cosmology, bins)
    teacher, untrained = map(apart, outputs["gradient"].values)
    gradients = {"attribution": teacher, "untrained_a": untrained}
    sparsest = partial(
        distil.distil, levels=LEVELS, length=TAPS, dims=2, random_state=seed
    )
    found = {
        name: sparsest(gradient=gradient, objective="attribution")
        for name, gradient in gradients.items()
    }
    x = apart(Rows(path, rows)[:])
    found["sparsity"] = sparsest(x, objective="sparsity")
    methods = {}
    for name, distilled in found.items():
        sparse = gradients.get(name, x)
        # Scored by its own objective: no other filter competes for it.
        methods[name] = choose.choose(
            [distilled.chosen],
            [1 - distilled.value],
            "fidelity",
            "distilled" if name == "attribution" else "control",
            draws=_sparsest(sparse, cosmology, draws, seed),
            family=f"lattice{TAPS}",
        )
    return methods


def softly(path: xr.Dataset, maps: xr.Dataset) -> Method:
    """The filter of the paper's soft losses, chosen as published.

    By labels: the pair of weights whose peak counts have the least error on select.

    Parameters
    ----------
    path : Dataset
        :data:`awd.maps.study.bank.SOFT`.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    """
    filters, taps = path["filter"].values, path.sizes["tap"]
    sparsity, attribution = path["sparsity"].values, path["attribution"].values
    losses = path["loss"].values
    pool = soft_candidates(filters, losses, sparsity, attribution, LEVELS)
    rmse = published.selecting(filters.reshape(-1, taps), maps)
    by_labels = choose.choose(pool, -rmse, "labels", "distilled", parameters=taps)
    return replace(by_labels, family=f"lattice{taps}")


def _sparsest(
    x: np.ndarray, cosmology: np.ndarray, draws: int, seed: int
) -> tuple[np.ndarray, ...]:
    """The filter with the least norm when cosmologies are drawn anew, from a scan."""
    family = Lattice(TAPS)
    filters = family.filters(family.points(np.linspace(0, 1, SCAN)[:-1, None]))
    names = np.unique(cosmology)
    norms = [kernels.l1(x[cosmology == name], filters, LEVELS) for name in names]
    return tuple(filters[bank.resampled(np.transpose(norms), names, draws, seed)])
