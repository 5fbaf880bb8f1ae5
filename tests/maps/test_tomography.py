"""Bins of sources: shared planes, noise of each, statistics of all and of pairs."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import io
from awd.errors import ConfigError, DataError
from awd.maps.measure import sizes, statistics
from awd.maps.measure.spectrum import Spectrum
from awd.maps.readers import Collection
from awd.maps.sky import lensing, nbody, universe
from awd.maps.sky.cosmology import Cosmology
from awd.maps.study import ask, bank, dataset, distil, predict, train
from awd.record import contracts
from awd.record.checkpoint import Job
from awd.teacher import weights

SMALL = {"pixels": 32, "particles": 16}
HERE = Cosmology(0.3, 0.8)


@pytest.fixture(scope="module")
def kappa():
    return universe.simulate(0.3, 0.8, 6, 3, z_source=[0.5, 1.0, 1.5], **SMALL)


def test_bins_look_through_the_same_planes(kappa):
    assert kappa.shape == (6, 3, 32, 32)
    spreads = kappa.std((0, 2, 3))
    assert (np.diff(spreads) > 0).all()
    near, far = (kappa[:, k].ravel() for k in (1, 2))
    assert np.corrcoef(near, far)[0, 1] > 0.8


def test_a_bin_is_what_it_is_alone():
    planes = nbody.evolve(HERE, 0, 16, z_source=1.5, pixels=64)
    bins = lensing.born(planes, HERE, 2, 32, seed=4, z_sources=[0.5, 1.5])
    alone = lensing.born(planes, HERE, 2, 32, seed=4)
    np.testing.assert_array_equal(bins[:, 1], alone)
    weights = lensing.lensing_weights(planes, HERE, 0.5)
    behind = HERE.distance(1 / 1.5) / planes.width
    assert (weights[int(np.ceil(behind)) :] == 0).all()
    assert (weights[: int(behind)] > 0).all()


def collection(count=8, bins=3, side=16):
    images = np.random.default_rng(0).normal(0, 0.001, (count, bins, side, side))
    table = pd.DataFrame(
        {
            "source": [f"map {k}" for k in range(count)],
            "cosmology": [f"c{k % 2}" for k in range(count)],
            "realisation": np.arange(count) // 2,
            "omega_m": [0.2 + 0.1 * (k % 2) for k in range(count)],
            "group": [f"r{k // 2}" for k in range(count)],
            "split": np.repeat(["train", "select", "test"], [4, 2, 2]),
        }
    )
    maps = images.astype(np.float32)
    return Collection(table, lambda rows: (maps[k] for k in rows)), maps


def written(tmp_path, **settings):
    maps, images = collection()
    path = tmp_path / "maps.nc"
    dataset.write(maps, path, pixel_arcmin=2.0, targets=["omega_m"], **settings)
    return io.read(path, contracts.MAPS), images


def test_bins_are_channels_of_samples(tmp_path):
    ds, images = written(tmp_path)
    assert ds["x"].dims == ("sample", "channel", "y", "x")
    np.testing.assert_array_equal(ds["x"], images)
    ds, _ = written(tmp_path, size=8, tile=4)
    assert ds["x"].shape == (32, 3, 4, 4)
    whole = images.reshape(8, 3, 8, 2, 8, 2).mean((3, 5))
    np.testing.assert_allclose(ds["x"][1], whole[0, :, :4, 4:], rtol=1e-5, atol=1e-9)


def test_every_bin_has_its_own_noise(tmp_path):
    ds, images = written(tmp_path, galaxies=[10, 20, 40], ellipticity=[0.3, 0.4, 0.4])
    noise = (ds["x"] - images).std(("sample", "y", "x"))
    expected = [
        lensing.shape_noise(n, 2.0, e)
        for n, e in ((10, 0.3), (20, 0.4), (40, 0.4))
    ]  # fmt: skip
    np.testing.assert_allclose(noise, expected, rtol=0.05)
    with pytest.raises(DataError, match="3 bins of sources; expected one value"):
        written(tmp_path, galaxies=[10, 20])


def opened(images):
    split = np.repeat(["train", "test"], len(images) // 2)
    dims = universe.dims_of(images)
    return xr.Dataset({"x": (dims, images), "split": ("sample", split)})


@pytest.mark.parametrize("name", ["spectrum", "starlet", "laplace_spectrum"])
def test_statistics_are_those_of_the_bins_and_of_pairs(kappa, name):
    maps = opened(kappa)
    statistic = statistics.fitted(statistics.of(name, 6.6, 4), maps)
    found = statistics.measure(statistic, maps)
    singles = []
    for k in range(3):
        field = opened(np.ascontiguousarray(kappa[:, k]))
        own = statistics.fitted(statistics.of(name, 6.6, 4), field)
        singles.append(statistics.measure(own, field))
    both = np.hstack(singles)
    np.testing.assert_array_equal(found[:, : both.shape[1]], both)
    pairs = 3 * sizes.features("spectrum", 4) if "spectrum" in name else 0
    assert found.shape[1] == both.shape[1] + pairs <= sizes.features(name, 4, 3)
    assert np.isfinite(found).all()


def test_cross_spectra_tell_fields_that_go_together():
    noise = np.random.default_rng(0).normal(size=(3, 40, 64, 64)).astype(np.float32)
    first, other, third = noise
    second = 0.6 * first + 0.8 * other
    spectrum = Spectrum(1.0, 6)
    together = spectrum.crossed(first, second).mean(0)
    # A bin with few modes scatters.
    np.testing.assert_allclose(np.tanh(together[3:]), 0.6, atol=0.03)
    assert np.abs(spectrum.crossed(first, third).mean(0)[2:]).max() < 0.05


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"galaxies": [10, 20, 30]}, "3 values for 2 bins"),
        ({"source": {"kind": "simulated", "z_source": [1.0, 0.5]}}, "expected to rise"),
    ],
)
def test_bins_that_do_not_fit_together_are_told(changes, message):
    from awd.config import reading

    source = {"kind": "simulated", "z_source": [0.5, 1.0]}
    maps = {"source": source, "teacher": None, **changes}
    with pytest.raises(ConfigError, match=message):
        reading.load({"run": "r", "maps": maps})


def test_one_filter_is_distilled_for_all_bins(tmp_path, kappa):
    """From training to the league: networks, gradients, bank, filters, students."""
    rows = []
    for k in range(6):
        for group in ("train0", "select", "test"):
            seed = {"train0": 0, "select": 1, "test": 2}[group]
            known = {"omega_m": 0.2 + 0.04 * k, "sigma_8": 0.7 + 0.1 * (k % 3)}
            x = universe.simulate(
                *known.values(), 12, seed, z_source=[0.5, 1.0], **SMALL
            )
            known |= {"group": group, "split": group.rstrip("0"), "source": group}
            rows += [known | {"cosmology": f"c{k}", "x": field} for field in x]
    table = pd.DataFrame(rows)
    table["realisation"] = np.arange(len(table))
    fields = table.pop("x").to_numpy()
    maps = Collection(table, lambda some: (fields[k] for k in some))
    path = tmp_path / "samples.nc"
    dataset.write(maps, path, pixel_arcmin=6.6, targets=["sigma_8", "omega_m"])
    given = SimpleNamespace(samples=path, soft=[], features=[], inferred=[])
    job = Job(str(tmp_path / "log"), [], {})
    recipe = {"width": 2, "stem": 5, "epochs": 1, "batch": 16, "learning_rate": 1e-2}
    recipe |= {"weight_decay": 0.0, "average": 0.0}
    models, _ = train.train(
        path, "omega_m", ["resnet", "untrained"], recipe, 0, "cpu", job
    )
    given.networks = tmp_path / "networks.safetensors"
    weights.save(models, given.networks, {"code": "0", "device": "cpu"})
    answers = ask.outputs(given, "omega_m", {"train": 6, "shifts": 1}, "cpu", job)
    given.outputs = tmp_path / "outputs.nc"
    io.write(answers.assign_attrs(device="cpu"), given.outputs, contracts.OUTPUTS)
    assert answers["gradient"].dims[-3:] == ("channel", "y", "x")
    given.banks = []
    with io.opened(path, contracts.MAPS) as opened_:
        some = bank.rows_of(opened_, 12, 12)
        for family in ("symmetric",):
            shelf = bank.fill(family, opened_, some, 3, 0)
            single = bank.fill(family, opened_.isel(channel=0), some, 3, 0)
            first = single.sizes["feature"]
            assert shelf.sizes["feature"] == 2 * first
            np.testing.assert_array_equal(
                shelf["features"][..., :first], single["features"]
            )
            given.banks.append(tmp_path / f"{family}.nc")
            io.write(shelf, given.banks[-1], bank.BANK)
    settings = {"bounds": None, "draws": 2, "covariance": "auto"}
    found = distil.wavelets(given, "omega_m", settings, 0, job)
    found.attrs |= {"target": "omega_m", "split": "0", "seed": "0"}
    given.wavelets = tmp_path / "wavelets.nc"
    io.write(found, given.wavelets, contracts.WAVELETS)
    test, entries, heads = predict.students(given, "omega_m", settings, "cpu")
    assert test.target == "omega_m"
    assert {"resnet", "output", "attribution"} <= {*entries}
    np.testing.assert_allclose(
        entries["resnet"].prediction,
        answers["output"].sel(network="resnet", name="omega_m").values[test.rows],
    )
    assert np.isfinite(heads["compressed"]).all()
