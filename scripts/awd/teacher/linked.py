"""What is read of a network's answer: a part, as a probability, of one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awd.errors import ShapeError
from awd.teacher import answers


@dataclass(frozen=True)
class Linked:
    """One column of an answer, (n, 1); takes arrays and tensors.

    Attributes
    ----------
    output : int, str or None
        Which part, as for :func:`awd.teacher.answers.selected`.
    link : {"none", "sigmoid", "softmax"}
        What makes probabilities of logits.
    column : int
    """

    output: int | str | None
    link: str
    column: int

    def __call__(self, answer: Any) -> Any:
        found = answers.selected(answer, self.output)
        if self.link != "none":
            found = _probabilities(found, self.link)
        table = found[:, None] if found.ndim == 1 else found
        if table.ndim != 2 or self.column >= table.shape[1]:
            raise ShapeError(
                f"the network returned {tuple(found.shape)}; expected (n, columns) "
                f"with a column {self.column}; name it in network.columns"
            )
        return table[:, self.column : self.column + 1]


def _probabilities(logits: Any, link: str) -> Any:
    if hasattr(logits, "detach"):
        return logits.sigmoid() if link == "sigmoid" else logits.softmax(-1)
    from scipy import special

    return special.expit(logits) if link == "sigmoid" else special.softmax(logits, -1)
