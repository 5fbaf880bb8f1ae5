"""The bank of filters, and who chooses what from it."""

from functools import partial

import numpy as np
import pytest
import xarray as xr

from awd import wavelet
from awd.config.maps import Family
from awd.maps.study import bank
from awd.maps.study.bank import SHELVES, Ridge, Shelf
from awd.record import checkpoint

DB2, DB5 = wavelet.from_pywt("db2"), wavelet.from_pywt("db5")


def test_every_family_of_the_settings_has_a_shelf():
    assert set(SHELVES) == set(Family.__args__)


@pytest.mark.parametrize("family", SHELVES)
def test_candidates_keep_what_their_family_promises(family):
    shelf = SHELVES[family]
    parameters = shelf.candidates(6, 0)
    filters = shelf.family.filters(parameters)
    assert len(filters) == 6 * shelf.many
    for h in filters:
        assert max(shelf.family.conditions(h).values()) < 1e-10
    low, high = shelf.family.bounds.T
    if not shelf.family.periodic:
        assert ((parameters >= low) & (parameters <= high)).all()


def test_lattices_hold_named_wavelets():
    filters = SHELVES["lattice10"].family.filters(SHELVES["lattice10"].candidates(6, 0))
    db5 = wavelet.from_pywt("db5")
    assert min(np.abs(filters - db5).max(1)) < 1e-8


def test_rows_are_even_over_cosmologies_and_never_test(maps):
    rows = bank.rows_of(maps, 20, 7)
    side = maps["split"].values[rows]
    assert dict(zip(*np.unique(side, return_counts=True), strict=True)) == {
        "train": 120,
        "select": 42,
    }
    groups = maps["group"].values[rows][side == "train"]
    assert np.unique(groups, return_counts=True)[1].tolist() == [60, 60]


def test_a_killed_bank_goes_on_with_the_next_candidate(
    maps, banks, job, killed_after, calls_at_most
):
    def fill():
        each = partial(checkpoint.mapped, name="bank", checkpoint=job.of("features"))
        return bank.fill("symmetric", maps, bank.rows_of(maps, 28, 10), 4, 0, each)

    with killed_after(Shelf, "statistic", 2):
        fill()
    with calls_at_most(Shelf, "statistic", len(banks["symmetric"]["features"]) - 2):
        xr.testing.assert_identical(fill(), banks["symmetric"])


def test_a_ridge_follows_curves_of_its_features():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 12))
    y = np.stack([x[:, 0] + x[:, 1] * x[:, 2], x[:, 3]], 1)
    found = Ridge().fit(x[:200], y[:200]).predict(x[200:])
    assert found.shape == (100, 2)
    assert np.corrcoef(found[:, 1], y[200:, 1])[0, 1] > 0.99
    alone = Ridge().fit(x[:200], y[:200, 1]).predict(x[200:])
    np.testing.assert_allclose(alone, found[:, 1], atol=0.02)


def test_fidelity_is_r2_on_select_and_knows_a_filter_that_sees_the_output(maps, banks):
    """What a student of candidate 2 reads is best reproduced by candidate 2."""
    shelf = banks["lattice4"]
    outputs = np.random.default_rng(0).normal(size=(maps.sizes["sample"], 2))
    outputs[shelf["row"].values, 0] = shelf["features"].values[2].mean(1) ** 2
    weights = np.linspace(-1, 1, shelf.sizes["feature"])
    outputs[shelf["row"].values, 0] = shelf["features"].values[2] @ weights
    r2, squares = bank.fidelity(shelf, outputs)
    assert r2[:, 0].argmax() == 2
    assert r2[2, 0] > 0.9
    assert (r2[:, 1] < 0.2).all()
    select = shelf["split"].values == "select"
    y = outputs[shelf["row"].values[select], 0]
    expected = 1 - squares[2, :, 0].sum() / ((y - y.mean()) ** 2).sum()
    assert r2[2, 0] == pytest.approx(expected)


def test_resampled_choices_follow_the_cosmologies_drawn():
    squares = np.array([[1.0, 1, 9, 9], [9, 9, 1, 1]])
    picks = bank.resampled(squares, np.array(["a", "a", "b", "b"]), 400, 0)
    # Both drawn: level, the first; twice the same: its own.
    assert np.mean(picks == 1) == pytest.approx(0.25, abs=0.07)
