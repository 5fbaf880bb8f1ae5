import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from awd.errors import ConfigError
from awd.heads import ALPHAS
from awd.league import baselines, bootstrap
from awd.league.splits import Part

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 40)).cumsum(1).astype(np.float32)
Y = np.maximum(X[:, 20:].max(1), 0) + RNG.normal(size=400)
FIT, TEST = slice(0, 300), slice(300, None)


@pytest.fixture(scope="module")
def fitted():
    return {name: baselines.fit(name, X[FIT], Y[FIT], 0) for name in baselines.MODELS}


def test_the_mean_is_the_mean(fitted):
    np.testing.assert_allclose(fitted["mean"].predict(X[TEST]), Y[FIT].mean())


def test_ridge_is_scikit_learns_on_the_standardised_trace(fitted):
    scaler = StandardScaler().fit(X[FIT].astype(float))
    model = RidgeCV(ALPHAS).fit(scaler.transform(X[FIT].astype(float)), Y[FIT])
    expected = model.predict(scaler.transform(X[TEST].astype(float)))
    np.testing.assert_allclose(fitted["ridge"].predict(X[TEST]), expected)


def test_boosting_sees_what_is_not_linear(fitted):
    assert bootstrap.r2(Y[TEST], fitted["boosting"].predict(X[TEST])) > 0.6


def test_parameters_are_the_numbers_learned_from_data(fitted):
    assert baselines.parameters(fitted["mean"]) == 1
    assert baselines.parameters(fitted["ridge"]) == 41
    nodes = [tree.nodes for (tree,) in fitted["boosting"][-1]._predictors]
    leaves = sum(int(n["is_leaf"].sum()) for n in nodes)
    splits = sum(int((1 - n["is_leaf"]).sum()) for n in nodes)
    assert baselines.parameters(fitted["boosting"]) == 2 * splits + leaves + 1


def test_hand_models_are_the_same_models_on_other_inputs(fitted):
    nobody = np.zeros(300)
    part = Part("t", {}, X[FIT], Y[FIT], nobody, nobody, nobody, hand=X[FIT])
    for name in ("ridge", "boosting"):
        by_hand = f"hand_{name}"
        assert baselines.inputs(name, part) is part.x
        assert baselines.inputs(by_hand, part) is part.hand
        np.testing.assert_array_equal(
            fitted[by_hand].predict(X[TEST]), fitted[name].predict(X[TEST])
        )


@pytest.mark.parametrize("name", baselines.MODELS)
def test_fits_repeat_exactly_and_read_channels(fitted, name):
    again = baselines.fit(name, X[FIT, None], Y[FIT], 0)
    np.testing.assert_array_equal(
        again.predict(X[TEST, None]), fitted[name].predict(X[TEST])
    )


@pytest.mark.parametrize("name", baselines.MODELS)
def test_on_noise_no_baseline_shows_skill(name):
    y = RNG.normal(size=400)
    prediction = baselines.fit(name, X[FIT], y[FIT], 0).predict(X[TEST])
    assert bootstrap.r2(y[TEST], prediction) < 0.05


def test_an_unknown_model_is_refused():
    with pytest.raises(ConfigError, match="no baseline 'forest'; there is mean, ridge"):
        baselines.fit("forest", X, Y, 0)
