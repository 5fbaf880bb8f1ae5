"""Maps that are read when they are asked for, and which of them are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from awd.errors import DataError
from awd.log import log
from awd.maps.readers.parameters import plain
from awd.maps.readers.scale import Scale
from awd.record.contracts import SPLITS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Collection:
    """Maps that are read one by one, so that an archive may exceed the memory.

    Attributes
    ----------
    table : DataFrame
        ``source`` (for messages), ``cosmology`` (text), ``realisation`` (int) and the
        parameters that are known; a row a map.
    pixels : callable
        From rising rows of the table to an iterator over their maps, (y, x) or (bins,
        y, x), float32.
    found : Scale, optional
        What the first file says of the size of a pixel.
    left_out : mapping of str to str
        Maps that are not all there, and what is missing.
    """

    table: pd.DataFrame
    pixels: Callable[[Sequence[int]], Iterator[np.ndarray]]
    found: Scale | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.pixels(range(len(self.table)))

    def of(self, rows: Sequence[int] | np.ndarray) -> Collection:
        """Some of the maps, in rising order."""
        chosen = np.asarray(rows, int)
        table = self.table.iloc[chosen].reset_index(drop=True)

        def pixels(some: Sequence[int]) -> Iterator[np.ndarray]:
            return self.pixels(chosen[np.asarray(some, int)].tolist())

        return replace(self, table=table, pixels=pixels)


def limited(
    table: pd.DataFrame, cosmologies: int | Sequence[str | int] | None
) -> np.ndarray:
    """Rows of some cosmologies: the first so many in the table's order, or by name.

    Raises
    ------
    DataError
        One of them is not there, or there are not so many.
    """
    if cosmologies is None:
        return np.arange(len(table))
    names = table["cosmology"].unique().tolist()
    if isinstance(cosmologies, int):
        if cosmologies > len(names):
            raise DataError(
                f"{len(names)} cosmologies have maps, and maps.source.cosmologies asks "
                f"for {cosmologies}; lower it"
            )
        wanted = names[:cosmologies]
    else:
        by_number = {plain(name): name for name in names}
        asked = {str(name): by_number.get(plain(str(name))) for name in cosmologies}
        for name, found in asked.items():
            if found is None:
                some = ", ".join(names[:8]) + ", ..." * (len(names) > 8)
                raise DataError(
                    f"maps.source.cosmologies names {name!r}; there are maps of {some}"
                )
        wanted = [name for name in asked.values() if name]
    return np.flatnonzero(table["cosmology"].isin(wanted))


def sides(
    table: pd.DataFrame, realisations: Mapping[str, int], bad_map: str = "stop"
) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Rows that are used, and their sides: train, select, test.

    The same realisations of all cosmologies stand on one side: they may come from the
    same initial conditions. Where every map has a cosmology of its own, maps are dealt
    out by chance.

    Parameters
    ----------
    table : DataFrame
        ``cosmology`` and ``realisation`` of every map.
    realisations : mapping
        How many ``train``, ``select`` and ``test``, in the order of their numbers; maps
        beyond are left out.
    bad_map : {"stop", "skip"}
        Whether a cosmology that lacks some of them ends the run.

    Returns
    -------
    rows : array of int
    sides : array of str
    missing : dict of str to str
        Realisations that a cosmology lacks, and that they are.

    Raises
    ------
    DataError
        A cosmology lacks a realisation that is used, or there are too few.
    """
    wanted = sum(realisations[side] for side in SPLITS)
    dealt = np.repeat(SPLITS, [realisations[side] for side in SPLITS])
    if is_one_each(table):
        units = table["cosmology"]
        what = "maps, each of a cosmology of its own,"
        numbers = units.unique()
        # By chance: files often stand in the order of a parameter.
        numbers = np.random.default_rng(0).permutation(numbers)
    else:
        units = table["realisation"]
        what, numbers = "realisations", np.unique(units)
    if len(numbers) < wanted:
        raise DataError(
            f"{len(numbers)} {what} for {wanted} that train, select and test; bring "
            "more maps, or lower maps.source.realisations"
        )
    side = dict(zip(numbers[:wanted], dealt, strict=True))
    rows = np.flatnonzero(units.isin(numbers[:wanted]))
    used = table.iloc[rows]
    lacking: dict[str, str] = {}
    if not is_one_each(table):
        for name, own in used.groupby("cosmology", sort=False):
            missing = sorted(set(side) - set(own["realisation"]))
            if missing and bad_map == "skip":
                log.warning("cosmology %s lacks realisations %s", name, missing)
                who = [named(str(name), k) for k in missing]
                lacking |= dict.fromkeys(who, "there is no such map")
            elif missing:
                raise DataError(
                    f"cosmology {name!r} lacks realisation {missing[0]} ({len(missing)}"
                    f" of {wanted} are missing); bring it, lower "
                    "maps.source.realisations, or name the cosmologies that have all "
                    "(maps.source.cosmologies)"
                )
    return rows, units.iloc[rows].map(side).to_numpy(str), lacking


def named(cosmology: str, realisation: int) -> str:
    """What a map is called that has no file."""
    return f"cosmology {cosmology}, realisation {realisation}"


def is_one_each(table: pd.DataFrame) -> bool:
    """Whether every map has a cosmology of its own, of more than a few."""
    maps = table[["cosmology", "realisation"]].drop_duplicates()
    return len(maps) > 2 and maps["cosmology"].nunique() == len(maps)


def split_by_realisation(
    collection: Collection, realisations: Mapping[str, int], bad_map: str = "stop"
) -> Collection:
    """The maps that are used, with ``group`` and ``split``; see :func:`sides`.

    A group is a realisation, or a map where each has its own cosmology.
    """
    rows, side, lacking = sides(collection.table, realisations, bad_map)
    chosen = collection.of(rows)
    table = chosen.table.assign(split=side)
    if is_one_each(collection.table):
        table["group"] = table["cosmology"]
    else:
        table["group"] = table["realisation"].map("r{:05d}".format)
    known = collection.left_out
    if not is_one_each(collection.table):  # of those that are used
        known = {name: known.get(name, reason) for name, reason in lacking.items()}
    return replace(chosen, table=table, left_out=known)
