"""Figures show the data they are given, and are saved the same way every time."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tests.looks import faults

from awd import features, wavelet
from awd.errors import DataError
from awd.filters import statistics
from awd.league.names import name_of
from awd.report import figures, style, tables
from awd.report.figures import labels

ROLES = {
    "lstm": "teacher",
    "output": "distilled",
    "db2": "wavelet",
    "db5": "wavelet",
    "ridge": "baseline",
    "mean": "baseline",
    "untrained": "control",
}


def predictions(seed, noise=1.0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=80)
    sizes = dict(zip(ROLES, (0.5, 0.4, 0.2, 0.8, 0.6, 3, 0.1), strict=True))
    predicted = [y + size * noise * rng.normal(size=80) for size in sizes.values()]
    return xr.Dataset(
        {
            "prediction": (("method", "sample"), predicted),
            "role": ("method", list(ROLES.values())),
            "group": ("sample", ["cell 1"] * 80),
            "target": ("sample", y, {"long_name": "mean signal", "units": "a.u."}),
        },
        coords={"method": list(ROLES)},
    )


def student(time=40):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, time)).cumsum(1)
    recipe = features.Largest(3, 3, positions=True, start=3)
    y = x[:, 5:15].mean(1) + 0.1 * rng.normal(size=60)
    db2 = wavelet.from_pywt("db2")
    return features.Student(recipe, "ridge").fit(x, y, db2, 4), x


def of_windows():
    """A student of two windows with bent curves, and its training samples."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 2, 40)).cumsum(2)
    y = x[:, 1, 5:15].mean(1)
    recipe = features.Largest(2, 1, positions=True, start=3)
    db2 = wavelet.from_pywt("db2")
    return features.Student(recipe, "hinges").fit(x, y, db2, 4, dims=1), x


def test_the_reading_adds_up_to_the_prediction():
    fitted, x = student()
    table = figures.student.reading_table(fitted, x[:5])
    every = features.contributions(fitted, x[:5])
    added = table.groupby("sample")["contribution"].sum()
    intercept = every.loc[every["kind"] == "intercept", "contribution"]
    np.testing.assert_allclose(added + intercept.to_numpy(), fitted.predict(x[:5]))
    bars = figures.student.reading(fitted, x[:5]).axes[5:10]
    heights = [sum(bar.get_height() for bar in ax.patches) for ax in bars]
    np.testing.assert_allclose(heights, added)


def test_the_reading_shows_every_window_and_what_it_adds():
    fitted, x = of_windows()
    table = figures.student.reading_table(fitted, x[:3])
    figure = figures.student.reading(fitted, x[:3], windows=["whole", "end"])
    bars = [*figure.axes[3:6], *figure.axes[12:15]]
    heights = [sum(bar.get_height() for bar in ax.patches) for ax in bars]
    added = table.groupby(["channel", "sample"])["contribution"].sum()
    np.testing.assert_allclose(heights, added)
    assert figure.axes[9].get_ylabel().startswith("end: trace")
    assert figure.axes[8].get_xlabel() == "time (samples)"
    cut = figures.student.reading(fitted, x[:3], windows=["whole", "end"], cut=True)
    assert not faults(cut)
    assert cut.axes[8].get_xlabel() == "sample (40 over the track)"
    assert cut.axes[17].get_xlabel() == "frame (of the last 40)"


def test_what_whole_bands_add_is_a_number_and_takes_no_colour():
    _, x = of_windows()
    y = 5 * x[:, 1].std(1)
    recipe = features.Largest(2, positions=True, statistics=("spread",))
    db2 = wavelet.from_pywt("db2")
    fitted = features.Student(recipe, "hinges").fit(x[:, 1], y, db2, 3)
    table = figures.student.reading_table(fitted, x[:2, 1])
    whole = table["band"] == figures.student.WINDOW
    figure = figures.student.reading(fitted, x[:2, 1])
    assert not faults(figure)
    said = [text.get_text() for ax in figure.axes[4:6] for text in ax.texts]
    numbers = [tables.typeset(value, 2) for value in table.loc[whole, "contribution"]]
    assert [text.removeprefix("+") for text in said] == numbers
    limit = table.loc[~whole, "contribution"].abs().max()
    assert figure.axes[-1].get_ylim() == pytest.approx((-limit, limit))


def test_curves_are_those_of_the_head_about_their_means():
    fitted, x = of_windows()
    table = figures.curves.curves_table(fitted, x)
    values = fitted.features.features(x, fitted.filter_, fitted.levels_, dims=1)
    assert len(table) == values.shape[1] * figures.curves.POINTS
    each = table["added"].to_numpy().reshape(values.shape[1], -1)
    where = table["value"].to_numpy().reshape(values.shape[1], -1)
    head = fitted.curves
    expected = head(where.T) - head(values).mean(0)
    np.testing.assert_allclose(each, expected.T, atol=1e-12)
    ends = np.percentile(values, [1, 99], axis=0)
    np.testing.assert_allclose(where[:, [0, -1]], ends.T)
    assert set(table["kind"]) == {"value", "place"}
    assert table["band"].max() == fitted.levels_
    assert len(figures.curves.curves(fitted, x, ["whole", "end"]).axes) == 2 * 6


def test_a_coefficient_stands_where_its_energy_is():
    fitted, x = student()
    table = figures.student.reading_table(fitted, x[:5])
    finest = table[(table["band"] == 4) & (table["index"] == 10)]
    # Level 1 of 4 taps: coefficient k sees frames 2k - 2 to 2k + 1.
    assert finest["begin"].between(17.5, 21.5).all()
    assert finest["end"].between(17.5, 21.5).all()
    assert finest["centre"].between(18, 21).all()
    start = table[table["kind"] == "start"]
    ends = start[["begin", "centre", "end"]].to_numpy()
    assert ends.tolist() == [[-0.5, 1, 2.5]] * 5


def test_the_reading_names_bands_by_their_scale_and_predictions_by_their_value():
    fitted, x = student()
    chosen = figures.student.examples(fitted.predict(x))
    assert (np.diff(fitted.predict(x)[chosen]) > 0).all()
    figure = figures.student.reading(fitted, x[chosen], observed=[1, 2, -3])
    bands = [text.get_text() for text in figure.axes[6].get_yticklabels()]
    assert bands == [
        "mean over 16",
        *(f"change over {scale}" for scale in (8, 4, 2, 1)),
        "mean of first 3",
    ]
    last = tables.number(fitted.predict(x)[chosen[2]], 2)
    title = f"predicted {last}\nobserved -3.00".replace("-", "−")
    assert figure.axes[2].get_title() == title


def test_the_panels_are_the_best_of_each_role_and_db5():
    assert list(figures.predictions.showcase(predictions(0))) == [
        "lstm",
        "output",
        "db5",
        "ridge",
    ]


def test_each_panel_gives_the_mean_r2_of_its_test_sets():
    test_sets = predictions(0), predictions(1, noise=2)
    figure = figures.predictions.predictions(*test_sets)
    panel = figure.axes[0]

    def r2(y, p):
        return 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()

    expected = np.mean([r2(one["target"], one["prediction"][0]) for one in test_sets])
    assert panel.texts[0].get_text() == f"R² = {tables.number(expected, 3)}"
    assert panel.get_xlim() == panel.get_ylim()
    assert figure.get_supxlabel() == "observed mean signal (a.u.)"
    assert panel.collections[0].get_array().sum() == 160


def test_the_best_epoch_of_every_training_is_marked():
    one = pd.DataFrame({"epoch": [0, 1, 2], "train_loss": [0.9, 0.6, 0.4]})
    one["select_loss"] = [0.8, 0.5, 0.7]
    other = one.assign(select_loss=[0.8, 0.6, 0.3])
    histories = {"lstm": [one, other], "mlp": [one]}
    ax, beside = figures.training.learning(histories).axes
    marks = [line for line in ax.get_lines() if line.get_marker() == "o"]
    points = [(*line.get_xdata(), *line.get_ydata()) for line in marks]
    assert points == [(1, 0.5), (2, 0.3)]
    names = [text.get_text() for text in beside.get_legend().get_texts()]
    assert names == ["training", "selection", "best epoch"]
    assert (ax.get_title(), beside.get_title()) == ("LSTM teacher", "MLP teacher")
    table = figures.training.learning_table(histories)
    assert table.groupby(["teacher", "training"]).size().tolist() == [3, 3, 3]


def test_the_league_goes_by_role_and_r2_and_controls_are_grey(scores):
    ax = figures.scores.scores(scores).axes[0]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names[:4] == [
        "CNN teacher",
        "MLP teacher",
        "LSTM teacher",
        "AWD (output), best of 60",
    ]
    assert "best random filter of 60, by fidelity" in names
    assert names[-1] == "mean of the training targets"
    grey = [text.get_color() == "0.45" for text in ax.get_yticklabels()]
    assert sum(grey) == 7
    heads = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    assert set(heads) == set(figures.forest.HEADS.values())


def test_the_league_shows_every_test_set_and_our_interval(scores):
    ax = figures.scores.scores(scores).axes[0]
    ticks = ax.collections[0].get_segments()
    assert len(ticks) == (scores["split"] != "all").sum()
    band = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((0.541 - 0.025, 0.541 + 0.025))


def test_what_is_far_below_all_others_is_a_number_at_the_edge(scores):
    ax = figures.scores.scores(scores).axes[0]
    assert "◂ 0.00" in [text.get_text() for text in ax.texts]
    assert ax.get_xlim()[0] > 0.4
    bad = scores.assign(r2_low=scores["r2_low"].where(scores["method"] != "db5", -9))
    assert figures.scores.scores(bad).axes[0].get_xlim()[0] > 0.3


def test_a_score_outside_its_interval_is_drawn_as_it_is(scores):
    biased = scores.assign(r2_low=scores["r2"] + 0.01)
    drawn = figures.scores.scores(biased).axes[0].collections[1].get_segments()[0]
    assert drawn[:, 0].tolist() == pytest.approx([0.555, 0.57])


def test_a_league_of_one_test_set_has_no_ticks(scores):
    one = scores[(scores["split"] == "0") & (scores["seed"] == "0")]
    figure = figures.scores.scores(one)
    assert len(figure.axes[0].get_yticklabels()) == 22
    assert len(figures.scores.scores_table(one)) == 22


def test_the_league_of_two_targets_is_refused(scores):
    with pytest.raises(DataError, match="lstm has several rows"):
        figures.scores.scores(pd.concat([scores, scores], ignore_index=True))


def test_the_league_table_holds_all_that_is_drawn(scores):
    table = figures.scores.scores_table(scores)
    assert len(table) == len(scores)
    assert table["method"].head(4).tolist() == ["cnn", "mlp", "lstm", "output"]
    assert (table["split"].head(22) == "all").all()


def in_blocks(seed, noise=1.0, groups=10):
    """Predictions of several groups, as the bootstrap needs them."""
    ds = predictions(seed, noise)
    of = np.arange(ds.sizes["sample"]) % groups
    ds["group"] = "sample", [f"cell {k}" for k in of]
    ds["block"] = "sample", [f"block {k}" for k in of]
    return ds


def fidelity(sets):
    return figures.fidelity.fidelity(figures.fidelity.fidelity_table(sets))


def test_fidelity_and_what_is_gained_have_the_intervals_of_the_bootstrap():
    sets = in_blocks(0), in_blocks(1)
    table = figures.fidelity.fidelity_table(sets).set_index("method")
    assert list(table.index) == ["lstm", "output", "untrained", "db2", "db5"]
    said = np.stack([ds["prediction"].values for ds in sets])
    y = np.stack([ds["target"].values for ds in sets])

    def r2(truth, found):
        left = ((truth - found) ** 2).sum(-1)
        return 1 - left / ((truth - truth.mean(-1, keepdims=True)) ** 2).sum(-1)

    own = table.loc["output"]
    assert own["agreement"] == pytest.approx(r2(said[:, 0], said[:, 1]).mean())
    gain = r2(y, said[:, 1]).mean() - r2(y, said[:, 0]).mean()
    assert own["gain"] == pytest.approx(gain)
    students = table.iloc[1:]
    for name in ("agreement", "gain"):
        low, high = students[f"{name}_low"], students[f"{name}_high"]
        assert (low < students[name]).all()
        assert (students[name] < high).all()
    # Paired: the network differs from itself by nothing, whatever is drawn.
    assert table.loc["lstm", ["gain_low", "gain_high"]].tolist() == [0, 0]


@pytest.mark.parametrize("methods", [["lstm", "output"], list(ROLES)])
@pytest.mark.parametrize("samples", [8, 80])
def test_fidelity_is_drawn_of_few_methods_and_groups(methods, samples):
    few = in_blocks(0).sel({"method": methods}).isel(sample=slice(samples))
    figure = fidelity([few])
    assert not faults(figure)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    shown = [m for m in methods if ROLES[m] in figures.fidelity.SHOWN]
    assert {*names} == {*map(name_of, shown)}
    assert figure.get_suptitle().startswith("the network: LSTM teacher, R² = ")


def test_a_student_of_another_mind_than_its_network_is_a_number_at_the_edge():
    ds = in_blocks(0)
    ds["prediction"][2] = -5 * ds["prediction"][0]
    figure = fidelity([ds])
    assert not faults(figure)
    assert any("◂" in text.get_text() for text in figure.axes[0].texts)


def test_every_method_stands_at_the_numbers_that_it_learned(scores):
    table = figures.scores.parameters_table(scores)
    assert table.set_index("method")["parameters"]["output"] == 62
    sizes = np.where(scores["role"] == "teacher", 5000, 61)
    ax = figures.scores.parameters(scores.assign(head_parameters=sizes)).axes[0]
    assert ax.get_xscale() == "log"
    low = {"mean": "mean of the training targets, 0.00"}
    written = [text.get_text() for text in ax.texts]
    # Of several wavelets that learned as many numbers one stands for all: ours, or
    # the best.
    for role, own in table[table["method"] != "mean"].groupby("role"):
        best = own.loc[own["r2"].idxmax(), "method"]
        first = "output" if "output" in own["method"].tolist() else best
        name = f"{name_of(first)}\nand {len(own) - 1} more"
        expected = f"({len(own)} controls)" if role == "control" else name
        assert role in ("teacher", "baseline") or expected in written
    # Models without a wavelet have names of their own; those on one spot share a label.
    assert {*low.values(), name_of("hand_ridge")} <= {*"\n".join(written).split("\n")}
    points = [line for line in ax.get_lines() if line.get_marker() == "o"]
    drawn = np.concatenate([line.get_xydata() for line in points])
    assert len(drawn) == len(table) - 1
    assert sum(drawn[:, 0] == 5000) == 3


def test_a_network_that_says_one_thing_leaves_numbers():
    ds = in_blocks(0)
    ds["prediction"][0] = 1e-3 * ds["prediction"][0]
    figure = fidelity([ds])
    assert not faults(figure)
    assert figure.axes[0].get_xlim()[0] > -1.2
    said = [text.get_text() for text in figure.axes[0].texts]
    assert sum("◂" in text for text in said) == 4
    low, high = figure.axes[1].get_xlim()
    assert low < 0 < high  # the network itself


def test_wide_intervals_of_others_squeeze_no_point(scores):
    wide = scores.assign(r2_low=scores["r2"] - 5, r2_high=scores["r2"] + 0.01)
    ax = figures.scores.parameters(wide).axes[0]
    assert ax.get_ylim()[0] > 0
    assert not faults(ax.figure)


def test_names_of_points_on_one_spot_share_a_label():
    centres = np.array([(0.0, 0), (1, 1), (40, 0), (1, 0)])
    spots = labels.together(centres, ["a", "b", "c", "d"], ["k", "k", "k", "grey"])
    assert [(label, colour) for _, label, colour in spots] == [
        ("a\nb", "k"),
        ("c", "k"),
        ("d", "grey"),
    ]
    ((_, many, _),) = labels.together(np.zeros((7, 2)), list("abcdefg"), ["k"] * 7)
    assert many == "a\nb\nc\nand 4 more"


@pytest.mark.parametrize("name", ["parameters"])
def test_where_all_score_alike_names_do_not_crowd(name, scores):
    same = scores.assign(r2=0.5, r2_low=0.4, r2_high=0.6, fidelity=0.9)
    same.loc[same["method"] == "mean", ["r2", "r2_low", "r2_high"]] = -2, -2.1, -1.9
    figure = getattr(figures.scores, name)(same)
    assert faults(figure) == []
    for ax in figure.axes:
        leaders = [line for line in ax.lines if line.get_linewidth() == 0.4]
        for line in leaders:
            ends = ax.transData.transform(line.get_xydata())
            length = np.linalg.norm(np.ptp(ends, axis=0)) * 72 / figure.dpi
            assert length < 80  # points of the page


@pytest.mark.parametrize("name", ["parameters"])
def test_names_do_not_overlap_each_other_or_the_points(scores, name):
    sizes = {method: 1.5**k for k, method in enumerate(scores["method"].unique())}
    learned = scores["method"].map(sizes).astype(int)
    figure = getattr(figures.scores, name)(scores.assign(head_parameters=learned))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    for index, box in enumerate(boxes):
        small = box.shrunk(0.9, 0.7)
        assert not small.count_overlaps(boxes[:index] + boxes[index + 1 :])


def test_names_around_one_point_are_all_apart():
    centres = np.full((6, 2), 100.0)
    frame = np.array([[0, 0], [400, 200]])
    boxes = labels.arrange(centres, [np.array([60, 7])] * 6, frame)
    for index, (low, high) in enumerate(boxes):
        assert (low >= frame[0]).all()
        assert (high <= frame[1]).all()
        for other_low, other_high in boxes[:index]:
            assert ((low >= other_high) | (high <= other_low)).any()


def test_saving_twice_gives_the_same_bytes(scores, tmp_path):
    for name in ("a", "b"):
        style.save(figures.scores.scores(scores), tmp_path / name, scores)
    for kind in ("png", "pdf", "csv"):
        first, second = (tmp_path / f"{name}.{kind}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
    assert b"CreationDate" not in (tmp_path / "a.pdf").read_bytes()
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "a.csv", dtype={"split": str, "seed": str}), scores
    )


def test_faults_of_a_figure_are_found():
    figure = Figure(figsize=(3, 2), layout="constrained")
    ax = figure.subplots()
    assert not faults(figure)
    ax.text(0.5, 0.5, "one")
    ax.text(0.5, 0.5, "other")
    assert faults(figure) == ["'one' lies on 'other'"]
    ax.texts[1].remove()
    figure.text(0.9, 0.5, "beyond the edge")
    assert [fault[:9] for fault in faults(figure)] == ["cut right"]


def test_nothing_is_cut_or_printed_over(scores, wavelets):
    fitted, x = student()
    drawn = (
        figures.scores.scores(scores),
        fidelity([in_blocks(0), in_blocks(1)]),
        figures.scores.parameters(scores),
        figures.wavelets.wavelet([wavelet.from_pywt("db2")] * 2),
        figures.wavelets.filters(*wavelets),
        figures.search.choice(*wavelets),
        figures.search.filter_path(*wavelets),
        figures.soft.soft_path(*wavelets),
        figures.student.reading(fitted, x[:3]),
        figures.curves.curves(fitted, x),
        figures.predictions.predictions(predictions(0)),
        figures.handed.labels_worth(worth_scores()),
    )
    for figure in drawn:
        assert not faults(figure)


@pytest.mark.parametrize("methods", [["output"], ["lstm", "output"], ["mean", "db2"]])
def test_a_league_of_few_methods_holds_together(scores, methods):
    few = scores[scores["method"].isin(methods)]
    for name in ("scores", "parameters"):
        assert not faults(getattr(figures.scores, name)(few))


@pytest.mark.parametrize("samples", [2, 5])
def test_few_predictions_hold_together(samples):
    few = predictions(0).isel(sample=slice(samples))
    assert not faults(figures.predictions.predictions(few))


def test_two_classes_are_histograms_of_what_is_predicted():
    ds = predictions(0)
    ds["target"] = ("sample", np.arange(80) % 2.0, ds["target"].attrs | {"units": "1"})
    figure = figures.predictions.predictions(ds)
    assert not faults(figure)
    counts = [patch.get_data().values.sum() for patch in figure.axes[0].patches]
    assert counts == [40, 40]
    assert figure.axes[0].get_ylabel() == "samples (log scale above 1)"


def test_an_interval_far_below_squeezes_no_point(scores):
    low = scores["r2_low"].where(scores["method"] != "db5", -50.0)
    for wide in (low, scores["r2"] - 20):
        ax = figures.scores.parameters(scores.assign(r2_low=wide)).axes[0]
        bottom, top = ax.get_ylim()
        assert bottom > -3
        assert top < 2


def test_curves_of_all_that_can_be_read_hold_their_titles():
    _, x = of_windows()
    every = tuple(statistics.STATISTICS)
    recipe = features.Largest(3, 3, positions=True, start=3, statistics=every)
    db2 = wavelet.from_pywt("db2")
    y = x[:, 1, 5:15].mean(1)
    fitted = features.Student(recipe, "hinges").fit(x, y, db2, 2, dims=1)
    assert not faults(figures.curves.curves(fitted, x, ["whole", "end"]))


def test_bands_that_are_not_read_have_no_row(monkeypatch):
    fitted, x = of_windows()
    table = figures.curves.curves_table(fitted, x)
    unread = (table["channel"] == 1) & (table["band"] == -1)
    table.loc[unread, "added"] = 0.0
    monkeypatch.setattr(figures.curves, "curves_table", lambda *_: table)
    figure = figures.curves.curves(fitted, x, ["whole", "end"], "predicted a (s.d.)")
    labels = [ax.get_ylabel() for ax in figure.axes]
    assert "whole: mean of first 3" in labels
    assert "end: mean of first 3" not in labels
    assert figure.get_supylabel() == "added to the predicted a (s.d.)"


def test_drawing_leaves_the_callers_style_alone(scores):
    before = dict(mpl.rcParams)
    figures.scores.scores(scores)
    assert dict(mpl.rcParams) == before


def test_the_style_sheet_is_found_by_name():
    mpl.style.use("awd.report.style")
    assert mpl.rcParams["pdf.fonttype"] == 42
    mpl.rcdefaults()


def test_drawing_needs_neither_torch_nor_numba_nor_pyplot():
    code = (
        "import sys, awd.report.figures, awd.report.tables, awd.report.page;"
        "print({'torch', 'numba', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "scripts"},
    )
    assert done.stdout.strip() == "set()"


def worth_scores():
    """``handed/scores.csv`` of one target."""
    without = [("lstm", "teacher", 0, 0.8), ("output@outputs", "distilled", 0, 0.7)]
    without += [
        ("untrained@outputs", "control", 0, 0.6),
        ("db5@outputs", "wavelet", 0, 0),
    ]
    labelled = [
        (method, role, n, r2 + n / 1000)
        for method, role, r2 in (
            ("ridge", "baseline", 0.1),
            ("hand_ridge", "baseline", 0.3),
        )
        for n in (10, 100)
    ]
    rows = [
        (shift, *row, row[-1] - 0.02, row[-1] + 0.03)
        for shift in ("none", "interval")
        for row in without + labelled
    ]
    columns = ["shift", "method", "role", "labels", "r2", "r2_low", "r2_high"]
    return pd.DataFrame(rows, columns=columns)


def test_the_worth_of_a_network_stands_before_lines_of_labels():
    drawn = figures.handed.labels_worth(worth_scores())
    titles = [ax.get_title() for ax in drawn.axes]
    assert titles == ["the network's own microscope", "half the frames"]
    for ax in drawn.axes:
        lines = {line.get_label(): line for line in ax.get_lines()}
        names = [name for name in lines if not name.startswith("_")]
        assert names == [
            "no label: LSTM teacher",
            "no label: AWD (output), head on the network's outputs",
            "no label: AWD, untrained teacher, head on the network's outputs",
            "ridge on the raw trace",
            "ridge on hand features",
        ]
        numbers = lines["ridge on the raw trace"].get_xdata()
        assert numbers == pytest.approx([10, 100], rel=0.1)
        without = [lines[name].get_xdata()[0] for name in names[:3]]
        assert max(without) < 6
        assert len(set(without)) == 3  # side by side, also where they agree
        ends = ax.collections[1].get_segments()[0][:, 1]
        assert ends == pytest.approx([0.68, 0.73])
        assert [text.get_text() for text in ax.get_xticklabels()] == [
            "none",
            "10",
            "100",
        ]
    table = figures.handed.labels_worth_table(worth_scores())
    assert len(table) == 2 * 7


@pytest.mark.parametrize(
    "keep", ["labels > 0", "labels in (0, 10)", "method == 'ridge'"]
)
def test_the_worth_is_drawn_of_little(keep):
    few = worth_scores().query(keep.replace("(0, 10)", "[0, 10]"))
    assert not faults(figures.handed.labels_worth(few))
