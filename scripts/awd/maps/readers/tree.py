"""Trees of files, a map each, whose paths tell cosmology and realisation."""

from __future__ import annotations

import glob
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from awd import io
from awd.arguments import checked
from awd.errors import ConfigError, DataError, MissingInput
from awd.log import log
from awd.maps.names import PARAMETERS, plausible
from awd.maps.readers import parameters
from awd.maps.readers.collection import Collection, limited, named, sides
from awd.maps.readers.images import Reading

if TYPE_CHECKING:
    import pandas as pd

FIELDS = ("cosmology", "realisation", "component", "bin", *PARAMETERS)
FIELD = r"\{(\w+)(?::[^}]*)?\}"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
MOST = 10**6  # cosmologies, of which there is a number
# What a field may be, and what it is called in messages.
VALUES = {
    "cosmology": ("[^/]+?", "a name"),
    "realisation": (r"\d+(?=r?)", "a whole number"),
    "component": ("[12]", "1 or 2"),
    "bin": (r"\d+", "a whole number"),
    **dict.fromkeys(PARAMETERS, (NUMBER, "a number")),
}


@checked(first=(0, MOST), cosmologies=("cosmology", 0, MOST))
def fits_tree(
    pattern: str,
    table: io.PathLike | None = None,
    first: int | None = None,
    *,
    names: Sequence[str | None] | None = None,
    wanted: Sequence[str] | None = None,
    cosmologies: int | Sequence[str | int] | None = None,
    reading: Reading | None = None,
    bad_map: Literal["stop", "skip"] = "stop",
) -> Collection:
    """Maps in files whose paths name their cosmology and realisation.

    Parameters
    ----------
    pattern : str
        A path with fields in braces: ``{cosmology}``, ``{realisation}``, the parameters
        of :data:`awd.maps.names.PARAMETERS`, ``{bin}`` of sources, and ``{component}``
        (1, 2) of shear. ``model{cosmology}/WLconv_z1.00_{realisation}r.fits``, for
        example, or ``Om{omega_m}_si{sigma_8}/{realisation}.fits``; ``*`` stands for
        anything.
    table : path, optional
        Parameters of the cosmologies, see
        :func:`awd.maps.readers.parameters.read_parameters`, as for ``names`` and
        ``wanted``.
    first : int, optional
        The number of the cosmology in the first row of a table without names.
    cosmologies : int or sequence of str, optional
        Which are used: the first so many, or by name.
    reading : Reading, optional
        How each file is read.
    bad_map : {"stop", "skip"}
        What a map does whose bins or components are not all there: raise, or be left
        out. Those that cannot be read: :func:`awd.maps.study.dataset.usable`.

    Raises
    ------
    ConfigError, MissingInput, DataError
        The pattern has unknown fields or no file fits it; a realisation is there twice;
        a cosmology is missing from the table.
    """
    reading = reading or Reading()
    maps, left_out = listed(pattern, reading.bins, bad_map)
    everyone = list(maps["cosmology"].unique())
    told = told_in_names(maps)
    if table is not None:
        known = parameters.read_parameters(
            table, names, wanted and parameters.needed(wanted)
        )
        rows = parameters.looked_up(everyone, table, known, first)
        _require_agreement(table, everyone, told, rows)
        of_cosmology = rows.set_axis(everyone)
    else:
        of_cosmology = told
    maps = maps.iloc[limited(maps, cosmologies)].reset_index(drop=True)
    for name in of_cosmology:
        maps[name] = of_cosmology[name].loc[maps["cosmology"]].to_numpy()
    paths = maps.pop("paths").tolist()
    maps.insert(0, "source", [str(of_map[0]) for of_map in paths])
    collection = reading.collection(parameters.with_derived(maps), paths)
    return replace(collection, left_out=left_out)


def used(
    pattern: str,
    realisations: Mapping[str, int],
    cosmologies: int | Sequence[str | int] | None = None,
    bins: int = 1,
    bad_map: str = "stop",
) -> list[Path]:
    """The files that are read: of chosen cosmologies and realisations."""
    maps, _ = listed(pattern, bins, bad_map)
    maps = maps.iloc[limited(maps, cosmologies)]
    rows, *_ = sides(maps, realisations, bad_map)
    return [path for paths in maps["paths"].iloc[rows] for path in paths]


def listed(
    pattern: str, bins: int = 1, bad_map: str = "stop"
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Maps that fit a pattern: ``cosmology``, ``realisation``, parameters, ``paths``.

    The paths of a map are those of its bins, and of the components of each. Beside it
    the maps that are not all there, and what is missing.
    """
    import pandas as pd

    images: dict[tuple[str, int], dict[tuple[int, str], Path]] = {}
    told: dict[str, dict[str, float]] = {}
    for path, fields_of in _matching(pattern):
        values = {
            n: _value(fields_of[n], n, path) for n in PARAMETERS if n in fields_of
        }
        name = fields_of.get("cosmology", "_".join(fields_of[n] for n in values))
        key = name, int(fields_of.get("realisation", "0"))
        place = int(fields_of.get("bin", "0")), fields_of.get("component", "")
        parts = images.setdefault(key, {})
        if place in parts:
            raise DataError(
                f"{parts[place]} and {path} are the same realisation {key[1]} of "
                f"cosmology {name!r}; keep one of them"
            )
        parts[place] = path
        if told.setdefault(name, values) != values:
            raise DataError(
                f"{path}: its name gives cosmology {name!r} {_shown(values)}, and "
                f"another file's gives it {_shown(told[name])}; expected the same"
            )
    places = sorted({place for parts in images.values() for place in parts})
    _require_parts(pattern, places, bins)
    keys = sorted(images, key=_natural)
    left_out: dict[str, str] = {}
    for key in list(keys):
        missing = [place for place in places if place not in images[key]]
        if missing:
            first = next(iter(images[key].values()))
            reason = f"{first}: the {_called(missing[0])} of its map is missing"
            if bad_map == "stop":
                raise DataError(reason)
            log.warning("%s; it is left out", reason)
            left_out[named(*key)] = reason
            keys.remove(key)
    rows = pd.DataFrame(keys, columns=["cosmology", "realisation"])
    for parameter in next(iter(told.values())):
        rows[parameter] = [told[name][parameter] for name in rows["cosmology"]]
    rows["paths"] = [[images[key][place] for place in places] for key in keys]
    return rows, left_out


def _shown(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def _called(place: tuple[int, str]) -> str:
    component = f"other component ({place[1]}) of shear" if place[1] else ""
    return component or f"bin {place[0]}"


def _require_parts(pattern: str, places: list[tuple[int, str]], bins: int) -> None:
    components = sorted({component for _, component in places})
    if components not in ([""], ["1", "2"]):
        raise DataError(
            f"{pattern}: found components {components} of shear; expected 1, 2"
        )
    found = sorted({number for number, _ in places})
    if "{bin" in pattern and len(found) != bins:
        raise DataError(
            f"{pattern}: found bins {found} of sources; expected {bins} "
            "(maps.source.bins)"
        )


def told_in_names(maps: pd.DataFrame) -> pd.DataFrame:
    """Parameters of the cosmologies as their paths tell them."""
    names = [name for name in PARAMETERS if name in maps]
    rows = maps.drop_duplicates("cosmology").set_index("cosmology")[names]
    for name in names:
        values = rows[name].to_numpy()
        first = maps["paths"].iloc[0][0]
        where = f"the names of {len(maps)} files, {first} the first"
        rows[name] = plausible(name, values, where)
    return rows


def _require_agreement(
    table: io.PathLike, cosmologies: list[str], told: pd.DataFrame, rows: pd.DataFrame
) -> None:
    """Refuse a table that gives a cosmology other parameters than its path."""
    for name in set(told) & set(rows):
        here, there = told[name].to_numpy(), rows[name].to_numpy()
        wrong = np.flatnonzero(~np.isclose(here, there, rtol=0.01, atol=1e-4))
        if len(wrong):
            k = wrong[0]
            raise DataError(
                f"{table}: gives cosmology {cosmologies[k]!r} {name} {there[k]:g}, and "
                f"the names of its files {here[k]:g}; expected the same: is it the row "
                "of another cosmology (maps.source.first)?"
            )


def _value(text: str, name: str, path: Path) -> float:
    value = float(text)
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
    if "" in parts[2:-2:2]:
        raise ConfigError(f"{pattern}: no text stands between two fields; name some")
    return parts[1::2]


def _matching(pattern: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Files that fit a pattern, and the values of its fields in their paths."""
    names = fields(pattern)
    texts = re.split(FIELD, pattern)[::2]
    wildcards = "*".join(glob.escape(text).replace("[*]", "*") for text in texts)
    base = Path("/") if pattern.startswith("/") else Path()
    try:
        paths = sorted(base.glob(wildcards.lstrip("/")))
    except (OSError, ValueError, NotImplementedError) as error:
        raise ConfigError(f"{pattern}: is no pattern of paths ({error})") from error
    strict = _regex(texts, names, VALUES)
    matches = [(path, strict.fullmatch(path.as_posix())) for path in paths]
    matching = [(path, match.groupdict()) for path, match in matches if match]
    if not matching and paths:
        raise DataError(_why_not(pattern, texts, names, paths))
    if not matching:
        raise MissingInput(
            f"{pattern}: no file fits; put or link them there, or change the pattern "
            "(maps.source.files)"
        )
    greedy = _regex(texts, names, {**VALUES, "cosmology": ("[^/]+", "")})
    for path, found in matching:
        other = greedy.fullmatch(path.as_posix())
        if other and other.groupdict() != found:
            raise DataError(
                f"{path}: fits {pattern} in two ways, {found} and {other.groupdict()}; "
                "name a text that stands between the fields"
            )
    yield from matching


def _regex(
    texts: list[str], names: list[str], values: Mapping[str, tuple[str, str]]
) -> re.Pattern:
    regex, captured = "", set()
    for text, name in zip(texts, [*names, None], strict=True):
        regex += re.escape(text).replace(r"\*", "[^/]*")
        if name:
            regex += (
                f"(?P={name})" if name in captured else f"(?P<{name}>{values[name][0]})"
            )
            if name == "realisation":
                regex += "r?"
            captured.add(name)
    return re.compile(regex)


def _why_not(
    pattern: str, texts: list[str], names: list[str], paths: list[Path]
) -> str:
    """What keeps files from fitting a pattern but for its fields."""
    lax = _regex(texts, names, dict.fromkeys(FIELDS, ("[^/]*?", "")))
    for path in paths:
        match = lax.fullmatch(path.as_posix())
        for name, text in (match.groupdict() if match else {}).items():
            if not re.fullmatch(VALUES[name][0], text):
                return (
                    f"{path}: {text!r} stands for {name} in its name; expected "
                    f"{VALUES[name][1]}: put what else stands there into the pattern "
                    f"{pattern} (maps.source.files)"
                )
    return (
        f"{pattern}: {len(paths)} files are called like it, {paths[0]} the first, and "
        "a field that stands there twice differs; change it (maps.source.files)"
    )


def _natural(key: tuple[str, int]) -> tuple[list[int | str], int]:
    """A key that sorts numbers in names by their value."""
    name, realisation = key
    parts = re.split(r"(\d+)", name)
    return [int(p) if p.isdigit() else p for p in parts], realisation
