"""The page of the explorer, and what its parts share: figures, colours, JavaScript.

A part is a tab: a bokeh layout whose callbacks run in the browser. All data, bokeh's
own code and ours stand in the one file, so that it opens anywhere without a network.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awd.errors import DataError
from awd.report.style import COLOURS

if TYPE_CHECKING:
    import numpy as np
    from bokeh.model import Model
    from bokeh.models import Column, ColumnDataSource, CustomJS, Row
    from bokeh.plotting import figure as Plot

RANDOM = re.compile(r"\b[0-9a-z]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
TEMPLATE = Path(__file__).with_suffix(".html.j2")
COMMON = Path(__file__).with_name("common.js")
OURS, NETWORK = COLOURS["distilled"], COLOURS["teacher"]
WIDTH = 1180  # CSS pixels of a tab
NARROW = {"max-width": "calc(100vw - 3.5rem)"}  # of what is wider than a small screen
# A tab that is not in sight is as high as nothing: the page ends where its tab does.
SHEET = """
:host { max-width: calc(100vw - 3rem); }
.bk-header { flex-wrap: wrap; }
.bk-headers-wrapper { flex-wrap: wrap; }
.bk-Column[style*="hidden"] { height: 0 !important; overflow: hidden; }
"""
QUIET, INK = "#8a8a8a", "#1b1b1b"


@dataclass(frozen=True)
class Part:
    """A tab of the explorer.

    Attributes
    ----------
    title, hint : str
        Its name, and what to do there.
    layout : bokeh model
    begin : sequence of CustomJS
        Callbacks that fill it when the page opens.
    """

    title: str
    hint: str
    layout: Model
    begin: Sequence[CustomJS] = ()

    def led(self, sentence: str) -> Part:
        """The same with a sentence before its hint: what is predicted."""
        return replace(self, hint=f"<b>{html.escape(sentence)}</b> {self.hint}")


def render(
    title: str,
    parts: Sequence[Part],
    about: str,
    terms: Sequence[tuple[str, str]] = (),
) -> str:
    """The whole page as HTML text.

    Parameters
    ----------
    title : str
        Name of the run.
    parts : sequence of Part
    about : str
        What was run, with which code, for the foot of the page.
    terms : sequence of (str, str)
        Words of the page and what they mean.

    Raises
    ------
    DataError
        There is no part.
    """
    import jinja2
    from bokeh.document import Document
    from bokeh.embed import file_html
    from bokeh.models import Column, Div, TabPanel, Tabs
    from bokeh.resources import INLINE

    if not parts:
        raise DataError("an explorer needs a study to show; the run has none")
    panels = [
        TabPanel(
            title=part.title,
            child=Column(
                Div(text=part.hint, width=WIDTH, styles={"color": "#5f5f5f", **NARROW}),
                part.layout,
                styles=NARROW,
            ),
        )
        for part in parts
    ]
    document = Document(title=f"{title}: explorer")
    document.add_root(Tabs(tabs=panels, name="parts", stylesheets=[SHEET]))
    begin = [callback for part in parts for callback in part.begin]
    document.js_on_event("document_ready", *begin)
    template = jinja2.Environment(autoescape=False).from_string(TEMPLATE.read_text())
    text = file_html(
        document,
        INLINE,
        template=template,
        template_variables={"about": about, "heading": title, "terms": terms},
    )
    # Names that bokeh draws at random: the same run is to give the same file.
    for k, drawn in enumerate(dict.fromkeys(RANDOM.findall(text))):
        text = text.replace(drawn, f"awd-{k}")
    return text


def plot(
    width: int, height: int, title: str = "", x: str = "", y: str = "", **how: Any
) -> Plot:
    """A quiet bokeh figure; ``how`` as for :func:`bokeh.plotting.figure`."""
    from bokeh.plotting import figure

    how = {"tools": "", "toolbar_location": None, "styles": NARROW, **how}
    shown = figure(width=width, height=height, title=title, **how)
    shown.xaxis.axis_label, shown.yaxis.axis_label = x, y
    shown.toolbar.logo = None
    shown.grid.grid_line_color = "#ececec"
    shown.outline_line_color = None
    for axis in (*shown.xaxis, *shown.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "12px"
        axis.axis_line_color = axis.major_tick_line_color = "#777"
        axis.minor_tick_line_color = None
    shown.title.text_font_size = "13px"
    shown.min_border_right = 12
    return shown


def row(*children: Any) -> Row:
    """Side by side, below one another where the page is narrow."""
    from bokeh.models import Row

    return Row(*children, styles={"flex-wrap": "wrap", **NARROW})


def column(*children: Any, **how: Any) -> Column:
    """Below one another; ``how`` as for :class:`bokeh.models.Column`."""
    from bokeh.models import Column

    return Column(*children, styles=NARROW, **how)


def picture(width: int, height: int, title: str, shape: tuple[float, float]) -> Plot:
    """A figure for an image of ``shape`` (height, width), without axes."""
    from bokeh.models import Range1d

    shown = plot(
        width,
        height,
        title,
        x_range=Range1d(0, shape[1]),
        y_range=Range1d(0, shape[0]),
        match_aspect=True,
    )
    shown.axis.visible = False
    shown.grid.visible = False
    return shown


def scatter(samples: ColumnDataSource, title: str, observed: str, part: str) -> Plot:
    """What was predicted against what was observed: points to click.

    ``samples`` has columns ``name``, ``observed``, ``predicted``, and ``called``, which
    is what was observed in words; the first renderer is of the points.

    Raises
    ------
    DataError
        One of these columns is missing.
    """
    from bokeh.models import HoverTool, Slope, TapTool

    missing = {"name", "observed", "predicted", "called"} - {*samples.column_names}
    if missing:
        lacks = ", ".join(sorted(missing))
        raise DataError(
            f"samples of the explorer's part {part!r} have no {lacks}; "
            "add these columns, which its scatter shows"
        )
    tooltips = "@name: observed @called, predicted @predicted{0.000}"
    shown = plot(
        340,
        300,
        title,
        observed,
        "predicted",
        tools=[TapTool(mode="replace")],
        name=f"scatter of {part}",
    )
    shown.add_layout(Slope(gradient=1, y_intercept=0, line_color="#999"))
    points = shown.scatter(
        "observed",
        "predicted",
        source=samples,
        size=6,
        color=OURS,
        alpha=0.5,
        line_color=None,
        nonselection_alpha=0.3,
        selection_alpha=1,
        selection_line_color=INK,
    )
    points.selection_glyph.size = 13
    shown.add_tools(HoverTool(renderers=[points], tooltips=tooltips))
    return shown


def source(*columns: str) -> ColumnDataSource:
    """A source that a callback will fill: one point, as ranges need one to begin."""
    from bokeh.models import ColumnDataSource

    lists = {"xs", "ys"}
    return ColumnDataSource({name: [[0] if name in lists else 0] for name in columns})


def script(folder: str | Path, name: str, **given: Any) -> CustomJS:
    """A callback from a file of JavaScript, which gets ``given`` by name."""
    from bokeh.models import CustomJS

    files = COMMON, Path(folder) / f"{name}.js"
    return CustomJS(args=given, code="".join(file.read_text("utf-8") for file in files))


def quantised(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """An image as bytes: ``low`` is 0, ``high`` is 255."""
    import numpy as np

    unit = (np.asarray(image, float) - low) / ((high - low) or 1)
    return np.round(255 * np.clip(unit, 0, 1)).astype(np.uint8)


def diverging() -> list[str]:
    """256 colours from blue over white to red, apart for any colour vision."""
    import matplotlib as mpl

    return [mpl.colors.to_hex(mpl.colormaps["RdBu_r"](k)) for k in range(256)]


def key(entries: Sequence[tuple[str, str]]) -> str:
    """Colours and what they mean, as HTML."""
    return " ".join(
        f'<span style="white-space:nowrap"><span style="color:{colour}">&#9679;</span> '
        f"{name}</span>"
        for name, colour in entries
    )
