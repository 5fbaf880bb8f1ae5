"""What all benchmarks share: interleaved medians, rows, the table and the JSON file.

A row is ``{"key", "value", "unit", "peer", "asked", "holds"}``. Ratios are the best
peer's time over ours, medians of one interleaved run, so that larger is better. Seconds
are CPU time of the process, best of several, after compilation. One thread.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

for variable in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import numpy as np  # noqa: E402 (after the threads are set)

Row = dict[str, Any]
SIGNS = {"at least": ">=", "at most": "<="}


def interleaved(
    calls: Mapping[str, Callable[[], Any]], seconds: float = 3.0, most: int = 30
) -> dict[str, float]:
    """Median wall-clock seconds of each call, all taking turns.

    In a turn a call of less than 2 ms is repeated so often, and counts with its mean.
    """
    repeats = {}
    for name, call in calls.items():
        call()
        repeats[name] = max(1, int(2e-3 / max(_seconds(call), 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    start = time.perf_counter()
    while len(next(iter(times.values()))) < most:
        for name, call in calls.items():
            times[name].append(_seconds(call, repeats[name]))
        if time.perf_counter() - start > seconds:
            break
    return {name: float(np.median(values)) for name, values in times.items()}


def _seconds(call: Callable[[], Any], repeats: int = 1) -> float:
    before = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - before) / repeats


def cpu_seconds(call: Callable[[], Any], repeats: int = 5) -> float:
    """CPU time of the process in one call, best of ``repeats``."""
    best = np.inf
    for _ in range(repeats):
        before = time.process_time()
        call()
        best = min(best, time.process_time() - before)
    return float(best)


def row(
    key: str,
    value: float,
    unit: str,
    peer: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A result, and whether it is what was asked; nothing asked holds always."""
    holds, asked = bool(np.isfinite(value)), ""
    if at_least is not None:
        holds, asked = value >= at_least, f">= {at_least:g}"
    if at_most is not None:
        holds, asked = value <= at_most, f"<= {at_most:g}"
    return {
        "key": key,
        "value": float(f"{value:.4g}") if np.isfinite(value) else None,
        "unit": unit,
        "peer": peer,
        "asked": asked,
        "holds": bool(holds),
    }


def ratio(key: str, times: Mapping[str, float], at_least: float | None = None) -> Row:
    """Best peer's time over ours; the call of ours is named "ours"."""
    peers = {name: seconds for name, seconds in times.items() if name != "ours"}
    if not peers:
        return row(key, np.nan, "x", "no peer: make bench-setup", at_least)
    best = min(peers, key=peers.__getitem__)
    return row(key, peers[best] / times["ours"], "x", best, at_least)


def calibration() -> Row:
    """Time of a fixed product of float32 matrices, 1024^3: how fast the machine is."""
    a = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
    return row("calibration_gemm_seconds", cpu_seconds(lambda: a @ a), "s")


def main(parts: Iterable[Callable[[int, bool], list[Row]]], about: str) -> None:
    """Run the parts, each ``(seed, quick) -> rows``; print the table, write the JSON.

    A part that lacks a peer says so in a row that does not hold.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer sizes and seeds")
    parser.add_argument("--only", help="parts whose name holds this text")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    rows = [calibration()]
    show(rows[0])
    for part in parts:
        if options.only and options.only not in part.__name__:
            continue
        try:
            found = part(options.seed, options.quick)
        except ImportError as error:
            found = [row(part.__name__, np.nan, "", f"missing: {error.name}", 0)]
        for one in found:
            show(one)
        rows += found
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


def show(one: Row) -> None:
    mark = {True: "yes", False: "NO"}[one["holds"]] if one["asked"] else ""
    value = np.nan if one["value"] is None else one["value"]
    print(
        f"{one['key']:<34} {value:>10.4g} {one['unit']:<5} "
        f"{one['asked']:<9} {mark:<4} {one['peer']}",
        flush=True,
    )
