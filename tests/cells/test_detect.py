"""Detection against plain least squares, known truth and the bound of any estimator."""

import numpy as np
import pytest

from awd.cells import detect, measures, microscope, readout
from awd.cells.compiled import fit
from awd.errors import ConfigError, DataError

SIGMA = 1.4


def one_spot(x, y, amplitude, shape=(40, 50), background=100.0, sigma=SIGMA):
    place = (np.atleast_1d(np.asarray(v, float)) for v in (x, y, amplitude))
    return microscope.render(np.full(shape, background), *place, sigma)


def grid(amplitude, seed, background=100.0):
    """Isolated spots at random places of their pixels, with Poisson noise."""
    rng = np.random.default_rng(seed)
    at = np.arange(20, 500, 24.0)
    x, y = (v.ravel() + rng.uniform(-0.5, 0.5, v.size) for v in np.meshgrid(at, at))
    image = one_spot(x, y, np.full(x.size, amplitude), (512, 512), background)
    return rng.poisson(image).astype(np.uint16), x, y


def nearest(table, x, y):
    away = np.hypot(table[:, None, 0] - x, table[:, None, 1] - y)
    return away.min(0), away.argmin(0)


@pytest.mark.parametrize("sigma", [1.1, 1.4, 2.3])
def test_filters_are_the_least_squares_fit_at_every_pixel(sigma):
    rng = np.random.default_rng(1)
    image = rng.poisson(one_spot(20, 150, 400.0, (200, 60), 900.0)).astype(float)
    found, w = detect.filters(image, sigma), readout.half_window(sigma)
    u = np.arange(-w, w + 1)
    g = np.exp(-0.5 * (u[:, None] ** 2 + u**2) / sigma**2)
    design = np.stack([g.ravel(), np.ones(g.size)], 1)
    for y, x in ((w, w), (63, 30), (64, 31), (150, 20), (199 - w, 59 - w)):
        window = image[y - w : y + w + 1, x - w : x + w + 1].ravel()
        (a, c), rss, *_ = np.linalg.lstsq(design, window, rcond=None)
        error = np.sqrt(rss[0] / (g.size - 3) * np.linalg.inv(design.T @ design)[0, 0])
        assert found.amplitude[y, x] == pytest.approx(a, rel=1e-3, abs=0.05)
        assert found.background[y, x] == pytest.approx(c, rel=1e-4)
        assert found.residual[y, x] == pytest.approx(
            np.sqrt(rss[0] / (g.size - 1)), rel=1e-3
        )
        assert found.significance[y, x] == pytest.approx(a / error, rel=0.01, abs=0.01)


def test_the_log_is_largest_at_a_spot():
    log = detect.filters(one_spot(23, 17, 50.0), SIGMA).log
    assert np.unravel_index(log.argmax(), log.shape) == (17, 23)


@pytest.mark.parametrize("apart", [2.5, 3.5, 6.0])
def test_neighbours_are_fitted_together(apart):
    x, y, amplitude = [20.3, 20.3 + apart], [18.6, 18.9], [500.0, 400.0]
    image = one_spot(x, y, amplitude)
    image += np.random.default_rng(0).normal(0, 2, image.shape)
    table = detect.spots(image, SIGMA)
    table = table[np.argsort(table[:, 0])]
    assert len(table) == 2
    assert table[:, 0] == pytest.approx(x, abs=0.05)
    assert table[:, 1] == pytest.approx(y, abs=0.05)
    assert table[:, fit.A] == pytest.approx(amplitude, rel=0.03)
    assert table[:, fit.C] == pytest.approx(100, abs=4)


def test_a_spot_at_the_border_is_found_and_stays_inside():
    image = one_spot([0.2, 49.0, 25], [20, 38.8, 0.0], [300.0] * 3)
    table = detect.spots(np.random.default_rng(0).poisson(image), SIGMA)
    away, _ = nearest(table, [0.2, 49.0, 25], [20, 38.8, 0.0])
    assert away.max() < 0.4


@pytest.mark.parametrize(("snr", "most"), [(4, 1.10), (7, 1.20)])
def test_positions_are_as_precise_as_can_be(snr, most):
    amplitude = snr * (snr + np.sqrt(snr**2 + 400)) / 2
    image, x, y = grid(amplitude, seed=snr)
    away, _ = nearest(detect.spots(image, SIGMA), x, y)
    assert (away < 2).mean() > 0.99
    rmse = np.sqrt(np.mean(away[away < 2] ** 2))
    assert rmse < most * measures.position_bound(amplitude, 100, SIGMA)


def test_standard_errors_are_the_spread_of_what_is_found():
    image, x, y = grid(60.0, seed=3)
    table = detect.spots(image, SIGMA)
    away, which = nearest(table, x, y)
    own = table[which[away < 2]]
    true = np.stack([x, y, np.full(x.size, 60.0)], 1)[away < 2]
    for column, error in ((0, 4), (1, 5), (2, 6)):
        pull = (own[:, column] - true[:, column]) / own[:, error]
        # All pixels count alike, though the brighter ones are noisier.
        assert 0.9 < pull.std() < 1.25
        assert abs(pull.mean()) < 0.2


def test_noise_shows_few_spots():
    noise = np.random.default_rng(0).poisson(100, (512, 512)).astype(np.uint16)
    assert len(detect.spots(noise, SIGMA)) < 14
    assert len(detect.spots(noise, SIGMA, z=6.0)) == 0
    assert len(detect.spots(noise, SIGMA, test="aguet")) <= 2


def test_the_published_test_is_stricter_than_z_four():
    image, x, y = grid(30.0, seed=5)
    loose, strict = (detect.spots(image, SIGMA, test=t) for t in ("z", "aguet"))
    assert len(strict) < len(loose)
    z = strict[:, fit.A] / strict[:, fit.A_SE]
    assert z.min() > 4.4
    assert (nearest(strict, x, y)[0] < 2).sum() > 0.95 * len(strict)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_the_dtype_of_pixels_does_not_matter(dtype):
    image, *_ = grid(60.0, seed=2)
    small = np.minimum(image[:100, :120], 255)
    assert detect.spots(small.astype(dtype), SIGMA) == pytest.approx(
        detect.spots(small, SIGMA)
    )


def test_an_offset_changes_backgrounds_only():
    image, *_ = grid(60.0, seed=2)
    image = image[:128, :128]
    near, far = detect.spots(image, SIGMA), detect.spots(image + 30_000, SIGMA)
    assert far[:, :3] == pytest.approx(near[:, :3], rel=1e-3)
    assert far[:, fit.C] - 30_000 == pytest.approx(near[:, fit.C], rel=1e-3)


@pytest.mark.parametrize("sigma", [1.25, 1.8])
def test_the_width_is_estimated(sigma):
    movie, _ = microscope.challenge(4, 60, 0, frames=8, size=256, sigma=sigma)
    assert detect.estimate_sigma(movie) == pytest.approx(sigma, rel=0.03)


def test_a_width_is_not_made_up_of_noise():
    noise = np.random.default_rng(0).poisson(100, (3, 64, 64))
    with pytest.raises(DataError, match=r"too few to estimate the width.*give sigma"):
        detect.estimate_sigma(noise)


def test_faint_movies_are_pooled_and_that_finds_more():
    bright, _ = microscope.challenge(7, 40, 0, frames=6, size=256)
    dim, truth = microscope.challenge(2, 40, 0, frames=12, size=256)
    assert detect.faint(dim, SIGMA)
    assert not detect.faint(bright, SIGMA)
    once, pooled = (detect.detect(dim, SIGMA, pool=p) for p in (False, True))
    apart, together = (measures.detection(truth, t) for t in (once, pooled))
    assert together.recall > apart.recall + 0.05
    assert together.rmse < 0.85 * apart.rmse
    # Amplitudes are of the frame itself, so their errors are no smaller.
    ratio = pooled["amplitude_se"].median() / once["amplitude_se"].median()
    assert 0.8 < ratio < 1.2


def test_an_unknown_test_is_refused():
    with pytest.raises(ConfigError, match="test is 'f'; expected one of z, aguet"):
        detect.spots(np.zeros((40, 40)), SIGMA, test="f")
