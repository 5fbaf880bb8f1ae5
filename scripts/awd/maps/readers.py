"""Convergence maps that were made elsewhere: trees of FITS files, and npz archives.

A :class:`Collection` lists maps with their cosmology and realisation, and reads them
one by one and in that order, so that an archive may be larger than the memory.
"""

from __future__ import annotations

import contextlib
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from awd import extras, integrity, io
from awd.errors import ConfigError, DataError, MissingInput

if TYPE_CHECKING:
    import pandas as pd

# Parameters, and their aliases in tables (in lower case).
PARAMETERS = {
    "omega_m": ("omegam", "om", "omega_m0"),
    "sigma_8": ("sigma8", "s8", "si"),
    "a_s": ("as", "a_s*1e9", "1e9as"),
    "m_nu": ("mnu", "m_nu_sum", "mv"),
}
MOST_BYTES = 8  # of a pixel
NPZ = ("m_nu", "omega_m", "a_s", "sigma_8")  # columns of the published archive
FIELDS = ("cosmology", "realisation", "component", *PARAMETERS)
FIELD = r"\{(\w+)(?::[^}]*)?\}"
KNOWN = {name: name for name in PARAMETERS} | {
    alias: name for name, aliases in PARAMETERS.items() for alias in aliases
}


@dataclass(frozen=True)
class Collection:
    """Maps that are read only when they are iterated over.

    Attributes
    ----------
    table : DataFrame
        ``source`` (for messages), ``cosmology`` (text), ``realisation`` (int) and the
        parameters that are known; a row a map.
    pixels : callable
        Iterator over the maps (y, x), float32, in the order of the table.
    """

    table: pd.DataFrame
    pixels: Callable[[], Iterator[np.ndarray]]


def read_fits(path: io.PathLike) -> np.ndarray:
    """The first image of a FITS file, (y, x), float32.

    Raises
    ------
    MissingInput, DataError
        The file is not there or cut off, or its first image is no map, or has a unit.
    """
    with extras.needed("reading FITS files"):
        from astropy.io import fits
    path = io.existing(path)
    with io.readable(path, "FITS"), warnings.catch_warnings():
        # astropy only warns of a file that is too short, and fills it up.
        warnings.filterwarnings("error", ".*truncated")
        integrity.require_room_unpacked(path)
        with fits.open(path, memmap=False) as hdus:
            images = [hdu for hdu in hdus if hdu.is_image and hdu.header["NAXIS"]]
            for hdu in images[:1]:
                integrity.require_room(path, math.prod(hdu.shape) * MOST_BYTES)
            found = [(hdu.data, hdu.header.get("BUNIT", "")) for hdu in images[:1]]
    for pixels, unit in found:
        if pixels.ndim != 2:
            break
        if str(unit).strip() not in ("", "1"):
            raise DataError(
                f"{path}: has unit {unit!r}; convergence and shear have none"
            )
        return np.ascontiguousarray(pixels, np.float32)
    shapes = [pixels.shape for pixels, _ in found]
    raise DataError(f"{path}: images have shapes {shapes}; expected a map of (y, x)")


def fits_tree(
    pattern: str, table: io.PathLike | None = None, first: int = 0
) -> Collection:
    """Maps in FITS files whose paths name their cosmology and realisation.

    Parameters
    ----------
    pattern : str
        A path with fields in braces: ``{cosmology}``, ``{realisation}``, the parameters
        of :data:`PARAMETERS`, and ``{component}`` (1, 2) of shear, which becomes
        convergence (:func:`awd.maps.sky.lensing.kaiser_squires`).
        ``model{cosmology}/WLconv_z1.00_{realisation}r.fits``, for example, or
        ``Om{omega_m}_si{sigma_8}/{realisation}.fits``; ``*`` stands for anything.
    table : path, optional
        Parameters of the cosmologies, see :func:`read_parameters`.
    first : int
        The number of the cosmology in the first row of a table without names.

    Raises
    ------
    ConfigError, MissingInput, DataError
        The pattern has unknown fields or no file fits it; a realisation is there twice;
        a cosmology is missing from the table.
    """
    import pandas as pd

    images, parameters = _listed(pattern)
    components = sorted({component for *_, component in images})
    if components not in ([""], ["1", "2"]):
        raise DataError(
            f"{pattern}: found components {components} of shear; expected 1, 2"
        )
    keys = sorted({key[:2] for key in images}, key=_natural)
    paths = [
        [images[*key, c] for c in components if (*key, c) in images] for key in keys
    ]
    for first_path, *further in paths:
        if len(further) + 1 != len(components):
            raise DataError(
                f"{first_path}: the other component of its shear is missing"
            )
    rows = pd.DataFrame(keys, columns=["cosmology", "realisation"])
    rows.insert(0, "source", [str(of_map[0]) for of_map in paths])
    if table is not None:
        parameters = _looked_up(list(parameters), table, first)
    for parameter in next(iter(parameters.values())):
        rows[parameter] = [parameters[name][parameter] for name in rows["cosmology"]]

    def pixels() -> Iterator[np.ndarray]:
        from awd.maps.sky.lensing import kaiser_squires

        for of_map in paths:
            fields = [read_fits(path) for path in of_map]
            yield fields[0] if len(fields) == 1 else kaiser_squires(*fields)[0]

    return Collection(rows, pixels)


def _listed(
    pattern: str,
) -> tuple[dict[tuple[str, int, str], Path], dict[str, dict[str, float]]]:
    """Files by cosmology, realisation and component; parameters by cosmology."""
    images: dict[tuple[str, int, str], Path] = {}
    parameters = {}
    for path, fields in _matching(pattern):
        values = {n: _value(fields[n], n, path) for n in PARAMETERS if n in fields}
        name = fields.get("cosmology", "_".join(fields[n] for n in values))
        realisation = fields.get("realisation", "0")
        if not realisation.isdecimal():
            raise DataError(
                f"{path}: {realisation!r} stands for realisation in its name; expected "
                "a whole number"
            )
        key = name, int(realisation), fields.get("component", "")
        if key in images:
            raise DataError(
                f"{images[key]} and {path} are the same realisation {key[1]} of "
                f"cosmology {name!r}; keep one of them"
            )
        images[key] = path
        parameters[name] = values
    return images, parameters


def _value(text: str, name: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(
            f"{path}: {text!r} stands for {name} in its name; expected a number"
        )
    return value


def files(pattern: str) -> list[Path]:
    """The files that fit a pattern of :func:`fits_tree`."""
    return [path for path, _ in _matching(pattern)]


def fields(pattern: str) -> list[str]:
    """Names of the fields of a pattern; ConfigError where one is none."""
    parts = re.split(FIELD, pattern)
    if re.search(r"[{}]", "".join(parts[::2])):
        raise ConfigError(f"{pattern}: a brace has no partner; fields stand in braces")
    for name in parts[1::2]:
        if name not in FIELDS:
            raise ConfigError(
                f"{pattern}: unknown field {name!r}; known: {', '.join(FIELDS)}"
            )
    return parts[1::2]


def _matching(pattern: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Files that fit a pattern, and the values of its fields in their paths."""
    parts, names = re.split(FIELD, pattern), fields(pattern)
    regex, captured = "", set()
    for text, name in zip(parts[::2], [*names, None], strict=True):
        regex += re.escape(text).replace(r"\*", "[^/]*")
        if name:
            regex += f"(?P={name})" if name in captured else f"(?P<{name}>[^/_]+?)"
            captured.add(name)
    wildcards = re.sub(r"\{[^}]*\}", "*", pattern)
    base = Path("/") if wildcards.startswith("/") else Path()
    paths = sorted(base.glob(wildcards.lstrip("/")))
    matches = [(path, re.fullmatch(regex, path.as_posix())) for path in paths]
    matching = [(path, match.groupdict()) for path, match in matches if match]
    if not matching:
        raise MissingInput(
            f"{pattern}: no file fits; put or link them there, or change the pattern "
            "(maps.source.files)"
        )
    yield from matching


def _natural(key: tuple[str, int]) -> tuple[list[int | str], int]:
    """A key that sorts numbers in names by their value."""
    name, realisation = key
    parts = re.split(r"(\d+)", name)
    return [int(p) if p.isdigit() else p for p in parts], realisation


def read_parameters(path: io.PathLike) -> pd.DataFrame:
    """A table of cosmologies, as CSV or as text in columns, with a header.

    A column ``cosmology`` (or ``name``, ``model``) holds their names, otherwise rows
    are numbered. Further columns are :data:`PARAMETERS` or their aliases; columns of
    any other name are left out.

    Raises
    ------
    DataError
        No column is known, a value is no number, or a cosmology has two rows.
    """
    import pandas as pd

    text = io.existing(path).read_text("utf-8", "replace").lstrip("# \t")
    separator = "," if "," in text.partition("\n")[0] else r"\s+"
    with io.readable(path, "table with a header"):
        table = pd.read_csv(
            StringIO(text), sep=separator, comment="#", engine="python", dtype=str
        )
    lower = {column: str(column).strip().lower() for column in table.columns}
    names = [c for c, name in lower.items() if name in ("cosmology", "name", "model")]
    known = {c: KNOWN[name] for c, name in lower.items() if name in KNOWN}
    if not known:
        raise DataError(
            f"{path}: columns are {', '.join(map(str, table.columns))}; expected a "
            f"header with some of {', '.join(PARAMETERS)}"
        )
    parameters = table[list(known)].rename(columns=known)
    for name in parameters:
        column = parameters[name]
        numbers = pd.to_numeric(column, errors="coerce")
        if not np.isfinite(numbers).all():
            row = int((~np.isfinite(numbers)).argmax())
            raise DataError(
                f"{path}: {name} of row {row} is {column[row]!r}; expected a number"
            )
        parameters[name] = numbers
    if names:
        parameters.index = table[names[0]].map(_plain)
        if parameters.index.has_duplicates:
            twice = parameters.index[parameters.index.duplicated()][0]
            raise DataError(f"{path}: cosmology {twice!r} stands there twice")
    return parameters


def _looked_up(
    names: list[str], path: io.PathLike, first: int
) -> dict[str, dict[str, float]]:
    """Parameters of the cosmologies of a tree, from a table."""
    table = read_parameters(path)
    named = table.index.name is not None
    rows = table.to_dict("index")
    parameters, missing = {}, []
    for name in names:
        row = _plain(name) if named else _number(name) - first
        if row in rows:
            parameters[name] = {str(c): float(v) for c, v in rows[row].items()}
        else:
            missing.append(name)
    if missing:
        raise DataError(
            f"{path}: no row for cosmology {', '.join(missing)} of the maps; its "
            f"{len(table)} rows are {table.index[0]} to {table.index[-1]}"
            + (f", counted from {first} (maps.source.first)" if first else "")
        )
    return parameters


def _plain(name: str) -> str:
    """A name without leading zeros, where it is a number."""
    return str(int(name)) if name.isdigit() else name


def _number(name: str) -> int:
    """The number at the end of a name, -1 without one."""
    digits = re.search(r"\d+$", name)
    return int(digits[0]) if digits else -1


def npz_archive(path: io.PathLike) -> Collection:
    """Maps of the published archive: ``imgs`` (n, y, x) and ``params`` (n, >= 3).

    Columns of ``params`` are m_nu, omega_m, a_s and, if there is a fourth, sigma_8;
    equal rows are one cosmology, whose maps are realisations in their order.

    Raises
    ------
    MissingInput, DataError
        The archive is not there or broken, holds objects, or lacks one of the arrays.
    """
    import pandas as pd

    path = io.existing(path)
    with _member(path, "params") as (stream, shape, dtype):
        parameters = np.frombuffer(stream.read(), dtype).reshape(shape)
    if not np.isfinite(parameters).all():
        row = int(np.argwhere(~np.isfinite(parameters))[0][0])
        raise DataError(f"{path}: params[{row}] is not finite; expected numbers")
    with _member(path, "imgs") as (_, shape, _):
        if len(shape) != 3 or parameters.ndim != 2 or parameters.shape[1] < 3:
            raise DataError(
                f"{path}: imgs have shape {shape}, params {parameters.shape}; expected "
                "(n, y, x) and (n, at least 3)"
            )
        if len(parameters) != shape[0]:
            raise DataError(f"{path}: {shape[0]} imgs, but {len(parameters)} params")
    rows = pd.DataFrame(
        {name: parameters[:, k] for k, name in enumerate(NPZ[: parameters.shape[1]])}
    ).astype(float)
    number = rows.groupby(list(rows)).ngroup()
    names = number.map("{:03d}".format)
    rows.insert(0, "realisation", rows.groupby(number).cumcount())
    rows.insert(0, "cosmology", names)
    rows.insert(0, "source", [f"{path}: imgs[{k}]" for k in range(len(rows))])

    def pixels() -> Iterator[np.ndarray]:
        with _member(path, "imgs") as (stream, shape, dtype):
            size = dtype.itemsize * shape[1] * shape[2]
            for k in range(shape[0]):
                pixels_of_map = stream.read(size)
                if len(pixels_of_map) < size:
                    raise DataError(f"{path}: is cut off at imgs[{k}]; copy it anew")
                yield (
                    np.frombuffer(pixels_of_map, dtype)
                    .reshape(shape[1:])
                    .astype(np.float32)
                )

    return Collection(rows, pixels)


@contextlib.contextmanager
def _member(
    path: Path, name: str
) -> Iterator[tuple[IO[bytes], tuple[int, ...], np.dtype]]:
    """An array inside an npz, unread: its bytes, shape and dtype."""
    with io.readable(path, "npz"), zipfile.ZipFile(path) as archive:
        if f"{name}.npy" not in archive.namelist():
            held = ", ".join(Path(n).stem for n in archive.namelist())
            raise DataError(f"{path}: holds {held}; expected imgs and params")
        integrity.require_room(path, archive.getinfo(f"{name}.npy").file_size)
        with archive.open(f"{name}.npy") as stream:
            version = np.lib.format.read_magic(stream)
            header = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, by_column, dtype = header(stream)
            if dtype.kind != "f" or by_column:
                raise DataError(
                    f"{path}: {name} has dtype {dtype}, {'F' if by_column else 'C'} "
                    "order; expected floating point numbers in C order (objects are "
                    "never read: they could run code)"
                )
            yield stream, shape, dtype
