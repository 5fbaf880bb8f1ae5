"""What is predicted of a track, in words."""

from __future__ import annotations

from collections.abc import Sequence

MEANINGS = {
    "mean0": "mean {slave} intensity above its start level",
    "max0": "largest {slave} intensity of three frames, above its start level",
    "half": "{slave} intensity of the track's second half minus that of its first",
    "sig_mean": "mean {slave} intensity of the frames in which {slave} is "
    "significantly bright",
}


def meaning(target: str, channels: Sequence[str]) -> str:
    """A target of tracks (:data:`awd.cells.study.targets.TARGETS`) for a reader.

    Examples
    --------
    >>> meaning("half", ["clathrin", "auxilin"]).partition(" (")[2]
    'in s.d. of its cell), from clathrin alone'
    """
    master, slave = channels[:2]
    found = MEANINGS[target].format(slave=slave)
    return f"{found} (in s.d. of its cell), from {master} alone"
