"""Cells in the explorer: their movies, their tracks, and why one got its prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import awd.io
from awd.cells import tracks
from awd.cells.figures import filmed
from awd.cells.figures.filmed import CHANNELS, Filmed
from awd.cells.figures.tracks import COLOURS
from awd.cells.movie import open_movie
from awd.record import contracts
from awd.report.explorer import naming, page, path, signals, study
from awd.report.tables import typeset

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource

    from awd.report.explorer.signals import Signals

FILMS = 4  # cells with a movie, at most
PLAYED = 80  # ms a frame
REACH = 16  # CSS pixels within which a click finds a track
SEEN = 300  # CSS pixels of an image
COLOURED = ("class", "lifetime", "prediction")
PILE = 0.05  # of the samples, that share one observed value
# Of every window its name, and what of a track it holds.
WINDOWS = {"whole": "whole track", "end": "end of the track"}
PICKED = {
    "whole": "{} samples picked evenly over the whole track",
    "end": "the last {} frames of the track",
}
HINT = (
    "Click a thick ring (or a point of the scatter): its two channels, why the student "
    "predicted what it did, what the network says of every frame, the coefficients "
    "that were picked and what each adds, and the tracks of like prediction. Play the "
    "movie or drag its slider."
)


def parts(
    given: Any,
    target: str,
    settings: Mapping[str, Any],
    method: str,
    windows: Sequence[str],
    movies: Mapping[str, Mapping[str, Any]],
) -> list[page.Part]:
    """The tabs of the cells, from the files of one split.

    Parameters
    ----------
    given : object
        Paths: ``samples``, ``outputs``, ``wavelets`` and ``students`` of one split;
        ``tracks`` of all cells.
    target, settings, method, windows
        As for :func:`awd.report.explorer.study.signals_of`.
    movies : mapping
        By cell the ``files`` of its movie, and what else opens it; none where tracks
        were read.
    """
    data = awd.io.read(given.samples, contracts.DATASET)
    tested = data["cell"].values[data["split"].values == "test"]
    names, counts = np.unique(tested, return_counts=True)
    first = names[np.argsort(-counts, kind="stable")].tolist()[:FILMS]
    # Where cells are groups no others are shown than those with a movie.
    among = first if {*first} <= {*data["group"].values} else []
    named = [WINDOWS[name] for name in windows]
    shown = study.signals_of(given, target, settings, method, named, among)
    rows = study.rows_of(given, target, among)
    track, cells = data["track"].values[rows], data["cell"].values[rows]
    called = [f"{c}, track {t}" for c, t in zip(cells, track, strict=True)]
    dt = float(data.attrs.get("dt_s", 0))
    frames = f"frames of {dt:g} s" if dt else "frames"
    times = [{"whole": "samples of the track", "end": frames}[name] for name in windows]
    shown = replace(shown, names=called, what="track", times=times)
    picked = _picked(windows, data.sizes["time"])
    method_part = path.part(
        "cells: the method", study.paths(given, target, settings, method)
    )
    if not movies:
        tab = signals.part("cells", shown)
        return [replace(tab, hint=f"{tab.hint} {picked}"), method_part]
    found = {c.attrs["cell"]: c for c in tracks.read_usable(given.tracks)}
    films = []
    for name in first:
        opened = {key: value for key, value in movies[name].items() if key != "mask"}
        movie = open_movie(*opened.pop("files"), **opened)
        own = np.where(cells == name, track, -1)
        films.append(Filmed(name, movie, found[name], own, len(first)))
    every = len(np.unique(data["cell"].values))
    offered = _offered(first, names.tolist(), every)
    return [part("cells", films, shown, f"{picked} {offered}"), method_part]


def _picked(windows: Sequence[str], length: int) -> str:
    """What of a track the student reads."""
    parts = " and ".join(PICKED[name].format(length) for name in windows)
    return f"The student reads {parts}; zeros stand where a track is shorter."


def _offered(first: Sequence[str], held_out: Sequence[str], every: int) -> str:
    """Which cells can be looked at, and why these."""
    kept = (
        f"{len(first)} of the {len(held_out)}, those with most tracks"
        if len(first) < len(held_out)
        else "all"
    )
    return (
        f"Of {every} cells {len(held_out)} were held out in this split, so that no "
        f"model saw them; {kept} are here: {', '.join(first)}."
    )


def part(
    title: str, films: Sequence[Filmed], data: Signals, offered: str = ""
) -> page.Part:
    """The tab of some cells.

    Parameters
    ----------
    title : str
    films : sequence of Filmed
        The page opens on the first.
    data : Signals
        The test samples that are shown.
    offered : str
        What is read of a track, and which cells these are.
    """
    looked = signals.panels(data, title)
    who, values = next(iter(data.predicted.items()))
    predicted = filmed.Predicted(values, who, naming.digits_of(data))
    ends = filmed.ends_of(films, predicted)
    cells = [_cell(film, predicted, ends) for film in films]
    begin = cells[0]["sample"]
    looked.samples.selected.indices = [begin] if begin >= 0 else []
    controls = _controls(title, films, cells[0]["frame"])
    lines = page.source("xs", "ys", "colour", "alpha", "width")
    spots = page.source("x", "y", "colour", "size", "width", "alpha", "told")
    images = {name: _image_source() for name in CHANNELS}
    named = {name: tracks.channels(films[0].cell)[name] for name in CHANNELS}
    plots = [
        _movie(images[name], lines, spots, called, f"movie of {name}")
        for name, called in named.items()
    ]
    bar = page.source("x", "x1", "y")
    bar.data["label"] = [""]
    for plot in plots:
        _scale(plot, bar)
        # They go to another cell together.
        plot.x_range, plot.y_range = plots[0].x_range, plots[0].y_range
    through = _through(title, named)
    trace, now = (through.renderers[k].data_source for k in (0, -1))
    given: dict[str, Any] = {
        "cells": cells,
        "lines": lines,
        "film": controls["film"],
        "frame": controls["frame"],
        "colours": controls["colours"],
    }
    files = [
        {name: filmed.images(film, k) for k, name in enumerate(CHANNELS)}
        for film in films
    ]
    drawn = {"images": images, "plot": plots[0], "spots": spots, "now": now}
    drawn["bar"] = bar
    show = _script("movie", **given, files=files, **drawn)
    pick = _script(
        "tracks",
        **given,
        samples=looked.samples,
        unasked=looked.unasked,
        trace=trace,
        through=through,
        key=controls["key"],
        keys=filmed.keys(films, predicted, ends),
        own=_marked(looked),
        marked=controls["marked"],
        pile=_pile(data),
        reach=REACH / SEEN,
    )
    _tie(controls, looked.samples, lines, plots, pick, show)
    looked.words.width = page.WIDTH
    row, column = page.row, page.column
    above = row(*(controls[name] for name in ("film", "play", "frame", "colours")))
    seen = column(above, row(*plots), controls["key"], through)
    beside = column(looked.by, looked.scatter, controls["marked"])
    layout = column(row(seen, beside), looked.words, looked.read)
    return page.Part(title, f"{HINT} {offered}", layout, [pick, looked.begin, show])


def _script(name: str, **given: Any) -> Any:
    return page.script(Path(__file__).parent, f"explorer.{name}", **given)


def _tie(
    controls: Mapping[str, Any],
    samples: ColumnDataSource,
    lines: ColumnDataSource,
    plots: Sequence[Any],
    pick: Any,
    show: Any,
) -> None:
    """Which change calls what: ``pick`` ties tracks to samples, ``show`` draws."""
    frame, play = controls["frame"], controls["play"]
    played = _script("play", frame=frame, play=play, every=PLAYED)
    play.js_on_change("active", played)
    samples.selected.js_on_change("indices", pick)
    for plot in plots:
        plot.js_on_event("tap", pick)
    for name in ("film", "colours"):
        controls[name].js_on_change("value", pick)
    frame.js_on_change("value", show)
    lines.js_on_change("data", show)
    lines.selected.js_on_change("indices", show)


def _cell(
    film: Filmed, predicted: filmed.Predicted, ends: filmed.Ends
) -> dict[str, Any]:
    """What the page knows of a cell, and what it opens on."""
    columns, points = filmed.tracks_of(film, predicted, ends)
    sample, frame = filmed.opening(film, columns, predicted.values)
    return {
        "tracks": _source(columns),
        "points": _source(points),
        "sample": sample,
        "frame": frame,
        "last": film.shown[-1],
        "step": film.step,
        "window": film.window,
        "interval": film.movie.interval_s,
        "bar": 1000 * filmed.BAR_UM / film.movie.pixel_nm,
        "length": f"{filmed.BAR_UM} µm",
    }


def _controls(title: str, films: Sequence[Filmed], frame: int) -> dict[str, Any]:
    from bokeh.models import Div, Select, Slider, Toggle

    film, *_ = films
    slider = Slider(start=0, end=film.shown[-1], value=frame, step=film.step)
    slider.title, slider.width = "frame", 240
    colours = Select(title="colour tracks by", options=[*COLOURED], value=COLOURED[0])
    cell = Select(title="cell", options=[f.name for f in films], value=film.name)
    colours.width, cell.width = 130, 110
    controls = {"film": cell, "frame": slider, "colours": colours}
    controls |= {"play": Toggle(label="▶ play", width=80), "key": Div(width=600)}
    controls["marked"] = Div(width=340)
    for name, control in controls.items():
        control.styles = page.NARROW
        control.name = f"{name} of {title}"
    return controls


def _marked(looked: signals.Looked) -> Any:
    """A filter of the samples that have a dark rim in the scatter."""
    from bokeh.models import CDSView, IndexFilter

    own = IndexFilter(indices=[])
    looked.scatter.scatter(
        "observed",
        "predicted",
        source=looked.samples,
        view=CDSView(filter=own),
        size=6,
        fill_alpha=0,
        line_color=page.INK,
        line_width=0.8,
        nonselection_line_alpha=0.7,
        level="underlay",
    )
    return own


def _pile(data: Signals) -> str:
    """What columns of points in the scatter are, if there are any."""
    values, counts = np.unique(data.observed, return_counts=True)
    many = counts >= PILE * len(data.observed)
    if data.labels or not many.any():
        return ""
    digits = naming.digits_of(data)
    piles = [
        f"{count} at {typeset(value, digits)}"
        for value, count in zip(values[many], counts[many], strict=True)
    ]
    # By their definition, of tracks of a cell in which no frame is significant.
    why = " (no frame is significant)" if data.target.startswith("sig_") else ""
    return f"Tracks of one observed value{why}: {', '.join(piles)}."


def _source(columns: Mapping[str, Any]) -> ColumnDataSource:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({**columns})


def _image_source() -> ColumnDataSource:
    place = {name: [0] for name in ("x", "y", "side")}
    return _source({"image": [np.zeros((1, 1), np.uint8)], **place})


def _movie(
    image: ColumnDataSource,
    tracks: ColumnDataSource,
    spots: ColumnDataSource,
    title: str,
    name: str,
) -> Any:
    """One channel with the tracks on it: rings where they are, lines where they go."""
    from bokeh.models import HoverTool, LinearColorMapper

    shown = page.picture(SEEN, SEEN + 25, title, (1, 1))
    shown.name = name
    grey = LinearColorMapper([f"#{k:02x}{k:02x}{k:02x}" for k in range(256)])
    grey.low, grey.high = 0, 255
    place = ("image", "x", "y", "side", "side")
    shown.image(*place, source=image, color_mapper=grey)
    drawn: dict[str, Any] = {"line_color": "colour", "line_width": "width"}
    lines = shown.multi_line("xs", "ys", source=tracks, line_alpha="alpha", **drawn)
    # What is chosen is drawn by its ring, whatever bokeh does to the others.
    lines.nonselection_glyph, lines.selection_glyph = lines.glyph, lines.glyph
    rings = shown.scatter(
        *("x", "y"),
        source=spots,
        size="size",
        fill_alpha=0,
        line_alpha="alpha",
        **drawn,
    )
    shown.add_tools(HoverTool(renderers=[rings], tooltips="@told"))
    return shown


def _scale(plot: Any, bar: ColumnDataSource) -> None:
    """A bar of known length in a corner."""
    how: dict[str, Any] = {"line_color": "#ffffff", "line_width": 3}
    plot.segment("x", "y", "x1", "y", source=bar, **how)
    text: dict[str, Any] = {"text_color": "#ffffff", "text_font_size": "11px"}
    text |= {"y_offset": -4}
    plot.text("x", "y", "label", source=bar, text_baseline="bottom", **text)


def _through(title: str, named: Mapping[str, str]) -> Any:
    """Both channels of the chosen track, with the frame that is shown."""
    from bokeh.models import Range1d

    # From the first to the last frame of the track, while the moment passes.
    across = Range1d(0, 1)
    when = "time in the movie (s)"
    shown = page.plot(600, 170, "", when, "counts", x_range=across)
    shown.name = f"trace of {title}"
    trace = page.source("time", *CHANNELS)
    for name, called in named.items():
        how = {"color": COLOURS[name], "line_width": 1.6, "legend_label": called}
        shown.line("time", name, source=trace, **how)
    shown.add_layout(shown.legend[0], "right")
    shown.legend.border_line_color = None
    moment = page.source("x")
    shown.vspan("x", source=moment, color=page.QUIET, line_dash="dashed")
    return shown
