"""
Regression: when is the next beat
=================================

A wave of blood pressure, 41 beats long, from a record of internal bleeding (KDD-TSAD
135). What is predicted from the last 64 values is the time to the next peak. The last
third of the record is held out; it is a record of one being, so how a model does on
another is not known.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from _compare import compare, show, trained
from aeon.datasets import load_kdd_tsad_135
from scipy.signal import find_peaks
from torch import nn

import awd

record = load_kdd_tsad_135()[0][::4]  # a beat is some 46 values long
record = (record - record.mean()) / record.std()
peaks, _ = find_peaks(record, prominence=1, distance=20)

figure, axes = plt.subplots(figsize=(9, 2.4))
axes.plot(record, linewidth=0.8)
axes.plot(peaks, record[peaks], "o", markersize=3)
axes.set(xlabel="value", ylabel="pressure [s.d.]", title="the record and its beats")

# %%
# A window ends at every second value. Windows of one beat are alike and are one group,
# which folds and intervals take together.

ends = np.arange(63, peaks[-1], 2)
beat = np.searchsorted(peaks, ends, side="right")
x = np.stack([record[end - 63 : end + 1] for end in ends])
y = (peaks[beat] - ends) / 10
early = beat < 27
late = ends > ends[early].max() + 64  # no window reaches into those of training
training, test = (x[early], y[early]), (x[late], y[late])
print(f"{early.sum()} windows to learn from, {late.sum()} to be scored on")

# %%


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 64)),
        nn.Conv1d(1, 16, 9, padding=4),
        nn.GELU(),
        nn.MaxPool1d(4),
        nn.Flatten(),
        nn.Linear(256, 1),
    )


net, untrained = trained(build, *training, 500)

# %%
# *When* something was is a question of place: ``positions`` are read too.

model = awd.AdaptiveWaveletRegressor(
    levels=[2, 3], length=[4, 6], features=awd.features.Largest(2, 2, positions=True)
)
model.fit(*training, teacher=net, groups=beat[early])
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")

# %%

show(model, x[early], 30, "tens of values")

# %%
# Intervals are of beats that are drawn anew.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()[:, 0]
table = compare(model, (net, untrained), training, test, outputs, blocks=beat[late])
table
