"""
Photographs: a temple or a flower
=================================

Two photographs, cut into pieces of 8 x 8 pixels of their brightness. Of which is a
piece? The left two thirds of each are learned from, the right third is scored on. All
is of two photographs: what holds for others is not known.
"""

import numpy as np
import torch
from _compare import compare, look, show, trained
from sklearn.datasets import load_sample_images
from torch import nn

import awd


def pieces(photograph):
    """Pieces (columns, rows, 8, 8) of the brightness, every second pixel, 0 to 1."""
    grey = photograph[::2, ::2].mean(2) / 255
    rows, columns = (size // 8 for size in grey.shape)
    cut = grey[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8)
    return cut.transpose(2, 0, 1, 3)


temple, flower = (pieces(photograph) for photograph in load_sample_images().images)
edge = 2 * len(temple) // 3


def samples(columns):
    """Pieces (n, 8, 8) of both photographs, and of which each is, (n,)."""
    both = [part[columns].reshape(-1, 8, 8) for part in (temple, flower)]
    return np.concatenate(both), np.repeat([0, 1], [len(part) for part in both])


training, test = samples(slice(edge)), samples(slice(edge, None))
look(training[0], np.where(training[1], "flower", "temple"), "pixel")

# %%


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 2),
    )


net, untrained = trained(build, *training, 600)

# %%
# The pieces are images, ``dims=2``.

model = awd.AdaptiveWaveletClassifier(levels=2, length=[2, 4], dims=2, folds=3)
model.fit(*training, teacher=net)
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")

# %%

show(model, training[0][:300], 0, "probability of class 1")

# %%
# This network is behind all others, and what the model was taught by it costs a little
# against labels alone: a model is no better for a poor teacher. Neighbouring pieces are
# alike, so that the intervals are narrower than they should be.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()
table = compare(model, (net, untrained), training, test, outputs)
table
