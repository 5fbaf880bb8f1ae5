"""The league on traces: students, networks and baselines, scored and timed."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from awd import wavelet
from awd.errors import DataError
from awd.features import Largest, Student
from awd.filters import kernels
from awd.league import baselines as models
from awd.league import bootstrap, choose, score, splits
from awd.league.predict import time_inference, to_dataset
from awd.record import contracts
from awd.search.candidates import Candidate
from awd.study import baselines, predict
from awd.targets import LABELS, HeldOut, Target, share_for
from awd.teacher import brought, networks

STUDENT = Student(Largest(3))
LEVELS = 3


def make_data(seed=0, n=240):
    """Traces whose target is the largest coarse coefficient, 8 groups."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 40)).cumsum(1).astype("f4")
    y = kernels.analysis(x, wavelet.from_pywt("db2"), LEVELS)[0].max(1)
    group = np.repeat([f"g{k}" for k in range(8)], n // 8)
    block = np.char.add(group, np.tile(["a", "b", "c"], n // 3))
    described = {"units": "1", "long_name": "trace"}
    ds = xr.Dataset(
        {
            "x": (("sample", "time"), x, described),
            "target": (("sample", "name"), y[:, None].astype("f4"), described),
            "group": ("sample", group),
            "block": ("sample", block),
        },
        coords={"name": ["peak"]},
    )
    return ds


def make_set(rotation, gradient=None, seed="0"):
    """Students and baselines of one rotation, as the pipeline's files."""
    data = make_data()
    split = splits.rotate(data["group"].values, rotation, seed=0)
    data = data.assign(split=("sample", split))
    train, test = (splits.part(data, side, "peak") for side in ("train", "test"))
    gradient = np.ones_like(test.x) if gradient is None else gradient
    fold = splits.folds(train.groups, 3)
    held_out = HeldOut(fold, np.tile(train.y + 1.0, (3, 1)))
    teaching = predict.Teaching(train.y + 1.0, test.y + 1.0, gradient, held_out)
    pool = [Candidate(wavelet.from_pywt("db2"), LEVELS)] * 60
    methods = {
        "ours": choose.choose(pool, [1.0] * 60, "fidelity", "distilled"),
        **predict.fixed(["haar"], LEVELS),
    }
    wavelets = of_wavelets(methods, train, test, teaching)
    plain = baselines.of_models(train, test, seed=0)
    names = {"study": "cells", "split": str(rotation)}
    return (
        to_dataset(wavelets, test, seed=seed, **names),
        to_dataset(plain, test, seed="all", **names),
        wavelets,
        (train, test, teaching),
    )


def of_wavelets(methods, *given):
    return {
        name: predict.of_wavelet(method, *given, STUDENT, {"": LABELS})[""]
        for name, method in methods.items()
    }


@pytest.fixture(scope="module")
def sets():
    return [make_set(rotation) for rotation in range(4)]


@pytest.fixture(scope="module")
def tables(sets):
    students, plain, *_ = zip(*sets, strict=True)
    return score.score(score.join(students, plain), draws=200, seed=0)


def test_files_keep_their_contract(sets):
    for students, plain, *_ in sets:
        for ds in (students, plain):
            contracts.PREDICTIONS.check(ds, "f.nc")


def test_the_filter_that_made_the_target_wins(tables):
    scores, differences, _ = tables
    overall = scores[scores["split"] == "all"].set_index("method")
    assert overall["r2"].idxmax() == "ours"
    beaten = differences.set_index(["method", "reference"]).loc["ours", "haar"]
    assert beaten["low"] > 0
    assert (beaten["above"], beaten["test_sets"]) == (4, 4)


def test_an_entry_is_its_student_alone(sets):
    *_, entries, (train, test, teaching) = sets[0]
    for name, family in (("ours", "db2"), ("haar", "haar")):
        h = wavelet.from_pywt(family)
        student = Student(Largest(3)).fit(train.x, train.y, h, LEVELS)
        entry = entries[name]
        np.testing.assert_array_equal(entry.prediction, student.predict(test.x))
        np.testing.assert_array_equal(entry.predict(entry.inputs), entry.prediction)
        copy = Student(Largest(3)).fit(train.x, teaching.known, h, LEVELS)
        expected = bootstrap.r2(teaching.test, copy.predict(test.x))
        assert entries[name].fidelity == expected
        assert entries[name].head_parameters == student.head_parameters


def test_a_head_fitted_to_outputs_follows_the_network_and_needs_no_label(sets):
    *_, (train, test, teaching) = sets[0]
    method = predict.fixed(["db2"], LEVELS)["db2"]
    targets = {"@outputs": Target(teaching.known, (1.0,)), "@labels": LABELS}
    unlabelled = replace(train, y=np.full(len(train.y), 7.0))
    found, blind = (
        predict.of_wavelet(method, known, test, teaching, STUDENT, targets)
        for known in (train, unlabelled)
    )
    for entries in (found, blind):
        np.testing.assert_allclose(
            entries["@outputs"].prediction, found["@labels"].prediction + 1, atol=1e-6
        )
    assert found["@outputs"].share == 1
    assert found["@labels"].share == 0


@pytest.mark.parametrize(("good", "expected"), [(True, 1.0), (False, 0.0)])
def test_the_share_is_what_helps_where_the_network_has_not_looked(sets, good, expected):
    """Labels of noise against a network that knows the truth, and the other way."""
    *_, (train, _, _) = sets[0]
    rng = np.random.default_rng(0)
    noisy = train.y + rng.normal(scale=4 * train.y.std(), size=len(train.y))
    labels, outputs = (noisy, train.y) if good else (train.y, noisy)
    fold = splits.folds(train.groups, 3)
    held_out = HeldOut(fold, np.tile(outputs, (3, 1)))
    target = Target(outputs, (0.0, 0.5, 1.0), held_out)
    known = replace(train, y=labels)
    share = share_for(STUDENT, known, target, wavelet.from_pywt("db2"), LEVELS, "zero")
    assert share == expected


def test_a_share_cannot_be_chosen_without_networks_that_did_not_see_a_fold(sets):
    *_, (train, _, _) = sets[0]
    target = Target(train.y, (0.0, 1.0))
    with pytest.raises(DataError, match="networks make that did not see a fold"):
        share_for(STUDENT, train, target, wavelet.from_pywt("db2"), LEVELS, "zero")


def test_the_share_does_not_see_what_the_distilled_network_says_of_a_fold(sets):
    *_, (train, _, _) = sets[0]
    h = wavelet.from_pywt("db2")
    fold = splits.folds(train.groups, 3)
    outputs = np.random.default_rng(0).normal(size=(3, len(train.y)))
    shares = [0.0, 0.5, 1.0]
    inside = fold[None] == np.arange(3)[:, None]
    changed = np.where(inside, 1e3, outputs)
    found = [
        share_for(
            STUDENT, train, Target(train.y, shares, HeldOut(fold, o)), h, LEVELS, "zero"
        )
        for o in (outputs, changed)
    ]
    assert found[0] == found[1] == 0


def test_compression_counts_what_is_large_and_matters():
    nothing = make_set(0, gradient=np.zeros((60, 40), "f4"))[0]
    assert (nothing["compression"] == 0).all()


def test_the_overall_score_is_the_mean_over_the_splits(tables):
    scores = tables[0]
    each = scores[scores["split"] != "all"].groupby("method")["r2"].mean()
    overall = scores[scores["split"] == "all"].set_index("method")["r2"]
    np.testing.assert_allclose(each[overall.index], overall)


def test_spread_is_over_the_means_of_splits_and_of_seeds(sets):
    students, plain, *_ = zip(*sets[:2], strict=True)
    other = [make_set(0, seed="1")[0], make_set(1, seed="1")[0]]
    for one in other:
        one["prediction"] = 0.9 * one["prediction"]
    joined = score.join([*students, *other], plain)
    scores, differences, _ = score.score(joined, draws=100, seed=0)
    each = scores[(scores["split"] != "all") & (scores["method"] == "ours")]
    overall = scores[(scores["split"] == "all") & (scores["method"] == "ours")]
    for name in ("split", "seed"):
        expected = each.groupby(name)["r2"].mean().std()
        assert overall[f"r2_sd_{name}s"].item() == pytest.approx(expected)
    assert (differences["test_sets"] == 4).all()
    assert (overall["scored"] == 60).all()


def test_every_distilled_method_is_paired_with_every_other(tables):
    pairs = tables[1].groupby("method")["reference"].nunique()
    assert pairs.to_dict() == {"ours": tables[0]["method"].nunique() - 1}


def test_a_mirrored_choice_is_read_mirrored(sets):
    *_, (train, test, teaching) = sets[0]
    chosen = Candidate(wavelet.from_pywt("db2"), LEVELS, mirrored=True)
    method = choose.choose([chosen], [1.0], "fidelity", "distilled")
    (entry,) = of_wavelets({"ours": method}, train, test, teaching).values()
    student = Student(Largest(0, 3)).fit(train.x, train.y, chosen.filter, LEVELS)
    np.testing.assert_array_equal(entry.predict(test.x), student.predict(test.x))


def test_teachers_are_faithful_to_the_first_of_them(sets):
    *_, (_, test, teaching) = sets[0]
    teacher = brought.network(networks.build("mlp", seed=0))
    first, second = (
        predict.of_teacher(teacher, test, teaching, output, "cpu")
        for output in (teaching.test, 0 * teaching.test)
    )
    assert first.fidelity == 1
    assert second.fidelity < 0
    assert first.head_parameters == second.head_parameters == 4737


def test_every_group_is_tested_once_and_told(tables):
    groups = tables[2]
    ours = groups[groups["method"] == "ours"]
    assert sorted(ours["group"]) == [f"g{k}" for k in range(8)]


def test_other_samples_or_missing_baselines_are_refused(sets):
    students = [one[0] for one in sets]
    with pytest.raises(DataError, match="no baselines for the samples of cells peak 1"):
        score.join(students, [sets[0][1]])
    moved = sets[0][1].assign(row=sets[0][1]["row"] + 1)
    with pytest.raises(DataError, match="cells peak 0"):
        score.join(students[:1], [moved])


def test_hand_baselines_enter_where_there_are_hand_features(sets):
    *_, (train, test, _) = sets[0]
    plain = baselines.of_models(train, test, 0)
    by_hand = {"hand_ridge", "hand_hinges", "hand_boosting"}
    assert list(plain) == [name for name in models.MODELS if name not in by_hand]
    parts = (replace(part, hand=part.x[:, :17]) for part in (train, test))
    entries = baselines.of_models(*parts, 0)
    assert list(entries) == list(models.MODELS)
    assert entries["hand_ridge"].head_parameters == 18
    ridge = models.fit("ridge", train.x[:, :17], train.y, train.groups, 0)
    expected = ridge.predict(test.x[:, :17]).clip(train.y.min(), train.y.max())
    entry = entries["hand_ridge"]
    np.testing.assert_array_equal(entry.predict(entry.inputs), expected)
    timings = time_inference(entries, study="cells")
    assert list(timings["method"]) == list(entries)


def test_times_are_taken_of_every_method(sets):
    *_, entries, _ = sets[0]
    timings = time_inference(entries, study="cells", target="peak")
    assert list(timings["method"]) == list(entries)
    assert (timings[["seconds_batch1", "seconds_batch1000"]] > 0).all(axis=None)
