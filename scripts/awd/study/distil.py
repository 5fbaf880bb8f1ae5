"""Every wavelet of one split, target and seed: the distilled ones and their controls.

All are found on the training groups. The name of a control says what it lacks: training
(``untrained``), something to learn (``shuffled``), a teacher (``sparsity``),
distillation (``random``, ``named``). The last two choose from as many filters as ours,
once by fidelity to the teacher, as ours, and once by labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import distil
from awd.distil import Distilled
from awd.features import Largest
from awd.league.splits import Part
from awd.record.contracts import CONTROLS
from awd.search import candidates
from awd.search.candidates import Candidate, Method

if TYPE_CHECKING:
    from awd.record.checkpoint import Checkpoint


class Said(NamedTuple):
    """What a teacher says of the training samples: outputs (n,), gradients (n, ...).

    ``checkpoint`` is where a long search on them saves what it has done.
    """

    output: np.ndarray
    gradient: np.ndarray
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True)
class Contest:
    """What all wavelets of a combination are found and chosen with.

    Attributes
    ----------
    train : Part
        The training side of a split.
    student : Largest
        What the student reads while filters are scored.
    folds, seed : int
        Of the grouped cross-validation; of every search.
    lengths, levels : sequence of int
        Shapes that output distillation, sparsity and the controls choose from.
    moments, draws : int
        Vanishing moments that output distillation asks for; resamples of the groups
        that show how sure its filter is.
    choose_by : {"fidelity", "labels"}
        What chooses along the paper's paths; output distillation never sees a label.
    attribution, soft : mapping
        ``length``, ``levels``, ``ratios`` of the paper's objective over lattice angles;
        arguments of :func:`awd.search.soft.distil_soft`, the paper's own losses.
    """

    train: Part
    student: Largest
    folds: int
    seed: int
    lengths: Sequence[int]
    levels: Sequence[int]
    moments: int
    draws: int
    choose_by: str
    attribution: Mapping[str, Any]
    soft: Mapping[str, Any]

    def wavelets(
        self, said: Mapping[str, Said], objectives: Sequence[str]
    ) -> dict[str, Method]:
        """All wavelets, by the name of their method.

        Parameters
        ----------
        said : mapping of str to Said
            By teacher; the first is distilled by every objective, the others by the
            first objective only, :data:`awd.record.contracts.CONTROLS` among them as
            controls.
        objectives : sequence of str
            "output", "attribution" or "soft"; the first gives the result.
        """
        (_, words), *others = said.items()
        ours = objectives[0]
        methods = {ours: self._distilled(ours, words, draws=self.draws)}
        methods |= {name: self._distilled(name, words) for name in objectives[1:]}
        for kind, other in others:
            control = kind in CONTROLS
            name = kind if control else f"{ours}_{kind}"
            role = "control" if control else "distilled"
            methods[name] = self._distilled(ours, other, role)
        methods["sparsity"] = self._without_teacher(ours, methods[ours], words)
        return methods | self._undistilled(len(methods[ours].pool), words)

    def _distilled(
        self, objective: str, words: Said, role: str = "distilled", draws: int = 0
    ) -> Method:
        if objective == "output":
            found = self._found(objective, words, draws)
            method = _method(found.pool, "fidelity", role)
            return replace(method, draws=found.draws)
        if objective == "attribution":
            return self._chosen(self._path(words), words, self.choose_by, role)
        method = self._chosen(self._soft(words), words, self.choose_by, role)
        return replace(method, parameters=len(method.chosen.filter))

    def _found(self, objective: str, words: Said, draws: int = 0) -> Distilled:
        """Optima of every shape and their twins, scored by fidelity."""
        return distil.distil(
            self.train.x,
            output=words.output,
            objective=objective,
            student=self.student,
            groups=self.train.groups,
            folds=self.folds,
            levels=self.levels,
            length=self.lengths,
            moments=self.moments,
            draws=draws,
            random_state=self.seed,
        )

    def _path(self, words: Said) -> list[Candidate]:
        found = distil.distil(
            self.train.x,
            words.gradient,
            objective="attribution",
            ratio=[*self.attribution["ratios"], np.inf],
            levels=self.attribution["levels"],
            length=self.attribution["length"],
            random_state=self.seed,
        )
        return candidates.with_twins(found.path, self.student)

    def _soft(self, words: Said) -> list[Candidate]:
        from awd.search import soft

        how = {"seeds": (self.seed,), "checkpoint": words.checkpoint, **self.soft}
        path = soft.distil_soft(self.train.x, words.gradient, **how)
        grid = itertools.product(path.sparsity, path.attribution)
        filters = path.filter[0].reshape(-1, path.filter.shape[-1])
        rows = zip(filters, grid, path.loss.ravel(), strict=True)
        levels = self.soft["levels"]
        return [
            Candidate(h, levels, sparsity=a, attribution=b, value=loss)
            for h, (a, b), loss in rows
        ]

    def _without_teacher(self, ours: str, method: Method, words: Said) -> Method:
        """The same without a teacher: of the soft grid, what gives attributions no say.

        Only which of these filters is shown depends on the teacher.
        """
        if ours == "soft":
            pool = [one for one in method.pool if one.attribution == 0]
        else:
            pool = self._found("sparsity", words).pool
        return self._chosen(pool, words, method.chosen_by, "control")

    def _undistilled(self, count: int, words: Said) -> dict[str, Method]:
        rng = np.random.default_rng(self.seed)
        pools = {
            "random": candidates.random_pool(count, self.lengths, self.levels, rng),
            "named": candidates.named_pool(count, self.levels),
        }
        methods = {
            f"{name}_{by}": self._chosen(pool, words, by, "control")
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
        self, pool: Sequence[Candidate], words: Said, by: str, role: str
    ) -> Method:
        """Chosen from a pool, scored here."""
        y = {"fidelity": words.output, "labels": self.train.y}[by]
        x, groups = self.train.x, self.train.groups
        scored = candidates.scored(pool, x, y, self.student, groups, self.folds)
        return _method(scored, by, role)


def _method(scored: Sequence[Candidate], by: str, role: str) -> Method:
    """The best of a scored pool; an orthonormal filter has taps / 2 - 1 free angles."""
    chosen = candidates.best(scored)
    return Method(chosen, scored, role, by, len(chosen.filter) // 2 - 1)
