"""A network handed over without its data, to users with a few labels or none."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from awd import io
from awd.errors import DataError
from awd.features import Largest
from awd.league import bootstrap, splits
from awd.record import contracts
from awd.study import handed
from awd.teacher import ask, networks, weights

SETTINGS = {
    "kind": "mlp",
    "labels": [10, 20, 500],
    "draws": 2,
    "features": {"m": 2, "smallest": 1},
    "head": "hinges",
    "wavelet": "db2",
    "depth": 2,
    "lengths": [2, 4],
    "levels": [2],
    "moments": 1,
    "folds": 3,
    "candidates": 3,
}


@pytest.fixture(scope="module")
def models():
    return {name: networks.build("mlp", k) for k, name in enumerate(("mlp", "other"))}


def make_data(models, cells=("a", "b", "lab")):
    """Three cells; the target is what the first network answers, and some noise."""
    rng = np.random.default_rng(0)
    cell = np.repeat(cells, 80)
    x = rng.normal(size=(len(cell), 40)).cumsum(1).astype("f4")
    x /= x.std()
    y = ask.output(models["mlp"], x)
    y = y + 0.1 * y.std() * rng.normal(size=len(y)).astype("f4")
    described = {"units": "s.d.", "long_name": "trace"}
    split = np.where(cell == "lab", "train", "test")
    return xr.Dataset(
        {
            "x": (("sample", "time"), x, described),
            "target": (("sample", "name"), y[:, None], described),
            "hand": (("sample", "feature"), x[:, ::8], described),
            "group": ("sample", cell),
            "block": ("sample", np.char.add(cell, np.tile(list("1234"), len(x) // 4))),
            "split": ("sample", split),
        },
        coords={"name": ["burst"]},
    )


def hand_over(data, models, folder, **settings):
    """What the job does, on files."""
    named = {"mlp": models["mlp"], "untrained": models["other"]}
    weights.save(named, folder / "networks.safetensors")
    io.write(data, folder / "samples.nc", contracts.DATASET)
    given = SimpleNamespace(
        samples=folder / "samples.nc", networks=folder / "networks.safetensors"
    )
    return handed.predictions(given, "burst", SETTINGS | settings, 0, "cpu")


def by_model(found):
    """Predictions by method, labels and draw."""
    columns = (found[key].values.tolist() for key in ("method", "labels", "draw"))
    rows = zip(*columns, strict=True)
    return dict(zip(rows, found["prediction"].values, strict=True))


@pytest.fixture(scope="module")
def data(models):
    return make_data(models)


@pytest.fixture(scope="module")
def found(data, models, tmp_path_factory):
    return hand_over(data, models, tmp_path_factory.mktemp("handed"))


def test_what_is_found_keeps_the_contract_and_no_number_exceeds_the_pool(found):
    names = {name: "0" for name in contracts.HANDED.attributes}
    contracts.HANDED.check(found.assign_attrs(names), "f.nc")
    assert set(found["labels"].values) == {0, 10, 20}
    counts = np.unique(found["method"], return_counts=True)
    assert set(counts[1]) == {1, 4}
    assert len(counts[0]) == 7 + 10


def test_every_group_of_the_user_tests_once_and_lends_its_samples_once(found, data):
    assert set(found["group"].values) == {"a", "b"}
    by_half = {h: set(found["group"].values[found["half"] == h]) for h in (0, 1)}
    assert sorted(map(len, by_half.values())) == [1, 1]
    np.testing.assert_array_equal(
        found["target"], data["target"].values[found["row"], 0]
    )


def test_a_single_group_is_cut_by_its_blocks(data):
    alone = splits.part(data.isel(sample=data["group"] != "b"), "test", "burst")
    half = handed.halves(alone)
    sides = [set(alone.blocks[half == h]) for h in (0, 1)]
    assert not sides[0] & sides[1]
    assert [len(side) for side in sides] == [2, 2]
    with pytest.raises(DataError, match="all of block a1; a pool and a test set"):
        handed.halves(alone.only(alone.blocks == "a1"))


def test_the_student_follows_the_network_without_a_label(found):
    y, models = found["target"].values, by_model(found)
    assert bootstrap.r2(y, models["mlp", 0, 0]) > 0.5
    assert bootstrap.r2(models["mlp", 0, 0], models["output@outputs", 0, 0]) > 0.5
    own = bootstrap.r2(models["mlp", 0, 0], models["untrained@own", 0, 0])
    assert own < 0.3


def test_without_labels_neither_they_nor_the_unit_of_the_samples_count(
    found, data, models, tmp_path
):
    user = data["split"].values == "test"
    moved = data.copy(deep=True)
    moved["target"].values[user] = moved["target"].values[user][::-1]
    moved["x"].values[:] *= 8
    again = by_model(hand_over(moved, models, tmp_path, labels=[10], draws=1))
    for (method, labels, draw), values in by_model(found).items():
        if not labels:
            np.testing.assert_allclose(
                again[method, labels, draw], values, atol=1e-4, err_msg=method
            )
    assert not np.allclose(again["ridge", 10, 0], by_model(found)["ridge", 10, 0])


def test_predictions_stay_within_what_was_fitted(found):
    for half in (0, 1):
        inside = found["half"].values == half
        y, fitted = found["target"].values[~inside], found["labels"].values > 0
        values = found["prediction"].values[fitted][:, inside]
        assert y.min() - 1e-6 <= values.min() <= values.max() <= y.max() + 1e-6


@pytest.mark.parametrize("n", [8, 20, 60])
def test_the_least_error_is_that_of_the_ridge_head(data, n):
    features = data["x"].values[:n, :20].astype(float)
    y = data["target"].values[:n, 0].astype(float)
    ridge = handed.heads.head("ridge", 0.3).fit(features, y)[-1]
    error = handed.least_error(features, y, 0.3)
    assert error == pytest.approx(-ridge.best_score_, rel=1e-4)


def test_labels_choose_the_filter_of_the_least_error(data):
    pool = splits.part(data, "test", "burst")
    student = handed.Student(Largest(2, 1), "hinges")
    recipe = handed.Recipe(student, {}, [4], [2], 1, 3, 4, 0)
    rows, pairs = np.arange(60), []
    for candidate in recipe.candidates_for_labels():
        features = student.features.features(pool.x[rows], candidate.filter, 2)
        floor = handed.heads.FLOOR * pool.x.std()
        error = handed.least_error(features, pool.y[rows], floor)
        pairs.append((error, candidate.filter.tolist()))
    best = handed._Searched(recipe, pool).best(rows)
    assert best.filter.tolist() == min(pairs)[1]


def test_samples_without_hand_features_have_no_models_of_them(data, models, tmp_path):
    plain = data.drop_vars("hand")
    found = hand_over(plain, models, tmp_path, labels=[10], draws=1)
    assert not any(str(name).startswith("hand") for name in found["method"].values)
    with pytest.raises(DataError, match="has 80, fewer than any number of .* 500"):
        hand_over(plain, models, tmp_path, labels=[500])
