"""A run as an RO-Crate, by the Workflow Run Crate profiles, made of its manifest.

The crate is the folder of the run: its files stay where they are, beside a copy of the
workflow that made them. It names Snakefile, commit, software, settings and input files
of the run, and for every job its inputs, outputs, start and end. The
profiles are Process, Workflow and Provenance Run Crate 0.5; they build on RO-Crate 1.1.
"""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from rocrate.model import Entity
    from rocrate.rocrate import ROCrate

WORKFLOW = (
    *("Snakefile", "rules", "scripts", "envs", "config", "profiles"),
    *("LICENSE", "CITATION.cff"),
)
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
BIOSCHEMAS = "https://bioschemas.org/profiles"
FORMATS = {
    ".nc": "application/x-netcdf",
    ".safetensors": "application/octet-stream",
    ".md": "text/markdown",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
}
REPEAT = (
    "Copy of the code with which the run ended; repeat it with "
    "snakemake -s workflow/Snakefile --configfile workflow/config.yaml"
)
KINDS = {bool: "Boolean", int: "Integer", float: "Float"}


def copy_workflow(root: Path, target: Path) -> None:
    """Copy rules, scripts, environments and profiles, to repeat the run with."""
    target.mkdir(parents=True, exist_ok=True)
    for name in WORKFLOW:
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(root / name, target / name, ignore=ignored)
        else:
            shutil.copy(root / name, target / name)


def describe(
    record: Mapping[str, Any], citation: Mapping[str, Any], run: Path
) -> dict[str, Any]:
    """The metadata of the crate.

    Parameters
    ----------
    record : mapping
        Of :func:`awd.record.manifest.manifest`.
    citation : mapping
        ``CITATION.cff``: title, version, license, authors and the paper.
    run : Path
        Folder of the run, with the copy of the workflow as ``workflow/`` and the
        configuration as ``workflow/config.yaml``.

    Returns
    -------
    dict
        JSON-LD; the same manifest gives the same.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)
    workflow = _workflow(crate, record, citation)
    files = _files(crate, record, run)
    settings = list(_settings(crate, record["config"]))
    workflow["input"] = [value["exampleOfWork"] for value in settings]
    jobs = list(_jobs(crate, record, workflow, files))
    whole = _entity(
        crate,
        "#run",
        "CreateAction",
        name=f"Run {record['config']['run']} of the workflow",
        description=f"{len(jobs)} jobs; networks: {record['device']['label']}.",
        instrument=workflow,
        agent=workflow["author"],
        object=_plain([*settings, *(files[path] for path in record["inputs"])]),
        result=_plain([files[path] for path in record["outputs"]]),
        **_period(record),
    )
    _root(crate, whole, jobs, f"{citation['title']}: run {record['config']['run']}")
    return crate.metadata.generate()


def _entity(crate: ROCrate, key: str, kind: str, /, **about: Any) -> Entity:
    from rocrate.model import ContextEntity

    key = quote(key, safe="#/:")
    return crate.add(ContextEntity(crate, key, properties={"@type": kind, **about}))


def _plain(several: list[Entity]) -> Entity | list[Entity]:
    """A list of one is written as that one."""
    return several[0] if len(several) == 1 else several


def _file(crate: ROCrate, path: str, /, **about: Any) -> Entity:
    suffix = Path(path).suffix
    kind = FORMATS.get(suffix) or mimetypes.types_map.get(suffix)
    about = {"encodingFormat": kind or "application/octet-stream", **about}
    return crate.add_file(dest_path=path, properties=about)


def _period(record: Mapping[str, Any]) -> dict[str, str]:
    """From the first start of a job to the last end."""
    jobs, written = record["jobs"].values(), record["written"]
    return {
        "startTime": min((job["start"] for job in jobs), default=written),
        "endTime": max((job["end"] for job in jobs), default=written),
    }


def _root(crate: ROCrate, whole: Entity, jobs: list[Entity], name: str) -> None:
    root = crate.root_dataset
    root["name"] = name
    root["description"] = "All files of a run, and how each of them was made."
    root["datePublished"] = whole["endTime"]
    root["author"] = whole["agent"]
    root["license"] = _entity(
        crate,
        "#licence",
        "CreativeWork",
        name="Not stated",
        description="The workflow stands under its own licence; that of the results "
        "is for those who publish them to state.",
    )
    root["conformsTo"] = [
        _entity(crate, url, "CreativeWork", name=name, version=url.split("/")[-1])
        for url, name in PROFILES.items()
    ]
    root["mentions"] = [whole, *jobs]


def _workflow(
    crate: ROCrate, record: Mapping[str, Any], citation: Mapping[str, Any]
) -> Entity:
    """The Snakefile as the main entity, with its authors, licence and software."""
    workflow = crate.add_workflow(
        dest_path="workflow/Snakefile",
        main=True,
        lang="snakemake",
        lang_version=record["versions"]["snakemake"],
        properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": citation["title"],
            "version": record["commit"],
            "conformsTo": {"@id": f"{BIOSCHEMAS}/ComputationalWorkflow/1.0-RELEASE"},
        },
    )
    name = citation["license"]
    url = f"https://spdx.org/licenses/{name}"
    workflow["license"] = _entity(crate, url, "CreativeWork", name=name, url=url)
    workflow["author"] = _plain(
        [
            _entity(crate, f"#author/{at}", "Organization", name=author["name"])
            for at, author in enumerate(citation["authors"])
        ]
    )
    paper = citation["references"][0]
    workflow["citation"] = _entity(
        crate,
        "#paper",
        "ScholarlyArticle",
        name=paper["title"],
        identifier=paper["identifiers"][0]["value"],
    )
    workflow["softwareRequirements"] = [
        _entity(
            crate,
            f"#software/{name}",
            "SoftwareApplication",
            name=name,
            softwareVersion=version,
        )
        for name, version in record["versions"].items()
    ]
    about = {"name": "The workflow", "description": REPEAT}
    crate.add_dataset(dest_path="workflow/", properties=about)
    return workflow


def _files(crate: ROCrate, record: Mapping[str, Any], run: Path) -> dict[str, Entity]:
    """Outputs of the run, and its inputs, which stand outside the crate."""
    made = {
        path: _file(
            crate,
            Path(path).relative_to(run).as_posix(),
            name=Path(path).name,
            sha256=digest,
            contentSize=str(Path(path).stat().st_size),
        )
        for path, digest in record["outputs"].items()
    }
    given = {
        path: _entity(crate, f"#input/{path}", "CreativeWork", name=path, sha256=digest)
        for path, digest in record["inputs"].items()
    }
    return made | given


def _settings(crate: ROCrate, config: Mapping[str, Any]) -> Iterator[Entity]:
    """The configuration as a file, and every key of it as a parameter."""
    file = _file(crate, "workflow/config.yaml", name="The whole configuration")
    yield _example(crate, file, "config", "File")
    for name, value in _leaves(config):
        kind = KINDS.get(type(value), "Text")
        if kind == "Text" and not isinstance(value, str):
            value = json.dumps(value)
        about = {"name": name, "value": value}
        entity = _entity(crate, f"#value/{name}", "PropertyValue", **about)
        yield _example(crate, entity, name, kind)


def _example(crate: ROCrate, value: Entity, name: str, kind: str) -> Entity:
    """A value tied to the formal parameter for which it stands."""
    value["exampleOfWork"] = _entity(
        crate,
        f"#parameter/{name}",
        "FormalParameter",
        name=name,
        additionalType=kind,
        conformsTo={"@id": f"{BIOSCHEMAS}/FormalParameter/1.0-RELEASE"},
        workExample=value,
    )
    return value


def _leaves(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that is set, with its path: ``teacher.epochs``; lists stay whole."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        elif value is not None:
            yield f"{above}{key}", value


def _jobs(
    crate: ROCrate,
    record: Mapping[str, Any],
    workflow: Entity,
    files: Mapping[str, Entity],
) -> Iterator[Entity]:
    """An action a job, whose instrument is the script of its rule."""
    tools: dict[str, Entity] = {}
    for name, job in record["jobs"].items():
        if job["script"] not in tools:
            tools[job["script"]] = _tool(crate, job, workflow, len(tools) + 1)
        yield _entity(
            crate,
            f"#job/{name}",
            "CreateAction",
            name=name,
            description=f"Seeds: {job['seeds']}. Log: {job['log']}.",
            instrument=tools[job["script"]],
            # Nobody's hand: for what software does its makers answer.
            agent=workflow["author"],
            object=_plain([files[path] for path in job["inputs"]]),
            result=_plain([files[path] for path in job["outputs"]]),
            startTime=job["start"],
            endTime=job["end"],
        )


def _tool(
    crate: ROCrate, job: Mapping[str, Any], workflow: Entity, position: int
) -> Entity:
    """A script as a part of the workflow, and the step that it carries out."""
    rule = Path(job["script"]).stem
    tool = _file(
        crate,
        f"workflow/{job['script']}",
        **{"@type": ["File", "SoftwareSourceCode"]},
        name=rule,
        version=job["code"],
        programmingLanguage="Python",
    )
    step = {"name": rule, "position": str(position), "workExample": tool}
    workflow.append_to("hasPart", tool)
    workflow.append_to("step", _entity(crate, f"#step/{rule}", "HowToStep", **step))
    return tool
