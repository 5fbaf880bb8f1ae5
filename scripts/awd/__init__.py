"""Adaptive wavelet distillation: a network becomes one wavelet and a small model.

``import awd`` is cheap: modules are loaded when first used (PEP 562), so that a script
that only draws or reads a table does not pay for torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__version__ = "0.1.0"

# What users name without its package: name -> module, or module:attribute.
FACE = {
    "AdaptiveWavelet": "awd.estimator:AdaptiveWavelet",
    "AdaptiveWaveletClassifier": "awd.predictors:AdaptiveWaveletClassifier",
    "AdaptiveWaveletRegressor": "awd.predictors:AdaptiveWaveletRegressor",
    "load": "awd.model:load",
    "families": "awd.filters.families",
    "kernels": "awd.filters.kernels",
    "lattice": "awd.filters.lattice",
    "network": "awd.teacher.brought:network",
    "undecimated": "awd.filters.undecimated",
    "soft": "awd.search.soft",
}


def lazily(
    package: str, path: Iterable[str], face: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package whose parts load on first use.

    ``face``: names that stand for ``module`` or ``module:attribute`` elsewhere.
    """
    own = {m.name: f"{package}.{m.name}" for m in pkgutil.iter_modules(path)}
    places = {**own, **face}

    def __getattr__(name: str) -> Any:
        from awd.extras import needed

        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = places[name].partition(":")
        with needed(f"{package}.{name}"):
            loaded = importlib.import_module(module)
        return getattr(loaded, attribute) if attribute else loaded

    return __getattr__, lambda: sorted(places)


__getattr__, __dir__ = lazily(__name__, __path__, FACE)
