"""What a run found of a target, in a few plain sentences."""

from __future__ import annotations

from awd.report.claims import FILTER, NETWORK, WITHOUT, WORTH, Claim, Verdict

NETWORKS = {
    "better than": "Better than its network",
    "level with": "As good as its network, as far as this run can tell",
    "behind": "Not as good as its network",
}


def sentence(verdict: Verdict, student: str = "", network: str = "") -> str:
    """The answers of a verdict as one reads them first.

    Parameters
    ----------
    verdict : Verdict
        Of one target.
    student, network : str
        How many numbers each learned, as written: ``"398"``; empty if it is unknown.

    Returns
    -------
    str
        How the student stands to its network, and to models that need none; whether its
        filter matters; what the network is worth without labels. What was not asked is
        left out.
    """
    answers: dict[str, Claim] = {}
    for claim in verdict.claims:
        answers.setdefault(claim.question, claim)  # of several cases the first
    said = []
    if NETWORK in answers:
        said.append(_to_network(answers[NETWORK], student, network))
    if WITHOUT in answers:
        models = "models that need no network"
        said.append(_against(answers[WITHOUT], "It is", models))
    if FILTER in answers:
        said.append(_of_filter(answers[FILTER]))
    if WORTH in answers:
        worth = answers[WORTH].answer
        said.append(f"To somebody without labels its network is worth {worth}.")
    return " ".join(said)


def _to_network(claim: Claim, student: str, network: str) -> str:
    if not claim.place:
        return "Its network learned nothing, so there was nothing to distil."
    sizes = f", with {student} fitted numbers in place of {network}"
    said = f"{NETWORKS[claim.place]} (R² {claim.evidence})"
    return said + sizes * bool(student and network) + "."


def _of_filter(claim: Claim) -> str:
    if not (claim.beaten or claim.level or claim.better):
        return "Whether its filter matters was not asked."
    return _against(
        claim, "Its filter is", "other filters, most of them found without its network"
    )


def _against(claim: Claim, ours: str, rivals: str) -> str:
    """How ours stands to the many rivals of a question; the worst leads."""
    places = {
        "behind": len(claim.better),
        "level with": len(claim.level),
        "better than": len(claim.beaten),
    }
    count = sum(places.values())
    if count == len(claim.beaten):
        return f"{ours} better than each of {count} {rivals}."
    first, *rest = [f"{said} {n}" for said, n in places.items() if n]
    told = ", ".join([f"{first} of {count}", *rest])
    lead = "not as good as some" if claim.better else "not shown to be better than"
    return f"{ours} {lead} {rivals} ({told})."
