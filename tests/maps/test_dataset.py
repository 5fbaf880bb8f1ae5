"""From maps to ``samples.nc``: sizes, noise, tiles and splits."""

import numpy as np
import pandas as pd
import pytest

from awd import io
from awd.errors import DataError, ShapeError
from awd.league import splits
from awd.maps.readers import Collection
from awd.maps.study import dataset
from awd.record import contracts

SETTINGS = {"pixel_arcmin": 0.8, "targets": ["omega_m", "sigma_8"]}


def collection(images=None, realisations=5, cosmologies=3):
    """Maps (n, y, x) of some cosmologies, one realisation after the other."""
    rows = [
        {
            "source": f"map {r} of {c}",
            "cosmology": f"c{c}",
            "realisation": r,
            "omega_m": 0.2 + 0.05 * c,
            "sigma_8": 0.8,
        }
        for r in range(realisations)
        for c in range(cosmologies)
    ]
    if images is None:
        rng = np.random.default_rng(0)
        images = rng.normal(0, 0.02, (len(rows), 16, 16)).astype(np.float32)
    return listed(rows[: len(images)], images), images


def listed(rows, images):
    return Collection(pd.DataFrame(rows), lambda some: (images[k] for k in some))


def split(maps):
    return dataset.split_by_realisation(maps, {"train": 2, "select": 1, "test": 1})


def written(path, maps, **settings):
    dataset.write(maps, path, **{**SETTINGS, **settings})
    return io.read(path, contracts.MAPS)


def test_maps_are_written_as_they_are_with_their_side(tmp_path):
    maps, images = collection()
    ds = written(tmp_path / "maps.nc", split(maps))
    np.testing.assert_array_equal(ds["x"], images[:12])  # the fifth is not used
    sides = ["train"] * 6 + ["select"] * 3 + ["test"] * 3
    assert ds["split"].values.tolist() == sides
    splits.check(ds["group"].values, ds["split"].values)
    np.testing.assert_allclose(ds["target"].values[:3, 0], [0.2, 0.25, 0.3])
    assert ds.attrs["pixel_arcmin"] == 0.8
    assert ds["block"].values.tolist() == ["c0", "c1", "c2"] * 4


def test_block_means_are_exact_and_enlarge_the_pixels(tmp_path):
    maps, images = collection()
    ds = written(tmp_path / "maps.nc", split(maps), size=4)
    expected = images[:12].reshape(12, 4, 4, 4, 4).mean((2, 4))
    np.testing.assert_allclose(ds["x"], expected, rtol=1e-5, atol=1e-9)
    assert ds.attrs["pixel_arcmin"] == pytest.approx(3.2)


def test_tiles_share_their_maps_group_and_say_where_they_stood(tmp_path):
    maps, images = collection()
    ds = written(tmp_path / "maps.nc", split(maps), tile=8, stride=4)
    assert ds.sizes["sample"] == 12 * 9
    for k in (0, 5, 9 * 7 + 8):
        y, x = ds["offset"].values[k]
        tile = images[k // 9][y : y + 8, x : x + 8]
        np.testing.assert_array_equal(ds["x"].values[k], tile)
    assert len(set(ds["group"].values[:9])) == 1
    assert len(np.unique(ds["offset"].values[:9], axis=0)) == 9


def test_noise_has_the_asked_size_and_comes_again(tmp_path):
    images = np.zeros((12, 32, 32), np.float32)
    images += np.random.default_rng(1).normal(0, 1e-5, images.shape).astype("f4")
    maps, _ = collection(images)
    made = [
        written(tmp_path / f"{k}.nc", split(maps), galaxies=30, seed=k // 2)["x"].values
        for k in range(3)
    ]
    assert made[0].std() == pytest.approx(0.4 / np.sqrt(60) / 0.8, rel=0.02)
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert np.abs(np.corrcoef(made[0].reshape(12, -1)) - np.eye(12)).max() < 0.15


def test_smoothing_comes_after_the_noise(tmp_path):
    maps, _ = collection()
    rough, smooth = (
        written(tmp_path / "maps.nc", split(maps), galaxies=30, smoothing_arcmin=s)["x"]
        for s in (0.0, 1.6)
    )
    assert float(smooth.std()) < 0.3 * float(rough.std())


def test_pixels_without_value_become_a_mask_and_are_filled(tmp_path):
    maps, images = collection()
    images[0, 2, 3], images[1, 4:6, 4:6] = np.nan, -1.6375e30  # HEALPix's UNSEEN
    ds = written(tmp_path / "maps.nc", split(maps), nan="mask")
    hidden = ds["mask"].values == 0
    assert hidden[0].sum() == 1
    assert hidden[0, 2, 3]
    assert hidden[1].sum() == 4
    assert hidden[1, 4:6, 4:6].all()
    assert not hidden[2:].any()
    assert np.isfinite(ds["x"]).all()
    assert np.abs(ds["x"].values[hidden]).max() < np.abs(images[2]).max()
    np.testing.assert_array_equal(ds["x"].values[~hidden], images[:12][~hidden])


def test_a_surveys_mask_hides_the_same_of_all_maps_and_their_tiles(tmp_path):
    maps, images = collection()
    survey = np.ones((16, 16))
    survey[9:, 9:] = 0
    np.save(tmp_path / "mask.npy", survey)
    settings = {"tile": 8, "mask": tmp_path / "mask.npy", "nan": "refuse"}
    with pytest.raises(DataError, match=r"tile at \(8, 8\): 23 % of its pixels"):
        written(tmp_path / "maps.nc", split(maps), **settings)
    survey[9:, 12:] = 1
    np.save(tmp_path / "mask.npy", survey)
    ds = written(tmp_path / "maps.nc", split(maps), **settings)
    for k in (0, 3, 7):
        y, x = ds["offset"].values[k]
        expected = survey[y : y + 8, x : x + 8]
        np.testing.assert_array_equal(ds["mask"].values[k], expected)
    images[1, 2, 2] = np.nan  # beside what the survey hides
    with pytest.raises(DataError, match=r"pixel \[2, 2\] is nan"):
        written(tmp_path / "maps.nc", split(maps), **settings)


def test_block_means_noise_and_smoothing_are_those_of_what_was_seen(tmp_path):
    maps, images = collection(np.random.default_rng(2).normal(1, 1e-3, (12, 16, 16)))
    images[:, :4, 0] = np.nan  # half a block, which stays, and
    images[:, 8:12, 8:11] = np.nan  # three quarters of one, which does not
    images[:, 15, 15] = -1  # there are values below 0, as there must be
    images[:, 14:, 14:] -= 3
    how = {"nan": "mask", "size": 8}
    ds = written(tmp_path / "maps.nc", split(maps), **how)
    seen = ds["mask"].values.astype(bool)
    assert (~seen).sum() == 12 * 2
    assert not seen[:, 4:6, 4].any()
    np.testing.assert_allclose(
        ds["x"].values[:, :2, 0], images[:, :4, 1].reshape(12, 2, 2).mean(2), rtol=1e-5
    )
    smooth = written(tmp_path / "s.nc", split(maps), smoothing_arcmin=1.0, **how)
    far = np.s_[:, :5, :5]  # of what is below 0
    np.testing.assert_allclose(smooth["x"].values[far], 1, atol=0.01)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((8, 8)), r"has shape \(8, 8\), the maps have \(16, 16\)"),
        (np.eye(16), "above 0 in 6 % .*: is it the other way round"),
    ],
)
def test_masks_that_cannot_be_the_maps_are_refused(tmp_path, mask, message):
    np.save(tmp_path / "mask.npy", mask)
    with pytest.raises(DataError, match=message):
        written(
            tmp_path / "maps.nc", split(collection()[0]), mask=tmp_path / "mask.npy"
        )


def test_shards_of_a_simulation_are_gathered(tmp_path):
    import xarray as xr

    paths = []
    for k, side in enumerate(("train", "select", "test")):
        x = np.random.default_rng(k).normal(0, 0.02, (4, 8, 8)).astype(np.float32)
        described = {"units": "1", "long_name": "convergence"}
        ds = xr.Dataset({"x": (("sample", "y", "x"), x, described)})
        attrs = {"cosmology": f"c{k % 2}", "group": f"{side}0", "split": side}
        paths.append(tmp_path / f"{k}.nc")
        attrs |= {"omega_m": 0.2 + 0.1 * (k % 2), "sigma_8": 0.8}
        io.write(ds.assign_attrs(attrs), paths[-1])
    ds = written(tmp_path / "maps.nc", dataset.shards(paths))
    assert ds["split"].values.tolist() == np.repeat(contracts.SPLITS, 4).tolist()
    assert ds["realisation"].values.tolist() == [0, 1, 2, 3] * 3
    np.testing.assert_array_equal(ds["x"].values[4:8], io.read(paths[1])["x"])


def broken(index, value):
    maps, images = collection()
    images[index] = value
    return split(maps)


def odd_shape():
    maps, images = collection()
    images = [*images[:3], np.zeros((16, 17), np.float32), *images[4:]]
    return split(listed(maps.table, images))


def twice():
    maps, images = collection()
    images[5] = images[2]
    return split(maps)


@pytest.mark.parametrize(
    ("maps", "settings", "error", "message"),
    [
        (
            lambda: broken((2, 4, 5), np.nan),
            {},
            DataError,
            r"map 0 of 2: pixel \[4, 5\] is nan .*; maps.nan: mask takes it as hidden",
        ),
        (lambda: broken((2, 4, 5), np.inf), {"nan": "mask"}, DataError, "is inf"),
        (lambda: broken(3, 0.0), {}, DataError, "map 1 of 0: pixels have s.d. 0"),
        (lambda: broken((3, 0), 90.0), {}, DataError, "is it in another unit"),
        (odd_shape, {}, ShapeError, "map 1 of 0: has 16 x 17 pixels; expected 16 x 16"),
        (twice, {}, DataError, "map 1 of 2 and map 0 of 2 are the same map"),
        (lambda: split(collection()[0]), {"size": 5}, ShapeError, "divisor of 16"),
        (lambda: split(collection()[0]), {"tile": 6}, ShapeError, "do not fit maps of"),
        (
            lambda: split(collection()[0]),
            {"tile": 20},
            ShapeError,
            "tiles of 20 pixels",
        ),
        (
            lambda: split(collection()[0]),
            {"targets": ["a_s"]},
            DataError,
            "parameters are omega_m, sigma_8; no a_s",
        ),
        (
            lambda: split(collection(cosmologies=1)[0]),
            {},
            DataError,
            "all 4 maps are of cosmology 'c0'",
        ),
        (
            lambda: split(collection(realisations=3)[0]),
            {},
            DataError,
            "3 realisations for 4 that train, select and test",
        ),
        (
            lambda: split(collection(np.zeros((13, 16, 16)))[0]),
            {},
            DataError,
            "cosmology 'c1' lacks realisation 4",
        ),
    ],
)
def test_maps_that_cannot_be_used_are_named(tmp_path, maps, settings, error, message):
    if "lacks" in message:
        maps = lambda: dataset.split_by_realisation(  # noqa: E731
            collection(np.zeros((13, 16, 16)))[0], {"train": 3, "select": 1, "test": 1}
        )
    with pytest.raises(error, match=message):
        written(tmp_path / "maps.nc", maps(), **settings)
    assert not (tmp_path / "maps.nc").exists()


@pytest.mark.parametrize(("select", "warned"), [(7, True), (8, False)])
def test_a_select_side_of_few_initial_conditions_is_warned_of(
    tmp_path, caplog, select, warned
):
    maps, _ = collection(realisations=select + 3)
    sides = {"train": 2, "select": select, "test": 1}
    dataset.write(
        dataset.split_by_realisation(maps, sides), tmp_path / "maps.nc", **SETTINGS
    )
    assert (f"{select} initial conditions" in caplog.text) == warned
