"""The quality page says what was simulated, and warns in words where it must."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tests.looks import faults

from awd import wavelet
from awd.cells import measures, simulate, tracker, tracks
from awd.cells.figures import (
    cohorts,
    fitness,
    lifetimes,
    pipeline,
    traces,
    tracking,
)
from awd.cells.movie import open_movie
from awd.cells.study import quality


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cell")
    paths = folder / "m.ome.tif", folder / "s.ome.tif"
    changed = {"frames": 120, "size": 160, "drift": 0.02, "bleach_master": 300.0}
    truth = simulate.simulate_movie("teaching", "a", 5, *paths, **changed)
    movie = open_movie(*paths)
    return movie, tracker.track(movie, "a"), truth


@pytest.fixture(scope="module")
def bare():
    """Tracks of another program: no classes, no p-values, no buffers."""
    cell = simulate.simulate_traces("teaching", "b", 200, 0)
    return cell.drop_vars("slave_p")


def test_drift_bleaching_and_widths_are_those_of_the_simulation(made):
    _, cell, truth = made
    row = quality.quality(cell, truth)
    assert row["drift_px"] == pytest.approx(0.02 * 120, rel=0.25)
    assert row["left"] == pytest.approx(np.exp(-120 / 300), abs=0.15)
    assert row["sigma_master_px"] == pytest.approx(1.4, rel=0.05)
    assert row["spots"] == pytest.approx(cell.sizes["obs"] / 120, rel=0.02)
    assert sum(row[f"class{k}"] for k in range(1, 5)) == pytest.approx(1)
    assert row["alpha"] > 0.6
    assert row["recall_productive"] > 0.85
    assert row["warnings"] == ""


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"spots": 2.0}, "only 2.0 spots a frame"),
        ({"z": 2.0}, "hardly brighter than the noise"),
        ({"density": 1.22}, "crowded: 1.22 spots per µm²"),
        ({"negative": 30.0, "negative_share": 0.6}, "negative of the image shows 30"),
        ({"still": 0.3}, "taken off 30% of the image"),
        ({"hot_pixels": 150}, "150 pixels are hot or dead"),
        ({"excess": 1.9}, "errors are 1.9 times those of raw pixels"),
        ({"clipped": 12.0}, "12 pixels a frame are clipped"),
        ({"left_out_px": 2.0}, "2.0 px beside the master"),
        ({"warp_left_px": 0.8, "warp_se_px": 0.1}, "leaves 0.8 px in a corner"),
        ({"bleed": 0.15, "bleed_se": 0.01}, "follows the master at 15%"),
        ({"oval": 1.36}, "1.36 times as wide along one axis"),
        ({"drift_px": 7.0, "drift_se_px": 0.5}, "drifted by 7.0 px: register"),
        ({"jump_px": 7.2, "jump_frame": 60}, "jumped by 7.2 px before frame 60"),
        ({"broken": 0.9, "jump_frame": 60}, "90% of the tracks break off"),
        (
            {"flash": 0.6, "flash_signed": 0.6, "flash_frame": 60},
            "the light changed by +60% before frame 60",
        ),
        ({"left": 0.3}, "bleached to 30%"),
        ({"near_radius": 0.15}, "raise tracker.radius"),
        ({"sigma_master_px": 3.1}, "3.1 px wide: out of focus"),
        ({"cut": 0.9}, "the movie is short"),
    ],
)
def test_every_warning_is_given_in_words(made, changes, warning):
    row = quality.quality(made[1]) | changes
    told = quality.warnings(row)
    assert any(warning in one for one in told), told
    assert len(told) == 1


def test_other_peoples_tracks_have_a_row_too(bare):
    row = quality.quality(bare)
    assert row["complete"] == bare["complete"].values.sum()
    assert np.isnan(row["sigma_master_px"])
    assert row["drift_px"] < 3


def test_the_page_shows_what_is_known(made, bare):
    lost = tracks.rejected("c", "c.tif: truncated")
    rows = [quality.quality(cell) for cell in (made[1], bare, lost)]
    page = quality.page(pd.DataFrame(rows))
    assert page["cell"].tolist() == ["should be", "a", "b", "c"]
    assert page["warnings"].tolist()[3] == "left out: c.tif: truncated"
    assert page["drift (px)"].tolist()[0] == "≤ 3.0"
    assert page["drift (px)"].tolist()[3] == "–"
    assert "alpha" not in page
    assert page["width, master (px)"].tolist()[2] == "–"


def test_tables_of_the_figures_are_the_tracks(made, bare):
    movie, cell, _ = made
    shown = tracking.tracking_table(movie, cell)
    assert len(shown) == cell.sizes["obs"]
    lives = lifetimes.lifetimes_table([cell, bare])
    assert len(lives) == cell.sizes["track"] + bare.sizes["track"]
    assert set(lives.loc[lives["cell"] == "b", "category"]) == {1, 3}
    examples = traces.traces_table([cell])
    assert examples["example"].nunique() == traces.SHOWN
    inside = examples[examples["part"] == "track"]
    for (_, k), own in inside.groupby(["example", "track"]):
        points = measures.points(cell)
        assert np.array_equal(own["slave"], points.loc[points["track"] == k, "slave"])


def test_cohorts_are_means_of_whole_tracks(made):
    cell = made[1]
    table = cohorts.cohorts_table([cell])
    life, category = tracks.lifetimes(cell), cell["category"].values
    classes = {"1": [1], "1 and 2": [1, 2]}
    for (shown, cohort), own in table.groupby(["classes", "cohort"]):
        low, high = (int(bound) for bound in cohort.split("–"))
        inside = np.isin(category, classes[shown]) & (life >= low) & (life < high)
        assert own["tracks"].iloc[0] == inside.sum()
        # Before and after the clathrin is gone, between it is not; class 2 has others
        # near by.
        ends = own["master"].iloc[[0, -1]]
        assert shown != "1" or ends.max() < 0.3 * own["master"].max()
    assert table["time_s"].min() == -5


def ramps(interval, condition):
    """Tracks of 24 s whose master is, everywhere, the time since their start."""
    frames = round(24 / interval)
    time = interval * np.arange(-5, frames + 5)
    count, inner = 4, np.tile(time[5:-5], 4)
    ds = tracks.build(
        {"frame": np.tile(10 + np.arange(frames), count), "x": inner, "y": inner}
        | {"master": inner},
        np.full(count, frames),
        np.ones(count, bool),
        cell=f"{condition}{interval}",
        frame_interval_s=interval,
        pixel_nm=100.0,
        condition=condition,
    )
    buffers = np.tile(np.stack([time[:5], time[-5:]]), (count, 1, 1))
    return tracks.with_classes(ds, np.ones(count), {"buffer_master": buffers})


def test_cohorts_keep_the_time_of_cells_with_other_intervals():
    cells = [ramps(0.5, "fast"), ramps(2.0, "fast"), ramps(2.0, "slow")]
    for condition, own in cohorts.cohorts_table(cells).groupby("condition"):
        step = 0.5 if condition == "fast" else 2.0
        assert np.diff(own["time_s"].iloc[:10]) == pytest.approx(step)
        assert own["time_s"].iloc[0] == -5 * step
        # Cells end at different times within their last frames, and begin alike.
        start = own[own["time_s"] <= 0]
        assert start["master"].to_numpy() == pytest.approx(start["time_s"].to_numpy())


@pytest.mark.parametrize("draw", [lifetimes.lifetimes, cohorts.cohorts, traces.traces])
def test_figures_are_drawn_of_any_tracks(made, bare, draw):
    for cells in ([made[1]], [bare], [made[1], bare]):
        figure = draw(cells)
        assert any(ax.has_data() for ax in figure.axes)
        assert not faults(figure)


def test_the_quality_is_drawn_of_one_cell_or_of_many(made, bare):
    for cells in ([made[1]], [bare], [made[1], bare], [made[1]] * 14):
        assert not faults(fitness.quality(cells))


def test_the_tracking_is_drawn(made):
    figure = tracking.tracking(*made[:2])
    assert not faults(figure)
    spots, over, _, master, slave, through = figure.axes
    table = tracking.tracking_table(*made[:2])
    assert spots.collections[0].get_offsets().shape[0] == (table["frame"] == 60).sum()
    assert through.images[0].get_array().shape == (160, 120, 3)
    assert through.get_xlabel() == "time (s)"
    assert "lifetime" in "".join(ax.get_xlabel() for ax in figure.axes)
    assert (master.get_title(), slave.get_title()) == ("master", "slave")
    # And a bar of scale, the boxes of both other parts, the row of the kymograph.
    assert len(over.lines) == made[1].sizes["track"] + 4
    width = made[0].channels[0][0].shape[1]
    assert over.get_xlim() == (-0.5, width - 0.5)
    row = over.lines[-3].get_ydata()[0]
    assert f"y = {row * made[1].attrs['pixel_nm'] / 1000:.1f} µm" in through.get_title()


def test_two_exponentials_are_found_again():
    rng = np.random.default_rng(0)
    long = rng.random(20_000) < 0.7
    lives = 3 + rng.exponential(np.where(long, 50, 5))
    shares, means, start = lifetimes.two_exponentials(lives, np.ones(len(lives)))
    assert start == pytest.approx(3, abs=0.01)
    assert shares == pytest.approx([0.3, 0.7], abs=0.03)
    assert means == pytest.approx([5, 50], rel=0.1)


@pytest.mark.parametrize(("long", "distinct"), [(5, False), (50, True)])
def test_one_exponential_is_not_called_two(long, distinct):
    rng = np.random.default_rng(1)
    for _ in range(10):
        since = rng.exponential(np.where(rng.random(400) < 0.5, 5, long))
        weight = np.ones(400)
        shares, means, start = lifetimes.two_exponentials(since, weight)
        found = lifetimes.are_distinct(since - start, weight, shares, means)
        assert found == distinct


def test_short_axes_of_lifetimes_have_plain_labels():
    axes = lifetimes.lifetimes([ramps(0.5, ""), ramps(2.0, "")]).axes
    labels = [text.get_text() for ax in axes for text in ax.get_xticklabels()]
    labels += [t.get_text() for ax in axes for t in ax.get_xticklabels(minor=True)]
    assert "20" in labels
    assert not any("times" in label for label in labels)


def test_the_pipeline_is_drawn_with_a_pit_of_the_run(made):
    movie, cell, _ = made
    y = np.linspace(-1, 2, 50)
    said = np.stack([0.9 * y, 0.8 * y, 0.1 * y])
    one = xr.Dataset(
        {
            "prediction": (("method", "sample"), said),
            "role": ("method", ["teacher", "distilled", "wavelet"]),
            "target": ("sample", y),
        },
        coords={"method": ["lstm", "output", "db5"]},
    )
    taps = wavelet.from_pywt("db2")
    figure = pipeline.pipeline(movie, cell, taps, [one, one])
    assert not faults(figure)
    table = pipeline.pipeline_table(cell, taps, [one, one])
    assert table["panel"].value_counts()["teacher"] == 100
    k = pipeline.example(cell)
    points = measures.points(cell)
    slave = points.loc[points["track"] == k, "slave"]
    assert table["slave"].dropna().tolist() == slave.tolist()
    (height, width), pit = movie.channels[0][0].shape, figure.axes[0]
    assert min(*pit.get_xlim(), *pit.get_ylim()) >= -0.5  # all of it image
    assert max(pit.get_xlim()) <= width - 0.5
    assert max(pit.get_ylim()) <= height - 0.5
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[3] == "wavelet, 4 taps"
    assert titles[2] == "network: LSTM"
    assert "R² = 0.987" in figure.axes[2].texts[0].get_text()
