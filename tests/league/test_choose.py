"""The one rule of choice, and the file of methods."""

import numpy as np
import pytest

from awd import wavelet
from awd.league import choose
from awd.record import contracts
from awd.search import candidates
from awd.search.candidates import Candidate

POOL = candidates.named_pool(9, [3])
DB2 = wavelet.from_pywt("db2")


def test_the_highest_score_wins_and_the_first_of_equals():
    scores = [0.1, 0.7, 0.3, 0.7, *([0.0] * 5)]
    method = choose.choose(POOL, scores, "fidelity", "control")
    np.testing.assert_array_equal(method.chosen.filter, POOL[1].filter)
    assert method.chosen.score == 0.7
    assert [candidate.score for candidate in method.pool] == scores
    assert method.parameters == len(POOL[1].filter) // 2 - 1


def test_a_score_is_needed_of_every_candidate():
    with pytest.raises(ValueError, match="shorter"):
        choose.choose(POOL, [0.1], "fidelity", "control")


def test_methods_survive_their_file():
    scores = np.linspace(0, 1, len(POOL))
    scanned = [Candidate(DB2, 3, parameter=0.2), Candidate(DB2[::-1], 3, True)]
    methods = {
        "output": choose.choose(
            scanned, [0.5, 0.4], "fidelity", "distilled", draws=[DB2] * 3
        ),
        "named_labels": choose.choose(POOL, scores, "labels", "control", parameters=0),
    }
    names = {"target": "mean0", "mode": "zero", "split": "0", "seed": "0"}
    ds = choose.to_dataset(methods, **names)
    contracts.WAVELETS.check(ds, "wavelets.nc")
    assert ds["scored"].values.tolist() == [2, 9]
    read = choose.from_dataset(ds)
    assert list(read) == list(methods)
    for name, method in methods.items():
        found = read[name]
        assert (found.role, found.chosen_by) == (method.role, method.chosen_by)
        assert (found.parameters, found.family) == (method.parameters, method.family)
        np.testing.assert_equal(vars(found.chosen), vars(method.chosen))
        for ours, theirs in zip(found.pool, method.pool, strict=True):
            np.testing.assert_equal(vars(ours), vars(theirs))
        np.testing.assert_equal(list(found.draws), list(method.draws))
