"""Masks: what was not seen has no say, and what is left means the same."""

import numpy as np
import pytest

from awd import io, wavelet
from awd.errors import ShapeError
from awd.filters.masks import ENOUGH, counting
from awd.filters.undecimated import BandNorms, Histogram, Quantiles, analysis
from awd.maps.infer import observed
from awd.maps.measure import masks, peaks, spectrum, statistics
from awd.maps.readers import layout
from awd.maps.study import ask, bank, finish
from awd.maps.study.streamed import Rows
from awd.record import contracts
from awd.record.checkpoint import Job
from awd.teacher import networks

SIDE, PIXEL = 64, 2.0


@pytest.fixture(scope="module")
def fields():
    """Periodic fields with a spectrum as steep as the sky's, (100, 64, 64)."""
    rng = np.random.default_rng(0)
    ell = spectrum.multipoles(SIDE, PIXEL)
    modes = np.fft.rfft2(rng.normal(size=(100, SIDE, SIDE)))
    modes *= (1 + ell / 500) ** -0.75
    return (0.02 * np.fft.irfft2(modes)).astype(np.float32)


@pytest.fixture(scope="module")
def mask():
    """Discs that hide 15 % of every map, (100, 64, 64)."""
    rng = np.random.default_rng(1)
    grid = np.arange(SIDE)
    mask = np.ones((100, SIDE, SIDE), bool)
    for seen in mask:
        while seen.mean() > 0.85:
            y, x, radius = rng.uniform(0, (SIDE, SIDE, 5))
            seen &= (grid[:, None] - y) ** 2 + (grid - x) ** 2 > radius**2
    return mask


@pytest.fixture(scope="module")
def hidden_maps(small, tmp_path_factory):
    """The small maps with a corner hidden, and their file."""
    mask = np.ones((small.sizes["sample"], 32, 32), np.int8)
    mask[:, :8, 4:20] = 0
    x = masks.filled(small["x"].values, mask.astype(bool))
    described = {"units": "1", "long_name": "convergence"}
    ds = small.assign(
        x=(small["x"].dims, x, described), mask=(("sample", "y", "x"), mask)
    )
    ds = ds.assign(
        block=ds["cosmology"],
        realisation=("sample", np.arange(ds.sizes["sample"])),
        offset=(("sample", "axis"), np.zeros((ds.sizes["sample"], 2), int)),
    )
    path = tmp_path_factory.mktemp("masked") / "samples.nc"
    io.write(ds, path)
    return ds, path


def test_hidden_pixels_are_filled_from_what_was_seen_near(fields, mask):
    filled = masks.filled(fields, mask)
    np.testing.assert_array_equal(filled[mask], fields[mask])
    other = np.where(mask, fields, np.float32(1e6))  # what they held does not matter
    np.testing.assert_array_equal(masks.filled(other, mask), filled)
    # A slope goes on through holes, which no mean of a whole map would give.
    slope = np.broadcast_to(np.arange(SIDE, dtype="f4"), fields.shape)
    wrong = masks.filled(slope, mask) - slope
    assert np.abs(wrong[:, :, 12:-12]).max() < 8
    several = masks.filled(np.stack([fields, 2 * fields], 1), mask)
    np.testing.assert_allclose(several[:, 1], 2 * filled, rtol=1e-5)
    with pytest.raises(ShapeError):
        masks.filled(fields[:, 1:], mask)


def test_a_map_of_which_little_was_seen_gets_its_mean():
    field, seen = np.ones((1, 64, 64), "f4"), np.zeros((1, 64, 64), bool)
    seen[0, :20, :20] = True
    np.testing.assert_allclose(masks.filled(field, seen), 1, rtol=1e-5)


@pytest.mark.parametrize("name", statistics.METHODS)
def test_a_mask_that_hides_nothing_changes_nothing(small, name):
    x = small["x"].values[:40]
    everything = np.ones(x.shape, bool)
    plain = statistics.of(name, small.attrs["pixel_arcmin"], 4)
    one, same = plain.fitted(x), plain.fitted(x, everything)
    np.testing.assert_allclose(
        same.features(x, everything), one.features(x), rtol=2e-6, atol=1e-12
    )


@pytest.mark.parametrize("name", statistics.METHODS)
def test_masked_features_mean_what_those_of_whole_maps_mean(fields, mask, name):
    statistic = statistics.of(name, PIXEL, 4).fitted(fields)
    whole = statistic.features(fields)
    seen = statistic.features(masks.filled(fields, mask), mask)
    spread = whole.std(0)
    moved = np.abs((seen - whole).mean(0))
    # Of the fast waves' strength holes are a slow structure; that of scattering moves,
    # in maps that train as in others.
    limit = 0.6 if name == "scattering" else 0.6 * spread
    assert (moved / limit).max() < 1
    assert np.median(seen.std(0) / spread) < 1.3


def test_peaks_next_to_what_is_hidden_are_not_counted(fields, mask):
    kernels = np.random.default_rng(2).normal(size=(2, 5, 5)).astype("f4")
    edges = np.array([-np.inf, 0, np.inf])
    found = peaks.peak_histogram(fields[:5], kernels, edges, mask[:5])
    expected = np.zeros_like(found)
    for n, (field, seen) in enumerate(zip(fields[:5], mask[:5], strict=True)):
        for y in range(2, SIDE - 2):
            for x in range(2, SIDE - 2):
                near = field[y - 1 : y + 2, x - 1 : x + 2]
                window = np.s_[y - 2 : y + 3, x - 2 : x + 3]
                if (near < field[y, x]).sum() == 8 and seen[window].all():
                    responses = (kernels * field[window]).sum((1, 2))
                    expected[n, [0, 1], (responses > 0).astype(int)] += 1
    np.testing.assert_array_equal(found, expected)
    responses = peaks.responses(fields[:5], kernels, mask=mask[:5])
    assert responses.shape[1] == expected[:, 0].sum()


def test_rates_are_counts_over_the_share_of_places(fields, mask):
    statistic = peaks.PeakHistogram(peaks.HEIGHT, 3).fitted(fields, mask)
    inside = masks.inside(mask)
    assert inside.shape == (100, SIDE - 2, SIDE - 2)
    counts = statistic.counts(fields, mask)
    rates = statistic.rates(fields, mask)
    np.testing.assert_allclose(rates[:, 0] * inside.mean((1, 2))[:, None], counts[:, 0])


def test_power_is_put_right_for_the_coupling_of_modes(fields, mask):
    edges = np.geomspace(170, 5000, 9)
    whole = spectrum.power_spectrum(fields, PIXEL, edges)
    filled = masks.filled(fields, mask)
    found = spectrum.power_spectrum(filled, PIXEL, edges, mask)
    plain = spectrum.power_spectrum(np.where(mask, fields, 0), PIXEL, edges)
    error = whole.std(0) / np.sqrt(len(whole))
    np.testing.assert_allclose(found.mean(0), whole.mean(0), rtol=0.08)
    assert (np.abs((found - whole).mean(0)) < 5 * error).all()
    assert (np.abs((plain - whole).mean(0)) > 10 * error).sum() >= 3


def test_the_coupling_is_what_fields_of_one_bin_show():
    rng = np.random.default_rng(3)
    edges = np.array([-np.inf, 1000, 2500, np.inf])
    ell = spectrum.multipoles(32, 4.0)
    weight = masks.tapered(rng.uniform(size=(32, 32)) > 0.1)
    matrix = spectrum.coupling(weight, 4.0, edges)
    whole = spectrum.coupling(np.ones((32, 32)), 4.0, edges)
    np.testing.assert_allclose(whole, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(matrix.sum(1), (weight**2).mean(), rtol=1e-9)
    noise = np.fft.rfft2(rng.normal(size=(300, 32, 32)))
    for k in range(3):
        within = (ell >= edges[k]) & (ell < edges[k + 1])
        field = np.fft.irfft2(noise * within)
        given, found = (
            spectrum.power_spectrum(x, 4.0, np.array([0, 1000, 2500, 1e4])).mean(0)
            for x in (field, weight * field)
        )
        np.testing.assert_allclose(found, matrix[:, k] * given[k], rtol=0.08)


@pytest.mark.parametrize("h", [statistics.B3, wavelet.from_pywt("db2"), np.eye(3) / 3])
def test_coefficients_count_where_their_filter_saw_enough(fields, mask, h):
    x, seen_of = fields[:3, None], mask[[0, 1, 0]]
    seen, which = counting(seen_of, x, h, 3)
    assert len(seen) == 2  # masks that maps share are looked at once
    assert seen.shape[2] == (4 if h.ndim == 1 and len(h) % 2 == 0 else 1)
    if len(h) % 2:  # of a smoother of sum 1 the shares are what it leaves of a mask
        shares = analysis(seen_of.astype("f4"), h, 3)["approx"]
        assert (seen[which, :, 0] == (shares >= ENOUGH)).mean() > 0.999
    else:  # what HH sees lies elsewhere than what LL sees
        assert (seen[:, :, 0] != seen[:, :, 3]).any()
    assert not seen.all()
    bands = ("difference",)
    coefficients = analysis(x[:, 0], h, 3)["difference"]
    ranked = Quantiles((0.3, 0.9), bands).features(x, h, 3, mask=seen_of)
    norms = BandNorms(bands).features(x, h, 3, mask=seen_of)
    fitted = Histogram(4, bands).fitted(x, h, 3, mask=seen_of)
    counts = fitted.features(x, h, 3, mask=seen_of).reshape(3, 3, 4)
    for n in range(3):
        for j in range(3):
            own = np.sort(coefficients[n, j][seen[which[n], j, 0]])
            places = np.rint(np.array([0.3, 0.9]) * (len(own) - 1)).astype(int)
            np.testing.assert_array_equal(ranked[n, 2 * j : 2 * j + 2], own[places])
            np.testing.assert_allclose(norms[n, j], np.log(np.abs(own).mean()), 1e-4)
            total = (counts[n, j] ** 2).sum()
            np.testing.assert_allclose(total, coefficients[n, j].size)


def test_a_mask_that_leaves_nothing_at_a_scale_keeps_what_was_seen_best():
    mask = np.zeros((1, 32, 32), bool)
    mask[0, ::2] = True
    seen, _ = counting(mask, np.zeros((1, 1, 32, 32)), statistics.B3, 4)
    assert seen.any((3, 4)).all()
    with pytest.raises(ShapeError, match="the mask has shape"):
        counting(mask[:, 1:], np.zeros((1, 1, 32, 32)), statistics.B3, 4)


def test_signals_with_gaps_are_read_by_the_same_students():
    x = np.random.default_rng(0).normal(size=(3, 2, 60)).astype("f4")
    mask = np.ones((3, 60), bool)
    mask[:, 20:35] = False
    norms, h = BandNorms(("hh",)), wavelet.from_pywt("db2")
    read = norms.features(x, h, 1, dims=1, mask=mask)
    changed = np.where((np.arange(60) >= 24) & (np.arange(60) < 30), np.float32(9), x)
    again = norms.features(changed, h, 1, dims=1, mask=mask)
    np.testing.assert_allclose(again, read, rtol=1e-6)


def test_statistics_and_filters_of_a_file_use_its_mask(small, hidden_maps):
    ds, path = hidden_maps
    statistic = statistics.of("starlet_norms", 6.5)
    with io.opened(path, contracts.MAPS) as opened:
        read = statistics.measure(statistics.fitted(statistic, opened), opened)
        rows = bank.rows_of(opened, 4, 2)
        shelf = bank.fill("symmetric", opened, rows, 3, 0)
    mask = ds["mask"].values.astype(bool)
    np.testing.assert_array_equal(read, statistic.features(ds["x"].values, mask))
    # What an observed map hides, maps without a mask hide, too.
    where = ~mask[0]
    beside = statistics.measure(statistic, small, where)
    np.testing.assert_allclose(beside, read, rtol=1e-6)
    filters = shelf["filter"].values
    one = bank.SHELVES["symmetric"].statistic(filters[1])
    expected = one.features(ds["x"].values[rows], mask[rows])
    np.testing.assert_array_equal(shelf["features"].values[1], expected)


@pytest.mark.parametrize("how", ["filled", "channel"])
def test_networks_read_filled_maps_or_the_mask_too(hidden_maps, how, tmp_path):
    ds, path = hidden_maps
    target = ds["target"].values
    inputs = 2 if how == "channel" else 1
    model = networks.build(
        "resnet", 0, target, outputs=2, scale=0.02, width=2, inputs=inputs
    )
    rows = Rows(path, np.arange(6), model)
    x = rows[:]
    if how == "channel":
        assert x.shape == (6, 2, 32, 32)
        np.testing.assert_allclose(x[:, 1], 0.02 * ds["mask"].values[:6])
        x = x[:, 0]
    np.testing.assert_array_equal(x, ds["x"].values[:6])
    gradient = ask.saliency(model, rows, 4)
    assert gradient.shape == (6, 32, 32)
    seen = ds["mask"].values[:6].astype(bool)
    assert (gradient[~seen] == 0).all()
    assert (gradient[seen] != 0).mean() > 0.5


def test_a_network_is_trained_with_the_mask_as_a_channel(hidden_maps, tmp_path):
    from awd.maps.study import train

    _, path = hidden_maps
    settings = {"width": 2, "stem": 5, "mask": "channel", "epochs": 1, "batch": 32}
    settings |= {"learning_rate": 1e-3, "weight_decay": 0.0, "average": 0.9}
    models, _ = train.train(
        path,
        "omega_m",
        ["resnet", "untrained"],
        settings,
        seed=0,
        device="cpu",
        job=Job(tmp_path / "log", {}, {}),
    )
    assert models["resnet"].inputs == models["untrained"].inputs == 2
    maps = Rows(path, np.arange(4), models["resnet"])
    answers = ask.answers_of(models["resnet"], maps)
    assert answers.shape == (4, 2)
    # What it says depends on the mask.
    x = maps[:]
    x[:, 1] = 0
    other = ask.ask.output(models["resnet"], x, target=0)
    assert not np.allclose(other, answers[:, 0], rtol=1e-4)


def test_an_observed_map_with_holes_is_answered_as_if_all_had_them(small):
    row = np.flatnonzero(small["split"].values == "test")[20]
    kappa = small["x"].values[row].copy()
    kappa[3:9, 10:24] = np.nan
    asked = {"norms": statistics.of("starlet_norms", 6.5)}
    answers = []
    for missing in (np.nan, -1.6375e30):
        image = finish.without_unseen(np.where(np.isnan(kappa), missing, kappa))
        x, hidden = observed.prepared(image, small.attrs["pixel_arcmin"], small)
        assert hidden.sum() == 6 * 14
        box = [(0.18, 0.42), (0.6, 1.0)]
        answers += observed.answers(asked, small, x, hidden, 0, bounds=box)
    np.testing.assert_array_equal(answers[0].chain, answers[1].chain)
    assert answers[0].goodness.p_value[0] > 1e-3
    # All had them: of a map of theirs the features are those of its row.
    statistic = asked["norms"]
    x, hidden = observed.prepared(kappa, small.attrs["pixel_arcmin"], small)
    np.testing.assert_allclose(
        statistics.measure(statistic, small, hidden)[row],
        answers[0].features,
        rtol=1e-6,
    )


def test_shear_that_is_missing_hides_the_convergence_there_alone():
    rng = np.random.default_rng(0)
    shear = rng.normal(0, 0.02, (2, 32, 32))
    whole = layout.fields(shear, "here", "shear")
    shear[0, 4:7, 5] = np.nan
    shear[1, 20, 20] = -1.6375e30
    kappa = layout.fields(shear, "here", "shear")
    assert np.isnan(kappa).sum() == 4
    near = np.abs(kappa - whole)[np.isfinite(kappa)]
    assert np.median(near) < 0.002
