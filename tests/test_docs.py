"""What the pages show runs: every block of Python, every configuration."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from awd.config import reading
from awd.own import dataset

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, from which modules can be imported and forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield tmp_path
    for name in ("nets", "mydata"):
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
    assert len(sets) == (6 if page == "own" else 0)
    assert all(found.sizes["sample"] >= 90 for found in sets)


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
