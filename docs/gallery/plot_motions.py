"""
Several channels: accelerometer and gyroscope
=============================================

Ten seconds of a watch at the wrist, three axes of acceleration and three of rotation:
standing, walking, running, or badminton. There are 40 samples to learn from and 40 to
be scored on: enough to see how samples of channels go, too few for a winner.
"""

import numpy as np
import torch
from _compare import compare, look, show, trained
from aeon.datasets import load_basic_motions
from torch import nn

import awd

training, test = (load_basic_motions(split=split) for split in ("train", "test"))
x = training[0]
names, place = np.unique(training[1], return_inverse=True)
look(*training, "tenth of a second")

# %%
# Samples (n, channel, time) go to the network as they are.


def build():
    return nn.Sequential(
        nn.Conv1d(6, 16, 9, padding=4),
        nn.GELU(),
        nn.Conv1d(16, 16, 9, padding=4),
        nn.GELU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(16, 4),
    )


net, untrained = trained(build, x, place, 300)

# %%
# Every channel is read by one and the same filter. With 40 samples the largest
# coefficient of every band, and the smallest, are enough, with lines for curves.

model = awd.AdaptiveWaveletClassifier(
    levels=3,
    length=4,
    dims=1,
    features=awd.features.Largest(1, 1),
    head="ridge",
)
model.fit(*training, teacher=net)
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")

# %%
# What speaks for running in the first sample of it?

show(model, x, int(np.flatnonzero(training[1] == "running")[0]), "share of the class")

# %%
# Channels 3 to 5 are the gyroscope.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()
table = compare(model, (net, untrained), training, test, outputs)
table
