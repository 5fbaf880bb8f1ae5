"""Maps of the whole sky: their layouts, shear on the sphere, and flat patches."""

import h5py
import numpy as np
import pytest

from awd.errors import DataError, ShapeError
from awd.maps import readers
from awd.maps.readers import Patches, Reading, scale
from awd.maps.sky import lensing

healpy = pytest.importorskip("healpy")
RNG = np.random.default_rng(0)
NSIDE = 32
PIXELS = 12 * NSIDE**2
PATCHES = Patches(15, 16)
WHOLE = Reading(patches=PATCHES)
SHEAR = Reading(quantity="shear", patches=PATCHES)


def around(centre, width, axes="s e"):
    """Shear around a mass in closed form, and its convergence but for its mean.

    The convergence is exp((cos - 1) / width^2) of the distance to the centre; twice
    what it holds within a distance, over the sine, is the slope of the potential.
    """
    theta, phi = healpy.pix2ang(NSIDE, np.arange(PIXELS))
    south = np.array(
        [np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)]
    )
    east = np.array([-np.sin(phi), np.cos(phi), 0 * phi])
    cosine = centre @ np.array(healpy.ang2vec(theta, phi)).T
    kappa = np.exp((cosine - 1) / width**2)
    mean = width**2 * (1 - np.exp(-2 / width**2)) / 2
    held = width**2 * (1 - kappa) - mean * (1 - cosine)
    radial = kappa - mean - 2 * held * cosine / (1 - cosine**2)
    directions = {"s": south, "n": -south, "e": east, "w": -east}
    x, y = (directions[name] for name in axes.split())
    angle = np.arctan2(centre @ y, centre @ x)
    return radial * np.cos(2 * angle), radial * np.sin(2 * angle), kappa - mean


def pure(multipoles):
    """A random convergence of some multipoles, and its shear by potential theory."""
    most = 3 * NSIDE - 1
    ell = np.arange(most + 1)
    power = np.isin(ell, multipoles) / np.maximum(ell, 1.0)
    draws = np.random.default_rng(0).normal(size=(2, healpy.Alm.getsize(most)))
    modes = healpy.almxfl(draws[0] + 1j * draws[1], np.sqrt(power))
    reduced = np.sqrt(np.maximum((ell + 2) * (ell - 1), 0) / np.maximum(ell, 1))
    shear = healpy.almxfl(modes, reduced / np.sqrt(ell + 1))
    g = healpy.alm2map_spin([shear, np.zeros_like(shear)], NSIDE, 2, most)
    return np.array(g), healpy.alm2map(modes, NSIDE, lmax=most)


@pytest.mark.parametrize("centre", [(0, 0, 1), (0.6, 0, 0.8), (-0.48, 0.64, -0.6)])
@pytest.mark.parametrize(
    ("axes", "signs"),  # by which other axes become HEALPix's, as documented
    [("s e", (1, 1)), ("w n", (-1, 1)), ("e n", (-1, -1)), ("n e", (1, -1))],
)
def test_a_mass_turns_shapes_around_it(centre, axes, signs):
    first, second, kappa = around(np.array(centre, float), 0.3, axes)
    e, b = lensing.kaiser_squires_sphere(signs[0] * first, signs[1] * second)
    expected = healpy.remove_dipole(kappa)
    assert (e - expected).std() < 0.01 * expected.std()
    assert b.std() < 0.01 * expected.std()
    np.testing.assert_allclose(e, expected, atol=0.02)  # of 0.95 at the mass


@pytest.mark.parametrize("most", [2 * NSIDE, 3 * NSIDE])
def test_convergence_comes_back_from_its_shear_at_all_multipoles(most):
    g, kappa = pure(range(2, most))
    e, b = lensing.kaiser_squires_sphere(*g)
    found, true = (healpy.anafast(m)[2:most] for m in (e, kappa))
    np.testing.assert_allclose(found[: 2 * NSIDE - 2], true[: 2 * NSIDE - 2], rtol=0.01)
    np.testing.assert_allclose(found, true, rtol=0.05)  # and beyond
    wrong, mixed = (healpy.anafast(m)[2 : 2 * NSIDE] for m in (e - kappa, b))
    assert (np.sqrt(wrong / true[: 2 * NSIDE - 2]) < 0.025).all()
    assert (np.sqrt(mixed / true[: 2 * NSIDE - 2]) < 0.025).all()


def test_shear_of_no_sphere_is_refused():
    with pytest.raises(ShapeError, match="100 pixels; expected 12 nside"):
        lensing.kaiser_squires_sphere(np.zeros(100), np.zeros(100))


# Layouts ------------------------------------------------------------------------------

G = RNG.normal(0, 0.1, (2, PIXELS))
G[0, 5], G[1, 6] = healpy.UNSEEN, np.nan
E = readers.healpix.sky(G, "g", "shear")
BINS = RNG.normal(0, 0.02, (3, PIXELS))
SHEARS = RNG.normal(0, 0.1, (3, 2, PIXELS))


@pytest.mark.parametrize(
    ("array", "settings", "expected"),
    [
        (BINS[0], {}, BINS[0]),
        (BINS[:1].astype(">f4"), {}, BINS[0]),
        (G, {"quantity": "shear"}, E),
        (G.T, {"quantity": "shear"}, E),
        (G[0] + 1j * G[1], {}, E),
        (BINS, {"bins": 3}, BINS),
        (BINS.T, {"bins": 3}, BINS),
        (SHEARS, {"bins": 3, "quantity": "shear"}, None),
        (SHEARS.swapaxes(0, 1), {"bins": 3, "quantity": "shear"}, None),
    ],
)
def test_layouts_give_the_same_sky(tmp_path, array, settings, expected):
    np.save(tmp_path / "x.npy", array)
    read = Reading(patches=PATCHES, **settings).read([tmp_path / "x.npy"])
    if expected is None:
        expected = [readers.healpix.sky(shear, "g", "shear") for shear in SHEARS]
    np.testing.assert_allclose(read, expected, atol=1e-6)


@pytest.mark.parametrize("convention", ["COSMO", "IAU"])
@pytest.mark.parametrize("several", [True, False])
def test_shear_of_either_convention_gives_the_same_sky(tmp_path, convention, several):
    g, names = np.where(np.isfinite(G), G, healpy.UNSEEN), ["gamma1", "gamma2"]
    g[1] *= -1 if convention == "IAU" else 1  # which turns the sign of U, and of UNSEEN
    g[1, 6] = healpy.UNSEEN
    said = {"dtype": np.float64, "extra_header": [("POLCCONV", convention)]}
    if several:
        paths, reading = [tmp_path / "x1.fits", tmp_path / "x2.fits"], WHOLE
        for path, own in zip(paths, g, strict=True):
            healpy.write_map(path, own, **said)
    else:
        paths = [tmp_path / "x.fits"]
        reading = Reading(names, "shear", patches=PATCHES)
        healpy.write_map(paths[0], g, column_names=names, **said)
    np.testing.assert_allclose(reading.read(paths), E, atol=1e-6)


@pytest.mark.parametrize("form", ["ring", "nest", "partial", "hdf5", "files"])
def test_shear_is_read_from_columns_arrays_and_pairs_of_files(tmp_path, form):
    g, names = np.where(np.isfinite(G), G, healpy.UNSEEN), ["gamma1", "gamma2"]
    paths = [tmp_path / "x"]
    reading = Reading(names, "shear", patches=PATCHES)
    if form == "hdf5":
        with h5py.File(paths[0], "w") as file:
            file["gamma2"], file["gamma1"] = g[1], g[0]
    elif form == "files":
        paths = [tmp_path / "x1.fits", tmp_path / "x2.fits"]
        for path, own in zip(paths, g, strict=True):
            healpy.write_map(path, own, dtype=np.float64)
        reading = WHOLE
    else:
        given = healpy.reorder(g, r2n=True) if form == "nest" else g
        options = {"nest": form == "nest", "partial": form == "partial"}
        healpy.write_map(paths[0], given, column_names=names, dtype=float, **options)
    read = reading.read(paths)
    assert np.isnan(read[[5, 6]]).all()
    np.testing.assert_allclose(read, E, atol=1e-6)


def test_of_several_columns_kappa_is_read_or_one_is_asked_for(tmp_path):
    for path, name in (("a.fits", "KAPPA"), ("b.fits", "X")):
        columns = ["WEIGHT", name, "Y"]
        healpy.write_map(tmp_path / path, BINS, column_names=columns, dtype=float)
    np.testing.assert_array_equal(WHOLE.read([tmp_path / "a.fits"]), BINS[1])
    asked = r"WEIGHT .*X .*extension; of shear both components"
    with pytest.raises(DataError, match=asked):
        WHOLE.read([tmp_path / "b.fits"])
    every = Reading(["WEIGHT", "X", "Y"], bins=3, patches=PATCHES)
    np.testing.assert_array_equal(every.read([tmp_path / "b.fits"]), BINS)


@pytest.mark.parametrize(
    ("array", "reading", "message"),
    [
        (G, WHOLE, r"\(2, 12288\); .*\(pixels\).*quantity: shear"),
        (BINS, WHOLE, r"3 bins of sources: maps.source.bins: 3"),
        (BINS[0], SHEAR, r"\(2, pixels\).*the components of shear"),
        (BINS[:, :256].reshape(3, 16, 16), WHOLE, "expected a map of the whole sky"),
    ],
)
def test_axes_that_are_not_accounted_for_are_told(tmp_path, array, reading, message):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=message):
        reading.read([tmp_path / "x.npy"])


# Patches ------------------------------------------------------------------------------


def test_skies_are_cut_into_patches_that_do_not_overlap(tmp_path):
    patches = PATCHES
    theta, phi = healpy.pix2ang(32, np.arange(12 * 32**2))
    sky = np.cos(theta) + 0.1 * np.sin(theta) * np.cos(phi)  # smooth, and known
    masked = np.where(theta < 1, healpy.UNSEEN, sky)
    found = []
    for name, values in (("a", sky), ("b", masked)):
        path = tmp_path / f"Om0.3_{name}.fits"
        healpy.write_map(path, values, dtype=np.float64)
        pattern = f"{tmp_path}/Om{{omega_m}}_{name}.fits"
        found.append(readers.fits_tree(pattern, reading=Reading(patches=patches)))
    whole, part = (len(one.table) for one in found)
    assert part < 0.8 * whole
    assert 0.6 < whole * 15**2 / (4 * np.pi * np.degrees(1) ** 2) < 1
    k = 17
    direction = patches.directions(*patches.centres()[k])
    expected = direction[2] + 0.1 * direction[0]
    (read,) = found[0].of([k])
    np.testing.assert_allclose(read, expected, atol=2e-3)
    assert scale.agreed(found[0].found, None, "") == pytest.approx(56.25)


def test_patches_of_shear_have_every_bin_and_what_was_seen_of_all(tmp_path):
    skies = [pure(range(2, 20)), pure(range(2, 12))]
    theta, _ = healpy.pix2ang(NSIDE, np.arange(PIXELS))
    for bin_, (g, _) in enumerate(skies):
        hidden = np.where(theta < 0.5 + bin_ / 2, healpy.UNSEEN, g)
        for component in (1, 2):
            path = tmp_path / f"Om0.3_b{bin_}_g{component}.fits"
            healpy.write_map(path, hidden[component - 1], dtype=np.float64)
    pattern = f"{tmp_path}/Om{{omega_m}}_b{{bin}}_g{{component}}.fits"
    found = readers.fits_tree(pattern, reading=Reading(bins=2, patches=PATCHES))
    centres = PATCHES.centres()
    kept = [int(source.split()[-1]) for source in found.table["source"]]
    assert 0 < len(kept) < len(centres)
    south = 7.5 + np.degrees(1)  # of the mask of the bin that hides more
    assert centres[kept, 1].max() < 90 - south + 7.5
    far = [k for k, patch in enumerate(kept) if centres[patch, 1] < -30]
    for k, maps in zip(far, found.of(far), strict=True):
        true = [next(PATCHES.of(kappa, [kept[k]])) for _, kappa in skies]
        # What a mask mixes far from its border.
        assert (maps - true).std() < 0.1 * np.std(true)
