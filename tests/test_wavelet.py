"""Lattice angles and filters, against pywt."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pywt

from awd import wavelet
from awd.errors import AwdError, ShapeError, WaveletError
from awd.filters import lattice

NAMES = [
    name
    for name in pywt.wavelist(kind="discrete")
    if pywt.Wavelet(name).orthogonal and name != "dmey"
]


def random_free(angles: int, seed: int, count: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, np.pi, (count, angles - 1))


@pytest.mark.parametrize("angles", range(1, 21))
def test_filters_from_angles_meet_every_condition(angles):
    filters = wavelet.filter_from_angles(
        wavelet.complete_angles(random_free(angles, seed=angles))
    )
    for h in filters:
        assert max(wavelet.conditions(h).values()) <= 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_angles_return_every_named_filter(name):
    h = np.array(pywt.Wavelet(name).rec_lo)
    theta = wavelet.angles(h)
    assert theta.sum() == pytest.approx(np.pi / 4, abs=1e-12)
    np.testing.assert_allclose(
        wavelet.filter_from_angles(theta),
        h,
        rtol=0,
        atol=1e-9 if len(h) <= 20 else 1e-6,
    )


@pytest.mark.parametrize("angles", [1, 2, 5, 8, 10])
def test_angles_return_random_filters(angles):
    for free in random_free(angles, seed=angles):
        h = wavelet.filter_from_angles(wavelet.complete_angles(free))
        restored = wavelet.filter_from_angles(wavelet.angles(h))
        np.testing.assert_allclose(restored, h, rtol=0, atol=1e-9)


def test_angles_handle_filters_padded_with_zeros():
    h = np.zeros(10)
    h[4:6] = np.sqrt(0.5)
    np.testing.assert_allclose(
        wavelet.filter_from_angles(wavelet.angles(h)), h, atol=1e-14
    )
    assert wavelet.effective_length(h) == 2


@pytest.mark.parametrize("angles", [1, 3, 6])
def test_jacobian_equals_finite_differences(angles):
    theta = np.random.default_rng(0).uniform(-3, 3, angles)
    step = 1e-6 * np.eye(angles)
    up, down = (wavelet.filter_from_angles(theta + s) for s in (step, -step))
    np.testing.assert_allclose(
        wavelet.filter_jacobian(theta), (up - down) / 2e-6, atol=1e-9
    )


def test_free_jacobian_keeps_the_sum():
    free = random_free(5, seed=3)[0]
    step = 1e-6 * np.eye(4)
    up, down = (
        wavelet.filter_from_angles(wavelet.complete_angles(free + s))
        for s in (step, -step)
    )
    jacobian = wavelet.free_jacobian(free)
    np.testing.assert_allclose(jacobian, (up - down) / 2e-6, atol=1e-9)
    np.testing.assert_allclose(jacobian.sum(1), 0, atol=1e-13)


def test_filters_are_batched_over_leading_axes():
    theta = wavelet.complete_angles(random_free(4, seed=0, count=6)).reshape(2, 3, 4)
    filters = wavelet.filter_from_angles(theta)
    assert filters.shape == (2, 3, 8)
    np.testing.assert_array_equal(
        filters[1, 2], wavelet.filter_from_angles(theta[1, 2])
    )


@pytest.mark.parametrize("name", NAMES)
def test_bank_and_vanishing_moments_equal_pywt(name):
    reference = pywt.Wavelet(name)
    ours = wavelet.to_pywt(np.array(reference.rec_lo), tolerance=1e-6)
    np.testing.assert_allclose(ours.filter_bank, reference.filter_bank, atol=1e-14)
    assert ours.orthogonal
    assert ours.biorthogonal
    moments = wavelet.vanishing_moments(np.array(reference.rec_lo))
    assert moments == reference.vanishing_moments_psi


def test_conditions_measure_what_is_missed():
    h = wavelet.from_pywt("db5")
    residuals = wavelet.conditions(1.01 * h)
    assert residuals["sum"] == pytest.approx(0.01 * np.sqrt(2))
    assert residuals["norm"] == pytest.approx(0.0201)
    assert residuals["alias"] == pytest.approx(2 * 0.0201)
    noisy = h + 1e-2 * np.sin(np.arange(10))
    assert wavelet.conditions(noisy)["double_shift"] > 1e-3
    assert wavelet.conditions(noisy)["highpass_sum"] > 1e-3


def test_dmey_is_refused():
    with pytest.raises(
        WaveletError, match=r"dmey is not an orthonormal wavelet.*alias"
    ):
        wavelet.from_pywt("dmey")
    with pytest.raises(WaveletError, match="filter_from_angles"):
        wavelet.angles(np.array(pywt.Wavelet("dmey").rec_lo))


def test_noisy_filter_is_no_pywt_wavelet():
    h = wavelet.from_pywt("db5") + 0.02 * np.cos(np.arange(10))
    with pytest.raises(WaveletError, match=r"mine is not .* exceeds 1e-08"):
        wavelet.to_pywt(h, name="mine")


@pytest.mark.parametrize(
    ("h", "error", "message"),
    [
        (np.ones(5), ShapeError, r"shape \(5,\).*even length"),
        (np.ones((2, 2)), ShapeError, r"shape \(2, 2\)"),
        (np.ones(0), ShapeError, r"shape \(0,\)"),
        (np.ones(4) * 1j, ShapeError, "complex128"),
        (np.array([1.0, np.nan]), WaveletError, "tap 1 is nan"),
        (-wavelet.from_pywt("db2"), WaveletError, "sum"),
    ],
)
def test_bad_filters_are_refused(h, error, message):
    with pytest.raises(error, match=message):
        wavelet.angles(h)
    assert issubclass(error, AwdError)


@pytest.mark.parametrize("theta", [np.zeros(0), np.array(1.0), np.array([np.inf])])
def test_bad_angles_are_refused(theta):
    with pytest.raises(ShapeError, match=r"expected \(\.\.\., M\) finite"):
        wavelet.filter_from_angles(theta)


def test_unknown_name_is_refused():
    with pytest.raises(WaveletError, match="'db99'"):
        wavelet.from_pywt("db99")


def test_import_is_cheap():
    code = (
        "import sys, awd.wavelet; "
        "print(sorted({'torch', 'numba', 'pywt', 'scipy'} & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(wavelet.__file__).parents[1])},
    )
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["haar", "db2", "sym4"])
@pytest.mark.parametrize("delay", [0, 2, 4])
def test_dust_beside_a_shorter_wavelet_is_swept_away(name, delay):
    short = wavelet.from_pywt(name)
    rest = 12 - len(short) - delay
    if rest < 0:
        pytest.skip("does not fit")
    padded = np.concatenate([np.zeros(delay), short, np.zeros(rest)])
    free = wavelet.angles(padded)[1:]
    dusty = wavelet.filter_from_angles(wavelet.complete_angles(free + 1e-5))
    clean = wavelet.without_dust(dusty)
    assert (clean[padded == 0] == 0).all()
    assert np.abs(clean - padded).max() < 1e-4
    assert max(wavelet.conditions(clean).values()) < 1e-12
    np.testing.assert_allclose(
        wavelet.filter_from_angles(wavelet.angles(clean)), clean, atol=1e-9
    )


def test_a_wavelet_without_dust_is_left_alone():
    h = wavelet.from_pywt("db5")
    np.testing.assert_array_equal(wavelet.without_dust(h), h)


def noisy(name: str, size: float, seed: int) -> np.ndarray:
    h = wavelet.from_pywt(name)
    return h + size * np.random.default_rng(seed).normal(size=len(h))


def brute_force_distance(h: np.ndarray, starts: int = 60) -> float:
    free = np.random.default_rng(1).uniform(0, np.pi, (starts, len(h) // 2 - 1))
    ends = wavelet.complete_angles(np.stack([lattice.fit(f, h) for f in free]))
    return np.linalg.norm(wavelet.filter_from_angles(ends) - h, axis=1).min()


@pytest.mark.parametrize("name", ["db5", "sym4", "db2"])
@pytest.mark.parametrize("seed", range(3))
def test_projection_finds_the_nearest_wavelet(name, seed):
    h = noisy(name, 0.02, seed)
    near = wavelet.project(h)
    assert max(wavelet.conditions(near).values()) <= 1e-12
    assert np.linalg.norm(near - h) <= brute_force_distance(h) + 1e-9
    np.testing.assert_array_equal(wavelet.project(near), near)
    np.testing.assert_array_equal(wavelet.project(h), near)


@pytest.mark.parametrize("name", ["haar", "db2", "db5", "coif3", "sym10"])
def test_projection_leaves_wavelets_alone(name):
    h = wavelet.from_pywt(name)
    np.testing.assert_allclose(wavelet.project(h), h, rtol=0, atol=1e-9)


@pytest.mark.parametrize("h", [np.zeros(10), np.ones(2), -wavelet.from_pywt("db5")])
def test_projection_refuses_what_is_far_from_every_wavelet(h):
    with pytest.raises(WaveletError, match=r"is [\d.]+ away, further than 0.3; begin"):
        wavelet.project(h)


def test_aligned_undoes_shift_and_flip():
    h = np.pad(wavelet.from_pywt("db3"), (2, 2))
    np.testing.assert_array_equal(wavelet.aligned(np.roll(h, 2), h), h)
    np.testing.assert_array_equal(wavelet.aligned(h[::-1], h), h)
    unflipped = wavelet.aligned(h[::-1], h, flips=False)
    assert np.abs(unflipped - h).max() > 0.1


def test_distance_knows_even_shifts_flips_and_signs():
    db5 = wavelet.from_pywt("db5")
    moved = np.pad(-db5[::-1], (4, 2))
    assert wavelet.distance(moved, db5) < 1e-7
    assert wavelet.distance(db5, moved) < 1e-7
    assert wavelet.distance(np.pad(db5, 1), db5) > 0.5
    assert wavelet.distance(db5, np.zeros(4)) == pytest.approx(1)
    assert wavelet.distance(wavelet.from_pywt("sym5"), db5) > 0.1


def test_a_stored_wavelet_stays_orthogonal():
    made = wavelet.to_pywt(wavelet.from_pywt("db3"), "mine")
    again = pickle.loads(pickle.dumps(made))
    assert (again.name, again.orthogonal, again.biorthogonal) == ("mine", True, True)
    assert again.filter_bank == made.filter_bank
    x = np.random.default_rng(0).normal(size=40)
    np.testing.assert_allclose(pywt.waverec(pywt.wavedec(x, again), again), x)
