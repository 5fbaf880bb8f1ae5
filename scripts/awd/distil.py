"""From what a teacher says to one orthonormal wavelet; the network is not asked again.

Over lattice angles the penalties of the paper vanish, and what is left of an objective
(:mod:`awd.objectives`), a function of a few angles, is searched globally: a
low-discrepancy scan, descent from the best points on a few samples, then on all. Where
several lengths, levels or weights compete, fidelity to the teacher's output decides
(:mod:`awd.candidates`). No label enters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from awd import candidates, search, wavelet
from awd.candidates import Candidate
from awd.errors import ConfigError, DataError, ShapeError
from awd.features import Largest
from awd.objectives import EFFORT, OBJECTIVES, Samples
from awd.search import Blend, Optimum, Term

PATH = (0.0, *np.geomspace(1e-2, 1e2, 17).tolist(), np.inf)
LENGTHS = (4, 6, 8, 10, 12)
FEW_VALUES, FEW_OUTPUTS = 2048, 300  # what a scan looks at


@dataclass(frozen=True)
class Distilled:
    """A distilled wavelet and how it was found.

    Attributes
    ----------
    chosen : Candidate
        The filter, its levels, the objective's value and the fidelity (score).
    path : list of Candidate
        The best filter at every ratio asked for, ratios ascending, in the shape (length
        and levels) of the result.
    optima : list of Candidate
        All distinct optima at the last ratio in that shape, best first.
    pool : list of Candidate
        Every filter that the final choice scored.
    conditions : dict of str to float
        Measured residuals, see :func:`awd.wavelet.conditions`.
    objective, mode : str
        As asked for.
    """

    chosen: Candidate
    path: list[Candidate]
    optima: list[Candidate]
    pool: list[Candidate]
    conditions: dict[str, float]
    objective: str
    mode: str

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
        """Cross-validated R2 against the teacher's output; NaN without it."""
        return self.chosen.score

    @property
    def angles(self) -> np.ndarray:
        """Lattice angles of the filter, (taps / 2,), sum pi/4."""
        return wavelet.angles(self.filter)


def distil(
    x: np.ndarray | None = None,
    gradient: np.ndarray | None = None,
    output: np.ndarray | None = None,
    *,
    objective: str = "output",
    student: Largest = Largest(6),  # noqa: B008 (frozen)
    groups: np.ndarray | None = None,
    folds: int = 5,
    ratio: float | str | Sequence[float] = np.inf,
    levels: int | Sequence[int] = 4,
    length: int | str | Sequence[int] = "auto",
    mode: str = "zero",
    random_state: int | np.random.Generator = 0,
) -> Distilled:
    """Find the orthonormal wavelet that says what the teacher says.

    Parameters
    ----------
    x : array of shape (n, [channel,] time), optional
        Signals; needed for all but attribution alone.
    gradient : array of the shape of x, optional
        Gradient of the teacher's output in every sample, as from
        ``awd.attribution.saliency``. Its transform is the TRIM attribution of the
        coefficients (exactly, for any network, along orthonormal filters).
    output : array of shape (n,), optional
        The teacher's predictions, as from ``awd.attribution.output``. Where it is given
        every objective's optima compete by their fidelity to it; without it there can
        be one length, one number of levels, and the last ratio gives the result.
    objective : {"output", "attribution", "sparsity"}
        A key of :data:`OBJECTIVES`. No label enters in any.
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
    mode : {"zero"}
        How signals go on beyond their ends.
    random_state : int or Generator
        Seeds the scan and its choice of samples.

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
        Unknown objective or mode, bad ratio; several shapes and no output.

    Examples
    --------
    >>> f = awd.attribution.output(model, x)  # doctest: +SKIP
    >>> result = distil(x, output=f, levels=[3, 4, 5])  # doctest: +SKIP
    >>> awd.wavelet.to_pywt(result.filter)  # doctest: +SKIP
    """
    lengths = list(LENGTHS) if length == "auto" else np.atleast_1d(length).tolist()
    depths = np.atleast_1d(levels).tolist()
    _require_options(objective, mode, lengths)
    if output is None and len(lengths) * len(depths) > 1:
        raise ConfigError(
            f"length {length!r} and levels {levels!r} leave a choice, which fidelity "
            "makes: give output, or one length and one number of levels"
        )
    rng = np.random.default_rng(random_state)
    samples = Samples(x, gradient, output, groups, student, folds)
    # Four angles are too few for BLAS threads: waiting for each other doubles the time.
    with threadpool_limits(1, "blas"):
        shapes = _search(objective, samples, depths, lengths, ratio, rng)
        pool = [one for path, _ in shapes.values() for one in path]
        if output is not None:
            twins = candidates.with_twins(pool, student)
            pool = candidates.scored(twins, x, output, student, groups, folds)
    chosen = pool[-1] if output is None else candidates.best(pool)
    path, optima = shapes[len(chosen.filter), chosen.levels]
    return Distilled(
        chosen, path, optima, pool, wavelet.conditions(chosen.filter), objective, mode
    )


def _search(
    objective: str,
    samples: Samples,
    depths: Sequence[int],
    lengths: Sequence[int],
    ratio: float | str | Sequence[float],
    rng: np.random.Generator,
) -> dict[tuple[int, int], tuple[list[Candidate], list[Candidate]]]:
    """Path and optima of every shape, by (length, levels).

    All levels start from one scan, of those in the middle: where the basins are hardly
    depends on them. A longer filter starts from the shorter one too.
    """
    terms = {depth: OBJECTIVES[objective](samples, depth) for depth in depths}
    middle = terms[sorted(depths)[len(depths) // 2]]
    weights, effort = _weights(ratio, middle), EFFORT[objective]
    rows = _few(objective, samples, rng)
    shapes, shorter = {}, {}
    for taps in sorted(lengths):
        blends = [Blend(middle, weight) for weight in weights]
        scanned = search.scan(blends, rows, taps, rng, effort)
        for depth in depths:
            blends = [Blend(terms[depth], weight) for weight in weights]
            warm = [_lengthened(shorter[depth], taps)] if depth in shorter else []
            path, optima = search.follow(blends, scanned, warm, effort)
            shorter[depth] = path[0].filter
            shapes[taps, depth] = (
                [_candidate(o, depth, w) for o, w in zip(path, weights, strict=True)],
                [_candidate(o, depth, weights[-1]) for o in optima],
            )
    return shapes


def _lengthened(h: np.ndarray, taps: int) -> np.ndarray:
    """Free angles of a filter with zeros behind it."""
    return wavelet.angles(np.pad(h, (0, taps - len(h))))[1:]


def _candidate(found: Optimum, levels: int, weights: Mapping[str, float]) -> Candidate:
    l1 = {k: weights.get(k, np.nan) for k in ("sparsity", "attribution")}
    return Candidate(found.filter, levels, value=found.value, **l1)


def _require_options(objective: str, mode: str, lengths: Sequence[int]) -> None:
    if objective not in OBJECTIVES:
        raise ConfigError(
            f"objective is {objective!r}; expected one of {', '.join(OBJECTIVES)}"
        )
    if mode != "zero":
        raise ConfigError(f"mode is {mode!r}; distillation knows 'zero' only")
    for length in lengths:
        if not isinstance(length, int) or length < 2 or length % 2:
            raise ShapeError(
                f"length is {length!r}; expected an even number of taps >= 2"
            )


def _weights(
    ratio: float | str | Sequence[float], terms: Mapping[str, Term]
) -> list[dict[str, float]]:
    """Weights of the terms at every ratio; a single term has none to divide."""
    if "attribution" not in terms:
        return [dict.fromkeys(terms, 1.0)]
    ratios = np.atleast_1d(PATH if ratio == "path" else ratio)
    if ratios.dtype.kind not in "fiu" or ratios.size == 0 or not (ratios >= 0).all():
        raise ConfigError(
            f"ratio is {ratio!r}; expected numbers of at least 0 (infinity too) or "
            "'path'"
        )
    if "sparsity" not in terms and not np.isinf(ratios).all():
        raise DataError("a finite ratio weighs signals in: give x, or use ratio=inf")
    shares = [1.0 if np.isinf(r) else r / (1 + r) for r in np.sort(ratios)]
    return [{"attribution": share, "sparsity": 1 - share} for share in shares]


def _few(objective: str, samples: Samples, rng: np.random.Generator) -> np.ndarray:
    """Samples for the scan: hundreds to tell fidelities, tens to tell L1 norms."""
    data = samples.gradient if samples.x is None else samples.x
    n, *shape = np.shape(data)
    count = int(np.clip(FEW_VALUES // np.prod(shape), 8, 64))
    if objective == "output":
        count = FEW_OUTPUTS
    return np.sort(rng.permutation(n)[:count])
