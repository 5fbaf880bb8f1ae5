"""A right call of every public function that takes data, on small inputs."""

import functools

import numpy as np
import pandas as pd
import xarray as xr
from tests.reliability.faces import FACES

from awd import export, wavelet, windows
from awd.cells import (
    classify,
    detect,
    link,
    measures,
    microscope,
    readout,
    tracker,
    tracks,
)
from awd.cells.study import dataset, hand, outcomes, shifts
from awd.league import baselines, bootstrap, splits
from awd.maps.infer import heads
from awd.maps.measure import minkowski, one_point, peaks, spectrum
from awd.maps.sky import cosmology, lensing, nbody, realism, universe
from awd.maps.study import dataset as maps_dataset
from awd.maps.study import finish


def rng():
    return np.random.default_rng(0)


@functools.cache
def frames():
    movie, _ = microscope.challenge(8.0, 12, 0, frames=4, size=48)
    return movie.astype(np.float32)


@functools.cache
def crowded():
    return microscope.challenge(20.0, 40, 1, frames=3, size=160)[0]


@functools.cache
def spots():
    return detect.detect(list(frames()), 1.4)


@functools.cache
def followed():
    return link.track(spots())


def places():
    return np.array([10.0, 20.5, 30.25])


def maps():
    return rng().normal(size=(3, 24, 24)).astype(np.float32)


GROUPS = np.repeat([f"g{k}" for k in range(9)], 3)
Y = np.arange(27.0) % 7
PREDICTIONS = {"a": Y + 0.1, "b": Y * 0.9}
FEATURES = rng().normal(size=(60, 3))
PARAMETERS = np.repeat(rng().uniform(0.2, 0.9, (12, 2)), 5, 0)
H = wavelet.from_pywt("db2")


def of_track(k):
    return tracks.build(
        {
            "frame": np.tile(np.arange(6), 8),
            **{
                name: rng().uniform(1, 50, 48) for name in ("x", "y", "master", "slave")
            },
        },
        np.full(8, 6),
        np.full(8, True),
        cell=f"cell{k}",
        frame_interval_s=1.0,
        pixel_nm=80.0,
        title="tracks",
    )


def assembled():
    return dataset.assemble(
        [of_track(0), of_track(1)], targets=["mean0"], min_frames=3, length=8, tiles=2
    )


def ragged():
    edges = np.array([0, 8, 16])
    return classify.Ragged(
        edges,
        np.tile(np.arange(6, 14), 2),
        rng().uniform(5, 9, 16),
        rng().uniform(5, 9, 16),
        np.full(16, True),
        rng().uniform(50, 90, 16),
        np.full(16, 100.0),
    )


SPLIT = np.repeat(["train", "select", "test"], 9)

# name -> function, arguments. Every argument is changed by itself.
CALLS = {
    "filters": (detect.filters, {"image": frames()[0], "sigma": 1.4}),
    "spots": (
        detect.spots,
        {"image": frames()[0], "sigma": 1.4, "z": 4.0, "test": "z"},
    ),
    "detect": (
        detect.detect,
        {"frames": list(frames()), "sigma": 1.4, "z": 4.0, "test": "z", "pool": True},
    ),
    "faint": (
        detect.faint,
        {"frames": list(frames()), "sigma": 1.4, "z": 4.0, "sample": 3},
    ),
    "estimate_sigma": (
        detect.estimate_sigma,
        {"frames": list(crowded()), "start": 1.5, "sample": 4},
    ),
    "widths": (detect.widths, {"image": frames()[0], "sigma": 1.4}),
    "read": (
        readout.read,
        {
            "image": frames()[0],
            "x": places(),
            "y": places(),
            "sigma": 1.4,
            "mode": "best",
            "reach": 3.0,
        },
    ),
    "alone": (
        readout.alone,
        {"image": frames()[0], "x": places(), "y": places(), "sigma": 1.4},
    ),
    "link": (link.link, {"spots": spots(), "radius": 3.0, "gap": 2}),
    "track": (
        link.track,
        {"spots": spots(), "radius": 3.0, "gap": 2, "min_frames": 2, "min_z": 7.0},
    ),
    "follow": (
        tracker.follow,
        {"frames": list(frames()), "sigma": 1.4, "z": 4.0, "test": "z", "pool": False},
    ),
    "classify": (
        classify.classify,
        {
            "tracks": ragged(),
            "buffer_top": np.full((2, 2, 5), 10.0),
            "buffer_p": np.full((2, 2, 5), 0.5),
            "frames": 30,
            "interval_s": 1.0,
        },
    ),
    "tracking": (
        measures.tracking,
        {"truth": followed(), "found": followed(), "gate": 5.0},
    ),
    "detection": (
        measures.detection,
        {"truth": followed(), "found": followed(), "tolerance": 2.0},
    ),
    "challenge": (
        microscope.challenge,
        {"snr": 4.0, "spots": 5, "seed": 0, "frames": 3, "size": 32, "sigma": 1.4},
    ),
    "fill_gaps": (
        tracks.fill_gaps,
        {"frame": np.array([1, 2, 5]), "values": np.array([1.0, 2, 3])},
    ),
    "tile": (
        dataset.tile,
        {"x": rng().uniform(size=20), "y": rng().uniform(size=20), "tiles": 2},
    ),
    "assemble": (
        dataset.assemble,
        {
            "cells": [of_track(0), of_track(1)],
            "targets": ["mean0"],
            "min_frames": 3,
            "length": 8,
            "windows": ["whole", "end"],
            "tiles": 2,
            "hotspots": "keep",
            "bad_cell": "stop",
            "least": 1,
            "shift": "none",
            "seed": 0,
        },
    ),
    "as_noise": (dataset.as_noise, {"ds": assembled(), "seed": 3}),
    "scale": (
        dataset.scale,
        {
            "ds": assembled(),
            "split": np.array(["train", "test"] * 8),
            "scaling": "cell",
        },
    ),
    "hand": (hand.features, {"trace": rng().uniform(1, 9, 12)}),
    "windowed": (
        windows.windowed,
        {
            "traces": [rng().uniform(size=5), rng().uniform(size=20)],
            "length": 8,
            "names": ["whole", "end"],
        },
    ),
    "frame_noise": (shifts.frame_noise, {"traces": [rng().uniform(size=9)]}),
    "buckets": (
        outcomes.buckets,
        {
            "lifetime": np.arange(40.0),
            "positive": np.arange(40) > 15,
            "accuracy": 0.9,
        },
    ),
    "peak_histogram": (
        peaks.peak_histogram,
        {"maps": maps(), "kernels": peaks.LAPLACE, "edges": np.linspace(-1, 4, 6)},
    ),
    "responses": (
        peaks.responses,
        {"maps": maps(), "kernels": peaks.LAPLACE, "most": 9},
    ),
    "wavelet_patches": (
        peaks.wavelet_patches,
        {"h": H, "window_rule": "trimmed", "keep_ll": True},
    ),
    "sign_fixed": (peaks.sign_fixed, {"kernels": peaks.LAPLACE}),
    "PeakHistogram": (
        lambda **given: peaks.PeakHistogram(**given).fitted(maps()).features(maps()),
        {"kernels": peaks.LAPLACE, "bins": 4, "binning": "equal"},
    ),
    "power_spectrum": (
        spectrum.power_spectrum,
        {"maps": maps(), "pixel_arcmin": 2.0, "edges": np.geomspace(500, 5000, 4)},
    ),
    "minkowski": (
        minkowski.minkowski,
        {"maps": maps(), "pixel_arcmin": 2.0, "thresholds": np.linspace(-1, 2, 4)},
    ),
    "Minkowski": (
        lambda **given: minkowski.Minkowski(**given).fitted(maps()).features(maps()),
        {"bins": 5},
    ),
    "shares": (
        one_point.shares,
        {"maps": maps(), "edges": np.linspace(-2, 3, 6)},
    ),
    "OnePoint": (
        lambda **given: one_point.OnePoint(**given).fitted(maps()).features(maps()),
        {"bins": 5},
    ),
    "multipoles": (spectrum.multipoles, {"side": 12, "pixel_arcmin": 2.0}),
    "shape_noise": (lensing.shape_noise, {"galaxies": 10.0, "pixel_arcmin": 2.0}),
    "smoothed": (lensing.smoothed, {"maps": maps(), "sigma_pixels": 1.5}),
    "kaiser_squires": (
        lensing.kaiser_squires,
        {"shear_1": maps(), "shear_2": maps()[::-1]},
    ),
    "grid": (
        cosmology.grid,
        {"count": 5, "omega_m": (0.2, 0.4), "sigma_8": (0.6, 1.0), "seed": 0},
    ),
    "Cosmology": (
        lambda **given: cosmology.Cosmology(**given).distance(0.5),
        {"omega_m": 0.3, "sigma_8": 0.8, "omega_b": 0.046, "h": 0.7, "n_s": 0.97},
    ),
    "evolve": (
        nbody.evolve,
        {
            "cosmology": cosmology.Cosmology(0.3, 0.8),
            "seed": 0,
            "particles": 8,
            "box": 64.0,
            "pixels": 16,
            "z_source": 1.0,
            "mesh": 16,
        },
    ),
    "simulate": (
        universe.simulate,
        {
            "omega_m": 0.3,
            "sigma_8": 0.8,
            "maps": 2,
            "seed": 0,
            "pixels": 8,
            "degrees": 2.0,
            "particles": 8,
            "box": 64.0,
            "z_source": 1.0,
        },
    ),
    "realism": (
        realism.of,
        {"x": np.abs(rng().normal(size=(2, 64, 64))), "pixel": 4.0},
    ),
    "block_mean": (finish.block_mean, {"kappa": maps()[0], "size": 8}),
    "tile_offsets": (maps_dataset.tile_offsets, {"size": 24, "tile": 8, "stride": 8}),
    "coverage": (heads.coverage, {"ranks": rng().uniform(size=(9, 2))}),
    "grouped": (heads.grouped, {"features": FEATURES, "parameters": PARAMETERS}),
    "whitener": (
        heads.whitener,
        {"spread": FEATURES, "means": 5, "shrunk": False, "hartlap": True},
    ),
    "NearestCosmology": (
        lambda features, parameters, **given: (
            heads.NearestCosmology(**given).fit(features, parameters).predict(FEATURES)
        ),
        {
            "features": FEATURES,
            "parameters": PARAMETERS,
            "covariance": "pooled",
            "hartlap": True,
        },
    ),
    "nearest_predict": (
        lambda **given: (
            heads.NearestCosmology().fit(FEATURES, PARAMETERS).predict(**given)
        ),
        {"features": FEATURES, "mode": "nearest"},
    ),
    "Emulator": (
        lambda features, parameters, **given: (
            heads.Emulator(**given).fit(features, parameters).predict(FEATURES)
        ),
        {"features": FEATURES, "parameters": PARAMETERS, "degree": 2, "nodes": 64},
    ),
    "emulator_predict": (
        lambda features: (
            heads.Emulator(2, nodes=64).fit(FEATURES, PARAMETERS).predict(features)
        ),
        {"features": FEATURES},
    ),
    "r2": (bootstrap.r2, {"y": Y, "prediction": Y + 0.1}),
    "rmse": (bootstrap.rmse, {"y": Y, "prediction": Y + 0.1}),
    "bootstrap": (
        bootstrap.score,
        {
            "y": Y,
            "predictions": PREDICTIONS,
            "units": GROUPS,
            "splits": np.full(27, "0"),
            "draws": 20,
            "seed": 0,
        },
    ),
    "differences": (
        bootstrap.differences,
        {
            "y": Y,
            "predictions": PREDICTIONS,
            "units": GROUPS,
            "pairs": [("a", "b")],
            "measure": "r2",
            "draws": 20,
            "seed": 0,
        },
    ),
    "by_group": (
        bootstrap.by_group,
        {"y": Y, "predictions": PREDICTIONS, "groups": GROUPS},
    ),
    "rotate": (
        splits.rotate,
        {
            "groups": GROUPS,
            "rotation": 1,
            "seed": 0,
            "test": 0.25,
            "select": 0.15,
            "test_groups": (),
        },
    ),
    "folds": (splits.folds, {"groups": GROUPS, "count": 3}),
    "check": (splits.check, {"groups": GROUPS, "split": SPLIT}),
    "part": (
        splits.part,
        {
            "data": assembled().assign(
                split=("sample", np.repeat(["train", "test"], 8))
            ),
            "sides": "train",
            "target": "mean0",
        },
    ),
    "baseline": (
        lambda **given: baselines.fit(**given).predict(Y[:, None] * [1.0, 2]),
        {
            "name": "ridge",
            "x": Y[:, None] * [1.0, 2],
            "y": Y,
            "groups": GROUPS,
            "seed": 0,
        },
    ),
    "wavelet_record": (
        export.wavelet_record,
        {"h": H, "name": "mine", "provenance": {"a": 1}, "tolerance": 1e-8},
    ),
}

CALLS |= FACES


def kind_of(value):
    """What a right value is, for what is done to it."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int):
        return "whole"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, np.ndarray):
        return "array" if value.dtype.kind in "fiub" else "labels"
    if isinstance(value, pd.DataFrame):
        return "table"
    if isinstance(value, xr.Dataset):
        return "dataset"
    if isinstance(value, dict):
        return "mapping"
    return "several" if isinstance(value, list | tuple) else "other"
