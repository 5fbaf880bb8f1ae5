"""What the methods of a comparison are, for a reader who meets their names first."""

from __future__ import annotations

from collections.abc import Iterable

from awd.league import names
from awd.league.names import HEADS, METHODS

TERMS = {
    "teacher, student": "the trained network, and what it is distilled into: a wavelet "
    "filter with a head",
    "head": "what makes a prediction of the coefficients that a filter gives: a sum of "
    "small curves for signals, an emulator of their distribution for maps",
    "filter, tap": "a wavelet is given by a short list of numbers, its filter; each of "
    "them is a tap",
    "coefficient": "how much of the filter's shape a signal or map holds at one place "
    "and scale",
    "level": "how often a signal or map is halved by the filter: each gives a band of "
    "coefficients, coarser than the last",
    "gradient, attribution": "how much the network's answer changes with each value "
    "of a signal or map, and with each of its coefficients",
    "fidelity": "how well a student repeats its network: R² of its answers against the "
    "network's, on held-out groups",
}
STUDENT = (
    "the student that the project stands for: its filter is the one whose student best "
    "repeats the network's output; what its head is fitted to stands in the first table"
)
MEANINGS = {
    "output": STUDENT,
    "attribution": "a filter chosen for what the network's gradients say, as in the "
    "paper, in place of what it answers",
    "untrained": "a filter found in the same way for a network of random weights",
    "shuffled": "a filter found in the same way for a network that was trained on "
    "shuffled targets",
    "untrained_a": "the filter of AWD (attribution) for a network of random weights",
    "sparsity": "the filter that needs the fewest coefficients; no network is asked",
    "labels": "the same search with the labels in place of the network's answers",
    "random_fidelity": "of random filters the one whose student repeats the network "
    "best",
    "random_labels": "of random filters the one whose student predicts the labels best",
    "named_fidelity": "of wavelets with a name (db2, sym4, ...) the one whose student "
    "repeats the network best",
    "best_labels": "of all filters the one whose student predicts the labels best",
    "named_labels": "of wavelets with a name (db2, sym4, ...) the one whose student "
    "predicts the labels best",
    "haar": "the shortest wavelet, of 2 taps, as it is",
    "starlet": "the isotropic wavelet of astronomy (B3 spline), as it is",
    "starlet_norms": "sums of absolute starlet coefficients by their size and scale",
    "minkowski": "area, length and number of the regions above a height, by height",
    "scattering": "means of the absolute values of wavelet transforms, taken twice",
    "scattering_ridge": "means of the absolute values of wavelet transforms, taken "
    "twice, with a linear model",
    "minirocket": "thousands of fixed random-like convolutions with a linear model "
    "(Dempster et al. 2021)",
    "multirocket": "MiniRocket with more summaries of each convolution (Tan et al. "
    "2022)",
    "catch22": "22 standard measures of a time series with a linear model",
    "hand_ridge": "features that a specialist would take (lifetime, maxima, ...), with "
    "a linear model",
    "hand_hinges": "the same features with small curves, as the student's head",
    "hand_boosting": "the same features with boosted trees",
    "mean": "the same answer for all: what R² is measured from",
}
WAVELETS = {
    "db2": "Daubechies' wavelet of 4 taps, as it is",
    "db5": "Daubechies' wavelet of 10 taps, as it is",
}
PARTS = {
    "histograms": "histograms of the coefficients are read in place of quantiles",
    "patches": "coefficients are read at peaks alone, as 3 x 3 patches",
    "published": "with the bins of the publication",
    "gaussian": "a filter of the family of Gaussian smoothers",
    "symmetric": "a filter of the family of symmetric smoothers, to which the starlet "
    "belongs",
    "isotropic": "a filter of the family of isotropic smoothers",
    "lattice4": "a filter of the family of all orthogonal wavelets of 4 taps",
    "lattice6": "a filter of the family of all orthogonal wavelets of 6 taps",
    "lattice10": "a filter of the family of all orthogonal wavelets of 10 taps",
    "1": "another network of random weights",
}
FITTED = {
    "labels": "the same filter, the student's curves fitted to labels alone",
    "outputs": "the same filter, the curves fitted to what the network answers, and to "
    "no label",
    "own": "the same filter, the curves fitted to what its own (untrained or shuffled) "
    "network answers",
}


def explained(methods: Iterable[str]) -> list[tuple[str, str]]:
    """Terms, then names and meanings of what a comparison holds; nothing of nothing.

    Parameters
    ----------
    methods : iterable of str
        As in ``differences.csv``: ``output``, ``output_lattice4``, ``db5@labels``.
    """
    split = [method.partition("@") for method in methods]
    if not split:
        return []
    bases, heads = ({part[k] for part in split} for k in (0, 2))
    parts: set[str] = set()
    for base in {*bases} - {*METHODS}:
        while base not in METHODS and "_" in base:
            base, _, part = base.rpartition("_")
            parts.add(part)
        bases.add(base)
    return [
        *TERMS.items(),
        *((METHODS[key], text) for key, text in MEANINGS.items() if key in bases),
        *((key, text) for key, text in WAVELETS.items() if key in bases),
        *(
            (f"..., {names.PARTS.get(key, key)}", text)
            for key, text in PARTS.items()
            if key in parts
        ),
        *((f"..., {HEADS[key]}", text) for key, text in FITTED.items() if key in heads),
    ]
