import numpy as np
import pytest
import xarray as xr

from awd.errors import DataError
from awd.league import splits

GROUPS = np.repeat([f"cell{i}" for i in range(10)], 7)


@pytest.mark.parametrize(
    ("count", "test"),
    [(4, 0.25), (7, 0.25), (10, 0.25), (48, 0.25), (3, 1 / 3), (9, 0.2)],
)
def test_rotations_test_every_group_exactly_once(count, test):
    groups = np.arange(count)
    sides = [
        splits.rotate(groups, k, seed=1, test=test) for k in range(round(1 / test))
    ]
    assert (sum(side == "test" for side in sides) == 1).all()
    for side in sides:
        assert set(side) == {"train", "select", "test"}


@pytest.mark.parametrize("rotation", range(4))
def test_no_group_is_torn_and_the_shares_are_kept(rotation):
    side = splits.rotate(GROUPS, rotation, seed=0)
    splits.check(GROUPS, side)
    groups = {name: len(np.unique(GROUPS[side == name])) for name in np.unique(side)}
    assert groups["test"] in (2, 3)
    assert groups["select"] == 2
    assert sum(groups.values()) == 10


def test_split_follows_the_seed_and_not_the_order_of_the_samples():
    order = np.random.default_rng(0).permutation(len(GROUPS))
    side = splits.rotate(GROUPS, 1, seed=3)
    assert (splits.rotate(GROUPS[order], 1, seed=3) == side[order]).all()
    assert any((splits.rotate(GROUPS, 1, seed=s) != side).any() for s in range(4))


def test_a_torn_group_is_refused_by_name():
    side = splits.rotate(GROUPS, 0, seed=0)
    side[GROUPS == "cell4"] = ["train"] * 6 + ["test"]
    with pytest.raises(DataError, match=r"group 'cell4' stands in test and train"):
        splits.check(GROUPS, side)


@pytest.mark.parametrize(
    ("count", "arguments", "message"),
    [
        (3, {"rotation": 0}, "3 groups are too few for test=0.25, which needs 4"),
        (2, {"rotation": 0, "test": 0.5}, "2 groups leave none to train on"),
        (8, {"rotation": 4}, "rotation 4 does not exist: .* rotations 0 to 3"),
        (8, {"rotation": -1}, "rotation is -1; expected 0"),
        (8, {"rotation": 0, "test": 25}, "test=25 is not a share"),
        (8, {"rotation": 0, "select": 0.8}, "8 groups leave none to train on"),
        (0, {"rotation": 0}, "0 groups are too few"),
    ],
)
def test_impossible_splits_are_refused_with_the_numbers(count, arguments, message):
    with pytest.raises(DataError, match=message):
        splits.rotate(np.arange(count), seed=0, **arguments)


@pytest.fixture
def data():
    described = {"units": "counts", "long_name": "x"}
    return xr.Dataset(
        {
            "x": (("sample", "time"), np.arange(8.0).reshape(4, 2), described),
            "target": (("sample", "name"), np.arange(8.0).reshape(4, 2), described),
            "group": ("sample", list("abba")),
            "block": ("sample", list("1234")),
            "split": ("sample", ["train", "test", "test", "train"]),
        },
        coords={"name": ["half", "max0"]},
    )


def test_a_part_is_one_side_for_one_target(data):
    part = splits.part(data, "test", "max0")
    np.testing.assert_array_equal(part.rows, [1, 2])
    np.testing.assert_array_equal(part.x, [[2, 3], [4, 5]])
    np.testing.assert_array_equal(part.y, [3, 5])
    assert part.described == {"units": "counts", "long_name": "max0"}
    with pytest.raises(DataError, match="no sample is in the split 'select'"):
        splits.part(data, "select", "max0")
    with pytest.raises(DataError, match="the target 'mean0'"):
        splits.part(data, "test", "mean0")
    data["split"].values[0] = "test"
    with pytest.raises(DataError, match="group 'a' stands in"):
        splits.part(data, "test", "max0")


def test_a_part_of_several_sides_keeps_the_order_of_the_samples(data):
    both = splits.part(data, ("test", "train"), "max0")
    assert both.rows.tolist() == [0, 1, 2, 3]
    assert both.groups.tolist() == data["group"].values.tolist()
    with pytest.raises(DataError, match="no sample is in the split 'select'"):
        splits.part(data, ("train", "select"), "max0")


def test_a_part_has_hand_features_where_the_data_set_has_them(data):
    assert splits.part(data, "test", "max0").hand is None
    with_hand = data.assign(hand=(("sample", "feature"), np.arange(12.0).reshape(4, 3)))
    part = splits.part(with_hand, "test", "max0")
    np.testing.assert_array_equal(part.hand, [[3, 4, 5], [6, 7, 8]])


def test_shuffled_targets_are_the_same_targets_of_other_samples():
    y = np.arange(50.0)
    part = splits.Part("t", {}, y[:, None], y, *[np.arange(50)] * 3)
    shuffled, again = (part.with_shuffled_target(seed) for seed in (1, 1))
    np.testing.assert_array_equal(np.sort(shuffled.y), y)
    np.testing.assert_array_equal(shuffled.y, again.y)
    assert abs(np.corrcoef(shuffled.y, y)[0, 1]) < 0.3
    assert shuffled.x is part.x
    np.testing.assert_array_equal(part.y, np.arange(50.0))
    assert (part.with_shuffled_target(2).y != shuffled.y).any()


def test_named_groups_test_in_every_rotation():
    groups = np.repeat([f"cell{k}" for k in range(1, 9)], 3)
    options = {"seed": 0, "select": 0.15, "test_groups": ["cell7", "cell8"]}
    selected = set()
    for rotation in range(6):
        split = splits.rotate(groups, rotation, **options)
        assert set(groups[split == "test"]) == {"cell7", "cell8"}
        assert len(set(groups[split == "select"])) == 1
        assert len(set(groups[split == "train"])) == 5
        selected |= set(groups[split == "select"])
    assert selected == {f"cell{k}" for k in range(1, 7)}
    with pytest.raises(DataError, match="no group cell9 to test on; there is cell1"):
        splits.rotate(groups, 0, seed=0, test_groups=["cell9"])
