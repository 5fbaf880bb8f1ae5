"""Whatever is wrong with one map costs that map, and is told with its reason."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits

from awd import io
from awd.errors import AwdError, DataError
from awd.maps import readers
from awd.maps.infer import pages
from awd.maps.study import dataset

SIDES = {"train": 3, "select": 1, "test": 1}
SOURCE = {
    "table": None,
    "first": None,
    "names": None,
    "cosmologies": None,
    "extension": None,
    "quantity": "convergence",
    "bins": 1,
    "patch_degrees": None,
    "patch_pixels": None,
    "realisations": SIDES,
    "parameters": None,
}


def kappa(seed):
    return np.random.default_rng(seed).normal(0, 0.02, (8, 8)).astype(np.float32)


def put(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    fits.PrimaryHDU(pixels).writeto(path)


@pytest.fixture
def tree(tmp_path):
    """Three cosmologies of five realisations, a file each."""
    for c, (omega_m, sigma_8) in enumerate(((0.2, 0.7), (0.3, 0.8), (0.4, 0.9))):
        for r in range(5):
            put(tmp_path / f"om{omega_m}_s{sigma_8}/{r}.fits", kappa(10 * c + r))
    return tmp_path


def made(source, path, bad_map, **settings):
    source = {**SOURCE, **source, "bad_map": bad_map}
    collection, left_out = readers.of_source(source, ["omega_m", "sigma_8"]), None
    if bad_map == "skip":
        collection, left_out = dataset.usable(collection, **settings)
    settings |= {"targets": ["omega_m", "sigma_8"], "left_out": left_out}
    dataset.write(collection, path, pixel_arcmin=1.0, **settings)
    with xr.open_dataset(path) as ds:
        return ds.load()


def of_tree(tree, bad_map, **settings):
    return made({"files": f"{tree}/om{{omega_m}}_s{{sigma_8}}/{{realisation}}.fits"},
                tree / "samples.nc", bad_map, **settings)  # fmt: skip


def replaced(value, at=(2, 3)):
    pixels = kappa(99)
    pixels[at] = value
    return pixels


WRONG = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no map"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:3000]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a loop": lambda path: (path.unlink(), path.symlink_to(path)),
    "NaN": lambda path: put(path, replaced(np.nan)),
    "infinite": lambda path: put(path, replaced(np.inf)),
    "larger": lambda path: put(path, np.tile(kappa(99), (2, 2))),
    "not square": lambda path: put(path, kappa(99)[:, :5]),
    "constant": lambda path: put(path, np.zeros((8, 8), np.float32)),
    "a weight": lambda path: put(path, abs(kappa(99)) + 1),
    "several": lambda path: put(path, np.stack([kappa(98), kappa(99)])),
    "another": lambda path: put(path, kappa(1)),  # of om0.2, its realisation 1
}


@pytest.mark.parametrize("name", ["om0.2_s0.7/0.fits", "om0.3_s0.8/3.fits"])
@pytest.mark.parametrize("what", WRONG)
def test_one_bad_map_costs_itself(tree, what, name):
    right = of_tree(tree, "skip")
    assert "rejected" not in right.attrs
    WRONG[what](tree / name)
    with pytest.raises(AwdError, match=r"\.fits"):
        of_tree(tree, "stop")
    found = of_tree(tree, "skip")
    (source, reason), *more = json.loads(found.attrs["rejected"]).items()
    assert not more
    assert reason
    if what != "another":
        assert source == str(tree / name)
    kept = right["cosmology"].values + right["realisation"].values.astype(str)
    rest = found["cosmology"].values + found["realisation"].values.astype(str)
    assert found.sizes["sample"] == 14
    same = right.isel(sample=[list(kept).index(key) for key in rest])
    # Of two that are alike, the one that is read first stays.
    pixels = found["x"].values if what != "another" else same["x"].values
    np.testing.assert_array_equal(pixels, same["x"].values)
    np.testing.assert_array_equal(found["split"], same["split"])


def test_a_realisation_that_is_missing_costs_no_other(tree):
    (tree / "om0.3_s0.8/3.fits").unlink()
    with pytest.raises(DataError, match="lacks realisation 3"):
        of_tree(tree, "stop")
    found = of_tree(tree, "skip")
    assert found.sizes["sample"] == 14
    ((who, reason),) = json.loads(found.attrs["rejected"]).items()
    assert who == "cosmology 0.3_0.8, realisation 3"
    assert "no such map" in reason


@pytest.fixture
def mask(tree):
    """A survey's mask: two columns of the maps are hidden."""
    seen = np.ones((8, 8), np.uint8)
    seen[:, 3:5] = 0
    np.save(tree / "mask.npy", seen)
    return tree / "mask.npy"


@pytest.mark.parametrize("nan", ["refuse", "mask"])
def test_what_the_mask_hides_costs_no_map(tree, mask, nan):
    bad, worse = (tree / f"om0.3_s0.8/{k}.fits" for k in (2, 3))
    put(bad, replaced(np.nan, at=(2, 3)))
    put(worse, replaced(np.inf, at=(2, 5)))
    found = of_tree(tree, "skip", mask=mask, nan=nan)
    assert [*json.loads(found.attrs["rejected"])] == [str(worse)]
    assert found.sizes["sample"] == 14
    assert (found["mask"].values[:, :, 3:5] == 0).all()


def test_maps_that_differ_behind_the_mask_alone_are_the_same(tree, mask):
    pixels = kappa(0)
    pixels[1, 4] += 0.01
    put(tree / "om0.3_s0.8/3.fits", pixels)
    assert "rejected" not in of_tree(tree, "skip").attrs
    reasons = json.loads(of_tree(tree, "skip", mask=mask).attrs["rejected"])
    assert "are the same map" in reasons[f"{tree}/om0.3_s0.8/3.fits"]


def test_a_map_of_another_shape_than_the_mask_is_left_out(tree, mask):
    put(tree / "om0.3_s0.8/3.fits", np.tile(kappa(99), (2, 2)))
    reasons = json.loads(of_tree(tree, "skip", mask=mask).attrs["rejected"])
    assert "the mask" in reasons[f"{tree}/om0.3_s0.8/3.fits"]
    np.save(mask, np.ones((4, 4)))
    with pytest.raises(DataError, match="15 of 15 maps.*mask"):
        of_tree(tree, "skip", mask=mask)


@pytest.mark.parametrize("tiles", [{}, {"tile": 4}, {"size": 4, "tile": 2}])
def test_a_map_of_which_hardly_anything_was_seen_costs_itself(tree, mask, tiles):
    """Of its own hidden pixels and of the mask's together; of any of its tiles."""
    pixels = kappa(99)
    pixels[:4, :3] = np.nan
    pixels[4:] = pixels[4:] if tiles else np.nan
    put(tree / "om0.3_s0.8/3.fits", pixels)
    with pytest.raises(DataError, match="% of its pixels were seen"):
        of_tree(tree, "stop", mask=mask, nan="mask", **tiles)
    found = of_tree(tree, "skip", mask=mask, nan="mask", **tiles)
    ((source, reason),) = json.loads(found.attrs["rejected"]).items()
    assert source == f"{tree}/om0.3_s0.8/3.fits"
    assert "were seen" in reason


def test_maps_left_out_are_a_table(tmp_path):
    told = {"a.fits": "is broken", "b.fits": "has 5 x 5 pixels, and a comma"}
    for left_out in (told, {}):
        io.write_table(dataset.table_of(left_out), tmp_path / "t.csv")
        found = io.read_table(tmp_path / "t.csv")
        assert dict(zip(found["map"], found["reason"], strict=True)) == left_out
        none = {key: [] for key in ("cosmology", "coverage", "observed", "heads")}
        given = SimpleNamespace(left_out=[tmp_path / "t.csv"], **none)
        shown = [title for _, title, _ in pages.tables(given)]
        assert shown == ["Maps left out"] * bool(left_out)


def test_a_component_that_is_missing_costs_its_map(tmp_path):
    for r in range(4):
        for g in (1, 2):
            put(tmp_path / f"om0.3_s0.8/{r}_g{g}.fits", kappa(10 * r + g))
    (tmp_path / "om0.3_s0.8/2_g2.fits").unlink()
    pattern = (
        f"{tmp_path}/om{{omega_m}}_s{{sigma_8}}/{{realisation}}_g{{component}}.fits"
    )
    with pytest.raises(DataError, match="other component"):
        readers.fits_tree(pattern)
    found = readers.fits_tree(pattern, bad_map="skip")
    assert found.table["realisation"].tolist() == [0, 1, 3]
    ((who, reason),) = found.left_out.items()
    assert "realisation 2" in who
    assert "other component" in reason


def test_parts_that_are_missing_are_told_once_and_of_maps_that_are_used(tmp_path):
    """Of cosmologies with several realisations, and of maps with one each."""
    pattern = f"{tmp_path}/om{{omega_m}}_s0.8/{{realisation}}_b{{bin}}.fits"
    for k, om in enumerate((0.2, 0.3, 0.4, 0.5)):
        for r in range(4 if k < 3 else 1):
            for b in (0, 1):
                pixels = kappa(100 * k + 10 * r + b)
                put(tmp_path / f"om{om}_s0.8/{r}_b{b}.fits", pixels)
    (tmp_path / "om0.2_s0.8/0_b1.fits").unlink()
    (tmp_path / "om0.3_s0.8/3_b1.fits").unlink()  # which is not used
    shared = {**SOURCE, "bins": 2, "bad_map": "skip", "files": pattern}
    source = shared | {"realisations": dict.fromkeys(SIDES, 1)}
    source["cosmologies"] = 3
    (told,) = readers.of_source(source, ["omega_m"]).left_out.items()
    assert told[0].endswith("0.2, realisation 0")
    assert told[1].endswith("the bin 1 of its map is missing")
    for om in (0.2, 0.3, 0.4, 0.5):
        for path in (tmp_path / f"om{om}_s0.8").glob("[1-9]_*"):
            path.unlink()
    source = shared | {"realisations": dict.fromkeys(SIDES, 1)}
    (told,) = readers.of_source(source, ["omega_m"]).left_out.items()
    assert told[1].endswith("the bin 1 of its map is missing")


def test_maps_of_an_archive_are_left_out_one_by_one(tmp_path):
    maps = np.stack([kappa(k) for k in range(15)])
    params = np.repeat([[0.2, 0.7], [0.3, 0.8], [0.4, 0.9]], 5, 0)
    maps[3, 0, 0], maps[7] = np.nan, maps[2]
    np.savez(tmp_path / "m.npz", imgs=maps, params=params)
    source = {"file": f"{tmp_path}/m.npz", "names": ["omega_m", "sigma_8"]}
    found = made(source, tmp_path / "samples.nc", "skip")
    assert found.sizes["sample"] == 13
    reasons = json.loads(found.attrs["rejected"])
    assert ["[3]" in key or "[7]" in key for key in reasons] == [True, True]
    assert "is nan" in " ".join(reasons.values())


def test_where_most_are_bad_or_a_side_is_gone_the_run_stops(tree):
    for r in range(5):
        put(tree / f"om0.2_s0.7/{r}.fits", replaced(np.nan))
    assert of_tree(tree, "skip").sizes["sample"] == 10
    for name in ("om0.3_s0.8/4.fits", "om0.4_s0.9/4.fits"):  # which test
        put(tree / name, replaced(np.inf))
    with pytest.raises(DataError, match="7 of 15 maps cannot be used.*too many"):
        of_tree(tree, "skip")
    for r in range(4):
        put(tree / f"om0.3_s0.8/{r}.fits", replaced(np.nan))
    with pytest.raises(DataError, match="11 of 15"):
        of_tree(tree, "skip")
