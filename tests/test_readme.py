"""What the README shows runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from awd.config import reading

ROOT = Path(__file__).parents[1]
README, LIBRARY = ROOT / "README.md", ROOT / "docs/library.md"


def lines_of(path: Path, section: str) -> str:
    """The indented lines of a section."""
    text = path.read_text("utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"^    (.*)$", text, re.MULTILINE))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", [README, LIBRARY], ids=lambda path: path.stem)
def test_the_notebook_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 32)).cumsum(1).astype(np.float32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(32, 4), nn.Tanh(), nn.Linear(4, 1))
    given = {"net": net, "x": x, "y": x.max(1), "x_new": x[:3]}
    exec(lines_of(path, "In a notebook"), given | {"cell": np.arange(120) // 10})
    assert (tmp_path / "wavelet.json").is_file()


def test_the_study_of_ones_own_is_a_configuration():
    given = yaml.safe_load(
        lines_of(README, "Your own data and network").split("make")[0]
    )
    own = reading.load(given).own["beats"]
    assert own.network.inputs() == ["net.pt2"]
