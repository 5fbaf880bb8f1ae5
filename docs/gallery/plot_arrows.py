"""
Outlines: three kinds of arrowheads
===================================

The outlines of 211 arrowheads as archaeologists found them, each unrolled to 251
distances from its middle. Three kinds, 36 samples to learn from: about as few as a
network can be trained on.
"""

import torch
from _compare import compare, look, show, trained
from aeon.datasets import load_arrow_head
from torch import nn

import awd

training, test = (
    (x[:, 0], y.astype(int))
    for x, y in (load_arrow_head(split=split) for split in ("train", "test"))
)
look(*training, "place on the outline")

# %%


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 251)),
        nn.Conv1d(1, 16, 15, stride=2, padding=7),
        nn.GELU(),
        nn.AdaptiveAvgPool1d(12),
        nn.Flatten(),
        nn.Linear(192, 3),
    )


net, untrained = trained(build, *training, 300)

# %%
# With 36 samples the head is kept small: lines, on the two largest and smallest
# coefficients of every band.

model = awd.AdaptiveWaveletClassifier(
    levels=[4, 5], length=4, features=awd.features.Largest(2, 2), head="ridge", folds=3
)
model.fit(*training, teacher=net)
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")

# %%

show(model, training[0], 0, "share of the class")

# %%
# The model is level with its network. MiniRocket, with almost 400 times as many
# numbers, is far ahead of both.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()
table = compare(model, (net, untrained), training, test, outputs)
table
