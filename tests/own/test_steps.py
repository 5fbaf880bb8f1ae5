"""A network that is brought goes through the steps of a study, and home as a model."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file
from torch import nn

import awd
from awd import cli, io, registry, wavelet
from awd.config.study import StudentSettings
from awd.errors import DataError
from awd.league import bootstrap, choose, score
from awd.league.predict import time_inference, to_dataset
from awd.own import dataset
from awd.record import checkpoint, contracts
from awd.report.explorer import page
from awd.report.explorer import study as explorer
from awd.study import ask, baselines, distil, predict, take_home, train
from awd.teacher import shelf, weights

RNG = np.random.default_rng(4)
SHARES = {"test": 0.25, "select": 0.25, "test_groups": []}
RECIPE = {
    "epochs": 2,
    "patience": 2,
    "batch": 32,
    "learning_rate": 1e-3,
    "average": 0.0,
}
STUDENT = {
    "features": {"m": 2, "smallest": 1},
    "head": "ridge",
    "fit_to": "mixed",
    "shares": [0.5],
    "honest": False,
    "wavelets": ["db2"],
    "levels": 9,
    "kinds": ["network", "mlp"],
}
SEARCH = {
    "objectives": ["output"],
    "features": STUDENT["features"],
    "lengths": [4],
    "levels": [2, 7],
    "folds": 2,
    "candidates": 3,
    "moments": 1,
    "draws": 1,
    "choose_by": "fidelity",
    "attribution": {"length": 4, "levels": 2, "ratios": [1]},
    "soft": {},
}
NETWORK = (
    "import torch\n"
    "def net():\n"
    "    torch.manual_seed(0)\n"
    "    return torch.nn.Sequential({})\n"
)


def walks(*shape):
    return RNG.normal(size=(120, *shape)).cumsum(-1).astype("f4")


class Study:
    """The files of a study in a folder, made step by step as the rules do."""

    def __init__(
        self,
        folder,
        x,
        network,
        y=None,
        dims=1,
        kinds=("mlp",),
        search=SEARCH,
        models=("mean", "ridge"),
        windows=("whole",),
        length=None,
        arrays=(),
        **student,
    ):
        self.folder, self.student, self.models = folder, STUDENT | student, models
        short = [registry.short(kind) for kind in kinds]
        self.student["kinds"] = ["network"] * bool(network) + short
        np.savez(
            folder / "x.npz", x=x, **({} if y is None else {"y": y}), **dict(arrays)
        )
        source = {"kind": "file", "file": str(folder / "x.npz")}
        dataset.gather(
            {
                "samples": source,
                "dims": dims,
                "task": "regression",
                "targets": {"end": 0},
                "units": "V",
                "signal": "voltage",
                "network": network,
                "windows": windows,
                "length": length,
            },
            folder / "dataset.nc",
        )
        self.samples = folder / "samples.nc"
        scaled = not network
        dataset.split(folder / "dataset.nc", self.samples, 0, SHARES, 1, scaled)
        self.data = io.read(self.samples, contracts.DATASET)
        self.networks = folder / "networks.safetensors"
        job = checkpoint.Job(folder / "job.log", {}, {})
        names = [*self.student["kinds"], *contracts.CONTROLS]
        names += [] if network else ["fold0", "fold1"]
        settings = RECIPE | {"kinds": kinds} | ({"network": network} if network else {})
        models, self.history = train.train(
            self.samples, "end", names, settings, 0, "cpu", job
        )
        weights.save(models, self.networks)
        self.outputs = folder / "outputs.nc"
        asked = ask.outputs(self, "end", {}, "cpu", job)
        io.write(asked.assign_attrs(device="cpu"), self.outputs, contracts.OUTPUTS)
        self.wavelets = folder / "wavelets.nc"
        found = distil.wavelets(self, "end", search, 0, job)
        found.attrs |= {"target": "end", "split": "0", "seed": "0"}
        io.write(found, self.wavelets, contracts.WAVELETS)
        self.test, self.entries, _ = predict.students(self, "end", self.student, "cpu")

    def model(self):
        _, plain = baselines.predict(self, "end", {"models": self.models}, 0)
        names = {"study": "mine", "split": "0"}
        sets = score.join(
            [to_dataset(self.entries, self.test, seed="0", **names)],
            [to_dataset(plain, self.test, seed="all", **names)],
        )
        scores, differences, _ = score.score(sets, 100, 0)
        tables = scores, differences
        return take_home.of_study([self], *tables, "end", self.student, "output")

    def explored(self):
        """Tabs of the explorer."""
        self.students = self.folder / "students.nc"
        names = {"study": "mine", "split": "0", "seed": "0", "target_name": "end"}
        said = to_dataset(self.entries, self.test, **names)
        io.write(said, self.students, contracts.PREDICTIONS)
        return explorer.parts("mine", self, "end", self.student, "output")


def factory(folder, layers):
    (folder / "nets.py").write_text(NETWORK.format(layers))
    return f"{folder}/nets.py:net"


def brought(source, weights=None, **changes):
    base = {"kind": "network", "source": source, "weights": weights, "output": None}
    return base | {"link": "none", "columns": None, "seen": True} | changes


def test_a_factory_with_weights_is_distilled_and_goes_home(tmp_path):
    x = walks(2, 32)
    layers = "torch.nn.Flatten(), torch.nn.Linear(64, 2)"
    source = factory(tmp_path, layers)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    save_file(net.state_dict(), tmp_path / "net.safetensors")
    with torch.no_grad():
        y = net(torch.tensor(x))[:, 1].numpy()
    network = brought(source, str(tmp_path / "net.safetensors"), columns=[1])
    study = Study(tmp_path, x, network, y + RNG.normal(size=120) / 9)
    said = io.read(study.outputs)["output"].sel(network="network").values[:, 0]
    np.testing.assert_allclose(said, y, rtol=1e-4, atol=1e-5)
    assert study.entries["network"].head_parameters == 130
    assert study.entries["network"].fidelity == 1
    assert 0 < study.entries["output"].compression <= 1
    assert {"output@labels", "output@outputs", "shuffled@own"} <= set(study.entries)
    assert set(study.history["network"]) == {"mlp", "untrained", "shuffled"}
    timed = time_inference(study.entries, (1, 1), target="end")
    assert "network" in set(timed["method"])
    found = study.model()
    found.save(tmp_path / "model.json")
    again = awd.load(tmp_path / "model.json")
    prediction = again.predict(x[study.test.rows])
    np.testing.assert_allclose(
        prediction, study.entries["output"].prediction, atol=1e-5
    )
    assert [s.role for s in again.scores][:3] == ["model", "network", "network"]


def test_without_labels_the_answers_of_the_network_are_the_target(tmp_path):
    x = walks(32)
    study = Study(tmp_path, x, brought(factory(tmp_path, "torch.nn.Linear(32, 1)")))
    assert study.data.attrs["unlabelled"] == 1
    assert bootstrap.r2(study.test.y, study.entries["network"].prediction) == 1
    assert not [name for name in study.entries if "@labels" in name]


def test_outputs_of_elsewhere_are_distilled_with_or_without_gradients(tmp_path):
    x = walks(32)
    for name, more in (("plain", {}), ("sloped", {"gradient": np.ones_like(x)})):
        folder = tmp_path / name
        folder.mkdir()
        np.savez(folder / "outputs.npz", output=x.sum(1), **more)
        file = str(folder / "outputs.npz")
        network = {"kind": "outputs", "file": file, "columns": None, "seen": True}
        study = Study(folder, x, network, x.sum(1))
        assert study.entries["network"].predict is None
        assert np.isnan(study.entries["output"].compression) == (name == "plain")
        asked = io.read(study.outputs)["differentiated"].values.tolist()
        assert ("network" in asked) == (name == "sloped")
    settings = SEARCH | {"objectives": ["output", "attribution"]}
    job = checkpoint.Job(tmp_path / "job.log", {}, {})
    without = SimpleNamespace(
        samples=tmp_path / "plain/samples.nc", outputs=tmp_path / "plain/outputs.nc"
    )
    with pytest.raises(
        DataError, match=r"has no gradients; use objectives: \[output\]"
    ):
        distil.wavelets(without, "end", settings, 0, job)


def test_images_without_a_channel_reach_their_network_as_they_came(tmp_path):
    layers = "torch.nn.Flatten(), torch.nn.Linear(64, 1), torch.nn.Flatten(0)"
    source = factory(tmp_path, layers)
    with open(tmp_path / "nets.py", "a") as file:
        file.write(
            "class Only(torch.nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            "        self.inside = net()\n"
            "    def forward(self, x):\n"
            "        assert x.ndim == 3\n"
            "        return self.inside(x)\n"
        )
    study = Study(tmp_path, walks(8, 8), brought(source[:-3] + "Only"), dims=2)
    found = choose.from_dataset(io.read(study.wavelets))["output"]
    assert found.chosen.levels in (2, 3)
    assert study.entries["db2"].prediction.shape == study.test.y.shape
    assert study.model().sample.shape == (1, 8, 8)
    parts = study.explored()
    assert [part.title for part in parts] == ["mine", "mine: the method"]
    same = [page.render("a run", made, "") for made in (parts, study.explored())]
    # Models are numbered on in one process; what else differs would differ in a rerun.
    assert len({re.sub(r"\bp\d+", "p", html) for html in same}) == 1


def test_signals_of_a_study_and_its_path_are_explored(tmp_path):
    x = walks(32)
    source = factory(tmp_path, "torch.nn.Linear(32, 1), torch.nn.Flatten(0)")
    study = Study(tmp_path, x, brought(source), x[:, -1])
    study.explored()
    seen = explorer.signals_of(study, "end", study.student, "output")
    assert len(seen.x) == (study.data["split"] == "test").sum()
    torch.manual_seed(0)  # as the factory does
    weight = torch.nn.Linear(32, 1).weight.detach().numpy()[0]
    np.testing.assert_allclose(seen.gradient[:, 0], np.tile(weight, (len(seen.x), 1)))
    along, *_ = explorer.paths(study, "end", study.student, "output")
    assert any("db2" in name for name in along.names)
    assert along.fidelity[along.chosen] == along.fidelity.max()
    assert along.told.shape[1:] == (len(along.rows), 32)


def test_a_network_that_saw_nothing_chooses_its_share(tmp_path):
    x = walks(32)
    y = x[:, -1]
    source = factory(tmp_path, "torch.nn.Linear(32, 1)")
    honest = {"honest": True, "shares": [0.0, 1.0]}
    study = Study(tmp_path, x, brought(source, seen=False), y, **honest)
    assert study.entries["output"].share == 0  # an untrained one has nothing to say


def test_logits_become_probabilities(tmp_path):
    x = walks(32)
    source = factory(tmp_path, "torch.nn.Linear(32, 3)")
    for link in ("softmax", "sigmoid"):
        net = shelf.opened(brought(source, link=link, column=2, squeezed=False))
        found = net.output(x)
        assert ((found > 0) & (found < 1)).all()
        assert net.gradient(x).shape == x.shape


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A folder with the parts that the page on extending shows."""
    page = (Path(__file__).parents[2] / "docs/extend.md").read_text("utf-8")
    code = page.split('open("parts.py", "w")')[1].split("'''")[1]
    monkeypatch.chdir(tmp_path)
    Path("parts.py").write_text(code)


def test_choices_may_be_ones_own(tmp_path, parts):
    x = walks(24)
    more = {"objectives": ["output", "parts.py:thinnest"]}
    study = Study(
        *(tmp_path, x, None, x.max(1)),
        kinds=["parts.py:Narrow", "mlp"],
        search=SEARCH | more | {"families": ["parts.py:smooth"]},
        models=["ridge", "parts.py:differences"],
        head="parts.py:sparse",
    )
    expected = {"output", "thinnest", "output_mlp", "Narrow", "mlp", "untrained"}
    assert expected | {"output_smooth"} <= set(study.entries)
    smooth = choose.from_dataset(io.read(study.wavelets))["output_smooth"]
    assert (smooth.family, smooth.parameters) == ("smooth", 2)
    taps = wavelet.highpass(smooth.chosen.filter)
    np.testing.assert_allclose(taps @ np.arange(6), 0, atol=1e-9)  # the second moment
    model = study.model()
    assert "differences" in {score.name for score in model.scores}
    assert np.isfinite(model.predict(study.test.x)).all()


@pytest.mark.parametrize(
    ("features", "families", "count"),
    [("parts.py:Energies", [], 3), ("quantiles", ["symmetric"], None)],
)
def test_a_student_may_read_anything(tmp_path, parts, features, families, count):
    x = walks(24)
    reads = {"features": {"name": features}}
    search = SEARCH | reads | {"families": families, "levels": [2]}
    study = Study(tmp_path, x, None, x.max(1), search=search, **reads)
    assert set(study.entries) >= {"output", *(f"output_{name}" for name in families)}
    found = [study.entries[name] for name in ("output", "db2")]
    assert all(np.isfinite(entry.prediction).all() for entry in found)
    if count:  # an energy of each band, and the intercept
        assert found[0].head_parameters == count + 1


def test_a_head_need_not_be_a_sum_of_curves(tmp_path, parts):
    with Path("parts.py").open("a") as file:
        file.write(
            "\nfrom sklearn.neighbors import KNeighborsRegressor\n"
            "def near(floor, bends):\n    return KNeighborsRegressor(3)\n"
        )
    x = walks(24)
    study = Study(tmp_path, x, None, x.max(1), head="parts.py:near")
    assert np.isfinite(study.entries["output"].prediction).all()
    assert study.entries["output"].head_parameters == 0
    settings = StudentSettings(head="parts.py:near")
    assert not settings.is_sum  # so nothing is drawn of it, and none taken home
    assert StudentSettings(head="parts.py:sparse").is_sum


def predicted_at_home(folder, monkeypatch, **arrays):
    """What ``awd predict`` says of samples with the model in a folder."""
    monkeypatch.chdir(folder)
    np.savez("new.npz", **arrays)
    done = CliRunner().invoke(cli.awd, ["predict", "model.json", "new.npz"])
    assert done.exit_code == 0, done.output
    return np.loadtxt(done.stdout.splitlines(), delimiter=",", skiprows=1)


def test_signals_of_any_length_go_through_windows_and_home(tmp_path, monkeypatch):
    x, length = walks(32) + 50, RNG.integers(9, 33, 120)
    ends = x[np.arange(120), length - 1]
    x[np.arange(32) >= length[:, None]] = np.nan
    arrays = {"length": length}
    shaped = {"windows": ["whole", "end"], "length": 24, "arrays": arrays}
    study = Study(tmp_path, x, None, ends, **shaped)
    assert study.data["x"].dims == ("sample", "channel", "time")
    assert study.data["channel"].values.tolist() == ["whole", "end"]
    model = study.model()
    assert model.sample.channels == ("whole", "end")
    model.save(tmp_path / "model.json")
    rows = study.test.rows
    found = predicted_at_home(tmp_path, monkeypatch, x=x[rows], length=length[rows])
    expected = study.entries["output"].prediction
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4)
    assert (found[:, 1] == 0).mean() > 0.5


@pytest.mark.parametrize("bring", [True, False])
def test_images_with_gaps_are_filled_for_network_student_and_at_home(
    tmp_path, monkeypatch, bring
):
    x, seen = walks(8, 8), RNG.random((120, 8, 8)) > 0.2
    y = x.mean((1, 2))
    x[~seen] = np.nan
    layers = "torch.nn.Flatten(), torch.nn.Linear(64, 1)"
    network = brought(factory(tmp_path, layers)) if bring else None
    study = Study(tmp_path, x, network, y, dims=2, arrays={"mask": seen})
    first = study.student["kinds"][0]
    gradient = io.read(study.outputs)["gradient"].values[0]
    assert gradient.any()
    assert not gradient[:, 0][~seen].any()
    assert np.isfinite(study.entries[first].prediction).all()
    study.model().save(tmp_path / "model.json")
    rows = study.test.rows
    found = predicted_at_home(tmp_path, monkeypatch, x=x[rows], mask=seen[rows])
    expected = study.entries["output"].prediction
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4, atol=1e-5)
