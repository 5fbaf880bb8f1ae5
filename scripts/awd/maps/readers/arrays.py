"""Arrays in files of any format, unread: their names, shapes, units and pixel scales.

FITS (images, HEALPix), HDF5, npy and npz. What a file is, its first bytes tell.
"""

from __future__ import annotations

import contextlib
import gzip
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from awd import extras, integrity, io
from awd.errors import DataError
from awd.maps.readers import scale

Rows = Sequence[int] | None
KAPPA = ("kappa", "convergence", "kappa_e", "kappae", "conv", "imgs", "maps", "wlconv")
UNITS = {
    *("", "1", "kappa", "convergence", "shear", "gamma", "dimensionless", "none"),
    *("unitless", "dimless", "adimensional", "nounit", "nounits", "-", "na", "n/a"),
    *("nodimension", "nodimensions", "unity", "unknown", "ellipticity"),
}
SMALLEST = 8  # nside of HEALPix maps without a header: shorter arrays are columns
CARDS = 2880 << 9  # bytes of whole blocks of FITS
AXES = re.compile(rb"NAXIS   = *([0-9]{4,20})")
NEGATIVE = re.compile(rb"(NAXIS[0-9]{1,3}) *= *-[0-9]+ ")
HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class Array:
    """An array inside a file, unread.

    Attributes
    ----------
    where : str
        The file and the name, for messages.
    name : str
    shape : tuple of int
    dtype : dtype
    unit : str
    found : Scale, optional
        What the file says of the size of a pixel.
    read : callable
        Iterator over entries along the first axis, in rising order; of None over one
        item, the whole array.
    nside : int
        Of a HEALPix map, else 0.
    north : bool
        Whether the second component of shear counts the other way, as the IAU's
        convention has it (``POLCCONV``), than HEALPix and this project do.
    """

    where: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    unit: str
    found: scale.Scale | None
    read: Callable[[Rows], Iterator[np.ndarray]]
    nside: int = 0
    north: bool = False

    def whole(self) -> np.ndarray:
        """All of it."""
        return next(self.read(None))


@contextlib.contextmanager
def opened(path: io.PathLike) -> Iterator[list[Array]]:
    """The arrays of a file, to be read while it is open.

    Raises
    ------
    MissingInput, DataError
        The file is not there, damaged, of another format, or points to other files.
    """
    path = io.existing(path)
    with open(path, "rb") as stream:
        head = stream.read(10)
    if head.startswith(HDF5):
        kind, reader = "HDF5", _hdf5
    elif head.startswith(b"\x93NUMPY"):
        kind, reader = "npy", _npy
    elif head.startswith(b"PK"):
        kind, reader = "npz", _npz
    else:
        kind, reader = "FITS", _fits
    with io.readable(path, kind), contextlib.ExitStack() as stack:
        yield reader(path, stack)


def chosen(
    path: io.PathLike, arrays: list[Array], extension: str | int | None
) -> Array:
    """The array that is meant: the one of a name or number, kappa, or the only one.

    Raises
    ------
    DataError
        There is none, or several and no name tells which one.
    """
    held = ", ".join(f"{a.name} {a.shape}" for a in arrays) or "no array"
    if extension is not None:
        by_name = [a for a in arrays if a.name.lower() == str(extension).lower()]
        if len(by_name) == 1:
            return by_name[0]
        if by_name:
            raise DataError(
                f"{path}: holds {held}; {len(by_name)} are called {extension!r}, give "
                "the number of one, from 0 (maps.source.extension)"
            )
        if isinstance(extension, int) and 0 <= extension < len(arrays):
            return arrays[extension]
        raise DataError(
            f"{path}: holds {held}; no {extension!r} (maps.source.extension)"
        )
    images = [a for a in arrays if len(a.shape) >= 2 or a.nside]
    called = [a for a in images if a.name.lower() in KAPPA]
    if len(called) == 1:
        return called[0]
    if len(images) == 1:
        return images[0]
    raise DataError(
        f"{path}: holds {held}; expected one map, or one called KAPPA: which is it? "
        "(maps.source.extension; of shear both components, [g1, g2])"
    )


def require_no_unit(array: Array) -> None:
    """Refuse a unit: convergence and shear have none, whatever word says so."""
    unit = str(array.unit).strip()
    if unit.lower().replace(" ", "").replace("_", "") not in UNITS:
        raise DataError(
            f"{array.where}: has unit {unit!r}; expected convergence or shear, which "
            "have none (BUNIT 1, dimensionless or nothing): bring those, or mend the "
            "header if it is wrong"
        )


# Formats -----------------------------------------------------------------------------


def _fits(path: Path, stack: contextlib.ExitStack) -> list[Array]:
    with extras.needed("reading FITS files"):
        from astropy.io import fits
    stack.enter_context(warnings.catch_warnings())
    # astropy only warns of a file that is too short, and fills it up.
    warnings.filterwarnings("error", ".*truncated")
    # and of a checksum of its own (DATASUM) that its data do not have.
    warnings.filterwarnings("error", ".*(?i:sum) verification failed")
    integrity.require_room_unpacked(path)
    _require_few_axes(path)
    how = {"memmap": False, "lazy_load_hdus": True, "checksum": True}
    hdus = stack.enter_context(fits.open(path, **how))
    arrays = []
    for number, hdu in enumerate(hdus):
        if hdu.is_image and hdu.header["NAXIS"]:
            integrity.require_room(path, math.prod(hdu.shape) * 8)
            arrays.append(_image(path, number, hdu))
        elif hdu.header.get("PIXTYPE") == "HEALPIX":
            arrays += _skies(path, number, hdu)
    tables = [hdu.name or "a table" for hdu in hdus if not hdu.is_image]
    if not arrays and tables:
        raise DataError(
            f"{path}: holds tables ({', '.join(tables)}), and no image; expected maps: "
            "bin a catalogue of shear into pixels first"
        )
    return arrays


def _image(path: Path, number: int, hdu: Any) -> Array:
    name = hdu.name or f"extension {number}"
    return Array(
        where=f"{path}[{name}]",
        name=name,
        shape=hdu.shape,
        dtype=np.dtype(float),
        unit=hdu.header.get("BUNIT", ""),
        found=scale.of_fits(hdu.header),
        read=_of_whole(partial(getattr, hdu, "data")),
    )


def _skies(path: Path, number: int, hdu: Any) -> list[Array]:
    """The columns of a table of HEALPix maps, but for those of pixels' numbers."""
    header, nside = hdu.header, int(hdu.header["NSIDE"])
    partial_sky = header.get("INDXSCHM") == "EXPLICIT" or header.get("OBJECT") == (
        "PARTIAL"
    )
    columns = list(hdu.columns)[partial_sky:]
    own = hdu.name or f"extension {number}"
    names = [own] if len(columns) == 1 else [column.name for column in columns]
    return [
        Array(
            where=f"{path}[{name}]",
            name=name,
            shape=(12 * nside**2,),
            dtype=np.dtype(float),
            unit=column.unit or "",
            found=None,
            read=_of_whole(partial(_healpix, path, number, field)),
            nside=nside,
            north=str(header.get("POLCCONV", "")).strip().upper() == "IAU",
        )
        for field, (name, column) in enumerate(zip(names, columns, strict=True))
    ]


def _require_few_axes(path: Path) -> None:
    """Refuse axes that FITS cannot have, which astropy would count, or count down."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else open(path, "rb") as file:
        while block := file.read(CARDS):
            for axes in AXES.findall(block):
                if int(axes) > 999:
                    raise DataError(
                        f"{path}: is damaged, NAXIS is {int(axes)}; write it anew"
                    )
            if negative := NEGATIVE.search(block):
                raise DataError(
                    f"{path}: is damaged, {negative[1].decode()} is negative; write it "
                    "anew"
                )


def _healpix(path: Path, hdu: int, field: int) -> np.ndarray:
    with extras.needed("reading HEALPix maps"):
        import healpy
    values = np.asarray(healpy.read_map(path, field, np.float64, hdu=hdu))
    return np.where(healpy.mask_bad(values), np.nan, values)


def _hdf5(path: Path, stack: contextlib.ExitStack) -> list[Array]:
    with extras.needed("reading HDF5 files"):
        import h5py
    integrity.require_closed(path)
    file = stack.enter_context(h5py.File(path))
    arrays = []

    def add(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.shape and item.dtype.kind in "fiucV":
            said = {**file.attrs, **item.parent.attrs, **item.attrs}
            side = item.shape[-1]
            arrays.append(
                Array(
                    where=f"{path}: {name}",
                    name=name,
                    shape=item.shape,
                    dtype=item.dtype,
                    unit=_text(said.get("units", said.get("unit", ""))),
                    found=scale.of_words(said, side),
                    read=_of_dataset(item),
                    nside=_nside(item.shape) if item.dtype.kind in "fiu" else 0,
                )
            )

    file.visititems(add)
    return arrays


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _of_dataset(item: Any) -> Callable[[Rows], Iterator[np.ndarray]]:
    def read(rows: Rows) -> Iterator[np.ndarray]:
        if rows is None:
            yield item[()]
        else:
            yield from (item[row] for row in rows)

    return read


def _of_whole(load: Callable[[], np.ndarray]) -> Callable[[Rows], Iterator[np.ndarray]]:
    def read(rows: Rows) -> Iterator[np.ndarray]:
        array = load()
        if rows is None:
            yield array
        else:
            yield from (array[row] for row in rows)

    return read


def _npy(path: Path, stack: contextlib.ExitStack) -> list[Array]:
    def open_() -> IO[bytes]:
        return open(path, "rb")

    array = _of_stream(path, path.stem, open_, {})
    return [array] if array else []


def _npz(path: Path, stack: contextlib.ExitStack) -> list[Array]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    names = [name for name in archive.namelist() if name.endswith(".npy")]
    for name in names:
        integrity.require_room(path, archive.getinfo(name).file_size)
    said = {}
    for name in names:
        with archive.open(name) as stream:
            shape, _, dtype = _header(stream)
            if not shape and dtype.kind in "fiu":
                said[name[:-4]] = np.frombuffer(stream.read(), dtype)[0]
    members = (
        _of_stream(path, name[:-4], partial(archive.open, name), said) for name in names
    )
    return [array for array in members if array]


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns come first, and dtype."""
    if np.lib.format.read_magic(stream) == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _of_stream(
    path: Path,
    name: str,
    open_: Callable[[], contextlib.AbstractContextManager[IO[bytes]]],
    said: Mapping[str, Any],
) -> Array | None:
    with open_() as stream:
        shape, by_column, dtype = _header(stream)
    if not shape:
        return None
    where = f"{path}: {name}" if path.suffix == ".npz" else str(path)
    if dtype.kind == "O":
        raise DataError(
            f"{where} has dtype {dtype}; expected numbers (objects are never read: "
            "they could run code)"
        )

    def whole() -> np.ndarray:
        with open_() as stream:
            stream.seek(0)
            _header(stream)
            size = math.prod(shape)
            values = np.frombuffer(
                _exactly(stream, size * dtype.itemsize, where), dtype
            )
            return values.reshape(shape, order="F" if by_column else "C")

    def read(rows: Rows) -> Iterator[np.ndarray]:
        if rows is None or by_column:
            array = whole()
            yield from [array] if rows is None else (array[row] for row in rows)
            return
        size = dtype.itemsize * math.prod(shape[1:])
        with open_() as stream:
            stream.seek(0)
            _header(stream)
            at = 0
            for row in rows:  # compressed: what is passed over is inflated all the same
                while at < row:
                    _exactly(stream, size, f"{where}[{at}]")
                    at += 1
                entry = np.frombuffer(_exactly(stream, size, f"{where}[{row}]"), dtype)
                yield entry.reshape(shape[1:])
                at += 1

    known = dtype.names is None and dtype.kind in "fiuc"
    found = scale.of_words(said, shape[-1]) if known else None
    return Array(
        where, name, shape, dtype, "", found, read, _nside(shape) if known else 0
    )


def _exactly(stream: IO[bytes], size: int, where: str) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise DataError(f"{where}: is cut off; copy the file anew")
    return data


def _nside(shape: tuple[int, ...]) -> int:
    """Of a HEALPix map without a header, whose number of pixels tells it, else 0."""
    nside = math.isqrt(shape[-1] // 12)
    is_map = len(shape) == 1 and nside >= SMALLEST and 12 * nside**2 == shape[-1]
    return nside if is_map and nside & (nside - 1) == 0 else 0


def is_sky(pixels: int) -> bool:
    """Whether a HEALPix map has so many pixels."""
    return bool(_nside((pixels,)))
