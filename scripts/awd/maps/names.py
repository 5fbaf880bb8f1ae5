"""The parameters of a cosmology: their names, units, and plausible values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from awd.errors import DataError


class Parameter(NamedTuple):
    """A parameter.

    Attributes
    ----------
    long, unit, label : str
        In words, its unit, and on axes.
    low, high : float
        Between which any cosmology in use has it.
    aliases : tuple of str
        Other names in tables, in lower case and without signs.
    other : (float, str), optional
        Of values in another common unit: what they are multiplied by.
    """

    long: str
    unit: str
    label: str
    low: float
    high: float
    aliases: tuple[str, ...]
    other: float = 1.0


PARAMETERS = {
    "omega_m": Parameter(
        *("matter density", "1", r"$\Omega_\mathrm{m}$", 0.05, 0.9),
        ("om", "omm", "omegam0", "om0", "omegamatter", "ωm"),
    ),
    "sigma_8": Parameter(
        *("amplitude of fluctuations", "1", r"$\sigma_8$", 0.2, 1.6),
        ("si", "sig8", "sigma80", "σ8"),
    ),
    "S8": Parameter(
        *("amplitude S8 = sigma_8 (omega_m / 0.3)^0.5", "1", "$S_8$", 0.1, 2.0), ()
    ),
    "a_s": Parameter(
        *("primordial amplitude", "1e-9", r"$10^9 A_\mathrm{s}$", 0.3, 10.0),
        ("as1e9", "1e9as", "109as", "as109"),
        1e9,
    ),
    "m_nu": Parameter(
        *("sum of neutrino masses", "eV", r"$M_\nu$ (eV)", 0.0, 2.0),
        ("mnusum", "summnu", "mnutot", "mnuev", "mv", "mν"),
    ),
    "w0": Parameter(
        *("dark energy's equation of state", "1", "$w_0$", -3.0, -0.1), ("w",)
    ),
    "wa": Parameter(*("its change with scale factor", "1", "$w_a$", -4.0, 4.0), ()),
    "h": Parameter(
        *("Hubble constant over 100 km/s/Mpc", "1", "$h$", 0.4, 1.1),
        ("h0", "hubble", "littleh"),
        0.01,
    ),
    "n_s": Parameter(*("spectral index", "1", r"$n_\mathrm{s}$", 0.6, 1.4), ()),
    "omega_b": Parameter(
        *("baryon density", "1", r"$\Omega_\mathrm{b}$", 0.005, 0.2),
        ("ob", "omb", "omegab0", "ωb"),
    ),
}
# Columns that name a cosmology, or number it, in lower case and without signs.
IDS = {
    *("cosmology", "cosmo", "name", "model", "id", "index", "idx", "no", "nr"),
    *("number", "num", "sim", "simulation", "run", "cosmologyid", "cosmoid"),
    *("modelid", "simid", "runid", "modelname", "simulationid", "cosmologyname"),
}
UNUSED = (
    "",
    "null",
    "-",
    "_",
    "skip",
)  # of a column of no interest, in a list of names
KNOWN = {
    alias: name
    for name, parameter in PARAMETERS.items()
    for alias in (name.replace("_", ""), *parameter.aliases)
    if name != "S8"
}


def known(column: str, where: str = "") -> str | None:
    """The parameter that a column, or a field, holds by its name; None if unknown.

    Raises
    ------
    DataError
        It may be one of two: a small s8 is written for sigma_8 and for S8.
    """
    plain = plainly(column)
    if plain == "s8":
        if column.strip("$\\ ").startswith("S"):
            return "S8"
        raise DataError(
            f"{where}: column {column!r} may be sigma_8, or S8 = sigma_8 (omega_m / "
            "0.3)^0.5; rename it to sigma_8 or to S8, or give names "
            "(maps.source.names)"
        )
    return KNOWN.get(plain)


def plainly(column: str) -> str:
    """A name in lower case, letters and digits only."""
    return re.sub(r"[\W_]", "", column.lower())


def column_names(columns: Iterable[str | None], where: str) -> list[str | None]:
    """Of every column its parameter, ``"cosmology"``, its own name, or None if unused.

    Raises
    ------
    DataError
        Two columns have one name, or a name may be one of two.
    """
    names: list[str | None] = []
    seen: dict[str, str] = {}
    for column in columns:
        text = (column or "").strip()
        name: str | None
        if text in UNUSED:
            name = None
        elif plainly(text) in IDS:
            name = "cosmology"
        elif plainly(text) in ("realisation", "realization"):
            name = "realisation"
        else:
            name = known(text, where) or re.sub(r"\W+", "_", text).strip("_")
        if name and name in seen:
            raise DataError(
                f"{where}: columns {seen[name]!r} and {text!r} both hold {name}; keep "
                "one of them, or give names (maps.source.names), null for one that "
                "is not used"
            )
        if name:
            seen[name] = text
        names.append(name)
    return names


def plausible(name: str, values: np.ndarray, where: str) -> np.ndarray:
    """The values of a parameter in its own unit.

    Raises
    ------
    DataError
        A value is none that this parameter has in any cosmology: another column?
    """
    if name not in PARAMETERS:
        return values
    parameter = PARAMETERS[name]
    finite = values[np.isfinite(values)]

    def fit(of: np.ndarray) -> np.ndarray:
        return (of >= parameter.low) & (of <= parameter.high)

    if fit(finite).all():
        return values
    if fit(finite * parameter.other).all():
        return values * parameter.other
    wrong = finite[~fit(finite)][0]
    raise DataError(
        f"{where}: {name} is {wrong:g}; expected {parameter.low:g} to "
        f"{parameter.high:g}{_in(parameter.unit)}. Is it another parameter? Name the "
        "columns in their order (maps.source.names)"
    )


def _in(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"


def label(name: str) -> str:
    """A parameter as the label of an axis."""
    return PARAMETERS[name].label if name in PARAMETERS else name.replace("_", " ")


def long_name(name: str) -> str:
    """A parameter in words."""
    return PARAMETERS[name].long if name in PARAMETERS else name.replace("_", " ")


def unit(name: str) -> str:
    """The unit of a parameter, ``"1"`` without one, and where it is not known."""
    return PARAMETERS[name].unit if name in PARAMETERS else "1"
