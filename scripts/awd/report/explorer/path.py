"""A slider along a path of filters: what changes with the filter changes in sight.

Filter, frequency response, attributions, fidelity to the network and score against the
labels belong together; along one number they move together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.report.explorer import page
from awd.wavelet import highpass

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource
    from bokeh.plotting import figure as Plot

FREQUENCIES = 65
HINT = (
    "Drag the slider (or click it and use the arrow keys): the filter, its frequency "
    "response, the network's gradient through it, and how well a student of this "
    "filter follows the network and predicts the labels all move together."
)


@dataclass(frozen=True)
class Path:
    """Filters along one number.

    Attributes
    ----------
    title, label : str
        Of the path; what its number is.
    names : sequence of str
        The number at every step, as text.
    filters : sequence of ndarray of shape (taps,) or (3, 3)
        Low-pass: orthonormal where the taps are even, else a smoother of sum 1.
    fidelity, score : arrays of shape (steps,)
        R2 of a student of the filter against the network's outputs and against the
        labels; NaN where not known.
    share : array of shape (steps,)
        Of the coefficients, that hold 90 % of what is told of them.
    told : array of shape (steps, rows, columns)
        What that is for one example, coefficient by coefficient.
    rows : sequence of str
        Names of the rows of it, from the bottom; none where it is an image.
    chosen : int
        The step that was chosen.
    teller : str
        Whose it is: "the network says", or "is in a signal" of one without gradients.
    at : array of shape (steps,), optional
        The number at every step, in rising order, where filters between two steps lie
        between them: then curves join them. Of other paths the steps are in the order
        of their names, and apart.
    scored : str
        On what, and of which student, fidelity and score are.
    """

    title: str
    label: str
    names: Sequence[str]
    filters: Sequence[np.ndarray]
    fidelity: np.ndarray
    score: np.ndarray
    share: np.ndarray
    told: np.ndarray
    rows: Sequence[str]
    chosen: int
    teller: str = "the network says"
    at: np.ndarray | None = None
    scored: str = ""


def part(title: str, paths: Sequence[Path]) -> page.Part:
    """The tab of a study's paths."""
    from bokeh.models import CustomJSTickFormatter, Div, Select, Slider

    steps = [_source(path) for path in paths]
    first, start = paths[0], paths[0].chosen
    now = _now(paths)
    choose = Select(
        title="path", options=[path.title for path in paths], value=first.title
    )
    choose.name, choose.width = f"path of {title}", 330
    slider = Slider(start=0, end=len(first.names) - 1, value=start, step=1, width=420)
    slider.name, slider.title = f"step of {title}", "step"
    slider.format = CustomJSTickFormatter(
        args={
            "choose": choose,
            "names": {path.title: list(path.names) for path in paths},
        },
        code="return names[choose.value][Math.round(tick)] ?? '';",
    )
    words = Div(width=1100, styles=page.NARROW, name=f"words of {title}")
    plots = dict(
        zip(
            ("filter", "response", "told", "scores", "share"),
            (*_filter(now), _told(now, first), *_scores(now)),
            strict=True,
        )
    )
    for name, plot in plots.items():
        plot.name = f"{name} of {title}"
    move = page.script(
        File(__file__).parent,
        "path",
        steps=steps,
        texts=[_texts(path) for path in paths],
        now=now,
        choose=choose,
        slider=slider,
        words=words,
        plots=plots,
    )
    slider.js_on_change("value", move)
    choose.js_on_change("value", move)
    layout = page.column(
        page.row(choose, slider),
        words,
        page.row(plots["filter"], plots["response"], plots["told"]),
        page.row(plots["scores"], plots["share"]),
    )
    return page.Part(title, HINT, layout, [move])


def responses(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gains of the low-pass and of the high-pass at :data:`FREQUENCIES` from 0 to 1/2.

    Those of an orthonormal filter are over sqrt 2, so that all begin or end at 1.
    """
    taps = np.asarray(h, float)
    taps = taps.sum(0) if taps.ndim == 2 else taps
    turn = np.exp(
        -2j * np.pi * np.outer(np.linspace(0, 0.5, FREQUENCIES), np.arange(len(taps)))
    )
    if len(taps) % 2:
        middle = turn[:, len(taps) // 2]
        return np.abs(turn @ taps), np.abs(middle - turn @ taps)
    return np.abs(turn @ taps) / 2**0.5, np.abs(turn @ highpass(taps)) / 2**0.5


def _source(path: Path) -> ColumnDataSource:
    from bokeh.models import ColumnDataSource

    flat = [np.asarray(h, float).ravel() for h in path.filters]
    longest = max(map(len, flat))
    gains = [responses(h) for h in path.filters]
    size = np.abs(path.told).max(axis=(1, 2), keepdims=True)
    image = page.quantised(path.told / np.where(size > 0, size, 1), -1, 1)
    return ColumnDataSource(
        {
            "taps": np.array(
                [np.pad(h, (0, longest - len(h)), constant_values=np.nan) for h in flat]
            ),
            "low": np.array([low for low, _ in gains]),
            "high": np.array([high for _, high in gains]),
            "told": image.reshape(len(image), -1),
            "fidelity": np.asarray(path.fidelity, float),
            "score": np.asarray(path.score, float),
            "share": np.asarray(path.share, float),
        }
    )


def _texts(path: Path) -> dict[str, object]:
    """What the callback writes, and where it puts the steps."""
    count = len(path.names)
    joined = path.at is not None
    return {
        "label": path.label,
        "names": list(path.names),
        "rows": list(path.rows),
        "shape": list(path.told.shape[1:]),
        "teller": path.teller,
        "chosen": int(path.chosen),
        "joined": joined,
        "at": np.asarray(path.at, float).tolist() if joined else [*range(count)],
        "scored": path.scored,
    }


def _now(paths: Sequence[Path]) -> dict[str, ColumnDataSource]:
    """Sources of what is in sight; the callback fills them."""
    from bokeh.models import ColumnDataSource

    curves = ("fidelity", "score", "share")
    kinds = ("", "_line", "_now")
    names = ["taps", "low", "high", *(c + kind for c in curves for kind in kinds)]
    sources = {name: page.source("x", "y") for name in names}
    rows, columns = paths[0].told.shape[1:]
    sources["image"] = ColumnDataSource(
        {
            "image": [np.zeros((rows, columns), np.uint8)],
            "dw": [columns],
            "dh": [rows],
        }
    )
    return sources


def _filter(now: dict[str, ColumnDataSource]) -> tuple[Plot, Plot]:
    """The taps, and what they let through."""
    from bokeh.models import SingleIntervalTicker

    taps = page.plot(330, 260, "filter", "tap", "h")
    taps.xaxis.ticker = SingleIntervalTicker(interval=1)
    taps.segment("x", 0, "x", "y", source=now["taps"], color=page.OURS, line_width=3)
    taps.scatter("x", "y", source=now["taps"], color=page.OURS, size=8)
    taps.ray(0, 0, length=0, angle=0, line_color="#999")
    taps.ray(0, 0, length=0, angle=np.pi, line_color="#999")
    response = page.plot(
        370,
        260,
        "frequency response",
        "frequency (1 / sample)",
        "gain",
        y_range=(0, 1.12),
    )
    for name, colour, label in (
        ("low", page.NETWORK, "smooth"),
        ("high", page.OURS, "detail"),
    ):
        response.line(
            "x", "y", source=now[name], color=colour, line_width=2, legend_label=label
        )
    response.add_layout(response.legend[0], "above")  # where it hides no curve
    response.legend.orientation, response.legend.border_line_color = "horizontal", None
    response.legend.padding = response.legend.margin = 0
    return taps, response


def _told(now: dict[str, ColumnDataSource], first: Path) -> Plot:
    """What the network says of one example, coefficient by coefficient."""
    from bokeh.models import ColorBar, FixedTicker, LinearColorMapper

    told = page.picture(460, 290, "", first.told.shape[1:])
    told.axis.visible = True
    shades = LinearColorMapper(page.diverging(), low=-1, high=1)
    # The image is of bytes, the bar of what they stand for.
    bytes_ = LinearColorMapper(page.diverging(), low=0, high=255)
    how: dict[str, Any] = {"source": now["image"], "color_mapper": bytes_}
    told.image("image", 0, 0, "dw", "dh", **how)
    bar = ColorBar(color_mapper=shades, width=8, title="of its largest")
    bar.title_text_font_size = "11px"
    told.add_layout(bar, "right")
    told.yaxis.ticker = FixedTicker(ticks=[])
    return told


def _scores(now: dict[str, ColumnDataSource]) -> tuple[Plot, Plot]:
    """R2 along the path, and the share of coefficients: each on its own scale."""
    from bokeh.models import FixedTicker

    scores = page.plot(640, 260, "how good", "", "R²")
    share = page.plot(520, 260, "", "", "share of the coefficients")
    for name, colour, label, shown, wide, dash in (
        ("fidelity", page.NETWORK, "fidelity to the network", scores, 4, "solid"),
        ("score", page.OURS, "score against the labels", scores, 2, "dashed"),
        ("share", page.INK, "", share, 2, "solid"),
    ):
        shown.xaxis.ticker = FixedTicker(ticks=[])
        named = {"legend_label": label} if label else {}
        line: dict[str, Any] = {"color": colour, "line_width": wide, "line_dash": dash}
        shown.line("x", "y", source=now[f"{name}_line"], **line, **named)
        shown.scatter("x", "y", source=now[name], color=colour, size=wide + 3, **named)
        how: dict[str, Any] = {"color": colour, "size": wide + 10, "line_color": "#fff"}
        shown.scatter("x", "y", source=now[f"{name}_now"], **how)
    scores.add_layout(scores.legend[0], "above")
    scores.legend.orientation, scores.legend.border_line_color = "horizontal", None
    scores.legend.padding = scores.legend.margin = 0
    return scores, share
