"""The size of a pixel as a file tells it, whatever its word for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from awd.errors import DataError

TOLERANCE = 0.01  # of a pixel's side, by which file and configuration may differ
ARCMIN = {"deg": 60.0, "arcmin": 1.0, "arcsec": 1 / 60, "rad": 10800 / np.pi}
WORDS = {
    **dict.fromkeys(("deg", "degree", "degrees"), "deg"),
    **dict.fromkeys(("arcmin", "amin", "arcminute", "arcminutes"), "arcmin"),
    **dict.fromkeys(("arcsec", "asec", "arcsecond", "arcseconds"), "arcsec"),
    **dict.fromkeys(("rad", "radian", "radians"), "rad"),
}
CELESTIAL = ("RA", "DEC", "GLON", "GLAT", "ELON", "ELAT")
# Names of a pixel's side, and of the whole map's: with a unit behind, or bare.
OF_PIXEL = ("pixel", "pix", "scale", "resolution", "reso", "resol", "dpix")
BARE = ("pixscale", "pixelscale", "pixscal", "pixsize", "pixelsize", "secpix")
OF_SIDE = (
    "sideangle",
    "field",
    "fieldsize",
    "fov",
    "size",
    "mapsize",
    "side",
    "opening",
)
BARE_SIDE = ("angle",)


class Scale(NamedTuple):
    """What a file says of a pixel's side.

    Attributes
    ----------
    key : str
        Where it says so.
    value : float
        In its own unit.
    arcmin : tuple of float
        What it may be: several where the unit is missing.
    """

    key: str
    value: float
    arcmin: tuple[float, ...]


def of_fits(header: Any) -> Scale | None:
    """From a FITS header: world coordinates, or words for a pixel or the whole side."""
    sides = _of_coordinates(header)
    if sides:
        return sides
    for card in header.cards:
        if not isinstance(card.value, str | bool) and card.value is not None:
            found = _of_word(card.keyword, card.value, card.comment, header["NAXIS1"])
            if found:
                return found
    return None


def _of_coordinates(header: Mapping[str, Any]) -> Scale | None:
    """From CD, or from CDELT, which means nothing where it is 1 without an axis."""
    if "CD1_1" in header:
        key = "CD"
        first, second = (
            [float(header.get(f"CD{i}_{j}", 0.0)) for j in (1, 2)] for i in (1, 2)
        )
        steps = [float(np.hypot(a, b)) for a, b in zip(first, second, strict=True)]
    elif "CDELT1" in header:
        key = "CDELT"
        steps = [abs(float(header.get(f"CDELT{k}", header["CDELT1"]))) for k in (1, 2)]
        sky = str(header.get("CTYPE1", "")).upper().startswith(CELESTIAL)
        if steps == [1.0, 1.0] and not sky and not header.get("CUNIT1"):
            return None  # pixels
    else:
        return None
    unit = WORDS.get(str(header.get("CUNIT1", "deg")).strip().lower() or "deg")
    if unit is None or not 0 < steps[0] < np.inf:
        return None  # the coordinates are no angles
    if abs(steps[1] / steps[0] - 1) > TOLERANCE:
        raise DataError(
            f"a FITS header says {key} {steps[0]:g} and {steps[1]:g}: pixels that are "
            "not square; expected square ones"
        )
    return Scale(f"{key} {steps[0]:g} {unit}", steps[0], (steps[0] * ARCMIN[unit],))


def of_words(said: Mapping[str, Any], side: int) -> Scale | None:
    """From attributes, or numbers beside an array, of ``side`` pixels."""
    for key, value in said.items():
        if np.ndim(value) == 0 and isinstance(value, (int, float, np.number)):
            found = _of_word(str(key), value, "", side)
            if found:
                return found
    return None


def _of_word(key: str, value: Any, comment: str, side: int) -> Scale | None:
    """A number whose name, with or without a unit in it, says what it is."""
    try:
        size = float(value)
    except (TypeError, ValueError):
        return None
    *words, last = [w for w in re.split(r"[\W_]+", key.lower()) if w] or [""]
    unit = WORDS.get(last)
    name = "".join(words) if unit else "".join([*words, last])
    pixel = name in BARE or (name in OF_PIXEL and unit)
    per = 1 if pixel else side if name in BARE_SIDE or (name in OF_SIDE and unit) else 0
    if not per or not 0 < size < np.inf:
        return None
    if unit is None:
        said = [WORDS[w] for w in re.findall(r"[a-z]+", comment.lower()) if w in WORDS]
        # LensTools writes the side of a map in degrees.
        unit = said[0] if said else "deg" if name == "angle" else None
    units = [unit] if unit else [*ARCMIN]
    text = f"{key} {size:g}{f' {unit}' if unit else ''}"
    return Scale(text, size, tuple(size * ARCMIN[u] / per for u in units))


def agreed(found: Scale | None, asked: float | None, where: str) -> float:
    """The side of a pixel, arcminutes, from the file, the configuration, or both.

    Raises
    ------
    DataError
        They differ, or neither tells it.
    """
    if asked is None:
        if found and len(found.arcmin) == 1:
            return found.arcmin[0]
        has = f"says {found.key} without a unit" if found else "does not tell its scale"
        raise DataError(
            f"{where}: {has}; say how large its pixels are, in arcminutes: "
            "maps.source.pixel_arcmin"
        )
    if found and not any(abs(a / asked - 1) <= TOLERANCE for a in found.arcmin):
        either = " or ".join(f"{a:.4g}" for a in found.arcmin)
        raise DataError(
            f"{where}: its pixels have {either} arcmin ({found.key}), and "
            f"maps.source.pixel_arcmin is {asked:g}; correct the key, or leave it out, "
            "or mend the header if that is wrong"
        )
    return asked
