"""From tracks to the table that the method reads: fixed length, targets, tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from awd import io
from awd.arguments import checked
from awd.cells import tracks
from awd.cells.study import FEW_CELLS, hand, outcomes, shifts
from awd.cells.study.targets import TARGETS, of_tracks
from awd.errors import DataError
from awd.log import log
from awd.windows import WINDOWS, windowed

if TYPE_CHECKING:
    import xarray as xr

SAME = 0.05  # by which the intervals of cells may differ
SHORTEST = 2  # frames that tracks must last longer than to count at all, as published


@checked(
    min_frames=(1, 1e6),
    min_seconds=(0, 1e9),
    length=(2, 1e6),
    tiles=(1, 1000),
    least=(0, 1e6),
    targets=tuple(TARGETS),
    windows=tuple(WINDOWS),
    hotspots=("keep", "drop"),
    bad_cell=("stop", "skip"),
    shift=tuple(shifts.SHIFTS),
)
def assemble(
    cells: Sequence[xr.Dataset],
    *,
    targets: Sequence[str],
    min_frames: int,
    min_seconds: float = 0,
    length: int = 40,
    windows: Sequence[str] = ("whole", "end"),
    tiles: int = 4,
    hotspots: str = "keep",
    rules: outcomes.Rules | None = None,
    bad_cell: str = "stop",
    least: int = 1,
    shift: str = "none",
    seed: int = 0,
) -> xr.Dataset:
    """One row a track: windows of one length of the master, and what the slave did.

    Parameters
    ----------
    cells : sequence of Dataset
        Tracks of each cell (:data:`awd.cells.tracks.TRACKS`).
    targets : sequence of str
        Names in :data:`awd.cells.study.targets.TARGETS`.
    min_frames : int
        Tracks must last longer than this, frames.
    min_seconds : float
        And longer than this, seconds.
    length : int
        Samples of a window.
    windows : sequence of str
        Names in :data:`awd.windows.WINDOWS`; each is a channel.
    tiles : int
        A cell's field is cut into ``tiles x tiles`` blocks of equal counts.
    hotspots : {"keep", "drop"}
        Tracks on which several bursts follow each other; published: drop.
    rules : Rules, optional
        Constants of the outcomes, where the slave has p-values.
    bad_cell : {"stop", "skip"}
        What a cell with too few tracks does. One without any was left out before
        (:func:`awd.cells.tracks.or_rejected`).
    least : int
        Cells that must remain.
    shift : str
        A key of :data:`awd.cells.study.shifts.SHIFTS`: how the master is read. Which
        tracks stay and their targets do not depend on it.
    seed : int
        Of a shift's noise.

    Returns
    -------
    Dataset
        ``x(sample, channel, time)`` in counts, padding 0, without ``channel`` where
        there is one window; ``target(sample, name)`` in s.d. of the cell;
        ``hand(sample, feature)``, :data:`awd.cells.study.hand.FEATURES` of the whole
        master; ``length``, ``cell``, ``block`` (tile) and ``group`` (cell, or the tile
        where there are fewer than :data:`FEW_CELLS`), ``track`` (index in its cell).
        Where the slave has p-values, ``lifetime`` (frames) and
        ``outcome(sample, named)``, every outcome of :mod:`awd.cells.study.outcomes`;
        and of every complete track of more than two frames, hotspots dropped or not,
        ``all_lifetime``, ``all_positive`` (the published outcome) and ``all_cell``, for
        :func:`hard`. The attribute ``rejected`` names the cells that were left out, and
        why.

    Raises
    ------
    DataError
        When a cell has too few tracks left, a target needs what it lacks, or fewer than
        ``least`` cells remain.
    """
    import xarray as xr

    rows, of_all_tracks, reasons, used = [], [], {}, []
    microscope, rng = shifts.named(shift), np.random.default_rng(seed)
    for cell in cells:
        try:
            least_frames = max(min_frames, min_seconds / cell.attrs["frame_interval_s"])
            track = _usable(cell, least_frames, tiles, hotspots, rules)
            traces = shifts.apply(microscope, _traces(cell, track), rng)
            rows.append(
                _rows(cell, targets, track, traces, length, windows, tiles, rules)
            )
            of_all_tracks.append(_outcomes(cell, hotspots, rules))
            used.append(cell)
        except DataError as error:
            if bad_cell == "stop":
                raise
            reasons[cell.attrs["cell"]] = str(error)
    _require_enough(len(rows), len(cells), least, reasons)
    ds = xr.concat(rows, "sample")
    if all(len(table) for table in of_all_tracks):
        ds = ds.merge(xr.concat(of_all_tracks, "all"))
    ds["group"] = ds["cell"] if len(cells) >= FEW_CELLS else ds["block"]
    ds.attrs = {
        "title": "tracks: master trace and slave outcome",
        "dt_s": _alike(used, "frame_interval_s", "s a frame") * microscope.interval,
        "pixel_nm": float(np.median([cell.attrs["pixel_nm"] for cell in used])),
        "rejected": io.dumps(reasons),
    }
    return ds


def _require_enough(
    remain: int, count: int, least: int, reasons: Mapping[str, str]
) -> None:
    """Name the cells that are left out, and refuse to go on with too few."""
    for name, reason in reasons.items():
        log.warning("%s is left out: %s", name, reason)
    if remain < max(least, 1):
        listed = "".join(f"\n  {name}: {reason}" for name, reason in reasons.items())
        raise DataError(
            f"{remain} of {count} cells remain, the splits need {least}; mend or "
            f"replace what was left out, or ask for fewer splits:{listed}"
        )


def _alike(cells: Sequence[xr.Dataset], name: str, unit: str) -> float:
    """A scale of time, which is one for all cells: windows are of so many frames.

    Raises
    ------
    DataError
        Cells differ in it.
    """
    values = {cell.attrs["cell"]: float(cell.attrs[name]) for cell in cells}
    (low, least), (high, most) = (
        pick(values.items(), key=lambda item: item[1]) for pick in (min, max)
    )
    if most > least * (1 + SAME):
        raise DataError(
            f"{low} has {least:g} {unit} and {high} {most:g}; a network reads frames "
            "and does not know: make a study of the cells of one interval, or only "
            "tracks (cells.targets: [])"
        )
    return least


@checked(ds={"x", "length"})
def as_noise(ds: xr.Dataset, seed: int) -> xr.Dataset:
    """The data set with white noise for traces, on which no method may show skill.

    Every sample, padding too, is drawn from a Gaussian of the mean and s.d. of all
    values: where a trace ends would tell the lifetime, and that explains a good part
    of ``mean0``. So no row is padded (``length``), the hand features are dropped, and
    targets, groups and blocks stay.

    Parameters
    ----------
    ds : Dataset
        From :func:`assemble`.
    seed : int
        Of the noise.
    """
    import xarray as xr

    x = ds["x"].values
    rng = np.random.default_rng(seed)
    noise = rng.normal(x.mean(), x.std(), x.shape).astype(x.dtype)
    out = ds.drop_dims("feature", errors="ignore")
    return out.assign(
        x=ds["x"].copy(data=noise), length=xr.full_like(ds["length"], x.shape[-1])
    )


@checked(ds={"x", "cell"}, split="sample", labels="split")
def scale(ds: xr.Dataset, split: np.ndarray, scaling: str = "level0") -> xr.Dataset:
    """The data set with its split, ``x`` scaled by constants of the training groups.

    Parameters
    ----------
    ds : Dataset
        From :func:`assemble`.
    split : array of str of shape (sample,)
        "train", "select" or "test".
    scaling : {"level0", "cell"}
        ``level0`` divides by the s.d. of all training values, padding included, and
        leaves the padding at 0; ``centre``, ``spread`` and ``raw_units`` of ``x`` say
        what would undo it. ``cell`` is the published z-score: mean and s.d. of
        each cell, padding included, test cells by their own.
    """
    if len(split) != ds.sizes["sample"]:
        raise DataError(
            f"split has {len(split)} entries for {ds.sizes['sample']} samples"
        )
    x, undone = ds["x"].values.astype(np.float64), {}
    if scaling == "level0":
        sd = x[split == "train"].std()
        x = x / sd
        width = ds.sizes.get("channel", 1)
        undone = {"centre": np.zeros(width), "spread": np.full(width, sd)}
    elif scaling == "cell":
        for name in np.unique(ds["cell"]):
            own = ds["cell"].values == name
            x[own] = (x[own] - x[own].mean()) / x[own].std()
    else:
        raise DataError(f"no scaling {scaling!r}; there is level0 and cell")
    described = {"units": "s.d.", "long_name": ds["x"].attrs["long_name"]}
    if undone:
        described |= undone | {"raw_units": ds["x"].attrs["units"]}
    out = ds.assign(x=(ds["x"].dims, x.astype(np.float32), described))
    return out.assign(split=("sample", split)).assign_attrs(scaling=scaling)


@checked(x="track", y="track", tiles=(1, 1000))
def tile(x: np.ndarray, y: np.ndarray, tiles: int) -> np.ndarray:
    """Tile ``column * tiles + row``: columns of equal counts, each cut alike."""
    column = _rank(x) * tiles // len(x)
    row = np.empty(len(x), int)
    for k in range(tiles):
        inside = column == k
        row[inside] = _rank(y[inside]) * tiles // max(1, inside.sum())
    return column * tiles + row


def _rank(values: np.ndarray) -> np.ndarray:
    rank = np.empty(len(values), int)
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    return rank


@checked(ds={"x", "cell", "target"}, split="sample", accuracy=(0.5, 1), labels="split")
def hard(
    ds: xr.Dataset, split: np.ndarray, accuracy: float
) -> tuple[xr.Dataset, np.ndarray]:
    """The tracks whose lifetime alone does not tell the outcome, and their split.

    The bounds (:func:`awd.cells.study.outcomes.buckets`) come from all tracks of the
    training cells and become the attributes ``short_frames`` and ``long_frames``.

    Raises
    ------
    DataError
        When the tracks have no outcomes, there is one cell only, or none remains.
    """
    if "all_positive" not in ds:
        raise DataError(
            "lifetime buckets need outcomes, and these tracks have no p-values of the "
            "slave (slave_p); set cells.bucket_accuracy: null"
        )
    cells = np.unique(ds["cell"].values)
    if len(cells) < 2:
        raise DataError(
            f"lifetime buckets come from training cells, and {cells[0]} is the only "
            "one; bring more cells or set cells.bucket_accuracy: null"
        )
    trained = np.isin(ds["all_cell"].values, ds["cell"].values[split == "train"])
    short, long = outcomes.buckets(
        ds["all_lifetime"].values[trained], ds["all_positive"].values[trained], accuracy
    )
    lifetime = ds["lifetime"].values
    between = (lifetime > short) & (lifetime < long)
    if not between.any():
        raise DataError(
            f"lifetimes up to {short:g} and from {long:g} frames on tell the outcome, "
            "and no track lies between; raise cells.bucket_accuracy"
        )
    bounds = {"short_frames": short, "long_frames": long}
    return ds.isel(sample=between).assign_attrs(bounds), split[between]


def _outcomes(
    cell: xr.Dataset, hotspots: str, rules: outcomes.Rules | None
) -> xr.Dataset:
    """Lifetime and published outcome of every complete track, hotspots aside."""
    import xarray as xr

    lifetime = tracks.lifetimes(cell)
    which = np.flatnonzero((cell["complete"].values == 1) & (lifetime > SHORTEST))
    labels = outcomes.of_tracks(cell, which, rules)
    if not labels:
        return xr.Dataset()
    clean = ~labels["hotspot"] if hotspots == "drop" else np.full(len(which), True)
    return xr.Dataset(
        {
            "all_lifetime": ("all", lifetime[which][clean]),
            "all_positive": ("all", labels["consec_thresh"][clean].astype("i1")),
            "all_cell": ("all", [cell.attrs["cell"]] * int(clean.sum())),
        }
    )


def _spans(cell: xr.Dataset, track: np.ndarray) -> list[slice]:
    """Where the observations of tracks stand among those of their cell."""
    edges = tracks.starts(cell)
    return [slice(edges[k], edges[k + 1]) for k in track]


def _traces(cell: xr.Dataset, track: np.ndarray) -> list[np.ndarray]:
    """The master of tracks, every frame."""
    frame, master = cell["frame"].values, cell["master"].values
    return [tracks.fill_gaps(frame[s], master[s]) for s in _spans(cell, track)]


def _rows(
    cell: xr.Dataset,
    targets: Sequence[str],
    track: np.ndarray,
    traces: Sequence[np.ndarray],
    length: int,
    windows: Sequence[str],
    tiles: int,
    rules: outcomes.Rules | None,
) -> xr.Dataset:
    import xarray as xr

    name, spans = cell.attrs["cell"], _spans(cell, track)
    x = windowed(traces, length, windows).assign_attrs(cell["master"].attrs)
    x_px, y_px = (
        np.array([cell[axis].values[s].mean() for s in spans]) for axis in ("x", "y")
    )
    block = [f"{name}/{k}" for k in tile(x_px, y_px, tiles)]
    values = np.stack([of_tracks(cell, target, spans) for target in targets], 1)
    by_hand = np.stack([hand.features(trace) for trace in traces])
    of_master = {"units": "by feature", "long_name": "hand feature of the master"}
    in_sd = {"units": "s.d.", "long_name": cell["slave"].attrs["long_name"]}
    ds = xr.Dataset(
        {
            "x": x,
            "target": (("sample", "name"), values.astype(np.float32), in_sd),
            "hand": (("sample", "feature"), by_hand.astype(np.float32), of_master),
            "length": ("sample", [min(len(trace), length) for trace in traces]),
            "track": ("sample", track),
            "cell": ("sample", [name] * len(track)),
            "block": ("sample", block),
        },
        coords={"name": list(targets), "feature": list(hand.FEATURES)},
    )
    labels = outcomes.of_tracks(cell, track, rules)
    if labels:
        by_name = np.stack([*labels.values()], 1).astype("i1")
        ds["lifetime"] = "sample", tracks.lifetimes(cell)[track]
        ds["outcome"] = ("sample", "named"), by_name
        ds = ds.assign_coords(named=list(labels))
    return ds


def _usable(
    cell: xr.Dataset,
    min_frames: float,
    tiles: int,
    hotspots: str,
    rules: outcomes.Rules | None,
) -> np.ndarray:
    """Tracks that are complete and last long enough; refuses a cell with too few."""
    if "rejected" in cell.attrs:
        raise DataError(cell.attrs["rejected"])
    complete = cell["complete"].values == 1
    long = tracks.lifetimes(cell) > min_frames
    usable = np.flatnonzero(complete & long)
    dropped = 0
    if hotspots == "drop":
        if "slave_p" not in cell:
            raise DataError(
                f"{cell.attrs['cell']}: hotspots are seen by p-values of the slave "
                "(slave_p), which these tracks lack; set cells.hotspots: keep"
            )
        hot = outcomes.of_tracks(cell, usable, rules)["hotspot"]
        usable, dropped = usable[~hot], int(hot.sum())
    if len(usable) < tiles**2:
        raise DataError(
            f"{cell.attrs['cell']}: {len(usable)} of {len(complete)} tracks are left, "
            f"fewer than its {tiles**2} tiles: {int((~complete).sum())} are cut or "
            f"merged, {int((complete & ~long).sum())} more last {min_frames:g} frames "
            f"or less, {dropped} are hotspots; lower cells.min_frames, "
            "cells.min_seconds or cells.tiles, or leave the cell out"
        )
    return usable
