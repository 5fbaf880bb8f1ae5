"""Maps in every format and layout, and names and scales that were taken on trust."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits

from awd import io
from awd.errors import DataError
from awd.maps import readers
from awd.maps.names import PARAMETERS
from awd.maps.readers import Reading, scale
from awd.maps.study import dataset

RNG = np.random.default_rng(0)
SHEAR = {"quantity": "shear"}


def kappa(side=16):
    return RNG.normal(0, 0.02, (side, side)).astype(np.float32)


def put(path, pixels=None, **header):
    path.parent.mkdir(parents=True, exist_ok=True)
    hdu = fits.PrimaryHDU(kappa() if pixels is None else pixels)
    for key, value in header.items():
        hdu.header[key] = value
    hdu.writeto(path)


# Tables -------------------------------------------------------------------------------


def table(tmp_path, text, **named):
    (tmp_path / "t.txt").write_text(text)
    return readers.read_parameters(tmp_path / "t.txt", **named)


@pytest.mark.parametrize("separator", [" ", "\t", ",", ", ", ";"])
@pytest.mark.parametrize("mark", ["", "# ", "#"])
def test_names_of_columns_are_those_of_the_field(tmp_path, separator, mark):
    head = separator.join(["ID", "Omega_m", "sigma8", "S8", "A_s", "w0", "H0", "Mnu"])
    row = separator.join(["7", "0.3", "0.8", "0.8", "2.1e-9", "-1", "67", "0"])
    read = table(tmp_path, f"{mark}{head}\n{row}\n")
    assert read.index.tolist() == ["7"]
    expected = {"omega_m": 0.3, "sigma_8": 0.8, "S8": 0.8, "a_s": 2.1, "w0": -1}
    expected |= {"h": 0.67, "m_nu": 0}
    assert read.iloc[0].to_dict() == pytest.approx(expected)


def test_a_table_of_savetxt_is_named_or_has_its_header(tmp_path):
    values = [[0, 0.3, 2.1], [0.1, 0.28, 1.9]]
    np.savetxt(tmp_path / "t.txt", values, header="Made for a test\nm_nu Omegam A_s")
    headed = readers.read_parameters(tmp_path / "t.txt")
    np.savetxt(tmp_path / "t.txt", values)
    with pytest.raises(DataError, match=r"no header.*maps.source.names"):
        readers.read_parameters(tmp_path / "t.txt")
    named = readers.read_parameters(tmp_path / "t.txt", [None, "omega_m", "a_s"])
    assert named.to_dict() == headed[["omega_m", "a_s"]].to_dict()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mnu Om As\n0 0.3 2.1 0.85\n", "4 columns, and the header names 3"),
        ("# Mnu Om As\n0 0.3 2.1\n0 0.3\n", "line 3 has 2 columns"),
        ("Om,Omega_m\n0.3,0.3\n", "'Om' and 'Omega_m' both hold omega_m"),
        ("ID,model,Om\n1,1,0.3\n", "'ID' and 'model' both hold cosmology"),
        ("ID,Om,s8\n1,0.3,0.8\n", "may be sigma_8, or S8"),
        ("ID,Om,h\n1,0.82,7\n", "h is 7; expected 0.4 to 1.1"),
        ("ID,Om\n1,2.1\n", "omega_m is 2.1; expected 0.05 to 0.9"),
        ("ID,Om\n1,0.3\n1,0.2\n", "'1' stands there twice"),
        ("which,Om\n1,0.3\n2,0.2\n", "does column 'which' number the cosmologies"),
        ("ID,Om\n1,nan\n", "omega_m of row 0 is 'nan'"),
        ("ID,Om\n", "a header and no rows"),
    ],
)
def test_a_table_that_could_mislead_is_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        table(tmp_path, text)


def test_only_what_is_wanted_must_be_a_number(tmp_path):
    read = table(tmp_path, "ID,Om,As,note\n1,0.3,,x\n2,0.2,,y\n", wanted=["omega_m"])
    assert read["omega_m"].tolist() == [0.3, 0.2]


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_parameter_may_be_far_from_any_cosmology(tmp_path, name):
    for wrong in (PARAMETERS[name].low - 9, PARAMETERS[name].high * 9 + 3):
        with pytest.raises(DataError, match=f"{name} is .*; expected"):
            table(tmp_path, f"ID {name}\n1 {wrong}\n")


def tree(tmp_path, numbers, text, **named):
    for k in numbers:
        put(tmp_path / f"cosmo{k}/1.fits")
    (tmp_path / "t.txt").write_text(text)
    pattern = f"{tmp_path}/cosmo{{cosmology}}/{{realisation}}.fits"
    found = readers.fits_tree(pattern, tmp_path / "t.txt", **named)
    return found.table["omega_m"].tolist()


def test_rows_are_counted_from_where_the_maps_are(tmp_path):
    assert tree(tmp_path, (1, 2), "Om\n0.1\n0.2\n0.3\n") == [0.1, 0.2]


def test_an_id_names_the_rows(tmp_path):
    assert tree(tmp_path, (1, 2), "ID Om\n2 0.2\n1 0.1\n0 0.3\n") == [0.1, 0.2]


def test_rows_that_could_be_counted_in_two_ways_are_refused(tmp_path):
    text = "Om\n" + "0.3\n" * 9
    with pytest.raises(DataError, match="which number has the first row"):
        tree(tmp_path, (3, 5), text)
    assert tree(tmp_path / "b", (3, 5), text, first=0) == [0.3, 0.3]


# Paths --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("g_mnv0.1_om0.3_As2.1/W_0007r.fits", "g_{cosmology}/W_{realisation}r.fits"),
        ("g_mnv0.1_om0.3_As2.1/W_0007r.fits", "g_{cosmology}/W_{realisation}.fits"),
        ("mnv0.1_om0.3/7.fits", "mnv{m_nu}_om{omega_m}/{realisation}.fits"),
        ("a[1]b_c/7.fits", "a[1]{cosmology}/{realisation}.fits"),
        ("Om0.3_si0.8/x_Om0.3_7.fits", "Om{omega_m}_si{sigma_8}/x_Om{omega_m}_*.fits"),
    ],
)
def test_names_may_hold_what_those_of_surveys_do(tmp_path, path, pattern):
    put(tmp_path / path)
    (row,) = readers.fits_tree(f"{tmp_path}/{pattern}").table.to_dict("records")
    assert row["realisation"] == (0 if "*" in pattern else 7)


@pytest.mark.parametrize(
    ("paths", "pattern", "message"),
    [
        (["om0.3/1.fits"], "{omega_m}/{realisation}.fits", "'om0.3' stands for"),
        (["a/x.fits"], "{cosmology}/{realisation}.fits", "'x' stands for realisation"),
        (["a_b_c.fits"], "{cosmology}_*.fits", "in two ways"),
        (["a/Om0.3/1.fits", "a/Om0.2/2.fits"], "{cosmology}/Om{omega_m}/{realisation}"
         ".fits", "gives cosmology 'a' omega_m 0.3, and another"),
    ],
)  # fmt: skip
def test_names_that_say_something_else_are_told(tmp_path, paths, pattern, message):
    for path in paths:
        put(tmp_path / path)
    with pytest.raises(DataError, match=message):
        readers.fits_tree(f"{tmp_path}/{pattern}")


def test_a_table_that_contradicts_the_paths_is_refused(tmp_path):
    put(tmp_path / "1_Om0.3/1.fits")
    (tmp_path / "t.csv").write_text("ID,Om\n1,0.2\n")
    with pytest.raises(DataError, match=r"omega_m 0.2, and the names .* 0.3"):
        readers.fits_tree(
            f"{tmp_path}/{{cosmology}}_Om{{omega_m}}/{{realisation}}.fits",
            tmp_path / "t.csv",
        )


def test_only_what_is_used_is_read(tmp_path, monkeypatch):
    for om in (0.2, 0.3, 0.4):
        for r in range(5):
            put(tmp_path / f"Om{om}/{r}.fits")
    pattern = f"{tmp_path}/Om{{omega_m}}/{{realisation}}.fits"
    shares = {"train": 1, "select": 1, "test": 1}
    found = readers.fits_tree(pattern, cosmologies=2)
    read = []
    whole = Reading.raw
    monkeypatch.setattr(Reading, "raw", lambda s, p: read.append(p) or whole(s, p))
    chosen = readers.split_by_realisation(found, shares)
    path = tmp_path / "maps.nc"
    dataset.write(chosen, path, pixel_arcmin=1.0, targets=["omega_m"])
    assert len(read) == len(set(read)) == 6 == io.read(path).sizes["sample"]
    assert sorted(map(str, read)) == sorted(map(str, readers.used(pattern, shares, 2)))
    by_name = readers.fits_tree(pattern, cosmologies=["0.4", "0.2"]).table
    assert by_name["cosmology"].unique().tolist() == ["0.2", "0.4"]
    with pytest.raises(DataError, match="names '0.5'; there are maps of 0.2, 0.3"):
        readers.fits_tree(pattern, cosmologies=["0.5"])


# Pixels -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        {"CDELT1": -0.41 / 60, "CDELT2": 0.41 / 60, "CTYPE1": "RA---TAN"},
        {"CDELT1": 0.41, "CDELT2": 0.41, "CUNIT1": "arcmin"},
        {"CD1_1": 0.0, "CD1_2": 0.41 / 60, "CD2_1": 0.41 / 60, "CD2_2": 0.0},
        {"ANGLE": 16 * 0.41 / 60},
        {"PIXSCALE": (24.6, "[arcsec] side of a pixel")},
    ],
)
def test_the_scale_of_a_file_is_read_and_compared(tmp_path, header):
    put(tmp_path / "x.fits", **header)
    found = Reading().scale(tmp_path / "x.fits")
    assert scale.agreed(found, None, "x") == pytest.approx(0.41)
    assert scale.agreed(found, 0.412, "x") == 0.412
    with pytest.raises(DataError, match=r"0\.41 arcmin .*pixel_arcmin is 0\.82"):
        scale.agreed(found, 0.82, "x")


def test_a_scale_without_unit_is_compared_and_not_trusted(tmp_path):
    put(tmp_path / "x.fits", PIXSCALE=0.41)
    found = Reading().scale(tmp_path / "x.fits")
    assert scale.agreed(found, 0.41, "x") == 0.41
    for asked in (None, 0.82):
        with pytest.raises(DataError, match="PIXSCALE 0.41"):
            scale.agreed(found, asked, "x")
    put(tmp_path / "y.fits", CDELT1=1.0, CDELT2=1.0)  # pixels
    assert Reading().scale(tmp_path / "y.fits") is None


def test_maps_of_other_pixels_are_refused(tmp_path):
    for k, degrees in enumerate((0.1, 0.1, 0.2)):
        put(tmp_path / f"Om0.{k + 2}.fits", ANGLE=degrees)
    found = readers.fits_tree(f"{tmp_path}/Om{{omega_m}}.fits")
    with pytest.raises(DataError, match="says ANGLE 0.2 deg, and the first"):
        list(found)


@pytest.mark.parametrize(
    "unit", ["kappa", "Dimensionless", "NONE", "unitless", "1", ""]
)
def test_units_in_words_are_none(tmp_path, unit):
    put(tmp_path / "x.fits", BUNIT=unit)
    assert readers.read_fits(tmp_path / "x.fits").shape == (16, 16)


def test_of_several_images_kappa_is_read_or_one_is_asked_for(tmp_path):
    weight, first, second = np.abs(kappa()), kappa(), kappa()
    for name, other in (("a", "KAPPA"), ("b", "X")):
        images = [
            fits.ImageHDU(weight, name="WEIGHT"),
            fits.ImageHDU(first, name=other),
        ]
        fits.HDUList([fits.PrimaryHDU(), *images]).writeto(tmp_path / f"{name}.fits")
    np.testing.assert_array_equal(readers.read_fits(tmp_path / "a.fits"), first)
    with pytest.raises(DataError, match=r"WEIGHT .*, X .*maps.source.extension"):
        readers.read_fits(tmp_path / "b.fits")
    for extension in ("X", "x", 1):
        read = readers.read_fits(tmp_path / "b.fits", extension)
        np.testing.assert_array_equal(read, first)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["w"], file["kappa"], file["g/k"] = weight, first, second
    np.testing.assert_array_equal(readers.read_fits(tmp_path / "c.h5"), first)
    np.testing.assert_array_equal(readers.read_fits(tmp_path / "c.h5", "g/k"), second)


def test_a_map_that_never_falls_below_zero_is_no_convergence(tmp_path):
    for k in range(3):
        np.save(tmp_path / f"Om0.{k + 2}.npy", np.abs(kappa()))
    found = readers.fits_tree(f"{tmp_path}/Om{{omega_m}}.npy")
    shares = {"train": 1, "select": 1, "test": 1}
    chosen = readers.split_by_realisation(found, shares)
    with pytest.raises(DataError, match=r"no pixel is below 0 .* a weight, a count"):
        dataset.write(chosen, tmp_path / "x.nc", pixel_arcmin=1.0, targets=["omega_m"])


# Layouts ------------------------------------------------------------------------------

K, G = kappa(), RNG.normal(0, 0.1, (2, 16, 16))
E = readers.layout.fields(G, "g", "shear")
BINS = RNG.normal(0, 0.02, (3, 16, 16)).astype(np.float32)
SHEARS = RNG.normal(0, 0.1, (3, 2, 16, 16))


@pytest.mark.parametrize(
    ("array", "settings", "expected"),
    [
        (K[None], {}, K),
        (K[..., None], {}, K),
        (K[None, :, :, None].astype(">f8"), {}, K),
        (G, SHEAR, E),
        (np.moveaxis(G, 0, -1), SHEAR, E),
        (G[:, None], SHEAR, E),
        (G[0] + 1j * G[1], {}, E),
        (BINS, {"bins": 3}, BINS),
        (np.moveaxis(BINS, 0, -1), {"bins": 3}, BINS),
        (SHEARS, SHEAR | {"bins": 3}, None),
        (SHEARS.swapaxes(0, 1), SHEAR | {"bins": 3}, None),
    ],
)
def test_layouts_give_the_same_map(tmp_path, array, settings, expected):
    np.save(tmp_path / "x.npy", array)
    read = Reading(**settings).read([tmp_path / "x.npy"])
    if expected is None:
        expected = [readers.layout.fields(shear, "g", "shear") for shear in SHEARS]
    np.testing.assert_allclose(read, expected, atol=1e-6)
    assert read.dtype == np.float32


def test_shear_is_read_from_extensions_files_and_integers(tmp_path):
    images = [fits.ImageHDU(g, name=f"G{k + 1}") for k, g in enumerate(G)]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(tmp_path / "x.fits")
    read = Reading(["G1", "G2"], "shear").read([tmp_path / "x.fits"])
    np.testing.assert_allclose(read, E, atol=1e-6)
    for bin_ in (1, 2):
        for k, g in enumerate(SHEARS[bin_]):
            put(tmp_path / f"Om0.3_b{bin_}_g{k + 1}.fits", g)
    pattern = f"{tmp_path}/Om{{omega_m}}_b{{bin}}_g{{component}}.fits"
    (maps,) = readers.fits_tree(pattern, reading=Reading(bins=2))
    expected = readers.layout.fields(SHEARS[1:], "g", "shear", 2)
    np.testing.assert_allclose(maps, expected, atol=1e-6)
    with pytest.raises(DataError, match=r"found bins \[1, 2\] of sources; expected 1"):
        readers.fits_tree(pattern)
    whole = readers.layout.fields((100 * G).astype(np.int16), "g", "shear")
    assert np.abs(whole / 100 - E).max() < 0.02


@pytest.mark.parametrize(
    ("array", "settings", "message"),
    [
        (G, {}, r"\(2, 16, 16\); .*quantity: shear; or 2 bins"),
        (BINS, SHEAR, "the components of shear"),
        (BINS, {"bins": 2}, r"2 bins .*bins: 3"),
        (np.zeros(12 * 16**2), {}, "HEALPix.*patch_degrees"),
    ],
)
def test_axes_that_are_not_accounted_for_are_told(tmp_path, array, settings, message):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=message):
        Reading(**settings).read([tmp_path / "x.npy"])


# Archives -----------------------------------------------------------------------------

IMAGES = RNG.normal(0, 0.02, (6, 16, 16)).astype(np.float32)
OM, S8 = np.repeat([0.2, 0.3, 0.4], 2), np.repeat([0.7, 0.8, 0.9], 2)


def structured():
    both = np.zeros(6, [("Om", float), ("S8", float)])
    both["Om"], both["S8"] = OM, S8
    return both


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"imgs": IMAGES, "params": np.stack([S8, OM], 1)}, ["S8", "omega_m"]),
        ({"imgs": IMAGES[:, None], "theta": np.stack([OM, OM, S8], 1)},
         ["omega_m", None, "S8"]),
        ({"kappa": np.asfortranarray(IMAGES), "Omega_m": OM, "S8": S8}, None),
        ({"x": IMAGES[..., None].astype(">f8"), "labels": structured()}, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["npz", "h5"])
def test_archives_of_any_names_are_read(tmp_path, arrays, named, form):
    path = tmp_path / f"x.{form}"
    if form == "npz":
        np.savez_compressed(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    found = readers.npz_archive(path, names=named)
    np.testing.assert_allclose(found.table["omega_m"], OM)
    np.testing.assert_allclose(found.table["S8"], S8)
    np.testing.assert_allclose(found.table["sigma_8"], S8 / (OM / 0.3) ** 0.5)
    assert found.table["realisation"].tolist() == [0, 1] * 3
    read = list(found.of([1, 4]))
    np.testing.assert_allclose(read, IMAGES[[1, 4]], rtol=1e-6)


def test_a_table_stands_beside_an_array(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    rows = "".join(f"{om} {s8}\n" for om, s8 in zip(OM, S8, strict=True))
    (tmp_path / "t.txt").write_text("Om S8\n" + rows)
    found = readers.npz_archive(tmp_path / "x.npy", table=tmp_path / "t.txt")
    np.testing.assert_array_equal(list(found), IMAGES)
    (tmp_path / "t.txt").write_text("Om S8\n" + rows[:16])
    with pytest.raises(DataError, match="rows, for 6 maps"):
        readers.npz_archive(tmp_path / "x.npy", table=tmp_path / "t.txt")


@pytest.mark.parametrize(
    ("params", "named", "message"),
    [
        (np.stack([OM, S8, OM - 2, S8], 1), None, "4 columns have no names"),
        (np.stack([OM, S8, S8], 1), None, "no names"),  # h, and no amplitude
        (
            np.stack([OM, S8], 1),
            ["omega_m"],
            "2 columns, and maps.source.names gives 1",
        ),
        (np.stack([OM, S8], 1), ["omega_m", "w0"], "w0 is 0.7; expected -3"),
        (np.stack([OM, S8], 1), ["omega_m", "Om"], "both hold omega_m"),
    ],
)
def test_columns_are_never_taken_by_position(tmp_path, params, named, message):
    np.savez(tmp_path / "x.npz", imgs=IMAGES, params=params)
    with pytest.raises(DataError, match=message):
        readers.npz_archive(tmp_path / "x.npz", names=named)


def test_what_is_not_used_may_be_no_number(tmp_path):
    params = np.stack([0 * OM, OM, 2 + OM, np.full(6, np.nan)], 1)
    np.savez(tmp_path / "x.npz", imgs=IMAGES, params=params)
    found = readers.npz_archive(tmp_path / "x.npz", wanted=["omega_m", "a_s"])
    assert found.table["cosmology"].nunique() == 3
    with pytest.raises(DataError, match="sigma_8 of map 0 is not finite"):
        readers.npz_archive(tmp_path / "x.npz", wanted=["omega_m", "sigma_8"])


def test_maps_of_a_cosmology_each_are_dealt_out_by_chance(tmp_path):
    om = np.linspace(0.2, 0.4, 60)
    images = RNG.normal(0, 0.02, (60, 16, 16))
    np.savez(tmp_path / "x.npz", imgs=images, omega_m=om, sigma_8=1 - om)
    found = readers.npz_archive(tmp_path / "x.npz")
    shares = {"train": 30, "select": 10, "test": 10}
    table = readers.split_by_realisation(found, shares).table
    assert table["split"].value_counts().to_dict() == shares
    assert table["group"].nunique() == 50
    spans = table.groupby("split")["omega_m"].agg(["min", "max"])
    assert (spans["max"] - spans["min"] > 0.1).all()


def test_real_shear_is_read_as_one_cosmology():
    real = Path(__file__).parents[3] / "shared/data/maps"
    if not real.is_dir():
        pytest.skip("real maps are not there")
    found = readers.fits_tree(f"{real}/{{cosmology}}_g{{component}}.fits")
    (field,) = found
    assert 0.05 < field.std() < 0.3


@pytest.mark.parametrize("axis", ["NAXIS1", "NAXIS2"])
@pytest.mark.parametrize("length", [-1, -16, -(2**31)])
def test_a_negative_axis_is_refused_before_it_is_counted(tmp_path, axis, length):
    put(tmp_path / "k.fits")
    right = (tmp_path / "k.fits").read_bytes()
    card, other = (f"{axis}  = {size:20}".encode() for size in (16, length))
    wrong = right.replace(card, other)
    assert wrong != right
    (tmp_path / "k.fits").write_bytes(wrong)
    with pytest.raises(DataError, match=f"k.fits: is damaged, {axis} is negative"):
        readers.read_fits(tmp_path / "k.fits")
