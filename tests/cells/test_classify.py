"""Every rule of the categories, each on tracks that break it alone."""

import numpy as np
import pytest

from awd.cells.classify import Ragged, classify

FRAMES = 100
WHOLE = {"start": 20, "length": 30, "height": 1000.0, "gaps": (), "speed": 2**-4}


def category(*changes, quiet=True, top=50.0, interval=1.0):
    """Categories of pits like WHOLE, each with its change, and of twenty unchanged."""
    pits = [WHOLE | change for change in changes] + [WHOLE] * 20
    parts = {name: [] for name in ("frame", "x", "seen", "master")}
    rng = np.random.default_rng(0)
    for pit in pits:
        n = pit["length"]
        parts["frame"].append(pit["start"] + np.arange(n))
        parts["x"].append(pit["speed"] * np.cumsum(rng.choice([-1, 1], n)))
        parts["seen"].append(~np.isin(np.arange(n), pit["gaps"]))
        parts["master"].append(np.full(n, pit["height"]))
    columns = {name: np.concatenate(part) for name, part in parts.items()}
    edges = np.concatenate([[0], np.cumsum([pit["length"] for pit in pits])])
    zero = np.zeros(edges[-1])
    tracks = Ragged(
        edges,
        *(columns[name] for name in ("frame", "x")),
        zero,
        columns["seen"],
        columns["master"],
        zero,
    )
    p, tops = np.full((len(pits), 2, 5), 0.9), np.full((len(pits), 2, 5), 10.0)
    if not quiet:
        p[0, 1] = 0.01, 0.9, 0.01, 0.9, 0.01
    tops[0, 0, 2] = top
    found = classify(tracks, tops, p, FRAMES, interval)
    assert (found[len(changes) :] == 1).all(), "the unchanged stay what they are"
    return found[: len(changes)].tolist()


def test_whole_cut_and_persistent():
    ends = [
        {"start": s, "length": n} for s, n in ((5, 90), (4, 60), (40, 56), (0, 100))
    ]
    assert category(*ends) == [1, 3, 3, 4]


@pytest.mark.parametrize(
    ("gaps", "height", "expected"),
    [
        ((10,), 1000.0, 1),  # one frame
        ((10, 11), 1000.0, 1),  # two frames between long stretches
        ((10, 11, 13), 100.0, 2),  # two frames beside a stretch of one, and dim
        ((10, 11, 13), 1000.0, 1),  # the same, but as bright as pits are
        ((*range(1, 29, 2),), 1000.0, 1),  # 14 of 30 frames
        ((*range(1, 27, 2), 27, 28), 1000.0, 2),  # half of the frames
    ],
)
def test_gaps(gaps, height, expected):
    assert category({"gaps": gaps, "height": height}) == [expected]


def test_a_doubtful_track_of_four_frames_stays_so():
    assert category({"gaps": (1, 2), "length": 4}) == [2]


def test_a_buffer_must_be_quiet_and_dimmer_than_the_track():
    assert category({}, quiet=False) == [2]
    assert category({}, top=999.0) == [1]
    assert category({}, top=1001.0) == [2]


def test_tracks_that_jump_are_doubtful():
    assert category({"speed": 1.0}, {"speed": 2**-4}) == [2, 1]
    assert category({"speed": 1.0, "length": 5}) == [1]  # four steps only


def test_buffers_outside_of_the_movie_are_no_evidence():
    assert category({"start": 4}, top=np.nan) == [3]
