"""Signals of a study, their predictions, and why: click one and read it.

Predicted against observed on one side; on the other the signal, what the network says
of every sample of it, which coefficients the student picked, what each of them adds,
and the curve by which it does so.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import features
from awd.report.explorer import naming, page
from awd.report.figures.curves import POINTS, curves_table
from awd.report.figures.student import SHADES, loudest, scale_name, spans
from awd.report.tables import typeset

if TYPE_CHECKING:
    import pandas as pd
    from bokeh.models import ColumnDataSource, CustomJS
    from bokeh.plotting import figure as Plot

WORDS = 380  # CSS pixels of what is said of a sample
MOST = 12  # features whose part is shown as bars, before all others together
NEAR = 6  # neighbours of like prediction
HINT = (
    "Click a point to see why it was predicted so: its signal with those of like "
    "prediction in grey, the network's gradient, the coefficients that the student "
    "picked, and what each adds. Click a bar for the curve behind it."
)
MARKS = {"largest": "triangle", "smallest": "inverted_triangle", "start": "square"}
READ = (
    "<b>What the student reads</b>, on the right: a mark for every coefficient "
    "(&#9650; a largest, &#9660; a smallest one, &#9632; the first samples), on a bar "
    "over the samples that it looks at; a row for every scale. Rest the mouse on a "
    "mark for its value. Numbers of a whole scale, as its strength, are bars alone."
)


@dataclass(frozen=True)
class Signals:
    """Test samples of a study and what was said of them.

    Attributes
    ----------
    student : Student
        Fitted.
    background : array of shape (m, [channel,] time)
        The samples it was fitted to.
    x : array of shape (n, channel, time)
    names : sequence of str
        What every sample is called.
    observed : array of shape (n,)
    predicted : mapping of str to array of shape (n,)
        By who predicts; the student first, then the network.
    gradient : array of shape (n, channel, time), optional
        Of the network.
    windows : sequence of str
        Names of the channels.
    signal, target : str
        What is on the axes.
    unit : str
        Of a signal's values.
    times : sequence of str
        Unit of time by window, in which one value follows another; of all windows
        where it is one.
    what : str
        What a sample is.
    labels : mapping of float to str
        What values of the target mean, of classes.
    """

    student: features.Student
    background: np.ndarray
    x: np.ndarray
    names: Sequence[str]
    observed: np.ndarray
    predicted: dict[str, np.ndarray]
    gradient: np.ndarray | None
    windows: Sequence[str]
    signal: str
    target: str
    unit: str = ""
    times: Sequence[str] = ("samples",)
    what: str = "sample"
    labels: Mapping[float, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Looked:
    """The panels of signals, and the source whose selection says which is looked at.

    What is written into ``unasked``, its ``reason``, is shown in place of a sample.
    """

    scatter: Plot
    by: Any
    words: Any
    read: Any
    samples: ColumnDataSource
    unasked: ColumnDataSource
    begin: CustomJS


def panels(data: Signals, name: str) -> Looked:
    """All panels of some signals, linked by what is selected among ``samples``."""
    from bokeh.models import Div, Select

    samples, now = samples_of(data), _now()
    by = Select(title="the scatter shows", options=[*data.predicted], width=240)
    by.value, by.name = next(iter(data.predicted)), f"predicted by of {name}"
    words = Div(width=WORDS, styles=page.NARROW, name=f"words of {name}")
    scatter = page.scatter(
        samples, f"held-out {data.what}s", f"observed {data.target}", name
    )
    if data.labels:
        scatter.xaxis.ticker = [*data.labels]
        scatter.xaxis.major_label_overrides = dict(data.labels)
    shown = loudest(data.student, data.background, len(data.windows))
    bars, curve = _bars(now, name), _curve(now, name)
    traces = [_trace(now, data, c, k, name) for k, c in enumerate(shown)]
    key = Div(text=f"{READ}<br>{_key()}", width=page.WIDTH, styles=page.NARROW)
    read = page.column(
        key, *[page.row(*three) for three in traces], page.row(bars, curve)
    )
    read.name = f"read of {name}"
    words_of = {
        "names": [html.escape(name) for name in data.names],
        "windows": list(data.windows),
        "shown": list(map(int, shown)),
        "target": html.escape(data.target),
        "by": [html.escape(name) for name in data.predicted],
        "digits": naming.digits_of(data),
        "what": data.what,
        "labels": {f"{value:g}": label for value, label in data.labels.items()},
        "markers": MARKS,
    }
    show = page.script(
        Path(__file__).parent,
        "signals",
        samples=samples,
        features=features_of(data),
        spans=_spans(data),
        now=now,
        by=by,
        words=words,
        read=read,
        text=words_of,
        shades=[_hex(k / 255) for k in range(256)],
        sizes={"near": NEAR, "most": MOST},
        plots={"bars": bars, "curve": curve},
    )
    for source in (samples, now["bars"]):
        source.selected.js_on_change("indices", show)
    now["unasked"].js_on_change("data", show)
    by.js_on_change("value", show)
    return Looked(scatter, by, words, read, samples, now["unasked"], show)


def part(title: str, data: Signals) -> page.Part:
    """The tab of a study that has signals and nothing else to show."""
    looked = panels(data, title)
    looked.words.width = page.WIDTH - 360
    above = page.row(page.column(looked.by, looked.scatter), looked.words)
    return page.Part(title, HINT, page.column(above, looked.read), [looked.begin])


def samples_of(data: Signals) -> ColumnDataSource:
    """A row a sample: what it is, what was said of it, what every feature adds."""
    from bokeh.models import ColumnDataSource

    n = len(data.x)
    table = features.contributions(data.student, _as_read(data), data.background)
    own = table[table["kind"] != "intercept"]
    first = next(iter(data.predicted.values()))
    columns = {
        "name": [*data.names],
        "observed": np.asarray(data.observed, np.float32),
        "called": [
            data.labels.get(value) or typeset(value, naming.digits_of(data))
            for value in map(float, data.observed)
        ],
        "predicted": np.asarray(first, np.float32),
        "said": np.stack([*data.predicted.values()], 1).astype(np.float32),
        "x": data.x.reshape(n, -1).astype(np.float32),
        "added": own["contribution"].to_numpy().reshape(n, -1).astype(np.float32),
        "value": own["value"].to_numpy().reshape(n, -1).astype(np.float32),
        "place": own["index"].to_numpy().reshape(n, -1).astype(np.int32),
        "usual": table[table["kind"] == "intercept"]["contribution"].to_numpy(),
    }
    if data.gradient is not None:
        columns["gradient"] = data.gradient.reshape(n, -1).astype(np.float32)
    return ColumnDataSource(columns)


def features_of(data: Signals) -> ColumnDataSource:
    """A row a feature of the student: its name, its band, its curve."""
    from bokeh.models import ColumnDataSource

    first = features.contributions(data.student, _as_read(data)[:1], data.background)
    own = first[first["kind"] != "intercept"]
    rank = own.groupby(["channel", "band", "kind"]).cumcount() + 1
    several = len(data.windows) > 1
    names = [
        naming.feature_name(row.kind, k, row.band, data.student)
        + f", {data.windows[row.channel]}" * several
        for row, k in zip(own.itertuples(), rank, strict=True)
    ]
    curves = curves_table(data.student, data.background)
    return ColumnDataSource(
        {
            "name": names,
            "channel": own["channel"].to_numpy(),
            "band": own["band"].to_numpy(),
            "kind": own["kind"].tolist(),
            "unit": [naming.feature_unit(row, data) for row in own.itertuples()],
            "at": curves["value"].to_numpy().reshape(-1, POINTS),
            "adds": curves["added"].to_numpy().reshape(-1, POINTS),
        }
    )


def _as_read(data: Signals) -> np.ndarray:
    """The samples as the student takes them: without a channel where it has one."""
    return data.x[:, 0] if np.ndim(data.background) == 2 else data.x


def _looks(data: Signals) -> pd.DataFrame:
    """Where coefficients look, of the bands that are drawn, in their order."""
    rows = spans(data.student, data.x.shape[-1])
    return rows[rows["band"] >= (-1 if data.student.features.start else 0)]


def _spans(data: Signals) -> ColumnDataSource:
    """Where in time every coefficient looks, with the name of its band."""
    from bokeh.models import ColumnDataSource

    rows = _looks(data)
    columns = {name: rows[name].to_numpy() for name in ("band", "index")}
    columns |= {name: rows[name].to_numpy() for name in ("begin", "centre", "end")}
    columns["scale"] = [scale_name(band, data.student) for band in rows["band"]]
    return ColumnDataSource(columns)


def _hex(share: float) -> str:
    import matplotlib as mpl

    return mpl.colors.to_hex(SHADES(share))


def _now() -> dict[str, ColumnDataSource]:
    """Sources of what is in sight; the callback fills them. Windows are in order."""
    from bokeh.models import ColumnDataSource

    blank = {
        "trace": ("x", "y"),
        "near": ("xs", "ys"),
        "says": ("x", "y", "colour"),
        "picks": ("x0", "x1", "y", "x", "colour", "name", "added", "told", "marker"),
    }
    sources = {
        f"{name}{k}": page.source(*columns)
        for name, columns in blank.items()
        for k in range(3)
    }
    for k in range(3):
        sources[f"picks{k}"].data["marker"] = ["square"]
    sources["unasked"] = ColumnDataSource({"reason": [""]})
    bars = ("y", "right", "left", "colour", "name", "feature", "told")
    sources["bars"] = page.source(*bars)
    sources["curve"], sources["dot"] = page.source("x", "y"), page.source("x", "y")
    return sources


def _trace(
    now: dict[str, ColumnDataSource], data: Signals, channel: int, k: int, name: str
) -> tuple[Plot, Plot, Plot]:
    """Of one window: signal with neighbours, what the network says, what is picked."""
    from bokeh.models import FixedTicker, HoverTool, Range1d

    time, when = data.x.shape[-1], f"time ({naming.time_of(data, channel)})"
    window = f"{data.windows[channel]}: " if len(data.windows) > 1 else ""
    across: dict[str, Any] = {"x_range": Range1d(-1, time)}
    top = page.plot(330, 190, f"{window}signal", when, data.signal, **across)
    top.multi_line("xs", "ys", source=now[f"near{k}"], color="#c9c9c9")
    top.line("x", "y", source=now[f"trace{k}"], color=page.INK, line_width=1.6)
    known = data.gradient is not None
    title = "the network's gradient" if known else "the network has no gradients"
    says = page.plot(290, 190, title, when, "gradient", **across)
    says.vbar("x", 0.9, "y", 0, source=now[f"says{k}"], color="colour", line_color=None)
    rows = _looks(data)["band"].unique()
    below = Range1d(len(rows) - 0.4, -0.6)
    picks = page.plot(420, 190, "what the student reads", when, y_range=below, **across)
    picks.name = f"picks {k} of {name}"
    source = now[f"picks{k}"]
    how: dict[str, Any] = {"source": source, "color": "colour"}
    picks.segment("x0", "y", "x1", "y", line_width=4, alpha=0.5, **how)
    marks = picks.scatter("x", "y", marker="marker", size=9, **how)
    marks.glyph.line_color = "#444"
    tooltips = "@name is @told, adds @added{+0.000}"
    picks.add_tools(HoverTool(renderers=[marks], tooltips=tooltips))
    picks.yaxis.ticker = FixedTicker(ticks=[*range(len(rows))])
    picks.yaxis.major_label_overrides = {
        place: scale_name(band, data.student) for place, band in enumerate(rows)
    }
    return top, says, picks


def _key() -> str:
    """What the colours of parts mean."""
    ends = [
        ("takes away", _hex(0.0)),
        ("hardly moves it", _hex(0.5)),
        ("adds", _hex(1.0)),
    ]
    return f"Colours, of marks and bars: {page.key(ends)}"


def _bars(now: dict[str, ColumnDataSource], name: str) -> Plot:
    from bokeh.models import FixedTicker, HoverTool, Range1d, TapTool

    tooltips = "@name @told @right{+0.000}"
    bars = page.plot(
        700,
        290,
        "",
        "added to the prediction",
        tools=[TapTool(mode="replace"), HoverTool(tooltips=tooltips)],
        y_range=Range1d(MOST + 0.6, -0.6),
        name=f"bars of {name}",
    )
    bars.hbar(
        "y",
        0.8,
        "right",
        "left",
        source=now["bars"],
        color="colour",
        line_color=None,
        nonselection_alpha=0.75,
        selection_line_color=page.INK,
    )
    bars.yaxis.ticker = FixedTicker(ticks=[*range(MOST + 1)])
    return bars


def _curve(now: dict[str, ColumnDataSource], name: str) -> Plot:
    curve = page.plot(400, 290, "", "its value", "adds", name=f"curve of {name}")
    curve.line("x", "y", source=now["curve"], color=page.NETWORK, line_width=2)
    curve.scatter("x", "y", source=now["dot"], color=page.OURS, size=10)
    return curve
