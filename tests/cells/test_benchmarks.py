"""The benchmark's own movies and measures work: no one runs it whole in the tests."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(scope="module")
def benchmark():
    # It sets threads for a process of its own, which this one is not.
    before = dict(os.environ), list(sys.path)
    sys.path.insert(0, FOLDER)
    import cells

    os.environ.clear()
    os.environ.update(before[0])
    sys.path[:] = before[1]
    return cells


def test_every_movie_has_a_seed_of_its_own(benchmark):
    frames, truth, height = benchmark.movie(4, 20, 0, 2)
    assert frames.shape[0] == 2
    assert height == truth["amplitude"].iloc[0]
    seeds = [benchmark.drawn(0, k) for k in range(4)] + [benchmark.drawn(1, 0)]
    assert len(set(seeds)) == 5
    other = benchmark.movie(4, 20, 1, 2)[0]
    assert not np.array_equal(frames, other)


@pytest.mark.parametrize("part", ["rmse", "shifts"])
def test_parts_without_peers_hold_what_is_asked(benchmark, part):
    (measure,) = (p for p in benchmark.PARTS if p.__name__ == part)
    rows = measure(3, True)
    assert rows
    assert all(row["holds"] for row in rows)
