"""What a handed-over network is worth, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awd.league.names import name_of
from awd.report.tables import number

if TYPE_CHECKING:
    import pandas as pd

WHERE = {
    "none": "At the network's own microscope",
    "noise": "With three times the noise",
    "interval": "With half the frames",
    "resampled": "With half the frames, resampled to the network's interval",
}


def sentences(worth: pd.DataFrame) -> list[str]:
    """What a user without labels gains from the network, a sentence or two a row.

    Parameters
    ----------
    worth : DataFrame
        ``handed/worth.csv``, see :func:`awd.league.handed.worth`: ``target``,
        ``shift`` and what was found.

    Returns
    -------
    list of str
        Better or worse is said only where the 95 % interval excludes 0. The target is
        named where there are several.
    """
    several = worth["target"].nunique() > 1
    return [f"{row.target}: " * several + _of_case(row) for row in worth.itertuples()]


def in_few_words(worth: pd.DataFrame) -> str:
    """The first case of :func:`sentences`, for the first lines of the page."""
    row = worth.iloc[0]
    if row.labels:
        return f"more than {row.labels:,} labels"
    return f"no more than {row.fewest:,} labels"


def _of_case(row: Any) -> str:
    where = WHERE[row.shift]
    rival = f"{name_of(row.rival)} with {row.rival_labels:,} labels"
    student = (
        f"the student (R² {number(row.r2, 3)}; network {number(row.network_r2, 3)})"
    )
    by = _difference(row, "rival")
    if row.labels:
        more = ", the most that were tried" if row.labels == row.most else ""
        first = (
            f"{where}, without one of your labels {student} predicts better than every "
            f"model fitted to up to {row.labels:,} of them{more}; the best of these, "
            f"{rival}, is behind by {by}."
        )
    else:
        first = (
            f"{where}, without labels {student} does not beat every model fitted to "
            f"{row.fewest:,} labels of your own; R² minus that of {rival}: {by}."
        )
    control = _difference(row, "control")
    if row.control_low > 0:
        return f"{first} It is ahead of its untrained control by {control}."
    last = f"{first} It is not ahead of its untrained control ({control})"
    if row.labels:
        last += ": the worth is in what the network answers, not in the filter"
    return f"{last}."


def _difference(row: Any, name: str) -> str:
    """A difference of R2 with its interval."""
    values = (getattr(row, f"{name}_{end}") for end in ("difference", "low", "high"))
    middle, low, high = (number(value, 3) for value in values)
    return f"{middle} [{low}, {high}]"
