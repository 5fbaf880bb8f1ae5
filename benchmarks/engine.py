"""The engine against pywt, ptwt and awave: kernels, distillation, inference, memory.

.venv/bin/python benchmarks/engine.py --seed 0 --json engine.json
"""

from __future__ import annotations

import contextlib
import time

import harness
import numpy as np
import peers
import torch
from harness import Row, cpu_seconds, interleaved, ratio, row

from awd import distil, transform, wavelet
from awd.features import Largest, Student
from awd.filters import kernels
from awd.filters.families import Lattice
from awd.recovery import cases, study
from awd.search import descent, objectives, soft
from awd.search.candidates import random_pool
from awd.teacher import ask, networks

DB5 = wavelet.from_pywt("db5")
SHAPES = {  # ratio asked for
    (100, 40): 10,
    (100_000, 40): 10,
    (1000, 4096): 10,
    (20, 256, 256): 8,
    (64, 256, 256): 10,
    (4, 1024, 1024): 10,
}


def l1grad(seed: int, quick: bool) -> list[Row]:
    """Value and filter gradient of the L1 objective, and pywt's forward pass alone."""
    rows = []
    for shape, asked in SHAPES.items():
        if quick and np.prod(shape) > 2e6:
            continue
        x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        calls = {"ours": lambda x=x: kernels.l1_gradient(x, DB5, 4)}
        for peer, make in peers.L1_GRADIENTS.items():
            with contextlib.suppress(ImportError):  # then the row says so
                calls[peer] = make(x)
        values = {name: call() for name, call in calls.items()}
        for value, gradient in values.values():  # all compute the same
            np.testing.assert_allclose(value, values["ours"][0], rtol=1e-4)
            apart = np.abs(np.ravel(gradient) - values["ours"][1]).max()
            assert apart < 2e-3 * np.abs(values["ours"][1]).max(), apart
        name = "x".join(map(str, shape))
        rows.append(ratio(f"l1grad_{name}", interleaved(calls), asked))
        calls = {"ours": calls["ours"], "pywt": lambda x=x: peers.pywt_forward(x)}
        least = 1 if shape[1] > 40 else None
        times = interleaved(calls)
        rows.append(ratio(f"l1grad_vs_pywt_forward_{name}", times, least))
        speed = x.size / times["ours"] / 1e6
        rows.append(row(f"l1grad_speed_{name}", speed, "MS/s"))
    return rows


def traces(n: int, seed: int) -> np.ndarray:
    """Smooth traces that end in padding, as cells have them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 40)).cumsum(1)
    x[np.arange(40) >= rng.integers(16, 41, size=n)[:, None]] = 0
    return (x / x.std()).astype(np.float32)


def pair_1d(seed: int, quick: bool) -> list[Row]:
    """One pair of weights: 100 epochs of awave against one descent from db5."""
    from awd.search.soft import distil_soft

    x = traces(6000, seed)
    model = peers.Lstm().eval()
    step = peers.awave_step(model, torch.from_numpy(x[:100, None]))
    spare, attribute = 1e-3, 1.0

    def ours():
        gradient = ask.saliency(model, x[:, None])
        terms = raw_terms(x[:, None], gradient, spare, attribute)
        start = Lattice(10).parameters(DB5)
        return descent.descend(
            terms, Lattice(10), start, descent.Effort(tolerance=1e-6, again=False)
        )

    times = interleaved({"ours": ours, "awave": step}, most=5 if quick else 15)
    found = ours()
    gradient = ask.saliency(model, x[:, None])[:, 0]
    # What awave's schedule reaches is emulated, with cached gradients and projected to
    # a wavelet: its own trajectory but for a term that only pushes off the wavelets.
    soft = distil_soft(
        x,
        gradient,
        sparsity=[spare],
        attribution=[attribute],
        epochs=2 if quick else 100,
        seeds=[seed],
    )
    reached = wavelet.project(soft.filter[0, 0, 0], np.inf)
    terms = raw_terms(x[:, None], gradient[:, None], spare, attribute)
    theirs = terms.values(reached[None])[0]
    steps = 100 * len(x) // 100  # 100 epochs of batches of 100
    reference = steps * times["awave"]
    rows = [
        row("pair_1d", reference / times["ours"], "x", "awave, extrapolated", 800),
        row("pair_1d_awave_step_ms", 1e3 * times["awave"], "ms"),
        row("pair_1d_ours_seconds", times["ours"], "s"),
        row("pair_1d_objective", found.value / theirs, "", "awave, emulated", None, 1),
    ]
    return rows


def raw_terms(x: np.ndarray, gradient: np.ndarray, spare: float, attribute: float):
    """The paper's weighted L1 norms, per sample and band."""
    scale = 1 / (len(x) * 5)
    terms = {
        "sparsity": objectives.L1(x, 4, spare * scale),
        "attribution": objectives.L1(gradient, 4, attribute * scale),
    }
    return descent.Blend(terms, dict.fromkeys(terms, 1.0))


def sweep(seed: int, quick: bool) -> list[Row]:
    """The whole grid of the paper, 5 x 21 pairs, gradients counted."""
    x = traces(600 if quick else 6000, seed)
    model = peers.Lstm().eval()
    spare = np.geomspace(1e-4, 5e-3, 5).round(5)
    attribute = np.array([0.0, *np.geomspace(1e-4, 10, 20).round(5)])

    def call():
        gradient = ask.saliency(model, x[:, None])[:, 0]
        reference = objectives.sparsity(samples(x), 4)["sparsity"].scale
        other = objectives.attribution(samples(x, gradient), 4)["attribution"].scale
        ratios = (attribute / spare[:, None]).ravel() * reference / other
        distil.distil(
            x,
            gradient,
            objective="attribution",
            ratio=ratios.tolist(),
            length=10,
            random_state=seed,
        )

    seconds = cpu_seconds(call, 1)
    return [row("sweep_105_seconds", seconds, "s", "", None, 30)]


def samples(x: np.ndarray, gradient: np.ndarray | None = None) -> objectives.Samples:
    none = {"output": None, "groups": None, "student": None, "folds": 5}
    return objectives.samples(x, gradient, 4, **none)


def pair_2d(seed: int, quick: bool) -> list[Row]:
    """One pair, 50 epochs of 256^2 maps, ResNet-18; from measured parts."""
    size, n = (64, 4) if quick else (256, 12)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1, size, size)).cumsum(-1).cumsum(-2)
    x = (x / x.std()).astype(np.float32)
    model = peers.ResNet18().eval()
    step = peers.awave_step(model, torch.from_numpy(x[:2]))
    cache = {
        "awave": step,
        "gradient": lambda: ask.saliency(model, x[:2]),
    }
    times = interleaved(cache, seconds=20, most=7)
    gradient = ask.saliency(model, x)
    terms = raw_terms(x, gradient, 0.01, 0.01)
    counted = Counted(terms)
    descent.descend(counted, Lattice(10), Lattice(10).parameters(DB5))
    each = interleaved({"ours": lambda: terms.value_and_gradient(DB5)})["ours"] / n
    reference = 50 * times["awave"] / 2
    ours = times["gradient"] / 2 + counted.calls * each
    return [
        row("pair_2d", reference / ours, "x", "awave, from parts", 120),
        row("pair_2d_evaluations", counted.calls, ""),
    ]


class Counted:
    """A term that counts how often it is asked."""

    def __init__(self, term: descent.Term) -> None:
        self.term, self.calls = term, 0

    def values(self, filters: np.ndarray) -> np.ndarray:
        self.calls += len(filters)
        return self.term.values(filters)

    def value_and_gradient(self, h: np.ndarray) -> tuple[float, np.ndarray]:
        self.calls += 1
        return self.term.value_and_gradient(h)

    def subset(self, rows: np.ndarray) -> Counted:
        return self


def soft_2d(seed: int, quick: bool) -> list[Row]:
    """A step of the paper's losses on 128^2 maps: value and gradient of one filter."""
    rng = np.random.default_rng(seed)
    shape = (1, 10 if quick else 100, 1, 128, 128)
    x, gradient = torch.from_numpy(rng.standard_normal((2, *shape), dtype="f4"))
    h = torch.from_numpy(DB5 + 0.01 * rng.normal(size=10)).float().view(1, 1, 10)
    spare, attribute = torch.tensor([0.02]), 0.00368
    compiled = soft.ImageLoss(4, soft.Penalty(10, h.dtype))

    def norm(bands):
        return sum(band.abs().sum() for part in bands for band in part)

    def taped(h, x, gradient, spare, attribute):
        """The same as it is written, differentiated by torch."""
        bands, slopes = (
            transform.analysis(part[0, :, 0], h[0, 0], 4, dims=2)
            for part in (x, gradient)
        )
        missed = x[0, :, 0] - transform.synthesis(bands, h[0, 0], x.shape[-2:])
        norms = spare * norm(bands) + attribute * norm(slopes)
        fit = (missed**2).sum() + norms / 5
        return fit / x.shape[1] + compiled.penalty(h[:, 0])

    def step(loss):
        at = h.clone().requires_grad_()
        value = loss(at, x, gradient, spare, attribute).sum()
        value.backward()
        return value.item(), at.grad.numpy().ravel()

    calls = {"ours": lambda: step(compiled), "torch": lambda: step(taped)}
    (value, slope), (expected, by_torch) = (call() for call in calls.values())
    np.testing.assert_allclose(value, expected, rtol=1e-4)  # both compute the same
    assert np.abs(slope - by_torch).max() < 1e-3 * np.abs(by_torch).max()
    times = interleaved(calls, seconds=20)
    maps = 3 * 11 * 50 * 768  # three chains of eleven weights, 50 epochs, all maps
    minutes = maps / shape[1] * times["ours"] / 60
    return [
        ratio("soft_2d_step", times),
        row("soft_2d_step_ms", 1e3 * times["ours"], "ms"),
        row("soft_2d_grid_minutes", minutes, "min", "from a step", None, 10),
    ]


def recover(seed: int, quick: bool) -> list[Row]:
    """A known wavelet found again, without any start, from a network's gradients."""
    distances, seconds = [], []
    for k in range(2 if quick else 5):
        found, used = recovered(cases.Case(seed=seed + k))
        distances.append(found)
        seconds.append(used)
    random = [
        recovered(cases.Case(truth=f"random{k}", seed=seed))[0]
        for k in range(2 if quick else 10)
    ]
    share = np.mean(np.array(random) <= cases.FOUND)
    return [
        row("recover_db5_distance", np.median(distances), "", "", None, 0.005),
        row("recover_db5_seconds", np.median(seconds), "s", "", None, 1),
        row("recover_random", share, "", "", 1),
    ]


def recovered(case: cases.Case) -> tuple[float, float]:
    """Distance from the truth and CPU seconds of the search."""
    x, y = study.simulate(case, np.random.default_rng([case.seed, 1]))
    gradient = ask.saliency(study.teach(case, x, y, epochs=20), x)
    before = time.process_time()
    found = distil.distil(
        gradient=gradient, objective="attribution", length=10, random_state=case.seed
    )
    return wavelet.distance(found.filter, case.filter), time.process_time() - before


def output_1d(seed: int, quick: bool) -> list[Row]:
    """Output distillation, 6,000 x 40, the search included."""
    x = traces(600 if quick else 6000, seed)
    said = ask.output(networks.build("lstm", seed).eval(), x)
    call = lambda: distil.distil(x, output=said, length=10, levels=4)  # noqa: E731
    seconds = cpu_seconds(call, 1 if quick else 3)
    return [row("output_1d_seconds", seconds, "s", "", None, 10)]


def inference(seed: int, quick: bool) -> list[Row]:
    """Transform and student, compiled, against the LSTM in inference mode."""
    x = traces(1000, seed)
    student = Student(Largest(6)).fit(x, x.max(1), DB5, 4)
    model = networks.build("lstm", seed).eval()

    def lstm(rows: torch.Tensor):
        with torch.inference_mode():
            return model(rows)

    rows = []
    for n in (1, 1000):
        part, tensor = x[:n].copy(), torch.from_numpy(x[:n].copy())
        calls = {
            "ours": lambda part=part: student.predict(part),
            "LSTM (published: 200x)": lambda tensor=tensor: lstm(tensor),
        }
        times = interleaved(calls, most=100)
        rows.append(ratio(f"inference_{n}", times, 20))
    return rows


def memory(seed: int, quick: bool) -> list[Row]:
    """Growth of resident memory in distil over the bytes of inputs and gradients."""
    shapes = {"1000x4096": (1000, 4096), "20x256x256": (20, 256, 256)}
    worst = max(_growth(shape, seed) for shape in shapes.values())
    return [row("memory", worst, "", "", None, 1)]


def _growth(shape: tuple[int, ...], seed: int) -> float:
    """In a process of its own, watched by a thread; kernels hold no lock."""
    import subprocess
    import sys
    from pathlib import Path

    text = f"""
import sys, threading, time
sys.path[:0] = [{str(Path(__file__).parents[1] / "scripts")!r}]
import numpy as np
from awd import distil
resident = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096
rng = np.random.default_rng({seed})
options = dict(objective="attribution", ratio=1.0, length=10, dims={len(shape) - 1})
tiny = [rng.normal(size=(8, *({shape!r}[1:]))).astype("f4")[:, ..., :64] for _ in "xg"]
distil.distil(*tiny, **options)
x, g = (rng.standard_normal({shape!r}, dtype="f4") for _ in "xg")
seen, done = [resident()], False
def watch():
    while not done:
        seen.append(resident())
        time.sleep(0.002)
watcher = threading.Thread(target=watch)
watcher.start()
distil.distil(x, g, **options)
done = True
watcher.join()
print((max(seen) - seen[0]) / (x.nbytes + g.nbytes))
"""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def growth(seed: int, quick: bool) -> list[Row]:
    """How the cost of one evaluation grows: fitted exponents."""
    rng = np.random.default_rng(seed)
    rows = []
    sizes = {
        "samples": [((n, 40), 10) for n in (100, 1000, 10_000, 100_000, 1_000_000)],
        "length": [((200, n), 10) for n in (64, 256, 1024, 4096, 16_384)],
        "taps": [((1000, 256), taps) for taps in (4, 8, 12, 20, 32)],
    }
    for name, shapes in sizes.items():
        times, measure = [], []
        for shape, taps in shapes[:3] if quick else shapes:
            x = rng.standard_normal(shape, dtype=np.float32)
            (one,) = random_pool(1, [taps], [4], rng)
            call = lambda x=x, h=one.filter: kernels.l1_gradient(x, h, 4)  # noqa: E731
            times.append(interleaved({"ours": call}, seconds=1, most=9)["ours"])
            measure.append(
                {"samples": shape[0], "length": shape[1], "taps": taps}[name]
            )
            rows.append(row(f"seconds_{name}_{measure[-1]}", times[-1], "s"))
        slope = np.polyfit(np.log(measure), np.log(times), 1)[0]
        rows.append(row(f"growth_{name}", slope, ""))
    return rows


PARTS = [
    l1grad,
    pair_1d,
    sweep,
    pair_2d,
    soft_2d,
    recover,
    output_1d,
    inference,
    memory,
    growth,
]

if __name__ == "__main__":
    harness.main(PARTS, __doc__)
