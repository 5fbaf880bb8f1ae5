"""Every wavelet of one split, target and seed: the distilled ones and their controls.

All are found on the training and select groups. The name of a control says what it
lacks: training (``untrained``), something to learn (``shuffled``), a teacher
(``sparsity``; ``labels``, which stand in its place), distillation (``random``,
``named``). The last two choose from as many filters as ours or more, once by fidelity
to the teacher, as ours, and once by labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import distil, features, io, registry
from awd.distil import Distilled
from awd.errors import DataError
from awd.filters.families import FAMILIES
from awd.league import choose, splits
from awd.league.choose import Method
from awd.league.splits import Part
from awd.record import contracts
from awd.record.contracts import CONTROLS
from awd.samples import axes, possible_levels
from awd.search import candidates
from awd.search.candidates import Candidate
from awd.study import students

if TYPE_CHECKING:
    import xarray as xr

    from awd.filters.families import Family
    from awd.record.checkpoint import Checkpoint, Job


def wavelets(
    given: Any, target: str, settings: Mapping[str, Any], seed: int, job: Job
) -> xr.Dataset:
    """All wavelets of a target, split and seed.

    Parameters
    ----------
    given : object
        Paths: ``samples`` with a split, and ``outputs`` of all networks.
    target : str
    settings : mapping
        ``objectives``, ``features`` (of :func:`awd.features.recipe`) of the student
        that is used, and the others of :class:`Distiller`.
    seed : int
    job : Job
        Where a long search saves what it has done.

    Returns
    -------
    Dataset
        :data:`awd.record.contracts.WAVELETS`, but for ``target``, ``split``, ``seed``.
    """
    _, (known,) = splits.read(given.samples, target, splits.KNOWN)
    settings = dict(settings)
    objectives = settings.pop("objectives")
    answers: dict[str, Answers] = {}
    with io.opened(given.outputs, contracts.OUTPUTS) as answered:
        for name, output in students.outputs(answered).items():
            if name.startswith(contracts.FOLD):
                continue
            by = objectives[:1] if answers else objectives  # as in Distiller.methods
            gradient = None
            if {*by} - {"output"}:
                gradient = students.gradient(answered, name, known.rows)
            answers[name] = Answers(output[known.rows], gradient, job.of(name))
    student = features.searched(features.recipe(**settings.pop("features")))
    settings["levels"] = possible_levels(known.x, settings["levels"])
    distiller = Distiller(known, student, seed=seed, **settings)
    return choose.to_dataset(distiller.methods(answers, objectives), mode="zero")


OF_GRADIENTS = ("attribution", "soft")  # objectives with a path to choose along


class Answers(NamedTuple):
    """What a network answers on the known samples: outputs (n,), gradients (n, ...).

    Some networks have no gradients, and some objectives read none. ``checkpoint`` is
    where a long search saves what it has done.
    """

    output: np.ndarray
    gradient: np.ndarray | None
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True)
class Distiller:
    """What all wavelets of a combination are found and chosen with.

    Attributes
    ----------
    known : Part
        The training and select sides of a split.
    student : Largest
        What the student reads, or any other features.
    folds, seed : int
        Of the grouped cross-validation; of every search.
    lengths, levels : sequence of int
        Shapes that output distillation, sparsity and the controls choose from.
    moments, draws : int
        Vanishing moments that output distillation asks for; resamples of the groups
        that show how sure its filter is.
    candidates : int
        Random and named filters that controls choose from, if ours had fewer.
    choose_by : {"fidelity", "labels"}
        What chooses along the paper's paths; output distillation never sees a label.
    attribution, soft : mapping
        ``length``, ``levels``, ``ratios`` of the paper's objective over lattice angles;
        arguments of :func:`awd.search.soft.distil_soft`, the paper's own losses.
    families : sequence of str
        Keys of :data:`awd.filters.families.FAMILIES`, or import paths: each is searched
        by output, beside the orthonormal wavelets.
    """

    known: Part
    student: Any
    folds: int
    seed: int
    lengths: Sequence[int]
    levels: Sequence[int]
    moments: int
    draws: int
    candidates: int
    choose_by: str
    attribution: Mapping[str, Any]
    soft: Mapping[str, Any]
    families: Sequence[str] = ()

    def methods(
        self, answers: Mapping[str, Answers], objectives: Sequence[str]
    ) -> dict[str, Method]:
        """All wavelets, by the name of their method.

        Parameters
        ----------
        answers : mapping of str to Answers
            By network; the first is distilled by every objective, the others by the
            first objective only, :data:`awd.record.contracts.CONTROLS` as controls.
        objectives : sequence of str
            "output", "attribution", "soft", or the import path of an
            :class:`awd.search.objectives.Objective`; the first gives the result.

        Raises
        ------
        DataError
            An objective needs gradients that the network lacks.
        """
        (_, first), *rest = answers.items()
        ours = objectives[0]
        if first.gradient is None and {*objectives} & {*OF_GRADIENTS}:
            raise DataError(
                f"distil.objectives lists {', '.join(objectives)}, but the network has "
                "no gradients; use objectives: [output], or bring them (network.kind: "
                "outputs, with an array gradient)"
            )
        methods = {
            registry.short(name): self._distilled(name, first, draws=draws)
            for name, draws in zip(objectives, [self.draws, *[0] * 99], strict=False)
        }
        for family in self.families:
            methods[f"output_{registry.short(family)}"] = self._of_family(family, first)
        for network, answer in rest:
            control = network in CONTROLS
            name = network if control else f"{registry.short(ours)}_{network}"
            role = "control" if control else "distilled"
            methods[name] = self._distilled(ours, answer, role)
        methods["sparsity"] = self._without_teacher(
            ours, methods[registry.short(ours)], first
        )
        by_labels = self._searched(
            "output", Answers(self.known.y, first.gradient), "control"
        )
        methods["labels"] = replace(by_labels, chosen_by="labels")
        count = max(self.candidates, len(methods[registry.short(ours)].pool))
        return methods | self._undistilled(count, first)

    def _distilled(
        self, objective: str, answer: Answers, role: str = "distilled", draws: int = 0
    ) -> Method:
        if objective not in OF_GRADIENTS:
            return self._searched(objective, answer, role, draws)
        if objective == "attribution":
            return self._chosen(self._path(answer), answer, self.choose_by, role)
        soft = self._chosen(self._soft(answer), answer, self.choose_by, role)
        return replace(soft, parameters=len(soft.chosen.filter))

    def _searched(
        self, objective: str, answer: Answers, role: str, draws: int = 0
    ) -> Method:
        """The best by fidelity of the optima of every shape and their twins."""
        found = self._search(objective, answer, draws)
        fidelities = [candidate.score for candidate in found.pool]
        return choose.choose(
            found.pool, fidelities, "fidelity", role, draws=[*found.draws]
        )

    def _of_family(self, name: str, answer: Answers) -> Method:
        """The best by fidelity of a family, and how many numbers chose it."""
        family = registry.named(name, FAMILIES, "family")
        found = self._search("output", answer, family=family)
        return choose.choose(
            found.pool,
            [candidate.score for candidate in found.pool],
            "fidelity",
            "distilled",
            parameters=len(family.bounds),
            family=registry.short(name),
        )

    def _search(
        self,
        objective: str,
        answer: Answers,
        draws: int = 0,
        family: Family | None = None,
    ) -> Distilled:
        own = registry.is_path(objective)
        return distil.distil(
            self.known.x,
            answer.gradient if own else None,
            answer.output,
            objective=objective,
            student=self.student,
            groups=self.known.groups,
            folds=self.folds,
            levels=self.levels,
            length=self.lengths,
            moments=self.moments,
            family=family,
            draws=draws,
            dims=axes(self.known.x),
            random_state=self.seed,
        )

    def _path(self, answer: Answers) -> list[Candidate]:
        found = distil.distil(
            self.known.x,
            answer.gradient,
            objective="attribution",
            ratio=[*self.attribution["ratios"], np.inf],
            levels=possible_levels(self.known.x, [self.attribution["levels"]]),
            length=self.attribution["length"],
            dims=axes(self.known.x),
            random_state=self.seed,
        )
        return candidates.with_twins(found.path, self.student)

    def _soft(self, answer: Answers) -> list[Candidate]:
        from awd.search import soft

        assert answer.gradient is not None  # refused by methods
        path = soft.distil_soft(
            self.known.x,
            answer.gradient,
            seeds=(self.seed,),
            dims=axes(self.known.x),
            checkpoint=answer.checkpoint,
            **self.soft,
        )
        return soft_candidates(
            path.filter[0],
            path.loss[0],
            path.sparsity,
            path.attribution,
            self.soft["levels"],
        )

    def _without_teacher(self, ours: str, method: Method, answer: Answers) -> Method:
        """The same without a teacher: of the soft grid, what gives attributions no say.

        Only which of these filters is shown depends on the teacher.
        """
        if ours == "soft":
            pool = [c for c in method.pool if c.attribution == 0]
        elif method.chosen_by == "fidelity":
            return self._searched("sparsity", answer, "control")
        else:
            pool = self._search("sparsity", answer).pool
        return self._chosen(pool, answer, method.chosen_by, "control")

    def _undistilled(self, count: int, answer: Answers) -> dict[str, Method]:
        rng = np.random.default_rng(self.seed)
        pools = {
            "random": candidates.random_pool(count, self.lengths, self.levels, rng),
            "named": candidates.named_pool(count, self.levels),
        }
        methods = {
            f"{name}_{by}": self._chosen(pool, answer, by, "control")
            for name, pool in pools.items()
            for by in ("fidelity", "labels")
        }
        nothing_learned = {
            name: replace(method, parameters=0)
            for name, method in methods.items()
            if name.startswith("named")
        }
        return methods | nothing_learned

    def _chosen(
        self, pool: Sequence[Candidate], answer: Answers, by: str, role: str
    ) -> Method:
        """Chosen from a pool, scored here."""
        y = {"fidelity": answer.output, "labels": self.known.y}[by]
        x, groups = self.known.x, self.known.groups
        scores = candidates.scores(pool, x, y, self.student, groups, self.folds)
        return choose.choose(pool, scores, by, role)


def soft_candidates(
    filters: np.ndarray,
    losses: np.ndarray,
    sparsity: np.ndarray,
    attribution: np.ndarray,
    levels: int,
) -> list[Candidate]:
    """Filters (sparsity, attribution, taps) of the paper's losses as candidates."""
    weights = itertools.product(sparsity, attribution)
    rows = zip(filters.reshape(-1, filters.shape[-1]), weights, strict=True)
    return [
        Candidate(h, levels, sparsity=a, attribution=b, value=loss)
        for (h, (a, b)), loss in zip(rows, losses.ravel(), strict=True)
    ]
