"""Whether a run is alone in its working directory, and the locks of a dead run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import IO


def alone(folder: Path) -> IO[str]:
    """Remove the locks that a killed run left; to be held as long as a run lives.

    Snakemake's locks are files, which outlive a SIGKILL or a power cut: the next run
    would be refused. A lock of the kernel dies with its process. A run that gets it
    is alone, and removes the files; else they stay, and Snakemake refuses to begin.

    Parameters
    ----------
    folder : Path
        ``.snakemake`` of the working directory.
    """
    import fcntl

    folder.mkdir(exist_ok=True)
    held = open(folder / "alive.lock", "w")  # noqa: SIM115
    # Some network file systems know no such locks: then all is as Snakemake leaves it.
    with contextlib.suppress(OSError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for stale in (folder / "locks").glob("*.lock"):
            stale.unlink()
    return held
