"""The tracker of clathrin pits against other packages, on movies made here and now.

Peers have the best of ten thresholds, two radii and three least lengths, chosen with
the truth of the very movie they are measured on; ours are the library's defaults.

AWD_BASE=FOLDER compares frames a second with the tracker of another checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import lru_cache, partial
from pathlib import Path

import harness
import numpy as np
import spoiled
import trackers
from harness import Row, cpu_seconds, interleaved, ratio, row

from awd.cells import detect, link, measures, microscope, presets, simulate, tracker
from awd.cells.movie import open_movie

SIGMA = 1.4
SNRS, DENSITIES = (2, 4, 7), (100, 500)
RADII, LENGTHS = (2.0, 3.0), (1, 2, 4)  # px; frames


def drawn(*parts: int) -> int:
    """The seed of a movie among those of a run; none of the tests' own."""
    return int(np.random.SeedSequence([20, *parts]).generate_state(1)[0])


@lru_cache(maxsize=1)
def movie(snr: int, spots: int, seed: int, frames: int):
    """Movie, truth and the height of a spot; never a movie of the tests."""
    made = microscope.challenge(snr, spots, drawn(seed, snr, spots), frames)
    return *made, made[1]["amplitude"].iloc[0]


def alpha(seed: int, quick: bool) -> list[Row]:
    """Alpha of the particle tracking challenge over that of the best peer pipeline."""
    rows = []
    for snr in SNRS:
        for spots in DENSITIES:
            frames, truth, height = movie(snr, spots, seed, 30 if quick else 48)
            found = tracker.follow(frames, SIGMA)
            ours = measures.tracking(truth, found).alpha
            peers = {}
            for name, detector in trackers.DETECTORS.items():
                name, best = best_pipeline(name, detector, frames, truth, height)
                peers[name] = best
            best = max(peers, key=peers.get)
            name = f"{best} {peers[best]:.3f}, ours {ours:.3f}"
            asked = 1.15 if snr == 2 else 1.0
            rows.append(
                row(f"alpha_snr{snr}_{spots}", ours / peers[best], "x", name, asked)
            )
    return rows


def best_pipeline(name, detector, frames, truth, height):
    """Best alpha of a detector, and with which linker."""
    part = np.arange(0, len(frames), 8)
    some = truth[truth["frame"].isin(part)]
    some = some.assign(frame=np.searchsorted(part, some["frame"]))
    heights = height * trackers.THRESHOLDS
    top, best = best_threshold(detector, frames[part], some, heights), {}
    # Linking forgives false spots, so one threshold lower is tried as well.
    for at in {max(top - 1, 0), top}:
        found = detector(frames, heights[at], SIGMA)
        for linker, function in trackers.LINKERS.items():
            slow = linker == "laptrack"
            if slow and (at != top or len(found) > 15_000):
                continue  # minutes; it never beat trackpy.link where both were tried
            for radius in RADII[slow:]:
                tracks = function(found, radius)
                size = tracks["track"].map(tracks["track"].value_counts())
                for least in LENGTHS:
                    kept = tracks[size >= least]
                    if len(kept):
                        key = f"{name} + {linker}"
                        value = measures.tracking(truth, kept).alpha
                        best[key] = max(best.get(key, 0), value)
    key = max(best, key=best.get)
    return key, best[key]


def best_threshold(detector, frames, truth, heights) -> int:
    """Which of the heights gives a detector its best F1."""
    f1 = [measures.detection(truth, detector(frames, one, SIGMA)).f1 for one in heights]
    return int(np.nanargmax(f1))


def rmse(seed: int, quick: bool) -> list[Row]:
    """Error of the position of isolated spots over the Cramer-Rao bound, 2-D."""
    rng = np.random.default_rng(seed)
    at, rows = np.arange(20, 500, 24.0), []
    for snr, most in ((2, 1.10), (4, 1.10), (7, 1.20)):
        height = microscope.height(snr, 100.0)
        errors = []
        for _ in range(2 if quick else 10):
            x, y = (
                v.ravel() + rng.uniform(-0.5, 0.5, v.size) for v in np.meshgrid(at, at)
            )
            clean = microscope.render(
                np.full((512, 512), 100.0), x, y, np.full(x.size, height), SIGMA
            )
            table = detect.spots(rng.poisson(clean).astype(np.uint16), SIGMA)
            away = np.hypot(table[:, None, 0] - x, table[:, None, 1] - y).min(0)
            errors.append(away[away < 2])
        got = np.sqrt(np.mean(np.concatenate(errors) ** 2))
        bound = measures.position_bound(height, 100.0, SIGMA)
        name = f"{got:.3f} px, bound {bound:.3f}"
        rows.append(row(f"rmse_snr{snr}", got / bound, "x", name, at_most=most))
    return rows


def detection(seed: int, quick: bool) -> list[Row]:
    """Frames per second, detection and fit against detection alone; SNR 4."""
    frames, truth, height = movie(4, 500, seed, 10)
    rows, calls = [], {}
    calls["ours"] = lambda: detect.detect(frames, SIGMA)
    for name, detector in trackers.DETECTORS.items():
        heights = height * trackers.THRESHOLDS
        best = heights[best_threshold(detector, frames, truth, heights)]
        calls[name] = partial(detector, frames, best, SIGMA)
    times = interleaved(calls, seconds=5 if quick else 15)
    rows.append(row("detect_frames_per_second", len(frames) / times["ours"], "1/s"))
    for key, asked in (("trackpy", 4), ("skimage", 4), ("scipy", 2.5)):
        own = {k: v for k, v in times.items() if k == "ours" or k.startswith(key)}
        rows.append(ratio(f"detect_vs_{key}", own, asked))
    return rows


def linking(seed: int, quick: bool) -> list[Row]:
    """Linking the same detections: speed, and alpha at each linker's best radius."""
    frames, truth, _ = movie(4, 500, seed, 20 if quick else 60)
    spots = detect.detect(frames, SIGMA)
    plain = spots[["frame", "x", "y"]]
    calls = {
        "ours": lambda: link.link(spots),
        "trackpy": lambda: trackers.trackpy_link(plain, 3.0),
    }
    times = interleaved(calls)
    rows = [row("link_spots_per_second", len(spots) / times["ours"], "1/s")]
    rows.append(ratio("link_vs_trackpy", times))
    some = spots[spots["frame"] < 20]  # of all frames laptrack takes minutes
    calls = {
        "ours": lambda: link.link(some),
        "laptrack": lambda: trackers.laptrack_link(
            some[["frame", "x", "y"]], link.RADIUS
        ),
    }
    rows.append(ratio("link_vs_laptrack", interleaved(calls, 10, 5), 40))

    def alpha_of(linked):
        real = link.significant(linked)
        return measures.tracking(truth, link.fill_gaps(real)).alpha

    ours = alpha_of(link.link(spots))
    peer = 0.0
    for radius in (*RADII, 4.0):
        linked = spots.assign(track=trackers.trackpy_link(plain, radius)["track"])
        peer = max(peer, alpha_of(linked.sort_values(["track", "frame"])))
    name = f"trackpy {peer:.4f}, ours {ours:.4f}"
    rows.append(row("link_alpha_vs_trackpy", ours / peer, "x", name, 0.995))
    return rows


def simulated(seed: int, quick: bool) -> list[Row]:
    """What is found and read of simulated cells, means over cells of a preset."""
    rows = []
    for name in presets.PRESETS:
        asked = name == "teaching"
        count, found = 4 if asked and not quick else 2, []
        for k in range(count):
            with tempfile.TemporaryDirectory() as folder:
                paths = Path(folder) / "master.ome.tif", Path(folder) / "slave.ome.tif"
                truth = simulate.simulate_movie(name, "cell", drawn(seed, k), *paths)
                found.append(
                    measures.readout(truth, tracker.track(open_movie(*paths), "cell"))
                )
        mean = {
            key: np.mean([getattr(one, key) for one in found])
            for key in found[0].__dataclass_fields__
        }
        suffix = "" if asked else f"_{name}"
        limits = {
            "recall_productive": {"at_least": 0.90},
            "burst_correlation": {"at_least": 0.93},
            "false_bursts": {"at_most": 0.02},
        }
        for key, value in mean.items():
            limit = limits.get(key, {}) if asked else {}
            rows.append(row(key + suffix, value, "", **limit))
    return rows


def whole(seed: int, quick: bool) -> list[Row]:
    """One call from TIFF to tracks: 300 frames, 512^2, two channels, 450 spots."""
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "master.ome.tif", Path(folder) / "slave.ome.tif"
        truth = simulate.simulate_movie("realistic", "cell", seed, *paths, size=512)
        call = lambda: tracker.track(open_movie(*paths), "cell")  # noqa: E731
        call()
        seconds = cpu_seconds(call, 2 if quick else 3)
        text = PEAK.format(
            *map(str, paths), scripts=str(Path(simulate.__file__).parents[2])
        )
        done = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=True
        )
    per_frame = truth.sizes["obs"] / presets.preset("realistic").frames
    return [
        row("cell_spots_a_frame", per_frame, ""),
        row("cell_seconds", seconds, "s", at_most=4),
        row("cell_gigabytes", float(done.stdout) / 2**20, "GB", at_most=1),
    ]


# Of the whole process, in kB.
PEAK = """
import resource, sys
sys.path.insert(0, {scripts!r})
from awd.cells import tracker
from awd.cells.movie import open_movie
tracker.track(open_movie({0!r}, {1!r}), "cell")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def speed(seed: int, quick: bool) -> list[Row]:
    """Frames a second from TIFF to tracks, beside another checkout's (AWD_BASE)."""
    base = os.environ.get("AWD_BASE")
    checkouts = {"ours": Path(simulate.__file__).parents[2]}
    checkouts |= {"base": Path(base) / "scripts"} if base else {}
    best = dict.fromkeys(checkouts, np.inf)
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "master.ome.tif", Path(folder) / "slave.ome.tif"
        simulate.simulate_movie("realistic", "cell", drawn(seed, 7), *paths)
        for _ in range(1 if quick else 3):  # in turns
            for name, scripts in checkouts.items():
                text = SECONDS.format(*map(str, paths), scripts=str(scripts))
                done = subprocess.run(
                    [sys.executable, "-c", text],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                best[name] = min(best[name], float(done.stdout))
    frames = presets.preset("realistic").frames
    rows = [row("frames_per_second", frames / best["ours"], "1/s")]
    if base:
        text = f"base {frames / best['base']:.1f} 1/s"
        times = best["base"] / best["ours"]
        rows.append(row("frames_per_second_vs_base", times, "x", text, 0.9))
    return rows


# CPU time of one call, compiled, best of three.
SECONDS = """
import sys, time
sys.path.insert(0, {scripts!r})
from awd.cells import tracker
from awd.cells.movie import open_movie
def seconds():
    start = time.process_time()
    tracker.track(open_movie({0!r}, {1!r}), "cell")
    return time.process_time() - start
seconds()
print(min(seconds() for _ in range(3)))
"""


def growth(seed: int, quick: bool) -> list[Row]:
    """How the cost of following one channel grows: fitted exponents."""
    rows = []
    sizes = {
        "frames": [(n, 200) for n in (25, 50, 100, 200, 400)],
        "spots": [(50, n) for n in (100, 200, 400, 800, 1600)],
    }
    for name, cases in sizes.items():
        cases = cases[:4] if quick else cases
        times = []
        for frames, spots in cases:
            made, *_ = microscope.challenge(4, spots, drawn(seed, spots), frames)
            call = partial(tracker.follow, made, SIGMA)
            call()
            times.append(cpu_seconds(call, 3))
        measure = [case[0 if name == "frames" else 1] for case in cases]
        slope = np.polyfit(np.log(measure), np.log(times), 1)[0]
        rows.append(row(f"growth_{name}", slope, "", at_most=1.1))
    return rows


PARTS = [
    alpha,
    rmse,
    detection,
    linking,
    simulated,
    whole,
    speed,
    growth,
    *spoiled.PARTS,
]

if __name__ == "__main__":
    harness.main(PARTS, __doc__)
