"""Each published outcome on traces made for it, and the lifetime buckets by hand."""

import numpy as np
import pytest

from awd.cells import simulate
from awd.cells.study import dataset, outcomes
from awd.cells.study.outcomes import OUTCOMES, Rules, Trace
from awd.errors import DataError

RULES = Rules()


def trace(slave, significant=(), master=None):
    slave = np.asarray(slave, float)
    flags = np.isin(np.arange(len(slave)), significant)
    return Trace(
        np.zeros(len(slave)) if master is None else np.array(master), slave, flags
    )


def is_(name, *arguments, **options):
    return OUTCOMES[name](trace(*arguments, **options), RULES)


def test_significant_frames():
    assert is_("single_sig", [0] * 9, (4,))
    assert not is_("single_sig", [0] * 9)
    assert is_("double_sig", [0] * 9, (1, 4))
    assert not is_("double_sig", [0] * 9, (4,))
    assert is_("consec_sig", [0] * 9, (4, 5))
    assert not is_("consec_sig", [0] * 9, (1, 4, 7))


def test_maxima():
    assert is_("conservative_thresh", [0, 974, 0])
    assert not is_("conservative_thresh", [0, 973, 0])
    assert is_("bright", [0, 643, 0])
    assert not is_("bright", [0, 642, 0])
    assert is_("consec_thresh", [0, 974, 0])
    assert is_("consec_thresh", [0, 0, 0], (0, 1))


def test_rules():
    slave = np.zeros(20)
    slave[10] = 600
    master = np.where(np.arange(20) < 12, 1000.0, 700.0)
    assert is_("rule_based", slave, master=master)
    assert not is_("rule_based", slave, master=np.maximum(master, 750)), (
        "falls too little"
    )
    assert not is_("rule_based", 0.9 * slave, master=master), "too dim"
    early = np.roll(slave, -7)
    assert not is_("rule_based", early, (3, 4), master=master), "before a fifth"
    assert is_("rule_based", slave, (10, 11)), "two in a row need no fall"


def test_hotspots():
    assert is_("hotspot", [0] * 20, (2, 3, 4, 10, 11))
    assert not is_("hotspot", [0] * 20, (2, 3, 10, 11)), "four frames"
    assert not is_("hotspot", [0] * 20, (2, 3, 4, 5, 6)), "one burst"
    assert is_("hotspot", [0] * 20, (2, 3, 5, 6, 7)), "pairs begin at 2 and at 5"


def test_all_outcomes_of_all_tracks():
    traces = [trace([0, 0, 5 * k]) for k in range(10)] + [trace([0, 0, 500])]
    found = outcomes.outcomes(traces, RULES)
    assert set(found) == {*OUTCOMES, "deviating"}
    tops = np.array([5 * k for k in range(10)] + [500])
    expected = tops > tops.mean() + 3.25 * tops.std()
    assert found["deviating"].tolist() == expected.tolist()
    loose = outcomes.outcomes(traces, Rules(deviations=2.0))
    assert loose["deviating"].tolist() == [False] * 10 + [True]


@pytest.mark.parametrize("seed", range(10))
def test_buckets_are_the_outermost_lifetimes_of_that_accuracy(seed):
    rng = np.random.default_rng(seed)
    lifetime = rng.integers(3, 40, 200)
    positive = rng.random(200) < (lifetime - 3) / 37
    short, long = outcomes.buckets(lifetime, positive, 0.9)
    lows = [
        n
        for n in range(3, 40)
        if n in lifetime and (~positive[lifetime <= n]).mean() >= 0.9
    ]
    highs = [
        n
        for n in range(3, 40)
        if n in lifetime and positive[lifetime >= n].mean() >= 0.9
    ]
    assert short == (max(lows) if lows else -np.inf)
    assert long == (min(highs) if highs else np.inf)


@pytest.fixture(scope="module")
def cells():
    return [simulate.simulate_traces("teaching", f"c{k}", 300, k) for k in range(4)]


def assembled(cells, **options):
    return dataset.assemble(
        cells, targets=["sig_mean"], min_frames=4, tiles=2, **options
    )


def test_easy_tracks_are_left_out_by_the_training_cells(cells):
    ds = assembled(cells)
    split = np.where(ds["cell"].values == "c3", "test", "train")
    kept, parts = dataset.hard(ds, split, 0.9)
    others = ds["all_cell"].values != "c3"
    short, long = outcomes.buckets(
        ds["all_lifetime"].values[others], ds["all_positive"].values[others], 0.9
    )
    assert (kept.attrs["short_frames"], kept.attrs["long_frames"]) == (short, long)
    assert short > 4
    assert kept["lifetime"].values.min() > short
    assert kept["lifetime"].values.max() < long
    assert len(parts) == kept.sizes["sample"] < ds.sizes["sample"]
    # What a test cell shows changes nothing.
    ds["all_positive"] = ds["all_positive"].where(ds["all_cell"] != "c3", 1)
    again, _ = dataset.hard(ds, split, 0.9)
    assert again["track"].identical(kept["track"])


def test_hotspots_are_dropped_when_asked(cells):
    hot = cells[0].copy(deep=True)
    p = np.ones(hot.sizes["obs"])
    edges = np.concatenate([[0], np.cumsum(hot["row_size"].values)])
    long = np.flatnonzero(
        (hot["row_size"].values > 30) & (hot["complete"].values == 1)
    )[:7]
    for k in long:
        p[edges[k] + np.array([2, 3, 4, 12, 13])] = 0.001
    hot["slave_p"] = "obs", p.astype("f4")
    every = [hot, *cells[1:]]
    before, after = assembled(every), assembled(every, hotspots="drop")
    own = [ds["track"].values[ds["cell"].values == "c0"] for ds in (before, after)]
    assert set(own[0]) - set(own[1]) == set(long)
    named = before["named"].values.tolist()
    flags = before["outcome"].values[:, named.index("hotspot")]
    assert flags[before["cell"].values == "c0"].sum() == 7


def test_what_outcomes_need_is_said(cells):
    bare = [cell.drop_vars("slave_p") for cell in cells]
    with pytest.raises(DataError, match="set cells.hotspots: keep"):
        dataset.assemble(bare, targets=["half"], min_frames=4, hotspots="drop", tiles=2)
    ds = dataset.assemble(bare, targets=["half"], min_frames=4, tiles=2)
    split = np.full(ds.sizes["sample"], "train")
    with pytest.raises(DataError, match="set cells.bucket_accuracy: null"):
        dataset.hard(ds, split, 0.9)
    one = dataset.assemble(cells[:1], targets=["half"], min_frames=4, tiles=2)
    with pytest.raises(DataError, match="c0 is the only one"):
        dataset.hard(one, np.full(one.sizes["sample"], "train"), 0.9)
