"""Which runs live in a working directory, and the locks of dead ones."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
from pathlib import Path
from typing import IO


def joined(folder: Path) -> tuple[IO[str], list[str]]:
    """Remove the locks that a killed run left, unless others live.

    Snakemake's locks are files, which outlive a SIGKILL or a power cut: the next run
    would be refused. A lock of the kernel dies with its process. Every run shares one;
    a run that can have it for itself is alone, and removes the files. Else they stay,
    and Snakemake refuses a run that would make the files of another one.

    Parameters
    ----------
    folder : Path
        ``.snakemake`` of the working directory.

    Returns
    -------
    held : file
        To be held as long as the run lives.
    others : list of str
        Runs that live there, each by process and start.
    """
    import fcntl

    folder.mkdir(exist_ok=True)
    held = open(folder / "alive.lock", "a+")  # noqa: SIM115
    # Some network file systems know no such locks: then all is as Snakemake leaves it.
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            held.truncate(0)
            for stale in (folder / "locks").glob("*.lock"):
                stale.unlink()
        fcntl.flock(held, fcntl.LOCK_SH)
    held.seek(0)
    others = [line.strip() for line in held if _lives(line)]
    start = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    held.write(f"process {os.getpid()} on {platform.node()}, since {start}\n")
    held.flush()
    return held, others


def _lives(line: str) -> bool:
    """Whether a process is there; of another machine's nothing is known."""
    words = line.replace(",", "").split()
    if len(words) < 4 or not words[1].isdigit():
        return False
    if words[3] != platform.node():
        return True
    try:
        os.kill(int(words[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return int(words[1]) != os.getpid()
