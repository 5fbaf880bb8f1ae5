"""Images of a study: what the network and the student see in each, side by side.

An image, the network's gradient, the wavelet coefficients level by level, how often
each value occurs with the student's weights, and what the student concludes.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.report.explorer import page
from awd.report.tables import typeset

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource
    from bokeh.plotting import figure as Plot

HINT = (
    "Move a slider (or click a point) to go from image to image: each step is the next "
    "value that an image has, and the other slider goes along with the image. The "
    "level goes from fine to coarse. Shown are the image, the network's gradient in "
    "every pixel, the wavelet's coefficients, how often each value occurs with the "
    "weight that the student gives to it, and what the student concludes."
)


@dataclass(frozen=True)
class Reads:
    """What a student reads of every image, and what that adds to its prediction.

    Attributes
    ----------
    names : sequence of str of length k
        Of the numbers that are read.
    values, added : arrays of shape (n, k)
        What they are, and what each adds to ``usual``: together the prediction.
    typical : array of shape (k,)
        What they are on average.
    usual : float
    unit : str
        Of the values.
    """

    names: Sequence[str]
    values: np.ndarray
    typical: np.ndarray
    added: np.ndarray
    usual: float
    unit: str = ""


@dataclass(frozen=True)
class Images:
    """Test images of a study and what was said of them.

    Attributes
    ----------
    x : array of shape (n, y, x)
    names : sequence of str
    truth : array of shape (n, parameters)
    parameters : sequence of str
        The first is the target.
    predicted : mapping of str to array of shape (n,)
        By who predicts; the student first.
    gradient : array of shape (n, y, x), optional
        Of the network.
    bands : array of shape (n, levels, y, x)
        Coefficients.
    edges, counts : arrays of shape (levels, bins + 1) and (n, levels, bins)
        How often coefficients occur.
    at, weights : arrays of shape (n, levels, k)
        Coefficients that the student reads, and what a larger one adds to its
        prediction.
    grid : tuple of arrays (a,) and (b,), optional
        Nodes of the first two parameters.
    posterior : array of shape (n, b, a), optional
        The student's, there.
    weighed : str
        What a weight is.
    reads : Reads, optional
        Why the student predicts what it does.
    signal : str
        What a pixel measures, with its unit.
    pixel : tuple of float and str
        Side of a pixel and its unit.
    """

    x: np.ndarray
    names: Sequence[str]
    truth: np.ndarray
    parameters: Sequence[str]
    predicted: dict[str, np.ndarray]
    gradient: np.ndarray | None
    bands: np.ndarray
    edges: np.ndarray
    counts: np.ndarray
    at: np.ndarray
    weights: np.ndarray
    grid: tuple[np.ndarray, np.ndarray] | None = None
    posterior: np.ndarray | None = None
    weighed: str = "added by 1 s.d. more"
    reads: Reads | None = None
    signal: str = "value"
    pixel: tuple[float, str] = (1.0, "pixels")


def part(title: str, data: Images) -> page.Part:
    """The tab of a study that has images."""
    from bokeh.models import Div, Select, Slider

    samples, now = _samples(data), _now(data)
    by = Select(title="the scatter shows", options=[*data.predicted], width=240)
    by.value, by.name = next(iter(data.predicted)), f"predicted by of {title}"
    sliders = [_slider(data, k, title) for k in range(min(2, data.truth.shape[1]))]
    level = Slider(title="level (fine to coarse)", start=1, end=data.bands.shape[1])
    level.value, level.step, level.width, level.name = 1, 1, 240, f"level of {title}"
    words = Div(width=page.WIDTH, styles=page.NARROW, name=f"words of {title}")
    scatter = page.scatter(
        samples, "held-out images", f"true {data.parameters[0]}", title
    )
    plots = _plots(now, data)
    show = page.script(
        Path(__file__).parent,
        "images",
        samples=samples,
        now=now,
        sliders=sliders,
        level=level,
        by=by,
        words=words,
        plots=plots,
        text={
            "names": [html.escape(name) for name in data.names],
            "parameters": [html.escape(name) for name in data.parameters],
            "by": [*data.predicted],
            "size": list(data.x.shape[1:]),
            "levels": data.bands.shape[1],
            "edges": data.edges.tolist(),
            "nodes": [len(axis) for axis in data.grid or ()],
            "steps": [_steps(data, k).tolist() for k in range(len(sliders))],
            "range": _range(data),
            "digits": 3,
            "reads": _told(data),
        },
    )
    samples.selected.js_on_change("indices", show)
    for control in (*sliders, level, by):
        control.js_on_change("value", show)
    for name, plot in plots.items():
        plot.name = f"{name} of {title}"
    drawn = [*plots.values()]
    layout = page.column(
        page.row(*sliders, level),
        words,
        page.row(*drawn[:3]),
        page.row(page.column(by, scatter), *drawn[3:]),
    )
    return page.Part(title, HINT, layout, [show])


def _steps(data: Images, k: int) -> np.ndarray:
    """Values of a parameter that images have, rising: the steps of its slider."""
    return np.unique(data.truth[:, k])


def _slider(data: Images, k: int, title: str) -> Any:
    """Over a parameter, from one of the values that images have to the next."""
    from bokeh.models import CustomJSTickFormatter, Slider

    steps = _steps(data, k)
    last = len(steps) - 1
    slider = Slider(title=data.parameters[k], start=0, end=max(1, last), step=1)
    names = [typeset(value, 3) for value in steps]
    code = "return names[Math.round(tick)];"
    slider.format = CustomJSTickFormatter(code=code, args={"names": names})
    slider.value, slider.width = last // 2, 300
    slider.disabled = last == 0
    slider.name = f"{data.parameters[k]} of {title}"
    return slider


def _range(data: Images) -> list[float]:
    """Values of an image that are black and white."""
    return np.quantile(data.x, [0.01, 0.998]).tolist()


def _told(data: Images) -> dict[str, Any] | None:
    """What the callback says of the numbers that the student reads."""
    if data.reads is None:
        return None
    names, typical = [html.escape(n) for n in data.reads.names], data.reads.typical
    told = {"names": names, "typical": np.asarray(typical, float).tolist()}
    return told | {"usual": data.reads.usual, "unit": data.reads.unit}


def _samples(data: Images) -> ColumnDataSource:
    """A row an image; pictures as bytes, each over its own range."""
    from bokeh.models import ColumnDataSource

    n = len(data.x)
    low, high = _range(data)
    columns: dict[str, Any] = {
        "name": [*data.names],
        "observed": data.truth[:, 0],
        "called": [typeset(value, 3) for value in data.truth[:, 0]],
        "predicted": next(iter(data.predicted.values())),
        "truth": data.truth,
        "said": np.stack([*data.predicted.values()], 1),
        "image": page.quantised(data.x, low, high).reshape(n, -1),
        "counts": data.counts.reshape(n, -1).astype(np.float32),
        "at": data.at.reshape(n, -1).astype(np.float32),
        "weights": data.weights.reshape(n, -1).astype(np.float32),
    }
    pictures = {"bands": data.bands}
    if data.gradient is not None:
        pictures["gradient"] = data.gradient[:, None]
    for name, images in pictures.items():
        size = np.quantile(np.abs(images), 0.995, axis=(-2, -1), keepdims=True)
        size = np.where(size > 0, size, 1)
        columns[name] = page.quantised(images / size, -1, 1).reshape(n, -1)
        columns[f"{name}_size"] = size.reshape(n, -1)
    if data.reads is not None:
        columns["added"] = data.reads.added.astype(np.float32)
        columns["value"] = data.reads.values.astype(np.float32)
    if data.posterior is not None:
        peak = data.posterior.max(axis=(1, 2), keepdims=True)
        columns["posterior"] = page.quantised(data.posterior / peak, 0, 1).reshape(
            n, -1
        )
    return ColumnDataSource(columns)


def _now(data: Images) -> dict[str, ColumnDataSource]:
    from bokeh.models import ColumnDataSource

    sources = {
        name: ColumnDataSource({"image": [np.zeros((1, 1), np.uint8)]})
        for name in ("image", "gradient", "band", "posterior")
    }
    sources["counts"] = page.source("x", "y", "usual")
    sources["weights"], sources["star"] = page.source("x", "y"), page.source("x", "y")
    return sources


def _plots(now: dict[str, ColumnDataSource], data: Images) -> dict[str, Plot]:
    plots = {
        "image": _image(now["image"], data, "Inferno256", data.signal),
        "gradient": _image(now["gradient"], data, page.diverging(), "gradient"),
        "band": _image(now["band"], data, page.diverging(), data.signal),
        "counts": _counts(now, data),
    }
    if data.grid is not None:
        plots["posterior"] = _posterior(now, data)
    return plots


def _image(source: ColumnDataSource, data: Images, colours: Any, values: str) -> Plot:
    """An image with its axes and its colours; the callback sets their ends."""
    from bokeh.models import ColorBar, LinearColorMapper

    side, unit = data.pixel
    rows, columns = (side * count for count in data.x.shape[1:])
    shown = page.picture(390, 325, "", (rows, columns))
    shown.axis.visible = True
    shown.xaxis.axis_label = shown.yaxis.axis_label = unit
    mapper = LinearColorMapper(colours, low=0, high=1, name="colours")
    shown.image("image", 0, 0, columns, rows, source=source, color_mapper=mapper)
    bar = ColorBar(color_mapper=mapper, width=8, title=values)
    bar.title_text_font_size = bar.major_label_text_font_size = "11px"
    shown.add_layout(bar, "right")
    return shown


def _counts(now: dict[str, ColumnDataSource], data: Images) -> Plot:
    """How often values occur, here and usually, over the student's weights."""
    from bokeh.models import LinearAxis, Range1d

    shown = page.plot(450, 330, "", "coefficient (s.d. of all images)", "density")
    shown.y_range.start = 0
    lines: dict[str, Any] = {"source": now["counts"], "line_width": 2}
    shown.line("x", "usual", color=page.QUIET, legend_label="all images", **lines)
    shown.line("x", "y", color=page.NETWORK, legend_label="this image", **lines)
    most = float(np.nanmax(np.abs(data.weights))) or 1.0
    shown.extra_y_ranges = {"weights": Range1d(-1.1 * most, 1.1 * most)}
    axis = LinearAxis(y_range_name="weights", axis_label=data.weighed)
    axis.axis_label_text_font_style, axis.minor_tick_line_color = "normal", None
    shown.add_layout(axis, "right")
    weighed: dict[str, Any] = {
        "source": now["weights"],
        "y_range_name": "weights",
        "color": page.OURS,
    }
    shown.segment("x", 0, "x", "y", line_width=3, **weighed)
    shown.scatter("x", "y", size=8, legend_label="what the student reads", **weighed)
    shown.add_layout(shown.legend[0], "below")
    shown.legend.orientation, shown.legend.border_line_color = "horizontal", None
    return shown


def _posterior(now: dict[str, ColumnDataSource], data: Images) -> Plot:
    from bokeh.models import LinearColorMapper, Range1d

    assert data.grid is not None
    a, b = data.grid
    half = (a[1] - a[0]) / 2, (b[1] - b[0]) / 2
    left, right = a[0] - half[0], a[-1] + half[0]
    bottom, top = b[0] - half[1], b[-1] + half[1]
    shown = page.plot(
        340,
        350,
        f"posterior of {next(iter(data.predicted))}",
        *data.parameters[:2],
        x_range=Range1d(left, right),
        y_range=Range1d(bottom, top),
    )
    shown.grid.visible = False
    mapper = LinearColorMapper("Viridis256", low=0, high=255)
    shown.image(
        "image",
        left,
        bottom,
        right - left,
        top - bottom,
        source=now["posterior"],
        color_mapper=mapper,
    )
    shown.scatter(
        "x",
        "y",
        source=now["star"],
        marker="star",
        size=17,
        color="white",
        line_color="black",
        legend_label="truth",
    )
    shown.add_layout(shown.legend[0], "below")
    shown.legend.border_line_color = None
    return shown
