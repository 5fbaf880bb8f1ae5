"""Convergence maps that were made elsewhere: trees of FITS files, and npz archives.

A :class:`Collection` lists maps with their cosmology and realisation, and reads them
one at a time and in that order, so that an archive may be larger than the memory.
"""

from __future__ import annotations

import contextlib
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from awd import io
from awd.errors import ConfigError, DataError, MissingInput
from awd.maps.sky.lensing import kaiser_squires

if TYPE_CHECKING:
    import pandas as pd

# Parameters, and what else they are called in tables (in lower case).
PARAMETERS = {
    "omega_m": ("omegam", "om", "omega_m0"),
    "sigma_8": ("sigma8", "s8", "si"),
    "a_s": ("as", "a_s*1e9", "1e9as"),
    "m_nu": ("mnu", "m_nu_sum", "mv"),
}
NPZ = ("m_nu", "omega_m", "a_s", "sigma_8")  # columns of the published archive
FIELDS = ("cosmology", "realisation", "component", *PARAMETERS)
KNOWN = {name: name for name in PARAMETERS} | {
    other: name for name, others in PARAMETERS.items() for other in others
}


@dataclass(frozen=True)
class Collection:
    """Maps that are read when they are needed.

    Attributes
    ----------
    table : DataFrame
        ``source`` (for messages), ``cosmology`` (text), ``realisation`` (int) and the
        known parameters; a row a map.
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
        The file is not there or cut off, or its first image is no map without a unit.
    """
    try:
        from astropy.io import fits
    except ImportError as error:
        raise MissingInput(
            "FITS files need astropy; install awd-wavelets[maps]"
        ) from error
    io.existing(path)
    try:
        with warnings.catch_warnings():
            # A file that is too short is only warned of, and filled up.
            warnings.filterwarnings("error", ".*truncated")
            with fits.open(path, memmap=False) as hdus:
                images = [hdu for hdu in hdus if hdu.is_image and hdu.header["NAXIS"]]
                found = [(hdu.data, hdu.header.get("BUNIT", "")) for hdu in images[:1]]
    except Exception as error:
        raise DataError(
            f"{path}: not a readable FITS file ({error}); copy it anew"
        ) from error
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
    """Maps in FITS files whose paths say what they are.

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

    known = {}
    for path in _matching(pattern):
        fields = path[1]
        values = {n: float(fields[n]) for n in PARAMETERS if n in fields}
        name = fields.get("cosmology", "_".join(fields[n] for n in values))
        realisation = int(fields.get("realisation", 0))
        key = (name, realisation, fields.get("component", ""))
        if key in known:
            raise DataError(
                f"{known[key][0]} and {path[0]} are the same realisation "
                f"{realisation} of cosmology {name!r}; keep one of them"
            )
        known[key] = path[0], values
    components = {key[2] for key in known}
    if components not in ({""}, {"1", "2"}):
        raise DataError(
            f"{pattern}: found components {sorted(components)} of shear; expected 1, 2"
        )
    keys = sorted({key[:2] for key in known}, key=_natural)
    files = [
        [known[*key, c][0] for c in sorted(components) if (*key, c) in known]
        for key in keys
    ]
    for some in files:
        if len(some) != len(components):
            raise DataError(f"{some[0]}: the other component of its shear is missing")
    rows = pd.DataFrame(keys, columns=["cosmology", "realisation"])
    rows.insert(0, "source", [str(some[0]) for some in files])
    of_name = {key[0]: values for key, (_, values) in known.items()}
    if table is not None:
        of_name = _looked_up(list(of_name), table, first)
    for parameter in next(iter(of_name.values())):
        rows[parameter] = [of_name[name][parameter] for name in rows["cosmology"]]

    def pixels() -> Iterator[np.ndarray]:
        for some in files:
            images = [read_fits(path) for path in some]
            yield images[0] if len(images) == 1 else kaiser_squires(*images)[0]

    return Collection(rows, pixels)


def files(pattern: str) -> list[Path]:
    """The files that fit a pattern of :func:`fits_tree`."""
    return [path for path, _ in _matching(pattern)]


def _matching(pattern: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Files that fit a pattern, and what its fields are in their paths."""
    parts = re.split(r"\{(\w+)(?::[^}]*)?\}", pattern)
    names = parts[1::2]
    for name in names:
        if name not in FIELDS:
            raise ConfigError(
                f"{pattern}: unknown field {name!r}; known: {', '.join(FIELDS)}"
            )
    shown, seen = "", set()
    for text, name in zip(parts[::2], [*names, None], strict=True):
        shown += re.escape(text).replace(r"\*", "[^/]*")
        if name:
            shown += f"(?P={name})" if name in seen else f"(?P<{name}>[^/_]+?)"
            seen.add(name)
    star = re.sub(r"\{[^}]*\}", "*", pattern)
    base = Path("/") if star.startswith("/") else Path()
    paths = sorted(base.glob(star.lstrip("/")))
    found = [(path, re.fullmatch(shown, path.as_posix())) for path in paths]
    matching = [(path, match.groupdict()) for path, match in found if match]
    if not matching:
        raise MissingInput(
            f"{pattern}: no file fits; put or link them there, or change the pattern "
            "(maps.source.files)"
        )
    yield from matching


def _natural(key: tuple[str, int]) -> tuple:
    """Numbers in the order of numbers."""
    name, realisation = key
    parts = re.split(r"(\d+)", name)
    return [int(p) if p.isdigit() else p for p in parts], realisation


def read_parameters(path: io.PathLike) -> pd.DataFrame:
    """A table of cosmologies, as CSV or as text in columns, with a header.

    A column ``cosmology`` (or ``name``, ``model``) holds their names, otherwise rows
    are numbered; the others are known by :data:`PARAMETERS` and what else those are
    called, or are left out.

    Raises
    ------
    DataError
        No column is known, a value is no number, or a cosmology stands there twice.
    """
    import pandas as pd

    text = io.existing(path).read_text("utf-8", "replace").lstrip("# \t")
    separator = "," if "," in text.partition("\n")[0] else r"\s+"
    try:
        table = pd.read_csv(
            StringIO(text), sep=separator, comment="#", engine="python", dtype=str
        )
    except ValueError as error:
        raise DataError(f"{path}: not a table with a header ({error})") from error
    lower = {column: str(column).strip().lower() for column in table.columns}
    naming = [c for c, low in lower.items() if low in ("cosmology", "name", "model")]
    known = {c: KNOWN[low] for c, low in lower.items() if low in KNOWN}
    if not known:
        raise DataError(
            f"{path}: columns are {', '.join(map(str, table.columns))}; expected a "
            f"header with some of {', '.join(PARAMETERS)}"
        )
    out = table[list(known)].rename(columns=known)
    for column in out:
        numbers = pd.to_numeric(out[column], errors="coerce")
        if not np.isfinite(numbers).all():
            row = int((~np.isfinite(numbers)).argmax())
            raise DataError(
                f"{path}: {column} of row {row} is {out[column][row]!r}; expected a "
                "number"
            )
        out[column] = numbers
    if naming:
        out.index = table[naming[0]].map(_plain)
        if out.index.has_duplicates:
            twice = out.index[out.index.duplicated()][0]
            raise DataError(f"{path}: cosmology {twice!r} stands there twice")
    return out


def _looked_up(
    names: list[str], path: io.PathLike, first: int
) -> dict[str, dict[str, float]]:
    """Parameters of the cosmologies of a tree, from a table."""
    table = read_parameters(path)
    named = table.index.name is not None
    found, missing = {}, []
    for name in names:
        row = _plain(name) if named else _number(name) - first
        if row in table.index:
            found[name] = table.loc[row].to_dict()
        else:
            missing.append(name)
    if missing:
        raise DataError(
            f"{path}: no row for cosmology {', '.join(missing)} of the maps; its "
            f"{len(table)} rows are {table.index[0]} to {table.index[-1]}"
            + (f", counted from {first} (maps.source.first)" if first else "")
        )
    return found


def _plain(name: str) -> str:
    """A name without leading zeros, where it is a number."""
    return str(int(name)) if name.isdigit() else name


def _number(name: str) -> int:
    digits = re.search(r"\d+$", name)
    return int(digits[0]) if digits else -1


def npz_archive(path: io.PathLike) -> Collection:
    """Maps of the published archive: ``imgs`` (n, y, x) and ``params`` (n, >= 3).

    Columns of ``params`` are m_nu, omega_m, a_s and, if there is a fourth, sigma_8;
    equal rows are one cosmology, whose maps are realisations in their order.

    Raises
    ------
    MissingInput, DataError
        The archive is not there or broken, holds objects, or lacks one of both.
    """
    import pandas as pd

    io.existing(path)
    with _member(path, "params") as (stream, shape, dtype):
        parameters = np.frombuffer(stream.read(), dtype).reshape(shape)
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
                raw = stream.read(size)
                if len(raw) < size:
                    raise DataError(f"{path}: is cut off at imgs[{k}]; copy it anew")
                yield np.frombuffer(raw, dtype).reshape(shape[1:]).astype(np.float32)

    return Collection(rows, pixels)


@contextlib.contextmanager
def _member(
    path: io.PathLike, name: str
) -> Iterator[tuple[IO[bytes], tuple[int, ...], np.dtype]]:
    """An array inside an npz, unread: its bytes, shape and dtype."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: not a readable npz archive ({error}); copy it anew"
        ) from error
    with archive:
        if f"{name}.npy" not in archive.namelist():
            held = ", ".join(Path(n).stem for n in archive.namelist())
            raise DataError(f"{path}: holds {held}; expected imgs and params")
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
