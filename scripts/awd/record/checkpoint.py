"""Finished work of a killed job, stored beside its log for the job that repeats it.

A failed job loses its declared outputs, so checkpoints are none. They lie beside the
job's log in a folder named by the digest of its data, settings, code and packages: no
job continues another experiment. A finished job removes all of them.

A checkpoint is one safetensors file: arrays, and a JSON record as its metadata. It is
written under another name and renamed, and not before :func:`every_s` seconds of work:
short jobs write none and read nothing.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from awd import io
from awd.errors import ConfigError
from awd.log import log, progress
from awd.record import provenance

T = TypeVar("T")
Arrays = dict[str, np.ndarray]

SECONDS = "AWD_CHECKPOINT_SECONDS"


def every_s() -> float:
    """Seconds of work that a kill may cost: AWD_CHECKPOINT_SECONDS, or else 30.

    Of the environment, not of the configuration: it changes no result.
    """
    text = os.environ.get(SECONDS, "30")
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"{SECONDS} is {text!r}; expected a number") from error


class Job:
    """Checkpoints of one job.

    Parameters
    ----------
    log : path
        Of its log file; checkpoints are beside it.
    data : iterable of paths
        Files that it reads; their content counts.
    settings : mapping
        All else that decides the numbers: parameters, seed, digest of the code, device.
    """

    def __init__(
        self,
        log: io.PathLike,
        data: Iterable[io.PathLike],
        settings: Mapping[str, Any],
    ) -> None:
        self.place = Path(log).with_suffix(".checkpoint")
        self.data, self.settings = tuple(data), settings

    @functools.cached_property
    def digest(self) -> str:
        """Of all that decides the numbers; reads the data."""
        known = {**self.settings, "versions": provenance.versions()}
        digest = hashlib.sha256(io.dumps(known).encode())
        for path in self.data:
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:16]

    def of(self, name: str) -> Checkpoint:
        """The checkpoint of a named part of the job's work."""
        return Checkpoint(self, name)

    def done(self) -> None:
        """Remove all checkpoints of the job: its outputs are written."""
        shutil.rmtree(self.place, ignore_errors=True)


class Checkpoint:
    """State of a part of a job, or its finished pieces; made by :meth:`Job.of`.

    Attributes
    ----------
    due : bool
        Whether there is work of :func:`every_s` seconds that a kill would cost.
    """

    def __init__(self, job: Job, name: str) -> None:
        self.job, self.name = job, name
        self.saved, self.written = time.monotonic(), 0

    @property
    def due(self) -> bool:
        return time.monotonic() - self.saved >= every_s()

    def load(self, key: str = "state") -> tuple[Arrays, dict[str, Any]] | None:
        """Arrays and record as saved; None if there are none, or they are damaged."""
        from safetensors import SafetensorError, safe_open

        # First without the digest, which would read all data.
        if not self.job.place.exists() or not (path := self._path(key)).exists():
            return None
        try:
            with safe_open(path, "np") as file:
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                record = json.loads((file.metadata() or {}).get("record", "{}"))
        except (SafetensorError, ValueError, KeyError, OSError) as error:
            damage = str(error)
        else:
            own = record.pop("checksum", None) if isinstance(record, dict) else None
            if own == _checksum(arrays, record):
                return arrays, record
            damage = "its checksum is another"
        log.warning("%s is damaged (%s): this part begins anew", path, damage)
        return None

    def save(
        self,
        arrays: Arrays,
        record: Mapping[str, Any] | None = None,
        key: str = "state",
    ) -> None:
        """Write arrays and a record, in place of those of the same key."""
        from safetensors.numpy import save_file

        full = {**(record or {}), "checksum": _checksum(arrays, record or {})}
        with io.replacing(self._path(key)) as temporary:
            save_file(arrays, temporary, {"record": io.dumps(full)})
        self.saved = time.monotonic()

    def pieces(self) -> list[np.ndarray]:
        """The pieces that :meth:`keep` wrote, in order, up to the first damaged one."""
        found: list[np.ndarray] = []
        while loaded := self.load(str(len(found))):
            arrays = loaded[0]
            found += [arrays[str(k)] for k in range(len(arrays))]
        if found:
            log.info("%s: resumed after %d pieces", self.name, len(found))
        self.written = len(found)
        return found

    def keep(self, pieces: Sequence[np.ndarray]) -> None:
        """Write the finished pieces that are not written yet, when it is due."""
        if self.due:
            fresh = enumerate(pieces[self.written :])
            arrays = {str(k): np.array(piece, order="C") for k, piece in fresh}
            self.save(arrays, key=str(self.written))
            self.written = len(pieces)

    def _path(self, key: str) -> Path:
        return self.job.place / self.job.digest / self.name / f"{key}.safetensors"


def mapped(
    work: Callable[[T], np.ndarray],
    items: Sequence[T],
    name: str,
    checkpoint: Checkpoint | None = None,
) -> list[np.ndarray]:
    """``[work(item) for item in items]``; what a killed job had done is only read.

    Parameters
    ----------
    work : callable
        Each array depends on its item alone.
    items : sequence
    name : str
        Name of the progress in the log.
    checkpoint : Checkpoint, optional
    """
    done = checkpoint.pieces() if checkpoint else []
    for item in progress(items[len(done) :], name):
        done.append(work(item))
        if checkpoint:
            checkpoint.keep(done)
    return done


def _checksum(arrays: Arrays, record: Mapping[str, Any]) -> int:
    total = zlib.crc32(io.dumps(record).encode())
    for name, array in sorted(arrays.items()):
        total = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), total)
        total = zlib.crc32(np.array(array, order="C").data, total)
    return total
