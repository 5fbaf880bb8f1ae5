"""Compiled kernels, against pywt and finite differences."""

import numpy as np
import pytest
import pywt

from awd import kernels, wavelet
from awd.errors import ConfigError, ShapeError

pytestmark = pytest.mark.filterwarnings("ignore:Level value")


def signals(rows: int, n: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(n).normal(size=(rows, n)).astype(dtype)


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


@pytest.mark.parametrize("n", [16, 40, 41, 300])
@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("taps", [2, 6, 8, 40])
def test_filter_gradient_equals_finite_differences(taps, levels, n):
    # Taps of any size: named filters have coefficients at 0, where |c| has a kink.
    x, h = signals(19, n), np.random.default_rng(1).normal(size=taps)
    step = 1e-7 * np.eye(taps)
    up, down = kernels.l1(x, h + step, levels), kernels.l1(x, h - step, levels)
    gradient = kernels.l1_gradient(x, h, levels)[1]
    error = np.abs(gradient - (up - down) / 2e-7).max()
    assert error <= 1e-5 * np.abs(gradient).max()


def test_float32_data_lose_no_more_than_rounding():
    x, h = signals(64, 4096), wavelet.from_pywt("db5")
    value, gradient = kernels.l1_gradient(x, h, 4)
    value32, gradient32 = kernels.l1_gradient(x.astype(np.float32), h, 4)
    assert value32 == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(gradient32, gradient, atol=1e-6 * np.abs(gradient).max())


def test_zeros_have_no_gradient():
    value, gradient = kernels.l1_gradient(
        np.zeros((3, 32)), wavelet.from_pywt("db2"), 2
    )
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


@pytest.mark.parametrize("mode", list(kernels.MODES))
@pytest.mark.parametrize("n", [16, 33, 40, 41, 127])
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "sym8", "db20"])
def test_analysis_equals_pywt(name, n, mode):
    x = signals(2 * 19, n).reshape(2, 19, n)
    ours = kernels.analysis(x, wavelet.from_pywt(name), 4, mode)
    theirs = pywt.wavedec(x, name, mode, 4)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


def test_rows_do_not_depend_on_their_block():
    x, h = signals(40, 50, np.float32), wavelet.from_pywt("db5")
    whole, part = kernels.analysis(x, h, 3), kernels.analysis(x[7:9], h, 3)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[7:9], b)


@pytest.mark.parametrize(
    ("x", "taps", "levels", "message"),
    [
        (np.ones((4, 40), int), 4, 2, "dtype int64"),
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
@pytest.mark.parametrize("n", [40, 41])
def test_gradient_of_weighted_coefficients_equals_finite_differences(taps, n):
    rng = np.random.default_rng(taps)
    x, h = rng.normal(size=(20, n)), rng.normal(size=taps)
    weights = rng.normal(size=kernels.pack(x, h, 3)[0].shape)
    up, down = (
        [(weights * kernels.pack(x, h + s, 3)[0]).sum() for s in step]
        for step in (1e-6 * np.eye(taps), -1e-6 * np.eye(taps))
    )
    found = kernels.pack_gradient(x, h, 3, weights)
    np.testing.assert_allclose(found, np.subtract(up, down) / 2e-6, atol=1e-6)
    with pytest.raises(ShapeError, match=r"weights have shape \(20, 5\)"):
        kernels.pack_gradient(x, h, 3, weights[:, :5])


@pytest.mark.parametrize(("largest", "smallest"), [(6, 0), (0, 6), (3, 3), (99, 1)])
def test_extremes_equal_a_stable_sort_of_every_band(largest, smallest):
    rng = np.random.default_rng(0)
    sizes, begin, expected = np.array([2, 5, 11, 150]), 0, []
    packed = np.round(rng.normal(size=(30, sizes.sum())), 1)  # with ties
    for size in sizes:
        band = packed[:, begin : begin + size]
        falling = np.argsort(-band, 1, kind="stable")[:, :largest]
        rising = np.argsort(band, 1, kind="stable")[:, :smallest]
        expected += [begin + falling, begin + rising]
        begin += size
    values, index = kernels.extremes(packed, sizes, largest, smallest)
    np.testing.assert_array_equal(index, np.hstack(expected))
    np.testing.assert_array_equal(values, np.take_along_axis(packed, index, 1))
