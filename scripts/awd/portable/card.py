"""The card of a model: one page that says what it is and how far to trust it.

The page is a list of sections, each a title and blocks; it is set as Markdown or as
HTML by :mod:`awd.portable.page`, so that the library alone can print it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awd import wavelet
from awd.portable import drawing, page
from awd.portable.page import Block, Code, Drawing, Items, Section, Table
from awd.scalars import chosen

if TYPE_CHECKING:
    from awd.model import Model
    from awd.portable.parts import Score

FORMS = {"markdown": page.markdown, "html": page.html}
VERDICTS = {"better": "It is better than", "level": "It is level with"}
VERDICTS |= {"worse": "It is worse than"}


def text(model: Model, form: str = "markdown") -> str:
    """The card of a model; see :meth:`awd.model.Model.card`."""
    form = chosen(form, "form", FORMS)
    sections = [
        Section("What it is", what(model)),
        Section("What it was distilled on", origin(model)),
        Section("How good it is", quality(model)),
        Section("Where it fails", _failures(model)),
        Section("When an input lies outside", _outside(model)),
        Section("What carries the prediction", _carried(model)),
        Section("How to use it", _usage(model)),
        Section("Where it comes from", _provenance(model)),
    ]
    return FORMS[form](model.story.name, sections)


def what(model: Model) -> list[Block]:
    sample, numbers, h = model.sample, model.numbers, model.filter
    moments = _counted(wavelet.vanishing_moments(h), "vanishing moment")
    kind = "signals" if sample.dims == 1 else "images"
    axes = " x ".join(map(str, sample.plane))
    channels = f" in {sample.width} channels" if sample.width > 1 else ""
    named = f" ({', '.join(sample.channels)})" if sample.channels else ""
    step = f", one value every {sample.step:g} {sample.step_unit}"
    known = "" if (sample.step, sample.step_unit) == (1.0, "sample") else step
    unit = f", in {sample.unit}" if sample.unit else ""
    targets = ", ".join(_with_unit(t.name, t.unit) for t in model.targets)
    what = f"the class ({', '.join(map(str, model.classes))})" if model.classes else ""
    knots = f", that bend at {numbers['knots']} knots" if numbers["knots"] else ""
    return [
        f"A trained network distilled into one wavelet and a sum of curves. It reads "
        f"{kind} of {axes} values{channels}{named}{known}{unit}, and predicts "
        f"{what or targets}.",
        f"It has {numbers['filter']} numbers in the filter and {numbers['head']} "
        f"fitted numbers in the head{knots}. The filter is an orthonormal wavelet of "
        f"{wavelet.effective_length(h)} taps and {moments}, and is used on "
        f"{_counted(model.levels, 'level')}.",
        Drawing(drawing.svg(h), f"taps: {', '.join(f'{tap:.4f}' for tap in h)}"),
    ]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def origin(model: Model) -> list[Block]:
    story = model.story
    known = {"Samples": story.data, "Network": story.network}
    known |= {"The head was fitted to": story.fitted_to}
    missing = [name for name, words in known.items() if not words]
    items = [f"{name}: {words}" for name, words in known.items() if words]
    if missing:
        items.append(f"Not recorded: {', '.join(missing)}")
    return [Items(items)]


def quality(model: Model) -> list[Block]:
    if not model.scores:
        return [
            "No scores were recorded, so nothing here says how good it is. Score it on "
            "samples that neither the network nor this model was fitted to."
        ]
    rows = [
        [s.name, s.role, s.metric, _interval(s.value, s.low, s.high), _paired(s), s.on]
        for s in model.scores
    ]
    head = ["method", "role", "score", "value [95 %]", "this model minus it", "on"]
    places = {score.on for score in model.scores}
    if len(places) > 1:
        return [Table(head, rows), *_sentences(model)]
    table = Table(head[:-1], [row[:-1] for row in rows])
    on = [f"On {place}." for place in places if place]
    return [table, *on, *_sentences(model)]


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _paired(score: Score) -> str:
    return _interval(*score.difference) if score.difference else ""


def _sentences(model: Model) -> list[Block]:
    """What it beats, with what it is level, and what that says of the controls."""
    found = verdicts(model)
    told = [
        f"{start} {'; '.join(found[verdict])}."
        for verdict, start in VERDICTS.items()
        if found[verdict]
    ]
    controls = {score.name for score in model.scores if score.role == "control"}
    unbeaten = [name for name in found["level"] + found["worse"] if name in controls]
    if not controls:
        told.append("There are no controls, so what the network gave is not shown.")
    elif unbeaten:
        told.append(
            f"Not better than its controls {'; '.join(unbeaten)}: that the network "
            "taught it something is not shown against these."
        )
    return [" ".join(told)]


def verdicts(model: Model) -> dict[str, list[str]]:
    """Names of what the model is better than, level with, worse than.

    By the paired difference where there is one, else by intervals that do not meet; of
    scores of one metric and on the same samples.
    """
    found: dict[str, list[str]] = {name: [] for name in VERDICTS}
    for other in model.scores:
        if other.role != "model":
            for own in model.scores:
                same = (own.metric, own.on) == (other.metric, other.on)
                if own.role == "model" and same:
                    found[_verdict(own, other)].append(other.name)
    return found


def _verdict(own: Score, other: Score) -> str:
    if other.difference is not None:
        _, low, high = other.difference
    else:
        low, high = own.low - other.high, own.high - other.low
    return "better" if low > 0 else "worse" if high < 0 else "level"


def _failures(model: Model) -> list[Block]:
    known = list(model.story.fails)
    if worse := verdicts(model)["worse"]:
        known.append(f"Where the best is asked for: {'; '.join(worse)} predict better")
    ranges = [
        f"{_with_unit(t.name, t.unit)} {low:.4g} to {high:.4g}"
        for t, (low, high) in zip(model.targets, model.ranges, strict=True)
    ]
    known.append(
        f"Beyond the range it was fitted to ({'; '.join(ranges[:4])}"
        f"{'; ...' * (len(ranges) > 4)}): predictions are clipped to it"
    )
    known.append(
        "On samples recorded in another way than those above nothing is known, and "
        "what it has from its network holds the network's mistakes"
    )
    return [Items(known)]


def _outside(model: Model) -> list[Block]:
    return [
        f"Each of its {model.reading.count} features has a smallest and a largest "
        "value among the training samples. A sample with any feature beyond lies "
        "outside: model.outside(x) says so, model.explain(x) which feature. The "
        "prediction stays in its range, but nothing is known of its error. Of new "
        "samples of the same kind a few lie outside by chance; if many do, they are "
        "of another kind."
    ]


def _carried(model: Model) -> list[Block]:
    """The parts by what they carry, the largest first."""
    head = ["part", *(_with_unit(t.name, t.unit) for t in model.targets[:4])]
    order = np.argsort(-model.carried.sum(0), kind="stable")
    parts = model.reading.parts
    rows = [
        [parts[k], *(f"{value:.3g}" for value in model.carried[:4, k])] for k in order
    ]
    return [
        "Standard deviation over the training samples of what each part adds to the "
        "prediction.",
        Table(head, rows),
    ]


def _usage(model: Model) -> list[Block]:
    shape = ", ".join(map(str, model.sample.shape))
    last = "predict_proba(x)" if model.classes else "explain(x)"
    lines = [
        "import awd",
        'model = awd.load("model.json")',
        f"y = model.predict(x)          # x (n, {shape})",
        f"model.{last}",
        "model.outside(x)              # beyond what it has seen",
    ]
    return [Code("\n".join(lines))]


def _provenance(model: Model) -> list[Block]:
    known = [f"{key}: {value}" for key, value in sorted(model.provenance.items())]
    return [Items([*known, f"SHA-256 of its content: {model.checksum}"])]
