"""The torch transform, against pywt."""

import numpy as np
import pytest
import pywt
import torch

from awd import transform, wavelet
from awd.errors import ConfigError, ShapeError

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
    ours = transform.analysis(x, low_pass(name), levels=4, mode=mode)
    theirs = pywt.wavedec(x.numpy(), name, mode=mode, level=4)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=0, atol=1e-10)
    lengths = transform.band_lengths(n, len(low_pass(name)), 4, mode)
    assert lengths == [len(c[0]) for c in theirs]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [16, 33, 40, 41, 64, 127])
@pytest.mark.parametrize("name", ["haar", "db5", "coif6"])
def test_synthesis_restores_the_signal(name, n, mode):
    x, h = signals(2, 3, n), low_pass(name)
    coeffs = transform.analysis(x, h, levels=4, mode=mode)
    assert coeffs[0].shape[:-1] == (2, 3)
    again = transform.synthesis(coeffs, h, (n,), mode)
    torch.testing.assert_close(again, x, rtol=0, atol=1e-10)


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
    ours = transform.analysis(x, h, levels=3, mode=mode, dims=2)
    theirs = pywt.wavedec2(x.numpy(), name, mode=mode, level=3)
    np.testing.assert_allclose(ours[0].numpy(), theirs[0], rtol=0, atol=1e-10)
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(torch.stack(a).numpy(), b, rtol=0, atol=1e-10)
    again = transform.synthesis(ours, h, shape, mode)
    torch.testing.assert_close(again, x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", range(1, 8))
@pytest.mark.parametrize("name", ["haar", "db2", "db10"])
def test_signals_shorter_than_the_filter_are_transformed_as_by_pywt(name, n, mode):
    """Where awave is silently wrong: a filter that reaches around the signal."""
    x, h = signals(2, n), low_pass(name)
    levels = max(int(np.log2(n)), 1)
    if n < 2:
        with pytest.raises(ShapeError, match="cannot be halved"):
            transform.analysis(x, h, levels, mode)
        return
    ours = transform.analysis(x, h, levels, mode)
    for a, b in zip(ours, pywt.wavedec(x, name, mode=mode, level=levels), strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=0, atol=1e-10)
    again = transform.synthesis(ours, h, n, mode)
    torch.testing.assert_close(again, x, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_of_images_equal_finite_differences(mode):
    x, h = signals(1, 5, 6).requires_grad_(), low_pass("db2").requires_grad_()

    def flat(x, h):
        approx, *details = transform.analysis(x, h, 2, mode, dims=2)
        return approx, *(band for part in details for band in part)

    assert torch.autograd.gradcheck(flat, (x, h))


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
    with pytest.raises(ShapeError, match=r"\(38,\) samples with 4 taps .* \[\(11,\)"):
        transform.synthesis(coeffs, h, 38)
    with pytest.raises(ShapeError, match=r"shape is \(8, 5, 2\)"):
        transform.synthesis(coeffs, h, (8, 5, 2))
    with pytest.raises(ShapeError, match="bands have shapes"):
        transform.synthesis(coeffs, h, (8, 5))
