"""A job whose code was edited while the run went on stops, and says so."""

from types import SimpleNamespace

import pytest

from awd import io
from awd.errors import ConfigError
from awd.record import jobs, provenance


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A script with a module that it uses; the params with which it was planned."""
    package = tmp_path / "scripts/awd"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "used.py").write_text("VALUE = 1\n")
    (package / "idle.py").write_text("VALUE = 1\n")
    script = package.parent / "step.py"
    script.write_text("from awd import used\n")
    code = provenance.code_digest(script, package)
    monkeypatch.setattr(io, "before_replacing", None)
    return package, SimpleNamespace(script="step", code=code)


def test_code_edited_before_the_job_began_is_refused(project):
    package, params = project
    require_same = jobs.watched(params, package)
    require_same()
    (package / "idle.py").write_text("VALUE = 2\n")  # which the script does not use
    require_same()
    (package / "used.py").write_text("VALUE = 2\n")
    with pytest.raises(ConfigError, match=r"step\.py.*edited.*run again"):
        require_same()


def test_nothing_is_put_in_its_place_once_the_code_was_edited(
    project, tmp_path, monkeypatch
):
    package, params = project
    monkeypatch.setattr(io, "before_replacing", jobs.watched(params, package))
    io.write_json({"a": 1}, tmp_path / "one.json")
    (package / "used.py").write_text("VALUE = 2\n")
    with pytest.raises(ConfigError, match="edited"):
        io.write_json({"a": 2}, tmp_path / "one.json")
    assert io.read_json(tmp_path / "one.json") == {"a": 1}
    with pytest.raises(ConfigError, match="edited"):
        io.write_json({"a": 2}, tmp_path / "two.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "scripts"]
