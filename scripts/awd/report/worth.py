"""What a handed-over network is worth, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awd.league.names import name_of
from awd.report.claims import WORTH, Claim
from awd.report.tables import difference, number

if TYPE_CHECKING:
    import pandas as pd

WHERE = {
    "none": "At the network's own microscope",
    "noise": "With three times the noise",
    "interval": "With half the frames",
    "resampled": "With half the frames, resampled to the network's interval",
}
# Why an R2 here is none of those that stand elsewhere on the page.
OTHER_TASK = (
    "(These R² are not those of the score table: here a user's samples are scaled by "
    "their own spread, nothing is fitted to a label, and half of them are there to fit "
    "to.)"
)


def claims_of(worth: pd.DataFrame) -> list[Claim]:
    """What a user without labels gains from the network, a case a row.

    Parameters
    ----------
    worth : DataFrame
        ``handed/worth.csv``, see :func:`awd.league.handed.worth`: ``target``,
        ``shift`` and what was found.

    Returns
    -------
    list of Claim
        Better or worse is said only where the 95 % interval excludes 0. The target is
        named where there are several.
    """
    several = worth["target"].nunique() > 1
    return [
        Claim(
            WORTH,
            f"{row.target}: " * several + _sentence(row),
            answer=_answer(row),
            evidence=_evidence(row),
        )
        for row in worth.itertuples()
    ]


def _answer(row: Any) -> str:
    if row.labels:
        return f"more than {row.labels:,} labels"
    return f"no more than {row.fewest:,} labels"


def _evidence(row: Any) -> str:
    ahead = difference(row.rival_difference, row.rival_low, row.rival_high)
    return (
        f"fitted to no label, on half of a user's samples, R² is {number(row.r2, 3)}; "
        f"against the strongest model of {row.rival_labels:,} labels, "
        f"{name_of(row.rival)}: {ahead}"
    )


def _sentence(row: Any) -> str:
    where = WHERE[row.shift]
    student = (
        f"the student (R² {number(row.r2, 3)}; network {number(row.network_r2, 3)})"
    )
    rival = f"{name_of(row.rival)} with {row.rival_labels:,} labels"
    ahead = difference(row.rival_difference, row.rival_low, row.rival_high)
    if row.labels:
        more = ", the most that were tried" if row.labels == row.most else ""
        first = (
            f"{where}, without one of your labels {student} predicts better than every "
            f"model fitted to up to {row.labels:,} of them{more}; against the best of "
            f"these, {rival}: {ahead}."
        )
    else:
        first = (
            f"{where}, without labels {student} does not beat every model fitted to "
            f"{row.fewest:,} labels of your own; against {rival}: {ahead}."
        )
    return f"{first} {_of_control(row)} {OTHER_TASK}"


def _of_control(row: Any) -> str:
    """Whether the worth is also in the filter, or in the network's answers alone."""
    by = difference(row.control_difference, row.control_low, row.control_high)
    same = "the same head on the filter of an untrained network"
    if row.control_low > 0:
        return f"It is ahead of {same}: {by}."
    reason = "; the worth is in what the network answers, not in the filter"
    return f"It is not ahead of {same}: {by}{reason * bool(row.labels)}."
