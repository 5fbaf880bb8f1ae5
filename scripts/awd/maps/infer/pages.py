"""The tables of what maps tell, as the report shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from awd import io
from awd.maps.infer import observed, score

if TYPE_CHECKING:
    import pandas as pd


def tables(given: Any) -> Iterator[tuple[pd.DataFrame, str, str]]:
    """Table, title and caption; ``given`` holds the paths of each kind."""
    for path in given.cosmology:
        table = score.score_table(io.read_table(path))
        yield table, "Statistics without a network", score.CAPTION
    for path in given.coverage:
        table = score.coverage_table(io.read_table(path))
        yield table, "Coverage", score.COVERAGE_CAPTION
    for path in given.observed:
        table = observed.page(io.read_table(path))
        yield table, "The observed map", observed.CAPTION
    for path in given.heads:
        table = score.head_table(io.read_table(path))
        yield table, "Families and heads", score.HEADS_CAPTION
