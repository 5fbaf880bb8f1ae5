"""The torch transform, against pywt."""

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from awd import kernels, transform, wavelet
from awd.errors import ConfigError, DataError, ShapeError

pytestmark = pytest.mark.filterwarnings("ignore:Level value")
MODES = list(transform.MODES)


def signals(*shape: int) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(0).normal(size=shape))


def low_pass(name: str) -> torch.Tensor:
    return torch.tensor(wavelet.from_pywt(name))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [16, 33, 40, 41, 64, 127])
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "sym8", "db20"])
def test_analysis_equals_pywt(name, n, mode):
    x = signals(3, n)
    found = transform.analysis(x, low_pass(name), levels=4, mode=mode)
    expected = pywt.wavedec(x.numpy(), name, mode=mode, level=4)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=0, atol=1e-10)
    lengths = transform.band_lengths(n, len(low_pass(name)), 4, mode)
    assert lengths == [len(c[0]) for c in expected]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [16, 33, 40, 41, 64, 127])
@pytest.mark.parametrize("name", ["haar", "db5", "coif6"])
def test_synthesis_restores_the_signal(name, n, mode):
    x, h = signals(2, 3, n), low_pass(name)
    coeffs = transform.analysis(x, h, levels=4, mode=mode)
    assert coeffs[0].shape[:-1] == (2, 3)
    restored = transform.synthesis(coeffs, h, (n,), mode)
    torch.testing.assert_close(restored, x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_equal_finite_differences(mode):
    x, h = signals(2, 13).requires_grad_(), low_pass("db3").requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, h: tuple(transform.analysis(x, h, 3, mode)), (x, h)
    )
    coeffs = [c.detach() for c in transform.analysis(x, h, 3, mode)]
    coeffs[0].requires_grad_()
    assert torch.autograd.gradcheck(
        lambda c, h: transform.synthesis([c, *coeffs[1:]], h, 13, mode), (coeffs[0], h)
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(16, 16), (17, 40), (33, 24)])
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "sym8"])
def test_images_are_transformed_as_by_pywt_and_restored(name, shape, mode):
    x, h = signals(2, 3, *shape), low_pass(name)
    found = transform.analysis(x, h, levels=3, mode=mode, dims=2)
    expected = pywt.wavedec2(x.numpy(), name, mode=mode, level=3)
    np.testing.assert_allclose(found[0].numpy(), expected[0], rtol=0, atol=1e-10)
    for a, b in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(torch.stack(a).numpy(), b, rtol=0, atol=1e-10)
    restored = transform.synthesis(found, h, shape, mode)
    torch.testing.assert_close(restored, x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["haar", "db2", "db5", "db10"])
def test_every_length_is_transformed_as_by_pywt_and_restored(name, mode):
    """Where awave is silently wrong: a filter that reaches around the signal."""
    h = low_pass(name)
    for n in range(2, 65):
        x, levels = signals(2, n), n.bit_length() - 1
        found = transform.analysis(x, h, levels, mode)
        expected = pywt.wavedec(x, name, mode=mode, level=levels)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a.numpy(), b, rtol=0, atol=1e-10)
        restored = transform.synthesis(found, h, n, mode)
        torch.testing.assert_close(restored, x, rtol=0, atol=1e-10)


def test_pywt_restores_images_from_our_coefficients():
    x = signals(2, 24, 33)
    coeffs = transform.analysis(x, low_pass("db3"), 3, "symmetric", dims=2)
    restored = pywt.waverec2(coeffs, "db3", mode="symmetric")[..., :33]
    np.testing.assert_allclose(restored, x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_of_images_equal_finite_differences(mode):
    x, h = signals(1, 5, 6).requires_grad_(), low_pass("db2").requires_grad_()

    def flat(x, h):
        approx, *details = transform.analysis(x, h, 2, mode, dims=2)
        return approx, *(band for part in details for band in part)

    def image(h, approx, *bands):
        return transform.synthesis([approx, bands[:3], bands[3:]], h, (5, 6), mode)

    assert torch.autograd.gradcheck(flat, (x, h))
    bands = [band.detach().requires_grad_() for band in flat(x, h)]
    assert torch.autograd.gradcheck(image, (h, *bands))


def test_zero_mode_is_a_tight_frame():
    eye, h = torch.eye(40, dtype=torch.float64), low_pass("db5")
    frame = torch.cat(transform.analysis(eye, h, levels=4), dim=-1)
    assert frame.shape == (40, 72)
    torch.testing.assert_close(frame @ frame.T, eye, rtol=0, atol=1e-12)


def test_single_signals_and_float32_keep_their_kind():
    x = signals(40).float()
    coeffs = transform.analysis(x, low_pass("db2"), levels=2)
    assert coeffs[0].ndim == 1
    assert coeffs[0].dtype == torch.float32
    exact = transform.analysis(x.double(), low_pass("db2"), levels=2)
    for a, b in zip(coeffs, exact, strict=True):
        torch.testing.assert_close(a.double(), b, rtol=0, atol=1e-5)


def test_channels_share_the_filter():
    x, h = signals(2, 3, 12, 10), low_pass("db2")
    together = transform.analysis(x, h, 2, "reflect", dims=2)
    alone = transform.analysis(x[1, 2], h, 2, "reflect", dims=2)
    torch.testing.assert_close(together[0][1, 2], alone[0])
    torch.testing.assert_close(together[2][1][1, 2], alone[2][1])


def test_too_many_levels_name_the_possible_number():
    with pytest.raises(ShapeError, match=r"length 40 .* levels <= 5 or pad to 64"):
        transform.analysis(signals(2, 40), low_pass("db2"), levels=6)


@pytest.mark.parametrize("levels", [0, -1, 2.0])
def test_levels_must_be_a_positive_integer(levels):
    with pytest.raises(ShapeError, match="expected an integer of at least 1"):
        transform.band_lengths(40, 10, levels)


def test_unknown_mode_is_refused():
    with pytest.raises(ConfigError, match="'mirror'; expected one of zero, period"):
        transform.analysis(signals(2, 40), low_pass("db2"), 2, mode="mirror")


def test_odd_filter_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(3,\)"):
        transform.analysis(signals(2, 40), torch.ones(3), levels=2)


def test_integer_signals_are_refused():
    with pytest.raises(ShapeError, match=r"torch\.int64; expected floating"):
        transform.analysis(torch.ones(2, 40, dtype=int), low_pass("db2"), levels=2)


def test_bands_of_another_length_are_refused():
    h = low_pass("db2")
    coeffs = transform.analysis(signals(2, 40), h, levels=2)
    with pytest.raises(ShapeError, match=r"\(38,\) samples with 4 taps .* \[\(2, 11\)"):
        transform.synthesis(coeffs, h, 38)
    with pytest.raises(ShapeError, match=r"shape is \(8, 5, 2\)"):
        transform.synthesis(coeffs, h, (8, 5, 2))
    with pytest.raises(ShapeError, match="bands have shapes"):
        transform.synthesis(coeffs, h, (8, 5))
    with pytest.raises(ShapeError, match="bands have shapes"):
        transform.synthesis([*coeffs[:-1], coeffs[-1][:1]], h, 40)
    with pytest.raises(ShapeError, match="no list of bands"):
        transform.synthesis([], h, 40)


@pytest.mark.parametrize(("shape", "dims"), [((8,), 2), ((8, 8, 8), 3), ((), 1)])
def test_signals_need_the_axes_to_transform(shape, dims):
    wrong = r"expected dims 1 for \(\.\.\., time\) or 2|dims is 3"
    with pytest.raises((ShapeError, ConfigError), match=wrong):
        transform.analysis(torch.ones(shape), low_pass("haar"), 1, dims=dims)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("mode", list(transform.MODES))
def test_an_analysis_can_be_traced(mode):
    x = torch.randn(3, 41, dtype=torch.float64)
    h = torch.tensor(wavelet.from_pywt("db3"))

    def bands(x):
        return transform.analysis(x, h, 2, mode)

    for traced, plain in zip(
        torch.jit.trace(bands, x)(2 * x), bands(2 * x), strict=True
    ):
        torch.testing.assert_close(traced, plain)


SHAPES = {1: (3, 21), 2: (3, 9, 12)}


@settings(deadline=None, max_examples=80)
@given(
    mode=st.sampled_from(list(transform.MODES)),
    dims=st.sampled_from([1, 2]),
    taps=st.sampled_from(["haar", "db3"]),
    bad=st.sampled_from([np.nan, np.inf, -np.inf]),
    at=st.integers(0, 10**6),
    more=st.integers(0, 10**6),
    dtype=st.sampled_from(["f4", "f8"]),
)
def test_no_value_that_is_none_passes_silently(mode, dims, taps, bad, at, more, dtype):
    """Wherever it stands, in samples, in bands or in weights, and whoever is asked."""
    h = wavelet.from_pywt(taps)
    whole = np.random.default_rng(0).normal(size=SHAPES[dims]).astype(dtype)
    x = whole.copy()
    x.flat[at % x.size] = bad
    x.flat[more % x.size] = -bad  # infinities that could cancel
    calls = [
        lambda: kernels.analysis(x, h, 2, mode, dims),
        lambda: transform.analysis(*map(torch.tensor, (x, h)), 2, mode, dims=dims),
    ]
    bands = kernels.analysis(whole, h, 2, mode, dims)
    part = bands[1 + at % 2]
    part = part[more % 3] if dims == 2 else part
    part.flat[at % part.size] = bad
    tensors = [
        torch.tensor(c) if isinstance(c, np.ndarray) else tuple(map(torch.tensor, c))
        for c in bands
    ]
    shape = SHAPES[dims][1:]
    calls += [
        lambda: kernels.synthesis(bands, h, shape, mode),
        lambda: transform.synthesis(tensors, torch.tensor(h), shape, mode),
    ]
    if mode == "zero":
        weights = kernels.pack(whole, h, 2)[0]
        spoilt = weights.copy()
        spoilt.flat[at % weights.size] = bad
        calls += [
            lambda: kernels.pick(x, h, 2, 2, 1),
            lambda: kernels.l1(x, h[None], 2),
            lambda: kernels.l1(np.tile(x, (800, *[1] * dims)), h[None], 2),
            lambda: kernels.l1_gradient(x, h, 2),
            lambda: kernels.l1_gradient(np.tile(x, (800, *[1] * dims)), h, 2),
            lambda: kernels.pack_gradient(x, h, 2, weights),
            lambda: kernels.pack_gradient(whole, h, 2, spoilt),
        ]
        if dims == 2:
            calls.append(lambda: kernels.soft_gradient(x, h, 2, 0.1))
    for call in calls:
        with pytest.raises(DataError, match="not finite"):
            call()


def test_large_numbers_are_no_infinities():
    x = np.full((4, 64), 3e38, "f4")
    h = wavelet.from_pywt("haar")
    with np.errstate(over="ignore"):
        kernels.pack(x, h, 2)
        assert np.isfinite(kernels.pick(x / 8, h, 2, 1, 1)[0]).all()
    transform.analysis(torch.tensor(x), torch.tensor(h), 2)


def test_what_has_no_values_yet_is_let_through():
    """vmap, meta tensors, traces and exported programs look at no number."""
    h, x = low_pass("db2"), torch.randn(3, 16, dtype=torch.float64)
    many = torch.vmap(lambda row: transform.analysis(row, h, 2)[0])(x)
    torch.testing.assert_close(many, transform.analysis(x, h, 2)[0])
    meta = transform.analysis(x.to("meta"), h.to("meta"), 2)
    assert meta[0].shape == many.shape
    slopes = torch.func.jacrev(lambda row: transform.analysis(row, h, 2)[0])(x[0])
    assert slopes.shape == (many.shape[1], 16)
