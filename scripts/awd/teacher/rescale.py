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
KNOWN = (nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus)  # captum's


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
    ends = [ask.output(model, side, target, batch, device) for side in (x, start)]
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
                raise DataError(
                    f"deep_lift fails ({error}); {_remedy(model)}"
                ) from error
            found[rows] = part.detach().cpu().numpy()
    gap, allowed = _missed(all_finite(found, "multiplier") * (x - start), *ends)
    if not gap <= allowed:
        raise DataError(
            "deep_lift cannot follow this network: its parts miss the change of the "
            f"output by up to {gap:.1e}; {_remedy(model)}"
        )
    return found


def _missed(
    parts: np.ndarray, there: np.ndarray, here: np.ndarray
) -> tuple[float, float]:
    """By how much parts (n, ...) miss a change of outputs (n,), and may miss it.

    Rounding grows with what is added up, and with the outputs whose change is small.
    """
    parts = parts.reshape(len(parts), -1)
    gap = np.abs(parts.sum(1) - (there - here)).max(initial=0)
    sizes = np.abs(parts).sum(1), np.abs(there), np.abs(here)
    largest = max(size.max(initial=0) for size in sizes)
    return float(gap), float(np.sqrt(np.finfo(parts.dtype).eps) * largest)


def _remedy(model: nn.Module) -> str:
    """What to do about a network that captum does not follow."""
    unknown = {
        f"{type(module).__name__} ({name})"
        for name, module in model.named_modules()
        if type(module).__module__ == "torch.nn.modules.activation"
        and not isinstance(module, KNOWN)
    }
    if any(isinstance(module, nn.Softmax) for module in model.modules()):
        return (
            "softmax couples the classes: give the network without it, so that its "
            "outputs are logits, or use integrated_gradients"
        )
    if unknown:
        return (
            f"it has no rule for {', '.join(sorted(unknown))}, knows "
            f"{', '.join(kind.__name__ for kind in KNOWN)}; use integrated_gradients"
        )
    return f"{FOLLOWS}, not functional.relu, or use integrated_gradients"
