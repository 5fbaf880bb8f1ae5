"""The score table: order, digits, missing values, and the three ways to write it."""

import re

import pandas as pd
import pytest

from awd.errors import DataError
from awd.league.names import label_of, name_of
from awd.report import tables

SCORES = ("r2", "r2_low", "r2_high", "rmse", "rmse_low", "rmse_high", "fidelity")
COUNTS = ("filter_parameters", "head_parameters", "compression")
COLUMNS = ["study", "target", "split", "method", "role", *SCORES, *COUNTS]
NAN = float("nan")
ROWS = [
    ("ridge", "baseline", 0.519, 0.49, 0.55, 0.90, 0.88, 0.92, NAN, 0, 41, NAN),
    ("db2", "wavelet", 0.542, 0.51, 0.57, 0.88, 0.86, 0.90, 0.72, 0, 31, 0.55),
    ("db5", "wavelet", 0.463, 0.43, 0.49, 0.95, 0.93, 0.97, 0.66, 0, 31, 0.54),
    ("lstm", "teacher", 0.525, 0.50, 0.55, 0.89, 0.87, 0.91, NAN, 0, 1901, NAN),
    ("untrained", "control", 0.46, 0.44, 0.48, 0.9, 0.88, 0.92, 0.6, 4, 31, 0.53),
    ("output", "distilled", -0.0004, -0.03, 0.03, 1.2, 1.18, 1.22, 0.74, 4, 31, 0.51),
]


@pytest.fixture
def few():
    rows = [("cells", "mean0", split, *row) for split in ("0", "all") for row in ROWS]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.loc[table["split"] == "0", "r2"] = -9.0
    return table


def test_rows_are_sorted_by_role_then_r2_over_all_splits(few):
    table = tables.score_table(few)
    assert table["method"].tolist() == [
        "LSTM teacher",
        "AWD (output)",
        "AWD, untrained teacher",
        "db2",
        "db5",
        "ridge on the raw trace",
    ]
    assert "-9" not in table.to_csv()


def test_cells_hold_the_interval_and_the_parameters(few):
    row = tables.score_table(few).set_index("method").loc["db2"]
    assert row["R² [95 %]"] == "0.542 [0.510, 0.570]"
    assert row["parameters"] == "0 + 31"
    assert row["RMSE"] == "0.880"


def test_spread_and_candidates_have_columns(scores):
    table = tables.score_table(scores).set_index("method")
    assert table.loc["AWD (output)", "s.d."] == "0.030 / 0.008"
    assert table.loc["AWD (output)", "candidates"] == "60"
    assert table.loc["ridge on the raw trace", "candidates"] == tables.MISSING


def test_a_name_tells_how_many_candidates_it_was_chosen_from():
    assert label_of("ridge") == label_of("ridge", 0)
    assert label_of("db2", 3) == "db2, best of 3"
    assert label_of("random_labels", 60) == "best random filter of 60, by labels"
    assert label_of("lstm", NAN) == "LSTM teacher"


@pytest.mark.parametrize(
    ("half", "decimals"),
    [(0.013, 3), (0.13, 2), (1.3, 1), (130.0, 0), (0.0, 3), (NAN, 3), (1.3e-4, 5)],
)
def test_the_interval_decides_the_digits(half, decimals):
    assert tables.digits(pd.Series([-half]), pd.Series([half])) == decimals


def test_r2_has_three_decimals_at_most(few):
    narrow = few.assign(r2_low=few["r2"] - 1e-6, r2_high=few["r2"] + 1e-6)
    assert tables.score_table(narrow)["R² [95 %]"][3] == "0.542 [0.542, 0.542]"


def test_wide_intervals_show_fewer_digits(few):
    wide = few.assign(r2_low=few["r2"] - 0.2, r2_high=few["r2"] + 0.2)
    assert tables.score_table(wide)["R² [95 %]"][3] == "0.54 [0.34, 0.74]"


def test_zero_has_no_sign_and_nan_is_a_dash(few):
    assert tables.number(-0.0004, 3) == "0.000"
    assert tables.number(-0.0005001, 3) == "-0.001"
    assert tables.score_table(few)["fidelity"][0] == tables.MISSING


def test_a_column_with_nothing_known_is_left_out(few):
    assert "compression" not in tables.score_table(few.assign(compression=NAN))
    assert "fidelity" not in tables.score_table(few.drop(columns="fidelity"))


def test_times_are_medians_over_splits_in_milliseconds(few):
    timings = pd.DataFrame(
        {
            "study": "cells",
            "target": "mean0",
            "split": [0, 1, 2],
            "method": "db5",
            "seconds_batch1": [1e-3, 1.234e-5, 1e-6],
            "seconds_batch1000": [1.0, 0.1234, 0.001],
        }
    )
    table = tables.score_table(few, timings).set_index("method")
    times = ["time of 1 (ms)", "time of 1000 (ms)"]
    assert table.loc["db5", times].tolist() == ["0.012", "123"]
    assert table.loc["db2", times].tolist() == [tables.MISSING] * 2


def test_no_cell_is_a_date_to_a_spreadsheet(scores):
    shared = {"study": "cells", "target": "mean0", "split": 0}
    timings = pd.DataFrame({"method": scores["method"].unique(), **shared})
    timings = timings.assign(seconds_batch1=0.012, seconds_batch1000=0.034)
    cells = tables.score_table(scores, timings).to_numpy().ravel()
    dates = re.compile(r"\s*\d{1,4}\s*[/-]\s*\d{1,4}(\s*[/-]\s*\d{1,4})?\s*")
    assert [cell for cell in cells if dates.fullmatch(cell)] == []


def test_several_targets_get_a_column_and_their_own_digits(few):
    other = few.assign(target="half", r2_low=few["r2"] - 3, r2_high=9.0)
    table = tables.score_table(pd.concat([few, other]))
    assert table["target"].tolist() == ["half"] * 6 + ["mean0"] * 6
    assert table["R² [95 %]"][3] == "0.5 [-2.5, 9.0]"
    assert table["R² [95 %]"][9] == "0.542 [0.510, 0.570]"


def test_an_unknown_method_is_shown_as_it_is():
    assert name_of("my_method") == "my_method"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="r2_low"), "without r2_low"),
        (lambda t: t.iloc[:0], "got 0 rows"),
        (lambda t: t.assign(role="judge"), r"\['judge'\]; expected teacher"),
        (lambda t: pd.concat([t, t]), "mean0, ridge has several rows"),
    ],
)
def test_bad_scores_are_refused(few, spoil, message):
    with pytest.raises(DataError, match=message):
        tables.score_table(spoil(few))


def test_markdown_is_aligned_and_escapes_bars():
    table = pd.DataFrame({"method": ["a|b", "long name"], "R²": ["0.5", "-0.25"]})
    assert tables.to_markdown(table) == (
        "| method    |    R² |\n"
        "| --------- | ----: |\n"
        "| a\\|b      |   0.5 |\n"
        "| long name | -0.25 |\n"
    )


def test_latex_is_booktabs_and_escaped():
    table = pd.DataFrame({"a_b": ["x % & {y}", "long-name"], "R²": ["–", "-0.25"]})
    assert tables.to_latex(table) == (
        "\\begin{tabular}{lr}\n\\toprule\n"
        "a\\_b & R\\textsuperscript{2} \\\\\n\\midrule\n"
        "x \\% \\& \\{y\\} & -- \\\\\n"
        "long-name & $-$0.25 \\\\\n"
        "\\bottomrule\n\\end{tabular}\n"
    )


def test_what_is_written_is_read_back(few, tmp_path):
    table = tables.score_table(few)
    tables.write(table, tmp_path / "table_cells")
    pd.testing.assert_frame_equal(tables.read(tmp_path / "table_cells.csv"), table)
    assert (tmp_path / "table_cells.tex").read_text() == tables.to_latex(table)
    assert (tmp_path / "table_cells.md").read_text() == tables.to_markdown(table)
