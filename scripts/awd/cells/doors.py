"""Every file of every cell is opened before the first job, and all that fail are named.

What is read here is what files say of themselves, and a few of their frames or rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awd.errors import AwdError, DataError
from awd.log import log

SHOWN = 5  # cells whose errors are written out


def require_open(
    kind: str,
    settings: Mapping[str, Mapping[str, Any]],
    bad_cell: str = "stop",
    slave: bool = True,
) -> None:
    """Try the files of all cells.

    Parameters
    ----------
    kind : str
        Of their source: ``movies``, ``csv`` ...
    settings : mapping of str to mapping
        By cell, what is said of its files (:meth:`awd.config.sources.CellSource.told`).
    bad_cell : {"stop", "skip"}
        Whether one that cannot be opened ends the run, or is only named.
    slave : bool
        Whether a second channel is needed.

    Raises
    ------
    DataError
        Listing the cells that cannot be opened, and why; with ``skip`` where none can.
    """
    reasons = {}
    for cell, of_cell in settings.items():
        try:
            _open(kind, cell, dict(of_cell), slave)
        except AwdError as error:
            reasons[cell] = str(error)
    if not reasons:
        return
    if bad_cell == "skip" and len(reasons) < len(settings):
        for cell, reason in reasons.items():
            log.warning("%s will be left out: %s", cell, reason)
        return
    listed = "".join(
        f"\n  {cell}: {reason}" for cell, reason in list(reasons.items())[:SHOWN]
    )
    more = f"\n  and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    raise DataError(
        f"{len(reasons)} of {len(settings)} cells cannot be opened:{listed}{more}"
    )


def _open(kind: str, cell: str, settings: dict[str, Any], slave: bool) -> None:
    # Whoever only asks what a workflow would do does not load them.
    from awd.cells import region
    from awd.cells.movie import open_movie
    from awd.cells.readers import by_kind

    mask = settings.pop("mask", None)
    if kind == "movies":
        movie = open_movie(*settings.pop("files"), **settings)
        region.of_movie(mask, movie)
        return
    by_kind.peek(kind, cell, settings, slave)
    if mask is not None:
        region.read(mask, None)
