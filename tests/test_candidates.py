"""Pools of filters and the rule by which all methods choose."""

from dataclasses import replace

import numpy as np

from awd import wavelet
from awd.features import Largest
from awd.filters import named
from awd.search import candidates
from awd.search.candidates import Candidate
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
    scores = candidates.scores(twins, X, Y, Largest(6))
    assert len(set(scores)) == 4


def test_a_student_of_both_ends_has_no_mirror_and_haar_no_flip():
    assert len(candidates.symmetries(DB2, Largest(3, 3))) == 2
    haar = Candidate(wavelet.from_pywt("haar"), 3)
    assert candidates.symmetries(haar, Largest(3, 3)) == [haar]


def test_scores_are_fidelities_and_the_best_wins():
    pool = candidates.named_pool(12, [2, 3])
    groups = np.arange(120) // 10
    scores = candidates.scores(pool, X, Y, Largest(6), groups)
    for candidate, score in zip(pool, scores, strict=True):
        term = fidelity(X, Y, Largest(6), candidate.levels, groups)
        assert score == 1 - term.values(candidate.filter[None])[0]
    scored = [replace(c, score=s) for c, s in zip(pool, scores, strict=True)]
    assert candidates.best(scored).score == max(scores)


def test_random_filters_are_wavelets_of_every_shape():
    pool = candidates.random_pool(60, [4, 6, 12], [3, 4], np.random.default_rng(1))
    shapes = [(len(one.filter), one.levels) for one in pool]
    assert {shapes.count(shape) for shape in set(shapes)} == {10}
    for one in pool:
        assert max(wavelet.conditions(one.filter).values()) < 1e-12


def test_named_wavelets_stand_once_the_shortest_first():
    names = named.names()
    assert {"haar", "db2", "db10", "sym4", "coif1"} <= set(names)
    assert not {"db1", "sym2", "dmey", "db11"} & set(names)
    pool = candidates.named_pool(60, [3, 4, 5])
    lengths = [len(one.filter) for one in pool]
    assert lengths == sorted(lengths)
    assert len(pool) == 60
    assert len(candidates.named_pool(1000, [4])) == len(names)
