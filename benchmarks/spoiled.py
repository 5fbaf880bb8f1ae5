"""Parts of the cells' benchmark: movies as microscopes spoil them.

Peers have the best of fourteen thresholds on every movie, chosen with its truth.
"""

from __future__ import annotations

import numpy as np
import trackers
from harness import Row, row

from awd.cells import detect, measures, registration, scenes, tracker
from awd.cells.movie import Frames, Movie
from awd.cells.study import quality

# Least F1, and at most how many tracks over those of the clean scene.
ASKED = {
    "rim_600": (0.90, "rim"),
    "rim_1800": (0.85, None),
    "texture": (0.85, None),
    "hot": (0.93, "hot"),
    "interpolated": (0.90, "interpolated"),
    "smoothed": (0.90, None),
    **dict.fromkeys(("clean", "median", "lamp", "dense", "oval"), (None, None)),
}
MORE_TRACKS = 1.15
PEER_HEIGHTS = scenes.HEIGHT * np.geomspace(0.08, 1.25, 14)
SIDE = 192  # px, of images whose shift is measured
GOOD = ("clean", "beads", "diffusing", "clean")
SPOILED = (
    *("rim_600", "rim_900", "rim_1800", "texture", "hot", "interpolated", "smoothed"),
    *("median", "shifted", "bleed", "oval", "jump", "laser", "fast", "drift", "bleach"),
)


def backgrounds(seed: int, quick: bool) -> list[Row]:
    """F1 of spots and number of tracks in every scene, beside the best peer's F1."""
    rows, tracks = [], {}
    for name in ("clean", *(n for n in ASKED if n != "clean")):
        made = scenes.make(name, [seed, 20])
        width = scenes.PITS.get(name, scenes.Pits()).width
        found = detect.detect(made.master, width)
        ours = measures.detection(made.truth, found).f1
        tracks[name] = tracker.follow(made.master, width)["track"].nunique()
        best, peer = best_peer(made, float(np.sqrt(np.prod(width))), quick)
        least, short = ASKED[name]
        limit = {} if least is None else {"at_least": max(least, peer)}
        text = f"{best} {peer:.3f}"
        rows.append(row(f"f1_{name}", ours, "", text, **limit))
        if short:
            more = tracks[name] / tracks["clean"]
            text = f"{tracks[name]} for {tracks['clean']}"
            rows.append(row(f"tracks_{short}", more, "x", text, at_most=MORE_TRACKS))
    return rows


def best_peer(made: scenes.Spoiled, sigma: float, quick: bool) -> tuple[str, float]:
    """The peer of the best F1 at its best threshold, and that F1."""
    part = np.arange(0, len(made.master), 12 if quick else 4)
    truth = made.truth[made.truth["frame"].isin(part)]
    truth = truth.assign(frame=np.searchsorted(part, truth["frame"]))
    best = {
        name: max(
            measures.detection(truth, detector(made.master[part], height, sigma)).f1
            for height in PEER_HEIGHTS
        )
        for name, detector in trackers.DETECTORS.items()
    }
    name = max(best, key=best.get)
    return name, best[name]


def shifts(seed: int, quick: bool) -> list[Row]:
    """Errors of a shift, from 100 pairs of spots, and of a map, from 400; RMS.

    The map's is that of the corners of an image.
    """
    rng, errors = np.random.default_rng([seed, 21]), []
    for _ in range(4 if quick else 12):
        true, found = aligned(rng, 1)
        errors.append(np.hypot(found.shift.y - true[0, 2], found.shift.x - true[1, 2]))
    rng, ends = np.random.default_rng([seed, 24]), registration.corners((SIDE, SIDE))
    away = []
    for _ in range(6 if quick else 30):
        turn = {"rotation": rng.uniform(-0.5, 0.5)}
        turn["magnification"] = rng.uniform(0.99, 1.01)
        true, found = aligned(rng, 4, **turn)
        if found.affine is None:
            return [row("affine_corner_error_px", np.inf, "px", "", None, 0.1)]
        beside = registration.moved(found.affine.matrix, ends)
        away.append(np.hypot(*(beside - registration.moved(true, ends)).T))
    rms = (np.sqrt(np.mean(np.square(each))) for each in (errors, away))
    keys = ("shift_error_px", 0.05), ("affine_corner_error_px", 0.1)
    return [
        row(key, value, "px", "", None, most)
        for (key, most), value in zip(keys, rms, strict=True)
    ]


def aligned(
    rng: np.random.Generator, frames: int, **turn: float
) -> tuple[np.ndarray, registration.Alignment]:
    """True matrix, and what is measured, of channels with 100 spots in common."""
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, 5)
    shift = length * np.sin(angle), length * np.cos(angle)
    pits = scenes.Pits(
        frames=frames, count=100, size=SIDE, still=True, shift=shift, **turn
    )
    light, _, truth = scenes.scene(pits, rng)
    matrix, slave = scenes.alignment(pits), []
    for frame, own in truth.groupby("frame"):
        y, x = registration.moved(matrix, own[["y", "x"]].to_numpy()).T
        height = own["amplitude"].to_numpy() * 0.6
        width = scenes.WIDTH_SLAVE, scenes.WIDTH_SLAVE
        image = scenes.spots(light[frame].shape, x, y, height, width)
        slave.append(scenes.CAMERA.read(image + scenes.BACKGROUND, rng))
    master = scenes.CAMERA.read(light + scenes.BACKGROUND, rng)
    points = detect.detect(master, scenes.WIDTH)
    return matrix, registration.align(points, slave, scenes.WIDTH_SLAVE)


def warnings(seed: int, quick: bool) -> list[Row]:
    """Good movies that are warned of, and spoiled ones that are not."""
    few = 8 if quick else 40
    false = [said(GOOD[k % 4], [seed, 22, k]) for k in range(few)]
    many = 16 if quick else 80
    told = [
        (name, said(name, [seed, 23, k]))
        for k, name in ((k, SPOILED[k % len(SPOILED)]) for k in range(many))
    ]
    missed = [name for name, words in told if not words]
    return [
        row(
            *("false_warnings", sum(map(bool, false)), f"/{few}"),
            *("; ".join({w for w in false if w})[:60], None, 1),
        ),
        row(
            *("missed_warnings", len(missed), f"/{many}"),
            *(", ".join(sorted({*missed})), None, 4),
        ),
    ]


def said(name: str, seed: list[int]) -> str:
    """The warnings of the quality page about a movie of a scene."""
    made = scenes.make(name, seed, frames=80)
    channels = tuple(
        Frames(channel, len(frames), frames[0].shape, frames.__getitem__)
        for channel, frames in (("master", made.master), ("slave", made.slave))
    )
    movie = Movie(channels, 108.0, 1.0)
    return quality.quality(tracker.track(movie, name))["warnings"]


PARTS = [backgrounds, shifts, warnings]
