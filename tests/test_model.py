"""The model to take home: what a student says, without what it was fitted with."""

import dataclasses
import html.parser
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import awd
from awd import features, heads, model, wavelet
from awd.errors import AwdError, ConfigError, DataError, MissingInput, ShapeError
from awd.features import Largest, Student
from awd.filters import statistics, undecimated
from awd.model import Sample, Score, Story, Target
from awd.portable import card, drawing, page, record

SCRIPTS = Path(__file__).parents[1] / "scripts"
RNG = np.random.default_rng(0)
DB2, DB5 = (wavelet.from_pywt(name) for name in ("db2", "db5"))
THREE = Largest(3)
EVERY = tuple(statistics.STATISTICS)
CASES = [  # taps, mode, shape of a sample, features, head
    (DB5, "zero", (40,), Largest(6), "ols"),
    (DB2, "zero", (2, 41), Largest(3, 3, True, 3, EVERY), "hinges"),
    (DB2, "zero", (41,), Largest(0, 2, statistics=("spread", "centre")), "ridge"),
    (DB5, "zero", (2, 40), Largest(3, 3, True, 3, EVERY), "few"),
    (DB5, "periodization", (41,), Largest(2, 2, True), "ridge"),
    (DB2, "periodization", (2, 40), Largest(2, start=50), "hinges"),
    (DB2, "zero", (2, 13, 18), Largest(4, 2, True), "hinges"),
    (DB5, "zero", (1, 16, 16), Largest(4), "ols"),
]


def walks(n, shape, seed=0):
    return np.random.default_rng(seed).normal(size=(n, *shape)).cumsum(-1)


def fitted(taps=DB5, mode="zero", shape=(40,), recipe=THREE, head="hinges", n=120):
    x = walks(n, shape)
    y = x.reshape(n, -1).max(1)
    dims = 2 if x.ndim == 4 else 1
    return Student(recipe, head).fit(x, y, taps, 3, mode, dims), x


def made(**more):
    student, x = fitted(recipe=Largest(2, 1), **more)
    return model.of_student(student, x)


SMALL = made(shape=(16,), taps=wavelet.from_pywt("db1"))


def several(classes=None, scale=None, targets=3):
    """Students of one filter and one training set, a target each."""
    x = walks(120, (40,))
    students = [
        Student(Largest(2), "hinges").fit(x, x[:, 9 * k], DB5, 3)
        for k in range(targets)
    ]
    found = model.of_student(students, x, classes=classes, scale=scale)
    return found, students, x


@pytest.mark.parametrize(("taps", "mode", "shape", "recipe", "head"), CASES)
def test_a_model_says_what_its_student_says(taps, mode, shape, recipe, head, tmp_path):
    student, x = fitted(taps, mode, shape, recipe, head)
    found = model.of_student(student, x)
    found.save(tmp_path / "model.json")
    read = awd.load(tmp_path / "model.json")
    assert read.checksum == found.checksum
    for new in (x, walks(30, shape, 1), walks(30, shape, 1).astype("f4")):
        expected = student.predict(new)
        scale = np.abs(expected).max() * 1e-12 * (1 if new.dtype == float else 1e6)
        np.testing.assert_allclose(read.predict(new), expected, rtol=0, atol=scale)
    np.testing.assert_array_equal(read.predict(x), found.predict(x))
    assert read.numbers["head"] == student.head_parameters


@pytest.mark.parametrize(("taps", "mode", "shape", "recipe", "head"), CASES)
def test_an_explanation_sums_to_the_prediction(taps, mode, shape, recipe, head):
    student, x = fitted(taps, mode, shape, recipe, head)
    found = model.of_student(student, x)
    new = walks(30, shape, 1)
    told = found.explain(new)
    sums = np.clip(told.added.sum(1) + told.usual, *student.range_)
    np.testing.assert_allclose(sums, found.predict(new), rtol=0, atol=1e-9)
    expected = recipe.features(new, taps, 3, mode, student.dims_)
    np.testing.assert_array_equal(told.values, expected)
    assert len(set(told.names)) == len(told.names) == expected.shape[1]
    # Over the training samples every feature adds nothing beyond what is usual.
    assert np.abs(found.explain(x).added.mean(0)).max() < 1e-9


def test_features_are_named_for_what_was_picked():
    recipe = Largest(2, 1, positions=True, start=3, statistics=("spread", "centre"))
    student, x = fitted(DB2, shape=(2, 40), recipe=recipe)
    sample = Sample.of(x, channels=("start", "end"))
    told = model.of_student(student, x, sample=sample).explain(x[:4])
    table = features.contributions(student, x[:4])
    table = table[table["kind"] != "intercept"].reset_index(drop=True)
    bands = ["approximation", "detail 3", "detail 2", "detail 1"]
    for name, row in zip(told.names, table.itertuples(), strict=False):
        channel, rest = name.split(", ", 1)
        assert channel == ("start", "end")[row.channel]
        if row.kind == "start":
            assert rest == "mean of the first 3"
        else:
            band, what = rest.split(": ")
            assert band == bands[row.band]
            kind = "position" if what.startswith("place of") else what.split()[0]
            assert kind == row.kind
    np.testing.assert_array_equal(told.values.ravel(), table["value"])


def test_parts_carry_what_their_features_add_together():
    student, x = fitted(recipe=Largest(2, start=3))
    found = model.of_student(student, x)
    added = found.explain(x).added
    expected = [added[:, 2 * k : 2 * k + 2].sum(1).std() for k in range(4)]
    np.testing.assert_allclose(found.carried[0], [*expected, added[:, 8].std()])
    assert found.reading.parts[0] == "approximation"
    assert found.reading.parts[-1] == "mean of the first 3"


def test_outside_is_beyond_any_feature_of_the_training_samples():
    student, x = fitted()
    found = model.of_student(student, x)
    assert not found.outside(x).any()
    assert not found.outside(x.astype("f4")).any()
    told = found.explain(walks(200, (40,), 1))
    beyond = (told.values < told.values.min()) | (told.values > found.seen[1])
    beyond |= told.values < found.seen[0]
    np.testing.assert_array_equal(found.outside(walks(200, (40,), 1)), beyond.any(1))
    assert found.outside(10 * x).mean() > 0.9
    assert (found.predict(1e6 * x) <= student.range_[1]).all()


def test_several_targets_are_those_of_their_students(tmp_path):
    found, students, _ = several()
    new = walks(20, (40,), 1)
    expected = np.stack([student.predict(new) for student in students], 1)
    np.testing.assert_allclose(found.predict(new), expected, rtol=0, atol=1e-12)
    told = found.explain(new)
    assert told.added.shape == (20, 3, 8)
    sums = (told.added.sum(2) + told.usual).clip(*found.ranges.T)
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-9)
    found.save(tmp_path / "model.json")
    assert model.load(tmp_path / "model.json").checksum == found.checksum


def test_classes_are_told_by_logits_or_probabilities():
    new = walks(20, (40,), 1)
    found, _, _ = several(classes=["a", "b", "c"], scale="logits")
    values = found.outputs(new)
    weights = np.exp(values)
    shares = weights / weights.sum(1, keepdims=True)
    np.testing.assert_allclose(found.predict_proba(new), shares)
    assert found.predict(new).tolist() == [list("abc")[k] for k in values.argmax(1)]
    single, _, _ = several(classes=[3, 7], scale="logits", targets=1)
    expected = 1 / (1 + np.exp(-single.outputs(new)))
    np.testing.assert_allclose(single.predict_proba(new)[:, 1], expected)
    assert set(single.predict(new).tolist()) <= {3, 7}
    found, _, _ = several(classes=np.arange(3), scale="probabilities")
    clipped = found.outputs(new).clip(0, 1).clip(1e-300)
    expected = clipped / clipped.sum(1, keepdims=True)
    np.testing.assert_allclose(found.predict_proba(new), expected, atol=1e-12)
    with pytest.raises(ConfigError, match="has no classes"):
        SMALL.predict_proba(walks(3, (16,)))


def test_inputs_of_every_habit_are_read_alike():
    student, x = fitted(shape=(1, 16, 16), recipe=Largest(2))
    found = model.of_student(student, x)
    x = x.round(1)
    frozen = x.copy()
    frozen.setflags(write=False)
    expected = found.predict(x)
    habits = [x[:, 0], x.tolist(), x.astype(">f8"), frozen, x[::1, :, ::-1][:, :, ::-1]]
    for habit in habits:
        np.testing.assert_array_equal(found.predict(habit), expected)
    whole = (10 * x).astype(int)
    np.testing.assert_array_equal(
        found.predict(whole), found.predict(whole.astype(float))
    )


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((5, 17)), r"x is \(5, 17\); expected samples \(n, 16\)"),
        (np.ones(16), r"a single sample is x\[None\]"),
        (np.ones((0, 16)), "x is empty"),
        (np.ones((5, 16), complex), "dtype complex128"),
        (np.full((5, 16), "a"), "dtype <U1"),
        ([[1.0], [1.0, 2.0]], "x is no array"),
        (None, "dtype object"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x, message):
    for call in (SMALL.predict, SMALL.explain, SMALL.outside):
        with pytest.raises(ShapeError, match=message):
            call(x)


def test_inputs_that_are_not_finite_are_refused():
    x = walks(5, (16,))
    x[2, 3] = np.nan
    for call in (SMALL.predict, SMALL.explain, SMALL.outside):
        with pytest.raises(DataError, match="first in sample 2"):
            call(x)


def test_students_that_a_model_cannot_hold_are_refused():
    student, x = fitted()
    with pytest.raises(ConfigError, match="not fitted"):
        model.of_student(Student(), x)
    with pytest.raises(ConfigError, match="there is no student"):
        model.of_student([], x)
    maps, _ = fitted()
    maps.features = undecimated.Quantiles()
    with pytest.raises(ConfigError, match="the student reads Quantiles"):
        model.of_student(maps, x)
    other, _ = fitted(DB2)
    with pytest.raises(ConfigError, match="share filter, levels"):
        model.of_student([student, other], x)
    with pytest.raises(ShapeError, match="was fitted to others"):
        model.of_student(student, x.reshape(60, 2, 40))
    bent = Student(Largest(2)).fit(x, x[:, 0], DB5 + 1e-4, 3)
    with pytest.raises(AwdError, match="not an orthonormal wavelet"):
        model.of_student(bent, x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": 9}, "cannot be halved 9 times"),
        ({"mode": "reflect"}, "expected one of zero, periodization"),
        ({"targets": (Target(), Target())}, "for 2 targets"),
        ({"seen": SMALL.seen[:, :3]}, "seen have other sizes"),
        ({"seen": SMALL.seen[::-1]}, "seen: expected finite"),
        ({"ranges": np.array([[0, np.nan]])}, "ranges: expected finite"),
        ({"curves": ()}, "curves have other sizes|have other sizes"),
        ({"carried": -SMALL.carried - 1}, "carried: expected s.d."),
        ({"classes": (1, 2)}, "scale is None"),
        ({"classes": (1, 1), "scale": "logits"}, "1 different classes"),
        ({"scale": "logits"}, "there are no classes"),
        ({"sample": Sample(2, (1, 8, 8))}, "have other sizes"),
        (
            {"features": Largest(2, 1, statistics=("spread", "centre"))},
            "have other sizes",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    with pytest.raises(AwdError, match=message):
        dataclasses.replace(SMALL, **change)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.json"
    SMALL.save(path)
    return path, path.read_bytes()


def outcome(path, data):
    """The checksum of what is read, or the message of the error."""
    path.write_bytes(data)
    try:
        return model.load(path).checksum
    except AwdError as error:
        if str(path) not in str(error):
            pytest.fail(f"no file is named: {error}")
        return None


def test_every_flipped_bit_is_refused_or_changes_nothing(saved, tmp_path):
    _, data = saved
    path = tmp_path / "damaged.json"
    bits = 1 << np.random.default_rng(1).integers(0, 8, len(data))
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= int(bits[place])
        assert outcome(path, bytes(damaged)) in (None, SMALL.checksum), place


@given(st.data())
def test_bytes_lost_changed_or_added_are_refused_or_change_nothing(saved, draw):
    path, data = saved
    begin = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(begin, min(len(data), begin + 20)))
    put = draw.draw(st.one_of(st.binary(max_size=8), st.text(max_size=8)))
    put = put.encode() if isinstance(put, str) else put
    damaged = data[:begin] + put + data[end:]
    other = path.with_name("damaged.json")
    assert outcome(other, damaged) in (None, SMALL.checksum)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "not valid JSON in UTF-8"),
        (b"[1, 2]", "not a model of awd"),
        (b"{}", "not a model of awd"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a": 1e999}', "1e999 is not finite"),
        (b'{"a": NaN}', "NaN is not finite"),
        (b'{"a": 1, "a": 2}', "a key stands there twice"),
        (b'{"format": "awd-model", "version": 3}', "version 3 of the format"),
        (b'{"format": "awd-model", "version": true}', "version True of the format"),
        (b'{"format": "awd-model", "version": 2}', "does not fit its checksum"),
        (b" " * ((8 << 20) + 1), "larger than 8 MiB"),
    ],
)
def test_files_that_are_no_models_are_named_with_the_remedy(data, message, tmp_path):
    path = tmp_path / "some.json"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        model.load(path)
    assert str(path) in str(caught.value)
    with pytest.raises(MissingInput, match="no such file"):
        model.load(tmp_path / "none.json")


def places(value, at=()):
    """Every place in a record, the containers too."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from places(item, (*at, key))
        else:
            yield (*at, key)


WRONG = [None, True, "text", -1, 10**400, 1e300, [], {}, [[1.0]], ["a"]]


def test_whatever_else_stands_in_a_file_never_gives_another_error(saved, tmp_path):
    """With a right checksum, as somebody who edits a file would write it."""
    path = tmp_path / "edited.json"
    read = 0
    for at in places(SMALL.record()):
        for value in WRONG:
            edited = SMALL.record()
            holder = edited
            for key in at[:-1]:
                holder = holder[key]
            holder[at[-1]] = value
            edited[record.CHECKSUM] = record.checksum(edited)
            read += outcome(path, json.dumps(edited).encode()) is not None
            if at[0] in ("filter", "levels", "features", "head") and value is None:
                with pytest.raises(DataError, match=str(path)):
                    model.load(path)
    assert read > 0  # texts and single numbers may be others


def test_keys_that_are_missing_or_unknown_are_refused(saved, tmp_path):
    path = tmp_path / "edited.json"
    full = SMALL.record()
    holders = [(full, key) for key in full]
    for part in ("story", "sample", "features", "head"):
        holders += [(full[part], key) for key in list(full[part])]
    for holder, key in holders:
        value = holder.pop(key)
        full[record.CHECKSUM] = record.checksum(full)
        path.write_text(json.dumps(full))
        with pytest.raises(DataError, match=f"{path}"):
            model.load(path)
        holder[key] = value
    extended = {**full, "more": 1}
    extended[record.CHECKSUM] = record.checksum(extended)
    path.write_text(json.dumps(extended))
    with pytest.raises(DataError, match="unknown key 'more'"):
        model.load(path)


def test_a_few_numbers_in_a_file_cannot_ask_for_much_memory(tmp_path):
    path = tmp_path / "edited.json"
    edited = SMALL.record()
    edited["sample"]["shape"] = [1 << 24]
    edited["features"] |= {"m": 1 << 24, "smallest": 1 << 24}
    edited[record.CHECKSUM] = record.checksum(edited)
    path.write_text(json.dumps(edited))
    with pytest.raises(DataError, match="have other sizes"):
        model.load(path)


@pytest.mark.parametrize("wrong", [float("nan"), np.inf, object(), {1j: 0}])
def test_provenance_that_json_cannot_hold_is_refused(wrong):
    with pytest.raises(ConfigError, match="no JSON form"):
        dataclasses.replace(SMALL, provenance={"a": wrong})


def test_a_model_too_large_to_be_read_is_not_written(tmp_path):
    path = tmp_path / "model.json"
    large = dataclasses.replace(SMALL, provenance={"a": "b" * (8 << 20)})
    with pytest.raises(ConfigError, match="more than 8"):
        large.save(path)
    assert not path.exists()


BLOCKED = """
import sys
for name in ("torch", "sklearn", "scipy", "pandas", "xarray", "pywt", "matplotlib",
             "jinja2", "threadpoolctl", "netCDF4", "tqdm", "pydantic"):
    sys.modules[name] = None
import numpy as np, awd
model = awd.load(sys.argv[1])
x = np.load(sys.argv[2])
np.save(sys.argv[3], model.predict(x))
assert model.outside(x).shape == (len(x),) and model.explain(x).added.ndim == 2
assert "# awd model" in model.card() and "<svg" in model.card("html")
"""


@pytest.mark.parametrize("case", [1, 3, 4, 6])
def test_predicting_needs_numpy_and_numba_alone(case, tmp_path):
    student, x = fitted(*CASES[case])
    model.of_student(student, x).save(tmp_path / "model.json")
    np.save(tmp_path / "x.npy", x)
    names = [str(tmp_path / name) for name in ("model.json", "x.npy", "y.npy")]
    subprocess.run([sys.executable, "-c", BLOCKED, *names], cwd=SCRIPTS, check=True)
    found = np.load(tmp_path / "y.npy")
    np.testing.assert_allclose(found, student.predict(x), rtol=1e-12)


def run_onnx(path, x):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


@pytest.mark.parametrize(("taps", "mode", "shape", "recipe", "head"), CASES)
@pytest.mark.parametrize(
    ("precision", "within"), [("float64", 1e-12), ("float32", 1e-5)]
)
def test_the_onnx_graph_says_the_same(
    taps, mode, shape, recipe, head, precision, within, tmp_path
):
    student, x = fitted(taps, mode, shape, recipe, head)
    found = model.of_student(student, x)
    found.to_onnx(tmp_path / "model.onnx", precision)
    new = np.concatenate([walks(50, shape, 1), np.zeros((1, *shape)), 9 * x])
    new = new.astype(precision)
    (outputs,) = run_onnx(tmp_path / "model.onnx", new)
    assert outputs.dtype == precision
    scale = within * np.ptp(student.range_)
    np.testing.assert_allclose(outputs, found.predict(new), rtol=0, atol=scale)
    assert (outputs == np.float64(student.range_[1]).astype(precision)).any()  # clipped


@pytest.mark.parametrize("scale", ["logits", "probabilities"])
@pytest.mark.parametrize("targets", [1, 3])
def test_the_onnx_graph_of_a_classifier_gives_probabilities(scale, targets, tmp_path):
    classes = list("abc")[: max(2, targets)]
    found, _, _ = several(classes, scale, targets)
    found.to_onnx(tmp_path / "model.onnx")
    new = walks(20, (40,), 1)
    outputs, shares = run_onnx(tmp_path / "model.onnx", new)
    np.testing.assert_allclose(outputs, found.outputs(new), rtol=0, atol=1e-11)
    np.testing.assert_allclose(shares, found.predict_proba(new), rtol=0, atol=1e-11)


@pytest.mark.parametrize("shape", [(40,), (2, 40)])
def test_samples_may_be_scaled_before_they_are_read(shape, tmp_path):
    width = shape[0] if len(shape) > 1 else 1
    student, x = fitted(DB5, "zero", shape, Largest(2, 2, True, 3, EVERY))
    centre, spread = (5.0, -1.0)[:width], (2.0, 0.5)[:width]
    sample = Sample.of(x, centre=centre, spread=spread)
    raw = x * sample.columns(spread, x) + sample.columns(centre, x)
    found = model.of_student(student, raw, sample=sample)
    np.testing.assert_allclose(found.predict(raw), student.predict(x), atol=1e-9)
    found.save(tmp_path / "model.json")
    assert model.load(tmp_path / "model.json").checksum == found.checksum
    found.to_onnx(tmp_path / "model.onnx")
    (outputs,) = run_onnx(tmp_path / "model.onnx", raw)
    np.testing.assert_allclose(outputs, found.predict(raw), rtol=0, atol=1e-9)


def test_a_graph_of_an_unknown_precision_is_refused(tmp_path):
    with pytest.raises(
        ConfigError, match="'float16'; expected one of float64, float32"
    ):
        SMALL.to_onnx(tmp_path / "model.onnx", "float16")


def test_without_onnx_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingInput, match=r'pip install "awd-wavelets\[onnx\]"'):
        SMALL.to_onnx(tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


SCORES = (
    Score("awd", "model", "R2", 0.75, 0.72, 0.78, "8 cells"),
    Score("lstm", "network", "R2", 0.74, 0.71, 0.77, "8 cells", (0.01, -0.01, 0.02)),
    Score("boosting", "rival", "R2", 0.70, 0.68, 0.76, "8 cells", (0.05, 0.02, 0.08)),
    Score("rocket", "rival", "R2", 0.85, 0.82, 0.88, "8 cells"),
    Score("untrained", "control", "R2", 0.73, 0.70, 0.76, "8 cells"),
    Score("db5", "control", "R2", 0.60, 0.55, 0.65, "8 cells"),
    Score("elsewhere", "rival", "accuracy", 0.1, 0.1, 0.1, "8 cells"),
)
TOLD = Story(
    "Pits <i>|</i>",
    "4,000 tracks of 8 cells",
    "LSTM",
    "the network's outputs",
    ("In dim movies: R2 .4",),
)


def test_verdicts_are_paired_where_they_can_be():
    found = card.verdicts(dataclasses.replace(SMALL, scores=SCORES))
    assert found == {
        "better": ["boosting", "db5"],
        "level": ["lstm", "untrained"],
        "worse": ["rocket"],
    }


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_card_says_how_far_to_trust_a_model(form):
    told = dataclasses.replace(SMALL, scores=SCORES, story=TOLD).card(form)
    for words in (
        "4,000 tracks of 8 cells",
        "In dim movies: R2 .4",
        "It is better than boosting; db5",
        "It is worse than rocket",
        "Not better than its controls untrained",
        f"{SMALL.numbers['head']} fitted numbers",
        "SHA-256",
        'awd.load("model.json")' if form == "markdown" else "awd.load(",
        "outside",
    ):
        assert words in told
    assert "<i>" not in told.replace("\\<i\\>", "")
    silent = SMALL.card(form)
    assert "No scores were recorded" in silent
    assert "Not recorded: Samples, Network" in silent


class Tags(html.parser.HTMLParser):
    """Refuses tags that do not close in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_card_is_one_well_formed_page():
    parser = Tags()
    told = dataclasses.replace(SMALL, scores=SCORES, story=TOLD).card("html")
    parser.feed(told)
    assert parser.open == []
    assert "http" not in told.replace("http://www.w3.org/2000/svg", "")
    with pytest.raises(ConfigError, match="'pdf'; expected one of markdown, html"):
        SMALL.card("pdf")


def test_a_table_in_markdown_keeps_its_cells():
    table = page.Table(["a|b", "c"], [["1\n2", "`x`"]])
    lines = page.markdown("t", [page.Section("s", [table])]).splitlines()[-3:]
    assert lines == [r"| a\|b | c |", "| --- | --- |", r"| 1 2 | \`x\` |"]


def test_drawn_functions_are_those_of_pywt():
    import pywt

    phi, psi, _ = pywt.Wavelet("db5").wavefun(level=drawing.DOUBLINGS + 1)
    found = drawing.functions(DB5)
    for ours, theirs in zip(found.values(), (phi, psi), strict=True):
        inner = theirs[np.flatnonzero(theirs)[0] :][: len(ours)]
        best = max(np.correlate(inner, ours, "full") / (ours @ ours))
        assert best == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"role": "rivals"}, "a role of"),
        ({"low": 0.9}, "low <= value <= high"),
        ({"high": float("nan")}, "low <= value <= high"),
        ({"difference": (0.1, 0.2, 0.3)}, "low <= value <= high"),
    ],
)
def test_scores_that_are_none_are_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(SCORES[1], **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        (3, (4,)),
        (1, ()),
        (1, (0,)),
        (2, (4, 4)),
        (1, (1 << 25,)),
        (2, (1 << 10, 1 << 10, 1 << 10)),
        (1, (2, 4), ("one",)),
        (1, (4,), (), "", -1.0),
    ],
)
def test_samples_that_are_none_are_refused(wrong):
    with pytest.raises(AwdError):
        Sample(*wrong)


@st.composite
def any_model(draw):
    """A model of any filter, samples, features, heads, targets and classes."""
    taps = draw(st.sampled_from([2, 4, 6, 10]))
    angles = draw(st.lists(st.floats(-3, 3), min_size=taps // 2 - 1, max_size=9))
    angles = np.array(angles[: taps // 2 - 1], float)
    h = wavelet.filter_from_angles(wavelet.complete_angles(angles))
    images, levels = draw(st.booleans()), draw(st.integers(1, 3))
    length = st.integers(8, 23)
    plane = (draw(length), draw(length)) if images else (draw(length),)
    channels = draw(st.integers(1, 3))
    shape = (channels, *plane) if images or channels > 1 else plane
    mode = "zero" if images else draw(st.sampled_from(["zero", "periodization"]))
    more = {}
    if not images:
        more["start"] = draw(st.sampled_from([0, 3, 99]))
        more["statistics"] = draw(st.lists(st.sampled_from(EVERY), unique=True))
    picked = draw(st.sampled_from([(1, 0), (0, 2), (3, 2), (40, 40)]))
    recipe = Largest(*picked, draw(st.booleans()), **more)
    head = draw(st.sampled_from(sorted(heads.HEADS)))
    x = walks(60, shape, draw(st.integers(0, 9)))
    told = draw(st.sampled_from([None, "logits", "probabilities"]))
    targets = draw(st.integers(1, 3))
    targets += told is not None and targets == 2  # of two classes there is one target
    values = [x.reshape(60, -1)[:, 3 * k] for k in range(targets)]
    if told == "probabilities":
        values = [1 / (1 + np.exp(-y)) for y in values]
    dims = 2 if images else 1
    students = [Student(recipe, head).fit(x, y, h, levels, mode, dims) for y in values]
    given = {"classes": [*"abc"][: max(2, targets)], "scale": told} if told else {}
    sample = None
    if draw(st.booleans()):
        scale = {"centre": (5.0, -1.0, 0.0), "spread": (2.0, 0.5, 30.0)}
        sample = Sample.of(x, dims, **{k: v[:channels] for k, v in scale.items()})
        x = x * sample.columns(sample.spread, x) + sample.columns(sample.centre, x)
    return model.of_student(students, x, sample=sample, **given), x


@settings(deadline=None, max_examples=25)
@given(case=any_model())
@pytest.mark.filterwarnings("ignore")
def test_any_model_says_the_same_in_onnx(tmp_path_factory, case):
    found, x = case
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    found.to_onnx(path)
    # Equal coefficients, such as zeros, may change places where positions are read.
    new = np.concatenate([x[:20], 1.5 * x[20:40] + 0.1 * RNG.normal(size=x[:20].shape)])
    outputs, *shares = run_onnx(path, new)
    expected = found.outputs(new).reshape(outputs.shape)
    within = 1e-9 * max(1, np.abs(found.ranges).max())
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=within)
    assert len(shares) == (found.classes is not None)
    for share in shares:
        np.testing.assert_allclose(share, found.predict_proba(new), rtol=0, atol=1e-8)
