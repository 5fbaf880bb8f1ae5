"""The crate keeps to the profiles that it names, and tells the run as it was."""

import copy
import json
from pathlib import Path

import pytest
import rocrate
import yaml

from awd import io
from awd.record import crate

ROOT = Path(__file__).parents[1]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())

JOB = {"start": "2026-01-01T10:00:00+00:00", "end": "2026-01-01T10:00:05+00:00"}
RECORD = {
    "written": "2026-01-02T00:00:00+00:00",
    "commit": "c" * 40,
    "config": {
        "run": "r",
        "seed": 7,
        "maps": None,
        "cells": {"targets": ["half"], "source": {"files": "data/raw b.csv"}},
        "teacher": {"learning_rate": 0.5, "shuffle": True},
    },
    "versions": {"numpy": "2.1", "snakemake": "9.27.1"},
    "device": {"asked": "auto", "networks": {"cpu": 1}, "label": "CPU only"},
    "inputs": {"data/raw b.csv": "ab" * 32},
    "outputs": {"results/r/a.nc": "cd" * 32, "results/r/t/b.csv": "ef" * 32},
    "jobs": {
        "read/k": JOB
        | {
            "script": "scripts/read.py",
            "code": "0123456789abcdef",
            "log": "results/r/logs/read/k.log",
            "seeds": [5],
            "inputs": ["data/raw b.csv"],
            "outputs": ["results/r/a.nc"],
        },
        "score": JOB
        | {
            "end": "2026-01-01T10:01:00+00:00",
            "script": "scripts/score.py",
            "code": "fedcba9876543210",
            "log": "results/r/logs/score.log",
            "seeds": [],
            "inputs": ["results/r/a.nc"],
            "outputs": ["results/r/t/b.csv"],
        },
    },
}


@pytest.fixture
def described(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in RECORD["outputs"]:
        io.write_text("four", path)
    return crate.describe(RECORD, CITATION, Path("results/r"))


@pytest.fixture
def entities(described):
    return {entity["@id"]: entity for entity in described["@graph"]}


def references(value):
    """All that an entity points at."""
    if isinstance(value, dict) and set(value) == {"@id"}:
        yield value["@id"]
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from references(part)


def test_nothing_points_into_the_void(described, entities):
    assert len(entities) == len(described["@graph"])
    outside = {r for e in described["@graph"] for r in references(e)} - set(entities)
    assert all(key.startswith("https://") for key in outside), outside


def test_the_run_has_its_workflow_settings_files_and_times(entities):
    root, run = entities["./"], entities["#run"]
    assert root["mainEntity"] == run["instrument"] == {"@id": "workflow/Snakefile"}
    assert {profile["@id"] for profile in root["conformsTo"]} == set(crate.PROFILES)
    assert set(references(run["result"])) == {"a.nc", "t/b.csv"}
    assert "#input/data/raw%20b.csv" in set(references(run["object"]))
    assert (run["startTime"], run["endTime"]) == (JOB["start"], root["datePublished"])
    assert "CPU only" in run["description"]
    workflow = entities["workflow/Snakefile"]
    (language,) = references(workflow["programmingLanguage"])
    assert entities[language]["version"] == "9.27.1"
    assert workflow["version"] == "c" * 40
    assert {entities[i]["name"] for i in references(workflow["license"])} == {"MIT"}


def test_every_job_says_what_made_what_of_what(entities):
    job = entities["#job/score"]
    assert job["instrument"] == {"@id": "workflow/scripts/score.py"}
    assert list(references(job["object"])) == ["a.nc"]
    assert list(references(job["result"])) == ["t/b.csv"]
    assert entities["workflow/scripts/score.py"]["version"] == "fedcba9876543210"
    assert set(references(entities["./"]["mentions"])) == {
        "#run",
        "#job/read/k",
        "#job/score",
    }


def test_every_action_has_an_agent_and_the_run_its_authors(entities):
    makers = {entities[i]["name"] for i in references(entities["./"]["author"])}
    assert makers == {author["name"] for author in CITATION["authors"]}
    for key in ("#run", "#job/score", "#job/read/k"):
        assert entities[key]["agent"] == entities["./"]["author"]


def test_every_key_that_is_set_is_a_parameter_with_its_value(entities):
    values = {
        entity["name"]: (
            entity["value"],
            entities[entity["exampleOfWork"]["@id"]]["additionalType"],
        )
        for entity in entities.values()
        if entity["@type"] == "PropertyValue"
    }
    assert values == {
        "run": ("r", "Text"),
        "seed": (7, "Integer"),
        "cells.targets": ('["half"]', "Text"),
        "cells.source.files": ("data/raw b.csv", "Text"),
        "teacher.learning_rate": (0.5, "Float"),
        "teacher.shuffle": (True, "Boolean"),
    }
    for entity in entities.values():
        if entity["@type"] == "FormalParameter":
            (value,) = references(entity["workExample"])
            assert entities[value]["exampleOfWork"] == {"@id": entity["@id"]}
            assert {"@id": entity["@id"]} in entities["workflow/Snakefile"]["input"]


def test_a_file_has_its_hash_size_and_format(entities):
    file = entities["a.nc"]
    assert (file["sha256"], file["contentSize"]) == ("cd" * 32, "4")
    assert file["encodingFormat"] == "application/x-netcdf"


def test_the_same_manifest_gives_the_same_crate(described):
    assert crate.describe(RECORD, CITATION, Path("results/r")) == described


def test_without_records_of_jobs_there_is_still_a_run_with_its_files(described):
    poor = crate.describe(RECORD | {"jobs": {}}, CITATION, Path("results/r"))
    (run,) = (node for node in poor["@graph"] if node["@id"] == "#run")
    assert run["endTime"] == RECORD["written"]
    assert len(run["result"]) == 2


def test_the_workflow_is_copied_without_caches(tmp_path):
    crate.copy_workflow(ROOT, tmp_path / "workflow")
    copied = {path.name for path in (tmp_path / "workflow").rglob("*")}
    assert {"Snakefile", "crate.py", "LICENSE", "schema.json"} <= copied
    assert "__pycache__" not in copied


def issues(described, severity="REQUIRED"):
    """What the validator has to say; its contexts come with rocrate, not by net."""
    from rocrate_validator import services

    terms = json.loads(
        (Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_text()
    )
    # That context is of a later version: what 1.1 called otherwise, and the profile's.
    bio = "https://bioschemas.org/"
    older = {name: bio + name for name in ("ComputationalWorkflow", "FormalParameter")}
    for name in ("input", "output"):
        older[name] = f"{bio}ComputationalWorkflow#{name}"
    older["sha256"] = "https://w3id.org/ro/terms/workflow-run#sha256"
    result = services.validate_metadata_as_dict(
        described | {"@context": [terms["@context"], older]},
        {
            "profile_identifier": "provenance-run-crate",
            "requirement_severity": severity,
            "rocrate_uri": ".",
            "metadata_only": True,
            "offline": True,
        },
    )
    return [issue.message for issue in result.get_issues()]


def test_the_validator_finds_all_that_the_profiles_require(described):
    """Provenance Run Crate, with all the profiles on which it builds."""
    assert issues(described) == []


# What a run cannot know: who publishes it and where, and what the world's software and
# files outside the crate are called on the net.
UNKNOWN = ("have a url", "README", "publisher", "Web-based", "have a URL", "encodingF")


def test_the_validator_recommends_only_what_a_run_cannot_know(described):
    found = issues(described, "RECOMMENDED")
    assert [
        issue for issue in found if not any(name in issue for name in UNKNOWN)
    ] == []


@pytest.mark.parametrize(
    ("entity", "key", "message"),
    [
        ("./", "license", "must specify a license"),
        ("workflow/Snakefile", "programmingLanguage", "refer to its language"),
        ("#run", "instrument", "mainEntity as its instrument"),
        ("#parameter/seed", "additionalType", "have an additionalType"),
        ("#step/score", "workExample", "its corresponding tool"),
    ],
)
def test_the_validator_misses_what_is_left_out(described, entity, key, message):
    poorer = copy.deepcopy(described)
    for node in poorer["@graph"]:
        if node["@id"] == entity:
            del node[key]
    assert any(message in issue for issue in issues(poorer))
