"""Linking against a dense solver, smoothing against the normal equations, and rules."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from awd.cells import link, microscope
from awd.cells.compiled import linking
from awd.errors import DataError


def table(rows):
    """Spots of rows (frame, x, y), amplitude 10 with error 1."""
    frame, x, y = (np.array(v, float) for v in zip(*rows, strict=True))
    fixed = {"x_se": 0.1, "y_se": 0.1, "amplitude": 10.0, "amplitude_se": 1.0}
    return pd.DataFrame({"frame": frame.astype(int), "x": x, "y": y}).assign(**fixed)


@pytest.mark.parametrize("seed", range(40))
def test_assignments_cost_the_least(seed):
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(1, 12, 2)
    cost, there = 9 * rng.random((rows, columns)), rng.random((rows, columns)) < 0.5
    first = np.concatenate([[0], np.cumsum(there.sum(1))])
    column = np.nonzero(there)[1]
    partner = linking.assign(columns, first, column, cost[there], 4.0)
    dense = np.full((rows, columns + rows), 1e6)
    dense[:, :columns][there] = cost[there]
    dense[:, columns:][np.eye(rows, dtype=bool)] = 4.0
    best = dense[linear_sum_assignment(dense)].sum()
    taken = partner[partner >= 0]
    assert len(set(taken)) == len(taken)
    alone = (partner < 0).sum() * 4.0
    assert dense[partner >= 0, taken].sum() + alone == pytest.approx(best)


def test_true_places_give_true_tracks():
    _, truth = microscope.challenge(4, 60, 1, frames=30, size=256)
    spots = truth.assign(x_se=0.05, y_se=0.05, amplitude_se=1.0)
    shuffled = spots.sample(frac=1, random_state=0)
    found = link.link(shuffled.rename(columns={"track": "true"}))
    of_true = found.groupby("true")["track"].nunique()
    of_found = found.groupby("track")["true"].nunique()
    assert (of_true == 1).mean() > 0.97
    assert (of_found == 1).mean() > 0.97
    assert found["track"].is_monotonic_increasing


def test_a_gap_is_bridged_unless_a_nearer_track_wants_the_spot():
    stays = [(t, 10.0, 10.0) for t in (0, 1, 4, 5)]  # away for two frames
    found = link.link(table(stays))
    assert found["track"].nunique() == 1
    assert link.link(table([(0, 10, 10), (4, 10, 10)]))["track"].nunique() == 2
    # The spot of frame 2 is 1.5 px from a track that waits, 0.2 px from one that runs.
    runs = [(0, 10, 10), (0, 12, 10), (1, 11.7, 10), (2, 11.5, 10), (3, 11.5, 10)]
    found = link.link(table(runs)).set_index(["frame", "x"])["track"]
    assert found[2, 11.5] == found[1, 11.7] == found[0, 12.0] != found[0, 10.0]


def test_a_precise_spot_is_linked_to_its_like():
    """Two walkers, one seen well and one badly, stay apart."""
    rng = np.random.default_rng(0)
    walk = [
        (t, 40 + rng.normal(0, 0.1), 40 + 8.0 * k) for t in range(8) for k in (0, 1)
    ]
    spots = table(walk)
    vague = spots["y"] > 44
    spots.loc[vague, ["x_se", "y_se"]] = 1.0
    found = link.link(spots)
    assert found.groupby("track")["y"].nunique().max() == 1


def test_links_are_not_longer_than_the_radius():
    spots = table([(0, 10, 10), (1, 12.9, 10), (2, 16.1, 10)])
    assert list(link.link(spots)["track"]) == [0, 0, 1]


def test_motion_is_measured_also_from_means_of_three_frames():
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 0.2, (300, 40, 2))
    place = steps.cumsum(1)
    noise = rng.normal(0, 0.3, place.shape)
    for pooled in (False, True):
        seen = place + noise
        error = 0.3
        if pooled:
            seen = (seen[:, :-2] + seen[:, 1:-1] + seen[:, 2:]) / 3
            error /= np.sqrt(3)
        count, frames = seen.shape[:2]
        x, y = seen.reshape(-1, 2).T
        tracks = pd.DataFrame(
            {
                "track": np.repeat(np.arange(count), frames),
                "frame": np.tile(np.arange(frames), count),
                "x": x,
                "y": y,
                "x_se": error,
                "y_se": error,
            }
        )
        assert link.motion(tracks, pooled) == pytest.approx(0.04, rel=0.1)


def test_smoothing_solves_the_normal_equations_of_a_random_walk():
    rng = np.random.default_rng(0)
    seen, motion = rng.normal(size=9).cumsum(), 0.3
    variance = rng.uniform(0.2, 2, 9)
    variance[[3, 4]] = np.nan
    precision = np.where(np.isnan(variance), 0, 1 / variance)
    walk = np.diff(np.eye(9), axis=0)
    system = np.diag(precision) + walk.T @ walk / motion
    expected = np.linalg.solve(system, precision * seen)
    place, error = seen.copy(), variance.copy()
    linking.smooth_rows(np.array([0, 9]), place, error, motion)
    assert place == pytest.approx(expected)
    assert error == pytest.approx(np.diag(np.linalg.inv(system)))


def test_gaps_are_filled_on_a_straight_line():
    tracks = table([(0, 1, 5), (1, 2, 5), (4, 5, 8), (2, 9, 9), (3, 9, 9)])
    filled = link.fill_gaps(tracks.assign(track=[0, 0, 0, 1, 1]))
    assert list(filled["frame"]) == [0, 1, 2, 3, 4, 2, 3]
    assert list(filled["x"]) == [1, 2, 3, 4, 5, 9, 9]
    assert list(filled["y"]) == [5, 5, 6, 7, 8, 9, 9]
    assert list(filled["seen"]) == [True, True, False, False, True, True, True]
    assert filled["amplitude"].isna().tolist() == [False] * 2 + [True] * 2 + [False] * 3


def test_tracks_must_be_long_and_significant_as_a_whole():
    rows = [(t, 9, 9) for t in range(4)] + [(0, 20, 20), (0, 30, 30), (1, 30, 30)]
    tracks = table(rows).assign(track=[0] * 4 + [1] + [2] * 2)
    tracks.loc[tracks["track"] == 2, "amplitude"] = 4.5  # z 6.4 of the two together
    kept = link.significant(tracks, min_frames=2, min_z=7)
    assert set(kept["track"]) == {0}
    assert set(link.significant(tracks, 2, 6)["track"]) == {0, 2}


def test_weak_ends_are_cut_off():
    tracks = table([(t, 9, 9) for t in range(5)]).assign(track=0)
    tracks["amplitude"] = 3.0, 10.0, 4.0, 12.0, 9.0
    assert list(link.trim(tracks)["frame"]) == [1, 2, 3, 4]


def test_no_spots_make_no_tracks():
    empty = table([(0, 1, 1)]).iloc[:0]
    for pooled in (False, True):
        assert len(link.track(empty, pooled)) == 0
    assert len(link.track(table([(0, 1, 1), (5, 9, 9)]), True)) == 0


def test_what_is_missing_is_named():
    with pytest.raises(DataError, match="lacks amplitude_se, x_se; it has frame"):
        link.link(table([(0, 1, 1)]).drop(columns=["x_se", "amplitude_se"]))
    with pytest.raises(DataError, match="sorted by track and frame"):
        link.fill_gaps(table([(3, 1, 1), (1, 1, 1)]).assign(track=0))
