"""Regressor and classifier: scikit-learn's own checks, and what they are for."""

import io

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

import awd
from awd.errors import AwdError, ConfigError, DataError, KindError, ShapeError
from awd.features import Largest
from awd.filters import kernels
from awd.fitting import folds_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:fidelity_ is"),
    pytest.mark.filterwarnings("ignore:levels is"),
    pytest.mark.filterwarnings("ignore:there are . groups"),
]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 32)).cumsum(1)
NEW = RNG.normal(size=(100, 32)).cumsum(1)
DB2 = awd.wavelet.from_pywt("db2")


def network(x):
    """One that knows the largest coarse coefficient of db2."""
    return kernels.analysis(x, DB2, 3)[0].max(1)


def classes(x):
    """Logits of three classes."""
    peak = network(x) - 8
    return np.stack([-peak, np.full(len(x), 2.0), peak], 1)


def regressor(**changed):
    return awd.AdaptiveWaveletRegressor(levels=3, length=4, **changed)


def classifier(**changed):
    return awd.AdaptiveWaveletClassifier(levels=3, length=4, **changed)


def noisy(x, sd=8.0):
    return network(x) + np.random.default_rng(1).normal(scale=sd, size=len(x))


def r2(y, predicted):
    return 1 - ((y - predicted) ** 2).mean() / y.var()


@parametrize_with_checks(
    [awd.AdaptiveWaveletRegressor(length=4), awd.AdaptiveWaveletClassifier(length=4)]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_a_network_is_distilled_without_a_label():
    model = regressor().fit(X, teacher=network)
    assert (model.fit_to_, model.share_) == ("outputs", 1)
    assert r2(network(NEW), model.predict(NEW)) > 0.97
    low, high = model.fidelity_interval_
    assert 0.95 < low < model.fidelity_ < high <= 1


def test_outputs_that_are_known_are_as_good_as_a_network():
    asked = regressor().fit(X, teacher=network)
    known = regressor().fit(X, outputs=network(X))
    np.testing.assert_array_equal(asked.predict(NEW), known.predict(NEW))
    table = np.stack([X[:, 0], network(X)], 1)
    second = regressor().fit(X, outputs=table, target=1)
    np.testing.assert_array_equal(second.predict(NEW), asked.predict(NEW))


def test_labels_enter_the_head_and_never_the_filter():
    mixed = regressor().fit(X, noisy(X), teacher=network)
    assert (mixed.fit_to_, mixed.share_) == ("mixed", 0.5)
    plain = regressor(fit_to="outputs").fit(X, noisy(X), teacher=network)
    labels = regressor(fit_to="labels").fit(X, noisy(X), teacher=network)
    for other in (plain, labels):
        np.testing.assert_array_equal(other.filter_, mixed.filter_)
    assert (plain.share_, labels.share_) == (1, 0)
    errors = [r2(network(NEW), m.predict(NEW)) for m in (labels, mixed, plain)]
    assert errors == sorted(errors)


@pytest.mark.parametrize("way", ["seen", "networks", "outputs"])
def test_the_share_is_chosen_where_a_network_has_not_looked(way):
    y, fold = noisy(X, 20.0), np.arange(300) % 2
    given = {"seen": {"seen": False}}
    given["networks"] = {"held_out": (fold, [network, network])}
    given["outputs"] = {"held_out": (fold, [network(X), network(X)])}
    assert regressor(folds=0).fit(X, y, teacher=network, **given[way]).share_ == 1
    blind = {"held_out": (fold, [-network(X), -network(X)])}
    truth = regressor(folds=0).fit(X, network(X), teacher=network, **blind)
    assert truth.share_ == 0


@pytest.mark.parametrize(
    ("fold", "sources"), [([0, 1], [network]), (np.ones(300, int), [network])]
)
def test_folds_without_a_network_are_refused(fold, sources):
    with pytest.raises(ShapeError, match="the folds of held_out are"):
        regressor().fit(X, noisy(X), teacher=network, held_out=(fold, sources))


@pytest.mark.parametrize("n", [60, 300])
def test_a_teacher_of_noise_is_not_reproduced(n):
    with pytest.warns(UserWarning, match="do not show that this model knows more"):
        model = awd.AdaptiveWaveletRegressor(levels=3).fit(
            X[:n], outputs=RNG.normal(size=n)
        )
    assert model.fidelity_ < 0.03
    assert model.result_.fidelity > model.fidelity_


@pytest.mark.parametrize("period", [3, 5])
def test_folds_do_not_follow_the_order_of_the_samples(period):
    """Of classes that come in turn none is missing where a fold is left out."""
    y = np.arange(60) % period
    fold = folds_of(np.arange(60), period, 0)
    for k in range(period):
        assert (np.bincount(fold, minlength=period)[k]) == 60 // period
        assert set(y[fold != k]) == set(range(period))
        assert len(set(y[fold == k])) > 1


def test_fidelity_holds_whole_groups_out():
    """Groups that share an offset of the output, which samples betray."""
    group = np.repeat(np.arange(30), 10)
    x = X + 10 * np.random.default_rng(2).normal(size=(30, 32))[group]
    y = np.random.default_rng(3).normal(size=30)[group]
    mixed = regressor().fit(x, outputs=y).fidelity_
    whole = regressor().fit(x, outputs=y, groups=group).fidelity_
    assert mixed > 0.5
    assert whole < 0.1


@pytest.mark.parametrize(
    ("offset", "scale"), [(1e3, 1), (1e4, 1), (0, 1e-6), (0, 1e6), (1e4, 1e3)]
)
def test_offset_and_unit_change_nothing(offset, scale):
    moved, there = (scale * (x + offset * X.std()) for x in (X, NEW))
    plain = regressor(folds=0).fit(X, outputs=network(X))
    same = regressor(folds=0).fit(moved, outputs=scale * network(X) - offset)
    np.testing.assert_allclose(same.filter_, plain.filter_, atol=1e-6)
    found = (same.predict(there) + offset) / scale
    np.testing.assert_allclose(found, plain.predict(NEW), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "features", [None, Largest(2, 1, True, 3, ("spread", "centre"))]
)
def test_what_is_explained_sums_to_the_prediction(features):
    model = regressor(features=features, folds=0).fit(X, teacher=network)
    far = 3 * NEW  # clipped, some of them
    table = model.explain(far)
    total = table.groupby("sample")["contribution"].sum()
    np.testing.assert_allclose(total, model.predict(far), atol=1e-9)
    clipped = table[table["kind"] == "clipped"]["contribution"]
    assert len(clipped) == 100
    assert (clipped < -1).any()
    assert clipped.abs().min() < 1e-9


def test_several_classes_share_one_filter():
    names = np.array(["low", "none", "high"])
    y = names[classes(X).argmax(1)]
    model = classifier().fit(X, y, teacher=lambda x: classes(x)[:, [2, 0, 1]])
    np.testing.assert_array_equal(model.classes_, ["high", "low", "none"])
    assert model.score(NEW, names[classes(NEW).argmax(1)]) > 0.85
    proba = model.predict_proba(NEW)
    np.testing.assert_allclose(proba.sum(1), 1)
    assert model.decision_function(NEW).shape == (100, 3)
    np.testing.assert_array_equal(model.classes_[proba.argmax(1)], model.predict(NEW))
    table = model.explain(NEW)
    total = table.groupby(["class", "sample"])["contribution"].sum()
    np.testing.assert_allclose(
        total["low"], model.decision_function(NEW)[:, 1], atol=1e-9
    )


def test_logits_probabilities_and_one_column_of_two_classes_are_the_same():
    logit = network(X) - 3
    one = 1 / (1 + np.exp(-logit))
    ways = [
        logit,
        one,
        np.stack([-logit / 2, logit / 2], 1),
        np.stack([1 - one, one], 1),
    ]
    models = [classifier(folds=0).fit(X, outputs=way) for way in ways]
    for model in models:
        np.testing.assert_allclose(
            model.predict_proba(NEW), models[0].predict_proba(NEW), atol=1e-9
        )
    np.testing.assert_array_equal(models[0].classes_, [0, 1])
    assert (models[0].predict(NEW) == (network(NEW) > 3)).mean() > 0.9
    total = models[0].explain(NEW).groupby("sample")["contribution"].sum()
    expected = models[0].decision_function(NEW) + 0.5
    np.testing.assert_allclose(total, expected, atol=1e-9)


def test_a_few_labels_are_numbers_of_the_networks_classes():
    y = classes(X).argmax(1)
    few = y != 1
    model = classifier(folds=0).fit(X[few], y[few], teacher=classes)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    with pytest.raises(DataError, match="y has 2 classes, the network 3"):
        classifier().fit(X[few], y[few].astype(str), teacher=classes)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array(["a", None] * 150, dtype=object), "labels of several kinds"),
        (np.zeros(300, int), "y has 1 class, 0;"),
        (X[:, 0], "^y: Unknown label type"),
    ],
)
def test_labels_that_name_no_classes_are_refused(y, message):
    with pytest.raises(DataError, match=message):
        classifier(folds=0).fit(X, y)


def test_a_scikit_learn_classifier_is_a_teacher():
    y = np.where(network(X) > 3, "yes", "no")
    teacher = LogisticRegression().fit(X, y)
    model = classifier(folds=0).fit(X, teacher=teacher)
    assert (model.predict(X) == (teacher.predict(X) == "yes")).mean() > 0.7


def conv(channels, images=False):
    kind, pool = (
        (nn.Conv2d, nn.AdaptiveAvgPool2d)
        if images
        else (nn.Conv1d, nn.AdaptiveAvgPool1d)
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            kind(channels, 4, 5), nn.ReLU(), pool(1), nn.Flatten(), nn.Linear(4, 1)
        ).double()


@pytest.mark.parametrize(
    ("shape", "dims", "net"),
    [
        ((32,), None, conv(1)),
        ((3, 32), 1, conv(3)),
        ((16, 12), 2, conv(1, images=True)),
        ((2, 16, 12), None, conv(2, images=True)),
    ],
)
@pytest.mark.parametrize("kind", ["predictor", "transformer"])
def test_signals_and_images_reach_convolutions(shape, dims, net, kind):
    x = RNG.normal(size=(80, *shape)).cumsum(-1)
    made = awd.AdaptiveWaveletRegressor
    made = made if kind == "predictor" else awd.AdaptiveWavelet
    model = made(levels=2, length=4, dims=dims, folds=0).fit(x, teacher=net)
    assert model.dims_ == model.result_.dims == (1 if shape in ((32,), (3, 32)) else 2)
    if kind == "predictor":
        outputs = awd.attribution.output(net, x)
        assert r2(outputs, model.predict(x)) > 0.4
    else:
        back = model.inverse_transform(model.transform(x))
        np.testing.assert_allclose(back, x, atol=1e-9)


def test_three_axes_are_not_guessed():
    x, either = X.reshape(300, 4, 8), r"300 signals of 4 .* of 4 x 8; say which"
    for made in (regressor(), awd.AdaptiveWavelet()):
        with pytest.raises(ShapeError, match=either):
            made.fit(x, X[:, 0])
    with pytest.raises(ShapeError, match=either):
        awd.AdaptiveWavelet(shape=(4, 8)).fit(X)
    fitted = regressor(dims=1, folds=0).fit(x, outputs=network(X))
    with pytest.raises(ShapeError, match=r"X is \(300, 4, 4\); .* \(n, 4, 8\)"):
        fitted.predict(x[:, :, :4])


def test_images_may_lack_channels_and_are_the_same():
    x = RNG.normal(size=(60, 16, 12)).cumsum(-1)
    outputs = x.max((1, 2))
    bare = regressor(dims=2, folds=0).fit(x, outputs=outputs)
    full = regressor(folds=0).fit(x[:, None], outputs=outputs)
    np.testing.assert_array_equal(bare.predict(x), full.predict(x[:, None]))


def test_attributions_of_the_likeliest_class():
    net = nn.Sequential(conv(1), nn.Linear(1, 3).double())
    model = classifier(objective="attribution", folds=0).fit(X, teacher=net)
    assert model.result_.objective == "attribution"
    assert model.predict_proba(X).shape == (300, 3)


def test_searches_and_pipelines_pass_a_network_on():
    scores = cross_val_score(
        regressor(folds=0), X, network(X), cv=3, params={"teacher": network}
    )
    assert scores.min() > 0.9
    pipeline = make_pipeline(StandardScaler(), classifier(folds=0))
    search = GridSearchCV(pipeline, {"adaptivewaveletclassifier__levels": [2, 3]}, cv=3)
    search.fit(X, network(X) > 3)
    assert search.best_score_ > 0.8


def test_fitted_models_are_stored_and_read():
    for model in (regressor(), classifier()):
        model = clone(model).set_params(folds=0).fit(X, network(X) > 3)
        file = io.BytesIO()
        joblib.dump(model, file)
        file.seek(0)
        np.testing.assert_array_equal(
            joblib.load(file).predict(NEW), model.predict(NEW)
        )


@pytest.mark.parametrize("shape", [(32,), (2, 16), (1, 8, 4)])
def test_a_model_is_taken_home(shape, tmp_path):
    x = X.reshape(300, *shape) + 100
    dims = 1 if len(shape) < 3 else 2
    made = {"levels": 2, "length": 4, "dims": dims, "folds": 3}
    model = awd.AdaptiveWaveletRegressor(**made).fit(x, outputs=X.max(1))
    model.save(tmp_path / "model.json")
    read = awd.load(tmp_path / "model.json")
    np.testing.assert_allclose(read.predict(x), model.predict(x), atol=1e-9)
    assert f"{model.fidelity_:.3f}" in model.card()


@pytest.mark.parametrize("names", [["a", "b", "c"], [False, True]])
def test_a_classifier_is_taken_home(names, tmp_path):
    logits = classes(X)[:, : len(names)]
    model = classifier().fit(X, np.array(names)[logits.argmax(1)], outputs=logits)
    model.save(tmp_path / "model.json")
    read = awd.load(tmp_path / "model.json")
    np.testing.assert_array_equal(read.predict(NEW), model.predict(NEW))
    np.testing.assert_allclose(
        read.predict_proba(NEW), model.predict_proba(NEW), atol=1e-9
    )


HEAD = """
from sklearn.ensemble import RandomForestRegressor

def forest(floor, bends):
    return RandomForestRegressor(20, random_state=0)
"""


def test_features_and_heads_are_found_by_name(tmp_path):
    (tmp_path / "own.py").write_text(HEAD)
    forest = regressor(head=f"{tmp_path}/own.py:forest", folds=0)
    forest.fit(X, teacher=network)
    assert r2(network(NEW), forest.predict(NEW)) > 0.8
    for use in (forest.to_model, lambda: forest.explain(X)):
        with pytest.raises(ConfigError, match="sum of curves"):
            use()
    given = regressor(features=Largest(2, 1), folds=0).fit(X, teacher=network)
    settings = {"name": "largest", "m": 2, "smallest": 1}
    named = regressor(features=settings, folds=0).fit(X, teacher=network)
    np.testing.assert_array_equal(named.predict(NEW), given.predict(NEW))
    quantiles = regressor(features="quantiles", folds=0)
    quantiles.set_params(features={"name": "quantiles", "bands": ("hh",)})
    assert r2(X.std(1), quantiles.fit(X, outputs=X.std(1)).predict(X)) > 0.3
    for features, error in (("most", "features is 'most'"), ({"k": 1}, "'largest'")):
        with pytest.raises(ConfigError, match=error):
            regressor(features=features).fit(X, teacher=network)


def test_samples_come_as_tables_tensors_lists_and_odd_arrays():
    plain = regressor(folds=0).fit(X, outputs=network(X))
    locked = X.copy()
    locked.flags.writeable = False
    table = pd.DataFrame(X, columns=[f"t{k}" for k in range(32)])
    tensor = torch.tensor(X, requires_grad=True)
    for x in (table, tensor, X.tolist(), X.astype(">f8"), locked, X[::-1][::-1]):
        model = regressor(folds=0).fit(x, outputs=network(X))
        np.testing.assert_array_equal(model.predict(x), plain.predict(X))
    whole = np.round(X).astype(int)
    outputs = network(whole.astype(float))
    ints, floats = (
        regressor(folds=0).fit(x, outputs=outputs) for x in (whole, whole.astype(float))
    )
    np.testing.assert_array_equal(ints.predict(whole), floats.predict(whole))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([[1.0, 2.0], [3.0]], ShapeError, "^X is no array .*different lengths"),
        (X + 1j, DataError, "^X or y: Complex data not supported.$"),
        (np.full((9, 9), "a"), AwdError, "^X"),
        (np.full((9, 9), object()), KindError, "^X"),
        (np.where(X > 9, np.nan, X), DataError, "^X is not finite .* in 32 of 300"),
        (X[:1], DataError, "^X or y: .*1 sample"),
        (X[0], DataError, "^X or y: .*1D array instead. Reshape your data"),
    ],
)
def test_what_holds_no_numbers_is_refused(x, error, message):
    with pytest.raises(error, match=message):
        regressor().fit(x, outputs=network(X))


@pytest.mark.parametrize(
    ("changed", "fit", "error", "message"),
    [
        ({}, {}, ConfigError, "requires y to be passed, .* neither a teacher"),
        ({}, {"teacher": network, "outputs": X[:, 0]}, ConfigError, "not both"),
        ({"fit_to": "mixed"}, {"y": X[:, 0]}, ConfigError, "'mixed' needs a teacher"),
        ({"fit_to": "labels"}, {"teacher": network}, ConfigError, "'labels' needs y"),
        (
            {"fit_to": "all"},
            {"teacher": network},
            ConfigError,
            "one of labels, outputs",
        ),
        ({}, {"outputs": X[:9, 0]}, ShapeError, r"outputs: \(9,\) for 300"),
        ({}, {"outputs": X[:, 0] * np.nan}, DataError, "outputs: not finite"),
        ({}, {"outputs": np.ones(300)}, DataError, "the same for every sample"),
        ({}, {"y": X[:, :2]}, DataError, "^X or y: y should be a 1d array"),
        ({}, {"outputs": X, "target": 32}, ConfigError, "target is 32; .* at most 31"),
        ({}, {"outputs": X, "target": -1}, ConfigError, "target is -1; .* least 0"),
        ({}, {"outputs": X[:, 0], "groups": [1, 2]}, ShapeError, "^groups is"),
        ({"folds": 1}, {"outputs": X[:, 0]}, ConfigError, "folds is 1; expected 2"),
        ({"dims": 3}, {"outputs": X[:, 0]}, ConfigError, "dims is 3"),
        ({"levels": 2.5}, {"outputs": X[:, 0]}, ConfigError, "levels is 2.5"),
        (
            {"objective": "attribution"},
            {"teacher": network},
            DataError,
            "needs gradient, .*scikit-learn.* objective='output'; got None",
        ),
        (
            {},
            {"outputs": X[:, 0], "gradients": X[:, :5]},
            ShapeError,
            "^gradients has shape",
        ),
    ],
)
def test_what_cannot_be_is_refused(changed, fit, error, message):
    with pytest.raises(error, match=message):
        awd.AdaptiveWaveletRegressor(**{"levels": 3, "length": 4, **changed}).fit(
            X, **fit
        )


def uneven(n=240, channels=2):
    """Walks with an offset, where they end, their largest value before that."""
    rng = np.random.default_rng(7)
    x = 50 + rng.normal(size=(n, channels, 40)).cumsum(-1)
    lengths = rng.integers(10, 41, n)
    beyond = np.arange(40) >= lengths[:, None]
    y = np.where(beyond, -np.inf, x[:, 0]).max(1)
    return x, lengths, np.broadcast_to(beyond[:, None], x.shape), y


@pytest.mark.parametrize("junk", [np.nan, np.inf, 1e30, -7.0])
def test_nothing_beyond_an_end_or_in_a_gap_is_read(junk):
    x, lengths, beyond, y = uneven()
    mask = np.random.default_rng(8).random((len(x), 40)) > 0.1
    mask[:, 0] = True
    unseen = beyond | ~mask[:, None]
    known = {"lengths": lengths, "mask": mask}
    models = [
        regressor(dims=1, folds=0).fit(np.where(unseen, value, x), y, **known)
        for value in (0.0, junk)
    ]
    found = [m.predict(np.where(unseen, junk, x), **known) for m in models]
    np.testing.assert_array_equal(*found)
    seen = x[:, 0][~unseen[:, 0]]
    assert models[1].model_.centre.ravel()[0] == pytest.approx(seen.mean())


def test_lengths_mean_what_they_mean_in_a_study_and_to_the_model_at_home(tmp_path):
    x, lengths, beyond, _ = uneven()
    given = np.where(beyond, np.nan, x)
    asked = []

    def network(x):
        asked.append(x)
        return x[:, 0].max(1)

    model = regressor(dims=1).fit(given, teacher=network, lengths=lengths)
    np.testing.assert_array_equal(asked[0], np.where(beyond, 0, x))
    assert model.fidelity_ > 0.5
    model.save(tmp_path / "model.json")
    home = awd.load(tmp_path / "model.json")
    read = home.samples(given, lengths)
    predicted = model.predict(given, lengths=lengths)
    np.testing.assert_allclose(home.predict(read), predicted, rtol=1e-6)
    table = model.explain(given, lengths=lengths)
    sums = table.groupby("sample")["contribution"].sum()
    np.testing.assert_allclose(sums, predicted, rtol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_an_offset_of_signals_with_ends_changes_nothing(offset):
    x, lengths, _, y = uneven()
    known = {"lengths": lengths}
    plain = regressor(dims=1, folds=0).fit(x, y, **known).predict(x, **known)
    moved = regressor(dims=1, folds=0).fit(x + offset, y, **known)
    found = moved.predict(x + offset, **known)
    np.testing.assert_allclose(found, plain, rtol=1e-5)


def test_images_with_holes_are_classified():
    rng = np.random.default_rng(9)
    x = rng.normal(size=(160, 12, 12))
    y = np.where(rng.random(160) > 0.5, "flat", "steep")
    x[y == "steep"] += 3 * np.eye(12)
    mask = rng.random(x.shape) > 0.15
    holes = np.where(mask, x, np.nan)
    model = awd.AdaptiveWaveletClassifier(levels=2, length=4, dims=2, folds=0)
    model.fit(holes[:120], y[:120], mask=mask[:120])
    assert model.score(holes[120:], y[120:], mask=mask[120:]) > 0.8
    shares = model.predict_proba(holes, mask=mask)
    np.testing.assert_allclose(shares.sum(1), 1)


def test_scikit_learn_passes_lengths_on_and_they_are_not_forgotten():
    x, lengths, beyond, y = uneven(120)
    given = np.where(beyond, np.nan, x)
    model = regressor(dims=1, folds=0)
    with pytest.raises(ConfigError, match="fitted with lengths or a mask; give them"):
        model.fit(given, y, lengths=lengths).predict(given)
    with sklearn.config_context(enable_metadata_routing=True):
        model.set_fit_request(lengths=True).set_score_request(lengths=True)
        scores = cross_val_score(model, given, y, params={"lengths": lengths}, cv=3)
    for rest, score in zip(np.split(np.arange(len(x)), 3), scores, strict=True):
        rows = np.delete(np.arange(len(x)), rest)
        again = clone(model).fit(given[rows], y[rows], lengths=lengths[rows])
        expected = again.score(given[rest], y[rest], lengths=lengths[rest])
        assert score == pytest.approx(expected)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (
            {"lengths": [3, 4]},
            r"lengths, mask: length is \(2,\); expected one",
        ),
        ({"lengths": np.zeros(300, int)}, "length holds 0; expected whole numbers"),
        ({"mask": np.ones((300, 5))}, r"mask is \(300, 5\); expected \(300, 32\)"),
        ({"mask": np.zeros((300, 32))}, "hides all of 300 of 300 samples"),
        ({"mask": np.full((300, 32), "a")}, "mask holds more than 0 and 1"),
        ({"X": np.ma.masked_less(X, 0)}, "and what was seen of it in mask"),
    ],
)
def test_lengths_and_masks_that_do_not_fit_are_refused(known, message):
    with pytest.raises(AwdError, match=message):
        regressor().fit(**{"X": X, "y": network(X)} | known)
