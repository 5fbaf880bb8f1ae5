"""Shared fixtures: jobs that are killed, and a made-up run for tables and figures.

The run has 22 methods, 4 splits and 2 seeds.
"""

import contextlib
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from awd import wavelet
from awd.record import checkpoint

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


class Killed(BaseException):
    """No error: no handler on the way may catch it."""


@pytest.fixture
def save_always(monkeypatch):
    """Checkpoints are due at once."""
    monkeypatch.setenv(checkpoint.SECONDS, "0")


@pytest.fixture
def job(tmp_path, save_always):
    """Checkpoints of a job that reads ``data.nc`` and saves always."""
    data = tmp_path / "data.nc"
    data.write_bytes(b"data")
    return checkpoint.Job(tmp_path / "job.log", [data], {"seed": 1})


@pytest.fixture
def calls_at_most(monkeypatch):
    """Context in which a function may be called so often; the next call is a kill."""

    @contextlib.contextmanager
    def limited(owner, name, count):
        function, calls = getattr(owner, name), iter(range(count))

        def dying(*arguments, **options):
            if next(calls, None) is None:
                raise Killed
            return function(*arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(owner, name, dying)
            yield

    return limited


@pytest.fixture
def killed_after(calls_at_most):
    """Context that has to end by a kill, after so many calls of a function."""

    @contextlib.contextmanager
    def killing(owner, name, count):
        with calls_at_most(owner, name, count), pytest.raises(Killed):
            yield

    return killing


@pytest.fixture(scope="session")
def chromium():
    """A headless browser: Debian's, driven by playwright's client."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium; .ci/run installs Debian's")
        pytest.skip("no Chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


# method -> role, R2, fidelity, candidates, numbers in the filter
LEAGUE = {
    "lstm": ("teacher", 0.525, 1.0, 0, 0),
    "mlp": ("teacher", 0.543, 0.86, 0, 0),
    "cnn": ("teacher", 0.545, 0.85, 0, 0),
    "output": ("distilled", 0.541, 0.91, 60, 1),
    "output_mlp": ("distilled", 0.540, 0.90, 60, 1),
    "output_cnn": ("distilled", 0.539, 0.895, 60, 1),
    "attribution": ("distilled", 0.477, 0.84, 60, 4),
    "untrained": ("control", 0.503, 0.87, 60, 1),
    "shuffled": ("control", 0.480, 0.85, 60, 2),
    "sparsity": ("control", 0.472, 0.83, 60, 4),
    "random_fidelity": ("control", 0.530, 0.90, 60, 4),
    "random_labels": ("control", 0.535, 0.89, 60, 4),
    "named_fidelity": ("control", 0.538, 0.905, 60, 0),
    "named_labels": ("control", 0.542, 0.90, 60, 0),
    "db5": ("wavelet", 0.463, 0.81, 3, 0),
    "db2": ("wavelet", 0.542, 0.90, 3, 0),
    "haar": ("wavelet", 0.470, 0.80, 3, 0),
    "mean": ("baseline", -0.004, np.nan, 0, 0),
    "ridge": ("baseline", 0.519, np.nan, 0, 0),
    "boosting": ("baseline", 0.534, np.nan, 0, 0),
    "hand_ridge": ("baseline", 0.568, np.nan, 0, 0),
    "hand_boosting": ("baseline", 0.545, np.nan, 0, 0),
}
TEST_SETS = [(str(split), str(seed)) for split in range(4) for seed in range(2)]


@pytest.fixture
def scores():
    """``scores.csv`` of one study and target."""
    return make_scores()


def make_scores(target="mean0", shift=0.0):
    rng = np.random.default_rng(len(target))
    each, whole = [], []
    for method, (role, r2, fidelity, scored, taps) in LEAGUE.items():
        by_split = np.repeat(0.03 * rng.normal(size=4), 2)
        by_seed = 0.01 * rng.normal(size=8) * (role in ("teacher", "distilled"))
        shared = {"study": "cells", "target": target, "method": method, "role": role}
        shared |= {"filter_parameters": taps, "head_parameters": 61, "scored": scored}
        shared |= {"fidelity": fidelity, "compression": 0.5}
        values = r2 + shift + (by_split + by_seed) * (method != "mean")
        for (split, seed), value in zip(TEST_SETS, values, strict=True):
            row = {"split": split, "seed": seed, "n_test": 170}
            each.append(shared | row | scored_as(value, 0.05))
        row = {"split": "all", "seed": "all", "n_test": 1360}
        row |= scored_as(r2 + shift, 0.025)
        row |= {"r2_sd_splits": 0.03, "r2_sd_seeds": 0.008}
        whole.append(shared | row)
    return pd.DataFrame(each + whole)


def scored_as(r2, half):
    rmse = np.sqrt(1 - r2)
    bounds = {"r2_low": r2 - half, "r2_high": r2 + half}
    errors = {"rmse_low": rmse - half, "rmse_high": rmse + half}
    return {"r2": r2, "rmse": rmse} | bounds | errors


@pytest.fixture
def differences():
    """``differences.csv`` of one study and target: distilled methods against all."""
    return make_differences()


def make_differences(target="mean0", half=0.012):
    rows = []
    for method, (role, r2, *_) in LEAGUE.items():
        for reference, (_, reference_r2, *_) in LEAGUE.items():
            if role != "distilled" or method == reference:
                continue
            gain = r2 - reference_r2
            above = int(np.clip(round(4 + 200 * gain), 0, 8))
            row = (method, reference, gain, gain - half, gain + half, above, 8)
            rows.append(("cells", target, *row, 0.01, 0.004))
    spread = ["above", "test_sets", "sd_splits", "sd_seeds"]
    columns = ["study", "target", "method", "reference", "r2_difference"]
    return pd.DataFrame(rows, columns=[*columns, "low", "high", *spread])


@pytest.fixture
def wavelets():
    """``wavelets.nc`` of one target, for every split and seed."""
    return [make_wavelets(seed) for seed in range(8)]


def make_wavelets(seed):
    """Angles near a method's own; candidates of every length, level, ratio and weight.

    The candidates of ``soft`` are no wavelets: their norm drifts.
    """
    rng = np.random.default_rng(seed)
    methods = [name for name, row in LEAGUE.items() if row[4] or "named" in name]
    lengths = dict(zip(methods, rng.choice([4, 4, 4, 6], len(methods)), strict=True))
    taps = {name: near("db2", lengths[name], rng) for name in methods}
    taps["attribution"] = near("db5", 10, rng)
    taps["named_labels"] = taps["named_fidelity"] = padded(wavelet.from_pywt("db2"))
    rows = [candidate(name, taps[name], 4, 0.9, rng) for name in methods]
    for length in (4, 6, 8, 10, 12):
        for levels in (3, 4, 5):
            score = 0.9 - 0.004 * (length - 4) - 0.02 * abs(levels - 4)
            rows.append(
                candidate("output", near("db2", length, rng), levels, score, rng)
            )
    for weights in ((1, 0), (1, 0.3), (1, 1), (1, 3), (0, 1)):
        score = 0.82 + 0.02 * weights[1]
        rows.append(
            candidate("attribution", near("db5", 10, rng), 4, score, rng, weights)
        )
    for weight in (0, 0.01, 0.1, 1, 10):
        h = wavelet.from_pywt("db5") * (1 - 0.002 * weight)
        h = padded(h + 0.01 * weight**0.5 * rng.normal(size=10))
        for sparsity in (1e-4, 1e-3, 1e-2):
            rows.append(candidate("soft", h, 4, 0.8, rng, (sparsity, weight)))
    ds = xr.Dataset(
        {
            f"candidate_{name}": ("candidate", [r[name] for r in rows])
            for name in rows[0]
        }
        | {"candidate_filter": (("candidate", "tap"), [r["filter"] for r in rows])}
    )
    ds["filter"] = ("method", "tap"), [taps[name] for name in methods]
    ds["length"] = "method", [used(taps[name]) for name in methods]
    ds["levels"] = "method", [4] * len(methods)
    ds["role"] = "method", [LEAGUE[name][0] for name in methods]
    chosen_by = ["labels" if "labels" in name else "fidelity" for name in methods]
    ds["chosen_by"] = "method", chosen_by
    ds["score"] = "method", [0.9] * len(methods)
    ds["scored"] = "method", [60] * len(methods)
    names = {"split": str(seed // 2), "seed": str(seed % 2)}
    return ds.assign_coords(method=methods).assign_attrs(
        target="mean0", mode="zero", **names
    )


def candidate(method, h, levels, score, rng, weights=(1, 0)):
    return {
        "method": method,
        "filter": h,
        "length": used(h),
        "levels": levels,
        "flipped": 0,
        "mirrored": 0,
        "sparsity": float(weights[0]),
        "attribution": float(weights[1]),
        "value": np.nan,
        "score": score + 0.01 * rng.normal(),
    }


def near(name, length, rng):
    """A filter whose angles are near those of a named filter, or near 0 beyond them."""
    free = np.zeros(length // 2 - 1)
    own = wavelet.angles(wavelet.from_pywt(name))[1:]
    free[: len(own)] = own[: len(free)]
    free += 0.03 * rng.normal(size=len(free))
    return padded(wavelet.filter_from_angles(wavelet.complete_angles(free)))


def padded(h):
    return np.pad(h, (0, 12 - len(h)))


def used(h):
    return int(2 * np.ceil((np.flatnonzero(np.abs(h) > 1e-12)[-1] + 1) / 2))


def pytest_sessionfinish():
    """Hand what was counted of cases to the page of counts."""
    from tests.reliability.outcomes import COUNTED

    path = os.environ.get("AWD_COUNTS")
    if path and COUNTED:
        with open(path, "a", encoding="utf-8") as file:
            for (part, what, outcome), number in COUNTED.items():
                file.write(json.dumps([part, what, outcome, number]) + "\n")
