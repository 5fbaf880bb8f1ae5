"""Movies as microscopes spoil them: pits are found, or the page says why not."""

from dataclasses import replace

import numpy as np
import pytest

from awd.cells import alignment, background, detect, measures, registration, scenes
from awd.cells import tracker as tracking
from awd.cells.figures import fitness
from awd.cells.movie import Frames, Movie
from awd.cells.movie import clipped as clipped_pixels
from awd.cells.study import quality
from awd.errors import DataError

SMALL = {"frames": 60, "size": 112, "count": 110}
WIDTH = scenes.WIDTH


def movie(made):
    channels = tuple(
        Frames(name, len(frames), frames[0].shape, frames.__getitem__)
        for name, frames in (("m.tif", made.master), ("s.tif", made.slave))
    )
    return Movie(channels, 108.0, 1.0)


def track(name, seed=1, **changed):
    made = scenes.make(name, seed, **SMALL | changed)
    return tracking.track(movie(made), name, sigma=(WIDTH, scenes.WIDTH_SLAVE))


@pytest.mark.parametrize(
    ("name", "least"),
    [
        *(("rim_600", 0.90), ("rim_1800", 0.85), ("texture", 0.85), ("hot", 0.93)),
        *(("interpolated", 0.90), ("smoothed", 0.90), ("clean", 0.93)),
    ],
)
def test_pits_are_found_whatever_is_behind_them(name, least):
    made = scenes.make(name, 3, **SMALL)
    found = detect.detect(made.master, WIDTH)
    assert measures.detection(made.truth, found).f1 > least


def test_nothing_is_taken_off_where_nothing_stands_still():
    made = scenes.make("clean", 3, **SMALL)
    clean = background.without_still(made.master, WIDTH)
    assert clean.parts == []
    assert np.array_equal(clean[7], made.master[7])


def test_hot_pixels_are_found_and_still_spots_are_none():
    made = scenes.make("hot", 3, **SMALL)
    hot = background.without_still(made.master, WIDTH).hot
    assert 140 <= len(hot) <= 150
    beads = scenes.make("beads", 3, **SMALL)
    assert len(background.without_still(beads.master, WIDTH).hot) == 0


@pytest.mark.parametrize("by", [scenes.half_pixel, scenes.smoothed])
def test_filtered_noise_makes_no_more_spots_than_raw_noise(by):
    rng = np.random.default_rng(0)
    raw = scenes.CAMERA.read(np.full((6, 128, 128), 600.0), rng)
    count = sum(len(detect.spots(by(frame.astype(float)), WIDTH)) for frame in raw)
    assert count <= max(2 * sum(len(detect.spots(frame, WIDTH)) for frame in raw), 8)
    assert detect.excess_noise([*scenes.filtered(raw, by)], WIDTH) > 1.5


def test_widths_are_those_of_both_axes():
    oval = scenes.make("oval", 3, **SMALL)
    x, y = detect.estimate_widths(oval.master)
    assert (x, y) == pytest.approx((1.28, 1.72), rel=0.05)
    round_ = scenes.make("clean", 3, **SMALL)
    x, y = detect.estimate_widths(round_.master)
    assert x == y


@pytest.mark.parametrize("shift", [(0.0, 0.0), (1.4, -2.1), (-3.0, 4.0)])
def test_a_shift_is_measured_and_the_slave_read_there(shift):
    made = scenes.make("clean", 5, **SMALL, shift=shift)
    sigma = WIDTH, scenes.WIDTH_SLAVE
    found = {
        by: tracking.track(movie(made), "a", sigma=sigma, shift=by)
        for by in ("none", "auto")
    }
    attrs = found["auto"].attrs
    assert (attrs["shift_y_px"], attrs["shift_x_px"]) == pytest.approx(shift, abs=0.06)
    top = {by: np.percentile(ds["slave"].values, 99) for by, ds in found.items()}
    assert top["auto"] > (0.98 if shift == (0, 0) else 1.5) * top["none"]


@pytest.fixture(scope="module")
def turned():
    """A slave that is turned, magnified and shifted, read in three ways."""
    made, sigma = scenes.make("turned", 5, **SMALL), (WIDTH, scenes.WIDTH_SLAVE)
    return {
        by: tracking.track(movie(made), "a", sigma=sigma, shift=by)
        for by in ("none", "auto", "affine")
    }


def test_a_turned_and_magnified_slave_is_read_where_it_is(turned):
    attrs = turned["affine"].attrs
    true = scenes.alignment(replace(scenes.PITS["turned"], size=SMALL["size"]))
    corners = registration.corners((attrs["height_px"], attrs["width_px"]))
    there, expected = (
        registration.moved(matrix.reshape(2, 3), corners)
        for matrix in (attrs["applied_matrix"], true)
    )
    assert there == pytest.approx(expected, abs=0.15)
    assert attrs["corner_px"] == pytest.approx(
        np.hypot(*(expected - corners).T).max(), abs=0.15
    )
    top = {by: np.percentile(ds["slave"].values, 99) for by, ds in turned.items()}
    assert top["affine"] > top["auto"] > 1.5 * top["none"]


def test_what_a_shift_leaves_in_the_corners_is_said(turned):
    told = {by: quality.quality(ds)["warnings"] for by, ds in turned.items()}
    assert told["auto"].endswith("set cells.source.shift: affine")
    assert told["none"].startswith("the slave stands 2.0 px beside the master")
    assert told["affine"] == ""


def test_an_affine_map_does_no_harm_where_a_shift_is_all():
    made = scenes.make("clean", 5, **SMALL)
    read = [
        tracking.track(movie(made), "a", sigma=(WIDTH, WIDTH), shift=by)
        for by in ("none", "affine")
    ]
    assert read[1].attrs["aligned"] == alignment.AFFINE
    top = [np.percentile(ds["slave"].values, 99) for ds in read]
    assert top[1] == pytest.approx(top[0], rel=0.02)


def test_few_spots_tell_a_shift_and_no_turn(caplog):
    made = scenes.make("turned", 5, **SMALL | {"count": 22})
    attrs = tracking.track(movie(made), "a", sigma=(WIDTH, WIDTH), shift="affine").attrs
    assert attrs["aligned"] == "shift; too few spots for an affine map"
    assert "too few spots for an affine map" in caplog.text
    assert (attrs["applied_y_px"], attrs["applied_x_px"]) == pytest.approx(
        (2, 0), abs=0.2
    )
    chance = np.random.default_rng(0).uniform(0, 128, (2, 60, 2))
    pairs = registration.pairs(*chance)
    assert registration.affine(*pairs, registration.peak(pairs[1])) is None


@pytest.mark.parametrize("seed", range(4))
def test_any_affine_map_is_found_among_chance_pairs(seed):
    rng = np.random.default_rng(seed)
    true = np.column_stack([np.eye(2), rng.uniform(-3, 3, 2)])
    true[:, :2] += rng.uniform(-0.01, 0.01, (2, 2))  # turned, magnified, sheared
    master = rng.uniform(0, 400, (1500, 2))
    slave = registration.moved(true, master + rng.normal(0, 0.2, master.shape))
    slave[::2] = rng.uniform(0, 400, slave[::2].shape)  # half have no partner
    # Of ten frames: only spots of one frame are paired.
    frames = zip(np.split(master, 10), np.split(slave, 10), strict=True)
    pairs = [registration.pairs(a[:, ::-1], b[:, ::-1]) for a, b in frames]
    places, apart = map(np.concatenate, zip(*pairs, strict=True))
    found = registration.affine(places, apart, registration.peak(apart))
    corners = registration.corners((400, 400))
    away = registration.moved(found.matrix, corners) - registration.moved(true, corners)
    assert np.abs(away).max() < 0.12
    assert found.is_sure((400, 400))
    assert np.abs(away / found.error(corners)[:, None]).max() < 4


def test_a_shift_is_not_made_up_of_chance():
    rng = np.random.default_rng(0)
    places = (rng.uniform(0, 128, (60, 2)) for _ in range(2))
    assert registration.peak(registration.differences(*places)).pairs == 0


@pytest.mark.parametrize(
    ("name", "word", "changed"),
    [
        ("rim_900", "stands still", {}),
        ("hot", "hot or dead", {}),
        ("smoothed", "interpolated or smoothed", {}),
        ("shifted", "beside the master", {}),
        ("bleed", "follows the master", {}),
        ("jump", "the stage jumped by 7", {}),
        ("laser", "the light changed by +6", {}),
        ("fast", "raise tracker.radius", {"count": 50}),
    ],
)
def test_what_spoils_a_movie_is_said(name, word, changed):
    row = quality.quality(track(name, **changed))
    assert word in row["warnings"]


@pytest.mark.parametrize("name", ["clean", "beads", "diffusing"])
def test_nothing_is_said_of_a_good_movie(name):
    changed = {"count": 40} if name == "beads" else {}
    assert quality.quality(track(name, **changed))["warnings"] == ""


def test_an_empty_frame_is_named():
    made = scenes.make("clean", 3, **SMALL)
    made.master[25] = 0
    with pytest.raises(DataError, match=r"m\.tif: frame 25 is empty"):
        tracking.track(movie(made), "a", sigma=(WIDTH, WIDTH))
    broken = made.slave.astype(np.float32)
    broken[7, 3, 4] = np.nan
    with pytest.raises(DataError, match="frame 7 holds NaN"):
        background.without_still(broken, WIDTH)[7]


def test_clipped_tops_repeat_at_a_value_of_the_camera():
    rng = np.random.default_rng(0)
    light = rng.poisson(3000, (8, 64, 64)) + 900 * (rng.random((8, 64, 64)) < 0.01)
    assert clipped_pixels(light.astype("u2")) == 0
    clipped = np.minimum(light * 1.2, 4095).astype("u2")
    assert clipped_pixels(clipped) == pytest.approx((clipped == 4095).sum() / 8)
    assert clipped_pixels(np.minimum(light, 3700).astype("u2")) == 0


def test_the_checks_are_drawn():
    cells = [track("clean"), track("jump")]
    figure = fitness.quality(cells)
    assert len(figure.axes) == 8
    panels = set(fitness.quality_table(cells)["panel"])
    assert panels == {"displacement", "light", "steps", "bleed"}
