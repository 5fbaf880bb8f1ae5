"""All wavelets of a combination: who is there, what each may see, negative inputs."""

import numpy as np
import pytest

from awd.features import Largest
from awd.league import choose
from awd.league.splits import Part
from awd.record import contracts
from awd.study.distil import Answers, Distiller

RNG = np.random.default_rng(0)
N = 240
X = RNG.normal(size=(N, 40)).cumsum(1).astype("f4")
GRADIENT = RNG.normal(size=X.shape).astype("f4")
SOFT = {
    "levels": 3,
    "init": "db2",
    "sparsity": [1e-3],
    "attribution": [0.0, 1.0],
    "epochs": 1,
    "batch": 100,
    "learning_rate": 1e-3,
}


def part(y):
    groups = np.arange(N) // 12
    return Part("peak", {"units": "1"}, X, y, groups, groups, np.arange(N))


def distiller(y, choose_by="fidelity"):
    return Distiller(
        part(y),
        Largest(6),
        folds=4,
        seed=0,
        lengths=[2, 4],
        levels=[3],
        moments=1,
        draws=3,
        candidates=20,
        choose_by=choose_by,
        attribution={"length": 4, "levels": 3, "ratios": [1.0]},
        soft=SOFT,
    )


def answers():
    outputs = {"lstm": X.max(1), "mlp": X.mean(1), "untrained": X[:, 7]}
    return {name: Answers(output, GRADIENT) for name, output in outputs.items()}


@pytest.fixture(scope="module")
def found():
    return distiller(X.max(1)).methods(answers(), ["output", "attribution"])


def test_everybody_is_there_with_a_role(found):
    roles = {name: method.role for name, method in found.items()}
    distilled = {"output", "attribution", "output_mlp"}
    assert {name for name, role in roles.items() if role == "distilled"} == distilled
    assert set(roles) - distilled == {
        "untrained",
        "sparsity",
        "random_fidelity",
        "random_labels",
        "named_fidelity",
        "named_labels",
        "labels",
    }
    names = {"target": "peak", "split": "0", "seed": "0"}
    ds = choose.to_dataset(found, mode="zero", **names)
    contracts.WAVELETS.check(ds, "wavelets.nc")
    assert len(choose.draws_of(ds, "output")) == 3


def test_controls_choose_from_as_many_as_ours_or_more(found):
    counts = {name: len(method.pool) for name, method in found.items()}
    assert counts["random_fidelity"] == counts["random_labels"] == 20
    assert counts["output"] <= counts["named_fidelity"] <= 20
    assert counts["labels"] == counts["output"]
    assert found["labels"].chosen_by == "labels"


def test_no_label_enters_ours_and_labels_enter_who_says_so(found):
    of_noise = distiller(RNG.normal(size=N))
    other = of_noise.methods(answers(), ["output", "attribution"])
    for name, method in found.items():
        same = np.array_equal(method.chosen.filter, other[name].chosen.filter)
        if method.chosen_by == "fidelity":
            assert same, name
            assert method.chosen.score == other[name].chosen.score
        else:
            assert method.chosen.score != other[name].chosen.score


def test_ours_is_at_least_as_faithful_as_the_controls(found):
    score = {name: method.chosen.score for name, method in found.items()}
    for control in ("random_fidelity", "sparsity"):  # named ones may be longer here
        assert score["output"] >= score[control]


def test_the_published_protocol_chooses_by_labels_from_its_grid():
    found = distiller(X.max(1), "labels").methods(answers(), ["soft"])
    assert found["soft"].chosen_by == "labels"
    assert len(found["soft"].pool) == 2
    assert found["soft"].parameters == 4
    assert {c.attribution for c in found["sparsity"].pool} == {0.0}
    assert found["soft_mlp"].role == "distilled"


def test_a_teacher_of_shuffled_outputs_teaches_nothing():
    shuffled = Answers(RNG.permutation(X.max(1)), RNG.permutation(GRADIENT))
    objectives = ["output", "attribution"]
    found = distiller(X.max(1)).methods({"lstm": shuffled}, objectives)
    for name in ("output", "attribution", "sparsity", "random_fidelity"):
        assert found[name].chosen.score < 0.1, name
