"""What the networks of a study answer: asked once, and cached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.league import splits
from awd.record import contracts
from awd.teacher import shelf

if TYPE_CHECKING:
    import xarray as xr

    from awd.record.checkpoint import Job
    from awd.teacher.brought import Network


def outputs(
    given: Any,
    target: str,
    settings: Mapping[str, Any],
    device: str,
    job: Job,
) -> xr.Dataset:
    """Outputs on all samples, and input gradients of all networks but those of folds.

    Parameters
    ----------
    given : object
        Paths: ``samples`` with a split, and ``networks``
        (:func:`awd.teacher.shelf.networks`); of a network that answers elsewhere,
        ``answer`` of the samples is taken.
    target : str
    settings : mapping
        Not read: samples that fit into memory leave nothing to choose.
    device : str
    job : Job
        Not needed: it is a matter of seconds.

    Returns
    -------
    Dataset
        :data:`awd.record.contracts.OUTPUTS` but for its device.
    """
    import xarray as xr

    data = io.read(given.samples, contracts.DATASET)
    models = shelf.networks(given.networks)
    sides = [splits.part(data, side, target) for side in contracts.SPLITS]
    answers = np.empty((len(models), data.sizes["sample"], 1), np.float32)
    gradients: dict[str, np.ndarray] = {}
    for answer, (name, model) in zip(answers, models.items(), strict=True):
        if model is None:
            answer[:, 0] = data["answer"].sel(name=target).values
            if "answer_gradient" in data:
                gradients[name] = data["answer_gradient"].sel(name=target).values
            continue
        for part in sides:  # side by side: rounding depends on what is asked together
            answer[part.rows, 0] = model.output(part.x, device=device)
        slopes = (
            None if name.startswith(contracts.FOLD) else _slopes(model, sides, device)
        )
        if slopes is not None and "mask" in data:
            slopes *= data["mask"].values == 1  # as of maps, 0 where nothing was seen
        if slopes is not None:
            gradients[name] = slopes
    described = {**sides[0].described, "long_name": f"{target}, as the networks answer"}
    shape = np.shape(data["x"])
    return xr.Dataset(
        {
            "output": (("network", "sample", "name"), answers, described),
            "gradient": (
                ("differentiated", "row", *data["x"].dims[1:]),
                np.reshape([*gradients.values()], (-1, *shape)).astype(np.float32),
            ),
            "row": ("row", np.arange(len(data["x"]))),
        },
        coords={
            "network": list(models),
            "differentiated": np.array(list(gradients), str),
            "name": [target],
        },
    )


def _slopes(
    model: Network, sides: Sequence[splits.Part], device: str
) -> np.ndarray | None:
    """Input gradients in all samples, (n, ...); None of a network that has none."""
    count = sum(len(part.rows) for part in sides)
    slopes = np.empty((count, *sides[0].x.shape[1:]), np.float32)
    for part in sides:
        gradient = model.gradient(part.x, device=device)
        if gradient is None:
            return None
        slopes[part.rows] = gradient
    return slopes
