"""The report stands alone, hides nothing, and claims only what intervals allow."""

import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from awd import report
from awd.errors import DataError, MissingInput

CONTROLS = ("untrained", "sparsity")


def compared(rows, **columns):
    """Differences of one method: reference -> (difference, low, high)."""
    table = pd.DataFrame(
        [(name, *values) for name, values in rows.items()],
        columns=["reference", "r2_difference", "low", "high"],
    )
    return table.assign(
        **{"study": "cells", "target": "mean0", "split": "all", "method": "awd"}
        | columns
    )


def test_a_claim_is_made_where_every_interval_excludes_0():
    table = compared({"db5": (0.078, 0.06, 0.096), "untrained": (0.04, 0.01, 0.07)})
    (sentence,) = report.verdicts(table, CONTROLS)
    assert sentence == (
        "mean0: AWD (distilled) predicts better than db5 (+0.078 [+0.060, +0.096]); "
        "AWD, untrained teacher (+0.040 [+0.010, +0.070])."
    )


def test_a_control_that_did_as_well_takes_the_credit_first():
    table = compared({"db5": (0.08, 0.06, 0.1), "untrained": (0.01, -0.02, 0.04)})
    first, claim = report.verdicts(table, CONTROLS)
    assert "no credit to the teacher" in first
    assert "AWD, untrained teacher (+0.010 [−0.020, +0.040])" in first
    assert "better than db5" in claim
    assert "untrained" not in claim


def test_a_control_that_is_better_takes_the_credit_too():
    first, claim = report.verdicts(
        compared({"sparsity": (-0.1, -0.2, -0.05)}), CONTROLS
    )
    assert "no credit" in first
    assert "better than nothing that it was compared with" in claim


def test_a_baseline_that_did_as_well_or_better_is_named():
    table = compared({"ridge": (-0.01, -0.03, 0.01), "boosting": (-0.1, -0.12, -0.08)})
    claim, level, ahead = report.verdicts(table)
    assert "better than nothing" in claim
    assert level.startswith("mean0: as good as AWD (distilled) within error: ridge")
    assert ahead.startswith("mean0: better than AWD (distilled): boosting")


@pytest.mark.parametrize("bounds", [(0.1, 0.0, 0.2), (-0.1, -0.2, 0.0)])
def test_an_interval_that_touches_0_makes_no_claim(bounds):
    said = report.verdicts(compared({"db5": bounds}))
    assert "better than nothing" in said[0]
    assert "as good as" in said[1]


def test_only_the_rows_over_all_splits_count():
    good, bad = {"db5": (0.1, 0.05, 0.15)}, {"db5": (-0.1, -0.15, -0.05)}
    table = pd.concat([compared(bad, split="0"), compared(good)])
    assert report.verdicts(table) == report.verdicts(compared(good))


def test_every_target_gets_its_sentences():
    rows = {"db5": (0.1, 0.05, 0.15)}
    table = pd.concat([compared(rows), compared(rows, target="half")])
    assert [said.split(":")[0] for said in report.verdicts(table)] == ["mean0", "half"]


def test_differences_without_a_column_or_a_value_are_refused():
    table = compared({"db5": (0.1, 0.05, 0.15)})
    with pytest.raises(DataError, match="no column low"):
        report.verdicts(table.drop(columns="low"))
    with pytest.raises(DataError, match="empty value"):
        report.verdicts(table.assign(high=float("nan")))


class Page(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.links, self.sources = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs["href"]] if "href" in attrs else []
        self.sources += [attrs["src"]] if "src" in attrs else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "scores.png"
    Figure(figsize=(3.6, 2)).savefig(path, dpi=200)
    return path


@pytest.fixture
def html(png):
    cells = pd.DataFrame({"method": ["<b>mine</b>", "db5"], "R²": ["0.5", "-0.1"]})
    return report.render(
        "a run",
        ["mean0: nothing is better."],
        [report.Table(cells, "Scores, cells", "What the columns mean.")],
        [report.Plate(png, "All methods", "R² by method.", "plot_scores")],
        {
            "commit": "0123456789abcdef",
            "config": {"run": "a run", "cells": {"targets": ["mean0"]}},
            "versions": {"numpy": "2.1"},
            "outputs": {"scores.csv": "ab" * 32},
        },
    )


def test_the_page_is_well_formed_and_every_link_lands(html):
    page = Page(html)
    assert page.open == []
    assert len(set(page.ids)) == len(page.ids)
    assert [link for link in page.links if link.lstrip("#") not in page.ids] == []


def test_the_page_needs_nothing_beside_it(html, png):
    (source,) = Page(html).sources
    assert base64.b64decode(source.partition(",")[2]) == png.read_bytes()
    assert not re.search(r"https?://|@import|url\(", html)


def test_a_figure_names_its_rule_and_its_numbers(html):
    assert "<code>plot_scores</code>" in html
    assert "scores.csv</code>.</figcaption>" in html
    assert 'width="420"' in html  # 720 of the 1440 pixels of two columns


def test_provenance_is_whole(html):
    for text in ("0123456789abcdef", "numpy 2.1", "ab" * 32, "targets:\n  - mean0"):
        assert text in html


def test_names_are_escaped_and_minus_signs_are_real(html):
    assert "&lt;b&gt;mine" in html
    assert ">−0.1</td>" in html


def test_a_bare_manifest_is_enough():
    assert "Nothing was compared." in report.render("a run", [], [], [], {})


def test_a_missing_figure_is_an_error_that_says_what_to_do(tmp_path):
    plate = report.Plate(tmp_path / "none.png", "All", "", "plot_scores")
    with pytest.raises(MissingInput, match="draw the figures before the report"):
        report.render("a run", [], [], [plate], {})
