"""What keys allow one by one and not together, and keys that a run does not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awd import registry, wavelet
from awd.cells.study import FEW_CELLS
from awd.config.cells import Cells
from awd.config.maps import FileTree, MapFiles, Maps, SimulatedMaps
from awd.config.models import Config
from awd.config.own import Own
from awd.config.study import Handed
from awd.errors import AwdError, DataError
from awd.league import splits
from awd.maps import readers
from awd.maps.infer import size as too_few
from awd.maps.measure import sizes
from awd.maps.sky.cosmology import RANGES


def found(config: Config) -> Iterator[tuple[str, str]]:
    """What each key allows but the keys together do not."""
    if config.cells:
        yield from _bad_cells(config, config.cells)
    if config.maps:
        yield from _bad_maps(config.maps)
    for name, own in config.own.items():
        yield from _bad_own(name, own)
    if not (config.cells or config.maps or config.own or config.recovery):
        yield "cells", "is missing, and maps, own and recovery too; name a study to run"


def _bad_method(prefix: str, study: Cells | Own) -> Iterator[tuple[str, str]]:
    """Of any study: what the steps of the method cannot do."""
    student, distil = study.student, study.distil
    if student.features == "largest" and not student.largest + student.smallest:
        yield f"{prefix}.student.largest", "and smallest are 0; it needs a coefficient"
    shares = study.splits.test + study.splits.select
    if shares >= 1:
        yield (
            f"{prefix}.splits",
            f"test and select take {shares:g} of the groups; expected less than 1, the "
            "rest train",
        )
    smoothers = {"symmetric", "gaussian"} & {*distil.families}
    if smoothers and student.features == "largest":
        yield (
            f"{prefix}.distil.families",
            f"lists {', '.join(sorted(smoothers))}, smoothers of the undecimated "
            f"transform, which {prefix}.student.features: quantiles reads",
        )
    if 2 * distil.moments > min(distil.lengths):
        yield (
            f"{prefix}.distil.moments",
            f"is {distil.moments}; {min(distil.lengths)} taps ({prefix}.distil.lengths)"
            f" have at most {min(distil.lengths) // 2} vanishing moments",
        )
    yield from _bad_wavelets(f"{prefix}.baselines.wavelets", study.baselines.wavelets)
    yield from _bad_wavelets(f"{prefix}.distil.soft.init", [distil.soft.init])


def _bad_own(name: str, own: Own) -> Iterator[tuple[str, str]]:
    prefix, network = f"own.{name}", own.network
    if name in ("cells", "maps", "recovery"):
        yield prefix, "is the name of a study of this project; choose another"
    yield from _bad_method(prefix, own)
    if len(set(own.windows)) < len(own.windows):
        yield f"{prefix}.windows", "lists a window twice"
    numbers = [value for value in own.targets.values() if isinstance(value, int)]
    if own.task == "regression" and min(numbers, default=0) < 0:
        yield (
            f"{prefix}.targets",
            f"names column {min(numbers)}; expected columns counted from 0",
        )
    columns = network and network.columns
    if columns and len(columns) != len(own.targets):
        yield (
            f"{prefix}.network.columns",
            f"has {len(columns)} entries for {len(own.targets)} targets; expected a "
            "column a target",
        )
    wanted = set(own.distil.objectives) - {"output"}
    if wanted and network and network.kind == "network" and _is_onnx(network.source):
        yield (
            f"{prefix}.distil.objectives",
            f"lists {', '.join(sorted(wanted))}, which need gradients; ONNX has none: "
            "objectives: [output]",
        )
    if own.dims == 2 and "soft" in own.distil.objectives:
        yield f"{prefix}.distil.objectives", "lists soft, which reads signals only"
    reading = {1: {"lstm", "dilated", "mlp", "cnn"}, 2: {"mlp", "cnn", "resnet"}}
    known = reading[own.dims]
    kinds = [kind for kind in own.teacher.kinds if not registry.is_path(kind)]
    other = {part for kind in kinds for part in kind.split("+")} - known
    if other:
        yield (
            f"{prefix}.teacher.kinds",
            f"lists {', '.join(sorted(other))}; of samples with dims: {own.dims} there "
            f"is {', '.join(sorted(known))}",
        )
    if not network and own.student.fit_to == "mixed" and own.teacher.folds < 2:
        yield (
            f"{prefix}.teacher.folds",
            f"is {own.teacher.folds}; 2 or more find the share of student.fit_to: "
            "mixed",
        )


def _is_onnx(source: str) -> bool:
    return source.endswith(".onnx")


def _bad_cells(config: Config, cells: Cells) -> Iterator[tuple[str, str]]:
    yield from _bad_files(cells)
    yield from _bad_conditions(cells)
    if cells.targets:
        yield from _bad_study(config, cells)


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
    yield from _bad_method("cells", cells)
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


def _bad_pattern(maps: Maps) -> Iterator[tuple[str, str]]:
    source = maps.source
    if isinstance(source, MapFiles):
        yield from _bad_patches(source)
    if not isinstance(source, FileTree):
        return
    try:
        fields = readers.fields(source.files)
    except AwdError as error:
        yield "maps.source.files", str(error)
        return
    given = {*fields} & {*readers.PARAMETERS}
    if "cosmology" not in fields and not given:
        yield (
            "maps.source.files",
            f"is {source.files!r}; a field has to tell the cosmology: {{cosmology}}, "
            f"or parameters, {{{'}, {'.join(readers.PARAMETERS)}}}",
        )
    elif not source.table:
        given |= _following(given)
        absent = [name for name in maps.targets if name not in given]
        if absent:
            yield (
                "maps.source.table",
                f"is missing; the paths do not tell {', '.join(absent)} (maps.targets)",
            )
    yield from _bad_parts(source, fields)


def _bad_parts(source: FileTree, fields: list[str]) -> Iterator[tuple[str, str]]:
    if "bin" in fields and source.bins < 2:
        yield "maps.source.bins", "is 1; {bin} in maps.source.files stands for several"
    if "component" in fields and source.quantity == "shear":
        yield (
            "maps.source.quantity",
            "is shear, of files with both components; {component} in maps.source.files "
            "stands for one: leave either out",
        )
    if source.first is not None and not source.table:
        yield "maps.source.first", "counts rows of maps.source.table, which is missing"
    if source.names and not source.table:
        yield (
            "maps.source.names",
            "names columns of maps.source.table, which is missing",
        )


def _bad_patches(source: MapFiles) -> Iterator[tuple[str, str]]:
    if (source.patch_degrees is None) != (source.patch_pixels is None):
        key = "degrees" if source.patch_degrees is None else "pixels"
        yield f"maps.source.patch_{key}", "is missing; a patch has degrees and pixels"


def _following(given: set[str]) -> set[str]:
    """Parameters that follow from others."""
    both = {"sigma_8", "S8"}
    return both if "omega_m" in given and both & given else set()


def _bad_maps(maps: Maps) -> Iterator[tuple[str, str]]:
    source = maps.source
    yield from _bad_pattern(maps)
    features, unusable = _features(maps)
    yield from unusable
    if source.kind == "simulated":
        for name in ("omega_m", "sigma_8"):
            low, high = getattr(source, name)
            least, most = RANGES[name]
            if not least <= low < high <= most:
                yield (
                    f"maps.source.{name}",
                    f"is {low:g} to {high:g}; expected to rise within {least:g} to "
                    f"{most:g}",
                )
        made = {"omega_m", "sigma_8", "S8"}
        if not set(maps.targets) <= made:
            yield (
                "maps.targets",
                f"is {', '.join(maps.targets)}; simulated maps differ in omega_m and "
                "sigma_8 only, from which S8 follows",
            )
        size = maps.size or source.pixels
        if source.pixels % size:
            yield "maps.size", f"is {size}; expected a divisor of {source.pixels}"
            return
        tile = maps.tile or size
        if tile > size or (size - tile) % (maps.stride or tile):
            yield (
                "maps.tile",
                f"is {tile} every {maps.stride or tile}; whole steps through {size} "
                "pixels do not end at the border",
            )
            return
        tiles = ((size - tile) // (maps.stride or tile) + 1) ** 2
        few = too_few.problem(
            source.cosmologies,
            source.cosmologies * source.train * source.maps * tiles,
            len(maps.targets),
            features,
            maps.covariance,
        )
        if few:
            yield "maps.source", f"makes {few}"
    yield from _bad_bins(maps)
    other = [name for name in maps.scored or [] if name not in maps.targets]
    if other:
        yield "maps.scored", f"lists {', '.join(other)}; maps.targets does not"
    if {"omega_m", "sigma_8", "S8"} <= {*maps.targets}:
        yield (
            "maps.targets",
            "names omega_m, sigma_8 and S8, of which one follows from two; name two",
        )
    if len(maps.targets) < 2:
        yield "maps.targets", "names one parameter; two are inferred together"


def _features(maps: Maps) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """How many features statistics have, and which cannot be used.

    One's own are tried on noise, before maps are simulated or read.
    """
    called = [registry.short(name) for name in maps.methods]
    twice = [name for name in dict.fromkeys(called) if called.count(name) > 1]
    wrong = [f"has two called {name!r}; rename yours" for name in twice[:1]]
    pixels = maps.source.pixels if isinstance(maps.source, SimulatedMaps) else None
    side = maps.tile or maps.size or pixels
    found: dict[str, int] = {}
    for name in maps.methods:
        try:
            found[name] = sizes.features(name, maps.bins, maps.source.bins, side)
        except AwdError as error:
            wrong.append(f"names a statistic that cannot be used: {error}")
    wrong += [
        f"names {name}, of {count} features; at most {too_few.MOST} can be inferred "
        "from: sum some of them up, or take fewer maps.bins"
        for name, count in found.items()
        if count > too_few.MOST
    ]
    return found, [("maps.methods", text) for text in wrong]


def _bad_bins(maps: Maps) -> Iterator[tuple[str, str]]:
    source, bins = maps.source, maps.source.bins
    if isinstance(source, SimulatedMaps) and isinstance(source.z_source, list):
        if bins < 2:
            yield "maps.source.z_source", "lists one redshift; write it as a number"
        elif sorted(source.z_source) != source.z_source:
            yield "maps.source.z_source", f"is {source.z_source}; expected to rise"
    for key in ("galaxies", "ellipticity"):
        value = getattr(maps, key)
        if isinstance(value, list) and len(value) != bins:
            yield (
                f"maps.{key}",
                f"has {len(value)} values for {bins} bins of sources; expected one a "
                "bin, or a number",
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


def _bad_wavelets(key: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            wavelet.from_pywt(name)
        except AwdError as error:
            yield key, str(error)


def unread(config: Config, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of a file that nothing in its run reads: they would promise what is not so.

    Parameters
    ----------
    config : Config
    given : mapping
        The file itself, without defaults and presets.
    """
    for path, reason in _unread(config):
        section: Any = given
        for key in path.split("."):
            section = section.get(key) if isinstance(section, Mapping) else None
        if section is not None:
            yield path, f"is not read: {reason}; leave it out"


def _unread(config: Config) -> Iterator[tuple[str, str]]:
    cells, maps = config.cells, config.maps
    if not (cells or maps or config.own):
        yield "evaluation", "recovery has no intervals"
    if not (cells or config.own or (maps and maps.teacher)):
        yield "device", "no network is trained on a device of choice"
    if cells:
        yield from _unread_cells(cells)
    for name, own in config.own.items():
        yield from _unread_own(f"own.{name}", own)
    if maps:
        if not maps.teacher:
            yield "maps.distil", "maps.teacher is null, so nothing is distilled"
        if maps.galaxies is None:
            yield "maps.ellipticity", "no noise is added (maps.galaxies)"
        if not maps.tile:
            yield "maps.stride", "maps are not cut (maps.tile)"


def _unread_method(prefix: str, study: Cells | Own) -> Iterator[tuple[str, str]]:
    objectives = study.distil.objectives
    for name in ("attribution", "soft"):
        if name not in objectives:
            yield (
                f"{prefix}.distil.{name}",
                f"{prefix}.distil.objectives does not list it",
            )
    if not {"attribution", "soft"} & set(objectives):
        yield f"{prefix}.distil.choose_by", "output distillation chooses by fidelity"
    if study.student.fit_to != "mixed":
        reason = "only student.fit_to: mixed has a share to choose"
        yield f"{prefix}.student.shares", reason
    if study.splits.test_groups:
        yield f"{prefix}.splits.test", f"{prefix}.splits.test_groups are named"
    if study.student.features != "largest":
        for key in ("largest", "smallest", "positions", "start", "statistics"):
            reason = f"{prefix}.student.features is {study.student.features}"
            yield f"{prefix}.student.{key}", reason


def _unread_own(prefix: str, own: Own) -> Iterator[tuple[str, str]]:
    yield from _unread_method(prefix, own)
    if own.network:
        yield f"{prefix}.teacher.folds", "the network is brought, none is trained anew"
        if own.network.seen and own.student.fit_to == "mixed":
            yield (
                f"{prefix}.student.shares",
                "a network that was trained on these samples cannot choose its share, "
                "which is a half; network.seen: false if it was not",
            )
    if own.dims == 2:
        for key in ("start", "statistics"):
            yield f"{prefix}.student.{key}", "images have no time"
        for key in ("windows", "length"):
            yield f"{prefix}.{key}", "images are read whole"


def _unread_cells(cells: Cells) -> Iterator[tuple[str, str]]:
    source = cells.source
    if cells.targets:
        yield from _unread_method("cells", cells)
    tracked = source.kind == "movies" or getattr(source, "tracked", False)
    if not tracked:
        yield "cells.tracker", f"{source.kind} brings tracks, no movies"
    if not tracked and source.kind.startswith("simulate"):
        yield "cells.bad_cell", "simulated tracks are never bad"
    if not source.has_p_values:
        yield "cells.outcomes", f"{source.kind} files lack the p-values"
