import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from awd.errors import ConfigError, DataError, ShapeError
from awd.heads import ALPHAS
from awd.league import baselines, bootstrap
from awd.league.splits import Part

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 40)).cumsum(1).astype(np.float32)
Y = np.maximum(X[:, 20:].max(1), 0) + RNG.normal(size=400)
FIT, TEST = slice(0, 300), slice(300, None)
GROUPS = np.repeat(np.arange(6), 50)  # of those that are fitted to
RANDOM = ("minirocket", "multirocket")


def fit(name, x, y=Y[FIT], groups=GROUPS, seed=0):
    return baselines.fit(name, x, y, groups, seed)


@pytest.fixture(scope="module")
def fitted():
    return {name: fit(name, X[FIT]) for name in baselines.MODELS}


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
    features = {"ridge": 40, "minirocket": 9996, "multirocket": 7392, "catch22": 24}
    features["scattering_ridge"] = (1 + 3 + 3) * 5  # paths times places
    for name, count in features.items():
        assert baselines.parameters(fitted[name]) == count + 1
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
    again = fit(name, X[FIT, None])
    np.testing.assert_array_equal(
        again.predict(X[TEST, None]), fitted[name].predict(X[TEST])
    )


@pytest.mark.parametrize("name", baselines.MODELS)
def test_on_noise_no_baseline_shows_skill(name):
    y = RNG.normal(size=400)
    prediction = fit(name, X[FIT], y[FIT]).predict(X[TEST])
    assert bootstrap.r2(y[TEST], prediction) < 0.05


def test_an_unknown_model_is_refused():
    with pytest.raises(
        ConfigError, match="baseline is 'forest'; expected one of mean, ridge"
    ):
        fit("forest", X[FIT])


@pytest.mark.parametrize("name", [n for n in baselines.MODELS if n != "mean"])
def test_every_channel_is_read(name):
    hidden = np.stack([RNG.normal(size=X.shape), X], 1)
    prediction = fit(name, hidden[FIT]).predict(hidden[TEST])
    assert bootstrap.r2(Y[TEST], prediction) > 0.3


@pytest.mark.parametrize("name", RANDOM)
def test_random_kernels_are_drawn_by_the_seed(name):
    channels = np.stack([X[:40], X[40:80]], 1)
    drawn = [baselines.MODELS[name].features(s).fit_transform(channels) for s in (1, 2)]
    again = baselines.MODELS[name].features(1).fit_transform(channels)
    np.testing.assert_array_equal(again, drawn[0])
    assert (drawn[0] != drawn[1]).any()


def test_the_boosting_is_small_where_samples_are_few_and_large_where_they_tell_more():
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, size=(3000, 3))
    wavy = np.sin(5 * x[:, 0]) * np.sin(5 * x[:, 1])
    few = baselines.boosting(x[:100], x[:100, 0] + rng.normal(size=100), GROUPS[:100])
    many = baselines.boosting(x, wavy, np.repeat(np.arange(6), 500))
    assert few.max_leaf_nodes == 4
    assert many.max_leaf_nodes == 15


def test_the_boostings_size_is_chosen_by_groups_left_out():
    """Groups that share a value would be learned by heart if folds tore them."""
    rng = np.random.default_rng(2)
    level = np.repeat(rng.normal(size=60), 10)
    x = np.stack([level, *rng.normal(size=(4, 600))], 1)
    y = np.repeat(rng.normal(size=60), 10) + 0.1 * rng.normal(size=600)
    torn = baselines.boosting(x, y, np.arange(600))
    whole = baselines.boosting(x, y, np.repeat(np.arange(60), 10))
    assert torn.max_leaf_nodes > whole.max_leaf_nodes


def test_one_group_is_refused_where_a_size_is_chosen():
    with pytest.raises(DataError, match="of one group; .* give blocks"):
        fit("boosting", X[FIT], groups=np.zeros(300))


@pytest.mark.parametrize(
    ("name", "length"),
    [("minirocket", 8), ("multirocket", 9), ("scattering_ridge", 7)],
)
def test_series_too_short_for_their_features_are_refused(name, length):
    with pytest.raises(ShapeError, match=f"series of {length} samples; .* longer"):
        fit(name, X[FIT, :length])
