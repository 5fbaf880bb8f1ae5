import numpy as np
import pytest
import xarray as xr

from awd.errors import DataError
from awd.record import contracts


@pytest.fixture
def dataset():
    described = {"units": "1", "long_name": "signal"}
    return xr.Dataset(
        {
            "x": (("sample", "time"), np.ones((3, 8), "f4"), described),
            "target": (("sample", "name"), np.ones((3, 1), "f4"), described),
            "group": ("sample", ["a", "b", "b"]),
            "block": ("sample", ["a0", "b0", "b1"]),
            "split": ("sample", ["train", "select", "test"]),
            "hand": (("sample", "feature"), np.ones((3, 2), "f4"), described),
        }
    )


def test_a_good_dataset_passes_unchanged(dataset):
    assert contracts.DATASET.check(dataset, "f.nc") is dataset


@pytest.mark.parametrize(
    "dims", [("channel", "time"), ("y", "x"), ("channel", "y", "x")]
)
def test_channels_and_images_fit_the_same_contract(dataset, dims):
    shape = (3, 2, 4, 4)[: 1 + len(dims)]
    x = np.ones(shape, "f4")
    ds = dataset.drop_vars("x").assign(x=(("sample", *dims), x, dataset.x.attrs))
    contracts.DATASET.check(ds, "f.nc")


@pytest.mark.parametrize("name", ["split", "hand"])
def test_optional_variables_may_be_left_out(dataset, name):
    contracts.DATASET.check(dataset.drop_vars(name), "f.nc")


def damage(ds, what):
    if what == "missing":
        return ds.drop_vars("group")
    if what == "dims":
        return ds.assign(x=ds.x.transpose("time", "sample"))
    if what == "dtype":
        return ds.assign(x=ds.x.astype("i4").assign_attrs(ds.x.attrs))
    if what == "units":
        return ds.assign(x=ds.x.drop_attrs())
    if what == "word":
        return ds.assign(split=("sample", ["train", "val", "test"]))
    ds.x.values[1, 2] = np.nan
    return ds


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("missing", "f.nc: no variable 'group'"),
        ("dims", r"x has dimensions \('time', 'sample'\)"),
        ("dtype", "x has dtype int32; expected floating point"),
        ("units", "x needs the attribute 'units'"),
        ("word", r"split\[1\] is val; expected one of"),
        ("nan", r"x\[1, 2\] is nan; expected a finite value \(1 of 24"),
    ],
)
def test_an_offence_is_named_with_file_variable_and_index(dataset, what, message):
    with pytest.raises(DataError, match=message):
        contracts.DATASET.check(damage(dataset, what), "f.nc")
