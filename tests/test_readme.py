"""What the README shows runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

ROOT = Path(__file__).parents[1]
README, LIBRARY = ROOT / "README.md", ROOT / "docs/library.md"


def lines_of(path: Path, section: str) -> str:
    """The code of a section: its indented lines, or its blocks of Python."""
    text = path.read_text("utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(blocks) or "\n".join(re.findall(r"^    (.*)$", text, re.MULTILINE))


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
