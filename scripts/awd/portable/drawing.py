"""A wavelet as a small drawing, without a plotting library."""

from __future__ import annotations

import itertools

import numpy as np

from awd.wavelet import highpass

DOUBLINGS = 6  # of the grid: 64 points a tap
WIDTH, HEIGHT, MARGIN = 420, 160, 12
BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
COLOURS = {"scaling function": "#999999", "wavelet": "#0072b2"}


def functions(h: np.ndarray) -> dict[str, np.ndarray]:
    """Scaling function and wavelet of a filter, by the cascade algorithm.

    Parameters
    ----------
    h : array of shape (taps,)
        Low-pass synthesis filter.

    Returns
    -------
    dict of str to ndarray
        Values at steps of 2^-7 of a sample of the finest coefficients, from 0 on.
    """
    scale = np.sqrt(2)
    found = {"scaling function": h * scale, "wavelet": highpass(h) * scale}
    for _ in range(DOUBLINGS):
        for name, values in found.items():
            wide = np.zeros(2 * len(values) - 1)
            wide[::2] = values
            found[name] = np.convolve(wide, h) * scale
    return found


def dots(h: np.ndarray, columns: int = 64, lines: int = 9) -> str:
    """The wavelet of a filter in Braille characters, for a terminal.

    Parameters
    ----------
    h : array of shape (taps,)
    columns, lines : int
        Characters; each holds 2 x 4 dots.
    """
    values = functions(h)["wavelet"]
    across = np.linspace(0, len(values) - 1, 2 * columns)
    curve = np.interp(across, np.arange(len(values)), values)
    down = (curve.max() - curve) / (curve.max() - curve.min()) * (4 * lines - 1)
    ends = np.concatenate([down[:1], (down[1:] + down[:-1]) / 2, down[-1:]])
    filled = np.zeros((4 * lines, 2 * columns), int)
    for column, pair in enumerate(itertools.pairwise(ends)):
        reached = np.rint([*pair, down[column]]).astype(int)
        filled[reached.min() : reached.max() + 1, column] = 1
    cells = filled.reshape(lines, 4, columns, 2).transpose(0, 2, 1, 3)
    codes = (cells * BRAILLE).sum((2, 3)) + 0x2800
    return "\n".join("".join(map(chr, line)).rstrip("\u2800") for line in codes)


def svg(h: np.ndarray) -> str:
    """The scaling function and the wavelet of a filter as an SVG element."""
    found = functions(h)
    low = min(values.min() for values in found.values())
    high = max(values.max() for values in found.values())
    lines = []
    for name, values in found.items():
        across = np.linspace(MARGIN, WIDTH - MARGIN, len(values))
        down = MARGIN + (high - values) / (high - low) * (HEIGHT - 2 * MARGIN)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
        lines.append(
            f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="1.5" '
            f'points="{points}"><title>{name}</title></polyline>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" role="img" aria-label="scaling function and wavelet">'
        f"{''.join(lines)}</svg>"
    )
