"""The scattering transform against its definition and its invariances."""

import numpy as np
import pytest

from awd.errors import ShapeError
from awd.filters import scattering

RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(5, 2, 64)).cumsum(-1)
IMAGES = RNG.normal(size=(3, 64, 64)).cumsum(1).astype(np.float32)
IMAGES -= IMAGES.mean((1, 2), keepdims=True)
SCALES, ANGLES = 5, 4


def wave_2d(scale, turn, side=64):
    """Fourier transform of Morlet's wavelet on the full grid, written out."""
    omega = 2 * np.pi * np.fft.fftfreq(side)
    y, x = np.meshgrid(omega, omega, indexing="ij")
    sd, centre = 0.8 * 2**scale, 0.75 * np.pi / 2**scale
    angle = np.pi * turn / ANGLES
    away = (x - centre * np.cos(angle)) ** 2 + (y - centre * np.sin(angle)) ** 2
    mean = np.exp(-((sd * centre) ** 2) / 2) * np.exp(-(sd**2) / 2 * (x**2 + y**2))
    return np.exp(-(sd**2) / 2 * away) - mean


def modulus(image, scale, turn):
    return np.abs(np.fft.ifft2(np.fft.fft2(image) * wave_2d(scale, turn)))


def test_images_are_read_as_defined():
    read = scattering.of_images(IMAGES, SCALES, ANGLES)
    assert read.shape == (3, 5 + 10 * 3)
    image = IMAGES[1].astype(float)
    first = [
        np.mean([modulus(image, scale, turn).mean() for turn in range(ANGLES)])
        for scale in range(SCALES)
    ]
    np.testing.assert_allclose(read[1, :5], first, rtol=2e-2)
    # Octaves 0 and 1 are the first pair, at angles of 0, 45 and 90 degrees.
    pairs = {0: [], 1: [], 2: []}
    for own in range(ANGLES):
        for turn in range(ANGLES):
            apart = min((turn - own) % 4, (own - turn) % 4)
            second = modulus(modulus(image, 0, own), 1, turn)
            pairs[apart].append(second.mean())
    expected = [np.mean(values) for values in pairs.values()]
    np.testing.assert_allclose(read[1, 5:8], expected, rtol=1e-4)


def test_images_moved_turned_or_mirrored_read_the_same():
    read = scattering.of_images(IMAGES, SCALES, ANGLES)
    for same in (
        np.roll(IMAGES, (5, 11), (1, 2)),
        np.rot90(IMAGES, axes=(1, 2)),
        IMAGES[:, ::-1],
        -IMAGES,
    ):
        other = scattering.of_images(same, SCALES, ANGLES)
        np.testing.assert_allclose(other, read, rtol=0.03)
    np.testing.assert_allclose(
        scattering.of_images(3 * IMAGES, SCALES, ANGLES), 3 * read, rtol=1e-4
    )


def test_images_do_not_depend_on_their_batch(monkeypatch):
    read = scattering.of_images(IMAGES, SCALES, ANGLES)
    monkeypatch.setattr(scattering, "BATCH", 64**2)
    np.testing.assert_allclose(scattering.of_images(IMAGES, SCALES, ANGLES), read, 1e-5)


@pytest.mark.parametrize("scale", range(3))
def test_a_wave_is_read_in_its_octave_with_half_its_amplitude(scale):
    omega = 0.75 * np.pi / 2**scale
    wave = 2 * np.cos(omega * np.arange(256))
    read = scattering.of_series(wave[None]).reshape(-1, 4)  # paths, places
    first = read[1:7, 1]
    assert first.argmax() == scale
    assert first[scale] == pytest.approx(1, rel=0.05)
    assert abs(read[0]).max() < 0.05  # but for the ends
    assert read[7:, 1].max() < 0.1  # an even wave has nothing slower


def test_a_series_without_change_is_its_mean():
    read = scattering.of_series(np.full((1, 40), 3.0)).reshape(7, 5)
    np.testing.assert_allclose(read[0], 3)
    np.testing.assert_allclose(read[1:], 0, atol=1e-12)


def test_channels_stand_side_by_side_and_scale_with_their_unit():
    read = scattering.of_series(SERIES)
    paths, places = 1 + 4 + 6, 4
    assert read.shape == (5, 2 * paths * places)
    alone = [scattering.of_series(SERIES[:, channel]) for channel in range(2)]
    np.testing.assert_allclose(read, np.hstack(alone))
    np.testing.assert_allclose(scattering.of_series(7 * SERIES), 7 * read)


def test_a_small_step_in_time_changes_less_than_it_changes_the_series():
    x = SERIES[:, 0]
    moved = np.roll(x, 1, -1)
    inside = slice(8, -8)
    read = scattering.of_series(x[:, inside])
    change = scattering.of_series(moved[:, inside]) - read
    raw = (moved - x)[:, inside]
    assert np.linalg.norm(change) / np.linalg.norm(read) < 0.5 * (
        np.linalg.norm(raw) / np.linalg.norm(x[:, inside])
    )


def test_what_is_too_small_is_refused():
    with pytest.raises(ShapeError, match="series of 7 samples; expected at least 8"):
        scattering.of_series(np.ones((2, 7)))
    with pytest.raises(ShapeError, match="at least 32 pixels for 5 scales"):
        scattering.of_images(np.ones((2, 16, 16)), 5, 4)
    with pytest.raises(ShapeError, match="square"):
        scattering.of_images(np.ones((2, 64, 32)), 5, 4)
