"""Movies that stand in many files: folders, patterns, a file a frame.

What a user names is a file, a folder, or a pattern with ``*``. Which files these are,
and in what order, is decided by the numbers in their names and refused where the names
leave a choice.
"""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from awd import io
from awd.cells.readers import metadata
from awd.cells.readers.tiff import Recording, read_tiff
from awd.errors import DataError, MissingInput

TIFF = {".tif", ".tiff", ".stk", ".lsm", ".btf", ".tf8"}
NDTIFF = "NDTiff.index"
SHOWN = 4  # patterns that are named
OPEN = 8  # files of a sequence that stay open


def files_of(named: str) -> list[str]:
    """The files that a name of the configuration means; itself where it is a file.

    Raises
    ------
    MissingInput, DataError
        Nothing is there, or a folder holds no TIFF.
    """
    path = Path(named)
    if path.is_dir():
        inside = sorted(str(file) for file in path.iterdir() if _is_tiff(file))
        if not inside:
            raise DataError(
                f"{named}: no TIFF file in this folder; name a file, a folder with the "
                "frames of one channel, or a pattern such as folder/*_w1_*.tif"
            )
        return inside
    if glob.has_magic(named) and not path.exists():
        inside = sorted(glob.glob(named))
        if not inside:
            raise MissingInput(f"{named}: no file has a name of this pattern")
        return inside
    return [named]


def is_plain(named: str) -> bool:
    """Whether a name is that of a file, and no folder or pattern."""
    return not (Path(named).is_dir() or glob.has_magic(named))


def _is_tiff(file: Path) -> bool:
    return file.suffix.lower() in TIFF and not file.name.startswith(".")


def read(
    named: io.PathLike, axes: str | None = None, series: int | None = None
) -> Recording:
    """Open what a user named: a file, a folder or a pattern.

    Raises
    ------
    MissingInput, DataError
        As :func:`awd.cells.readers.tiff.read_tiff`; and where the names of several
        files leave open which are the frames of one channel.
    """
    files = files_of(str(named))
    if len(files) == 1:
        return read_tiff(files[0], axes, series)
    first = read_tiff(files[0], axes, series, whole_set=True)
    if not first.in_file.all() or (Path(files[0]).parent / NDTIFF).exists():
        return first  # a set that tells itself what belongs together
    ordered = in_order(str(named), files)
    if first.written.size > 1:
        return _joined(str(named), [read_tiff(file, axes, series) for file in ordered])
    return _of_frames(str(named), ordered, first)


def in_order(named: str, files: Sequence[str]) -> list[str]:
    """Files by the one number that differs in their names.

    Raises
    ------
    DataError
        Their names differ in more than that, or a number is missing.
    """
    parts = [re.split(r"(\d+)", Path(file).name) for file in files]
    texts = {tuple(part[::2]) for part in parts}
    if len(texts) > 1:
        kinds = sorted("*".join(text) for text in texts)
        raise _several(named, kinds)
    numbers = np.array([[int(n) for n in part[1::2]] for part in parts], dtype=object)
    varies = [k for k in range(numbers.shape[1]) if len(set(numbers[:, k])) > 1]
    if len(varies) != 1:
        least = min(varies, key=lambda k: len(set(numbers[:, k])), default=0)
        kinds = sorted({_with_one(part, least) for part in parts})
        raise _several(named, kinds)
    moment = numbers[:, varies[0]].astype(int)
    order = np.argsort(moment, kind="stable")
    steps = np.diff(moment[order])
    if (steps != steps[0]).any():
        at = int((steps != np.median(steps)).argmax())
        before, after = (Path(files[order[k]]).name for k in (at, at + 1))
        raise DataError(
            f"{named}: after {before} comes {after}: a frame between is missing, or "
            "another movie's stands there; complete the sequence or narrow the pattern"
        )
    return [files[k] for k in order]


def _with_one(part: Sequence[str], keep: int) -> str:
    """A pattern in which one number of a name stands, and the others do not."""
    return "".join(
        text if k % 2 == 0 or k // 2 == keep else "*" for k, text in enumerate(part)
    )


def _several(named: str, kinds: Sequence[str]) -> DataError:
    more = f" and {len(kinds) - SHOWN} more" if len(kinds) > SHOWN else ""
    return DataError(
        f"{named}: these files are more than the frames of one channel; name a pattern "
        f"for each channel: {', '.join(kinds[:SHOWN])}{more}"
    )


def _of_frames(named: str, files: Sequence[str], first: Recording) -> Recording:
    """A sequence of files with one plane each."""
    written = np.ones(len(files), bool)
    _require_alike(files, first)

    @lru_cache(OPEN)  # channels are read in turn
    def opened(index: int) -> Recording:
        return _one_plane(files[index], first)

    return Recording(
        named,
        {"T": len(files)},
        first.shape,
        first.dtype,
        written,
        written,
        lambda index: opened(index).read(0),
        metadata.of_sequence(files, first.calibration),
    )


def _one_plane(file: str, first: Recording) -> Recording:
    """A file of a sequence, whose first file has one plane."""
    recording = read_tiff(file)
    if recording.written.size > 1 or recording.shape != first.shape:
        raise DataError(
            f"{file}: has {recording.axes}, and the first file, {first.name}, "
            f"{first.axes}; a sequence has a plane of one size a file"
        )
    return recording


def _require_alike(files: Sequence[str], first: Recording) -> None:
    """Open what may have another plane; files of as many bytes as the first do not."""
    usual = Path(files[0]).stat().st_size
    for file in files:
        if Path(file).stat().st_size != usual:
            _one_plane(file, first)


def _joined(named: str, parts: Sequence[Recording]) -> Recording:
    """Parts of a movie one after the other, each with several frames."""
    first = parts[0]
    for part in parts:
        rest = [{**p.lengths, "T": 1} for p in (first, part)]
        if rest[0] != rest[1] or part.shape != first.shape:
            raise DataError(
                f"{named}: {first.name} has {first.axes} and {part.name} {part.axes}; "
                "parts of a movie have the same axes but for time"
            )
    if next(iter(first.lengths)) != "T" and len(first.lengths) > 1:
        raise DataError(
            f"{named}: {first.axes}: parts of a movie are joined where time is the "
            "first axis; export it as one file"
        )
    sizes = [part.written.size for part in parts]
    starts = list(itertools.accumulate(sizes, initial=0))

    def read_part(index: int) -> np.ndarray:
        k = int(np.searchsorted(starts, index, side="right")) - 1
        return parts[k].read(index - starts[k])

    return Recording(
        named,
        {**first.lengths, "T": sum(part.lengths.get("T", 1) for part in parts)},
        first.shape,
        first.dtype,
        np.concatenate([part.written for part in parts]),
        np.concatenate([part.in_file for part in parts]),
        read_part,
        first.calibration,
    )
