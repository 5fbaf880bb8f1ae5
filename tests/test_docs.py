"""What the pages show runs: every block of Python, every configuration."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import roifile
import torch
import yaml
from safetensors.torch import save_file
from tests.looks import faults
from torch import nn

import awd
from awd import io
from awd.cells import simulate
from awd.config import reading
from awd.errors import ConfigError
from awd.league import baselines
from awd.own import dataset
from awd.record import contracts

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SPEC = importlib.util.spec_from_file_location("rule_graph", DOCS / "rule_graph.py")
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^\$ (.*?)(?: +#.*)?$", re.MULTILINE)
PAGES = ("cells", "maps", "running")  # of the pipeline


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, from which modules can be imported and forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(baselines, "MODELS", dict(baselines.MODELS))  # a page adds one
    yield tmp_path
    for name in ("nets", "mydata", "models", "mypackage", "mypackage.models"):
        sys.modules.pop(name, None)


def gathered(text):
    """The samples of every study of a configuration, which has to be in order."""
    config = reading.load(yaml.safe_load(text))
    for study in config.own.values():
        dataset.gather(study.model_dump(), "dataset.nc")
        yield io.read("dataset.nc", contracts.DATASET)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("page", ["start", "own", "extend"])
def test_every_block_of_a_page_runs_in_its_order(page, here):
    names, sets = {}, []
    for kind, block in BLOCK.findall((DOCS / f"{page}.md").read_text("utf-8")):
        if kind == "python":
            exec(compile(block, page, "exec"), names)
        else:
            sets += gathered(block)
    assert len(sets) == {"own": 7, "extend": 1, "start": 0}[page]
    assert all(found.sizes["sample"] >= 90 for found in sets)


def default():
    """The configuration that a file of settings changes."""
    return yaml.safe_load((ROOT / "config/default.yaml").read_text("utf-8"))


def blocks(page, kind):
    """The blocks of a kind on a page."""
    text = (DOCS / f"{page}.md").read_text("utf-8")
    return [block for found, block in BLOCK.findall(text) if found == kind]


def test_python_on_the_page_of_cells_runs(here):
    names = "master.ome.tif", "slave.ome.tif"
    simulate.simulate_movie("teaching", "a", 3, *names, frames=40, size=96)
    half = np.array([[0, 0], [0, 96], [48, 96], [48, 0]])
    roifile.ImagejRoi.frompoints(half).tofile("cell.roi")
    (block,) = blocks("cells", "python")
    names = {}
    exec(compile(block, "cells", "exec"), names)
    tracks = {name: names[name].sizes["track"] for name in ("cell", "inside")}
    assert 0 < tracks["inside"] < tracks["cell"]
    assert pd.read_csv("tracks.csv").shape[0] > tracks["inside"]


def test_python_on_the_page_of_maps_runs():
    names = {"kernels": np.ones((2, 3, 3)) / 9, "edges": np.linspace(-0.1, 0.5, 5)}
    names |= {"ell": np.geomspace(300, 3000, 5)}
    names["parameters"] = np.repeat([[0.2], [0.4]], 24, 0)
    (block,) = blocks("maps", "python")
    small = block.replace("seed=0)", "seed=0, particles=32)")
    exec(compile(small, "maps", "exec"), names)
    assert names["kappa"].shape == (48, 128, 128)
    assert names["power"].shape == (48, 4)
    assert (names["power"] > 0).all()
    assert names["counts"].sum() > 0
    found = names["head"].predict(names["counts"].reshape(48, -1))
    assert np.isin(found, [0.2, 0.4]).all()


@pytest.mark.parametrize("page", PAGES)
def test_configurations_of_a_page_are_in_order(page):
    for block in blocks(page, "yaml"):
        given = yaml.safe_load(block)
        given = {"cells": given} if "source" in given else given
        config = reading.load({"run": "mine", **given})
        assert config.cells or config.maps


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page_name_what_there_is(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    known = {path.stem for path in ROOT.glob("config/*.yaml")} | {"mine"}
    for line in LINE.findall((DOCS / f"{page}.md").read_text("utf-8")):
        made = re.match(r"(?:\w+=\S+ )?make (\S+)", line)
        assert not made or made[1] in targets, line
        assert set(re.findall(r"RUN=(\S+)", line)) <= known, line
        for path in re.findall(r"\b(?:envs|profiles|config)/[\w./-]+", line):
            assert (ROOT / path).exists() or "results/" in line, line
        pairs = shlex.split(line.partition(" --config ")[2])
        changed = dict(pair.split("=", 1) for pair in pairs)
        changed = {key: yaml.safe_load(value) for key, value in changed.items()}
        reading.load({"run": "mine", **changed}, default=default())


def test_mistakes_are_listed_as_the_page_shows():
    text = (DOCS / "running.md").read_text("utf-8")
    (shown,) = re.findall(r"^```text\n(config/mine.*?)\n```$", text, BLOCK.flags)
    given = {"run": "mine", "cells": {"distil": {"lenghts": [4]}}, "teacher": {}}
    with pytest.raises(ConfigError) as error:
        reading.load(given, "config/mine.yaml", default())
    assert str(error.value) == shown


class Logits(nn.Module):
    """Answers with a sequence, (n, time, 1), which it keeps by name if asked."""

    def __init__(self, named=False):
        super().__init__()
        self.named, self.scale = named, nn.Parameter(torch.ones(()))

    def forward(self, x, mask=None):
        y = self.scale * (x if x.ndim == 3 else x[..., None])
        return {"logits": y[:, 0], "rest": y} if self.named else y


def test_networks_come_as_the_library_shows(here):
    state = nn.Linear(8, 1).state_dict()
    save_file(state, here / "best.safetensors")
    torch.save(state, here / "best.pt")
    code = "from torch import nn\n\n\ndef build():\n    return nn.Linear(8, 1)\n"
    (here / "mypackage").mkdir()
    for name in ("mypackage/__init__", "mypackage/models", "models"):
        (here / f"{name}.py").write_text(code)
    text = (DOCS / "library.md").read_text("utf-8").split("## Networks as they come")[1]
    lines = "".join(block for _, block in BLOCK.findall(text)).splitlines()
    x = np.random.default_rng(0).normal(size=(5, 8)).astype("f4")
    given = [None, None, Logits(named=True), Logits(), lambda x, mask: x[:, :1, 0]]
    wanted = [None, None, x[:, :1], x[:, -1:], x[:, :1]]
    for line, net, answer in zip(lines, given, wanted, strict=True):
        names = {"awd": awd, "net": net, "mask": None}
        exec(line, names)
        found = names["net"].outputs(x)
        assert found.shape == (5, 1), line
        if answer is not None:
            np.testing.assert_allclose(found, answer, rtol=1e-6, err_msg=line)


def test_every_page_is_in_the_contents_and_every_example_has_its_table():
    index = (DOCS / "index.md").read_text("utf-8")
    for page in DOCS.glob("*.md"):
        assert page.stem == "index" or f"\n{page.stem}\n" in index, page
    examples = sorted(DOCS.glob("gallery/plot_*.py"))
    assert len(examples) >= 8
    for path in examples:
        text = path.read_text("utf-8")
        assert "compare(" in text, path
        assert "show(" in text, path


def test_the_figure_of_the_rules_is_of_these_rules():
    graph = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(graph)
    rules, edges = graph.plan()
    phases = graph.phases(rules, edges)
    assert phases["method"][0] == "train_teacher"
    assert {rule for own in phases.values() for rule in own} == {*rules} - {"all"}
    arrows = graph.arrows(phases, edges)
    assert {("cells", "method"), ("maps", "method"), ("own", "method")} <= {*arrows}
    assert ("method", "record") not in arrows  # the figures lead there
    assert not faults(graph.draw(phases, arrows))
    drawn = set(re.findall(r">(\w+)</text>", graph.OUT.read_text()))
    assert {*rules} - {"all"} <= drawn, "run python docs/rule_graph.py"
    assert not {name for name in drawn if "_" in name} - {*rules}
