"""Who chooses what from the banks, and the students of all that is chosen."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from awd import wavelet
from awd.filters import kernels
from awd.league import choose
from awd.league.predict import to_dataset
from awd.maps.infer import predict as infer
from awd.maps.measure import statistics
from awd.maps.study import bank, describe, distil, predict
from awd.record import contracts
from awd.teacher import networks

DB2, DB5 = wavelet.from_pywt("db2"), wavelet.from_pywt("db5")


def outputs_of(maps):
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
    answers = distil.sources(outputs_of(maps), maps, 0)
    assert list(answers) == ["output", "untrained", "shuffled", "labels"]
    assert not np.array_equal(answers["shuffled"], answers["output"])
    side, cosmology = maps["split"].values, maps["cosmology"].values
    for one in ("c0", "c5"):
        for name in ("train", "select"):
            own = (side == name) & (cosmology == one)
            np.testing.assert_array_equal(
                np.sort(answers["shuffled"][own]), np.sort(answers["output"][own])
            )
    np.testing.assert_array_equal(answers["labels"], maps["target"].values[:, 0])


def test_every_source_chooses_from_every_family_and_all_from_as_many(maps, banks):
    answers = distil.sources(outputs_of(maps), maps, 0)
    found = distil.chosen([*banks.values()], answers, maps, None, 7, 0)
    names = [*answers, "random_labels"]
    assert list(found) == [*names, *(f"{name}_lattice4" for name in names)]
    families = [method.family for method in found.values()]
    assert families == ["symmetric"] * 5 + ["lattice4"] * 5
    assert {len(method.pool) for method in found.values()} == {4}
    assert found["output"].role == "distilled"
    assert {found[n].role for n in names[1:]} == {"control"}
    drawn = {name: len(method.draws) for name, method in found.items()}
    assert {drawn[name] for name in answers} == {7}
    assert drawn["random_labels"] == 0
    scores = [candidate.score for candidate in found["output"].pool]
    np.testing.assert_array_equal(
        found["output"].chosen.filter,
        banks["symmetric"]["filter"].values[np.argmax(scores)],
    )


def test_labels_and_maps_of_the_test_side_change_no_choice(maps, banks):
    wrong = maps.copy(deep=True)
    test = wrong["split"].values == "test"
    wrong["target"].values[test] = 0.9
    wrong["x"].values[test] = 7
    rows = bank.rows_of(wrong, 28, 10)
    again = bank.fill("symmetric", wrong, rows, 4, 0)
    np.testing.assert_array_equal(again["features"], banks["symmetric"]["features"])
    outputs = outputs_of(maps)
    outputs["output"].values[:, test] = 5
    found = [
        distil.chosen([b], distil.sources(o, m, 0), m, None, 3, 0)
        for b, o, m in (
            (banks["symmetric"], outputs_of(maps), maps),
            (again, outputs, wrong),
        )
    ]
    scores = [
        [candidate.score for method in methods.values() for candidate in method.pool]
        for methods in found
    ]
    np.testing.assert_array_equal(*scores)


@pytest.fixture(scope="module")
def league(maps, banks, path):
    """The students of two families, and of two fixed filters."""
    outputs = outputs_of(maps)
    answers = distil.sources(outputs, maps, 0)
    methods = distil.chosen([*banks.values()], answers, maps, None, 9, 0)
    names = {"target": "omega_m", "split": "0", "seed": "0"}
    wavelets = choose.to_dataset(methods, mode="reflect", **names)
    contracts.WAVELETS.check(wavelets, "here")
    model = networks.build("resnet", 0, outputs=2, width=2).eval()
    box = [(0.18, 0.42), (0.6, 1.0)]
    fixed = {}
    for name in ("db2", "starlet"):
        statistic = statistics.fitted(statistics.METHODS[name](6.5625), maps)
        features = statistics.measure(statistic, maps)
        fixed[name] = features, infer.predict(features, maps, box)
    answers = outputs["output"].sel(network="resnet").values
    league = predict.League(maps, path, methods, answers, model, box, fixed)
    entries, inferred = league.entries()
    ds = to_dataset(
        entries, predict.test_part(maps, path), study="maps", split="0", seed="0"
    )
    return SimpleNamespace(
        outputs=outputs,
        wavelets=wavelets,
        inferred=inferred,
        entries=entries,
        ds=ds,
        made=league,
    )


def test_the_league_is_a_predictions_file(league):
    ds = league.ds
    contracts.PREDICTIONS.check(ds, "here")
    own = ds["prediction"].sel({"method": "resnet"}).values
    answers = league.outputs["output"].sel(network="resnet").isel(name=0).values
    np.testing.assert_array_equal(own, answers[ds["row"].values])
    assert len(ds["target"]) == len(own)
    assert ds["role"].values.tolist()[:2] == ["teacher", "distilled"]
    assert int(ds["filter_parameters"].sel({"method": "output"})) == 1
    table = predict.errors(league.inferred)
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
    methods = choose.from_dataset(league.wavelets)
    same = [n for n, m in methods.items() if np.allclose(m.chosen.filter[:4], DB2[:4])]
    for name in set(same) & set(league.inferred):
        np.testing.assert_allclose(
            league.inferred[name]["prediction"], league.inferred["db2"]["prediction"]
        )


def test_students_of_outputs_stand_beside_those_of_labels(league):
    """Only on filters that no label chose, and of the first family."""
    names = [name for name in league.entries if "@" in name]
    found = ["output", "untrained", "db2", "starlet"]
    assert names == [f"{name}@outputs" for name in found]
    for name in names:
        entry, of_labels = (league.entries[n] for n in (name, name.split("@")[0]))
        assert (entry.role, entry.fidelity) == (of_labels.role, of_labels.fidelity)
        assert entry.share == 1
        assert np.isnan(of_labels.share)
        row = league.inferred[name]["prediction"].isel(name=0)
        np.testing.assert_array_equal(row.sel(head="unseen"), entry.prediction)


def test_no_label_changes_what_a_student_of_outputs_says(league, maps):
    made, features = league.made, league.made.fixed["starlet"][0]
    wrong = maps.copy(deep=True)
    wrong["target"].values[:] = wrong["target"].values[::-1]
    blind = replace(made, maps=wrong)
    found, expected = (
        one._measured(features, maps, "compressed").copies for one in (blind, made)
    )
    np.testing.assert_array_equal(found, expected)
    outputs = made.outputs[made.train]
    assert (found >= outputs.min(0)).all()
    assert (found <= outputs.max(0)).all()


def test_a_large_student_of_our_filter_shows_what_the_small_one_loses(league):
    small, large = (
        league.entries[name].head_parameters for name in ("output", "output_histograms")
    )
    edges = 4 * 2 * 11
    assert large == 96 * 3 + 96 * 97 // 2 + 1 + edges  # lines: cosmologies are few
    assert small == 2 * 32 + 2 * 3 + 3 + 1
    assert "output_lattice4_histograms" not in league.entries


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
    table = describe.table([league.wavelets] * 2)
    scored = describe.by_candidate(league.wavelets)
    first = table[table["seed"] == 0].set_index("method")
    assert (first.loc[first["family"] == "symmetric", "symmetry"] == 1).all()
    bank_of = scored[scored["family"] == "lattice4"]["output"]
    gain = 1 - (1 - bank_of.max()) / (1 - bank_of.median())
    assert first.loc["output_lattice4", "gain"] == pytest.approx(gain)
    rmse = scored[scored["family"] == "symmetric"]["rmse"]
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


def test_the_papers_objective_is_asked_of_gradients_with_resamples(maps, path):
    rows = bank.rows_of(maps, 6, 0)
    rng = np.random.default_rng(0)
    gradient = rng.normal(size=(2, len(rows), 32, 32)).astype(np.float32)
    gradient[0] = maps["x"].values[rows]  # then it wants what sparsity wants
    answers = xr.Dataset(
        {
            "gradient": (("differentiated", "row", "y", "x"), gradient),
            "row": ("row", rows),
        },
        coords={"differentiated": ["resnet", "untrained"]},
    )
    found = distil.attributed(answers, maps, path, 15, 0)
    assert list(found) == ["attribution", "untrained_a", "sparsity"]
    same = (found[name].chosen.filter for name in ("attribution", "sparsity"))
    np.testing.assert_allclose(*same, atol=1e-5)
    assert {len(method.draws) for method in found.values()} == {15}
    chosen_norm, drawn = (
        [kernels.l1(gradient[0], np.atleast_2d(h), 4)[0] for h in filters]
        for filters in (
            [found["attribution"].chosen.filter],
            found["attribution"].draws,
        )
    )
    assert chosen_norm[0] <= min(drawn) * (1 + 1e-6)
    assert np.median(drawn) < 1.01 * chosen_norm[0]
