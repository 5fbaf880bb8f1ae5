"""A wavelet as a small drawing, without a plotting library."""

from __future__ import annotations

import numpy as np

from awd.wavelet import highpass

DOUBLINGS = 6  # of the grid: 64 points a tap
WIDTH, HEIGHT, MARGIN = 420, 160, 12
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
