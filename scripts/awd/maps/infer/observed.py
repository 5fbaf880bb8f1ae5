"""What one observed map says: its posterior, how well it fits, and files for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awd import io
from awd.errors import DataError
from awd.maps.infer import predict, trust
from awd.maps.infer.emulator import Emulator, Goodness
from awd.maps.measure import statistics
from awd.maps.names import label
from awd.maps.study import finish

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.maps.measure.statistics import Statistic

DRAWS = 10_000  # of every chain
SAME = 0.005  # by which pixels may differ in size


class Answer(NamedTuple):
    """What a statistic says of the observed map.

    Attributes
    ----------
    statistic : str
    names : list of str
        Of the parameters.
    features : ndarray of shape (d,)
        The data vector.
    emulator : Emulator
        Calibrated.
    chain : ndarray of shape (draws, p)
        From the posterior, of equal weight.
    log : ndarray of shape (draws,)
        Logarithm of the likelihood of each, up to a constant.
    goodness : Goodness
        Of the map.
    """

    statistic: str
    names: list[str]
    features: np.ndarray
    emulator: Emulator
    chain: np.ndarray
    log: np.ndarray
    goodness: Goodness


def prepared(
    kappa: np.ndarray, pixel_arcmin: float, maps: xr.Dataset
) -> tuple[np.ndarray, np.ndarray]:
    """The observed map as the simulated ones are, and where nothing was seen of it.

    Block means, smoothing, and the middle of a larger field. Noise is in it already;
    that of the simulated maps (``maps.galaxies``) should be like it.

    Parameters
    ----------
    kappa : array of shape (y, x)
        NaN where nothing was seen.
    pixel_arcmin : float
        Of it.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`.

    Returns
    -------
    x : ndarray of shape (1, y, x), float32
    hidden : ndarray of bool of shape (y, x)

    Raises
    ------
    DataError
        Its pixels are no part of theirs, its field is smaller or was hardly seen.
    """
    if "channel" in maps.sizes:
        raise DataError(
            f"the simulated maps have {maps.sizes['channel']} bins of sources, the "
            "observed one has one; simulate one bin, or leave out maps.observed"
        )
    pixel, side = float(maps.attrs["pixel_arcmin"]), maps.sizes["y"]
    block = max(1, round(pixel / pixel_arcmin))
    fits = side * block
    if abs(block * pixel_arcmin / pixel - 1) > SAME or min(kappa.shape) < fits:
        field = min(kappa.shape) * pixel_arcmin / 60
        raise DataError(
            f"the observed map has {kappa.shape[0]} x {kappa.shape[1]} pixels of "
            f"{pixel_arcmin:g} arcmin, the simulated ones {side} x {side} of "
            f"{pixel:g}; expected whole blocks of its pixels in theirs, and a field as "
            f"large: with {side} pixels, maps.source.degrees: {field:.4f}"
        )
    top, left = ((size - fits) // 2 for size in kappa.shape)
    cut = np.ascontiguousarray(kappa[top : top + fits, left : left + fits], np.float32)
    smooth = float(maps.attrs.get("smoothing_arcmin", 0.0))
    x, seen = finish.finished(cut, side, None, smooth / pixel)
    finish.require_seen(seen, "the observed map")
    return x[None], ~seen


def answers(
    asked: Mapping[str, Statistic],
    maps: xr.Dataset,
    kappa: np.ndarray,
    hidden: np.ndarray,
    seed: int,
    **how: Any,
) -> list[Answer]:
    """What every statistic says of a map that is :func:`prepared`.

    What is hidden of it is hidden of the simulated maps, too, so that statistics mean
    the same and errors are those of what was seen.

    Parameters
    ----------
    asked : mapping
        Name -> statistic, not fitted.
    maps : Dataset
        :data:`awd.record.contracts.MAPS`, opened.
    kappa, hidden : arrays of shape (1, y, x) and (y, x)
    seed : int
        Of the draws.
    **how
        ``bounds`` and ``covariance``, as of :func:`awd.maps.infer.predict.calibrated`.
    """
    names = maps["name"].values.tolist()
    read = [statistics.fitted(one, maps, hidden) for one in asked.values()]
    measured = statistics.measure_all(read, maps, hidden)
    mask = ~hidden[None] if hidden.any() else None
    found = []
    for name, statistic, features in zip(asked, read, measured, strict=True):
        emulator = predict.calibrated(features, maps, **how)
        own = statistic.features(kappa, mask)[0].astype(float)
        found.append(answer(name, names, own, emulator, seed))
    return found


def answer(
    statistic: str,
    names: list[str],
    features: np.ndarray,
    emulator: Emulator,
    seed: int,
) -> Answer:
    """The posterior of features (d,) under a calibrated emulator, drawn from."""
    rng = np.random.default_rng(seed)
    chain = emulator.drawn(features[None], DRAWS, rng)
    log = emulator.log_likelihood(features[None], chain)[0]
    return Answer(
        statistic,
        names,
        features,
        emulator,
        chain,
        log,
        emulator.goodness(features[None]),
    )


def table(answers: list[Answer]) -> pd.DataFrame:
    """A row a statistic and parameter: mean, s.d., intervals, chi2 and doubts."""
    import pandas as pd

    rows = []
    for one in answers:
        fit = one.goodness
        for k, name in enumerate(one.names):
            chain = one.chain[:, k]
            low, low_68, high_68, high = np.quantile(chain, [0.025, 0.16, 0.84, 0.975])
            rows.append(
                {
                    "method": one.statistic,
                    "parameter": name,
                    "mean": chain.mean(),
                    "sd": chain.std(),
                    "low_68": low_68,
                    "high_68": high_68,
                    "low": low,
                    "high": high,
                    "chi2": fit.chi2[0],
                    "chi2_expected": one.emulator.reference_.mean(),
                    "features": len(one.features),
                    "p_value": fit.p_value[0],
                    "doubts": trust.doubts(fit.p_value[0], bool(fit.edge[0])),
                }
            )
    return pd.DataFrame(rows)


def chains(
    found: pd.DataFrame, paths: Sequence[io.PathLike], most: int = 2000
) -> pd.DataFrame:
    """Draws of the first two parameters, and which posteriors are not trustworthy.

    ``found`` is :func:`table`, as written; ``paths`` are the chains (npz) of each of
    its statistics.
    """
    import pandas as pd

    parts = []
    for path in paths:
        name = Path(path).stem
        own = found[found["method"] == name]
        names = own["parameter"].tolist()[:2]
        with io.readable(path, "npz"), np.load(path) as archive:
            draws = {
                axis: archive[n][:most] for axis, n in zip("ab", names, strict=True)
            }
        part = pd.DataFrame(draws).assign(statistic=name)
        doubted = isinstance(own["doubts"].iloc[0], str) and own["doubts"].iloc[0] != ""
        part = part.assign(doubted=doubted, name_a=names[0], name_b=names[1])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def write_chain(one: Answer, root: io.PathLike) -> None:
    """``root.npz``, and ``root.txt``, ``.paramnames``, ``.ranges`` for GetDist.

    A row of the text is weight, minus the logarithm of the likelihood, parameters;
    ``getdist.loadMCSamples(root)`` reads it.
    """
    root = str(root)
    columns = dict(zip(one.names, one.chain.T, strict=True))
    with io.replacing(root + ".npz") as path, path.open("wb") as file:
        np.savez(file, log_likelihood=one.log, **columns)
    rows = np.column_stack([np.ones(len(one.chain)), -one.log, one.chain])
    io.write_text("".join(_line(row) for row in rows), root + ".txt")
    latex = "".join(f"{name} {label(name).strip('$')}\n" for name in one.names)
    io.write_text(latex, root + ".paramnames")
    pairs = zip(one.names, one.emulator.bounds_, strict=True)
    ranges = "".join(f"{name} {low:g} {high:g}\n" for name, (low, high) in pairs)
    io.write_text(ranges, root + ".ranges")


def write_vectors(one: Answer, root: io.PathLike) -> None:
    """``root.data.txt`` and ``root.covariance.txt``: text that any code reads.

    The first has the data vector, and what is expected at the posterior's mean; the
    second the covariance of a map's features.
    """
    mean = one.emulator.means(one.chain.mean(0)[None])[0]
    head = f"# {one.statistic}: observed, expected at the posterior's mean\n"
    rows = np.column_stack([one.features, mean])
    io.write_text(head + "".join(map(_line, rows)), f"{root}.data.txt")
    head = f"# {one.statistic}: covariance of the features of one map\n"
    covariance = one.emulator.covariance_of_map()
    io.write_text(head + "".join(map(_line, covariance)), f"{root}.covariance.txt")


def _line(row: np.ndarray) -> str:
    return " ".join(f"{value:.8e}" for value in row) + "\n"


def kappa_of(paths: Sequence[io.PathLike], mask: io.PathLike | None) -> np.ndarray:
    """A map (y, x) from one file of convergence, or two of the components of shear.

    NaN where the files have no value (NaN, UNSEEN), and where a file of a mask is 0.
    """
    from awd.maps import readers

    kappa = finish.without_unseen(readers.Reading().read(paths))
    if mask is not None:
        kappa = np.where(finish.read_mask(mask, kappa.shape), kappa, np.float32(np.nan))
    return kappa
