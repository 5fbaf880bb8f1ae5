"""The bank of filters, and who chooses what from it."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import wavelet
from awd.config.maps import Family
from awd.filters import kernels
from awd.maps.infer import predict
from awd.maps.measure import statistics
from awd.maps.study import bank, describe, distil, entries, students
from awd.maps.study.bank import SHELVES, Ridge, Shelf
from awd.record import checkpoint, contracts
from awd.search import candidates
from awd.teacher import networks

DB2, DB5 = wavelet.from_pywt("db2"), wavelet.from_pywt("db5")


@pytest.fixture(scope="module")
def maps(small):
    return small


@pytest.fixture(scope="module")
def banks(maps):
    rows = bank.rows_of(maps, 28, 10)
    return {f: bank.fill(f, maps, rows, 4, 0) for f in ("symmetric", "lattice4")}


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
    one = Ridge().fit(x[:200], y[:200, 1]).predict(x[200:])
    np.testing.assert_allclose(one, found[:, 1], atol=0.02)


def test_fidelity_is_r2_on_select_and_knows_a_filter_that_sees_the_output(maps, banks):
    """What a student of candidate 2 reads is best reproduced by candidate 2."""
    shelf = banks["lattice4"]
    said = np.random.default_rng(0).normal(size=(maps.sizes["sample"], 2))
    said[shelf["row"].values, 0] = shelf["features"].values[2].mean(1) ** 2
    weights = np.linspace(-1, 1, shelf.sizes["feature"])
    said[shelf["row"].values, 0] = shelf["features"].values[2] @ weights
    r2, squares = bank.fidelity(shelf, said)
    assert r2[:, 0].argmax() == 2
    assert r2[2, 0] > 0.9
    assert (r2[:, 1] < 0.2).all()
    select = shelf["split"].values == "select"
    y = said[shelf["row"].values[select], 0]
    expected = 1 - squares[2, :, 0].sum() / ((y - y.mean()) ** 2).sum()
    assert r2[2, 0] == pytest.approx(expected)


def test_resampled_choices_follow_the_cosmologies_drawn():
    squares = np.array([[1.0, 1, 9, 9], [9, 9, 1, 1]])
    picks = bank.resampled(squares, np.array(["a", "a", "b", "b"]), 400, 0)
    # Both drawn: level, the first; twice the same: its own.
    assert np.mean(picks == 1) == pytest.approx(0.25, abs=0.07)


def said_of(maps):
    rng = np.random.default_rng(0)
    omega = maps["target"].values[:, 0]
    output = np.stack(
        [omega + rng.normal(0, 0.01, len(omega)), rng.normal(size=len(omega))]
    )
    return xr.Dataset(
        {"output": (("network", "sample", "name"), np.stack([output, output], -1))},
        coords={"network": ["resnet", "untrained"], "name": ["omega_m", "sigma_8"]},
    )


def test_shuffled_outputs_stay_in_their_cosmology_and_side(maps):
    said = distil.sources(said_of(maps), maps, 0)
    assert list(said) == ["output", "untrained", "shuffled", "labels"]
    assert not np.array_equal(said["shuffled"], said["output"])
    side, cosmology = maps["split"].values, maps["cosmology"].values
    for one in ("c0", "c5"):
        for name in ("train", "select"):
            own = (side == name) & (cosmology == one)
            np.testing.assert_array_equal(
                np.sort(said["shuffled"][own]), np.sort(said["output"][own])
            )
    np.testing.assert_array_equal(said["labels"], maps["target"].values[:, 0])


def test_every_source_chooses_from_every_family_and_all_from_as_many(maps, banks):
    said = distil.sources(said_of(maps), maps, 0)
    found, families, table = distil.methods(banks, said, maps, None, 7, 0)
    names = [*said, "random_labels"]
    assert list(found) == [*names, *(f"{name}_lattice4" for name in names)]
    assert families == ["symmetric"] * 5 + ["lattice4"] * 5
    assert {len(one.pool) for one in found.values()} == {4}
    assert found["output"].role == "distilled"
    assert {found[n].role for n in names[1:]} == {"control"}
    drawn = {name: len(method.draws) for name, method in found.items()}
    assert {drawn[name] for name in said} == {7}
    assert drawn["random_labels"] == 0
    best = table[table["family"] == "symmetric"]["output"].idxmax()
    np.testing.assert_array_equal(
        found["output"].chosen.filter, banks["symmetric"]["filter"].values[best]
    )


def test_labels_and_maps_of_the_test_side_change_no_choice(maps, banks):
    wrong = maps.copy(deep=True)
    test = wrong["split"].values == "test"
    wrong["target"].values[test] = 0.9
    wrong["x"].values[test] = 7
    rows = bank.rows_of(wrong, 28, 10)
    again = bank.fill("symmetric", wrong, rows, 4, 0)
    np.testing.assert_array_equal(again["features"], banks["symmetric"]["features"])
    said = said_of(maps)
    said["output"].values[:, test] = 5
    found = [
        distil.methods({"symmetric": b}, distil.sources(s, m, 0), m, None, 3, 0)[2]
        for b, s, m in ((banks["symmetric"], said_of(maps), maps), (again, said, wrong))
    ]
    pd.testing.assert_frame_equal(*found)


@pytest.fixture(scope="module")
def league(maps, banks):
    """The students of two families, and of two fixed filters."""
    said = said_of(maps)
    sources = distil.sources(said, maps, 0)
    found, families, table = distil.methods(banks, sources, maps, None, 9, 0)
    wavelets = candidates.to_dataset(found, target="omega_m", mode="reflect")
    wavelets["family"] = "method", families
    contracts.WAVELETS.check(wavelets, "here")
    model = networks.build("resnet", 0, outputs=2, width=2).eval()
    box = [(0.18, 0.42), (0.6, 1.0)]
    named = {}
    for name in ("db2", "starlet"):
        statistic = statistics.fitted(statistics.METHODS[name](6.5625), maps)
        features = statistics.measure(statistic, maps)
        named[name] = features, predict.predict(features, maps, box)
    one = students.League(maps, wavelets, said, model, box, named)
    predicted, told = one.students()
    ds = entries.entered(predicted, told, maps, split="0", seed="0")
    return SimpleNamespace(
        said=said, wavelets=wavelets, table=table, predicted=predicted, ds=ds
    )


def test_the_league_is_a_predictions_file(league):
    ds = league.ds
    contracts.PREDICTIONS.check(ds, "here")
    own = ds["prediction"].sel({"method": "resnet"}).values
    answers = league.said["output"].sel(network="resnet").isel(name=0).values
    np.testing.assert_array_equal(own, answers[ds["row"].values])
    assert len(ds["target"]) == len(own)
    assert ds["role"].values.tolist()[:2] == ["teacher", "distilled"]
    assert int(ds["filter_parameters"].sel({"method": "output"})) == 1
    table = students.heads(league.predicted)
    assert set(ds["method"].values.tolist()) < set(table["method"])
    row = table.set_index("method").loc["resnet"]
    assert row.nunique() == 1


def test_fixed_filters_have_the_student_of_chosen_ones(league):
    """A fixed filter that a source chose, too, would get the same prediction."""
    ds = league.ds
    roles = dict(zip(ds["method"].values, ds["role"].values, strict=True))
    assert roles["db2"] == roles["starlet"] == "wavelet"
    fidelity = ds["fidelity"].sel({"method": ["db2", "starlet"]}).values
    assert np.isfinite(fidelity).all()
    filters = candidates.from_dataset(league.wavelets)
    same = [n for n, c in filters.items() if np.allclose(c.filter[:4], DB2[:4])]
    for name in set(same) & set(league.predicted):
        np.testing.assert_allclose(
            league.predicted[name]["prediction"], league.predicted["db2"]["prediction"]
        )


def test_patches_and_compression_are_of_wavelets_only(league):
    ds = league.ds
    names = ds["method"].values.tolist()
    assert "output_lattice4_patches" in names
    assert "output_patches" not in names
    sparse = dict(zip(names, ds["compression"].values, strict=True))
    assert 0 < sparse["output_lattice4"] < 1
    assert 0 < sparse["db2"] < 1
    assert np.isnan([sparse["output"], sparse["starlet"], sparse["resnet"]]).all()


def test_the_filters_are_told_with_gain_and_symmetry(league):
    table = describe.table([league.wavelets] * 2, [league.table] * 2)
    first = table[table["seed"] == 0].set_index("method")
    assert (first.loc[first["family"] == "symmetric", "symmetry"] == 1).all()
    bank_of = league.table[league.table["family"] == "lattice4"]["output"]
    gain = 1 - (1 - bank_of.max()) / (1 - bank_of.median())
    assert first.loc["output_lattice4", "gain"] == pytest.approx(gain)
    rmse = league.table[league.table["family"] == "symmetric"]["rmse"]
    gain = 1 - rmse.min() / rmse.median()
    assert first.loc["random_labels", "gain"] == pytest.approx(gain)
    ours = first.loc["output_lattice4"]
    assert ours["low"] <= ours["high"]
    assert np.isnan(first.loc["random_labels", "low"])
    page = describe.page(table)
    assert page["method"].tolist()[0] == "AWD (output)"
    assert len(page) == len(first)


@pytest.mark.parametrize(
    ("h", "expected"),
    [([1, 2, 1], 1), ([1, -1], 1), ([1, 2, 0, 0, 0], 0.8), (DB2, 0.916), (DB5, 0.919)],
)
def test_symmetry_is_the_overlap_with_the_mirror_image(h, expected):
    assert describe.symmetry(h) == pytest.approx(expected, abs=1e-3)
    assert describe.symmetry(np.negative(h[::-1])) == pytest.approx(expected, abs=1e-3)


def test_the_papers_objective_is_asked_of_gradients_with_resamples(maps, tmp_path):
    from awd import io

    path = tmp_path / "maps.nc"
    io.write(maps, path)
    rows = bank.rows_of(maps, 6, 0)
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(2, len(rows), 32, 32)).astype(np.float32)
    gradient[0] = maps["x"].values[rows]  # then it wants what sparsity wants
    answers = xr.Dataset(
        {"gradient": (("asked", "row", "y", "x"), gradient), "row": ("row", rows)},
        coords={"asked": ["resnet", "untrained"]},
    )
    found = distil.attributed(answers, maps, path, 15, 0)
    assert list(found) == ["attribution", "untrained_a", "sparsity"]
    same = (found[name].chosen.filter for name in ("attribution", "sparsity"))
    np.testing.assert_allclose(*same, atol=1e-5)
    assert {len(one.draws) for one in found.values()} == {15}
    chosen_norm, drawn = (
        [kernels.l1(gradient[0], np.atleast_2d(h), 4)[0] for h in filters]
        for filters in (
            [found["attribution"].chosen.filter],
            found["attribution"].draws,
        )
    )
    assert chosen_norm[0] <= min(drawn) * (1 + 1e-6)
    assert np.median(drawn) < 1.01 * chosen_norm[0]
