"""Whether a file is what was written, points to nothing else, and fits into memory.

Three questions that come before a file's content. *Checksums*: a netCDF file ends with
a line of its own behind the last byte of HDF5 (which knows where it ends, and reads no
further), so that no damaged structure reaches the HDF5 library: of 1,500 flipped bits,
three made it hang. Parts that HDF5 checks itself when it reads them (chunks with
fletcher32) are left out, so that maps of many gigabytes are not read twice. Formats
that have no room for a checksum, CSV and TIFF, have it in a hidden file beside them, as
``sha256sum -c`` takes it. *Links*: HDF5 can name other files, whose content it shows as
its own; none is followed. *Size*: a few bytes can claim to inflate to terabytes.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from awd.errors import AwdError, DataError, MissingInput

REMEDY = "delete it and run again where a run made it, or else copy it again"
HDF5 = b"\x89HDF\r\n\x1a\n"
MARK = b" awd-seal\n"
LAST = re.compile(rb"\n([0-9]{8})" + MARK)
BLOCK = 1 << 20
BESIDE = (".csv", ".png", ".tif")  # of which a run writes the checksum beside
# What a file may inflate to: 100 times its size, or a gigabyte where that is more, and
# never more than the machine's memory.
INFLATES, ALWAYS = 100, 1 << 30
# How long a trial may take: so many seconds, and one for so many bytes.
LEAST_S, BYTES_PER_S = 60, 100_000

Ranges = Sequence[tuple[int, int]]


@contextlib.contextmanager
def readable(path: str | Path, kind: str, remedy: str = REMEDY) -> Iterator[None]:
    """Name file, cause and remedy of whatever goes wrong when a file is decoded.

    Decoders raise errors of many kinds (RuntimeError, KeyError, OSError, zlib.error),
    and all of them mean that the file is not what it should be.

    Raises
    ------
    DataError
    """
    try:
        yield
    except (AwdError, ImportError):  # a package is missing: the file may be right
        raise
    except Exception as error:
        cause = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DataError(
            f"{path}: not a readable {kind} file ({cause}); it is damaged or of "
            f"another kind: {remedy}"
        ) from error


def seal(path: str | Path) -> None:
    """Put a checksum behind the last byte of an HDF5 file."""
    unchecked = _checked_by_hdf5(path)
    record = {"sha256": _digest(path, unchecked), "unchecked": unchecked}
    text = json.dumps(record).encode()
    with open(path, "ab") as file:
        file.write(b"\n" + text + b"\n%08d awd-seal\n" % len(text))


def require_unbroken(path: str | Path) -> bool:
    """Compare a file with the checksum in it or beside it; False if it has none.

    Raises
    ------
    DataError
        It is another.
    """
    path = Path(path)
    beside = beside_of(path)
    if beside.is_file():
        written = beside.read_bytes().split()[:1]
        if written != [sha256(path).encode()]:
            raise DataError(
                f"{path}: its SHA-256 is not the one in {beside.name}; the file is "
                f"damaged or was edited: {REMEDY}; where it was edited on purpose, "
                f"delete {beside.name}"
            )
    with open(path, "rb") as file:
        return _is_sealed(path, file) or beside.is_file()


def _is_sealed(path: Path, file: IO[bytes]) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(-min(size, 19), os.SEEK_END)
    tail = file.read()
    mark = tail[-len(MARK) :].rjust(len(MARK))
    if sum(a != b for a, b in zip(mark, MARK, strict=True)) > 2:
        return False  # not of ours, or written to by another program since
    with readable(path, "netCDF"):
        last = LAST.fullmatch(tail)
        if not last:
            raise ValueError("its checksum is damaged")
        end = size - 20 - int(last[1])
        file.seek(end + 1)
        record = json.loads(file.read(int(last[1])))
        same = record["sha256"] == _digest(path, record["unchecked"], end)
    if not same:
        raise DataError(
            f"{path}: its content does not fit its checksum; the file is damaged: "
            f"{REMEDY}"
        )
    return True


# Reads a file by a function of the library, for what happens and not for what is found.
TRIAL = """
import importlib, sys
path, module, function, *arguments = sys.argv[1:]
sys.path.insert(0, path)
for _ in getattr(importlib.import_module(module), function)(*arguments): pass
"""


def require_survived(path: str | Path, module: str, function: str, *more: str) -> None:
    """Refuse a file over which its decoder dies or hangs: tried in another process.

    Decoders in C (of MATLAB files, of HDF5) die of some damaged files, and would take
    the job with them; other errors of the trial are left to the reader.

    Parameters
    ----------
    path : path
    module, function : str
        Who reads it: takes the path and ``more``, and returns an iterable.

    Raises
    ------
    DataError
    """
    package = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", TRIAL, package, module, function, str(path), *more]
    limit_s = LEAST_S + Path(path).stat().st_size / BYTES_PER_S
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        how = f"takes more than {limit_s:.0f} s to decode"
    else:
        how = "its decoder dies of it" if done.returncode < 0 else ""
    if how:
        raise DataError(f"{path}: {how}; the file is damaged: copy it again")


def beside_of(path: Path) -> Path:
    """The file that holds the checksum of one that has no room for it."""
    return path.with_name(f".{path.name}.sha256")


def is_beside(path: Path) -> bool:
    """Whether a file is the checksum of another one."""
    return path.name.startswith(".") and path.name.endswith(".sha256")


def seal_beside(path: Path) -> None:
    """Write the checksum of a file beside it."""
    beside_of(path).write_text(line_beside(path), "utf-8")


def line_beside(path: Path) -> str:
    """A file's checksum and name, as ``sha256sum -c`` takes them."""
    return f"{sha256(path)}  {path.name}\n"


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, in one pass and never whole in memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(path: str | Path, unchecked: Ranges, end: int | None = None) -> str:
    """SHA-256 of a file up to ``end`` but for some ranges, and of these ranges."""
    digest = hashlib.sha256(json.dumps([[*pair] for pair in unchecked]).encode())
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END) if end is None else end
        starts, stops = [0, *(b for _, b in unchecked)], [*(a for a, _ in unchecked)]
        for start, stop in zip(starts, [*stops, end], strict=True):
            file.seek(start)
            while start < stop and (block := file.read(min(BLOCK, stop - start))):
                digest.update(block)
                start += len(block)
    return digest.hexdigest()


def _checked_by_hdf5(path: str | Path) -> list[tuple[int, int]]:
    """Bytes from and to of chunks with HDF5's own checksum, neighbours as one."""
    import h5py

    chunks: list[tuple[int, int]] = []

    def add(_: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.fletcher32:
            item.id.chunk_iter(lambda c: chunks.append((c.byte_offset, c.size)))

    with h5py.File(path) as file:
        file.visititems(add)
    merged: list[tuple[int, int]] = []
    for start, size in sorted(chunks):
        if merged and merged[-1][1] == start:
            merged[-1] = merged[-1][0], start + size
        else:
            merged.append((start, start + size))
    return merged


def require_closed(path: str | Path) -> None:
    """Refuse an HDF5 file that shows what is in other files, or inflates beyond limits.

    Files of another format are passed over. MATLAB v7.3 and netCDF-4 are HDF5.

    Raises
    ------
    DataError
        Naming the object of the file.
    MissingInput
        h5py, which looks into the file, is not installed.
    """
    with open(path, "rb") as stream:
        head = stream.read(520)
    if HDF5 not in (head[:8], head[512:]):
        return
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingInput(
            f"{path}: is HDF5, which is looked through by h5py; pip install h5py"
        ) from error
    total = 0

    # What it returns ends the visit; an error that it raised would be lost in h5py.
    def look(name: str, link: Any) -> str | None:
        nonlocal total
        if isinstance(link, h5py.ExternalLink):
            return f"{name} is a link to {link.filename!r}"
        item = file[name] if isinstance(link, h5py.HardLink) else None
        if isinstance(item, h5py.Dataset):
            if item.is_virtual:
                return f"{name} is put together from other files"
            if item.external:
                return f"{name} is stored in {item.external[0][0]!r}"
            total += (item.size or 0) * item.dtype.itemsize
        return None

    with readable(path, "HDF5"), h5py.File(path) as file:
        points_out = file.visititems_links(look)
    if points_out:
        raise DataError(
            f"{path}: {points_out}; data files that point to other files are never "
            "read: copy what it points to into it, or save it anew"
        )
    require_room(path, total)


def require_room(path: str | Path, inflated: int) -> None:
    """Refuse a file that inflates to much more than its size, or to all of memory.

    Parameters
    ----------
    path : path
    inflated : int
        Bytes that it claims to hold.

    Raises
    ------
    DataError
    """
    size = Path(path).stat().st_size
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    most = min(max(INFLATES * size, ALWAYS), max(memory, 2 * size))
    if inflated > most:
        raise DataError(
            f"{path}: {size:,} bytes claim to hold {inflated:,}; expected at most "
            f"{most:,} ({INFLATES} times its size or 1 GiB, and the machine's memory): "
            "the file is damaged, or save it with less compression"
        )


def require_room_unpacked(path: Path) -> None:
    """Refuse a packed file that inflates beyond the limit, before it does."""
    with open(path, "rb") as file:
        head = file.read(6)
    if head.startswith((b"BZh", b"PK", b"\xfd7zXZ", b"\x1f\x9d")):
        raise DataError(f"{path}: is packed, and not by gzip; unpack it first")
    if head.startswith(b"\x1f\x8b"):
        inflated = 0
        with gzip.open(path) as stream:
            while block := stream.read(1 << 20):
                inflated += len(block)
                require_room(path, inflated)
