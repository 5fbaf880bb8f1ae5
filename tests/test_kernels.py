"""Compiled kernels, against pywt and finite differences."""

import numpy as np
import pytest
import pywt
import torch

from awd import transform, wavelet
from awd.errors import ConfigError, DataError, ShapeError
from awd.filters import kernels, undecimated

pytestmark = pytest.mark.filterwarnings("ignore:Level value")


def signals(rows: int, n: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(n).normal(size=(rows, n)).astype(dtype)


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape[-1]).normal(size=shape)


def pywt_l1(x: np.ndarray, name: str, levels: int) -> float:
    return sum(np.abs(c).sum() for c in pywt.wavedec(x, name, "zero", levels))


@pytest.mark.parametrize("rows", [1, 16, 37])
@pytest.mark.parametrize("n", [16, 40, 41, 255, 1500])
@pytest.mark.parametrize("name", ["haar", "db5", "db20"])
def test_l1_equals_pywt(name, n, rows):
    x, h = signals(rows, n), wavelet.from_pywt(name)
    expected = pytest.approx(pywt_l1(x, name, 4), rel=1e-12)
    assert kernels.l1(x, h[None], 4)[0] == expected
    assert kernels.l1_gradient(x, h, 4)[0] == expected


@pytest.mark.parametrize("shape", [(16, 16), (17, 40), (33, 24), (16, 61)])
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "db20"])
def test_l1_of_images_equals_pywt(name, shape):
    x, h = images(3, *shape), wavelet.from_pywt(name)
    approx, *details = pywt.wavedec2(x, name, "zero", 4)
    bands = [approx, *(band for part in details for band in part)]
    expected = pytest.approx(sum(np.abs(c).sum() for c in bands), rel=1e-12)
    assert kernels.l1(x, h[None], 4)[0] == expected
    assert kernels.l1_gradient(x, h, 4)[0] == expected


@pytest.mark.parametrize(
    "shape",
    [(19, 16), (19, 40), (19, 41), (19, 300), (2048, 40), (2, 17, 20), (2, 16, 33)],
)
@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("taps", [2, 6, 8, 40])
def test_filter_gradient_equals_finite_differences(taps, levels, shape):
    # Taps of any size: named filters have coefficients at 0, where |c| has a kink.
    rng = np.random.default_rng(1)
    x, h = rng.normal(size=shape), rng.normal(size=taps)
    step = 1e-7 * np.eye(taps)
    up, down = kernels.l1(x, h + step, levels), kernels.l1(x, h - step, levels)
    gradient = kernels.l1_gradient(x, h, levels)[1]
    error = np.abs(gradient - (up - down) / 2e-7).max()
    assert error <= 1e-5 * np.abs(gradient).max()


def test_many_small_images_are_no_signals():
    # Signals, so many and so short, would go through matrix products.
    x, h = images(2048, 16, 17), wavelet.from_pywt("db5")
    first, remaining = (kernels.l1_gradient(part, h, 4) for part in (x[:9], x[9:]))
    value, gradient = kernels.l1_gradient(x, h, 4)
    assert value == pytest.approx(first[0] + remaining[0])
    np.testing.assert_allclose(gradient, first[1] + remaining[1])


@pytest.mark.parametrize("shape", [(64, 4096), (2048, 40), (3, 100, 128)])
def test_float32_data_lose_no_more_than_rounding(shape):
    x, h = images(*shape), wavelet.from_pywt("db5")
    value, gradient = kernels.l1_gradient(x, h, 4)
    value32, gradient32 = kernels.l1_gradient(x.astype(np.float32), h, 4)
    assert value32 == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(gradient32, gradient, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("shape", [(50, 64), (2048, 40), (5, 33, 20)])
def test_threads_do_not_change_the_result(shape):
    x, h = images(*shape).astype(np.float32), wavelet.from_pywt("db5")
    weights = np.ones_like(kernels.pack(x, h, 3)[0])
    value, gradient = kernels.l1_gradient(x, h, 3)
    for threads in (2, 3, 100):
        repeated = kernels.l1_gradient(x, h, 3, threads)
        assert repeated[0] == value
        np.testing.assert_array_equal(repeated[1], gradient)
        np.testing.assert_array_equal(
            kernels.l1(x, np.stack([h, h[::-1]]), 3, threads),
            kernels.l1(x, np.stack([h, h[::-1]]), 3),
        )
        np.testing.assert_array_equal(
            kernels.pack_gradient(x, h, 3, weights, threads),
            kernels.pack_gradient(x, h, 3, weights),
        )


@pytest.mark.parametrize("shape", [(3, 32), (2048, 32), (3, 16, 32)])
def test_zeros_have_no_gradient(shape):
    value, gradient = kernels.l1_gradient(np.zeros(shape), wavelet.from_pywt("db2"), 2)
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("mode", list(kernels.MODES))
@pytest.mark.parametrize("n", [16, 33, 40, 41, 127])
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "sym8", "db20"])
def test_analysis_equals_pywt(name, n, mode):
    x = signals(2 * 19, n).reshape(2, 19, n)
    found = kernels.analysis(x, wavelet.from_pywt(name), 4, mode)
    expected = pywt.wavedec(x, name, mode, 4)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", list(kernels.MODES))
@pytest.mark.parametrize("shape", [(16, 16), (17, 40), (33, 24)])
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "sym8"])
def test_analysis_of_images_equals_pywt(name, shape, mode):
    x, h = images(2, 3, *shape), wavelet.from_pywt(name)
    found = kernels.analysis(x, h, 3, mode, dims=2)
    expected = pywt.wavedec2(x, name, mode, 3)
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-10)
    for a, b in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", list(kernels.MODES))
@pytest.mark.parametrize("shape", [(2, 3, 41), (2, 16, 33)])
@pytest.mark.parametrize("dims", [1, 2])
def test_synthesis_restores_the_samples(shape, mode, dims):
    x, h = images(*shape), wavelet.from_pywt("db3")
    coeffs = kernels.analysis(x, h, 1 if dims == 2 or shape[1] == 3 else 3, mode, dims)
    restored = kernels.synthesis(coeffs, h, shape[-dims:], mode)
    np.testing.assert_allclose(restored, x, rtol=0, atol=1e-12)


def test_rows_do_not_depend_on_their_block():
    x, h = signals(40, 50, np.float32), wavelet.from_pywt("db5")
    whole, part = kernels.analysis(x, h, 3), kernels.analysis(x[7:9], h, 3)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[7:9], b)


@pytest.mark.parametrize(
    ("x", "taps", "levels", "message"),
    [
        (np.full((4, 40), "a"), 4, 2, "dtype <U1"),
        (np.ones(40), 4, 2, r"shape \(40,\)"),
        (np.ones((4, 40)), 5, 2, r"shape \(5,\)"),
        (np.ones((4, 40)), 4, 6, "use levels <= 5"),
    ],
)
def test_bad_input_is_refused(x, taps, levels, message):
    with pytest.raises(ShapeError, match=message):
        kernels.l1_gradient(x, np.ones(taps), levels)
    with pytest.raises(ShapeError, match=message):
        kernels.l1(x, np.ones((1, taps)), levels)


def test_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match="'mirror'; expected one of zero"):
        kernels.analysis(np.ones((2, 40)), wavelet.from_pywt("db2"), 2, "mirror")


@pytest.mark.parametrize("taps", [2, 4, 10])
@pytest.mark.parametrize("shape", [(20, 40), (20, 41), (2, 17, 24)])
def test_gradient_of_weighted_coefficients_equals_finite_differences(taps, shape):
    rng = np.random.default_rng(taps)
    x, h = rng.normal(size=shape), rng.normal(size=taps)
    weights = rng.normal(size=kernels.pack(x, h, 3)[0].shape)
    up, down = (
        [(weights * kernels.pack(x, h + s, 3)[0]).sum() for s in step]
        for step in (1e-6 * np.eye(taps), -1e-6 * np.eye(taps))
    )
    found = kernels.pack_gradient(x, h, 3, weights)
    np.testing.assert_allclose(found, np.subtract(up, down) / 2e-6, atol=1e-6)
    with pytest.raises(ShapeError, match=r"weights have shape \(\d+, 5\)"):
        kernels.pack_gradient(x, h, 3, weights[:, :5])


@pytest.mark.parametrize(("largest", "smallest"), [(6, 0), (0, 6), (3, 3), (99, 1)])
@pytest.mark.parametrize("shape", [(3, 41), (300, 40), (17, 200), (5, 16, 24)])
@pytest.mark.parametrize("mode", ["zero", "periodization"])
def test_picks_equal_a_stable_sort_of_every_band(shape, mode, largest, smallest):
    if len(shape) == 3 and mode != "zero":
        return
    x = np.round(np.random.default_rng(0).normal(size=shape))
    h = np.full(2, 0.5)  # coefficients with ties
    packed, sizes = kernels.pack(x, h, 3, mode)
    begin, expected = 0, []
    for size in sizes:
        band = packed[:, begin : begin + size]
        falling = np.argsort(-band, 1, kind="stable")[:, :largest]
        rising = np.argsort(band, 1, kind="stable")[:, :smallest]
        expected += [begin + falling, begin + rising]
        begin += size
    values, index, bands = kernels.pick(x, h, 3, largest, smallest, mode)
    np.testing.assert_array_equal(index, np.hstack(expected))
    np.testing.assert_array_equal(values, np.take_along_axis(packed, index, 1))
    np.testing.assert_array_equal(bands, sizes)


def plain_soft(x: torch.Tensor, h: torch.Tensor, levels: int, weight: float):
    """Both terms as they are written, by the transform in torch."""
    bands = transform.analysis(x, h, levels, dims=2)
    restored = transform.synthesis(bands, h, x.shape[-2:])
    flat = [bands[0], *(band for part in bands[1:] for band in part)]
    return ((x - restored) ** 2).sum() + weight * sum(b.abs().sum() for b in flat)


SOFT = [((3, 64, 64), 4), ((2, 17, 40), 3), ((2, 33, 21), 4), ((2, 16, 19), 1)]


@pytest.mark.parametrize("taps", [2, 4, 10, 40])
@pytest.mark.parametrize(("shape", "levels"), SOFT)
def test_soft_gradient_equals_autograd(shape, levels, taps):
    rng = np.random.default_rng(taps)
    x, h = rng.normal(size=shape), rng.normal(size=taps) / np.sqrt(taps)
    taped = torch.tensor(h, requires_grad=True)
    expected = plain_soft(torch.tensor(x), taped, levels, 0.3)
    expected.backward()
    value, gradient = kernels.soft_gradient(x, h, levels, 0.3)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(gradient, taped.grad.numpy(), atol=1e-11 * scale)
    for threads in (2, 100):
        repeated = kernels.soft_gradient(x, h, levels, 0.3, threads)
        assert repeated[0] == value
        np.testing.assert_array_equal(repeated[1], gradient)
    value32, gradient32 = kernels.soft_gradient(x.astype(np.float32), h, levels, 0.3)
    assert value32 == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(gradient32, gradient, atol=1e-5 * scale)


@pytest.mark.parametrize("shape", [(2, 17, 40), (2, 16, 24)])
def test_soft_gradient_equals_finite_differences(shape):
    x, h = images(*shape), images(1, 6)[0] / 2
    up, down = (
        [kernels.soft_gradient(x, h + s, 3, 0.3)[0] for s in step]
        for step in (1e-6 * np.eye(6), -1e-6 * np.eye(6))
    )
    found = kernels.soft_gradient(x, h, 3, 0.3)[1]
    slope = np.subtract(up, down) / 2e-6
    np.testing.assert_allclose(found, slope, atol=1e-6 * np.abs(found).max())


def test_a_wavelet_misses_nothing():
    x, h = images(2, 33, 40), wavelet.from_pywt("db5")
    value, gradient = kernels.soft_gradient(x, h, 3, 0)
    assert value < 1e-20 * (x**2).sum()
    assert np.abs(gradient).max() < 1e-9 * (x**2).sum()
    with pytest.raises(ShapeError, match=r"shape \(2, 40\); expected \(rows, y, x\)"):
        kernels.soft_gradient(x[:, 0], h, 3, 0)


@pytest.mark.parametrize("shape", [100, 50, 62])
def test_coefficients_of_another_length_are_refused(shape):
    x = np.random.default_rng(0).normal(size=(4, 64))
    h = wavelet.from_pywt("db2")
    with pytest.raises(ShapeError, match=r"those of \(64,\) samples"):
        kernels.synthesis(kernels.analysis(x, h, 3), h, shape)


def test_a_filter_that_is_not_finite_is_refused():
    x, h = np.ones((2, 32)), np.array([np.nan, 0.5])
    for analysis in (kernels.analysis, undecimated.analysis):
        with pytest.raises(DataError, match="filter is not finite"):
            analysis(x, h, 2)
