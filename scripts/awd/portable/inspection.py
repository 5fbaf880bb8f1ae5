"""A model's wavelet in words and numbers, in the units of its samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd import wavelet
from awd.filters import named
from awd.portable import card, drawing, terminal
from awd.portable.names import DETAILS
from awd.portable.page import Code, Drawing, Items, Section, Table

if TYPE_CHECKING:
    from awd.model import Model
    from awd.portable.parts import Sample

BAR = 20  # characters of the part that carries most


def text(model: Model) -> str:
    """What a model is, what its wavelet looks at, and what carries its predictions."""
    what = [part for part in card.what(model) if not isinstance(part, Drawing)]
    sections = [
        Section("What it is", what),
        Section("The wavelet", [_wavelet(model), Code(drawing.dots(model.filter))]),
        Section("What carries the prediction", [_meaning(model), _carried(model)]),
        Section("How good it is", card.quality(model)),
        Section("Where it comes from", card.origin(model)),
    ]
    return terminal.text(model.story.name, sections)


def _wavelet(model: Model) -> Items:
    h = model.filter
    name, distance = named.nearest(h)
    taps = wavelet.effective_length(h)
    missed = max(wavelet.conditions(h).values())
    frequencies = ", ".join(
        f"{wavelet.centre_frequency(h, level) / model.sample.step:.3g}"
        for level in range(1, model.levels + 1)
    )
    return Items(
        [
            f"Support: {taps} taps; a coefficient of level 1 reads "
            f"{_length(model, taps)}, one of level {model.levels} "
            f"{_length(model, (taps - 1) * (2**model.levels - 1) + 1)}",
            f"Vanishing moments: {wavelet.vanishing_moments(h)} (blind to "
            f"{_blind(wavelet.vanishing_moments(h))})",
            f"Centre frequency, level 1 to {model.levels}: {frequencies} cycles per "
            f"{_unit(model)}",
            f"Nearest named wavelet: {name}, at distance {distance:.3f} (0 is the same "
            "but for delay, sign and reversal; 1.41 is the largest)",
            f"It misses the conditions of an orthonormal wavelet by {missed:.0e}",
            f"Taps: {', '.join(f'{tap:.6g}' for tap in h)}",
        ]
    )


def _blind(moments: int) -> str:
    kinds = ("constant levels", "straight trends", "parabolas")
    if moments > len(kinds):
        return f"polynomials up to degree {moments - 1}"
    return ", ".join(kinds[:moments])


def _meaning(model: Model) -> str:
    targets = len(model.targets)
    return (
        "Every part of the transform, the stretch that one of its coefficients reads, "
        "the period at its centre frequency, and how much it carries: standard "
        "deviation over the training samples of what its features add"
        f"{' (mean over the targets)' if targets > 1 else ''}."
    )


def _carried(model: Model) -> Table:
    """Parts in the order of the transform, with a bar for what each carries."""
    carried = model.carried.mean(0)
    most = carried.max()
    rows = [
        [
            name,
            *_place(model, place),
            f"{value:.3g}",
            "█" * round(BAR * value / most) if most > 0 else "",
        ]
        for name, place, value in zip(
            model.reading.parts,
            _places(model) * model.sample.width,
            carried,
            strict=True,
        )
    ]
    unit = model.targets[0].unit
    return Table(
        ["part", "reads", "period", f"carries{f' ({unit})' * bool(unit)}", ""], rows
    )


def _places(model: Model) -> list[int]:
    """Of every part of a channel its level; of the approximation that, negative; 0 of
    the first frames.
    """
    kinds = len(DETAILS[model.sample.dims])
    levels = range(model.levels, 0, -1)
    details = [level for level in levels for _ in range(kinds)]
    return [-model.levels, *details, *[0] * bool(model.features.start)]


def _place(model: Model, place: int) -> tuple[str, str]:
    """What a coefficient of a part reads, and its period."""
    if place == 0:
        return _length(model, model.features.start), ""
    level, taps = abs(place), wavelet.effective_length(model.filter)
    reads = _length(model, (taps - 1) * (2**level - 1) + 1)
    if place < 0:  # below half of the highest frequency of its grid
        return reads, f"over {_time(model, 2 ** (level + 1))}"
    return reads, _time(model, 1 / wavelet.centre_frequency(model.filter, level))


def _length(model: Model, samples: float) -> str:
    """So many samples of an axis, in its unit, and no more than there are."""
    return _time(model, min(samples, max(model.sample.plane)))


def _time(model: Model, samples: float) -> str:
    """So many samples of an axis, in its unit."""
    sample = model.sample
    if _counted(sample):
        return f"{np.round(samples, 1):g} {_unit(model)}s"
    return f"{samples * sample.step:.3g} {sample.step_unit}"


def _unit(model: Model) -> str:
    sample = model.sample
    if _counted(sample):
        return "pixel" if sample.dims == 2 else "sample"
    return sample.step_unit


def _counted(sample: Sample) -> bool:
    return (sample.step, sample.step_unit) == (1.0, "sample")
