"""What is in a TIFF file: planes by axis, which were written, what it says of itself.

Read through tifffile: plain stacks, ImageJ, OME-TIFF, Micro-Manager's stacks and
NDTiff, MetaMorph STK, Zeiss LSM. A file may be a part of several that belong together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awd import extras, integrity, io
from awd.cells.readers import completeness, metadata
from awd.cells.readers.calibration import Calibration
from awd.errors import DataError

if TYPE_CHECKING:
    import tifffile

AGAIN = "copy it again, or export it as OME-TIFF"
TIME = "TIQ"  # I and Q are how a plain stack's only axis is called


@dataclass(frozen=True)
class Recording:
    """Planes of one file, or of a set of files, and what these say.

    Parameters
    ----------
    name : str
        For errors.
    lengths : dict of str to int
        Of every axis but Y and X, by its letter, in the order of the planes: T time, C
        channel, Z, R position.
    shape : tuple of int
        Height and width, px.
    dtype : dtype
    written : array of bool of shape ``(*lengths)``
        Whether a plane was written.
    in_file : array of bool of shape ``(*lengths)``
        Whether it stands in the file that was named.
    read : callable
        Number of a plane to its array.
    calibration : Calibration
    """

    name: str
    lengths: dict[str, int]
    shape: tuple[int, int]
    dtype: np.dtype
    written: np.ndarray
    in_file: np.ndarray
    read: Callable[[int], np.ndarray]
    calibration: Calibration

    @property
    def axes(self) -> str:
        """Its axes for errors: ``T 10, C 2, Y 512, X 512``."""
        lengths = {**self.lengths, "Y": self.shape[0], "X": self.shape[1]}
        return ", ".join(f"{letter} {n}" for letter, n in lengths.items())


def read_tiff(
    path: io.PathLike,
    axes: str | None = None,
    series: int | None = None,
    whole_set: bool = False,
) -> Recording:
    """Open a TIFF file.

    Parameters
    ----------
    path : path
    axes : str, optional
        Its axes, where they are not what the file says.
    series : int, optional
        Which of several series of images, or of several positions.
    whole_set : bool
        Whether all files of a set were named, and not one of them.

    Raises
    ------
    MissingInput
        The file, or the package that reads it, is not there.
    DataError
        It is no TIFF, truncated or corrupt, or holds several series.
    """
    with extras.needed("reading movies"):
        import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # said here in full
    path = io.unbroken(path)
    with io.readable(path, "TIFF", AGAIN):
        file = tifffile.TiffFile(path)
        completeness.require_closed(path, file)
        chosen, rest = _series(path, file, series)
        completeness.require_inside(path, chosen)
        completeness.require_all_listed(path, file, chosen)
        completeness.require_all_used(path, file)
        lengths, shape = _axes(path, chosen.axes, chosen.shape, axes)
        calibration = metadata.calibration(file, chosen)
    if chosen.dtype is None or chosen.dtype.kind not in "uif":
        raise DataError(f"{path}: pixels are {chosen.dtype}; expected numbers")
    count = int(np.prod([*lengths.values()], dtype=int))
    integrity.require_room(path, count * int(np.prod(shape)) * chosen.dtype.itemsize)
    with io.readable(path, "TIFF", AGAIN):
        read, written, in_file = _planes(path, file, chosen, shape, count)
    form = tuple(lengths.values())
    found = Recording(
        f"{path}",
        lengths,
        shape,
        chosen.dtype,
        written.reshape(form),
        in_file.reshape(form),
        read,
        calibration,
    )
    return _position(found, rest, whole_set)


def _series(
    path: Path, file: tifffile.TiffFile, wanted: int | None
) -> tuple[tifffile.TiffPageSeries, int | None]:
    """The series that is meant, and what ``wanted`` still has to choose in it."""
    first, *others = every = list(file.series)
    plane = first.shape[-2:]
    if first.kind == "lsm":  # thumbnails stand beside the images
        others = []
    movies = [s for s in others if s.shape[-2:] == plane or len(s.pages) > 1]
    if not movies:
        return first, wanted
    movies = [first, *movies]
    if wanted is not None:
        if wanted not in range(len(every)):
            raise DataError(
                f"{path}: no series {wanted}; there are {len(every)}, counted from 0"
            )
        return every[wanted], None
    # Of a set in several files, the series of the file that was named.
    mine = [s for s in movies if _all_in(path, s)]
    if len(mine) == 1 and any(s.is_multifile or not _any_in(path, s) for s in movies):
        return mine[0], None
    names = ", ".join(
        f"{every.index(s)} {s.name!r} ({s.axes} {s.shape})" for s in movies[:4]
    )
    more = f" and {len(movies) - 4} more" if len(movies) > 4 else ""
    raise DataError(
        f"{path}: holds {len(movies)} series of images: {names}{more}; a movie is one: "
        "say which by series: 0, say"
    )


def _all_in(path: Path, series: tifffile.TiffPageSeries) -> bool:
    return {*completeness.files_of(series)} == {path.name}


def _any_in(path: Path, series: tifffile.TiffPageSeries) -> bool:
    return path.name in completeness.files_of(series)


def _position(found: Recording, wanted: int | None, whole_set: bool) -> Recording:
    """A recording of one position, of several that a file or a set of files holds."""
    count = found.lengths.get("R", 1)
    at = list(found.lengths).index("R") if "R" in found.lengths else None
    if at is None or count == 1:
        if wanted:
            raise DataError(
                f"{found.name}: no series {wanted}; it holds one ({found.axes}): leave "
                "series out"
            )
        return found
    others = tuple(k for k in range(found.written.ndim) if k != at)
    mine = np.flatnonzero(found.in_file.any(others))
    # A file a position, and one was named.
    if wanted is None and len(mine) == 1 and not whole_set:
        wanted = int(mine[0])
    if wanted is None or not 0 <= wanted < count:
        raise DataError(
            f"{found.name}: holds {count} positions ({found.axes}); a cell is one of "
            f"them: say which by series: 0 to {count - 1}"
        )
    numbers = (
        np.arange(found.written.size).reshape(found.written.shape).take(wanted, at)
    )
    plane, read = numbers.ravel(), found.read
    return Recording(
        found.name,
        {letter: n for letter, n in found.lengths.items() if letter != "R"},
        found.shape,
        found.dtype,
        found.written.take(wanted, at),
        found.in_file.take(wanted, at),
        lambda index: read(int(plane[index])),
        found.calibration,
    )


def _axes(
    path: Path, of_file: str, shape: tuple[int, ...], given: str | None
) -> tuple[dict[str, int], tuple[int, int]]:
    """Lengths of T, C, Z and R, and height and width; refuses other axes."""
    axes = (of_file if given is None else given).upper()
    got = f"{path}: axes {axes} of lengths {shape}"
    if len(axes) != len(shape):
        raise DataError(f"{got}: one letter an axis is needed; correct `axes`")
    by_file = dict(zip(of_file.upper(), shape, strict=True))
    lengths: dict[str, int] = {}
    for letter, was, length in zip(axes, of_file.upper(), shape, strict=True):
        letter = "T" if letter in TIME and "T" not in lengths else letter
        if letter == "S" and length > 1:
            raise DataError(
                f"{got}: S means colours (RGB), which hold no counts; export the "
                "channels as grey values"
            )
        if letter not in "TCYXZR" and length > 1:
            raise DataError(
                f"{got}: {letter} is neither time, channel nor place; if it is time, "
                f"give axes='{axes.replace(letter, 'T')}', or export one plane of it"
            )
        if letter in lengths:
            raise DataError(f"{got}: {letter} stands there twice; correct `axes`")
        if letter == "T" and was == "Z" and by_file.get("T", 1) > 1:
            raise DataError(
                f"{got}: the file says {of_file}: time has {by_file['T']} frames and Z "
                f"{by_file['Z']} planes; take one of these, or their maximum: z: 0, "
                "say, or z: max, in place of axes"
            )
        if letter in "TCYXZR":
            lengths[letter] = length
    if list(lengths)[-2:] != ["Y", "X"]:
        raise DataError(f"{got}: the last two must be Y and X; give axes='TYX', say")
    x, y = lengths.popitem()[1], lengths.popitem()[1]
    if lengths.get("T", 1) == 1 and lengths.get("Z", 1) > 1 and not given:
        raise DataError(
            f"{got}: Z means depth, and there is no time; if it is time, give "
            f"axes='{axes.replace('T', '').replace('Z', 'T')}', or export one plane"
        )
    return lengths, (y, x)


def _planes(
    path: Path,
    file: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    shape: tuple[int, int],
    count: int,
) -> tuple[Callable[[int], np.ndarray], np.ndarray, np.ndarray]:
    """Function of the number of a plane, which of them are there, and in this file."""
    every = np.ones(count, bool)
    if series.dataoffset is not None and not series.is_multifile:
        dtype = np.dtype(series.dtype).newbyteorder(file.byteorder)
        pixels, start = shape[0] * shape[1], series.dataoffset
        if path.stat().st_size < start + count * pixels * dtype.itemsize:
            raise DataError(
                f"{path}: shorter than its {count} planes; the file is truncated: copy "
                "it again"
            )
        file.close()

        def read(index: int) -> np.ndarray:
            offset = start + index * pixels * dtype.itemsize
            return np.fromfile(path, dtype, pixels, offset=offset).reshape(shape)

        return read, every, every
    pages = list(series.pages)
    held = count // max(len(pages), 1)  # planes of a page: channels may stand in it
    written = np.array([completeness.is_whole(page) for page in pages])
    if not written.all():
        completeness.require_stopped(path, file)
    for page in pages:
        if page is not None and page.parent.filehandle.closed:
            page.parent.filehandle.open()  # of other files of the set, until the end
    here = [page is not None and page.parent.filename == path.name for page in pages]

    def read_page(index: int) -> np.ndarray:
        page = pages[index // held]
        if page is None:
            raise DataError(f"{path}: plane {index} was never written")
        image = page.asarray()
        return image.reshape(held, *shape)[index % held] if held > 1 else image

    return read_page, np.repeat(written, held), np.repeat(here, held)
