"""A cell in the explorer: its movie, its tracks, and why one got its prediction."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import awd.io
from awd.cells import measures, tracks
from awd.cells.figures.tracking import category_of
from awd.cells.figures.tracks import CLASSES, COLOURS
from awd.cells.movie import open_movie
from awd.record import contracts
from awd.report.explorer import page, path, signals, study

if TYPE_CHECKING:
    import xarray as xr
    from bokeh.models import ColumnDataSource

    from awd.cells.movie import Frames, Movie
    from awd.report.explorer.signals import Signals

CHANNELS = ("master", "slave")
MIDDLE = 160  # px of the field that are shown
FRAMES = 300  # the first of a movie
QUALITY = 60  # of JPEG, of 100
PLAYED = 80  # ms a frame
FAINT = 0.15  # opacity of a track that is not there in a frame
UNKNOWN = "#bdbdbd"  # of tracks that got no prediction
HINT = (
    "Play the movie or drag its slider; click a track (or a point of the scatter) to "
    "see its two channels, what the network says of it, the coefficients that the "
    "student picked, what each adds to the prediction, and the tracks of like "
    "prediction."
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
    name = str(names[counts.argmax()])
    group = name if name in data["group"].values else ""
    shown = study.signals_of(given, target, settings, method, windows, group)
    rows = study.rows_of(given, target, group)
    track, cells = data["track"].values[rows], data["cell"].values[rows]
    called = [f"{c}, track {t}" for c, t in zip(cells, track, strict=True)]
    shown = replace(shown, names=called)
    along = study.paths(given, target, settings, method)
    method_part = path.part("cells: the method", along)
    if not movies:
        return [signals.part("cells", shown), method_part]
    usable = tracks.read_usable(given.tracks)
    cell = next(c for c in usable if c.attrs["cell"] == name)
    told = {key: value for key, value in movies[name].items() if key != "mask"}
    movie = open_movie(*told.pop("files"), **told)
    own = np.where(cells == name, track, -1)
    return [part(f"cells: {name}", movie, cell, shown, own), method_part]


def part(
    title: str, movie: Movie, cell: xr.Dataset, data: Signals, track: np.ndarray
) -> page.Part:
    """The tab of one cell.

    Parameters
    ----------
    title : str
    movie : Movie
    cell : Dataset
        Its tracks.
    data : Signals
        The test samples that are shown.
    track : array of int of shape (n,)
        Which track of this cell every sample is; -1 in other cells.
    """
    from bokeh.models import Column, Div, Row, Select, Slider, Toggle

    looked = signals.panels(data, title)
    left, bottom, side = _window(movie)
    lines, points = _tracks(movie, cell, data, track)
    known = np.asarray(lines.data["sample"])
    known = known[known >= 0]
    if len(known):  # the page opens on a track of high prediction
        said = next(iter(data.predicted.values()))[known]
        high = np.argsort(said, kind="stable")[int(0.9 * (len(known) - 1))]
        looked.samples.selected.indices = [int(known[high])]
    spots, trace = page.source("x", "y", "colour"), page.source("time", *CHANNELS)
    frame = Slider(title="frame", start=0, end=_frames(movie) - 1, value=0, step=1)
    frame.name, frame.width = f"frame of {title}", 300
    play = Toggle(label="▶ play", width=80, name=f"play of {title}")
    colours = Select(title="colour tracks by", options=[*COLOURED], width=160)
    colours.value, colours.name = next(iter(COLOURED)), f"colours of {title}"
    key = Div(width=480, name=f"key of {title}")
    images = {name: _image_source() for name in CHANNELS}
    every = tracks.channels(cell)
    named = {name: every[name] for name in CHANNELS}
    plots = [
        _movie(images[name], lines, spots, called, (left, bottom, side), name)
        for name, called in named.items()
    ]
    through = _through(trace, named)
    through.name = f"trace of {title}"
    given: dict[str, Any] = {
        "tracks": lines,
        "points": points,
        "samples": looked.samples,
        "frame": frame,
        "colours": colours,
    }
    show = page.script(
        Path(__file__).parent,
        "explorer.movie",
        **given,
        images=images,
        files={name: _jpegs(movie, k) for k, name in enumerate(CHANNELS)},
        spots=spots,
        now=through.renderers[-1].data_source,
        interval=movie.interval_s,
        faint=FAINT,
    )
    pick = page.script(
        Path(__file__).parent,
        "explorer.tracks",
        **given,
        trace=trace,
        key=key,
        keys=_keys(cell, data),
        through=through,
        interval=movie.interval_s,
    )
    frame.js_on_change("value", show)
    play.js_on_change(
        "active",
        page.script(
            Path(__file__).parent, "explorer.play", frame=frame, play=play, every=PLAYED
        ),
    )
    for source in (lines, looked.samples):
        source.selected.js_on_change("indices", pick)
    for changed in (pick, show):
        colours.js_on_change("value", changed)
    seen = Column(Row(play, frame, colours), Row(*plots), key, through)
    said = Column(looked.by, looked.scatter, looked.words)
    layout = Column(Row(seen, said), looked.read)
    return page.Part(title, HINT, layout, [looked.begin, pick, show])


# What tracks are coloured by, and the column that says so.
COLOURED = {"class": "class", "lifetime": "lifetime", "prediction": "prediction"}


def _frames(movie: Movie) -> int:
    return min(movie.frames, FRAMES)


def _window(movie: Movie) -> tuple[int, int, int]:
    """Column, row and side of the part of the field that is shown, px."""
    height, width = movie.shape
    side = min(MIDDLE, height, width)
    return (width - side) // 2, (height - side) // 2, side


def _jpegs(movie: Movie, channel: int) -> list[str]:
    """Every frame of the window as JPEG, in base64; all of one scale of grey."""
    from PIL import Image

    left, bottom, side = _window(movie)
    frames: Frames = movie.channels[channel]
    window = np.stack(
        [
            frames[t][bottom : bottom + side, left : left + side]
            for t in range(_frames(movie))
        ]
    )
    low, high = np.percentile(window[:: max(1, len(window) // 20)], [1, 99.8])
    out = []
    for image in page.quantised(window, low, high):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=QUALITY)
        out.append(base64.b64encode(file.getvalue()).decode())
    return out


def _image_source() -> ColumnDataSource:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({"image": [np.zeros((1, 1), np.uint8)]})


def _tracks(
    movie: Movie, cell: xr.Dataset, data: Signals, track: np.ndarray
) -> tuple[ColumnDataSource, ColumnDataSource]:
    """Tracks in the window, a row each, and their frames one after the other."""
    from bokeh.models import ColumnDataSource

    left, bottom, side = _window(movie)
    points = measures.points(cell)
    middle = points.groupby("track")[["x", "y"]].mean()
    inside = middle["x"].between(left, left + side - 1)
    inside &= middle["y"].between(bottom, bottom + side - 1)
    inside &= points.groupby("track")["frame"].min() < _frames(movie)
    which = middle.index[inside].to_numpy()
    own = points[points["track"].isin(which)]
    parts = [part for _, part in own.groupby("track")]
    sizes = [len(part) for part in parts]
    sample = np.full(len(cell["row_size"]), -1)
    here = np.flatnonzero(track >= 0)
    sample[track[here]] = here
    life = tracks.lifetimes(cell)[which] * cell.attrs["frame_interval_s"]
    category = category_of(cell)[which]
    predicted = next(iter(data.predicted.values()))
    known = sample[which] >= 0
    by_value = np.where(known, predicted[np.maximum(sample[which], 0)], np.nan)
    columns = {
        "xs": [part["x"].to_numpy(np.float32) + 0.5 for part in parts],
        "ys": [part["y"].to_numpy(np.float32) + 0.5 for part in parts],
        "track": which,
        "sample": sample[which],
        "first": np.cumsum([0, *sizes])[:-1],
        "size": np.array(sizes),
        "begin": [int(part["frame"].iloc[0]) for part in parts],
        "end": [int(part["frame"].iloc[-1]) for part in parts],
        "life": life,
        "named": [CLASSES[k][0] if k in CLASSES else "several pits" for k in category],
        "class": [CLASSES[k][1] if k in CLASSES else UNKNOWN for k in category],
        "lifetime": _shaded(np.log(np.maximum(life, 1))),
        "prediction": _shaded(by_value),
        "alpha": np.full(len(which), FAINT),
    }
    columns["colour"] = [*columns["class"]]
    each = {name: own[name].to_numpy(np.float32) for name in ("x", "y", *CHANNELS)}
    return (
        ColumnDataSource(columns),
        ColumnDataSource({"frame": own["frame"].to_numpy(), **each}),
    )


def _shaded(values: np.ndarray) -> list[str]:
    """Colours from dark to light by value; grey where there is none."""
    import matplotlib as mpl

    known = values[np.isfinite(values)]
    if not len(known):
        return [UNKNOWN] * len(values)
    low, high = np.percentile(known, [2, 98])
    shades = mpl.colormaps["plasma"]
    unit = np.clip((values - low) / ((high - low) or 1), 0, 1)
    return [
        mpl.colors.to_hex(shades(0.92 * u)) if np.isfinite(u) else UNKNOWN for u in unit
    ]


def _keys(cell: xr.Dataset, data: Signals) -> dict[str, str]:
    """What the colours mean, as HTML."""
    found = set(category_of(cell).tolist())
    classes = [row for k, row in CLASSES.items() if k in found]
    dark, light = _shaded(np.array([0.0, 1.0]))
    return {
        "class": page.key(classes),
        "lifetime": page.key([("short", dark), ("long", light)]),
        "prediction": page.key(
            [("low", dark), ("high", light), ("not asked of the student", UNKNOWN)]
        ),
    }


def _movie(
    image: ColumnDataSource,
    tracks: ColumnDataSource,
    spots: ColumnDataSource,
    title: str,
    window: tuple[int, int, int],
    name: str,
) -> Any:
    from bokeh.models import HoverTool, LinearColorMapper, Range1d, TapTool

    left, bottom, side = window
    shown = page.picture(300, 325, title, (side, side))
    shown.name = f"movie of {name}"
    shown.x_range, shown.y_range = (
        Range1d(left, left + side),
        Range1d(bottom + side, bottom),
    )
    grey = LinearColorMapper([f"#{k:02x}{k:02x}{k:02x}" for k in range(256)])
    grey.low, grey.high = 0, 255
    shown.image("image", left, bottom, side, side, source=image, color_mapper=grey)
    lines = shown.multi_line(
        "xs",
        "ys",
        source=tracks,
        color="colour",
        line_alpha="alpha",
        line_width=2,
        nonselection_line_alpha="alpha",
        nonselection_line_color="colour",
        selection_line_color="#ffffff",
        selection_line_alpha=1,
    )
    lines.selection_glyph.line_width = 4
    shown.scatter(
        "x",
        "y",
        source=spots,
        size=11,
        fill_alpha=0,
        line_color="colour",
        line_width=1.5,
    )
    tooltips = "track @track, @named, @life{0} s"
    shown.add_tools(
        TapTool(renderers=[lines], mode="replace"),
        HoverTool(renderers=[lines], tooltips=tooltips),
    )
    return shown


def _through(trace: ColumnDataSource, named: Mapping[str, str]) -> Any:
    """Both channels of the chosen track, with the frame that is shown."""
    from bokeh.models import ColumnDataSource

    shown = page.plot(600, 170, "", "time in the movie (s)", "counts")
    for name, called in named.items():
        shown.line(
            "time",
            name,
            source=trace,
            color=COLOURS[name],
            line_width=1.6,
            legend_label=called,
        )
    shown.add_layout(shown.legend[0], "right")
    shown.legend.border_line_color = None
    moment = ColumnDataSource({"x": [0]})
    shown.vspan("x", source=moment, color=page.QUIET, line_dash="dashed")
    return shown
