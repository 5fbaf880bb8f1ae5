"""What parameters of a cosmology are called in tables and figures."""

from __future__ import annotations

LONG = {
    "omega_m": ("matter density", "1"),
    "sigma_8": ("amplitude of fluctuations", "1"),
    "a_s": ("primordial amplitude", "1e-9"),
    "m_nu": ("sum of neutrino masses", "eV"),
}
OMEGA, SIGMA = r"$\Omega_\mathrm{m}$", r"$\sigma_8$"
LABELS = {"omega_m": OMEGA, "sigma_8": SIGMA, "a_s": "$A_s$", "m_nu": r"$M_\nu$ (eV)"}


def label(name: str) -> str:
    """A parameter as the label of an axis."""
    return LABELS[name]
