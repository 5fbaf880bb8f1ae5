"""Pools of filters and the rule by which all methods choose."""

import numpy as np
import pytest

from awd import wavelet
from awd.features import Largest
from awd.record import contracts
from awd.search import candidates
from awd.search.candidates import Candidate, Method
from awd.search.fidelity import fidelity

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 40)).cumsum(1)
Y = X.max(1)
DB2 = Candidate(wavelet.from_pywt("db2"), 3)


def test_twins_have_the_same_norms_and_another_student():
    twins = candidates.symmetries(DB2, Largest(6))
    assert [(one.flipped, one.mirrored) for one in twins] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]
    np.testing.assert_array_equal(twins[1].filter, DB2.filter[::-1])
    scores = [one.score for one in candidates.scored(twins, X, Y, Largest(6))]
    assert len(set(scores)) == 4


def test_a_student_of_both_ends_has_no_mirror_and_haar_no_flip():
    assert len(candidates.symmetries(DB2, Largest(3, 3))) == 2
    haar = Candidate(wavelet.from_pywt("haar"), 3)
    assert candidates.symmetries(haar, Largest(3, 3)) == [haar]


def test_scores_are_fidelities_and_the_best_wins():
    pool = candidates.named_pool(12, [2, 3])
    scored = candidates.scored(pool, X, Y, Largest(6), np.arange(120) // 10)
    for one in scored:
        term = fidelity(X, Y, Largest(6), one.levels, np.arange(120) // 10)
        assert one.score == 1 - term.values(one.filter[None])[0]
    assert candidates.best(scored).score == max(one.score for one in scored)


def test_random_filters_are_wavelets_of_every_shape():
    pool = candidates.random_pool(60, [4, 6, 12], [3, 4], np.random.default_rng(1))
    shapes = [(len(one.filter), one.levels) for one in pool]
    assert {shapes.count(shape) for shape in set(shapes)} == {10}
    for one in pool:
        assert max(wavelet.conditions(one.filter).values()) < 1e-12


def test_named_wavelets_stand_once_the_shortest_first():
    names = candidates.named_wavelets()
    assert {"haar", "db2", "db10", "sym4", "coif1"} <= set(names)
    assert not {"db1", "sym2", "dmey", "db11"} & set(names)
    pool = candidates.named_pool(60, [3, 4, 5])
    lengths = [len(one.filter) for one in pool]
    assert lengths == sorted(lengths)
    assert len(pool) == 60
    assert len(candidates.named_pool(1000, [4])) == len(names)


def test_methods_survive_their_file():
    pool = candidates.scored(candidates.symmetries(DB2, Largest(6)), X, Y, Largest(6))
    named = candidates.scored(candidates.named_pool(9, [3]), X, Y, Largest(6))
    methods = {
        "output": Method(
            candidates.best(pool), pool, "distilled", "fidelity", 1, [DB2.filter] * 3
        ),
        "named_labels": Method(named[-1], named, "control", "labels", 0),
    }
    ds = candidates.to_dataset(methods, target="mean0", mode="zero")
    contracts.WAVELETS.check(ds, "wavelets.nc")
    assert ds["scored"].values.tolist() == [4, 9]
    drawn = candidates.draws_of(ds, "output")[:, :4]
    np.testing.assert_array_equal(drawn, [DB2.filter] * 3)
    assert len(candidates.draws_of(ds, "named_labels")) == 0
    for name, one in candidates.from_dataset(ds).items():
        chosen = methods[name].chosen
        np.testing.assert_array_equal(one.filter, chosen.filter)
        assert (one.levels, one.mirrored, one.flipped, one.score) == (
            chosen.levels,
            chosen.mirrored,
            chosen.flipped,
            pytest.approx(chosen.score),
        )
