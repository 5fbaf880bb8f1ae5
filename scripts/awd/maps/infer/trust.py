"""Whether an answer can be trusted, in words."""

from __future__ import annotations

LEAST = 0.001  # p-value below which no cosmology of the box fits
LEARNED = 0.05  # R2 on the select maps from which a network has learned something


def doubts(p_value: float, edge: bool) -> str:
    """Why a posterior is not to be trusted; empty where nothing speaks against it.

    Parameters
    ----------
    p_value : float
        Of the best cosmology's chi2.
    edge : bool
        Whether that cosmology lies at the border of the training range.
    """
    found = []
    if p_value < LEAST:
        found.append(
            f"no cosmology of the training range fits the map (p = {p_value:.1e})"
        )
    if edge:
        found.append(
            "the best cosmology lies outside the training range, or at its edge"
        )
    return "not trustworthy: " + "; ".join(found) if found else ""
