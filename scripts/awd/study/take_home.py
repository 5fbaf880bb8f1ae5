"""The model that people take home from a study: its best student, and what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io, model
from awd.league import choose
from awd.league.names import name_of
from awd.model import Model, Sample, Score, Story, Target
from awd.portable.parts import Role
from awd.record import contracts
from awd.study import students

if TYPE_CHECKING:
    import pandas as pd

CLOSEST = 5  # rivals, and as many controls, that are named
KINDS = {"teacher": "network", "baseline": "rival"}  # others are controls


def of_study(
    sets: Sequence[Any],
    scores: pd.DataFrame,
    differences: pd.DataFrame,
    target: str,
    settings: Mapping[str, Any],
    method: str,
) -> Model:
    """The student that follows its network best, of all splits and seeds.

    Parameters
    ----------
    sets : sequence of objects
        Paths of every split and seed: ``samples``, ``outputs`` and ``wavelets``.
    scores, differences : DataFrame
        ``scores.csv`` and ``differences.csv``, of this study and target.
    target : str
    settings : mapping
        Of the student, as for :func:`awd.study.predict.students`.
    method : str
        Of the wavelets. Which split's is taken is decided by its fidelity, which is
        measured on training groups.
    """
    pool = [
        choose.from_dataset(io.read(given.wavelets, contracts.WAVELETS))[method]
        for given in sets
    ]
    given = sets[int(np.argmax([found.chosen.score for found in pool]))]
    student, known = students.taught(given, target, settings, method, exact=True)
    with io.opened(given.samples, contracts.DATASET) as data:
        sample = _sample(data, known.x)
        unit = _unit(data["target"].attrs["units"])
    groups = len(np.unique(known.groups))
    counted = f"{len(known.y):,} samples"
    story = Story(
        name=target,
        data=counted + (f" of {groups} groups" if groups < len(known.y) else ""),
        network=name_of(_network(scores)),
        fitted_to={"labels": "labels", "outputs": "the network's outputs"}.get(
            settings["fit_to"], "labels mixed with the network's outputs"
        ),
        fails=tuple(_fails(scores, method)),
    )
    return model.of_student(
        student,
        raw(known.x, sample),
        sample=sample,
        targets=[Target(target, unit)],
        scores=_scores(scores, differences, method),
        story=story,
        provenance={"method": method, "split_and_seed": _place(given.wavelets)},
    )


def raw(x: np.ndarray, sample: Sample) -> np.ndarray:
    """Samples of a study as they were before it scaled them, float64."""
    if not sample.spread:
        return x
    x = x.astype(np.float64)
    return x * sample.columns(sample.spread, x) + sample.columns(sample.centre, x)


def _sample(data: Any, x: np.ndarray) -> Sample:
    """What a sample was before it was scaled, as far as the data set says it."""
    attributes = data["x"].attrs
    names = data["channel"].values.astype(str) if "channel" in data.coords else ()
    scaled = "spread" in attributes
    return Sample.of(
        x,
        channels=tuple(map(str, names)),
        unit=_unit(attributes.get("raw_units", attributes["units"])),
        centre=tuple(np.atleast_1d(attributes["centre"]).tolist()) if scaled else (),
        spread=tuple(np.atleast_1d(attributes["spread"]).tolist()) if scaled else (),
    )


def _unit(units: str) -> str:
    """Plain numbers have the units "1" in files, and none in words."""
    return "" if units == "1" else str(units)


def _network(scores: pd.DataFrame) -> str:
    return str(scores.loc[scores["role"] == "teacher", "method"].iloc[0])


def _place(path: io.PathLike) -> str:
    """Split and seed, which its folders name: ``split0/target/seed0``."""
    return "/".join(str(path).split("/")[-4:-1])


def _scores(
    scores: pd.DataFrame, differences: pd.DataFrame, method: str
) -> list[Score]:
    """The model, its networks, and of rivals and controls the best."""
    whole = scores[scores["split"] == "all"].set_index("method")
    pairs = differences[
        (differences["split"] == "all") & (differences["method"] == method)
    ].set_index("reference")
    kinds = {
        name: "model" if name == method else KINDS.get(role, "control")
        for name, role in whole["role"].items()
        if name == method or (role != "distilled" and "@" not in name)
    }
    found = []
    for kind in model.ROLES:
        own = [name for name, of in kinds.items() if of == kind]
        best = whole.loc[own].sort_values("r2", ascending=False).index
        most = len(best) if kind in ("model", "network") else CLOSEST
        found += [_score(name, kind, whole, pairs) for name in best[:most]]
    return found


def _score(name: str, kind: Role, whole: pd.DataFrame, pairs: pd.DataFrame) -> Score:
    row = whole.loc[name]
    paired = None
    if name in pairs.index:
        pair = pairs.loc[name]
        middle, least, most = map(float, pair[["r2_difference", "low", "high"]])
        paired = middle, least, most
    value, low, high = (float(row[key]) for key in ("r2", "r2_low", "r2_high"))
    low, high = min(low, value), max(high, value)
    on = f"{int(row['n_test']):,} predictions of test samples, mean of all splits"
    return Score(name_of(name), kind, "R2", value, low, high, on, paired)


def _fails(scores: pd.DataFrame, method: str) -> list[str]:
    """How much of its network is missed; what predicts better, the card itself says."""
    whole = scores[scores["split"] == "all"].set_index("method")
    missed = 100 * (1 - float(whole.loc[method, "fidelity"]))
    return [f"It misses {missed:.0f} % of the variance of what its network answers."]
