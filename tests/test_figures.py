"""Figures show the data they are given, and are saved the same way every time."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from awd import figures, tables, wavelet
from awd.errors import DataError, WaveletError

ROLES = {
    "lstm": "teacher",
    "awd": "distilled",
    "db2": "wavelet",
    "db5": "wavelet",
    "ridge": "baseline",
    "mean": "baseline",
    "untrained": "control",
}


@pytest.fixture
def path():
    ratios = np.array([0, 0.3, 1, np.inf])
    taps = np.stack([wavelet.from_pywt(name) for name in ("db5", "sym5") * 2])
    return xr.Dataset(
        {
            "path_filter": (("step", "tap"), taps),
            "path_ratio": ("step", ratios),
            "path_fidelity": ("step", [0.6, 0.7, 0.65, 0.5]),
        },
        attrs={"chosen": 1},
    )


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


@pytest.fixture
def scores():
    rows = [
        (split, method, role, 0.1 * i, 0.1 * i - 0.02, 0.1 * i + 0.03)
        for split in ("0", "all")
        for i, (method, role) in enumerate(ROLES.items())
    ]
    return pd.DataFrame(
        rows, columns=["split", "method", "role", "r2", "r2_low", "r2_high"]
    )


def test_a_delayed_and_negated_wavelet_falls_onto_itself():
    h = np.concatenate([np.zeros(4), wavelet.from_pywt("db5"), np.zeros(2)])
    curves = figures.wavelet_functions(h, "db5")
    for _, both in curves.groupby("function"):
        curve = both[both["filter"] == "0"]
        same = both[both["filter"] == "db5"]
        onto = np.interp(same["t"], curve["t"], curve["value"])
        np.testing.assert_allclose(onto, same["value"], atol=1e-6)


def test_the_drawn_functions_keep_their_integrals():
    curves = figures.wavelet_functions(wavelet.from_pywt("sym5"), "db5")
    own = curves[curves["filter"] == "0"].groupby("function")["value"]
    sums = own.sum() / figures.GRID
    assert sums["scaling"] == pytest.approx(1, abs=1e-3)
    assert sums["wavelet"] == pytest.approx(0, abs=1e-3)
    energy = own.apply(lambda v: (v**2).sum()) / figures.GRID
    np.testing.assert_allclose(energy, 1, atol=1e-2)


def test_a_wavelet_is_drawn_for_every_split_over_one_reference():
    bank = [wavelet.from_pywt(name) for name in ("db4", "sym6", "coif2")]
    for ax in figures.wavelet_pair(bank).axes:
        reference, *ours, _zero = ax.get_lines()
        assert reference.get_color() == figures.COLOURS["wavelet"]
        assert len(ours) == 3
        assert {line.get_color() for line in ours} == {figures.COLOURS["distilled"]}


def test_a_filter_that_is_no_wavelet_is_not_drawn():
    with pytest.raises(WaveletError):
        figures.wavelet_pair(np.ones(4))


def test_the_path_shows_every_filter_above_its_fidelity(path):
    *filters, below = figures.filter_path(path).axes
    assert len(filters) == 4
    assert [ax.get_title() for ax in filters] == ["", "chosen", "", ""]
    drawn = below.collections[0].get_offsets()
    np.testing.assert_allclose(drawn[:, 1], path["path_fidelity"])
    labels = [text.get_text() for text in below.get_xticklabels()]
    assert labels == ["0\n(sparsity only)", "0.3", "1", "∞\n(attribution only)"]


def test_filters_stand_exactly_above_their_ratios(path):
    figure = figures.filter_path(path)
    figure.canvas.draw()
    *filters, below = figure.axes
    for step, ax in enumerate(filters):
        box = ax.get_position()
        x = figure.transFigure.inverted().transform(
            below.transData.transform((step, 0.6))
        )[0]
        assert x == pytest.approx((box.x0 + box.x1) / 2)


def test_a_path_of_one_step_can_be_drawn(path):
    one = path.isel(step=[1]).assign_attrs(chosen=0)
    assert figures.filter_path(one).axes[0].get_title() == "chosen"


def test_the_path_table_holds_ratios_and_taps(path):
    table = figures.path_table(path)
    assert table["chosen"].tolist() == [False, True, False, False]
    np.testing.assert_array_equal(table.filter(regex="^h"), path["path_filter"])


def test_the_panels_are_the_best_of_each_role_and_db5():
    assert list(figures.showcase(predictions(0))) == ["lstm", "awd", "db5", "ridge"]


def test_each_panel_gives_the_mean_r2_of_its_test_sets():
    test_sets = predictions(0), predictions(1, noise=2)
    figure = figures.predicted_against_observed(*test_sets)
    panel = figure.axes[0]

    def r2(y, p):
        return 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()

    expected = np.mean([r2(one["target"], one["prediction"][0]) for one in test_sets])
    assert panel.texts[0].get_text() == f"R² = {tables.number(expected, 3)}"
    assert panel.get_xlim() == panel.get_ylim()
    assert figure.get_supxlabel() == "observed mean signal (a.u.)"
    assert panel.collections[0].get_array().sum() == 160


def test_the_best_epoch_of_every_training_is_marked():
    one = pd.DataFrame({"epoch": [1, 2, 3], "train_loss": [0.9, 0.6, 0.4]})
    one["select_loss"] = [0.8, 0.5, 0.7]
    other = one.assign(select_loss=[0.8, 0.6, 0.3])
    ax = figures.learning_curve(one, other).axes[0]
    marks = [line for line in ax.get_lines() if line.get_marker() == "o"]
    points = [(*line.get_xdata(), *line.get_ydata()) for line in marks]
    assert points == [(2, 0.5), (3, 0.3)]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["training", "selection", "best epoch"]
    assert figures.learning_table(one, other)["training"].tolist() == [0] * 3 + [1] * 3


def test_the_league_is_sorted_and_controls_are_grey(scores):
    ax = figures.league(scores).axes[0]
    names = ax.get_yticklabels()
    order = scores[scores["split"] == "all"].sort_values("r2")["method"]
    assert [text.get_text() for text in names] == [tables.name_of(m) for m in order]
    assert [text.get_color() for text in names] == ["black"] * 6 + ["0.45"]


def test_a_score_outside_its_interval_is_drawn_as_it_is(scores):
    biased = scores.assign(r2_low=scores["r2"] + 0.01)
    drawn = figures.league(biased).axes[0].collections[0].get_segments()[0]
    assert drawn[:, 0].tolist() == pytest.approx([0.01, 0.03])


def test_the_league_of_two_targets_is_refused(scores):
    with pytest.raises(DataError, match="lstm has several rows"):
        figures.league(pd.concat([scores, scores]))


def test_saving_twice_gives_the_same_bytes(scores, tmp_path):
    for name in ("a", "b"):
        figures.save(figures.league(scores), tmp_path / name, scores)
    for kind in ("png", "pdf", "csv"):
        first, second = (tmp_path / f"{name}.{kind}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
    assert b"CreationDate" not in (tmp_path / "a.pdf").read_bytes()
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "a.csv", dtype={"split": str}), scores
    )


def test_no_text_leaves_its_figure(scores, path):
    drawn = (
        figures.league(scores),
        figures.filter_path(path),
        figures.predicted_against_observed(predictions(0)),
    )
    for figure in drawn:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        inside = figure.get_tightbbox(canvas.get_renderer())
        width, height = figure.get_size_inches()
        assert inside.x0 > -0.02
        assert inside.y0 > -0.02
        assert inside.x1 < width + 0.02
        assert inside.y1 < height + 0.02


def test_drawing_leaves_the_callers_style_alone(scores):
    before = dict(mpl.rcParams)
    figures.league(scores)
    assert dict(mpl.rcParams) == before


def test_the_style_sheet_is_found_by_name():
    mpl.style.use("awd.style")
    assert mpl.rcParams["pdf.fonttype"] == 42
    mpl.rcdefaults()


def test_drawing_needs_neither_torch_nor_numba_nor_pyplot():
    code = (
        "import sys, awd.figures, awd.tables, awd.report;"
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
