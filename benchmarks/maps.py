"""The maps' simulator and statistics: speed against peers, and how real maps are."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import harness
import numpy as np
from harness import Row, cpu_seconds, interleaved, ratio, row

from awd import io, wavelet
from awd.filters import families, scattering
from awd.maps.infer import predict, score
from awd.maps.infer.emulator import Emulator
from awd.maps.measure import masks, peaks, statistics
from awd.maps.readers import Collection
from awd.maps.sky import cosmology, lensing, nbody, realism, universe
from awd.maps.sky.cosmology import Cosmology
from awd.maps.study import bank, dataset

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

HERE = Cosmology(0.3, 0.8)
PIXEL = 60 * 3.5 / 128


@lru_cache(maxsize=1)
def fields(count: int) -> np.ndarray:
    """Maps of 256 pixels with the peaks of real ones: of a simulation, interpolated."""
    maps = universe.simulate(0.3, 0.8, count, pixels=256)
    return np.ascontiguousarray(maps)


def peak_counts(seed: int, quick: bool) -> list[Row]:
    """Four 3 x 3 filters, 22 bins, 256 pixels: the same counts, how fast?"""
    import torch

    maps = fields(20 if quick else 100)
    patches = peaks.sign_fixed(peaks.wavelet_patches(wavelet.from_pywt("db5")))
    kernels, edges = patches.astype(np.float32), np.linspace(0, 0.025, 23)
    images = torch.from_numpy(maps)[:, None]

    def authors(images):
        """Masks, conv2d and np.histogram per map, as they run it: on a batch."""
        middle = images[..., 1:-1, 1:-1]
        peak = torch.ones_like(middle, dtype=torch.bool)
        for dy, dx in np.ndindex(3, 3):
            if (dy, dx) != (1, 1):
                peak &= middle > images[..., dy : dy + 254, dx : dx + 254]
        cuts = np.cumsum(peak.sum((1, 2, 3)).numpy())[:-1]
        out = []
        for kernel in kernels:
            weights = torch.from_numpy(kernel)[None, None]
            seen = torch.nn.functional.conv2d(images, weights)[peak].numpy()
            out.append([np.histogram(v, edges)[0] for v in np.split(seen, cuts)])
        return np.array(out).swapaxes(0, 1)

    ours = peaks.peak_histogram(maps, kernels, edges)
    same = np.array_equal(ours, authors(images))
    times = interleaved(
        {
            "ours": lambda: peaks.peak_histogram(maps, kernels, edges),
            "authors, one batch": lambda: authors(images),
            "authors, map by map": lambda: [authors(one[None]) for one in images],
        },
        seconds=15,
        most=9,
    )
    batch = {k: times[k] for k in ("ours", "authors, one batch")}
    single = {k: times[k] for k in ("ours", "authors, map by map")}
    rows = [ratio("peaks_vs_authors", batch, 60 if same else np.inf)]
    rows.append(ratio("peaks_vs_authors_one_by_one", single))
    rows.append(row("peaks_equal_counts", float(same), "", at_least=1))
    rows.append(row("peaks_maps_per_second", len(maps) / times["ours"], "1/s"))
    return rows


def peaks_vs_lenstools(seed: int, quick: bool) -> list[Row]:
    """One statistic of interior pixels."""
    from astropy import units
    from lenstools import ConvergenceMap

    maps = fields(20 if quick else 100)
    edges = np.linspace(-0.03, 0.19, 23)
    angle = 3.5 * units.deg
    theirs = [ConvergenceMap(one.astype(float), angle=angle) for one in maps]
    times = interleaved(
        {
            "ours": lambda: peaks.peak_histogram(maps, peaks.HEIGHT, edges),
            "lenstools": lambda: [one.peakCount(edges) for one in theirs],
        }
    )
    return [ratio("peaks_vs_lenstools", times, 8)]


def scattering_vs_kymatio(seed: int, quick: bool) -> list[Row]:
    """Five octaves, four angles, all pairs of both, of maps of 128 pixels."""
    import scipy.special
    import torch

    # Of its harmonics on the sphere, which newer scipy calls otherwise; not used here.
    scipy.special.sph_harm = getattr(scipy.special, "sph_harm", None)
    from kymatio.torch import Scattering2D

    maps = universe.simulate(0.3, 0.8, 16 if quick else 64, seed, particles=64)
    peer, images = Scattering2D(5, (128, 128), 4), torch.from_numpy(maps)
    times = interleaved(
        {
            "ours": lambda: scattering.of_images(maps, 5, 4),
            "kymatio": lambda: peer(images),
        },
        seconds=15,
    )
    return [
        ratio("scattering_vs_kymatio", times, 3),
        row("scattering_maps_per_second", len(maps) / times["ours"], "1/s"),
    ]


def particle_mesh(seed: int, quick: bool) -> list[Row]:
    """One initial condition, 128^3 particles and cells, up to redshift 1."""
    rows = []
    seconds = cpu_seconds(lambda: nbody.evolve(HERE, seed), 2 if quick else 5)
    rows.append(row("pm_seconds", seconds, "s", at_most=6))
    planes = nbody.evolve(HERE, seed)
    call = partial(lensing.born, planes, HERE, 48, seed=seed)
    call()
    rate = 48 / cpu_seconds(call, 3)
    rows.append(row("maps_per_s", rate, "1/s", at_least=45))
    return rows


def tomography(seed: int, quick: bool) -> list[Row]:
    """Maps of three bins of sources over those of one, seconds of the whole way."""
    settings = {"particles": 64} if quick else {}
    redshifts = {"one": 1.0, "three": [0.5, 1.0, 1.5]}
    times = interleaved(
        {
            name: partial(universe.simulate, 0.3, 0.8, 48, seed, z_source=z, **settings)
            for name, z in redshifts.items()
        },
        seconds=30,
        most=5,
    )
    cost = times["three"] / times["one"]
    return [row("tomography_cost", cost, "", "one bin", at_most=2.2)]


def pm_force_vs_jaxpm(seed: int, quick: bool) -> list[Row]:
    """Forces on 128^3 particles where they stand late: paint, solve, read."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # jax would use all
    try:
        return [ratio("pm_force_vs_jaxpm", times_of_forces(seed), 4)]
    finally:
        os.sched_setaffinity(0, cores)


def times_of_forces(seed: int) -> dict[str, float]:
    """Of ours and of jaxpm, of the same particles."""
    import jax
    from jaxpm.pm import pm_forces

    from awd.maps.compiled.nbody import push

    positions, momenta = nbody.initial(HERE, seed, 128, 128, 128.0)
    forces = nbody.Forces(128)
    for _ in range(8):
        drift = np.float32(8 * (HERE.growth(1.0) - HERE.growth(0.5)))
        push(positions, momenta, forces(positions), np.float32(0.2), drift)
    still = np.zeros_like(positions)

    def ours():
        """Read by a push that moves nothing."""
        none = np.float32(0)
        push(positions, still, forces(positions), none, none)

    theirs = jax.jit(lambda at: pm_forces(at, mesh_shape=(128, 128, 128)))
    there = jax.numpy.asarray(positions)
    return interleaved(
        {"ours": ours, "jaxpm": lambda: theirs(there).block_until_ready()}, seconds=20
    )


def real(seed: int, quick: bool) -> list[Row]:
    """Power over theory, skewness and peaks, eight initial conditions."""
    made = [universe.simulate(0.3, 0.8, 48, seed + k) for k in range(2 if quick else 8)]
    table = realism.of(np.concatenate(made), PIXEL).set_index(["quantity", "at"])
    powers = table.loc["c_ell", "value"]
    powers = powers / HERE.convergence_power(powers.index, 1.0)
    found = powers[(powers.index > 250) & (powers.index < 750)]
    small = powers[(powers.index > 1000) & (powers.index < 2000)].mean()
    skew, count = table["value"]["s3", 2.0], table["value"]["peaks", 0.0]
    return [
        row("cl_min", found.min(), "", at_least=0.85),
        row("cl_max", found.max(), "", at_most=1.15),
        row("cl_1000_2000", small, "", "over halofit", at_least=0.85),
        row("s3_2arcmin", skew, "", at_least=100),
        row("s3_2arcmin_high", skew, "", at_most=170),
        row("peaks_per_map", count, "", at_least=800),
        row("peaks_per_map_high", count, "", at_most=1200),
    ]


def simulated(
    count: int, maps: int, seed: int, particles: int = 128, tests: int = 1
) -> xr.Dataset:
    """A ``samples.nc`` of so many cosmologies, and maps of each initial condition.

    So many initial conditions test each of them, and share its maps. All processors
    make them, as no time is taken.
    """
    grid = cosmology.grid(count, seed=seed)
    sides = ("train", "train", "select", *["test"] * tests)
    with tempfile.TemporaryDirectory() as folder:
        shards = []
        for k, (omega, sigma) in enumerate(grid.to_numpy()):
            for c, side in enumerate(sides):
                own = c if side == "train" else f"{c}-{k}"
                started = c if side == "train" else 1000 * (seed + 1) + 100 * k + c
                many = maps // tests if side == "test" else maps
                named = {"cosmology": f"c{k:02d}", "group": f"{side}{own}"}
                named |= {"split": side, "omega_m": omega, "sigma_8": sigma}
                path = Path(folder) / f"{k}-{c}.nc"
                shards.append((path, named, many, started, particles))
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(mp_context=spawn) as pool:
            list(pool.map(write_shard, *zip(*shards, strict=True)))
        dataset.write(
            dataset.shards([path for path, *_ in shards]),
            Path(folder) / "maps.nc",
            pixel_arcmin=PIXEL,
            targets=["omega_m", "sigma_8"],
        )
        return io.read(Path(folder) / "maps.nc")


def write_shard(
    path: Path, named: dict[str, Any], maps: int, seed: int, particles: int
) -> None:
    """Simulated maps of one cosmology and initial condition, as a run writes them."""
    here = named["omega_m"], named["sigma_8"]
    x = universe.simulate(*here, maps, seed, particles=particles)
    io.write(universe.shard(x, named), path)


def holes(count: int, side: int, seed: int) -> np.ndarray:
    """Masks of discs, as of bright stars, that hide 15 % of every map."""
    rng, grid = np.random.default_rng(seed), np.arange(side)
    found = np.ones((count, side, side), bool)
    for seen in found:
        while seen.mean() > 0.85:
            y, x, radius = rng.uniform((0, 0, 2), (side, side, 8))
            seen &= (grid[:, None] - y) ** 2 + (grid - x) ** 2 > radius**2
    return found


def masked(seed: int, quick: bool) -> list[Row]:
    """Answers of 15 % masked maps beside those of the same maps unmasked, at worst.

    As a run infers, from training maps that are masked as well; in s.d. of the errors
    of unmasked maps.
    """
    maps = simulated(14, 12 if quick else 24, seed, 64)
    x, side = maps["x"].values, maps["split"].values
    train, test = side == "train", side == "test"
    mask = holes(len(x), x.shape[1], seed)
    filled = masks.filled(x, mask)
    middle = np.mean(families.SYMMETRIC.bounds, 1)[None]
    asked = {name: statistics.METHODS[name](PIXEL) for name in ("spectrum", "starlet")}
    taps = families.SYMMETRIC.filters(middle)[0]
    asked["AWD"] = bank.SHELVES["symmetric"].statistic(taps)
    y = maps["target"].values.astype(float)
    bias, scatter = {}, {}
    for name, statistic in asked.items():
        errors = []
        for features in (statistic.features(x), statistic.features(filled, mask)):
            head = Emulator(2, [(0.18, 0.42), (0.6, 1.0)])
            head.fit(features[train], y[train])
            errors.append(head.predict(features[test]) - y[test])
        spread = errors[0].std(0)
        bias[name] = np.abs((errors[1] - errors[0]).mean(0) / spread).max()
        scatter[name] = (errors[1].std(0) / spread).max()
    worst = {"bias": max(bias, key=bias.get), "scatter": max(scatter, key=scatter.get)}
    return [
        row("masked_bias", max(bias.values()), "s.d.", worst["bias"], at_most=0.2),
        row(
            "masked_scatter", max(scatter.values()), "", worst["scatter"], at_most=1.15
        ),
    ]


def gaps(seed: int, quick: bool) -> list[Row]:
    """Paired differences of RMSE of Omega_m x 100, nearest, pooled, quantile bins."""
    ds = simulated(8, 16, seed) if quick else simulated(24, 48, seed, tests=5)
    found = []
    for name in statistics.METHODS:
        features = statistics.measure(
            statistics.fitted(statistics.METHODS[name](PIXEL), ds), ds
        )
        inferred = predict.predict(features, ds, [(0.18, 0.42), (0.6, 1.0)])
        found.append(inferred.assign_attrs(statistic=name, features=features.shape[1]))
    rows = covered(score.coverages(found, 2000, seed))
    by_name = {one.attrs["statistic"]: one for one in found}
    found = [by_name[name] for name in ("height", "spectrum", "roberts")]
    table = score.differences(found, 2000, seed)
    table = table[(table["head"] == "nearest") & (table["parameter"] == "omega_m")]
    table = table.set_index(["method", "reference"])
    for pair in (("spectrum", "roberts"), ("height", "spectrum")):
        one = 100 * table.loc[pair][["rmse_difference", "low", "high"]].astype(float)
        error = (one["high"] - one["low"]) / 3.92
        name = f"cosmology bootstrap s.d. {error:.2f}"
        rows.append(row(f"gap_{pair[0]}_{pair[1]}", one["rmse_difference"], "", name))
    return rows


def covered(table: pd.DataFrame) -> list[Row]:
    """How far intervals of the calibrated posterior are from what they say, at worst.

    Of the first parameter. Maps of an initial condition deviate together: that a share
    is known to .03, five of each cosmology test, 120 in all; its interval is beside it.
    """
    own = table[(table["head"] == "calibrated") & (table["parameter"] == "omega_m")]
    rows = []
    for level, part in own.groupby("nominal"):
        worst = part.loc[(part["found"] - level).abs().idxmax()]
        said = f"{worst['method']}, [{worst['low']:.2f}, {worst['high']:.2f}]"
        key, value = f"coverage_{100 * level:.0f}_worst", abs(worst["found"] - level)
        rows.append(row(key, value, "", said, at_most=0.03))
    return rows


def streaming(seed: int, quick: bool) -> list[Row]:
    """Peak memory of all statistics of 256^2 maps, by how many maps there are."""
    counts = (250, 1000, 4000) if quick else (500, 2000, 8000)
    peaks_kb = []
    base = fields(20)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maps.nc"
        for count in counts:
            write_many(path, base, count)
            text = STREAM.format(str(path), str(Path(io.__file__).parents[1]))
            done = subprocess.run(
                [sys.executable, "-c", text], capture_output=True, text=True, check=True
            )
            peaks_kb.append(float(done.stdout))
    slope = np.polyfit(counts, peaks_kb, 1)[0]
    return [
        row("stream_slope", slope, "kB", "per map", at_most=1),
        row("stream_gigabytes", max(peaks_kb) / 2**20, "GB", at_most=2),
    ]


def write_many(path: Path, base: np.ndarray, count: int) -> None:
    """A ``samples.nc`` of so many maps, all different."""
    import pandas as pd

    rows = pd.DataFrame({"realisation": np.arange(count) // 10})
    rows["source"] = "made"
    rows["cosmology"] = [f"c{k % 10}" for k in range(count)]
    rows["omega_m"] = 0.2 + 0.02 * (np.arange(count) % 10)
    rows["sigma_8"] = 0.8
    rows["group"] = rows["realisation"].astype(str)
    rows["split"] = np.where(rows["realisation"] % 5 < 4, "train", "test")
    scales = np.linspace(0.5, 1.5, count, dtype=np.float32)

    def pixels(chosen):
        for k in chosen:
            yield scales[k] * base[k % len(base)]

    dataset.write(
        Collection(rows, pixels),
        path,
        pixel_arcmin=0.82,
        targets=["omega_m", "sigma_8"],
    )


# Of the whole process, in kB.
STREAM = """
import resource, sys
sys.path.insert(0, {1!r})
from awd import io
from awd.maps.measure import statistics
from awd.record import contracts
with io.opened({0!r}, contracts.MAPS) as maps:
    for name in ("db5_peaks", "spectrum", "starlet"):
        fitted = statistics.fitted(statistics.METHODS[name](0.82), maps)
        statistics.measure(fitted, maps)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


if __name__ == "__main__":
    harness.main(
        [
            peak_counts,
            peaks_vs_lenstools,
            scattering_vs_kymatio,
            particle_mesh,
            tomography,
            pm_force_vs_jaxpm,
            real,
            gaps,
            masked,
            streaming,
        ],
        __doc__,
    )
