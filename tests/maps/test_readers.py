"""Trees of FITS files, tables and archives, as surveys publish them."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from awd.errors import AwdError, ConfigError, DataError, MissingInput
from awd.maps import readers

REAL = Path(__file__).parents[3] / "shared/data/maps"
RNG = np.random.default_rng(0)


def write(path, pixels=None, **header):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = (
        RNG.normal(0, 0.02, (8, 8)).astype(np.float32) if pixels is None else pixels
    )
    hdu = fits.PrimaryHDU(pixels)
    hdu.header.update(header)
    hdu.writeto(path)
    return pixels


@pytest.fixture
def massivenus(tmp_path):
    """Three models of two realisations, and a table whose rows have no names."""
    for model in range(3):
        for r in (1, 2):
            write(tmp_path / f"z1_256/model{model:03d}/WLconv_z1.00_{r:04d}r.fits")
    (tmp_path / "table.txt").write_text(
        "# file Mnu Omegam As Sigma8\na 0 0.3 2.1 0.85\nb 0.06 0.38 2.2 0.95\n"
        "c 0.07 0.28 1.9 0.78\n"
    )
    return tmp_path


PATTERN = "z1_256/model{cosmology}/WLconv_z1.00_{realisation}r.fits"


def test_the_tree_of_massivenus_is_read_with_its_table(massivenus):
    found = readers.fits_tree(f"{massivenus}/{PATTERN}", massivenus / "table.txt")
    assert found.table["cosmology"].tolist() == ["000"] * 2 + ["001"] * 2 + ["002"] * 2
    assert found.table["realisation"].tolist() == [1, 2] * 3
    assert found.table["omega_m"].tolist() == [0.3] * 2 + [0.38] * 2 + [0.28] * 2
    assert {"m_nu", "a_s", "sigma_8"} <= set(found.table)
    for source, pixels in zip(found.table["source"], found, strict=True):
        np.testing.assert_array_equal(pixels, fits.getdata(source))
        assert pixels.dtype == np.float32


def test_the_tree_of_columbia_tells_its_parameters_in_its_folders(tmp_path):
    for name in ("Om0.260_si0.800", "Om0.311_si0.789"):
        for r in range(11):
            write(tmp_path / name / f"WLconv_{name}_{r:04d}r.fits")
    pattern = (
        "Om{omega_m}_si{sigma_8}/WLconv_Om{omega_m}_si{sigma_8}_{realisation}r.fits"
    )
    table = readers.fits_tree(f"{tmp_path}/{pattern}").table
    assert len(table) == 22
    assert table["omega_m"].unique().tolist() == [0.26, 0.311]
    assert table["sigma_8"].unique().tolist() == [0.8, 0.789]
    assert table["realisation"].tolist() == [*range(11)] * 2


def test_a_table_with_names_is_matched_by_name(massivenus):
    table = massivenus / "named.csv"
    table.write_text("model,Om,sigma8\n002,0.28,0.78\n000,0.3,0.85\n001,0.38,0.95\n")
    read = readers.fits_tree(f"{massivenus}/{PATTERN}", table).table
    assert read.groupby("cosmology")["omega_m"].first().tolist() == [0.3, 0.38, 0.28]


def test_shear_becomes_convergence(tmp_path):
    for component in (1, 2):
        for r in (0, 1):
            write(tmp_path / f"a/{r}_g{component}.fits", RNG.normal(size=(9, 9)))
    found = readers.fits_tree(
        f"{tmp_path}/{{cosmology}}/{{realisation}}_g{{component}}.fits"
    )
    assert len(found.table) == 2
    for pixels in found:
        assert pixels.shape == (9, 9)
        assert abs(pixels.mean()) < 1e-6


@pytest.mark.skipif(not REAL.is_dir(), reason="real maps are not there")
def test_real_maps_are_read():
    kappa = readers.read_fits(REAL / "exp_colombia_true_convergence_map.fits")
    assert kappa.shape == (256, 256)
    assert kappa.std() == pytest.approx(0.0156, abs=1e-4)
    cosmos = readers.fits_tree(f"{REAL}/{{cosmology}}_g{{component}}.fits")
    (field,) = cosmos
    assert cosmos.table["cosmology"].tolist() == ["cosmos"]
    assert 0.01 < field.std() < 0.5


def npz(path, n=6, dtype=np.float64, **arrays):
    parameters = np.tile([[0, 0.3, 2.1], [0.06, 0.38, 2.2]], (n // 2, 1))
    images = RNG.normal(0, 0.02, (n, 8, 8)).astype(dtype)
    np.savez(path, **{"imgs": images, "params": parameters, **arrays})
    return images


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_published_archive_is_read_map_by_map(tmp_path, dtype):
    images = npz(tmp_path / "maps.npz", dtype=dtype)
    found = readers.npz_archive(tmp_path / "maps.npz")
    assert found.table["cosmology"].tolist() == ["000", "001"] * 3
    assert found.table["realisation"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found.table["omega_m"].tolist() == [0.3, 0.38] * 3
    for pixels, image in zip(found, images, strict=True):
        np.testing.assert_array_equal(pixels, image.astype(np.float32))


def test_objects_in_an_archive_are_never_read(tmp_path):
    npz(tmp_path / "maps.npz", imgs=np.array([{}, 1], object))
    with pytest.raises(DataError, match="objects are never read"):
        readers.npz_archive(tmp_path / "maps.npz")


def cut(tmp_path):
    path = tmp_path / "cut.fits"
    write(path, np.zeros((80, 80), np.float32))
    path.write_bytes(path.read_bytes()[:9000])
    readers.read_fits(path)


def no_fits(tmp_path):
    (tmp_path / "x.fits").write_text("no FITS")
    readers.read_fits(tmp_path / "x.fits")


def other_unit(tmp_path):
    write(tmp_path / "x.fits", BUNIT="mK")
    readers.read_fits(tmp_path / "x.fits")


def cube(tmp_path):
    write(tmp_path / "x.fits", np.zeros((2, 8, 8)))
    readers.read_fits(tmp_path / "x.fits")


def tree(pattern, **more):
    def call(tmp_path):
        for name in ("a/1.fits", "a/01.fits", "b/1_g1.fits"):
            write(tmp_path / name)
        readers.fits_tree(f"{tmp_path}/{pattern}", **more)

    return call


def table_of(text, pattern="c{cosmology}/{realisation}.fits"):
    def call(tmp_path):
        for name in ("c0/1.fits", "c5/1.fits"):
            write(tmp_path / name)
        (tmp_path / "t.csv").write_text(text)
        readers.fits_tree(f"{tmp_path}/{pattern}", tmp_path / "t.csv")

    return call


def archive(**arrays):
    def call(tmp_path):
        npz(tmp_path / "x.npz", **arrays)
        readers.npz_archive(tmp_path / "x.npz")

    return call


def cut_archive(tmp_path):
    npz(tmp_path / "x.npz", n=600)
    data = (tmp_path / "x.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(data[: len(data) // 2])
    readers.npz_archive(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (cut, DataError, r"cut.fits: not a readable FITS file"),
        (no_fits, DataError, "not a readable FITS file"),
        (other_unit, DataError, "has unit 'mK'"),
        (cube, DataError, r"shape \(2, 8, 8\); expected a map .*quantity: shear"),
        (lambda p: readers.read_fits(p / "no.fits"), MissingInput, "no such file"),
        (tree("{model}/{realisation}.fits"), ConfigError, "unknown field 'model'"),
        (tree("c/{realisation}.fits"), MissingInput, "no file fits"),
        (
            tree("{cosmology}/{realisation}.fits"),
            DataError,
            r"01.fits and .*1.fits are the same realisation 1 of cosmology 'a'",
        ),
        (
            tree("{cosmology}/{realisation}_g{component}.fits"),
            DataError,
            r"components \['1'\] of shear; expected 1, 2",
        ),
        (
            table_of("Om,sigma8\n0.3,0.8\n0.2,0.7\n"),
            DataError,
            "no row for cosmology 5 of the maps; its 2 rows are 0 to 1",
        ),
        (table_of("a,b\n1,2\n"), DataError, "expected a header with some of omega_m"),
        (table_of("name,Om\n0,x\n5,0.3\n"), DataError, "omega_m of row 0 is 'x'"),
        (table_of("name,Om\n0,0.2\n0,0.3\n"), DataError, "'0' stands there twice"),
        (archive(imgs=np.zeros((6, 8))), DataError, r"imgs: has shape \(6, 8\)"),
        (archive(params=np.zeros((5, 3))), DataError, "6 imgs, but 5 params"),
        (archive(params=np.zeros((6, 2))), DataError, "2 columns have no names"),
        (cut_archive, DataError, "not a readable npz file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, call, error, message):
    with pytest.raises(error, match=message) as caught:
        call(tmp_path)
    assert isinstance(caught.value, AwdError)


def test_columns_of_words_in_a_table_are_no_parameters(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("Om,telescope,depth\n0.3,Rubin,1.5\n0.25,Roman,2\n")
    found = readers.read_parameters(table)
    assert found.to_dict("list") == {"omega_m": [0.3, 0.25], "depth": [1.5, 2.0]}
