"""Figures of filters show those that were distilled, and how they were chosen."""

import numpy as np
import pandas as pd
import pytest
from tests.looks import faults

from awd import wavelet
from awd.errors import DataError, WaveletError
from awd.league.names import name_of
from awd.report import figures, style, tables
from awd.report.figures import parts


def test_a_delayed_and_negated_wavelet_falls_onto_itself():
    h = np.concatenate([np.zeros(4), wavelet.from_pywt("db5"), np.zeros(2)])
    curves = figures.wavelets.wavelet_table(h, "db5")
    for _, both in curves.groupby("function"):
        curve = both[both["filter"] == "0"]
        same = both[both["filter"] == "db5"]
        onto = np.interp(same["t"], curve["t"], curve["value"])
        np.testing.assert_allclose(onto, same["value"], atol=1e-6)


def test_the_drawn_functions_keep_their_integrals():
    curves = figures.wavelets.wavelet_table(wavelet.from_pywt("sym5"), "db5")
    own = curves[curves["filter"] == "0"].groupby("function")["value"]
    sums = own.sum() / figures.wavelets.GRID
    assert sums["scaling"] == pytest.approx(1, abs=1e-3)
    assert sums["wavelet"] == pytest.approx(0, abs=1e-3)
    energy = own.apply(lambda v: (v**2).sum()) / figures.wavelets.GRID
    np.testing.assert_allclose(energy, 1, atol=1e-2)


def test_zeros_behind_a_filter_are_not_drawn():
    db2 = wavelet.from_pywt("db2")
    padded = figures.wavelets.wavelet_table(np.pad(db2, (0, 8)))
    pd.testing.assert_frame_equal(padded, figures.wavelets.wavelet_table(db2))


def test_a_wavelet_is_drawn_for_every_split_over_one_reference():
    bank = [wavelet.from_pywt(name) for name in ("db4", "sym6", "coif2")]
    for ax in figures.wavelets.wavelet(bank).axes:
        reference, *ours, _zero = ax.get_lines()
        assert reference.get_color() == style.COLOURS["wavelet"]
        assert len(ours) == 3
        colours = [line.get_color() for line in ours]
        assert colours.count(style.COLOURS["distilled"]) == 1  # the central one


def test_resampled_filters_are_a_band_around_the_central_one():
    db2 = wavelet.from_pywt("db2")
    angles = wavelet.angles(db2)[1] + np.linspace(-0.1, 0.1, 41)[:, None]
    draws = wavelet.filter_from_angles(wavelet.complete_angles(angles))
    moved = np.pad(draws, ((0, 0), (2, 0)))  # the same wavelets
    curves = figures.wavelets.wavelet_table(db2, "db5", [moved])
    for _, shown in curves.groupby("function"):
        low, middle, high = (
            shown[shown["filter"] == name]["value"].to_numpy()
            for name in ("2.5 %", "0", "97.5 %")
        )
        inside = (low <= middle + 1e-9) & (middle <= high + 1e-9)
        assert inside.mean() > 0.95
        assert 0.01 < (high - low).max() < 1
    assert len(figures.wavelets.wavelet(db2, draws=[draws]).axes[0].collections)
    assert not figures.wavelets.wavelet(db2).axes[0].collections


def test_a_filter_that_is_no_wavelet_is_not_drawn():
    with pytest.raises(WaveletError):
        figures.wavelets.wavelet(np.ones(4))


def test_filters_are_laid_onto_each_other_by_even_shifts_and_signs():
    db5 = wavelet.from_pywt("db5")
    moved = np.concatenate([[0, 0, 0, 0], -db5])
    assert wavelet.onto(moved, db5) == (-4, -1)
    assert parts.distance(moved, db5) == pytest.approx(0, abs=1e-12)
    by_one = np.concatenate([[0], db5, [0]])
    assert parts.distance(by_one, db5) > 0.5
    assert parts.distance(db5, db5[:4]) == pytest.approx(np.linalg.norm(db5[4:]))


def test_every_method_with_a_filter_of_its_own_has_a_panel(wavelets):
    table = figures.wavelets.filters_table(*wavelets)
    axes = figures.wavelets.filters(*wavelets).axes
    names = [name_of(method) for method in dict.fromkeys(table["method"])]
    assert [ax.get_title() for ax in axes] == names
    assert names[0] == "AWD (output)"
    assert set(table["role"]) == {"distilled", "control"}
    central = table[table["central"]].groupby("method")["distance"].max()
    np.testing.assert_allclose(central, 0, atol=1e-7)


def test_a_panel_says_what_was_chosen_and_how_filters_spread(wavelets):
    ax = figures.wavelets.filters(*wavelets).axes[0]
    table = figures.wavelets.filters_table(*wavelets)
    own = table[table["method"] == "output"].drop_duplicates("file")
    counts = own["length"].value_counts()
    for length, count in counts.items():
        assert (f"{length} ({count}×)" if count > 1 else f"{length}") in ax.get_xlabel()
    assert "…" not in ax.get_xlabel()
    taps = [float(text.get_text().replace("−", "-")) for text in ax.get_xticklabels()]
    assert taps == [int(tap) for tap in taps]
    assert f"levels 4, spread {own['distance'].mean():.2f}" in ax.get_xlabel()


def test_taps_in_the_filter_table_are_the_methods_own(wavelets):
    table = figures.wavelets.filters_table(*wavelets)
    one = table[(table["method"] == "attribution") & (table["file"] == 3)]
    stored = wavelets[3]["filter"].sel({"method": "attribution"})[:10]
    np.testing.assert_allclose(one["h"] * one["sign"], stored)
    assert set(one["split"]) == {"1"}


def test_the_choice_shows_the_best_score_of_every_shape(wavelets):
    table = figures.search.choice_table(*wavelets).set_index(["length", "levels"])
    best = []
    for one in wavelets:
        own = one["candidate_method"] == "output"
        shape = (one["candidate_length"] == 8) & (one["candidate_levels"] == 3)
        best.append(float(one["candidate_score"][own & shape].max()))
    assert table.loc[(8, 3), "score"] == pytest.approx(np.mean(best))
    assert table["chosen"].sum() == table.loc[(8, 3), "files"] == len(wavelets)
    texts = [text.get_text() for text in figures.search.choice(*wavelets).axes[0].texts]
    assert len(texts) == len(table)
    assert tables.number(np.mean(best), 3) in texts
    assert sum("chosen" in text for text in texts) == (table["chosen"] > 0).sum()


def test_candidates_of_nobody_are_refused(wavelets):
    with pytest.raises(DataError, match="no candidates of 'deep'; there are those of"):
        figures.search.choice(*wavelets, method="deep")


def test_the_path_shows_every_ratio_above_its_fidelity(wavelets):
    *filters, below = figures.search.filter_path(*wavelets).axes
    words = [text.get_text() for text in below.get_xticklabels()]
    assert words == ["0\n(sparsity only)", "0.3", "1", "3", "∞\n(attribution only)"]
    table = figures.search.filter_path_table(*wavelets)
    means = table.groupby("ratio")["score"].mean()
    np.testing.assert_allclose(below.collections[0].get_offsets()[:, 1], means)
    counts = table.groupby("ratio")["chosen"].sum()
    titles = [f"chosen {count}×" if count else "" for count in counts]
    assert [ax.get_title() for ax in filters] == titles
    assert counts.sum() == len(wavelets)


def test_filters_stand_exactly_above_their_ratios(wavelets):
    figure = figures.search.filter_path(*wavelets)
    figure.canvas.draw()
    *filters, below = figure.axes
    for step, ax in enumerate(filters):
        box = ax.get_position()
        x = figure.transFigure.inverted().transform(
            below.transData.transform((step, 0.6))
        )[0]
        assert x == pytest.approx((box.x0 + box.x1) / 2)


def test_a_path_of_one_file_and_ratio_can_be_drawn(wavelets):
    one = wavelets[0]
    ratio = one["candidate_attribution"] / one["candidate_sparsity"]
    keep = (one["candidate_method"] == "attribution") & (ratio == 3)
    figure = figures.search.filter_path(one.isel(candidate=keep.values))
    assert figure.axes[0].get_title() == "chosen 1×"


def test_soft_filters_are_measured_at_the_published_weight_of_sparsity(wavelets):
    table = figures.soft.soft_path_table(*wavelets)
    assert set(table["sparsity"]) == {1e-3}
    at_start = table[table["attribution"] == 0]
    np.testing.assert_allclose(at_start["distance"], 0, atol=1e-7)
    assert at_start["violation"].max() < 1e-10
    far = table[table["attribution"] == 10]
    for row in far.itertuples():
        residuals = wavelet.conditions(np.array(row[-10:]))
        assert row.violation == pytest.approx(max(residuals.values()))
    labels = [ax.get_ylabel() for ax in figures.soft.soft_path(*wavelets).axes]
    assert labels[1:] == [
        "L2 distance from db5",
        "largest violated condition",
        "taps above 0.02",
        "cross-validated\nfidelity (R²)",
    ]


@pytest.mark.parametrize(
    ("lengths", "levels"), [([4], [4]), ([4], [3, 4]), ([4, 6], [4])]
)
def test_the_choice_among_few_shapes_holds_its_labels(wavelets, lengths, levels):
    ds = wavelets[0]
    few = (ds["candidate_method"] == "output") & ds["candidate_length"].isin(lengths)
    few &= ds["candidate_levels"].isin(levels)
    drawn = figures.search.choice(ds.isel(candidate=few.values))
    assert not faults(drawn)
    assert min(drawn.get_size_inches()) > 1.5
    assert len(drawn.axes) == (1 if few.sum() == 1 else 2)


def test_a_path_of_two_ratios_holds_its_labels(wavelets):
    ds = wavelets[0]
    own = np.flatnonzero(ds["candidate_method"].values == "attribution")[[1, 3]]
    assert not faults(figures.search.filter_path(ds.isel(candidate=own)))
