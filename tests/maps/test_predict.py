"""Predictions for test maps: which maps may they depend on?"""

import numpy as np
import pytest

from awd.maps.infer import predict as inferring
from awd.maps.measure import statistics

BOX = [(0.18, 0.42), (0.6, 1.0)]


@pytest.fixture(scope="module")
def features(small):
    statistic = statistics.METHODS["height"](small.attrs["pixel_arcmin"])
    return statistics.measure(statistics.fitted(statistic, small), small)


@pytest.fixture(scope="module")
def inferred(small, features):
    return inferring.predict(features, small, BOX)


def test_every_head_predicts_the_test_maps_and_no_others(small, inferred):
    assert inferred["head"].values.tolist() == list(inferring.HEADS)
    tested = np.flatnonzero(small["split"].values == "test")
    np.testing.assert_array_equal(inferred["row"], tested)
    assert np.isfinite(inferred["prediction"]).all()
    inferring.INFERRED.check(
        inferred.assign_attrs(statistic="height", features=22, constants=2), "inferred"
    )


def test_every_prediction_stands_at_the_name_of_its_head(small, features, inferred):
    """The first two know only training cosmologies; ranks are those of emulators."""
    train = small["split"].values == "train"
    known = set(map(tuple, small["target"].values[train]))
    by_head = inferred["prediction"]
    nearest, posterior, calibrated = (
        set(map(tuple, by_head.sel(head=head).values))
        for head in ("nearest", "posterior", "calibrated")
    )
    assert nearest <= known
    assert not posterior <= known
    head = inferring.calibrated(features, small, BOX)
    tested = features[inferred["row"].values]
    assert calibrated == set(map(tuple, head.predict(tested)))
    np.testing.assert_array_equal(
        inferred["rank"].sel(posterior="calibrated"),
        head.ranks(tested, inferred["target"].values),
    )


def test_labels_of_test_maps_change_no_prediction(small, features, inferred):
    wrong = small.copy(deep=True)
    test = wrong["split"].values == "test"
    wrong["target"].values[test] = 0.33
    mislabelled = inferring.predict(features, wrong, BOX)
    np.testing.assert_array_equal(mislabelled["prediction"], inferred["prediction"])


@pytest.mark.parametrize("count", [60, 70, 130, 145])
def test_features_may_be_as_many_as_maps(small, count):
    """Of 168 training maps of six cosmologies 140 are left without one of these."""
    rng = np.random.default_rng(0)
    slopes = 5 * rng.normal(size=(2, count))
    features = small["target"].values @ slopes + rng.normal(size=(len(small.x), count))
    found = inferring.predict(features, small, BOX)
    missed = (found["prediction"] - found["target"]).sel(head="unseen")
    assert np.sqrt((missed**2).mean("sample")).max() < 0.05


def test_unseen_predictions_use_no_map_of_their_cosmology(small, features, inferred):
    """Change the training maps of one cosmology: its own predictions stay."""
    own = small["cosmology"].values == "c2"
    changed = features.copy()
    changed[own & (small["split"].values == "train")] += 1
    before, after = (
        dataset["prediction"].sel(head="unseen").values
        for dataset in (inferred, inferring.predict(changed, small, BOX))
    )
    tested = inferred["cosmology"].values == "c2"
    np.testing.assert_array_equal(before[tested], after[tested])
    assert not np.array_equal(before[~tested], after[~tested])
