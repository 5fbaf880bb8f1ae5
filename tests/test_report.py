"""The report stands alone, hides nothing, and claims only what intervals allow."""

import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from awd.errors import DataError, MissingInput
from awd.report import page

ROLES = {
    "output": "distilled",
    "attribution": "distilled",
    "lstm": "teacher",
    "untrained": "control",
    "sparsity": "control",
    "random_labels": "control",
    "db5": "wavelet",
    "ridge": "baseline",
    "boosting": "baseline",
}


def compared(rows, **columns):
    """Differences of one method: reference -> (difference, low, high)."""
    table = pd.DataFrame(
        [(name, *values) for name, values in rows.items()],
        columns=["reference", "r2_difference", "low", "high"],
    )
    names = {"study": "cells", "target": "mean0", "split": "all", "method": "output"}
    return table.assign(above=7, test_sets=8, **names | columns)


def said(rows, **columns):
    (sentences,) = page.verdicts(compared(rows, **columns), ROLES).values()
    return sentences


def test_the_teacher_gets_credit_where_every_control_is_beaten():
    rows = {"untrained": (0.04, 0.01, 0.07), "sparsity": (0.1, 0.08, 0.12)}
    assert said(rows) == [
        "AWD (output) predicts better than each of its 2 controls.",
        "The closest: AWD, untrained teacher (+0.040 [+0.010, +0.070] in 7 of 8).",
    ]


def test_a_control_that_did_as_well_takes_the_credit():
    rows = {"untrained": (0.01, -0.02, 0.04), "sparsity": (0.1, 0.08, 0.12)}
    assert said(rows) == [
        "No claim: 1 of 2 controls did as well as AWD (output) or better.",
        "As well or better: AWD, untrained teacher (+0.010 [−0.020, +0.040] in 7 of 8)."
        " Beaten: sparsity only, no teacher.",
    ]


def test_a_control_that_is_better_takes_the_credit_too():
    head, names = said({"sparsity": (-0.1, -0.2, -0.05)})
    assert head.startswith("No claim: 1 of 1 controls")
    assert names.endswith("Beaten: none.")


def test_without_a_control_nothing_is_credited_to_a_teacher():
    first, *_ = said({"db5": (0.08, 0.06, 0.1)})
    assert first.startswith("No claim: no control was run")


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((0.1, 0.02, 0.2), "better than"),
        ((0.1, 0.0, 0.2), "level within error with"),
        ((-0.1, -0.2, 0.0), "level within error with"),
        ((-0.1, -0.2, -0.02), "worse than"),
    ],
)
def test_the_teacher_is_beaten_level_or_ahead(bounds, words):
    _, teacher = said({"lstm": bounds})
    assert teacher.startswith(
        f"AWD (output) against its teacher: {words} LSTM teacher ("
    )
    assert teacher.endswith("in 7 of 8).")


def test_rivals_are_sorted_into_beaten_level_and_ahead():
    rows = {"db5": (0.1, 0.08, 0.12), "ridge": (-0.01, -0.03, 0.01)}
    _, rest = said(rows | {"boosting": (-0.1, -0.12, -0.08)})
    better, level, worse = rest.split(", and ")
    assert better.endswith(
        "against fixed wavelets and models without one: better than db5"
    )
    assert level.startswith("level within error with ridge on the raw trace (−0.010")
    assert worse.startswith(
        "worse than boosting on the raw trace (−0.100 [−0.120, −0.0"
    )


def test_other_distilled_wavelets_get_one_line_each():
    ours = compared({"attribution": (0.06, 0.04, 0.08), "untrained": (0.1, 0.05, 0.15)})
    theirs = {"output": (-0.06, -0.08, -0.04), "untrained": (0.0, -0.01, 0.01)}
    table = pd.concat([ours, compared(theirs, method="attribution")])
    (sentences,) = page.verdicts(table, ROLES).values()
    assert sentences[2:] == [
        "AWD (attribution) is worse than AWD (output) (−0.060 [−0.080, −0.040]) and "
        "better than 0 of 1 controls."
    ]


def test_a_whole_run_is_told_in_seven_sentences(scores, differences):
    roles = dict(zip(scores["method"], scores["role"], strict=True))
    sentences = page.verdicts(differences, roles)["mean0"]
    assert len(sentences) == 7
    assert "4 of 7 controls did as well as AWD (output) or better" in sentences[0]


def test_only_the_rows_over_all_splits_count():
    good, bad = {"db5": (0.1, 0.05, 0.15)}, {"db5": (-0.1, -0.15, -0.05)}
    table = pd.concat([compared(bad, split="0"), compared(good)])
    assert page.verdicts(table, ROLES) == page.verdicts(compared(good), ROLES)


def test_every_target_and_study_gets_its_sentences():
    rows = {"db5": (0.1, 0.05, 0.15)}
    table = pd.concat([compared(rows), compared(rows, target="half")])
    assert list(page.verdicts(table, ROLES)) == ["mean0", "half"]
    table = pd.concat([table, compared(rows, study="other")])
    assert "mean0 (other)" in page.verdicts(table, ROLES)


def test_differences_without_a_column_a_value_or_a_role_are_refused():
    table = compared({"db5": (0.1, 0.05, 0.15)})
    with pytest.raises(DataError, match="no column low"):
        page.verdicts(table.drop(columns="low"), ROLES)
    with pytest.raises(DataError, match="empty value"):
        page.verdicts(table.assign(high=float("nan")), ROLES)
    with pytest.raises(DataError, match="no role is known of db5"):
        page.verdicts(table, {"output": "distilled"})


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
    return page.render(
        "a run",
        {"mean0": ["Nothing is better."], "half": ["All is better."]},
        [
            page.Table(cells, "Scores", "What the columns mean.", target)
            for target in ("half", "mean0")
        ],
        [
            page.Plate(png, "Training", "By epoch.", "plot_learning"),
            page.Plate(png, "All methods", "R² by method.", "plot_scores", "mean0"),
        ],
        {
            "commit": "0123456789abcdef",
            "config": {"run": "a run", "cells": {"targets": ["mean0"]}},
            "versions": {"numpy": "2.1"},
            "outputs": {"scores.csv": "ab" * 32},
        },
    )


def test_the_page_is_well_formed_and_every_link_lands(html):
    parsed = Page(html)
    assert parsed.open == []
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert [link for link in parsed.links if link.lstrip("#") not in parsed.ids] == []


def test_the_page_needs_nothing_beside_it(html, png):
    for source in Page(html).sources:
        assert base64.b64decode(source.partition(",")[2]) == png.read_bytes()
    assert not re.search(r"https?://|@import|url\(", html)


def test_a_figure_names_its_rule_and_its_numbers(html):
    assert "<code>plot_scores</code>" in html
    assert "scores.csv</code>.</figcaption>" in html
    assert 'width="420"' in html  # 720 of the 1440 pixels of two columns


def test_the_page_begins_with_the_verdict_and_goes_target_by_target(html):
    order = [
        "Nothing is better.",
        "All is better.",
        '<h2 id="mean0">',
        '<h3 id="mean0-scores">',
        '<h3 id="mean0-all-methods">',
        '<h2 id="half">',
        '<h3 id="half-scores">',
        '<h2 id="all-targets">',
        '<h3 id="all-targets-training">',
        "Provenance</h2>",
    ]
    places = [html.index(text) for text in order]
    assert places == sorted(places)


def test_provenance_is_whole(html):
    for text in ("0123456789abcdef", "numpy 2.1", "ab" * 32, "targets:\n  - mean0"):
        assert text in html


def test_names_are_escaped_and_minus_signs_are_real(html):
    assert "&lt;b&gt;mine" in html
    assert ">−0.1</td>" in html


def test_a_bare_manifest_is_enough():
    assert "Nothing was compared." in page.render("a run", {}, [], [], {})


def test_a_missing_figure_is_an_error_that_says_what_to_do(tmp_path):
    plate = page.Plate(tmp_path / "none.png", "All", "", "plot_scores")
    with pytest.raises(MissingInput, match="draw the figures before the report"):
        page.render("a run", {}, [], [plate], {})
