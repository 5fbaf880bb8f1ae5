"""How good tracks are: the measures of the particle tracking challenge, and agreement.

Tracks come as tables with the columns ``track``, ``frame``, ``x`` and ``y`` (px), one
row a point; a track has no frame twice. Source: Chenouard et al. 2014 (Nat Methods
11:281), supplementary note 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd.arguments import checked
from awd.cells.readout import SIGNIFICANT
from awd.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PLACES = {"frame", "x", "y"}
POINTS = PLACES | {"track"}
GATE = 5.0  # px; how far apart a point and its truth may be, as in the challenge


@dataclass(frozen=True)
class Agreement:
    """Measures of the challenge, 1 is perfect; ``rmse`` in px, over paired points."""

    alpha: float
    beta: float
    jsc: float
    jsc_theta: float
    rmse: float


@dataclass(frozen=True)
class Detection:
    """Precision, recall and F1 of points, and the RMSE (px) of those that agree."""

    precision: float
    recall: float
    f1: float
    rmse: float


@dataclass(frozen=True)
class Readout:
    """What of the pits is found, and what the slave's bursts are read as."""

    recall_productive: float
    recall_abortive: float
    burst_correlation: float  # of the height with the largest amplitude read
    bursts_found: float  # share of the productive pits found that show one
    false_bursts: float  # share of the abortive pits found that show one


@checked(truth=POINTS, found=POINTS, gate=(1e-3, 1e4))
def tracking(truth: pd.DataFrame, found: pd.DataFrame, gate: float = GATE) -> Agreement:
    """Agreement of tracks with the truth.

    The distance of two tracks is the sum over frames of ``min(distance, gate)``, and
    ``gate`` in every frame where only one of them exists. Tracks are paired one to one
    so that the sum over the truth is least; a true track may stay alone.

    Parameters
    ----------
    truth, found : DataFrame
        Columns ``track``, ``frame``, ``x``, ``y``.
    gate : float
        px.

    Raises
    ------
    DataError
        A table is empty where it must not be, lacks a column, or has a frame twice.
    """
    _require(truth, "truth")
    _require(found, "found")
    if not len(truth):
        raise DataError("the truth holds no points; nothing can be measured")
    pairs = pair_tracks(truth, found, gate)
    near = _near(truth, found, gate).merge(pairs, on=["true", "track"])
    gained, points = pairs["gain"].sum(), gate * len(truth)
    alone = ~found["track"].isin(pairs["track"])
    hits, tracks = len(near), len(pairs)
    return Agreement(
        alpha=float(gained / points),
        beta=float(gained / (points + gate * alone.sum())),
        jsc=hits / (len(truth) + len(found) - hits),
        jsc_theta=tracks
        / (truth["track"].nunique() + found["track"].nunique() - tracks),
        rmse=_rms(near["distance"]),
    )


@checked(truth=POINTS, found=POINTS, gate=(1e-3, 1e4))
def pair_tracks(
    truth: pd.DataFrame, found: pd.DataFrame, gate: float = GATE
) -> pd.DataFrame:
    """The optimal pairs of true and found tracks.

    Returns
    -------
    DataFrame
        ``true`` and ``track`` (as named in the tables) and ``gain``: how much nearer
        the true track is to its partner than to no track, px.
    """
    near = _near(truth, found, gate)
    gains = near.assign(gain=gate - near["distance"])
    gains = gains.groupby(["true", "track"], as_index=False)["gain"].sum()
    size = found["track"].value_counts()
    common = _common_frames(truth, found, gains)
    gains["gain"] -= gate * (size.loc[gains["track"]].to_numpy() - common)
    return _best_pairs(gains[gains["gain"] > 0])


@checked(truth=PLACES, found=PLACES, tolerance=(1e-3, 1e4))
def detection(
    truth: pd.DataFrame, found: pd.DataFrame, tolerance: float = 2.0
) -> Detection:
    """Agreement of points, frame by frame, whatever their tracks.

    Points are paired one to one in each frame, within ``tolerance`` px, so that the
    summed ``tolerance - distance`` is largest.
    """
    true, seen = (table.assign(track=np.arange(len(table))) for table in (truth, found))
    near = _near(true, seen, tolerance)
    pairs = _best_pairs(near.assign(gain=tolerance - near["distance"]))
    hits = len(pairs)
    return Detection(
        precision=hits / len(found) if len(found) else np.nan,
        recall=hits / len(truth) if len(truth) else np.nan,
        f1=2 * hits / max(len(truth) + len(found), 1),
        rmse=_rms(tolerance - pairs["gain"]),
    )


def readout(
    truth: xr.Dataset, found: xr.Dataset, min_frames: int = 8, margin: float = 6.0
) -> Readout:
    """Agreement of a tracked cell with the pits that were simulated.

    Pits that should be found are seen from start to end, live at least ``min_frames``
    and stay ``margin`` px away from the border. A burst is two frames in a row with a
    significant slave, as published.

    Parameters
    ----------
    truth : Dataset
        From :func:`awd.cells.simulate.simulate_movie`.
    found : Dataset
        From :func:`awd.cells.tracker.track`.
    min_frames : int
    margin : float
        px.
    """
    pits, tracked = points(truth), points(found)
    partner = pair_tracks(pits, tracked).set_index("true")["track"]
    far = [truth.attrs["width_px"], truth.attrs["height_px"]]
    place = pits[["x", "y"]]
    inside = (place >= margin).all(axis=1) & (place <= np.array(far) - 1 - margin).all(
        axis=1
    )
    due = (truth["complete"].values == 1) & (truth["row_size"].values >= min_frames)
    due &= inside.groupby(pits["track"]).all().to_numpy()
    productive = truth["true_productive"].values > 0
    seen = np.isin(np.arange(len(due)), partner.index)
    largest = tracked["slave"].groupby(tracked["track"]).max()
    significant = (tracked["slave_p"] < SIGNIFICANT).groupby(tracked["track"])
    burst = significant.rolling(2).sum().groupby("track").max() == 2
    right, wrong = (
        partner.loc[np.flatnonzero(due & seen & kind)]
        for kind in (productive, ~productive)
    )
    height = truth["true_burst"].values[right.index]
    return Readout(
        recall_productive=float(seen[due & productive].mean()),
        recall_abortive=float(seen[due & ~productive].mean()),
        burst_correlation=float(np.corrcoef(height, largest.loc[right])[0, 1]),
        bursts_found=float(burst.loc[right].mean()),
        false_bursts=float(burst.loc[wrong].mean()),
    )


def points(ds: xr.Dataset) -> pd.DataFrame:
    """The observations of a file of tracks as a table, with their ``track``."""
    table = ds[[name for name in ds.variables if ds[name].dims == ("obs",)]]
    track = np.repeat(np.arange(ds.sizes["track"]), ds["row_size"].values)
    return table.to_dataframe().assign(track=track)


def position_bound(
    amplitude: float, background: float, sigma: float, window: int = 12
) -> float:
    """Cramer-Rao bound of a spot's position under Poisson noise, px RMSE in the plane.

    The mean over the spot's place in its pixel; amplitude and background, photons a
    pixel, are estimated with the position. Source: Ober et al. 2004 (Biophys J
    86:1185), with a Gaussian sampled at the centres of pixels.
    """
    u = np.arange(-window, window + 1)
    variances = []
    for x, y in np.ndindex(5, 5):
        ex, ey = (np.exp(-0.5 * ((u - k / 5) / sigma) ** 2) for k in (x, y))
        dx, dy = (e * (u - k / 5) / sigma**2 for e, k in ((ex, x), (ey, y)))
        g = np.outer(ey, ex)
        slopes = np.outer(ey, dx), np.outer(dy, ex)
        jacobian = np.stack([amplitude * s.ravel() for s in slopes])
        jacobian = np.vstack([jacobian, g.ravel(), np.ones(g.size)])
        information = (jacobian / (amplitude * g.ravel() + background)) @ jacobian.T
        variances.append(np.linalg.inv(information)[[0, 1], [0, 1]].sum())
    return float(np.sqrt(np.mean(variances)))


def _near(truth: pd.DataFrame, found: pd.DataFrame, gate: float) -> pd.DataFrame:
    """Pairs of points of one frame within the gate: true, track, distance."""
    import pandas as pd
    from scipy.spatial import cKDTree

    # Frames stand so far apart that only points of one frame are near.
    apart = 10 * gate
    trees = [
        cKDTree(np.column_stack([t["x"], t["y"], apart * t["frame"]]))
        for t in (truth, found)
    ]
    near = trees[0].sparse_distance_matrix(trees[1], gate, output_type="ndarray")
    return pd.DataFrame(
        {
            "true": truth["track"].to_numpy()[near["i"]],
            "track": found["track"].to_numpy()[near["j"]],
            "distance": near["v"],
        }
    )


def _common_frames(
    truth: pd.DataFrame, found: pd.DataFrame, pairs: pd.DataFrame
) -> np.ndarray:
    """How many frames both tracks of each pair have."""
    import pandas as pd

    present = []
    frames = int(pd.concat([truth["frame"], found["frame"]]).max()) + 1
    for table, column in ((truth, "true"), (found, "track")):
        names, row = np.unique(table["track"], return_inverse=True)
        grid = np.zeros((len(names), frames), bool)
        grid[row, table["frame"].to_numpy(int)] = True
        present.append(grid[np.searchsorted(names, pairs[column])])
    return (present[0] & present[1]).sum(1)


def _best_pairs(gains: pd.DataFrame) -> pd.DataFrame:
    """One-to-one pairs of greatest summed gain; each connected component by itself."""
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, true = np.unique(gains["true"], return_inverse=True)
    _, track = np.unique(gains["track"], return_inverse=True)
    rows = true.max(initial=-1) + 1
    size = rows + track.max(initial=-1) + 1
    edges = coo_array((np.ones(len(gains)), (true, rows + track)), shape=(size, size))
    _, label = connected_components(edges, directed=False)
    order = np.argsort(label[true], kind="stable")
    cuts = np.flatnonzero(np.diff(label[true][order])) + 1
    gain, chosen = gains["gain"].to_numpy(), list[int]()
    for part in np.split(order, cuts):
        if len(part) < 2:
            chosen.extend(part)
            continue
        _, i = np.unique(true[part], return_inverse=True)
        _, j = np.unique(track[part], return_inverse=True)
        index = np.full((i.max() + 1, j.max() + 1), -1)
        index[i, j] = part
        value = np.where(index >= 0, gain[index], 0.0)
        best = index[linear_sum_assignment(value, maximize=True)]
        chosen.extend(best[best >= 0])
    return gains.iloc[np.sort(np.array(chosen, int))].reset_index(drop=True)


def _require(table: pd.DataFrame, name: str) -> None:
    twice = table.duplicated(["track", "frame"])
    if twice.any():
        track, frame = table.loc[twice, ["track", "frame"]].iloc[0]
        raise DataError(f"{name}: track {track} is twice in frame {frame}")


def _rms(values: pd.Series) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else np.nan
