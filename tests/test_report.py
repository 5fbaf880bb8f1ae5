"""The report stands alone and hides nothing."""

import base64
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.figure import Figure

from awd import io
from awd.cells import names as cells
from awd.cells.study.targets import TARGETS
from awd.errors import MissingInput
from awd.league.names import METHODS
from awd.report import claims, glossary, page, subjects
from awd.report.claims import Claim, Verdict
from awd.report.subjects import Subject


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
        {
            "mean0": Verdict([Claim("Why?", "Nothing is better.", [], ["a <b>"])]),
            "half": Verdict([Claim("Why?", "All is better.", ["all"], [])], "2 tries."),
        },
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
        [("cells", "8 <cells>")],
        "explorer.html",
        [
            Subject(
                *("mean0 (cells)", "mean <slave>", "simulated", "9 held-out tracks"),
                *("0.5 [0.4, 0.6]", "–", ("7", "")),
            )
        ],
    )


def test_the_page_is_well_formed_and_every_link_lands(html):
    parsed = Page(html)
    assert parsed.open == []
    assert len(set(parsed.ids)) == len(parsed.ids)
    inside = [link for link in parsed.links if link != "explorer.html"]
    assert [link for link in inside if link.lstrip("#") not in parsed.ids] == []


def test_the_page_needs_nothing_beside_it(html, png):
    for source in Page(html).sources:
        assert base64.b64decode(source.partition(",")[2]) == png.read_bytes()
    assert not re.search(r"https?://|@import|url\(", html)


def test_a_figure_names_its_rule_and_its_numbers(html):
    assert "<code>scripts/plot_scores.py</code>" in html
    assert "scores.csv</code>. Drawn by" in html
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
        '<h2 id="the-data">',
        '<h3 id="the-data-training">',
        "Provenance</h2>",
    ]
    places = [html.index(text) for text in order]
    assert places == sorted(places)


def test_the_head_says_what_was_run_and_pictures_are_described(html):
    assert "<dt>cells</dt><dd>8 &lt;cells&gt;</dd>" in html
    assert 'alt="All methods of mean0. R² by method."' in html


def test_the_first_screen_says_what_was_predicted_and_how_well(html):
    head = html[: html.index("<nav")]
    assert "<h1>a run</h1>" in head
    assert "<b>mean0 (cells)</b>: mean &lt;slave&gt;" in head
    claim = Claim(claims.FILTER, "No.", answer="no", evidence="x: +0.1 [+0.0, +0.2]")
    said = page.render("a", {"mean0": Verdict([claim])}, [], [], {})
    assert "<strong>no</strong>; x: +0.1 [+0.0, +0.2]." in said
    # What "beats" means stands before its first use.
    defined = said.index("The student <em>beats</em> a rival where")
    assert defined < said.index("x: +0.1")


def written(scores, tmp_path):
    """Paths of the scores and groups of a run of two studies."""
    table = pd.concat([scores, scores.assign(study="mine", target="risk")])
    groups = pd.DataFrame(
        [("cells", f"cell{k}") for k in range(8)]
        + [("mine", str(k)) for k in range(680)],
        columns=["study", "group"],
    )
    paths = tmp_path / "scores.csv", tmp_path / "groups.csv"
    for path, rows in zip(paths, (table, groups), strict=True):
        io.write_table(rows, path)
    return SimpleNamespace(scores=paths[:1], groups=paths[1:])


def test_subjects_are_what_scores_say_of_each_target(scores, tmp_path):
    given = written(scores, tmp_path)
    meanings = {
        "cells": {"targets": {"mean0": "a mean"}, "samples": "tracks"},
        "mine": {"targets": {"risk": "a risk"}, "samples": "samples"},
    }
    for study, groups in (("cells", "cells"), ("mine", "groups")):
        meanings[study] |= {"groups": groups, "data": "simulated", "note": "All whole."}
    first, mine = subjects.subjects(given, meanings)
    assert (first.title, first.meaning) == ("mean0 (cells)", "a mean")
    assert first.data == "simulated"
    assert first.tested == "680 held-out tracks of 8 cells, in 4 splits. All whole."
    assert first.student == "0.541 [0.516, 0.566]"
    assert first.network == "0.525 [0.500, 0.550]"
    assert first.sizes == ("62", "61")
    # Where every sample is its own group there is nothing to count.
    assert mine.tested.startswith("680 held-out samples, in 4 splits.")


@pytest.mark.parametrize(
    ("words", "targets"), [(cells.MEANINGS, TARGETS), (glossary.MEANINGS, METHODS)]
)
def test_there_are_words_for_what_there_is_and_for_nothing_else(words, targets):
    assert {*words} <= {*targets}


def test_every_target_of_tracks_is_said_in_words():
    for target in TARGETS:
        said = cells.meaning(target, ["clathrin", "auxilin", "actin"])
        assert said.endswith("from clathrin alone")
        assert "{" not in said
        assert "auxilin" in said


def long_table(roles):
    cells = pd.DataFrame({"method": [f"m{k}" for k in range(len(roles))]})
    cells["R²"] = [f"{0.9 - 0.01 * k:.2f}" for k in range(len(roles))]
    return page.Table(cells, "Scores", "", "mean0", roles)


def test_of_a_long_table_the_best_of_every_role_stay():
    roles = ["teacher"] * 3 + ["distilled"] * 10 + ["control"]
    folded = long_table(roles).folded
    kept = [k for k, away in enumerate(folded) if not away]
    assert kept == [0, 1, 3, 4, 13]
    assert not any(long_table(roles[:12]).folded)


def test_of_a_long_table_our_own_row_stays_wherever_it_stands():
    table = long_table(["distilled"] * 13)
    table.cells.loc[7, "method"] = METHODS["output"]
    kept = [k for k, away in enumerate(table.folded) if not away]
    assert kept == [0, 1, 7]
    said = page.render("a", {}, [table], [], {})
    assert said.count('<tr class="ours"') == 1


def test_a_table_wider_than_long_is_turned_and_a_long_one_is_not():
    wide = pd.DataFrame({"cell": ["should be", "a"], "x": ["1", "2"], "y": ["3", "4"]})
    told = page.turned(wide)
    assert told.to_dict("list") == {
        "measure": ["x", "y"],
        "should be": ["1", "3"],
        "a": ["2", "4"],
    }
    long = pd.concat([wide] * 2)
    assert page.turned(long) is long


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (float("nan"), "head fitted to labels"),
        (0.0, "head fitted to labels"),
        (0.25, "head fitted to labels (75%) and to what the network answers (25%)"),
        (1.0, "head fitted to what the network answers, to no label"),
    ],
)
def test_it_is_said_what_the_head_was_fitted_to(scores, share, said, tmp_path):
    table = scores.assign(share=share, auc=0.96)
    meanings = {"cells": {"targets": {"mean0": "a mean"}, "samples": "tracks"}}
    meanings["cells"] |= {"groups": "cells", "data": "simulated movies", "note": ""}
    groups = pd.DataFrame({"study": ["cells"], "group": ["a"]})
    for name, rows in (("scores", table), ("groups", groups)):
        io.write_table(rows, tmp_path / f"{name}.csv")
    given = SimpleNamespace(
        scores=[tmp_path / "scores.csv"], groups=[tmp_path / "groups.csv"]
    )
    (subject,) = subjects.subjects(given, meanings)
    assert subject.head == said
    assert subject.measure == "Brier skill score; AUC 0.960"
    html = page.render("a", {"mean0": Verdict([])}, [], [], {}, (), "", [subject])
    assert "<b>Data: simulated movies.</b>" in html


def test_the_head_of_the_page_says_where_the_data_are_from():
    made = {"device": {"networks": {"cpu": 3}}, "commit": "ab"}
    meanings = {"cells": {"data": "simulated movies"}, "mine": {"data": "read from x"}}
    facts = dict(subjects.facts(made, meanings))
    assert facts["data"] == "cells: simulated movies; mine: read from x"
    assert facts["networks"].startswith("3 trained on cpu")


def test_tables_are_sorted_filtered_and_unfolded_by_keys(chromium, tmp_path):
    roles = ["teacher"] * 3 + ["distilled"] * 10 + ["control"]
    file = tmp_path / "report.html"
    claim = Claim(claims.FILTER, "No.", answer="no")
    html = page.render("a", {"mean0": Verdict([claim])}, [long_table(roles)], [], {})
    file.write_text(html, encoding="utf-8")
    shown = chromium.new_page()
    faults = []
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.goto(file.as_uri())
    rows = shown.locator("table.long tbody tr:visible")
    assert rows.count() == 5
    fold = shown.get_by_role("button", name="Show all 14 rows")
    assert fold.get_attribute("aria-expanded") == "false"
    fold.press("Enter")
    assert rows.count() == 14
    head = shown.locator("th", has_text="R²")
    for order, first in (("descending", "m0"), ("ascending", "m13")):
        head.get_by_role("button").press("Enter")
        assert head.get_attribute("aria-sort") == order
        assert rows.first.locator("td").first.inner_text() == first
    shown.get_by_label("Role").select_option("teacher")
    assert rows.count() == 3
    assert faults == []
    shown.close()


def test_on_paper_words_stay_whole_and_small_figures_small(chromium, tmp_path):
    taps = " ".join(["-0.1234"] * 20)
    cells = {"method": "AWD, untrained teacher, 1, gaussian", "family": "symmetric"}
    cells |= {name: "1.00 [1.00, 1.00]" for name in ("R²", "gain", "symmetry", "fit")}
    table = pd.DataFrame([cells | {"taps": taps}] * 3)
    Figure(figsize=(3, 2)).savefig(tmp_path / "small.png", dpi=200)
    Figure(figsize=(7.2, 15)).savefig(tmp_path / "tall.png", dpi=200)
    plates = [
        page.Plate(tmp_path / f"{name}.png", name, "", "plot_scores")
        for name in ("small", "tall")
    ]
    file = tmp_path / "report.html"
    html = page.render("a", {}, [page.Table(table, "Filters", "")], plates, {})
    file.write_text(html, encoding="utf-8")
    shown = chromium.new_page(viewport={"width": 718, "height": 1000})  # A4
    shown.goto(file.as_uri())
    small, tall = (shown.locator(f'img[alt^="{p.title} of"]') for p in plates)
    width = small.bounding_box()["width"]
    shown.emulate_media(media="print")
    assert small.bounding_box()["width"] == pytest.approx(width)
    assert tall.bounding_box()["height"] < 0.75 * 1123  # of a sheet, in CSS pixels
    box = shown.locator("table.long").bounding_box()
    assert box["x"] + box["width"] <= 718
    family = shown.locator("table.long td", has_text="symmetric").first
    assert family.bounding_box()["width"] > 35
    shown.close()


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
