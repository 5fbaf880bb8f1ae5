"""What can be configured of the study of convergence maps.

Part of :mod:`awd.config.models`, which says what these models are for.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field

from awd import registry
from awd.config.common import Count, Few, File, OrOwn, Seed, Strict, Weights

# A parameter: of awd.maps.names.PARAMETERS, or any column of a table.
PARAMETER = r"^[A-Za-z]\w{0,30}$"
Redshift = Annotated[float, Field(gt=0, le=3)]
Density = Annotated[float, Field(gt=0, le=1e6)]
Spread = Annotated[float, Field(gt=0, le=10)]
Bound = Annotated[float, Field(gt=0, le=10)]  # closer ones: awd.maps.sky.cosmology
Parameter = Annotated[str, Field(pattern=PARAMETER)]
# Names of the library's, or import paths of statistics of one's own.
Method = Annotated[
    Literal[
        "height",
        "peaks_snr",
        "minima_snr",
        "pdf",
        "minkowski",
        "laplace",
        "roberts",
        "spectrum",
        "laplace_spectrum",
        "db2_peaks",
        "db5_peaks",
        "haar",
        "db2",
        "db5",
        "starlet",
        "starlet_norms",
        "scattering",
    ],
    OrOwn(),
]

# What surveys' papers count besides, asked for by name: to infer from one takes as long
# as from any other, and of the newer ones Minkowski functionals tell the most by far.
FURTHER = ("peaks_snr", "minima_snr", "pdf")
# The methods that are filters: in the league they have the student of distilled ones.
FIXED_FILTERS = ("haar", "db2", "db5", "starlet")


class SimulatedMaps(Strict):
    """Maps of a simulated universe."""

    kind: Literal["simulated"]
    cosmologies: int = Field(
        24, ge=5, le=1000, description="Spread evenly over the box below."
    )
    omega_m: tuple[Bound, Bound] = Field(
        (0.18, 0.42), description="Lowest and highest matter density."
    )
    sigma_8: tuple[Bound, Bound] = Field(
        (0.6, 1.0), description="Lowest and highest amplitude of fluctuations."
    )
    train: Count = Field(
        2, description="Initial conditions that train, shared by all cosmologies."
    )
    select: Count = Field(1, description="Initial conditions of its own per cosmology.")
    test: Count = Field(1, description="Initial conditions of its own per cosmology.")
    maps: Count = Field(
        48, description="Maps of every cosmology and initial condition."
    )
    pixels: int = Field(128, ge=16, le=16384, description="Side of a map, pixels.")
    degrees: float = Field(3.5, gt=0, le=60, description="Side of a map.")
    particles: int = Field(128, ge=8, le=2048, description="Along a side of the box.")
    mesh: Annotated[int, Field(ge=1, le=8)] = Field(
        1, description="Cells of the mesh per particle, along a side."
    )
    box: float = Field(
        128.0,
        gt=0,
        le=1e5,
        description="Side of the box, and thickness of a plane, Mpc/h.",
    )
    z_source: Redshift | list[Redshift] = Field(
        1.0, description="Redshift of all sources, or of each of several bins."
    )

    def conditions(self) -> list[str]:
        """Names of the initial conditions of a cosmology."""
        return [
            f"{side}{k}"
            for side in ("train", "select", "test")
            for k in range(getattr(self, side))
        ]

    def names(self) -> list[str]:
        """Names of the cosmologies."""
        return [f"c{k:02d}" for k in range(self.cosmologies)]

    def shards(self, cosmology: str) -> list[dict[str, str]]:
        """Of which cosmology, group and split the maps of every condition are.

        A group is an initial condition: those that train are shared by all cosmologies.
        """
        shards = []
        for condition in self.conditions():
            split = condition.rstrip("0123456789")
            group = condition if split == "train" else f"{condition}-{cosmology}"
            shards.append({"cosmology": cosmology, "group": group, "split": split})
        return shards

    @property
    def bins(self) -> int:
        """Of sources."""
        return len(self.z_source) if isinstance(self.z_source, list) else 1

    @property
    def pixel_arcmin(self) -> float:
        """Side of a pixel."""
        return 60 * self.degrees / self.pixels


Number = Annotated[int, Field(ge=0, le=1_000_000)]  # in place of a name


class Realisations(Strict):
    """How many realisations of every cosmology train, select and test, in order."""

    train: Count = Field(2000, description="Realisations that train.")
    select: Count = Field(300, description="The next ones, that select.")
    test: Count = Field(200, description="The next ones, that test.")


class MapFiles(Strict):
    """Maps made elsewhere: FITS, HDF5, npy, npz."""

    pixel_arcmin: float | None = Field(
        None,
        gt=0,
        le=1e4,
        description="Side of a pixel of the files; null reads it there.",
    )
    realisations: Realisations = Realisations()
    cosmologies: Count | list[str | Number] | None = Field(
        None, description="Which are read: the first so many, or by name; null all."
    )
    quantity: Literal["convergence", "shear"] = Field(
        "convergence", description="Shear has two components and becomes convergence."
    )
    extension: str | Number | list[str | Number] | None = Field(
        None,
        description="Which array, or column of HEALPix, of a file: a name or number; "
        "of shear [g1, g2]; null takes the only one, or KAPPA.",
    )
    bins: Annotated[int, Field(ge=1, le=20)] = Field(
        1, description="Of source redshifts: an axis of a map, or {bin} in its path."
    )
    patch_degrees: float | None = Field(
        None, gt=0, le=60, description="Side of patches that HEALPix maps are cut into."
    )
    patch_pixels: int | None = Field(
        None, ge=16, le=16384, description="Along a side of a patch."
    )
    table: File | None = Field(
        None, description="Table of the cosmologies' parameters, CSV or text."
    )
    bad_map: Literal["stop", "skip"] = Field(
        "stop",
        description="What a map that cannot be used does: end the run, or be left out "
        "and named, as long as most remain.",
    )
    names: list[str | None] | None = Field(
        None,
        description="Of the parameters' columns in order, null for unused ones; by "
        "default those of the header.",
    )


class FileTree(MapFiles):
    """Files whose paths tell cosmology and realisation."""

    kind: Literal["files", "fits"]
    files: File = Field(
        description="Path with fields: model{cosmology}/z1.00_{realisation}r.fits or "
        "Om{omega_m}_si{sigma_8}/{realisation}.fits; {component} (1, 2) of shear."
    )
    first: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        None,
        description="Number of the cosmology in a nameless table's first row; null "
        "counts from where the files do.",
    )


class Archive(MapFiles):
    """A file with many maps (n, y, x), and their parameters (n, columns)."""

    kind: Literal["archive", "npz"]
    file: File = Field(description="The archive, relative to the working directory.")
    parameters: str | None = Field(
        None, description="Which array holds the parameters; null finds it."
    )


Family = Literal[
    "symmetric", "gaussian", "isotropic", "lattice4", "lattice6", "lattice10"
]


class MapTeacher(Strict):
    """The networks of the maps: a ResNet-18 of any width."""

    width: Annotated[int, Field(ge=1, le=1024)] = Field(
        12, description="Filters of its first stage; published 64."
    )
    stem: Literal[5, 7] = Field(
        5, description="Side of its first filters; 7 with a maximum is published."
    )
    seeds: list[Seed] = Field(
        [0], min_length=1, description="Every teacher once per seed."
    )
    untrained: Few = Field(2, description="Networks that never learn, the control.")
    epochs: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        30, description="Of one cycle."
    )
    batch: Count = Field(32, description="Maps per step.")
    learning_rate: float = Field(1e-2, gt=0, le=10, description="Highest of the cycle.")
    weight_decay: float = Field(0.02, ge=0, le=10, description="Of AdamW.")
    average: float = Field(
        0.99, ge=0, lt=1, description="Decay per step of the averaged weights."
    )
    mask: Literal["filled", "channel"] = Field(
        "filled", description="Hidden pixels: filled alone, or the mask a channel, too."
    )
    shifts: Literal[1, 4, 16] = Field(
        4, description="Over which gradients are averaged, against the network's grid."
    )


class MapSoft(Strict):
    """The paper's own losses on maps, with the published grid."""

    sparsity: Weights = Field(
        [0.005, 0.01, 0.02],
        min_length=1,
        description="Weights of the coefficients' L1 norm (lamL1wave).",
    )
    attribution: Weights = Field(
        [0.0, *np.geomspace(1e-3, 5e-2, 10).round(5).tolist()],
        min_length=1,
        description="Weights of the attributions' L1 norm (lamL1attr).",
    )
    epochs: Count = Field(50, description="Epochs at every pair of weights.")
    batch: Count = Field(100, description="Maps per step.")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="Step size of Adam.")


class MapDistil(Strict):
    """The filters that are chosen from, and the maps by which they are judged."""

    families: list[Family] = Field(
        list(get_args(Family)),
        min_length=1,
        description="The first gives the result.",
    )
    candidates: Annotated[int, Field(ge=2, le=100_000)] = Field(
        24, description="Of a family with one parameter; more of larger ones."
    )
    train: Count = Field(32, description="Training maps per cosmology.")
    select: Count = Field(24, description="Select maps per cosmology.")
    draws: Annotated[int, Field(ge=0, le=10_000)] = Field(
        20, description="Resamples of the cosmologies behind every choice."
    )
    soft: MapSoft | None = Field(
        None, description="The paper's soft losses, too, as a method; null: without."
    )


class Compare(Strict):
    """A map that the simulation is compared with."""

    file: File = Field(description="FITS file of one convergence map.")
    pixel_arcmin: float = Field(gt=0, le=1e4, description="Side of its pixels.")


class Observed(Strict):
    """An observed map, of which the cosmology is asked."""

    files: list[File] = Field(
        min_length=1,
        max_length=2,
        description="FITS file of its convergence, or two, of the components of shear.",
    )
    pixel_arcmin: float = Field(gt=0, le=1e4, description="Side of its pixels.")
    mask: File | None = Field(
        None, description="File of its mask: 0 hides, as NaN does; hidden everywhere."
    )


class Maps(Strict):
    """The study of convergence maps: which maps, and what is read of them."""

    source: SimulatedMaps | FileTree | Archive = Field(discriminator="kind")
    targets: list[Parameter] = Field(
        ["omega_m", "sigma_8"],
        min_length=1,
        description="Parameters that are inferred together: omega_m, sigma_8, S8, a_s, "
        "m_nu, w0, h, ..., any column.",
    )
    scored: list[Parameter] | None = Field(
        None,
        min_length=1,
        description="Of these, those with a league of their own, and a network; null: "
        "the first.",
    )
    size: Count | None = Field(
        None, description="Side of a map after exact block means, pixels; null keeps."
    )
    tile: Count | None = Field(
        None, description="Side of the tiles that maps are cut into; null keeps maps."
    )
    stride: Count | None = Field(
        None, description="Between tiles, pixels; by default the side of a tile."
    )
    galaxies: Density | list[Density] | None = Field(
        None,
        description="Per square arcminute, for shape noise, in all bins or in each; by "
        "default none.",
    )
    ellipticity: Spread | list[Spread] = Field(
        0.4, description="S.d. of galaxies' shapes, in all bins or in each."
    )
    smoothing_arcmin: float = Field(
        0.0, ge=0, le=1e4, description="S.d. of the Gaussian that smooths the maps."
    )
    nan: Literal["refuse", "mask"] = Field(
        "refuse", description="Pixels without a value (NaN, UNSEEN): hidden, or errors."
    )
    mask: File | None = Field(
        None,
        description="A survey's mask, of the maps as they come (FITS, npy): 0 hides.",
    )
    bins: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        None,
        description="Of every histogram and of the power spectrum, thresholds of "
        "Minkowski functionals; null: 22, 12 and 12.",
    )
    covariance: Literal["auto", "pooled", "shrunk"] = Field(
        "auto",
        description="Of features: as found, with a t likelihood, or shrunk (Ledoit and "
        "Wolf); auto: what held-out training maps find the better.",
    )
    methods: list[Method] = Field(
        [name for name in get_args(get_args(Method)[0]) if name not in FURTHER],
        min_length=1,
        description="Statistics that need no network; of one's own a class with fitted "
        "and features.",
    )
    teacher: MapTeacher | None = Field(
        MapTeacher(), description="null leaves it at statistics without a network."
    )
    distil: MapDistil = MapDistil()
    observed: Observed | None = Field(
        None, description="An observed map, read by every statistic and our filter."
    )
    compare: Compare | None = Field(
        None, description="A map made elsewhere, to see how real the simulated are."
    )

    @property
    def statistics(self) -> dict[str, str]:
        """The methods by what results call them: of an import path the name alone."""
        return {registry.short(name): name for name in self.methods}
