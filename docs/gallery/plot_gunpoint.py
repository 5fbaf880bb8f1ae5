"""
A network in a file: a gun is drawn, or a finger pointed
========================================================

Motion of a hand, 150 frames of one coordinate. The network comes as an ONNX file from
wherever it was trained, TensorFlow or torch: it answers, and has no gradients. The
wavelet is chosen so that its student reproduces the answers, which needs none.
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from _compare import compare, look, show, trained
from aeon.datasets import load_gunpoint
from torch import nn

import awd

training, test = (
    (x[:, 0], y.astype(int) - 1)
    for x, y in (load_gunpoint(split=split) for split in ("train", "test"))
)
look(training[0], np.where(training[1], "finger", "gun"), "frame")

# %%
# This part happens elsewhere.


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 150)),
        nn.Conv1d(1, 16, 15, padding=7),
        nn.GELU(),
        nn.AdaptiveMaxPool1d(6),
        nn.Flatten(),
        nn.Linear(96, 2),
    )


net, untrained = trained(build, *training, 400)
place = Path(tempfile.mkdtemp())
example = torch.zeros(2, 150)
with warnings.catch_warnings(action="ignore"):  # it will be replaced, in torch
    torch.onnx.export(
        net,
        (example,),
        place / "net.onnx",
        dynamo=False,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}},
    )

# %%
# And this here: the file is given in the network's place. ``logits`` are recognised as
# such, and become probabilities.

model = awd.AdaptiveWaveletClassifier(
    levels=[3, 4], length=4, features=awd.features.Largest(2, 2), head="ridge"
)
model.fit(*training, teacher=place / "net.onnx")
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")

# %%

show(model, training[0], 0, "probability of class 1")

# %%
# 50 samples to learn from, 150 to be scored on.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()
table = compare(model, (net, untrained), training, test, outputs)
table
