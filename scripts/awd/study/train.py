"""The networks of one split, target and seed: those that learn, and their controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io, registry
from awd.league import splits
from awd.record import contracts
from awd.record.provenance import derive_seed
from awd.teacher import networks, training
from awd.teacher.networks import Teacher

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.record.checkpoint import Job


def train(
    path: io.PathLike,
    target: str,
    names: Sequence[str],
    settings: Mapping[str, Any],
    seed: int,
    device: str,
    job: Job,
) -> tuple[dict[str, Teacher | Mapping[str, Any]], pd.DataFrame]:
    """Train on the training groups; the select groups stop the training.

    Parameters
    ----------
    path : path
        Samples with a split, :data:`awd.record.contracts.DATASET`.
    target : str
    names : sequence of str
        Kinds of :data:`awd.teacher.networks.KINDS`,
        :data:`awd.record.contracts.CONTROLS`, and ``fold0``, ``fold1`` ...: networks
        that do not see that fold (:func:`awd.league.splits.folds`) of the training
        groups. Controls and folds are of the first kind, which becomes the mean of
        its own network and theirs. A kind of several parts, ``lstm+dilated``, is the
        mean of networks that are trained each by itself.
    settings : mapping
        ``epochs`` and others of :func:`awd.teacher.training.train`; ``kinds``, import
        paths of those that are one's own among them; ``network``, where
        one is brought (``own.NAME.network`` of the configuration): it comes first and
        is not trained, the others are its peers and controls.
    seed, device : int, str
    job : Job
        Where trainings save their state.

    Returns
    -------
    dict of str to Teacher, DataFrame
        The networks, of one that is brought its record, and how the others learned:
        ``network``, ``part`` (its kind), ``epoch``, ``train_loss``, ``select_loss``.
    """
    import pandas as pd

    data, (fit, stop) = splits.read(path, target, "train", "select")
    models: dict[str, Teacher] = {}
    histories: dict[tuple[str, str], pd.DataFrame] = {}
    recipe = dict(settings)
    classes = {registry.short(kind): kind for kind in recipe.pop("kinds", [])}
    brought: dict[str, Teacher | Mapping[str, Any]] = {}
    if contracts.BROUGHT in names:
        network = recipe.pop("network")
        brought[contracts.BROUGHT] = _record(network, data, target)
    trained = [name for name in names if name != contracts.BROUGHT]
    folds = [name for name in names if name.startswith(contracts.FOLD)]
    fold = splits.folds(fit.groups, len(folds)) if folds else np.zeros(0)
    for name in trained:
        kind = trained[0] if name in (*contracts.CONTROLS, *folds) else name
        kind = classes.get(kind, kind)
        own, learnt, stopped_by = dict(recipe), fit, stop
        network_seed = derive_seed(seed, name)
        if name == "untrained":
            own["epochs"] = 0
        if name in folds:
            learnt = fit.only(fold != folds.index(name))
        if name == "shuffled":
            # Nothing on select could stop it: it learns by heart as long as the real.
            learnt = stopped_by = fit.with_shuffled_target(network_seed)
        members = []
        for part in networks.parts(kind):
            if name == "shuffled":
                own["epochs"] = _best_epoch(histories[registry.short(kind), part])
            sizes = networks.sizes_for(part, learnt.x)
            model = networks.build(part, network_seed, learnt.y, **sizes)
            histories[name, part] = training.train(
                model,
                *(learnt.x, learnt.y, stopped_by.x, stopped_by.y),
                weight_decay=model.weight_decay,
                seed=network_seed,
                device=device,
                checkpoint=job.of(name if part == kind else f"{name}-{part}"),
                **own,
            )
            members.append(model)
        models[name] = members[0] if len(members) == 1 else networks.ensemble(members)
    if folds:
        members = [models[name] for name in (names[0], *folds)]
        models[names[0]] = networks.ensemble(members)
    return brought | models, pd.concat(
        [
            history.assign(network=name, part=registry.short(part))
            for (name, part), history in histories.items()
        ]
    )


def _best_epoch(history: pd.DataFrame) -> int:
    """The epoch of the least select loss."""
    return int(history["epoch"].iloc[history["select_loss"].to_numpy().argmin()])


def _record(
    network: Mapping[str, Any], data: xr.Dataset, target: str
) -> dict[str, Any]:
    """What is kept of a network that is brought: how it is opened for this target."""
    place = data["name"].values.tolist().index(target)
    column = network["columns"][place] if network["columns"] else place
    own = {key: value for key, value in network.items() if key != "columns"}
    squeezed = bool(data.attrs.get("squeezed", 0))
    return {**own, "column": column, "squeezed": squeezed}
