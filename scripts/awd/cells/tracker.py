"""A movie becomes tracks with both channels read out: the whole way, one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from awd.arguments import checked
from awd.cells import (
    alignment,
    background,
    detect,
    diagnose,
    link,
    readout,
    registration,
    tracks,
)
from awd.cells.classify import BUFFER, Ragged, classify
from awd.cells.compiled import fit
from awd.cells.readout import IMAGE, WIDTH
from awd.errors import DataError, about
from awd.log import log

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from awd.cells.channel import Frames
    from awd.cells.movie import Movie

MOST = len(tracks.CHANNELS)
Widths = list[tuple[float, float]]  # of every channel, along x and y, px
READ = {"": fit.A, "_se": fit.A_SE, "_background": fit.C}


@checked(frames=IMAGE, sigma=WIDTH, z=(0.1, 1e4))
def follow(
    frames: Sequence[np.ndarray],
    sigma: readout.Width,
    *,
    z: float = detect.Z,
    test: str = "z",
    pool: bool | None = None,
    **linking: Any,
) -> pd.DataFrame:
    """Tracks of one channel: detection and linking.

    Parameters
    ----------
    frames : sequence of arrays of shape (H, W)
        Counts.
    sigma : float or pair of float
        Width of a spot, or widths along x and y, px.
    z, test
        See :func:`awd.cells.detect.spots`.
    pool : bool, optional
        Whether spots are placed in means of three frames; None decides by how bright
        they are (:func:`awd.cells.detect.faint`).
    **linking
        See :func:`awd.cells.link.track`.

    Returns
    -------
    DataFrame
        ``track``, ``frame``, ``x``, ``y`` ... sorted by track and frame, every frame
        of every track; ``seen`` is False where a gap was filled.
    """
    frames = background.without_still(frames, sigma)
    if pool is None:
        pool = detect.faint(frames, sigma, z)
    spots = detect.detect(frames, sigma, z, test, pool)
    return link.track(spots, pool, **linking)


@checked(cell="", mode="")
def track(
    movie: Movie,
    cell: str,
    *,
    sigma: Sequence[float | None] = (),
    mode: str = "fixed",
    shift: str | Sequence[float] = "none",
    **following: Any,
) -> xr.Dataset:
    """Tracks of a cell's clathrin pits, master and slave, with their categories.

    Pits are found and linked in the master; the slave is read where the master is.
    Tracks nearer than ``ceil(4 sigma)`` px to the border are left out.

    Parameters
    ----------
    movie : Movie
        One to three channels, the master first (:func:`awd.cells.movie.open_movie`);
        the others are read where the master is.
    cell : str
        Name of the cell.
    sigma : sequence of float, optional
        Widths of a spot in the channels, px, as far as known; None estimates it
        (:func:`awd.cells.detect.estimate_sigma`), and in a slave that shows too few
        spots for that takes the master's.
    mode : {"fixed", "best"}
        Of reading the slave, see :func:`awd.cells.readout.read`.
    shift : {"none", "auto", "affine"} or pair of float
        How far (y, x; px) the slave stands from the master, where it is then read:
        auto as measured (:func:`awd.cells.registration.align`), and not at all where
        that cannot be. Affine: turned and magnified as measured, too, and by the shift
        alone where spots are too few for that.
    **following
        See :func:`follow`.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`: in every frame of a track amplitude,
        its standard error, background and p-value of both channels; before and after
        each track five frames at its first and last place, NaN outside of the movie;
        ``category`` 1 to 4, of which 1 and 2 are ``complete``. Attributes say what was
        measured of the movie: :func:`awd.cells.diagnose.channel`, widths, and how the
        slave stands and was read (:func:`awd.cells.alignment.attributes`).

    Raises
    ------
    DataError
        When the movie has more than three channels, or no significant track.
    """
    if len(movie.channels) > MOST:
        raise DataError(
            f"{movie.channels[0].name}: {len(movie.channels)} channels; expected at "
            f"most {MOST}: say which by channels=(0, 1), the master first"
        )
    alignment.require_known(shift)
    channels = tuple(background.without_still(c) for c in movie.channels)
    movie = replace(movie, channels=cast("tuple[Frames, ...]", channels))
    widths = _widths(movie, sigma)
    name = movie.channels[0].name
    table = _inner(follow(movie.channels[0], widths[0], **following), movie, widths[0])
    if not len(table):
        raise DataError(
            f"{name}: no significant track; is it the right channel? spots of "
            f"{_mean(widths[0]):.2f} px were looked for"
        )
    seen = table[table["seen"]]
    others = list(zip(channels[1:], widths[1:], strict=True))
    measured = [registration.align(seen, frames, width) for frames, width in others]
    applied = [
        alignment.applied(shift, found, frames.name, movie.shape)
        for found, (frames, _) in zip(measured, others, strict=True)
    ]
    matrices = [matrix for matrix, _ in applied]
    for matrix in matrices:
        table = _inner(table, movie, widths[0], matrix)
    if not len(table):
        y, x = alignment.in_middle(matrices[0], movie.shape)
        raise DataError(
            f"{name}: no track is inside of both channels, which stand "
            f"{y:g}, {x:g} px apart (y, x); correct shift"
        )
    ds = _read_out(table, movie, widths, mode, matrices)
    ds.attrs |= {
        "cell": cell,
        "title": f"tracks of {cell}",
        "radius_px": following.get("radius", link.RADIUS),
        **_of_movie(movie, widths),
    }
    if others:
        ds.attrs |= alignment.attributes(measured[0], applied, movie.shape)
    return ds


def _of_movie(movie: Movie, widths: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """What is known and was measured of a movie, as attributes of its tracks."""
    found: dict[str, Any] = {
        "frame_interval_s": movie.interval_s,
        "pixel_nm": movie.pixel_nm,
        "height_px": movie.shape[0],
        "width_px": movie.shape[1],
    }
    names = tracks.CHANNELS[: len(movie.channels)]
    for channel, width, frames in zip(names, widths, movie.channels, strict=True):
        found[f"sigma_{channel}_px"] = _mean(width)
        found[f"oval_{channel}"] = width[0] / width[1]
        found |= diagnose.channel(cast("background.Cleaned", frames), width, channel)
    return found


def _read_out(
    table: pd.DataFrame,
    movie: Movie,
    widths: Widths,
    mode: str,
    matrices: Sequence[np.ndarray],
) -> xr.Dataset:
    """Both channels along the tracks of a table, and before and after them."""
    starts = np.flatnonzero(np.diff(table["track"], prepend=-1))
    edges = np.append(starts, len(table))
    seen = table["seen"].to_numpy(bool)
    shown = tracks.CHANNELS[: len(movie.channels)]
    found = {"master": table[list(fit.COLUMNS)].to_numpy(copy=True)}
    found |= {other: np.full_like(found["master"], np.nan) for other in shown[1:]}
    # Spots that were found have been read; gaps are read alone, as published: together
    # with whoever took the spot, nothing would be left for them.
    ways: dict[str, tuple[np.ndarray, Callable[..., np.ndarray]]] = {
        "master": (~seen, readout.Prepared.alone)
    }
    together = partial(readout.Prepared.together, mode=mode, reach=3 * _mean(widths[0]))
    for other in shown[1:]:
        ways[other] = np.ones(len(table), bool), together
    around = {
        channel: _read(
            frames, table, edges, width, found[channel], *ways[channel], matrix
        )
        for channel, frames, width, matrix in zip(
            shown, movie.channels, widths, [alignment.STILL, *matrices], strict=True
        )
    }
    return _dataset(table, edges, found, around, widths, movie)


def _widths(movie: Movie, sigma: Sequence[float | None]) -> Widths:
    """Widths of a spot in every channel; one without spots has the master's."""
    given = [(width, width) if width else None for width in [*sigma, *[None] * MOST]]
    with about(movie.channels[0].name):
        widths = [given[0] or detect.estimate_widths(movie.channels[0])]
    for frames, known in zip(movie.channels[1:], given[1:], strict=False):
        try:
            widths.append(known or detect.estimate_widths(frames))
        except DataError as error:
            log.warning("%s: %s; taken as in the master", frames.name, error)
            widths.append(widths[0])
    return widths


def _mean(width: tuple[float, float]) -> float:
    """Width of a round spot of the same area, px."""
    return float(np.sqrt(width[0] * width[1]))


def _inner(
    table: pd.DataFrame,
    movie: Movie,
    sigma: readout.Width,
    matrix: np.ndarray = alignment.STILL,
) -> pd.DataFrame:
    """Tracks that stay away from the border of the image, in both channels."""
    import pandas as pd

    margin = readout.half_window(sigma)
    height, width = movie.shape
    place = registration.moved(matrix, table[["y", "x"]].to_numpy())
    far = np.array([height, width]) - 1 - margin
    inside = pd.Series(((place >= margin) & (place <= far)).all(1), table.index)
    return table[inside.groupby(table["track"]).transform("all")].reset_index(drop=True)


def _read(
    frames: Frames,
    table: pd.DataFrame,
    edges: np.ndarray,
    sigma: tuple[float, float],
    found: np.ndarray,
    missing: np.ndarray,
    read: Callable[..., np.ndarray],
    matrix: np.ndarray,
) -> np.ndarray:
    """Read what is missing in ``found``, in place, and the buffers of a channel.

    Returns the buffers, (track, 2, 5, columns).
    """
    frame = table["frame"].to_numpy()
    y, x = registration.moved(matrix, table[["y", "x"]].to_numpy()).T
    order = np.argsort(frame, kind="stable")
    cuts = np.searchsorted(frame[order], np.arange(len(frames) + 1))
    ends = np.stack([edges[:-1], edges[1:] - 1], 1)
    before = np.arange(-BUFFER, 0)
    when = np.stack([frame[ends[:, :1]] + before, frame[ends[:, 1:]] - before[::-1]], 1)
    around = np.full((*when.shape, len(fit.COLUMNS)), np.nan)
    excess = detect.excess_noise(frames, sigma)
    for t, image in enumerate(frames):
        now = order[cuts[t] : cuts[t + 1]]
        now = now[missing[now]]
        ready = readout.prepared(image, sigma)
        found[now] = read(ready, x[now], y[now], excess=excess)
        own, side, place = np.nonzero(when == t)
        at = ends[own, side]
        around[own, side, place] = ready.alone(x[at], y[at], excess)
    return around


def _dataset(
    table: pd.DataFrame,
    edges: np.ndarray,
    found: dict[str, np.ndarray],
    around: dict[str, np.ndarray],
    widths: Widths,
    movie: Movie,
) -> xr.Dataset:
    columns = {name: table[name].to_numpy() for name in ("frame", "x", "y", "seen")}
    buffers = {}
    for channel, width in zip(found, widths, strict=True):
        for suffix, column in READ.items():
            columns[channel + suffix] = found[channel][:, column]
            buffers[f"buffer_{channel}{suffix}"] = around[channel][..., column]
        columns[f"{channel}_p"] = readout.p_values(found[channel], width)
        flat = around[channel].reshape(-1, len(fit.COLUMNS))
        p = readout.p_values(flat, width).reshape(around[channel].shape[:-1])
        buffers[f"buffer_{channel}_p"] = p
    ragged = Ragged(
        edges,
        columns["frame"],
        columns["x"],
        columns["y"],
        columns["seen"],
        columns["master"],
        columns["master_background"],
    )
    top = buffers["buffer_master"] + buffers["buffer_master_background"]
    category = classify(
        ragged, top, buffers["buffer_master_p"], movie.frames, movie.interval_s
    )
    ds = tracks.build(columns, np.diff(edges), category <= 2)
    return tracks.with_classes(ds, category, buffers)


def compile() -> None:
    """Compile every loop of the tracker into numba's cache, for the usual pixels."""
    from awd.cells import microscope

    movie, _ = microscope.challenge(snr=7, spots=4, seed=0, frames=4, size=96)
    middle = np.array([48.0])
    for dtype in (np.uint8, np.uint16, np.float32):
        frames = movie.astype(dtype)
        for pool in (False, True):
            follow([*frames], 1.4, pool=pool, min_z=0, min_frames=1)
        readout.alone(frames[0], middle, middle, 1.4)
    detect.estimate_widths([*movie])
