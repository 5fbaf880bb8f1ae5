"""What the networks of a study answer: asked once, and cached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.league import splits
from awd.record import contracts
from awd.teacher import ask

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from awd.record.checkpoint import Job


def outputs(
    path: io.PathLike,
    target: str,
    models: Mapping[str, nn.Module],
    settings: Mapping[str, Any],
    device: str,
    job: Job,
) -> xr.Dataset:
    """Outputs on all samples, and input gradients where filters are distilled.

    That is on the training and select groups, of all networks but those of folds.

    Parameters
    ----------
    path : path
        Samples with a split, :data:`awd.record.contracts.DATASET`.
    target : str
    models : mapping of str to Module
        By name.
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

    data = io.read(path, contracts.DATASET)
    sides = [splits.part(data, side, target) for side in contracts.SPLITS]
    known = splits.part(data, splits.KNOWN, target)
    answers = np.empty((len(models), data.sizes["sample"], 1), np.float32)
    for answer, model in zip(answers, models.values(), strict=True):
        for part in sides:  # side by side: rounding depends on what is asked together
            answer[part.rows, 0] = ask.output(model, part.x, device=device)
    gradients = {
        name: ask.saliency(model, known.x, device=device)
        for name, model in models.items()
        if not name.startswith(contracts.FOLD)
    }
    described = {**known.described, "long_name": f"{target}, as the networks answer"}
    return xr.Dataset(
        {
            "output": (("network", "sample", "name"), answers, described),
            "gradient": (
                ("differentiated", "row", *data["x"].dims[1:]),
                np.stack([*gradients.values()]),
            ),
            "row": ("row", known.rows),
        },
        coords={
            "network": list(models),
            "differentiated": list(gradients),
            "name": [target],
        },
    )
