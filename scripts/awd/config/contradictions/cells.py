"""Of cells: their files, conditions, splits, and what is handed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awd.cells.study import FEW_CELLS
from awd.config.contradictions import method
from awd.errors import DataError
from awd.league import splits

if TYPE_CHECKING:
    from awd.config.cells import Cells
    from awd.config.models import Config
    from awd.config.study import Handed


def found(config: Config, cells: Cells) -> Iterator[tuple[str, str]]:
    """What cannot be, by key."""
    yield from _bad_files(cells)
    yield from _bad_conditions(cells)
    if cells.targets:
        yield from _bad_study(config, cells)


def _bad_files(cells: Cells) -> Iterator[tuple[str, str]]:
    """Cells that share files, which would train and test on the same tracks."""
    source, owners = cells.source, dict[tuple[Path, str], str]()
    for cell, files in source.inputs().items():
        if not re.fullmatch(r"\w[\w .+-]{0,99}", cell):
            yield (
                "cells.source.files",
                f"gives a cell the name {cell!r}; expected letters, digits, spaces, "
                "'.', '_', '+' and '-': rename the file",
            )
        which = str(source.told(cell).get("series", ""))  # several cells of one file
        for file in files:
            other = owners.setdefault((Path(file).resolve(), which), cell)
            if other != cell or files.count(file) > 1:
                yield (
                    "cells.source.files",
                    f"names {file!r} for {other} and {cell}; a cell has files of its "
                    "own",
                )
    if source.kind == "fxycms" and len(source.names()) < len(source.files):
        stems = [Path(file).stem for file in source.files]
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        yield (
            "cells.source.files",
            f"has several files called {twice!r}, and a cell has the name of its file; "
            "rename them",
        )
    if source.kind == "movies" and source.axes:
        axes = source.axes.upper()
        if len({*axes}) < len(axes):
            yield "cells.source.axes", f"is {source.axes!r}; an axis stands there twice"
    frames = getattr(source, "frames", None)
    if frames and cells.min_frames >= frames:
        yield (
            "cells.min_frames",
            f"is {cells.min_frames}; movies of {frames} frames (cells.source.frames) "
            "have no longer tracks",
        )


def _bad_conditions(cells: Cells) -> Iterator[tuple[str, str]]:
    """Conditions hold every cell once, or there are none."""
    listed = [cell for own in cells.conditions.values() for cell in own]
    names = cells.source.names()
    for cell in dict.fromkeys(listed):
        if cell not in names:
            yield "cells.conditions", f"lists {cell!r}, which is no cell of the source"
        elif listed.count(cell) > 1:
            yield "cells.conditions", f"lists {cell!r} twice"
    missing = [cell for cell in names if cell not in listed]
    if listed and missing:
        yield "cells.conditions", f"says nothing of {', '.join(missing[:5])}"
    if len(cells.names) > cells.source.channel_count:
        yield (
            "cells.names",
            f"has {len(cells.names)} entries for {cells.source.channel_count} "
            "channels; expected a name a channel",
        )


def _bad_study(config: Config, cells: Cells) -> Iterator[tuple[str, str]]:
    yield from method.found("cells", cells)
    yield from _bad_levels(cells)
    if cells.source.channel_count < 2:
        yield (
            "cells.targets",
            f"is {', '.join(cells.targets)}, of a slave; there is one channel "
            "(cells.source.channels): targets: [] gives its tracks",
        )
    groups = cells.source.groups(cells.tiles)
    bad_splits = [*_bad_splits(cells, config.seed, groups)]
    yield from bad_splits
    if cells.handed and not bad_splits:
        yield from _bad_handed(cells.handed, cells, config.seed, groups)
    if not cells.source.has_p_values and "sig_mean" in cells.targets:
        column = ", or name their column: source.columns: {slave_p: ...}"
        yield (
            "cells.targets",
            f"sig_mean needs p-values, which {cells.source.kind} files lack; use "
            "mean0, max0 or half" + column * (cells.source.kind == "csv"),
        )
    if not cells.source.has_p_values:
        for key, off in (("hotspots", "keep"), ("bucket_accuracy", None)):
            value = getattr(cells, key)
            if value != off:
                yield (
                    f"cells.{key}",
                    f"is {value}; outcomes need p-values, which {cells.source.kind} "
                    f"files lack: {key}: {off or 'null'}",
                )
    elif cells.bucket_accuracy and len(cells.source.names()) < FEW_CELLS:
        yield (
            "cells.bucket_accuracy",
            f"is {cells.bucket_accuracy}; the buckets come from training cells, and of "
            f"fewer than {FEW_CELLS} cells tiles are the groups: bucket_accuracy: null",
        )


def _bad_levels(cells: Cells) -> Iterator[tuple[str, str]]:
    distil, length = cells.distil, cells.length
    possible = length.bit_length() - 1
    asked = {
        "cells.distil.levels": max(distil.levels),
        "cells.distil.attribution.levels": distil.attribution.levels,
        "cells.distil.soft.levels": distil.soft.levels,
        "cells.baselines.levels": cells.baselines.levels,
    }
    for key, levels in asked.items():
        if levels > possible:
            yield (
                key,
                f"is {levels}; tracks of {length} samples (cells.length) can be halved "
                f"{possible} times",
            )


def _bad_splits(cells: Cells, seed: int, groups: int) -> Iterator[tuple[str, str]]:
    try:
        sides = _sides(cells, seed, groups)
    except DataError as error:
        yield "cells.splits", str(error)
        return
    trained = min((side == "train").sum() for side in sides)
    if trained < cells.distil.folds:
        yield (
            "cells.distil.folds",
            f"is {cells.distil.folds}; only {trained} groups train",
        )
    folds = cells.teacher.folds
    if trained < folds:
        yield "cells.teacher.folds", f"is {folds}; only {trained} groups train"
    if folds == 1 or (cells.student.fit_to == "mixed" and not folds):
        yield (
            "cells.teacher.folds",
            f"is {folds}; 2 or more find the share of student.fit_to: mixed, 0 with "
            "another fit_to trains a single network",
        )


def _sides(cells: Cells, seed: int, groups: int) -> list[np.ndarray]:
    """The side of every group, by rotation."""
    shares = cells.splits.model_dump(include={"test", "select", "test_groups"})
    named = cells.source.names()[:groups]
    if len(named) < FEW_CELLS:  # their tiles are the groups
        named = [f"{cell}/{k}" for cell in named for k in range(cells.tiles**2)]
    names = np.array(named)
    return [
        splits.rotate(names, k, seed=seed, **shares)
        for k in range(cells.splits.rotations)
    ]


def _bad_handed(
    handed: Handed, cells: Cells, seed: int, groups: int
) -> Iterator[tuple[str, str]]:
    tested = min((side == "test").sum() for side in _sides(cells, seed, groups))
    blocks = cells.tiles**2 if groups == len(cells.source.names()) else 1
    half = tested // 2 * blocks if tested > 1 else blocks // 2
    if half < 2:
        yield (
            "cells.handed",
            f"cuts the test groups into a pool and a test set, which needs 2 blocks "
            f"of each: {tested} groups of {blocks} blocks test; raise cells.tiles",
        )
    if set(handed.shifts) - {"none"} and cells.traces == "noise":
        yield (
            "cells.handed.shifts",
            f"is {', '.join(handed.shifts)}; traces: noise leaves nothing to shift",
        )
    if {"interval", "resampled"} & {*handed.shifts} and cells.min_frames < 2:
        yield (
            "cells.handed.shifts",
            f"is {', '.join(handed.shifts)}; every second of {cells.min_frames + 1} "
            "frames is too few for hand features; raise cells.min_frames to 2",
        )


def least_cells(cells: Cells, seed: int) -> int:
    """Cells that must remain for the splits, of those that the source names."""
    names = len(cells.source.names())
    if names < FEW_CELLS:
        return 1  # its tiles are the groups
    if cells.splits.test_groups:
        return names  # all are spoken for
    enough = (
        n for n in range(FEW_CELLS, names) if not list(_bad_splits(cells, seed, n))
    )
    return next(enough, names)


def unread(cells: Cells) -> Iterator[tuple[str, str]]:
    """Keys that are not read, and why."""
    source = cells.source
    if cells.targets:
        yield from method.unread("cells", cells)
    tracked = source.kind == "movies" or getattr(source, "tracked", False)
    if not tracked:
        yield "cells.tracker", f"{source.kind} brings tracks, no movies"
    if not tracked and source.kind.startswith("simulate"):
        yield "cells.bad_cell", "simulated tracks are never bad"
    if not source.has_p_values:
        yield "cells.outcomes", f"{source.kind} files lack the p-values"
