"""The undecimated transform against pywt and scipy, and its histograms."""

import numpy as np
import pytest
import pywt
from scipy.ndimage import correlate

from awd import wavelet
from awd.distil import distil
from awd.errors import ConfigError, DataError, ShapeError
from awd.features import Student
from awd.filters import families, undecimated
from awd.filters.undecimated import PARTS, Histogram, Quantiles
from awd.search.fidelity import fidelity

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(3, 40, 33))
SIGNALS = RNG.normal(size=(4, 50))
B3 = np.array([1, 4, 6, 4, 1]) / 16


def dilated(kernel, step):
    """The kernel with zeros between its taps."""
    kernel = np.atleast_2d(kernel)
    size = [(n - 1) * step + 1 for n in kernel.shape]
    wide = np.zeros(size)
    wide[::step, ::step] = kernel
    return wide


def test_the_families_hold_the_b3_spline():
    np.testing.assert_allclose(families.symmetric(np.array([1 / 16])), B3)
    near = families.gaussian(np.array([1.0]))
    np.testing.assert_allclose(near, B3, atol=0.03)
    box = families.isotropic(np.array([1 / 9, 1 / 9]))
    np.testing.assert_allclose(box, np.full((3, 3), 1 / 9))
    for family in (families.SYMMETRIC, families.GAUSSIAN, families.ISOTROPIC):
        unit = RNG.uniform(size=(20, len(family.bounds)))
        for h in family.filters(family.points(unit)):
            assert family.conditions(h)["sum"] < 1e-12


@pytest.mark.parametrize("levels", [1, 4, 6])
def test_differences_and_the_last_approximation_sum_to_the_image(levels):
    for x in (IMAGES, SIGNALS):
        bands = undecimated.analysis(x, B3, levels)
        total = bands["difference"].sum(1) + bands["approx"][:, -1]
        np.testing.assert_allclose(total, x, atol=1e-12)


def test_smoothers_are_dilated_correlations_with_reflected_borders():
    kernel = families.isotropic(np.array([0.1, 0.03]))
    for h, square in ((B3, np.outer(B3, B3)), (kernel, kernel)):
        bands = undecimated.analysis(IMAGES, h, 3)
        for image, found in zip(IMAGES, bands["approx"], strict=True):
            for j in range(3):
                image = correlate(image, dilated(square, 2**j), mode="mirror")
                np.testing.assert_allclose(found[j], image, atol=1e-12)


def test_hh_of_a_smoother_is_its_high_pass_along_both_axes():
    high = -B3.copy()
    high[2] += 1
    bands = undecimated.analysis(IMAGES, B3, 1)
    expected = [correlate(i, np.outer(high, high), mode="mirror") for i in IMAGES]
    np.testing.assert_allclose(bands["hh"][:, 0], expected, atol=1e-12)
    lh = [correlate(i, np.outer(B3, high), mode="mirror") for i in IMAGES]
    np.testing.assert_allclose(bands["lh"][:, 0], lh, atol=1e-12)


@pytest.mark.parametrize("name", ["haar", "db2", "db5"])
def test_orthonormal_filters_give_the_stationary_transform_inside(name):
    """pywt.swt has periodic borders, and filters that sum to sqrt 2."""
    h, x = wavelet.from_pywt(name), RNG.normal(size=(2, 256))
    bands = undecimated.analysis(x, h, 2)
    for j, (approx, detail) in enumerate(pywt.swt(x, name, 2)[::-1]):
        for kind, band in (("approx", approx), ("hh", detail)):
            found = bands[kind][:, j, 60:200]
            scaled = band / np.sqrt(2) ** (j + 1)
            np.testing.assert_allclose(found, scaled[:, 60:200], atol=1e-10)


def test_histograms_count_every_coefficient_in_equal_bins():
    x = RNG.normal(size=(30, 1, 32, 32)).astype(np.float32)
    student = Histogram(12, ("difference", "hh", "lh_hl")).fitted(x, B3, 3)
    counts = student.features(x, B3, 3).reshape(30, 3, 3, 12) ** 2
    np.testing.assert_allclose(counts[:, :, :2].sum(-1), 32 * 32)
    np.testing.assert_allclose(counts[:, :, 2].sum(-1), 2 * 32 * 32)
    share = counts.sum(0) / counts.sum((0, 3))[..., None]
    np.testing.assert_allclose(share, 1 / 12, atol=2e-3)
    bands = undecimated.analysis(x[:, 0], B3, 3)
    edges = [-np.inf, *student.edges[1, 1], np.inf]
    expected = np.histogram(bands["hh"][4, 1], edges)[0]
    np.testing.assert_allclose(counts[4, 1, 1], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("h", "bands"),
    [(B3, ("difference", "hh")), (wavelet.from_pywt("db2"), ("lh_hl", "hh"))],
)
def test_quantiles_are_the_values_of_nearest_rank(h, bands):
    """Heavy tails leave most values in a few of the buckets that order them."""
    x = RNG.standard_t(2, size=(5, 1, 32, 32)).astype(np.float32)
    student = Quantiles((0.0, 0.4, 0.9, 1.0), bands)
    found = student.features(x, h, 3).reshape(5, 3, 2, 4)
    every = undecimated.analysis(x[:, 0], h, 3)
    for k, band in enumerate(bands):
        parts = [every[part].reshape(5, 3, -1) for part in PARTS.get(band, (band,))]
        values = np.sort(np.concatenate(parts, -1), -1)
        places = np.rint(np.array(student.shares) * (values.shape[-1] - 1))
        np.testing.assert_array_equal(found[:, :, k], values[..., places.astype(int)])
    np.testing.assert_array_equal(student.features(0 * x, h, 3), 0)


def test_quantiles_of_a_negated_filter_are_those_of_the_mirrored_student():
    x = RNG.normal(size=(4, 1, 33, 33))
    student = Quantiles((0.25, 0.5), ("hh",))
    found = student.mirrored.features(-x, B3, 2)
    np.testing.assert_allclose(found, -student.features(x, B3, 2))


def test_predictions_use_the_bins_of_the_training_samples():
    """Singly and all at once are the same."""
    x = RNG.normal(size=(60, 1, 16, 16)) * RNG.uniform(0.5, 2, (60, 1, 1, 1))
    student = Student(Histogram(4), "ridge").fit(x[:40], x[:40].std((1, 2, 3)), B3, 2)
    together = student.predict(x[40:])
    alone = [student.predict(row[None])[0] for row in x[40:]]
    np.testing.assert_allclose(alone, together)
    assert np.corrcoef(together, x[40:].std((1, 2, 3)))[0, 1] > 0.9
    with pytest.raises(DataError, match="needs bins"):
        Histogram(4).features(x, B3, 2)
    with pytest.raises(ShapeError, match="bins are those of 2 levels; got 3"):
        student.features_.features(x, B3, 3)
    kernel = families.isotropic(np.array([0.1, 0.03]))
    with pytest.raises(ConfigError, match="no band 'hh'; they have approx, diff"):
        student.features_.features(x, kernel, 2)


def test_students_of_signals_read_histograms_too():
    x = RNG.normal(size=(80, 64)) * RNG.uniform(0.5, 2, (80, 1))
    student = Student(Histogram(4), "ridge").fit(x, x.std(1), B3, 2)
    assert np.corrcoef(student.predict(x), x.std(1))[0, 1] > 0.9


def test_histograms_of_a_smoother_are_distilled():
    """A network that reads how rough images are, distilled without any label."""
    n = 80
    rough = RNG.uniform(0.5, 2, n)
    x = RNG.normal(size=(n, 1, 24, 24))
    x = x + rough[:, None, None, None] * np.roll(x, 1, -1)
    result = distil(
        x.astype(np.float32),
        output=rough**2,
        student=Histogram(8),
        family=families.SYMMETRIC,
        levels=2,
        dims=2,
    )
    low, high = families.SYMMETRIC.bounds[0]
    assert low <= result.filter[0] <= high
    assert result.fidelity > 0.9
    assert result.conditions["sum"] < 1e-12
    term = fidelity(x, rough**2, Histogram(8), 2)
    grid = families.SYMMETRIC.filters(np.linspace(low, high, 9)[:, None])
    assert 1 - result.fidelity <= term.values(grid).min() + 0.01


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Histogram(1), ConfigError, "bins is 1; .* at least 2"),
        (lambda: Quantiles((0.5, 1.5)), ConfigError, "shares is 1.5"),
        (
            lambda: Histogram(4, ("ll",)),
            ConfigError,
            "'ll'; expected one of diff",
        ),
        (
            lambda: Histogram(4, ("lh_hl",)).fitted(SIGNALS, B3, 2),
            ConfigError,
            "have no band 'lh_hl'; they have approx, difference, hh",
        ),
        (
            lambda: Histogram().fitted(SIGNALS * np.nan, B3, 2),
            DataError,
            "not finite",
        ),
        (
            lambda: undecimated.analysis(SIGNALS, np.ones((3, 3)), 2),
            ShapeError,
            r"filter has shape \(3, 3\)",
        ),
        (lambda: undecimated.analysis(SIGNALS, B3, 0), ConfigError, "levels is 0"),
        (lambda: undecimated.analysis(SIGNALS.astype(str), B3, 1), ShapeError, "dtype"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
