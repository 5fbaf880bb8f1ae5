"""What a job says while it runs: its log file, its progress, its error."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from awd.errors import AwdError

T = TypeVar("T")

log = logging.getLogger("awd")


def log_to(path: str | Path | None) -> None:
    """Send the library's log and warnings to a file, or to the terminal if None.

    An error that ends the program goes to the log with its traceback; the terminal
    shows only the message of an error that the user can mend.
    """
    handler = logging.FileHandler(path, "w") if path else logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.captureWarnings(True)
    for logger in (log, logging.getLogger("py.warnings")):
        logger.handlers = [handler]
        logger.propagate = False
    log.setLevel(logging.INFO)
    sys.excepthook = _log_uncaught


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    log.error("stopped", exc_info=(kind, error, trace))
    if isinstance(error, AwdError):
        print(f"{kind.__name__}: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def progress(items: Iterable[T], name: str, total: int | None = None) -> Iterator[T]:
    """Iterate with a bar on a terminal, or one log line per tenth otherwise."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, name, total=total, leave=None)  # inner ones go
        return
    if not total and isinstance(items, Sized):
        total = len(items)
    start, tenths = time.monotonic(), 0
    for done, item in enumerate(items, 1):
        yield item
        if total and done * 10 // total > tenths:
            tenths = done * 10 // total
            log.info("%s: %d/%d, %.0f s", name, done, total, time.monotonic() - start)
