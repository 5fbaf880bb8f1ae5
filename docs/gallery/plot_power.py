"""
A network without labels: days of demand
========================================

Someone trained a network on 67 days of electricity demand in Italy and hands it over:
the network alone, not one of its labels. Which season a day belongs to is what it
answers. We have 700 days of our own, unlabelled, and want a model we can read.
"""

import numpy as np
import pandas as pd
import torch
from _compare import compare, look, show, trained
from aeon.datasets import load_italy_power_demand
from torch import nn

import awd

x, y = load_italy_power_demand(split="train")
x_more, y_more = load_italy_power_demand(split="test")
theirs, ours, new = x[:, 0], x_more[:700, 0], x_more[700:, 0]
season, later = (part.astype(int) - 1 for part in (y, y_more[700:]))
look(theirs, np.where(season, "April to September", "October to March"), "hour")

# %%
# Their network. Two classes, so two logits.


def build():
    return nn.Sequential(nn.Linear(24, 32), nn.GELU(), nn.Linear(32, 2))


net, untrained = trained(build, theirs, season, 400)

# %%
# Our model. The network answers on our days, and the wavelet and the curves reproduce
# its probabilities: no label enters. ``fidelity_`` says how well they do so, in R² on
# days that neither the search nor the head has seen.

model = awd.AdaptiveWaveletClassifier(levels=[2, 3], length=[4, 6])
model.fit(ours, teacher=net)
low, high = model.fidelity_interval_
print(f"fidelity {model.fidelity_:.3f}, 95 % {low:.3f} to {high:.3f}")
print(f"{len(model.filter_)} taps, {model.levels_} levels")

# %%
# How it reads a day: each curve adds to the probability of summer (class 1) what the
# value of one coefficient is worth.

show(model, ours[:200], 0, "probability of class 1")

# %%
# Was the handover worth it? All that is "on labels" learns from the 67 days of the
# network's owner, which we would not have; the second row has seen no label at all.

with torch.no_grad():
    outputs = net(torch.tensor(new, dtype=torch.float32)).numpy()
table = compare(
    model, (net, untrained), (theirs, season), (new, later), outputs, asked=ours
)
table

# %%
# A student was taught the mistakes of its network, too, and shares most of them.

both = pd.crosstab(
    pd.Series(np.where(outputs.argmax(1) == later, "right", "wrong"), name="network"),
    pd.Series(np.where(model.predict(new) == later, "right", "wrong"), name="model"),
)
both
