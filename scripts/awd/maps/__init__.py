"""Convergence maps of weak lensing: made, read, measured, and what they tell."""

from __future__ import annotations

import importlib
from typing import Any

from awd import lazily

_module, _modules = lazily(__name__, __path__)

# What is most used, by the module that holds it.
FACE = {
    "simulate": "universe",
    "peak_histogram": "peaks",
    "wavelet_patches": "peaks",
    "power_spectrum": "spectrum",
    "NearestCosmology": "infer",
}


def __dir__() -> list[str]:
    return sorted({*FACE, *_modules()})


def __getattr__(name: str) -> Any:
    if name in FACE:
        return getattr(importlib.import_module(f"{__name__}.{FACE[name]}"), name)
    return _module(name)
