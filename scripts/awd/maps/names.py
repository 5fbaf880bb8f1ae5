"""Names of statistics and parameters in tables and figures."""

from __future__ import annotations

NAMES = {
    "height": "peak height",
    "laplace": "Laplace at peaks",
    "roberts": "Roberts cross at peaks",
    "spectrum": "power spectrum",
    "laplace_spectrum": "Laplace at peaks + spectrum",
    "db2_peaks": "db2 patches at peaks",
    "db5_peaks": "db5 patches at peaks",
    "haar": "Haar histograms",
    "db2": "db2 histograms",
    "db5": "db5 histograms",
    "starlet": "starlet histograms",
    "starlet_norms": "starlet l1 norms",
}

# Parameter -> its description and unit.
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
