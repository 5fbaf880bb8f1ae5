"""A cell's clathrin-coated pits: events, their two intensities, and their tracks.

A pit grows to a plateau, and if it is productive it thickens once more just before
scission and then loses its coat, when auxilin bursts. Three latent causes shape the
clathrin trace at three time scales, and the burst depends on all of them, so that a
wavelet model has something to find at several scales:

- ``z0`` (coarse) sets the plateau,
- ``z1`` (a few seconds) the bump before scission,
- ``z2`` (a second or two) how fast the coat is lost.

The numbers stand in :mod:`awd.cells.presets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from awd import io
from awd.arguments import checked
from awd.cells import tracks
from awd.cells.microscope import field, render
from awd.cells.presets import Preset, preset

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


BEFORE = 300.0  # s; pits are born that long before a movie begins


def events(
    cell: Preset, count: int, rng: np.random.Generator, before: int = 0
) -> pd.DataFrame:
    """Draw pits: a row each, births uniform over the field and over the movie.

    ``before`` begins that many frames before the movie, so that its first frame shows
    pits of all ages.

    Returns
    -------
    DataFrame
        ``birth`` (frame), ``lifetime`` (frames), ``x``, ``y`` (px), ``productive``,
        the causes ``z0``, ``z1``, ``z2``; the heights ``plateau``, ``bump`` (of the
        plateau) and ``burst`` (counts), the last two 0 for abortive pits; ``loss`` (s
        after birth) when the coat begins to go and its decay time ``decay`` (s).
    """
    import pandas as pd

    productive = rng.random(count) < cell.productive
    z0, z1, z2, e = rng.standard_normal((4, count))
    cause = 0.45 * z0 + 0.45 * z1 + 0.55 * z2 + 0.25 * z1 * z2 + cell.unexplained * e
    auxilin = np.logaddexp(0, 1.2 * cause + 0.4)
    median = np.where(productive, cell.lifetime[0], cell.lifetime_abortive[0])
    spread = np.where(productive, cell.lifetime[1], cell.lifetime_abortive[1])
    seconds = np.maximum(2, median * np.exp(spread * rng.standard_normal(count)))
    level = np.where(productive, cell.plateau, cell.plateau_abortive)
    decay = np.where(productive, cell.uncoating * np.exp(-0.45 * z2), seconds / 6)
    bump = np.where(productive, cell.bump * np.exp(cell.bump_spread * z1), 0)
    return pd.DataFrame(
        {
            "birth": rng.integers(-before, cell.frames, size=count),
            "lifetime": np.rint(seconds / cell.interval).astype(int),
            "x": rng.uniform(0, cell.size, count),
            "y": rng.uniform(0, cell.size, count),
            "productive": productive,
            "z0": z0,
            "z1": z1,
            "z2": z2,
            "plateau": level * np.exp(cell.plateau_spread * z0),
            "bump": bump,
            "burst": np.where(productive, cell.burst * auxilin, 0),
            # The pit is lost from sight three decay times after its coat begins to go.
            "loss": np.maximum(seconds - 3 * decay, seconds / 3),
            "decay": decay,
        }
    )


def intensities(
    cell: Preset, pits: pd.DataFrame, seconds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Noise-free clathrin and auxilin of every pit, before bleaching and gain.

    Clathrin grows as ``1 - exp(-t / g)`` with ``g`` a fifth of the time to the loss of
    the coat (at most 15 s) to its plateau, with a Gaussian bump that ends at the loss,
    and then decays exponentially; auxilin is a burst at the loss, Gaussian with a short
    rise and a longer fall.

    Parameters
    ----------
    pits : DataFrame
        From :func:`events`.
    seconds : array of shape (pits, times)
        Time after each pit's birth, s.

    Returns
    -------
    clathrin, auxilin : arrays of shape (pits, times)
        Counts; 0 outside the pit's life.
    """
    columns = ("plateau", "bump", "burst", "loss", "decay")
    plateau, bump, burst, loss, decay = (pits[c].to_numpy()[:, None] for c in columns)
    width, after = cell.bump_width, seconds - loss
    growth = 1 - np.exp(-seconds / np.minimum(loss / 5, 15))
    thickening = 1 + bump * np.exp(-0.5 * (after / width + 1) ** 2)
    coat = np.exp(-np.maximum(after, 0) / decay)
    side = np.where(after < 0, cell.burst_rise, cell.burst_fall)
    lifetime = cell.interval * pits["lifetime"].to_numpy()[:, None]
    alive = (seconds >= 0) & (seconds < lifetime)
    clathrin = plateau * growth * thickening * coat
    return alive * clathrin, alive * burst * np.exp(-0.5 * (after / side) ** 2)


@checked(n_tracks=(1, 10_000_000))
def simulate_traces(name: str, cell: str, n_tracks: int, seed: int) -> xr.Dataset:
    """Tracks of one cell as a perfect tracker would read them: no microscope.

    Every pit that is born in the movie is followed; the amplitudes carry the error that
    a tracker's read-out has, bleaching and the cell's gain. The p-value is that of a
    one-sided z-test of the slave amplitude.

    Parameters
    ----------
    name : str
        A key of :data:`PRESETS`.
    cell : str
        Name of the cell.
    n_tracks, seed : int
        Pits, and the seed of everything.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`; the truth of every pit stands beside it
        along ``track``.
    """
    from scipy.special import ndtr

    chosen, rng = preset(name), np.random.default_rng(seed)
    pits = events(chosen, n_tracks, rng)
    frame, inside, (master, slave) = _lives(chosen, pits, rng)
    noise = rng.standard_normal((4, int(inside.sum())))
    position = {
        axis: np.repeat(pits[axis].to_numpy(), inside.sum(1))
        + chosen.jitter * noise[row]
        for row, axis in enumerate(("x", "y"))
    }
    read = slave[inside] + chosen.noise_slave * noise[3]
    columns = {
        "frame": frame[inside],
        **position,
        "master": master[inside] + chosen.noise_master * noise[2],
        "slave": read,
        "slave_p": ndtr(-read / chosen.noise_slave),
    }
    title = f"simulated tracks of {cell}, preset {name}"
    return _with_truth(chosen, pits, inside, columns, cell, title)


@checked()
def simulate_movie(
    name: str,
    cell: str,
    seed: int,
    master: io.PathLike,
    slave: io.PathLike,
    **changed: Any,
) -> xr.Dataset:
    """Movies of one cell in both channels, written as OME-TIFF; and their truth.

    Parameters
    ----------
    name : str
        A key of :data:`PRESETS`.
    cell : str
        Name of the cell.
    seed : int
        Of everything; the two channels have noise of their own.
    master, slave : path
        Files to write, uint16 (frames, size, size).
    **changed
        Fields of :class:`Preset` to change, such as ``frames`` and ``size``.

    Returns
    -------
    Dataset
        Keeps :data:`awd.cells.tracks.TRACKS`: the places and the intensities, without
        any noise, of all pits in the frames in which they are alive and in sight.
    """
    chosen, rng = replace(preset(name), **changed), np.random.default_rng(seed)
    area = (chosen.size * chosen.pixel_nm / 1000) ** 2
    before = int(BEFORE / chosen.interval)
    duration = (chosen.frames + before) * chosen.interval
    count = rng.poisson(chosen.initiation * area * duration)
    pits = events(chosen, count, rng, before)
    frame, inside, intensity = _lives(chosen, pits, rng)
    place = _places(chosen, pits, frame, rng)
    inside &= ((place >= 0) & (place <= chosen.size - 1)).all(0)
    seen = inside.any(1)
    pits, frame, inside = pits[seen], frame[seen], inside[seen]
    columns = {
        "frame": frame[inside],
        "x": place[0][seen][inside],
        "y": place[1][seen][inside],
        "master": intensity[0][seen][inside],
        "slave": intensity[1][seen][inside],
    }
    for channel, path, noise in zip(
        ("master", "slave"), (master, slave), rng.spawn(2), strict=True
    ):
        _write_movie(chosen, columns, channel, path, noise)
    title = f"pits of the simulated movie {cell}, preset {name}"
    truth = _with_truth(chosen, pits, inside, columns, cell, title)
    return truth.assign_attrs(height_px=chosen.size, width_px=chosen.size)


@checked()
def read_truth(truth: xr.Dataset, name: str, seed: int) -> xr.Dataset:
    """The tracks of a perfect tracker: all pits in all their frames, read with noise.

    Amplitudes have the standard error that the camera's noise on the background gives
    to a fit, and the p-values are those of the tracker's test.

    Parameters
    ----------
    truth : Dataset
        From :func:`simulate_movie`.
    name : str
        Its preset, for the noise.
    seed : int
        Of the noise.
    """
    from awd.cells import detect, readout
    from awd.cells.compiled import fit

    chosen, rng = preset(name), np.random.default_rng(seed)
    found = truth.copy(deep=True)
    for channel in ("master", "slave"):
        sigma = getattr(chosen, f"sigma_{channel}")
        pixel = chosen.camera.noise(getattr(chosen, f"background_{channel}"))
        table = np.zeros((truth.sizes["obs"], len(fit.COLUMNS)))
        table[:, fit.NOISE] = pixel
        table[:, fit.A_SE] = error = pixel * detect.relative_error(sigma)
        noise = error * rng.standard_normal(len(table))
        table[:, fit.A] = truth[channel].values + noise
        columns = {"": table[:, fit.A], "_se": table[:, fit.A_SE]}
        columns["_p"] = readout.p_values(table, sigma)
        for suffix, values in columns.items():
            described = tracks.DESCRIBED[channel + suffix]
            found[channel + suffix] = "obs", values.astype(np.float32), described
    return found.assign_attrs(title=f"{truth.attrs['title']}, read without a tracker")


def _lives(
    chosen: Preset, pits: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Frames of every pit (pits, ages), which are in the movie, both intensities."""
    birth = pits["birth"].to_numpy()[:, None]
    seen = np.minimum(pits["lifetime"], chosen.frames - pits["birth"]).to_numpy()
    age = np.arange(seen.max())
    frame = birth + age
    steps = np.broadcast_to(chosen.interval * age, frame.shape)
    master, slave = intensities(chosen, pits, steps)
    gain = np.exp(chosen.gain_spread * rng.standard_normal(2))
    time = chosen.interval * frame
    master = gain[0] * master * np.exp(-time / chosen.bleach_master)
    slave = gain[1] * slave * np.exp(-time / chosen.bleach_slave)
    return frame, (age < seen[:, None]) & (frame >= 0), (master, slave)


def _places(
    chosen: Preset, pits: pd.DataFrame, frame: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Where the pits are, (axis, pits, ages) in px: tied to a place that drifts."""
    step = np.sqrt(2 * chosen.diffusion)
    away = np.zeros((2, *frame.shape))
    away[..., 0] = step / np.sqrt(1 - chosen.relaxation**2)
    away[..., 0] *= rng.standard_normal(away.shape[:2])
    kicks = step * rng.standard_normal(away.shape)
    for age in range(1, frame.shape[1]):
        away[..., age] = chosen.relaxation * away[..., age - 1] + kicks[..., age]
    angle = rng.uniform(0, 2 * np.pi)
    drift = chosen.drift * np.stack([np.cos(angle) * frame, np.sin(angle) * frame])
    home = pits[["x", "y"]].to_numpy().T[..., None]
    return home + away + drift


def _write_movie(
    chosen: Preset,
    columns: Mapping[str, np.ndarray],
    channel: str,
    path: io.PathLike,
    rng: np.random.Generator,
) -> None:
    """Expose every frame of a channel into an OME-TIFF."""
    import tifffile

    sigma, mean = (
        getattr(chosen, f"{what}_{channel}") for what in ("sigma", "background")
    )
    background = mean * field(chosen.size, chosen.background_spread, rng)
    order = np.argsort(columns["frame"], kind="stable")
    edges = np.searchsorted(columns["frame"][order], np.arange(chosen.frames + 1))

    def frames() -> Iterator[np.ndarray]:
        for t in range(chosen.frames):
            own = order[edges[t] : edges[t + 1]]
            x, y, height = (columns[name][own] for name in ("x", "y", channel))
            yield chosen.camera.read(render(background, x, y, height, sigma), rng)

    with io.replacing(path, sealed=True) as temporary:
        tifffile.imwrite(
            temporary,
            frames(),
            shape=(chosen.frames, chosen.size, chosen.size),
            dtype=np.uint16,
            ome=True,
            photometric="minisblack",
            metadata={
                "axes": "TYX",
                "PhysicalSizeX": chosen.pixel_nm / 1000,
                "PhysicalSizeXUnit": "µm",
                "PhysicalSizeY": chosen.pixel_nm / 1000,
                "PhysicalSizeYUnit": "µm",
                "TimeIncrement": chosen.interval,
                "TimeIncrementUnit": "s",
                "Channel": {"Name": channel},
            },
        )


def _with_truth(
    chosen: Preset,
    pits: pd.DataFrame,
    inside: np.ndarray,
    columns: Mapping[str, np.ndarray],
    cell: str,
    title: str,
) -> xr.Dataset:
    """Tracks with the truth of every pit beside them, along ``track``."""
    birth, lifetime = pits["birth"].to_numpy(), pits["lifetime"].to_numpy()
    whole = (birth >= 0) & (birth + lifetime <= chosen.frames)
    ds = tracks.build(
        columns,
        row_size=inside.sum(1),
        complete=whole & (inside.sum(1) == np.minimum(lifetime, inside.shape[1])),
        cell=cell,
        frame_interval_s=chosen.interval,
        pixel_nm=chosen.pixel_nm,
        title=title,
    )
    for column in ("productive", "z0", "z1", "z2", "burst"):
        ds[f"true_{column}"] = "track", pits[column].to_numpy(np.float32)
    return ds
