"""What images tell of a movie's fitness that its tracks do not: attributes of a cell.

The quality page (:mod:`awd.cells.study.quality`) reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.cells import detect
from awd.cells.channel import clipped
from awd.cells.readout import Width

if TYPE_CHECKING:
    from awd.cells.background import Cleaned

SAMPLE = 8  # frames that are looked at


def channel(frames: Cleaned, sigma: Width, name: str) -> dict[str, Any]:
    """Attributes of one channel; its name ends their names.

    ``hot_pixels``: defect pixels that were left out. ``still``: share of the pixels
    from which a pattern that stands still was taken off. ``excess``: standard error of
    an amplitude over that in white noise. ``clipped``: pixels a frame that the camera
    clipped. ``negative``, of the master: spots in a frame's negative, which has none.
    """
    excess = detect.excess_noise(frames, sigma)
    found = {
        "hot_pixels": len(frames.hot),
        "still": frames.covered,
        "excess": excess,
        "clipped": clipped([frames.frames[t] for t in _sample(frames)]),
    }
    if name == "master":
        found["negative"] = negative_spots(frames, sigma, excess)
    return {f"{key}_{name}": value for key, value in found.items()}


def negative_spots(frames: Sequence[np.ndarray], sigma: Width, excess: float) -> float:
    """Spots a frame in the negative of the image, where there are none: a mean.

    Noise makes as many holes as spots, and so do, about, a texture, a rim and the
    errors of a wrong noise: what is found here is as often found in the image itself.
    """
    chosen = _sample(frames)
    counts = [len(detect.spots(-1.0 * frames[t], sigma, excess=excess)) for t in chosen]
    return float(np.mean(counts))


def _sample(frames: Sequence[np.ndarray]) -> np.ndarray:
    return np.unique(np.linspace(0, len(frames) - 1, SAMPLE).astype(int))
