"""
Images: handwritten digits
==========================

1,797 digits of 8 x 8 pixels, ten classes. A wavelet of images reads rows and columns
with the same filter; bands are averages, and details along, across and diagonal.
"""

import torch
from _compare import compare, look, show, trained
from sklearn.datasets import load_digits
from torch import nn

import awd

x, y = load_digits(return_X_y=True)
x = x.reshape(-1, 8, 8) / 16
training, test = (x[:1200], y[:1200]), (x[1200:], y[1200:])
look(x, y, "pixel")

# %%
# The network: two convolutions.


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.GELU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(512, 10),
    )


net, untrained = trained(build, *training, 600)

# %%
# One wavelet for all classes, and for every class its own curves. ``Largest`` reads the
# largest and smallest coefficients of every band, and here where they are, too: a digit
# is where its strokes are.

read = awd.features.Largest(3, 3, positions=True)
model = awd.AdaptiveWaveletClassifier(
    levels=2, length=[2, 4], dims=2, features=read, folds=0
)
model.fit(*training, teacher=net)
print(f"{len(model.filter_)} taps, {model.levels_} levels")

# %%
# Why is the first digit what it is said to be?

show(model, x[:300], 0, "share of the class")

# %%
# The network is well ahead of its model, and MiniRocket, which reads the pixels in a
# row, of both: a few extreme coefficients and their places do not tell all digits
# apart. This is what a table is for.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()
table = compare(model, (net, untrained), training, test, outputs)
table
