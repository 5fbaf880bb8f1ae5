"""The explorer in a real browser without a network: every control does what it says."""

import dataclasses
import re
from itertools import pairwise

import numpy as np
import pytest

from awd import features, wavelet
from awd.cells import tracks
from awd.cells.figures import explorer as cells
from awd.cells.figures import filmed
from awd.cells.figures.filmed import Filmed
from awd.cells.movie import Frames, Movie
from awd.errors import DataError
from awd.report.explorer import images, naming, page, path, signals

SIDE, TIME = 40, 24
MODEL = "const m = Bokeh.documents[0].get_model_by_name(name);"
OPENED = """() => ["a cell", "signals", "maps", "method"].every(
    part => window.Bokeh?.documents[0]?.get_model_by_name(`words of ${part}`)?.text)"""
PATIENCE = 120_000  # ms that a busy machine may take
TERMS = [("fidelity <R2>", "how well a student repeats its network")]
LETTER = 6.7  # CSS pixels of a letter of a tick's label
DOUBLE = 500  # ms, within which two clicks are one double click


def made_signals():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 2, 32)).cumsum(2)
    y = x[:, 1, 5:15].mean(1)
    recipe = features.Largest(2, 1, positions=True, start=3, statistics=("spread",))
    db2 = wavelet.from_pywt("db2")
    student = features.Student(recipe, "hinges").fit(x, y, db2, 3, dims=1)
    said = {"student": student.predict(x[:30]), "network": y[:30] + 1}
    return signals.Signals(
        student,
        x,
        x[:30],
        [f"cell <b>, track {k}" for k in range(30)],
        y[:30],
        said,
        rng.normal(size=(30, 2, 32)),
        ["whole", "end"],
        "clathrin (s.d.)",
        "burst (s.d.)",
        unit="s.d.",
        times=["s"],
        what="track",
    )


def alone(data, count):
    """Samples whose points in the scatter are far from all others."""
    points = np.stack([data.observed, data.predicted["student"]], 1)
    away = np.linalg.norm(points[:, None] - points, axis=-1)
    np.fill_diagonal(away, np.inf)
    return np.argsort(-away.min(1), kind="stable")[:count].tolist()


def made_cell(name="cell0", bright=200):
    """A movie in which every pit goes to and fro alone, and its tracks."""
    rng = np.random.default_rng(0)
    places = [(8, 8), (8, 30), (30, 8), (30, 30)]
    film = rng.normal(100, 5, (2, TIME, SIDE, SIDE))
    columns = {name: [] for name in ("frame", "x", "y", "master", "slave")}
    sizes = []
    for k, (x, y) in enumerate(places):
        frames = np.arange(2 * k, TIME - 2 * k)
        film[:, frames, y - 1 : y + 2, x - 1 : x + 2] += bright
        values = (frames, x + frames % 3 - 1, y + 0 * frames, 10 * frames, 5 * frames)
        for name, value in zip(columns, values, strict=True):
            columns[name] += value.tolist()
        sizes.append(len(frames))
    ds = tracks.build(
        {name: np.array(values) for name, values in columns.items()},
        np.array(sizes),
        np.array([True, True, True, False]),
        cell=name,
        frame_interval_s=1.0,
        pixel_nm=80.0,
        title="made",
    )
    channels = tuple(
        Frames("made", TIME, (SIDE, SIDE), lambda t, channel=channel: channel[t])
        for channel in film
    )
    return Movie(channels, 80.0, 1.0), ds


def made_films(data):
    """Two cells; tracks of the second are seen in every second frame."""
    *own, other, _ = alone(data, 5)
    films = []
    for name, bright, samples in (("cell0", 200, own), ("cell1", 90, [other])):
        which = np.full(30, -1)
        which[samples] = range(len(samples))  # the last tracks got no prediction
        films.append(Filmed(name, *made_cell(name, bright), which, len(films) + 1))
    return films


def made_images():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(8, 16, 16))
    a, b = np.linspace(0, 1, 4), np.linspace(0, 1, 5)
    truth = np.array([(i / 3, j) for i in range(4) for j in (0.0, 1.0)])
    values = rng.normal(size=(8, 6))
    added = rng.normal(size=(8, 6))
    added += (truth[:, :1] + 0.1 - 0.4 - added.sum(1, keepdims=True)) / 6
    return images.Images(
        x,
        [f"map {k}" for k in range(8)],
        truth,
        ["matter", "power"],
        {"student": truth[:, 0] + 0.1, "network": truth[:, 0] - 0.1},
        rng.normal(size=x.shape),
        rng.normal(size=(8, 3, 16, 16)),
        np.tile(np.linspace(-3, 3, 13), (3, 1)),
        rng.uniform(size=(8, 3, 12)),
        rng.normal(size=(8, 3, 4)),
        rng.normal(size=(8, 3, 4)),
        (a, b),
        rng.uniform(size=(8, 5, 4)),
        reads=images.Reads(
            [f"quantile {k}" for k in range(6)], values, values.mean(0), added, 0.4
        ),
        signal="height (m)",
        pixel=(2.0, "km"),
    )


def made_paths():
    rng = np.random.default_rng(3)
    names = ["haar", "db2", "db3", "db4"]
    scores = np.array([0.2, 0.9, 0.5, 0.1])
    long = path.Path(
        "by name",
        "moments",
        names,
        [wavelet.from_pywt(name) for name in names],
        scores,
        scores / 2,
        scores / 3,
        rng.normal(size=(4, 3, 20)),
        ["mean", "level 2", "level 1"],
        1,
        at=np.array([1.0, 2.0, 3.0, 6.0]),
        scored="on the select groups",
    )
    smoother = [np.array([k, 1 - 2 * k, k]) for k in (0.1, 0.2)]
    short = path.Path(
        "smoothers",
        "outer tap",
        ["0.1", "0.2"],
        smoother,
        scores[:2],
        np.full(2, np.nan),
        scores[:2],
        rng.normal(size=(2, 8, 8)),
        [],
        0,
    )
    return [long, short]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The explorer of a made-up run, as a file."""
    data = made_signals()
    parts = [
        cells.part("a cell", made_films(data), data),
        signals.part("signals", data),
        images.part("maps", made_images()),
        path.part("method", made_paths()),
    ]
    file = tmp_path_factory.mktemp("explorer") / "explorer.html"
    file.write_text(
        page.render("a <run>", parts, "made <here>", TERMS), encoding="utf-8"
    )
    return file


class Opened:
    """The page in the browser; what went wrong is in ``faults``, what it asked for in
    ``asked``."""

    def __init__(self, context, file):
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.faults, self.asked = [], []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_function(OPENED)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def ask(self, name, expression):
        """An expression of ``m``, the model of a name."""
        return self.page.evaluate(f"name => {{ {MODEL} return {expression}; }}", name)

    def until(self, name, expression):
        """Wait for an expression of ``m`` to be true."""
        code = f"name => {{ {MODEL} return {expression}; }}"
        self.page.wait_for_function(code, arg=name)

    def tab(self, title):
        self.page.locator(".bk-tab", has_text=title).first.click()

    def _found(self, name):
        """The element of a model."""
        code = f"name => {{ {MODEL} return Bokeh.index.find_one(m).el; }}"
        return self.page.evaluate_handle(code, name).as_element()

    def said_by(self, name):
        """What stands above a slider."""
        code = "el => el.shadowRoot.querySelector('.bk-slider-title').textContent"
        return self._found(name).evaluate(code)

    def press(self, name, key, times=1):
        """Keys on the handle of a slider."""
        code = "el => el.shadowRoot.querySelector('.noUi-handle')"
        handle = self._found(name).evaluate_handle(code).as_element()
        for _ in range(times):
            handle.press(key)

    def choose(self, name, option):
        code = "el => el.shadowRoot.querySelector('select')"
        select = self._found(name).evaluate_handle(code).as_element()
        select.select_option(option)

    def click(self, name, x, y, beside=0):
        """At a point of a figure, in the units of its axes, or some pixels beside."""
        self.page.wait_for_timeout(DOUBLE)
        across, down = self.place(name, x, y)
        self.page.mouse.click(across + beside, down)

    def place(self, name, x, y):
        """Where a point of a figure is on the screen."""
        return self.page.evaluate(
            """async ([name, x, y]) => {
                const m = Bokeh.documents[0].get_model_by_name(name);
                const view = Bokeh.index.find_one(m);
                view.el.scrollIntoView({block: "center"});
                // What is hit is what was painted last.
                const painted = () => new Promise(requestAnimationFrame);
                for (let k = 0; k < 3; k++) await painted();
                const box = view.el.getBoundingClientRect();
                const {x_scale, y_scale} = view.frame;
                return [box.x + x_scale.compute(x), box.y + y_scale.compute(y)];
            }""",
            [name, float(x), float(y)],
        )

    def tooltip(self, name, x, y):
        """What is said of a point of a figure when the mouse rests there."""
        self.page.mouse.move(0, 0)
        self.page.mouse.move(*self.place(name, x, y))
        tip = self.page.locator(".bk-tooltip-content:visible").first
        tip.wait_for()
        return " ".join(tip.inner_text().split())

    def words(self, title):
        return self.ask(f"words of {title}", "m.text")


@pytest.fixture(scope="module")
def loaded(chromium, written):
    context = chromium.new_context(
        offline=True, viewport={"width": 1280, "height": 1000}
    )
    yield Opened(context, written)
    context.close()


@pytest.fixture
def opened(loaded):
    """The page, as the test before left it: begun with its first tab."""
    loaded.tab("a cell")
    yield loaded
    assert loaded.faults == []
    assert [url for url in loaded.asked if url.startswith("http")] == []


def test_the_page_names_the_run_and_has_a_tab_a_part(opened):
    assert (
        opened.page.locator("h1")
        .inner_text()
        .endswith("run “a <run>”: look for yourself")
    )
    assert opened.page.locator(".about").inner_text() == "made <here>"
    assert not opened.page.locator(".terms dd").is_visible()
    opened.page.locator(".terms summary").click()
    words = opened.page.locator(".terms dl > *").all_inner_texts()
    assert words == [*TERMS[0]]
    opened.page.locator(".terms summary").click()
    tabs = opened.page.locator(".bk-tab").all_inner_texts()
    assert tabs == ["a cell", "signals", "maps", "method"]


CHOSEN = "m.renderers[1].data_source.selected.indices.join()"
RINGS = "m.renderers[2].data_source.data"


def test_the_page_opens_on_a_track_with_a_prediction_and_a_frame_that_has_it(opened):
    data = made_signals()
    said = data.predicted["student"]
    first = made_films(data)[0]
    rows = np.flatnonzero(first.track >= 0)
    sample = rows[np.argsort(said[rows])[int(filmed.HIGH * (len(rows) - 1))]]
    track = first.track[sample]
    opened.until("movie of master", f"{CHOSEN} === '{track}'")
    assert f"track {sample}<" in opened.words("a cell")
    assert f"track {track}:" in opened.ask("trace of a cell", "m.title.text")
    white = f"Array.from({RINGS}.colour).includes('#ffffff')"
    opened.until("movie of master", white)  # its ring is in sight
    shown = opened.ask("frame of a cell", "m.value")
    assert 2 * track <= shown < TIME - 2 * track


def test_a_movie_is_moved_by_hand_and_plays(opened):
    shown = "m.renderers[0].data_source.data.image[0].length"
    opened.until("movie of master", f"{shown} === {SIDE * SIDE}")
    spots = f"{RINGS}.x.length"
    opened.press("frame of a cell", "Home")
    opened.until("movie of master", f"{spots} === 1")  # the others come later
    pixels = "Array.from(m.renderers[0].data_source.data.image[0])"
    before = {c: opened.ask(f"movie of {c}", pixels) for c in ("master", "slave")}
    opened.press("frame of a cell", "ArrowRight", 6)
    opened.until("movie of master", f"{spots} === 4")
    assert opened.ask("frame of a cell", "m.value") == 6
    for channel, image in before.items():
        after = np.array(opened.ask(f"movie of {channel}", pixels))
        assert not np.array_equal(after, image)
        pit = after.reshape(SIDE, SIDE)[30, 30]
        assert pit > np.median(after) + 50  # the last pit is there now
    opened.page.get_by_text("▶ play").click()
    opened.until("frame of a cell", "m.value > 8")
    opened.page.get_by_text("❚❚ stop").click()
    held = opened.ask("frame of a cell", "m.value")
    opened.page.wait_for_timeout(3 * cells.PLAYED)
    assert opened.ask("frame of a cell", "m.value") == held


def test_tracks_that_can_be_asked_are_told_from_those_that_cannot(opened):
    to_frame(opened, 6)
    rings = opened.ask("movie of master", f"[{RINGS}.size, {RINGS}.told]")
    by_track = dict(zip(range(4), zip(*rings, strict=True), strict=True))
    assert min(by_track[k][0] for k in (0, 1, 2)) > by_track[3][0]
    assert all("; student predicts " in by_track[k][1] for k in (0, 1, 2))
    assert by_track[3][1].endswith("no prediction: not seen from its start to its end")
    widths = opened.ask("movie of master", "m.renderers[1].data_source.data.width")
    assert [*widths] == [filmed.THICK] * 3 + [filmed.THIN]
    assert opened.tooltip("movie of slave", 29.5, 30.5) == by_track[3][1]


def to_frame(opened, frame):
    opened.press("frame of a cell", "Home")
    opened.press("frame of a cell", "ArrowRight", frame)
    opened.until("movie of master", f"{RINGS}.x.length === 4")


def test_tracks_are_coloured_by_what_is_asked(opened):
    colours = "Array.from(m.renderers[1].data_source.data.colour)"
    seen, data = {}, made_signals()
    films, said = made_films(data), data.predicted["student"]
    predicted = filmed.Predicted(said, "student", 2)
    ends = filmed.ends_of(films, predicted)
    columns, _ = filmed.tracks_of(films[0], predicted, ends)
    for by in ("class", "lifetime", "prediction"):
        opened.choose("colours of a cell", by)
        wanted = columns[by]
        opened.until("movie of master", f"{colours}.join() === '{','.join(wanted)}'")
        seen[by] = opened.ask("movie of master", colours)
        key = opened.ask("key of a cell", "m.text")
        assert key.count("&#9679;") >= 2
        if by == "lifetime":
            assert all(f"{round(end)} s or" in key for end in ends[by])
        elif by == "prediction":
            assert all(f"{end:.2f}".replace("-", "−") in key for end in ends[by])
    assert len({*map(tuple, seen.values())}) == 3
    assert seen["prediction"][3] == filmed.UNKNOWN  # the student was not asked
    assert len(set(seen["lifetime"])) == 4


def test_a_colour_means_the_same_in_every_cell():
    data = made_signals()
    predicted = filmed.Predicted(data.predicted["student"], "student", 2)
    films = made_films(data)
    ends = filmed.ends_of(films, predicted)
    low, high = np.percentile(predicted.values, [2, 98])
    assert ends["prediction"] == (low, high)
    of_value = {}
    for film in films:
        columns, _ = filmed.tracks_of(film, predicted, ends)
        for begin, end, colour in zip(
            columns["begin"], columns["end"], columns["lifetime"], strict=True
        ):
            assert of_value.setdefault(end - begin, colour) == colour


def test_a_track_that_is_clicked_shows_why_it_was_predicted_so(opened):
    to_frame(opened, 6)
    opened.click("movie of master", 8.5, 30.5)
    sample = alone(made_signals(), 3)[1]
    opened.until("words of a cell", f"m.text.includes('track {sample}<')")
    opened.until("movie of slave", f"{CHOSEN} === '1'")
    trace = opened.ask(
        "trace of a cell", "Array.from(m.renderers[0].data_source.data.slave)"
    )
    assert trace == [5 * t for t in range(2, TIME - 2)]


def test_a_click_beside_a_ring_takes_the_nearest_and_one_far_from_all_takes_none(
    opened,
):
    to_frame(opened, 6)
    opened.click("movie of master", 8.5, 8.5)
    opened.until("movie of master", f"{CHOSEN} === '0'")
    opened.click("movie of slave", 7.5, 30.5, beside=7)
    opened.until("movie of master", f"{CHOSEN} === '1'")
    before = opened.words("a cell"), opened.ask("trace of a cell", "m.title.text")
    opened.click("movie of master", 20, 20)
    opened.page.wait_for_timeout(DOUBLE)
    assert opened.ask("movie of master", CHOSEN) == "1"
    assert before == (
        opened.words("a cell"),
        opened.ask("trace of a cell", "m.title.text"),
    )


def test_of_a_track_without_a_prediction_no_older_reasons_are_shown(opened):
    to_frame(opened, 6)
    opened.click("movie of master", 8.5, 8.5)
    opened.until("words of a cell", "m.text.includes('predicts')")
    opened.click("movie of master", 30.5, 30.5)  # cut: no student was asked
    opened.until("movie of master", f"{CHOSEN} === '3'")
    reason = "no prediction: not seen from its start to its end"
    opened.until("words of a cell", f"m.text.includes('{reason}')")
    assert "predicts" not in opened.words("a cell")
    assert reason in opened.ask("trace of a cell", "m.title.text")
    assert not opened.ask("read of a cell", "m.visible")
    chosen = "m.renderers[0].data_source.selected.indices"
    assert opened.ask("scatter of a cell", chosen) == []
    opened.click("movie of master", 8.5, 8.5)  # the same one as before
    opened.until("words of a cell", "m.text.includes('predicts')")
    assert opened.ask("read of a cell", "m.visible")


def test_a_point_that_is_clicked_is_its_track_whose_cell_comes_into_sight(opened):
    data = made_signals()
    said = data.predicted["student"]
    *own, other, none = alone(data, 5)
    for track, sample in reversed([*enumerate(own)]):
        opened.click("scatter of a cell", data.observed[sample], said[sample])
        opened.until("movie of master", f"{CHOSEN} === '{track}'")
        assert f"cell &lt;b&gt;, track {sample}<" in opened.words("a cell")
    pit = "m.renderers[0].data_source.data.image[0][8 * 40 + 8]"
    opened.press("frame of a cell", "Home")
    opened.click("scatter of a cell", data.observed[other], said[other])
    opened.until("film of a cell", "m.value === 'cell1'")
    opened.until("movie of master", f"{CHOSEN} === '0'")
    trace = "Array.from(m.renderers[0].data_source.data.master)"
    assert opened.ask("trace of a cell", trace) == [10 * t for t in range(TIME)]
    assert opened.ask("frame of a cell", "m.step") == 2
    opened.choose("film of a cell", "cell0")
    opened.until("movie of master", f"{CHOSEN} !== '' && {pit} > 0")
    assert any(f"track {sample}<" in opened.words("a cell") for sample in own)
    opened.click("scatter of a cell", data.observed[none], said[none])
    text = f"track {none}: no movie of it is shown here"
    opened.until("trace of a cell", f"m.title.text.endsWith('{text}')")
    assert opened.ask("movie of master", CHOSEN) == ""


def test_a_click_beside_all_points_keeps_what_was_chosen(opened):
    opened.tab("signals")
    words = opened.words("signals")
    ends = opened.ask("scatter of signals", "[m.x_range.end, m.y_range.start]")
    opened.click("scatter of signals", ends[0], ends[1], beside=-4)
    opened.page.wait_for_timeout(DOUBLE)
    assert opened.words("signals") == words


def test_a_point_says_which_it_is_and_what_its_numbers_are(opened):
    data = made_signals()
    opened.tab("signals")
    sample, said = alone(data, 1)[0], data.predicted["student"]
    tip = opened.tooltip("scatter of signals", data.observed[sample], said[sample])
    assert tip.replace("−", "-") == (
        f"cell <b>, track {sample}: observed {data.observed[sample]:.2f}, predicted "
        f"{said[sample]:.3f}"
    )


NUMBER = r"([+−]?[\d,]*\d(?:\.\d+)?)"
SUM = rf"predicts {NUMBER}: the usual {NUMBER} and {NUMBER} from"


def numbers(texts):
    return [float(text.replace("−", "-").replace(",", "")) for text in texts]


def told(opened, title):
    """What is said of why: the prediction, the usual, the rest, and its parts."""
    words = opened.words(title)
    found = re.search(SUM, re.sub("<.*?>", "", words))
    items = re.findall("<li>(.*?): <b>(.*?)</b>", words)
    return (
        numbers(found.groups()),
        [name for name, _ in items],
        numbers(value for _, value in items),
    )


def test_a_sentence_is_a_sum_whose_terms_are_those_of_the_bars(opened):
    data = made_signals()
    opened.tab("signals")
    said = data.predicted["student"]
    for sample in alone(data, 3):
        opened.click("scatter of signals", data.observed[sample], said[sample])
        opened.until("words of signals", f"m.text.includes('track {sample}<')")
        (predicted, usual, gap), names, parts = told(opened, "signals")
        assert predicted == pytest.approx(said[sample], abs=0.006)
        assert usual + gap == pytest.approx(predicted, abs=1e-9)
        assert sum(parts) == pytest.approx(gap, abs=1e-9)
        bars, lengths = opened.ask(
            "bars of signals",
            "(d => [Array.from(d.name), Array.from(d.right)])"
            "(m.renderers[0].data_source.data)",
        )
        for name, bar, part, length in zip(
            names, bars, parts[:-1], lengths, strict=False
        ):
            assert bar in name
            assert part == pytest.approx(length, abs=0.006)
        others = re.fullmatch(rf"the other \d+: {NUMBER} and {NUMBER}", bars[-1])
        up, down = numbers(others.groups())
        assert up >= 0 >= down
        assert up + down == pytest.approx(lengths[-1], abs=0.011)
        assert sum(lengths) == pytest.approx(gap, abs=0.02)
        title = opened.ask("bars of signals", "m.title.text")
        assert numbers(re.findall(NUMBER, title)) == [usual, gap]
        words = opened.words("signals")
        up, down = numbers(re.search(f"of {NUMBER} and {NUMBER}</li>", words).groups())
        assert up + down == pytest.approx(parts[-1], abs=0.021)
        assert "is held" not in words


def test_an_answer_at_the_end_of_what_was_fitted_says_so(chromium, tmp_path):
    data = made_signals()
    low = data.predicted["student"] - 2
    data.predicted["student"] = np.maximum(low, data.predicted["student"].mean())
    ends = np.flatnonzero(low < data.predicted["student"])
    file = tmp_path / "page.html"
    file.write_text(page.render("run", [signals.part("signals", data)], ""), "utf-8")
    seen = chromium.new_page()
    seen.goto(file.as_uri())
    code = "Bokeh.documents[0].get_model_by_name('words of signals').text"
    seen.wait_for_function(f"window.Bokeh?.documents[0] && {code}")
    assert len(ends)
    seen.evaluate(
        "k => Bokeh.documents[0].get_model_by_name('scatter of signals')"
        ".renderers[0].data_source.selected.indices = [k]",
        int(ends[0]),
    )
    seen.wait_for_function(f"{code}.includes('track {ends[0]}<')")
    words = seen.evaluate(code)
    assert "held at" in words
    bars = "Bokeh.documents[0].get_model_by_name('bars of signals')"
    *_, summed = numbers(re.findall(NUMBER, seen.evaluate(f"{bars}.title.text")))
    assert numbers(re.search(f"and {NUMBER} from", words).groups()) == [summed]
    seen.close()


def test_a_window_has_its_own_unit_of_time():
    data = dataclasses.replace(made_signals(), times=["samples", "frames"])
    table = features.contributions(data.student, data.x[:1], data.background)
    looks = signals._looks(data)
    for row in table[table["kind"] == "position"].itertuples():
        own = looks[looks["band"] == row.band].sort_values("index")["centre"]
        step = round(np.diff(own)[len(own) // 2 - 1])
        wanted = f"steps of {step} {('samples', 'frames')[row.channel]}"
        assert naming.feature_unit(row, data) == wanted


def test_an_observed_class_is_called_by_its_name():
    data = made_signals()
    classes = dataclasses.replace(
        data, observed=(data.observed > 0) * 1.0, labels={0.0: "no", 1.0: "yes"}
    )
    source = signals.samples_of(classes)
    assert [*source.data["called"]] == [
        "yes" if value > 0 else "no" for value in data.observed
    ]


def test_ticks_of_a_path_do_not_touch(chromium, tmp_path):
    rng = np.random.default_rng(0)
    at = np.sort(np.append(rng.uniform(-1.5, 1.5, 30), [0.7, 0.705]))
    names = [f"{value:.2f}" + " (a name)" * (k % 5 == 0) for k, value in enumerate(at)]
    score = rng.uniform(size=len(at))
    filters = [wavelet.from_pywt("db2")] * len(at)
    shown = rng.normal(size=(len(at), 3, 20))
    along = path.Path(
        *("angles", "angle", names, filters, score, score, score, shown),
        ["mean", "level 2", "level 1"],
        chosen=16,
        at=at,
    )
    file = tmp_path / "page.html"
    file.write_text(page.render("run", [path.part("method", [along])], ""), "utf-8")
    seen = chromium.new_page()
    seen.goto(file.as_uri())
    plot = "Bokeh.documents[0].get_model_by_name('scores of method')"
    seen.wait_for_function(f"window.Bokeh?.documents[0] && {plot}.below[0].axis_label")
    ticks = seen.evaluate(f"{plot}.below[0].ticker.ticks")
    assert at[16] in ticks
    wide = seen.evaluate(f"Bokeh.index.find_one({plot}).frame.bbox.width")
    per_unit = wide / seen.evaluate(f"{plot}.x_range.end - {plot}.x_range.start")
    ends = [
        (tick * per_unit - size, tick * per_unit + size)
        for tick in sorted(ticks)
        for size in [len(names[list(at).index(tick)]) * LETTER / 2]
    ]
    assert len(ends) > 3
    assert all(a[1] <= b[0] for a, b in pairwise(ends))
    seen.close()


def test_what_each_number_adds_sums_to_the_prediction(opened):
    data = made_signals()
    opened.tab("signals")
    rows = opened.ask(
        "scatter of signals",
        """(({added, usual, said}) => Array.from(usual).map((u, k) => {
            const width = added.length / usual.length;
            return u + Array.from(added.slice(k * width, (k + 1) * width))
              .reduce((a, b) => a + b);
        }))(m.renderers[0].data_source.data)""",
    )
    np.testing.assert_allclose(rows, data.predicted["student"], atol=1e-4)


def test_who_predicts_and_which_bar_are_chosen(opened):
    data = made_signals()
    opened.tab("signals")
    drawn = "Array.from(m.renderers[0].data_source.data.predicted)"
    opened.choose("predicted by of signals", "network")
    opened.until(
        "scatter of signals",
        f"Math.abs({drawn}[0] - {data.predicted['network'][0]}) < 1e-4",
    )
    said = [f"{data.predicted['network'][k]:.2f}" for k in range(30)]
    words = re.sub("<.*?>", "", opened.words("signals")).replace("−", "-")
    sample = int(re.search("track ([0-9]+)", words)[1])
    assert f"network predicts {said[sample]} (in the scatter)" in words
    assert "student predicts" in words  # which is the one that is explained
    third = opened.ask("bars of signals", "m.renderers[0].data_source.data.name[2]")
    length = opened.ask("bars of signals", "m.renderers[0].data_source.data.right[2]")
    opened.click("bars of signals", length / 2, 2)
    opened.until("curve of signals", f"m.title.text.replace('\\n', ', ') === {third!r}")
    drawn = opened.ask(
        "curve of signals", "Array.from(m.renderers[1].data_source.data.y)"
    )
    assert drawn == [pytest.approx(length)]


def shown_map(opened):
    """The map in sight, and what sliders and words say of it."""
    title = opened.ask("image of maps", "m.title.text")
    sliders = [opened.said_by(f"{p} of maps") for p in ("matter", "power")]
    words = re.sub("<.*?>", "", opened.words("maps"))
    return int(title.split()[1]), sliders, words


def test_sliders_go_from_image_to_image_and_say_what_is_in_sight(opened):
    opened.tab("maps")
    data = made_images()

    def agrees(k):
        opened.until("image of maps", f"m.title.text === 'map {k}'")
        values = [
            f"{name} = {value:.3f}"
            for name, value in zip(data.parameters, data.truth[k], strict=True)
        ]
        _, sliders, words = shown_map(opened)
        assert sliders == [value.replace(" = ", ": ") for value in values]
        assert ", ".join(values) in words

    opened.press("matter of maps", "Home")
    opened.press("power of maps", "Home")
    agrees(0)
    for k in (2, 4, 6):  # every key goes to another image, along the same power
        opened.press("matter of maps", "ArrowRight")
        agrees(k)
    opened.press("power of maps", "ArrowRight")
    agrees(7)
    opened.press("matter of maps", "ArrowLeft")
    agrees(5)
    tip = opened.tooltip("scatter of maps", data.truth[0, 0], 0.1)
    assert tip.startswith("map 0: observed 0.000, predicted 0.100")
    opened.click("scatter of maps", data.truth[2, 0], data.predicted["student"][2])
    opened.until("image of maps", "['map 2', 'map 3'].includes(m.title.text)")
    agrees(shown_map(opened)[0])


def test_of_an_image_is_said_why_it_was_predicted_so(opened):
    opened.tab("maps")
    (predicted, usual, gap), names, parts = told(opened, "maps")
    k, data = shown_map(opened)[0], made_images()
    assert predicted == pytest.approx(data.predicted["student"][k], abs=0.001)
    assert usual + gap == pytest.approx(predicted, abs=1e-9)
    assert sum(parts) == pytest.approx(gap, abs=1e-9)
    first = np.abs(data.reads.added[k]).argmax()
    assert data.reads.names[first] in names[0]
    opened.choose("predicted by of maps", "network")
    opened.until("words of maps", "m.text.includes('(in the scatter)')")


def test_colours_of_images_are_those_of_their_values(opened):
    opened.tab("maps")
    k, data = shown_map(opened)[0], made_images()
    drawn = np.array(
        opened.ask(
            "gradient of maps", "Array.from(m.renderers[0].data_source.data.image[0])"
        )
    ).reshape(16, 16)
    mapper = opened.ask(
        "gradient of maps", "(c => [c.low, c.high])(m.renderers[0].glyph.color_mapper)"
    )
    most = np.quantile(np.abs(data.gradient[k]), 0.995)
    np.testing.assert_allclose(mapper, [-most, most], rtol=1e-6)
    wanted = np.clip(data.gradient[k], -most, most)
    np.testing.assert_allclose(drawn, wanted, atol=most / 200)


def test_levels_show_their_coefficients_and_weights(opened):
    opened.tab("maps")
    pixels = "Array.from(m.renderers[0].data_source.data.image[0]).join()"
    weights = "Array.from(m.renderers[2].data_source.data.y).join()"
    first = opened.ask("band of maps", pixels), opened.ask("counts of maps", weights)
    opened.press("level of maps", "ArrowRight")
    opened.until("band of maps", "m.title.text.startsWith('coefficients of level 2')")
    second = opened.ask("band of maps", pixels), opened.ask("counts of maps", weights)
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_all_moves_along_a_path(opened):
    opened.tab("method")
    opened.choose("path of method", "smoothers")
    opened.choose("path of method", "by name")
    opened.until("words of method", "m.text.includes('moments')")
    made = made_paths()[0]
    assert "moments: db2</b> (followed best)" in opened.words("method")
    opened.press("step of method", "ArrowRight")
    opened.until("words of method", "m.text.includes('moments: db3')")
    taps = opened.ask(
        "filter of method", "Array.from(m.renderers[0].data_source.data.y)"
    )
    np.testing.assert_allclose(taps, made.filters[2])
    gains = opened.ask(
        "response of method", "Array.from(m.renderers[0].data_source.data.y)"
    )
    np.testing.assert_allclose(gains, path.responses(made.filters[2])[0])
    place = "(d => [d.x[0], d.y[0]])(m.renderers[2].data_source.data)"
    assert opened.ask("scores of method", place) == [3, 0.5]
    assert opened.said_by("step of method") == "moments: db3"
    assert "on the select groups" in opened.words("method")
    joined = "m.renderers[0].data_source.data.x.length"
    assert opened.ask("scores of method", joined) == 4
    shape = opened.ask(
        "told of method", "m.renderers[0].data_source.data.image[0].shape"
    )
    assert shape == [3, 20]
    opened.choose("path of method", "smoothers")
    opened.until("words of method", "m.text.includes('outer tap: 0.1')")
    assert opened.ask("step of method", "m.end") == 1
    assert "labels" not in opened.words("method")  # no score is known
    assert opened.ask("scores of method", joined) == 0  # apart: of no one number


def test_the_trace_keeps_its_axis_while_the_movie_plays(opened):
    to_frame(opened, 6)
    opened.click("movie of master", 8.5, 8.5)
    opened.until("movie of master", f"{CHOSEN} === '0'")
    ends = "[m.x_range.start, m.x_range.end]"
    wanted = opened.ask("trace of a cell", ends)
    assert wanted == [-1, TIME]
    opened.press("frame of a cell", "Home")
    opened.press("frame of a cell", "End")
    assert opened.ask("trace of a cell", ends) == wanted


def test_only_tracks_in_the_frame_are_drawn_and_clicked(opened):
    opened.choose("film of a cell", "cell0")
    opened.press("frame of a cell", "Home")
    opened.until("movie of master", f"{RINGS}.x.length === 1")
    opened.click("movie of master", 8.5, 8.5)
    opened.until("movie of master", f"{CHOSEN} === '0'")
    opened.click("movie of master", 8.5, 30.5)  # where another will be
    opened.page.wait_for_timeout(DOUBLE)
    assert opened.ask("movie of master", CHOSEN) == "0"
    assert opened.ask("frame of a cell", "m.value") == 0
    alpha = "Array.from(m.renderers[1].data_source.data.alpha)"
    assert opened.ask("movie of master", alpha) == [1, 0, 0, 0]


def test_movies_have_a_scale_and_the_scatter_marks_their_tracks(opened):
    bar = "(d => [d.x1[0] - d.x[0], d.label[0]])(m.renderers[3].data_source.data)"
    length, label = opened.ask("movie of slave", bar)
    assert label == "2 µm"
    assert length == pytest.approx(2000 / 80)
    marked = "Array.from(m.renderers[1].view.filter.indices).sort().join()"
    for film in made_films(made_signals()):
        opened.choose("film of a cell", film.name)
        own = ",".join(map(str, sorted(map(str, np.flatnonzero(film.track >= 0)))))
        opened.until("scatter of a cell", f"{marked} === '{own}'")
        assert film.name in opened.ask("marked of a cell", "m.text")


def test_what_the_student_reads_has_a_key_and_says_its_values(opened):
    opened.tab("signals")
    data = "m.renderers[1].data_source.data"
    picks = opened.ask("picks 0 of signals", f"[{data}.x, {data}.y, {data}.told]")
    tip = opened.tooltip("picks 0 of signals", picks[0][0], picks[1][0])
    assert any(text in tip for text in picks[2])
    assert " s.d." in picks[2][0]
    assert opened.page.get_by_text("What the student reads").count()


def test_a_narrow_page_is_no_wider_than_its_screen(opened):
    size = opened.page.viewport_size
    opened.page.set_viewport_size({"width": 400, "height": 800})
    for title in ("a cell", "signals", "maps", "method"):
        opened.tab(title)
        opened.page.wait_for_timeout(DOUBLE)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 400
    opened.page.set_viewport_size(size)


def test_a_short_tab_ends_where_its_panels_end(opened):
    bottom = "document.querySelector('.about').getBoundingClientRect().bottom + scrollY"
    high = {}
    for title in ("a cell", "method"):
        opened.tab(title)
        opened.page.wait_for_timeout(DOUBLE)
        high[title] = opened.page.evaluate(bottom)
    assert high["method"] < 0.75 * high["a cell"]
    assert opened.page.locator(".back a").get_attribute("href") == "report.html"


def test_a_scatter_without_a_column_of_its_tooltip_is_refused():
    from bokeh.models import ColumnDataSource

    samples = ColumnDataSource({"observed": [0.0], "predicted": [0.0]})
    with pytest.raises(DataError, match="no called, name"):
        page.scatter(samples, "held out", "observed", "maps")


def test_parts_of_a_map_sum_to_its_prediction():
    from awd.maps.figures import explorer as maps
    from awd.maps.infer import compressed

    rng = np.random.default_rng(4)
    parameters = np.array([(a, b) for a in (0.2, 0.3, 0.4) for b in (0.7, 0.8, 0.9)])
    parameters = np.repeat(parameters, 20, axis=0)
    mixing = rng.normal(size=(2, 6))
    features = np.log(parameters) @ mixing + rng.normal(0, 0.05, (180, 6))
    bounds = [(0.15, 0.45), (0.6, 1.0)]
    head = compressed.emulator(1, bounds).fit(features, parameters)
    added, usual = maps.parts_of(head, features[:20], features.mean(0))
    predicted = head.predict(features[:20])[:, 0]
    np.testing.assert_allclose(usual + added.sum(1), predicted, atol=1e-3)


def test_gains_of_filters_are_those_of_theory():
    low, high = path.responses(wavelet.from_pywt("haar"))
    turn = np.pi * np.linspace(0, 0.5, path.FREQUENCIES)
    np.testing.assert_allclose(low, np.abs(np.cos(turn)), atol=1e-12)
    np.testing.assert_allclose(high, np.abs(np.sin(turn)), atol=1e-12)
    low, high = path.responses(np.array([0.25, 0.5, 0.25]))
    np.testing.assert_allclose(low, np.cos(turn) ** 2, atol=1e-12)
    np.testing.assert_allclose(high, np.sin(turn) ** 2, atol=1e-12)


def test_a_run_of_nothing_is_refused():
    with pytest.raises(DataError, match="needs a study"):
        page.render("a run", [], "")
