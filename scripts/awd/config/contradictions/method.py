"""Of the keys that every study of a method has: data, teacher, filter, student."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from awd import wavelet
from awd.errors import AwdError

if TYPE_CHECKING:
    from awd.config.cells import Cells
    from awd.config.own import Own


def found(prefix: str, study: Cells | Own) -> Iterator[tuple[str, str]]:
    """What the steps of the method cannot do, by key."""
    student, distil = study.student, study.distil
    if student.features == "largest" and not student.largest + student.smallest:
        yield f"{prefix}.student.largest", "and smallest are 0; it needs a coefficient"
    shares = study.splits.test + study.splits.select
    if shares >= 1:
        yield (
            f"{prefix}.splits",
            f"test and select take {shares:g} of the groups; expected less than 1, the "
            "rest train",
        )
    smoothers = {"symmetric", "gaussian"} & {*distil.families}
    if smoothers and student.features == "largest":
        yield (
            f"{prefix}.distil.families",
            f"lists {', '.join(sorted(smoothers))}, smoothers of the undecimated "
            f"transform, which {prefix}.student.features: quantiles reads",
        )
    if 2 * distil.moments > min(distil.lengths):
        yield (
            f"{prefix}.distil.moments",
            f"is {distil.moments}; {min(distil.lengths)} taps ({prefix}.distil.lengths)"
            f" have at most {min(distil.lengths) // 2} vanishing moments",
        )
    yield from _bad_wavelets(f"{prefix}.baselines.wavelets", study.baselines.wavelets)
    yield from _bad_wavelets(f"{prefix}.distil.soft.init", [distil.soft.init])


def _bad_wavelets(key: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            wavelet.from_pywt(name)
        except AwdError as error:
            yield key, str(error)


def unread(prefix: str, study: Cells | Own) -> Iterator[tuple[str, str]]:
    """Keys that are not read, and why."""
    objectives = study.distil.objectives
    for name in ("attribution", "soft"):
        if name not in objectives:
            yield (
                f"{prefix}.distil.{name}",
                f"{prefix}.distil.objectives does not list it",
            )
    if not {"attribution", "soft"} & set(objectives):
        yield f"{prefix}.distil.choose_by", "output distillation chooses by fidelity"
    if study.student.fit_to != "mixed":
        reason = "only student.fit_to: mixed has a share to choose"
        yield f"{prefix}.student.shares", reason
    if study.splits.test_groups:
        yield f"{prefix}.splits.test", f"{prefix}.splits.test_groups are named"
    if study.student.features != "largest":
        for key in ("largest", "smallest", "positions", "start", "statistics"):
            reason = f"{prefix}.student.features is {study.student.features}"
            yield f"{prefix}.student.{key}", reason
