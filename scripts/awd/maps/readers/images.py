"""A file with one map: which of its arrays, in which layout, with which pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import AwdError, DataError
from awd.maps.readers import arrays, healpix
from awd.maps.readers.arrays import Array
from awd.maps.readers.collection import Collection
from awd.maps.readers.healpix import Patches
from awd.maps.readers.layout import Quantity, fields
from awd.maps.readers.scale import TOLERANCE, Scale

if TYPE_CHECKING:
    import pandas as pd

P = TypeVar("P")
R = TypeVar("R")
Extension = str | int | Sequence[str | int] | None


class Raw(NamedTuple):
    """What a file holds: values, where they stand, their pixels, :attr:`Array.north`.

    Of two components in one file the second is as this project counts it.
    """

    values: np.ndarray
    where: str
    scale: Scale | None
    north: bool = False


@dataclass(frozen=True)
class Reading:
    """How a file is read.

    Parameters
    ----------
    extension : str or int, or two of them, optional
        Which array of the file; two are the components of shear.
    quantity : {"convergence", "shear"}
    bins : int
        Of sources, along an axis.
    patches : Patches, optional
        Into which maps of the whole sky are cut.
    """

    extension: Extension = None
    quantity: Quantity = "convergence"
    bins: int = 1
    patches: Patches | None = None

    def raw(self, path: io.PathLike) -> Raw:
        """The array that is meant, two of them as components."""
        with arrays.opened(path) as held:
            found = self.chosen(path, held)
            for array in found:
                arrays.require_no_unit(array)
            values = [array.whole() for array in found]
        where, pixels, north = found[0].where, found[0].found, found[0].north
        if len(values) == 1:
            return Raw(values[0], where, pixels, north)
        if len({value.shape for value in values}) > 1:
            raise DataError(
                f"{path}: the components of shear have shapes "
                f"{', '.join(str(value.shape) for value in values)}; expected the same"
            )
        values[1] = -values[1] if north else values[1]
        return Raw(np.stack(values), str(path), pixels, north)

    def chosen(self, path: io.PathLike, held: list[Array]) -> list[Array]:
        """The arrays of a file that are meant."""
        if self.extension is None or isinstance(self.extension, str | int):
            return [arrays.chosen(path, held, self.extension)]
        return [arrays.chosen(path, held, name) for name in self.extension]

    def read(
        self, paths: Sequence[io.PathLike], like: Scale | None = None
    ) -> np.ndarray:
        """A map ([bins,] y, x), or a sky ([bins,] pixels), of the files of its parts.

        Parameters
        ----------
        paths : sequence of path
            Of the map's bins, and of the components of each.
        like : Scale, optional
            Of pixels that its own must be like, if it tells them.

        Raises
        ------
        MissingInput, DataError
            A file is not there or damaged, or holds no such map.
        """
        values, where, scales, north = zip(*map(self.raw, paths), strict=True)
        for path, own in zip(paths, scales, strict=True):
            if own and like and not np.isclose(own.value, like.value, rtol=TOLERANCE):
                raise DataError(
                    f"{path}: says {own.key}, and the first file says {like.key}; "
                    "expected the same pixels in all maps"
                )
        if len({value.shape for value in values}) > 1:
            raise DataError(
                f"{paths[0]}: the parts of its map have shapes "
                f"{', '.join(str(value.shape) for value in values)}; expected the same"
            )
        if len(values) == 1:
            return self.formed(values[0], where[0])
        components = len(values) // self.bins  # files of one bin stand together
        array = np.stack(values)
        if components == 2:
            for k in range(1, len(array), 2):
                array[k] = -array[k] if north[k] else array[k]
            array = array.reshape(-1, 2, *array.shape[1:])
        quantity: Quantity = "shear" if components == 2 else self.quantity
        return self.formed(array, where[0], quantity)

    def formed(
        self, array: np.ndarray, where: str, quantity: Quantity | None = None
    ) -> np.ndarray:
        """An array of a file as a map, or as a sky if there are patches."""
        shape = np.shape(array)
        if not self.patches:
            if array.ndim == 1:
                raise DataError(
                    f"{where}: has shape {shape}, as maps of the whole sky do "
                    "(HEALPix); expected flat maps, or maps.source.patch_degrees, by "
                    "which it is cut"
                )
            return fields(array, where, quantity or self.quantity, self.bins)
        if not any(map(arrays.is_sky, shape)):
            raise DataError(
                f"{where}: has shape {shape}; expected a map of the whole sky "
                "(HEALPix), for maps.source.patch_degrees; without it maps are flat"
            )
        return healpix.sky(array, where, quantity or self.quantity, self.bins)

    def scale(self, path: io.PathLike) -> Scale | None:
        """What a file says of the size of a pixel; its pixels are not read."""
        if self.patches:
            arcmin = self.patches.pixel_arcmin
            return Scale("maps.source.patch_degrees", arcmin, (arcmin,))
        with arrays.opened(path) as held:
            return self.chosen(path, held)[0].found

    def collection(self, table: pd.DataFrame, paths: list[list[Path]]) -> Collection:
        """Maps of a table, whose files are these; of skies their patches."""
        found = first_readable(paths, lambda own: self.scale(own[0]))
        if not self.patches:

            def pixels(rows: Sequence[int]) -> Iterator[np.ndarray]:
                yield from (self.read(paths[row], found) for row in rows)

            return Collection(table, pixels, found)
        return cut(
            table, self.patches, lambda rows: (self.read(paths[r]) for r in rows)
        )


def first_readable(places: Sequence[P], read: Callable[[P], R]) -> R:
    """What is read of the first place; of the next ones where it cannot be read.

    Which of them cannot is told when all are read.
    """
    wrong: AwdError | None = None
    for place in places:
        try:
            return read(place)
        except AwdError as error:
            wrong = wrong or error
    raise wrong or DataError("there are no maps")


def cut(
    table: pd.DataFrame,
    patches: Patches,
    skies: Callable[[Sequence[int]], Iterable[np.ndarray]],
) -> Collection:
    """Maps of skies: a row a patch of those that the first sky has.

    ``skies`` reads the skies of some rows of the table.
    """
    rows_of = range(len(table))
    sky = first_readable(rows_of, lambda row: next(iter(skies([row]))))
    which = patches.observed(sky)
    if not which:
        raise DataError(
            f"{table['source'].iloc[0]}: no patch of {patches.degrees:g} degrees lies "
            "within what was observed; lower maps.source.patch_degrees"
        )
    rows = table.loc[table.index.repeat(len(which))].reset_index(drop=True)
    rows["source"] = [
        f"{source}, patch {k}" for source in table["source"] for k in which
    ]
    count = len(which)

    def pixels(some: Sequence[int]) -> Iterator[np.ndarray]:
        files = sorted({row // count for row in some})
        wanted = {f: [r % count for r in some if r // count == f] for f in files}
        for file, sky in zip(files, skies(files), strict=True):
            for patch in patches.of(sky, [which[k] for k in wanted[file]]):
                yield np.ascontiguousarray(patch, np.float32)

    arcmin = patches.pixel_arcmin
    return Collection(
        rows, pixels, Scale("maps.source.patch_degrees", arcmin, (arcmin,))
    )


@checked(extension=("name", 0, 10**6))
def read_fits(path: io.PathLike, extension: Extension = None) -> np.ndarray:
    """The map in a file, (y, x), float32.

    Raises
    ------
    MissingInput, DataError
        The file is not there or cut off, or holds no map, or several, or has a unit.
    """
    return Reading(extension).read([path])
