"""From a teacher's outputs and gradients to one wavelet, without the network.

Over the parameters of a family (:mod:`awd.filters.families`) the penalties of the paper
vanish, and what is left of an objective (:mod:`awd.search.objectives`), a function of a
few numbers, is searched globally: a low-discrepancy scan, descent from the best points
on a few samples, then on all. Where several lengths, levels or weights compete,
fidelity to the teacher's output decides (:mod:`awd.search.candidates`). No label
enters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from awd import registry, scalars, wavelet
from awd.errors import ConfigError, DataError, warn
from awd.features import Largest
from awd.filters.families import FAMILIES, Family, Lattice
from awd.log import progress
from awd.samples import dims_of, real
from awd.search import candidates, descent, objectives
from awd.search.candidates import Candidate
from awd.search.descent import Blend, Effort, Optimum, Term
from awd.search.objectives import OBJECTIVES, Objective, Samples

PATH = (0.0, *np.geomspace(1e-2, 1e2, 17).tolist(), np.inf)
LENGTHS = (4, 6, 8, 10, 12)
OFFSET = 30  # s.d.; more, and the ends of samples are all that their wavelet sees
ELBOW = 0.01  # a longer filter must improve an objective by this share of it


@dataclass(frozen=True)
class Distilled:
    """A distilled wavelet and how it was found.

    Attributes
    ----------
    chosen : Candidate
        The filter, its levels, the objective's value and the fidelity (score).
    path : list of Candidate
        The best filter at every given ratio, ratios ascending, in the shape (family
        and levels) of the result.
    optima : list of Candidate
        All distinct optima at the last ratio in that shape, best first.
    pool : list of Candidate
        Every filter that the final choice scored.
    draws : ndarray of shape (draws, taps)
        What the search finds in that shape when groups are resampled, moved to where
        the chosen filter stands.
    conditions : dict of str to float
        Measured residuals, see :func:`awd.wavelet.conditions`.
    objective, mode : str
        As given; "coefficients" for a function of them.
    dims : {1, 2}
        Axes of a sample: signals or images.
    """

    chosen: Candidate
    path: list[Candidate]
    optima: list[Candidate]
    pool: list[Candidate]
    draws: np.ndarray
    conditions: dict[str, float]
    objective: str
    mode: str
    dims: int

    @property
    def filter(self) -> np.ndarray:
        """Low-pass synthesis filter (taps,), pywt's ``rec_lo`` order."""
        return self.chosen.filter

    @property
    def levels(self) -> int:
        """Levels of the transform that goes with the filter."""
        return self.chosen.levels

    @property
    def value(self) -> float:
        """The objective: 1 - R2 for ``output``, else 1 at db5."""
        return self.chosen.value

    @property
    def fidelity(self) -> float:
        """Cross-validated R2 against the teacher's output; NaN without it.

        Of the best of all filters that were searched, so it flatters: the estimators
        measure it on samples that the search did not see.
        """
        return self.chosen.score

    @property
    def angles(self) -> np.ndarray:
        """Lattice angles of the filter, (taps / 2,), sum pi/4."""
        return wavelet.angles(self.filter)


def distil(
    x: np.ndarray | None = None,
    gradient: np.ndarray | Sequence[np.ndarray] | None = None,
    output: np.ndarray | None = None,
    *,
    objective: str | Objective | Callable[..., Any] = "output",
    student: Any = Largest(6),  # noqa: B008 (frozen)
    groups: np.ndarray | None = None,
    folds: int = 5,
    ratio: float | str | Sequence[float] = np.inf,
    levels: int | Sequence[int] = 4,
    length: int | str | Sequence[int] = "auto",
    moments: int = 1,
    family: Family | str | None = None,
    dims: int | None = None,
    draws: int = 0,
    mode: str = "zero",
    random_state: int | np.random.Generator = 0,
) -> Distilled:
    """Find the wavelet from which a small model reproduces the teacher.

    Parameters
    ----------
    x : array of shape (n, [channel,] time) or (n, [channel,] y, x), optional
        Samples; needed for all but attribution alone.
    gradient : array of the shape of x, or a list of them, optional
        Gradient of the teacher's output in every sample, as from
        ``awd.attribution.saliency``. Its transform is the TRIM attribution of the
        coefficients (exactly, for any network, along orthonormal filters). A list holds
        one for each of several targets, which all count the same.
    output : array of shape (n,) or (n, targets), optional
        The teacher's predictions, as from ``awd.attribution.output``. Where they are
        given every objective's optima compete by their fidelity to them; without them
        there can be one number of levels, the last ratio gives the result, and of the
        lengths the shortest that no longer one improves on by over 1 %.
    objective : {"output", "attribution", "sparsity"}, Objective or callable
        A key of :data:`awd.search.objectives.OBJECTIVES`, an import path or an
        :class:`awd.search.objectives.Objective` of one's own; or a function to be
        minimised of the coefficients and the attributions:
        :class:`awd.search.objectives.Coefficients`. No label enters in any.
    student : Largest
        What the student reads of the coefficients when fidelity is measured.
    groups : array of shape (n,), optional
        Groups that fall into one fold; every sample is its own without.
    folds : int
        Folds of the cross-validation.
    ratio : float, sequence of float or "path"
        Weight of attribution over sparsity, each divided by its value at db5: 0 is
        sparsity alone, infinity attribution alone. Several ratios, or the standard
        ``"path"``, are followed from one to the next.
    levels : int or sequence of int
        Halvings of the transform, to choose from.
    length : int, sequence of int or "auto"
        Taps, even, to choose from; ``"auto"`` is 4 to 12.
    moments : int
        Vanishing moments that the wavelet must have.
    family : Family or str, optional
        Where to search, in place of the orthonormal wavelets of ``length`` taps: also a
        key of :data:`awd.filters.families.FAMILIES`, or an import path.
    dims : {1, 2}, optional
        Axes of a sample without channels: 1 of signals, 2 of images. Needed where
        arrays have three axes, which may be (n, channel, time) or (n, y, x).
    draws : int
        How many times to search again with groups resampled.
    mode : {"zero"}
        How signals go on beyond their ends.
    random_state : int or Generator
        Seeds the scan, its choice of samples and the resamples.

    Returns
    -------
    Distilled

    Raises
    ------
    ShapeError
        Shapes differ, fewer than 2 samples, too many levels, odd length.
    DataError
        Missing, NaN, infinite or constant values.
    ConfigError
        Unknown objective or mode, bad ratio; several levels and no output.

    Examples
    --------
    >>> f = awd.attribution.output(model, x)  # doctest: +SKIP
    >>> result = distil(x, output=f, levels=[3, 4, 5])  # doctest: +SKIP
    >>> awd.wavelet.to_pywt(result.filter)  # doctest: +SKIP
    """
    depths = scalars.wholes(levels, "levels")
    ratios = _ratios(ratio)
    families = _families(family, length, moments)
    name, goal = _objective(objective)
    _require_options(mode, folds, draws, student)
    for each in families:
        _require_applicable(each, objective, student)
    dims = _dims(x, gradient, dims)
    _require_choice(levels, output)
    rng = scalars.generator(random_state)
    samples = objectives.samples(
        x,
        gradient,
        max(depths),
        dims,
        output=output,
        groups=groups,
        student=student,
        folds=int(folds),
    )
    if samples.x is not None:
        _warn_of_offsets(samples.x)
    # Four angles are too few for BLAS threads: synchronisation doubles the time.
    with threadpool_limits(1, "blas"):
        search = _Search(goal.terms, samples, ratios, goal.effort, rng)
        shapes = search.shapes(families, depths)
        found = list(progress(shapes, "search", len(families) * len(depths)))
        chosen, shape, pool = _chosen(found, samples)
        if not (np.isfinite(chosen.value) and np.isfinite(chosen.filter).all()):
            raise DataError(
                f"the objective is {chosen.value} for the best filter; check the "
                "objective, and the family's filters"
            )
        drawn = search.redrawn(chosen, shape, draws, goal.flips)
    conditions = shape.family.conditions(chosen.filter)
    parts = chosen, shape.path, shape.optima, pool, drawn, conditions
    return Distilled(*parts, name, mode, dims)


@dataclass(frozen=True)
class _Shape:
    """Optima of a family at a number of levels: a path, and all at its end."""

    family: Family
    levels: int
    weights: Mapping[str, float]
    path: list[Candidate]
    optima: list[Candidate]


@dataclass(frozen=True)
class _Search:
    """An objective on samples, and how hard it is searched."""

    terms_of: Callable[[Samples, int], Mapping[str, Term]]
    samples: Samples
    ratios: np.ndarray
    effort: Effort
    rng: np.random.Generator

    def shapes(
        self, families: Sequence[Family], depths: Sequence[int]
    ) -> Iterator[_Shape]:
        """Path and optima of every family and depth.

        All levels start from one scan, of those in the middle: where the basins are
        hardly depends on them. A longer filter starts from the shorter one too.
        """
        terms = {depth: self.terms_of(self.samples, depth) for depth in depths}
        middle = terms[sorted(depths)[len(depths) // 2]]
        weights = _weights(self.ratios, middle)
        rows = self.effort.rows(self.samples.shape, self.rng)
        shorter: dict[int, np.ndarray] = {}
        for family in families:
            blends = [Blend(middle, weight) for weight in weights]
            scanned = descent.scan(blends, rows, family, self.rng, self.effort)
            for depth in depths:
                blends = [Blend(terms[depth], weight) for weight in weights]
                warm = [family.parameters(shorter[depth])] if depth in shorter else []
                path, optima = descent.follow(blends, scanned, warm, self.effort)
                shorter[depth] = path[0].filter
                steps = zip(path, weights, strict=True)
                yield _Shape(
                    family,
                    depth,
                    weights[-1],
                    [_candidate(optimum, weight, depth) for optimum, weight in steps],
                    [_candidate(optimum, weights[-1], depth) for optimum in optima],
                )

    def redrawn(
        self, chosen: Candidate, shape: _Shape, draws: int, flips: bool
    ) -> np.ndarray:
        """Filters found in a shape when groups are drawn anew, (draws, *taps)."""
        samples, family = self.samples, shape.family
        if chosen.mirrored:
            samples = replace(samples, student=samples.student.mirrored)
        found = np.empty((draws, *chosen.filter.shape))
        for k in range(draws):
            part = samples.subset(_resampled(samples, self.rng))
            blend = Blend(self.terms_of(part, shape.levels), shape.weights)
            rows = self.effort.rows(part.shape, self.rng)
            scanned = descent.scan([blend], rows, family, self.rng, self.effort)
            warm = [family.parameters(chosen.filter)]
            best = descent.minima(blend, scanned, warm, self.effort)[0]
            found[k] = family.aligned(best.filter, chosen.filter, flips)
        return found


def _chosen(
    shapes: Sequence[_Shape], samples: Samples
) -> tuple[Candidate, _Shape, list[Candidate]]:
    """The result, its shape, and all filters that competed.

    By fidelity; without outputs by the objective, the shortest of what is as good.
    """
    if samples.output is None:
        pool = [candidate for shape in shapes for candidate in shape.path]
        least = min(shape.path[-1].value for shape in shapes)
        good = (s for s in shapes if s.path[-1].value <= (1 + ELBOW) * least)
        shape = next(good)
        return shape.path[-1], shape, pool
    twins: list[Candidate] = []
    owners: list[_Shape] = []
    for shape in shapes:
        twins += candidates.with_twins(shape.path, samples.student)
        owners += [shape] * (len(twins) - len(owners))
    scores = candidates.scores(
        twins,
        samples.need("x", ", in which fidelity to the output is measured"),
        samples.output,
        samples.student,
        samples.groups,
        samples.folds,
    )
    pool = [replace(c, score=s) for c, s in zip(twins, scores, strict=True)]
    best, shape = max(zip(pool, owners, strict=True), key=lambda pair: pair[0].score)
    return best, shape, pool


def _resampled(samples: Samples, rng: np.random.Generator) -> np.ndarray:
    """Rows of groups drawn with repetition; at least two differ, for the folds."""
    n = samples.shape[0]
    groups = np.arange(n) if samples.groups is None else np.asarray(samples.groups)
    names, index = np.unique(groups, return_inverse=True)
    drawn = np.zeros(1, int)
    while len(np.unique(drawn)) < min(2, len(names)):
        drawn = rng.integers(len(names), size=len(names))
    return np.concatenate([np.flatnonzero(index == group) for group in drawn])


def _candidate(found: Optimum, weights: Mapping[str, float], levels: int) -> Candidate:
    return Candidate(
        found.filter,
        levels,
        sparsity=weights.get("sparsity", np.nan),
        attribution=weights.get("attribution", np.nan),
        value=found.value,
    )


def _families(
    family: Family | str | None, length: int | str | Sequence[int], moments: int
) -> list[Family]:
    """Where to search."""
    if isinstance(family, str):
        family = registry.named(family, FAMILIES, "family")
    if family is None:
        return _lattices(length, moments)
    if not isinstance(family, Family):
        raise ConfigError(
            f"family is {family!r}; expected one of {', '.join(FAMILIES)}, or a Family"
        )
    return [family]


def _lattices(length: int | str | Sequence[int], moments: int) -> list[Family]:
    if isinstance(length, str):
        if length != "auto":
            raise ConfigError(f"length is {length!r}; expected taps or 'auto'")
        least = 2 * scalars.whole(moments, "moments", 1, LENGTHS[-1] // 2)
        length = [taps for taps in LENGTHS if taps >= least]
    lengths = scalars.wholes(length, "length")
    return [Lattice(taps, moments) for taps in sorted(lengths)]


def _objective(
    objective: str | Objective | Callable[..., Any],
) -> tuple[str, Objective]:
    """Name of an objective, and what makes its terms."""
    name = objective if isinstance(objective, str) else "coefficients"
    if isinstance(objective, str):
        objective = registry.named(objective, OBJECTIVES, "objective")
    if isinstance(objective, Objective):
        return name, objective
    if not callable(objective):
        raise ConfigError(
            f"objective is {objective!r}; expected its name, an Objective, or a "
            "function of the coefficients"
        )
    return name, Objective(partial(objectives.coefficients, objective))


def _dims(
    x: np.ndarray | None,
    gradient: np.ndarray | Sequence[np.ndarray] | None,
    dims: int | None,
) -> int:
    """Axes of a sample, from what is there."""
    if isinstance(gradient, list | tuple) and gradient:
        gradient = gradient[0]
    name, data = ("gradient", gradient) if x is None else ("x", x)
    if data is None:
        raise DataError("there is nothing to distil; give x, gradient, or both")
    return dims_of(real(data, name).shape, dims, name)


def _require_options(mode: str, folds: int, draws: int, student: Any) -> None:
    scalars.chosen(mode, "mode", ["zero"])
    scalars.whole(folds, "folds", 2)
    scalars.whole(draws, "draws", 0)
    if not (hasattr(student, "fitted") and hasattr(student, "features")):
        raise ConfigError(
            f"student is {student!r}; expected what reads coefficients, such as "
            "awd.features.Largest(6)"
        )


def _require_applicable(family: Family, objective: Any, student: Any) -> None:
    """Refuse filters that cannot do what they are searched for."""
    parameters = np.mean(family.bounds, axis=1)[None]
    filters = family.filters(parameters)
    if not np.isfinite(filters).all():
        raise DataError(
            f"{family} gives filters that are not finite, in the middle of its range "
            "already; check its function and its bounds"
        )
    even = filters.ndim == 2 and filters.shape[1] % 2 == 0
    if not even and (objective != "output" or hasattr(student, "pick")):
        raise ConfigError(
            f"{family} has filters of shape {filters.shape[1:]}, for the undecimated "
            "transform; they go with objective='output' and a student that reads it, "
            "such as student=awd.undecimated.Quantiles()"
        )


def _warn_of_offsets(x: np.ndarray) -> None:
    """Beyond its ends a signal goes on with 0: an offset is a step there."""
    over = (0, *range(2, x.ndim))
    mean, sd = np.abs(x.mean(over)), x.std(over)
    offset = (mean[sd > 0] / sd[sd > 0]).max(initial=0)
    if offset > OFFSET:
        warn(
            f"x lies {offset:.0f} s.d. from 0, and the transform goes on with 0 beyond "
            "its ends; subtract the mean of every channel, as the estimators do"
        )


def _require_choice(levels: int | Sequence[int], output: np.ndarray | None) -> None:
    if output is None and np.size(levels) > 1:
        raise ConfigError(
            f"levels {levels!r} leave a choice, which fidelity makes: give output, or "
            "a single number of levels"
        )


def _ratios(ratio: float | str | Sequence[float]) -> np.ndarray:
    """Weights of attribution over sparsity, ascending; infinity: attribution alone."""
    if isinstance(ratio, str) and ratio != "path":
        raise ConfigError(f"ratio is {ratio!r}; expected numbers or 'path'")
    return scalars.ascending(PATH if isinstance(ratio, str) else ratio, "ratio")


def _weights(ratios: np.ndarray, terms: Mapping[str, Term]) -> list[dict[str, float]]:
    """Weights of the terms at every ratio; a single term has none to divide."""
    if "attribution" not in terms:
        return [dict.fromkeys(terms, 1.0)]
    if "sparsity" not in terms and not np.isinf(ratios).all():
        raise DataError("a finite ratio weighs signals in: give x, or use ratio=inf")
    shares = [1.0 if np.isinf(r) else r / (1 + r) for r in ratios]
    return [{"attribution": share, "sparsity": 1 - share} for share in shares]
