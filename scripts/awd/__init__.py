"""Adaptive wavelet distillation: a network becomes one wavelet and a small model.

``import awd`` is cheap: modules are loaded when first used (PEP 562), so that a script
that only draws or reads a table does not pay for torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any

__version__ = "0.1.0"


def lazily(package: str, path: Iterable[str]) -> tuple[Callable, Callable]:
    """``__getattr__`` and ``__dir__`` of a package whose modules load on first use."""
    names = sorted(module.name for module in pkgutil.iter_modules(path))

    def __getattr__(name: str) -> Any:
        if name in names:
            return importlib.import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__, lambda: names


_module, _modules = lazily(__name__, __path__)


def __dir__() -> list[str]:
    return ["AdaptiveWavelet", *_modules()]


def __getattr__(name: str) -> Any:
    if name == "AdaptiveWavelet":
        return importlib.import_module("awd.estimator").AdaptiveWavelet
    return _module(name)
