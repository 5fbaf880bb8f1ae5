"""Of maps: files, targets, tiles, bins of sources, and the size of the problem."""

from __future__ import annotations

from collections.abc import Iterator

from awd import registry
from awd.config.maps import FileTree, MapFiles, Maps, SimulatedMaps
from awd.errors import AwdError
from awd.maps import readers
from awd.maps.infer.size import MOST, problem
from awd.maps.measure import sizes
from awd.maps.sky.cosmology import RANGES


def found(maps: Maps) -> Iterator[tuple[str, str]]:
    """What cannot be, by key."""
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
        few = problem(
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
        f"names {name}, of {count} features; at most {MOST} can be inferred "
        "from: sum some of them up, or take fewer maps.bins"
        for name, count in found.items()
        if count > MOST
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


def unread(maps: Maps) -> Iterator[tuple[str, str]]:
    """Keys that are not read, and why."""
    if not maps.teacher:
        yield "maps.distil", "maps.teacher is null, so nothing is distilled"
    if maps.galaxies is None:
        yield "maps.ellipticity", "no noise is added (maps.galaxies)"
    if not maps.tile:
        yield "maps.stride", "maps are not cut (maps.tile)"
