"""Power, skewness and peaks of maps for which all of them are known."""

import numpy as np
import pytest

from awd.maps.measure.spectrum import multipoles
from awd.maps.sky import realism
from awd.maps.sky.cosmology import Cosmology

PIXEL = 1.640625
UNSMOOTHED = 0.01  # pixels: a Gaussian so narrow that nothing changes


def noise(count, side, sd=1.0):
    """White maps, float32."""
    maps = np.random.default_rng(0).normal(0, sd, (count, side, side))
    return maps.astype(np.float32)


def of(maps, pixel=PIXEL):
    """Values by quantity and scale."""
    return realism.of(maps, pixel).set_index(["quantity", "at"])["value"]


def test_white_noise_has_flat_power_and_no_skewness():
    maps = noise(40, 128, 0.3)
    table = of(maps)
    area = np.radians(PIXEL / 60) ** 2
    np.testing.assert_allclose(table["c_ell"], 0.09 * area, rtol=0.1)
    assert table["s3"].abs().max() < 1  # where simulated maps have hundreds
    # One pixel in nine is the highest of its neighbourhood; borders do not count.
    assert table["peaks", 0.0] == pytest.approx(126**2 / 9, rel=0.02)


def test_power_stands_at_the_mean_multipole_of_its_bin():
    ell = multipoles(128, PIXEL)
    table = of(noise(1, 128))
    low, high = realism.ELL[:2]
    assert table["c_ell"].index[0] == ell[(ell >= low) & (ell < high)].mean()
    assert len(table["c_ell"]) == len(realism.ELL) - 1


def test_coarse_maps_have_no_power_at_scales_below_their_pixels():
    power = of(noise(2, 16), 8 * PIXEL)["c_ell"]
    highest = multipoles(16, 8 * PIXEL).max()
    assert power.index.max() <= highest * (1 + 1e-9) < realism.ELL[-1]
    assert len(power) < len(realism.ELL) - 1
    assert (power > 0).all()


def test_skewness_is_the_third_moment_over_the_squared_variance():
    """An exponential distribution of scale b has the moments b^2 and 2 b^3."""
    maps = np.random.default_rng(0).exponential(0.02, (40, 128, 128))
    found = realism.skewness(maps, UNSMOOTHED)
    assert found == pytest.approx(2 / 0.02, rel=0.05)
    assert realism.skewness(-3 * maps, UNSMOOTHED) == pytest.approx(-found / 3)


def test_smoothing_raises_the_skewness_of_independent_pixels_by_a_third():
    """Sums of g^3 over sums of g^2 squared, of a wide Gaussian g, are 4 / 3."""
    maps = np.random.default_rng(0).exponential(0.02, (200, 64, 64))
    assert realism.skewness(maps, 1.5) == pytest.approx(4 / 3 * 2 / 0.02, rel=0.05)


def test_skewness_does_not_depend_on_the_mean_of_a_map():
    maps = np.random.default_rng(0).exponential(0.02, (3, 32, 32))
    shifted = maps + np.array([-1, 0, 2])[:, None, None]
    assert realism.skewness(shifted, 1.0) == pytest.approx(realism.skewness(maps, 1.0))


def test_peaks_are_counted_per_map_whatever_their_height():
    maps = np.zeros((2, 64, 64), np.float32) - 5
    maps[:, 5, ::4] = np.linspace(-4, 9, 16)  # that in column 0 is on the border
    maps[1, 40, 40] = 1
    assert of(maps)["peaks", 0.0] == (15 + 16) / 2


def test_only_training_maps_are_measured(small):
    table = realism.measure(small, 1.0)
    assert sorted(table["cosmology"].unique()) == [f"c{k}" for k in range(6)]
    changed = small.copy(deep=True)
    changed["x"].values[changed["split"].values != "train"] *= 2
    assert realism.measure(changed, 1.0).equals(table)


def test_theory_is_that_of_the_cosmology_and_of_power_alone(small):
    table = realism.measure(small, 1.0)
    powers = table["quantity"] == "c_ell"
    assert table["theory"][~powers].isna().all()
    own = table[powers & (table["cosmology"] == "c1")]
    assert own["omega_m"].unique() == pytest.approx([0.24])
    expected = Cosmology(0.24, 0.75).convergence_power(own["at"], 1.0)
    np.testing.assert_allclose(own["theory"], expected)
    higher = realism.measure(small, 2.0)["theory"][powers]
    assert (higher > table["theory"][powers]).all()


def test_without_a_redshift_or_an_amplitude_there_is_no_theory(small):
    assert realism.measure(small, None)["theory"].isna().all()
    table = realism.measure(small.isel(name=[0]), 1.0)
    assert table["theory"].isna().all()
    assert "sigma_8" not in table


def test_another_map_is_averaged_to_pixels_of_nearly_our_size(tmp_path):
    from astropy.io import fits

    coarse = noise(1, 64, 0.02)[0]
    fine = coarse.repeat(2, 0).repeat(2, 1)
    path = str(tmp_path / "kappa.fits")
    # A row and a column that fill no block are left out.
    fits.PrimaryHDU(np.pad(fine, (0, 1))).writeto(path)
    table = realism.compare(path, PIXEL / 2, 1.1 * PIXEL)
    expected = realism.of(coarse[None], PIXEL)
    np.testing.assert_allclose(table["at"], expected["at"])
    np.testing.assert_allclose(table["value"], expected["value"], rtol=1e-5)
    assert set(table["source"]) == {path}
    assert set(table["cosmology"]) == {"unknown"}
