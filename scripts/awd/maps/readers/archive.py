"""Archives: many maps in one array, and their parameters beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import DataError
from awd.maps.names import PARAMETERS, column_names, known, plausible
from awd.maps.readers import arrays, parameters
from awd.maps.readers.arrays import Array
from awd.maps.readers.collection import Collection, limited
from awd.maps.readers.images import Reading, cut

if TYPE_CHECKING:
    import pandas as pd

# Columns of the published archive, and between which values it has them. Columns of
# another order are not within them.
PUBLISHED = {
    "m_nu": (0.0, 0.65),
    "omega_m": (0.1, 0.5),
    "a_s": (1.0, 4.5),
    "sigma_8": (0.3, 1.3),
}
TABLES = (
    "params",
    "parameters",
    "labels",
    "theta",
    "cosmo",
    "cosmology",
    "targets",
    "y",
)


@checked(cosmologies=("cosmology", 0, 10**6))
def npz_archive(
    path: io.PathLike,
    *,
    names: Sequence[str | None] | None = None,
    table: io.PathLike | None = None,
    parameters_in: str | None = None,
    wanted: Sequence[str] | None = None,
    cosmologies: int | Sequence[str | int] | None = None,
    reading: Reading | None = None,
) -> Collection:
    """Maps of an array (n, y, x) in an npz, HDF5, npy or FITS file.

    Rows with equal parameters are one cosmology, whose maps are realisations in their
    order, unless a column tells either.

    Parameters
    ----------
    path : path
    names : sequence of str, optional
        Of the parameters' columns in their order, None for unused ones. Without them
        the parameters are arrays (n,) of their names, or a table with named columns,
        or three or four columns as published (:data:`PUBLISHED`).
    table : path, optional
        A table with a row a map, where the file has no parameters.
    parameters_in : str, optional
        Which array holds the parameters, (n, columns).
    wanted : sequence of str, optional
        Parameters that must be numbers.
    cosmologies : int or sequence of str, optional
        Which are used: the first so many, or by name.
    reading : Reading, optional
        How each map is read.

    Raises
    ------
    MissingInput, DataError
        The file is not there or broken, holds objects, or lacks one of the arrays; its
        parameters have no names, or values that those never have.
    """
    reading = reading or Reading()
    path = io.existing(path)
    with arrays.opened(path) as held:
        images = _images(path, held, reading, parameters_in)
        for image in images:
            arrays.require_no_unit(image)
        count, found = images[0].shape[0], images[0].found
        if not count:
            raise DataError(f"{images[0].where}: holds no maps")
        if table is None:
            columns = _columns(path, held, images, names, parameters_in, count)
    if table is not None:
        read = parameters.read_parameters(table, names, wanted)
        columns = {name: read[name].to_numpy() for name in read}
        if read.index.name:
            columns["cosmology"] = read.index.to_numpy(str)
        if len(read) != count:
            raise DataError(
                f"{table}: has {len(read)} rows, for {count} maps in {path}; expected "
                "a row a map"
            )
    rows = _rows(path, columns, wanted)
    rows = parameters.with_derived(rows)
    every = images[0].name
    rows.insert(0, "source", [f"{path}: {every}[{k}]" for k in range(count)])

    def read_rows(some: Sequence[int]) -> Iterator[np.ndarray]:
        with arrays.opened(path) as held:
            images = _images(path, held, reading, parameters_in)
            streams = [image.read(some) for image in images]
            for row, *parts in zip(some, *streams, strict=True):
                array = parts[0] if len(parts) == 1 else np.stack(parts)
                yield reading.formed(array, f"{path}: {every}[{row}]")

    whole = Collection(rows, read_rows, found)
    if reading.patches:
        whole = cut(rows, reading.patches, read_rows)
    return whole.of(limited(whole.table, cosmologies))


def _images(
    path: Path, held: list[Array], reading: Reading, parameters_in: str | None
) -> list[Array]:
    others = [a for a in held if a.name != parameters_in and not _is_table(a)]
    images = reading.chosen(path, held if reading.extension is not None else others)
    for image in images:
        if len(image.shape) < 2 + (reading.patches is None):
            raise DataError(
                f"{image.where}: has shape {image.shape}; expected maps of (n, y, x). "
                "Another array holds them? (maps.source.extension)"
            )
    return images


def _is_table(array: Array) -> bool:
    """Whether an array may be parameters: of few columns, or of a usual name."""
    two = len(array.shape) == 2
    return array.dtype.names is not None or (two and array.name.lower() in TABLES)


def _columns(
    path: Path,
    held: list[Array],
    images: list[Array],
    names: Sequence[str | None] | None,
    parameters_in: str | None,
    count: int,
) -> dict[str, np.ndarray]:
    """Columns of parameters by name."""
    others = [a for a in held if a not in images]
    single = {a.name: a for a in others if a.shape == (count,) and not a.dtype.names}
    tables = [a for a in others if len(a.shape) == 2 or a.dtype.names]
    if parameters_in:
        tables = [arrays.chosen(path, others, parameters_in)]
    elif not tables and any(known(name, str(path)) for name in single):
        return _named(column_names(single, str(path)), single.values())
    called = [a for a in tables if a.name.lower() in TABLES]
    tables = called if len(called) == 1 else tables
    if len(tables) != 1:
        shapes = ", ".join(f"{a.name} {a.shape}" for a in held)
        raise DataError(
            f"{path}: holds {shapes}; expected maps, imgs (n, y, x), and parameters, "
            "params (n, columns): which is it? (maps.source.parameters), or a table "
            "with a row a map (maps.source.table)"
        )
    (table,) = tables
    if table.shape[0] != count:
        raise DataError(
            f"{path}: {count} {images[0].name}, but {table.shape[0]} {table.name}"
        )
    return _of_table(table.where, table.whole(), names)


def _named(
    names: Sequence[str | None], columns: Iterable[Array]
) -> dict[str, np.ndarray]:
    pairs = zip(names, columns, strict=True)
    return {name: array.whole() for name, array in pairs if name}


def _of_table(
    where: str, values: np.ndarray, names: Sequence[str | None] | None
) -> dict[str, np.ndarray]:
    """Columns of an array (n, columns), or of one whose columns have names."""
    if values.dtype.names:
        read = column_names(values.dtype.names, where)
        own = zip(read, values.dtype.names, strict=True)
        return {name: values[field] for name, field in own if name}
    if names is None:
        names = _published(where, values)
    if len(names) != values.shape[1]:
        given = ", ".join(name or "null" for name in names)
        raise DataError(
            f"{where}: has {values.shape[1]} columns, and maps.source.names gives "
            f"{len(names)} ({given}); name them all, null for unused ones"
        )
    read = column_names(names, where)
    return {name: values[:, k] for k, name in enumerate(read) if name}


def _published(where: str, values: np.ndarray) -> list[str | None]:
    """Names of nameless columns: those of the published archive, if they can be."""
    names: list[str | None] = []
    names += [*PUBLISHED][: values.shape[1]]
    fit = values.shape[1] in (3, 4) and all(
        np.isnan(column).all() or ((column >= low) & (column <= high)).all()
        for column, (low, high) in zip(values.T, PUBLISHED.values(), strict=False)
    )
    if not fit:
        first = ", ".join(f"{value:g}" for value in np.atleast_1d(values[0]))
        raise DataError(
            f"{where}: its {values.shape[1]} columns have no names, the first row is "
            f"{first}; name them in their order: maps.source.names: [omega_m, sigma_8, "
            "...], null for unused ones"
        )
    return names


def _rows(
    path: Path, columns: dict[str, np.ndarray], wanted: Sequence[str] | None
) -> pd.DataFrame:
    """A row a map: cosmology, realisation and parameters."""
    import pandas as pd

    given = {name: columns.pop(name, None) for name in ("cosmology", "realisation")}
    rows = pd.DataFrame({n: np.asarray(v, float) for n, v in columns.items()})
    must = [
        n for n in rows if n in (parameters.needed(wanted) if wanted else PARAMETERS)
    ]
    for name in must:
        wrong = np.flatnonzero(~np.isfinite(rows[name]))
        if len(wrong):
            raise DataError(
                f"{path}: {name} of map {wrong[0]} is not finite ({len(wrong)} of "
                f"{len(rows)}); expected a number"
            )
    for name in [n for n in rows if n in PARAMETERS]:
        rows[name] = plausible(name, rows[name].to_numpy(), str(path))
    if given["cosmology"] is None:
        number = rows.groupby(list(rows), dropna=False).ngroup()
        cosmology = number.map("{:03d}".format)
    else:
        cosmology = pd.Series([parameters.plain(str(v)) for v in given["cosmology"]])
        differing = rows.groupby(cosmology.to_numpy()).nunique().gt(1).any(axis=1)
        if differing.any():
            raise DataError(
                f"{path}: maps of cosmology {differing.idxmax()!r} have several values "
                "of a parameter; expected one"
            )
    if given["realisation"] is None:
        realisation = rows.groupby(cosmology.to_numpy()).cumcount()
    else:
        realisation = pd.Series(np.asarray(given["realisation"]).astype(int))
        both = pd.DataFrame({"cosmology": cosmology, "realisation": realisation})
        if both.duplicated().any():
            k = int(both.duplicated().idxmax())
            raise DataError(
                f"{path}: realisation {realisation[k]} of cosmology {cosmology[k]!r} "
                "is there twice; keep one"
            )
    rows.insert(0, "realisation", realisation.to_numpy())
    rows.insert(0, "cosmology", cosmology.to_numpy())
    return rows
