"""Peak histograms against a plain loop, and the published algorithm in torch."""

import numpy as np
import pytest
import torch

from awd import wavelet
from awd.errors import ConfigError, DataError, ShapeError
from awd.maps.measure import peaks
from awd.maps.measure.peaks import PeakHistogram, peak_histogram

RNG = np.random.default_rng(0)
MAPS = RNG.normal(0, 0.02, (5, 40, 48)).astype(np.float32)
EDGES = np.linspace(-0.03, 0.19, 23)
DB5 = wavelet.from_pywt("db5")


def plain(image, kernel, margin=1):
    """Responses at peaks, one pixel after the other."""
    rows, columns = kernel.shape
    found = []
    for y in range(margin, image.shape[0] - margin):
        for x in range(margin, image.shape[1] - margin):
            near = image[y - 1 : y + 2, x - 1 : x + 2].copy()
            near[1, 1] = -np.inf
            if image[y, x] > near.max():
                top, left = y - rows // 2, x - columns // 2
                part = image[top : top + rows, left : left + columns]
                found.append((part * kernel).sum())
    return np.array(found)


@pytest.mark.parametrize(
    "kernels",
    [
        peaks.HEIGHT,
        peaks.LAPLACE,
        peaks.LAPLACE_5,
        RNG.normal(size=(3, 5, 7)),
        np.multiply.outer(DB5, DB5)[None],
    ],
    ids=["height", "laplace", "laplace 5", "5 x 7", "db5 whole"],
)
def test_counts_are_those_of_a_plain_loop(kernels):
    maps = MAPS.astype(float)
    margin = max(1, *(side // 2 for side in kernels.shape[1:]))
    counts = peak_histogram(maps, kernels, EDGES)
    for n, image in enumerate(maps):
        for f, kernel in enumerate(kernels):
            expected = np.histogram(plain(image, kernel, margin), EDGES)[0]
            np.testing.assert_array_equal(counts[n, f], expected)


def test_counts_are_those_of_the_published_algorithm():
    """Masks, conv2d and np.histogram, four kernels of a wavelet, published bins."""
    kernels = peaks.wavelet_patches(DB5, "published").astype(np.float32)
    edges = np.linspace(0, 0.025, 23)
    images = torch.from_numpy(MAPS)[:, None]
    middle = images[..., 1:-1, 1:-1]
    peak = torch.ones_like(middle, dtype=torch.bool)
    for dy, dx in np.ndindex(3, 3):
        if (dy, dx) != (1, 1):
            peak &= middle > images[..., dy : dy + 38, dx : dx + 46]
    counts = peak_histogram(MAPS, kernels, edges)
    for f, kernel in enumerate(kernels):
        seen = torch.nn.functional.conv2d(images, torch.from_numpy(kernel)[None, None])
        for n in range(len(MAPS)):
            expected = np.histogram(seen[n][peak[n]].numpy(), edges)[0]
            np.testing.assert_array_equal(counts[n, f], expected)


def test_roberts_cross_sums_the_gradients_of_four_cells():
    image = MAPS[:1].astype(float)
    seen = peaks.responses(image, peaks.ROBERTS)[0]
    down, up = (
        image[0, 1:, 1:] - image[0, :-1, :-1],
        image[0, 1:, :-1] - image[0, :-1, 1:],
    )
    cells = np.hypot(down, up)
    whole = cells[:-1, :-1] + cells[:-1, 1:] + cells[1:, :-1] + cells[1:, 1:]
    middle = image[0, 1:-1, 1:-1]
    peak = np.ones_like(middle, bool)
    for dy, dx in np.ndindex(3, 3):
        if (dy, dx) != (1, 1):
            peak &= middle > image[0, dy : dy + 38, dx : dx + 46]
    np.testing.assert_allclose(seen, whole[peak])
    counts = peak_histogram(image, peaks.ROBERTS, [0, np.inf])
    assert counts.sum() == peak.sum()


def test_plateaus_and_borders_are_no_peaks():
    image = np.zeros((1, 8, 8), np.float32)
    image[0, 3, 3] = image[0, 3, 4] = 1  # two equal neighbours
    image[0, 0, 5] = image[0, 5, 7] = 2  # on the border
    assert peak_histogram(image, peaks.HEIGHT, [-9, 9]).sum() == 0
    image[0, 3, 3] = 1.5
    assert peak_histogram(image, peaks.HEIGHT, [-9, 9]).sum() == 1


def test_edges_part_numbers_as_numpy_does():
    """Values on an edge, and edges that float32 cannot hold."""
    heights = np.array([0.1, 0.2, 0.3, 0.7], np.float32)
    image = np.zeros((1, 5, 17), np.float32)
    image[0, 2, 2::4] = heights
    for edges in ([0.1, 0.2, 0.3, 0.7], np.float32([0.1, 0.3, 0.7]), [0.1, 0.7]):
        counts = peak_histogram(image, peaks.HEIGHT, edges)[0, 0]
        np.testing.assert_array_equal(counts, np.histogram(heights, edges)[0])


def test_many_peaks_are_counted_in_pieces():
    maps = RNG.normal(size=(2, 200, 200)).astype(np.float32)
    counts = peak_histogram(maps, peaks.HEIGHT, [-np.inf, 0, np.inf])
    seen = peaks.responses(maps, peaks.HEIGHT)[0]
    assert counts.sum() == len(seen) > 4000
    assert counts[..., 0].sum() == (seen < 0).sum()
    assert peaks.responses(maps, peaks.HEIGHT, 100).shape == (1, 100)


def test_quantile_bins_are_even_and_hold_nearly_all():
    statistic = PeakHistogram(peaks.LAPLACE).fitted(MAPS)
    np.testing.assert_allclose(np.diff(statistic.edges, 2), 0, atol=1e-9)
    total = peaks.responses(MAPS, peaks.LAPLACE).shape[1]
    assert 0.98 * total < statistic.counts(MAPS).sum() < total
    features = statistic.features(MAPS)
    np.testing.assert_allclose(features**2, statistic.counts(MAPS)[:, 0], rtol=1e-6)


def test_equal_bins_hold_equal_counts_and_all():
    statistic = PeakHistogram(peaks.LAPLACE, 8, "equal").fitted(MAPS)
    counts = statistic.counts(MAPS).sum(0)[0]
    assert np.ptp(counts) <= 2
    assert counts.sum() == peaks.responses(MAPS, peaks.LAPLACE).shape[1]


def test_published_bins_are_taken_as_they_are():
    statistic = PeakHistogram(peaks.HEIGHT, 22, peaks.PUBLISHED["height"]).fitted(MAPS)
    np.testing.assert_allclose(statistic.edges, EDGES)


def test_published_patches_lose_the_last_window_and_feel_leading_zeros():
    low = wavelet.from_pywt("db2")
    kernels = peaks.wavelet_patches(low, "published")
    assert kernels.shape == (4, 3, 3)
    # Four taps have two windows, of which the first is always taken.
    np.testing.assert_allclose(kernels[0], np.outer(low[:3], low[:3]))
    np.testing.assert_allclose(kernels[1:].mean((1, 2)), 0, atol=1e-12)
    padded = np.concatenate([[0, 0], wavelet.from_pywt("db3")])
    changed = peaks.wavelet_patches(padded, "published")
    assert not np.allclose(changed, peaks.wavelet_patches(padded[2:], "published"))


@pytest.mark.parametrize("name", ["db2", "db3", "db5", "sym6"])
def test_trimmed_patches_do_not_feel_zeros(name):
    h = wavelet.from_pywt(name)
    for padded in (np.concatenate([[0, 0], h]), np.concatenate([h, [0, 0, 0, 0]])):
        np.testing.assert_allclose(
            peaks.wavelet_patches(padded), peaks.wavelet_patches(h), atol=1e-12
        )
    assert peaks.wavelet_patches(h, keep_ll=False).shape == (3, 3, 3)


def test_kernels_are_turned_to_respond_positively_to_peaks():
    """db5's LH and HL answer a peak with a trough: bins from 0 would lose them."""
    kernels = peaks.wavelet_patches(DB5)
    assert (kernels[:, 1, 1] < 0).any()
    fixed = peaks.sign_fixed(kernels)
    assert (fixed[:, 1, 1] >= 0).all()
    np.testing.assert_allclose(np.abs(fixed), np.abs(kernels))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: peak_histogram(MAPS[0], peaks.HEIGHT, EDGES), ShapeError, "n, y, x"),
        (lambda: peak_histogram(MAPS, np.ones((3, 3)), EDGES), ShapeError, "filters"),
        (lambda: peak_histogram(MAPS, np.ones((1, 50, 1)), EDGES), ShapeError, "room"),
        (lambda: peak_histogram(MAPS, "sobel", EDGES), ConfigError, "of roberts"),
        (lambda: peak_histogram(MAPS, peaks.HEIGHT, EDGES[::-1]), DataError, "rise"),
        (
            lambda: peak_histogram(MAPS, peaks.HEIGHT, np.ones((2, 5))),
            ShapeError,
            r"expected \(bins \+ 1,\) or \(1,",
        ),
        (lambda: PeakHistogram(peaks.HEIGHT).features(MAPS), DataError, "fitted"),
        (
            lambda: PeakHistogram(peaks.HEIGHT, 5, "even").fitted(MAPS),
            ConfigError,
            "quantile, equal",
        ),
        (
            lambda: PeakHistogram(peaks.HEIGHT).fitted(MAPS[:, :5, :5]),
            DataError,
            "too few for 22 bins",
        ),
        (lambda: peaks.wavelet_patches(np.ones(2)), ShapeError, "at least 4 taps"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
