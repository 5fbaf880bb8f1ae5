"""The tables of what maps tell, as the report shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from awd import io
from awd.league.names import name_of
from awd.maps.infer import score
from awd.maps.names import long_name

if TYPE_CHECKING:
    import pandas as pd

OBSERVED_CAPTION = (
    "Posterior mean ± s.d. of the observed map under every statistic; chi2 of the best "
    "cosmology, what held-out maps of the training cosmologies have, and how often "
    "they fit worse. Chains (npz and GetDist), data vectors and covariances lie in "
    "maps/observed."
)
LEFT_OUT_CAPTION = (
    "Maps that were not used (maps.source.bad_map: skip), and why each was not."
)


def tables(given: Any) -> Iterator[tuple[pd.DataFrame, str, str]]:
    """Table, title and caption; ``given`` holds the paths of each kind."""
    for path in given.cosmology:
        scores = io.read_table(path)
        for name, part in scores.groupby("parameter", sort=False):
            title = f"Statistics without a network, {long_name(str(name))}"
            yield score.score_table(part), title, score.CAPTION
    for path in given.coverage:
        table = score.coverage_table(io.read_table(path))
        yield table, "Coverage", score.COVERAGE_CAPTION
    for path in given.observed:
        table = observed(io.read_table(path))
        yield table, "The observed map", OBSERVED_CAPTION
    for path in given.left_out:
        table = io.read_table(path)
        if len(table):
            yield table, "Maps left out", LEFT_OUT_CAPTION
    for path in given.heads:
        table = score.head_table(io.read_table(path))
        yield table, "Families and heads", score.HEADS_CAPTION


def observed(found: pd.DataFrame) -> pd.DataFrame:
    """:func:`awd.maps.infer.observed.table` as text, a row a statistic."""
    import pandas as pd

    rows = []
    for name, own in found.groupby("method", sort=False):
        first = own.iloc[0]
        said = first["doubts"] if isinstance(first["doubts"], str) else ""
        rows.append(
            {"statistic": name_of(str(name))}
            | {
                long_name(row.parameter): f"{row.mean_:.3f} ± {row.sd:.3f}"
                for row in own.rename(columns={"mean": "mean_"}).itertuples()
            }
            | {
                "chi2": f"{first['chi2']:.1f} ({first['chi2_expected']:.1f} expected)",
                "p": f"{first['p_value']:.2g}",
                "verdict": said or "nothing speaks against it",
            }
        )
    return pd.DataFrame(rows)
