"""Scores with intervals: R2 and RMSE, resampled over groups or blocks, and paired.

Samples of one group or block are not independent, so the bootstrap resamples whole
units. R2 needs five sums a unit, so ten thousand draws are one small matrix product.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from awd.arguments import checked
from awd.errors import DataError, ShapeError

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = (2.5, 97.5)
ENOUGH_GROUPS = 8

Predictions = Mapping[str, np.ndarray]

resampled = checked(
    y="n",
    units="n",
    splits="n",
    draws=(1, 10_000_000),
    seed=(0, 2**64),
    labels="units splits",
)


@checked(y="n", prediction="n")
def r2(y: np.ndarray, prediction: np.ndarray) -> float:
    """Share of the variance of ``y`` explained: 0 for its mean, NaN if it has none."""
    y, prediction = _same_shape(y, prediction)
    if np.ptp(y) == 0:
        return float("nan")
    return float(1 - ((y - prediction) ** 2).sum() / ((y - y.mean()) ** 2).sum())


@checked(y="n", prediction="n")
def rmse(y: np.ndarray, prediction: np.ndarray) -> float:
    """Root mean squared error, in the unit of ``y``."""
    y, prediction = _same_shape(y, prediction)
    return float(np.sqrt(((y - prediction) ** 2).mean()))


@checked(groups="n", blocks="n", labels="groups blocks")
def resampling_unit(groups: np.ndarray, blocks: np.ndarray) -> tuple[str, np.ndarray]:
    """What the bootstrap draws, and its name: blocks if there are under 8 groups."""
    if len(np.unique(groups)) >= ENOUGH_GROUPS:
        return "group", np.asarray(groups)
    return "block", np.asarray(blocks)


@checked(units="n", draws=(1, 10_000_000), labels="units")
def resample(
    units: np.ndarray, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Bootstrap weights: how often each draw holds each unit.

    A draw takes one unit fewer than there are: with n of n the spread would be too
    small by the factor sqrt((n - 1) / n), a tenth or more where few units test
    (J. N. K. Rao, C. F. J. Wu, J. Am. Stat. Assoc. 83, 1988).

    Parameters
    ----------
    units : array of shape (n,)
        Group or block of each sample.
    draws : int
        Bootstrap replicates.
    rng : numpy.random.Generator

    Returns
    -------
    names : array of shape (units,)
        The distinct units, sorted.
    counts : array of int of shape (draws, units)
        Every row sums to the number of units less one.

    Raises
    ------
    DataError
        When there are fewer than 2 units.
    """
    names = np.unique(units)
    if len(names) < 2:
        raise DataError(
            f"an interval needs at least 2 units to resample; got {len(names)}: "
            f"{', '.join(map(str, names))}; use blocks, or more test groups"
        )
    picks = rng.integers(len(names), size=(draws, len(names) - 1))
    picks += np.arange(draws)[:, None] * len(names)
    counts = np.bincount(picks.ravel(), minlength=draws * len(names))
    return names, counts.reshape(draws, len(names))


@resampled
def score(
    y: np.ndarray,
    predictions: Predictions,
    units: np.ndarray,
    splits: np.ndarray | None = None,
    *,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """R2 and RMSE of every method with 95 % percentile bootstrap intervals.

    Parameters
    ----------
    y : array of shape (n,)
        Test targets; of several splits, one after the other.
    predictions : mapping of str to array of shape (n,)
        By method.
    units : array of shape (n,)
        Unit of each sample, see :func:`resampling_unit`.
    splits : array of shape (n,), optional
        Test set of each sample. Each is scored and resampled by itself and the results
        are averaged; test sets of the same units (two teacher seeds of one rotation,
        say) get the same draws, so that they do not pass for independent.
    draws, seed : int
        Bootstrap replicates and their seed.

    Returns
    -------
    DataFrame
        ``method``, ``r2``, ``r2_low``, ``r2_high``, ``rmse``, ``rmse_low``,
        ``rmse_high``, a row a method in the order given.

    Raises
    ------
    ShapeError, DataError
        When lengths differ, a value is not finite, or a test set has fewer than 2
        units or a constant target.
    """
    import pandas as pd

    scores = _bootstrap(y, predictions, units, splits, draws, seed)
    columns: dict[str, Any] = {"method": list(predictions)}
    for name, index in (("r2", 0), ("rmse", 1)):
        columns[name] = scores.point[:, index].mean(0)
        low, high = np.percentile(scores.draws[index], INTERVAL, axis=0)
        columns |= {f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns)


@resampled
def differences(
    y: np.ndarray,
    predictions: Predictions,
    units: np.ndarray,
    pairs: Iterable[tuple[str, str]],
    splits: np.ndarray | None = None,
    *,
    measure: Literal["r2", "rmse"] = "r2",
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Paired differences of R2 or RMSE, A minus B, from the same draws for both.

    ``pairs`` are names of methods; everything else is as for :func:`score`.

    Returns
    -------
    DataFrame
        ``a``, ``b``, ``difference``, ``low``, ``high`` (95 %), ``above`` (in how many
        splits A is better) and ``splits``, a row a pair; of RMSE, smaller is better.

    Raises
    ------
    DataError
        Also when a pair names a method without predictions.
    """
    import pandas as pd

    scores = _bootstrap(y, predictions, units, splits, draws, seed)
    column = {name: index for index, name in enumerate(predictions)}
    at, sign = (0, 1) if measure == "r2" else (1, -1)
    rows = []
    for a, b in pairs:
        if not {a, b} <= set(column):
            raise DataError(f"no predictions for {a} - {b}; there is {list(column)}")
        by_split = scores.point[:, at, column[a]] - scores.point[:, at, column[b]]
        drawn = scores.draws[at][:, column[a]] - scores.draws[at][:, column[b]]
        low, high = np.percentile(drawn, INTERVAL)
        above = int((sign * by_split > 0).sum())
        rows.append((a, b, by_split.mean(), low, high, above, len(by_split)))
    columns = ["a", "b", "difference", "low", "high", "above", "splits"]
    return pd.DataFrame(rows, columns=columns)


@checked(y="n", groups="n", labels="groups")
def by_group(
    y: np.ndarray, predictions: Predictions, groups: np.ndarray
) -> pd.DataFrame:
    """R2 and RMSE inside every test group, a row a method and group.

    R2 is about the group's own mean; NaN where the group's targets are all equal.
    """
    import pandas as pd

    groups = np.asarray(groups)
    rows = []
    for method, prediction in predictions.items():
        for name in np.unique(groups):
            inside = groups == name
            pair = np.asarray(y)[inside], np.asarray(prediction)[inside]
            rows.append((method, name, int(inside.sum()), r2(*pair), rmse(*pair)))
    return pd.DataFrame(rows, columns=["method", "group", "samples", "r2", "rmse"])


@checked(threshold=(0, 1e300))
def compression(
    coefficients: Sequence[np.ndarray],
    attributions: Sequence[np.ndarray],
    threshold: float = 1e-3,
) -> float:
    """Share of coefficients that are large and matter, pooled over bands and samples.

    Both ``|coefficient|`` and ``|attribution|`` must exceed the threshold (Ha et al.
    2021, section 4); smaller is sparser.

    Parameters
    ----------
    coefficients, attributions : sequence of arrays of shape (n, length)
        By band, of the test set, the attributions for the target that is predicted.
    """
    shapes = [c.shape for c in coefficients], [a.shape for a in attributions]
    if shapes[0] != shapes[1]:
        raise ShapeError(
            f"coefficients have bands {shapes[0]}, attributions {shapes[1]}; analyse "
            "both with the same filter, levels and mode"
        )
    large = [
        (np.abs(c) > threshold) & (np.abs(a) > threshold)
        for c, a in zip(coefficients, attributions, strict=True)
    ]
    return sum(int(b.sum()) for b in large) / sum(b.size for b in large)


@checked(repeats=(1, 1_000_000), labels="x", may_be_nan="x")
def inference_seconds(
    function: Callable[[Any], Any], x: np.ndarray, repeats: int = 7
) -> float:
    """Median wall time of ``function(x)`` in seconds, after one call to warm up."""
    function(x)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(x)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


@dataclass(frozen=True)
class _Scores:
    point: np.ndarray  # (splits, 2, methods): r2, rmse
    draws: np.ndarray  # (2, draws, methods), averaged over the splits


def _bootstrap(
    y: np.ndarray,
    predictions: Predictions,
    units: np.ndarray,
    splits: np.ndarray | None,
    draws: int,
    seed: int,
) -> _Scores:
    y, errors, units, splits = _checked(y, predictions, units, splits)
    rng = np.random.default_rng(seed)
    drawn: dict[tuple, np.ndarray] = {}
    names = np.unique(splits)
    point, total = [], np.zeros((2, draws, errors.shape[1]))
    for name in names:
        inside = splits == name
        if np.ptp(y[inside]) == 0:
            raise DataError(f"test set {name} has a constant target: it has no R2")
        sums = _unit_sums(y[inside], errors[inside], units[inside])
        key = tuple(np.unique(units[inside]))
        if key not in drawn:
            drawn[key] = resample(units[inside], draws, rng)[1]
        point.append(_r2_rmse(sums.sum(0, keepdims=True))[:, 0])
        # einsum, not @: its sums do not depend on the number of BLAS threads.
        total += _r2_rmse(np.einsum("du,us->ds", drawn[key], sums))
    return _Scores(np.array(point), total / len(names))


def _unit_sums(y: np.ndarray, errors: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Sums over each unit: count, y, y^2, then each method's squared error."""
    # Centred: y^2 - mean^2 would lose its digits far from zero.
    y = y - y.mean()
    _, inverse = np.unique(units, return_inverse=True)
    terms = np.column_stack([np.ones_like(y), y, y**2, errors**2])
    sums = np.zeros((inverse.max() + 1, terms.shape[1]))
    np.add.at(sums, inverse, terms)
    return sums


def _r2_rmse(sums: np.ndarray) -> np.ndarray:
    """From sums (draws, 3 + methods) to (2, draws, methods): R2 and RMSE."""
    count, first, second = sums[:, :3].T[..., None]
    squared = sums[:, 3:]
    # A draw of one unit alone may have a constant target: no R2, but an RMSE.
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = 1 - squared / (second - first**2 / count)
    return np.array([r2, np.sqrt(squared / count)])


def _checked(
    y: np.ndarray,
    predictions: Predictions,
    units: np.ndarray,
    splits: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Targets, errors (n, methods), units and splits, all of one length and finite."""
    y, units = np.asarray(y, np.float64), np.asarray(units)
    splits = np.zeros(len(y), int) if splits is None else np.asarray(splits)
    if not predictions:
        raise DataError("there are no predictions to score")
    for name, values in {"units": units, "splits": splits, **predictions}.items():
        if np.shape(values) != y.shape:
            raise ShapeError(f"{name} is {np.shape(values)} for {y.shape} targets")
    for name, values in {"the target": y, **predictions}.items():
        bad = ~np.isfinite(values)
        if bad.any():
            raise DataError(
                f"{name} is not finite for {bad.sum()} of {len(y)} samples, first for "
                f"sample {int(bad.argmax())}"
            )
    errors = [y - np.asarray(values, np.float64) for values in predictions.values()]
    return y, np.column_stack(errors), units, splits


def _same_shape(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, prediction = np.asarray(y, np.float64), np.asarray(prediction, np.float64)
    if y.shape != prediction.shape or not y.size:
        raise ShapeError(
            f"{prediction.shape} predictions for {y.shape} targets; expected as many "
            "of both, and at least one"
        )
    return y, prediction
