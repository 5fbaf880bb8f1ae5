"""A small ``samples.nc``, which several tests read."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import io
from awd.maps.sky import universe
from awd.maps.study import bank


@pytest.fixture(scope="session")
def small():
    """A small ``samples.nc``: six cosmologies, maps of 32 pixels."""
    rows, images = [], []
    for k, omega in enumerate(np.linspace(0.2, 0.4, 6)):
        for group in ("train0", "train1", f"select-{k}", f"test-{k}"):
            seed = {"train0": 0, "train1": 1}.get(group, 10 + 2 * k + ("test" in group))
            maps = universe.simulate(
                omega, 0.7 + 0.05 * (k % 3), 14, seed, pixels=32, particles=16
            )
            images.append(maps)
            known = {"omega_m": omega, "sigma_8": 0.7 + 0.05 * (k % 3)}
            side = group.rstrip("01").partition("-")[0]
            known |= {"group": group, "split": side, "cosmology": f"c{k}"}
            rows += [known] * len(maps)
    table = pd.DataFrame(rows)
    ds = xr.Dataset(
        {
            "x": (("sample", "y", "x"), np.concatenate(images)),
            "target": (("sample", "name"), table[["omega_m", "sigma_8"]].to_numpy()),
            **{n: ("sample", table[n].to_numpy(str)) for n in ("group", "split")},
            "cosmology": ("sample", table["cosmology"].to_numpy(str)),
        },
        coords={"name": ["omega_m", "sigma_8"]},
        attrs={"pixel_arcmin": 6.5625},
    )
    ds["target"].attrs = {"units": "1", "long_name": "parameters"}
    return ds


@pytest.fixture(scope="session")
def maps(small):
    """The same under the name of what it holds."""
    return small


@pytest.fixture(scope="session")
def path(small, tmp_path_factory):
    """The file of the small maps."""
    path = tmp_path_factory.mktemp("maps") / "samples.nc"
    io.write(small, path)
    return path


@pytest.fixture(scope="session")
def banks(small):
    """Banks of two families on the small maps."""
    rows = bank.rows_of(small, 28, 10)
    return {f: bank.fill(f, small, rows, 4, 0) for f in ("symmetric", "lattice4")}
