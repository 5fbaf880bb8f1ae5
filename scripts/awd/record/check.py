"""Whether every file of a run is what its manifest says; what to remove if not."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from awd import integrity, io
from awd.errors import AwdError, DataError

MISSING, ANOTHER = "is missing", "is not what the run made: its SHA-256 is another"
CHANGED = "is not what the run read: its SHA-256 is another"
CRATE = "ro-crate-metadata.json"  # made after the manifest, which does not know it
UNSEALED = "does not hold the checksum of its file"


def run(folder: io.PathLike, fix: bool = False) -> dict[str, str]:
    """Compare every file of a finished run with the manifest.

    Parameters
    ----------
    folder : path
        Of the run, ``results/NAME``; the manifest's paths begin where it was run.
    fix : bool
        Remove what is wrong, all that was made of it, and the manifest, so that a plain
        run makes them anew; files that users brought are left as they are. A wrong
        checksum beside a right file is written anew.

    Returns
    -------
    dict of str to str
        What is wrong, by file; empty if nothing is.

    Raises
    ------
    MissingInput
        There is no manifest: the run did not end.
    DataError
        The manifest is damaged or is none.
    """
    folder = Path(folder).resolve()
    path = folder / "manifest.json"
    record = _manifest(path, fix)
    base = _begun_in(folder, record)
    wrong = dict(_differing(base, record["outputs"], ANOTHER))
    damaged = set(wrong)
    wrong |= _differing(base, record["inputs"], CHANGED)
    wrong |= _crate(folder / CRATE, base, fix)
    right = [name for name in record["outputs"] if name not in damaged]
    beside = [name for name in right if _is_unsealed(base / name)]
    if fix:
        for name in beside:
            integrity.seal_beside(base / name)
        if damaged:
            made = [base / name for name in _made_of(damaged, record["jobs"])]
            for gone in [*made, path]:
                integrity.beside_of(gone).unlink(missing_ok=True)
                gone.unlink(missing_ok=True)
    return wrong | {str(integrity.beside_of(Path(name))): UNSEALED for name in beside}


def _manifest(path: Path, fix: bool) -> dict[str, Any]:
    io.existing(path, "a run that has ended has one; run it to its end")
    try:
        record = io.read_json(path)
        if not all(
            isinstance(record.get(key), dict)
            for key in ("config", "inputs", "outputs", "jobs")
        ):
            raise DataError(f"{path}: is no manifest of a run; {integrity.REMEDY}")
    except DataError:
        if fix:
            path.unlink()
        raise
    return record


def _begun_in(folder: Path, record: Mapping[str, Any]) -> Path:
    """Where the run began: the manifest's paths lead from there."""
    for name in record["outputs"]:
        parents = [Path(name), *Path(name).parents]
        for depth, parent in enumerate(reversed(parents[:-1]), 1):
            if parent.name == folder.name and parent.parent.name == "results":
                return folder.parents[depth - 1]
    raise DataError(
        f"{folder}: its manifest lists no file of results/{folder.name}; the folder "
        f"was renamed, or the manifest is another run's ({record['config'].get('run')})"
    )


def _differing(
    base: Path, hashes: Mapping[str, str], what: str
) -> Iterable[tuple[str, str]]:
    for name, expected in hashes.items():
        path = base / name
        if not path.is_file():
            yield name, MISSING
        elif integrity.sha256(path) != expected:
            yield name, what


def _crate(path: Path, base: Path, fix: bool) -> dict[str, str]:
    """What is wrong with the crate, by the checksum beside it."""
    try:
        if path.is_file():
            integrity.require_unbroken(path)
    except DataError:
        if fix:
            integrity.beside_of(path).unlink(missing_ok=True)
            path.unlink()
        return {path.relative_to(base).as_posix(): ANOTHER}
    return {}


def _is_unsealed(path: Path) -> bool:
    """Whether the checksum beside a file is not there, or is another."""
    beside = integrity.beside_of(path)
    if not beside.is_file():
        return path.suffix in integrity.BESIDE
    return beside.read_bytes() != integrity.line_beside(path).encode()


def _made_of(damaged: set[str], jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Some files and all that jobs made of them, or together with them."""
    found, before = set(damaged), -1
    while len(found) > before:
        before = len(found)
        for job in jobs.values():
            if found & {*job["inputs"], *job["outputs"]}:
                found |= set(job["outputs"])
    return sorted(found)


def main() -> None:
    """``python -m awd.record.check results/NAME [--fix]``: exit code 1 if wrong."""
    folder, *how = sys.argv[1:]
    fix = "--fix" in how
    try:
        wrong = run(folder, fix)
    except AwdError as error:
        again = "; it was removed, run again" * (fix and isinstance(error, DataError))
        sys.exit(f"{error}{again}")
    for name, what in wrong.items():
        print(f"{name}: {what}")
    if not wrong:
        print(f"{folder}: every file is what its manifest says")
    elif fix:
        print("removed with all that was made of it; a plain run makes it anew")
    else:
        print("FIX=1 removes it with all that was made of it, for a plain run to make")
    sys.exit(bool(wrong) and not fix)


if __name__ == "__main__":
    main()
