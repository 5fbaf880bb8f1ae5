"""Splits by group: who is trained on, who selects, who is tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io, samples
from awd.arguments import checked
from awd.errors import DataError
from awd.record import contracts

if TYPE_CHECKING:
    import xarray as xr


# Whose labels a method may see: select's stop the networks, so nobody is denied them.
KNOWN = ("train", "select")


@dataclass(frozen=True)
class Part:
    """One side of a split, for one target.

    ``x`` (n, ...), in memory or read when it is asked for, and ``y`` (n,) with the
    ``groups``, ``blocks`` and ``rows`` of the data set; ``described`` holds the
    ``long_name`` and ``units`` of the target, ``hand`` (n, features) what was made by
    hand of each sample, where the data set has that.
    """

    target: str
    described: dict[str, str]
    x: Any
    y: np.ndarray
    groups: np.ndarray
    blocks: np.ndarray
    rows: np.ndarray
    hand: np.ndarray | None = None

    def only(self, chosen: np.ndarray) -> Part:
        """Some of the samples, by a mask of shape (n,)."""
        rows = {
            name: getattr(self, name)[chosen]
            for name in ("x", "y", "groups", "blocks", "rows")
        }
        hand = None if self.hand is None else self.hand[chosen]
        return replace(self, **rows, hand=hand)

    def with_shuffled_target(self, seed: int) -> Part:
        """The same samples with their targets permuted: nothing is left to learn.

        Shuffle the training part and the select part, each by itself, and train on
        them as usual: what such a teacher teaches is in the data without the labels.
        """
        return replace(self, y=np.random.default_rng(seed).permutation(self.y))


@checked(data={"x", "target", "group", "block"})
def part(data: xr.Dataset, sides: str | Sequence[str], target: str) -> Part:
    """One side, or several together, of a ``dataset`` file with a split.

    ``sides`` is "train", "select" or "test", or a sequence of them.

    Raises
    ------
    DataError
        When the data set has no split or no such target, a group stands on two sides,
        or none on one that is asked for.
    """
    targets = data["name"].values.tolist()
    if "split" not in data or target not in targets:
        raise DataError(
            f"the data set needs a variable 'split' and the target {target!r}; it has "
            f"{', '.join(map(str, data.data_vars))} and the targets "
            f"{', '.join(targets)}"
        )
    check(data["group"].values, data["split"].values)
    sides = (sides,) if isinstance(sides, str) else sides
    if not len(sides):
        raise DataError("sides is empty; expected train, select or test")
    for side in set(sides).difference(data["split"].values):
        raise DataError(f"no sample is in the split {side!r}; split the groups again")
    rows = np.flatnonzero(np.isin(data["split"].values, sides))
    chosen = data.drop_vars("x").isel(sample=rows)
    return Part(
        target,
        {"units": data["target"].attrs["units"], "long_name": target},
        rows_of(data["x"], rows),
        chosen["target"].sel(name=target).values.astype(np.float64),
        chosen["group"].values.astype(str),
        chosen["block"].values.astype(str),
        rows,
        chosen["hand"].values if "hand" in chosen else None,
    )


def rows_of(x: xr.DataArray, rows: np.ndarray) -> np.ndarray:
    """Some rows of an array (n, ...), rising; of an open file a block at a time."""
    out = np.empty((len(rows), *x.shape[1:]), x.dtype)
    for block in samples.blocks(len(x), x.nbytes):
        here = slice(*np.searchsorted(rows, [block.start, block.stop]))
        if here.start < here.stop:
            out[here] = x[block].values[rows[here] - block.start]
    return out


def read(
    path: io.PathLike, target: str, *sides: str | Sequence[str]
) -> tuple[xr.Dataset, list[Part]]:
    """A file of samples with a split: all but the samples, and sides of these.

    Parameters
    ----------
    path : path
        :data:`awd.record.contracts.DATASET`.
    target, sides : str
        As for :func:`part`; of the samples no others are held in memory.
    """
    with io.opened(path, contracts.DATASET) as data:
        found = [part(data, side, target) for side in sides]
        return data.drop_vars("x").load(), found


@checked(groups="n*", rotation=(0, 1e9), seed=(0, 2**64), labels="groups")
def rotate(
    groups: np.ndarray,
    rotation: int,
    *,
    seed: int,
    test: float = 0.25,
    select: float = 0.15,
    test_groups: Sequence[str] = (),
) -> np.ndarray:
    """Split samples by group; successive rotations test on successive groups.

    The groups are permuted once by ``seed``. Rotation ``k`` tests on the k-th window of
    that order, selects on the groups that follow it (round the end), and trains on the
    rest, so rotations 0 to ``1 / test - 1`` test every group exactly once.

    Parameters
    ----------
    groups : array of shape (n,)
        Group of each sample: cell, subject, initial condition.
    rotation : int
        Which window is tested, from 0.
    seed : int
        Seed of the permutation; the order of the samples does not matter.
    test, select : float
        Shares of the groups, not of the samples.
    test_groups : sequence of str, optional
        The groups that test in every rotation, in place of a share; rotations then
        select on successive groups of the others.

    Returns
    -------
    array of shape (n,), text
        ``"train"``, ``"select"`` or ``"test"`` for each sample.

    Raises
    ------
    DataError
        When there are too few groups for the shares, no such rotation, or a group to
        test is not there.
    """
    names = np.unique(groups)
    order = np.random.default_rng(seed).permutation(names)
    selecting = max(1, _round(select * len(names)))
    if len(test_groups):
        unknown = sorted(set(test_groups) - set(names))
        if unknown:
            raise DataError(
                f"no group {', '.join(unknown)} to test on; there is "
                f"{', '.join(map(str, names))}"
            )
        tested = np.isin(order, test_groups)
        order = np.concatenate(
            [order[tested], np.roll(order[~tested], -rotation * selecting)]
        )
        start, stop = 0, int(tested.sum())
    else:
        start, stop = _window(len(names), rotation, test)
    if stop - start + selecting >= len(names):
        raise DataError(
            f"{len(names)} groups leave none to train on with {stop - start} to test "
            f"and {selecting} to select; bring more groups or lower test={test:g} and "
            f"select={select:g}"
        )
    chosen = np.roll(order, -start)
    split = np.full(len(groups), "train", dtype="<U6")
    split[np.isin(groups, chosen[: stop - start])] = "test"
    split[np.isin(groups, chosen[stop - start :][:selecting])] = "select"
    return split


@checked(groups="n", count=(2, 1e6), labels="groups")
def folds(groups: np.ndarray, count: int) -> np.ndarray:
    """Fold of every sample, (n,) int: whole groups, folds of about equal size.

    The fold of a group depends on the sizes of all groups only, so that who trains and
    who predicts agree.
    """
    if len(np.unique(groups)) < count:
        raise DataError(
            f"groups are {len(np.unique(groups))}, too few for {count} folds (count); "
            "bring more, or ask for fewer folds"
        )
    return samples.folds(groups, count)


@checked(groups="n", split="n", labels="groups split")
def check(groups: np.ndarray, split: np.ndarray) -> None:
    """Refuse a split in which a group stands on more than one side.

    Raises
    ------
    DataError
        Naming the first such group and its sides.
    """
    groups, split = np.asarray(groups), np.asarray(split)
    if groups.shape != split.shape:
        raise DataError(f"{groups.size} groups for {split.size} entries of the split")
    names, inverse = np.unique(groups, return_inverse=True)
    sides, side = np.unique(split, return_inverse=True)
    present = np.zeros((len(names), len(sides)), bool)
    present[inverse, side] = True
    torn = np.flatnonzero(present.sum(1) > 1)
    if torn.size:
        where = " and ".join(sides[present[torn[0]]])
        raise DataError(
            f"group {str(names[torn[0]])!r} stands in {where} ({torn.size} of "
            f"{len(names)} groups do); split by group: awd.league.splits.rotate"
        )


def _window(count: int, rotation: int, test: float) -> tuple[int, int]:
    """First and last-plus-one position of the tested groups in the permuted order."""
    if not 0 < test < 1:
        raise DataError(f"test={test:g} is not a share of the groups; use 0 < test < 1")
    rotations = int(1 / test + 1e-9)
    if not 0 <= rotation < rotations:
        raise DataError(
            f"rotation {rotation} does not exist: test={test:g} gives rotations "
            f"0 to {rotations - 1}"
        )
    if test * count < 1 - 1e-9:
        raise DataError(
            f"{count} groups are too few for test={test:g}, which needs "
            f"{int(np.ceil(1 / test - 1e-9))}; use test >= {1 / max(count, 1):.3f}"
        )
    return _round(rotation * test * count), _round((rotation + 1) * test * count)


def _round(value: float) -> int:
    """Halves go up; ``round`` sends them to even, which may leave a window empty."""
    return int(np.floor(value + 0.5 + 1e-9))
