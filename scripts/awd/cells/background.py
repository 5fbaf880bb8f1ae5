"""What stands still in a movie and is no spot: rims, texture, hot pixels; taken off.

Pits come and go, the edge of a cell and the texture under it stay. What most frames of
a stretch of the movie exceed, pixel by pixel, shows what stays; two such images, of its
first and its second half, tell it from noise and from pits that live long. Of that,
what has the shape of a spot is left in the movie (a pit may stay, too), single pixels
are taken for defects of the camera, and the rest is taken off every frame, as much of
it as the frame shows. Where nothing stands still, the frames stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from awd.cells import frame
from awd.cells.channel import Frames
from awd.cells.compiled import convolution, fit
from awd.cells.readout import axes, half_window

SPAN = 150  # frames, about, in which the background is thought to stand still
NINE, RANK = 9, 3  # frames that are compared, and which of them in order is taken
# Exchanges that sort nine values (Floyd's network; Knuth, TAOCP 3, 5.3.4).
EXCHANGES = (
    *((0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (0, 3)),
    *((3, 6), (0, 3), (1, 4), (4, 7), (1, 4), (2, 5), (5, 8), (2, 5), (1, 3), (5, 7)),
    *((2, 6), (4, 6), (2, 4), (2, 3), (5, 6)),
)
NEIGHBOURS = (
    *((0, 1), (1, 0), (0, -1), (-1, 0)),
    *((1, 1), (1, -1), (-1, 1), (-1, -1)),
)
STRIDE = (-2, 0, 2)  # px, between pixels that tell the level about a pixel
# Ramps from not at all to fully: the share of the squared amplitudes that two images
# have in common, and their root over the noise of an amplitude in a frame.
RELIABLE, STRONG = (0.5, 0.7), (0.7, 1.2)
SMOOTH = 1.5  # widths of a spot; what is wider stands still in every case
LEAST = 0.03  # of the pixels: less that stands still is taken for chance
LIKE_SPOT = (0.8, 1.25)  # widths of what stands still and may be a spot, over a spot's
SURE = 8.0  # z of such a spot
DEFECT = 8.0  # robust s.d. of the noise by which a hot pixel leaves its surroundings
SHARPEST = 0.75  # of a pixel's excess, what its neighbours lack if it is no spot


@dataclass(frozen=True)
class Still:
    """What stands still in a stretch of a movie.

    ``pattern`` and ``light`` are float32 of shape (H, W), counts: what to take off, and
    what the stretch looks like; ``share`` of the pixels show detail that stands still;
    ``hot`` are the defect pixels (flat indices).
    """

    start: int
    pattern: np.ndarray | None
    share: float
    light: np.ndarray
    hot: np.ndarray


class Cleaned(Sequence[np.ndarray]):
    """The frames of a channel without what stands still, made when asked for.

    What was taken off, by stretch of the movie, stands in ``parts``; where there is
    none, frames are what they were, else they are float32.
    """

    def __init__(self, frames: Frames, parts: list[Still]) -> None:
        self.frames, self.parts = frames, parts
        self.excess: dict[Any, float] = {}  # of the noise, by width, once measured
        self.name, self.shape = frames.name, frames.shape
        self._starts = [part.start for part in parts]
        self._shares = [_Share(part) for part in parts]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def hot(self) -> np.ndarray:
        """Flat indices of all defect pixels."""
        if not self.parts:
            return np.empty(0, int)
        return np.unique(np.concatenate([part.hot for part in self.parts]))

    @property
    def covered(self) -> float:
        """Share of the pixels that show detail which stands still."""
        return max((part.share for part in self.parts), default=0.0)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[t] for t in range(*at.indices(len(self)))]
        image = self.frames[at]
        if not self.parts:
            return image
        own = int(np.searchsorted(self._starts, at % len(self), "right")) - 1
        part, share = self.parts[own], self._shares[own]
        clean = mended(image, part.hot)
        if part.pattern is not None:
            clean -= np.float32(share(clean)) * part.pattern
        return clean


class _Share:
    """How much of a pattern a frame shows: regressed on pixels where it is strong.

    The contrast of the whole stretch is compared, so that an offset does not matter and
    spots hardly do.
    """

    def __init__(self, part: Still, most: int = 20_000) -> None:
        if part.pattern is None:
            return
        flat = np.abs(part.pattern).ravel()
        self.at = np.flatnonzero(flat)
        if len(self.at) > most:
            self.at = np.argpartition(flat, -most)[-most:]
        weight = part.pattern.ravel()[self.at].astype(float)
        self.weight = weight - weight.mean()
        self.whole = self.weight @ part.light.ravel()[self.at]

    def __call__(self, image: np.ndarray) -> float:
        if self.whole <= 0:
            return 1.0
        return float(np.clip(self.weight @ image.ravel()[self.at] / self.whole, 0, 3))


def without_still(frames: Sequence[np.ndarray], sigma: Any = 1.5) -> Cleaned:
    """The frames without what stands still; as they are where nothing does.

    Parameters
    ----------
    frames : sequence of arrays of shape (H, W)
        Counts; each is read when asked for.
    sigma : float or pair of float
        Width of a spot, or widths along x and y, px.

    Returns
    -------
    Cleaned
        Fewer than 18 frames tell nothing, and stay as they are.
    """
    if isinstance(frames, Cleaned):
        return frames
    if not isinstance(frames, Frames):
        frames = Frames("movie", len(frames), frames[0].shape, frames.__getitem__)
    if len(frames) < 2 * NINE:
        return Cleaned(frames, [])
    count = max(1, round(len(frames) / SPAN))
    edges = np.linspace(0, len(frames), count + 1).astype(int)
    parts = [still(frames, *ends, sigma) for ends in pairwise(edges)]
    if all(part.pattern is None and not len(part.hot) for part in parts):
        parts = []
    return Cleaned(frames, parts)


def still(frames: Sequence[np.ndarray], start: int, stop: int, sigma: Any) -> Still:
    """What stands still in the frames from ``start`` up to ``stop``."""
    chosen = np.linspace(start, stop - 1, 2 * NINE).round().astype(int)
    halves = [lower_of_nine([frames[t] for t in half]) for half in np.split(chosen, 2)]
    hot = np.intersect1d(defects(halves[0], sigma), defects(halves[1], sigma))
    halves = [mended(half, hot) for half in halves]
    light = np.minimum(*halves)  # a pit that is there in one half is not in the other
    spots = spot_like(light, sigma)
    pattern, share = reliable(halves[0], halves[1], spots, sigma)
    return Still(start, pattern, share, light, hot)


def lower_of_nine(frames: Sequence[np.ndarray]) -> np.ndarray:
    """The fourth least of nine frames, pixel by pixel, float32.

    Less than the median, which pits would brighten wherever they are half of the time.
    """
    return _sorted(frames)[RANK].astype(np.float32)


def _sorted(images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Nine images, sorted pixel by pixel."""
    stack = [np.array(image) for image in images]
    for a, b in EXCHANGES:
        low = np.minimum(stack[a], stack[b])
        np.maximum(stack[a], stack[b], out=stack[b])
        stack[a] = low
    return stack


def defects(light: np.ndarray, sigma: Any) -> np.ndarray:
    """Pixels that differ from all around them, more sharply than any spot could.

    Parameters
    ----------
    light : array of shape (H, W)
        Without most of the noise, counts.
    sigma : float or pair of float
        Width of a spot, px.

    Returns
    -------
    array of int
        Flat indices, sorted.
    """
    found = np.empty(0, int)
    narrow = 1 - np.exp(-0.5 / min(axes(sigma)) ** 2)  # what neighbours of a spot lack
    for _ in range(3):  # of hot pixels side by side the hottest is found first
        light = mended(light, found)
        padded = np.pad(light, 2, mode="edge")
        level = _sorted([_moved(padded, 2, v, u) for v in STRIDE for u in STRIDE])[4]
        excess = light - level
        noise = max(_spread(excess[::2, ::2]), 1e-6)
        at = np.flatnonzero(np.abs(excess) > DEFECT * noise)
        height = excess.ravel()[at]
        padded = np.pad(light, 1, mode="edge")
        around = np.stack(
            [_moved(padded, 1, v, u).ravel()[at] for v, u in NEIGHBOURS[:4]]
        )
        shine = np.sort((around - level.ravel()[at]) / height, 0)
        # A spot shines into its neighbours; of a hot pixel's only one may be hot, too.
        sharp = 1 - shine[:3].mean(0) > max(SHARPEST, (1 + narrow) / 2)
        new = at[sharp & (shine[3] <= 1)]
        if not len(new):
            break
        found = np.union1d(found, new)
    return found


def _moved(padded: np.ndarray, margin: int, down: int, across: int) -> np.ndarray:
    """The pixels so far below and right of those of an image with a margin."""
    height, width = (n - 2 * margin for n in padded.shape)
    top, left = margin + down, margin + across
    return padded[top : top + height, left : left + width]


def mended(image: np.ndarray, hot: np.ndarray) -> np.ndarray:
    """The image, float32, with the mean of good neighbours at pixels ``hot``."""
    clean = image.astype(np.float32)
    if not len(hot):
        return clean
    height, width = image.shape
    bad = np.zeros((height + 2, width + 2), bool)
    bad[0], bad[-1], bad[:, 0], bad[:, -1] = True, True, True, True
    y, x = np.divmod(hot, width)
    bad[y + 1, x + 1] = True
    total, count = np.zeros(len(hot), np.float32), np.zeros(len(hot), np.float32)
    for v, u in NEIGHBOURS:
        good = ~bad[y + v + 1, x + u + 1]
        total[good] += clean[y[good] + v, x[good] + u]
        count[good] += 1
    known = count > 0
    clean[y[known], x[known]] = total[known] / count[known]
    return clean


def spot_like(light: np.ndarray, sigma: Any) -> np.ndarray:
    """The spots among what stands still, float32 of shape (H, W).

    Each is weighed without the others, and counts if it is as wide as a spot.
    """
    table = frame.spots(light, sigma, z=SURE, excess=1.0)
    w, along = half_window(sigma), axes(sigma)
    rest = convolution.with_margin(light, w, np.float32(light.mean()))
    model = np.zeros_like(rest)
    columns = [fit.X, fit.Y, fit.A]
    for x, y, height in table[:, columns]:
        fit.add_spot(rest, x, y, -height, along, w)
    for x, y, height in table[:, columns]:
        fit.add_spot(rest, x, y, height, along, w)
        place = np.array([x]), np.array([y])
        width = fit.widths(rest, *place, w, 0.5, 2.0, along, False)[0]
        fit.add_spot(rest, x, y, -height, along, w)
        if LIKE_SPOT[0] < width < LIKE_SPOT[1]:
            fit.add_spot(model, x, y, height, along, w)
    return model[w:-w, w:-w]


def reliable(
    first: np.ndarray, second: np.ndarray, spots: np.ndarray, sigma: Any
) -> tuple[np.ndarray | None, float]:
    """What two images of a stretch have in common, and where that may pass for spots.

    Parameters
    ----------
    first, second : arrays of shape (H, W)
        Of the halves of the stretch, counts.
    spots : array of shape (H, W)
        What is left in the movie, counts.
    sigma : float or pair of float
        Width of a spot, px.

    Returns
    -------
    pattern : array of float32 of shape (H, W), or None
        To take off: all that is smooth, and detail where it would make amplitudes that
        do not drown in the noise of a frame; None where that is next to nowhere.
    share : float
        Of the pixels, where it would.
    """
    from scipy.ndimage import gaussian_filter, uniform_filter

    w = half_window(sigma)
    first, second = first - spots, second - spots
    near, further = (frame.filters(half, sigma).amplitude for half in (first, second))
    noise = _spread(near - further)
    # Pits that live long are bright in both, but only texture and rims are as dark.
    near, further = np.minimum(near, 0), np.minimum(further, 0)
    side = 2 * w + 1
    common = 2 * uniform_filter(near * further, side)
    every = uniform_filter(near * near + further * further, side)
    shared = np.clip(common / np.maximum(every, 1e-12), 0, 1)
    # The fourth of nine varies as a median: 1.25 of what a mean of nine does.
    noise *= np.sqrt(NINE / 2) / 1.25
    strength = np.sqrt(np.maximum(common, 0)) / max(noise, 1e-6)
    gain = _ramp(shared, *RELIABLE) * _ramp(strength, *STRONG)
    # About a spot that is left its misfit remains; at the border lamps fall off.
    apart = uniform_filter((spots > 0).astype(np.float32), side) < 1e-6
    share = float(((gain > 0) & apart)[w:-w, w:-w].mean())
    if not share > LEAST:
        return None, 0.0
    light = np.minimum(first, second)
    width = SMOOTH * max(axes(sigma))
    # Elsewhere what is brighter than all about it is what pits left in most frames.
    about = gaussian_filter(light, 3 * width, truncate=2)
    marked = uniform_filter((gain > 0).astype(np.float32), 2 * side - 1) > 0.1
    calm = np.where(marked, light, np.minimum(light, about))
    even = gaussian_filter(calm, width, truncate=2.5)
    pattern = even + gain * (light - even)
    return (pattern - pattern.mean()).astype(np.float32), share


def _ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)


def _spread(values: np.ndarray) -> float:
    """Robust s.d. about the median; where a mask leaves nothing, there is no noise."""
    values = values[values != 0]
    if not values.size:
        return 0.0
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
