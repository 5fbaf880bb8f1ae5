"""Names beside points, without overlaps and the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import patheffects

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 4.0  # points of the page between a point's centre and its name
SPOT = 2.0  # points of the page within which points of one colour share their names
APART = np.array([3.0, 2.0])  # points of the page between names, across and down
CLEAR = 1.5  # points of the page that what names keep out of is made wider by
LINES = 4  # of the names that such a spot has, at most
LINE = 1.2  # height of a line, of the size of its letters

# Where a name may stand, best first: right, left, above, below, then between.
SIDES: list[tuple[float, float]] = [(1, 0), (-1, 0), (0, 1), (0, -1)]
SIDES += [(x, y) for y in (1, -1, 0.5, -0.5) for x in (1, -1, 0.5, -0.5)]


def place(
    ax: Axes,
    points: np.ndarray,
    names: Sequence[str],
    colours: Iterable[str],
    avoid: Sequence[np.ndarray] = (),
    unnamed: np.ndarray | None = None,
) -> None:
    """Write a name beside each point; one that had to move gets a line to its point.

    Points of one colour on one spot share a label of several lines.

    Parameters
    ----------
    ax : Axes
        With its limits and its place in the figure final: not under a layout engine.
    points : array of shape (n, 2)
        In the units of the axes.
    names, colours : of length n
    avoid : sequence of arrays of shape (2, 2)
        Low and high corners, in the units of the axes, that names keep out of.
    unnamed : array of shape (m, 2), optional
        Points without a name, for one of which no name must be taken.
    """
    scale = 72 / ax.figure.dpi
    ax.get_xlim(), ax.get_ylim()  # settles the limits, which are computed late
    there, back = ax.transData, ax.transData.inverted()
    shared = together(there.transform(points) * scale, names, colours)
    centres = np.array([centre for centre, _, _ in shared]).reshape(-1, 2)
    frame = ax.get_window_extent().get_points() * scale
    avoided = np.array([there.transform(box) * scale for box in avoid]).reshape(
        -1, 2, 2
    )
    avoided += CLEAR * np.array([[-1], [1]])  # a thin line would count for nothing
    sizes = [_size(label) for _, label, _ in shared]
    rest = np.empty((0, 2)) if unnamed is None else np.reshape(unnamed, (-1, 2))
    rest = there.transform(rest) * scale if len(rest) else rest
    boxes = arrange(centres, sizes, frame, avoided, rest)
    for (centre, label, colour), box in zip(shared, boxes, strict=True):
        x, y = back.transform(box.mean(0) / scale)
        lines = "center" if "\n" in label else "center_baseline"
        text = ax.text(
            x, y, label, color=colour, ha="center", va=lines, linespacing=LINE
        )
        # Legible also over an interval or a line that nothing was free of.
        text.set_path_effects([patheffects.withStroke(linewidth=1.5, foreground="w")])
        (line,) = _leaders(centre, box[None])
        if np.isfinite(line).all():
            ax.plot(*back.transform(line / scale).T, color="0.6", lw=0.4, zorder=1)


def together(
    centres: np.ndarray, names: Sequence[str], colours: Iterable[str]
) -> list[tuple[np.ndarray, str, str]]:
    """Centre, label and colour of every spot; of many names there is their number.

    Parameters
    ----------
    centres : array of shape (n, 2)
        Of points, in points of the page.
    names, colours : of length n
    """
    spots: list[tuple[np.ndarray, list[str], str]] = []
    for centre, name, colour in zip(centres, names, colours, strict=True):
        for other, called, shade in spots:
            if shade == colour and np.linalg.norm(other - centre) < SPOT:
                called.append(name)
                break
        else:
            spots.append((centre, [name], colour))
    return [
        (centre, "\n".join(_few(called)), colour) for centre, called, colour in spots
    ]


def _few(names: list[str]) -> list[str]:
    if len(names) <= LINES:
        return names
    return [*names[: LINES - 1], f"and {len(names) - LINES + 1} more"]


def _size(label: str) -> np.ndarray:
    """Width and height of a label on the page, in points."""
    import matplotlib as mpl
    from matplotlib.textpath import TextPath

    size, lines = mpl.rcParams["font.size"], label.split("\n")
    boxes = [TextPath((0, 0), line, size=size).get_extents() for line in lines]
    height = size * (1 + LINE * (len(lines) - 1))
    return np.array([max(box.width for box in boxes), height])


def arrange(
    centres: np.ndarray,
    sizes: Sequence[np.ndarray],
    frame: np.ndarray,
    avoid: np.ndarray | None = None,
    unnamed: np.ndarray | None = None,
    orders: int = 30,
) -> np.ndarray:
    """Boxes (n, 2, 2), low and high corners, that miss each other and all points.

    A name stands nearest to its own point, or has a line to it.

    Each point takes the best place that is left; the order that serves all best counts,
    of ``orders`` fixed ones. Where nothing is free there is an overlap, the least.
    """
    avoid = np.empty((0, 2, 2)) if avoid is None else avoid
    points = centres if unnamed is None else np.concatenate([centres, unnamed])
    rng = np.random.default_rng(0)
    options = [_options(*pair) for pair in zip(centres, sizes, strict=True)]
    tries = [
        _in_order(rng.permutation(len(centres)), points, options, frame, avoid)
        for _ in range(orders)
    ]
    return min(tries, key=lambda trial: trial[0])[1]


def _in_order(
    order: np.ndarray,
    centres: np.ndarray,
    options: Sequence[np.ndarray],
    frame: np.ndarray,
    avoid: np.ndarray,
) -> tuple[float, np.ndarray]:
    """Total cost and boxes when points choose one after the other.

    ``centres`` are those of ``order``, then of points without a name.
    """
    dots = np.stack([centres - 2.5, centres + 2.5], 1)
    names, marks = avoid, np.empty((0, 2, 2))
    boxes, total = np.empty((len(options), 2, 2)), 0.0
    for index in order:
        others = np.concatenate([np.delete(dots, index, 0), marks])
        lines = _leaders(centres[index], options[index])
        costs = _overlap(options[index], np.concatenate([others, names]), frame)
        costs += _line_costs(lines, names, others)
        costs += _doubts(options[index], centres[index], np.delete(centres, index, 0))
        best = int(np.argmin(np.round(costs, 6)))  # near ones come first
        boxes[index] = options[index][best]
        total += costs[best]
        names = np.concatenate([names, boxes[index][None]])
        drawn = lines[best][np.isfinite(lines[best][:, 0])]
        marks = np.concatenate([marks, np.stack([drawn - 1, drawn + 1], 1)])
    return total, boxes


def _options(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Boxes (k, 2, 2) around a point, near ones first."""
    reach = GAP * np.array([1, 2, 3.5, 5, 7, 9, 12, 15, 19])[:, None, None]
    side = np.array(SIDES)
    away = reach * side / np.linalg.norm(side, axis=1, keepdims=True)
    middle = (centre + side * size / 2 + away).reshape(-1, 2)
    return np.stack([middle - size / 2, middle + size / 2], 1)


def _leaders(centre: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Points (k, 12, 2) along the line to each name, NaN where it is near enough."""
    way = np.clip(centre, boxes[:, 0], boxes[:, 1]) - centre
    way[np.hypot(*way.T) <= 1.5 * GAP] = np.nan
    return centre + np.linspace(0, 1, 12)[:, None] * way[:, None]


def _line_costs(lines: np.ndarray, names: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """A line costs its length, and much more where it crosses what is there."""
    length = np.linalg.norm(lines[:, -1] - lines[:, 0], axis=-1)
    crossed = 100 * _inside(lines, names) + 40 * _inside(lines, marks)
    return np.where(np.isnan(length), 0, 30 + length) + crossed


def _doubts(boxes: np.ndarray, centre: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What each box (k,) costs for whom may be taken for its point.

    Without a line that is any point about as near as its own; with one, any that the
    name touches.
    """
    own, near = (
        np.linalg.norm(np.clip(p, boxes[:, :1], boxes[:, 1:]) - p, axis=-1)
        for p in (centre[None, None], others[None])
    )
    limit = np.where(own > 1.5 * GAP, 0.5 * GAP, own + 0.5 * GAP)
    return 90 * np.clip(1 - near / limit, 0, None).sum(1)


def _inside(lines: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """For each line (k,) in how many pairs a point of it lies in a box."""
    x, y = lines[:, :, None, 0], lines[:, :, None, 1]
    (left, low), (right, high) = boxes[:, 0].T, boxes[:, 1].T
    return ((x > left) & (x < right) & (y > low) & (y < high)).sum((1, 2))


def _overlap(options: np.ndarray, taken: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Area of each box (k,) that is taken or out of the frame, in square points."""
    low = np.maximum(options[:, None, 0] - APART, taken[None, :, 0])
    high = np.minimum(options[:, None, 1] + APART, taken[None, :, 1])
    shared = np.clip(high - low, 0, None).prod(-1).sum(-1)
    inside = np.minimum(options[:, 1], frame[1]) - np.maximum(options[:, 0], frame[0])
    whole = (options[:, 1] - options[:, 0]).prod(-1)
    return 10 * (shared + whole - np.clip(inside, 0, None).prod(-1))
