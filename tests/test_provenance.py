import pytest

from awd.record import provenance

MODULES = {
    "__init__.py": "def __getattr__(name):\n    from pkg import drawing\n",
    "maths.py": "import numpy\n",
    "drawing.py": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from pkg import slow\n",
    "drawing.mplstyle": "lines.linewidth: 1\n",
    "slow.py": "",
    "lazy.py": "def f():\n    from . import maths\n",
    "cells/__init__.py": "",
    "cells/link.py": "from pkg.lazy import f\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in MODULES.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def files(project, source):
    (project / "script.py").write_text(source)
    found = provenance.code_files(project / "script.py", project / "pkg")
    return {path.relative_to(project).as_posix() for path in found} - {"script.py"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from pkg import maths", {"pkg/__init__.py", "pkg/maths.py"}),
        ("import pkg\npkg.maths.f()", {"pkg/__init__.py", "pkg/maths.py"}),
        ("import pkg.maths as m", {"pkg/__init__.py", "pkg/maths.py"}),
        (
            "from pkg import cells\ncells.link.f(1)",
            {
                "pkg/__init__.py",
                "pkg/cells/__init__.py",
                "pkg/cells/link.py",
                "pkg/lazy.py",
                "pkg/maths.py",
            },
        ),
        (
            "from pkg.drawing import f",
            {"pkg/__init__.py", "pkg/drawing.py", "pkg/drawing.mplstyle"},
        ),
        ("import numpy", set()),
    ],
)
def test_a_digest_follows_what_runs_and_nothing_else(project, source, expected):
    assert files(project, source) == expected


def test_content_decides_and_time_does_not(project):
    script = project / "script.py"
    script.write_text("from pkg import lazy")

    def digest():
        return provenance.code_digest(script, project / "pkg")

    first = digest()
    (project / "pkg/maths.py").touch()
    (project / "pkg/drawing.py").write_text("edited = 1\n")
    assert digest() == first
    (project / "pkg/maths.py").write_text("edited = 1\n")
    assert digest() != first


def test_what_was_parsed_is_kept_and_decides_nothing(project, monkeypatch):
    kept = project / "parsed.json"
    monkeypatch.setattr(provenance, "PARSED", kept)

    def in_a_new_process():
        for cached in (provenance._remembered, provenance._named):
            cached.cache_clear()
        return files(project, "from pkg import lazy")

    first = in_a_new_process()
    provenance.remember()
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "_parse", pytest.fail)
        assert in_a_new_process() == first
    kept.write_bytes(kept.read_bytes().replace(b"pkg.maths", b"pkg.slow!"))
    assert in_a_new_process() == first
    (project / "pkg/lazy.py").write_text("from pkg import slow")
    assert "pkg/slow.py" in in_a_new_process()


def test_every_job_has_a_seed_of_its_own():
    labels = [("train", "split", k) for k in range(100)] + [("distil", "split", 0)]
    seeds = {provenance.derive_seed(5, *label) for label in labels}
    assert len(seeds) == len(labels)
    assert provenance.derive_seed(5, "train") == provenance.derive_seed(5, "train")
    assert provenance.derive_seed(5, "train") != provenance.derive_seed(6, "train")
