"""Adaptive wavelet distillation: a network becomes one wavelet and a small model.

``import awd`` is cheap: modules are loaded when first used (PEP 562), so that a script
that only draws or reads a table does not pay for torch.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_MODULES = (
    "attribution",
    "baselines",
    "cells",
    "config",
    "contracts",
    "distil",
    "errors",
    "evaluation",
    "export",
    "features",
    "figures",
    "io",
    "kernels",
    "provenance",
    "report",
    "search",
    "tables",
    "teachers",
    "training",
    "transform",
    "wavelet",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"awd.{name}")
    raise AttributeError(f"module 'awd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
