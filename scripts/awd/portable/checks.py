"""Whether the parts of a model fit each other: made here or read from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd.errors import ConfigError, ShapeError
from awd.filters.coefficients import COMPILED
from awd.portable.layout import LEVELS, SCALES
from awd.portable.parts import jsonable
from awd.wavelet import require_levels, require_wavelet

if TYPE_CHECKING:
    from awd.model import Model

TOLERANCE = 1e-8  # of the conditions of a wavelet
TAPS = 512


def require(model: Model) -> None:
    """Raise unless a model can be used; errors as :class:`awd.model.Model`."""
    require_wavelet(model.filter, TOLERANCE, "the filter")
    require_levels(min(model.sample.plane), model.levels)
    if len(model.filter) > TAPS or model.levels > LEVELS:
        raise ConfigError(
            f"{len(model.filter)} taps and {model.levels} levels; expected at most "
            f"{TAPS} and {LEVELS}"
        )
    dims, recipe = model.sample.dims, model.features
    if model.mode not in COMPILED[dims]:
        known = ", ".join(COMPILED[dims])
        raise ConfigError(f"mode is {model.mode!r}; expected one of {known}")
    if dims == 2 and (recipe.start or recipe.statistics):
        raise ConfigError(f"{recipe}: images have no first frames and no time")
    _require_sizes(model)
    _require_numbers(model)
    _require_classes(model)
    jsonable(model.provenance)


def _require_sizes(model: Model) -> None:
    features, targets = model.reading.count, len(model.curves)
    bends = len(model.curves[0].knots) if targets else 0
    wrong = [
        name
        for name, part, expected in (
            *(("knots", curve.knots, (bends, features)) for curve in model.curves),
            *(("slopes", c.slopes, (1 + bends, features)) for c in model.curves),
            *(
                ("usual", np.asarray(curve.usual), (features,))
                for curve in model.curves
            ),
            ("ranges", model.ranges, (targets, 2)),
            ("seen", model.seen, (2, features)),
            ("carried", model.carried, (targets, len(model.reading.parts))),
        )
        if np.shape(part) != expected
    ]
    if wrong or not 0 < targets == len(model.targets):
        raise ShapeError(
            f"a wavelet of {len(model.filter)} taps gives {features} features of "
            f"samples {model.sample.shape}, for {len(model.targets)} targets; "
            f"{' and '.join(dict.fromkeys(wrong)) or 'curves'} have other sizes"
        )


def _require_numbers(model: Model) -> None:
    for curve in model.curves:
        for part in curve:
            if not np.isfinite(np.asarray(part)).all():
                raise ConfigError("a number of the head is not finite; fit it anew")
    if not (model.carried >= 0).all() or not np.isfinite(model.carried).all():
        raise ConfigError("carried: expected s.d., finite and not negative")
    for name, (low, high) in (("ranges", model.ranges.T), ("seen", model.seen)):
        if not (np.isfinite([low, high]).all() and (low <= high).all()):
            raise ConfigError(f"{name}: expected finite numbers, low <= high")


def _require_classes(model: Model) -> None:
    if model.classes is None:
        if model.scale is not None:
            raise ConfigError(f"scale is {model.scale!r}, and there are no classes")
        return
    known, targets = len(set(model.classes)), len(model.targets)
    if known != len(model.classes) or known != max(targets, 2):
        raise ConfigError(
            f"{known} different classes for {targets} targets; expected two for one "
            "target, else as many as targets"
        )
    if model.scale not in SCALES:
        raise ConfigError(f"scale is {model.scale!r}; expected one of {SCALES}")
