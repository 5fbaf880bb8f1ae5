"""A cell's clathrin-coated pits: events, their two intensities, and their tracks.

A pit grows to a plateau, and if it is productive it thickens once more just before
scission and then loses its coat, when auxilin bursts. Three latent causes shape the
clathrin trace at three time scales, and the burst depends on all of them, so that a
wavelet model has something to find at several scales:

- ``z0`` (coarse) sets the plateau,
- ``z1`` (a few seconds) the bump before scission,
- ``z2`` (a second or two) how fast the coat is lost.

Sources of the numbers: Aguet et al. 2013 (Dev Cell 26:279) for fractions and lifetimes;
He et al. 2020 (J Cell Biol, PMC7054993) for the burst; "chosen" where neither says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from awd.cells import tracks
from awd.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True)
class Preset:
    """Parameters of a simulated cell; times in s, intensities in camera counts."""

    unexplained: (
        float  # s.d. of the burst's cause that the master does not show; chosen
    )
    productive: float = 0.5  # share of pits; Aguet et al. 2013
    lifetime: tuple[float, float] = (65.0, 0.55)  # log-normal median, s of log; Aguet
    lifetime_abortive: tuple[float, float] = (12.0, 0.75)  # median, s of log; Aguet
    plateau: float = 1800.0  # clathrin, productive; published thresholds 1314 to 1500
    plateau_abortive: float = 900.0  # clathrin, abortive; chosen
    plateau_spread: float = 0.35  # s of log; chosen
    bump: float = 0.3  # of the plateau, before scission; chosen
    bump_spread: float = 0.6  # s of log per unit of z1; chosen
    bump_width: float = 3.0  # s.d. of the bump, s; chosen
    uncoating: float = 2.0  # decay time of the coat at z2 = 0, s; He et al. 2020
    burst: float = 700.0  # auxilin; published thresholds 642 and 973
    burst_rise: float = 1.5  # s.d. before the peak, s; He et al. 2020
    burst_fall: float = 2.5  # s.d. after it, s; He et al. 2020
    noise_master: float = 130.0  # s.e. of the amplitude that a tracker reads, chosen
    noise_slave: float = 95.0  # the same for the slave
    bleach_master: float = 900.0  # decay time, s; chosen
    bleach_slave: float = 700.0
    gain_spread: float = 0.1  # s of log of a cell's gain, both channels; chosen
    frames: int = 300  # length of the movie; He et al. 2020
    interval: float = 1.0  # s per frame; He et al. 2020
    pixel_nm: float = 80.0  # 16 um camera pixel at 200x
    size: int = 256  # side of the field, px
    drift: float = 0.1  # s.d. of a position about its pit, px


PRESETS = {"teaching": Preset(0.45), "realistic": Preset(1.4)}


def preset(name: str) -> Preset:
    """A preset by name; raises ``ConfigError`` with the names there are."""
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}; there is {', '.join(PRESETS)}")
    return PRESETS[name]


def events(cell: Preset, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw pits: a row each, births uniform over the movie and the field.

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
            "birth": rng.integers(cell.frames, size=count),
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
    seen = np.minimum(pits["lifetime"], chosen.frames - pits["birth"]).to_numpy()
    index = np.arange(seen.max())
    inside = index < seen[:, None]
    frame = pits["birth"].to_numpy()[:, None] + index
    steps = np.broadcast_to(chosen.interval * index, frame.shape)
    master, slave = intensities(chosen, pits, steps)
    gain = np.exp(chosen.gain_spread * rng.standard_normal(2))
    time = chosen.interval * frame
    master = gain[0] * master * np.exp(-time / chosen.bleach_master)
    slave = gain[1] * slave * np.exp(-time / chosen.bleach_slave)
    noise = rng.standard_normal((4, int(inside.sum())))
    position = {
        axis: np.repeat(pits[axis].to_numpy(), seen) + chosen.drift * noise[row]
        for row, axis in enumerate(("x", "y"))
    }
    read = slave[inside] + chosen.noise_slave * noise[3]
    ds = tracks.build(
        {
            "frame": frame[inside],
            **position,
            "master": master[inside] + chosen.noise_master * noise[2],
            "slave": read,
            "slave_p": ndtr(-read / chosen.noise_slave),
        },
        row_size=seen,
        complete=pits["birth"] + pits["lifetime"] <= chosen.frames,
        cell=cell,
        frame_interval_s=chosen.interval,
        pixel_nm=chosen.pixel_nm,
        title=f"simulated tracks of {cell}, preset {name}",
    )
    for column in ("productive", "z0", "z1", "z2", "burst"):
        ds[f"true_{column}"] = "track", pits[column].to_numpy(np.float32)
    return ds
