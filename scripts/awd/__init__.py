"""Adaptive wavelet distillation: a network becomes one wavelet and a small model.

``import awd`` is cheap: modules are loaded when first used (PEP 562), so that a script
that only draws or reads a table does not pay for torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

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
    names = (module.name for module in pkgutil.iter_modules(path))
    own = {name: f"{package}.{name}" for name in names if not name.startswith("_")}
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


if TYPE_CHECKING:  # what type checkers see; a test holds it against what there is
    from awd import arguments as arguments
    from awd import attribution as attribution
    from awd import cells as cells
    from awd import cli as cli
    from awd import compiled as compiled
    from awd import config as config
    from awd import curves as curves
    from awd import distil as distil
    from awd import errors as errors
    from awd import estimator as estimator
    from awd import export as export
    from awd import extras as extras
    from awd import features as features
    from awd import filters as filters
    from awd import fitting as fitting
    from awd import gaps as gaps
    from awd import heads as heads
    from awd import integrity as integrity
    from awd import io as io
    from awd import league as league
    from awd import log as log
    from awd import maps as maps
    from awd import model as model
    from awd import outside as outside
    from awd import own as own
    from awd import portable as portable
    from awd import predictor as predictor
    from awd import predictors as predictors
    from awd import record as record
    from awd import recovery as recovery
    from awd import registry as registry
    from awd import report as report
    from awd import samples as samples
    from awd import scalars as scalars
    from awd import search as search
    from awd import shell as shell
    from awd import study as study
    from awd import targets as targets
    from awd import teacher as teacher
    from awd import transform as transform
    from awd import wavelet as wavelet
    from awd import windows as windows
    from awd.estimator import AdaptiveWavelet as AdaptiveWavelet
    from awd.filters import families as families
    from awd.filters import kernels as kernels
    from awd.filters import lattice as lattice
    from awd.filters import undecimated as undecimated
    from awd.model import load as load
    from awd.predictors import AdaptiveWaveletClassifier as AdaptiveWaveletClassifier
    from awd.predictors import AdaptiveWaveletRegressor as AdaptiveWaveletRegressor
    from awd.search import soft as soft
    from awd.teacher.brought import network as network
else:
    __getattr__, __dir__ = lazily(__name__, __path__, FACE)
