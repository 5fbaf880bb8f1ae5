"""The maps study on files of users, and what it says of files it cannot use."""

import re

import numpy as np
import pytest
import yaml
from astropy.io import fits

from awd import io
from awd.maps.sky import universe
from awd.record import contracts

pytestmark = pytest.mark.slow

OMEGA = (0.2, 0.25, 0.3, 0.35, 0.4)
PATTERN = "model{cosmology}/WLconv_z1.00_{realisation}r.fits"


@pytest.fixture(scope="module")
def maps():
    """Of five cosmologies 40 realisations each, 32 pixels."""
    return [
        universe.simulate(om, 0.9 - om / 2, 40, k, pixels=32, particles=16)
        for k, om in enumerate(OMEGA)
    ]


@pytest.fixture
def tree(checkout, maps):
    """The maps as MassiveNuS has them, and a table."""
    for k, some in enumerate(maps):
        folder = checkout.folder / f"data/model{k:03d}"
        folder.mkdir(parents=True)
        for r, kappa in enumerate(some):
            fits.PrimaryHDU(kappa).writeto(folder / f"WLconv_z1.00_{r:04d}r.fits")
    rows = "".join(f"{om} {0.9 - om / 2}\n" for om in OMEGA)
    (checkout.folder / "data/table.txt").write_text(f"Omegam Sigma8\n{rows}")
    return checkout


SHARES = {"train": 30, "select": 5, "test": 5}


def run(checkout, target, ok=True, source=None, bad_map="stop", **settings):
    read = {"kind": "fits", "files": f"data/{PATTERN}", "table": "data/table.txt"}
    read["bad_map"] = bad_map
    source = {**(source or read), "pixel_arcmin": 6.5625, "realisations": SHARES}
    maps = {"source": source, "methods": ["laplace"], "teacher": None, **settings}
    made = {"run": "own", "maps": maps}
    (checkout.folder / "own.yaml").write_text(yaml.safe_dump(made))
    return checkout.snakemake(target, config="own.yaml", ok=ok)


SPREAD = """
class Spread:
    def __init__(self, pixel_arcmin): pass
    def fitted(self, maps, mask=None): return self
    def features(self, maps, mask=None): return maps.std((1, 2))[:, None]
"""


def test_a_tree_of_files_is_tiled_measured_and_scored(tree):
    asked = PATTERN.format(cosmology="002", realisation="0007")
    observed = {"files": [f"data/{asked}"], "pixel_arcmin": 6.5625}
    broken = PATTERN.format(cosmology="004", realisation="0039")
    (tree.folder / "data" / broken).write_bytes(b"")
    (tree.folder / "parts.py").write_text(SPREAD)
    methods = ["laplace", "parts.py:Spread"]
    asked_for = {"size": 16, "observed": observed, "methods": methods}
    asked_for["bad_map"] = "skip"
    run(tree, "results/own/report.html", **asked_for)
    with io.opened(
        tree.folder / "results/own/maps/split0/samples.nc", contracts.MAPS
    ) as ds:
        assert ds["x"].shape == (199, 16, 16)
        assert ds.attrs["pixel_arcmin"] == pytest.approx(2 * 6.5625)
        counts = dict(zip(*np.unique(ds["split"], return_counts=True), strict=True))
    assert counts == {"train": 150, "select": 25, "test": 24}
    scores = io.read_table(tree.folder / "results/own/maps/cosmology.csv")
    assert scores["rmse"].max() < 0.25
    assert {*scores["method"]} == {"laplace", "Spread"}
    assert {*scores["parameter"]} == {"omega_m", "sigma_8"}
    answer = io.read_table(tree.folder / "results/own/maps/observed/posterior.csv")
    answer = answer.set_index(["method", "parameter"])["mean"]
    assert abs(answer["laplace", "omega_m"] - OMEGA[2]) < 0.15
    assert np.isfinite(answer["Spread", "sigma_8"])
    page = (tree.folder / "results/own/report.html").read_text()
    assert "The observed map" in page
    left_out = io.read_table(tree.folder / "results/own/maps/left_out.csv")
    assert left_out["map"].tolist() == [f"data/{broken}"]
    assert "Maps left out" in page
    assert left_out["reason"][0][:40] in page
    # A statistic of one's own is measured anew when its file changes, and it alone.
    changed = SPREAD.replace("maps.std", "3 * maps.std")
    (tree.folder / "parts.py").write_text(changed)
    planned = run(tree, "-n", **asked_for)
    assert set(re.findall(r"^measure_maps +(\d+)", planned, re.M)) == {"1"}
    assert "tile_maps" not in planned


def test_an_archive_gives_the_same_maps_as_its_tree(tree, maps):
    images = np.stack(maps, 1).reshape(-1, 32, 32)  # index modulo 5 is the cosmology
    rows = [[0, om, 2.1, 0.9 - om / 2] for om in OMEGA]
    np.savez(tree.folder / "maps.npz", imgs=images, params=np.tile(rows, (40, 1)))
    found = []
    names = ["m_nu", "omega_m", "a_s", "sigma_8"]
    for source in ({}, {"kind": "archive", "file": "maps.npz", "names": names}):
        run(tree, "results/own/maps/split0/samples.nc", source=source)
        ds = io.read(tree.folder / "results/own/maps/split0/samples.nc")
        found.append(ds.sortby(["cosmology", "realisation"]))
    np.testing.assert_array_equal(found[0]["x"], found[1]["x"])
    np.testing.assert_allclose(found[0]["target"], found[1]["target"])
    np.testing.assert_array_equal(found[0]["split"], found[1]["split"])


def test_a_broken_file_stops_the_run_and_is_named(tree):
    path = tree.folder / "data/model002/WLconv_z1.00_0007r.fits"
    path.write_bytes(path.read_bytes()[:3000])
    printed = run(tree, "results/own/maps/split0/samples.nc", ok=False)
    assert "DataError: data/model002/WLconv_z1.00_0007r.fits" in printed
    assert not (tree.folder / "results/own/maps/split0/samples.nc").exists()


def test_files_that_are_not_there_are_named_with_the_remedy(checkout):
    printed = run(checkout, "results/own/maps/split0/samples.nc", ok=False)
    assert "data/table.txt" in printed
    assert "maps.source.table" in printed
