"""What a microscope makes of spots: blurred, on a background, through a noisy camera.

A spot of amplitude ``A`` adds ``A exp(-r^2 / 2 sigma^2)`` at the centres of pixels.
:func:`challenge` makes movies like those of the particle tracking challenge, whose
truth is simple enough to know the bound of every error; cells are made by
:func:`awd.cells.simulate.simulate_movie`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 5  # of a rendered spot, in units of its sigma


@dataclass(frozen=True)
class Camera:
    """From mean intensities in counts to what is read."""

    gain: float = 2.2  # counts per electron; chosen
    read_noise: float = 1.6  # electrons; chosen
    offset: float = 100.0  # counts in the dark; chosen

    def noise(self, counts: float) -> float:
        """S.d. of a pixel of mean ``counts`` above the offset, counts."""
        return float(np.sqrt(self.gain * counts + (self.gain * self.read_noise) ** 2))

    def read(self, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One exposure of mean ``counts`` above the offset, uint16."""
        electrons = rng.poisson(np.maximum(counts, 0) / self.gain).astype(np.float32)
        electrons += self.read_noise * rng.standard_normal(counts.shape, np.float32)
        read = np.rint(self.gain * electrons + self.offset)
        return np.clip(read, 0, np.iinfo(np.uint16).max).astype(np.uint16)


@checked(size=(1, 1e5), spread=(0, 1e5))
def field(size: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth field (size, size) of mean 1 and relative s.d. ``spread``."""
    from scipy.ndimage import gaussian_filter

    rough = rng.standard_normal((size, size))
    smooth = gaussian_filter(rough, size / 8, mode="reflect")
    return 1 + spread * (smooth - smooth.mean()) / smooth.std()


def render(
    background: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    amplitude: np.ndarray,
    sigma: float,
) -> np.ndarray:
    """The background (H, W) with spots at ``x``, ``y`` (px) on it, float32."""
    from awd.cells.compiled import fit

    margin = int(np.ceil(MARGIN * sigma))
    image = np.pad(np.asarray(background, np.float32), margin)
    height, width = background.shape
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    for k in np.flatnonzero(inside):
        fit.add_spot(image, x[k], y[k], amplitude[k], (sigma, sigma), margin)
    return image[margin:-margin, margin:-margin]


@checked(snr=(0, 1e6), background=(1e-9, 1e9))
def height(snr: float, background: float) -> float:
    """Amplitude of a spot whose ``A / sqrt(A + background)`` is the SNR, photons."""
    return snr * (snr + np.sqrt(snr**2 + 4 * background)) / 2


@checked(
    snr=(0, 1e6),
    spots=(1, 1e6),
    seed=(0, 2**64),
    frames=(1, 1e6),
    size=(16, 1e5),
    sigma=(0.3, 30),
    background=(1e-9, 1e9),
    diffusion=(0, 1e4),
    life=(1e-3, 1e6),
)
def challenge(
    snr: float,
    spots: int,
    seed: int,
    frames: int = 100,
    size: int = 512,
    sigma: float = 1.4,
    background: float = 100.0,
    diffusion: float = 0.02,
    life: float = 25.0,
) -> tuple[np.ndarray, pd.DataFrame]:
    """A movie like those of the particle tracking challenge, and its truth.

    Source: Chenouard et al. 2014 (Nat Methods 11:281), Table 2: 512 x 512 px, 100
    frames, 100, 500 or 1000 spots a frame, SNR 1, 2, 4, 7, the SNR being the amplitude
    over the Poisson noise at the peak. Size of the spots, motion and lives are ours:
    the challenge's own movies are not included.

    Parameters
    ----------
    snr : float
        ``A / sqrt(A + background)``, in photons.
    spots : int
        Alive in a frame, on average.
    seed : int
        Of everything.
    frames, size : int
        Length, and side in px.
    sigma, background, diffusion : float
        px; photons a pixel; px^2 a frame and axis (a step has variance 2 D).
    life : float
        Median of the log-normal lifetimes (s of log 0.6), frames.

    Returns
    -------
    movie : array of uint16 of shape (frames, size, size)
        Photons.
    truth : DataFrame
        ``track``, ``frame``, ``x``, ``y`` (px), ``amplitude`` (photons).
    """
    rng = np.random.default_rng(seed)
    truth = _wandering(spots, frames, size, diffusion, life, rng)
    truth["amplitude"] = height(snr, background)
    level = np.full((size, size), background, np.float32)
    movie = np.empty((frames, size, size), np.uint16)
    for frame in range(frames):
        shown = truth[truth["frame"] == frame]
        x, y, amplitude = (shown[name].to_numpy() for name in ("x", "y", "amplitude"))
        movie[frame] = rng.poisson(render(level, x, y, amplitude, sigma))
    return movie, truth


def _wandering(
    spots: int,
    frames: int,
    size: int,
    diffusion: float,
    life: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Spots that diffuse, born uniformly in time and space; those in sight."""
    import pandas as pd

    spread, before = 0.6, int(20 * life)  # the first frame is as full as the others
    mean = life * np.exp(spread**2 / 2)
    count = rng.poisson(spots * (frames + before) / mean)
    birth = rng.integers(-before, frames, count)
    lives = np.rint(life * np.exp(spread * rng.standard_normal(count))).astype(int)
    lives = np.maximum(lives, 1)
    start = rng.uniform(0, size - 1, (2, count))
    path = []
    for k in range(count):
        steps = rng.normal(0, np.sqrt(2 * diffusion), (2, lives[k]))
        steps[:, 0] = start[:, k]
        x, y = np.cumsum(steps, 1)
        path.append((np.full(lives[k], k), birth[k] + np.arange(lives[k]), x, y))
    columns = (np.concatenate(part) for part in zip(*path, strict=True))
    truth = pd.DataFrame(dict(zip(("track", "frame", "x", "y"), columns, strict=True)))
    seen = truth["frame"].between(0, frames - 1)
    seen &= truth[["x", "y"]].ge(0).all(axis=1) & truth[["x", "y"]].lt(size).all(axis=1)
    return truth[seen].reset_index(drop=True)
