"""What the pages show runs: every block of Python, every configuration."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file
from torch import nn

import awd
from awd.config import reading
from awd.league import baselines
from awd.own import dataset

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


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
        yield dataset.gather(study.model_dump())


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("page", ["start", "own", "extend"])
def test_every_block_of_a_page_runs_in_its_order(page, here):
    names, sets = {}, []
    for kind, block in BLOCK.findall((DOCS / f"{page}.md").read_text("utf-8")):
        if kind == "python":
            exec(compile(block, page, "exec"), names)
        else:
            sets += gathered(block)
    assert len(sets) == {"own": 6, "extend": 1, "start": 0}[page]
    assert all(found.sizes["sample"] >= 90 for found in sets)


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
    assert len(examples) >= 6
    for path in examples:
        text = path.read_text("utf-8")
        assert "compare(" in text, path
        assert "show(" in text, path
