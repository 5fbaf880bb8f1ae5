"""The published ResNet-18 on maps of 256 pixels: a GPU beside one CPU thread."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import harness
import numpy as np
import torch
import xarray as xr
from harness import Row, row
from torch import nn

from awd.maps.study import ask, streamed, train
from awd.teacher import networks

BATCH, RATE, AVERAGE = 32, 1e-2, 0.99


@contextmanager
def stored(count: int) -> Iterator[tuple[Path, np.ndarray, np.ndarray]]:
    """A file laid out as the pipeline's, its maps, and two targets of each."""
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 0.01, (count, 256, 256)).astype(np.float32)
    ds = xr.Dataset({"x": (("sample", "y", "x"), maps)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "maps.nc")
        ds.to_netcdf(path, encoding={"x": {"chunksizes": (1, 256, 256)}})
        yield path, maps, rng.normal(size=(count, 2)).astype(np.float32)


def resnet() -> networks.Teacher:
    return networks.build("resnet", 0, outputs=2, width=64, stem=7, scale=0.01)


def seconds(run: Callable[[int], object]) -> float:
    """Of one epoch: what three take longer than one, halved."""
    times = []
    run(1)  # what is compiled or chosen once
    for epochs in (1, 3):
        start = time.perf_counter()
        run(epochs)
        times.append(time.perf_counter() - start)
    return (times[1] - times[0]) / 2


def ours(path: Path, y: np.ndarray, device: str) -> Callable[[int], object]:
    rows, recipe = np.arange(len(y)), {"learning_rate": RATE, "average": AVERAGE}
    return lambda epochs: train.fit(
        *(resnet(), path, y, rows, rows[:BATCH]),
        **{"epochs": epochs, "batch": BATCH, "seed": 0, "device": device, **recipe},
    )


def peer(maps: np.ndarray, y: np.ndarray) -> Callable[[int], object]:
    """torch's usual loop, all maps on the GPU, as they are, kernels chosen freely."""

    def run(epochs: int) -> None:
        torch.backends.cudnn.benchmark = True
        model = resnet().cuda().to(memory_format=torch.channels_last)
        x, target = torch.from_numpy(maps).cuda(), torch.from_numpy(y).cuda()
        optimiser = torch.optim.AdamW(model.parameters(), RATE)
        for _ in range(epochs):
            for rows in torch.randperm(len(x), device="cuda").split(BATCH):
                with torch.autocast("cuda", torch.bfloat16):
                    loss = nn.functional.mse_loss(model(x[rows]), target[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        torch.cuda.synchronize()
        torch.backends.cudnn.benchmark = False

    return run


def learning(seed: int, quick: bool) -> list[Row]:
    """Maps per second in training: on the CPU, on a GPU, and how fast that GPU is."""
    few, many = (32, 256) if quick else (48, 4096)
    with stored(few) as (path, _, y):
        slow = few / seconds(ours(path, y, "cpu"))
    rows = [row("training_maps_per_s_cpu", slow, "/s")]
    if torch.cuda.is_available():
        with stored(many) as (path, maps, y):
            fast = many / seconds(ours(path, y, "cuda"))
            best = many / seconds(peer(maps, y))
        name = torch.cuda.get_device_name()
        rows += [
            row("training_maps_per_s_gpu", fast, "/s", name),
            row("training_vs_cpu", fast / slow, "x", "one thread", at_least=20),
            row("training_vs_maps_in_memory", fast / best, "x", "torch"),
        ]
    return rows


def asking(seed: int, quick: bool) -> list[Row]:
    """Maps per second whose gradient is averaged over 16 shifts."""
    rows, found = [], {}
    for device, count in (("cpu", 2), ("cuda", 64 if quick else 512)):
        if device == "cuda" and not torch.cuda.is_available():
            continue
        with stored(count) as (path, *_):
            maps, model = streamed.Rows(path, np.arange(count)), resnet().eval()
            ask.saliency(model, maps, 1, device=device)
            start = time.perf_counter()
            ask.saliency(model, maps, 16, device=device)
            found[device] = count / (time.perf_counter() - start)
        rows.append(row(f"gradient_maps_per_s_{device}", found[device], "/s"))
    if "cuda" in found:
        gain = found["cuda"] / found["cpu"]
        rows.append(row("gradient_vs_cpu", gain, "x", "one thread", at_least=20))
    return rows


PARTS = [learning, asking]

if __name__ == "__main__":
    harness.main(PARTS, __doc__)
