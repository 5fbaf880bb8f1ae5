"""
Regression: how deadly a wave was
=================================

Daily cases of COVID-19 in 201 countries over twelve weeks of 2020, and what is asked:
deaths per case at their end. Countries differ by a factor of thousands, so cases are
read as logarithms. How many die depends on age and care, of which a curve of cases says
little; nobody should expect much.
"""

import numpy as np
import torch
from _compare import compare, look, show, trained
from aeon.datasets import load_covid_3month
from torch import nn

import awd

training, test = (
    (np.log1p(x[:, 0].clip(0)), 100 * y)
    for x, y in (load_covid_3month(split=split) for split in ("train", "test"))
)
kinds = np.array(["1: below 2 %", "2: 2 to 5 %", "3: above 5 %"])
look(training[0], kinds[np.digitize(training[1], [2, 5])], "day")

# %%
# The target is in percent. 140 countries to learn from.


def build():
    return nn.Sequential(
        nn.Unflatten(1, (1, 84)),
        nn.Conv1d(1, 8, 7, padding=3),
        nn.GELU(),
        nn.AvgPool1d(7),
        nn.Flatten(),
        nn.Linear(96, 1),
    )


net, untrained = trained(build, *training, 200)

# %%

model = awd.AdaptiveWaveletRegressor(levels=[2, 3], length=[4, 6], head="ridge")
model.fit(*training, teacher=net)
for name, found, interval in (
    ("the network", model.fidelity_, model.fidelity_interval_),
    ("the labels", model.score_, model.score_interval_),
):
    print(f"R² of {name}: {found:.3f}, 95 % {interval[0]:.3f} to {interval[1]:.3f}")

# %%

show(model, training[0], 0, "deaths per 100 cases")

# %%
# 61 other countries. All intervals hold 0: neither the network nor any other model here
# is shown to know more than the mean, and a model can be no better than what it learns
# from. The warning above said so before the test.

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()[:, 0]
table = compare(model, (net, untrained), training, test, outputs)
table
