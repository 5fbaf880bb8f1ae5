"""Figures of a run: functions of data that return a matplotlib ``Figure``.

Each has a companion that returns the drawn numbers as a table; :func:`save` writes both
side by side and is the only function here that touches a file. None touches pyplot's
state. Every role of a method has one colour in all figures.
"""

from awd.figures.predictions import (
    predicted_against_observed,
    prediction_table,
    showcase,
)
from awd.figures.scores import (
    fidelity_against_r2,
    fidelity_table,
    league,
    league_table,
)
from awd.figures.search import choice, choice_table, filter_path, path_table
from awd.figures.soft import soft_path, soft_table
from awd.figures.student import examples, reading, reading_table
from awd.figures.training import learning_curve, learning_table
from awd.figures.wavelets import (
    filter_table,
    filters,
    wavelet_functions,
    wavelet_pair,
)
from awd.style import save

__all__ = [
    "choice",
    "choice_table",
    "examples",
    "fidelity_against_r2",
    "fidelity_table",
    "filter_path",
    "filter_table",
    "filters",
    "league",
    "league_table",
    "learning_curve",
    "learning_table",
    "path_table",
    "predicted_against_observed",
    "prediction_table",
    "reading",
    "reading_table",
    "save",
    "showcase",
    "soft_path",
    "soft_table",
    "wavelet_functions",
    "wavelet_pair",
]
