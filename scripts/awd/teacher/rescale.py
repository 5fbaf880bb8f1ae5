"""DeepLift's rescale rule, by captum: multipliers of every input value."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn

from awd import extras
from awd.errors import DataError
from awd.teacher import ask
from awd.teacher.adapted import Adapted
from awd.teacher.answers import all_finite

FOLLOWS = "every activation must be a module of its own, used once"


def multipliers(
    model: nn.Module,
    x: np.ndarray,
    start: np.ndarray,
    target: int,
    batch: int,
    device: str,
) -> np.ndarray:
    """Multipliers of the change from ``start`` to ``x``, of their shape (n, ...).

    Parameters and errors as :func:`awd.attribution.deep_lift`.
    """
    with extras.needed("deep_lift"):
        from captum.attr import DeepLift
    if any(isinstance(module, nn.RNNBase) for module in model.modules()):
        raise DataError(
            "deep_lift knows feed-forward networks only, and this one is recurrent; "
            "use integrated_gradients"
        )
    change = np.subtract(
        *(ask.output(model, side, target, batch, device) for side in (x, start))
    )
    found = np.empty_like(x)
    one = Adapted(model, None, lambda value: ask.column(value, len(value), target))
    with ask.lent(model, device) as where, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # captum tells of its hooks
        explainer = DeepLift(one, multiply_by_inputs=False)
        for first in range(0, len(x), batch):
            rows = slice(first, first + batch)
            pair = (torch.tensor(side[rows], device=where) for side in (x, start))
            try:
                part = explainer.attribute(*pair)
            except (RuntimeError, AssertionError) as error:
                raise DataError(f"deep_lift fails ({error}); {FOLLOWS}") from error
            found[rows] = part.detach().cpu().numpy()
    _complete(all_finite(found, "multiplier") * (x - start), change)
    return found


def _complete(parts: np.ndarray, change: np.ndarray) -> None:
    """Refuse parts (n, ...) of a change (n,) that do not sum to it."""
    parts = parts.reshape(len(parts), -1)
    gap = np.abs(parts.sum(1) - change)
    allowed = np.sqrt(np.finfo(parts.dtype).eps) * np.abs(parts).sum(1).max(initial=0)
    if (gap > allowed).any():
        raise DataError(
            f"deep_lift cannot follow this network: its parts miss the change of the "
            f"output by up to {gap.max():.1e}; {FOLLOWS}, not functional.relu"
        )
