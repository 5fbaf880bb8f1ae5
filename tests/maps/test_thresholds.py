"""One-point PDF, Minkowski functionals, and peaks and minima in signal-to-noise."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.special import erfc

from awd.errors import DataError, ShapeError
from awd.maps.measure import statistics
from awd.maps.measure.minkowski import minkowski
from awd.maps.measure.one_point import shares

SIDE, PIXEL = 192, 0.5
NU = np.linspace(-2.5, 2.5, 11)


@pytest.fixture(scope="module")
def gaussian():
    """Periodic Gaussian fields, correlated over 5 pixels, of s.d. 1, and sigma_1."""
    k = 2 * np.pi * np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE))
    filter_ = np.exp(-0.5 * (5 * k) ** 2)
    modes = np.fft.rfft2(np.random.default_rng(0).normal(size=(60, SIDE, SIDE)))
    # The spectrum is known, and so are its moments: what Tomita's formulas ask for.
    both = np.full(k.shape, 2.0)
    both[:, [0, -1]] = 1
    power = filter_**2
    variance, slope = (both * power).sum(), (both * power * k**2).sum()
    maps = np.fft.irfft2(modes * filter_, s=(SIDE, SIDE))
    maps *= SIDE / np.sqrt(variance)
    return maps.astype(np.float32), np.sqrt(slope / variance) / PIXEL


@pytest.fixture(scope="module")
def hidden():
    """A mask of discs and of a border, not the same in all maps."""
    seen = np.ones((60, SIDE, SIDE), bool)
    y, x = np.mgrid[:SIDE, :SIDE]
    rng = np.random.default_rng(1)
    for own in seen:
        for _ in range(12):
            a, b = rng.uniform(0, SIDE, 2)
            own &= (y - a) ** 2 + (x - b) ** 2 > 12**2
    seen[:, :9] = False
    return seen


def tomita(nu, slope):
    """V0, V1, V2 of a Gaussian field of s.d. 1 (Tomita 1986)."""
    v0 = erfc(nu / np.sqrt(2)) / 2
    v1 = slope / (8 * np.sqrt(2)) * np.exp(-(nu**2) / 2)
    v2 = slope**2 / (2 * (2 * np.pi) ** 1.5) * nu * np.exp(-(nu**2) / 2)
    return np.stack([v0, v1, v2])


@pytest.mark.parametrize("masked", [False, True])
def test_minkowski_functionals_of_gaussian_fields_are_those_of_tomita(
    gaussian, hidden, masked
):
    maps, slope = gaussian
    found = minkowski(maps, PIXEL, NU, hidden if masked else None)
    expected = tomita(NU, slope)
    error = found.std(0) / np.sqrt(len(maps))
    assert (
        np.abs(found.mean(0) - expected) < 4 * error + 0.01 * expected.max(1)[:, None]
    ).all()
    # And known well enough for that to mean something.
    assert (error.max(1) < 0.03 * expected.max(1)).all()


def test_minkowski_functionals_are_those_of_a_plain_count(gaussian, hidden):
    """Area, sides and pieces less holes, labelled by scipy, of a map that is periodic
    only by its empty border: nothing is cut."""
    for seed in range(3):
        field = np.zeros((40, 48), np.float32)
        noise = np.random.default_rng(seed).normal(size=(36, 44))
        field[2:-2, 2:-2] = ndimage.gaussian_filter(noise, 1.2)
        above = field >= 0.2
        cells = 39 * 47
        ((v0, v1, v2),) = minkowski(field[None], 1.0, [0.2])[..., 0]
        assert v0 == pytest.approx(above.mean())
        crossed = 0
        for axis in (0, 1):
            changed = np.diff(above.astype(int), axis=axis) != 0
            crossed += changed.sum()
        # Sides inside of the map belong to two cells each.
        assert v1 == pytest.approx(np.pi / 8 * 2 * crossed / (4 * cells))
        whole = np.ones((3, 3))
        euler = []  # with pixels that touch at corners together, and apart
        for outer, inner in ((whole, None), (None, whole)):
            pieces = ndimage.label(above, outer)[1]
            euler.append(pieces - (ndimage.label(~above, inner)[1] - 1))
        assert v2 * cells == pytest.approx(np.mean(euler))


def test_functionals_of_the_negative_map_follow(gaussian):
    maps = gaussian[0][:3]
    found, other = minkowski(maps, 1.0, NU), minkowski(-maps, 1.0, NU)[..., ::-1]
    np.testing.assert_allclose(other[:, 0], 1 - found[:, 0], atol=1e-12)
    np.testing.assert_allclose(other[:, 1:], found[:, 1:] * [[1], [-1]], atol=1e-12)


def test_hidden_pixels_change_no_functional_and_no_share(gaussian, hidden):
    maps, hidden = gaussian[0][:4], hidden[:4]
    other = np.where(hidden, maps, np.float32(np.nan))
    filled = np.where(hidden, maps, np.float32(50))
    for measure in (
        lambda x: minkowski(x, PIXEL, NU, hidden),
        lambda x: shares(x, NU, hidden),
    ):
        np.testing.assert_array_equal(measure(filled), measure(maps))
    with pytest.raises(DataError, match="maps"):
        minkowski(other, PIXEL, NU)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shares_are_those_of_numpy(gaussian, hidden, dtype):
    maps, edges = gaussian[0][:5].astype(dtype), np.linspace(-2, 3, 23)
    found, seen = shares(maps, edges), shares(maps, edges, hidden[:5])
    for n, image in enumerate(maps):
        counts = np.histogram(image, edges)[0]
        np.testing.assert_allclose(found[n], counts / image.size, rtol=1e-12)
        own = image[hidden[n]]
        np.testing.assert_allclose(seen[n], np.histogram(own, edges)[0] / own.size)
    density = found.mean(0) / np.diff(edges)
    middle = (edges[1:] + edges[:-1]) / 2
    normal = np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(density, normal, atol=0.06)


def test_a_value_on_an_edge_belongs_to_the_bin_above_but_for_the_last():
    maps = np.array([[[0.0, 0.1], [0.2, 0.3]]], np.float32)
    edges = [0, 0.1, 0.2, 0.3]
    known = np.histogram(maps.astype(float), edges)[0] / 4
    np.testing.assert_array_equal(shares(maps, edges)[0], known)
    with pytest.raises(DataError, match="edges"):
        shares(maps, [0, 0.1, 0.1])
    with pytest.raises(ShapeError, match="int64"):
        shares(maps.astype(int), edges)


def test_minima_are_the_peaks_of_the_negative_map(gaussian):
    maps = 0.02 * gaussian[0][:20]
    sd = maps.std()
    minima = statistics.of("minima_snr", PIXEL).fitted(maps)
    edges = np.linspace(*statistics.MINIMA_SNR, 23)
    least = ndimage.minimum_filter(maps, (1, 3, 3), mode="nearest")
    bottom = (maps == least)[:, 1:-1, 1:-1]
    depth = -maps[:, 1:-1, 1:-1] / sd
    expected = [
        np.histogram(d[b], edges)[0] for d, b in zip(depth, bottom, strict=True)
    ]
    found = minima.features(maps) ** 2
    np.testing.assert_allclose(found, expected, atol=1e-3)
    # Gaussian fields have as many of either, as deep as the others are high.
    heights = statistics.of("peaks_snr", PIXEL).fitted(-maps).features(-maps) ** 2
    assert heights.sum() == pytest.approx(found.sum(), rel=0.01)


@pytest.mark.parametrize("name", ["peaks_snr", "minima_snr"])
def test_signal_to_noise_knows_no_unit(gaussian, hidden, name):
    maps, other = gaussian[0][:20], np.float32(0.25) * gaussian[0][:20]
    one, same = (statistics.of(name, PIXEL).fitted(x) for x in (maps, other))
    np.testing.assert_array_equal(one.features(maps), same.features(other))
    # The s.d. is of training maps, and not of the map that is measured.
    assert (one.features(2 * maps) != one.features(maps)).any()
    seen = hidden[:20]
    masked = statistics.of(name, PIXEL).fitted(np.where(seen, maps, 1e3), seen)
    assert masked.sd == pytest.approx(maps[seen].std(), rel=1e-5)


def test_signal_to_noise_of_maps_without_any_is_refused():
    flat = np.zeros((3, 16, 16), np.float32)
    with pytest.raises(DataError, match=r"s\.d\. 0"):
        statistics.of("minima_snr", 1.0).fitted(flat)
    with pytest.raises(DataError, match="fitted"):
        statistics.of("peaks_snr", 1.0).features(flat)
    for name in ("pdf", "minkowski"):
        with pytest.raises(DataError, match="fitted"):
            statistics.of(name, 1.0).features(flat)


@pytest.mark.parametrize(
    ("name", "size"), [("pdf", 9), ("minkowski", 27), ("peaks_snr", 9)]
)
def test_bins_are_as_many_as_asked(gaussian, name, size):
    statistic = statistics.of(name, PIXEL, 9).fitted(gaussian[0][:5])
    assert statistic.features(gaussian[0][:5]).shape == (5, size)


def test_maps_may_be_read_only_and_not_contiguous(gaussian):
    maps = gaussian[0][:3]
    frozen = maps[:, ::-1].copy()[:, ::-1]
    frozen.flags.writeable = False
    edges = np.linspace(-2, 2, 5)
    np.testing.assert_array_equal(shares(frozen, edges), shares(maps, edges))
    np.testing.assert_array_equal(
        minkowski(frozen, 1.0, NU), minkowski(np.ascontiguousarray(maps), 1.0, NU)
    )
