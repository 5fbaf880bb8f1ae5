"""
Spectra of speech: who said the vowel
=====================================

Nine men say a Japanese vowel. Twelve channels are coefficients of its spectrum over up
to 29 frames; shorter ones are filled up with zeros.
"""

import numpy as np
import torch
from _compare import compare, look, show, trained
from aeon.datasets import load_japanese_vowels
from torch import nn

import awd


def filled(series):
    """(n, 12, 29)"""
    return np.stack([np.pad(s, ((0, 0), (0, 29 - s.shape[1]))) for s in series])


training, test = (
    (filled(series), np.asarray(speaker).astype(int) - 1)
    for series, speaker in (
        load_japanese_vowels(split=split) for split in ("train", "test")
    )
)
look(training[0], training[1] + 1, "frame")

# %%


def build():
    return nn.Sequential(
        nn.Conv1d(12, 32, 5, padding=2),
        nn.GELU(),
        nn.AdaptiveMaxPool1d(1),
        nn.Flatten(),
        nn.Linear(32, 9),
    )


net, untrained = trained(build, *training, 400)

# %%
# The head is fitted half to the labels, half to what the network answers.

model = awd.AdaptiveWaveletClassifier(
    levels=2,
    length=4,
    dims=1,
    features=awd.features.Largest(1, 1),
    head="ridge",
    folds=0,
)
model.fit(*training, teacher=net)
print(model.fit_to_, model.share_)

# %%
# Channels are coefficients of the spectrum: which of them, and how slow a change of it,
# tells this speaker from the others?

show(model, training[0], 0, "share of the speaker")

# %%

with torch.no_grad():
    outputs = net(torch.tensor(test[0], dtype=torch.float32)).numpy()
table = compare(model, (net, untrained), training, test, outputs)
table
