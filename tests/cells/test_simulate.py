import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd.cells import presets, simulate, tracks
from awd.errors import ConfigError

TEACHING = presets.PRESETS["teaching"]


@pytest.fixture(scope="module")
def cell():
    return simulate.simulate_traces("teaching", "cell0", 1000, seed=3)


@pytest.fixture(scope="module")
def pits():
    return simulate.events(TEACHING, 20_000, np.random.default_rng(0))


def one_pit(**changes):
    pit = {"plateau": 1000.0, "bump": 0.0, "burst": 0.0, "loss": 50.0, "decay": 2.0}
    return pd.DataFrame([{**pit, "lifetime": 60, **changes}])


def test_tracks_keep_their_contract(cell):
    tracks.TRACKS.check(cell, "cell0")


def test_a_seed_is_a_cell(cell):
    xr.testing.assert_identical(
        cell, simulate.simulate_traces("teaching", "cell0", 1000, seed=3)
    )
    other = simulate.simulate_traces("teaching", "cell0", 1000, seed=4)
    assert not np.array_equal(cell["row_size"], other["row_size"])


def test_the_law_of_the_pits_is_the_published_one(pits):
    productive = pits["productive"]
    assert abs(productive.mean() - 0.5) < 0.02
    assert abs(pits.loc[productive, "lifetime"].median() - 65) < 3
    assert abs(pits.loc[~productive, "lifetime"].median() - 12) < 1.5
    assert (pits.loc[~productive, "burst"] == 0).all()
    log = np.log(pits.loc[productive, "plateau"])
    assert abs(log.std() - 0.35) < 0.02


def test_the_burst_depends_on_all_three_causes_and_on_their_product(pits):
    productive = pits[pits["productive"]]
    auxilin = productive["burst"] / TEACHING.burst
    cause = (np.log(np.expm1(auxilin)) - 0.4) / 1.2
    z = productive[["z0", "z1", "z2"]].to_numpy()
    design = np.column_stack([z, z[:, 1] * z[:, 2]])
    weights, *_ = np.linalg.lstsq(design, cause, rcond=None)
    np.testing.assert_allclose(weights, [0.45, 0.45, 0.55, 0.25], atol=0.02)
    assert abs((cause - design @ weights).std() - 0.45) < 0.02


def test_clathrin_reaches_its_plateau_and_halves_by_the_decay_time():
    seconds = np.array([[0.0, 49.0, 50 + 2 * np.log(2), 60.0]])
    clathrin, auxilin = simulate.intensities(TEACHING, one_pit(), seconds)
    np.testing.assert_allclose(clathrin[0], [0, 1000, 500, 0], rtol=0.01, atol=1e-9)
    assert not auxilin.any()


def test_the_bump_stands_before_the_loss_and_the_burst_at_it():
    seconds = np.arange(0, 60, 0.1)[None]
    pit = one_pit(bump=0.5, burst=700.0)
    clathrin, auxilin = simulate.intensities(TEACHING, pit, seconds)
    assert abs(seconds[0, clathrin.argmax()] - 47) < 0.2
    assert abs(clathrin.max() - 1500 * (1 - np.exp(-4.7))) < 5
    assert abs(seconds[0, auxilin.argmax()] - 50) < 0.1
    half = seconds[0, auxilin[0] > 350]
    np.testing.assert_allclose(
        [50 - half[0], half[-1] - 50], 1.1774 * np.array([1.5, 2.5]), atol=0.1
    )


def test_a_pit_that_outlives_the_movie_is_not_complete(cell):
    edges = tracks.starts(cell)
    last = cell["frame"].values[edges[1:] - 1]
    assert cell["frame"].max() == TEACHING.frames - 1
    assert (last[cell["complete"] == 0] == TEACHING.frames - 1).all()
    assert 0.6 < float(cell["complete"].mean()) < 0.95


def test_bursts_are_significant_and_their_absence_is_not(cell):
    edges, p = tracks.starts(cell)[:-1], cell["slave_p"].values
    lowest = np.minimum.reduceat(p, edges)
    productive = cell["true_productive"].values == 1
    strong = cell["true_burst"].values > 5 * TEACHING.noise_slave
    assert (lowest[strong & (cell["complete"].values == 1)] < 1e-3).mean() > 0.97
    everywhere = np.repeat(productive, cell["row_size"].values)
    assert abs((p[~everywhere] < 0.05).mean() - 0.05) < 0.01


def test_realistic_differs_from_teaching_in_what_the_master_does_not_show():
    a, b = (presets.PRESETS[name] for name in ("teaching", "realistic"))
    assert dataclasses.replace(a, unexplained=b.unexplained) == b


def test_an_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match="no preset 'easy'; there is teaching, real"):
        simulate.simulate_traces("easy", "c", 10, 0)
