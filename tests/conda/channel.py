"""Write a conda channel of stub packages, and a stand-in for the conda command.

    python tests/conda/channel.py FOLDER

The channel holds what ``envs/*.yaml`` name and all that this requires: the versions
installed beside this Python, with the dependencies that their metadata declare. A stub
is links to the folders of its own distribution, so that an environment made of stubs
imports what its file asks for and nothing else. Nothing is downloaded.

Solving, installing, activating and running are real; packages and the command are not.
"""

import asyncio
import io
import json
import os
import platform
import sys
import tarfile
from collections import defaultdict
from importlib import metadata
from pathlib import Path, PurePosixPath

import rattler.index
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# Of a package by path: bytes, or where a link goes.
Content = dict[str, bytes | str | Path]

HERE = Path(__file__).parent
ENVS = sorted(HERE.parents[1].glob("envs/*.yaml"))
# What conda-forge calls otherwise.
CALLED = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
INTERPRETER = Path(sys.executable).resolve()
SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
# With PYTHON_STARTS set, a Python of an environment notes that it was started.
NOTES_STARTS = """\
import os
import sys

if "PYTHON_STARTS" in os.environ:
    with open(os.environ["PYTHON_STARTS"], "a") as file:
        file.write(f"{sys.prefix}\\t{sys.orig_argv[-1]}\\n")
"""
ACTIVATE = 'export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n'


def main(folder: Path) -> None:
    """Channels ``FOLDER/conda-forge`` and ``bioconda``, commands in ``FOLDER/bin``."""
    packages = required(named())
    owned = links(packages)
    for channel in ("conda-forge", "bioconda"):
        (folder / channel / "noarch").mkdir(parents=True)
    noarch = folder / "conda-forge/noarch"
    write_python(noarch)
    for name, package in packages.items():
        depends = ["python"]
        depends += [f"{called(r.name)} {r.specifier}".strip() for r in needs(package)]
        here = noarch if name != "snakemake" else folder / "bioconda/noarch"
        own = {f"{SITE}/{path}": package.locate_file(path) for path in owned[name]}
        write(here, called(name), package.version, depends, own)
    for channel in ("conda-forge", "bioconda"):
        asyncio.run(rattler.index.index_fs(folder / channel))
    (folder / "bin").mkdir()
    (folder / "bin/activate").write_text(ACTIVATE)
    text = (HERE / "stand_in.py").read_text()
    (folder / "bin/conda").write_text(f"#!{sys.executable}\n{text}")
    (folder / "bin/conda").chmod(0o755)


def named() -> set[str]:
    """Distributions that the environments ask for."""
    distributions = {conda: name for name, conda in CALLED.items()}
    files = [yaml.safe_load(file.read_text()) for file in ENVS]
    names = {item.split()[0] for file in files for item in file["dependencies"]}
    return {distributions.get(name, name) for name in names - {"python"}}


def called(distribution: str) -> str:
    """What conda calls a distribution."""
    name = canonicalize_name(distribution)
    return CALLED.get(name, name)


def needs(package: metadata.Distribution) -> list[Requirement]:
    """What a package requires here, without extras."""
    declared = map(Requirement, package.requires or [])
    return [r for r in declared if not r.marker or r.marker.evaluate({"extra": ""})]


def required(names: set[str]) -> dict[str, metadata.Distribution]:
    """Distributions by name, with all that they require."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found[name] = metadata.distribution(name)
            waiting += [requirement.name for requirement in needs(found[name])]
    return found


def links(packages: dict[str, metadata.Distribution]) -> dict[str, set[PurePosixPath]]:
    """By package, the topmost paths of site-packages that are its alone.

    A folder that several share is followed down until each has its own.
    """
    installed = {
        name: [PurePosixPath(f) for f in package.files if f.parts[0] != ".."]
        for name, package in packages.items()
    }
    owners = defaultdict(set)
    for name, files in installed.items():
        for file in files:
            for path in (file, *file.parents):
                owners[path].add(name)
    return {
        name: {
            next(p for p in (*reversed(file.parents), file) if owners[p] == {name})
            for file in files
        }
        for name, files in installed.items()
    }


def write_python(noarch: Path) -> None:
    """An interpreter that is a link: what it is installed to is a venv."""
    home = f"home = {INTERPRETER.parent}\ninclude-system-site-packages = false\n"
    content = {
        "pyvenv.cfg": home.encode(),
        f"{SITE}/sitecustomize.py": NOTES_STARTS.encode(),
        "bin/python": INTERPRETER,
        "bin/python3": "python",
    }
    write(noarch, "python", platform.python_version(), [], content)


def write(
    folder: Path, name: str, version: str, depends: list[str], content: Content
) -> None:
    """One package of no platform, build 0."""
    index = {
        "name": name,
        "version": Version(version).public,  # torch 2.13.0+cpu stands for 2.13.0
        "build": "0",
        "build_number": 0,
        "depends": depends,
        "subdir": "noarch",
    }
    paths = [
        {
            "_path": path,
            "path_type": "hardlink" if isinstance(data, bytes) else "softlink",
        }
        for path, data in content.items()
    ]
    about = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": paths}).encode(),
        "info/files": "\n".join(content).encode(),
    }
    file = folder / f"{name}-{index['version']}-0.tar.bz2"
    with tarfile.open(file, "w:bz2") as archive:
        for path, data in {**about, **content}.items():
            entry = tarfile.TarInfo(path)
            if isinstance(data, bytes):
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
            else:
                entry.type, entry.linkname = tarfile.SYMTYPE, str(data)
                archive.addfile(entry)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
    # py-rattler's threads now and then abort a normal exit.
    os._exit(0)
