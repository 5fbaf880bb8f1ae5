"""The command line gives what the library gives, reads pipes, fails in sentences."""

import contextlib
import csv
import functools
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

import awd
from awd import cli, export, model, wavelet
from awd.features import Largest, Student
from awd.filters import named
from awd.model import Sample, Score, Story, Target
from awd.portable import drawing
from awd.portable import record as files
from awd.record import manifest

SCRIPTS = Path(__file__).parents[1] / "scripts"
BOOLEAN = st.booleans()
DB3 = wavelet.from_pywt("db3")


def walks(n=60, shape=(2, 24)):
    return np.random.default_rng(0).normal(size=(n, *shape)).cumsum(-1)


@pytest.fixture(scope="module")
def signals():
    """A model of two targets on two channels, and its samples."""
    x = walks()
    students = [
        Student(Largest(2, 1, positions=True), "hinges").fit(x, y, DB3, 3, dims=1)
        for y in (x[:, 0].max(1), x[:, 1].mean(1))
    ]
    sample = Sample(1, (2, 24), ("start", "end"), "a.u.", 1.5, "s")
    return model.of_student(
        students,
        x,
        sample=sample,
        targets=[Target("peak", "a.u."), Target("level", "a.u.")],
        scores=[Score("student", "model", "R2", 0.7, 0.6, 0.8)],
        story=Story("pits", data="60 walks"),
    ), x


@pytest.fixture
def folder(tmp_path, monkeypatch, signals):
    """Where the model and its samples lie in every form."""
    monkeypatch.chdir(tmp_path)
    taken, x = signals
    taken.save("model.json")
    np.save("x.npy", x)
    np.savez("x.npz", x=x, y=x[:, 0, 0], other=x[:3])
    xr.Dataset({"x": (("sample", "channel", "time"), x)}).to_netcdf("x.nc")
    names = [f"v{k}" for k in range(48)]
    table = np.column_stack([x.reshape(60, -1), np.arange(60)])
    with open("x.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([[*names, "group"], *table.tolist()])
    return tmp_path


def run(*arguments, data=None):
    return CliRunner().invoke(cli.awd, list(map(str, arguments)), input=data)


def read(text):
    head, *rows = csv.reader(io.StringIO(text))
    return head, np.array(rows, float)


@pytest.mark.parametrize("kind", ["npy", "npz", "nc", "csv"])
@pytest.mark.parametrize("piped", [False, True])
def test_it_predicts_to_the_last_bit(folder, signals, kind, piped):
    data = (folder / f"x.{kind}").read_bytes()
    done = run("predict", "model.json", "-" if piped else f"x.{kind}", data=data)
    assert (done.exit_code, done.stderr) == (0, "")
    head, rows = read(done.stdout)
    assert head == ["peak", "level", "outside"]
    taken, x = signals
    np.testing.assert_array_equal(rows[:, :2], taken.predict(x))
    np.testing.assert_array_equal(rows[:, 2], taken.outside(x))


def test_predictions_go_to_a_file_and_arrays_have_names(folder, signals):
    done = run("predict", "model.json", "x.npz", "--x", "other", "--out", "o/p.csv")
    assert (done.exit_code, done.output) == (0, "")
    taken, x = signals
    _, rows = read((folder / "o/p.csv").read_text())
    np.testing.assert_array_equal(rows[:, :2], taken.predict(x[:3]))


def test_samples_beyond_training_are_marked(folder, signals):
    np.save("far.npy", 100 * signals[1][:2])
    _, rows = read(run("predict", "model.json", "far.npy").stdout)
    assert rows[:, -1].tolist() == [1, 1]


def test_classes_and_their_probabilities(folder):
    x = walks(shape=(24,))
    labels = x.max(1) > 2
    student = Student(Largest(3), "ridge").fit(x, labels.astype(float), DB3, 3)
    classes = {"classes": ["calm", "wild, rough"], "scale": "probabilities"}
    taken = model.of_student(student, x, **classes)
    taken.save("model.json")
    np.save("x.npy", x)
    head, *rows = csv.reader(io.StringIO(run("predict", "model.json", "x.npy").stdout))
    assert head == ["class", "p(calm)", "p(wild, rough)", "outside"]
    assert [row[0] for row in rows] == taken.predict(x).tolist()
    shares = np.array([row[1:3] for row in rows], float)
    np.testing.assert_array_equal(shares, taken.predict_proba(x))


def test_it_is_a_program_and_a_module_without_what_is_heavy(folder):
    """No torch, scikit-learn, pandas, xarray for a prediction from a pipe."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys("
        "['torch', 'sklearn', 'pandas', 'xarray', 'scipy', 'matplotlib'])); "
        "sys.argv = ['awd', 'predict', 'model.json', '-']; "
        "import runpy; runpy.run_module('awd', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=(folder / "x.csv").read_bytes(),
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        check=True,
    )
    assert done.stdout.decode() == run("predict", "model.json", "x.npy").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["predict", "none.json", "x.npy"], 1, "MissingInput: none.json: no such file"),
        (["predict", "model.json", "no.npy"], 1, "MissingInput: no.npy: no such file"),
        (["predict", "model.json", "x.npz", "--x", "z"], 1, "no array 'z'; it holds x"),
        (["predict", "x.npy", "x.npy"], 1, "DataError: x.npy: not valid JSON"),
        (
            ["predict", "model.json", "short.npy"],
            1,
            "ShapeError: short.npy: x is (60, 2, 20)",
        ),
        (["predict", "model.json", "x.npy", "--out", "x.npy/p.csv"], 1, "x.npy"),
        (["inspect", "model.json", "--plot", "w.bmp"], 1, "ends in .png, .pdf, .svg"),
        (["inspect", "model.json", "--card", "card.pdf"], 1, "ends in .html, .md"),
        (["check", "."], 1, "manifest.json: no such file; a run that has ended"),
        (["check", "damaged.json"], 1, "does not fit its checksum"),
        (["check", "list.json"], 1, "list.json: holds a list"),
        (["check", "text.json"], 1, "text.json: dec_lo is 1; expected numbers"),
        (["check", "x.npy"], 1, "DataError: x.npy: not a readable JSON file"),
        (["predict", "model.json"], 2, "Missing argument 'SAMPLES'"),
        (["predict", "model.json", "x.npy", "--wrong"], 2, "No such option"),
        (["guess"], 2, "No such command 'guess'"),
    ],
)
def test_failures_are_sentences_on_stderr(folder, arguments, code, said):
    np.save("short.npy", walks(shape=(2, 20)))
    text = (folder / "model.json").read_text()
    (folder / "damaged.json").write_text(text.replace('"levels": 3', '"levels": 2'))
    (folder / "list.json").write_text("[1]")
    bank = '{"dec_lo": 1, "dec_hi": "a", "rec_lo": [], "rec_hi": []}'
    (folder / "text.json").write_text(bank)
    done = run(*arguments)
    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert done.stdout == ""


ODD = [np.nan, np.inf, -np.inf, 1e300]


def in_file(kind, x):
    """Samples in the bytes of a kind of file."""
    if kind == "csv":
        flat = x.reshape(len(x), int(np.prod(x.shape[1:])))
        names = [f"v{k}" for k in range(flat.shape[1])]
        rows = [",".join(map(str, row)) for row in flat.tolist()]
        return "\n".join([",".join(names), *rows]).encode()
    file = io.BytesIO()
    np.save(file, x) if kind == "npy" else np.savez(file, x=x)
    return file.getvalue()


@st.composite
def odd_files(draw):
    """Samples of an odd dtype, shape or value, and what befalls their bytes."""
    dtype = draw(st.sampled_from([">f8", "<f4", ">f2", "i2", "?", "c8", "U4", "g"]))
    shape = draw(st.sampled_from([(3, 2, 24), (3, 24, 2), (3, 2, 23), (0, 2, 24)]))
    shape = draw(st.sampled_from([shape, shape[1:], (3, 48), (), (3, 1, 2, 24)]))
    value = draw(st.sampled_from([0.5, 0.5, *ODD]))
    cut = draw(st.one_of(st.none(), st.floats(0, 1)))
    more = draw(st.sampled_from([b"", b"", b"\0", b"1,2\n"]))
    return np.dtype(dtype), shape, value, cut, more


@settings(deadline=None, max_examples=100)
@given(case=odd_files(), kind=st.sampled_from(["npy", "npz", "csv"]), pipe=BOOLEAN)
@example((np.dtype("f8"), (3, 2, 24), 0.5, None, b""), "csv", True)
@pytest.mark.filterwarnings("ignore")
def test_an_odd_file_is_one_sentence_that_names_it_or_is_read(
    tmp_path_factory, signals, case, kind, pipe
):
    """Nothing between a message with exit code 1 and a line a sample."""
    dtype, shape, value, cut, more = case
    folder = tmp_path_factory.mktemp("odd")
    x = np.zeros(shape)
    if x.size:
        x.flat[-1] = value
    x = x.astype(dtype)
    if kind == "csv" and x.ndim < 2:
        x = x.reshape(1, -1)
    path = folder / f"x.{kind}"
    data = in_file(kind, x)
    data = (data if cut is None else data[: int(cut * len(data))]) + more
    path.write_bytes(data)
    signals[0].save(folder / "model.json")
    given = "-" if pipe else path
    done = run("predict", folder / "model.json", given, data=data)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    if done.exit_code:
        assert (done.exit_code, done.stdout) == (1, "")
        name = "standard input" if pipe else path.name
        assert name in done.stderr
        assert len(done.stderr) < 600
        assert "Traceback" not in done.stderr
        assert str(folder.parent) not in done.stderr or not pipe
    else:
        _, rows = read(done.stdout)
        assert np.isfinite(rows).all()
        whole = cut is None or kind == "csv"  # whose last rows may be cut off
        assert whole
        assert len(rows) <= 4


JSON = st.recursive(
    st.sampled_from([None, True, 0, -1, 3, 2.5, 1e301, 10**400, "", "a", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner),
    max_leaves=5,
)


def leaves(value, path=()):
    """Paths of all values of a record."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in list(items)[:40]:
            yield from leaves(inner, (*path, key))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), new=JSON, sealed=BOOLEAN)
def test_an_edited_model_is_refused_by_name_or_is_a_model(
    tmp_path_factory, signals, data, new, sealed
):
    folder = tmp_path_factory.mktemp("edited")
    record = json.loads(json.dumps(signals[0].record()))
    *path, last = data.draw(st.sampled_from([p for p in leaves(record) if p]))
    place = functools.reduce(lambda part, key: part[key], path, record)
    before, place[last] = place[last], new
    with contextlib.suppress(ValueError):
        record["sha256"] = files.checksum(record) if sealed else signals[0].checksum
    text = json.dumps(record)
    (folder / "model.json").write_text(text, "utf-8")
    np.save(folder / "x.npy", signals[1])
    for command in (["check"], ["inspect"], ["predict"]):
        more = [folder / "x.npy"] * (command == ["predict"])
        done = run(*command, folder / "model.json", *more)
        assert done.exception is None or isinstance(done.exception, SystemExit), command
        assert done.exit_code == 1 or sealed or new == before
        if done.exit_code:
            assert "model.json" in done.stderr or "x.npy" in done.stderr
            assert done.stdout == ""
            assert len(done.stderr) < 600


def test_a_missing_package_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    done = run("predict", "model.json", "x.nc")
    assert done.exit_code == 1
    assert 'pip install "awd-wavelets[pipeline]"' in done.stderr


def test_inspection_tells_the_wavelet_in_the_users_units(folder, signals):
    done = run("inspect", "model.json")
    assert (done.exit_code, done.stderr) == (0, "")
    for part in (
        "pits\n====",
        "signals of 24 values in 2 channels (start, end), one value every 1.5 s",
        "a coefficient of level 1 reads 9 s, one of level 3 36 s",
        "Vanishing moments: 3",
        "Centre frequency, level 1 to 3: 0.244, 0.132, 0.0685 cycles per s",
        "Nearest named wavelet: db3, at distance 0.000",
        drawing.dots(DB3),
        "student  model  R2     0.700 [0.600, 0.800]",
        "Samples: 60 walks",
    ):
        assert part in done.stdout
    taken, _ = signals
    lines = [line.split() for line in done.stdout.splitlines() if "█" in line]
    most = max(lines, key=lambda line: len(line[-1]))
    largest = taken.reading.parts[taken.carried.mean(0).argmax()]
    assert " ".join(most).startswith(largest)


def test_inspection_draws_and_writes_the_card(folder, signals):
    done = run("inspect", "model.json", "--plot", "a/w.png", "--card", "card.html")
    assert done.exit_code == 0
    assert (folder / "a/w.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "card.html").read_text() == signals[0].card("html")
    run("inspect", "model.json", "--card", "card.md")
    assert (folder / "card.md").read_text() == signals[0].card()


def test_whole_files_are_checked(folder, signals):
    done = run("check", "model.json")
    assert done.exit_code == 0
    assert signals[0].checksum in done.stdout
    export.write_wavelet_json(DB3, "wavelet.json")
    done = run("check", "wavelet.json")
    assert done.exit_code == 0
    assert "a whole wavelet of 6 taps" in done.stdout


NET = """
import numpy as np

def peak():
    return lambda x: x.reshape(len(x), -1).max(1)

def fails():
    return 1 / 0

def both():
    return lambda x: {"loss": 0.0, "logits": np.stack([-x.max(1), x.max(1)], 1)}
"""
QUICK = "--levels", 2, "--folds", 0


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Samples in several forms, and networks as code."""
    monkeypatch.chdir(tmp_path)
    x = walks(80, (16,))
    (tmp_path / "net.py").write_text(NET)
    np.savez("x.npz", x=x, group=np.arange(80) // 8)
    np.save("outputs.npy", x.max(1))
    return x


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_distilling_is_what_the_estimator_does(bench):
    named = ["--step", "1.5 s", "--unit", "a.u.", "--predicts", "peak (a.u.)"]
    given = ["x.npz", "--network", "net.py:peak", "--levels", "1,2", "--folds", 2]
    done = run("distil", *given, *named, "--out", "m.json", "--card", "m.html")
    assert done.exit_code == 0, done.stderr
    made = awd.AdaptiveWaveletRegressor(levels=[1, 2], folds=2)
    made.fit(bench, outputs=bench.max(1), groups=np.arange(80) // 8)
    taken = awd.load("m.json")
    np.testing.assert_array_equal(taken.filter, made.filter_)
    np.testing.assert_allclose(taken.predict(bench), made.predict(bench), rtol=1e-12)
    assert (taken.sample.step, taken.sample.step_unit) == (1.5, "s")
    assert taken.targets == (Target("peak", "a.u."),)
    assert taken.story.network == "net.py:peak"
    assert taken.story.data == "80 samples of 10 groups, x.npz"
    network = hashlib.sha256(Path("net.py").read_bytes()).hexdigest()
    assert taken.provenance["network SHA-256"] == network
    assert Path("m.html").read_text() == taken.card("html")
    assert f"R2 {made.fidelity_:.3f}" in done.stderr


def test_outputs_stand_for_a_network_and_rows_for_samples_of_channels(bench):
    np.save("two.npy", bench.reshape(80, 2, 8))
    lines = [",".join(map(repr, row)) for row in bench.tolist()]
    table = "\n".join([",".join(f"v{k}" for k in range(16)), *lines])
    Path("outputs.csv").write_text("a,b\n" + "\n".join(f"0,{v}" for v in bench.max(1)))
    calls = [
        (["two.npy", "--network", "net.py:peak", "--dims", 1], None),
        (["two.npy", "--network", "outputs.npy", "--dims", 1], None),
        (["-", "--network", "outputs.csv", "--column", 1, "--shape", "2,8"], table),
    ]
    found = []
    for (samples, *options), data in calls:
        dims = [] if "--dims" in options else ["--dims", 1]
        arguments = samples, *options, *dims, *QUICK, "--out", "m.json"
        done = run("distil", *arguments, data=data)
        assert done.exit_code == 0, done.stderr
        found.append(awd.load("m.json"))
    for taken in found:
        assert taken.sample.shape == (2, 8)
        np.testing.assert_array_equal(taken.filter, found[0].filter)


def test_classes_are_distilled(bench):
    given = ["x.npz", "--network", "net.py:both", "--output", "logits", "--classes"]
    done = run("distil", *given, *QUICK, "--out", "m.json")
    assert done.exit_code == 0, done.stderr
    taken = awd.load("m.json")
    assert taken.classes == (0, 1)
    assert (taken.predict(bench) == (bench.max(1) > 0)).mean() > 0.9


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--levels", "3;4"], "levels is '3;4'; expected whole numbers"),
        (["--step", "fast"], "expected a positive number and its unit"),
        (["--shape", "3,5"], "shape is 3,5; the samples have 16 values each"),
        (["--network", "none.pt2"], "none.pt2: no such file"),
        (["--network", "x.npz"], "expected an array 'output'"),
        (["--card", "card.txt"], "ends in .html, .md"),
        (["--card", "a\0.md"], "ends in .html, .md"),
        (["--out", "a\0.json"], "ends in .json"),
        (["--out", "model.txt"], "ends in .json"),
        (["--x", "samples"], "no array 'samples'"),
        (["--fit-to", "labels"], "needs y"),
        (["--column", 3], "target is 3; expected an integer of at least 0"),
        (["--folds", 1], "folds is 1; expected 2 or more"),
        (["--step", "0 s"], "expected a positive number and its unit"),
        (["--out", "net.py/m.json"], "nothing can be written to"),
        (["--network", "broken.py:f"], "broken.py fails when it is imported"),
        (["--network", "net.py:fails"], "net.py:fails makes no network (Zero"),
        (["--y", "words"], "words holds <U1, no numbers; with --classes"),
        (["--y", "group"], "x.npz: group is not finite (NaN, infinity) in 2 of 80"),
        (["--group", "few"], "few is (3,) for 80 samples"),
        (["--x", "group"], "group is (80,); expected 2 or more samples"),
        (["--x", "none"], "none is (0, 16); expected 2 or more samples"),
        (["--x", "words"], "words is a ndarray of dtype <U1"),
    ],
)
def test_what_cannot_be_distilled_is_said(bench, options, said):
    Path("broken.py").write_text("def f(:")
    group = np.r_[np.nan, np.inf, np.zeros(78)]
    more = {"words": np.full(80, "a"), "few": np.arange(3), "none": bench[:0]}
    np.savez("x.npz", x=bench, group=group, **more)
    usual = {"--network": "net.py:peak", "--out": "m.json", "--folds": 0}
    usual |= dict([options])
    done = run("distil", "x.npz", *(word for pair in usual.items() for word in pair))
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert not Path("m.json").exists()


def test_a_run_is_checked_and_what_is_wrong_removed(tmp_path):
    data, made = tmp_path / "data.txt", tmp_path / "results/r/a.json"
    data.write_text("1")
    awd.io.write_json({"a": 1}, made)
    jobs = {"job": {"inputs": [str(data)], "outputs": [str(made)]}}
    record = {"config": {"run": "r"}, "jobs": jobs}
    record |= {"inputs": manifest.checksums([data])}
    record |= {"outputs": manifest.checksums([made])}
    awd.io.write_json(record, made.with_name("manifest.json"))
    assert run("check", made.parent).exit_code == 0
    made.write_text("{}")
    done = run("check", made.parent)
    assert done.exit_code == 1
    assert "a.json" in done.stdout
    assert "1 files are wrong" in done.stderr
    assert run("check", made.parent, "--fix").exit_code == 0
    assert not made.exists()


@pytest.mark.parametrize("command", ["", *cli.awd.commands])
def test_help_teaches_by_examples(command):
    done = run(*[command] * bool(command), "--help")
    assert done.exit_code == 0
    assert f"awd {command}" in done.stdout.partition("Examples:\n")[2]


def test_the_nearest_named_wavelet():
    for name in ("haar", "db4", "sym6", "coif2"):
        h = wavelet.from_pywt(name)
        found, distance = named.nearest(np.pad(-h[::-1], (2, 0)))
        assert (found, distance) == (name, pytest.approx(0, abs=1e-12))
    h = wavelet.filter_from_angles(wavelet.complete_angles(np.array([0.5, 1.0])))
    assert 0.1 < named.nearest(h)[1] < 2**0.5


@pytest.mark.parametrize("name", ["haar", "db3", "sym8", "coif2"])
@pytest.mark.parametrize("level", [1, 2, 4])
def test_the_centre_frequency_is_that_of_pywts_details(name, level):
    import pywt

    h = wavelet.from_pywt(name)
    taps = pywt.upcoef("d", [1.0], name, level=level)
    power = np.abs(np.fft.rfft(taps, 2**16)) ** 2
    centre = np.average(np.fft.rfftfreq(2**16), weights=power)
    assert wavelet.centre_frequency(h, level) == pytest.approx(centre, abs=1e-4)


def test_a_drawing_in_dots_follows_the_wavelet():
    h = wavelet.from_pywt("db4")
    lines = drawing.dots(h, columns=40, lines=8).split("\n")
    assert len(lines) == 8
    cells = np.array([[ord(c) - 0x2800 for c in line.ljust(40, "⠀")] for line in lines])
    columns = np.flatnonzero(cells[0])  # where the wavelet peaks
    values = drawing.functions(h)["wavelet"]
    at = values.argmax() / len(values) * 40
    assert columns.min() - 1 <= at <= columns.max() + 1
    assert (cells > 0).any(0).all()  # a curve without gaps


def test_signals_with_ends_are_distilled_as_the_library_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, ends = 50 + walks(60, (24,)), np.random.default_rng(1).integers(9, 25, 60)
    x[np.arange(24) >= ends[:, None]] = np.nan
    y = np.nanmax(x, 1)
    np.savez("x.npz", x=x, length=ends)
    np.savez("answers.npz", output=y)
    line = "distil x.npz --network answers.npz --levels 2 --folds 0 --out model.json"
    assert CliRunner().invoke(cli.awd, line.split()).exit_code == 0
    done = CliRunner().invoke(cli.awd, ["predict", "model.json", "x.npz"])
    rows = np.loadtxt(done.output.splitlines(), delimiter=",", skiprows=1)
    own = awd.AdaptiveWaveletRegressor(levels=2, folds=0)
    own.fit(x, outputs=y, lengths=ends)
    expected = own.predict(x, lengths=ends)
    np.testing.assert_allclose(rows[:, 0], expected, rtol=1e-6)
