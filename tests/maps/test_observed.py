"""An observed map: its posterior, in files that other codes read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from awd import io
from awd.errors import DataError
from awd.maps.figures import inferred as figures
from awd.maps.infer import observed, pages, predict
from awd.maps.measure import statistics

BOX = [(0.18, 0.42), (0.6, 1.0)]
REAL = Path(__file__).parents[3] / "shared/data/maps"


@pytest.fixture(scope="module")
def read(small):
    """The statistic that is asked, and its calibrated emulator."""
    statistic = statistics.of("starlet_norms", small.attrs["pixel_arcmin"])
    statistic = statistics.fitted(statistic, small)
    features = statistics.measure(statistic, small)
    return statistic, predict.calibrated(features, small, BOX)


def asked(read, kappa):
    statistic, emulator = read
    features = statistic.features(kappa)[0].astype(float)
    names = ["omega_m", "sigma_8"]
    return observed.answer("starlet_norms", names, features, emulator, 0)


@pytest.fixture(scope="module")
def one(small, read):
    """The answer to a map of the test side."""
    row = np.flatnonzero(small["split"].values == "test")[20]
    return asked(read, small["x"].values[row][None])


def test_draws_are_of_the_posterior(one):
    emulator = one.emulator
    posterior = emulator.posterior(one.features[None])[0]
    mean = posterior @ emulator.grid_
    sd = np.sqrt(posterior @ (emulator.grid_ - mean) ** 2)
    np.testing.assert_allclose(one.chain.mean(0), mean, atol=0.1 * sd.max())
    np.testing.assert_allclose(one.chain.std(0), sd, rtol=0.1)


def test_getdist_reads_the_chains(one, tmp_path):
    getdist = pytest.importorskip("getdist")
    observed.write_chain(one, tmp_path / "starlet_norms")
    samples = getdist.loadMCSamples(str(tmp_path / "starlet_norms"))
    assert samples.getParamNames().list() == ["omega_m", "sigma_8"]
    np.testing.assert_allclose(
        samples.mean("omega_m"), one.chain[:, 0].mean(), rtol=1e-4
    )
    assert samples.ranges.getLower("sigma_8") == 0.6
    with np.load(tmp_path / "starlet_norms.npz") as archive:
        np.testing.assert_array_equal(archive["sigma_8"], one.chain[:, 1])


def test_vectors_and_covariances_are_plain_text(one, tmp_path):
    observed.write_vectors(one, tmp_path / "s")
    data = np.loadtxt(tmp_path / "s.data.txt")
    covariance = np.loadtxt(tmp_path / "s.covariance.txt")
    np.testing.assert_allclose(data[:, 0], one.features, rtol=1e-6)
    away = one.features - one.emulator.means(one.chain)[:, None][:, 0]
    chi2 = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    # Its own likelihood, but for what the polynomial does not know.
    assert np.corrcoef(chi2, one.log)[0, 1] < -0.9


def test_what_is_no_map_of_the_universe_is_not_trusted(one, read, tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.05, (1, 32, 32)).astype("f4")
    wrong = asked(read, noise)
    table = observed.table([one, wrong._replace(statistic="noise")])
    assert len(table) == 4
    doubts = table.groupby("method")["doubts"].first()
    assert "not trustworthy" in doubts["noise"]
    page = pages.observed(table)
    assert page["verdict"].str.contains("not trustworthy").tolist()[1]
    paths = [tmp_path / "starlet_norms.npz", tmp_path / "noise.npz"]
    for said, path in zip((one, wrong), paths, strict=True):
        observed.write_chain(said, path.with_suffix(""))
    io.write_table(table, tmp_path / "posterior.csv")
    table = io.read_table(tmp_path / "posterior.csv")
    pd.testing.assert_frame_equal(pages.observed(table), page)
    figure = figures.observed(observed.chains(table, paths, 300))
    assert "not trustworthy" in figure.axes[1].get_title()


def test_a_map_is_brought_to_the_pixels_of_the_simulated(small):
    fine = np.kron(small["x"].values[0], np.ones((2, 2), "f4"))
    same, hidden = observed.prepared(fine, small.attrs["pixel_arcmin"] / 2, small)
    np.testing.assert_allclose(same[0], small["x"].values[0], rtol=1e-6)
    assert not hidden.any()
    larger = np.pad(fine, 6)
    cut, _ = observed.prepared(larger, small.attrs["pixel_arcmin"] / 2, small)
    np.testing.assert_allclose(cut, same)


@pytest.mark.parametrize(
    ("kappa", "pixel", "message"),
    [
        (np.zeros((32, 32)), 5.0, "whole blocks"),
        (np.zeros((20, 20)), 6.5625, r"maps.source.degrees: 2.1875"),
        (np.full((32, 32), np.nan), 6.5625, "the observed map: 0 % of its pixels"),
    ],
)
def test_a_map_that_is_not_like_the_simulated_is_refused(small, kappa, pixel, message):
    with pytest.raises(DataError, match=message):
        observed.prepared(kappa, pixel, small)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real maps are not here")
@pytest.mark.parametrize(
    "names",
    [["exp_colombia_true_convergence_map.fits"], ["cosmos_g1.fits", "cosmos_g2.fits"]],
    ids=["columbia", "cosmos"],
)
def test_real_maps_are_answered(small, read, names):
    kappa = observed.kappa_of([REAL / name for name in names], None)
    blocks = small.assign_attrs(pixel_arcmin=0.8 * 8)
    answer = asked(read, observed.prepared(kappa, 0.8, blocks)[0])
    assert np.isfinite(answer.chain).all()
    assert 0 <= answer.goodness.p_value[0] <= 1
