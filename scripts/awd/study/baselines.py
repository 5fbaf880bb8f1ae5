"""The models that need no network, on the samples of cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from awd import registry
from awd.league import baselines as models
from awd.league import splits
from awd.league.predict import Entry

if TYPE_CHECKING:
    from typing import Any

    from awd.league.splits import Part

REPEATS = 21, 7  # of which timings are the median: of one sample, and of a thousand


def predict(
    given: Any, target: str, settings: Mapping[str, Any], seed: int
) -> tuple[Part, dict[str, Entry]]:
    """The models that see no wavelet; those of hand features where there are any.

    Parameters
    ----------
    given : object
        Path: ``samples`` with a split.
    target, seed : str, int
    settings : mapping
        ``models``: their names, or import paths.
    """
    _, (known, test) = splits.read(given.samples, target, splits.KNOWN, "test")
    return test, of_models(known, test, seed, settings["models"])


def of_models(
    fitted: Part, test: Part, seed: int, names: Iterable[str] = tuple(models.MODELS)
) -> dict[str, Entry]:
    """Models of these names, or import paths, of which both parts have the inputs."""
    several = len(np.unique(fitted.groups)) > 1
    groups = fitted.groups if several else fitted.blocks
    entries = {}
    for name in names:
        known, shown = (models.inputs(name, part) for part in (fitted, test))
        if known is None or shown is None:
            continue
        model = models.fit(name, known, fitted.y, groups, seed)
        predict = partial(_clipped, model, fitted.y.min(), fitted.y.max())
        entries[registry.short(name)] = Entry(
            predict(shown),
            "baseline",
            head_parameters=models.parameters(model),
            predict=predict,
            inputs=shown,
        )
    return entries


def _clipped(model: Any, low: float, high: float, x: np.ndarray) -> np.ndarray:
    """Predictions within the range of what was fitted, as those of students."""
    return np.clip(model.predict(x), low, high)
