"""What the networks of a study answer: asked once, and cached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.league import splits
from awd.record import contracts
from awd.teacher import shelf

# Samples a call, in whole batches: rounding depends on what is asked together.
TOGETHER = 16 * 256

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

    with io.opened(given.samples, contracts.DATASET) as opened:
        sides = [splits.part(opened, side, target) for side in contracts.SPLITS]
        axes, data = opened["x"].dims[1:], opened.drop_vars("x").load()
    models = shelf.networks(given.networks)
    count, shape = data.sizes["sample"], sides[0].x.shape[1:]
    answers = np.empty((len(models), count, 1), np.float32)
    # Room for all, of which those without gradients touch none.
    gradients = np.empty((len(models), count, *shape), np.float32)
    differentiated: list[str] = []
    for answer, (name, model) in zip(answers, models.items(), strict=True):
        slopes = gradients[len(differentiated)]
        if model is None:
            answer[:, 0] = data["answer"].sel(name=target).values
            if "answer_gradient" in data:
                slopes[:] = data["answer_gradient"].sel(name=target).values
                differentiated.append(name)
            continue
        for part in sides:  # side by side: rounding depends on what is asked together
            answer[part.rows, 0] = model.output(part.x, device=device)
        own = not name.startswith(contracts.FOLD)
        if own and _differentiated(model, sides, device, slopes):
            if "mask" in data:
                slopes *= data["mask"].values == 1  # 0 where nothing was seen
            differentiated.append(name)
    described = {**sides[0].described, "long_name": f"{target}, as the networks answer"}
    return xr.Dataset(
        {
            "output": (("network", "sample", "name"), answers, described),
            "gradient": (
                ("differentiated", "row", *axes),
                gradients[: len(differentiated)],
            ),
            "row": ("row", np.arange(count)),
        },
        coords={
            "network": list(models),
            "differentiated": np.array(differentiated, str),
            "name": [target],
        },
    )


def _differentiated(
    model: Network, sides: Sequence[splits.Part], device: str, into: np.ndarray
) -> bool:
    """Write input gradients in all samples, (n, ...); False of a network without."""
    for part in sides:
        for start in range(0, len(part.rows), TOGETHER):
            rows = slice(start, start + TOGETHER)
            gradient = model.gradient(part.x[rows], device=device)
            if gradient is None:
                return False
            into[part.rows[rows]] = gradient
    return True
