"""Movies of known truth as microscopes spoil them: rims, texture, hot pixels and so on.

A scene is the light of pits in both channels, without background and camera. A spoiled
movie is a scene on the background, and through the camera, that the spoiling names. The
tracker's tests and benchmarks share them. Spots are integrated over pixels, as in a
camera, and their height is that of a Gaussian at its centre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd.cells.microscope import Camera

if TYPE_CHECKING:
    import pandas as pd

CAMERA = Camera(gain=2.0, read_noise=2.0, offset=100.0)
BACKGROUND, SLAVE_SHARE = 600.0, 0.6  # counts; that of the slave over the master's
HEIGHT = 900.0  # counts, median of a pit
WIDTH, WIDTH_SLAVE = 1.35, 1.25  # px


@dataclass(frozen=True)
class Pits:
    """What there is in a scene, whatever is done to it afterwards."""

    frames: int = 120
    size: int = 128  # px
    count: int = 220  # pits in the movie
    life: float = 30.0  # frames, median
    diffusion: float = 0.004  # px^2 a frame and axis
    width: tuple[float, float] = (WIDTH, WIDTH)  # px, along x and y
    bursts: float = 0.5  # share of the pits that end with one in the slave
    shift: tuple[float, float] = (0.0, 0.0)  # px, of the slave along y and x
    rotation: float = 0.0  # degrees, of the slave about the middle, from x to y
    magnification: float = 1.0  # of the slave, about the middle
    still: bool = False  # all alive all the time, at one height
    path: np.ndarray | None = None  # (frames, 2), x and y of the stage, px
    level: np.ndarray | None = None  # (frames,), light over the first frame's


@dataclass(frozen=True)
class Spoiled:
    """Both channels (frames, size, size), uint16, and the truth of the master's spots.

    The truth has ``track``, ``frame``, ``x``, ``y`` (px) and ``amplitude`` (counts).
    """

    master: np.ndarray
    slave: np.ndarray
    truth: pd.DataFrame


def spots(
    shape: tuple[int, int],
    x: np.ndarray,
    y: np.ndarray,
    height: np.ndarray,
    width: tuple[float, float],
) -> np.ndarray:
    """Gaussian spots integrated over pixels, (H, W), counts."""
    from scipy.special import ndtr

    across, down = (
        np.diff(ndtr((np.arange(n + 1)[:, None] - 0.5 - at) / sigma), axis=0)
        for n, at, sigma in zip(shape[::-1], (x, y), width, strict=True)
    )
    return (down * (height * 2 * np.pi * width[0] * width[1])) @ across.T


def alignment(pits: Pits) -> np.ndarray:
    """The true matrix (2, 3) of the slave: (y, x) there is matrix @ (y, x, 1)."""
    angle, middle = np.deg2rad(pits.rotation), (pits.size - 1) / 2
    across = pits.magnification * np.sin(angle)
    along = pits.magnification * np.cos(angle)
    turn = np.array([[along, across], [-across, along]])
    by = np.array(pits.shift) + middle - turn @ [middle, middle]
    return np.column_stack([turn, by])


def scene(pits: Pits, seed: Any) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Light of the pits in master and slave (frames, size, size), and the truth."""
    rng = np.random.default_rng(seed)
    truth = _lives(pits, rng)
    shape = pits.size, pits.size
    light = np.zeros((2, pits.frames, *shape))
    edges = np.searchsorted(truth["frame"], np.arange(pits.frames + 1))
    turn, by = np.split(alignment(pits), [2], axis=1)
    for frame in range(pits.frames):
        own = truth.iloc[edges[frame] : edges[frame + 1]]
        x, y = own["x"].to_numpy(), own["y"].to_numpy()
        light[0, frame] = spots(shape, x, y, own["amplitude"].to_numpy(), pits.width)
        y, x = (np.column_stack([y, x]) @ turn.T + by[:, 0]).T
        width = WIDTH_SLAVE * pits.magnification
        light[1, frame] = spots(shape, x, y, own["burst"].to_numpy(), (width, width))
    if pits.level is not None:
        light *= pits.level[:, None, None]
    return light[0], light[1], truth.drop(columns="burst")


def _lives(pits: Pits, rng: np.random.Generator) -> pd.DataFrame:
    """Every pit in every frame, sorted by frame: a ramp up, a plateau, a ramp down."""
    import pandas as pd

    rows = []
    for k in range(pits.count):
        life = max(4, int(pits.life * np.exp(0.6 * rng.standard_normal())))
        birth = int(rng.integers(-life, pits.frames))
        height = HEIGHT * np.exp(0.3 * rng.standard_normal())
        home, burst = rng.uniform(8, pits.size - 9, 2), rng.random() < pits.bursts
        if pits.still:
            life, birth = pits.frames, 0
        age = np.arange(life)
        steps = rng.normal(0, np.sqrt(2 * pits.diffusion), (life, 2))
        place = home + np.cumsum(steps, 0)
        shape = np.minimum(1, np.minimum((age + 1) / (0.4 * life), 1))
        shape = np.minimum(shape, (life - age) / (0.15 * life))
        shape = np.ones(life) if pits.still else shape
        peak = np.exp(-0.5 * ((age - 0.88 * life) / 2.5) ** 2)
        table = np.stack([np.full(life, k), birth + age, *place.T, height * shape], 1)
        rows.append(np.column_stack([table, burst * 0.6 * height * peak]))
    names = ["track", "frame", "x", "y", "amplitude", "burst"]
    table = pd.DataFrame(np.concatenate(rows), columns=names)
    table = table[table["frame"].between(0, pits.frames - 1)]
    table = table.astype({"track": int, "frame": int})
    if pits.path is not None:
        table[["x", "y"]] += pits.path[table["frame"]]
    order = ["frame", "track"]
    return table.sort_values(order, kind="stable", ignore_index=True)


def rim(size: int, step: float, seed: Any) -> np.ndarray:
    """Background (size, size) with a wavy edge of a cell, blurred as a spot, counts."""
    from scipy.ndimage import gaussian_filter

    y, x = np.mgrid[:size, :size]
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    inside = x + 8 * np.sin(y / 7 + phase) > 0.42 * size
    return BACKGROUND + step * gaussian_filter(inside.astype(float), WIDTH)


def texture(size: int, grain: float, spread: float, seed: Any) -> np.ndarray:
    """Background (size, size) with a texture of relative s.d. ``spread``, counts."""
    from scipy.ndimage import gaussian_filter

    rough = np.random.default_rng(seed).standard_normal((size, size))
    smooth = gaussian_filter(rough, grain, mode="wrap")
    return BACKGROUND * (1 + spread * smooth / smooth.std())


def lamp(size: int) -> np.ndarray:
    """Background (size, size) under a lamp that falls to a third in the corners."""
    at = np.linspace(-1, 1, size) ** 2
    return BACKGROUND * 1.5 * np.exp(-0.75 * (at[:, None] + at))


def hot_pixels(
    movie: np.ndarray, seed: Any, count: int = 150, excess: int = 600
) -> np.ndarray:
    """The movie with pixels that are brighter than they should, always the same."""
    chosen = np.random.default_rng(seed).choice(movie[0].size, count, replace=False)
    out = movie.astype(np.int32)
    out.reshape(len(movie), -1)[:, chosen] += excess
    return np.clip(out, 0, 65535).astype(np.uint16)


def filtered(movie: np.ndarray, by: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The movie with every frame filtered, rounded as a program would write it."""
    return np.stack([np.rint(by(frame.astype(float))) for frame in movie]).astype("u2")


def half_pixel(image: np.ndarray) -> np.ndarray:
    """An image moved by half a pixel along both axes, bilinear."""
    from scipy.ndimage import shift

    return shift(image, (0.5, 0.5), order=1, mode="nearest")


def smoothed(image: np.ndarray) -> np.ndarray:
    """An image under a Gaussian of .7 px."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(image, 0.7)


def median(image: np.ndarray) -> np.ndarray:
    """An image under a median of 3 x 3 px."""
    from scipy.ndimage import median_filter

    return median_filter(image, 3)


def make(name: str, seed: Any, **changed: Any) -> Spoiled:
    """A movie of :data:`NAMES`.

    Parameters
    ----------
    name : str
        What is done to the movie.
    seed : int
        Of everything.
    **changed
        Fields of :class:`Pits` to change.
    """
    pits = replace(PITS.get(name, Pits()), **changed)
    seeds = np.random.SeedSequence(seed).spawn(3)
    if name in MOVED:
        pits = replace(pits, **MOVED[name](pits.frames, seeds[2]))
    master, slave, truth = scene(pits, seeds[0])
    ground = _ground(name, pits.size, seeds[2])
    level = 1.0 if pits.level is None else pits.level[:, None, None]
    if name == "bleed":
        slave = slave + 0.15 * master
    rng = np.random.default_rng(seeds[1])
    seen = CAMERA.read(master + level * ground, rng)
    other = CAMERA.read(slave + level * SLAVE_SHARE * ground, rng)
    if name == "hot":
        seen = hot_pixels(seen, seeds[2])
    by = {"interpolated": half_pixel, "smoothed": smoothed, "median": median}.get(name)
    if by is not None:
        seen, other = filtered(seen, by), filtered(other, by)
    if name == "interpolated":
        truth[["x", "y"]] += 0.5
    return Spoiled(seen, other, truth)


def _ground(name: str, size: int, seed: Any) -> np.ndarray:
    """The background of a movie, counts."""
    if name == "lamp":
        return lamp(size)
    if name == "texture":
        return texture(size, 4.0, 0.1, seed)
    if name.startswith("rim_"):
        return rim(size, float(name.removeprefix("rim_")), seed)
    return np.full((size, size), BACKGROUND)


def _jump(frames: int, seed: Any) -> dict[str, Any]:
    after = np.arange(frames)[:, None] >= frames // 2
    return {"path": after * np.array([6.0, 4.0])}


def _laser(frames: int, seed: Any) -> dict[str, Any]:
    return {"level": np.where(np.arange(frames) < frames // 2, 1.0, 1.6)}


def _drift(frames: int, seed: Any) -> dict[str, Any]:
    return {"path": np.arange(frames)[:, None] * np.array([0.06, -0.04])}


def _bleach(frames: int, seed: Any) -> dict[str, Any]:
    return {"level": np.exp(-1.2 * np.arange(frames) / frames)}


MOVED = {"jump": _jump, "laser": _laser, "drift": _drift, "bleach": _bleach}
PITS = {
    "dense": Pits(count=700),
    "shifted": Pits(shift=(1.4, -2.1)),
    "turned": Pits(shift=(2.0, 0.0), rotation=0.2, magnification=1.003),
    "oval": Pits(width=(1.25, 1.7)),
    "beads": Pits(count=40, still=True, diffusion=0.0),
    "diffusing": Pits(diffusion=0.1),
    "fast": Pits(count=70, diffusion=1.0),
}
NAMES = (
    *("clean", "lamp", "texture", "hot", "interpolated", "smoothed", "median"),
    *("rim_300", "rim_600", "rim_900", "rim_1800", "bleed"),
    *(*MOVED, *PITS),
)
