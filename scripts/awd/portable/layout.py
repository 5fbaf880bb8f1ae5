"""How a model lies in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from awd.curves import Curves
from awd.features import Largest
from awd.filters.coefficients import MODES
from awd.portable import record as files
from awd.portable.parts import Sample, Score, Story, Target, jsonable, plain

if TYPE_CHECKING:
    from awd.model import Model

LEVELS = 24
SCALES = ("logits", "probabilities")
LARGEST = "largest"  # the one kind of features so far


def record(model: Model) -> dict[str, Any]:
    """All of a model, without the checksum."""
    stacked = {
        "slopes": [part.slopes.tolist() for part in model.curves],
        "intercept": [float(part.intercept) for part in model.curves],
        "usual": [np.asarray(part.usual).tolist() for part in model.curves],
    }
    return {
        "format": files.FORMAT,
        "version": files.VERSION,
        "story": plain(model.story),
        "sample": plain(model.sample),
        "targets": [plain(target) for target in model.targets],
        "classes": None if model.classes is None else list(model.classes),
        "scale": model.scale,
        "filter": model.filter.tolist(),
        "levels": int(model.levels),
        "mode": model.mode,
        "features": {"kind": LARGEST, **plain(model.features)},
        "head": {"knots": model.curves[0].knots.tolist(), **stacked},
        "ranges": model.ranges.tolist(),
        "seen": model.seen.tolist(),
        "carried": model.carried.tolist(),
        "scores": [plain(score) for score in model.scores],
        "provenance": jsonable(model.provenance),
    }


def arguments(part: files.Part) -> dict[str, Any]:
    """Of :class:`awd.model.Model`, from a record; each value of its kind, in bounds.

    Raises
    ------
    DataError
        A key is missing, unknown, or holds something else.
    """
    part.read |= {"format", "version", files.CHECKSUM}
    classes = part.scalars("classes")
    found = {
        "filter": part.numbers("filter", -1),
        "levels": part.whole("levels", 1, LEVELS),
        "mode": part.choice("mode", tuple(MODES)),
        "features": _features(part.part("features")),
        "sample": Sample.read(part.part("sample")),
        "curves": _curves(part.part("head")),
        "ranges": part.numbers("ranges", -1, 2),
        "seen": part.numbers("seen", 2, -1),
        "carried": part.numbers("carried", -1, -1),
        "targets": tuple(Target.read(each) for each in part.parts("targets")),
        "classes": None if classes is None else tuple(classes),
        "scale": part.choice("scale", (None, *SCALES)),
        "scores": tuple(Score.read(each) for each in part.parts("scores")),
        "story": Story.read(part.part("story")),
        "provenance": part.mapping("provenance"),
    }
    part.finish()
    return found


def _features(recipe: files.Part) -> Largest:
    recipe.choice("kind", (LARGEST,))
    m, smallest, start = (
        recipe.whole(key, 0, 1 << 24) for key in ("m", "smallest", "start")
    )
    positions = recipe.choice("positions", (False, True))
    statistics = tuple(recipe.texts("statistics"))
    recipe.finish()
    return Largest(m, smallest, positions, start, statistics)


def _curves(head: files.Part) -> tuple[Curves, ...]:
    slopes = head.numbers("slopes", -1, -1, -1)
    targets, bends, features = slopes.shape
    knots = head.numbers("knots", max(bends - 1, 0), -1)
    intercept = head.numbers("intercept", targets)
    usual = head.numbers("usual", targets, features)
    head.finish()
    if not len(knots):  # lines: an empty list does not tell of how many features
        knots = np.empty((0, features))
    return tuple(
        Curves(knots, slopes[k], float(intercept[k]), usual[k]) for k in range(targets)
    )
