"""
A forecast: the sea half a year ahead
=====================================

Temperature of the Pacific's surface at the equator, four values a year from 1950 to
2015. Eight years are read, and what it will be in half a year is predicted, from 1990
on by models that learned before.
"""

import matplotlib.pyplot as plt
import numpy as np
import pywt
import torch
from _compare import compare, show, trained
from torch import nn

import awd

year, sea = pywt.data.nino()
figure, axes = plt.subplots(figsize=(9, 2.4))
axes.plot(year, sea, linewidth=0.8)
axes.set(xlabel="year", ylabel="anomaly [K]", title="sea surface temperature")

# %%
# Windows of 32 seasons, and the value two seasons after each.

windows = np.lib.stride_tricks.sliding_window_view(sea, 32)[:-2]
y, when = sea[33:], year[33:]
early, late = when < 1990, when >= 1990
training, test = (windows[early], y[early]), (windows[late], y[late])
print(f"{early.sum()} windows to learn from, {late.sum()} to be scored on")

# %%


def build():
    return nn.Sequential(nn.Linear(32, 8), nn.GELU(), nn.Linear(8, 1))


net, untrained = trained(build, *training, 150)

# %%
# Windows of four years are one group. What a forecast reads is the *end* of a window:
# positions tell how near to it an extreme was.

model = awd.AdaptiveWaveletRegressor(
    levels=[2, 3],
    length=[2, 4],
    head="ridge",
    features=awd.features.Largest(2, 2, positions=True),
)
model.fit(*training, teacher=net, groups=when[early] // 4)
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")

# %%

show(model, windows[early], 100, "K")

# %%
# The record is short, and the intervals, over blocks of four years, are wide: the order
# of the rows is not settled.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()[:, 0]
table = compare(
    model, (net, untrained), training, test, outputs, blocks=when[late] // 4
)
table
