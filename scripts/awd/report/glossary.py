"""What the methods of a comparison are, for a reader who meets their names first."""

from __future__ import annotations

from collections.abc import Iterable

from awd.league.names import HEADS, METHODS

STUDENT = (
    "the student that the project stands for: a filter chosen so that its student "
    "repeats what the network answers"
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
    "named_labels": "of wavelets with a name (db2, sym4, ...) the one whose student "
    "predicts the labels best",
}
FITTED = {
    "labels": "the same filter, the student's curves fitted to labels alone",
    "outputs": "the same filter, the curves fitted to what the network answers, and to "
    "no label",
    "own": "the same filter, the curves fitted to what its own (untrained or shuffled) "
    "network answers",
}


def explained(methods: Iterable[str]) -> list[tuple[str, str]]:
    """Names and meanings of what a comparison holds, of filters and of heads.

    Parameters
    ----------
    methods : iterable of str
        As in ``differences.csv``: ``output``, ``db5@labels``.
    """
    parts = [method.partition("@") for method in methods]
    bases, heads = ({part[k] for part in parts} for k in (0, 2))
    named = [(METHODS[key], text) for key, text in MEANINGS.items() if key in bases]
    return named + [(HEADS[key], text) for key, text in FITTED.items() if key in heads]
