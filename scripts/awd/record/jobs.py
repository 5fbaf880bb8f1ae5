"""The beginning of every job: where it logs, and that its code stays what it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from awd import io
from awd.errors import ConfigError
from awd.log import log_to
from awd.record import provenance

PACKAGE = Path(__file__).parents[1]


def begin(snakemake: Any) -> None:
    """Log to the job's file, and refuse code that is not what the run was planned with.

    A run takes the digest of every job's code when it is planned; a job imports that
    code later. So the digest is taken again now, when all is imported, and before
    every file is put in its place: else a result would stand under another code's
    digest, and never be made again.

    Parameters
    ----------
    snakemake : object
        That of a script: its ``log`` and ``params`` (``script``, ``code``, ``step``).

    Raises
    ------
    ConfigError
        The code has changed.
    """
    log_to(snakemake.log[0])
    require_same = watched(snakemake.params)
    require_same()
    io.before_replacing = require_same


def watched(params: Any, package: Path = PACKAGE) -> Callable[[], None]:
    """A function that raises once the code of a job is another than at first."""
    script = package.parent / f"{params.script}.py"
    step = getattr(params, "step", "") or ""

    def require_same() -> None:
        now = provenance.code_digest(script, package, step)
        if now != params.code:
            raise ConfigError(
                f"{script.name}, or a module that it uses, was edited while the run "
                f"went on: digest {params.code} when it was planned, {now} now; run "
                "again, and whatever used what was edited is made anew"
            )

    return require_same
