"""What the README shows runs as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from awd import extras
from awd.config import reading
from awd.features import Largest, Student
from awd.model import of_student

ROOT = Path(__file__).parents[1]
README, LIBRARY = ROOT / "README.md", ROOT / "docs/library.md"
MODEL = ROOT / "docs/model.md"
NET = """
from torch import nn

def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
"""


def lines_of(path: Path, section: str) -> str:
    """The code of a section: its indented lines, or its blocks of Python."""
    text = path.read_text("utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(blocks) or "\n".join(re.findall(r"^    (.*)$", text, re.MULTILINE))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("path", "sections"),
    [
        (README, ["In a notebook"]),
        (LIBRARY, ["A network becomes a small model", "In steps"]),
    ],
    ids=["README", "library"],
)
def test_the_notebook_runs(path, sections, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 32)).cumsum(1).astype(np.float32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(32, 4), nn.Tanh(), nn.Linear(4, 1))
    given = {"net": net, "x": x, "y": x.max(1), "x_new": x[:3]}
    given |= {
        "ends": rng.integers(9, 33, 120),
        "seen": np.arange(32) != np.c_[[5] * 120],
    }
    lines = "\n".join(lines_of(path, section) for section in sections)
    exec(lines, given | {"cell": np.arange(120) // 10})
    assert (tmp_path / "wavelet.json").is_file()


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The files that the page about the model names."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 16)).cumsum(1).astype(np.float32)
    Path("models.py").write_text(NET)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(16, 4), nn.Tanh(), nn.Linear(4, 1))
        layers = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    torch.save(layers.state_dict(), "best.pt")
    torch.export.save(torch.export.export(net, (torch.tensor(x),)), "net.pt2")
    np.savez("x.npz", x=x, group=np.arange(40) // 4)
    np.save("new.npy", x[:5])
    np.save("two.npy", x.reshape(40, 2, 8))
    names = ",".join(f"v{k}" for k in range(16))
    for name, rows in {"x.csv": x, "new.csv": x[:5]}.items():
        np.savetxt(name, rows, delimiter=",", header=names, comments="")
    np.savetxt("answers.csv", x.max(1), header="answer", comments="")
    return x


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_page_about_the_model_runs(bench):
    program = f'awd() {{ "{sys.executable}" -m awd "$@"; }}'
    shell = f"set -eo pipefail\n{program}\n{lines_of(MODEL, 'From the shell')}"
    paths = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(
        ["bash", "-c", shell], env=paths, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "a whole model" in done.stdout
    assert len(Path("predictions.csv").read_text().splitlines()) == 6
    exec(lines_of(MODEL, "In Python"), {"x": bench})
    assert Path("model.onnx").is_file()


def test_the_page_about_the_model_names_every_key_and_extra(bench):
    text = MODEL.read_text("utf-8")
    student = Student(Largest(1)).fit(bench, bench.max(1), np.full(2, 0.5**0.5), 2)
    of_student(student, bench).save("model.json")
    for key in json.loads(Path("model.json").read_text()):
        assert f"`{key}`" in text
    for extra in re.findall(r"awd-wavelets\[(\w+)\]", text):
        assert extra in extras.EXTRAS.values()


def test_the_study_of_ones_own_is_a_configuration():
    shown = lines_of(README, "Your own data and network")
    given = yaml.safe_load(shown.partition("make")[0])
    own = reading.load(given).own["beats"]
    assert own.network.inputs() == ["net.pt2"]
