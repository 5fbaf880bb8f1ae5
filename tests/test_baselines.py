from typing import NamedTuple

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from awd import baselines, evaluation, wavelet
from awd.errors import ConfigError
from awd.features import ALPHAS, Largest, Student

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 40)).cumsum(1).astype(np.float32)
Y = np.maximum(X[:, 20:].max(1), 0) + RNG.normal(size=400)
FIT, TEST = slice(0, 300), slice(300, None)
RECIPE = {"student": Student(Largest(6)), "levels": 4, "seed": 0}


class Run(NamedTuple):
    predictions: dict
    records: dict


@pytest.fixture(scope="module")
def run():
    predictions, table = baselines.predict_all(X[FIT], Y[FIT], X[TEST], **RECIPE)
    return Run(predictions, table.set_index("method").to_dict("index"))


def test_every_baseline_predicts_every_test_sample(run):
    assert list(run.predictions) == ["mean", "ridge", "boosting", *baselines.NAMED]
    assert list(run.records) == list(run.predictions)
    for prediction in run.predictions.values():
        assert prediction.shape == (100,)
    np.testing.assert_allclose(run.predictions["mean"], Y[FIT].mean())


def test_ridge_is_scikit_learns_on_the_standardised_trace(run):
    scaler = StandardScaler().fit(X[FIT].astype(float))
    model = RidgeCV(ALPHAS).fit(scaler.transform(X[FIT].astype(float)), Y[FIT])
    expected = model.predict(scaler.transform(X[TEST].astype(float)))
    np.testing.assert_allclose(run.predictions["ridge"], expected)


@pytest.mark.parametrize("name", baselines.NAMED)
def test_named_wavelets_get_the_given_student(run, name):
    student = Student(Largest(6)).fit(X[FIT], Y[FIT], wavelet.from_pywt(name), 4)
    np.testing.assert_array_equal(run.predictions[name], student.predict(X[TEST]))
    assert evaluation.r2(Y[TEST], run.predictions[name]) > 0.5


def test_records_count_what_was_learned_from_data(run):
    sizes = {name: record["head_parameters"] for name, record in run.records.items()}
    assert sizes["mean"] == 1
    assert sizes["ridge"] == 41
    assert sizes["db5"] == 31
    splits, trees = baselines.BOOSTING["max_leaf_nodes"] - 1, 200
    assert 41 < sizes["boosting"] <= 1 + trees * (2 * splits + splits + 1)
    assert all(record["filter_parameters"] == 0 for record in run.records.values())
    assert {record["role"] for record in run.records.values()} == {
        "constant",
        "raw trace",
        "named wavelet",
    }


def test_boosting_size_equals_a_count_over_its_trees():
    model = baselines.fit_all(X[FIT], Y[FIT], **RECIPE, wavelets=())["boosting"]
    nodes = [tree.nodes for (tree,) in model.predictor[-1]._predictors]
    leaves = sum(int(n["is_leaf"].sum()) for n in nodes)
    splits = sum(int((1 - n["is_leaf"]).sum()) for n in nodes)
    assert model.head_parameters == 2 * splits + leaves + 1


def test_baselines_repeat_exactly_and_read_channels(run):
    again, _ = baselines.predict_all(
        X[FIT, None], Y[FIT], X[TEST, None], **RECIPE, wavelets=("db5",)
    )
    for name, prediction in again.items():
        np.testing.assert_array_equal(prediction, run.predictions[name])


def test_the_given_student_is_left_unfitted(run):
    assert not hasattr(RECIPE["student"], "head_")


def test_on_noise_no_baseline_shows_skill():
    y = RNG.normal(size=400)
    predictions, _ = baselines.predict_all(X[FIT], y[FIT], X[TEST], **RECIPE)
    for prediction in predictions.values():
        assert evaluation.r2(y[TEST], prediction) < 0.05


def test_an_unknown_head_is_refused():
    recipe = RECIPE | {"student": Student(head="lasso")}
    with pytest.raises(ConfigError, match=r"no head 'lasso'"):
        baselines.fit_all(X[FIT], Y[FIT], **recipe)
