"""What a referee would name in a figure: what is cut, and what is printed over."""

import itertools
from unittest import mock

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

CUT = 0.02  # inches beyond the edge that a printer does not show


def faults(figure):
    """Texts that leave the figure, and pairs of texts that lie on each other."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # settles the layout
    texts = _drawn(canvas)
    renderer = canvas.get_renderer()
    box, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    beyond = {"left": -box.x0, "below": -box.y0}
    beyond |= {"right": box.x1 - width, "above": box.y1 - height}
    found = [f"cut {side} by {by:.2f} in" for side, by in beyond.items() if by > CUT]
    # The ink of a text takes less than its line.
    boxes = [text.get_window_extent(renderer).shrunk(0.94, 0.7) for text in texts]
    pairs = itertools.combinations(zip(texts, boxes, strict=True), 2)
    return found + [
        f"{one.get_text()!r} lies on {other.get_text()!r}"
        for (one, a), (other, b) in pairs
        if a.overlaps(b)
    ]


def _drawn(canvas):
    """The texts that drawing draws: of ticks those within the limits of their axis."""
    texts, draw = {}, Text.draw

    def noted(text, renderer):
        if text.get_visible() and text.get_text().strip():
            texts[id(text)] = text
        draw(text, renderer)

    with mock.patch.object(Text, "draw", noted):
        canvas.draw()
    return [*texts.values()]
