"""Maps in the explorer: what was seen in them, and filters along their families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.filters import undecimated
from awd.league import choose
from awd.league.names import FAMILIES, name_of
from awd.maps.figures.filters import AXES, filter_of
from awd.maps.infer import compressed
from awd.maps.infer.predict import degree_for
from awd.maps.measure import masks
from awd.maps.measure.statistics import LEVELS, measure
from awd.maps.names import label
from awd.maps.study import bank, describe
from awd.maps.study.streamed import Rows, farthest, order, with_first
from awd.maps.study.train import TEACHER
from awd.record import contracts
from awd.report.explorer import images as shown
from awd.report.explorer import path as method
from awd.report.explorer.images import Images, Reads
from awd.report.explorer.page import Part
from awd.report.explorer.path import Path
from awd.report.explorer.study import concentration, stacked
from awd.report.tables import typeset
from awd.teacher import ask, weights

if TYPE_CHECKING:
    import xarray as xr

    from awd.teacher.networks import Teacher

OURS = "output"
SHOWN = 30  # maps
TRAINING = 2000  # maps that the student is fitted to, evenly spread
NODES = 32  # between the average map and a map, by which its parts are found
BANDS = {
    "difference": "the difference of smoothings",
    "hh": "the diagonal details",
    "lh_hl": "the horizontal and vertical details",
}
SCORED = (
    "R² here is on the {} select maps, of the student of the search; that of the "
    "report is of the final student, on the test maps."
)
BINS = np.linspace(-4, 6, 61)  # of coefficients, s.d.
SIDE = 48  # nodes of a posterior along a parameter
NUDGE = 0.1  # s.d. of a feature, by which its weight is found


def parts(
    given: Any, target: str, bounds: Sequence[tuple[float, float]] | None
) -> list[Part]:
    """The tabs of the maps, from the files of one seed.

    Parameters
    ----------
    given : object
        Paths: ``samples``, ``outputs``, ``wavelets``, ``students`` and ``networks``.
    target : str
        The parameter that is predicted.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    """
    outputs = io.read(given.outputs, contracts.OUTPUTS)
    wavelets = io.read(given.wavelets, contracts.WAVELETS)
    students = io.read(given.students, contracts.PREDICTIONS)
    teacher = weights.load(given.networks, [TEACHER])[TEACHER]
    with io.opened(given.samples, contracts.MAPS) as opened:
        names = opened["name"].values.tolist()
        bounds = bounds and [bounds[k] for k in order(names, target)]
        maps = with_first(opened, target)
        seen = images(maps, given.samples, teacher, wavelets, students, bounds)
        families = paths(maps, outputs, wavelets)
    found = [shown.part("maps", seen)]
    return found + [method.part("maps: the method", families)] * bool(families)


def images(
    maps: xr.Dataset,
    path: io.PathLike,
    teacher: Teacher,
    wavelets: xr.Dataset,
    students: xr.Dataset,
    bounds: Sequence[tuple[float, float]] | None,
) -> Images:
    """Some test maps, one of every cosmology in turn, as network and student see them.

    Parameters
    ----------
    maps, wavelets, students : Dataset
        Of one seed; ``maps`` opened.
    path : path
        Of the maps' file.
    teacher : Teacher
        The network.
    bounds : sequence of (low, high), optional
        The box of the parameters.
    """
    family, taps = filter_of(wavelets, OURS)
    h = bank.shaped(family, taps)
    rows = _shown(maps)
    read = Rows(path, rows, teacher)
    gradient = read.of_maps(ask.saliency(teacher, read[:]), slice(None))
    every, mask = masks.read(maps, rows)
    x = _last(every)
    bands = _details(x, h)
    scale = bands.std(axis=(0, 2, 3))
    flat = bands.reshape(*bands.shape[:2], -1) / scale[:, None]
    counts = np.array(
        [[np.histogram(b, BINS, density=True)[0] for b in of_map] for of_map in flat]
    )
    told = _student(maps, family, h, x, mask, bounds)
    place = np.searchsorted(students["row"].values, rows)
    predicted = {}
    for role in ("distilled", "teacher"):
        k = int(np.flatnonzero(students["role"].values == role)[0])
        name = name_of(str(students["method"].values[k]))
        predicted[name] = students["prediction"].values[k][place]
    # In sight is what is explained: the student as it is fitted here.
    predicted[next(iter(predicted))] = told.predicted
    names = maps["name"].values.tolist()
    return Images(
        x,
        [f"map {row} of cosmology {maps['cosmology'].values[row]}" for row in rows],
        maps["target"].values[rows].astype(float),
        [_plain(name) for name in names],
        predicted,
        _last(gradient),
        bands,
        np.tile(BINS, (LEVELS, 1)),
        counts,
        told.at / scale[:, None],
        told.weights,
        told.grid,
        told.posterior,
        reads=told.reads,
        signal=str(maps["x"].attrs.get("long_name", "convergence")),
        pixel=(float(maps.attrs["pixel_arcmin"]), "arcmin"),
    )


def _last(x: np.ndarray) -> np.ndarray:
    """Maps (n, y, x): of several bins of sources the last, which filters read."""
    return x if x.ndim == 3 else x[:, -1]


def _plain(name: str) -> str:
    """A parameter as text without mathematics."""
    greek = {"omega_m": "Ωₘ", "sigma_8": "σ₈"}
    return greek.get(name, label(name).strip("$"))


def _shown(maps: xr.Dataset) -> np.ndarray:
    """Rows: test maps, of every cosmology in turn."""
    test = np.flatnonzero(maps["split"].values == "test")
    cosmology = maps["cosmology"].values[test]
    turn = np.zeros(len(test), int)
    for name in np.unique(cosmology):
        own = cosmology == name
        turn[own] = np.arange(own.sum())
    return np.sort(test[np.argsort(turn, kind="stable")][:SHOWN])


def _details(x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The difference band, of a wavelet HH: (n, levels, y, x)."""
    bands = undecimated.analysis(x, h, LEVELS)
    return bands["difference" if "difference" in bands else "hh"]


@dataclass(frozen=True)
class Explained:
    """What the student reads of maps and concludes; fields as of :class:`Images`."""

    at: np.ndarray
    weights: np.ndarray
    reads: Reads
    predicted: np.ndarray
    posterior: np.ndarray | None = None
    grid: tuple[np.ndarray, np.ndarray] | None = None


def _student(
    maps: xr.Dataset,
    family: str,
    h: np.ndarray,
    x: np.ndarray,
    mask: np.ndarray | None,
    bounds: Sequence[tuple[float, float]] | None,
) -> Explained:
    """What the student reads of every map and how it weighs that; its posterior."""
    train = np.flatnonzero(maps["split"].values == "train")
    train = train[:: -(-len(train) // TRAINING)]
    statistic = bank.SHELVES[family].statistic(h)
    training = measure(statistic, farthest(maps.isel(sample=train)))
    target = maps["target"].values[train].astype(float)
    head = compressed.emulator(degree_for(len(np.unique(target, axis=0))), bounds)
    head.fit(training, target)
    features, spread = statistic.features(x, mask), training.std(0)
    predicted = head.predict(features)[:, 0]
    weights = np.empty(features.shape)
    for k, sd in enumerate(spread):
        more = features.copy()
        more[:, k] += NUDGE * sd
        weights[:, k] = (head.predict(more)[:, 0] - predicted) / NUDGE
    typical = training.mean(0)
    added, usual = parts_of(head, features, typical)
    names = _names(statistic, float(maps.attrs["pixel_arcmin"]))
    reads = Reads(names, features, typical, added, usual)
    of_bands = len(statistic.student.bands), -1
    # The band in sight is the difference of smoothers, of a wavelet the diagonal.
    band = [*statistic.student.bands].index(
        "difference" if "difference" in statistic.student.bands else "hh"
    )
    at, weights = (
        values.reshape(len(x), LEVELS, *of_bands)[:, :, band]
        for values in (features, weights)
    )
    if target.shape[1] < 2:
        return Explained(at, weights, reads, predicted)
    return Explained(at, weights, reads, predicted, *_posterior(head, features))


def parts_of(
    head: compressed.Compressed, features: np.ndarray, typical: np.ndarray
) -> tuple[np.ndarray, float]:
    """What each feature adds to the first parameter, against a typical map's answer.

    Integrated gradients (Sundararajan, Taly, Yan, ICML 2017) from ``typical`` straight
    to every map: they sum to the difference of the two predictions. As the head reads a
    few weighted sums, only its slopes along these are needed.

    Parameters
    ----------
    head : Compressed
        Fitted.
    features : array of shape (n, d)
    typical : array of shape (d,)

    Returns
    -------
    added : array of shape (n, d)
    usual : float
        What the head answers to ``typical``.
    """
    begin, end = typical @ head.weights_, features @ head.weights_
    steps = NUDGE * end.std(0)
    slopes = np.zeros(end.shape)
    for share in (np.arange(NODES) + 0.5) / NODES:
        at = begin + share * (end - begin)
        for k, step in enumerate(steps):
            away = step * (np.arange(len(steps)) == k)
            rise = head.head.predict(at + away) - head.head.predict(at - away)
            slopes[:, k] += rise[:, 0] / (2 * step) / NODES
    usual = float(head.predict(typical[None])[0, 0])
    return (features - typical) * (slopes @ head.weights_.T), usual


def _names(statistic: Any, pixel: float) -> list[str]:
    """What every feature is, in their order: by level, band and share."""
    return [
        f"{100 * share:.0f} % quantile of {BANDS[band]} at level {level + 1} "
        f"({typeset(pixel * 2**level, 2)}′ steps)"
        for level in range(LEVELS)
        for band in statistic.student.bands
        for share in statistic.student.shares
    ]


def _posterior(
    head: compressed.Compressed, features: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Of the first two parameters, others in the middle of the box: (n, b, a), (a, b).

    As the student's own head has it, whose widths nobody has calibrated.
    """
    emulator: Any = head.head  # an emulator: the head was just made so
    a, b, *others = (
        low + (high - low) * (np.arange(SIDE) + 0.5) / SIDE
        for low, high in emulator.bounds_
    )
    nodes = np.empty((SIDE * SIDE, 2 + len(others)))
    nodes[:, 1], nodes[:, 0] = np.repeat(b, SIDE), np.tile(a, SIDE)
    nodes[:, 2:] = [np.mean(axis) for axis in others]
    log = emulator.log_likelihood(features @ head.weights_, nodes)
    posterior = np.exp(log - log.max(1, keepdims=True))
    return posterior.reshape(len(features), SIDE, SIDE), (a, b)


def paths(maps: xr.Dataset, outputs: xr.Dataset, wavelets: xr.Dataset) -> list[Path]:
    """Filters along every family, with the gradient of one map through each."""
    found = choose.from_dataset(wavelets)
    table = describe.by_candidate(wavelets)
    k = len(outputs["row"]) // 2
    gradient = outputs["gradient"].values[0, k].astype(np.float32)
    gradient = gradient.reshape(-1, *gradient.shape[-2:])[-1:]
    select = maps["split"].values == "select"
    spread = float(maps["target"].values[select, 0].std())
    out = []
    for family, own in table.groupby("family", sort=False):
        own = own.sort_values("parameter", kind="stable")
        pool = _pool(found, str(family))
        if len(own) < 2 or pool is None or OURS not in own:
            continue
        taps = [pool[int(j)].filter for j in own["candidate"]]
        told = [_details(gradient, bank.shaped(str(family), h))[0] for h in taps]
        fidelity = own[OURS].to_numpy(float)
        rmse = (
            own["rmse"].to_numpy(float) if "rmse" in own else np.full(len(own), np.nan)
        )
        out.append(
            Path(
                FAMILIES.get(family, family),
                AXES.get(str(family), "first parameter"),
                [typeset(value, 3) for value in own["parameter"]],
                [bank.shaped(str(family), h) for h in taps],
                fidelity,
                1 - (rmse / spread) ** 2,
                np.array([concentration(t.reshape(1, -1)) for t in told]),
                stacked([t[0] for t in told]),
                [],
                int(np.nanargmax(fidelity)),
                at=own["parameter"].to_numpy(float) if family in AXES else None,
                scored=SCORED.format(int(select.sum())),
            )
        )
    return out


def _pool(found: dict, family: str) -> Sequence | None:
    """The candidates of a family, as ours chose from them."""
    for name in (OURS, f"{OURS}_{family}"):
        if name in found and found[name].family == family:
            return found[name].pool
    return None
