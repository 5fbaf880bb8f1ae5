"""The challenge's measures on tracks small enough to count by hand, or to enumerate."""

import itertools

import numpy as np
import pandas as pd
import pytest

from awd.cells import measures
from awd.errors import DataError


def tracks(*lines):
    """Tracks of lines (first frame, x positions), all at y 0."""
    rows = [
        (k, start + t, x, 0.0)
        for k, (start, places) in enumerate(lines)
        for t, x in enumerate(places)
    ]
    return pd.DataFrame(rows, columns=["track", "frame", "x", "y"])


def test_the_truth_agrees_with_itself():
    truth = tracks((0, [0, 1, 2]), (1, [20, 21]))
    found = measures.tracking(truth, truth)
    assert (found.alpha, found.beta, found.jsc, found.jsc_theta) == (1, 1, 1, 1)
    assert found.rmse == 0


def test_measures_by_hand():
    truth = tracks((0, [0, 0, 0, 0]), (0, [50, 50]))
    # One track 1 px off and a frame short; one that is nowhere near.
    found = tracks((0, [1, 1, 1]), (0, [90, 90]))
    # d(X, 0) = 5 * 6 = 30; d = 3 * 1 + 5 + 2 * 5 = 18; the spurious one costs 10.
    got = measures.tracking(truth, found)
    assert got.alpha == pytest.approx(1 - 18 / 30)
    assert got.beta == pytest.approx((30 - 18) / (30 + 10))
    assert got.jsc == pytest.approx(3 / (3 + 3 + 2))
    assert got.jsc_theta == pytest.approx(1 / (1 + 1 + 1))
    assert got.rmse == 1


def test_nothing_found():
    truth = tracks((0, [0, 0]))
    got = measures.tracking(truth, truth.iloc[:0])
    assert (got.alpha, got.beta, got.jsc, got.jsc_theta) == (0, 0, 0, 0)
    assert np.isnan(got.rmse)


def distance(a, b, gate=5.0):
    a, b = (dict(zip(t["frame"], t["x"], strict=True)) for t in (a, b))
    return sum(
        min(abs(a[t] - b[t]), gate) if t in a and t in b else gate
        for t in a.keys() | b.keys()
    )


@pytest.mark.parametrize("seed", range(12))
def test_alpha_is_that_of_the_best_of_all_pairings(seed):
    rng = np.random.default_rng(seed)
    truth, found = (
        tracks(
            *(
                (rng.integers(0, 4), rng.uniform(0, 12, rng.integers(1, 6)))
                for _ in range(n)
            )
        )
        for n in (3, 4)
    )
    truths = [t for _, t in truth.groupby("track")]
    dummies = [None] * len(truths)
    founds = [t for _, t in found.groupby("track")] + dummies
    nothing = [5.0 * len(t) for t in truths]
    best = min(
        sum(
            nothing[i] if b is None else distance(truths[i], b)
            for i, b in enumerate(chosen)
        )
        for chosen in itertools.permutations(founds, len(truths))
    )
    got = measures.tracking(truth, found)
    assert got.alpha == pytest.approx(1 - best / sum(nothing))


def test_detection_by_hand():
    truth = pd.DataFrame({"frame": [0, 0, 1], "x": [0.0, 9, 0], "y": 0.0})
    found = pd.DataFrame({"frame": [0, 0, 0, 1], "x": [1.0, 1.5, 9, 3], "y": 0.0})
    got = measures.detection(truth, found, tolerance=2)
    assert (got.precision, got.recall) == (2 / 4, 2 / 3)
    assert got.f1 == pytest.approx(4 / 7)
    assert got.rmse == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize(("snr", "bound"), [(2, 0.535), (4, 0.254), (7, 0.135)])
def test_the_bound_is_the_published_one(snr, bound):
    amplitude = snr * (snr + np.sqrt(snr**2 + 400)) / 2
    got = measures.position_bound(amplitude, 100, 1.4)
    assert got == pytest.approx(bound, rel=0.02)


def test_bad_tables_are_refused():
    truth = tracks((0, [0, 0]))
    with pytest.raises(DataError, match="truth holds no points"):
        measures.tracking(truth.iloc[:0], truth)
    with pytest.raises(DataError, match="found lacks x"):
        measures.tracking(truth, truth.drop(columns="x"))
    with pytest.raises(DataError, match="track 0 is twice in frame 0"):
        measures.tracking(truth, truth.assign(frame=0))
