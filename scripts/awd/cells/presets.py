"""What simulated cells are like: every number with its source.

Aguet et al. 2013 (Dev Cell 26:279) for fractions and lifetimes; He et al. 2020 (J Cell
Biol, PMC7054993) for the burst; "chosen" where neither says.
"""

from __future__ import annotations

from dataclasses import dataclass

from awd.arguments import checked
from awd.cells.microscope import Camera
from awd.errors import ConfigError


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
    jitter: float = 0.1  # s.d. of a position that a tracker reads, px; chosen
    # Of movies only.
    initiation: float = 0.006  # pits / um^2 / s; chosen: 1000 clean tracks a cell
    diffusion: float = 0.002  # of a pit about its place, px^2 / frame; chosen
    relaxation: float = 0.9  # of its distance from there, a frame; chosen
    drift: float = 0.002  # of the whole field, px / frame; chosen
    sigma_master: float = 1.4  # px, RFP; of the field
    sigma_slave: float = 1.25  # px, GFP; diffraction alone gives 0.9
    background_master: float = 1200.0  # counts; chosen
    background_slave: float = 800.0
    background_spread: float = 0.15  # relative s.d. of its smooth variation; chosen
    camera: Camera = Camera()  # noqa: RUF009 (it is frozen)


PRESETS = {
    "teaching": Preset(0.45),
    "realistic": Preset(1.4),
    "crowded": Preset(1.4, initiation=0.018),
}


@checked()
def preset(name: str) -> Preset:
    """A preset by name; raises ``ConfigError`` with the names there are."""
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}; there is {', '.join(PRESETS)}")
    return PRESETS[name]
